"""
The settings that decide what a run's failures mean.
"""

from __future__ import annotations

from xray_bridge.config import parsers
from xray_bridge.config.choice_settings import ChoiceSettings
from xray_bridge.config.setting import MAY_DIFFER, SESSION, Setting


class VerdictSettings(ChoiceSettings):
    """The settings for the verdict about a run; ``Settings`` inherits them."""

    __slots__ = ()

    compare = Setting(
        parsers.comparison,
        "",
        "show what changed since an earlier run: yes (the last one), a run directory "
        "or a Test Execution",
        of=SESSION,
        parts=MAY_DIFFER,
        metavar="yes|RUN|KEY",
    )
    otlp = Setting(
        parsers.url,
        "",
        "address of an OpenTelemetry collector that gets a span for each result",
        of=SESSION,
        parts=MAY_DIFFER,
        metavar="URL",
    )
    quarantine: Setting[dict[str, object]] = Setting(
        parsers.quarantine,
        {},
        "tests whose known failures do not change the exit code, a JSON object or the "
        "path of a JSON file; in the shared file the table `quarantine`",
        of=SESSION,
        parts=MAY_DIFFER,
        metavar="JSON|PATH",
        structured=True,
        own_flag="",
    )
    gate: Setting[dict[str, object]] = Setting(
        parsers.gate,
        {},
        "rules that a run must keep, a JSON object or the path of a JSON file; in the "
        "shared file the table `gate`",
        of=SESSION,
        parts=MAY_DIFFER,
        metavar="JSON|PATH",
        structured=True,
    )
