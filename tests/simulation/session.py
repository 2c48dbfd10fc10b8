"""
One session: recorded, uploaded by processes that are killed, resent, and judged.
"""

from __future__ import annotations

import random
import shutil
from collections import Counter
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import TYPE_CHECKING

from tests.simulation.machine import Machine, simulated
from tests.simulation.server import LAGS, Server
from xray_bridge.config.resolve import environment_layer, resolve
from xray_bridge.errors import XrayBridgeError
from xray_bridge.model.results import Outcome, TestIssue, TestRun
from xray_bridge.runs import run_directory
from xray_bridge.runs.journal import Journal
from xray_bridge.runs.run_directory import RunDirectory, RunInfo
from xray_bridge.upload import publish
from xray_bridge.upload.intake import IntakeOptions, take_in


if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from xray_bridge.config.settings import Settings
    from xray_bridge.model.receipt import Receipt

# Uploads while the server is at its worst, and then as it should be. Two of these
# may be the one that is too early, and the one that finds.
STORMY, CALM = 5, 4
# Between two of the calm ones; longer than any import may be under way.
APART = 400.0
EXISTING = "CALC-20"
# How often somebody sets the clock between two uploads, and by how many seconds.
SET_CLOCK, AHEAD = 0.05, (-3600.0, -30.0, 0.0, 30.0, 3600.0, 1e7)
ANYWHERE = {
    "project": "CALC",
    "upload": "yes",
    "deadline": "120",
    # Whatever proxies there are, nothing leaves this process.
    "skip_proxy": "yes",
}
GIVEN = {
    **ANYWHERE,
    "url": "http://xray.test",
    "token": "a-token-nobody-may-see",
}
GIVEN_ON_CLOUD = {
    **ANYWHERE,
    "url": "https://xray.cloud.getxray.app",
    "client_id": "AB12",
    "client_secret": "a-secret-nobody-may-see",
}
REPORT = (
    '<testsuite name="s"><testcase classname="c" name="{}">{}</testcase></testsuite>'
)


@dataclass(frozen=True)
class Kind:
    """A kind of session: what is set, what it sends, on how many machines."""

    given: Mapping[str, str] = field(default_factory=dict)
    names: tuple[str, ...] = ("first", "second")
    is_files: bool = False
    is_cloud: bool = False
    machines: int = 1

    @cached_property
    def settings(self) -> Settings:
        """Settings as the environment gives them."""
        given = {**(GIVEN_ON_CLOUD if self.is_cloud else GIVEN), **self.given}
        environ = {f"XRAY_{name.upper()}": value for name, value in given.items()}
        return resolve([environment_layer(environ)], {})


KINDS = {
    "new": Kind(),
    "new, with a short deadline": Kind(given={"deadline": "10"}),
    "new, and filled": Kind(given={"test_plan": "CALC-9"}),
    "existing": Kind(given={"test_execution": EXISTING}),
    "report files": Kind(names=("first", "second", "third"), is_files=True),
    "parts, merged by two machines": Kind(machines=2),
    "new on Cloud": Kind(is_cloud=True),
    # For which an empty one is made first.
    "new on Cloud, with a revision": Kind(given={"revision": "r1"}, is_cloud=True),
}
WEIGHTS = (8, 2, 4, 2, 2, 2, 2, 4)
STATUSES = {"first": "PASS", "second": "FAIL", "third": "PASS"}


def record(folder: Path, kind: Kind) -> RunDirectory:
    """A sealed run of this kind, by the code that users run."""
    if kind.is_files:
        return _take_in(folder, kind)
    is_whole = kind.machines > 1
    info = RunInfo(
        id=run_directory.new_id(0),
        framework="pytest",
        versions={},
        started=1_767_323_000.0,
        settings={"upload": "yes"},
        run_id="77" if is_whole else "",
        parts=("part-1", "part-2") if is_whole else (),
    )
    directory = run_directory.create(folder, info)
    journal = Journal(directory)
    for name in kind.names:
        journal.append(
            TestRun(
                test=TestIssue(classname="c", name=name),
                outcome=Outcome.PASSED if STATUSES[name] == "PASS" else Outcome.FAILED,
                started=1_767_323_010.0,
                duration=0.5,
            )
        )
    journal.close()
    return directory


@cache
def _files(path: Path) -> Mapping[str, bytes]:
    return {each.name: each.read_bytes() for each in path.iterdir() if each.is_file()}


def _take_in(folder: Path, kind: Kind) -> RunDirectory:
    paths = []
    folder.mkdir(parents=True)
    for name in kind.names:
        path = folder / f"{name}.xml"
        failure = '<failure message="no"/>' if STATUSES[name] == "FAIL" else ""
        path.write_text(REPORT.format(name, failure), encoding="ascii")
        paths.append(path)
    options = IntakeOptions(paths=tuple(paths), report_dir=folder)
    return take_in(options, kind.settings, {})


@dataclass
class Verdict:
    """What was wrong in a session, and how it went, for a person."""

    faults: tuple[str, ...]
    figures: Counter[str]
    story: list[str]


class Session:
    """A run on each of its machines, the same server, and what became of it."""

    def __init__(
        self,
        seed: str,
        templates: Mapping[str, RunDirectory],
        folder: Path,
        lags: tuple[float, ...] = LAGS,
    ) -> None:
        self.chance = random.Random(seed)  # noqa: S311 - to be repeated by its seed
        self.name = self.chance.choices([*KINDS], WEIGHTS)[0]
        self.kind = KINDS[self.name]
        self.settings = self.kind.settings
        self.machine = Machine(self.chance)
        self.server = Server(
            self.machine, storm=self.chance.choice((0.1, 0.3, 0.6)), lags=lags
        )
        self.faults: dict[str, None] = {}
        self.figures: Counter[str] = Counter()
        self._folder = folder
        self._delivered: set[Path] = set()
        self._directories = []
        for number in range(self.kind.machines):
            template = templates[self.name]
            path = folder / str(number) / "runs" / template.id
            path.mkdir(parents=True)
            for name, content in _files(template.path).items():
                (path / name).write_bytes(content)
            self._directories.append(RunDirectory(path))

    def run(self) -> Verdict:
        """Play it to its end."""
        try:
            with simulated(self.machine, self.server.send):
                self._play()
        finally:
            shutil.rmtree(self._folder)
        story = [f"{self.name}, storm {self.server.storm}", *self.machine.trace]
        return Verdict((*self.faults,), self.figures, story)

    def _play(self) -> None:
        last = self._directories[0]
        for _ in range(self.chance.randint(1, STORMY)):
            directory = self.chance.choice(self._directories)
            if directory is not last:
                # What two jobs do at the same time no label can tell apart.
                self.machine.now += APART
            last = directory
            is_killed = self.chance.random() < 0.4
            self._upload(directory, self.chance.randrange(25) if is_killed else -1)
            self.machine.now += self.chance.choice((0.0, 1.0, 20.0, 250.0, 700.0))
            if self.chance.random() < SET_CLOCK:
                self.machine.ahead = self.chance.choice(AHEAD)
        self.server.storm = 0.0
        for _ in range(CALM):
            for directory in self._directories:
                self.machine.now += APART
                self._upload(directory, -1)
        self._judge_end()

    def _upload(self, directory: RunDirectory, kill_after: int) -> None:
        if directory.path in self._delivered:
            return
        if directory.state.state == run_directory.DELIVERED:
            self._delivered.add(directory.path)
            return
        trace = self.machine.trace
        trace.append(f"upload {directory.path.parts[-3]}")
        self.figures["uploads"] += 1

        def work() -> Receipt | None:
            try:
                return publish.publish(directory, self.settings)
            except XrayBridgeError as error:
                self._fault(f"publish raised {type(error).__name__}: {error.message}")
                return None

        found = self.machine.run(work, kill_after=kill_after)
        if found is None:
            self.figures["kills"] += 1
            trace.append("killed")
        else:
            self.figures[found.status] += 1
            trace.append(f"{found.status}: {found.error.get('message', '')}")
            self._judge(found, directory.state.test_execution)

    def _fault(self, what: str) -> None:
        self.machine.trace.append(f"FAULT: {what}")
        self.faults[what] = None

    def _judge(self, found: Receipt, known: str) -> None:
        self.server.settle()
        places = {name: self.server.where(name) for name in self.kind.names}
        key = found.test_execution.get("key", "")
        is_there = all(key in place for place in places.values())
        if found.exit_code == 0 and found.status != "delivered":
            self._fault("false green")
        if found.status == "delivered" and not is_there:
            self._fault("false delivered")
        is_alone = self.kind.machines == 1
        if found.status == "failed" and not known and is_alone and any(places.values()):
            self._fault("said that nothing arrived, and it had")

    def _judge_end(self) -> None:
        self.machine.now += APART
        self.server.settle()
        places = {name: self.server.where(name) for name in self.kind.names}
        states = {directory.state.state for directory in self._directories}
        if any(len(place) > 1 for place in places.values()):
            self._fault("twice")
        if not all(places.values()):
            self._fault("lost")
        if states != {run_directory.DELIVERED}:
            self._fault(f"after all, it is {', '.join(sorted(states))}")
        for name, place in places.items():
            if set(place.values()) - {STATUSES[name]}:
                self._fault("false pass")
