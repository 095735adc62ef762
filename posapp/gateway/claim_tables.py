"""The tables of the claims. Times are whole microseconds since 1970 UTC."""

from __future__ import annotations

import sqlalchemy as sa

from posapp.gateway.database import big_id, meta

claims = sa.Table(
    "claims",
    meta,
    sa.Column("portal", sa.String(255), primary_key=True),
    sa.Column("order_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("state", sa.String(16), nullable=False),  # free, held, receipted
    sa.Column("fence", sa.BigInteger, nullable=False),
    sa.Column("identity", sa.String(64), nullable=False),  # holder, or the till of the receipt; "" when free
    sa.Column("taken_for", sa.String(16), nullable=False),
    sa.Column("since", sa.BigInteger, nullable=False),
    sa.Column("sold", sa.Text, nullable=False),  # the SoldOrder as JSON, "" before
)
sa.Index("claims_held", claims.c.portal, claims.c.identity, sqlite_where=claims.c.state == "held",
         postgresql_where=claims.c.state == "held")  # fmt: skip
losses = sa.Table(
    "losses",
    meta,
    sa.Column("portal", sa.String(255), primary_key=True),
    sa.Column("order_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("fence", sa.BigInteger, primary_key=True, autoincrement=False),  # of the claim that was lost
    sa.Column("identity", sa.String(64), nullable=False),  # who lost it
    sa.Column("winner", sa.String(64), nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("who", sa.Text, nullable=False),
    sa.Column("why", sa.Text, nullable=False),
    sa.Column("is_receipted", sa.Boolean, nullable=False),
    sa.Column("confirmed_at", sa.BigInteger, nullable=True),
)
sa.Index("losses_open", losses.c.portal, losses.c.identity, sqlite_where=losses.c.confirmed_at.is_(None),
         postgresql_where=losses.c.confirmed_at.is_(None))  # fmt: skip
events = sa.Table(  # only ever added to: what happened to an order among the tills, for people
    "events",
    meta,
    sa.Column("id", big_id, primary_key=True),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("portal", sa.String(255), nullable=False),
    sa.Column("order_id", sa.BigInteger, nullable=False),
    sa.Column("identity", sa.String(64), nullable=False),
    sa.Column("what", sa.String(16), nullable=False),
    sa.Column("fence", sa.BigInteger, nullable=False),
    sa.Column("facts", sa.Text, nullable=False),
)
