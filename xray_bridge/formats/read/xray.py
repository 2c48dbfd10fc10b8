"""
Read Xray JSON of other tools, test by test.

Source: Xray's manual, "Using Xray JSON format to import execution results".
"""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, BinaryIO

from xray_bridge.formats.read.json_stream import open_json, parse_members
from xray_bridge.formats.read.long_data import ShortData
from xray_bridge.formats.read.protocol import Case, ExecutionData, verdict_of
from xray_bridge.model.execution_fields import EXECUTION_FIELDS
from xray_bridge.model.results import Outcome


if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from xray_bridge.formats.read.protocol import Source

# Members of ``info``, and the settings that mean the same.
SETTINGS = {
    "project": "project",
    "summary": "summary",
    "description": "description",
    **{each.json_name: each.name for each in EXECUTION_FIELDS if not each.is_time},
}
MOMENTS = tuple(each.json_name for each in EXECUTION_FIELDS if each.is_time)
# Parts of a test that have their own statuses.
PARTS = ("steps", "iterations", "results")


BY_PARTS = "status of tests taken from their steps"


class XrayReading:
    """The reading of one report; see ``protocol.Reading``."""

    has_hollow = False
    disagreements: tuple[str, ...] = ()
    incomplete: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()

    def __init__(self, source: Source) -> None:
        self._source = source
        self.changes: Counter[str] = Counter()
        self._header = _Header(source)

    def cases(self) -> Iterator[Case]:
        """Yield the tests."""
        self._header = _Header(self._source)
        for name, value in _read_shortened(self._source):
            if name != "tests":
                self._header.note_member(name, value)
                continue
            if not isinstance(value, dict):
                raise self._source.broken(
                    "is not Xray JSON: tests must be JSON objects"
                )
            mended = _with_status(value)
            if mended is not value:
                self.changes[BY_PARTS] += 1
            self._header.note_test(mended)
            yield _to_case(mended)

    def read_execution(self) -> ExecutionData:
        """
        Return the data of the Test Execution, after all cases were read.

        Raises ReportError.
        """
        return self._header.read()

    def results(self) -> Iterator[Case]:
        """Yield the same: no format of JSON has plain results."""
        return self.cases()

    def write(self, out: BinaryIO) -> None:
        """Write the mended copy."""
        try:
            write_copy(self._source, None, out, mend=_with_status)
        except RecursionError:
            raise self._source.broken("is nested too deeply") from None


def _with_status(test: Mapping[str, Any]) -> Mapping[str, Any]:
    """Add the status that the parts of a test lead to, if it has none."""
    if test.get("status"):
        return test
    words = [str(word) for word in test.get("examples") or () if word]
    for name in PARTS:
        parts = test.get(name)
        listed = parts if isinstance(parts, list) else []
        found = (each.get("status") for each in listed if isinstance(each, dict))
        words += [str(word or "") for word in found]
    if not words:
        return test
    outcomes = {verdict_of(word).outcome for word in words}
    if Outcome.FAILED in outcomes:
        return {**test, "status": "FAIL"}
    return {**test, "status": "PASS" if outcomes == {Outcome.PASSED} else "TODO"}


def _to_case(test: Mapping[str, Any]) -> Case:
    info = test.get("testInfo")
    of_test = info if isinstance(info, dict) else {}
    names = (of_test.get("definition"), of_test.get("summary"))
    found = verdict_of(str(test.get("status") or ""))
    failed = found.outcome is Outcome.FAILED
    return Case(
        name=str(next(filter(None, names), "")),
        outcome=found.outcome,
        key=str(test.get("testKey") or ""),
        message=str(test.get("comment") or "") if failed else "",
        word=found.word,
    )


def read_execution(source: Source) -> ExecutionData:
    """
    Read the data of the Test Execution.

    Raises ReportError.
    """
    header = _Header(source)
    for name, value in _read_shortened(source):
        if name == "tests":
            header.note_test(value)
        else:
            header.note_member(name, value)
    return header.read()


class _Header:
    """Collects the members beside the tests, and the statuses of the tests."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._top: dict[str, Any] = {}
        self._words: dict[str, None] = {}

    def note_member(self, name: str, value: Any) -> None:
        self._top[name] = value

    def note_test(self, test: Any) -> None:
        try:
            _spell_statuses(test, self._note_word)
        except RecursionError:
            raise self._source.broken("is nested too deeply") from None

    def _note_word(self, word: str) -> str:
        self._words[word] = None
        return word

    def read(self) -> ExecutionData:
        top = self._top
        info = top.get("info") or {}
        if not isinstance(info, dict):
            raise self._source.broken("is not Xray JSON: info must be a JSON object")
        known = {
            SETTINGS[name]: _to_text(v) for name, v in info.items() if name in SETTINGS
        }
        key = _to_text(top.get("testExecutionKey") or "")
        settings = {"test_execution": key, **known}
        moments = (_parse_time(self._source, info.get(name)) for name in MOMENTS)
        started, finished = moments
        others = [name for name in top if name not in {"info", "testExecutionKey"}]
        others += [name for name in info if name not in {*SETTINGS, *MOMENTS}]
        return ExecutionData(
            settings={name: text for name, text in settings.items() if text},
            started=started,
            finished=finished,
            lost=tuple(others),
            words=tuple(self._words),
        )


def _read_shortened(source: Source) -> Iterator[tuple[str, Any]]:
    """Read the members, with evidence cut short. Raises ReportError."""
    with open_json(source) as file:
        yield from parse_members(ShortData(file), "tests")


def _to_text(value: Any) -> str:
    return ";".join(map(str, value)) if isinstance(value, list) else str(value)


def _parse_time(source: Source, value: object) -> float | None:
    """Parse a time such as ``2014-08-30T11:47:35+01:00``. Raises ReportError."""
    if not value:
        return None
    try:
        found = datetime.fromisoformat(str(value).replace("Z", "+00:00"))
    except ValueError:
        raise source.broken(f"{value!r} is not a time") from None
    return (found if found.tzinfo else found.replace(tzinfo=timezone.utc)).timestamp()


def _spell_statuses(found: Any, spell: Callable[[str], str]) -> Any:
    """Apply ``spell`` to the statuses of a test, step or iteration."""
    if not isinstance(found, dict):
        return found
    new = dict(found)
    if isinstance(found.get("status"), str):
        new["status"] = spell(found["status"])
    if isinstance(found.get("examples"), list):
        new["examples"] = [spell(str(word)) for word in found["examples"]]
    for name in PARTS:
        if isinstance(found.get(name), list):
            new[name] = [_spell_statuses(each, spell) for each in found[name]]
    return new


def write_copy(
    source: Source,
    header: Mapping[str, Any] | None,
    file: BinaryIO,
    spell: Callable[[str], str] = str,
    mend: Callable[[Any], Any] = lambda test: test,
) -> None:
    """
    Write the same tests, with ``header`` in place of the members before them.

    Without a header these members stay. ``spell`` returns a status in the product's
    form, ``mend`` returns a mended test.
    """
    between = b"\n"
    with open_json(source) as original:
        short = ShortData(original)
        if header is None:
            members = parse_members(short, "tests")
            header = {name: value for name, value in members if name != "tests"}
        head = json.dumps(header)[:-1].encode()
        file.writelines(short.restore(head + (b", " if header else b"")))
        file.write(b'"tests": [')
        original.seek(0)
        short = ShortData(original)
        for name, value in parse_members(short, "tests"):
            if name == "tests":
                test = json.dumps(_spell_statuses(mend(value), spell)).encode()
                file.write(between)
                file.writelines(short.restore(test))
                between = b",\n"
    file.write(b"\n]}\n")
