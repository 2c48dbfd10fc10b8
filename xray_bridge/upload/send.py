"""
Send an upload to the server, or describe it in a dry run.

The first shipment creates the Test Execution, exactly once; the others go to its
key, and can be repeated. So each of them arrives once, even if a process or an
answer was lost.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from xray_bridge.client import import_requests
from xray_bridge.client.http import Deadline, Http
from xray_bridge.client.import_answer import combine_answers
from xray_bridge.client.xray import make_client
from xray_bridge.errors import (
    AmbiguousError,
    RunDirectoryError,
    XrayBridgeError,
)
from xray_bridge.model import receipt
from xray_bridge.runs import run_directory
from xray_bridge.upload.account import account_for
from xray_bridge.upload.arrivals import Arrivals
from xray_bridge.upload.delivery import record_delivery, update_fields
from xray_bridge.upload.exactly_once import deliver
from xray_bridge.upload.execution import label_of
from xray_bridge.upload.posting import Target, post
from xray_bridge.upload.rendering import write_parts
from xray_bridge.upload.requirements import Requirements
from xray_bridge.upload.shipment import Delivery


if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from xray_bridge.client.connection import Connection
    from xray_bridge.client.import_answer import ImportAnswer
    from xray_bridge.client.import_requests import CustomFields
    from xray_bridge.client.xray import Xray
    from xray_bridge.errors import RefusedError
    from xray_bridge.model.receipt import Receipt
    from xray_bridge.runs.run_directory import RunDirectory
    from xray_bridge.upload.shipment import Shipment, Upload
    from xray_bridge.upload.unasked import Unasked


def send(upload: Upload, connection: Connection, base: Receipt) -> Receipt:
    """
    Send all shipments that have not arrived; ``base`` is the receipt so far.

    Raises DeliveryError and AmbiguousError; a second call continues from there.
    """
    run, settings = upload.run, upload.run.settings
    http = Http(connection, Deadline(settings.deadline))
    xray = make_client(connection, http)
    unasked = upload.unasked
    arrivals = Arrivals(
        run.directory, settings.redactor.clean, into=settings.test_execution
    )
    notices: list[str] = []
    first, *others = upload.shipments
    requirements = Requirements(run, first)
    if first.id in arrivals:
        _note_sending(run.directory)
        _set_rest(first, xray, arrivals, unasked)
    else:
        # One attempt only, to save time for the upload.
        hasty = Http(connection, http.deadline, attempts=1)
        requirements.ask(make_client(connection, hasty))
        answer, notices = _send_first(
            upload, xray, http.deadline, connection, requirements
        )
        arrivals.note(first.id, answer)
    key, unset = arrivals.answer.key, arrivals.answer.unset
    if others:
        target = Target(xray=xray, key=key, unasked=unasked)
        from xray_bridge.upload.parallel import send_rest

        send_rest(others, target, arrivals, jobs=upload.jobs)
    try:
        update_fields(connection, http, key, settings, run.directory)
    except XrayBridgeError as error:
        unset = "; ".join(filter(None, (unset, str(error))))
    account = account_for(upload, arrivals, xray.current_key)
    trouble = (arrivals.trouble,) if arrivals.trouble else ()
    base = replace(
        base,
        report=upload.describe(),
        notices=(
            *base.notices,
            *notices,
            *unasked.notices,
            *requirements.notices,
            *account.notices,
            *trouble,
        ),
        exit_code=RunDirectoryError.exit_code
        if trouble
        else base.exit_code or requirements.exit_code,
        sent=account.tests,
        refused=account.refused,
    )
    return record_delivery(run, connection, arrivals.answer, base, unset)


def _set_rest(
    first: Shipment, xray: Xray, arrivals: Arrivals, unasked: Unasked
) -> None:
    """Repeat the second request, if it failed in an earlier upload."""
    made = arrivals.answer
    if not made.unset or first.fill is None:
        return
    target = Target(xray=xray, key=made.key, unasked=unasked)
    try:
        rest = target.fill(first.fill)
    except XrayBridgeError as error:
        arrivals.note(first.id, replace(made, unset=str(error)))
    else:
        arrivals.note(first.id, replace(combine_answers(made, rest), unset=""))


def _send_first(
    upload: Upload,
    xray: Xray,
    deadline: Deadline,
    connection: Connection,
    requirements: Requirements,
) -> tuple[ImportAnswer, list[str]]:
    """Send the shipment that creates the Test Execution; return answer and notices."""
    run, first = upload.run, upload.shipments[0]
    key = run.existing_execution
    if upload.is_unlabelled and not key:
        return _send_unlabelled(upload, xray), []
    fields = {} if key else xray.custom_fields()
    missing = import_requests.unset_fields(upload.execution, run.dialect, fields)
    delivery = _make_delivery(
        upload, fields, label_of(run), requirements, is_short=bool(missing)
    )
    answer = deliver(delivery, xray, run.directory, deadline, connection.pauses)
    return answer, [] if key else [*_not_set(first, missing)]


def _make_delivery(
    upload: Upload,
    fields: CustomFields,
    label: str,
    requirements: Requirements,
    *,
    is_short: bool,
) -> Delivery:
    """Describe the delivery; ``is_short``: the first request cannot contain all."""
    run, first, unasked = upload.run, upload.shipments[0], upload.unasked
    unasked.know(fields)
    execution = unasked.execution
    create = import_requests.new_execution(first.report, execution, run.dialect, fields)
    write_parts(run.folder, create)

    def relax(error: RefusedError) -> Delivery | None:
        if not (unasked.learn(error) or requirements.learn(error)):
            return None
        return _make_delivery(upload, fields, label, requirements, is_short=is_short)

    return Delivery(
        label=label,
        create=create,
        fill=first.fill,
        fill_after=is_short,
        key=run.existing_execution,
        is_shared=run.is_shared,
        info=_info_of_empty(upload, fields),
        mark=unasked.mark,
        relax=relax,
    )


def _info_of_empty(upload: Upload, fields: CustomFields) -> dict[str, Any] | None:
    """Return the fields of an empty Test Execution; None if only multipart will do."""
    run, execution = upload.run, upload.execution
    is_nameless = run.results.unkeyed_scenarios
    if execution.test_fields or is_nameless or not execution.project:
        return None
    return import_requests.info_part(execution, run.dialect, fields)


def _send_unlabelled(upload: Upload, xray: Xray) -> ImportAnswer:
    """
    Send a report once, without a label, into a Test Execution that Xray chooses.

    Raises AmbiguousError if an earlier request may have arrived: only a person can
    find out.
    """
    run = upload.run
    if run.directory.state.state in run_directory.IN_DOUBT:
        msg = "an earlier request may have reached Xray, and no label shows it"
        hint = "look in Jira; if the results are not there, upload the files again"
        raise AmbiguousError(msg, hint=hint)
    _note_sending(run.directory)
    request = import_requests.import_without_label(
        upload.shipments[0].report, run.dialect
    )
    return post(xray.import_results, request)


def _note_sending(directory: RunDirectory) -> None:
    """Note that the run is being sent, before any request."""
    before = directory.state
    directory.state = replace(
        before, state=run_directory.SENDING, attempts=before.attempts + 1
    )


def _not_set(shipment: Shipment, missing: Iterable[str]) -> Iterator[str]:
    """Yield notices about fields that need a second request, if there can be none."""
    if shipment.fill is None:
        why = "only Xray JSON can, but not for scenarios without Test keys"
        yield from (f"xray_{name} could not be set: {why}" for name in sorted(missing))


def dry_run(upload: Upload, connection: Connection, base: Receipt) -> Receipt:
    """Describe the requests that ``send`` would send; no server is asked."""
    run = upload.run
    first, *others = upload.shipments
    key = run.existing_execution
    lines = [f"to {connection.url} ({run.dialect.product}: {connection.why})"]
    notices: list[str] = []
    if key:
        lines += _show_fill(first, key)
    elif upload.is_unlabelled:
        request = import_requests.import_without_label(first.report, run.dialect)
        lines += import_requests.list_request(request)
    else:
        missing = _show_create(upload, lines)
        notices += _not_set(first, missing)
    for each in others:
        lines += _show_fill(each, key or import_requests.NEW_KEY)
    return replace(
        base,
        status=receipt.DRY_RUN,
        plan=tuple(lines),
        report=upload.describe(),
        notices=(*base.notices, *notices),
    )


def _show_create(upload: Upload, lines: list[str]) -> list[str]:
    """Add the requests for a new Test Execution; return fields the first one lacks."""
    execution, dialect = upload.execution, upload.run.dialect
    by_name = dialect.xray_fields
    fields = {} if by_name else import_requests.UNKNOWN_FIELDS
    first = upload.shipments[0]
    create = import_requests.new_execution(first.report, execution, dialect, fields)
    missing = sorted(import_requests.unset_fields(execution, dialect, fields))
    info = _info_of_empty(upload, fields) if missing and first.fill else None
    if info is not None:
        # The results are sent once, with the fields that only this request can contain.
        lines += ["create an empty Test Execution:", *_indent_json(info), "then:"]
        lines += _show_fill(first, import_requests.NEW_KEY)
        return missing
    lines += import_requests.list_request(create)
    if missing and first.fill is not None:
        lines.append(f"then, for {', '.join(missing)}:")
        lines += _show_fill(first, import_requests.NEW_KEY)
    return missing


def _indent_json(info: Mapping[str, Any]) -> list[str]:
    text = json.dumps(info, indent=2, ensure_ascii=False)
    return [f"    {line}" for line in text.splitlines()]


def _show_fill(shipment: Shipment, key: str) -> list[str]:
    if shipment.fill is None:
        return [f"nothing: {key} has the results, which cannot be sent again"]
    return import_requests.list_request(shipment.fill(key))
