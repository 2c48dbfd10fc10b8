"""
The places of collected tests in code, and their names in Xray.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xray_bridge.dataclass import dataclass


if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class TestPlace:
    """
    The place of a test, or of one of its rows.

    ``where`` is ``file:line`` for people, ``file`` an absolute path. ``function`` are
    the names of the classes and the function; empty for a scenario, which is at
    ``line``. ``xray_name`` is the definition of a Generic Test, or the name of a
    scenario: Xray finds a Test without a key by it. ``generated`` says why no key can
    be written here, ``unstable`` what can change the name; both are empty if nothing
    does. ``doubled`` are the keys of several marks on one function, of which only one
    counts. ``inherited``: the keys are those of its class, file or feature. ``title``
    is the name without file and classes. ``summary``, ``description``, ``labels`` and
    ``requirements`` are from marks, tags and docstring.
    """

    __test__ = False

    name: str
    where: str
    file: str = ""
    line: int = 0
    function: tuple[str, ...] = ()
    xray_name: str = ""
    generated: str = ""
    unstable: str = ""
    keys: tuple[str, ...] = ()
    doubled: tuple[str, ...] = ()
    inherited: bool = False
    ignored: bool = False
    title: str = ""
    summary: str = ""
    description: str = ""
    labels: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Place and name."""
        return f"{self.where}: {self.name}"

    @property
    def is_scenario(self) -> bool:
        """Whether it is in a feature file."""
        return not self.function

    @property
    def test(self) -> tuple[object, ...]:
        """What all rows of one test have in common."""
        if self.generated:
            return (self.where, self.name)
        return (self.file, self.function, self.line if self.is_scenario else 0)


def read_place(found: Mapping[str, Any]) -> TestPlace:
    """
    Make a place from a line of a framework's list.

    Raises KeyError, TypeError or ValueError for a line of another form.
    """
    return TestPlace(
        name=str(found["name"]),
        where=str(found["where"]),
        file=str(found.get("file", "")),
        line=int(found.get("line", 0)),
        function=tuple(map(str, found.get("function", ()))),
        xray_name=str(found.get("xray_name", "")),
        generated=str(found.get("generated", "")),
        unstable=str(found.get("unstable", "")),
        keys=tuple(map(str, found["keys"])),
        doubled=tuple(map(str, found.get("doubled", ()))),
        inherited=bool(found.get("inherited")),
        ignored=bool(found.get("ignored")),
        title=str(found.get("title", "")),
        summary=str(found.get("summary", "")),
        description=str(found.get("description", "")),
        labels=tuple(map(str, found.get("labels", ()))),
        requirements=tuple(map(str, found.get("requirements", ()))),
    )
