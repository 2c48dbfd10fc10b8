"""Tests with a key are linked to the requirements of their marks."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug import Response

from tests.builders import a_jira_run, a_run, a_test, recorded
from xray_bridge.errors import RefusedError, ReportError, UsageError
from xray_bridge.jira.requirements.link import LINK_REQUIREMENTS


if TYPE_CHECKING:
    from pathlib import Path

    from tests.scripted_xray import Xray
    from xray_bridge.jira.run import JiraRun

SEARCH = "/rest/api/2/search"
TYPES = "/rest/api/2/issueLinkType"
LINK = "/rest/api/2/issueLink"
TESTS = {"name": "Tests", "inward": "tested by", "outward": "tests"}


@pytest.fixture(autouse=True)
def _jira(xray: Xray) -> None:
    """A Jira with one Test that tests CALC-5."""
    tested = {"type": TESTS, "outwardIssue": {"key": "CALC-5"}}
    blocked = {"type": {"name": "Blocks"}, "outwardIssue": {"key": "CALC-6"}}
    test = {"id": "1", "key": "CALC-1", "fields": {"issuelinks": [tested, blocked]}}
    xray.script = {
        SEARCH: [{"issues": [test], "total": 1}],
        TYPES: [{"issueLinkTypes": [{"name": "Blocks", "outward": "blocks"}, TESTS]}],
        LINK: [{}],
    }


def a_linking_run(
    folder: Path, xray: Xray, *requirements: str, keys: tuple[str, ...] = ("CALC-1",)
) -> JiraRun:
    """A run of one test with these requirements."""
    test = a_test(test_keys=keys, requirements=requirements)
    directory = recorded(folder, a_run(test=test), a_run(test=test))
    return a_jira_run(directory, xray.url, link_requirements="yes")


def links(xray: Xray) -> list[dict[str, Any]]:
    """The links that were made."""
    return [json.loads(each.body) for each in xray.posts(LINK)]


def test_only_missing_links_are_made(tmp_path: Path, xray: Xray) -> None:
    """From the Test to the requirement; another type of link does not count."""
    run = a_linking_run(tmp_path, xray, "CALC-5", "CALC-6")
    told = list(LINK_REQUIREMENTS.apply(run))

    assert told == ["linked 1 requirement to Tests"]
    assert links(xray) == [
        {
            "type": {"name": "Tests"},
            "inwardIssue": {"key": "CALC-1"},
            "outwardIssue": {"key": "CALC-6"},
        }
    ]


def test_nothing_is_made_if_all_are_there(tmp_path: Path, xray: Xray) -> None:
    """A resend finds them."""
    told = list(LINK_REQUIREMENTS.apply(a_linking_run(tmp_path, xray, "CALC-5")))

    assert told == []
    assert xray.lines == [f"POST {SEARCH}"]


@pytest.mark.parametrize(
    ("requirements", "keys"), [((), ("CALC-1",)), (("CALC-5",), ())]
)
def test_jira_is_not_asked_without_keys(
    tmp_path: Path, xray: Xray, requirements: tuple[str, ...], keys: tuple[str, ...]
) -> None:
    """The import links Tests that it creates."""
    run = a_linking_run(tmp_path, xray, *requirements, keys=keys)

    assert list(LINK_REQUIREMENTS.apply(run)) == []
    assert list(LINK_REQUIREMENTS.describe(run)) == []
    assert not xray.sent


def test_refused_link_is_named_and_the_others_are_made(
    tmp_path: Path, xray: Xray
) -> None:
    """The error comes at the end, so that a resend tries again."""
    said = {"errorMessages": ["Links are turned off"]}
    xray.script[LINK] = [Response(json.dumps(said), status=403), {}]
    told: list[str] = []
    run = a_linking_run(tmp_path, xray, "CALC-7", "CALC-6")

    with pytest.raises(ReportError) as caught:
        told.extend(LINK_REQUIREMENTS.apply(run))
    assert "not linked: CALC-1 to CALC-7 (Links are turned" in str(caught.value)
    assert told == ["linked 1 requirement to Tests"]


def test_requirement_that_does_not_exist_is_only_told(
    tmp_path: Path, xray: Xray
) -> None:
    """A resend would fail for ever."""
    xray.script[LINK] = [Response("{}", status=404)]
    told = list(LINK_REQUIREMENTS.apply(a_linking_run(tmp_path, xray, "CALC-404")))

    [notice] = told
    assert notice.startswith("not linked: CALC-1 to CALC-404: it does not exist, or")


def test_other_failure_stops(tmp_path: Path, xray: Xray) -> None:
    """It is not about one link."""
    xray.script[LINK] = [Response("{}", status=413)]

    with pytest.raises(RefusedError):
        list(LINK_REQUIREMENTS.apply(a_linking_run(tmp_path, xray, "CALC-6")))


@pytest.mark.parametrize("types", [{"issueLinkTypes": []}, {}, None])
def test_jira_without_the_type_is_told(
    tmp_path: Path, xray: Xray, types: dict[str, Any] | None
) -> None:
    """Issue linking may be turned off."""
    xray.script[TYPES] = [types] if types is not None else [Response("", status=404)]

    with pytest.raises(UsageError, match="no links of the type Tests"):
        list(LINK_REQUIREMENTS.apply(a_linking_run(tmp_path, xray, "CALC-6")))


def test_dry_run_counts_the_links(tmp_path: Path, xray: Xray) -> None:
    """No server is asked, so it does not know which are there."""
    run = a_linking_run(tmp_path, xray, "CALC-5", "CALC-6")

    assert list(LINK_REQUIREMENTS.describe(run)) == [
        "add the missing ones of 2 links to requirements"
    ]
    assert not xray.sent


def test_a_fork_links_nothing(
    tmp_path: Path, xray: Xray, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The author of its pull request chose the issues in the marks."""
    monkeypatch.setenv("CIRCLE_PR_NUMBER", "7")
    run = a_linking_run(tmp_path, xray, "CALC-6")
    (told,) = LINK_REQUIREMENTS.apply(run)

    assert "a pull request from a fork (CircleCI)" in told
    assert list(LINK_REQUIREMENTS.describe(run)) == [told]
    assert not xray.sent


def test_many_requirements_that_do_not_exist_are_some_lines(
    tmp_path: Path, xray: Xray
) -> None:
    """An artifact may name any number of them."""
    xray.script[LINK] = [Response("{}", status=404)]
    names = [f"CALC-{number}" for number in range(400, 450)]
    told = list(LINK_REQUIREMENTS.apply(a_linking_run(tmp_path, xray, *names)))

    assert len(told) < 30
    assert told[-1].endswith("30 other links")
