"""Tools of Node: one row each."""

from __future__ import annotations

from benchmarks.tools import node_suites as suites
from benchmarks.tools.tool import ALL, FAILED, PASSED, RED, SKIPPED, Tool


JEST = "jest@30.5.2"
JEST_WORDS = {
    r"(\d+) passed": PASSED,
    r"(\d+) failed": FAILED,
    r"(\d+) skipped": SKIPPED,
    r"(\d+) todo": SKIPPED,
}
VITEST_WORDS = {
    r"(\d+) passed": PASSED,
    r"(\d+) expected fail": PASSED,
    r"(\d+) failed": FAILED,
    r"(\d+) skipped": SKIPPED,
    r"(\d+) todo": SKIPPED,
}
MOCHA = "mocha@12.0.3"
MOCHA_WORDS = {
    r"(\d+) passing": PASSED,
    r"(\d+) failing": FAILED,
    r"(\d+) pending": SKIPPED,
}
TAP_WORDS = {
    r"# pass +(\d+)": PASSED,
    r"# fail +(\d+)": FAILED,
    r"# skip +(\d+)": SKIPPED,
    r"# todo +(\d+)": SKIPPED,
}
CUCUMBER = "@cucumber/cucumber@11.3.0"
CUCUMBER_WORDS = {
    r"(\d+) passed": PASSED,
    r"(\d+) failed": FAILED,
    r"(\d+) ambiguous": FAILED,
    r"(\d+) undefined": FAILED,
    r"(\d+) pending": SKIPPED,
    r"(\d+) skipped": SKIPPED,
}
NEWMAN_WORDS = {
    r"assertions │ +(\d+)": ALL,
    r"assertions │ +\d+ │ +(\d+)": FAILED,
    r"test-scripts │ +\d+ │ +(\d+)": RED,
    r" requests │ +\d+ │ +(\d+)": RED,
}

NODE: tuple[Tool, ...] = (
    Tool(
        name="Jest 30.5.2",
        packages=(JEST,),
        home="node",
        suite=suites.JEST,
        command="jest --json --outputFile report.json",
        report="report.json",
        words=JEST_WORDS,
        summary=r"Tests: .*",
        why="a file that cannot be loaded and `afterAll` are counted as "
        "suites, by us as failures",
    ),
    Tool(
        name="jest-junit 17.0.0",
        packages=("jest-junit@17.0.0", JEST),
        home="node",
        suite=suites.JEST,
        command="jest --reporters default --reporters jest-junit",
        report="junit.xml",
        words=JEST_WORDS,
        summary=r"Tests: .*",
        why="a todo is a plain pass; `afterAll` is a failure; a file that "
        "cannot be loaded is not in the report",
    ),
    Tool(
        name="jest-ctrf-json-reporter 0.0.11",
        packages=("jest-ctrf-json-reporter@0.0.11", JEST),
        home="node",
        suite=suites.JEST,
        command="jest --reporters default --reporters jest-ctrf-json-reporter",
        report="ctrf/ctrf-report.json",
        words=JEST_WORDS,
        summary=r"Tests: .*",
    ),
    Tool(
        name="jest-trx-results-processor 3.0.2",
        packages=("jest-trx-results-processor@3.0.2", JEST),
        home="node",
        suite=suites.JEST,
        command="jest --reporters default --reporters jest-trx-results-processor",
        report="test-results.trx",
        words=JEST_WORDS,
        summary=r"Tests: .*",
        why="as Jest 30.5.2",
    ),
    Tool(
        name="Vitest 3.2.7",
        packages=("vitest@3.2.7",),
        home="node",
        suite=suites.VITEST,
        command="vitest run --reporter=default --reporter=json --reporter=junit"
        " --outputFile.json=report.json --outputFile.junit=report.xml",
        report="report.json",
        words=VITEST_WORDS,
        summary=r"Tests  .*",
        why="a file that cannot be loaded is counted as a file, by us as a "
        "failure; `beforeAll` is not in the report",
    ),
    Tool(
        name="Vitest 3.2.7, JUnit",
        packages=("vitest@3.2.7",),
        home="node",
        suite=suites.VITEST,
        command="vitest run --reporter=default --reporter=junit"
        " --outputFile.junit=report.xml",
        report="report.xml",
        words=VITEST_WORDS,
        summary=r"Tests  .*",
        why="a file that cannot be loaded and `beforeAll` are counted as "
        "files, by us as failures",
    ),
    Tool(
        name="Mocha 12.0.3",
        packages=(MOCHA,),
        home="node",
        suite=suites.MOCHA,
        command="mocha; mocha --reporter json --reporter-option output=report.json",
        report="report.json",
        words=MOCHA_WORDS,
    ),
    Tool(
        name="Mocha 12.0.3, xunit",
        packages=(MOCHA,),
        home="node",
        suite=suites.MOCHA,
        command="mocha; mocha --reporter xunit --reporter-option output=report.xml",
        report="report.xml",
        words=MOCHA_WORDS,
    ),
    Tool(
        name="Mocha 12.0.3, TAP",
        packages=(MOCHA,),
        home="node",
        suite=suites.MOCHA,
        command="mocha; mocha --reporter tap > report.tap",
        report="report.tap",
        words=MOCHA_WORDS,
    ),
    Tool(
        name="mocha-junit-reporter 2.2.1",
        packages=("mocha-junit-reporter@2.2.1", "mocha@10.8.2"),
        home="node-mocha-10",
        suite=suites.MOCHA,
        command="mocha; mocha --reporter mocha-junit-reporter",
        report="test-results.xml",
        words=MOCHA_WORDS,
        why="pending tests are not in the report",
    ),
    Tool(
        name="mocha-ctrf-json-reporter 0.0.11",
        packages=("mocha-ctrf-json-reporter@0.0.11", MOCHA),
        home="node",
        suite=suites.MOCHA,
        command="mocha; mocha --reporter mocha-ctrf-json-reporter",
        report="ctrf/ctrf-report.json",
        words=MOCHA_WORDS,
    ),
    Tool(
        name="allure-mocha 3.12.2",
        packages=("allure-mocha@3.12.2", MOCHA),
        home="node",
        suite=suites.MOCHA,
        command="mocha; mocha --reporter allure-mocha",
        report="allure-results",
        words=MOCHA_WORDS,
    ),
    Tool(
        name="allure-jest 3.12.2",
        packages=("allure-jest@3.12.2", JEST),
        home="node",
        suite=suites.JEST,
        command="jest --testEnvironment allure-jest/node",
        report="allure-results",
        words=JEST_WORDS,
        summary=r"Tests: .*",
        why="`afterAll` is counted as a suite, by us as a failure; a file that cannot"
        " be loaded is not in the report",
    ),
    Tool(
        name="allure-vitest 3.12.2",
        packages=("allure-vitest@3.12.2", "vitest@3.2.7"),
        home="node",
        suite=suites.ALLURE_VITEST,
        command="vitest run",
        report="allure-results",
        words=VITEST_WORDS,
        summary=r"Tests  .*",
        why="`beforeAll` is counted as a file, by us as a failure; a file that cannot"
        " be loaded is not in the report, nor is what is skipped",
    ),
    Tool(
        name="lab 26.0.1",
        packages=("@hapi/lab@26.0.1",),
        home="node",
        suite=suites.LAB,
        command="lab -l -r console -o stdout -r junit -o report.xml test/calc.js",
        report="report.xml",
        words={
            r"of (\d+) tests": ALL,
            r"(\d+) of \d+ tests failed": FAILED,
        },
        why="skips are counted apart, 2; a test whose `after` fails is written twice,"
        " and is one Test",
    ),
    Tool(
        name="AVA 6.4.1",
        packages=("ava@6.4.1",),
        home="node",
        suite=suites.AVA,
        command="ava calc.mjs hook.mjs; ava --tap calc.mjs hook.mjs > report.tap",
        report="report.tap",
        words={
            r"(\d+) tests? passed": PASSED,
            r"(\d+) known failure": PASSED,
            r"(\d+) tests? failed": FAILED,
            r"(\d+) hooks? failed": FAILED,
            r"(\d+) tests? skipped": SKIPPED,
            r"(\d+) tests? todo": SKIPPED,
        },
        why="what passed is not said on the console if something failed",
    ),
    Tool(
        name="QUnit 3.0.0",
        packages=("qunit@3.0.0",),
        home="node",
        suite=suites.QUNIT,
        command="qunit calc.js | tee report.tap",
        report="report.tap",
        words=TAP_WORDS,
    ),
    Tool(
        name="tape 5.10.2",
        packages=("tape@5.10.2",),
        home="node",
        suite=suites.TAPE,
        command="tape calc.js | tee report.tap",
        report="report.tap",
        words=TAP_WORDS,
        why="a skip is counted as a pass",
    ),
    Tool(
        name="Jasmine 7.0.0, jasmine-reporters 2.5.2",
        packages=("jasmine@7.0.0", "jasmine-reporters@2.5.2"),
        home="node",
        suite=suites.JASMINE,
        command="jasmine",
        report="report/*.xml",
        words={
            r"(\d+) specs?": ALL,
            r"(\d+) failures?": FAILED,
            r"(\d+) pending": SKIPPED,
        },
        why="`beforeAll` and `afterAll` are counted as failures, and are not "
        "in the report",
    ),
    Tool(
        name="cucumber-js 11.3.0",
        packages=(CUCUMBER,),
        home="node",
        suite=suites.CUCUMBER,
        command="cucumber-js --require features --format json:report.json"
        " --format summary",
        report="report.json",
        words=CUCUMBER_WORDS,
        summary=r"\d+ scenarios.*",
        why="a scenario without steps is counted as nothing, by us as skipped",
    ),
    Tool(
        name="cucumber-js 11.3.0, messages",
        packages=(CUCUMBER,),
        home="node",
        suite=suites.CUCUMBER,
        command="cucumber-js --require features --format message:report.ndjson"
        " --format summary",
        report="report.ndjson",
        words=CUCUMBER_WORDS,
        summary=r"\d+ scenarios.*",
        why="a scenario without steps is counted as nothing, by us as skipped",
    ),
    Tool(
        name="cucumber-js 11.3.0, JUnit",
        packages=(CUCUMBER,),
        home="node",
        suite=suites.CUCUMBER,
        command="cucumber-js --require features --format junit:report.xml"
        " --format summary",
        report="report.xml",
        words=CUCUMBER_WORDS,
        summary=r"\d+ scenarios.*",
        why="in the report pending is `<failure>`, and a scenario without steps passes",
    ),
    Tool(
        name="newman 6.2.2",
        packages=("newman@6.2.2",),
        home="node",
        suite=suites.NEWMAN,
        command="node server.js",
        report="report.json",
        words=NEWMAN_WORDS,
        why="a skipped assertion is counted as a pass",
    ),
    Tool(
        name="newman 6.2.2, JUnit",
        packages=("newman@6.2.2",),
        home="node",
        suite=suites.NEWMAN,
        command="node server.js",
        report="report.xml",
        words=NEWMAN_WORDS,
    ),
    Tool(
        name="bats 1.13.0",
        packages=("bats@1.13.0",),
        home="node",
        suite=suites.BATS,
        command="../../node_modules/bats/bin/bats --report-formatter junit --output ."
        " --formatter pretty . < /dev/null",
        report="report.xml",
        words={
            r"(\d+) tests?": ALL,
            r"(\d+) failures?": FAILED,
            r"(\d+) skipped": SKIPPED,
        },
        summary=r"\d+ tests?, .*",
        why="tests behind a `setup_file` that fails are counted, and are not "
        "in the report; a test whose `teardown_file` fails has failed",
    ),
)
