"""The example of a known failure in quarantine."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING


if TYPE_CHECKING:
    from tests.examples.conftest import Workplace


def test_only_the_known_failure_is_spared(workplace: Workplace) -> None:
    """The run is green for the known failure, and red for another one."""
    folder = workplace.root / "quarantine"
    folder.mkdir()
    printed = workplace.script("examples/quarantine/quarantine.sh", FOLDER=str(folder))
    newest, spared, _ = (
        workplace.store("quarantine").test_execution(row.key)
        for row in workplace.store("quarantine").test_executions()[:3]
    )
    assert newest is not None
    assert spared is not None
    readme = (workplace.root / "examples" / "quarantine" / "README.md").read_text()
    lines = [line for line in printed.splitlines() if line.startswith("Quarantine")]

    assert re.findall(r"exit code (\d+)\n", printed) == ["1", "0", "1"]
    assert (folder / "xray-bridge.toml").read_text() in readme
    assert all(line in readme for line in lines if "not spared" not in line)
    comments = {run.test_key: run.comment for run in spared.runs}
    assert "Quarantined by Anna until 2999-12-31, CALC-70" in comments["CALC-2"]
    comments = {run.test_key: run.comment for run in newest.runs}
    assert "Quarantined" not in comments["CALC-2"]
