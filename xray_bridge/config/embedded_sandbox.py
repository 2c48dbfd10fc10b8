"""
The embedded sandbox as a server: started in this process, on the data of all runs.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xray_bridge.config.resolve import Layer
from xray_bridge.config.setting import CONNECTION
from xray_bridge.config.settings import of
from xray_bridge.errors import SettingError


if TYPE_CHECKING:
    from collections.abc import Iterator

    from xray_bridge.config.setting import Setting
    from xray_bridge.config.settings import Settings

PORT = 8979
# Where ``xray-bridge sandbox`` shows what was sent.
ADDRESS = f"http://127.0.0.1:{PORT}"
PROJECT = "CALC"


def load() -> Any:
    """
    The package; it is an extra.

    Raises SettingError where what it needs is not installed.
    """
    try:
        import xray_sandbox
    except ImportError as error:
        msg = f"the sandbox needs {error.name}"
        hint = "pip install 'xray-bridge[sandbox]'"
        raise SettingError(msg, hint=hint) from None
    return xray_sandbox


def project_layer(settings: Settings) -> Layer:
    """The project that results go to: any will do."""
    return _layer({"project": settings.project or PROJECT})


@contextlib.contextmanager
def running(settings: Settings, *, looks_only: bool) -> Iterator[Layer]:
    """
    The sandbox; the layer takes over address and credentials.

    ``looks_only``: it works on a copy of its data, and leaves nothing behind.
    """
    sandbox = load()
    data = Path(settings.report_dir) / "sandbox"
    with contextlib.ExitStack() as stack:
        if looks_only:
            copy = stack.enter_context(
                tempfile.TemporaryDirectory(
                    prefix="xray-bridge-", ignore_cleanup_errors=True
                )
            )
            # Without the evidence, which nobody asks for.
            for path in (*data.glob("*.sqlite3"), *data.glob("*.sqlite3-wal")):
                shutil.copy2(path, copy)
            data = Path(copy)
        server = stack.enter_context(
            sandbox.running(data, adopt=True, public_url=ADDRESS)
        )
        yield _layer(_values(settings, server.url, sandbox.CREDENTIALS))


def _values(settings: Settings, url: str, credentials: Any) -> dict[str, object]:
    # Nothing that is meant for another server gets here.
    blank = {each.name: "" for each in of(CONNECTION) if each.stored or each.secret}
    found = {**blank, "url": url, "project": settings.project or PROJECT}
    if settings.deployment == "cloud":
        own = {
            "deployment": "cloud",
            "client_id": credentials.client_id,
            "client_secret": credentials.client_secret,
            "jira_url": url,
            "jira_user": credentials.user,
            "jira_token": credentials.password,
        }
    else:
        own = {
            "deployment": "server",
            "user": credentials.user,
            "password": credentials.password,
        }
    return {**found, **own, "skip_proxy": "yes"}


def _layer(values: dict[str, object]) -> Layer:
    return Layer("sandbox", values, _name, literal=True, holds_secrets=True)


def _name(setting: Setting[Any]) -> str:
    return setting.name
