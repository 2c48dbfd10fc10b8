"""
Send test results from pytest and behave to Xray Test Management for Jira.

The package knows neither pytest nor behave; their adapters are
``pytest_xray_bridge`` and ``behave_xray_bridge``. Every start of pytest imports
this module, so the public names are imported on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xray_bridge._version import __version__


if TYPE_CHECKING:
    from xray_bridge.model.receipt import Receipt
    from xray_bridge.recording.annotations import Annotations
    from xray_bridge.recording.datasets import dataset
    from xray_bridge.recording.functions import attach, comment, step
    from xray_bridge.runs.evidence import EvidenceSource

__all__ = [
    "Annotations",
    "EvidenceSource",
    "Receipt",
    "__version__",
    "attach",
    "comment",
    "dataset",
    "step",
]

_HOMES = {
    "Annotations": "xray_bridge.recording.annotations",
    "EvidenceSource": "xray_bridge.runs.evidence",
    "Receipt": "xray_bridge.model.receipt",
    "attach": "xray_bridge.recording.functions",
    "comment": "xray_bridge.recording.functions",
    "dataset": "xray_bridge.recording.datasets",
    "step": "xray_bridge.recording.functions",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        from importlib import import_module

        # Kept, because page objects ask for ``xray_bridge.step`` in each call.
        found = globals()[name] = getattr(import_module(_HOMES[name]), name)
        return found
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)
