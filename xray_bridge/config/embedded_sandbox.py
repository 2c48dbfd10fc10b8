"""
Runs the embedded sandbox as a server in this process.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xray_bridge.config.resolve import Layer
from xray_bridge.config.setting import CONNECTION
from xray_bridge.config.settings import settings_in
from xray_bridge.errors import SettingError


if TYPE_CHECKING:
    from collections.abc import Iterator

    from xray_bridge.config.setting import Setting
    from xray_bridge.config.settings import Settings

PORT = 8979
# The address of ``xray-bridge sandbox``, which shows the results.
ADDRESS = f"http://127.0.0.1:{PORT}"
PROJECT = "CALC"


def import_sandbox() -> Any:
    """
    Import the sandbox, which is an extra.

    Raises SettingError if its dependencies are not installed.
    """
    try:
        import xray_sandbox
    except ImportError as error:
        msg = f"the sandbox needs {error.name}"
        hint = "pip install 'xray-bridge[sandbox]'"
        raise SettingError(msg, hint=hint) from None
    return xray_sandbox


def project_layer(settings: Settings) -> Layer:
    """Return the layer with the project; the sandbox accepts any."""
    return _make_layer({"project": settings.project or PROJECT})


@contextlib.contextmanager
def run_sandbox(settings: Settings, *, looks_only: bool) -> Iterator[Layer]:
    """
    Run the sandbox; yield the layer with its address and credentials.

    ``looks_only``: it works on a temporary copy of its data.
    """
    sandbox = import_sandbox()
    data = Path(settings.report_dir) / "sandbox"
    with contextlib.ExitStack() as stack:
        if looks_only:
            copy = stack.enter_context(
                tempfile.TemporaryDirectory(
                    prefix="xray-bridge-", ignore_cleanup_errors=True
                )
            )
            # Without evidence, which is not needed.
            for path in (*data.glob("*.sqlite3"), *data.glob("*.sqlite3-wal")):
                shutil.copy2(path, copy)
            data = Path(copy)
        server = stack.enter_context(
            sandbox.running(data, adopt=True, public_url=ADDRESS)
        )
        yield _make_layer(_make_values(settings, server.url, sandbox.CREDENTIALS))


def _make_values(settings: Settings, url: str, credentials: Any) -> dict[str, object]:
    # Clear all settings for another server.
    blank = {
        each.name: "" for each in settings_in(CONNECTION) if each.stored or each.secret
    }
    found = {**blank, "url": url, "project": settings.project or PROJECT}
    if settings.deployment == "cloud":
        own = {
            "deployment": "cloud",
            "client_id": credentials.client_id,
            "client_secret": credentials.client_secret,
            "jira_url": f"{url}/jira-cloud",
            "jira_user": credentials.user,
            "jira_token": credentials.token,
            "jira_client_id": credentials.builds_client_id,
            "jira_client_secret": credentials.builds_client_secret,
            "jira_api_url": f"{url}/atlassian",
        }
    else:
        own = {
            "deployment": "server",
            "user": credentials.user,
            "password": credentials.password,
        }
    return {**found, **own, "skip_proxy": "yes"}


def _make_layer(values: dict[str, object]) -> Layer:
    return Layer("sandbox", values, _spell_name, literal=True, holds_secrets=True)


def _spell_name(setting: Setting[Any]) -> str:
    return setting.name
