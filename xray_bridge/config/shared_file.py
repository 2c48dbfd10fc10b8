"""
Reads the shared file, ``xray-bridge.toml`` or ``[tool.xray-bridge]``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from xray_bridge.config.resolve import Layer, spell_name
from xray_bridge.config.settings import Settings
from xray_bridge.errors import SettingError


SHARED_FILE = "xray-bridge.toml"
CONNECTIONS = "connections"
# The rules of ``tests sync``.
TESTS = "tests"
# Tables that are no settings.
TABLES = frozenset({CONNECTIONS, TESTS})
# The table of rules for bugs; its key ``mode`` is the setting ``defects``.
DEFECTS, MODE = Settings.defects.name, "mode"
DEFECT_RULES = Settings.defect_rules.name


def shared_file_layer(start: Path) -> Layer | None:
    """
    Make the layer of ``xray-bridge.toml`` or ``[tool.xray-bridge]``, if there is one.

    The search goes from ``start`` up to the root of the repository. The file also
    holds stored connections, which are not part of the layer.
    """
    path, table = read_shared_table(start)
    if path is None:
        return None
    values = {name: value for name, value in table.items() if name not in TABLES}
    rules = values.get(DEFECTS)
    if isinstance(rules, dict):
        # TOML cannot have a value and a table of the same name, so the table has both.
        values[DEFECTS] = rules.get(MODE, "")
        values[DEFECT_RULES] = {k: v for k, v in rules.items() if k != MODE}
    folder = path.parent
    return Layer(path.name, values, spell_name, folder=folder, is_of_repository=True)


def read_shared_table(start: Path) -> tuple[Path | None, dict[str, object]]:
    """
    Find the shared file and read it; (None, {}) if there is no file.

    Raises SettingError for a file that cannot be read.
    """
    for folder in (start, *start.parents):
        for name in (SHARED_FILE, "pyproject.toml"):
            table = _read_shared_table(folder / name)
            if table is not None:
                return folder / name, table
        if (folder / ".git").exists():
            break
    return None, {}


def _read_shared_table(path: Path) -> dict[str, object] | None:
    try:
        content = path.read_bytes()
    except OSError:
        return None
    whole_file = path.name == SHARED_FILE
    if not whole_file and b"xray-bridge" not in content:
        return None
    parsed = read_toml(path)
    if whole_file:
        return parsed
    tool = parsed.get("tool")
    table = tool.get("xray-bridge") if isinstance(tool, dict) else None
    return table if isinstance(table, dict) else None


def read_toml(path: Path) -> dict[str, Any]:
    """
    Read a TOML file.

    Raises SettingError.
    """
    try:
        return parse_toml(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        # Not only TOMLDecodeError: a number may have thousands of digits.
        msg = f"{path.name} cannot be read: {error}"
        raise SettingError(msg) from None


def parse_toml(text: str) -> dict[str, Any]:
    """
    Parse a text in TOML.

    Raises ValueError and RecursionError.
    """
    import sys

    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    return tomllib.loads(text)
