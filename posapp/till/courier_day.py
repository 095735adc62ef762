"""The courier's day: a float in the morning, cash handed in at the evening, signed by both; the rest is computed.

Nothing that the journal knows is typed again: receipts by tender, refunds and refusals are read from it, so that the
sums are right the moment a receipt or a refund is there, and a crash in the middle loses nothing. What is typed is what
only people know: who, how much float, how much cash was counted, and why it differs if it does.

Cash that should be there = float + cash taken − cash paid back. Cash put into or taken out of the register's drawer is
the same money carried about, so it is shown and not counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from posapp.domain.fiscal import DocumentType, ReceiptKind
from posapp.domain.money import ZERO, Money
from posapp.domain.order import Order
from posapp.domain.receipt import Receipt, TenderKind
from posapp.domain.settlement import State
from posapp.domain.takings import Takings
from posapp.errors import SaleError
from posapp.journal.period import operations_between
from posapp.journal.rows import CourierDay, Decision, IllegalMove, NewRefusal, Operation, Refusal, StoredReceipt
from posapp.till import audit, gate
from posapp.till.context import Till

TRIES = 3


@dataclass(frozen=True, slots=True)
class DayReport:
    """A courier's day with everything computed: as signed once it is closed, as it stands now while it is open.

    `takings` are the receipts by kind and tender; `should_be` the cash that should be there. `later` counts receipts
    that came into the journal only after the day was signed (a restore found them): they are not in the figures.
    """

    day: CourierDay
    takings: Takings
    receipts: tuple[StoredReceipt, ...]
    refusals: tuple[Refusal, ...]
    cash_moves: tuple[Operation, ...]
    unfinished: tuple[str, ...]
    later: int = 0

    @property
    def should_be(self) -> Money:
        """Float, cash taken, less cash paid back."""
        return self.day.float_taken + self.takings.net(TenderKind.CASH)

    @property
    def difference(self) -> Money | None:
        """Counted less what should be: a shortage is negative. None while nothing was counted."""
        return None if self.day.counted is None else self.day.counted - self.should_be

    @property
    def refused(self) -> Money:
        """What the refused goods would have cost."""
        return Money(sum(each.refused.amount.kopecks for each in self.refusals))

    def figures(self) -> dict[str, object]:
        """What is signed: the sums, and how many receipts and refusals they rest on."""
        return {
            "receipts": len(self.receipts),
            "takings": self.takings.as_json(),
            "should_be_kopecks": self.should_be.kopecks,
            "refusals": len(self.refusals),
            "refused_kopecks": self.refused.kopecks,
        }

    def as_json(self) -> dict[str, object]:
        """The answer of the commands of the day."""
        day = self.day
        return {
            "day": day.id,
            "courier": day.courier,
            "opened_at": day.opened_at.isoformat(timespec="seconds"),
            "opened_by": day.opened_by,
            "float_kopecks": day.float_taken.kopecks,
            "receipts": [_receipt_row(each) for each in self.receipts],
            "takings": self.takings.as_json(),
            "by_tender": {f"{tender.name.lower()}_kopecks": self.takings.net(tender).kopecks for tender in TenderKind},
            "refusals": [refusal_row(each) for each in self.refusals],
            "refused_kopecks": self.refused.kopecks,
            "cash_moves": [_move_row(each) for each in self.cash_moves],
            "should_be_kopecks": self.should_be.kopecks,
            "counted_kopecks": None if day.counted is None else day.counted.kopecks,
            "difference_kopecks": None if self.difference is None else self.difference.kopecks,
            "why": day.why,
            "closed_at": None if day.closed_at is None else day.closed_at.isoformat(timespec="seconds"),
            "received_by": day.received_by or None,
            "unfinished": list(self.unfinished),
            "later": self.later,
        }


def _receipt_row(stored: StoredReceipt) -> dict[str, object]:
    receipt, mark = stored.receipt, stored.mark
    change = receipt.change.kopecks
    return {
        "order": receipt.order_number,
        "key": receipt.key,
        "kind": receipt.kind.name.lower(),
        "total_kopecks": receipt.total.kopecks,
        "tenders": {
            f"{each.kind.name.lower()}_kopecks": each.amount.kopecks - (change if each.kind is TenderKind.CASH else 0)
            for each in receipt.tenders
        },
        "document_number": None if mark is None else mark.document_number,
    }


def refusal_row(refusal: Refusal) -> dict[str, object]:
    """One of `refusals` of a day: what goes back to the shop, and why."""
    refused = refusal.refused
    return {
        "order": refused.order_number,
        "at": refusal.at.isoformat(timespec="seconds"),
        "why": refused.why,
        "who": refused.who,
        "is_whole": refused.is_whole,
        "amount_kopecks": refused.amount.kopecks,
        "lines": [dict(each) for each in refused.lines],
        "key": refused.receipt_key or None,
    }


def _move_row(operation: Operation) -> dict[str, object]:
    amount = operation.amount or ZERO
    return {"kind": operation.kind, "at": operation.started_at.isoformat(timespec="seconds"),
            "amount_kopecks": amount.kopecks}  # fmt: skip


# ------------------------------------------------------------------------------------------------ morning
def begin(till: Till, courier: str, float_taken: Money) -> DayReport:
    """The courier takes the float. Raises SaleError `day_open`, `day_unfinished` while something is being sent.

    What is being sent now would belong to neither day: its document may lie before or after the beginning.
    """
    gate.require_sound(till)
    name = _name(courier) or _name(till.settings.cashier)
    if not name:
        raise SaleError("day_names", courier="–", receiver="–")
    _refuse_sending(till)
    device = till.identity if till.settings.printer is not None else None
    decision = audit.decided(till, "day.opened", f"courier {name}", courier=name, float_kopecks=float_taken.kopecks)
    day = till.journal.open_day(name, decision.who, float_taken, device, decision=decision)
    return report(till, day)


# ------------------------------------------------------------------------------------------------ at the door
def refuse(till: Till, order: Order, why: str) -> Refusal:
    """The customer takes nothing: the goods go back to the shop. Raises SaleError.

    `day_not_open`; `day_refused` when it was told already; `already_receipted` is a matter for a refund; a receipt that
    was begun for the order comes first (`day_unfinished`).
    """
    day = current(till)
    reason = " ".join(why.split())
    if not reason:
        raise SaleError("refusal_why", order=order.number)
    for stored in till.journal.receipts_of_order(order.portal, order.order_id):
        if stored.state is State.FISCALIZED:
            at = "" if stored.mark is None else f"{stored.mark.printed_at:%d.%m.%Y %H:%M}"
            raise SaleError("already_receipted", order=order.number, document=_document(stored), at=at)
        if stored.state is not State.CANCELLED:
            raise _unfinished([stored.receipt.order_number])
    if any(each.refused.is_whole for each in till.journal.refusals_of_order(order.portal, order.order_id)):
        raise SaleError("refusal_known", order=order.number)
    lines = tuple(
        {"name": line.name, "quantity": str(line.quantity), "sum_kopecks": line.line_sum.kopecks}
        for line in order.lines
    )
    refused = NewRefusal(order.portal, order.order_id, order.number, order.price, till.who, reason, lines)
    facts = {"order": order.number, "amount_kopecks": order.price.kopecks, "day": day.id}
    decision = audit.decided(till, "order.refused", order.number, reason, **facts)
    till.journal.add_refusal(refused, day.id, decision=decision)
    return till.journal.refusals_of_order(order.portal, order.order_id)[-1]


def _document(stored: StoredReceipt) -> str:
    return "–" if stored.mark is None else str(stored.mark.document_number)


# ------------------------------------------------------------------------------------------------ evening
def hand_in(till: Till, counted: Money, received_by: str, why: str = "") -> DayReport:
    """The cash is counted and handed in; both sign, and the figures are kept as they are signed. Raises SaleError.

    `day_not_open`; `day_unfinished` while it is not known what became of a receipt; `day_names` unless two different
    people sign; `day_difference` when what is counted is not what should be and nobody says why.
    """
    for _ in range(TRIES):
        closed = _hand_in(till, counted, " ".join(received_by.split()), " ".join(why.split()))
        if closed is not None:
            return closed
    raise _unfinished(["–"])  # one receipt after the other while both want to sign


def _hand_in(till: Till, counted: Money, receiver: str, reason: str) -> DayReport | None:
    """None when a receipt came in while the figures were made: then they are made anew."""
    day = current(till)
    if not receiver or receiver.casefold() == day.courier.casefold():
        raise SaleError("day_names", courier=day.courier, receiver=receiver or "–")
    _refuse_sending(till)
    found = report(till, day)
    difference = counted - found.should_be
    if difference and not reason:
        raise SaleError("day_difference", expected=found.should_be, counted=counted, difference=difference)
    signatures = _signatures(till, found, counted, receiver, reason)
    try:
        figures, receipts = found.figures(), len(found.receipts)
        till.journal.close_day(day, counted, receiver, reason, figures, receipts, signatures=signatures)
    except IllegalMove:
        return None
    return report(till, _there(till, day.id))


def _signatures(till: Till, found: DayReport, counted: Money, receiver: str, reason: str) -> tuple[Decision, Decision]:
    """Both, with everything that is signed."""
    day = found.day
    facts = {
        "courier": day.courier,
        "received_by": receiver,
        "float_kopecks": day.float_taken.kopecks,
        "should_be_kopecks": found.should_be.kopecks,
        "counted_kopecks": counted.kopecks,
        "difference_kopecks": (counted - found.should_be).kopecks,
        "receipts": len(found.receipts),
        "refusals": len(found.refusals),
        **{f"{each.name.lower()}_kopecks": found.takings.net(each).kopecks for each in TenderKind},
    }
    return (
        audit.decided_by(till, day.courier, "day.handed_in", f"day {day.id}", reason, **facts),
        audit.decided_by(till, receiver, "day.received", f"day {day.id}", reason, **facts),
    )


def _refuse_sending(till: Till) -> None:
    sending = [_named(each) for each in till.journal.receipts_in(State.SENDING)]
    if sending:
        raise _unfinished(sending)


def _named(stored: StoredReceipt) -> str:
    """The order of a receipt; of a sale without one its key."""
    return stored.receipt.order_number or stored.receipt.key


def _unfinished(orders: list[str]) -> SaleError:
    named = ", ".join(orders)
    return SaleError("day_unfinished", orders=named)


# ------------------------------------------------------------------------------------------------ looking
def current(till: Till) -> CourierDay:
    """The day that is open. Raises SaleError `day_not_open`."""
    day = till.journal.current_day()
    if day is None:
        raise SaleError("day_not_open")
    return day


def find(till: Till, day_id: int | None) -> DayReport:
    """A day by its number; without one the open day, else the last. Raises SaleError `not_found`, `day_not_open`."""
    if day_id is not None:
        return report(till, _there(till, day_id))
    newest = till.journal.courier_days(limit=1)
    day = till.journal.current_day() or (newest[0] if newest else None)
    if day is None:
        raise SaleError("day_not_open")
    return report(till, day)


def _there(till: Till, day_id: int) -> CourierDay:
    day = till.journal.courier_day(day_id)
    if day is None:
        raise SaleError("not_found", what=f"день {day_id}")
    return day


def report(till: Till, day: CourierDay) -> DayReport:
    """The day with its sums; those that were signed where it is closed."""
    receipts = tuple(till.journal.receipts_of_day(day))
    refusals = tuple(till.journal.refusals_of_day(day.id))
    takings, later = Takings.of(_counted(receipts)), 0
    if not day.is_open:
        takings = Takings.from_json(day.figures["takings"])
        later = len(receipts) - int(day.figures["receipts"])
    unfinished = [_named(each) for each in till.journal.receipts_in(State.SENDING)] if day.is_open else []
    return DayReport(day, takings, receipts, refusals, _moves(till, day), tuple(unfinished), later)


def _counted(receipts: Sequence[StoredReceipt]) -> list[Receipt]:
    """What is in the sums of the day.

    What puts a receipt right moves no money: it counts together with the wrong one, so that the day shows what was
    really taken, and nowhere when that is of another day. A settlement without the register was some other time too.
    """
    by_key = {each.receipt.key: each.receipt for each in receipts}
    return [each for each in by_key.values() if _is_counted(each, by_key)]


def _is_counted(receipt: Receipt, by_key: Mapping[str, Receipt]) -> bool:
    fix = receipt.settlement.fix
    if fix is None:
        return receipt.document_type is not DocumentType.CORRECTION
    wrong = by_key.get(fix[1])
    return wrong is not None and _is_counted(wrong, by_key)


def _is_correction(stored: StoredReceipt) -> bool:
    """It puts something right; the sheet says so."""
    return stored.receipt.settlement.fix is not None or stored.receipt.document_type is DocumentType.CORRECTION


def _moves(till: Till, day: CourierDay) -> tuple[Operation, ...]:
    """Cash put in and taken out meanwhile, as far as it was done."""
    until = (day.closed_at or till.now()) + timedelta(microseconds=1)
    ids = operations_between(till.journal.path, day.opened_at, until)
    found = [operation for operation in map(till.journal.operation, ids) if operation is not None]
    return tuple(each for each in found if each.kind in ("cash_in", "cash_out") and each.state == "done")


def _name(text: str) -> str:
    return " ".join(text.split())


# ------------------------------------------------------------------------------------------------ on paper
def text(found: DayReport, zone_now: datetime, language: str = "ru") -> str:
    """The sheet that both sign, for any printer; moments in the zone of `zone_now`."""
    day, english = found.day, language == "en"
    say = _EN if english else _RU

    def local(at: datetime) -> str:
        return f"{at.astimezone(zone_now.tzinfo):%d.%m.%Y %H:%M}"

    lines = [say["title"].format(id=day.id), f"{day.courier}", say["opened"].format(at=local(day.opened_at)), ""]
    lines += [_row(say["float"], day.float_taken)]
    lines += [_row(say[name], found.takings.net(tender)) for tender, name in _TENDERS if found.takings.net(tender)]
    lines += [_row(say["should_be"], found.should_be)]
    if day.counted is not None:
        lines += [_row(say["counted"], day.counted), _row(say["difference"], found.difference or ZERO)]
        lines += [say["why"].format(why=day.why)] if day.why else []
    lines += ["", say["receipts"].format(n=len(found.receipts) - found.later)]
    counted = {each.key for each in _counted(found.receipts)}
    lines += [_receipt_line(each, say, is_counted=each.receipt.key in counted) for each in found.receipts]
    if found.later:
        lines.append(say["later"].format(n=found.later))
    lines += ["", say["refusals"].format(n=len(found.refusals), sum=found.refused)]
    for each in found.refusals:
        lines.append(f"  {each.refused.order_number}  {each.refused.amount}  {each.refused.why}")
        lines += [f"    {line['name']} × {line['quantity']}" for line in each.refused.lines]
    for move in found.cash_moves:
        lines.append(_row(say[move.kind], move.amount or ZERO))
    lines += [say["unfinished"].format(order=each) for each in found.unfinished]
    lines += ["", say["signed"].format(name=day.courier, at=local(day.closed_at) if day.closed_at else "____________")]
    lines += [say["received"].format(name=day.received_by or "____________")]
    return "\n".join(lines)


WIDTH = 44


def _row(name: str, amount: Money) -> str:
    shown = str(amount)
    return f"{name}{shown:>{max(1, WIDTH - len(name))}}"


def _receipt_line(stored: StoredReceipt, say: dict[str, str], *, is_counted: bool) -> str:
    receipt = stored.receipt
    words = [say[f"by_{name}"] for tender, name in _TENDERS if receipt.tender(tender)]
    if receipt.kind in (ReceiptKind.SELL_REFUND, ReceiptKind.BUY_REFUND):
        words.append(say["refund"])
    if _is_correction(stored):
        words.append(say["correction"] if is_counted else say["other_day"])
    return f"  {receipt.order_number or say['walkin']}  {receipt.total}  ФД {_document(stored)}  {', '.join(words)}"


_TENDERS = (
    (TenderKind.CASH, "cash"),
    (TenderKind.CASHLESS, "cashless"),
    (TenderKind.PREPAID, "prepaid"),
    (TenderKind.CREDIT, "credit"),
    (TenderKind.OTHER, "other"),
)
_RU: dict[str, Any] = {
    "title": "ДЕНЬ КУРЬЕРА № {id}",
    "opened": "начат {at}",
    "float": "Размен взят",
    "cash": "Наличными за вычетом возвратов",
    "cashless": "Безналичными",
    "prepaid": "Зачтено предоплат",
    "credit": "В кредит",
    "other": "Иным",
    "should_be": "Должно быть наличных",
    "counted": "Сдано наличных",
    "difference": "Разница",
    "why": "Причина: {why}",
    "receipts": "Чеков: {n}",
    "by_cash": "нал.",
    "by_cashless": "безнал.",
    "by_prepaid": "зачёт",
    "by_credit": "кредит",
    "by_other": "иное",
    "refund": "возврат",
    "walkin": "без заказа",
    "correction": "исправление",
    "other_day": "коррекция, в суммах дня её нет",
    "later": "  из них после подписи: {n}, в суммах их нет",
    "refusals": "Отказов: {n}, вернуть в магазин товара на {sum}",
    "cash_in": "Внесено в ящик ККТ",
    "cash_out": "Выплачено из ящика ККТ",
    "unfinished": "! Чек заказа {order}: исход не известен",
    "signed": "Сдал:   {name}  {at}",
    "received": "Принял: {name}",
}
_EN: dict[str, Any] = {
    "title": "COURIER'S DAY No. {id}",
    "opened": "begun {at}",
    "float": "Float taken",
    "cash": "Cash, less refunds",
    "cashless": "Cashless",
    "prepaid": "Prepayments offset",
    "credit": "On credit",
    "other": "Other",
    "should_be": "Cash that should be there",
    "counted": "Cash handed in",
    "difference": "Difference",
    "why": "Reason: {why}",
    "receipts": "Receipts: {n}",
    "by_cash": "cash",
    "by_cashless": "cashless",
    "by_prepaid": "prepaid",
    "by_credit": "credit",
    "by_other": "other",
    "refund": "refund",
    "walkin": "no order",
    "correction": "correction",
    "other_day": "correction, not in the sums of the day",
    "later": "  of these after signing: {n}, not in the sums",
    "refusals": "Refusals: {n}, goods of {sum} go back to the shop",
    "cash_in": "Cash put into the register",
    "cash_out": "Cash taken out of the register",
    "unfinished": "! Receipt of order {order}: outcome unknown",
    "signed": "Handed in by: {name}  {at}",
    "received": "Received by:  {name}",
}
