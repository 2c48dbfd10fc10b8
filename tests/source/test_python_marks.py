"""Marks in Python files: nothing else changes."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

from xray_bridge.errors import UsageError
from xray_bridge.source.python_marks import add_marks
from xray_bridge.source.syntax import import_libcst


CLASSES = '''"""Tests."""

from __future__ import annotations

import pytest


# Kept.
def test_add():  # and this
    assert   1+1 == 2


class TestSub:
    class TestDeep:

        @pytest.mark.parametrize("n", [1, 2])
        # Between.
        async def test_deep(self, n): return n

    @staticmethod
    def test_static(): pass
'''
KEYS = {
    ("test_add",): "CALC-1",
    ("TestSub", "TestDeep", "test_deep"): "CALC-2",
    ("TestSub", "test_static"): "CALC-3",
}


class WithoutKeys(ast.NodeTransformer):
    """Takes marks with keys out of a syntax tree."""

    def _visit(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.AST:
        node.decorator_list = [
            each for each in node.decorator_list if ".xray(" not in ast.unparse(each)
        ]
        return node

    visit_FunctionDef = visit_AsyncFunctionDef = _visit  # noqa: N815 - of ast


def marked(source: str, *path: str) -> str:
    """Return a source with a key on one function."""
    return add_marks(source.encode(), {path: "CALC-1"}).content.decode()


def test_only_marks_are_added() -> None:
    """By the lines, and by the syntax trees."""
    found = add_marks(CLASSES.encode(), KEYS).content.decode()
    new = [line.strip() for line in found.split("\n") if ".xray(" in line]
    old = [line for line in found.split("\n") if ".xray(" not in line]
    tree = WithoutKeys().visit(ast.parse(found))

    assert new == [f'@pytest.mark.xray("CALC-{number}")' for number in (1, 2, 3)]
    assert old == CLASSES.split("\n")
    assert ast.dump(tree) == ast.dump(ast.parse(CLASSES))


@pytest.mark.parametrize(
    ("imports", "mark"),
    [
        ("import os, pytest", "pytest.mark"),
        ("import pytest as pt", "pt.mark"),
        ("from pytest import mark", "mark"),
        ("from pytest import mark as m, raises", "m"),
    ],
)
def test_pytest_is_named_as_the_file_names_it(imports: str, mark: str) -> None:
    """No second import is added."""
    found = marked(f"{imports}\ndef test_a(): pass\n", "test_a")

    assert found == f'{imports}\n@{mark}.xray("CALC-1")\ndef test_a(): pass\n'


@pytest.mark.parametrize(
    ("above", "expected"),
    [
        ("# One.\n", "# One.\nimport pytest\n\n\n"),
        ('"""Two."""\n', '"""Two."""\n\nimport pytest\n'),
        ("import os\n\n\n", "import os\nimport pytest\n\n\n"),
        ("from pytest import *\n\n", "from pytest import *\n\nimport pytest\n\n"),
    ],
)
def test_pytest_is_imported_if_it_is_not(above: str, expected: str) -> None:
    """Below a docstring and the other imports."""
    found = marked(f"{above}def test_a(): pass\n", "test_a")

    assert found == f'{expected}@pytest.mark.xray("CALC-1")\ndef test_a(): pass\n'


def test_an_import_below_the_tests_does_not_count() -> None:
    """The mark is evaluated before it."""
    found = marked("def test_a(): pass\nimport pytest\n", "test_a")

    assert found.startswith("import pytest\n")


@pytest.mark.parametrize(
    "content",
    [
        b"import pytest\r\n\r\ndef test_a():\r\n\tpass",
        b"\xef\xbb\xbfimport pytest\ndef test_a(): pass\n",
        b"# coding: latin-1\nimport pytest\nx = '\xe9'\ndef test_a(): pass\n",
    ],
    ids=["crlf", "bom", "latin-1"],
)
def test_line_ends_and_encodings_are_kept(content: bytes) -> None:
    """Byte by byte."""
    found = add_marks(content, {("test_a",): "CALC-1"}).content
    end = b"\r\n" if b"\r\n" in content else b"\n"

    assert found.replace(b'@pytest.mark.xray("CALC-1")' + end, b"") == content


@pytest.mark.parametrize(
    "source",
    [
        "for n in range(3):\n    def test_a(): pass\n",
        "if x:\n    def test_a(): pass\nelse:\n    def test_a(): pass\n",
        "def test_a(): pass\ndef test_a(): pass\n",
        "def outer():\n    def test_a(): pass\n",
        "test_a = outer()\n",
    ],
    ids=["loop", "both branches", "twice", "inner", "assigned"],
)
def test_a_function_that_is_not_there_exactly_once_gets_no_mark(source: str) -> None:
    """The file stays as it is."""
    found = add_marks(source.encode(), {("test_a",): "CALC-1"})

    assert (found.content, found.not_found) == (source.encode(), (("test_a",),))


def test_other_functions_get_their_marks_then() -> None:
    """Only those that are defined twice are left out."""
    source = b"import pytest\ndef test_a(): 1\ndef test_a(): 2\ndef test_b(): 3\n"
    found = add_marks(source, {("test_a",): "CALC-1", ("test_b",): "CALC-2"})

    assert found.content.count(b".xray(") == 1
    assert b'@pytest.mark.xray("CALC-2")\ndef test_b()' in found.content


@pytest.mark.parametrize(
    "block",
    [
        "if x:\n    {}\n",
        "if x:\n    pass\nelif y:\n    {}\n",
        "if x:\n    pass\nelse:\n    {}\n",
        "try:\n    {}\nexcept ValueError:\n    pass\n",
        "try:\n    pass\nexcept ValueError:\n    {}\n",
        "try:\n    pass\nfinally:\n    {}\n",
        "with x:\n    {}\n",
    ],
)
def test_a_function_in_a_block_is_found(block: str) -> None:
    """The blocks of these statements run once at most."""
    source = "import pytest\n" + block.format("def test_a(): pass")
    found = marked(source, "test_a")

    assert '    @pytest.mark.xray("CALC-1")\n    def test_a()' in found


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"def test_a(:\n", "it is not Python"),
        (b"x = '\xe9'\ndef test_a(): pass\n", "it cannot be decoded"),
        (b"def test_a(): pass\rx = 1\n", "it has carriage returns within lines"),
        (b"def test_a(): pass\n\0", "it is not Python"),
    ],
)
def test_a_file_that_cannot_be_edited_is_refused(content: bytes, reason: str) -> None:
    """The reason is one line."""
    with pytest.raises(ValueError, match=reason):
        add_marks(content, {("test_a",): "CALC-1"})


def test_libcst_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """One line says what to install."""
    monkeypatch.setitem(sys.modules, "libcst", None)

    with pytest.raises(UsageError, match="--remove needs libcst") as caught:
        import_libcst()

    assert caught.value.hint == "pip install libcst"


def test_our_own_tests_keep_all_but_the_marks() -> None:
    """A real file of tests with decorators, comments and classes."""
    content = Path(__file__).read_bytes()
    tree = ast.parse(content)
    keys: dict[tuple[str, ...], str] = {
        (each.name,): f"CALC-{each.lineno}"
        for each in tree.body
        if isinstance(each, ast.FunctionDef)
    }
    found = add_marks(content, keys)

    assert not found.not_found
    assert found.content.count(b"@pytest.mark.xray") > len(keys)
    assert ast.dump(WithoutKeys().visit(ast.parse(found.content))) == ast.dump(tree)


def test_warnings_of_python_are_not_printed(recwarn: pytest.WarningsRecorder) -> None:
    """They are about the users' code."""
    found = marked('import pytest\nx = "\\d"\ndef test_a(): pass\n', "test_a")

    assert '@pytest.mark.xray("CALC-1")' in found
    assert not recwarn.list


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"\xef\xbb\xbfdef test_a(): pass\n", b"\xef\xbb\xbfimport pytest\n"),
        (b"# a\n# b\n\n# c\ndef test_a(): pass\n", b"# a\n# b\n\nimport pytest\n"),
        (b"x = 1\n\x0cdef test_a(): pass\n", b"import pytest\n\n\nx = 1\n@"),
    ],
    ids=["bom", "comments", "form feed"],
)
def test_the_top_of_a_file(content: bytes, expected: bytes) -> None:
    """Comments about the file stay above the import, those of a function below it."""
    found = add_marks(content, {("test_a",): "CALC-1"}).content

    assert found.startswith(expected)
    assert found.endswith(b"def test_a(): pass\n")
    assert found.count(b'@pytest.mark.xray("CALC-1")\n') == 1
