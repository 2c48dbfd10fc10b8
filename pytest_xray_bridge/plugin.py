"""
The hooks that pytest calls in every session, and nothing else.

Anything expensive is imported when a session has asked for it.
"""

from __future__ import annotations

import copy
import sys
from typing import TYPE_CHECKING

import pytest

from pytest_xray_bridge import start
from pytest_xray_bridge.start import guard_late


if TYPE_CHECKING:
    from collections.abc import Callable

    from xray_bridge.recording.annotations import Annotations

MARKER = (
    "xray(key, ..., requirements=, defects=, labels=, summary=, description=, "
    "custom_fields=, ignore=, dataset=): "
    "the Test, or Tests, in Xray that this test automates"
)


def _add_hookspecs(manager: pytest.PytestPluginManager) -> None:
    if any(hasattr(manager.hook, name) for name in start.HOOKS):
        start.add_hookspecs(manager)


# On an error, too: pytest would refuse a user's hook as unknown.
@guard_late(_add_hookspecs)
def pytest_plugin_registered(manager: pytest.PytestPluginManager) -> None:
    """Register our hooks when the first plugin or ``conftest.py`` implements one."""
    _add_hookspecs(manager)


def _add_bare_options(parser: pytest.Parser, _: object) -> None:
    from pytest_xray_bridge import options

    options.add_bare_options(parser)


@guard_late(_add_bare_options)
def pytest_addoption(
    parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager
) -> None:
    """Register a flag and an ini option for each setting."""
    config = pluginmanager.get_plugin("pytestconfig")
    if config is not None and not start.may_have_flags(config):
        start.add_idle_options(parser, config)
        return
    from pytest_xray_bridge import options

    if config is not None and start.asks_for_help(config):
        options.add_options(parser, without=options.unneeded_for_help(config))
    else:
        options.add_options(parser)


@pytest.hookimpl(tryfirst=True)
@guard_late()
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Make the folder for exported feature files, for ``testpaths``."""
    if start.is_idle(early_config) and not start.is_asked_without_flags(early_config):
        return
    from pytest_xray_bridge import options, taken_paths

    if any(str(w).startswith("--xray-") for w in early_config.invocation_params.args):
        taken_paths.refuse_taken_paths(early_config)
    options.make_features_dir(early_config)


@pytest.hookimpl(specname="pytest_load_initial_conftests", trylast=True)
@guard_late()
def pytest_xray_late_flags(
    early_config: pytest.Config, args: list[str], parser: pytest.Parser
) -> None:
    """Register the flags if another plugin has added one to the arguments."""
    if start.lacks_flags(early_config) and start.has_flags(args):
        from pytest_xray_bridge import options

        start.remove_idle_options(early_config)
        options.add_options(parser)


@guard_late()
def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Parametrize a function by the dataset of its Test, if a mark says so."""
    for mark in metafunc.definition.iter_markers("xray"):
        if "dataset" in mark.kwargs:
            from pytest_xray_bridge import datasets

            datasets.parametrize(metafunc)
            return


@guard_late()
def pytest_collection_finish(session: pytest.Session) -> None:
    """Note the rows of tests, if a dataset was asked for."""
    if "xray_bridge.recording.datasets" in sys.modules:
        from pytest_xray_bridge import datasets

        datasets.find_plugin(session.config).take_rows(session.items)


def _register_marker(config: pytest.Config) -> None:
    config.addinivalue_line("markers", MARKER)


# On an error, too: users' tests have the marker and may be strict about markers.
@guard_late(_register_marker)
def pytest_configure(config: pytest.Config) -> None:
    """Register the recorder and the reporter, if this session has asked for them."""
    _register_marker(config)
    start.warn_of_unread_table(config)
    if hasattr(config.hook, "pytest_bdd_before_scenario"):
        from pytest_xray_bridge import strict_markers

        strict_markers.allow_xray_tags()
    if start.is_idle(config) and not start.is_asked_without_flags(config):
        return
    from pytest_xray_bridge import options

    if options.is_asked_for(config):
        from pytest_xray_bridge import registration

        start.add_hookspecs(config.pluginmanager)
        registration.register(config)


@pytest.fixture
def xray(request: pytest.FixtureRequest) -> Annotations:
    """
    Add to this test's result in Xray: ``key``, ``comment``, ``attach``,
    ``defect``, ``requirement``, ``custom_field``, ``with xray.step(...)``.

    It does nothing in a session that is not reported.
    """
    from pytest_xray_bridge import annotator

    return annotator.annotations_of(request)


@pytest.hookimpl(optionalhook=True)
@guard_late()
def pytest_bdd_apply_tag(tag: str, function: Callable[..., object]) -> bool | None:
    """
    Turn Xray's tags into marks that need no registration.

    ``--strict-markers`` would refuse the whole module, and pytest would warn about
    each mark without it. ``-m CALC-1`` still selects them. A project's own hook in
    ``conftest.py`` comes before this one, and pytest-bdd's comes after it.
    """
    if not start.is_xray_tag(tag):
        return None
    # A copy of a registered mark: ``pytest.mark`` makes no unregistered ones.
    mark = copy.copy(pytest.mark.xray.mark)
    object.__setattr__(mark, "name", tag)
    function.pytestmark = [*getattr(function, "pytestmark", ()), mark]  # type: ignore[attr-defined]
    return True
