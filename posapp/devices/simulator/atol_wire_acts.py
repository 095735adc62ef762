"""What a simulated АТОЛ register does on its wire: the shift, receipts as the protocol builds them, cash, paper.

What the protocol's facts do not reach is refused as unsupported (6Ch): corrections other than those of FFD 1.05, the
rates of 2025 and 2026, discounts that do more than round.
"""

from __future__ import annotations

from dataclasses import replace

from posapp.devices.atol import commands as a
from posapp.devices.atol.layout import decode_text
from posapp.devices.simulator import atol_errors as e
from posapp.devices.simulator.atol_acts import Acts, Denied, Line
from posapp.devices.simulator.atol_wire_device import (
    BAD_PASSWORD,
    TAG_OF_KIND,
    UNSUPPORTED,
    WRONG_MODE,
    AtolDevice,
    Refused,
    WireReceipt,
    handles,
)
from posapp.devices.simulator.rules import ADMINISTRATOR
from posapp.domain import ffd
from posapp.domain.tags import TAGS, Kind

TRY_ONLY = 1
"""The flag with which a command only says whether it could."""
TAX_SYSTEM, CORRECTION_TYPE, TAXES = 1055, 1173, range(1102, 1108)
WIRE_RATES = frozenset(range(1, 7))
"""Tag 1199 as EBh can name it; for newer rates no byte is known."""
ROUNDING_MAX = 99
FULL_PAYMENT, GOODS = 4, 1
"""Tags 1214 and 1212 of an item that names none (zeros)."""
TAG_OF_CORRECTION = {a.SELL_CORRECTION: 1, a.BUY_CORRECTION: 3}
MODES = frozenset((a.REGISTRATION, a.REPORTS, a.CLOSING, a.PROGRAMMING, a.TAX, a.STORAGE))

BAD_KIND, BAD_DISCOUNT, BAD_PAYMENT, CASHLESS_OVER, UNDERPAID = 0x6A, 0x10, 0x7E, 0x71, 0x86
SHIFT_OPEN, BAD_TLV, BAD_TAX = 0x9C, 0xE7, 0xDF
DONE = a.Done()


# --- modes


@handles(a.EnterMode)
def _enter_mode(device: AtolDevice, command: a.EnterMode, acts: Acts) -> a.Reply:
    if device.mode not in (a.CHOICE, command.mode):
        raise Refused(WRONG_MODE)
    operator = device.printer.tables.operator(command.password)
    if operator is None or (command.mode != a.REGISTRATION and operator < ADMINISTRATOR):
        raise Refused(BAD_PASSWORD)
    if command.mode not in MODES:
        raise Refused(UNSUPPORTED)
    device.mode = command.mode
    return DONE


@handles(a.LeaveMode)
def _leave_mode(device: AtolDevice, command: a.LeaveMode, acts: Acts) -> a.Reply:
    device.needs_no_receipt()
    device.mode = a.CHOICE
    return DONE


# --- the shift, reports, cash


@handles(a.OpenShift)
def _open_shift(device: AtolDevice, command: a.OpenShift, acts: Acts) -> a.Reply:
    device.needs_mode(a.REGISTRATION)
    if device.printer.storage.shift.is_open:
        raise Refused(SHIFT_OPEN)
    if not command.flags & TRY_ONLY:
        acts.open_shift(device.take_before())
    return DONE


@handles(a.CloseShift)
def _close_shift(device: AtolDevice, command: a.CloseShift, acts: Acts) -> a.Reply:
    device.needs_mode(a.CLOSING)
    device.needs_no_receipt()
    acts.close_shift(device.take_before())
    return DONE


@handles(a.Report)
def _report(device: AtolDevice, command: a.Report, acts: Acts) -> a.Reply:
    device.needs_mode(a.REPORTS)
    device.needs_no_receipt()
    if command.kind == a.X_REPORT:
        acts.x_report()
    elif command.kind == a.EXCHANGE_REPORT:
        acts.exchange_report()
    else:
        raise Refused(UNSUPPORTED)
    device.take_before()
    return DONE


@handles(a.CashIn)
def _cash_in(device: AtolDevice, command: a.CashIn, acts: Acts) -> a.Reply:
    _cash_allowed(device)
    if not command.flags & TRY_ONLY:
        acts.cash_in(command.amount_kopecks)
    return DONE


@handles(a.CashOut)
def _cash_out(device: AtolDevice, command: a.CashOut, acts: Acts) -> a.Reply:
    _cash_allowed(device)
    if not command.flags & TRY_ONLY:
        acts.cash_out(command.amount_kopecks)
    return DONE


def _cash_allowed(device: AtolDevice) -> None:
    device.needs_mode(a.REGISTRATION)
    device.needs_no_receipt()


# --- a receipt


@handles(a.OpenReceipt)
def _open_receipt(device: AtolDevice, command: a.OpenReceipt, acts: Acts) -> a.Reply:
    device.needs_mode(a.REGISTRATION)
    device.needs_no_receipt()
    is_correction = command.kind in TAG_OF_CORRECTION
    if command.kind not in TAG_OF_KIND and not is_correction:
        raise Refused(BAD_KIND)
    device.needs_shift(acts)
    if command.flags & TRY_ONLY:
        return DONE
    if is_correction:
        device.receipt = WireReceipt(command.kind, is_correction=True, tags=device.take_before())
        return DONE
    acts.open_receipt(TAG_OF_KIND[command.kind], is_electronic=bool(command.flags & a.ELECTRONIC))
    device.receipt = WireReceipt(command.kind)
    try:
        acts.add_tags(device.take_before())
    except Denied:
        acts.cancel_receipt()
        device.receipt = None
        raise
    return DONE


@handles(a.WriteAttribute)
def _write_attribute(device: AtolDevice, command: a.WriteAttribute, acts: Acts) -> a.Reply:
    whole = _whole_tag(device, command)
    if whole is None:
        return DONE
    try:
        (record,) = ffd.split(whole)
    except (ffd.BadTlv, ValueError) as error:
        raise Refused(BAD_TLV) from error
    tlv = ffd.wrap(record.tag, _in_cp866(record.tag, record.raw))
    receipt = device.receipt
    if receipt is None:
        device.before[record.tag] = tlv
    elif receipt.item_tags is not None:
        receipt.item_tags.append(tlv)
    elif record.tag == TAX_SYSTEM:
        receipt.tax_system = int.from_bytes(record.raw, "little")
    elif receipt.is_correction and record.tag in TAXES:
        receipt.taxes[record.tag] = int.from_bytes(record.raw, "little")
    elif receipt.is_correction:
        receipt.tags.append(tlv)
    else:
        acts.add_tags([tlv])
    return DONE


def _whole_tag(device: AtolDevice, command: a.WriteAttribute) -> bytes | None:
    """The tag when its last block has come. Blocks come in order; the first one begins anew."""
    if command.block == 0:
        device.blocks = []
    if command.block != len(device.blocks) or command.block >= command.blocks:
        device.blocks = []
        raise Refused(BAD_TLV)
    device.blocks.append(command.tlv)
    if len(device.blocks) < command.blocks:
        return None
    whole, device.blocks = b"".join(device.blocks), []
    return whole


def _in_cp866(tag: int, raw: bytes) -> bytes:
    """The value with its letters as the storage wants them; the wire has some of its own."""
    known = TAGS.get(tag)
    if known is None:
        return raw
    if known.kind is Kind.STRING:
        return decode_text(raw).encode("cp866", errors="replace")
    if known.kind is Kind.STLV:
        return b"".join(ffd.wrap(each.tag, _in_cp866(each.tag, each.raw)) for each in ffd.split(raw))
    return raw


@handles(a.BeginItem)
def _begin_item(device: AtolDevice, command: a.BeginItem, acts: Acts) -> a.Reply:
    device.needs_mode(a.REGISTRATION)
    receipt = device.needs_receipt()
    if receipt.payments:
        raise Refused(WRONG_MODE)
    receipt.item_tags = []
    return DONE


@handles(a.EndItem)
def _end_item(device: AtolDevice, command: a.EndItem, acts: Acts) -> a.Reply:
    device.needs_mode(a.REGISTRATION)
    receipt = device.needs_receipt()
    if receipt.item_tags is None:
        raise Refused(WRONG_MODE)
    tags, receipt.item_tags = receipt.item_tags, None
    if command.rate not in WIRE_RATES:
        raise Refused(UNSUPPORTED)
    if command.flags & TRY_ONLY:
        return DONE
    if receipt.is_correction:  # the vendor's driver puts the whole sum into one item without a name
        receipt.sum_kopecks += command.sum_kopecks
        return DONE
    line = Line(
        name=command.name,
        price_kopecks=command.price_kopecks,
        quantity_micro=command.quantity_milli * 1000,
        rate=command.rate,
        sum_kopecks=command.sum_kopecks,
        payment_method=command.payment_method or FULL_PAYMENT,
        payment_object=command.payment_object or GOODS,
        department=command.section,
        tlv=b"".join(tags),
    )
    acts.add_line(line)
    items = device.printer.receipt.items if device.printer.receipt is not None else []
    if command.tax_kopecks and items and items[-1].vat_kopecks != command.tax_kopecks:
        items.pop()
        raise Refused(BAD_TAX)
    return DONE


@handles(a.Discount)
def _discount(device: AtolDevice, command: a.Discount, acts: Acts) -> a.Reply:
    """Only what rounds the total down is known: a sum off, under a rouble."""
    receipt = device.needs_receipt()
    if (command.area, command.kind, command.sign) != (0, 1, 0):
        raise Refused(UNSUPPORTED)
    if receipt.is_correction or receipt.payments:
        raise Refused(WRONG_MODE)
    if not 0 < command.amount_kopecks <= min(ROUNDING_MAX, acts.subtotal):
        raise Refused(BAD_DISCOUNT)
    if not command.flags & TRY_ONLY:
        receipt.rounding = command.amount_kopecks
    return DONE


@handles(a.Payment)
def _payment(device: AtolDevice, command: a.Payment, acts: Acts) -> a.Reply:
    receipt = device.needs_receipt()
    if receipt.item_tags is not None:
        raise Refused(WRONG_MODE)
    _check_payment(device, receipt, command.kind, command.amount_kopecks, acts)
    if command.flags & TRY_ONLY:
        return a.PaymentReply(*device.left_and_change(acts))
    receipt.payments.append((command.kind, command.amount_kopecks))
    return a.PaymentReply(*device.left_and_change(acts))


def _check_payment(device: AtolDevice, receipt: WireReceipt, kind: int, kopecks: int, acts: Acts) -> None:
    if kind not in (a.CASH, a.CASHLESS, a.PREPAID, a.CREDIT, a.OTHER):
        raise Refused(BAD_PAYMENT)
    cashless = receipt.paid - receipt.paid_by(a.CASH) + (kopecks if kind != a.CASH else 0)
    if cashless > device.total(acts):
        raise Refused(CASHLESS_OVER)


@handles(a.CloseReceipt)
def _close_receipt(device: AtolDevice, command: a.CloseReceipt, acts: Acts) -> a.Reply:
    device.needs_mode(a.REGISTRATION)
    receipt = device.needs_receipt()
    if receipt.item_tags is not None:
        raise Refused(WRONG_MODE)
    if command.amount_kopecks:
        _check_payment(device, receipt, command.kind, command.amount_kopecks, acts)
        receipt = replace(receipt, payments=[*receipt.payments, (command.kind, command.amount_kopecks)])
    if receipt.paid < device.total(acts):
        raise Refused(UNDERPAID)
    if command.flags & TRY_ONLY:
        return DONE
    if receipt.is_correction:
        _make_correction(receipt, acts)
    else:
        acts.close_receipt(receipt.tenders, receipt.tax_system, acts.subtotal - receipt.rounding)
    device.receipt = None
    return DONE


def _make_correction(receipt: WireReceipt, acts: Acts) -> None:
    kinds = [tlv[4] for tlv in receipt.tags if int.from_bytes(tlv[:2], "little") == CORRECTION_TYPE]
    acts.correct_by_sums(
        TAG_OF_CORRECTION[receipt.kind],
        kinds[0] if kinds else 0,
        receipt.tags,
        receipt.tenders,
        tuple(receipt.taxes.get(tag, 0) for tag in TAXES),
        receipt.tax_system,
    )


@handles(a.CancelReceipt)
def _cancel_receipt(device: AtolDevice, command: a.CancelReceipt, acts: Acts) -> a.Reply:
    receipt = device.receipt
    if receipt is None or not receipt.is_correction:
        acts.cancel_receipt()
    device.receipt = None
    return DONE


# --- paper, the drawer, the clock


@handles(a.PrintLine)
def _print_line(device: AtolDevice, command: a.PrintLine, acts: Acts) -> a.Reply:
    acts.print_text([command.text])
    return DONE


@handles(a.PrintBarcode)
def _print_barcode(device: AtolDevice, command: a.PrintBarcode, acts: Acts) -> a.Reply:
    acts.print_text([f"[{command.data.hex()}]"])
    return DONE


@handles(a.EndNonFiscal)
def _end_non_fiscal(device: AtolDevice, command: a.EndNonFiscal, acts: Acts) -> a.Reply:
    device.needs_no_receipt()
    acts.print_text(["- - - - - - - - - -"])
    return DONE


@handles(a.RepeatReceipt)
def _repeat_receipt(device: AtolDevice, command: a.RepeatReceipt, acts: Acts) -> a.Reply:
    device.needs_no_receipt()
    acts.print_copy()
    return DONE


@handles(a.ContinuePrint)
def _continue_print(device: AtolDevice, command: a.ContinuePrint, acts: Acts) -> a.Reply:
    acts.continue_print()
    return DONE


@handles(a.OpenDrawer)
def _open_drawer(device: AtolDevice, command: a.OpenDrawer, acts: Acts) -> a.Reply:
    return DONE


@handles(a.SetClock)
def _set_clock(device: AtolDevice, command: a.SetClock, acts: Acts) -> a.Reply:
    if command.now is None:
        raise Refused(e.REFUSALS[0x7C].byte)
    if device.printer.storage.shift.is_open:
        raise Refused(SHIFT_OPEN)
    acts.set_clock(command.now)
    return DONE
