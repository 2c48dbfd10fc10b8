"""
What goes out: one report in one request, and all of them in an upload.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xray_bridge.client.import_requests import Report
from xray_bridge.formats.write.xray import XrayWriter
from xray_bridge.runs import marks


if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from xray_bridge.client.import_requests import Execution
    from xray_bridge.client.request import Request
    from xray_bridge.errors import RefusedError
    from xray_bridge.upload.prepared_run import PreparedRun
    from xray_bridge.upload.unasked import Unasked


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipment:
    """
    One report that goes out.

    ``id`` names it in ``arrived.jsonl``. ``report`` is the file that makes a new
    Test Execution; ``sent_as`` is the format that goes out, which is Xray JSON
    where an existing one takes no other. ``fill`` makes the request that puts it
    into an existing Test Execution; None where it cannot go there. ``tests`` is how
    many Tests have results in it, ``test_keys`` are the keys of those with one.
    ``name`` is how people call a file of another tool, of which only its keys are
    known; empty where the results are in the journal. ``rewrite`` writes the report
    again, of results that have changed; None for what others have written.
    """

    id: str
    report: Report
    sent_as: str
    fill: Callable[[str], Request] | None
    tests: int = 0
    test_keys: tuple[str, ...] = ()
    name: str = ""
    rewrite: Callable[[], object] | None = None

    def sent_report(self, folder: Path) -> Report:
        """The file that goes out: the report itself, or Xray JSON in ``folder``."""
        if self.sent_as == self.report.format:
            return self.report
        return Report(format=self.sent_as, path=folder / XrayWriter.file_name)


def _as_it_is(_: RefusedError) -> Delivery | None:
    """Nothing can be left out."""
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """
    What is to be sent: ``create`` makes a Test Execution, ``fill`` fills one.

    ``fill_after`` says that ``create`` cannot carry everything, so that ``fill``
    has to follow. ``fill`` is None where there is no second way to send the run.
    ``key`` is an existing Test Execution, or empty. ``is_shared``: other machines
    may have sent parts of the same CI run under this label. ``info`` is of an empty
    one, to be made where ``create`` is in doubt and ``fill`` says all there is; None
    where it does not. ``mark`` is where the label stands in both. ``relax`` gives the
    same without what a refusal names and nobody has asked for, or None.
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
    A run that is ready to go.

    The first shipment makes the Test Execution, the others fill it, ``jobs`` at a
    time. ``is_unlabelled``: Xray decides where it goes, and nothing of ours marks
    what it makes. ``unasked`` is what is said of the Test Execution, less what the
    server does not take.
    """

    run: PreparedRun
    unasked: Unasked
    shipments: tuple[Shipment, ...]
    is_unlabelled: bool = False
    jobs: int = 1

    @property
    def execution(self) -> Execution:
        """What is said of the Test Execution."""
        return self.unasked.execution

    def describe(self) -> dict[str, Any]:
        """The files that go out, as they stand in a receipt."""
        folder = self.run.folder
        found = [describe_report(each.sent_report(folder)) for each in self.shipments]
        if len(found) == 1:
            return found[0]
        size = sum(each["bytes"] for each in found)
        return {"format": "several", "path": "", "bytes": size, "reports": found}


def describe_report(report: Report) -> dict[str, Any]:
    """A report, as it stands in a receipt."""
    return {
        "format": report.format,
        "path": report.path.name,
        "bytes": report.path.stat().st_size,
    }
