"""Evidence as files, named by their content."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path


def keep(directory: Path, data: bytes) -> str:
    """Write the data unless it is there already; its name is its SHA-256."""
    name = hashlib.sha256(data).hexdigest()
    target = directory / name
    if not target.exists():
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=directory, delete=False) as file:
            file.write(data)
        os.replace(file.name, target)  # noqa: PTH105 -- atomic, on Windows too
    return name
