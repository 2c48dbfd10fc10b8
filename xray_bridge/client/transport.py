"""
How requests sends: without redirects, and in large blocks.
"""

from __future__ import annotations

from typing import Any

from xray_bridge.client.lean import requests, urllib3


BLOCK = 1 << 20
# urllib3 1.26 always sends blocks of 16 KiB.
LARGE_BLOCKS: dict[str, Any] = (
    {} if vars(urllib3)["__version__"].startswith("1.") else {"blocksize": BLOCK}
)


class PlainSession(requests.Session):
    """Ignores redirects: requests would read the complete body of one."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        """No redirect is followed."""


class LargeBlocks(requests.adapters.HTTPAdapter):
    """Sends in large blocks, which makes uploads fast."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the pool with the size of blocks."""
        super().init_poolmanager(*args, **{**kwargs, **LARGE_BLOCKS})
