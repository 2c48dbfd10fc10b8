"""
What makes or fills a Test Execution goes out by here, so that every end of it is known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from xray_bridge.errors import AmbiguousError, XrayBridgeError


if TYPE_CHECKING:
    from collections.abc import Callable

Sent = TypeVar("Sent")
Answered = TypeVar("Answered")


def post(send: Callable[[Sent], Answered], request: Sent) -> Answered:
    """
    What ``send`` returns.

    Raises our own errors as they are, and AmbiguousError for all others: the request
    was under way, and nobody knows how far it came.
    """
    try:
        return send(request)
    except XrayBridgeError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, results may be there
        msg = f"the answer is not understood ({type(error).__name__})"
        raise AmbiguousError(msg) from None
