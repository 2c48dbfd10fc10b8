"""Export of feature files."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest


SERVER = "/rest/raven/2.0/export/test"
CLOUD = "/api/v2/export/cucumber"


def names(content: bytes) -> list[str]:
    """The names in an archive."""
    return zipfile.ZipFile(io.BytesIO(content)).namelist()


@pytest.mark.parametrize(
    "query", ["keys=CALC-78;CALC-79", "filter=11400", "keys=CALC-70"]
)
def test_zip(server: Any, cloud: Any, query: str) -> None:
    """An export by keys, filter or requirement has one file per requirement."""
    found = server.call("GET", f"{SERVER}?{query}&fz=true")
    assert names(found.content) == ["1_CALC-70.feature"]
    assert names(cloud.call("GET", f"{CLOUD}?{query}").content) == ["CALC-70.feature"]


def test_bare_file(server: Any) -> None:
    """Server sends a single file without a zip, unless one is requested."""
    text = server.call("GET", f"{SERVER}?keys=CALC-78;CALC-79&fz=false").text
    assert text.startswith("@REQ_CALC-70\nFeature: ")
    assert "  @TEST_CALC-78\n  Scenario: " in text
    assert "  @TEST_CALC-79\n  Scenario Outline: " in text


@pytest.mark.parametrize("query", ["keys=CALC-999", "filter=1", "keys=CALC-1", ""])
def test_nothing_to_export(server: Any, cloud: Any, query: str) -> None:
    """Unknown keys and filters, and keys without a scenario, are refused."""
    assert server.call("GET", f"{SERVER}?{query}").status_code == 400
    assert cloud.call("GET", f"{CLOUD}?{query}").status_code == 400


def test_filter_by_query(server: Any) -> None:
    """A saved filter can be a query."""
    server.store.add_filter(11401, "key in (CALC-79)")
    found = server.call("GET", f"{SERVER}?filter=11401&fz=true")
    assert names(found.content) == ["1_CALC-70.feature"]
