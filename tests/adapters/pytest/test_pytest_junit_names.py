"""pytest's own JUnit file and the plugin name the tests of one run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest


if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.adapters.pytest.conftest import Project

DOCTEST = """
def double(x):
    '''
    >>> double(1)
    2
    '''
    return x * 2
"""
SUITE = {
    "pytest.ini": "[pytest]\naddopts = --doctest-modules --import-mode=importlib\n",
    "test_top.py": """
import unittest, pytest

def test_function(): pass

class TestClass:
    def test_method(self): pass
    class TestInner:
        @pytest.mark.parametrize("row", ["a", "b.c", "d::e", "f/g.py", "h[i]", "ü €"])
        def test_rows(self, row): pass

class OfUnittest(unittest.TestCase):
    def test_it(self): pass

@pytest.mark.parametrize("other", [1, None])
@pytest.mark.parametrize("one", ["x-y", ""])
def test_two_parameters(one, other): pass

def test_skips(): pytest.skip("no")

@pytest.fixture
def breaks(): yield; raise ValueError

@pytest.fixture
def broken(): raise ValueError

def test_without_fixture(broken): pass

@pytest.mark.xfail
def test_expected(): assert 0
""",
    "unit/test_user.py": "def test_login(): pass\n",
    "api/v1.2/test_user.py": "def test_login(): assert 0\n",
    "package/__init__.py": "",
    "package/test_inside.py": "def test_it(): pass\n",
    "package/code.py": DOCTEST,
    "a.b/test_dots.in.name.py": "def test_it(): pass\n",
}
# What fails in its teardown, too, is two in the file, and one Test; subtests are one.
TWICE = """
import pytest

@pytest.fixture
def breaks(): yield; raise ValueError

def test_twice(breaks): assert 0

def test_subtests(subtests):
    for row in "ab":
        with subtests.test(row): assert 0
"""


def write(project: Project, files: dict[str, str]) -> None:
    """Write them below the project."""
    for name, content in files.items():
        path = project.pytester.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")


def in_file(path: Path) -> Iterator[tuple[str, str]]:
    """Class name and name of each test of a JUnit file."""
    for each in ET.parse(path).iter("testcase"):  # noqa: S314 - of pytest
        yield each.attrib["classname"], each.attrib["name"]


def in_journal(project: Project) -> list[tuple[str, str]]:
    """Class name and name of each test that the plugin recorded."""
    return sorted((each["classname"], each["name"]) for each in project.last)


def names(project: Project) -> list[str]:
    """The definitions of all tests in the newest journal."""
    return sorted(
        f"{scenario['feature']['path']} {scenario['name']}"
        if (scenario := each.get("scenario"))
        else f"{each['classname']} {each['name']}"
        for each in project.last
    )


@pytest.mark.parametrize("family", ["xunit1", "xunit2"])
def test_the_same_names(
    project: Project, workers: tuple[str, ...], family: str
) -> None:
    """All shapes of tests have the same names if all files are in the root folder."""
    write(project, SUITE)

    project.run(
        *workers,
        "--junitxml=junit.xml",
        "-o",
        f"junit_family={family}",
        "--xray-collect",
        XRAY_PROJECT="CALC",
    )

    found = sorted(in_file(project.pytester.path / "junit.xml"))
    assert found == in_journal(project)
    assert len(found) == 21


def test_tests_that_are_several_in_the_file(project: Project) -> None:
    """They have one name there, too, so they are one Test."""
    write(project, {"test_twice.py": TWICE})

    project.run("--junitxml=junit.xml", "--xray-collect", XRAY_PROJECT="CALC")

    found = list(in_file(project.pytester.path / "junit.xml"))
    assert len(found) == 3
    assert sorted(set(found)) == in_journal(project)


GROUPS = """
import pytest

@pytest.mark.xdist_group("db")
def test_it(): pass
"""
FEATURE = "Feature: Cart\n  Scenario: It opens\n    Given it works\n"
SCENARIOS = """
from pytest_bdd import given, scenarios

scenarios("cart.feature")

@given("it works")
def _(): pass
"""
LOGIN = "def test_login(): pass\n"
TWO = {
    "conf/pytest.ini": "[pytest]\naddopts = --import-mode=importlib\n",
    "tests/unit/test_user.py": LOGIN,
    "tests/api/test_user.py": LOGIN,
}


@pytest.mark.parametrize(
    ("files", "arguments", "in_junit", "in_plugin"),
    [
        (
            TWO,
            ["-c", "conf/pytest.ini", "tests/unit", "tests/api"],
            ["test_user test_login", "test_user test_login"],
            ["tests.api.test_user test_login", "tests.unit.test_user test_login"],
        ),
        (
            {"test_a.py": LOGIN},
            ["--junit-prefix=nightly"],
            ["nightly.test_a test_login"],
            ["test_a test_login"],
        ),
        (
            {"test_a.py": GROUPS},
            ["-n2", "--dist=loadgroup"],
            [f"test_a test_it{'@db' if pytest.version_tuple < (9, 2) else ''}"],
            ["test_a test_it"],
        ),
        (
            {"cart.feature": FEATURE, "test_cart.py": SCENARIOS},
            [],
            ["test_cart test_it_opens"],
            ["cart.feature It opens"],
        ),
    ],
    ids=["outside", "prefix", "groups", "scenarios"],
)
def test_names_that_differ(
    project: Project,
    files: dict[str, str],
    arguments: list[str],
    in_junit: list[str],
    in_plugin: list[str],
) -> None:
    """The manual has them in a table."""
    write(project, files)

    project.run(*arguments, "--junitxml=j.xml", "--xray-collect", XRAY_PROJECT="CALC")

    found = sorted(" ".join(each) for each in in_file(project.pytester.path / "j.xml"))
    assert (found, names(project)) == (in_junit, in_plugin)
