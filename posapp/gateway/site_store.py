"""What the gateway keeps for a site that pushes its orders, beside the jobs: nonces, and what the site was told.

A push becomes a job like a check of the portal (`job_store`). Told are jobs that are done and jobs that are refused,
each once; `apply_outcome` says which of the two was told or was left to a person.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from posapp.domain.fiscal import FiscalMark
from posapp.gateway.contract import JobState
from posapp.gateway.database import micros, moment
from posapp.gateway.job_store import Jobs, mark_of
from posapp.gateway.job_tables import jobs
from posapp.gateway.site_tables import site_nonces

HOLD = timedelta(seconds=120)  # longer than a request to the site may take
NONCE_LIFE = timedelta(minutes=15)  # both sides of the window, and then some
_NEVER = 0


@dataclass(frozen=True, slots=True)
class Told:
    """A job that the site has to hear of. `content` is empty when it ended so long ago that its goods are forgotten;
    `mark` is None for a refused one; `since`: when it ended."""

    job_id: int
    uuid: str
    state: JobState
    order_id: int
    content: Mapping[str, Any]
    receipt_key: str
    mark: FiscalMark | None
    reason: str
    register: str
    tries: int
    since: datetime


class SiteStore(Jobs):
    """The site's side of the jobs."""

    def is_new(self, portal: str, nonce: str, at: datetime) -> bool:
        """Whether the nonce was never used; from now on it was. Raises JournalError `gateway_store`."""
        with self._change() as db:
            dialect = postgresql if db.dialect.name == "postgresql" else sqlite
            db.execute(sa.delete(site_nonces).where(site_nonces.c.at < micros(at - NONCE_LIFE)))
            row = {"portal": portal, "nonce": nonce, "at": micros(at)}
            put = dialect.insert(site_nonces).values(row).on_conflict_do_nothing()
            return bool(db.execute(put.returning(site_nonces.c.nonce)).first())

    def state_of(self, portal: str, unique_id: str) -> JobState | None:
        """How the job of this order stands, None when there is none."""
        mine = (jobs.c.portal == portal) & (jobs.c.unique_id == unique_id)
        with self._change() as db:
            state = db.execute(sa.select(jobs.c.state).where(mine)).scalar()
        return None if state is None else JobState(state)

    def due(self, portal: str, at: datetime, limit: int) -> list[Told]:
        """Takes what is to be told now; whoever else asks does not get it for `HOLD`. Raises JournalError."""
        now = micros(at)
        refused = jobs.c.apply_outcome.not_in(("told refused", "left refused")) & (jobs.c.apply_due_at == _NEVER)
        later = (jobs.c.apply_due_at > 0) & (jobs.c.apply_due_at <= now)
        ended = ((jobs.c.state == "done") & later) | ((jobs.c.state == "refused") & (refused | later))
        with self._change() as db:
            query = sa.select(jobs).where(jobs.c.portal == portal, ended).order_by(jobs.c.ended_at).limit(limit)
            rows = db.execute(query.with_for_update(skip_locked=True)).all()
            taken = sa.update(jobs).where(jobs.c.id.in_([row.id for row in rows]))
            db.execute(taken.values(apply_due_at=micros(at + HOLD)))
        return [_told(row) for row in rows]

    def heard(self, told: Told, at: datetime) -> None:
        """The site knows how the job ended."""
        now = micros(at)
        values = {"apply_due_at": _NEVER, "apply_outcome": f"told {told.state}", "applied_at": now, "told_at": now}
        self._set(told, values)

    def not_heard(self, told: Told, answer: str, next_at: datetime | None, at: datetime) -> None:
        """The site has not taken it: told again at `next_at`, or by a person alone."""
        outcome = f"left {told.state}" if next_at is None else f"later {told.state}"
        due = _NEVER if next_at is None else micros(next_at)
        with self._change() as db:
            if next_at is None:
                self._note(db, told.job_id, at, "not_applied", outcome=answer)
        self._set(told, {"apply_due_at": due, "apply_outcome": outcome, "apply_tries": jobs.c.apply_tries + 1})

    def _set(self, told: Told, values: Mapping[str, object]) -> None:
        """Only while the job still is what was told: pushed again meanwhile, it has another end."""
        same = (jobs.c.id == told.job_id) & (jobs.c.state == told.state.value)
        with self._change() as db:
            db.execute(sa.update(jobs).where(same).values(dict(values)))


def _told(row: sa.Row[Any]) -> Told:
    return Told(
        job_id=row.id, uuid=row.uuid, state=JobState(row.state), order_id=int(row.unique_id),
        content=json.loads(row.content),
        receipt_key=row.receipt_key, mark=mark_of(row.mark), reason=row.reason, register=row.factory_number,
        tries=row.apply_tries, since=moment(row.ended_at),
    )  # fmt: skip
