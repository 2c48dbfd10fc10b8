"""The name of a test depends neither on the command line nor on the process."""

from __future__ import annotations

import json
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from pytest_xray_bridge import unstable_names
from pytest_xray_bridge.row_orders import RowOrders
from tests.adapters.pytest.conftest import Project


if TYPE_CHECKING:
    from pathlib import Path

SAMPLE = "def test_login(): assert {}\n"


def names(project: Project) -> list[str]:
    """The definitions in the newest journal."""
    return sorted(f"{each['classname']}.{each['name']}" for each in project.last)


@pytest.fixture
def two(project: Project) -> Project:
    """Two files of one name, below the project and beside its configuration."""
    folder = project.pytester.path
    for name, content in {
        "conf/pytest.ini": "[pytest]\naddopts = --import-mode=importlib\n",
        "tests/unit/test_user.py": SAMPLE.format(1),
        "tests/api/test_user.py": SAMPLE.format(0),
    }.items():
        path: Path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return project


BOTH = ["tests.api.test_user.test_login", "tests.unit.test_user.test_login"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["tests/unit", "tests/api"],
        ["tests"],
        [],
        ["tests/unit/test_user.py", "tests/api/test_user.py"],
        ["tests/unit/test_user.py::test_login", "tests/api"],
    ],
)
def test_two_tests_are_two(
    two: Project, workers: tuple[str, ...], arguments: list[str]
) -> None:
    """With a configuration that lies elsewhere, node ids lose folders; names do not."""
    two.upload("-c", "conf/pytest.ini", *arguments, *workers)

    assert names(two) == BOTH
    (execution,) = two.executions
    assert sorted(run.status for run in execution.runs) == ["FAIL", "PASS"]


def test_from_a_folder_within(two: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the session began makes no difference."""
    monkeypatch.chdir(two.pytester.path / "tests")

    two.upload("-c", "../conf/pytest.ini", "unit", "api")

    assert names(two) == BOTH


def test_an_installed_package(
    project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """``--pyargs``: it has its module's name, wherever it is installed."""
    package = tmp_path / "site-packages" / "shop" / "tests"
    package.mkdir(parents=True)
    for folder in (package.parent, package):
        (folder / "__init__.py").touch()
    (package / "test_cart.py").write_text(SAMPLE.format(1), encoding="utf-8")
    (project.pytester.path / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site-packages"))

    project.upload("--pyargs", "shop.tests")

    assert names(project) == ["shop.tests.test_cart.test_login"]


PATHS = """
import pytest

@pytest.mark.parametrize("p", ["/tmp/out.txt", "~/cfg", "/home/ci/cfg"])
def test_it(p): pass
"""


@pytest.mark.parametrize("home", ["/home/ci", "/home/me"])
def test_rows_that_are_paths(project: Project, home: str) -> None:
    """They have the same names on every machine, and are as many Tests."""
    project.pytester.makepyfile(test_paths=PATHS)

    project.upload(HOME=home)

    assert names(project) == [
        "test_paths.test_it[/home/ci/cfg]",
        "test_paths.test_it[/tmp/out.txt]",
        "test_paths.test_it[~/cfg]",
    ]


def test_the_group_of_xdist_is_known(project: Project) -> None:
    """A text that only looks like a group stays in the name."""
    project.pytester.makepyfile(
        test_groups="""
        import pytest

        @pytest.mark.xdist_group("one")
        @pytest.mark.parametrize("who", ["a@b", "a"])
        def test_it(who): pass

        @pytest.mark.parametrize("who", ["a@one"])
        def test_other(who): pass
        """
    )

    project.upload("-n2", "--dist=loadgroup")

    assert names(project) == [
        "test_groups.test_it[a@b]",
        "test_groups.test_it[a]",
        "test_groups.test_other[a@one]",
    ]


UNSTABLE = """
import enum, datetime, pathlib, uuid
import pytest

class Size(enum.IntEnum):
    SMALL = 1

class Colour(str, enum.Enum):
    RED = "red"

@pytest.mark.parametrize("row", [[1], [2]])
def test_list(row): pass

@pytest.mark.parametrize("size", [Size.SMALL])
def test_enum(size): pass

@pytest.mark.parametrize("who", [str(uuid.UUID(int=1, version=4))])
def test_uuid(who): pass

@pytest.mark.parametrize("now", [str(datetime.datetime.now(datetime.timezone.utc))])
def test_time(now): pass

@pytest.mark.parametrize("what", [repr(object())])
def test_address(what): pass

@pytest.mark.parametrize("text", ["a", 1, None, "2001-01-01", Size, Colour.RED])
def test_stable(text): pass

@pytest.mark.xray("CALC-1")
@pytest.mark.parametrize("row", [[1], [2]])
def test_with_a_key(row): pass
"""
REASONS = {
    "test_list": "2 tests without a Test key have the position of the row in the name",
    "test_enum": "1 test without a Test key has an enum member",
    "test_uuid": "1 test without a Test key has a UUID in the name",
    "test_time": "1 test without a Test key has a date in the name",
    "test_address": "1 test without a Test key has a memory address in the name",
}
if sys.version_info < (3, 11):
    # There the name of the member of an IntEnum is in the id, not its number.
    del REASONS["test_enum"]


def test_names_that_are_not_ours_to_keep(project: Project) -> None:
    """Each reason is printed once, before the first test, with the tests."""
    project.pytester.makepyfile(test_rows=UNSTABLE)

    result = project.upload()

    before, _, after = result.stdout.str().partition("test_rows.py .")
    lines = [line for line in before.splitlines() if line.startswith("xray-bridge: ")]
    assert len(lines) == len(REASONS)
    for name, reason in REASONS.items():
        (line,) = (each for each in lines if name in each)
        assert reason in line
    assert "without a Test key" not in after


def test_names_that_are_not_ours_to_keep_in_workers(project: Project) -> None:
    """Two workers say it once, and leave no file."""
    project.pytester.makepyfile(
        """
        import pytest

        @pytest.mark.parametrize("row", [[1], [2]])
        def test_list(row): pass
        """
    )

    result = project.upload("-n2")

    said = "xray-bridge: 2 tests without a Test key have the position"
    assert result.stdout.str().count(said) == 1
    assert not list(project.runs[0].glob("*.names"))


def test_nothing_is_said_where_tests_without_keys_stay_here(project: Project) -> None:
    """With ``only_keyed`` they go nowhere."""
    project.pytester.makepyfile(test_rows=UNSTABLE)

    result = project.upload("--xray-only-keyed")

    result.stdout.no_fnmatch_line("*without a Test key*")


OWN_NODEIDS = """
def pytest_collection_modifyitems(items):
    for item in items:
        item._nodeid = f"{item.nodeid}-chrome"
"""


@pytest.mark.skipif(pytest.version_tuple < (9, 2), reason="it is read before")
def test_node_ids_that_pytest_does_not_read(
    project: Project, workers: tuple[str, ...]
) -> None:
    """One line says which names these tests have."""
    project.pytester.makeconftest(OWN_NODEIDS)
    project.pytester.makepyfile(test_it="def test_it(): pass\n")

    result = project.upload(*workers)

    said = "xray-bridge: a conftest.py or a plugin sets _nodeid of 1 test"
    assert result.stdout.str().count(said) == 1
    assert names(project) == ["test_it.test_it"]


# A set, as it may be: its order is another one in each process.
OTHER_ORDERS = """
import dataclasses, os, pytest

@dataclasses.dataclass(frozen=True)
class Row:
    text: str

ROWS = [Row("a"), Row("b"), Row("c"), Row("d")]
if os.environ.get("PYTEST_XDIST_WORKER") == "gw1":
    ROWS.reverse()

@pytest.mark.parametrize("row", ROWS)
def test_rows(row):
    with open(os.environ["RAN"], "a") as file:
        file.write(row.text)

@pytest.mark.parametrize("row", [[1], {"a": {2}}])
def test_same_order(row): pass

@pytest.mark.parametrize("row", [[os.getpid()], [2]])
def test_other_rows(row): pass

@pytest.mark.parametrize("row", [object(), object()])
def test_objects(row): pass
"""


def test_rows_in_another_order_in_each_worker(project: Project) -> None:
    """The output counts rows that ran twice or never, although all tests are green."""
    project.pytester.makepyfile(test_rows=OTHER_ORDERS)
    ran = project.pytester.path / "ran"

    result = project.upload("-n2", RAN=str(ran))

    done = ran.read_text(encoding="ascii")
    never, twice = set("abcd") - set(done), len(done) - len(set(done))
    assert len(done) == 4
    result.stdout.fnmatch_lines(
        ["xray-bridge: xdist's workers have the rows of test_rows.py::test_rows in *"]
    )
    output = result.stdout.str()
    assert output.count("in different orders, for example") == 1
    rows = "1 row" if len(never) == 1 else f"{len(never)} rows"
    reason = f"{rows} of test_rows.py::test_rows never ran, and {twice} ran more than"
    assert (reason in output) == bool(never)
    assert result.ret == 0


COUNTED = (
    "1 row of a.py::test never ran, and 1 ran more than once: xdist's workers have "
    "them in different orders"
)


def report_of(nodeid: str, worker: str) -> Any:
    """As much of a report as is looked at."""
    gateway = SimpleNamespace(id=worker)
    return SimpleNamespace(nodeid=nodeid, node=SimpleNamespace(gateway=gateway))


@pytest.mark.parametrize(
    ("ran_in", "reasons"),
    [
        (["gw0", "gw0"], []),
        (["gw1", "gw1"], []),
        (
            ["gw0", "gw1"],
            [COUNTED],
        ),
        ([], []),
    ],
)
def test_rows_are_counted(
    tmp_path: Path, ran_in: list[str], reasons: list[str]
) -> None:
    """By their values in the worker where each ran."""
    orders = RowOrders()
    for worker, rows in {"gw0": "xy", "gw1": "yx"}.items():
        found = {f"a.py::test[row{number}]": row for number, row in enumerate(rows)}
        (tmp_path / f"{worker}.rows").write_text(json.dumps(found), encoding="ascii")
        orders.read(str(tmp_path), worker)
    for number, worker in enumerate(ran_in):
        orders.note_report(report_of(f"a.py::test[row{number}]", worker))
        orders.note_report(report_of(f"a.py::test[row{number}]", worker))

    assert list(orders.find_reasons()) == reasons
    assert not list(tmp_path.iterdir())


HOLDS_A_SECRET = """
import pytest

@pytest.mark.parametrize("who", ["ann", "s3cret-of-ours"])
def test_login(who): assert who == "ann"

@pytest.mark.xray("CALC-1")
@pytest.mark.parametrize("who", ["s3cret-of-ours"])
def test_with_a_key(who): pass
"""


def test_a_name_that_holds_a_secret(project: Project, workers: tuple[str, ...]) -> None:
    """Its result is left out and kept here; one with a key is sent, without it."""
    project.pytester.makepyfile(test_rows=HOLDS_A_SECRET)

    result = project.upload(*workers, XRAY_TOKEN="s3cret-of-ours")

    (execution,) = project.executions
    assert sorted(run.status for run in execution.runs) == ["PASS", "PASS"]
    assert project.statuses["CALC-1"] == "PASS"
    assert "FAIL" not in project.statuses.values()
    why = "its name contains the value of xray_token, so it is not sent"
    assert project.receipt["left_out"] == [f"test_rows.test_login[***]: {why}"]
    assert project.receipt["exit_code"] == 84
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["Left out: test_rows.test_login[[]***[]]: its name*"])
    (kept,) = (each for each in project.last if "withheld" in each)
    assert (kept["name"], kept["outcome"]) == ("test_login[***]", "failed")


def test_nothing_but_a_name_that_holds_a_secret(project: Project) -> None:
    """A green session does not hide it."""
    project.pytester.makepyfile(
        test_rows="""
        import pytest

        @pytest.mark.parametrize("who", ["s3cret-of-ours"])
        def test_login(who): pass
        """
    )

    result = project.upload(XRAY_TOKEN="s3cret-of-ours")

    assert result.ret == 84
    assert not project.executions
    result.stdout.fnmatch_lines(["Left out: test_rows.test_login[[]***[]]: its name*"])


def reason_of(monkeypatch: pytest.MonkeyPatch, name: str, value: object) -> str:
    """Return why the name of a row can change, in pytest before 9.2."""
    monkeypatch.setattr(unstable_names, "NAMES_LONG_TEXTS", True)
    callspec = SimpleNamespace(id=name, params={"text": value}, indices={"text": 0})
    item: Any = SimpleNamespace(callspec=callspec, own_markers=[], parent=None)
    return unstable_names.NameReasons().find_keyless(item)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("x" * 101, "x" * 101),
        ("x" * 101, b"x" * 101),
        ("\\xe4" * 101, "\u00e4" * 101),
        (f"1-{'x' * 101}-2", "x" * 101),
    ],
    ids=["text", "bytes", "umlauts", "among others"],
)
def test_a_long_text_is_a_name_until_pytest_is_updated(
    monkeypatch: pytest.MonkeyPatch, name: str, value: object
) -> None:
    """The next pytest names it by its position, and Xray gets a second Test."""
    reason = reason_of(monkeypatch, name, value)

    assert reason.startswith("a text of more than 100 characters, which pytest 9.2")


@pytest.mark.parametrize(
    ("name", "value"), [("short", "x" * 101), ("x" * 100, "x" * 100)]
)
def test_a_fixed_id_and_a_short_text_stay(
    monkeypatch: pytest.MonkeyPatch, name: str, value: object
) -> None:
    """All versions of pytest give these rows the same name."""
    assert reason_of(monkeypatch, name, value) == ""
