"""
Make HTML of Jira's wiki markup, as far as comments of Test Runs have it.

Blocks: noformat, code, quote, headings, lists, tables, rules. In a line: bold,
emphasis, deleted, monospaced, links. Everything else stays text. The output is safe:
all text is escaped, and links lead to http, https or mail addresses only.
(Atlassian, "Text formatting notation help".)
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import takewhile

from markupsafe import Markup, escape


BLOCK = re.compile(
    r"\{(?P<name>noformat|code|quote)(?::[^}\n]*)?\}(?P<text>.*?)\{(?P=name)\}",
    re.DOTALL,
)
HEADING = re.compile(r"h(?P<level>[1-6])\.\s+(?P<text>.+)")
ITEM = re.compile(r"(?P<mark>[*#-])\s+(?P<text>.+)")
RULE = re.compile(r"-{4,}\s*")
INLINE = re.compile(
    r"\{\{(?P<mono>[^{}\n]+)\}\}"
    r"|\[(?:(?P<label>[^\[\]|\n]+)\|)?(?P<url>(?:https?://|mailto:)[^\s\[\]|]+)\]"
    r"|(?P<bare>https?://[^\s<>\"\[\]{}|]+)"
    r"|(?<!\w)(?P<mark>[*_+-])(?P<text>\S|\S[^\n]*?\S)(?P=mark)(?!\w)"
)
MARKS = {"*": "strong", "_": "em", "+": "ins", "-": "del"}
LISTS = {"*": "ul", "-": "ul", "#": "ol"}
# Of a link at the end of a sentence.
ENDS = ".,;:!?)"


def render_wiki(text: str) -> Markup:
    """Return HTML of a text in wiki markup."""
    return Markup("").join(_blocks(text.replace("\r\n", "\n")))


def _blocks(text: str) -> Iterator[Markup]:
    end = 0
    for found in BLOCK.finditer(text):
        yield from _paragraphs(text[end : found.start()])
        inner = found["text"].strip("\n")
        if found["name"] == "quote":
            parts = Markup("").join(_paragraphs(inner))
            yield Markup("<blockquote>{}</blockquote>").format(parts)
        else:
            yield Markup("<pre>{}</pre>").format(inner)
        end = found.end()
    yield from _paragraphs(text[end:])


def _paragraphs(text: str) -> Iterator[Markup]:
    for paragraph in re.split(r"\n\s*\n", text.strip("\n")):
        if paragraph.strip():
            yield from _lines(paragraph.split("\n"))


def _lines(lines: list[str]) -> Iterator[Markup]:
    """Headings, rules, lists and tables; the lines between them are paragraphs."""
    plain: list[str] = []
    number = 0
    while number < len(lines):
        line = lines[number].strip()
        rows = _run_of(lines, number)
        if not rows:
            plain.append(line)
            number += 1
            continue
        if plain:
            yield _paragraph(plain)
            plain = []
        yield _block_of(rows)
        number += len(rows)
    if plain:
        yield _paragraph(plain)


def _run_of(lines: list[str], start: int) -> list[str]:
    """Return the lines from here on that form one block; none for ordinary text."""
    first = lines[start].strip()
    kind = _kind_of(first)
    if kind in {"", "line"}:
        return [first] if kind else []
    return list(
        takewhile(lambda line: _kind_of(line) == kind, map(str.strip, lines[start:]))
    )


def _kind_of(line: str) -> str:
    """Return a list's tag, ``table``, ``line`` for a block of one line, or nothing."""
    if RULE.fullmatch(line) or HEADING.fullmatch(line):
        return "line"
    return _list_tag(line) or ("table" if line.startswith("|") else "")


def _list_tag(line: str) -> str:
    found = ITEM.fullmatch(line)
    return LISTS[found["mark"]] if found else ""


def _block_of(lines: list[str]) -> Markup:
    first = lines[0]
    if RULE.fullmatch(first):
        return Markup("<hr>")
    if heading := HEADING.fullmatch(first):
        # The page itself has the levels above.
        level = min(6, int(heading["level"]) + 3)
        inner = _inline(heading["text"])
        return Markup("<h{}>{}</h{}>").format(level, inner, level)
    if tag := _list_tag(first):
        items = [_inline(line[1:].strip()) for line in lines]
        inner = Markup("").join(Markup("<li>{}</li>").format(each) for each in items)
        return Markup("<{}>{}</{}>").format(tag, inner, tag)
    rows = Markup("").join(map(_row, lines))
    return Markup('<div class="wide"><table>{}</table></div>').format(rows)


def _row(line: str) -> Markup:
    is_head = line.startswith("||")
    tag = "th" if is_head else "td"
    cells = line.strip("|").split("||" if is_head else "|")
    inner = Markup("").join(
        Markup("<{}>{}</{}>").format(tag, _inline(cell.strip()), tag) for cell in cells
    )
    return Markup("<tr>{}</tr>").format(inner)


def _paragraph(lines: list[str]) -> Markup:
    inner = Markup("<br>").join(map(_inline, lines))
    return Markup("<p>{}</p>").format(inner)


def _inline(text: str) -> Markup:
    parts: list[Markup] = []
    end = 0
    for found in INLINE.finditer(text):
        parts += [escape(text[end : found.start()]), _marked(found)]
        end = found.end()
    parts.append(escape(text[end:]))
    return Markup("").join(parts)


def _marked(found: re.Match[str]) -> Markup:
    if found["mono"]:
        return Markup("<code>{}</code>").format(found["mono"])
    if found["mark"]:
        tag = MARKS[found["mark"]]
        return Markup("<{}>{}</{}>").format(tag, _inline(found["text"]), tag)
    url = found["url"] or found["bare"].rstrip(ENDS)
    tail = "" if found["url"] else found["bare"][len(url) :]
    link = Markup('<a href="{}" rel="noreferrer">{}</a>')
    return link.format(url, found["label"] or url) + escape(tail)
