"""
What came of an upload that arrived: the receipt, and what later steps can read.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from xray_bridge.client import import_requests
from xray_bridge.client.jira import Jira
from xray_bridge.model import receipt
from xray_bridge.runs import run_directory
from xray_bridge.upload.job import write_variables


if TYPE_CHECKING:
    from xray_bridge.client.connection import Connection
    from xray_bridge.client.http import Http
    from xray_bridge.client.import_answer import ImportAnswer
    from xray_bridge.config.settings import Settings
    from xray_bridge.model.receipt import Receipt, Refused
    from xray_bridge.upload.job import Job


def update_fields(
    connection: Connection, http: Http, key: str, settings: Settings
) -> None:
    """Fields of an existing Test Execution are Jira's to set."""
    credentials = connection.jira_credentials or connection.credentials
    fields = import_requests.with_fields_object(settings.execution_fields)["fields"]
    Jira(http, connection.site, credentials).update(key, fields)


def delivered(  # noqa: PLR0913 - what a receipt is made of
    job: Job,
    connection: Connection,
    imported: ImportAnswer,
    base: Receipt,
    *,
    tests: int,
    refused: tuple[Refused, ...],
) -> Receipt:
    """Note in the run directory that it arrived; the receipt of that."""
    partly = bool(refused)
    write_variables(job, imported)
    job.directory.state = replace(
        job.directory.state,
        state=run_directory.DELIVERED,
        test_execution=imported.key,
        message="",
    )
    return replace(
        base,
        status=receipt.PARTLY_REFUSED if partly else receipt.DELIVERED,
        test_execution={
            "key": imported.key,
            "id": imported.id,
            "url": _browse(connection, imported),
        },
        sent=tests,
        accepted=None if imported.accepted is None else len(set(imported.accepted)),
        refused=refused,
        exit_code=84 if partly else 0,
    )


def _browse(connection: Connection, imported: ImportAnswer) -> str:
    """The page for people; ``self`` is the one for programs."""
    base = imported.api_url.partition("/rest/")[0] or connection.site
    return f"{base}/browse/{imported.key}" if base else ""


def described(report: import_requests.Report) -> dict[str, Any]:
    """A report, as it stands in a receipt."""
    return {
        "format": report.format,
        "path": report.path.name,
        "bytes": report.path.stat().st_size,
    }
