"""
The formatter that a user names, and the reporter that it registers.

behave tells its formatters of scenarios while they run, and its reporters of each
feature when its status is final, even after a hook failed. No method here may raise:
behave would end the run.
"""

from __future__ import annotations

import atexit
import sys
from typing import TYPE_CHECKING

from behave.formatter.base import Formatter
from behave.reporter.base import Reporter

from behave_xray_bridge import options
from behave_xray_bridge.annotations import AnnotationSource
from behave_xray_bridge.recorder import Recorder
from behave_xray_bridge.session import start_session
from xray_bridge.recording.annotations import Annotations


if TYPE_CHECKING:
    from behave.configuration import Configuration
    from behave.formatter.base import StreamOpener
    from behave.model import Feature, Scenario, Step
    from behave.runner import Context

    from behave_xray_bridge.session import BehaveSession


class XrayFormatter(Formatter):  # type: ignore[misc]
    """Reports scenarios to Xray when the run ends; writes its report to ``-o``."""

    name = "xray"
    description = "Reports results to Xray, as Test Runs of one Test Execution"

    def __init__(self, stream_opener: StreamOpener, config: Configuration) -> None:
        super().__init__(stream_opener, config)
        self._session: BehaveSession | None = None
        outfile = options.outfile(stream_opener.name, config)
        registered = (r for r in config.reporters if isinstance(r, XrayReporter))
        reporter = next(registered, None)
        if reporter is not None:
            # Named twice, in a file and on the command line: it is one run.
            reporter.add_outfile(outfile)
            return
        self._session = start_session(config, outfile=outfile)
        if self._session is not None:
            config.reporters.append(XrayReporter(config, self._session))

    def uri(self, uri: str) -> None:  # noqa: ARG002 - behave's signature
        """A feature file begins."""
        if self._session is not None:
            self._session.attempt(Recorder.begin_file)

    def feature(self, feature: Feature) -> None:
        """A feature begins."""
        if self._session is not None:
            self._session.attempt(Recorder.begin_feature, feature)

    def scenario(self, scenario: Scenario) -> None:
        """A scenario begins."""
        if self._session is not None:
            self._session.attempt(Recorder.begin_scenario, scenario)

    def match(self, match: object) -> None:  # noqa: ARG002 - behave's signature
        """A step begins."""
        if self._session is not None:
            self._session.attempt(lambda recorder: recorder.notebook.begin_step())

    def result(self, step: Step) -> None:
        """A step is over."""
        if self._session is not None:
            self._session.attempt(Recorder.end_step, step)

    def embedding(
        self, mime_type: str, data: bytes | str, caption: str | None = None
    ) -> None:
        """``context.attach`` of behave 1.3: evidence of the running step."""
        if self._session is not None:
            name = caption or ""
            self._session.attempt(
                lambda recorder: recorder.notebook.attach(data, mime_type, name)
            )

    def eof(self) -> None:
        """A feature is over."""
        if self._session is not None:
            self._session.attempt(Recorder.end_feature)


class XrayReporter(Reporter, AnnotationSource):  # type: ignore[misc]
    """Records what the formatter was not told of, and ends the run."""

    def __init__(self, config: Configuration, session: BehaveSession) -> None:
        super().__init__(config)
        self._session = session
        atexit.register(self.end_early)

    def add_outfile(self, path: str) -> None:
        """Write a copy of the report to ``path``, too."""
        if path:
            self._session.outfiles.append(path)

    def feature(self, feature: Feature) -> None:
        """A feature is over, even if a hook of it failed."""
        self._session.attempt(Recorder.read, feature)

    def annotations(self, context: Context) -> Annotations:
        """The annotations of the scenario that ``context`` is in."""
        found = self._session.attempt(
            lambda recorder: recorder.notebook.annotations(context)
        )
        return found or Annotations()

    def end(self) -> None:
        """The run is over: the upload's exit code replaces 0, and no other."""
        atexit.unregister(self.end_early)
        code = self._session.end()
        if code:
            raise SystemExit(code)

    def end_early(self) -> None:
        """The interpreter exits before behave has ended: a step called ``exit``."""
        last = getattr(sys, "last_value", None)
        self._session.end_early(interrupted=isinstance(last, KeyboardInterrupt))
