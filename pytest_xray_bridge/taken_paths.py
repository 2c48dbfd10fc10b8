"""
Refuse paths of xray-bridge's options that pytest takes for paths of tests.

pytest looks for its configuration file before it knows the options of plugins, from
the common folder of all words that are paths. With ``--xray-verify /etc/ca.pem`` that
folder is outside of the project, and pytest would silently miss the settings there.
"""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from xray_bridge.config.settings import TABLE


if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# pytest's configuration files, and the text that makes a file one of them.
FILES = {
    "pytest.toml": b"",
    ".pytest.toml": b"",
    "pytest.ini": b"",
    ".pytest.ini": b"",
    "pyproject.toml": b"[tool.pytest",
    "tox.ini": b"[pytest]",
    "setup.cfg": b"[tool:pytest]",
}


def refuse_taken_paths(config: pytest.Config) -> None:
    """Raise UsageError if pytest missed the project's configuration file."""
    given = config.known_args_namespace
    here = config.invocation_params.dir
    if getattr(given, "inifilename", None):
        return
    outside = [
        each for each in _find_taken(config) if not _is_below(here / each[1], here)
    ]
    missed = _find_configuration(here, given.file_or_dir) if outside else None
    if missed and missed != config.inipath:
        flag, word = outside[0]
        msg = (
            f"pytest took the path in '{flag} {word}' for a path of tests and did not "
            f"read {missed}; write {flag}={word}"
        )
        raise pytest.UsageError(f"xray-bridge: {msg}")


def _find_taken(config: pytest.Config) -> Iterator[tuple[str, str]]:
    """Yield xray-bridge's options whose value is a separate word and a path."""
    words = [str(word) for word in config.invocation_params.args]
    flags = {setting.pytest_flag for setting in TABLE.values() if not setting.flag}
    for flag, word in pairwise(words):
        if flag in flags and (config.invocation_params.dir / word).exists():
            yield flag, word


def _is_below(path: Path, folder: Path) -> bool:
    return Path(os.path.abspath(path)).is_relative_to(folder)  # noqa: PTH100 - no links


def _find_configuration(here: Path, tests: Iterable[str]) -> Path | None:
    """Return the file that pytest would have found from the tests, or from here."""
    paths = [here / each.partition("::")[0] for each in tests]
    found = [str(each) for each in paths if each.exists()]
    start = Path(os.path.commonpath(found)) if found else here
    for folder in (start, *start.parents):
        for name, mark in FILES.items():
            path = folder / name
            if path.is_file() and mark in path.read_bytes():
                return path
    return None
