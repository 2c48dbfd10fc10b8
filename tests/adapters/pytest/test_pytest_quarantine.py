"""Real sessions of pytest with failures in quarantine."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tests.adapters.pytest.conftest import RERUNS


if TYPE_CHECKING:
    from tests.adapters.pytest.conftest import Project

TESTS = """
import os
import pytest

@pytest.mark.xray("CALC-2")
def test_known():
    raise ValueError("known")

@pytest.mark.parametrize("row", range(3))
def test_rows(row):
    assert row != 1

def test_good():
    pass
"""
KNOWN = """
[[tool.xray-bridge.quarantine.tests]]
test = "CALC-2"
owner = "Anna"
issue = "CALC-99"
until = 2999-12-31
"""
ROWS = """
[[tool.xray-bridge.quarantine.tests]]
test = "test_shop.py::test_rows"
owner = "Ben"
until = 2999-12-31
"""
SPARED = "Quarantine: exit code 0, because all failures (2) are in it"
BROKEN_TEARDOWN = """
@pytest.fixture(scope="module", autouse=True)
def shop():
    yield
    raise OSError("the shop does not close")
"""


@pytest.fixture
def shop(project: Project) -> Project:
    """A suite with two failures."""
    project.pytester.makepyfile(test_shop=TESTS)
    return project


def quarantine(project: Project, *tables: str) -> None:
    """Write the project's file."""
    head = '[tool.xray-bridge]\nproject = "CALC"\n'
    project.pytester.makepyprojecttoml("\n".join((head, *tables)))


def comments(project: Project) -> dict[str, str]:
    """Return the comments of the failed Test Runs in the newest Test Execution."""
    runs = project.executions[0].runs
    failed = (run for run in runs if run.status.startswith("FAIL"))
    return {run.test_key: run.comment for run in failed}


@pytest.mark.parametrize("product", ["server", "cloud"])
def test_a_run_whose_failures_are_all_in_quarantine_ends_with_0(
    shop: Project, workers: tuple[str, ...], product: str
) -> None:
    """Xray gets FAIL with a comment, and pytest's summary stays red."""
    quarantine(shop, KNOWN, ROWS)

    done = shop.upload(*workers, f"--xray-deployment={product}")

    assert done.ret == 0
    done.assert_outcomes(passed=3, failed=2)
    done.stdout.fnmatch_lines(
        [
            "Quarantined: CALC-2 test_shop.* *: Anna until 2999-12-31, CALC-99",
            "Quarantined: test_shop.test_rows[[]1[]] [[]xb-*[]]: Ben until 2999-12-31",
            SPARED,
        ]
    )
    (known,) = (text for key, text in comments(shop).items() if key == "CALC-2")
    (rows,) = (text for key, text in comments(shop).items() if key != "CALC-2")
    assert "Quarantined by Anna until 2999-12-31, CALC-99" in known
    assert "Quarantined by Ben until 2999-12-31" in rows


def test_one_failure_that_is_not_in_quarantine_makes_the_run_red(
    shop: Project, workers: tuple[str, ...]
) -> None:
    """Its fingerprint is printed, and what is in quarantine is listed, too."""
    quarantine(shop, KNOWN)

    done = shop.upload(*workers)

    assert done.ret == 1
    done.stdout.fnmatch_lines(
        [
            "Quarantined: CALC-2 *",
            "Not in quarantine: test_shop.test_rows[[]1[]] [[]xb-*[]]",
            "Quarantine: the exit code is not spared, because 1 of 2 failures count",
        ]
    )


@pytest.mark.parametrize(
    ("changed", "to", "reason"),
    [
        ('owner = "Anna"', "", "its quarantine has no owner"),
        ("until = 2999-12-31", "", "its quarantine has no date (until)"),
        ("2999-12-31", "2020-02-29", "its quarantine ended on 2020-02-29"),
        (
            'issue = "CALC-99"',
            'fingerprint = "xb-0123456789ab"',
            "it is another failure than the known one, xb-0123456789ab",
        ),
    ],
)
def test_a_quarantine_that_is_not_in_force_spares_nothing(
    shop: Project, changed: str, to: str, reason: str
) -> None:
    """One line says why the failure counts."""
    quarantine(shop, KNOWN.replace(changed, to), ROWS)

    done = shop.run("--xray-collect")

    assert done.ret == 1
    done.stdout.fnmatch_lines(
        "Quarantine not in force: CALC-2 test_shop.test_known [[]xb-*[]]: "
        + reason.replace("[", "[[]")
    )


def test_a_known_fingerprint_spares_the_failure(
    shop: Project, workers: tuple[str, ...]
) -> None:
    """The printed fingerprint, in the table, spares this failure only."""
    quarantine(shop, KNOWN, ROWS)
    first = shop.run("--xray-collect", *workers).stdout.str()
    label = first.partition("test_known [")[2].partition("]")[0]
    quarantine(shop, f'{KNOWN}fingerprint = "{label}"\n', ROWS)

    same = shop.run("--xray-collect", *workers)
    shop.pytester.makepyfile(test_shop=TESTS.replace("ValueError", "KeyError"))
    other = shop.run("--xray-collect", *workers)

    assert (same.ret, other.ret) == (0, 1)


@pytest.mark.parametrize(
    ("code", "code_at_end", "why"),
    [
        (
            "import missing_module",
            2,
            "results are missing: test_other.py could not be collected",
        ),
        (f"import pytest\n{BROKEN_TEARDOWN}\ndef test_it(): pass", 1, "1 of 3 *"),
        ("import os\ndef test_it(): os._exit(3)", 1, "1 of 3 failures count"),
        (
            "def test_it(request): request.session.testsfailed += 1",
            1,
            "there are failures that belong to no test of this run",
        ),
    ],
    ids=["collection", "teardown", "crash", "counted by another plugin"],
)
def test_what_is_no_failure_of_a_test_in_quarantine_is_never_spared(
    shop: Project, code: str, code_at_end: int, why: str
) -> None:
    """Errors outside of tests, and of other tests, keep pytest's exit code."""
    quarantine(shop, KNOWN, ROWS)
    shop.pytester.makepyfile(test_other=code)
    is_crash = "_exit" in code
    flags = ("-n", "1") if is_crash else ("--continue-on-collection-errors",)

    done = shop.run("--xray-collect", *flags)

    assert done.ret == (1 if code_at_end == 2 else code_at_end)
    done.stdout.fnmatch_lines(f"Quarantine: the exit code is not spared, because {why}")


def test_a_crash_of_a_test_in_quarantine_counts(shop: Project) -> None:
    """A worker that ends is no known failure."""
    quarantine(shop, KNOWN, ROWS)
    crash = TESTS.replace('raise ValueError("known")', "os._exit(3)")
    shop.pytester.makepyfile(test_shop=crash)

    done = shop.run("--xray-collect", "-n", "1")

    assert done.ret == 1
    done.stdout.fnmatch_lines("Quarantine not in force: *: its process crashed")


def test_a_teardown_of_a_test_in_quarantine_counts(shop: Project) -> None:
    """The fixture of a module fails with its last test, whoever that is."""
    quarantine(shop, KNOWN, ROWS)
    code = TESTS.replace("def test_good():\n    pass\n", "") + BROKEN_TEARDOWN
    shop.pytester.makepyfile(test_shop=code.replace("row != 1", "row != 2"))

    done = shop.run("--xray-collect")

    assert done.ret == 1
    done.stdout.fnmatch_lines(
        "*test_rows[[]2[]]*: a teardown failed, which may concern other tests"
    )


def test_a_run_that_stops_early_is_not_spared(shop: Project) -> None:
    """After -x some tests have no result."""
    quarantine(shop, KNOWN, ROWS)

    done = shop.run("--xray-collect", "-x")

    assert done.ret == 1
    done.stdout.fnmatch_lines("*not spared, because results are missing: 4 of 5 *")


def test_another_plugin_may_still_fail_the_session(shop: Project) -> None:
    """An exit code that a plugin sets at the end stays."""
    quarantine(shop, KNOWN, ROWS)
    shop.pytester.makeconftest(
        "def pytest_sessionfinish(session): session.exitstatus = 1"
    )

    assert shop.run("--xray-collect").ret == 1


def test_an_upload_that_fails_still_shows_in_the_exit_code(shop: Project) -> None:
    """The quarantine spares failures of tests only."""
    quarantine(shop, KNOWN, ROWS)

    done = shop.run(
        "--xray-upload", XRAY_URL="http://127.0.0.1:9", XRAY_TOKEN="a-personal-token"
    )

    assert done.ret == 80
    done.stdout.fnmatch_lines(SPARED)


def test_a_failure_that_passed_when_it_was_repeated_needs_no_quarantine(
    shop: Project,
) -> None:
    """A test that fails each time is spared after its repetitions."""
    quarantine(shop, KNOWN, ROWS)

    done = shop.run("--xray-collect", *RERUNS, "1")

    assert done.ret == 0
    done.stdout.fnmatch_lines(SPARED)


def test_an_entry_without_test_is_named_in_a_full_run(
    shop: Project, workers: tuple[str, ...]
) -> None:
    """A run of some tests does not know whether the others exist."""
    wrong = KNOWN.replace("CALC-2", "CALC-77")
    quarantine(shop, KNOWN, ROWS, wrong)
    line = (
        "Quarantine: CALC-77 names no test of this run; remove it, or correct its name"
    )

    whole = shop.run("--xray-collect", *workers)
    some = shop.run("--xray-collect", *workers, "-k", "known or rows")
    named = shop.run("--xray-collect", *workers, "test_shop.py")

    assert (whole.ret, some.ret, named.ret) == (0, 0, 0)
    whole.stdout.fnmatch_lines(line)
    some.stdout.no_fnmatch_line(line)
    named.stdout.no_fnmatch_line(line)


def test_mistakes_in_the_table_end_the_session_before_its_first_test(
    shop: Project,
) -> None:
    """One usage error lists all of them."""
    quarantine(
        shop,
        KNOWN,
        KNOWN.replace("until = 2999-12-31", 'until = "soon"'),
        KNOWN.replace("owner", "ovner"),
        '[[tool.xray-bridge.quarantine.tests]]\nowner = "x"\n',
    )

    done = shop.run("--xray-collect")

    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines(
        "ERROR: quarantine (pyproject.toml): CALC-2: until is 'soon', but must be a "
        "date, such as 2026-12-31; CALC-2: there is no key ovner (did you mean "
        "owner?); test 4: `test` is missing: a Test key, or a test's name; CALC-2 is "
        "there 3 times"
    )


@pytest.mark.parametrize("product", ["server", "cloud"])
def test_a_label_in_xray_puts_tests_into_quarantine(
    shop: Project, workers: tuple[str, ...], product: str
) -> None:
    """The assignee is the owner, and the due date the last day."""
    shop.upload()
    given = {"assignee": {"name": "anna"}, "duedate": "2999-12-31"}
    shop.store.change_issue("CALC-2", labels=("quarantine",), fields=given)
    quarantine(shop, '[tool.xray-bridge.quarantine]\nlabel = "quarantine"', ROWS)

    done = shop.upload(*workers, f"--xray-deployment={product}")

    assert done.ret == 0
    done.stdout.fnmatch_lines("Quarantined: CALC-2 *: anna until 2999-12-31, CALC-2")


def test_a_label_that_cannot_be_asked_for_spares_nothing(shop: Project) -> None:
    """One note says so; the tests of the table are spared as ever."""
    quarantine(shop, '[tool.xray-bridge.quarantine]\nlabel = "quarantine"', ROWS)

    done = shop.run(
        "--xray-collect", XRAY_URL="http://127.0.0.1:9", XRAY_TOKEN="a-personal-token"
    )

    assert done.ret == 1
    done.stdout.fnmatch_lines(
        [
            "Quarantined: test_shop.test_rows*",
            "Not in quarantine: CALC-2 *",
            "Note: Tests with the label of the quarantine are not known, *",
        ]
    )


def test_a_test_that_passed_often_enough_may_be_released(
    shop: Project, workers: tuple[str, ...]
) -> None:
    """The upload proposes it; nothing is changed."""
    quarantine(shop, "[tool.xray-bridge.quarantine]\nrelease_after = 3", KNOWN, ROWS)
    shop.pytester.makepyfile(test_shop=TESTS.replace("raise ValueError", "str"))
    line = (
        "Note: CALC-2 has passed 3 times in a row: it may leave the quarantine, in "
        "which it is for Anna until 2999-12-31, CALC-99"
    )

    early = [shop.upload(*workers) for _ in range(2)]
    done = shop.upload(*workers)

    assert done.ret == 0
    done.stdout.fnmatch_lines(line)
    done.stdout.no_fnmatch_line("*test_rows has passed*")
    for each in early:
        each.stdout.no_fnmatch_line("*in a row*")


@pytest.mark.real_start
def test_a_session_without_a_table_imports_nothing_of_the_quarantine(
    shop: Project,
) -> None:
    """Sessions that do not ask pay nothing."""
    quarantine(shop)
    shop.pytester.makeconftest(
        "import sys\n"
        "def pytest_unconfigure():\n"
        "    print([n for n in sys.modules if 'quarantine' in n and 'xray' in n])\n"
    )

    shop.run("--xray-collect").stdout.fnmatch_lines("[[][]]")


FEATURE = """
Feature: Cart
  Scenario: total
    Given it breaks
"""
STEPS = """
from pytest_bdd import given, scenarios

scenarios("cart.feature")

@given("it breaks")
def _(): assert False, "broken"
"""


@pytest.mark.parametrize("name", ["total", "cart.feature: total"])
def test_a_scenario_of_pytest_bdd_is_in_quarantine_by_its_name(
    project: Project, workers: tuple[str, ...], name: str
) -> None:
    """With or without the name of its file; the failed step has the note."""
    project.pytester.makefile(".feature", cart=FEATURE)
    project.pytester.makepyfile(test_cart=STEPS)
    quarantine(project, KNOWN.replace("CALC-2", name))

    done = project.run("--xray-collect", "--xray-report=out.json", *workers)

    assert done.ret == 0
    report = (project.pytester.path / "out.json").read_text()
    assert "Quarantined by Anna until 2999-12-31, CALC-99" in report


def test_shards_are_judged_one_by_one_and_sent_as_one(shop: Project) -> None:
    """The comment of a spared failure comes with the merged run."""
    quarantine(shop, KNOWN, ROWS)
    codes = [
        shop.run("--xray-collect", "-k", each, XRAY_RUN_ID="7").ret
        for each in ("known", "not known")
    ]

    sent = shop.pytester.run(
        sys.executable, "-m", "xray_bridge", "upload", ".xray", "--sandbox"
    )

    assert codes == [0, 0]
    assert sent.ret == 0
    known = comments(shop)["CALC-2"]
    assert "Quarantined by Anna until 2999-12-31, CALC-99" in known
