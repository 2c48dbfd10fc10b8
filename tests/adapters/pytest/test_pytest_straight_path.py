"""The straight path for silent tests writes the same lines as the way of all others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest


if TYPE_CHECKING:
    from tests.adapters.pytest.conftest import Project

SUITE = """
import subprocess
import sys
import unittest
import pytest

pytestmark = pytest.mark.xray(requirements=["CALC-7"])

def test_without_key(): pass

@pytest.mark.xray("CALC-1", "CALC-2")
def test_key(): pass

@pytest.mark.xray("CALC-3", summary="Adds", labels=["fast"], custom_fields={"a": "b"})
def test_more(): print("printed")

@pytest.mark.parametrize("text", ["a::b", "c", "caf\\u00e9"])
def test_rows(text): pass

class TestClass:
    @pytest.mark.xray("CALC-4")
    def test_method(self): pass

    class TestInner:
        def test_inner(self): pass

class Old(unittest.TestCase):
    def test_old(self): pass

def test_comment(xray):
    xray.comment("said")

@pytest.fixture
def late(xray):
    yield
    xray.comment("said at the end")

@pytest.mark.xray("CALC-5")
def test_late_comment(late): pass

@pytest.fixture
def broken():
    yield
    raise ValueError("at the end")

def test_broken_end(broken): pass

def test_fails(): assert 1 == 2

def test_skipped(): pytest.skip("not today")

@pytest.mark.xfail
def test_expected(): assert False

@pytest.mark.xfail
def test_unexpected(): pass

def test_after_all(): pass
"""
# A plugin that takes part in running tests, and changes nothing.
PARTNER = """
def pytest_runtest_protocol(item, nextitem):
    return None
"""
TIMES = ("started", "duration")


def lines_of(project: Project, *arguments: str) -> list[dict[str, Any]]:
    """Run the suite; return the lines of its journal without times."""
    project.run("--xray-collect", "--xray-project", "CALC", *arguments)
    return [
        {name: value for name, value in line.items() if name not in TIMES}
        for line in project.last
    ]


@pytest.mark.parametrize("captures", ["none", "failed", "all"])
def test_both_ways_write_the_same_lines(project: Project, captures: str) -> None:
    """All fields but the times are equal, for each kind of test."""
    project.pytester.makepyfile(test_suite=SUITE)
    flag = f"--xray-captures={captures}"
    straight = lines_of(project, flag)
    project.pytester.makeconftest(PARTNER)

    beside_a_partner = lines_of(project, flag)

    assert len(straight) == 17
    assert straight == beside_a_partner


@pytest.mark.parametrize("captures", ["none", "all"])
def test_workers_write_the_same_lines(project: Project, captures: str) -> None:
    """With xdist, each test has the fields that it has without, and its position."""
    project.pytester.makepyfile(test_suite=SUITE)
    flag = f"--xray-captures={captures}"
    serial = lines_of(project, flag)

    found = lines_of(project, flag, "-n", "2")

    assert {_name_of(line) for line in found if "position" in line} == {
        _name_of(line) for line in serial if "test_keys" in line
    }
    for line in (*found, *serial):
        line.pop("position", None)
        # xdist indents the first line of a traceback in another way.
        line.pop("message", None)
    assert sorted(found, key=_name_of) == sorted(serial, key=_name_of)


def _name_of(line: dict[str, Any]) -> str:
    return f"{line['classname']}.{line['name']}"


def test_crash_of_a_plain_test_in_a_worker(project: Project) -> None:
    """Its key comes from the short form of the worker's note."""
    project.pytester.makepyfile(
        test_it="""
        import os, pytest
        @pytest.mark.xray("CALC-1")
        def test_passes(): pass
        @pytest.mark.xray("CALC-2")
        def test_dies(): os._exit(1)
        """
    )
    project.run("--xray-collect", "--xray-project", "CALC", "-n", "1")

    found = {line["name"]: line for line in project.last}
    assert found["test_dies"]["test_keys"] == ["CALC-2"]
    assert found["test_dies"]["outcome"] == "failed"
    assert found["test_passes"]["outcome"] == "passed"


def test_times_are_those_of_the_test(project: Project) -> None:
    """Start and duration of a silent test are those that others have."""
    project.pytester.makepyfile(
        "import time\ndef test_one(): time.sleep(0.2)\ndef test_two(): pass"
    )
    project.run("--xray-collect", "--xray-project", "CALC")

    one, two = project.last

    assert 0.2 <= one["duration"] < 5
    assert two["started"] >= one["started"] + one["duration"] - 0.001


def test_hook_for_evidence_is_called_while_fixtures_exist(project: Project) -> None:
    """The report of the call arrives before the teardown of the driver."""
    project.pytester.makeconftest(
        """
        def pytest_xray_evidence(item, report):
            if report.when == "call":
                return [item.funcargs["driver"].name.encode()]
        """
    )
    project.pytester.makepyfile(
        """
        import pytest

        class Driver:
            name = "open"

        @pytest.fixture
        def driver():
            found = Driver()
            yield found
            found.name = "closed"

        def test_page(driver): pass
        """
    )

    project.run("--xray-collect", "--xray-project", "CALC")

    (line,) = project.last
    (path,) = project.runs[0].joinpath("evidence").iterdir()
    assert len(line["evidence"]) == 1
    assert path.read_bytes() == b"open"


def test_mark_that_is_added_after_the_collection_counts(project: Project) -> None:
    """A later plugin may add a key to a test."""
    project.pytester.makeconftest(
        """
        import pytest

        def pytest_collection_finish(session):
            for number, item in enumerate(session.items, 1):
                item.add_marker(pytest.mark.xray(f"CALC-{number}"))
        """
    )
    project.pytester.makepyfile("def test_one(): pass\ndef test_two(): pass")

    project.run("--xray-collect", "--xray-project", "CALC")

    assert [line["test_keys"] for line in project.last] == [["CALC-1"], ["CALC-2"]]
