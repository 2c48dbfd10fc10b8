"""Scenarios of pytest-bdd have all their steps, with every outcome."""

from __future__ import annotations

import json
import textwrap
from dataclasses import replace
from importlib.metadata import version
from typing import TYPE_CHECKING

import pytest

from tests.adapters.pytest.conftest import RERUNS
from xray_bridge.model.results import Outcome, Scenario, Step
from xray_bridge.runs import codec


if TYPE_CHECKING:
    from tests.adapters.pytest.conftest import Project
    from xray_bridge.model.results import TestRun

BDD = tuple(map(int, version("pytest-bdd").split(".")[:2]))
WITH_GHERKIN = pytest.mark.skipif(
    BDD < (8, 0), reason="pytest-bdd 7 has a parser of its own, for a part of Gherkin"
)
P, F, S, N = Outcome.PASSED, Outcome.FAILED, Outcome.SKIPPED, Outcome.NOT_RUN
X, XP = Outcome.XFAILED, Outcome.XPASSED

STEPS = """
import os
import pathlib
import sys
import time
import unittest

import pytest
from pytest_bdd import given, parsers, scenario, scenarios, then, when


class Odd(Exception):
    def __str__(self):
        raise RuntimeError


@pytest.fixture
def broken():
    raise OSError("no database")

@pytest.fixture
def absent():
    pytest.skip("no database")

@pytest.fixture
def untidy():
    yield
    raise OSError("no database")

@given("a start")
@when("it works")
@then("all is well")
def _():
    pass

@when("it asserts")
def _():
    assert "one" == "two"

@when("it raises")
def _():
    raise OSError("no disk")

@when("it raises what cannot be shown")
def _():
    raise Odd

@when("it fails by pytest")
def _():
    pytest.fail("said so")

@when("it exits")
def _():
    sys.exit("that was it")

@when("it skips")
def _():
    pytest.skip("no display")

@when("it skips by unittest")
def _():
    raise unittest.SkipTest("no display")

@when("it fails as expected")
def _():
    pytest.xfail("known")

@when("it uses what is broken")
def _(broken):
    pass

@when(parsers.parse("it has {count}"), converters={"count": int})
def _(count):
    pass
"""
SCENARIO = """
  {tags}
  Scenario: {name}
    Given a start
    When {step}
    And it works
    Then all is well
"""
# By name: the tags, the step, what became of the whole and of each step.
IN_A_STEP = {
    "passes": ("", "it works", P, (P, P, P, P)),
    "asserts": ("", "it asserts", F, (P, F, N, N)),
    "raises": ("", "it raises", F, (P, F, N, N)),
    "raises oddly": ("", "it raises what cannot be shown", F, (P, F, N, N)),
    "fails by pytest": ("", "it fails by pytest", F, (P, F, N, N)),
    "exits": ("", "it exits", F, (P, F, N, N)),
    "is undefined": ("", "nobody wrote this", F, (P, F, N, N)),
    "skips": ("", "it skips", S, (P, S, N, N)),
    "skips by unittest": ("", "it skips by unittest", S, (P, S, N, N)),
    "fails as expected": ("", "it fails as expected", X, (P, X, N, N)),
    "needs a fixture": ("", "it uses what is broken", F, (P, F, N, N)),
    "takes no text": ("", "it has nothing", F, (P, F, N, N)),
    "is marked to fail": ("@xfail", "it asserts", X, (P, F, N, N)),
    "passes unexpectedly": ("@xfail", "it works", XP, (P, P, P, P)),
    "is skipped": ("@skip", "it works", S, (S, S, S, S)),
}


def steps_of(run: TestRun) -> tuple[Outcome, ...]:
    """The outcome of each step."""
    return tuple(step.outcome for step in run.steps)


def scenario_of(run: TestRun) -> Scenario:
    """The scenario of a run that has one."""
    assert run.scenario is not None

    return run.scenario


def recorded(project: Project) -> dict[str, TestRun]:
    """The runs of the only journal, by the scenario's or the test's name."""
    runs = [codec.decode(line) for line in project.journal]
    found = {run.scenario.name if run.scenario else run.test.name: run for run in runs}
    assert len(found) == len(runs)

    return found


def write(project: Project, feature: str, *more: str, **modules: str) -> None:
    """A feature, further lines for the module of its steps, other modules."""
    folder = project.pytester.path
    (folder / "all.feature").write_text(feature, "utf-8")
    module = "\n".join((STEPS, *more, 'scenarios("all.feature")'))
    (folder / "test_all.py").write_text(module, "utf-8")
    for name, text in modules.items():
        (folder / f"{name}.py").write_text(textwrap.dedent(text), "utf-8")


def a_feature(*scenarios: str) -> str:
    """A feature with these scenarios."""
    return "\n".join(("Feature: All", *scenarios))


def a_scenario(name: str, step: str = "it works", tags: str = "") -> str:
    """A scenario of four steps, of which the second is to be chosen."""
    return SCENARIO.format(name=name, step=step, tags=tags)


@pytest.mark.fault("E28")
def test_what_becomes_of_a_step(project: Project, workers: tuple[str, ...]) -> None:
    """The deciding step differs from those that did not run."""
    scenarios = [
        a_scenario(name, step, tags) for name, (tags, step, *_) in IN_A_STEP.items()
    ]
    write(project, a_feature(*scenarios))

    project.upload(*workers)

    runs = recorded(project)
    found = {name: (run.outcome, steps_of(run)) for name, run in runs.items()}
    assert found == {name: tuple(expected[2:]) for name, expected in IN_A_STEP.items()}
    said = {name: run.steps[1].message for name, run in runs.items()}
    assert said["passes"] == ""
    assert said["raises"] == "OSError: no disk"
    assert said["raises oddly"] == "Odd: RuntimeError in str()"
    assert said["fails by pytest"] == "Failed: said so"
    assert said["exits"] == "SystemExit: that was it"
    assert said["skips"] == "Skipped: no display"
    assert said["is undefined"].startswith("undefined step: ")
    assert "'one' == 'two'" in said["asserts"]


@pytest.mark.fault("E28")
def test_an_undefined_first_step(project: Project) -> None:
    """pytest-bdd says it by another hook than for all other faults."""
    first = "  Scenario: first\n    Given nobody wrote this\n    When it works\n"
    write(project, a_feature(first))

    project.upload()

    run = recorded(project)["first"]
    assert (run.outcome, steps_of(run)) == (F, (F, N))


def test_a_scenario_that_never_started_has_all_steps(
    project: Project, workers: tuple[str, ...]
) -> None:
    """They are not those of the scenario before, and a plain test has none."""
    never = {
        "setup fails": ("def test_a(broken): pass", F, N),
        "setup skips": ("def test_b(absent): pass", S, S),
        "is not to run": ("def test_c(): pass", S, S),
    }
    lines = []
    for name, (function, *_) in never.items():
        mark = "@pytest.mark.xfail(run=False)" if name == "is not to run" else ""
        bound = f'@scenario("all.feature", "{name}")'
        lines += [mark, bound, function, f"def {function[4:10]}_plain(): pass"]
    others = [a_scenario(f"other {number}", "it raises") for number in range(4)]
    write(project, a_feature(*map(a_scenario, never), *others), *lines)

    project.upload(*workers)

    runs = recorded(project)
    found = {name: (runs[name].outcome, steps_of(runs[name])) for name in never}
    assert found == {
        name: (outcome, (each,) * 4) for name, (_, outcome, each) in never.items()
    }
    assert [step.name for step in runs["setup fails"].steps] == [
        "a start", "it works", "it works", "all is well"
    ]  # fmt: skip
    assert all(runs[f"test_{name}_plain"].steps == () for name in "abc")
    assert "no database" in runs["setup fails"].message


def test_what_happens_around_the_steps(project: Project) -> None:
    """Hooks, teardown and the function's own body decide; steps stay as they were."""
    write(
        project,
        a_feature(
            a_scenario("teardown fails"),
            a_scenario("body fails"),
            a_scenario("skipped by a hook"),
            a_scenario("broken by a hook"),
            a_scenario("step's hook fails", "it has 1"),
            a_scenario("step's last hook fails", "it has 2"),
            "  Scenario: empty\n",
        ),
        '@scenario("all.feature", "teardown fails")\ndef test_a(untidy): pass',
        '@scenario("all.feature", "body fails")\ndef test_b(): raise OSError("body")',
        conftest="""
        import pytest

        def pytest_bdd_before_scenario(scenario):
            if scenario.name == "skipped by a hook":
                pytest.skip("not here")
            if scenario.name == "broken by a hook":
                raise OSError("hook")

        def pytest_bdd_before_step(step):
            if step.name == "it has 1":
                raise OSError("hook")

        def pytest_bdd_after_step(step):
            if step.name == "it has 2":
                raise OSError("hook")
        """,
    )

    project.upload()

    runs = recorded(project)
    assert {name: (run.outcome, steps_of(run)) for name, run in runs.items()} == {
        "teardown fails": (F, (P, P, P, P)),
        "body fails": (F, (P, P, P, P)),
        "skipped by a hook": (S, (S, S, S, S)),
        "broken by a hook": (F, (N, N, N, N)),
        "step's hook fails": (F, (P, F, N, N)),
        "step's last hook fails": (F, (P, F, N, N)),
        "empty": (P, ()),
    }
    assert runs["step's last hook fails"].steps[1].message == "OSError: hook"


def test_an_interrupted_step_is_no_result(project: Project) -> None:
    """It is neither a failure nor a pass; steps that ended before it are there."""
    write(
        project,
        a_feature(a_scenario("done"), a_scenario("cut", "it is cut short")),
        '@when("it is cut short")\ndef _(): raise KeyboardInterrupt',
    )

    project.upload()

    assert {name: run.outcome for name, run in recorded(project).items()} == {"done": P}


def test_a_crash_in_a_step_fails_its_test(project: Project) -> None:
    """Under xdist only its worker dies."""
    write(
        project,
        a_feature(a_scenario("dies", "it dies", "@TEST_CALC-1"), a_scenario("lives")),
        '@when("it dies")\ndef _(): os._exit(3)',
    )

    project.upload("-n", "2")

    runs = recorded(project)
    assert {name: run.outcome for name, run in runs.items()} == {"dies": F, "lives": P}
    assert runs["dies"].test.test_keys == ("CALC-1",)
    assert steps_of(runs["dies"]) == (N, N, N, N)


def test_the_last_attempt_counts(project: Project) -> None:
    """An attempt has no steps of the attempt before."""
    write(
        project,
        a_feature(
            a_scenario("gets better", "it works the second time"),
            a_scenario("starts the second time"),
            a_scenario("starts the first time", "it asserts"),
        ),
        """
def is_first(name):
    path = pathlib.Path(name)
    found = not path.exists()
    path.touch()
    return found

@when("it works the second time")
def _():
    assert not is_first("a")

@pytest.fixture
def late():
    assert not is_first("b")

@pytest.fixture
def early():
    assert is_first("c")

@scenario("all.feature", "starts the second time")
def test_b(late): pass

@scenario("all.feature", "starts the first time")
def test_c(early): pass
""",
    )

    project.upload(*RERUNS, "1")

    runs = recorded(project)
    assert steps_of(runs["gets better"]) == (P, P, P, P)
    assert steps_of(runs["starts the second time"]) == (P, P, P, P)
    assert runs["starts the first time"].outcome is F
    assert steps_of(runs["starts the first time"]) == (N, N, N, N)


@pytest.mark.skipif(pytest.version_tuple < (9,), reason="subtests came with pytest 9")
def test_a_failed_subtest_fails_its_step(
    project: Project, workers: tuple[str, ...]
) -> None:
    """Pytest goes on after it, and pytest-bdd takes the step for passed."""
    write(
        project,
        a_feature(
            a_scenario("failed", "it tries three times"),
            a_scenario("skipped", "it tries a skip"),
            a_scenario("both", "it tries and skips"),
        ),
        """
@when("it tries three times")
def _(subtests):
    for number in range(3):
        with subtests.test(number=number):
            assert number != 1

@when("it tries a skip")
def _(subtests):
    with subtests.test():
        pytest.skip("not this one")

@when("it tries and skips")
def _(subtests):
    with subtests.test():
        assert 0
    pytest.skip("not the rest")
""",
    )

    project.upload(*workers)

    runs = recorded(project)
    assert (runs["failed"].outcome, steps_of(runs["failed"])) == (F, (P, F, P, P))
    assert "AssertionError" in runs["failed"].steps[1].message
    assert steps_of(runs["skipped"]) == (P, P, P, P)
    assert (runs["both"].outcome, steps_of(runs["both"])) == (F, (P, F, N, N))


def test_a_patched_clock_does_not_matter(project: Project) -> None:
    """No step lasts thirty years."""
    write(
        project,
        a_feature(a_scenario("patches", "it stops the clock")),
        """
@when("it stops the clock")
def _(monkeypatch):
    monkeypatch.setattr(time, "perf_counter", lambda: 1e9)
    time.sleep(0.02)
""",
    )

    project.upload()

    durations = [step.duration for step in recorded(project)["patches"].steps]
    assert 0.01 < durations[1] < 60
    assert all(0.0 <= each < 60 for each in durations)


GERMAN = '''\
# language: de
@REQ_CALC-7
Funktionalität: Rechnen
  Als Buchhalterin

  Grundlage:
    Gegeben sei ein Rechner

  @TEST_CALC-1
  Szenario: Addieren
    Angenommen die Zahlen
      | a | b \\| c |
      | 1 | 2      |
    Und der Text
      """
      erste Zeile
        zweite

      letzte
      """
    Aber es regnet
    Wenn ich addiere
    * ich runde
    Dann stimmt es
'''
ANYTHING = """
@given(parsers.re(".*"))
@when(parsers.re(".*"))
@then(parsers.re(".*"))
def _(): pass
"""
BREAKS = """
@pytest.fixture(autouse=True)
def _breaks():
    raise OSError("no database")
"""
ALSO_BROKEN = pytest.mark.parametrize("broken", ["", BREAKS], ids=["runs", "broken"])


@WITH_GHERKIN
@ALSO_BROKEN
def test_steps_are_as_written(project: Project, broken: str) -> None:
    """Keywords of any language, tables and texts, whether they ran or not."""
    write(project, GERMAN, ANYTHING, broken)

    project.upload()

    run = recorded(project)["Addieren"]
    outcome = N if broken else P
    text = "erste Zeile\n  zweite\n\nletzte"
    given = [
        Step(keyword="Gegeben sei", name="ein Rechner", line=7, outcome=outcome),
        Step(
            keyword="Angenommen", name="die Zahlen", line=11, outcome=outcome,
            table=(("a", "b | c"), ("1", "2")),
        ),
        Step(keyword="Und", name="der Text", line=14, outcome=outcome, text=text),
        Step(keyword="Aber", name="es regnet", line=21, outcome=outcome),
        Step(keyword="Wenn", name="ich addiere", line=22, outcome=outcome),
        Step(keyword="*", name="ich runde", line=23, outcome=outcome),
        Step(keyword="Dann", name="stimmt es", line=24, outcome=outcome),
    ]  # fmt: skip
    assert [replace(step, duration=0.0) for step in run.steps] == given
    found = scenario_of(run)
    assert (found.keyword, found.line, found.tags) == ("Szenario", 10, ("TEST_CALC-1",))
    assert found.feature.keyword == "Funktionalität"
    assert found.feature.description.strip() == "Als Buchhalterin"
    assert run.test.requirements == ("CALC-7",)


@WITH_GHERKIN
def test_keywords_of_several_words_keep_their_case(project: Project) -> None:
    """pytest-bdd has them in title case."""
    french = """\
# language: fr
Fonctionnalité: Calcul
  Plan du scénario: Somme
    Étant donné que tout va bien
    Et que c'est vrai
    Lorsqu'on ajoute
    Alors c'est bon
"""
    write(project, french, ANYTHING)

    project.upload()

    run = recorded(project)["Somme"]
    assert [step.keyword for step in run.steps] == [
        "Étant donné que", "Et que", "Lorsqu'", "Alors"
    ]  # fmt: skip
    assert scenario_of(run).keyword == "Plan du scénario"


OUTLINE = '''\
Feature: Outlines
  Background:
    Given a start of <a>

  @TEST_CALC-3
  Scenario Outline: Rows <a>
    When I say <a> and <nothing>
      """
      text of <a>
      """
    Then there is
      | <a> | <b> |

    @REQ_CALC-7
    Examples: first
      | a   | b |
      | one | 1 |
      | two | 2 |

    Examples: second
      | a   | b |
      | one | 1 |
'''


@WITH_GHERKIN
@ALSO_BROKEN
@pytest.mark.fault("E30")
def test_rows_of_outlines(project: Project, broken: str) -> None:
    """Counted over all tables, rendered, and with the tags of their table."""
    write(project, OUTLINE, ANYTHING, broken)

    project.upload()

    runs = [codec.decode(line) for line in project.journal]
    runs.sort(key=lambda run: scenario_of(run).row)
    assert [scenario_of(run).row for run in runs] == [1, 2, 3]
    rows = [tuple(value for _, value in run.parameters) for run in runs]
    assert rows == [("one", "1"), ("two", "2"), ("one", "1")]
    assert [step.name for step in runs[1].steps] == [
        "a start of two", "I say two and <nothing>", "there is"
    ]  # fmt: skip
    assert runs[1].steps[1].text == "text of two"
    assert runs[1].steps[2].table == (("two", "2"),)
    assert [run.test.requirements for run in runs] == [("CALC-7",), ("CALC-7",), ()]
    assert {run.test.test_keys for run in runs} == {("CALC-3",)}
    assert {scenario_of(run).outline for run in runs} == {"Rows <a>"}
    assert {step.outcome for run in runs for step in run.steps} == {N if broken else P}


RULES = """\
Feature: Rules
  Background:
    Given a start

  Scenario: Outside
    Then all is well

  @TEST_CALC-8 @REQ_CALC-7 @CALC-20 @smoke
  Rule: Sums
    Background:
      Given another start

    @TEST_CALC-1
    Example: With a key
      Then all is well

    Example: Without
      Then all is well
"""


@WITH_GHERKIN
@ALSO_BROKEN
@pytest.mark.fault("E30")
def test_rules(project: Project, broken: str) -> None:
    """Their backgrounds come second; their tags are inherited, as in behave."""
    write(project, RULES, ANYTHING, broken)

    project.upload()

    runs = recorded(project)
    assert [step.name for step in runs["Without"].steps] == [
        "a start", "another start", "all is well"
    ]  # fmt: skip
    assert [step.name for step in runs["Outside"].steps] == ["a start", "all is well"]
    assert {name: run.test.test_keys for name, run in runs.items()} == {
        "Outside": (), "With a key": ("CALC-1",), "Without": ("CALC-8",)
    }  # fmt: skip
    assert runs["With a key"].test.requirements == ("CALC-7",)
    assert runs["With a key"].test.labels == ()
    assert scenario_of(runs["With a key"]).tags == ("REQ_CALC-7", "TEST_CALC-1")
    assert scenario_of(runs["With a key"]).keyword == "Example"


@pytest.mark.skipif(BDD >= (8, 0), reason="only pytest-bdd 7 has steps of many lines")
@ALSO_BROKEN
@pytest.mark.fault("E30")
def test_steps_of_many_lines(project: Project, broken: str) -> None:
    """The lines below a step are its text."""
    feature = '''\
Feature: Lines
  Scenario Outline: Lines
    Given a text
      """
      of <a>
        lines
      """
    But nothing

    Examples:
      | a |
      | 1 |
'''
    write(project, feature, ANYTHING.replace('".*"', '"(?s).*"'), broken)

    project.upload()

    run = recorded(project)["Lines"]
    found = [(step.keyword, step.name, step.text) for step in run.steps]
    assert found == [("Given", "a text", "of 1\n  lines"), ("But", "nothing", "")]
    assert {step.outcome for step in run.steps} == {N if broken else P}


def test_a_placeholder_that_no_column_fills(project: Project) -> None:
    """pytest-bdd 7 cannot render it; its scenario fails and is not lost."""
    feature = """\
Feature: Gaps
  Scenario Outline: Gaps
    Given <a> and <b>

    Examples:
      | a |
      | 1 |
"""
    write(project, feature, ANYTHING)

    project.upload()

    run = recorded(project)["Gaps"]
    if BDD < (8, 0):
        assert (run.outcome, [s.name for s in run.steps]) == (F, ["<a> and <b>"])
    else:
        assert (run.outcome, [s.name for s in run.steps]) == (P, ["1 and <b>"])


def test_a_decorated_scenario_is_one(project: Project) -> None:
    """Where a user's own decorator hides pytest-bdd's function."""
    write(
        project,
        a_feature(a_scenario("decorated", tags="@TEST_CALC-1")),
        """
import functools

def decorated(function):
    @functools.wraps(function)
    def inner(*args, **kwargs):
        return function(*args, **kwargs)
    return inner

@decorated
@scenario("all.feature", "decorated")
def test_decorated(): pass
""",
    )

    project.upload()

    lines = project.journal
    assert {line["scenario"]["name"] for line in lines} == {"decorated"}
    assert {tuple(line["test_keys"]) for line in lines} == {("CALC-1",)}


def test_xray_tags_need_no_registration(project: Project) -> None:
    """Keys, and the labels of an import; marks of the user's own still do."""
    own = "@TEST_CALC-1 @specs/one.feature @id:1"
    feature = f"@REQ_CALC-7\n{a_feature(a_scenario('one', tags=own))}"
    write(project, feature)

    result = project.upload("--strict-markers")

    result.assert_outcomes(passed=1)
    (run,) = recorded(project).values()
    assert run.test.test_keys == ("CALC-1",)
    assert run.test.requirements == ("CALC-7",)


@WITH_GHERKIN
def test_xray_tags_on_tables_need_no_registration(
    project: Project, workers: tuple[str, ...]
) -> None:
    """pytest-bdd makes marks of these past its own hook."""
    outline = """
  Scenario Outline: rows
    Given it <what>

    @TEST_CALC-3
    Examples: A
      | what  |
      | works |
"""
    write(project, f"Feature: F\n{outline}")
    project.pytester.makepyfile(
        test_rows="""
        from pytest_bdd import given, scenarios
        scenarios("all.feature")

        @given("it works")
        def _(): pass
        """
    )

    result = project.upload("--strict-markers", *workers, "test_rows.py")

    result.assert_outcomes(passed=1)
    assert project.statuses == {"CALC-3": "PASS"}


def test_tags_with_other_prefixes(project: Project, workers: tuple[str, ...]) -> None:
    """As an administrator of Xray has set them."""
    write(project, a_feature(a_scenario("one", tags="@T_CALC-1 @R_CALC-7")))

    project.upload("--xray-tag-prefixes", "T_ R_", "--strict-markers", *workers)

    (run,) = recorded(project).values()
    assert run.test.test_keys == ("CALC-1",)
    assert run.test.requirements == ("CALC-7",)


NOTING = """
import json
import pathlib
from pytest_xray_bridge import bdd

def pytest_collection_finish(session):
    said = {
        "notices": list(bdd.find_notices(session.items, ("TEST_", "REQ_"))),
        "malformed": [bdd.malformed_tags(item) for item in session.items],
    }
    pathlib.Path("said.json").write_text(json.dumps(said))
"""


def test_malformed_tags_are_told(project: Project) -> None:
    """A Test of theirs would silently have no result."""
    own = a_scenario("one", tags="@TEST_calc-1 @TEST_CALC-2")
    plain = "def test_plain(): pass"
    write(project, f"@REQ_calc-7\n{a_feature(own)}", conftest=NOTING, test_plain=plain)

    project.run()

    said = json.loads((project.pytester.path / "said.json").read_text())
    assert sorted(said["malformed"]) == [[], ["REQ_calc-7", "TEST_calc-1"]]
    assert said["notices"] == [
        "all.feature:2: @REQ_calc-7 contains no issue key",
        "all.feature:5: @TEST_calc-1 contains no issue key",
    ]


def test_scenarios_that_pytest_bdd_passes_over_are_told(project: Project) -> None:
    """pytest-bdd runs the last of two with the same name, without a message."""
    feature = a_feature(
        a_scenario("one", tags="@TEST_CALC-1"),
        a_scenario("one", tags="@TEST_CALC-2"),
        a_scenario("two"),
    )
    write(project, feature, conftest=NOTING)

    result = project.upload()

    result.assert_outcomes(passed=2)
    assert project.statuses == {"CALC-2": "PASS"}
    said = json.loads((project.pytester.path / "said.json").read_text())
    (notice,) = said["notices"]
    assert notice.startswith("all.feature:4: pytest-bdd does not run this scenario")


@WITH_GHERKIN
def test_no_text_is_taken_for_a_scenario(project: Project) -> None:
    """A doc string may hold anything."""
    feature = '''\
# language: de
Funktionalität: Texte
  Szenario: eins
    Angenommen ein Text
      """
      Szenario: eins
      ```
      """
  Szenario: zwei
    Angenommen nichts
  Beispiel: zwei
    Angenommen nichts
'''
    write(project, feature, ANYTHING, conftest=NOTING)

    project.run()

    said = json.loads((project.pytester.path / "said.json").read_text())
    (notice,) = said["notices"]
    assert notice.startswith("all.feature:9: ")


@pytest.mark.parametrize(
    "order", [("it works", "it asserts"), ("it raises", "it works")]
)
@pytest.mark.fault("E29")
def test_a_key_in_two_features_has_the_worst_result(
    project: Project, workers: tuple[str, ...], order: tuple[str, str]
) -> None:
    """Whichever came last; the steps of both are there."""
    first, second = order
    write(project, a_feature(a_scenario("one", first, "@TEST_CALC-1")))
    other = f"Feature: Other\n{a_scenario('two', second, '@TEST_CALC-1')}"
    project.pytester.makefile(".feature", other=other)
    module = f'{STEPS}\nscenarios("other.feature")'
    (project.pytester.path / "test_other.py").write_text(module)

    project.upload(*workers)

    assert project.statuses == {"CALC-1": "FAIL"}
    runs = recorded(project)
    assert {run.outcome for run in runs.values()} == {P, F}
    assert all(len(run.steps) == 4 for run in runs.values())


def test_a_scenario_that_two_modules_run(project: Project) -> None:
    """The same Test, once green and once red: red."""
    write(project, a_feature(a_scenario("one", "it asserts", "@TEST_CALC-1")))
    module = STEPS.replace('assert "one" == "two"', "pass")
    (project.pytester.path / "test_other.py").write_text(
        f'{module}\nscenarios("all.feature")'
    )

    project.upload()

    assert project.statuses == {"CALC-1": "FAIL"}
    assert sorted(line["outcome"] for line in project.journal) == ["failed", "passed"]


def test_features_of_the_same_name_stay_apart(project: Project) -> None:
    """Their folders have the same name, too, and pytest-bdd gives no longer path."""
    for number, folder in enumerate(("a", "b"), start=1):
        path = project.pytester.path / folder / "features"
        path.mkdir(parents=True)
        text = f"Feature: {folder}\n{a_scenario('one', tags=f'@TEST_CALC-{number}')}"
        (path / "all.feature").write_text(text)
        module = f'{STEPS}\nscenarios("features")'
        (path.parent / f"test_{folder}.py").write_text(module)

    project.upload()

    assert project.statuses == {"CALC-1": "PASS", "CALC-2": "PASS"}
    report = json.loads((project.runs[-1] / "report-cucumber.json").read_text())
    assert sorted((each["uri"], each["name"]) for each in report) == [
        ("a/features/all.feature", "a"), ("b/features/all.feature", "b")
    ]  # fmt: skip


def test_what_never_started_fails_in_xray(project: Project) -> None:
    """Xray judges a scenario by its steps, and none of these ran."""
    write(
        project,
        a_feature(
            a_scenario("breaks", tags="@TEST_CALC-1"),
            a_scenario("skips", tags="@TEST_CALC-2 @skip"),
            a_scenario("passes", tags="@TEST_CALC-3"),
        ),
        '@scenario("all.feature", "breaks")\ndef test_breaks(broken): pass',
    )

    project.upload()

    assert project.statuses == {"CALC-1": "FAIL", "CALC-2": "TODO", "CALC-3": "PASS"}
    report = json.loads((project.runs[-1] / "report-cucumber.json").read_text())
    steps = {
        element["name"]: [step["name"] for step in element["steps"]]
        for feature in report
        for element in feature["elements"]
    }
    written = ["a start", "it works", "it works", "all is well"]
    assert steps == {"breaks": ["hook", *written], "skips": written, "passes": written}


def test_notices_are_said_once(project: Project, workers: tuple[str, ...]) -> None:
    """At the end, whichever worker found them."""
    write(project, f"@REQ_calc-7\n{a_feature(a_scenario('one'), a_scenario('one'))}")

    result = project.upload(*workers)

    said = [line for line in result.outlines if "all.feature:" in line]
    assert [line.split(" ")[1] for line in said] == ["all.feature:2:", "all.feature:5:"]


def test_xray_tags_can_be_selected(project: Project) -> None:
    """They can be selected by ``-m``, and pytest does not warn about them."""
    scenarios = [a_scenario("one", tags="@TEST_CALC-1"), a_scenario("two")]
    write(project, a_feature(*scenarios))

    result = project.run("-m", "TEST_CALC-1", "-W", "error")

    result.assert_outcomes(passed=1, deselected=1)
