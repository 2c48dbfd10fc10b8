"""
``xray-bridge keys --remove``: take the Test keys out of the code.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from xray_bridge.check.collect import collect_tests, framework_of
from xray_bridge.cli import console, options
from xray_bridge.errors import CheckError, UsageError
from xray_bridge.runs.find import run_path
from xray_bridge.source.files import Checkout, replace_all
from xray_bridge.source.remove import make_removals
from xray_bridge.source.syntax import import_libcst
from xray_bridge.text import count, list_section


if TYPE_CHECKING:
    import argparse


def run(arguments: argparse.Namespace) -> int:
    """Collect tests, and take out their keys; Xray is not asked. 85 after a fault."""
    framework = framework_of(arguments.framework)
    if framework == "pytest":
        import_libcst()
    settings = options.resolve_settings(arguments, reads_frameworks=True).local
    if any(run_path(name, Path(settings.report_dir)) for name in arguments.paths):
        raise UsageError("--remove reads the code, so it takes no run directories")
    listing = collect_tests(framework, arguments.paths, settings.tag_prefixes)
    checkout = Checkout(Path.cwd())
    edits, removed = make_removals(listing.places, checkout, settings.tag_prefixes)
    faults = (*(f"incomplete: {each}" for each in listing.missing), *edits.faults)
    only_looks = arguments.diff or arguments.check
    is_written = bool(edits.after) and not faults and not only_looks
    if is_written:
        replace_all(edits.before, edits.after)
    diff = [*edits.diff(checkout.root)] if arguments.diff else []
    done = "to remove" if only_looks or faults else "removed"
    lines = [
        *diff,
        f"Keys {done}: {len(removed)} in {count(len(edits.after), 'file')}",
        *(f"  {each}" for each in removed),
        *list_section(
            "With a key that stays", (f"{t}: {why}" for t, why in edits.refused.items())
        ),
        *list_section("Nothing was written, because of", faults),
    ]
    document = {
        "removed": [
            {"name": e.place.name, "where": e.place.where, "keys": e.keys}
            for e in removed
        ],
        "is_written": is_written,
        "refused": dict(edits.refused),
        "faults": [*faults],
        "diff": diff,
    }
    console.emit(arguments, document, lines)
    would_write = arguments.check and bool(edits.after)
    return CheckError.exit_code if faults or would_write else 0
