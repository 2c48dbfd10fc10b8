"""The example with bugs and builds, run by its script as its README says."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.jira.defects.bugs_in_sandbox import bugs_in
from xray_sandbox.store.documents import BUILD


if TYPE_CHECKING:
    from tests.examples.conftest import Workplace

FOLDER = "examples/jira-side"
COUNTED = re.compile(
    r"^(?:(\d+) failed, )?(\d+) passed, (\d+) skipped in ", re.MULTILINE
)


@pytest.fixture
def printed(workplace: Workplace) -> str:
    """What the script prints."""
    return workplace.script(f"{FOLDER}/run.sh")


@pytest.mark.real_start
def test_the_script_makes_links_closes_and_reopens_bugs(
    workplace: Workplace, printed: str
) -> None:
    """Two bugs in four releases; each build has the numbers that pytest prints."""
    store = workplace.store(FOLDER)
    total, discount = bugs_in(store)
    sent = [each.content["item"] for each in store.documents(BUILD)]
    numbers = [
        [each["testInfo"][name] for name in ("numberFailed", "numberPassed")]
        + [each["testInfo"]["numberSkipped"]]
        for each in sent
    ]
    lines = printed.splitlines()

    assert f"Note: test_prices.test_total: new bug {total.key}" in lines
    assert f"Note: test_prices.test_total: known bug {total.key} (To Do)" in lines
    assert f"Note: test_prices.test_discount: new bug {discount.key}" in lines
    assert f"Note: {total.key}: closed after 1 run in a row without it" in lines
    reopened = f"its bug {total.key} is closed (Done), reopened"
    assert f"Note: test_prices.test_total: {reopened}" in lines
    assert (total.status, discount.status) == ("To Do", "Done")
    assert len(total.comments) == 3
    assert "shop" in total.labels
    counted = [[int(n or 0) for n in found] for found in COUNTED.findall(printed)]
    assert numbers == counted == [[2, 5, 1], [3, 4, 1], [0, 7, 1], [2, 5, 1]]
    (covered,) = (line for line in lines if line.startswith("CALC-70 "))
    assert "1 FAILED, 1 PASSED" in covered
    assert total.key in covered
