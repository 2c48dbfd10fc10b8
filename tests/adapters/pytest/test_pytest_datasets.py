"""Real sessions of pytest with rows of datasets in Xray."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

from xray_sandbox import CREDENTIALS, running
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


def keys_of(project: Project, *arguments: str) -> tuple[int, list[str]]:
    """Run ``xray-bridge keys`` in the project; its exit code and lines."""
    command = (sys.executable, "-m", "xray_bridge", "keys", "--sandbox", *arguments)
    done = project.pytester.run(*command)
    return int(done.ret), done.outlines


def test_keys_names_missing_and_extra_rows(login: Project) -> None:
    """The rows that were fetched last are compared with those in Xray."""
    put_dataset(login, CSV)
    write_cache(login, [["ann", "secret"], ["eve", "gone"]])

    code, lines = keys_of(login)

    assert code == 85
    assert "Rows of datasets: 2" in lines
    missing = "  CALC-905: 1 of 2 rows of its dataset missing here: bob-wrong"
    assert missing in lines
    extra = "here, but not in its dataset: User name=eve, Password=gone"
    assert f"  CALC-905: 1 row {extra}" in lines


def test_keys_says_which_rows_were_never_fetched(login: Project) -> None:
    """Without rows here there is nothing to compare, and nothing wrong."""
    put_dataset(login, CSV)

    code, lines = keys_of(login)

    assert code == 0
    assert any("its rows were never fetched here" in line for line in lines)


def test_keys_compares_rows_in_code_if_asked(project: Project) -> None:
    """Rows that a person has written are compared with ``--datasets`` only."""
    put_dataset(project, CSV)
    project.pytester.makepyfile(
        test_rows="""
        import pytest

        @pytest.mark.xray("CALC-905")
        @pytest.mark.parametrize("Password", ["secret", "other"])
        def test_rows(Password):
            pass
        """
    )

    quiet, _ = keys_of(project)
    code, lines = keys_of(project, "--datasets")

    assert (quiet, code) == (0, 85)
    assert any("missing here: bob-wrong" in line for line in lines)
    assert any("not in its dataset: Password=other" in line for line in lines)


def test_keys_compares_a_run_with_the_dataset_as_it_is_now(login: Project) -> None:
    """A row that was added since the run is missing in it."""
    put_dataset(login, CSV)
    login.upload()
    put_dataset(login, f"{CSV}eve,new\n")

    code, lines = keys_of(login, login.runs[0].name)

    assert code == 85
    assert any("1 of 3 rows of its dataset missing here: eve-new" in e for e in lines)


def test_a_dry_run_names_the_datasets_that_it_does_not_fetch(
    login: Project, workers: tuple[str, ...]
) -> None:
    """It runs the rows that were fetched last."""
    write_cache(login, [["ann", "secret"]])

    done = login.run(*workers, "--xray-dry-run", *NO_SERVER, XRAY_TOKEN="t")

    done.assert_outcomes(passed=2)
    done.stdout.fnmatch_lines(["*datasets that an upload would fetch: CALC-905*"])


def test_check_names_the_datasets_of_the_code(login: Project) -> None:
    """A person sees what a session will fetch."""
    command = (sys.executable, "-m", "xray_bridge", "check", "--sandbox")

    done = login.pytester.run(*command, "--project=CALC")

    done.stdout.fnmatch_lines(["ok *datasets *a session fetches the rows of CALC-905"])


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


BAD = """
import pytest

@pytest.mark.xray("CALC-{number}", dataset=True)
def test_it(name):
    pass

def test_other():
    pass
"""


LOGIN_OF = {
    "server": {"XRAY_TOKEN": CREDENTIALS.token},
    "cloud": {
        "XRAY_CLIENT_ID": CREDENTIALS.client_id,
        "XRAY_CLIENT_SECRET": CREDENTIALS.client_secret,
    },
}


@pytest.mark.parametrize("product", ["server", "cloud"])
@pytest.mark.parametrize(
    ("number", "content", "line"),
    [
        (999, "", "CALC-999 has no dataset: *; correct the key"),
        (2, "", "CALC-2 has no dataset in Xray; add one to the Test, or remove *"),
        (905, "Name\n", "the dataset of CALC-905 has no rows; add rows to it in Xray"),
        (
            905,
            "User name,user-name\na,b\n",
            "*'User name' and 'user-name' of the dataset of CALC-905 are both *",
        ),
    ],
)
def test_a_dataset_that_cannot_be_used_fails_one_test(
    project: Project, product: str, number: int, content: str, line: str
) -> None:
    """Its message says what to do; other tests run."""
    if content:
        put_dataset(project, content, key=f"CALC-{number}")
    project.pytester.makepyfile(test_bad=BAD.replace("{number}", str(number)))
    with running(project.pytester.path / ".xray" / "sandbox") as sandbox:
        done = project.run(
            *("--xray-upload", "--xray-project=CALC", f"--xray-url={sandbox.url}"),
            f"--xray-deployment={product}",
            **LOGIN_OF[product],
        )

    done.assert_outcomes(passed=1, errors=1)
    done.stdout.fnmatch_lines([f"*{line}"])


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


def test_parts_of_a_run_name_no_missing_rows(login: Project) -> None:
    """The whole is compared by ``xray-bridge keys``."""
    put_dataset(login, CSV)

    for words in ("ann", "not ann"):
        done = login.run("--xray-collect", "--xray-sandbox", "-k", words)
        done.stdout.no_fnmatch_line("*without a result*")
    _, first = keys_of(login, login.runs[0].name)
    code, _ = keys_of(login, *(each.name for each in login.runs))

    assert any("missing here: bob-wrong" in line for line in first)
    assert code == 0


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
