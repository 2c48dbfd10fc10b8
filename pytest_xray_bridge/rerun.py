"""
Run only the tests that the plan of a rerun names.

With xdist each worker deselects the same tests, and the controller knows which of them
are gone. Imported only in a rerun.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_xray_bridge import options
from pytest_xray_bridge.guard import guard_hooks
from pytest_xray_bridge.names import ItemNames
from xray_bridge.runs.rerun_plan import RerunTests
from xray_bridge.runs.running_test import address_of


if TYPE_CHECKING:
    from collections.abc import Generator

    from xray_bridge.recording.session import Session
    from xray_bridge.runs.rerun_plan import RerunPlan

NAME = "xray-bridge-rerun"
# The same name as in ``in_worker``, which imports this module only in a rerun.
WORKER_INPUT = "xray_rerun"
# The tests to run again that a worker collected.
FOUND = "xray_rerun_found"


def register_in_worker(config: pytest.Config) -> None:
    """Register the selection of one of xdist's workers."""
    given = options.worker_input(config)[WORKER_INPUT]
    config.pluginmanager.register(RerunSelection(config, RerunTests(*given)), NAME)


@guard_hooks
class RerunSelection:
    """Deselects tests that do not run again."""

    def __init__(self, config: pytest.Config, tests: RerunTests) -> None:
        self._config = config
        self._names = ItemNames(config)
        self.tests = tests

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collection_modifyitems(
        self, items: list[pytest.Item]
    ) -> Generator[None, None, None]:
        """
        Find the tests before ``-k`` and ``-m`` deselect any; deselect others last.
        """
        # pytest hashes a test by its node id, to which xdist adds the group's name.
        chosen = {id(item) for item in items if self._is_wanted(item)}
        if options.is_worker(self._config):
            found = [list(test) for test in self.tests.found]
            self._config.workeroutput[FOUND] = found  # type: ignore[attr-defined]
        yield
        rest = [item for item in items if id(item) not in chosen]
        if rest:
            items[:] = [item for item in items if id(item) in chosen]
            self._config.hook.pytest_deselected(items=rest)

    def _is_wanted(self, item: pytest.Item) -> bool:
        classname, name = address_of(item.nodeid)
        named = self._names.read(item)
        return self.tests.wants(
            named.get("classname", classname), named.get("name", name)
        )


@guard_hooks
class Rerun(RerunSelection):
    """The selection in the controller, which tells what ran again."""

    def __init__(
        self, config: pytest.Config, session: Session, plan: RerunPlan
    ) -> None:
        super().__init__(config, plan.select())
        self._session = session
        self._run = plan.run

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Give xdist's workers the plan."""
        node.workerinput[WORKER_INPUT] = self.tests.arguments

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take the tests that a worker found."""
        for test in getattr(node, "workeroutput", {}).get(FOUND, ()):
            self.tests.wants(*test)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """Tell it at the end of the session."""
        self._session.add_notice(self.tests.describe(self._run))
