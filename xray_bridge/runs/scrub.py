"""
Remove secrets and local folders from texts before they leave this machine.

Many people read Jira. Long texts are cut, so that they can be opened.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
import sysconfig
import tempfile
from typing import TYPE_CHECKING

from xray_bridge.dataclass import dataclass
from xray_bridge.runs import codec
from xray_bridge.runs.journal_lines import compact_json


if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from xray_bridge.config.redaction import Redactor
    from xray_bridge.runs.codec import Line

# Characters of one text; a longer one loses its middle, with a notice.
LONGEST = 1 << 20
# No form of a secret is longer: the margin keeps secrets at the cut complete.
MARGIN = 1 << 14
# Characters of the beginning and of the end, with room for the notice.
HALF = (LONGEST - 64) // 2
# Folders of every machine are not removed.
COMMON = frozenset({"/usr", "/usr/local", "/opt", "/home", "/var"})
PYTHON, SITE_PACKAGES, TMP = "<python>", "<site-packages>", "<tmp>"
ELSEWHERE = "<path>"
# Inside of a path, after these, letters and digits. Cleaning twice changes nothing.
INSIDE = frozenset("_.-/\\~}*")
WORDS = (PYTHON, SITE_PACKAGES, TMP, ELSEWHERE)
# Exceptions, where a path begins: in ``file:///``, after an escaped line end or
# a colour, right after an option such as ``-I``, or after ``\\?\`` of Windows.
BEGINS = re.compile(
    r"(?::/{2,3}|\\[nrtfv]|\x1b\[[0-9;]*[A-Za-z]|(?<![\w\-])-[A-Za-z]|\\[?.]\\+)$"
)
# A repr within a repr has four.
SEPARATOR = r"(?:\\{1,4}|/)"
# Matches nothing.
NEVER = "(?!)"
# Characters to look back; longer than any colour.
LOOK_BACK = 32
LONGEST_URL = 2048
# Characters that end a URL or one of its parts.
NOT_URL = re.compile(r"""[\s"'<>,;|=?#]""")


def local_folders(root: str, environ: Mapping[str, str]) -> dict[str, str]:
    """
    Return folders of this machine, and the replacement of each in texts.

    ``root`` is the folder of the project; paths below it become relative.
    """
    # Imports from elsewhere: PYTHONPATH, editable installations.
    paths = filter(os.path.isabs, map(str, sys.path))
    own = f"{root}{os.sep}"
    found = {path: ELSEWHERE for path in paths if not path.startswith(own)}
    python = {sys.prefix, sys.base_prefix, sysconfig.get_path("stdlib")}
    found |= dict.fromkeys(filter(None, python), PYTHON)
    found |= dict.fromkeys({sysconfig.get_path("purelib")}, SITE_PACKAGES)
    with contextlib.suppress(OSError):
        # There may be no writable one.
        found[tempfile.gettempdir()] = TMP
    found[environ.get("HOME") or environ.get("USERPROFILE", "")] = "~"
    with contextlib.suppress(OSError):
        # The current directory may have been deleted.
        found[os.getcwd()] = ""  # noqa: PTH109 - as text
    found[root] = ""
    real = {os.path.realpath(path): word for path, word in found.items() if path}
    return {
        path.rstrip("/\\"): word
        for path, word in {**real, **found}.items()
        # "/" and "C:\\" are in every path.
        if len(path.strip("/\\")) > len("C:") and path not in COMMON
    }


@dataclass(frozen=True, slots=True)
class Scrub:
    """Removes secrets and folders from texts, and the middle of long ones."""

    redactor: Redactor
    paths: re.Pattern[str] | None
    words: Mapping[str, str]
    # Finds the folders in JSON, and more than these; None if nothing can.
    screen: re.Pattern[str] | None = None

    @classmethod
    def of(cls, redactor: Redactor, folders: Mapping[str, str]) -> Scrub:
        """Make a scrub for these secrets and folders."""
        longest_first = sorted(folders, key=len, reverse=True)
        names = "|".join(map(_path_pattern, longest_first))
        # Only complete names: /home/me is not in /home/mender.
        pattern = rf"({names})(?:([/\\]+)|(?![\w\-]|\.\w))"
        plain = {_plain_path(path): word for path, word in folders.items()}
        compiled = re.compile(pattern) if names else None
        return cls(redactor, compiled, {**plain, **folders}, _make_screen(folders))

    def __call__(self, text: str) -> str:
        """Return the text for sending, cut if it is too long."""
        if len(text) <= LONGEST + 2 * MARGIN:
            text = self.clean(text)
            if len(text) <= LONGEST:
                return text
            head, tail = text[:HALF], text[-HALF:]
        else:
            # The margin may contain half a secret.
            head = self.clean(text[: HALF + MARGIN])[:-MARGIN][:HALF]
            tail = self.clean(text[-HALF - MARGIN :])[MARGIN:][-HALF:]
        left_out = len(text) - 2 * HALF
        return f"{head}\n[... {left_out} characters left out ...]\n{tail}"

    def clean_line(self, line: Line) -> Line:
        """
        Return a line of a journal without secrets, before it is written.

        If Xray would find a test by a name with a secret in it, the result is withheld,
        because the cleaned name is another name.
        """
        name = line.get("name", "")
        line = codec.redact_line(line, self, self.clean_names)
        is_known_otherwise = line.get("test_keys") or "scenario" in line
        if line.get("name", "") != name and not is_known_otherwise:
            line["withheld"] = self.redactor.name_secret(name)
        return line

    def encode_line(self, line: Line) -> str:
        """Return a line of a journal as JSON, without secrets; the line may change."""
        text = compact_json(line)
        if not self.is_clean(text):
            text = compact_json(self.clean_line(line))
        return text

    def is_clean(self, text: str) -> bool:
        """
        Whether a line as JSON has nothing to remove in any of its texts.

        Most lines have not, and one look at all is cheaper than one at each text.
        """
        return (
            len(text) <= LONGEST
            and self.screen is not None
            and self.screen.search(text) is None
            and not self.redactor.may_change(text)
        )

    def clean_names(self, name: str) -> str:
        """Return a name without secrets; it is the same on every machine."""
        return self.redactor.clean(name)

    def clean(self, text: str) -> str:
        """Return the uncut text without secrets and folders."""
        text = self.redactor.clean(text)
        if self.paths is None or ("/" not in text and "\\" not in text):
            return text
        return self.paths.sub(self._replace_path, text)

    def _replace_path(self, found: re.Match[str]) -> str:
        if not _begins_a_path(found.string, found.start()):
            return found[0]
        path, separator = found.groups("")
        # The exact spelling is faster; Windows has other spellings, too.
        word = self.words[path if path in self.words else _plain_path(path)]
        if word or not separator:
            return f"{word or '.'}{separator}"
        # In the project: a relative path, or its own folder.
        following = found.string[found.end() : found.end() + 1]
        return "" if following.isalnum() or following in set("._-") else "./"


def _begins_a_path(text: str, start: int) -> bool:
    before = text[start - 1 : start]
    if before.isalnum() or before in INSIDE or text.endswith(WORDS, 0, start):
        return bool(BEGINS.search(text, max(0, start - LOOK_BACK), start))
    host = text.rfind("://", max(0, start - LONGEST_URL), start)
    # The path of a URL is not a local folder, unless it is that of a file.
    is_local = host < 0 or text.endswith("file", 0, host)
    return is_local or bool(NOT_URL.search(text, host, start))


def _make_screen(folders: Iterable[str]) -> re.Pattern[str] | None:
    """
    Return a pattern that finds in JSON what ``clean`` would find in its texts.

    It looks at nothing around a path, so it may find more. Paths of Windows have
    several spellings, and JSON more of them: there is no such pattern.
    """
    if any("\\" in each for each in folders):
        return None
    names = "|".join(re.escape(compact_json(each)[1:-1]) for each in folders)
    return re.compile(names or NEVER)


def _path_pattern(path: str) -> str:
    """Return a pattern of a path; on Windows also for reprs, URLs and shells."""
    if "\\" not in path:
        return re.escape(path)
    names = map(re.escape, re.split(r"[/\\]", path))
    return rf"(?i:{SEPARATOR.join(names)})"


def _plain_path(path: str) -> str:
    """Return one spelling for all matches of ``_path_pattern``."""
    return re.sub(r"[/\\]+", "/", path).lower()
