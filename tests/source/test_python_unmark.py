"""Test keys leave Python files: nothing else changes."""

from __future__ import annotations

import ast

import pytest

from tests.source.test_python_marks import CLASSES, KEYS, WithoutKeys
from xray_bridge.source.python_marks import add_marks
from xray_bridge.source.python_unmark import remove_marks


def unmarked(source: str, *keys: str) -> str:
    """Return a source without these keys of one function."""
    return remove_marks(source.encode(), {("test_a",): keys}).content.decode()


def test_what_was_written_is_removed() -> None:
    """Byte by byte; a mark is the reverse of none."""
    marked = add_marks(CLASSES.encode(), KEYS).content
    found = remove_marks(marked, {path: [key] for path, key in KEYS.items()})

    assert found.content.decode() == CLASSES
    assert found.left == ()


@pytest.mark.parametrize(
    ("mark", "rest"),
    [
        ('@pytest.mark.xray("CALC-1")', ""),
        ('@mark.xray("calc-1")', ""),
        ('@pt.mark.xray(["CALC-1", "CALC-2"])', ""),
        ('@pytest.mark.xray(("CALC-1",), "CALC-2")', ""),
        (
            '@pytest.mark.xray("CALC-1", requirements=["CALC-7"], defects="CALC-9")',
            '@pytest.mark.xray(requirements=["CALC-7"], defects="CALC-9")\n',
        ),
        (
            '@pytest.mark.xray(\n    "CALC-1",\n    labels=["x"],\n)',
            '@pytest.mark.xray(\n    labels=["x"],\n)\n',
        ),
        ('@pytest.mark.xray("CALC-1")\n@pytest.mark.xray("CALC-2")', ""),
        ('@pytest.mark.xray("CALC-1")\n@pytest.mark.slow', "@pytest.mark.slow\n"),
        ('# a\n@pytest.mark.xray("CALC-1")  # b\n# c', "# a\n# b\n# c\n"),
        ('@slow  # a\n# b\n@pytest.mark.xray("CALC-1")', "@slow  # a\n# b\n"),
    ],
)
def test_keys_are_taken_out(mark: str, rest: str) -> None:
    """A mark with anything else stays, and so do all comments."""
    found = unmarked(f"x = 1\n\n\n{mark}\ndef test_a(n): pass\n", "CALC-1")

    assert found == f"x = 1\n\n\n{rest}def test_a(n): pass\n"


@pytest.mark.parametrize(
    "mark",
    [
        "@pytest.mark.xray(KEY)",
        "@pytest.mark.xray(*KEYS)",
        "@pytest.mark.xray([KEY])",
        '@pytest.mark.xray("CALC-2")',
        "@xray",
        '@key("CALC-1")',
        '@pytest.mark.xray(\n    "CALC-1",  # why\n)',
        '@pytest.mark.xray(f"CALC-{1}")',
    ],
)
def test_a_key_that_is_no_text_of_the_mark_stays(mark: str) -> None:
    """It is not guessed, and no comment is lost; the file stays as it is."""
    source = f"{mark}\ndef test_a(): pass\n"
    found = remove_marks(source.encode(), {("test_a",): ["CALC-1"]})

    assert (found.content.decode(), found.left) == (source, (("test_a",),))


def test_a_function_that_is_defined_twice_keeps_its_key() -> None:
    """Others lose theirs."""
    twice = '@pytest.mark.xray("CALC-1")\ndef test_a(): pass\n'
    other = '@pytest.mark.xray("CALC-2")\ndef test_b(): pass\n'
    keys: dict[tuple[str, ...], list[str]]
    keys = {("test_a",): ["CALC-1"], ("test_b",): ["CALC-2"]}
    found = remove_marks(f"{twice}{twice}{other}".encode(), keys)

    assert found.content.decode() == f"{twice}{twice}def test_b(): pass\n"
    assert found.left == (("test_a",),)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_line_ends_are_kept(end: str) -> None:
    """Byte by byte."""
    source = f'@m.xray("CALC-1"){end}def test_a():{end}\tpass'

    assert unmarked(source, "CALC-1") == f"def test_a():{end}\tpass"


def test_only_marks_are_removed() -> None:
    """By the syntax trees."""
    source = CLASSES.replace(
        "def test_add", '@pytest.mark.xray("CALC-1")\ndef test_add'
    )
    found = remove_marks(source.encode(), {("test_add",): ["CALC-1"]}).content
    tree = WithoutKeys().visit(ast.parse(source))

    assert ast.dump(tree) == ast.dump(ast.parse(found))


@pytest.mark.parametrize("content", [b"def test_a(:\n", b"x = '\xe9'\n"])
def test_a_file_that_is_not_python(content: bytes) -> None:
    """The reason is one line."""
    with pytest.raises(ValueError, match="it "):
        remove_marks(content, {("test_a",): ["CALC-1"]})
