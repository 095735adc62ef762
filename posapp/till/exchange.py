"""The till and the portal: pull orders, deliver what is due, show how it stands. Everything here may be offline.

A pull counts only when it is proved complete; the moment it continues from next time is kept only then. Requests that
really went out are rows of the sync log, failed ones too.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from posapp.domain.order import Order
from posapp.domain.order_changes import GONE
from posapp.errors import Offline, PosError, Rejected, SaleError, SetupError
from posapp.till import alone, claim_sync, claims, marking_service, orders, pay_systems, relisted, stock_rows, sync_log
from posapp.till.audit import decided
from posapp.till.context import Till
from posapp.till.views import DeliverReport, LoadProgress, OutboxStrip, PullResult

if TYPE_CHECKING:
    from posapp.journal.board_rows import OrderLoad
    from posapp.journal.rows import Decision
    from posapp.sync.bitrix.client import BitrixClient
    from posapp.sync.bitrix.orders import PulledOrders
    from posapp.till.order_load import Loader, Wish

FRESH = timedelta(seconds=10)
SWEEP_WHILE_LOADING = timedelta(seconds=30)
SWEEP_BESIDE_EVENTS = timedelta(minutes=2)
ASK_AGAIN = timedelta(minutes=2)
ROUND_STEPS = 4
"""Batches of a load in one round of the exchange: two seconds of the portal's budget. Receipts and orders that people
wait for come between the rounds."""
CLOCK_DOUBT = timedelta(hours=1)
"""By so much at least a portal's clock that was put back is distrusted."""
PATIENCE_S = 3.0  # a person waits: with a dead network the copy on board must serve
_PULLED_UNTIL, _OFFLINE_SINCE = "pulled_until", "offline_since"
_SWEPT_AT, _ASKED_AGAIN = "swept_at", "unread_asked_at"


def client_of(till: Till) -> BitrixClient:
    """The portal's client. Raises SetupError when there is no portal or no key, or when the key is another portal's."""
    if till.client is None:
        raise SetupError("not_set_up", what="не указан портал Битрикс", command="portal")
    client = till.client()
    if client.portal != till.portal:
        raise SetupError("other_portal", found=client.portal, expected=till.portal)
    if client.is_application:
        from posapp.till import order_events

        client.connector = order_events.connector_of(till) if order_events.is_on(till) else ""
    return client


def pull(
    till: Till,
    wish: Wish | None = None,
    *,
    steps: int | None = None,
    loader: Loader | None = None,
    tell: Callable[[LoadProgress], None] = lambda _progress: None,
) -> PullResult:
    """Everything that changed since the last pull; at first, and when it is wished for, the load of all orders.

    A load that was cut off goes on. `steps`: after so many requests of it the rest is left to the next call; `loader`
    is kept between such calls; `tell` hears how far it is. Raises Offline, Rejected; what was read till then is kept.
    """
    from posapp.till import order_load

    loading = loader or order_load.Loader(till)
    load = order_load.current(till)
    if load is None or (wish is not None and wish.is_another(load)):
        if wish is None and swept_until(till) is not None:
            return _swept(till, steps, loading, tell)
        load = order_load.begin(till, wish or order_load.Wish())
    for _ in itertools.count() if steps is None else range(steps):
        tell(order_load.progress_of(till, load))
        done = loading.step()
        load = done or load
        if load.is_done:
            break
    if is_due(till, _SWEPT_AT, SWEEP_WHILE_LOADING) and till.now() - load.started_at >= SWEEP_WHILE_LOADING:
        _sweep(till)  # what changed meanwhile does not wait for the load's end
    under_way = None if load.is_done else order_load.progress_of(till, load)
    unread = till.journal.unread_orders(till.portal)
    return PullResult(load.expected, load.seen, loading.changed(), till.now(), under_way, unread)


def _swept(till: Till, steps: int | None, loader: Loader, tell: Callable[[LoadProgress], None]) -> PullResult:
    """The sweep; where so much has changed that it would not fit into memory, as a load of its own."""
    from posapp.till import order_load

    found = _sweep(till)
    if found is not None:
        return found
    order_load.begin(till, order_load.Wish(since=swept_until(till)))
    return pull(till, steps=steps, loader=loader, tell=tell)


def _sweep(till: Till) -> PullResult | None:
    """Everything that changed since the last sweep, whatever its state; None when that is too much to be read at once.

    Raises Offline, Rejected.
    """
    since = swept_until(till)
    found = _pulled(till, since=since)
    if since is not None and datetime.fromisoformat(found.server_time) < datetime.fromisoformat(since):
        found = _pulled(till, since=_on_a_clock_put_back(till, found.server_time))
    if found.is_too_many:
        return None
    alone.watch_marks(till, found.marks)
    if since is not None:  # the first pull is of everything, and nothing was told before it
        relisted.watch(till, found.marks)
    facts = {fact_of(till, _SWEPT_AT): till.now().isoformat()}
    if found.is_whole:
        facts[sweep_fact(till)] = found.server_time
    changed = keep(till, found.orders, unread=found.unread, settled=found.gone, facts=facts)
    changed += _ask_again(till, found.unread)
    unread = till.journal.unread_orders(till.portal)
    more = sum(each not in found.unread for each in unread)
    return PullResult(
        found.expected + more, len(found.orders), changed, till.now(), unread=unread, is_update=since is not None
    )


def _on_a_clock_put_back(till: Till, server_time: str) -> str:
    """The portal's clock shows less than at the last sweep: from where on changes are still to be heard of.

    What changed since then by our clock may bear any time from the portal's present one back by as much.
    """
    swept_at = till.journal.get_fact(fact_of(till, _SWEPT_AT))
    passed = till.now() - datetime.fromisoformat(swept_at) if swept_at else CLOCK_DOUBT
    return (datetime.fromisoformat(server_time) - max(passed, CLOCK_DOUBT)).isoformat()


def _ask_again(till: Till, fresh: Collection[int]) -> int:
    """Orders that could not be read are asked for again now and then, each time a few; how many copies changed."""
    waiting = [each for each in till.journal.unread_orders(till.portal) if each not in fresh]
    if not waiting or not is_due(till, _ASKED_AGAIN, ASK_AGAIN):
        return 0
    till.journal.set_fact(fact_of(till, _ASKED_AGAIN), till.now().isoformat())
    return read(till, waiting)[1]


def is_due(till: Till, name: str, every: timedelta) -> bool:
    """Whether the moment of a fact is so long ago; also where a clock was put back."""
    at = till.journal.get_fact(fact_of(till, name))
    return not at or not timedelta(0) <= till.now() - datetime.fromisoformat(at) < every


def swept_until(till: Till) -> str | None:
    """The portal's time from which the next sweep goes on; None before the first load or pull."""
    return till.journal.get_fact(sweep_fact(till))


def sweep_fact(till: Till) -> str:
    """The name of that fact."""
    return fact_of(till, _PULLED_UNTIL)


def order_for_sale(till: Till, text: str) -> Order:
    """The order to be sold: read again from the portal when it answers, else the copy on board (it is claimed).

    Raises SaleError `unknown_order` when it is neither on board nor on a portal that answers, `order_unfit` when the
    portal answers that it has no such order any more, SetupError `other_portal` when the key belongs elsewhere,
    `gateway_needed` when the order carries another till's receipt and this till has no gateway.
    """
    on_board = orders.on_board(till, text)
    number = on_board.number if on_board else orders.number_in(text)
    if on_board is not None and timedelta(0) <= till.now() - on_board.pulled_at < FRESH:
        return on_board
    try:
        fresh = _read_again(till, number, on_board)
    except SetupError as error:
        if on_board is None or error.code in ("other_portal", "gateway_needed"):
            raise
        return on_board
    except (Offline, Rejected) as error:
        if on_board is None:
            raise SaleError("unknown_order", order=number or "–") from error
        return on_board
    if fresh is not None:
        return fresh
    if on_board is None:
        raise SaleError("unknown_order", order=number or "–")
    raise SaleError("order_unfit", order=number, why="на портале такого заказа больше нет")


def refresh(till: Till, order: Order) -> Order | None:
    """The order read again; None when the portal does not answer or does not have it any more."""
    try:
        return _read_again(till, order.number, order)
    except (Offline, Rejected, SetupError):
        return None


def fetch(till: Till, number: str) -> Order | None:
    """An order that is not on board, by its number; None when the portal has none. Raises SyncError, SetupError."""
    return _read_again(till, number, None)


def _read_again(till: Till, number: str, on_board: Order | None) -> Order | None:
    from posapp.sync.bitrix.orders import find_by_number

    order_id = on_board.order_id if on_board else None
    with client_of(till).within(PATIENCE_S):
        if order_id is None:
            with logged(till) as client:
                order_id = find_by_number(client, number) if number else None
        if order_id is None:
            return None
        found, _ = read(till, [order_id])
    if found.unread:  # it is there, and cannot be shown: nobody may take that for deleted
        raise Rejected("portal_rejected", reason=found.unread[order_id])
    return till.journal.order_by_id(till.portal, order_id) if found.orders else None


def keep(
    till: Till,
    orders: Sequence[Order],
    *,
    unread: Mapping[int, str] | None = None,
    settled: Sequence[int] = (),
    load: OrderLoad | None = None,
    facts: Mapping[str, str] | None = None,
) -> int:
    """Copies on board, each with whether it is ours to sell, in one commit; how many changed.

    `settled` are orders that the portal has no more: a copy of one says so from now on, and is not sold.
    """
    from posapp.journal.board_rows import Pulled

    gone = [each for each in (till.journal.order_by_id(till.portal, one) for one in settled) if each is not None]
    copies = [*orders, *(_gone(each) for each in gone)]
    held = claims.held(till, [each.order_id for each in copies])
    return till.journal.keep_pulled(
        Pulled(
            portal=till.portal,
            ours=tuple(each for each in copies if each.order_id in held),
            others=tuple(each for each in copies if each.order_id not in held),
            unread=unread or {},
            settled=tuple(settled),
            load=load,
            facts=facts or {},
        )
    )


def _gone(order: Order) -> Order:
    return order if GONE in order.problems else replace(order, problems=(*order.problems, GONE))


def _pulled(till: Till, *, since: str | None = None, only: list[int] | None = None) -> PulledOrders:
    from posapp.sync.bitrix.orders import pull as pull_orders

    with noting_pay_systems(till), logged(till) as client:
        seen = None if since is None else partial(stale, till)
        found = pull_orders(client, till.portal, till.now(), since, only, seen)
    pay_systems.keep_answers(till, found.pay_systems)
    return found


def read(till: Till, order_ids: Sequence[int]) -> tuple[PulledOrders, int]:
    """Reads these orders and keeps what came; how many copies changed. Raises Offline, Rejected, SetupError.

    What receipts the orders carry is looked at here as in the sweep, which will not read them again.
    """
    found = _pulled(till, only=list(order_ids))
    alone.watch_marks(till, found.marks)
    relisted.watch(till, found.marks)
    return found, keep(till, found.orders, unread=found.unread, settled=found.gone)


def stale(till: Till, rows: Sequence[Mapping[str, Any]]) -> Collection[int]:
    """Of listed orders those whose copy on board is another one. The sweep overlaps: what it read a moment ago and what
    was not saved since is not read again."""
    from posapp.sync.bitrix.orders import is_same

    known = till.journal.order_versions(till.portal, [int(row["id"]) for row in rows])
    return [int(row["id"]) for row in rows if not is_same(row, *known.get(int(row["id"]), (0, "")))]


@contextmanager
def noting_pay_systems(till: Till) -> Iterator[None]:
    """A portal that tells its pay systems no more: every order on board is kept as "could not be read" (rule 14)."""
    try:
        yield
    except Rejected as error:
        if error.code == "portal_no_paysystems":
            pay_systems.keep_answers(till, {})
        raise


@contextmanager
def logged(till: Till) -> Iterator[BitrixClient]:
    """The client; every request of the block becomes a row of the sync log, and the link's state is noted."""
    client = client_of(till)
    with sync_log.recorded(till, client):
        try:
            yield client
            _note_link(till, None)
        except Offline as error:
            if error.code != "throttled":  # it answered, that it is asked too often
                _note_link(till, error)
            raise


def _note_link(till: Till, error: Offline | None) -> None:
    name = fact_of(till, _OFFLINE_SINCE)
    since = till.journal.get_fact(name)
    if error is None and since:
        till.journal.set_fact(name, "")
    elif error is not None and not since:
        till.journal.set_fact(name, till.now().isoformat())


def deliver(till: Till, *, force: bool = False) -> DeliverReport:
    """Delivers what is due, or everything that waits when `force`. Never raises for a portal that is away."""
    from posapp.sync import outbox

    try:
        client = client_of(till)
    except SetupError as error:
        counts = till.journal.outbox_counts()
        return DeliverReport(0, 0, counts.waiting, error if counts.waiting else None)
    rules = stock_rows.rules_of(till)
    report = outbox.deliver(till.journal, client, till.now, force=force, jitter=till.jitter, stock=rules)
    if isinstance(report.trouble, Offline) or (report.trouble is None and report.done + report.failed):
        _note_link(till, report.trouble)  # a round with nothing due has asked nobody: it says nothing of the link
    return DeliverReport(report.done, report.failed, till.journal.outbox_counts().waiting, report.trouble)


def sync(till: Till, *, force: bool = False, loader: Loader | None = None) -> tuple[DeliverReport, PullResult | None]:
    """One round: first tell the portal, then ask it, then agree with the gateway where there is one.

    What stopped the round is in the report; a portal that is away does not keep the till from its gateway.
    """
    from posapp.till import catalogue, store_stock  # they ask the portal through this module

    report, pulled = _round(till, force=force, loader=loader)
    marking_service.refresh_if_due(till)
    goods = None if report.offline is not None else catalogue.refresh_if_due(till, force=force)
    if goods is not None and goods.trouble is None:
        store_stock.refresh_if_due(till)
    sync_log.after_exchange(till)
    load = None if pulled is None else pulled.load
    return replace(report, claims=claim_sync.sync(till), catalogue=goods, load=load), pulled


def _round(till: Till, *, force: bool, loader: Loader | None) -> tuple[DeliverReport, PullResult | None]:
    if till.settings.portal is None and till.settings.jobs is not None:  # only a site's poll: nothing to exchange
        return DeliverReport(delivered=0, failed=0, left=0, offline=None), None
    report = deliver(till, force=force)
    if report.offline is not None:
        return report, None
    was_away = bool(till.settings.portal and till.journal.get_fact(fact_of(till, _OFFLINE_SINCE)))
    try:
        pulled = _pull_round(till, force=force, loader=loader)
        if was_away and report.left:
            report = deliver(till, force=True)  # the portal is back: what waits for its next try need not
        return report, pulled
    except PosError as error:
        return DeliverReport(report.delivered, report.failed, report.left, error), None


def _pull_round(till: Till, *, force: bool, loader: Loader | None) -> PullResult:
    """What the queue tells; and the sweep, which always runs, but less often where there is a queue."""
    from posapp.till import order_events, order_load

    heard = order_events.listen(till) if swept_until(till) is not None else None
    is_swept = heard is not None and not force and not is_due(till, _SWEPT_AT, SWEEP_BESIDE_EVENTS)
    if heard is not None and is_swept and order_load.current(till) is None:
        return heard
    return pull(till, steps=ROUND_STEPS, loader=loader)


def strip(till: Till) -> OutboxStrip:
    """The line at the foot of the window."""
    from posapp.till import order_load

    counts = till.journal.outbox_counts()
    since = till.journal.get_fact(fact_of(till, _OFFLINE_SINCE)) if till.settings.portal else None
    return OutboxStrip(
        unsent=counts.waiting - counts.stuck,
        oldest_at=counts.oldest_at,
        next_try_at=counts.next_due_at,
        needs_person=counts.failed + counts.held + counts.stuck,
        unsent_receipts=counts.receipts_waiting,
        is_offline=bool(since),
        offline_since=datetime.fromisoformat(since) if since else None,
        load=order_load.progress(till),
    )


def retry(till: Till, entry: int, why: str = "") -> None:
    """A person has mended the cause: the entry is due now."""
    decision = _decided(till, "entry.retried", entry, why)
    till.journal.retry_entry(entry, till.now(), decision=decision)


def hold(till: Till, entry: int, why: str = "") -> None:
    """A person stops an entry from being sent."""
    decision = _decided(till, "entry.held", entry, why)
    till.journal.hold_entry(entry, decision=decision)


def _decided(till: Till, what: str, entry: int, why: str) -> Decision:
    """The record of it. Raises SaleError `not_found`, or `entry_done` for what the portal knows already."""
    stored = till.journal.entry(entry)
    if stored is None:
        raise SaleError("not_found", what=f"запись {entry}")
    if stored.state == "done":
        raise SaleError("entry_done", entry=entry)
    facts = {"order": stored.order_number, "step": stored.step, "state": stored.state, "code": stored.code}
    return decided(till, what, f"entry {entry}", why, receipt=stored.receipt_key, **facts)


def fact_of(till: Till, name: str) -> str:
    """The name of a fact of this portal."""
    return f"{name}:{till.portal}"
