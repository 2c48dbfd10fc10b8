"""
Make Xray's tags registered markers, for pytest-bdd with ``--strict-markers``.

pytest-bdd makes marks of the tags of ``Examples:`` while a module is imported, through
``pytest.mark`` and without its own hook ``pytest_bdd_apply_tag``, so that
``--strict-markers`` would refuse the whole module. pytest has no public way to register
names by a pattern: this module does nothing if pytest changes its set of names.
"""

from __future__ import annotations

import pytest

from pytest_xray_bridge import start


class KnownMarkers(set[str]):
    """The names that pytest knows, and every tag of Xray's."""

    def __contains__(self, name: object) -> bool:
        """Whether a mark may have the name."""
        return super().__contains__(name) or start.is_xray_tag(str(name))


def allow_xray_tags() -> None:
    """Make ``pytest.mark`` accept Xray's tags."""
    known = getattr(pytest.mark, "_markers", None)
    if type(known) is set:
        vars(pytest.mark)["_markers"] = KnownMarkers(known)
