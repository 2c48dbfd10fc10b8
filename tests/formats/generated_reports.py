"""
Reports of all formats, made of suites whose verdicts are known.

Written from the formats' manuals, with the traps that real tools set: failures
outside of tests, totals, hooks, words that nobody knows.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import quoteattr


if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

# How a test ends; ``odd`` is a word that nobody knows, ``quiet`` an end that formats
# keep to attributes or hooks.
ENDS = ("passed", "failed", "skipped", "odd", "quietly failed", "quietly not run")
RED = frozenset({"failed", "quietly failed"})


@dataclass(frozen=True)
class Suite:
    """
    Some tests, by how they end.

    ``breaks``: something outside of them fails. ``counts`` is how many failures its
    totals tell of besides those of its tests.
    """

    ends: tuple[str, ...]
    breaks: bool
    counts: int


@dataclass(frozen=True)
class Report:
    """All suites; their tests are called ``t0``, ``t1`` and so on throughout."""

    suites: tuple[Suite, ...]
    has_totals: bool

    @property
    def tests(self) -> Mapping[str, str]:
        """How each test ends."""
        ends = [end for suite in self.suites for end in suite.ends]
        return {f"t{number}": end for number, end in enumerate(ends)}

    @property
    def is_red(self) -> bool:
        """Whether any tool would say so."""
        counted = self.has_totals and any(each.counts for each in self.suites)
        broken = any(each.breaks for each in self.suites)
        return broken or counted or not RED.isdisjoint(self.tests.values())

    def named(self) -> list[tuple[int, Suite, list[tuple[str, str]]]]:
        """The suites with their tests."""
        tests = iter(self.tests.items())
        return [
            (number, suite, [next(tests) for _ in suite.ends])
            for number, suite in enumerate(self.suites)
        ]


def tag(_name: str, /, *inside: str, **attributes: object) -> str:
    """XML of an element."""
    given = {name.replace("_", "-"): str(value) for name, value in attributes.items()}
    text = "".join(f" {name}={quoteattr(value)}" for name, value in given.items())
    return f"<{_name}{text}>{''.join(inside)}</{_name}>"


def _failed(suite: Suite) -> int:
    return suite.counts + sum(end in RED for end in suite.ends) + suite.breaks


def _failed_of(report: Report) -> int:
    return sum(map(_failed, report.suites))


def junit(report: Report) -> str:
    """Ends in elements, or in the attribute ``status``."""
    inside = {
        "failed": {"inside": tag("failure", "no")},
        "skipped": {"inside": tag("skipped")},
        "odd": {"inside": tag("error", type="odd")},
        "quietly failed": {"status": "fail"},
        "quietly not run": {"status": "disabled"},
        "passed": {"status": "run"},
    }
    suites = []
    for number, suite, tests in report.named():
        cases = []
        for name, end in tests:
            given = dict(inside[end])
            text = given.pop("inside", "")
            cases.append(tag("testcase", text, classname="c", name=name, **given))
        if suite.breaks:
            cases.append(tag("error", message="died"))
        counts = {"errors": 0, "failures": _failed(suite)} if report.has_totals else {}
        suites.append(tag("testsuite", *cases, name=f"s{number}", **counts))
    return tag("testsuites", *suites)


def testng(report: Report) -> str:
    """Configuration methods fail outside of tests."""
    words = {
        "passed": "PASS",
        "skipped": "SKIP",
        "odd": "SPLENDID",
        "quietly not run": "SUCCESS_PERCENTAGE_FAILURE",
    }
    classes = []
    for number, suite, tests in report.named():
        methods = [
            tag("test-method", name=name, status=words.get(end, "FAIL"))
            for name, end in tests
        ]
        if suite.breaks:
            config = {"is_config": "true", "name": "setUp", "status": "FAIL"}
            methods.append(tag("test-method", **config))
        classes.append(tag("class", *methods, name=f"s{number}"))
    test = tag("test", *classes, name="t")
    counts = {"failed": _failed_of(report), "total": 99} if report.has_totals else {}
    return tag("testng-results", tag("suite", test, name="x"), **counts)


def nunit(report: Report) -> str:
    """A fixture may fail after its tests, which have passed."""
    words = {
        "passed": "Passed",
        "skipped": "Skipped",
        "quietly not run": "Inconclusive",
    }
    words["odd"] = "Splendid"
    fixtures = []
    for number, suite, tests in report.named():
        cases = [
            tag("test-case", name=name, fullname=name, result=words.get(end, "Failed"))
            for name, end in tests
        ]
        given = {}
        if suite.breaks:
            cases.append(tag("failure", tag("message", "died")))
            given = {"site": "TearDown", "result": "Failed"}
        fixtures.append(tag("test-suite", *cases, name=f"s{number}", **given))
    counts = {"failed": _failed_of(report), "total": 99} if report.has_totals else {}
    return tag("test-run", *fixtures, **counts)


def xunit(report: Report) -> str:
    """Errors of an assembly stand beside its tests."""
    words = {"passed": "Pass", "skipped": "Skip", "quietly not run": "NotRun"}
    words["odd"] = "Splendid"
    assemblies = []
    for number, suite, tests in report.named():
        found = [
            tag("test", name=name, type="c", method=name, result=words.get(end, "Fail"))
            for name, end in tests
        ]
        parts = [tag("collection", *found)]
        if suite.breaks:
            failure = tag("failure", tag("message", "died"))
            parts.insert(0, tag("errors", tag("error", failure, name="x")))
        counts = {}
        if report.has_totals:
            counts = {"failed": _failed(suite) - suite.breaks, "total": 99}
            counts["errors"] = int(suite.breaks)
        assemblies.append(tag("assembly", *parts, name=f"s{number}", **counts))
    return tag("assemblies", *assemblies)


def robot(report: Report) -> str:
    """The teardown of a suite fails its tests, and the file does not show it."""
    words = {"passed": "PASS", "skipped": "SKIP", "quietly not run": "NOT RUN"}
    words["odd"] = "SPLENDID"
    suites = []
    for number, suite, tests in report.named():
        parts = [
            tag("test", tag("status", status=words.get(end, "FAIL")), name=name)
            for name, end in tests
        ]
        if suite.breaks:
            status = tag("status", "died", status="FAIL")
            parts.append(tag("kw", status, name="Stop", type="TEARDOWN"))
        suites.append(tag("suite", *parts, name=f"s{number}"))
    counts = {"pass": 1, "fail": _failed_of(report), "skip": 0}
    total = tag("total", tag("stat", "All Tests", **counts))
    totals = tag("statistics", *([total] if report.has_totals else []))
    return tag("robot", tag("suite", *suites, name="top"), totals)


def _scenario(name: str, word: str, **more: Any) -> dict[str, Any]:
    """One step that passes, and one that decides."""
    key = f"TEST_CALC-{int(name[1:]) + 1}"
    steps = [
        {"keyword": "Given ", "name": "x", "result": {"status": "passed"}},
        {"keyword": "Then ", "name": "y", "result": {"status": word}},
    ]
    return {
        "type": "scenario",
        "keyword": "Scenario",
        "name": name,
        "tags": [key],
        "steps": steps,
        **more,
    }


CUCUMBER = {
    "odd": "splendid",
    "quietly not run": "unknown",
    "quietly failed": "ambiguous",
}


def cucumber(report: Report) -> str:
    """Hooks fail in the background, and at the end of a step."""
    broken = [{"result": {"status": "failed", "error_message": "died"}}]
    features = []
    for number, suite, tests in report.named():
        elements: list[dict[str, Any]] = []
        for position, (name, end) in enumerate(tests):
            element = _scenario(name, CUCUMBER.get(end, end))
            element["tags"] = [{"name": f"@{element['tags'][0]}"}]
            if suite.breaks and position % 2:
                element["steps"][0]["after"] = broken
            elif suite.breaks:
                background = {"type": "background", "steps": [], "before": broken}
                elements.append(background)
            elements.append(element)
        features.append({"uri": f"s{number}", "id": "x", "elements": elements})
    return json.dumps(features)


BEHAVE = {
    "odd": "splendid",
    "quietly not run": "untested_pending",
    "quietly failed": "hook_error",
}


def behave(report: Report) -> str:
    """A feature's own hooks fail in its status only."""
    features = []
    for number, suite, tests in report.named():
        elements = []
        for name, end in tests:
            word = BEHAVE.get(end, end)
            # What behave 1.3 does before a rule.
            status = None if end == "failed" else word
            step = "passed" if end.startswith("quietly") else word
            elements.append(_scenario(name, step, status=status))
        status = "hook_error" if suite.breaks else "passed"
        features.append(
            {
                "location": f"s{number}.feature:1",
                "status": status,
                "elements": elements,
            }
        )
    return json.dumps(features)


def xray(report: Report) -> str:
    """Statuses in lower case, or only those of steps."""
    words = {"passed": "pass", "failed": "FAILED", "skipped": "todo", "odd": "SPLENDID"}
    tests = []
    for name, end in report.tests.items():
        test: dict[str, Any] = {"testKey": f"CALC-{int(name[1:]) + 1}"}
        if end in words:
            test["status"] = words[end]
        else:
            step = "FAIL" if end == "quietly failed" else "TODO"
            test["steps"] = [{"status": "PASS"}, {"status": step}]
        tests.append(test)
    return json.dumps({"tests": tests})


WRITERS: Mapping[str, Callable[[Report], str]] = {
    "junit": junit,
    "testng": testng,
    "nunit": nunit,
    "xunit": xunit,
    "robot": robot,
    "cucumber": cucumber,
    "behave": behave,
    "xray": xray,
}


def can_break(name: str, suite: Suite) -> bool:
    """Whether the format can hold failures outside of tests."""
    return name != "xray" and (name != "cucumber" or bool(suite.ends))


def has_totals(name: str) -> bool:
    """Whether the format counts."""
    return name not in {"cucumber", "behave", "xray"}


def as_told(name: str, suites: Sequence[Suite], *, counted: bool) -> Report:
    """The parts of these suites that the format can hold."""
    told = (
        Suite(each.ends, each.breaks and can_break(name, each), each.counts)
        for each in suites
    )
    return Report(tuple(told), counted and has_totals(name))
