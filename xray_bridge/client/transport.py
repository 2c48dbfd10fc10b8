"""
How requests sends: without redirects and .netrc, through which proxy, in large blocks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xray_bridge.client.lean import requests, urllib3


if TYPE_CHECKING:
    from collections.abc import Mapping

    from xray_bridge.config.redaction import Redactor

BLOCK = 1 << 20
# urllib3 1.26 always sends blocks of 16 KiB.
LARGE_BLOCKS: dict[str, Any] = (
    {} if vars(urllib3)["__version__"].startswith("1.") else {"blocksize": BLOCK}
)


class PlainSession(requests.Session):
    """
    Ignores redirects, whose complete body requests would read, and the environment.

    Its proxies, certificates and credentials are already resolved: no .netrc.
    """

    def __init__(self) -> None:
        super().__init__()
        self.trust_env = False

    def get_redirect_target(self, resp: requests.Response) -> None:
        """No redirect is followed."""


class LargeBlocks(requests.adapters.HTTPAdapter):
    """Sends in large blocks, which makes uploads fast."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the pool with the size of blocks."""
        super().init_poolmanager(*args, **{**kwargs, **LARGE_BLOCKS})


def find_proxies(
    address: str, given: Mapping[str, str] | None, redactor: Redactor
) -> dict[str, str]:
    """
    Return the proxies for an address, by scheme; ``redactor`` learns their logins.

    ``given`` are those of the settings; None: those of the environment.
    """
    if given is not None:
        return dict(given)
    found: dict[str, str] = requests.utils.get_environ_proxies(address, no_proxy=None)
    for proxy in found.values():
        login, at, _ = proxy.rpartition("@")
        if at:
            redactor.add(login.rpartition("/")[2])
    return found
