"""The traps of the formats that are converted, one at a time."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.builders import settings_of
from tests.formats.convert.taking import found, results, taken
from tests.formats.convert.traps import (
    BROKEN_AFTER,
    FAILED,
    PASSED,
    SKIPPED,
    TRAPS,
    events,
    go,
    playwright,
    trx,
)
from xray_bridge.errors import ReportError, UsageError
from xray_bridge.formats.convert import recognise
from xray_bridge.formats.convert.protocol import Red
from xray_bridge.formats.read.protocol import Source
from xray_bridge.upload.intake import IntakeOptions, take_in


def allure(folder: Path, *documents: dict[str, Any]) -> Path:
    """A folder of results, containers and globals."""
    place = folder / "results"
    place.mkdir()
    for number, each in enumerate(documents):
        kinds = {"children": "container", "errors": "globals"}
        kind = next((kinds[key] for key in kinds if key in each), "result")
        (place / f"{number}-{kind}.json").write_text(json.dumps(each))
    return place


@pytest.mark.parametrize("trap", TRAPS)
def test_trap(trap: str, tmp_path: Path) -> None:
    """Each report comes out as its tool means it, and never greener."""
    content, expected = TRAPS[trap]
    path = tmp_path / "report"
    path.write_text(content)

    shown = taken_names(path, tmp_path)

    assert shown == {name: FAILED if o == "red" else o for name, o in expected.items()}


def taken_names(path: Path, folder: Path) -> dict[str, str]:
    """Names and worst outcomes as sent, without the class that stands for none."""
    if not [*found(path)]:
        return {}
    sent = taken(path, folder)
    order = {PASSED: 0, SKIPPED: 1, FAILED: 2}
    worst: dict[str, str] = {}
    for name, outcome in sent.outcomes:
        bare = name.removeprefix(f"{sent.suite}.")
        worst[bare] = max(worst.get(bare, outcome), outcome, key=order.__getitem__)
    return worst


def test_allure_fixture(tmp_path: Path) -> None:
    """A fixture that failed is red where no test of it did."""
    passed = {"uuid": "1", "name": "adds", "status": "passed"}
    failed = {"uuid": "2", "name": "fails", "status": "failed"}
    mine = {"children": ["1"], "afters": [BROKEN_AFTER]}
    theirs = {"children": ["2"], "afters": [BROKEN_AFTER]}

    items = found(allure(tmp_path, passed, failed, mine, theirs))

    assert [each.name for each in items if isinstance(each, Red)] == ["afters > stop"]


def test_allure_globals(tmp_path: Path) -> None:
    """An error outside of tests is red, once: not where a test or fixture has it."""
    failed = {"name": "a", "status": "broken", "statusDetails": {"trace": "at 1"}}
    fixture = {"name": "stop", "status": "broken", "statusDetails": {"trace": "at 2"}}
    mine = {"children": [], "afters": [fixture]}
    errors = [
        {"message": f"hook {number} failed: no", "trace": f"at {number}"}
        for number in (1, 2, 3)
    ]
    silent = {"message": "hook 4 failed"}

    items = found(allure(tmp_path, failed, mine, {"errors": [*errors, silent]}))

    red = [each.name for each in items if isinstance(each, Red)]
    assert red == ["afters > stop", "hook 3 failed", "hook 4 failed"]


@pytest.mark.parametrize(
    ("stage", "outcome"), [("pending", "skipped"), ("running", "failed")]
)
def test_allure_without_a_status(tmp_path: Path, stage: str, outcome: str) -> None:
    """A pending result is skipped; any other result without a status has failed."""
    (result,) = results(allure(tmp_path, {"name": "a", "stage": stage}))

    assert result.outcome.value == outcome


def test_allure_retry(tmp_path: Path) -> None:
    """The attempt that began last counts; the name of its file does not matter."""
    head = {"historyId": "h", "fullName": "a.b", "name": "b"}
    late = {**head, "status": "failed", "start": 9}
    early = {**head, "status": "passed", "start": 1}

    (result,) = results(allure(tmp_path, late, early))

    assert result.outcome.value == "failed"


def test_allure_file_that_is_cut(tmp_path: Path) -> None:
    """It is named, with the folder."""
    folder = allure(tmp_path, {"name": "a", "status": "passed"})
    (folder / "9-result.json").write_text('{"name": ')

    with pytest.raises(ReportError, match=r"results: 9-result\.json is not valid JSON"):
        found(folder)


def test_subunit_without_its_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error says what to install."""
    path = tmp_path / "a.subunit"
    path.write_bytes(b"\xb3\x2b\x03")
    monkeypatch.setitem(sys.modules, "subunit", None)

    with pytest.raises(UsageError) as caught:
        found(path)

    assert caught.value.hint == "pip install python-subunit"


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ('{"tests": [{"testKey": "CALC-1"}]}', None),
        ('{"info": {}, "tests": []}', None),
        ("<testsuites/>", None),
        ('<c:testsuites xmlns:c="http://check.sourceforge.net/ns"/>', "check"),
        ("<TestRun/>", "cppunit"),
        (trx(""), "trx"),
        ('{"stats": {"passes": 1}, "results": [], "meta": {}}', None),
        ('{"Action": "start", "Package": "p"}', "go-test"),
        ("# p\nno.go:1: x\n" + '{"Action": "fail", "Package": "p"}', "go-test"),
        ("noise\nTAP version 14\n", "tap"),
        ("nothing of all that", None),
        ("", None),
    ],
)
def test_recognised(tmp_path: Path, content: str, name: str | None) -> None:
    """By what is in the file, and only if it is sure."""
    path = tmp_path / "report"
    path.write_text(content)

    row = recognise(Source(path=path, name="report"))

    assert (row.name if row else None) == name


@pytest.mark.parametrize(
    "title", ["CALC-1 adds", "[CALC-1] adds", "@CALC-1: adds", "a > CALC-1 adds"]
)
def test_key_in_a_title(tmp_path: Path, title: str) -> None:
    """Its first word is the Test's key."""
    path = tmp_path / "a.tap"
    path.write_text(f"1..1\nok 1 - {title}\n")

    (result,) = results(path)

    assert result.key == "CALC-1"


def test_key_in_an_attribute(tmp_path: Path) -> None:
    """Go 1.25 has attributes of tests; a subtest is of its parent's Test."""
    attribute = {"Key": "test_key", "Value": "CALC-1"}
    path = tmp_path / "go.jsonl"
    path.write_text(
        events(
            go("run", "TestA"),
            go("attr", "TestA", **attribute),
            go("run", "TestA/b"),
            go("pass", "TestA/b"),
            go("pass", "TestA"),
            go("pass"),
        )
    )

    (result,) = results(path)

    assert (result.name, result.key) == ("TestA/b", "CALC-1")


@pytest.mark.parametrize("title", ["CALC-1a", "mends CALC-1", "UTF-8X", "calc-1 adds"])
def test_no_key_in_a_title(tmp_path: Path, title: str) -> None:
    """A key elsewhere is no Test's: a test of what a bug was about has one, too."""
    path = tmp_path / "a.tap"
    path.write_text(f"1..1\nok 1 - {title}\n")

    (result,) = results(path)

    assert not result.key


def test_projects_of_playwright(tmp_path: Path) -> None:
    """A test that ran in two browsers has two results and is one Test."""
    tests = [{"projectName": name, "status": "expected"} for name in ("a", "b")]
    path = tmp_path / "p.json"
    path.write_text(playwright(*tests))

    first, second = results(path)

    assert (first.classname, first.name) == (second.classname, second.name)


@pytest.mark.parametrize(
    "content",
    [
        "1..1\nok 1 " + "a" * 300_000,
        '{"Action": "run", "Package": "p", "Test": "a", "Output": ' + "[" * 5000,
        '{"results": {"tests": [{"name": ' + '{"a":' * 3000 + "1" + "}" * 3000 + "}]}}",
        '{"suite": {"name": "a", "suites": [' * 150 + "]}}" * 150,
        trx("<UnitTestResult>" + "<a>" * 3000),
        trx("&lol;"),
        '<!DOCTYPE a [<!ENTITY lol "lol">]>' + trx("&lol;"),
    ],
)
def test_hostile(tmp_path: Path, content: str) -> None:
    """Long, deep and broken input is read, or an error of ours."""
    path = tmp_path / "report"
    path.write_text(content)

    try:
        shown = taken(path, tmp_path).counts
    except ReportError as error:
        shown = error.message

    assert shown


def test_secret_in_what_is_kept(tmp_path: Path) -> None:
    """A secret of ours is masked in the copy that is left, as in the one sent."""
    path = tmp_path / "a.tap"
    path.write_text("1..1\nnot ok 1 - adds # the token is hunter2-hunter2\n")
    options = IntakeOptions(
        paths=[path], report_dir=tmp_path, keep_converted=tmp_path / "out"
    )

    take_in(options, settings_of(token="hunter2-hunter2"), {})

    (kept,) = (tmp_path / "out").iterdir()
    assert "the token is" in kept.read_text()
    assert "hunter2" not in kept.read_text()


def test_outcome_of_pytest_json_of_another_type(tmp_path: Path) -> None:
    """An object where a word belongs is no word."""
    call = {"outcome": {}, "longrepr": "no"}
    test = {"nodeid": "test_a.py::test_b", "outcome": "failed", "call": call}
    path = tmp_path / "report"
    path.write_text(
        json.dumps({"created": 1.0, "exitcode": 1, "summary": {}, "tests": [test]})
    )

    assert taken_names(path, tmp_path) == {"test_a.test_b": FAILED}


def test_status_of_a_step_of_behavex_of_another_type(tmp_path: Path) -> None:
    """The scenario keeps its outcome."""
    scenario = {"name": "adds", "status": "failed", "steps": [{"status": {}}]}
    feature = {"filename": "a.feature", "status": "failed", "scenarios": [scenario]}
    path = tmp_path / "report"
    path.write_text(json.dumps({"features": [feature], "steps_definition": {}}))

    assert taken_names(path, tmp_path) == {"a.feature.adds": FAILED}


@pytest.mark.parametrize("seconds", [1e17, 253_402_300_799, "9" * 20])
def test_time_of_any_size_is_left_out(tmp_path: Path, seconds: float | str) -> None:
    """A result with an impossible time keeps its outcome."""
    moment = {"seconds": seconds, "nanos": 0}
    started = {"id": "s", "testCaseId": "c", "timestamp": moment}
    finished = {"testCaseStartedId": "s", "timestamp": moment}
    path = tmp_path / "report.ndjson"
    path.write_text(
        events(
            {"meta": {"protocolVersion": "22.0.0"}},
            {"pickle": {"id": "p", "uri": "a.feature", "name": "adds"}},
            {"testCase": {"id": "c", "pickleId": "p", "testSteps": []}},
            {"testCaseStarted": started},
            {"testCaseFinished": finished},
            {"testRunFinished": {"success": True}},
        )
    )

    shown = taken(path, tmp_path)

    assert shown.counts == "0/0/1"
    assert b"started-at" not in shown.report
