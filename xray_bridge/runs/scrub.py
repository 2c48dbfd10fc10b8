"""
What a text may say outside of the machine where a test ran.

Jira is read by many: known secrets, and the folders of this machine, have no
business there. And no text is so long that nobody could open it.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
import sysconfig
import tempfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

from xray_bridge.runs import codec


if TYPE_CHECKING:
    from collections.abc import Mapping

    from xray_bridge.config.redaction import Redactor
    from xray_bridge.runs.codec import Line

# Characters of one text; what is over is cut out of its middle, and said.
LONGEST = 1 << 20
# No form of a secret is longer: looked at beyond the cut, so that none is halved.
MARGIN = 1 << 14
# Of the beginning and of the end; there is room between them for the notice.
HALF = (LONGEST - 64) // 2
# Every machine has these, so they tell nothing.
COMMON = frozenset({"/usr", "/usr/local", "/opt", "/home", "/var"})
PYTHON, SITE_PACKAGES, TMP = "<python>", "<site-packages>", "<tmp>"
ELSEWHERE = "<path>"
# After these, letters and digits a path goes on. Cleaning twice changes nothing.
INSIDE = frozenset("_.-/\\~}*")
WORDS = (PYTHON, SITE_PACKAGES, TMP, ELSEWHERE)
# Where it begins in spite of that: in ``file:///``, after an escaped line end or
# a colour, right after an option such as ``-I``, or after ``\\?\`` of Windows.
BEGINS = re.compile(
    r"(?::/{2,3}|\\[nrtfv]|\x1b\[[0-9;]*[A-Za-z]|(?<![\w\-])-[A-Za-z]|\\[?.]\\+)$"
)
# In a repr within a repr there are four.
SEPARATOR = r"(?:\\{1,4}|/)"
# How far back either can be; longer than any colour.
LOOK_BACK = 32
LONGEST_URL = 2048
# What ends a URL, or begins something new in it.
NOT_URL = re.compile(r"""[\s"'<>,;|=?#]""")


def folders(root: str, environ: Mapping[str, str]) -> dict[str, str]:
    """
    Folders of this machine, and what stands for each in a text.

    ``root`` is the project's, whose paths become relative.
    """
    # What is imported from elsewhere: PYTHONPATH, editable installations.
    paths = filter(os.path.isabs, map(str, sys.path))
    own = f"{root}{os.sep}"
    found = {path: ELSEWHERE for path in paths if not path.startswith(own)}
    python = {sys.prefix, sys.base_prefix, sysconfig.get_path("stdlib")}
    found |= dict.fromkeys(filter(None, python), PYTHON)
    found |= dict.fromkeys({sysconfig.get_path("purelib")}, SITE_PACKAGES)
    with contextlib.suppress(OSError):
        # There may be none that can be written.
        found[tempfile.gettempdir()] = TMP
    found[environ.get("HOME") or environ.get("USERPROFILE", "")] = "~"
    with contextlib.suppress(OSError):
        # It may have been deleted.
        found[os.getcwd()] = ""  # noqa: PTH109 - as text
    found[root] = ""
    real = {os.path.realpath(path): word for path, word in found.items() if path}
    return {
        path.rstrip("/\\"): word
        for path, word in {**real, **found}.items()
        # "/" and "C:\\" are everywhere.
        if len(path.strip("/\\")) > len("C:") and path not in COMMON
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
        names = "|".join(map(_expression, longest_first))
        # Only whole names: /home/me is no part of /home/mender.
        pattern = rf"({names})(?:([/\\]+)|(?![\w\-]|\.\w))"
        plain = {_plain(path): word for path, word in folders.items()}
        compiled = re.compile(pattern) if names else None
        return cls(redactor, compiled, {**plain, **folders})

    def __call__(self, text: str) -> str:
        """The text as it may go out, cut if it is too long."""
        if len(text) <= LONGEST + 2 * MARGIN:
            text = self.clean(text)
            if len(text) <= LONGEST:
                return text
            head, tail = text[:HALF], text[-HALF:]
        else:
            # What stands in the margin may be half a secret.
            head = self.clean(text[: HALF + MARGIN])[:-MARGIN][:HALF]
            tail = self.clean(text[-HALF - MARGIN :])[MARGIN:][-HALF:]
        left_out = len(text) - 2 * HALF
        return f"{head}\n[... {left_out} characters left out ...]\n{tail}"

    def clean_line(self, line: Line) -> Line:
        """
        A line of a journal as it may reach a disk.

        A name by which Xray would know a test is no longer its name without the secret
        in it: such a result is withheld.
        """
        name = line.get("name", "")
        line = codec.redact_line(line, self, self.clean_names)
        is_known_otherwise = line.get("test_keys") or "scenario" in line
        if line.get("name", "") != name and not is_known_otherwise:
            line["withheld"] = self.redactor.name_secret(name)
        return line

    def clean_names(self, name: str) -> str:
        """What a test is known by, without secrets; alike on every machine."""
        return self.redactor.clean(name)

    def clean(self, text: str) -> str:
        """The whole text, without secrets and folders."""
        text = self.redactor.clean(text)
        if self.paths is None or ("/" not in text and "\\" not in text):
            return text
        return self.paths.sub(self._word, text)

    def _word(self, found: re.Match[str]) -> str:
        if not _begins_a_path(found.string, found.start()):
            return found[0]
        path, separator = found.groups("")
        # As it is written, which is faster; on Windows, as it might be.
        word = self.words[path if path in self.words else _plain(path)]
        if word or not separator:
            return f"{word or '.'}{separator}"
        # Of the project: a path relative to it, or its own folder.
        following = found.string[found.end() : found.end() + 1]
        return "" if following.isalnum() or following in set("._-") else "./"


def _begins_a_path(text: str, start: int) -> bool:
    before = text[start - 1 : start]
    if before.isalnum() or before in INSIDE or text.endswith(WORDS, 0, start):
        return bool(BEGINS.search(text, max(0, start - LOOK_BACK), start))
    host = text.rfind("://", max(0, start - LONGEST_URL), start)
    # The path of a URL is no folder of ours.
    return host < 0 or bool(NOT_URL.search(text, host, start))


def _expression(path: str) -> str:
    """As it is written; on Windows, also as reprs, URLs and shells write it."""
    if "\\" not in path:
        return re.escape(path)
    names = map(re.escape, re.split(r"[/\\]", path))
    return rf"(?i:{SEPARATOR.join(names)})"


def _plain(path: str) -> str:
    """One spelling for all that ``_expression`` matches."""
    return re.sub(r"[/\\]+", "/", path).lower()
