"""What the portal has to hear of a receipt that was put right: only the payment's list of receipts (rule 15).

Money and goods are as they were, so payment, status and stock stay, and the payment keeps the mark that it has: the
wrong receipt's. The list gets the wrong one, what undid it and the right one at once, so that no till ever sees the
wrong one undone and nothing in its place. A hand-over without money has no payment, and a refund that was wrong stays
in the list as it is: how much came back is the same.
"""

from __future__ import annotations

from posapp.domain.fiscal import FiscalMark, ReceiptKind
from posapp.domain.receipt import Receipt
from posapp.domain.settlement import Fix
from posapp.journal.rows import NewEntry
from posapp.till import refund_rows
from posapp.till.context import Till


def fix_entries(till: Till, receipt: Receipt, mark: FiscalMark) -> list[NewEntry]:
    """The outbox rows of a document that puts a receipt right, committed with its mark."""
    settlement, fix = receipt.settlement, receipt.settlement.fix
    if fix is None or fix[0] is Fix.UNDO or settlement.payment_id is None or till.settings.portal is None:
        return []
    wrong = till.journal.receipt(fix[1])
    if wrong is None or wrong.mark is None or wrong.receipt.kind is not ReceiptKind.SELL or settlement.portal == "":
        return []
    listed = refund_rows.list_fields(till, receipt, mark)
    if fix[0] is Fix.REDO:
        before = refund_rows.chain_to(till, wrong)
        listed["original"] = ";".join(each.text() for each in before)
    body = {"listed": True, "payment_id": settlement.payment_id, "key": receipt.key, **listed}
    body["document"] = mark.document_number
    return [NewEntry("mark", settlement.order_id, receipt.order_number, settlement.portal, body)]
