"""Reports with what their formats have in store, and what is right."""

from __future__ import annotations

import json
from typing import Any


def events(*found: dict[str, Any]) -> str:
    """JSON objects, one in each line."""
    return "".join(f"{json.dumps(each)}\n" for each in found)


def go(action: str, test: str = "", package: str = "p", **more: str) -> dict[str, str]:
    """An event of go test."""
    of_test = {"Test": test} if test else {}
    return {"Action": action, "Package": package, **of_test, **more}


def trx(inner: str) -> str:
    """A report of Visual Studio."""
    space = "http://microsoft.com/schemas/VisualStudio/TeamTest/2010"
    return f'<TestRun xmlns="{space}">{inner}</TestRun>'


def of_trx(outcome: str, inner: str = "", name: str = "adds") -> str:
    """A result in one."""
    head = f'<UnitTestResult testId="1" testName="{name}" outcome="{outcome}"'
    return f"{head}>{inner}</UnitTestResult>"


DEFINED = (
    '<TestDefinitions><UnitTest name="adds" id="1"><TestCategory>'
    '<TestCategoryItem TestCategory="CALC-1"/></TestCategory>'
    '<TestMethod className="a.Calc, a" name="adds"/></UnitTest></TestDefinitions>'
)


def jest(*files: dict[str, Any], **top: Any) -> str:
    """A report of Jest."""
    head = {"numTotalTests": 1, "numRuntimeErrorTestSuites": 0, "success": True}
    return json.dumps({**head, "testResults": files, **top})


def robot(suite: dict[str, Any], **total: int) -> str:
    """A report of Robot Framework."""
    return json.dumps({"suite": suite, "statistics": {"total": total}})


def playwright(*tests: dict[str, Any], **top: Any) -> str:
    """A report of Playwright with one test, as it went in several projects."""
    spec = {"title": "adds", "tests": tests}
    config = {"rootDir": "/a", **top}
    suites = [{"title": "a.spec.ts", "specs": [spec]}]
    return json.dumps({"config": config, "suites": suites, "stats": {"expected": 1}})


PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"
CALC = {"name": "Calc", "tests": [{"name": "adds", "status": "PASS"}]}
BROKEN_AFTER = {"name": "stop", "status": "broken"}
MESSAGES_BEGIN: tuple[dict[str, Any], ...] = (
    {"meta": {}},
    {"pickle": {"id": "p", "uri": "a.feature", "name": "adds"}},
    {"testCase": {"id": "c", "pickleId": "p"}},
    {"testCaseStarted": {"id": "s", "testCaseId": "c"}},
)
END = {"testRunFinished": {"success": False}}


def step(status: str) -> dict[str, Any]:
    """A step that ended."""
    result = {"testCaseStartedId": "s", "testStepResult": {"status": status}}
    return {"testStepFinished": result}


CASE_END = {"testCaseFinished": {"testCaseStartedId": "s"}}
# What it is, the report, and its results by name; ``red`` fails, and is no test's.
TRAPS: dict[str, tuple[str, dict[str, str]]] = {
    "TAP: a skip that is not ok": ("1..1\nnot ok 1 - a # SKIP", {"a": FAILED}),
    "TAP: a plan that skips all": ("1..0 # SKIP no printer", {}),
    "TAP: no plan": ("ok 1 - a\n", {"a": PASSED, "plan": "red"}),
    "TAP: more than planned": (
        "1..1\nok 1\nok 2 b",
        {"test 1": PASSED, "b": PASSED, "plan": "red"},
    ),
    "TAP: points in YAML": (
        "1..1\nok 1 a\n  ---\n  x: |\n  not ok 9\n  ...\n",
        {"a": PASSED},
    ),
    "TAP: a subtest without its parent": (
        "1..1\nok 1 a\n# Subtest: b\n    1..1\n    not ok 1 c\n",
        {"a": PASSED, "plan": "red"},
    ),
    "TAP: braces of a subtest": (
        "1..1\nok 1 - a {\n    1..1\n    ok 1 b\n}\n",
        {"a": PASSED},
    ),
    "TAP: times behind the name": ("1..1\nok 1 - a # time=12.3ms", {"a": PASSED}),
    "TAP: it counts failures and shows none": (
        "1..1\nok 1 a\n# fail 1\n",
        {"a": PASSED, "test run": "red"},
    ),
    "go: a package without an end": (
        events(go("run", "TestA"), go("pass", "TestA")),
        {"p.TestA": PASSED, "p": "red"},
    ),
    "go: a test without an end": (
        events(go("run", "TestA"), go("fail")),
        {"p.TestA": FAILED},
    ),
    "go: a parent that fails by itself": (
        events(
            go("run", "TestA"),
            go("run", "TestA/b"),
            go("pass", "TestA/b"),
            go("fail", "TestA"),
            go("fail"),
        ),
        {"p.TestA/b": PASSED, "p.TestA": FAILED},
    ),
    "go: a build since 1.24": (
        events(
            {"Action": "build-output", "ImportPath": "p", "Output": "no"},
            {"Action": "build-fail", "ImportPath": "p"},
            go("start"),
            go("fail", FailedBuild="p"),
        ),
        {"p": "red"},
    ),
    "go: packages side by side": (
        events(
            go("run", "TestA", "p"),
            go("run", "TestA", "q"),
            go("fail", "TestA", "q"),
            go("pass", "TestA", "p"),
            go("pass", package="p"),
            go("fail", package="q"),
        ),
        {"p.TestA": PASSED, "q.TestA": FAILED},
    ),
    "trx: definitions behind results": (
        trx(f"<Results>{of_trx('Passed', name='adds (1)')}</Results>{DEFINED}"),
        {"a.Calc.adds": PASSED},
    ),
    "trx: rows, of which one failed": (
        trx(
            DEFINED
            + of_trx(
                "Failed",
                f"<InnerResults>{of_trx('Failed')}{of_trx('Passed')}</InnerResults>",
            )
        ),
        {"a.Calc.adds": FAILED},
    ),
    "trx: an outcome that nobody knows": (trx(of_trx("Odd")), {"adds": FAILED}),
    "trx: a run that was aborted": (
        trx(f'{of_trx("Passed")}<ResultSummary outcome="Aborted"/>'),
        {"adds": PASSED, "test run": "red"},
    ),
    "trx: an error of the run": (
        trx(
            f'{of_trx("Passed")}<ResultSummary outcome="Failed"><RunInfos>'
            '<RunInfo outcome="Error"><Text>host died</Text></RunInfo></RunInfos>'
            "</ResultSummary>"
        ),
        {"adds": PASSED, "test run": "red"},
    ),
    "trx: a run that failed, and no test": (
        trx(f'<ResultSummary outcome="Failed"/>{of_trx("Passed")}'),
        {"adds": PASSED, "test run": "red"},
    ),
    "CTRF: failures in the summary only": (
        json.dumps({"results": {"summary": {"tests": 2, "failed": 2}, "tests": []}}),
        {"test run": "red"},
    ),
    "CTRF: a status that nobody knows": (
        json.dumps({"results": {"tests": [{"name": "a", "status": "other"}]}}),
        {"a": FAILED},
    ),
    "CTRF: types that are not its": (
        json.dumps({"results": {"tests": [{"name": 1, "status": [], "suite": {}}, 3]}}),
        {"1": FAILED, "(no name)": FAILED},
    ),
    "Jest: a failed run without a failed test": (
        jest({"name": "a", "status": "passed"}, success=False),
        {"test run": "red"},
    ),
    "Jest: a run that was interrupted": (
        jest(wasInterrupted=True),
        {"test run": "red"},
    ),
    "Mocha: only a hook": (
        json.dumps(
            {
                "stats": {"passes": 0},
                "tests": [],
                "passes": [],
                "failures": [{"title": '"before all" hook in "{root}"'}],
            }
        ),
        {'"before all" hook in "{root}"': "red"},
    ),
    "Playwright: flaky tests that fail the run": (
        playwright({"status": "flaky", "results": []}, failOnFlakyTests=True),
        {"a.spec.ts.adds": FAILED},
    ),
    "pytest: nothing collected, and no collectors": (
        json.dumps({"created": 1, "exitcode": 2, "summary": {}, "tests": []}),
        {"test run": "red"},
    ),
    "Robot: a setup that failed before any test": (
        robot({"name": "Calc", "status": "FAIL", "setup": {"status": "FAIL"}}),
        {"Calc": "red"},
    ),
    "Robot: a teardown above the suite": (
        robot({"name": "All", "suites": [CALC], "teardown": {"status": "FAIL"}}),
        {"All.Calc.adds": FAILED},
    ),
    "Robot: a teardown that is skipped": (
        robot({**CALC, "teardown": {"status": "SKIP"}}),
        {"Calc.adds": SKIPPED},
    ),
    "Robot: a teardown that is skipped, then one that fails": (
        robot(
            {
                "name": "All",
                "suites": [{**CALC, "teardown": {"status": "SKIP"}}],
                "teardown": {"status": "FAIL"},
            },
        ),
        {"All.Calc.adds": SKIPPED, "All": "red"},
    ),
    "behavex: a dead before_all": (
        json.dumps(
            {
                "features": [
                    {
                        "filename": "a.feature",
                        "status": "error",
                        "scenarios": [{"name": "adds", "status": "untested"}],
                    }
                ],
                "steps_definition": {},
            }
        ),
        {"a.feature.adds": SKIPPED, "a.feature": "red"},
    ),
    "Messages: a scenario without an end": (
        events(*MESSAGES_BEGIN, step("PASSED"), END),
        {"a.feature.adds": FAILED},
    ),
    "Messages: a step that is undefined": (
        events(*MESSAGES_BEGIN, step("UNDEFINED"), step("SKIPPED"), CASE_END, END),
        {"a.feature.adds": FAILED},
    ),
    "Messages: a step that is pending": (
        events(*MESSAGES_BEGIN, step("PENDING"), CASE_END, END),
        {"a.feature.adds": SKIPPED},
    ),
    "Messages: a hook of the run": (
        events(
            {"meta": {}},
            {"hook": {"id": "h", "name": "stop"}},
            {"testRunHookStarted": {"id": "r", "hookId": "h"}},
            {
                "testRunHookFinished": {
                    "testRunHookStartedId": "r",
                    "result": {"status": "FAILED"},
                }
            },
            END,
        ),
        {"stop": "red"},
    ),
    "Messages: a feature that cannot be read": (
        events({"meta": {}}, {"parseError": {"source": {"uri": "a.feature"}}}, END),
        {"a.feature": "red"},
    ),
    "Messages: a failed run without a failed scenario": (
        events(*MESSAGES_BEGIN, step("PASSED"), CASE_END, END),
        {"a.feature.adds": PASSED, "test run": "red"},
    ),
    "subunit: a test without an end": ("test: a.b\n", {"a.b": FAILED}),
    "subunit: brackets in details": (
        "test: a.b\nsuccess: a.b [\n]\ntest: a.c\nfailure: a.c [\nx\n]\n",
        {"a.b": PASSED, "a.c": FAILED},
    ),
    "newman: failures that no execution has": (
        json.dumps(
            {"collection": {}, "run": {"executions": [], "failures": [{"at": "x"}]}}
        ),
        {"test run": "red"},
    ),
    "newman: a request without an answer, and no test": (
        json.dumps(
            {
                "collection": {
                    "item": [
                        {
                            "id": "1",
                            "name": "Sums",
                            "item": [{"id": "2", "name": "adds"}],
                        }
                    ]
                },
                "run": {
                    "executions": [{"item": {"id": "2"}, "requestError": {"code": "X"}}]
                },
            }
        ),
        {"Sums / adds: request": "red"},
    ),
}
