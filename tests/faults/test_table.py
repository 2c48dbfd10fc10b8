"""The list of faults, and the marks of tests that name them."""

from __future__ import annotations

import re
from pathlib import Path

from tests.faults import table


MARK = re.compile(r"@pytest\.mark\.fault\(([^)]*)\)")


def test_marks_name_faults_that_are_listed() -> None:
    """A mark that names nothing would count for nothing."""
    folder = Path(__file__).parents[1]
    texts = [path.read_text(encoding="utf-8") for path in folder.rglob("test_*.py")]
    marked = {
        each
        for text in texts
        for ids in MARK.findall(text)
        for each in re.findall(r'"(\w+)"', ids)
    }

    assert marked
    assert marked <= table.rows().keys()
