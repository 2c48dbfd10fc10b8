"""The bugs in a sandbox, as tests look at them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xray_sandbox.store.documents import ATTACHMENT, COMMENT


if TYPE_CHECKING:
    from xray_sandbox import Store


@dataclass(frozen=True)
class Bug:
    """A bug, with the Test Runs that it is a defect of."""

    key: str
    summary: str
    status: str
    labels: tuple[str, ...]
    comments: tuple[str, ...]
    attachments: tuple[str, ...]


def bugs_in(store: Store) -> list[Bug]:
    """All bugs, oldest first."""
    return [
        Bug(
            key=row.key,
            summary=row.summary,
            status=str(row.fields.get("status") or "To Do"),
            labels=row.labels,
            comments=tuple(
                str(each.content["body"]) for each in store.documents(COMMENT, row.id)
            ),
            attachments=tuple(
                str(each.content["filename"])
                for each in store.documents(ATTACHMENT, row.id)
            ),
        )
        for row in sorted(store.issues("type = ?", ("Bug",)), key=lambda row: row.id)
    ]


def defects_in(store: Store, execution: str) -> dict[str, tuple[str, ...]]:
    """Defects of Test Runs of a Test Execution, by the summary of the Test."""
    found = store.test_execution(execution)
    assert found is not None
    named = {}
    for run in found.runs:
        test = store.issue(run.test_key)
        assert test is not None
        if run.defects:
            named[test.summary] = run.defects
    return named
