"""An unknown word is never a pass, in any converted format."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from xml.sax.saxutils import quoteattr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.formats.convert.taking import results
from tests.formats.convert.traps import (
    CASE_END,
    END,
    MESSAGES_BEGIN,
    events,
    playwright,
    step,
    trx,
)
from xray_bridge.formats.convert import cucumber_messages
from xray_bridge.formats.read.protocol import WORDS
from xray_bridge.model.results import Outcome


def _json(*path: str | int) -> Callable[[str], str]:
    """A report with a word below these members; 0 is the first of a list."""

    def made(word: str) -> str:
        found: object = word
        for name in reversed(path):
            found = [found] if isinstance(name, int) else {name: found}
        return json.dumps(found)

    return made


def _with(made: Callable[[str], str], **more: object) -> Callable[[str], str]:
    """The report with other members, by which its format is known."""
    return lambda word: json.dumps({**json.loads(made(word)), **more})


def _unit_test(word: str) -> str:
    return trx(f"<UnitTestResult testName='a' outcome={quoteattr(word)}/>")


REPORTS: dict[str, Callable[[str], str]] = {
    "ctrf": _json("results", "tests", 0, "status"),
    "jest": _with(
        _json("testResults", 0, "assertionResults", 0, "status"),
        numRuntimeErrorTestSuites=0,
    ),
    "pytest-json": _with(
        _json("tests", 0, "outcome"), created=1, exitcode=0, summary={}
    ),
    "behavex": _with(
        _json("features", 0, "scenarios", 0, "status"), steps_definition={}
    ),
    "playwright": lambda word: playwright({"status": word}),
    "robot-json": lambda word: json.dumps(
        {
            "suite": {"name": "A", "tests": [{"name": "a", "status": word}]},
            "statistics": {"total": {}},
        }
    ),
    "messages": lambda word: events(*MESSAGES_BEGIN, step(word), CASE_END, END),
    "trx": _unit_test,
}
# What a tool means by them is in its module's own table.
KNOWN = {
    *WORDS,
    *(word.lower() for word in cucumber_messages.OUTCOMES),
    *("xfailed", "xpassed", "rerun", "expected", "flaky", "untested", "not set"),
    *("notexecuted", "disabled"),
}
ODD = st.text(
    st.characters(
        min_codepoint=33, max_codepoint=0x2FFF, exclude_categories=["Cc", "Cs"]
    ),
    max_size=12,
).filter(lambda word: word.strip().lower() not in KNOWN)


@pytest.mark.parametrize("name", REPORTS)
@given(word=ODD)
def test_word_that_nobody_knows(name: str, word: str) -> None:
    """It is a failure."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "report"
        path.write_text(REPORTS[name](word), encoding="utf-8")
        found = results(path)

    assert [each.outcome for each in found] == [Outcome.FAILED]
