"""Test keys are taken out of real suites of pytest and pytest-bdd."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.adapters.pytest.conftest import Project
from tests.adapters.pytest.test_pytest_keys_write import FEATURE, STEPS, SUITE


KEYED = """
    import pytest

    pytestmark = pytest.mark.xray("CALC-9")

    @pytest.mark.xray("CALC-1", requirements=["CALC-7"], defects=["CALC-8"])
    @pytest.mark.parametrize("n", [1, 2])
    def test_rows(n): pass

    def test_of_the_file(): pass

    @pytest.mark.parametrize("n", [pytest.param(1, marks=pytest.mark.xray("CALC-2"))])
    def test_row(n): pass
"""


def remove_keys(project: Project, *arguments: str) -> pytest.RunResult:
    """Run ``xray-bridge keys --remove``."""
    command = ("keys", "--remove", *arguments)
    return project.pytester.run(sys.executable, "-m", "xray_bridge", *command)


def test_keys_that_were_written_are_removed(project: Project) -> None:
    """Both files are as before; only an import of pytest stays."""
    project.pytester.makepyfile(test_shop=SUITE)
    project.pytester.makefile(".feature", calc=FEATURE)
    project.pytester.makepyfile(test_calc=STEPS)
    before = {
        path: Path(path).read_bytes() for path in ("test_shop.py", "calc.feature")
    }
    project.upload("test_shop.py")
    for command in (["features", "import"], ["keys", "--write"]):
        paths = ["calc.feature"] if command[0] == "features" else []
        project.pytester.run(
            sys.executable, "-m", "xray_bridge", *command, "--sandbox", *paths
        )
    written = Path("test_shop.py").read_bytes()
    looked = remove_keys(project, "--diff")
    done = remove_keys(project)
    after = {path: Path(path).read_bytes() for path in before}

    assert written.count(b".xray(") == 3
    assert looked.ret == done.ret == 0
    looked.stdout.fnmatch_lines(["Keys to remove: 5 in 2 files"])
    done.stdout.fnmatch_lines(
        [
            "Keys removed: 5 in 2 files",
            "  calc.feature:3: one: CALC-*",
            "  test_shop.py:*: TestShop::test_cart: CALC-*",
        ]
    )
    # The suite had a key before.
    assert after["calc.feature"] == before["calc.feature"]
    assert after["test_shop.py"] == before["test_shop.py"].replace(
        b'@pytest.mark.xray("CALC-7")\n', b""
    )


def test_requirements_and_defects_stay(project: Project) -> None:
    """Keys of the file and of rows are named, not guessed."""
    path = project.pytester.makepyfile(test_keyed=KEYED)
    before = path.read_text()
    done = remove_keys(project)

    assert done.ret == 0
    done.stdout.fnmatch_lines(
        [
            "Keys removed: 1 in 1 file",
            "  test_keyed.py:5: test_rows: CALC-1",
            "With a key that stays: 2",
            "  test_keyed.py:9: test_of_the_file: its key is not a text in a mark or*",
            "  test_keyed.py:11: test_row: its key is not a text in a mark or tag*",
        ]
    )
    assert path.read_text() == before.replace('"CALC-1", req', "req")


def test_only_the_selected_tests_lose_their_keys(project: Project) -> None:
    """By paths and arguments of pytest."""
    code = 'import pytest\n\n@pytest.mark.xray("CALC-1")\ndef test_it(): pass'
    one, two = project.pytester.makepyfile(test_one=code, test_two=code), "test_two.py"
    done = remove_keys(project, "--", "test_two.py")

    assert done.ret == 0
    assert "xray" in one.read_text()
    assert "xray" not in Path(two).read_text()


@pytest.mark.parametrize("flag", ["--diff", "--check"])
def test_a_look_writes_nothing(project: Project, flag: str) -> None:
    """``--check`` fails as long as there are keys."""
    path = project.pytester.makepyfile(test_keyed=KEYED)
    before = path.read_bytes()
    done = remove_keys(project, flag)

    assert done.ret == (85 if flag == "--check" else 0)
    assert path.read_bytes() == before


def test_all_files_or_none(project: Project) -> None:
    """One has changes that are not committed."""
    code = 'import pytest\n\n@pytest.mark.xray("CALC-1")\ndef test_it(): pass\n'
    project.pytester.makepyfile(test_one=code, test_two=code)
    for command in ("init", "add .", "-c user.name=x -c user.email=x commit -qm x"):
        git = ["git", *command.split()]
        subprocess.run(git, check=True, capture_output=True)
    Path("test_two.py").write_text(f"{code}# mine\n")
    before = Path("test_one.py").read_bytes()
    done = remove_keys(project, "--json")
    found = json.loads(done.stdout.str())

    assert done.ret == 85
    assert [each.rpartition(": ")[2] for each in found["faults"]] == [
        "it has changes that are not committed"
    ]
    assert not found["is_written"]
    assert Path("test_one.py").read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--write",), "either --write or --remove"),
        (("--framework", "pytest", "--", "nowhere"), "could not collect tests"),
    ],
)
def test_what_does_not_fit(
    project: Project, arguments: tuple[str, ...], reason: str
) -> None:
    """It is one line."""
    done = remove_keys(project, *arguments)

    assert done.ret == 2
    done.stderr.fnmatch_lines([f"*{reason}*"])


def test_two_marks_of_two_branches_both_lose_their_keys(project: Project) -> None:
    """``keys`` names them; only the closest one counts."""
    code = (
        'import pytest\n\n@pytest.mark.xray("CALC-1")\n@pytest.mark.xray("CALC-2")\n'
        "def test_it(): pass\n"
    )
    path = project.pytester.makepyfile(test_one=code)
    command = ("keys", "--offline")
    named = project.pytester.run(sys.executable, "-m", "xray_bridge", *command)
    remove_keys(project)

    assert named.ret == 85
    named.stdout.fnmatch_lines(
        [
            "With several marks, of which only one counts; remove the others: 1",
            "  test_one.py:3: test_it: CALC-2, CALC-1",
        ]
    )
    assert path.read_text() == "import pytest\n\ndef test_it(): pass"
