"""
The client of Jira's REST API: fields, projects, issues, searches.

Paths are those of REST API 2, which Server/Data Center and Cloud share except
for the search.
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from xray_bridge.client.connection import Basic, Bearer, ServiceAccount
from xray_bridge.client.gateway import WITH_LOGIN
from xray_bridge.client.issues import type_name
from xray_bridge.client.paging import PAGE, Page
from xray_bridge.client.request import JSON, Request, make_question
from xray_bridge.client.response import (
    KEY,
    check_answer,
    key_in,
    key_of,
    keys_found,
)
from xray_bridge.client.versions import Version, read_versions
from xray_bridge.dataclass import dataclass
from xray_bridge.errors import CredentialError, NotXrayError, RefusedError
from xray_bridge.model.dialect import DIALECTS, SERVER
from xray_bridge.model.execution_fields import EXECUTION_FIELDS


if TYPE_CHECKING:
    from collections.abc import Mapping

    from xray_bridge.client.connection import Connection, Credentials
    from xray_bridge.client.gateway import Gateway
    from xray_bridge.client.http import Http
    from xray_bridge.client.import_requests import CustomFields
    from xray_bridge.client.response import Answer
    from xray_bridge.model.dialect import Dialect

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A project; ``None`` if the server did not list them."""

    key: str
    versions: tuple[Version, ...] | None = None
    environments: frozenset[str] | None = None


def find_custom_fields(found: list[Any]) -> CustomFields:
    """
    Find Xray's custom fields in Jira's list: their ids differ between instances.

    Raises NotXrayError if the list holds anything else.
    """
    if not all(map(_is_field, found)):
        msg = "Jira's list of fields has an unknown form"
        raise NotXrayError(msg, hint="check xray_url")
    by_type = {str((e.get("schema") or {}).get("custom")): e["id"] for e in found}
    by_name = {str(e.get("name")): e["id"] for e in found if e.get("custom")}
    ids = {
        field.name: by_type.get(field.custom_type)
        if field.custom_type
        else by_name.get(field.title)
        for field in EXECUTION_FIELDS
        if field.title
    }
    return {name: str(field_id) for name, field_id in ids.items() if field_id}


def _is_field(found: Any) -> bool:
    return (
        isinstance(found, dict)
        and isinstance(found.get("id"), str)
        and isinstance(found.get("schema"), dict | None)
    )


def authorization_header(credentials: Credentials) -> dict[str, str]:
    """
    Make the header for a login to Jira.

    Raises CredentialError for an API key, which only Xray Cloud accepts.
    """
    if isinstance(credentials, Basic):
        pair = f"{credentials.user}:{credentials.password.reveal()}".encode()
        return {"Authorization": f"Basic {base64.b64encode(pair).decode('ascii')}"}
    if isinstance(credentials, Bearer):
        return {"Authorization": f"Bearer {credentials.token.reveal()}"}
    if isinstance(credentials, ServiceAccount):
        # The gateway exchanges them for a token.
        return dict(WITH_LOGIN)
    msg = "an Xray API key cannot log in to Jira"
    raise CredentialError(msg, hint="set XRAY_JIRA_USER and XRAY_JIRA_TOKEN")


def is_issue(found: Any) -> bool:
    """Whether an item of a search's answer is an issue with key and fields."""
    return (
        isinstance(found, dict)
        and isinstance(found.get("fields"), dict)
        and KEY.fullmatch(str(found.get("key"))) is not None
    )


class Jira:
    """One Jira site."""

    def __init__(
        self,
        http: Http,
        gateway: Gateway,
        credentials: Credentials | None,
        dialect: Dialect = DIALECTS[SERVER],
    ) -> None:
        self.dialect = dialect
        self._http = http
        self._gateway = gateway
        # Without credentials only public information is available.
        self._headers = authorization_header(credentials) if credentials else {}

    @classmethod
    def for_connection(
        cls, connection: Connection, http: Http, *, anybody: bool = False
    ) -> Jira:
        """Make the client of a connection; ``anybody``: without its credentials."""
        credentials = None if anybody else connection.site_credentials
        return cls(http, connection.gateway, credentials, connection.dialect)

    def _send_request(self, request: Request) -> Answer:
        return self._gateway.ask(self._http, request, self._headers)

    def send(self, request: Request) -> Answer:
        """
        Send a request and return the checked answer.

        Raises what ``Http.send`` and ``check_answer`` raise.
        """
        return check_answer(self._send_request(request))

    def send_json(
        self,
        method: str,
        path: str,
        content: Any,
        *,
        repeatable: bool = False,
        is_question: bool = False,
    ) -> Answer:
        """
        Send a JSON document and return the checked answer.

        ``repeatable``: sending it twice does no harm. Raises what ``Http.send`` and
        ``check_answer`` raise: AmbiguousError if the request may have arrived.
        """
        request = Request(
            method=method,
            path=path,
            content=json.dumps(content).encode(),
            media_type=JSON,
            repeatable=repeatable,
            is_question=is_question,
        )
        return self.send(request)

    def get_json(self, path: str, shape: type[T], **query: str) -> T:
        """
        Get a JSON document of a known type.

        Raises NotXrayError if it has another type.
        """
        request = make_question(path, query.items())
        answer = self.send(request)
        found = answer.json()
        if not isinstance(found, shape):
            msg = f"{answer.url} does not answer like Jira"
            raise NotXrayError(msg, hint="check xray_url")
        return found

    def _find_json(self, path: str, **query: str) -> dict[str, Any] | None:
        """Get a JSON object; None if it does not exist."""
        try:
            return self.get_json(path, dict, **query)
        except RefusedError as error:
            if error.status == 404:  # noqa: PLR2004
                return None
            raise

    def whoami(self) -> str:
        """
        Return the account's name.

        Raises AuthenticationError.
        """
        found = self.get_json("/rest/api/2/myself", dict)
        return str(found.get("displayName") or found.get("name") or "")

    def project(self, key: str) -> Project | None:
        """Return the project with its versions; None if it does not exist."""
        found = self._find_json(f"/rest/api/2/project/{key}")
        if found is None:
            return None
        return Project(key=key, versions=read_versions(found.get("versions")))

    def issue_type(self, key: str) -> str | None:
        """Return the name of an issue's type, in Jira's language; None if no issue."""
        found = self._find_json(f"/rest/api/2/issue/{key}", fields="issuetype")
        if found is None:
            return None
        fields = found.get("fields")
        return type_name(fields if isinstance(fields, dict) else {})

    def current_key(self, key: str) -> str:
        """Return the current key of an issue that may have been moved."""
        found = self._find_json(f"/rest/api/2/issue/{key}", fields="issuetype") or {}
        return key_in(found.get("key")) or key

    def list_fields(self) -> list[Any]:
        """List all fields, Jira's own and custom ones."""
        return self.get_json("/rest/api/2/field", list)

    def executions_labelled(self, label: str) -> list[str]:
        """
        Find the keys of issues with a label; Jira's search may lag behind.

        Raises NotXrayError for an unknown answer, which does not mean that there are
        no issues.
        """
        found = self.get_json(
            "/rest/api/2/search",
            dict,
            jql=f'labels = "{label}"',
            fields="key",
            maxResults=str(PAGE),
        )
        return keys_found(found.get("issues", []))

    def create_issue(self, issue: Mapping[str, Any]) -> str:
        """
        Create an issue and return its key.

        Raises AmbiguousError if it may have been created.
        """
        answer = self.send_json("POST", "/rest/api/2/issue", issue)
        return key_of(answer.json(), answer)["key"]

    def search(self, jql: str, fields: tuple[str, ...], start: int = 0) -> Page:
        """Search by JQL: return a page of issues from position ``start``."""
        content = {
            "jql": jql,
            "fields": list(fields),
            "startAt": start,
            "maxResults": PAGE,
        }
        answer = self.send_json(
            "POST", "/rest/api/2/search", content, repeatable=True, is_question=True
        )
        found = answer.json()
        issues = found.get("issues", []) if isinstance(found, dict) else None
        if not isinstance(issues, list) or not all(map(is_issue, issues)):
            msg = f"the search of {self._gateway.site} does not answer like Jira's"
            raise NotXrayError(msg, hint="check xray_url")
        total = found.get("total")
        known = total if isinstance(total, int) else len(issues)
        return Page(issues=tuple(issues), total=known)

    def apply_transition(self, key: str, transition: Mapping[str, Any]) -> None:
        """Move an issue by a transition of its workflow."""
        path = f"/rest/api/2/issue/{quote(key, safe='')}/transitions"
        self.send_json("POST", path, {"transition": transition})

    def read_description(self, key: str) -> Any:
        """Return an issue's description as a document of Cloud, with its formatting."""
        path = f"/rest/api/3/issue/{quote(key, safe='')}"
        found = self.get_json(path, dict, fields="description").get("fields")
        return found.get("description") if isinstance(found, dict) else None

    def write_description(self, key: str, document: Any) -> None:
        """Set an issue's description to a document of Cloud."""
        self.edit_issue(key, {"fields": {"description": document}}, version=3)

    def edit_issue(
        self, key: str, body: Mapping[str, Any], *, version: int = 2
    ) -> None:
        """Edit an issue, by ``fields`` and by the operations of ``update``."""
        # On Cloud the key comes from Xray, another server, so it is quoted.
        path = f"/rest/api/{version}/issue/{quote(key, safe='')}"
        self.send_json("PUT", path, body, repeatable=True)
