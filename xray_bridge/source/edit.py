"""
Make the new contents of the files of a plan, and show them as differences.
"""

from __future__ import annotations

import difflib
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING

from xray_bridge.dataclass import dataclass
from xray_bridge.source.feature_tags import ScenarioKey, add_tags
from xray_bridge.source.python_marks import add_marks


if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from xray_bridge.source.files import Checkout
    from xray_bridge.source.plan import KeyPlan, NewKey

NOT_FOUND = "no function of this name is defined exactly once in the file"


@dataclass(frozen=True, slots=True, kw_only=True)
class Edits:
    """
    The files before and after, by path.

    ``written`` are the keys in them. ``refused`` maps tests to the reason why they get
    no key. ``faults`` say which files must not be written.
    """

    before: Mapping[Path, bytes] = field(default_factory=dict)
    after: Mapping[Path, bytes] = field(default_factory=dict)
    written: tuple[NewKey, ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict)
    faults: tuple[str, ...] = ()

    def diff(self, root: Path) -> Iterator[str]:
        """Yield the lines of a unified diff, with paths relative to ``root``."""
        for path, content in self.after.items():
            name = path.relative_to(root).as_posix()
            yield from difflib.unified_diff(
                _split_lines(self.before[path]),
                _split_lines(content),
                f"a/{name}",
                f"b/{name}",
                lineterm="",
            )


def _split_lines(content: bytes) -> list[str]:
    return content.decode("utf-8", "replace").removesuffix("\n").split("\n")


def make_edits(plan: KeyPlan, checkout: Checkout) -> Edits:
    """Read the files of a plan and add the keys, in memory."""
    by_file: dict[Path, list[NewKey]] = {}
    for new in plan.new:
        by_file.setdefault(Path(new.place.file).resolve(), []).append(new)
    before: dict[Path, bytes] = {}
    after: dict[Path, bytes] = {}
    written: list[NewKey] = []
    refused = dict(plan.refused)
    faults: list[str] = []
    for path, keys in by_file.items():
        if fault := checkout.find_fault(path):
            faults.append(f"{path}: {fault}")
            continue
        try:
            before[path] = content = path.read_bytes()
            edited, left_out = _edit_file(content, keys)
        except OSError as error:
            faults.append(f"{path}: {error.strerror}")
            continue
        except ValueError as error:
            faults.append(f"{path}: {error}")
            continue
        refused |= {str(each.place): NOT_FOUND for each in left_out}
        written += [each for each in keys if each not in left_out]
        if edited != content:
            after[path] = edited
    return Edits(
        before=before,
        after=after,
        written=tuple(written),
        refused=refused,
        faults=tuple(faults),
    )


def _edit_file(content: bytes, keys: Sequence[NewKey]) -> tuple[bytes, list[NewKey]]:
    """Return the new content, and keys of functions that it does not define once."""
    scenarios = {
        each.place.line: ScenarioKey(name=each.place.xray_name, key=each.key)
        for each in keys
        if each.place.is_scenario
    }
    if scenarios:
        return add_tags(content, scenarios), []
    marked = add_marks(content, {each.place.function: each.key for each in keys})
    left_out = [each for each in keys if each.place.function in marked.not_found]
    return marked.content, left_out
