"""A refund read back from its document: which receipt it takes back, and as which refund of it (rule 11)."""

from __future__ import annotations

from dataclasses import replace

from posapp.domain.receipt import OriginalReceipt, Receipt
from posapp.domain.settlement import State, numbered_part
from posapp.domain.undone import REFUNDS
from posapp.journal.rows import StoredReceipt
from posapp.till.context import Till


def as_refund(till: Till, receipt: Receipt) -> Receipt:
    """The refund with its settlement and with all that it refers to, as far as the journal knows the original.

    Its document names the original by its sign alone (1192), or not at all on a register that keeps the key there; then
    the order's only receipt is meant. A refund of another till's receipt stays with the sign.
    """
    original = _original(till, receipt)
    if original is not None and original.mark is not None:
        basis = OriginalReceipt.of(original.receipt.key, original.mark)
        part = original.receipt.settlement.part
        receipt = replace(receipt, basis=basis, settlement=replace(receipt.settlement, part=part))
    base, number = receipt.settlement.part, 1
    while till.journal.receipt_of_settlement(_numbered(receipt, base, number).settlement) is not None:
        number += 1
    return _numbered(receipt, base, number)


def _numbered(receipt: Receipt, base: str, number: int) -> Receipt:
    return replace(receipt, settlement=replace(receipt.settlement, part=numbered_part(base, number)))


def _original(till: Till, receipt: Receipt) -> StoredReceipt | None:
    settlement = receipt.settlement
    sales = [
        each
        for each in till.journal.receipts_of_order(settlement.portal, settlement.order_id)
        if each.state is State.FISCALIZED and each.receipt.kind not in REFUNDS
    ]
    if receipt.basis is None:
        return sales[0] if len(sales) == 1 else None
    sign = receipt.basis.document_sign
    return next((each for each in sales if each.mark is not None and each.mark.document_sign == sign), None)
