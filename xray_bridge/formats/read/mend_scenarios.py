"""
Mend Cucumber and Behave JSON that Xray would refuse or read wrongly.

pytest-bdd writes tags without ``@`` into Cucumber JSON, in which Xray looks for
``@TEST_CALC-1`` (its manual, "Import Execution Results").
cucumber-ruby writes hooks that fail before a background into the background.
behave 1.3 and cucumber-js have statuses that Xray does not know (behave's ``Status``,
cucumber-js's ``TestStepResultStatus``).
behave writes the status of the scenario before a rule into the rule's background
(``findings/behave-json-status-in-a-background.sh``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xray_bridge.model.results import Outcome


if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Iterator, Mapping, Sequence

SIGNS = "@ added to tags"
HOOKS = "hooks of backgrounds moved to their scenarios"
STEP_HOOKS = "steps with a failed hook marked as failed"
STATUSES = "statuses of backgrounds moved to their scenarios"
BY_STEPS = "status of scenarios taken from their steps"

# Statuses of steps, hooks and scenarios. An unknown status has failed.
WORDS: Mapping[str, Outcome] = {
    "passed": Outcome.PASSED,
    "failed": Outcome.FAILED,
    "error": Outcome.FAILED,
    "ambiguous": Outcome.FAILED,
    "undefined": Outcome.FAILED,
    "skipped": Outcome.SKIPPED,
    "pending": Outcome.SKIPPED,
    "unknown": Outcome.SKIPPED,
    "untested": Outcome.NOT_RUN,
    "": Outcome.NOT_RUN,
}
BEHAVE_WORDS: Mapping[str, Outcome] = {
    **WORDS,
    "hook_error": Outcome.FAILED,
    "cleanup_error": Outcome.FAILED,
    "pending": Outcome.FAILED,
    "pending_warn": Outcome.SKIPPED,
    "untested_pending": Outcome.NOT_RUN,
    "untested_undefined": Outcome.NOT_RUN,
    "executing": Outcome.NOT_RUN,
    "xfailed": Outcome.PASSED,
    "xpassed": Outcome.PASSED,
}
# The statuses that Xray's endpoints know and that are kept.
KNOWN = frozenset({"passed", "failed", "skipped"})
SENT = {False: KNOWN | {"pending"}, True: KNOWN | {"untested"}}
SPELLED = {
    Outcome.PASSED: "passed",
    Outcome.FAILED: "failed",
    Outcome.SKIPPED: "skipped",
    Outcome.NOT_RUN: "skipped",
}


def outcome_of(word: object, *, behave: bool) -> Outcome | None:
    """Find the outcome of a status; None if it is unknown."""
    words = BEHAVE_WORDS if behave else WORDS
    return words.get("" if word is None else str(word).strip().lower())


def mend_feature(
    feature: Any, changes: Counter[str], unknown: Callable[[str], None], *, behave: bool
) -> None:
    """
    Change a feature so that Xray reads it correctly.

    ``changes`` counts the changes; ``unknown`` is called with unknown statuses. Raises
    AttributeError and TypeError if it is not a feature.
    """
    mender = _Mender(changes, unknown, behave=behave)
    if behave:
        mender.move_statuses(feature)
    else:
        mender.add_signs(feature)
        mender.move_hooks(feature)
    mender.mend_words(feature)


class _Mender:
    def __init__(
        self,
        changes: Counter[str],
        unknown: Callable[[str], None],
        *,
        behave: bool,
    ) -> None:
        self._changes = changes
        self._unknown = unknown
        self._behave = behave

    def add_signs(self, feature: Any) -> None:
        """Add an ``@`` to each tag without one."""
        for holder in (feature, *(feature.get("elements") or ())):
            for tag in holder.get("tags") or ():
                if not isinstance(tag, dict) or not tag.get("name"):
                    continue
                name = str(tag["name"])
                if not name.startswith("@"):
                    tag["name"] = f"@{name}"
                    self._changes[SIGNS] += 1

    def move_hooks(self, feature: Any) -> None:
        """Move hooks of a background to the scenario after it."""
        waiting: dict[str, list[Any]] = {}
        for element in feature.get("elements") or ():
            if element.get("type") == "background":
                for side in ("before", "after"):
                    waiting.setdefault(side, []).extend(element.pop(side, None) or ())
                continue
            for side, hooks in waiting.items():
                if hooks:
                    element[side] = [*hooks, *(element.get(side) or ())]
                    self._changes[HOOKS] += len(hooks)
            waiting = {}

    def move_statuses(self, feature: Any) -> None:
        """Move the status of a background to the scenario before it."""
        last: Any = {}
        for element in feature.get("elements") or ():
            if element.get("type") != "background":
                last = element
            elif "status" in element:
                status = element.pop("status")
                if last and last.get("status") is None:
                    last["status"] = status
                    self._changes[STATUSES] += 1

    def mend_words(self, feature: Any) -> None:
        """Replace statuses that Xray does not know."""
        if self._behave and "status" in feature:
            feature["status"] = self._mend_word(feature["status"])
        for element in feature.get("elements") or ():
            for hook in _hooks_of(element):
                self._mend_result(hook)
            for step in element.get("steps") or ():
                self._mend_result(step)
                self._mend_hooks_of(step)
            if self._behave and element.get("type") != "background":
                self._mend_status(element)

    def _mend_result(self, holder: Any) -> None:
        result = holder.get("result")
        if isinstance(result, dict) and "status" in result:
            result["status"] = self._mend_word(result["status"])

    def _mend_hooks_of(self, step: Any) -> None:
        """Mark a step as failed if one of its hooks failed."""
        for hook in _hooks_of(step):
            self._mend_result(hook)
            result = hook.get("result") or {}
            own = step.get("result") or {}
            if result.get("status") == "failed" != own.get("status"):
                message = result.get("error_message") or "a hook of this step failed"
                step["result"] = {**own, "status": "failed", "error_message": message}
                self._changes[STEP_HOOKS] += 1

    def _mend_status(self, element: Any) -> None:
        """Mend the status of a scenario in Behave JSON."""
        if element.get("status") is not None:
            element["status"] = self._mend_word(element["status"])
            return
        outcomes = {
            outcome_of((step.get("result") or {}).get("status"), behave=True)
            for step in element.get("steps") or ()
        }
        if not outcomes:
            element["status"] = "untested"
        elif Outcome.FAILED in outcomes:
            element["status"] = "failed"
        else:
            is_passed = outcomes == {Outcome.PASSED}
            element["status"] = "passed" if is_passed else "skipped"
        self._changes[BY_STEPS] += 1

    def _mend_word(self, found: object) -> str:
        outcome = outcome_of(found, behave=self._behave)
        if outcome is None:
            self._unknown(str(found))
        word = "" if found is None else str(found)
        if word in SENT[self._behave]:
            return word
        new = SPELLED[outcome or Outcome.FAILED]
        self._changes[f"status {word or 'null'} changed to {new}"] += 1
        return new


def _hooks_of(holder: Any) -> Iterator[Any]:
    for side in ("before", "after"):
        yield from holder.get(side) or ()


def red_outside(feature: Any, outcomes: Sequence[Outcome]) -> Iterator[str]:
    """
    Find a failure of a feature of behave that none of its scenarios has.

    The report does not have the feature's own hooks.
    """
    if feature.get("status") == "failed" and Outcome.FAILED not in outcomes:
        name = feature.get("location") or feature.get("name") or "a feature"
        yield f"{name} failed, but none of its scenarios failed"
