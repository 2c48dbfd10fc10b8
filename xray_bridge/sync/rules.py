"""
The settings of a sync: the table ``[tool.xray-bridge.tests]``.
"""

from __future__ import annotations

import re
from dataclasses import field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from xray_bridge.config.shared_file import TESTS, read_shared_table
from xray_bridge.config.tables import read_table, switch
from xray_bridge.dataclass import dataclass
from xray_bridge.errors import SettingError
from xray_bridge.model.keys import KEY, spell_key
from xray_bridge.text import unique


if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path, PurePosixPath

EACH, ONE = "each", "one"
EVERY_FILE = "*"
# The names in ``folder``.
MACROS = ("module", "package", "file", "class")
MACRO = re.compile(r"\$\{([^}]*)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """
    What the Tests of a project get.

    ``folder`` is a path in the Test Repository with ``${module}`` and so on; empty:
    Tests stay where they are. ``test_sets`` maps patterns of paths to keys of Test
    Sets. ``rows``: each row of a test without keys is a Test, or one for all rows.
    ``links``: requirements of tests are linked.
    """

    folder: str = ""
    labels: tuple[str, ...] = ()
    test_sets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    rows: str = EACH
    issue_type: str = "Test"
    links: bool = True

    def folder_of(self, path: PurePosixPath, classes: str) -> str:
        """Return the folder for a test of a file, whose path is relative."""
        package = path.parent.as_posix().strip(".")
        values = {
            "module": path.with_suffix("").as_posix(),
            "package": package,
            "file": path.stem,
            "class": classes,
        }
        found = MACRO.sub(lambda match: values[match[1]], self.folder)
        # A test without a class has no folder for it.
        names = [each.strip() for each in found.split("/")]
        return "".join(f"/{each}" for each in names if each not in {"", ".", ".."})

    def sets_of(self, path: PurePosixPath) -> tuple[str, ...]:
        """Return the keys of the Test Sets for the tests of a file."""
        matching = (
            keys
            for pattern, keys in self.test_sets.items()
            if fnmatchcase(path.as_posix(), pattern)
            or path.as_posix().startswith(f"{pattern.rstrip('/')}/")
        )
        return unique(matching)


def find_rules(folder: Path) -> tuple[Path | None, Rules]:
    """
    Read the table of the shared file that applies in a folder; return that file, too.

    Raises SettingError, which lists all mistakes.
    """
    path, table = read_shared_table(folder)
    return path, parse_rules(table.get(TESTS, {}))


def parse_rules(table: object) -> Rules:
    """
    Read the table.

    Raises SettingError, which lists all mistakes.
    """
    if not isinstance(table, dict):
        msg = "tests: must be a table"
        raise SettingError(msg, hint="write [tool.xray-bridge.tests] above it")
    mistakes: list[str] = []
    found = read_table(table, PARSERS, mistakes)
    if mistakes:
        msg = f"tests: {'; '.join(mistakes)}"
        raise SettingError(msg)
    return Rules(**found)


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        msg = "must be a text"
        raise ValueError(msg)
    return value.strip()


def _folder(value: object) -> str:
    found = _text(value)
    if not found.startswith("/"):
        msg = "must begin with /, which is the root of the Test Repository"
        raise ValueError(msg)
    for name in MACRO.findall(found):
        if name not in MACROS:
            known = ", ".join(f"${{{each}}}" for each in MACROS)
            msg = f"there is no ${{{name}}}; known: {known}"
            raise ValueError(msg)
    return found


def _labels(value: object) -> tuple[str, ...]:
    given = [value] if isinstance(value, str) else value
    if not isinstance(given, list) or not all(
        isinstance(each, str) and len(each.split()) == 1 for each in given
    ):
        msg = "must be a list of labels without blanks"
        raise ValueError(msg)
    return tuple(each.strip() for each in given)


def _keys(value: object) -> tuple[str, ...]:
    given = [value] if isinstance(value, str) else value
    listed = given if isinstance(given, list) else [None]
    keys = [spell_key(each) if isinstance(each, str) else "" for each in listed]
    if not all(re.fullmatch(KEY, each) for each in keys):
        msg = "must be a list of issue keys, such as CALC-50"
        raise ValueError(msg)
    return tuple(keys)


def _test_sets(value: object) -> dict[str, tuple[str, ...]]:
    if isinstance(value, dict):
        return {str(pattern): _keys(keys) for pattern, keys in value.items()}
    return {EVERY_FILE: _keys(value)}


def _rows(value: object) -> str:
    if not isinstance(value, str) or value not in {EACH, ONE}:
        msg = f"must be {EACH} or {ONE}"
        raise ValueError(msg)
    return str(value)


PARSERS: Mapping[str, Callable[[object], Any]] = {
    "folder": _folder,
    "labels": _labels,
    "test_sets": _test_sets,
    "rows": _rows,
    "issue_type": _text,
    "links": switch,
}
