"""
``xray-bridge ci-snippet``: configuration for a CI system.
"""

from __future__ import annotations

import argparse
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xray_bridge.check.collect import framework_of
from xray_bridge.ci.snippets import (
    FROM_FORKS,
    FROM_JIRA,
    SYSTEMS,
    Wishes,
    make_from_forks,
    make_from_jira,
    make_snippet,
)
from xray_bridge.cli import console, options
from xray_bridge.client.connection import deployment_of
from xray_bridge.config.parsers import NO
from xray_bridge.config.resolve import command_line_layer, resolve
from xray_bridge.config.settings import TABLE, Settings
from xray_bridge.errors import UsageError
from xray_bridge.model.dialect import CLOUD, DIALECTS, SERVER


if TYPE_CHECKING:
    from collections.abc import Mapping

# Files that only the framework reads.
FILES = {
    "pytest": ("pytest.ini", ".pytest.ini", "tox.ini", "setup.cfg", "pyproject.toml"),
    "behave": ("behave.ini", ".behaverc", "tox.ini", "setup.cfg", "pyproject.toml"),
    "files": (),
}
IN_FILE = re.compile(r"^\s*xray_(\w+)\s*=\s*(.*?)\s*$", re.MULTILINE)
# There is no release yet, and a name on the package index may be anybody's.
PLACE = "git+https://git.example.com/xray-bridge"
PACKAGES = {
    "pytest": f"'xray-bridge[pytest] @ {PLACE}'",
    "behave": f"'xray-bridge[behave] @ {PLACE}'",
    "files": f"'xray-bridge @ {PLACE}'",
}
BEHAVE = "behave -f behave_xray_bridge:XrayFormatter -o report.json"
COMMANDS = {
    "pytest": ("pytest",),
    "behave": (BEHAVE,),
    "files": (
        "make test || code=$?",
        # As in sessions: an upload that failed replaces 0 only.
        "xray-bridge upload 'reports/**/*.xml' || code=${code:-$?}",
        'test -z "$code" || exit $code',
    ),
}
UPLOAD = {"pytest": " --xray-upload", "behave": " -D xray_upload=yes", "files": ""}
SECRETS = {
    SERVER: ("XRAY_TOKEN",),
    CLOUD: ("XRAY_CLIENT_ID", "XRAY_CLIENT_SECRET"),
}
# For builds in Jira Cloud.
FOR_BUILDS = ("XRAY_JIRA_CLIENT_ID", "XRAY_JIRA_CLIENT_SECRET")
# Jira gives them to a pipeline that it starts.
FROM_XRAY = frozenset(
    setting.environment
    for setting in (Settings.select, Settings.test_execution, Settings.test_plan)
)
ENVIRONMENT = Settings.jira_environment.name
# Settings that every project needs, with placeholders.
NEEDED = {
    SERVER: {"url": "https://jira.example.com", "project": "CALC"},
    CLOUD: {"project": "CALC"},
}


def register(commands: Any, help_text: str) -> None:
    """Add the subcommand."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "ci-snippet",
        help=help_text,
        description="Prints the configuration of a CI system that runs the tests and "
        "uploads their results. It includes settings from the command line and the "
        "environment; settings in the project's files are not repeated.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--for",
        dest="name",
        choices=sorted({*SYSTEMS, *FROM_JIRA}),
        required=True,
        help="the CI system; bamboo only with --from-jira",
    )
    parser.add_argument(
        "--from-jira",
        action="store_true",
        help="a pipeline that Xray's Remote Jobs Trigger starts from a Test Execution "
        "or Test Plan, with what to type in Jira",
    )
    parser.add_argument(
        "--from-forks",
        action="store_true",
        help="two workflows for pull requests from forks: one runs their code without "
        "secrets, one uploads the results and runs none of their code",
    )
    parser.add_argument(
        "--framework",
        choices=COMMANDS,
        help="the tool that runs the tests; files: any other tool that writes report "
        "files; default: behave if this project has behave's files, otherwise pytest",
    )
    options.add_flags(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """
    Print the configuration.

    Raises SettingError for wrong settings.
    """
    command = options.resolve_settings(arguments, {"sandbox": ""}, looks_only=True)
    settings = command.settings
    framework = framework_of(arguments.framework)
    wishes = wishes_of(settings, framework, Path.cwd())
    name: str = arguments.name
    if arguments.from_forks:
        _refuse_from_forks(arguments, framework)
        *before, last = wishes.commands
        collects = replace(
            wishes, commands=[*before, last.removesuffix(UPLOAD[framework])]
        )
        found, path = make_from_forks(name, collects), FROM_FORKS[name].path
    elif arguments.from_jira:
        _refuse_from_jira(name, framework)
        kept = {k: v for k, v in wishes.settings.items() if k not in FROM_XRAY}
        found = make_from_jira(name, replace(wishes, settings=kept))
        path = FROM_JIRA[name].path
    elif name in SYSTEMS:
        found, path = make_snippet(name, wishes), SYSTEMS[name].path
    else:
        msg = f"{name} is known only with --from-jira"
        raise UsageError(msg, hint=f"without it: {', '.join(sorted(SYSTEMS))}")
    document = {"path": path, "content": found}
    console.emit(arguments, document, found.splitlines())
    return 0


def _refuse_from_forks(arguments: argparse.Namespace, framework: str) -> None:
    """Raise UsageError for what has no two workflows."""
    if arguments.name not in FROM_FORKS:
        msg = f"two workflows for forks are known for {', '.join(FROM_FORKS)} only"
        raise UsageError(msg, hint=f"leave out --from-forks for {arguments.name}")
    if arguments.from_jira or framework == "files":
        other = "--from-jira" if arguments.from_jira else "--framework files"
        msg = "--from-forks is for tests of pytest and behave"
        raise UsageError(msg, hint=f"leave out {other}")


def _refuse_from_jira(name: str, framework: str) -> None:
    """Raise UsageError for what Xray or ``select`` cannot do."""
    if name not in FROM_JIRA:
        msg = f"Xray's Remote Jobs Trigger does not start {name}"
        raise UsageError(msg, hint=f"it starts {', '.join(sorted(FROM_JIRA))}")
    if framework == "files":
        msg = "xray-bridge selects only tests of pytest and behave by their keys"
        raise UsageError(msg, hint="leave out --framework files")


def wishes_of(settings: Settings, framework: str, folder: Path) -> Wishes:
    """Return what the configuration of the project in ``folder`` contains."""
    texts = [_read_text(folder / name) for name in FILES[framework]]
    in_files = {k: v for text in texts for k, v in IN_FILE.findall(text)}
    known = {name: value for name, value in in_files.items() if name in TABLE}
    name = _find_deployment(settings, known)
    *before, last = COMMANDS[framework]
    if framework == "behave" and any("XrayFormatter" in text for text in texts):
        last = "behave"
    if known.get("upload", "no").lower() not in {"yes", "true", "on", "1"}:
        last += UPLOAD[framework]
    also = " -r requirements.txt" if (folder / "requirements.txt").is_file() else ""
    return Wishes(
        install=f"pip install {PACKAGES[framework]}{also}",
        commands=(*before, last),
        secrets=_secret_names(settings, known, name),
        settings=_to_repeat(settings, known, NEEDED[name]),
    )


def _find_deployment(settings: Settings, known: Mapping[str, str]) -> str:
    """Return the deployment; the framework's file counts as well as other sources."""
    relevant = ("deployment", "url", "client_id")
    values = {name: known[name] for name in relevant if name in known}
    if any(settings.is_given(TABLE[name]) for name in relevant) or not values:
        return deployment_of(settings)
    plain = {name: value for name, value in values.items() if "$" not in value}
    return deployment_of(resolve([command_line_layer(plain)]))


def _secret_names(settings: Settings, known: Mapping[str, str], name: str) -> list[str]:
    password = bool(settings.user or known.get("user"))
    found = ["XRAY_PASSWORD"] if password and name == SERVER else [*SECRETS[name]]
    if settings.jira_url or known.get("jira_url"):
        found.append("XRAY_JIRA_TOKEN")
    in_file = known.get("jira_build", "").lower() not in NO
    shows_builds = settings.shows_builds or in_file or bool(known.get(ENVIRONMENT))
    return (
        [*found, *FOR_BUILDS] if shows_builds and DIALECTS[name].has_builds else found
    )


def _to_repeat(
    settings: Settings, known: Mapping[str, str], needed: Mapping[str, str]
) -> dict[str, str]:
    """Return settings of this process only, and needed settings that are missing."""
    own = ("command line", "environment")
    kinds = (*SECRETS.values(), FOR_BUILDS)
    as_secrets = {variable for names in kinds for variable in names}
    here = {
        name: value
        for name, value in settings.given.items()
        if value
        and settings.sources[name] in own
        and name not in known
        and not TABLE[name].one_run
        and TABLE[name].environment not in as_secrets
    }
    missing = {
        name: value
        for name, value in needed.items()
        if name not in known and not settings.is_given(TABLE[name])
    }
    found = {**here, **missing}
    return {TABLE[name].environment: found[name] for name in TABLE if name in found}


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
