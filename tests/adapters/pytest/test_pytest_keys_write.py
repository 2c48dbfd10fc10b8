"""Keys that Xray gave are written into real suites of pytest."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.adapters.pytest.conftest import Project
from xray_sandbox import Store


SUITE = """
    import pytest

    class Base:
        def test_inherited(self): pass

    class TestShop(Base):
        # Kept.
        def test_cart(self): pass

    @pytest.mark.parametrize("n", [1, 2])
    def test_row(n): pass

    @pytest.mark.xray("CALC-7")
    def test_keyed(): pass

    def make():
        def test_it(): pass
        return test_it

    test_made = make()
"""
PLAIN = "def test_plain(): pass"
FEATURE = (
    "Feature: F\n  @slow\n  Scenario: one\n    Given it is\n\n"
    "  Scenario Outline: rows\n    Given it is\n\n"
    "    Examples:\n      | n |\n      | 1 |\n      | 2 |\n"
)
STEPS = """
    from pytest_bdd import given, scenarios

    scenarios(".")

    @given("it is")
    def _(): pass
"""


def write_keys(project: Project, *arguments: str) -> pytest.RunResult:
    """Run ``xray-bridge keys --write``."""
    command = ("keys", "--write", "--sandbox", *arguments)
    return project.pytester.run(sys.executable, "-m", "xray_bridge", *command)


def keys_in_xray(project: Project) -> list[str]:
    """Return the keys of all Tests in the sandbox."""
    store = Store(project.pytester.path / ".xray" / "sandbox" / "sandbox.sqlite3")
    return [each.key for each in store.issues("type = ?", ("Test",))]


def keys_of_run(project: Project) -> set[str]:
    """Return the keys of the Tests in the newest Test Execution."""
    return {run.test_key for run in project.executions[0].runs}


@pytest.mark.parametrize("deployment", ["server", "cloud"])
def test_a_second_upload_finds_the_tests_of_the_first(
    project: Project, deployment: str
) -> None:
    """No Test is created; rows become results of the oldest of their Tests."""
    project.pytester.makepyfile(test_shop=SUITE, test_plain=PLAIN)
    project.upload(XRAY_DEPLOYMENT=deployment)
    known, first = keys_in_xray(project), keys_of_run(project)
    done = write_keys(project)
    project.upload()
    source = (project.pytester.path / "test_shop.py").read_text()

    assert done.ret == 0
    done.stdout.fnmatch_lines(
        [
            "Keys written: 3 in 2 files",
            "  test_plain.py:1: test_plain: CALC-*",
            "  test_shop.py:*: TestShop::test_cart: CALC-*",
            "  test_shop.py:*: test_row: CALC-*; no more results for CALC-*",
            "Without a key: 2",
            "  test_shop.py:*: TestShop::test_inherited: it is generated or inherited*",
            "  test_shop.py:*: test_made: it is generated or inherited*",
        ]
    )
    assert source.count("@pytest.mark.xray(") == 3
    assert keys_in_xray(project) == known
    assert len(first - keys_of_run(project)) == 1
    assert keys_of_run(project) < first


def test_a_renamed_test_keeps_its_test(project: Project) -> None:
    """That is what keys are for."""
    path = project.pytester.makepyfile(test_plain=PLAIN)
    project.upload()
    known = keys_of_run(project)
    write_keys(project)
    path.write_text(path.read_text().replace("test_plain", "test_renamed"))
    project.upload()

    assert keys_of_run(project) == known


def test_scenarios_of_pytest_bdd_get_tags(project: Project) -> None:
    """In their feature file, next to the tags that are there."""
    project.pytester.makefile(".feature", calc=FEATURE)
    project.pytester.makepyfile(test_calc=STEPS)
    import_command = ("features", "import", "--sandbox", "calc.feature")
    project.pytester.run(sys.executable, "-m", "xray_bridge", *import_command)
    known = keys_in_xray(project)
    done = write_keys(project)
    project.upload()
    found = (project.pytester.path / "calc.feature").read_text()
    one, rows = known[-2:]

    assert done.ret == 0
    assert f"{found}\n" == FEATURE.replace("@slow\n", f"@slow @{one}\n").replace(
        "  Scenario Outline", f"  @{rows}\n  Scenario Outline"
    )
    assert keys_in_xray(project) == known
    assert keys_of_run(project) == {one, rows}


@pytest.mark.parametrize("flag", ["--diff", "--check"])
def test_a_look_writes_nothing(project: Project, flag: str) -> None:
    """``--check`` fails as long as keys are missing, for CI."""
    path = project.pytester.makepyfile(test_plain=PLAIN)
    project.upload()
    done = write_keys(project, flag)
    after = path.read_text()
    write_keys(project)

    assert after == PLAIN
    assert done.ret == (85 if flag == "--check" else 0)
    if flag == "--diff":
        done.stdout.fnmatch_lines(['+@pytest.mark.xray("CALC-*")', " def test_plain*"])
    assert write_keys(project, flag).ret == 0


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("def test_b(:\n", "  incomplete: test_b.py could not be collected"),
        (None, "  */test_b.py: it is read-only"),
    ],
)
def test_nothing_is_written_if_one_file_cannot_be(
    project: Project, content: str | None, reason: str
) -> None:
    """All files or none, with a line for each reason."""
    path = project.pytester.makepyfile(test_a=PLAIN)
    other = project.pytester.makepyfile(test_b=PLAIN)
    project.upload()
    if content is None:
        other.chmod(0o444)
    else:
        other.write_text(content)
    done = write_keys(project)

    assert done.ret == 85
    done.stdout.fnmatch_lines(["Nothing was written, because of: 1", reason])
    assert path.read_text() == PLAIN


def test_a_file_with_changes_that_are_not_committed(project: Project) -> None:
    """It is left alone, and so are the others."""
    path = project.pytester.makepyfile(test_plain=PLAIN)
    names = ("-c", "user.name=a", "-c", "user.email=a@b.example")
    for command in (["init", "-q"], ["add", "."], [*names, "commit", "-qm", "x"]):
        subprocess.run(["git", *command], cwd=path.parent, check=True)  # noqa: S607
    project.upload()
    path.write_text(f"{PLAIN}  # mine\n")
    done = write_keys(project, "--json")

    assert done.ret == 85
    found = json.loads(done.stdout.str())
    assert found["faults"] == [f"{path}: it has changes that are not committed"]
    assert not found["is_written"]
    assert path.read_text() == f"{PLAIN}  # mine\n"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("keys", "--check"), "--diff and --check need --write or --remove"),
        (("keys", "--write", "--offline"), "--write asks Xray for keys"),
        (("keys", "--write"), "no project to search"),
    ],
)
def test_flags_that_do_not_fit_are_refused(
    project: Project, arguments: tuple[str, ...], reason: str
) -> None:
    """In one line."""
    done = project.pytester.run(sys.executable, "-m", "xray_bridge", *arguments)

    assert done.ret == 2
    done.stderr.fnmatch_lines([f"*{reason}*"])


def test_run_directories_are_refused(project: Project) -> None:
    """They have the names of tests, but not their places."""
    project.pytester.makepyfile(test_plain=PLAIN)
    project.upload()
    (run,) = project.runs
    done = write_keys(project, str(run))

    assert done.ret == 2
    done.stderr.fnmatch_lines(["*--write reads the code*"])


def test_many_files_are_written_with_nothing_but_marks(project: Project) -> None:
    """By their syntax trees."""
    content = "import pytest\n\n\n" + "\n\n\n".join(
        f"def test_{number}():\n    assert {number}  # kept" for number in range(7)
    )
    project.pytester.makepyfile(**{f"test_{name}": content for name in range(20)})
    project.upload()
    done = write_keys(project)
    files = [*project.pytester.path.glob("test_*.py")]

    done.stdout.fnmatch_lines(["Keys written: 140 in 20 files"])
    assert len({key for path in files for key in _take_keys(path, content)}) == 140


def _take_keys(path: Path, before: str) -> list[str]:
    """Return the keys of a file; without them it must be as before."""
    tree = ast.parse(path.read_text())
    functions = [each for each in tree.body if isinstance(each, ast.FunctionDef)]
    keys = [ast.unparse(each.decorator_list.pop()) for each in functions]
    assert ast.dump(tree) == ast.dump(ast.parse(before))
    return keys
