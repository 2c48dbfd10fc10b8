"""
Compare what a report format can say with what a run needs.

The upload takes the format that can say everything that was set.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xray_bridge.config.settings import TABLE
from xray_bridge.errors import SettingError
from xray_bridge.model import tags
from xray_bridge.model.dialect import DIALECTS
from xray_bridge.model.execution_fields import XRAY_FIELDS
from xray_bridge.model.formats import (
    ALL_WRITERS,
    AUTO,
    FORMATS,
    OTHER_WRITERS,
    WRITERS,
    XML_FORMATS,
    Holds,
    Need,
    title_of,
)
from xray_bridge.runs.aggregate import WORST


if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from xray_bridge.config.settings import Settings
    from xray_bridge.model.dialect import Dialect
    from xray_bridge.model.results import Outcome, Scenario, TestIssue, TestRun
    from xray_bridge.runs.merge import Results


def needs_of_settings(settings: Settings, dialect: Dialect) -> dict[Need, str]:
    """
    Find the needs that the settings have of a report, with their names in messages.

    ``dialect`` has the statuses that were set.
    """
    found = {}
    changed = dialect.changed
    if changed:
        special = {o: w for o, w in changed.items() if dialect.plainly(o) is None}
        need = Need.WORD if special else Need.STATUS
        found[need] = f"xray_statuses ({_format_statuses(special or changed)})"
    if settings.aggregate != WORST:
        found[Need.AGGREGATE] = f"xray_aggregate = {settings.aggregate}"
    return found


def needs_of_run(
    settings: Settings, dialect: Dialect, results: Results
) -> dict[Need, str]:
    """Find the needs that settings and results have of a report."""
    counts = {
        Need.DEFECTS: results.defects,
        Need.STEPS: results.steps,
        Need.EVIDENCE: results.pieces_of_evidence,
    }
    of_results = {need: need.value for need, number in counts.items() if number}
    return {**needs_of_settings(settings, dialect), **of_results}


def missing_needs(name: str, wanted: Mapping[Need, str]) -> list[str]:
    """List the needs that a format cannot hold."""
    return _select_needs(ALL_WRITERS[name].cannot, wanted)


def better_elsewhere(
    name: str, wanted: Mapping[Need, str], dialect: Dialect | None = None
) -> list[str]:
    """List the needs that another format holds better, for one or any product."""
    writer = ALL_WRITERS[name]
    found = {*writer.cannot, *writer.in_comments}
    for each in [dialect] if dialect else DIALECTS.values():
        found |= each.not_always_read.get(name, frozenset())
    return _select_needs(found, wanted)


def words_for(name: str, dialect: Dialect) -> Dialect:
    """
    Return a dialect for a report that is not sent, with statuses that its format has.

    The report that is sent has a format that can say everything. The other reports are
    for people, and are written even if they cannot.
    """
    cannot = Need.WORD in ALL_WRITERS[name].cannot
    plain = all(dialect.plainly(each) is not None for each in dialect.changed)
    return dialect if plain or not cannot else DIALECTS[dialect.name]


def _select_needs(needs: Iterable[Need], wanted: Mapping[Need, str]) -> list[str]:
    found = frozenset(needs)
    return [title for need, title in wanted.items() if need in found]


def _format_statuses(statuses: Mapping[Outcome, str]) -> str:
    return ", ".join(f"{outcome.value}={word}" for outcome, word in statuses.items())


def sent_as(name: str, *, existing: bool) -> str:
    """
    Return the format in which a report is sent.

    The plain endpoints of Cucumber and Behave JSON take no key, so results for an
    existing Test Execution are sent as Xray JSON.
    """
    return "xray" if existing and name in WRITERS and name not in XML_FORMATS else name


def refuse_format(settings: Settings, dialect: Dialect) -> None:
    """
    Refuse a format that cannot hold what other settings ask for.

    Only the first format is sent. Raises SettingError.
    """
    name = settings.format[0]
    if name == AUTO:
        return
    if name in OTHER_WRITERS:
        msg = f"Xray does not import {title_of(name)} (xray_format)"
        raise SettingError(msg, hint=f"set xray_format = auto,{name} to write both")
    on_the_way = sent_as(name, existing=bool(settings.test_execution))
    gone = missing_needs(on_the_way, needs_of_settings(settings, dialect))
    if gone:
        msg = f"xray_format = {name} cannot hold {' and '.join(gone)}"
        raise SettingError(msg, hint="set xray_format to auto or xray")


def refuse_scenarios_without_keys(
    settings: Settings, dialect: Dialect, usual: str
) -> None:
    """
    Refuse a session of scenarios without a Test key that cannot be sent.

    ``usual`` is the format of its framework. Raises SettingError.
    """
    wanted = needs_of_settings(settings, dialect)
    name = usual if settings.format[0] == AUTO else settings.format[0]
    on_the_way = sent_as(name, existing=bool(settings.test_execution))
    asks = ["xray_test_execution"] if on_the_way != name else []
    if settings.format[0] == AUTO and better_elsewhere(on_the_way, wanted, dialect):
        asks += wanted.values()
        on_the_way = "xray"
    later = _said_later(settings, dialect)
    if later and _held_by(on_the_way) is not Holds.NAMED:
        # A second request sends these, and that is Xray JSON.
        asks += later
        on_the_way = "xray"
    if _held_by(on_the_way) is not Holds.NAMED:
        return
    title = FORMATS[on_the_way].title
    why = f"with {' and '.join(asks)} " if asks else ""
    msg = (
        f"no scenario has a Test key, and {why}results are sent as {title}, which "
        "cannot hold scenarios without a key"
    )
    hint = (
        "tag each scenario with its Test, such as @TEST_CALC-1, or report into a new "
        "Test Execution"
    )
    raise SettingError(msg, hint=hint)


def _said_later(settings: Settings, dialect: Dialect) -> list[str]:
    """List settings that the request for a new Test Execution cannot hold."""
    nowhere = [f.name for f in XRAY_FIELDS if dialect.xray_fields and not f.cloud_name]
    given = (TABLE[name] for name in nowhere if getattr(settings, name))
    return [f"xray_{each.name}" for each in given if settings.is_given(each)]


def holds_everything(name: str) -> bool:
    """Whether a format can say everything about every result."""
    return _held_by(name) is Holds.ALL


def can_hold(name: str, run: TestRun) -> bool:
    """Whether a format can hold a result."""
    return {
        Holds.ALL: True,
        Holds.SCENARIOS: run.scenario is not None,
        # Xray JSON would make a Generic Test of a scenario without a key.
        Holds.NAMED: bool(run.test.test_keys) or run.scenario is None,
    }[_held_by(name)]


def why_not_held(name: str) -> str:
    """Say why a format leaves results out."""
    what = {
        Holds.SCENARIOS: "results of tests that are not scenarios",
        Holds.NAMED: "scenarios without a Test key",
    }
    return f"{FORMATS[name].title} cannot hold {what[_held_by(name)]}"


def without_a_place(name: str, results: Results) -> int:
    """Count the results that a format leaves out."""
    return {
        Holds.ALL: 0,
        Holds.SCENARIOS: len(results) - results.scenarios,
        Holds.NAMED: results.unkeyed_scenarios,
    }[_held_by(name)]


def find_unsaid(name: str, run: TestRun) -> list[str]:
    """List what a format cannot say about a result that it holds."""
    say: Mapping[Holds, Callable[[TestRun], list[str]]] = {
        Holds.SCENARIOS: _unsaid_of_scenarios,
        Holds.NAMED: _unsaid_of_known_tests,
    }
    holds = _held_by(name)
    return say[holds](run) if holds in say else []


def _held_by(name: str) -> Holds:
    return ALL_WRITERS[name].holds


def _unsaid_of_known_tests(run: TestRun) -> list[str]:
    """List what is lost because Xray JSON says only the key of a known Test."""
    test = run.test
    if not test.test_keys:
        return []
    found: dict[str, Collection[str]] = {
        "requirements": test.requirements,
        "labels": test.labels,
        "summaries": test.summary,
        "descriptions": test.description,
    }
    if run.scenario:
        # Xray has the tags of the feature already.
        known = (*run.scenario.tags, *run.scenario.feature.tags)
        found["requirements"] = [
            key
            for key in test.requirements
            if not any(tag.endswith(key) for tag in known)
        ]
        found["labels"] = [label for label in test.labels if label not in known]
        found |= _other_words(test, run.scenario)
    return [name for name, value in found.items() if value]


def _unsaid_of_scenarios(run: TestRun) -> list[str]:
    """List what is lost because scenarios have only steps and tags."""
    found: dict[str, Collection[object]] = {
        "comments": run.comment,
        "custom fields": run.custom_fields,
    }
    if run.scenario:
        known = (*run.scenario.tags, *run.scenario.feature.tags)
        labels = [label for label in run.test.labels if not _is_tag(label)]
        found["labels"] = [label for label in labels if label not in known]
        found |= _other_words(run.test, run.scenario)
    return [name for name, value in found.items() if value]


def _is_tag(label: str) -> bool:
    """Whether a label can be written as a tag without another meaning."""
    return label.split() == [label] and bool(tags.read([label]).labels)


def _other_words(test: TestIssue, scenario: Scenario) -> dict[str, str]:
    """Return summary and description if they differ from the feature file's."""
    same = test.summary in {scenario.name, scenario.outline}
    return {
        "summaries": "" if same else test.summary,
        "descriptions": (
            "" if test.description == scenario.description else test.description
        ),
    }
