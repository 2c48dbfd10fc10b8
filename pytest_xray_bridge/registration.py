"""
Register what a session needs, if its settings ask for anything.
"""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING

import pytest

from pytest_xray_bridge import beside_tests, in_worker, options, printing
from pytest_xray_bridge.reporter import NAME, Reporter
from xray_bridge.ci import detect
from xray_bridge.config import resolve, shared_file
from xray_bridge.config.setting import RERUN_VARIABLE
from xray_bridge.config.settings import Settings
from xray_bridge.errors import XrayBridgeError
from xray_bridge.recording.ending import describe_idle_sandbox, is_sandbox_idle
from xray_bridge.recording.second_process import SecondProcess
from xray_bridge.recording.session import Session


if TYPE_CHECKING:
    from xray_bridge.runs.rerun_plan import RerunPlan

IDLE_SANDBOX = describe_idle_sandbox(
    "--xray-sandbox", "pytest --xray-upload --xray-sandbox"
)


def register(config: pytest.Config) -> None:
    """
    Register what this process needs, if its settings ask for anything.

    Raises UsageError for wrong settings.
    """
    if options.is_worker(config):
        in_worker.register(config)
        return
    if options.runs_no_tests(config) and not options.lists_selection(config):
        return
    try:
        settings = resolve_settings(config)
    except XrayBridgeError as error:
        raise pytest.UsageError(str(error)) from None
    if settings is None:
        if config.getoption(Settings.sandbox.ini):
            lines = [f"Note: {IDLE_SANDBOX}"]
            config.add_cleanup(partial(printing.print_section, config, lines))
        return
    plan = _take_plan()
    session = Session(
        settings,
        framework="pytest",
        versions=options.versions(config),
        root=str(config.rootpath),
        is_quiet=config.get_verbosity() < 0,
    )
    session.rerun = plan
    if is_sandbox_idle(settings):
        session.add_notice(IDLE_SANDBOX)
    reporter = Reporter(config, session)
    config.pluginmanager.register(reporter, NAME)
    beside_tests.register(config, session, reporter)
    if plan is not None:
        from pytest_xray_bridge import rerun

        config.pluginmanager.register(rerun.Rerun(config, session, plan), rerun.NAME)


def _take_plan() -> RerunPlan | None:
    """Return the plan of a rerun; None in any other session."""
    if RERUN_VARIABLE not in os.environ:
        return None
    from xray_bridge.runs.rerun_plan import take_plan

    try:
        return take_plan(os.environ)
    except XrayBridgeError as error:
        raise pytest.UsageError(str(error)) from None


def resolve_settings(config: pytest.Config) -> Settings | None:
    """
    Resolve the settings of this session; None if it asks for nothing.

    A session that asks for nothing may have incomplete settings, such as an unset
    ``${NAME}`` on a developer's machine. Raises SettingError and UsageError.
    """
    environ = SecondProcess().environ
    source, in_ini = options.read_ini(config)
    layers = [
        resolve.command_line_layer(options.read_command_line(config), pytest=True),
        resolve.environment_layer(environ),
        resolve.ini_layer(
            source, in_ini, config.inipath.parent if config.inipath else None
        ),
        shared_file.shared_file_layer(config.rootpath),
        resolve.ci_layer(detect.detect(environ)),
    ]
    found = [layer for layer in layers if layer]
    names = frozenset(setting.name for setting in options.SWITCHES)
    switches = resolve.resolve(found, environ, only=names)
    asked = (
        switches.wants_record,
        switches.wants_export,
        switches.wants_selection,
    )
    return resolve.resolve(found, environ) if any(asked) else None
