"""
The import endpoints of both products: turn a request into a submission.

Source: Xray's manuals, 'Import Execution Results - REST' of both products.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import IO

from flask import request

from xray_sandbox.errors import NO_INFO, NO_PROJECT, RefusedError
from xray_sandbox.importer import ImportedResults, import_results
from xray_sandbox.product import Product
from xray_sandbox.read import other_xml
from xray_sandbox.read.behave import read_behave
from xray_sandbox.read.cucumber import read_cucumber
from xray_sandbox.read.documents import read_json
from xray_sandbox.read.info import read_info, read_test_info
from xray_sandbox.read.junit import read_junit
from xray_sandbox.read.submission import Details, Submission
from xray_sandbox.read.xray_json import read_xray
from xray_sandbox.store.registry import Registry


_JSON = "application/json"
_MULTIPART = "multipart/form-data"


@dataclass(frozen=True)
class Format:
    """The reader of one format, and whether it is XML."""

    read: Callable[[IO[bytes], Product], Submission]
    xml: bool = False


FORMATS: Mapping[str, Format] = {
    "xray": Format(read_xray),
    "cucumber": Format(read_cucumber),
    "behave": Format(read_behave),
    "junit": Format(read_junit, xml=True),
    "testng": Format(other_xml.make_reader(other_xml.TESTNG), xml=True),
    "nunit": Format(other_xml.make_reader(other_xml.NUNIT), xml=True),
    "xunit": Format(other_xml.make_reader(other_xml.XUNIT), xml=True),
    "robot": Format(other_xml.make_reader(other_xml.ROBOT), xml=True),
}

# By the path after `import/execution`: the format, and whether it is multipart.
PATHS: Mapping[str, tuple[str, bool]] = {
    f"{'' if name == 'xray' else '/' + name}{'/multipart' if parts else ''}": (
        name,
        parts,
    )
    for name in FORMATS
    for parts in (False, True)
}


def receive_results(
    registry: Registry, product: Product, name: str, *, multipart: bool
) -> ImportedResults:
    """Handle the current request as an import."""
    read = _read_multipart if multipart else _read_plain
    return import_results(registry, product, read(FORMATS[name], product))


def _read_plain(format_: Format, product: Product) -> Submission:
    if not format_.xml:
        _need_type(_JSON)
        return format_.read(request.stream, product)
    _need_type(*product.xml_types)
    body = _open_part(product.xml_part) if product.xml_in_file_part else request.stream
    return _with_query(format_.read(body, product), request.args)


def _with_query(submission: Submission, query: Mapping[str, str]) -> Submission:
    """Add the details from the query; JSON formats have none."""
    if not query.get("projectKey") and not query.get("testExecKey"):
        raise RefusedError(NO_PROJECT)
    return replace(
        submission,
        test_execution=query.get("testExecKey", ""),
        details=Details(
            project=query.get("projectKey") or None,
            test_plans=_query_values(query, "testPlanKey"),
            environments=_query_values(query, "testEnvironments"),
            fix_versions=_query_values(query, "fixVersion"),
            revision=query.get("revision"),
        ),
    )


def _query_values(query: Mapping[str, str], name: str) -> tuple[str, ...] | None:
    if name not in query:
        return None
    separate = name == "testEnvironments"
    return tuple(query[name].split(";")) if separate else (query[name],)


def _read_multipart(format_: Format, product: Product) -> Submission:
    """Read report, info and testInfo; they always create a new Test Execution."""
    _need_type(_MULTIPART)
    report = _open_part(product.xml_part if format_.xml else product.json_part)
    details = read_info(_json_part("info"), product)
    given = "testInfo" in request.files or "testInfo" in request.form
    return replace(
        format_.read(report, product),
        details=details,
        test_execution="",
        tagged_execution="",
        test_fields=read_test_info(_json_part("testInfo")) if given else {},
        needs_summary=True,
        plan_takes_tests=bool(product.xray_fields),
    )


def _json_part(name: str) -> object:
    """Read a JSON part; a part without a file name is not a file."""
    part = request.files.get(name)
    if part is None:
        raise RefusedError(NO_INFO)
    return read_json(part.stream, otherwise=NO_INFO)


def _open_part(name: str) -> IO[bytes]:
    part = request.files.get(name)
    if part is None:
        raise RefusedError(f"Error importing results: no file in part '{name}'")
    return part.stream


def _need_type(*accepted: str) -> None:
    if request.mimetype not in accepted:
        raise RefusedError("Unsupported Media Type", status=415)
