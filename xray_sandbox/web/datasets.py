"""
Datasets of Tests: files on both products, and GraphQL on Cloud.

Sources: 'Dataset' in the REST API v2.0 of Server, 'Exporting datasets - REST v2' of
Cloud, which has no request that imports one (XRAYCLOUD-3972), and Cloud's GraphQL
schema, 'getDataset' and 'getDatasets'. What the server answers about a Test without a
dataset is not documented: here the file is empty.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from xray_sandbox.errors import RefusedError
from xray_sandbox.store.datasets import (
    Dataset,
    export_dataset,
    import_dataset,
    read_dataset,
)
from xray_sandbox.store.rows import TEST, IssueRow
from xray_sandbox.web.graphql_tests import require_issue
from xray_sandbox.web.site import Site


_CONTEXTS = ("contextIssueId", "contextIssueKey")


def add_export(blueprint: Blueprint, site: Site, path: str) -> None:
    """Add the request for the CSV file of a Test's dataset."""

    @blueprint.get(path)
    def export() -> ResponseReturnValue:
        test = _require_test(site)
        text = export_dataset(read_dataset(site.store, test.id))
        answer = Response(text, mimetype="text/csv")
        name = f"dataset_{test.key}.csv"
        answer.headers.set("Content-Disposition", "attachment", filename=name)
        return answer


def add_import(blueprint: Blueprint, site: Site, path: str) -> None:
    """Add the request that replaces the dataset of a Test."""

    @blueprint.post(path)
    def import_file() -> ResponseReturnValue:
        file = request.files.get("file")
        if file is None:
            raise RefusedError("The part file is missing")
        data = file.read()
        with site.store.transaction():
            import_dataset(site.store, _require_test(site).id, data)
        return Response("", status=200)


def _require_test(site: Site) -> IssueRow:
    """The Test of a request; its id wins over its key."""
    query = request.args
    if any(query.get(name) for name in _CONTEXTS):
        raise RefusedError("The sandbox has no datasets of Test Plans and Executions")
    if id_ := query.get("testIssueId"):
        return require_issue(site, id_, TEST)
    if not query.get("testIssueKey"):
        raise RefusedError("One of testIssueId or testIssueKey is required")
    return site.registry.require(query["testIssueKey"], TEST)


def _dataset_json(test: IssueRow, found: Dataset) -> dict[str, Any]:
    return {
        "id": str(found.id),
        "testIssueId": str(test.id),
        "parameters": [
            {
                "name": each.name,
                "type": "text",
                "combinations": each.combined,
                "listValues": list(each.values),
            }
            for each in found.parameters
        ],
        "rows": [
            {"order": order, "Values": values}
            for order, values in enumerate(found.iterations())
        ],
    }


def _get_dataset(site: Site, arguments: Mapping[str, Any]) -> Any:
    test = require_issue(site, arguments.get("testIssueId"), TEST)
    found = read_dataset(site.store, test.id)
    return _dataset_json(test, found) if found else None


def _get_datasets(site: Site, arguments: Mapping[str, Any]) -> Any:
    tests = [require_issue(site, e, TEST) for e in arguments.get("testIssueIds") or ()]
    return [
        _dataset_json(test, found)
        for test in tests
        if (found := read_dataset(site.store, test.id))
    ]


RESOLVERS = {"getDataset": _get_dataset, "getDatasets": _get_datasets}
ARGUMENTS = {
    "getDataset": frozenset(
        {"testIssueId", "testExecIssueId", "testPlanIssueId", "callTestIssueId"}
    ),
    "getDatasets": frozenset({"testIssueIds", "testExecIssueIds", "testPlanIssueIds"}),
}
