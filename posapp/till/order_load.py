"""The load of all orders: begun once, gone on with after every kill, told of while it runs.

Each step is one batch of the portal and one commit: copies, what could not be read, and the place where it goes on.
Whoever ends in between loses at most the batch that was under way. Orders that are on board can be sold meanwhile, and
what changes meanwhile comes by the sweep, which goes on from the moment the load began.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from posapp.journal.board_rows import CHECKING, DONE, OrderLoad
from posapp.till import alone, exchange, pay_systems
from posapp.till.context import Till
from posapp.till.views import LoadProgress

if TYPE_CHECKING:
    from posapp.sync.bitrix.first_load import OrderReader, Page

DAYS = 30
"""Unless somebody wishes otherwise: what is not finished and came within so many days."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Which orders to load: all of them, those that changed `since` a moment of the portal's clock, or – the rule –
    those that are not finished and came within `days`."""

    days: int = DAYS
    is_all: bool = False
    since: str | None = None

    def is_another(self, load: OrderLoad) -> bool:
        """A load that is under way is not of this kind."""
        return self.is_all != (not load.condition) or bool(self.since) != (">=dateUpdate" in load.condition)


def begin(till: Till, wish: Wish) -> OrderLoad:
    """A new load, in place of a former one.

    The sweep goes on from its beginning where there was none before, or where the load does the sweep's work.

    Raises Offline, Rejected, SetupError.
    """
    from posapp.sync.bitrix import first_load

    days = None if wish.is_all else wish.days
    with exchange.noting_pay_systems(till), exchange.logged(till) as client:
        start = first_load.begin(client, days, wish.since)
    pay_systems.keep_answers(till, start.pay_systems)
    load = OrderLoad(
        portal=till.portal,
        condition=start.condition,
        began=start.began,
        until_id=start.until_id,
        expected=start.expected,
        started_at=till.now(),
    )
    is_behind = exchange.swept_until(till) is not None and not wish.since
    exchange.keep(till, (), load=load, facts={} if is_behind else {exchange.sweep_fact(till): start.began})
    return load


def current(till: Till) -> OrderLoad | None:
    """The load that is not finished; None when there is none."""
    load = till.journal.order_load(till.portal) if till.settings.portal is not None else None
    return None if load is None or load.is_done else load


def progress(till: Till) -> LoadProgress | None:
    """How far a load that is under way has come; None when there is none."""
    load = current(till)
    return None if load is None else progress_of(till, load)


def progress_of(till: Till, load: OrderLoad) -> LoadProgress:
    """A load in the words of the screens; the time that is left is told from its own pace."""
    elapsed = till.now() - load.started_at
    left = None
    if load.seen and elapsed > timedelta(0) and load.expected > load.seen:
        left = elapsed * (load.expected - load.seen) / load.seen
    return LoadProgress(load.seen, load.expected, load.stage == CHECKING, None if load.is_done else left)


class Loader:
    """Goes on with a till's load, step by step; it is kept over the rounds of one program, for what it has read ahead.

    Nothing depends on it being kept: another one goes on from what the journal says.
    """

    def __init__(self, till: Till) -> None:
        self._till = till
        self._reader: OrderReader | None = None
        self._of: tuple[str, str, str] | None = None
        self._changed = 0

    def step(self) -> OrderLoad | None:
        """One batch. The load as it stands now, None when there is none. Raises Offline, Rejected, SetupError."""
        load = current(self._till)
        if load is None:
            return None
        with exchange.logged(self._till) as client:
            reader = self._reader if self._of == self._now_of(load) else None
            is_new = reader is None
            if reader is None:
                from posapp.sync.bitrix.first_load import OrderReader

                is_changes = ">=dateUpdate" in load.condition
                wanted = self._missing if load.stage == CHECKING else self._stale if is_changes else None
                reader = self._reader = OrderReader(
                    client, load.portal, load.condition, load.until_id, load.after_id, self._till.now, wanted
                )
                self._of = self._now_of(load)
            page = reader.step()
            self._reader = None  # until what it has given out is on disk: else the journal says where to go on
            expected = self._count(load) if page.is_end else load.expected
        if is_new:
            pay_systems.keep_answers(self._till, reader.pay_systems)
            self._of = self._now_of(load)
        after = self._keep(load, page, expected)
        self._reader = reader
        return after

    def _now_of(self, load: OrderLoad) -> tuple[str, str, str]:
        """What a reader is good for: this load, this stage, the pay systems as they were told last (rule 14)."""
        return load.began, load.stage, pay_systems.answers_of(self._till)

    def _missing(self, rows: Sequence[Mapping[str, Any]]) -> Collection[int]:
        ids = [int(row["id"]) for row in rows]
        return frozenset(ids) - self._till.journal.orders_on_board(self._till.portal, ids)

    def _stale(self, rows: Sequence[Mapping[str, Any]]) -> Collection[int]:
        return exchange.stale(self._till, rows)

    def _count(self, load: OrderLoad) -> int:
        from posapp.sync.bitrix import first_load

        return first_load.count(exchange.client_of(self._till), load.condition, load.until_id)

    def _keep(self, load: OrderLoad, page: Page, expected: int) -> OrderLoad:
        alone.watch_marks(self._till, page.marks)
        after = replace(
            load,
            after_id=page.after_id,
            seen=load.seen + page.count - len(page.gone) - len(page.unread),
            expected=expected,
        )
        if page.is_end:
            after = self._ended(after)
        self._changed += exchange.keep(self._till, page.orders, unread=page.unread, settled=page.gone, load=after)
        return after

    def _ended(self, load: OrderLoad) -> OrderLoad:
        """The portal counts what it has: where that is more than was read, the ids are gone through once more."""
        self._of = None
        if load.stage != CHECKING and load.seen < load.expected:
            return replace(load, stage=CHECKING, after_id=0, seen=0)
        return replace(load, stage=DONE, ended_at=self._till.now())

    def changed(self) -> int:
        """How many copies differ from before since this was asked last."""
        found, self._changed = self._changed, 0
        return found
