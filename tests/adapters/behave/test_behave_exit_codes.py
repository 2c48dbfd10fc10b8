"""The exit codes of runs of behave with a gate, a rerun or a comparison."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.adapters.behave.conftest import STEPS
from tests.adapters.exit_codes import (
    Row,
    Words,
    compare_rows,
    gate_rows,
    rerun_rows,
)
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
UPLOAD = ("-D", "xray_upload=yes", "-D", "xray_sandbox=yes")
AWAY = (
    *("-D", "xray_upload=yes", "-D", "xray_url=http://127.0.0.1:9"),
    *("-D", "xray_deadline=2", "-D", "xray_preflight=off"),
)
WORDS = Words(
    upload=UPLOAD,
    sandbox=("-D", "xray_sandbox=yes"),
    dry=("-D", "xray_dry_run=yes"),
    collect=("-D", "xray_collect=yes"),
    away=AWAY,
    warn=(*AWAY, "-D", "xray_on_upload_error=warn"),
    nothing=("--tags", "nothing"),
    compare=("-D", "xray_compare="),
    known=KNOWN,
    nothing_ran=86,
    nothing_ran_again=2,
    interrupted=1,
    mistake=2,
)
GATE, RERUN, COMPARE = gate_rows(WORDS), rerun_rows(WORDS), compare_rows(WORDS)


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


@pytest.mark.parametrize("row", rows(GATE))
def test_a_run_with_a_gate(shop: Project, row: Row) -> None:
    """Its exit code replaces only 0, and nothing is passed that was not checked."""
    write(shop, row)
    shop.environ["BROKEN"] = row.broken

    done = shop.run(*(row.given or UPLOAD))

    assert (done.code, row.line in f"{done.out}{done.err}") == (row.code, True)


@pytest.mark.parametrize("row", rows(RERUN))
def test_a_rerun(shop: Project, row: Row) -> None:
    """Its exit code is that of the command, and it is not 0 if no test ran again."""
    write(shop, row)
    shop.environ["BROKEN"] = {"first": "yes"}.get(row.broken, row.broken)
    shop.run(*(row.first or UPLOAD))
    name: tuple[str, ...] = ()
    if row.part is not None:
        name = (shop.directories[0].id,) if row.part else ()
        shop.command("upload", ".xray", "--sandbox")
    shop.environ["BROKEN"] = "" if row.broken == "interrupt" else row.broken

    done = shop.rerun(*(row.given or ()), run=name)

    assert (done.code, row.line in f"{done.out}{done.err}") == (row.code, True)


@pytest.mark.parametrize("row", rows(COMPARE))
def test_a_run_with_a_comparison(shop: Project, row: Row) -> None:
    """It changes no exit code."""
    write(shop, row)
    shop.run(*(row.first or UPLOAD))
    shop.environ["BROKEN"] = row.broken

    done = shop.run(*(row.given or UPLOAD))

    assert (done.code, row.line in f"{done.out}{done.err}") == (row.code, True)


@pytest.mark.parametrize(
    ("page", "table"),
    [("gate.md", GATE), ("rerun.md", RERUN), ("what-changed.md", COMPARE)],
)
def test_the_manual_has_these_situations(page: str, table: list[Row]) -> None:
    """Each with its exit codes."""
    found = group_codes((row.name, row.code) for row in table)

    assert read_exit_codes(page, "behave") == found
