"""In which format a run goes out, what of it goes, and what is said of both."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.builders import (
    a_feature,
    a_prepared_run,
    a_run,
    a_scenario,
    a_scenario_run,
    a_step,
    a_test,
    settings_of,
)
from xray_bridge.errors import SettingError
from xray_bridge.formats import capabilities
from xray_bridge.model.dialect import CLOUD, DIALECTS, SERVER
from xray_bridge.model.formats import FORMATS
from xray_bridge.model.results import Evidence, TestRun
from xray_bridge.runs.evidence import FOLDER
from xray_bridge.upload.contents import contents_of
from xray_bridge.upload.format_choice import choose_format, notices_of


if TYPE_CHECKING:
    from pathlib import Path

    from xray_bridge.upload.prepared_run import PreparedRun

SHOT = Evidence(name="shot.png", file="0a.png", media_type="image/png", size=3)
PLAIN = a_run(keys=["CALC-1"])
SCENARIO = a_scenario_run(keys=["CALC-2"])
UNKEYED = a_scenario_run(scenario=a_scenario("no key", line=9), name="no_key")
DEFECT: dict[str, Any] = {"defects": ("CALC-9",)}
STEPS: dict[str, Any] = {"steps": (a_step(),)}
EVIDENCE: dict[str, Any] = {"evidence": (SHOT,)}


def chosen(tmp_path: Path, *runs: TestRun, **given: str) -> str:
    """The format that is uploaded."""
    return choose_format(a_prepared_run(tmp_path, *runs, **given)).formats[0]


def with_(run: TestRun, changes: dict[str, Any]) -> TestRun:
    """The same result with something more."""
    return replace(run, **changes)


@pytest.mark.parametrize(
    ("runs", "framework", "name"),
    [
        ((PLAIN,), "pytest", "junit"),
        ((SCENARIO,), "pytest", "cucumber"),
        ((SCENARIO,), "behave", "behave"),
        ((PLAIN, SCENARIO), "pytest", "xray"),
        ((PLAIN, SCENARIO), "behave", "xray"),
    ],
)
def test_usual_format(
    tmp_path: Path, runs: tuple[TestRun, ...], framework: str, name: str
) -> None:
    """By framework and kind of test, and nothing is said about it."""
    found = choose_format(a_prepared_run(tmp_path, *runs, framework=framework))

    assert (found.formats, found.sent_as) == ((name,), name)
    assert found.notices == ()


@pytest.mark.parametrize(
    ("given", "junit", "scenarios"),
    [
        ({}, True, True),
        ({"statuses": "xfailed=PASS"}, True, True),
        ({"statuses": "skipped=FAIL flaky=TODO"}, True, False),
        ({"statuses": "skipped=ABORTED"}, False, False),
        ({"statuses": "skipped=FAIL flaky=BLOCKED"}, False, False),
        ({"aggregate": "worst"}, True, True),
        ({"aggregate": "last"}, True, False),
        ({"aggregate": "all-failed"}, True, False),
    ],
    ids=str,
)
@pytest.mark.parametrize("deployment", [SERVER, CLOUD])
def test_format_carries_what_was_set(
    tmp_path: Path,
    deployment: str,
    given: dict[str, str],
    junit: bool,
    scenarios: bool,
) -> None:
    """JUnit is merged here and knows three statuses; scenarios are Xray's to judge."""
    found = {
        name: chosen(tmp_path, run, framework=fw, deployment=deployment, **given)
        for name, run, fw in (
            ("junit", PLAIN, "pytest"),
            ("cucumber", SCENARIO, "pytest"),
            ("behave", SCENARIO, "behave"),
        )
    }

    assert found == {
        "junit": "junit" if junit else "xray",
        "cucumber": "cucumber" if scenarios else "xray",
        "behave": "behave" if scenarios else "xray",
    }


@pytest.mark.parametrize(
    ("changes", "junit", "scenarios"),
    [
        (DEFECT, "xray", ("xray", "xray")),
        (STEPS, "xray", ("cucumber", "behave")),
        (EVIDENCE, "xray", ("cucumber", "behave")),
        ({"steps": (a_step(evidence=(SHOT,)),)}, "xray", ("cucumber", "behave")),
    ],
    ids=["defects", "steps", "evidence", "evidence of a step"],
)
def test_format_carries_what_tests_said(
    tmp_path: Path, changes: dict[str, Any], junit: str, scenarios: tuple[str, str]
) -> None:
    """Xray JSON says it to all versions; scenarios have steps and evidence anyway."""
    runs = with_(PLAIN, changes), with_(SCENARIO, changes)

    found = (
        chosen(tmp_path, runs[0]),
        (chosen(tmp_path, runs[1]), chosen(tmp_path, runs[1], framework="behave")),
    )

    assert found == (junit, scenarios)


def test_other_format_is_explained(tmp_path: Path) -> None:
    """One line has all reasons."""
    run = a_run(**DEFECT, **STEPS, **EVIDENCE)

    found = choose_format(
        a_prepared_run(tmp_path, run, statuses="skipped=ABORTED flaky=PASS")
    )

    (line,) = found.notices
    assert line == (
        "Xray JSON is used instead of JUnit XML, which cannot contain xray_statuses "
        "(skipped=ABORTED), defects, steps and evidence; set xray_format = junit to "
        "prefer JUnit XML"
    )


@pytest.mark.parametrize("name", ["junit", "xray", "junit,xray"])
def test_format_that_is_set_stays(tmp_path: Path, name: str) -> None:
    """JUnit has comments and properties for what tests said; nothing is noted."""
    run = a_run(**DEFECT, **STEPS, **EVIDENCE)

    found = choose_format(a_prepared_run(tmp_path, run, format=name))

    assert (found.formats, found.notices) == (tuple(name.split(",")), ())


@pytest.mark.parametrize("name", ["cucumber", "behave"])
def test_format_that_is_set_and_loses_something(tmp_path: Path, name: str) -> None:
    """It stays, and what it has no place for is said."""
    found = choose_format(
        a_prepared_run(tmp_path, with_(SCENARIO, DEFECT), format=name)
    )

    assert found.formats == (name,)
    lost = f"{FORMATS[name].title} cannot contain defects"
    assert found.notices == (f"{lost}; set xray_format = xray to send them",)


NO_KEYS = (
    "Behave JSON cannot contain defects; Xray JSON can, but cannot contain "
    "scenarios without Test keys; set xray_format = xray to send only those with keys"
)


def test_scenarios_that_nothing_else_could_name(tmp_path: Path) -> None:
    """Without any key Xray JSON would be empty; better some of it than nothing."""
    found = choose_format(
        a_prepared_run(tmp_path, with_(UNKEYED, DEFECT), framework="behave")
    )

    assert found.formats == ("behave",)
    assert found.notices == (NO_KEYS,)


@pytest.mark.parametrize(
    ("given", "name"), [({}, "cucumber"), ({"aggregate": "last"}, "xray")], ids=str
)
def test_some_scenarios_without_keys(
    tmp_path: Path, given: dict[str, str], name: str
) -> None:
    """A result weighs more than a defect, and less than a rule that was set."""
    found = choose_format(
        a_prepared_run(tmp_path, with_(SCENARIO, DEFECT), UNKEYED, **given)
    )

    assert found.formats == (name,)
    assert len(found.notices) == 1


@pytest.mark.parametrize(
    ("run", "formats"), [(PLAIN, ("junit", "behave")), (SCENARIO, ("behave",))]
)
def test_others_beside_the_chosen_one(
    tmp_path: Path, run: TestRun, formats: tuple[str, ...]
) -> None:
    """``auto`` is uploaded, and others are written beside it, each once."""
    framework = "behave" if run.scenario else "pytest"

    found = choose_format(
        a_prepared_run(tmp_path, run, framework=framework, format="auto,behave")
    )

    assert found.formats == formats


def test_existing_execution_and_a_status_that_behave_cannot_say(
    tmp_path: Path,
) -> None:
    """A format that is not sent need not hold everything."""
    given = {"test_execution": "CALC-7", "statuses": "skipped=ABORTED"}

    found = choose_format(
        a_prepared_run(tmp_path, SCENARIO, framework="behave", **given)
    )

    assert (found.formats, found.sent_as) == (("behave",), "xray")


@pytest.mark.parametrize("given", [{"test_execution": "CALC-7"}, {}], ids=str)
def test_existing_execution_gets_xray_json(
    tmp_path: Path, given: dict[str, str]
) -> None:
    """Scenarios go there as Xray JSON, which carries all that was set."""
    run = a_prepared_run(
        tmp_path, SCENARIO, framework="behave", aggregate="last", **given
    )
    if not given:
        state = run.directory.state
        run.directory.state = replace(state, test_execution="CALC-8")

    found = choose_format(run)

    assert (found.formats, found.sent_as, found.notices) == (("behave",), "xray", ())


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("junit", {"statuses": "skipped=ABORTED"}),
        ("junit,xray", {"statuses": "xfailed=BLOCKED"}),
        ("cucumber", {"statuses": "skipped=FAIL"}),
        ("behave", {"statuses": "flaky=FAIL"}),
        ("cucumber", {"aggregate": "last"}),
        ("behave", {"aggregate": "all-failed", "statuses": "flaky=ABORTED"}),
    ],
    ids=str,
)
def test_format_that_cannot_carry_a_setting(name: str, given: dict[str, str]) -> None:
    """
    It is refused, with a format that can, where it is the one that goes out.
    """
    settings = settings_of(format=name, **given)
    dialect = DIALECTS[SERVER].with_statuses(settings.statuses)

    with pytest.raises(SettingError, match="xray_format = ") as caught:
        capabilities.refuse_format(settings, dialect)

    named = [setting for setting in given if f"xray_{setting}" in str(caught.value)]
    assert named == [setting for setting in given if setting != "test_execution"]
    assert "auto or xray" in caught.value.hint


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("auto", {"statuses": "skipped=ABORTED", "aggregate": "last"}),
        ("xray", {"statuses": "skipped=ABORTED", "aggregate": "last"}),
        ("xray,cucumber", {"aggregate": "last"}),
        ("xray,junit", {"statuses": "skipped=ABORTED"}),
        ("behave", {"statuses": "skipped=ABORTED", "test_execution": "CALC-7"}),
        ("auto,behave", {"statuses": "skipped=ABORTED"}),
        ("junit", {"statuses": "skipped=FAIL", "aggregate": "last"}),
        ("behave", {"statuses": "xfailed=PASSED"}),
        ("behave", {"aggregate": "last", "test_execution": "CALC-7"}),
    ],
    ids=str,
)
def test_format_that_carries_each_setting(name: str, given: dict[str, str]) -> None:
    """Settings that the format can hold are accepted, and files that are not sent."""
    settings = settings_of(format=name, **given)

    capabilities.refuse_format(
        settings, DIALECTS[SERVER].with_statuses(settings.statuses)
    )

    assert settings.format[0] == name.partition(",")[0]


@pytest.mark.parametrize("name", ["junit", "xray"])
def test_all_results_go_out(tmp_path: Path, name: str) -> None:
    """Tests with and without a key."""
    found = contents_of(a_prepared_run(tmp_path, PLAIN, a_run(name="test_other")), name)

    assert (found.tests, (*found.test_keys,), found.left_out) == (2, ("CALC-1",), ())


def test_scenarios_without_a_key_are_counted(tmp_path: Path) -> None:
    """Xray JSON leaves them out; each name once, however many rows there are."""
    runs = (PLAIN, SCENARIO, UNKEYED, UNKEYED)

    found = contents_of(a_prepared_run(tmp_path, *runs), "xray")

    assert (found.tests, (*found.test_keys,)) == (2, ("CALC-1", "CALC-2"))
    (left_out,) = found.left_out
    assert left_out == (
        "2 results (tests.test_calculator.no_key): "
        "Xray JSON cannot hold scenarios without a Test key"
    )


@pytest.mark.parametrize("name", ["cucumber", "behave"])
def test_tests_that_are_no_scenarios_are_counted(tmp_path: Path, name: str) -> None:
    """The formats of scenarios leave them out."""
    plain = [a_run(name=f"test_{number}") for number in range(5)]

    found = contents_of(a_prepared_run(tmp_path, SCENARIO, UNKEYED, *plain), name)

    assert (found.tests, (*found.test_keys,)) == (2, ("CALC-2",))
    (left_out,) = found.left_out
    assert left_out.startswith("5 results (")
    assert "JSON cannot hold results of tests that are not scenarios" in left_out
    assert "test_2" in left_out
    assert ", ...): " in left_out
    assert left_out.endswith("; set xray_format = xray to send them")


@pytest.mark.parametrize("name", ["junit", "xray"])
def test_evidence_that_is_gone(tmp_path: Path, name: str) -> None:
    """Archives may bring the journal and not the folder beside it."""
    digest = hashlib.sha256(b"abc").hexdigest()
    files = {"there": f"{digest}.png", "gone": "gone.png", "empty": "empty.png"}
    pieces = [
        replace(SHOT, name=f"{name}.png", file=file) for name, file in files.items()
    ]
    run = a_prepared_run(tmp_path, with_(PLAIN, {"evidence": tuple(pieces)}))
    folder = run.directory.path / FOLDER
    folder.mkdir()
    folder.joinpath(files["there"]).write_bytes(b"abc")
    folder.joinpath("empty.png").touch()

    found = contents_of(run, name)

    assert (found.tests, (*found.test_keys,)) == (1, ("CALC-1",))
    assert list(found.left_out) == [
        f"tests.test_calculator.test_add: {lost}, "
        "which is missing from the run directory"
        for lost in ("gone.png", "empty.png")
    ]


def test_what_xray_json_does_not_say_of_a_test(tmp_path: Path) -> None:
    """A key is all that it says of a Test that has one; it is counted."""
    full = a_test(test_keys=("CALC-1",), requirements=("CALC-7",), labels=("smoke",))
    named = a_test("test_b", test_keys=("CALC-3",), summary="Adds")
    new = a_test("test_c", requirements=("CALC-7",))
    runs = [a_run(test=test) for test in (full, named, new)]

    found = contents_of(a_prepared_run(tmp_path, SCENARIO, *runs), "xray")

    lost = "Xray JSON has no place for requirements, labels and summaries of 2 results"
    assert found.notices == (f"{lost}; set xray_format = junit to send them",)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"comment": "Seen before."}, "comments"),
        ({"custom_fields": (("Browser", "Chrome"),)}, "custom fields"),
    ],
    ids=["comment", "custom field"],
)
@pytest.mark.parametrize("name", ["cucumber", "behave"])
def test_what_formats_of_scenarios_do_not_say(
    tmp_path: Path, name: str, changes: dict[str, Any], words: str
) -> None:
    """Steps have no place for what is said of the whole."""
    found = contents_of(
        a_prepared_run(tmp_path, with_(SCENARIO, changes), UNKEYED), name
    )

    shown = FORMATS[name].title
    lost = f"{shown} has no place for {words} of 1 result"
    assert found.notices == (f"{lost}; set xray_format = xray to send them",)


def said(run: PreparedRun) -> list[str]:
    """The notices for the user."""
    choice = choose_format(run)
    return [*notices_of(run, choice, contents_of(run, choice.sent_as))]


@pytest.mark.parametrize(
    ("aggregate", "decides"),
    [
        ("worst", "the worst of them decides"),
        ("last", "the last of them decides"),
        ("all-failed", "it failed only if all of them did"),
    ],
)
def test_key_on_several_tests(tmp_path: Path, aggregate: str, decides: str) -> None:
    """They are one Test Run, by the rule that was set."""
    runs = [a_run(keys=["CALC-1"], name=name) for name in ("test_a", "test_b")]

    (line,) = said(a_prepared_run(tmp_path, *runs, aggregate=aggregate))
    assert line == (
        "CALC-1 is the key of 2 tests (tests.test_calculator.test_a, "
        f"tests.test_calculator.test_b): one Test Run, and {decides} "
        f"(xray_aggregate = {aggregate})"
    )


def test_key_on_the_rows_of_one_test(tmp_path: Path) -> None:
    """That is what keys of parametrized tests are for."""
    runs = [a_run(keys=["CALC-1"], name=f"test_a[{row}]") for row in range(3)]

    assert said(a_prepared_run(tmp_path, *runs)) == []


def test_keys_on_many_tests(tmp_path: Path) -> None:
    """Ten are shown, the rest is counted."""
    runs = [
        a_run(keys=[f"CALC-{number}"], name=f"test_{name}")
        for number in range(1, 14)
        for name in "abcd"
    ]

    found = said(a_prepared_run(tmp_path, *runs))

    assert len(found) == 11
    assert "4 tests (" in found[0]
    assert "test_c, ...)" in found[0]
    assert found[-1] == "3 more Tests have results of several tests"


def test_scenario_that_stands_twice(tmp_path: Path) -> None:
    """Without a key its name is all that Xray has."""
    feature = a_feature(path="features/add.feature")
    runs = [
        a_scenario_run(scenario=a_scenario("twice", line=line, feature=feature))
        for line in (3, 9)
    ]

    found = said(a_prepared_run(tmp_path, *runs, framework="behave"))

    assert found[0].startswith("2 scenarios have no Test key")
    assert found[1] == (
        "the scenario features/add.feature: twice appears twice: without Test keys "
        "they are one Test, and the worst of them decides (xray_aggregate = worst)"
    )


@pytest.mark.parametrize("given", [{"format": "junit"}, {"test_execution": "CALC-7"}])
def test_unkeyed_scenarios_that_xray_does_not_look_for(
    tmp_path: Path, given: dict[str, str]
) -> None:
    """As JUnit they are Generic Tests; in Xray JSON they are left out."""
    found = said(a_prepared_run(tmp_path, SCENARIO, UNKEYED, **given))

    assert found == []


TOLD = a_test("test_told", test_keys=("CALC-4",), requirements=("CALC-7",))


@pytest.mark.parametrize(
    ("run", "lost"),
    [
        (a_run(test=TOLD), "requirements"),
        (a_run(name="b", custom_fields=(("Browser", "x"),)), "custom fields by name"),
    ],
    ids=["of the test", "custom field"],
)
def test_xray_json_would_cost_more_than_it_brings(
    tmp_path: Path, run: TestRun, lost: str
) -> None:
    """A notice names details that JUnit has in comments and Xray JSON lacks."""
    found = choose_format(
        a_prepared_run(tmp_path, with_(PLAIN, {**EVIDENCE, **STEPS}), run)
    )

    assert (found.formats, found.sent_as) == (("junit",), "junit")
    (notice,) = found.notices
    assert notice == (
        "JUnit XML can state steps and evidence only in comments, or only for some "
        f"versions of Xray; Xray JSON can, but it cannot state {lost}; set "
        "xray_format = xray to use it"
    )


@pytest.mark.parametrize(
    ("run", "given"),
    [
        (a_run(test=TOLD), {"statuses": "skipped=ABORTED"}),
        (a_run(name="b", custom_fields=(("12", "x"),)), {}),
    ],
    ids=["setting", "custom field by its id"],
)
def test_xray_json_is_worth_its_cost(
    tmp_path: Path, run: TestRun, given: dict[str, str]
) -> None:
    """A rule that was set is kept at any price; what costs nothing is no reason."""
    found = choose_format(
        a_prepared_run(tmp_path, with_(PLAIN, EVIDENCE), run, **given)
    )

    assert found.sent_as == "xray"


def test_existing_execution_of_scenarios_without_any_key(tmp_path: Path) -> None:
    """An earlier request made it, with all of them; they went out as they are."""
    run = a_prepared_run(tmp_path, UNKEYED, framework="behave")
    run.directory.state = replace(run.directory.state, test_execution="CALC-8")

    assert choose_format(run).sent_as == "behave"


def test_other_format_than_the_one_that_was_asked_for(tmp_path: Path) -> None:
    """It is said where it is sent, and not of a file alone."""
    given = {"format": "behave", "test_execution": "CALC-7", "project": "CALC"}

    (line,) = said(a_prepared_run(tmp_path, SCENARIO, upload="yes", **given))

    why = "the endpoint of Behave JSON cannot fill an existing Test Execution"
    assert line == f"sent as Xray JSON: {why} (xray_test_execution)"
    assert said(a_prepared_run(tmp_path, SCENARIO, **given)) == []


def test_one_scenario_without_a_key(tmp_path: Path) -> None:
    """In the singular."""
    (line,) = said(a_prepared_run(tmp_path, SCENARIO, UNKEYED))

    assert line == (
        "1 scenario has no Test key; Xray accepts it only if it knows it by name; set "
        "xray_only_keyed = yes to leave such tests out"
    )
