"""Report files on their way into a run directory."""

from __future__ import annotations

import errno
import json
import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.builders import settings_of
from xray_bridge.errors import ReportError, RunDirectoryError, UsageError
from xray_bridge.formats.read import merge_junit
from xray_bridge.model import dialect
from xray_bridge.runs import report_files, run_directory
from xray_bridge.runs.report_files import Files
from xray_bridge.upload.intake import IntakeOptions, take_in


TEST = '<testcase classname="c" name="{}">{}</testcase>'


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are named as a person names them."""
    monkeypatch.chdir(tmp_path)


def suite(*tests: str) -> str:
    """JUnit XML; a name with a ``!`` is that of a test that failed."""
    cases = (
        TEST.format(test.rstrip("!"), '<failure message="no"/>' * test.endswith("!"))
        for test in tests
    )
    return f"<testsuite>{''.join(cases)}</testsuite>"


def taken(
    *names: str, merge: bool = False, **given: str
) -> tuple[run_directory.RunDirectory, Files]:
    """The files of the run directory."""
    wanted = IntakeOptions(paths=[Path(name) for name in names], merge=merge)
    directory = take_in(wanted, settings_of(**given), {})
    found = report_files.load_files(directory)
    assert found is not None
    return directory, found


def write(name: str, content: str | bytes) -> None:
    """A file that another tool has written."""
    found = content.encode() if isinstance(content, str) else content
    Path(name).write_bytes(found)


def test_counted() -> None:
    """By Test; the same one twice is one."""
    write("a.xml", suite("one", "two!", "two"))

    directory, found = taken("a.xml")

    (file,) = found.files
    assert (file.name, file.format, file.tests) == ("a.xml", "junit", 2)
    assert found.counts == {"passed": 1, "failed": 1}
    assert directory.state.state == run_directory.SEALED
    assert directory.info.framework == run_directory.REPORT_FILES


def test_comes_back_from_disk() -> None:
    """With what Xray JSON has beside."""
    info = {"summary": "Nightly", "startDate": "2026-01-02T03:04:05Z", "user": "ann"}
    tests = [{"testKey": "CALC-1", "status": "PASS"}]
    write("x.json", json.dumps({"info": info, "tests": tests}))

    directory, found = taken("x.json", project="CALC")
    report_files.save_files(directory, found)

    assert report_files.load_files(directory) == found
    assert found.said == {"summary": "Nightly"}
    assert found.started == 1_767_323_045.0
    assert found.keys == ("CALC-1",)
    assert found.files[0].words == ("PASS",)
    assert found.notices == ("x.json: user cannot be sent",)


def test_list_that_is_damaged() -> None:
    """Is told, as all of a run directory is."""
    write("a.xml", suite("one"))
    directory, _ = taken("a.xml")
    (directory.path / "files.json").write_text('{"files": [1]}', encoding="ascii")

    with pytest.raises(RunDirectoryError, match=r"files\.json is damaged"):
        report_files.load_files(directory)


@pytest.mark.parametrize(
    ("name", "value"), [("format", {}), ("tests", "2"), ("keys", [None])]
)
def test_list_with_a_value_of_another_type(name: str, value: object) -> None:
    """Where it is read, and not where the value is used."""
    write("a.xml", suite("one"))
    directory, _ = taken("a.xml")
    path = directory.path / "files.json"
    content = json.loads(path.read_bytes())
    content["files"][0][name] = value
    path.write_text(json.dumps(content), encoding="ascii")

    with pytest.raises(RunDirectoryError, match=r"files\.json is damaged"):
        report_files.load_files(directory)


def test_settings_of_report_files() -> None:
    """They count where the run itself has none."""
    write("a.xml", suite("one"))
    directory, found = taken("a.xml")
    own = next(iter(directory.info.settings))
    in_files = {own: "of the files", "revision": "r-of-the-files"}
    report_files.save_files(directory, replace(found, said=in_files))

    settings = report_files.info_of(directory).settings

    assert "revision" not in directory.info.settings
    assert settings == {**directory.info.settings, "revision": "r-of-the-files"}


def test_failures_of_a_run() -> None:
    """For summaries: of all files, with what they say."""
    write("a.xml", suite("one", "two!"))
    write("b.xml", suite("three!"))

    _, found = taken("a.xml", "b.xml")

    assert [(each.name, each.message) for each in found.failures] == [
        ("c.two", "no"),
        ("c.three", "no"),
    ]


def test_summaries_that_differ() -> None:
    """The first one counts, and that is said."""
    for name in ("a", "b"):
        tests = [{"testKey": f"CALC-{ord(name)}", "status": "PASS"}]
        write(f"{name}.json", json.dumps({"info": {"summary": name}, "tests": tests}))

    _, found = taken("a.json", "b.json")

    assert found.said == {"summary": "a"}
    assert (
        "a.json says 'a', b.json says 'b'; the first value is used" in found.notices[0]
    )


def test_tests_in_several_files() -> None:
    """Are named by key where they have one."""
    keyed = '<properties><property name="test_key" value="CALC-1"/></properties>'
    write("a.xml", f"<testsuite>{TEST.format('x', keyed)}</testsuite>")
    write("b.xml", f"<testsuite>{TEST.format('y', keyed)}</testsuite>")

    _, found = taken("a.xml", "b.xml")

    (notice,) = found.notices
    assert "the same Tests are in several files (CALC-1)" in notice


def test_tags_of_pytest_bdd_get_their_signs() -> None:
    """Xray looks for ``@TEST_CALC-1``, and pytest-bdd writes ``TEST_CALC-1``."""
    step = {"name": "x", "result": {"status": "passed"}}
    scenario = {"type": "scenario", "tags": [{"name": "TEST_CALC-1"}], "steps": [step]}
    feature = {"uri": "f", "tags": [{"name": "@REQ_CALC-2"}], "elements": [scenario]}
    write("c.json", json.dumps([feature]))

    directory, found = taken("c.json")

    (file,) = found.files
    (sent,) = json.loads((directory.path / file.file).read_text())
    assert file.keys == ("CALC-1",)
    assert sent["tags"] == [{"name": "@REQ_CALC-2"}]
    assert sent["elements"][0]["tags"] == [{"name": "@TEST_CALC-1"}]


FAILURE = '<failure message="no"/>'


def test_results_of_a_test_that_differ_are_merged() -> None:
    """In one Test Execution the last file would hide the failure in the first."""
    keyed = '<properties><property name="test_key" value="CALC-1"/></properties>'
    write("a.xml", f"<testsuite>{TEST.format('x', keyed + FAILURE)}</testsuite>")
    write("b.xml", f"<testsuite>{TEST.format('x', keyed)}</testsuite>")

    _, found = taken("a.xml", "b.xml")

    (file,) = found.files
    assert file.counts == {"failed": 1}
    assert "CALC-1 in a.xml and b.xml): the files are merged" in found.notices[0]


def test_results_that_differ_and_cannot_be_merged_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing is left behind."""
    monkeypatch.setattr(merge_junit, "is_possible", lambda: False)
    write("a.xml", f"<testsuite>{TEST.format('x', FAILURE)}</testsuite>")
    write("b.xml", f"<testsuite>{TEST.format('x', '')}</testsuite>")

    with pytest.raises(UsageError, match="a test without a key in a") as caught:
        taken("a.xml", "b.xml")
    assert "--separate-executions" in caught.value.hint
    assert "pip install junitparser" in caught.value.hint
    assert not list(Path(".xray/runs").iterdir())


def test_a_scenario_and_a_test_of_one_key_that_differ_are_refused() -> None:
    """These formats cannot be one report."""
    keyed = '<properties><property name="test_key" value="CALC-1"/></properties>'
    write("a.xml", f"<testsuite>{TEST.format('x', keyed)}</testsuite>")
    step = {"name": "x", "result": {"status": "failed"}}
    scenario = {"type": "scenario", "tags": [{"name": "@CALC-1"}], "steps": [step]}
    write("c.json", json.dumps([{"uri": "f", "elements": [scenario]}]))

    with pytest.raises(UsageError, match="CALC-1 in a") as caught:
        taken("a.xml", "c.json")
    assert "merge" not in caught.value.hint


def test_words_that_nobody_knows() -> None:
    """Are told with the file that has them."""
    write("a.xml", '<test-run><test-case fullname="a" result="Splendid"/></test-run>')
    step = {"name": "x", "result": {"status": "great"}}
    feature = {"uri": "f", "elements": [{"type": "scenario", "steps": [step]}]}
    write("c.json", json.dumps([feature]))

    _, found = taken("a.xml", "c.json")

    assert [each.partition(" is unknown")[0] for each in found.notices] == [
        "a.xml: the outcome 'Splendid'",
        "c.json: repaired in the copy that is sent: status great changed to failed (1)",
        "c.json: the status 'great'",
    ]


def test_scenarios_are_recorded_without_secrets() -> None:
    """Scenarios that are written anew are cleaned like a session's."""
    token = "s3cret-nobody-may-see"
    result = {"status": "failed", "error_message": f"who knows {token}?"}
    step = {"name": "x", "result": result}
    feature = {"uri": "f", "elements": [{"type": "scenario", "steps": [step]}]}
    write("c.json", json.dumps([feature]))

    directory, _ = taken("c.json", token=token)

    (run,) = directory.runs()
    assert run.steps[0].message == "who knows ***?"


def test_half_a_character_of_utf_16() -> None:
    """Is no report."""
    write("a.xml", suite("one").encode("utf-16") + b"\x00\xd8")

    with pytest.raises(ReportError, match="begins like UTF-16 but is not UTF-16"):
        taken("a.xml")


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_file_that_may_not_be_read() -> None:
    """Is told by its name, and nothing stays behind."""
    write("a.xml", suite("one"))
    Path("a.xml").chmod(0)

    with pytest.raises(ReportError, match=r"a\.xml: cannot be read: Permission"):
        taken("a.xml")

    assert run_directory.find(Path(".xray")) == []


def test_disk_that_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    """Is told as such, and nothing stays behind."""
    write("a.xml", suite("one"))

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "utime", full)

    with pytest.raises(RunDirectoryError, match="cannot be written: No space left"):
        taken("a.xml")

    assert run_directory.find(Path(".xray")) == []


def test_pipe() -> None:
    """Would be waited for."""
    os.mkfifo("pipe.xml")

    with pytest.raises(ReportError, match=r"pipe\.xml: is not a file"):
        taken("pipe.xml")


def test_empty_properties() -> None:
    """Xray Cloud trips over them; what a test has printed stays."""
    printed = "<system-out><![CDATA[<properties/> é]]></system-out><!--<properties/>-->"
    kept = '<properties><property name="a" value="b"/></properties>'
    hollow = "<properties/>", "<properties \n/>", "<properties>\n </properties >"
    text = "<testsuite>{}<testcase name='a'>{}{}" + f"{printed}</testcase>{kept}{{}}"
    write("a.xml", f"{text}</testsuite>".format(*hollow, "x"))

    directory, found = taken("a.xml")

    sent = (directory.path / found.files[0].file).read_text(encoding="utf-8")
    assert sent == f"{text}</testsuite>".format("", "", "", "x")


def test_merged_keeps_suites_and_properties() -> None:
    """Suites with either root element."""
    about = '<properties><property name="os" value="linux"/></properties>'
    write("a.xml", f'<testsuite name="A">{about}{TEST.format("one", "")}</testsuite>')
    write("b.xml", f"<testsuites>{suite('two!')}{suite('three')}</testsuites>")

    directory, found = taken("a.xml", "b.xml", merge=True)

    (file,) = found.files
    assert (file.name, file.tests) == ("a.xml, b.xml", 3)
    assert found.counts == {"passed": 2, "failed": 1}
    text = (directory.path / file.file).read_text(encoding="utf-8")
    assert text.count("<testsuite ") + text.count("<testsuite>") == 3
    assert '<property name="os" value="linux"/>' in text


def test_merge_without_junitparser(monkeypatch: pytest.MonkeyPatch) -> None:
    """One line, with the command."""
    monkeypatch.setitem(sys.modules, "junitparser", None)
    write("a.xml", suite("one"))

    with pytest.raises(UsageError, match="pip install junitparser"):
        taken("a.xml", merge=True)


@pytest.mark.parametrize(
    ("product", "word", "own"),
    [
        ("server", "PASSED", "PASS"),
        ("server", "FAIL", "FAIL"),
        ("cloud", "FAIL", "FAILED"),
        ("cloud", "BLOCKED", "BLOCKED"),
    ],
)
def test_words_of_the_product(product: str, word: str, own: str) -> None:
    """Properties that both have under two names are removed; others stay."""
    assert dialect.DIALECTS[product].own_word(word) == own


def test_deep_nesting() -> None:
    """Is no report, and no fault of ours."""
    deep = '[{"steps":' * 3000 + "[]" + "}]" * 3000
    write("a.json", f'{{"tests": [{{"testKey": "CALC-1", "steps": {deep}}}]}}')

    with pytest.raises(ReportError, match=r"a\.json: is nested too deeply"):
        taken("a.json")


@pytest.mark.parametrize(
    "text",
    [
        f"<testsuite>{TEST.format('one', '')}",
        f"{'<testsuite>' * 300}{'</testsuite>' * 300}",
    ],
    ids=["broken off", "deeper than libxml2 likes"],
)
def test_merge_of_what_cannot_be_merged(text: str) -> None:
    """Names the file that was given, not its copy."""
    write("a.xml", text)

    with pytest.raises(ReportError, match=r"^a\.xml, line 1: cannot be merged"):
        taken("a.xml", merge=True)


DECLARED = (
    '<?xml version="1.0" encoding="{}"?>\n<testsuite><testcase name="{}"/></testsuite>'
)


@pytest.mark.parametrize(
    ("declared", "written", "name"),
    [
        ("GBK", "gbk", "测试"),
        ("Shift_JIS", "shift_jis", "テスト"),
        ("EUC-KR", "euc_kr", "시험"),
        ("UTF-16BE", "utf-16-be", "é"),
        ("UTF-16", "utf-16-le", "é"),
        ("utf8", "utf-8", "é"),
        ("windows-1252", "cp1252", "€"),
    ],
)
def test_encodings_that_are_declared(declared: str, written: str, name: str) -> None:
    """Are UTF-8 in the copy, and say so."""
    write("a.xml", DECLARED.format(declared, name).encode(written))

    directory, found = taken("a.xml")

    (file,) = found.files
    copy = (directory.path / file.file).read_text(encoding="utf-8")
    assert copy == DECLARED.format("utf-8", name)


@pytest.mark.parametrize(
    ("declared", "content", "said"),
    [
        ("UTF-16", b"a", "declares UTF-16 but is not written in it"),
        ("GBK", b"\xff\xff", "is not in the encoding it declares, GBK"),
        ("UTF-8", b"\xe9", "bytes that are not UTF-8 (0xE9)"),
        ("UTF-8", b"\x1b", "a control character (0x1B)"),
        ("UTF-8", b"&#27;", "a character that XML cannot hold"),
        ("rot13", b"a", "encoding"),
        ("punycode", b"a", "encoding"),
    ],
)
def test_encodings_that_lie(declared: str, content: bytes, said: str) -> None:
    """Are told as what they are."""
    text = DECLARED.format(declared, "@").encode().replace(b"@", content)
    write("a.xml", text)

    with pytest.raises(ReportError) as caught:
        taken("a.xml")

    assert said in str(caught.value)
    assert "is the report complete" not in caught.value.hint


ROBOT = (
    '<robot><suite name="{}"><test name="a"><tag>CALC-1</tag><status status="{}"/>'
    "</test></suite></robot>"
)
ROW = '<test-run><test-case fullname="n.c.a({})" result="{}"/></test-run>'


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (ROBOT.format("s", "FAIL"), ROBOT.format("t", "PASS")),
        (ROW.format(1, "Failed"), ROW.format(2, "Passed")),
    ],
)
def test_pass_that_would_replace_a_failure_is_refused(first: str, second: str) -> None:
    """In whatever format: the later file has a result of the same Test."""
    write("a.xml", first)
    write("b.xml", second)

    with pytest.raises(
        UsageError, match="the same Tests have different results in several files"
    ):
        taken("a.xml", "b.xml")


def test_key_that_may_be_a_requirements() -> None:
    """It is the key of several tests of Robot, which stay several Tests."""
    tests = "".join(
        f'<test name="{word}"><tag>CALC-7</tag><status status="{word}"/></test>'
        for word in ("PASS", "FAIL")
    )
    write("a.xml", f'<robot><suite name="s">{tests}</suite></robot>')
    write("b.xml", f'<robot><suite name="t">{tests}</suite></robot>')

    _, found = taken("a.xml", "b.xml")

    assert found.counts == {"passed": 2, "failed": 2}
    assert found.keys == ()


def test_key_that_is_surely_a_tests_in_another_file() -> None:
    """Then it is one in both, and its results differ."""
    keyed = '<properties><property name="test_key" value="CALC-7"/></properties>'
    tests = "".join(
        f'<test name="{word}"><tag>CALC-7</tag><status status="PASS"/></test>'
        for word in "ab"
    )
    write("a.xml", f"<testsuite>{TEST.format('x', keyed + FAILURE)}</testsuite>")
    write("b.xml", f'<robot><suite name="s">{tests}</suite></robot>')

    for names in (("a.xml", "b.xml"), ("b.xml", "a.xml")):
        with pytest.raises(UsageError, match=r"CALC-7 in \w\.xml and \w\.xml"):
            taken(*names)


def test_secrets_of_ours() -> None:
    """Are masked in what goes out, and that is said."""
    of_suite = '<properties><property name="env.X" value="hush-hush-1"/></properties>'
    write("a.xml", f"<testsuite>{of_suite}{TEST.format('x', '')}</testsuite>")

    directory, found = taken("a.xml", token="hush-hush-1")

    (file,) = found.files
    copy = (directory.path / file.file).read_text(encoding="utf-8")
    assert 'name="env.X" value="***"' in copy
    assert "secrets of xray-bridge are masked" in found.notices[0]
