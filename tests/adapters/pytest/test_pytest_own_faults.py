"""An error of ours, in whichever hook, does not reach the user's session."""

from __future__ import annotations

import inspect
import pkgutil
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import pytest_xray_bridge
from tests.adapters.pytest.breaker import AFTER, BEFORE, innermost
from xray_bridge.config.setting import RERUN_VARIABLE
from xray_bridge.runs.rerun_plan import RerunPlan


if TYPE_CHECKING:
    from tests.adapters.pytest.conftest import Project

# Loaded by ``xray-bridge keys`` alone: the session is ours.
NOT_OF_USERS = "pytest_xray_bridge.listing"
SUITE = """
import pytest
from pytest_bdd import given, scenarios

scenarios("add.feature")

@given("numbers")
def _(): pass

@given("nonsense")
def _(): assert False, "on purpose"

@pytest.mark.xray("CALC-1")
def test_passes(xray): xray.comment("fine")

@pytest.mark.xray("CALC-2")
def test_fails(): assert False, "on purpose"

def test_left_out(): pass

@pytest.mark.xray("CALC-2", dataset=False)
def test_skipped(): pytest.skip("on purpose")
"""
FEATURE = """
Feature: Add
  @TEST_CALC-3
  Scenario: Two numbers
    Given numbers

  @TEST_CALC-4
  Scenario: A step that fails
    Given nonsense

  @TEST_CALC-5
  Scenario: A step that nobody has written
    Given something else
"""
CONFTEST = """
import pytest
@pytest.hookimpl(optionalhook=True)
def pytest_xray_test_keys(item): return None
# With such a hook, all reports are packed at once.
@pytest.hookimpl(optionalhook=True)
def pytest_xray_evidence(item, report): return None
"""
# pytest parses the modules of each traceback that it shows.
TERSE = "--tb=line"
LEAVES_OUT = "--deselect=test_suite.py::test_left_out"
LOADED = ("-p", "tests.adapters.pytest.breaker", TERSE, LEAVES_OUT)
SELECT = ("--xray-select", "project = CALC")
# What a session must have for these to be called.
SESSIONS = {
    "pytest_internalerror": """
def pytest_runtest_logreport(): raise ValueError("a user's own")
""",
    "pytest_keyboard_interrupt": """
def pytest_runtest_setup(item):
    if item.name == "test_skipped": raise KeyboardInterrupt
""",
}
ONLY_XDIST = {
    "pytest_configure_node",
    "pytest_report_to_serializable",
    "pytest_testnodedown",
    "pytest_xdist_node_collection_finished",
    "pytest_xdist_setupnodes",
}
# With workers, the controller collects nothing and runs no test.
ONLY_SERIAL = {
    "pytest_deselected",
    "pytest_collectreport",
    "pytest_collection_finish",
    "pytest_runtest_protocol",
}
ONLY_WORKERS = (
    "pytest_xray_bridge.quarantine:Deselected.",
    "pytest_xray_bridge.row_orders:RowSender.",
    "pytest_xray_bridge.worker_path:WorkerPath.",
)
PASSED = "def test_passes(): pass"
OF_OPEN_DEFECTS = "pytest_xray_bridge.open_defects:"
# Each failure gets a bug, whatever part of the suite fails.
MAKE_DEFECTS = ("--xray-defects=create", '--xray-defect-rules={"most": 1}')
KNOW_DEFECTS = ("--xray-xfail-open-defects",)
OF_RERUN = "pytest_xray_bridge.rerun:"
OF_QUARANTINE = "pytest_xray_bridge.quarantine:"
# It spares no exit code, because nobody owns it.
SPARE = ("--xray-quarantine", '{"tests": [{"test": "CALC-9"}]}')


def _functions(content: Any) -> list[Any]:
    return [
        innermost(each)
        for name, each in vars(content).items()
        if name.startswith("pytest_") and inspect.isfunction(each)
    ]


def _hooks() -> list[str]:
    """All that pytest may call in our package, by module and name."""
    found: list[str] = []
    for module in pkgutil.iter_modules(pytest_xray_bridge.__path__):
        content = import_module(f"pytest_xray_bridge.{module.name}")
        is_spec = module.name == "hookspecs"
        if is_spec or content.__name__ == NOT_OF_USERS:
            continue
        classes = [each for each in vars(content).values() if inspect.isclass(each)]
        for hook in (hook for each in (content, *classes) for hook in _functions(each)):
            if hook.__module__ == content.__name__:
                where = f"{hook.__module__}:{hook.__qualname__}"
                found.append(f"{where}:{BEFORE}")
                if inspect.isgeneratorfunction(hook):
                    found.append(f"{where}:{AFTER}")
    return sorted(found)


def _name(hook: str) -> str:
    return hook.split(":")[1].rpartition(".")[2]


HOOKS = _hooks()
OF_WORKERS = [hook for hook in HOOKS if hook.startswith(ONLY_WORKERS)]
OF_BOTH = [hook for hook in HOOKS if hook not in OF_WORKERS]
SERIAL = [hook for hook in OF_BOTH if _name(hook) not in ONLY_XDIST]
DISTRIBUTED = [hook for hook in OF_BOTH if _name(hook) not in ONLY_SERIAL] + OF_WORKERS


@pytest.fixture
def suite(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Tests of each outcome, and a scenario of pytest-bdd's."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[3]))
    project.pytester.makepyfile(test_suite=SUITE)
    project.pytester.makeconftest(CONFTEST)
    (project.pytester.path / "add.feature").write_text(FEATURE)
    return project


def plan_all(folder: Path) -> dict[str, str]:
    """The environment of a rerun of all tests: none has a result yet."""
    plan = RerunPlan(run="earlier", tests=(), known=())
    place = folder / "plan"
    place.mkdir()
    plan.save(place)
    return {RERUN_VARIABLE: str(place)}


def test_there_are_no_hooks_but_those_that_are_broken_here(
    suite: Project, workers: tuple[str, ...], tmp_path: Path
) -> None:
    """The next test breaks all hooks that pytest calls, in all processes."""
    found = tmp_path / "found.txt"
    suite.upload(*MAKE_DEFECTS)

    asked = (*SELECT, *KNOW_DEFECTS, *SPARE, *workers)
    suite.upload(*LOADED, *asked, XRB_FOUND=str(found), **plan_all(tmp_path))

    known = set(found.read_text("utf-8").splitlines())
    hooks = HOOKS if workers else OF_BOTH
    assert known == {hook.rpartition(":")[0] for hook in hooks}


@pytest.fixture(scope="session")
def ends() -> dict[object, tuple[object, ...]]:
    """How the sessions end without us, by what they are made of."""
    return {}


@pytest.mark.parametrize(
    ("hook", "workers"),
    [pytest.param(hook, (), id=f"{hook}-serial") for hook in SERIAL]
    + [pytest.param(hook, ("-n", "2"), id=f"{hook}-n2") for hook in DISTRIBUTED],
)
def test_a_broken_hook_costs_the_user_nothing(
    suite: Project,
    workers: tuple[str, ...],
    hook: str,
    tmp_path: Path,
    ends: dict[object, tuple[object, ...]],
) -> None:
    """Same outcomes, same exit code; what was recorded is sent; we are named."""
    changed = SESSIONS.get(_name(hook), "")
    suite.pytester.makeconftest(CONFTEST + changed)
    if (workers, changed) not in ends:
        without = suite.run(*workers, TERSE, LEAVES_OUT)
        ends[workers, changed] = (without.ret, without.parseoutcomes())
    reached = str(tmp_path / "reached")
    needs: tuple[str, ...] = KNOW_DEFECTS if hook.startswith(OF_OPEN_DEFECTS) else ()
    if needs:
        suite.upload(*MAKE_DEFECTS)
    if hook.startswith(OF_QUARANTINE):
        needs = SPARE
    given = plan_all(tmp_path) if hook.startswith(OF_RERUN) else {}

    result = suite.upload(
        *(*LOADED, *SELECT, *needs, *workers),
        XRB_BREAK=hook,
        XRB_REACHED=reached,
        **given,
    )

    said = result.stdout.str() + result.stderr.str()
    [line] = [line for line in said.splitlines() if "xray-bridge itself" in line]
    assert (result.ret, result.parseoutcomes()) == ends[workers, changed]
    assert "INTERNALERROR" not in said or "a user's own" in changed
    assert _is_all_sent(suite) or changed
    assert Path(reached).exists()
    assert "ZeroDivisionError" in line
    assert f"in {_name(hook)}" in line
    assert "xray-bridge runs" in line or "recorded nothing" in line


@pytest.mark.parametrize("hook", SERIAL)
def test_a_broken_hook_leaves_a_green_session_green(
    suite: Project, hook: str, tmp_path: Path
) -> None:
    """Our own error is no reason for exit code 83."""
    suite.pytester.makepyfile(test_suite=PASSED)
    reached = str(tmp_path / "reached")

    result = suite.upload(*LOADED, XRB_BREAK=hook, XRB_REACHED=reached)

    assert result.ret == pytest.ExitCode.OK


def _is_all_sent(project: Project) -> bool:
    """Whether each result in a journal has arrived."""
    journals = [run / "journal.jsonl" for run in project.runs]
    recorded = [line for each in journals for line in each.read_bytes().splitlines()]
    return not recorded or project.receipt["status"] == "delivered"
