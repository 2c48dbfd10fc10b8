"""
What the rules of a gate want to know.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol


if TYPE_CHECKING:
    from collections.abc import Sequence

    from xray_bridge.config.gate_table import Gate


class UnknownError(Exception):
    """
    A fact is not known; the text says why. The rule is not checked.

    ``known`` are names that are known nevertheless. If they are too many, it fails.
    """

    def __init__(self, why: str = "", known: Sequence[str] = ()) -> None:
        super().__init__(why)
        self.known = known


class UnsetError(Exception):
    """A rule needs a setting that is not set; the text says which. It fails."""


class Facts(Protocol):
    """
    Facts about a run, or about a Test Execution or Test Plan in Xray.

    Each method may raise UnknownError, UnsetError and XrayBridgeError.
    """

    def count_tests(self) -> int:
        """Count the tests that ran."""
        ...

    def list_failures(self) -> Sequence[str]:
        """Name the tests that failed, without those in quarantine."""
        ...

    def list_new_failures(self) -> Sequence[str]:
        """Name those that did not fail in the last run."""
        ...

    def list_flaky(self) -> Sequence[str]:
        """Name the tests that passed after failed attempts."""
        ...

    def list_environments(self) -> Sequence[str]:
        """Name the Test Environments with results."""
        ...

    def list_expired(self) -> Sequence[str]:
        """Name the tests whose quarantine is not in force."""
        ...

    def list_missing_tests(self) -> Sequence[str]:
        """Name the Tests of the Test Plan that have not run."""
        ...

    def list_uncovered(self, gate: Gate) -> Sequence[str]:
        """Name the requirements that no Test covers."""
        ...
