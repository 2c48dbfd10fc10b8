"""What is checked before a change goes in: ``nox`` runs it, but for mutants."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import nox


nox.options.reuse_existing_virtualenvs = True

PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14")
# Has wheels of all the oldest releases.
LOWEST_PYTHON = "3.10"
# Flask's of that time; what it tests with is gone from Werkzeug 3.1.
BESIDES = ("werkzeug==2.3.8",)
# Of the mutants of what decides verdicts, in percent.
KILLED = 90


def oldest() -> list[str]:
    """Each lower bound of ``pyproject.toml``, as the only version that will do."""
    project = nox.project.load_toml("pyproject.toml")["project"]
    groups = {**project["optional-dependencies"], "": project["dependencies"]}
    groups.pop("dev")
    lines = [line for group in groups.values() for line in group if ">=" in line]
    return [*(line.replace(">=", "==", 1) for line in lines), *BESIDES]


@nox.session
def lint(session: nox.Session) -> None:
    """Style and format."""
    session.install("ruff>=0.11")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Types, strictly."""
    session.install("-e", ".[dev]")
    session.run("mypy")


@nox.session
def contracts(session: nox.Session) -> None:
    """Who imports whom."""
    session.install("-e", ".[dev]")
    session.run("lint-imports")


@nox.session
def docs(session: nox.Session) -> None:
    """Whether the generated parts of the manual are those of the code."""
    session.install("-e", ".[test]")
    session.run("python", "docs/generate.py", "--check")


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """All tests, with coverage of all processes."""
    session.install("-e", ".[test]")
    session.run("coverage", "erase")
    session.run("coverage", "run", "-m", "pytest", *session.posargs)
    session.run("coverage", "combine")
    session.run("coverage", "report")


@nox.session(python=LOWEST_PYTHON)
def lowest(session: nox.Session) -> None:
    """All tests, on the oldest dependencies that are promised."""
    constraints = Path(session.create_tmp()) / "lowest.txt"
    constraints.write_text("\n".join(oldest()) + "\n", encoding="ascii")
    session.install("-e", ".[test]", "-c", str(constraints))
    # urllib3 1.26 leaves sockets of broken connections to the garbage collector.
    known = "ignore::pytest.PytestUnraisableExceptionWarning"
    session.run("python", "-m", "pytest", "-W", known, *session.posargs)


@nox.session(default=False)
def mutation(session: nox.Session) -> None:
    """
    Whether a test fails for each small mistake in what decides verdicts.

    Takes minutes. ``mutmut show NAME`` has the code of a mutant that survived.
    """
    session.install("-e", ".[test]", "mutmut>=3.8")
    # mutmut would not ask again what it has asked before.
    shutil.rmtree("mutants", ignore_errors=True)
    session.run("mutmut", "run", *session.posargs)
    session.run("mutmut", "results")
    session.run("mutmut", "export-cicd-stats")
    found = json.loads(Path("mutants/mutmut-cicd-stats.json").read_text("ascii"))
    killed = 100 * found["killed"] / found["total"]
    session.log(f"{killed:.1f} % of {found['total']} mutants killed")
    if killed < KILLED:
        session.error(f"less than {KILLED} %")
