"""Deeds in which an order has more than one document: money ahead, refunds, refusals, corrections, sales without one.

Each deed has its `…_again`: what a person does who does not know whether it was done – the same command once more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from posapp import app
from posapp.cli import catalogue as cli_catalogue
from posapp.cli import correct as cli_correct
from posapp.cli import refund as cli_refund
from posapp.cli import sell as cli_sell
from posapp.cli import setup_catalogue as cli_setup_catalogue
from posapp.domain.offers import Way
from posapp.domain.settlement import State
from posapp.errors import Refused, ResolveNeeded, SaleError
from posapp.till.sale import AlreadyReceipted
from tests.crash.people import TRIES, Act, decide_nothing_came_out, recover_now, sell, sync
from tests.crash.stage import World

DONE = ("already_refunded", "refund_nothing", "way_closed", "correction_done")
"""What is answered when a deed is done already."""
TWO = 1
"""The number of an order of two things of one sort."""


def again(act: Act) -> Act:
    """The same command until it is done, or answered with "it is done"; a person decides where nothing is proven."""

    def repeated(world: World) -> object:
        decided = None
        for _ in range(TRIES):
            try:
                act(world)
            except AlreadyReceipted:
                break
            except ResolveNeeded:
                decided = decide_nothing_came_out(world)
            except Refused:
                continue
            except SaleError as error:
                if error.code not in DONE:
                    raise
                break
            else:
                break
        sync(world)
        return decided

    return repeated


# ------------------------------------------------------------------------------------------------ money and goods
def sell_and_sync(world: World) -> None:
    sell(world)
    sync(world)


def take_money_ahead(world: World) -> None:
    order, price = world.orders[0]
    cli_sell.sell([order], cash=price, way=Way.PREPAYMENT, data_dir=world.folder, json=True)


def hand_over(world: World) -> None:
    cli_sell.sell([world.orders[0][0]], way=Way.HANDOVER, data_dir=world.folder, json=True)


def take_back(world: World) -> None:
    """All of the order comes back, the money as it was paid."""
    cli_refund.refund_(order=world.orders[0][0], data_dir=world.folder, json=True)


def refuse_one(world: World) -> None:
    """Of two things one is taken."""
    order, price = world.orders[TWO]
    cli_sell.sell([order], cash=price, refuse=["1x1"], why="не подошёл", data_dir=world.folder, json=True)


def correct(world: World) -> None:
    """It was paid by card, and the receipt says cash."""
    with app.open_till(world.folder, write=False) as till:
        key = till.journal.receipts_in(State.FISCALIZED)[0].receipt.key
    cli_correct.correct(key, tender="card", why="кассир ошибся", data_dir=world.folder, json=True)


# ------------------------------------------------------------------------------------------------ without an order
def goods_on_board(world: World) -> None:
    cli_setup_catalogue.catalogue(accept_proposed=True, data_dir=world.folder, json=True)
    cli_catalogue.pull(data_dir=world.folder, json=True)


def ring_up(world: World) -> None:
    """One thing, by the portal's number of it."""
    product = min(int(each) for each in world.stock_before)
    cli_sell.sell([str(product)], items=True, cash="5000.00", data_dir=world.folder, json=True)


def ring_up_again(world: World) -> object:
    """A walk-in customer has no order by which it could be known: the cashier looks what was printed."""
    decided: object = None
    try:
        recover_now(world)
    except ResolveNeeded:
        decided = decide_nothing_came_out(world)
    with app.open_till(world.folder, write=False) as till:
        is_printed = bool(till.journal.receipts_in(State.FISCALIZED))
    if not is_printed:
        decided = again(ring_up_or_go_on)(world) or decided
    return decided


def ring_up_or_go_on(world: World) -> None:
    """What was begun is not begun anew: it is printed."""
    try:
        ring_up(world)
    except SaleError as error:
        if error.code != "walkin_begun":
            raise
        cli_sell.sell(begun=str(error.facts["key"]), data_dir=world.folder, json=True)


# ------------------------------------------------------------------------------------------------ what is there then
def made(*wanted: tuple[int, int]) -> Callable[[World], None]:
    """The receipts in the storage: (form, kind) of each."""

    def check(world: World) -> None:
        found = Counter((each.form, each.kind or 0) for each in world.printer.storage.documents if each.kind)
        assert found == Counter(wanted), found

    return check


def order_is(number: int, *, paid: str, deducted: str) -> Callable[[World], None]:
    """How the portal shows an order in the end."""

    def check(world: World) -> None:
        row = {str(row["accountNumber"]): row for row in world.portal.state()["orders"]}[world.orders[number][0]]
        assert (row["payed"], row["deducted"]) == (paid, deducted), row

    return check


def both(*checks: Callable[[World], None]) -> Callable[[World], None]:
    """All of them."""

    def check(world: World) -> None:
        for each in checks:
            each(world)

    return check


def refused_is_gone(world: World) -> None:
    """One thing left the order, the other one is paid and out; the journal knows what comes back."""
    row = {str(row["accountNumber"]): row for row in world.portal.state()["orders"]}[world.orders[TWO][0]]
    assert [str(each["quantity"]) for each in row["basketItems"]] in (["1"], ["1.0"], ["1.000"]), row["basketItems"]
    with app.open_till(world.folder, write=False) as till:
        assert len(till.journal.refusals(10)) == 1
