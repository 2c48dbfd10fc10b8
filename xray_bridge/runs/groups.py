"""
Group results by Test, in about 50 bytes for each result.

Nearly every Test has one result, so groups are made only of Tests that may have
several. A Test is known by a digest of its identity; its text is in the results.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING


if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    # The digest of a Test's identity, and the numbers of its results.
    Group = tuple[int, Sequence[int]]

DEFINITION = "definition:"
# Bits, which mark the digests that were seen by their last bits.
MARKS = 1 << 24
# Ends a Test key; no UTF-8 has this byte.
END = b"\xff"


class KeyList:
    """Test keys as one text, about ten bytes each; they can be read several times."""

    def __init__(self) -> None:
        self._text = bytearray()

    def append(self, key: str) -> None:
        """Add a key at the end."""
        self._text += key.encode("utf-8", "surrogatepass") + END

    def __bool__(self) -> bool:
        return bool(self._text)

    def __iter__(self) -> Iterator[str]:
        at = 0
        while (end := self._text.find(END, at)) >= 0:
            yield self._text[at:end].decode("utf-8", "surrogatepass")
            at = end + 1


class Groups:
    """
    The results of each Test, by their numbers; Tests come in order of first results.

    ``base`` of a result is the name that rows of one test have in common.
    """

    def __init__(self) -> None:
        self._digests = array("q")
        self._bases = array("q")
        self._numbers = array("I")
        # In order of results; a key comes again with each of its results.
        self.test_keys = KeyList()
        self._marks = bytearray(MARKS >> 3)
        # Digests of which another one with the same mark was seen before.
        self._several: set[int] = set()
        self._found: dict[int, array[int]] | None = None

    def add(self, identity: str, number: int, base: str) -> None:
        """Add a result of a Test; numbers must not decrease."""
        digest = digest_of(identity)
        mark = digest % MARKS
        place, bit = mark >> 3, 1 << (mark & 7)
        if self._marks[place] & bit:
            self._several.add(digest)
        self._marks[place] |= bit
        self._digests.append(digest)
        self._bases.append(hash(base))
        self._numbers.append(number)
        if not identity.startswith(DEFINITION):
            self.test_keys.append(identity)
        self._found = None

    def __len__(self) -> int:
        several = self._find_several()
        results = sum(map(len, several.values()))
        return len(self._digests) - results + len(several)

    def __iter__(self) -> Iterator[Group]:
        several = self._find_several()
        for digest, number in zip(self._digests, self._numbers, strict=True):
            numbers = several.get(digest)
            if numbers is None:
                yield digest, (number,)
            elif numbers[0] == number:
                yield digest, numbers

    def of_keys(
        self, test_keys: Collection[str]
    ) -> Iterator[tuple[str, Sequence[int]]]:
        """Yield these Test keys that have results, each with their numbers."""
        if not test_keys:
            return
        wanted = {digest_of(key): key for key in self.test_keys if key in test_keys}
        for digest, numbers in self if wanted else ():
            if digest in wanted:
                yield wanted[digest], numbers

    def shared(self) -> Iterator[Group]:
        """Yield the groups whose results have different bases."""
        several = self._find_several()
        bases: dict[int, int] = {}
        found = set()
        for digest, base in zip(self._digests, self._bases, strict=True):
            if digest in several and bases.setdefault(digest, base) != base:
                found.add(digest)
        return ((each, several[each]) for each in several if each in found)

    def _find_several(self) -> dict[int, array[int]]:
        """Return the groups of all Tests that may have several results."""
        if self._found is None:
            found: dict[int, array[int]] = {}
            for digest, number in zip(self._digests, self._numbers, strict=True):
                if digest in self._several:
                    found.setdefault(digest, array("I")).append(number)
            self._found = found
        return self._found


def digest_of(identity: str) -> int:
    """
    Return 64 bits that stand for an identity, others in each process.

    Two of 200,000 identities share them once in 10**9 runs.
    """
    return hash(identity)
