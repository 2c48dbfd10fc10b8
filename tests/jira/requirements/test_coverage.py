"""Requirements with their Tests, results, bugs, and marks in code."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.builders import settings_of
from xray_bridge.client.coverage import Covered, CoveringTest
from xray_bridge.jira.requirements import coverage, table
from xray_bridge.jira.requirements.coverage import CoverageReport, report_coverage
from xray_bridge.jira.requirements.requirement import LinkedIssue, Requirement


if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

STORY = Requirement(
    key="CALC-5",
    summary="Add | numbers",
    type="Story",
    releases=("1.0",),
    release_date="2026-03-04",
)
PASSED = CoveringTest(key="CALC-8", status="PASS")
FAILED = CoveringTest(key="CALC-9", status="FAIL")
BUG = LinkedIssue(key="BUG-1", type="Bug", status="Open", summary="Oh")


class FakeSource:
    """Has the coverage of some requirements."""

    def __init__(self, covered: Mapping[str, Covered]) -> None:
        self._covered = covered

    def read(self, _: Mapping[str, Sequence[str]]) -> dict[str, Covered]:
        """All of it."""
        return dict(self._covered)


def issue(key: str, **fields: Any) -> dict[str, Any]:
    """An issue as Jira's search returns it."""
    return {"id": key.rpartition("-")[2], "key": key, "fields": fields}


class World:
    """Jira and Xray with some issues."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.covered: dict[str, Covered] = {}
        self.issues: dict[str, dict[str, Any]] = {}
        self.requirements = [STORY]
        self.known: list[Requirement] = []
        self.given: dict[str, str] = {}
        self.code: dict[str, list[str]] = {}
        monkeypatch.setattr(coverage, "coverage_of", lambda _: FakeSource(self.covered))
        monkeypatch.setattr(coverage, "search_keys", self._search)
        monkeypatch.setattr(coverage, "find_requirements", self._find)

    def _search(self, _: object, keys: Sequence[str], __: object) -> list[Any]:
        return [self.issues[key] for key in keys if key in self.issues]

    def _find(self, _: object, __: object, keys: Sequence[str]) -> list[Requirement]:
        return [each for each in self.known if each.key in keys]

    def report(self) -> CoverageReport:
        """Compare."""
        unused: Any = None
        settings = settings_of(**self.given)
        return report_coverage(unused, unused, settings, self.requirements, self.code)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """One story with a passed and a failed Test."""
    found = World(monkeypatch)
    tests = (PASSED, FAILED)
    found.covered = {"CALC-5": Covered(status="NOK", tests=tests, total=2)}
    return found


def linked_bug(*, is_open: bool = True, kind: str = "Bug") -> list[dict[str, Any]]:
    """A link to a bug."""
    category = {"key": "new" if is_open else "done"}
    status = {"name": "Open", "statusCategory": category}
    fields = {"status": status, "issuetype": {"name": kind}, "summary": "Oh"}
    return [
        {
            "type": {"name": "Created"},
            "outwardIssue": {"key": "BUG-1", "fields": fields},
        }
    ]


def test_results_are_counted(world: World) -> None:
    """By the last status of each Test."""
    [row] = world.report().rows

    assert row.results == {"PASS": 1, "FAIL": 1}
    assert row.status == "NOK"
    assert world.report().totals == {"NOK": 1}


def test_bug_of_a_test_run_is_named(world: World) -> None:
    """Whatever its type is called; Server has its key, Cloud its id."""
    status = {"name": "Open", "statusCategory": {"key": "new"}}
    bug = issue("BUG-1", status=status, issuetype={"name": "Fehler"}, summary="Oh")
    for name in ("BUG-1", "1"):
        world.issues = {name: bug}
        tests = (replace(FAILED, defects=(name,)),)
        world.covered = {"CALC-5": Covered(status="NOK", tests=tests, total=1)}
        [row] = world.report().rows

        assert [each.key for each in row.open_defects] == ["BUG-1"]


@pytest.mark.parametrize(
    ("links", "given", "bugs"),
    [
        (linked_bug(), {}, ["BUG-1"]),
        (linked_bug(is_open=False), {}, []),
        (linked_bug(kind="Story"), {}, []),
        (linked_bug(kind="Fehler"), {"defect_rules": '{"type": "Fehler"}'}, ["BUG-1"]),
    ],
)
def test_open_bug_that_is_linked_to_a_test_is_named(
    world: World, links: list[dict[str, Any]], given: dict[str, str], bugs: list[str]
) -> None:
    """The rules for bugs say how their type is called here."""
    world.issues = {"CALC-9": issue("CALC-9", issuelinks=links)}
    world.given = given
    [row] = world.report().rows

    assert [each.key for each in row.open_defects] == bugs


def test_bug_that_is_linked_to_the_requirement_is_named_once(world: World) -> None:
    """Also if a Test has it."""
    world.requirements = [replace(STORY, others=(BUG,))]
    world.issues = {"CALC-9": issue("CALC-9", issuelinks=linked_bug())}
    [row] = world.report().rows

    assert row.open_defects == (BUG,)


def test_issue_that_xray_does_not_cover_is_told(world: World) -> None:
    """Xray's settings say which types are requirements."""
    world.covered = {}
    [row] = world.report().rows

    assert row.status == "no requirement"


@pytest.mark.parametrize(
    ("own", "status"),
    [
        (None, "NOK"),
        (Covered(status="UNCOVERED"), "NOK"),
        (Covered(status="OK", tests=(PASSED,), total=1), "OK"),
        (Covered(status="NOTRUN"), "NOTRUN"),
    ],
)
def test_epic_has_the_coverage_below_it(
    world: World, own: Covered | None, status: str
) -> None:
    """Unless Xray has computed one."""
    epic = Requirement(key="CALC-1", type="Epic", is_epic=True)
    world.requirements = [epic, replace(STORY, parent="CALC-1", others=(BUG,))]
    if own:
        world.covered["CALC-1"] = own
    first = world.report().rows[0]

    assert first.status == status
    if status == "NOK":
        assert (first.total, first.open_defects) == (2, (BUG,))


def test_epic_without_requirements_below_it_stays(world: World) -> None:
    """There is nothing to count."""
    epic = Requirement(key="CALC-1", is_epic=True)
    sub_task = Requirement(key="CALC-2", parent="CALC-1")
    world.requirements = [epic, sub_task]
    world.covered = {"CALC-1": Covered(status="UNCOVERED")}

    assert world.report().rows[0].status == "UNCOVERED"


def test_marks_are_compared(world: World) -> None:
    """A missing and a closed requirement are named with their tests."""
    world.known = [
        Requirement(key="CALC-6", is_closed=True),
        Requirement(key="CALC-7"),
    ]
    world.code = {
        "CALC-5": ["a.py:1: test_a"],
        "CALC-6": ["a.py:2: test_b"],
        "CALC-7": ["a.py:3: test_c"],
        "CALC-404": ["a.py:4: test_d", "a.py:5: test_e"],
    }
    found = world.report()

    assert found.rows[0].code == ("a.py:1: test_a",)
    assert found.closed == {"CALC-6": ["a.py:2: test_b"]}
    assert found.missing == {"CALC-404": ["a.py:4: test_d", "a.py:5: test_e"]}


def test_more_tests_than_were_read_are_told(world: World) -> None:
    """Xray lists a hundred of them."""
    world.covered = {"CALC-5": Covered(status="OK", tests=(PASSED,), total=134)}

    assert world.report().notices == ("CALC-5 has 134 Tests; 1 are shown",)


def test_lines_name_everything(world: World) -> None:
    """Sections without a finding are missing."""
    world.code = {"CALC-404": ["a.py:4: test_d"]}
    report = world.report()

    assert list(table.list_sections(report)) == [
        "Marks for issues that do not exist, or that were moved: 1",
        "  CALC-404: a.py:4: test_d",
        "1 requirement: 1 NOK",
    ]
    assert table.list_cells(report.rows[0]) == (
        "CALC-5",
        "NOK",
        "1 PASS, 1 FAIL",
        "1.0",
        "2026-03-04",
        "",
        "Add | numbers",
    )


def test_markdown_is_escaped_and_linked(world: World) -> None:
    """A summary cannot break the table."""
    world.requirements = [replace(STORY, others=(BUG,), is_closed=True)]
    world.code = {"CALC-5": ["a.py:1: test_a"], "CALC-404": ["a.py:4: test_d"]}
    page = table.to_markdown(world.report(), "https://jira.example.com")

    assert (
        "| [CALC-5](https://jira.example.com/browse/CALC-5) | NOK | 1 PASS, 1 FAIL | "
        "1.0 | 2026-03-04 | [BUG-1](https://jira.example.com/browse/BUG-1) | "
        "Add \\| numbers |"
    ) in page
    assert "## Marks for closed requirements\n\n- CALC-5: a.py:1: test\\_a" in page
    assert "- CALC-404: a.py:4: test\\_d" in page


def test_long_summary_is_cut(world: World) -> None:
    """The table stays readable; the document has all of it."""
    world.requirements = [replace(STORY, summary="x" * 100)]
    report = world.report()

    assert table.list_cells(report.rows[0])[-1] == f"{'x' * 57}..."
    assert report.to_json()["requirements"][0]["summary"] == "x" * 100
