"""
Send requests that create or fill a Test Execution, and classify every failure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from xray_bridge.dataclass import dataclass
from xray_bridge.errors import AmbiguousError, RefusedError, XrayBridgeError


if TYPE_CHECKING:
    from collections.abc import Callable

    from xray_bridge.client.import_answer import ImportAnswer
    from xray_bridge.client.request import Request
    from xray_bridge.client.xray import Xray
    from xray_bridge.upload.unasked import Unasked

Sent = TypeVar("Sent")
Answered = TypeVar("Answered")


def post(send: Callable[[Sent], Answered], request: Sent) -> Answered:
    """
    Return what ``send`` returns.

    Raises our own errors unchanged, and AmbiguousError for all others: the request
    was in progress, and nobody knows how far it came.
    """
    try:
        return send(request)
    except XrayBridgeError:
        raise
    except Exception as error:  # noqa: BLE001 - after any error, results may be there
        msg = f"the answer is not understood ({type(error).__name__})"
        raise AmbiguousError(msg) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """An existing Test Execution, and the fields that the user did not set."""

    xray: Xray
    key: str
    unasked: Unasked

    def fill(self, request_to: Callable[[str], Request]) -> ImportAnswer:
        """
        Send results into it, without refused fields that the user did not set.

        Raises what ``post`` raises.
        """
        while True:
            sent = self.unasked.execution
            try:
                return post(self.xray.import_results, request_to(self.key))
            except RefusedError as error:
                if not self.unasked.learn(error, sent):
                    raise
