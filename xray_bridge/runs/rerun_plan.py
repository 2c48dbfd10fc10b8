"""
The plan of a rerun: which tests a session runs again, and where their results go.

``xray-bridge rerun`` writes it into a folder and names that in the environment, so that
a command line of any length is not needed. The folder also has the earlier results that
belong into the run directory of the session.
"""

from __future__ import annotations

import shutil
from dataclasses import asdict, field
from json import loads
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xray_bridge.config.setting import RERUN_VARIABLE
from xray_bridge.dataclass import dataclass
from xray_bridge.errors import RunDirectoryError, UsageError
from xray_bridge.runs import inside
from xray_bridge.runs.json_files import write_json
from xray_bridge.text import count


if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, MutableMapping

    from xray_bridge.config.settings import Settings
    from xray_bridge.runs.attempts import Identity
    from xray_bridge.runs.run_directory import RunDirectory

PLAN = "plan.json"
# Written by the session: the path of its run directory.
TAKEN = "taken"
# Files and folders of a run directory that the plan's folder has.
CONTENTS = ("earlier.jsonl", "earlier.all", "elsewhere.jsonl", "evidence")
# How many tests that are gone are named.
SHOWN = 20
# Settings that say which Jira and which Test Execution it is.
PLACES = ("url", "connection", "sandbox", "project")


@dataclass(frozen=True, slots=True, kw_only=True)
class RerunPlan:
    """
    The tests to run again, as class name, name and cells of an outline's row.

    ``rows_of`` are class names and names of functions of which all rows run, because
    the names of failed ones contain secrets. ``known`` are all tests with a result, if
    others run, too; None: only ``tests`` run. ``run`` is the name of the earlier run,
    ``parts`` its ids if Xray does not have its results, ``test_execution`` the key of
    its Test Execution if Xray has them. ``places`` are settings of the earlier run, and
    ``split_by`` is what it was split by. ``is_dry``: it was a dry run.
    """

    run: str
    tests: tuple[Any, ...]
    rows_of: tuple[Any, ...] = ()
    known: tuple[Any, ...] | None = None
    test_execution: str = ""
    parts: tuple[str, ...] = ()
    places: Mapping[str, str] = field(default_factory=dict)
    split_by: str = ""
    is_dry: bool = False
    folder: str = ""

    def select(self) -> RerunTests:
        """Make what selects the tests."""
        return RerunTests(self.tests, self.rows_of, self.known)

    def save(self, folder: Path) -> None:
        """Write the plan. Raises RunDirectoryError."""
        write_json(folder / PLAN, asdict(self))

    def describe_for(self, settings: Settings) -> dict[str, Any]:
        """
        Return the fields of ``RunInfo`` that the rerun has from the earlier run.

        A dry run takes the place of a dry run only: other results are still to be sent.
        """
        is_try = settings.dry_run and not settings.collect and not self.is_dry
        return {"parts": () if is_try else self.parts, "split_by": self.split_by}

    def refuse_other_place(self, settings: Settings) -> None:
        """Raise UsageError if the results would go elsewhere than the earlier ones."""
        for name in PLACES:
            theirs = self.places.get(name, "")
            mine = str(getattr(settings, name) or "")
            mine = "true" if mine == "True" else mine
            is_same = theirs.rstrip("/").casefold() == mine.rstrip("/").casefold()
            if theirs and not is_same and self.test_execution:
                msg = f"the results of {self.run} are for xray_{name} = {theirs}"
                here = f"here xray_{name} is {mine}" if mine else "it is not set here"
                raise UsageError(f"{msg}, but {here}", hint="give it to the command")
        mine = settings.test_execution
        if self.test_execution and mine != self.test_execution:
            msg = (
                f"the results of {self.run} are in {self.test_execution}, not in {mine}"
            )
            raise UsageError(msg, hint="leave out xray_test_execution")

    def fill(self, directory: RunDirectory) -> None:
        """Copy the earlier results into a run directory. Raises RunDirectoryError."""
        folder = Path(self.folder)
        try:
            for name in CONTENTS:
                source, target = folder / name, directory.path / name
                if source.is_dir():
                    target.mkdir(mode=inside.PRIVATE_FOLDER, exist_ok=True)
                    shutil.copytree(source, target, dirs_exist_ok=True)
                elif source.exists():
                    shutil.copy(source, target)
            (folder / TAKEN).write_text(str(directory.path), encoding="utf-8")
        except OSError as error:
            msg = f"{directory.path} cannot be written: {error.strerror}"
            raise RunDirectoryError(msg) from None


def take_plan(environ: MutableMapping[str, str]) -> RerunPlan | None:
    """
    Return the plan of this session; None if it is no rerun.

    Sessions that the tests start do not see it. Raises UsageError.
    """
    folder = environ.pop(RERUN_VARIABLE, "")
    if not folder:
        return None
    if (Path(folder) / TAKEN).exists():
        msg = "the command started a second session, which would send results again"
        hint = "give xray-bridge rerun a command that starts pytest or behave once"
        raise UsageError(msg, hint=hint)
    try:
        found = loads((Path(folder) / PLAN).read_text(encoding="utf-8"))
        lists = ("tests", "rows_of", "parts")
        found |= {name: tuple(found[name]) for name in lists}
        return RerunPlan(**{**found, "folder": folder})
    except (OSError, ValueError, KeyError, TypeError) as error:
        msg = f"the plan of the rerun cannot be read: {error}"
        hint = "start it with xray-bridge rerun"
        raise UsageError(msg, hint=hint) from None


class RerunTests:
    """
    Knows the tests to run again, and which of them were collected.

    A test is its class name, its name and, in behave, the cells of an outline's row.
    """

    def __init__(
        self,
        tests: Iterable[Any],
        rows_of: Iterable[Any] = (),
        known: Iterable[Any] | None = None,
    ) -> None:
        self._wanted = dict.fromkeys(map(_to_identity, tests))
        self._rows_of = dict.fromkeys(map(_to_identity, rows_of))
        self._known = None if known is None else {*map(_to_identity, known)}
        self.found: set[Identity] = set()

    @property
    def arguments(self) -> list[Any]:
        """The arguments that make the same value in another process; builtins only."""
        known = None if self._known is None else [*self._known]
        return [[*self._wanted], [*self._rows_of], known]

    def wants(self, classname: str, name: str, row: Iterable[Any] = ()) -> bool:
        """Return whether a test runs again; remember a wanted one."""
        test = _to_identity((classname, name, row))
        base = (classname, name.partition("[")[0], ())
        for wanted, identity in ((self._wanted, test), (self._rows_of, base)):
            if identity in wanted:
                self.found.add(identity)
                return True
        return self._known is not None and test not in self._known

    def describe(self, run: str) -> str:
        """Describe what runs again, and name the tests that are gone."""
        wanted = [*self._wanted, *self._rows_of]
        gone = [name_identity(each) for each in wanted if each not in self.found]
        text = f"rerun of {count(len(wanted), 'failed test')} of {run}"
        if self._known is not None:
            text += ", and of tests that have no result there"
        if gone:
            more = f" and {len(gone) - SHOWN} more" if len(gone) > SHOWN else ""
            text += f"; not collected: {', '.join(gone[:SHOWN])}{more}"
        return text


def _to_identity(test: Any) -> Identity:
    classname, name, row = test
    return classname, name, tuple((str(key), str(cell)) for key, cell in row)


def name_identity(test: Identity) -> str:
    """Return the name of a test for people, with the cells of its row."""
    classname, name, cells = test
    row = ", ".join(f"{key}={cell}" for key, cell in cells)
    shown = f"{classname}.{name}" if classname else name
    return f"{shown} ({row})" if row else shown
