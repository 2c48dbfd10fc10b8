"""
``xray-bridge features import``: import feature files into Xray.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from xray_bridge.ci.outputs import Outputs, Written
from xray_bridge.ci.outputs.summary import SHOWN
from xray_bridge.ci.outputs.text import code_of
from xray_bridge.cli import console, options, upload_summary
from xray_bridge.cli.features_tags import Tagger, WrittenTags, describe_dry_run
from xray_bridge.client.connection import connect
from xray_bridge.client.import_requests import validate_fields
from xray_bridge.config import parsers
from xray_bridge.errors import (
    CheckError,
    FeaturesError,
    UsageError,
    XrayBridgeError,
)
from xray_bridge.features import ImportResult, Order, import_features
from xray_bridge.features.files import find_files, modified_within
from xray_bridge.features.git import changes_since, only_changed
from xray_bridge.features.names import SUFFIX


if TYPE_CHECKING:
    import argparse

    from xray_bridge.client.connection import Connection
    from xray_bridge.config.settings import Settings
    from xray_bridge.features.files import ChosenFile


def run(arguments: argparse.Namespace) -> int:
    """Choose and import files, and report; exit code 82 if Xray refused anything."""
    looks_only = arguments.dry_run
    with options.settings_with_server(arguments, looks_only=looks_only) as settings:
        _check_settings(settings)
        fields = _precondition_fields(arguments.precondition_fields)
        chosen, left_out = _choose_files(arguments)
        tagger = _make_tagger(arguments, chosen, settings)
        result = ImportResult(project=settings.project, notices=tuple(left_out))
        if not console.is_json(arguments):
            # Before the import; in JSON they are among the notices.
            console.progress(arguments, left_out)
        if chosen:
            connection = connect(settings)
            console.hide(arguments, lambda: [connection.redactor])
            order = Order(
                chosen=chosen,
                precondition_fields=fields,
                overwrite=arguments.overwrite,
                dry_run=arguments.dry_run,
                tell=partial(_show_changes, arguments, connection),
            )
            result = _import_files(settings, connection, order)
            notices = (*left_out, *connection.notices, *result.notices)
            result = replace(result, notices=notices)
        # A dry run and an empty import have no outputs.
        written = Written()
        if result.raw and not arguments.dry_run:
            folder = Path(settings.report_dir)
            written = upload_summary.write_outputs(_make_outputs(result), folder)
        tagged = WrittenTags()
        if tagger is not None and not arguments.dry_run:
            tagged = tagger.write(result)
    result = replace(result, notices=(*result.notices, *written.notices))
    document = {**result.to_json(), "commands": written.commands}
    document |= {"dry_run": arguments.dry_run, "tags": tagged.to_json()}
    headline = _describe_dry_run(result, tagger) if arguments.dry_run else []
    formatted = (*_format_result(result), *tagged.lines())
    lines = (*headline, *formatted, *written.notices)
    console.emit(arguments, document, lines, written.commands)
    return result.exit_code or (CheckError.exit_code if tagged.faults else 0)


def _make_tagger(
    arguments: argparse.Namespace, chosen: tuple[ChosenFile, ...], settings: Settings
) -> Tagger | None:
    """Return who tags the files; raises UsageError for files that cannot be tagged."""
    if not arguments.write_tags:
        return None
    tagger = Tagger(chosen, settings.tag_prefixes)
    tagger.refuse_faults()
    return tagger


def _make_outputs(result: ImportResult) -> Outputs:
    """Return the outputs for CI, with the names of Xray's plugin for Jenkins."""
    keys = [issue.key for issue in (*result.created, *result.updated)]
    groups = {
        "Created": [*map(str, result.created)],
        "Updated": [*map(str, result.updated)],
        "Refused": [*result.refused],
    }
    headline = ", ".join(
        f"{len(items)} {name.lower()}" for name, items in groups.items()
    )
    lines = [f"### Xray: feature files, {headline}"]
    for name, items in groups.items():
        shown = [f"- {code_of(item)}" for item in items[:SHOWN]]
        more = [f"- and {len(items) - SHOWN} more"] if len(items) > SHOWN else []
        lines += ["", f"**{name}**", "", *shown, *more] if items else []
    return Outputs(
        variables={
            "XRAY_IS_REQUEST_SUCCESSFUL": str(not result.exit_code).lower(),
            "XRAY_TESTS": ";".join(result.tests),
            "XRAY_ISSUES_MODIFIED": ";".join(keys),
            "XRAY_RAW_RESPONSE": ";".join(result.raw),
        },
        markdown="\n".join((*lines, "")),
        headline=f"Xray: feature files, {headline}",
        problem="; ".join(result.refused),
        is_fatal=bool(result.exit_code),
        document=result.to_json(),
    )


def _check_settings(settings: Settings) -> None:
    if not settings.project:
        msg = "no project to import into"
        raise UsageError(msg, hint="give --project KEY")
    validate_fields("xray_test_fields", settings.test_fields)


def _precondition_fields(given: str) -> dict[str, object]:
    try:
        found = parsers.fields(given)
    except ValueError as error:
        msg = f"--precondition-fields: {error}"
        raise UsageError(msg) from None
    validate_fields("--precondition-fields", found)
    return found


def _choose_files(
    arguments: argparse.Namespace,
) -> tuple[tuple[ChosenFile, ...], list[str]]:
    """Return the files that pass the filters, and notices about the others."""
    chosen = every = find_files(arguments.paths, arguments.relative_to)
    notices = []
    filters = []
    if arguments.modified_within is not None:
        filters.append(f"--modified-within {arguments.modified_within}")
        chosen = modified_within(chosen, arguments.modified_within)
    if arguments.changed_since is not None:
        filters.append(f"--changed-since {arguments.changed_since}")
        changes = changes_since(every[0].path.resolve().parent, arguments.changed_since)
        chosen = only_changed(chosen, changes)
        gone = [name for name in changes.deleted if name.endswith(SUFFIX)]
        notices += [f"{name} was deleted; its Tests stay in Xray" for name in gone]
    if len(chosen) < len(every):
        left_out = f"{len(every) - len(chosen)} of {len(every)} files"
        notices.append(f"{' and '.join(filters)} leaves out {left_out}")
    if not chosen:
        notices.append("nothing to import")
    return chosen, notices


def _import_files(
    settings: Settings, connection: Connection, order: Order
) -> ImportResult:
    clean = connection.redactor.clean
    try:
        return import_features(settings, connection, order).redacted(clean)
    except (UsageError, FeaturesError):
        raise
    except XrayBridgeError as error:
        msg = f"feature files could not be imported: {clean(error.message)}"
        raise FeaturesError(msg, hint=clean(error.hint)) from None


def _show_changes(
    arguments: argparse.Namespace, connection: Connection, result: ImportResult
) -> None:
    """Print the changes before they are made."""
    lines = [line for change in result.changes for line in change.lines()]
    if lines:
        then = "not undone" if arguments.overwrite else "lost values are put back"
        lines.insert(0, f"Changes by the import ({then}):")
    if not console.is_json(arguments):
        lines = [*connection.notices, *result.notices, *lines]
    console.progress(arguments, lines)


def _describe_dry_run(result: ImportResult, tagger: Tagger | None) -> list[str]:
    then = " xray-bridge would send:" if result.plan else ""
    tags = [describe_dry_run(tagger)] if tagger is not None else []
    return [*tags, f"Dry run: nothing was imported.{then}"]


def _format_result(result: ImportResult) -> list[str]:
    """Return the lines about the result; all others were printed before."""
    return [
        *result.plan,
        *(f"created {each}" for each in result.created),
        *(f"updated {each}" for each in result.updated),
        *(f"put back {key}" for key in result.put_back),
        *(f"refused: {each}" for each in result.refused),
    ]
