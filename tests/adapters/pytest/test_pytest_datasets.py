"""Real sessions of pytest with rows of datasets in Xray."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.adapters.pytest.datasets import (
    CSV,
    FETCH,
    LOGIN,
    LOGIN_OF,
    NO_SERVER,
    put_dataset,
    write_cache,
)
from xray_sandbox import running


if TYPE_CHECKING:
    from tests.adapters.pytest.conftest import Project

FUNCTION = """
import pytest
import xray_bridge

@pytest.mark.xray("CALC-905")
@pytest.mark.parametrize("row", xray_bridge.dataset("CALC-905"))
def test_row(row):
    assert row["User name"] == row["user_name"]

@pytest.mark.parametrize(
    ("secret", "name"), xray_bridge.dataset("CALC-905").values("password", "user_name")
)
def test_values(secret, name):
    assert (name, secret) in [("ann", "secret"), ("bob", "wrong")]

@pytest.mark.xray("CALC-905")
def test_loop():
    assert [row["password"] for row in xray_bridge.dataset("CALC-905")]
"""


@pytest.fixture
def login(project: Project) -> Project:
    """A test with a dataset, and another test in its file."""
    project.pytester.makepyfile(test_login=LOGIN)
    return project


@pytest.mark.parametrize("product", ["server", "cloud"])
def test_a_mark_gives_the_rows_of_a_dataset(
    login: Project, workers: tuple[str, ...], product: str
) -> None:
    """Each row is a test with a readable name, and all are one Test Run."""
    put_dataset(login, CSV)

    done = login.upload(
        *workers, "-v", "--xray-format=xray", f"--xray-deployment={product}"
    )

    done.assert_outcomes(passed=2, failed=1)
    done.stdout.fnmatch_lines(["*test_login[[]ann-secret[]] *"])
    (execution,) = login.executions
    (run,) = [each for each in execution.runs if each.test_key == "CALC-905"]
    assert [dict(each.parameters) for each in run.iterations] == [
        {"User name": "ann", "Password": "secret"},
        {"User name": "bob", "Password": "wrong"},
    ]
    cached = login.pytester.path / ".xray" / "datasets" / "CALC-905.json"
    assert json.loads(cached.read_text())["rows"] == [
        ["ann", "secret"],
        ["bob", "wrong"],
    ]


def test_a_function_gives_rows_too(project: Project, workers: tuple[str, ...]) -> None:
    """A row, its values by argument, and a loop in a test."""
    put_dataset(project, CSV)
    project.pytester.makepyfile(FUNCTION)

    done = project.upload(*workers, "-v", "--xray-format=xray")

    done.assert_outcomes(passed=5)
    done.stdout.fnmatch_lines(["*test_row[[]bob-wrong[]]*"])


def test_without_a_server_the_last_rows_are_run(
    login: Project, workers: tuple[str, ...]
) -> None:
    """One note says from when they are, and why."""
    write_cache(login, [["ann", "secret"]])

    done = login.run(*workers, *NO_SERVER, XRAY_TOKEN="t")

    done.assert_outcomes(passed=2)
    notes = [line for line in done.outlines if "CALC-905 are those of" in line]
    assert len(notes) == 1
    assert "2026-11-28 17:00 UTC, from .xray/datasets: " in notes[0]
    assert "127.0.0.1:9" in notes[0]


@pytest.mark.parametrize("given", [(), NO_SERVER], ids=["idle", "no-server"])
def test_without_rows_one_test_fails_and_says_what_to_type(
    login: Project, workers: tuple[str, ...], given: tuple[str, ...]
) -> None:
    """The other tests of its file run."""
    done = login.run(*workers, *given, XRAY_TOKEN="t")

    done.assert_outcomes(passed=1, errors=1)
    assert FETCH in done.stdout.str()


def test_an_ordinary_session_asks_nobody(
    login: Project, workers: tuple[str, ...]
) -> None:
    """It runs the rows that were fetched last, without a note."""
    write_cache(login, [["ann", "secret"], ["bob", "b"]])

    done = login.run(*workers)

    done.assert_outcomes(passed=3)
    done.stdout.no_fnmatch_line("*xray-bridge*datasets*")


def test_rows_without_a_result_are_named_at_the_end(
    login: Project, workers: tuple[str, ...]
) -> None:
    """Rows that were deselected are missing in Xray."""
    put_dataset(login, CSV)

    done = login.upload(*workers, "-k", "ann")

    done.assert_outcomes(passed=1, deselected=2 if not workers else 0)
    done.stdout.fnmatch_lines(
        ["*CALC-905: 1 of 2 rows of its dataset without a result: bob-wrong"]
    )


def test_a_dry_run_names_the_datasets_that_it_does_not_fetch(
    login: Project, workers: tuple[str, ...]
) -> None:
    """It runs the rows that were fetched last."""
    write_cache(login, [["ann", "secret"]])

    done = login.run(*workers, "--xray-dry-run", *NO_SERVER, XRAY_TOKEN="t")

    done.assert_outcomes(passed=2)
    done.stdout.fnmatch_lines(["*datasets that an upload would fetch: CALC-905*"])


MARKS = """
import pytest
import xray_bridge

KEY = "CALC-" + "906"

@pytest.mark.xray("CALC-905", dataset=True)
class TestLogin:
    def test_one(self, user_name): pass

    @pytest.mark.xray("CALC-906")
    def test_of_another_test(self, city): pass

    @pytest.mark.xray(dataset=False)
    def test_without(self): pass

@pytest.fixture
def user(user_name):
    return user_name.upper()

@pytest.mark.xray("CALC-7", "CALC-8", dataset="CALC-905")
@pytest.mark.parametrize("number", [1, 2])
def test_fixture(user, number):
    assert user in ("ANN", "BOB")

@pytest.mark.xray("CALC-9")
def test_computed_key():
    assert xray_bridge.dataset(KEY).values("city") == ["Rome"]
"""


def test_marks_of_classes_fixtures_and_other_parameters(
    project: Project, workers: tuple[str, ...]
) -> None:
    """Rows are combined with parameters; the closest mark decides."""
    put_dataset(project, CSV)
    put_dataset(project, "City\nRome\n", key="CALC-906")
    project.pytester.makepyfile(test_marks=MARKS)

    done = project.upload(*workers, "-v")

    done.assert_outcomes(passed=2 + 1 + 1 + 4 + 1)
    text = done.stdout.str()
    assert "test_of_another_test[Rome]" in text
    assert "test_fixture[bob-1]" in text


def test_a_list_of_tests_asks_nobody(login: Project) -> None:
    """Editors collect with the settings of the project, and without its server."""
    write_cache(login, [["ann", "secret"]])

    done = login.run("--collect-only", "-q", *NO_SERVER, XRAY_TOKEN="t")

    assert done.ret == 0
    done.stdout.fnmatch_lines(["test_login.py::test_login[[]ann-secret[]]"])
    done.stdout.no_fnmatch_line("*127.0.0.1*")


@pytest.mark.real_start
def test_a_session_without_datasets_imports_nothing_for_them(project: Project) -> None:
    """Neither a recorded one nor any other."""
    project.pytester.makepyfile(
        """
        import sys
        import pytest

        @pytest.mark.xray("CALC-2")
        def test_modules():
            known = "xray_bridge.datasets", "xray_bridge.recording.datasets"
            assert not [name for name in sys.modules if name.startswith(known)]
            assert "pytest_xray_bridge.datasets" not in sys.modules
        """
    )

    for given in ((), ("--xray-upload", "--xray-sandbox")):
        project.run(*given).assert_outcomes(passed=1)


def test_the_server_is_asked_once_for_each_dataset(
    project: Project, workers: tuple[str, ...]
) -> None:
    """The first process that needs a dataset asks for all that the code names."""
    put_dataset(project, CSV)
    put_dataset(project, "City\nRome\n", key="CALC-906")
    project.pytester.makepyfile(test_login=LOGIN)
    project.pytester.makepyfile(
        test_city='import xray_bridge\nROWS = xray_bridge.dataset("CALC-906")\n'
        "def test_city(): assert len(ROWS) == 1"
    )

    with running(project.pytester.path / ".xray" / "sandbox") as sandbox:
        done = project.run(
            *(*workers, "--xray-upload", "--xray-project=CALC"),
            *(f"--xray-url={sandbox.url}", "--xray-deployment=server"),
            **LOGIN_OF["server"],
        )

    done.assert_outcomes(passed=3, failed=1)
    exports = [
        request.query
        for request in sandbox.store.requests()
        if request.path.endswith("/dataset/export")
    ]
    assert sorted(exports) == ["testIssueKey=CALC-905", "testIssueKey=CALC-906"]
