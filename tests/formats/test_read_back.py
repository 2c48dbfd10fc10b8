"""Reports of ours as anybody's: read like an independent reader reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from tests.formats.reading import ALL, BOTH, MEANINGS, rendered, verdicts
from tests.formats.test_no_false_pass import HARMLESS, KEYS, any_run
from xray_bridge.errors import ReportError
from xray_bridge.formats import read
from xray_bridge.formats.read.protocol import Source


if TYPE_CHECKING:
    from pathlib import Path

    from xray_bridge.model.results import TestRun


@BOTH
@ALL
@HARMLESS
@given(runs=st.lists(any_run, min_size=1, max_size=5))
def test_each_result_is_what_it_was(
    tmp_path: Path, name: str, deployment: str, runs: list[TestRun]
) -> None:
    """In its place, with its key, and no greener."""
    try:
        content = rendered(tmp_path, name, deployment, *runs)
    except ReportError:
        # No scenario has a key, so Xray JSON would be empty.
        return
    path = tmp_path / "report"
    path.write_bytes(content)
    source = Source(path=path, name="report")

    found = [*read.read_cases(source, name)]

    if found:
        assert read.recognise_format(source) == name
    expected = [
        (identity if identity in KEYS else "", verdict)
        for identity, verdict in verdicts(name, content)
    ]
    assert [(case.key, MEANINGS[case.outcome]) for case in found] == expected
    assert {case.word for case in found} <= {""}
