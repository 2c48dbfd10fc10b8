"""Which run is meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.builders import a_run, recorded
from tests.commands import Command, all_commands
from xray_bridge import cli
from xray_bridge.errors import UsageError
from xray_bridge.runs.find import find_newest, find_run, run_path
from xray_bridge.runs.join import join_parts


# Those that take runs by name; ``upload`` takes files, too.
NEED_A_RUN = [
    each
    for each in all_commands()
    if any(a.metavar == "RUN" for a in each.positionals) or each.argv == ("upload",)
]
NAMED = {"upload": "--dry-run", "keys": "--offline"}


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_by_name_and_by_path(tmp_path: Path) -> None:
    """Both mean the same run."""
    directory = recorded(tmp_path, a_run())
    report_dir = Path(".xray")

    by_name = find_run(directory.id, report_dir)
    by_path = find_run(str(directory.path), Path("elsewhere"))

    assert by_name.path.resolve() == by_path.path.resolve() == directory.path


def test_there_is_none(tmp_path: Path) -> None:
    """The error names the newest."""
    ids = sorted(recorded(tmp_path, a_run()).id for _ in range(4))

    with pytest.raises(UsageError) as caught:
        find_run("nope", Path(".xray"))

    assert run_path("nope", Path(".xray")) is None
    assert caught.value.message == "there is no run nope"
    assert caught.value.hint == f"the newest are {', '.join(ids[1:])}"


def test_the_newest_run_is_no_part_of_another(tmp_path: Path) -> None:
    """A merged run has the name of its first part, so that later parts follow it."""
    report_dir = Path(".xray")
    none = find_newest(report_dir)
    parts = [
        recorded(tmp_path, a_run(), id=f"2026112{day}T120000Z-0000000a", started=day)
        for day in (1, 2)
    ]
    before = find_newest(report_dir)

    whole = join_parts(parts, report_dir)

    after = find_newest(report_dir)
    assert none is None
    assert before is not None
    assert after is not None
    assert (before.id, after.id) == (parts[1].id, whole.id)


@pytest.mark.parametrize("command", NEED_A_RUN, ids=str)
def test_commands_take_both(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: Command
) -> None:
    """With the same outcome."""
    printed: list[tuple[int, str]] = []
    more = [NAMED[name] for name in command.argv if name in NAMED]
    for _ in range(2):
        directory = recorded(tmp_path, a_run(keys=["CALC-1"]))
        receipt = directory.path / "receipt.json"
        receipt.write_text('{"status": "delivered"}')
        name = directory.id if printed else str(directory.path)
        code = cli.main([*command.argv, *more, name])
        said = capsys.readouterr()
        lines = (said.out + said.err).replace(directory.id, "RUN")
        printed.append((code, lines.replace(f"{tmp_path}/", "")))

    assert printed[0] == printed[1]
    assert "there is no" not in printed[0][1]


@pytest.mark.parametrize(
    "command", [each for each in NEED_A_RUN if str(each) not in NAMED], ids=str
)
def test_one_error_for_all(
    capsys: pytest.CaptureFixture[str], command: Command
) -> None:
    """A name that nothing has; elsewhere it may be a file, or a framework's."""
    code = cli.main([*command.argv, "nope"])

    said = capsys.readouterr().err
    assert code == UsageError.exit_code
    assert "there is no run nope (.xray has no runs) [usage]" in said
