"""Reports that other tools wrote: recognised, checked, read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xray_bridge.errors import ReportError
from xray_bridge.formats import read
from xray_bridge.formats.read import xray
from xray_bridge.formats.read.protocol import Source
from xray_bridge.model import formats
from xray_bridge.model.results import Outcome


if TYPE_CHECKING:
    from xray_bridge.formats.read import Case

SAMPLES = Path(__file__).parents[1] / "samples"
FORMATS = {
    "junit.xml": "junit",
    "testng.xml": "testng",
    "nunit2.xml": "nunit",
    "nunit3.xml": "nunit",
    "xunit.xml": "xunit",
    "robot.xml": "robot",
    "xray.json": "xray",
    "cucumber.json": "cucumber",
    "behave.json": "behave",
}


def sample(name: str) -> Source:
    """One of the samples, which are written as the tools write theirs."""
    return Source(path=SAMPLES / name, name=name)


def report(tmp_path: Path, content: str | bytes) -> Source:
    """A file with this content."""
    path = tmp_path / "report"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return Source(path=path, name="report")


def cases_of(source: Source, asked: str = "auto") -> list[Case]:
    """All that is in it."""
    return list(read.read_cases(source, read.recognise_format(source, asked)))


@pytest.mark.parametrize(("name", "expected"), FORMATS.items())
def test_recognised(name: str, expected: str) -> None:
    """It is recognised by its content; its name does not matter."""
    assert read.recognise_format(sample(name)) == expected


@pytest.mark.parametrize("name", [*FORMATS])
def test_outcomes(name: str) -> None:
    """As the framework has them."""
    found = [case.outcome for case in cases_of(sample(name))]

    assert found[:2] == [Outcome.PASSED, Outcome.FAILED]
    assert set(found[2:]) <= {Outcome.FAILED, Outcome.SKIPPED}


NAMES = {
    "junit.xml": "com.example.CalculatorTest.subtracts",
    "testng.xml": "com.example.CalculatorNGTest.subtracts",
    "nunit2.xml": "Example.CalculatorTests.Subtracts",
    "nunit3.xml": "Example.CalculatorTests.Subtracts",
    "xunit.xml": "Example.CalculatorTests.Subtracts",
    "robot.xml": "Example.Calculator.Subtracts",
    "cucumber.json": "features/calculator.feature.subtracts",
    "behave.json": "features/calculator.feature.subtracts",
}
MESSAGES = {
    "junit.xml": "expected 1 but was 2\nat line 7",
    "testng.xml": "expected [1] but found [2]",
    "nunit2.xml": "Expected: 1 But was: 2",
    "nunit3.xml": "Expected: 1 But was: 2",
    "xunit.xml": "Expected: 1 Actual: 2",
    "robot.xml": "1 != 2",
    "xray.json": "1 != 2",
    "cucumber.json": "Then it shows 1\n1 != 2",
    "behave.json": "Then it shows 1\nAssertion Failed: 1 != 2",
}


@pytest.mark.parametrize("name", [*MESSAGES])
def test_failures(name: str) -> None:
    """With the name that people know the test by, and what it says."""
    source = sample(name)

    first = next(case for case in cases_of(source) if case.outcome is Outcome.FAILED)

    assert first.message == MESSAGES[name]
    assert first.name == NAMES.get(name, "")


def test_text_that_repeats_the_message() -> None:
    """The text stands in the message once."""
    errors = [case for case in cases_of(sample("junit.xml")) if "divides" in case.name]

    assert [case.message for case in errors] == ["by zero\nat line 9"]


def test_name_without_a_class() -> None:
    """The suite's, as Xray does it."""
    names = [case.name for case in cases_of(sample("junit.xml"))]

    assert names[-1] == "com.example.CalculatorTest.multiplies"


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("junit.xml", ["CALC-1", "", "", ""]),
        ("xray.json", ["CALC-1", "CALC-2", "CALC-3"]),
        ("cucumber.json", ["CALC-78", "CALC-79"]),
        ("behave.json", ["CALC-78", "CALC-79"]),
    ],
)
def test_keys(name: str, keys: list[str]) -> None:
    """From properties, members and tags."""
    assert [case.key for case in cases_of(sample(name))] == keys


def test_word_that_nobody_knows(tmp_path: Path) -> None:
    """The result has failed, and the word is kept for a notice."""
    text = '<test-run><test-case fullname="a" result="Splendid"/></test-run>'

    (case,) = cases_of(report(tmp_path, text))

    assert (case.outcome, case.word) == (Outcome.FAILED, "Splendid")


def test_retries_within_a_test(tmp_path: Path) -> None:
    """surefire's flaky failure is not a failure."""
    text = '<testsuite><testcase name="a"><flakyFailure/></testcase></testsuite>'

    (case,) = cases_of(report(tmp_path, text))

    assert case.outcome is Outcome.PASSED


BOMB = """<!DOCTYPE r [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>
<testsuite name="&b;"><testcase name="&b;"/></testsuite>"""
XXE = """<!DOCTYPE r [<!ENTITY f SYSTEM "file:///etc/passwd">]>
<testsuite><testcase name="a"><failure>&f;</failure></testcase></testsuite>"""
BROKEN: dict[str, tuple[str | bytes, str]] = {
    "empty": ("", "report: is empty"),
    "blank": (" \n", "report: is empty"),
    "text": ("hello", "report: is neither XML nor JSON"),
    "half XML": ("<testsuite>\n<testcase", "report, line 2: is not well-formed XML"),
    "XML after its end": ("<testsuite/>\n<x/>", "report, line 2: is not well-formed"),
    "two roots": ("<testsuite/><testsuite/>", "report, line 1: is not well-formed XML"),
    "control character": ("<testsuite>\n\x01</testsuite>", "report, line 2:"),
    "wrong bytes": (b"<testsuite>\n\xff</testsuite>", "report, line 2:"),
    "bomb": (BOMB, "report, line 1: declares entities"),
    "another file": (XXE, "report, line 1: declares entities"),
    "page": ("<html><body/></html>", "the root element <html>"),
    "trx": ("<TestRun/>", "the root element <TestRun>"),
    "half JSON": ('[{"uri":\n', "report, line 2: is not valid JSON"),
    "JSON after its end": ('{"tests": []}\n{}', "report, line 2: is not valid JSON"),
    "NaN": ('{"tests": [\n{"x": NaN}]}', "is not valid JSON"),
    "Latin-1 in JSON": (b'{"tests": ["\xe9"]}', "is not valid JSON"),
    "object": ('{"results": []}', "is not Xray JSON"),
    "tests that are none": ('{"tests": [1]}', "is not Xray JSON"),
    "list of numbers": ("[1]", "is neither Cucumber nor Behave JSON"),
    "list of objects": ('[{"name": "a"}]', "is neither Cucumber nor Behave JSON"),
    "elements that are none": ('[{"uri": "f", "elements": [1]}]', "is not Cucumber"),
    "tests of others": ('{"tests": [{"nodeid": "a"}]}', "neither testKey nor testInfo"),
    "encoding": ('<?xml version="1.0" encoding="x-none"?><testsuite/>', "report"),
}


@pytest.mark.parametrize("name", [*BROKEN])
@pytest.mark.fault("F20")
def test_what_is_no_report(tmp_path: Path, name: str) -> None:
    """One line that says what, and where that is known in which line."""
    content, said = BROKEN[name]

    with pytest.raises(ReportError) as caught:
        cases_of(report(tmp_path, content))

    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 83


@pytest.mark.parametrize(
    ("name", "asked"), [("junit.xml", "xray"), ("nunit3.xml", "junit")]
)
def test_another_format_than_was_said(name: str, asked: str) -> None:
    """It is refused, and the error names its format."""
    title = formats.FORMATS[FORMATS[name]].title

    with pytest.raises(ReportError, match=f"is {title}, not"):
        read.recognise_format(sample(name), asked)


def test_format_that_only_a_person_can_tell(tmp_path: Path) -> None:
    """An empty list is a report of either."""
    source = report(tmp_path, "[]")

    assert read.recognise_format(source, "behave") == "behave"
    assert cases_of(source) == []


@pytest.mark.parametrize("text", ["<testsuites/>", '{"tests": []}', '{"info": {}}'])
def test_report_without_tests(tmp_path: Path, text: str) -> None:
    """It is valid and empty."""
    assert cases_of(report(tmp_path, text)) == []


def test_huge_text(tmp_path: Path) -> None:
    """Evidence of more than lxml takes is no matter; a message is cut."""
    big = "x" * (11 << 20)
    inner = f'<failure message="no">{big}</failure>'
    text = f'<testsuite><testcase name="a">{inner}</testcase></testsuite>'

    (case,) = cases_of(report(tmp_path, text))

    assert case.outcome is Outcome.FAILED
    assert len(case.message) < 20_000


def test_what_xray_json_says() -> None:
    """As settings of ours, and when it ran."""
    said = xray.read_execution(sample("xray.json"))

    assert said.settings == {
        "project": "CALC",
        "summary": "Written by another tool",
        "test_plan": "CALC-15",
    }
    assert (said.started, said.finished) == (1_767_323_045.0, 1_767_323_105.0)
    assert said.lost == ()


def test_what_xray_json_says_and_nobody_can_carry(tmp_path: Path) -> None:
    """By name; lists are lists of ours, too."""
    info = {"user": "ann", "testEnvironments": ["a", "b"], "version": "1.0"}
    text = json.dumps({"tests": [], "info": info, "testExecutionKey": "CALC-9"})

    said = xray.read_execution(report(tmp_path, text))

    assert said.lost == ("user",)
    assert said.settings == {
        "test_execution": "CALC-9",
        "environments": "a;b",
        "fix_version": "1.0",
    }


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)
QUICK = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@QUICK
@given(tests=st.lists(st.dictionaries(st.text(), JSON)), head=st.text())
def test_xray_json_rewritten(
    tmp_path: Path, tests: list[dict[str, object]], head: str
) -> None:
    """The same tests, and nothing else of what was there."""
    old = {"info": {"summary": head}, "tests": tests, "more": [tests]}
    source = report(tmp_path, json.dumps(old))
    header = {"testExecutionKey": "CALC-1", "info": {"revision": head}}

    with (tmp_path / "new").open("wb") as file:
        xray.write_copy(source, header, file)

    assert json.loads((tmp_path / "new").read_bytes()) == {**header, "tests": tests}
