"""Dataclasses that are cheap to define behave like those of the standard library."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import subprocess
import sys
from functools import partial
from typing import Any

import pytest

from xray_bridge import dataclass as cheap


LAYOUTS = [
    {},
    {"frozen": True},
    {"slots": True},
    {"frozen": True, "slots": True, "kw_only": True},
]
OF = [pytest.param(each, id=",".join(each) or "plain") for each in LAYOUTS]


class Fields:
    """Fields of each kind."""

    first: int
    # A name that the compiled code could use itself.
    object: str = "o"
    items: list[int] = dataclasses.field(default_factory=list)
    unseen: int = dataclasses.field(default=0, compare=False, repr=False)


def make_both(layout: dict[str, bool]) -> tuple[Any, Any]:
    """Decorate the same class by the standard library and by us."""
    without = {"__dict__", "__weakref__"}
    members = {k: v for k, v in vars(Fields).items() if k not in without}
    decorators: list[Any] = [dataclasses.dataclass, cheap.dataclass]
    theirs, ours = (
        decorate(**layout)(type("Value", (), dict(members))) for decorate in decorators
    )
    return theirs, ours


def outcome(do: Any) -> Any:
    """Return what a call returns, or the type of its error."""
    try:
        return do()
    except (TypeError, AttributeError) as error:
        return type(error)


@pytest.mark.parametrize("layout", OF)
def test_the_same_values(layout: dict[str, bool]) -> None:
    """Values are made, shown, compared, hashed and replaced in the same way."""
    given: list[dict[str, Any]] = [
        {"first": 1},
        {"first": 2, "items": [3], "unseen": 4},
        {"object": "x"},
        {},
    ]

    def answers(value: Any) -> list[object]:
        made: list[Any] = [outcome(partial(value, **each)) for each in given]
        found = [made[0] == value(first=1, unseen=9), made[0] == made[1], made[0] == 1]
        found += [repr(each).rpartition(".")[2] for each in made]
        found += [outcome(lambda: hash(made[0])), outcome(lambda: value(1))]
        found += [dataclasses.asdict(dataclasses.replace(made[1], object="y"))]
        return [*found, value(first=1).items is not value(first=1).items]

    theirs, ours = make_both(layout)

    assert str(answers(ours)) == str(answers(theirs))


@pytest.mark.parametrize("layout", OF)
def test_the_same_changes_are_refused(layout: dict[str, bool]) -> None:
    """A frozen value refuses to be changed, and one with slots has no other names."""

    def answers(value: Any) -> list[object]:
        made = value(first=1)
        return [
            outcome(lambda: setattr(made, "first", 2)),
            outcome(lambda: delattr(made, "first")),
            outcome(partial(setattr, made, "other", 2)),
        ]

    theirs, ours = make_both(layout)

    if layout.get("frozen") and layout.get("slots"):
        # Before 3.12, the standard library raises TypeError for unknown names.
        assert answers(ours)[:2] == answers(theirs)[:2]
        assert answers(ours)[2] is dataclasses.FrozenInstanceError
    else:
        assert answers(ours) == answers(theirs)


@cheap.dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A value that pickle can find, with a method of its own."""

    first: int
    second: str = ""

    def __repr__(self) -> str:
        return "mine"


def test_copies() -> None:
    """A frozen value with slots can be copied and pickled."""
    value = Known(first=1, second="2")

    assert copy.copy(value) == copy.deepcopy(value) == value
    assert pickle.loads(pickle.dumps(value)) == value  # noqa: S301 - our own


def test_own_methods_stay() -> None:
    """Methods that the class defines are kept."""
    assert repr(Known(first=1)) == "mine"


def test_frozen_for_subclasses() -> None:
    """A subclass by the standard library must be frozen, and has all fields."""

    @dataclasses.dataclass(frozen=True)
    class Below(Known):
        third: int = 3

    assert dataclasses.asdict(Below(first=1)) == {"first": 1, "second": "", "third": 3}
    with pytest.raises(TypeError, match="non-frozen"):
        dataclasses.dataclass(type("Other", (Known,), {}))


def test_nothing_is_compiled_before_the_first_use() -> None:
    """Defining a value compiles no code; making the first one does, once."""
    code = (
        "import builtins\n"
        "from xray_bridge.dataclass import dataclass\n"
        "real, calls = builtins.exec, []\n"
        "builtins.exec = lambda *given: (calls.append(1), real(*given))\n"
        "@dataclass(frozen=True, slots=True, kw_only=True)\n"
        "class Value:\n"
        "    '''A value.'''\n"
        "    one: int = 1\n"
        "before = len(calls)\n"
        "Value(), Value(), Value() == Value(), repr(Value()), hash(Value())\n"
        "print(before, len(calls))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert done.stdout == "0 1\n"
