"""
Xray's tags among the names of marks, for pytest-bdd.

It makes marks of the tags of ``Examples:`` while a module is imported, by
``pytest.mark`` itself and past its own hook ``pytest_bdd_apply_tag``, so that
``--strict-markers`` would refuse the whole module. pytest has no public way to
let in names by their form: where its own set is another thing one day, all is as
it was without us.
"""

from __future__ import annotations

import pytest

from pytest_xray_bridge import options


class Known(set[str]):
    """The names that pytest knows, and all that are Xray's."""

    def __contains__(self, name: object) -> bool:
        """Whether a mark may have the name."""
        return super().__contains__(name) or options.is_xray_tag(str(name))


def let_in_tags() -> None:
    """Have ``pytest.mark`` know Xray's tags."""
    known = getattr(pytest.mark, "_markers", None)
    if type(known) is set:
        vars(pytest.mark)["_markers"] = Known(known)
