"""
The list of report files in a run directory.

``files.json`` beside ``run.json`` lists them. It is written last: a run directory
of report files without it is not complete, and is not sent.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, field, replace
from typing import TYPE_CHECKING

from xray_bridge.dataclass import dataclass
from xray_bridge.errors import RunDirectoryError
from xray_bridge.model.formats import FORMATS
from xray_bridge.model.receipt import Failure
from xray_bridge.runs import inside, json_files, shapes


if TYPE_CHECKING:
    from collections.abc import Mapping

    from xray_bridge.runs.run_directory import RunDirectory, RunInfo

LIST = "files.json"
# Follows the name of a left-out file.
NO_TESTS = ", which has no tests"
# Lists of texts; the last is new in 0.2.
LISTS = ("notices", "left_out", "incomplete")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFile:
    """
    One report file.

    ``name`` is its path for people, ``file`` its name in the run directory. ``tests``
    is the number of Tests with results, ``counts`` are results by outcome, ``keys``
    its Test keys. Only for Xray JSON: ``is_headed``, the file describes the Test
    Execution; ``words``, its statuses.
    """

    name: str
    file: str
    format: str
    tests: int
    counts: Mapping[str, int] = field(default_factory=dict)
    keys: tuple[str, ...] = ()
    is_headed: bool = False
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """
    All report files of a run directory.

    ``said`` are settings in the files. ``jobs`` is the number of files that are sent
    at a time. ``failures`` are the first failed tests. ``started`` and ``finished``
    are in seconds since the epoch. ``incomplete`` names failures that a report counts,
    but that belong to no test.
    """

    files: tuple[ReportFile, ...]
    said: Mapping[str, str] = field(default_factory=dict)
    started: float | None = None
    finished: float | None = None
    notices: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    incomplete: tuple[str, ...] = ()
    jobs: int = 1
    failures: tuple[Failure, ...] = ()

    @property
    def counts(self) -> Mapping[str, int]:
        """Results by outcome."""
        found: Counter[str] = Counter()
        for each in self.files:
            found.update(each.counts)
        return dict(found)

    @property
    def keys(self) -> tuple[str, ...]:
        """The Test keys that the files name."""
        return tuple(dict.fromkeys(key for each in self.files for key in each.keys))

    @property
    def formats(self) -> tuple[str, ...]:
        """The formats, each once."""
        return tuple(dict.fromkeys(each.format for each in self.files))


def save_files(directory: RunDirectory, files: Files) -> None:
    """
    Write the list of report files.

    Raises RunDirectoryError.
    """
    json_files.write_json(directory.path / LIST, asdict(files))


def load_files(directory: RunDirectory) -> Files | None:
    """
    Read the list of report files; None for the run of a session.

    Raises RunDirectoryError.
    """
    path = directory.path / LIST
    if not path.exists():
        return None
    found = json_files.read_json(path)
    try:
        lists = ("keys", "words")
        listed = [
            {**each, **{name: tuple(each[name]) for name in lists}}
            for each in found.pop("files")
        ]
        found |= {name: tuple(found.get(name, ())) for name in LISTS}
        failed = [{**e, "keys": tuple(e["keys"])} for e in found.pop("failures")]
        found["failures"] = tuple(Failure(**each) for each in failed)
        files = tuple(ReportFile(**each) for each in listed)
        of_run = shapes.check_types(Files(files=files, **found))
    except (AttributeError, KeyError, TypeError):
        raise RunDirectoryError(f"{path} is damaged") from None
    for each in of_run.files:
        if not inside.is_plain_name(each.file) or each.format not in FORMATS:
            raise RunDirectoryError(f"{path} is damaged: {each.file!r}")
    return of_run


def info_of(directory: RunDirectory) -> RunInfo:
    """
    Return the info of a run, with settings from its report files as defaults.

    Raises RunDirectoryError.
    """
    info = directory.info
    found = load_files(directory)
    if found is None:
        return info
    return replace(info, settings={**found.said, **info.settings})
