"""What changed, as Markdown: texts of tests are only texts."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from markdown_it import MarkdownIt

from tests.ci.test_from_receipts import ANYTHING, DELIVERED, everything
from xray_bridge.ci.outputs.changes import SHOWN, change_lines
from xray_bridge.ci.outputs.summary import make_markdown
from xray_bridge.model.changes import Baseline, Change, Changes, FailureCause


ADD = Change(name="t.test_add", keys=("CALC-1",), message="1 != 2", now="failed")
SLOW = Change(name="t.test_slow", seconds_before=1.0, seconds=9.0)
CHANGES = Changes(
    baseline=Baseline(name="CALC-19", branch="main"),
    newly_failing=(ADD,),
    slower=(SLOW,),
    counts={"newly_failing": 1, "slower": 1},
    failures=12,
    cause_count=1,
    causes=(
        FailureCause(type="KeyError", place="db.py get", failures=12, tests=("a",)),
    ),
)
PAGE = MarkdownIt("commonmark").enable("table")


def test_the_part_of_a_page() -> None:
    """The headline, each list under its title, the causes."""
    assert list(change_lines(CHANGES)) == [
        "",
        "**Compared with `CALC-19 (main)`**: 1 newly failing, 1 slower",
        "",
        "**Newly failing** 1",
        "",
        "- `t.test_add` (`CALC-1`): `1 != 2`",
        "",
        "**Slower** 1",
        "",
        "- `t.test_slow`: 9.0 s, before 1.0 s",
        "",
        "**12 failures, 1 cause**",
        "",
        "- 12 x `KeyError in db.py get`: `a` and 11 more",
    ]


def test_long_lists_are_cut() -> None:
    """And the rest is counted."""
    many = Changes(
        baseline=Baseline(name="r"), new=(ADD,) * (SHOWN + 1), counts={"new": 500}
    )

    lines = list(change_lines(many))

    assert lines.count("- `t.test_add` (`CALC-1`): `1 != 2`") == SHOWN
    assert lines[-1] == f"- and {500 - SHOWN} more"


def test_the_summary_has_it_before_the_failures() -> None:
    """News first."""
    page = make_markdown(replace(DELIVERED, changes=CHANGES))

    assert page.index("Compared with") < page.index("**Failed**")


@given(ANYTHING)
def test_texts_of_tests_are_only_texts(text: str) -> None:
    """No link, no HTML, no mention, no heading."""
    change = Change(name=text, keys=(text,), message=text)
    cause = FailureCause(type=text, place=text, failures=9, tests=(text,))
    hostile = Changes(
        baseline=Baseline(name=text, branch=text),
        newly_failing=(change,),
        causes=(cause,),
        failures=9,
        cause_count=1,
    )
    unknown = Changes(not_compared=text)

    page = "\n".join([*change_lines(hostile), *change_lines(unknown)])
    kinds = {token.type for token in everything(PAGE.parse(page))}

    assert kinds.isdisjoint({"link_open", "html_inline", "html_block", "image"})
    assert kinds.isdisjoint({"heading_open", "fence", "em_open", "table_open"})
