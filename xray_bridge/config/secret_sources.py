"""
Secrets of stored connections, from where they are kept; never shown, never stored.
"""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xray_bridge.config.stored_connections import SECRETS, Stored
from xray_bridge.errors import CredentialError


if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SERVICE = "xray-bridge"
# A password manager may ask a person; a build has nobody to ask.
PATIENCE = 30.0


def fetch(
    stored: Stored, environ: Mapping[str, str], known: Mapping[str, str] | None = None
) -> dict[str, str]:
    """
    The secrets that a connection says where to find, by which they are.

    Those that are ``known`` are not looked for. Raises CredentialError, without any
    output of a command: that may be the secret.
    """
    found = dict(known or ())
    for which in SECRETS:
        place, where = stored.place_of(which)
        if place and which not in found:
            found[which] = _FETCH[place](Place(stored, which, where, environ))
    return found


class Place:
    """Where one secret of a connection is."""

    def __init__(
        self, stored: Stored, which: str, where: str, environ: Mapping[str, str]
    ) -> None:
        self.name = stored.name
        self.which = which
        self.where = where
        self.environ = environ
        self.folder = Path.cwd() if stored.is_own else stored.source.parent

    @property
    def account(self) -> str:
        """Under which name a keyring has it."""
        return self.name if self.which == "secret" else f"{self.name} (Jira)"

    def trouble(self, what: str, hint: str = "") -> CredentialError:
        """An error that names the connection."""
        msg = f"the {self.which} of connection {self.name}: {what}"
        return CredentialError(msg, hint=hint)


def _from_env(place: Place) -> str:
    found = place.environ.get(place.where, "").strip()
    if not found:
        what = f"the environment has no {place.where}"
        raise place.trouble(what, "set it; in CI, may this job see its secrets?")
    return found


def _from_file(place: Place) -> str:
    path = place.folder / Path(place.where).expanduser()
    try:
        found = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8"
        raise place.trouble(f"{path} cannot be read: {reason}") from None
    if not found:
        raise place.trouble(f"{path} is empty")
    return found


def _from_command(place: Place) -> str:
    hint = "its first line of output must be the secret"
    try:
        command = shlex.split(place.where)
        done = subprocess.run(  # noqa: S603 - the user's own command, without a shell
            command,
            env=dict(place.environ),
            cwd=place.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        )
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is no command line"
        raise place.trouble(f"its command cannot be run: {reason}", hint) from None
    except subprocess.TimeoutExpired:
        what = f"its command did not end within {PATIENCE:.0f} s"
        raise place.trouble(what, hint) from None
    if done.returncode:
        raise place.trouble(f"its command ended with {done.returncode}", hint)
    lines = done.stdout.decode("utf-8", "replace").splitlines()
    if not lines or not lines[0].strip():
        raise place.trouble("its command printed nothing", hint)
    return lines[0].strip()


def _from_keyring(place: Place) -> str:
    found = _keyring(place).get_password(SERVICE, place.account)
    if not found:
        what = f"the keyring has nothing for {place.account!r}"
        hint = f"xray-bridge connection update {place.name} --ask-secret"
        raise place.trouble(what, hint)
    return str(found)


def _keyring(place: Place) -> Any:
    try:
        import keyring
        import keyring.errors
    except ImportError:
        hint = "pip install 'xray-bridge[keyring]'"
        raise place.trouble("there is no library for keyrings", hint) from None
    return _Guarded(keyring, keyring.errors.KeyringError, place)


class _Guarded:
    """A keyring whose own troubles become one line."""

    def __init__(self, keyring: Any, kind: type[Exception], place: Place) -> None:
        self._keyring, self._kind, self._place = keyring, kind, place

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*arguments: str) -> Any:
            try:
                return getattr(self._keyring, name)(*arguments)
            except self._kind as error:
                kind = type(error).__name__
                raise self._place.trouble(f"the keyring refuses ({kind})") from None

        return call


_FETCH: dict[str, Callable[[Place], str]] = {
    "env": _from_env,
    "file": _from_file,
    "command": _from_command,
    "keyring": _from_keyring,
}


def keep(stored: Stored, which: str, secret: str) -> None:
    """
    Put a secret into the keyring.

    Raises CredentialError.
    """
    place = Place(stored, which, "", os.environ)
    _keyring(place).set_password(SERVICE, place.account, secret)
