"""What a bucket reports becomes one line that says what to do."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest
from obstore.exceptions import AlreadyExistsError, GenericError, PermissionDeniedError

from xray_bridge.errors import StoreError, UsageError
from xray_bridge.objects import bucket as room
from xray_bridge.objects.bucket import Bucket, open_bucket


if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SECRET = "hunter22"
CONFLICT = (
    "Generic S3 error: Server returned non-2xx status code: 409 Conflict: "
    "<Error><Code>ConditionalRequestConflict</Code></Error>"
)


class Failing:
    """Fails with some errors, one after the other, then works."""

    def __init__(self, *errors: Exception) -> None:
        self._errors = list(errors)

    def __call__(self, *_: Any, **__: Any) -> dict[str, None]:
        if self._errors:
            raise self._errors.pop(0)
        return {"e_tag": None, "version": None}


@pytest.fixture
def fail(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let obstore's ``put`` fail."""
    monkeypatch.setattr(room, "FIRST_PAUSE", 0.001)
    return lambda *errors: monkeypatch.setattr("obstore.put", Failing(*errors))


def test_a_temporary_conflict_is_tried_again(
    bucket: Bucket, fail: Callable[..., None]
) -> None:
    """S3 answers so to one of two writers at the same moment."""
    fail(*[GenericError(CONFLICT)] * 3)

    assert bucket.put_new("a/b", b"x")


def test_a_conflict_that_lasts_is_an_error(
    bucket: Bucket, fail: Callable[..., None]
) -> None:
    """After some attempts."""
    fail(*[GenericError(CONFLICT)] * 99)

    with pytest.raises(StoreError, match="409 ConditionalRequestConflict"):
        bucket.put_new("a/b", b"x")


def test_two_writers_of_whom_none_has_won(
    bucket: Bucket, fail: Callable[..., None]
) -> None:
    """The bucket says that there is an object, but there is none: one writes again."""
    fail(*[AlreadyExistsError("Object at location a/b already exists")] * 3)

    assert bucket.put_new("a/b", b"x")


def test_two_writers_of_whom_none_wins_is_an_error(
    bucket: Bucket, fail: Callable[..., None]
) -> None:
    """After some attempts; nobody may take it for a claim that another job has."""
    fail(*[AlreadyExistsError("Object at location a/b already exists")] * 99)

    with pytest.raises(StoreError, match=r"a/b could not be written: .* a conflict"):
        bucket.put_new("a/b", b"x")


def test_an_object_that_is_not_there(bucket: Bucket) -> None:
    """It has no content; its blocks are an error, because it was listed."""
    assert bucket.read("a/b") is None
    with pytest.raises(FileNotFoundError):
        next(bucket.blocks("a/b"))


def test_a_huge_object_is_not_read_into_memory(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Anybody who may write to the bucket can write one where a claim belongs."""
    bucket.put_new("a/b", bytes((1 << 20) + 1))
    monkeypatch.setattr("xray_bridge.objects.bucket.LARGEST", 1 << 20)

    with pytest.raises(StoreError, match="/a/b is larger than 1 MiB"):
        bucket.read("a/b")


def test_an_own_object_whose_answer_was_lost_is_new(bucket: Bucket) -> None:
    """Another content is another writer's."""
    assert bucket.put_new("a/b", b"mine")
    assert bucket.put_new("a/b", b"mine")
    assert not bucket.put_new("a/b", b"theirs")


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (
            PermissionDeniedError(f"403 Forbidden: https://b/x?sig={SECRET}"),
            "could not be written: the credentials do not permit it",
        ),
        (
            GenericError(f"status code: 404 : <Code>NoSuchBucket</Code> {SECRET}"),
            "is not there (404 NoSuchBucket) (create the bucket or folder",
        ),
        (
            GenericError("status code: 403 Forbidden <Code>InvalidAccessKeyId</Code>"),
            "(set those of the bucket in the environment)",
        ),
        (GenericError("HTTP error: error sending request"), "cannot be reached"),
        (GenericError(f"odd {SECRET}"), "could not be written (GenericError)"),
    ],
)
def test_errors_are_one_line_without_secrets(
    bucket: Bucket, fail: Callable[..., None], error: Exception, line: str
) -> None:
    """The store's own text may have a signed address in it."""
    fail(error)

    with pytest.raises(StoreError) as caught:
        bucket.put_new("a/b", b"x")
    text = str(caught.value)
    assert text.startswith(bucket.address)
    assert line in text
    assert SECRET not in text
    assert "\n" not in text
    assert caught.value.exit_code == 80


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    """A share that is not mounted must not become a folder of this machine."""
    with pytest.raises(StoreError, match="none is not there"):
        open_bucket(f"file://{tmp_path}/none")
    assert not (tmp_path / "none").exists()


def test_without_obstore_the_message_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """It is an extra."""
    monkeypatch.setitem(sys.modules, "obstore", None)

    with pytest.raises(UsageError, match="needs obstore, which is not installed"):
        open_bucket(f"file://{tmp_path}")


def test_a_wrong_address_is_a_wrong_usage() -> None:
    """Of the command line."""
    with pytest.raises(UsageError, match="ftp:// is not a known kind of bucket"):
        open_bucket("ftp://x/y")
