"""
The types of what tests say while they run; mypy and pyright read this.

What is refused has an ignore comment, which is an error itself once nothing is
refused there any more.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from typing_extensions import assert_type

import xray_bridge
from xray_bridge import Annotations, EvidenceSource


if TYPE_CHECKING:
    from contextlib import AbstractContextManager


def uses_the_fixture(xray: Annotations) -> None:
    """The methods of the fixture ``xray``: names and steps."""
    assert_type(xray.key("CALC-1"), None)
    assert_type(xray.requirement("CALC-70"), None)
    assert_type(xray.defect("CALC-90"), None)
    assert_type(xray.comment("Seen."), None)
    assert_type(xray.custom_field("Browser", 3), None)
    step: AbstractContextManager[None] = xray.step("Log in", data="a", expected="b")
    with step as entered:
        assert_type(entered, None)


def attaches(xray: Annotations) -> None:
    """Evidence is bytes or the path of a file."""
    assert_type(xray.attach(b"content", name="a.txt", media_type="text/plain"), None)
    assert_type(xray.attach("a.png", "b.png", "image/png"), None)
    assert_type(xray.attach(Path("a.png")), None)
    xray.attach(3)  # type: ignore[arg-type]


class Page:
    """Functions that need no fixture, and decorated methods, which keep their types."""

    @xray_bridge.step("Log in as {user}", data="{user}")
    def log_in(self, user: str) -> bool:
        """Log in."""
        assert_type(xray_bridge.attach(user.encode(), name="a.txt"), None)
        assert_type(xray_bridge.comment("Seen."), None)
        with xray_bridge.step(
            "Open {page}", expected="a page", page="login"
        ) as entered:
            assert_type(entered, None)
        return True

    @xray_bridge.step("Pay")
    async def pay(self, total: int) -> int:
        """Pay."""
        return total


async def uses_a_page(page: Page) -> None:
    """Wrong arguments are refused as without the decorator."""
    assert_type(page.log_in("ann"), bool)
    assert_type(await page.pay(3), int)
    page.log_in(3)  # type: ignore[arg-type]
    xray_bridge.attach(3)  # type: ignore[arg-type]
    xray_bridge.step()  # type: ignore[call-arg]
    xray_bridge.step("a")(3)  # type: ignore[type-var]


def refuses_what_is_no_key(xray: Annotations) -> None:
    """A key is text; ``None`` is none, and a step's texts have names."""
    xray.key(None)  # type: ignore[arg-type]
    xray.step("Log in", "ann")  # type: ignore[call-arg]


def describes_evidence() -> None:
    """What hooks return; it cannot be changed afterwards."""
    source = EvidenceSource(b"content", "a.txt", media_type="text/plain")
    assert_type(source, EvidenceSource)
    assert_type(source.name, str)
    assert_type(source.media_type, str)
    EvidenceSource()  # type: ignore[call-arg]
    source.name = "b"  # type: ignore[misc]


@pytest.mark.xray("CALC-1", "CALC-2", requirements=["CALC-70"], summary="Adds")
def marked(number: int) -> str:
    """A mark leaves the type of a function as it is."""
    return str(number)


assert_type(marked(1), str)
assert_type(pytest.mark.xray("CALC-1"), pytest.MarkDecorator)
assert_type(xray_bridge.__version__, str)
