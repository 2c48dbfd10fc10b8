"""Commands that only look do not change the tree below .xray."""

from __future__ import annotations

import functools
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests import scripted
from tests.builders import a_run, recorded
from tests.scripted_xray import MULTIPART
from xray_bridge import cli
from xray_bridge.client import connection
from xray_bridge.client.pauses import Pauses
from xray_bridge.runs import run_directory
from xray_bridge.runs.join import join_parts
from xray_bridge.runs.run_directory import RunDirectory, State


if TYPE_CHECKING:
    from tests.scripted_xray import Xray

SAMPLES = Path(__file__).parents[1] / "samples"
XRAY = Path(".xray")
FEATURE = "Feature: Adding\n  Scenario: two numbers\n    Given the display is on\n"
Tree = dict[str, tuple[int, int, bytes]]


def tree() -> Tree:
    """Modes, times and contents of all that is there, folders included."""
    found = {}
    for path in [XRAY, *XRAY.rglob("*")]:
        status = path.stat()
        content = path.read_bytes() if path.is_file() else b""
        found[str(path)] = (status.st_mode, status.st_mtime_ns, content)
    return found


def run(name: str, state: State | None = None, **session: object) -> RunDirectory:
    """A run directory below .xray, of that name."""
    given = {"upload": "true", **session.pop("settings", {})}  # type: ignore[dict-item]
    found = recorded(Path(), a_run(), id=name, settings=given, **session)
    if state is not None:
        found.state = state
    return found


@functools.cache
def made(base: Path) -> Path:
    """Runs in all states, report files, and a sandbox with something in it."""
    folder = base / "made"
    shutil.copytree(SAMPLES, folder)
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(folder)
        Path("a.feature").write_text(FEATURE, encoding="utf-8")
        Path("broken.xml").write_text("<testsuite>\n<testcase", encoding="utf-8")
        assert cli.main(["upload", "robot.xml", "--sandbox"]) == 0
        run("sealed", settings={"report": str(XRAY / "report.xml")})
        run("copied")
        (XRAY / "runs" / "copied" / "lock").unlink()
        run("killed")
        (XRAY / "runs" / "killed" / "state.json").unlink()
        run("failed", State(state=run_directory.FAILED, attempts=1))
        run("known", State(state=run_directory.FAILED, test_execution="CALC-7"))
        run("ambiguous", State(state=run_directory.AMBIGUOUS, asked=1.0))
        run("kept", State(state=run_directory.KEPT), settings={"dry_run": "true"})
        done = State(state=run_directory.DELIVERED, test_execution="CALC-7")
        run("delivered", done)
        kept = State(state=run_directory.KEPT)
        run("sandboxed", kept, settings={"sandbox": "true"})
        run("r1-1", run_id="r1")
        run("r1-2", run_id="r1")
        join_parts([run("r2-1", run_id="r2"), run("r2-2", run_id="r2")], XRAY)
        use_a_server_that_is_down(patched)
        assert cli.main(["upload", "junit.xml", "cucumber.json"]) == 80
    return folder


@functools.cache
def unused_port() -> int:
    """The same for all: runs are sent to the server that they were recorded for."""
    return scripted.unused_port()


def use_a_server_that_is_down(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that does not answer, and short timeouts."""
    monkeypatch.setattr(connection, "PAUSES", Pauses(first=0.001))
    url = f"http://127.0.0.1:{unused_port()}"
    for name, value in {"URL": url, "TOKEN": "a-token", "PROJECT": "CALC"}.items():
        monkeypatch.setenv(f"XRAY_{name}", value)


@pytest.fixture(autouse=True)
def _workspace(
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A copy of what was made."""
    shutil.copytree(made(tmp_path_factory.getbasetemp()), tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    use_a_server_that_is_down(monkeypatch)
    capsys.readouterr()


def path_of(name: str) -> str:
    """A run directory's."""
    return str(XRAY / "runs" / name)


DRY_RUNS = [
    "resend sealed --dry-run",
    "resend sealed --dry-run --sandbox",
    "resend sealed --dry-run --format xray,junit",
    "resend sealed --dry-run --test-execution CALC-7",
    "resend copied --dry-run",
    "resend killed --dry-run",
    "resend failed --dry-run --json",
    "resend known --dry-run",
    "resend ambiguous --dry-run",
    "resend kept --dry-run",
    "resend sandboxed --dry-run --sandbox",
    "resend --dry-run",
    "resend --dry-run --sandbox --deployment cloud",
    "upload .xray/runs/sealed --dry-run",
    "upload .xray/runs/sealed --dry-run --collect --report out.xml",
    "upload .xray/runs/kept --dry-run",
    "upload .xray --run-id r1 --dry-run",
    "upload .xray --run-id r1 --dry-run --sandbox",
    "upload --run-id r2 --dry-run",
    "upload junit.xml --dry-run",
    "upload junit.xml --dry-run --sandbox",
    "upload junit.xml robot.xml cucumber.json --dry-run --json",
    "upload junit.xml robot.xml --dry-run --separate-executions",
    "features import a.feature --dry-run --sandbox",
    "runs prune --keep 0 --dry-run",
    "runs prune --keep 0 --dry-run --unsent --json",
]
QUESTIONS = [
    "check --sandbox",
    "check --sandbox --project NEW",
    "check --sandbox --deployment cloud",
    "runs",
    "runs --json",
    "runs list",
    "runs show sealed",
    "runs show killed --json",
    "settings",
    "settings --json",
    "settings --sandbox",
]


@pytest.mark.parametrize("command", [*DRY_RUNS, *QUESTIONS])
def test_looking_changes_nothing(
    capsys: pytest.CaptureFixture[str], command: str
) -> None:
    """Neither names nor modes, times and contents."""
    before = tree()

    code = cli.main(command.split())

    said = capsys.readouterr()
    assert (code, said.err) == (0, ""), said.out
    assert tree() == before


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("check", 85),
        ("upload .xray --run-id r1 --parts 3 --dry-run", 83),
        ("upload --run-id r2 --parts 3 --dry-run", 83),
        ("upload broken.xml --dry-run", 83),
        ("upload junit.xml broken.xml --dry-run --separate-executions", 83),
        ("resend delivered --dry-run", 83),
        ("resend r2-1 --dry-run", 83),
        ("resend sealed --dry-run --url ftp://jira.example.com", 2),
        ("resend sealed --dry-run --deployment cloud", 80),
        ("resend sandboxed --dry-run", 2),
        ("runs show nothing", 2),
    ],
)
def test_looking_at_what_is_wrong_changes_nothing(
    capsys: pytest.CaptureFixture[str], command: str, code: int
) -> None:
    """Not even that it is wrong is noted."""
    before = tree()

    found = cli.main(command.split())

    assert (found, tree() == before) == (code, True), capsys.readouterr()


def test_dry_run_of_the_environment(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It only looks as well, at a run whose session wanted an upload."""
    monkeypatch.setenv("XRAY_DRY_RUN", "yes")
    before = tree()

    cli.main(["upload", path_of("sealed")])

    assert "Dry run" in capsys.readouterr().out
    assert tree() == before


@pytest.mark.parametrize("command", ["resend", "upload"])
def test_what_was_looked_at_can_be_sent(
    server: Xray, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    """And the report goes where the command line says, and nowhere else."""
    path = path_of("sealed")

    cli.main([command, path, "--dry-run", "--report", "out.xml"])
    pruned = cli.main(["runs", "prune", "sealed"])
    code = cli.main(["resend", path])

    assert Path("out.xml").read_bytes() == Path(path, "report.xml").read_bytes()
    assert not (XRAY / "report.xml").exists()
    assert (pruned, code) == (2, 0), capsys.readouterr()
    assert len(server.posts(MULTIPART)) == 1


def test_dry_run_of_run_info_is_its_end() -> None:
    """It has its report and its receipt, and is not sent unless it is named."""
    own = run("own", settings={"dry_run": "true"})

    code = cli.main(["upload", str(own.path)])

    receipt = json.loads((own.path / "receipt.json").read_text(encoding="utf-8"))
    assert (code, receipt["status"]) == (0, "dry run")
    assert own.state == replace(State(), state=run_directory.KEPT)
    assert (own.path / "report.xml").exists()


def test_files_of_a_dry_run_have_no_run_directory(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """No message mentions a Test Execution to look for."""
    cli.main(["upload", "junit.xml", "--dry-run", "--json"])
    found = json.loads(capsys.readouterr().out)
    cli.main(["upload", "junit.xml", "--dry-run"])
    said = capsys.readouterr().out

    assert (found["status"], found["run"]) == ("dry run", "")
    assert found["report"]["path"] == "001-junit.xml"
    assert "Run directory" not in said
