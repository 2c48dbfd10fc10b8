"""
How requests sends: without redirects, and in large blocks.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import requests
from requests.adapters import HTTPAdapter


BLOCK = 1 << 20
# urllib3 1.26 always sends blocks of 16 KiB.
LARGE_BLOCKS: dict[str, Any] = (
    {} if version("urllib3").startswith("1.") else {"blocksize": BLOCK}
)


class PlainSession(requests.Session):
    """Ignores redirects: requests would read the complete body of one."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        """No redirect is followed."""


class LargeBlocks(HTTPAdapter):
    """Sends in large blocks, which makes uploads fast."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the pool with the size of blocks."""
        super().init_poolmanager(*args, **{**kwargs, **LARGE_BLOCKS})
