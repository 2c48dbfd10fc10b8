"""The Test Execution has a link to the page of its CI build."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.builders import a_jira_run, a_run, recorded
from xray_bridge.jira.execution.build_link import LINK_BUILD, NO_BUILD, make_link


if TYPE_CHECKING:
    from pathlib import Path

    from tests.scripted_xray import Xray

CI = {
    "name": "GitHub Actions",
    "build_number": "12",
    "build_url": "https://github.com/acme/api/actions/runs/99",
    "branch": "main",
}


def test_link_names_the_build(tmp_path: Path, xray: Xray) -> None:
    """Its global id is that of the CI run."""
    xray.script["/rest/api/2/issue/CALC-7/remotelink"] = [{"id": 1}]
    directory = recorded(tmp_path, a_run(), ci=CI, run_id="github-99")
    told = list(LINK_BUILD.apply(a_jira_run(directory, xray.url, link_build="yes")))
    sent = json.loads(xray.sent[0].body)

    assert told == []
    assert sent["globalId"] == "xray-bridge:ci:github-99"
    assert sent["object"] == {
        "url": CI["build_url"],
        "title": "GitHub Actions 12",
        "summary": "main",
    }


@pytest.mark.parametrize("run_id", ["github-99", "r" * 300])
def test_second_attempt_has_the_same_global_id(run_id: str) -> None:
    """Jira replaces the link of the first one, also for a long id."""
    first = make_link(CI, run_id)
    second = make_link({**CI, "build_url": f"{CI['build_url']}/attempts/2"}, run_id)

    assert first is not None
    assert second is not None
    assert first.global_id == second.global_id
    assert len(first.global_id) <= 255


@pytest.mark.parametrize(
    "url", ["", "javascript:alert(1)", "file:///etc/passwd", f"https://a/{'b' * 2000}"]
)
def test_run_without_a_page_gets_no_link(tmp_path: Path, url: str) -> None:
    """A run directory may come from anywhere."""
    directory = recorded(tmp_path, a_run(), ci={**CI, "build_url": url})
    run = a_jira_run(directory, link_build="yes")

    assert list(LINK_BUILD.apply(run)) == [NO_BUILD]
    assert list(LINK_BUILD.describe(run)) == [NO_BUILD]


def test_dry_run_shows_the_address(tmp_path: Path) -> None:
    """No server is asked."""
    run = a_jira_run(recorded(tmp_path, a_run(), ci=CI), link_build="yes")

    assert list(LINK_BUILD.describe(run)) == [f"link CALC-7 to {CI['build_url']}"]


def test_address_that_python_cannot_read_fails_no_run() -> None:
    """Jira decides whether it takes it."""
    found = make_link({**CI, "build_url": "http://[x"}, "ci-1")

    assert found is not None
    assert found.url == "http://[x"
