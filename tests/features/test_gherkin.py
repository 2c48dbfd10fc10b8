"""Reading feature files, compared with Gherkin's own parser."""

from __future__ import annotations

from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from gherkin.dialect import DIALECTS
from gherkin.errors import ParserError
from gherkin.parser import Parser
from hypothesis import given, settings
from hypothesis import strategies as st

from xray_bridge.features.gherkin import Block, NoFeatureError, read_feature


if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]

ALL_OF_IT = '''\
# a comment
@REQ_CALC-70 @wip
Feature: Addition
  As a clerk
  I want sums

  Background: A fresh calculator
    #@PRECOND_CALC-5
    Given the calculator is on
    """
    Scenario: not one, but a text
    @nor-a-tag
    """

  @TEST_CALC-78 @smoke@fast # and a comment
  # between them
  @slow
  Scenario: Add: two numbers
    Given the following users:
      | @name |
      | x     |
    Then 5

  Scenario Outline: Add <a>
    Given <a>
    ```
    Feature: a text as well
    """
    ```

    @rows
    Examples: of rows
      | a |
      | 1 |

  Rule: Big numbers
    @rule-tag
    Example: A sum
      * I wait
'''


def oracle(text: str) -> Any:
    """Parse a text with Gherkin's own parser."""
    document: Any = Parser().parse(text)
    return document["feature"]


def scenarios(node: Any) -> Iterator[tuple[str, int, tuple[str, ...]]]:
    """Return name, line and tags of scenarios, also those in rules."""
    for child in node["children"]:
        if found := child.get("scenario"):
            tags = tuple(tag["name"].removeprefix("@") for tag in found["tags"])
            yield found["name"], found["location"]["line"], tags
        elif rule := child.get("rule"):
            yield from scenarios(rule)


def told(blocks: tuple[Block, ...]) -> list[tuple[str, int, tuple[str, ...]]]:
    """Return name, line and tags of the scenarios that were read."""
    return [(each.name, each.line, each.tags) for each in blocks]


def test_all_of_it() -> None:
    """Names and tags are read, and texts that only look like them are not."""
    feature = read_feature(ALL_OF_IT)

    assert feature.name == "Addition"
    assert feature.tags == ("REQ_CALC-70", "wip")
    assert told(feature.scenarios) == [
        ("Add: two numbers", 18, ("TEST_CALC-78", "smoke", "fast", "slow")),
        ("Add <a>", 24, ()),
        ("A sum", 38, ("rule-tag",)),
    ]
    assert feature.backgrounds == (
        Block(name="A fresh calculator", line=7, tags=("PRECOND_CALC-5",)),
    )


def test_the_parser_agrees() -> None:
    """Gherkin's own parser finds the same scenarios."""
    assert told(read_feature(ALL_OF_IT).scenarios) == list(scenarios(oracle(ALL_OF_IT)))


@pytest.mark.parametrize(
    "path", sorted(ROOT.glob("examples/**/*.feature")), ids=lambda path: path.name
)
def test_the_parser_agrees_on_files(path: Path) -> None:
    """Gherkin's parser finds the same scenarios in all examples."""
    text = path.read_text(encoding="utf-8")

    assert told(read_feature(text).scenarios) == list(scenarios(oracle(text)))


@given(
    lines=st.lists(
        st.sampled_from(
            [
                "Feature: A",
                "  Rule: B",
                "  Scenario: C",
                "\tExample:D ",
                "  Scenario Outline: E: <x>",
                "    Examples: F",
                "    Scenarios:",
                "  Background: G",
                "    Given x",
                "    * Scenario: no",
                "    | Scenario: | @x |",
                "  @a @b",
                " @c#d @e #f",
                "@g@h",
                "  # a comment @i",
                '    """',
                "    ```",
                '    """json',
                "    Text with: a colon",
                "",
            ]
        ),
        max_size=14,
    )
)
@settings(max_examples=200, deadline=None)
def test_the_parser_agrees_on_anything(lines: list[str]) -> None:
    """Any text that the parser accepts is read in the same way."""
    text = "\n".join(["Feature: F", *lines])
    try:
        expected = list(scenarios(oracle(text)))
    except ParserError:
        return

    assert told(read_feature(text).scenarios) == expected


@pytest.mark.parametrize("language", sorted(DIALECTS))
def test_languages(language: str) -> None:
    """In each language, all keywords are read as by Gherkin's parser."""
    words: Any = DIALECTS[language]
    lines = [f"# language: {language}", f"{words['feature'][-1]}: F"]
    lines += [f"{words['background'][0]}:", f"{words['given'][-1]}x", '"""', '"""']
    for word in words["scenario"]:
        lines += ["@a", f"{word}: named {word}"]
        lines += [f"{step}{word}: x" for step in words["when"] + words["but"]]
    for word, rows in zip(
        words["scenarioOutline"], cycle(words["examples"]), strict=False
    ):
        lines += [f"{word}: <n>", f"{words['then'][0]}<n>", f"{rows}:", "|n|", "|1|"]
    text = "\n".join(lines)

    feature = read_feature(text)

    assert told(feature.scenarios) == list(scenarios(oracle(text)))
    assert len(feature.backgrounds) == 1


def test_examples_that_are_a_description() -> None:
    """A background has no examples: the line is part of its description."""
    text = (
        "Feature: F\n  Background: G\n    Examples: F\n    Given x\n"
        '    """\n  Scenario: C\n    """\n'
    )

    assert list(scenarios(oracle(text))) == []
    assert not read_feature(text).scenarios


@pytest.mark.parametrize(
    "above",
    ["Scenario: C", "Scenario: C\n    Examples: F", "Background: C"],
    ids=["scenario", "examples", "background"],
)
def test_background_that_is_a_description(above: str) -> None:
    """Only a feature and a rule have backgrounds; a docstring needs a step before."""
    text = (
        f'Feature: F\n  {above}\n  Background: G\n    """json\n    Given:\n'
        "  @a\n  Scenario: D\n    Given x\n"
    )

    found = read_feature(text)

    assert told(found.scenarios) == list(scenarios(oracle(text)))
    assert "G" not in [each.name for each in found.backgrounds]


def test_description_below_comments() -> None:
    """A line that only looks like a headline ends the comments above a scenario."""
    feature = read_feature(
        "Feature: F\n  Scenario: C\n    # of C\n    Background: G\n  Scenario: D\n"
    )

    assert [each.comments for each in feature.scenarios] == [(), ()]


def test_another_language() -> None:
    """A comment before the feature sets the language."""
    text = (
        "#language: de\n@TEST_CALC-1\nFunktionalität: Summen\n"
        "  @a\n  Szenariogrundriss: Addieren\n    Gegeben sei <n>\n"
        "    Beispiele:\n    | n |\n    | 1 |\n  Scenario: nur Text\n"
    )

    assert told(read_feature(text).scenarios) == [("Addieren", 5, ("a",))]


def test_line_ends_of_windows() -> None:
    """A carriage return is not part of a name or a tag."""
    feature = read_feature("Feature: F\r\n  @a\r\n  Scenario: S\r\n    * x\r\n")

    assert told(feature.scenarios) == [("S", 3, ("a",))]


def test_comments_that_are_not_a_backgrounds() -> None:
    """A comment elsewhere, or after its steps, names no Precondition."""
    feature = read_feature(
        "#@CALC-1\nFeature: F\n  #@CALC-2\n  Background:\n    #@CALC-3 #@CALC-4\n"
        "    * x\n    #@CALC-5\n  #@CALC-6\n  Scenario: S\n    #@CALC-7\n"
    )

    assert [each.tags for each in feature.backgrounds] == [("CALC-3", "CALC-4")]


def test_background_with_several_comments() -> None:
    """All lines before its first step may name Preconditions."""
    feature = read_feature(
        "Feature: F\n  Background:\n    #@CALC-3\n    # none\n    #@CALC-4\n    * x\n"
    )

    assert [each.tags for each in feature.backgrounds] == [("CALC-3", "CALC-4")]


def test_comments_above_a_scenario() -> None:
    """Comments above a scenario are kept; tags and empty lines may be between."""
    feature = read_feature(
        "# of the file\nFeature: F\n  # One,\n\n  # two.\n  @a\n  # Three.\n"
        "  Scenario: S\n    # a step\n    * x\n\n  Scenario: T\n    * x\n"
        "    # * y\n  Background:\n    # z\n    * x\n  Scenario: U\n"
    )

    assert [each.comments for each in feature.scenarios] == [
        ("One,", "two.", "Three."),
        (),
        (),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        (" \n\t\n", "is empty"),
        ("# nothing\n", "has no Feature: line"),
        ("PK\x03\x04\0", "is not text"),
        ("<!DOCTYPE html>\n<html>", "line 1 is '<!DOCTYPE html>'"),
        ('{"a": 1}', "is not a feature file: line 1"),
        ("Scenario: S\n", "is not a feature file: line 1 is 'Scenario: S'"),
        ("# language: xx\nFeature: F\n", "the Gherkin parser does not know: xx"),
    ],
)
def test_no_feature(text: str, said: str) -> None:
    """A text that is not a feature file is refused with the reason."""
    with pytest.raises(NoFeatureError) as caught:
        read_feature(text)

    assert said in caught.value.message
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("mark", ['"""', "```"])
def test_docstring_with_a_media_type(mark: str) -> None:
    """It ends with its marks alone."""
    text = (
        f"Feature: F\n  Scenario: S\n    * x\n    {mark}json\n    Scenario: no\n"
        f"    {mark}\n  Scenario: T\n"
    )

    assert told(read_feature(text).scenarios) == [("S", 2, ()), ("T", 7, ())]


@pytest.mark.parametrize(
    ("line", "shown"), [("x" * 60, "x" * 60), ("x" * 61, "x" * 60 + "...")]
)
def test_line_in_the_message(line: str, shown: str) -> None:
    """Sixty characters of it are shown."""
    with pytest.raises(NoFeatureError) as caught:
        read_feature(line)

    assert caught.value.message == f"is not a feature file: line 1 is {shown!r}"


def test_hint_on_another_kind_of_file() -> None:
    """It says how a feature file begins."""
    with pytest.raises(NoFeatureError) as caught:
        read_feature("# a comment\nx\n")

    assert caught.value.hint == (
        "a feature file begins with tags, or with Feature: and its name"
    )


def test_hint_on_an_unknown_language() -> None:
    """A newer parser may know it."""
    with pytest.raises(NoFeatureError) as caught:
        read_feature("# language: xx\nFeature: F\n")

    assert caught.value.hint.endswith("for a new one, update gherkin-official")
