"""A page object: it knows neither pytest nor behave, and reports its steps itself."""

from __future__ import annotations

import xray_bridge


PRICES = {"apples": 3, "pears": 4}


class ShopPage:
    """The page of a shop; a real one would drive a browser."""

    def __init__(self) -> None:
        self.user = ""
        self.basket: dict[str, int] = {}

    @xray_bridge.step("Log in as {user}", expected="Welcome, {user}")
    def log_in(self, user: str) -> None:
        """Log in; the inner steps are in Xray, too."""
        with xray_bridge.step("Open the page"):
            self.basket.clear()
        with xray_bridge.step("Enter the name", data=user):
            self.user = user

    @xray_bridge.step("Put {number} {goods} into the basket of {self.user}")
    def buy(self, goods: str, number: int = 1) -> None:
        """Buy something, and keep the page as evidence."""
        self.basket[goods] = self.basket.get(goods, 0) + number
        xray_bridge.attach(str(self).encode(), name="basket.txt")

    @xray_bridge.step("Pay")
    async def pay(self) -> int:
        """Pay, as an asynchronous browser would do."""
        total = sum(PRICES[goods] * number for goods, number in self.basket.items())
        xray_bridge.comment(f"Paid *{total}*.")
        return total

    def __str__(self) -> str:
        """Return what is on the page."""
        return f"{self.user}: {self.basket}"
