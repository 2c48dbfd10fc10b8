"""
Imports feature files into Xray without overwriting what people have set there.
"""

from __future__ import annotations

from xray_bridge.client.issues import Issue
from xray_bridge.features.importer import Order, import_features
from xray_bridge.features.values import Change, ImportResult


__all__ = ["Change", "ImportResult", "Issue", "Order", "import_features"]
