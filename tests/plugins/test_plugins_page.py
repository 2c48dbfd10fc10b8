"""The manual has each plugin that is run, with its version and its options."""

from __future__ import annotations

import re
from pathlib import Path

from tests.plugins.test_real_plugins import ARGUMENTS


PAGE = Path(__file__).parents[2] / "docs" / "writing-tests.md"
PINNED = Path(__file__).with_name("plugins.txt")
ROW = re.compile(r"^\| ([\w-]+) \| ([\d.]+) \| (?:`(.+)` )?\|$", re.MULTILINE)


def test_the_table_of_plugins() -> None:
    """One row for each that is pinned, in this order."""
    _, section = PAGE.read_text(encoding="utf-8").split("## Beside other plugins")

    pinned = (line.split("==") for line in PINNED.read_text(encoding="utf-8").split())
    assert ROW.findall(section) == [
        (name, version, " ".join(ARGUMENTS.get(name, ()))) for name, version in pinned
    ]
