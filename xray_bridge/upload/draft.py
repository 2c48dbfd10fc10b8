"""
The receipt of an upload that has not ended.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any


if TYPE_CHECKING:
    from xray_bridge.model.receipt import Receipt


@dataclass(slots=True)
class ReceiptDraft:
    """
    What is known so far, for a receipt whatever goes wrong next.

    ``asked``: a server may have answered.
    """

    receipt: Receipt
    asked: bool = False

    def add(self, **known: Any) -> None:
        """Set fields of the receipt."""
        self.receipt = replace(self.receipt, **known)
