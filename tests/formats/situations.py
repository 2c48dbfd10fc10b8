"""Results whose reports are gold files: one table, for every format."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lxml import etree

from tests.builders import (
    a_feature,
    a_run,
    a_scenario,
    a_scenario_run,
    a_step,
    a_test,
)
from tests.formats.reading import (
    FORMATS,
    OF_SCENARIOS,
    RESULTS,
    a_piece,
    document,
    kept,
)
from xray_bridge.formats.write import make_writer
from xray_bridge.formats.write.xray import XrayWriter
from xray_bridge.model.dialect import DIALECTS
from xray_bridge.model.results import Iteration, Outcome
from xray_bridge.model.tags import PREFIXES


if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from xray_bridge.model.results import Evidence, TestRun

OF_TESTS = ("junit", "xray")
PASSED, FAILED, SKIPPED = Outcome.PASSED, Outcome.FAILED, Outcome.SKIPPED
NOT_RUN = Outcome.NOT_RUN


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """Results, and all that their report depends on; ``contents`` of evidence."""

    runs: tuple[TestRun, ...]
    formats: tuple[str, ...] = FORMATS
    contents: tuple[bytes, ...] = ()
    statuses: Mapping[str, str] = field(default_factory=dict)
    header: Mapping[str, Any] = field(default_factory=dict)
    prefixes: tuple[str, ...] = PREFIXES

    def report(self, tmp_path: Path, name: str, deployment: str) -> bytes:
        """The report that is sent."""
        found = kept(tmp_path, *self.runs, contents=self.contents)
        dialect = DIALECTS[deployment].with_statuses(self.statuses)
        made = make_writer(name, "CALC", self.prefixes)
        if name == "xray" and self.header:
            made = XrayWriter(self.header, "CALC")
        file = io.BytesIO()
        made.write(found, dialect, file)
        return file.getvalue()


def gold_name(name: str, deployment: str, situation: str) -> str:
    """Only Xray JSON is another for each product."""
    product = f"{deployment}/" if name == "xray" else ""
    return f"{name}/{product}{situation}.{'xml' if name == 'junit' else 'json'}"


def indented(name: str, content: bytes) -> str:
    """A report, as people read it."""
    if name == "junit":
        root = etree.fromstring(content)
        etree.indent(root)
        return etree.tostring(root, encoding="unicode") + "\n"
    found = document(content)
    return json.dumps(found, indent=1, ensure_ascii=False) + "\n"


def named(name: str, **more: Any) -> TestRun:
    """A scenario of that name, with tags and a Test."""
    tags = more.pop("tags", ())
    scenario = more.pop("scenario", None) or a_scenario(name, tags=tags)
    keys = () if "test" in more else ("CALC-1",)
    return a_scenario_run(**{"keys": keys, "scenario": scenario, **more})


def file_of(text: str) -> Evidence:
    """A file of that text, which is its name, too."""
    return a_piece(text.encode(), f"{text}.txt", "text/plain")


# What a step looks like that the test itself named.
LOGGED_IN = a_step(keyword="", name="log in", data="user: me", expected="a greeting")
LOGGED_OUT = a_step(FAILED, keyword="", name="log out", message="no *button*")
BOOM = a_step(FAILED, name="it breaks", message="boom")
STOPPED = (a_step(), BOOM, a_step(NOT_RUN))
TRACE = "def test_a():\n>   assert 1 == 2\nE   assert 1 == 2\n\nt.py:2: Error"
FEATURE = a_feature(line=2, tags=("REQ_CALC-7", "slow"), description="Sums\nof two")
OTHER = a_feature(path="features/sub.feature", name="Subtracting")
MANY = tuple((f"p{number:02}", "x") for number in range(30))
WHOLE_TEST: dict[str, Any] = {
    "summary": "Adds",
    "description": "Two numbers",
    "labels": ("smoke", "slow"),
    "requirements": ("CALC-7", "CALC-8"),
}
EVERYTHING: dict[str, Any] = {
    "comment": "*seen* by hand",
    "message": "was open",
    "defects": ("CALC-9", "CALC-8"),
    "custom_fields": (("12", "Chrome"), ("Browser", "Firefox")),
}

OF_RESULTS = {
    # Tests and scenarios of each outcome, with and without a key.
    "outcomes": Situation(
        runs=tuple(
            run
            for number, each in enumerate(RESULTS, 1)
            for run in (
                a_scenario_run(
                    each,
                    scenario=a_scenario(f"scenario {each.value}"),
                    keys=[f"CALC-{number}"],
                    duration=1.5,
                    message="because",
                    output="printed",
                ),
                a_run(each, name=f"silent {each.value}", keys=[f"CALC-1{number}"]),
                a_run(each, name=f"test {each.value}", message="why", output="*out*"),
            )
        )
    ),
    # Statuses that were set count as elements, and not as outcomes.
    "own-statuses": Situation(
        runs=tuple(
            a_scenario_run(
                each, scenario=a_scenario(each.value), keys=[f"CALC-{number}"]
            )
            for number, each in enumerate(RESULTS, 1)
        ),
        statuses={"flaky": "FAIL", "skipped": "FAIL", "xpassed": "TODO"},
    ),
    # A failure that is to be none keeps its text.
    "failure-to-be-none": Situation(
        runs=(a_scenario_run(FAILED, keys=["CALC-1"], steps=(BOOM,), message="why"),),
        statuses={"failed": "TODO"},
    ),
    # Nothing to add: no properties, and no place in reports of scenarios.
    "plain-test": Situation(runs=(a_run(),)),
    "nothing": Situation(runs=(), formats=("junit", *OF_SCENARIOS)),
    # All that a result can have, into a Test Execution that exists.
    "everything": Situation(
        runs=(
            a_run(
                Outcome.XPASSED,
                test=a_test(test_keys=("CALC-1",), **WHOLE_TEST),
                steps=(LOGGED_IN,),
                **EVERYTHING,
            ),
            a_run(
                Outcome.XFAILED,
                test=a_test("test_new", **WHOLE_TEST),
                steps=(LOGGED_IN,),
                iterations=(
                    Iteration(outcome=PASSED, parameters=(("a", "1"), ("b", "2"))),
                ),
                **EVERYTHING,
            ),
        ),
        formats=OF_TESTS,
        header={"testExecutionKey": "CALC-5", "info": {"revision": "abc"}},
    ),
    # The line that tells is the message; output follows, or is a comment.
    "texts": Situation(
        runs=(
            a_run(FAILED, name="trace", message=TRACE),
            a_run(FAILED, name="both", message="E   no", output="--- out\nprinted"),
            a_run(FAILED, name="output alone", output="printed"),
            a_run(SKIPPED, name="one line", message="no network"),
            a_run(SKIPPED, name="more lines", message="no network\nat all"),
        ),
        formats=OF_TESTS,
    ),
    # Xray wants a name and a summary; that on one line of 255 characters.
    "names": Situation(
        runs=(
            a_run(test=a_test("")),
            a_run(test=a_test("test_b", summary="two\nlines" + "s" * 300)),
            *(
                a_scenario_run(
                    keys=[key], name=name, scenario=a_scenario(name, line=12)
                )
                for key, name in (("CALC-1", ""), ("CALC-2", " \n"))
            ),
        ),
        formats=OF_TESTS,
    ),
    "odd-characters": Situation(
        runs=tuple(
            make(
                FAILED,
                keys=[key],
                name="ü \x00",
                message="\x1b[31mred\x1b[0m \ud800 🥒",
            )
            for key, make in (("CALC-1", a_run), ("CALC-2", a_scenario_run))
        )
    ),
    # Rows of an outline are examples of one Test.
    "rows": Situation(
        runs=tuple(
            a_scenario_run(
                each, keys=["CALC-1"], scenario=a_scenario(outline="sums", row=row)
            )
            for row, each in enumerate(RESULTS, 1)
        )
    ),
    # Rows know Xray's own words only, so that others fall back.
    "words-of-rows": Situation(
        runs=tuple(
            a_scenario_run(
                each, keys=["CALC-1"], scenario=a_scenario(outline="sums", row=row)
            )
            for row, each in enumerate((FAILED, SKIPPED), 1)
        ),
        formats=("xray",),
        statuses={"failed": "ABORTED", "skipped": "EXECUTING"},
    ),
    # Steps of a Test, and of those that have them in a comment only.
    "steps": Situation(
        runs=tuple(
            a_run(
                FAILED,
                name=name,
                keys=keys,
                scenario=scenario,
                message="it failed",
                steps=(
                    LOGGED_IN,
                    a_step(NOT_RUN, evidence=(file_of("a"),)),
                    LOGGED_OUT,
                ),
            )
            for name, keys, scenario in (
                ("with a key", ["CALC-1"], None),
                ("without", [], None),
                ("scenario", ["CALC-2"], a_scenario()),
            )
        ),
        formats=OF_TESTS,
        contents=(b"a",),
    ),
    # Each row has parameters and steps; the comment lists them, too.
    "iterations": Situation(
        runs=tuple(
            a_run(
                each,
                keys=["CALC-1"],
                name=f"test_a[{number}]",
                parameters=(("n", str(number)),),
                steps=(LOGGED_IN,),
                evidence=(file_of(f"own {number}"), file_of("same")),
            )
            for number, each in enumerate((PASSED, FAILED))
        ),
        formats=OF_TESTS,
        contents=(b"own 0", b"own 1", b"same"),
    ),
    # A Test has steps or iterations; what is left of the other is a comment.
    "steps-beside-iterations": Situation(
        runs=(
            a_run(
                keys=["CALC-1"],
                steps=(a_step(name="begin", evidence=(file_of("a"),)),),
                iterations=(
                    Iteration(
                        outcome=PASSED, steps=(a_step(evidence=(file_of("b"),)),)
                    ),
                ),
            ),
        ),
        formats=OF_TESTS,
        contents=(b"a", b"b"),
    ),
    # Xray takes 20 parameters that have names, each once, of 255 characters.
    "parameters": Situation(
        runs=(
            a_run(
                keys=["CALC-1"],
                iterations=(
                    Iteration(
                        outcome=PASSED,
                        parameters=(
                            ("", "nameless"),
                            ("p00", "first"),
                            ("n" * 256, "v" * 256),
                            *MANY,
                            ("\n", "blank"),
                        ),
                    ),
                    Iteration(outcome=PASSED, parameters=(("", "none"),)),
                ),
            ),
        ),
        formats=("xray",),
    ),
    # A testcase with evidence is what it is without, and has a property more.
    "evidence": Situation(
        runs=tuple(
            a_run(
                each,
                name=f"{each.value}{comment}{len(pieces)}",
                message="because",
                comment=comment,
                evidence=pieces,
                steps=(a_step(evidence=(file_of("of a step"),)),) if pieces else (),
            )
            for each in (PASSED, FAILED, SKIPPED)
            for comment in ("", "seen")
            for pieces in ((), (file_of("own"), a_piece(b"one"), a_piece(b"two")))
        ),
        formats=OF_TESTS,
        contents=(b"own", b"one", b"two", b"of a step"),
    ),
}
OF_FEATURES = {
    # File by file, whenever its scenarios ended; a feature is as bad as its worst.
    "features": Situation(
        runs=(
            named("one", scenario=a_scenario("one", feature=FEATURE, line=7)),
            a_run(keys=["CALC-1"]),
            named("two", scenario=a_scenario("two", feature=OTHER, description="Of a")),
            a_scenario_run(FAILED, scenario=a_scenario("3", feature=FEATURE)),
            a_scenario_run(SKIPPED, scenario=a_scenario("4", feature=FEATURE)),
        )
    ),
    # Tags stay; a key is added unless one of them is its tag in Xray's spelling.
    "tags": Situation(
        runs=(
            *(
                named(" ".join(tags), tags=tags)
                for tags in (
                    ("TEST_CALC-1",),
                    ("CALC-1",),
                    ("slow", "CALC-1"),
                    ("TestName:CALC-1",),
                    ("jira.testcase('CALC-1')",),
                    ("OTHERCALC-1",),
                    ("blocks_CALC-1",),
                    ("REQ_CALC-1",),
                    ("bug-CALC-1",),
                    ("bug:CALC-1",),
                )
            ),
            named("two keys", tags=("smoke",), keys=["CALC-1", "CALC-2"]),
            named("no key", tags=("smoke",), keys=[]),
            *(
                named(
                    f"label {label}", test=a_test(test_keys=("C-1",), labels=(label,))
                )
                for label in ("two words", " smoke", "", "CALC-2", "TEST_CALC-2")
            ),
            # Requirements and labels that neither scenario nor feature has.
            named(
                "of code",
                test=a_test(
                    test_keys=("CALC-1",),
                    requirements=("CALC-7", "CALC-8", "CALC-9"),
                    labels=("slow", "smoke", "ui"),
                ),
                scenario=a_scenario(feature=FEATURE, tags=("REQ_CALC-8", "ui")),
            ),
        ),
        formats=OF_SCENARIOS,
    ),
    # Prefixes that are set say it; those that are not set are Xray's own.
    **{
        f"prefixes-{len(prefixes)}": Situation(
            runs=(
                named(
                    "one",
                    test=a_test(
                        test_keys=("CALC-1",), requirements=("CALC-7", "CALC-8")
                    ),
                    tags=("TestName:CALC-1", "STORY_CALC-7", "REQ_CALC-8"),
                ),
            ),
            formats=OF_SCENARIOS,
            prefixes=prefixes,
        )
        for prefixes in ((), ("TestName:",), ("TestName:", "STORY_"))
    },
    # A step says what became of the scenario: all of it, and nothing twice.
    "decided-by-a-step": Situation(
        runs=tuple(
            a_scenario_run(
                each,
                scenario=a_scenario(name),
                steps=steps,
                message=message,
                output=output,
            )
            for name, each, steps, message, output in (
                ("failed, a step says it", FAILED, STOPPED, "", ""),
                ("with output", FAILED, STOPPED, "", "printed\nmore"),
                (
                    "and behave's hook after it",
                    FAILED,
                    STOPPED,
                    "Given it breaks\nboom\n\nteardown: gone",
                    "",
                ),
                (
                    "failed again",
                    FAILED,
                    STOPPED,
                    "Given it breaks\nboom\nAttempt 1 failed: boom too",
                    "",
                ),
                (
                    "and pytest's fixture after it",
                    FAILED,
                    STOPPED,
                    "t.py:1\nE   boom\n\nteardown: gone",
                    "",
                ),
                (
                    "failed twice",
                    FAILED,
                    (BOOM, a_step(FAILED, name="again", message="bang")),
                    "Given it breaks\nboom\n\nGiven again\nbang\n\ngone",
                    "",
                ),
                ("failed, said already", FAILED, STOPPED, "oo", ""),
                ("no step failed", FAILED, (a_step(),), "gone", ""),
                ("no step ran", FAILED, (a_step(NOT_RUN),), "gone", ""),
                ("no steps", FAILED, (), "gone", ""),
                (
                    "flaky",
                    Outcome.FLAKY,
                    (a_step(), a_step()),
                    "Attempt 1 failed: boom",
                    "",
                ),
                ("flaky, in silence", Outcome.FLAKY, (a_step(), a_step()), "", ""),
                (
                    "skipped",
                    SKIPPED,
                    (a_step(NOT_RUN), a_step(NOT_RUN)),
                    "no browser",
                    "",
                ),
                (
                    "skipped by a step",
                    SKIPPED,
                    (a_step(), a_step(SKIPPED, message="Skipped: no browser")),
                    "no browser",
                    "",
                ),
                ("xfailed", Outcome.XFAILED, STOPPED, "known bug", ""),
                ("xpassed", Outcome.XPASSED, (a_step(), a_step()), "known bug", ""),
                ("nothing to say", PASSED, (a_step(),), "", ""),
            )
        ),
        formats=OF_SCENARIOS,
    ),
    # And and But are of the type of the step before; what stands below a step.
    "steps-of-scenarios": Situation(
        runs=(
            a_scenario_run(
                FAILED,
                steps=(
                    *(
                        a_step(keyword=keyword, line=line, duration=0.25)
                        for line, keyword in enumerate(
                            ("Given", "And", "When", "But", "Then", "*"), 4
                        )
                    ),
                    a_step(text="one\ntwo", table=(("a", "b"), ("1", "2"))),
                    a_step(text="one"),
                    a_step(FAILED, message="a\nb"),
                    a_step(NOT_RUN),
                ),
            ),
        ),
        formats=OF_SCENARIOS,
    ),
    # Evidence stands where it was attached, the scenario's own at its last step.
    "evidence-of-scenarios": Situation(
        runs=(
            a_scenario_run(
                steps=(
                    a_step(evidence=(file_of("early"),)),
                    a_step(evidence=(a_piece(b"late"),)),
                ),
                evidence=(a_piece(b"own"), a_piece(b"own")),
            ),
            a_scenario_run(
                FAILED,
                scenario=a_scenario("no steps"),
                steps=(),
                evidence=(file_of("own"),),
            ),
        ),
        formats=OF_SCENARIOS,
        contents=(b"early", b"late", b"own"),
    ),
}
SITUATIONS = {**OF_RESULTS, **OF_FEATURES}
