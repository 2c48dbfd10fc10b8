"""
``xray-bridge keys``: which tests have which Test keys, and what Xray says of them.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xray_bridge.check import keys
from xray_bridge.ci.escape import tame_json
from xray_bridge.cli import console, options
from xray_bridge.cli.upload import existing
from xray_bridge.client.connection import connect
from xray_bridge.client.http import Deadline, Http
from xray_bridge.client.key_lookup import look_up, tests_of
from xray_bridge.client.xray import client
from xray_bridge.errors import CheckError, ReportError, SelectionError, UsageError


if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from xray_bridge.client.xray import XrayClient
    from xray_bridge.config.settings import Settings

# How each framework is told where to list its tests: the last argument of its
# command line, or a variable.
LIST_TO = "XRAY_BRIDGE_LIST_TO"
COMMANDS = {
    "pytest": ("pytest", "--collect-only", "-q", "-p", "pytest_xray_bridge.listing"),
    "behave": ("behave", "--dry-run", "-f", "behave_xray_bridge.listing:Listing"),
}
# Of a collection that is worth reading: all fine, errors in some files, no tests.
LISTED = {"pytest": {0, 2, 5}, "behave": {0, 1}}
# Which is also the code of errors in some files; these are listed.
INTERRUPTED = ("pytest", 2)
FILES_OF_BEHAVE = ("behave.ini", ".behaverc", "features")
ONLY = options.OF_A_CONNECTION | {"project", "select", "test_plan", "tag_prefixes"}


def register(commands: Any, told: str) -> None:
    """Add the subcommand."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "keys",
        help=told,
        description="Lists tests without a Test key, keys that stand on several "
        "tests, keys that are no Tests in Xray, and Tests of xray_select (or of the "
        "Test Plan) without code. Tests are collected, not run; run directories "
        "are read instead where some are named.",
        epilog="What follows -- goes to the framework: "
        "xray-bridge keys -- -m smoke tests",
        allow_abbrev=False,
    )
    parser.add_argument("paths", nargs="*", metavar="RUN", help="a run directory")
    parser.add_argument(
        "--framework",
        choices=sorted(COMMANDS),
        help="which of them collects; default: behave where its files are, or pytest",
    )
    parser.add_argument(
        "--offline", action="store_true", help="look at the code only, ask nobody"
    )
    # For the adapters: which Tests xray_select means, and nothing else.
    parser.add_argument("--selected", action="store_true", help=argparse.SUPPRESS)
    options.add(parser, ONLY)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Collect, ask, compare; exit code 85 for keys that Xray would refuse."""
    if arguments.selected:
        return _print_selected(arguments)
    with options.settings_of(arguments) as settings:
        tests, incomplete = _tests(arguments, settings)
        carriers = keys.tests_by_key(tests)
        asked = keys.NOT_ASKED if arguments.offline else _asked(settings, carriers)
        found = keys.compare(tests, asked, incomplete)
        clean = settings.redactor.clean
        if arguments.json:
            print(tame_json(clean(json.dumps(asdict(found)))))
        else:
            console.text(*map(clean, found.lines(carriers)))
            if not arguments.offline and not asked.selection:
                print("Tests without code: name them with --select or --test-plan")
    is_wrong = found.no_tests or found.not_asked or found.incomplete
    return CheckError.exit_code if is_wrong else 0


def _asked(settings: Settings, by_key: Iterable[str]) -> keys.XrayKeys:
    xray = _client(settings)
    lookup = look_up(xray, sorted(by_key))
    selection = settings.select or settings.test_plan
    return keys.XrayKeys(
        no_tests=lookup.others,
        unknown=tuple(lookup.unknown),
        wanted=tests_of(xray, selection) if selection else {},
        selection=selection,
    )


def _print_selected(arguments: argparse.Namespace) -> int:
    with options.settings_of(arguments) as settings:
        if not settings.select:
            msg = "nothing is selected: xray_select is not set"
            raise SelectionError(msg)
        found = tests_of(_client(settings), settings.select)
        notices = connect(settings).notices
    console.document({"tests": found, "notices": notices})
    return 0


def _client(settings: Settings) -> XrayClient:
    connection = connect(settings)
    return client(connection, Http(connection, Deadline(settings.deadline)))


def _tests(
    arguments: argparse.Namespace, settings: Settings
) -> tuple[list[keys.AutomatedTest], list[str]]:
    given: list[str] = arguments.paths
    runs = [path for path in given if Path(path, "run.json").is_file()]
    if runs and len(runs) == len(given):
        directories = [existing(Path(path)) for path in given]
        missing = [reason for each in directories for reason in each.missing]
        return list(keys.tests_in_runs(directories)), missing
    return _collected(framework_of(arguments.framework), given, settings)


def framework_of(given: str | None) -> str:
    """The one that is given, or whose files are here."""
    if given:
        return given
    here = any(Path(name).exists() for name in FILES_OF_BEHAVE)
    return "behave" if here and not list(Path.cwd().rglob("test_*.py")) else "pytest"


def _collected(
    framework: str, rest: Sequence[str], settings: Settings
) -> tuple[list[keys.AutomatedTest], list[str]]:
    """
    The tests that a framework collects, in a process of its own.

    Raises UsageError for its arguments, ReportError where it broke down.
    """
    with tempfile.TemporaryDirectory(prefix="xray-bridge-") as folder:
        target = Path(folder) / "tests.jsonl"
        environ = {
            **os.environ,
            LIST_TO: str(target),
            "XRAY_TAG_PREFIXES": " ".join(settings.tag_prefixes),
        }
        command = [sys.executable, "-m", *COMMANDS[framework], *rest]
        done = subprocess.run(  # noqa: S603 - our own interpreter, the user's arguments
            command,
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
        if target.is_file() and done.returncode in LISTED[framework]:
            tests, missing = keys.read_listing(target)
            if (framework, done.returncode) == INTERRUPTED and not missing:
                missing.append(f"{framework} was interrupted")
            return tests, missing
    said = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    last = said[-1].strip() if said else "it said nothing"
    msg = f"{framework} could not collect tests (exit code {done.returncode}): {last}"
    kind = UsageError if done.returncode == 4 else ReportError  # noqa: PLR2004 - pytest's
    raise kind(msg, hint=f"what does `python {' '.join(command[1:])}` say?")
