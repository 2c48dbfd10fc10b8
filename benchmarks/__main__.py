"""
Measure what users notice, beside the next best tools, and print one table.

``--quick`` takes about 20 minutes, everything about two hours. Each module of a group
prints its rows alone: ``python -m benchmarks.upload_rows``.
"""

from __future__ import annotations

import argparse
import importlib
import platform
from typing import TYPE_CHECKING

from benchmarks.measure import format_rows


if TYPE_CHECKING:
    from benchmarks.measure import Row

GROUPS = ("pytest", "behave", "upload", "run", "feature")


def measure_group(name: str, *, quick: bool) -> list[Row]:
    """Return the rows of one group."""
    module = importlib.import_module(f"benchmarks.{name}_rows")
    rows: list[Row] = module.rows(quick=quick)
    return rows


def main() -> None:
    """Print the table, one group after the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--group", choices=GROUPS, help="only this one")
    parser.add_argument("--quick", action="store_true")
    given = parser.parse_args()
    print(f"{platform.platform()}, CPython {platform.python_version()}\n")
    for name in [given.group] if given.group else GROUPS:
        print(format_rows(measure_group(name, quick=given.quick)), flush=True)


if __name__ == "__main__":
    main()
