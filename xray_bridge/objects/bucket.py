"""
Read and write the objects of a bucket or a folder, through obstore.

What obstore reports becomes a StoreError of one line. The texts of obstore are not
shown: they may contain signed addresses.
"""

from __future__ import annotations

import re
import time
from datetime import timedelta
from typing import IO, TYPE_CHECKING, Any, TypeVar

from xray_bridge.config import places
from xray_bridge.dataclass import dataclass
from xray_bridge.errors import StoreError, UsageError


if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T = TypeVar("T")

# Answers that mean "try again": S3 says 409 to one of two writers at the same moment.
TEMPORARY = re.compile(
    r"ConditionalRequestConflict|OperationAborted|SlowDown|status code: (?:409|429|503)"
)
STATUS = re.compile(r"status code: (\d{3})")
CODE = re.compile(r"<Code>(\w{1,60})</Code>")
ATTEMPTS = 6
FIRST_PAUSE = 0.1
# Bytes that are read at once, and of one request of a large object.
CHUNK = 8 << 20
# Bytes of an object that is read into memory: an outcome names all parts, a claim none.
LARGEST = 16 << 20
RETRIES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An object: its name in the bucket, its size in bytes, its time of writing."""

    name: str
    size: int
    modified: float


def open_bucket(address: str) -> Bucket:
    """
    Open the bucket of an address; its credentials come from the environment.

    Raises UsageError for a wrong address or without obstore, StoreError for a folder
    or credentials that are not there.
    """
    if not places.has_obstore():
        msg = "a bucket needs obstore, which is not installed"
        raise UsageError(msg, hint="pip install obstore (the extra objects)")
    from obstore.store import from_url

    try:
        place = places.bucket(address)
    except ValueError as error:
        raise UsageError(str(error)) from None
    options: dict[str, Any] = {}
    if not place.startswith("file:"):
        options["retry_config"] = {
            "max_retries": RETRIES,
            "retry_timeout": timedelta(seconds=60),
        }
    try:
        store = from_url(place, **options)
    except Exception as error:  # noqa: BLE001 - obstore has many
        raise _explain(place, "opened", error) from None
    return Bucket(store, place)


class Bucket:
    """The objects below one prefix; names are relative to it."""

    def __init__(self, store: Any, address: str) -> None:
        self.address = address
        self._store = store

    def where(self, name: str) -> str:
        """Return the address of an object."""
        return f"{self.address}/{name}"

    def put_file(self, name: str, file: IO[bytes]) -> None:
        """Write a file; an object of this name is replaced. Raises StoreError."""
        import obstore

        def put() -> None:
            file.seek(0)
            obstore.put(self._store, name, file)

        self._call("written", put)

    def put_new(self, name: str, content: bytes) -> bool:
        """
        Write an object, unless there is one of this name; return whether it was new.

        True also for the content that is there already: an earlier request may have
        arrived although its answer was lost. Raises StoreError.
        """
        import obstore
        from obstore.exceptions import AlreadyExistsError

        pause = FIRST_PAUSE
        for _ in range(ATTEMPTS):
            try:
                self._call(
                    "written",
                    lambda: obstore.put(
                        self._store, name, content, mode="create", use_multipart=False
                    ),
                    passes=(AlreadyExistsError,),
                )
            except AlreadyExistsError:
                there = self.read(name)
                if there is not None:
                    return there == content
                # A conflict of two writers, of whom none may have won.
                time.sleep(pause)
                pause *= 2
            else:
                return True
        msg = f"{self.where(name)} could not be written: the bucket reports a conflict"
        raise StoreError(msg, hint="try again later")

    def read(self, name: str) -> bytes | None:
        """
        Return the content of a small object; None if there is none.

        Raises StoreError, also for an object that is larger than ``LARGEST``.
        """
        import obstore

        def get() -> bytes | None:
            found = obstore.get(self._store, name)
            if found.meta["size"] > LARGEST:
                return None
            return bytes(found.bytes())

        try:
            content = self._call("read", get, passes=(FileNotFoundError,))
        except FileNotFoundError:
            return None
        if content is None:
            msg = f"{self.where(name)} is larger than {LARGEST >> 20} MiB"
            raise StoreError(msg, hint="xray-bridge did not write it: remove it")
        return content

    def blocks(self, name: str) -> Iterator[bytes]:
        """
        Yield the content of an object in blocks.

        Raises StoreError; FileNotFoundError if it is gone.
        """
        import obstore

        def get() -> Iterator[Any]:
            return iter(obstore.get(self._store, name).stream(min_chunk_size=CHUNK))

        stream = self._call("read", get, passes=(FileNotFoundError,))
        while (block := self._call("read", lambda: next(stream, None))) is not None:
            yield bytes(block)

    def entries(self, folder: str) -> list[Entry]:
        """List all objects below a folder, by name. Raises StoreError."""
        import obstore

        def collect() -> list[Entry]:
            return [
                Entry(
                    name=each["path"],
                    size=each["size"],
                    modified=each["last_modified"].timestamp(),
                )
                for page in obstore.list(self._store, folder, chunk_size=1000)
                for each in page
            ]

        found = self._call("listed", collect)
        return sorted(found, key=lambda entry: entry.name)

    def folders(self) -> list[str]:
        """List the folders below the prefix, by name. Raises StoreError."""
        import obstore

        found = self._call("listed", lambda: obstore.list_with_delimiter(self._store))
        return sorted(found["common_prefixes"])

    def remove(self, name: str) -> None:
        """Remove an object. Raises StoreError."""
        import obstore

        self._call("changed", lambda: obstore.delete(self._store, name))

    def _call(
        self,
        done: str,
        call: Callable[[], T],
        passes: tuple[type[BaseException], ...] = (),
    ) -> T:
        """Call, again after temporary conflicts; raise a StoreError for the others."""
        pause = FIRST_PAUSE
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return call()
            except passes:
                raise
            except Exception as error:  # noqa: BLE001 - obstore has many
                if attempt == ATTEMPTS or not TEMPORARY.search(str(error)):
                    raise _explain(self.address, done, error) from None
            time.sleep(pause)
            pause *= 2
        raise AssertionError  # pragma: no cover - the last attempt returns or raises


def _explain(address: str, done: str, error: Exception) -> StoreError:
    """Say in one line why something could not be done, and what to do."""
    text = str(error)
    status = STATUS.search(text)
    code = CODE.search(text)
    answer = " ".join(found[1] for found in (status, code) if found)
    name = type(error).__name__
    known = (
        (why, hint)
        for words, why, hint in REASONS
        if any(word in text or word == name for word in words)
    )
    why, hint = next(known, UNKNOWN)
    return StoreError(
        f"{address} {why.format(done=done)} ({answer or name})", hint=hint
    )


UNKNOWN = (
    "could not be {done}",
    "check the address, the region and the environment's credentials",
)
MISSING = (
    "is not there",
    "create the bucket or folder, or correct the address",
)
# Words of an error, what they mean, and what to do; the first that fits decides.
REASONS = (
    (
        (
            "NoSuchBucket",
            "ContainerNotFound",
            "UnableToCanonicalize",
            "bucket does",
        ),
        *MISSING,
    ),
    (
        ("UnauthenticatedError", "InvalidAccessKeyId", "SignatureDoesNotMatch", "401 "),
        "could not be {done}: the credentials are not accepted",
        "set those of the bucket in the environment",
    ),
    (
        ("PermissionDeniedError", "AccessDenied", "403 Forbidden", "Permission denied"),
        "could not be {done}: the credentials do not permit it",
        "jobs with tests need the right to write, merge jobs to list, read and write",
    ),
    (
        ("MissingAccount", "Credential", "169.254.169.254", "metadata"),
        "could not be {done}: there are no credentials",
        "set those of the bucket in the environment, such as AWS_ACCESS_KEY_ID",
    ),
    (
        ("Connect", "dns", "error sending request", "timed out"),
        "cannot be reached",
        "try again later",
    ),
    (
        ("FileNotFoundError", "404 Not Found"),
        *MISSING,
    ),
)
