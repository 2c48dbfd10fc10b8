"""
Run the suites of the showcase and read their Test Executions, for the tables.

Both run at the same time, with the embedded sandbox, each in its own directory.
"""  # noqa: INP001 - next to a script, not a package

from __future__ import annotations

import ast
import functools
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from xray_bridge.runs import run_directory
from xray_bridge.runs.aggregate import WORST_FIRST
from xray_sandbox import Store


if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from xray_bridge.model.results import TestRun

FOLDER = Path(__file__).parents[1] / "examples" / "showcase"
LEFTOVERS = shutil.ignore_patterns(".xray", ".pytest_cache", "__pycache__")
COMMANDS = {
    "pytest": ("pytest", "-n", "2", "--xray-upload", "--xray-sandbox"),
    "behave": ("behave", "-D", "xray_sandbox=yes"),
}
# What the tables are made with: older ones lack some of the situations.
NEEDED = {"pytest": (9,), "pytest-bdd": (8,), "behave": (1, 3)}
# Neither settings nor a CI system to tell.
ENVIRONMENT = ("HOME", "LANG", "PATH", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR")
# Both suites are red on purpose.
RED = 1


@dataclass(frozen=True, kw_only=True)
class Row:
    """The result of one Test; Xray created a Test without a key."""

    situation: str
    test_key: str
    outcomes: tuple[str, ...]
    status: str


def is_possible() -> bool:
    """Whether the installed frameworks support all situations."""
    return all(_version(name) >= needed for name, needed in NEEDED.items())


def _version(name: str) -> tuple[int, ...]:
    return tuple(map(int, version(name).split(".")[:2]))


def rows(framework: str) -> list[Row]:
    """The Tests of a suite, by their keys; those without a key come last."""
    return _all_rows()[framework]


@functools.cache
def _all_rows() -> dict[str, list[Row]]:
    with ThreadPoolExecutor() as pool:
        return dict(zip(COMMANDS, pool.map(_rows, COMMANDS), strict=True))


def _rows(framework: str) -> list[Row]:
    with tempfile.TemporaryDirectory() as name:
        place = Path(name) / framework
        report_dir = Path(name) / "report"
        shutil.copytree(FOLDER / framework, place, ignore=LEFTOVERS)
        _run(COMMANDS[framework], place, report_dir)
        return sorted(_read(report_dir, READERS[framework](place)), key=_order)


def _run(command: Sequence[str], place: Path, report_dir: Path) -> None:
    environment = {key: os.environ[key] for key in ENVIRONMENT if key in os.environ}
    finished = subprocess.run(  # noqa: S603 - our own suites
        [sys.executable, "-m", *command],
        cwd=place,
        env={**environment, "XRAY_REPORT_DIR": str(report_dir)},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    states = [directory.state.state for directory in run_directory.find(report_dir)]
    if (finished.returncode, states) != (RED, [run_directory.DELIVERED]):
        msg = f"{command[0]} ended with {finished.returncode}, {states}\n"
        raise RuntimeError(msg + finished.stdout + finished.stderr)


def _read(
    report_dir: Path, situation_of: Callable[[TestRun], tuple[int, str]]
) -> Iterator[Row]:
    """Read the outcomes from the journal and the statuses from the sandbox."""
    (directory,) = run_directory.find(report_dir)
    parts: dict[str, list[TestRun]] = {}
    for run in directory.runs():
        for key in run.test.test_keys or ("",):
            parts.setdefault(key, []).append(run)
    store = Store(report_dir / "sandbox" / "sandbox.sqlite3")
    execution = store.test_execution(directory.state.test_execution)
    assert execution is not None  # noqa: S101 - it was delivered
    statuses = {run.test_key: run.status for run in execution.runs}
    made = statuses.keys() - parts.keys()
    missing = parts.keys() - statuses.keys() - {""}
    if missing or len(made) != ("" in parts):
        msg = f"not in the Test Execution: {missing}; not in the journal: {made}"
        raise RuntimeError(msg)
    # Of the one test without a key Xray has made a Test.
    statuses[""] = "".join(statuses[key] for key in made)
    for key, runs in parts.items():
        found = sorted(set(map(situation_of, runs)))
        yield Row(
            situation=". ".join(text.removesuffix(".") for _, text in found),
            test_key=key,
            outcomes=_worst_first(runs),
            status=statuses[key],
        )


def _worst_first(runs: Iterable[TestRun]) -> tuple[str, ...]:
    found = {run.outcome for run in runs}
    return tuple(each.value for each in WORST_FIRST if each in found)


def _order(row: Row) -> tuple[bool, int]:
    return (not row.test_key, int(row.test_key.rpartition("-")[2] or 0))


def _of_pytest(place: Path) -> Callable[[TestRun], tuple[int, str]]:
    said = {name: text for path in place.glob("*.py") for name, text in _said(path)}

    def situation(run: TestRun) -> tuple[int, str]:
        return _of_scenario(run) if run.scenario else said[_function(run)]

    return situation


def _of_behave(_: Path) -> Callable[[TestRun], tuple[int, str]]:
    return _of_scenario


READERS: Mapping[str, Callable[[Path], Callable[[TestRun], tuple[int, str]]]] = {
    "pytest": _of_pytest,
    "behave": _of_behave,
}


def _of_scenario(run: TestRun) -> tuple[int, str]:
    """The place and name of a scenario; all rows of an outline have the same."""
    assert run.scenario is not None  # noqa: S101 - the caller has looked
    if run.scenario.outline:
        return 0, run.scenario.outline
    return run.scenario.line, run.scenario.name


def _function(run: TestRun) -> str:
    """The name of a function; a doctest repeats the name of its module."""
    name = run.test.name.partition("[")[0]
    return name if "." in name else f"{run.test.classname}.{name}"


def _said(path: Path) -> Iterator[tuple[str, tuple[int, str]]]:
    """The first docstring line of each function and method, by full name."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        inside = f"{path.stem}.{node.name}" if isinstance(node, ast.ClassDef) else ""
        if isinstance(node, ast.Module):
            inside = path.stem
        for each in getattr(node, "body", ()) if inside else ():
            if isinstance(each, ast.FunctionDef):
                text = (ast.get_docstring(each) or "").partition("\n")[0]
                yield f"{inside}.{each.name}", (each.lineno, text)
