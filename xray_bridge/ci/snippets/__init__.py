"""
Make configuration for CI systems: a template for each, filled for a project.

In a template, ``@install@``, ``@commands@``, ``@secrets@`` and ``@settings@`` stand
for lines, ``@secret-names@`` for words; a line with ``@if-settings@`` is left out if
there are no settings.
"""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import replace
from importlib.resources import files
from typing import TYPE_CHECKING

from xray_bridge.dataclass import dataclass


if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

LINES = re.compile(r"( *)@(install|commands|secrets|settings)@")
IF_SETTINGS = " @if-settings@"
NAMES = "@secret-names@"


def _quote_yaml(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _quote_groovy(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n")
    return f"'{escaped}'"


def _quote_kotlin(value: str) -> str:
    # References to parameters stand between per cent signs.
    return _quote_yaml(value).replace("$", "\\$").replace("%", "%%")


def _quote_buildkite(value: str) -> str:
    return _quote_yaml(value).replace("$", "$$")


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """
    The syntax of one CI system.

    ``path`` is the file of its configuration. ``dollar`` is the form of a shell's ``$``
    in it.
    """

    path: str
    secret: str = ""
    setting: str = "{name}: {value}"
    quote: Callable[[str], str] = _quote_yaml
    dollar: str = "$"


SYSTEMS: Mapping[str, System] = {
    "jenkins": System(
        path="Jenkinsfile",
        secret="{name} = credentials('{name}')",  # noqa: S106 - its name
        setting="{name} = {value}",
        quote=_quote_groovy,
    ),
    "github": System(
        path=".github/workflows/test.yml",
        secret="{name}: ${{{{ secrets.{name} }}}}",  # noqa: S106 - its name
    ),
    "gitlab": System(path=".gitlab-ci.yml"),
    "azure": System(path="azure-pipelines.yml", secret="{name}: $({name})"),  # noqa: S106 - its name
    "bitbucket": System(
        path="bitbucket-pipelines.yml",
        setting="export {name}={value}",
        quote=shlex.quote,
    ),
    "circleci": System(path=".circleci/config.yml"),
    "harness": System(
        path=".harness/test.yaml",
        secret='{name}: <+secrets.getValue("{name}")>',  # noqa: S106 - its name
    ),
    "teamcity": System(
        path=".teamcity/settings.kts",
        secret='password("env.{name}", "credentialsJSON:id-of-{name}")',  # noqa: S106 - its name
        setting='param("env.{name}", {value})',
        quote=_quote_kotlin,
        dollar="${'$'}",
    ),
    "buildkite": System(
        path=".buildkite/pipeline.yml",
        secret="- {name}",  # noqa: S106 - its name
        quote=_quote_buildkite,
        dollar="$$",
    ),
}

# The pipelines that Xray's "Remote Jobs Trigger" starts from Jira.
FROM_JIRA: Mapping[str, System] = {
    "jenkins": replace(SYSTEMS["jenkins"], path="from-jira.Jenkinsfile"),
    "github": replace(SYSTEMS["github"], path=".github/workflows/from-jira.yml"),
    "gitlab": SYSTEMS["gitlab"],
    "azure": replace(SYSTEMS["azure"], path="azure-pipelines-from-jira.yml"),
    "bamboo": System(
        path="bamboo-specs/bamboo.yaml",
        secret='export {name}="$bamboo_{name}"',  # noqa: S106 - its name
        setting="export {name}={value}",
        quote=shlex.quote,
    ),
}


# Two workflows, of which only the second has secrets, for pull requests from forks. The
# other systems run no pull requests of forks, or run them in the fork's own project.
FROM_FORKS: Mapping[str, System] = {
    "github": replace(SYSTEMS["github"], path=".github/workflows/test-forks.yml"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """
    The values that a project puts into a template.

    ``secrets`` are names of environment variables, ``settings`` names and values.
    """

    install: str
    commands: Sequence[str]
    secrets: Sequence[str]
    settings: Mapping[str, str]


def make_snippet(name: str, wishes: Wishes) -> str:
    """Make the configuration for a system of SYSTEMS."""
    return _fill(SYSTEMS[name], f"{name}.txt", wishes)


def make_from_jira(name: str, wishes: Wishes) -> str:
    """Make the configuration for a system of FROM_JIRA, with what to type in Jira."""
    return _fill(FROM_JIRA[name], f"from_jira/{name}.txt", wishes)


def make_from_forks(name: str, wishes: Wishes) -> str:
    """Make the two workflows for a system of FROM_FORKS, as two YAML documents."""
    return _fill(FROM_FORKS[name], f"from_forks/{name}.txt", wishes)


def _fill(system: System, file: str, wishes: Wishes) -> str:
    template = files(__name__).joinpath(file).read_text(encoding="utf-8")
    settings = wishes.settings.items()
    blocks = {
        "install": [wishes.install],
        "commands": [line.replace("$", system.dollar) for line in wishes.commands],
        "secrets": [system.secret.format(name=secret) for secret in wishes.secrets],
        "settings": [
            system.setting.format(name=setting, value=system.quote(value))
            for setting, value in settings
        ],
    }
    filled = _fill_lines(template.splitlines(), blocks)
    return "\n".join(filled).replace(NAMES, ", ".join(wishes.secrets)) + "\n"


def _fill_lines(
    lines: Iterable[str], blocks: Mapping[str, Iterable[str]]
) -> Iterator[str]:
    for line in lines:
        found = LINES.fullmatch(line)
        if found:
            yield from (f"{found[1]}{each}" for each in blocks[found[2]])
        elif blocks["settings"] or not line.endswith(IF_SETTINGS):
            yield line.removesuffix(IF_SETTINGS)
