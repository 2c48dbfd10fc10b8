"""Secrets cannot be printed, and are removed from texts."""

from __future__ import annotations

import base64
import codecs
import copy
import html
import json
import pickle
import time
from dataclasses import asdict, dataclass
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xray_bridge.config.redaction import Redactor, clean_bytes, encoding_of
from xray_bridge.config.secret import MASK, Secret


# A credential that nobody has told the redactor.
THEIRS = "eyJhbGciOi.JIUzI1NiJ9.abc-_x=="
HEADER = {"Authorization": f"Bearer {THEIRS}"}
DIGEST = f'Digest username="ann", realm="a b", response="{THEIRS}"'
ODD = 'p"a\\s/s w%rd+äß\U0001f600'


@dataclass
class Holder:
    """A dataclass with a secret among its fields."""

    secret: Secret


@pytest.mark.parametrize("spell", [str, repr, "{}".format, lambda s: f"{s!r:>20}"])
def test_secret_is_not_shown(spell: object) -> None:
    """No format shows the value."""
    assert callable(spell)

    assert "hunter22" not in spell(Secret("hunter22"))


@pytest.mark.parametrize("leak", [pickle.dumps, json.dumps, copy.deepcopy])
def test_secret_is_not_carried_away(leak: object) -> None:
    """A secret cannot be pickled, serialized or copied by accident."""
    assert callable(leak)

    with pytest.raises(TypeError):
        leak(Secret("hunter22"))


def test_secret_is_not_unfolded_with_its_holder() -> None:
    """``asdict`` copies deeply, and so fails instead of leaking."""
    with pytest.raises(TypeError):
        asdict(Holder(Secret("hunter22")))


def test_secret_reveals_itself_on_demand_only() -> None:
    """There is one way to the value."""
    assert Secret("hunter22").reveal() == "hunter22"


def test_secrets_compare_by_value() -> None:
    """Equal, hashable, false when empty, and never equal to a text."""
    assert Secret("a") == Secret("a")
    assert len({Secret("a"), Secret("a"), Secret("b")}) == 2
    assert not Secret("")
    assert Secret("a") != "a"


@pytest.mark.parametrize(
    "form",
    [
        ODD,
        quote(ODD),
        quote(ODD, safe=""),
        quote_plus(ODD),
        json.dumps(ODD),
        json.dumps(ODD, ensure_ascii=False),
        base64.b64encode(ODD.encode()).decode(),
    ],
    ids=["raw", "url", "url, all", "form", "JSON", "JSON, UTF-8", "base64"],
)
def test_redactor_knows_each_form(form: str) -> None:
    """Raw, URL-encoded, JSON-escaped and base64 forms are removed."""
    cleaned = Redactor([Secret(ODD)]).clean(f"before {form} after")

    assert cleaned.replace('"', "") == f"before {MASK} after"


def test_redactor_knows_the_basic_header() -> None:
    """User and password together are removed, as in the header."""
    header = base64.b64encode(b"ann:hunter22").decode()
    redactor = Redactor(basic=[("ann", Secret("hunter22"))])

    assert redactor.clean(f"Authorization: Basic {header}") == (
        f"Authorization: Basic {MASK}"
    )


def test_redactor_leaves_ordinary_words_alone() -> None:
    """A value too short to be a secret is not masked."""
    assert Redactor([Secret("a"), Secret("")]).clean("a cat") == "a cat"


def test_redactor_takes_the_longest_form_first() -> None:
    """If a secret contains another, no end of it stays."""
    redactor = Redactor([Secret("hunter"), Secret("hunter22")])

    assert redactor.clean("it is hunter22.") == f"it is {MASK}."


@given(
    secret=st.text(min_size=4).filter(lambda s: s not in MASK * 2 and "*" not in s),
    before=st.text(),
    after=st.text(),
)
def test_redacted_text_has_no_secret(secret: str, before: str, after: str) -> None:
    """A secret in any text is removed."""
    cleaned = Redactor([Secret(secret)]).clean(before + secret + after)

    assert secret not in cleaned


SHOWN = {
    "dict": repr(HEADER),
    "tuple": repr([*HEADER.items()]),
    "bytes": repr([(b"Authorization", HEADER["Authorization"].encode())]),
    "tuple on two lines": f"('authorization',\n  'Bearer {THEIRS}')",
    "JSON": json.dumps(HEADER),
    "JSON in JSON": json.dumps(json.dumps(HEADER)),
    "JSON in JSON in JSON": json.dumps(json.dumps(json.dumps(HEADER))),
    "repr of JSON": repr(json.dumps(HEADER)),
    "list in JSON": json.dumps({"Authorization": [f"Bearer {THEIRS}"]}),
    "HAR": json.dumps({"name": "Authorization", "value": f"Bearer {THEIRS}"}),
    "HAR, indented": json.dumps(
        {"name": "Authorization", "value": f"Bearer {THEIRS}"}, indent=2
    ),
    "header": f"Authorization: Bearer {THEIRS}",
    "lower case": f"authorization: bearer {THEIRS}",
    "upper case": f"AUTHORIZATION: BEARER {THEIRS}",
    "proxy": f"Proxy-Authorization: Basic {THEIRS}",
    "environment": f"HTTP_AUTHORIZATION='Bearer {THEIRS}'",
    "no blank": f"Authorization:Bearer {THEIRS}",
    "tab": f"Authorization:\tBearer\t{THEIRS}",
    "curl -v": f"> Authorization: Bearer {THEIRS}\r\n> Accept: */*",
    "curl": f"curl -H 'Authorization: Bearer {THEIRS}' https://example.com",
    "http.client": f"send: b'GET / HTTP/1.1\\r\\nAuthorization: Basic {THEIRS}\\r\\n'",
    "requests": f"header: Authorization: Bearer {THEIRS}",
    "httpx": f"Headers([('host', 'x'), ('authorization', 'Bearer {THEIRS}')])",
    "Go": f"map[Authorization:[Bearer {THEIRS}] Accept:[*/*]]",
    "Java": f"{{Authorization=Bearer {THEIRS}, Accept=*/*}}",
    "Ruby": f'"Authorization" => "Bearer {THEIRS}"',
    "code": f"headers['Authorization'] = f'Bearer {THEIRS}'",
    "assertion": f"request.headers.get('authorization') == 'Bearer {THEIRS}'",
    "argument": f"connect(authorization='{THEIRS}')",
    "query": f"/?authorization={THEIRS}&page=1",
    "HTML": html.escape(json.dumps(HEADER)),
    "attribute": f'<header name="Authorization" value="Bearer {THEIRS}"/>',
    "element": f"<Authorization>Bearer {THEIRS}</Authorization>",
    "table": f"| Authorization | Bearer {THEIRS} |",
    "cell of a table": f"Bearer {THEIRS}",
    "no scheme": f"Authorization: {THEIRS}",
    "no scheme, JSON": json.dumps({"authorization": THEIRS}),
    "unquoted": f"{{Authorization:{THEIRS},Accept:x}}",
    "unknown scheme": f"Authorization: Acme {THEIRS}",
    "unknown scheme, lower case": f"authorization: acme {THEIRS}",
    "token=": f'Authorization: Token token="{THEIRS}"',
    "digest": f"Authorization: {DIGEST}",
    "digest, dict": repr({"Authorization": DIGEST}),
    "digest, JSON": json.dumps({"Authorization": DIGEST}),
    "AWS": "Authorization: AWS4-HMAC-SHA256 Credential=AKIA/eu, Signature=" + THEIRS,
    "cut off": f"{{'Authorization': 'Bearer {THEIRS}",
    "cut off, tuple": f"('Authorization', 'Bearer {THEIRS}",
    "in a sentence": f"Authorization: Bearer {THEIRS} was refused",
    "two on a line": f"Authorization: a b c, Authorization: Bearer {THEIRS}",
}


@pytest.mark.parametrize("shown", SHOWN.values(), ids=SHOWN)
def test_authorization_header(shown: str) -> None:
    """Any credential in the header is removed, in any notation."""
    redactor = Redactor()

    found = redactor.clean(f"before\n{shown}\nafter")

    assert THEIRS.strip("=") not in found
    assert THEIRS[:6] not in found
    assert MASK in found
    assert found.startswith("before\n")
    assert found.endswith("\nafter")
    assert redactor.clean(found) == found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (repr(HEADER), "{'Authorization': 'Bearer ***'}"),
        (json.dumps(HEADER), '{"Authorization": "Bearer ***"}'),
        (json.dumps({**HEADER, "a": 1}), '{"Authorization": "Bearer ***", "a": 1}'),
        ("Authorization: Basic YTpi, x", "Authorization: Basic ***, x"),
        (
            "Authorization: Bearer x was refused",
            "Authorization: Bearer *** was refused",
        ),
        (f"Authorization: {DIGEST}", "Authorization: Digest ***"),
        ("Authorization: GenieKey abc", "Authorization: GenieKey ***"),
        ("Authorization: Acme abc", "Authorization: ***"),
        ("Authorization: aCme abc for all", "Authorization: *** *** for all"),
        ("?authorization=abc1&x=y", "?authorization=***&x=y"),
        ("Authorization: Bearer ***", "Authorization: Bearer ***"),
    ],
)
def test_rest_of_a_header_stays(text: str, expected: str) -> None:
    """Only the credential is removed: JSON stays valid."""
    assert Redactor().clean(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "After authorization, the user sees the page.",
        "Authorization failed: no such user",
        "The authorization header is missing",
        "authorization is required",
        "authorization: denied",
        "Authorization: None",
        "{'Authorization': None}",
        "{'Authorization': ''}",
        "{'Authorization': 'None'}",
        "authorization: not granted",
        "authorization: the user may not do this",
        "Authorization: The user 42 may not do this (see the manual).",
        "assert 'authorization' in {'host': 'x'}",
        "authorization_code=abc and authorization_url: https://example.com",
        "Basic authorization for everybody",
        "a basic understanding, and the bearer of news",
        "authorization",
        "authorization:",
    ],
)
def test_prose_stays_readable(text: str) -> None:
    """The word alone is not a header."""
    assert Redactor().clean(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "authorization " * 20_000,
        "authorization:'" * 20_000,
        "authorization," * 20_000,
        "authorization: key key " * 10_000,
        "authorization:" + " " * 300_000,
        "authorization:" + "\\" * 300_000,
        "authorization: 'x" + "\\'" * 150_000,
        "authorization: " + "a " * 150_000,
        "authorization: " + "a-" * 150_000,
        "authorization: " + "a=" * 150_000,
        "authorization&quot;" * 20_000,
        "authorization value" * 20_000,
        "".join(f"authorization:{chr(92) * n}'" for n in range(700)),
        "bearer " * 40_000,
        "bearer " + "a" * 300_000,
    ],
    ids=lambda text: text[:24],
)
def test_no_text_takes_long(text: str) -> None:
    """300 KB with many headers are cleaned quickly."""
    began = time.process_time()

    Redactor().clean(text)

    assert time.process_time() - began < 2


WORDS = ["authorization", "Authorization", "Bearer", "Acme", "abc", "x1", "value"]
SIGNS = [MASK, ":", "=", ",", "'", '"', "\\", " ", "\n", "[", "(", "b", "&quot;", ">"]


@given(st.lists(st.sampled_from([*WORDS, *SIGNS])))
def test_redacting_twice_changes_nothing(words: list[str]) -> None:
    """Cleaning a cleaned text does not change it."""
    redactor = Redactor()

    once = redactor.clean("".join(words))

    assert redactor.clean(once) == once


def test_pattern_of_a_user() -> None:
    """Matches of the pattern are masked, empty ones are not."""
    redactor = Redactor(pattern=r"card \d+|\b(?=x)")

    assert redactor.clean("the card 4711 of x") == f"the {MASK} of x"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ann", ""),
        ("ann-hunter22", "the value of xray_token"),
        ("aHVudGVyMjI", "the value of xray_token"),
        ("card 4711", "text that xray_redact matches"),
        ("Basic QWxhZGRpbjpvcGVuIHNlc2FtZTE=", "a credential"),
    ],
)
def test_which_secret_it_is(text: str, expected: str) -> None:
    """The name is that of its setting, and never its value."""
    redactor = Redactor(pattern=r"card \d+", named={"token": Secret("hunter22")})

    assert redactor.name_secret(text) == expected


def test_redactor_learns_another_secret() -> None:
    """A token from a login is removed in all its forms."""
    redactor = Redactor([Secret("hunter")])

    redactor.add("hunter22/ä")

    assert redactor.clean("hunter22/ä hunter22%2f%c3%a4 hunter") == (
        f"{MASK} {MASK} {MASK}"
    )


@pytest.mark.parametrize("form", [repr, ascii, html.escape, lambda s: repr(s.encode())])
def test_redactor_knows_how_python_shows_it(form: object) -> None:
    """The forms in tracebacks, ``--showlocals`` and HTML are removed."""
    assert callable(form)
    shown = form(ODD)

    found = Redactor([Secret(ODD)]).clean(shown)

    assert found.strip("b'\"") == MASK


@pytest.mark.parametrize("surplus", ["", "a", "ab"])
def test_redactor_knows_base64_of_any_length(surplus: str) -> None:
    """Base64 is removed with and without padding, in both alphabets."""
    secret = f"~~?~~?~~?>>>{surplus}"
    raw = secret.encode()
    redactor = Redactor([Secret(secret)])

    for form in (base64.b64encode(raw), base64.urlsafe_b64encode(raw)):
        assert redactor.clean(form.decode()) == MASK
        assert redactor.clean(form.decode().rstrip("=")) == MASK


ENCODINGS = ["utf-8", "utf-8-sig", "latin-1", "utf-16", "utf-16-le", "utf-16-be"]
ENCODINGS += ["utf-32"]


@pytest.mark.parametrize("secret", ["hunter22", "hünter22"])
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_secret_in_a_file(encoding: str, secret: str) -> None:
    """In a text of any encoding, only the secret changes."""
    redactor = Redactor([Secret(secret)])
    before = "ä line\nits password is "

    found = clean_bytes(f"{before}{secret}\n".encode(encoding), redactor.clean)

    assert found == f"{before}{MASK}\n".encode(encoding)


def test_secret_in_a_file_of_two_encodings() -> None:
    """A log with two encodings is cleaned."""
    content = "ä hünter22 ".encode() + "ä hünter22".encode("latin-1")

    found = clean_bytes(content, Redactor([Secret("hünter22")]).clean)

    assert found == f"ä {MASK} ".encode() + f"ä {MASK}".encode("latin-1")


@pytest.mark.parametrize(
    "content",
    [
        codecs.BOM_UTF32_LE + b"\xff\xff\xff\xff hunter22",
        codecs.BOM_UTF16_LE + "hunter22".encode("utf-16-le") + b"x",
        b"USER=ann\0PASSWORD=hunter22\0",
        b"\xff\0\xfe hunter22 \x80",
    ],
    ids=["UTF-32, broken", "UTF-16, odd", "NUL", "binary"],
)
def test_secret_in_a_damaged_file(content: bytes) -> None:
    """Text that cannot be decoded is cleaned, too."""
    found = clean_bytes(content, Redactor([Secret("hunter22")]).clean)

    assert b"hunter22" not in found.replace(b"\0", b"")
    assert len(found) < len(content)


@given(st.binary())
def test_file_without_secrets_stays(content: bytes) -> None:
    """All its bytes stay."""
    marks = [codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_LE, b""]
    for mark in marks:
        whole = mark + content

        assert clean_bytes(whole, Redactor([Secret("hunter22")]).clean) == whole


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "utf-8"),
        (b"plain", "utf-8"),
        ("\u00e4" * 8000, "utf-8"),
        ("x" + "\u00e4" * 8000, "utf-8"),
        (codecs.BOM_UTF8 + b"plain", "utf-8"),
        ("plain\u00e4".encode("latin-1"), "latin-1"),
        ("plain\u00e4".encode("utf-16"), "utf-16-le"),
        ("plain\u00e4".encode("utf-16-le"), "utf-16-le"),
        ("plain\u00e4".encode("utf-16-be"), "utf-16-be"),
        (codecs.BOM_UTF16_BE + b"\0a", "utf-16-be"),
        ("plain".encode("utf-32"), "utf-32-le"),
        (codecs.BOM_UTF32_BE + b"\0\0\0a", "utf-32-be"),
        (b"\x1b[31ma bell\a and one \x01 of something else" + b"." * 32, "utf-8"),
        (b"USER=ann\0HOME=/home/ann\0", "utf-8"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\1\0", ""),
        (b"PK\3\4\x14\0\0\0\x08\0", ""),
        (b"\x1f\x8b\x08\0\x01\x02\x03\x04", ""),
        (b"SQLite format 3\0\x10\0\1\1\0@  \0\0\0\1", ""),
        (bytes(range(256)), ""),
        (b"\0\1\0\2\0\3\0\4", ""),
    ],
)
def test_encoding(content: bytes | str, expected: str) -> None:
    """Texts have an encoding; other content has none."""
    raw = content.encode() if isinstance(content, str) else content

    assert encoding_of(raw) == expected


@pytest.mark.parametrize(
    "text",
    [
        "<tr><th>Authorization</th><td>token {}</td></tr>",
        "<b>Authorization:</b> token {}",
        "<td>Authorization:</td>\n  <td>{}</td>",
        "Authorization:\n   token {}\nAccept: text/html",
    ],
)
def test_header_whose_value_stands_apart(text: str) -> None:
    """Values in HTML tables and folded headers are removed."""
    found = Redactor().clean(text.format("ghp_abcdef0123456789abcdef"))

    assert found == text.format(MASK)


def test_header_without_a_value() -> None:
    """The next line is not its value."""
    text = "Authorization:\nHost: example.com"

    assert Redactor().clean(text) == text
