"""Real sessions of pytest with rows of datasets in Xray."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from xray_sandbox.store.datasets import import_dataset


if TYPE_CHECKING:
    from tests.adapters.pytest.conftest import Project

LOGIN = """
import pytest

@pytest.mark.xray("CALC-905", dataset=True)
def test_login(user_name, password):
    assert password != "wrong"

def test_other():
    pass
"""
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
CSV = "User name,Password\nann,secret\nbob,wrong\n"
# Nobody listens there.
NO_SERVER = (
    *("--xray-upload", "--xray-url=http://127.0.0.1:9", "--xray-project=CALC"),
    *("--xray-deployment=server", "--xray-on-upload-error=warn"),
)
FETCH = "to fetch them, type xray-bridge datasets fetch CALC-905"


def put_dataset(project: Project, text: str, key: str = "CALC-905") -> None:
    """Put a dataset of a Test into the embedded sandbox."""
    store = project.store
    if store.issue(key) is None:
        store.add_test(key, project="CALC", summary="Log in")
    test = store.issue(key)
    assert test is not None
    import_dataset(store, test.id, text.encode())


def write_cache(project: Project, rows: list[list[str]], key: str = "CALC-905") -> None:
    """Write rows as if they had been fetched earlier."""
    folder = project.pytester.path / ".xray" / "datasets"
    folder.mkdir(parents=True, exist_ok=True)
    content = {
        "version": 1,
        "key": key,
        "fetched": "2026-11-28 17:00 UTC",
        "columns": ["User name", "Password"],
        "rows": rows,
    }
    (folder / f"{key}.json").write_text(json.dumps(content))


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


WRONG = """
import pytest

@pytest.mark.xray("CALC-905", dataset=True)
def test_typo(user_nam, password):
    pass

@pytest.mark.xray("CALC-905", dataset=True)
def test_nothing(tmp_path):
    pass

@pytest.mark.xray("CALC-905", "CALC-6", dataset=True)
def test_two_keys(password):
    pass

@pytest.mark.xray("CALC-905", dataset=3)
def test_number(password):
    pass
"""


@pytest.mark.parametrize("given", [("--xray-upload", "--xray-sandbox"), ()])
def test_wrong_arguments_are_refused_before_the_first_test(
    project: Project, workers: tuple[str, ...], given: tuple[str, ...]
) -> None:
    """One line for each function; a session that is not recorded lets them fail."""
    put_dataset(project, CSV)
    write_cache(project, [["ann", "secret"]])
    project.pytester.makepyfile(test_wrong=WRONG)

    done = project.run(*workers, *given)

    assert done.ret == (1 if workers and not given else 4)
    text = done.stdout.str() + done.stderr.str()
    for line in (
        "test_wrong.py:3: no column of a dataset for user_nam of test_typo: the d",
        "ataset of CALC-905 has user_name, password; did you mean user_name?",
        "test_wrong.py:7: test_nothing has no argument with the name of a column",
        "test_wrong.py:11: @pytest.mark.xray: dataset=True, but the test has the k",
        "eys CALC-905, CALC-6; name the Test: dataset='CALC-5'",
        "test_wrong.py:15: @pytest.mark.xray: dataset=3 is neither True nor False",
    ):
        assert line in text
