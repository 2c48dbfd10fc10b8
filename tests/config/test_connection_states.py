"""What the last check of a connection has found."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from xray_bridge.config import connection_states
from xray_bridge.config.connection_states import (
    ConnectionState,
    note_state,
    read_state,
)
from xray_bridge.config.stored_connections import (
    OWN_FILE_VARIABLE,
    StoredConnection,
)


if TYPE_CHECKING:
    from pathlib import Path

WELL = ConnectionState(state="Active", reason="accepted", time="2026-01-02T03:04:05")


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """A person's own folder."""
    return {OWN_FILE_VARIABLE: str(tmp_path / "own" / "connections.toml")}


def a_stored(folder: Path, *, enabled: bool = True) -> StoredConnection:
    """A connection named prod."""
    values: dict[str, str | bool] = {"url": "https://j.example.com", "enabled": enabled}
    source = folder / "connections.toml"
    return StoredConnection(name="prod", values=values, source=source, is_own=True)


def test_state_is_kept(tmp_path: Path, environ: dict[str, str]) -> None:
    """Only its owner can read it."""
    note_state(a_stored(tmp_path), WELL, environ)
    mode = (tmp_path / "own" / connection_states.FILE).stat().st_mode

    assert read_state(a_stored(tmp_path), environ) == WELL
    assert stat.S_IMODE(mode) == 0o600


def test_disabled_connection_is_inactive(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    """Its last check counts again once it is enabled."""
    note_state(a_stored(tmp_path), WELL, environ)
    found = read_state(a_stored(tmp_path, enabled=False), environ)

    assert (found.state, found.reason, found.time) == (
        "Inactive",
        "it is disabled",
        WELL.time,
    )
    assert read_state(a_stored(tmp_path), environ) == WELL


def test_projects_may_use_one_name(tmp_path: Path, environ: dict[str, str]) -> None:
    """A state belongs to one file."""
    note_state(a_stored(tmp_path / "a"), WELL, environ)

    assert read_state(a_stored(tmp_path / "b"), environ).state == "Unknown"


def test_state_can_be_forgotten(tmp_path: Path, environ: dict[str, str]) -> None:
    """After a change that was not checked."""
    note_state(a_stored(tmp_path), WELL, environ)
    note_state(a_stored(tmp_path), None, environ)

    assert read_state(a_stored(tmp_path), environ).reason == "it was not checked"


def test_nothing_is_written_without_a_state(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    """Whoever never checks gets no file."""
    note_state(a_stored(tmp_path), None, environ)

    assert not (tmp_path / "own").exists()


@pytest.mark.parametrize(
    "content",
    ["no JSON", "[]", '{"prod in x": 7}', '{"x": {"state": 1}}', "[" * 99_999],
)
def test_damaged_file_knows_no_state(
    tmp_path: Path, environ: dict[str, str], content: str
) -> None:
    """It is written anew."""
    path = tmp_path / "own" / connection_states.FILE
    path.parent.mkdir()
    path.write_text(content)
    before = read_state(a_stored(tmp_path), environ)
    note_state(a_stored(tmp_path), WELL, environ)

    assert before.state == "Unknown"
    assert read_state(a_stored(tmp_path), environ) == WELL


def test_folder_that_cannot_be_written_is_no_error(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    """The check itself has worked."""
    (tmp_path / "own").write_text("a file")
    note_state(a_stored(tmp_path), WELL, environ)

    assert read_state(a_stored(tmp_path), environ).state == "Unknown"
