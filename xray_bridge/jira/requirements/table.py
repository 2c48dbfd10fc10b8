"""
Show the coverage of requirements as lines of text and as Markdown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xray_bridge.jira.requirements.coverage import describe_totals
from xray_bridge.text import first_names


if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from xray_bridge.jira.requirements.coverage import CoverageReport, Row

HEADS = (
    "REQUIREMENT",
    "COVERAGE",
    "RESULTS",
    "RELEASE",
    "DATE",
    "OPEN BUGS",
    "SUMMARY",
)
LONGEST_SUMMARY = 60
# Characters with a meaning in Markdown.
SPECIAL = {ord(char): f"\\{char}" for char in "\\`*_[]<>|#"}
SECTIONS = {
    "missing": "Marks for issues that do not exist, or that were moved",
    "closed": "Marks for closed requirements",
}


def list_cells(row: Row) -> tuple[str, ...]:
    """Return the cells of one requirement, in the order of HEADS."""
    known = row.requirement
    results = ", ".join(f"{n} {status}" for status, n in row.results.items())
    return (
        known.key,
        row.status,
        results,
        ", ".join(known.releases),
        known.release_date,
        " ".join(each.key for each in row.open_defects),
        _cut(known.summary),
    )


def list_sections(report: CoverageReport) -> Iterator[str]:
    """Yield the lines below the table."""
    for name, title in SECTIONS.items():
        found: Mapping[str, Sequence[str]] = getattr(report, name)
        if found:
            yield f"{title}: {len(found)}"
            yield from (f"  {key}: {first_names(on)}" for key, on in found.items())
    yield from report.notices
    yield describe_totals(report)


def to_markdown(report: CoverageReport, site: str) -> str:
    """Return the report as a page of Markdown, with links to Jira."""
    lines = ["# Coverage of requirements", "", describe_totals(report), ""]
    lines += [_to_row(HEADS), _to_row(["---"] * len(HEADS))]
    for row in report.rows:
        key, *cells = list_cells(row)
        bugs = " ".join(_to_link(each.key, site) for each in row.open_defects)
        escaped = [_escape(cell) for cell in cells]
        escaped[HEADS.index("OPEN BUGS") - 1] = bugs
        lines.append(_to_row([_to_link(key, site), *escaped]))
    for name, title in SECTIONS.items():
        found: Mapping[str, Sequence[str]] = getattr(report, name)
        if found:
            lines += ["", f"## {title}", ""]
            lines += [
                f"- {key}: {_escape(first_names(on))}" for key, on in found.items()
            ]
    if report.notices:
        lines += ["", *map(_escape, report.notices)]
    return "\n".join((*lines, ""))


def _cut(text: str) -> str:
    is_short = len(text) <= LONGEST_SUMMARY
    return text if is_short else f"{text[: LONGEST_SUMMARY - 3]}..."


def _to_link(key: str, site: str) -> str:
    return f"[{key}]({site}/browse/{key})"


def _to_row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _escape(text: str) -> str:
    return text.translate(SPECIAL)
