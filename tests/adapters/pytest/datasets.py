"""Datasets for real sessions of pytest: in the sandbox, and fetched earlier."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from xray_sandbox import CREDENTIALS
from xray_sandbox.store.datasets import import_dataset


if TYPE_CHECKING:
    from tests.adapters.pytest.conftest import Project

LOGIN = """
import pytest

@pytest.mark.xray("CALC-905", dataset=True)
def test_login(user_name, password):
    assert password != "wrong"

def test_other():
    pass
"""
CSV = "User name,Password\nann,secret\nbob,wrong\n"
# Nobody listens there.
NO_SERVER = (
    *("--xray-upload", "--xray-url=http://127.0.0.1:9", "--xray-project=CALC"),
    *("--xray-deployment=server", "--xray-on-upload-error=warn"),
)
FETCH = "to fetch them, type xray-bridge datasets fetch CALC-905"
LOGIN_OF = {
    "server": {"XRAY_TOKEN": CREDENTIALS.token},
    "cloud": {
        "XRAY_CLIENT_ID": CREDENTIALS.client_id,
        "XRAY_CLIENT_SECRET": CREDENTIALS.client_secret,
    },
}


def put_dataset(project: Project, text: str, key: str = "CALC-905") -> None:
    """Put a dataset of a Test into the embedded sandbox."""
    store = project.store
    if store.issue(key) is None:
        store.add_test(key, project="CALC", summary="Log in")
    test = store.issue(key)
    assert test is not None
    import_dataset(store, test.id, text.encode())


def write_cache(project: Project, rows: list[list[str]], key: str = "CALC-905") -> None:
    """Write rows as if they had been fetched earlier."""
    folder = project.pytester.path / ".xray" / "datasets"
    folder.mkdir(parents=True, exist_ok=True)
    content = {
        "version": 1,
        "key": key,
        "fetched": "2026-11-28 17:00 UTC",
        "columns": ["User name", "Password"],
        "rows": rows,
    }
    (folder / f"{key}.json").write_text(json.dumps(content))
