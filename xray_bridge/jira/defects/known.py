"""
Failures whose defect is open, for a session that counts them as expected.

The list is asked for once, before the tests, by the second process. The process of the
tests imports this module only if the setting ``xfail_open_defects`` is on.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from xray_bridge.dataclass import dataclass
from xray_bridge.model.fingerprint import (
    DIGITS,
    FAILURE,
    failure_label,
    read_cause,
    stable_name,
)


if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from xray_bridge.model.results import TestIssue

LABEL = re.compile(rf"{FAILURE}[0-9a-f]{{{DIGITS}}}")


@dataclass(frozen=True, slots=True)
class KnownDefects:
    """
    Keys of open defects by the labels of their failures.

    ``clean`` removes secrets and local folders from the text of a failure, as it is
    done before a text is recorded: both have the same fingerprint.
    """

    keys: Mapping[str, str]
    project: str
    per_row: bool
    clean: Callable[[str], str]

    def find_key(self, test: TestIssue, message: str, parameters: str = "") -> str:
        """Return the key of the open defect of a failure; empty if there is none."""
        name = stable_name(test, parameters, per_row=self.per_row)
        cause = read_cause(self.clean(message))
        return self.keys.get(failure_label(self.project, name, cause), "")


def to_content(
    defects: Iterable[tuple[str, Iterable[str]]], *, project: str, per_row: bool
) -> dict[str, Any]:
    """Return builtins for ``from_content``, from keys with their labels."""
    keys = {
        label: key
        for key, labels in defects
        for label in labels
        if LABEL.fullmatch(label)
    }
    return {"keys": keys, "project": project, "per_row": per_row}


def from_content(
    content: Mapping[str, Any], clean: Callable[[str], str]
) -> KnownDefects | None:
    """Return the known defects of ``to_content``; None if there are none."""
    keys = content.get("keys")
    if not isinstance(keys, dict) or not keys:
        return None
    project, per_row = str(content.get("project")), bool(content.get("per_row"))
    return KnownDefects(keys, project, per_row, clean)
