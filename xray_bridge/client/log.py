"""
The log of requests, waits and decisions that ``-v`` shows.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from xray_bridge.ci.escape import escape_ci_commands


if TYPE_CHECKING:
    from collections.abc import Callable

NAME = "xray_bridge"


def enable() -> None:
    """Write the log to stderr, from now on."""
    import logging

    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S"))
    logger = logging.getLogger(NAME)
    logger.handlers = [handler]
    logger.setLevel(logging.INFO)
    logger.propagate = False


def is_enabled() -> bool:
    """Whether the log is written."""
    # Without ``-v`` nobody imports it, and a command starts sooner.
    logging = sys.modules.get("logging")
    if logging is None:
        return False
    found: bool = logging.getLogger(NAME).isEnabledFor(logging.INFO)
    return found


def info(text: str, clean: Callable[[str], str]) -> None:
    """Log a line, from which ``clean`` removes secrets."""
    if is_enabled():
        import logging

        logging.getLogger(NAME).info("%s", escape_ci_commands(clean(text)))
