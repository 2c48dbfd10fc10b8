"""
Queries for Xray Cloud's GraphQL API, and how to read its answers and errors.

GraphQL errors have status 200. Their words are Jira's, which translates them: only
keys, and text between quotes, are looked for in them.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from xray_bridge.client.paging import Page
from xray_bridge.client.request import JSON, Request
from xray_bridge.client.response import KEY
from xray_bridge.errors import NotXrayError, RefusedError
from xray_bridge.model.keys import KEY as A_KEY


if TYPE_CHECKING:
    from collections.abc import Mapping

    from xray_bridge.client.response import Answer
    from xray_bridge.client.xray import XrayClient

# A query that fails only if the server does.
CONTROL = "{ getTests(limit: 1) { total } }"
NO_LIST = "the answer is not a list of issues as Xray's GraphQL API returns it"
ISSUE_KEY = re.compile(A_KEY)
WORD = re.compile(r"\w+(?:-[0-9]+)?")
# Quotes of several languages.
QUOTES = re.compile("['\"\u2018-\u201e\u00ab\u00bb]")


def names_a_key(said: str, variables: Mapping[str, Any]) -> bool:
    """Whether errors name a key of the query."""
    jql = str(variables.get("jql", ""))
    keys = ISSUE_KEY.findall(jql) if jql.startswith("key ") else ()
    asked = {*keys, str(variables.get("key", ""))}
    return not asked.isdisjoint(WORD.findall(said))


def refuses_a_query(said: str, jql: str) -> bool:
    """
    Whether errors are about a JQL: they name JQL, or quote a part of it.

    Sources: answers of Jira's search, such as ``Field 'foo' does not exist`` and
    ``Error in the JQL Query: Expecting operator but got 'x'``.
    """
    pieces = (each.strip() for each in QUOTES.split(said)[1:-1])
    query = jql.strip().lower()
    return "JQL" in said or any(
        each and each.lower() != query and each.lower() in query for each in pieces
    )


def graphql_request(
    query: str, variables: Mapping[str, Any], *, repeatable: bool = False
) -> Request:
    """
    Make the request for one query or one mutation.

    ``repeatable``: sending a mutation twice does no harm; a query never does.
    """
    is_question = not query.startswith("mutation")
    return Request(
        method="POST",
        path="/api/v2/graphql",
        content=json.dumps({"query": query, "variables": variables}).encode(),
        media_type=JSON,
        repeatable=repeatable or is_question,
        is_question=is_question,
    )


def ask(
    xray: XrayClient,
    query: str,
    variables: Mapping[str, Any],
    *,
    repeatable: bool = False,
) -> dict[str, Any]:
    """
    Send a query or a mutation, and return the ``data`` of its answer.

    ``repeatable`` is that of ``graphql_request``. Raises RefusedError, with status 200,
    for errors, and NotXrayError.
    """
    answer = xray.send(graphql_request(query, variables, repeatable=repeatable))
    found = answer.json()
    if isinstance(found, dict) and found.get("errors"):
        msg = f"Xray refused a query: {answer.said}"
        raise RefusedError(msg, status=answer.status, said=answer.said)
    return read_data(found, answer)


def read_data(found: Any, answer: Answer) -> dict[str, Any]:
    """
    Return the ``data`` of an answer's JSON.

    Raises NotXrayError.
    """
    data = found.get("data") or {} if isinstance(found, dict) else None
    if not isinstance(data, dict):
        raise NotXrayError(f"{answer.url} does not answer like a GraphQL API")
    return data


def read_execution(data: Any) -> Any:
    """Return the Test Execution in a mutation's data, as Jira describes it."""
    for name in ("createTestExecution", "testExecution", "jira"):
        data = data.get(name) if isinstance(data, dict) else None
    return data


def read_total(found: Any) -> int:
    """
    Return how many items a GraphQL list has.

    Raises NotXrayError if that is no number.
    """
    total = found.get("total") or 0 if isinstance(found, dict) else 0
    if not isinstance(total, int):
        raise NotXrayError(NO_LIST)
    return total


def read_page(found: Any) -> Page:
    """
    Read a page of a GraphQL list, with its issues as Jira describes them.

    Raises NotXrayError if the list holds anything else.
    """
    found = found or {}
    results = found.get("results") or [] if isinstance(found, dict) else None
    total = read_total(found)
    if not isinstance(results, list):
        raise NotXrayError(NO_LIST)
    issues = [each.get("jira") if isinstance(each, dict) else None for each in results]
    if not all(
        isinstance(e, dict) and KEY.fullmatch(str(e.get("key"))) for e in issues
    ):
        raise NotXrayError(NO_LIST)
    return Page(issues=tuple(each for each in issues if each), total=total)
