"""
Write converted results as JUnit XML, test by test.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from xray_bridge.formats.convert.values import LATEST
from xray_bridge.model.results import Outcome
from xray_bridge.model.times import iso_time
from xray_bridge.runs.failures import main_line
from xray_bridge.runs.inside import open_private
from xray_bridge.text import one_line, readable


if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path
    from typing import TextIO

    from xray_bridge.formats.convert.protocol import Converted

DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
LONGEST_LINE = 500
LONGEST_MESSAGE = 32_000
ELEMENTS = {Outcome.FAILED: "failure", Outcome.SKIPPED: "skipped"}
# Outcomes that are sent as a pass with a comment.
NOTES = {
    Outcome.XFAILED: "failed, as expected",
    Outcome.XPASSED: "passed, which was not expected",
    Outcome.FLAKY: "passed at a retry",
}


class JUnitFile:
    """
    A JUnit XML report that is written test by test.

    The tests are written to a file beside it; ``finish`` puts the totals, which are
    known only then, before them.
    """

    def __init__(self, path: Path, suite: str) -> None:
        self._path = path
        self._suite = suite
        self._body = path.with_name(f"{path.name}.part")
        self._file: TextIO = open(  # noqa: SIM115 - closed by ``finish``
            self._body, "x", encoding="utf-8", newline="\n", opener=open_private
        )
        self._counts = dict.fromkeys(ELEMENTS, 0)
        self._tests = 0

    def add(self, result: Converted) -> None:
        """Write one result."""
        self._tests += 1
        if result.outcome in self._counts:
            self._counts[result.outcome] += 1
        self._file.write(_make_testcase(result, self._suite))

    def finish(self) -> None:
        """Write the report; nothing can be added after that."""
        self._file.close()
        suite = {
            "name": self._suite,
            "tests": str(self._tests),
            "failures": str(self._counts[Outcome.FAILED]),
            "errors": "0",
            "skipped": str(self._counts[Outcome.SKIPPED]),
        }
        head = f"{DECLARATION}<testsuites>\n{_start_tag('testsuite', suite)}>\n"
        with (
            self._body.open("rb") as body,
            open(self._path, "xb", opener=open_private) as file,
        ):
            file.write(head.encode())
            shutil.copyfileobj(body, file)
            file.write(b"</testsuite>\n</testsuites>\n")
        self._body.unlink()

    def close(self) -> None:
        """Close the file after an error."""
        self._file.close()


def _make_testcase(result: Converted, suite: str) -> str:
    started = result.started or 0.0
    finished = started + result.duration
    # Some tools write times of any size.
    known = result.started is not None and started >= 0 and finished < LATEST
    attributes = {
        "classname": one_line(result.classname) or suite,
        "name": one_line(result.name) or "(no name)",
        "time": f"{result.duration:.3f}",
        **({"started-at": iso_time(started)} if known else {}),
        **({"finished-at": iso_time(finished)} if known else {}),
    }
    parts = [*_make_properties(result), *_make_problem(result)]
    return f"{_start_tag('testcase', attributes)}>{''.join(parts)}</testcase>\n"


def _make_properties(result: Converted) -> Iterable[str]:
    values = {"test_key": result.key, "tags": ",".join(result.labels)}
    found = [
        f"{_start_tag('property', {'name': name, 'value': one_line(value)})}/>"
        for name, value in values.items()
        if value
    ]
    if note := NOTES.get(result.outcome):
        text = "\n".join(filter(None, (note, _cut_message(result.message))))
        start = _start_tag("property", {"name": "testrun_comment"})
        found.append(f"{start}>{escape(text)}</property>")
    return ("<properties>", *found, "</properties>") if found else ()


def _make_problem(result: Converted) -> Iterable[str]:
    tag = ELEMENTS.get(result.outcome)
    if not tag:
        return
    message = _cut_message(result.message)
    is_failure = tag == "failure"
    line = (
        main_line(message) if is_failure else message.partition("\n")[0][:LONGEST_LINE]
    )
    start = _start_tag(tag, {"message": line} if line else {})
    text = message if is_failure or message != line else ""
    yield f"{start}>{escape(text)}</{tag}>" if text else f"{start}/>"


def _cut_message(message: str) -> str:
    return readable(message[:LONGEST_MESSAGE]).strip()


def _start_tag(tag: str, attributes: Mapping[str, str]) -> str:
    given = "".join(f" {name}={quoteattr(each)}" for name, each in attributes.items())
    return f"<{tag}{given}"
