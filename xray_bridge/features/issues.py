"""
Tests and Preconditions as they are: read before an import, and put right after it.

Sources: Jira's REST API 2 ("Edit issue", "Search") and Xray Cloud's GraphQL schema.
"""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from xray_bridge.client.key_lookup import (
    MOST_PAGES,
    NO_TESTS,
    PAGE,
    all_of,
    by_halves,
    refuse_half,
)
from xray_bridge.client.response import check
from xray_bridge.client.xray import CloudXray, ServerXray
from xray_bridge.errors import RefusedError
from xray_bridge.features.answers import answered
from xray_bridge.features.values import Issue
from xray_bridge.model.dialect import CLOUD, SERVER


if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from xray_bridge.client.connection import Connection
    from xray_bridge.client.http import Http
    from xray_bridge.client.jira import Jira, Project
    from xray_bridge.client.key_lookup import Among
    from xray_bridge.client.request import Request
    from xray_bridge.features.values import Answered

FIELDS = ("summary", "labels")
NO_ISSUES = NO_TESTS - {"pre-condition", "precondition"}
# Scenarios in one search: addresses and queries have their limits.
NAMES = 20


class Issues(Protocol):
    """What an import of feature files needs of a server."""

    def project(self, key: str) -> Project | None:
        """A project, or None where there is none that this account may see."""
        ...

    def tests(self, keys: Sequence[str]) -> Among[Issue]:
        """The Tests among keys."""
        ...

    def preconditions(self, keys: Sequence[str]) -> Among[Issue]:
        """The Preconditions among keys."""
        ...

    def named_tests(
        self, project: str, names: Sequence[str], labels: Sequence[str] = ()
    ) -> dict[str, Issue]:
        """Tests of a project with such a summary or label, and perhaps others."""
        ...

    def named_preconditions(
        self, project: str, names: Sequence[str]
    ) -> dict[str, Issue]:
        """Preconditions of a project with such a summary, and perhaps others."""
        ...

    @property
    def editor(self) -> Jira | None:
        """Who can edit issues; None without a login to Jira."""
        ...

    def import_features(self, request: Request) -> Answered:
        """
        Send feature files.

        Raises what ``Http.send``, ``answers.check`` and ``answered`` raise.
        """
        ...


class ServerIssues(ServerXray):
    """By Jira's search."""

    def tests(self, keys: Sequence[str]) -> Among[Issue]:
        """Of any type that is not surely another one."""
        return by_halves(keys, self._found)

    def named_tests(
        self, project: str, names: Sequence[str], labels: Sequence[str] = ()
    ) -> dict[str, Issue]:
        """By phrases: Jira knows no other search for a summary."""
        return _named(self._found, project, names, labels)

    # One search finds issues of all types, whose names are translated.
    preconditions = tests
    named_preconditions = named_tests

    @property
    def editor(self) -> Jira:
        """With the same credentials."""
        return self._jira

    def import_features(self, request: Request) -> Answered:
        """One POST."""
        return answered(check(self._send(request)))

    def _found(self, jql: str, others: dict[str, str]) -> dict[str, Issue]:
        found: dict[str, Issue] = {}
        start = total = 0
        for _ in range(MOST_PAGES):
            page = self._jira.search(jql, ("issuetype", *FIELDS), start)
            for issue in page.issues:
                kind = str((issue["fields"].get("issuetype") or {}).get("name", ""))
                if kind.lower() in NO_ISSUES:
                    others[issue["key"]] = f"it is a {kind}"
                else:
                    found |= _issues([{"key": issue["key"], **issue["fields"]}])
            start, total = start + len(page.issues), page.total
            if not page.issues or start >= total:
                break
        refuse_half(start, total)
        return found


class CloudIssues(CloudXray):
    """By GraphQL; edits need a login to the Jira site."""

    def tests(self, keys: Sequence[str]) -> Among[Issue]:
        """By Xray's own list."""
        return by_halves(keys, partial(self._found, "getTests"))

    def preconditions(self, keys: Sequence[str]) -> Among[Issue]:
        """By Xray's own list."""
        return by_halves(keys, partial(self._found, "getPreconditions"))

    def named_tests(
        self, project: str, names: Sequence[str], labels: Sequence[str] = ()
    ) -> dict[str, Issue]:
        """By phrases, as Jira searches."""
        return _named(partial(self._found, "getTests"), project, names, labels)

    def named_preconditions(
        self, project: str, names: Sequence[str]
    ) -> dict[str, Issue]:
        """By phrases, as Jira searches."""
        return _named(partial(self._found, "getPreconditions"), project, names, ())

    @property
    def editor(self) -> Jira | None:
        """With ``jira_user`` and ``jira_token``."""
        return self._jira

    def import_features(self, request: Request) -> Answered:
        """One POST."""
        return answered(check(self._send(request)))

    def _found(self, field: str, jql: str, _: dict[str, str]) -> dict[str, Issue]:
        wanted = json.dumps(["key", *FIELDS])
        query = (
            f"query($jql: String!, $start: Int!) {{ {field}(jql: $jql, limit: {PAGE}, "
            f"start: $start) {{ total results {{ jira(fields: {wanted}) }} }} }}"
        )

        def page(start: int) -> Any:
            variables: dict[str, Any] = {"jql": jql, "start": start}
            return self._graphql(query, variables).get(field)

        return all_of(page, _issues)


ISSUES: Mapping[str, Callable[[Connection, Http], Issues]] = {
    SERVER: ServerIssues,
    CLOUD: CloudIssues,
}


def issues(connection: Connection, http: Http) -> Issues:
    """Who knows and takes them at the connection's deployment."""
    return ISSUES[connection.dialect.name](connection, http)


def _issues(found: Any) -> dict[str, Issue]:
    return {
        str(each["key"]): Issue(
            key=str(each["key"]),
            summary=str(each.get("summary") or ""),
            labels=tuple(map(str, each.get("labels") or ())),
        )
        for each in found
    }


def _named(
    search: Callable[[str, dict[str, str]], dict[str, Issue]],
    project: str,
    names: Sequence[str],
    labels: Sequence[str],
) -> dict[str, Issue]:
    """Some names at a time; one that Jira cannot search for is left out."""
    conditions = [f"summary ~ {_quoted(_phrase(name))}" for name in names if name]
    conditions += [f"labels = {_quoted(label)}" for label in labels]
    found: dict[str, Issue] = {}
    for part in _parts(list(dict.fromkeys(conditions))):
        found |= _search(search, project, part)
    return found


def _search(
    search: Callable[[str, dict[str, str]], dict[str, Issue]],
    project: str,
    conditions: Sequence[str],
) -> dict[str, Issue]:
    try:
        return search(f'project = "{project}" AND ({" OR ".join(conditions)})', {})
    except RefusedError as error:
        if error.status not in {200, 400}:
            raise
    if len(conditions) == 1:
        return {}
    middle = len(conditions) // 2
    halves = (conditions[:middle], conditions[middle:])
    first, second = (_search(search, project, half) for half in halves)
    return first | second


def _parts(found: Sequence[str]) -> Iterator[Sequence[str]]:
    return (found[at : at + NAMES] for at in range(0, len(found), NAMES))


def _phrase(name: str) -> str:
    """Words in their order, as Jira's text search wants them."""
    words = name.replace('"', " ").replace("\\", " ").split()
    return f'"{" ".join(words)}"'


def _quoted(text: str) -> str:
    """As a text in JQL."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
