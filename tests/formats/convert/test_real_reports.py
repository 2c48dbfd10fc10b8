"""
Reports of real tools in formats that Xray does not import, through the intake.

The files are as the tools wrote them, from small suites; versions and commands stand
in ``tests/samples/real/convert/README.md``, with what each tool itself said.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.formats.convert.taking import Taken, taken


REAL = Path(__file__).parents[2] / "samples" / "real" / "convert"
# Passed, failed, skipped; then the failures that are no test's, which count as
# failed; then the Test keys and the worst outcome of each.
ROWS: dict[str, tuple[str, tuple[str, ...], dict[str, str]]] = {
    "allure-behave": (
        "2/6/3",
        (),
        {"CALC-1": "passed", "CALC-2": "failed", "CALC-3": "failed"},
    ),
    "allure-mocha": (
        "2/3/2",
        ('afters > "after all" hook', '"before all" hook failed'),
        {"CALC-1": "passed"},
    ),
    "allure-pytest": (
        "5/4/1",
        (),
        {"CALC-1": "passed", "CALC-3": "failed", "CALC-4": "passed"},
    ),
    "ava.tap": ("5/7/2", (), {"CALC-1": "passed"}),
    "behavex.json": (
        "3/4/2",
        (),
        {"CALC-1": "passed", "CALC-2": "failed", "CALC-3": "failed"},
    ),
    "cppunit-expected-fail.xml": ("3/6/0", (), {}),
    "ctrf-jest.json": ("4/2/2", (), {"CALC-1": "passed"}),
    "ctrf-playwright.json": ("3/1/2", (), {"CALC-1": "passed", "CALC-2": "failed"}),
    "ctrf-pytest.json": (
        "7/7/1",
        (),
        {"CALC-1": "passed", "CALC-2": "failed", "CALC-3": "failed"},
    ),
    "cucumber-9-messages.ndjson": ("2/3/1", (), {"CALC-1": "passed"}),
    "cucumber-messages-beforeall.ndjson": ("0/1/0", ("test run",), {}),
    "cucumber-messages.ndjson": (
        "3/2/0",
        (),
        {"CALC-1": "passed", "CALC-2": "passed", "CALC-3": "failed"},
    ),
    "go-test.jsonl": (
        "6/7/2",
        ("example.com/calc/broken", "example.com/calc/main2"),
        {},
    ),
    "jest.json": (
        "4/4/2",
        ("small/calc.test.js", "small/broken.test.js"),
        {"CALC-1": "passed"},
    ),
    "jest.trx": ("4/4/2", (), {"CALC-1": "passed"}),
    "libcheck-fixture.xml": ("4/4/0", (), {}),
    "mocha.json": (
        "6/6/3",
        (
            't/calc.js > needs a database > "before all" hook for "first"',
            't/calc.js > cleans > "after each" hook for "third"',
        ),
        {"CALC-1": "passed"},
    ),
    "newman.json": (
        "3/4/1",
        ("script dies: test script",),
        {"CALC-1": "passed", "CALC-2": "failed"},
    ),
    "node.tap": ("3/5/2", ("afterh",), {"CALC-1": "passed", "CALC-2": "passed"}),
    "playwright-load-error.json": ("0/1/0", ("c/broken.spec.ts",), {}),
    "playwright.json": ("3/1/2", (), {"CALC-1": "passed", "CALC-2": "failed"}),
    "pytest-json-report.json": ("7/8/1", ("test_broken.py",), {}),
    "pytest.tap": ("6/6/3", (), {}),
    "qunit.tap": ("5/7/2", (), {"CALC-1": "passed"}),
    "robot-output.json": (
        "2/8/5",
        (),
        {
            "CALC-1": "passed",
            "CALC-3": "failed",
            "CALC-4": "failed",
            "CALC-5": "failed",
        },
    ),
    "stestr-v1.subunit": ("2/7/1", (), {}),
    "stestr.subunit": ("2/7/1", (), {}),
    "tap-bail.tap": ("1/1/0", ("Bail out!",), {}),
    "tap-short.tap": ("2/1/0", ("plan",), {}),
    "tap14-subtests.tap": ("3/2/3", (), {"CALC-1": "passed", "CALC-2": "failed"}),
    "unittestpp.xml": ("2/4/0", (), {}),
    "vitest.json": (
        "7/6/6",
        ("t/broken.test.js", "t/hook.test.js"),
        {"CALC-1": "passed"},
    ),
}


@pytest.fixture
def found(request: pytest.FixtureRequest, tmp_path: Path) -> Taken:
    """The results of a report after the intake."""
    return taken(REAL / str(request.param), tmp_path)


@pytest.mark.parametrize(
    ("found", "counts", "red", "keys"),
    [(name, *row) for name, row in ROWS.items()],
    indirect=["found"],
    ids=list(ROWS),
)
def test_real_report(
    found: Taken, counts: str, red: tuple[str, ...], keys: dict[str, str]
) -> None:
    """Results, red that is no test's, and keys are what the tool meant."""
    assert found.counts == counts
    assert found.red == red
    assert found.keys == keys


@pytest.mark.parametrize("found", ROWS, indirect=True)
def test_names_are_stable(found: Taken) -> None:
    """No name has a number of the machine's, its folders, colours or line ends."""
    for name in (each for each in found.names if NOT_LOADED not in each):
        assert "/home/ci" not in name
        assert name.isprintable()
        assert name == name.strip()


@pytest.mark.parametrize("found", ROWS, indirect=True)
def test_failures_say_why(found: Taken) -> None:
    """Each failed result of a tool that says why has a message."""
    silent = [name for name, message in found.failures if not message]

    assert silent == SILENT.get(found.name, [])


# AVA's name of a file that cannot be loaded is the message of the error.
NOT_LOADED = "Error [ERR_MODULE_NOT_FOUND]"
# A test that was still to do, and passes; a name that says it.
SILENT = {
    "ava.tap": ["tap.broken.mjs exited with a non-zero exit code: 1"],
    "qunit.tap": ["tap.was to do"],
}
