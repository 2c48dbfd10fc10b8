"""
Describe a run: the verdict, the counts and the facts at the top of a page.
"""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING

from xray_bridge.errors import RunDirectoryError
from xray_bridge.model.changes import Changes
from xray_bridge.report.results import KIND_OF
from xray_bridge.runs import json_files, run_directory
from xray_bridge.runs.shapes import check_types
from xray_bridge.text import count, unique
from xray_pages import values


if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from xray_bridge.runs.merge import Results
    from xray_bridge.runs.sessions import Run

# Settings that readers look for, and their names on the page.
SETTINGS = {
    "project": "Project",
    "test_plan": "Test Plan",
    "revision": "Revision",
    "fix_version": "Fix version",
}
# The most notices of one sort; a page is no log.
SHOWN = 20


def describe_run(run: Run, results: Results, browse: str) -> values.Run:
    """
    Return the header of a page.

    ``browse`` is the address of issues, before the key; empty if it is unknown.
    """
    counts: Counter[str] = Counter()
    for outcome, kind in KIND_OF.items():
        counts[kind.name] += results.counts[outcome.value]
    executions = _executions(run, browse)
    incomplete = [why for each in run.directories for why in each.missing]
    started = results.started or run.info.started
    return values.Run(
        title=_title(run),
        verdict=_verdict(counts, incomplete=bool(incomplete)),
        headline=_headline(counts, incomplete=bool(incomplete)),
        counts=counts,
        started=started,
        duration=max(0.0, (results.finished or started) - started),
        execution=next(iter(executions), None),
        facts=tuple(_facts(run, browse)),
        notices=tuple(_notices(run, results, incomplete)),
    )


def _title(run: Run) -> str:
    return f"{run.info.framework}, run {run.name}"


def _verdict(counts: Mapping[str, int], *, incomplete: bool) -> values.Kind:
    if counts[values.FAILED.name]:
        return values.FAILED
    if incomplete or not sum(counts.values()):
        return values.OTHER
    if counts[values.FLAKY.name]:
        return values.FLAKY
    return values.PASSED


def _headline(counts: Mapping[str, int], *, incomplete: bool) -> str:
    total = sum(counts.values())
    if not total:
        return "No results"
    failed, flaky = counts[values.FAILED.name], counts[values.FLAKY.name]
    if failed:
        words = f"{failed:,} of {count(total, 'test')} failed"
    elif flaky:
        words = f"{count(total, 'test')}, {flaky:,} flaky"
    else:
        words = f"{count(total, 'test')}, none failed"
    return f"{words}; the run is incomplete" if incomplete else words


def find_browse(run: Run) -> str:
    """Return the address of issues, before the key, as the upload noted it."""
    for directory in run.directories:
        found = _read_receipt(directory).get("test_execution")
        if isinstance(found, dict):
            key, url = str(found.get("key", "")), str(found.get("url", ""))
            if key and url.endswith(f"/{key}"):
                return url.removesuffix(key)
    return ""


def _executions(run: Run, browse: str) -> tuple[values.Link, ...]:
    """Return the Test Executions: several, if the parts were split by something."""
    keys = unique([each.state.test_execution] for each in run.directories)
    return tuple(
        values.Link(key, f"{browse}{key}" if browse else "") for key in keys if key
    )


def _facts(run: Run, browse: str) -> Iterator[tuple[str, tuple[values.Link, ...]]]:
    info = run.info
    if len(executions := _executions(run, browse)) > 1:
        yield "Test Executions", executions
    for name, title in SETTINGS.items():
        if given := info.settings.get(name):
            is_key = name == "test_plan" and browse
            yield title, (values.Link(given, f"{browse}{given}" if is_key else ""),)
    if environments := unique(run.environments):
        yield "Test Environments", tuple(map(values.Link, environments))
    ci = info.ci
    if ci.get("name"):
        words = " ".join(filter(None, (ci["name"], ci.get("build_number"))))
        yield "Build", (values.Link(words, ci.get("build_url", "")),)
    for name in ("branch", "tag", "revision"):
        if ci.get(name) and name not in info.settings:
            yield name.capitalize(), (values.Link(ci[name]),)
    yield from _change_facts(run)
    versions = (f"{name} {version}" for name, version in info.versions.items())
    yield "Versions", (values.Link(", ".join(versions)),)


def _change_facts(run: Run) -> Iterator[tuple[str, tuple[values.Link, ...]]]:
    """Yield what changed, as the upload noted it."""
    found = read_changes(run)
    if found is not None and found.baseline is not None:
        words = f"{found.baseline}: {found.summary}"
        yield "Compared with", (values.Link(words),)


def read_changes(run: Run) -> Changes | None:
    """Read what changed since an earlier run, as the upload noted it."""
    for directory in run.directories:
        found = _read_receipt(directory).get("changes")
        # A damaged receipt is no reason to have no page.
        with suppress(AttributeError, KeyError, TypeError, ValueError):
            if isinstance(found, dict):
                return check_types(Changes.from_json(found))
    return None


def _notices(run: Run, results: Results, incomplete: list[str]) -> Iterator[str]:
    yield from (f"Incomplete: {why}" for why in (*incomplete, *results.missing))
    if ignored := sum(each.state.ignored for each in run.directories):
        yield f"Ignored: {count(ignored, 'test')}, not reported to Xray"
    yield from run.info.notices
    refused = [
        f"Xray refused {each.get('key') or 'a result'}: {each.get('message', '')}"
        for directory in run.directories
        for each in _as_list(_read_receipt(directory).get("refused"))
        if isinstance(each, dict)
    ]
    yield from _first(refused)
    yield from _first([f"Not sent: {why}" for why in results.withheld])
    yield from _first([f"Left out: {what}" for what in results.left_out])


def _as_list(found: object) -> list[object]:
    return found if isinstance(found, list) else []


def _first(notices: list[str]) -> list[str]:
    if len(notices) <= SHOWN:
        return notices
    return [*notices[:SHOWN], f"and {len(notices) - SHOWN:,} more like these"]


def _read_receipt(directory: run_directory.RunDirectory) -> dict[str, object]:
    try:
        return json_files.read_json(directory.path / "receipt.json")
    except RunDirectoryError:
        return {}
