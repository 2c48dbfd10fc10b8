"""A server that refuses two tests with the same words, and the output about it."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any

from tests.scripted import by_path, scripted


if TYPE_CHECKING:
    from collections.abc import Iterator

WORDS = "the test is archived"
CREATED = {
    "testExecIssue": {"id": "38101", "key": "CALC-77", "self": "https://j.test/1"},
    "testIssues": {"success": [], "error": [WORDS, WORDS]},
}


FIELD = {
    "id": "customfield_1",
    "name": "Begin Date",
    "custom": True,
    "schema": {"custom": "com.xpandit.plugins.xray:testexec-begindate-custom-field"},
}
IMPORT = "/rest/raven/2.0/import/execution"
IMPORTS = (
    "",
    "/multipart",
    "/junit/multipart",
    "/cucumber/multipart",
    "/behave/multipart",
)


@contextlib.contextmanager
def refusing_server() -> Iterator[dict[str, str]]:
    """The environment for uploads to a server that refuses two tests."""
    created = (200, json.dumps(CREATED).encode(), dict[str, str]())
    answers = {f"{IMPORT}{path}": created for path in IMPORTS}
    answers["/rest/api/2/field"] = (200, json.dumps([FIELD]).encode(), {})
    with scripted(by_path(answers)) as server:
        yield {
            "XRAY_URL": server.url,
            "XRAY_DEPLOYMENT": "server",
            "XRAY_TOKEN": "a-token",
            "XRAY_PREFLIGHT": "off",
        }


def planned_fields(output: str) -> dict[str, Any]:
    """The fields of the JSON document that a dry run printed, indented by six."""
    lines = output.partition("info.json")[2].splitlines()[1:]
    document = [line for line in lines if line.startswith(" " * 6)]
    found: dict[str, Any] = json.loads("\n".join(document))["fields"]
    return found
