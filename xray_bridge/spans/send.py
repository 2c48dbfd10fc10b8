"""
Send the spans of a run to a collector of OpenTelemetry: the setting ``otlp``.

It follows the results and never changes what became of them. The exporter reads the
standard variables, such as ``OTEL_EXPORTER_OTLP_HEADERS``.
"""

from __future__ import annotations

import logging
import os
from contextlib import contextmanager, suppress
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from xray_bridge.errors import RunDirectoryError, XrayBridgeError
from xray_bridge.runs import json_files
from xray_bridge.text import count, one_line


if TYPE_CHECKING:
    from collections.abc import Iterator

    from xray_bridge.config.settings import Settings
    from xray_bridge.runs.merge import Results
    from xray_bridge.runs.run_directory import RunDirectory

# The path of an address without one, as the specification says.
PATH = "/v1/traces"
# Spans of one request.
BATCH = 500
# Seconds for one request, with all attempts, and for all of them.
PATIENCE, LONGEST = 10.0, 60.0
# Characters of a reason.
LONGEST_WORDS = 500
# Notes in a run directory that its spans were sent.
SENT = "spans.json"
NOT_INSTALLED = (
    "no spans were sent: xray_otlp needs OpenTelemetry; pip install opentelemetry-sdk "
    "opentelemetry-exporter-otlp-proto-http"
)


def describe_spans(settings: Settings, results: Results) -> str:
    """Describe what would be sent."""
    spans = count(len(results) + 1, "span")
    return f"then send {spans} to {address_of(settings.otlp)}"


def send_spans(
    directory: RunDirectory, settings: Settings, results: Results, test_execution: str
) -> str:
    """
    Send the spans of a run once; return a notice if that failed, or else nothing.

    It never raises.
    """
    if (directory.path / SENT).exists():
        return ""
    try:
        why = _send(directory, settings, results, test_execution)
    except ImportError:
        return NOT_INSTALLED
    except XrayBridgeError as error:
        why = error.message
    except Exception as error:  # noqa: BLE001 - results were delivered already
        why = f"unexpected {type(error).__name__}"
    if why:
        why = settings.redactor.clean(one_line(why))[:LONGEST_WORDS]
        return f"the spans were not sent to {address_of(settings.otlp)}: {why}"
    return ""


def address_of(given: str) -> str:
    """Return the address of the traces; a collector's address has no path."""
    return given if "/" in given.partition("://")[2] else f"{given}{PATH}"


def _send(
    directory: RunDirectory, settings: Settings, results: Results, test_execution: str
) -> str:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace.export import SpanExportResult

    from xray_bridge.client.connection import LOOPBACK, resolve_proxies, resolve_verify
    from xray_bridge.client.http import Deadline, run_within
    from xray_bridge.client.transport import find_proxies
    from xray_bridge.spans.collector import CollectorSession
    from xray_bridge.spans.convert import make_spans

    traceparent = os.environ.get("TRACEPARENT", "")
    spans = iter(make_spans(directory.info, results, test_execution, traceparent))
    deadline = Deadline(min(LONGEST, settings.deadline))
    address = address_of(settings.otlp)
    given = resolve_proxies(settings)
    if urlsplit(address).hostname in LOOPBACK:
        # An agent on this machine, which no proxy reaches.
        given = {}
    session = CollectorSession(
        resolve_verify(settings, os.environ),
        find_proxies(address, given, settings.redactor),
    )
    with _last_words() as words:
        exporter = OTLPSpanExporter(endpoint=address, timeout=PATIENCE, session=session)
        try:
            while batch := list(islice(spans, BATCH)):
                # A socket's timeout does not limit an answer that comes slowly.
                seconds = min(PATIENCE + 1, deadline.left)
                found = None
                with suppress(OSError):  # the session's failure, from old exporters
                    found = run_within(seconds, partial(exporter.export, batch))
                if found is not SpanExportResult.SUCCESS:
                    reasons = ["the collector did not take them", *words]
                    return str(session.failure or "") or reasons[-1]
        finally:
            exporter.shutdown()  # type: ignore[no-untyped-call]
    try:
        json_files.write_json(directory.path / SENT, {"to": settings.otlp})
    except RunDirectoryError as error:
        return f"it cannot be noted that they were sent: {error.message}"
    return ""


@contextmanager
def _last_words() -> Iterator[list[str]]:
    """Keep what OpenTelemetry logs, in place of standard error."""
    words: list[str] = []

    class Keeper(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            words.append(record.getMessage())

    log = logging.getLogger("opentelemetry")
    before = log.propagate
    keeper = Keeper(logging.WARNING)
    log.addHandler(keeper)
    log.propagate = False
    try:
        yield words
    finally:
        log.removeHandler(keeper)
        log.propagate = before
