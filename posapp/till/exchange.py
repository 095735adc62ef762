"""The till and the portal: pull orders, deliver what is due, show how it stands. Everything here may be offline.

A pull counts only when it is proved complete; the moment it continues from next time is kept only then. Requests that
really went out are rows of the sync log, failed ones too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from posapp.domain.order import Order
from posapp.errors import Offline, PosError, Rejected, SaleError, SetupError
from posapp.journal.rows import NEEDS_ADMINISTRATOR
from posapp.till import alone, claim_sync, claims, marking_service, orders, pay_systems, relisted
from posapp.till.audit import decided
from posapp.till.context import Till
from posapp.till.views import DeliverReport, OutboxStrip, PullResult, SyncRow

if TYPE_CHECKING:
    from posapp.journal.rows import Decision, LogRow
    from posapp.sync.bitrix.client import BitrixClient, RequestLog
    from posapp.sync.bitrix.orders import PulledOrders

FRESH = timedelta(seconds=10)
PATIENCE_S = 3.0  # a person waits: with a dead network the copy on board must serve
_PULLED_UNTIL, _OFFLINE_SINCE = "pulled_until", "offline_since"
CHIP_FILTERS: dict[str, str | None] = {"mine": None, "way": "waiting", "done": "done", "all": None}


def client_of(till: Till) -> BitrixClient:
    """The portal's client. Raises SetupError when there is no portal or no key, or when the key is another portal's."""
    if till.client is None:
        raise SetupError("not_set_up", what="не указан портал Битрикс", command="portal")
    client = till.client()
    if client.portal != till.portal:
        raise SetupError("other_portal", found=client.portal, expected=till.portal)
    return client


def pull(till: Till) -> PullResult:
    """Everything that changed since the last complete pull; all of it at first. Raises Offline, Rejected."""
    since = till.journal.get_fact(_fact(till, _PULLED_UNTIL))
    found = _pulled(till, since=since)
    alone.watch_marks(till, found.marks)
    if since is not None:  # the first pull is of everything, and nothing was told before it
        relisted.watch(till, found.marks)
    changed = _keep(till, found.orders)
    if found.is_complete:
        till.journal.set_fact(_fact(till, _PULLED_UNTIL), found.server_time)
    return PullResult(found.expected, len(found.orders), changed, till.now())


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
        found = _pulled(till, only=[order_id])
    alone.watch_marks(till, found.marks)
    _keep(till, found.orders)
    return till.journal.order_by_id(till.portal, order_id) if found.orders else None


def _keep(till: Till, found: Sequence[Order]) -> int:
    """Copies on board, each with whether it is ours to sell; how many changed."""
    held = claims.held(till, [each.order_id for each in found])
    ours = [each for each in found if each.order_id in held]
    others = [each for each in found if each.order_id not in held]
    changed = till.journal.save_orders(ours, claimed=True) if ours else 0
    return changed + (till.journal.save_orders(others, claimed=False) if others else 0)


def _pulled(till: Till, *, since: str | None = None, only: list[int] | None = None) -> PulledOrders:
    from posapp.sync.bitrix.orders import pull as pull_orders

    try:
        with logged(till) as client:
            found = pull_orders(client, till.portal, till.now(), since, only)
    except Rejected as error:
        if error.code == "portal_no_paysystems":
            pay_systems.keep_answers(till, {})
        raise
    pay_systems.keep_answers(till, found.pay_systems)
    return found


@contextmanager
def logged(till: Till) -> Iterator[BitrixClient]:
    """The client; every request of the block becomes a row of the sync log, and the link's state is noted."""
    client = client_of(till)
    with client.recording() as requests:
        try:
            yield client
            _note_link(till, None)
        except Offline as error:
            _note_link(till, error)
            raise
        finally:
            _log_pull(till, requests)


def _log_pull(till: Till, requests: list[RequestLog]) -> None:
    from posapp.journal.rows import NewLogRow

    rows = [
        NewLogRow(
            at=till.now(),
            entry_id=None,
            order_number="",
            step="pull",
            method=each.method,
            outcome=each.outcome,
            http=each.http,
            code=each.code,
            reason=each.reason,
            duration_ms=each.duration_ms,
            attempt=1,
        )
        for each in requests
        if not each.in_batch
    ]
    if rows:
        till.journal.add_log(rows)


def _note_link(till: Till, error: Offline | None) -> None:
    name = _fact(till, _OFFLINE_SINCE)
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
    report = outbox.deliver(till.journal, client, till.now, force=force, jitter=till.jitter)
    if isinstance(report.trouble, Offline) or (report.trouble is None and report.done + report.failed):
        _note_link(till, report.trouble)  # a round with nothing due has asked nobody: it says nothing of the link
    return DeliverReport(report.done, report.failed, till.journal.outbox_counts().waiting, report.trouble)


def sync(till: Till, *, force: bool = False) -> tuple[DeliverReport, PullResult | None]:
    """One round: first tell the portal, then ask it, then agree with the gateway where there is one.

    What stopped the round is in the report; a portal that is away does not keep the till from its gateway.
    """
    from posapp.till import catalogue  # it asks the portal through this module

    report, pulled = _round(till, force=force)
    marking_service.refresh_if_due(till)
    goods = None if report.offline is not None else catalogue.refresh_if_due(till, force=force)
    return replace(report, claims=claim_sync.sync(till), catalogue=goods), pulled


def _round(till: Till, *, force: bool) -> tuple[DeliverReport, PullResult | None]:
    report = deliver(till, force=force)
    if report.offline is not None:
        return report, None
    was_away = bool(till.settings.portal and till.journal.get_fact(_fact(till, _OFFLINE_SINCE)))
    try:
        pulled = pull(till)
        if was_away and report.left:
            report = deliver(till, force=True)  # the portal is back: what waits for its next try need not
        return report, pulled
    except PosError as error:
        return DeliverReport(report.delivered, report.failed, report.left, error), None


def strip(till: Till) -> OutboxStrip:
    """The line at the foot of the window."""
    counts = till.journal.outbox_counts()
    since = till.journal.get_fact(_fact(till, _OFFLINE_SINCE)) if till.settings.portal else None
    return OutboxStrip(
        unsent=counts.waiting - counts.stuck,
        oldest_at=counts.oldest_at,
        next_try_at=counts.next_due_at,
        needs_person=counts.failed + counts.held + counts.stuck,
        unsent_receipts=counts.receipts_waiting,
        is_offline=bool(since),
        offline_since=datetime.fromisoformat(since) if since else None,
    )


def log(till: Till, chip: str, search: str, before: int | None) -> list[SyncRow]:
    """The sync log, newest first, 200 rows a page; `chip` is mine, way, done or all."""
    found = till.journal.log_rows(
        needs_person=chip == "mine", state=CHIP_FILTERS[chip], search=search.strip()[:64], before_id=before
    )
    return [
        SyncRow(
            row_id=row.id,
            at=row.at,
            order_number=row.order_number,
            step=row.step,
            method=row.method,
            outcome=row.outcome,
            code=row.code,
            reason=row.reason,
            duration_ms=row.duration_ms,
            attempt=row.attempt,
            entry=row.entry_id,
            entry_state="failed" if _is_stuck(row) else row.entry_state,
        )
        for row in found
    ]


def log_counts(till: Till) -> dict[str, int]:
    """Entries by chip, for the numbers beside the filters."""
    counts = till.journal.outbox_counts()
    done = len(till.journal.entries(state="done", limit=10_000))
    mine, way = counts.failed + counts.held + counts.stuck, counts.waiting - counts.stuck
    return {"mine": mine, "way": way, "done": done, "all": mine + way + done}


def _is_stuck(row: LogRow) -> bool:
    """It is still tried again, but only an administrator can mend it: shown to a person like a failed one."""
    return row.entry_state == "waiting" and row.code in NEEDS_ADMINISTRATOR


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


def _fact(till: Till, name: str) -> str:
    return f"{name}:{till.portal}"
