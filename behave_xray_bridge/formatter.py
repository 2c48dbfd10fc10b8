"""
The formatter that a user names, and the reporter that it registers.

behave calls its formatters while scenarios run, and its reporters when the status of a
feature is final, even after a hook failed. behave would end the run if a method raised,
so each method has the guard around it.
"""

from __future__ import annotations

import atexit
import sys
from typing import TYPE_CHECKING

from behave.formatter.base import Formatter
from behave.reporter.base import Reporter

from behave_xray_bridge import options
from behave_xray_bridge.annotations import AnnotationSource
from behave_xray_bridge.guard import GUARD, guard_overrides
from behave_xray_bridge.session import start_session
from xray_bridge.recording.annotations import Annotations


if TYPE_CHECKING:
    from behave.configuration import Configuration
    from behave.formatter.base import StreamOpener
    from behave.model import Feature, Scenario, Step
    from behave.runner import Context

    from behave_xray_bridge.recorder import Recorder
    from behave_xray_bridge.session import BehaveSession


@guard_overrides(Formatter)
class XrayFormatter(Formatter):  # type: ignore[misc]
    """Reports scenarios to Xray when the run ends; writes its report to ``-o``."""

    name = "xray"
    description = "Reports results to Xray, as Test Runs of one Test Execution"
    # Defaults for behave and all methods if ``__init__`` raises.
    stream = None
    _recorder: Recorder | None = None

    def __init__(self, stream_opener: StreamOpener, config: Configuration) -> None:
        super().__init__(stream_opener, config)
        outfile = options.find_outfile(stream_opener.name, config)
        registered = (r for r in config.reporters if isinstance(r, XrayReporter))
        reporter = next(registered, None)
        if reporter is not None:
            # The user named it twice, in a file and on the command line.
            reporter.add_outfile(outfile)
            return
        session = start_session(config, outfile=outfile)
        if session is not None:
            config.reporters.append(XrayReporter.of(config, session))
            self._recorder = session.recorder

    def uri(self, uri: str) -> None:  # noqa: ARG002 - behave's signature
        """A feature file begins."""
        if self._recorder is not None:
            self._recorder.begin_file()

    def feature(self, feature: Feature) -> None:
        """A feature begins."""
        if self._recorder is not None:
            self._recorder.begin_feature(feature)

    def scenario(self, scenario: Scenario) -> None:
        """A scenario begins."""
        if self._recorder is not None:
            self._recorder.begin_scenario(scenario)

    def match(self, match: object) -> None:  # noqa: ARG002 - behave's signature
        """A step begins."""
        if self._recorder is not None and self._recorder.notebook.notes:
            self._recorder.notebook.begin_step()

    def result(self, step: Step) -> None:
        """A step is over."""
        if self._recorder is not None:
            self._recorder.end_step(step)

    def embedding(
        self, mime_type: str, data: bytes | str, caption: str | None = None
    ) -> None:
        """Add evidence to the running step: ``context.attach`` of behave 1.3."""
        if self._recorder is not None:
            self._recorder.notebook.attach(data, mime_type, caption or "")

    def eof(self) -> None:
        """A feature is over."""
        if self._recorder is not None:
            self._recorder.end_feature()


@guard_overrides(Reporter)
class XrayReporter(Reporter, AnnotationSource):  # type: ignore[misc]
    """Records the scenarios that the formatter missed, and ends the run."""

    _session: BehaveSession

    @classmethod
    def of(cls, config: Configuration, session: BehaveSession) -> XrayReporter:
        """Make the reporter of a session; it publishes at the exit if not before."""
        found = cls(config)
        found._session = session
        atexit.register(found.end_early)
        return found

    def add_outfile(self, path: str) -> None:
        """Add a path to which the report is copied."""
        if path:
            self._session.outfiles.append(path)

    def feature(self, feature: Feature) -> None:
        """A feature is over, even if one of its hooks failed."""
        self._session.recorder.read(feature)

    @GUARD.otherwise(lambda *_: Annotations())
    def annotations(self, context: Context) -> Annotations:
        """Return the annotations of the scenario that ``context`` is in."""
        found = self._session.recorder.notebook.annotations(context)
        return found or Annotations()

    def end(self) -> None:
        """The run is over: the upload's exit code replaces 0, and no other."""
        code = self._session.end()
        atexit.unregister(self.end_early)
        # behave would exit with 1 for failures that are expected.
        if code or self._session.recorder.is_green_after_all:
            raise SystemExit(code)

    @GUARD.guard_function
    def end_early(self) -> None:
        """The interpreter exits before behave has ended: a step called ``exit``."""
        last = getattr(sys, "last_value", None)
        self._session.end_early(interrupted=isinstance(last, KeyboardInterrupt))
