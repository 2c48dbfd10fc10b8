"""
What a text may say outside of the machine where a test ran.

Jira is read by many: known secrets, and the folders of this machine, have no
business there. And no text is so long that nobody could open it.
"""

from __future__ import annotations

import os
import re
import sys
import sysconfig
import tempfile
from dataclasses import dataclass
from typing import TYPE_CHECKING


if TYPE_CHECKING:
    from collections.abc import Mapping

    from xray_bridge.secret import Redactor

# Characters of one text; what is over is cut out of its middle, and said.
LONGEST = 1 << 20
# No form of a secret is longer: looked at beyond the cut, so that none is halved.
MARGIN = 1 << 14


def folders(root: str, environ: Mapping[str, str]) -> dict[str, str]:
    """
    Folders of this machine, and what stands for each in a text.

    ``root`` is the project's, whose paths become relative.
    """
    python = {sys.prefix, sys.base_prefix, sysconfig.get_path("stdlib")}
    found = dict.fromkeys(filter(None, python), "<python>")
    found |= dict.fromkeys({sysconfig.get_path("purelib")}, "<site-packages>")
    found[tempfile.gettempdir()] = "<tmp>"
    home = environ.get("HOME") or environ.get("USERPROFILE", "")
    found |= {home: "~", os.getcwd(): "", root: ""}  # noqa: PTH109 - as text
    real = {os.path.realpath(path): word for path, word in found.items() if path}
    return {
        path: word
        for path, word in {**real, **found}.items()
        # "/" and "C:\\" are everywhere.
        if len(path.strip("/\\")) > len("C:")
    }


@dataclass(frozen=True, slots=True)
class Scrub:
    """Takes secrets and folders out of texts, and the middle out of long ones."""

    redactor: Redactor
    paths: re.Pattern[str] | None
    words: Mapping[str, str]

    @classmethod
    def of(cls, redactor: Redactor, folders: Mapping[str, str]) -> Scrub:
        """One for these secrets and folders."""
        longest_first = sorted(folders, key=len, reverse=True)
        names = "|".join(map(re.escape, longest_first))
        # Only whole names: /home/me is no part of /home/mender.
        start = r"(?:(?<=file://)|(?<![\w.\-/\\]))"
        pattern = rf"{start}({names})(?:([/\\])|(?![\w.\-]))"
        return cls(redactor, re.compile(pattern) if names else None, folders)

    def __call__(self, text: str) -> str:
        """The text as it may go out, cut if it is too long."""
        if len(text) <= LONGEST:
            return self.clean(text)
        half = LONGEST // 2
        if len(text) > LONGEST + 2 * MARGIN:
            left_out = len(text) - LONGEST
            head = self.clean(text[: half + MARGIN])[:half]
            tail = self.clean(text[-half - MARGIN :])[-half:]
        else:
            cleaned = self.clean(text)
            left_out = len(cleaned) - LONGEST
            if left_out <= 0:
                return cleaned
            head, tail = cleaned[:half], cleaned[-half:]
        return f"{head}\n[... {left_out} characters left out ...]\n{tail}"

    def clean(self, text: str) -> str:
        """The whole text, without secrets and folders."""
        text = self.redactor.clean(text)
        if self.paths is None or ("/" not in text and "\\" not in text):
            return text
        return self.paths.sub(self._relative, text)

    def _relative(self, found: re.Match[str]) -> str:
        word = self.words[found[1]]
        if not word:
            # Of the project: a path relative to it, and "." for itself.
            return "" if found[2] else "."
        return f"{word}{found[2] or ''}"
