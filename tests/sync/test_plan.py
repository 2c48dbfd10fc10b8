"""What is written into a Test: what the code has changed and nobody else."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sync.values import a_line, a_scenario, a_test, an_issue
from xray_bridge.client.test_editor import TestChanges
from xray_bridge.sync.bodies import Steps
from xray_bridge.sync.match import Match
from xray_bridge.sync.plan import CODE, XRAY, Step, hash_text, make_entry, plan_step


OLD = a_test(description="old")
LINE = make_entry(OLD, "CALC-1")


def plan(
    test: dict[str, Any], issue: dict[str, Any], line: Any = LINE, take: str = ""
) -> Step:
    """Plan the change of a test."""
    match = Match(test=a_test(**test), issue=an_issue(**issue), entry=line)
    return plan_step(match, take=take)


@pytest.mark.parametrize(
    ("code", "xray", "written"),
    [
        ("old", "old", None),
        ("old", "theirs", None),
        ("new", "old", "new"),
        ("new", "new", None),
        ("", "old", ""),
        ("old", "  old\r\n", None),
        ("new", " old\r\n", "new"),
    ],
)
def test_a_text_that_one_side_has_changed(
    code: str, xray: str, written: str | None
) -> None:
    """People's text stays; the code's is written over what a sync wrote before."""
    step = plan({"description": code}, {"description": xray})

    assert step.changes == TestChanges(description=written)
    assert step.conflicts == ()
    assert step.entry.description == hash_text("description", code)


def test_a_text_that_both_sides_have_changed() -> None:
    """It is a conflict at each sync, until somebody decides."""
    step = plan({"description": "new"}, {"description": "theirs"})

    assert step.changes == TestChanges()
    assert step.conflicts == ("description",)
    assert step.entry.description == LINE.description


@pytest.mark.parametrize(("take", "written"), [(CODE, "new"), (XRAY, None)])
def test_a_decided_conflict(take: str, written: str | None) -> None:
    """It is none any more."""
    step = plan({"description": "new"}, {"description": "theirs"}, take=take)

    assert step.changes == TestChanges(description=written)
    assert step.conflicts == ()
    assert step.entry.description == hash_text("description", "new")


def test_a_test_that_existed_before_the_first_sync() -> None:
    """Empty texts are filled; what people wrote stays, and is no conflict."""
    test = {"summary": "Mine", "description": "mine", "folder": "/auto"}
    found = {"summary": "Theirs", "description": "", "folder": "/theirs"}
    step = plan(test, found, None)

    assert step.changes == TestChanges(description="mine")
    assert (step.folder, step.kept) == ("", ("summary", "folder"))
    assert (
        plan_step(
            Match(test=a_test(**test), issue=an_issue(**found), entry=step.entry)
        ).conflicts
        == ()
    )


def test_a_test_without_docstring_keeps_a_description_of_people() -> None:
    """There is nothing to say about it."""
    step = plan({}, {"description": "theirs"}, None)

    assert (step.changes, step.kept) == (TestChanges(), ())


def test_labels_of_people_stay() -> None:
    """Only labels of the code are added, and only those of a sync are removed."""
    line = a_line(summary=LINE.summary, labels=("gone", "same", "removed"))
    test = {"labels": ("same", "new", "removed")}
    step = plan(test, {"labels": ("theirs", "gone", "same")}, line)

    assert step.changes == TestChanges(add_labels=("new",), remove_labels=("gone",))


def test_sets_and_requirements_follow_the_code() -> None:
    """Those of other people are not read, and stay."""
    line = a_line(
        summary=LINE.summary, test_sets=("CALC-50",), requirements=("CALC-7",)
    )
    step = plan({"test_sets": ("CALC-51",), "requirements": ()}, {}, line)

    assert (step.sets, step.old_sets) == (("CALC-51",), ("CALC-50",))
    assert (step.links, step.old_links) == ((), ("CALC-7",))


@pytest.mark.parametrize(
    ("base", "theirs", "moved", "conflicts"),
    [
        ("/old", "/old", "/new", ()),
        ("", "/", "/new", ()),
        ("", None, "/new", ()),
        ("/old", "/", "/new", ()),
        ("/old", "/new", "", ()),
        ("/new", "/theirs", "", ()),
        ("/old", "/theirs", "", ("folder",)),
    ],
)
def test_folders(
    base: str, theirs: str | None, moved: str, conflicts: tuple[str, ...]
) -> None:
    """A Test that people have moved stays there."""
    line = a_line(summary=LINE.summary, folder=base)
    step = plan({"folder": "/new"}, {"folder": theirs}, line)

    assert (step.folder, step.conflicts) == (moved, conflicts)


def test_the_definition_after_a_rename() -> None:
    """An upload finds the Test by it."""
    step = plan({"name": "test_a.test_new", "summary": "test_one"}, {})

    assert step.changes.definition == "test_a.test_new"
    assert step.old_name == "test_a.test_one"
    assert step.entry.test == "test_a.test_new"


def test_the_definition_of_a_test_with_a_key_belongs_to_people() -> None:
    """Such a Test is found by its key, and may have any definition."""
    step = plan({"name": "test_a.test_new", "key": "CALC-1"}, {"definition": "theirs"})

    assert step.changes.definition is None


@pytest.mark.parametrize(
    ("values", "written"),
    [
        ({"type": "BDD", "kind": "Gherkin"}, True),
        ({"type": "BDD"}, True),
        ({"type": "Manual"}, False),
    ],
)
def test_steps_for_a_test_type_of_any_name(
    values: dict[str, str], written: bool
) -> None:
    """A key in code says that it is the Test of the scenario."""
    issue = an_issue(summary="sum", definition="", **values)

    step = plan_step(Match(test=a_scenario(key="CALC-1"), issue=issue))

    assert (step.changes.steps is not None) is written


def test_steps_of_a_scenario() -> None:
    """They are compared without blanks and empty lines."""
    old = a_scenario()
    issue = an_issue(type="Cucumber", summary="sum", definition="", steps="Given it is")
    line = make_entry(old, "CALC-1")
    new = a_scenario(steps=Steps(text="Given it is\nThen it was"))
    same = a_scenario(steps=Steps(text="  Given it is\n\n"))

    steps = [plan_step(Match(test=e, issue=issue, entry=line)) for e in (new, same)]

    assert [each.changes.steps for each in steps] == [new.steps.text, None]
