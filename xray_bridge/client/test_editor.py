"""
Create Tests, change them, and move them in the Test Repository.

Each product has its own endpoints: ``server_tests`` and ``cloud_tests``.
"""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any, Protocol

from xray_bridge.client.cloud_tests import CloudTests
from xray_bridge.client.server_tests import ServerTests
from xray_bridge.dataclass import dataclass
from xray_bridge.model.dialect import CLOUD, SERVER


if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from xray_bridge.client.xray import XrayClient
    from xray_bridge.model.dialect import Dialect


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTest:
    """
    A Test to create.

    ``kind`` is Generic or Cucumber, ``is_outline`` says that it has examples.
    ``fields`` are further fields of Jira.
    """

    project: str
    issue_type: str
    kind: str
    summary: str
    description: str = ""
    definition: str = ""
    steps: str = ""
    is_outline: bool = False
    folder: str = ""
    labels: tuple[str, ...] = ()
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TestChanges:
    """New texts of a Test; None for those that stay. ``labels`` are operations."""

    __test__ = False

    summary: str | None = None
    description: str | None = None
    definition: str | None = None
    steps: str | None = None
    add_labels: tuple[str, ...] = ()
    remove_labels: tuple[str, ...] = ()

    @property
    def need_jira(self) -> bool:
        """Whether only Jira can make some of them."""
        texts = (self.summary, self.description)
        has_texts = any(each is not None for each in texts)
        return has_texts or bool(self.add_labels or self.remove_labels)


class TestEditor(Protocol):
    """
    Writes Tests of one project.

    ``places_new``: it creates them in their folder. ``edits_jira``: it can change
    summaries, descriptions and labels.
    """

    places_new: bool
    edits_jira: bool

    def create(self, new: NewTest) -> tuple[str, str]:
        """
        Create a Test; return id and key.

        Raises AmbiguousError if it may have been created.
        """
        ...

    def change(self, test_id: str, changes: TestChanges) -> None:
        """Change texts and labels."""
        ...

    def move(self, tests: Mapping[str, str], folder: str) -> None:
        """Move Tests, given as keys by id, to a folder, which is made if needed."""
        ...

    def add_to_set(self, tests: Mapping[str, str], key: str) -> None:
        """Add Tests, given as keys by id, to a Test Set."""
        ...

    def remove_from_set(self, tests: Mapping[str, str], key: str) -> None:
        """Remove Tests, given as keys by id, from a Test Set."""
        ...


_EDITORS: Mapping[str, Callable[[Any, str], TestEditor]] = {
    SERVER: ServerTests,
    CLOUD: CloudTests,
}


def open_editor(xray: XrayClient, dialect: Dialect, project: str) -> TestEditor:
    """Make the editor of a project's Tests."""
    return _EDITORS[dialect.name](xray, project)
