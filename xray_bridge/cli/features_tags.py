"""
``xray-bridge features import --write-tags``: tag scenarios with their new keys.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from xray_bridge.client.known_tests import KnownTest
from xray_bridge.dataclass import dataclass
from xray_bridge.errors import CheckError, FeaturesError, UsageError
from xray_bridge.features.gherkin import read_feature
from xray_bridge.model import tags
from xray_bridge.source.edit import make_edits
from xray_bridge.source.files import Checkout, replace_all
from xray_bridge.source.places import TestPlace
from xray_bridge.source.plan import plan_keys
from xray_bridge.text import count


if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any

    from xray_bridge.features.files import ChosenFile
    from xray_bridge.features.values import ImportResult

LATER = "commit the file and run `xray-bridge keys --write`"


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenTags:
    """The tags that were written, tests without one, and why nothing was written."""

    written: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()

    def lines(self) -> Iterator[str]:
        """Return the lines for a person."""
        yield from (f"tagged {each}" for each in self.written)
        yield from (f"not tagged: {each}" for each in self.left_out)
        yield from (f"no file was tagged: {each}; {LATER}" for each in self.faults)

    def to_json(self) -> dict[str, Any]:
        """Return the document."""
        return {
            "written": self.written,
            "left_out": self.left_out,
            "faults": self.faults,
        }


class Tagger:
    """
    Knows the scenarios of the files before the import.

    ``prefixes`` are those of Xray's tags.
    """

    def __init__(self, chosen: Iterable[ChosenFile], prefixes: Sequence[str]) -> None:
        self._checkout = Checkout(Path.cwd())
        self._places: list[TestPlace] = []
        self._archives: list[str] = []
        for each in chosen:
            if each.is_zip:
                self._archives.append(f"{each.name}: it is an archive")
            else:
                self._places += _find_scenarios(each, prefixes)

    @property
    def keyless(self) -> int:
        """The number of scenarios without a key."""
        return sum(not each.keys for each in self._places)

    def refuse_faults(self) -> None:
        """
        Refuse files that cannot be tagged, before anything is imported.

        Raises UsageError.
        """
        files = dict.fromkeys(each.file for each in self._places if not each.keys)
        faults = [
            f"{file}: {fault}"
            for file in files
            if (fault := self._checkout.find_fault(Path(file)))
        ]
        if faults:
            msg = f"nothing was imported: {'; '.join(faults)}"
            raise UsageError(msg, hint="commit the files, or leave out --write-tags")

    def write(self, result: ImportResult) -> WrittenTags:
        """Tag the scenarios of the Tests that an import has created: all, or none."""
        made = [each for each in result.created if each.key in result.tests]
        known = [
            KnownTest(key=each.key, summary=each.summary, is_of_scenario=True)
            for each in made
            if each.summary
        ]
        plan = plan_keys(self._places, known)
        edits = make_edits(plan, self._checkout)
        left_out = [*self._archives] if made else []
        left_out += (f"{test}: {why}" for test, why in edits.refused.items())
        left_out += (
            f"{each.key}: Jira's search does not find it yet; "
            "run `xray-bridge keys --write` in a minute"
            for each in made
            if not each.summary
        )
        faults = list(edits.faults)
        if edits.after and not faults:
            try:
                replace_all(edits.before, edits.after)
            except CheckError as error:
                faults.append(str(error))
        return WrittenTags(
            written=() if faults else tuple(map(str, edits.written)),
            left_out=tuple(left_out),
            faults=tuple(faults),
        )


def _find_scenarios(chosen: ChosenFile, prefixes: Sequence[str]) -> Iterator[TestPlace]:
    """Yield the scenarios of a file; the import refuses one that is no feature."""
    try:
        feature = read_feature(chosen.path.read_bytes().decode("utf-8-sig"))
    except (OSError, UnicodeDecodeError, FeaturesError):
        return
    for each in feature.scenarios:
        meaning = tags.read(each.tags, feature.tags, prefixes=prefixes)
        yield TestPlace(
            name=each.name,
            where=f"{chosen.name}:{each.line}",
            file=str(chosen.path.absolute()),
            line=each.line,
            xray_name=each.name,
            keys=meaning.test_keys,
        )


def describe_dry_run(tagger: Tagger) -> str:
    """Return the line of a dry run."""
    return f"{count(tagger.keyless, 'scenario')} without a key would be tagged"
