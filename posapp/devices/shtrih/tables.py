"""What stands in the register's tables and changes what it writes: format, VAT, the name of who works at it.

Source: devices' table dumps and the vendor's protocol; firmware differs. A field that the register does not tell is
taken for what every register does by default.
"""

from __future__ import annotations

import logging

from posapp.devices.base import Ffd
from posapp.devices.shtrih import commands as c
from posapp.devices.shtrih import states
from posapp.devices.shtrih.session import Session
from posapp.errors import Refused

FORMAT = (17, 1, 17)
"""Table, row and field of the fiscal data format, as tag 1209 numbers it."""
VAT_BY_TURNOVER = (17, 1, 40)
"""Whether the receipt's VAT is that of the turnover of a rate (formula T), not of its lines added up (L)."""
VAT_BY_HOST = (1, 1, 14)
"""Whether it takes the sums of VAT from the program, of which FF45 has six, instead of computing them."""
REPLACES_20 = (17, 1, 71)
"""Whether it writes 22 % for 20 % and 22/122 for 20/120 by itself."""
OPERATORS, NAME = 2, 2
"""The table of operators and its column of names."""

log = logging.getLogger(__name__)


def fiscal_format(session: Session) -> Ffd:
    """A register that does not tell is taken for FFD 1.05."""
    level = _number(session, FORMAT)
    return Ffd(level) if level in list(Ffd) else Ffd.V1_05


def vat_formula(session: Session) -> str:
    """`L` or `T`. Raises Refused `vat_by_host` where it computes no VAT: every receipt would have none."""
    if _number(session, VAT_BY_HOST):
        raise Refused("vat_by_host")
    return "T" if _number(session, VAT_BY_TURNOVER) else "L"


def replaces_20(session: Session) -> bool:
    """Whether a line of 20 % would be written with another rate."""
    return bool(_number(session, REPLACES_20))


def name_cashier(session: Session, cashier: str) -> None:
    """The name that goes to 1021 of the shift's reports, which take no tags from us: that of the operator in table 2.

    The reports can be begun with tags of their own (FF41, FF42), but a program that dies after such a begin leaves a
    document open in the storage. A name in a table is there or not, and it is written only where another one stands.
    """
    operator = session.ask(c.ShortStatus(session.password)).operator
    stands = session.answer(c.ReadTable(session.password, OPERATORS, operator, NAME))
    if not isinstance(stands, c.ReadTableReply):
        log.warning("the register does not tell the name of its operator %d: %02Xh", operator, stands.error)
        return
    wanted = cashier.encode("cp1251", errors="replace")[: len(stands.value)]
    if not cashier or states.table_text(stands.value) == states.table_text(wanted):
        return
    value = wanted.ljust(len(stands.value), b"\0")
    reply = session.answer(c.WriteTable(session.password, OPERATORS, operator, NAME, value))
    if isinstance(reply, c.ErrorReply):
        log.warning("the register keeps the name of its operator %d: %02Xh", operator, reply.error)


def _number(session: Session, field: tuple[int, int, int]) -> int:
    """A whole number of a table, 0 when it is not told."""
    reply = session.answer(c.ReadTable(session.password, *field))
    return int.from_bytes(reply.value, "little") if isinstance(reply, c.ReadTableReply) else 0
