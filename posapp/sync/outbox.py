"""Deliver the outbox: take what is due, run rounds of write-back, keep what they came to and when to try again.

An entry ends `done` with a proof, or `failed` when the portal understood and declined (a person decides), or it waits.
Waiting is never given up. Trouble of a single entry makes that entry wait longer each time; trouble of the link, of the
request budget or of the program's access concerns everything, so everything that is due waits for one common next try,
and the first round that gets through takes along whatever else waits.

All of a round – results and log – is one transaction of the journal. A crash between the portal's answer and that
transaction costs nothing: the next round reads before it writes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from posapp.domain.order import Order
from posapp.domain.stock_goods import SILENT
from posapp.errors import SyncError
from posapp.journal.rows import EntryResult, NewLogRow, OutboxEntry
from posapp.sync.bitrix.client import BitrixClient, RequestLog
from posapp.sync.bitrix.rounds import ORDERS_MAX, Job, Outcome, RoundResult, facts_of, run_round
from posapp.sync.bitrix.stock import Moves, StockRules, moves_goods, run_stock, waiting
from posapp.sync.bitrix.writeback import KEEPS_STOCK

FETCH = ORDERS_MAX * 4 * 10  # whole rounds: four steps of 49 receipts, ten times
FETCH_ALL = 1_000_000
SHIPMENTS_ONLY = StockRules()


class Journal(Moves, Protocol):
    """What delivery needs of the journal."""

    def entry(self, entry_id: int) -> OutboxEntry | None: ...
    def due_entries(self, now: datetime, limit: int = 200, only_due: bool = True) -> list[OutboxEntry]: ...
    def settle_entries(self, results: Sequence[EntryResult], log: Sequence[NewLogRow]) -> None: ...
    def order_by_id(self, portal: str, order_id: int) -> Order | None: ...
    def get_fact(self, name: str) -> str | None: ...
    def set_fact(self, name: str, value: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long to wait before the next try: doubling, bounded, shortened by up to `spread` so that tills part."""

    first_s: float
    most_s: float
    spread: float = 0.25

    def delay(self, tries: int, jitter: float) -> timedelta:
        """The wait after the `tries`-th failure (from 1 on); `jitter` is in [0, 1)."""
        bounded = min(self.first_s * 2.0 ** min(max(tries - 1, 0), 40), self.most_s)
        return timedelta(seconds=bounded * (1 - self.spread * jitter))


ENTRY_BACKOFF = Backoff(5, 600)
LINK_BACKOFF = Backoff(5, 120)  # one small request, and a courier who is back in town should not wait


@dataclass(frozen=True, slots=True)
class DeliverReport:
    """What a delivery did: entries done and failed in it; the trouble that stopped it and when to try again, if any."""

    done: int
    failed: int
    waiting: int
    trouble: SyncError | None
    retry_at: datetime | None


def deliver(
    journal: Journal,
    client: BitrixClient,
    now: Callable[[], datetime],
    *,
    force: bool = False,
    only_entries: Collection[int] | None = None,
    jitter: Callable[[], float] = lambda: 0.0,
    stock: StockRules = SHIPMENTS_ONLY,
) -> DeliverReport:
    """Deliver what is due. Never raises for the portal's sake; each entry is tried at most once.

    Args:
        now: the time, asked again for each round.
        force: everything that waits, due or not.
        only_entries: these entries and no others, due or not.
        jitter: numbers in [0, 1) that spread the retries of several tills.
        stock: how goods that no shipment moves are told.
    """
    work = _Delivery(journal, client, now, jitter, only_entries, stock)
    work.run(everything=force or only_entries is not None)
    return DeliverReport(**work.counts, trouble=work.trouble, retry_at=work.retry_at)


class _Delivery:
    def __init__(
        self,
        journal: Journal,
        client: BitrixClient,
        now: Callable[[], datetime],
        jitter: Callable[[], float],
        only_entries: Collection[int] | None,
        stock: StockRules,
    ) -> None:
        self.stock = stock
        self.journal = journal
        self.client = client
        self.now = now
        self.jitter = jitter
        self.only = only_entries
        self.tried: set[int] = set()
        self.counts = {"done": 0, "failed": 0, "waiting": 0}
        self.trouble: SyncError | None = None
        self.retry_at: datetime | None = None

    def run(self, *, everything: bool) -> None:
        while entries := self._fetch(everything):
            for chunk in _chunks(entries):
                if self.trouble is not None:
                    self._postpone(chunk)
                elif self._round(chunk):
                    everything = True  # the link is back: nothing has to wait for it any more

    def _fetch(self, everything: bool) -> list[OutboxEntry]:
        if self.only is not None:
            named = [self.journal.entry(each) for each in sorted(set(self.only) - self.tried)]
            return [each for each in named if each is not None and each.state == "waiting"]
        found = self.journal.due_entries(self.now(), FETCH_ALL if everything else FETCH, not everything)
        return [each for each in found if each.id not in self.tried]

    # ------------------------------------------------------------------------------------------ one round
    def _round(self, entries: Sequence[OutboxEntry]) -> bool:
        """Run a round and keep it. True when it got through after the link had failed before."""
        mine = [each for each in entries if each.portal == self.client.portal]
        foreign = [_foreign(each) for each in entries if each.portal != self.client.portal]
        if not mine:
            self._keep(foreign)
            return False
        jobs = [Job(each.id, each.order_id, each.order_number, each.receipt_key, each.step, each.body) for each in mine]
        with self.client.recording() as requests:
            result = self._run(jobs)
        at = self.now()
        self.trouble = result.stop
        was_failing = self._note_link(result.stop, at)
        results = [self._result(each, result.outcomes[each.id], at) for each in mine]
        self._keep(results + foreign, list(_log_rows(requests, mine, at, self._buyers(requests, mine))))
        return was_failing and result.stop is None

    def _buyers(self, requests: Sequence[RequestLog], entries: Sequence[OutboxEntry]) -> Mapping[int, list[str]]:
        """By order, what is known of its buyer, where a request did not go well: its error may quote the buyer."""
        if all(each.outcome == "done" for each in requests):
            return {}
        found = {}
        for each in {(entry.portal, entry.order_id) for entry in entries if entry.order_id}:
            order = self.journal.order_by_id(*each)
            if order is not None:
                buyer = order.buyer
                found[each[1]] = [buyer.name, buyer.company, buyer.address, buyer.email, buyer.phone, buyer.inn]
        return found

    def _run(self, jobs: Sequence[Job]) -> RoundResult:
        """Orders first: their marks matter more than goods; then goods that no shipment moves."""
        goods = [each for each in jobs if moves_goods(each.body)]
        orders = [self._kept(each) for each in jobs if not moves_goods(each.body)]
        silent = {each.entry_id: self._silent() for each in orders if self._is_silent(each)}
        orders = [each for each in orders if each.entry_id not in silent]
        result = run_round(self.client, orders) if orders else RoundResult({}, None)
        if goods and result.stop is None:
            moved = run_stock(self.client, self.journal, goods, self.stock)
            return RoundResult({**silent, **result.outcomes, **moved.outcomes}, moved.stop)
        late = {each.entry_id: waiting(result.stop) for each in goods if result.stop is not None}
        return RoundResult({**silent, **result.outcomes, **late}, result.stop)

    def _is_silent(self, job: Job) -> bool:
        """A shipment that would only be deducted, where the till keeps its hands off the stock."""
        return not self.stock.writes_shipments and job.step == "stock" and "entry" not in job.body

    def _silent(self) -> Outcome:
        return Outcome("done", proof=SILENT[self.stock.mode])

    def _kept(self, job: Job) -> Job:
        """There a shipment that carries the list of its receipts (rule 15) gets that and stays as it is."""
        is_kept = not self.stock.writes_shipments and job.step == "stock"
        return replace(job, body={**job.body, KEEPS_STOCK: True}) if is_kept else job

    def _postpone(self, entries: Sequence[OutboxEntry]) -> None:
        """The link is down: entries that were not tried wait for the common next try."""
        trouble, due_at = self.trouble, self.retry_at
        if trouble is not None:
            code, facts = trouble.code, facts_of(trouble)
            results = [EntryResult(each.id, "waiting", due_at, code, facts, "", each.is_unsure) for each in entries]
            self._keep(results)

    def _keep(self, results: Sequence[EntryResult], log: Sequence[NewLogRow] = ()) -> None:
        self.journal.settle_entries(results, log)
        self.tried |= {each.entry_id for each in results}
        for each in results:
            self.counts[each.state] += 1

    def _result(self, entry: OutboxEntry, outcome: Outcome, at: datetime) -> EntryResult:
        due_at = None
        if outcome.state == "waiting":
            due_at = self.retry_at or at + ENTRY_BACKOFF.delay(entry.tries + 1, self.jitter())
        return EntryResult(
            entry_id=entry.id,
            state=outcome.state,
            due_at=due_at,
            code=outcome.code,
            facts=outcome.facts,
            proof=outcome.proof,
            # A lost write stays unsure until the order has been read again.
            is_unsure=outcome.is_unsure or (entry.is_unsure and outcome.state == "waiting" and bool(outcome.code)),
        )

    def _note_link(self, stop: SyncError | None, at: datetime) -> bool:
        """Count failures in a row, so that the common next try moves away; True when there were some before."""
        name = f"link_failures:{self.client.portal}"
        failures = int(self.journal.get_fact(name) or 0)
        if stop is not None:
            self.retry_at = at + LINK_BACKOFF.delay(failures + 1, self.jitter())
            self.journal.set_fact(name, str(failures + 1))
        elif failures:
            self.journal.set_fact(name, "0")
        return failures > 0


# ---------------------------------------------------------------------------------------------- helpers
def _chunks(entries: Sequence[OutboxEntry]) -> Iterator[list[OutboxEntry]]:
    """Entries by order, at most `ORDERS_MAX` orders together; the order that was due first comes first."""
    by_order: dict[tuple[str, int, str], list[OutboxEntry]] = {}
    for entry in entries:
        alone = "" if entry.order_id else entry.receipt_key  # a sale without an order stands by itself
        by_order.setdefault((entry.portal, entry.order_id, alone), []).append(entry)
    orders = list(by_order.values())
    for start in range(0, len(orders), ORDERS_MAX):
        yield [entry for order in orders[start : start + ORDERS_MAX] for entry in order]


def _foreign(entry: OutboxEntry) -> EntryResult:
    """An entry of another portal: order ids of two portals overlap, so it must never be written to this one."""
    facts = {"order": entry.order_number, "what": f"чек принадлежит порталу {entry.portal}"}
    return EntryResult(entry.id, "failed", code="portal_differs", facts=facts)


def _log_rows(
    requests: Sequence[RequestLog],
    entries: Sequence[OutboxEntry],
    at: datetime,
    buyers: Mapping[int, list[str]],
) -> Iterator[NewLogRow]:
    """A row per command and order. A batch has one of its own only when it failed as a whole: it concerns no order."""
    by_id = {each.id: each for each in entries}
    are_cells_lost = any(each.in_batch and each.outcome == "lost" for each in requests)
    first_of_order: dict[int, OutboxEntry] = {}
    for each in entries:
        first_of_order.setdefault(each.order_id, each)
    for request in requests:
        entry: OutboxEntry | None = None
        if request.key.startswith("e"):
            entry = by_id[int(request.key[1:].partition("x")[0])]
        elif request.key.startswith("o"):
            entry = first_of_order[int(request.key[1:])]
        elif request.outcome == "done" or (request.outcome == "lost" and are_cells_lost):
            continue
        of = buyers if entry is None else (entry.order_id,)
        known = [text for order in of for text in buyers.get(order, ())] if request.outcome != "done" else []
        sent, got = request.wire.masked(known) if request.wire is not None else ("", "")
        yield NewLogRow(
            at=at,
            entry_id=None if entry is None else entry.id,
            order_number="" if entry is None else entry.order_number,
            step=entries[0].step if entry is None else entry.step,
            method=request.method,
            outcome=request.outcome,
            http=request.http,
            code=request.code,
            reason=request.wire.masked_reason(request.reason, known) if request.wire is not None else request.reason,
            duration_ms=request.duration_ms,
            attempt=1 if entry is None else entry.tries + 1,
            request=sent,
            answer=got,
        )
