"""The table of nonces that a site has used. Times are whole microseconds since 1970 UTC."""

from __future__ import annotations

import sqlalchemy as sa

from posapp.gateway.database import meta

site_nonces = sa.Table(
    "site_nonces",
    meta,
    sa.Column("portal", sa.String(255), primary_key=True),
    sa.Column("nonce", sa.String(32), primary_key=True),
    sa.Column("at", sa.BigInteger, nullable=False, index=True),
)
