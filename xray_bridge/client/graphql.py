"""
Questions to Xray Cloud's GraphQL, and what its answers and its errors say.

Errors of GraphQL come with a 200. Their words are Jira's, which translates them: only
keys, and what stands between quotes, are looked for in them.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from xray_bridge.client.paging import Page
from xray_bridge.client.request import JSON, Request
from xray_bridge.client.response import KEY
from xray_bridge.errors import NotXrayError
from xray_bridge.model.keys import KEY as A_KEY


if TYPE_CHECKING:
    from collections.abc import Mapping

    from xray_bridge.client.response import Answer

# A question that nothing but a fault of the server keeps from an answer.
CONTROL = "{ getTests(limit: 1) { total } }"
NO_LIST = "the answer is not a list of issues as Xray's GraphQL API returns it"
ISSUE_KEY = re.compile(A_KEY)
WORD = re.compile(r"\w+(?:-[0-9]+)?")
# Of several languages.
QUOTES = re.compile("['\"\u2018-\u201e\u00ab\u00bb]")


def names_a_key(said: str, variables: Mapping[str, Any]) -> bool:
    """Whether errors name a key that was asked for."""
    jql = str(variables.get("jql", ""))
    keys = ISSUE_KEY.findall(jql) if jql.startswith("key ") else ()
    asked = {*keys, str(variables.get("key", ""))}
    return not asked.isdisjoint(WORD.findall(said))


def refuses_a_query(said: str, jql: str) -> bool:
    """
    Whether errors are Jira's words on a query: by its name, or by a part in quotes.

    Sources: answers of Jira's search, such as ``Field 'foo' does not exist`` and
    ``Error in the JQL Query: Expecting operator but got 'x'``.
    """
    pieces = (each.strip() for each in QUOTES.split(said)[1:-1])
    whole = jql.strip().lower()
    return "JQL" in said or any(
        each and each.lower() != whole and each.lower() in whole for each in pieces
    )


def graphql_request(query: str, variables: Mapping[str, Any]) -> Request:
    """One question, or one mutation."""
    content = json.dumps({"query": query, "variables": variables}).encode()
    return Request(
        method="POST", path="/api/v2/graphql", content=content, media_type=JSON
    )


def data_of(found: Mapping[str, Any], answer: Answer) -> dict[str, Any]:
    """
    What an answer holds besides errors.

    Raises NotXrayError.
    """
    data = found.get("data") or {}
    if not isinstance(data, dict):
        raise NotXrayError(f"{answer.url} does not answer like a GraphQL API")
    return data


def made_execution(data: Any) -> Any:
    """What a mutation's data says of the Test Execution, in Jira's words."""
    for name in ("createTestExecution", "testExecution", "jira"):
        data = data.get(name) if isinstance(data, dict) else None
    return data


def page_of(found: Any) -> Page:
    """
    A page of a GraphQL list, its issues as Jira has them.

    Raises NotXrayError for a list of anything else.
    """
    found = found or {}
    results = found.get("results") or [] if isinstance(found, dict) else None
    total = found.get("total") or 0 if isinstance(found, dict) else 0
    if not isinstance(results, list) or not isinstance(total, int):
        raise NotXrayError(NO_LIST)
    issues = [each.get("jira") if isinstance(each, dict) else None for each in results]
    if not all(
        isinstance(e, dict) and KEY.fullmatch(str(e.get("key"))) for e in issues
    ):
        raise NotXrayError(NO_LIST)
    return Page(issues=tuple(each for each in issues if each), total=total)
