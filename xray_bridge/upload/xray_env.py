"""
``xray.env``: the outcome, under the names that Xray's Jenkins plugin gives it.

One line each, several values with ``;`` between them. As good as it goes: a full
disk must not hide what became of the upload, and is told of.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xray_bridge.atomic import replaced


if TYPE_CHECKING:
    from pathlib import Path

    from xray_bridge.client.import_answer import ImportAnswer
    from xray_bridge.upload.prepared_run import PreparedRun


def write_delivered(run: PreparedRun, imported: ImportAnswer) -> tuple[str, ...]:
    """The Test Execution, its Tests, and the whole answer; notices of trouble."""
    tests = ";".join(dict.fromkeys(imported.accepted or ()))
    lines = {
        "XRAY_IS_REQUEST_SUCCESSFUL": "true",
        "XRAY_TEST_EXECS": imported.key,
        "XRAY_TESTS": tests,
        "XRAY_ISSUES_MODIFIED": ";".join(filter(None, (imported.key, tests))),
        "XRAY_RAW_RESPONSE": imported.said,
    }
    content = "".join(
        f"{name}={' '.join(value.split())}\n" for name, value in lines.items()
    )
    return _write(run.directory.path, run.settings.redactor.clean(content))


def write_failed(folder: Path) -> None:
    """Only that it failed."""
    _write(folder, "XRAY_IS_REQUEST_SUCCESSFUL=false\n")


def _write(folder: Path, content: str) -> tuple[str, ...]:
    path = folder / "xray.env"
    try:
        with replaced(path, private=True) as file:
            file.write(content.encode("utf-8", "backslashreplace"))
    except OSError as error:
        return (f"{path} cannot be written: {error.strerror}",)
    return ()
