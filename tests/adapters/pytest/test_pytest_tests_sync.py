"""Tests in Xray follow real suites of pytest and pytest-bdd, in the sandbox."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.adapters.pytest.conftest import Project
from xray_sandbox import Store
from xray_sandbox.store.repository import folder_of
from xray_sandbox.store.rows import IssueRow


PYPROJECT = """
    [tool.pytest.ini_options]
    xray_project = "CALC"

    [tool.xray-bridge.tests]
    folder = "/automated/${module}"
    labels = ["automated"]
    test_sets = { "shop/*" = "CALC-50" }
"""
SUITE = '''
    import pytest

    def test_cart():
        """A new cart is empty."""
        assert [] == []

    class TestPrices:
        @pytest.mark.parametrize("n", [1, 2])
        def test_row(self, n):
            assert n

    @pytest.mark.xray(summary="Title", requirements="CALC-70", labels="smoke")
    def test_marked():
        assert True

    @pytest.mark.xray(ignore=True)
    def test_ignored():
        assert 0
'''
FEATURE = (
    "Feature: F\n  @slow\n  Scenario: one\n    Given it is\n\n"
    "  Scenario Outline: rows\n    Given it is\n\n"
    "    Examples:\n      | n |\n      | 1 |\n      | 2 |\n"
)
STEPS = """
    from pytest_bdd import given, scenarios

    scenarios(".")

    @given("it is")
    def _(): pass
"""
NAMES = (
    "shop.test_shop.TestPrices.test_row[1]",
    "shop.test_shop.TestPrices.test_row[2]",
    "shop.test_shop.test_cart",
    "shop.test_shop.test_marked",
)


@pytest.fixture(params=["server", "cloud"])
def suite(project: Project, request: pytest.FixtureRequest) -> Project:
    """A suite that Xray does not know, on each product."""
    os.environ["XRAY_DEPLOYMENT"] = request.param
    project.pytester.makepyprojecttoml(PYPROJECT)
    folder = project.pytester.mkpydir("shop")
    project.pytester.makepyfile(test_shop=SUITE)
    Path("test_shop.py").rename(folder / "test_shop.py")
    return project


@pytest.fixture
def on_server(project: Project) -> Project:
    """A project without a suite, for what is the same on both products."""
    project.pytester.makepyprojecttoml(PYPROJECT)
    return project


def sync(project: Project, *arguments: str) -> pytest.RunResult:
    """Run ``xray-bridge tests sync``."""
    command = ("tests", "sync", "--sandbox", *arguments)
    return project.pytester.run(sys.executable, "-m", "xray_bridge", *command)


def open_store(project: Project) -> Store:
    """Open the sandbox's data."""
    return Store(project.pytester.path / ".xray" / "sandbox" / "sandbox.sqlite3")


def known_tests(project: Project) -> dict[str, IssueRow]:
    """Return Tests by definition, or summary; without those of the demo."""
    found = open_store(project).issues("type = ? AND number > 100", ("Test",))
    return {each.definition or each.summary: each for each in found}


def edit(name: str, old: str, new: str) -> None:
    """Change a file of the project."""
    text = Path(name).read_text()
    assert old in text
    Path(name).write_text(text.replace(old, new))


def lock_lines() -> dict[str, dict[str, Any]]:
    """Return the lines of the lock file by test."""
    text = Path("xray-tests.lock").read_text()
    lines = [json.loads(each) for each in text.splitlines()]
    return {each["test"]: each for each in lines[1:]}


def test_a_sync_creates_tests_and_an_upload_finds_them(suite: Project) -> None:
    """With texts, labels, folder, Test Set and requirement; each only once."""
    done = sync(suite)
    made = known_tests(suite)
    suite.upload("shop")
    cart, marked = made[NAMES[2]], made[NAMES[3]]
    store = open_store(suite)

    assert done.ret == 0
    done.stdout.fnmatch_lines(["Created: 4, changed: 0, unchanged: 0"])
    assert tuple(sorted(made)) == NAMES
    assert known_tests(suite).keys() == made.keys()
    assert {run.test_key for run in suite.executions[0].runs} == {
        each.key for each in made.values()
    }
    assert (cart.summary, cart.description) == ("test_cart", "A new cart is empty.")
    assert (marked.summary, marked.labels) == ("Title", ("automated", "smoke"))
    assert folder_of(marked) == "/automated/shop/test_shop"
    assert [each.key for each in store.holders_of(cart.id)] == ["CALC-50"]
    story = store.issue("CALC-70")
    assert story is not None
    assert marked.key in {each.key for each in store.tests_covering(story)}
    assert {name: line["key"] for name, line in lock_lines().items()} == {
        name: issue.key for name, issue in made.items()
    }


def test_a_second_sync_sends_nothing(suite: Project) -> None:
    """All is as the last one has written it."""
    sync(suite)
    lock = Path("xray-tests.lock").read_bytes()
    number = len(open_store(suite).requests())
    done = sync(suite)
    sent = open_store(suite).requests()[number:]

    done.stdout.fnmatch_lines(["Created: 0, changed: 0, unchanged: 4"])
    assert not [each for each in sent if each.path.endswith(("/issue", "/issueLink"))]
    assert sync(suite, "--check").ret == 0
    assert Path("xray-tests.lock").read_bytes() == lock


def test_a_renamed_and_moved_test_keeps_its_test(suite: Project) -> None:
    """The next upload goes to it, too."""
    sync(suite)
    before = known_tests(suite)
    edit("shop/test_shop.py", "test_cart", "test_new_cart")
    edit("shop/test_shop.py", "new cart", "fresh cart")
    Path("shop/test_shop.py").rename("shop/test_store.py")
    done = sync(suite)
    after = known_tests(suite)
    suite.upload("shop")
    cart = after["shop.test_store.test_new_cart"]

    assert done.ret == 0
    done.stdout.fnmatch_lines(
        [
            "Created: 0, changed: 4, unchanged: 0",
            "  changed CALC-*test_new_cart (was shop.test_shop.test_cart): summary, d*",
        ]
    )
    assert {each.key for each in after.values()} == {e.key for e in before.values()}
    assert cart.key == before[NAMES[2]].key
    assert (cart.summary, cart.description) == (
        "test_new_cart",
        "A fresh cart is empty.",
    )
    assert folder_of(cart) == "/automated/shop/test_store"
    assert known_tests(suite).keys() == after.keys()


def test_what_people_changed_stays(suite: Project) -> None:
    """What both have changed is named, and nothing is overwritten without a word."""
    sync(suite)
    store, before = open_store(suite), known_tests(suite)
    cart, marked = before[NAMES[2]].key, before[NAMES[3]].key
    store.change_issue(cart, description="Theirs", labels=("automated", "theirs"))
    store.change_issue(marked, summary="Their title")
    edit("shop/test_shop.py", "new cart", "fresh cart")
    conflict = sync(suite)
    seen = known_tests(suite)
    again = sync(suite, "--take", "code")
    after = known_tests(suite)

    assert conflict.ret == 85
    conflict.stdout.fnmatch_lines(
        [
            "Changed both in code and in Xray; nothing was overwritten*: 1",
            f"  {cart} shop/test_shop.py:3: shop.test_shop.test_cart: description",
        ]
    )
    assert seen[NAMES[2]].description == "Theirs"
    assert again.ret == 0
    assert after[NAMES[2]].description == "A fresh cart is empty."
    assert after[NAMES[2]].labels == ("automated", "theirs")
    assert after[NAMES[3]].summary == "Their title"


def test_without_a_lock_file_tests_are_found_by_their_names(suite: Project) -> None:
    """Texts of people stay, and what is missing is added."""
    suite.upload("shop")
    before = known_tests(suite)
    open_store(suite).change_issue(before[NAMES[3]].key, summary="Their title")
    done = sync(suite)
    after = known_tests(suite)

    assert done.ret == 0
    done.stdout.fnmatch_lines(
        [
            "Created: 0, changed: 4, unchanged: 0",
            "Found by name, and added to the lock file: 4",
            "Left as people wrote it: 1",
            "  CALC-* shop/test_shop.py:*: shop.test_shop.test_marked: summary",
        ]
    )
    assert after.keys() == before.keys()
    assert after[NAMES[3]].summary == "Their title"
    assert after[NAMES[2]].description == "A new cart is empty."
    assert sync(suite, "--check").ret == 0


@pytest.mark.parametrize("flag", ["--dry-run", "--check"])
def test_a_dry_run_sends_and_writes_nothing(suite: Project, flag: str) -> None:
    """It prints the plan; ``--check`` fails as long as there is one."""
    done = sync(suite, flag)

    assert done.ret == (85 if flag == "--check" else 0)
    done.stdout.fnmatch_lines(
        [
            "Dry run: nothing was sent. To create: 4, to change: 0, unchanged: 0",
            "  create shop/test_shop.py:3: shop.test_shop.test_cart",
        ]
    )
    assert not Path("xray-tests.lock").exists()
    assert not Path(".xray/sandbox/sandbox.sqlite3").exists() or not known_tests(suite)


def test_scenarios_of_pytest_bdd(suite: Project) -> None:
    """With their steps; their keys are written, and an upload finds them."""
    suite.pytester.makefile(".feature", calc=FEATURE)
    suite.pytester.makepyfile(test_calc=STEPS)
    first = sync(suite, "--", "test_calc.py")
    made = known_tests(suite)
    command = ("keys", "--write", "--sandbox", "--", "test_calc.py")
    suite.pytester.run(sys.executable, "-m", "xray_bridge", *command)
    suite.upload("test_calc.py")
    edit("calc.feature", "one\n    Given it is", "one\n    Given it is\n    And it is")
    second = sync(suite, "--", "test_calc.py")
    after = known_tests(suite)

    first.stdout.fnmatch_lines(
        ["run `xray-bridge keys --write` before the next upload, * for 2 scenarios"]
    )
    assert {e.kind for e in made.values()} == {"Cucumber"}
    assert made["one"].scenario == "Scenario: one\n  Given it is\n"
    assert made["rows"].scenario.startswith("Scenario Outline: rows\n  Given it is\n")
    assert made["one"].labels == ("automated", "slow")
    assert {run.test_key for run in suite.executions[0].runs} == {
        each.key for each in made.values()
    }
    second.stdout.fnmatch_lines(["Created: 0, changed: 1, unchanged: 1"])
    assert after["one"].scenario == "Scenario: one\n  Given it is\n  And it is\n"


def test_part_of_the_tests(suite: Project) -> None:
    """The others are neither renamed nor gone."""
    sync(suite)
    lines = lock_lines()
    edit("shop/test_shop.py", "test_cart", "test_new_cart")
    done = sync(suite, "--", "shop", "-k", "row")

    done.stdout.fnmatch_lines(["Created: 0, changed: 0, unchanged: 2"])
    done.stdout.no_fnmatch_line("*No longer in the code*")
    assert lock_lines() == lines


def test_a_deselecting_ini_file(suite: Project) -> None:
    """As if the tests were selected on the command line."""
    sync(suite)
    lines = lock_lines()
    os.environ["PYTEST_ADDOPTS"] = "-k row"
    done = sync(suite)

    done.stdout.no_fnmatch_line("*No longer in the code*")
    assert lock_lines() == lines


def test_a_deleted_test(suite: Project) -> None:
    """Its Test stays in Xray, and its line goes."""
    sync(suite)
    edit("shop/test_shop.py", "def test_cart", "def cart")
    done = sync(suite)

    assert done.ret == 0
    done.stdout.fnmatch_lines(
        [
            "No longer in the code; their Tests stay in Xray: 1",
            "  CALC-* shop.test_shop.test_cart",
        ]
    )
    assert NAMES[2] in known_tests(suite)
    assert NAMES[2] not in lock_lines()


def test_one_test_for_all_rows(suite: Project) -> None:
    """For suites whose functions have keys."""
    edit("pyproject.toml", "labels =", 'rows = "one"\nlabels =')
    done = sync(suite)
    command = ("keys", "--write", "--sandbox")
    suite.pytester.run(sys.executable, "-m", "xray_bridge", *command)
    made = known_tests(suite)
    suite.upload("shop")

    done.stdout.fnmatch_lines(
        ["run `xray-bridge keys --write` before the next upload, * each row of 1 test"]
    )
    assert "shop.test_shop.TestPrices.test_row" in made
    assert known_tests(suite).keys() == made.keys()


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (
            """
            import pytest
            @pytest.mark.parametrize("row", [[1], [2]])
            def test_it(row): pass
            """,
            "  test_it.py:*: test_it.test_it[[]row0]: its name contains the position*",
        ),
        (
            """
            import pytest
            @pytest.mark.xray("CALC-1", "CALC-2")
            def test_it(): pass
            """,
            "  test_it.py:2: test_it: it has the keys CALC-1 and CALC-2: a sync*",
        ),
        (
            """
            import pytest
            @pytest.mark.xray("CALC-1")
            @pytest.mark.xray("CALC-2")
            def test_it(): pass
            """,
            "  test_it.py:2: test_it: it has the keys CALC-2 and CALC-1: a sync*",
        ),
        (
            """
            import pytest
            @pytest.mark.xray("CALC-1")
            def test_it(): pass
            @pytest.mark.xray("CALC-1")
            def test_other(): pass
            """,
            "  test_it.py:2: test_it.test_it: CALC-1 is also on test_it.py:4: test_it*",
        ),
        (
            """
            import pytest
            @pytest.mark.xray("CALC-999")
            def test_it(): pass
            """,
            "  test_it.py:2: test_it.test_it: CALC-999 is no Test of the project that*",
        ),
    ],
    ids=["position", "keys", "marks", "shared", "unknown"],
)
def test_tests_that_are_not_synced(on_server: Project, code: str, said: str) -> None:
    """Each is named with what to do, and no Test is created or changed."""
    on_server.pytester.makepyfile(test_it=code)
    done = sync(on_server)

    assert done.ret == 85
    done.stdout.fnmatch_lines([said])
    assert known_tests(on_server) == {}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("<<<<<<< HEAD", "*line 6: a conflict of git is not resolved; keep the lines*"),
        ("{}", "*line 6: test is missing*"),
    ],
)
def test_a_damaged_lock_file(suite: Project, line: str, said: str) -> None:
    """Nothing is sent, and the file stays as it is."""
    sync(suite)
    lock = Path("xray-tests.lock")
    lock.write_text(f"{lock.read_text()}{line}\n")
    before = lock.read_bytes()
    edit("shop/test_shop.py", "new cart", "fresh cart")
    done = sync(suite)

    assert done.ret == 85
    done.stderr.fnmatch_lines([said])
    assert lock.read_bytes() == before
    assert known_tests(suite)[NAMES[2]].description == "A new cart is empty."


def test_a_test_that_cannot_be_collected(suite: Project) -> None:
    """The others are synced; none is gone, and the exit code says it."""
    sync(suite)
    Path("test_broken.py").write_text("import nothing_of_this_name\n")
    edit("shop/test_shop.py", "def test_cart", "def cart")
    done = sync(suite)

    assert done.ret == 85
    done.stdout.fnmatch_lines(["incomplete: test_broken.py could not be collected"])
    assert NAMES[2] in lock_lines()


def test_a_mistake_in_the_settings(on_server: Project) -> None:
    """It is named before any test is collected."""
    edit("pyproject.toml", "labels =", "label =")
    done = sync(on_server)

    assert done.ret == 2
    done.stderr.fnmatch_lines(
        ["*tests: there is no key label (did you mean labels?) [[]setting]"]
    )


def test_the_table_is_no_setting_of_a_session(suite: Project) -> None:
    """pytest and other commands ignore it."""
    assert suite.run("shop").ret == 1
    done = suite.pytester.run(sys.executable, "-m", "xray_bridge", "settings")

    assert done.ret == 0
    done.stdout.no_fnmatch_line("*automated*")


def test_a_pull_request_from_a_fork_changes_nothing(suite: Project) -> None:
    """Its author would choose the texts of Tests."""
    event = Path("event.json")
    repository = {"full_name": "mallory/shop", "fork": True}
    head = {"repo": repository}
    base = {"repo": {"full_name": "acme/shop"}}
    event.write_text(json.dumps({"pull_request": {"head": head, "base": base}}))
    os.environ |= {
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_NAME": "pull_request_target",
        "GITHUB_EVENT_PATH": str(event),
        "GITHUB_REPOSITORY": "acme/shop",
    }
    done = sync(suite)

    assert done.ret == 2
    done.stderr.fnmatch_lines(["*nothing was synced: this is a pull request from a*"])


def test_a_key_of_a_class_is_on_purpose(on_server: Project) -> None:
    """Its tests are results of one Test, which has texts of its own."""
    code = """
        import pytest

        @pytest.mark.xray("CALC-1")
        class TestShop:
            def test_one(self):
                '''One.'''
            def test_two(self): pass
    """
    on_server.pytester.makepyfile(test_it=code)
    done = sync(on_server)

    assert done.ret == 0
    done.stdout.fnmatch_lines(
        ["2 tests not synced, because the key is one of a class, file or feature"]
    )
    test = open_store(on_server).issue("CALC-1")
    assert test is not None
    assert test.description == ""


def test_secrets_are_not_sent(on_server: Project) -> None:
    """A name with one would be another name each time it changes."""
    os.environ["XRAY_TOKEN"] = "s3cret-nobody-may-see"
    code = """
        import os, pytest

        @pytest.mark.parametrize("row", [os.environ.get("XRAY_TOKEN", "")])
        def test_row(row): pass

        def test_it(): pass
        test_it.__doc__ = f"With {os.environ.get('XRAY_TOKEN')}."
    """
    on_server.pytester.makepyfile(test_it=code)
    done = sync(on_server)
    made = known_tests(on_server)

    assert done.ret == 85
    done.stdout.fnmatch_lines(["  test_it.py:*: *: its name contains a secret: give*"])
    assert [each.description for each in made.values()] == ["With ***."]
    assert "s3cret" not in done.stdout.str() + Path("xray-tests.lock").read_text()


def test_requirements_that_are_not_linked(suite: Project) -> None:
    """With ``links = false``, they are of no interest."""
    edit("pyproject.toml", "labels =", "links = false\nlabels =")
    sync(suite)
    store = open_store(suite)
    story = store.issue("CALC-70")

    assert story is not None
    made = {each.key for each in known_tests(suite).values()}
    assert not made & {each.key for each in store.tests_covering(story)}
    assert sync(suite, "--check").ret == 0
