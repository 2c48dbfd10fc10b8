"""Files as real tools wrote them: what is counted, and what Xray has of it then."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from xray_bridge import cli
from xray_sandbox import Store


REAL = Path(__file__).parents[1] / "samples" / "real"


@dataclass(frozen=True)
class Right:
    """
    Passed, failed and skipped: of results, and of Test Runs.

    ``runs`` is None where both are the same. ``note`` stands in a notice.
    """

    counts: tuple[int, int, int]
    runs: tuple[int, int, int] | None = None
    code: int = 0
    note: str = ""


# The tools' own counts are in docs/uploading-files.md, or in each file.
RIGHT = {
    # Seven scenarios have no key; the rows of an outline are one Test.
    "behave-1.3.3-errors.json": Right(
        (3, 6, 2), (1, 2, 0), 84, "status error changed to failed (4)"
    ),
    "catch2-2.13.10-mayfail.xml": Right(
        (8, 5, 2), note="expected failures marked as skipped (2)"
    ),
    "cmocka-1.1.5-group-setup.xml": Right((0, 1, 0), code=84, note="errors outside"),
    "ctest-3.25.1-disabled.xml": Right(
        (3, 8, 3), note="could not start marked as failed (2)"
    ),
    "cucumber-ruby-2.4-hook.json": Right((1, 1, 0), note="hooks of backgrounds"),
    "googletest-1.12.1-disabled.xml": Right((7, 5, 4), note="did not run"),
    "googletest-1.12.1-environment.xml": Right((1, 1, 0), note="without a name"),
    "luaunit-3.4-message-in-type.xml": Right(
        (1, 3, 1), note="say 4 tests, but it contains 5"
    ),
    "minitest-reporters-1.0.19-same-class.xml": Right(
        (0, 5, 1), note="2 names appear several times (Minitest::Result.test_adds"
    ),
    "node-20.20-todo.xml": Right((3, 5, 4), note="2 names appear several times"),
    "pytest-rerunfailures-16.7-attempts.xml": Right(
        (6, 11, 3), note="some may be attempts of one test"
    ),
    "robot-7.5-suite-teardown.xml": Right(
        (1, 8, 2), note="status of their suite teardown"
    ),
    "tap-formatter-junit-0.11-suite-error.xml": Right(
        (7, 6, 0), note="errors outside of tests added as failed tests (3)"
    ),
    "testng-6.9.12-configuration.xml": Right(
        (5, 6, 6), note="failed configuration methods added as failed tests (2)"
    ),
}


def uploaded(
    capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0
) -> tuple[Any, dict[str, str]]:
    """The receipt, and the statuses of the Test Runs by Test."""
    flags = ["--sandbox", "--project=CALC", "--json"]
    found = cli.main(["upload", *arguments, *flags])
    captured = capsys.readouterr()
    assert found == code, captured
    receipt = json.loads(captured.out)
    store = Store(Path(".xray/sandbox/sandbox.sqlite3"))
    execution = store.test_execution(receipt["test_execution"]["key"])
    assert execution is not None
    return receipt, {run.test_key: run.status for run in execution.runs}


def test_all_files_have_a_row() -> None:
    """A file that nobody counts teaches nothing."""
    assert {path.name for path in filter(Path.is_file, REAL.iterdir())} == RIGHT.keys()


@pytest.mark.parametrize("name", RIGHT)
@pytest.mark.parametrize("target", ["", "--test-execution=CALC-90"])
def test_counts(
    name: str,
    target: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """As the tool says, in a new Test Execution and in one that exists."""
    monkeypatch.chdir(tmp_path)
    right = RIGHT[name]
    is_scenarios = name.endswith(".json")
    # Xray JSON has no place for scenarios without keys: they are left out.
    code = 0 if target and is_scenarios else right.code

    receipt, runs = uploaded(
        capsys, str(REAL / name), *filter(None, [target]), code=code
    )

    counts = receipt["counts"]
    words = ("passed", "failed", "skipped")
    assert tuple(counts.get(word, 0) for word in words) == right.counts
    statuses = Counter(runs.values())
    found = tuple(statuses[word] for word in ("PASS", "FAIL", "TODO"))
    assert found == (right.runs or right.counts)
    assert any(right.note in each for each in receipt["notices"])


def test_key_of_robot_is_a_tag(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The Test is the one that it names, and no other is made."""
    monkeypatch.chdir(tmp_path)

    receipt, runs = uploaded(capsys, str(REAL / "robot-7.5-suite-teardown.xml"))

    assert runs["CALC-1"] == "PASS"
    assert receipt["sent"] == len(runs)


def test_tests_of_testng_stay_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The next run has other instances, and no other Tests."""
    monkeypatch.chdir(tmp_path)
    content = (REAL / "testng-6.9.12-configuration.xml").read_text(encoding="utf-8")
    Path("later.xml").write_text(content.replace("@", "@1"), encoding="utf-8")

    _, first = uploaded(capsys, str(REAL / "testng-6.9.12-configuration.xml"))
    _, second = uploaded(capsys, "later.xml")

    assert first == second
