"""
Write the page of one or several runs.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from xray_bridge.atomic import replaced
from xray_bridge.report.header import describe_run, find_browse, read_changes
from xray_bridge.report.history import History
from xray_bridge.report.history import list_tables as history_tables
from xray_bridge.report.news import count_causes
from xray_bridge.report.news import list_tables as news_tables
from xray_bridge.report.overview import Seen
from xray_bridge.report.overview import list_tables as overview_tables
from xray_bridge.report.results import Converter
from xray_bridge.text import count


if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from xray_bridge.runs.sessions import Run


def write_page(runs: Sequence[Run], path: Path, browse: str = "") -> int:
    """
    Write the page of the last run, with its history in the others; oldest first.

    ``browse`` is the address of issues, before the key; else it is what the
    upload noted. Returns the number of results.
    """
    from xray_pages import values, write_report

    run = runs[-1]
    browse = browse or find_browse(run)
    found = run.results()
    header = describe_run(run, found, browse)
    history = History(runs[:-1], browse)
    seen = Seen(run)
    converter = Converter(
        lambda key: f"{browse}{key}" if browse else "",
        found.path_of,
    )

    def convert_all() -> Iterator[values.Result]:
        for part, each in found.runs_of_parts():
            seen.take(part, each)
            yield converter.convert(each, run.environments[part])

    results = list(history.add(convert_all()))
    if causes := count_causes(results):
        fact = ("Causes", (values.Link(count(causes, "cause")),))
        header = replace(header, facts=(*header.facts, fact))
    trend = values.Trend(
        runs=tuple(history.headers),
        tables=(
            *news_tables(read_changes(run), results, browse),
            *history_tables(results),
            *overview_tables([*history.runs, seen], browse),
        ),
    )
    with replaced(path) as file:
        write_report(file, f"{header.headline}: {header.title}", header, results, trend)
    return len(results)
