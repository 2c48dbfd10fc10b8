"""Real sessions of pytest that end with a gate."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

from tests.adapters.pytest.conftest import OURS, PYTEST


if TYPE_CHECKING:
    from tests.adapters.pytest.conftest import Project

TESTS = """
import os
import pytest

@pytest.mark.xray("CALC-1")
def test_add():
    assert os.environ.get("BROKEN") != "yes"

@pytest.mark.xray("CALC-2")
def test_subtract():
    pass

@pytest.mark.skip
def test_later():
    pass
"""


@pytest.fixture
def shop(project: Project) -> Project:
    """A suite with two tests that run."""
    project.pytester.makepyfile(test_shop=TESTS)
    return project


def gate(project: Project, rules: str, more: str = "") -> None:
    """Write the project's file."""
    head = '[tool.xray-bridge]\nproject = "CALC"\ntest_plan = "CALC-15"\n'
    table = f"{head}\n{more}\n[tool.xray-bridge.gate]\n{rules}\n"
    project.pytester.makepyprojecttoml(table)


def test_a_green_run_that_does_not_keep_a_rule_ends_with_86(
    shop: Project, workers: tuple[str, ...]
) -> None:
    """The table is in the terminal and in the receipt."""
    gate(shop, "min_tests = 3\nmax_failures = 0")

    done = shop.upload(*workers)

    assert done.ret == 86
    done.stdout.fnmatch_lines(
        [
            "Gate: FAILED (min_tests)",
            "  RULE          LIMIT       FOUND  RESULT",
            "  min_tests     at least 3  2      FAILED",
            "  max_failures  at most 0   0      passed",
        ]
    )
    assert shop.receipt["gate"]["passed"] is False
    assert [row["rule"] for row in shop.receipt["gate"]["rules"]] == [
        "min_tests",
        "max_failures",
    ]


@pytest.mark.parametrize("product", ["server", "cloud"])
def test_every_test_of_the_plan_must_have_run(
    shop: Project, workers: tuple[str, ...], product: str
) -> None:
    """Xray knows the Tests of the plan, and those with a result."""
    gate(shop, "all_tests_of_plan = true")

    done = shop.upload(*workers, f"--xray-deployment={product}")

    assert done.ret == 86
    done.stdout.fnmatch_lines(
        "*all_tests_of_plan  a result each  * without  FAILED: CALC-3*"
    )
    done.stdout.no_fnmatch_line("*FAILED: *CALC-2*")


KNOWN = """
[[tool.xray-bridge.quarantine.tests]]
test = "CALC-1"
owner = "Anna"
until = 2999-12-31
"""
NOBODY = {"XRAY_URL": "http://127.0.0.1:9", "XRAY_TOKEN": "a-personal-token"}


def test_a_gate_that_is_passed_changes_nothing(shop: Project) -> None:
    """The exit code is 0, and the table says so."""
    gate(shop, "max_failures = 0\nenvironments = ['linux']")

    done = shop.upload("--xray-environments=linux")

    assert done.ret == 0
    done.stdout.fnmatch_lines(["Gate: passed", "  environments  linux *linux *passed"])


def test_a_red_run_keeps_its_exit_code(shop: Project, workers: tuple[str, ...]) -> None:
    """The gate replaces only 0."""
    gate(shop, "max_failures = 0")

    done = shop.upload(*workers, BROKEN="yes")

    assert done.ret == 1
    done.stdout.fnmatch_lines(
        "*max_failures  at most 0   1      FAILED: CALC-1 test_shop.test_add"
    )


def test_failures_in_quarantine_are_no_failures_of_the_gate(
    shop: Project, workers: tuple[str, ...]
) -> None:
    """The run is green, unless a quarantine is over."""
    gate(shop, "max_failures = 0\nno_expired_quarantine = true", KNOWN)
    spared = shop.upload(*workers, BROKEN="yes")
    ended = KNOWN.replace("CALC-1", "CALC-5").replace("2999", "2020")
    gate(shop, "max_failures = 0\nno_expired_quarantine = true", KNOWN + ended)

    expired = shop.upload(*workers, BROKEN="yes")

    assert (spared.ret, expired.ret) == (0, 86)
    expired.stdout.fnmatch_lines(
        "*no_expired_quarantine  none *1 expired  FAILED: CALC-5 (its quarantine "
        "ended on 2020-12-31)"
    )


@pytest.mark.parametrize("product", ["server", "cloud"])
def test_new_failures_are_those_that_the_last_run_had_not(
    shop: Project, workers: tuple[str, ...], product: str
) -> None:
    """The first run has nothing to compare with, and is not checked."""
    gate(shop, "max_new_failures = 0", KNOWN.replace("CALC-1", "CALC-9"))
    where = (*workers, f"--xray-deployment={product}")

    first = shop.upload(*where)
    new = shop.upload(*where, BROKEN="yes")
    again = shop.upload(*where, BROKEN="yes")

    row = "*max_new_failures  at most 0   {}      {}"
    assert (first.ret, new.ret, again.ret) == (0, 1, 1)
    first.stdout.fnmatch_lines(row.format(0, "passed"))
    new.stdout.fnmatch_lines(row.format(1, "FAILED: CALC-1 test_shop.test_add"))
    again.stdout.fnmatch_lines(row.format(0, "passed"))


def test_a_first_run_with_failures_is_not_compared(shop: Project) -> None:
    """One note says why."""
    gate(shop, "max_new_failures = 0")

    done = shop.upload(BROKEN="yes")

    done.stdout.fnmatch_lines(
        [
            "Gate: passed",
            "  max_new_failures  at most 0          not checked",
            "  not checked: max_new_failures: there is no earlier run of CALC-15",
        ]
    )


def test_the_gate_ignores_on_upload_error(shop: Project) -> None:
    """Results that are not delivered are a warning; the gate is not."""
    gate(shop, "min_tests = 3\nall_tests_of_plan = true")
    warn = "--xray-on-upload-error=warn"

    done = shop.upload(warn)
    lost = shop.run("--xray-upload", warn, "--xray-preflight=off", **NOBODY)
    failed = shop.run("--xray-upload", "--xray-preflight=off", **NOBODY)

    assert (done.ret, lost.ret, failed.ret) == (86, 86, 80)
    for each in (lost, failed):
        each.stdout.fnmatch_lines(
            [
                "Gate: FAILED (min_tests)",
                "  all_tests_of_plan *not checked",
                "  not checked: all_tests_of_plan: the results were not delivered",
            ]
        )


def test_rules_that_need_no_server_count_without_one(shop: Project) -> None:
    """A gate whose rules are kept is passed, also if nothing was delivered."""
    gate(shop, "min_tests = 1\nall_tests_of_plan = true")

    done = shop.run(
        "--xray-upload",
        "--xray-on-upload-error=warn",
        "--xray-preflight=off",
        **NOBODY,
    )

    assert done.ret == 0
    done.stdout.fnmatch_lines("Gate: passed")


def test_an_empty_run_does_not_pass(shop: Project) -> None:
    """Any rule brings min_tests = 1 with it; pytest has an exit code of its own."""
    gate(shop, "max_failures = 0")

    done = shop.upload("-k", "nothing")

    assert done.ret == pytest.ExitCode.NO_TESTS_COLLECTED
    done.stdout.fnmatch_lines("*min_tests     at least 1  0      FAILED")


def test_a_dry_run_names_the_rules(shop: Project) -> None:
    """It checks none of them."""
    gate(shop, "min_tests = 3\nall_tests_of_plan = true")

    done = shop.run("--xray-dry-run", "--xray-sandbox")

    assert done.ret == 0
    done.stdout.fnmatch_lines(
        "*then check: min_tests (at least 3), all_tests_of_plan (a result each)"
    )


def test_mistakes_end_the_session_before_its_first_test(shop: Project) -> None:
    """One usage error lists all of them."""
    gate(shop, "max_new_failure = 0\nmin_tests = -1\nmax_flaky = true")

    done = shop.run("--xray-collect")

    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines(
        "ERROR: gate (pyproject.toml): there is no rule max_new_failure (did you mean "
        "max_new_failures?); min_tests is -1, but must be a whole number from 0; "
        "max_flaky is True, but must be a whole number from 0"
    )


def test_parts_are_checked_as_one_run_when_they_are_merged(shop: Project) -> None:
    """A part that only collects has no gate."""
    gate(shop, "min_tests = 2\nenvironments = ['chrome', 'firefox']")
    parts = [
        shop.run("--xray-collect", f"--xray-environments={name}", "-k", test, **RUN_ID)
        for name, test in (("chrome", "add"), ("firefox", "subtract"))
    ]

    sent = command(shop, "upload", ".xray", "--sandbox")

    assert [each.ret for each in parts] == [0, 0]
    for each in parts:
        each.stdout.no_fnmatch_line("Gate*")
    assert sent.ret == 0
    sent.stdout.fnmatch_lines(["Gate: passed", "  environments  chrome, firefox *"])


def test_test_executions_of_several_environments_have_one_gate(shop: Project) -> None:
    """Together they have all Test Environments and all tests."""
    gate(shop, "min_tests = 2\nenvironments = ['chrome', 'firefox']")
    for name, test in (("chrome", "add"), ("firefox", "subtract")):
        shop.run("--xray-collect", f"--xray-environments={name}", "-k", test, **RUN_ID)

    split = "--split-by=environment"
    sent = command(shop, "upload", ".xray", "--sandbox", split)

    assert sent.ret == 0
    sent.stdout.fnmatch_lines("Gate: passed")
    assert sent.stdout.str().count("Gate: ") == 1


@pytest.fixture
def split_shop(shop: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Two Test Executions of one run; only firefox has a failure."""
    gate(shop, "min_tests = 2\nmax_failures = 0\nenvironments = ['chrome', 'firefox']")
    both = (("chrome", "subtract", "no"), ("firefox", "add", "yes"))
    for name, test, broken in both:
        where = f"--xray-environments={name}"
        given = {**RUN_ID, "BROKEN": broken}
        shop.run("--xray-collect", "--xray-sandbox", where, "-k", test, **given)
    monkeypatch.setenv("BROKEN", "no")
    return shop


def test_the_gate_of_a_rerun_is_about_all_test_executions(
    split_shop: Project, workers: tuple[str, ...]
) -> None:
    """The run became two; only one of them had a failure and ran again."""
    sent = command(split_shop, "upload", ".xray", "--sandbox", SPLIT)
    again = command(split_shop, "rerun", "--", *PYTEST, *workers)
    of_part = command(split_shop, "gate", split_shop.runs[-1].name, "--sandbox")

    assert [each.ret for each in (sent, again, of_part)] == [86, 0, 0]
    for each in (again, of_part):
        each.stdout.fnmatch_lines(
            [
                "  min_tests     at least 2       2                passed",
                "  max_failures  at most 0        0                passed",
                "  environments  chrome, firefox  firefox, chrome  passed",
            ]
        )


def test_the_gate_of_what_is_sent_later_is_about_all_test_executions(
    split_shop: Project,
) -> None:
    """One was sent before, and the failure of the other still counts."""
    chrome, firefox = (each.name for each in split_shop.runs)
    runs = split_shop.pytester.path / ".xray" / "runs"
    first = command(split_shop, "upload", str(runs / chrome), "--sandbox", SPLIT)
    rest = command(split_shop, "upload", ".xray", "--sandbox", SPLIT)
    again = command(split_shop, "rerun", firefox, "--", *PYTEST)

    assert (first.ret, rest.ret, again.ret) == (86, 86, 2)
    first.stdout.fnmatch_lines("Gate: FAILED (min_tests, environments)")
    rest.stdout.fnmatch_lines("Gate: FAILED (max_failures)")
    again.stderr.fnmatch_lines(f"*{firefox} was merged into * (rerun that run)*")


def test_a_rerun_of_what_was_not_sent_is_still_one_of_several(
    split_shop: Project,
) -> None:
    """It is sent with the others, and each has a Test Execution of its own."""
    lost = ("--url=http://127.0.0.1:9", "--deadline=2", SPLIT)
    unsent = command(split_shop, "upload", ".xray", *lost, XRAY_TOKEN="a-token")
    newest = split_shop.runs[-1].name
    again = command(split_shop, "rerun", newest, "--", *PYTEST, "--xray-collect")
    sent = command(split_shop, "upload", ".xray", "--sandbox", SPLIT)

    assert (unsent.ret, again.ret, sent.ret) == (80, 0, 0)
    assert {each.environments for each in split_shop.executions} == {
        ("chrome",),
        ("firefox",),
    }


def test_the_command_checks_results_that_are_there(shop: Project) -> None:
    """A run directory, its Test Execution, and the Test Plan."""
    gate(shop, "max_failures = 0\nall_tests_of_plan = true")
    shop.upload("--xray-gate={}", BROKEN="yes")
    (execution,) = shop.executions

    of_run = command(shop, "gate", shop.runs[-1].name, "--sandbox")
    of_execution = command(shop, "gate", execution.key, "--sandbox")
    of_plan = command(shop, "gate", "calc-15", "--sandbox", "--json")
    nothing = command(shop, "gate", execution.key, "--sandbox", "--gate", "{}")
    unknown = command(shop, "gate", "no-such-run", "--sandbox")

    assert [of_run.ret, of_execution.ret, of_plan.ret] == [86, 86, 86]
    of_run.stdout.fnmatch_lines(
        [
            "  max_failures       at most 0      1          FAILED: CALC-1 test_shop.*",
            "  all_tests_of_plan  a result each  1 without  FAILED: CALC-3",
        ]
    )
    of_execution.stdout.fnmatch_lines(
        [
            "  max_failures       at most 0      1          FAILED: CALC-1",
            "  all_tests_of_plan  a result each  1 without  FAILED: CALC-3",
        ]
    )
    rules = json.loads(of_plan.stdout.str())["rules"]
    assert [row["names"] for row in rules] == [[], ["CALC-1"], ["CALC-3"]]
    assert (nothing.ret, unknown.ret) == (2, 2)
    nothing.stderr.fnmatch_lines("*there is no gate: neither*")
    unknown.stderr.fnmatch_lines("*there is no run no-such-run*")


@pytest.mark.parametrize("product", ["server", "cloud"])
def test_requirements_of_the_version_must_have_a_test(
    shop: Project, product: str
) -> None:
    """A query of one's own counts instead; a version must be set."""
    gate(shop, "requirements_covered = true")
    where = f"--xray-deployment={product}"
    unset = shop.upload(where)
    store = shop.store
    with store.transaction():
        for key in ("CALC-70", "CALC-71"):
            if key != "CALC-70":
                store.add_requirement(key, "The calculator prints")
            store.change_issue(key, fix_versions=("v3.0",))

    found = shop.upload(where, "--xray-fix-version=v3.0")
    gate(shop, 'requirements_covered = "key = CALC-70"')
    query = shop.upload(where)

    assert (unset.ret, found.ret, query.ret) == (86, 86, 0)
    unset.stdout.fnmatch_lines("*FAILED: there is no fix version: set *")
    found.stdout.fnmatch_lines(
        "*requirements_covered  a Test each *1 without  FAILED: CALC-71 The calculator "
        "prints"
    )


@pytest.mark.real_start
def test_a_session_without_a_gate_imports_nothing_of_it(shop: Project) -> None:
    """Sessions that do not ask pay nothing."""
    shop.pytester.makeconftest(
        "import sys\n"
        "def pytest_unconfigure():\n"
        "    print([n for n in sys.modules if n.startswith('xray_bridge.gate')])\n"
    )

    shop.run("--xray-collect").stdout.fnmatch_lines("[[][]]")


def command(project: Project, *arguments: str, **environ: str) -> pytest.RunResult:
    """Run ``xray-bridge`` there."""
    project.environ(**environ)
    return project.pytester.run(sys.executable, "-m", "xray_bridge", *arguments)


RUN_ID = {"XRAY_RUN_ID": "7"}
SPLIT = "--split-by=environment"


@pytest.mark.parametrize("product", ["server", "cloud"])
def test_the_command_compares_test_executions(shop: Project, product: str) -> None:
    """With the one before that has the same Test Plan and Test Environments."""
    gate(shop, "max_failures = 5")
    where = (f"--xray-deployment={product}", "--xray-environments=linux")
    keys = []
    for broken in ("no", "yes", "yes"):
        shop.upload(*where, BROKEN=broken)
        keys.append(shop.executions[0].key)
    rules = '{"max_new_failures": 0, "environments": ["linux"], "max_flaky": 0}'
    asked = ("--sandbox", f"--deployment={product}", "--gate", rules)

    new = command(shop, "gate", keys[1], *asked)
    again = command(shop, "gate", keys[2], *asked)
    plan = command(shop, "gate", "CALC-15", *asked)

    assert (new.ret, again.ret, plan.ret) == (86, 0, 0)
    new.stdout.fnmatch_lines("*max_new_failures  at most 0   1      FAILED: CALC-1")
    again.stdout.fnmatch_lines("*environments      linux       linux  passed")
    plan.stdout.fnmatch_lines("*not checked: max_new_failures, environments: *")
    for each in (new, again, plan):
        each.stdout.fnmatch_lines("*not checked: max_flaky: Xray does not know *")


def test_the_gate_of_a_rerun_is_about_the_whole_test_execution(
    shop: Project, workers: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tests that passed before count, and so do failures that did not run again."""
    both = TESTS.replace("    pass", '    assert os.environ.get("BROKEN") != "yes"', 1)
    shop.pytester.makepyfile(test_shop=both)
    gate(shop, "min_tests = 2\nmax_failures = 0")
    shop.upload(*workers, BROKEN="yes")
    monkeypatch.setenv("BROKEN", "")
    again = (sys.executable, "-m", "xray_bridge", "rerun", "--", sys.executable)
    pytest_again = (*again, "-m", "pytest", *OURS, *workers)

    part = shop.pytester.run(*pytest_again, "-k", "test_add")
    rest = shop.pytester.run(*pytest_again)

    assert (part.ret, rest.ret) == (86, 0)
    part.stdout.fnmatch_lines(
        [
            "  min_tests     at least 2  2      passed",
            "  max_failures  at most 0   1      FAILED: CALC-2 test_shop.test_subtract",
        ]
    )
    rest.stdout.fnmatch_lines(["  min_tests     at least 2  2      passed"])
