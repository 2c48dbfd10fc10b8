"""
Leave out requirements for which the server would refuse the import.

Xray Server refuses the whole import, with all results, for an issue that is not a
requirement. Source: answers that users of Xray's clients have reported.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from xray_bridge.client.issues import REQUIREMENTS
from xray_bridge.client.key_lookup import MOVED, look_up_keys
from xray_bridge.errors import PartlyRefusedError, XrayBridgeError
from xray_bridge.model.keys import KEY
from xray_bridge.text import first_names


if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from xray_bridge.client.xray import XrayClient
    from xray_bridge.errors import RefusedError
    from xray_bridge.model.results import TestRun
    from xray_bridge.upload.prepared_run import PreparedRun
    from xray_bridge.upload.shipment import Shipment

BAD_REQUEST = 400
# Formats that have a field for them; in scenarios they are tags.
WITH_A_PLACE = frozenset({"junit", "xray"})
NOT_TAKEN = "Xray does not accept it as a requirement"


class Requirements:
    """
    The requirements of one run; a left-out one is removed from its report.

    ``first`` is the shipment that names them. Reports of other tools are sent
    unchanged.
    """

    def __init__(self, run: PreparedRun, first: Shipment) -> None:
        self._run = run
        self._format = first.sent_as
        self._rewrite = first.rewrite
        self._left_out: dict[str, str] = {}

    @property
    def notices(self) -> Iterator[str]:
        """The left-out requirements, with the reason and their tests."""
        named = self._tests_by_requirement() if self._left_out else {}
        for key, why in self._left_out.items():
            tests = first_names(named.get(key, ()))
            yield f"left out: the requirement {key} of {tests}: {why}"

    @property
    def exit_code(self) -> int:
        """The exit code of a delivery with left-out requirements."""
        return PartlyRefusedError.exit_code if self._left_out else 0

    def ask(self, xray: XrayClient) -> None:
        """
        Leave out keys that are certainly no requirements, before the server refuses.

        Without an answer nothing is left out. The embedded sandbox accepts any key.
        """
        settings = self._run.settings
        is_asked = settings.preflight != "off" and not settings.sandbox
        is_asked = is_asked and self._run.dialect.needs_requirements
        if self._rewrite is None or not is_asked or self._format not in WITH_A_PLACE:
            return
        # Xray JSON contains only the key of a Test that has one.
        says_all = self._format == "junit"
        named = self._tests_by_requirement(
            lambda run: says_all or not run.test.test_keys
        )
        if not named:
            return
        try:
            others = look_up_keys(xray, sorted(named), REQUIREMENTS).others
        except XrayBridgeError:
            return
        self._leave_out({key: why for key, why in others.items() if why != MOVED})

    def learn(self, error: RefusedError) -> bool:
        """Leave out keys that a refusal names; return whether to send again."""
        if self._rewrite is None or error.status != BAD_REQUEST:
            return False
        said = set(re.findall(rf"(?<![\w-]){KEY}(?![\w-])", error.said))
        new = (
            said & self._tests_by_requirement().keys() - self._left_out.keys()
            if said
            else set()
        )
        self._leave_out(dict.fromkeys(sorted(new), NOT_TAKEN))
        return bool(new)

    def _tests_by_requirement(
        self, is_meant: Callable[[TestRun], bool] = lambda _: True
    ) -> Mapping[str, list[str]]:
        """Return the names of the tests of each requirement."""
        found: dict[str, list[str]] = {}
        for run in self._run.results.all_runs():
            if run.test.requirements and is_meant(run):
                for key in run.test.requirements:
                    found.setdefault(key, []).append(run.test.definition)
        return found

    def _leave_out(self, why: Mapping[str, str]) -> None:
        if not why or self._rewrite is None:
            return
        self._left_out |= why
        prefix = "".join(self._run.settings.tag_prefixes[1:2])
        self._run.results.leave_out_requirements(self._left_out, prefix)
        self._rewrite()
