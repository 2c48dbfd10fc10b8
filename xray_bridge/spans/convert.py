"""
Make spans of results: one for the session, and one for each result below it.

Ids are made of the run's id, so that a run that is sent again has the same ones.
Source of the names: OpenTelemetry's semantic conventions, "Test" and "CI/CD", which
are in development; names of our own begin with ``xray.``.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import Status, StatusCode, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from xray_bridge.model.results import Outcome
from xray_bridge.runs.failures import main_line, text_of
from xray_bridge.text import one_line, readable


if TYPE_CHECKING:
    from collections.abc import Iterator

    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.trace import Tracer

    from xray_bridge.model.results import TestRun
    from xray_bridge.runs.merge import Results
    from xray_bridge.runs.run_directory import RunInfo

# The conventions know pass and fail; all other outcomes have their own word.
STATUSES = {
    Outcome.PASSED: "pass",
    Outcome.XFAILED: "pass",
    Outcome.XPASSED: "pass",
    Outcome.FLAKY: "pass",
    Outcome.FAILED: "fail",
}
# Characters of a text in a span.
LONGEST = 20_000
NANOSECONDS = 1_000_000_000


def make_spans(
    info: RunInfo, results: Results, test_execution: str, traceparent: str = ""
) -> Iterator[ReadableSpan]:
    """
    Yield the spans of a run, that of the session last.

    ``traceparent`` is the span above them, as W3C's Trace Context writes it.
    """
    ended = _Ended()
    provider = TracerProvider(
        sampler=ALWAYS_ON,
        resource=Resource.create(_describe_build(info)),
        id_generator=_Ids(info.id),
        shutdown_on_exit=False,
    )
    provider.add_span_processor(ended)
    tracer = provider.get_tracer("xray-bridge")
    above = TraceContextTextMapPropagator().extract({"traceparent": traceparent})
    started = results.started or info.started
    session = tracer.start_span(
        f"{info.framework} {info.run_id or info.id}",
        context=above,
        start_time=_to_nanoseconds(started),
        attributes=_describe_session(info, results, test_execution),
    )
    inside = set_span_in_context(session)
    for run in results.runs():
        _add_result(tracer, inside, run)
        yield from ended.take()
    if results.counts[Outcome.FAILED.value]:
        session.set_status(Status(StatusCode.ERROR))
    session.end(_to_nanoseconds(max(results.finished or started, started)))
    yield from ended.take()


def _add_result(tracer: Tracer, inside: Context, run: TestRun) -> None:
    start = _to_nanoseconds(run.started)
    span = tracer.start_span(
        one_line(run.test.definition)[:LONGEST] or "unnamed",
        context=inside,
        start_time=start,
        attributes=_describe_result(run),
    )
    if run.outcome is Outcome.FAILED:
        text = readable(text_of(run))[:LONGEST]
        span.set_status(Status(StatusCode.ERROR, main_line(text)))
        attributes = {
            "exception.message": main_line(text),
            "exception.stacktrace": text,
        }
        span.add_event("exception", attributes, timestamp=start)
    span.end(start + max(0, _to_nanoseconds(run.duration)))


def _describe_result(run: TestRun) -> dict[str, Any]:
    scenario = run.scenario
    suite = scenario.feature.name if scenario else run.test.classname
    found = {
        "test.case.name": one_line(scenario.name if scenario else run.test.name),
        "test.case.result.status": STATUSES.get(run.outcome, run.outcome.value),
        "test.suite.name": one_line(suite),
        "code.file.path": one_line(scenario.feature.path) if scenario else "",
        "xray.test.keys": run.test.test_keys,
        "xray.requirement.keys": run.test.requirements,
        "xray.defect.keys": run.defects,
        "xray.outcome": run.outcome.value,
    }
    return {name: value for name, value in found.items() if value}


def _describe_session(
    info: RunInfo, results: Results, test_execution: str
) -> dict[str, Any]:
    failed = results.counts[Outcome.FAILED.value]
    found = {
        "test.suite.name": info.framework,
        "test.suite.run.status": "failure" if failed else "success",
        "xray.test_execution.key": test_execution,
        "xray.project.key": info.settings.get("project", ""),
        "xray.environments": info.settings.get("environments", ""),
    }
    return {name: value for name, value in found.items() if value}


def _describe_build(info: RunInfo) -> dict[str, Any]:
    """Return the attributes of the resource; ``OTEL_SERVICE_NAME`` goes first."""
    ci = info.ci
    found = {
        "cicd.pipeline.name": ci.get("name", ""),
        "cicd.pipeline.run.id": ci.get("build_number", "") or info.run_id,
        "cicd.pipeline.run.url.full": ci.get("build_url", ""),
        "vcs.ref.head.name": ci.get("branch", ""),
        "vcs.ref.head.revision": ci.get("revision", ""),
    }
    return {name: value for name, value in found.items() if value}


def _to_nanoseconds(seconds: float) -> int:
    return round(seconds * NANOSECONDS)


class _Ids(IdGenerator):
    """Makes the same ids for the same run, in the order of the results."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._number = 0

    def generate_trace_id(self) -> int:
        return int.from_bytes(sha256(self._name.encode()).digest()[:16], "big") or 1

    def generate_span_id(self) -> int:
        self._number += 1
        text = f"{self._name} {self._number}"
        return int.from_bytes(sha256(text.encode()).digest()[:8], "big") or 1


class _Ended(SpanProcessor):
    """Keeps the spans that have ended, until they are taken."""

    def __init__(self) -> None:
        self._spans: list[ReadableSpan] = []

    def on_end(self, span: ReadableSpan) -> None:
        self._spans.append(span)

    def take(self) -> list[ReadableSpan]:
        found, self._spans = self._spans, []
        return found
