"""
Which Tests there are: those of a Test Plan, Test Execution or Test Set, those that
a JQL finds, and those among some keys.

Sources: Xray's manuals, "Test Plans - REST", "Test Executions - REST" and "Test
Sets - REST" of Server and Data Center, and the GraphQL schema of Cloud.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from xray_bridge.client.jira import ISSUE_TYPES, JIRA_TYPES
from xray_bridge.client.response import issues_of
from xray_bridge.client.xray import CloudXray, ServerXray
from xray_bridge.errors import NotXrayError, RefusedError, SelectionError
from xray_bridge.model.dialect import CLOUD, SERVER
from xray_bridge.model.keys import KEY


if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from xray_bridge.client.connection import Connection
    from xray_bridge.client.http import Http

T = TypeVar("T")

# What one answer may list: Cloud's own limit, and a fair share of Server's 200.
PAGE = 100
# More than any Test Plan has; a server that repeats its pages must end, too.
MOST_PAGES = 1000
# Of Xray and of Jira, as they are called before anybody translates them.
NO_TESTS = (ISSUE_TYPES - {"test"}) | JIRA_TYPES
# Jira refuses a whole search for one key that does not exist; so it is searched by
# halves, but not for ever: Cloud allows 300 requests in five minutes.
MOST_SEARCHES = 60


class Members(Protocol):
    """What both products know of Tests; each has its summary, where it is told."""

    def tests_of(self, selection: str) -> dict[str, str]:
        """
        The Tests of an issue, or those that a JQL finds.

        Raises SelectionError where there are none to speak of.
        """
        ...

    def tests_among(self, keys: Sequence[str]) -> Among[str]:
        """What is known of issues that tests name."""
        ...


class Among(Generic[T]):
    """
    Keys sorted by what they are: Tests, no Tests, and those nobody has looked at.

    ``tests`` is what is known of each, such as its summary. ``others`` maps keys
    that are no Tests to what they are instead.
    """

    def __init__(self) -> None:
        self.tests: dict[str, T] = {}
        self.others: dict[str, str] = {}
        self.unknown: list[str] = []
        self.searches = 0


class ServerMembers(ServerXray):
    """By Xray's own lists of members, and by Jira's search."""

    def tests_of(self, selection: str) -> dict[str, str]:
        """One page after the other."""
        if not is_key(selection):
            return _some(self._found(selection, None), selection)
        if self._jira.issue_type(selection) is None:
            raise _missing(selection)
        for kind in ("testplan", "testexec", "testset"):
            path = f"/rest/raven/2.0/api/{kind}/{selection}/test"
            try:
                found = _pages(partial(self._page, path))
            except RefusedError as error:
                if error.status in {400, 404}:
                    continue
                raise
            return _some(dict.fromkeys(found, ""), selection)
        raise _no_container(selection)

    def _page(self, path: str, number: int) -> Iterator[str]:
        found = self._jira.get(path, list, limit=str(PAGE), page=str(number + 1))
        return (str(each["key"]) for each in found)

    def tests_among(self, keys: Sequence[str]) -> Among[str]:
        """By halves, where one of them does not exist."""
        return by_halves(keys, self._found)

    def _found(self, jql: str, others: dict[str, str] | None) -> dict[str, str]:
        """Tests by key; what surely is none goes to ``others``."""
        found: dict[str, str] = {}
        start = total = 0
        for _ in range(MOST_PAGES):
            page = self._jira.search(jql, ("issuetype", "summary"), start)
            for issue in page.issues:
                kind = (issue["fields"].get("issuetype") or {}).get("name", "")
                if kind.lower() not in NO_TESTS:
                    found[issue["key"]] = str(issue["fields"].get("summary") or "")
                elif others is not None:
                    others[issue["key"]] = f"it is a {kind}"
            start, total = start + len(page.issues), page.total
            if not page.issues or start >= total:
                break
        refuse_half(start, total)
        return found


class CloudMembers(CloudXray):
    """By GraphQL, whose lists hold issues of one type only."""

    def tests_of(self, selection: str) -> dict[str, str]:
        """One page after the other."""
        if not is_key(selection):
            return _some(self._found(selection, None), selection)
        for field in ("getTestPlans", "getTestExecutions", "getTestSets"):
            found = self._members(field, selection)
            if found is not None:
                return _some(found, selection)
        raise _no_container(selection)

    def _members(self, field: str, key: str) -> dict[str, str] | None:
        query = (
            f"query($jql: String!, $start: Int!) {{ {field}(jql: $jql, limit: 1) "
            f"{{ total results {{ issueId tests(limit: {PAGE}, start: $start) "
            '{ total results { jira(fields: ["key", "summary"]) } } } } }'
        )
        found: dict[str, str] = {}
        total = 0
        for _ in range(MOST_PAGES):
            variables: dict[str, Any] = {"jql": f"key = {key}", "start": len(found)}
            try:
                data = self._graphql(query, variables)
            except RefusedError as error:
                # Jira refuses a search for a key that does not exist.
                if error.status == 200:  # noqa: PLR2004
                    raise _missing(key) from None
                raise
            containers = data.get(field)
            results = containers.get("results") if isinstance(containers, dict) else ()
            if not results:
                return None
            first = results[0] if isinstance(results, list) else None
            page = first.get("tests") if isinstance(first, dict) else first
            issues, total = issues_of(page)
            before = len(found)
            found |= _summaries(issues)
            if len(found) == before or len(found) >= total:
                break
        refuse_half(len(found), total)
        return found

    def tests_among(self, keys: Sequence[str]) -> Among[str]:
        """By halves, where one of them does not exist."""
        return by_halves(keys, self._found)

    def _found(self, jql: str, _: dict[str, str] | None) -> dict[str, str]:
        query = (
            f"query($jql: String!, $start: Int!) {{ getTests(jql: $jql, limit: {PAGE}, "
            'start: $start) { total results { jira(fields: ["key", "summary"]) } } }'
        )

        def page(start: int) -> Any:
            variables: dict[str, Any] = {"jql": jql, "start": start}
            return self._graphql(query, variables).get("getTests")

        return all_of(page, _summaries)


MEMBERS: Mapping[str, Callable[[Connection, Http], Members]] = {
    SERVER: ServerMembers,
    CLOUD: CloudMembers,
}


def members(connection: Connection, http: Http) -> Members:
    """Who knows them at the connection's deployment."""
    return MEMBERS[connection.dialect.name](connection, http)


def is_key(selection: str) -> bool:
    """Whether a selection is one issue; else it is a JQL."""
    return re.fullmatch(KEY, selection) is not None


def all_of(
    page: Callable[[int], Any], read: Callable[[Any], dict[str, T]]
) -> dict[str, T]:
    """
    All that a list of GraphQL has, by key; ``page`` gives what stands from a place on.

    Raises NotXrayError for a list that ends before its end.
    """
    found: dict[str, T] = {}
    total = 0
    for _ in range(MOST_PAGES):
        issues, total = issues_of(page(len(found)))
        before = len(found)
        found |= read(issues)
        if len(found) == before or len(found) >= total:
            break
    refuse_half(len(found), total)
    return found


def _pages(page: Callable[[int], Iterator[str]]) -> list[str]:
    """
    Until a page has nothing new: old versions give all of it for each.

    One that is shorter is not the last: administrators may allow less than we want.
    """
    found: dict[str, None] = {}
    is_short = False
    for number in range(MOST_PAGES):
        before = len(found)
        try:
            found |= dict.fromkeys(page(number))
        except RefusedError:
            if is_short:
                break
            raise
        if len(found) == before:
            break
        is_short = len(found) < before + PAGE
    return list(found)


def refuse_half(number: int, total: int) -> None:
    """
    Refuse a list that ends before its end: what is missing would go unnoticed.

    Raises NotXrayError.
    """
    if number < total:
        raise NotXrayError(f"the server lists {number} of {total} issues, and no more")


def _summaries(found: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    return {str(each["key"]): str(each.get("summary") or "") for each in found}


def by_halves(
    keys: Sequence[str], search: Callable[[str, dict[str, str]], dict[str, T]]
) -> Among[T]:
    """
    Search for keys, by halves where one of them does not exist.

    ``search`` takes a JQL, and puts issues that are no Tests into its dictionary.
    """
    among: Among[T] = Among()
    parts = [list(keys[at : at + PAGE]) for at in range(0, len(keys), PAGE)]
    while parts:
        part = parts.pop()
        if among.searches == MOST_SEARCHES:
            among.unknown += part
            continue
        among.searches += 1
        try:
            found = search(f"key in ({', '.join(part)})", among.others)
        except RefusedError as error:
            if error.status not in {200, 400}:
                raise
            if len(part) == 1:
                among.others[part[0]] = "there is no such issue"
            else:
                middle = len(part) // 2
                parts += [part[middle:], part[:middle]]
            continue
        among.tests |= found
        rest = [key for key in part if key not in found and key not in among.others]
        among.others |= dict.fromkeys(rest, "it is no Test, or was moved")
    return among


def _some(found: dict[str, str], selection: str) -> dict[str, str]:
    if not found:
        msg = f"{selection} has no Tests"
        raise SelectionError(msg, hint="is xray_select right?")
    return found


def _missing(key: str) -> SelectionError:
    msg = f"there is no issue {key}"
    return SelectionError(msg, hint="is xray_select right, may the account see it?")


def _no_container(key: str) -> SelectionError:
    msg = f"{key} is no Test Plan, Test Execution or Test Set"
    return SelectionError(msg, hint="give the key of one of these, or a JQL")
