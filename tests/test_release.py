"""
The wheel: its files and its metadata.
"""

from __future__ import annotations

import configparser
import importlib
import importlib.metadata
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import xray_bridge


ROOT = Path(__file__).parents[1]
PACKAGES = (
    "xray_bridge",
    "xray_pages",
    "xray_sandbox",
    "pytest_xray_bridge",
    "behave_xray_bridge",
)
ENTRY_POINTS = {
    "console_scripts": {"xray-bridge": "xray_bridge.__main__:main"},
    "pytest11": {"xray-bridge": "pytest_xray_bridge.plugin"},
}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built by pip."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"]
    subprocess.run([*command, "--wheel-dir", str(folder), str(ROOT)], check=True)
    (found,) = folder.glob("*.whl")
    return found


def names_in(wheel: Path) -> set[str]:
    """The files in a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def metadata(wheel: Path, name: str) -> str:
    """A file of the wheel's metadata."""
    folder = f"xray_bridge-{xray_bridge.__version__}.dist-info"
    with zipfile.ZipFile(wheel) as archive:
        return archive.read(f"{folder}/{name}").decode()


def test_wheel_has_the_packages_and_nothing_else(wheel: Path) -> None:
    """The wheel has every file of the packages, no tests, no examples."""
    expected = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    packed = {name for name in names_in(wheel) if ".dist-info/" not in name}

    assert packed == expected


def test_wheel_has_known_kinds_of_files_only(wheel: Path) -> None:
    """The wheel has code, templates, assets of pages, and typing markers only."""
    packed = {Path(name) for name in names_in(wheel) if ".dist-info/" not in name}
    kinds = {path.suffix for path in packed if path.name != "py.typed"}
    typed = {path.parent.name for path in packed if path.name == "py.typed"}
    templates = {
        path.parent.as_posix() for path in packed if path.suffix in {".html", ".txt"}
    }

    assert kinds == {".py", ".html", ".txt", ".css", ".js"}
    assert typed == set(PACKAGES)
    assert templates == {
        "xray_sandbox/web/templates",
        "xray_pages/templates",
        "xray_bridge/ci/snippets",
        "xray_bridge/ci/snippets/from_forks",
        "xray_bridge/ci/snippets/from_jira",
    }


def test_entry_points_are_right(wheel: Path) -> None:
    """The entry points of the command and the plugin can be imported."""
    parser = configparser.ConfigParser()
    parser.read_string(metadata(wheel, "entry_points.txt"))
    found = {section: dict(parser[section]) for section in parser.sections()}
    plugin = importlib.import_module(ENTRY_POINTS["pytest11"]["xray-bridge"])
    command = importlib.import_module("xray_bridge.__main__")

    assert found == ENTRY_POINTS
    assert callable(plugin.pytest_addoption)
    assert callable(command.main)


def test_metadata_has_what_an_installer_needs(wheel: Path) -> None:
    """The metadata has name, Python and extras; the command needs no framework."""
    lines = metadata(wheel, "METADATA").splitlines()
    extras = {
        line.partition(": ")[2] for line in lines if line.startswith("Provides-Extra")
    }
    required = [line for line in lines if line.startswith("Requires-Dist")]
    plain = " ".join(line for line in required if "extra ==" not in line)

    assert {"Name: xray-bridge", "Requires-Python: >=3.10"} <= set(lines)
    assert {"pytest", "behave", "sandbox", "all"} <= extras
    assert "pytest" not in plain
    assert "behave" not in plain


def test_licence_is_metadata_and_a_file(wheel: Path) -> None:
    """The licence follows PEP 639: an expression, the text, and no classifier."""
    lines = metadata(wheel, "METADATA").splitlines()
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")

    assert {"License-Expression: MIT", "License-File: LICENSE"} <= set(lines)
    assert not [line for line in lines if line.startswith("Classifier: License")]
    assert metadata(wheel, "licenses/LICENSE") == text


def test_what_is_tested_is_what_is_installed() -> None:
    """With an installed wheel, no test imports the checkout by mistake."""
    found = importlib.metadata.distribution("xray-bridge")
    origin = json.loads(found.read_text("direct_url.json") or "{}")
    editable = origin.get("dir_info", {}).get("editable", False)
    home = ROOT if editable else Path(str(found.locate_file("")))
    imported = {str(importlib.import_module(name).__file__) for name in PACKAGES}

    assert {Path(file).parents[1].resolve() for file in imported} == {home.resolve()}
