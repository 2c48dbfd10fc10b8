"""``xray-bridge quarantine``: list failures, and put tests into quarantine."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.builders import a_run, recorded
from xray_bridge import cli
from xray_bridge.config.shared_file import read_toml
from xray_bridge.errors import UsageError
from xray_bridge.model.results import Outcome


if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Command = Callable[..., tuple[int, str]]

FAILED = a_run(Outcome.FAILED, keys=("CALC-1",), message="E   ValueError: known")
TERMS = ("--owner", "Anna", "--until", "2999-12-31", "--issue", "CALC-9")


@pytest.fixture
def quarantine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    """Run the command in a project with a failure; its exit code and its output."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "shop"\n# The end.\n')
    recorded(tmp_path, FAILED, a_run(name="test_good"))

    def run(*arguments: str) -> tuple[int, str]:
        code = cli.main(["quarantine", *arguments])
        captured = capsys.readouterr()
        return code, captured.out + captured.err

    return run


def test_a_failure_is_listed_and_put_into_quarantine(
    quarantine: Command, tmp_path: Path
) -> None:
    """The lines go to the end of the file, with the fingerprint of the failure."""
    _, listed = quarantine("list")
    label = listed.partition("[")[2].partition("]")[0]

    code, added = quarantine("add", "calc-1", *TERMS)

    written = (tmp_path / "pyproject.toml").read_text()
    assert listed.startswith("Not in quarantine: CALC-1 tests.test_calculator.test_add")
    assert code == 0
    assert added.startswith("pyproject.toml has now:\n")
    assert written == (
        '[project]\nname = "shop"\n# The end.\n\n'
        "[[tool.xray-bridge.quarantine.tests]]\n"
        'test = "CALC-1"\nowner = "Anna"\nissue = "CALC-9"\nuntil = "2999-12-31"\n'
        f'fingerprint = "{label}"\n'
    )
    name, terms = "tests.test_calculator.test_add", "Anna until 2999-12-31, CALC-9"
    assert quarantine("list")[1].splitlines() == [
        f"CALC-1: {terms}: in force",
        f"Quarantined: CALC-1 {name} [{label}]: {terms}",
    ]


def test_a_project_with_a_file_of_its_own(quarantine: Command, tmp_path: Path) -> None:
    """The shared file gets the entry, also with ends of lines of Windows."""
    path = tmp_path / "xray-bridge.toml"
    path.write_bytes(b'project = "CALC"\r\n')

    code, _ = quarantine("add", "a scenario", *TERMS, "--any-failure")

    assert code == 0
    assert path.read_bytes().startswith(
        b'project = "CALC"\r\n\r\n[[quarantine.tests]]\r\ntest = "a scenario"\r\n'
    )
    assert read_toml(path)["quarantine"]["tests"][0]["owner"] == "Anna"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("CALC-2", *TERMS), "CALC-2 has not failed in "),
        (("CALC-1", "--owner", "A", "--until", "soon"), "'soon' is not a date"),
        (("CALC-1", "--owner", "A"), "CALC-1 needs --until"),
        (("CALC-1",), "CALC-1 needs --owner and --until"),
        (("CALC-1", *TERMS, "--run", "no-such-run"), "there is no run no-such-run"),
    ],
)
def test_mistakes_change_nothing(
    quarantine: Command, tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    """A usage error says what is wrong."""
    before = (tmp_path / "pyproject.toml").read_bytes()

    try:
        code, printed = quarantine("add", *arguments)
    except SystemExit as end:
        code, printed = int(str(end.code)), ""

    assert code == 2
    assert message in printed or not printed
    assert (tmp_path / "pyproject.toml").read_bytes() == before


def test_owner_and_last_day_of_the_table_need_no_flags(
    quarantine: Command, tmp_path: Path
) -> None:
    """They count for all tests, and are not written again."""
    path = tmp_path / "xray-bridge.toml"
    path.write_text('[quarantine]\nowner = "QA"\nuntil = 2999-12-31\n')

    code, _ = quarantine("add", "CALC-1")
    again, refused = quarantine("add", "calc-1")

    assert (code, again) == (0, 2)
    assert [*read_toml(path)["quarantine"]["tests"][0]] == ["test", "fingerprint"]
    assert quarantine("list")[1].startswith("CALC-1: QA until 2999-12-31: in force\n")
    assert "CALC-1 is in quarantine already (change its lines" in refused


def test_a_test_is_not_added_by_another_name(quarantine: Command) -> None:
    """A node id and the name in Xray are the same test."""
    quarantine("add", "tests/test_sum.py::test_add", *TERMS, "--any-failure")

    code, said = quarantine("add", "tests.test_sum.test_add", *TERMS, "--any-failure")

    assert code == UsageError.exit_code
    assert "tests.test_sum.test_add is in quarantine already" in said


def test_a_file_that_would_become_invalid_is_not_written(
    quarantine: Command, tmp_path: Path
) -> None:
    """The error has the lines to write."""
    path = tmp_path / "pyproject.toml"
    own = "[tool.xray-bridge]\nquarantine = {}\n"
    path.write_text(own)

    code, printed = quarantine("add", "CALC-1", *TERMS)

    assert code == 2
    assert "cannot be extended" in printed
    assert 'test = "CALC-1"; owner = "Anna"' in printed
    assert path.read_text() == own


def test_json_for_programs(quarantine: Command) -> None:
    """The failures with their fingerprints, and whether they are spared."""
    _, printed = quarantine("list", "--json")

    [failure] = json.loads(printed)["failures"]
    assert failure["name"] == "CALC-1 tests.test_calculator.test_add"
    assert failure["fingerprint"].startswith("xb-")
    assert failure["quarantined"] is False
