"""The example of keys that follow the code: a rename makes no second Test."""

from __future__ import annotations

from typing import TYPE_CHECKING


if TYPE_CHECKING:
    from tests.examples.conftest import Workplace


def test_a_renamed_test_keeps_its_test(workplace: Workplace) -> None:
    """The second upload creates no Test, and rows are results of one."""
    folder = workplace.root / "roundtrip"
    folder.mkdir()
    printed = workplace.script(
        "examples/keys-roundtrip/roundtrip.sh", FOLDER=str(folder)
    )
    store = workplace.store("roundtrip")
    newest, first = (
        store.test_execution(row.key) for row in store.test_executions()[:2]
    )
    assert newest is not None
    assert first is not None

    assert "Keys written: 2 in 1 file\n" in printed
    assert {run.test_key for run in first.runs} == {"CALC-101", "CALC-102", "CALC-103"}
    assert {run.test_key for run in newest.runs} == {"CALC-101", "CALC-102"}
    assert len(store.issues("type = ? AND summary LIKE ?", ("Test", "%basket%"))) == 1
    code = (folder / "test_shop.py").read_text()
    assert '@pytest.mark.xray("CALC-101")\ndef test_new_basket_is_empty():' in code
