"""
The end of a session that collects its results: here, or also in a bucket.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xray_bridge.config.places import has_obstore
from xray_bridge.config.settings import Settings
from xray_bridge.errors import StoreError, UsageError
from xray_bridge.recording.ending import flags_again, lines_to_send, relative_path
from xray_bridge.recording.second_process import SecondProcessError
from xray_bridge.text import count, quote_command


if TYPE_CHECKING:
    from xray_bridge.recording.second_process import SecondProcess
    from xray_bridge.runs.journal import Journal
    from xray_bridge.runs.run_directory import RunDirectory


def refuse_bucket_without_means(settings: Settings) -> None:
    """Raise UsageError if results can certainly not be put into the bucket."""
    if not settings.bucket:
        return
    if not has_obstore():
        msg = "collecting into a bucket needs obstore, which is not installed"
        raise UsageError(msg, hint="pip install obstore (the extra objects)")
    if not settings.run_id:
        msg = "collecting into a bucket needs a run id, the same in all jobs"
        raise UsageError(msg, hint=f"set {Settings.run_id.environment}")


def describe_collected(
    process: SecondProcess,
    settings: Settings,
    written: Journal,
    *,
    is_rerun: bool,
    interrupted: bool,
) -> tuple[list[str], int]:
    """
    Return the lines about the collected results, and the exit code.

    If a bucket is set, they are put into it, unless the session was interrupted. The
    first line is about the results, the others say how to send them.
    """
    directory = written.directory
    # A rerun also has the results of the earlier run.
    results = written.count_lines() if is_rerun else written.written
    collected = f"Collected {count(results, 'result')}"
    shown = relative_path(directory.path, process.folder)
    if not settings.bucket:
        to_send = lines_to_send(shown, settings.run_id, flags_again(settings))
        return [f"{collected}; nothing was sent.", *to_send], 0
    folder = f"Run directory: {shown}"
    place = settings.bucket
    again = f"To put them: {put_command(place, shown)}"
    if interrupted:
        line = f"{collected}; interrupted, so nothing was put into {place}."
        return [line, again, folder], 0
    try:
        line = _put_run(process, settings, directory)
    except (SecondProcessError, LookupError, TypeError) as error:
        line = f"{collected}; NOT PUT into {place}: {error}"
        return [line, f"The results are saved. {again}", folder], StoreError.exit_code
    what, flags = (place, "--run-id", settings.run_id), flags_again(settings)
    command = quote_command("xray-bridge", "upload", *what, flags=flags)
    send_all = f"To send all parts: {command}"
    return [f"{collected}; nothing was sent to Xray. {line}", send_all, folder], 0


def put_command(place: str, run: str) -> str:
    """Return the command that puts a run directory into a bucket."""
    variable = Settings.collect.environment
    return f"{variable}={quote_command(place, 'xray-bridge', 'resend', run)}"


def _put_run(
    process: SecondProcess, settings: Settings, directory: RunDirectory
) -> str:
    """Put a run into the bucket in the second process; return the line about it."""
    flags = ("--dry-run",) if settings.dry_run else ()
    answer = process.run(
        "resend",
        str(directory.path),
        *flags,
        "--given",
        "-",
        deadline=settings.deadline,
        stdin=settings.given,
    )
    return _line_of(answer.content)


def _line_of(answer: Any) -> str:
    """Return the line about the object; raise SecondProcessError for an error."""
    error = answer.get("error")
    if isinstance(error, dict):
        slug = error.get("slug")
        hint = f" ({error['hint']})" if error.get("hint") else ""
        raise SecondProcessError(f"{error.get('message')}{hint} [{slug}]")
    return str(answer["objects"][0]["line"])
