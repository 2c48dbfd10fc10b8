"""The exit codes of sessions with a gate, a rerun or a comparison."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.adapters.pytest.conftest import rerun
from tests.manual import group_codes, read_exit_codes


if TYPE_CHECKING:
    from collections.abc import Iterable

    from _pytest.mark import ParameterSet

    from tests.adapters.pytest.conftest import Project

SUITE = """
import os
import pytest

@pytest.mark.xray("CALC-1")
def test_add():
    assert os.environ.get("BROKEN") != "yes"
    if os.environ.get("BROKEN") == "interrupt":
        raise KeyboardInterrupt

@pytest.mark.xray("CALC-2")
def test_subtract():
    pass
"""
KNOWN = """
[[tool.xray-bridge.quarantine.tests]]
test = "CALC-1"
owner = "Anna"
until = 2999-12-31
"""
UPLOAD = ("--xray-upload", "--xray-sandbox")
AWAY = (
    "--xray-upload",
    "--xray-url=http://127.0.0.1:9",
    "--xray-deadline=2",
    "--xray-preflight=off",
)
WARN = (*AWAY, "--xray-on-upload-error=warn")
N2 = ("-n", "2")
KEPT, NOT_KEPT = "min_tests = 2", "min_tests = 9"
PASSED, FAILED = "Gate: passed", "Gate: FAILED"


@dataclass(frozen=True, kw_only=True)
class Row:
    """
    A situation, its exit code, and a line of the output.

    ``first`` are the arguments of an earlier session, ``given`` those of the session or
    of the rerun. ``part``: the earlier one is merged, and this part is named; empty:
    the merged run is. ``n2``: also with two workers.
    """

    name: str
    code: int
    line: str = ""
    given: tuple[str, ...] = UPLOAD
    first: tuple[str, ...] | None = None
    broken: str = ""
    rules: str = ""
    table: str = ""
    part: str | None = None
    n2: bool = False


def rows(table: Iterable[Row]) -> list[ParameterSet]:
    """Each row as parameters, in its order."""
    return [
        pytest.param(row, workers, id=f"{number} {row.name}{' n2' if workers else ''}")
        for number, row in enumerate(table)
        for workers in ((), N2)
        if row.n2 or not workers
    ]


@pytest.fixture
def shop(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A suite with two tests."""
    monkeypatch.setenv("XRAY_TOKEN", "a-token-for-nobody")
    project.pytester.makepyfile(test_shop=SUITE)
    return project


def write(project: Project, row: Row) -> None:
    """Write the project's file."""
    head = '[tool.xray-bridge]\nproject = "CALC"\n'
    gate = f"[tool.xray-bridge.gate]\n{row.rules}\n" if row.rules else ""
    project.pytester.makepyprojecttoml(f"{head}{row.table}\n{gate}")


def printed_by(done: pytest.RunResult) -> str:
    """All that a process has printed."""
    return f"{done.stdout.str()}{done.stderr.str()}"


GATE = [
    Row(name="all rules are kept", code=0, line=PASSED, rules=KEPT, n2=True),
    Row(name="a rule is not kept", code=86, line=FAILED, rules=NOT_KEPT, n2=True),
    Row(name="tests failed", code=1, line=PASSED, rules=KEPT, broken="yes", n2=True),
    Row(name="tests failed", code=1, line=FAILED, rules=NOT_KEPT, broken="yes"),
    Row(
        name="no test ran",
        code=5,
        line=FAILED,
        rules=KEPT,
        given=(*UPLOAD, "-k", "nothing"),
        n2=True,
    ),
    Row(
        name="all failures are in quarantine, and all rules are kept",
        code=0,
        line=PASSED,
        rules="max_failures = 0",
        broken="yes",
        table=KNOWN,
        n2=True,
    ),
    Row(
        name="all failures are in quarantine, and a rule is not kept",
        code=86,
        line=FAILED,
        rules=NOT_KEPT,
        broken="yes",
        table=KNOWN,
    ),
    Row(
        name="the session was interrupted",
        code=2,
        line="Interrupted, so nothing was uploaded",
        rules=KEPT,
        broken="interrupt",
    ),
    Row(
        name="the server is away", code=80, line=PASSED, rules=KEPT, given=AWAY, n2=True
    ),
    Row(name="the server is away", code=80, line=FAILED, rules=NOT_KEPT, given=AWAY),
    Row(
        name="it is away, `on_upload_error = warn`, and all rules are kept",
        code=0,
        line=PASSED,
        rules=KEPT,
        given=WARN,
    ),
    Row(
        name="it is away, `on_upload_error = warn`, and a rule is not kept",
        code=86,
        line=FAILED,
        rules=NOT_KEPT,
        given=WARN,
    ),
    Row(
        name="a dry run, or results are only collected",
        code=0,
        line="then check: min_tests (at least 9)",
        rules=NOT_KEPT,
        given=("--xray-dry-run", "--xray-sandbox"),
    ),
    Row(
        name="a dry run, or results are only collected",
        code=0,
        line="nothing was sent",
        rules=NOT_KEPT,
        given=("--xray-collect",),
        n2=True,
    ),
    Row(
        name="the rules have mistakes, or a key is none",
        code=4,
        line="there is no rule x",
        rules="x = 1",
    ),
    Row(
        name="the rules have mistakes, or a key is none",
        code=4,
        line="is not an issue key",
        rules=KEPT,
        given=(*UPLOAD, "--xray-test-plan=none"),
    ),
]


@pytest.mark.parametrize(("row", "workers"), rows(GATE))
def test_a_session_with_a_gate(
    shop: Project, row: Row, workers: tuple[str, ...]
) -> None:
    """Its exit code replaces only 0, and nothing is passed that was not checked."""
    write(shop, row)

    done = shop.run(*row.given, *workers, BROKEN=row.broken)

    assert (done.ret, row.line in printed_by(done)) == (row.code, True)


RERUN = [
    Row(name="no test had failed", code=0, line="Nothing failed in"),
    Row(
        name="all failed tests pass again",
        code=0,
        line="Results: 1 flaky",
        broken="first",
        n2=True,
    ),
    Row(
        name="a test fails again",
        code=1,
        line="Results: 1 failed",
        broken="yes",
        n2=True,
    ),
    Row(
        name="all that fail again are in quarantine",
        code=0,
        line="Quarantine: exit code 0",
        broken="yes",
        table=KNOWN,
        n2=True,
    ),
    Row(
        name="a rule of the gate is not kept",
        code=86,
        line=FAILED,
        broken="first",
        rules=NOT_KEPT,
    ),
    Row(
        name="no failed test runs again",
        code=5,
        line="ran again (were they renamed",
        broken="first",
        given=("-k", "nothing"),
        n2=True,
    ),
    Row(
        name="the server is away",
        code=80,
        line="NOT DELIVERED",
        first=AWAY,
        given=AWAY,
        broken="first",
    ),
    Row(
        name="the server is away",
        code=1,
        line="NOT DELIVERED",
        first=AWAY,
        given=AWAY,
        broken="yes",
    ),
    Row(
        name="the command sends nothing (`--xray-dry-run`)",
        code=0,
        line="nothing was sent, so the next rerun is again one of",
        broken="first",
        given=("--xray-dry-run",),
        n2=True,
    ),
    Row(
        name="the run was only collected",
        code=0,
        line="Collected 2 results; nothing was sent",
        first=("--xray-collect", "--xray-sandbox"),
        broken="first",
    ),
    Row(
        name="the run is incomplete, and all its other tests pass",
        code=0,
        line="is incomplete, so tests without a result in it run, too",
        first=("--xray-collect", "--xray-sandbox"),
        broken="interrupt",
    ),
    Row(
        name="the run has merged parts",
        code=0,
        line="1 flaky",
        first=("--xray-collect", "--xray-sandbox"),
        broken="first",
        part="",
    ),
    Row(
        name="the run is a part that was merged",
        code=2,
        line="(rerun that run)",
        first=("--xray-collect", "--xray-sandbox"),
        broken="first",
        part="the oldest",
    ),
    Row(
        name="no test ran in the run, or there is no run",
        code=2,
        line="no test ran in",
        first=(*UPLOAD, "-k", "nothing"),
    ),
    Row(
        name="no test ran in the run, or there is no run",
        code=2,
        line="there is no run in .xray",
        first=("--collect-only",),
    ),
]


@pytest.mark.parametrize(("row", "workers"), rows(RERUN))
def test_a_rerun(shop: Project, row: Row, workers: tuple[str, ...]) -> None:
    """Its exit code is that of the command, and it is not 0 if no test ran again."""
    write(shop, row)
    first = UPLOAD if row.first is None else row.first
    before = {"first": "yes"}.get(row.broken, row.broken)
    shop.run(*first, *workers, BROKEN=before)
    given = () if row.given is UPLOAD else row.given
    name: tuple[str, ...] = ()
    if row.part is not None:
        name = (shop.runs[0].name,) if row.part else ()
        words = ("-m", "xray_bridge", "upload", ".xray", "--sandbox")
        shop.pytester.run(sys.executable, *words)
    again = "" if row.broken == "interrupt" else row.broken
    shop.environ(BROKEN=again)

    done = rerun(shop, *name, "--", *given, *workers)

    assert (done.ret, row.line in printed_by(done)) == (row.code, True)


YES = (*UPLOAD, "--xray-compare=yes")
COMPARE = [
    Row(
        name="a test is newly failing",
        code=1,
        line="1 newly failing",
        given=YES,
        broken="yes",
        n2=True,
    ),
    Row(
        name="all that fail are in quarantine",
        code=0,
        line="1 newly failing",
        given=YES,
        broken="yes",
        table=KNOWN,
    ),
    Row(name="nothing has changed", code=0, line=": no change", given=YES, n2=True),
    Row(
        name="there is no run to compare with",
        code=0,
        line="Not compared with an earlier run: there is no earlier run",
        given=YES,
        first=(),
    ),
    Row(
        name="there is no run to compare with",
        code=0,
        line="there is no run nowhere",
        given=(*UPLOAD, "--xray-compare=nowhere"),
    ),
    Row(
        name="there is no run to compare with",
        code=0,
        line="CALC-9999",
        given=(*UPLOAD, "--xray-compare=CALC-9999"),
    ),
    Row(
        name="the server is away",
        code=80,
        line="Compared with",
        given=(*AWAY, "--xray-compare=yes"),
    ),
    Row(
        name="a dry run",
        code=0,
        line="then compare with run",
        given=("--xray-dry-run", "--xray-sandbox", "--xray-compare=yes"),
    ),
]


@pytest.mark.parametrize(("row", "workers"), rows(COMPARE))
def test_a_session_with_a_comparison(
    shop: Project, row: Row, workers: tuple[str, ...]
) -> None:
    """It changes no exit code."""
    write(shop, row)
    shop.run(*(UPLOAD if row.first is None else row.first), *workers)

    done = shop.run(*row.given, *workers, BROKEN=row.broken)

    assert (done.ret, row.line in printed_by(done)) == (row.code, True)


@pytest.mark.parametrize(
    ("page", "table"),
    [("gate.md", GATE), ("rerun.md", RERUN), ("what-changed.md", COMPARE)],
)
def test_the_manual_has_these_situations(page: str, table: list[Row]) -> None:
    """Each with its exit codes."""
    found = group_codes((row.name, row.code) for row in table)

    assert read_exit_codes(page, "pytest") == found
