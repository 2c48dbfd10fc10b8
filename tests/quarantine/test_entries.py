"""Which test an entry of the quarantine means."""

from __future__ import annotations

import pytest

from tests.builders import a_run, a_scenario, a_test
from xray_bridge.config.quarantine_table import parse_quarantine
from xray_bridge.model.results import TestRun
from xray_bridge.quarantine.entries import Entries
from xray_bridge.runs import codec


ROW = a_run(
    test=a_test("test_add[1-2]", classname="tests.test_sum.TestAdd"), keys=("CALC-1",)
)
KEYED = a_run(keys=("CALC-1", "CALC-2"))
OUTLINE = a_run(
    scenario=a_scenario("prices -- @1.1 ", outline="prices", row=1), name="prices"
)


@pytest.mark.parametrize(
    ("name", "run", "is_meant"),
    [
        ("calc-2", KEYED, True),
        ("CALC-3", KEYED, False),
        ("tests/test_sum.py::TestAdd::test_add", ROW, True),
        ("tests/test_sum.py::TestAdd::test_add[1-2]", ROW, True),
        ("tests/test_sum.py::TestAdd::test_add[1-3]", ROW, False),
        ("tests/test_sum.py::TestAdd", ROW, False),
        ("tests.test_sum.TestAdd.test_add", ROW, True),
        ("prices", OUTLINE, True),
        ("features/add.feature: prices", OUTLINE, True),
        ("features/other.feature: prices", OUTLINE, False),
        ("price", OUTLINE, False),
    ],
)
def test_keys_and_names_mean_a_test(name: str, run: TestRun, *, is_meant: bool) -> None:
    """A key, a node id, a definition, or a scenario with or without its file."""
    entries = Entries(parse_quarantine({"tests": [{"test": name}]}))

    found = entries.find(codec.encode(run))

    assert (found is not None) is is_meant
    assert bool(entries.unused) is not is_meant
