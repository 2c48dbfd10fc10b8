"""
JUnit XML: each testcase is a result of a Generic Test.

Source: Xray's manuals, 'Import Execution Results' (JUnit) and 'Taking advantage
of JUnit XML reports'.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import IO
from xml.etree.ElementTree import Element

from xray_sandbox.errors import RefusedError
from xray_sandbox.product import Product
from xray_sandbox.read.documents import decode_evidence, media_type, read_xml
from xray_sandbox.read.submission import Evidence, NewTest, Result, Submission


_ROOTS = {"testsuites", "testsuite"}
_VERDICTS = ("failure", "error", "skipped")


def read_junit(file: IO[bytes], product: Product) -> Submission:
    """Read all testcases of a report."""
    root = read_xml(file)
    if root.tag not in _ROOTS:
        raise RefusedError(f"Invalid JUnit xml file: unexpected root {root.tag}")
    if not product.empty_properties:
        _refuse_empty_properties(root)
    cases = tuple(_read_case(case, suite, product) for suite, case in _iter_cases(root))
    return Submission(cases, targets_generic=True)


def _refuse_empty_properties(root: Element) -> None:
    if any(len(element) == 0 for element in root.iter("properties")):
        raise RefusedError("Error importing results: properties must not be empty")


def _iter_cases(element: Element) -> Iterator[tuple[Element, Element]]:
    for child in element:
        if child.tag == "testsuite":
            yield from _iter_cases(child)
        elif child.tag == "testcase":
            yield element, child


def _read_case(case: Element, suite: Element, product: Product) -> Result:
    name = case.get("name")
    if not name:
        raise RefusedError("Invalid JUnit xml file: a testcase has no name")
    properties = _read_properties(case)
    started, finished = _case_times(case, suite)
    return Result(
        status=_case_status(case, product),
        test_key=_property_value(properties, "test_key"),
        test_id=_property_value(properties, "test_id"),
        test=_new_test(case, suite, properties, name),
        comment=_property_text(properties, "testrun_comment"),
        log="\n".join(_failure_texts(case)),
        started=started,
        finished=finished,
        evidence=tuple(
            Evidence(filename, media_type(filename), decode_evidence(data, filename))
            for filename, data in _property_items(properties, "testrun_evidence")
        ),
        custom_fields=dict(_property_items(properties, "testrun_customfields")),
    )


def _new_test(
    case: Element, suite: Element, properties: dict[str, Element], name: str
) -> NewTest:
    scope = case.get("classname") or suite.get("name") or ""
    wanted = ",".join(
        text
        for text in (
            _property_value(properties, "requirements"),
            _property_value(properties, "requirement"),
            case.get("requirements", ""),
            case.get("requirement", ""),
        )
        if text
    )
    return NewTest(
        kind="Generic",
        summary=_property_value(properties, "test_summary") or name,
        definition=f"{scope}.{name}" if scope else name,
        description=_property_text(properties, "test_description"),
        labels=_split_list(_property_value(properties, "tags")),
        requirements=_split_list(wanted),
    )


def _read_properties(case: Element) -> dict[str, Element]:
    return {item.get("name", ""): item for item in case.iterfind("properties/property")}


def _property_value(properties: dict[str, Element], name: str) -> str:
    return properties[name].get("value", "").strip() if name in properties else ""


def _property_text(properties: dict[str, Element], name: str) -> str:
    return (properties[name].text or "").strip() if name in properties else ""


def _property_items(properties: dict[str, Element], name: str) -> list[tuple[str, str]]:
    if name not in properties:
        return []
    items = properties[name].iterfind("item")
    return [(item.get("name", ""), item.text or "") for item in items]


def _split_list(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _case_status(case: Element, product: Product) -> str:
    found = {child.tag for child in case}
    if found & {"failure", "error"}:
        return product.failed
    return product.todo if "skipped" in found else product.passed


def _failure_texts(case: Element) -> Iterator[str]:
    for child in case:
        if child.tag in _VERDICTS:
            text = f"{child.get('message', '')}\n{child.text or ''}".strip()
            if text:
                yield text


def _case_times(case: Element, suite: Element) -> tuple[str, str]:
    started, finished = case.get("started-at", ""), case.get("finished-at", "")
    if started or finished:
        return started, finished
    try:
        begin = datetime.fromisoformat(
            suite.get("timestamp", "").replace("Z", "+00:00")
        )
        end = begin + timedelta(seconds=float(case.get("time", "")))
    except (ValueError, OverflowError):
        return "", ""
    return begin.isoformat(timespec="seconds"), end.isoformat(timespec="seconds")
