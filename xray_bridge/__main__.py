"""
The process of ``xray-bridge``, from its start to its end.

Sessions of pytest and behave wait for it, so neither costs more than it has to.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import os
import sys
import threading
from typing import TYPE_CHECKING


if TYPE_CHECKING:
    from typing import NoReturn

# Of an interpreter whose standard output breaks at its end.
BROKEN_OUTPUT = 120


def main() -> NoReturn:
    """Run the command of this process, and end with its exit code."""
    # A command is short and leaves few cycles; the usual threshold is 700.
    gc.set_threshold(50_000)
    from xray_bridge import cli

    try:
        code = cli.main()
    except SystemExit as ended:
        # Of argparse, which gives a number.
        code = ended.code if isinstance(ended.code, int) else 0
    _end(code)


def _end(code: int) -> NoReturn:
    """
    End like an interpreter, but let the system free the memory.

    An interpreter frees each object, which takes a tenth of a small upload.
    """
    threading._shutdown()  # type: ignore[attr-defined]  # noqa: SLF001 - as it does
    atexit._run_exitfuncs()  # noqa: SLF001
    try:
        sys.stdout.flush()
    except (OSError, ValueError):
        code = BROKEN_OUTPUT
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
