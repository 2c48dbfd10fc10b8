"""Situations of gates, reruns and comparisons, with their exit codes."""

from __future__ import annotations

from dataclasses import dataclass, replace


KEPT, NOT_KEPT = "min_tests = 2", "min_tests = 9"
PASSED, FAILED = "Gate: passed", "Gate: FAILED"


@dataclass(frozen=True, kw_only=True)
class Row:
    """
    A situation, its exit code, and a line of the output.

    ``first`` are the arguments of an earlier session; None: it uploads. ``given`` are
    those of the session, where None uploads, or more ones of a rerun. ``broken``: the
    first test fails; ``first``: only in the earlier session. ``part``: the earlier one
    is merged, and this part is named; empty: the merged run is. ``n2``: also with two
    workers.
    """

    name: str
    code: int
    line: str = ""
    given: tuple[str, ...] | None = None
    first: tuple[str, ...] | None = None
    broken: str = ""
    rules: str = ""
    table: str = ""
    part: str | None = None
    n2: bool = False


@dataclass(frozen=True, kw_only=True)
class Words:
    """
    What a framework is told, and its own exit codes.

    ``nothing`` selects no test, ``compare`` compares with the run whose name follows.
    ``known`` is the quarantine of the first test.
    """

    upload: tuple[str, ...]
    sandbox: tuple[str, ...]
    dry: tuple[str, ...]
    collect: tuple[str, ...]
    away: tuple[str, ...]
    warn: tuple[str, ...]
    nothing: tuple[str, ...]
    compare: tuple[str, ...]
    known: str
    nothing_ran: int
    nothing_ran_again: int
    interrupted: int
    mistake: int

    def compared(self, name: str) -> tuple[str, ...]:
        """The arguments that compare with a run."""
        *before, last = self.compare
        return (*before, f"{last}{name}")


def gate_rows(words: Words) -> list[Row]:
    """Sessions with a gate."""
    return [
        Row(name="all rules are kept", code=0, line=PASSED, rules=KEPT, n2=True),
        Row(name="a rule is not kept", code=86, line=FAILED, rules=NOT_KEPT, n2=True),
        Row(name="tests failed", code=1, line=FAILED, rules=NOT_KEPT, broken="yes"),
        Row(
            name="no test ran",
            code=words.nothing_ran,
            line=FAILED,
            rules=KEPT,
            given=(*words.upload, *words.nothing),
            n2=True,
        ),
        Row(
            name="all failures are in quarantine, and all rules are kept",
            code=0,
            line=PASSED,
            rules="max_failures = 0",
            broken="yes",
            table=words.known,
            n2=True,
        ),
        Row(
            name="all failures are in quarantine, and a rule is not kept",
            code=86,
            line=FAILED,
            rules=NOT_KEPT,
            broken="yes",
            table=words.known,
        ),
        Row(
            name="the session was interrupted",
            code=words.interrupted,
            line="Interrupted, so nothing was uploaded",
            rules=KEPT,
            broken="interrupt",
        ),
        Row(
            name="the server is away",
            code=80,
            line=PASSED,
            rules=KEPT,
            given=words.away,
            n2=True,
        ),
        Row(
            name="it is away, `on_upload_error = warn`, and all rules are kept",
            code=0,
            line=PASSED,
            rules=KEPT,
            given=words.warn,
        ),
        Row(
            name="it is away, `on_upload_error = warn`, and a rule is not kept",
            code=86,
            line=FAILED,
            rules=NOT_KEPT,
            given=words.warn,
        ),
        Row(
            name="a dry run, or results are only collected",
            code=0,
            line="then check: min_tests (at least 9)",
            rules=NOT_KEPT,
            given=(*words.dry, *words.sandbox),
        ),
        Row(
            name="a dry run, or results are only collected",
            code=0,
            line="nothing was sent",
            rules=NOT_KEPT,
            given=words.collect,
            n2=True,
        ),
        Row(
            name="the rules have mistakes, or a key is none",
            code=words.mistake,
            line="there is no rule x",
            rules="x = 1",
        ),
    ]


def rerun_rows(words: Words) -> list[Row]:
    """Reruns; ``given`` are more arguments of the command."""
    collected = (*words.collect, *words.sandbox)
    return [
        Row(name="no test had failed", code=0, line="Nothing failed in"),
        Row(
            name="all failed tests pass again",
            code=0,
            line="Results: 1 flaky",
            broken="first",
            n2=True,
        ),
        Row(
            name="a test fails again",
            code=1,
            line="Results: 1 failed",
            broken="yes",
            n2=True,
        ),
        Row(
            name="all that fail again are in quarantine",
            code=0,
            line="Quarantine: exit code 0",
            broken="yes",
            table=words.known,
            n2=True,
        ),
        Row(
            name="a rule of the gate is not kept",
            code=86,
            line=FAILED,
            broken="first",
            rules=NOT_KEPT,
        ),
        Row(
            name="no failed test runs again",
            code=words.nothing_ran_again,
            line="ran again (were they renamed",
            broken="first",
            given=words.nothing,
            n2=True,
        ),
        Row(
            name="the server is away",
            code=80,
            line="NOT DELIVERED",
            first=words.away,
            given=words.away,
            broken="first",
        ),
        Row(
            name="the server is away",
            code=1,
            line="NOT DELIVERED",
            first=words.away,
            given=words.away,
            broken="yes",
        ),
        Row(
            name="the command sends nothing (`--xray-dry-run`)",
            code=0,
            line="nothing was sent, so the next rerun is again one of",
            broken="first",
            given=words.dry,
            n2=True,
        ),
        Row(
            name="the run was only collected",
            code=0,
            line="Collected 2 results; nothing was sent",
            first=collected,
            broken="first",
        ),
        Row(
            name="the run is incomplete, and all its other tests pass",
            code=0,
            line="is incomplete, so tests without a result in it run, too",
            first=collected,
            broken="interrupt",
        ),
        Row(
            name="the run has merged parts",
            code=0,
            line="1 flaky",
            first=collected,
            broken="first",
            part="",
        ),
        Row(
            name="the run is a part that was merged",
            code=2,
            line="(rerun that run)",
            first=collected,
            broken="first",
            part="the oldest",
        ),
        Row(
            name="no test ran in the run, or there is no run",
            code=2,
            line="no test ran in",
            first=(*words.upload, *words.nothing),
        ),
    ]


def compare_rows(words: Words) -> list[Row]:
    """Sessions that are compared."""
    newly = Row(
        name="a test is newly failing",
        code=1,
        line="1 newly failing",
        given=(*words.upload, *words.compared("yes")),
        broken="yes",
        n2=True,
    )
    return [
        newly,
        replace(
            newly,
            name="all that fail are in quarantine",
            code=0,
            table=words.known,
            n2=False,
        ),
        Row(
            name="nothing has changed",
            code=0,
            line=": no change",
            given=(*words.upload, *words.compared("yes")),
            n2=True,
        ),
        Row(
            name="there is no run to compare with",
            code=0,
            line="there is no run nowhere",
            given=(*words.upload, *words.compared("nowhere")),
        ),
        Row(
            name="the server is away",
            code=80,
            line="Compared with",
            given=(*words.away, *words.compared("yes")),
        ),
        Row(
            name="a dry run",
            code=0,
            line="then compare with run",
            given=(*words.dry, *words.sandbox, *words.compared("yes")),
        ),
    ]
