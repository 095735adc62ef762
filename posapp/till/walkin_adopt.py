"""A sale without an order read back from its document: for a journal that went back in time (rule 11).

Its stamp names the till and no order (`1··KEY`). The settlement follows from the key alone, so it is the same that the
lost receipt had. What the document does not hold – the portal's ids of the goods – stays lost: the stock of such a sale
is a person's matter.
"""

from __future__ import annotations

from posapp.domain import ffd
from posapp.domain.basket import walk_in_settlement
from posapp.domain.fiscal import ReceiptKind
from posapp.domain.readback import receipt_from
from posapp.domain.settlement import Stamp
from posapp.errors import ResolveNeeded
from posapp.journal.rows import SettlementTaken
from posapp.till import correction_state, refund_adopt
from posapp.till.context import Till

WORD = "walk-in"
"""What a person types in an order's place for a document that names nothing: it was a sale without an order."""


def is_of_walk_in(stamp: Stamp) -> bool:
    """A stamp that says which till made the document, and that there was no order. A bare key (1192) says neither."""
    return bool(stamp.till) and not stamp.order


def take_in(till: Till, stamp: Stamp, number: int, kind: ReceiptKind) -> None:
    """Document `number` as a receipt of the journal, `pending`. Raises ResolveNeeded where it does not fit."""
    entries = ffd.read_document(till.printer.document_tlv(number)).entries
    settlement = walk_in_settlement(stamp.key, kind)
    try:
        receipt = receipt_from(entries, stamp, settlement, now=till.now(), is_training=till.settings.is_training)
        fixing = correction_state.as_fix(till, receipt)
        if fixing is not None:
            receipt = fixing
        elif kind in (ReceiptKind.SELL_REFUND, ReceiptKind.BUY_REFUND):
            receipt = refund_adopt.as_refund(till, receipt)
        till.journal.add_receipt(receipt)
    except ValueError as error:
        raise ResolveNeeded("not_resolvable", why=f"ФД {number} не похож на чек этой программы: {error}") from error
    except SettlementTaken as error:
        raise ResolveNeeded("not_resolvable", why=f"эта продажа без заказа – уже чек {error.key}") from error
