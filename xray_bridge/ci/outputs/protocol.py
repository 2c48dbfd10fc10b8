"""
The outputs for a CI system, and what was written.
"""

from __future__ import annotations

import os
from dataclasses import field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xray_bridge.atomic import replaced
from xray_bridge.ci.escape import escape_ci_commands
from xray_bridge.ci.outputs.text import is_name
from xray_bridge.dataclass import dataclass
from xray_bridge.text import one_line


if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from xray_bridge.model.receipt import Failure


@dataclass(frozen=True, slots=True, kw_only=True)
class Outputs:
    """
    The outputs for later steps and for people.

    ``variables`` are values of one line each. ``headline`` is one line, ``markdown`` a
    page, in which texts of others are escaped. ``links`` are labels and addresses.
    ``problem`` says why an upload failed, ``is_fatal`` that the job fails for it.
    ``document`` has everything for programs.
    """

    variables: Mapping[str, str]
    markdown: str = ""
    headline: str = ""
    failures: tuple[Failure, ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    problem: str = ""
    is_fatal: bool = False
    document: Mapping[str, Any] = field(default_factory=dict)

    def cleaned(self, clean: Callable[[str], str]) -> Outputs:
        """
        Return the outputs with ``clean`` applied, and CI commands escaped.

        All texts but the Markdown become one line. The modules for the systems only
        add the escapes of their language.
        """
        return replace(
            self,
            variables={
                name: _plain_line(clean(value))
                for name, value in self.variables.items()
                if is_name(name)
            },
            markdown=clean(self.markdown),
            headline=_plain_line(clean(self.headline)),
            failures=tuple(
                replace(
                    each,
                    name=_plain_line(clean(each.name)),
                    message=_plain_line(clean(each.message)),
                    file=_plain_line(clean(each.file)),
                )
                for each in self.failures
            ),
            links=tuple(
                (_plain_line(clean(a)), _plain_line(clean(b))) for a, b in self.links
            ),
            problem=_plain_line(clean(self.problem)),
        )


def _plain_line(text: str) -> str:
    """Return one line, in which no command begins."""
    return escape_ci_commands(one_line(text))


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """Lines for the system to read from our output, and notices of errors."""

    commands: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The places to write to: files that the environment names, or our folder."""

    environ: Mapping[str, str]
    folder: Path

    def file(self, name: str, content: str) -> Path:
        """Write a complete file into our own folder, and return its full path."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder.absolute() / name
        with replaced(path) as file:
            file.write(content.encode("utf-8", "backslashreplace"))
        return path

    def in_checkout(self, file: str, variable: str) -> str:
        """
        Return a file's path relative to the checkout, which a variable names.

        The path is relative to this process's folder before. A file outside of the
        checkout, and a path without the variable, are unchanged.
        """
        checkout = self.environ.get(variable, "")
        if not checkout or not file or Path(file).is_absolute():
            return file
        here = os.path.relpath(os.path.realpath("."), os.path.realpath(checkout))
        path = os.path.normpath(Path(here) / file)
        return file if path.startswith("..") else path.replace(os.sep, "/")

    def append(self, variable: str, content: str) -> None:
        """Append to the file that a variable of the environment names, if it is set."""
        path = self.environ.get(variable, "")
        if path:
            with Path(path).open("ab") as file:
                file.write(content.encode("utf-8", "backslashreplace"))


def limit_variables(
    variables: Mapping[str, str], longest: int
) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the variables up to a length, and notices for the longer ones."""
    kept = {name: text for name, text in variables.items() if len(text) <= longest}
    return kept, tuple(_notices_of_long(variables, kept))


def _notices_of_long(
    variables: Mapping[str, str], kept: Mapping[str, str]
) -> Iterator[str]:
    for name, text in variables.items():
        if name not in kept:
            size = f"{len(text)} characters"
            yield f"{name} was left out: {size} are too long for this CI system"
