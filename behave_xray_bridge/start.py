"""
Before the first test: from behave's configuration to a run that is recorded.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import behave

from behave_xray_bridge import console, options, run_tags, selecting
from behave_xray_bridge.convert import Recorder
from behave_xray_bridge.notes import Notes
from behave_xray_bridge.recorder import Run
from behave_xray_bridge.selection import Selection, running
from behave_xray_bridge.session import Bridge
from xray_bridge.errors import SelectionError, XrayBridgeError
from xray_bridge.recording.session import Session, selection_said


if TYPE_CHECKING:
    from collections.abc import Sequence

    from behave.configuration import Configuration
    from behave.model import Feature

    from behave_xray_bridge.hooks import Plugins
    from xray_bridge.config.settings import Settings


def bridge(config: Configuration, *, outfile: str) -> Bridge | None:
    """
    The bridge of a run, or ``None`` where nothing is wanted of us.

    Ends the process where something is wrong that can be known by now.
    """
    if config.dry_run:
        return None
    try:
        return _bridge(config, str(Path(outfile).absolute()) if outfile else "")
    except XrayBridgeError as error:
        console.refuse(error)


def session(settings: Settings, root: str = "") -> Session:
    """The session of a run of behave; paths become relative to ``root``."""
    versions = {"behave": behave.__version__}
    return Session(settings, framework="behave", versions=versions, root=root)


def _bridge(config: Configuration, outfile: str) -> Bridge | None:
    # First without the tags: how they are spelled is a setting itself.
    settings = options.settings(config, outfile=outfile)
    if not settings.wants_record and not settings.wants_selection:
        return None
    runner = running(config)
    features = list(getattr(runner, "features", ()))
    recorder = Recorder(folder=str(Path.cwd()), prefixes=settings.tag_prefixes)
    plugins = _plugins(config, runner)
    notices = _select(settings, features, recorder, plugins)
    if not settings.wants_record:
        console.section(f"Note: {notice}" for notice in notices)
        return None
    selection = Selection(features, config)
    tags = run_tags.by_tags(features, recorder, selection)
    is_part = "behavex" in sys.modules
    wants_file = bool(outfile) or _has_outfiles(config)
    overrides = _with_behave(settings.format) if wants_file else {}
    overrides |= _together(settings.report_dir) if is_part else {}
    settings = options.settings(
        config, outfile=outfile, said_by_tags=tags.settings, overrides=overrides
    )
    made = session(settings, _root(config))
    made.notices += [*notices, *tags.notices]
    made.notices += tags.unused(settings)
    made.add_execution_fields(plugins.execution_fields())
    if not is_part:
        made.preflight()
    made.start()
    notes = Notes(made, plugins, runner)
    run = Run(made, recorder, selection, notes, runner, publishes=not is_part)
    # The session writes one copy, of what is uploaded; any other is ours to write.
    first = settings.format[0]
    is_written = outfile == settings.report and first == "behave"
    return Bridge(run, [outfile] if outfile and not is_written else [])


def _select(
    settings: Settings,
    features: Sequence[Feature],
    recorder: Recorder,
    plugins: Plugins,
) -> list[str]:
    """
    Leave out what ``xray_select`` does not mean; what there is to say of it.

    Raises SelectionError.
    """
    if not settings.wants_selection:
        return []
    if not features:
        msg = "xray_select: the scenarios of this runner are not known"
        raise SelectionError(msg, hint="run it with behave itself")
    asked = session(settings)
    selected = asked.selected()
    in_code = selecting.leave_out(features, recorder, plugins, selected)
    return [*asked.notices, selection_said(settings.select, selected, in_code)]


def _plugins(config: Configuration, runner: Any) -> Plugins:
    """Users' hooks. Imported now: who wants nothing of us needs no pluggy."""
    from behave_xray_bridge.hooks import Plugins

    source = str(getattr(config, "environment_file", None) or "environment.py")
    return Plugins.load(config, getattr(runner, "hooks", {}), source)


def _root(config: Configuration) -> str:
    """The project's folder: the working directory, unless behave's is elsewhere."""
    here = Path.cwd()
    base = Path(getattr(config, "base_dir", None) or here).absolute()
    return str(here if here == base or here in base.parents else base)


def _has_outfiles(config: Configuration) -> bool:
    """
    Whether any formatter has a file, which may be ours under its other name.

    A second naming of the formatter is heard of when the run has begun.
    """
    return any(getattr(each, "name", None) for each in config.outputs or ())


def _with_behave(formats: tuple[str, ...]) -> dict[str, str]:
    """Behave's report is written, whatever is uploaded: ``-o`` asks for it."""
    if "behave" in formats:
        return {}
    return {"format": ";".join((*formats, "behave"))}


def _together(report_dir: str) -> dict[str, str]:
    """
    Where all parts of one run of behavex are recorded.

    behavex starts a runner for each feature or scenario, in processes of its
    own: none of them knows the end.
    """
    parent = multiprocessing.parent_process()
    number = parent.pid if parent else os.getpid()
    return {"report_dir": str(Path(report_dir) / f"behavex-{number}")}
