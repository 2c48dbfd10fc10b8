"""Whole reports, as gold files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.formats.reading import ALL, BOTH, validate
from tests.formats.situations import SITUATIONS, gold_name, indented
from xray_bridge.model.dialect import CLOUD, SERVER


if TYPE_CHECKING:
    from pathlib import Path

    from tests.gold_files import Gold

ROWS = [(name, key) for key, each in SITUATIONS.items() for name in each.formats]


@BOTH
@pytest.mark.parametrize(("name", "situation"), ROWS)
def test_report(
    gold: Gold, tmp_path: Path, name: str, deployment: str, situation: str
) -> None:
    """A report says what its gold file says, and its schema allows it."""
    content = SITUATIONS[situation].report(tmp_path, name, deployment)

    gold.check(gold_name(name, deployment, situation), indented(name, content))
    validate(name, deployment, content)


@ALL
def test_no_other_files(gold: Gold, name: str) -> None:
    """Each gold file is the report of a situation."""
    gold.check_names(
        name,
        {
            gold_name(name, product, key).removeprefix(f"{name}/")
            for each, key in ROWS
            for product in (SERVER, CLOUD)
            if each == name
        },
    )
