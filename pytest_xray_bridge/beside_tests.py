"""
Register what runs beside the tests; xdist's workers have their own.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from pytest_xray_bridge import annotator, printing, unstable_names
from pytest_xray_bridge.keyless_scenarios import KeylessScenarios
from pytest_xray_bridge.straight_path import StraightPath


if TYPE_CHECKING:
    import pytest

    from pytest_xray_bridge.reporter import Reporter
    from xray_bridge.recording.session import Session


def register(config: pytest.Config, session: Session, reporter: Reporter) -> None:
    """Register the plugins that the session's settings ask for."""
    settings = session.settings
    add = config.pluginmanager.register
    if settings.xfail_open_defects and settings.wants_record:
        from pytest_xray_bridge import open_defects

        add(open_defects.Setup(config, session), open_defects.Setup.NAME)
    if not settings.wants_record:
        return
    found = annotator.Annotator(
        config,
        settings.tag_prefixes,
        lambda: session.evidence,
        lambda: session.note,
    )
    add(found, annotator.NAME)
    path = StraightPath(found, session, reporter)
    add(path, StraightPath.NAME)
    if settings.wants_upload and not settings.only_keyed:
        tell = partial(printing.print_before, config, session.redact)
        names = unstable_names.NameNotices(tell)
        add(names, names.NAME)
        keyless = KeylessScenarios(
            config, settings.tag_prefixes, lambda: session.keyless
        )
        add(keyless, keyless.NAME)
