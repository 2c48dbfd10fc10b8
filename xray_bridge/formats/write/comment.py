"""
Make the comment of a Test Run: the author's text, and what the format cannot hold.

Jira reads comments as wiki text. The author's text is wiki text; texts of tests are
not, and stand in a ``{noformat}`` block. Mentions send mail from any place, so they are
removed.
"""

from __future__ import annotations

import re
from textwrap import indent
from typing import TYPE_CHECKING

from xray_bridge.formats.write.step_numbers import number_steps
from xray_bridge.model.results import Outcome
from xray_bridge.text import readable


if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from xray_bridge.model.results import Iteration, Step, TestRun

# Jira's limit for a text is 32,767 UTF-16 units (its default setting).
LONGEST = 32_000
# The limit for a step's texts, in UTF-16 units: Cloud's limit for the action of a step.
LONGEST_OF_STEP = 8_192
# Room for the words about a cut, and for the frame of a block.
CUT = 60
FRAME = 60
# Outcomes for which no format has a word.
NOTES = {
    Outcome.XFAILED: "Failed, as expected (xfail).",
    Outcome.XPASSED: "Passed, though a failure was expected (xpass).",
}
# Macros whose content is not wiki text, up to the next macro of the same name.
MACRO = re.compile(r"(?<!\\)\{(noformat|code)(?::[^}\n]*)?\}", re.IGNORECASE)
NOFORMAT = re.compile(r"\{(noformat)(\}?)", re.IGNORECASE)


def make_comment(  # noqa: PLR0913 - one for each thing that a format may lack
    run: TestRun,
    *,
    message: bool = True,
    steps: bool = True,
    output: bool = True,
    defects: Sequence[str] = (),
    custom_fields: Sequence[tuple[str, str]] = (),
) -> str:
    """
    Make the comment as wiki text; empty if there is nothing to say.

    The keywords are parts that the format has no other place for. A comment that is too
    long keeps head and tail of each part; the output is cut first, then the messages.
    """
    texts = [run.quarantined, NOTES.get(run.outcome, "")]
    texts += [run.message] if message else ()
    texts += _of_iterations(run) if run.iterations else ()
    texts += _of_steps(run.steps, run.message) if steps else ()
    texts += [f"{name}: {value}" for name, value in custom_fields]
    texts += [f"Defects: {', '.join(defects)}"] if defects else ()
    shown = output and run.output
    if not (run.comment or shown or any(texts)):
        return ""
    return _frame_parts(
        _remove_mentions(run.comment),
        _escape_noformat("\n".join(filter(None, texts))),
        _escape_noformat(run.output) if output else "",
    )


def make_block(text: str) -> str:
    """Make a block that shows a text of a step unchanged; empty without text."""
    shown = _shorten_text(_escape_noformat(text), LONGEST_OF_STEP - FRAME)
    return _wrap_block(shown) if shown else ""


def _of_iterations(run: TestRun) -> Iterator[str]:
    room, place = LONGEST, 0
    for each in run.iterations:
        named = ", ".join(f"{name}={value}" for name, value in each.parameters)
        yield f"{each.outcome.value}: {named}".removesuffix(": ")
        if each.message and room > 0:
            # Merged messages have the order of the iterations.
            found = run.message.find(each.message, place)
            place = max(place, found)
            if found < 0:
                room -= len(each.message)
                yield indent(each.message, "  ")
        yield from _of_failed(each)


def _of_failed(iteration: Iteration) -> Iterator[str]:
    if iteration.outcome is Outcome.FAILED:
        for line in _of_steps(iteration.steps, iteration.message):
            yield indent(line, "  ")


def _of_steps(steps: Iterable[Step], message: str) -> Iterator[str]:
    for step in number_steps(steps):
        named = f"{step.keyword} {step.name}".strip()
        yield f"{step.outcome.value}: {named}"
        yield from (indent(line, "  ") for line in given_lines(step))
        if step.message and step.message not in message:
            yield indent(step.message, "  ")


def given_lines(step: Step) -> Iterator[str]:
    """Yield lines about the data and the expected result of a step."""
    if step.data:
        yield f"data: {step.data}"
    if step.expected:
        yield f"expected: {step.expected}"


def _frame_parts(own: str, text: str, output: str) -> str:
    room = LONGEST - 3 * FRAME - CUT
    if 2 * (len(own) + len(text) + len(output)) > room:
        own = _shorten_text(own, max(room // 2, room - _count_units(text)))
        room -= _count_units(own)
        text = _shorten_text(text, room)
        # The rest of the room, and the room for the words about a cut.
        output = _shorten_text(output, room - _count_units(text) + CUT)
    rest = "\n\n".join(filter(None, (text, output)))
    if not rest:
        return own
    return f"{_close_macros(own)}\n\n{_wrap_block(rest)}" if own else _wrap_block(rest)


def _wrap_block(text: str) -> str:
    # On separate lines, because a backslash before a macro would escape it.
    return f"{{noformat}}\n{text}\n{{noformat}}"


def _close_macros(wiki: str) -> str:
    """Add the end of an open block, so that our block can begin."""
    name = ""
    for macro in MACRO.finditer(wiki):
        found = macro[1].lower()
        if found == name:
            name = ""
        elif not name:
            name = found
    return f"{wiki}\n{{{name}}}" if name else wiki


def _escape_noformat(text: str) -> str:
    """Escape a text so that it cannot end its block."""
    text = _remove_mentions(text)
    return NOFORMAT.sub(r"{ \1 \2", text) if "{" in text else text


def _remove_mentions(text: str) -> str:
    """Make a text readable, and remove mentions."""
    if not text:
        return ""
    text = readable(text).strip("\n").replace("[~", "[ ~")
    return text if text.strip() else ""


def _shorten_text(text: str, room: int) -> str:
    """Cut a text to its head and tail; ``room`` is in UTF-16 units."""
    if _count_units(text) <= room:
        return text
    size = (room - CUT) // 2 * 2
    units = text.encode("utf-16-le")
    # Half a character is left out.
    head = units[:size].decode("utf-16-le", "ignore")
    tail = units[len(units) - size :].decode("utf-16-le", "ignore")
    left_out = len(text) - len(head) - len(tail)
    return f"{head}\n[... {left_out} characters left out ...]\n{tail}"


def _count_units(text: str) -> int:
    """Count the length of a text as Java does."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2
