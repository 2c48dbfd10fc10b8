"""An error of ours, in whichever method behave calls, does not reach the user's run."""

from __future__ import annotations

import inspect
import pkgutil
from importlib import import_module
from typing import TYPE_CHECKING, Any

import behave
import pytest
from behave.formatter.base import Formatter
from behave.reporter.base import Reporter
from behave.runner import Runner

import behave_xray_bridge
from xray_sandbox import Store


if TYPE_CHECKING:
    from pathlib import Path

    from tests.adapters.behave.conftest import Finished, Project

# Only ``xray-bridge keys`` names it: the run is ours.
NOT_OF_USERS = "Listing"
RUNNER = "XrayRunner"
# Called at the exit, and by users, besides what behave knows.
MORE = ("XrayReporter.end_early", "XrayReporter.annotations")
# A formatter that is named before ours, and breaks a method of it.
BREAK = """
import inspect
from functools import reduce
from importlib import import_module
from behave.formatter.base import Formatter

def broken(*_, **__):
    from pathlib import Path
    Path("reached").touch()
    raise ZeroDivisionError("broken on purpose")

def with_super():
    __class__ = None
    def broken(*_, **__):
        __class__
        from pathlib import Path
        Path("reached").touch()
        raise ZeroDivisionError("broken on purpose")
    return broken

hook = reduce(getattr, "{name}".split("."), import_module("{module}"))
function = inspect.unwrap(hook)
instead = with_super() if function.__code__.co_freevars else broken
function.__code__ = instead.__code__

class Breaker(Formatter):
    name = "breaker"

if "{name}".startswith("XrayRunner"):
    from behave_xray_bridge import XrayRunner
"""
UPLOAD = ("-D", "xray_upload=yes", "-D", "xray_sandbox=yes")
BREAKER = "breaker:Breaker"
OURS = ("-f", "behave_xray_bridge:XrayFormatter")
FEATURES = """
Feature: Adding
  @TEST_CALC-1
  Scenario: passes
    Given it works and says so
  @TEST_CALC-2
  Scenario: fails
    Given it breaks
"""
STEP = """
@step("it works and says so")
def _(context):
    from behave_xray_bridge import xray
    xray(context).comment("fine")
    if hasattr(context, "attach"):
        context.attach("text/plain", "shown")
"""
LEAVES = """
@step("it works and says so")
def _(context): raise SystemExit(3)
"""
STEPS = """
from behave import step

@step("it breaks")
def _(context): assert False, "broken"
"""


def _overrides(cls: type) -> list[str]:
    bases = (Formatter, Reporter, Runner)
    base = next((each for each in bases if issubclass(cls, each)), None)
    if base is None or cls is base:
        return []
    return [
        f"{cls.__name__}.{name}"
        for name, each in vars(cls).items()
        if inspect.isfunction(each) and hasattr(base, name)
    ]


def _hooks() -> list[str]:
    """All that behave may call in our package, by module and name."""
    found: set[str] = set()
    for module in pkgutil.iter_modules(behave_xray_bridge.__path__):
        content: Any = import_module(f"behave_xray_bridge.{module.name}")
        for cls in vars(content).values():
            if inspect.isclass(cls) and cls.__module__ == content.__name__:
                names = [*_overrides(cls), *(m for m in MORE if _is_of(m, cls))]
                found |= {f"{cls.__module__}:{name}" for name in names}
    return sorted(each for each in found if f":{NOT_OF_USERS}." not in each)


def _is_of(name: str, cls: type) -> bool:
    return name.partition(".")[0] == cls.__name__


HOOKS = _hooks()


def test_all_methods_are_found() -> None:
    """Three classes are called by behave."""
    classes = {hook.partition(":")[2].partition(".")[0] for hook in HOOKS}

    assert classes == {"XrayFormatter", "XrayReporter", RUNNER}
    assert len(HOOKS) >= 12


@pytest.mark.parametrize("hook", HOOKS)
def test_a_broken_method_costs_the_user_nothing(project: Project, hook: str) -> None:
    """Same summary, same exit code; what was recorded is sent; we are named."""
    module, _, name = hook.partition(":")
    is_installed = project.python_path.count(":") == 0
    is_new = is_installed and not behave.__version__.startswith("1.2")
    if RUNNER in name and not is_new:
        pytest.skip("behave 1.2.6 has no runners to choose")
    steps = STEPS + (LEAVES if name.endswith("end_early") else STEP)
    runner = ("--runner", f"breaker:{RUNNER}") if RUNNER in name else ()
    breaks = BREAK.format(module=module, name=name)
    files = {"features/a.feature": FEATURES, "features/steps/steps.py": steps}
    project.write(files)
    without = project.run(formatter="")
    project.write({**files, "breaker.py": breaks})

    finished = project.run(*OURS, *UPLOAD, *runner, formatter=BREAKER)

    said = finished.out + finished.err
    lines = [line for line in said.splitlines() if "xray-bridge itself" in line]
    assert finished.code == without.code
    assert _summary(finished) == _summary(without)
    assert _is_all_sent(project)
    assert (project.path / "reached").exists() or _is_of_newer(name, is_new=is_new)
    if (project.path / "reached").exists():
        assert len(lines) == 1
        assert "ZeroDivisionError" in lines[0]
        assert f"in {name.partition('.')[2]}" in lines[0]
        assert "xray-bridge runs" in lines[0] or "recorded nothing" in lines[0]


def _is_of_newer(name: str, *, is_new: bool) -> bool:
    """Whether this behave does not call the method."""
    return name == "XrayFormatter.embedding" and not is_new


def _summary(finished: Finished) -> list[str]:
    """behave's own summary without the times."""
    return [
        line
        for line in finished.out.splitlines()
        if " passed, " in line and not line.startswith("Results:")
    ]


def _is_all_sent(project: Project) -> bool:
    directories = project.directories
    if not directories or not list(directories[0].runs()):
        return True
    data = project.path / ".xray" / "sandbox" / "sandbox.sqlite3"
    rows = Store(data).test_executions()
    return any(row.key != "CALC-20" for row in rows)


def test_a_green_run_stays_green(project: Project, tmp_path: Path) -> None:
    """Our own error is no reason for exit code 83."""
    project.write({"features/a.feature": FEATURES.partition("  @TEST_CALC-2")[0]})
    steps = STEPS + STEP
    breaks = BREAK.format(
        module="behave_xray_bridge.formatter", name="XrayFormatter.scenario"
    )
    project.write({"features/steps/steps.py": steps, "breaker.py": breaks})

    finished = project.run(*OURS, *UPLOAD, formatter=BREAKER)

    assert finished.code == 0
    assert "xray-bridge itself" in finished.section
    assert (tmp_path / "reached").exists()
