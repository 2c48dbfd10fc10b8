"""
Report files in a run directory: what they are, before and after they are sent.

``files.json`` beside ``run.json`` lists them. It is written last: a run
directory of files that has none was never meant to be sent.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING

from xray_bridge.errors import RunDirectoryError
from xray_bridge.model.formats import FORMATS
from xray_bridge.model.receipt import Failure
from xray_bridge.runs import inside, run_directory, shapes


if TYPE_CHECKING:
    from collections.abc import Mapping

    from xray_bridge.runs.run_directory import RunDirectory, RunInfo

LIST = "files.json"
# Behind the name of a file that is left out.
NO_TESTS = ", which has no tests"
# Of texts; the last is new in 0.2.
LISTS = ("notices", "left_out", "incomplete")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFile:
    """
    One report.

    ``name`` is what people call it, ``file`` its name in the run directory.
    ``tests`` is how many Tests have results in it, ``counts`` are results by
    outcome, ``keys`` the Test keys that it names. Of Xray JSON: ``is_headed``, it
    says things of the Test Execution itself; ``words`` are its statuses.
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
    All reports of a run directory.

    ``said`` are settings that they bring along. ``jobs`` is how many are sent at
    a time. ``failures`` are the first of the tests that failed. ``started`` and
    ``finished`` are seconds since the epoch. ``incomplete`` are failures that are
    counted somewhere, and that no test has.
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


def save(directory: RunDirectory, files: Files) -> None:
    """
    Note what is in a run directory.

    Raises RunDirectoryError.
    """
    run_directory.write_json(directory.path / LIST, asdict(files))


def load(directory: RunDirectory) -> Files | None:
    """
    The files of a run directory; None where it is a session's.

    Raises RunDirectoryError.
    """
    path = directory.path / LIST
    if not path.exists():
        return None
    found = run_directory.read_json(path)
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
        of_run = shapes.checked(Files(files=files, **found))
    except (AttributeError, KeyError, TypeError):
        raise RunDirectoryError(f"{path} is damaged") from None
    for each in of_run.files:
        if not inside.is_plain_name(each.file) or each.format not in FORMATS:
            raise RunDirectoryError(f"{path} is damaged: {each.file!r}")
    return of_run


def info_of(directory: RunDirectory) -> RunInfo:
    """
    What a run has recorded; what its files say counts where nothing else is set.

    Raises RunDirectoryError.
    """
    info = directory.info
    found = load(directory)
    if found is None:
        return info
    return replace(info, settings={**found.said, **info.settings})
