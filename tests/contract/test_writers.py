"""Every writer, for both products, read back by somebody else's parsers."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from junitparser import Error, Failure, JUnitXml, Properties, Skipped
from lxml import etree

from tests.builders import (
    STARTED,
    a_feature,
    a_run,
    a_scenario,
    a_scenario_run,
    a_step,
    a_test,
    results,
)
from xray_bridge.dialect import CLOUD, DIALECTS, SERVER
from xray_bridge.errors import ReportError
from xray_bridge.model import Outcome, TestRun
from xray_bridge.reports import WRITERS, writer
from xray_bridge.reports.xray import XrayWriter


if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HERE = Path(__file__).parent
FORMATS = ("junit", "xray", "cucumber", "behave")
OF_SCENARIOS = ("cucumber", "behave")
BOTH = pytest.mark.parametrize("deployment", [SERVER, CLOUD])
ALL = pytest.mark.parametrize("name", FORMATS)

PASSED, FAILED, NEITHER = "passed", "failed", "neither"
MEANINGS = {
    Outcome.PASSED: PASSED,
    Outcome.XFAILED: PASSED,
    Outcome.XPASSED: PASSED,
    Outcome.FAILED: FAILED,
    Outcome.SKIPPED: NEITHER,
}
RESULTS = list(MEANINGS)


def rendered(tmp_path: Path, name: str, deployment: str, *runs: TestRun) -> bytes:
    """The report of these results."""
    found = results(tmp_path, *runs)
    file = io.BytesIO()
    writer(name, "CALC").write(found, DIALECTS[deployment], file)
    return file.getvalue()


def validate(name: str, deployment: str, content: bytes) -> None:
    """Hold a report against the schema of its format."""
    if name == "junit":
        schema = etree.XMLSchema(etree.parse(HERE / "junit.xsd"))
        schema.assertValid(etree.fromstring(content, etree.XMLParser(huge_tree=True)))
        return
    file = f"xray-{deployment}" if name == "xray" else name
    path = HERE / f"{file}.schema.json"
    jsonschema.validate(json.loads(content), json.loads(path.read_text()))


def junit_verdicts(content: bytes) -> Iterator[tuple[str, str]]:
    """Key or definition, and the verdict, as junitparser reads them."""
    for suite in JUnitXml.fromstring(content):
        for case in suite:
            blocks = case.iterchildren(Properties)  # type: ignore[no-untyped-call]
            named = {each.name: each.value for block in blocks for each in block}
            kinds = {type(each) for each in case.result}
            verdict = FAILED if kinds & {Failure, Error} else PASSED
            verdict = NEITHER if kinds == {Skipped} else verdict
            yield named.get("test_key") or f"{case.classname}.{case.name}", verdict


def xray_verdicts(content: bytes) -> Iterator[tuple[str, str]]:
    """Key or definition, and the verdict, by Xray's words."""
    words = {"PASS": PASSED, "PASSED": PASSED, "FAIL": FAILED, "FAILED": FAILED}
    for test in json.loads(content)["tests"]:
        identity = test.get("testKey") or test["testInfo"]["definition"]
        yield identity, words.get(test["status"], NEITHER)


def of_steps(statuses: list[str]) -> str:
    """How Xray judges a scenario."""
    if FAILED in statuses:
        return FAILED
    return PASSED if statuses and set(statuses) == {PASSED} else NEITHER


def scenario_verdicts(content: bytes) -> Iterator[tuple[str, str]]:
    """Key or name, and the verdict, by the steps."""
    for feature in json.loads(content):
        for element in feature["elements"]:
            tags = [t if isinstance(t, str) else t["name"] for t in element["tags"]]
            keys = [key for tag in tags for key in re.findall(r"CALC-\d+$", tag)]
            steps = element["steps"]
            statuses = [s.get("result", {}).get("status", "untested") for s in steps]
            statuses = statuses or [element["status"]]
            for identity in keys or [element["name"]]:
                yield identity, of_steps(statuses)


READERS: dict[str, Callable[[bytes], Iterator[tuple[str, str]]]] = {
    "junit": junit_verdicts,
    "xray": xray_verdicts,
    "cucumber": scenario_verdicts,
    "behave": scenario_verdicts,
}


def verdicts(name: str, content: bytes) -> list[tuple[str, str]]:
    """What an independent reader makes of a report."""
    return list(READERS[name](content))


def texts_in(content: Any) -> Iterator[str]:
    """All strings of a JSON document."""
    if isinstance(content, str):
        yield content
    elif isinstance(content, dict):
        for key, value in content.items():
            yield key
            yield from texts_in(value)
    elif isinstance(content, list):
        for item in content:
            yield from texts_in(item)


def texts(name: str, content: bytes) -> list[str]:
    """All texts of a report, however it spells them."""
    if name != "junit":
        return list(texts_in(json.loads(content)))
    root = etree.fromstring(content, etree.XMLParser(huge_tree=True))
    return [
        text
        for element in root.iter()
        for text in (element.text, *element.attrib.values())
        if text is not None
    ]


def test_all_writers_are_tested() -> None:
    """A new writer has to stand this test."""
    assert set(FORMATS) == set(WRITERS)


@ALL
def test_writer_knows_its_names(name: str) -> None:
    """Xray's name of the format, and a file name of its own."""
    made = [writer(each) for each in FORMATS]

    assert writer(name).format == name
    assert len({each.file_name for each in made}) == len(FORMATS)


@BOTH
@ALL
@pytest.mark.parametrize("outcome", RESULTS)
def test_scenario_of_each_outcome(
    tmp_path: Path, name: str, deployment: str, outcome: Outcome
) -> None:
    """Each outcome means to a reader what it means to us."""
    run = a_scenario_run(outcome, keys=["CALC-1"], message="because")

    content = rendered(tmp_path, name, deployment, run)

    validate(name, deployment, content)
    assert verdicts(name, content) == [("CALC-1", MEANINGS[outcome])]


@BOTH
@pytest.mark.parametrize("name", ["junit", "xray"])
@pytest.mark.parametrize("outcome", RESULTS)
@pytest.mark.parametrize("keys", [[], ["CALC-1"], ["CALC-1", "CALC-2"]], ids=str)
def test_test_of_each_outcome(
    tmp_path: Path, name: str, deployment: str, outcome: Outcome, keys: list[str]
) -> None:
    """With no key, one, or several."""
    run = a_run(outcome, keys=keys, message="because")

    content = rendered(tmp_path, name, deployment, run)

    identities = keys or ["tests.test_calculator.test_add"]
    validate(name, deployment, content)
    assert verdicts(name, content) == [
        (identity, MEANINGS[outcome]) for identity in identities
    ]


MIXTURES = {
    "nothing ran": (),
    "all passed": (Outcome.PASSED, Outcome.PASSED),
    "one failed": (Outcome.PASSED, Outcome.FAILED, Outcome.NOT_RUN),
    "one skipped": (Outcome.PASSED, Outcome.SKIPPED, Outcome.NOT_RUN),
    "first failed": (Outcome.FAILED, Outcome.NOT_RUN),
    "none ran": (Outcome.NOT_RUN, Outcome.NOT_RUN),
}
# What an adapter can record: a hook may fail where no step did, an expected
# failure is one of a step.
POSSIBLE = [
    (Outcome.PASSED, "nothing ran"),
    (Outcome.PASSED, "all passed"),
    (Outcome.XPASSED, "all passed"),
    (Outcome.XFAILED, "one failed"),
    (Outcome.XFAILED, "first failed"),
    (Outcome.XFAILED, "nothing ran"),
    *((Outcome.FAILED, mixture) for mixture in MIXTURES),
    *((Outcome.SKIPPED, mixture) for mixture in MIXTURES if "failed" not in mixture),
]


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(("outcome", "mixture"), POSSIBLE)
def test_steps_add_up_to_the_outcome(
    tmp_path: Path, name: str, outcome: Outcome, mixture: str
) -> None:
    """Whatever became of the steps, a reader sees the scenario's outcome."""
    steps = tuple(a_step(each) for each in MIXTURES[mixture])
    run = a_scenario_run(outcome, keys=["CALC-1"], steps=steps, message="because")

    content = rendered(tmp_path, name, SERVER, run)

    validate(name, SERVER, content)
    assert verdicts(name, content) == [("CALC-1", MEANINGS[outcome])]


@BOTH
@ALL
def test_same_results_same_bytes(tmp_path: Path, name: str, deployment: str) -> None:
    """No clock and no chance in a report."""
    runs = [
        a_scenario_run(outcome, name=outcome.value, keys=[f"CALC-{number}"])
        for number, outcome in enumerate(RESULTS, 1)
    ]
    found = results(tmp_path, *runs)
    files = io.BytesIO(), io.BytesIO()

    for file in files:
        writer(name, "CALC").write(found, DIALECTS[deployment], file)

    assert files[0].getvalue() == files[1].getvalue()


@BOTH
@pytest.mark.parametrize("name", ["junit", *OF_SCENARIOS])
def test_report_of_nothing(tmp_path: Path, name: str, deployment: str) -> None:
    """It is one, nevertheless."""
    content = rendered(tmp_path, name, deployment)

    validate(name, deployment, content)
    assert verdicts(name, content) == []


HOSTILE = {
    "control characters": "".join(map(chr, range(32))) + "\x7f\x80\x9f",
    "lone surrogates": "\ud800 \udfff \udbff\ud800",
    "end of CDATA": "]]> <![CDATA[ ]]>",
    "markup": "<!DOCTYPE x [<!ENTITY a 'b'>]> &a; &#0; &amp; </failure> <!-- -- -->",
    "colours": "\x1b[31mred\x1b[0m \x1b]8;;http://x\x07link\x1b]8;;\x1b\\",
    "half a colour": "\x1b[ \x1b] \x1b",
    "NUL": "\x00",
    "non-characters": "\ufffe \uffff \ufdd0 \U0001fffe",
    "bidi": "\u202eevil\u2066\u2069",
    "separators": "\u2028\u2029\x85\x0b\x0c",
    "emoji": "\U0001f600 e\u0301 \u200d \ufeff",
    "quotes": "\"'\\\\n\\u0000 `${x}` {{y}} {noformat}",
    "line ends": "a\rb\r\nc\n\n",
    "blanks": " \t\u00a0\u3000 ",
}
KEPT = ("end of CDATA", "markup", "bidi", "emoji", "quotes")


def hostile_run(text: str) -> TestRun:
    """A failed scenario with this text wherever a person can put one."""
    said = f"before {text} after"
    feature = a_feature(path=said, name=said, description=said)
    scenario = a_scenario(said, feature=feature, description=said, outline=said, row=1)
    step = a_step(
        Outcome.FAILED,
        name=said,
        keyword=said,
        message=said,
        text=said,
        table=((said,), (said,)),
    )
    return a_run(
        Outcome.FAILED,
        test=a_test(
            said,
            classname=said,
            summary=said,
            description=said,
            test_keys=("CALC-1",),
        ),
        scenario=scenario,
        steps=(step,),
        message=said,
        comment=said,
        custom_fields=((said, said),),
        parameters=((said, said),),
    )


def is_clean(text: str) -> bool:
    """Whether XML 1.0 could hold it and a database would store it."""
    return not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]", text)


@BOTH
@ALL
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text(tmp_path: Path, name: str, deployment: str, text: str) -> None:
    """It is readable for everybody, and what stands around it is kept."""
    content = rendered(tmp_path, name, deployment, hostile_run(text))

    validate(name, deployment, content)
    found = texts(name, content)
    assert verdicts(name, content) == [("CALC-1", FAILED)]
    assert [each for each in found if not is_clean(each)] == []
    assert any("before" in each and "after" in each for each in found)


@ALL
@pytest.mark.parametrize("kind", KEPT)
def test_text_that_is_merely_unusual_is_kept(
    tmp_path: Path, name: str, kind: str
) -> None:
    """Character by character."""
    said = HOSTILE[kind].replace("{noformat}", "")

    content = rendered(tmp_path, name, SERVER, hostile_run(said))

    assert any(said in each for each in texts(name, content))


@ALL
@pytest.mark.parametrize("text", ["\ud800", "\x00", "\ufffe", "]]>"])
def test_hostile_words(tmp_path: Path, name: str, text: str) -> None:
    """Labels, tags and keys of others come from people, too."""
    scenario = a_scenario(tags=(f"tag{text}",), feature=a_feature(tags=(f"tag{text}",)))
    test = a_test(labels=(f"label{text}",), requirements=("CALC-2",))
    run = a_run(test=test, scenario=scenario if name in OF_SCENARIOS else None)

    content = rendered(tmp_path, name, SERVER, run)

    validate(name, SERVER, content)
    assert [each for each in texts(name, content) if not is_clean(each)] == []


@ALL
def test_escape_stays_visible(tmp_path: Path, name: str) -> None:
    """What cannot be kept is shown, so that it can be found."""
    run = a_scenario_run(
        Outcome.FAILED,
        keys=["CALC-1"],
        message="got \x00 and \ud800",
        steps=(a_step(Outcome.FAILED, message="got \x00 and \ud800"),),
    )

    content = rendered(tmp_path, name, SERVER, run)

    assert any(r"got \x00 and \ud800" in each for each in texts(name, content))


@ALL
def test_colours_are_gone(tmp_path: Path, name: str) -> None:
    """Without a trace."""
    content = rendered(tmp_path, name, SERVER, hostile_run(HOSTILE["colours"]))

    assert any("before red link after" in each for each in texts(name, content))


@BOTH
@ALL
def test_message_of_a_megabyte(tmp_path: Path, name: str, deployment: str) -> None:
    """Its beginning and its end are there."""
    message = f"begin {'x' * (1 << 20)} end"
    run = a_scenario_run(
        Outcome.FAILED,
        keys=["CALC-1"],
        message=message,
        steps=(a_step(Outcome.FAILED, message=message),),
    )

    content = rendered(tmp_path, name, deployment, run)

    validate(name, deployment, content)
    (found,) = {
        text for text in texts(name, content) if "begin x" in text and "x end" in text
    }
    assert found


@ALL
@pytest.mark.parametrize("named", ["", "\n", "test_a[::]@\n" + "x" * 4096])
def test_name_of_any_kind(tmp_path: Path, name: str, named: str) -> None:
    """Empty names and those of 4 KB."""
    feature = a_feature(name=named)
    run = a_scenario_run(
        keys=["CALC-1"], name=named, scenario=a_scenario(named or "x", feature=feature)
    )

    content = rendered(tmp_path, name, SERVER, run)

    validate(name, SERVER, content)
    assert verdicts(name, content) == [("CALC-1", PASSED)]


@BOTH
def test_xray_json_with_everything(tmp_path: Path, deployment: str) -> None:
    """All that a result can have, under an existing Test Execution."""
    runs = [
        a_run(
            outcome,
            keys=["CALC-1"],
            name=f"test_a[{outcome.value}]",
            parameters=(("n", "1"),),
            defects=("CALC-9",),
            comment="seen",
            message="because",
        )
        for outcome in RESULTS
    ]
    new = a_test("test_b", labels=("smoke",), requirements=("CALC-7",), description="B")
    found = results(tmp_path, *runs, a_run(test=new))
    file = io.BytesIO()

    header = {"testExecutionKey": "CALC-5", "info": {"revision": "abc"}}
    XrayWriter(header, "CALC").write(found, DIALECTS[deployment], file)

    validate("xray", deployment, file.getvalue())
    document = json.loads(file.getvalue())
    assert (document["testExecutionKey"], document["info"]) == (
        "CALC-5",
        {"revision": "abc"},
    )
    assert document["tests"][0]["defects"] == ["CALC-9"]
    assert verdicts("xray", file.getvalue())[0] == ("CALC-1", FAILED)


@BOTH
def test_xray_json_of_an_outline(tmp_path: Path, deployment: str) -> None:
    """The rows are examples of one Test."""
    runs = [
        a_scenario_run(
            outcome, keys=["CALC-1"], scenario=a_scenario(outline="sums", row=row)
        )
        for row, outcome in enumerate(RESULTS, 1)
    ]

    content = rendered(tmp_path, "xray", deployment, *runs)

    validate("xray", deployment, content)
    (test,) = json.loads(content)["tests"]
    assert len(test["examples"]) == len(RESULTS)


def test_xray_json_ends_after_it_starts(tmp_path: Path) -> None:
    """An end before the start is refused by Xray, whatever the clock did."""
    content = rendered(tmp_path, "xray", SERVER, a_run(duration=-5.0))

    (test,) = json.loads(content)["tests"]
    assert test["finish"] >= test["start"]


def test_junit_has_what_xray_adds(tmp_path: Path) -> None:
    """Each property, read back by junitparser and from the XML itself."""
    test = a_test(
        test_keys=("CALC-1",),
        summary="Adds",
        description="Two numbers",
        labels=("smoke", "slow"),
        requirements=("CALC-7", "CALC-8"),
    )
    run = a_run(
        Outcome.XFAILED,
        test=test,
        comment="seen",
        defects=("CALC-9",),
        custom_fields=(("Browser", "Chrome"),),
    )

    content = rendered(tmp_path, "junit", SERVER, run)

    validate("junit", SERVER, content)
    (case,) = etree.fromstring(content).iter("testcase")
    values = {
        each.get("name"): each.get("value") or each.text or ""
        for each in case.iter("property")
    }
    assert values["test_key"] == "CALC-1"
    assert values["test_summary"] == "Adds"
    assert values["test_description"] == "Two numbers"
    assert values["tags"] == "smoke,slow"
    assert values["requirements"] == "CALC-7,CALC-8"
    assert "seen" in values["testrun_comment"]
    assert "CALC-9" in values["testrun_comment"]
    (item,) = case.iter("item")
    assert (item.get("name"), item.text) == ("Browser", "Chrome")


def test_junit_counts_and_times(tmp_path: Path) -> None:
    """The suite's own figures are those of its cases."""
    runs = [a_run(each, name=each.value, duration=1.5) for each in RESULTS]

    content = rendered(tmp_path, "junit", SERVER, *runs)

    (suite,) = JUnitXml.fromstring(content)
    assert (suite.tests, suite.failures, suite.errors, suite.skipped) == (5, 1, 0, 1)
    assert suite.timestamp == "2026-01-02T03:04:05"
    assert [case.time for case in suite] == [1.5] * 5


def test_junit_without_anything_to_add(tmp_path: Path) -> None:
    """No empty properties."""
    content = rendered(tmp_path, "junit", SERVER, a_run())

    assert b"properties" not in content


def test_junit_failure_is_whole(tmp_path: Path) -> None:
    """The text as it is, and the line that tells as its message."""
    message = "def test_a():\n>   assert 1 == 2\nE   assert 1 == 2\n\nt.py:2: Error"

    content = rendered(
        tmp_path, "junit", SERVER, a_run(Outcome.FAILED, message=message)
    )

    ((case,),) = JUnitXml.fromstring(content)
    (failure,) = case.result
    assert (failure.message, failure.text) == ("assert 1 == 2", message)


@pytest.mark.parametrize("name", OF_SCENARIOS)
def test_scenario_keeps_its_feature(tmp_path: Path, name: str) -> None:
    """File by file, each with its tags; other tests have no place there."""
    feature = a_feature(tags=("REQ_CALC-7",))
    other = a_feature(path="features/sub.feature", name="Subtracting")
    content = rendered(
        tmp_path,
        name,
        SERVER,
        a_scenario_run(scenario=a_scenario("one", feature=feature)),
        a_run(keys=["CALC-1"]),
        a_scenario_run(scenario=a_scenario("two", feature=other)),
        a_scenario_run(scenario=a_scenario("three", feature=feature)),
    )

    validate(name, SERVER, content)
    document = json.loads(content)
    assert [each["name"] for each in document] == ["Adding", "Subtracting"]
    assert [[e["name"] for e in each["elements"]] for each in document] == [
        ["one", "three"],
        ["two"],
    ]
    assert "REQ_CALC-7" in json.dumps(document[0]["tags"])


@pytest.mark.parametrize("name", OF_SCENARIOS)
@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        (("TEST_CALC-1",), ["TEST_CALC-1"]),
        (("CALC-1",), ["CALC-1"]),
        (("slow", "CALC-1"), ["slow", "CALC-1"]),
    ],
)
def test_key_in_a_tag_is_not_repeated(
    tmp_path: Path, name: str, tags: tuple[str, ...], expected: list[str]
) -> None:
    """The tags are those of the file."""
    run = a_scenario_run(keys=["CALC-1"], scenario=a_scenario(tags=tags))

    content = rendered(tmp_path, name, SERVER, run)

    ((element,),) = (each["elements"] for each in json.loads(content))
    found = [t if isinstance(t, str) else t["name"][1:] for t in element["tags"]]
    assert found == expected


@pytest.mark.parametrize("name", OF_SCENARIOS)
def test_key_that_ends_like_another(tmp_path: Path, name: str) -> None:
    """``OTHERCALC-1`` is not ``CALC-1``."""
    run = a_scenario_run(keys=["CALC-1"], scenario=a_scenario(tags=("OTHERCALC-1",)))

    content = rendered(tmp_path, name, SERVER, run)

    ((element,),) = (each["elements"] for each in json.loads(content))
    found = [t if isinstance(t, str) else t["name"][1:] for t in element["tags"]]
    assert [tag for tag in found if re.fullmatch(r"(TEST_)?CALC-1", tag)]


def made_run(  # noqa: PLR0913 - one for each thing that may be anything
    *,
    outcome: Outcome,
    keys: tuple[str, ...],
    name: str,
    text: str,
    path: str,
    steps: list[Outcome] | None,
    offset: float,
    duration: float,
) -> TestRun:
    """A result of a test, or of a scenario where there are steps."""
    scenario = None
    if steps is not None:
        feature = a_feature(path=path, name=text or "unnamed")
        scenario = a_scenario(text or "unnamed", feature=feature, description=text)
    return a_run(
        outcome,
        test=a_test(name, test_keys=keys, summary=text),
        message=text,
        comment=text,
        started=STARTED + offset,
        duration=duration,
        scenario=scenario,
        steps=tuple(a_step(each, message=text) for each in steps or ()),
    )


any_run = st.builds(
    made_run,
    outcome=st.sampled_from(RESULTS),
    keys=st.sampled_from([(), ("CALC-1",), ("CALC-2",), ("CALC-1", "CALC-2")]),
    name=st.sampled_from(["test_a", "test_a[1]", "test_b"]),
    text=st.text(st.characters(exclude_categories=[]), max_size=20),
    path=st.sampled_from("ab"),
    steps=st.none() | st.lists(st.sampled_from(Outcome), max_size=3),
    offset=st.floats(-1e6, 1e6),
    duration=st.floats(0, 1e5),
)


@BOTH
@ALL
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(runs=st.lists(any_run, max_size=5))
def test_no_failure_ends_as_a_pass(
    tmp_path: Path, name: str, deployment: str, runs: list[TestRun]
) -> None:
    """Whatever the results are, they render, and nothing is better than it was."""
    try:
        content = rendered(tmp_path, name, deployment, *runs)
    except ReportError:
        # Scenarios without a key have no place in Xray JSON: said, not skipped.
        assert all(run.scenario and not run.test.test_keys for run in runs)
        return

    found = verdicts(name, content)
    if found:
        validate(name, deployment, content)
    for identity in ("CALC-1", "CALC-2"):
        expected = {
            MEANINGS[run.outcome]
            for run in runs
            if identity in run.test.test_keys
            and (run.scenario or name not in OF_SCENARIOS)
        }
        seen = {verdict for key, verdict in found if key == identity}
        assert bool(seen) == bool(expected)
        if FAILED in expected:
            assert FAILED in seen
        if expected - {PASSED}:
            assert seen != {PASSED}
