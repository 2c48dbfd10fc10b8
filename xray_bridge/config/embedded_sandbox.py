"""
Runs the embedded sandbox as a server in this process.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xray_bridge.config import sandbox_address
from xray_bridge.config.resolve import Layer
from xray_bridge.config.setting import CONNECTION
from xray_bridge.config.settings import settings_in
from xray_bridge.errors import SettingError
from xray_bridge.text import quote_command


if TYPE_CHECKING:
    from collections.abc import Iterator

    from xray_bridge.config.setting import Setting
    from xray_bridge.config.settings import Settings

# The port of ``xray-bridge sandbox``, unless another program has it.
PORT = 8979
# The start of links in answers, if no sandbox serves the folder.
PUBLIC = f"http://127.0.0.1:{PORT}"
# The folder that it serves, unless told another.
DATA = Path(".xray/sandbox")
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
        hint = "pip install flask graphql-core jinja2"
        raise SettingError(msg, hint=hint) from None
    return xray_sandbox


def folder_of(settings: Settings) -> Path:
    """Return the folder with the data of the sandbox."""
    return Path(settings.report_dir) / "sandbox"


def find_pages(settings: Settings) -> str:
    """Return where people see the data: where it is served, or else usually is."""
    return sandbox_address.find_address(folder_of(settings)) or PUBLIC


def serving_command(settings: Settings) -> str:
    """Return the command that serves the data; empty if that is being done."""
    folder = folder_of(settings)
    if sandbox_address.find_address(folder):
        return ""
    data = () if folder == DATA else ("--data", str(folder))
    return quote_command("xray-bridge", "sandbox", *data)


def project_layer(settings: Settings) -> Layer:
    """Return the layer with the project; the sandbox accepts any, unless told some."""
    return _make_layer({"project": settings.project or PROJECT})


@contextlib.contextmanager
def run_sandbox(settings: Settings, *, looks_only: bool) -> Iterator[Layer]:
    """
    Run the sandbox; yield the layer with its address and credentials.

    ``looks_only``: it works on a temporary copy of its data.
    """
    sandbox = import_sandbox()
    data = folder_of(settings)
    address = find_pages(settings)
    with contextlib.ExitStack() as stack:
        if looks_only:
            copy = stack.enter_context(
                tempfile.TemporaryDirectory(
                    prefix="xray-bridge-", ignore_cleanup_errors=True
                )
            )
            # Without evidence, which is not needed.
            with _naming_folder(data, OSError):
                for path in (*data.glob("*.sqlite3"), *data.glob("*.sqlite3-wal")):
                    shutil.copy2(path, copy)
            data = Path(copy)
        with _naming_folder(folder_of(settings), sandbox.DataError):
            server = stack.enter_context(
                sandbox.running(data, adopt=True, public_url=address)
            )
        yield _make_layer(_make_values(settings, server.url, sandbox.CREDENTIALS))


@contextlib.contextmanager
def _naming_folder(folder: Path, problem: type[Exception]) -> Iterator[None]:
    """Raise SettingError with the folder that the user knows, not that of a copy."""
    try:
        yield
    except problem as error:
        cause = error.__cause__ or error
        why = getattr(cause, "strerror", None) or cause
        msg = f"the data of the sandbox in {folder} cannot be used: {why}"
        raise SettingError(
            msg, hint="delete that folder, or make it writable"
        ) from None


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
