"""
Removes secrets from texts.
"""

from __future__ import annotations

import base64
import codecs
import contextlib
import json
import re
from functools import lru_cache
from html import escape
from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

from xray_bridge.config.secret import MASK


if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from xray_bridge.config.secret import Secret

# Shorter values would mask ordinary words; no real credential is that short.
SHORTEST = 4
# Schemes of headers; the next word is always a credential.
SCHEMES = (
    "api-?key|basic|bearer|bot|digest|dpop|geniekey|hawk|jwt|kerberos|key|negotiate|"
    "ntlm|oauth|splunk|token"
)
# Words after "authorization:" that are not a credential.
TELLS_NOTHING = frozenset(
    {"denied", "failed", "false", "granted", "invalid", "missing", "no", "none"}
    | {"null", "ok", "required", "true", "undefined", "yes"}
)
# The longest word of prose.
LONGEST_WORD = 16
# Quotes, escaped up to three times or as in HTML.
_QUOTE = r"""(?:\\{0,7}["']|&quot;|&\#(?:34|39|x22|x27);)"""
# The header's name in lines, dicts, tuples, assignments, tables and elements.
_NAME = (
    rf"""authorization{_QUOTE}?[\])]?\s*(?:[:=,|]{{1,2}}>?|>|(?=\svalue)|(?=</\w))"""
)
# HAR files and HTML name the header's value ``value``.
_VALUE = rf"""\s*(?:{_QUOTE}?value{_QUOTE}?\s*[:=]\s*)?[\[(]?"""
QUOTED = re.compile(
    rf"({_NAME}{_VALUE}[burf]{{0,2}}({_QUOTE}))([^\r\n]*?)(?=(?<!\\)\2)", re.IGNORECASE
)
# Text between name and value in HTML, or in a folded header.
_APART = r"(?:(?:</?\w[^<>\n]{0,99}>\s{0,9}){1,9}|\r?\n[ \t]{1,9})?"
PLAIN = re.compile(
    rf"({_NAME})([ \t]*{_APART}[\[(]?(?:[burf]{{0,2}}{_QUOTE})?)"
    r"((?:(?!authorization|\\[rn])[^\r\n])*)",
    re.IGNORECASE,
)
# ``Digest username="ann", ...``: parameters up to the end of the line.
PARAMETERS = re.compile(r"([\w\-]+[ \t]+)[\w\-]+=[^=\s]")
CREDENTIALS = re.compile(rf"((?:{SCHEMES})[ \t]+)[^\s\"'\\,;)}}\]<>&|]+", re.IGNORECASE)
# A value without quotes.
VALUE = re.compile(r"""[^"'\\<>,;)}\]&]*""")
# A value without the header's name, as in the cell of a table.
BARE = re.compile(
    r"\b((?:basic|bearer)[ \t]+)(?=[a-z._~+/\-]*\d)[\w.~+/\-]{16,}=*", re.IGNORECASE
)
# Texts without these need no look for headers, or for values without a name.
HEADER = ("uthorization", "UTHORIZATION")
BEARER = ("earer ", "asic ")

# Bytes of a file that are enough to detect text.
SNIFFED = 8192
# Byte order marks, the longer ones first.
MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (codecs.BOM_UTF8, "utf-8"),
)
WIDTHS = {"utf-16-le": 2, "utf-16-be": 2, "utf-32-le": 4, "utf-32-be": 4}
# All bytes except control characters that neither texts nor terminals have.
VISIBLE = bytes({*b"\a\b\t\n\v\f\r\x1b", *range(32, 127), *range(128, 256)})
PRINTED = VISIBLE + b"\0"


class Redactor:
    """
    Removes known secrets from texts: raw, URL-encoded, JSON-escaped, base64.

    ``basic`` holds (user, password) pairs, whose base64 form is in an
    ``Authorization: Basic`` header. The values of all such headers are removed, too,
    and all matches of the regular expression ``pattern``. ``named``: secrets by the
    names of their settings.
    """

    def __init__(
        self,
        secrets: Iterable[Secret] = (),
        basic: Iterable[tuple[str, Secret]] = (),
        pattern: str = "",
        named: Mapping[str, Secret] = MappingProxyType({}),
    ) -> None:
        forms: set[str] = set()
        self._named = dict(named)
        for secret in (*secrets, *named.values()):
            forms |= _forms_of(secret.reveal())
        for user, secret in basic:
            forms |= _forms_of(f"{user}:{secret.reveal()}")
        self._pattern = re.compile(pattern) if pattern else None
        self._set_forms(forms)

    def may_change(self, text: str) -> bool:
        """
        Whether ``clean`` may remove something from a text in this JSON.

        False is certain. With a pattern it is always True: a text may match it while
        its JSON does not.
        """
        return self._pattern is not None or any(map(text.__contains__, self._signs))

    def add(self, secret: str) -> None:
        """Add a secret, such as a token from a login."""
        self._set_forms({*self._forms, *_forms_of(secret)})

    def _set_forms(self, forms: set[str]) -> None:
        # Longest first, so that no end of a longer form remains.
        self._forms = sorted(forms, key=lambda form: (-len(form), form))
        # The signs in JSON of anything that ``clean`` would remove.
        self._signs = (*(json.dumps(form)[1:-1] for form in forms), *HEADER, *BEARER)

    @property
    def forms(self) -> tuple[str, ...]:
        """The secrets in all forms in which they may be written."""
        return tuple(self._forms)

    def name_secret(self, text: str) -> str:
        """Describe the secret that ``clean`` removes from a text; empty if none."""
        if self.clean(text) == text:
            return ""
        for name, secret in self._named.items():
            if any(form in text for form in _forms_of(secret.reveal())):
                return f"the value of xray_{name}"
        found = self._pattern.search(text) if self._pattern else None
        return "text that xray_redact matches" if found else "a credential"

    def clean(self, text: str) -> str:
        """Replace each known secret by ``***``."""
        for form in self._forms:
            text = text.replace(form, MASK)
        # Cheaper than the expressions, which most texts do not need.
        if HEADER[0] in text or HEADER[1] in text:
            text = PLAIN.sub(_mask_plain, QUOTED.sub(_mask_quoted, text))
        if BEARER[0] in text or BEARER[1] in text:
            text = BARE.sub(rf"\1{MASK}", text)
        return self._pattern.sub(_mask_match, text) if self._pattern else text


def _mask_match(found: re.Match[str]) -> str:
    return MASK if found[0] else ""


def _mask_quoted(found: re.Match[str]) -> str:
    """Mask a header's value between quotes."""
    before, _, value = found.groups()
    if not value.strip() or value.lower() in TELLS_NOTHING:
        return found[0]
    scheme = CREDENTIALS.match(value) or PARAMETERS.match(value)
    return f"{before}{scheme[1] if scheme else ''}{MASK}"


def _mask_plain(found: re.Match[str]) -> str:
    """Mask a header's value up to the end of the line; keep prose."""
    name, between, rest = found.groups()
    before = f"{name}{between}"
    if parameters := PARAMETERS.match(rest):
        return f"{before}{parameters[1]}{MASK}"
    if known := CREDENTIALS.match(rest):
        return f"{before}{known[1]}{MASK}{rest[known.end() :]}"
    if not name.rstrip().endswith((":", "=")):
        return found[0]
    value = VALUE.match(rest)
    words = value[0].split() if value else []
    if value is None or _tells_nothing(words):
        return found[0]
    return f"{before}{_mask_words(words)}{rest[value.end() :]}"


def _tells_nothing(words: list[str]) -> bool:
    if len(words) == 1:
        return words[0].lower() in TELLS_NOTHING
    if words[1:] == [MASK]:
        return True
    # A scheme and a credential would be two words, too.
    plain = all(map(_is_prose, words))
    return plain and (len(words) != 2 or words[0].islower())  # noqa: PLR2004


def _mask_words(words: list[str]) -> str:
    """Mask words that are not prose, and a credential after a scheme."""
    if len(words) < 3:  # noqa: PLR2004
        return MASK
    kept = [word if _is_prose(word) else MASK for word in words]
    if kept[0] == MASK:
        kept[1] = MASK
    return " ".join(kept)


def _is_prose(word: str) -> bool:
    bare = word.strip(".,:;!?()")
    if bare.isdigit():
        # A number of an error or a status.
        return len(bare) < 5  # noqa: PLR2004
    rest = bare[1:]
    return not bare or (
        bare.isalpha() and rest == rest.lower() and len(bare) <= LONGEST_WORD
    )


@lru_cache(maxsize=64)
def _forms_of(value: str) -> frozenset[str]:
    """Return all forms of a secret; cached, because they are needed often."""
    if len(value) < SHORTEST:
        return frozenset()
    encoded = value.encode("utf-8", "surrogatepass")
    escaped = {json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
    quoted = {quote(encoded), quote(encoded, safe=""), quote_plus(encoded)}
    lower = {re.sub("%..", lambda found: found[0].lower(), form) for form in quoted}
    based = {
        base64.b64encode(encoded).decode("ascii"),
        base64.urlsafe_b64encode(encoded).decode("ascii"),
    }
    based |= {form.rstrip("=") for form in based}
    # The forms in tracebacks, --showlocals and HTML.
    shown = {repr(value)[1:-1], ascii(value)[1:-1], repr(encoded)[2:-1], escape(value)}
    return frozenset((value, *escaped, *quoted, *lower, *based, *shown))


def encoding_of(content: bytes) -> str:
    """Return the encoding of a text; empty for other content."""
    for mark, encoding in MARKS:
        if content.startswith(mark):
            return encoding
    start = content[:SNIFFED]
    # UTF-16 without a mark: every other byte of most texts is 0.
    evens, odds = start[::2], start[1::2]
    for zeros, others, encoding in (
        (odds, evens, "utf-16-le"),
        (evens, odds, "utf-16-be"),
    ):
        if zeros.count(0) * 2 > len(zeros) and not others.translate(None, VISIBLE):
            return encoding
    # Many logs have a few control characters; ``env -0`` separates by NUL.
    odd = len(start.translate(None, PRINTED))
    if start.count(0) * 8 > len(start) or odd * 32 > len(start):
        return ""
    try:
        start.decode("utf-8")
    except UnicodeDecodeError as error:
        # A character may be cut in half by the sniffing itself.
        if error.start < SNIFFED - 4:
            return "" if b"\0" in start else "latin-1"
    return "utf-8"


def clean_bytes(content: bytes, clean: Callable[[str], str]) -> bytes:
    """
    Apply ``clean`` to a text in its own encoding.

    Text that is not completely UTF-8 is cleaned as Latin-1, too.
    """
    encoding = encoding_of(content)
    if encoding in WIDTHS:
        whole = len(content) - len(content) % WIDTHS[encoding]
        with contextlib.suppress(UnicodeDecodeError):
            text = _clean_as(content[:whole], encoding, "surrogatepass", clean)
            return text + content[whole:]
    content = _clean_as(content, "utf-8", "surrogateescape", clean)
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return _clean_as(content, "latin-1", "replace", clean)
    return content


def _clean_as(
    content: bytes, encoding: str, errors: str, clean: Callable[[str], str]
) -> bytes:
    text = content.decode(encoding, errors)
    found = clean(text)
    # Without a change the bytes stay the same.
    return content if found == text else found.encode(encoding, errors)
