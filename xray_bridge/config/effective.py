"""
The settings that a command works with: all layers, put together in one place.
"""

from __future__ import annotations

import contextlib
import os
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from xray_bridge.ci import detect
from xray_bridge.config import embedded_sandbox, secret_sources, stored_connections
from xray_bridge.config.resolve import (
    command_line,
    environment,
    from_ci,
    recorded,
    resolve,
    shared_file,
)
from xray_bridge.config.settings import Settings
from xray_bridge.errors import ConnectionDisabledError, SettingError, XrayBridgeError


if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from xray_bridge.config.redaction import Redactor
    from xray_bridge.config.resolve import Layer


class Recorded(Protocol):
    """What a run directory has recorded: settings, and the CI context of that time."""

    @property
    def settings(self) -> Mapping[str, str]:
        """Texts by name."""
        ...

    @property
    def ci(self) -> Mapping[str, Any]:
        """The fields of ``detect.Context``."""
        ...


# How long to wait is a matter of who sends, and that may be another machine.
OF_THE_SENDER = frozenset({"deadline", "timeout"})


def _without_limits(given: Mapping[str, str]) -> Mapping[str, str]:
    return {name: value for name, value in given.items() if name not in OF_THE_SENDER}


class Effective:
    """
    The settings of a command, or of one run that it sends.

    Highest first: flags, the stored connection, the run directory (or ``given``, what
    a session has resolved), environment, shared file, CI. The file is not read for a
    run: its session did. Everything is computed when it is first asked for, once.
    """

    def __init__(
        self,
        flags: Mapping[str, object],
        *,
        run: Recorded | None = None,
        given: Mapping[str, str] | None = None,
        connections: dict[str, Layer] | None = None,
    ) -> None:
        self._flags = flags
        self._run = run
        self._given = run.settings if run else given
        # Shared with the runs of this command: each secret is fetched once.
        self._connections = {} if connections is None else connections

    def with_flags(self, also: Mapping[str, object]) -> Effective:
        """Those with ``also`` these flags."""
        return Effective(
            {**self._flags, **also},
            run=self._run,
            given=self._given,
            connections=self._connections,
        )

    def for_run(self, run: Recorded, also: Mapping[str, object]) -> Effective:
        """Those of one run, with the same flags and ``also`` these."""
        return Effective(
            {**self._flags, **also}, run=run, connections=self._connections
        )

    def flag(self, name: str) -> object:
        """The value of a setting's flag; None where it is not given."""
        return self._flags.get(name)

    @cached_property
    def _layers(self) -> list[Layer]:
        is_resolved = self._given is not None
        context = (
            detect.context(self._run.ci) if self._run else detect.detect(os.environ)
        )
        given = self._given or {}
        found = [
            command_line(self._flags),
            recorded(_without_limits(given) if self._run else given),
            environment(os.environ),
            recorded(given),
            None if is_resolved else shared_file(Path.cwd()),
            from_ci(context),
        ]
        return [layer for layer in found if layer is not None]

    @cached_property
    def local(self) -> Settings:
        """
        Without the stored connection: for a record, and for what needs no server.

        Raises SettingError.
        """
        return resolve(self._layers)

    @cached_property
    def connection(self) -> Layer | None:
        """
        The layer of the stored connection, if they name one and it is used.

        Raises UsageError, ConnectionDisabledError, CredentialError; SettingError where
        they name another server as well.
        """
        local = self.local
        name = local.connection
        if not name or local.collect or local.sandbox:
            return None
        if name not in self._connections:
            self._connections[name] = _looked_up(name)
        layer = self._connections[name]
        _refuse_second_server(local, layer)
        return layer

    @cached_property
    def settings(self) -> Settings:
        """
        All of them; of the sandbox, the project only, as long as it does not run.

        Raises what ``connection`` raises.
        """
        if self.local.sandbox:
            return resolve([embedded_sandbox.project_layer(self.local), *self._layers])
        if self.connection is None:
            return self.local
        # Below the command line, and above all that is not about this server.
        flags, *others = self._layers
        return resolve([flags, self.connection, *others])

    @contextlib.contextmanager
    def with_server(self, *, looks_only: bool = False) -> Iterator[Settings]:
        """
        All of them, with the sandbox running where they want it.

        ``looks_only``: on a copy of its data. Errors that pass lose all secrets.
        """
        settings = self.settings
        try:
            if settings.sandbox:
                with embedded_sandbox.running(settings, looks_only=looks_only) as layer:
                    yield resolve([layer, *self._layers])
            else:
                yield settings
        except XrayBridgeError as error:
            # Secrets of files, commands and keyrings are known here only.
            error.message = settings.redactor.clean(error.message)
            error.hint = settings.redactor.clean(error.hint)
            raise

    def redactors(self) -> list[Redactor]:
        """What takes out the secrets that were fetched for stored connections."""
        return [resolve([layer]).redactor for layer in self._connections.values()]


def effective_settings(
    flags: Mapping[str, object],
    *,
    run: Recorded | None = None,
    given: Mapping[str, str] | None = None,
) -> Effective:
    """The settings of this process: called once by each command."""
    return Effective(flags, run=run, given=given)


def _looked_up(name: str) -> Layer:
    stored = stored_connections.find(name, Path.cwd(), os.environ)
    if not stored.is_enabled:
        msg = f"the connection {stored.name} is disabled"
        hint = f"xray-bridge connection enable {stored.name}"
        if not stored.is_own:
            hint = f"set enabled = true in {stored.source.name}"
        raise ConnectionDisabledError(msg, hint=hint)
    return stored_connections.layer(stored, secret_sources.fetch(stored, os.environ))


def _refuse_second_server(local: Settings, layer: Layer) -> None:
    """Credentials of one server must not go to another."""
    own = resolve([layer])
    names = [Settings.url.name]
    if own.jira_url or own.jira_token:
        # Otherwise the connection has no secret for Jira.
        names.append(Settings.jira_url.name)
    for name in names:
        given, mine = getattr(local, name), getattr(own, name)
        if given and given != mine:
            msg = (
                f"two servers: xray_{name} is {given} ({local.sources[name]}), "
                f"the {layer.source} is {mine or f'without a {name}'}"
            )
            raise SettingError(msg, hint="keep one of them")
