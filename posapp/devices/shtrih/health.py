"""What a look at a Штрих-М beside its status tells: its fiscal storage (FF01, FF03, FF39) and its line (15h).

Only questions, each safe to ask again. A register whose firmware does not know one of them leaves its part untold.
"""

from __future__ import annotations

from posapp.devices.base import LineFacts, StorageHealth, StoragePhase
from posapp.devices.shtrih import commands as c
from posapp.devices.shtrih.link_v2 import LinkV2
from posapp.devices.shtrih.session import Session

BAUDS = (2400, 4800, 9600, 19_200, 38_400, 57_600, 115_200, 230_400, 460_800, 921_600)
"""The speeds by their codes in 14h and 15h."""
_PHASES = {1: StoragePhase.CONFIGURED, 3: StoragePhase.FISCAL, 7: StoragePhase.CLOSED, 15: StoragePhase.ARCHIVE}
_ENDING, _ENDING_SOON, _NEARLY_FULL, _OFD_LATE, _CRITICAL = 0x01, 0x02, 0x04, 0x08, 0x80
_NETWORK_PORT = 128


def storage_health(session: Session) -> StorageHealth:
    """FF01, FF03, FF39. Raises Unreachable, ProtocolError, and Refused where not even FF01 is answered."""
    storage = session.ask(c.StorageStatus(session.password))
    expiry = session.answer(c.StorageExpiry(session.password))
    ofd = session.answer(c.OfdStatus(session.password))
    told = ofd if isinstance(ofd, c.OfdStatusReply) else None
    waits = told is not None and told.queued > 0
    return StorageHealth(
        storage_number=storage.storage_number.strip(),
        phase=_PHASES.get(storage.life_phase, StoragePhase.UNKNOWN),
        expires=expiry.expires if isinstance(expiry, c.StorageExpiryReply) else None,
        is_ending=bool(storage.warnings & _ENDING),
        is_ending_soon=bool(storage.warnings & _ENDING_SOON),
        is_nearly_full=bool(storage.warnings & _NEARLY_FULL),
        is_ofd_late=bool(storage.warnings & _OFD_LATE),
        is_critical=bool(storage.warnings & _CRITICAL),
        unsent=None if told is None else told.queued,
        oldest_unsent=told.first_document_number if waits and told is not None else None,
        oldest_unsent_at=told.first_document_at if waits and told is not None else None,
    )


def line_facts(session: Session) -> LineFacts:
    """15h for the port through which 11h says that it was asked; a network port has no speed."""
    link = "v2" if isinstance(session.link, LinkV2) else "v1"
    port = session.ask(c.FullStatus(session.password)).port
    if port >= _NETWORK_PORT:
        return LineFacts(link)
    reply = session.answer(c.ReadExchange(session.password, port))
    if not isinstance(reply, c.ReadExchangeReply) or reply.speed >= len(BAUDS):
        return LineFacts(link)
    return LineFacts(link, BAUDS[reply.speed], byte_timeout_ms(reply.byte_timeout))


def byte_timeout_ms(code: int) -> int:
    """Milliseconds of a byte time-out as 14h codes it: to 150 in ms, to 249 in steps of 150 ms, then of 15 s."""
    if code <= 150:
        return code
    return (code - 149) * 150 if code <= 249 else (code - 248) * 15_000
