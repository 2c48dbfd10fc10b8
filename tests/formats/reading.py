"""Reports made of results, and read back by somebody else's parsers."""

from __future__ import annotations

import base64
import functools
import hashlib
import io
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from junitparser import Error, Failure, JUnitXml, Properties, Skipped
from lxml import etree

from tests.builders import recorded
from xray_bridge.formats.write import make_writer
from xray_bridge.model.dialect import CLOUD, DIALECTS, SERVER
from xray_bridge.model.results import Evidence, Outcome
from xray_bridge.runs.merge import Results


if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from xray_bridge.model.results import TestRun

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
    Outcome.FLAKY: PASSED,
    Outcome.FAILED: FAILED,
    Outcome.SKIPPED: NEITHER,
}
RESULTS = list(MEANINGS)
WORDS = {"PASS": PASSED, "PASSED": PASSED, "FAIL": FAILED, "FAILED": FAILED}
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256))


def a_piece(
    content: bytes = PICTURE, name: str = "shot.png", media_type: str = "image/png"
) -> Evidence:
    """Evidence as it is recorded: its file is called by its content."""
    file = hashlib.sha256(content).hexdigest()
    return Evidence(name=name, file=file, media_type=media_type, size=len(content))


def kept(tmp_path: Path, *runs: TestRun, contents: Sequence[bytes] = ()) -> Results:
    """These results, and these files of evidence beside them."""
    directory = recorded(tmp_path, *runs)
    folder = directory.path / "evidence"
    folder.mkdir()
    for content in contents:
        (folder / a_piece(content).file).write_bytes(content)
    return Results([directory])


def rendered(
    tmp_path: Path,
    name: str,
    deployment: str,
    *runs: TestRun,
    contents: Sequence[bytes] = (),
    statuses: Mapping[str, str] | None = None,
) -> bytes:
    """The report of these results."""
    found = kept(tmp_path, *runs, contents=contents)
    dialect = DIALECTS[deployment].with_statuses(statuses or {})
    file = io.BytesIO()
    make_writer(name, "CALC").write(found, dialect, file)
    return file.getvalue()


def document(content: bytes) -> Any:
    """JSON, read strictly."""

    def refuse(name: str) -> None:
        pytest.fail(f"{name} is no JSON")

    return json.loads(content, parse_constant=refuse)


def one_test(content: bytes) -> Any:
    """The only test of an Xray JSON report."""
    (test,) = document(content)["tests"]
    return test


def one_case(content: bytes) -> Any:
    """The only testcase of a JUnit report, as XML."""
    (case,) = xml(content).iter("testcase")
    return case


def one_scenario(content: bytes) -> Any:
    """The only scenario of a Cucumber or Behave report."""
    ((element,),) = (each["elements"] for each in document(content))
    return element


def xml(content: bytes) -> Any:
    """The root of a JUnit report."""
    return etree.fromstring(content, etree.XMLParser(huge_tree=True))


def properties(case: Any) -> dict[str, str]:
    """The properties of a testcase."""
    return {
        each.get("name"): each.get("value") or each.text or ""
        for each in case.iter("property")
    }


def comment(name: str, content: bytes) -> str:
    """The comment of the only Test Run."""
    if name == "junit":
        return properties(one_case(content)).get("testrun_comment", "")
    found: str = one_test(content).get("comment", "")
    return found


@functools.cache
def schema(file: str) -> Any:
    """The validator; the schema itself is checked once."""
    if file == "junit":
        return etree.XMLSchema(etree.parse(HERE / "junit.xsd"))
    content = json.loads((HERE / f"{file}.schema.json").read_text())
    kind = jsonschema.validators.validator_for(content)
    kind.check_schema(content)
    return kind(content)


def validate(name: str, deployment: str, content: bytes) -> None:
    """Hold a report against the schema of its format."""
    if name == "junit":
        schema(name).assertValid(xml(content))
    else:
        file = f"xray-{deployment}" if name == "xray" else name
        schema(file).validate(document(content))


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
    for test in document(content)["tests"]:
        identity = test.get("testKey") or test["testInfo"]["definition"]
        yield identity, WORDS.get(test["status"], NEITHER)


def of_steps(statuses: list[str]) -> str:
    """How Xray judges a scenario."""
    if FAILED in statuses:
        return FAILED
    return PASSED if statuses and set(statuses) == {PASSED} else NEITHER


def scenario_verdicts(content: bytes) -> Iterator[tuple[str, str]]:
    """Key or name, and the verdict, by the steps."""
    for feature in document(content):
        for element in feature["elements"]:
            tags = [t if isinstance(t, str) else t["name"] for t in element["tags"]]
            found = [re.fullmatch(r"@?(?:TEST_)?(CALC-\d+)", tag) for tag in tags]
            keys = [match[1] for match in found if match]
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
    """The outcomes that an independent reader finds in a report."""
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
        return list(texts_in(document(content)))
    return [
        text
        for element in xml(content).iter()
        for text in (element.text, *element.attrib.values())
        if text is not None
    ]


def is_clean(text: str) -> bool:
    """Whether XML 1.0 could hold it and a database would store it."""
    return not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]", text)


def evidence(name: str, content: bytes) -> list[tuple[str, bytes]]:
    """Names and contents of all evidence; Behave JSON has no names."""
    if name == "junit":
        items = xml(content).iterfind(".//property[@name='testrun_evidence']/item")
        pairs = [(item.get("name"), item.text) for item in items]
    else:
        found = list(_evidence_in(document(content)))
        pairs = [(e.get("filename") or e.get("name", ""), e["data"]) for e in found]
    return [(named, base64.b64decode(data, validate=True)) for named, data in pairs]


def _evidence_in(content: Any) -> Iterator[dict[str, str]]:
    if isinstance(content, dict):
        if "data" in content:
            yield content
        for value in content.values():
            yield from _evidence_in(value)
    elif isinstance(content, list):
        for item in content:
            yield from _evidence_in(item)
