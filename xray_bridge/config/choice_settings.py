"""
The settings that choose the tests and the feature files of a session.
"""

from __future__ import annotations

from xray_bridge.config import parsers
from xray_bridge.config.setting import (
    MAY_DIFFER,
    SESSION,
    Setting,
    Values,
    path,
    text,
)


class ChoiceSettings(Values):
    """What is run and fetched; ``Settings`` inherits them."""

    __slots__ = ()

    export_keys: Setting[tuple[str, ...]] = Setting(
        parsers.keys,
        (),
        "issues whose feature files are fetched before the session, separated by ;",
        of=SESSION,
        parts=MAY_DIFFER,
        metavar="KEY;KEY",
        own_flag="--keys",
        starts=True,
    )
    export_filter = text(
        "id of a saved filter whose feature files are fetched before the session",
        of=SESSION,
        parts=MAY_DIFFER,
        metavar="ID",
        own_flag="--filter",
        starts=True,
    )
    features_dir = path(
        "directory for fetched feature files",
        "features",
        of=SESSION,
        parts=MAY_DIFFER,
        own_flag="--out",
    )
    select = text(
        "run only these Tests: CALC-1,CALC-2; those in a Test Plan, Test Execution or "
        "Test Set; those in CALC-20 status=FAIL; or those that a JQL query finds",
        of=SESSION,
        parts=MAY_DIFFER,
        metavar="KEYS|JQL",
        starts=True,
    )
