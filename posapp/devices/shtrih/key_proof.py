"""Set-up's proof of where a register takes our key: an open document of each sort, cancelled at once (rule 2).

Where none can be opened now nothing is proven. Every receipt sends its key before its lines and stops when the register
refuses it, so an unproven register never prints a receipt without a key.
"""

from __future__ import annotations

from contextlib import suppress

from posapp.devices.base import Ffd
from posapp.devices.shtrih import commands as c
from posapp.devices.shtrih import open_documents, receipt_tags, states
from posapp.devices.shtrih.plan import CORRECTION_BIT
from posapp.devices.shtrih.refusals import PRINTING_PREVIOUS, WAITS_CONTINUE, refusal
from posapp.devices.shtrih.session import Session
from posapp.domain.fiscal import ReceiptKind
from posapp.domain.settlement import Stamp
from posapp.errors import PosError

PRINTED_KINDS = (ReceiptKind.SELL, ReceiptKind.SELL_REFUND)
"""What set-up proves the key for: a shop sells and takes back. Each proof costs a cancelled receipt on paper."""
KINDS_WITH_1192 = (ReceiptKind.SELL, ReceiptKind.BUY)
"""A refund names the receipt that it takes back in 1192 (FFD 1.05), a correction the one that it puts right."""


def of_receipts(session: Session) -> dict[ReceiptKind, str]:
    """`1084`, `1192` or "" for each kind that could be opened. The register is free and its shift open."""
    try:
        found = {kind: _offer_key(session, kind) for kind in PRINTED_KINDS}
    except PosError:
        _leave_nothing_open(session)
        raise
    return {kind: tag for kind, tag in found.items() if tag is not None}


def of_corrections(session: Session, version: Ffd) -> str | None:
    """`1084` or "", None when no correction could be opened. FFD 1.05: begun and cancelled without any paper."""
    password = session.password
    opening: c.AnyCommand = c.OpenReceipt(password, CORRECTION_BIT | states.KIND_TO_OPEN[ReceiptKind.SELL])
    if version is Ffd.V1_05:
        opening = c.BeginCorrection(password)
    try:
        if isinstance(session.offer(opening), c.ErrorReply):
            return None
        taken = _takes_key(session, receipt_tags.USER_REQUISITE)
        open_documents.cancel(session)
    except PosError:
        _leave_nothing_open(session)
        raise
    return receipt_tags.USER_REQUISITE if taken else receipt_tags.NO_KEY


def _offer_key(session: Session, kind: ReceiptKind) -> str | None:
    """The first tag that a receipt of this kind takes with our key in it, "" for neither; None: not opened."""
    if isinstance(session.offer(c.OpenReceipt(session.password, states.KIND_TO_OPEN[kind])), c.ErrorReply):
        return None
    tags = (receipt_tags.USER_REQUISITE, receipt_tags.RECEIPT_REQUISITE)[: 2 if kind in KINDS_WITH_1192 else 1]
    taken = next((tag for tag in tags if _takes_key(session, tag)), receipt_tags.NO_KEY)
    open_documents.cancel(session)
    return taken


def _takes_key(session: Session, tag: str) -> bool:
    """Whether the document that is open takes a key in this tag; any "no" but "I am printing" says that not."""
    (record,) = receipt_tags.key_tlv(Stamp("0", "0", "0" * 16), tag)
    reply = session.offer(c.SendDocumentTlv(session.password, record))
    if isinstance(reply, c.ErrorReply) and reply.error in (PRINTING_PREVIOUS, WAITS_CONTINUE):
        raise refusal(reply.error)
    return not isinstance(reply, c.ErrorReply)


def _leave_nothing_open(session: Session) -> None:
    """After a proof that broke off: the empty document on a register that was free a moment ago is ours."""
    with suppress(PosError):  # set-up fails with the first trouble, which says more than this one
        session.reset_link()
        found = open_documents.look(session)
        if found is not None and not found.subtotal and not found.refused_ours:
            open_documents.cancel(session)
