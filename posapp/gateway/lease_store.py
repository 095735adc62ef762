"""Jobs in the hands of tills: leases that are fenced.

A lease is a promise with an end. Every one has a *fence*, a number that grows with each lease of the job, and nothing
is done for a till that names an older one. Two rules keep a second receipt away:

- a till prints only after `started` was answered, and `started` is answered only under the present lease;
- a job that was started is never handed to another till. When its lease runs out it is `unknown`: the receipt may
  exist, so only the till's own report or a person decides.

So a lease that runs out before `started` may safely be given to another till, however wrong the clocks are: the slow
till's `started` comes with an old fence and is declined.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid5

import sqlalchemy as sa

from posapp.domain.article_check import ARTICLE
from posapp.domain.claim import ClaimState
from posapp.errors import Rejected
from posapp.gateway.claim_tables import claims
from posapp.gateway.contract import SITE, Job, JobState, Report
from posapp.gateway.database import micros, tills
from posapp.gateway.job_store import EMPTY, TELL_AFTER, Jobs, Row, blank, job_of, text_of
from posapp.gateway.job_tables import gaps, jobs, retold, told_rows

LEASE = timedelta(seconds=60)  # to look at the job and reach the register; renewed while the till is at it
STARTED = timedelta(seconds=120)  # a receipt of many lines on a slow line, a roll of paper changed
REST = timedelta(seconds=15)  # a job that was given back: another till may be ready, or this one after a while
SEEN_EVERY = timedelta(seconds=30)
KEPT = timedelta(days=90)
FORGET_AT_ONCE = 500
MISSED = timedelta(days=7)  # a till that nobody has heard of for so long before a gap is not waited for
_RETOLD = UUID("3d0c7b52-6f0e-5b7f-8f5c-2c1f6f0a9d44")
_NOT_BEGUN = (JobState.NEW.value, JobState.LEASED.value, JobState.REFUSED.value)
_OPEN = (JobState.LEASED.value, JobState.STARTED.value, JobState.UNKNOWN.value)


class SqlLeases(Jobs):
    """`Leases` on SQLAlchemy Core."""

    def take(
        self,
        portal: str,
        identity: str,
        registers: Sequence[str],
        at: datetime,
        vat_rows: Sequence[str] | None = None,
        gap: int = 0,
    ) -> Job | None:
        """See `Leases`.

        A database may be an older copy of itself, and then a job that stands as new may be printed. A register's own
        till knows that by its journal. What any register may print is handed out, if it came before the gap, when
        every till that was heard of within `MISSED` before has told again what it printed.
        """
        now = micros(at)
        with self._change() as db:
            self._let_in(db, portal, identity, at)
            if vat_rows is not None:
                self._keep_vat_rows(db, portal, identity, vat_rows)
            fits = jobs.c.register.in_(registers) | ((jobs.c.register == "") & self._is_safe(db, portal, identity, gap))
            waiting = (
                sa.select(jobs)
                .where(jobs.c.portal == portal, jobs.c.state == JobState.NEW.value, jobs.c.not_before <= now, fits)
                .order_by(jobs.c.id)
                .limit(1)
                .with_for_update(skip_locked=True)
            )
            row = db.execute(waiting).first()
            if row is None:
                return None
            lease = {"state": "leased", "fence": row.fence + 1, "identity": identity, "lease_until": micros(at + LEASE)}
            given = db.execute(sa.update(jobs).where(jobs.c.id == row.id).values(**lease).returning(jobs)).one()
            self._note(db, row.id, at, "leased", identity, given.fence)
            return job_of(given)

    def started(
        self, portal: str, identity: str, job_id: int, fence: int, key: str, register: str, at: datetime,
        unique_id: str = "",
    ) -> None:  # fmt: skip
        """See `Leases`. May be repeated; a repeat with another receipt or register is declined."""
        with self._change() as db:
            self._let_in(db, portal, identity, at)
            row = self._held(db, portal, identity, job_id, fence, unique_id)
            if row.state == JobState.STARTED and (row.receipt_key, row.factory_number) == (key, register):
                return
            if row.state != JobState.LEASED:
                raise Rejected("lease_lost", check=row.unique_id)
            may_begin = self._is_still_the_sites(db, row, at)
            if may_begin:
                begun = {"state": "started", "receipt_key": key, "factory_number": register, "started_at": micros(at)}
                self._set(db, row, lease_until=micros(at + STARTED), **begun)
                self._note(db, row.id, at, "started", identity, fence, key=key, register=register)
        if not may_begin:
            raise Rejected("lease_lost", check=row.unique_id)

    def renew(self, portal: str, identity: str, job_id: int, fence: int, at: datetime, unique_id: str = "") -> None:
        """See `Leases`. An `unknown` job stays unknown until it is reported."""
        with self._change() as db:
            self._let_in(db, portal, identity, at)
            row = self._held(db, portal, identity, job_id, fence, unique_id)
            if row.state not in _OPEN:
                raise Rejected("lease_lost", check=row.unique_id)
            length = LEASE if row.state == JobState.LEASED else STARTED
            self._set(db, row, lease_until=micros(at + length))

    def report(self, portal: str, identity: str, report: Report, at: datetime) -> bool:
        """See `Leases`. May be repeated."""
        with self._change() as db:
            self._let_in(db, portal, identity, at)
            row = self._reported(db, portal, report, at)
            if report.state == "done" and report.fence > row.fence and row.state in _NOT_BEGUN:
                self._set(db, row, fence=report.fence, identity=identity)  # this database is older than that lease
                return self._done(db, row, report, at)
            if row.fence != report.fence or row.identity != identity:
                return self._keep_evidence(db, row, identity, report, at)
            if report.state == "done":
                return self._done(db, row, report, at)
            if report.state == "refused":
                return self._refused(db, row, report, at)
            return self._given_back(db, row, report, at)

    def mine(self, portal: str, identity: str, at: datetime) -> list[Job]:
        """See `Leases`."""
        held = (jobs.c.portal == portal) & (jobs.c.identity == identity) & jobs.c.state.in_(_OPEN)
        with self._change() as db:
            self._let_in(db, portal, identity, at)
            return [job_of(row) for row in db.execute(sa.select(jobs).where(held).order_by(jobs.c.id))]

    def expire(self, at: datetime) -> int:
        """See `Leases`."""
        found = 0
        for state, after in ((JobState.LEASED, JobState.NEW), (JobState.STARTED, JobState.UNKNOWN)):
            late = (jobs.c.state == state.value) & (jobs.c.lease_until < micros(at))
            with self._change() as db:
                rows = db.execute(sa.select(jobs).where(late).with_for_update(skip_locked=True)).all()
                for row in rows:
                    self._set(db, row, state=after.value)
                    self._note(db, row.id, at, "expired", row.identity, row.fence, was=state.value)
                found += len(rows)
        return found

    def forget(self, at: datetime) -> int:
        """Takes goods and buyers' contacts out of jobs that ended long ago and that the portal knows of.

        Number, uuid, mark and history stay: a repeat still meets the same job. How many there were.
        """
        told = (jobs.c.state == JobState.REFUSED.value) | (jobs.c.applied_at > 0) | (jobs.c.told_at > 0)
        over = (jobs.c.ended_at > 0) & (jobs.c.ended_at < micros(at - KEPT)) & (jobs.c.content != EMPTY)
        ended = jobs.c.state.in_((JobState.DONE.value, JobState.REFUSED.value))
        old = sa.select(jobs.c.id).where(ended, over, told, jobs.c.is_doubtful == sa.false()).limit(FORGET_AT_ONCE)
        with self._change() as db:
            return int(db.execute(sa.update(jobs).where(jobs.c.id.in_(old)).values(content=EMPTY)).rowcount)

    def forgive(self, portal: str, at: datetime) -> None:
        """Leases begin anew: no till could renew while the gateway was away."""
        for state, length in ((JobState.LEASED, LEASE), (JobState.STARTED, STARTED)):
            until = micros(at + length)
            held = (jobs.c.portal == portal) & (jobs.c.state == state.value) & (jobs.c.lease_until < until)
            with self._change() as db:
                db.execute(sa.update(jobs).where(held).values(lease_until=until))

    # --- gaps
    def note_gap(self, at: datetime) -> None:
        """See `Leases`."""
        with self._change() as db:
            seen = db.execute(sa.select(sa.func.max(tills.c.seen_at))).scalar() or 0
            now = {"at": micros(at), "seen_at": seen}
            if db.execute(sa.update(gaps).where(gaps.c.id == 1).values(now)).rowcount == 0:
                db.execute(sa.insert(gaps).values(id=1, **now))

    def gap(self) -> int:
        """See `Leases`."""
        with self._change() as db:
            return self._last_gap(db)

    @staticmethod
    def _last_gap(db: sa.Connection) -> int:
        return int(db.execute(sa.select(gaps.c.at)).scalar() or 0)

    def _is_safe(self, db: sa.Connection, portal: str, identity: str, told: int) -> sa.ColumnElement[bool]:
        """Which jobs for any register may be handed out. Keeps that this till has told again."""
        last = self._last_gap(db)
        me = {"portal": portal, "identity": identity}
        mine = (retold.c.portal == portal) & (retold.c.identity == identity)
        if last and told == last and db.execute(sa.update(retold).where(mine).values(gap=last)).rowcount == 0:
            db.execute(sa.insert(retold).values(**me, gap=last))
        heard = sa.select(retold.c.identity).where(retold.c.portal == portal, retold.c.gap == last)
        seen = db.execute(sa.select(gaps.c.seen_at)).scalar() or 0
        silent = (tills.c.portal == portal) & (tills.c.identity != SITE) & (tills.c.seen_at >= seen - micros_of(MISSED))
        open_ = sa.select(sa.func.count()).select_from(tills).where(silent, tills.c.identity.not_in(heard))
        if not last or not db.execute(open_).scalar():
            return sa.true()
        return jobs.c.received_at >= last

    # --- what a report does
    def _done(self, db: sa.Connection, row: Row, report: Report, at: datetime) -> bool:
        """There is a receipt. Under the job's last fence that is a fact in every state: nobody else has it in hand."""
        if report.mark is None:
            raise ValueError("mark")
        mark = text_of(report.mark.as_json())
        if row.state == JobState.DONE:
            if row.mark == mark:
                return True
            return self._keep_evidence(db, row, row.identity, report, at)
        due = max(micros(at), row.received_at + micros_of(TELL_AFTER))
        told = {"apply_due_at": due, "apply_tries": 0, "apply_outcome": "", "told_at": 0}
        self._set(db, row, state="done", mark=mark, receipt_key=report.key, reason="", ended_at=micros(at), **told)
        self._note(db, row.id, at, "done", row.identity, row.fence, was=row.state, mark=report.mark.as_json())
        return True

    def _refused(self, db: sa.Connection, row: Row, report: Report, at: datetime) -> bool:
        """Proven that there is no receipt."""
        if row.state == JobState.REFUSED:
            return True
        if row.state == JobState.DONE:
            return self._keep_evidence(db, row, row.identity, report, at)
        self._set(db, row, state="refused", receipt_key=report.key, reason=report.reason, ended_at=micros(at))
        self._note(db, row.id, at, "refused", row.identity, row.fence, was=row.state, reason=report.reason)
        return True

    def _given_back(self, db: sa.Connection, row: Row, report: Report, at: datetime) -> bool:
        """The till cannot print now and has begun nothing; another may."""
        if row.state == JobState.NEW:
            return True
        if row.state in (JobState.STARTED, JobState.UNKNOWN):
            raise Rejected("job_started")
        if row.state != JobState.LEASED:
            return self._keep_evidence(db, row, row.identity, report, at)
        self._set(db, row, state="new", not_before=micros(at + REST), reason=report.reason)
        self._note(db, row.id, at, "given_back", row.identity, row.fence, reason=report.reason)
        return True

    def _keep_evidence(self, db: sa.Connection, row: Row, identity: str, report: Report, at: datetime) -> bool:
        """A report that settles nothing. But one of a receipt stops a job that nobody has started, or that is taken
        for not made: the receipt may be there, so a person looks before anybody prints."""
        said = {"state": report.state, "key": report.key, "reason": report.reason}
        mark = report.mark.as_json() if report.mark else None
        self._note(db, row.id, at, "evidence", identity, report.fence, was=row.state, mark=mark, **said)
        if report.state == "done" and row.state in (JobState.NEW, JobState.LEASED, JobState.REFUSED):
            self._set(db, row, state="unknown", reason="другая касса сообщила о чеке этого задания")
        return False

    # --- helpers
    def _held(self, db: sa.Connection, portal: str, identity: str, job_id: int, fence: int, unique_id: str) -> Row:
        """The job under this lease. Raises Rejected `job_unknown`, `lease_lost`."""
        row = self._job(db, portal, jobs.c.id == job_id, unique_id)
        if row.fence != fence or row.identity != identity:
            raise Rejected("lease_lost", check=row.unique_id)
        return row

    def _is_still_the_sites(self, db: sa.Connection, row: Row, at: datetime) -> bool:
        """Whether an order that a site pushed is still the site's to receipt: its claim decides, at the last moment.
        One that a till has by now is not printed for the site; that till tells of it. True for a portal's check."""
        if ARTICLE not in json.loads(row.content):
            return True
        mine = (claims.c.portal == row.portal) & (claims.c.order_id == int(row.unique_id))
        claim = db.execute(sa.select(claims.c.state, claims.c.identity).where(mine)).first()
        if claim is None or (claim.state == ClaimState.HELD and claim.identity == SITE):
            return True
        over = {"state": "refused", "reason": "заказ взяла касса", "apply_outcome": "left refused"}
        self._set(db, row, ended_at=micros(at), **over)
        self._note(db, row.id, at, "refused", claim.identity, row.fence, was=row.state, reason="заказ взяла касса")
        return False

    def _reported(self, db: sa.Connection, portal: str, report: Report, at: datetime) -> Row:
        """The job that a report is of. A receipt is one of its check, whichever number the job has in this database;
        one of a check that it does not know – an older copy was put back – is kept, so that a repeat of the portal
        meets it.

        Raises Rejected `job_unknown`.
        """
        if report.state != "done" or not report.unique_id:
            return self._job(db, portal, jobs.c.id == report.job_id, report.unique_id)
        mine = (jobs.c.portal == portal) & (jobs.c.unique_id == report.unique_id)
        if db.execute(sa.select(jobs.c.id).where(mine)).first() is None:
            uuid = str(uuid5(_RETOLD, f"{portal}|{report.unique_id}"))
            known = {"unique_id": report.unique_id, "uuid": uuid, "register": "", "content": EMPTY}
            db.execute(sa.insert(jobs).values(blank(portal, at) | known))
        return self._job(db, portal, jobs.c.unique_id == report.unique_id, report.unique_id)

    @staticmethod
    def _job(db: sa.Connection, portal: str, which: sa.ColumnElement[bool], unique_id: str) -> Row:
        """The job, held until the transaction ends; `unique_id`: "" or the check that it has to be."""
        row = db.execute(sa.select(jobs).where(jobs.c.portal == portal, which).with_for_update()).first()
        if row is None or (unique_id and row.unique_id != unique_id):
            raise Rejected("job_unknown")
        return row

    @staticmethod
    def _set(db: sa.Connection, row: Row, **values: object) -> None:
        db.execute(sa.update(jobs).where(jobs.c.id == row.id).values(**values))

    @staticmethod
    def _let_in(db: sa.Connection, portal: str, identity: str, at: datetime) -> None:
        """Raises Rejected `unknown_till`. When it was heard of is kept to half a minute: tills ask all the time."""
        me = (tills.c.portal == portal) & (tills.c.identity == identity)
        seen = db.execute(sa.select(tills.c.seen_at).where(me)).scalar()
        if seen is None:
            raise Rejected("unknown_till")
        if seen < micros(at - SEEN_EVERY):
            db.execute(sa.update(tills).where(me).values(seen_at=micros(at)))

    @staticmethod
    def _keep_vat_rows(db: sa.Connection, portal: str, identity: str, rows: Sequence[str]) -> None:
        me = (told_rows.c.portal == portal) & (told_rows.c.identity == identity)
        text = json.dumps(sorted(set(rows)))
        known = db.execute(sa.select(told_rows.c.vat_rows).where(me)).scalar()
        if known is None:
            db.execute(sa.insert(told_rows).values(portal=portal, identity=identity, vat_rows=text))
        elif known != text:
            db.execute(sa.update(told_rows).where(me).values(vat_rows=text))


def micros_of(length: timedelta) -> int:
    """A length in whole microseconds."""
    return length // timedelta(microseconds=1)
