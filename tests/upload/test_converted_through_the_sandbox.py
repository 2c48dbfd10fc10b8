"""Reports of formats that are converted, uploaded by the command and read back."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from xray_bridge import cli
from xray_bridge.errors import ReportError
from xray_sandbox import Store


REAL = Path(__file__).parents[1] / "samples" / "real" / "convert"


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a folder with the reports."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(REAL, "reports")


def uploaded(
    capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0
) -> dict[str, Any]:
    """The receipt of an upload to the sandbox."""
    found = cli.main(["upload", *arguments, "--sandbox", "--json"])
    captured = capsys.readouterr()
    assert found == code, captured
    receipt: dict[str, Any] = json.loads(captured.out)
    return receipt


def store() -> Store:
    """The sandbox's data."""
    return Store(Path(".xray/sandbox/sandbox.sqlite3"))


def execution_of(receipt: dict[str, Any]) -> Any:
    """The Test Execution of a receipt."""
    return store().test_execution(receipt["test_execution"]["key"])


def runs_of(receipt: dict[str, Any]) -> dict[str, str]:
    """Statuses in the Test Execution, by key or by definition."""
    found = {}
    for run in execution_of(receipt).runs:
        test = store().issue(run.test_key)
        assert test is not None
        found[test.definition or run.test_key] = run.status
    return found


@pytest.mark.parametrize(
    ("name", "passed", "failed", "todo"),
    [
        # Two tests of one name are one Test, which failed.
        ("mocha.json", 5, 6, 3),
        ("go-test.jsonl", 6, 7, 2),
        ("allure-behave", 1, 6, 3),
        ("stestr.subunit", 2, 7, 1),
    ],
)
def test_statuses(
    capsys: pytest.CaptureFixture[str], name: str, passed: int, failed: int, todo: int
) -> None:
    """Each Test has the status that its worst result means; red is there, too."""
    receipt = uploaded(capsys, f"reports/{name}")

    statuses = Counter(runs_of(receipt).values())
    assert (statuses["PASS"], statuses["FAIL"]) == (passed, failed)
    assert sum(statuses.values()) - passed - failed == todo
    assert f"converted to JUnit XML: reports/{name}" in " ".join(receipt["notices"])


def test_red_has_a_name(capsys: pytest.CaptureFixture[str]) -> None:
    """A package that cannot be built is a Test that failed."""
    receipt = uploaded(capsys, "reports/go-test.jsonl")

    assert runs_of(receipt)["go-test.example.com/calc/broken"] == "FAIL"


def test_key_of_the_test(capsys: pytest.CaptureFixture[str]) -> None:
    """The result is that of the Test which the report names."""
    receipt = uploaded(capsys, "reports/playwright.json")

    found = {run.test_key: run.status for run in execution_of(receipt).runs}
    assert (found["CALC-1"], found["CALC-2"]) == ("PASS", "FAIL")


def test_together_with_junit(capsys: pytest.CaptureFixture[str]) -> None:
    """Several files and a folder are recognised one by one."""
    names = ("tap-short.tap", "cppunit-expected-fail.xml", "newman-junit.xml")

    # Scripts that died are counted by newman, and no test shows them.
    paths = [f"reports/{name}" for name in (*names, "allure-pytest")]
    receipt = uploaded(capsys, *paths, code=84)

    assert "plan" in " ".join(runs_of(receipt))
    (notice,) = [each for each in receipt["notices"] if "converted" in each]
    assert notice == (
        "converted to JUnit XML: reports/tap-short.tap (TAP 13 and 14), "
        "reports/cppunit-expected-fail.xml (CppUnit's XML), "
        "reports/allure-pytest (Allure results)"
    )


def test_same_test_in_two_formats(capsys: pytest.CaptureFixture[str]) -> None:
    """A pass does not replace the failure: both are JUnit XML, and merged."""
    Path("a.tap").write_text("1..1\nnot ok 1 - CALC-1 adds\n")
    Path("b.tap").write_text("1..1\nok 1 - CALC-1 adds\n")

    receipt = uploaded(capsys, "a.tap", "b.tap")

    assert [*runs_of(receipt).values()] == ["FAIL"]
    assert "the files are merged" in " ".join(receipt["notices"])


def test_keep_converted(capsys: pytest.CaptureFixture[str]) -> None:
    """A dry run leaves only the converted files in the folder."""
    uploaded(
        capsys, "reports/tap-bail.tap", "--dry-run", "--keep-converted", "out/here"
    )

    (kept,) = Path("out/here").iterdir()
    assert kept.name == "reports_tap-bail.tap.xml"
    assert "no device" in kept.read_text()
    assert not Path(".xray/runs").exists()


def test_keep_converted_in_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    """It is an error before anything is sent."""
    Path("out").write_text("")

    code = cli.main(
        ["upload", "reports/tap-bail.tap", "--sandbox", "--keep-converted", "out"]
    )

    assert code == 2
    assert "--keep-converted: out cannot be written" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("format_name", "file", "said"),
    [
        ("trx", "jest.json", "is Jest JSON, not TRX"),
        ("junit", "jest.json", "is Jest JSON, not JUnit XML"),
        ("trx", "newman-junit.xml", "is not TRX"),
    ],
)
def test_another_format(
    capsys: pytest.CaptureFixture[str], format_name: str, file: str, said: str
) -> None:
    """``--format`` has to be what the file is."""
    code = cli.main(["upload", f"reports/{file}", "--sandbox", "--format", format_name])

    assert code == ReportError.exit_code
    assert said in capsys.readouterr().err
