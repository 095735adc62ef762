"""Receipts on a simulated register: FF46/FF45 and the classic 80h–89h, cash in and out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posapp.devices.base import Ffd
from posapp.devices.shtrih import commands as c
from posapp.devices.simulator.content import receipt_content, tax_system_of
from posapp.devices.simulator.corrections import require_basis, type_of_correction
from posapp.devices.simulator.documents import CORRECTION, RECEIPT, StoredDocument
from posapp.devices.simulator.receipt import KIND_BIT, KIND_TAG, Item, OpenReceipt, line_sum
from posapp.devices.simulator.rules import (
    BAD_PARAMETER,
    CASHLESS_OVER,
    MODE_DOCUMENT,
    NON_FISCAL,
    PAID_SHORT,
    RECEIPT_CLOSED,
    RECEIPT_OPEN,
    SHIFT_EXPIRED,
    TAG_MISSING,
    WRONG_MODE,
    AnyCall,
    Call,
    Refuse,
    handles,
    roubles,
)

if TYPE_CHECKING:
    from posapp.devices.simulator.printer import Printer

STORNO_TOO_BIG, CASH_SHORT, WRONG_KIND = 0x2D, 0x46, 0x49
BUFFER_FULL, NOTHING_TO_REPEAT, BAD_PRICE, BAD_QUANTITY, ZERO_TOTAL = 0x4B, 0x56, 0x61, 0x62, 0x8E
DISCOUNT_TOO_BIG, TOO_MUCH_PAID = 0x5A, 0x40
CORRECTION_BIT = 0x80
"""What 8Dh adds to the kind of a correction, from FFD 1.1 on."""
_OLD_OBJECTS = frozenset(range(28))
OBJECTS = {Ffd.V1_05: _OLD_OBJECTS, Ffd.V1_2: _OLD_OBJECTS | {30, 31, 32, 33}}
"""Tag 1212; those that say whether goods carry a code came with FFD 1.2. 0 stands for goods."""
WITH_CODE = (31, 33)
REPLACES_20 = 71
"""Field of table 17: whether the rates of 20 % become those of 22 %."""
_RATE_OF_2026 = {1: 11, 3: 12}
SUM_MAX = 9_999_999_999
ITEMS_MAX = 500
TRAINING_LINE = "УЧЕБНЫЙ ЧЕК, НЕ ИМЕЕТ ЮРИДИЧЕСКОЙ СИЛЫ"

# Rows of table 6, as the classic commands name taxes, → tag 1199.
_RATE_OF_ROW = {0: 6, 1: 1, 2: 2, 3: 5, 4: 6, 5: 3, 6: 4, 7: 7, 8: 8, 9: 9, 10: 10, 11: 11, 12: 12}


# --- opening


@handles(c.OpenReceipt, prints=True)
def _open_receipt(call: Call[c.OpenReceipt]) -> c.Reply:
    call.printer.no_document()
    kind, is_correction = call.command.kind & ~CORRECTION_BIT, bool(call.command.kind & CORRECTION_BIT)
    if kind not in KIND_TAG or (is_correction and call.printer.storage.version is Ffd.V1_05):
        raise Refuse(BAD_PARAMETER)
    _open(call, kind, is_correction=is_correction)
    return call.done()


def _open(call: AnyCall, kind: int, *, is_correction: bool = False) -> OpenReceipt:
    """Opens the receipt, on some models the shift before it: a document of its own."""
    if call.printer.traits.opens_shift and not call.printer.storage.shift.is_open:
        from posapp.devices.simulator.fiscal import begin_shift  # it stands above this module

        begin_shift(call)
    call.printer.open_shift_at(call.at)
    call.printer.receipt = OpenReceipt(kind, call.operator, is_correction=is_correction)
    return call.printer.receipt


def _receipt_for(call: AnyCall, kind: int) -> OpenReceipt:
    """The open receipt, or a new one: an item opens its receipt when none is open. 49h for another kind."""
    if call.printer.is_non_fiscal_open:
        raise Refuse(WRONG_MODE)
    receipt = call.printer.receipt
    if receipt is None:
        return _open(call, kind)
    if receipt.kind != kind:
        raise Refuse(WRONG_KIND)
    return receipt


def _open_one(printer: Printer) -> OpenReceipt:
    if printer.receipt is None:
        raise Refuse(RECEIPT_CLOSED)
    return printer.receipt


# --- items


@handles(c.Operation, prints=True)
def _operation(call: Call[c.Operation]) -> c.Reply:
    asked = call.command
    known = {byte: rate for rate, byte in c.rate_bytes(call.printer.traits.model).items()}
    rate = 6 if asked.rate_byte == 0 else known.get(asked.rate_byte)
    if call.printer.tables.number(17, 1, REPLACES_20):
        rate = _RATE_OF_2026.get(rate or 0, rate)
    if asked.kind not in KIND_BIT or rate is None or asked.payment_method > 7:
        raise Refuse(BAD_PARAMETER)
    if asked.payment_object not in OBJECTS[call.printer.storage.version]:
        raise Refuse(BAD_PARAMETER)
    _check_item(asked.price_kopecks, asked.quantity_micro)
    computed = line_sum(asked.price_kopecks, asked.quantity_micro)
    kopecks = computed if asked.sum_kopecks is None else asked.sum_kopecks
    if abs(kopecks - computed) > 1 or (asked.tax_kopecks or 0) > kopecks:
        raise Refuse(BAD_PARAMETER)
    item = Item(
        name=asked.name.removeprefix("//"),
        quantity_micro=asked.quantity_micro,
        price_kopecks=asked.price_kopecks,
        sum_kopecks=kopecks,
        tax_kopecks=asked.tax_kopecks,
        rate=rate,
        department=asked.department,
        payment_method=asked.payment_method or 4,
        payment_object=asked.payment_object or 1,
    )
    return _add(call, KIND_BIT[asked.kind], item)


def _check_item(price_kopecks: int, quantity_micro: int) -> None:
    if quantity_micro == 0:
        raise Refuse(BAD_QUANTITY)
    if price_kopecks > SUM_MAX or line_sum(price_kopecks, quantity_micro) > SUM_MAX:
        raise Refuse(BAD_PRICE)


def _add(call: AnyCall, kind: int, item: Item) -> c.Reply:
    """Appends the item; an item that cannot be taken opens no receipt."""
    before = call.printer.receipt
    receipt = _receipt_for(call, kind)
    if len(receipt.items) >= ITEMS_MAX or receipt.total_kopecks + item.sum_kopecks > SUM_MAX:
        call.printer.receipt = before
        raise Refuse(BUFFER_FULL)
    receipt.items.append(item)
    call.printer.print_lines(item.name, f"{roubles(item.sum_kopecks):>36}")
    return call.done()


ClassicCall = Call[c.Sale] | Call[c.Buy] | Call[c.SaleReturn] | Call[c.BuyReturn]


def _classic_item(call: ClassicCall) -> c.Reply:
    asked = call.command
    kind = asked.CODE - 0x80
    row = next((tax for tax in asked.taxes if tax), 0)
    if row not in _RATE_OF_ROW or asked.department > 16:
        raise Refuse(BAD_PARAMETER)
    quantity_micro = asked.quantity_milli * 1000
    _check_item(asked.price_kopecks, quantity_micro)
    department = asked.department or 1
    item = Item(
        name=asked.name or str(call.printer.tables.get(7, department, 1)),
        quantity_micro=quantity_micro,
        price_kopecks=asked.price_kopecks,
        sum_kopecks=line_sum(asked.price_kopecks, quantity_micro),
        tax_kopecks=None,
        rate=_RATE_OF_ROW[row],
        department=asked.department,
        payment_method=4,
        payment_object=1,
    )
    return _add(call, kind, item)


handles(c.Sale, prints=True)(_classic_item)
handles(c.Buy, prints=True)(_classic_item)
handles(c.SaleReturn, prints=True)(_classic_item)
handles(c.BuyReturn, prints=True)(_classic_item)


@handles(c.Storno, prints=True)
def _storno(call: Call[c.Storno]) -> c.Reply:
    asked = call.command
    receipt = _open_one(call.printer)
    if not receipt.take_back(asked.price_kopecks, asked.quantity_milli * 1000, asked.department):
        raise Refuse(STORNO_TOO_BIG)
    call.printer.print_lines(f"СТОРНО {asked.name}")
    return call.done()


def _adjust(call: Call[c.Discount] | Call[c.Markup]) -> c.Reply:
    """86h and 87h, legal while table 17 field 3 is 0; spread over the items, as the format knows no discounts."""
    receipt = _open_one(call.printer)
    if call.printer.tables.number(17, 1, 3):
        raise Refuse(WRONG_MODE)
    sign = -1 if isinstance(call.command, c.Discount) else 1
    kopecks = sign * call.command.amount_kopecks
    if receipt.total_kopecks + kopecks > SUM_MAX or not receipt.adjust(kopecks):
        raise Refuse(DISCOUNT_TOO_BIG)
    return call.done()


handles(c.Discount, prints=True)(_adjust)
handles(c.Markup, prints=True)(_adjust)


# --- subtotal, cancel, close


@handles(c.Subtotal)
def _subtotal(call: Call[c.Subtotal]) -> c.Reply:
    return c.SubtotalReply(call.operator, _open_one(call.printer).total_kopecks)


@handles(c.CancelReceipt, takes_time=True)
def _cancel_receipt(call: Call[c.CancelReceipt]) -> c.Reply:
    printer = call.printer
    if printer.mode_byte(call.at) == MODE_DOCUMENT | NON_FISCAL << 4:
        printer.is_non_fiscal_open = False
        return call.done()
    _open_one(printer)
    printer.receipt = None
    printer.marking.forget()
    printer.registers.count(157)
    printer.print_lines("ЧЕК АННУЛИРОВАН")
    return call.done()


@handles(c.CloseReceipt, takes_time=True)
def _close_receipt(call: Call[c.CloseReceipt]) -> c.Reply:
    asked = call.command
    receipt = _open_one(call.printer)
    if asked.rounding > 99 or asked.rounding > receipt.total_kopecks:
        raise Refuse(BAD_PARAMETER)
    total = receipt.total_kopecks - asked.rounding
    given = asked.taxes_kopecks if call.printer.tables.number(1, 1, 14) else None
    change, document = close(call, receipt, total, asked.payments_kopecks, asked.tax_system, given)
    extended = call.printer.tables.number(17, 1, 36)
    return c.CloseReceiptReply(change, document.number, document.sign, document.at if extended else None)


@handles(c.CloseClassic, takes_time=True)
def _close_classic(call: Call[c.CloseClassic]) -> c.Reply:
    asked = call.command
    receipt = _open_one(call.printer)
    before = list(receipt.items)
    if asked.discount:
        share = (abs(receipt.total_kopecks * asked.discount) + 5000) // 10000
        if abs(asked.discount) > 9999 or not receipt.adjust(-share if asked.discount > 0 else share):
            raise Refuse(DISCOUNT_TOO_BIG)
    cash, *cashless = asked.payments_kopecks
    payments = (cash, *cashless, *(0,) * 12)
    try:
        change, _ = close(call, receipt, receipt.total_kopecks, payments, 0, None)
    except Exception:
        receipt.items = before  # a refusal changes nothing
        raise
    return c.CloseClassicReply(call.operator, change)


def close(
    call: AnyCall,
    receipt: OpenReceipt,
    total: int,
    payments: tuple[int, ...],
    tax_system: int,
    given_taxes: tuple[int, ...] | None,
) -> tuple[int, StoredDocument]:
    """Makes the fiscal document; gives the change and the document. Refuses with nothing changed."""
    printer = call.printer
    if not receipt.items:
        raise Refuse(BAD_PARAMETER)
    if total == 0 and printer.tables.number(1, 1, 23):
        raise Refuse(ZERO_TOTAL)
    if sum(payments) > SUM_MAX:
        raise Refuse(TOO_MUCH_PAID)
    cashless = sum(payments) - payments[0]
    if cashless > total:
        raise Refuse(CASHLESS_OVER)
    if sum(payments) < total:
        raise Refuse(PAID_SHORT)
    cash = total - cashless
    if receipt.kind in (1, 2) and cash > printer.registers.drawer_kopecks:
        raise Refuse(CASH_SHORT)
    tenders = (cash, sum(payments[1:13]), payments[13], payments[14], payments[15])
    if printer.storage.version is Ffd.V1_2:
        _require_new(receipt)
    system = tax_system_of(printer, tax_system)
    document = printer.storage.add(
        printer.form_of(CORRECTION if receipt.is_correction else RECEIPT),
        call.at,
        printer.clock_offset.total_seconds(),
        lambda: receipt_content(printer, receipt, total, tenders, system, given_taxes),
        kind=KIND_TAG[receipt.kind],
        total_kopecks=total,
    )
    sums = [(item.department, item.sum_kopecks) for item in receipt.items]
    printer.registers.receipt_made(receipt.kind, sums, (cash, *payments[1:]))
    if receipt.is_correction:
        printer.registers.correction_total(receipt.kind, total)
    printer.registers.next_document()
    printer.marking.forget()
    printer.marking.sold(sum(item.marking is not None for item in receipt.items))
    printer.receipt = None
    change = sum(payments) - total
    if change:
        printer.print_lines(f"СДАЧА {roubles(change)}")
    _print_end(printer, document)
    return change, document


def _require_new(receipt: OpenReceipt) -> None:
    """FFD 1.2: marked goods have their code (AAh without it), a correction says why it is made."""
    if any(item.payment_object in WITH_CODE and item.marking is None for item in receipt.items):
        raise Refuse(TAG_MISSING)
    if receipt.is_correction:
        if 1173 not in receipt.tags:
            raise Refuse(TAG_MISSING)
        require_basis(receipt.extra, type_of_correction(receipt.extra, None))


def _print_end(printer: Printer, document: StoredDocument) -> None:
    qr = document.qr(printer.identity.storage_number)
    printer.print_lines(TRAINING_LINE, f"ФД {document.number} ФПД {document.sign:010d}", qr or "")


@handles(c.RepeatDocument, takes_time=True)
def _repeat_document(call: Call[c.RepeatDocument]) -> c.Reply:
    call.printer.no_document()
    document = call.printer.storage.documents[-1]
    if document.total_kopecks is None:
        raise Refuse(NOTHING_TO_REPEAT)
    call.printer.print_lines("КОПИЯ")
    _print_end(call.printer, document)
    return call.done()


# --- cash in and out, documents without fiscal force


@handles(c.CashIn, takes_time=True)
def _cash_in(call: Call[c.CashIn]) -> c.Reply:
    return c.CashInReply(call.operator, _cash_moved(call, call.command.amount_kopecks))


@handles(c.CashOut, takes_time=True)
def _cash_out(call: Call[c.CashOut]) -> c.Reply:
    if call.command.amount_kopecks > call.printer.registers.drawer_kopecks:
        raise Refuse(CASH_SHORT)
    return c.CashOutReply(call.operator, _cash_moved(call, -call.command.amount_kopecks))


def _cash_moved(call: AnyCall, kopecks: int) -> int:
    printer = call.printer
    printer.no_document()
    if printer.storage.shift.is_expired(call.at):
        raise Refuse(SHIFT_EXPIRED)
    if abs(kopecks) > SUM_MAX:
        raise Refuse(BAD_PARAMETER)
    printer.registers.cash_moved(kopecks)
    printer.print_lines(f"{'ВНЕСЕНИЕ' if kopecks >= 0 else 'ВЫПЛАТА'} {roubles(abs(kopecks))}")
    return printer.registers.next_document()


@handles(c.OpenNonFiscal, prints=True)
def _open_non_fiscal(call: Call[c.OpenNonFiscal]) -> c.Reply:
    call.printer.no_document()
    call.printer.is_non_fiscal_open = True
    return call.done()


@handles(c.CloseNonFiscal, takes_time=True)
def _close_non_fiscal(call: Call[c.CloseNonFiscal]) -> c.Reply:
    if not call.printer.is_non_fiscal_open:
        raise Refuse(RECEIPT_CLOSED if call.printer.receipt is None else RECEIPT_OPEN)
    call.printer.is_non_fiscal_open = False
    call.printer.registers.next_document()
    return call.done()
