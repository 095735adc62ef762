"""Which steps of write-back a sale's receipt has. Pure."""

from __future__ import annotations

from posapp.domain.lawful import Step
from posapp.domain.receipt import Receipt, TenderKind


def steps_of(receipt: Receipt) -> tuple[str, ...]:
    """The steps, in their order.

    Money that is settled is a payment of the portal; goods that go out are a shipment; the order may be closed when
    this receipt leaves nothing to settle – no debt, and nothing that was paid for goods that were refused.
    """
    steps = [] if receipt.settlement.payment_id is None else ["mark", "payment"]
    owes_money = receipt.refused is not None and receipt.refused.is_prepaid
    if receipt.step is not Step.AHEAD and not receipt.tender(TenderKind.CREDIT) and not owes_money:
        steps.append("status")
    if receipt.step is Step.HANDOVER:
        steps.append("stock")
    return tuple(steps)
