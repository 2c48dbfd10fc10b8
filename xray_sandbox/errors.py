"""The one way in which the sandbox says no."""

from __future__ import annotations


class RefusedError(Exception):
    """A request that Xray or Jira is known to refuse, with the answer's text."""

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
