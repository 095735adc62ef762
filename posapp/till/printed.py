"""Printed forms of what this till knows: a receipt of its journal, any document of its register, the X report."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from posapp.devices.base import ShiftCounters
from posapp.domain import ffd
from posapp.domain.printed import PrintedForm
from posapp.domain.printed_document import Beside, form_of
from posapp.domain.printed_reports import XReport, x_form
from posapp.domain.registration import FormProfile
from posapp.domain.settlement import State
from posapp.domain.takings import Takings
from posapp.errors import PosError, SaleError
from posapp.till import orders, register
from posapp.till.context import Till
from posapp.till.receipts import form_profile, receipt_view
from posapp.till.views import ReceiptView

if TYPE_CHECKING:
    from posapp.journal.rows import StoredReceipt

SHIFT_OPENED = "shift_opened_at"
"""The journal's fact: when this till opened the shift."""


def receipt_by(till: Till, what: str) -> ReceiptView:
    """The receipt with this key; of an order, by its number, the newest that is not cancelled. SaleError otherwise."""
    stored = till.journal.receipt(what.strip().upper()) or _newest_of_order(till, what)
    return receipt_view(till, stored)


def _newest_of_order(till: Till, number: str) -> StoredReceipt:
    order = orders.on_board(till, number) if till.settings.portal is not None else None
    if order is None:
        raise SaleError("not_found", what=f"чек {number}")
    alive = [
        each
        for each in till.journal.receipts_of_order(order.portal, order.order_id)
        if each.state is not State.CANCELLED
    ]
    if not alive:
        raise SaleError("not_found", what=f"чек заказа {order.number}")
    return alive[-1]


def profile(till: Till) -> FormProfile:
    """What is known of the paper of this till's register."""
    return form_profile(till.settings.printer)


def document_form(till: Till, number: int) -> PrintedForm:
    """A document of the register's storage by its number (1040), read now. Raises Refused `not_found`, Unreachable.

    Only of the register that was set up: its name and address would stand on another one's documents.
    """
    register.refuse_other_device(till)
    return form_of_tlv(till.printer.document_tlv(number), profile(till))


def form_of_tlv(data: bytes, known: FormProfile | None = None) -> PrintedForm:
    """The form of a document's TLV; `known` adds what its register prints from its own memory.

    Raises PosError `bad_input` with the position of what is wrong.
    """
    try:
        document = ffd.read_document(data)
    except ffd.BadTlv as error:
        raise PosError("bad_input", what=str(error), position=error.position) from None
    return form_of(document, None if known is None else Beside(known.registration))


def x_report_form(till: Till) -> PrintedForm:
    """The X report from the counters of the register, read now; prints nothing. Raises Refused, Unreachable."""
    register.refuse_other_device(till)
    counters = till.printer.shift_counters()
    opened = till.journal.get_fact(SHIFT_OPENED)
    return x_form(
        XReport(
            device=till.identity,
            registration=profile(till).registration,
            shift_number=counters.shift_number,
            at=till.now().replace(tzinfo=None),
            takings=takings_of(counters),
            corrections={kind: (each.count, each.total) for kind, each in counters.corrections.items()},
            drawer=counters.drawer,
            cash_in=counters.cash_in,
            cash_out=counters.cash_out,
            cashier=till.settings.cashier,
            opened_at=None if opened is None else datetime.fromisoformat(opened).replace(tzinfo=None),
        )
    )


def takings_of(counters: ShiftCounters) -> Takings:
    """The counters of the storage as sums by kind and tender."""
    return Takings(
        {kind: each.count for kind, each in counters.receipts.items()},
        {
            (kind, tender): amount.kopecks
            for kind, each in counters.receipts.items()
            for tender, amount in each.tenders.items()
            if amount
        },
    )
