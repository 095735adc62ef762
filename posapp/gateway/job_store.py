"""Print jobs of the portal as it sees them: accepted once, answered from the table.

A check is known by the portal's name and its `unique_id`, which stays the same when a manager prints it again; the
UNIQUE index over both makes one job of it, whatever number of requests and gateway processes there is. The uuid that we
answer is ours and stays with the job. Several checks are kept in one transaction, so that a busy portal waits for one
flush of the disk and not for one each.

Unlike claims, jobs have no common lock: they are kept apart by their rows.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from posapp.domain.fiscal import FiscalMark
from posapp.gateway.contract import Job, JobState, Offer, Verdict
from posapp.gateway.database import micros, moment, store_trouble
from posapp.gateway.job_tables import job_events, jobs, strangers, told_rows

Row = sa.Row[Any]
TELL_AFTER = timedelta(seconds=5)
"""The portal keeps our answer to PRINT_URL after it has read it; marks that come before find no check (trap 41)."""
EMPTY = "{}"
"""The content of a job that ended long ago."""
STRANGERS_MAX = 1_000
_UUID4 = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
_MONEY = ("type", "items", "payments", "total_sum")


class Jobs:
    """What all stores of jobs share: a transaction, a line in the history. Used from any thread."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    @contextmanager
    def _change(self) -> Iterator[sa.Connection]:
        """A transaction, durable when the block ends. Raises JournalError `gateway_store`."""
        try:
            with self._engine.begin() as db:
                yield db
        except SQLAlchemyError as error:
            trouble = store_trouble(error)
        else:
            return
        raise trouble  # outside, so that neither statement nor address of the database hangs on it

    @staticmethod
    def _note(
        db: sa.Connection, job_id: int, at: datetime, what: str, identity: str = "", fence: int = 0, **facts: object
    ) -> None:
        """A line in the history of a job."""
        db.execute(
            sa.insert(job_events).values(
                job_id=job_id, at=micros(at), what=what, identity=identity, fence=fence,
                facts=json.dumps(facts, ensure_ascii=False, default=str),
            )
        )  # fmt: skip


class SqlPortalJobs(Jobs):
    """`PortalJobs` on SQLAlchemy Core."""

    def accept(self, portal: str, offers: Sequence[Offer], at: datetime) -> list[str]:
        """See `PortalJobs`."""
        wanted = {each.unique_id: each for each in sorted(offers, key=lambda each: each.unique_id)}
        with self._change() as db:
            known = self._insert(db, portal, wanted.values(), at)
            if len(known) < len(wanted):
                known |= self._repeated(db, portal, [each for key, each in wanted.items() if key not in known], at)
        return [known[each.unique_id] for each in offers]

    def _insert(self, db: sa.Connection, portal: str, offers: Iterable[Offer], at: datetime) -> dict[str, str]:
        """Keeps those that are new; their uuids. In the order of their numbers, so that two processes that are sent
        the same checks wait for each other and never crosswise."""
        dialect = postgresql if db.dialect.name == "postgresql" else sqlite
        statement = dialect.insert(jobs).on_conflict_do_nothing(index_elements=["portal", "unique_id"])
        found = db.execute(
            statement.returning(jobs.c.unique_id, jobs.c.uuid),
            [blank(portal, at) | {"unique_id": each.unique_id, "uuid": each.uuid, "register": each.register,
                                   "content": text_of(each.content)} for each in offers],
        )  # fmt: skip
        return {row.unique_id: row.uuid for row in found}

    def _repeated(self, db: sa.Connection, portal: str, offers: Sequence[Offer], at: datetime) -> dict[str, str]:
        """The uuids of checks that are known, "" where another check has the number; a refused one waits again."""
        mine = (jobs.c.portal == portal) & jobs.c.unique_id.in_([each.unique_id for each in offers])
        rows = {row.unique_id: row for row in db.execute(sa.select(jobs).where(mine).with_for_update())}
        same = {each.unique_id: self._repeat(db, rows[each.unique_id], each, at) for each in offers}
        return {number: row.uuid if same[number] else "" for number, row in rows.items()}

    def _repeat(self, db: sa.Connection, row: Row, offer: Offer, at: datetime) -> bool:
        """Whether it is the same check. What nobody has begun is as it was sent last; another check under the number
        of one that is begun or printed is declined: its marks would be those of other goods."""
        differs = row.content != EMPTY and money_of(offer.content) != money_of(json.loads(row.content))
        # A manager prints again only what the portal has as an error: it is not "printed without marks".
        change: dict[str, object] = {"is_doubtful": False}
        if row.state == JobState.NEW and differs:
            change |= {"content": text_of(offer.content), "register": offer.register}
        elif row.state == JobState.REFUSED:
            change |= {"state": "new", "content": text_of(offer.content), "register": offer.register, "reason": "",
                       "received_at": micros(at), "not_before": 0, "ended_at": 0, "told_at": 0, "apply_due_at": 0,
                       "apply_outcome": "", "differs": False}  # fmt: skip
        elif differs:
            change = {"differs": True}
        elif row.state == JobState.DONE:  # the portal asks for what it does not know: tell it
            change |= {"apply_due_at": micros(at + TELL_AFTER), "apply_tries": 0, "applied_at": 0}
        db.execute(sa.update(jobs).where(jobs.c.id == row.id).values(**change))
        what = "reopened" if row.state == JobState.REFUSED else "repeated"
        self._note(db, row.id, at, what, row.identity, row.fence, was=row.state, differs=differs)
        return not differs or row.state in (JobState.NEW, JobState.REFUSED)

    def uuid_of(self, portal: str, unique_id: str) -> str:
        """See `PortalJobs`."""
        mine = (jobs.c.portal == portal) & (jobs.c.unique_id == unique_id) & (jobs.c.state != JobState.REFUSED.value)
        with self._change() as db:
            return str(db.execute(sa.select(jobs.c.uuid).where(mine)).scalar() or "")

    def verdict(self, portal: str, uuid: str, at: datetime) -> Verdict | None:
        """See `PortalJobs`.

        The portal asks only for checks that it has in P. So one that it asks for is not "printed without marks", and
        what an outage of ours had made doubtful is not.
        """
        mine = (jobs.c.portal == portal) & (jobs.c.uuid == uuid)
        asked = sa.update(jobs).where(mine).values(polled_at=micros(at), is_doubtful=False)
        with self._change() as db:
            row = db.execute(asked.returning(jobs.c.id, jobs.c.state, jobs.c.mark, jobs.c.reason)).first()
            if row is None:
                return self._stranger(db, portal, uuid, at)
            if row.state in (JobState.DONE, JobState.REFUSED):
                first = sa.update(jobs).where(jobs.c.id == row.id, jobs.c.told_at == 0)
                db.execute(first.values(told_at=micros(at)))
        return Verdict(JobState(row.state), mark_of(row.mark), row.reason)

    @staticmethod
    def _stranger(db: sa.Connection, portal: str, uuid: str, at: datetime) -> Verdict | None:
        """Its own uuid it would know: this database is older than the answer, or the check is of another gateway.

        It stays in print on the portal for ever, so a person has to hear of it, and decides.
        """
        if not _UUID4.fullmatch(uuid):
            return None
        mine = (strangers.c.portal == portal) & (strangers.c.uuid == uuid)
        row = db.execute(sa.update(strangers).where(mine).values(last_at=micros(at)).returning(strangers)).first()
        if row is not None:
            return Verdict(JobState.REFUSED, None, row.reason) if row.reason else None
        count = sa.select(sa.func.count()).select_from(strangers).where(strangers.c.portal == portal)
        if db.execute(count).scalar_one() < STRANGERS_MAX:
            new = {"portal": portal, "uuid": uuid, "first_at": micros(at), "last_at": micros(at), "reason": ""}
            db.execute(sa.insert(strangers).values(new))
        return None

    def vat_rows(self, portal: str) -> frozenset[str] | None:
        """See `PortalJobs`."""
        with self._change() as db:
            told = db.execute(sa.select(told_rows.c.vat_rows).where(told_rows.c.portal == portal)).scalars().all()
        return frozenset(row for text in told for row in json.loads(text)) if told else None


def blank(portal: str, at: datetime) -> dict[str, object]:
    """A new job, without what names it."""
    return {
        "portal": portal, "state": "new", "received_at": micros(at), "fence": 0, "identity": "", "lease_until": 0,
        "not_before": 0, "started_at": 0, "factory_number": "", "receipt_key": "", "mark": "", "reason": "",
        "ended_at": 0, "apply_due_at": 0, "apply_tries": 0, "apply_outcome": "", "applied_at": 0, "polled_at": 0,
        "told_at": 0, "is_doubtful": False, "differs": False,
    }  # fmt: skip


def text_of(content: Mapping[str, Any]) -> str:
    """A check as it is kept."""
    return json.dumps(content, ensure_ascii=True, separators=(",", ":"))


def money_of(content: Mapping[str, Any]) -> list[Any]:
    """What a repeat must have in common with the first: kind, goods, money. Time and uuid differ by nature."""
    return [content.get(name) for name in _MONEY]


def mark_of(text: str) -> FiscalMark | None:
    """A mark as it is kept, None for none."""
    return FiscalMark.from_json(json.loads(text)) if text else None


def job_of(row: Row) -> Job:
    """A row as the contract shows it."""
    return Job(
        job_id=row.id,
        unique_id=row.unique_id,
        uuid=row.uuid,
        state=JobState(row.state),
        fence=row.fence,
        received_at=moment(row.received_at),
        content=json.loads(row.content),
    )
