"""Steps are sent, and the lock file has what has arrived."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.sync.values import a_line, a_scenario, a_test, an_issue
from xray_bridge.client.test_editor import NewTest, TestChanges
from xray_bridge.errors import RefusedError, UnreachableError
from xray_bridge.sync.apply import NO_LINKS, NO_NAME, Sync
from xray_bridge.sync.match import Match
from xray_bridge.sync.plan import Step, plan_step
from xray_bridge.sync.rules import Rules


if TYPE_CHECKING:
    from collections.abc import Mapping

    from xray_bridge.sync.lock import Entry


REFUSAL = RefusedError("no")


class Editor:
    """Notes what is sent; requests of the name ``failing`` end with ``error``."""

    places_new = False

    def __init__(
        self, failing: str = "", error: Exception = REFUSAL, *, edits_jira: bool = True
    ) -> None:
        self.edits_jira = edits_jira
        self.failing = failing
        self.error = error
        self.sent: list[tuple[Any, ...]] = []

    def _note(self, name: str, *what: Any) -> None:
        self.sent.append((name, *what))
        if name == self.failing:
            raise self.error

    def create(self, new: NewTest) -> tuple[str, str]:
        """Create a Test."""
        self._note("create", new.definition)
        return "101", "CALC-101"

    def change(self, test_id: str, changes: TestChanges) -> None:
        """Change a Test."""
        self._note("change", test_id, changes)

    def move(self, tests: Mapping[str, str], folder: str) -> None:
        """Move Tests."""
        self._note("move", dict(tests), folder)

    def add_to_set(self, tests: Mapping[str, str], key: str) -> None:
        """Add Tests to a Test Set."""
        self._note("add", dict(tests), key)

    def remove_from_set(self, tests: Mapping[str, str], key: str) -> None:
        """Remove Tests from a Test Set."""
        self._note("remove", dict(tests), key)


def sync(editor: Editor, *steps: Step, lines: tuple[Entry, ...] = ()) -> Sync:
    """Send steps, without a login to Jira."""
    found = Sync(
        editor, None, "CALC", Rules(), fields={}, renew=lambda: None, entries=lines
    )
    found.run(steps)
    return found


def test_a_new_test_is_moved_and_added() -> None:
    """Its line has all of it."""
    editor = Editor()
    test = a_test(folder="/a", test_sets=("CALC-50",), labels=("x",))
    found = sync(editor, plan_step(Match(test=test)))
    (line,) = found.entries.values()

    assert editor.sent == [
        ("create", "test_a.test_one"),
        ("move", {"101": "CALC-101"}, "/a"),
        ("add", {"101": "CALC-101"}, "CALC-50"),
    ]
    assert (line.key, line.folder, line.test_sets) == ("CALC-101", "/a", ("CALC-50",))


@pytest.mark.parametrize(
    ("failing", "kept"), [("move", "folder"), ("add", "test_sets")]
)
def test_what_is_refused_is_not_in_the_line(failing: str, kept: str) -> None:
    """The next sync tries it again."""
    editor = Editor(failing)
    test = a_test(folder="/a", test_sets=("CALC-50",))
    found = sync(editor, plan_step(Match(test=test)))
    (line,) = found.entries.values()

    assert not getattr(line, kept)
    assert found.refused == {"test_a.py:1: test_a.test_one": "no"}


@pytest.mark.parametrize("error", [RefusedError("no"), UnreachableError("gone")])
def test_a_failed_change_leaves_the_line(error: Exception) -> None:
    """Also if the server is lost: the line of the old name stays."""
    editor = Editor("change", error)
    line, test = a_line(), a_test("test_a.test_new")
    step = plan_step(Match(test=test, issue=an_issue(), entry=line))
    found = Sync(
        editor, None, "CALC", Rules(), fields={}, renew=lambda: None, entries=[line]
    )
    if isinstance(error, UnreachableError):
        with pytest.raises(UnreachableError):
            found.run([step])
    else:
        found.run([step])

    assert found.entries == {"test_a.test_one": line}


def test_a_renamed_test_has_its_new_line() -> None:
    """The old one goes."""
    line, test = a_line(), a_test("test_a.test_new")
    step = plan_step(Match(test=test, issue=an_issue(), entry=line))

    assert sync(Editor(), step, lines=(line,)).entries.keys() == {"test_a.test_new"}


@pytest.mark.parametrize("names", ["ba", "bc"])
def test_tests_with_keys_can_swap_their_names(names: str) -> None:
    """Each line is that of its Test, whichever is sent first."""
    lines = [
        a_line("test_a.a", "CALC-1", folder="/1"),
        a_line("test_a.b", "CALC-2", folder="/2"),
    ]
    steps = [
        plan_step(
            Match(
                test=a_test(f"test_a.{name}", key=line.key, folder=line.folder),
                issue=an_issue(line.key, folder=line.folder),
                entry=line,
            )
        )
        for name, line in zip(names, lines, strict=True)
    ]
    found = sync(Editor(), *steps, lines=tuple(lines)).entries
    first, second = (found.pop(f"test_a.{name}") for name in names)

    assert not found
    assert (first.key, first.folder) == ("CALC-1", "/1")
    assert (second.key, second.folder) == ("CALC-2", "/2")


def test_old_sets_are_left() -> None:
    """The Tests of one Test Set are removed together."""
    editor = Editor()
    lines = [
        a_line(test_sets=("CALC-50",)),
        a_line("test_a.test_two", "CALC-2", test_sets=("CALC-50",)),
    ]
    issues = [an_issue(), an_issue("CALC-2", definition="test_a.test_two")]
    tests = [a_test(), a_test("test_a.test_two")]
    steps = [
        plan_step(Match(test=test, issue=issue, entry=line))
        for test, issue, line in zip(tests, issues, lines, strict=True)
    ]
    sync(editor, *steps, lines=tuple(lines))

    assert ("remove", {"1": "CALC-1", "2": "CALC-2"}, "CALC-50") in editor.sent


def test_without_a_login_to_jira() -> None:
    """Texts and links are left out, and told; the definition is changed."""
    editor = Editor(edits_jira=False)
    test = a_test("test_a.test_new", description="new", requirements=("CALC-7",))
    step = plan_step(Match(test=test, issue=an_issue(), entry=a_line()))
    found = sync(editor, step, lines=(a_line(),))
    (line,) = found.entries.values()

    assert editor.sent == [("change", "1", TestChanges(definition="test_a.test_new"))]
    assert found.left_out[0] == NO_LINKS
    assert "summaries, descriptions and labels of 1 Test" in found.left_out[1]
    assert (line.description, line.requirements) == ("", ())


def test_a_scenario_cannot_be_renamed_without_a_login_to_jira() -> None:
    """An upload would not find it by its old name."""
    line = a_line("a.feature: old", file="a.feature")
    issue = an_issue(type="Cucumber", summary="old", definition="", steps="Given it is")
    step = plan_step(Match(test=a_scenario(), issue=issue, entry=line), take="code")
    found = sync(Editor(edits_jira=False), step, lines=(line,))

    assert list(found.refused.values()) == [NO_NAME]
    assert found.entries == {line.test: line}


def test_a_jira_without_links_of_tests() -> None:
    """It is told once, and all else is done."""

    class Jira:
        def get_json(self, *_: Any) -> Any:
            return {"issueLinkTypes": [{"name": "Blocks", "outward": "blocks"}]}

    jira: Any = Jira()
    found = Sync(Editor(), jira, "CALC", Rules(), fields={}, renew=lambda: None)
    found.run([plan_step(Match(test=a_test(requirements=("CALC-7",))))])
    (line,) = found.entries.values()

    assert found.left_out[0].startswith("requirements were not linked: this Jira has")
    assert (line.key, line.requirements) == ("CALC-101", ())
