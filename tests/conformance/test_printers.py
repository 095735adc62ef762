"""What every `FiscalPrinter` must do, whatever its maker and its cable (devices/base.py tells the promises)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from posapp.devices.base import Capability, FiscalPrinter, Paper
from posapp.domain import ffd
from posapp.domain.fiscal import DocumentType, ReceiptKind, ShiftState
from posapp.domain.money import Money, Quantity
from posapp.domain.receipt import PaymentMethod, PaymentObject, Receipt, ReceiptLine, TaxSystem, Tender, TenderKind
from posapp.domain.settlement import Settlement, Stamp
from posapp.domain.vat import VatRate
from posapp.errors import OutcomeUnknown, Refused, Unreachable
from tests.conformance.conftest import Scissors, by_commands, can
from tests.conformance.processes import Bench


def line(name: str, kopecks: int, quantity: str = "1", vat: VatRate = VatRate.VAT_10) -> ReceiptLine:
    """Goods paid in full; with a calculated rate goods of which a part is paid ahead."""
    price, count = Money(kopecks), Quantity.of(quantity)
    method = PaymentMethod.PREPAYMENT if vat.is_calculated else PaymentMethod.FULL_PAYMENT
    return ReceiptLine(name, price, count, price.times(count), vat, method)


LINES = (line("Чай чёрный", 24_500, "2"), line("Сыр, кг", 99_999, "0.386", VatRate.NONE))


def receipt(
    lines: Sequence[ReceiptLine] = LINES,
    kind: ReceiptKind = ReceiptKind.SELL,
    tenders: Sequence[Tender] = (),
    identity: UUID | None = None,
) -> Receipt:
    """Paid in cash to the kopeck unless told otherwise."""
    total = Money(sum(each.line_sum.kopecks for each in lines))
    return Receipt(
        identity=identity or uuid4(),
        settlement=Settlement("shop.example", 17, "1", kind),
        order_number="10-17",
        lines=tuple(lines),
        tenders=tuple(tenders) or (Tender(TenderKind.CASH, total),),
        tax_system=TaxSystem.OSN,
        till="1",
        cashier="Кассир Ёлкина",
        created_at=datetime(2026, 11, 21, 9, tzinfo=UTC),
        buyer_contact="buyer@example.com",
    )


def sell(printer: FiscalPrinter, made: Receipt | None = None) -> tuple[Receipt, int]:
    """The receipt and its document's number."""
    chosen = made or receipt()
    return chosen, printer.print_receipt(chosen, printer.last_document_number()).document_number


def test_who_is_there(bench: Bench) -> None:
    identity = bench.printer.connect()
    ready = bench.register.ready
    assert identity.factory_number == ready["factory_number"]
    assert identity.storage_number == ready["fn"]
    assert identity.registration_number == ready["registration_number"]
    assert identity.is_simulated
    assert bench.printer.reset_link() == identity


def test_the_profile_that_set_up_keeps(bench: Bench, printer: FiscalPrinter) -> None:
    if not can(bench, Capability.KEY_TRIED):  # a receipt that was made shows it
        sell(printer)
    documents = bench.documents()
    profile = printer.probe()
    assert Capability.USER_REQUISITE in profile.capabilities
    assert profile.ffd == bench.register.ready["ffd"]
    assert TaxSystem.OSN in profile.tax_systems
    head = profile.registration
    assert (head.user, head.factory_number) == (profile.user, profile.identity.factory_number)
    assert head.inn.isdigit()
    assert all((head.user, head.address, head.place, head.fns_site, head.sender))
    assert profile.width == 48
    assert bench.documents() == documents, "looking makes no document"
    assert printer.open_document() is None


def test_the_shift_opens_and_closes(bench: Bench) -> None:
    before = bench.printer.status()
    opened = bench.printer.open_shift("Кассир")
    assert (opened.state, opened.number) == (ShiftState.OPEN, before.shift.number + 1)
    assert bench.printer.status().last_document == before.last_document + 1
    closed = bench.printer.close_shift("Кассир")
    assert (closed.state, closed.number) == (ShiftState.CLOSED, opened.number)
    assert [each["type"] for each in bench.documents()[-2:]] == [DocumentType.SHIFT_OPEN, DocumentType.SHIFT_CLOSE]


@pytest.mark.parametrize("kind", list(ReceiptKind))
def test_a_receipt_of_each_kind_with_its_mark(bench: Bench, printer: FiscalPrinter, kind: ReceiptKind) -> None:
    printer.cash_in(Money(500_000))  # what is given back must be in the drawer
    made = receipt(kind=kind)
    before = printer.last_document_number()
    mark = printer.print_receipt(made, before)
    document = bench.documents()[-1]
    assert mark.document_number == document["number"] == before + 1
    assert mark.document_sign == document["sign"]
    assert mark.printed_at == datetime.fromisoformat(document["at"])
    assert mark.shift_number == document["shift"]
    assert (document["kind"], document["total_kopecks"], document["key"]) == (kind, made.total.kopecks, made.key)
    assert printer.document_mark(mark.document_number) == mark
    assert printer.status().last_document == mark.document_number


def test_receipts_are_counted_within_their_shift(printer: FiscalPrinter) -> None:
    numbers = [printer.print_receipt(receipt(), printer.last_document_number()).receipt_number for _ in range(3)]
    assert numbers == [1, 2, 3]


def test_a_document_is_read_back_whole_with_our_stamp(printer: FiscalPrinter) -> None:
    made, number = sell(printer)
    document = printer.read_document(number)
    assert (document.type, document.kind, document.total, document.whole) == (
        DocumentType.RECEIPT,
        ReceiptKind.SELL,
        made.total,
        True,
    )
    assert Stamp.parse(document.stamp or "") == Stamp("1", "10-17", made.key)


def test_every_tag_of_the_receipt_is_in_the_storage(bench: Bench, printer: FiscalPrinter) -> None:
    """All rates of tag 1199, a fraction, a service, mixed tenders, change: what is printed is exactly the receipt."""
    goods = [line(f"Товар {each.value}", 10_000 + each.value, "1.5", each) for each in sorted(bench.rates)]
    lines = [each for each in goods if not each.vat.is_calculated]
    lines.append(replace(line("Доставка", 30_000), payment_object=PaymentObject.SERVICE))
    lines.append(replace(line("В долг", 3_000), payment_method=PaymentMethod.CREDIT))
    tenders = (
        Tender(TenderKind.CASH, Money(sum(each.line_sum.kopecks for each in lines))),
        Tender(TenderKind.CASHLESS, Money(10_000)),
        Tender(TenderKind.PREPAID, Money(2_000)),
        Tender(TenderKind.CREDIT, Money(3_000)),
        Tender(TenderKind.OTHER, Money(4_000)),
    )
    _assert_every_tag(printer, receipt(lines, tenders=tenders), [10_000, 2_000, 3_000, 4_000])
    ahead = [each for each in goods if each.vat.is_calculated]
    total = sum(each.line_sum.kopecks for each in ahead)
    money = (Tender(TenderKind.CASH, Money(total)), Tender(TenderKind.CASHLESS, Money(10_000)))
    _assert_every_tag(printer, receipt(ahead, tenders=money), [10_000, 0, 0, 0])


def _assert_every_tag(printer: FiscalPrinter, asked: Receipt, others: list[int]) -> None:
    """`others`: tags 1081, 1215, 1216, 1217."""
    lines, total = asked.lines, asked.total.kopecks
    made, number = sell(printer, asked)
    entries = ffd.read_document(printer.document_tlv(number)).entries

    def value(*path: int) -> object:
        entry = ffd.find(entries, *path)
        return None if entry is None else entry.value

    assert value(1020) == total
    assert value(1031) == total - sum(others), "the change is not in the document"
    assert [value(tag) for tag in (1081, 1215, 1216, 1217)] == others
    assert (value(1055), value(1021), value(1008)) == (TaxSystem.OSN, made.cashier, made.buyer_contact)
    items = [each.items or () for each in entries if each.tag == 1059]
    for said, expected in zip(items, lines, strict=True):
        assert [getattr(ffd.find(said, tag), "value", None) for tag in (1030, 1079, 1043, 1199, 1214, 1212)] == [
            expected.name,
            expected.price.kopecks,
            expected.line_sum.kopecks,
            expected.vat,
            expected.payment_method,
            expected.payment_object,
        ]
        assert getattr(ffd.find(said, 1023), "value", None) == expected.quantity.value


def test_documents_after_a_number(printer: FiscalPrinter) -> None:
    before = printer.last_document_number()
    keys = [sell(printer)[0].key for _ in range(3)]
    found = list(printer.documents_after(before))
    assert [each.number for each in found] == [before + 1, before + 2, before + 3]
    stamps = [Stamp.parse(each.stamp or "") for each in found]
    assert [stamp.key for stamp in stamps if stamp] == keys
    assert list(printer.documents_after(before + 3)) == []


def test_a_document_that_does_not_exist(printer: FiscalPrinter) -> None:
    number = printer.last_document_number() + 1
    for look in (printer.read_document, printer.document_mark, printer.document_tlv):
        with pytest.raises(Refused) as told:
            look(number)
        assert told.value.code == "not_found"
    sell(printer)


def test_cash_goes_in_and_out(printer: FiscalPrinter) -> None:
    before = printer.cash_totals()
    printer.cash_in(Money(10_000))
    printer.cash_out(Money(2_500))
    after = printer.cash_totals()
    assert after.cash_in - before.cash_in == Money(10_000)
    assert after.cash_out - before.cash_out == Money(2_500)
    assert after.drawer - before.drawer == Money(7_500)
    with pytest.raises((Refused, OutcomeUnknown)):
        printer.cash_out(after.drawer + Money(1))
    assert replace(printer.cash_totals(), is_witnessed=after.is_witnessed) == after


def test_the_x_report_makes_no_document(bench: Bench, printer: FiscalPrinter) -> None:
    documents = bench.documents()
    printer.x_report()
    assert bench.documents() == documents
    assert printer.status().shift.is_open


def test_a_receipt_that_the_register_refuses_leaves_nothing_open(bench: Bench, printer: FiscalPrinter) -> None:
    by_commands(bench)
    documents = bench.documents()
    bench.fault("FF46", "error", "before", nth=2, value=0x33)
    with pytest.raises(Refused):
        sell(printer)
    assert bench.documents() == documents
    assert printer.open_document() is None
    made, _ = sell(printer)
    assert bench.documents()[-1]["key"] == made.key


def test_an_open_receipt_is_seen_by_the_next_program_and_can_be_cancelled(
    bench: Bench, printer: FiscalPrinter, scissors: Scissors
) -> None:
    documents = bench.documents()
    scissors.at("FF45", sent=False)
    with pytest.raises(OutcomeUnknown):
        sell(printer)
    scissors.mend()
    later = bench.another_driver()
    try:
        later.reset_link()
        opened = later.open_document()
        assert opened is not None
        assert (opened.kind, opened.subtotal) == (ReceiptKind.SELL, receipt().total)
        assert later.status().has_open_document
        later.cancel_open_document()
        assert later.open_document() is None
        assert not later.status().has_open_document
        assert bench.documents() == documents
    finally:
        later.close()


def test_without_power_nothing_is_sent(bench: Bench, printer: FiscalPrinter) -> None:
    made = receipt()
    after = printer.last_document_number()
    bench.tell("power", {"on": False})
    with pytest.raises(Unreachable):
        printer.print_receipt(made, after)
    bench.tell("power", {"on": True})
    printer.reset_link()
    assert printer.last_document_number() == after
    sell(printer, made)


@pytest.mark.parametrize("opcode", ["8D", "FF0C", "FF46", "89", "FF45", "FF0A", "FF40"])
@pytest.mark.parametrize("sent", [False, True])
def test_a_cable_cut_at_any_command_of_a_receipt_never_says_that_nothing_was_made(
    bench: Bench, printer: FiscalPrinter, scissors: Scissors, opcode: str, sent: bool
) -> None:
    made = receipt()
    after = printer.last_document_number()
    scissors.at(opcode, sent=sent)
    with pytest.raises(OutcomeUnknown):
        printer.print_receipt(made, after)
    scissors.mend()
    printer.reset_link()
    is_made = opcode in ("FF0A", "FF40") or (opcode == "FF45" and sent)
    found = list(printer.documents_after(after))
    assert [made.key in (each.stamp or "") for each in found] == ([True] if is_made else [])
    assert (printer.open_document() is not None) is (not is_made and (opcode, sent) != ("8D", False))


def test_a_closing_command_still_running_after_the_cable_was_cut_is_waited_for(
    bench: Bench, printer: FiscalPrinter, scissors: Scissors
) -> None:
    """Rule 6: we come back while the register works on it. Read before its end, the storage would say "not made"."""
    made = receipt()
    after = printer.last_document_number()
    bench.fault("FF45", "delay", "before", value=1.5)
    scissors.at("FF45", sent=True)
    with pytest.raises(OutcomeUnknown):
        printer.print_receipt(made, after)
    scissors.mend()
    printer.reset_link()
    assert printer.open_document() is None
    assert [made.key in (each.stamp or "") for each in printer.documents_after(after)] == [True]


@pytest.mark.parametrize("opcode, sent", [("10", False), ("11", True), ("FF01", True)])
def test_a_cable_cut_at_a_question_sends_nothing(
    printer: FiscalPrinter, scissors: Scissors, opcode: str, sent: bool
) -> None:
    scissors.at(opcode, sent=sent)
    with pytest.raises(Unreachable):
        printer.status()
    scissors.mend()
    assert printer.status().shift.is_open


@pytest.mark.parametrize("opcode, sent", [("50", False), ("50", True)])
def test_a_cable_cut_at_cash_in_is_proven_by_the_registers(
    printer: FiscalPrinter, scissors: Scissors, opcode: str, sent: bool
) -> None:
    before = printer.cash_totals()
    scissors.at(opcode, sent=sent)
    with pytest.raises(OutcomeUnknown):
        printer.cash_in(Money(700))
    scissors.mend()
    printer.reset_link()
    assert printer.cash_totals().cash_in - before.cash_in == Money(700 if sent else 0)


def test_a_lost_reply_is_asked_for_again_and_nothing_is_done_twice(bench: Bench, printer: FiscalPrinter) -> None:
    """The register still has it: five seconds of silence, then the same document."""
    by_commands(bench)
    after = printer.last_document_number()
    bench.fault("FF45", "truncate", "after_commit", value=5)
    mark = printer.print_receipt(receipt(), after)
    assert mark.document_number == after + 1
    assert printer.last_document_number() == after + 1


@pytest.mark.parametrize(
    "state, paper, code", [("out", Paper.OUT, "paper_out"), ("cover", Paper.COVER_OPEN, "cover_open")]
)
def test_paper_out_and_back(bench: Bench, printer: FiscalPrinter, state: str, paper: Paper, code: str) -> None:
    bench.tell("paper", {"state": state})
    assert printer.status().paper is paper
    with pytest.raises(Refused) as told:
        printer.wait_until_idle()
    assert told.value.code == code
    with pytest.raises(Refused):
        sell(printer)
    bench.tell("paper", {"state": "ok"})
    assert printer.status().paper is Paper.OK
    sell(printer)


def test_paper_that_ends_while_the_receipt_prints(bench: Bench, printer: FiscalPrinter) -> None:
    """It is fiscalized all the same; afterwards the print is continued, and only then goes on."""
    by_commands(bench)
    bench.fault("FF45", "paper_out", "after_commit")
    made, number = sell(printer)
    assert bench.documents()[-1]["key"] == made.key
    assert printer.status().paper is Paper.OUT_WHILE_PRINTING
    assert printer.continue_print() is False
    bench.tell("paper", {"state": "ok"})
    assert printer.status().paper is Paper.WAITS_CONTINUE
    assert printer.continue_print() is True
    assert printer.continue_print() is False
    assert printer.status().paper is Paper.OK
    assert printer.last_document_number() == number
    sell(printer)


def test_a_shift_of_more_than_a_day_takes_no_receipt(bench: Bench, printer: FiscalPrinter) -> None:
    status = printer.status()
    assert status.clock is not None
    bench.tell("clock", {"now": (status.clock + timedelta(hours=24, minutes=1)).isoformat()})
    assert printer.status().shift.is_expired
    after = printer.last_document_number()
    with pytest.raises(Refused) as told:
        sell(printer)
    assert told.value.code == "shift_expired"
    assert printer.last_document_number() == after
    assert printer.close_shift("Кассир").state is ShiftState.CLOSED
    assert printer.open_shift("Кассир").is_open
    sell(printer)


def test_without_a_shift_no_receipt(bench: Bench) -> None:
    with pytest.raises(Refused) as told:
        sell(bench.printer)
    assert told.value.code == "shift_closed"
    assert bench.printer.open_document() is None


def test_a_program_that_died_while_reading_leaves_no_trace(
    bench: Bench, printer: FiscalPrinter, scissors: Scissors
) -> None:
    _, number = sell(printer)
    scissors.at("FF3B", nth=3, sent=True)
    with pytest.raises(Unreachable):
        printer.document_tlv(number)
    scissors.mend()
    later = bench.another_driver()
    try:
        later.reset_link()
        assert later.read_document(number).whole
        sell(later)
    finally:
        later.close()
