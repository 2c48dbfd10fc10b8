"""Spans of a run, as a collector gets them."""

from __future__ import annotations

import contextlib
import gzip
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from unittest.mock import Mock

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
)

from tests import scripted
from tests.builders import a_run, a_scenario_run, a_test, recorded, settings_of
from tests.scripted import answer
from tests.tls import needs_openssl, over_tls, self_signed
from xray_bridge.client.connection import CA_VARIABLES
from xray_bridge.client.transport import PlainSession
from xray_bridge.model.results import Outcome
from xray_bridge.runs.merge import Results
from xray_bridge.spans import send
from xray_bridge.spans.send import address_of, describe_spans, send_spans


if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from xray_bridge.model.results import TestRun
    from xray_bridge.runs.run_directory import RunDirectory

CI = {"name": "GitHub", "build_number": "7", "branch": "main", "revision": "abc"}


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """No variables of a collector around, nor of certificates."""
    names = ("TRACEPARENT", "OTEL_EXPORTER_OTLP_HEADERS", "OTEL_SERVICE_NAME")
    for name in (*names, *CA_VARIABLES):
        monkeypatch.delenv(name, raising=False)


@contextmanager
def collecting(*scripts: scripted.Script) -> Iterator[Collector]:
    """Start a collector."""
    with scripted.scripted(*scripts) as server:
        yield Collector(server)


@dataclass
class Collector:
    """A server that takes spans, and what it got."""

    server: scripted.Scripted

    @property
    def requests(self) -> Iterator[ExportTraceServiceRequest]:
        """Each request, read by the classes of the specification."""
        for received in self.server.received:
            body = received.body
            content = gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body
            yield ExportTraceServiceRequest.FromString(content)

    @property
    def spans(self) -> list[Any]:
        """All spans."""
        return [
            span
            for request in self.requests
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]


def attributes(owner: Any) -> dict[str, Any]:
    """The attributes of a span or a resource, as plain values."""
    found = {}
    for each in owner.attributes:
        value = each.value
        if value.HasField("array_value"):
            found[each.key] = [one.string_value for one in value.array_value.values]
        else:
            found[each.key] = value.string_value
    return found


def sent(
    directory: RunDirectory, url: str, execution: str = "CALC-20", **settings: Any
) -> str:
    """Send the spans of a run; the notice."""
    given = settings_of(otlp=url, **settings)
    return send_spans(directory, given, Results([directory]), execution)


def a_directory(folder: Path, *runs: TestRun) -> RunDirectory:
    """A run of a CI job."""
    return recorded(folder, *runs, ci=CI, settings={"project": "CALC"})


def test_results_are_spans_below_that_of_the_session(tmp_path: Path) -> None:
    """Names, times, statuses, keys and texts."""
    directory = a_directory(
        tmp_path,
        a_run(test=a_test("test_a", classname="t", test_keys=("CALC-1",))),
        a_run(Outcome.FAILED, test=a_test("test_b", classname="t"), message="E   no"),
        a_scenario_run(keys=("CALC-3",)),
    )

    with collecting(answer(200)) as collector:
        notice = sent(directory, collector.server.url)

    assert notice == ""
    *results, session = collector.spans
    assert {each.parent_span_id for each in results} == {session.span_id}
    assert len({each.trace_id for each in collector.spans}) == 1
    first, second, third = map(attributes, results)
    assert first["test.case.name"] == "test_a"
    assert first["test.case.result.status"] == "pass"
    assert first["xray.test.keys"] == ["CALC-1"]
    assert second["test.case.result.status"] == "fail"
    assert third["code.file.path"] == "features/add.feature"
    assert (results[1].status.code, results[1].status.message) == (2, "no")
    (event,) = results[1].events
    assert attributes(event)["exception.stacktrace"] == "E   no"
    assert all(e.end_time_unix_nano >= e.start_time_unix_nano for e in results)
    about = attributes(session)
    assert about["test.suite.run.status"] == "failure"
    assert about["xray.test_execution.key"] == "CALC-20"
    (request,) = collector.requests
    resource = attributes(request.resource_spans[0].resource)
    assert resource["cicd.pipeline.name"] == "GitHub"
    assert resource["vcs.ref.head.revision"] == "abc"


def test_spans_are_sent_once(tmp_path: Path) -> None:
    """A run that is resent does not send them again."""
    directory = a_directory(tmp_path, a_run())

    with collecting(answer(200), answer(200)) as collector:
        notices = [sent(directory, collector.server.url) for _ in range(2)]

    assert notices == ["", ""]
    assert len(collector.server.received) == 1


def test_same_run_has_the_same_ids(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A collector that got them, and whose answer was lost, gets no second trace."""
    directory = a_directory(tmp_path, a_run())
    monkeypatch.setattr(send, "SENT", "elsewhere/spans.json")

    with collecting(answer(200), answer(200)) as collector:
        for _ in range(2):
            sent(directory, collector.server.url)

    ids = [(span.trace_id, span.span_id) for span in collector.spans]
    assert ids[:2] == ids[2:]


def test_span_above_is_the_pipeline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``TRACEPARENT`` of a CI system, or of a tool that started the tests."""
    trace, span = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
    monkeypatch.setenv("TRACEPARENT", f"00-{trace}-{span}-01")
    directory = a_directory(tmp_path, a_run())

    with collecting(answer(200)) as collector:
        sent(directory, collector.server.url)

    *_, session = collector.spans
    assert (session.trace_id.hex(), session.parent_span_id.hex()) == (trace, span)


def test_many_results_are_sent_in_batches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And none is lost."""
    monkeypatch.setattr(send, "BATCH", 2)
    runs = [a_run(test=a_test(f"test_{number}")) for number in range(4)]
    directory = a_directory(tmp_path, *runs)

    with collecting(answer(200), answer(200), answer(200)) as collector:
        sent(directory, collector.server.url)

    assert len(collector.server.received) == 3
    assert len({span.span_id for span in collector.spans}) == 5


def test_a_failure_without_words_is_a_notice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing arrived, and the next attempt sends the spans."""

    def fail(*_: Any, **__: Any) -> Any:
        raise ConnectionResetError

    monkeypatch.setattr(PlainSession, "send", fail, raising=False)
    directory = a_directory(tmp_path, a_run())
    notice = sent(directory, "http://127.0.0.1:9")

    assert notice.startswith("the spans were not sent to http://127.0.0.1:9/")
    assert not (directory.path / send.SENT).exists()


def test_refusal_is_a_notice_without_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The collector's words are there, and the next attempt sends them."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "authorization=hunter2hunter2")
    directory = a_directory(tmp_path, a_run())

    with collecting(answer(401, b"no"), answer(200)) as collector:
        notice = sent(directory, collector.server.url)
        again = sent(directory, collector.server.url)

    assert notice.startswith(f"the spans were not sent to {collector.server.url}/v1/tr")
    assert "401" in notice
    assert "hunter2" not in notice
    assert again == ""


def test_nobody_there_is_a_notice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A collector that is down costs some seconds, and no result."""
    monkeypatch.setattr(send, "PATIENCE", 0.3)
    directory = a_directory(tmp_path, a_run())

    notice = sent(directory, f"http://127.0.0.1:{scripted.unused_port()}")

    assert notice.startswith("the spans were not sent to http://127.0.0.1:")
    assert "Connection refused" in notice


def test_without_the_library_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is an extra."""
    name = "opentelemetry.exporter.otlp.proto.http.trace_exporter"
    monkeypatch.setitem(__import__("sys").modules, name, None)

    notice = sent(a_directory(tmp_path, a_run()), "http://127.0.0.1:9")

    assert "pip install opentelemetry-sdk" in notice


def test_proxy_of_the_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It goes before the variables of the environment, as for Xray."""
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{scripted.unused_port()}")
    directory = a_directory(tmp_path, a_run())

    with collecting(answer(200)) as proxy:
        notice = sent(directory, "http://collector.test:4318", proxy=proxy.server.url)

    (received,) = proxy.server.received
    assert notice == ""
    assert received.target == "http://collector.test:4318/v1/traces"


@pytest.mark.parametrize("settings", [{"skip_proxy": "yes"}, {"proxy": "DOWN"}, {}])
def test_collector_on_this_machine_is_asked_without_a_proxy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: dict[str, str]
) -> None:
    """The proxy to Xray does not reach an agent beside the tests."""
    down = f"http://127.0.0.1:{scripted.unused_port()}"
    monkeypatch.setenv("HTTP_PROXY", down)
    given = {name: value.replace("DOWN", down) for name, value in settings.items()}
    directory = a_directory(tmp_path, a_run())

    with collecting(answer(200)) as collector:
        notice = sent(directory, collector.server.url, **given)

    assert notice == ""
    assert len(collector.server.received) == 1


def test_login_of_the_home_directory_is_not_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A .netrc is for other programs."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login ann password hunter22\n")
    monkeypatch.setenv("NETRC", str(netrc))
    directory = a_directory(tmp_path, a_run())

    with collecting(answer(200)) as collector:
        sent(directory, collector.server.url)

    assert "authorization" not in collector.server.received[0].headers


@needs_openssl
@pytest.mark.parametrize("by", ["setting", "variable", "exporter", "nobody"])
def test_certificates_of_the_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    """A CA for Xray is one for the collector, too, unless the exporter has its own."""
    monkeypatch.setattr(send, "PATIENCE", 1.0)
    certificate = self_signed(tmp_path)
    authority = str(tmp_path / "cert.pem")
    settings = {"verify": authority} if by == "setting" else {}
    if by == "variable":
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", authority)
    if by == "exporter":
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_CERTIFICATE", authority)
    directory = a_directory(tmp_path / "run", a_run())

    with scripted.scripted(answer(200), wrap=over_tls(certificate)) as server:
        url = server.url.replace("http://", "https://")
        notice = sent(directory, url, **settings)

    assert (notice == "") is (by != "nobody")


def test_a_defect_of_a_library_is_a_notice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The results were delivered already; the text may have anything in it."""
    name = "opentelemetry.exporter.otlp.proto.http.trace_exporter.OTLPSpanExporter"
    monkeypatch.setattr(name, Mock(side_effect=KeyError("hunter2")))

    notice = sent(a_directory(tmp_path, a_run()), "http://127.0.0.1:9")

    assert notice.endswith(": unexpected KeyError")


def test_redirect_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another host gets neither the spans nor the headers of the variables."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "api-key=hunter2hunter2")
    directory = a_directory(tmp_path, a_run())

    with collecting(answer(200)) as other:
        away = answer(307, b"", Location=f"{other.server.url}/v1/traces")
        with collecting(away) as collector:
            notice = sent(directory, collector.server.url)

    assert notice.endswith(": it answers with a redirect, which is not followed")
    assert not other.server.received
    assert not (directory.path / send.SENT).exists()


@pytest.mark.parametrize(
    "slow",
    [
        lambda peer: (peer.read(), peer.drip(b"HTTP/1.1 200 OK\r\n" * 99, 0.1)),
        lambda peer: (
            peer.read(),
            peer.write(scripted.head(200, {}, 10_000)),
            peer.drip(b" " * 10_000, 0.1),
        ),
    ],
    ids=["head", "body"],
)
def test_slow_answer_ends_in_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, slow: scripted.Script
) -> None:
    """A collector that sends a byte now and then does not hold up the results."""
    monkeypatch.setattr(send, "LONGEST", 0.5)
    directory = a_directory(tmp_path, a_run())
    began = time.monotonic()

    with collecting(slow) as collector:
        notice = sent(directory, collector.server.url)
        seconds = time.monotonic() - began

    assert "the deadline passed" in notice
    assert seconds < scripted.PATIENCE / 2


def test_long_answer_is_not_read(tmp_path: Path) -> None:
    """Its beginning is enough, so that it does not fill the memory."""
    directory = a_directory(tmp_path, a_run())

    def long(peer: scripted.Peer) -> None:
        peer.read()
        peer.write(scripted.head(200, {}, 1 << 40))
        with contextlib.suppress(OSError):
            while not peer.stopped.is_set():
                peer.write(bytes(1 << 20))

    with collecting(long) as collector:
        notice = sent(directory, collector.server.url)

    assert notice == ""


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ("http://c:4318", "http://c:4318/v1/traces"),
        ("http://c:4318/v1/traces", "http://c:4318/v1/traces"),
        ("https://c/otlp/v1/traces", "https://c/otlp/v1/traces"),
    ],
)
def test_address_of_a_collector(given: str, address: str) -> None:
    """Without a path it is the usual one."""
    assert address_of(given) == address


def test_dry_run_says_how_many(tmp_path: Path) -> None:
    """One for each result, and one for the session."""
    found = Results([a_directory(tmp_path, a_run())])

    plan = describe_spans(settings_of(otlp="http://c:4318"), found)

    assert plan == "then send 2 spans to http://c:4318/v1/traces"
