"""The values that every view needs: the registry, and the start of links."""

from __future__ import annotations

from dataclasses import dataclass

from flask import g, request

from xray_sandbox.store.registry import Registry
from xray_sandbox.store.rows import IssueRow
from xray_sandbox.store.store import Store


@dataclass(frozen=True)
class Site:
    """One sandbox, for the current request; the lag of its search is in seconds."""

    registry: Registry
    public_url: str | None = None
    search_lag: float = 0

    @property
    def store(self) -> Store:
        """The data."""
        return self.registry.store

    def link(self, path: str) -> str:
        """An absolute link to something in this Jira, by the door of the request."""
        return self.site_link(path, g.get("prefix", ""))

    def site_link(self, path: str, prefix: str) -> str:
        """An absolute link by the door with this prefix."""
        base = (self.public_url or request.host_url).rstrip("/")
        return f"{base}{prefix}/{path}"

    def reference(self, issue: IssueRow) -> dict[str, str]:
        """An issue in an answer: id, key and link."""
        self_link = self.link(f"rest/api/2/issue/{issue.id}")
        return {"id": str(issue.id), "key": issue.key, "self": self_link}
