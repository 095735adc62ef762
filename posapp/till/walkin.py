"""Selling without an order: goods by their codes, one receipt for them, printed exactly once. Read `sale.py` first.

    codes → items → Receipt + what it sells (journal: pending, one commit) → recovery was before → sale.print_pending

An order is its own name: a second receipt of it meets the first one (rule 1). Here nothing but the receipt itself says
which sale it was, so typing the same goods again may mean the same customer – the program was killed, the paper was
out – or the next one. The till never chooses: while a receipt of the same goods is not ended, or was ended by recovery
and nobody was told, a sale of these goods stops and a person says which it is. `told` ends that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from decimal import Decimal
from typing import Any

from posapp.devices.base import PrinterStatus
from posapp.domain.basket import Item, content_of, is_walk_in_sale, item_of, line_of, walk_in_receipt
from posapp.domain.checkout import FULL_PAYMENT, Terms
from posapp.domain.marked_lines import same_goods
from posapp.domain.marking import MarkingCode
from posapp.domain.money import total
from posapp.domain.permission import LineVerdict
from posapp.domain.receipt import Receipt, Tender
from posapp.domain.settlement import State
from posapp.errors import JournalError, OutcomeUnknown, PosError, ResolveNeeded, SaleError
from posapp.journal.rows import StoredReceipt, WalkIn
from posapp.till import card, catalogue, counters, marked_goods, marking, recover, sale
from posapp.till.audit import decided
from posapp.till.card import CardPay
from posapp.till.context import Till
from posapp.till.receipts import mark_text, receipt_view
from posapp.till.sale import NO_CODES, Codes, Sold
from posapp.till.views import ReceiptView

BEGUN = (State.PENDING, State.HELD, State.REFUSED, State.SENDING)


class WalkInPrinted(SaleError):
    """A receipt of these goods is printed, and nobody was told; `view` is it."""

    def __init__(self, view: ReceiptView) -> None:
        document, at = mark_text(view.mark)
        super().__init__("walkin_printed", document=document, at=at)
        self.view = view


# ------------------------------------------------------------------------------------------------ selling
def items_of(till: Till, codes: Sequence[str], *, old_prices: bool = False) -> list[Item]:
    """The goods that were scanned or typed, in their order. Raises SaleError, BadMarking, SetupError.

    `old_prices`: a person sells by prices that are older than the shop's rule.
    """
    catalogue.require_ready(till, old_prices=old_prices)
    return [catalogue.item(till, each) for each in codes]


def sell(
    till: Till,
    items: Sequence[Item],
    tenders: Sequence[Tender],
    codes: Codes = NO_CODES,
    terms: Terms = FULL_PAYMENT,
    *,
    another: bool = False,
    pay: CardPay | None = None,
) -> Sold:
    """Prints the receipt of these goods. `codes` are marking codes by the number of the item, from 1.

    Recovery runs first (rule 10). While a receipt of the same goods waits, SaleError `walkin_begun` – or
    `WalkInPrinted`, when it turns out to be printed – says so and nothing is begun; `another` is a person's word that
    this is another customer. Call `told` when the answer has reached a person. Raises SaleError, BadMarking,
    DeviceError, ResolveNeeded, JournalError.
    """
    now = till.now().replace(microsecond=0)
    receipt = walk_in_receipt(
        items, tenders, till.vat, till.seller, identity=till.new_id(), now=now, codes=codes, terms=terms
    )
    content = content_of(receipt.lines)
    alike = till.journal.untold_walk_ins(content)
    looked = _recovered(till, alike)
    if not another:
        _refuse_alike(till, till.journal.untold_walk_ins(content))
    status = counters.ready(till, looked)
    charged = card.standing(till, receipt, pay)
    verdicts = marking.checked(till, receipt)
    receipt, operation = card.taken(till, receipt, pay, charged, status)
    decision = decided(till, "walkin.another", receipt.key, "", alike=[each.receipt.key for each in alike])
    sold = WalkIn(receipt.key, content, _goods(items, codes))
    till.journal.add_walk_in(receipt, sold, decision=decision if another and alike else None, card=operation)
    done = _print(till, receipt, status, verdicts)
    by_code = [(each.product.product_id, each.marking) for each in items if each.marking is not None]
    with suppress(JournalError):  # printed is printed: what was learned is learned at the next sale
        marked_goods.learn_products(till, [*by_code, *_given(items, codes)])
    return done


def _given(items: Sequence[Item], codes: Codes) -> list[tuple[int, MarkingCode]]:
    return [(items[number - 1].product.product_id, code) for number, of_item in codes.items() for code in of_item]


def _print(till: Till, receipt: Receipt, status: PrinterStatus, verdicts: Sequence[LineVerdict]) -> Sold:
    """As an order's receipt; whoever reads the error is told under which key the sale goes on."""
    try:
        return sale.print_pending(till, receipt, status, verdicts)
    except PosError as error:
        error.extra = {**error.extra, "begun": receipt.key}
        raise


def _recovered(till: Till, alike: Sequence[StoredReceipt]) -> PrinterStatus:
    """Recovery. While a receipt of these goods is `sending`, "nothing was made" is never said."""
    try:
        return recover.status_for_sale(till)
    except ResolveNeeded:
        raise
    except PosError as error:
        for each in alike:
            if each.state is State.SENDING:
                raise OutcomeUnknown(key=each.receipt.key) from error
        raise


def _refuse_alike(till: Till, alike: Sequence[StoredReceipt]) -> None:
    """What is begun comes first; what recovery has found printed is told once."""
    for stored in alike:
        if stored.state is not State.FISCALIZED:
            receipt = stored.receipt
            at = f"{receipt.created_at:%d.%m.%Y %H:%M}"
            raise SaleError("walkin_begun", total=receipt.total, at=at, key=receipt.key)
    for stored in alike:
        raise WalkInPrinted(receipt_view(till, stored))


def _goods(items: Sequence[Item], codes: Codes) -> tuple[dict[str, object], ...]:
    """What is kept for the portal's stock: each item with the marking codes of its things."""
    found = []
    for number, each in enumerate(items, 1):
        given = [code.text for code in codes.get(number, ())]
        found.append(each.as_json() | ({"markings": given} if given else {}))
    return tuple(found)


# ------------------------------------------------------------------------------------------------ what was begun
def begun(till: Till) -> list[ReceiptView]:
    """Sales without an order that were begun and are not ended, oldest first."""
    return [receipt_view(till, each) for each in till.journal.receipts_in(*BEGUN) if is_walk_in_sale(each.receipt)]


def sell_begun(till: Till, key: str) -> Sold:
    """Prints a receipt that was begun, with its own key: a person says that its customer is still here.

    Only while its goods cost and are taxed today as they were then. Raises SaleError `walkin_no_begun`,
    `walkin_differs`, WalkInPrinted for one that turns out to be printed, and what `sell` raises.
    """
    stored = _begun(till, key)
    looked = recover.status_for_begun(till, key) if stored.state is not State.FISCALIZED else None
    stored = _begun(till, key)
    if looked is None or stored.state is State.FISCALIZED:
        raise WalkInPrinted(receipt_view(till, stored))
    _refuse_changed(till, stored.receipt)
    status = counters.ready(till, looked)
    verdicts = marking.checked(till, stored.receipt)
    sale.consent(till, stored)
    return _print(till, stored.receipt, status, verdicts)


def _begun(till: Till, key: str) -> StoredReceipt:
    stored = till.journal.receipt(key)
    if stored is None or not is_walk_in_sale(stored.receipt):
        raise SaleError("walkin_no_begun", key=key, why="такой нет")
    if stored.state is State.CANCELLED:
        raise SaleError("walkin_no_begun", key=key, why="от него отказались")
    return stored


def _refuse_changed(till: Till, receipt: Receipt) -> None:
    """The goods as the catalogue has them today must give the same lines, codes and their splitting aside."""
    sold = till.journal.walk_in(receipt.key)
    if sold is None:
        raise SaleError("walkin_differs", key=receipt.key, why="журнал не помнит, какие это товары")
    try:
        now = till.now()
        today = [line_of(_item_again(till, each), till.vat, now) for each in sold.goods]
    except SaleError as error:
        raise SaleError("walkin_differs", key=receipt.key, why=error.message()) from error
    if not same_goods(today, receipt.lines):
        after = total([each.line_sum for each in today])
        raise SaleError("walkin_differs", key=receipt.key, why=f"было {receipt.total}, стало {after}")


def _item_again(till: Till, good: Mapping[str, Any]) -> Item:
    """An item of the journal with the product as the catalogue has it now. Raises SaleError."""
    product = till.journal.product(good["portal"], good["product_id"])
    if product is None:
        raise SaleError("goods_unknown", code=good["code"] or good["name"])
    return item_of(product, code=good["code"], typed=Decimal(good["quantity"]))


def told(till: Till, key: str) -> None:
    """A person has been told that the receipt is printed: from now on the same goods are another sale."""
    till.journal.tell_walk_in(key)
