"""
Write ``xray.env``: the results of an upload, under the names of Xray's Jenkins plugin.

One variable in each line; several values are separated by ``;``. A write error is
returned as a notice: a full disk must not hide the results of the upload.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xray_bridge.atomic import replaced


if TYPE_CHECKING:
    from pathlib import Path

    from xray_bridge.client.import_answer import ImportAnswer
    from xray_bridge.upload.prepared_run import PreparedRun


def write_delivered(run: PreparedRun, imported: ImportAnswer) -> tuple[str, ...]:
    """Write the Test Execution, its Tests and the answer; return notices of errors."""
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
    return _write_file(run.directory.path, run.settings.redactor.clean(content))


def write_failed(folder: Path) -> None:
    """Write only that the upload failed."""
    _write_file(folder, "XRAY_IS_REQUEST_SUCCESSFUL=false\n")


def _write_file(folder: Path, content: str) -> tuple[str, ...]:
    path = folder / "xray.env"
    try:
        with replaced(path, private=True) as file:
            file.write(content.encode("utf-8", "backslashreplace"))
    except OSError as error:
        return (f"{path} cannot be written: {error.strerror}",)
    return ()
