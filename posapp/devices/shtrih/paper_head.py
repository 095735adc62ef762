"""What a register prints of itself on every document, as set-up reads it: table 18, and how many characters fit a line.

A firmware that lacks a field of the table answers with an error; what it does not tell stays empty.
"""

from __future__ import annotations

from posapp.devices.shtrih import commands as c
from posapp.devices.shtrih import states
from posapp.devices.shtrih.session import Session
from posapp.domain.printed import DEFAULT_WIDTH, WIDTH_MAX, WIDTH_MIN
from posapp.domain.registration import FNS_SITE, Registration

FISCAL_TABLE = 18
INN, USER, ADDRESS, SITE, PLACE, SENDER = 2, 7, 9, 13, 14, 15
"""Fields of table 18."""
RECEIPT_FONT = 1


def read_registration(session: Session, factory_number: str) -> Registration:
    """Whose register it is, from its read-only table."""
    return Registration(
        user=_field(session, USER),
        inn=_field(session, INN),
        address=_field(session, ADDRESS),
        place=_field(session, PLACE),
        fns_site=_field(session, SITE) or FNS_SITE,
        sender=_field(session, SENDER),
        factory_number=factory_number,
    )


def read_width(session: Session) -> int:
    """Characters in a line of the font of receipts (26h: the width of the paper by that of a character, in dots)."""
    reply = session.answer(c.FontParameters(session.password, RECEIPT_FONT))
    if not isinstance(reply, c.FontParametersReply) or not reply.character_width:
        return DEFAULT_WIDTH
    return min(max(reply.area_width // reply.character_width, WIDTH_MIN), WIDTH_MAX)


def _field(session: Session, field: int) -> str:
    reply = session.answer(c.ReadTable(session.password, FISCAL_TABLE, 1, field))
    return states.table_text(reply.value) if isinstance(reply, c.ReadTableReply) else ""
