"""
The reports that are sent: one in each shipment, all of them in an upload.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xray_bridge.client.import_requests import Report
from xray_bridge.dataclass import dataclass
from xray_bridge.formats.write.xray import XrayWriter
from xray_bridge.runs import marks


if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from xray_bridge.client.import_requests import Execution
    from xray_bridge.client.request import Request
    from xray_bridge.errors import RefusedError
    from xray_bridge.upload.prepared_run import PreparedRun
    from xray_bridge.upload.unasked import Unasked


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipment:
    """
    One report that is sent.

    ``id`` names it in ``arrived.jsonl``. ``report`` is the file that creates a new
    Test Execution; ``sent_as`` is the format that is sent: Xray JSON if an existing
    one accepts no other. ``fill`` makes the request for an existing Test Execution;
    None if the report cannot go there. ``tests`` is the number of Tests with results,
    ``test_keys`` are the keys of those that have one, as in ``Contents``. ``name`` is
    the path of another tool's file, whose keys alone are known; empty if the results
    are in the journal. ``rewrite`` writes the report again after results have changed;
    None for reports of other tools.
    """

    id: str
    report: Report
    sent_as: str
    fill: Callable[[str], Request] | None
    tests: int = 0
    test_keys: Iterable[str] = ()
    name: str = ""
    rewrite: Callable[[], object] | None = None

    def sent_report(self, folder: Path) -> Report:
        """Return the file that is sent: the report, or Xray JSON in ``folder``."""
        if self.sent_as == self.report.format:
            return self.report
        return Report(format=self.sent_as, path=folder / XrayWriter.file_name)


def _as_it_is(_: RefusedError) -> Delivery | None:
    """Nothing can be left out."""
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """
    The requests to send: ``create`` creates a Test Execution, ``fill`` fills one.

    ``fill_after``: ``create`` cannot contain everything, so ``fill`` has to follow.
    ``fill`` is None if the run cannot be sent a second time. ``key`` is an existing
    Test Execution, or empty. ``is_shared``: other machines may have sent parts of the
    same CI run under this label. ``info``: fields of an empty Test Execution, which is
    created if ``create`` is in doubt; None if ``fill`` cannot contain everything.
    ``mark``: the field with the label. ``relax`` returns the delivery without refused
    fields that the user did not set, or None.
    """

    label: str
    create: Request
    fill: Callable[[str], Request] | None
    fill_after: bool
    key: str
    is_shared: bool = False
    info: Mapping[str, Any] | None = None
    mark: str = marks.LABELS
    relax: Callable[[RefusedError], Delivery | None] = _as_it_is


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """
    A run that is ready to send.

    The first shipment creates the Test Execution, the others fill it, ``jobs`` at a
    time. ``is_unlabelled``: Xray chooses the Test Execution, which gets no label.
    ``unasked`` describes the Test Execution, without fields that the server refuses.
    """

    run: PreparedRun
    unasked: Unasked
    shipments: tuple[Shipment, ...]
    is_unlabelled: bool = False
    jobs: int = 1

    @property
    def execution(self) -> Execution:
        """The description of the Test Execution."""
        return self.unasked.execution

    def describe(self) -> dict[str, Any]:
        """Return the files that are sent, in the form of a receipt."""
        folder = self.run.folder
        found = [describe_report(each.sent_report(folder)) for each in self.shipments]
        if len(found) == 1:
            return found[0]
        size = sum(each["bytes"] for each in found)
        return {"format": "several", "path": "", "bytes": size, "reports": found}


def describe_report(report: Report) -> dict[str, Any]:
    """Return a report in the form of a receipt."""
    return {
        "format": report.format,
        "path": report.path.name,
        "bytes": report.path.stat().st_size,
    }
