"""Feature files from Xray into a session of pytest-bdd."""

from __future__ import annotations

import pytest

from tests.adapters.pytest.conftest import Project
from xray_sandbox import Store


STEPS = """
    from pytest_bdd import given, parsers, scenarios, then, when

    scenarios("{features}")

    @given("a calculator", target_fixture="numbers")
    def _():
        return []

    @when(parsers.parse("I enter {{number:d}}"))
    def _(numbers, number):
        numbers.append(number)

    @then(parsers.parse("the sum is {{total:d}}"))
    def _(numbers, total):
        assert sum(numbers) == total
"""
ADDING = """\
Scenario: Adding
    Given a calculator
    When I enter 2
    And I enter 3
    Then the sum is 5
"""
WRONG = """\
Scenario: Adding wrongly
    Given a calculator
    When I enter 2
    Then the sum is 5
    When I enter 3
"""
OUTLINE = """\
Scenario Outline: Adding rows
    Given a calculator
    When I enter <a>
    Then the sum is <a>

    Examples:
      | a |
      | 1 |
      | 2 |
"""


@pytest.fixture
def suite(project: Project) -> Project:
    """Step definitions, and three Cucumber Tests in the sandbox."""
    data = project.pytester.path / ".xray" / "sandbox"
    data.mkdir(parents=True)
    store = Store(data / "sandbox.sqlite3")
    store.add_project("MATH")
    texts = {"MATH-1": ADDING, "MATH-2": WRONG, "MATH-3": OUTLINE}
    for key, text in texts.items():
        store.add_test(
            key, project="MATH", type="Cucumber", summary=text[10:25], scenario=text
        )
    project.pytester.makepyfile(test_math=STEPS.format(features="features"))
    return project


EXPORT = ("--xray-export-keys", "MATH-1;MATH-2;MATH-3", "--xray-project", "MATH")


@pytest.mark.parametrize("deployment", ["server", "cloud"])
def test_scenarios_are_fetched_run_and_reported(
    suite: Project, workers: tuple[str, ...], deployment: str
) -> None:
    """The directory did not exist; afterwards each Test has its status."""
    passed, failed = {"server": ("PASS", "FAIL"), "cloud": ("PASSED", "FAILED")}[
        deployment
    ]

    result = suite.upload(*EXPORT, "--xray-deployment", deployment, *workers)

    result.assert_outcomes(passed=3, failed=1)
    assert suite.receipt["report"]["format"] == "cucumber"
    assert suite.statuses == {"MATH-1": passed, "MATH-2": failed, "MATH-3": passed}


def test_outline_rows_become_examples(suite: Project) -> None:
    """One Test Run with a status for each row."""
    suite.upload(*EXPORT)

    (execution,) = suite.executions
    examples = {run.test_key: run.examples for run in execution.runs}
    assert examples["MATH-3"] == ("PASS", "PASS")


def test_testpaths_may_name_what_does_not_exist_yet(suite: Project) -> None:
    """pytest must not fall back to collecting everything."""
    suite.pytester.makeini("[pytest]\ntestpaths = features bdd")
    (suite.pytester.path / "bdd").mkdir()
    test = suite.pytester.path / "test_math.py"
    test.rename(suite.pytester.path / "bdd" / "test_math.py")
    steps = STEPS.format(features="../features").replace("    from", "from", 1)
    text = "\n".join(line.removeprefix("    ") for line in steps.splitlines())
    (suite.pytester.path / "bdd" / "test_math.py").write_text(text)
    (suite.pytester.path / "test_outside.py").write_text("def test_outside(): pass")

    result = suite.upload(*EXPORT)

    result.assert_outcomes(passed=3, failed=1)


def test_a_mixed_session_goes_as_xray_json(suite: Project) -> None:
    """Scenarios and plain tests fit into one Test Execution in one format."""
    suite.pytester.makepyfile(
        test_plain="""
        import pytest

        @pytest.mark.xray("CALC-1")
        def test_plain(): pass
        """
    )

    suite.upload(*EXPORT)

    assert suite.receipt["report"]["format"] == "xray"
    assert suite.statuses["CALC-1"] == "PASS"
    assert suite.statuses["MATH-2"] == "FAIL"


def test_an_existing_test_execution_takes_scenarios_as_xray_json(
    suite: Project,
) -> None:
    """The plain Cucumber endpoint takes no key; the Cucumber file is still written."""
    suite.upload(*EXPORT)
    key = suite.executions[0].key

    suite.upload(*EXPORT, "--xray-test-execution", key)

    (execution,) = suite.executions
    assert {run.test_key: run.status for run in execution.runs}["MATH-2"] == "FAIL"
    assert (suite.runs[-1] / "report-cucumber.json").exists()


def test_tags_are_no_marks_under_strict_markers(suite: Project) -> None:
    """Xray's tags would otherwise refuse the whole module."""
    result = suite.upload(*EXPORT, "--strict-markers")

    result.assert_outcomes(passed=3, failed=1)


def test_an_export_that_fails_ends_the_session(suite: Project) -> None:
    """Exit code 82, before any test, with one line."""
    result = suite.run(
        "--xray-export-keys", "MATH-1",
        XRAY_URL="http://127.0.0.1:9", XRAY_TOKEN="token", XRAY_DEADLINE="1s",
    )  # fmt: skip

    assert result.ret == 82
    result.stdout.fnmatch_lines(["*feature files could not be exported: 127.0.0.1:9*"])
    assert "passed" not in result.stdout.str()


def test_an_unknown_key_ends_the_session(suite: Project) -> None:
    """The user's own feature files are not touched."""
    own = suite.pytester.path / "features" / "own.feature"
    own.parent.mkdir()
    own.write_text("Feature: own")

    result = suite.run(
        "--xray-export-keys", "nonsense", XRAY_SANDBOX="yes", XRAY_UPLOAD="yes"
    )

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert own.read_text() == "Feature: own"


def test_an_undefined_step_is_a_failure(suite: Project) -> None:
    """Never a pass, never missing."""
    suite.pytester.makepyfile(
        test_math="""
        from pytest_bdd import given, scenarios

        scenarios("features")

        @given("a calculator")
        def _(): pass
        """
    )

    suite.upload("--xray-export-keys", "MATH-1", "--xray-project", "MATH")

    assert suite.statuses == {"MATH-1": "FAIL"}


def test_a_skip_in_a_step_is_a_skip(suite: Project) -> None:
    """The scenario is neither passed nor failed."""
    suite.pytester.makepyfile(
        test_math="""
        import pytest
        from pytest_bdd import given, parsers, scenarios, then, when

        scenarios("features")

        @given("a calculator")
        def _(): pytest.skip("no calculator")

        @when(parsers.re(".*"))
        def _(): pass

        @then(parsers.re(".*"))
        def _(): pass
        """
    )

    suite.upload("--xray-export-keys", "MATH-1", "--xray-project", "MATH")

    assert suite.statuses == {"MATH-1": "TODO"}


def test_a_directory_in_the_ini_file_is_relative_to_it(suite: Project) -> None:
    """Wherever pytest is started."""
    folder = suite.pytester.path / "bdd"
    folder.mkdir()
    (suite.pytester.path / "test_math.py").rename(folder / "test_math.py")
    ini = "[pytest]\nxray_export_keys = MATH-1\nxray_features_dir = features\n"
    (folder / "pytest.ini").write_text(ini)

    result = suite.upload("bdd", "--xray-project", "MATH")

    result.assert_outcomes(passed=1)
    assert (folder / "features").is_dir()
    assert not (suite.pytester.path / "features").exists()
