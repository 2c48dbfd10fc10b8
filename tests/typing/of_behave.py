"""The types of what behave's users import; mypy and pyright read this."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, TypeAlias

from typing_extensions import assert_type

from behave_xray_bridge import hookimpl, hookspecs, xray
from xray_bridge import Annotations, EvidenceSource, Receipt


if TYPE_CHECKING:
    from behave.runner import Context

Keys: TypeAlias = Iterable[str] | str | None
Evidence: TypeAlias = Iterable[bytes | str | os.PathLike[str] | EvidenceSource] | None
Fields: TypeAlias = Mapping[str, object] | None


def asks_for_annotations(context: Context) -> None:
    """``xray(context)`` is what the fixture is in pytest."""
    assert_type(xray(context), Annotations)


def called_with(scenario: object, config: object, receipt: Receipt) -> None:
    """What each hook is given, and what it may return."""
    assert_type(hookspecs.xray_test_keys(scenario=scenario), Keys)
    assert_type(hookspecs.xray_evidence(scenario=scenario), Evidence)
    assert_type(hookspecs.xray_defects(scenario=scenario), Keys)
    assert_type(hookspecs.xray_execution_fields(config=config), Fields)
    assert_type(hookspecs.xray_uploaded(config=config, receipt=receipt), None)


@hookimpl
def xray_defects(scenario: object) -> str:
    """A mark leaves the type of a hook as it is."""
    return str(scenario)


assert_type(xray_defects(None), str)
