"""The verdict of a gate in the summary of a CI system."""

from __future__ import annotations

from xray_bridge.ci.outputs.gate import gate_lines
from xray_bridge.model.gate import FAILED, NOT_CHECKED, GateRow, GateVerdict


def test_a_table_and_the_names_of_what_failed() -> None:
    """Texts of others cannot become Markdown."""
    rows = (
        GateRow(rule="min_tests", limit="at least 1", found="3"),
        GateRow(
            rule="environments",
            limit="li|nux, <b>",
            found="",
            result=FAILED,
            names=("<script>", "`x`"),
        ),
        GateRow(rule="max_flaky", limit="0", result=NOT_CHECKED, reason="no answer"),
    )

    assert list(gate_lines(GateVerdict(rows=rows))) == [
        "",
        "**Gate: FAILED (environments)**",
        "",
        "| Rule | Limit | Found | Result |",
        "| --- | --- | --- | --- |",
        "| min_tests | at least 1 | 3 | passed |",
        "| environments | li nux, b |  | FAILED |",
        "| max_flaky | 0 |  | not checked |",
        "",
        "**environments**",
        "",
        "- `<script>`",
        "- `` `x` ``",
        "",
        "`not checked: max_flaky: no answer`",
    ]
