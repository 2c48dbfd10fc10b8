"""
``xray-bridge tests sync``: create and change Tests in Xray from the tests in code.
"""

from __future__ import annotations

import argparse
import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xray_bridge.check.collect import COMMANDS, collect_tests, framework_of
from xray_bridge.cli import console, options
from xray_bridge.config import fork_guard
from xray_bridge.config.settings import Settings
from xray_bridge.errors import CheckError, PartlyRefusedError, UsageError
from xray_bridge.sync.plan import CODE, XRAY
from xray_bridge.sync.run import SyncResult, TestSync
from xray_bridge.text import list_section


if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from xray_bridge.check.keys import Listing
    from xray_bridge.sync.plan import Step
    from xray_bridge.sync.run import SyncPlan

USED = (
    *options.OF_A_CONNECTION,
    Settings.project,
    Settings.tag_prefixes,
    Settings.test_fields,
)


def register(commands: Any, help_text: str) -> None:
    """Add the subcommand."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "tests", help=help_text, allow_abbrev=False
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    parser = actions.add_parser(
        "sync",
        help="create and change Tests in Xray from the tests in code",
        description="Collects tests without running them, creates their Tests in Xray, "
        "and changes those whose tests have changed since the last sync. What people "
        "have changed in Xray is not overwritten. The file xray-tests.lock, to be "
        "committed, says which test is which Test.",
        epilog="Arguments after -- are passed to the framework: "
        "xray-bridge tests sync -- tests/api",
        allow_abbrev=False,
    )
    parser.add_argument(
        "arguments", nargs="*", metavar="ARGUMENT", help="arguments of the framework"
    )
    options.add_framework(parser, COMMANDS)
    parser.add_argument(
        "--dry-run", action="store_true", help="print what would change; send nothing"
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="as --dry-run, and exit code 85 if anything would change",
    )
    parser.add_argument(
        "--take",
        choices=(CODE, XRAY),
        default="",
        help="for what was changed both in code and in Xray: write the text of the "
        "code, or keep the one in Xray",
    )
    options.add_flags(parser, USED)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Plan, print, and send unless it is a dry run."""
    framework = framework_of(arguments.framework)
    is_dry = arguments.dry_run or arguments.check
    if not is_dry and (system := fork_guard.find_forbidden_fork(os.environ)):
        msg = f"nothing was synced: this is a pull request from a fork ({system})"
        raise UsageError(msg, hint="sync where the tests are merged; or --dry-run")
    with options.settings_with_server(arguments, looks_only=is_dry) as settings:
        if not settings.project:
            raise UsageError("no project to sync with", hint="give --project KEY")
        sync = TestSync(settings, Path.cwd())
        given = arguments.arguments
        listing = collect_tests(framework, given, settings.tag_prefixes)
        is_complete = not (given or listing.missing or listing.deselected)
        plan = sync.plan(
            listing.places, framework, is_complete=is_complete, take=arguments.take
        )
        result = SyncResult() if is_dry else sync.send(plan)
    notices = [*sync.notices, *plan.notices, *result.left_out]
    faults = [f"incomplete: {each}" for each in listing.missing]
    faults += [f"malformed: {each}" for each in listing.malformed]
    lines = [
        *_describe_plan(plan, result, is_dry=is_dry),
        *list_section("Refused", _pair(result.refused)),
        *faults,
        *notices,
    ]
    document = {
        **_make_document(plan, result, listing),
        "dry_run": is_dry,
        "notices": notices,
    }
    console.emit(arguments, document, lines)
    if result.refused or result.left_out:
        return PartlyRefusedError.exit_code
    is_wrong = plan.left_out or plan.conflicts or faults
    would_change = arguments.check and (plan.written or plan.is_lock_old)
    return CheckError.exit_code if is_wrong or would_change else 0


def _describe_plan(
    plan: SyncPlan, result: SyncResult, *, is_dry: bool
) -> Iterator[str]:
    new = [step for step in plan.steps if step.issue is None]
    sent = [step for step in new if is_dry or str(step.test) in result.created]
    changed = [step for step in plan.written if step.issue is not None]
    done = [step for step in changed if str(step.test) not in result.refused]
    same = len(plan.steps) - len(plan.written)
    verb = "Dry run: nothing was sent. To create" if is_dry else "Created"
    change = "to change" if is_dry else "changed"
    yield f"{verb}: {len(sent)}, {change}: {len(done)}, unchanged: {same}"
    for step in sent:
        key = result.created.get(str(step.test), "")
        yield f"  {'create' if is_dry else f'created {key}'} {step.test}"
    for step in done:
        yield f"  {'change' if is_dry else 'changed'} {_describe_step(step)}"
    yield from list_section(
        "Found by name, and added to the lock file",
        (f"{_key(s)} {s.test}" for s in plan.steps if s.is_adopted and not s.test.key),
    )
    yield from list_section(
        "Left as people wrote it",
        (f"{_key(s)} {s.test}: {', '.join(s.kept)}" for s in plan.steps if s.kept),
    )
    yield from list_section(
        "Changed both in code and in Xray; nothing was overwritten, --take code or "
        "--take xray decides",
        (f"{_key(s)} {s.test}: {', '.join(s.conflicts)}" for s in plan.conflicts),
    )
    yield from list_section(
        "No longer in the code; their Tests stay in Xray",
        (f"{each.key} {each.test}" for each in plan.gone),
    )
    yield from list_section("Not synced", _pair(plan.left_out))


def _describe_step(step: Step) -> str:
    renamed = f" (was {step.old_name})" if step.old_name else ""
    return f"{_key(step)} {step.test}{renamed}: {', '.join(step.changed)}"


def _key(step: Step) -> str:
    return step.issue.key if step.issue is not None else ""


def _pair(found: Mapping[str, str]) -> Iterator[str]:
    return (f"{test}: {why}" for test, why in found.items())


def _make_document(
    plan: SyncPlan, result: SyncResult, listing: Listing
) -> dict[str, Any]:
    steps = [
        {
            "test": step.test.name,
            "where": step.test.where,
            "key": _key(step) or result.created.get(str(step.test), ""),
            "is_new": step.issue is None,
            "is_adopted": step.is_adopted,
            "was": step.old_name,
            "changed": [*step.changed],
            "conflicts": step.conflicts,
            "kept": step.kept,
        }
        for step in plan.steps
    ]
    return {
        "project": plan.project,
        "lock": plan.lock.name,
        "tests": steps,
        "gone": [asdict(each) for each in plan.gone],
        "left_out": dict(plan.left_out),
        "refused": dict(result.refused),
        "incomplete": listing.missing,
        "malformed": listing.malformed,
    }
