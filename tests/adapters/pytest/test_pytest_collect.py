"""Shards that record and send nothing, and the job that sends all of them as one."""

from __future__ import annotations

import json
import shlex
import shutil

import pytest

from tests import scripted
from tests.adapters.pytest.conftest import Project
from tests.scripted import answer
from xray_bridge import cli
from xray_bridge.runs import run_directory


SUITE = """
    import pytest

    @pytest.mark.xray("CALC-1")
    def test_passes(): pass

    @pytest.mark.xray("CALC-2")
    def test_fails(): assert 1 == 2

    @pytest.mark.xray("CALC-3")
    def test_with_steps(xray, tmp_path):
        with xray.step("look"):
            xray.attach(b"seen", name="seen.txt")
"""
INI = """
    [pytest]
    xray_upload = yes
    xray_project = CALC
    xray_test_plan = CALC-15
"""


def send(*arguments: str) -> int:
    """Run ``xray-bridge`` in this process."""
    return cli.main(list(arguments))


def test_shards_are_sent_as_one(project: Project) -> None:
    """Upload is on for everybody, and two shards have neither server nor secret."""
    project.pytester.makepyfile(SUITE)
    project.pytester.makeini(INI)
    nobody = f"http://127.0.0.1:{scripted.unused_port()}"
    shards = {"chrome": ("-k", "steps"), "firefox": ("-k", "not steps", "-n", "2")}
    for browser, arguments in shards.items():
        environ = {"XRAY_URL": nobody, "XRAY_RUN_ID": "4711"}
        given = ("--xray-collect", "--xray-environments", browser, *arguments)
        result = project.run(*given, **environ)
        target = project.pytester.path / "artifacts" / browser / ".xray"
        shutil.move(project.pytester.path / ".xray", target)
        result.stdout.fnmatch_lines(
            ["To send them: xray-bridge upload --run-id 4711 DIR"]
        )

    code = send("upload", "artifacts", "--parts", "2", "--sandbox")

    assert code == 0
    assert project.statuses == {"CALC-1": "PASS", "CALC-2": "FAIL", "CALC-3": "PASS"}
    (execution,) = project.executions
    assert set(execution.environments) == {"chrome", "firefox"}
    assert execution.test_plans == ("CALC-15",)
    evidence = [piece for run in execution.runs for piece in run.evidence]
    assert [piece.filename for piece in evidence] == ["seen.txt"]


@pytest.mark.parametrize("times", [1, 2])
def test_each_environment_of_a_matrix_gets_its_test_execution(
    project: Project, times: int
) -> None:
    """A failure in chrome is no failure in firefox; a second upload changes nothing."""
    project.pytester.makepyfile(
        """
        import os, pytest

        @pytest.mark.xray("CALC-1")
        def test_it(): assert os.environ["BROWSER"] == "firefox"
        """
    )
    for browser in ("chrome", "firefox"):
        given = ("--xray-collect", "--xray-project", "CALC")
        where = ("--xray-environments", browser)
        project.run(*given, *where, XRAY_RUN_ID="4711", BROWSER=browser)
        target = project.pytester.path / "artifacts" / browser / ".xray"
        shutil.move(project.pytester.path / ".xray", target)

    for _ in range(times):
        code = send("upload", "artifacts", "--split-by", "environment", "--sandbox")

        assert code == 0
    found = {each.environments: each.runs[0].status for each in project.executions}
    assert found == {("chrome",): "FAIL", ("firefox",): "PASS"}


def test_nothing_is_asked(project: Project) -> None:
    """Not even whether the upload can work: results can be sent from elsewhere."""
    project.pytester.makepyfile(SUITE)
    project.pytester.makeini(INI)
    with scripted.scripted(answer(200)) as server:
        result = project.run(
            "--xray-collect", XRAY_URL=server.url, XRAY_TOKEN="t", XRAY_RUN_ID="4711"
        )

    assert server.connections == 0
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        [
            "*= xray-bridge =*",
            "Collected 3 results; nothing was sent.",
            "To send them: xray-bridge upload --run-id 4711 DIR",
            "Run directory: .xray/runs/*",
        ]
    )
    (directory,) = run_directory.find(project.pytester.path / ".xray")
    assert directory.state.state == run_directory.SEALED
    assert directory.info.run_id == "4711"


@pytest.mark.parametrize("command", ["upload", "resend"])
def test_single_session_is_sent_later(project: Project, command: str) -> None:
    """By the command that stands at its end, without a run id too."""
    project.pytester.makepyfile(SUITE)
    result = project.run("--xray-collect", "--xray-project", "CALC")
    (path,) = project.runs
    run = f".xray/runs/{path.name}"
    result.stdout.fnmatch_lines([f"To send them: xray-bridge upload {run}"])

    code = send(command, run, "--sandbox")

    assert code == 0
    assert project.statuses["CALC-2"] == "FAIL"
    assert project.receipt["run"] == run


def test_printed_command_works_in_a_folder_with_a_blank(project: Project) -> None:
    """It can be copied into a shell, whatever the folder is called."""
    project.pytester.makepyfile(SUITE)
    result = project.run(
        "--xray-collect", "--xray-project", "CALC", "--xray-report-dir", "it's here"
    )

    lines = result.stdout.lines
    line = next(line for line in lines if line.startswith("To send them: "))
    program, *words = shlex.split(line.partition(": ")[2])

    assert program == "xray-bridge"
    assert send(*words, "--sandbox") == 0


def test_report_of_a_shard(project: Project) -> None:
    """It is written where it is asked for, and the run stays to be sent."""
    project.pytester.makepyfile(SUITE)

    result = project.run("--xray-collect", "--xray-report", "reports/junit.xml")

    assert "CALC-3" in (project.pytester.path / "reports/junit.xml").read_text()
    (directory,) = run_directory.find(project.pytester.path / ".xray")
    assert directory.state.state == run_directory.SEALED
    result.stdout.fnmatch_lines(["Collected 3 results; nothing was sent."])


def test_report_that_cannot_be_written(project: Project) -> None:
    """The output and the exit code say it; the results are kept."""
    project.pytester.makepyfile("def test_passes(): pass")
    project.pytester.path.joinpath("file").touch()

    result = project.run("--xray-collect", "--xray-report", "file/junit.xml")

    assert result.ret == 83
    result.stdout.fnmatch_lines(
        ["Collected 1 result; nothing was sent.", "The report was not written: *"]
    )


def test_fields_of_a_hook_go_along(project: Project) -> None:
    """They are asked for in the shard, where the hook is."""
    project.pytester.makepyfile("def test_passes(): pass")
    project.pytester.makeconftest(
        "def pytest_xray_execution_fields(config): return {'priority': {'name': 'Low'}}"
    )

    project.run("--xray-collect")

    content = json.loads((project.runs[0] / "run.json").read_text())
    assert "Low" in content["settings"]["execution_fields"]


@pytest.mark.fault("G16")
def test_shard_that_is_stopped(project: Project) -> None:
    """It is a part all the same, and incomplete."""
    project.pytester.makepyfile(
        "import pytest\ndef test_a(): pass\ndef test_b(): pytest.exit('enough')"
    )

    result = project.run("--xray-collect")

    result.stdout.fnmatch_lines(
        ["Collected 1 result; nothing was sent.", "Incomplete: *interrupted*"]
    )
    (directory,) = run_directory.find(project.pytester.path / ".xray")
    assert directory.state.state == run_directory.SEALED
    assert directory.state.incomplete


@pytest.mark.fault("I11")
def test_matrix_that_shares_a_run_id(project: Project) -> None:
    """Sessions of tox or nox: one id in the environment, one workspace."""
    project.pytester.makepyfile(SUITE)
    for python in ("py310", "py314"):
        given = ("--xray-collect", "--xray-environments", python, "-k", "passes")
        project.run(*given, XRAY_RUN_ID="nox-1")

    code = send("upload", "--sandbox", "--deployment", "cloud")

    (execution,) = project.executions
    assert code == 0
    assert set(execution.environments) == {"py310", "py314"}
    assert [run.status for run in execution.runs] == ["PASSED"]


@pytest.mark.fault("E11", "G15")
def test_each_worker_s_results_are_expected(project: Project) -> None:
    """With ``--dist each`` a worker that dies does not hide behind the others."""
    project.pytester.makepyfile("""
        import os

        def test_a(): pass
        def test_b():
            if os.environ["PYTEST_XDIST_WORKER"] == "gw1": os._exit(1)
        def test_c(): pass
    """)
    each = ("-n", "2", "--dist", "each", "--max-worker-restart=0")
    result = project.upload(*each)

    result.stdout.fnmatch_lines(["Incomplete: 1 of 6 collected tests have no result"])
