"""Every status, wait, redirect and clock, in answer to each request of an upload."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING

import pytest

from tests.faults.rehearsal import (
    CREATE,
    FILL,
    MAKE,
    QUESTION,
    SEARCH,
    Rehearsal,
    numbered,
)
from tests.simulation.machine import Machine
from tests.simulation.server import NEVER, NOW, PAGE, RESET, Fate


if TYPE_CHECKING:
    from pathlib import Path


REDIRECTS = (300, 301, 302, 303, 304, 305, 307, 308)
REFUSALS = (*range(400, 408), *range(409, 432), 444, 451)
UNCLEAR = (408, 499)
FAILURES = (*range(500, 509), 510, 511, *range(520, 531), 598, 599)
SUCCESSES = (200, 201, 202, 203, 204, 205, 206, 207)
STATUSES = (*SUCCESSES, *REDIRECTS, *REFUSALS, *UNCLEAR, *FAILURES)
SAID = {"page": PAGE, "JSON": json.dumps({"error": "no"}).encode(), "nothing": b""}
LOST = Fate(NOW, RESET)
HEADERS = {"Location": "https://elsewhere.example.com/login"}


@pytest.fixture(scope="module")
def rehearsal(tmp_path_factory: pytest.TempPathFactory) -> Rehearsal:
    """One folder for all."""
    folder: Path = tmp_path_factory.mktemp("rehearsal")
    return Rehearsal(folder)


@pytest.mark.parametrize(
    "sentence", numbered(f"HTTP {status} from the server" for status in STATUSES)
)
def test_status(rehearsal: Rehearsal, sentence: str) -> None:
    """In answer to any request, done or not: each result arrives once."""
    status = int(sentence.split()[1])
    may_be_done = status in {*SUCCESSES, *UNCLEAR, *FAILURES}
    played = []
    for number, body in enumerate(SAID.values()):
        done = NOW if may_be_done and number else NEVER
        fate = Fate(done, (status, body, HEADERS))
        played.append(rehearsal.play({CREATE: [fate]}))
    fate = Fate(NEVER, (status, PAGE, HEADERS))
    if status not in SUCCESSES:
        played.append(rehearsal.play({QUESTION: [fate]}))
        played.append(rehearsal.play({CREATE: [LOST], SEARCH: [fate]}))
    in_doubt = Fate(NEVER, (500, PAGE, {}))
    played.append(rehearsal.play({CREATE: [in_doubt], MAKE: [fate]}))
    played.append(rehearsal.play({FILL: [fate]}, name="existing"))
    played.append(rehearsal.play({FILL: [fate]}, name="new, and filled"))

    assert [each.problems for each in played if each.problems] == []


WAITS = {
    "Retry-After of nothing": "",
    "Retry-After of one second": "1",
    "Retry-After of zero": "0",
    "Retry-After with blanks around": "  2  ",
    "Retry-After of a day": "86400",
    "Retry-After of three thousand years": "99999999999",
    "Retry-After of more digits than a number has": "9" * 400,
    "Retry-After below zero": "-5",
    "Retry-After that is a fraction": "1.5",
    "Retry-After that is a word": "soon",
    "Retry-After that is NaN": "nan",
    "Retry-After that is infinite": "inf",
    "Retry-After in hexadecimal": "0x10",
    "Retry-After in digits of another script": "\u0663",
    "Retry-After till a date in the past": "Fri, 31 Dec 1999 23:59:59 GMT",
    "Retry-After till a date next year": "Fri, 31 Dec 2027 23:59:59 GMT",
    "Retry-After till a date of no calendar": "Fri, 99 Foo 2026 25:61:61 GMT",
    "Retry-After till the year 99999": "Fri, 31 Dec 99999 23:59:59 GMT",
    "Retry-After of two values": "1, 2",
}


@pytest.mark.parametrize("sentence", numbered(WAITS))
def test_wait(rehearsal: Rehearsal, sentence: str) -> None:
    """Within the deadline or not at all, with a 429 and a 503."""
    headers = {"Retry-After": WAITS[sentence]}
    played = [
        rehearsal.play({phase: [Fate(NEVER, (status, b"{}", headers))] * times})
        for status in (429, 503)
        for phase in (CREATE, QUESTION)
        for times in (1, 3)
    ]

    assert [each.problems for each in played if each.problems] == []
    assert all(each.first and each.first.duration <= 125 for each in played)


PLACES = {
    "redirect to a login page": "/login.jsp",
    "redirect to https": "https://xray.test/",
    "redirect to another host": "http://elsewhere.example.com/rest",
    "redirect to itself": "http://xray.test/rest/raven/2.0/import/execution/junit",
    "redirect to a file": "file:///etc/passwd",
    "redirect to a script": "javascript:alert(1)",
    "redirect to nothing": "",
    "redirect to no address": "http://[::1",
    "redirect to an address with a login": "http://user:password@elsewhere.example.com",
    "redirect to a host of another alphabet": "http://\u0445ray.test/",
    "redirect without a scheme": "//elsewhere.example.com/x",
    "redirect of ten thousand letters": "/" + "x" * 10_000,
}


@pytest.mark.parametrize("sentence", numbered(PLACES))
def test_redirect(rehearsal: Rehearsal, sentence: str) -> None:
    """Never followed; nothing was taken, and a resend takes it there."""
    headers = {"Location": PLACES[sentence]}
    played = [
        rehearsal.play({phase: [Fate(NEVER, (status, PAGE, headers))]})
        for status in (301, 302, 303, 307, 308)
        for phase in (CREATE, QUESTION)
    ]

    assert [each.problems for each in played if each.problems] == []
    assert all(each.first and each.first.exit_code == 80 for each in played)


GIVEN_UP: tuple[str | tuple[int, bytes, dict[str, str]], ...] = (RESET, (504, PAGE, {}))
SECONDS = {
    "half a minute forward": 30.0,
    "half a minute back": -30.0,
    "an hour forward": 3600.0,
    "an hour back": -3600.0,
    "a year forward": 3e7,
    "a year back": -3e7,
    "to the year 2200": 5.5e9,
    "to 1970": -1.767e9,
}


@pytest.mark.parametrize(
    "sentence",
    numbered(f"the clock is set {said}, with an import in doubt" for said in SECONDS),
)
def test_clock(rehearsal: Rehearsal, sentence: str) -> None:
    """An import that goes on for minutes is not sent beside itself."""
    said = sentence.removeprefix("the clock is set ").partition(",")[0]

    def set_clock(machine: Machine) -> None:
        machine.ahead = SECONDS[said]
        # The next upload comes at once.
        machine.now -= 390.0

    played = [
        rehearsal.play(
            {CREATE: [Fate(done, answer)]},
            between=set_clock,
            machine=Machine(random.Random(seed)),  # noqa: S311 - the same each time
        )
        for seed, done in enumerate(("later", "later", NEVER, NOW))
        for answer in GIVEN_UP
    ]

    assert [each.problems for each in played if each.problems] == []
