"""
Reads settings from the framework's own file, as the framework would.

It is for commands that run without the framework: `upload` and `resend` use the
address in `pytest.ini` or `behave.ini`, too.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from xray_bridge.config.resolve import ini_layer
from xray_bridge.config.shared_file import read_toml
from xray_bridge.errors import SettingError


if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from xray_bridge.config.resolve import Layer

PREFIX = "xray_"
USERDATA = "behave.userdata"
# The name of a default section that no file has.
NO_DEFAULTS = "\0"


def read_layers(start: Path, framework: str) -> list[Layer]:
    """
    Return the layers of the files that ``framework`` would read in ``start``.

    For an unknown framework, those of all frameworks. Raises SettingError.
    """
    readers = [_READERS[framework]] if framework in _READERS else _READERS.values()
    found = (read(start) for read in readers)
    return [layer for layer in found if layer is not None]


def _read_pytest(start: Path) -> Layer | None:
    """Read pytest's settings: the first file for it, here or in a parent."""
    for folder in (start, *start.parents):
        for name, read in _FILES_OF_PYTEST.items():
            path = folder / name
            table = read(path) if path.is_file() else None
            if table is not None:
                return _make_layer(path, table, folder)
        # Files above the repository do not belong to this checkout.
        if (folder / ".git").exists():
            break
    return None


def _read_behave(start: Path) -> Layer | None:
    """Read behave's settings: the userdata of the first file, even if empty."""
    home = [Path.home()] if _has_home() else []
    for folder in (start, *home):
        for name in ("behave.ini", ".behaverc", "setup.cfg", "tox.ini"):
            path = folder / name
            if path.is_file():
                return _make_layer(path, _read_section(path, USERDATA) or {}, None)
        path = folder / "pyproject.toml"
        tool = read_toml(path).get("tool") if path.is_file() else None
        if isinstance(tool, dict):
            return _make_layer(
                path,
                _table_below({"tool": tool}, "tool", "behave", "userdata") or {},
                None,
            )
    return None


def _has_home() -> bool:
    try:
        Path.home()
    except RuntimeError:
        return False
    return True


def _make_layer(path: Path, table: Mapping[str, Any], folder: Path | None) -> Layer:
    ours = {
        name.removeprefix(PREFIX): value
        for name, value in table.items()
        if name.startswith(PREFIX)
    }
    return ini_layer(path.name, ours, folder)


def _read_ini(path: Path) -> Mapping[str, Any]:
    """Read a file for pytest, which counts even if it is empty."""
    return _read_tox(path) or {}


def _read_tox(path: Path) -> Mapping[str, Any] | None:
    return _read_file_section(path, "pytest")


def _read_setup_cfg(path: Path) -> Mapping[str, Any] | None:
    return _read_file_section(path, "tool:pytest")


def _read_file_section(path: Path, section: str) -> Mapping[str, Any] | None:
    return _read_section(
        path, section, interpolation=None, default_section=NO_DEFAULTS, strict=False
    )


def _read_section(path: Path, section: str, **options: Any) -> Mapping[str, Any] | None:
    # Imported here, because few commands find such a file.
    import configparser

    parser = configparser.ConfigParser(**options)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    try:
        parser.read_string(path.read_text(encoding="utf-8-sig"))
        return dict(parser.items(section)) if parser.has_section(section) else None
    except (OSError, UnicodeDecodeError, configparser.Error) as error:
        msg = f"{path.name} cannot be read: {error}"
        raise SettingError(msg) from None


def _read_pyproject(path: Path) -> Mapping[str, Any] | None:
    """Read ``[tool.pytest.ini_options]``; since pytest 9 also ``[tool.pytest]``."""
    table = _table_below(read_toml(path), "tool", "pytest")
    return None if table is None else _table_below(table, "ini_options") or table


def _read_pytest_toml(path: Path) -> Mapping[str, Any]:
    """Read a file for pytest 9, which counts even if it is empty."""
    return _table_below(read_toml(path), "pytest") or {}


def _table_below(table: Mapping[str, Any], *names: str) -> Mapping[str, Any] | None:
    found: Any = table
    for name in names:
        found = found.get(name)
        if not isinstance(found, dict):
            return None
    return dict(found)


# In the order of pytest's search.
_FILES_OF_PYTEST: dict[str, Callable[[Path], Mapping[str, Any] | None]] = {
    "pytest.toml": _read_pytest_toml,
    ".pytest.toml": _read_pytest_toml,
    "pytest.ini": _read_ini,
    ".pytest.ini": _read_ini,
    "pyproject.toml": _read_pyproject,
    "tox.ini": _read_tox,
    "setup.cfg": _read_setup_cfg,
}

_READERS = {"pytest": _read_pytest, "behave": _read_behave}
