"""What the portal has to hear of a refund, and the entries of its list of receipts (rule 15). Pure but for the journal.

| step | what |
| --- | --- |
| mark | the refund's entry in the payment's list, `payReturnNum`, `payReturnDate`, `payReturnComment` |
| payment | `paid=N` – when all money of the payment has gone back |
| status | the status that the shop chose for an order whose money went back, if it chose one |
| stock | `deducted=N` – when everything that went out came back at once; parts: `stock_rows` |

Whether it is all is judged at the portal, by the list there: other tills may have taken back the rest.
"""

from __future__ import annotations

from posapp.domain.fiscal import FiscalMark, ReceiptKind
from posapp.domain.lawful import Step
from posapp.domain.offers import way_of
from posapp.domain.receipt import Receipt
from posapp.domain.receipt_list import Listed, refund_entry, sale_entry
from posapp.domain.settlement import Fix, State
from posapp.journal.rows import NewEntry, StoredReceipt
from posapp.till import stock_rows
from posapp.till.context import Till

CORRECTION = "correction"
"""The way of a correction receipt in the list."""


def list_fields(till: Till, receipt: Receipt, mark: FiscalMark) -> dict[str, object]:
    """What the body of an outbox row says of the list: the receipt's entry, the entry of what it takes back, the field.

    Of a refund whose original was made on another till the journal has no entry; the portal's list has.
    """
    portal = till.settings.portal
    field = portal.receipts_field if portal is not None else ""
    if receipt.kind is ReceiptKind.SELL:
        return {"entry": sale_entry(receipt, mark, _way(receipt)).text(), "field": field}
    found: dict[str, object] = {"entry": refund_entry(receipt, mark).text(), "field": field}
    before = _before(till, receipt)
    if before:
        found["original"] = ";".join(each.text() for each in before)
    return found


def _before(till: Till, refund: Receipt) -> list[Listed]:
    """The entry of what a refund takes back. Where that one took the place of a wrong receipt, the wrong one and what
    undid it stand before it, for the payment shows the wrong one."""
    original = till.journal.receipt(refund.basis.key) if refund.basis is not None and refund.basis.key else None
    if original is None or original.mark is None or original.state is not State.FISCALIZED:
        return []
    chain = [original]
    while (fix := chain[0].receipt.settlement.fix) is not None and (wrong := till.journal.receipt(fix[1])) is not None:
        chain = [wrong, *_undoing(till, wrong), *chain]
    return [_listed(each.receipt, each.mark) for each in chain if each.mark is not None]


def chain_to(till: Till, wrong: StoredReceipt) -> list[Listed]:
    """The entries of a wrong receipt, of what it was the right one of, if anything, and of what undid each of them."""
    chain = [wrong, *_undoing(till, wrong)]
    while (fix := chain[0].receipt.settlement.fix) is not None and (before := till.journal.receipt(fix[1])) is not None:
        chain = [before, *_undoing(till, before), *chain]
    return [_listed(each.receipt, each.mark) for each in chain if each.mark is not None]


def _undoing(till: Till, wrong: StoredReceipt) -> list[StoredReceipt]:
    """The printed documents that undid a wrong receipt."""
    settlement = wrong.receipt.settlement
    family = till.journal.receipts_of_order(settlement.portal, settlement.order_id)
    undoing = [each for each in family if each.receipt.settlement.fix == (Fix.UNDO, wrong.receipt.key)]
    return [each for each in undoing if each.state is State.FISCALIZED]


def _listed(receipt: Receipt, mark: FiscalMark) -> Listed:
    if receipt.kind is ReceiptKind.SELL_REFUND:
        return refund_entry(receipt, mark)
    return sale_entry(receipt, mark, _way(receipt))


def _way(receipt: Receipt) -> str:
    return CORRECTION if receipt.correction is not None else way_of(receipt).value


def refund_entries(till: Till, receipt: Receipt, mark: FiscalMark) -> list[NewEntry]:
    """The outbox rows of a refund of an order's receipt, committed with its mark."""
    basis, portal = receipt.basis, till.settings.portal
    if portal is None or receipt.settlement.portal == "" or basis is None:
        return []
    if not basis.key and not basis.document_number:
        return []  # read back from a document that names only a sign which the journal does not know
    common: dict[str, object] = {
        "refund": True,
        "key": receipt.key,
        "payment_id": receipt.settlement.payment_id,
        "shipment_id": receipt.settlement.shipment_id,
        **list_fields(till, receipt, mark),
    }
    bodies: dict[str, dict[str, object]] = {}
    if receipt.settlement.payment_id is not None:
        bodies["mark"] = {**common, "mark": mark.as_json(), "total_kopecks": receipt.total.kopecks}
        bodies["payment"] = common
    if portal.refund_status:
        bodies["status"] = {**common, "status": portal.refund_status}
    bodies |= _goods_back(till, receipt, mark, common)
    entries = [
        NewEntry(step, receipt.settlement.order_id, receipt.order_number, receipt.settlement.portal, body)
        for step, body in bodies.items()
    ]
    alone = stock_rows.refund_entry(till, receipt, mark) if receipt.step is Step.HANDOVER else None
    return entries if alone is None else [*entries, alone]


def _goods_back(
    till: Till, receipt: Receipt, mark: FiscalMark, common: dict[str, object]
) -> dict[str, dict[str, object]]:
    """The shipment's part: it takes everything back, or – where the goods stay away, or come back by themselves – only
    carries the list of its receipts."""
    if receipt.step is not Step.HANDOVER:
        return {}
    body = {**common, "mark": mark.as_json()}
    returned = till.journal.returned_goods(receipt.key)
    is_told = receipt.settlement.payment_id is not None  # then the list stands in the payment
    if returned is not None and (not returned.is_back or stock_rows.refund_entry(till, receipt, mark) is not None):
        return {} if is_told else {"stock": {**body, "keeps_stock": True}}
    if stock_rows.by_goods(till, receipt):
        body["parts_by_goods"] = True
    if returned is not None and stock_rows.UNKNOWN not in returned.goods and stock_rows.chosen(till) is not None:
        body["goods"] = [dict(each) for each in returned.goods] if returned.is_whole else []
    return {"stock": body}
