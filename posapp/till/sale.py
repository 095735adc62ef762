"""Selling an order: one settlement, one fiscal document, whatever happens in between. Read this file first.

    order + tenders → Receipt (journal: pending) → attempt row (sending) → the register → mark + outbox, one commit

Every arrow is a commit, so a crash leaves one of these states and the next start knows which. Whenever the register's
answer is in doubt, `recover` reads the storage; nothing here ever prints a second time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from posapp.devices.base import PrinterStatus
from posapp.domain.checkout import FULL_PAYMENT, Terms, full_offer, receipt_of, refuse_unfit
from posapp.domain.fiscal import FiscalMark, ReceiptKind
from posapp.domain.in_force import in_force
from posapp.domain.lawful import MONEY
from posapp.domain.marked_lines import same_goods, with_codes
from posapp.domain.marking import MarkingCode, parse_marking
from posapp.domain.money import Money
from posapp.domain.offers import MAY_BE_ALL, Offer, Way, chosen, offers
from posapp.domain.order import Order
from posapp.domain.permission import LineVerdict
from posapp.domain.receipt import Receipt, Tender, TenderKind
from posapp.domain.settlement import By, State
from posapp.domain.undone import standing
from posapp.errors import (
    DeviceError,
    JournalError,
    OutcomeUnknown,
    PosError,
    Refused,
    ResolveNeeded,
    SaleError,
    Unreachable,
)
from posapp.journal.rows import DocumentTaken, StoredReceipt
from posapp.till import card, claims, counters, marking, neighbours, recover, refusing, requests
from posapp.till.audit import decided
from posapp.till.card import CardPay
from posapp.till.context import Till
from posapp.till.correction_state import refuse_begun, undoes
from posapp.till.outbox_rows import entries_for
from posapp.till.receipts import mark_text, receipt_view
from posapp.till.views import ReceiptView

Codes = Mapping[int, Sequence[MarkingCode]]
NO_CODES: Codes = {}
"""Marking codes of a sale, by the number of the line from 1, in the order of the things."""


@dataclass(frozen=True, slots=True)
class Sold:
    """A receipt whose mark is on disk."""

    view: ReceiptView
    outbox_pending: int


class AlreadyReceipted(SaleError):
    """The order has its receipt; `view` is it. `ways`: what can be done next where the deal goes on."""

    def __init__(self, order: Order, view: ReceiptView, ways: Sequence[str] = ()) -> None:
        document, at = mark_text(view.mark)
        facts = {"order": order.number, "document": document, "at": at}
        if ways:
            super().__init__("deal_goes_on", **facts, ways=", ".join(ways))
        else:
            super().__init__("already_receipted", **facts)
        self.view = view


def sell(
    till: Till,
    order: Order,
    tenders: Sequence[Tender],
    override: str = "",
    codes: Codes = NO_CODES,
    terms: Terms = FULL_PAYMENT,
    pay: CardPay | None = None,
) -> Sold:
    """Prints the receipt of an order, or the one that was begun for it with the same tenders.

    `terms` say which of the order's offers it is (full payment unless told otherwise) and what the person adds; the
    tenders are the money that was handed over. An order may have several receipts, one for each of its settlements.
    `terms.refused` are goods that the customer does not take: the receipt is of the others (see `refusing`).

    Recovery runs first, so nothing is sold while an earlier outcome is open. With several tills on the portal the
    order's claim is taken before the receipt is in the journal, and looked at again before a begun one is printed: it
    may have been taken over meanwhile. `override` is a manager's reason to sell without a claim (see `claims`).

    `codes` are the marking codes of the goods, by the line of the order from 1; each is asked about before there is
    any receipt, and again before a begun one is tried again (see `marking`). `pay`: how the card money is taken, where
    a terminal is set up: the last thing before the receipt is in the journal, never for one that was begun (see
    `card`). Raises SaleError (cannot be sold so),
    DeviceError, ResolveNeeded (a person has to decide), JournalError.
    """
    refuse_begun(till, order)
    begun = _begun(till, order, terms)
    if begun is None:
        made = made_for(till, order)
        receipt = _new_receipt(till, order, tenders, codes, terms)
        looked = recover.status_for_sale(till)
        if made_for(till, order) != made:  # recovery has proven one of them: another thing may be lawful now
            return sell(till, order, tenders, override, codes, terms, pay)
        status = counters.ready(till, looked)
        neighbours.refuse_receipted(till, order, override)
        charged = card.standing(till, receipt, pay)
        verdicts = marking.checked(till, receipt)
        with claims.claimed(till, order, override):
            _note_older_deal(till, receipt, terms)
            receipt, operation = card.taken(till, receipt, pay, charged, status)
            till.journal.add_receipt(receipt, decision=refusing.decision_of(till, receipt), card=operation)
        return print_pending(till, receipt, status, verdicts)
    if begun.state is not State.FISCALIZED:
        looked = recover.status_for_begun(till, begun.receipt.key)
        begun = _again(till, begun)
        if begun.state is not State.FISCALIZED:
            refusing.same_refusal(order, begun.receipt, terms)
            _same_tenders(order, begun.receipt, tenders, terms)
            _same_order(till, order, begun.receipt, tenders, terms)
            _same_codes(order, begun.receipt, codes)
            status = counters.ready(till, looked)
            neighbours.refuse_receipted(till, order, override)
            verdicts = marking.checked(till, begun.receipt)
            with claims.claimed(till, order, override):
                consent(till, begun)
            return print_pending(till, begun.receipt, status, verdicts)
    raise AlreadyReceipted(order, begun, _next_ways(till, order))


def _new_receipt(
    till: Till,
    order: Order,
    tenders: Sequence[Tender],
    codes: Codes = NO_CODES,
    terms: Terms = FULL_PAYMENT,
) -> Receipt:
    now = till.now().replace(microsecond=0)
    taken, refused = refusing.taken_of(till, order, terms, made_for(till, order))
    offer = offer_of(till, taken, terms)
    _refuse_with_gateway(till, order, offer)
    made = receipt_of(
        taken, tenders, till.vat, till.seller, identity=till.new_id(), now=now, offer=offer, terms=terms,
        refused=refused,
    )  # fmt: skip
    codes = refusing.codes_on_receipt(taken, offer, refused, codes)
    return replace(made, lines=with_codes(made.lines, codes)) if codes else made


def offers_of(till: Till, order: Order) -> tuple[Offer, ...]:
    """What can lawfully be done with the order now. Raises SaleError when nothing can."""
    refuse_unfit(order)
    return offers(order, made_for(till, order))


def offer_of(till: Till, order: Order, terms: Terms) -> Offer:
    """The offer that the terms mean. Raises SaleError when it is none of those that are open now."""
    made = made_for(till, order)
    if terms.way is Way.FULL and not made:
        return full_offer(order)
    refuse_unfit(order)
    return chosen(order, made, terms.way, terms.payment_id, terms.shipment_id)


def made_for(till: Till, order: Order) -> tuple[Receipt, ...]:
    """The receipts of the order whose marks are on disk."""
    stored = till.journal.receipts_of_order(order.portal, order.order_id)
    return tuple(each.receipt for each in stored if each.state is State.FISCALIZED)


def _note_older_deal(till: Till, receipt: Receipt, terms: Terms) -> None:
    """Whose word it is that a rate of the past still counts: before the receipt is there."""
    if terms.deal_day is not None:
        rates = ", ".join(sorted({line.vat.title for line in receipt.lines}))
        facts = {"order": receipt.order_number, "deal_day": terms.deal_day.isoformat(), "rates": rates}
        till.journal.note(decided(till, "vat.older_deal", receipt.key, terms.why, **facts))


def _refuse_with_gateway(till: Till, order: Order, offer: Offer) -> None:
    """Rule 15: the gateway closes an order with its first receipt, so where tills share one there is only one."""
    if till.settings.gateway is None or (offer.way in MAY_BE_ALL and not made_for(till, order)):
        return
    raise SaleError("way_with_gateway", way=offer.way.value)


def _next_ways(till: Till, order: Order) -> list[str]:
    """What is left to do with an order that has a receipt; nothing where that cannot be said."""
    try:
        return list(dict.fromkeys(each.way.value for each in offers_of(till, order)))
    except SaleError:
        return []


def print_pending(till: Till, receipt: Receipt, status: PrinterStatus, verdicts: Sequence[LineVerdict] = ()) -> Sold:
    """One attempt at a pending receipt. The attempt row is on disk before a byte of the receipt leaves.

    `verdicts` are those of this very try; they stand in its row, and what of them the law wants on the receipt (1260)
    goes to the register beside it.
    """
    marking.require_fresh(till, verdicts)
    told = till.printer.evidence_for(receipt)
    request = requests.fresh(till)
    attempt = till.journal.start_attempt(receipt.key, till.identity, status.last_document, status.shift.number)
    opened = False
    evidence = {**told, **request.noted, **(marking.evidence(verdicts) if verdicts else {})}
    if evidence:
        till.journal.note_evidence(attempt, evidence)

    def note_opened() -> None:  # rule 7: from here on, and not before, an open receipt there is provably ours
        nonlocal opened
        till.journal.note_evidence(attempt, {**recover.opened(till.printer.key_tag_of(receipt)), **told})
        opened = True

    try:
        details = marking.details(verdicts)
        mark = till.printer.print_receipt(
            receipt, after=status.last_document, opened=note_opened, details=details, request=request.uuid
        )
    except Unreachable as error:
        till.journal.not_made(receipt.key, State.PENDING, error.code, {"sent": "nothing"})
        raise
    except Refused as error:
        till.journal.not_made(receipt.key, State.REFUSED, error.message(), {"refused": error.code})
        raise
    except DeviceError as error:  # also a reply that makes no sense: something may have been sent
        with suppress(JournalError):  # recovery does not need it: it asks the queue for what was named once more
            doubt = {"doubt": str(error.facts.get("reason", "")) or "ответ потерян"}
            till.journal.note_evidence(attempt, doubt | requests.answered(error.facts.get("named")))
        return _after_doubt(till, receipt, error, just_opened=not opened)
    return _fiscalized(till, receipt, mark)


def _fiscalized(till: Till, receipt: Receipt, mark: FiscalMark) -> Sold:
    """The document exists. When the journal cannot keep its mark, the next start finds it by its key.

    Nor is a document believed that proves another receipt already: then the reply was not the answer to ours.
    """
    entries = entries_for(till, receipt, mark)
    try:
        till.journal.fiscalize(receipt.key, mark, By.PROOF, entries, {"reply": mark.document_number})
    except (JournalError, DocumentTaken) as error:
        raise OutcomeUnknown(key=receipt.key) from error
    return sold(till, receipt.key)


def _after_doubt(till: Till, receipt: Receipt, doubt: DeviceError, *, just_opened: bool) -> Sold:
    """Rule 6 at once: read the storage. Raises OutcomeUnknown while the register cannot be read.

    `just_opened`: the doubt is about the opening command itself, sent a moment ago.
    """
    error_byte = doubt.facts.get("error")
    why = f"{doubt.facts.get('reason', '')} ({error_byte})" if error_byte else ""
    try:
        recovered = recover.resolve(till, receipt.key, refusal=why, just_opened=just_opened)
    except ResolveNeeded:
        raise
    except PosError as error:
        raise OutcomeUnknown(key=receipt.key) from error
    if recovered.after == State.FISCALIZED.value:
        return sold(till, receipt.key)
    refusal = doubt.facts.get("refusal")
    if isinstance(refusal, Refused):
        raise refusal
    if error_byte:
        raise Refused("device_refused", reason=doubt.facts.get("reason", ""), error=error_byte)
    raise Refused("not_made")


def sold(till: Till, key: str) -> Sold:
    """The fiscalized receipt `key` and how much of it the portal does not know yet."""
    stored = till.journal.receipt(key)
    if stored is None:
        raise SaleError("not_found", what=key)
    pending = [each for each in till.journal.entries_of_receipt(key) if each.state != "done"]
    return Sold(receipt_view(till, stored), len(pending))


def _begun(till: Till, order: Order, terms: Terms) -> ReceiptView | None:
    """The receipt that has to be ended before another one of the order is begun; or, for a sale without more words,
    the one that the order has. A refund is another matter."""
    alive = [
        each
        for each in till.journal.receipts_of_order(order.portal, order.order_id)
        if each.state is not State.CANCELLED and each.receipt.kind is ReceiptKind.SELL and not undoes(each.receipt)
    ]
    unfinished = [each for each in alive if each.state is not State.FISCALIZED]
    counted = {each.key for each in standing(in_force(made_for(till, order)))}  # else it may be sold anew
    alive = [each for each in alive if each.receipt.key in counted]
    counting = unfinished[-1:] or (alive[-1:] if terms.way is Way.FULL else [])
    return receipt_view(till, counting[0]) if counting else None


def _again(till: Till, begun: ReceiptView) -> ReceiptView:
    """The begun receipt as recovery left it."""
    stored = till.journal.receipt(begun.receipt.key)
    return begun if stored is None else receipt_view(till, stored)


def _same_tenders(order: Order, receipt: Receipt, tenders: Sequence[Tender], terms: Terms) -> None:
    """The money that is handed over must be that of the begun receipt. Raises SaleError."""
    money = [each for each in receipt.tenders if each.kind in MONEY and terms.way is not Way.SITE_PAYMENT]
    if sorted((each.kind, each.amount) for each in tenders) != sorted((each.kind, each.amount) for each in money):
        raise SaleError("other_tenders", order=order.number, tenders=tenders_text(receipt.tenders), key=receipt.key)


def _same_order(till: Till, order: Order, receipt: Receipt, tenders: Sequence[Tender], terms: Terms) -> None:
    """A receipt begun earlier is printed only if the order would give the same one today. Raises SaleError."""
    taken, refused = refusing.taken_of(till, order, terms, made_for(till, order))
    offer = offer_of(till, taken, terms)
    if offer.part != receipt.settlement.part:
        raise SaleError("other_way", order=order.number, begun=tenders_text(receipt.tenders), key=receipt.key)
    today = receipt_of(
        taken, tenders, till.vat, till.seller, identity=receipt.identity, now=receipt.created_at, offer=offer,
        terms=terms, refused=refused,
    )  # fmt: skip
    same = today.settlement == receipt.settlement and today.tenders == receipt.tenders
    if refused is not None and receipt.refused is not None:
        same = same and refused.is_same(receipt.refused)
    if not same or not same_goods(today.lines, receipt.lines):
        raise SaleError("begun_differs", order=order.number, before=receipt.total, after=today.total, key=receipt.key)


def _same_codes(order: Order, receipt: Receipt, codes: Codes) -> None:
    """Codes typed again must be those of the receipt that was begun; none typed are those. Raises SaleError."""
    typed = {each.identity for of_line in codes.values() for each in of_line}
    begun = {parse_marking(line.marking).identity for line in receipt.lines if line.marking}
    if codes and typed != begun:
        raise SaleError("other_codes", order=order.number, key=receipt.key)


def tenders_text(tenders: Sequence[Tender]) -> str:
    """`наличными 1 000,00 ₽, картой 500,00 ₽`."""
    return ", ".join(f"{TENDER_WORDS[each.kind]} {each.amount}" for each in tenders)


TENDER_WORDS = {
    TenderKind.CASH: "наличными",
    TenderKind.CASHLESS: "картой",
    TenderKind.PREPAID: "предоплатой",
    TenderKind.CREDIT: "в кредит",
    TenderKind.OTHER: "встречным предоставлением",
}


def tenders_of(cash: Money | None, card: Money | None) -> tuple[Tender, ...]:
    """Tenders from the two sums that a cashier types; nothing typed is no tender."""
    pairs = ((TenderKind.CASH, cash), (TenderKind.CASHLESS, card))
    return tuple(Tender(kind, amount) for kind, amount in pairs if amount)


def consent(till: Till, begun: ReceiptView | StoredReceipt, words: str = "продажа повторена") -> None:
    """Asking for it again is the person's consent to print a refused or held receipt."""
    if begun.state in (State.REFUSED, State.HELD):
        facts = {"order": begun.receipt.order_number, "state": begun.state.value, "reason": begun.reason}
        decision = decided(till, "receipt.repeated", begun.receipt.key, **facts)
        till.journal.move(begun.receipt.key, State.PENDING, By.PERSON, words, decision=decision)
