"""
The hooks that pytest calls in every session, and nothing else.

Anything expensive is imported when a session has asked for it.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import pytest

from pytest_xray_bridge import hookspecs, options
from pytest_xray_bridge.guard import GUARD, is_hook


if TYPE_CHECKING:
    from collections.abc import Callable

    from xray_bridge.recording.annotations import Annotations

MARKER = (
    "xray(key, ..., requirements=, defects=, labels=, summary=, description=, "
    "custom_fields=): the Test, or Tests, in Xray that this test automates"
)


# On an error, too: pytest would refuse a user's hook as unknown.
@GUARD.otherwise(lambda pluginmanager: pluginmanager.add_hookspecs(hookspecs))
def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Register the hooks that a ``conftest.py`` may implement."""
    pluginmanager.add_hookspecs(hookspecs)


@GUARD.otherwise(options.add_bare_options)
def pytest_addoption(parser: pytest.Parser) -> None:
    """Register a flag and an ini option for each setting."""
    options.add_options(parser)


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Make the folder for exported feature files, for ``testpaths``."""
    if any(str(w).startswith("--xray-") for w in early_config.invocation_params.args):
        from pytest_xray_bridge import taken_paths

        taken_paths.refuse_taken_paths(early_config)
    options.make_features_dir(early_config)


def _register_marker(config: pytest.Config) -> None:
    config.addinivalue_line("markers", MARKER)


# On an error, too: users' tests have the marker and may be strict about markers.
@GUARD.otherwise(_register_marker)
def pytest_configure(config: pytest.Config) -> None:
    """Register the recorder and the reporter, if this session has asked for them."""
    _register_marker(config)
    if pytest.version_tuple < options.READS_OWN_TABLE and not options.is_worker(config):
        options.warn_of_unread_table(config)
    if hasattr(config.hook, "pytest_bdd_before_scenario"):
        from pytest_xray_bridge import strict_markers

        strict_markers.allow_xray_tags()
    if options.is_asked_for(config):
        from pytest_xray_bridge import registration

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
def pytest_bdd_apply_tag(tag: str, function: Callable[..., object]) -> bool | None:
    """
    Turn Xray's tags into marks that need no registration.

    ``--strict-markers`` would refuse the whole module, and pytest would warn about
    each mark without it. ``-m CALC-1`` still selects them. A project's own hook in
    ``conftest.py`` comes before this one, and pytest-bdd's comes after it.
    """
    if not options.is_xray_tag(tag):
        return None
    # A copy of a registered mark: ``pytest.mark`` makes no unregistered ones.
    mark = copy.copy(pytest.mark.xray.mark)
    object.__setattr__(mark, "name", tag)
    function.pytestmark = [*getattr(function, "pytestmark", ()), mark]  # type: ignore[attr-defined]
    return True


GUARD.guard_module(globals(), is_hook)
