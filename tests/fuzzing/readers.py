"""Each reader as a function of bytes, which raises nothing but errors of ours."""

from __future__ import annotations

import contextlib
import io
import json
import shutil
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.builders import a_connection, a_run, a_scenario_run, a_step, recorded
from tests.fuzzing.own_files import OWN_FILES
from tests.fuzzing.places import Reader, folder, written
from xray_bridge.ci.comments.places import SERVICES, Place, Service
from xray_bridge.client import response
from xray_bridge.client.cloud import CloudXray
from xray_bridge.client.comments import open_comments
from xray_bridge.client.connection import ApiKey, Connection
from xray_bridge.client.coverage import coverage_of
from xray_bridge.client.datasets import fetch_datasets
from xray_bridge.client.executions import list_executions
from xray_bridge.client.http import Deadline, Http
from xray_bridge.client.import_answer import read_import_answer
from xray_bridge.client.issues import TESTS
from xray_bridge.client.known_tests import list_tests
from xray_bridge.client.response import Answer
from xray_bridge.client.run_details import read_details
from xray_bridge.client.server import ServerXray
from xray_bridge.client.test_issues import read_tests
from xray_bridge.client.test_runs import open_test_runs
from xray_bridge.config import stored_connections
from xray_bridge.config.resolve import ini_layer, resolve
from xray_bridge.config.secret import Secret
from xray_bridge.config.settings import TABLE
from xray_bridge.config.shared_file import read_shared_table, read_toml
from xray_bridge.errors import XrayBridgeError
from xray_bridge.features import archive, gherkin
from xray_bridge.features.answers import read_answer
from xray_bridge.features.download import Limits
from xray_bridge.formats import convert, read
from xray_bridge.formats.read import repair, xray
from xray_bridge.formats.read.protocol import Source
from xray_bridge.model.dialect import CLOUD, DIALECTS, SERVER
from xray_bridge.model.formats import SCENARIO_FORMATS
from xray_bridge.model.tags import PREFIXES
from xray_bridge.runs import report_files
from xray_bridge.runs.failures import first_failures
from xray_bridge.runs.merge import Results
from xray_bridge.runs.run_directory import RunDirectory
from xray_bridge.upload.arrivals import Arrivals


if TYPE_CHECKING:
    from collections.abc import Callable

SAMPLES = Path(__file__).parents[1] / "samples"
CORPUS = SAMPLES / "fuzz"
LIMITS = Limits(file_bytes=1 << 16, total_bytes=1 << 18, ratio_from_bytes=1 << 12)


def report(content: bytes) -> None:
    """What ``upload FILE`` reads of a report, of whichever format it is."""
    source = Source(path=written(content, "report"), name="report")
    name = read.recognise_format(source)
    if name == "junit":
        repair.write_without_empty(source, io.BytesIO())
    if name in SCENARIO_FORMATS:
        reader = read.ScenarioReader(behave=name == "behave", finished=1.0)
        for run in reader.runs(source):
            assert run.test.name is not None
        reader.write(source, io.BytesIO())
    else:
        reading = read.open_reading(source, name)
        for case in reading.cases():
            assert case.identity is not None
        reading.write(io.BytesIO())
    if name == "xray":
        xray.read_execution(source)
        xray.write_copy(source, {"info": {}}, io.BytesIO())


def foreign(content: bytes) -> None:
    """What ``upload FILE`` converts, whichever format it is."""
    _converted(written(content, "foreign"))


def foreign_folder(content: bytes) -> None:
    """A folder of Allure's results, with one file as a result and as a container."""
    place = folder() / "allure"
    place.mkdir(exist_ok=True)
    for kind in ("result", "container"):
        (place / f"1-{kind}.json").write_bytes(content)
    _converted(place)


def _converted(path: Path) -> None:
    source = Source(path=path, name=path.name)
    row = convert.recognise(source)
    if row is not None:
        out = folder() / "converted.xml"
        for each in (out, out.with_name("converted.xml.part")):
            each.unlink(missing_ok=True)
        made, _ = convert.into_junit(source, row, PREFIXES, out)
        for case in read.read_cases(made, "junit"):
            assert case.identity


def export(content: bytes) -> None:
    """A zip of feature files, unpacked."""
    target = folder() / "unpacked"
    with archive.open_export(written(content, "export.zip"), LIMITS) as found:
        for name in found.sizes:
            target.unlink(missing_ok=True)
            found.unpack(name, target)


def feature(content: bytes) -> None:
    """A feature file."""
    gherkin.read_feature(content.decode("utf-8", "replace"))


@cache
def _at_server() -> Connection:
    return a_connection()


@cache
def _in_cloud() -> Connection:
    key = ApiKey(client_id="i", client_secret=Secret("s"))
    return a_connection(dialect=DIALECTS[CLOUD], credentials=key)


class _Canned(Http):
    """Answers everything with the same bytes."""

    def __init__(self, content: bytes, status: int) -> None:
        super().__init__(_at_server(), Deadline(60))
        self._answer = Answer(
            status=status, headers={}, content=content, url="http://x/y"
        )

    def send(self, *_: Any, **__: Any) -> Answer:
        """The answer."""
        return self._answer

    def wait(self, attempt: int, **_: Any) -> bool:
        """The same answer again, once and at once."""
        return attempt == 1


STATUSES = (200, 200, 200, 200, 200, 400, 401, 302)


def answer(content: bytes) -> None:
    """What a product answers to any question; the first byte is it, and the status."""
    first = content[0] if content else 0
    http = _Canned(content[1:], STATUSES[first % len(STATUSES)])
    told = http.send()
    client: ServerXray | CloudXray
    if first // len(STATUSES) % 2:
        client = CloudXray(_in_cloud(), http)
        client._token = "known"
    else:
        client = ServerXray(_at_server(), http)
    questions: list[Callable[[], Any]] = [
        partial(response.check_answer, told),
        lambda: told.said,
        partial(read_import_answer, told),
        partial(read_answer, told),
    ]
    questions += [
        client.log_in,
        client.custom_fields,
        partial(client.project, "CALC"),
        partial(client.has_issue, "CALC-1", "test_plan"),
        client.statuses,
        partial(client.executions_labelled, "x"),
        partial(client.tests_in, "CALC-1"),
        partial(client.search, TESTS, "x"),
    ]
    dialect = DIALECTS[SERVER if isinstance(client, ServerXray) else CLOUD]
    questions += [
        partial(fetch_datasets, client, dialect, ["CALC-1"]),
        partial(list_executions, client, dialect, "CALC", "CALC-7"),
        partial(list_tests, client, dialect, "CALC", "Test"),
        partial(read_tests, client, dialect, "CALC", "Test"),
        partial(read_details, client, dialect, "1"),
        partial(coverage_of(client).read, {"CALC-70": ["CALC-1"]}),
        lambda: open_test_runs(client, dialect, "CALC-7").list_statuses(None),
    ]
    questions += [
        partial(_read_comments, http, service) for service in SERVICES.values()
    ]
    for question in questions:
        with contextlib.suppress(XrayBridgeError):
            question()


def _read_comments(http: Http, service: Service) -> None:
    place = Place(service=service, url="http://x", path="/comments", number="1")
    for comment in open_comments(http, place, Secret("s")).list_all():
        assert "\n" not in comment.path


@cache
def _sound_file(name: str) -> bytes:
    path = _sound_run().path / name
    return path.read_bytes() if path.exists() else b""


FILES_OF_A_RUN = (
    "journal.jsonl",
    "run.json",
    "state.json",
    "arrived.jsonl",
    report_files.LIST,
)


@cache
def _sound_run() -> RunDirectory:
    return recorded(folder(), a_run(keys=["CALC-1"]), a_scenario_run(steps=(a_step(),)))


@cache
def _odd_run() -> RunDirectory:
    path = folder() / "odd"
    shutil.copytree(_sound_run().path, path)
    return RunDirectory(path)


def run(content: bytes) -> None:
    """One file of a run directory; the first byte says which."""
    name = FILES_OF_A_RUN[content[0] % len(FILES_OF_A_RUN)] if content else "run.json"
    odd = _odd_run()
    path = odd.path / name
    path.write_bytes(content[1:])
    try:
        _look_at(odd)
    finally:
        before = _sound_file(name)
        if before:
            path.write_bytes(before)
        else:
            path.unlink()


def _look_at(directory: RunDirectory) -> None:
    """All that is read of a run before it is sent."""
    for look in (
        lambda: directory.info,
        lambda: directory.missing,
        lambda: report_files.load_files(directory),
        lambda: first_failures(Results([directory])),
        lambda: Arrivals(directory).answer if len(Arrivals(directory)) else None,
    ):
        with contextlib.suppress(XrayBridgeError):
            look()


def settings(content: bytes) -> None:
    """A file of settings, of connections, and each setting's own text."""
    path = written(content, "xray-bridge.toml")
    looks: list[Callable[[], Any]] = [
        lambda: resolve([ini_layer("a file", read_toml(path))], {}),
        lambda: resolve([ini_layer("a file", read_shared_table(path.parent)[1])], {}),
        lambda: list(
            stored_connections._read_tables(read_toml(path), path, is_own=True)
        ),
    ]
    name, _, text = content.decode("utf-8", "replace").partition("=")
    name = name.strip()
    if name in TABLE:
        looks.append(lambda: resolve([ini_layer("a line", {name: text})], {}))
    for look in looks:
        with contextlib.suppress(XrayBridgeError):
            look()


def _samples(*names: str) -> list[bytes]:
    return [(SAMPLES / name).read_bytes() for name in names]


def _foreign() -> list[bytes]:
    real = filter(Path.is_file, sorted((SAMPLES / "real" / "convert").iterdir()))
    return [path.read_bytes() for path in real if path.suffix != ".md"]


def _ctrf() -> list[bytes]:
    place = SAMPLES / "real" / "convert"
    return [path.read_bytes() for path in sorted(place.glob("ctrf-*.json"))]


def _of_allure() -> list[bytes]:
    place = SAMPLES / "real" / "convert" / "allure-pytest"
    return [path.read_bytes() for path in sorted(place.iterdir())]


XML = ("junit.xml", "nunit2.xml", "nunit3.xml", "robot.xml", "testng.xml", "xunit.xml")
FEATURE = """# language: en
@CALC-1 @slow
Feature: Adding
  a text
  Background:
    #@PRECOND_CALC-9
    Given the display is on
  Rule: one
    @TEST_CALC-2
    Scenario Outline: two numbers
      Given a "<number>"
        \"\"\"
        Scenario: in quotes
        \"\"\"
      Examples:
        | number |
        | 1      |
"""


def _zips() -> list[bytes]:
    import zipfile

    found = []
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", method) as made:
            made.writestr("a.feature", FEATURE)
            made.writestr("folder/b.feature", FEATURE)
            made.writestr("note.txt", "no")
        found.append(file.getvalue())
    return [*found, FEATURE.encode()]


ISSUE = {"key": "CALC-1", "fields": {"summary": "s", "labels": ["a"]}}
TEST_OF_CLOUD = {"jira": {"key": "CALC-1", "summary": "s"}}
EXECUTION = {
    "issueId": "1",
    "jira": {"key": "CALC-7"},
    "tests": {"total": 1, "results": [TEST_OF_CLOUD]},
}
GRAPHQL = json.dumps(
    {
        "data": {
            "getTestExecutions": {"total": 1, "results": [EXECUTION]},
            "getTests": {"total": 1, "results": [{"issueId": "1", **TEST_OF_CLOUD}]},
            "getDatasets": [
                {
                    "testIssueId": "1",
                    "parameters": [{"name": "User"}],
                    "rows": [{"order": 1, "Values": ["ann"]}],
                }
            ],
            "getStatuses": [{"name": "PASSED"}],
            "getProjectSettings": {"projectId": "1", "testEnvironments": ["a"]},
        }
    }
).encode()
IMPORTED = {
    "testExecIssue": {
        "id": "1",
        "key": "CALC-7",
        "self": "http://x/rest/api/2/issue/1",
    },
    "testIssues": {
        "success": [{"key": "CALC-1"}],
        "error": [{"key": "CALC-2", "messages": ["no"]}],
    },
}
FIELD = {
    "id": "customfield_1",
    "name": "Revision",
    "custom": True,
    "schema": {"custom": "x:y"},
}
ANSWERS = (
    json.dumps(IMPORTED).encode(),
    b'{"id":"1","key":"CALC-7","self":"http://x"}',
    json.dumps({"total": 1, "issues": [ISSUE]}).encode(),
    json.dumps([FIELD]).encode(),
    b'{"key":"CALC","name":"Calculator","versions":[{"name":"1.0"}]}',
    GRAPHQL,
    b'{"errorMessages":["no"],"errors":{"project":"is required"}}',
    b'{"message":"m","testIssues":[{"id":"1","key":"CALC-1","issueType":{"name":"Test"}}]}',
    b'"a-token"',
    (
        b'[{"id":1,"key":"CALC-1","status":"PASS","testEnvironments":["a"],'
        b'"comment":"c","evidences":[{"fileName":"a","fileURL":"http://x"}]}]'
    ),
    b'[{"id":1,"user":{"login":"b","type":"Bot"},"author":{"id":7},"body":"a\\nb"}]',
    (
        b'{"id":7,"values":[{"id":1,"content":{"raw":"a"}}],'
        b'"value":[{"id":1,"comments":[{"id":1,"content":"a"}]}]}'
    ),
    b"<!DOCTYPE html><html><script>x</script><body>Log in</body></html>",
)


def _runs() -> list[bytes]:
    path = _sound_run().path
    (path / "arrived.jsonl").write_bytes(
        b'{"report":"results","answer":{"key":"CALC-7","id":"","api_url":"",'
        b'"accepted":["CALC-1"],"refused":[{"key":"CALC-2","tests":[],"message":"no"}],'
        b'"said":"","resent":false,"found":[]}}\n'
    )
    (path / report_files.LIST).write_bytes(
        b'{"files":[{"name":"a","file":"1.xml","format":"junit","tests":1,"counts":{"passed":1},'
        b'"keys":["CALC-1"],"is_headed":false,"words":[]}],"said":{},"started":null,'
        b'"finished":null,"notices":[],"left_out":[],"jobs":1,"failures":[]}'
    )
    found = [
        bytes([number]) + (path / name).read_bytes()
        for number, name in enumerate(FILES_OF_A_RUN)
    ]
    (path / "arrived.jsonl").unlink()
    (path / report_files.LIST).unlink()
    return found


SETTINGS = (
    (
        b'url = "https://jira.example.com"\nproject = "CALC"\n'
        b'environments = ["a", "b"]\n'
        b'deadline = 60\nverify = true\n[execution_fields]\npriority = "High"\n'
    ),
    b'[work]\nurl = "https://jira.example.com"\nsecret_env = "XRAY_TOKEN"\n',
    b"statuses=passed=PASS failed=FAIL",
    b"evidence_limit=1MB 2MB 1KB",
    b"redact=[a-z]+",
    b'execution_fields={"priority": {"name": "High"}}',
    b"timeout=10.5",
    b"test_execution=CALC-1",
)

READERS = {
    "reports": Reader(report, lambda: _samples(*XML)),
    "json-reports": Reader(
        report, lambda: _samples("behave.json", "cucumber.json", "xray.json")
    ),
    "foreign-reports": Reader(foreign, _foreign),
    "allure-results": Reader(foreign_folder, _of_allure),
    "zips": Reader(export, _zips),
    "features": Reader(feature, lambda: [FEATURE.encode()]),
    "answers": Reader(
        answer, lambda: [bytes([b]) + a for a in ANSWERS for b in (0, len(STATUSES))]
    ),
    "runs": Reader(run, _runs),
    "settings": Reader(settings, lambda: SETTINGS),
    "ctrf": Reader(foreign, _ctrf),
    **OWN_FILES,
}


def known(name: str) -> list[bytes]:
    """What a reader is known to read, and what it once failed at."""
    files = sorted((CORPUS / name).glob("*"))
    return [*READERS[name].seeds(), *(path.read_bytes() for path in files)]
