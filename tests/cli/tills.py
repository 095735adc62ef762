"""What the tests of the command line type again and again: a till that is set up, orders that can be sold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from posapp.cli.practice import PracticeShop

Run = Callable[..., tuple[int, dict[str, Any]]]
"""Arguments of a command → its exit code and its last answer."""


def set_up(run: Run, shop: PracticeShop, name: str) -> None:
    """Sets up the shop's register, portal and VAT.

    The name must be the directory's own: a till that finds its name on documents that it does not know sells nothing.
    """
    printer = ("setup", "printer", "--model", "shtrih", "--port", shop.register["port"], "--training")
    assert run(*printer, "--till", name)[0] == 0
    assert run("setup", "portal", "--mode", "till-driven")[0] == 0
    assert run("setup", "vat", "--accept-proposed")[0] == 0


def sellable(run: Run) -> list[dict[str, Any]]:
    """Orders on board of which all is still to be paid."""
    return [
        row
        for row in run("orders", "list")[1]["orders"]
        if not (row["cancelled"] or row["done"]) and row["to_pay_kopecks"] == row["price_kopecks"]
    ]


def roubles(kopecks: int) -> str:
    """The amount as it is typed."""
    return f"{kopecks // 100}.{kopecks % 100:02d}"
