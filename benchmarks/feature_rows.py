"""Measure feature files: imports into the sandbox, names, and many keys."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measure import Row, format_rows, run_process
from xray_bridge.client.issues import Issue
from xray_bridge.features.plan import matched_by_name
from xray_bridge.features.values import UnkeyedBlock


if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

PER_FILE = 50
SCENARIO = """
  @smoke
  Scenario: Scenario {number}
    Given a number 1
    When I add 1
    Then I have 2
"""
# As the sandbox prints them.
URL = "Xray sandbox: "
CREDENTIALS = {"XRAY_USER": "sandbox", "XRAY_PASSWORD": "sandbox-password"}
# One test, which names every key.
MANY_KEYS = """
def test_keys(xray):
    for number in range({keys}):
        xray.key(f"CALC-{{number + 1}}")
"""


def write_features(folder: Path, scenarios: int) -> None:
    """Write feature files of scenarios without keys."""
    folder.mkdir(parents=True)
    for first in range(0, scenarios, PER_FILE):
        numbers = range(first, min(first + PER_FILE, scenarios))
        text = "".join(SCENARIO.format(number=number) for number in numbers)
        path = folder / f"f{first:06}.feature"
        path.write_text(f"Feature: Feature {first}\n{text}", "ascii")


@contextmanager
def serve_sandbox(data: Path) -> Iterator[str]:
    """Run a sandbox that creates what is missing; return its address."""
    command = [sys.executable, "-m", "xray_bridge", "sandbox", "--adopt", "--port", "0"]
    with subprocess.Popen(
        [*command, "--data", str(data)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None  # noqa: S101 - it was asked for
        line = next(each for each in process.stdout if each.startswith(URL))
        try:
            yield line.removeprefix(URL).strip()
        finally:
            process.terminate()


def _environ(folder: Path, url: str = "http://127.0.0.1:9") -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "XRAY_URL": url,
        "XRAY_PROJECT": "CALC",
        **CREDENTIALS,
    }


def time_second_import(folder: Path, scenarios: int) -> float:
    """Import feature files into a sandbox that has their Tests; in seconds."""
    place = folder / str(scenarios)
    write_features(place / "features", scenarios)
    command = [sys.executable, "-m", "xray_bridge", "features", "import", "features"]
    with serve_sandbox(place / "data") as url:
        run_process(command, place, _environ(place, url))
        return run_process(command, place, _environ(place, url)).wall


def time_names(scenarios: int) -> float:
    """Find scenarios by their names among as many Tests; in seconds."""
    blocks = [
        UnkeyedBlock(place=f"a.feature:{number}", name=f"Scenario {number}", labels=())
        for number in range(scenarios)
    ]
    issues = {
        f"CALC-{number}": Issue(
            key=f"CALC-{number}", summary=f"Scenario {number}", labels=()
        )
        for number in range(scenarios)
    }
    began = time.perf_counter()
    found = matched_by_name(blocks, issues)
    took = time.perf_counter() - began
    if len(found) != scenarios:
        sys.exit(f"{len(found)} of {scenarios} scenarios were found by name")
    return took


def time_many_keys(folder: Path, keys: int) -> float:
    """Run pytest on one test with many keys, and render its results; CPU seconds."""
    place = folder / f"keys-{keys}"
    place.mkdir()
    (place / "test_keys.py").write_text(MANY_KEYS.format(keys=keys), "ascii")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    return run_process([*command, "--xray-dry-run"], place, _environ(place)).cpu


def _row_of_growth(
    what: str, measure: Callable[[int], float], sizes: Sequence[int], target: float
) -> Row:
    """The time at the largest size; the note has those of the smaller ones."""
    times = [measure(size) for size in sizes]
    shown = ", ".join(
        f"{took:.2f} s at {size:,}" for size, took in zip(sizes, times, strict=True)
    )
    return Row(f"{what}, {sizes[-1]:,}", times[-1], "s", target, note=shown)


def rows(quick: bool) -> list[Row]:
    """The rows of feature files and of many keys."""
    folder = Path(tempfile.mkdtemp(prefix="xray-bridge-bench-"))
    imports = (125, 250, 500) if quick else (250, 500, 1_000)
    keys = (1_000, 2_000, 4_000) if quick else (2_000, 4_000, 8_000)
    found = [
        _row_of_growth(
            "features import into the sandbox, again; scenarios",
            lambda size: time_second_import(folder, size),
            imports,
            3.0,
        ),
        _row_of_growth("scenarios found by name", time_names, (1_000, 8_000), 0.3),
        _row_of_growth(
            "keys of one test, pytest with a dry run, CPU",
            lambda size: time_many_keys(folder, size),
            keys,
            2.0,
        ),
    ]
    shutil.rmtree(folder)
    return found


if __name__ == "__main__":
    print(format_rows(rows("--quick" in sys.argv)))
