"""Report files and servers that fail: nothing lost, nothing twice, nothing half."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from werkzeug import Response

from tests.scripted_xray import (
    CREATED,
    IMPORT,
    MULTIPART,
    PLAIN,
    SEARCH,
    SECRET,
    Xray,
)
from xray_bridge import cli
from xray_bridge.client import connection
from xray_bridge.client.import_answer import ImportAnswer
from xray_bridge.client.pauses import Pauses
from xray_bridge.runs import json_files, run_directory
from xray_bridge.runs.run_directory import RunDirectory
from xray_bridge.upload.arrivals import Arrivals
from xray_sandbox import CREDENTIALS, Store, running


SAMPLES = Path(__file__).parents[1] / "samples"
ROBOT = f"{IMPORT}/robot"
TESTNG = f"{IMPORT}/testng"
CUCUMBER = f"{IMPORT}/cucumber"
THREE = ["junit.xml", "robot.xml", "testng.xml"]
FOUND = {"issues": [{"key": "CALC-77"}]}
NONE_FOUND: dict[str, list[object]] = {"issues": []}


@pytest.fixture(autouse=True)
def _samples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lie in the folder where the command runs."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(SAMPLES, tmp_path, dirs_exist_ok=True)


@pytest.fixture
def server(server: Xray) -> Xray:
    """Which takes the other formats, too."""
    server.script |= {ROBOT: [CREATED], TESTNG: [CREATED], CUCUMBER: [CREATED]}
    return server


def lost() -> Response:
    """An answer that says nothing."""
    return Response("", 500)


def refused(text: str = "no") -> Response:
    """Xray's own kind of error."""
    return Response(json.dumps({"error": text}), 400, content_type="application/json")


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """Exit code, and all that was said."""
    code = cli.main([*arguments])
    captured = capsys.readouterr()
    return code, captured.out + captured.err


def runs() -> list[RunDirectory]:
    """The run directories that are there."""
    return run_directory.find(Path(".xray"))


def posts(server: Xray) -> list[str]:
    """Where results went, in order."""
    found = [s for s in server.sent if s.method == "POST"]
    return [sent.path.removeprefix(IMPORT) for sent in found]


def test_first_answer_lost(server: Xray, capsys: pytest.CaptureFixture[str]) -> None:
    """It is looked for, found and filled; the others go to its key."""
    server.script[MULTIPART] = [lost()]
    server.script[SEARCH] = [FOUND]

    code, said = run(capsys, "upload", *THREE)

    assert (code, posts(server)) == (
        0,
        ["/junit/multipart", "/junit", "/robot", "/testng"],
    ), said
    filled = [sent for sent in server.sent if "testExecKey" in sent.query]
    assert [sent.query["testExecKey"] for sent in filled] == ["CALC-77"] * 3


def test_answer_lost_between_files(
    server: Xray, capsys: pytest.CaptureFixture[str]
) -> None:
    """A resend sends what has not arrived, and nothing else."""
    server.script[ROBOT] = [lost()]

    code, said = run(capsys, "upload", *THREE)
    before = posts(server)
    server.script[ROBOT] = [CREATED]
    again, _ = run(capsys, "resend")

    assert code == 81
    assert "robot.xml into CALC-77" in said
    assert "/testng" not in before
    assert again == 0
    assert posts(server)[len(before) :] == ["/robot", "/testng"]
    assert runs()[0].state.test_execution == "CALC-77"


def test_first_answer_lost_of_scenarios(
    server: Xray, capsys: pytest.CaptureFixture[str]
) -> None:
    """They are filled as Xray JSON; what that cannot name stays open."""
    text = Path("cucumber.json").read_text(encoding="utf-8")
    Path("cucumber.json").write_text(text.replace("@TEST_CALC-79", "@other"))
    server.script[f"{CUCUMBER}/multipart"] = [lost()]
    server.script[SEARCH] = [FOUND]
    server.script[IMPORT] = [CREATED["testExecIssue"]]

    code, said = run(capsys, "upload", "cucumber.json")

    assert (code, posts(server)) == (0, ["/cucumber/multipart", ""])
    body = json.loads(server.posts("execution")[0].body)
    assert body["testExecutionKey"] == "CALC-77"
    assert [test["testKey"] for test in body["tests"]] == ["CALC-78"]
    assert "may or may not have received 1 scenario without a Test key" in said


@pytest.mark.parametrize("line", ['{"a": 1}', "[" * 5000], ids=["odd", "deep"])
def test_list_of_what_arrived_is_damaged(
    server: Xray, capsys: pytest.CaptureFixture[str], line: str
) -> None:
    """Then nothing is sent: it is unknown what has arrived."""
    server.script[ROBOT] = [refused()]
    run(capsys, "upload", *THREE)
    before = posts(server)
    (runs()[0].path / "arrived.jsonl").write_text(f"{line}\n", encoding="ascii")

    code, said = run(capsys, "resend")

    assert (code, posts(server)) == (83, before)
    assert "arrived.jsonl is damaged" in said


def test_one_is_refused(server: Xray, capsys: pytest.CaptureFixture[str]) -> None:
    """The others arrive; a resend sends that one only."""
    server.script[ROBOT] = [refused("no such version")]

    code, said = run(capsys, "upload", *THREE)
    before = posts(server)
    server.script[ROBOT] = [CREATED]
    again, _ = run(capsys, "resend")

    assert code == 80
    assert "no such version; 2 of 3 reports have arrived" in said
    assert before == ["/junit/multipart", "/robot", "/testng"]
    assert again == 0
    assert posts(server)[len(before) :] == ["/robot"]


def test_what_xray_does_not_mention(
    server: Xray, capsys: pytest.CaptureFixture[str]
) -> None:
    """A key that it was sent and does not list was not taken."""
    tests = {"success": [], "error": [{"testKey": "CALC-5", "messages": ["no Test"]}]}
    server.script[MULTIPART] = [{**CREATED, "testIssues": tests}]

    code, said = run(capsys, "upload", "junit.xml")

    assert code == 84
    assert "Refused by Xray: CALC-5: no Test" in said
    assert "Refused by Xray: CALC-1: Xray does not list it" in said


def test_refused_in_one_file_and_taken_in_another(
    server: Xray, capsys: pytest.CaptureFixture[str]
) -> None:
    """Is a result that is missing."""
    tests = {"success": [], "error": [{"testKey": "CALC-1", "messages": ["closed"]}]}
    server.script[ROBOT] = [{**CREATED, "testIssues": tests}]

    code, said = run(capsys, "upload", "junit.xml", "robot.xml")

    assert code == 84
    assert "Refused by Xray: CALC-1: closed" in said


def test_scenario_that_xray_does_not_know(
    server: Xray, capsys: pytest.CaptureFixture[str]
) -> None:
    """Server lists what it took; what is missing was not taken."""
    text = Path("cucumber.json").read_text(encoding="utf-8")
    Path("cucumber.json").write_text(text.replace("@TEST_CALC-79", "@other"))
    tests = {"success": [{"key": "CALC-78"}]}
    server.script[f"{CUCUMBER}/multipart"] = [{**CREATED, "testIssues": tests}]

    code, said = run(capsys, "upload", "cucumber.json")

    assert code == 84
    assert "1 scenario without a Test key" in said
    assert "Refused by Xray: 1 result without a Test key was not accepted" in said


def test_several_jobs(server: Xray, capsys: pytest.CaptureFixture[str]) -> None:
    """The first alone; each of the others once."""
    for number in range(12):
        shutil.copy("robot.xml", f"more-{number}.xml")

    code, _ = run(capsys, "upload", "junit.xml", "more-*.xml", "--jobs", "6")

    assert code == 0
    assert posts(server) == ["/junit/multipart", *["/robot"] * 12]
    arrived = (runs()[0].path / "arrived.jsonl").read_text(encoding="utf-8")
    assert arrived.count("\n") == 13


@pytest.fixture
def unlabelled(server: Xray, monkeypatch: pytest.MonkeyPatch) -> Xray:
    """No project is set."""
    monkeypatch.delenv("XRAY_PROJECT")
    return server


def test_answer_lost_where_no_label_can_be_set(
    unlabelled: Xray, capsys: pytest.CaptureFixture[str]
) -> None:
    """Then it is sent once, and never again by itself."""
    unlabelled.script[CUCUMBER] = [lost()]

    code, _ = run(capsys, "upload", "cucumber.json")
    again, said = run(capsys, "resend")

    assert (code, again) == (81, 81)
    assert posts(unlabelled) == ["/cucumber"]
    assert "upload the files again" in said


def test_refusal_where_no_label_can_be_set(
    unlabelled: Xray, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing arrived, so it can be sent again."""
    unlabelled.script[CUCUMBER] = [refused(), CREATED["testExecIssue"]]

    code, _ = run(capsys, "upload", "cucumber.json")
    again, _ = run(capsys, "resend")

    assert (code, again) == (80, 0)


class KilledError(BaseException):
    """The process ends here."""


def killed_at(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """End the process before it notes anything for the nth time."""
    written = json_files.write_json
    left = [number]

    def write(path: Path, content: Mapping[str, Any]) -> None:
        left[0] -= 1
        if left[0] <= 0:
            raise KilledError
        written(path, content)

    noted = Arrivals.note

    def note(self: Arrivals, name: str, answer: ImportAnswer) -> None:
        left[0] -= 1
        if left[0] <= 0:
            # Half a line, as it may be.
            with (runs()[0].path / "arrived.jsonl").open("ab") as file:
                file.write(b'{"report": "')
            raise KilledError
        noted(self, name, answer)

    monkeypatch.setattr(json_files, "write_json", write)
    monkeypatch.setattr(Arrivals, "note", note)


# Of eleven: run.json, files.json and the seal come before anything is sent.
READ = 3


@pytest.mark.parametrize("product", ["server", "cloud"])
@pytest.mark.parametrize("number", range(2, 12))
def test_killed(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    number: int,
    product: str,
) -> None:
    """Wherever that is: one Test Execution, and all results in it."""
    pauses = Pauses(looks=(0.0,), in_progress=0.0, settled=0.0)
    monkeypatch.setattr(connection, "PAUSES", pauses)
    flags = ["--sandbox", "--deployment", product]
    with monkeypatch.context() as patched:
        killed_at(patched, number)
        with pytest.raises(KilledError):
            cli.main(["upload", *THREE, "--revision=r17", *flags])

    code, said = run(capsys, "resend", *flags)

    assert code == 0, said
    store = Store(Path(".xray/sandbox/sandbox.sqlite3"))
    keys = {each.key for each in store.test_executions()} - {"CALC-20"}
    made = [store.test_execution(key) for key in keys]
    assert [len(each.runs) for each in made if each] == [10] * (number > READ)
    assert {each.revision for each in made if each} <= {"r17"}


NOT_A_REPORT = {
    "half": ("<testsuite>\n<testcase", 83, "b.xml, line 2: is not well-formed XML"),
    "empty": ("", 83, "b.xml: is empty"),
    "page": ("<html/>", 83, "the root element <html>"),
}


@pytest.mark.parametrize("name", [*NOT_A_REPORT])
@pytest.mark.parametrize("flag", ["--same-execution", "--separate-executions"])
@pytest.mark.fault("F20")
def test_one_is_no_report(
    server: Xray, capsys: pytest.CaptureFixture[str], name: str, flag: str
) -> None:
    """Then nothing is sent, and nothing stays behind."""
    content, expected, reason = NOT_A_REPORT[name]
    Path("b.xml").write_text(content, encoding="utf-8")

    code, said = run(capsys, "upload", "junit.xml", "b.xml", flag)

    assert (code, server.sent, runs()) == (expected, [], [])
    assert reason in said
    assert said.count("\n") == 1


WRONG = {
    "no file": (["gone.xml"], 2, "gone.xml does not exist (searched in "),
    "no match": (["gone/**/*.xml"], 2, "no file matches gone/**/*.xml (searched in "),
    "a folder": (["folder"], 2, "there is no run directory in folder"),
    "only folders": (["fold*"], 2, "there is no run directory in folder"),
    "a file and a folder": (["junit.xml", "folder"], 2, "folder is a directory"),
    "no tests": (["none.xml"], 83, "no test was found in none.xml"),
    "another format": (["junit.xml", "--format=robot"], 83, "is JUnit XML, not Robot"),
    "no format": (["junit.xml", "--format=csv"], 2, "--format: 'csv' is not one of"),
    "merge of another": (
        ["junit.xml", "robot.xml", "--merge"],
        2,
        "robot.xml is not one",
    ),
    "merge and separate": (
        ["junit.xml", "--merge", "--separate-executions"],
        2,
        "--merge and --separate-executions",
    ),
    "fields of several": (
        ["junit.xml", "robot.xml", '--test-fields={"labels": ["a"]}'],
        2,
        "xray_test_fields apply only to the file that creates the Test Execution",
    ),
    "fields of existing": (
        ["junit.xml", '--test-fields={"labels": ["a"]}', "--test-execution=CALC-9"],
        2,
        "cannot be sent into an existing Test Execution",
    ),
    "odd fields": (
        ["junit.xml", '--execution-fields={"fields": [1]}'],
        2,
        "fields is not a JSON object",
    ),
    "no key": (["junit.xml", "--test-plan=calc 1"], 2, "not an issue key"),
    "two Test Executions": (["one.json", "two.json"], 2, "one.json says 'CALC-1'"),
}


@pytest.mark.parametrize("name", [*WRONG])
def test_wrong_use(server: Xray, capsys: pytest.CaptureFixture[str], name: str) -> None:
    """One line that says what, before anything is sent."""
    arguments, expected, reason = WRONG[name]
    Path("folder").mkdir()
    Path("none.xml").write_text("<testsuites/>", encoding="utf-8")
    for number, file in enumerate(["one.json", "two.json"], 1):
        key = f"CALC-{number}"
        report = {"testExecutionKey": key, "tests": [{"testKey": key, "status": "x"}]}
        Path(file).write_text(json.dumps(report), encoding="utf-8")

    code, said = run(capsys, "upload", *arguments)

    assert (code, server.sent, runs()) == (expected, [], [])
    assert reason in said
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["junit.xml"], "no project: xray_project is not set, and junit.xml does not"),
        (["cucumber.json", "--test-plan=CALC-1"], "xray_test_plan needs a project"),
        (["cucumber.json", "xray.json"], "no project"),
    ],
)
def test_no_project(
    unlabelled: Xray,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    reason: str,
) -> None:
    """Settings that need a project are refused without one."""
    report = {"tests": [{"testKey": "CALC-1", "status": "PASS"}]}
    Path("xray.json").write_text(json.dumps(report), encoding="utf-8")

    code, said = run(capsys, "upload", *arguments)

    assert (code, unlabelled.sent) == (2, [])
    assert reason in said


UNKNOWN = {
    "project": (["--project=NOPE"], "there is no project NOPE"),
    "version": (["--fix-version=9"], "CALC does not have the version 9"),
    "plan": (["--test-plan=CALC-1"], "there is no Test Plan CALC-1"),
    "execution": (["--test-execution=CALC-999"], "there is no Test Execution CALC-999"),
}


@pytest.mark.parametrize("name", [*UNKNOWN])
def test_what_the_server_does_not_have(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    name: str,
) -> None:
    """Asked for before anything is sent."""
    arguments, reason = UNKNOWN[name]
    with running(tmp_path / "data") as sandbox:
        monkeypatch.setenv("XRAY_URL", sandbox.url)
        monkeypatch.setenv("XRAY_TOKEN", CREDENTIALS.token)
        monkeypatch.setenv("XRAY_PROJECT", "CALC")
        code, said = run(capsys, "upload", "junit.xml", "robot.xml", *arguments)
        made = [each.key for each in sandbox.store.test_executions()]

    assert (code, made, runs()) == (2, ["CALC-20"], [])
    assert reason in said


@pytest.mark.parametrize("path", ["gone.xml", "none.xml"])
def test_allow_empty(
    server: Xray, capsys: pytest.CaptureFixture[str], path: str
) -> None:
    """Then nothing is no error."""
    Path("none.xml").write_text("<testsuites/>", encoding="utf-8")

    code, said = run(capsys, "upload", path, "--allow-empty")

    assert (code, server.sent, runs()) == (0, [], [])
    assert "Nothing to upload" in said
    assert path in said


@pytest.mark.parametrize("flag", ["--same-execution", "--separate-executions"])
def test_file_without_tests_among_others(
    server: Xray, capsys: pytest.CaptureFixture[str], flag: str
) -> None:
    """It is left out, and that is said."""
    Path("none.xml").write_text("<testsuites/>", encoding="utf-8")

    code, said = run(capsys, "upload", "none.xml", "junit.xml", flag)

    assert code == 0
    assert "Left out: none.xml, which has no tests" in said
    assert posts(server) == ["/junit/multipart"]
    assert len(runs()) == 1


def test_files_that_are_collected(
    server: Xray, capsys: pytest.CaptureFixture[str]
) -> None:
    """Stay here until somebody sends them."""
    code, _ = run(capsys, "upload", "junit.xml", "--collect")
    sent = posts(server)
    (kept,) = runs()
    again, _ = run(capsys, "resend", str(kept.path))

    assert (code, sent, again) == (0, [], 0)
    assert posts(server) == ["/junit/multipart"]


def test_connection_that_is_disabled(
    server: Xray, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is sent, nothing is wrong, and nothing is lost."""
    monkeypatch.delenv("XRAY_URL")
    monkeypatch.delenv("XRAY_TOKEN")
    table = f'[connections.main]\nurl = "{server.url}"\nenabled = {{}}\n'
    path = Path("xray-bridge.toml")
    path.write_text(f'{table}secret_env = "XRAY_TOKEN_OF_MAIN"\n'.format("false"))
    monkeypatch.setenv("XRAY_TOKEN_OF_MAIN", "a-token")

    code, said = run(capsys, "upload", "junit.xml", "--connection=main")
    sent = [*server.sent]
    path.write_text(path.read_text().replace("false", "true"))
    without, refused = run(capsys, "resend")
    again, _ = run(capsys, "resend", "--connection=main")

    assert (code, sent) == (0, []), said
    assert "the connection main is disabled" in said
    assert "--connection main" in said
    assert (without, "connection main" in refused) == (2, True)
    assert again == 0
    assert posts(server) == ["/junit/multipart"]


def test_files_and_run_directories(
    server: Xray, capsys: pytest.CaptureFixture[str]
) -> None:
    """One or the other."""
    server.script[MULTIPART] = [refused()]
    run(capsys, "upload", "junit.xml", "junit.xml", "--separate-executions")
    run(capsys, "upload", "junit.xml")
    first, second = (str(each.path) for each in runs())

    code, said = run(capsys, "upload", "junit.xml", first)
    joined, why = run(capsys, "upload", first, second)
    nothing, _ = run(capsys, "upload", ".xray")

    assert (code, joined, nothing) == (2, 2, 2)
    assert "cannot be sent together with files" in said
    assert "contains report files" in why


@pytest.mark.usefixtures("server")
def test_glob(capsys: pytest.CaptureFixture[str]) -> None:
    """Sorted, each file once, whatever names it."""
    deep = Path("a/b/c")
    deep.mkdir(parents=True)
    shutil.copy("junit.xml", deep / "junit.xml")

    code, _ = run(capsys, "upload", "**/junit.xml", "./junit.xml", "a/**/*.xml")

    assert code == 0
    listed: dict[str, Any] = json.loads(
        (runs()[0].path / "files.json").read_text(encoding="utf-8")
    )
    assert [each["name"] for each in listed["files"]] == [
        "a/b/c/junit.xml",
        "junit.xml",
    ]
    assert [each["file"] for each in listed["files"]] == [
        "001-junit.xml",
        "002-junit.xml",
    ]


def test_names_of_any_kind(server: Xray, capsys: pytest.CaptureFixture[str]) -> None:
    """A file with a glob's letters in its name is that file."""
    shutil.copy("junit.xml", "résultats [1].xml")

    code, _ = run(capsys, "upload", "résultats [1].xml")

    assert code == 0
    (sent,) = server.posts(MULTIPART)
    assert re.fullmatch(r"001-r_sultats__1_\.xml", sent.parts["file"][0])


@pytest.mark.usefixtures("server")
def test_settings_that_change_nothing_are_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A report goes out as it is."""
    code, said = run(capsys, "upload", "junit.xml", "--statuses=skipped=ABORTED")

    assert code == 0
    assert "sent unchanged, without xray_statuses" in said


def test_upload_that_was_killed_while_it_read(
    server: Xray, capsys: pytest.CaptureFixture[str]
) -> None:
    """An incomplete run is not sent."""
    server.script[f"{CUCUMBER}/multipart"] = [refused()]
    run(capsys, "upload", "cucumber.json")
    (kept,) = runs()
    (kept.path / "files.json").unlink()
    server.sent.clear()

    code, said = run(capsys, "resend")

    assert (code, posts(server)) == (0, [])
    assert "upload the files again" in said


def test_plain_part_of_xml(server: Xray, capsys: pytest.CaptureFixture[str]) -> None:
    """To the byte as it was."""
    run(capsys, "upload", "junit.xml", "--test-execution=CALC-9", "--revision=r17")

    (sent,) = server.posts(PLAIN)
    assert sent.parts["file"][2] == (SAMPLES / "junit.xml").read_bytes()
    assert sent.query == {
        "projectKey": "CALC",
        "testExecKey": "CALC-9",
        "revision": "r17",
    }


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"testIssues": {"success": []}}, "Xray lists no results of robot.xml"),
        ({"error": "no such field"}, "no such field"),
        ({"errors": [{"x": 1}]}, "x"),
    ],
)
def test_success_that_is_none(
    server: Xray,
    capsys: pytest.CaptureFixture[str],
    more: dict[str, Any],
    said: str,
) -> None:
    """A key alone is not enough."""
    server.script[ROBOT] = [{"testExecIssue": {"key": "CALC-77"}, **more}]

    code, told = run(capsys, "upload", "robot.xml", "--test-execution=CALC-77")

    assert code == 84
    assert said in told


def test_answers_that_repeat_a_secret(
    server: Xray, capsys: pytest.CaptureFixture[str]
) -> None:
    """Stay without it, wherever they are kept."""
    repeated = {"id": SECRET, "key": "CALC-77", "self": f"http://x/{SECRET}/rest/1"}
    refusal = [{"key": "CALC-1", "message": SECRET}]
    server.script[MULTIPART] = [
        {"testExecIssue": repeated, "testIssues": {"error": refusal}}
    ]

    code, told = run(capsys, "upload", "junit.xml", "--json")

    kept = [path.read_text() for path in runs()[0].path.rglob("*") if path.is_file()]
    assert code == 84
    assert SECRET not in "".join([told, *kept])
