"""
Find evidence that other plugins made for a test, so that users need not attach it.

Neither plugin is imported. pytest-playwright keeps screenshots, videos and
traces in a folder for each test (fixture ``output_path``), depending on its own
options; pytest-html has texts and images on the report (``extras``).
"""

from __future__ import annotations

import base64
import binascii
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xray_bridge.runs.evidence import EvidenceSource


if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

PLAYWRIGHT = "output_path"
MEDIA = frozenset({"image", "video"})
TEXTS = {"text": "txt", "html": "html", "json": "json"}


def may_have_evidence(item: pytest.Item | None, report: pytest.TestReport) -> bool:
    """Whether ``find_evidence`` may find something; quicker than looking for it."""
    fixtures = getattr(item, "funcargs", None) or ()
    return PLAYWRIGHT in fixtures or bool(report.__dict__.get("extras"))


def find_evidence(
    item: pytest.Item, report: pytest.TestReport
) -> Iterator[EvidenceSource]:
    """Find evidence on a report, and after the last fixture has ended in files."""
    if report.when == "teardown":
        yield from _find_playwright_files(item)
    # pytest-html itself adds them to the report of the call only.
    for extra in getattr(report, "extras", None) or ():
        source = _parse_html_extra(extra) if isinstance(extra, dict) else None
        if source is not None:
            yield source


def _find_playwright_files(item: pytest.Item) -> Iterator[EvidenceSource]:
    fixtures: dict[str, Any] = getattr(item, "funcargs", None) or {}
    folder = fixtures.get(PLAYWRIGHT)
    if "page" not in fixtures and "context" not in fixtures:
        # A fixture of the same name that is not pytest-playwright's.
        return
    if isinstance(folder, (str, Path)) and Path(folder).is_dir():
        for path in sorted(Path(folder).rglob("*")):
            if path.is_file():
                yield EvidenceSource(path)


def _parse_html_extra(extra: dict[str, Any]) -> EvidenceSource | None:
    """Convert an extra of pytest-html; None for links and images with an address."""
    kind, content = extra.get("format_type"), extra.get("content")
    ending = extra.get("extension") or TEXTS.get(str(kind), "")
    name = str(extra.get("name") or kind or "extra")
    if ending and not name.endswith(f".{ending}"):
        name = f"{name}.{ending}"
    if kind in TEXTS:
        text = content if isinstance(content, str) else json.dumps(content, default=str)
        found: bytes | None = text.encode("utf-8", "backslashreplace")
    else:
        found = _decode(content) if kind in MEDIA else None
    media_type = str(extra.get("mime_type") or "")
    return EvidenceSource(found, name, media_type) if found else None


def _decode(content: object) -> bytes | None:
    if isinstance(content, bytes):
        return content
    try:
        return base64.b64decode(str(content), validate=True)
    except (binascii.Error, ValueError):
        return None
