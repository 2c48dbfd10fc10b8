"""docs/tools.md has the same counts of the stored reports as the tests."""

from __future__ import annotations

import re
from pathlib import Path

from tests.formats.convert.test_real_reports import ROWS
from tests.upload.test_real_files import RIGHT


PAGE = Path(__file__).parents[1] / "docs" / "tools.md"
ROW = re.compile(
    r"^\| `([^`]+)` \| [^|]+ \| .+? \| (\d+/\d+/\d+) \| .*\|$", re.MULTILINE
)


def test_counts_of_the_files_that_are_kept() -> None:
    """Each file has a row with the counts of its test."""
    _, kept = PAGE.read_text(encoding="utf-8").split("## Kept as files")
    found = dict(ROW.findall(kept))

    read = {name: "/".join(map(str, each.counts)) for name, each in RIGHT.items()}
    converted = {f"convert/{name}": counts for name, (counts, _, _) in ROWS.items()}
    assert found == read | converted
