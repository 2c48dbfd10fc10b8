"""
``xray-bridge keys --write``: write the keys that Xray gave into the code.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xray_bridge.check.collect import collect_tests, framework_of
from xray_bridge.cli import console, options
from xray_bridge.client.connection import connect
from xray_bridge.client.http import Deadline, Http
from xray_bridge.client.known_tests import list_tests
from xray_bridge.client.xray import make_client
from xray_bridge.errors import CheckError, UsageError
from xray_bridge.runs.find import run_path
from xray_bridge.source.edit import make_edits
from xray_bridge.source.files import Checkout, replace_all
from xray_bridge.source.plan import plan_keys
from xray_bridge.sync.rules import find_rules
from xray_bridge.text import count, list_section


if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator, Mapping

    from xray_bridge.client.known_tests import KnownTest
    from xray_bridge.config.settings import Settings
    from xray_bridge.source.edit import Edits
    from xray_bridge.source.plan import KeyPlan


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Add the flags of the command."""
    group = parser.add_argument_group("writing keys")
    group.add_argument(
        "--write",
        action="store_true",
        help="write the keys of existing Tests into marks and tags, for tests without "
        "a key; needs a project",
    )
    group.add_argument(
        "--remove",
        action="store_true",
        help="take the Test keys out of marks and tags; requirements and defects stay",
    )
    group.add_argument(
        "--diff",
        action="store_true",
        help="with --write or --remove: print the changes, and write nothing",
    )
    group.add_argument(
        "--check",
        action="store_true",
        help="with --write or --remove: write nothing; exit code 85 if a file would "
        "change",
    )


def is_wanted(arguments: argparse.Namespace) -> bool:
    """
    Whether ``--write`` is given.

    Raises UsageError for flags that do not fit.
    """
    if arguments.write and arguments.remove:
        raise UsageError("either --write or --remove")
    if not arguments.write:
        if (arguments.diff or arguments.check) and not arguments.remove:
            raise UsageError("--diff and --check need --write or --remove")
        return False
    if arguments.offline:
        raise UsageError("--write asks Xray for keys, so --offline does not fit")
    return True


def run(arguments: argparse.Namespace) -> int:
    """Collect tests, ask Xray for their keys, and write them; 85 after a fault."""
    framework = framework_of(arguments.framework)
    with options.settings_with_server(arguments, looks_only=True) as settings:
        if not settings.project:
            raise UsageError("no project to search", hint="give --project KEY")
        if any(run_path(name, Path(settings.report_dir)) for name in arguments.paths):
            raise UsageError("--write reads the code, so it takes no run directories")
        rules = find_rules(Path.cwd())[1]
        # The framework and the server work at the same time.
        with ThreadPoolExecutor(max_workers=1) as pool:
            known = pool.submit(_ask_xray, settings, rules.issue_type)
            listing = collect_tests(framework, arguments.paths, settings.tag_prefixes)
        plan = plan_keys(listing.places, known.result())
    checkout = Checkout(Path.cwd())
    edits = make_edits(plan, checkout)
    # Tests that were not collected may have the same names, or the same keys.
    faults = (*(f"incomplete: {each}" for each in listing.missing), *edits.faults)
    only_looks = arguments.diff or arguments.check
    if edits.after and not faults and not only_looks:
        replace_all(edits.before, edits.after)
    diff = [*edits.diff(checkout.root)] if arguments.diff else []
    done = "to write" if only_looks or faults else "written"
    lines = [*diff, *_report_lines(plan, edits, faults, done)]
    document = _make_document(plan, edits, faults, is_written=done == "written")
    console.emit(arguments, {**document, "diff": diff}, lines)
    would_write = arguments.check and bool(edits.after)
    return CheckError.exit_code if faults or would_write else 0


def _ask_xray(settings: Settings, issue_type: str) -> list[KnownTest]:
    connection = connect(settings)
    xray = make_client(connection, Http(connection, Deadline(settings.deadline)))
    return list_tests(xray, connection.dialect, settings.project, issue_type)


def _report_lines(
    plan: KeyPlan, edits: Edits, faults: Iterable[str], done: str
) -> Iterator[str]:
    files = count(len(edits.after), "file")
    yield f"Keys {done}: {len(edits.written)} in {files}"
    yield from (f"  {new}" for new in edits.written)
    refused = (f"{test}: {why}" for test, why in edits.refused.items())
    yield from list_section("Without a key", refused)
    yield from list_section("Not in Xray", plan.unknown)
    yield from list_section("Nothing was written, because of", faults)


def _make_document(
    plan: KeyPlan, edits: Edits, faults: Iterable[str], *, is_written: bool
) -> Mapping[str, Any]:
    keys = [
        {
            "name": new.place.name,
            "where": new.place.where,
            "key": new.key,
            "others": new.others,
        }
        for new in edits.written
    ]
    return {
        "keys": keys,
        "is_written": is_written,
        "refused": dict(edits.refused),
        "not_in_xray": plan.unknown,
        "faults": [*faults],
    }
