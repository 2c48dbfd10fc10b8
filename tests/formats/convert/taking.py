"""Take reports of formats that are converted."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from tests.builders import settings_of
from xray_bridge.formats.convert import read_report, recognise
from xray_bridge.formats.convert.protocol import Converted, Item, Red
from xray_bridge.formats.read.protocol import Source
from xray_bridge.model.tags import PREFIXES
from xray_bridge.runs import report_files
from xray_bridge.upload.intake import IntakeOptions, take_in


KINDS = ("passed", "failed", "skipped")
RANKS = {"passed": 0, "skipped": 1, "failed": 2}


@dataclass(frozen=True)
class Taken:
    """
    A report, as it would be sent.

    ``counts`` are results as ``passed/failed/skipped``, ``keys`` the worst outcome by
    Test key, ``failures`` names and messages of what failed.
    """

    name: str
    counts: str
    red: tuple[str, ...]
    keys: dict[str, str]
    names: tuple[str, ...]
    outcomes: tuple[tuple[str, str], ...]
    suite: str
    failures: tuple[tuple[str, str], ...]
    notices: tuple[str, ...]
    report: bytes


def taken(path: Path, folder: Path, **options: object) -> Taken:
    """Take a report in, as ``upload`` does, and read what would be sent."""
    wanted = IntakeOptions(paths=[path], report_dir=folder / "runs", **options)  # type: ignore[arg-type]
    directory = take_in(wanted, settings_of(), {})
    files = report_files.load_files(directory)
    assert files is not None
    (file,) = files.files
    report = (directory.path / file.file).read_bytes()
    keys: defaultdict[str, list[str]] = defaultdict(list)
    outcomes, failures = [], []
    root = etree.fromstring(report)
    for case in root.iter("testcase"):
        child = next(
            (each for each in case if each.tag in {"failure", "skipped"}), None
        )
        outcome = "passed" if child is None else child.tag.replace("failure", "failed")
        name = f"{case.get('classname')}.{case.get('name')}"
        outcomes.append((name, outcome))
        if child is not None and outcome == "failed":
            failures.append((name, (child.text or "").strip()))
        for each in case.iter("property"):
            if each.get("name") == "test_key":
                keys[each.get("value", "")].append(outcome)
    red = [each.name for each in found(path) if isinstance(each, Red)]
    # Before results of one Test are joined.
    ended = Counter(outcome for _, outcome in outcomes)
    counts = "/".join(str(ended[kind]) for kind in KINDS)
    return Taken(
        name=path.name,
        counts=counts,
        red=tuple(red),
        keys={key: max(each, key=RANKS.__getitem__) for key, each in keys.items()},
        names=tuple(name for name, _ in outcomes),
        outcomes=tuple(outcomes),
        suite=str(root[0].get("name")),
        failures=tuple(failures),
        notices=files.notices,
        report=report,
    )


def found(path: Path) -> list[Item]:
    """The items that the converter of a report yields."""
    source = Source(path=path, name=path.name)
    row = recognise(source)
    assert row is not None, path.name
    return list(read_report(source, row, PREFIXES))


def results(path: Path) -> list[Converted]:
    """The results among it."""
    return [each for each in found(path) if isinstance(each, Converted)]
