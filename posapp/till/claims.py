"""Rule 1 with several tills: an order is sold only by the till that holds its claim.

    no gateway            the till is alone on its portal: every order is its own, until another till's receipt is seen
    held here             sold, with a network or without one; the gateway is asked again if it answers at once
    free                  taken now, online, and sold
    another till's        refused: who, since when, what to do
    gateway away          refused, unless a manager answers for it (audited)

A claim never runs out by itself: a courier is away all day, and a clock must not give the order to somebody else while
it is being sold. It ends when the gateway has confirmed the receipt, when it is given back, or when a manager takes it
over.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from posapp.domain.claim import Claim, ClaimState, Closed, Holdings, SoldOrder, TakenFor
from posapp.domain.order import Order
from posapp.domain.settlement import State
from posapp.errors import Offline, PosError, SaleError, SetupError, SyncError
from posapp.till import alone, audit, card, claim_book
from posapp.till.context import Till

if TYPE_CHECKING:
    from posapp.journal.rows import StoredReceipt


class ClaimDesk(Protocol):
    """Where claims are taken and given back: the gateway, over HTTP or in this process. Every call may be repeated.

    Each method raises Offline (not reached, or the answer lost), Rejected (declined).
    """

    @property
    def is_away(self) -> bool:
        """Whether it did not answer a moment ago: who can do without it does not wait for it again."""

    def take(self, order_ids: Sequence[int], why: TakenFor) -> list[Claim]:
        """Takes what is free; says of each order whose it is now."""

    def release(self, fences: Mapping[int, int]) -> list[Claim]:
        """Gives back own claims, each by its fence; a claim with another fence stays as it is."""

    def close_orders(self, sold: Sequence[SoldOrder]) -> list[Closed]:
        """These orders have their receipts: they are closed for ever, and no till sells them again."""

    def holdings(self) -> Holdings:
        """What this till holds, and what it has lost and not confirmed to know."""

    def confirm_lost(self, fences: Mapping[int, int]) -> None:
        """This till knows that it lost these claims (order id → the fence that was lost)."""

    def look(self, order_id: int) -> Claim:
        """Whose the order is."""

    def take_over(self, order_id: int, fence: int, who: str, why: str) -> Claim:
        """Another till's claim becomes ours, if it still has this fence; else says how it stands."""


def desk_of(till: Till) -> ClaimDesk:
    """The gateway's desk. Raises SaleError `no_gateway`, SetupError without a secret."""
    if till.settings.gateway is None:
        raise SaleError("no_gateway")
    if till.claims is None:
        raise SetupError("not_set_up", what="не указан шлюз", command="gateway")
    return till.claims()


def held(till: Till, order_ids: Sequence[int]) -> frozenset[int]:
    """Which of these orders this till may sell without asking anybody: all of them when it is alone."""
    if till.settings.gateway is None:
        return frozenset(order_ids)
    book = claim_book.read(till)
    return frozenset(order_id for order_id in order_ids if order_id in book and book[order_id].is_held)


@contextmanager
def claimed(till: Till, order: Order, override: str = "") -> Iterator[None]:
    """The block runs with the order's claim held: put the receipt into the journal in it.

    Args:
        override: a manager's reason to sell although the gateway is away and the order is not claimed here.

    Raises:
        SaleError: `claimed_elsewhere`, `receipted_elsewhere`, `not_claimed`.
        SetupError: `gateway_needed`: another till sells on this portal and there is no gateway.
        Rejected: the gateway does not let this till in.
    """
    if till.settings.gateway is None:
        alone.refuse_beside_another(till, order, override)
        yield
        return
    with claim_book.locked(till):
        require_claim(till, order, override)
        yield


def require_claim(till: Till, order: Order, override: str = "") -> None:
    """With a gateway: the claim is this till's when this returns. See `claimed`."""
    entry = claim_book.read(till).get(order.order_id)
    is_held = entry is not None and entry.is_held
    try:
        desk = desk_of(till)
        if is_held and desk.is_away:
            return
        claim = desk.take([order.order_id], TakenFor.SALE)[0]
    except (SyncError, SetupError) as trouble:
        if is_held:
            return
        if entry is not None and entry.lost_to:
            raise _elsewhere_by_book(till, order, entry) from trouble
        if isinstance(trouble, Offline) and not override:
            raise SaleError("not_claimed", order=order.number) from trouble
        if not override:
            raise
        _override(till, order, override, trouble)
        return
    if not claim.may_sell:
        _note_lost(till, claim)
        raise elsewhere(till, order, claim)
    claim_book.keep(till, claim, TakenFor.SALE)


def _override(till: Till, order: Order, why: str, trouble: PosError) -> None:
    """A manager answers for it: on record before anything is printed, and the gateway is told at the next contact."""
    decision = audit.decided(
        till, "claim.overridden", order.number, why, gateway=trouble.code, copy_of=order.pulled_at.isoformat()
    )
    till.journal.note(decision)
    claim_book.change(till, lambda book: book.setdefault(order.order_id, claim_book.Entry(None)))


def elsewhere(till: Till, order: Order, claim: Claim) -> SaleError:
    """The order is another till's, or has its receipt: the error that says so."""
    if claim.state is ClaimState.RECEIPTED:
        return SaleError("receipted_elsewhere", order=order.number, till=claim.till, document=claim.document)
    return SaleError("claimed_elsewhere", order=order.number, till=claim.till, since=when(till, claim.since))


def _elsewhere_by_book(till: Till, order: Order, entry: claim_book.Entry) -> SaleError:
    """As `elsewhere`, from what the gateway said last."""
    since = when(till, datetime.fromisoformat(entry.lost_at))
    if entry.is_closed:
        return SaleError("receipted_elsewhere", order=order.number, till=entry.lost_to, document=since)
    return SaleError("claimed_elsewhere", order=order.number, till=entry.lost_to, since=since)


def lost_order(till: Till, order: Order) -> SaleError | None:
    """Why an order that was taken from this till cannot be sold here, from the book alone; None for all others."""
    if till.settings.gateway is None:
        return None
    entry = claim_book.read(till).get(order.order_id)
    return _elsewhere_by_book(till, order, entry) if entry is not None and entry.lost_to else None


def when(till: Till, moment: datetime | None) -> str:
    """A moment as people read it: `21.11 10:42`, local."""
    return "?" if moment is None else f"{moment.astimezone(till.now().tzinfo):%d.%m %H:%M}"


def _note_lost(till: Till, claim: Claim) -> None:
    """What was thought to be ours is another's: from now on it is not sold here offline either."""

    def note(book: claim_book.Book) -> None:
        entry = book.get(claim.order_id)
        if entry is not None:
            since = (claim.since or till.now()).isoformat()
            closed = claim.state is ClaimState.RECEIPTED
            book[claim.order_id] = entry.lost(claim.till, since, is_closed=closed)

    claim_book.change(till, note)


# ---------------------------------------------------------------------------------------------- what people do
def take_route(till: Till, orders: Sequence[Order]) -> list[Claim]:
    """Takes the claims of the day's route, online. Says of each order whose it is: ours, or another till's.

    Raises SaleError `no_gateway`, Offline, Rejected, SetupError.
    """
    with claim_book.locked(till):
        found = desk_of(till).take([each.order_id for each in orders], TakenFor.ROUTE)

        def note(book: claim_book.Book) -> None:
            for claim in found:
                if claim.may_sell:
                    book[claim.order_id] = claim_book.Entry(claim.fence, TakenFor.ROUTE)

        claim_book.change(till, note)
        for claim in found:
            if not claim.may_sell:
                _note_lost(till, claim)
    return found


def release(till: Till, order: Order, why: str = "") -> None:
    """Gives an order back so that another till may take it. A doubled one: a person has seen to it.

    Raises SaleError `claim_in_use` while it has a receipt here, `card_charged` while its card is charged and none is
    printed, Offline, Rejected, SetupError.
    """
    desk = desk_of(till)
    with claim_book.locked(till):
        entry = claim_book.read(till).get(order.order_id)
        if entry is None or not entry.doubled_with:
            alive = alive_receipt(till, order.order_id)
            if alive is not None:
                raise SaleError("claim_in_use", order=order.number, state=alive.state.value, key=alive.receipt.key)
            owed = card.open_of_order(till, till.portal, order.order_id)
            if owed is not None:
                raise card.trouble_of(till, owed)
            claim = desk.look(order.order_id)
            if claim.is_ours:
                desk.release({order.order_id: claim.fence})
        what = "claim.doubled_settled" if entry is not None and entry.doubled_with else "claim.released"
        till.journal.note(audit.decided(till, what, order.number, why))
        claim_book.change(till, lambda book: book.pop(order.order_id, None))


def refuse_left(till: Till) -> None:
    """A till that leaves for good must hold nothing and owe the gateway no word. Raises SetupError `claims_left`."""
    if till.settings.gateway is None or till.settings.portal is None:
        return
    book = claim_book.read(till)
    kept = sum(entry.is_held for entry in book.values())
    untold = sum(not entry.is_held and not entry.lost_to for entry in book.values())
    if kept or untold:
        raise SetupError("claims_left", held=kept, untold=untold)


def leave(till: Till) -> None:
    """Before a till goes without its gateway: its receipts are reported and everything that it holds is given back.

    Raises SaleError `claim_in_use` while a receipt that was begun stands open, Offline, Rejected, SetupError.
    """
    from posapp.till import claim_sync

    report = claim_sync.sync(till)
    if report is not None and report.trouble is not None:
        raise report.trouble
    for order_id in list(claim_book.read(till)):
        order = till.journal.order_by_id(till.portal, order_id)
        if order is not None and held(till, [order_id]):
            release(till, order, "касса уходит со шлюза")


def is_in_use(till: Till, order_id: int) -> bool:
    """Whether a receipt of the order is begun here, or its card charged: its claim is not given away."""
    return alive_receipt(till, order_id) is not None or card.open_of_order(till, till.portal, order_id) is not None


def alive_receipt(till: Till, order_id: int) -> StoredReceipt | None:
    """The order's receipt that is not cancelled, in whatever state."""
    alive = [
        each for each in till.journal.receipts_of_order(till.portal, order_id) if each.state is not State.CANCELLED
    ]
    return alive[-1] if alive else None
