"""
Addresses of repositories and of their branches.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit


if TYPE_CHECKING:
    from collections.abc import Mapping

# ``git@github.com:acme/api.git``
SHORT = re.compile(r"(?:[\w.-]+@)?(?P<host>[\w.-]+\.[\w-]+):(?P<path>[^:]+)")
SCHEMES = frozenset({"http", "https", "ssh", "git", "git+ssh"})
# The page of a branch, by the part of the host's name that tells the product.
PAGES = {"github": "tree", "gitlab": "-/tree", "bitbucket.org": "branch"}


def clean_repository(address: str) -> str:
    """
    Return the https address of a repository's page, without login and ``.git``.

    Empty for a path, or anything else that is not the address of a host.
    """
    found = address.strip()
    short = SHORT.fullmatch(found) if "://" not in found else None
    if short:
        found = f"ssh://{short['host']}/{short['path']}"
    try:
        parts = urlsplit(found)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    path = parts.path.rstrip("/").removesuffix(".git")
    if parts.scheme not in SCHEMES or not host or not path.strip("/"):
        return ""
    is_web = parts.scheme in {"http", "https"}
    scheme = parts.scheme if is_web else "https"
    # The port of ssh is not that of the pages.
    at = f"{host}:{port}" if is_web and port else host
    return f"{scheme}://{at}/{path.strip('/')}"


def branch_page(repository: str, branch: str, pages: Mapping[str, str] = PAGES) -> str:
    """Return the address of a branch's page; empty if it is not known."""
    host = urlsplit(repository).hostname or ""
    kind = next((way for name, way in pages.items() if name in host), "")
    is_text = bool(branch) and branch.isprintable()
    return f"{repository}/{kind}/{quote(branch)}" if kind and is_text else ""
