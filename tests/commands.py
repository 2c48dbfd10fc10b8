"""All commands of ``xray-bridge``, from its own parser."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import TYPE_CHECKING

from xray_bridge import cli


if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Command:
    """A command with its action and its arguments."""

    argv: tuple[str, ...]
    actions: tuple[argparse.Action, ...]

    def __str__(self) -> str:
        """The command as a user types it."""
        return " ".join(self.argv)

    @property
    def positionals(self) -> list[argparse.Action]:
        """The arguments without a flag."""
        return [each for each in self.actions if not each.option_strings]

    @property
    def flags(self) -> list[argparse.Action]:
        """The flags that take a value."""
        return [a for a in self.actions if a.option_strings and a.nargs is None]

    @property
    def takes_json(self) -> bool:
        """Whether the command has ``--json``."""
        return any("--json" in each.option_strings for each in self.actions)


def all_commands() -> list[Command]:
    """Each command without subcommands, and each action of the others."""
    found = []
    for name in cli.COMMANDS:
        root = _choices(cli.build_parser([name]))
        found += list(_leaves((name,), root[name]))
    return found


def _leaves(
    argv: tuple[str, ...], parser: argparse.ArgumentParser
) -> Iterator[Command]:
    inner = _choices(parser)
    if not inner:
        yield Command(argv, tuple(parser._actions))
    for name, action in inner.items():
        yield from _leaves((*argv, name), action)


def _choices(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return dict(action.choices)
    return {}
