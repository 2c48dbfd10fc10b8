"""Run directories that were damaged, or written by somebody who means no good."""

from __future__ import annotations

import errno
import json
import os
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import pytest

from tests.builders import a_run, recorded
from xray_bridge import cli
from xray_bridge.errors import RunDirectoryError
from xray_bridge.runs.run_directory import RunDirectory, RunInfo, State


if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# One or more of each type that JSON has; each field refuses some of them.
VALUES: dict[str, Any] = {
    "null": None,
    "true": True,
    "a number": 7,
    "a huge number": 10**400,
    "a fraction": 0.5,
    "NaN": float("nan"),
    "infinite": float("inf"),
    "a text": "x",
    "a list": [],
    "a list of lists": [[1]],
    "an object": {},
    "an object of numbers": {"a": 1},
}
FITTING: dict[str, set[str]] = {
    "str": {"a text"},
    "bool": {"true"},
    "int": {"a number", "a huge number"},
    "float": {"a number", "a fraction"},
    "tuple[str, ...]": {"a list"},
    "Mapping[str, str]": {"an object"},
}
WRONG = [
    (file, each.name, value)
    for file, kind in (("run.json", RunInfo), ("state.json", State))
    for each in fields(kind)
    for value in VALUES
    if value not in FITTING[str(each.type)]
]


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunDirectory:
    """A sealed run of two tests."""
    monkeypatch.chdir(tmp_path)
    found = recorded(tmp_path, a_run(name="a"), a_run(name="b"))
    found.state = State(state="sealed")
    return found


def change(path: Path, name: str, value: Any) -> None:
    """Set one value in a JSON file."""
    content = json.loads(path.read_text())
    path.write_text(json.dumps({**content, name: value}))


@pytest.mark.fault("J06", "J07")
def test_wrong_type_in_any_field(directory: RunDirectory) -> None:
    """Told in one line that names the field, whichever of all fields and types."""
    texts = {
        name: (directory.path / name).read_text() for name in ("run.json", "state.json")
    }
    told = {}
    for file, name, value in WRONG:
        path = directory.path / file
        change(path, name, VALUES[value])
        with pytest.raises(RunDirectoryError) as caught:
            _ = directory.info if file == "run.json" else directory.state
        told[file, name, value] = caught.value.message
        path.write_text(texts[file])

    assert len(told) == len(WRONG) > 150
    assert all(
        "\n" not in each and str(directory.path) in each for each in told.values()
    )


@pytest.mark.fault("J08")
@pytest.mark.parametrize(
    "version", [None, [], {}, "2", 2.0, True, 3, -1, [2]], ids=repr
)
def test_odd_version(directory: RunDirectory, version: Any) -> None:
    """Another version is told, and nothing is guessed."""
    change(directory.path / "run.json", "version", version)

    with pytest.raises(RunDirectoryError, match="another version"):
        _ = directory.info


COMMANDS = {
    "runs": ["runs"],
    "runs show": ["runs", "show", "RUN"],
    "keys": ["keys", "--offline", "RUN"],
    "resend": ["resend", "--dry-run"],
    "resend it": ["resend", "RUN", "--dry-run"],
    "upload": ["upload", "RUN", "--dry-run"],
    "prune": ["runs", "prune", "--older-than", "1d"],
}
KEYS = ("keys", "run.json")
CONTENTS = {
    "nothing": b"",
    "half": b'{"version": 2, "id": "x',
    "no JSON": b"<html>",
    "a list": b"[1]",
    "a number": b"7",
    "no UTF-8": b'{"id": "\xff"}',
    "deep": b"[" * 100_000,
    "NULs": bytes(4096),
}


@pytest.mark.fault("J09", "J10", "J11", "J12", "J13", "J14", "J15")
@pytest.mark.parametrize("command", COMMANDS)
def test_damaged_files_of_a_run(
    directory: RunDirectory, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    """Each command says so in our own words, for each damage of each file."""
    words = [str(directory.path) if w == "RUN" else w for w in COMMANDS[command]]
    said = {}
    for file in ("run.json", "state.json"):
        path = directory.path / file
        sound = path.read_bytes()
        for name, content in CONTENTS.items():
            path.write_bytes(content)
            code = cli.main(words)
            out, err = capsys.readouterr()
            said[file, name] = (code, out + err)
            path.write_bytes(sound)

    assert directory.state.state == "sealed"
    for (file, name), (code, text) in said.items():
        assert code in {0, 2, 82, 83, 85}, (file, name, text)
        assert "Traceback" not in text
        assert "Error:" not in text
        # A list has it as damaged; keys are in the journal, which is sound.
        if code == 0:
            assert command in {"runs", "prune"} or (command, file) == KEYS


LINES: dict[str, Callable[[bytes], bytes]] = {
    "flipped": lambda line: line.replace(b"passed", b"qassed", 1),
    "torn": lambda line: line[: len(line) // 2] + b"\n",
    "empty": lambda _: b"\n",
    "NULs": lambda line: bytes(len(line) - 1) + b"\n",
    "no JSON": lambda _: b"?\t00000000\n",
    "another checksum": lambda line: line[:-9] + b"deadbeef\n",
    "no checksum": lambda line: line.partition(b"\t")[0] + b"\t\n",
    "a list": lambda _: b"[]\n",
    "not ASCII": lambda line: b"\xff\xfe" + line,
}
LOOKING = ("runs", "runs show", "keys", "resend", "resend it", "upload")


@pytest.mark.fault("J16", "J17", "J18", "J19", "J20", "J21", "J22", "J23", "J24")
@pytest.mark.parametrize("damage", LINES)
def test_damaged_line_of_a_journal(
    directory: RunDirectory, capsys: pytest.CaptureFixture[str], damage: str
) -> None:
    """The other result is there for each command, which says that one is missing."""
    first, second = directory.journal.read_bytes().splitlines(keepends=True)
    directory.journal.write_bytes(LINES[damage](first) + second)
    said = {}
    for command in LOOKING:
        words = [str(directory.path) if w == "RUN" else w for w in COMMANDS[command]]
        cli.main([*words, "--json"] if command == "runs show" else words)
        said[command] = "".join(capsys.readouterr())

    is_told = damage not in {"empty", "not ASCII"}
    # What a torn line runs into is found by its own checksum.
    passed = 1 + (damage == "not ASCII")
    assert json.loads(said["runs show"])["counts"] == {"passed": passed}
    assert not any("Traceback" in text or "Error:" in text for text in said.values())
    assert ("damaged line" in said["resend it"]) == is_told
    assert ("damaged line" in said["keys"]) == is_told


@pytest.mark.fault("J25")
@pytest.mark.parametrize("error", ["EROFS", "EACCES"])
def test_artifact_that_may_only_be_read(
    directory: RunDirectory, monkeypatch: pytest.MonkeyPatch, error: str
) -> None:
    """Who only looks needs no permission to write."""
    (directory.path / "lock").touch()
    monkeypatch.setenv("XRAY_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("XRAY_TOKEN", "a-token")
    monkeypatch.setenv("XRAY_PROJECT", "CALC")
    plain = os.open

    def read_only(path: Any, flags: int, *rest: Any, **more: Any) -> int:
        if flags & (os.O_WRONLY | os.O_RDWR) and str(path).endswith("lock"):
            number = getattr(errno, error)
            raise OSError(number, os.strerror(number), str(path))
        return plain(path, flags, *rest, **more)

    monkeypatch.setattr(os, "open", read_only)
    with directory.look():
        found = directory.state.state

    assert found == "sealed"
    assert cli.main(["resend", str(directory.path), "--dry-run"]) == 0
