"""
Adds Jira fields from a hook to the settings of the Test Execution.
"""

from __future__ import annotations

from json import dumps
from typing import TYPE_CHECKING

from xray_bridge.config.settings import Settings


if TYPE_CHECKING:
    from collections.abc import Mapping


def with_execution_fields(settings: Settings, fields: Mapping[str, object]) -> Settings:
    """
    Return the settings with more Jira fields; existing fields win.

    Raises TypeError and ValueError for values that are not JSON.
    """
    own = settings.execution_fields
    inner = own.get("fields")
    if isinstance(inner, dict):
        merged = {**own, "fields": {**fields, **inner}}
    else:
        merged = {**fields, **own}
    text = dumps(merged, allow_nan=False)
    return settings.replaced({"execution_fields": text}, execution_fields=merged)
