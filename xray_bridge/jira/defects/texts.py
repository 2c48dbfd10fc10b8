"""
The texts of a defect: templates that are filled with texts of tests.

Texts of tests are hostile: they contain the signs of Jira's wiki markup, line ends and
secrets. Jira refuses texts that are too long.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from xray_bridge.jira.defects.rules import MACRO
from xray_bridge.model.jira_text import LONGEST_SUMMARY, jira_length, shorten
from xray_bridge.text import one_line, readable


if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_TEXT = 32_767
# Characters of a text of a test; others of the description need some room.
LONGEST_VALUE = 16_000
# Areas of wiki markup in which signs have no meaning; each ends with the same word.
VERBATIM = re.compile(r"(\{(noformat|code)[^}\n]*\}.*?\{\2\})", re.DOTALL)
ENDS = re.compile(r"\{(?=(?:noformat|code)\b)", re.IGNORECASE)
# Signs of wiki markup. A backslash takes the meaning from the next sign.
# Signs of an address that wiki markup leaves alone in it.
IN_ADDRESS = "/:?#&=+,;%~-_.@$"
LONGEST_ADDRESS = 2000
ADDRESS = "ci.url"
SIGNS = re.compile(r"[\\{}\[\]*_+^~|!#]|(?<!\w)-|-(?!\w)|(?<![\w.])(?=h[1-6]\. |bq\. )")


def fill_line(template: str, values: Mapping[str, str]) -> str:
    """Return a summary: one line, as long as Jira accepts."""
    filled = MACRO.sub(lambda found: values.get(found[1], ""), template)
    return shorten(one_line(filled), LONGEST_SUMMARY)


def fill_text(template: str, values: Mapping[str, str]) -> str:
    """
    Return a description in wiki markup.

    Inside of ``{noformat}`` and ``{code}`` a text stays as it is, elsewhere it is one
    line whose signs have no meaning.
    """
    parts = []
    rest = template
    while found := VERBATIM.search(rest):
        parts += [_fill(rest[: found.start()], values, _plain), found[0]]
        parts[-1] = _fill(found[0], values, _verbatim)
        rest = rest[found.end() :]
    parts.append(_fill(rest, values, _plain))
    return cut_text("".join(parts))


def cut_text(text: str) -> str:
    """Return a text that is not too long; an open ``{noformat}`` is closed."""
    if jira_length(text) <= LONGEST_TEXT:
        return text
    cut = shorten(text, LONGEST_TEXT - 20)
    is_open = cut.count("{noformat}") % 2
    return f"{cut}\n{{noformat}}" if is_open else cut


def fill_value(value: Any, values: Mapping[str, str]) -> Any:
    """Return a value of a field, with all texts in it filled."""
    if isinstance(value, str):
        filled = MACRO.sub(lambda found: values.get(found[1], ""), value)
        return shorten(readable(filled), LONGEST_TEXT)
    if isinstance(value, dict):
        return {name: fill_value(each, values) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [fill_value(each, values) for each in value]
    return value


def _fill(template: str, values: Mapping[str, str], show: Any) -> str:
    def fill(found: re.Match[str]) -> str:
        value = values.get(found[1], "")
        # A backslash would break the link, and it has no other signs.
        return value if found[1] == ADDRESS else str(show(value))

    return MACRO.sub(fill, template)


def plain_address(url: str) -> str:
    """Return an address without signs of wiki markup; empty if it is none."""
    is_address = url.startswith(("http://", "https://")) and len(url) <= LONGEST_ADDRESS
    return quote(url, safe=IN_ADDRESS, errors="replace") if is_address else ""


def _plain(text: str) -> str:
    return SIGNS.sub(r"\\\g<0>", one_line(text)[:LONGEST_VALUE])


def escape(text: str) -> str:
    """Return a text on one line, whose signs of wiki markup have no meaning."""
    return _plain(text)


def _verbatim(text: str) -> str:
    text = readable(text)
    if len(text) > LONGEST_VALUE:
        half = LONGEST_VALUE // 2
        left_out = len(text) - 2 * half
        note = f"[... {left_out} characters left out ...]"
        text = f"{text[:half]}\n{note}\n{text[-half:]}"
    return ENDS.sub("{ ", text)
