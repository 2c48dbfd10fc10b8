"""
A failure in a report of another tool is never green.

``XRAY_BRIDGE_EXAMPLES`` is how many reports there are of all formats together.
"""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.formats.generated_reports import ENDS, RED, WRITERS, Suite, as_told
from xray_bridge.formats import read
from xray_bridge.formats.read import xray
from xray_bridge.formats.read.protocol import Source
from xray_bridge.model.dialect import CLOUD, DIALECTS
from xray_bridge.model.results import Outcome
from xray_sandbox.product import CLOUD as PRODUCT
from xray_sandbox.read.imports import FORMATS
from xray_sandbox.read.submission import fold_statuses


if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

EXAMPLES = int(os.environ.get("XRAY_BRIDGE_EXAMPLES", "1000"))
MANY = settings(
    max_examples=EXAMPLES // len(WRITERS),
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
any_suite = st.builds(
    Suite,
    ends=st.lists(st.sampled_from(ENDS), max_size=3).map(tuple),
    breaks=st.booleans(),
    counts=st.sampled_from([0, 0, 1]),
)


def sent_copy(source: Source, name: str, reading: read.Reading) -> bytes:
    """The mended copy that is sent, with the statuses of the product."""
    out = io.BytesIO()
    reading.write(out)
    if name != "xray":
        return out.getvalue()
    source.path.write_bytes(out.getvalue())
    again = io.BytesIO()
    xray.write_copy(source, None, again, DIALECTS[CLOUD].own_word)
    return again.getvalue()


def statuses_in_xray(name: str, content: bytes) -> Mapping[str, str]:
    """By key or definition, as the sandbox reads it."""
    found: dict[str, list[str]] = {}
    for result in FORMATS[name].read(io.BytesIO(content), PRODUCT).results:
        test = result.test.definition if result.test else ""
        found.setdefault(result.test_key or test, []).append(result.status)
    return {test: fold_statuses(statuses, PRODUCT) for test, statuses in found.items()}


def belongs(identity: str, name: str) -> bool:
    """Whether a Test is that of a test, by its key or by its name."""
    return identity in {f"CALC-{int(name[1:]) + 1}", name} or identity.endswith(
        f".{name}"
    )


@pytest.mark.parametrize("name", WRITERS)
@MANY
@given(suites=st.lists(any_suite, min_size=1, max_size=3), counted=st.booleans())
def test_what_failed_is_never_green(
    tmp_path: Path, name: str, suites: list[Suite], counted: bool
) -> None:
    """It is red in our counts, and in the copy that the sandbox reads."""
    report = as_told(name, suites, counted=counted)
    source = Source(path=tmp_path / "report", name="report")
    source.path.write_text(WRITERS[name](report), encoding="utf-8")
    reading = read.open_reading(source, name)

    cases = list(reading.cases())

    here = {case.outcome for case in cases}
    if report.is_red:
        assert Outcome.FAILED in here or reading.incomplete
    elif "odd" not in report.tests.values():
        assert Outcome.FAILED not in here
    if not cases:
        return
    there = statuses_in_xray(name, sent_copy(source, name, reading))
    if Outcome.FAILED in here and "odd" not in report.tests.values():
        assert PRODUCT.failed in there.values()
    for test, end in report.tests.items():
        mine = {there[each] for each in there if belongs(each, test)}
        assert mine, (test, there)
        if end != "passed":
            assert PRODUCT.passed not in mine
        if end in RED:
            assert mine == {PRODUCT.failed}
