"""Gold files: complete documents to compare results with, reviewed like code."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path
from typing import Any


FOLDER = Path(__file__).parent / "gold"
OPTION = "--update-gold"


@dataclass(frozen=True, slots=True)
class Gold:
    """The folder of gold files; with ``update`` they are written again."""

    folder: Path
    update: bool = False

    def check(self, name: str, text: str) -> None:
        """Fail and show the lines that differ, unless the file has this text."""
        path = self.folder / name
        if self.update:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
            return
        known = path.read_text("utf-8") if path.exists() else ""
        lines = difflib.unified_diff(
            known.splitlines(), text.splitlines(), f"tests/gold/{name}", "now", n=8
        )

        assert known == text, "\n".join((*lines, f"if it is right: pytest {OPTION}"))

    def check_names(self, folder: str, names: set[str]) -> None:
        """Fail if a folder has other files than these."""
        inside = self.folder / folder
        files = {path for path in inside.rglob("*") if path.is_file()}
        found = {path.relative_to(inside).as_posix(): path for path in files}
        if self.update:
            for name in found.keys() - names:
                found[name].unlink()
            return

        assert found.keys() == names


def pytest_addoption(parser: Any) -> None:
    """``--update-gold`` writes the files anew; ``git diff`` shows what changed."""
    parser.addoption(OPTION, action="store_true", help="write gold files anew")
