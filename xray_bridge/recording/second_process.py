"""
Start ``xray-bridge`` as a second process of a session, and wait for it.

Tests pollute the process they run in (mocked sockets, patched clocks, changed
environment), so nothing that needs the network happens there. Environment and
working directory are those of the session's start.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager, suppress
from dataclasses import field
from json import dumps, loads
from subprocess import DEVNULL, PIPE, Popen, SubprocessError
from typing import TYPE_CHECKING, Any

from xray_bridge.dataclass import dataclass
from xray_bridge.errors import XrayBridgeError
from xray_bridge.progress import CLEAR, may_show


if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

# The working directory is removed from the path, as option -P of Python 3.11 does: a
# user's module must not replace one of ours or of the standard library. This module is
# imported when a session starts, because tests patch modules.
_START = (
    "import sys; sys.path[:1] == [''] and sys.path.pop(0); "
    "from xray_bridge.__main__ import main; main()"
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

    ``is_quiet``: nothing is shown on the terminal while it runs.
    """

    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    folder: str = field(default_factory=os.getcwd)
    executable: str = sys.executable
    is_quiet: bool = False

    def run(
        self, *arguments: str, deadline: float, stdin: Mapping[str, Any] | None = None
    ) -> CommandResult:
        """
        Run a command with ``--json``; wait ``deadline`` and GRACE seconds at most.

        ``stdin`` is sent as JSON. Raises SecondProcessError.
        """
        try:
            with self._lend_terminal() as lent:
                words = [*lent, *arguments, "--json"]
                process = self._open(words, deadline, PIPE, tuple(lent.values()))
                output, errors = process.communicate(dumps(stdin or {}).encode())
        except (OSError, SubprocessError) as error:
            raise _start_error(error) from None
        return _read_result(process.returncode, output, errors)

    def _open(
        self,
        words: Sequence[str],
        deadline: float,
        output: int,
        lent: tuple[int, ...] = (),
    ) -> Popen[bytes]:
        """Start a command; ``output`` is PIPE or DEVNULL, ``lent`` are its files."""
        # The second process ends itself after that time: waiting with a timeout would
        # use the clock and the sleep of this process, which tests patch.
        within = f"--within={deadline + GRACE:.1f}"
        return Popen(  # noqa: S603 - our own interpreter and code
            [self.executable, "-c", _START, within, *words],
            stdin=PIPE,
            stdout=output,
            stderr=output,
            env=dict(self.environ),
            cwd=self.folder,
            # Ctrl-C stops the tests, but not a running upload.
            start_new_session=True,
            pass_fds=lent,
        )

    @contextmanager
    def _lend_terminal(self) -> Iterator[Mapping[str, int]]:
        """
        Yield the flags of the files with which progress is shown; none if none is.

        After Ctrl-C the process goes on, and must not write over our own lines.
        """
        terminal = self._open_terminal()
        if terminal is None:
            yield {}
            return
        until, ours = os.pipe()
        files = [terminal, until, ours]
        try:
            yield {f"--terminal={terminal}": terminal, f"--until={until}": until}
        except KeyboardInterrupt:
            os.close(files.pop())
            with suppress(OSError):
                os.write(terminal, CLEAR)
            raise
        finally:
            for file in files:
                os.close(file)

    def _open_terminal(self) -> int | None:
        """Return a file of the terminal on which progress is shown; None if none is."""
        file = sys.__stderr__
        if self.is_quiet or sys.platform == "win32" or file is None:
            return None
        try:
            return os.dup(file.fileno()) if may_show(file, self.environ) else None
        except (AttributeError, OSError, TypeError, ValueError):
            # A test has closed it, or has put something else in its place.
            return None

    def start(
        self, *arguments: str, deadline: float, stdin: Mapping[str, Any] | None = None
    ) -> None:
        """
        Start a command and do not wait for it; nobody sees its output.

        It ends after ``deadline`` and GRACE seconds at the latest. Raises
        SecondProcessError.
        """
        try:
            process = self._open(arguments, deadline, DEVNULL)
            if process.stdin is not None:
                process.stdin.write(dumps(stdin or {}).encode())
                process.stdin.close()
        except (OSError, SubprocessError) as error:
            raise _start_error(error) from None


def _start_error(error: Exception) -> SecondProcessError:
    return SecondProcessError(f"xray-bridge could not be started: {error}")


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
