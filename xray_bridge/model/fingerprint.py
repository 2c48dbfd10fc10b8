"""
The fingerprint of a failure: the same for the same failure, whoever recorded it.

It is made of the test, the type of the exception, and the frame of the project in which
it was raised: file and function, without line numbers, folders and values. It is read
from the text of the failure, so recording costs nothing. The process of the tests may
import this module; it knows the texts of pytest, of Python and of behave.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import TYPE_CHECKING

from xray_bridge.dataclass import dataclass
from xray_bridge.text import readable


if TYPE_CHECKING:
    from collections.abc import Sequence

    from xray_bridge.model.results import TestIssue

DIGITS = 12
# Characters of a text that are looked at.
LONGEST = 1 << 18
CHAINED = re.compile(
    r"^(?:During handling of the above exception, another exception occurred"
    r"|The above exception was the direct cause of the following exception):$",
    re.MULTILINE,
)
# The phase of a test that is not the call.
PHASE = re.compile(r"\A(?:setup|teardown): ")
# What follows the failure itself: earlier attempts, and a teardown that failed, too.
REST = re.compile(
    r"^(?:Failed attempts before this one: \d+$|teardown: )", re.MULTILINE
)
NATIVE = re.compile(r'^[\s|]*File "(?P<path>[^"\n]+)", line \d+, in (?P<function>.+)$')
# The margin of an exception group.
GROUPED = re.compile(r"^\s+[|+]\s?")
TRACEBACK = "Traceback (most recent call last)"
# pytest's line below the code: ``path:line: ``, and the type or ``in function``.
PLACE = re.compile(
    r"^(?P<path>\S[^\n]*?):\d+: ?(?:in (?P<function>\S+)|(?P<type>\w*))$"
)
# The first line of a text has lost its margin.
DEF = re.compile(r"^(?:[ >]\s*)?(?:async )?def (?P<function>\w+)\s*\(")
MARKED = re.compile(r"^E\s{3}\s*(?P<text>.*)$")
TYPE = re.compile(
    r"^[\s|+-]*(?P<type>(?:[A-Za-z_]\w*\.)*[A-Z_]\w*)(?::(?:\s|$)|$|\s\()"
)
ASSERTION = "AssertionError"
# Frames of others: installed packages, Python itself, other folders.
OTHERS = re.compile(
    r"(?:^|[\\/])(?:site-packages|dist-packages)[\\/]|^<|[\\/]lib[\\/]python3"
    r"|(?:^|[\\/])(?:_pytest|pluggy)[\\/]"
    r"|(?:^|[\\/])behave[\\/](?:model|model_core|matchers|runner|api[\\/]\w+)\.py$"
)
# Parts of texts that differ from run to run, the longer ones first.
VARIABLE = (
    (re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"), "<uuid>"),
    (
        re.compile(
            r"\d{4}-\d\d-\d\d"
            r"(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?"
        ),
        "<time>",
    ),
    (re.compile(r"\b\d\d?:\d\d(?::\d\d(?:[.,]\d+)?)?\b"), "<time>"),
    (
        re.compile(
            r"(?:<tmp>|/(?:private/)?(?:var/)?tmp|/dev/shm|[A-Za-z]:\\[^\s:]*?\\Temp)"
            r"(?:[\\/][^\s'\":,;)]*)?",
            re.IGNORECASE,
        ),
        "<tmp>",
    ),
    (re.compile(r"\b0x[0-9a-fA-F]+\b"), "<hex>"),
    (re.compile(r"\b(?=[a-fA-F]*\d)[0-9a-fA-F]{8,}\b"), "<hex>"),
)
NUMBER = re.compile(r"\d+(?:\.\d+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """
    The cause of a failure: type of the exception, and its place in the project.

    ``place`` is file and function; without a traceback it is the first line of the
    text, without what differs from run to run.
    """

    type: str = ""
    place: str = ""


def read_cause(message: str) -> Cause:
    """Read the text of a failure."""
    text = PHASE.sub("", readable(message[:LONGEST]))
    after = REST.search(text)
    text = text[: after.start()] if after and after.start() else text
    text = CHAINED.split(text)[-1]
    lines = text.splitlines()
    is_native = TRACEBACK in text and not any(map(MARKED.match, lines))
    found = _read_native(lines) if is_native else _read_pytest(lines)
    if found.place:
        return found
    marked = [each["text"] for each in map(MARKED.match, lines) if each]
    first = next((line.strip() for line in (*marked, *lines) if line.strip()), "")
    named = TYPE.match(first) if not found.type else None
    error_type = _short_type(named["type"]) if named else found.type
    return Cause(type=error_type, place=without_values(first))


def _read_native(lines: list[str]) -> Cause:
    """Read the last traceback as Python prints it, also in an exception group."""
    starts = [number for number, line in enumerate(lines) if TRACEBACK in line]
    frames: list[tuple[str, str]] = []
    error_type = ""
    for line in lines[starts[-1] + 1 :]:
        frame = NATIVE.match(line)
        if frame:
            frames.append((frame["path"], frame["function"]))
            continue
        text = GROUPED.sub("", line)
        if text and not text[0].isspace() and (named := TYPE.match(text)):
            error_type = _short_type(named["type"])
            break
    return Cause(type=error_type, place=_choose_place(frames))


def _read_pytest(lines: list[str]) -> Cause:
    """Read a failure as pytest shows it, in its long or its short style."""
    frames: list[tuple[str, str]] = []
    function = error_type = marked_type = ""
    for line in lines:
        if marked := MARKED.match(line):
            marked_type = marked_type or _marked_type(marked["text"])
        elif place := PLACE.match(line):
            frames.append((place["path"], place["function"] or function))
            # In the short style the type stands in the marked lines.
            error_type = place["type"] or ""
            function = ""
        elif (defined := DEF.match(line)) and not function:
            function = defined["function"]
    return Cause(
        type=_short_type(error_type) or marked_type, place=_choose_place(frames)
    )


def _marked_type(text: str) -> str:
    if text.startswith("assert "):
        return ASSERTION
    named = TYPE.match(text)
    return _short_type(named["type"]) if named else ""


def _short_type(name: str) -> str:
    """Return a type without its module: not all texts have the module."""
    return name.rpartition(".")[2]


def _choose_place(frames: list[tuple[str, str]]) -> str:
    """
    Return the project's frame that is nearest to the exception.

    Only the file's name counts: its folder depends on where the tests were started.
    """
    ours = [frame for frame in frames if not OTHERS.search(frame[0])]
    chosen = (ours or frames)[-1:]
    for path, function in chosen:
        name = re.split(r"[\\/]", path)[-1]
        return without_values(f"{name} {function}".strip(), numbers=False)
    return ""


def without_values(text: str, *, numbers: bool = True) -> str:
    """Return a text without what differs from run to run."""
    for pattern, word in VARIABLE:
        text = pattern.sub(word, text)
    return NUMBER.sub("<number>", text) if numbers else text


def stable_name(test: TestIssue, parameters: str = "", *, per_row: bool) -> str:
    """
    Return the stable name of a test: its definition, with or without its row.

    ``parameters`` tell rows apart whose names are equal: the rows of an outline.
    """
    base, bracket, row = test.definition.partition("[")
    if not per_row:
        return base
    row = f"{bracket}{row}" if bracket else parameters
    # A number may be what makes this row; an address or a time is not.
    return without_values(f"{base}{row}", numbers=False)


def join_row(parameters: Sequence[tuple[str, str]]) -> str:
    """Return the parameters of a row as one text, for ``stable_name``."""
    return str([f"{name}={value}" for name, value in parameters])


def make_label(*parts: str, prefix: str) -> str:
    """Return a label of Jira from a hash of texts."""
    content = "\n".join(part.replace("\n", " ") for part in parts)
    digits = sha256(content.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{prefix}{digits[:DIGITS]}"


FAILURE, TEST = "xb-", "xb-test-"
# All defects that xray-bridge has created have it.
OURS = "xray-bridge"
FLAKY = "flaky"


def failure_label(project: str, test: str, cause: Cause) -> str:
    """Return the label of a failure, such as ``xb-0123456789ab``."""
    return make_label(project, test, cause.type, cause.place, prefix=FAILURE)


def name_label(project: str, test: str) -> str:
    """Return the label of a test, by which a pass finds its defects."""
    return make_label(project, test, prefix=TEST)
