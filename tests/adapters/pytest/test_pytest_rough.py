"""Sessions in rough places: processes that end hard, full tables, odd folders."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.adapters.pytest.conftest import RERUNS, Project


KEYED = '@pytest.mark.xray("CALC-{}")\ndef test_{}():'
TWO = f"import pytest\n{KEYED.format(1, 'first')} pass\n{KEYED.format(2, 'second')}\n"


def resend(project: Project) -> None:
    """Send what is there to the sandbox."""
    command = [sys.executable, "-m", "xray_bridge", "resend", "--sandbox"]
    subprocess.run(command, cwd=project.pytester.path, check=True)


@pytest.mark.fault("G12")
def test_a_segmentation_fault(project: Project) -> None:
    """The finished test is sent by a resend, and what ended it as not finished."""
    kill = "    import os, signal\n    os.kill(os.getpid(), signal.SIGSEGV)\n"
    project.pytester.makepyfile(TWO + kill)
    result = project.upload()
    resend(project)

    assert result.ret == -11
    assert project.statuses == {"CALC-1": "PASS", "CALC-2": "TODO"}


@pytest.mark.fault("G14")
def test_workers_that_cannot_start(project: Project) -> None:
    """No Test Execution is made of nothing, and the session keeps its exit code."""
    project.pytester.makepyfile(TWO + "    pass\n")
    project.pytester.makeconftest(
        "import os\nif 'PYTEST_XDIST_WORKER' in os.environ: os._exit(3)"
    )
    workers = ("-n", "2", "--max-worker-restart=0")
    plain = project.run(*workers)
    result = project.upload(*workers)

    assert result.ret == plain.ret != 0
    assert project.executions == []
    assert "INTERNALERROR" not in result.stdout.str()


@pytest.mark.fault("G16")
def test_an_exit_in_a_worker(project: Project) -> None:
    """Finished tests are kept, and the exit code is that of the session."""
    leave = "    pytest.exit('enough', returncode=7)\n"
    project.pytester.makepyfile(TWO + leave)
    plain = project.run("-n", "1")
    result = project.upload("-n", "1")

    assert result.ret == plain.ret
    assert [line["test_keys"] for line in project.journal] == [["CALC-1"]]


@pytest.mark.fault("G20")
def test_no_file_can_be_opened_any_more(project: Project) -> None:
    """Sent by the second process, or kept with the line that sends it."""
    leak = """    import os, resource
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    global kept
    kept = []
    try:
        while True: kept.append(os.open(os.devnull, os.O_RDONLY))
    except OSError: pass
"""
    project.pytester.makepyfile(TWO + leak)
    result = project.upload()
    if result.ret:
        resend(project)

    assert result.ret in {0, 80, 81, 83}
    assert "INTERNALERROR" not in result.stdout.str()
    assert project.statuses == {"CALC-1": "PASS", "CALC-2": "PASS"}


@pytest.mark.fault("G22")
def test_a_thread_that_is_left_behind(project: Project) -> None:
    """Everything of ours is done before the process waits for it."""
    leave = """    import atexit, threading, time
    threading.Thread(target=time.sleep, args=(1,)).start()
    atexit.register(time.sleep, 0.5)
"""
    project.pytester.makepyfile(TWO + leave)
    result = project.upload()

    assert result.ret == 0
    assert project.statuses == {"CALC-1": "PASS", "CALC-2": "PASS"}


@pytest.mark.fault("H03")
def test_no_run_directory_can_be_made(project: Project) -> None:
    """The tests run or the session says at once how to choose another folder."""
    project.pytester.makepyfile(TWO + "    pass\n")
    (project.pytester.path / ".xray").write_text("in the way")
    result = project.upload()

    said = result.stdout.str() + result.stderr.str()
    assert "INTERNALERROR" not in said
    assert "xray_report_dir" in said
    assert result.ret in {4, 83}


@pytest.mark.fault("H05")
def test_a_run_directory_that_tests_remove(project: Project) -> None:
    """The tests end as they would, and their results arrive."""
    remove = "    import shutil\n    shutil.rmtree('.xray')\n"
    project.pytester.makepyfile(TWO + remove)
    result = project.upload()

    said = result.stdout.str() + result.stderr.str()
    assert "INTERNALERROR" not in said
    result.assert_outcomes(passed=2)
    assert result.ret == 0
    assert project.statuses == {"CALC-1": "PASS", "CALC-2": "PASS"}


@pytest.mark.fault("H15")
@pytest.mark.parametrize("home", ["/nonexistent", "", "/dev/null"])
def test_no_home(project: Project, home: str) -> None:
    """Nothing of ours needs one."""
    project.pytester.makepyfile(TWO + "    pass\n")
    result = project.upload(HOME=home, XDG_CONFIG_HOME=home)

    assert result.ret == 0
    assert project.statuses == {"CALC-1": "PASS", "CALC-2": "PASS"}


@pytest.mark.fault("I02")
def test_eight_workers(project: Project) -> None:
    """One upload, with each result once."""
    tests = [KEYED.format(number, number) + " pass\n" for number in (1, 2, 3, 4)]
    project.pytester.makepyfile("import pytest\n" + "".join(tests))
    result = project.upload("-n", "8")

    assert result.ret == 0
    assert project.statuses == {f"CALC-{n}": "PASS" for n in (1, 2, 3, 4)}


LARGE = {
    "output": "    print('x' * 20_000_000)\n    assert 0\n",
    "a message": "    assert 0, 'x' * 20_000_000\n",
}


@pytest.mark.fault("E06", "E07")
@pytest.mark.parametrize("what", LARGE)
def test_a_test_that_says_too_much(project: Project, what: str) -> None:
    """It is cut, with a word of that; the result arrives."""
    project.pytester.makepyfile(TWO + LARGE[what])
    project.upload("--show-capture=no", "--tb=no")
    size = sum(path.stat().st_size for path in project.runs[0].rglob("*.*"))

    assert project.statuses == {"CALC-1": "PASS", "CALC-2": "FAIL"}
    assert size < 5_000_000


@pytest.mark.fault("D08")
def test_a_report_where_a_folder_is(project: Project) -> None:
    """A missing folder is made; a folder at the path of the report is an error."""
    project.pytester.makepyfile(TWO + "    pass\n")
    folder = Path(project.pytester.path)
    good = project.run("--xray-report", "new/folder/report.xml")
    (folder / "taken").mkdir()
    bad = project.run("--xray-report", "taken")

    assert good.ret == 0
    assert (folder / "new" / "folder" / "report.xml").exists()
    assert bad.ret in {4, 83}
    assert "INTERNALERROR" not in bad.stdout.str() + bad.stderr.str()


@pytest.mark.fault("D05")
@pytest.mark.skipif(int(pytest.__version__.split(".")[0]) > 8, reason="9 reads it")
@pytest.mark.parametrize("setting", ["xray_project = 'CALC'", "addopts = []"])
def test_a_table_that_this_pytest_does_not_read(project: Project, setting: str) -> None:
    """It is warned of, where it has settings of ours."""
    (Path(project.pytester.path) / "pytest.ini").unlink(missing_ok=True)
    project.pytester.makepyprojecttoml(f"[tool.pytest]\n{setting}\n")
    project.pytester.makepyfile("def test_it(): pass")
    result = project.run()

    is_warned = "does not read [tool.pytest]" in result.stdout.str()
    assert is_warned == setting.startswith("xray_")
    assert result.ret == 0


TABLES = {
    "wrong type": "[tool.pytest]\nxray_test_plan = 7\n",
    "both": "[tool.pytest]\naddopts = []\n[tool.pytest.ini_options]\naddopts = ''\n",
}


@pytest.mark.fault("D04", "D06")
@pytest.mark.skipif(int(pytest.__version__.split(".")[0]) < 9, reason="came with 9")
@pytest.mark.parametrize("table", TABLES)
def test_tables_that_pytest_or_we_refuse(project: Project, table: str) -> None:
    """Exit code 4 before the first test, and no traceback."""
    project.pytester.makepyprojecttoml(TABLES[table])
    project.pytester.makepyfile(TWO + "    pass\n")
    result = project.upload()

    assert result.ret == 4
    assert "Traceback" not in result.stdout.str() + result.stderr.str()


@pytest.mark.fault("D18")
def test_other_plugins_together(project: Project) -> None:
    """Reruns, workers, scenarios and tests of other plugins: one upload."""
    project.pytester.makefile(
        ".feature", f="Feature: F\n  @CALC-3\n  Scenario: S\n    Given it works\n"
    )
    project.pytester.makepyfile(
        TWO + "    assert count() > 1\n",
        test_f="""
        from pytest_bdd import given, scenarios
        scenarios("f.feature")

        @given("it works")
        def _(): pass
        """,
    )
    project.pytester.makeconftest(
        """
        import builtins, pathlib

        def count():
            path = pathlib.Path("count")
            path.write_text(path.read_text() + "." if path.exists() else ".")
            return len(path.read_text())

        builtins.count = count
        """
    )
    others = ("-p", "hypothesispytest", "-p", "pytest_httpserver")
    result = project.upload("-n", "2", *RERUNS, "2", *others)

    assert result.ret == 0
    found = project.statuses
    assert {key: found[key] for key in ("CALC-1", "CALC-2", "CALC-3")} == {
        f"CALC-{number}": "PASS" for number in (1, 2, 3)
    }
