"""
Make the new contents of the files of a plan, and show them as differences.
"""

from __future__ import annotations

import difflib
from dataclasses import field, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from xray_bridge.dataclass import dataclass
from xray_bridge.source.feature_tags import ScenarioKey, add_tags
from xray_bridge.source.python_marks import add_marks


if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from xray_bridge.source.files import Checkout
    from xray_bridge.source.plan import KeyPlan, NewKey

T = TypeVar("T")
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
    edits, written, left_out = edit_files(by_file, checkout, _edit_file)
    refused = {str(each.place): NOT_FOUND for each in left_out}
    return replace(edits, written=tuple(written), refused={**plan.refused, **refused})


def edit_files(
    by_file: Mapping[Path, Sequence[T]],
    checkout: Checkout,
    edit: Callable[[bytes, Sequence[T]], tuple[bytes, list[T]]],
) -> tuple[Edits, list[T], list[T]]:
    """
    Read files and edit them, in memory; only those that change must be writable.

    ``edit`` returns the new content, and the items that it leaves out. Returns the
    edits, the items in them, and those that were left out.
    """
    before: dict[Path, bytes] = {}
    after: dict[Path, bytes] = {}
    done: list[T] = []
    left_out: list[T] = []
    faults: list[str] = []
    for path, items in by_file.items():
        try:
            content = path.read_bytes()
            edited, rest = edit(content, items)
        except OSError as error:
            faults.append(f"{path}: {error.strerror}")
            continue
        except ValueError as error:
            faults.append(f"{path}: {error}")
            continue
        left_out += rest
        if edited == content:
            continue
        if fault := checkout.find_fault(path):
            faults.append(f"{path}: {fault}")
            continue
        before[path], after[path] = content, edited
        done += [each for each in items if each not in rest]
    return Edits(before=before, after=after, faults=tuple(faults)), done, left_out


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
