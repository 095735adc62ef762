"""The Штрих-М driver on a register whose time is counted: what it says, in which order, and what a doubt means."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from uuid import UUID

import pytest

from posapp.devices.base import Capability
from posapp.devices.shtrih import commands as c
from posapp.devices.shtrih import documents
from posapp.devices.shtrih.driver import ShtrihPrinter
from posapp.devices.simulator.identity import identity_of
from posapp.devices.simulator.printer import Printer
from posapp.domain import ffd
from posapp.domain.fiscal import ReceiptKind, ShiftState
from posapp.domain.money import Money, Quantity
from posapp.domain.receipt import Receipt, ReceiptLine, TaxSystem, Tender, TenderKind
from posapp.domain.settlement import Settlement
from posapp.domain.vat import VatRate
from posapp.errors import OutcomeUnknown, PosError, ProtocolError, Refused, Unreachable
from tests.till.rig import BORN, Register, driver_of

RECEIPT_COMMANDS = [0x8D, 0xFF0C, 0xFF46, 0xFF46, 0x89, 0x10, 0xFF45, 0xFF0A, 0xFF40, 0xFF0A]


@pytest.fixture
def register() -> Register:
    return Register()


@pytest.fixture
def printer(register: Register) -> ShtrihPrinter:
    """Connected, with an open shift."""
    made = driver_of(register)
    made.open_shift("Кассир")
    register.advance(60.0)
    return made


def receipt(kopecks: int = 10_000, **changed: object) -> Receipt:
    lines = tuple(
        ReceiptLine(name, Money(kopecks), Quantity.of("1"), Money(kopecks), VatRate.VAT_22) for name in ("Чай", "Мёд")
    )
    fields: dict[str, object] = {
        "identity": UUID(int=9),
        "settlement": Settlement("shop", 1, "1", ReceiptKind.SELL),
        "order_number": "1",
        "lines": lines,
        "tenders": (Tender(TenderKind.CASH, Money(2 * kopecks)),),
        "tax_system": TaxSystem.OSN,
        "till": "1",
        "cashier": "Кассир",
        "created_at": datetime(2026, 11, 21, 9, tzinfo=UTC),
    }
    return Receipt(**{**fields, **changed})  # type: ignore[arg-type]


@pytest.mark.parametrize("command", ["8D", "FF0C", "88"])
def test_a_set_up_that_breaks_off_leaves_no_receipt_open(
    register: Register, printer: ShtrihPrinter, command: str
) -> None:
    register.fault(command, "drop_reply", "after_commit")
    with suppress(PosError):
        printer.probe()
    assert register.printer.receipt is None
    register.heal()
    assert Capability.USER_REQUISITE in printer.probe().capabilities
    assert register.printer.receipt is None


def test_a_receipt_is_exactly_these_commands(register: Register, printer: ShtrihPrinter) -> None:
    printer.connect()
    register.written.clear()
    printer.print_receipt(receipt(), 2)
    assert register.written == [0xFC, *RECEIPT_COMMANDS], "which model it is, since a rate of 2026 is among them"
    register.written.clear()
    printer.print_receipt(receipt(), 3)
    assert register.written == RECEIPT_COMMANDS, "asked once per connection"


def test_the_link_is_opened_once_and_who_is_there_is_asked_once(register: Register) -> None:
    made = driver_of(register)
    assert made.connect() == made.connect()
    assert register.written == [0x10, 0x11, 0xFF02, 0xFF09]


def test_rule_3_every_look_tells_a_swapped_register(register: Register, printer: ShtrihPrinter) -> None:
    printer.status()
    register.be(Printer(identity_of(10_012_346), BORN))
    with pytest.raises(Refused) as told:
        printer.status()
    assert told.value.code == "wrong_device"
    assert printer.connect().factory_number == "10012346", "and the next connection says who it is"


@pytest.mark.parametrize("length", [214, 230, 250])
def test_a_stamp_that_does_not_fit_is_refused_before_anything_is_opened(
    register: Register, printer: ShtrihPrinter, length: int
) -> None:
    with pytest.raises(Refused, match="1086"):
        printer.print_receipt(receipt(order_number="9" * length), 2)
    assert register.count(0x8D) == 0


def test_the_longest_stamp_arrives_whole(printer: ShtrihPrinter) -> None:
    made = receipt(order_number="9" * 212)
    printer.print_receipt(made, 2)
    assert printer.read_document(3).stamp == f"1·{'9' * 212}·{made.key}"


@pytest.mark.parametrize("command", ["8D", "FF0C", "FF46", "89", "88"])
@pytest.mark.parametrize("error", [0x50, 0x58])
def test_a_busy_register_is_offered_the_step_again(
    register: Register, printer: ShtrihPrinter, command: str, error: int
) -> None:
    if command == "88":
        register.do(c.OpenReceipt(30, 0))
    register.fault(command, "error", value=error)
    if command == "88":
        printer.cancel_open_document()
        assert register.printer.receipt is None
    else:
        assert printer.print_receipt(receipt(), 2).document_number == 3
    assert register.count(int(command, 16)) >= 2


def test_it_is_not_offered_for_ever(register: Register, printer: ShtrihPrinter) -> None:
    register.fault("FF46", "error", value=0x50, times=0)
    with pytest.raises(Refused) as told:
        printer.print_receipt(receipt(), 2)
    assert told.value.code == "device_busy"
    assert register.printer.receipt is None


def test_rule_5_a_busy_register_is_never_offered_the_closing_command_again(
    register: Register, printer: ShtrihPrinter
) -> None:
    register.fault("FF45", "error", value=0x50)
    with pytest.raises(OutcomeUnknown):
        printer.print_receipt(receipt(), 2)
    assert register.count(0xFF45) == 1


def test_a_subtotal_that_is_not_ours_is_not_closed(register: Register, printer: ShtrihPrinter) -> None:
    """Somebody added a line to our receipt."""
    extra = c.Operation(30, 1, 1_000_000, 100, None, None, c.RATE_BYTE[11], 1, 4, 1, "Лишнее")
    register.meanwhile(0x89, "before", lambda: register.do(extra))
    with pytest.raises(Refused):
        printer.print_receipt(receipt(), 2)
    assert register.count(0xFF45) == 0
    assert register.printer.receipt is None


def test_rule_5_a_number_that_did_not_grow_proves_nothing(printer: ShtrihPrinter) -> None:
    with pytest.raises(OutcomeUnknown):
        printer.print_receipt(receipt(), after=3)


def test_an_error_to_8d_that_opened_a_receipt_is_no_refusal(register: Register, printer: ShtrihPrinter) -> None:
    register.fault("8D", "error", "after_commit", value=0x39)
    with pytest.raises(OutcomeUnknown):
        printer.print_receipt(receipt(), 2)
    assert register.printer.receipt is not None, "whether it may be cancelled is the till's to say"


def test_a_document_whose_reading_broke_off_does_not_leave_the_register_reading(
    register: Register, printer: ShtrihPrinter
) -> None:
    printer.print_receipt(receipt(), 2)
    register.fault("FF3B", "error", nth=3, value=0x33)
    assert not printer.read_document(3).whole
    assert register.printer.reading is None
    register.heal()
    assert printer.read_document(3).whole


def test_a_document_that_is_being_read_already(register: Register, printer: ShtrihPrinter) -> None:
    printer.print_receipt(receipt(), 2)
    register.do(c.RequestDocument(30, 2))
    with pytest.raises(Refused):
        printer.document_tlv(3)
    assert printer.read_document(3).whole, "the reading was finished for whoever had begun it"


def test_the_mark_is_the_same_with_the_tlv_and_without(register: Register, printer: ShtrihPrinter) -> None:
    register.foreign_receipt(100)
    made = printer.print_receipt(receipt(), 3)
    register.foreign_receipt(100)
    assert printer.document_mark(4) == made
    register.lose_tlv(4)
    assert not printer.read_document(4).whole
    assert printer.document_mark(4) == made
    assert made.receipt_number == 2


def found(number: int = 3, kind: int = 1, kopecks: int = 20_000, sign: int = 77, form: int = 3) -> c.FindDocumentReply:
    details = bytes((kind,)) + kopecks.to_bytes(5, "little") if form == 3 else b"\x01\x00"
    return c.FindDocumentReply(form, 0, datetime(2026, 11, 21, 9), number, sign, details)


def tlv(number: int = 3, kind: int = 1, kopecks: int = 20_000, sign: int = 77, form: int = 3) -> bytes:
    tags: list[tuple[int, ffd.Value]] = [(1040, number), (1077, ffd.sign_bytes(sign)), (1038, 1), (1042, 1)]
    tags += [(1054, kind), (1020, kopecks), (1084, ((1085, "posapp"), (1086, "1·1·0123456789ABCDEF")))]
    return ffd.wrap(form, ffd.encode_all(tags))


def test_rule_6_tags_are_believed_when_they_agree_with_the_look_up() -> None:
    document = documents.document_of(found(), tlv())
    assert (document.whole, document.stamp, document.receipt_number) == (True, "1·1·0123456789ABCDEF", 1)


@pytest.mark.parametrize(
    "other", [{"number": 4}, {"kind": 2}, {"kopecks": 20_001}, {"sign": 78}, {"form": 31}], ids=str
)
def test_rule_6_tags_of_another_document_are_not(other: dict[str, int]) -> None:
    document = documents.document_of(found(), tlv(**other))
    assert (document.whole, document.stamp, document.receipt_number) == (False, None, None)


@pytest.mark.parametrize("raw", [None, b"", b"\x03\x00\x02\x00\x10", tlv()[:-1]], ids=["none", "empty", "cut", "short"])
def test_rule_6_what_cannot_be_read_to_its_end_is_not_whole(raw: bytes | None) -> None:
    assert not documents.document_of(found(), raw).whole


def test_a_kind_that_no_law_knows_is_a_protocol_error() -> None:
    with pytest.raises(ProtocolError):
        documents.document_of(found(kind=9), None)


def test_another_programs_user_requisite_is_no_stamp_of_ours() -> None:
    named = ffd.encode_all([(1040, 3), (1084, ((1085, "shop"), (1086, "1·1·0123456789ABCDEF")))])
    document = documents.document_of(found(), ffd.wrap(3, named))
    assert (document.whole, document.stamp) == (True, None)


def test_a_plug_that_is_out(register: Register) -> None:
    register.is_plugged = False
    with pytest.raises(Unreachable):
        driver_of(register).connect()


def test_a_shift_that_was_made_and_cannot_be_read_is_an_unknown_outcome(
    register: Register, printer: ShtrihPrinter
) -> None:
    register.meanwhile(0x41, "after", lambda: register.fault("10", "power_off"))
    with pytest.raises(OutcomeUnknown):
        printer.close_shift("Кассир")
    register.heal()
    assert printer.status().shift.state is ShiftState.CLOSED
