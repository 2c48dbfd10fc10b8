"""
Which reports of an upload have arrived, and what was answered to each.

A line of ``arrived.jsonl`` is on disk before the next report goes out: what
stands there is not sent again, and what Xray refused of it is not forgotten.
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
from xray_bridge.runs.inside import private


if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from xray_bridge.runs.run_directory import RunDirectory


class Arrivals:
    """
    Those of one run directory; threads may share it.

    ``into``: only those in this Test Execution. Raises RunDirectoryError where the
    list is damaged.
    """

    def __init__(
        self,
        directory: RunDirectory,
        clean: Callable[[str], str] = str,
        *,
        into: str = "",
    ) -> None:
        # Servers may repeat what they were sent.
        self._clean = clean
        self.trouble = ""
        self._path = directory.path / "arrived.jsonl"
        self._lock = threading.Lock()
        try:
            whole = _whole_lines(self._path)
            self._end = sum(len(line) + 1 for line in whole)
            lines = map(json.loads, whole)
            found = {each["report"]: _imported(each["answer"]) for each in lines}
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
        """Whether the answer to a report lists what was taken, and that is nothing."""
        answer = self._answers[name]
        return answer.accepted == () and not answer.refused

    def note(self, name: str, answer: ImportAnswer) -> None:
        """
        Note that a report has arrived.

        Where that cannot be written it is ``trouble``, and known in this process: what
        is sent once more goes to the same key, which does no harm.
        """
        late = ("unset", "notices")
        found = {k: v for k, v in asdict(answer).items() if v or k not in late}
        content = {"report": name, "answer": found}
        line = self._clean(json.dumps(content)).encode()
        with self._lock:
            self._answers[name] = answer
            try:
                with open(self._path, "ab", opener=private) as file:
                    # What a full disk took of an earlier line goes first.
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
        All answers as one, that to the first report first.

        What was refused of one report is, whatever was taken of another.
        """
        answers = self._answers.values()
        refused = join_refusals(answer.refused for answer in answers)
        said = ";".join(each.said for each in answers)
        return replace(combine_answers(*answers), refused=refused, said=said)


def _whole_lines(path: Path) -> list[bytes]:
    """The half line of a killed write goes, so that the next one is whole."""
    if not path.exists():
        return []
    content = path.read_bytes()
    whole = content.rfind(b"\n") + 1
    if whole < len(content):
        os.truncate(path, whole)
    return content[:whole].split(b"\n")[:-1]


def _imported(found: Mapping[str, Any]) -> ImportAnswer:
    rest = dict(found)
    accepted = rest.pop("accepted")
    rest["found"] = tuple(rest["found"])
    rest["notices"] = tuple(rest.get("notices", ()))
    refused = ({**each, "tests": tuple(each["tests"])} for each in rest.pop("refused"))
    return ImportAnswer(
        accepted=None if accepted is None else tuple(accepted),
        refused=tuple(Refused(**each) for each in refused),
        **rest,
    )
