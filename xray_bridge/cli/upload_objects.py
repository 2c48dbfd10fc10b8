"""
``xray-bridge upload`` for the parts of one CI run in a bucket.

One merge job claims them, fetches, merges and sends them, and writes what it reached.
The others wait for that.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from xray_bridge import progress
from xray_bridge.cli import options, upload_parts
from xray_bridge.cli.gate_check import with_gate
from xray_bridge.cli.upload_parts import Origin
from xray_bridge.config.settings import TABLE, Settings
from xray_bridge.errors import RunDirectoryError, StoreError, UsageError
from xray_bridge.model.receipt import (
    AMBIGUOUS,
    DELIVERED,
    EMPTY,
    PARTLY_REFUSED,
    Receipt,
)
from xray_bridge.objects import layout
from xray_bridge.objects.bucket import open_bucket
from xray_bridge.objects.claims import Merge, Outcome, Sent, Turn
from xray_bridge.objects.transfer import fetch_parts
from xray_bridge.runs.evidence import format_size
from xray_bridge.text import count
from xray_bridge.upload.draft import do_nothing


if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable, Sequence

    from xray_bridge.config.effective import Effective
    from xray_bridge.objects.bucket import Bucket
    from xray_bridge.objects.layout import Part
    from xray_bridge.runs.run_directory import RunDirectory

ARRIVED = frozenset({DELIVERED, PARTLY_REFUSED, EMPTY})


def send_all(arguments: argparse.Namespace, command: Effective) -> list[Receipt]:
    """
    Send the parts of a CI run in a bucket, unless another job has sent them.

    Raises UsageError, StoreError, ClaimedError and RunDirectoryError.
    """
    work = _Work(arguments, command)
    with progress.step("listing the parts in the bucket"):
        listed = work.list_parts()
    merge = Merge(work.bucket, work.run_id)
    if command.local.dry_run:
        work.refuse_other_split(merge.look().delivered)
        receipts, _ = work.send(listed)
        what = f"{_describe(listed)} in {work.bucket.address}; no claim was made"
        return _with_notice(receipts, what)
    with progress.step("waiting for the claim of another job"):
        turn = merge.wait_for_turn(
            frozenset(part.id for part in listed), command.local.deadline
        )
    if isinstance(turn, Outcome):
        work.refuse_other_split(turn)
        return work.receipts_of(turn)
    try:
        work.refuse_other_split(merge.look().delivered)
        return work.send_in_turn(merge, turn)
    except BaseException:  # raised again; only the claim ends
        turn.give_up()
        raise


class _Work:
    """The upload of the parts of one CI run in a bucket."""

    def __init__(self, arguments: argparse.Namespace, command: Effective) -> None:
        if len(arguments.paths) > 1:
            msg = "parts in a bucket cannot be uploaded together with other paths"
            raise UsageError(msg, hint="give only the address of the bucket")
        self.run_id = command.local.run_id
        if not self.run_id:
            msg = "the run id of the parts in the bucket is not known"
            raise UsageError(msg, hint="give --run-id ID")
        self.bucket: Bucket = open_bucket(arguments.paths[0])
        self._arguments = arguments
        self._command = command

    def list_parts(self) -> list[Part]:
        """List the parts of the CI run; raise UsageError if there are none."""
        parts = layout.list_parts(self.bucket, self.run_id)
        if not parts:
            there = ", ".join(self.bucket.folders()[-5:]) or "nothing"
            msg = f"there is no part of run id {self.run_id} in {self.bucket.address}"
            raise UsageError(msg, hint=f"found instead: {there}")
        return parts

    def refuse_other_split(self, delivered: Outcome | None) -> None:
        """Raise UsageError if parts were sent as one, and now are split, or reverse."""
        way = self._arguments.split_by
        if not (delivered and delivered.executions) or delivered.split_by == way:
            return
        msg = f"run id {self.run_id} was sent as {delivered.keys}, "
        if way:
            raise UsageError(f"{msg}with all parts", hint=f"leave out --split-by {way}")
        msg += f"each with the parts of one {delivered.split_by}"
        raise UsageError(msg, hint=f"add --split-by {delivered.split_by}")

    def send_in_turn(self, merge: Merge, turn: Turn) -> list[Receipt]:
        """Send the parts that are there now, and write the outcome."""
        listed = self.list_parts()
        settings = self._command.local
        lasts = settings.deadline * settings.phases
        with turn.kept():
            receipts, number = self.send(listed, lambda: turn.begin_sending(lasts))
        statuses = {receipt.status for receipt in receipts}
        if AMBIGUOUS in statuses:
            # The claim lasts until Jira's search shows what was created.
            return receipts
        # Later jobs have its exit code, but no results to check.
        receipts = with_gate(receipts, self._command)
        outcome = Outcome(
            is_delivered=statuses <= ARRIVED,
            by=merge.by,
            parts=tuple(part.id for part in listed),
            number=number,
            executions=tuple(
                Sent(
                    each.test_execution["key"],
                    each.test_execution.get("url", ""),
                    each.sent,
                )
                for each in receipts
                if each.test_execution.get("key")
            ),
            exit_code=max(receipt.exit_code for receipt in receipts),
            split_by=self._arguments.split_by,
        )
        try:
            turn.end(outcome)
        except StoreError as error:
            return _with_notice(receipts, f"the outcome was not written: {error}")
        return receipts

    def send(
        self, parts: Sequence[Part], begin: Callable[[], None] = do_nothing
    ) -> tuple[list[Receipt], int]:
        """
        Fetch, merge and send the parts; return receipts, and the number of parts.

        ``begin`` is called before the first request of each run; it may raise an error.
        """
        with tempfile.TemporaryDirectory(prefix="xray-bridge-") as folder:
            with progress.step(f"fetching {_describe(parts)}"):
                fetched = fetch_parts(self.bucket, parts, Path(folder), self.run_id)
            self._refuse_mixture(fetched)
            origin = Origin(
                copies=tuple(fetched),
                replaced=frozenset(each.id for each in parts)
                - {each.id for each in fetched},
                begin_sending=begin,
            )
            sent = upload_parts.send_all(self._arguments, self._command, (), origin)
            return sent, len(fetched)

    def receipts_of(self, outcome: Outcome) -> list[Receipt]:
        """Return receipts of a delivery by another job."""
        keys = outcome.keys
        done = f"already delivered, as {keys}" if keys else "there was nothing to send"
        receipts = [
            Receipt(
                status=DELIVERED,
                test_execution={"key": sent.key, "url": sent.url},
                sent=sent.tests,
                exit_code=outcome.exit_code,
            )
            for sent in outcome.executions
        ] or [Receipt(status=EMPTY, exit_code=outcome.exit_code)]
        missing = upload_parts.missing_parts(outcome.number, self._arguments.parts)
        receipts = upload_parts.with_missing(receipts, missing)
        code = outcome.exit_code
        ended = f", which ended with exit code {code}" if code else ""
        return _with_notice(receipts, f"{done}, by {outcome.by}{ended}")

    def _refuse_mixture(self, fetched: Iterable[RunDirectory]) -> None:
        """Raise an error for parts of several runs or frameworks under one run id."""
        infos = [each.info for each in fetched]
        frameworks = Counter(info.framework for info in infos)
        if len(frameworks) > 1:
            msg = f"run id {self.run_id} has parts of {_list_counted(frameworks)}"
            raise UsageError(msg, hint="give each framework a run id of its own")
        name = Settings.revision.name
        revisions = Counter(
            info.settings.get(name) or info.ci.get(name, "") for info in infos
        )
        if len(revisions) > 1 and not options.is_flag_given(self._arguments, name):
            msg = f"run id {self.run_id} has parts of several revisions: "
            flag = TABLE[name].flag_name
            hint = "give each CI run an id of its own, and remove what does not belong "
            raise RunDirectoryError(
                f"{msg}{_list_counted(revisions)}",
                hint=f"{hint}here; or name one for all: {flag} TEXT",
            )


def _describe(parts: Sequence[Part]) -> str:
    size = sum(part.entry.size for part in parts)
    return f"{count(len(parts), 'part')} ({format_size(size)})"


def _list_counted(found: Counter[str]) -> str:
    return ", ".join(
        f"{name[:40] or 'none'} ({number})" for name, number in sorted(found.items())
    )


def _with_notice(receipts: list[Receipt], notice: str) -> list[Receipt]:
    *before, last = receipts
    return [*before, replace(last, notices=(*last.notices, notice))]
