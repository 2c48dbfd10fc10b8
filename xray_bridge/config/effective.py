"""
Combines all layers into the settings of a command.
"""

from __future__ import annotations

import contextlib
import os
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from xray_bridge.ci import detect
from xray_bridge.config import (
    checkout,
    embedded_sandbox,
    fork_guard,
    run_settings,
    secret_sources,
    stored_connections,
)
from xray_bridge.config.resolve import (
    ci_layer,
    command_line_layer,
    environment_layer,
    recorded_layer,
    resolve,
)
from xray_bridge.config.settings import Settings
from xray_bridge.config.shared_file import shared_file_layer
from xray_bridge.errors import ConnectionDisabledError, SettingError, XrayBridgeError
from xray_bridge.text import quote_command


if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from xray_bridge.config.redaction import Redactor
    from xray_bridge.config.resolve import Layer


class Recorded(Protocol):
    """The settings in a run directory, and the CI context of its session."""

    @property
    def framework(self) -> str:
        """The test framework of the session."""
        ...

    @property
    def settings(self) -> Mapping[str, str]:
        """Texts by name."""
        ...

    @property
    def ci(self) -> Mapping[str, Any]:
        """The fields of ``detect.Context``."""
        ...


class Effective:
    """
    The settings of a command, or of one run that it sends.

    The layers, highest first: flags, the stored connection, ``given`` (the settings
    of a session), the run directory, environment, the framework's file, shared file,
    CI. A run directory never sets the server or paths of this machine
    (``run_settings``), and the files set only these for a run: its session has read
    its own files.
    ``reads_frameworks``: the files of pytest and behave are read, too. ``looks_only``:
    secrets of a stored connection are not fetched. Each value is computed once, when
    it is first needed.
    """

    def __init__(  # noqa: PLR0913 - one keyword for each thing it knows
        self,
        flags: Mapping[str, object],
        *,
        run: Recorded | None = None,
        given: Mapping[str, str] | None = None,
        connections: dict[str, Layer] | None = None,
        reads_frameworks: bool = False,
        looks_only: bool = False,
    ) -> None:
        self._flags = flags
        self._run = run
        self._given = given
        self._reads_frameworks = reads_frameworks
        self._looks_only = looks_only
        # Shared by the runs of this command, so that each secret is fetched once.
        self._connections = {} if connections is None else connections

    def with_flags(self, also: Mapping[str, object]) -> Effective:
        """Return the settings with ``also`` these flags."""
        return self._with_changes(also, self._run)

    def for_run(self, run: Recorded, also: Mapping[str, object]) -> Effective:
        """Return the settings of one run, with ``also`` these flags."""
        return self._with_changes(also, run)

    def _with_changes(
        self, also: Mapping[str, object], run: Recorded | None
    ) -> Effective:
        return Effective(
            {**self._flags, **also},
            run=run,
            given=self._given,
            connections=self._connections,
            reads_frameworks=self._reads_frameworks,
            looks_only=self._looks_only,
        )

    @property
    def flags(self) -> Mapping[str, object]:
        """The values of all flags; None for a flag that is not given."""
        return self._flags

    def flag(self, name: str) -> object:
        """Return the value of a setting's flag; None if it is not given."""
        return self._flags.get(name)

    @cached_property
    def _layers(self) -> list[Layer]:
        context = (
            detect.read_context(self._run.ci)
            if self._run
            else detect.detect(os.environ)
        )
        found = [
            command_line_layer(self._flags),
            None if self._given is None else recorded_layer(self._given),
            run_settings.run_layer(self._run.settings) if self._run else None,
            *self._of_this_machine,
            ci_layer(context),
        ]
        return [layer for layer in found if layer is not None]

    @cached_property
    def _of_this_machine(self) -> list[Layer]:
        """Environment and files; no files for a session, which has read its own."""
        files = [] if self._given is not None else self._file_layers()
        if self._run is not None:
            files = [run_settings.keep_machine_values(layer) for layer in files]
        return [environment_layer(os.environ), *files]

    def _file_layers(self) -> list[Layer]:
        framework = self._run.framework if self._run else ""
        here = Path.cwd()
        own = checkout.read_layers(here, framework) if self._reads_frameworks else []
        shared = shared_file_layer(here)
        return own if shared is None else [*own, shared]

    @cached_property
    def local(self) -> Settings:
        """
        The settings without the stored connection, for uses without a server.

        Raises SettingError.
        """
        return resolve(self._layers)

    @cached_property
    def connection(self) -> Layer | None:
        """
        The layer of the stored connection; None if none is set or needed.

        Raises UsageError, ConnectionDisabledError and CredentialError; SettingError if
        the settings name another server as well.
        """
        local = self.local
        name = local.connection
        if not name or local.collect or local.sandbox:
            return None
        if name not in self._connections:
            self._connections[name] = _look_up_connection(
                name, looks_only=self._looks_only
            )
        layer = self._connections[name]
        _refuse_second_server(local, layer)
        return layer

    @property
    def is_connection_of_repository(self) -> bool:
        """Whether the stored connection is defined in the repository."""
        return self.connection is not None and self.connection.is_of_repository

    @cached_property
    def settings(self) -> Settings:
        """
        All settings; for the sandbox, which does not run yet, only its project.

        Raises the errors of ``connection``; SettingError for a run directory that was
        recorded for another server or project.
        """
        found = self._resolve_all()
        if not (self._looks_only or found.collect or found.dry_run):
            fork_guard.refuse_chosen_places(
                found, self._flags, self.is_connection_of_repository
            )
        if self._run is not None and self._given is None and found.wants_upload:
            here = resolve(self._of_this_machine, only=run_settings.PLACES).given
            said = self._run.settings
            run_settings.refuse_other_places(said, here, found, self._flags)
        return found

    def _resolve_all(self) -> Settings:
        if self.local.sandbox:
            return resolve([embedded_sandbox.project_layer(self.local), *self._layers])
        if self.connection is None:
            return self.local
        # Below the command line, and above all other layers.
        flags, *others = self._layers
        return resolve([flags, self.connection, *others])

    @contextlib.contextmanager
    def with_server(self, *, looks_only: bool = False) -> Iterator[Settings]:
        """
        Yield all settings, with a running sandbox if they ask for it.

        ``looks_only``: the sandbox works on a copy of its data. Secrets are removed
        from errors.
        """
        settings = self.settings
        try:
            if settings.sandbox:
                with embedded_sandbox.run_sandbox(
                    settings, looks_only=looks_only
                ) as layer:
                    yield resolve([layer, *self._layers])
            else:
                yield settings
        except XrayBridgeError as error:
            # Only here are secrets from files, commands and keyrings known.
            error.message = settings.redactor.clean(error.message)
            error.hint = settings.redactor.clean(error.hint)
            raise

    def redactors(self) -> list[Redactor]:
        """Return the redactors for the secrets of stored connections."""
        return [resolve([layer]).redactor for layer in self._connections.values()]


def effective_settings(
    flags: Mapping[str, object],
    *,
    run: Recorded | None = None,
    given: Mapping[str, str] | None = None,
    reads_frameworks: bool = False,
    looks_only: bool = False,
) -> Effective:
    """Make the settings of this process; each command calls it once."""
    return Effective(
        flags,
        run=run,
        given=given,
        reads_frameworks=reads_frameworks,
        looks_only=looks_only,
    )


def _look_up_connection(name: str, *, looks_only: bool) -> Layer:
    stored = stored_connections.find_connection(name, Path.cwd(), os.environ)
    if not stored.is_enabled:
        msg = f"the connection {stored.name} is disabled"
        command = quote_command("xray-bridge", "connection", "enable", stored.name)
        hint = f"run `{command}`"
        if not stored.is_own:
            hint = f"set enabled = true in {stored.source.name}"
        raise ConnectionDisabledError(msg, hint=hint)
    secrets = secret_sources.fetch_secrets(stored, os.environ, looks_only=looks_only)
    return stored_connections.connection_layer(stored, secrets)


def _refuse_second_server(local: Settings, layer: Layer) -> None:
    """Refuse an address beside the connection's, whose secret must not go there."""
    own = resolve([layer])
    names = [Settings.url.name]
    if own.jira_url or own.jira_token:
        # Else the connection has no secret for Jira.
        names.append(Settings.jira_url.name)
    for name in names:
        given, mine = getattr(local, name), getattr(own, name)
        if given and given != mine:
            msg = (
                f"two servers: xray_{name} is {given} ({local.sources[name]}), "
                f"but the {layer.source} has {mine or f'no {name}'}"
            )
            raise SettingError(msg, hint="set only one of them")
