"""
Split pytest's node ids as its JUnit XML does, so that they are the same Tests.
"""

from __future__ import annotations


def split_node_id(node_id: str) -> tuple[str, str]:
    """Split ``tests/test_a.py::TestB::test_c[1]`` into class and name."""
    path, *names = _split_parts(node_id)
    module = path.removesuffix(".py").replace("/", ".")
    if not names:
        return "", node_id
    return ".".join([module, *names[:-1]]), names[-1]


def _split_parts(node_id: str) -> list[str]:
    """Split at ``::``, but not within the values of parameters."""
    head, bracket, rest = node_id.partition("[")
    *first, last = head.split("::")
    return [*first, f"{last}{bracket}{rest}"]
