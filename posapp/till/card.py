"""Card money: taken once for a settlement, never forgotten, never shown on a receipt that it did not pay for.

    receipt (not in the journal yet) → card operation, `asking` → the terminal → `approved` → receipt, `pending` → sale

Every arrow is a commit. The terminal is asked once for an operation. While it is not known what became of that –
the answer was lost, the program was killed – nothing more is asked for the settlement: the terminal is asked by the
operation's own reference, and where it cannot tell a person settles it (`settle`). What was approved waits for its
receipt: the same sale asked for again prints it and charges nothing, and until then the order says so. A charge of
which no receipt shall come is given back (`give_back`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from posapp.devices.base import CardOutcome, CardResult, CardTerminal
from posapp.domain.fiscal import ReceiptKind
from posapp.domain.money import ZERO, Money
from posapp.domain.receipt import Receipt, TenderKind
from posapp.domain.settlement import State, short_key
from posapp.domain.terms import IDENTIFIERS_MAX, CashlessDetail
from posapp.errors import PosError, ResolveNeeded, SaleError, SetupError, Unreachable
from posapp.journal import card_rows as rows
from posapp.journal.card_rows import CardOperation, NewCardOperation
from posapp.till import ready
from posapp.till.audit import decided
from posapp.till.context import Till

if TYPE_CHECKING:
    from posapp.devices.base import PrinterStatus

CARD, SBP = "картой", "СБП"
"""What tag 1238 says of a cashless payment."""
RRN_MAX = 32
_RRN = re.compile(r"[0-9A-Za-z-]{4,32}")


@dataclass(frozen=True, slots=True)
class CardPay:
    """How the card money of a receipt is taken, or given back.

    `amount` is what of its cashless tender goes over the terminal, None for all of it. `typed` is the RRN of an
    operation that a person made on the terminal by hand. `charged` names an operation that took the money before, for a
    sale without an order; `another`: a person's word that an open charge of the same sum is another customer's.
    `said` hears the terminal's words for the cashier, "" when it has decided.
    """

    amount: Money | None = None
    typed: str = ""
    charged: str = ""
    another: bool = False
    said: Callable[[str], None] = lambda words: None

    def of(self, receipt: Receipt) -> Money:
        """The card money of a receipt."""
        return receipt.tender(TenderKind.CASHLESS) if self.amount is None else self.amount


# ------------------------------------------------------------------------------------------------ with a receipt
def standing(till: Till, receipt: Receipt, pay: CardPay | None) -> CardOperation | None:
    """Before a new receipt: the approved operation whose money it is to show, None where none is open.

    Asks the terminal about what is not known. Raises ResolveNeeded `card_unknown`, SaleError `card_charged` where money
    was taken for another sum or in another way, also when this receipt is to be paid in cash.
    """
    found = None
    for cancel in [each for each in till.journal.open_cards() if each.kind == rows.CANCEL]:
        if _is_of(cancel, receipt, pay) and ask(till, cancel).is_unknown:
            raise unknown(till, cancel)  # the money of the charge may be on its way back
    for each in till.journal.open_cards():
        if not _is_about(each, receipt, pay):
            continue
        each = ask(till, each) if each.is_unknown else each
        if each.is_unknown:
            raise unknown(till, each)
        if each.is_open:
            found = each
    if found is None:
        if pay is not None and pay.charged:
            raise SaleError("card_not_open", reference=pay.charged)
        return None
    is_named = receipt.settlement.portal == "" or found.settlement == receipt.settlement.id
    if pay is None or not is_named or pay.of(receipt) != found.amount:
        raise charged(till, found)
    if receipt.settlement.portal == "" and pay.charged != found.reference:
        raise charged(till, found)
    return found


def _is_about(operation: CardOperation, receipt: Receipt, pay: CardPay | None) -> bool:
    """Whether an open operation concerns this receipt: of its order, or, without one, of the same sum."""
    kind = rows.CHARGE if receipt.kind is ReceiptKind.SELL else rows.REFUND
    return operation.kind == kind and _is_of(operation, receipt, pay)


def _is_of(operation: CardOperation, receipt: Receipt, pay: CardPay | None) -> bool:
    settlement = receipt.settlement
    if settlement.portal:
        return (operation.portal, operation.order_id) == (settlement.portal, settlement.order_id)
    if operation.portal or pay is None:
        return False
    is_named = pay.charged in (operation.reference, operation.of) and pay.charged != ""
    return is_named or (operation.amount == pay.of(receipt) and not pay.another)


def taken(
    till: Till,
    receipt: Receipt,
    pay: CardPay | None,
    before: CardOperation | None,
    status: PrinterStatus,
    original: str = "",
) -> tuple[Receipt, str]:
    """The receipt with what is known of its card money (1234), and the operation that moved it, "" for none.

    `before` is what `standing` gave: then nothing is asked for. Else the terminal takes the money – of a refund it
    gives it back to `original` –, unless a person has done so and typed the RRN. Raises SaleError `card_declined`,
    `not_ready_for_card`, Unreachable: no money moved; ResolveNeeded `card_unknown`.
    """
    operation = before
    if operation is None:
        if pay is None or till.terminal is None or pay.of(receipt) == ZERO:
            return receipt, ""
        ready.require_for_card(till, status)
        operation = _move(till, _new(till, receipt, pay.of(receipt), original), pay)
    return _with_detail(till, receipt, operation), operation.reference


def _with_detail(till: Till, receipt: Receipt, operation: CardOperation) -> Receipt:
    """Tag 1235 of the operation beside those of other cashless payments."""
    number = operation.rrn or operation.authorization or operation.reference
    detail = CashlessDetail(operation.amount, till.settings.sales.card_sign, number[:IDENTIFIERS_MAX], CARD)
    others = tuple(each for each in receipt.cashless if each.info != CARD)
    return replace(receipt, cashless=(detail, *others))


def _new(till: Till, receipt: Receipt, amount: Money, original: str) -> NewCardOperation:
    settlement = receipt.settlement
    return NewCardOperation(
        reference=short_key(till.new_id()),
        kind=rows.CHARGE if receipt.kind is ReceiptKind.SELL else rows.REFUND,
        settlement=settlement.id,
        portal=settlement.portal,
        order_id=settlement.order_id,
        order_number=receipt.order_number,
        receipt_key=receipt.key,
        amount=amount,
        who=till.who,
        original=original,
    )


# ------------------------------------------------------------------------------------------------ the terminal
def _move(till: Till, new: NewCardOperation, pay: CardPay) -> CardOperation:
    """One operation: kept, asked for once, kept again."""
    if pay.typed:
        return _typed(till, new, pay.typed)
    terminal = _terminal(till)
    try:
        till.journal.start_card(new)
    except rows.ChargeTaken as error:
        raise _stands(till, error.reference) from error
    try:
        result = _asked(terminal, new, pay)
    except Unreachable as error:
        till.journal.end_card(new.reference, rows.CardOutcome(rows.DECLINED, rows.BY_TERMINAL, reason=error.code))
        raise
    by = rows.BY_TERMINAL
    if result.outcome is CardOutcome.UNKNOWN and terminal.tells:
        result, by = _inquired(terminal, new.reference, result), rows.BY_INQUIRY
    pay.said("")
    return _ended(till, new.reference, result, by)


def _asked(terminal: CardTerminal, new: NewCardOperation, pay: CardPay) -> CardResult:
    match new.kind:
        case rows.CHARGE:
            return terminal.charge(new.reference, new.amount, pay.said)
        case rows.REFUND:
            return terminal.refund(new.reference, new.amount, new.original, pay.said)
        case _:
            return terminal.cancel(new.reference, new.amount, new.original, pay.said)


def _inquired(terminal: CardTerminal, reference: str, before: CardResult) -> CardResult:
    """The terminal's word on what became of it; what was known before where it does not answer."""
    try:
        return terminal.inquire(reference)
    except Unreachable:
        return before


def _ended(till: Till, reference: str, result: CardResult, by: str) -> CardOperation:
    """Keeps the outcome. Raises SaleError `card_declined`, ResolveNeeded `card_unknown`."""
    operation = _kept(till, reference, result, by)
    if operation.is_unknown:
        raise unknown(till, operation)
    if operation.state == rows.DECLINED:
        raise SaleError("card_declined", reason=operation.reason or "без причины")
    return operation


def _kept(till: Till, reference: str, result: CardResult, by: str) -> CardOperation:
    if result.outcome is CardOutcome.UNKNOWN:
        till.journal.note_card(reference, result.reason)
    else:
        state = rows.APPROVED if result.outcome is CardOutcome.APPROVED else rows.DECLINED
        told = (result.rrn, result.authorization, result.card, result.terminal, result.reason)
        till.journal.end_card(reference, rows.CardOutcome(state, by, *told))
    return _operation(till, reference)


def _typed(till: Till, new: NewCardOperation, rrn: str) -> CardOperation:
    """A person has made the operation on the terminal and typed its number."""
    outcome = rows.CardOutcome(rows.APPROVED, rows.BY_PERSON, rrn=checked_rrn(rrn))
    facts = {"order": new.order_number, "amount": str(new.amount), "rrn": outcome.rrn}
    try:
        till.journal.keep_card(new, outcome, decision=decided(till, "card.typed", new.reference, "", **facts))
    except rows.ChargeTaken as error:
        raise _stands(till, error.reference) from error
    except rows.RrnTaken as error:
        raise rrn_used(till, rrn, error.reference) from error
    return _operation(till, new.reference)


def checked_rrn(text: str) -> str:
    """The number of an operation as it stands on the slip. Raises SaleError `rrn_bad`."""
    cleaned = re.sub(r"\s", "", text)
    if not _RRN.fullmatch(cleaned):
        raise SaleError("rrn_bad", rrn=text.strip()[:RRN_MAX])
    return cleaned


def _terminal(till: Till) -> CardTerminal:
    if till.terminal is None:
        raise SetupError("not_set_up", what="не указан терминал", command="terminal")
    return till.terminal


def _operation(till: Till, reference: str) -> CardOperation:
    found = till.journal.card(reference)
    if found is None:
        raise SaleError("card_not_open", reference=reference)
    return found


def _stands(till: Till, reference: str) -> PosError:
    """Why the settlement is not charged: it is being, or was."""
    operation = _operation(till, reference)
    return unknown(till, operation) if operation.is_unknown else charged(till, operation)


# ------------------------------------------------------------------------------------------------ what is open
def ask(till: Till, operation: CardOperation) -> CardOperation:
    """Asks the terminal by the operation's own reference what became of it; repeats nothing. How it stands now."""
    if till.terminal is None or not till.terminal.tells:
        return operation
    try:
        result = till.terminal.inquire(operation.reference)
    except Unreachable:
        return operation
    return _kept(till, operation.reference, result, rows.BY_INQUIRY)


def ask_all(till: Till) -> list[CardOperation]:
    """What is open, after the terminal was asked about everything that is not known."""
    return [
        each
        for each in (ask(till, each) if each.is_unknown else each for each in till.journal.open_cards())
        if each.is_open
    ]


def open_of_order(till: Till, portal: str, order_id: int) -> CardOperation | None:
    """What of an order's card money is owed an answer or a receipt, from the journal alone; what is not known first."""
    found = [each for each in till.journal.cards_of_order(portal, order_id) if each.is_open]
    return min(found, key=lambda each: not each.is_unknown, default=None)


def settle(till: Till, reference: str, *, rrn: str = "", why: str = "") -> CardOperation:
    """A person says what became of an operation: `rrn` from the slip, or "" – no money moved – with a reason.

    The terminal is asked first where it can tell: its word counts, whatever the person saw. Raises SaleError
    `card_not_open`, `rrn_bad`, `rrn_used`, ResolveNeeded `why_needed`, `card_busy` while the card is awaited.
    """
    operation = _operation(till, reference)
    if not operation.is_unknown:
        raise SaleError("card_not_open", reference=reference)
    number = checked_rrn(rrn) if rrn.strip() else ""
    if not number and not why.strip():
        raise ResolveNeeded("why_needed")
    told = ask(till, operation)
    if not told.is_unknown:
        return told
    if told.reason == WAITING:
        raise ResolveNeeded("card_busy")
    state = rows.APPROVED if number else rows.DECLINED
    outcome = rows.CardOutcome(state, rows.BY_PERSON, rrn=number, reason=why.strip())
    facts = {"order": operation.order_number, "amount": str(operation.amount), "rrn": number}
    try:
        till.journal.end_card(
            reference, outcome, decision=decided(till, "card.settled", reference, why, state=state, **facts)
        )
    except rows.RrnTaken as error:
        raise rrn_used(till, number, error.reference) from error
    return _operation(till, reference)


WAITING = "ждёт карту"
"""The terminal's reason while an operation is under way."""


def give_back(till: Till, reference: str, *, why: str, pay: CardPay | None = None) -> CardOperation:
    """Money of a charge of which no receipt was printed goes back to the card. `pay.typed`: a person did it by hand.

    Raises SaleError `card_not_open`; `card_has_receipt` while a receipt of it is begun; ResolveNeeded, Unreachable.
    """
    operation = _operation(till, reference)
    if operation.is_unknown:
        operation = ask(till, operation)
    if operation.is_unknown:
        raise unknown(till, operation)
    for begun in till.journal.open_cards():
        if begun.of == reference and ask(till, begun).is_unknown:
            raise unknown(till, begun)
    operation = _operation(till, reference)
    if operation.state == rows.RETURNED:
        return operation
    if operation.kind != rows.CHARGE or not operation.is_open:
        raise SaleError("card_not_open", reference=reference)
    receipt = till.journal.receipt(operation.receipt_key)
    if receipt is not None and receipt.state is not State.CANCELLED:
        raise SaleError("card_has_receipt", key=receipt.receipt.key)
    if not why.strip():
        raise ResolveNeeded("why_needed")
    new = NewCardOperation(
        reference=short_key(till.new_id()),
        kind=rows.CANCEL,
        settlement=f"cancel|{reference}",
        portal=operation.portal,
        order_id=operation.order_id,
        order_number=operation.order_number,
        receipt_key="",
        amount=operation.amount,
        who=till.who,
        original=operation.rrn,
        of=reference,
    )
    facts = {"order": operation.order_number, "amount": str(operation.amount), "rrn": operation.rrn}
    till.journal.note(decided(till, "card.given_back", reference, why, **facts))
    _move(till, new, pay or CardPay())
    return _operation(till, reference)


def unknown(till: Till, operation: CardOperation) -> ResolveNeeded:
    """Nobody knows whether money moved."""
    error = ResolveNeeded("card_unknown", **_facts(till, operation), reason=operation.reason or "ответ потерян")
    error.extra = {"card": as_json(operation)}
    return error


def charged(till: Till, operation: CardOperation) -> SaleError:
    """Money was taken, and its receipt is not printed."""
    code = "card_refunded" if operation.kind == rows.REFUND else "card_charged"
    if operation.kind == rows.CHARGE and not operation.portal:
        code = "card_charged_goods"
    error = SaleError(code, **_facts(till, operation), rrn=operation.rrn or "–")
    error.extra = {"card": as_json(operation)}
    return error


def trouble_of(till: Till, operation: CardOperation) -> PosError:
    """What is owed of an open operation, as an error that every screen can show."""
    return unknown(till, operation) if operation.is_unknown else charged(till, operation)


def rrn_used(till: Till, rrn: str, reference: str) -> SaleError:
    """One slip proves one operation."""
    other = _operation(till, reference)
    return SaleError("rrn_used", rrn=rrn, order=other.order_number or other.reference)


def _facts(till: Till, operation: CardOperation) -> dict[str, object]:
    at = operation.asked_at.astimezone(till.now().tzinfo) if operation.asked_at else till.now()
    return {
        "order": operation.order_number or "–",
        "amount": operation.amount,
        "at": f"{at:%d.%m %H:%M}",
        "reference": operation.reference,
    }


def as_json(operation: CardOperation) -> dict[str, object]:
    """A line of `posapp card list`, and `card` beside an error or an order."""
    return {
        "reference": operation.reference,
        "kind": operation.kind,
        "order": operation.order_number,
        "amount_kopecks": operation.amount.kopecks,
        "state": "unknown" if operation.is_unknown else operation.state,
        "decided_by": operation.by,
        "rrn": operation.rrn,
        "authorization": operation.authorization,
        "card": operation.card,
        "terminal": operation.terminal,
        "reason": operation.reason,
        "receipt": operation.receipt_key or None,
        "receipt_printed": operation.is_receipted,
        "asked_at": None if operation.asked_at is None else operation.asked_at.isoformat(),
    }


def original_rrn(till: Till, receipt: Receipt) -> str:
    """The RRN that the card money of a receipt went by; "" where nobody knows."""
    operation = till.journal.card_of_receipt(receipt.key)
    if operation is not None and operation.rrn:
        return operation.rrn
    return next((each.identifiers for each in receipt.cashless if each.info == CARD), "")


def is_by_card(receipt: Receipt) -> bool:
    """Whether the cashless money of a receipt went over a card, as far as it tells; without a word it did."""
    return not receipt.cashless or any(each.info == CARD for each in receipt.cashless)
