"""
The receipt of an upload that is not finished.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from xray_bridge.dataclass import dataclass


if TYPE_CHECKING:
    from xray_bridge.model.receipt import Receipt


@dataclass(slots=True)
class ReceiptDraft:
    """
    The receipt so far, which is complete enough for any later error.

    ``asked``: a request was sent, so errors may come from the server's answer.
    """

    receipt: Receipt
    asked: bool = False

    def add(self, **known: Any) -> None:
        """Set fields of the receipt."""
        self.receipt = replace(self.receipt, **known)


def do_nothing() -> None:
    """Do nothing before the first request of an upload."""
