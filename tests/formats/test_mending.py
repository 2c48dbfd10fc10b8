"""Mend reports that Xray would read wrongly, in the copy that is sent."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import pytest

from xray_bridge.formats import read
from xray_bridge.formats.read.protocol import Source
from xray_bridge.model.results import Outcome


if TYPE_CHECKING:
    from pathlib import Path

    from xray_bridge.formats.read import Case, Reading


def taken(
    tmp_path: Path, content: str, *, strip: bool = False
) -> tuple[Reading, list[Case]]:
    """A report that was read to its end."""
    source = Source(path=tmp_path / "report", name="report")
    source.path.write_text(content, encoding="utf-8")
    reading = read.open_reading(source, read.recognise_format(source), strip=strip)
    return reading, list(reading.cases())


def copy_of(reading: Reading) -> str:
    """The copy that is sent."""
    out = io.BytesIO()
    reading.write(out)
    return out.getvalue().decode()


# What stands in the report, and what in its place in the copy.
MENDED = {
    "status of a test that did not run": (
        '<testsuite><testcase name="a" status="disabled"/><!-- x --></testsuite>',
        (
            '<testsuite><testcase name="a" status="disabled"><skipped'
            ' message="disabled"/>'
            "</testcase><!-- x --></testsuite>"
        ),
    ),
    "status of a test that failed": (
        '<testsuite><testcase name="a" status="FAILED"> </testcase></testsuite>',
        (
            '<testsuite><testcase name="a" status="FAILED"> <failure message="FAILED"/>'
            "</testcase></testsuite>"
        ),
    ),
    "test that CTest could not start": (
        (
            '<testsuite><testcase name="a" classname="a" status="notrun">'
            '<skipped message="Unable to find executable"/></testcase></testsuite>'
        ),
        (
            '<testsuite><testcase name="a" classname="a" status="notrun">'
            '<failure message="Unable to find executable"/></testcase></testsuite>'
        ),
    ),
    "name that is empty": (
        "<testsuite name='b&amp;b'><testcase classname='' name=''/></testsuite>",
        (
            "<testsuite name='b&amp;b'><testcase classname=''"
            ' name="b&amp;b"/></testsuite>'
        ),
    ),
    "name that is not there": (
        '<testsuite name="b"><testcase a=" name=\'c\' > "/></testsuite>',
        '<testsuite name="b"><testcase a=" name=\'c\' > " name="b"/></testsuite>',
    ),
    "attempt of pytest whose worker crashed": (
        '<testsuite><testcase time="0.000" /> <testcase name="a"/></testsuite>',
        '<testsuite> <testcase name="a"/></testsuite>',
    ),
    "attempt with an end tag": (
        '<testsuite><testcase time="1.5"> </testcase><testcase name="a"/></testsuite>',
        '<testsuite><testcase name="a"/></testsuite>',
    ),
    "todo that failed": (
        (
            '<testsuite><testcase name="a"><skipped type="todo"/>'
            '<failure message="no">at 1'
            "</failure></testcase></testsuite>"
        ),
        (
            '<testsuite><testcase name="a"><skipped type="todo"/><system-out>no\nat 1'
            "</system-out></testcase></testsuite>"
        ),
    ),
    "error of a suite": (
        (
            '<testsuites><testsuite name="s"><error message="&lt;died>"/></testsuite>'
            "</testsuites>"
        ),
        (
            '<testsuites><testsuite name="s"><error message="&lt;died>"/><testcase '
            'classname="s" name="(outside of tests)"><error message="&lt;died&gt;"/>'
            "</testcase></testsuite></testsuites>"
        ),
    ),
    "configuration method": (
        (
            '<testng-results><class name="c"><test-method'
            ' is-config="true" name="setUp" '
            'status="FAIL"/></class></testng-results>'
        ),
        (
            '<testng-results><class name="c"><test-method name="setUp" '
            'status="FAIL"/></class></testng-results>'
        ),
    ),
    "clean-up of a class": (
        (
            '<assembly name="s"><errors><error><failure>'
            "<message>died</message></failure>"
            "</error></errors></assembly>"
        ),
        (
            '<assembly name="s"><errors><error><failure>'
            "<message>died</message></failure>"
            '</error></errors><collection name="s"><test name="s.(outside of tests)" '
            'type="s" method="(outside of tests)" result="Fail"><failure><message>died'
            "</message></failure></test></collection></assembly>"
        ),
    ),
}


@pytest.mark.parametrize("what", MENDED)
def test_copy(tmp_path: Path, what: str) -> None:
    """The copy has what Xray reads correctly, and the rest unchanged."""
    before, after = MENDED[what]

    reading, _ = taken(tmp_path, before)

    assert copy_of(reading) == after
    assert sum(reading.changes.values()) == 1


def test_copy_reads_as_it_was_counted(tmp_path: Path) -> None:
    """Names and ends of all tests are those of the copy."""
    content = "".join(before for before, _ in MENDED.values() if "testcase" in before)
    _, cases = taken(tmp_path, f"<testsuites>{content}</testsuites>")

    reading, _ = taken(tmp_path, f"<testsuites>{content}</testsuites>")
    again, found = taken(tmp_path, copy_of(reading))

    assert {(c.name, c.outcome) for c in found} == {(c.name, c.outcome) for c in cases}
    assert not again.incomplete


def test_attempts_are_no_tests(tmp_path: Path) -> None:
    """Neither passed ones nor ones that the suite's totals lack."""
    attempts = '<testcase time="0.000" />' * 2
    content = f'<testsuite tests="1">{attempts}<testcase name="a"/></testsuite>'

    reading, cases = taken(tmp_path, content)

    assert [case.name for case in cases] == ["a"]
    assert not reading.disagreements


@pytest.mark.parametrize(
    "case",
    [
        '<testcase time="0"><failure/></testcase>',
        '<testcase time="0"><skipped/></testcase>',
        '<testcase classname="" time="0"/>',
    ],
)
def test_a_result_without_a_name_stays(tmp_path: Path, case: str) -> None:
    """Somebody has written what became of it."""
    _, (found,) = taken(tmp_path, f'<testsuite name="b">{case}</testsuite>')

    assert found.name == "b.b"


def test_tag_that_is_longer_than_a_block(tmp_path: Path) -> None:
    """A test may say anything in its attributes."""
    long = "x >" * 100_000
    content = f'<testsuite><testcase a="{long}" name="" /></testsuite>'

    reading, _ = taken(tmp_path, content)

    assert copy_of(reading) == content.replace('name=""', 'name="unnamed"')


@pytest.mark.parametrize(
    ("suite", "is_red"),
    [
        ('failures="1"', True),
        ('errors="2"', True),
        ('failures="-1"', False),
        ('failures="0" errors="0"', False),
        ('failures="many"', False),
    ],
)
def test_totals_that_no_test_shows(tmp_path: Path, suite: str, is_red: bool) -> None:
    """They give a failed result, and the upload is incomplete."""
    content = f'<testsuite name="s" {suite}><testcase name="a"/></testsuite>'

    reading, cases = taken(tmp_path, content)

    failed = [case.name for case in cases if case.outcome is Outcome.FAILED]
    assert failed == ["s.(outside of tests)"] * is_red
    assert bool(reading.incomplete) == is_red
    if is_red:
        assert "by its own count, but none of its tests failed" in reading.incomplete[0]


@pytest.mark.parametrize(
    ("totals", "line"),
    [
        ('tests="1" failures="1" skipped="0"', ()),
        ('tests="2"', ("its own totals say 2 tests, but it contains 1",)),
        ('failures="3"', ("its own totals say 3 failed, but it contains 1",)),
        ('failures="0" skipped="1"', None),
    ],
)
def test_totals_that_differ(
    tmp_path: Path, totals: str, line: tuple[str, ...] | None
) -> None:
    """In one line."""
    case = '<testcase name="a"><failure/></testcase>'

    reading, _ = taken(tmp_path, f"<testsuite {totals}>{case}</testsuite>")

    both = (
        "its own totals say 0 failed, but it contains 1; 1 skipped, but it contains 0"
    )
    assert tuple(reading.disagreements) == ((both,) if line is None else line)


KEYS = {
    "id before key": (
        (
            '<testsuite><testcase name="a"><properties><property name="test_key" '
            'value="CALC-1"/><property name="test_id" value="77"/>'
            "</properties></testcase>"
            "</testsuite>"
        ),
        ["77"],
    ),
    "attribute of TestNG": (
        (
            '<testng-results><class name="c"><test-method name="a" status="PASS">'
            '<attributes><attribute name="test"><![CDATA[ CALC-1 ]]></attribute>'
            "</attributes></test-method></class></testng-results>"
        ),
        ["CALC-1"],
    ),
    "rows of NUnit 3": (
        (
            '<test-run><test-case name="a(1)" fullname="n.c.a(1)" classname="n.c" '
            'methodname="a" result="Passed"/></test-run>'
        ),
        ["n.c.a"],
    ),
    "rows of NUnit 2": (
        (
            '<test-results><test-case name="n.c(1).a(&quot;)&quot;,(2))"'
            ' executed="True" '
            'result="Success"/></test-results>'
        ),
        ["n.c.a"],
    ),
    "rows of xUnit": (
        (
            '<assembly><test name="n.c.a(x: 1)" type="n.c" method="a" result="Pass"/>'
            "</assembly>"
        ),
        ["n.c.a"],
    ),
    "tag of Robot": (
        (
            '<robot><suite name="s"><test name="a"><tag>CALC-1</tag><tag>smoke</tag>'
            '<status status="PASS"/></test></suite></robot>'
        ),
        ["CALC-1"],
    ),
    "tag of old Robot": (
        (
            '<robot><suite name="s"><test name="a"><tags><tag>CALC-1</tag></tags>'
            '<status status="PASS"/></test></suite></robot>'
        ),
        ["CALC-1"],
    ),
    "two keys of Robot": (
        (
            '<robot><suite name="s"><test name="a"><tag>CALC-1</tag><tag>CALC-2</tag>'
            '<status status="PASS"/></test></suite></robot>'
        ),
        ["s.a"],
    ),
}


@pytest.mark.parametrize("what", KEYS)
def test_identity(tmp_path: Path, what: str) -> None:
    """The definition by which Xray finds the Test."""
    content, identities = KEYS[what]

    _, cases = taken(tmp_path, content)

    assert [case.identity for case in cases] == identities


MESSAGES = {
    "type above a trace": (
        (
            '<testsuite><testcase name="a"><error type="boom">stack traceback:\n at 1'
            "</error></testcase></testsuite>"
        ),
        "boom\nstack traceback:\n at 1",
    ),
    "reason of a skip": (
        (
            '<testsuite><testcase name="a"><skipped message="later"/>'
            "<failure/></testcase>"
            "</testsuite>"
        ),
        "",
    ),
    "reason of NUnit": (
        (
            '<test-run><test-case fullname="a" result="Failed"><reason><message>why'
            "</message></reason><failure><message>no</message></failure></test-case>"
            "</test-run>"
        ),
        "no",
    ),
    "page of Robot": (
        (
            '<robot><suite name="s"><test name="a"><status'
            ' status="FAIL">*HTML* &lt;b&gt;1'
            "&lt;/b&gt; &amp;lt; 2</status></test></suite></robot>"
        ),
        "1 < 2",
    ),
}


@pytest.mark.parametrize("what", MESSAGES)
def test_message(tmp_path: Path, what: str) -> None:
    """Says why it failed."""
    content, message = MESSAGES[what]

    _, (case,) = taken(tmp_path, content)

    assert (case.outcome, case.message) == (Outcome.FAILED, message)


TEARDOWN = (
    '<kw name="Stop" type="{}"><kw type="TEARDOWN"><status status="FAIL"/></kw>'
    '<status status="{}">died</status></kw>'
)


@pytest.mark.parametrize(
    ("kind", "status", "outcomes"),
    [
        ("TEARDOWN", "FAIL", ["failed", "skipped"]),
        ("teardown", "FAIL", ["failed", "skipped"]),
        ("TEARDOWN", "SKIP", ["skipped", "skipped"]),
        ("TEARDOWN", "PASS", ["passed", "skipped"]),
        ("SETUP", "FAIL", ["passed", "skipped"]),
    ],
)
def test_teardown_of_an_outer_suite(
    tmp_path: Path, kind: str, status: str, outcomes: list[str]
) -> None:
    """Decides of all tests below, as Robot's own reader has it."""
    tests = "".join(
        f'<test name="{word}"><status status="{word}" elapsed="1"/></test>'
        for word in ("PASS", "SKIP")
    )
    inner = f'<suite name="inner">{tests}</suite>'
    outer = f'<suite name="outer">{inner}{TEARDOWN.format(kind, status)}</suite>'

    reading, cases = taken(tmp_path, f"<robot>{outer}</robot>")

    assert [case.outcome.value for case in cases] == outcomes
    is_changed = outcomes[0] != "passed"
    assert ('elapsed="1">Parent suite teardown ended with' in copy_of(reading)) == (
        is_changed
    )


def behave(status: str | None, *words: str | None) -> dict[str, Any]:
    """A feature with one scenario of these steps."""
    steps = [{"name": "x", **({"result": {"status": w}} if w else {})} for w in words]
    scenario = {"type": "scenario", "name": "a", "status": status, "steps": steps}
    return {"location": "f:1", "status": "passed", "elements": [scenario]}


@pytest.mark.parametrize(
    ("status", "words", "sent"),
    [
        (None, ("passed", "passed"), "passed"),
        (None, ("passed", None), "skipped"),
        (None, ("passed", "error"), "failed"),
        (None, (), "untested"),
        ("hook_error", ("passed",), "failed"),
        ("pending_warn", ("passed",), "skipped"),
        ("untested", (), "untested"),
    ],
)
def test_words_of_behave(
    tmp_path: Path, status: str | None, words: tuple[str | None, ...], sent: str
) -> None:
    """As Xray knows them; what has none is judged by its steps."""
    reading, (case,) = taken(tmp_path, json.dumps([behave(status, *words)]))

    (feature,) = json.loads(copy_of(reading))
    assert feature["elements"][0]["status"] == sent
    assert (case.outcome is Outcome.PASSED) == (sent == "passed")


def test_hook_of_a_feature(tmp_path: Path) -> None:
    """Only the feature's own status shows it."""
    feature = {**behave("passed", "passed"), "status": "hook_error"}

    reading, _ = taken(tmp_path, json.dumps([feature]))

    assert reading.incomplete == ("f:1 failed, but none of its scenarios failed",)


def test_xray_json_without_statuses(tmp_path: Path) -> None:
    """A test is what its steps are."""
    steps = [[{"status": "PASS"}], [{"status": "PASS"}, {"status": "fail"}], [{}]]
    tests = [
        {"testKey": f"CALC-{number}", "steps": each}
        for number, each in enumerate(steps, 1)
    ]

    reading, cases = taken(tmp_path, json.dumps({"tests": tests}))

    sent = json.loads(copy_of(reading))["tests"]
    assert [test["status"] for test in sent] == ["PASS", "FAIL", "FAIL"]
    assert [case.outcome.value for case in cases] == ["passed", "failed", "failed"]


def test_properties_of_suites_stay_here(tmp_path: Path) -> None:
    """Those of tests, in which keys stand, are sent."""
    of_suite = '<properties><property name="env.A_TOKEN" value="x"/></properties>'
    of_test = '<properties><property name="test_key" value="CALC-1"/></properties>'
    test = f'<testcase name="a">{of_test}</testcase>'

    reading, _ = taken(tmp_path, f"<testsuite>{of_suite}{test}</testsuite>", strip=True)

    assert copy_of(reading) == f"<testsuite>{test}</testsuite>"
    assert not reading.notices


def test_properties_named_like_secrets(tmp_path: Path) -> None:
    """A notice names them, without their values."""
    given = {"env.A_TOKEN": "hush", "db.password": "hush", "EMPTY_SECRET": "", "x": "1"}
    found = "".join(
        f'<property name="{name}" value="{value}"/>' for name, value in given.items()
    )

    reading, _ = taken(
        tmp_path, f"<testsuite><properties>{found}</properties></testsuite>"
    )

    (notice,) = reading.notices
    assert "(env.A_TOKEN, db.password)" in notice
    assert "hush" not in notice


@pytest.mark.parametrize(
    ("classname", "more", "message"),
    [
        ("a", "", "SKIP_RETURN_CODE=77"),
        ("a", "", "Disabled"),
        ("a", "", ""),
        ("suite", "", "no server"),
        ("a", 'result="skipped"', "no server"),
    ],
)
def test_skips_that_are_none_of_ctests_failures(
    tmp_path: Path, classname: str, more: str, message: str
) -> None:
    """Requested skips, and skips of other tools, stay skipped."""
    test = f'<testcase name="a" classname="{classname}" status="notrun" {more}>'
    content = f'{test}<skipped message="{message}"/></testcase>'
    reading, cases = taken(tmp_path, f"<testsuite>{content}</testsuite>")

    assert [each.outcome for each in cases] == [Outcome.SKIPPED]
    assert not reading.changes
