"""
Start ``xray-bridge`` as a second process of a session, and wait for it.

Tests pollute the process they run in (mocked sockets, patched clocks, changed
environment), so nothing that needs the network happens there. Environment and
working directory are those of the session's start.
"""

from __future__ import annotations

import os
import sys
from dataclasses import field
from json import dumps, loads
from subprocess import DEVNULL, PIPE, Popen, SubprocessError
from typing import TYPE_CHECKING, Any

from xray_bridge.dataclass import dataclass
from xray_bridge.errors import XrayBridgeError


if TYPE_CHECKING:
    from collections.abc import Mapping

# The working directory is removed from the path, as option -P of Python 3.11 does: a
# user's module must not replace one of ours or of the standard library. This module is
# imported when a session starts, because tests patch modules.
_START = (
    "import sys; sys.path[:1] == [''] and sys.path.pop(0); "
    "from xray_bridge.cli import main; sys.exit(main())"
)
GRACE = 5.0


class SecondProcessError(XrayBridgeError):
    """The second process could not be started or did not answer."""

    slug = "launch"
    exit_code = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandResult:
    """The exit code of a command, and the JSON object that it printed."""

    exit_code: int
    content: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondProcess:
    """
    Environment, folder and interpreter with which ``xray-bridge`` is started.
    """

    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    folder: str = field(default_factory=os.getcwd)
    executable: str = sys.executable

    def run(
        self, *arguments: str, deadline: float, stdin: Mapping[str, Any] | None = None
    ) -> CommandResult:
        """
        Run a command with ``--json``; wait ``deadline`` and GRACE seconds at most.

        ``stdin`` is sent as JSON. Raises SecondProcessError.
        """
        within = f"{deadline + GRACE:.1f}"
        # The second process ends itself after that time: waiting with a timeout would
        # use the clock and the sleep of this process, which tests patch.
        command = [self.executable, "-c", _START, "--within", within]
        try:
            process = Popen(  # noqa: S603 - our own interpreter and code
                [*command, *arguments, "--json"],
                stdin=PIPE,
                stdout=PIPE,
                stderr=PIPE,
                env=dict(self.environ),
                cwd=self.folder,
                # Ctrl-C stops the tests, but not a running upload.
                start_new_session=True,
            )
            output, errors = process.communicate(dumps(stdin or {}).encode())
        except (OSError, SubprocessError) as error:
            msg = f"xray-bridge could not be started: {error}"
            raise SecondProcessError(msg) from None
        return _read_result(process.returncode, output, errors)

    def start(
        self, *arguments: str, deadline: float, stdin: Mapping[str, Any] | None = None
    ) -> None:
        """
        Start a command and do not wait for it; nobody sees its output.

        It ends after ``deadline`` and GRACE seconds at the latest. Raises
        SecondProcessError.
        """
        within = f"{deadline + GRACE:.1f}"
        command = [self.executable, "-c", _START, "--within", within, *arguments]
        try:
            process = Popen(  # noqa: S603 - our own interpreter and code
                command,
                stdin=PIPE,
                stdout=DEVNULL,
                stderr=DEVNULL,
                env=dict(self.environ),
                cwd=self.folder,
                start_new_session=True,
            )
            if process.stdin is not None:
                process.stdin.write(dumps(stdin or {}).encode())
                process.stdin.close()
        except (OSError, SubprocessError) as error:
            msg = f"xray-bridge could not be started: {error}"
            raise SecondProcessError(msg) from None


def _read_result(exit_code: int, output: bytes, errors: bytes) -> CommandResult:
    try:
        content = loads(output)
    except ValueError:
        lines = errors.decode("utf-8", "replace").strip().splitlines()
        last = lines[-1] if lines else "it printed nothing"
        msg = f"xray-bridge ended with exit code {exit_code}: {last}"
        raise SecondProcessError(msg) from None
    if not isinstance(content, dict):
        msg = f"xray-bridge ended with exit code {exit_code} and printed no JSON object"
        raise SecondProcessError(msg)
    return CommandResult(exit_code=exit_code, content=content)
