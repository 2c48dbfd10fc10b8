"""
Measure shards that go through a bucket, and let merge jobs race.

``measure`` puts, lists, fetches and merges shards, and merges the same run directories
from disk. ``race`` starts many merge jobs at the same moment, and kills the one that
has the claim. Both with a folder, and with a local S3 server where moto is installed.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

from tests.builders import STARTED, a_run, recorded
from tests.objects import s3_server
from xray_bridge import cli
from xray_bridge.client import connection
from xray_bridge.client.pauses import Pauses
from xray_bridge.model.results import Outcome
from xray_bridge.objects import claims, layout
from xray_bridge.objects.bucket import open_bucket
from xray_bridge.objects.transfer import THREADS, fetch_parts, put_run
from xray_bridge.runs import parts, run_directory
from xray_bridge.runs.join import join_copies, join_parts
from xray_sandbox import CREDENTIALS, Store, running


if TYPE_CHECKING:
    from collections.abc import Iterator

    from xray_bridge.objects.bucket import Bucket
    from xray_bridge.runs.run_directory import RunDirectory

RUN_ID = "4711"
JOBS = os.cpu_count() or 1
# The time of a claim in a race, instead of five minutes.
READS, SETTLES = 4.0, 1.0
DEADLINE = 8
HOLDER = re.compile(rb"process (\d+)")


def main() -> int:
    """Print figures; 1 where anything was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["measure", "race", "job"])
    parser.add_argument("address", nargs="?", help=argparse.SUPPRESS)
    parser.add_argument("--shards", type=int, default=1000)
    parser.add_argument("--results", type=int, default=200)
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--jobs", type=int, default=16)
    parser.add_argument("--later", type=float, default=0.2)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))  # noqa: S311
    given = parser.parse_args()
    if given.what == "job":
        return run_job(given.address)
    wrong = 0
    with tempfile.TemporaryDirectory(prefix="xray-objects-") as folder:
        for name, place in places(Path(folder)):
            print(f"{name}: seed {given.seed}", flush=True)
            if given.what == "measure":
                measure(place, Path(folder) / name, given)
            else:
                wrong += race(place, Path(folder) / name, given)
    return 1 if wrong else 0


def places(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield a folder and a bucket of a local S3 server, with their names."""
    (folder / "bucket").mkdir()
    yield "folder", (folder / "bucket").as_uri()
    if not s3_server.HAS_MOTO:
        print(s3_server.WHY)
        return
    with s3_server.running() as url:
        # Its own time, single-threaded Python, is part of all figures.
        os.environ.update(s3_server.environment(url))
        s3_server.make_bucket(url, "results")
        yield "s3", "s3://results/xray"


def measure(place: str, folder: Path, given: argparse.Namespace) -> None:
    """Print the seconds of each step, and of the same shards merged from disk."""
    folder.mkdir()
    for number in range(given.times):
        run_id = f"{RUN_ID}-{number}"
        here = folder / str(number)
        shards = make_shards(here / "shards", given.shards, given.results, run_id)
        shutil.copytree(here / "shards", here / "copies")
        began, cpu = time.perf_counter(), time.process_time()
        found = parts.find_parts([here / "copies"], here / "disk")
        join_parts([each.directory for each in found.shards], here / "disk")
        disk, disk_cpu = time.perf_counter() - began, time.process_time() - cpu
        cpu = time.process_time()
        seconds = through_bucket(place, shards, here, run_id)
        cpu = time.process_time() - cpu
        bare = move_objects(open_bucket(place), run_id)
        total = sum(seconds.values())
        steps = ", ".join(f"{name} {value:.2f}" for name, value in seconds.items())
        print(
            f"  {given.shards} x {given.results}: {steps}: {total:.2f} s; "
            f"from disk {disk:.2f} s; {total / disk:.2f} x; "
            f"the objects alone {bare:.2f} s; "
            f"CPU of this process {cpu:.2f} and {disk_cpu:.2f} s",
            flush=True,
        )
        shutil.rmtree(here)


def through_bucket(
    place: str, shards: list[RunDirectory], here: Path, run_id: str
) -> dict[str, float]:
    """Put, list, fetch and merge the shards; return the seconds of each step."""
    bucket = open_bucket(place)
    # As in CI, where each job puts its own part: one process for each core.
    with ProcessPoolExecutor(JOBS, mp_context=get_context("spawn")) as pool:
        jobs = [shards[number::JOBS] for number in range(JOBS)]
        # The imports of obstore, and the first connection.
        list(pool.map(put_all, [place] * JOBS, [[job.pop()] for job in jobs]))
        times = [time.perf_counter()]
        list(pool.map(put_all, [place] * JOBS, jobs))
        times.append(time.perf_counter())
    listed = layout.list_parts(bucket, run_id)
    times.append(time.perf_counter())
    (here / "fetched").mkdir()
    fetched = fetch_parts(bucket, listed, here / "fetched", run_id)
    times.append(time.perf_counter())
    found = parts.find_parts([], here / "merged", copies=fetched)
    join_copies([each.directory for each in found.shards], here / "merged")
    times.append(time.perf_counter())
    names = ("put", "list", "fetch", "merge")
    return {name: times[i + 1] - times[i] for i, name in enumerate(names)}


def put_all(place: str, shards: list[RunDirectory]) -> None:
    """Put shards one after the other."""
    bucket = open_bucket(place)
    for shard in shards:
        put_run(shard, bucket, dry_run=False)


def move_objects(bucket: Bucket, run_id: str) -> float:
    """
    Put, list and fetch objects of the same content; return the seconds.

    This is what the store takes, whatever we do.
    """
    contents = [
        bucket.read(part.entry.name) or b""
        for part in layout.list_parts(bucket, run_id)
    ]
    names = [f"bare-{run_id}/{number}.zip" for number in range(len(contents))]
    began = time.perf_counter()
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(bucket.put_file, names, map(io.BytesIO, contents)))
        bucket.entries(f"bare-{run_id}")
        list(pool.map(bucket.read, names))
    return time.perf_counter() - began


def make_shards(
    folder: Path, shards: int, results: int, run_id: str
) -> list[RunDirectory]:
    """Make the run directories of many shards, each with some failures and no keys."""
    found = []
    for shard in range(shards):
        runs = (
            a_run(
                Outcome.FAILED if number % 50 == 0 else Outcome.PASSED,
                name=f"test_{shard}_{number}",
            )
            for number in range(results)
        )
        started = STARTED + shard
        directory = recorded(
            folder / str(shard),
            *runs,
            settings={"collect": "true"},
            run_id=run_id,
            started=started,
            id=run_directory.new_id(started),
        )
        found.append(directory)
    return found


def race(place: str, folder: Path, given: argparse.Namespace) -> int:
    """Race in rounds; return how many rounds were wrong."""
    chance = random.Random(given.seed)  # noqa: S311 - for an experiment
    wrong, killed, ended = 0, Counter[str](), Counter[int]()
    more = 0
    bucket = open_bucket(place)
    with running(folder / "server") as sandbox:
        os.environ |= {"XRAY_URL": sandbox.url, "XRAY_TOKEN": CREDENTIALS.token}
        os.environ |= {"XRAY_PROJECT": "CALC", "XRAY_DEADLINE": str(DEADLINE)}
        for number in range(given.rounds):
            run_id = f"{place.partition(':')[0]}-{number}"
            for shard in make_shards(folder / run_id, 4, 5, run_id):
                put_run(shard, bucket, dry_run=False)
            before = keys_in(sandbox.store)
            stage = claims.SENDING if number % 2 else claims.READING
            when = (stage, chance.uniform(0, given.later))
            victim, codes = one_round(place, bucket, run_id, given.jobs, when)
            killed[victim] += 1
            ended.update(codes)
            # As the line of a job that has waited says: the same command, later.
            while run_again(place, run_id) != 0:
                more += 1
            made = keys_in(sandbox.store) - before
            results = [count_runs(sandbox.store, key) for key in made]
            is_right = results == [20]
            wrong += not is_right
            said = "" if is_right else " WRONG"
            print(f"  {run_id}: {sorted(made)} {results} killed {victim}{said}")
            sys.stdout.flush()
    counts = ", ".join(f"{n} with {code}" for code, n in sorted(ended.items()))
    who = ", ".join(f"{n} x {name}" for name, n in sorted(killed.items()))
    print(f"  {given.rounds} rounds, {given.jobs} jobs each, ended: {counts}")
    print(f"  killed: {who}; the same command again: {more} x")
    print(f"  {wrong} rounds wrong", flush=True)
    return wrong


def one_round(
    place: str, bucket: Bucket, run_id: str, jobs: int, when: tuple[str, float]
) -> tuple[str, list[int]]:
    """Start the jobs, kill one of them; return which, and all exit codes."""
    command = [sys.executable, "-m", "benchmarks.objects", "job", place]
    environ = {**os.environ, "XRAY_RUN_ID": run_id}
    with contextlib.ExitStack() as stack:
        folders = [
            stack.enter_context(tempfile.TemporaryDirectory()) for _ in range(jobs)
        ]
        path = {"PYTHONPATH": str(Path.cwd())}
        started = [
            subprocess.Popen(
                command,
                cwd=folder,
                env={**environ, **path},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            for folder in folders
        ]
        victim = kill_holder(bucket, run_id, started, when)
        codes = [process.wait() for process in started]
    return victim, codes


def kill_holder(
    bucket: Bucket,
    run_id: str,
    started: list[subprocess.Popen[bytes]],
    when: tuple[str, float],
) -> str:
    """
    Kill the job with the claim; return what it was doing.

    ``when``: the stage of the claim, and the seconds after it was made.
    """
    stage, later = when
    while not (content := find_claim(bucket, run_id, stage)):
        time.sleep(0.02)
    time.sleep(later)
    found = HOLDER.search(content)
    holder = int(found[1]) if found else 0
    # If it has ended already, one that waits for it.
    for process in sorted(started, key=lambda each: each.pid != holder):
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            process.wait()
            was = f"the holder, {last_stage(bucket, run_id, holder)}"
            return was if process.pid == holder else "a waiting job"
    return "none"


def find_claim(bucket: Bucket, run_id: str, stage: str) -> bytes:
    """Return the content of a claim of this stage; empty if there is none yet."""
    for entry in bucket.entries(f"{run_id}/{layout.MERGE}"):
        content = bucket.read(entry.name) or b""
        if f'"{stage}"'.encode() in content:
            return content
    return b""


def last_stage(bucket: Bucket, run_id: str, process: int) -> str:
    """Return what a job did when it was killed, by its last claim."""
    contents = (
        bucket.read(entry.name) or b""
        for entry in bucket.entries(f"{run_id}/{layout.MERGE}")
    )
    own = [text for text in contents if b'process %d"' % process in text]
    if any(b"is_delivered" in text for text in own):
        return "when all was done"
    return claims.SENDING if b'"sending"' in own[-1] else claims.READING


def run_again(place: str, run_id: str) -> int:
    """Run one more job; return its exit code."""
    with tempfile.TemporaryDirectory() as folder:
        return subprocess.run(
            [sys.executable, "-m", "benchmarks.objects", "job", place],
            cwd=folder,
            env={**os.environ, "XRAY_RUN_ID": run_id, "PYTHONPATH": str(Path.cwd())},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        ).returncode


def run_job(place: str) -> int:
    """Be a merge job whose claims last seconds instead of minutes."""
    claims.READS, claims.SETTLES = READS, SETTLES
    connection.PAUSES = Pauses(first=0.01, looks=(0.0,), settled=SETTLES)
    return cli.main(["upload", place])


def keys_in(store: Store) -> set[str]:
    """Return the keys of all Test Executions."""
    return {row.key for row in store.test_executions()}


def count_runs(store: Store, key: str) -> int:
    """Return how many results a Test Execution has."""
    found = store.test_execution(key)
    return len(found.runs) if found else 0


if __name__ == "__main__":
    sys.exit(main())
