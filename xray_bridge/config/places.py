"""
The place of collected results: this machine, or a bucket.
"""

from __future__ import annotations

from xray_bridge.config.parsers import NO, YES


HERE = "true"
SCHEMES = ("s3", "gs", "az", "file")
KNOWN = "s3://, gs://, az:// or file://"


def has_obstore() -> bool:
    """Return whether obstore is installed; it is not imported."""
    from importlib.util import find_spec

    return find_spec("obstore") is not None


def is_bucket(place: str) -> bool:
    """Return whether a text is the address of a bucket or folder, not a path."""
    return "://" in place


def collection(value: str) -> str:
    """
    Parse where results are collected: empty (not at all), HERE, or an address.

    Raises ValueError, whose text has nothing of an address with credentials.
    """
    word = value.strip()
    if word.lower() in NO:
        return ""
    return HERE if word.lower() in YES else bucket(word)


def bucket(value: str) -> str:
    """Parse the address of a bucket with an optional prefix; raises ValueError."""
    scheme, colon, rest = value.strip().partition("://")
    if any(sign in rest for sign in "@?#"):
        # Before any message quotes it.
        msg = "an address must not contain a user name, password or token"
        raise ValueError(msg)
    if not colon:
        msg = f"{value!r} is neither yes nor no, nor the address of a bucket"
        raise ValueError(f"{msg}; write s3://bucket/prefix")
    if scheme not in SCHEMES:
        msg = f"{scheme}:// is not a known kind of bucket; write {KNOWN}"
        raise ValueError(msg)
    name = rest.strip("/") if scheme == "file" else rest.partition("/")[0]
    if not name or (scheme == "file" and not rest.startswith("/")):
        example = "file:///folder" if scheme == "file" else f"{scheme}://bucket/prefix"
        msg = f"{value!r} names no bucket; write {example}"
        raise ValueError(msg)
    if not rest.isprintable() or any(part in {".", ".."} for part in rest.split("/")):
        msg = f"{value!r} is not the address of a bucket"
        raise ValueError(msg)
    return f"{scheme}://{rest.rstrip('/')}"
