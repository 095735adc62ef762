"""What the portal has to be told because a receipt was made: the rows that are committed together with its mark."""

from __future__ import annotations

from posapp.domain.fiscal import FiscalMark, ReceiptKind
from posapp.domain.lawful import Step
from posapp.domain.offers import Deal
from posapp.domain.receipt import Receipt
from posapp.domain.settlement import State
from posapp.journal.rows import NewEntry
from posapp.till import correction_rows, refund_rows, stock_rows
from posapp.till.context import Till
from posapp.till.steps import steps_of


def entries_for(till: Till, receipt: Receipt, mark: FiscalMark) -> list[NewEntry]:
    """What the portal has to hear of a sale, a refund or a correction; nothing for other receipts.

    Money that was taken: its mark and its payment. Goods that went out: their shipment. The final status when nothing
    is left to settle. A hand-over without money has no payment, so its mark goes to the shipment (rule 15: the fields
    of the payment carry the prepayment's receipt and are never overwritten). Goods that were refused at the door leave
    the portal's order before its payment is marked paid, and are not in what its shipment takes out of stock.
    """
    if receipt.settlement.fix is not None:
        return correction_rows.fix_entries(till, receipt, mark)
    if till.settings.portal is None:
        return []
    if receipt.settlement.portal == "":
        return stock_rows.walk_in_entries(till, receipt, mark)
    if receipt.kind is ReceiptKind.SELL_REFUND:
        return refund_rows.refund_entries(till, receipt, mark)
    if receipt.kind is not ReceiptKind.SELL:
        return []
    bodies = _bodies(till, receipt, mark, till.settings.portal.final_status)
    steps = [each for each in steps_of(receipt) if each != "status" or not _goods_stay(till, receipt)]
    ahead = _paid_ahead(till, receipt)
    if ahead is not None:
        bodies["status"], steps = ahead, [*steps, "status"]
    return [
        NewEntry(step, receipt.settlement.order_id, receipt.order_number, receipt.settlement.portal, bodies[step])
        for step in steps
    ]


def _bodies(till: Till, receipt: Receipt, mark: FiscalMark, status: str) -> dict[str, dict[str, object]]:
    """What each step of a sale has to tell, whether it has the step or not."""
    money, mark_body = receipt.settled_money.kopecks, mark.as_json()
    payment = {"payment_id": receipt.settlement.payment_id, "key": receipt.key}
    bodies: dict[str, dict[str, object]] = {
        "mark": {**payment, "mark": mark_body, "total_kopecks": money},
        "payment": {**payment, "total_kopecks": money},
        "status": {"status": status},
        "stock": {},
    }
    shipment_id = receipt.settlement.shipment_id
    if shipment_id is not None:
        bodies["stock"] = {"shipment_id": shipment_id, "mark": mark_body, "key": receipt.key}
    if shipment_id is not None or receipt.step is Step.DEBT:  # no single payment says that all is paid
        bodies["status"]["needs"] = "all_paid"
    listed = refund_rows.list_fields(till, receipt, mark)
    bodies["mark"] |= listed
    if receipt.settlement.payment_id is None:
        bodies["stock"] |= listed
    if stock_rows.chosen(till) is not None and stock_rows.counts_stock(till):  # what the till counts until it is told
        order = till.journal.order_by_id(receipt.settlement.portal, receipt.settlement.order_id)
        bodies["stock"]["goods"] = stock_rows.goods_of_order(till, order, receipt.lines, -1)
    if receipt.refused is not None:
        refused = {"refused": receipt.refused.as_json()}
        bodies["payment"] |= {**refused, "document": mark.document_number}
        bodies["stock"] |= refused
    tell = till.settings.tell
    if tell.property_code:
        bodies["mark"]["property"] = {"code": tell.property_code, "ids": tell.ids}
    return bodies


def _paid_ahead(till: Till, receipt: Receipt) -> dict[str, object] | None:
    """The shop's status of an order that is paid and not handed over, where it has one and nothing is left to pay."""
    settled, status = receipt.settlement, till.settings.tell.paid_status
    if not status or receipt.step is not Step.AHEAD or settled.payment_id is None:
        return None
    order = till.journal.order_by_id(settled.portal, settled.order_id)
    if order is None or order.price != receipt.total:
        return None
    return {"status": status, "soft": True, "before": order.status_id}


def _goods_stay(till: Till, receipt: Receipt) -> bool:
    """Another shipment of the order is still to be handed over: the last one closes the order."""
    settled = receipt.settlement
    if settled.shipment_id is None:
        return False
    order = till.journal.order_by_id(settled.portal, settled.order_id)
    if order is None or len(order.shipments) < 2:
        return False
    stored = till.journal.receipts_of_order(settled.portal, settled.order_id)
    made = [each.receipt for each in stored if each.state is State.FISCALIZED and each.receipt.key != receipt.key]
    gone = Deal.of(order, made).handed_over | {settled.shipment_id}
    return any(each.shipment_id not in gone and not each.is_deducted for each in order.shipments)
