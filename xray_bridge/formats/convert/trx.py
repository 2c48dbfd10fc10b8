"""
Convert TRX, the test results of Visual Studio.

Source: Visual Studio's schema ``vstst.xsd``, and files of ``dotnet test`` and of
jest-trx-results-processor. The definition of a test, before or after its result, has
its class.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from xray_bridge.formats.convert.protocol import RUN, Converted, Red, RunFailed, Totals
from xray_bridge.formats.convert.values import (
    join_paragraphs,
    to_count,
    to_number,
    to_time,
    verdict_from,
)
from xray_bridge.formats.read.xml import LONGEST_MESSAGE, read_elements
from xray_bridge.model.results import Outcome


if TYPE_CHECKING:
    from collections.abc import Iterator
    from xml.etree.ElementTree import Element

    from xray_bridge.formats.convert.keys import KeyFinder
    from xray_bridge.formats.convert.protocol import Item
    from xray_bridge.formats.read.protocol import Source

OUTCOMES = {
    "notexecuted": Outcome.SKIPPED,
    "inconclusive": Outcome.SKIPPED,
    "timeout": Outcome.FAILED,
    "aborted": Outcome.FAILED,
    "disconnected": Outcome.FAILED,
    "passedbutrunaborted": Outcome.FAILED,
    "inprogress": Outcome.FAILED,
}
SUMMARY = "ResultSummary"
RED = frozenset({"aborted", "error", "failed", "timeout"})
FAILED_COUNTERS = ("failed", "error", "timeout", "aborted")
_TIME = re.compile(r"(?:(\d+)\.)?(\d+):(\d+):(\d+(?:\.\d+)?)")


def convert(source: Source, keys: KeyFinder) -> Iterator[Item]:
    """Yield the results, with class and method of their definitions."""
    names: dict[str, tuple[str, str, str]] = {}
    for each in read_elements(source, {"UnitTest"}):
        names[each.get("id", "")] = _read_definition(each, keys)
    for each in read_elements(source, {"UnitTestResult", SUMMARY}):
        is_summary = each.tag == SUMMARY
        yield from (
            _read_summary(each) if is_summary else _convert_results(each, names, keys)
        )


def _read_definition(test: Element, keys: KeyFinder) -> tuple[str, str, str]:
    """Read class, name and Test key."""
    method = test.find("TestMethod")
    classname = "" if method is None else method.get("className", "")
    name = test.get("name", "") if method is None else method.get("name", "")
    tags = [each.get("TestCategory", "") for each in test.iter("TestCategoryItem")]
    pairs = [
        (each.findtext("Key") or "", each.findtext("Value") or "")
        for each in test.iter("Property")
    ]
    # The assembly may follow: ``Calc.Tests, Calc, Version=1.0.0.0``.
    plain = classname.partition(",")[0]
    key = keys.of_tags(tags) or keys.of_pairs(pairs) or keys.of_title(name)
    return plain, name.removeprefix(f"{plain}."), key


def _convert_results(
    result: Element, names: dict[str, tuple[str, str, str]], keys: KeyFinder
) -> Iterator[Converted]:
    """Yield the result, or the results of its data rows."""
    name = result.get("testName", "")
    known_as = names.get(result.get("testId", ""), ("", name, keys.of_title(name)))
    rows = list(result.iterfind("InnerResults/UnitTestResult"))
    found = [_convert_result(each, *known_as) for each in rows]
    own = _convert_result(result, *known_as)
    is_explained = any(each.outcome is own.outcome for each in found)
    yield from found if is_explained else [*found, own]


def _convert_result(result: Element, classname: str, name: str, key: str) -> Converted:
    found = verdict_from(result.get("outcome", ""), OUTCOMES)
    info = "Output/ErrorInfo"
    texts = (
        result.findtext(f"{info}/Message") or "",
        result.findtext(f"{info}/StackTrace") or "",
    )
    label = result.get("testName", "")
    has_row = found.outcome is Outcome.FAILED and not label.endswith(name)
    message = join_paragraphs(label if has_row else "", *texts)
    return Converted(
        classname=classname,
        name=name or label,
        outcome=found.outcome,
        key=key,
        message=message[:LONGEST_MESSAGE],
        started=to_time(result.get("startTime")),
        duration=_to_seconds(result.get("duration", "")),
        word=found.word,
    )


def _to_seconds(duration: str) -> float:
    match = _TIME.fullmatch(duration.strip())
    if not match:
        return 0.0
    days, hours, minutes, seconds = (to_number(each) for each in match.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds


def _read_summary(summary: Element) -> Iterator[Item]:
    counters = summary.find("Counters")
    if counters is not None:
        failed = [to_count(counters.get(each)) or 0 for each in FAILED_COUNTERS]
        yield Totals(tests=to_count(counters.get("total")), failed=sum(failed))
    for each in summary.iterfind("RunInfos/RunInfo"):
        if each.get("outcome", "").lower() in RED:
            yield Red(name=RUN, message=(each.findtext("Text") or "").strip())
    verdict = summary.get("outcome", "")
    what = f"the test run ended as {verdict}"
    if verdict.lower() == "failed":
        yield RunFailed(message=what)
    elif verdict.lower() in RED:
        yield Red(name=RUN, message=what)
