"""Spans for a collector, at the end of a session."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests import scripted
from tests.scripted import answer


if TYPE_CHECKING:
    from tests.adapters.pytest.conftest import Project

SUITE = """
    def test_one(): pass

    def test_two(): assert False
"""


def test_spans_follow_the_upload(project: Project, workers: tuple[str, ...]) -> None:
    """One request, to the path of the specification."""
    project.pytester.makepyfile(SUITE)

    with scripted.scripted(answer(200)) as collector:
        done = project.upload("--xray-otlp", collector.url, *workers)

    assert done.ret == 1
    (received,) = collector.received
    assert received.target == "/v1/traces"
    assert b"test_two" in received.body
    assert project.receipt["status"] == "delivered"
    assert not any("spans" in notice for notice in project.receipt["notices"])


def test_collector_that_is_down_costs_no_result(project: Project) -> None:
    """A note, and pytest's own exit code."""
    project.pytester.makepyfile("def test_it(): pass")
    nobody = f"http://127.0.0.1:{scripted.unused_port()}"

    done = project.upload("--xray-otlp", nobody)

    assert done.ret == 0
    done.stdout.fnmatch_lines(f"Note: the spans were not sent to {nobody}/v1/traces: *")
    assert project.receipt["status"] == "delivered"


@pytest.mark.parametrize("flag", ["--xray-dry-run", "--xray-collect"])
def test_spans_wait_for_a_real_upload(project: Project, flag: str) -> None:
    """A dry run only says so; a part of a CI run is sent with the merged run."""
    project.pytester.makepyfile("def test_it(): pass")

    with scripted.scripted(answer(200)) as collector:
        done = project.upload("--xray-otlp", collector.url, flag)

    assert collector.received == []
    if flag == "--xray-dry-run":
        done.stdout.fnmatch_lines(f"*then send 2 spans to {collector.url}/v1/traces")
