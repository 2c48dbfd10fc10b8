"""
The log of requests, waits and decisions that ``-v`` shows.
"""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING

from xray_bridge.ci.escape import escape_ci_commands


if TYPE_CHECKING:
    from collections.abc import Callable

_LOG = logging.getLogger("xray_bridge")


def enable() -> None:
    """Write the log to stderr, from now on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S"))
    _LOG.handlers = [handler]
    _LOG.setLevel(logging.INFO)
    _LOG.propagate = False


def is_enabled() -> bool:
    """Whether the log is written."""
    return _LOG.isEnabledFor(logging.INFO)


def info(text: str, clean: Callable[[str], str]) -> None:
    """Log a line, from which ``clean`` removes secrets."""
    if is_enabled():
        _LOG.info("%s", escape_ci_commands(clean(text)))
