"""Under which name a portal is kept: one portal has one name, whatever its address is today.

Orders, receipts and their settlements carry the name of their portal (rule 1), and the name is its host. A portal may
answer at several hosts – its own domain and the cloud's, with and without `www` – and may move to another one. Were it
taken for a second portal, every order that the first one has not heard of yet could be sold again. So before set-up
believes in a second portal it is asked for the orders that were receipted here: a portal that has them is the same one
and keeps its name. Another one is taken only when everything has been told to the former.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from posapp.domain.order import Order
from posapp.domain.receipt import Receipt
from posapp.errors import SetupError
from posapp.journal.store import Journal
from posapp.till.leaving import unsent_in

if TYPE_CHECKING:
    from posapp.sync.bitrix.client import BitrixClient

SAMPLE = 20
"""So many of the youngest receipts are looked for: an order may have been deleted there, hardly all of them."""


def name_of(journal: Journal, client: BitrixClient, now: datetime) -> str:
    """The name of the portal that `client` speaks with: that of the journal's receipts, or its address when it is new.

    Raises SetupError `portal_left` for another portal while the former one has still to be told something, and what
    the portal raises while it cannot be asked.
    """
    formers = journal.receipt_portals()
    if not formers or client.address in formers:
        return client.address
    for former in formers:
        if _is_same(journal.newest_receipts(former, SAMPLE), client, now):
            return former
    left = unsent_in(journal)
    if not left.is_nothing:
        raise SetupError(
            "portal_left",
            found=client.address,
            former=", ".join(formers),
            entries=left.entries,
            receipts=left.receipts,
            operations=left.operations,
        )
    return client.address


def _is_same(receipts: list[Receipt], client: BitrixClient, now: datetime) -> bool:
    """Whether an order of these receipts is there: number, payment and goods, for numbers alone are alike anywhere."""
    from posapp.sync.bitrix.orders import pull

    ids = sorted({each.settlement.order_id for each in receipts})
    there = {each.order_id: each for each in pull(client, client.portal, now, only=ids).orders}
    pairs = ((there.get(each.settlement.order_id), each) for each in receipts)
    return any(order is not None and _is_of(receipt, order) for order, receipt in pairs)


def _is_of(receipt: Receipt, order: Order) -> bool:
    payments = {str(each.payment_id) for each in order.payments}
    goods = {(" ".join(each.name.split())[: len(line.name)].strip(), each.price) for each in order.lines
             for line in receipt.lines}  # fmt: skip
    return (
        order.number == receipt.order_number
        and receipt.settlement.part in payments
        and any((line.name, line.price) in goods for line in receipt.lines)
    )
