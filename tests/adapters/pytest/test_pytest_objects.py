"""Shards that put their results into a bucket, and the job that sends all as one."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING

import pytest

from xray_bridge import cli
from xray_bridge.runs import run_directory
from xray_bridge.runs.run_directory import RunDirectory


if TYPE_CHECKING:
    from pathlib import Path

    from tests.adapters.pytest.conftest import Project

SUITE = """
    import sys, pytest

    @pytest.mark.xray("CALC-1")
    def test_passes():
        assert "obstore" not in sys.modules
        assert "xray_bridge.objects" not in sys.modules

    @pytest.mark.xray("CALC-2")
    def test_fails(): assert 1 == 2

    @pytest.mark.xray("CALC-3")
    def test_with_steps(xray):
        with xray.step("look"):
            xray.attach(b"seen", name="seen.txt")
"""
INI = """
    [pytest]
    xray_upload = yes
    xray_project = CALC
    xray_collect = ${BUCKET}
"""


@pytest.fixture
def bucket(project: Project) -> Path:
    """A bucket, and a project that collects into it."""
    path = project.pytester.path.parent / f"{project.pytester.path.name}-bucket"
    path.mkdir()
    project.pytester.makepyfile(SUITE)
    project.pytester.makeini(INI)
    return path


def test_reports_are_written_beside_the_part(project: Project, bucket: Path) -> None:
    """As those of results that stay on this machine."""
    flags = "--xray-report=report.xml", "--xray-html=page.html", "-k", "test_passes"
    result = project.run(*flags, BUCKET=bucket.as_uri(), XRAY_RUN_ID="4711")
    folder = project.pytester.path

    assert result.ret == 0
    assert "HTML report: page.html" in result.stdout.str()
    assert "CALC-1" in folder.joinpath("report.xml").read_text()
    assert folder.joinpath("page.html").is_file()
    assert list(bucket.glob("4711/parts/*.zip"))


def test_shards_are_sent_as_one(project: Project, bucket: Path) -> None:
    """Serial and with workers; the merge job has nothing but the bucket."""
    place = bucket.as_uri()
    for arguments in (("-k", "steps"), ("-k", "not steps", "-n", "2")):
        result = project.run(*arguments, BUCKET=place, XRAY_RUN_ID="4711")
        result.stdout.fnmatch_lines(
            [
                f"Collected * nothing was sent to Xray. Put {place}/4711/parts/*",
                f"To send all parts: xray-bridge upload {place} --run-id 4711",
            ]
        )
        shutil.rmtree(project.pytester.path / ".xray")

    code = cli.main(["upload", place, "--run-id", "4711", "--parts", "2", "--sandbox"])

    assert code == 0
    assert project.statuses == {"CALC-1": "PASS", "CALC-2": "FAIL", "CALC-3": "PASS"}
    evidence = [e for run in project.executions[0].runs for e in run.evidence]
    assert [piece.filename for piece in evidence] == ["seen.txt"]


def test_a_rerun_is_put_in_the_place_of_its_part(
    project: Project, bucket: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The merge job sends one result of each test, and knows the earlier failure."""
    project.pytester.makepyfile(
        """
        import os, pytest

        @pytest.mark.xray("CALC-1")
        def test_passes(): pass

        @pytest.mark.xray("CALC-2")
        def test_is_flaky(): assert "SECOND" in os.environ
        """
    )
    place = bucket.as_uri()
    project.run(BUCKET=place, XRAY_RUN_ID="4711")
    for name, value in {"BUCKET": place, "XRAY_RUN_ID": "4711", "SECOND": "1"}.items():
        monkeypatch.setenv(name, value)
    pytest_command = [sys.executable, "-m", "pytest"]
    again = cli.main(["rerun", "--", *pytest_command])
    shutil.rmtree(project.pytester.path / ".xray")
    code = cli.main(["upload", place, "--run-id", "4711", "--parts", "1", "--sandbox"])

    assert (again, code) == (0, 0)
    assert len(list(bucket.rglob("*.zip"))) == 2
    assert project.statuses == {"CALC-1": "PASS", "CALC-2": "PASS"}
    (row,) = [run for run in project.executions[0].runs if run.test_key == "CALC-2"]
    assert "Failed attempts before this one: 1" in row.comment + row.log


def test_a_dry_run_shows_the_object(project: Project, bucket: Path) -> None:
    """And puts nothing."""
    result = project.run("--xray-dry-run", BUCKET=bucket.as_uri(), XRAY_RUN_ID="4711")

    result.stdout.fnmatch_lines([f"*Would put {bucket.as_uri()}/4711/parts/* bytes)."])
    assert list(bucket.iterdir()) == []


def test_a_failed_put_keeps_the_results_and_says_what_to_type(
    project: Project, bucket: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 80 in the place of 0; the printed command puts them."""
    bucket.rmdir()
    place = bucket.as_uri()
    result = project.run("-k", "passes", BUCKET=place, XRAY_RUN_ID="4711")
    (run,) = project.runs
    result.stdout.fnmatch_lines(
        [
            f"Collected 1 result; NOT PUT into {place}: {place} is not there *",
            f"*saved. To put them: XRAY_COLLECT={place} xray-bridge resend .xray/*",
        ]
    )
    bucket.mkdir()
    monkeypatch.setenv("XRAY_COLLECT", place)
    code = cli.main(["resend", str(run)])

    assert result.ret == 80
    assert code == 0
    assert RunDirectory(run).state.message == f"put into {place}"
    assert len(list(bucket.rglob("*.zip"))) == 1


def test_resend_puts_all_that_is_not_there(
    project: Project, bucket: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the project's own settings, in no Test Execution."""
    bucket.rmdir()
    project.run("-k", "passes", BUCKET=bucket.as_uri(), XRAY_RUN_ID="4711")
    bucket.mkdir()
    capsys.readouterr()
    code, again = cli.main(["resend"]), cli.main(["resend"])

    printed = capsys.readouterr().out
    assert (code, again) == (0, 0)
    assert printed.startswith(f"Put {bucket.as_uri()}/4711/parts/")
    assert printed.endswith("Nothing to send in .xray.\n")


def test_a_run_never_chooses_the_bucket(
    project: Project, bucket: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It may come from elsewhere; this machine's credentials stay with its bucket."""
    elsewhere = bucket.with_name("elsewhere")
    bucket.rmdir()
    project.run("-k", "passes", BUCKET=bucket.as_uri(), XRAY_RUN_ID="4711")
    bucket.mkdir()
    elsewhere.mkdir()
    os.environ["BUCKET"] = elsewhere.as_uri()
    capsys.readouterr()
    code = cli.main(["resend", str(project.runs[0])])

    assert code == 2
    assert (
        f"is for xray_collect = {bucket.as_uri()}, but here it is {elsewhere.as_uri()}"
    ) in capsys.readouterr().err
    assert list(elsewhere.iterdir()) == list(bucket.iterdir()) == []


def test_an_address_in_a_run_is_one_word_of_the_printed_command(
    project: Project, bucket: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The run may come from elsewhere, and a person may paste the command."""
    bucket.rmdir()
    project.run("-k", "passes", BUCKET=bucket.as_uri(), XRAY_RUN_ID="4711")
    info = project.runs[0] / "run.json"
    text = info.read_text("utf-8").replace(bucket.as_uri(), "s3://b; touch pasted")
    info.write_text(text, "utf-8")
    capsys.readouterr()
    code = cli.main(["resend", str(project.runs[0])])

    assert code == 2
    assert "XRAY_COLLECT='s3://b; touch pasted' xray" in capsys.readouterr().err


def test_ctrl_c_puts_nothing(project: Project, bucket: Path) -> None:
    """As it uploads nothing; the command that puts the results is printed."""
    project.pytester.makepyfile("def test_stops(): raise KeyboardInterrupt")
    result = project.run(BUCKET=bucket.as_uri(), XRAY_RUN_ID="4711")

    result.stdout.fnmatch_lines(
        [
            f"Collected *; interrupted, so nothing was put into {bucket.as_uri()}.",
            "To put them: XRAY_COLLECT=*",
        ]
    )
    assert list(bucket.iterdir()) == []


def test_what_was_put_is_not_sent_alone(
    project: Project, bucket: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The merge job sends it; here it would be sent a second time."""
    project.run("-k", "passes", BUCKET=bucket.as_uri(), XRAY_RUN_ID="4711")
    (run,) = project.runs
    capsys.readouterr()
    codes = [
        cli.main(["resend", "--sandbox"]),
        cli.main(["upload", "--run-id", "4711", "--sandbox"]),
        cli.main(["upload", str(run), "--sandbox"]),
    ]

    printed = capsys.readouterr()
    assert codes == [0, 2, 83]
    assert printed.err.count(f"put into {bucket.as_uri()}") == 2
    assert RunDirectory(run).state.state == run_directory.KEPT


@pytest.mark.parametrize(
    ("variables", "line"),
    [
        ({"BUCKET": "ftp://x/y", "XRAY_RUN_ID": "1"}, "*ftp:// is not a known kind*"),
        (
            {"BUCKET": "s3://me:hunter22@x", "XRAY_RUN_ID": "1"},
            "*must not contain a user name*",
        ),
        ({"BUCKET": "s3://x"}, "*collecting into a bucket needs a run id*"),
    ],
)
def test_wrong_settings_end_the_session_before_the_first_test(
    project: Project, bucket: Path, variables: dict[str, str], line: str
) -> None:
    """With one line."""
    result = project.run(**variables)

    result.stderr.fnmatch_lines([line])
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "hunter22" not in result.stdout.str() + result.stderr.str()
    assert not project.runs
    assert list(bucket.iterdir()) == []


def test_without_obstore_the_session_ends_before_the_first_test(
    project: Project, bucket: Path
) -> None:
    """With the package to install."""
    project.pytester.makeconftest(
        """
        import importlib.util
        find = importlib.util.find_spec
        missing = lambda name: None if name == "obstore" else find(name)
        importlib.util.find_spec = missing
        """
    )
    result = project.run(BUCKET=bucket.as_uri(), XRAY_RUN_ID="4711")

    result.stderr.fnmatch_lines(["*needs obstore, which is not installed (pip*"])
    assert result.ret == pytest.ExitCode.USAGE_ERROR
