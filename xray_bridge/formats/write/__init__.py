"""
The writers of report formats, by Xray's names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xray_bridge.formats.write.behave import BehaveWriter
from xray_bridge.formats.write.cucumber import CucumberWriter
from xray_bridge.formats.write.junit import JUnitWriter
from xray_bridge.formats.write.xray import XrayWriter
from xray_bridge.model.tags import PREFIXES


if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from xray_bridge.formats.write.protocol import ReportWriter

WRITERS: Mapping[str, Callable[[], ReportWriter]] = {
    "junit": JUnitWriter,
    "xray": XrayWriter,
    "cucumber": CucumberWriter,
    "behave": BehaveWriter,
}
OF_SCENARIOS: Mapping[str, Callable[[Sequence[str]], ReportWriter]] = {
    "cucumber": CucumberWriter,
    "behave": BehaveWriter,
}


def writer(
    name: str, project: str = "", prefixes: Sequence[str] = PREFIXES
) -> ReportWriter:
    """
    The writer of a format.

    ``project`` is where Xray JSON makes new Tests; ``prefixes`` are those of
    Xray's tags, which scenarios are written with.
    """
    if name == "xray":
        return XrayWriter(project=project)
    return OF_SCENARIOS[name](prefixes) if name in OF_SCENARIOS else WRITERS[name]()
