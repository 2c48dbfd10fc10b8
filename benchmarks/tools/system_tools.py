"""Tools of the system, in its version, if it has them: one row each."""

from __future__ import annotations

from benchmarks.tools import system_suites as suites
from benchmarks.tools.homes import SYSTEM
from benchmarks.tools.tool import ALL, FAILED, PASSED, SKIPPED, Tool


NODE_WORDS = {
    r"# pass (\d+)": PASSED,
    r"# fail (\d+)": FAILED,
    r"# cancelled (\d+)": FAILED,
    r"# skipped (\d+)": SKIPPED,
    r"# todo (\d+)": SKIPPED,
}
NODE = (
    "node --test --test-reporter=tap --test-reporter-destination=report.tap"
    " --test-reporter=junit --test-reporter-destination=report.xml"
    " calc.test.mjs broken.test.mjs; cat report.tap"
)

IN_SYSTEM: tuple[Tool, ...] = (
    Tool(
        name="Node 20.20.2 --test, TAP",
        packages=("node",),
        home=SYSTEM,
        suite=suites.NODE_TEST,
        command=NODE,
        report="report.tap",
        words=NODE_WORDS,
        summary=r"(?s)# pass \d+.*",
        why="a suite whose `after()` fails is counted as a suite, by us as a failure",
    ),
    Tool(
        name="Node 20.20.2 --test, JUnit",
        packages=("node",),
        home=SYSTEM,
        suite=suites.NODE_TEST,
        command=NODE,
        report="report.xml",
        words=NODE_WORDS,
        summary=r"(?s)# pass \d+.*",
    ),
    Tool(
        name="CTest 3.25.1",
        packages=("ctest",),
        home=SYSTEM,
        suite=suites.CTEST,
        command="cmake -S . -B build && ctest --test-dir build"
        ' --output-junit "$PWD/report.xml"',
        report="report.xml",
        words={
            r"out of (\d+)": ALL,
            r"(\d+) tests failed": FAILED,
        },
        summary=r"\d+% tests passed.*",
        why="a skip is counted as a pass, what is disabled as nothing",
    ),
    Tool(
        name="Test::More, prove",
        packages=("prove",),
        home=SYSTEM,
        suite=suites.PERL,
        command="perl t/calc.t > report.tap; prove t",
        report="report.tap",
        words={
            r"Tests: +(\d+)": ALL,
            r"Failed: +(\d+)": FAILED,
        },
        summary=r"(?s)Test Summary Report.*",
        why="skips and todos are counted as passes",
    ),
)
