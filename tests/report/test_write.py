"""The page of run directories."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from lxml import html

from tests.builders import (
    a_run,
    a_scenario,
    a_scenario_run,
    a_shard,
    a_step,
    a_test,
    recorded,
)
from xray_bridge.model.results import Iteration, Outcome
from xray_bridge.report import results as limits
from xray_bridge.report.write import write_page
from xray_bridge.runs.run_directory import RunDirectory, State
from xray_bridge.runs.sessions import group_runs


if TYPE_CHECKING:
    from pathlib import Path


def page(tmp_path: Path, *directories: RunDirectory, browse: str = "") -> Any:
    """The page of these run directories."""
    path = tmp_path / "report.html"
    write_page(group_runs(directories), path, browse)
    return html.fromstring(path.read_bytes())


def text(element: Any) -> str:
    """The text of an element, with single blanks."""
    return " ".join(" ".join(element.itertext()).split())


def header(tree: Any) -> str:
    """The text of the header."""
    return text(tree.xpath("//header")[0])


@pytest.mark.parametrize(
    ("outcomes", "headline", "verdict"),
    [
        ([Outcome.PASSED, Outcome.FAILED], "1 of 2 tests failed", "failed"),
        ([Outcome.PASSED, Outcome.SKIPPED], "2 tests, none failed", "passed"),
        ([Outcome.PASSED, Outcome.FLAKY], "2 tests, 1 flaky", "flaky"),
        ([Outcome.XFAILED], "1 test, none failed", "passed"),
        ([], "No results", "other"),
    ],
)
def test_the_headline_answers_whether_it_is_good(
    tmp_path: Path, outcomes: list[Outcome], headline: str, verdict: str
) -> None:
    """One line says how many tests failed; the colour agrees."""
    runs = [a_run(each, name=f"test_{n}") for n, each in enumerate(outcomes)]

    tree = page(tmp_path, recorded(tmp_path, *runs))

    (found,) = tree.xpath("//header")
    assert text(found.xpath("p[@class='headline']")[0]) == headline
    assert found.get("class") == f"verdict {verdict}"


def test_an_incomplete_run_is_not_good(tmp_path: Path) -> None:
    """A killed session is not green, and the page says why."""
    directory = recorded(tmp_path, a_run())
    (directory.path / "state.json").unlink()

    tree = page(tmp_path, directory)

    assert "the run is incomplete" in header(tree)
    assert "Incomplete: the session was killed before it ended" in header(tree)
    assert tree.xpath("//header[contains(@class, 'other')]")


def test_damaged_lines_are_said(tmp_path: Path) -> None:
    """A line that cannot be read is a notice."""
    directory = recorded(tmp_path, a_run())
    with directory.journal.open("ab") as file:
        file.write(b"{}\n")

    assert "1 damaged line in the journal" in header(page(tmp_path, directory))


def test_facts_of_the_run(tmp_path: Path) -> None:
    """Settings, build and Test Execution are in the header."""
    directory = recorded(
        tmp_path,
        a_run(),
        settings={"project": "CALC", "test_plan": "CALC-9", "environments": "A;B"},
        ci={"name": "GitHub", "build_number": "7", "build_url": "https://ci.example/7",
            "branch": "main"},
    )  # fmt: skip
    directory.state = State(state="delivered", test_execution="CALC-10")

    tree = page(tmp_path, directory, browse="https://jira.example/browse/")

    found = dict(
        zip(
            map(text, tree.xpath("//header//dt")),
            map(text, tree.xpath("//header//dd")),
            strict=True,
        )
    )
    assert found.items() >= {
        ("Test Execution", "CALC-10"), ("Project", "CALC"), ("Test Plan", "CALC-9"),
        ("Test Environments", "A, B"), ("Build", "GitHub 7"), ("Branch", "main"),
    }  # fmt: skip
    assert tree.xpath("//header//a/@href")[-3:] == [
        "https://jira.example/browse/CALC-10",
        "https://jira.example/browse/CALC-9",
        "https://ci.example/7",
    ]


def test_links_lead_where_the_upload_went(tmp_path: Path) -> None:
    """Without an address, the receipt has one; refusals in it are notices."""
    directory = recorded(tmp_path, a_run(keys=["CALC-1"]))
    url = "https://jira.example/browse/CALC-10"
    receipt = {
        "test_execution": {"key": "CALC-10", "url": url},
        "refused": [{"key": "CALC-1", "message": "unknown"}, "odd"],
    }
    (directory.path / "receipt.json").write_text(json.dumps(receipt), "ascii")

    tree = page(tmp_path, directory)

    assert "Xray refused CALC-1: unknown" in header(tree)
    assert tree.xpath("//li//a/@href")[-1] == "https://jira.example/browse/CALC-1"


def test_ignored_tests_and_nested_steps(tmp_path: Path) -> None:
    """The header counts the first; the second stand below the steps around them."""
    steps = (a_step(name="outer"), a_step(name="inner", depth=1))
    directory = recorded(tmp_path, a_run(steps=steps))
    directory.state = replace(directory.state, ignored=2)

    tree = page(tmp_path, directory)

    assert "Ignored: 2 tests, not reported to Xray" in header(tree)
    assert "inner" in text(tree.xpath("//*[@class='depth1']")[0])


def test_many_notices_are_counted(tmp_path: Path) -> None:
    """A page is no log: the first ones, and how many more."""
    runs = [a_run(name=f"test_{n}", left_out=("big.bin",)) for n in range(25)]

    found = header(page(tmp_path, recorded(tmp_path, *runs)))

    assert found.count("Left out:") == 20
    assert "and 5 more like these" in found


def test_a_scenario_is_listed_below_its_feature(tmp_path: Path) -> None:
    """A scenario has its name, its tags and its steps with their data."""
    step = a_step(Outcome.FAILED, message="no", table=(("a", "b"), ("1", "2")))
    run = a_scenario_run(
        Outcome.FAILED, scenario=a_scenario(tags=("slow",)), steps=(step,)
    )

    (section,) = page(tmp_path, recorded(tmp_path, run)).xpath(
        "//details[@id='failed']/section"
    )

    assert text(section.find("h3")) == "features/add.feature"
    for words in (
        "two numbers",
        "slow",
        "Given the display is on",
        "a | b 1 | 2",
        "no",
    ):
        assert words in text(section)


def test_iterations_are_shown(tmp_path: Path) -> None:
    """Subtests have their parameters and messages."""
    row = Iteration(outcome=Outcome.FAILED, parameters=(("n", "1"),), message="zero")

    tree = page(tmp_path, recorded(tmp_path, a_run(Outcome.FAILED, iterations=(row,))))

    assert "n = 1 zero" in text(tree.xpath("//section[@class='iteration']")[0])


def test_a_result_that_is_not_sent_says_so(tmp_path: Path) -> None:
    """A withheld result is on the page, with the reason."""
    run = replace(a_run(), withheld="a secret")

    tree = page(tmp_path, recorded(tmp_path, run))

    assert "Not sent" in header(tree)


def test_evidence_of_the_run_is_in_the_page(tmp_path: Path) -> None:
    """Files are contained; a missing one and one that is too large are named."""
    directory = a_shard(
        tmp_path, {"evidence": {"a.bin": b"one", "b.bin": b"two"}, "step": {"c": b"3"}}
    )
    gone = next((directory.path / "evidence").iterdir())
    gone.write_bytes(b"other")

    tree = page(tmp_path, directory)

    assert (
        len(tree.xpath("//ul[@class='evidence']//a[starts-with(@href, 'data:')]")) == 2
    )
    assert "the file is missing or changed" in text(tree)


@pytest.mark.parametrize(
    ("limit", "words"), [("LARGEST_FILE", "over 2 bytes"), ("LARGEST_PAGE", "is full")]
)
def test_large_evidence_stays_in_the_run_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, words: str
) -> None:
    """A page that a browser cannot open helps nobody."""
    monkeypatch.setattr(limits, limit, 2)
    directory = a_shard(tmp_path, {"evidence": {"a.bin": b"one"}})

    assert words in text(page(tmp_path, directory))


def test_the_history_of_a_test(tmp_path: Path) -> None:
    """A test shows its earlier results; a new failure is marked."""
    old = recorded(
        tmp_path, a_run(name="a"), a_run(Outcome.FAILED, name="b"), started=1.0
    )
    new = recorded(
        tmp_path,
        a_run(Outcome.FAILED, name="a"),
        a_run(Outcome.FAILED, name="b"),
        a_run(Outcome.FAILED, name="c"),
        started=2.0,
    )

    tree = page(tmp_path, old, new)

    lines = {
        text(each.xpath(".//span")[0]): text(each)
        for each in tree.xpath("//details[@id='failed']/section/ul/li")
    }
    assert {name for name, shown in lines.items() if " new" in shown} == {"a"}
    assert "Earlier runs: passed" in lines["a"]
    assert "Earlier runs: failed" in lines["b"]
    assert "Earlier runs" not in lines["c"]
    tables = {
        text(each.find("summary")): text(each)
        for each in tree.xpath("//details[@class='table']")
    }
    assert "tests.test_calculator.a" in tables["New failures 1"]
    assert "tests.test_calculator.a" in tables["Flakiest tests 1"]
    assert "250 ms" in tables["Slowest tests 3"]


def test_a_test_with_a_summary_and_labels(tmp_path: Path) -> None:
    """The summary is shown; labels can be filtered."""
    run = a_run(test=a_test("test_add", summary="It adds", labels=("smoke",)))

    (line,) = page(tmp_path, recorded(tmp_path, run)).xpath(
        "//details[@id='passed']//li"
    )

    assert "It adds" in text(line)
    assert line.get("data-tag") == "smoke"


def test_a_failure_in_quarantine_says_so(tmp_path: Path) -> None:
    """Who spared it stands above the comment of the test."""
    spared = a_run(Outcome.FAILED, quarantined="Quarantined by Anna", comment="seen")

    shown = text(page(tmp_path, recorded(tmp_path, spared)))

    assert "Quarantined by Anna seen" in shown
