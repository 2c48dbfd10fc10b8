"""
Exports feature files from Xray into a folder.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from xray_bridge.client.http import Deadline, Http
from xray_bridge.client.request import make_question
from xray_bridge.client.xray import make_client
from xray_bridge.errors import FeaturesError, RefusedError, UsageError, XrayBridgeError
from xray_bridge.features import install
from xray_bridge.features.parts import join_downloads, split_keys


if TYPE_CHECKING:
    from xray_bridge.client.connection import Connection
    from xray_bridge.client.request import Request
    from xray_bridge.config.settings import Settings
    from xray_bridge.features.install import Installed
    from xray_bridge.model.dialect import Dialect


def export_features(
    settings: Settings, connection: Connection, *, archive: Path | None = None
) -> Installed:
    """
    Fetch the feature files that the settings name, and install them.

    ``archive`` is the path for a copy of the download. An error changes nothing.
    Raises UsageError and FeaturesError.
    """
    clean = connection.redactor.clean
    try:
        return _fetch_and_install(settings, connection, archive)
    except UsageError:
        raise
    except OSError as error:
        msg = f"feature files could not be exported: {error.strerror}"
        raise FeaturesError(msg, hint=str(error.filename or "")) from None
    except XrayBridgeError as error:
        msg = f"feature files could not be exported: {clean(error.message)}"
        raise FeaturesError(msg, hint=clean(error.hint) or _hint_for(error)) from None


def _hint_for(error: XrayBridgeError) -> str:
    if not isinstance(error, RefusedError):
        return ""
    return "check --keys and --filter, and that the account may see these issues"


def _fetch_and_install(
    settings: Settings, connection: Connection, archive: Path | None
) -> Installed:
    http = Http(connection, Deadline(settings.deadline))
    # Also if the server cannot be reached now.
    install.finish_killed(Path(settings.features_dir))
    xray = make_client(connection, http)
    with tempfile.TemporaryDirectory(prefix="xray-bridge-") as folder:
        downloads = []
        for number, keys in enumerate(split_keys(settings.export_keys)):
            # A bare feature file takes its name from the download.
            path = Path(folder) / str(number) / (keys or ("export",))[0]
            path.parent.mkdir()
            # One request with the filter is enough.
            saved = "" if number else settings.export_filter
            with path.open("wb") as file:
                xray.send(export_request(keys, saved, connection.dialect), file)
            downloads.append(path)
        download = downloads[0]
        if len(downloads) > 1:
            download = Path(folder) / "features.zip"
            join_downloads(downloads, download)
        if archive is not None:
            archive.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(download, archive)
        return install.install(download, Path(settings.features_dir))


def export_request(keys: tuple[str, ...], saved: str, dialect: Dialect) -> Request:
    """Make the request for feature files; ``saved`` is the id of a filter."""
    query = {
        "keys": ";".join(keys),
        "filter": saved,
        **dialect.export_query,
    }
    given = ((name, value) for name, value in query.items() if value)
    return make_question(dialect.export_path, given)
