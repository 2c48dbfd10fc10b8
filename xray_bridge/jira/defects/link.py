"""
Link defects to the Test Runs of their failures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xray_bridge.client.test_runs import open_test_runs
from xray_bridge.client.xray import make_client
from xray_bridge.errors import RefusedError
from xray_bridge.text import count, first_names


if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from xray_bridge.client.test_runs import RunRef, TestRuns
    from xray_bridge.jira.defects.failures import FailureGroup
    from xray_bridge.jira.defects.find import Defect
    from xray_bridge.jira.defects.work import Work

# Test Runs that are linked in one run: each takes two requests.
MOST = 200


def link_defects(work: Work, pairs: Sequence[tuple[FailureGroup, Defect]]) -> None:
    """Link each defect to the Test Runs of its failures; those it has are skipped."""
    if not pairs:
        return
    run = work.run
    client = make_client(run.connection, run.http)
    runs = open_test_runs(client, run.connection.dialect, run.test_execution)
    room = MOST
    unfound: list[str] = []
    for group, defect in pairs:
        if work.read_note(group.label).get("linked") == defect.id:
            continue
        try:
            found = list(_find_runs(work, runs, group))
            for place in found[:room]:
                if defect.key not in place.defects:
                    runs.add_defect(place, defect.key)
        except RefusedError as error:
            work.troubles.append(f"{defect.key} could not be linked: {error.message}")
            continue
        room -= len(found)
        if found:
            work.note(group.label, linked=defect.id)
        else:
            unfound.append(f"{group.name} ({defect.key})")
        if room <= 0:
            left = f"only the first {count(MOST, 'Test Run')} are linked to bugs"
            work.notices.append(left)
            break
    if unfound:
        msg = "no Test Run was found to link a bug to"
        work.notices.append(f"{msg}: {first_names(unfound)}")


def _find_runs(work: Work, runs: TestRuns, group: FailureGroup) -> Iterator[RunRef]:
    for key in group.test_keys:
        found = runs.find_run(key)
        if found is not None:
            yield found
    if not group.definitions or work.run.settings.only_keyed:
        return
    for each in runs.list_runs():
        if {each.definition, each.summary} & group.definitions.keys():
            yield each
