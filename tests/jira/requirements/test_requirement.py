"""A requirement is read from Jira's answer: links, Epic, release date."""

from __future__ import annotations

from typing import Any

import pytest

from xray_bridge.jira.requirements.requirement import (
    CustomIds,
    LinkedIssue,
    Requirement,
    find_custom_ids,
    read_requirement,
)


IDS = CustomIds(sprint="customfield_20", epic_link="customfield_14")
ORDER = ("fixVersion", "sprintEnd", "resolutiondate")
DONE = {"name": "Erledigt", "statusCategory": {"key": "done"}}
OPEN = {"name": "Offen", "statusCategory": {"key": "new"}}
OF_SERVER = (
    "com.atlassian.greenhopper.service.sprint.Sprint@1f[id=7,rapidViewId=4,state=ACTIVE,"
    "name=Alpha,startDate=2026-01-01T10:00:00.000Z,endDate=2026-02-03T10:00:00.000Z]"
)
TESTS = {"name": "Tests", "inward": "tested by", "outward": "tests"}


def read(order: tuple[str, ...] = ORDER, **fields: Any) -> Requirement:
    """Read an issue with these fields."""
    return read_requirement({"id": "1", "key": "CALC-5", "fields": fields}, IDS, order)


def linked(side: str, key: str, kind: dict[str, str] | None = None) -> dict[str, Any]:
    """A link to an open bug."""
    fields = {"summary": "Oh", "status": OPEN, "issuetype": {"name": "Bug"}}
    return {"type": kind or TESTS, side: {"key": key, "fields": fields}}


def test_fields_are_read() -> None:
    """The category tells that it is closed: names are translated."""
    found = read(
        summary="Add\nnumbers",
        issuetype={"name": "Story"},
        status=DONE,
        parent={"key": "CALC-1"},
        fixVersions=[{"name": "1.0"}, {"name": "1.1"}],
    )

    assert found == Requirement(
        key="CALC-5",
        id="1",
        summary="Add numbers",
        type="Story",
        status="Erledigt",
        is_closed=True,
        parent="CALC-1",
        releases=("1.0", "1.1"),
    )


def test_epic_of_data_center_is_a_field() -> None:
    """A parent is better: the field is old."""
    assert read(customfield_14="CALC-2").parent == "CALC-2"
    assert read(customfield_14="CALC-2", parent={"key": "CALC-1"}).parent == "CALC-1"
    assert read(customfield_14=None).parent == ""


@pytest.mark.parametrize(
    ("kind", "is_epic"),
    [
        ({"name": "Epic"}, True),
        ({"name": "Épopée", "hierarchyLevel": 1}, True),
        ({"name": "Story", "hierarchyLevel": 0}, False),
        (None, False),
    ],
)
def test_epic_is_known_by_its_level_or_name(
    kind: dict[str, Any] | None, *, is_epic: bool
) -> None:
    """Data Center does not show the level."""
    assert read(issuetype=kind).is_epic is is_epic


VERSIONS = [
    {"name": "b", "releaseDate": "2026-05-06"},
    {"name": "a", "releaseDate": "2026-03-04"},
    {"name": "c"},
]
SPRINTS = [{"endDate": "2026-01-02T10:00:00.000Z"}, {"endDate": "2026-02-03"}, {}]


@pytest.mark.parametrize(
    ("order", "fields", "date"),
    [
        (ORDER, {"fixVersions": VERSIONS, "customfield_20": SPRINTS}, "2026-03-04"),
        (ORDER, {"customfield_20": SPRINTS}, "2026-02-03"),
        (ORDER, {"customfield_20": [OF_SERVER]}, "2026-02-03"),
        (ORDER, {"resolutiondate": "2026-07-08T09:10:11.000+0000"}, "2026-07-08"),
        (("sprintEnd",), {"fixVersions": VERSIONS}, ""),
        (
            ("resolutiondate", "fixVersion"),
            {"fixVersions": VERSIONS, "resolutiondate": "2026-07-08"},
            "2026-07-08",
        ),
        (ORDER, {"customfield_20": ["odd", None, 7], "fixVersions": "x"}, ""),
    ],
)
def test_release_date_is_the_first_that_is_set(
    order: tuple[str, ...], fields: dict[str, Any], date: str
) -> None:
    """The order is that of the setting; the next release of several counts."""
    assert read(order, **fields).release_date == date


@pytest.mark.parametrize(
    "kind", [TESTS, {"name": "Test"}, {"name": "X", "outward": "Tests"}]
)
def test_tests_are_linked_inward(kind: dict[str, str]) -> None:
    """The name of the type differs between sites."""
    found = read(issuelinks=[linked("inwardIssue", "CALC-9", kind)])

    assert found.tests == ("CALC-9",)
    assert found.others == ()


def test_other_links_are_kept_apart() -> None:
    """A Test that tests nothing is one of them, and so is a blocking bug."""
    blocks = {"name": "Blocks", "inward": "is blocked by", "outward": "blocks"}
    found = read(
        issuelinks=[
            linked("outwardIssue", "CALC-8"),
            linked("inwardIssue", "CALC-7", blocks),
            {"type": TESTS, "inwardIssue": None},
            "odd",
        ]
    )

    assert found.tests == ()
    assert found.others == tuple(
        LinkedIssue(key=key, type="Bug", status="Offen", summary="Oh")
        for key in ("CALC-8", "CALC-7")
    )


def test_odd_answers_are_no_error() -> None:
    """Fields may be missing or have another type."""
    found = read(status="x", parent=[], issuelinks={}, issuetype="Story")

    assert found == Requirement(key="CALC-5", id="1")


def test_ids_of_custom_fields_are_found_by_their_type() -> None:
    """Their names are translated."""

    class FakeJira:
        """Lists two fields."""

        def list_fields(self) -> list[Any]:
            """With their types."""
            base = "com.pyxis.greenhopper.jira"
            return [
                {"id": "customfield_20", "schema": {"custom": f"{base}:gh-sprint"}},
                {"id": "customfield_14", "schema": {"custom": f"{base}:gh-epic-link"}},
                {"id": "summary"},
                {"id": "odd", "schema": "odd"},
                "odd",
            ]

    assert find_custom_ids(FakeJira()) == IDS  # type: ignore[arg-type]
