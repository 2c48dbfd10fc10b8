"""
The formatter that a user names, and the reporter that it registers.

behave's formatters hear of scenarios while they run; its reporters see each
feature when its status is final, even after a hook failed. Neither method may
raise: behave would end the run there.
"""

from __future__ import annotations

import atexit
import sys
from typing import TYPE_CHECKING

from behave.formatter.base import Formatter
from behave.reporter.base import Reporter

from behave_xray_bridge import options, start
from behave_xray_bridge.annotating import Annotating
from behave_xray_bridge.recorder import Run
from xray_bridge.recording.annotations import Annotations


if TYPE_CHECKING:
    from behave.configuration import Configuration
    from behave.formatter.base import StreamOpener
    from behave.model import Feature, Scenario, Step
    from behave.runner import Context

    from behave_xray_bridge.session import Bridge


class XrayFormatter(Formatter):  # type: ignore[misc]
    """Reports scenarios to Xray when the run ends; writes its report to ``-o``."""

    name = "xray"
    description = "Reports results to Xray, as Test Runs of one Test Execution"

    def __init__(self, stream_opener: StreamOpener, config: Configuration) -> None:
        super().__init__(stream_opener, config)
        self._bridge: Bridge | None = None
        outfile = options.outfile(stream_opener.name, config)
        registered = (r for r in config.reporters if isinstance(r, XrayReporter))
        reporter = next(registered, None)
        if reporter is not None:
            # Named twice, in a file and on the command line: one run all the same.
            reporter.add_outfile(outfile)
            return
        self._bridge = start.bridge(config, outfile=outfile)
        if self._bridge is not None:
            config.reporters.append(XrayReporter(config, self._bridge))

    def uri(self, uri: str) -> None:  # noqa: ARG002 - behave's signature
        """A feature file begins."""
        if self._bridge is not None:
            self._bridge.attempt(Run.begin_file)

    def feature(self, feature: Feature) -> None:
        """A feature begins."""
        if self._bridge is not None:
            self._bridge.attempt(Run.begin_feature, feature)

    def scenario(self, scenario: Scenario) -> None:
        """A scenario begins."""
        if self._bridge is not None:
            self._bridge.attempt(Run.begin_scenario, scenario)

    def match(self, match: object) -> None:  # noqa: ARG002 - behave's signature
        """A step begins."""
        if self._bridge is not None:
            self._bridge.attempt(lambda run: run.notes.begin_step())

    def result(self, step: Step) -> None:
        """A step is over."""
        if self._bridge is not None:
            self._bridge.attempt(Run.end_step, step)

    def embedding(
        self, mime_type: str, data: bytes | str, caption: str | None = None
    ) -> None:
        """``context.attach`` of behave 1.3: evidence of the step under way."""
        if self._bridge is not None:
            name = caption or ""
            self._bridge.attempt(lambda run: run.notes.attach(data, mime_type, name))

    def eof(self) -> None:
        """A feature is over."""
        if self._bridge is not None:
            self._bridge.attempt(Run.end_feature)


class XrayReporter(Reporter, Annotating):  # type: ignore[misc]
    """Records what the formatter did not hear of, and ends the run."""

    def __init__(self, config: Configuration, bridge: Bridge) -> None:
        super().__init__(config)
        self._bridge = bridge
        atexit.register(self.end_early)

    def add_outfile(self, path: str) -> None:
        """Want the report at ``path``, too."""
        if path:
            self._bridge.outfiles.append(path)

    def feature(self, feature: Feature) -> None:
        """A feature is over, whatever became of it."""
        self._bridge.attempt(Run.read, feature)

    def annotations(self, context: Context) -> Annotations:
        """Those of the scenario under way."""
        found = self._bridge.attempt(lambda run: run.notes.annotations(context))
        return found or Annotations()

    def end(self) -> None:
        """The run is over: exit code 0 becomes the upload's, any other stays."""
        atexit.unregister(self.end_early)
        code = self._bridge.end()
        if code:
            raise SystemExit(code)

    def end_early(self) -> None:
        """The interpreter exits before behave was done: a step made it."""
        last = getattr(sys, "last_value", None)
        self._bridge.end_early(interrupted=isinstance(last, KeyboardInterrupt))
