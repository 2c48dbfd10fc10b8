"""The table ``[tool.xray-bridge.tests]``."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from xray_bridge.errors import SettingError
from xray_bridge.sync.rules import parse_rules


FILE = PurePosixPath("tests/unit/test_user.py")


@pytest.mark.parametrize(
    ("template", "file", "classes", "folder"),
    [
        ("/automated/${module}", FILE, "", "/automated/tests/unit/test_user"),
        ("/a/${package}/${class}", FILE, "TestA/TestB", "/a/tests/unit/TestA/TestB"),
        ("/a/${class}/${file}/", FILE, "", "/a/test_user"),
        ("/${package}", PurePosixPath("test_a.py"), "", ""),
        ("/${module}", PurePosixPath("../other/a.feature"), "", "/other/a"),
    ],
)
def test_folders(template: str, file: PurePosixPath, classes: str, folder: str) -> None:
    """Empty names make no folder."""
    assert parse_rules({"folder": template}).folder_of(file, classes) == folder


@pytest.mark.parametrize(
    ("given", "keys"),
    [
        ("calc-50", ("CALC-50",)),
        (["CALC-50", "CALC-51"], ("CALC-50", "CALC-51")),
        ({"tests/unit": "CALC-50", "tests/*": ["CALC-51"]}, ("CALC-50", "CALC-51")),
        ({"tests/uni": "CALC-50"}, ()),
    ],
)
def test_test_sets(given: object, keys: tuple[str, ...]) -> None:
    """For all tests, or by folder and pattern."""
    assert parse_rules({"test_sets": given}).sets_of(FILE) == keys


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ([], "tests: must be a table"),
        ({"folders": "/a"}, "there is no key folders (did you mean folder?)"),
        ({"folder": "a"}, "folder is 'a', but must begin with /"),
        ({"folder": "/${modul}"}, "there is no ${modul}; known: ${module}, ${package}"),
        ({"folder": 5}, "folder is 5, but must be a text"),
        ({"labels": ["a b"]}, "must be a list of labels without blanks"),
        ({"labels": 5}, "must be a list of labels without blanks"),
        ({"test_sets": "smoke"}, "must be a list of issue keys, such as CALC-50"),
        ({"test_sets": {"a": 5}}, "must be a list of issue keys, such as CALC-50"),
        ({"rows": "all"}, "rows is 'all', but must be each or one"),
        ({"rows": []}, "rows is [], but must be each or one"),
        ({"links": "yes"}, "links is 'yes', but must be true or false"),
    ],
)
def test_a_wrong_table(table: object, said: str) -> None:
    """The key is named, with what it must be."""
    with pytest.raises(SettingError) as caught:
        parse_rules(table)

    assert said in str(caught.value)
