"""The refusals of the sandbox, in the words of Xray and Jira."""

from __future__ import annotations

import re
from collections.abc import Mapping


_OF_A_FIELD = re.compile(
    r"(?P<id>[a-zA-Z]+|customfield_[0-9]+): (?P<text>.+)"
    r"|(?P<unset>Field '(?P<other>[^']+)' cannot be set\. .+)",
    re.DOTALL,
)


class DataError(Exception):
    """The folder with the data of a sandbox cannot be used."""


class RefusedError(Exception):
    """
    A request that Xray or Jira refuses; `text` and `status` are its answer.

    `fields`: what Jira says of each field of an issue.
    """

    def __init__(
        self, text: str, status: int = 400, fields: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(text or str(fields))
        self.text = text
        self.status = status
        self.fields = dict(fields or {})


def field_errors(text: str) -> dict[str, str]:
    """Split a text about one field into the field and Jira's text; empty if none."""
    match = _OF_A_FIELD.fullmatch(text)
    if match is None:
        return {}
    return {match["id"] or match["other"]: match["text"] or match["unset"]}


NO_VALID_TESTS = "There are no valid tests imported"
NO_PROJECT = "issuetype: issuetype"
NO_VERSION = "fixVersions: fixVersions"
NO_INFO = "Error parsing info file!"


def not_settable(field: str) -> RefusedError:
    """Jira's words for a field that is unknown or not on the screen."""
    return RefusedError(
        f"Field '{field}' cannot be set. "
        "It is not on the appropriate screen, or unknown."
    )
