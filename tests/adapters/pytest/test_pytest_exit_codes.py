"""The exit codes of sessions with a gate, a rerun or a comparison."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tests.adapters.exit_codes import (
    FAILED,
    KEPT,
    NOT_KEPT,
    PASSED,
    Row,
    Words,
    compare_rows,
    gate_rows,
    rerun_rows,
)
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
N2 = ("-n", "2")
WORDS = Words(
    upload=UPLOAD,
    sandbox=("--xray-sandbox",),
    dry=("--xray-dry-run",),
    collect=("--xray-collect",),
    away=AWAY,
    warn=(*AWAY, "--xray-on-upload-error=warn"),
    nothing=("-k", "nothing"),
    compare=("--xray-compare=",),
    known=KNOWN,
    nothing_ran=5,
    nothing_ran_again=5,
    interrupted=2,
    mistake=4,
)


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
    *gate_rows(WORDS),
    Row(name="tests failed", code=1, line=PASSED, rules=KEPT, broken="yes", n2=True),
    Row(name="the server is away", code=80, line=FAILED, rules=NOT_KEPT, given=AWAY),
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

    done = shop.run(*(row.given or UPLOAD), *workers, BROKEN=row.broken)

    assert (done.ret, row.line in printed_by(done)) == (row.code, True)


RERUN = [
    *rerun_rows(WORDS),
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
    name: tuple[str, ...] = ()
    if row.part is not None:
        name = (shop.runs[0].name,) if row.part else ()
        words = ("-m", "xray_bridge", "upload", ".xray", "--sandbox")
        shop.pytester.run(sys.executable, *words)
    again = "" if row.broken == "interrupt" else row.broken
    shop.environ(BROKEN=again)

    done = rerun(shop, *name, "--", *(row.given or ()), *workers)

    assert (done.ret, row.line in printed_by(done)) == (row.code, True)


COMPARE = [
    *compare_rows(WORDS),
    Row(
        name="there is no run to compare with",
        code=0,
        line="Not compared with an earlier run: there is no earlier run",
        given=(*UPLOAD, *WORDS.compared("yes")),
        first=(),
    ),
    Row(
        name="there is no run to compare with",
        code=0,
        line="CALC-9999",
        given=(*UPLOAD, *WORDS.compared("CALC-9999")),
    ),
]


@pytest.mark.parametrize(("row", "workers"), rows(COMPARE))
def test_a_session_with_a_comparison(
    shop: Project, row: Row, workers: tuple[str, ...]
) -> None:
    """It changes no exit code."""
    write(shop, row)
    shop.run(*(UPLOAD if row.first is None else row.first), *workers)

    done = shop.run(*(row.given or UPLOAD), *workers, BROKEN=row.broken)

    assert (done.ret, row.line in printed_by(done)) == (row.code, True)


@pytest.mark.parametrize(
    ("page", "table"),
    [("gate.md", GATE), ("rerun.md", RERUN), ("what-changed.md", COMPARE)],
)
def test_the_manual_has_these_situations(page: str, table: list[Row]) -> None:
    """Each with its exit codes."""
    found = group_codes((row.name, row.code) for row in table)

    assert read_exit_codes(page, "pytest") == found
