"""The exit codes of runs of behave with a gate, a rerun or a comparison."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.adapters.behave.conftest import STEPS
from tests.manual import group_codes, read_exit_codes


if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.adapters.behave.conftest import Project

FEATURE = """\
Feature: Cart
  @CALC-78
  Scenario: total
    Given it depends

  @CALC-79
  Scenario: empty
    Given it works
"""
DEPENDS = """
import os

@step("it depends")
def _(context):
    assert os.environ.get("BROKEN") != "yes"
    if os.environ.get("BROKEN") == "interrupt":
        raise KeyboardInterrupt
"""
KNOWN = """
[[quarantine.tests]]
test = "CALC-78"
owner = "Anna"
until = 2999-12-31
"""
SANDBOX = ("-D", "xray_sandbox=yes")
UPLOAD = ("-D", "xray_upload=yes", *SANDBOX)
DRY = ("-D", "xray_dry_run=yes")
COLLECT = ("-D", "xray_collect=yes")
AWAY = (
    *("-D", "xray_upload=yes", "-D", "xray_url=http://127.0.0.1:9"),
    *("-D", "xray_deadline=2", "-D", "xray_preflight=off"),
)
WARN = (*AWAY, "-D", "xray_on_upload_error=warn")
NOTHING = ("--tags", "nothing")
KEPT, NOT_KEPT = "min_tests = 2", "min_tests = 9"
PASSED, FAILED = "Gate: passed", "Gate: FAILED"


@dataclass(frozen=True, kw_only=True)
class Row:
    """
    A situation, its exit code, and a line of the output.

    ``first`` are the arguments of an earlier run, ``given`` those of the run itself.
    ``part``: the earlier one is merged, and this part is named; empty: the merged run
    is.
    """

    name: str
    code: int
    line: str = ""
    given: tuple[str, ...] = UPLOAD
    first: tuple[str, ...] = UPLOAD
    broken: str = ""
    rules: str = ""
    table: str = ""
    part: str | None = None


def rows(table: Iterable[Row]) -> list[object]:
    """Each row as a parameter, in its order."""
    return [pytest.param(row, id=f"{n} {row.name}") for n, row in enumerate(table)]


@pytest.fixture
def shop(project: Project) -> Project:
    """A suite with two scenarios."""
    project.write(
        {
            "features/cart.feature": FEATURE,
            "features/steps/steps.py": f"{STEPS}{DEPENDS}",
        }
    )
    project.environ["XRAY_TOKEN"] = "a-token-for-nobody"
    return project


def write(project: Project, row: Row) -> None:
    """Write the project's file."""
    gate = f"[gate]\n{row.rules}\n" if row.rules else ""
    text = f'project = "CALC"\n{row.table}\n{gate}'
    (project.path / "xray-bridge.toml").write_text(text, encoding="utf-8")


GATE = [
    Row(name="all rules are kept", code=0, line=PASSED, rules=KEPT),
    Row(name="a rule is not kept", code=86, line=FAILED, rules=NOT_KEPT),
    Row(name="tests failed", code=1, line=FAILED, rules=NOT_KEPT, broken="yes"),
    Row(
        name="no test ran",
        code=86,
        line=FAILED,
        rules=KEPT,
        given=(*UPLOAD, *NOTHING),
    ),
    Row(
        name="all failures are in quarantine, and all rules are kept",
        code=0,
        line=PASSED,
        rules="max_failures = 0",
        broken="yes",
        table=KNOWN,
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
        code=1,
        line="Interrupted, so nothing was uploaded",
        rules=KEPT,
        broken="interrupt",
    ),
    Row(name="the server is away", code=80, line=PASSED, rules=KEPT, given=AWAY),
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
        given=(*DRY, *SANDBOX),
    ),
    Row(
        name="a dry run, or results are only collected",
        code=0,
        line="nothing was sent",
        rules=NOT_KEPT,
        given=COLLECT,
    ),
    Row(
        name="the rules have mistakes, or a key is none",
        code=2,
        line="there is no rule x",
        rules="x = 1",
    ),
]


@pytest.mark.parametrize("row", rows(GATE))
def test_a_run_with_a_gate(shop: Project, row: Row) -> None:
    """Its exit code replaces only 0, and nothing is passed that was not checked."""
    write(shop, row)
    shop.environ["BROKEN"] = row.broken

    done = shop.run(*row.given)

    assert (done.code, row.line in f"{done.out}{done.err}") == (row.code, True)


RERUN = [
    Row(name="no test had failed", code=0, line="Nothing failed in", given=()),
    Row(
        name="all failed tests pass again",
        code=0,
        line="Results: 1 flaky",
        broken="first",
        given=(),
    ),
    Row(
        name="a test fails again",
        code=1,
        line="Results: 1 failed",
        broken="yes",
        given=(),
    ),
    Row(
        name="all that fail again are in quarantine",
        code=0,
        line="Quarantine: exit code 0",
        broken="yes",
        table=KNOWN,
        given=(),
    ),
    Row(
        name="a rule of the gate is not kept",
        code=86,
        line=FAILED,
        broken="first",
        rules=NOT_KEPT,
        given=(),
    ),
    Row(
        name="no failed test runs again",
        code=2,
        line="ran again (were they renamed",
        broken="first",
        given=NOTHING,
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
        given=DRY,
    ),
    Row(
        name="the run was only collected",
        code=0,
        line="Collected 2 results; nothing was sent",
        first=COLLECT,
        broken="first",
        given=(),
    ),
    Row(
        name="the run is incomplete, and all its other tests pass",
        code=0,
        line="is incomplete, so tests without a result in it run, too",
        first=COLLECT,
        broken="interrupt",
        given=(),
    ),
    Row(
        name="the run has merged parts",
        code=0,
        line="1 flaky",
        first=(*COLLECT, *SANDBOX),
        broken="first",
        part="",
        given=(),
    ),
    Row(
        name="the run is a part that was merged",
        code=2,
        line="(rerun that run)",
        first=COLLECT,
        broken="first",
        part="the oldest",
        given=(),
    ),
    Row(
        name="no test ran in the run, or there is no run",
        code=2,
        line="no test ran in",
        first=(*UPLOAD, *NOTHING),
        given=(),
    ),
]


@pytest.mark.parametrize("row", rows(RERUN))
def test_a_rerun(shop: Project, row: Row) -> None:
    """Its exit code is that of the command, and it is not 0 if no test ran again."""
    write(shop, row)
    shop.environ["BROKEN"] = {"first": "yes"}.get(row.broken, row.broken)
    shop.run(*row.first)
    name: tuple[str, ...] = ()
    if row.part is not None:
        name = (shop.directories[0].id,) if row.part else ()
        shop.command("upload", ".xray", "--sandbox")
    shop.environ["BROKEN"] = "" if row.broken == "interrupt" else row.broken

    done = shop.rerun(*row.given, run=name)

    assert (done.code, row.line in f"{done.out}{done.err}") == (row.code, True)


YES = ("-D", "xray_compare=yes")
COMPARE = [
    Row(
        name="a test is newly failing",
        code=1,
        line="1 newly failing",
        given=(*UPLOAD, *YES),
        broken="yes",
    ),
    Row(
        name="all that fail are in quarantine",
        code=0,
        line="1 newly failing",
        given=(*UPLOAD, *YES),
        broken="yes",
        table=KNOWN,
    ),
    Row(
        name="nothing has changed",
        code=0,
        line=": no change",
        given=(*UPLOAD, *YES),
    ),
    Row(
        name="there is no run to compare with",
        code=0,
        line="there is no run nowhere",
        given=(*UPLOAD, "-D", "xray_compare=nowhere"),
    ),
    Row(
        name="the server is away",
        code=80,
        line="Compared with",
        given=(*AWAY, *YES),
    ),
    Row(
        name="a dry run",
        code=0,
        line="then compare with run",
        given=(*DRY, *SANDBOX, *YES),
    ),
]


@pytest.mark.parametrize("row", rows(COMPARE))
def test_a_run_with_a_comparison(shop: Project, row: Row) -> None:
    """It changes no exit code."""
    write(shop, row)
    shop.run(*row.first)
    shop.environ["BROKEN"] = row.broken

    done = shop.run(*row.given)

    assert (done.code, row.line in f"{done.out}{done.err}") == (row.code, True)


@pytest.mark.parametrize(
    ("page", "table"),
    [("gate.md", GATE), ("rerun.md", RERUN), ("what-changed.md", COMPARE)],
)
def test_the_manual_has_these_situations(page: str, table: list[Row]) -> None:
    """Each with its exit codes."""
    found = group_codes((row.name, row.code) for row in table)

    assert read_exit_codes(page, "behave") == found
