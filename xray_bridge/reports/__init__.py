"""
The writers of report formats, by Xray's names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xray_bridge.reports.behave import BehaveWriter
from xray_bridge.reports.cucumber import CucumberWriter
from xray_bridge.reports.junit import JUnitWriter
from xray_bridge.reports.xray import XrayWriter


if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from xray_bridge.reports.protocol import ReportWriter

WRITERS: Mapping[str, Callable[[], ReportWriter]] = {
    "junit": JUnitWriter,
    "xray": XrayWriter,
    "cucumber": CucumberWriter,
    "behave": BehaveWriter,
}


def writer(name: str, project: str = "") -> ReportWriter:
    """The writer of a format; ``project`` is where Xray JSON makes new Tests."""
    return XrayWriter(project=project) if name == "xray" else WRITERS[name]()
