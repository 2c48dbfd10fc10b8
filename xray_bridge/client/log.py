"""
What ``-v`` shows: each request, each wait, each decision; nothing unless asked.
"""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING

from xray_bridge.ci.escape import tame


if TYPE_CHECKING:
    from collections.abc import Callable

_LOG = logging.getLogger("xray_bridge")


def start() -> None:
    """Show it on stderr, from now on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S"))
    _LOG.handlers = [handler]
    _LOG.setLevel(logging.INFO)
    _LOG.propagate = False


def is_on() -> bool:
    """Whether anybody looks."""
    return _LOG.isEnabledFor(logging.INFO)


def tell(text: str, clean: Callable[[str], str]) -> None:
    """Show a line, with secrets taken out by ``clean``."""
    if is_on():
        _LOG.info("%s", tame(clean(text)))
