"""Readers of our own files and objects, which anybody may have written or changed."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import shutil
import zipfile
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Any

from obstore.store import MemoryStore

from tests.builders import a_run, recorded
from tests.fuzzing.places import Reader, folder, written
from xray_bridge.ci.comments.body import is_news, make_body
from xray_bridge.ci.comments.places import SERVICES
from xray_bridge.ci.outputs.from_receipts import outputs_of
from xray_bridge.client.datasets import read_file
from xray_bridge.config.gate_table import parse_gate
from xray_bridge.config.quarantine_table import Entry, parse_quarantine, to_table
from xray_bridge.config.shared_file import SHARED_FILE, parse_toml
from xray_bridge.datasets import files
from xray_bridge.datasets.compare import compare_rows
from xray_bridge.datasets.rows import Rows
from xray_bridge.gate.rules import describe_gate
from xray_bridge.objects import layout, transfer
from xray_bridge.objects.bucket import Bucket
from xray_bridge.objects.claims import Merge
from xray_bridge.objects.pack import pack_run
from xray_bridge.quarantine.write import add_entry
from xray_bridge.runs.join import join_copies
from xray_bridge.runs.receipts import read_receipt
from xray_bridge.sync import rules
from xray_bridge.sync.lock import LOCK_FILE, read_lock, write_lock


if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from xray_bridge.model.dataset import Dataset
    from xray_bridge.runs.run_directory import RunDirectory

KEY, RUN_ID = "CALC-1", "4711"
TODAY = date(2026, 11, 30)


def quarantine(content: bytes) -> None:
    """The table of a file; it is the same after JSON, and with one more test."""
    text = content.decode("utf-8", "replace")
    with contextlib.suppress(ValueError, RecursionError):
        found = parse_quarantine(_table_of(text).get("quarantine", {}))
        again = parse_quarantine(json.loads(json.dumps(to_table(found))))
        assert again.tests == found.tests
        for each in found.tests:
            assert each.why_invalid(TODAY) is not None
            assert "\n" not in each.terms
    with contextlib.suppress(RecursionError):
        more = add_entry(folder() / SHARED_FILE, text, Entry(test=text[:40] or "x"))
        listed = parse_quarantine(parse_toml(more)["quarantine"]).tests
        assert (text[:40].strip() or "x") in [each.test for each in listed]


def _table_of(text: str) -> dict[str, Any]:
    """Files have TOML, variables JSON, whose values can be of any type."""
    found = json.loads(text) if text.startswith("{") else parse_toml(text)
    is_table = isinstance(found, dict) and all(map(_is_table, found.values()))
    return found if is_table else {}


def _is_table(value: object) -> bool:
    return isinstance(value, dict)


def tables(content: bytes) -> None:
    """The tables of the gate and of the sync."""
    with contextlib.suppress(ValueError, RecursionError):
        found = _table_of(content.decode("utf-8", "replace"))
        for name, parse in TABLES.items():
            with contextlib.suppress(ValueError):
                assert parse(found.get(name, {})) is not None


TABLES: Mapping[str, Callable[[dict[str, object]], object]] = {
    "gate": lambda table: describe_gate(parse_gate(table)),
    "tests": rules.parse_rules,
}


def lock(content: bytes) -> None:
    """A lock file; what is read is written in a form that is read as the same."""
    path = written(content, LOCK_FILE)
    entries = read_lock(path, "CALC")
    write_lock(path, "CALC", entries)
    assert {*read_lock(path, "CALC")} == {*entries}


CLAIMS = ("claim-000001.json", "outcome-000001.json", "claim-000002.json")


def claims(content: bytes) -> None:
    """One of three objects of a merge; the first byte says which."""
    bucket = Bucket(MemoryStore(), "memory://")
    name = CLAIMS[content[0] % len(CLAIMS)] if content else CLAIMS[0]
    for each in CLAIMS[:2]:
        bucket.put_new(f"{RUN_ID}/{layout.MERGE}/{each}", b"{}")
    bucket.put_file(f"{RUN_ID}/{layout.MERGE}/{name}", io.BytesIO(content[1:]))
    merge = Merge(bucket, RUN_ID, "a job")
    seen = merge.look()
    if seen.delivered:
        assert "\n" not in seen.delivered.keys + seen.delivered.by
        assert 0 <= seen.delivered.exit_code <= 255
    merge.wait_for_turn(frozenset({"a"}), 0)


@cache
def _sound_run() -> RunDirectory:
    return recorded(folder() / "part", a_run(keys=[KEY]), run_id=RUN_ID)


def part(content: bytes) -> None:
    """An object with a part, named by its digest; it is fetched and merged."""
    bucket = Bucket(MemoryStore(), "memory://")
    digest = hashlib.sha256(content).hexdigest()
    name = layout.part_name(RUN_ID, _sound_run().id, digest)
    bucket.put_file(name, io.BytesIO(content))
    target = folder() / "parts"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    found = layout.list_parts(bucket, RUN_ID)
    fetched = transfer.fetch_parts(bucket, found, target, RUN_ID)
    whole = join_copies(fetched, target / "whole")
    assert len(list(whole.lines())) <= len(content)


def dataset(content: bytes) -> None:
    """A dataset's file of a server."""
    _use_dataset(read_file(KEY, content, "2026-11-30 00:00 UTC"))


def cached_dataset(content: bytes) -> None:
    """A dataset's file of ours."""
    place = folder() / "cached"
    place.mkdir(exist_ok=True)
    files.path_of(place, KEY).write_bytes(content)
    with contextlib.suppress(files.DamagedError):
        found = files.read(place, KEY)
        assert found is not None
        _use_dataset(found)


def _use_dataset(found: Dataset) -> None:
    """It is the same after its file; no two rows have one id."""
    rows = Rows(found)
    assert len({*rows.ids}) == len(rows.ids) == len(rows)
    if found.rows:
        again = [each.to_dict() for each in rows]
        difference = compare_rows(found, again)
        assert difference is None or not (difference.missing or difference.extra)
    place = folder() / "datasets"
    files.write(place, found)
    assert files.read(place, KEY) == found


def receipt(content: bytes) -> None:
    """A receipt, as text, as outputs and as a comment."""
    found = read_receipt(written(content, "receipt.json")).cleaned(str)
    assert found.lines()
    outputs_of([found])
    for service in SERVICES.values():
        body = make_body(found, service, "mark")
        assert len(body.encode("utf-8", "backslashreplace")) <= service.longest
    assert is_news(found) is not None


QUARANTINE = b"""[quarantine]
label = "flaky"
owner = "ann"
until = 2026-12-31
release_after = 20

[[quarantine.tests]]
test = "tests/test_a.py::test_b[1]"
fingerprint = ["failure:0123456789ab"]

[[quarantine.tests]]
test = "calc-5"
owner = "bob"
issue = "CALC-6"
until = "2027-01-01"
"""
GATE = b"""[gate]
min_tests = 10
max_failures = 0
max_new_failures = 0
max_flaky = 2
environments = ["linux", "mac"]
no_expired_quarantine = true
requirements_covered = "project = CALC"

[tests]
folder = "/a/${module}/${class}"
labels = ["a"]
test_sets = { "tests/*" = "CALC-50", "b" = ["CALC-51"] }
rows = "one"
issue_type = "Test"
links = false
"""
LOCK = b"""{"xray-tests": 1, "project": "CALC"}
{"test": "tests.test_a.test_b", "key": "CALC-1", "file": "tests/test_a.py", \
"body": "00", "summary": "11", "folder": "/a", "labels": ["a"], \
"requirements": ["CALC-70"], "test_sets": ["CALC-50"]}
{"test": "f.feature: \xe2\x80\xa8S", "key": "CALC-2", "steps": "22"}
"""
CLAIM = (
    b'{"version": 1, "token": "0011", "by": "job a", "stage": "reading", "lasts": 300}'
)
OUTCOME = (
    b'{"version": 1, "is_delivered": true, "by": "job a", "parts": ["a"], '
    b'"executions": [["CALC-7", "https://jira/browse/CALC-7", 2]], "exit_code": 0, '
    b'"split_by": ""}'
)
TABLE = b'User,Pass word*,note\r\nann,1,"a, b"\r\nbob,,x\r\nann,1,"a, b"\r\n'
CACHED = (
    b'{"version": 1, "key": "CALC-1", "fetched": "2026-11-30 00:00 UTC", '
    b'"problem": "", "notices": ["n"], "columns": ["User", "Pass"], '
    b'"rows": [["ann", "1"], ["bob", ""], ["ann", "1"]]}'
)
RECEIPT = json.dumps(
    {
        "status": "delivered",
        "test_execution": {"key": "CALC-7", "id": "1", "url": "https://jira/CALC-7"},
        "counts": {"passed": 2, "failed": 1},
        "sent": 3,
        "accepted": 3,
        "failures": [{"name": "t.test_a", "keys": ["CALC-1"], "message": "no"}],
        "refused": [{"key": "CALC-2", "tests": ["t.test_b"], "message": "no"}],
        "notices": ["n"],
        "run": "20261130T000000Z-00000000",
        "gate": {
            "passed": False,
            "rules": [{"rule": "max_failures", "limit": "0", "result": "FAILED"}],
        },
        "changes": {
            "baseline": {"name": "CALC-6", "kind": "run", "branch": "main"},
            "newly_failing": [{"name": "t.test_a", "keys": ["CALC-1"]}],
            "causes": [{"type": "ValueError", "place": "a.py:1", "failures": 1}],
            "counts": {"newly_failing": 1},
        },
    }
).encode()


def _as_json(content: bytes) -> bytes:
    return json.dumps(parse_toml(content.decode()), default=str).encode()


def _parts() -> list[bytes]:
    """A part, and zips of another program with one more file."""
    target = io.BytesIO()
    pack_run(_sound_run(), {"state.json": b'{"state": "sealed"}'}, target)
    with zipfile.ZipFile(target) as packed:
        contents = {name: packed.read(name) for name in packed.namelist()}
    found = [target.getvalue()]
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", method) as made:
            for name, content in {**contents, f"evidence/{'0' * 64}": b"y"}.items():
                made.writestr(name, content)
        found.append(file.getvalue())
    return found


OWN_FILES = {
    "quarantines": Reader(quarantine, lambda: [QUARANTINE, _as_json(QUARANTINE)]),
    "tables": Reader(tables, lambda: [GATE, _as_json(GATE)]),
    "locks": Reader(lock, lambda: [LOCK]),
    "claims": Reader(claims, lambda: [b"\0" + CLAIM, b"\1" + OUTCOME, b"\2" + CLAIM]),
    "parts": Reader(part, _parts),
    "datasets": Reader(dataset, lambda: [TABLE]),
    "cached-datasets": Reader(cached_dataset, lambda: [CACHED]),
    "receipts": Reader(receipt, lambda: [RECEIPT]),
}
