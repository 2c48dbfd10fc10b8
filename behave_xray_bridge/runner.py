"""
Export feature files before behave looks for them: a runner.

It needs behave 1.3, where users choose the runner with ``--runner``, or ``runner`` in
``behave.ini``. Users of behave 1.2.6 call ``xray-bridge features export``.
"""

from __future__ import annotations

from pathlib import Path

from behave.runner import Runner

from behave_xray_bridge import console, options
from behave_xray_bridge.guard import GUARD, guard_overrides
from behave_xray_bridge.session import make_session
from xray_bridge.errors import FeaturesError, SettingError, XrayBridgeError
from xray_bridge.recording.second_process import SecondProcessError


@guard_overrides(Runner)
class XrayRunner(Runner):  # type: ignore[misc]
    """behave's own runner, with an export of feature files before the run."""

    @GUARD.before(Runner.run)
    def run(self) -> None:
        """Export if the settings ask for it, before behave's own ``run``."""
        try:
            self._export_features()
        except SecondProcessError as error:
            console.exit_with(FeaturesError(error.message, hint=error.hint))
        except XrayBridgeError as error:
            console.exit_with(error)

    def _export_features(self) -> None:
        settings = options.resolve_settings(self.config)
        if not settings.wants_export:
            return
        if not self.config.paths:
            self.config.paths = _default_paths(
                self.DEFAULT_DIRECTORY, settings.features_dir
            )
        session = make_session(settings)
        session.export_features()
        if session.notices:
            console.print_section(f"Note: {notice}" for notice in session.notices)


def _default_paths(default: str, exported: str) -> list[str]:
    """
    Return the paths that behave searches: its own directory and the exported features.

    Its own directory comes first, because behave looks for steps there. Raises
    SettingError if behave would stop because that directory has no feature file.
    """
    own, other = Path(default).absolute(), Path(exported).absolute()
    if other == own or own in other.parents:
        return []
    if not own.is_dir():
        return [exported]
    if not any(own.rglob("*.feature")):
        msg = f"behave needs a feature file in {default!r}, beside the steps"
        raise SettingError(msg, hint=f"set xray_features_dir to {default}/exported")
    return [default, exported]
