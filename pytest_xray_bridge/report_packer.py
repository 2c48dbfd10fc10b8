"""
Put the line of a test on its reports as soon as pytest makes them.

Where other plugins run tests, reports may be made in another process, be kept back, or
come when the next test has begun; where they change reports, these may get the name of
no test; users' hooks need the fixtures of the test.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_xray_bridge.guard import guard_hooks


if TYPE_CHECKING:
    from collections.abc import Generator

    import pluggy

    from pytest_xray_bridge.annotator import Annotator

# They run each test once, and pass on each report at once. The last one is the name of
# xdist's module in a worker, where execnet runs it.
# ``findings/xdist-worker-has-no-module-name.sh``.
PLAIN_RUNNERS = frozenset({"_pytest", "xdist", "__channelexec__"})
# They change reports, and leave them the names of their tests.
NAME_KEEPERS = PLAIN_RUNNERS | {
    "_hypothesis_pytestplugin",
    "pytest_bdd",
    "pytest_html",
    "pytest_xray_bridge",
}


@guard_hooks
class ReportPacker:
    """
    Packs reports of tests that say more than the code tells.

    All others are left to the paths. With ``packs_all`` none is.
    """

    NAME = "xray-bridge-packer"

    def __init__(self, annotator: Annotator, *, packs_all: bool) -> None:
        self._annotator = annotator
        self._packs_all = packs_all

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Put the line of the test on its report, after all other plugins."""
        report = yield
        is_silent = report.outcome == "passed" and self._annotator.is_silent(report)
        is_renamed = report.nodeid != item.nodeid
        if self._packs_all or is_renamed or not is_silent:
            self._annotator.pack_report(item, report)
        return report


def make_packer(config: pytest.Config, annotator: Annotator) -> ReportPacker | None:
    """Make the packer that a session needs; None if it needs none."""
    has_hooks = bool(
        config.hook.pytest_xray_defects.get_hookimpls()
        or config.hook.pytest_xray_evidence.get_hookimpls()
    )
    if has_hooks or _is_run_by_others(config.hook) or _may_be_renamed(config.hook):
        return ReportPacker(annotator, packs_all=has_hooks)
    return None


def _is_run_by_others(hook: pluggy.HookRelay) -> bool:
    """Whether another plugin runs tests; a wrapper around pytest's hook does not."""
    impls = (
        *hook.pytest_runtest_protocol.get_hookimpls(),
        *hook.pytest_runtestloop.get_hookimpls(),
    )
    return any(
        _package_of(each.plugin) not in PLAIN_RUNNERS
        for each in impls
        if not (each.wrapper or each.hookwrapper)
    )


def _may_be_renamed(hook: pluggy.HookRelay) -> bool:
    """Whether a plugin may give reports another name, such as a test's docstring."""
    impls = hook.pytest_runtest_makereport.get_hookimpls()
    return any(_package_of(each.plugin) not in NAME_KEEPERS for each in impls)


def _package_of(plugin: object) -> str:
    name = getattr(plugin, "__name__", "") or type(plugin).__module__
    return str(name).partition(".")[0]
