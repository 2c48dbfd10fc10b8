"""
``xray-bridge report``: write one HTML page of the results of runs.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from xray_bridge.cli import console, options
from xray_bridge.config.settings import Settings
from xray_bridge.errors import UsageError
from xray_bridge.quarantine.releases import propose_releases
from xray_bridge.runs import parts, run_directory
from xray_bridge.runs.find import find_run
from xray_bridge.text import count


if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from xray_bridge.runs.run_directory import RunDirectory
    from xray_bridge.runs.sessions import Run


def register(commands: Any, help_text: str) -> None:
    """Add the flags."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "report",
        help=help_text,
        allow_abbrev=False,
        description="Writes one HTML file with the results of the newest run, and with "
        "its history in older runs. It needs no server and no upload.",
    )
    parser.set_defaults(run=run_report)
    parser.add_argument(
        "names",
        nargs="*",
        metavar="RUN",
        help="run directories or their names, or folders that contain them; the newest "
        "is shown, older ones are its history; default: the newest run",
    )
    parser.add_argument(
        "--out",
        default="report.html",
        metavar="FILE",
        type=Path,
        help="the file to write; default: report.html",
    )
    settings = (Settings.report_dir, Settings.url, Settings.jira_url)
    options.add_flags(parser, settings)


def run_report(arguments: argparse.Namespace) -> int:
    """
    Write the page.

    Raises UsageError as ``write_report`` does, and if there is no run.
    """
    settings = options.resolve_settings(arguments, looks_only=True).local
    damaged: list[str] = []
    runs = _find_runs(arguments.names, Path(settings.report_dir), damaged)
    written = write_report(runs, settings, arguments.out)
    for message in damaged:
        console.warn(f"left out: {message}")
    releases = propose_releases(settings, Path(settings.report_dir))
    document = {
        "report": str(arguments.out),
        "results": written,
        "runs": len(runs),
        **({"releases": releases} if releases else {}),
    }
    line = f"{arguments.out}: {count(written, 'result')} of {runs[-1].name}"
    if len(runs) > 1:
        line += f", and {count(len(runs) - 1, 'earlier run')}"
    console.emit(arguments, document, [line, *releases])
    return 0


def write_report(runs: Sequence[Run], settings: Settings, path: str | Path) -> int:
    """
    Write the page of the last of these runs; return the number of results on it.

    Raises UsageError if Jinja2 is missing, or if the file cannot be written.
    """
    try:
        import jinja2  # noqa: F401 - the page needs it
    except ImportError:
        hint = "pip install jinja2"
        msg = "the report needs Jinja2, which is not installed"
        raise UsageError(msg, hint=hint) from None
    from xray_bridge.report.write import write_page

    pages = settings.jira_url or settings.url
    browse = f"{pages.rstrip('/')}/browse/" if pages else ""
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        return write_page(runs, Path(path), browse)
    except OSError as error:
        msg = f"cannot write {path}: {error.strerror}"
        hint = "name another file"
        raise UsageError(msg, hint=hint) from None


def _find_runs(names: list[str], report_dir: Path, damaged: list[str]) -> Sequence[Run]:
    """Return the named runs, oldest first, or the newest one; note damaged ones."""
    from xray_bridge.runs.sessions import group_runs

    found: list[RunDirectory] = []
    for name in names:
        folder = Path(name)
        if folder.is_dir() and not parts.is_run(folder):
            found += parts.search_folder(folder)
        else:
            found.append(find_run(name, report_dir))
    if names:
        runs = group_runs(found, damaged)
    else:
        runs = group_runs(run_directory.find(report_dir), damaged)[-1:]
    if not runs:
        where = ", ".join(names) or str(report_dir)
        hint = "run the tests with --xray-collect first, or name a run directory"
        msg = f"there is no run in {where}"
        raise UsageError("; ".join((msg, *damaged)), hint=hint)
    return runs
