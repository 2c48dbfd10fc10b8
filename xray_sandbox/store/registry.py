"""
Find the projects, issues and versions that a request names.

With `adopt`, each of them is created when a request first names it, so that users
can try their own tests without preparing the sandbox.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from xray_sandbox.errors import NO_PROJECT, NO_VERSION, RefusedError
from xray_sandbox.product import Product
from xray_sandbox.store.catalogue import split_key
from xray_sandbox.store.rows import TEST, IssueRow
from xray_sandbox.store.store import Store


@dataclass(frozen=True)
class Registry:
    """The part of the store that requests use."""

    store: Store
    adopt: bool = False

    def project(self, key: str) -> str:
        """The project's key."""
        known = self.store.project_id(key) is not None
        if not known and self._adopts(f"{key}-1"):
            self.store.add_project(key)
        elif not known:
            raise RefusedError(NO_PROJECT)
        return key

    def find(self, key: str, type: str, **columns: Any) -> IssueRow | None:  # noqa: A002
        """The issue of this type with this key."""
        found = self.store.issue(key)
        if found and found.type == type:
            return found
        if not self._adopts(key):
            return None
        if found is None:
            self.store.add_issue(
                type, key, adopted=True, **_default_columns(type, columns)
            )
        elif found.adopted and not self._in_use(found):
            self.store.change_issue(key, type=type, **_default_columns(type, columns))
        else:
            return None
        return self.store.issue(key)

    def _adopts(self, key: str) -> bool:
        """Whether an issue with this key may be created because it was named."""
        place = split_key(key)
        return self.adopt and place is not None and self.store.may_add(place[0])

    def _in_use(self, issue: IssueRow) -> bool:
        """Whether the type of an adopted issue is fixed because something uses it."""
        used = self.store.first(
            "SELECT 1 FROM run WHERE ? IN (execution_id, test_id) "
            "UNION SELECT 1 FROM plan_member WHERE ? IN (plan_id, issue_id)",
            (issue.id, issue.id),
        )
        return used is not None

    def any_issue(self, key: str) -> IssueRow | None:
        """The issue with this key, of any type."""
        return self.store.issue(key) or self.find(key, TEST)

    def require(self, key: str, type: str) -> IssueRow:  # noqa: A002
        """The issue of this type with this key, or a refusal."""
        found = self.find(key, type)
        if found is None:
            raise RefusedError(
                f"issue with key {key} does not exist or is not of issue type {type}!"
            )
        return found

    def version(self, project: str, name: str) -> str:
        """The version's name."""
        known = any(name == found for _, found in self.store.versions(project))
        if not known and self.adopt and name:
            self.store.add_version(project, name)
        elif not known:
            raise RefusedError(NO_VERSION)
        return name

    def environments(
        self, project: str, names: tuple[str, ...], product: Product
    ) -> tuple[str, ...]:
        """The Test Environments; free text on Server, a fixed list on Cloud."""
        if product.free_environments:
            names = tuple(name for name in names if name)
        known = self.store.environments(project)
        unknown = [name for name in names if name not in known]
        free = product.free_environments or self.adopt
        if unknown and not (free and all(unknown)):
            listed = ", ".join(f"'{name}'" for name in unknown)
            raise RefusedError(
                "Error importing results: the following environments don't exist or "
                f"are not in the context of test execution project: {listed}!"
            )
        for name in unknown:
            self.store.add_environment(project, name)
        return tuple(dict.fromkeys(names))


def _default_columns(type: str, columns: dict[str, Any]) -> dict[str, Any]:  # noqa: A002
    return {"kind": "Generic", **columns} if type == TEST else columns
