"""Other tills of ours on the same register: what they have receipted there is read from the storage, not asked.

The stamp of a document names till and order (tag 1086). Whoever accounts for the documents of a register (rule 11)
therefore learns which orders another till has receipted on it, with no network and no gateway. Such an order is not
sold here: it would be the second receipt of the same settlement. Two portals may number their orders alike, so a
manager may answer for the sale, audited.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from posapp.domain.fiscal import FiscalDocument, ReceiptKind
from posapp.domain.order import Order
from posapp.domain.settlement import Stamp
from posapp.errors import SaleError
from posapp.till import audit
from posapp.till.context import Till


def note_receipts(till: Till, foreign: Sequence[FiscalDocument]) -> None:
    """Keeps which orders the sales among these documents settled, by the stamps of other tills."""
    for document in foreign:
        stamp = Stamp.parse(document.stamp) if document.stamp else None
        if stamp is not None and stamp.order and document.kind is ReceiptKind.SELL:
            said = {"till": stamp.till, "document": f"ФД {document.number}"}
            till.journal.set_fact(_fact(stamp.order), json.dumps(said, ensure_ascii=False))


def refuse_receipted(till: Till, order: Order, override: str = "") -> None:
    """Raises SaleError `receipted_elsewhere` for an order that another till has receipted on this register."""
    said = till.journal.get_fact(_fact(order.number))
    if not said:
        return
    beside = json.loads(said)
    if not override:
        raise SaleError("receipted_elsewhere", order=order.number, **beside)
    seen = f"касса {beside['till']}, {beside['document']}"
    till.journal.note(audit.decided(till, "claim.overridden", order.number, override, beside=seen))


def _fact(order_number: str) -> str:
    return f"receipted_on_this_register:{order_number}"
