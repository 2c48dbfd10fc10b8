"""The page shows what changed, and groups failures by cause."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.builders import a_run, recorded
from tests.report.test_write import header, page, text
from xray_bridge.changes.causes import Causes
from xray_bridge.model.changes import Baseline, Change, Changes
from xray_bridge.model.receipt import DELIVERED, Receipt
from xray_bridge.model.results import Outcome
from xray_bridge.runs.json_files import write_json
from xray_bridge.runs.run_directory import RunDirectory


if TYPE_CHECKING:
    from pathlib import Path

CHANGES = Changes(
    baseline=Baseline(name="CALC-19", branch="main"),
    newly_failing=(Change(name="t.test_add", keys=("CALC-1",), message="1 != 2"),),
    slower=(Change(name="t.test_slow", seconds_before=1.0, seconds=9.0),),
    counts={"newly_failing": 1, "slower": 1},
)


def a_failure(number: int, error: str) -> Any:
    """A failed test with this error."""
    message = f"    def connect():\nE   {error}: {number}\n\ndb.py:9: {error}"
    return a_run(Outcome.FAILED, name=f"test_{number}", message=message)


def with_receipt(directory: RunDirectory, changes: Any) -> RunDirectory:
    """The run directory after an upload that was compared."""
    found = {**Receipt(status=DELIVERED).to_json(), "changes": changes}
    write_json(directory.path / "receipt.json", found)
    return directory


def tables(tree: Any) -> dict[str, list[str]]:
    """The rows of all tables, by title."""
    return {
        text(each.xpath("summary")[0]): [*map(text, each.xpath(".//tbody/tr"))]
        for each in tree.xpath("//details[@class='table']")
    }


def test_what_changed_is_in_the_header_and_in_tables(tmp_path: Path) -> None:
    """As the upload noted it."""
    directory = with_receipt(recorded(tmp_path, a_run()), CHANGES.to_json())

    tree = page(tmp_path, directory, browse="https://jira.example/browse/")

    assert "Compared with CALC-19 (main): 1 newly failing, 1 slower" in header(tree)
    found = tables(tree)
    assert found["Newly failing since CALC-19 (main) 1"] == ["t.test_add CALC-1 1 != 2"]
    assert found["Slower since CALC-19 (main) 1"] == ["t.test_slow 9.0 s, before 1.0 s"]
    assert tree.xpath("//table//a/@href") == ["https://jira.example/browse/CALC-1"]


@pytest.mark.parametrize(
    "changes",
    [
        7,
        {"newly_failing": 7},
        {"newly_failing": [7]},
        {**CHANGES.to_json(), "counts": 7},
        {**CHANGES.to_json(), "counts": {"slower": "many"}},
        {**CHANGES.to_json(), "new": [{"name": 7}]},
        {**CHANGES.to_json(), "baseline": {"branch": "main"}},
    ],
)
def test_a_damaged_receipt_costs_no_page(tmp_path: Path, changes: Any) -> None:
    """The changes are left out."""
    directory = with_receipt(recorded(tmp_path, a_run()), changes)

    assert "Compared with" not in header(page(tmp_path, directory))


def test_failures_are_filtered_by_cause(tmp_path: Path) -> None:
    """Each cause leads to its failures."""
    runs = [a_failure(n, "KeyError") for n in range(3)] + [a_failure(7, "ValueError")]
    tree = page(tmp_path, recorded(tmp_path, *runs))

    assert "Causes 2 causes" in header(tree)
    assert tables(tree)["Causes 2"] == [
        "KeyError in db.py connect 3",
        "ValueError in db.py connect 1",
    ]
    assert tree.xpath("//select[@name='cause']/option/text()") == [
        "all",
        "KeyError in db.py connect",
        "ValueError in db.py connect",
    ]
    assert tree.xpath("//details[@id='failed']//li/@data-cause").count(
        "KeyError in db.py connect"
    ) == len(runs[:-1])
    assert "#?cause=KeyError+in+db.py+connect" in tree.xpath("//table//a/@href")


def test_a_long_cause_is_the_same_text_as_in_the_receipt(tmp_path: Path) -> None:
    """It ends with dots, where the receipt cuts it, too."""
    run = a_run(Outcome.FAILED, message="far " * 100)
    causes = Causes()
    causes.add("test_far", run.message)

    tree = page(tmp_path, recorded(tmp_path, run))

    (shown,) = tree.xpath("//details[@id='failed']//li/@data-cause")
    assert shown == str(causes.list_first()[0])
    assert shown.endswith("...")


def test_one_cause_needs_no_filter(tmp_path: Path) -> None:
    """And a run without failures has none."""
    one = page(tmp_path, recorded(tmp_path, a_failure(1, "KeyError")))
    none = page(tmp_path, recorded(tmp_path, a_run()))

    assert not one.xpath("//select[@name='cause']")
    assert "Causes 1 cause" in header(one)
    assert "Causes" not in header(none)
