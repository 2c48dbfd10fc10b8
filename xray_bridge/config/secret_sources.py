"""
Fetches the secrets of stored connections, which are neither shown nor stored.
"""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xray_bridge.config import allow, stored_connections
from xray_bridge.config.secret import MASK
from xray_bridge.config.stored_connections import SECRETS, StoredConnection
from xray_bridge.errors import CredentialError
from xray_bridge.text import quote_command


if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SERVICE = "xray-bridge"
# Seconds for a command: a password manager may ask a person.
PATIENCE = 30.0
# The prefix of variables that a repository may use.
PREFIX = "XRAY_"


def fetch_secrets(
    stored: StoredConnection,
    environ: Mapping[str, str],
    known: Mapping[str, str] | None = None,
    *,
    looks_only: bool = False,
) -> dict[str, str]:
    """
    Return the secrets of a connection, by kind (SECRETS).

    Those in ``known`` are not fetched; with ``looks_only`` none is, and MASK stands
    for each. Raises CredentialError, without the output of a command, which may be
    the secret.
    """
    found = dict(known or ())
    for which in SECRETS:
        kind, where = stored.place_of(which)
        if not kind or which in found:
            continue
        source = SecretSource(stored, which, where, environ)
        found[which] = MASK if looks_only else _FETCH[kind](source)
    return found


class SecretSource:
    """The place of one secret of a connection."""

    def __init__(
        self,
        stored: StoredConnection,
        which: str,
        where: str,
        environ: Mapping[str, str],
    ) -> None:
        self.name = stored.name
        self.which = which
        self.where = where
        self.environ = environ
        self.is_own = stored.is_own
        self.file = stored.source
        self.folder = Path.cwd() if stored.is_own else stored.source.parent

    @property
    def account(self) -> str:
        """The name of the entry in a keyring."""
        return self.name if self.which == "secret" else f"{self.name} (Jira)"

    def error(self, what: str, hint: str = "") -> CredentialError:
        """Make an error that names the connection."""
        msg = f"the {self.which} of connection {self.name}: {what}"
        return CredentialError(msg, hint=hint)


def _read_variable(source: SecretSource) -> str:
    _refuse_other_variable(source)
    found = source.environ.get(source.where, "").strip()
    if not found:
        what = f"the environment variable {source.where} is not set"
        raise source.error(
            what, "set it; in CI, check that this job may read its secrets"
        )
    return found


def _read_file(source: SecretSource) -> str:
    path = source.folder / Path(source.where).expanduser()
    try:
        found = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8"
        raise source.error(f"{path} cannot be read: {reason}") from None
    if not found:
        raise source.error(f"{path} is empty")
    return found


def _refuse_other_variable(source: SecretSource) -> None:
    """Refuse a repository that uses the secret of another program."""
    if source.is_own or source.where.startswith(PREFIX):
        return
    if source.where not in stored_connections.read_allowed(source.environ).env:
        what = f"{source.file.name} names the variable {source.where}"
        own = stored_connections.own_file(source.environ)
        line = allow.hint_for("env", source.where, own)
        hint = f"rename it to {PREFIX}..., which is always allowed; or, {line}"
        raise source.error(what, hint)


def _refuse_command(source: SecretSource) -> None:
    """Refuse a repository's command that no person has allowed."""
    if source.is_own:
        return
    allowed = stored_connections.read_allowed(source.environ).commands
    if not allow.is_named(allowed, source.folder, source.environ):
        what = f"{source.file.name} names a command that is not allowed on this machine"
        own = stored_connections.own_file(source.environ)
        where = str(allow.find_repository(source.folder))
        raise source.error(what, allow.hint_for("commands", where, own))


def _run_command(source: SecretSource) -> str:
    # Imported here: few connections have a command.
    import subprocess

    _refuse_command(source)
    hint = "its first line of output must be the secret"
    try:
        command = shlex.split(source.where)
        done = subprocess.run(  # noqa: S603 - the user's own command, without a shell
            command,
            env=dict(source.environ),
            cwd=source.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        )
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is not a command line"
        raise source.error(f"its command cannot be run: {reason}", hint) from None
    except subprocess.TimeoutExpired:
        what = f"its command did not end within {PATIENCE:.0f} s"
        raise source.error(what, hint) from None
    if done.returncode:
        raise source.error(f"its command ended with exit code {done.returncode}", hint)
    lines = done.stdout.decode("utf-8", "replace").splitlines()
    if not lines or not lines[0].strip():
        raise source.error("its command printed nothing", hint)
    return lines[0].strip()


def _read_keyring(source: SecretSource) -> str:
    keyring, errors = _import_keyring(source)
    try:
        found = keyring.get_password(SERVICE, source.account)
    except errors.KeyringError as error:
        raise _keyring_error(source, error) from None
    if not found:
        what = f"the keyring has nothing for {source.account!r}"
        command = quote_command("xray-bridge", "connection", "update", source.name)
        hint = f"run `{command} --ask-secret`"
        raise source.error(what, hint)
    return str(found)


def read_token(account: str) -> str:
    """Return an entry of the keyring; empty without one, or without the library."""
    try:
        import keyring
        import keyring.errors
    except ImportError:
        return ""
    try:
        return str(keyring.get_password(SERVICE, account) or "")
    except keyring.errors.KeyringError:
        return ""


def _import_keyring(source: SecretSource) -> tuple[Any, Any]:
    """Import the keyring library, which is an extra, and its errors."""
    try:
        import keyring
        import keyring.errors
    except ImportError:
        hint = "pip install keyring"
        raise source.error("the package keyring is not installed", hint) from None
    return keyring, keyring.errors


def _keyring_error(source: SecretSource, error: Exception) -> CredentialError:
    return source.error(f"the keyring refuses access ({type(error).__name__})")


_FETCH: dict[str, Callable[[SecretSource], str]] = {
    "env": _read_variable,
    "file": _read_file,
    "command": _run_command,
    "keyring": _read_keyring,
}


def store_in_keyring(stored: StoredConnection, which: str, secret: str) -> None:
    """
    Put a secret into the keyring.

    Raises CredentialError.
    """
    source = SecretSource(stored, which, "", os.environ)
    keyring, errors = _import_keyring(source)
    try:
        keyring.set_password(SERVICE, source.account, secret)
    except errors.KeyringError as error:
        raise _keyring_error(source, error) from None
