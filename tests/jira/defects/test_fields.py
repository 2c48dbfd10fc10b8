"""Fields of defects have the form that Jira wants."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.builders import a_connection
from tests.jira.defects.a_jira import PretendJira, refusal
from xray_bridge.client.createmeta import FieldRule
from xray_bridge.client.jira import Jira
from xray_bridge.jira.defects.fields import (
    Screen,
    choose_by_label,
    needs_screen,
    optional_fields,
    read_screen,
    shape_value,
)
from xray_bridge.jira.defects.rules import parse_rules
from xray_bridge.model.dialect import CLOUD, DIALECTS, SERVER


ON_SERVER = DIALECTS[SERVER]


def a_rule(kind: str, items: str = "") -> FieldRule:
    """A field of a type."""
    return FieldRule(id="customfield_1", name="Team", type=kind, items=items)


@pytest.mark.parametrize(
    ("rule", "given", "sent"),
    [
        (a_rule("string"), "x", "x"),
        (a_rule("date"), "2026-01-02", "2026-01-02"),
        (a_rule("string"), 7, "7"),
        (a_rule("option"), "Red", {"value": "Red"}),
        (a_rule("priority"), "High", {"name": "High"}),
        (a_rule("user"), "ann", {"name": "ann"}),
        (a_rule("project"), "CALC", {"key": "CALC"}),
        (a_rule("number"), "2.5", 2.5),
        (a_rule("number"), 3, 3),
        (a_rule("number"), "many", "many"),
        (a_rule("number"), "nan", "nan"),
        (a_rule("number"), "1e999", "1e999"),
        (a_rule("option"), {"id": "10"}, {"id": "10"}),
        (a_rule("array", "option"), "Red", [{"value": "Red"}]),
        (a_rule("array", "version"), ["1", "2"], [{"name": "1"}, {"name": "2"}]),
        (a_rule("array", "component"), ("API",), [{"name": "API"}]),
        (a_rule("array", "string"), "nightly", ["nightly"]),
    ],
)
def test_values_take_the_form_of_their_type(
    rule: FieldRule, given: object, sent: object
) -> None:
    """A value in JSON's form is sent as it is."""
    assert shape_value(rule, given, ON_SERVER) == sent


def test_accounts_have_ids_on_cloud() -> None:
    """Server knows users by name."""
    assert shape_value(a_rule("user"), "5b10", DIALECTS[CLOUD]) == {"accountId": "5b10"}


def test_fields_are_found_by_id_and_by_name() -> None:
    """Names may have any case; the id comes first."""
    one = FieldRule(id="customfield_1", name="Team")
    two = FieldRule(id="team", name="Other")
    screen = Screen((one, two), is_known=True)

    assert screen.find("TEAM") == one
    assert screen.find("team") == two
    assert screen.find("Teams") is None


def test_an_unknown_screen_takes_ids_and_no_names() -> None:
    """Without the list of fields, a name with a blank cannot be an id."""
    rules = parse_rules({"fields": {"customfield_9": "x", "Found in": "y"}})

    found = optional_fields(rules, Screen(), ON_SERVER, labels=(), values={})

    assert found.fields == {"customfield_9": "x"}
    assert found.unknown == ["Found in"]


def test_labels_choose_priority_and_severity() -> None:
    """The first label that the table names counts; ``default`` is for all others."""
    table = {"slow": "Low", "smoke": "High", "default": "Medium"}

    assert choose_by_label(table, ["x", "smoke", "slow"]) == "High"
    assert choose_by_label(table, ["x"]) == "Medium"
    assert choose_by_label({}, ["x"]) == ""


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ({}, False),
        ({"priority": "High", "assignee": "ann"}, False),
        ({"severity": "Major"}, True),
        ({"fields": {"Team": "Red"}}, True),
    ],
)
def test_jira_is_asked_for_fields_only_if_one_is_named(
    table: dict[str, object], expected: bool
) -> None:
    """Usual fields have known forms."""
    assert needs_screen(parse_rules(table)) is expected


def test_a_refused_list_of_fields_is_an_unknown_screen() -> None:
    """Without the permission to see them, ids may still work."""
    server = PretendJira(fault=lambda _: refusal(403, "No."))
    jira = Jira.for_connection(a_connection(), server)  # type: ignore[arg-type]
    rules = parse_rules({}, project="CALC")

    assert read_screen(jira, rules) == Screen()
    server.fault = lambda _: None
    assert read_screen(jira, rules).is_known
    assert read_screen(jira, parse_rules({"type": "Gone"}, project="CALC")) == Screen()


def test_markup_of_a_test_is_escaped_where_jira_reads_markup() -> None:
    """In texts of several lines; a single line is shown as it is."""
    area = "com.atlassian.jira.plugin.system.customfieldtypes:textarea"
    server = PretendJira()
    server.screen += [
        {"fieldId": "environment", "schema": {"system": "environment"}, "name": "E"},
        {"fieldId": "customfield_1", "schema": {"custom": area}, "name": "Where"},
        {"fieldId": "customfield_2", "schema": {"custom": "x:textfield"}, "name": "T"},
    ]
    text = "${test.name} ${ci.url}"
    rules = parse_rules({"fields": dict.fromkeys(("E", "Where", "T"), text)})
    jira = Jira.for_connection(a_connection(), server)  # type: ignore[arg-type]
    screen = read_screen(jira, replace(rules, project="CALC"))
    values = {"test.name": "[~ann]", "ci.url": "https://ci/a_b"}

    found = optional_fields(rules, screen, ON_SERVER, labels=(), values=values).fields

    assert found == {
        "environment": r"\[\~ann\] https://ci/a_b",
        "customfield_1": r"\[\~ann\] https://ci/a_b",
        "customfield_2": "[~ann] https://ci/a_b",
    }
