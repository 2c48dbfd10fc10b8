"""
Choose the fix version of a run for ``fix_version = auto``.

It is the version that the tag names, or the release branch, or else the only version
of the project that is not released yet.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from xray_bridge.dataclass import dataclass
from xray_bridge.errors import UsageError


if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from xray_bridge.client.versions import Version

# v2.3, release-2.3.0, api/v2.3: a number after a word, or after nothing.
NUMBERED = re.compile(
    r"(?:.*/)?(?:release|version|ver|rel|v)?[\s._-]*v?(\d[\w.+-]*)", re.IGNORECASE
)
RELEASE_BRANCH = re.compile(
    r"(?:release|releases|rel|hotfix|hotfixes)[/_-]v?(\d[\w.+-]*)", re.IGNORECASE
)
# Characters of a name that is looked at, Jira's limit.
LONGEST = 255
ZEROS = re.compile(r"(?:\.0)+$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """
    The chosen version, and what named it; an empty name means that none was.

    ``is_there``: the project has it. Otherwise it was only guessed from a name.
    """

    name: str
    why: str
    is_there: bool = True


def choose_version(ci: Mapping[str, str], versions: Sequence[Version]) -> Choice:
    """
    Choose the version for the tag or branch of a CI run, or the only open one.

    Raises UsageError, with the open versions, if neither names a version and there is
    not exactly one open version.
    """
    current = [each for each in versions if not each.is_archived]
    for named, why in list_named(ci):
        found = _find_version(named, current)
        if found:
            return Choice(name=found, why=why)
    for named, why in list_named(ci):
        return Choice(name=_spell_like(named, current), why=why, is_there=False)
    open_ones = [each.name for each in current if each.is_open]
    if len(open_ones) == 1:
        return Choice(name=open_ones[0], why="the only version that is not released")
    if not open_ones:
        msg = "the project has no unreleased version, and no tag or branch names one"
        raise UsageError(msg, hint="create one in Jira, or set xray_fix_version")
    msg = f"there are several unreleased versions: {', '.join(open_ones)}"
    raise UsageError(msg, hint="set xray_fix_version to one of them")


def list_named(ci: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield what may be a version's name, and where it comes from."""
    tag, branch = ci.get("tag", ""), ci.get("branch", "")
    if _match(NUMBERED, tag):
        # The branch of a tag is another one, or the tag itself.
        yield tag, f"the tag {tag}"
    elif _match(RELEASE_BRANCH, branch):
        yield branch, f"the branch {branch}"


def _match(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    """Match a complete name; longer texts, which would take time, are no names."""
    return pattern.fullmatch(text) if len(text) <= LONGEST else None


def _number_in(text: str) -> str:
    """Return the number in a tag, a branch or a version's name; empty if none."""
    found = _match(RELEASE_BRANCH, text) or _match(NUMBERED, text)
    return found[1].casefold() if found else ""


def _find_version(named: str, versions: Sequence[Version]) -> str:
    """
    Find the version with the same name, or else with the same number.

    A release branch means an open version first, also the only open one below it:
    ``release/2.3`` is for 2.3.1 once 2.3.0 is released.
    """
    if not RELEASE_BRANCH.fullmatch(named):
        return _find_same(named, versions)
    open_ones = [each for each in versions if each.is_open]
    start = f"{_number_in(named)}."
    below = [each for each in open_ones if _number_in(each.name).startswith(start)]
    return (
        _find_same(named, open_ones)
        or (below[0].name if len(below) == 1 else "")
        or _find_same(named, versions)
    )


def _find_same(named: str, versions: Sequence[Version]) -> str:
    """Find a version by its name, by its number, or by it without zeros at the end."""
    number = _number_in(named)
    short = ZEROS.sub("", number)
    for found in (
        [each for each in versions if each.name == named],
        [each for each in versions if _number_in(each.name) == number],
        [each for each in versions if ZEROS.sub("", _number_in(each.name)) == short],
    ):
        if found:
            return min(found, key=lambda each: not each.is_open).name
    return ""


def _spell_like(named: str, versions: Sequence[Version]) -> str:
    """Return the number, with a ``v`` if the project's versions have one."""
    found = RELEASE_BRANCH.fullmatch(named) or NUMBERED.fullmatch(named)
    number = found[1] if found else named
    with_v = [each for each in versions if re.match(r"v\d", each.name, re.IGNORECASE)]
    if versions and len(with_v) * 2 > len(versions):
        return f"{with_v[0].name[0]}{number}"
    return number
