"""
The checks before a change is merged.

``nox`` alone runs all sessions except slow ones and those for releases.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import nox


nox.options.reuse_existing_virtualenvs = True

PROJECT = nox.project.load_toml("pyproject.toml")
EXTRAS = PROJECT["project"]["optional-dependencies"]
PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14")
# All the oldest releases have wheels for it.
LOWEST_PYTHON = "3.10"
# Werkzeug of that time: 3.1 has removed functions that the old Flask needs.
BESIDES = ("werkzeug==2.3.8",)
# Warnings of the oldest versions, which will not be fixed.
WARNS = (
    # urllib3 1.26 leaves sockets of broken connections to the garbage collector.
    ":pytest.PytestUnraisableExceptionWarning",
    # python-subunit, about the newest testtools.
    "This is not necessary in Python 3:DeprecationWarning",
    # check-jsonschema, about the newest click.
    "'click.utils.LazyFile' is deprecated:DeprecationWarning",
    # libcst 1.1, about the newest mypy_extensions.
    "mypy_extensions.TypedDict is deprecated:DeprecationWarning",
)
# An error here loses or duplicates results: tests must cover every branch.
SURE = (
    "*/xray_bridge/runs/*",
    "*/xray_bridge/features/*",
    "*/xray_bridge/upload/exactly_once.py",
    "*/xray_bridge/upload/looks.py",
    "*/xray_bridge/upload/posting.py",
    "*/xray_bridge/upload/step.py",
    *(
        f"*/xray_bridge/client/{name}.py"
        for name in ("http", "multipart", "response", "transport_errors", "waiting")
    ),
)
SURE_TESTS = ("runs", "features", "upload", "client", "recording", "cli", "objects")
# The required share of killed mutants, in percent.
KILLED = 90


def oldest() -> list[str]:
    """Return each lower bound of ``pyproject.toml`` as an exact version."""
    groups = {**EXTRAS, "": PROJECT["project"]["dependencies"]}
    groups.pop("dev")
    lines = [line for group in groups.values() for line in group if ">=" in line]
    return [*(line.replace(">=", "==", 1) for line in lines), *BESIDES]


def group(name: str) -> list[str]:
    """Return the packages of a dependency group."""
    return list(nox.project.dependency_groups(PROJECT, name))


def dev(*tools: str) -> list[str]:
    """Return some tools of the extra ``dev``."""
    return [line for line in EXTRAS["dev"] if line.startswith(tools)]


def build_wheel(session: nox.Session) -> Path:
    """Build the wheel as users get it."""
    folder = Path(session.create_tmp()) / "wheel"
    shutil.rmtree(folder, ignore_errors=True)
    command = ("python", "-m", "pip", "wheel", "--quiet", "--no-deps")
    session.run(*command, "--wheel-dir", str(folder), ".")
    (found,) = folder.resolve().glob("*.whl")
    return found


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, format, spelling and ``pyproject.toml``."""
    session.install(*dev("ruff", "codespell", "validate-pyproject"))
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("codespell")
    session.run("validate-pyproject", "pyproject.toml")


@nox.session
def types(session: nox.Session) -> None:
    """Check the types with mypy, and those of the public names with pyright."""
    session.install("-e", ".[dev]", *group("types"))
    session.run("mypy")
    session.run("basedpyright")


@nox.session
def contracts(session: nox.Session) -> None:
    """Check the import contracts."""
    session.install("-e", ".[dev]")
    session.run("lint-imports")


@nox.session
def docs(session: nox.Session) -> None:
    """Check that the generated parts of the manual are up to date."""
    session.install("-e", ".[test]")
    session.run("python", "docs/generate.py", "--check")


@nox.session
def site(session: nox.Session) -> None:
    """Build the manual as a site, in build/site; a broken link is an error."""
    session.install("-e", ".[all]", *group("site"))
    session.run("sphinx-build", "-W", "-q", "-c", "docs", ".", "build/site")


@nox.session
def workflows(session: nox.Session) -> None:
    """Check the security of the workflows."""
    session.install(*group("workflows"))
    session.run("zizmor", "--offline", ".github")


@nox.session(reuse_venv=False)
def wheel(session: nox.Session) -> None:
    """
    Test the wheel in a fresh environment as a user would: with one upload.

    ``nox -s wheel -- FILE`` tests an existing wheel.
    """
    (given,) = session.posargs or [str(build_wheel(session))]
    session.install(f"{Path(given).resolve()}[all]")
    folder = Path(session.create_tmp()).resolve() / "suite"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree("examples/pytest", folder)
    session.chdir(folder)
    session.run("xray-bridge", "--version")
    session.run("pytest", "--xray-upload", "--xray-sandbox")


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Run all tests on the built wheel, with coverage of all processes."""
    built = build_wheel(session)
    session.install(f"{built}[test]")
    # pip does not install another wheel of the same version by itself.
    session.install("--force-reinstall", "--no-deps", str(built))
    session.run("coverage", "erase")
    # ``-m pytest`` and ``pythonpath`` would both import the checkout.
    pytest = Path(session.bin) / "pytest"
    session.run("coverage", "run", str(pytest), "-o", "pythonpath=", *session.posargs)
    session.run("coverage", "combine")
    session.run("coverage", "report")


@nox.session(python="3.13")
def branches(session: nox.Session) -> None:
    """Check that tests cover every branch of journal, delivery, HTTP and features."""
    session.install("-e", ".[test]")
    tests = [f"tests/{name}" for name in SURE_TESTS]
    session.run("coverage", "erase")
    session.run("coverage", "run", "-m", "pytest", *tests, *session.posargs)
    session.run("coverage", "combine")
    all_of_it = (f"--include={','.join(SURE)}", "--fail-under=100")
    session.run("coverage", "report", *all_of_it)


@nox.session(python=LOWEST_PYTHON)
def lowest(session: nox.Session) -> None:
    """Run all tests on the oldest supported dependencies."""
    constraints = Path(session.create_tmp()) / "lowest.txt"
    constraints.write_text("\n".join(oldest()) + "\n", encoding="ascii")
    session.install("-e", ".[test]", "-c", str(constraints))
    known = [word for warning in WARNS for word in ("-W", f"ignore:{warning}")]
    session.run("python", "-m", "pytest", *known, *session.posargs)


@nox.session(default=False)
def plugins(session: nox.Session) -> None:
    """Run the core of the pytest adapter together with other plugins."""
    session.install("-e", ".[test]", "-r", "tests/plugins/plugins.txt")
    # Each test loads its own plugin.
    alone = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    ours = ("-p", "xdist.plugin", "-p", "pytest_httpserver.pytest_plugin")
    command = ("python", "-m", "pytest", "tests/plugins", *ours)
    session.run(*command, *session.posargs, env=alone)


@nox.session(default=False)
def browser(session: nox.Session) -> None:
    """
    Look at the report and at the sandbox's pages in Chromium.

    Needs an installed Chromium; ``CHROMIUM`` names its program.
    """
    session.install("-e", ".[test]", *group("browser"))
    session.run("python", "-m", "pytest", "tests/browser", *session.posargs)


@nox.session(default=False)
def objects(session: nox.Session) -> None:
    """Put shards into a local S3 server, and merge them."""
    session.install("-e", ".[test]", *group("objects"))
    tests = ("tests/objects", "tests/examples/test_matrix.py")
    session.run("python", "-m", "pytest", *tests, *session.posargs)


@nox.session(default=False)
def instructions(session: nox.Session) -> None:
    """
    Compare the instructions of six uses with the parent commit's.

    Needs valgrind. ``nox -s instructions -- --against main`` compares with main.
    """
    session.install("-e", ".[test]")
    session.run("python", "-m", "benchmarks.instructions", *session.posargs)


@nox.session(default=False)
def mutation(session: nox.Session) -> None:
    """
    Check that tests fail for small mistakes in the code that decides outcomes.

    Takes minutes. ``mutmut show NAME`` shows the code of a mutant that survived.
    """
    session.install("-e", ".[test]", *group("mutation"))
    # mutmut would not test old mutants again.
    shutil.rmtree("mutants", ignore_errors=True)
    session.run("mutmut", "run", *session.posargs)
    session.run("mutmut", "results")
    session.run("mutmut", "export-cicd-stats")
    found = json.loads(Path("mutants/mutmut-cicd-stats.json").read_text("ascii"))
    killed = 100 * found["killed"] / found["total"]
    session.log(f"{killed:.1f} % of {found['total']} mutants killed")
    if killed < KILLED:
        session.error(f"less than {KILLED} %")


@nox.session(default=False)
def audit(session: nox.Session) -> None:
    """Check the users' dependencies for known vulnerabilities; asks PyPI."""
    session.install("-e", ".[all,keyring]", *group("audit"))
    session.run("pip-audit", "--skip-editable")


@nox.session(default=False)
def changelog(session: nox.Session) -> None:
    """
    Print the changelog of the next release; fail if this branch adds nothing.

    ``nox -s changelog -- --compare-with BRANCH`` compares with another branch than
    ``origin/main``.
    """
    session.install(*group("changelog"))
    session.run("towncrier", "build", "--draft", "--version", "next")
    session.run("towncrier", "check", *session.posargs)


@nox.session(default=False)
def build(session: nox.Session) -> None:
    """Build the files for PyPI, in ``dist``."""
    session.install(*group("build"))
    shutil.rmtree("dist", ignore_errors=True)
    session.run("python", "-m", "build")


@nox.session(default=False)
def faults(session: nox.Session) -> None:
    """Print the table of faults: survived or not, seconds, faults without a test."""
    session.install("-e", ".[test]")
    plugin = ("-p", "tests.faults.table", "-m", "fault")
    session.run("python", "-m", "pytest", *plugin, *session.posargs)


@nox.session(default=False, python="3.11")
def greens(session: nox.Session) -> None:
    """
    Check 10^5 generated reports of all formats: no failure becomes a pass.

    ``nox -s greens -- 8000`` checks fewer. All take half an hour.
    """
    session.install("-e", ".[test]")
    many = {"XRAY_BRIDGE_EXAMPLES": (session.posargs or ["100000"])[0]}
    path = "tests/formats/test_no_false_green.py"
    session.run("python", "-m", "pytest", "-q", path, env=many)


@nox.session(default=False, python="3.11")
def fuzz(session: nox.Session) -> None:
    """
    Fuzz each reader with 10^6 inputs, guided by coverage.

    ``nox -s fuzz -- 1000`` runs fewer. All take an hour and a half.
    """
    session.install("-e", ".[test]", "atheris>=2.3")
    many = ("--executions", *(session.posargs or ["1000000"]))
    session.run("python", "-m", "tests.fuzzing", "--guided", *many)
