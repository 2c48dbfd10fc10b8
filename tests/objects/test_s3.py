"""Shards through a local S3 server, moto in server mode; skipped without moto."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

from tests import scripted
from tests.builders import a_run, recorded
from tests.objects import s3_server
from xray_bridge import cli
from xray_bridge.objects.bucket import open_bucket
from xray_sandbox import CREDENTIALS, running


if TYPE_CHECKING:
    from pathlib import Path

    from xray_bridge.runs.run_directory import RunDirectory

SECRET = "a-secret-nobody-may-see"


def a_shard(tmp_path: Path, place: str, number: int = 1) -> RunDirectory:
    """A run that was collected for a bucket, and is not there yet."""
    return recorded(
        tmp_path / str(number),
        a_run(keys=[f"CALC-{number}"], name=f"test_{number}"),
        settings={"collect": place},
        run_id="4711",
    )


def test_shards_become_one_test_execution(
    s3_place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Put by the command of the session's second process, and merged."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XRAY_PROJECT", "CALC")
    monkeypatch.setenv("XRAY_TOKEN", CREDENTIALS.token)
    monkeypatch.setenv("XRAY_COLLECT", s3_place)
    shards = [a_shard(tmp_path, s3_place, number) for number in range(1, 4)]
    codes = [cli.main(["resend", str(shard.path)]) for shard in shards]
    with running(tmp_path / "server") as sandbox:
        monkeypatch.setenv("XRAY_URL", sandbox.url)
        before = {row.key for row in sandbox.store.test_executions()}
        again = ["upload", s3_place, "--run-id", "4711", "--parts", "3"]
        codes += [cli.main(again), cli.main(again)]
        made = [row for row in sandbox.store.test_executions() if row.key not in before]
        found = sandbox.store.test_execution(made[0].key)

    assert codes == [0] * 5
    assert len(made) == 1
    assert found is not None
    assert {run.test_key for run in found.runs} == {"CALC-1", "CALC-2", "CALC-3"}


@pytest.mark.parametrize("megabytes", [1, 17])
def test_a_large_object_is_put_in_pieces(s3_place: str, megabytes: int) -> None:
    """And comes back whole."""
    content = bytes(range(256)) * (megabytes << 12)
    bucket = open_bucket(s3_place)
    bucket.put_file("a/b", io.BytesIO(content))

    assert b"".join(bucket.blocks("a/b")) == content
    assert [entry.size for entry in bucket.entries("a")] == [len(content)]


def test_a_bucket_that_is_not_there_is_named(
    s3_place: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """By the jobs that put, and by the job that merges."""
    place = f"{s3_place.partition('/some')[0]}x/prefix"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XRAY_COLLECT", place)
    shard = a_shard(tmp_path, place)
    codes = [
        cli.main(["resend", str(shard.path)]),
        cli.main(["upload", place, "--run-id", "4711"]),
    ]

    printed = capsys.readouterr().err
    assert codes == [80, 80]
    assert printed.count(f"{place} is not there (404 NoSuchBucket)") == 2
    assert shard.state.state == "sealed"


def test_a_store_out_of_reach_is_named(
    s3_place: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Without its secret."""
    nobody = f"http://127.0.0.1:{scripted.unused_port()}"
    monkeypatch.setenv("AWS_ENDPOINT_URL", nobody)
    monkeypatch.chdir(tmp_path)
    code = cli.main(["upload", "-v", s3_place, "--run-id", "4711"])

    printed = capsys.readouterr()
    assert code == 80
    assert f"{s3_place} cannot be reached" in printed.err
    assert SECRET not in printed.out + printed.err


def test_credentials_that_may_only_read_are_refused(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The job with tests keeps its results; the merge job sends nothing."""
    if not s3_server.HAS_MOTO:
        pytest.skip(s3_server.WHY)
    place = "s3://readonly/prefix"
    monkeypatch.chdir(tmp_path)
    with s3_server.running() as url:
        for name, value in s3_server.environment(url).items():
            monkeypatch.setenv(name, value)
        s3_server.make_bucket(url, "readonly")
        monkeypatch.setenv("XRAY_COLLECT", place)
        first, second = (a_shard(tmp_path, place, number) for number in (1, 2))
        put = cli.main(["resend", str(first.path)])
        for name, value in s3_server.as_reader(url).items():
            monkeypatch.setenv(name, value)
        codes = [
            cli.main(["resend", str(second.path)]),
            cli.main(["upload", place, "--run-id", "4711", "--sandbox"]),
        ]

    printed = capsys.readouterr().err
    assert put == 0
    assert codes == [80, 80]
    line = f"{place} could not be written: the credentials do not permit it (403"
    assert printed.count(line) == 2
    assert second.state.state == "sealed"
