"""
One setting: its parser, its default, and how it is spelled at each door.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, overload

from xray_bridge.config import parsers
from xray_bridge.config.secret import Secret


if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

T = TypeVar("T")


class HasValues(Protocol):
    """What holds the values of settings, by name."""

    @property
    def values(self) -> Mapping[str, Any]:
        """The values that were set."""
        ...


class Setting(Generic[T]):
    """
    One setting: its parser, default, and how it is spelled at each door.

    ``flag``: given without a value on command lines. ``structured``: JSON, in
    which ``${NAME}`` is replaced inside strings only. ``is_path``: relative to the
    file that it stands in. ``aliases``: environment variables of other tools whose
    users come here.
    """

    __slots__ = (
        "aliases",
        "default",
        "flag",
        "help",
        "is_path",
        "metavar",
        "name",
        "parse",
        "secret",
        "structured",
    )

    def __init__(  # noqa: PLR0913 - one keyword for each thing a setting has
        self,
        parse: Callable[[str], T],
        default: T,
        help: str,  # noqa: A002 - the word that argparse and pytest use
        *,
        metavar: str = "TEXT",
        flag: bool = False,
        secret: bool = False,
        structured: bool = False,
        is_path: bool = False,
        aliases: tuple[str, ...] = (),
    ) -> None:
        self.name = ""
        self.parse = parse
        self.default = default
        self.help = help
        self.metavar = metavar
        self.flag = flag
        self.secret = secret
        self.structured = structured
        self.is_path = is_path
        self.aliases = aliases

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, instance: None, owner: type) -> Setting[T]: ...
    @overload
    def __get__(self, instance: HasValues, owner: type) -> T: ...
    def __get__(self, instance: HasValues | None, owner: type) -> Setting[T] | T:
        if instance is None:
            return self
        value: T = instance.values.get(self.name, self.default)
        return value

    def __set__(self, instance: HasValues, value: T) -> None:
        msg = "settings are not changed; resolve them again"
        raise AttributeError(msg)

    @property
    def ini(self) -> str:
        """Spelling in pytest's ini files and behave's userdata."""
        return f"xray_{self.name}"

    @property
    def environment(self) -> str:
        """Spelling in the environment."""
        return f"XRAY_{self.name.upper()}"

    @property
    def variables(self) -> tuple[str, ...]:
        """All names in the environment; of a secret, its file's comes last."""
        file = (f"{self.environment}_FILE",) if self.secret else ()
        return (self.environment, *self.aliases, *file)

    @property
    def pytest_flag(self) -> str:
        """Spelling on pytest's command line."""
        return f"--xray-{self.dashed}"

    @property
    def flag_name(self) -> str:
        """Spelling on the command line of ``xray-bridge``."""
        return f"--{self.dashed}"

    @property
    def dashed(self) -> str:
        """The name with dashes."""
        return self.name.replace("_", "-")


def switch(help: str, *, default: bool = False) -> Setting[bool]:  # noqa: A002
    """Declare a yes or no; a flag where it is off by default."""
    return Setting(parsers.boolean, default, help, metavar="yes|no", flag=not default)


def secret(help: str, *aliases: str) -> Setting[Secret]:  # noqa: A002
    """Declare a secret, which only the environment or a file may hold."""
    return Setting(
        Secret, Secret(""), help, metavar="SECRET", secret=True, aliases=aliases
    )
