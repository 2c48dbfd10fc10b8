"""
What is remembered of a defect between runs, in a property of its issue.

Nobody is notified of a property, and Jira's pages do not show it. It counts the runs in
a row in which the failure did not happen, for each set of Test Environments.
"""

from __future__ import annotations

from dataclasses import field, replace
from typing import TYPE_CHECKING, Any

from xray_bridge.client.defects import read_property, write_property
from xray_bridge.dataclass import dataclass


if TYPE_CHECKING:
    from collections.abc import Iterable

    from xray_bridge.client.jira import Jira

PROPERTY = "xray-bridge"
VERSION = 1
# After as many automatic closings a defect is left to people.
MOST_CLOSINGS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """
    The memory of one defect.

    ``clean`` are the runs in a row without it, by environments in which it has
    happened. ``counted`` is the last run that was counted in each, so that a resend
    counts nothing twice. ``closings`` is how often xray-bridge has closed it;
    ``is_closed_by_us`` that it did last. ``test`` is the name of the test, for people.
    """

    test: str = ""
    clean: dict[str, int] = field(default_factory=dict)
    counted: dict[str, str] = field(default_factory=dict)
    closings: int = 0
    is_closed_by_us: bool = False

    def with_failure(self, environments: str, run: str) -> Record:
        """Return the record after the failure happened."""
        return replace(
            self,
            clean={**self.clean, environments: 0},
            counted={**self.counted, environments: run},
            is_closed_by_us=False,
        )

    def with_pass(self, environments: str, run: str) -> Record | None:
        """
        Return the record after a run without the failure.

        None if such a run says nothing: it was counted already, or the failure has
        never happened in these environments.
        """
        before = self.clean.get(environments)
        if before is None or self.counted.get(environments) == run:
            return None
        return replace(
            self,
            clean={**self.clean, environments: before + 1},
            counted={**self.counted, environments: run},
            is_closed_by_us=False,
        )

    def is_clean_for(self, runs: int) -> bool:
        """Whether it has not happened in so many runs in a row, in no environment."""
        return bool(self.clean) and all(n >= runs for n in self.clean.values())

    def after_closing(self) -> Record:
        """Return the record of a defect that is closed automatically now."""
        return replace(self, closings=self.closings + 1, is_closed_by_us=True)


def name_environments(environments: Iterable[str]) -> str:
    """Return the name of a set of Test Environments."""
    return ";".join(sorted(environments))


def read_record(jira: Jira, issue: str) -> Record:
    """Read the record of an issue; one without memory if there is none."""
    found = read_property(jira, issue, PROPERTY)
    closings = found.get("closings")
    return Record(
        test=str(found.get("test") or ""),
        clean=_read_map(found.get("clean"), int),
        counted=_read_map(found.get("counted"), str),
        closings=closings if type(closings) is int else 0,
        is_closed_by_us=found.get("closed_by_us") is True,
    )


def write_record(jira: Jira, issue: str, record: Record) -> None:
    """Write the record of an issue."""
    value = {
        "version": VERSION,
        "test": record.test[:1000],
        "clean": record.clean,
        "counted": record.counted,
        "closings": record.closings,
        "closed_by_us": record.is_closed_by_us,
    }
    write_property(jira, issue, PROPERTY, value)


def _read_map(found: Any, kind: type) -> dict[str, Any]:
    pairs = found.items() if isinstance(found, dict) else ()
    return {str(name): value for name, value in pairs if type(value) is kind}
