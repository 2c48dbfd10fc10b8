"""
The differences between Server / Data Center and Cloud, from Xray's manuals.

Source: Xray's manuals, 'Import Execution Results - REST' of both products.
"""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Product:
    """One of the two products, as data."""

    name: str
    passed: str
    failed: str
    todo: str
    statuses: tuple[str, ...]
    example_statuses: tuple[str, ...]
    unknown_status: str | None
    json_part: str
    xml_part: str
    xml_in_file_part: bool
    xml_types: tuple[str, ...]
    free_environments: bool
    reports_test_errors: bool
    needs_summary: bool
    empty_lists: bool
    empty_properties: bool
    needs_test_type: bool
    test_keys: frozenset[str]
    iteration_keys: frozenset[str]
    user_key: str
    xray_fields: frozenset[str]
    precondition_part: str
    needs_known_keys: bool
    labels_path: bool
    comments_describe: bool


_TEST_KEYS = frozenset(
    {
        "testKey",
        "testInfo",
        "start",
        "finish",
        "comment",
        "executedBy",
        "assignee",
        "status",
        "steps",
        "examples",
        "iterations",
        "defects",
        "evidence",
        "evidences",
        "customFields",
    }
)

SERVER = Product(
    name="server",
    passed="PASS",
    failed="FAIL",
    todo="TODO",
    statuses=("PASS", "FAIL", "TODO", "EXECUTING", "ABORTED"),
    example_statuses=("PASS", "FAIL", "TODO", "EXECUTING"),
    unknown_status=None,
    json_part="result",
    xml_part="file",
    xml_in_file_part=True,
    xml_types=("multipart/form-data",),
    free_environments=True,
    reports_test_errors=True,
    needs_summary=False,
    empty_lists=True,
    empty_properties=True,
    needs_test_type=False,
    test_keys=_TEST_KEYS | {"results", "testVersion"},
    iteration_keys=frozenset({"name", "parameters", "status", "steps"}),
    user_key="name",
    xray_fields=frozenset(),
    precondition_part="preCondInfo",
    needs_known_keys=False,
    labels_path=True,
    comments_describe=False,
)

SERVER_V1 = replace(SERVER, reports_test_errors=False)

CLOUD = Product(
    name="cloud",
    passed="PASSED",
    failed="FAILED",
    todo="TODO",
    statuses=("PASSED", "FAILED", "TODO", "EXECUTING", "ABORTED"),
    example_statuses=("PASSED", "FAILED", "TODO", "EXECUTING"),
    unknown_status="TODO",
    json_part="results",
    xml_part="results",
    xml_in_file_part=False,
    xml_types=("application/xml", "text/xml"),
    free_environments=False,
    reports_test_errors=False,
    needs_summary=True,
    empty_lists=False,
    empty_properties=False,
    needs_test_type=True,
    test_keys=_TEST_KEYS,
    iteration_keys=frozenset(
        {"name", "parameters", "status", "steps", "log", "duration"}
    ),
    user_key="accountId",
    xray_fields=frozenset({"testPlanKey", "environments"}),
    precondition_part="precondInfo",
    needs_known_keys=True,
    labels_path=False,
    comments_describe=True,
)
