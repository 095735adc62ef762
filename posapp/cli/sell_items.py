"""`posapp sell --items CODE…` and `--begun KEY`: goods without an order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from posapp.cli.common import answer, complain, language
from posapp.domain.checkout import Terms
from posapp.domain.receipt import Receipt, Tender
from posapp.errors import PosError, UsageError
from posapp.till import catalogue, counters, stock, walkin
from posapp.till.card import CardPay
from posapp.till.context import Till
from posapp.till.sale import Codes, Sold


@dataclass(frozen=True, slots=True)
class Asked:
    """The codes as they were typed, or the key of a sale that goes on; the rest are a person's words."""

    codes: tuple[str, ...]
    begun: str
    another: bool
    old_prices: bool
    oversell: bool = False


def sell(
    till: Till, asked: Asked, tenders: Sequence[Tender], codes: Codes, terms: Terms, pay: CardPay | None, *, json: bool
) -> None:
    """Prints the receipt and answers as `posapp sell` does. A person is told, then the till knows that he was."""
    _refuse_of_orders(terms)
    if asked.begun and (tenders or codes or terms != Terms()):
        raise UsageError("usage", what="начатый чек печатают как он есть: с --begun сумм и кодов не набирают")
    try:
        done = _sold(till, asked, tenders, codes, terms, pay)
    except walkin.WalkInPrinted as error:
        error.extra = {"order": "", "receipt": error.view.as_json()}
        walkin.told(till, error.view.receipt.key)
        raise
    except PosError as error:
        if not json and "begun" in error.extra:
            complain(_goes_on(str(error.extra["begun"])))
        raise
    _answer(till, done, json=json)
    walkin.told(till, done.view.receipt.key)
    counters.settle(till)


def _sold(till: Till, asked: Asked, tenders: Sequence[Tender], codes: Codes, terms: Terms, pay: CardPay | None) -> Sold:
    if asked.begun:
        return walkin.sell_begun(till, asked.begun)
    items = walkin.items_of(till, asked.codes, old_prices=asked.old_prices)
    if not asked.oversell:
        stock.refuse_short_items(till, items)
    return walkin.sell(till, items, tenders, codes, terms, another=asked.another, pay=pay)


def _refuse_of_orders(terms: Terms) -> None:
    """What is said about orders has no meaning here: an option that changes nothing would be a lie."""
    said = Terms(cashless=terms.cashless, contact=terms.contact, buyer_name=terms.buyer_name, buyer_inn=terms.buyer_inn)
    if terms != said:
        raise UsageError(
            "usage", what="--as, --payment, --deal-day, --refuse и --override – о заказе, с --items их нет"
        )


def _answer(till: Till, done: Sold, *, json: bool) -> None:
    receipt, mark = done.view.receipt, done.view.mark
    at = catalogue.prices_at(till)
    body = {
        "order": "",
        "receipt": done.view.as_json(),
        "outbox_pending": done.outbox_pending,
        "lines": [_line(receipt, number) for number in range(len(receipt.lines))],
        "prices_at": None if at is None else at.isoformat(),
    }
    lines = [f"  {each.name}  {each.quantity} × {each.price} = {each.line_sum}" for each in receipt.lines]
    number = mark.document_number if mark else "?"
    head = f"Чек напечатан: без заказа, {receipt.total}, сдача {receipt.change}, ФД {number}."
    if language() == "en":
        head = f"Printed: no order, {receipt.total}, change {receipt.change}, FD {number}."
    answer(json, body, "\n".join([head, *lines]))


def _line(receipt: Receipt, number: int) -> dict[str, object]:
    line = receipt.lines[number]
    return {
        "name": line.name,
        "quantity": str(line.quantity),
        "price_kopecks": line.price.kopecks,
        "sum_kopecks": line.line_sum.kopecks,
        "vat": line.vat.value,
        "measure": line.measure,
    }


def _goes_on(key: str) -> str:
    if language() == "en":
        return f"The sale was begun; go on with it: posapp sell --begun {key}"
    return f"Продажа начата; допечатать её: posapp sell --begun {key}"
