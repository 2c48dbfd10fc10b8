"""
The core of the adapter beside real plugins, each loaded by itself.

``nox -s plugins`` has them all; elsewhere, those run that are installed.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest

from tests.adapters.pytest.conftest import Project, project, workers


__all__ = ["project", "workers"]
# Plugins keep what they know in their modules, which the fork server has used.
pytestmark = pytest.mark.real_start
SUITE = """
import pytest

@pytest.fixture
def broken(): raise ValueError("no database")

@pytest.mark.xray("CALC-1")
def test_passes(): pass

@pytest.mark.xray("CALC-2")
def test_fails(): assert 1 == 2

@pytest.mark.xray("CALC-3")
def test_skips(): pytest.skip("not here")

@pytest.mark.xray("CALC-4")
@pytest.mark.xfail(reason="known")
def test_fails_as_expected(): assert 0

@pytest.mark.xray("CALC-5")
def test_has_no_fixture(broken): pass

@pytest.mark.xray("CALC-6")
def test_annotates(xray):
    with xray.step("one"):
        xray.attach(b"text", name="a.txt")

@pytest.mark.xray("CALC-7")
@pytest.mark.parametrize("row", ["a", "b"])
def test_rows(row): assert row == "a"
"""
EXPECTED = {
    "CALC-1": {"passed"},
    "CALC-2": {"failed"},
    "CALC-3": {"skipped"},
    "CALC-4": {"xfailed"},
    "CALC-5": {"failed"},
    "CALC-6": {"passed"},
    "CALC-7": {"passed", "failed"},
}
# What a plugin is told, so that it does something.
ARGUMENTS = {
    "flaky": ["--force-flaky", "--max-runs=2"],
    "hypothesis": ["--hypothesis-show-statistics"],
    "pytest-cov": ["--cov=."],
    "pytest-custom-exit-code": ["--suppress-no-test-exit-code"],
    "pytest-flakefinder": ["--flake-finder", "--flake-runs=2"],
    "pytest-html": ["--html=report.html"],
    "pytest-instafail": ["--instafail"],
    "pytest-isolated": ["--isolated"],
    "pytest-json-report": ["--json-report"],
    "pytest-memray": ["--memray"],
    "pytest-mypy": ["--mypy"],
    "pytest-repeat": ["--count=2"],
    "pytest-rerunfailures": ["--reruns=1"],
    "pytest-retry": ["--retries=1"],
    "pytest-rich": ["--rich"],
    "pytest-ruff": ["--ruff"],
    "pytest-run-parallel": ["--parallel-threads=2"],
    "pytest-shard": ["--num-shards=1", "--shard-id=0"],
    "pytest-spec": ["--spec"],
    "pytest-split": ["--splits=1", "--group=1"],
    "pytest-timeout": ["--timeout=60"],
}
# What is not loaded, and a plugin cannot be without.
NEEDED = {
    "pytest-harvest": ["pytest-xdist"],
    "pytest-html": ["pytest-metadata"],
    "pytest-json-report": ["pytest-metadata"],
}


def _pinned() -> list[str]:
    path = Path(__file__).with_name("plugins.txt")
    lines = path.read_text(encoding="utf-8").split()
    return [line.partition("==")[0] for line in lines]


def _names(plugin: str) -> list[str]:
    """Its names for pytest, as others ask for them; none if it is not installed."""
    try:
        entries = distribution(plugin).entry_points
    except PackageNotFoundError:
        return []
    return [each.name for each in entries.select(group="pytest11")]


@pytest.mark.parametrize("plugin", [each for each in _pinned() if _names(each)])
def test_a_plugin_changes_no_result(
    project: Project, workers: tuple[str, ...], plugin: str
) -> None:
    """Each test has its key and its outcome, serially and with workers."""
    project.pytester.makepyfile(SUITE)
    ours = ["pytest_xray_bridge.plugin", *(["xdist"] if workers else [])]
    theirs = [
        name for each in (*NEEDED.get(plugin, ()), plugin) for name in _names(each)
    ]
    named = [word for each in (*ours, *theirs) for word in ("-p", each)]

    project.run(
        *named,
        *workers,
        *ARGUMENTS.get(plugin, ()),
        "--xray-collect",
        XRAY_PROJECT="CALC",
        PYTEST_DISABLE_PLUGIN_AUTOLOAD="1",
    )

    found: dict[str, set[str]] = {}
    for line in project.journal:
        (key,) = line["test_keys"]
        found.setdefault(key, set()).add(line["outcome"])
    assert found == EXPECTED
