"""The example of a gate."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING


if TYPE_CHECKING:
    from tests.examples.conftest import Workplace


def test_a_green_run_may_not_be_good_enough(workplace: Workplace) -> None:
    """The exit codes and the tables are those of the page."""
    folder = workplace.root / "gate"
    folder.mkdir()
    printed = workplace.script("examples/gate/gate.sh", FOLDER=str(folder))
    readme = (workplace.root / "examples" / "gate" / "README.md").read_text()
    tables = re.findall(r"```\n(Gate: .*?)```", readme, re.DOTALL)

    assert re.findall(r"exit code (\d+)\n", printed) == ["86", "0", "0", "86"]
    assert len(tables) == 2
    assert all(table in printed for table in tables)
