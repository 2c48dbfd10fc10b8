"""
``xray-bridge datasets``: fetch the rows of datasets, and list what is there.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xray_bridge.cli import console, options
from xray_bridge.client.connection import connect
from xray_bridge.client.datasets import fetch_datasets
from xray_bridge.client.http import Deadline, Http
from xray_bridge.client.xray import make_client
from xray_bridge.datasets import files, scan
from xray_bridge.datasets.cached import find_projects, note_cached, read_cached
from xray_bridge.errors import CheckError, UsageError, XrayBridgeError
from xray_bridge.model.keys import is_key, spell_key
from xray_bridge.text import count, first_names, one_line


if TYPE_CHECKING:
    from collections.abc import Sequence

    from xray_bridge.config.settings import Settings
    from xray_bridge.model.dataset import Dataset

# Seconds: a session waits for it.
PATIENCE = 60.0
KEYS = "keys of Tests; default: those that the code in this folder names"


def register(commands: Any, help_text: str) -> None:
    """Add the subcommands."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "datasets", help=help_text, allow_abbrev=False
    )
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    fetch = actions.add_parser(
        "fetch",
        help=f"fetch rows from Xray into {files.CACHE}, for sessions without a server",
        allow_abbrev=False,
    )
    fetch.add_argument("keys", nargs="*", metavar="KEY", help=KEYS)
    # For the adapters: the folder of a run that gets the rows, too.
    fetch.add_argument("--into", default="", help=argparse.SUPPRESS)
    options.add_flags(fetch, options.OF_A_CONNECTION)
    fetch.set_defaults(run=run_fetch)
    listing = actions.add_parser(
        "list",
        help="list the datasets that the code in this folder names, with the rows that "
        "were fetched last",
        allow_abbrev=False,
    )
    listing.add_argument("keys", nargs="*", metavar="KEY", help=KEYS)
    listing.add_argument("--json", action="store_true", help="print the result as JSON")
    options.add_verbose(listing)
    listing.set_defaults(run=run_list)


def run_fetch(arguments: argparse.Namespace) -> int:
    """Fetch and keep rows; 85 if a dataset has none. A session gets what there is."""
    keys = _read_keys(arguments.keys)
    if not arguments.into:
        found = _fetch(arguments, keys) if keys else {}
        files.write_cache(Path(), found.values())
        _emit(arguments, [*found.values()])
        return CheckError.exit_code if any(e.problem for e in found.values()) else 0
    datasets = _fetch_for_session(arguments, keys)
    for each in datasets:
        files.write(Path(arguments.into), each)
    _emit(arguments, datasets)
    return 0


def run_list(arguments: argparse.Namespace) -> int:
    """Print the rows that were fetched last."""
    projects = find_projects(Path.cwd())
    keys = _read_keys(arguments.keys)
    _emit(arguments, [read_cached(projects, key) for key in keys])
    return 0


def _read_keys(given: Sequence[str]) -> list[str]:
    wrong = [key for key in given if not is_key(key)]
    if wrong:
        msg = f"{first_names(wrong)}: not the key of a Test, such as CALC-15"
        raise UsageError(msg)
    keys = [spell_key(key) for key in given] or scan.find_keys([Path()])
    return [*dict.fromkeys(keys)]


def _fetch(arguments: argparse.Namespace, keys: Sequence[str]) -> dict[str, Dataset]:
    with options.settings_with_server(arguments, looks_only=True) as settings:
        return _ask(arguments, settings, keys, settings.deadline)


def _ask(
    arguments: argparse.Namespace,
    settings: Settings,
    keys: Sequence[str],
    seconds: float,
) -> dict[str, Dataset]:
    connection = connect(settings)
    console.hide(arguments, lambda: [connection.redactor])
    xray = make_client(connection, Http(connection, Deadline(seconds)))
    return fetch_datasets(xray, connection.dialect, keys)


def _fetch_for_session(
    arguments: argparse.Namespace, keys: Sequence[str]
) -> list[Dataset]:
    """Fetch rows, or return those that were fetched last, with one notice."""
    why = ""
    found: dict[str, Dataset] = {}
    try:
        with options.settings_with_server(arguments, looks_only=True) as settings:
            if settings.dry_run:
                why = f"a dry run fetches nothing; {_would_fetch(keys)}"
            else:
                seconds = min(PATIENCE, settings.deadline)
                found = _ask(arguments, settings, keys, seconds)
                if settings.sandbox:
                    # It begins without datasets.
                    found = {k: each for k, each in found.items() if each.rows}
                    why = "the sandbox has no dataset of these Tests"
        files.write_cache(Path(), found.values())
    except XrayBridgeError as error:
        why = str(error)
    except OSError as error:
        # The rows are in the run directory all the same.
        console.warn(f"{files.CACHE} cannot be written: {error}")
    projects = find_projects(Path.cwd())
    whys = {key: why for key in keys if key not in found}
    whys |= {key: each.problem for key, each in found.items() if each.is_unknown}
    others = [read_cached(projects, key, reason) for key, reason in whys.items()]
    known = [each for key, each in found.items() if key not in whys]
    return [*known, *note_cached(others, why or next(iter(whys.values()), ""))]


def _would_fetch(keys: Sequence[str]) -> str:
    return f"datasets that an upload would fetch: {first_names(keys)}"


def _emit(arguments: argparse.Namespace, datasets: Sequence[Dataset]) -> None:
    notices = [*dict.fromkeys(n for each in datasets for n in each.notices)]
    document = {
        "datasets": {
            each.key: {
                "columns": each.columns,
                "rows": len(each.rows),
                "fetched": each.fetched,
                "problem": each.problem,
            }
            for each in datasets
        },
        "notices": notices,
    }
    lines = [*map(_line_of, datasets)]
    lines += [f"Note: {one_line(notice)}" for notice in notices]
    console.emit(arguments, document, lines or ["The code here names no dataset."])


def _line_of(found: Dataset) -> str:
    if found.problem:
        return one_line(found.problem)
    columns = one_line(", ".join(found.columns))
    return f"{found.key}: {count(len(found.rows), 'row')} ({columns}), {found.fetched}"
