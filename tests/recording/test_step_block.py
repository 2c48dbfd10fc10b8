"""A step as a ``with`` block or as a decorator."""

from __future__ import annotations

import asyncio
import gc
import inspect
import re
import subprocess
import sys
import warnings
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

import xray_bridge
from xray_bridge import Annotations
from xray_bridge.model.results import Outcome
from xray_bridge.recording import step_block
from xray_bridge.recording.running import RUNNING


if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> Annotations:
    """Those of the running test."""
    found = Annotations()
    monkeypatch.setattr(RUNNING, "find", lambda: found)
    return found


@pytest.fixture(autouse=True)
def nothing_was_warned_about(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each place is warned about once in a process."""
    monkeypatch.setattr(step_block, "_WARNED", set())


def names(annotations: Annotations) -> list[str]:
    """The names of the steps so far."""
    return [step.name for step in annotations.steps]


def test_text_takes_parameters(said: Annotations) -> None:
    """Name, data and expected result have the values in place of the names."""
    block = xray_bridge.step(
        "Log in as {user}", data="{user.upper}", expected="{n:03d}", user="ann", n=7
    )
    with block:
        pass

    (step,) = said.steps
    assert (step.name, step.expected) == ("Log in as ann", "007")
    assert step.data.startswith("<built-in method upper")


def test_text_without_parameters_stays_as_it_is(said: Annotations) -> None:
    """Braces in it mean nothing."""
    with xray_bridge.step("Send {json}", data='{"a": {}}'):
        pass

    assert (said.steps[0].name, said.steps[0].data) == ("Send {json}", '{"a": {}}')


class Page:
    """A page object."""

    title = "Shop"

    @xray_bridge.step("Log in as {user} on {self.title}", data="{options}")
    def log_in(self, user: str, *rest: str, **options: int) -> tuple[Any, ...]:
        """Log in."""
        return (user, *rest, options)

    @xray_bridge.step("Buy {number} for {price:.2f}")
    async def buy(self, number: int = 1, *, price: float = 0.5) -> float:
        """Buy something."""
        await asyncio.sleep(0)
        with xray_bridge.step("Pay"):
            return number * price

    @xray_bridge.step("Open {each}")
    @staticmethod
    def open(each: str) -> str:
        """Open something."""
        return each

    @xray_bridge.step("Make {cls.title}")
    @classmethod
    def make(cls) -> type[Page]:
        """Make a page."""
        return cls


def test_decorated_functions(said: Annotations) -> None:
    """Their texts take arguments and defaults; they return what they return."""
    page = Page()

    assert page.log_in("ann", "b", c=1) == ("ann", "b", {"c": 1})
    assert asyncio.run(page.buy(price=2)) == 2
    assert page.open("it") == "it"
    assert Page.make() is Page
    assert names(said) == [
        "Log in as ann on Shop",
        "Buy 1 for 2.00",
        "Pay",
        "Open it",
        "Make Shop",
    ]
    assert [step.depth for step in said.steps] == [0, 0, 1, 0, 0]
    assert said.steps[0].data == "{'c': 1}"


def test_decorated_functions_outside_of_a_test() -> None:
    """They do their work, and no text is made."""
    page = Page()
    del page.__class__.title
    try:
        assert page.log_in("ann") == ("ann", {})
        assert asyncio.run(page.buy()) == 0.5
    finally:
        Page.title = "Shop"


def test_decorated_function_keeps_its_signature() -> None:
    """pytest reads the fixtures from it."""
    assert [*inspect.signature(Page.log_in).parameters][:2] == ["self", "user"]
    assert inspect.iscoroutinefunction(Page.buy)
    assert Page.log_in.__doc__ == "Log in."


def test_error_in_a_decorated_function(said: Annotations) -> None:
    """The step fails, and the error is the caller's."""

    @xray_bridge.step("Fall")
    def fall() -> None:
        raise ValueError("no")

    @xray_bridge.step("Fall later")
    async def fall_later() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        fall()
    with pytest.raises(ValueError, match="no"):
        asyncio.run(fall_later())

    assert [step.outcome for step in said.steps] == [Outcome.FAILED] * 2
    assert said.steps[0].message == "ValueError: no"


class NoFormat:
    """A value that has no text."""

    def __format__(self, form: str) -> str:
        raise ZeroDivisionError


@pytest.mark.parametrize("value", [NoFormat(), object()])
def test_text_that_cannot_be_filled(said: Annotations, value: object) -> None:
    """It does not fail the test."""

    @xray_bridge.step("Use {value.missing:>9}{value}")
    def use(value: object) -> object:
        return value

    assert use(value) is value
    assert names(said) == ["Use {value.missing:>9}{value}"]


def test_wrong_call_of_a_decorated_function(said: Annotations) -> None:
    """It is the function's own error."""
    with pytest.raises(TypeError, match="log_in"):
        Page.log_in(Page())  # type: ignore[call-arg]

    assert names(said) == ["Log in as {user} on {self.title}"]


def test_braces_and_fixed_parameters_of_a_decorator(said: Annotations) -> None:
    """A double brace is one; a parameter of the decorator wins over an argument."""

    @xray_bridge.step("Send {{}}")
    def send() -> None: ...

    @xray_bridge.step("To {who}", who="ann")
    def call(who: str) -> str:
        return who

    send()

    assert call("bob") == "bob"
    assert names(said) == ["Send {}", "To ann"]


def test_any_keyword_of_a_decorated_function(said: Annotations) -> None:
    """A function that takes any may be called with the one in the text, or not."""

    @xray_bridge.step("Go {where}")
    def go(**options: str) -> None: ...

    go(where="home")
    go()

    assert names(said) == ["Go home", "Go {where}"]


def generator() -> Iterator[int]:
    """It has no end that a step could have."""
    yield 1


async def async_generator() -> AsyncIterator[int]:
    """Nor does it."""
    yield 1


@pytest.mark.parametrize(
    ("text", "function", "message"),
    [
        ("Log in as {usr}", Page.log_in, ""),
        ("Log in as {usr}", Page.buy, "{usr}, which is no argument of Page.buy"),
        ("Buy {numbr}", Page.buy, "did you mean {number}?"),
        ("Buy {}", Page.buy, "{}, which is no argument"),
        ("Buy {0}", Page.buy, "{0}, which is no argument"),
        ("Buy {", Page.buy, "the text 'Buy {' of a step: Single '{'"),
        ("Read", generator, "write inside of it: with xray_bridge.step('Read'):"),
        ("Read", async_generator, "async_generator is a generator"),
        ("Read", Page, "is for functions"),
        ("Read", 7, "is for functions, and 7 is none"),
    ],
)
def test_wrong_decorator(text: str, function: Any, message: str) -> None:
    """It is an error at once, in each session."""
    if not message:
        # A function with ``**options`` may get any.
        xray_bridge.step(text)(function)
        return

    with pytest.raises((TypeError, ValueError), match=re.escape(message)):
        xray_bridge.step(text)(function)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (partial(xray_bridge.step, "a", dta="1"), "dta= (did you mean data=?)"),
        (partial(Annotations().step, "a", expect="1"), "(did you mean expected=?)"),
        (partial(xray_bridge.step, "{user}", usr="1"), "(did you mean user=?)"),
        (partial(xray_bridge.step, "a", q=1, w=2), "unknown argument: q, w="),
        (
            partial(Annotations().attach, b"a", nme="b"),  # type: ignore[arg-type]
            "nme= (did you mean name=?)",
        ),
    ],
)
def test_misspelt_argument(call: Callable[[], object], message: str) -> None:
    """The error names the one that was meant."""
    with pytest.raises(TypeError, match=re.escape(message)):
        call()


def test_step_that_is_thrown_away(said: Annotations) -> None:
    """The warning has the place and the line to write, and comes once for a place."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for _ in range(3):
            xray_bridge.step("Open", data="a")
        # fmt: off
        said.step(
            "Send",
        )
        # fmt: on

    first, second = caught
    line = test_step_that_is_thrown_away.__code__.co_firstlineno + 5
    assert (first.filename, first.lineno) == (__file__, line)
    assert str(first.message) == (
        "this step is not recorded, because it never begins; "
        'write: with xray_bridge.step("Open", data="a"):'
    )
    assert str(second.message).endswith("write: with xray_bridge.step('Send'):")


def test_steps_that_are_used() -> None:
    """None of them is a mistake, whether it is used at once or later."""
    with warnings.catch_warnings(), ExitStack() as stack:
        warnings.simplefilter("error")
        stack.enter_context(xray_bridge.step("entered"))
        steps = [xray_bridge.step("in a list")]
        xray_bridge.step("called")(len)("")
        with pytest.raises(TypeError):
            xray_bridge.step("wrong", dta=1)
        with steps.pop():
            pass
        gc.collect()


def test_step_that_is_left_when_python_ends() -> None:
    """It was made for later, perhaps; and nothing can be imported any more."""
    code = (
        "import sys, xray_bridge\n"
        "OF_THE_MODULE = xray_bridge.step('a')\n"
        "sys.kept = [xray_bridge.step('b')]\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert done.stderr == ""


def test_steps_of_tasks_stand_below_their_own(said: Annotations) -> None:
    """A report has the order of a tree, though the tasks run at one moment."""

    async def work(name: str) -> None:
        with xray_bridge.step(name):
            await asyncio.sleep(0)
            with xray_bridge.step(f"{name} inside"):
                await asyncio.sleep(0)

    async def both() -> None:
        with xray_bridge.step("all"):
            await asyncio.gather(work("one"), work("two"))

    asyncio.run(both())

    assert [(step.name, step.depth) for _, step in said.ordered_steps()] == [
        ("all", 0),
        ("one", 1),
        ("one inside", 2),
        ("two", 1),
        ("two inside", 2),
    ]


def test_one_block_may_be_entered_again(said: Annotations) -> None:
    """After its end, and inside itself."""
    block = xray_bridge.step("again")
    with block, block:
        pass
    with block:
        pass

    assert [(step.outcome, step.depth) for step in said.steps] == [
        (Outcome.PASSED, 0),
        (Outcome.PASSED, 1),
        (Outcome.PASSED, 0),
    ]
