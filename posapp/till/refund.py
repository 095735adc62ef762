"""Taking a receipt back, in full or in part: exactly once like a sale, and never more than was sold.

    found (journal, portal's list) → what is left → refund (journal: pending) → attempt → the register → mark + outbox

The way of the document is that of every receipt (`sale.print_pending`). What a refund has besides: it counts what came
back before, here and on other tills (`refund_find`); a drawer that holds less cash is refused beforehand; and a refund
whose answer nobody saw – the program was killed behind the last commit – is told again instead of printed anew, since
a part of a receipt may well be taken back twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from posapp.domain.in_force import in_force
from posapp.domain.marking import BadMarking, parse_marking
from posapp.domain.money import ZERO, Money, Quantity, total
from posapp.domain.receipt import Receipt, Tender, TenderKind
from posapp.domain.receipt_list import line_key
from posapp.domain.refund import REFUND_KIND, left_of, refund_of, refuse_out_of_order
from posapp.domain.settlement import State, numbered_part
from posapp.errors import SaleError, SetupError
from posapp.till import alone, card, counters, exchange, marking, recover, refund_find, stock_rows
from posapp.till.audit import decided
from posapp.till.card import CardPay
from posapp.till.context import Till
from posapp.till.refund_find import Original, Wanted, earlier, found
from posapp.till.sale import NO_CODES, Codes, Sold, consent, print_pending, sold, tenders_text

if TYPE_CHECKING:
    from posapp.journal.rows import Decision, StoredReceipt

__all__ = ["Left", "Original", "Wanted", "found", "left", "refund", "tell_others", "told"]

Lines = Mapping[int, Quantity | None] | None
"""Number of the line, from 0, to how much of it comes back, None for all that is left of it; None for everything."""

FRESH = timedelta(minutes=2)
"""For so long what the portal told of other tills' refunds is believed."""


@dataclass(frozen=True, slots=True)
class Left:
    """What can still come back. `lines`: how much of each line, in their order; `tenders`: how all of it would be paid
    back; `refunds`: the documents that took something back before; `begun`: the refund that has to be ended first.
    """

    lines: tuple[Decimal, ...]
    total: Money
    tenders: tuple[Tender, ...]
    refunds: tuple[Receipt, ...]
    begun: StoredReceipt | None


def left(till: Till, original: Original) -> Left:
    """What can still be taken back of a receipt. Raises SaleError `refund_unclear` where nobody can count it."""
    before = earlier(till, original)
    lines = tuple(left_of(original.receipt, before))
    rest = original.receipt.total - total([each.total for each in before])
    proposed: tuple[Tender, ...] = ()
    if any(lines) and rest > ZERO:
        proposed = _receipt(till, original, None, None, before).tenders
    _, begun = refund_find.own_refunds(till, original.receipt, original.basis)
    return Left(lines, rest, proposed, before, begun[-1] if begun else None)


def refund(
    till: Till,
    of: Original | str,
    lines: Lines = None,
    tenders: Sequence[Tender] | None = None,
    *,
    override: str = "",
    codes: Codes = NO_CODES,
    goods_stay: bool = False,
    pay: CardPay | None = None,
) -> Sold:
    """Prints the refund of a receipt, or goes on with the one that was begun for the same lines and tenders.

    Args:
        of: what `found` gave, or the key of a receipt of this till.
        lines: what comes back.
        tenders: how the money goes back; None for the proposal (`left`).
        override: a senior's reason to do it although a doubt stands (`Original.doubts`); goes to the audit log.
        codes: marking codes scanned now, by the number of the line from 1; needed where the journal has lost a code.
        goods_stay: a person says that the goods did not come back: the money goes, the stock stays as it is.
        pay: how the money goes back to a card, where a terminal is set up (see `card`).

    Call `told` when the answer has been shown. Raises SaleError (nothing was printed), DeviceError, ResolveNeeded,
    JournalError.
    """
    original = found(till, Wanted(key=of)) if isinstance(of, str) else of
    _, open_ = refund_find.own_refunds(till, original.receipt, original.basis)
    if open_:
        return _go_on(till, original, open_[-1], lines, tenders, override)
    unseen = _unseen(till, original)
    if unseen is not None:
        return _tell_again(till, original, unseen, lines, tenders)
    before = earlier(till, original)
    _refuse_undone(original, before)
    receipt = _with_codes(_receipt(till, original, lines, tenders, before), codes)
    _refuse_out_of_order(till, original, receipt)
    _allowed(till, original, receipt, override)
    looked = recover.status_for_sale(till)
    _refuse_out_of_order(till, original, receipt)  # recovery may have proven what stands on this money
    status = counters.ready(till, looked)
    decision = _allowed(till, refund_find.with_neighbours(till, original), receipt, override)
    _refuse_empty_drawer(till, receipt)
    charged = card.standing(till, receipt, pay)
    verdicts = marking.checked(till, receipt)
    receipt, operation = card.taken(
        till, receipt, pay, charged, status, original=card.original_rrn(till, original.receipt)
    )
    till.journal.set_fact(_fact(original), receipt.key)
    returned = stock_rows.returned_of(till, original.receipt, receipt, is_back=not goods_stay)
    till.journal.add_refund(receipt, returned, decision=decision, card=operation)
    return print_pending(till, receipt, status, verdicts)


def told(till: Till, done: Sold) -> None:
    """The person has seen the answer: the same lines asked for again are another refund."""
    basis = done.view.receipt.basis
    if basis is not None:
        till.journal.set_fact(_fact_of(f"{basis.storage_number}-{basis.document_number}"), "")


def tell_others(till: Till) -> None:
    """Where several tills share the portal, what was taken back goes into its list at once and not with the next
    exchange: until it is there another till may take the same back again. A portal that is away changes nothing.
    """
    if alone.is_beside_another(till):
        with suppress(SetupError), exchange.client_of(till).within(exchange.PATIENCE_S):
            exchange.deliver(till)


# ---------------------------------------------------------------------------------------------- before the receipt
def _receipt(
    till: Till,
    original: Original,
    lines: Lines,
    tenders: Sequence[Tender] | None,
    before: Sequence[Receipt],
) -> Receipt:
    now = till.now().replace(microsecond=0)
    try:
        return refund_of(
            original.receipt,
            original.basis,
            _quantities(original, lines, before),
            till.seller,
            identity=till.new_id(),
            now=now,
            earlier=before,
            tenders=tenders,
            number=_free_number(till, original.receipt),
        )
    except ValueError as error:
        if tenders is not None:  # its sums are not those of the lines; without them the lines tell what is due
            due = _receipt(till, original, lines, None, before).total
            raise SaleError("refund_over", what=tenders_text(tenders), left=f"за это {due}") from error
        raise SaleError("refund_over", what="так", left=f"законного чека не выходит: {error}") from error


def _quantities(original: Original, lines: Lines, before: Sequence[Receipt]) -> dict[int, Quantity] | None:
    if lines is None:
        return None
    rest = left_of(original.receipt, before)
    found: dict[int, Quantity] = {}
    for number, wanted in lines.items():
        if not 0 <= number < len(rest):
            raise SaleError("refund_nothing", what=f"строки {number + 1} в чеке нет")
        if wanted is None and not rest[number]:
            raise SaleError("refund_over", what=f"«{original.receipt.lines[number].name}»", left="0")
        line = original.receipt.lines[number]
        if wanted is not None and wanted.value % 1 and not line.measure and not line.quantity.value % 1:
            raise SaleError("refund_nothing", what=f"«{line.name}» – штучный товар, вернуть {wanted} нельзя")
        found[number] = Quantity(rest[number]) if wanted is None else wanted
    return found


def _free_number(till: Till, receipt: Receipt) -> int:
    """Which refund of the settlement comes next: the journal holds one receipt for each number."""
    number = 1
    while True:
        part = numbered_part(receipt.settlement.part, number)
        settlement = replace(receipt.settlement, part=part, kind=REFUND_KIND[receipt.kind])
        if till.journal.receipt_of_settlement(settlement) is None:
            return number
        number += 1


def _refuse_undone(original: Original, before: Sequence[Receipt]) -> None:
    if before and total([each.total for each in before]) >= original.receipt.total:
        refunds = ", ".join(f"{each.created_at:%d.%m.%Y} {each.total}" for each in before)
        raise SaleError("already_refunded", document=original.basis.document_number, refunds=refunds)


def _with_codes(receipt: Receipt, codes: Codes) -> Receipt:
    """The codes that were scanned now, where the line has none that is whole; each must name the thing of its line."""
    if not codes:
        return receipt
    lines = list(receipt.lines)
    given = [code for of_line in codes.values() for code in of_line]
    for code in given:
        at = next((n for n, line in enumerate(lines) if line.marking and _names(line.marking, code.identity)), None)
        if at is None:
            raise SaleError("refund_other_order", why=f"вещи с кодом …{code.identity[-6:]} среди возвращаемых нет")
        lines[at] = replace(lines[at], marking=code.text)
    return replace(receipt, lines=tuple(lines))


def _names(marking_of_line: str, identity: str) -> bool:
    try:
        return parse_marking(marking_of_line).identity == identity
    except BadMarking:
        return marking_of_line == identity


def _refuse_out_of_order(till: Till, original: Original, receipt: Receipt) -> None:
    settlement = original.receipt.settlement
    if not settlement.portal:
        return
    stored = till.journal.receipts_of_order(settlement.portal, settlement.order_id)
    made = in_force([each.receipt for each in stored if each.state is State.FISCALIZED])
    refuse_out_of_order(original.receipt, receipt, made)


def _allowed(till: Till, original: Original, receipt: Receipt, override: str) -> Decision | None:
    """Rule 15: nothing in doubt, or a senior's word, which is kept together with the receipt."""
    doubts = list(original.doubts)
    is_shared = not original.is_ours or alone.is_beside_another(till)
    if is_shared and original.read_at is not None and till.now() - original.read_at > FRESH:
        doubts.append(SaleError("refund_unread", why="портал спрашивали слишком давно"))
    if not doubts:
        return None
    if not override.strip():
        raise doubts[0]
    facts = {"of": original.name, "total": str(receipt.total), "doubt": "; ".join(each.code for each in doubts)}
    return decided(till, "refund.overridden", receipt.key, override.strip(), **facts)


def _refuse_empty_drawer(till: Till, receipt: Receipt) -> None:
    """What the register counts in its drawer must cover the cash that goes back."""
    due = receipt.tender(TenderKind.CASH)
    if due > ZERO:
        drawer = till.printer.cash_totals().drawer
        if drawer < due:
            raise SaleError("drawer_short", drawer=drawer, due=due)


# ---------------------------------------------------------------------------------------------- begun before
def _go_on(
    till: Till,
    original: Original,
    begun: StoredReceipt,
    lines: Lines,
    tenders: Sequence[Tender] | None,
    override: str,
) -> Sold:
    """The refund that was begun is ended, with its own key, when it is the one that is asked for."""
    receipt = begun.receipt
    if receipt.settlement.fix is not None:
        raise SaleError("refund_begun", begun="исправление этого чека", key=receipt.key)
    status = recover.status_for_begun(till, receipt.key)
    stored = till.journal.receipt(receipt.key) or begun
    if stored.state is State.FISCALIZED:
        return _tell_again(till, original, stored, lines, tenders)
    if stored.state is State.CANCELLED or not _is_asked(till, original, receipt, lines, tenders):
        raise SaleError("refund_begun", begun=_words(receipt), key=receipt.key)
    _refuse_out_of_order(till, original, receipt)
    decision = _allowed(till, refund_find.with_neighbours(till, original), receipt, override)
    status = counters.ready(till, status)
    _refuse_empty_drawer(till, receipt)
    verdicts = marking.checked(till, receipt)
    if decision is not None:
        till.journal.note(decision)
    consent(till, stored, "возврат повторён")
    return print_pending(till, receipt, status, verdicts)


def _unseen(till: Till, original: Original) -> StoredReceipt | None:
    """The refund of this receipt that was printed and whose answer nobody has seen."""
    key = till.journal.get_fact(_fact(original))
    stored = till.journal.receipt(key) if key else None
    return stored if stored is not None and stored.state is State.FISCALIZED else None


def _tell_again(
    till: Till,
    original: Original,
    made: StoredReceipt,
    lines: Lines,
    tenders: Sequence[Tender] | None,
) -> Sold:
    """What was asked for is that very refund: here it is. Something else: the person hears of it first."""
    if _is_asked(till, original, made.receipt, lines, tenders):
        return sold(till, made.receipt.key)
    till.journal.set_fact(_fact(original), "")
    number = made.mark.document_number if made.mark else "?"
    raise SaleError("refund_before", before=f"ФД {number}, {_words(made.receipt)}")


def _is_asked(
    till: Till,
    original: Original,
    receipt: Receipt,
    lines: Lines,
    tenders: Sequence[Tender] | None,
) -> bool:
    """Whether the same would be made today."""
    try:
        today = _receipt(till, original, lines, tenders, earlier(till, original, but=receipt.key))
    except SaleError as error:
        if error.code == "refund_unclear":
            raise
        return False
    return _content(today) == _content(receipt)


def _content(receipt: Receipt) -> tuple[list[tuple[str, Decimal]], list[tuple[TenderKind, Money]]]:
    lines = sorted((line_key(line), line.quantity.value) for line in receipt.lines)
    return lines, sorted((each.kind, each.amount) for each in receipt.tenders)


def _words(receipt: Receipt) -> str:
    """`Кружка × 1, 100,00 ₽ наличными 100,00 ₽`."""
    lines = ", ".join(f"{line.name} × {line.quantity}" for line in receipt.lines)
    return f"{lines}, {tenders_text(receipt.tenders)}"


def _fact(original: Original) -> str:
    return _fact_of(original.name)


def _fact_of(document: str) -> str:
    return f"refund_unseen:{document}"
