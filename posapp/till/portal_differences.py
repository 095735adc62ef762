"""Where the journal and the portal do not agree. Pure: readings in, differences in words out.

One order, one difference: what was cancelled is only that; an order with another receipt in its fields is only that;
what else the portal lacks is told together, by how the outbox stands with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from posapp.domain.fiscal import ReceiptKind
from posapp.domain.money import Money
from posapp.domain.receipt_list import ReceiptList
from posapp.domain.settlement import State
from posapp.domain.stock_goods import is_untouched
from posapp.domain.undone import REFUNDS
from posapp.errors import WORDS, PosError
from posapp.journal.rows import NEEDS_ADMINISTRATOR, STEPS, OutboxEntry
from posapp.sync.bitrix.look import PortalOrder, PortalPayment
from posapp.sync.bitrix.writeback import ALL_PAID
from posapp.till.reconcile_views import Difference, Fact, Move, Phrase, joined
from posapp.till.steps import steps_of
from posapp.till.witnesses import Kept, Paid, PortalReading

PATIENCE = timedelta(days=1)
"""How long an entry may wait before a person should look why."""

_LEFT = {
    "mark": Phrase("нет отметки о возврате", "no mark of the refund"),
    "payment": Phrase("оплата ещё числится", "still shown as paid"),
    "stock": Phrase("товар не вернулся на склад", "the goods are not back in stock"),
}
_TWICE = Phrase("по чеку возвращено больше, чем продано", "more was taken back than was sold")
_LACKING = {
    "mark": Phrase("нет отметки о чеке", "no mark of the receipt"),
    "payment": Phrase("не оплачен", "not paid"),
    "stock": Phrase("не отгружен", "not deducted"),
}


def of_portal(kept: Sequence[Kept], portal: PortalReading, now: datetime) -> list[Difference]:
    """Journal against portal: `kept` are receipts of orders of this portal; those not read are left out."""
    found: list[Difference] = []
    for each in kept:
        order_id = each.receipt.settlement.order_id
        if order_id in portal.orders:
            found += _of_receipt(each, portal.orders[order_id], now)
    return found + [_paid(each) for each in portal.paid]


def _of_receipt(each: Kept, order: PortalOrder | None, now: datetime) -> Iterator[Difference]:
    if order is None:
        yield _told("portal_cancelled", each, what=Phrase("удалён", "deleted"))
        return
    if order.is_cancelled:
        yield _told("portal_cancelled", each, what=Phrase("отменён", "cancelled"))
        return
    if each.receipt.kind in REFUNDS:
        yield from _lacking(each, _refund_lacking(each, order), now)
        return
    if order.receipts.is_undone(each.receipt.key):  # all of it was taken back, and the portal knows
        return
    if each.receipt.settlement.shipment_id is not None:  # a hand-over: no payment tells of it
        yield from _lacking(each, _steps_lacking(each, order, None), now)
        return
    payment = order.payment(_payment_id(each))
    if payment is None:
        missing = Phrase(f"оплаты {each.receipt.settlement.part} в нём нет", "the payment is not there any more")
        yield _mark_differs(each, missing)
        return
    other = _other_receipt(each, payment)
    if other is not None:
        yield _mark_differs(each, other)
        return
    yield from _lacking(each, _steps_lacking(each, order, payment), now)


def _payment_id(each: Kept) -> int:
    return each.receipt.settlement.payment_id or 0


def _other_receipt(each: Kept, payment: PortalPayment) -> Phrase | None:
    """What the payment's fields say when it is not this receipt; an empty field says nothing."""
    mark = each.mark
    shown = (payment.key, payment.document, payment.sign, payment.storage)
    ours = (each.receipt.key, str(mark.document_number), mark.document_sign, mark.storage_number)
    if all(there in ("", here) for there, here in zip(shown, ours, strict=True)):
        return None
    return _mark_text(*shown)


def _mark_text(key: str, document: str, sign: str, storage: str) -> Phrase:
    return Phrase(
        f"ФД {document or '–'}, ФП {sign or '–'}, ФН {storage or '–'}, ключ {key or '–'}",
        f"FD {document or '–'}, sign {sign or '–'}, storage {storage or '–'}, key {key or '–'}",
    )


def _mark_differs(each: Kept, found: Phrase) -> Difference:
    mark = each.mark
    expected = _mark_text(each.receipt.key, str(mark.document_number), mark.document_sign, mark.storage_number)
    return _told("portal_mark_differs", each, found=found, expected=expected)


# ------------------------------------------------------------------------------------------------ what is lacking
def _steps_lacking(each: Kept, order: PortalOrder, payment: PortalPayment | None) -> dict[str, Phrase]:
    """The steps of the receipt that the portal does not show as done, in words."""
    entries = _by_step(each)
    target = str(entries["status"].body.get("status", "")) if "status" in entries else ""
    shown = {
        "mark": payment is not None
        and payment.key == each.receipt.key
        and payment.document == str(each.mark.document_number),
        "payment": payment is not None and (payment.is_paid or _money_is_back(order, payment)),
        "status": not target or order.status == target or _waits_for_money(entries["status"], order),
        "stock": _is_left_alone(entries.get("stock")) or _is_deducted(order, each.receipt.settlement.shipment_id),
    }
    words = {
        **_LACKING,
        "status": Phrase(f"статус {order.status}, а не {target}", f"status {order.status}, not {target}"),
    }
    own = steps_of(each.receipt) if each.receipt.kind is ReceiptKind.SELL else STEPS
    return {step: words[step] for step in own if not shown[step]}


def _refund_lacking(each: Kept, order: PortalOrder) -> dict[str, Phrase]:
    """The steps of a refund that the portal does not show as done: payment and stock only where all has come back."""
    entries, found = _by_step(each), order.receipts
    entry, payment = found.get(each.receipt.key), order.payment(_payment_id(each))
    sale = next((one for one in found.entries if entry is not None and entry.takes_back(one)), None)
    is_whole = sale is not None and found.is_undone(sale.key)
    is_sold_anew = any(not one.is_refund and found.left_of(one) > Money(0) for one in found.entries)
    is_out = any(deducted for _, deducted in order.shipments)
    lacking = {
        "mark": entry is None or entry.document_number != each.mark.document_number,
        "payment": is_whole and not is_sold_anew and payment is not None and payment.is_paid,
        "status": False,
        "stock": "stock" in entries and _goods_lack(entries["stock"], is_whole and not is_sold_anew and is_out),
    }
    shown = {step: _LEFT[step] for step in entries if lacking[step]}
    is_twice = sale is not None and found.left_of(sale) < Money(0)
    return shown | {next(iter(entries), "mark"): _TWICE} if is_twice else shown


def _money_is_back(order: PortalOrder, payment: PortalPayment) -> bool:
    """All money of the payment has gone back by receipts, though not all of a receipt: what was prepaid stands."""
    mine = [each for each in order.receipts.entries if order.places.get(each.key) == str(payment.payment_id)]
    return any(each.is_refund for each in mine) and ReceiptList(tuple(mine)).money_left <= Money(0)


def _is_left_alone(entry: OutboxEntry | None) -> bool:
    """1C or nobody keeps the stock: no shipment was deducted, and none is lacking."""
    return entry is not None and entry.state == "done" and is_untouched(entry.proof)


def _goods_lack(entry: OutboxEntry, is_out: bool) -> bool:
    """Whether goods that came back are not in stock. Those that came back by themselves the order does not show; what
    only carries the list of receipts, or is left to 1C, brings nothing back."""
    if entry.body.get("moves_goods"):
        return entry.state != "done"
    return is_out and not entry.body.get("keeps_stock") and not _is_left_alone(entry)


def _waits_for_money(entry: OutboxEntry, order: PortalOrder) -> bool:
    """The order is closed when all of it is paid, and a payment is still awaited: nothing is lacking."""
    is_due = entry.body.get("needs") == ALL_PAID or entry.state != "done"
    return is_due and not all(each.is_paid for each in order.payments)


def _is_deducted(order: PortalOrder, shipment_id: int | None) -> bool:
    """The goods of that shipment, or of all, are out of stock."""
    found = [deducted for number, deducted in order.shipments if shipment_id in (None, number)]
    return bool(found) and all(found)


def _by_step(each: Kept) -> Mapping[str, OutboxEntry]:
    return {entry.step: entry for entry in each.entries}


def _lacking(each: Kept, lacking: Mapping[str, Phrase], now: datetime) -> Iterator[Difference]:
    """Undone by somebody, stopped until a person acts, or merely on its way – each at most once."""
    entries = _by_step(each)
    done = [words for step, words in lacking.items() if step in entries and entries[step].state == "done"]
    open_ = {step: words for step, words in lacking.items() if step not in entries or entries[step].state != "done"}
    if done:
        command = f"posapp orders show {each.receipt.order_number}"
        yield _told("portal_undone", each, command=command, what=joined(done))
    if not open_:
        return
    what = joined(list(open_.values()))
    stopped = [entries[step] for step in open_ if step in entries and _is_stopped(entries[step], now)]
    if stopped:
        command = f"posapp outbox retry {stopped[0].id}"
        yield _told("portal_held", each, move=_move(stopped[0]), command=command, what=what, why=_why(stopped[0]))
    elif len([step for step in open_ if step in entries]) < len(open_):
        why = Phrase("в очереди отправки этого чека нет.", "it is not in the outbox.")
        command = f"posapp outbox list --order {each.receipt.order_number}"
        yield _told("portal_held", each, move=Move.ADMINISTRATOR, command=command, what=what, why=why)
    else:
        yield _told("portal_waits", each, move=Move.PROGRAM, command="posapp sync --once", what=what)


def _is_stopped(entry: OutboxEntry, now: datetime) -> bool:
    """Failed, held, in need of an administrator, or waiting for too long."""
    if entry.state == "waiting":
        return entry.code in NEEDS_ADMINISTRATOR or now - entry.created_at > PATIENCE
    return True


def _move(entry: OutboxEntry) -> Move:
    return Move.ADMINISTRATOR if entry.code in NEEDS_ADMINISTRATOR else Move.MANAGER


def _why(entry: OutboxEntry) -> Phrase:
    if entry.state == "held":
        return Phrase("человек придержал отправку.", "a person holds it back.")
    if entry.code in WORDS:
        return Phrase.of(PosError(entry.code, **entry.facts))
    return Phrase("ждёт больше суток.", "it has waited for more than a day.")


# ------------------------------------------------------------------------------------------------ paid, no receipt
def _paid(each: Paid) -> Difference:
    payment, stored = each.payment, each.stored
    if stored is not None and stored.state is State.FISCALIZED:
        why = Phrase(f"записан чек {stored.receipt.key} другого заказа", "it shows the receipt of another order")
    elif payment.key:
        number = payment.document or "–"
        why = Phrase(
            f"записан чек {payment.key}, ФД {number}, его журнал не знает",
            f"it shows {payment.key}, FD {number}, unknown to the journal",
        )
    elif stored is not None:
        why = Phrase(f"чек {stored.receipt.key} не напечатан", f"receipt {stored.receipt.key} was not printed")
    else:
        why = Phrase("оплату отметили без чека", "the payment was marked without a receipt")
    return Difference(
        "portal_paid_without_receipt",
        Move.MANAGER,
        order=each.number,
        key=payment.key or (stored.receipt.key if stored else ""),
        amount=payment.amount,
        command=f"posapp sell {each.number}",
        facts={"why": why},
    )


def _told(code: str, each: Kept, *, move: Move = Move.MANAGER, command: str = "", **facts: Fact) -> Difference:
    return Difference(
        code,
        move,
        order=each.receipt.order_number,
        key=each.receipt.key,
        document_number=each.mark.document_number,
        amount=each.receipt.total,
        command=command or f"posapp receipt show {each.receipt.key}",
        facts=facts,
    )
