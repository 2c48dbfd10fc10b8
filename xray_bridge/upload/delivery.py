"""
Finish a delivery: set fields of the Test Execution, and record the delivery.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from xray_bridge.client import import_requests
from xray_bridge.client.jira import Jira
from xray_bridge.config.embedded_sandbox import serving_command
from xray_bridge.errors import RunDirectoryError
from xray_bridge.model import receipt
from xray_bridge.runs import run_directory
from xray_bridge.upload import xray_env


if TYPE_CHECKING:
    from xray_bridge.client.connection import Connection
    from xray_bridge.client.http import Http
    from xray_bridge.client.import_answer import ImportAnswer
    from xray_bridge.config.settings import Settings
    from xray_bridge.model.receipt import Receipt
    from xray_bridge.runs.run_directory import RunDirectory
    from xray_bridge.upload.prepared_run import PreparedRun

NO_LINK = "there is no link to {}: xray_jira_url (the Jira site) is not set"


def update_fields(
    connection: Connection,
    http: Http,
    key: str,
    settings: Settings,
    directory: RunDirectory,
) -> None:
    """
    Set fields through Jira: edit an existing Test Execution, then do a transition.

    An edit or a transition that an earlier upload has made is not repeated: people may
    have changed the issue since. Raises XrayBridgeError; the results have arrived
    already.
    """
    document = import_requests.with_fields_object(settings.execution_fields)
    given = {name: document.get(name) for name in ("fields", "update")}
    edit = {name: content for name, content in given.items() if content}
    transition = document.get("transition")
    jira = partial(Jira.for_connection, connection, http)
    if settings.test_execution and edit:
        mark = _hash_of(key, edit)
        if mark != directory.state.edited:
            jira().edit_issue(key, edit)
            # Without the note, a resend repeats the edit, which is mostly harmless.
            with suppress(RunDirectoryError):
                directory.state = replace(directory.state, edited=mark)
    mark = _hash_of(key, transition)
    if transition and mark != directory.state.moved:
        jira().apply_transition(key, transition)
        # From the new status the workflow may not offer it again.
        with suppress(RunDirectoryError):
            directory.state = replace(directory.state, moved=mark)


def _hash_of(key: str, content: object) -> str:
    return hashlib.sha256(
        json.dumps([key, content], sort_keys=True).encode()
    ).hexdigest()


def record_delivery(
    run: PreparedRun,
    connection: Connection,
    imported: ImportAnswer,
    base: Receipt,
    unset: str,
) -> Receipt:
    """
    Note the delivery in the run directory, and return the receipt.

    ``base`` is the receipt so far. ``unset`` says why some fields could not be set;
    a resend retries only these. A note that cannot be written becomes a notice,
    because the results have arrived.
    """
    trouble = [*xray_env.write_delivered(run, imported)]
    url, no_link = _find_link(run, connection, imported.key)
    if unset:
        what = f"not all fields of {imported.key} could be set: {unset}"
        trouble.append(f"{what}; `xray-bridge resend` retries only this")
    exit_code = 84 if base.refused or trouble else base.exit_code
    try:
        run.directory.state = replace(
            run.directory.state,
            state=run_directory.REFUSED if unset else run_directory.DELIVERED,
            test_execution=imported.key,
            message=unset,
        )
    except RunDirectoryError as error:
        trouble.append(
            f"the results were delivered, but this could not be noted: {error.message}"
        )
        exit_code = max(exit_code, error.exit_code)
    return replace(
        base,
        notices=(*base.notices, *trouble, *filter(None, (no_link,))),
        status=receipt.PARTLY_REFUSED if base.refused else receipt.DELIVERED,
        test_execution={
            "key": imported.key,
            "id": imported.id,
            "url": url,
        },
        accepted=None if imported.accepted is None else len(set(imported.accepted)),
        exit_code=exit_code,
    )


def _find_link(run: PreparedRun, connection: Connection, key: str) -> tuple[str, str]:
    """
    Return the address of an issue's page, or else what to do for one.

    The link ``self`` of an answer is for programs: on Cloud it has led through
    Atlassian's gateway since July 2026.
    """
    if run.settings.sandbox and (command := serving_command(run.settings)):
        return "", f"to see {key} in a browser, run `{command}`"
    if connection.pages:
        return f"{connection.pages}/browse/{key}", ""
    return "", NO_LINK.format(key)
