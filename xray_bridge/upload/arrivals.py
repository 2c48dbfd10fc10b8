"""
Record which reports of an upload have arrived, with Xray's answer to each.

Each line of ``arrived.jsonl`` is on disk before the next report is sent, so a
report is not sent again, and its refused results are remembered.
"""

from __future__ import annotations

import json
import os
import threading
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from xray_bridge.client.import_answer import ImportAnswer, combine_answers
from xray_bridge.errors import RunDirectoryError
from xray_bridge.model.receipt import Refused, join_refusals
from xray_bridge.runs import shapes
from xray_bridge.runs.inside import open_private


if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from xray_bridge.runs.run_directory import RunDirectory


class Arrivals:
    """
    The reports of one run directory that have arrived. Threads may share it.

    ``into``: only reports sent into this Test Execution. Raises RunDirectoryError if
    the file is damaged.
    """

    def __init__(
        self,
        directory: RunDirectory,
        clean: Callable[[str], str] = str,
        *,
        into: str = "",
    ) -> None:
        # Servers may repeat secrets that they were sent.
        self._clean = clean
        self.trouble = ""
        self._path = directory.path / "arrived.jsonl"
        self._lock = threading.Lock()
        try:
            whole = _whole_lines(self._path)
            self._end = sum(len(line) + 1 for line in whole)
            lines = map(json.loads, whole)
            found = {each["report"]: _answer_of(each["answer"]) for each in lines}
        except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
            raise RunDirectoryError(f"{self._path} is damaged") from None
        self._answers = {
            name: answer for name, answer in found.items() if into in {"", answer.key}
        }

    def __contains__(self, name: str) -> bool:
        return name in self._answers

    def __len__(self) -> int:
        return len(self._answers)

    def has_none_of(self, name: str) -> bool:
        """Return whether the answer lists no accepted and no refused Test."""
        answer = self._answers[name]
        return answer.accepted == () and not answer.refused

    def note(self, name: str, answer: ImportAnswer) -> None:
        """
        Note that a report has arrived.

        If the note cannot be written, ``trouble`` says why. A report that is sent again
        goes to the same Test Execution, which is harmless.
        """
        late = ("unset", "notices")
        found = {k: v for k, v in asdict(answer).items() if v or k not in late}
        content = {"report": name, "answer": found}
        line = self._clean(json.dumps(content)).encode()
        with self._lock:
            self._answers[name] = answer
            try:
                with open(self._path, "ab", opener=open_private) as file:
                    # Remove half a line that a full disk has left.
                    file.truncate(self._end)
                    file.write(line + b"\n")
                    file.flush()
                    os.fsync(file.fileno())
                    self._end = file.tell()
            except OSError as error:
                self.trouble = f"{self._path} cannot be written: {error.strerror}"

    @property
    def answer(self) -> ImportAnswer:
        """
        All answers combined, the answer to the first report first.

        A Test that is refused in one report counts as refused.
        """
        answers = self._answers.values()
        refused = join_refusals(answer.refused for answer in answers)
        said = ";".join(each.said for each in answers)
        return replace(combine_answers(*answers), refused=refused, said=said)


def _whole_lines(path: Path) -> list[bytes]:
    """Read complete lines; remove half a line that a killed process has left."""
    if not path.exists():
        return []
    content = path.read_bytes()
    whole = content.rfind(b"\n") + 1
    if whole < len(content):
        os.truncate(path, whole)
    return content[:whole].split(b"\n")[:-1]


def _answer_of(found: Mapping[str, Any]) -> ImportAnswer:
    rest = dict(found)
    accepted = rest.pop("accepted")
    rest["found"] = _tuple_of(rest["found"])
    rest["notices"] = _tuple_of(rest.get("notices", []))
    refused = (
        {**each, "tests": _tuple_of(each["tests"])} for each in rest.pop("refused")
    )
    answer = ImportAnswer(
        accepted=None if accepted is None else _tuple_of(accepted),
        refused=tuple(Refused(**each) for each in refused),
        **rest,
    )
    return shapes.check_types(answer)


def _tuple_of(found: Any) -> tuple[Any, ...]:
    if not isinstance(found, list):
        msg = f"{found!r} is no list"
        raise TypeError(msg)
    return tuple(found)
