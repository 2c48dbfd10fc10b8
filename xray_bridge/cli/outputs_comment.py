"""
``xray-bridge outputs --comment``: the summary as a comment on the pull request.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from xray_bridge.ci import detect
from xray_bridge.ci.comments.body import is_news, make_body, make_mark
from xray_bridge.ci.comments.places import SERVICES, find_place
from xray_bridge.ci.details import read_details
from xray_bridge.ci.forks import system_of_fork
from xray_bridge.cli import console, options
from xray_bridge.config.secret import Secret
from xray_bridge.config.settings import Settings
from xray_bridge.errors import (
    AuthenticationError,
    CommentError,
    NotXrayError,
    RedirectedError,
    RefusedError,
    UsageError,
    XrayBridgeError,
)
from xray_bridge.runs.run_directory import RunDirectory


if TYPE_CHECKING:
    from collections.abc import Iterator

    from xray_bridge.ci.comments.places import Place, Service
    from xray_bridge.model.receipt import Receipt

# No text, so that no error names it as a choice.
DETECTED = True
# Settings of the connection to the service.
SETTINGS = (
    Settings.verify,
    Settings.proxy,
    Settings.skip_proxy,
    Settings.timeout,
    Settings.deadline,
    Settings.on_upload_error,
)
# Settings that tell apart the comments of several uploads in one job.
OWN = ("project", "test_plan", "environments")
UNSET = "{} is not set"
FORKS = "pull requests of forks have no token that may write"
FORBIDDEN = frozenset({401, 403, 404})
# Azure DevOps leads to a login page, or shows it.
NOT_LOGGED_IN = (AuthenticationError, CommentError, NotXrayError, RedirectedError)
WARN = "warn"


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Add the flags for a comment."""
    group = parser.add_argument_group("comment")
    group.add_argument(
        "--comment",
        nargs="?",
        const=DETECTED,
        choices=SERVICES,
        metavar="SERVICE",
        help="instead of printing, write the summary as a comment on the pull or merge "
        f"request, or update it: {', '.join(SERVICES)}; default: that of the CI system",
    )
    group.add_argument(
        "--dry-run",
        action="store_true",
        help="with --comment: print the comment and where it would be written",
    )


def run(arguments: argparse.Namespace, receipt: Receipt, path: Path) -> int:
    """
    Write the comment for the run whose directory is ``path``.

    Raises UsageError if there is no such service, and CommentError if the comment could
    not be written.
    """
    service = _choose_service(arguments.comment)
    place = find_place(service, os.environ)
    if place is None:
        line = f"No comment: this is not a run of a {service.title} on {service.name}."
        console.emit(arguments, {"comment": "none"}, [line])
        return 0
    mark = make_mark(service, _describe_job(path))
    text = make_body(receipt, service, mark)
    settings = options.resolve_settings(arguments).local
    if arguments.dry_run:
        lines = [f"{place} would get this comment:", *text.split("\n")]
        console.emit(arguments, {"comment": "dry run", "text": text}, lines)
        return 0
    try:
        return _write(arguments, place, settings, (mark, text), receipt)
    except XrayBridgeError as error:
        return _end_without(arguments, place, settings, error)


def _choose_service(name: str | bool) -> Service:
    """Return the service; raise UsageError if the CI system has none."""
    if isinstance(name, str):
        return SERVICES[name]
    system = detect.find_system(os.environ)
    if system is not None and system.slug in SERVICES:
        return SERVICES[system.slug]
    what = f"{system.name} has no comments" if system else "this is not a CI system"
    hint = f"name the service: --comment {' | '.join(SERVICES)}"
    raise UsageError(f"--comment: {what} that xray-bridge knows", hint=hint)


def _describe_job(path: Path) -> Iterator[str]:
    """Yield what tells the comments of one pull request apart."""
    info = RunDirectory(path).info
    details = read_details(os.environ, Path.cwd(), info.versions.get("python", ""))
    yield from (details.pipeline, details.job, details.variant, info.framework)
    yield from (info.settings.get(name, "") for name in OWN)


def _write(
    arguments: argparse.Namespace,
    place: Place,
    settings: Settings,
    comment: tuple[str, str],
    receipt: Receipt,
) -> int:
    # Other commands do not need the client.
    from xray_bridge.client.comments import connect_to, open_comments, put_comment
    from xray_bridge.client.http import Deadline, Http

    token = Secret(os.environ.get(place.service.token, "").strip())
    if not token:
        raise CommentError(UNSET.format(place.service.token))
    connection = connect_to(place, settings, token)
    console.hide(arguments, lambda: [connection.redactor])
    http = Http(connection, Deadline(settings.deadline))
    mark, text = comment
    done = put_comment(
        open_comments(http, place, token),
        mark,
        connection.redactor.clean(text),
        is_news=is_news(receipt),
    )
    console.emit(arguments, {"comment": done}, [f"Comment on {place}: {done}."])
    return 0


def _end_without(
    arguments: argparse.Namespace,
    place: Place,
    settings: Settings,
    error: XrayBridgeError,
) -> int:
    """Say why there is no comment; the results are in Xray already."""
    is_refused = isinstance(error, NOT_LOGGED_IN) or (
        isinstance(error, RefusedError) and error.status in FORBIDDEN
    )
    hint = place.service.missing if is_refused else error.hint
    if is_refused and system_of_fork(os.environ):
        line = f"No comment on {place}: {FORKS}."
        console.emit(arguments, {"comment": "none"}, [line])
        return 0
    found = CommentError(f"no comment on {place}: {error.message}", hint=hint)
    if settings.on_upload_error != WARN:
        raise found from None
    console.error(arguments, found)
    return 0
