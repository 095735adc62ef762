"""The four lights of an order, computed from the journal: what is proven, on its way, or waits for a person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from posapp.domain.order import Order
from posapp.domain.settlement import State
from posapp.domain.stock_goods import is_untouched
from posapp.errors import WORDS, OutcomeUnknown, PosError, Refused, SyncError
from posapp.journal.rows import NEEDS_ADMINISTRATOR
from posapp.till.views import Lamp, Light, Lights

if TYPE_CHECKING:
    from posapp.journal.rows import OutboxEntry, StoredReceipt

GREY = Lamp(Light.GREY)


def lights_of(
    order: Order, receipt: StoredReceipt | None, entries: Sequence[OutboxEntry], trouble: PosError | None = None
) -> Lights:
    """`receipt` is the one that counts, `entries` its outbox entries; `trouble`: it is being put right, and how far."""
    by_step = _telling(entries)
    paid = ", ".join(f"оплата {each.payment_id}" for each in order.payments if each.is_paid)
    shipped = ", ".join(f"отгрузка {each.shipment_id}" for each in order.shipments)
    return Lights(
        receipt=_receipt_lamp(receipt, trouble),
        money=_money_lamp(by_step, Lamp(Light.GREEN, paid) if order.is_paid else GREY),
        status=_entry_lamp(by_step.get("status")) or GREY,
        stock=_stock_lamp(order, entries, by_step) or (Lamp(Light.GREEN, shipped) if order.is_deducted else GREY),
    )


def _stock_lamp(order: Order, entries: Sequence[OutboxEntry], by_step: dict[str, OutboxEntry]) -> Lamp | None:
    """Green when all shipments have gone out; one of several that has is not the goods."""
    lamp = _entry_lamp(by_step.get("stock"))
    if lamp is not None and lamp.light is Light.GREEN and is_untouched(lamp.proof):
        return Lamp(Light.GREY, lamp.proof)  # 1C or nobody keeps the stock: nothing was written, and here is why
    told = {each.body.get("shipment_id") for each in entries if each.step == "stock"}
    stays = [each for each in order.shipments if each.shipment_id not in told and not each.is_deducted]
    return GREY if lamp is not None and lamp.light is Light.GREEN and None not in told and stays else lamp


def _telling(entries: Sequence[OutboxEntry]) -> dict[str, OutboxEntry]:
    """Of each step the entry that tells how it stands: an earlier receipt's that is not done yet, else the last one."""
    found: dict[str, OutboxEntry] = {}
    for each in entries:
        if each.step not in found or found[each.step].state == "done" or each.state in ("failed", "held"):
            found[each.step] = each
    return found


def _receipt_lamp(stored: StoredReceipt | None, trouble: PosError | None) -> Lamp:
    if stored is None or stored.state is State.CANCELLED:
        return GREY
    if trouble is not None and stored.state is not State.SENDING:
        return Lamp(Light.RED, trouble=trouble, since=stored.receipt.created_at)
    match stored.state:
        case State.FISCALIZED:
            number = stored.mark.document_number if stored.mark else "?"
            return Lamp(Light.GREEN, f"ФД {number}", since=stored.fiscalized_at)
        case State.SENDING:
            unknown = OutcomeUnknown(key=stored.receipt.key)
            return Lamp(Light.AMBER, trouble=unknown, since=stored.receipt.created_at, is_unknown=True)
        case State.PENDING:
            return Lamp(Light.AMBER, since=stored.receipt.created_at)
        case _:
            reason = stored.reason or "без причины"
            return Lamp(Light.RED, trouble=Refused("device_refused", reason=reason, error="–"))


def _money_lamp(by_step: dict[str, OutboxEntry], otherwise: Lamp) -> Lamp:
    """Money is green when the portal holds both the mark and the payment."""
    lamps = [lamp for lamp in map(_entry_lamp, (by_step.get("mark"), by_step.get("payment"))) if lamp is not None]
    for light in (Light.RED, Light.AMBER):
        for lamp in lamps:
            if lamp.light is light:
                return lamp
    return lamps[-1] if lamps else otherwise


def _entry_lamp(entry: OutboxEntry | None) -> Lamp | None:
    if entry is None:
        return None
    match entry.state:
        case "done":
            return Lamp(Light.GREEN, entry.proof)
        case "waiting" if entry.code not in NEEDS_ADMINISTRATOR:
            return Lamp(Light.AMBER, trouble=trouble_of(entry), since=entry.created_at, entry=entry.id)
        case _:
            return Lamp(Light.RED, trouble=trouble_of(entry), since=entry.created_at, entry=entry.id)


def trouble_of(entry: OutboxEntry) -> PosError | None:
    """The last trouble of an entry, rebuilt with its words; None while there was none."""
    if not entry.code or entry.code not in WORDS:
        return None
    return SyncError(entry.code, **entry.facts)
