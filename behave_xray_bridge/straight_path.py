"""
Record scenarios that passed and have nothing else to say, which are most scenarios.

Their JSON is made from behave's model, without a ``TestRun`` in between: text is made
quicker than objects. It is made when a scenario begins, for the note about the running
scenario. When the scenario has ended, its outcome and durations complete the line.
"""

from __future__ import annotations

from functools import lru_cache
from json.encoder import encode_basestring_ascii as quote
from math import inf
from pathlib import PurePath
from typing import TYPE_CHECKING

from behave.model import Status

from behave_xray_bridge.convert import join_lines, own_tags, read_row, read_table
from xray_bridge.model.results import Outcome
from xray_bridge.runs.journal_lines import compact_json


if TYPE_CHECKING:
    from collections.abc import Iterable

    from behave.model import Feature, Step

    from behave_xray_bridge.convert import Converter, Place
    from xray_bridge.model.tags import TagMeaning
    from xray_bridge.recording.session import Session

PASSED = Status.passed
# How the JSON of a step ends: ``_describe_step`` makes the beginning.
NOT_RUN = f',"outcome":"{Outcome.NOT_RUN.value}"}}'
ENDED = f',"outcome":"{Outcome.PASSED.value}","duration":'


class StraightPath:
    """Writes notes and lines of scenarios, as long as these are simple."""

    def __init__(self, converter: Converter, session: Session) -> None:
        self._converter = converter
        self._session = session
        # The scenario that was noted last, and its state then.
        self._noted: object = None
        self._state: tuple[object, ...] = ()
        # The beginnings of its line and of each of its steps, as JSON.
        self._line = ""
        self._steps: list[str] = []

    def note(self, place: Place, started: float) -> bool:
        """
        Note a scenario that begins; False if its texts must be cleaned first.

        A scenario that is not reported has no note.
        """
        meaning = self._converter.read_tags(place)
        if meaning.ignored:
            self._noted = None
            return True
        self._line, self._steps = describe(self._converter, place, meaning)
        steps = ",".join([f"{step}{NOT_RUN}" for step in self._steps])
        text = f'{self._line},"started":{started!r},"steps":[{steps}]}}'
        if not self._session.scrub.is_clean(text):
            self._noted = None
            return False
        self._noted, self._state = place.scenario, _read_state(place)
        if self._session.note is not None:
            self._session.note.write_json(text)
        return True

    def record_passed(self, place: Place, started: float) -> bool:
        """
        Record the noted scenario, which has ended; False if there is more to say.

        This is so if a step or hook did not pass, if there are no steps, and if
        anything has changed since the note.
        """
        scenario = place.scenario
        is_noted = scenario is self._noted
        if not is_noted or _has_failed_hook(place):
            return False
        durations = []
        for step in scenario.all_steps:
            if step.status is not PASSED or step.hook_failed:
                return False
            durations.append(step.duration)
        duration = sum(durations)
        # A test may patch the clock. (An invalid duration is no JSON.)
        is_valid = durations and 0 <= duration < inf
        if not is_valid or scenario.status is not PASSED:
            return False
        if _read_state(place) != self._state:
            return False
        if self._converter.read_tags(place).malformed:
            return False
        ended = zip(self._steps, durations, strict=True)
        steps = ",".join([f"{step}{ENDED}{lasted:.6f}}}" for step, lasted in ended])
        self._session.record_json(
            f'{self._line},"outcome":"passed","started":{started!r},'
            f'"duration":{duration:.6f},"steps":[{steps}]}}'
        )
        return True


def _has_failed_hook(place: Place) -> bool:
    if place.rule is not None and place.rule.hook_failed:
        return True
    return bool(place.scenario.hook_failed or place.feature.hook_failed)


def _read_state(place: Place) -> tuple[object, ...]:
    """Return all that a hook or a step may change, and a line shows."""
    scenario, feature = place.scenario, place.feature
    return (
        scenario.name,
        [*scenario.tags],
        [*scenario.description],
        feature.name,
        [*feature.tags],
        [*place.rule.tags] if place.rule else (),
        [
            (step.name, step.text, step.table and read_table(step.table))
            for step in scenario.all_steps
        ],
    )


def describe(
    converter: Converter, place: Place, meaning: TagMeaning
) -> tuple[str, list[str]]:
    """Return the beginnings of the line of a scenario and of its steps, as JSON."""
    scenario, outline = place.scenario, place.outline
    path = converter.paths.read(place.feature.filename)
    name = quote(outline.name if outline else scenario.name)
    described = _field("description", join_lines(scenario.description))
    row = ""
    line = (
        f'{{"classname":{_class_name(path)},"name":{name},"summary":{name}{described}'
        f"{_list_field('test_keys', meaning.test_keys)}"
        f"{_list_field('labels', meaning.labels)}"
        f"{_list_field('requirements', meaning.requirements)}"
    )
    if outline:
        line += f',"parameters":{compact_json(read_row(scenario))}'
        row = f',"outline":{name},"row":{place.row}'
    line += (
        f',"scenario":{{"name":{quote(scenario.name)},'
        f'"keyword":{quote(scenario.keyword)},"line":{scenario.line}'
        f"{_list_field('tags', own_tags(place))}{described}{row},"
        f'"feature":{_describe_feature(place.feature, path)}}}'
    )
    return line, [_describe_step(step) for step in scenario.all_steps]


@lru_cache(maxsize=8)
def _class_name(path: str) -> str:
    return quote(".".join(PurePath(path).with_suffix("").parts))


def _describe_feature(feature: Feature, path: str) -> str:
    return (
        f'{{"path":{quote(path)},"name":{quote(feature.name)},'
        f'"keyword":{quote(feature.keyword)},"line":{feature.line}'
        f"{_list_field('tags', feature.tags)}"
        f"{_field('description', join_lines(feature.description))}}}"
    )


def _describe_step(step: Step) -> str:
    text = f',"text":{quote(str(step.text))}' if step.text else ""
    if step.table:
        text += f',"table":{compact_json(read_table(step.table))}'
    return (
        f'{{"keyword":{quote(step.keyword)},"name":{quote(step.name)},'
        f'"line":{step.location.line}{text}'
    )


def _field(name: str, text: str) -> str:
    return f',"{name}":{quote(text)}' if text else ""


def _list_field(name: str, texts: Iterable[str]) -> str:
    return f',"{name}":[{",".join(map(quote, texts))}]' if texts else ""
