"""
``xray-bridge report``: write one HTML page of the results of runs.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from xray_bridge.cli import console, options
from xray_bridge.config.settings import Settings
from xray_bridge.errors import UsageError
from xray_bridge.runs import parts, run_directory
from xray_bridge.runs.find import find_run
from xray_bridge.text import count


if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from xray_bridge.report.sessions import Run
    from xray_bridge.runs.run_directory import RunDirectory


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
    directories = _find_directories(arguments.names, Path(settings.report_dir))
    runs, written = write_report(directories, settings, arguments.out)
    document = {"report": str(arguments.out), "results": written, "runs": len(runs)}
    line = f"{arguments.out}: {count(written, 'result')} of {runs[-1].name}"
    if len(runs) > 1:
        line += f", and {count(len(runs) - 1, 'earlier run')}"
    console.emit(arguments, document, [line])
    return 0


def write_report(
    directories: Sequence[RunDirectory], settings: Settings, path: str | Path
) -> tuple[Sequence[Run], int]:
    """
    Write the page of the newest of these runs; return the runs and the results on it.

    Raises UsageError if Jinja2 is missing, or if the file cannot be written.
    """
    try:
        import jinja2  # noqa: F401 - the page needs it
    except ImportError:
        hint = "run pip install 'xray-bridge[report]'"
        msg = "the report needs Jinja2, which is not installed"
        raise UsageError(msg, hint=hint) from None
    from xray_bridge.report.sessions import group_runs
    from xray_bridge.report.write import write_page

    runs = group_runs(directories)
    pages = settings.jira_url or settings.url
    browse = f"{pages.rstrip('/')}/browse/" if pages else ""
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        return runs, write_page(runs, Path(path), browse)
    except OSError as error:
        msg = f"cannot write {path}: {error.strerror}"
        hint = "name another file"
        raise UsageError(msg, hint=hint) from None


def _find_directories(names: list[str], report_dir: Path) -> Sequence[RunDirectory]:
    if not names:
        found = _newest(run_directory.find(report_dir))
    else:
        found = []
        for name in names:
            folder = Path(name)
            if folder.is_dir() and not parts.is_run(folder):
                found += parts.search_folder(folder)
            else:
                found.append(find_run(name, report_dir))
    if not found:
        where = ", ".join(names) or str(report_dir)
        hint = "run the tests with --xray-collect first, or name a run directory"
        msg = f"there is no run in {where}"
        raise UsageError(msg, hint=hint)
    return found


def _newest(directories: Sequence[RunDirectory]) -> list[RunDirectory]:
    from xray_bridge.report.sessions import group_runs

    runs = group_runs(directories)
    return list(runs[-1].directories) if runs else []
