"""
Send all reports but the first into the Test Execution that the first has created.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from xray_bridge.errors import AmbiguousError, RefusedError, XrayBridgeError


if TYPE_CHECKING:
    from collections.abc import Sequence

    from xray_bridge.upload.arrivals import Arrivals
    from xray_bridge.upload.posting import Target
    from xray_bridge.upload.shipment import Shipment


def send_rest(
    shipments: Sequence[Shipment],
    target: Target,
    arrivals: Arrivals,
    *,
    jobs: int,
) -> None:
    """
    Send reports that have not arrived into the Test Execution, ``jobs`` at a time.

    A refused report does not stop the others. Raises an AmbiguousError, if there is
    one, or else the first error.
    """
    rest = _Rest(target, arrivals)
    missing = [each for each in shipments if each.id not in arrivals]
    with ThreadPoolExecutor(max_workers=jobs) as pool:
        try:
            for each in [pool.submit(rest.send, shipment) for shipment in missing]:
                each.result()
        except BaseException:
            # Ctrl-C: start no other report after this process has let go.
            rest.stop()
            raise
    rest.raise_worst(len(shipments) + 1)


class _Rest:
    """The state that the threads share."""

    def __init__(self, target: Target, arrivals: Arrivals) -> None:
        self._target = target
        self._arrivals = arrivals
        self._errors: list[tuple[Shipment, XrayBridgeError]] = []
        self._unexpected: list[BaseException] = []
        self._stopped = False

    def send(self, shipment: Shipment) -> None:
        """Send one report; keep its error for the end."""
        if self._stopped or shipment.fill is None:
            return
        try:
            answer = self._target.fill(shipment.fill)
            self._arrivals.note(shipment.id, answer)
        except XrayBridgeError as error:
            self._errors.append((shipment, error))
            # The server may accept the next report.
            if not isinstance(error, RefusedError):
                self._stopped = True
        except BaseException as error:  # noqa: BLE001 - raised again, where it is seen
            self._unexpected.append(error)
            self._stopped = True

    def stop(self) -> None:
        """Start no other report."""
        self._stopped = True

    def raise_worst(self, total: int) -> None:
        """Raise the worst error of ``total`` reports, if there was one."""
        if self._unexpected:
            raise self._unexpected[0]
        if not self._errors:
            return
        shipment, error = max(
            self._errors, key=lambda each: isinstance(each[1], AmbiguousError)
        )
        there = f"{len(self._arrivals)} of {total} reports have arrived"
        error.message = (
            f"{shipment.name} into {self._target.key}: {error.message}; {there}"
        )
        raise error
