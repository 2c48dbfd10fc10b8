"""Report files, uploaded by the command and read back from the sandbox."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from xray_bridge import cli
from xray_bridge.config import embedded_sandbox
from xray_sandbox import Store


SAMPLES = Path(__file__).parents[1] / "samples"
XML = ["junit.xml", "testng.xml", "nunit2.xml", "nunit3.xml", "xunit.xml", "robot.xml"]
SCENARIOS = ["cucumber.json", "behave.json"]
WORDS = {"server": ("PASS", "FAIL"), "cloud": ("PASSED", "FAILED")}


class Desk:
    """Uploads the samples to an empty sandbox as one of the two products."""

    def __init__(self, product: str, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self.product = product
        self.passed, self.failed = WORDS[product]

    def upload(self, *arguments: str, code: int = 0) -> Any:
        """The output of ``--json``."""
        flags = ["--sandbox", "--deployment", self.product, "--json"]
        found = cli.main(["upload", *arguments, *flags])
        captured = self._capsys.readouterr()
        assert found == code, captured
        return json.loads(captured.out)

    @property
    def store(self) -> Store:
        """The sandbox's data."""
        return Store(Path(".xray/sandbox/sandbox.sqlite3"))

    @property
    def made(self) -> list[str]:
        """Test Executions that were not there before."""
        found = (each.key for each in self.store.test_executions())
        return [key for key in found if key != "CALC-20"]

    def execution(self, receipt: Any) -> Any:
        """The Test Execution of a receipt."""
        found = self.store.test_execution(receipt["test_execution"]["key"])
        assert found is not None
        return found

    def statuses(self, receipt: Any) -> Counter[str]:
        """The statuses of its Test Runs."""
        return Counter(run.status for run in self.execution(receipt).runs)


def filter_notices(receipt: dict[str, Any]) -> list[str]:
    """The notices of a receipt, without how to look at the sandbox."""
    return [each for each in receipt["notices"] if "in a browser" not in each]


@pytest.fixture(params=["server", "cloud"])
def desk(
    request: pytest.FixtureRequest,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Desk:
    """In a folder with the samples; Xray JSON is in Cloud's words."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(
        SAMPLES, "reports", ignore=shutil.ignore_patterns("real", "convert*")
    )
    return Desk(request.param, capsys)


@pytest.mark.parametrize("name", [*XML, "xray.json", *SCENARIOS])
def test_new_execution(desk: Desk, name: str) -> None:
    """By multipart, with all settings; each result as the report has it."""
    receipt = desk.upload(
        f"reports/{name}",
        "--test-plan=CALC-15",
        "--environments=chrome;linux",
        "--revision=r17",
        "--fix-version=1.0",
        "--summary=Nightly",
        "--labels=nightly",
        '--execution-fields={"priority": {"name": "High"}}',
    )

    found = desk.execution(receipt)
    assert found.summary == "Nightly"
    assert found.test_plans == ("CALC-15",)
    assert (found.environments, found.revision) == (("chrome", "linux"), "r17")
    assert found.fix_versions == ("1.0",)
    assert "nightly" in found.labels
    assert found.fields["priority"] == {"name": "High"}
    failed = 2 if name == "junit.xml" else 1
    statuses = desk.statuses(receipt)
    assert (statuses[desk.passed], statuses[desk.failed]) == (1, failed)


@pytest.mark.parametrize("name", [*XML, "xray.json", *SCENARIOS])
def test_existing_execution(desk: Desk, name: str) -> None:
    """By the plain endpoint; scenarios as Xray JSON, which is said."""
    receipt = desk.upload(
        f"reports/{name}", "--test-execution=CALC-90", "--revision=r17"
    )

    assert receipt["test_execution"]["key"] == "CALC-90"
    assert desk.execution(receipt).revision == "r17"
    assert desk.statuses(receipt)[desk.failed] == receipt["counts"]["failed"]
    as_another = [each for each in receipt["notices"] if "as Xray JSON" in each]
    assert bool(as_another) == (name in SCENARIOS)


def test_scenarios_keep_what_they_had(desk: Desk) -> None:
    """Failures and their evidence arrive, also in another format."""
    receipt = desk.upload("reports/cucumber.json", "--test-execution=CALC-90")

    runs = {run.test_key: run for run in desk.execution(receipt).runs}
    assert "it shows 1" in runs["CALC-79"].comment
    assert "1 != 2" in runs["CALC-79"].comment
    (shot,) = runs["CALC-78"].evidence
    assert (shot.filename, shot.size) == ("display.txt", 5)


def test_rows_of_an_outline(desk: Desk) -> None:
    """One Test Run, of which each row is an example; the worst decides."""
    row: dict[str, Any] = {
        "type": "scenario",
        "keyword": "Scenario Outline",
        "name": "add",
        "tags": [{"name": "@CALC-78"}],
    }
    rows = [
        {**row, "steps": [{"name": "x", "result": {"status": word}}]}
        for word in ("passed", "failed", "passed")
    ]
    report = [{"uri": "f.feature", "name": "F", "elements": rows}]
    Path("outline.json").write_text(json.dumps(report), encoding="utf-8")

    receipt = desk.upload("outline.json", "--test-execution=CALC-90")

    (run,) = desk.execution(receipt).runs
    assert run.status == desk.failed
    assert run.examples == (desk.passed, desk.failed, desk.passed)


def test_cucumber_and_behave(desk: Desk) -> None:
    """Both at once can only go as Xray JSON; nothing of either is lost."""
    text = Path("reports/behave.json").read_text(encoding="utf-8")
    Path("reports/behave.json").write_text(text.replace("CALC-7", "CALC-6"))

    receipt = desk.upload("reports/cucumber.json", "reports/behave.json")

    runs = {run.test_key: run.status for run in desk.execution(receipt).runs}
    assert runs == {
        "CALC-68": desk.passed,
        "CALC-69": desk.failed,
        "CALC-78": desk.passed,
        "CALC-79": desk.failed,
    }


def test_all_formats_into_one(desk: Desk) -> None:
    """One Test Execution, whatever comes in, several at a time."""
    receipt = desk.upload("reports/**/*", "--jobs=4")

    found = desk.execution(receipt)
    assert len({run.test_key for run in found.runs}) == len(found.runs)
    # There are both NUnits, and xUnit's tests have the same names.
    assert receipt["counts"]["failed"] == 10
    assert "the same Tests are in several files" in " ".join(receipt["notices"])
    assert desk.made == [found.key]
    # That of Xray JSON.
    assert found.summary == "Written by another tool"


def test_xray_json_says_it_itself(desk: Desk) -> None:
    """The file's description of the Test Execution is used; a flag wins."""
    receipt = desk.upload("reports/xray.json", "--test-plan=CALC-16")

    found = desk.execution(receipt)
    assert found.summary == "Written by another tool"
    assert found.test_plans == ("CALC-16",)


def test_words_of_the_other_product(desk: Desk) -> None:
    """Cloud would silently make TO DO of them, and Server refuse the file."""
    test = {
        "status": "PASS",
        "steps": [{"status": "PASS"}, {"status": "PASSED"}],
        "testKey": "CALC-1",
    }
    report = {"tests": [test, {"testKey": "CALC-2", "status": "FAILED"}]}
    Path("x.json").write_text(json.dumps(report), encoding="utf-8")

    receipt = desk.upload("x.json", "--test-execution=CALC-90")

    runs = {run.test_key: run for run in desk.execution(receipt).runs}
    assert runs["CALC-1"].status == desk.passed
    assert [step.status for step in runs["CALC-1"].steps] == [desk.passed] * 2
    assert runs["CALC-2"].status == desk.failed
    (notice,) = filter_notices(receipt)
    assert f"as {desk.passed}" in notice or f"as {desk.failed}" in notice


def test_a_folder_of_report_files(desk: Desk) -> None:
    """A folder stands for the report files below it; other files do not matter."""
    folder = Path("artifacts/shard-1")
    folder.mkdir(parents=True)
    shutil.copy("reports/junit.xml", folder)
    shutil.copy("reports/testng.xml", folder.parent)
    (folder / "log.txt").write_text("no report", "ascii")
    (folder / ".cache").mkdir()
    (folder / ".cache" / "state.json").write_text("{}", "ascii")

    by_folder = desk.upload("artifacts")
    by_pattern = desk.upload("artifacts/**/*.xml")

    assert desk.statuses(by_folder) == desk.statuses(by_pattern)
    assert sum(desk.statuses(by_folder).values()) > 0


def test_a_pattern_does_not_reach_into_folders(desk: Desk) -> None:
    """A folder that a pattern finds beside files is ignored."""
    Path("reports/more").mkdir()
    Path("reports/more/broken.xml").write_text("<broken", "ascii")

    receipt = desk.upload("reports/[jm]*")

    assert sum(desk.statuses(receipt).values()) > 0


@pytest.mark.usefixtures("desk")
def test_a_folder_with_nothing_to_send(capsys: pytest.CaptureFixture[str]) -> None:
    """A folder without a report file and without a run is a usage error."""
    Path("empty").mkdir()

    assert cli.main(["upload", "empty", "--sandbox"]) == 2
    assert "there is no run directory in empty" in capsys.readouterr().err


def test_several_of_cucumber_are_one(desk: Desk) -> None:
    """Joined before they are sent: one request, no other format."""
    shutil.copy("reports/cucumber.json", "reports/second.json")
    text = Path("reports/second.json").read_text(encoding="utf-8")
    text = text.replace("CALC-78", "CALC-80").replace("CALC-79", "CALC-81")
    Path("reports/second.json").write_text(text, encoding="utf-8")

    receipt = desk.upload("reports/cucumber.json", "reports/second.json")

    keys = {run.test_key for run in desk.execution(receipt).runs}
    assert keys == {"CALC-78", "CALC-79", "CALC-80", "CALC-81"}
    assert receipt["report"]["format"] == "cucumber"


def test_separate_executions(desk: Desk) -> None:
    """One for each file, and a list of receipts."""
    first, second = desk.upload(
        "reports/junit.xml", "reports/robot.xml", "--separate-executions"
    )

    summaries = [desk.execution(each).summary for each in (first, second)]
    assert [each.partition(" 20")[0] for each in summaries] == ["JUnit", "Robot"]
    assert first["test_execution"]["key"] != second["test_execution"]["key"]
    assert (first["sent"], second["sent"]) == (4, 3)


def test_merge(desk: Desk) -> None:
    """One file, so that what stands in both adds up."""
    twice = '<testsuite name="s"><testcase name="a">{}</testcase></testsuite>'
    Path("a.xml").write_text(twice.format("<failure/>"), encoding="utf-8")
    Path("b.xml").write_text(twice.format(""), encoding="utf-8")

    receipt = desk.upload("a.xml", "b.xml", "--merge")

    assert desk.statuses(receipt) == {desk.failed: 1}
    assert filter_notices(receipt) == []


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf<testsuite><testcase name='a'/></testsuite>",
        b" \n<?xml version='1.0'?><testsuite><testcase name='a'/></testsuite>",
        "<?xml version='1.0' encoding='utf-16'?><testsuite><testcase name='é'/></testsuite>".encode(  # noqa: E501 - one value
            "utf-16"
        ),
    ],
    ids=["mark", "blanks", "UTF-16"],
)
def test_what_stands_before_the_declaration(desk: Desk, content: bytes) -> None:
    """Is what Xray trips over."""
    Path("a.xml").write_bytes(content)

    receipt = desk.upload("a.xml")

    assert desk.statuses(receipt) == {desk.passed: 1}


def test_tags_decide_where_there_is_no_project(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key on the feature is the Test Execution it was exported from."""
    text = Path("reports/cucumber.json").read_text(encoding="utf-8")
    text = text.replace("REQ_CALC-7", "CALC-90")
    Path("reports/cucumber.json").write_text(text, encoding="utf-8")
    # The sandbox would bring a project.
    monkeypatch.setattr(embedded_sandbox, "PROJECT", "")

    receipt = desk.upload("reports/cucumber.json")

    assert receipt["test_execution"]["key"] == "CALC-90"


def test_variables_in_fields(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Inside a file and inline."""
    monkeypatch.setenv("BUILD_TAG", "job-17")
    fields = {"fields": {"summary": "Run of ${BUILD_TAG}"}}
    Path("fields.json").write_text(json.dumps(fields), encoding="utf-8")

    receipt = desk.upload(
        "reports/junit.xml",
        "--execution-fields=fields.json",
        '--test-fields={"labels": ["${BUILD_TAG}"]}',
    )

    found = desk.execution(receipt)
    assert found.summary == "Run of job-17"
    made = desk.store.tests()
    assert {label for test in made for label in test.labels} == {"job-17"}


def test_rehearsal(desk: Desk) -> None:
    """Every request, and nothing in the sandbox."""
    receipt = desk.upload("reports/*.xml", "--dry-run")

    posts = [line for line in receipt["plan"] if line.startswith("POST")]
    assert len(posts) == len(XML)
    assert posts[0].endswith("/junit/multipart")
    assert all("testExecKey=KEY-OF-THE-NEW-ONE" in line for line in posts[1:])
    assert desk.made == []
