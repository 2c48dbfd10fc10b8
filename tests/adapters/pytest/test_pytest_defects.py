"""Real sessions of pytest whose failures have bugs in the sandbox."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.adapters.pytest.conftest import Project
from tests.jira.defects.bugs_in_sandbox import Bug, bugs_in, defects_in
from xray_sandbox import Store


TESTS = """
import os
import pytest

BROKEN = os.environ.get("BROKEN", "yes") == "yes"

@pytest.mark.xray("CALC-2")
def test_known():
    assert not BROKEN, "it is broken"

@pytest.mark.parametrize("row", range(4))
def test_rows(row):
    if BROKEN and row > 1:
        raise ValueError(f"row {row} at {id(object()):#x}")

@pytest.mark.parametrize("number", range(6))
def test_other(number):
    pass
"""
SETTINGS = """
[tool.xray-bridge]
project = "CALC"

[tool.xray-bridge.defects]
mode = "create"
when_passed = "close"
close_after = 1
"""
XFAIL = "--xray-xfail-open-defects"


def store_of(project: Project) -> Store:
    """The sandbox's data."""
    return Store(project.pytester.path / ".xray" / "sandbox" / "sandbox.sqlite3")


def bugs_of(project: Project) -> list[Bug]:
    """All bugs, oldest first."""
    return bugs_in(store_of(project))


@pytest.fixture
def shop(project: Project) -> Project:
    """A suite whose failures get bugs."""
    project.pytester.makepyfile(TESTS)
    project.pytester.makepyprojecttoml(SETTINGS)
    return project


@pytest.mark.parametrize("product", ["server", "cloud"])
def test_runs_make_link_close_and_reopen_the_same_bugs(
    shop: Project, workers: tuple[str, ...], product: str
) -> None:
    """Three runs: made, closed after a pass, reopened; serially and with workers."""
    where = (*workers, f"--xray-deployment={product}")

    made = shop.upload(*where)
    first = bugs_of(shop)
    passed = shop.upload(*where, BROKEN="no")
    closed = bugs_of(shop)
    again = shop.upload(*where, BROKEN="yes")
    reopened = bugs_of(shop)

    assert (made.ret, passed.ret, again.ret) == (1, 0, 1)
    assert len(first) == len(closed) == len(reopened) == 2
    assert {each.status for each in first} == {"To Do"}
    assert {each.status for each in closed} == {"Done"}
    assert {each.status for each in reopened} == {"To Do"}
    for key in sorted(each.key for each in first):
        made.stdout.fnmatch_lines(f"Note: *: new bug {key}")
        passed.stdout.fnmatch_lines(f"Note: {key}: closed after 1 run in a row*")
        again.stdout.fnmatch_lines(f"Note: *: its bug {key} is closed (Done), reopened")
    for execution in (shop.executions[0], shop.executions[2]):
        linked = defects_in(store_of(shop), execution.key)
        assert len(linked) == 3
        assert {key for keys in linked.values() for key in keys} == {
            each.key for each in first
        }


def test_open_bugs_make_failures_expected(
    shop: Project, workers: tuple[str, ...]
) -> None:
    """A known failure is xfailed with its bug as the reason; a new one is a failure."""
    shop.upload(*workers)
    known = {each.summary.split(":")[0]: each.key for each in bugs_of(shop)}

    done = shop.upload(*workers, XFAIL, "-rx")
    new = TESTS.replace("number):\n    pass", "number):\n    assert number != 3")
    shop.pytester.makepyfile(new)
    mixed = shop.upload(*workers, XFAIL)
    line = next(each for each in shop.last if each["name"] == "test_known")

    assert done.ret == 0
    done.assert_outcomes(passed=8, xfailed=3)
    key = next(key for name, key in known.items() if name.endswith("test_known"))
    done.stdout.fnmatch_lines(f"XFAIL *::test_known - known bug {key}")
    assert mixed.ret == 1
    mixed.assert_outcomes(passed=7, xfailed=3, failed=1)
    assert (line["outcome"], line["defects"]) == ("xfailed", [key])


def test_a_closed_bug_expects_nothing(shop: Project) -> None:
    """Only open bugs make a failure expected."""
    shop.upload()
    shop.upload(BROKEN="no")

    done = shop.upload(XFAIL, BROKEN="yes")

    done.assert_outcomes(passed=8, failed=3)


def test_a_jira_that_does_not_answer_makes_nothing_expected(shop: Project) -> None:
    """Failures are failures, with one note, and the session goes on."""
    done = shop.run(
        "--xray-collect",
        XFAIL,
        XRAY_URL="http://127.0.0.1:9",
        XRAY_TOKEN="a-token-of-a-person",
    )

    done.assert_outcomes(passed=8, failed=3)
    done.stdout.fnmatch_lines("Note: open bugs are not known*")


def test_a_mistake_in_the_rules_ends_the_session_before_its_first_test(
    shop: Project,
) -> None:
    """An unknown key is refused with the nearest one."""
    shop.pytester.makepyprojecttoml(f"{SETTINGS}\nclose_afer = 3\n")

    done = shop.upload()

    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines(
        "*there is no key close_afer (did you mean close_after?)*"
    )


def test_a_dry_run_shows_the_bugs_and_makes_none(shop: Project) -> None:
    """The plan names the failures with their labels."""
    done = shop.upload("--xray-dry-run")

    done.stdout.fnmatch_lines("*create a Bug in CALC for each failure without one:")
    done.stdout.fnmatch_lines("*xb-*: *test_known (AssertionError)")
    assert not list((shop.pytester.path / ".xray").glob("sandbox/*"))


@pytest.mark.real_start
def test_sessions_that_do_not_ask_import_nothing_of_it(shop: Project) -> None:
    """Neither rules nor fingerprints are imported in the process of the tests."""
    shop.pytester.makepyfile(
        test_imports="""
        import sys
        def test_imports():
            assert not [m for m in sys.modules if m.startswith("xray_bridge.jira")]
        """
    )

    done = shop.upload("test_imports.py")

    done.assert_outcomes(passed=1)


def test_fingerprints_do_not_depend_on_how_tracebacks_are_shown(
    shop: Project,
) -> None:
    """All styles with a traceback, and another working directory, give one bug."""
    for style in ("auto", "long", "short", "native"):
        shop.upload(f"--tb={style}")
    folder = shop.pytester.mkdir("elsewhere")
    shop.pytester.run(
        sys.executable,
        "-m",
        "pytest",
        f"--rootdir={Path(folder).parent}",
        "--xray-upload",
        "--xray-sandbox",
        f"--xray-report-dir={Path(folder).parent / '.xray'}",
        str(Path(folder).parent),
    )

    assert len(bugs_of(shop)) == 2
