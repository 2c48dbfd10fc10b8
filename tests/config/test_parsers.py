"""The parsers from a setting's text to its value."""

from __future__ import annotations

import codecs
import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xray_bridge.config import parsers, resolve
from xray_bridge.config.settings import TABLE


if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PARSERS = (
    parsers.text,
    parsers.boolean,
    parsers.key,
    parsers.keys,
    parsers.project,
    parsers.listed,
    parsers.words,
    parsers.url,
    parsers.seconds,
    parsers.fields,
    parsers.formats,
    parsers.statuses,
    parsers.sizes,
    parsers.choice("fail", "warn"),
    parsers.choices("fixVersion", "sprintEnd"),
)


@pytest.mark.parametrize("value", ["b a", "B,A", "b;a;b"])
def test_choices_are_in_the_given_order(value: str) -> None:
    """Each word counts once, in its own spelling."""
    assert parsers.choices("a", "b")(value) == ("b", "a")


def test_choices_name_the_allowed_words() -> None:
    """The error shows the wrong word and the right ones."""
    with pytest.raises(ValueError, match="'c' is not one of a, b"):
        parsers.choices("a", "b")("a c")


@pytest.mark.parametrize("word", ["1", "on", "true", "yes", " YES ", "True"])
def test_boolean_says_yes(word: str) -> None:
    """Each spelling of yes."""
    assert parsers.boolean(word) is True


@pytest.mark.parametrize("word", ["0", "off", "false", "no", "NO", ""])
def test_boolean_says_no(word: str) -> None:
    """Each spelling of no."""
    assert parsers.boolean(word) is False


def test_boolean_refuses_other_words() -> None:
    """Any other word is an error that quotes it."""
    with pytest.raises(ValueError, match="'perhaps' is neither yes nor no"):
        parsers.boolean("perhaps")


@pytest.mark.parametrize("text", ["CALC-1", " CALC-15 ", "A1_B-9"])
def test_key_takes_issue_keys(text: str) -> None:
    """Issue keys are parsed without blanks around them."""
    assert parsers.key(text) == text.strip()


def test_keys_in_lower_case() -> None:
    """Keys become upper case, without blanks."""
    assert parsers.key(" calc-15") == "CALC-15"
    assert parsers.keys("calc-1;CALC-1") == ("CALC-1",)
    assert parsers.project("calc ") == "CALC"


@pytest.mark.parametrize(
    "text",
    ["abc", "X-", "X-1", "stra\u00dfe-1", "CALC-0", "CALC-01", "CALC 1", "CALC-1\nX"],
)
def test_key_refuses_what_is_none(text: str) -> None:
    """Any other text is an error that shows what a key looks like."""
    with pytest.raises(ValueError, match="keys look like CALC-15"):
        parsers.key(text)


def test_keys_are_separated_by_semicolons_or_commas() -> None:
    """Both separators, and each key once."""
    assert parsers.keys("CALC-1; CALC-2,CALC-1") == ("CALC-1", "CALC-2")


def test_keys_refuse_a_malformed_one() -> None:
    """One malformed key is an error for the list."""
    with pytest.raises(ValueError, match="'nope'"):
        parsers.keys("CALC-1;nope")


@pytest.mark.parametrize("text", ["CALC-1", "c", "C", "1A"])
def test_project_refuses_what_is_no_project_key(text: str) -> None:
    """An issue key is not a project key."""
    with pytest.raises(ValueError, match="project keys look like CALC"):
        parsers.project(text)


def test_listed_keeps_blanks_inside_and_order() -> None:
    """Only semicolons separate; empty and repeated parts are dropped."""
    assert parsers.listed("Chrome 120; ;linux;Chrome 120") == ("Chrome 120", "linux")


def test_words_are_separated_by_anything_usual() -> None:
    """Blanks, commas and semicolons separate."""
    assert parsers.words("smoke nightly,slow;smoke") == ("smoke", "nightly", "slow")


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("https://jira.example.com", "https://jira.example.com"),
        ("https://jira.example.com/jira/", "https://jira.example.com/jira"),
        (" http://127.0.0.1:8080 ", "http://127.0.0.1:8080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("", ""),
    ],
)
def test_url_takes_addresses(text: str, address: str) -> None:
    """An address is parsed without the slash at its end."""
    assert parsers.url(text) == address


@pytest.mark.parametrize(
    "text",
    [
        "jira.example.com",
        "htp://jira.example.com",
        "https://",
        "https://jira example.com",
        "https://jira.example.com:99999",
        "https://jira.example.com:0",
        "https://jira.example.com/?a=b",
        "https://jira.example.com/#top",
        "https://jira.example.com/\x00",
        "https://[::1",
    ],
)
@pytest.mark.fault("D01")
def test_url_refuses_what_is_none(text: str) -> None:
    """Any other text is a ValueError."""
    with pytest.raises(ValueError, match=r"address|scheme, host, port"):
        parsers.url(text)


@pytest.mark.parametrize(
    "text",
    [
        "https://ann:hunter22@jira.example.com",
        "https://ann:hunter22@jira.example.com:99999",
        "https://ann:hunter22/x@jira.example.com",
        "ann:hunter22@jira.example.com",
        "https://ann:hunter22@jira.example.com/?a=b",
    ],
)
def test_url_never_quotes_a_password(text: str) -> None:
    """A password in an address is refused and not repeated."""
    with pytest.raises(ValueError, match=r".") as caught:
        parsers.url(text)

    assert "hunter22" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30", 30.0),
        ("1.5s", 1.5),
        ("2m", 120.0),
        ("2 min", 120.0),
        ("1h", 3600.0),
        ("250ms", 0.25),
    ],
)
def test_seconds_understand_units(text: str, seconds: float) -> None:
    """A number is parsed with or without a unit."""
    assert parsers.seconds(text) == seconds


@pytest.mark.parametrize("text", ["", "0", "-1", "soon", "1d", "nan", "inf", "1e3"])
def test_seconds_refuse_what_is_no_duration(text: str) -> None:
    """Empty texts, zero and words are not durations."""
    with pytest.raises(ValueError, match="not a duration"):
        parsers.seconds(text)


def test_seconds_are_never_endless() -> None:
    """No timeout is infinite, however many digits it has."""
    with pytest.raises(ValueError, match="not a duration"):
        parsers.seconds("9" * 400)


def test_verification_is_yes_no_or_a_bundle(tmp_path: Path) -> None:
    """A path must lead to a PEM file."""
    bundle = tmp_path / "ca.pem"
    bundle.write_text("-----BEGIN CERTIFICATE-----\n")

    found = [parsers.verification(text) for text in ("true", "no", str(bundle))]

    assert found == [True, False, str(bundle)]


def test_verification_is_never_nothing() -> None:
    """An empty text does not turn verification off."""
    assert parsers.verification("") is not False
    assert parsers.verification("") != ""


@pytest.mark.parametrize("content", [None, "", "hello"])
@pytest.mark.fault("D10")
def test_pem_refuses_what_is_none(tmp_path: Path, content: str | None) -> None:
    """Missing, empty and other files are refused before the first test."""
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)

    with pytest.raises(ValueError, match=r"cannot be read|not a PEM file"):
        parsers.pem(str(path))


def test_fields_inline_or_from_a_file(tmp_path: Path) -> None:
    """A JSON object, or the path of one, is parsed."""
    path = tmp_path / "fields.json"
    path.write_text('{"priority": {"name": "High"}}')

    inline, read = parsers.fields('{"a": 1}'), parsers.fields(str(path))

    assert (inline, read) == ({"a": 1}, {"priority": {"name": "High"}})


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le"])
def test_fields_of_other_editors(tmp_path: Path, encoding: str) -> None:
    """Files with a byte order mark, and UTF-16, are parsed."""
    path = tmp_path / "fields.json"
    mark = codecs.BOM_UTF16_LE if encoding == "utf-16-le" else b""
    path.write_bytes(mark + '{"summary": "\u00fcber"}'.encode(encoding))

    assert parsers.fields(str(path)) == {"summary": "\u00fcber"}


@pytest.mark.parametrize(
    "text", ["{", '{"a": }', "missing.json", "{" * 100_000, "[1]", '{"a":' * 100_000]
)
def test_fields_refuse_what_is_no_object(text: str) -> None:
    """Broken, missing and deeply nested JSON is a ValueError."""
    with pytest.raises(ValueError, match=r"JSON"):
        parsers.fields(text)


def test_fields_refuse_a_list_in_a_file(tmp_path: Path) -> None:
    """Jira fields are an object, not a list."""
    path = tmp_path / "fields.json"
    path.write_text(json.dumps([1]))

    with pytest.raises(ValueError, match="not a JSON object"):
        parsers.fields(str(path))


def test_fields_refuse_a_file_that_is_not_utf8(tmp_path: Path) -> None:
    """The error names the encoding."""
    path = tmp_path / "fields.json"
    path.write_bytes(b'{"a": "\xff"}')

    with pytest.raises(ValueError, match="not UTF-8"):
        parsers.fields(str(path))


def test_choice_knows_synonyms() -> None:
    """A synonym becomes the word itself."""
    parse = parsers.choice("server", "cloud", datacenter="server")

    assert [parse("DataCenter"), parse(" cloud")] == ["server", "cloud"]


def test_choice_refuses_other_words() -> None:
    """The error lists the words."""
    with pytest.raises(ValueError, match="not one of fail, warn"):
        parsers.choice("fail", "warn")("ignore")


def test_formats_are_a_list() -> None:
    """Several formats are parsed in order."""
    assert parsers.formats("junit, xray") == ("junit", "xray")


@pytest.mark.parametrize("text", ["", "junit,auto", "html", ","])
def test_formats_refuse_what_is_none(text: str) -> None:
    """``auto`` is accepted only in the first place."""
    with pytest.raises(ValueError, match=r"formats|not one of"):
        parsers.formats(text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("skipped=ABORTED", {"skipped": "ABORTED"}),
        (
            " Skipped=ABORTED,flaky=FAIL;xfailed=In_Review ",
            {"skipped": "ABORTED", "flaky": "FAIL", "xfailed": "In_Review"},
        ),
        ('{"xpassed": "FAIL", "passed": "N/A"}', {"xpassed": "FAIL", "passed": "N/A"}),
        ("", {}),
        ("{}", {}),
    ],
)
def test_statuses_of_outcomes(text: str, found: dict[str, str]) -> None:
    """Pairs with any usual separator, or a JSON object, are parsed."""
    assert parsers.statuses(text) == found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("skiped=ABORTED", "'skiped' is not an outcome; use passed, failed, "),
        ("not run=TODO", "'not' is not an outcome"),
        ("=ABORTED", "'' is not an outcome"),
        ("skipped", "write skipped=ABORTED"),
        ("skipped=", "write skipped=ABORTED"),
        ("skipped = ABORTED", "write skipped=ABORTED"),
        ("skipped=X", "'X' is not a status"),
        ("skipped=TO-DO", "'TO-DO' is not a status"),
        ("skipped=ABCDEFGHIJKLMNOPQRS", "is not a status"),
        ('{"skipped": "TO DO"}', "'TO DO' is not a status"),
        ('{"skipped": null}', "write skipped=ABORTED"),
        ('{"skipped": ["FAIL"]}', "is not a status"),
        ("{", "not JSON"),
        ("statuses.json", "'statuses.json' is not an outcome"),
    ],
)
def test_statuses_refuse_what_is_none(text: str, said: str) -> None:
    """A status that Xray cannot have is refused, with an example."""
    with pytest.raises(ValueError, match=re.escape(said)):
        parsers.statuses(text)


@pytest.mark.parametrize(
    ("text", "sizes"),
    [
        ("10MB", (10 << 20,)),
        (" 10 mb ", (10 << 20,)),
        ("500", (500,)),
        ("500 b", (500,)),
        ("1.5k 2M 1g", (1536, 2 << 20, 1 << 30)),
        ("10MB;25MB,64MB", (10 << 20, 25 << 20, 64 << 20)),
        ("10 MB 10 MB 10 MB", (10 << 20,) * 3),
        ("0", (0,)),
    ],
)
def test_sizes_understand_units(text: str, sizes: tuple[int, ...]) -> None:
    """One to three numbers are parsed, with or without a unit; equal ones count."""
    assert parsers.sizes(text) == sizes


@pytest.mark.parametrize(
    "text",
    ["", " ", "big", "-1", "1e3", "10TB", "10MBit", "1 2 3 4", "MB", "1..5", "9" * 400],
)
def test_sizes_refuse_what_is_none(text: str) -> None:
    """Empty texts, too many sizes and words are refused."""
    with pytest.raises(ValueError, match=r"is not (a size|one to three sizes)"):
        parsers.sizes(text)


@pytest.mark.parametrize("text", [r"\d{16}", "Bearer .+", "", "(?i)secret|password"])
def test_pattern_takes_regular_expressions(text: str) -> None:
    """Regular expressions are unchanged; an empty text is none."""
    assert parsers.pattern(f" {text} ") == text


@pytest.mark.parametrize(
    "text", ["(", "*", "[a-", "a{9999999999999}", "(" * 10_000, "(?P<1>a)"]
)
def test_pattern_refuses_what_is_none(text: str) -> None:
    """A mistake is found before the first test."""
    with pytest.raises(ValueError, match="is not a regular expression"):
        parsers.pattern(text)


@pytest.mark.parametrize("text", [".*", "a?", "x|", "(?:)", "()"])
def test_pattern_that_matches_everywhere(text: str) -> None:
    """It is refused: no text would stay readable."""
    with pytest.raises(ValueError, match="matches everywhere"):
        parsers.pattern(text)


@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")
@given(text=st.text())
def test_pattern_speaks_in_value_errors(text: str) -> None:
    """Any text is a pattern or a ValueError."""
    try:
        said = parsers.pattern(text)
    except ValueError as error:
        said = str(error)

    assert bool(said) is bool(text.strip())


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("aggregate", "all-failed"),
        ("captures", "none"),
        ("statuses", "skipped=ABORTED flaky=FAIL"),
        ("statuses", '{"xfailed": "N/A"}'),
        ("evidence_limit", "10MB"),
        ("evidence_limit", "1.5k 2M"),
        ("evidence_limit", "10MB 10240KB 10MB"),
        ("evidence_limit", "0"),
        ("redact", r"\d{4};x, y|${HOME}$"),
    ],
)
def test_value_survives_its_record(name: str, text: str) -> None:
    """A recorded value is equal to the parsed one."""
    layer = resolve.Layer("test", {name: text}, lambda s: s.name, literal=True)
    first = resolve.resolve([layer], {})

    second = resolve.resolve([resolve.recorded_layer(first.given)], {})

    assert getattr(second, name) == getattr(first, name) == TABLE[name].parse(text)


@pytest.mark.parametrize("parse", PARSERS)
@given(text=st.text())
def test_parsers_speak_in_value_errors(parse: Callable[[str], Any], text: str) -> None:
    """Any text is a value or a ValueError with a message."""
    try:
        parse(text)
    except ValueError as error:
        said = str(error)
    else:
        said = "a value"

    assert said
