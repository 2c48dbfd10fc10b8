"""Add settings to the file in which a project keeps its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from xray_bridge.config.checkout import read_layers
from xray_bridge.config.project_file import (
    SECTIONS,
    SHARED,
    add_settings,
    find_section,
    read_text,
)
from xray_bridge.config.shared_file import shared_file_layer
from xray_bridge.errors import SettingError


if TYPE_CHECKING:
    from pathlib import Path

VALUES = {"url": "https://jira.example.com", "project": "CALC"}
FILES = [
    ("pytest", "pytest.ini", "[pytest]\naddopts =\n  -q\n"),
    ("pytest", ".pytest.ini", "# first\n[pytest]\n"),
    (
        "pytest",
        "pyproject.toml",
        '[project]\nname = "x"\n\n[tool.pytest.ini_options]\n',
    ),
    ("pytest", "pyproject.toml", "[tool.pytest]  # of 9\n[tool.other]\na = 1\n"),
    ("pytest", "tox.ini", "[tox]\nenvlist = a\n[pytest]\n[flake8]\n"),
    ("pytest", "setup.cfg", "[tool:pytest]\ntestpaths = tests\n"),
    ("behave", "behave.ini", "[behave]\nformat = plain\n[behave.userdata]\na = 1\n"),
    ("behave", "setup.cfg", "[behave.userdata]\n"),
]


@pytest.mark.parametrize(("framework", "name", "content"), FILES)
def test_the_framework_reads_what_was_added(
    tmp_path: Path, framework: str, name: str, content: str
) -> None:
    """The settings stand in the section that the project has; nothing else changes."""
    path = tmp_path / name
    path.write_text(content, "ascii")

    section = find_section(tmp_path, framework)
    path.write_text(add_settings(content, section, VALUES), "ascii")

    (layer,) = read_layers(tmp_path, framework)
    assert section.file == name
    assert {key: layer.values[key] for key in VALUES} == VALUES
    old, new = content.splitlines(), path.read_text("ascii").splitlines()
    assert [line for line in new if "xray_" not in line] == old


@pytest.mark.parametrize(
    ("framework", "name", "content"),
    [
        ("pytest", "", ""),
        ("files", "pytest.ini", "[pytest]\n"),
        ("pytest", "pyproject.toml", '[project]\nname = "x"\n'),
        ("behave", "behave.ini", "[behave]\n"),
    ],
)
def test_a_project_without_a_section_gets_the_shared_file(
    tmp_path: Path, framework: str, name: str, content: str
) -> None:
    """No file of another tool gets a new section."""
    if name:
        (tmp_path / name).write_text(content, "ascii")

    section = find_section(tmp_path, framework)
    (tmp_path / section.file).write_text(add_settings("", section, VALUES), "ascii")

    layer = shared_file_layer(tmp_path)
    assert section == SHARED
    assert layer is not None
    assert layer.values == VALUES


def test_a_setting_is_replaced_and_not_written_twice() -> None:
    """An old value goes; its line keeps its place."""
    section = SECTIONS["pytest"][0]
    text = "[pytest]\nxray_project = OLD\naddopts = -q\n"

    found = add_settings(text, section, {"project": "CALC"})

    assert found == "[pytest]\nxray_project = CALC\naddopts = -q\n"
    assert add_settings(found, section, {"project": "CALC"}) == found


def test_other_sections_and_line_ends_stay() -> None:
    """A setting of the same name in another section is not touched."""
    text = "[other]\r\nxray_project = A\r\n[pytest]\r\nxray_url = u\r\n[more]\r\n"

    found = add_settings(text, SECTIONS["pytest"][0], VALUES)

    assert found == (
        "[other]\r\nxray_project = A\r\n[pytest]\r\nxray_project = CALC\r\n"
        "xray_url = https://jira.example.com\r\n[more]\r\n"
    )


def test_the_shared_file_keeps_its_tables(tmp_path: Path) -> None:
    """Settings stand above the tables, whose keys may have the same names."""
    path = tmp_path / SHARED.file
    text = '# ours\nproject = "OLD"\n[connections.prod]\nurl = "https://prod.example"\n'

    path.write_text(add_settings(text, SHARED, VALUES), "ascii")

    layer = shared_file_layer(tmp_path)
    assert layer is not None
    assert layer.values == VALUES
    assert '[connections.prod]\nurl = "https://prod.example"\n' in path.read_text(
        "ascii"
    )


def test_the_table_of_the_project_is_used(tmp_path: Path) -> None:
    """A project with ``[tool.xray-bridge]`` gets no second file."""
    path = tmp_path / "pyproject.toml"
    text = '[project]\nname = "x"\n\n[tool.xray-bridge]\nlabels = "a"\n'
    path.write_text(text, "ascii")

    section = find_section(tmp_path, "pytest")
    path.write_text(add_settings(text, section, VALUES), "ascii")

    layer = shared_file_layer(tmp_path)
    assert layer is not None
    assert layer.values == {**VALUES, "labels": "a"}


def test_a_file_that_cannot_be_read_is_not_written_anew(tmp_path: Path) -> None:
    """A file in another encoding is an error."""
    (tmp_path / SHARED.file).write_bytes(b'# \xe9\nproject = "A"\n')

    with pytest.raises(SettingError, match="cannot be read"):
        read_text(tmp_path / SHARED.file)
