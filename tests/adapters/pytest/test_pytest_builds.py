"""A session is shown as a build in Jira, with pytest's own counts."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest
from werkzeug import Response

from tests.adapters.pytest.conftest import OURS, RERUNS, Project
from tests.scripted_xray import CREATED, OTHER_IMPORTS


if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.scripted_xray import Xray

BULK = "/jira/builds/0.1/cloud/abc/bulk"
# One test of each outcome that pytest has, and some that share their name.
TESTS = """
import pathlib, pytest

@pytest.mark.xray(requirements=["SHOP-7"])
def test_passes(): pass

@pytest.mark.parametrize("n", range(3))
def test_rows(n): assert n < 2

def test_skips(): pytest.skip("no")

@pytest.mark.skip
def test_is_skipped(): pass

@pytest.mark.xfail
def test_fails_as_expected(): assert False

@pytest.mark.xfail
def test_passes_unexpectedly(): pass

@pytest.mark.xfail(strict=True)
def test_passes_strictly(): pass

@pytest.fixture
def broken(): raise RuntimeError

def test_has_a_broken_fixture(broken): pass

def test_is_flaky():
    path = pathlib.Path("tried")
    if not path.exists():
        path.touch()
        assert False
"""
ENVIRON = {
    "GITLAB_CI": "true",
    "CI_PROJECT_PATH": "acme/api",
    "CI_JOB_NAME": "unit",
    "CI_PIPELINE_IID": "812",
    "CI_PIPELINE_ID": "99",
    "CI_PIPELINE_URL": "https://gitlab.com/acme/api/-/pipelines/99",
    "CI_COMMIT_REF_NAME": "feature/CALC-12",
    "CI_COMMIT_MESSAGE": "CALC-13 add",
    "XRAY_PROJECT": "CALC",
    "XRAY_CLIENT_ID": "id-of-xray",
    "XRAY_CLIENT_SECRET": "s3cret-of-xray",
    "XRAY_JIRA_CLIENT_ID": "id-of-oauth",
    "XRAY_JIRA_CLIENT_SECRET": "s3cret-of-oauth",
    "XRAY_JIRA_CLOUD_ID": "abc",
    "XRAY_JIRA_BUILD": "on",
    "XRAY_PREFLIGHT": "off",
}


@pytest.fixture
def jira(xray: Xray) -> Xray:
    """Xray Cloud and Jira's builds, which take everything."""
    created = CREATED["testExecIssue"]
    paths = ("/junit", "/junit/multipart", *OTHER_IMPORTS)
    taken = Response(json.dumps({"acceptedBuilds": [{}]}), 202)
    xray.script = {
        "/api/v2/authenticate": ["a.token.made-of-base64"],
        "/oauth/token": [{"access_token": "t0ken"}],
        BULK: [taken],
        **{f"/api/v2/import/execution{path}": [created] for path in paths},
    }
    return xray


def environ_for(jira: Xray, **also: str) -> dict[str, str]:
    """A GitLab job whose Xray and Jira are the scripted server."""
    return {**ENVIRON, "XRAY_URL": jira.url, "XRAY_JIRA_API_URL": jira.url, **also}


def builds(jira: Xray) -> list[dict[str, Any]]:
    """All builds that were sent, in their order."""
    return [json.loads(each.body)["builds"][0] for each in jira.posts(BULK)]


def wait_for(found: Callable[[], bool]) -> None:
    """Wait for another process, ten seconds at most."""
    end = time.monotonic() + 10
    while not found():
        assert time.monotonic() < end
        time.sleep(0.02)


def count_junit(path: Path) -> dict[str, int]:
    """The counts of pytest's JUnit report; a test with two results is one."""
    (suite,) = ET.parse(path).getroot()  # noqa: S314 - pytest wrote it
    failed = int(suite.get("failures", "")) + int(suite.get("errors", ""))
    skipped, total = int(suite.get("skipped", "")), int(suite.get("tests", ""))
    return {
        "totalNumber": total,
        "numberPassed": total - failed - skipped,
        "numberFailed": failed,
        "numberSkipped": skipped,
    }


def test_counts_are_those_of_pytest(
    project: Project, workers: tuple[str, ...], jira: Xray
) -> None:
    """The same as in pytest's own JUnit report, which was written beside it."""
    project.pytester.makepyfile(TESTS)
    project.run(
        "--xray-upload",
        "--junit-xml=junit.xml",
        *(*RERUNS, "1", "--only-rerun=assert"),
        *workers,
        **environ_for(jira),
    )
    (build,) = builds(jira)

    assert build["testInfo"] == count_junit(project.pytester.path / "junit.xml")
    assert build["testInfo"] == {
        "totalNumber": 11,
        "numberPassed": 5,
        "numberFailed": 3,
        "numberSkipped": 3,
    }
    assert build["description"] == "3 of 11 tests failed; Test Execution CALC-77"
    assert build["pipelineId"] == "acme/api/unit"
    assert build["associations"][0]["values"] == ["CALC-12", "CALC-13", "SHOP-7"]


def test_a_session_says_what_it_sent(project: Project, jira: Xray) -> None:
    """The line is below those of the upload."""
    project.pytester.makepyfile("def test_a(): pass")
    result = project.run("--xray-upload", **environ_for(jira))

    line = "Note: build acme/api/unit #812 sent to Jira as successful: CALC-12, CALC-13"
    result.stdout.fnmatch_lines(["Test Execution: CALC-77*", line])
    assert result.ret == 0


@pytest.mark.real_start
def test_a_build_in_progress_is_replaced_by_the_finished_one(
    project: Project, workers: tuple[str, ...], jira: Xray
) -> None:
    """Both have the same identity, and the second has the greater number."""
    project.pytester.makepyfile("def test_a(): pass")
    states = "in_progress,successful"
    result = project.run(
        "--xray-upload", *workers, **environ_for(jira, XRAY_JIRA_BUILD_ON=states)
    )
    wait_for(lambda: len(builds(jira)) == 2)
    begun, ended = sorted(builds(jira), key=lambda b: str(b["state"]))

    assert result.ret == 0
    assert (begun["state"], ended["state"]) == ("in_progress", "successful")
    assert begun["pipelineId"] == ended["pipelineId"] == "acme/api/unit"
    assert begun["buildNumber"] == ended["buildNumber"] == 812
    assert begun["updateSequenceNumber"] < ended["updateSequenceNumber"]
    assert begun["associations"][0]["values"] == ["CALC-12", "CALC-13"]


def test_the_first_test_does_not_wait_for_jira(project: Project, jira: Xray) -> None:
    """Whatever Jira says at the start is no error of the session."""
    project.pytester.makepyfile("def test_a(): pass")
    jira.script["/oauth/token"] = [Response("{}", 401)]
    environ = environ_for(jira, XRAY_JIRA_BUILD_ON="in_progress")
    result = project.run("--xray-upload", **environ)
    wait_for(lambda: "POST /oauth/token" in jira.lines)

    assert result.ret == 0
    assert "OAuth" not in result.stdout.str()
    assert builds(jira) == []


@pytest.mark.parametrize("state", ["cancelled", "failed"])
def test_an_interrupted_build_does_not_stay_in_progress(
    project: Project, jira: Xray, state: str
) -> None:
    """Nothing goes to Xray; Jira is told, if the state is one of those to send."""
    project.pytester.makepyfile(
        "import pathlib, time\n"
        "def test_a(): pass\n"
        "def test_b():\n"
        "    pathlib.Path('running').touch()\n"
        "    time.sleep(60)\n"
    )
    environ = environ_for(jira, XRAY_JIRA_BUILD_ON=f"in_progress,{state}")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *OURS]
    process = subprocess.Popen(
        [*command, "--xray-upload"],
        cwd=project.pytester.path,
        env={**os.environ, **environ},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    wait_for((project.pytester.path / "running").exists)
    wait_for(lambda: len(builds(jira)) == 1)
    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=60)
    sent = builds(jira)[1:]

    assert "Interrupted, so nothing was uploaded." in output
    assert not [line for line in jira.lines if "import" in line]
    assert [each["state"] for each in sent] == ["cancelled"] * (state == "cancelled")
    assert [each["testInfo"]["totalNumber"] for each in sent] == [1] * len(sent)


def test_a_run_that_xray_does_not_take_is_shown_all_the_same(
    project: Project, jira: Xray
) -> None:
    """The build is not less real than its results."""
    project.pytester.makepyfile("def test_a(): pass")
    refused = Response('{"error": "no"}', 400)
    for path in list(jira.script):
        if "import" in path:
            jira.script[path] = [refused]
    result = project.run("--xray-upload", **environ_for(jira))
    (build,) = builds(jira)

    assert result.ret == 80
    assert build["state"] == "successful"
    assert build["description"] == (
        "1 of 1 test passed; the results are not in Xray yet"
    )


def test_a_resend_replaces_the_build(project: Project, jira: Xray) -> None:
    """Now it names the Test Execution; nothing else of its identity changes."""
    project.pytester.makepyfile("def test_a(): pass")
    imports = {k: v for k, v in jira.script.items() if "import" in k}
    jira.script |= {k: [Response("{}", 400)] for k in imports}
    environ = environ_for(jira)
    project.run("--xray-upload", **environ)
    jira.script |= imports
    # On a person's machine, which is not in CI.
    for name in [each for each in environ if not each.startswith("XRAY_")]:
        del os.environ[name]
    code = subprocess.run(
        [sys.executable, "-m", "xray_bridge", "resend"],
        cwd=project.pytester.path,
        check=False,
    ).returncode
    before, after = builds(jira)
    changes = {name for name in before if before[name] != after[name]}

    assert code == 0
    assert changes == {"updateSequenceNumber", "description"}
    assert before["updateSequenceNumber"] < after["updateSequenceNumber"]
    assert after["description"].endswith("Test Execution CALC-77")


def test_a_failed_build_costs_no_result(project: Project, jira: Xray) -> None:
    """Exit code 84; a resend does only this again."""
    project.pytester.makepyfile("def test_a(): pass")
    jira.script[BULK] = [Response("[]", 403), Response('{"acceptedBuilds": [{}]}', 202)]
    result = project.run("--xray-upload", **environ_for(jira))
    imports = [line for line in jira.lines if "import" in line]
    again = subprocess.run(
        [sys.executable, "-m", "xray_bridge", "resend"],
        cwd=project.pytester.path,
        check=False,
    ).returncode

    assert result.ret == 84
    result.stdout.fnmatch_lines(
        ["Test Execution: CALC-77*", "Note: build: HTTP 403 *permission Builds*"]
    )
    assert again == 0
    assert [line for line in jira.lines if "import" in line] == imports
    assert len(builds(jira)) == 2


def test_parts_send_nothing_and_the_merge_sends_once(
    project: Project, jira: Xray
) -> None:
    """The build has the tests of all parts."""
    project.pytester.makepyfile("def test_a(): pass")
    states = "in_progress,successful"
    environ = environ_for(jira, XRAY_JIRA_BUILD_ON=states)
    environ["XRAY_TEST_EXECUTION"] = "CALC-77"
    for job in ("unit 1/2", "unit 2/2"):
        project.run("--xray-collect", **{**environ, "CI_JOB_NAME": job})
    nothing = [*jira.sent]
    os.environ["CI_JOB_NAME"] = "report"
    code = subprocess.run(
        [sys.executable, "-m", "xray_bridge", "upload"],
        cwd=project.pytester.path,
        check=False,
    ).returncode
    (build,) = builds(jira)

    assert nothing == []
    assert code == 0
    assert build["testInfo"]["totalNumber"] == 2
    assert build["pipelineId"] == "acme/api/report"


def test_two_sessions_of_one_job_are_two_builds(project: Project, jira: Xray) -> None:
    """The second does not replace the counts of the first."""
    project.pytester.makepyfile(test_a="def test_a(): pass", test_b="def test_b(): 1/0")
    for name in ("test_a.py", "test_b.py"):
        project.run("--xray-upload", name, **environ_for(jira))

    assert [(each["pipelineId"], each["state"]) for each in builds(jira)] == [
        ("acme/api/unit", "successful"),
        ("acme/api/unit (2)", "failed"),
    ]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), ("successful", "1 of 1 test passed; the results are not in Xray yet")),
        (
            ("-k", "nothing"),
            ("unknown", "no test ran; the results are not in Xray yet"),
        ),
        (("no_file.py",), ("unknown", "no test ran; the results are not in Xray yet")),
    ],
)
def test_a_run_without_results_for_xray_is_shown(
    project: Project, jira: Xray, arguments: tuple[str, ...], told: tuple[str, str]
) -> None:
    """Tests without a key ran all the same; nothing stays in progress."""
    project.pytester.makepyfile("def test_a(): pass")
    states = "in_progress,successful,unknown"
    environ = environ_for(jira, XRAY_JIRA_BUILD_ON=states, XRAY_ONLY_KEYED="yes")
    project.run("--xray-upload", *arguments, **environ)
    wait_for(lambda: len(builds(jira)) == 2)
    begun, ended = sorted(builds(jira), key=lambda each: str(each["state"]))

    assert (ended["state"], ended["description"]) == told
    assert begun["updateSequenceNumber"] < ended["updateSequenceNumber"]
    assert not [line for line in jira.lines if "import" in line]


def test_a_dry_run_shows_the_build(project: Project, jira: Xray) -> None:
    """Nothing is sent, not even at the start."""
    project.pytester.makepyfile("def test_a(): pass")
    result = project.run(
        "--xray-dry-run",
        **environ_for(jira, XRAY_JIRA_BUILD_ON="in_progress,successful"),
    )

    result.stdout.fnmatch_lines(
        [
            f"  POST {jira.url}{BULK}",
            "    build acme/api/unit #812: successful, 1 of 1 test passed*",
            "    2 work items: CALC-12, CALC-13",
        ]
    )
    assert jira.sent == []


def test_data_center_gets_links(project: Project, xray: Xray) -> None:
    """Without OAuth credentials, by the login that takes the results."""
    project.pytester.makepyfile("def test_a(): pass")
    xray.script = {
        "/rest/api/2/field": [[]],
        "/rest/raven/2.0/import/execution/junit/multipart": [CREATED],
        "/rest/raven/2.0/import/execution/multipart": [CREATED],
        "/rest/api/2/issue/CALC-12/remotelink": [{"id": 1}],
        "/rest/api/2/issue/CALC-13/remotelink": [{"id": 1}],
    }
    environ = {k: v for k, v in environ_for(xray).items() if "CLIENT" not in k}
    result = project.run("--xray-upload", **{**environ, "XRAY_TOKEN": "t0ken-of-ann"})

    assert result.ret == 0
    assert [line for line in xray.lines if "remotelink" in line] == [
        "POST /rest/api/2/issue/CALC-12/remotelink",
        "POST /rest/api/2/issue/CALC-13/remotelink",
    ]


@pytest.mark.parametrize("asked", ["on", "off"])
def test_other_sessions_import_nothing_for_it(
    project: Project, jira: Xray, asked: str
) -> None:
    """The details of CI are read only if the session asks for builds."""
    project.pytester.makepyfile(
        "import sys\n"
        f"def test_a(): assert ('xray_bridge.ci.details' in sys.modules)"
        f" is {asked == 'on'}\n"
    )
    result = project.run("--xray-upload", **environ_for(jira, XRAY_JIRA_BUILD=asked))

    assert result.ret == 0
    assert len(builds(jira)) == (asked == "on")


def test_secrets_are_nowhere(project: Project, jira: Xray) -> None:
    """Neither in the output nor in the run directory."""
    project.pytester.makepyfile("def test_a(): pass")
    jira.script[BULK] = [Response('[{"message": "s3cret-of-oauth t0ken"}]', 400)]
    result = project.run("--xray-upload", **environ_for(jira))
    (run,) = project.runs
    texts = [path.read_text("utf-8") for path in run.iterdir() if path.is_file()]

    for text in (result.stdout.str(), *texts):
        assert "s3cret-of-oauth" not in text
        assert "t0ken" not in text
