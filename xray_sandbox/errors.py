"""The refusals of the sandbox, in the words of Xray and Jira."""

from __future__ import annotations


class RefusedError(Exception):
    """A request that Xray or Jira refuses; `text` and `status` are its answer."""

    def __init__(self, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.text = text
        self.status = status


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
