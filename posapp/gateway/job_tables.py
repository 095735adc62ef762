"""The tables of the portal's print jobs. Times are whole microseconds since 1970 UTC, 0 for "not yet"."""

from __future__ import annotations

import sqlalchemy as sa

from posapp.gateway.database import big_id, meta

jobs = sa.Table(
    "jobs",
    meta,
    sa.Column("id", big_id, primary_key=True),
    sa.Column("portal", sa.String(255), nullable=False),
    sa.Column("unique_id", sa.String(32), nullable=False),  # the portal's number of the check, the same at a reprint
    sa.Column("uuid", sa.String(36), nullable=False, unique=True),  # ours, answered to PRINT_URL
    sa.Column("state", sa.String(16), nullable=False),  # JobState
    sa.Column("register", sa.String(32), nullable=False),  # the only register that may print it, "" for any
    sa.Column("content", sa.Text, nullable=False),  # the check as JSON
    sa.Column("received_at", sa.BigInteger, nullable=False),
    # the lease
    sa.Column("fence", sa.BigInteger, nullable=False),  # grows with each lease of this job
    sa.Column("identity", sa.String(64), nullable=False),  # of the till that holds it, or held it last
    sa.Column("lease_until", sa.BigInteger, nullable=False),
    sa.Column("not_before", sa.BigInteger, nullable=False),  # given back: rests until then
    # the receipt
    sa.Column("started_at", sa.BigInteger, nullable=False),
    sa.Column("factory_number", sa.String(32), nullable=False),
    sa.Column("receipt_key", sa.String(32), nullable=False),
    sa.Column("mark", sa.Text, nullable=False),  # the FiscalMark as JSON, "" before
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("ended_at", sa.BigInteger, nullable=False),
    # what the portal knows
    sa.Column("apply_due_at", sa.BigInteger, nullable=False),  # when to tell it next, 0 for never
    sa.Column("apply_tries", sa.Integer, nullable=False),
    sa.Column("apply_outcome", sa.Text, nullable=False),  # what it answered last
    sa.Column("applied_at", sa.BigInteger, nullable=False),  # when it took the marks
    sa.Column("polled_at", sa.BigInteger, nullable=False),  # when CHECK_URL last asked: it asks for what it has in P
    sa.Column("told_at", sa.BigInteger, nullable=False),  # when the outcome was first given to it, either way
    sa.Column("is_doubtful", sa.Boolean, nullable=False),  # it may show "printed" without marks
    sa.Column("differs", sa.Boolean, nullable=False),  # a repeat came with other goods or money
    sa.UniqueConstraint("portal", "unique_id"),
)


def _partial(name: str, condition: sa.ColumnElement[bool], *columns: sa.Column[object]) -> None:
    sa.Index(name, *columns, sqlite_where=condition, postgresql_where=condition)


_partial("jobs_new", jobs.c.state == "new", jobs.c.portal, jobs.c.id)
_partial("jobs_leased", jobs.c.state.in_(("leased", "started", "unknown")), jobs.c.portal, jobs.c.identity)
_partial("jobs_untold", jobs.c.apply_due_at > 0, jobs.c.portal, jobs.c.apply_due_at)
_partial("jobs_doubtful", jobs.c.is_doubtful == sa.true(), jobs.c.portal, jobs.c.id)

job_events = sa.Table(  # only ever added to
    "job_events",
    meta,
    sa.Column("id", big_id, primary_key=True),
    sa.Column("job_id", sa.BigInteger, nullable=False, index=True),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("what", sa.String(16), nullable=False),
    sa.Column("identity", sa.String(64), nullable=False),
    sa.Column("fence", sa.BigInteger, nullable=False),
    sa.Column("facts", sa.Text, nullable=False),
)
cashbox_doors = sa.Table(  # the processes that answer PRINT_URL and CHECK_URL, and when each was last alive
    "cashbox_doors",
    meta,
    sa.Column("portal", sa.String(255), primary_key=True),
    sa.Column("process", sa.String(36), primary_key=True),
    sa.Column("alive_at", sa.BigInteger, nullable=False),
    sa.Column("unjudged_from", sa.BigInteger, nullable=False),  # the gap before it that nobody has judged yet, or 0
)
gaps = sa.Table(  # one row: when a process of the gateway last began, see `lease_store`
    "job_gaps",
    meta,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("seen_at", sa.BigInteger, nullable=False),  # when the last till had been heard of before
)
retold = sa.Table(  # the gap after which a till has told again what it printed
    "job_retold",
    meta,
    sa.Column("portal", sa.String(255), primary_key=True),
    sa.Column("identity", sa.String(64), primary_key=True),
    sa.Column("gap", sa.BigInteger, nullable=False),
)
strangers = sa.Table(  # uuids that the portal asks for and that this database does not know
    "job_strangers",
    meta,
    sa.Column("portal", sa.String(255), primary_key=True),
    sa.Column("uuid", sa.String(36), primary_key=True),
    sa.Column("first_at", sa.BigInteger, nullable=False),
    sa.Column("last_at", sa.BigInteger, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),  # a person's word that there is no receipt, "" before
)
told_rows = sa.Table(  # the VAT rows of the portal that a till has a confirmed rate for
    "told_vat_rows",
    meta,
    sa.Column("portal", sa.String(255), primary_key=True),
    sa.Column("identity", sa.String(64), primary_key=True),
    sa.Column("vat_rows", sa.Text, nullable=False),
)
