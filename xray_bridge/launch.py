"""
The second process: ``xray-bridge``, started from a session and waited for.

Tests pollute the process they run in (mocked sockets, patched clocks, changed
environment), so nothing that needs the network happens there. Environment and
working directory are those of the session's start.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from xray_bridge.errors import XrayBridgeError


if TYPE_CHECKING:
    from collections.abc import Mapping

# Without the working directory on the path: a user's module must not be able to
# take the place of one of ours or of the standard library's (-P is Python 3.11's).
_START = (
    "import sys; sys.path[:1] == [''] and sys.path.pop(0); "
    "from xray_bridge.cli import main; sys.exit(main())"
)
GRACE = 5.0


class LaunchError(XrayBridgeError):
    """The second process could not be started or did not answer."""

    slug = "launch"
    exit_code = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Exit code and the JSON object that the command printed."""

    exit_code: int
    content: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Launcher:
    """How to start ``xray-bridge``: made when a session starts, used when it ends."""

    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    folder: str = field(default_factory=os.getcwd)
    executable: str = sys.executable

    def run(
        self, *arguments: str, deadline: float, stdin: Mapping[str, Any] | None = None
    ) -> Answer:
        """
        Run a command with ``--json`` and wait for it, at most ``deadline`` seconds.

        ``stdin`` is sent as JSON. Raises LaunchError.
        """
        command = [self.executable, "-c", _START, *arguments, "--json"]
        try:
            finished = subprocess.run(  # noqa: S603 - our own interpreter and code
                command,
                input=json.dumps(stdin or {}).encode(),
                capture_output=True,
                env=dict(self.environ),
                cwd=self.folder,
                timeout=deadline + GRACE,
                # One Ctrl-C is for the tests, not for an upload under way.
                start_new_session=True,
                check=False,
            )
        except subprocess.TimeoutExpired:
            msg = f"xray-bridge did not end within {deadline + GRACE:.0f} s"
            raise LaunchError(msg) from None
        except (OSError, subprocess.SubprocessError) as error:
            msg = f"xray-bridge could not be started: {error}"
            raise LaunchError(msg) from None
        return _answer(finished)


def _answer(finished: subprocess.CompletedProcess[bytes]) -> Answer:
    try:
        content = json.loads(finished.stdout)
    except ValueError:
        said = finished.stderr.decode("utf-8", "replace").strip().splitlines()
        last = said[-1] if said else "it said nothing"
        msg = f"xray-bridge ended with {finished.returncode}: {last}"
        raise LaunchError(msg) from None
    return Answer(exit_code=finished.returncode, content=content)
