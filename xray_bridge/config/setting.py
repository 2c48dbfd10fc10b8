"""
A setting: its parser, its default, and its spelling at each place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar, overload

from typing_extensions import Self

from xray_bridge.config import parsers
from xray_bridge.config.secret import Secret


if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Literal

    Group = Literal["execution", "connection", "results", "session", "jira"]
    Parts = Literal["must agree", "first noted", "add up", "may differ", "dropped"]

T = TypeVar("T")
Own = TypeVar("Own", bound="Values")

# Groups of settings: the Test Execution and its Tests; the server, credentials, proxy
# and certificates; the content of results; the behaviour of a session or a command;
# what happens in Jira beside the import of results.
EXECUTION: Final = "execution"
CONNECTION: Final = "connection"
RESULTS: Final = "results"
SESSION: Final = "session"
JIRA: Final = "jira"

# The value of a merged run if its parts differ in a setting.
MUST_AGREE: Final = "must agree"  # an error: results would go to several places
FIRST_NOTED: Final = "first noted"  # the value of the first part, and a notice
ADD_UP: Final = "add up"  # the values of all parts
MAY_DIFFER: Final = "may differ"  # that of the first part; it belongs to its machine
DROPPED: Final = "dropped"  # no value: it belonged to the session of the part

# The source of values that flags give.
COMMAND_LINE = "command line"
# The environment variable that names the folder with the plan of a rerun.
RERUN_VARIABLE = "XRAY_BRIDGE_RERUN"
# The prefix of sources that are guesses from CI.
GUESSED = "CI: "


class Values:
    """
    The values of settings by name, and their sources; read-only.

    ``values`` are those from layers, ``sources`` the names of the layers. ``given``
    are texts to record, with ``${NAME}`` replaced, without secrets and without
    guesses from CI.
    """

    __slots__ = ("given", "sources", "values")

    def __init__(
        self,
        values: Mapping[str, Any],
        *,
        sources: Mapping[str, str] | None = None,
        given: Mapping[str, str] | None = None,
    ) -> None:
        self.values: dict[str, Any] = dict(values)
        self.sources = dict(sources or ())
        self.given = dict(given or ())

    def is_given(self, setting: Setting[Any]) -> bool:
        """Whether a person set it: it is neither a default nor a guess from CI."""
        source = self.sources.get(setting.name, "")
        return bool(source) and not source.startswith(GUESSED)

    def replaced(self, given: Mapping[str, str] | None = None, **values: Any) -> Self:
        """Return settings with other values; ``given`` are their texts to record."""
        return type(self)(
            {**self.values, **values},
            sources=self.sources,
            given={**self.given, **(given or {})},
        )

    def secrets(self) -> dict[str, Secret]:
        """All secrets that were found by name, for redaction."""
        found = self.values.items()
        return {name: v for name, v in found if isinstance(v, Secret) and v}


class Setting(Generic[T]):
    """
    A setting: its parser, its default, and its spelling at each place.

    ``of``: its group. ``parts``: the value of a merged run if its parts differ.
    ``stored``: a stored connection may hold it. ``one_run``: it is set for one run
    only, so no configuration repeats it. ``starts``: the pytest plugin does nothing
    without one of these. ``flag``: it needs no value on command lines. ``structured``:
    JSON, in which ``${NAME}`` is replaced inside strings only. ``is_path``: relative
    to the file in which it is set. ``aliases``: environment variables of other tools.
    ``own_flag``: the flag of the one command that takes it; empty: no command does;
    None: all commands that use it take its name.
    """

    __slots__ = (
        "aliases",
        "default",
        "flag",
        "help",
        "is_path",
        "metavar",
        "name",
        "of",
        "one_run",
        "own_flag",
        "parse",
        "parts",
        "secret",
        "starts",
        "stored",
        "structured",
    )

    def __init__(  # noqa: PLR0913 - one keyword for each thing a setting has
        self,
        parse: Callable[[str], T],
        default: T,
        help: str,  # noqa: A002 - the word that argparse and pytest use
        *,
        of: Group,
        parts: Parts = FIRST_NOTED,
        stored: bool = True,
        one_run: bool = False,
        starts: bool = False,
        metavar: str = "TEXT",
        flag: bool = False,
        secret: bool = False,
        structured: bool = False,
        is_path: bool = False,
        aliases: tuple[str, ...] = (),
        own_flag: str | None = None,
    ) -> None:
        self.name = ""
        self.parse = parse
        self.default = default
        self.help = help
        self.of = of
        self.parts = parts
        self.stored = stored and of == CONNECTION and not secret
        self.one_run = one_run
        self.starts = starts
        self.metavar = metavar
        self.flag = flag
        self.secret = secret
        self.structured = structured
        self.is_path = is_path
        self.aliases = aliases
        self.own_flag = own_flag

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, instance: None, owner: type) -> Setting[T]: ...
    @overload
    def __get__(self, instance: Values, owner: type) -> T: ...
    def __get__(self, instance: Values | None, owner: type) -> Setting[T] | T:
        if instance is None:
            return self
        value: T = instance.values.get(self.name, self.default)
        return value

    def __set__(self, instance: Values, value: T) -> None:
        msg = "settings cannot be changed; resolve them again"
        raise AttributeError(msg)

    @property
    def ini(self) -> str:
        """The spelling in pytest's ini files and behave's userdata."""
        return f"xray_{self.name}"

    @property
    def environment(self) -> str:
        """The spelling in the environment."""
        return f"XRAY_{self.name.upper()}"

    @property
    def variables(self) -> tuple[str, ...]:
        """All names in the environment; that of a secret's file comes last."""
        file = (f"{self.environment}_FILE",) if self.secret else ()
        return (self.environment, *self.aliases, *file)

    @property
    def pytest_flag(self) -> str:
        """The spelling on pytest's command line."""
        return f"--xray-{self.dashed}"

    @property
    def flag_name(self) -> str:
        """The spelling on the command line of ``xray-bridge``."""
        return self.own_flag or f"--{self.dashed}"

    @property
    def dashed(self) -> str:
        """The name with dashes."""
        return self.name.replace("_", "-")


def switch(  # noqa: PLR0913 - as above
    help: str,  # noqa: A002
    *,
    of: Group,
    default: bool = False,
    parts: Parts = FIRST_NOTED,
    stored: bool = True,
    one_run: bool = False,
    starts: bool = False,
    own_flag: str | None = None,
) -> Setting[bool]:
    """Declare a yes or no; it is a flag if it is off by default."""
    return Setting(
        parsers.boolean,
        default,
        help,
        metavar="yes|no",
        flag=not default,
        of=of,
        parts=parts,
        stored=stored,
        one_run=one_run,
        starts=starts,
        own_flag=own_flag,
    )


def text(  # noqa: PLR0913 - as above
    help: str,  # noqa: A002
    *aliases: str,
    of: Group,
    metavar: str = "TEXT",
    parts: Parts = FIRST_NOTED,
    stored: bool = True,
    one_run: bool = False,
    starts: bool = False,
    own_flag: str | None = None,
) -> Setting[str]:
    """Declare a text, empty by default."""
    return Setting(
        parsers.text,
        "",
        help,
        metavar=metavar,
        of=of,
        parts=parts,
        stored=stored,
        one_run=one_run,
        aliases=aliases,
        starts=starts,
        own_flag=own_flag,
    )


def path(  # noqa: PLR0913 - as above
    help: str,  # noqa: A002
    default: str = "",
    *,
    of: Group,
    parts: Parts = FIRST_NOTED,
    starts: bool = False,
    own_flag: str | None = None,
) -> Setting[str]:
    """Declare a path, relative to the file that names it."""
    return Setting(
        parsers.text,
        default,
        help,
        metavar="PATH",
        is_path=True,
        of=of,
        parts=parts,
        starts=starts,
        own_flag=own_flag,
    )


def address(
    help: str,  # noqa: A002
    *aliases: str,
    parts: Parts = FIRST_NOTED,
) -> Setting[str]:
    """Declare an address of the connection, empty by default."""
    return Setting(
        parsers.url,
        "",
        help,
        metavar="URL",
        of=CONNECTION,
        parts=parts,
        aliases=aliases,
    )


def jira_fields(help: str) -> Setting[dict[str, object]]:  # noqa: A002
    """Declare Jira fields that an import sets, none by default."""
    return Setting(
        parsers.fields,
        {},
        help,
        metavar="JSON|PATH",
        structured=True,
        of=EXECUTION,
    )


def secret(help: str, *aliases: str) -> Setting[Secret]:  # noqa: A002
    """Declare a secret of the connection, from the environment or a file only."""
    return Setting(
        Secret,
        Secret(""),
        help,
        metavar="SECRET",
        secret=True,
        of=CONNECTION,
        aliases=aliases,
    )
