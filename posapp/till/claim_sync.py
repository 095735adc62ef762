"""The till and the gateway agree: receipts are reported, losses learned, abandoned claims given back.

Part of every round of sync, and repeatable at any point: what was reported and not confirmed is reported again, what
the gateway holds for us and the book does not know (a lost answer, a restored journal) is taken in or given back.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from posapp.domain.claim import Claim, ClaimState, Closed, Closing, Holdings, LostClaim, SoldOrder, TakenFor
from posapp.domain.fiscal import ReceiptKind
from posapp.domain.settlement import State
from posapp.errors import PosError, SaleError, SetupError, SyncError
from posapp.till import claim_book, neighbours
from posapp.till.claim_book import Book, Entry
from posapp.till.claims import ClaimDesk, desk_of, is_in_use, when
from posapp.till.context import Till
from posapp.till.views import ClaimsReport

if TYPE_CHECKING:
    from posapp.journal.rows import StoredReceipt

LOSSES_SHOWN = timedelta(days=7)
_BEGUN = (State.PENDING, State.HELD, State.REFUSED, State.SENDING)


def sync(till: Till) -> ClaimsReport | None:
    """One round with the gateway; None without one. Never raises for a gateway that is away or declines."""
    if till.settings.gateway is None:
        return None
    try:
        return _agree(till, desk_of(till))
    except (SyncError, SetupError) as trouble:
        book = claim_book.read(till)
        return ClaimsReport(_held(book), 0, 0, _losses(till, book), _doubled(till, book), trouble)


def introduce(till: Till) -> ClaimsReport | None:
    """The first round after set-up: what was sold or begun before there was a gateway is claimed and told to it.

    Orders whose write-back has ended need no telling: the portal shows them paid to every till.
    """
    begun = {
        each.receipt.settlement.order_id
        for each in till.journal.receipts_in(*_BEGUN)
        if each.receipt.settlement.portal == till.portal
    }
    unsent = {
        each.order_id
        for state in ("waiting", "failed", "held")
        for each in till.journal.entries(state=state, limit=100_000)
        if each.portal == till.portal
    }

    def note(book: Book) -> None:
        for order_id in sorted(begun | unsent):
            book.setdefault(order_id, Entry(0 if order_id in begun else None))

    claim_book.change(till, note)
    return sync(till)


def _agree(till: Till, desk: ClaimDesk) -> ClaimsReport:
    """A sale waits while the book is locked, so only what must not meet one is asked in there."""
    closed = _report(till, desk)
    with claim_book.locked(till):
        held = desk.holdings()
        _learn_losses(till, held.lost)
        _take_in(till, held)
        _keep_up(till, desk, held)
        released = _give_back(till, desk)
        _forget_old_losses(till)
    for each in held.lost:  # on disk by now: an answer that is lost here only means that we hear of it again
        desk.confirm_lost({each.order_id: each.fence})
    book = claim_book.read(till)
    return ClaimsReport(_held(book), closed, released, _losses(till, book), _doubled(till, book), None)


def _report(till: Till, desk: ClaimDesk) -> int:
    """Every order of the book that has its receipt is closed at the gateway and leaves the book."""
    sold = list(_sold(till, claim_book.read(till)))
    outcomes = desk.close_orders(sold) if sold else []

    def note(book: Book) -> None:
        for each in outcomes:
            if each.outcome is Closing.DOUBLED:
                book[each.order_id] = _doubled_entry(till, book.get(each.order_id) or Entry(None), each)
            else:
                book.pop(each.order_id, None)

    claim_book.change(till, note)
    return sum(each.outcome is not Closing.DOUBLED for each in outcomes)


def _sold(till: Till, book: Book) -> Iterable[SoldOrder]:
    for order_id, entry in book.items():
        stored = _fiscalized(till, order_id)
        if stored is None or stored.mark is None or entry.doubled_with:
            continue
        mark = stored.mark
        yield SoldOrder(
            order_id=order_id,
            fence=entry.fence,
            key=stored.receipt.key,
            storage_number=mark.storage_number,
            document_number=mark.document_number,
            printed_at=mark.printed_at.isoformat(),
        )


def _fiscalized(till: Till, order_id: int) -> StoredReceipt | None:
    """The sale of an order whose mark is on disk."""
    for stored in till.journal.receipts_of_order(till.portal, order_id):
        if stored.state is State.FISCALIZED and stored.receipt.kind is ReceiptKind.SELL:
            return stored
    return None


def _doubled_entry(till: Till, entry: Entry, closed: Closed) -> Entry:
    at = till.now().isoformat()
    return Entry(entry.fence, entry.taken_for, closed.till, at, is_closed=True, doubled_with=closed.document)


def _learn_losses(till: Till, lost: Iterable[LostClaim]) -> None:
    """Orders that other tills have now are not sold here any more, with a network or without."""

    def note(book: Book) -> None:
        for each in lost:
            entry = book.get(each.order_id) or Entry(each.fence)
            if entry.fence is None or entry.fence <= each.fence:  # not one that we have taken again meanwhile
                book[each.order_id] = entry.lost(each.till, each.at.isoformat(), is_closed=each.is_receipted)

    claim_book.change(till, note)


def _take_in(till: Till, held: Holdings) -> None:
    """What is ours at the gateway and not in the book: the answer was lost, or the journal is an older copy."""

    def note(book: Book) -> None:
        for claim in held.held:
            entry = book.get(claim.order_id)
            if entry is None or not entry.is_held or entry.fence != claim.fence:  # also one that was in doubt
                book[claim.order_id] = Entry(claim.fence, held.taken_for.get(claim.order_id, TakenFor.SALE))

    claim_book.change(till, note)


def _keep_up(till: Till, desk: ClaimDesk, held: Holdings) -> None:
    """What the book holds and the gateway does not is asked for again, so that both say the same.

    What is in doubt and was not confirmed is let go, unless a receipt was begun for it.
    """
    known = {claim.order_id for claim in held.held}
    stale = {
        order_id
        for order_id, entry in claim_book.read(till).items()
        if entry.is_awaited and not entry.is_sure and order_id not in known and not is_in_use(till, order_id)
    }
    book = claim_book.change(till, lambda book: [book.pop(order_id) for order_id in stale])
    for why in TakenFor:
        missing = [
            order_id
            for order_id, entry in book.items()
            if entry.is_awaited and order_id not in known and entry.taken_for is why
        ]
        for claim in desk.take(missing, why) if missing else []:
            _note_answer(till, claim, why)


def _note_answer(till: Till, claim: Claim, why: TakenFor) -> None:
    if claim.may_sell:
        claim_book.keep(till, claim, why)
        return
    since = (claim.since or till.now()).isoformat()
    is_closed = claim.state is ClaimState.RECEIPTED

    def note(book: Book) -> None:
        book[claim.order_id] = book[claim.order_id].lost(claim.till, since, is_closed=is_closed)

    claim_book.change(till, note)


def _may_be_receipted(till: Till, order_id: int) -> bool:
    order = till.journal.order_by_id(till.portal, order_id)
    return order is not None and bool(neighbours.unread_sales(till, order))


def _give_back(till: Till, desk: ClaimDesk) -> int:
    """Claims taken for a sale of which no receipt came: another till may sell the order.

    Not one of which an unread document in our storage may be the receipt: there a person has to look first.
    """
    book = claim_book.read(till)
    abandoned = {
        order_id: entry.fence
        for order_id, entry in book.items()
        if entry.is_held
        and entry.fence is not None
        and entry.taken_for is TakenFor.SALE
        and not is_in_use(till, order_id)
        and not _may_be_receipted(till, order_id)
    }
    if not abandoned:
        return 0

    def note(book: Book) -> None:
        for order_id in abandoned:
            book.pop(order_id, None)

    claim_book.change(till, note)  # first here: an answer that is lost leaves it with the gateway, never with us alone
    desk.release(abandoned)
    return len(abandoned)


def _forget_old_losses(till: Till) -> None:
    """An order that is not in the book is nobody's here: it is sold after asking only, as one that was lost."""

    def note(book: Book) -> None:
        for order_id, entry in list(book.items()):
            is_old = entry.lost_to and till.now() - datetime.fromisoformat(entry.lost_at) > LOSSES_SHOWN
            if is_old and not entry.doubled_with and not is_in_use(till, order_id):
                del book[order_id]

    claim_book.change(till, note)


def _held(book: Book) -> int:
    return sum(entry.is_held for entry in book.values())


def _losses(till: Till, book: Book) -> tuple[SaleError, ...]:
    """The orders that other tills have now, while no receipt of ours stands for them."""
    found = []
    for order_id, entry in book.items():
        if entry.lost_to and not entry.doubled_with:
            since = when(till, datetime.fromisoformat(entry.lost_at))
            code = "receipted_elsewhere" if entry.is_closed else "claimed_elsewhere"
            number = _number(till, order_id)
            found.append(SaleError(code, order=number, till=entry.lost_to, since=since, document=since))
    return tuple(found)


def _doubled(till: Till, book: Book) -> tuple[PosError, ...]:
    found = []
    for order_id, entry in book.items():
        stored = _fiscalized(till, order_id) if entry.doubled_with else None
        if stored is not None and stored.mark is not None:
            ours = f"ФД {stored.mark.document_number}, ФН {stored.mark.storage_number}"
            number = _number(till, order_id)
            found.append(
                SaleError("doubled_receipt", order=number, document=ours, till=entry.lost_to, other=entry.doubled_with)
            )
    return tuple(found)


def _number(till: Till, order_id: int) -> str:
    order = till.journal.order_by_id(till.portal, order_id)
    return order.number if order is not None else str(order_id)
