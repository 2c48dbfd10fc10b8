"""
Imports feature files: read, preview, send, restore.

Nothing is sent before all files are read, all keys are found, and summaries and
labels that people have set can certainly be restored.
"""

from __future__ import annotations

import tempfile
from dataclasses import field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xray_bridge import progress
from xray_bridge.client.http import Deadline, Http
from xray_bridge.client.import_requests import list_request
from xray_bridge.client.issues import Issue
from xray_bridge.client.key_lookup import look_up_keys
from xray_bridge.client.xray import make_client
from xray_bridge.dataclass import dataclass
from xray_bridge.errors import (
    AmbiguousError,
    FeaturesError,
    RefusedError,
    XrayBridgeError,
)
from xray_bridge.features import plan
from xray_bridge.features.answers import read_answer
from xray_bridge.features.bundles import NOT_SENT, pack_files
from xray_bridge.features.instance_prefix import prefix_notices
from xray_bridge.features.issues import PRECONDITIONS, TESTS
from xray_bridge.features.preview import SHOWN, preview_import
from xray_bridge.features.values import ImportResult
from xray_bridge.text import unique


if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from xray_bridge.client.connection import Connection
    from xray_bridge.client.request import Request
    from xray_bridge.client.xray import XrayClient
    from xray_bridge.config.settings import Settings
    from xray_bridge.features.files import ChosenFile
    from xray_bridge.features.preview import Preview
    from xray_bridge.features.values import Bundle, Change, FeatureAnswer


CANNOT_PUT_BACK = (
    "the import would overwrite summaries, descriptions or labels that people may have "
    "set, and cannot restore them without a login to Jira: set XRAY_JIRA_URL, "
    "XRAY_JIRA_USER and XRAY_JIRA_TOKEN, or pass --overwrite; " + NOT_SENT
)
PREFIX = "check that xray_tag_prefixes is what this Xray instance uses"
NOTHING_TAKEN = "Xray's answer names no Test that it created or updated"
UNKNOWN = "UNKNOWN: Xray may or may not have imported it"
LOST = (
    "look in Jira; you can run the import again: Xray finds what it has created by "
    "path and name"
)


def _do_nothing(_: ImportResult) -> None:
    """Do nothing: the default of ``tell``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """
    The files to import, and the options.

    ``tell`` receives the planned changes before anything is sent: if this process is
    killed, a person can restore the issues from them.
    """

    chosen: Sequence[ChosenFile]
    precondition_fields: Mapping[str, object] = field(default_factory=dict)
    overwrite: bool = False
    dry_run: bool = False
    tell: Callable[[ImportResult], None] = _do_nothing


def import_features(
    settings: Settings, connection: Connection, order: Order
) -> ImportResult:
    """
    Import the files, or return the plan in a dry run.

    Raises FeaturesError and the errors of queries while nothing has been sent; later
    errors are in the result.
    """
    http = Http(connection, Deadline(settings.deadline))
    xray = make_client(connection, http)
    with tempfile.TemporaryDirectory(prefix="xray-bridge-") as folder:
        packed = pack_files(order.chosen, Path(folder))
        known = preview_import(
            xray, settings.project, packed.features, settings.tag_prefixes
        )
        result = ImportResult(
            project=settings.project,
            files=tuple(each.name for each in order.chosen),
            changes=known.changes,
            notices=(
                *packed.left_out,
                *known.notices,
                *prefix_notices(
                    xray,
                    connection.dialect,
                    [*known.keyed],
                    next(iter(settings.tag_prefixes), ""),
                ),
            ),
        )
        order.tell(result)
        harms = () if order.overwrite else known.harms
        if harms and xray.jira is None:
            code = FeaturesError.exit_code
            return replace(result, refused=(CANNOT_PUT_BACK,), exit_code=code)
        fields = (settings.test_fields, order.precondition_fields)
        requests = [
            plan.import_request(
                bundle,
                settings.project,
                connection.dialect,
                fields,
                repeatable=known.is_repeatable,
            )
            for bundle in packed.bundles
        ]
        if order.dry_run:
            lines = tuple(
                line for request in requests for line in list_request(request)
            )
            return replace(result, plan=lines)
        sent = _Progress(descriptions=_read_descriptions(xray, harms))
        try:
            _send_bundles(xray, packed.bundles, requests, sent)
        finally:
            # The import may have used up the deadline.
            http.renew_deadline()
            # Also after Ctrl-C.
            if sent.reached:
                _restore_issues(xray, harms, sent)
    return _finish_result(result, known, sent, xray)


@dataclass(slots=True, kw_only=True)
class _Progress:
    """
    The state of an import; ``reached``: Xray may have received a part.

    ``descriptions`` are those before the import.
    """

    answers: list[FeatureAnswer] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    put_back: list[str] = field(default_factory=list)
    reached: bool = False
    descriptions: Mapping[str, Any] = field(default_factory=dict)


def _read_descriptions(xray: XrayClient, harms: Sequence[Change]) -> dict[str, Any]:
    """Return the descriptions that would be lost, as documents of Jira."""
    jira = xray.jira
    if jira is None:
        return {}
    return {
        each.key: jira.read_description(each.key) for each in harms if each.description
    }


def _send_bundles(
    xray: XrayClient,
    bundles: Sequence[Bundle],
    requests: Sequence[Request],
    sent: _Progress,
) -> None:
    """Send the bundles one by one; continue after a refusal."""
    pairs = zip(bundles, requests, strict=True)
    shown = progress.counted(pairs, "importing feature files", len(bundles))
    for number, (bundle, request) in enumerate(shown):
        before, sent.reached = sent.reached, True
        try:
            answer = read_answer(xray.send(request))
        except RefusedError as error:
            sent.refused.append(f"{bundle.filename}: {error}")
            continue
        except (AmbiguousError, FeaturesError) as error:
            said = f"{UNKNOWN}: {error.message} ({LOST})"
            sent.refused.append(f"{bundle.filename}: {said}")
        except XrayBridgeError as error:
            sent.reached = before
            sent.refused.append(f"{bundle.filename}: {error}")
        else:
            sent.answers.append(answer)
            sent.refused += answer.errors
            if not (answer.tests or answer.preconditions or answer.errors):
                sent.refused.append(f"{bundle.filename}: {NOTHING_TAKEN}")
            continue
        rest = bundles[number + 1 :]
        sent.refused += [f"{each.filename}: not sent after this error" for each in rest]
        return


def _restore_issues(xray: XrayClient, harms: Sequence[Change], sent: _Progress) -> None:
    """Restore the issues, also after a failed import: a part may be done."""
    jira = xray.jira
    if jira is None:
        return
    for change in harms:
        try:
            if body := plan.undo_edit(change):
                jira.edit_issue(change.key, body)
            if change.key in sent.descriptions:
                jira.write_description(change.key, sent.descriptions[change.key])
        except XrayBridgeError as error:
            was = plan.describe_before(change)
            sent.refused.append(f"{change.key} could not be restored: {error}; {was}")
        else:
            sent.put_back.append(change.key)


def _finish_result(
    result: ImportResult, known: Preview, sent: _Progress, xray: XrayClient
) -> ImportResult:
    tests = unique(each.tests for each in sent.answers)
    others = unique(each.preconditions for each in sent.answers)
    kept = set(sent.put_back)

    def now(key: str) -> Issue:
        issue = known.before[key]
        summary = known.wanted[key].summary
        return issue if key in kept or not summary else replace(issue, summary=summary)

    if not sent.refused:
        sent.refused += _list_untaken(known, tests, xray)
    keys = (*tests, *others)
    new = [key for key in keys if key not in known.before]
    return replace(
        result,
        created=_look_up(xray, new),
        updated=tuple(now(key) for key in keys if key in known.before),
        refused=tuple(sent.refused),
        tests=tests,
        preconditions=others,
        put_back=tuple(sent.put_back),
        raw=tuple(each.raw for each in sent.answers),
        exit_code=FeaturesError.exit_code if sent.refused else 0,
    )


def _list_untaken(
    known: Preview, taken: Sequence[str], xray: XrayClient
) -> Iterator[str]:
    """
    Return messages for keys in tags that Xray has not updated.

    If the prefix is not the instance's, it has created new Tests. It uses one of
    several keys on a scenario; a moved Test has another key.
    """
    there = {place for key in taken for place in _places_of(known, key)}
    made = [key for key in taken if key not in known.before]
    for key, each in known.keyed.items():
        if key in taken or there.intersection(each.places):
            continue
        if xray.current_key(key) in taken:
            continue
        instead = f"; it created {', '.join(made[:SHOWN])}" if made else ""
        yield f"{each.places[0]}: Xray did not update {key}{instead} ({PREFIX})"


def _places_of(known: Preview, key: str) -> tuple[str, ...]:
    return known.keyed[key].places if key in known.keyed else ()


def _look_up(xray: XrayClient, keys: Sequence[str]) -> tuple[Issue, ...]:
    """Return issues with summaries; without, if the search does not find them yet."""
    found: dict[str, Issue] = {}
    for kind in (TESTS, PRECONDITIONS):
        missing = [key for key in keys if key not in found]
        if not missing:
            break
        try:
            found |= look_up_keys(xray, missing, kind).issues
        except XrayBridgeError:
            break
    return tuple(found.get(key, Issue(key=key)) for key in keys)
