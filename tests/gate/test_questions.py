"""What statuses in Xray mean for a gate."""

from __future__ import annotations

import pytest

from tests.builders import a_connection
from xray_bridge.config.resolve import recorded_layer, resolve
from xray_bridge.errors import SelectionError
from xray_bridge.gate.facts import UnsetError
from xray_bridge.gate.questions import Server, list_missing


def server(statuses: str = "") -> Server:
    """A server that is not asked."""
    settings = resolve([recorded_layer({"statuses": statuses})], {})
    return Server(settings, a_connection())


@pytest.mark.parametrize(
    ("now", "before", "is_new"),
    [
        ("FAIL", "PASS", True),
        ("FAIL", "TODO", True),
        ("FAIL", None, True),
        ("FAIL", "FAIL", False),
        ("fail", "Fail", False),
        ("FAIL", "ABORTED", True),
        ("ABORTED", "FAIL", False),
        ("ABORTED", "PASS", True),
        ("ABORTED", "ABORTED", False),
        ("BLOCKED", "ABORTED", True),
        ("PASS", "PASS", False),
        ("PASS", "FAIL", False),
    ],
)
def test_a_failure_is_new_if_the_test_did_not_fail_before(
    now: str, before: str | None, *, is_new: bool
) -> None:
    """A status that is not known is no failure of the past, as in a comparison."""
    found = server().is_new_failure([now], [before] if before else [])

    assert found is is_new


@pytest.mark.parametrize(
    ("statuses", "word"),
    [
        ("", ""),
        ("flaky=FAIL", ""),
        ("flaky=Unstable", "UNSTABLE"),
        ("flaky=Unstable xfailed=Unstable", ""),
        ("flaky=Unstable xfailed=UNSTABLE", ""),
    ],
)
def test_flaky_tests_are_known_by_a_status_of_their_own(
    statuses: str, word: str
) -> None:
    """If other tests can have it too, nobody knows which are flaky."""
    assert server(statuses).find_flaky_status() == word


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ({}, "CALC-15 has no Tests"),
        (
            SelectionError("there is no issue CALC-15", hint="check xray_select"),
            r"there is no issue CALC-15 \(check xray_test_plan\)",
        ),
    ],
)
def test_a_test_plan_without_tests_is_another_one(
    monkeypatch: pytest.MonkeyPatch, answer: object, why: str
) -> None:
    """The results of the run would have brought its Tests into the plan."""

    class Client:
        def tests_in(self, _: str) -> object:
            if isinstance(answer, Exception):
                raise answer
            return answer

    monkeypatch.setattr(Server, "make_client", lambda _: Client())

    with pytest.raises(UnsetError, match=why):
        list_missing(server(), "CALC-15", ())
