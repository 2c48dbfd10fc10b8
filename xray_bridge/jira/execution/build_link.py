"""
Link the Test Execution to the page of its CI build: the setting ``link_build``.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from xray_bridge.client.remote_links import LONGEST_ID, RemoteLink, set_link
from xray_bridge.jira.run import Step
from xray_bridge.text import one_line


if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from xray_bridge.config.settings import Settings
    from xray_bridge.jira.run import JiraRun

LONGEST_URL = 2000
NO_BUILD = "there is no link to a build: no CI system gives its address"


def make_link(ci: Mapping[str, str], run_id: str) -> RemoteLink | None:
    """
    Make the link to the build of a run; None if it has no page.

    The global id depends on the CI run only, so a second attempt of a job replaces
    the link of the first. The description of the run may come from another machine.
    """
    url = ci.get("build_url", "")
    if not url.startswith(("http://", "https://")) or len(url) > LONGEST_URL:
        return None
    build = one_line(" ".join(filter(None, (ci.get("name"), ci.get("build_number")))))
    mark = f"xray-bridge:ci:{run_id or url}"
    if len(mark) > LONGEST_ID:
        mark = f"xray-bridge:ci:{hashlib.sha256(mark.encode()).hexdigest()}"
    branch = one_line(ci.get("branch", ""))[:LONGEST_ID]
    return RemoteLink(
        global_id=mark,
        url=url,
        title=(build or "CI build")[:LONGEST_ID],
        summary=branch,
        relationship="build",
    )


def _is_wanted(settings: Settings) -> bool:
    return settings.link_build


def _describe(run: JiraRun) -> Iterator[str]:
    link = make_link(run.info.ci, run.info.run_id)
    where = run.target
    yield f"link {where} to {link.url}" if link else NO_BUILD


def _apply(run: JiraRun) -> Iterator[str]:
    link = make_link(run.info.ci, run.info.run_id)
    if link is None:
        yield NO_BUILD
        return
    set_link(run.jira, run.test_execution, link)


LINK_BUILD = Step(
    name="link_build", is_wanted=_is_wanted, describe=_describe, apply=_apply
)
