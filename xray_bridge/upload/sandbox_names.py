"""
Tell the embedded sandbox how the Tests are called that it has just created.

Xray JSON contains only the keys of Tests that have one. In Jira these Tests exist; the
sandbox creates them, and would show their keys as their names.
"""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING

from xray_bridge.client.http import Deadline, Http
from xray_bridge.client.request import JSON, Request
from xray_bridge.errors import XrayBridgeError
from xray_bridge.text import one_line


if TYPE_CHECKING:
    from xray_bridge.client.connection import Connection
    from xray_bridge.upload.prepared_run import PreparedRun

PATIENCE = 10.0
LONGEST_NAME = 255


def name_tests(run: PreparedRun, connection: Connection) -> None:
    """Send the name of each Test with a key; the answer changes nothing."""
    names = {
        key: one_line(each.test.name)[:LONGEST_NAME]
        for each in run.results.runs()
        for key in each.test.test_keys
    }
    if not names:
        return
    request = Request(
        method="POST",
        path="/sandbox/names",
        content=json.dumps(names).encode(),
        media_type=JSON,
    )
    with suppress(XrayBridgeError):
        Http(connection, Deadline(PATIENCE)).send(request, url=connection.url)
