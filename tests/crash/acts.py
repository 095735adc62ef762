"""What a person does at a till until it is done, whatever the disk says meanwhile, and how the world looks then."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from posapp.domain.money import Money
from posapp.domain.settlement import State
from posapp.errors import OutcomeUnknown, PosError, Refused, ResolveNeeded
from posapp.till import recover, sale, shift
from tests.till.rig import Register
from tests.till.shops import Shop, shop_at

CLEAR = {"disk_full", "disk_read_only", "journal_failed", "journal_busy", "outcome_unknown"}
CASH = Money(15_000)


def sell_one(shop: Shop) -> None:
    """The cashier sells; typed again it is the same receipt."""
    try:
        shop.sell()
    except sale.AlreadyReceipted:
        return


def put_cash_in(shop: Shop) -> None:
    """Once: whoever comes later looks whether it is in the drawer."""
    recover.recover(shop.till)
    if not shop.till.printer.cash_totals().cash_in:
        shift.cash_in(shop.till, CASH)


def close_shift(shop: Shop) -> None:
    recover.recover(shop.till)
    if shop.till.printer.status().shift.is_open:
        shift.close_shift(shop.till)


def sold_once(shop: Shop) -> None:
    shop.assert_exactly_one()


def cash_is_in_once(shop: Shop) -> None:
    assert shop.till.printer.cash_totals().cash_in == CASH
    assert shop.till.journal.operations_sending() == []


def shift_is_closed(shop: Shop) -> None:
    assert not shop.till.printer.status().shift.is_open
    assert [each.form for each in shop.register.printer.storage.documents].count(5) == 1
    assert shop.till.journal.operations_sending() == []


@dataclass(frozen=True)
class Act:
    """Something a person does until it is done, and how the world looks then."""

    do: Callable[[Shop], None]
    is_done: Callable[[Shop], None]


ACTS = {
    "sell": Act(sell_one, sold_once),
    "cash-in": Act(put_cash_in, cash_is_in_once),
    "shift-close": Act(close_shift, shift_is_closed),
}


def told(act: Act, shop: Shop) -> str:
    """Does it; the code of the error, "" for none. Another exception than ours is a bug and comes through."""
    caught: PosError | None = None
    try:
        act.do(shop)
    except PosError as error:
        caught = error
    if caught is None:
        return ""
    assert caught.code in CLEAR or isinstance(caught, Refused | ResolveNeeded), caught.code
    return caught.code


def finish(act: Act, shop: Shop) -> None:
    """The trouble is gone: the person repeats what is to be done, and decides where nothing can be proven."""
    for _ in range(4):
        try:
            act.do(shop)
        except ResolveNeeded:
            decide(shop)
        except (Refused, OutcomeUnknown):
            continue
        else:
            break
    act.is_done(shop)


def decide(shop: Shop) -> None:
    """A person looks at the register and says what it shows."""
    for stored in shop.till.journal.receipts_in(State.SENDING):
        recover.resolve(shop.till, stored.receipt.key, by_person=True)
    for operation in shop.till.journal.operations_sending():
        moved = shop.till.printer.cash_totals().cash_in.kopecks - int(str(operation.before["cash_in_kopecks"]))
        shop.till.journal.end_operation(operation.id, "done" if moved else "refused", {"person": "counted"})


@contextmanager
def a_shop(folder: Path) -> Iterator[Shop]:
    """A till with an open shift that has sold nothing yet."""
    with shop_at(folder, Register()) as shop:
        yield shop
