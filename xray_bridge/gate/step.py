"""
Check the gate of a run, after its results were sent.

Nothing here costs a result: a rule that needs a server which cannot be asked is not
checked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xray_bridge.config.gate_table import Gate, parse_gate
from xray_bridge.config.quarantine_table import parse_quarantine
from xray_bridge.config.settings import Settings
from xray_bridge.dataclass import dataclass
from xray_bridge.gate.of_runs import RunFacts
from xray_bridge.gate.rules import KEPT, check_rules
from xray_bridge.model.gate import FAILED, GateRow, GateVerdict
from xray_bridge.runs.merge import Results
from xray_bridge.runs.sessions import environments_of


if TYPE_CHECKING:
    from xray_bridge.client.connection import Connection
    from xray_bridge.gate.questions import Server
    from xray_bridge.model.changes import Changes
    from xray_bridge.runs.run_directory import RunDirectory

# The rule that each gate has.
COMPLETE = "complete"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunToCheck:
    """
    A run with its gate.

    ``executions`` are the Test Executions with its results: first those of its
    ``directories``, in their order and empty for one that was not delivered; then any
    others. ``connection`` is None if no server can be asked; ``offline`` says why.
    ``changes`` are known if the run was compared.
    """

    directories: tuple[RunDirectory, ...]
    settings: Settings
    executions: tuple[str, ...] = ()
    connection: Connection | None = None
    offline: Exception | None = None
    changes: tuple[Changes, ...] = ()


def read_gate(settings: Settings) -> Gate:
    """Return the gate of the settings, which are valid."""
    table: dict[str, Any] = settings.gate
    return parse_gate(table)


def needs_server(settings: Settings) -> bool:
    """Whether a rule of the gate asks a server."""
    gate = read_gate(settings)
    has_label = bool(parse_quarantine(settings.quarantine).label)
    return bool(
        gate.all_tests_of_plan
        or gate.requirements_covered
        or gate.max_new_failures is not None
        or (gate.no_expired_quarantine and has_label)
    )


def check_run(run: RunToCheck) -> GateVerdict:
    """Check the gate of a run; it never raises: an unexpected error fails the gate."""
    try:
        return _check_run(run)
    except Exception as error:  # noqa: BLE001 - results were delivered already
        reason = f"unexpected {type(error).__name__}: {error}"
        row = GateRow(rule="gate", limit="", result=FAILED, reason=reason)
        return GateVerdict(rows=(row,))


def _check_run(run: RunToCheck) -> GateVerdict:
    gate = read_gate(run.settings)
    changes = run.changes
    if gate.max_new_failures is not None and not changes:
        changes = tuple(_compare(run))
    facts = RunFacts(
        run.directories,
        run.settings,
        executions=run.executions,
        server=_make_server(run),
        offline=run.offline,
        changes=changes,
    )
    verdict = check_rules(gate, facts)
    gaps = tuple(facts.list_gaps())
    if not gaps:
        return verdict
    # Nobody knows whether tests that are missing would have kept the rules.
    row = GateRow(rule=COMPLETE, limit="all results", result=FAILED, names=gaps[:KEPT])
    return GateVerdict(rows=(row, *verdict.rows))


def _make_server(run: RunToCheck) -> Server | None:
    if run.connection is None:
        return None
    from xray_bridge.gate.questions import Server

    return Server(run.settings, run.connection)


def _compare(run: RunToCheck) -> list[Changes]:
    """Compare each run directory with the last comparable run."""
    from xray_bridge.changes.step import YES, RunToCompare, compare_run
    from xray_bridge.runs.report_files import load_files

    settings = run.settings
    # Those of the first; each was recorded in its own Test Environments.
    environments = [settings.environments]
    environments += [environments_of(each.info) for each in run.directories[1:]]
    executions = [*run.executions, *[""] * len(run.directories)]
    return [
        compare_run(
            RunToCompare(
                settings=settings.replaced(
                    compare=settings.compare or YES,
                    environments=environments[number],
                ),
                directory=directory,
                info=directory.info,
                results=Results(
                    [directory],
                    only_keyed=settings.only_keyed,
                    aggregate=settings.aggregate,
                ),
                connection=run.connection,
                test_execution=executions[number],
                files=load_files(directory),
            )
        )
        for number, directory in enumerate(run.directories)
    ]
