"""
The comment and the evidence of a Test Run.

Sources: Xray's manuals, "Test Runs - REST" of Server and Data Center, and the GraphQL
schema of Cloud.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from xray_bridge.client.graphql import ask
from xray_bridge.client.request import make_question
from xray_bridge.client.test_runs import API
from xray_bridge.dataclass import dataclass
from xray_bridge.model.dialect import CLOUD, SERVER


if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from xray_bridge.client.xray import XrayClient
    from xray_bridge.model.dialect import Dialect

QUERY = (
    "query($id: String!) { getTestRunById(id: $id) { comment results { log } "
    "evidence { filename downloadLink } } }"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A piece of evidence in Xray; the login is needed to read its ``url``."""

    name: str
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDetails:
    """
    The comment of a Test Run, as Jira shows it, and its evidence.

    Without a comment, it is the log of the results: JUnit XML fills only that. Server
    does not document a log.
    """

    comment: str = ""
    evidence: tuple[Attachment, ...] = ()


def read_details(xray: XrayClient, dialect: Dialect, id_: str) -> RunDetails:
    """
    Read a Test Run by its id.

    Raises DeliveryError.
    """
    return READERS[dialect.name](xray, id_)


def _read_on_server(xray: XrayClient, id_: str) -> RunDetails:
    path = f"{API}/testrun/{quote(id_, safe='')}"
    request = make_question(path)
    found = xray.send(request).json()
    return _make_details(found, "evidences", ("fileName", "fileURL"))


def _read_on_cloud(xray: XrayClient, id_: str) -> RunDetails:
    found = ask(xray, QUERY, {"id": id_}).get("getTestRunById")
    return _make_details(found, "evidence", ("filename", "downloadLink"))


def _make_details(found: Any, evidence: str, names: tuple[str, str]) -> RunDetails:
    """Make it of an answer in which any member may be missing or of another type."""
    values = found if isinstance(found, dict) else {}
    listed = values.get(evidence)
    pieces = listed if isinstance(listed, list) else []
    name, url = names
    return RunDetails(
        comment=str(values.get("comment") or "") or _read_log(values.get("results")),
        evidence=tuple(
            Attachment(name=str(each.get(name) or ""), url=str(each.get(url) or ""))
            for each in pieces
            if isinstance(each, dict)
        ),
    )


def _read_log(found: Any) -> str:
    listed = found if isinstance(found, list) else []
    logs = (each.get("log") for each in listed if isinstance(each, dict))
    return "\n".join(log for log in logs if isinstance(log, str) and log)


READERS: Mapping[str, Callable[[XrayClient, str], RunDetails]] = {
    SERVER: _read_on_server,
    CLOUD: _read_on_cloud,
}
