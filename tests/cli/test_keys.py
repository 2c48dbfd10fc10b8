"""``xray-bridge keys`` with a server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xray_bridge import cli
from xray_bridge.check.dataset_rows import CodeRow
from xray_bridge.check.keys import AutomatedTest, Listing
from xray_bridge.cli import keys


if TYPE_CHECKING:
    import pytest

    from tests.scripted_xray import Xray

GRAPHQL = "/api/v2/graphql"
ANSWER = {
    "data": {
        "getTests": {
            "total": 1,
            "results": [{"issueId": "7", "jira": {"key": "CALC-1", "summary": "sum"}}],
        },
        "getDatasets": [],
    }
}


def test_keys_and_datasets_need_one_login(
    cloud: Xray, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Cloud limits the number of requests."""
    listing = Listing(
        tests=(AutomatedTest(name="test_a", where="test_a.py:1", keys=("CALC-1",)),),
        rows=(CodeRow(keys=("CALC-1",), values={"x": "1"}, dataset="CALC-1"),),
    )
    monkeypatch.setattr(keys, "collect_tests", lambda *_: listing)
    cloud.script[GRAPHQL] = [ANSWER]

    code = cli.main(["keys", "--framework", "pytest"])

    assert code == 85
    assert "CALC-1 has no dataset" in capsys.readouterr().out
    assert len(cloud.posts("/authenticate")) == 1
