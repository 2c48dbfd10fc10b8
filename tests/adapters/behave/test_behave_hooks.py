"""Users' hooks: in environment.py, and in a plugin of their own."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from xray_sandbox import CREDENTIALS, RunningSandbox, running


if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.adapters.behave.conftest import Project

FEATURE = """
Feature: Hooks

  @CALC-78
  Scenario: passes
    Given it works

  Scenario: fails
    When it breaks

  @not_selected
  Scenario: not selected
    Given it works
"""
ENVIRONMENT = """
from pathlib import Path
from xray_bridge.runs.evidence import EvidenceSource

def xray_test_keys(scenario):
    return ["CALC-79"] if scenario.name == "passes" else "CALC 1"

def xray_evidence(scenario):
    yield b"bytes"
    if scenario.status.name == "failed":
        yield __file__ if "__file__" in globals() else "features/environment.py"
        yield EvidenceSource(b"<p>", "page.html", "text/html")
        yield "no/such.log"

def xray_defects(scenario):
    if scenario.status.name == "failed":
        return ["CALC-9"]

def xray_execution_fields(config):
    return {"description": config.userdata["xray_project"]}

def xray_uploaded(config, receipt):
    where = receipt.test_execution["key"]
    print("TOLD", config.userdata["xray_project"], where, dict(receipt.counts))
"""
PLUGIN = """
from behave_xray_bridge import hookimpl

@hookimpl
def xray_defects(scenario):
    return ["CALC-8"]
"""
RAISES = """
class CustomError(Exception):
    def __str__(self): raise ValueError

def xray_test_keys(scenario): raise CustomError
def xray_defects(scenario): return 5
def xray_evidence(scenario): return [5]
def xray_uploaded(config, receipt): raise OSError("no mail server, s3cret-t0ken")
"""
UPLOAD = ("-D", "xray_upload=yes", "-D", "xray_project=CALC")


@pytest.fixture
def hooks(project: Project) -> Project:
    """A project with two scenarios that are selected."""
    project.write({"features/a.feature": FEATURE})
    return project


@pytest.fixture
def sandbox(hooks: Project) -> Iterator[RunningSandbox]:
    """A sandbox that the project's environment knows."""
    with running(hooks.path / "sandbox") as found:
        hooks.environ.update(
            XRAY_URL=found.url,
            XRAY_DEPLOYMENT="server",
            XRAY_TOKEN=CREDENTIALS.token,
        )
        yield found


def _install(project: Project, name: str, text: str) -> None:
    """A plugin that was installed beside behave."""
    info = f"plugins/{name}-1.0.dist-info"
    project.write(
        {
            f"plugins/{name}.py": text,
            f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
            f"{info}/entry_points.txt": f"[xray_bridge]\n{name} = {name}\n",
        }
    )
    path = os.pathsep.join((str(project.path / "plugins"), project.python_path))
    project.environ["PYTHONPATH"] = path


def test_what_hooks_add(hooks: Project) -> None:
    """Keys, evidence and defects of each scenario that has a result."""
    hooks.write({"features/environment.py": ENVIRONMENT})
    _install(hooks, "somebody", PLUGIN)
    finished = hooks.report("--tags=-not_selected", "-D", "xray_project=CALC")
    passes, fails = hooks.recorded["passes"], hooks.recorded["fails"]
    names = [each.name for each in fails.evidence]

    assert passes.test.test_keys == ("CALC-78", "CALC-79")
    assert passes.defects == ("CALC-8",)
    assert [each.name for each in passes.evidence] == ["evidence"]
    assert fails.test.test_keys == ()
    assert fails.defects == ("CALC-9", "CALC-8")
    assert names == ["evidence", "environment.py", "page.html"]
    assert "such.log does not exist" in fails.left_out[0]
    assert "features/a.feature:8: from a hook: 'CALC 1' is not an" in finished.section
    assert "not selected" not in hooks.recorded
    assert "ERROR" not in finished.section


def test_upload_with_hooks(hooks: Project, sandbox: RunningSandbox) -> None:
    """The Test Execution has the fields, and the last hook gets its key."""
    hooks.write({"features/environment.py": ENVIRONMENT})
    finished = hooks.run(*UPLOAD, "--tags=-not_selected")
    (key,) = {each.key for each in sandbox.store.test_executions()} - {"CALC-20"}
    made = sandbox.store.test_execution(key)

    assert made is not None
    assert f"TOLD CALC {key} {{'passed': 1, 'failed': 1}}" in finished.out
    assert hooks.directory.info.settings["execution_fields"] == (
        '{"description": "CALC"}'
    )
    assert {run.test_key for run in made.runs} >= {"CALC-78", "CALC-79"}


def test_hooks_that_raise(hooks: Project, sandbox: RunningSandbox) -> None:
    """Each error is printed once; no result is lost, and no secret is shown."""
    sandbox.store.test_executions()
    text = RAISES.replace("s3cret-t0ken", CREDENTIALS.token)
    hooks.write(
        {
            "features/a.feature": FEATURE.replace("breaks", "works")
            .replace("  Scenario: fails", "  @CALC-79\n  Scenario: fails")
            .replace("@not_selected", "@CALC-79"),
            "features/environment.py": text,
        }
    )
    _install(hooks, "somebody", PLUGIN)
    finished = hooks.run(*UPLOAD)
    warned = hooks.run(*UPLOAD, "-D", "xray_on_upload_error=warn")
    first, _ = hooks.directories

    assert finished.code == 83, finished
    assert warned.code == 0
    assert len(list(first.runs())) == 3
    assert {run.defects for run in first.runs()} == {("CALC-8",)}
    assert finished.section.count("ERROR in ") == 4
    assert "ERROR in xray_test_keys of environment.py: " in finished.section
    assert "ERROR in xray_defects of environment.py: TypeError" in finished.section
    assert "xray_uploaded of environment.py: OSError: no mail" in finished.section
    assert CREDENTIALS.token not in finished.out + finished.err
    assert "3 scenarios passed" in finished.out


def test_red_run_keeps_its_own_code(hooks: Project) -> None:
    """A hook that raises makes a red run no other red."""
    hooks.write({"features/environment.py": RAISES})
    finished = hooks.report()

    assert finished.code == 1
    assert hooks.outcomes["fails"] == "failed"
    assert "ERROR in xray_test_keys" in finished.section


@pytest.mark.parametrize(
    ("environment", "plugin", "said"),
    [
        ("", "import no_such_module", "the plugin broken (broken) cannot be loaded"),
        ("def xray_test_keys(item): pass", PLUGIN, "environment.py"),
        (
            "def xray_execution_fields(config): return 1 // 0",
            PLUGIN,
            "xray_execution_fields of environment.py: ZeroDivisionError",
        ),
        (
            "def xray_execution_fields(config): return {'labels': {1}}",
            PLUGIN,
            "not JSON",
        ),
    ],
)
def test_broken_before_the_first_test(
    hooks: Project, environment: str, plugin: str, said: str
) -> None:
    """One line on stderr, and no test runs."""
    hooks.write({"features/environment.py": environment})
    _install(hooks, "broken", plugin)
    finished = hooks.report()

    assert finished.code == 2
    assert said in finished.err
    assert len(finished.err.strip().splitlines()) == 1
    assert "scenario" not in finished.out
    assert hooks.directories == []


@pytest.mark.real_start
def test_nothing_is_loaded_that_is_not_wanted(hooks: Project) -> None:
    """Without an upload no plugin is looked for, and pluggy is not there."""
    hooks.write(
        {
            "features/environment.py": (
                "import sys\n"
                "def after_all(context):\n"
                "    print('PLUGGY', 'pluggy' in sys.modules, file=sys.__stderr__)"
            )
        }
    )
    _install(hooks, "broken", "import no_such_module")
    finished = hooks.run("--tags=-not_selected", "-n", "passes")

    assert finished.code == 0, finished
    assert "PLUGGY False" in finished.err
