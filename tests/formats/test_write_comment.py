"""The comment of a Test Run: what stands in it, and what gives way."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.builders import a_run, a_step
from xray_bridge.formats.write import comment as module
from xray_bridge.formats.write.comment import make_block, make_comment
from xray_bridge.model.results import Iteration, Outcome


# Jira's own limit; Java counts a character beyond the BMP as two.
LIMIT = 32_767


def units(text: str) -> int:
    """The length of a text in Java."""
    return len(text.encode("utf-16-le")) // 2


def test_nothing_to_say() -> None:
    """No comment at all, and no empty block."""
    assert make_comment(a_run(message="\x1b[0m", comment=" \n", output="\n")) == ""


def test_own_text_is_wiki() -> None:
    """It stands outside of the block."""
    run = a_run(Outcome.FAILED, comment="*bold*", message="*stars*")

    assert make_comment(run) == "*bold*\n\n{noformat}\n*stars*\n{noformat}"


def test_own_text_alone() -> None:
    """No block."""
    assert make_comment(a_run(comment="*bold*")) == "*bold*"


@pytest.mark.parametrize("mention", ["[~admin]", "[~accountid:5b10]", "[\x1b[0m~a]"])
def test_mentions_are_none(mention: str) -> None:
    """Neither the author's text nor a test's text mentions anybody."""
    run = a_run(comment=mention, message=mention, output=mention)

    found = make_comment(run)
    assert "[~" not in found
    assert found.count("[ ~") == 3


@pytest.mark.parametrize(
    "text",
    [
        "{noformat}",
        "{NoFormat}",
        "{noformat:title=x}",
        "a {noformat}{noformat} b",
        "C:\\tmp\\",
        "{{noformat}}",
    ],
)
def test_block_has_one_end(text: str) -> None:
    """No text of a test ends the block."""
    found = make_comment(a_run(message=text, output=text, steps=(a_step(name=text),)))

    assert len(re.findall(r"\{noformat", found, re.IGNORECASE)) == 2
    assert found.startswith("{noformat}\n")
    assert found.endswith("\n{noformat}")


@pytest.mark.parametrize(
    ("own", "closed"),
    [
        ("{noformat}open", "{noformat}open\n{noformat}"),
        ("{code:python}open", "{code:python}open\n{code}"),
        ("{code}{noformat}{code}", "{code}{noformat}{code}"),
        ("{code}{noformat}", "{code}{noformat}\n{code}"),
        ("{noformat}a{noformat}", "{noformat}a{noformat}"),
        ("\\{noformat}", "\\{noformat}"),
        ("plain", "plain"),
    ],
)
def test_open_block_of_the_author(own: str, closed: str) -> None:
    """It ends before ours begins."""
    found = make_comment(a_run(comment=own, message="said"))

    assert found == f"{closed}\n\n{{noformat}}\nsaid\n{{noformat}}"


@pytest.mark.parametrize("outcome", [Outcome.XFAILED, Outcome.XPASSED])
def test_note_on_expectations(outcome: Outcome) -> None:
    """The comment says it, because the status does not."""
    assert "expected" in make_comment(a_run(outcome))


@pytest.mark.parametrize(
    "outcome", [Outcome.PASSED, Outcome.FAILED, Outcome.SKIPPED, Outcome.FLAKY]
)
def test_no_note_on_others(outcome: Outcome) -> None:
    """Their status does."""
    assert make_comment(a_run(outcome)) == ""


def lines(text: str) -> list[str]:
    """The lines in the block."""
    return text.splitlines()[1:-1]


def test_iterations() -> None:
    """Each has one line, and its message if the comment does not have it yet."""
    run = a_run(
        Outcome.FAILED,
        message="one is odd",
        iterations=(
            Iteration(outcome=Outcome.PASSED, parameters=(("a", "1"), ("b", "2"))),
            Iteration(
                outcome=Outcome.FAILED, parameters=(("a", "3"),), message="one is odd"
            ),
            Iteration(outcome=Outcome.SKIPPED, message="too\nslow"),
            Iteration(
                outcome=Outcome.FAILED,
                message="no end",
                steps=(a_step(), a_step(Outcome.FAILED, message="it hangs")),
            ),
        ),
    )

    assert lines(make_comment(run)) == [
        "one is odd",
        "passed: a=1, b=2",
        "failed: a=3",
        "skipped",
        "  too",
        "  slow",
        "failed",
        "  no end",
        "  passed: Given the display is on",
        "  failed: Given the display is on",
        "    it hangs",
    ]


def test_steps() -> None:
    """Each has its data, and its message if the comment does not have it yet."""
    steps = (
        a_step(keyword="", name="log in", data="me\nyou", expected="a greeting"),
        a_step(Outcome.FAILED, message="boom"),
        a_step(Outcome.SKIPPED, message="later"),
    )
    run = a_run(Outcome.FAILED, message="E  boom", steps=steps)

    assert lines(make_comment(run)) == [
        "E  boom",
        "passed: log in",
        "  data: me",
        "  you",
        "  expected: a greeting",
        "failed: Given the display is on",
        "skipped: Given the display is on",
        "  later",
    ]


def test_only_what_the_format_lacks() -> None:
    """Each part can be left to the format."""
    run = a_run(message="said", output="printed", steps=(a_step(),))

    assert make_comment(run, message=False, steps=False, output=False) == ""
    assert lines(make_comment(run, message=False, steps=False)) == ["printed"]


def test_fields_and_defects() -> None:
    """Where a format has no place for them."""
    found = make_comment(
        a_run(), defects=("CALC-9", "CALC-8"), custom_fields=(("Browser", "Chrome"),)
    )

    assert lines(found) == ["Browser: Chrome", "Defects: CALC-9, CALC-8"]


def left_out(text: str) -> list[int]:
    """How many characters each cut says are gone."""
    return [int(n) for n in re.findall(r"\[\.\.\. (\d+) characters left out", text)]


def test_output_is_cut_first() -> None:
    """The message stays complete; the output keeps head and tail."""
    message, output = "m" * 20_000, f"begin {'o' * 50_000} end"

    found = make_comment(a_run(message=message, output=output))
    (gone,) = left_out(found)
    _, kept = found.removesuffix("\n{noformat}").split(f"{message}\n\n")
    head, tail = kept.split(f"\n[... {gone} characters left out ...]\n")
    assert module.LONGEST - 300 < units(found) <= module.LONGEST
    assert output.startswith(head)
    assert output.endswith(tail)
    assert len(head) + gone + len(tail) == len(output)


def test_message_is_cut_when_it_fills_all() -> None:
    """Then next to nothing is left of the output."""
    run = a_run(message=f"begin {'m' * 50_000} end", output="o" * 5000)

    found = make_comment(run)
    of_message, of_output = left_out(found)
    assert units(found) <= module.LONGEST
    assert "begin m" in found
    assert "m end" in found
    assert of_message < 20_000
    assert of_output > 4_900


def test_own_text_keeps_its_half() -> None:
    """The texts of author and test are both cut to half of the room."""
    run = a_run(comment="c" * 50_000, message="m" * 50_000)

    found = make_comment(run)
    assert units(found) <= module.LONGEST
    assert found.count("c") > 15_000
    assert found.count("m") > 15_000


def test_long_text_of_the_author_alone() -> None:
    """It has all the room."""
    found = make_comment(a_run(comment=f"begin {'c' * 50_000} end"))

    assert 31_000 < units(found) <= module.LONGEST
    assert found.startswith("begin")
    assert found.endswith("end")


any_long_text = st.builds(
    lambda text, times, end: text * times + end,
    st.text(st.characters(exclude_categories=[]), max_size=6)
    | st.sampled_from(["🥒", "{noformat}", "[~a]", "{code}", "\x00", "a🥒"]),
    st.sampled_from([1, 4000, 9000, 20_000, 40_000]),
    st.sampled_from(["", "{noformat}", "\\", "{noformat"]),
)


@settings(max_examples=60, deadline=None)
@given(own=any_long_text, message=any_long_text, output=any_long_text)
def test_jira_takes_every_comment(own: str, message: str, output: str) -> None:
    """No comment is too long for Jira, which counts as Java does."""
    found = make_comment(a_run(comment=own, message=message, output=output))

    assert units(found) <= module.LONGEST < LIMIT
    assert "[~" not in found


def test_cut_does_not_halve_a_character() -> None:
    """One beyond the BMP is two units, and goes or stays as one."""
    found = make_comment(a_run(message="a" + "🥒" * 40_000))

    (gone,) = left_out(found)
    assert gone + found.count("🥒") + found.count("a") > 40_000
    assert set(found) <= set("a🥒{noformat}\n[. 0123456789chrtesluf]")


def test_ten_thousand_iterations() -> None:
    """Each has its own message, which may be in the comment already."""
    parts = [f"row {n} is odd" for n in range(10_000)]
    rows = tuple(
        Iteration(outcome=Outcome.FAILED, message=part, parameters=(("n", part),))
        for part in parts
    )

    found = make_comment(a_run(message="\n\n".join(parts), iterations=rows))
    other = make_comment(a_run(message="no", iterations=rows))
    assert units(found) <= module.LONGEST
    assert units(other) <= module.LONGEST
    assert found.endswith("failed: n=row 9999 is odd\n{noformat}")


def test_text_of_a_step() -> None:
    """In a block of its own, within the limit of a step."""
    assert make_block("a *b*") == "{noformat}\na *b*\n{noformat}"
    assert make_block("") == ""
    assert units(make_block("🥒" * 20_000)) <= module.LONGEST_OF_STEP
