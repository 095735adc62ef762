"""What the portal has to be told about its jobs, what it may have got wrong, and what a person settles.

*To be told*: every job that is done is told by `sale.cashbox.check.apply`, at a time of its own (`apply_due_at`). The
one who takes such a row puts its time off first, so two processes never tell the same one at once; telling twice is
harmless.

*Got wrong*: a portal that cannot reach CHECK_URL takes the check for printed, without marks and for good, and no method
shows it. So every process that answers CHECK_URL says that it is alive every few seconds. A process that starts and
hears no other one knows that there was a gap; every job that was open across it is *doubtful*, until CHECK_URL is
asked for it: the portal asks only for checks that it has not taken for printed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from posapp.errors import Rejected, UsageError
from posapp.gateway.contract import Application, JobState
from posapp.gateway.database import micros, moment, tills
from posapp.gateway.job_store import TELL_AFTER, Jobs, Row, mark_of
from posapp.gateway.job_tables import cashbox_doors, job_events, jobs, strangers

HOLD = timedelta(seconds=120)  # longer than a request to the portal may take
_NEVER = 0


class SqlApplications(Jobs):
    """The queue of marks for the portal, the gaps of CHECK_URL, and a person's view of the jobs."""

    # --- telling the portal
    def due(self, portal: str, at: datetime, limit: int) -> list[Application]:
        """Takes what is to be told now; whoever else asks does not get it for `HOLD`."""
        now = micros(at)
        waiting = (
            sa.select(jobs.c.id, jobs.c.uuid, jobs.c.mark, jobs.c.apply_tries)
            .where(jobs.c.portal == portal, jobs.c.apply_due_at > 0, jobs.c.apply_due_at <= now)
            .order_by(jobs.c.apply_due_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        with self._change() as db:
            rows = db.execute(waiting).all()
            taken = sa.update(jobs).where(jobs.c.id.in_([row.id for row in rows]))
            db.execute(taken.values(apply_due_at=micros(at + HOLD)))
        found = [(row, mark_of(row.mark)) for row in rows]
        return [Application(row.id, row.uuid, mark, row.apply_tries) for row, mark in found if mark is not None]

    def applied(self, job_ids: Sequence[int], at: datetime) -> None:
        """The portal has answered `true` for these."""
        now = micros(at)
        done = sa.update(jobs).where(jobs.c.id.in_(job_ids))
        told = sa.case((jobs.c.told_at == 0, now), else_=jobs.c.told_at)
        with self._change() as db:
            db.execute(done.values(apply_due_at=_NEVER, applied_at=now, apply_outcome="true", told_at=told))
            for job_id in job_ids:
                self._note(db, job_id, at, "applied")

    def not_applied(self, job_id: int, outcome: str, next_at: datetime | None, at: datetime) -> None:
        """The portal has not taken it: told again at `next_at`, or never by itself."""
        later = _NEVER if next_at is None else micros(next_at)
        values = {"apply_due_at": later, "apply_tries": jobs.c.apply_tries + 1, "apply_outcome": outcome}
        with self._change() as db:
            db.execute(sa.update(jobs).where(jobs.c.id == job_id).values(**values))
            if next_at is None:
                self._note(db, job_id, at, "not_applied", outcome=outcome)

    # --- gaps of CHECK_URL
    def arrive(self, portal: str, process: str, at: datetime) -> int:
        """A process begins to answer; since when perhaps nobody did (0: there never was a process before).

        That is when another one was last alive, or the gap that a former process had no time to judge.
        """
        others = sa.select(cashbox_doors).where(cashbox_doors.c.portal == portal)
        with self._change() as db:
            rows = db.execute(others).all()
            last = max((row.alive_at for row in rows), default=0)
            since = min([last, *(row.unjudged_from for row in rows if row.unjudged_from)])
            me = {"portal": portal, "process": process, "alive_at": micros(at), "unjudged_from": since}
            db.execute(sa.insert(cashbox_doors).values(**me))
        return int(since)

    def alive(self, portal: str, process: str, at: datetime) -> None:
        """The process answers."""
        me = (cashbox_doors.c.portal == portal) & (cashbox_doors.c.process == process)
        with self._change() as db:
            db.execute(sa.update(cashbox_doors).where(me).values(alive_at=micros(at)))

    def judge_gap(self, portal: str, process: str, last: int, began: datetime) -> int:
        """After a while: if no other process has answered since `began`, nobody did between `last` and then.

        Returns how many jobs are doubtful for it. Processes that are gone are forgotten.
        """
        here = cashbox_doors.c.portal == portal
        start = micros(began)
        others = here & (cashbox_doors.c.process != process)
        mine = here & (cashbox_doors.c.process == process)
        open_across = (
            (jobs.c.portal == portal)
            & (jobs.c.received_at < start)
            & ((jobs.c.told_at == 0) | (jobs.c.told_at >= last))
            & (jobs.c.polled_at < start)
        )
        with self._change() as db:
            db.execute(sa.update(cashbox_doors).where(mine).values(unjudged_from=0))
            if db.execute(sa.select(sa.func.count()).where(others, cashbox_doors.c.alive_at > start)).scalar():
                return 0
            db.execute(sa.delete(cashbox_doors).where(others))
            return int(db.execute(sa.update(jobs).where(open_across).values(is_doubtful=True)).rowcount)

    # --- for people
    def list_jobs(self, which: str, limit: int) -> list[dict[str, object]]:
        """Jobs, newest first: `open` (no end yet), `unknown`, `untold` (done, and the portal has not taken it),
        `doubtful`, or `all`."""
        chosen = {
            "open": jobs.c.state.in_(("new", "leased", "started", "unknown")),
            "unknown": jobs.c.state == "unknown",
            "untold": (jobs.c.state == "done") & (jobs.c.applied_at == 0) & (jobs.c.told_at == 0),
            "doubtful": jobs.c.is_doubtful & jobs.c.state.in_(("done", "refused")),
            "all": sa.true(),
        }[which]
        with self._change() as db:
            rows = db.execute(sa.select(jobs).where(chosen).order_by(jobs.c.id.desc()).limit(limit)).all()
            names = {(row.portal, row.identity): row.name for row in db.execute(sa.select(tills))}
        return [_shown(row, names) for row in rows]

    def strangers(self) -> list[dict[str, object]]:
        """Checks that a portal asks for and that are not known here, the newest first, as long as nobody decided."""
        query = sa.select(strangers).where(strangers.c.reason == "").order_by(strangers.c.last_at.desc())
        with self._change() as db:
            return [
                {"portal": row.portal, "uuid": row.uuid, "since": moment(row.first_at).isoformat(),
                 "asked_at": moment(row.last_at).isoformat()}
                for row in db.execute(query)
            ]  # fmt: skip

    def no_receipt(self, uuid: str, who: str, why: str) -> None:
        """A person says that a check which is not known here has no receipt: the portal may order it again.

        Raises Rejected `job_unknown` for a uuid that no portal asks for.
        """
        change = sa.update(strangers).where(strangers.c.uuid == uuid).values(reason=f"чека нет ({who}): {why}")
        with self._change() as db:
            if db.execute(change).rowcount == 0:
                raise Rejected("job_unknown")

    def story(self, job_id: int) -> list[dict[str, object]]:
        """What happened to a job, oldest first."""
        query = sa.select(job_events).where(job_events.c.job_id == job_id).order_by(job_events.c.id)
        with self._change() as db:
            return [
                {"at": moment(row.at).isoformat(), "what": row.what, "till": row.identity, "fence": row.fence}
                | json.loads(row.facts)
                for row in db.execute(query)
            ]

    def settle(
        self, job_id: int, decision: str, who: str, why: str, at: datetime, mark: Mapping[str, Any] | None
    ) -> None:
        """A person decides.

        `not-made`: an `unknown` job has no receipt, the portal may print it again. `made`: it has one, with this mark.
        `seen`: what is doubtful, or not taken by the portal, was put right by hand. `tell`: the portal is told again.

        Raises:
            Rejected: `job_unknown`.
            UsageError: the decision does not fit the job's state.
        """
        with self._change() as db:
            row = db.execute(sa.select(jobs).where(jobs.c.id == job_id).with_for_update()).first()
            if row is None:
                raise Rejected("job_unknown")
            change = _decided(row, decision, at, mark)
            db.execute(sa.update(jobs).where(jobs.c.id == job_id).values(**change))
            self._note(db, job_id, at, decision, who, row.fence, why=why, was=row.state, mark=mark)


def _decided(row: Row, decision: str, at: datetime, mark: Mapping[str, Any] | None) -> dict[str, object]:
    """What a decision changes. Raises UsageError."""
    now, state = micros(at), JobState(row.state)
    if decision == "not-made" and state is JobState.UNKNOWN:
        return {"state": "refused", "reason": "старший решил: чека нет", "ended_at": now}
    if decision == "made" and state is JobState.UNKNOWN and mark is not None:
        text = json.dumps(mark, separators=(",", ":"))
        return {"state": "done", "mark": text, "ended_at": now, "apply_due_at": now, "apply_tries": 0}
    if decision == "seen" and state is JobState.REFUSED:
        return {"is_doubtful": False}
    if decision == "seen" and state is JobState.DONE:
        return {"is_doubtful": False, "apply_due_at": _NEVER, "applied_at": row.applied_at or now}
    if decision == "tell" and state is JobState.DONE:
        return {"apply_due_at": micros(at + TELL_AFTER), "apply_tries": 0, "applied_at": 0}
    raise UsageError(
        "usage", what=f"задание {row.id} в состоянии {state.value}: решение «{decision}» к нему не подходит"
    )


def _shown(row: Row, names: Mapping[tuple[str, str], str]) -> dict[str, object]:
    """A job as commands print it: no contact of the buyer."""
    content = json.loads(row.content)
    return {
        "job": row.id, "portal": row.portal, "check": row.unique_id, "uuid": row.uuid, "state": row.state,
        "type": content.get("type"), "total": content.get("total_sum"), "register": row.register or None,
        "till": names.get((row.portal, row.identity), row.identity) or None,
        "received_at": moment(row.received_at).isoformat(), "reason": row.reason or None,
        "key": row.receipt_key or None, "mark": json.loads(row.mark) if row.mark else None,
        "told": bool(row.applied_at or row.told_at), "due": bool(row.apply_due_at),
        "apply": row.apply_outcome or None, "apply_tries": row.apply_tries,
        "doubtful": bool(row.is_doubtful), "differs": bool(row.differs),
    }  # fmt: skip
