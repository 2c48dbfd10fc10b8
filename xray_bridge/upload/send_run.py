"""
Send one run to the server, with its own settings.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from xray_bridge.config import run_settings
from xray_bridge.errors import ConnectionDisabledError
from xray_bridge.model.receipt import SKIPPED, Receipt
from xray_bridge.runs.report_files import info_of
from xray_bridge.upload.draft import do_nothing
from xray_bridge.upload.publish import preview, publish


if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from xray_bridge.config.effective import Effective
    from xray_bridge.runs.run_directory import RunDirectory


def send_run(
    directory: RunDirectory,
    command: Effective,
    also: Mapping[str, object],
    *,
    incomplete: tuple[str, ...] = (),
    begin: Callable[[], None] = do_nothing,
) -> Receipt:
    """
    Send a run with its recorded settings, the flags of the command, and ``also``.

    ``incomplete`` are further reasons why a dry run may lack tests. ``begin`` is called
    before the first request.
    """
    run = command.for_run(info_of(directory), also)
    return send_prepared(directory, run, incomplete=incomplete, begin=begin)


def send_prepared(
    directory: RunDirectory,
    run: Effective,
    *,
    incomplete: tuple[str, ...] = (),
    begin: Callable[[], None] = do_nothing,
) -> Receipt:
    """
    Send a run whose settings are known.

    A dry run does not change the run, unless its session asked for it. A disabled
    connection is only a notice: nothing is lost.
    """
    found = _send_or_preview(directory, run, incomplete, begin)
    return replace(found, resend_flags=run_settings.repeat_flags(run.flags))


def _send_or_preview(
    directory: RunDirectory,
    run: Effective,
    incomplete: tuple[str, ...],
    begin: Callable[[], None],
) -> Receipt:
    shown = _relative_path(directory.path)
    recorded = directory.info.settings.get("dry_run") == "true"
    is_own = recorded and not run.flag("dry_run")
    try:
        looks_only = run.local.dry_run
        with run.with_server(looks_only=looks_only) as settings:
            if is_own or not settings.dry_run:
                return publish(directory, settings, shown=shown, begin=begin)
            return preview(
                directory,
                settings,
                shown=shown,
                copy_to=str(run.flag("report") or ""),
                incomplete=incomplete,
            )
    except ConnectionDisabledError as error:
        return Receipt(status=SKIPPED, run=shown, notices=(str(error),))


def _relative_path(path: Path) -> str:
    try:
        return str(path.absolute().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
