"""Bad input: one clear line before the first test, and exit code 4."""

from __future__ import annotations

from typing import Any

import pytest

from tests.adapters.pytest.conftest import Project


SERVER = {
    "XRAY_URL": "http://127.0.0.1:9",
    "XRAY_TOKEN": "very-secret-token",
    "XRAY_PROJECT": "CALC",
}
CASES: dict[str, tuple[dict[str, Any], str]] = {
    "unknown setting": (
        {"ini": "xray_tset_plan = CALC-15"},
        "*no setting 'xray_tset_plan' (did you mean xray_test_plan?)*",
    ),
    "unknown setting of -o": (
        {"args": ("-o", "xray_tset_plan=CALC-15")},
        "*no setting 'xray_tset_plan' (did you mean xray_test_plan?)*",
    ),
    "malformed key": (
        {"args": ("--xray-test-plan", "calc15")},
        "*--xray-test-plan (command line): 'calc15' is not an issue key*",
    ),
    "address without scheme": (
        {"env": {"XRAY_URL": "jira.example.com"}},
        "*XRAY_URL (environment): 'jira.example.com' is not an address*",
    ),
    "address with a password": (
        {"env": {"XRAY_URL": "https://me:hunter22@jira.example.com"}},
        "*must not contain a user name or password*",
    ),
    "no credential": (
        {"env": {"XRAY_TOKEN": ""}},
        "*no credentials (for Server/Data Center, set XRAY_TOKEN, or *",
    ),
    "incomplete credentials": (
        {"env": {"XRAY_TOKEN": "", "XRAY_USER": "me"}},
        "*incomplete credentials: XRAY_PASSWORD is not set*",
    ),
    "both kinds of credential": (
        {"env": {"XRAY_USER": "me", "XRAY_PASSWORD": "hunter22"}},
        "*several kinds of credentials are set*XRAY_TOKEN*XRAY_PASSWORD*",
    ),
    "secret on the command line": (
        {"args": ("--xray-token", "hunter22")},
        "*--xray-token must not be on a command line (set XRAY_TOKEN *",
    ),
    "secret in the ini file": (
        {"ini": "xray_password = hunter22"},
        "*xray_password must not be in tox.ini (set XRAY_PASSWORD *",
    ),
    "CA bundle that is not there": (
        {"args": ("--xray-verify", "/no/such/ca.pem")},
        "*'/no/such/ca.pem' cannot be read*",
    ),
    "unset variable": (
        {"ini": "xray_summary = ${NOPE_17}"},
        "*xray_summary (tox.ini): the environment variable NOPE_17 is not set*",
    ),
    "no project": ({"env": {"XRAY_PROJECT": ""}}, "*xray_project is not set*"),
    "report directory that is a file": (
        {"args": ("--xray-report-dir", "test_it.py")},
        "*no run directory can be created in *",
    ),
    "fields that are not JSON": (
        {"args": ("--xray-execution-fields", "{nope}")},
        "*--xray-execution-fields (command line): not JSON*",
    ),
    "Jira's address for Cloud": (
        {"env": {"XRAY_URL": "https://acme.atlassian.net"}},
        "*is a Jira Cloud site*",
    ),
    "http to Cloud": (
        {
            "env": {
                "XRAY_URL": "http://xray.cloud.getxray.app",
                "XRAY_TOKEN": "",
                "XRAY_CLIENT_ID": "id",
                "XRAY_CLIENT_SECRET": "hunter22",
            }
        },
        "*Xray Cloud does not accept http*",
    ),
    "duration of nonsense": (
        {"env": {"XRAY_DEADLINE": "soon"}},
        "*XRAY_DEADLINE (environment): 'soon' is not a duration*",
    ),
}


def test_malformed_marks_of_a_test_and_its_module_are_both_listed(
    project: Project,
) -> None:
    """The mark of the first test does not hide that of its module."""
    project.pytester.makepyfile(
        """
        import pytest

        pytestmark = pytest.mark.xray("of the module")

        @pytest.mark.xray("of the test")
        def test_first(): pass

        def test_second(): pass
        """
    )

    result = project.upload()

    output = result.stdout.str() + result.stderr.str()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "'of the test' is not an issue key" in output
    assert "'of the module' is not an issue key" in output


@pytest.mark.parametrize("case", CASES, ids=list(CASES))
@pytest.mark.fault("C12", "D03")
def test_one_line_says_what_and_how_to_mend_it(project: Project, case: str) -> None:
    """No test runs, no traceback, no secret."""
    given, expected = CASES[case]
    project.pytester.makefile(".ini", tox=f"[pytest]\n{given.get('ini', '')}\n")
    project.pytester.makepyfile(test_it="def test_it(): pass")
    environ = {**SERVER, "XRAY_PREFLIGHT": "off", **given.get("env", {})}

    result = project.run("--xray-upload", *given.get("args", ()), **environ)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    output = f"{result.stdout.str()}\n{result.stderr.str()}"
    errors = [line for line in output.splitlines() if "ERROR" in line or "Exit" in line]
    assert len(errors) == 1
    result.stderr.fnmatch_lines([f"ERROR: {expected}"])
    assert "Traceback" not in output
    assert "hunter22" not in output
    assert "very-secret-token" not in output


@pytest.mark.fault("D12")
def test_malformed_marks_are_listed_together(
    project: Project, workers: tuple[str, ...]
) -> None:
    """File and line of each, before the first test."""
    project.pytester.makepyfile(
        test_it="""
        import pytest

        @pytest.mark.xray("CALC 1")
        def test_blank(): pass

        @pytest.mark.xray
        def test_nothing(): pass

        @pytest.mark.xray("CALC-1", requirement="CALC-2")
        def test_misspelt(): pass

        @pytest.mark.xray("CALC-1")
        def test_right(): raise AssertionError("must not run")
        """
    )

    result = project.upload(*workers)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    output = f"{result.stdout.str()}\n{result.stderr.str()}"
    assert "test_it.py:3: @pytest.mark.xray: a Test key: 'CALC 1'" in output
    assert "test_it.py:6: @pytest.mark.xray: the mark is empty" in output
    assert "test_it.py:9: @pytest.mark.xray: unknown argument: requirement=" in output
    assert "(did you mean requirements=?)" in output
    assert "must not run" not in output
    assert not project.runs


def test_without_the_flag_nothing_is_checked(project: Project) -> None:
    """A malformed mark does not matter to a session that reports nothing."""
    project.pytester.makepyfile("import pytest\n@pytest.mark.xray\ndef test_it(): ...")

    result = project.run()

    assert result.ret == 0


@pytest.mark.parametrize("name", ["pyproject.toml", "xray-bridge.toml"])
def test_the_shared_file_can_ask_for_the_upload(project: Project, name: str) -> None:
    """``upload = true`` in the shared file is a door like any other."""
    table = "[tool.xray-bridge]\n" if name == "pyproject.toml" else ""
    content = f'{table}upload = true\nsandbox = true\nenvironments = ["a", "b"]\n'
    (project.pytester.path / name).write_text(content)
    project.pytester.makepyfile("def test_it(): pass")

    project.run()

    (execution,) = project.executions
    assert set(execution.environments) == {"a", "b"}


def test_the_command_line_wins_over_environment_and_ini(project: Project) -> None:
    """Command line, environment, ini, shared file: the first that speaks."""
    project.pytester.makepyfile("def test_it(): pass")
    project.pytester.makeini(
        """
        [pytest]
        xray_summary = from the ini file
        xray_revision = from the ini file
        xray_labels = ini
        """
    )
    shared = '[tool.xray-bridge]\nlabels = ["shared"]\ndescription = "shared"\n'
    (project.pytester.path / "pyproject.toml").write_text(shared)

    project.upload(
        "--xray-summary", "from the flag",
        XRAY_SUMMARY="from the environment",
        XRAY_REVISION="from the environment",
    )  # fmt: skip

    (execution,) = project.executions
    assert execution.summary == "from the flag"
    assert execution.revision == "from the environment"
    assert "ini" in execution.labels
    assert execution.description == "shared"


@pytest.mark.parametrize("flag", ["--xray-verify", "--xray-report-dir"])
def test_a_path_that_pytest_takes_for_tests_is_refused(
    project: Project, tmp_path_factory: pytest.TempPathFactory, flag: str
) -> None:
    """With a blank, pytest would miss the project's settings; with = it finds them."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    project.pytester.makeini("[pytest]\nxray_project = CALC")
    project.pytester.makepyfile("def test_it(): pass")

    blank = project.run("--xray-collect", flag, str(elsewhere))
    joined = project.run("--xray-collect", f"--xray-report-dir={elsewhere}")

    assert blank.ret == pytest.ExitCode.USAGE_ERROR
    blank.stderr.fnmatch_lines(
        [f"*for a path of tests and did not read *; write {flag}=*"]
    )
    assert joined.ret == 0
