"""Where each place of Xray's API keeps a field of the Test Execution."""

from __future__ import annotations

from xray_bridge.config.settings import TABLE
from xray_bridge.model.execution_fields import EXECUTION_FIELDS, XRAY_FIELDS


def test_what_cloud_takes_beside_the_fields() -> None:
    """A field without a name there costs a second request."""
    names = {each.name: each.cloud_name for each in XRAY_FIELDS}

    assert names == {
        "test_plan": "testPlanKey",
        "environments": "environments",
        "revision": "",
    }


def test_fields_are_settings() -> None:
    """All fields but the times are settings; the run gives the times."""
    times = {each.name for each in EXECUTION_FIELDS if each.is_time}

    assert times == {"started", "finished"}
    assert {each.name for each in EXECUTION_FIELDS} - times <= set(TABLE)
