"""Orders on board: find them by what is scanned or typed, list them, show them with their lights and receipts."""

from __future__ import annotations

import re
from dataclasses import replace

from posapp.domain.checkout import refuse_unfit, refuse_unsellable
from posapp.domain.offers import MAY_BE_ALL, Offer, Way, offers
from posapp.domain.order import Order
from posapp.domain.order_changes import changes
from posapp.domain.settlement import State
from posapp.domain.vat import VatRate
from posapp.errors import OutcomeUnknown, PosError, SaleError
from posapp.till import card, claims, correction_state, doorstep
from posapp.till.context import Till
from posapp.till.lights import lights_of
from posapp.till.receipts import mark_text, receipt_view
from posapp.till.views import OrderRow, OrderView

_TRAILING = re.compile(r"[?#].*$")
NUMBER_MAX = 64
LIST_MAX = 500


def number_in(text: str) -> str:
    """The order number in a scan: as it stands, or the last part of a link (slips carry either)."""
    cleaned = text.strip().lstrip("№#").strip()
    if "://" in cleaned:
        cleaned = _TRAILING.sub("", cleaned).rstrip("/").rpartition("/")[2]
    return cleaned[:NUMBER_MAX]


def find(till: Till, text: str) -> Order:
    """The order on board. Raises SaleError `unknown_order`."""
    order = on_board(till, text)
    if order is None:
        raise SaleError("unknown_order", order=number_in(text) or "–")
    return order


def on_board(till: Till, text: str) -> Order | None:
    """The order that is here: by its number as it stands, else by the number in what was scanned; None without."""
    for number in dict.fromkeys((text.strip(), number_in(text))):
        order = till.journal.order(till.portal, number) if number else None
        if order is not None:
            return order
    return None


def view(till: Till, order: Order) -> OrderView:
    """The order with its receipts, its lights, what can be done with it, and why it cannot be sold at once, if so –
    also because another till has it."""
    found, left_at = doorstep.changes_of(till, order)
    open_card = card.open_of_order(till, order.portal, order.order_id)
    owed = None if open_card is None else card.trouble_of(till, open_card)
    shown = replace(_view(till, order), changes=found, left_at=left_at, owed=owed)
    shown = _with_offers(till, shown)
    if shown.refusal is not None or till.settings.gateway is None:
        return shown
    return replace(shown, refusal=claims.lost_order(till, order))


def _view(till: Till, order: Order) -> OrderView:
    stored = till.journal.receipts_of_order(order.portal, order.order_id)
    alive = [each for each in stored if each.state is not State.CANCELLED]
    receipt = alive[-1] if alive else None
    entries = [entry for each in alive for entry in till.journal.entries_of_receipt(each.receipt.key)]
    trouble = correction_state.trouble_of(till, receipt) if receipt is not None else None
    refusal = _refusal(till, order, receipt.state if receipt else None, mark_text(receipt.mark if receipt else None))
    return OrderView(
        order=order,
        receipts=tuple(receipt_view(till, each) for each in stored),
        lights=lights_of(order, receipt, entries, trouble),
        refusal=trouble or refusal,
        rates=rates_of(till, order),
    )


def _with_offers(till: Till, shown: OrderView) -> OrderView:
    """The view with what can be done next; a receipt after which the deal goes on says so."""
    found = _offers(shown)
    if till.settings.gateway is not None:
        found = () if shown.receipt is not None else tuple(each for each in found if each.way in MAY_BE_ALL)
    refusal = shown.refusal
    if refusal is not None and any(each.way is Way.FULL for each in found) and shown.receipts:
        return replace(shown, offers=found, refusal=None)  # everything was taken back: it is sold like a new one
    if found and refusal is not None and refusal.code == "already_receipted":
        ways = ", ".join(dict.fromkeys(each.way.value for each in found))
        refusal = SaleError("deal_goes_on", **refusal.facts, ways=ways)
    return replace(shown, offers=found, refusal=refusal)


def _offers(shown: OrderView) -> tuple[Offer, ...]:
    """What can be done; nothing while a receipt is under way."""
    if any(each.state in _UNFINISHED for each in shown.receipts):
        return ()
    try:
        refuse_unfit(shown.order)
        return offers(shown.order, [each.receipt for each in shown.receipts if each.state is State.FISCALIZED])
    except SaleError:
        return ()


_UNFINISHED = (State.PENDING, State.HELD, State.REFUSED, State.SENDING)


def rates_of(till: Till, order: Order) -> tuple[VatRate | None, ...]:
    """The confirmed rate of each line, None where there is none."""
    table, today = till.vat, till.now().date()
    rates: list[VatRate | None] = []
    for line in order.lines:
        try:
            rates.append(table.rate_for(line, today))
        except SaleError:
            rates.append(None)
    return tuple(rates)


def _refusal(till: Till, order: Order, state: State | None, mark: tuple[str, str]) -> PosError | None:
    if state is State.FISCALIZED:
        return SaleError("already_receipted", order=order.number, document=mark[0], at=mark[1])
    if state is State.SENDING:
        return OutcomeUnknown("receipt_under_way", order=order.number)
    try:
        refuse_unsellable(order)
        for line in order.lines:
            till.vat.rate_for(line, till.now().date())
    except PosError as error:
        return error
    return None


def rows(till: Till, search: str = "", *, courier: bool | None = None) -> list[OrderRow]:
    """Orders for a list, newest first; `courier` True = those with a delivery, the route."""
    orders = till.journal.orders(till.portal, courier=courier, search=search.strip()[:NUMBER_MAX], limit=LIST_MAX)
    return [_row(till, order) for order in orders]


def route(till: Till) -> list[OrderRow]:
    """The orders of the route that is chosen, else all deliveries; by time window, what is done last."""
    stops = doorstep.stops(till)
    found = rows(till, courier=True) if stops is None else [_row(till, order) for order in stops]
    left = {each.copy.order_id: each.copy for each in till.journal.route_stops(till.portal)}
    ours = claims.held(till, [row.order_id for row in found])
    found = [
        replace(row, is_changed=_is_changed(till, row, left.get(row.order_id)), is_ours=row.order_id in ours)
        for row in found
    ]
    return sorted(found, key=lambda row: (row.is_done or row.is_cancelled, row.delivery_window or "~", row.number))


def _is_changed(till: Till, row: OrderRow, left_with: Order | None) -> bool:
    order = None if left_with is None or row.is_done else till.journal.order_by_id(till.portal, row.order_id)
    return order is not None and left_with is not None and bool(changes(left_with, order))


def _row(till: Till, order: Order) -> OrderRow:
    shown = _view(till, order)
    receipt = shown.receipt
    is_receipted = receipt is not None and receipt.state is State.FISCALIZED
    return OrderRow(
        order_id=order.order_id,
        number=order.number,
        buyer=order.buyer.short,
        phone_tail=order.buyer.phone_tail,
        address=order.buyer.address,
        delivery_window=order.delivery_window,
        price=order.price,
        to_pay=order.to_pay,
        is_cancelled=order.is_cancelled,
        is_courier=order.is_courier,
        comment=order.comment,
        lights=shown.lights,
        is_done=is_receipted or order.is_paid,
    )
