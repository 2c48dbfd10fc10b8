"""When is looked, by which clock, and in which words a person is told."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from xray_bridge.client.request import Request
from xray_bridge.runs import marks
from xray_bridge.upload import looks
from xray_bridge.upload.looks import Watch
from xray_bridge.upload.shipment import Delivery


DELIVERY = Delivery(
    label="xray-bridge-run",
    create=Request(method="POST", path="/import"),
    fill=None,
    fill_after=False,
    key="",
)


class Clocks:
    """Both of this machine's, to be set."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.wall, self.steady = 1000.0, 50.0
        monkeypatch.setattr(time, "time", lambda: self.wall)
        monkeypatch.setattr(time, "monotonic", lambda: self.steady)


@pytest.fixture
def clocks(monkeypatch: pytest.MonkeyPatch) -> Clocks:
    """Clocks that stand still."""
    return Clocks(monkeypatch)


@pytest.mark.parametrize(
    ("mark", "hint"),
    [
        (marks.LABELS, 'look in Jira for the label "xray-bridge-run"'),
        (marks.SUMMARY, 'look in Jira for "xray-bridge-run" in the summary'),
        (marks.DESCRIPTION, 'look in Jira for "xray-bridge-run" in the description'),
    ],
)
def test_hint(mark: str, hint: str) -> None:
    """A person is told where the label stands."""
    assert looks.search_hint(replace(DELIVERY, mark=mark)) == hint


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.0, "0 seconds"),
        (0.1, "1 seconds"),
        (59.5, "60 seconds"),
        (60.0, "60 seconds"),
        (60.1, "2 minutes"),
        (300.0, "5 minutes"),
        (301.0, "6 minutes"),
    ],
)
def test_wait_in_words(seconds: float, words: str) -> None:
    """It is rounded up: sooner would be in vain."""
    assert looks.format_wait(seconds) == words


@pytest.mark.parametrize(
    ("since", "pauses"),
    [
        (0.0, (15.0, 30.0, 60.0, 120.0, 75.0)),
        (100.0, (100.0, 100.0)),
        (299.0, (1.0,)),
    ],
)
def test_pauses_until(since: float, pauses: tuple[float, ...]) -> None:
    """They double, and the last look is at the very end."""
    assert looks.pauses_until(300.0, since) == pauses


@pytest.mark.parametrize(
    ("since", "pauses"),
    [
        (0.0, (0.0, 1.0, 2.0, 4.0)),
        (1.0, (0.0, 2.0, 4.0)),
        (2.0, (0.0, 1.0, 4.0)),
        (9.0, (0.0,)),
    ],
)
def test_pauses_that_are_left(since: float, pauses: tuple[float, ...]) -> None:
    """One look at once, and then at the moments that have not passed."""
    assert looks.remaining_pauses((1.0, 2.0, 4.0), since) == pauses


def test_oldest_first() -> None:
    """By number, and each once."""
    found = looks.oldest_first(["CALC-10", "CALC-9", "CALC-10", "CALC-11"])

    assert found == ("CALC-9", "CALC-10", "CALC-11")


def test_age_is_what_the_clock_says(clocks: Clocks) -> None:
    """The clock is the only source for a moment of another process."""
    assert Watch(lambda: None).age(990.0) == 10.0
    assert Watch(lambda: None).age(clocks.wall + 5) == 0.0


def test_age_of_what_was_noted_here(clocks: Clocks) -> None:
    """A clock that was set forward does not make it older."""
    watch = Watch(lambda: None)
    moment = watch.note()
    clocks.wall += 3600
    clocks.steady += 7

    assert (moment, watch.age(moment)) == (1000.0, 7.0)


@pytest.mark.parametrize(
    ("then", "now", "age"),
    [
        # Ours was set forward by 3600 s: theirs is behind by as much since.
        (60.0, -3540.0, 10.0),
        # Ours was set back: it says less, and counts.
        (60.0, 3660.0, 3610.0),
        # It did not tell then, or does not now.
        (0.0, -3540.0, 3610.0),
        (60.0, None, 3610.0),
    ],
)
@pytest.mark.usefixtures("clocks")
def test_age_by_the_clock_of_the_server(
    then: float, now: float | None, age: float
) -> None:
    """It shows by how much ours was set since."""
    assert Watch(lambda: now).age(1000.0 - 3610.0, then) == age


@pytest.mark.parametrize(("told", "skew"), [(None, 0.0), (2.5, 2.5), (-2.5, -2.5)])
def test_skew(told: float | None, skew: float) -> None:
    """A server that does not tell has our clock."""
    assert Watch(lambda: told).skew == skew
