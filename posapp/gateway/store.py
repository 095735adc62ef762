"""Who holds which order: the claims in the gateway's database.

One statement text serves both engines. Every change is one transaction that first takes the one lock of the database
(SQLite: `BEGIN IMMEDIATE`; PostgreSQL: the row of the fence counter), so changes happen one after the other, whatever
number of threads and gateway processes there is, and no two tills can win the same order. A change is durable when the
method returns. Times come from the caller: the clock of the gateway, never a till's.

Every method that changes something may be repeated: a till whose answer was lost asks again and gets the same fence.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from posapp.domain.claim import Claim, ClaimState, Closed, Closing, Holdings, LostClaim, SoldOrder, TakenFor
from posapp.errors import Rejected, SetupError
from posapp.gateway.claim_tables import claims as claims_table
from posapp.gateway.claim_tables import events as events_table
from posapp.gateway.claim_tables import losses as losses_table
from posapp.gateway.contract import SITE, ClaimStore, JobState, TillCard
from posapp.gateway.database import about, micros, moment, open_engine, store_trouble, tills
from posapp.gateway.job_tables import jobs

Row = sa.Row[Any]


class SqlStore:
    """`ClaimStore` on SQLAlchemy Core; made by `open_store`. Used from any thread."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    @property
    def engine(self) -> sa.Engine:
        """The database, for the stores beside this one."""
        return self._engine

    def close(self) -> None:
        """See `ClaimStore`."""
        self._engine.dispose()

    def enrol(self, card: TillCard, at: datetime, *, is_another: bool = False) -> None:
        """See `ClaimStore`."""
        mine = (tills.c.portal == card.portal) & (tills.c.identity == card.identity)
        with self._change() as db:
            other = db.execute(
                sa.select(tills.c.seen_at).where(
                    tills.c.portal == card.portal, tills.c.name == card.name, tills.c.identity != card.identity
                )
            ).first()
            if other is not None:
                raise SetupError("till_name_taken", till=card.name, at=f"{moment(other.seen_at):%d.%m.%Y %H:%M} UTC")
            portals = set(db.execute(sa.select(tills.c.portal).distinct()).scalars())
            if portals and card.portal not in portals and not is_another:
                raise SetupError("portal_name_differs", found=card.portal, known=", ".join(sorted(portals)))
            if db.execute(sa.update(tills).where(mine).values(name=card.name, seen_at=micros(at))).rowcount == 0:
                row = {"portal": card.portal, "identity": card.identity, "name": card.name}
                db.execute(sa.insert(tills).values(**row, enrolled_at=micros(at), seen_at=micros(at)))

    def take(self, portal: str, identity: str, order_ids: Sequence[int], why: TakenFor, at: datetime) -> list[Claim]:
        """See `ClaimStore`."""
        wanted = list(dict.fromkeys(order_ids))
        with self._change() as db:
            change = _Change(db, portal, identity, at)
            rows = change.rows(wanted)
            free = [each for each in wanted if each not in rows or rows[each].state == ClaimState.FREE]
            change.give(free, why.value)
            if why is TakenFor.ROUTE:
                change.keep_for_route([each for each, row in rows.items() if change.holds(row)])
            return change.claims(wanted)

    def release(self, portal: str, identity: str, fences: Mapping[int, int], at: datetime) -> list[Claim]:
        """See `ClaimStore`."""
        with self._change() as db:
            change = _Change(db, portal, identity, at)
            for order_id, row in change.rows(list(fences)).items():
                if change.holds(row) and row.fence == fences[order_id]:
                    change.put(order_id, state="free", identity="")
                    change.note(order_id, "release", row.fence)
            return change.claims(list(fences))

    def close_orders(self, portal: str, identity: str, sold: Sequence[SoldOrder], at: datetime) -> list[Closed]:
        """See `ClaimStore`."""
        with self._change() as db:
            change = _Change(db, portal, identity, at)
            rows = change.rows([each.order_id for each in sold])
            return [change.close(each, rows.get(each.order_id)) for each in sold]

    def holdings(self, portal: str, identity: str, at: datetime) -> Holdings:
        """See `ClaimStore`."""
        with self._change() as db:
            change = _Change(db, portal, identity, at)
            rows = change.held()
            taken_for = {row.order_id: TakenFor(row.taken_for) for row in rows}
            return Holdings(tuple(change.claims(list(taken_for))), tuple(change.lost()), taken_for)

    def confirm_lost(self, portal: str, identity: str, fences: Mapping[int, int], at: datetime) -> None:
        """See `ClaimStore`."""
        with self._change() as db:
            change = _Change(db, portal, identity, at)
            for order_id, fence in fences.items():
                change.confirm(order_id, fence)

    def look(self, portal: str, identity: str, order_id: int, at: datetime) -> Claim:
        """See `ClaimStore`."""
        with self._change() as db:
            return _Change(db, portal, identity, at).claims([order_id])[0]

    def take_over(
        self, portal: str, identity: str, order_id: int, fence: int, who: str, why: str, at: datetime
    ) -> Claim:
        """See `ClaimStore`."""
        with self._change() as db:
            change = _Change(db, portal, identity, at)
            row = change.rows([order_id]).get(order_id)
            if row is None or row.state == ClaimState.FREE:
                change.give([order_id], TakenFor.ROUTE.value)
            elif row.state == ClaimState.HELD and row.identity != identity and row.fence == fence:
                change.lose(row, who=who, why=why, is_receipted=False)
                facts = {"from": row.identity, "who": who, "why": why}
                change.give([order_id], TakenFor.ROUTE.value, "take_over", facts)
            return change.claims([order_id])[0]

    def events(self, portal: str, order_id: int) -> list[dict[str, Any]]:
        """What happened to an order among the tills, oldest first: at, till (identity), what, fence and the facts."""
        query = sa.select(events_table).where(events_table.c.portal == portal, events_table.c.order_id == order_id)
        with self._change() as db:
            return [
                {"at": moment(row.at).isoformat(), "till": row.identity, "what": row.what, "fence": row.fence}
                | json.loads(row.facts)
                for row in db.execute(query.order_by(events_table.c.id))
            ]

    @contextmanager
    def _change(self) -> Iterator[sa.Connection]:
        """A transaction that holds the lock from its first statement on. Raises JournalError `gateway_store`."""
        try:
            with self._engine.begin() as db:
                db.execute(sa.select(about.c.value).where(about.c.name == "fence").with_for_update())
                yield db
        except SQLAlchemyError as error:
            trouble = store_trouble(error)
        else:
            return
        raise trouble  # outside, so that neither statement nor address of the database hangs on it


class _Change:
    """One transaction on behalf of one till. Raises Rejected `unknown_till` for one that was never enrolled."""

    def __init__(self, db: sa.Connection, portal: str, identity: str, at: datetime) -> None:
        self._db, self._portal, self._identity, self._at = db, portal, identity, micros(at)
        me = (tills.c.portal == portal) & (tills.c.identity == identity)
        if db.execute(sa.update(tills).where(me).values(seen_at=self._at)).rowcount == 0:
            raise Rejected("unknown_till")

    # --- reading
    def rows(self, order_ids: Sequence[int]) -> dict[int, Row]:
        """Claims as stored, those that exist."""
        query = sa.select(claims_table).where(
            claims_table.c.portal == self._portal, claims_table.c.order_id.in_(order_ids)
        )
        return {row.order_id: row for row in self._db.execute(query)}

    def held(self) -> Sequence[Row]:
        """What the till holds, in the order of the ids."""
        query = sa.select(claims_table).where(
            claims_table.c.portal == self._portal,
            claims_table.c.identity == self._identity,
            claims_table.c.state == "held",
        )
        return self._db.execute(query.order_by(claims_table.c.order_id)).all()

    def holds(self, row: Row) -> bool:
        """Whether the claim is this till's."""
        return bool(row.state == ClaimState.HELD and row.identity == self._identity)

    def lost(self) -> list[LostClaim]:
        """What the till has lost and not confirmed."""
        winner = tills.alias()
        query = (
            sa.select(losses_table, winner.c.name)
            .join(winner, (winner.c.portal == losses_table.c.portal) & (winner.c.identity == losses_table.c.winner))
            .where(
                losses_table.c.portal == self._portal,
                losses_table.c.identity == self._identity,
                losses_table.c.confirmed_at.is_(None),
            )
            .order_by(losses_table.c.order_id, losses_table.c.fence)
        )
        return [
            LostClaim(row.order_id, row.fence, row.name, moment(row.at), row.who, row.why, row.is_receipted)
            for row in self._db.execute(query)
        ]

    def claims(self, order_ids: Sequence[int]) -> list[Claim]:
        """How orders stand now, each of those asked for."""
        names = {row.identity: row for row in self._db.execute(
            sa.select(tills).where(tills.c.portal == self._portal))}  # fmt: skip
        open_losses = sa.select(losses_table.c.order_id, losses_table.c.identity).where(
            losses_table.c.portal == self._portal,
            losses_table.c.order_id.in_(order_ids),
            losses_table.c.confirmed_at.is_(None),
        )
        former = {row.order_id: names[row.identity].name for row in self._db.execute(open_losses)}
        rows = self.rows(order_ids)
        return [self._claim(order_id, rows.get(order_id), names, former) for order_id in order_ids]

    def _claim(self, order_id: int, row: Row | None, names: Mapping[str, Row], former: Mapping[int, str]) -> Claim:
        unaware = former.get(order_id, "")
        if row is None or row.state == ClaimState.FREE:
            return Claim(order_id, ClaimState.FREE, fence=row.fence if row else 0, former=unaware)
        state = ClaimState(row.state)
        if state is ClaimState.HELD and unaware:
            state = ClaimState.DISPUTED
        till = names[row.identity]
        return Claim(
            order_id=order_id,
            state=state,
            fence=row.fence,
            is_ours=row.identity == self._identity,
            till=till.name,
            since=moment(row.since),
            seen_at=moment(till.seen_at),
            former=unaware,
            document=_sold(row).document if row.sold else "",
        )

    # --- changing
    def give(
        self,
        order_ids: Sequence[int],
        taken_for: str,
        what: str = "take",
        facts: Mapping[str, object] | None = None,
    ) -> None:
        """The orders are this till's from now on, each under a new fence; what it had lost of them is settled by that.

        A route has hundreds of orders, so the statements do not grow with their number.
        """
        if not order_ids:
            return
        first = self._next_fence(len(order_ids)) - len(order_ids) + 1
        held = {"portal": self._portal, "identity": self._identity, "state": "held", "since": self._at, "sold": ""}
        rows = [
            {**held, "order_id": order_id, "fence": first + place, "taken_for": taken_for}
            for place, order_id in enumerate(order_ids)
        ]
        self._db.execute(sa.delete(claims_table).where(*self._among(claims_table, order_ids)))
        self._db.execute(sa.insert(claims_table), rows)
        self._settle_losses(order_ids)
        text = json.dumps(dict(facts or {}), ensure_ascii=False)
        note = {"at": self._at, "portal": self._portal, "identity": self._identity, "what": what, "facts": text}
        self._db.execute(
            sa.insert(events_table), [note | {"order_id": row["order_id"], "fence": row["fence"]} for row in rows]
        )

    def keep_for_route(self, order_ids: Sequence[int]) -> None:
        """What this till holds already is kept for its route."""
        if order_ids:
            ours = sa.update(claims_table).where(*self._among(claims_table, order_ids))
            self._db.execute(ours.values(taken_for=TakenFor.ROUTE.value))

    def _settle_losses(self, order_ids: Sequence[int]) -> None:
        mine = (losses_table.c.identity == self._identity) & (losses_table.c.confirmed_at.is_(None))
        lost = sa.update(losses_table).where(mine, *self._among(losses_table, order_ids))
        self._db.execute(lost.values(confirmed_at=self._at))

    def lose(self, row: Row, *, who: str, why: str, is_receipted: bool) -> None:
        """The holder of `row` loses it to this till and is to be told. Raises Rejected `site_prints`."""
        if row.identity == SITE:
            self._withdraw(row.order_id, may_be_begun=is_receipted)
        self._db.execute(
            sa.insert(losses_table).values(
                portal=self._portal, order_id=row.order_id, fence=row.fence, identity=row.identity,
                winner=self._identity, at=self._at, who=who, why=why, is_receipted=is_receipted, confirmed_at=None,
            )
        )  # fmt: skip

    def _withdraw(self, order_id: int, *, may_be_begun: bool) -> None:
        """What a site has ordered of this order is not printed any more. Raises Rejected `site_prints`: a register may
        have it already – unless the till's own receipt exists, then people hear of two."""
        mine = (jobs.c.portal == self._portal) & (jobs.c.unique_id == str(order_id))
        row = self._db.execute(sa.select(jobs.c.state).where(mine).with_for_update()).first()
        if row is None or row.state == JobState.REFUSED:
            return
        if row.state in (JobState.NEW, JobState.LEASED):
            why = f"заказ взяла касса «{self._name_of(self._identity)}»"
            # "left": the site is told by what that till writes to it, not that there is no receipt
            values = {"state": "refused", "reason": why, "ended_at": self._at, "apply_outcome": "left refused"}
            self._db.execute(sa.update(jobs).where(mine).values(**values))
        elif not may_be_begun:
            raise Rejected("site_prints", order=order_id)

    def confirm(self, order_id: int, fence: int) -> None:
        """This till knows that it lost the claim with this fence."""
        mine = (
            (losses_table.c.identity == self._identity)
            & (losses_table.c.fence == fence)
            & (losses_table.c.confirmed_at.is_(None))
        )
        found = self._db.execute(
            sa.update(losses_table).where(mine, *self._among(losses_table, [order_id])).values(confirmed_at=self._at)
        ).rowcount
        if found:
            self.note(order_id, "know", fence)

    def close(self, sold: SoldOrder, row: Row | None) -> Closed:
        """The order has its receipt."""
        if row is not None and row.state == ClaimState.RECEIPTED:
            before = _sold(row)
            if row.identity == self._identity or (before.key == sold.key and before.document == sold.document):
                return Closed(sold.order_id, Closing.CLOSED)
            self.note(sold.order_id, "doubled", row.fence, sold.as_json())
            return Closed(sold.order_id, Closing.DOUBLED, self._name_of(row.identity), before.document)
        outcome = Closing.CLOSED
        if row is not None and row.state == ClaimState.HELD and row.identity != self._identity:
            outcome = Closing.LATE
            self.lose(row, who="", why="", is_receipted=True)
        self._settle_losses([sold.order_id])
        self.put(
            sold.order_id,
            state="receipted",
            identity=self._identity,
            fence=self._next_fence(),
            since=self._at,
            sold=json.dumps(sold.as_json()),
        )
        self.note(sold.order_id, outcome.value, sold.fence or 0, sold.as_json())
        return Closed(sold.order_id, outcome)

    def put(self, order_id: int, **values: object) -> None:
        """Changes a claim's row, or makes it."""
        if self._db.execute(sa.update(claims_table).where(*self._row(order_id)).values(**values)).rowcount == 0:
            start = {"portal": self._portal, "order_id": order_id, "taken_for": TakenFor.SALE.value, "sold": ""}
            self._db.execute(sa.insert(claims_table).values(**(start | values)))

    def note(self, order_id: int, what: str, fence: int, facts: Mapping[str, object] | None = None) -> None:
        """A line in the history."""
        self._db.execute(
            sa.insert(events_table).values(
                at=self._at, portal=self._portal, order_id=order_id, identity=self._identity, what=what, fence=fence,
                facts=json.dumps(dict(facts or {}), ensure_ascii=False),
            )
        )  # fmt: skip

    def _next_fence(self, count: int = 1) -> int:
        """The last of so many new numbers."""
        counter = sa.update(about).where(about.c.name == "fence").values(value=about.c.value + count)
        return int(self._db.execute(counter.returning(about.c.value)).scalar_one())

    def _name_of(self, identity: str) -> str:
        query = sa.select(tills.c.name).where(tills.c.portal == self._portal, tills.c.identity == identity)
        return str(self._db.execute(query).scalar_one())

    def _row(self, order_id: int) -> tuple[sa.ColumnElement[bool], ...]:
        return self._among(claims_table, [order_id])

    def _among(self, table: sa.Table, order_ids: Sequence[int]) -> tuple[sa.ColumnElement[bool], ...]:
        """The rows of these orders."""
        return table.c.portal == self._portal, table.c.order_id.in_(order_ids)


def open_store(url: str, *, is_patient: bool = False) -> SqlStore:
    """The claims of the database at an address; see `open_engine`. Raises SetupError `gateway_database`."""
    return SqlStore(open_engine(url, is_patient=is_patient))


def _sold(row: Row) -> SoldOrder:
    return SoldOrder.from_json(json.loads(row.sold))


__all__ = ["ClaimStore", "SqlStore", "TillCard", "open_store"]
