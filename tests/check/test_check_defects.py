"""The rules for defects are compared with the fields that Jira wants."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.builders import a_connection, settings_of
from tests.jira.defects.a_jira import FIELDS, PretendJira, refusal
from xray_bridge.check.defects import check_defects, list_open_defects
from xray_bridge.client.jira import Jira
from xray_bridge.errors import UnreachableError
from xray_bridge.jira.defects import known
from xray_bridge.model.fingerprint import failure_label, read_cause
from xray_bridge.model.results import TestIssue


if TYPE_CHECKING:
    from xray_bridge.check import Finding
    from xray_bridge.client.request import Request
    from xray_bridge.client.response import Answer


def check(server: PretendJira, rules: str = "", **given: str) -> list[Finding]:
    """Check the rules with this server."""
    given = {"defects": "create", "project": "CALC", "defect_rules": rules, **given}
    jira = Jira.for_connection(a_connection(), server)  # type: ignore[arg-type]
    return check_defects(settings_of(**given), jira)


def test_rules_that_jira_accepts_are_one_line() -> None:
    """One finding says that all is well."""
    rules = (
        '{"priority": "high", "fields": {"Severity": "Minor"}, "components": "Cart"}'
    )

    found = check(PretendJira(), rules)

    assert [each.ok for each in found] == [True]


def test_nothing_is_asked_unless_defects_are_created() -> None:
    """With ``link`` no defect is created, so no field matters."""
    server = PretendJira()

    assert check(server, defects="link") == []
    assert server.sent == []


@pytest.mark.parametrize(
    ("rules", "message", "hint"),
    [
        (
            '{"priority": {"smoke": "Hihg", "default": "Low"}}',
            "Priority of a Bug cannot be Hihg, only: High, Low",
            "did you mean High?",
        ),
        (
            '{"severity": "Huge"}',
            "Severity of a Bug cannot be Huge, only: Major, Minor",
            "",
        ),
        (
            '{"fields": {"Severty": "Major"}}',
            "a Bug has no field Severty",
            "did you mean Severity?",
        ),
        (
            '{"fields": {"Zzz": "x"}}',
            "a Bug has no field Zzz",
            "`xray-bridge jira fields` lists them",
        ),
        (
            '{"components": ["Cart", "Car"]}',
            "Component/s of a Bug cannot be Car, only: Cart",
            "did you mean Cart?",
        ),
        (
            '{"assignee": "ann"}',
            "the screen for a new Bug in CALC has no assignee",
            "add it to the screen, or remove it from the rules",
        ),
        ('{"type": "Bugg"}', "CALC has no type Bugg, only: Bug", "did you mean Bug?"),
    ],
)
def test_each_mistake_is_one_line(rules: str, message: str, hint: str) -> None:
    """It names the value, the allowed ones, and the nearest."""
    found = check(PretendJira(), rules)

    assert [(e.ok, e.message, e.hint) for e in found] == [(False, message, hint)]


def test_a_project_without_components_takes_none() -> None:
    """A list of values without a value is no field for any text."""
    components: dict[str, Any] = {
        "fieldId": "components",
        "name": "Component/s",
        "schema": {"type": "array", "items": "component"},
        "allowedValues": [],
    }
    screen = [e for e in FIELDS if e["fieldId"] != "components"]
    server = PretendJira(screen=[*screen, components])

    found = check(server, '{"components": ["Cart"]}')

    assert [(e.message, e.hint) for e in found] == [
        (
            "Component/s of a Bug cannot be Cart: CALC has none",
            "create it in Jira, or remove it from the rules",
        )
    ]


def test_required_fields_and_labels_are_needed() -> None:
    """A required field without a default has to be in the rules."""
    team: dict[str, Any] = {
        "fieldId": "customfield_9",
        "name": "Team",
        "required": True,
        "allowedValues": [{"value": "Red"}, {"value": "Blue"}],
    }
    other = {**team, "fieldId": "customfield_10", "hasDefaultValue": True}
    screen = [e for e in FIELDS if e["fieldId"] != "labels"]
    server = PretendJira(screen=[*screen, team, other])

    found = [each.message for each in check(server)]
    given = check(server, '{"fields": {"Team": "Red"}}')

    assert found[0] == "a Bug in CALC needs Team (customfield_9), one of Red, Blue"
    assert "has no labels" in found[1]
    assert len(given) == 1


def test_a_project_that_the_account_does_not_see_is_wrong() -> None:
    """Jira answers 404 for both, no project and no permission."""
    server = PretendJira(fault=lambda _: refusal(404, "No project could be found."))

    found = check(server)

    assert [each.ok for each in found] == [False]
    assert "there is no project CALC in which the account can create a Bug" in (
        found[0].message
    )


def test_without_an_answer_nothing_is_wrong() -> None:
    """A server that cannot be reached says nothing about the rules."""

    def lose(_: Request) -> Answer | None:
        raise UnreachableError("connection refused")

    assert [each.ok for each in check(PretendJira(fault=lose))] == [None]


def test_open_defects_are_listed_for_a_session(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only open ones, by the labels of their failures."""
    cause = read_cause("E   ValueError: x\n\ntests/a.py:3: ValueError")
    test = TestIssue(classname="tests.a", name="test_a")
    label = failure_label("CALC", "tests.a.test_a", cause)
    server = PretendJira()
    server.add("xray-bridge", label, "xb-test-0123456789ab")
    server.add("xray-bridge", "xb-0123456789ab", status="Done")
    monkeypatch.setattr("xray_bridge.check.defects.Http", lambda *_, **__: server)
    settings = settings_of(project="CALC", xfail_open_defects="yes")

    content = list_open_defects(settings, a_connection())
    found = known.from_content(content, str)

    assert content["keys"] == {label: "CALC-101"}
    assert found is not None
    assert found.find_key(test, "E   ValueError: y\n\ntests/a.py:9: ValueError")
    assert not found.find_key(test, "E   TypeError: y\n\ntests/a.py:9: TypeError")
