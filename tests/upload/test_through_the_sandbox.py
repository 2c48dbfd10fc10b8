"""Recorded results, sent by the command and read back from the sandbox."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.builders import a_run, a_scenario, a_scenario_run, a_step, a_test
from tests.scripted_xray import Sender
from xray_bridge.client import connection
from xray_bridge.client.cloud import CloudXray
from xray_bridge.client.import_answer import ImportAnswer
from xray_bridge.client.pauses import Pauses
from xray_bridge.client.request import Request
from xray_bridge.client.server import ServerXray
from xray_bridge.errors import AmbiguousError
from xray_bridge.formats.write.junit import JUnitWriter
from xray_bridge.model.dialect import CLOUD, SERVER
from xray_bridge.model.results import Evidence, Outcome, TestRun
from xray_sandbox import Store


SHOT = bytes(range(256)) * 300
LOG = b"one\ntwo\n"
PASSED = {"server": "PASS", "cloud": "PASSED"}


class Bench:
    """Sends runs to the embedded sandbox as one of the two products."""

    def __init__(self, send: Sender, product: str) -> None:
        self.send = send
        self.passed = PASSED[product]
        self.product = product
        self._data = Path(".xray/sandbox").absolute()

    def arrived(self, *runs: TestRun, **info: Any) -> dict[str, Any]:
        """The results in the sandbox, by the Test's summary or key."""
        directory = self.send.record(*runs, **info)
        arguments = ["--sandbox", "--deployment", self.product]
        outcome = self.send.send(directory, *arguments)
        assert outcome.exit_code == 0, outcome.output
        found = self.store.test_execution(outcome.receipt["test_execution"]["key"])
        assert found is not None
        return {run.test_key: run for run in found.runs}

    @property
    def store(self) -> Store:
        """The sandbox's data."""
        return Store(self._data / "sandbox.sqlite3")

    def files(self, run: Any) -> dict[tuple[str, str], bytes]:
        """Evidence of a Test Run: its content, by place and name."""
        found = {}
        for row in run.evidence:
            kept = self.store.evidence(row.id)
            assert kept is not None
            found[row.place, row.filename] = kept[1].read_bytes()
        return found


@pytest.fixture(params=["server", "cloud"])
def bench(
    request: pytest.FixtureRequest,
    send: Sender,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Bench:
    """An empty sandbox."""
    monkeypatch.chdir(tmp_path)
    return Bench(send, request.param)


def out_of_memory(*_: object) -> None:
    """The error of Python at a limit of the process."""
    raise MemoryError


def pieces(bench: Bench) -> tuple[Evidence, Evidence]:
    """A picture and a text."""
    return bench.send.keep(SHOT, "shot.png"), bench.send.keep(LOG, "log.txt")


@pytest.mark.parametrize("name", ["auto", "junit"])
def test_evidence_of_a_test(bench: Bench, name: str) -> None:
    """Byte for byte, whichever format carries it."""
    run = a_run(keys=["CALC-1"], evidence=pieces(bench))

    found = bench.arrived(run, settings={"format": name})

    assert bench.files(found["CALC-1"]) == {
        ("", "shot.png"): SHOT,
        ("", "log.txt"): LOG,
    }


def test_evidence_of_steps(bench: Bench) -> None:
    """At the step that it is of."""
    shot, log = pieces(bench)
    steps = (a_step(name="one", evidence=(shot,)), a_step(name="two", evidence=(log,)))

    found = bench.arrived(a_run(keys=["CALC-1"], steps=steps))

    run = found["CALC-1"]
    assert [step.status for step in run.steps] == [bench.passed] * 2
    assert bench.files(run) == {
        ("step 1", "shot.png"): SHOT,
        ("step 2", "log.txt"): LOG,
    }


@pytest.mark.parametrize("framework", ["behave", "pytest"])
def test_evidence_of_scenarios(bench: Bench, framework: str) -> None:
    """As embeddings of steps."""
    shot, log = pieces(bench)
    steps = (a_step(evidence=(shot,)), a_step(name="it adds"))
    run = a_scenario_run(keys=["CALC-1"], steps=steps, evidence=(log,))

    found = bench.arrived(run, framework=framework)

    files = {
        place: content for (place, _), content in bench.files(found["CALC-1"]).items()
    }
    assert files == {"step 1": SHOT, "step 2": LOG}


def test_iterations(bench: Bench) -> None:
    """Rows with their parameters; their evidence is the whole's."""
    shot, log = pieces(bench)
    runs = [
        a_run(
            keys=["CALC-1"],
            name=f"test_add[{number}]",
            parameters=(("n", str(number)),),
            evidence=(each,),
        )
        for number, each in enumerate((shot, log))
    ]

    found = bench.arrived(*runs)

    run = found["CALC-1"]
    assert [each.parameters for each in run.iterations] == [
        (("n", "0"),),
        (("n", "1"),),
    ]
    assert set(bench.files(run).values()) == {SHOT, LOG}


def test_rows_by_rule(bench: Bench) -> None:
    """The last one decides, and each stays an example."""
    runs = [
        a_scenario_run(
            outcome,
            keys=["CALC-1"],
            scenario=a_scenario(f"add {row}", outline="add", row=row),
            started=row * 60.0,
        )
        for row, outcome in enumerate((Outcome.FAILED, Outcome.PASSED), 1)
    ]

    found = bench.arrived(*runs, framework="behave", settings={"aggregate": "last"})

    assert found["CALC-1"].status == bench.passed
    assert len(found["CALC-1"].examples) == 2


def test_statuses_and_defects(bench: Bench) -> None:
    """A native word that no outcome has of itself."""
    skipped = a_run(Outcome.SKIPPED, keys=["CALC-1"])
    flaky = a_run(Outcome.FLAKY, keys=["CALC-2"], name="test_b", defects=("CALC-9",))

    found = bench.arrived(
        skipped, flaky, settings={"statuses": "skipped=ABORTED flaky=EXECUTING"}
    )

    assert {key: run.status for key, run in found.items()} == {
        "CALC-1": "ABORTED",
        "CALC-2": "EXECUTING",
    }
    assert found["CALC-2"].defects == ("CALC-9",)


@pytest.mark.parametrize("name", ["junit", "xray"])
def test_custom_fields(bench: Bench, name: str) -> None:
    """By the name in JUnit XML, by the id in Xray JSON."""
    run = a_run(keys=["CALC-1"], custom_fields=(("12", "Chrome"),))

    found = bench.arrived(run, settings={"format": name})

    assert found["CALC-1"].custom_fields == {"12": "Chrome"}


@pytest.mark.parametrize("framework", ["pytest", "behave"])
def test_doubt_is_resolved_by_an_empty_test_execution(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, framework: str
) -> None:
    """Made by Jira's API or GraphQL, then filled, with all that was to be said."""
    kind = SERVER if bench.passed == "PASS" else CLOUD
    monkeypatch.setattr(connection, "PAUSES", Pauses(looks=(0.0,)))
    clients: dict[str, Any] = {SERVER: ServerXray, CLOUD: CloudXray}
    client = clients[kind]
    send = client.import_results
    lost = [AmbiguousError("HTTP 500", answered=True)]

    def lose(self: Any, request: Request) -> ImportAnswer:
        if lost:
            raise lost.pop()
        answer: ImportAnswer = send(self, request)
        return answer

    monkeypatch.setattr(client, "import_results", lose)
    settings = {"environments": "chrome", "labels": "nightly", "summary": "Nightly"}
    run = a_scenario_run(keys=["CALC-1"]) if framework == "behave" else a_run()
    bench.arrived(run, framework=framework, settings=settings)

    every = bench.store.test_executions()
    [made] = [each for each in every if each.summary == "Nightly"]
    assert made.environments == ("chrome",)
    assert "nightly" in made.labels
    assert any(label.startswith("xray-bridge-") for label in made.labels)
    assert len(bench.store.test_runs(made.id)) == 1


@pytest.mark.fault("I03")
def test_twenty_shards_into_one_test_execution(bench: Bench) -> None:
    """All of their results are there."""
    directory = bench.send.record(a_run(keys=["CALC-321"]))
    first = bench.send.send(directory, "--sandbox", "--deployment", bench.product)
    key = first.receipt["test_execution"]["key"]
    found: dict[str, Any] = {}
    for number in range(302, 321):
        outcome = Outcome.FAILED if number % 5 == 0 else Outcome.PASSED
        run = a_run(outcome, keys=[f"CALC-{number}"], name=f"test_{number}")
        found = bench.arrived(run, settings={"test_execution": key})

    passed = [number for number in range(302, 322) if number % 5]
    assert len(found) == 20
    assert {f"CALC-{number}" for number in passed} == {
        name for name, run in found.items() if run.status == bench.passed
    }


@pytest.mark.fault("G19")
def test_no_memory_for_the_report(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line says so; what was recorded is there, and arrives when it is resent."""
    directory = bench.send.record(a_run(keys=["CALC-1"]))
    arguments = ("--sandbox", "--deployment", bench.product)
    before = directory.journal.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(JUnitWriter, "write", out_of_memory)
        outcome = bench.send.send(directory, *arguments)
    again = bench.send.send(directory, *arguments, command="resend")

    assert directory.journal.read_bytes() == before
    assert outcome.exit_code == 83
    assert "memory" in outcome.output
    assert "resend" in outcome.output
    assert again.exit_code == 0


def test_a_requirement_of_somebodys_own_project(bench: Bench) -> None:
    """It is taken, whatever the demo project has under that key."""
    test = a_test("test_add", test_keys=("CALC-1",), requirements=("CALC-7",))

    assert set(bench.arrived(a_run(test=test))) == {"CALC-1"}


@pytest.mark.parametrize("format_name", ["junit", "xray"])
def test_name_of_a_test_with_an_unknown_key(bench: Bench, format_name: str) -> None:
    """The sandbox creates the Test under the name of the test, in any format."""
    bench.arrived(
        a_run(test=a_test(name="test_adds", test_keys=("CALC-500",))),
        settings={"format": format_name},
    )
    made = bench.store.issue("CALC-500")

    assert made is not None
    assert made.summary == "test_adds"
