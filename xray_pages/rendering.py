"""
Render pages with Jinja2.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections import Counter
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, BinaryIO

from jinja2 import Environment, PackageLoader, StrictUndefined

from xray_pages import values
from xray_pages.texts import split_failure
from xray_pages.wiki import render_wiki


if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from xray_pages.values import Evidence, Link, Result, Run, Trend

# Images that a browser shows in ``<img>``, where scripts of an SVG do not run.
IMAGES = ("png", "jpeg", "gif", "webp", "avif", "bmp", "svg+xml")
IMAGE_TYPES = frozenset(f"image/{name}" for name in IMAGES)
VIDEO_TYPES = frozenset(f"video/{name}" for name in ("mp4", "webm", "ogg"))
JSON_TYPES = ("application/json", "+json")
TEXT_TYPES = ("text/", "application/xml", "application/yaml", "+xml", *JSON_TYPES)
# In bytes: a longer text is offered as a file, since nobody reads it in a page.
LONGEST_TEXT = 1 << 20
# Lists of more results than this are folded at first, if nothing in them is bad.
LONGEST_OPEN = 200
# Causes that a reader can choose from; more are found by their words.
MOST_CAUSES = 100


def write_report(
    file: BinaryIO, title: str, run: Run, results: Sequence[Result], trend: Trend
) -> None:
    """Write a page without references to other files."""
    template = environment().get_template("report.html")
    stream = template.stream(
        title=title,
        run=run,
        sections=group_results(results),
        facets=list_facets(results),
        trend=trend,
        style=read_asset("page.css"),
        script=read_asset("page.js"),
        policy=policy(),
    )
    # Jinja gives a piece for each expression.
    stream.enable_buffering(500)
    # A server's text may have halves of characters, which UTF-8 has no bytes for.
    stream.dump(file, encoding="utf-8", errors="backslashreplace")


@cache
def environment() -> Environment:
    """Return the Jinja environment, which escapes everything."""
    found = Environment(
        loader=PackageLoader("xray_pages"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    add_helpers(found)
    return found


def add_helpers(found: Environment) -> None:
    """Add what the templates use; the sandbox adds it to Flask's environment."""
    found.filters |= {
        "duration": format_duration,
        "size": format_size,
        "wiki": render_wiki,
        "failure": split_failure,
        "when": format_time,
    }
    found.globals |= {
        "KINDS": values.KINDS,
        "LONGEST_OPEN": LONGEST_OPEN,
        "view_of": view_of,
        "data_url": data_url,
        "text_of": text_of,
        "safe_url": safe_url,
        "bar": bar,
    }


@cache
def read_asset(name: str) -> str:
    """Return the text of a style sheet or a script."""
    return (resources.files("xray_pages") / "assets" / name).read_text("utf-8")


@cache
def policy() -> str:
    """
    Return the Content-Security-Policy of a page that is one file.

    The page runs its own script and no other, and loads nothing.
    """
    script, style = map(_hash, ("page.js", "page.css"))
    return (
        f"default-src 'none'; script-src {script}; style-src {style}; "
        "img-src data:; media-src data:; base-uri 'none'; form-action 'none'"
    )


def _hash(name: str) -> str:
    digest = hashlib.sha256(read_asset(name).encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


class Section:
    """The results of one kind, by their groups."""

    def __init__(self, kind: values.Kind) -> None:
        self.kind = kind
        self.groups: dict[str, list[Result]] = {}

    @property
    def total(self) -> int:
        """The number of results."""
        return sum(map(len, self.groups.values()))


def group_results(results: Iterable[Result]) -> list[Section]:
    """Return the results by kind, in the order of a page, and by group."""
    found = {kind.name: Section(kind) for kind in values.KINDS}
    for result in results:
        groups = found[result.kind.name].groups
        groups.setdefault(result.group, []).append(result)
    return [section for section in found.values() if section.groups]


def list_facets(results: Iterable[Result]) -> dict[str, list[str]]:
    """Return tags, Test Environments and causes that a reader can choose from."""
    tags: dict[str, None] = {}
    environments: dict[str, None] = {}
    causes: Counter[str] = Counter()
    for result in results:
        tags |= dict.fromkeys(result.tags)
        environments |= dict.fromkeys(result.environments)
        causes.update(filter(None, [result.cause]))
    found = {
        "tag": sorted(tags),
        "environment": sorted(environments),
        "cause": [cause for cause, _ in causes.most_common(MOST_CAUSES)],
    }
    return {name: words for name, words in found.items() if len(words) > 1}


def view_of(piece: Evidence) -> str:
    """Return how a page shows a piece of evidence: image, video, text or file."""
    kind = piece.media_type.partition(";")[0].strip().lower()
    if kind in IMAGE_TYPES:
        return "image"
    if kind in VIDEO_TYPES:
        return "video"
    if piece.size <= LONGEST_TEXT and any(
        kind.startswith(each) or kind.endswith(each) for each in TEXT_TYPES
    ):
        return "text"
    return "file"


def data_url(piece: Evidence) -> str:
    """Return the address of a file: a server's, or one that contains the file."""
    if piece.url or piece.read is None:
        return piece.url
    is_shown = view_of(piece) in {"image", "video"}
    kind = (
        piece.media_type.partition(";")[0] if is_shown else "application/octet-stream"
    )
    return f"data:{kind};base64,{base64.b64encode(piece.read()).decode('ascii')}"


def text_of(piece: Evidence) -> str:
    """Return the text of a file; JSON is indented."""
    text = piece.read().decode("utf-8", "replace") if piece.read else ""
    if piece.media_type.partition(";")[0].strip().endswith(("json", "+json")):
        try:
            return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
        except (ValueError, RecursionError):
            pass
    return text


def safe_url(link: Link) -> str:
    """Return the address of a link; empty unless it leads to a web page."""
    url = link.url.strip()
    is_web = url.lower().startswith(("http://", "https://", "/", "#"))
    return url if is_web and not url.startswith("//") else ""


def format_duration(seconds: float) -> str:
    """Return a duration in its best unit, such as ``12 ms`` or ``2 min 5 s``."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:  # noqa: PLR2004 - a minute
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def format_size(size: int) -> str:
    """Return a size in bytes in its best unit."""
    amount = float(size)
    for unit in ("bytes", "kB", "MB"):
        if amount < 1000:  # noqa: PLR2004 - the step of the units
            return f"{amount:.0f} {unit}"
        amount /= 1000
    return f"{amount:.1f} GB"


def format_time(moment: float) -> str:
    """Return a moment in UTC, such as ``2026-11-29 12:30``; empty if it is unknown."""
    import datetime as dt

    if not moment:
        return ""
    try:
        found = dt.datetime.fromtimestamp(moment, dt.timezone.utc)
    except (OverflowError, OSError, ValueError):
        return ""
    return found.strftime("%Y-%m-%d %H:%M UTC")


def bar(counts: Any, total: int) -> Iterator[tuple[values.Kind, float, float]]:
    """Yield the parts of a bar: kind, start and width, in percent."""
    start = 0.0
    for kind in values.KINDS:
        width = 100 * counts.get(kind.name, 0) / total if total else 0
        if width:
            yield kind, round(start, 2), round(width, 2)
        start += width
