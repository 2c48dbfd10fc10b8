"""The results and settings in the request."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

import pytest
from lxml import etree

from tests.builders import a_run, a_scenario, a_scenario_run, a_step
from tests.scripted_xray import CREATED, IMPORT, MULTIPART, Sender, Xray
from xray_bridge.model.results import Evidence, Outcome, TestRun


SHOT = bytes(range(256)) * 200
LOG = b"one\ntwo\n"


@dataclass(frozen=True)
class Product:
    """A scripted server, and how the product spells things."""

    xray: Xray
    part: str
    evidence: str
    passed: str
    failed: str

    def tests(self, path: str = "/execution/multipart") -> dict[str, Any]:
        """The tests of the one Xray JSON report, by Test key."""
        (post,) = self.xray.posts(path)
        report = post.part(self.part) if post.parts else json.loads(post.body)
        return {test.get("testKey", ""): test for test in report["tests"]}

    def statuses(self) -> dict[str, str]:
        """Status by Test key."""
        return {key: test["status"] for key, test in self.tests().items()}

    def elements(self, name: str) -> list[dict[str, Any]]:
        """The scenarios of the one report of a format for scenarios."""
        (post,) = self.xray.posts(f"/{name}/multipart")
        (feature,) = post.part(self.part)
        elements: list[dict[str, Any]] = feature["elements"]
        return elements


@pytest.fixture(params=["server", "cloud"])
def product(request: pytest.FixtureRequest) -> Product:
    """Both products."""
    xray = request.getfixturevalue(request.param)
    if request.param == "server":
        return Product(xray, "result", "evidences", "PASS", "FAIL")
    return Product(xray, "results", "evidence", "PASSED", "FAILED")


def files(found: list[dict[str, str]]) -> dict[str, bytes]:
    """Content by name."""
    return {each["filename"]: base64.b64decode(each["data"]) for each in found}


def junit(xray: Xray) -> Any:
    """The one JUnit report, parsed."""
    (post,) = xray.posts("/junit/multipart")
    return etree.fromstring(
        post.parts["file" if "file" in post.parts else "results"][2]
    )


def run_with(evidence: tuple[Evidence, ...], **changes: Any) -> TestRun:
    """A passed test with evidence."""
    return a_run(**{"keys": ["CALC-1"], "evidence": evidence, **changes})


def test_evidence_of_pytest(product: Product, send: Sender) -> None:
    """In Xray JSON, of the test, byte for byte; the receipt says why that format."""
    shot, log = send.keep(SHOT, "shot.png"), send.keep(LOG, "log.txt")

    outcome = send.send(send.record(run_with((shot, log)), a_run(name="test_other")))

    assert outcome.exit_code == 0
    tests = product.tests()
    assert files(tests["CALC-1"][product.evidence]) == {
        "shot.png": SHOT,
        "log.txt": LOG,
    }
    assert product.evidence not in tests[""]
    assert outcome.receipt["report"]["format"] == "xray"
    assert "Xray JSON is used instead of JUnit XML" in outcome.output
    assert outcome.receipt["left_out"] == []


def test_evidence_of_a_step(product: Product, send: Sender) -> None:
    """At its step."""
    step = a_step(name="Open it", keyword="", evidence=(send.keep(SHOT, "shot.png"),))

    send.send(send.record(a_run(keys=["CALC-1"], steps=(step,))))

    (found,) = product.tests()["CALC-1"]["steps"]
    assert files(found["evidences"]) == {"shot.png": SHOT}
    assert "Open it" in found["comment"]


def test_evidence_in_junit(product: Product, send: Sender) -> None:
    """As it was asked for: items of a property; defects stand in the comment."""
    run = run_with((send.keep(SHOT, "shot.png"),), defects=("CALC-9",))

    send.send(send.record(run, settings={"format": "junit"}))

    report = junit(product.xray)
    (item,) = report.iterfind(".//property[@name='testrun_evidence']/item")
    assert (item.get("name"), base64.b64decode(item.text)) == ("shot.png", SHOT)
    assert "CALC-9" in report.findtext(".//property[@name='testrun_comment']")


@pytest.mark.parametrize(
    ("framework", "name"), [("behave", "behave"), ("pytest", "cucumber")]
)
def test_evidence_of_scenarios(
    product: Product, send: Sender, framework: str, name: str
) -> None:
    """As embeddings of the step, and of the last one what is the scenario's own."""
    steps = (a_step(evidence=(send.keep(SHOT, "shot.png"),)), a_step(name="it adds"))
    log = send.keep(LOG, "log.txt")
    run = a_scenario_run(keys=["CALC-1"], steps=steps, evidence=(log,))

    send.send(send.record(run, framework=framework))

    (element,) = product.elements(name)
    found = [
        [base64.b64decode(each["data"]) for each in step["embeddings"]]
        for step in element["steps"]
    ]
    assert found == [[SHOT], [LOG]]


def test_evidence_over_the_limit(product: Product, send: Sender) -> None:
    """The biggest is left out, and said in both receipts; the rest arrives."""
    shot, log = send.keep(SHOT, "shot.png"), send.keep(LOG, "log.txt")
    settings = {"evidence_limit": "1MB 20KB"}

    outcome = send.send(send.record(run_with((shot, log)), settings=settings))

    assert outcome.exit_code == 0
    assert files(product.tests()["CALC-1"][product.evidence]) == {"log.txt": LOG}
    left_out = [
        "tests.test_calculator.test_add: shot.png (50 KB), over xray_evidence_limit"
    ]
    assert outcome.receipt["left_out"] == left_out
    assert f"Left out: {left_out[0]}" in outcome.output


def test_evidence_over_the_limit_of_the_run(product: Product, send: Sender) -> None:
    """Evidence of passed tests is left out first."""
    shot, other = send.keep(SHOT, "shot.png"), send.keep(SHOT[:-1], "other.png")
    passed = run_with((shot,))
    failed = run_with((other,), outcome=Outcome.FAILED, keys=["CALC-2"], name="test_b")

    outcome = send.send(
        send.record(passed, failed, settings={"evidence_limit": "1MB 2MB 60KB"})
    )

    tests = product.tests()
    assert product.evidence not in tests["CALC-1"]
    assert files(tests["CALC-2"][product.evidence]) == {"other.png": SHOT[:-1]}
    assert len(outcome.receipt["left_out"]) == 1


def test_a_lot_that_is_left_out(product: Product, send: Sender) -> None:
    """Ten lines on the screen, all of them in receipt.json."""
    shots = tuple(send.keep(SHOT, f"{number}.png") for number in range(14))

    outcome = send.send(
        send.record(run_with(shots), settings={"evidence_limit": "1MB 2MB 100KB"})
    )

    assert len(files(product.tests()["CALC-1"][product.evidence])) == 2
    assert outcome.output.count("Left out: ") == 10
    assert "... and 2 more in receipt.json" in outcome.output
    assert len(outcome.receipt["left_out"]) == 12


def test_evidence_that_an_archive_lacks(product: Product, send: Sender) -> None:
    """The result arrives without it, and that is said."""
    directory = send.record(run_with((send.keep(SHOT, "shot.png"),)))
    for path in directory.path.glob("evidence/*"):
        path.unlink()

    outcome = send.send(directory)

    assert outcome.exit_code == 0
    assert product.statuses() == {"CALC-1": product.passed}
    assert "shot.png, which is missing from the run directory" in outcome.output


OUTCOMES = [
    a_run(outcome, keys=[f"CALC-{number}"], name=f"test_{number}")
    for number, outcome in enumerate(Outcome, 1)
    if outcome is not Outcome.NOT_RUN
]


def test_statuses_of_one_own(product: Product, send: Sender) -> None:
    """A word that JUnit cannot say, and those that both products spell their way."""
    statuses = "skipped=ABORTED xfailed=FAILED xpassed=FAIL flaky=In_Review"
    settings = {"statuses": statuses}

    outcome = send.send(send.record(*OUTCOMES, settings=settings))

    words = dict(zip(Outcome, product.statuses().values(), strict=False))
    assert words == {
        Outcome.PASSED: product.passed,
        Outcome.FAILED: product.failed,
        Outcome.SKIPPED: "ABORTED",
        Outcome.XFAILED: product.failed,
        Outcome.XPASSED: product.failed,
        Outcome.FLAKY: "In_Review",
    }
    assert "xray_statuses (flaky=In_Review, skipped=ABORTED)" in outcome.output
    assert outcome.receipt["counts"] == dict.fromkeys(
        ("passed", "failed", "skipped", "xfailed", "xpassed", "flaky"), 1
    )


def elements(report: Any) -> list[set[str]]:
    """The content of each testcase, without properties."""
    cases = report[0].iterfind("testcase")
    return [{child.tag for child in case} - {"properties"} for case in cases]


def test_statuses_that_junit_can_say(product: Product, send: Sender) -> None:
    """Then nothing needs another format."""
    settings = {"statuses": "skipped=FAIL xfailed=TODO failed=PASS"}

    send.send(send.record(*OUTCOMES, settings=settings))

    found = elements(junit(product.xray))
    assert found == [set(), set(), {"failure"}, {"skipped"}, set(), set()]


MIXTURES = {
    "flaky machine": [Outcome.FAILED, Outcome.PASSED],
    "broken by the end": [Outcome.PASSED, Outcome.FAILED],
    "broken": [Outcome.FAILED, Outcome.FAILED],
    "not everywhere": [Outcome.PASSED, Outcome.SKIPPED, Outcome.FAILED],
}
PASS, FAIL, SKIP = Outcome.PASSED, Outcome.FAILED, Outcome.SKIPPED
DECIDED = {
    "worst": [FAIL, FAIL, FAIL, FAIL],
    "last": [PASS, FAIL, FAIL, FAIL],
    "all-failed": [PASS, PASS, FAIL, SKIP],
}
ROWS = [
    (f"CALC-{number}", outcome)
    for number, outcomes in enumerate(MIXTURES.values(), 1)
    for outcome in outcomes
]


@pytest.mark.parametrize("aggregate", DECIDED)
def test_aggregate_of_tests(product: Product, send: Sender, aggregate: str) -> None:
    """In JUnit, which is merged before it is sent."""
    runs = [
        a_run(outcome, keys=[key], name=f"test_{key}[{number}]", started=number * 60.0)
        for number, (key, outcome) in enumerate(ROWS, 1)
    ]

    send.send(send.record(*runs, settings={"aggregate": aggregate}))

    words = {FAIL: {"failure"}, SKIP: {"skipped"}, PASS: set()}
    found = elements(junit(product.xray))
    assert found == [words[outcome] for outcome in DECIDED[aggregate]]


@pytest.mark.parametrize("aggregate", ["last", "all-failed"])
@pytest.mark.parametrize("framework", ["behave", "pytest"])
def test_aggregate_of_rows(
    product: Product, send: Sender, framework: str, aggregate: str
) -> None:
    """In Xray JSON: otherwise Xray would put the rows together its own way."""
    runs = [
        a_scenario_run(
            outcome,
            keys=[key],
            scenario=a_scenario(f"{key} -- @1.{number}", outline=key, row=number),
            started=number * 60.0,
        )
        for number, (key, outcome) in enumerate(ROWS, 1)
    ]

    outcome = send.send(
        send.record(*runs, framework=framework, settings={"aggregate": aggregate})
    )

    words = {PASS: product.passed, FAIL: product.failed, SKIP: "TODO"}
    assert [*product.statuses().values()] == [
        words[outcome] for outcome in DECIDED[aggregate]
    ]
    assert product.tests()["CALC-1"]["examples"] == [product.failed, product.passed]
    assert f"xray_aggregate = {aggregate}" in outcome.output


def test_only_keyed_with_all_of_it(product: Product, send: Sender) -> None:
    """A test without a key is not sent, counts for no limit, and causes no notice."""
    shot, log = send.keep(SHOT, "shot.png"), send.keep(LOG, "log.txt")
    unkeyed = run_with((shot,), keys=[], name="test_b", defects=("CALC-9",))
    skipped = a_run(SKIP, keys=["CALC-2"], name="test_c")
    rows = [
        a_run(outcome, keys=["CALC-3"], name=f"test_d[{at}]", started=at * 60.0)
        for at, outcome in enumerate((FAIL, PASS), 1)
    ]
    settings = {
        "only_keyed": "yes",
        "evidence_limit": "1MB 2MB 1KB",
        "statuses": "skipped=ABORTED",
        "aggregate": "last",
    }

    outcome = send.send(
        send.record(run_with((log,)), unkeyed, skipped, *rows, settings=settings)
    )

    assert product.statuses() == {
        "CALC-1": product.passed,
        "CALC-2": "ABORTED",
        "CALC-3": product.passed,
    }
    assert files(product.tests()["CALC-1"][product.evidence]) == {"log.txt": LOG}
    assert outcome.receipt["left_out"] == []
    assert outcome.receipt["sent"] == 3
    assert "defects" not in outcome.output


KEYED = a_scenario_run(keys=["CALC-1"], defects=("CALC-9",))
UNKEYED = a_scenario_run(scenario=a_scenario("no key", line=9), name="no_key")


def test_scenarios_without_a_key_where_xray_json_is_needed(
    product: Product, send: Sender
) -> None:
    """They are left out and counted; what was never sent was not refused either."""
    xray = product.xray
    success = {**CREATED, "testIssues": {"success": [{"key": "CALC-1"}]}}
    xray.script[f"{IMPORT}/multipart"] = [success]

    settings = {"aggregate": "last"}
    directory = send.record(KEYED, UNKEYED, framework="behave", settings=settings)
    outcome = send.send(directory)

    assert outcome.exit_code == 0
    assert product.tests()["CALC-1"]["defects"] == ["CALC-9"]
    assert (outcome.receipt["sent"], outcome.receipt["refused"]) == (1, [])
    (left_out,) = outcome.receipt["left_out"]
    assert left_out.startswith("1 result (")
    assert "cannot hold scenarios without a Test key" in left_out
    assert "no_key" in left_out


def test_tests_that_are_no_scenarios_where_cucumber_is_wanted(
    server: Xray, send: Sender
) -> None:
    """They are left out and counted, and not taken for refused."""
    success = {**CREATED, "testIssues": {"success": [{"key": "CALC-1"}]}}
    server.script[f"{IMPORT}/cucumber/multipart"] = [success]
    plain = a_run(keys=["CALC-5"])

    outcome = send.send(send.record(KEYED, plain, settings={"format": "cucumber"}))

    assert outcome.exit_code == 0
    assert (outcome.receipt["sent"], outcome.receipt["refused"]) == (1, [])
    assert "cannot hold results of tests that are not scenarios" in outcome.output
    assert "Cucumber JSON cannot contain defects" in outcome.output


def test_project_of_new_tests_in_an_existing_execution(
    server: Xray, send: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Xray JSON asks for one, and the Test Execution's is known by its key."""
    monkeypatch.delenv("XRAY_PROJECT")
    settings = {"test_execution": "CALC-20"}

    send.send(
        send.record(run_with((send.keep(LOG, "a.txt"),), keys=[]), settings=settings)
    )

    (post,) = server.posts("/execution")
    (test,) = json.loads(post.body)["tests"]
    assert test["testInfo"]["projectKey"] == "CALC"


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("junit", {"statuses": "skipped=ABORTED"}, "skipped=ABORTED"),
        ("cucumber", {"aggregate": "last"}, "xray_aggregate = last"),
        ("behave", {"statuses": "flaky=FAIL"}, "flaky=FAIL"),
    ],
)
def test_format_that_cannot_carry_what_was_recorded(
    server: Xray, send: Sender, name: str, given: dict[str, str], said: str
) -> None:
    """A resend in a format of its own: nothing goes out, and nothing is lost."""
    directory = send.record(KEYED, settings=given)

    refused = send.send(directory, "--format", name)
    sent = send.send(directory, "--format", "xray")

    assert (refused.exit_code, sent.exit_code) == (80, 0)
    assert f"xray_format = {name} cannot hold" in refused.output
    assert said in refused.output
    assert len(server.posts("/multipart")) == 1
    assert not server.posts(MULTIPART)
