"""
Hooks for users of behave, in ``environment.py`` or in a plugin of their own.

A plugin is a module with an entry point of the group ``xray_bridge``, whose functions
are marked with ``hookimpl``; in ``environment.py`` the name alone is enough. Each hook
returns additions and does not change its arguments. All hooks are called, and their
values add up. A hook that raises ends neither the run nor the upload; the error is
printed at the end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pluggy


if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Mapping

    from xray_bridge.model.receipt import Receipt
    from xray_bridge.runs.evidence import EvidenceSource

# The name of the markers and of the group of entry points.
GROUP = "xray_bridge"
hookspec = pluggy.HookspecMarker(GROUP)
hookimpl = pluggy.HookimplMarker(GROUP)


@hookspec
def xray_test_keys(scenario: Any) -> Iterable[str] | str | None:
    """
    More keys of Tests that ``scenario`` (behave's own) is a result of.

    Called once the scenario is over, for each one that has a result. They are
    added to the keys in its tags; a value that is not an issue key is reported, and not
    sent::

        def xray_test_keys(scenario):
            return KEYS_BY_NAME.get(scenario.name)
    """


@hookspec
def xray_evidence(
    scenario: Any,
) -> Iterable[bytes | str | os.PathLike[str] | EvidenceSource] | None:
    """
    Evidence for a scenario: paths of files, which are copied now, bytes, or
    ``xray_bridge.runs.evidence.EvidenceSource(content, name, media_type)``.

    Called as ``xray_test_keys`` is: hooks such as ``after_scenario`` have ended,
    and those before the next scenario may have run::

        def xray_evidence(scenario):
            if scenario.status.name != "passed":
                yield "logs/server.log"
    """


@hookspec
def xray_defects(scenario: Any) -> Iterable[str] | str | None:
    """
    Keys of issues that explain the result.

    Called as ``xray_test_keys`` is::

        def xray_defects(scenario):
            if scenario.status.name != "passed" and "flaky" in scenario.tags:
                return ["CALC-99"]
    """


@hookspec
def xray_execution_fields(config: Any) -> Mapping[str, object] | None:
    """
    Jira fields of the Test Execution, by id or name as Jira's REST API has them.

    Called once, before the first test, with behave's configuration. The
    setting ``execution_fields`` wins over these. A hook that raises ends the run::

        def xray_execution_fields(config):
            return {"components": [{"name": config.userdata["component"]}]}
    """


@hookspec
def xray_uploaded(config: Any, receipt: Receipt) -> None:
    """
    Xray has received the results: ``receipt.test_execution["key"]`` and the rest.

    Called once, at the end of the run, if Xray has accepted the results or a part of
    them::

        def xray_uploaded(config, receipt):
            notify(receipt.test_execution["url"], dict(receipt.counts))
    """
