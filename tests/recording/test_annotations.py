"""The code of a test adds to its result while it runs."""

from __future__ import annotations

import asyncio
import gc
import json
import threading
import time
import unittest
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TYPE_CHECKING, Any

import pytest

from tests.builders import a_run, a_step
from xray_bridge.model.results import Outcome
from xray_bridge.recording.annotations import Annotations
from xray_bridge.runs import codec
from xray_bridge.runs.evidence import EvidenceFolder, EvidenceSource


if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from xray_bridge.model.results import Step


@pytest.fixture
def xray(tmp_path: Path) -> Annotations:
    """Those of a test that is recorded; a file may have 1000 bytes."""
    return Annotations(EvidenceFolder(tmp_path, 1000, str))


def told(xray: Annotations) -> list[tuple[str, Outcome]]:
    """Names and outcomes of the steps."""
    return [(step.name, step.outcome) for step in xray.steps]


@pytest.mark.parametrize(
    ("method", "field"),
    [("key", "test_keys"), ("requirement", "requirements"), ("defect", "defects")],
)
def test_keys(xray: Annotations, method: str, field: str) -> None:
    """Each once, in order, as Jira spells them."""
    for key in ("CALC-2", " CALC-1\n", "calc-2"):
        getattr(xray, method)(key)

    assert [*getattr(xray, field)] == ["CALC-2", "CALC-1"]


@pytest.mark.parametrize("method", ["key", "requirement", "defect"])
@pytest.mark.parametrize("given", ["c-1", "CALC", "CALC-0", "CALC-1 x", "", None, 7])
def test_what_is_no_key(xray: Annotations, method: str, given: Any) -> None:
    """The test gets an error that explains it."""
    with pytest.raises(ValueError, match="is not an issue key; keys look like CALC-15"):
        getattr(xray, method)(given)

    assert xray.to_line({}) == {}


def test_comments_and_custom_fields(xray: Annotations) -> None:
    """Paragraphs one after the other; the last value of a field wins."""
    xray.comment("one")
    xray.comment(2)  # type: ignore[arg-type]
    xray.comment("one")
    xray.custom_field("Browser", "Chrome")
    xray.custom_field("Retries", 3)
    xray.custom_field("Browser", "Firefox")

    line = xray.to_line({})

    assert line == {
        "comment": "one\n\n2\n\none",
        "custom_fields": [("Browser", "Firefox"), ("Retries", "3")],
    }


def test_nothing_said() -> None:
    """Then nothing is added."""
    assert Annotations().to_line({"test_keys": ("CALC-1",)}) == {}


def test_what_marks_have_said_already(xray: Annotations) -> None:
    """Keys add up, each once; the closest word on a field is the code's own."""
    xray.key("CALC-2")
    xray.requirement("CALC-7")
    xray.defect("CALC-9")
    xray.custom_field("Browser", "Firefox")

    line = xray.to_line(
        {
            "test_keys": ("CALC-1", "CALC-2"),
            "defects": ("CALC-8",),
            "custom_fields": (("Browser", "Chrome"), ("System", "Linux")),
        }
    )

    assert line == {
        "test_keys": ["CALC-1", "CALC-2"],
        "requirements": ["CALC-7"],
        "defects": ["CALC-8", "CALC-9"],
        "custom_fields": [("Browser", "Firefox"), ("System", "Linux")],
    }


def test_line_is_one_of_a_journal(xray: Annotations) -> None:
    """Its additions come back from the line."""
    xray.key("CALC-1")
    xray.comment("seen")
    xray.attach(b"1", "a.bin")
    xray.attach(b"", "b.bin")
    with xray.step("one", data="2", expected="3"):
        xray.attach(b"4", "c.bin")
    known = codec.encode(a_run())

    run = codec.decode(json.loads(json.dumps({**known, **xray.to_line(known)})))

    assert run.test.test_keys == ("CALC-1",)
    assert (run.comment, run.left_out) == ("seen", ("b.bin is empty",))
    assert run.evidence == tuple(xray.evidence)
    assert run.steps == tuple(xray.steps)


def test_step_that_passes(xray: Annotations) -> None:
    """It has its data, its expected result and its duration."""
    with xray.step("Log in", data="ann", expected="a page"):
        time.sleep(0.002)

    (step,) = xray.steps
    assert step == a_step(
        name="Log in", keyword="", data="ann", expected="a page", duration=step.duration
    )
    assert 0.001 < step.duration < 5


class SkippedInOurSense(Exception):  # noqa: N818 - as users name theirs
    """An exception of the user's own, not pytest's."""


SkippedInOurSense.__name__ = SkippedInOurSense.__qualname__ = "Skipped"


class OwnSkip(unittest.SkipTest):
    """A skip of a user's own."""


class Silent(Exception):  # noqa: N818 - it is about its text
    """One that cannot be shown."""

    def __str__(self) -> str:
        raise ZeroDivisionError


class Skipping(Exception):  # noqa: N818 - it is about its text
    """One that is no better."""

    def __str__(self) -> str:
        raise pytest.skip.Exception("no")


class NoText(Exception):  # noqa: N818 - it is about its text
    """An exception whose ``str`` raises."""

    def __str__(self) -> str:
        return 7  # type: ignore[return-value]  # noqa: PLE0307 - as users do


@pytest.mark.parametrize(
    ("error", "outcome", "message"),
    [
        (AssertionError("1 is not 2"), Outcome.FAILED, "AssertionError: 1 is not 2"),
        (AssertionError(), Outcome.FAILED, "AssertionError"),
        (KeyError("a"), Outcome.FAILED, "KeyError: 'a'"),
        (SystemExit(1), Outcome.FAILED, "SystemExit: 1"),
        (pytest.fail.Exception("no"), Outcome.FAILED, "Failed: no"),
        (pytest.skip.Exception("no"), Outcome.SKIPPED, "Skipped: no"),
        (pytest.xfail.Exception("no"), Outcome.XFAILED, "XFailed: no"),
        (pytest.exit.Exception("no"), Outcome.NOT_RUN, "Exit: no"),
        (unittest.SkipTest("no"), Outcome.SKIPPED, "SkipTest: no"),
        (OwnSkip("no"), Outcome.SKIPPED, "OwnSkip: no"),
        (KeyboardInterrupt(), Outcome.NOT_RUN, "KeyboardInterrupt"),
        (GeneratorExit(), Outcome.NOT_RUN, "GeneratorExit"),
        (SkippedInOurSense("no"), Outcome.FAILED, "Skipped: no"),
        (Silent(), Outcome.FAILED, "Silent"),
        (Skipping(), Outcome.FAILED, "Skipping"),
        (NoText(), Outcome.FAILED, "NoText"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
def test_step_that_an_exception_leaves(
    xray: Annotations, error: BaseException, outcome: Outcome, message: str
) -> None:
    """Its class decides the outcome, and it is raised again, with any text."""
    with pytest.raises(type(error)) as caught, xray.step("one"):
        raise error

    assert caught.value is error
    (step,) = xray.steps
    assert (step.outcome, step.message) == (outcome, message)
    assert step.duration > 0


def test_ctrl_c_while_an_exception_is_shown(xray: Annotations) -> None:
    """It is for the session, not for us to swallow."""

    class Slow(Exception):  # noqa: N818 - it is about its text
        def __str__(self) -> str:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), xray.step("one"):
        raise Slow

    assert told(xray) == [("one", Outcome.NOT_RUN)]


def test_exception_that_is_caught_outside(xray: Annotations) -> None:
    """The step failed, and the next one goes on."""
    with pytest.raises(ValueError, match="no"), xray.step("one"):
        raise ValueError("no")
    with xray.step("two"):
        pass

    assert told(xray) == [("one", Outcome.FAILED), ("two", Outcome.PASSED)]


def test_step_within_a_step(xray: Annotations) -> None:
    """It is one after it; both know how they ended."""

    def both() -> None:
        with xray.step("first"):
            pass
        with xray.step("second"):
            raise AssertionError

    with pytest.raises(AssertionError), xray.step("outer"):
        both()

    assert told(xray) == [
        ("outer", Outcome.FAILED),
        ("first", Outcome.PASSED),
        ("second", Outcome.FAILED),
    ]


def test_function_that_is_a_step(xray: Annotations) -> None:
    """Each call is one."""

    @xray.step("add")
    def add() -> int:
        return 3

    assert (add(), add()) == (3, 3)
    assert told(xray) == [("add", Outcome.PASSED), ("add", Outcome.PASSED)]


def test_step_that_nobody_ends(xray: Annotations) -> None:
    """It did not pass; not while it is held, and not when it is forgotten."""
    held = xray.step("held")
    held.__enter__()
    forgotten = xray.step("forgotten")
    forgotten.__enter__()
    del forgotten
    gc.collect()

    assert told(xray) == [("held", Outcome.NOT_RUN), ("forgotten", Outcome.NOT_RUN)]


def test_generator_that_is_closed_within_a_step(xray: Annotations) -> None:
    """The step has no outcome, because the rest of it did not run."""

    def rows() -> Iterator[int]:
        with xray.step("read"):
            yield 1

    reading = rows()
    next(reading)
    reading.close()  # type: ignore[attr-defined]

    assert told(xray) == [("read", Outcome.NOT_RUN)]


def test_steps_that_end_in_another_order(xray: Annotations) -> None:
    """Each is what it was, and evidence goes to the last that is under way."""
    first, second = xray.step("first"), xray.step("second")
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    xray.attach(b"1", "a.bin")
    second.__exit__(None, None, None)
    xray.attach(b"2", "b.bin")

    assert told(xray) == [("first", Outcome.PASSED), ("second", Outcome.PASSED)]
    assert [step.evidence != () for step in xray.steps] == [False, True]
    assert [piece.name for piece in xray.evidence] == ["b.bin"]


def names(step: Step) -> list[str]:
    """The names of a step's evidence."""
    return [piece.name for piece in step.evidence]


def test_evidence_in_steps_and_outside(xray: Annotations, tmp_path: Path) -> None:
    """It belongs to the innermost step that is under way."""
    (tmp_path / "c.txt").write_text("3")
    xray.attach(b"1", "a.bin")
    with xray.step("outer"):
        xray.attach(b"2", "b.bin", "image/x")
        with xray.step("inner"):
            xray.attach(tmp_path / "c.txt")
        xray.attach(str(tmp_path / "c.txt"), name="d.txt")
    xray.add_evidence(EvidenceSource(b"5", "e.bin"))

    outer, inner = xray.steps
    assert names(outer) == ["b.bin", "d.txt"]
    assert names(inner) == ["c.txt"]
    assert [piece.name for piece in xray.evidence] == ["a.bin", "e.bin"]
    assert outer.evidence[0].media_type == "image/x"


def test_evidence_that_is_attached_twice(xray: Annotations) -> None:
    """Once is enough."""
    xray.attach(b"1", "a.bin")
    xray.attach(b"1", "a.bin")

    assert len(xray.evidence) == 1


@pytest.mark.parametrize("content", ["nowhere.png", b"", b"x" * 1001, None, 7])
def test_evidence_that_cannot_be_kept(xray: Annotations, content: Any) -> None:
    """It does not fail the test, and the reason is kept once."""
    with xray.step("one"):
        xray.attach(content, "a.png")
    xray.attach(content, "a.png")

    assert told(xray) == [("one", Outcome.PASSED)]
    assert xray.evidence == []
    (reason,) = xray.left_out
    assert reason.startswith("a.png")


def test_session_that_is_not_recorded(tmp_path: Path) -> None:
    """All is taken, and no file is touched."""
    xray = Annotations()

    xray.key("CALC-1")
    xray.attach(tmp_path / "nowhere.png")
    xray.attach(None)  # type: ignore[arg-type]
    with xray.step("one"):
        xray.attach(b"1", "a.bin")

    assert (xray.evidence, xray.left_out) == ([], [])
    assert told(xray) == [("one", Outcome.PASSED)]
    assert list(tmp_path.iterdir()) == []


def test_clock_that_a_test_patches(
    xray: Annotations, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Steps last as long as they do; a clock that runs backwards makes no step less."""
    with monkeypatch.context() as patched:
        patched.setattr(time, "perf_counter", lambda: -1e9)
        with xray.step("one"):
            pass
        backwards = Annotations(_clock=iter([5.0, 3.0]).__next__)
        with backwards.step("two"):
            pass

    assert 0 <= xray.steps[0].duration < 5
    assert backwards.steps[0].duration == 0.0


class Slow:
    """A name that is not text before all threads are at it."""

    def __init__(self, text: str, gate: threading.Barrier) -> None:
        self.text, self.gate = text, gate

    def __str__(self) -> str:
        """Wait for the others."""
        self.gate.wait(5)
        return self.text


def test_steps_of_threads_at_one_moment() -> None:
    """Each has a place of its own, and passes."""
    given = Annotations()
    gate = threading.Barrier(4)

    def work(number: int) -> None:
        with given.step(Slow(f"part {number}", gate)):  # type: ignore[arg-type]
            pass

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))

    assert {step.name for step in given.steps} == {f"part {n}" for n in range(4)}
    assert {step.outcome for step in given.steps} == {Outcome.PASSED}


def test_evidence_of_tasks_at_one_moment(tmp_path: Path) -> None:
    """It belongs to the step of its own task, though another one began later."""
    given = Annotations(EvidenceFolder(tmp_path, 1000, str))

    async def work(name: str, first: asyncio.Event, second: asyncio.Event) -> None:
        with given.step(name):
            first.set()
            await second.wait()
            given.attach(name.encode(), name=f"{name}.txt")

    async def both() -> None:
        one, two = asyncio.Event(), asyncio.Event()
        await asyncio.gather(work("one", one, two), work("two", two, one))

    asyncio.run(both())

    assert {s.name: [e.name for e in s.evidence] for s in given.steps} == {
        "one": ["one.txt"],
        "two": ["two.txt"],
    }


def test_a_step_that_another_task_has_ended(tmp_path: Path) -> None:
    """It is open nowhere: evidence that follows belongs to the test."""
    given = Annotations(EvidenceFolder(tmp_path, 1000, str))
    step = given.step("one")
    step.__enter__()

    copy_context().run(step.__exit__, None, None, None)
    given.attach(b"late", name="late.txt")

    assert [each.name for each in given.evidence] == ["late.txt"]
    assert given.steps[0].evidence == ()
