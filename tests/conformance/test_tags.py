"""What was asked for is in the storage, tag by tag: settlement kinds in both formats, corrections, marked goods."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime

import pytest

from posapp.devices.base import Capability, FiscalPrinter
from posapp.domain import ffd
from posapp.domain.fiscal import DocumentType, FiscalMark, ReceiptKind
from posapp.domain.marking import parse_marking
from posapp.domain.money import Money
from posapp.domain.permission import IndustryDetail
from posapp.domain.receipt import OriginalReceipt, PaymentObject, Receipt
from posapp.domain.settlement import Stamp
from posapp.domain.terms import CorrectionBasis
from posapp.domain.vat import VatRate
from posapp.errors import OutcomeUnknown, Refused
from tests.conformance import samples
from tests.conformance.conftest import Scissors, by_commands, can
from tests.conformance.processes import Bench
from tests.conformance.samples import correction, line, lines_of, marked, of_document, of_line, of_vat, plain, rates_of

SETTLEMENTS = samples.settlements()
MILK = "010460710382070021" + "55kTHg" + "\x1d" + "93dGVz"
SHOES = "0104606203084623215pc.oW/;X'lQq" + "\x1d" + "91FFD0" + "\x1d" + "92" + "A" * 44


@pytest.fixture
def cashed(printer: FiscalPrinter) -> FiscalPrinter:
    """With money in the drawer: what is given back must be there."""
    printer.cash_in(Money(500_000))
    return printer


def made_of(printer: FiscalPrinter, receipt: Receipt) -> tuple[FiscalMark, tuple[ffd.Entry, ...]]:
    """Prints it; its mark and its tags."""
    mark = printer.print_receipt(receipt, printer.last_document_number())
    return mark, ffd.read_document(printer.document_tlv(mark.document_number)).entries


def only(bench: Bench, version: str) -> None:
    if bench.ffd != version:
        pytest.skip(f"this register writes FFD {bench.ffd}")


def refused_by_name(bench: Bench, printer: FiscalPrinter, receipt: Receipt) -> None:
    """What a way cannot say is refused before anything begins."""
    documents = bench.documents()
    with pytest.raises(Refused) as told:
        made_of(printer, receipt)
    assert told.value.code == "register_lacks"
    assert bench.documents() == documents
    assert printer.open_document() is None


@pytest.mark.parametrize("name", SETTLEMENTS)
def test_every_settlement_kind_is_written_as_it_was_asked_for(bench: Bench, cashed: FiscalPrinter, name: str) -> None:
    receipt = SETTLEMENTS[name]
    if not {each.vat for each in receipt.lines} <= bench.rates:
        refused_by_name(bench, cashed, receipt)
        return
    mark, entries = made_of(cashed, receipt)
    expected = of_document(receipt) | {1209: 2 if bench.ffd == "1.05" else 4}
    assert {tag: plain(entries, tag) for tag in expected} == expected
    assert Stamp.parse(plain(entries, 1084, 1086)) == Stamp("1", "10-17", receipt.key)
    for said, asked in zip(lines_of(entries), receipt.lines, strict=True):
        assert {tag: plain(said, tag) for tag in of_line(asked)} == of_line(asked)
        assert plain(said, 2108) == (0 if bench.ffd == "1.2" else None)
    flat, new = of_vat(receipt)
    assert {tag: plain(entries, tag) for tag in range(1102, 1108)} == dict.fromkeys(range(1102, 1108)) | flat
    assert rates_of(entries) == new
    numbers = [entry.tag for entry in entries if entry.tag != 1059]
    assert len(numbers) == len(set(numbers)), "no tag twice"
    document = cashed.read_document(mark.document_number)
    assert (document.type, document.kind, document.total, document.whole) == (
        DocumentType.RECEIPT,
        receipt.kind,
        receipt.total,
        True,
    )
    assert document.receipt_number == mark.receipt_number


def test_buyer_cashier_place_and_payments(bench: Bench, printer: FiscalPrinter) -> None:
    receipt = replace(samples.FULL, identity=samples.receipt([line(1)], {samples.CASH: 1}).identity)
    _, entries = made_of(printer, receipt)
    assert {tag: plain(entries, tag) for tag in of_document(receipt)} == of_document(receipt)
    where = (1256,) if bench.ffd == "1.2" else ()
    assert plain(entries, *where, 1227) == 'ООО "Ромашка"', "CP866 has no typographic quotes"
    assert plain(entries, *where, 1228) == "7801234564"
    assert (plain(entries, 1227) is None) is (bench.ffd == "1.2")
    outer = ffd.find(entries, 1234)
    assert outer is not None
    told = [{each.tag: each.value for each in payment.items or ()} for payment in outer.items or ()]
    assert told == [
        {1082: 70_000, 1236: 1, 1237: "RRN 312345678901", 1238: "карта"},
        {1082: 9_000, 1236: 2, 1237: "A6124101530450070000010011700501"},
    ]


def test_a_measure_is_told_in_the_words_of_the_format(bench: Bench, printer: FiscalPrinter) -> None:
    weighed = replace(line(99_999, "0.386"), measure=11)
    _, entries = made_of(printer, samples.receipt([weighed, line(100)], {samples.CASH: 38_700}))
    first, second = lines_of(entries)
    said = [(plain(each, 2108), plain(each, 1197)) for each in (first, second)]
    assert said == ([(11, None), (0, None)] if bench.ffd == "1.2" else [(None, "кг"), (None, None)])


def test_goods_without_a_code_are_told_apart_in_ffd_1_2_only(bench: Bench, printer: FiscalPrinter) -> None:
    bare = replace(line(10_000), payment_object=PaymentObject.COMMODITY_UNMARKED)
    _, entries = made_of(printer, samples.receipt([bare], {samples.CASH: 10_000}))
    assert plain(lines_of(entries)[0], 1212) == (32 if bench.ffd == "1.2" else 1)


# ------------------------------------------------------------------------------------------------ corrections


def kinds_of(bench: Bench) -> list[ReceiptKind]:
    return list(ReceiptKind) if bench.ffd == "1.2" else [ReceiptKind.SELL, ReceiptKind.BUY]


@pytest.mark.parametrize("basis", [samples.SELF, samples.ORDER], ids=["self", "order"])
def test_a_correction_of_each_kind(bench: Bench, cashed: FiscalPrinter, basis: CorrectionBasis) -> None:
    for kind in kinds_of(bench):
        receipt = correction(basis, kind, cashier_inn="780123456724", place="Учебная касса")
        receipt = replace(receipt, basis=OriginalReceipt("2718281828"))
        mark, entries = made_of(cashed, receipt)
        expected = of_document(receipt) | {1173: basis.type.value}
        assert {tag: plain(entries, tag) for tag in expected} == expected
        assert plain(entries, 1174, 1178) == datetime(2026, 11, 3)
        if bench.ffd == "1.05":
            assert plain(entries, 1174, 1177) == (basis.text or None)
            assert plain(entries, 1174, 1179) == (basis.number or "б/н")
            assert lines_of(entries) == []
        else:
            assert plain(entries, 1174, 1177) is None
            assert plain(entries, 1174, 1179) == (basis.number or None)
            said = [{tag: plain(each, tag) for tag in of_line(receipt.lines[0])} for each in lines_of(entries)]
            assert said == [of_line(each) for each in receipt.lines]
        flat, _ = of_vat(receipt)
        assert {tag: plain(entries, tag) for tag in range(1102, 1106)} == flat
        document = cashed.read_document(mark.document_number)
        assert (document.type, document.kind, document.total) == (DocumentType.CORRECTION, kind, receipt.total)
        assert Stamp.parse(document.stamp or "") == Stamp("1", "10-17", receipt.key)
        assert cashed.document_mark(mark.document_number) == mark
        assert bench.documents()[-1]["key"] == receipt.key


def test_corrections_are_counted_apart_from_receipts(bench: Bench, cashed: FiscalPrinter) -> None:
    before = cashed.shift_counters(ReceiptKind.SELL)
    made_of(cashed, correction())
    after = cashed.shift_counters(ReceiptKind.SELL)
    if can(bench, Capability.CORRECTION_COUNTERS):
        counted = after.corrections[ReceiptKind.SELL]
        assert (counted.count, counted.total) == (1, Money(40_000))
    assert after.receipts == before.receipts
    assert after.drawer - before.drawer == Money(1_000)


def test_a_correction_of_every_rate_in_ffd_1_2(bench: Bench, printer: FiscalPrinter) -> None:
    only(bench, "1.2")
    receipt = correction(rates=[rate for rate in VatRate if not rate.is_calculated])
    _, entries = made_of(printer, receipt)
    flat, new = of_vat(receipt)
    assert {tag: plain(entries, tag) for tag in flat} == flat
    assert rates_of(entries) == new


@pytest.mark.parametrize(
    "receipt, what",
    [
        (correction(rates=[VatRate.VAT_22]), "22"),
        (correction(rates=[VatRate.NONE, VatRate.VAT_5]), "5"),
        (correction(kind=ReceiptKind.SELL_REFUND), "возврат"),
    ],
)
def test_what_ffd_1_05_cannot_correct_is_said_before_anything_begins(
    bench: Bench, printer: FiscalPrinter, receipt: Receipt, what: str
) -> None:
    only(bench, "1.05")
    documents = bench.documents()
    with pytest.raises(Refused, match=what) as told:
        printer.print_receipt(receipt, printer.last_document_number())
    assert told.value.code == "register_lacks"
    assert bench.documents() == documents
    assert printer.open_document() is None
    assert not printer.status().has_open_document


OPCODES = {"1.05": ["FF35", "FF0C", "FF4A", "FF0A"], "1.2": ["8D", "FF0C", "FF46", "89", "FF45", "FF0A"]}


def cuts(bench: Bench) -> Iterator[tuple[str, bool]]:
    for opcode in OPCODES[bench.ffd]:
        yield opcode, False
        yield opcode, True


def test_a_cable_cut_at_any_command_of_a_correction(bench: Bench, cashed: FiscalPrinter, scissors: Scissors) -> None:
    """The rules are those of receipts: never "nothing was made", and what was made carries our key."""
    for opcode, sent in cuts(bench):
        receipt = correction()
        after = cashed.last_document_number()
        scissors.at(opcode, sent=sent)
        with pytest.raises(OutcomeUnknown):
            cashed.print_receipt(receipt, after)
        scissors.mend()
        cashed.reset_link()
        is_made = opcode == "FF0A" or (opcode in ("FF4A", "FF45") and sent)
        assert [receipt.key in (each.stamp or "") for each in cashed.documents_after(after)] == [True] * is_made
        opened = cashed.open_document()
        is_opened = not is_made and (opcode, sent) not in (("FF35", False), ("8D", False))
        assert (opened is not None) is is_opened, (opcode, sent)
        if opened is not None:
            assert opened.is_correction
            assert opened.is_like(receipt)
            assert not opened.is_like(samples.receipt([line(10_000)], {samples.CASH: 10_000}))
            assert cashed.status().has_open_document
            cashed.cancel_open_document()
        assert not cashed.status().has_open_document
        assert cashed.open_document() is None


def test_an_error_answer_to_the_closing_command_of_a_correction_is_no_refusal(
    bench: Bench, cashed: FiscalPrinter
) -> None:
    by_commands(bench)
    closing = "FF4A" if bench.ffd == "1.05" else "FF45"
    for when in ("before", "after_commit"):
        receipt = correction()
        after = cashed.last_document_number()
        bench.fault(closing, "error", when, value=0x50)
        with pytest.raises(OutcomeUnknown):
            cashed.print_receipt(receipt, after)
        assert (cashed.last_document_number() == after) is (when == "before")
        if when == "before":
            cashed.cancel_open_document()
        assert not cashed.status().has_open_document


def test_a_correction_that_the_register_refuses_leaves_nothing_open(bench: Bench, cashed: FiscalPrinter) -> None:
    by_commands(bench)
    documents = bench.documents()
    bench.fault("FF0C", "error", "before", value=0x33)
    with pytest.raises(Refused) as told:
        cashed.print_receipt(correction(), cashed.last_document_number())
    assert told.value.code == "key_refused"
    assert bench.documents() == documents
    assert not cashed.status().has_open_document
    made_of(cashed, correction())


def test_set_up_proves_where_corrections_carry_the_key(bench: Bench, printer: FiscalPrinter) -> None:
    if not can(bench, Capability.KEY_TRIED):  # a correction that was made shows it
        made_of(printer, correction())
    documents = bench.documents()
    assert printer.probe().correction_key_tag == "1084"
    assert bench.documents() == documents
    assert not printer.status().has_open_document
    assert printer.key_tag_of(correction()) == "1084"


# ------------------------------------------------------------------------------------------------ marked goods


def test_a_marked_thing_is_checked_bound_and_told(bench: Bench, printer: FiscalPrinter) -> None:
    only(bench, "1.2")
    verdicts = [printer.check_marking(parse_marking(code), 1) for code in (MILK, SHOES)]
    assert [(each.result, each.code_type, each.is_refused) for each in verdicts] == [(15, 5, False), (15, 3, False)]
    assert all((each.asked_at is not None) is can(bench, Capability.CHECK_TIME) for each in verdicts)
    answer = IndustryDetail("UUID=25cd22e1-af86-4a28-a0c2-8696e5ea1b8e&Time=1723182931610")
    receipt = samples.receipt([marked(MILK), line(100), marked(SHOES)], {samples.CASH: 50_100})
    number = printer.print_receipt(receipt, printer.last_document_number(), details={0: (answer,)}).document_number
    entries = ffd.read_document(printer.document_tlv(number)).entries
    milk, bare, shoes = lines_of(entries)
    assert plain(milk, 1163, 1305) == "01046071038207002155kTHg"
    assert plain(shoes, 1163, 1305) == "0104606203084623215pc.oW/;X'lQq"
    assert [[plain(each, tag) for tag in (1212, 2106, 2108, 2102)] for each in (milk, bare, shoes)] == [
        [33, 15, 0, 0],
        [1, None, 0, None],
        [33, 15, 0, 0],
    ]
    assert [plain(milk, 1260, tag) for tag in (1262, 1263, 1264, 1265)] == [
        "030",
        "21.11.2023",
        "1944",
        answer.value,
    ]
    assert plain(shoes, 1260) is None
    assert plain(entries, 2107) == 0


def test_a_false_code_is_refused_and_not_kept(bench: Bench, printer: FiscalPrinter) -> None:
    only(bench, "1.2")
    bench.tell("marking", {"codes": {SHOES: {"local": "false"}, MILK: {"status": 2}}})
    for code in (SHOES, MILK):
        verdict = printer.check_marking(parse_marking(code), 1)
        assert verdict.is_refused
        assert verdict.why
    bench.tell("marking", {"server": "silent"})
    alone = printer.check_marking(parse_marking(SHOES), 1)
    assert (alone.result, alone.asked_at, alone.is_refused) == (3, None, False)


def test_a_check_that_was_cut_off_blocks_no_later_one(bench: Bench, printer: FiscalPrinter, scissors: Scissors) -> None:
    only(bench, "1.2")
    for opcode in ("FF61", "FF69"):
        scissors.at(opcode, sent=opcode == "FF61")
        with pytest.raises(Exception, match="не отвечает"):
            printer.check_marking(parse_marking(SHOES), 1)
        scissors.mend()
        printer.reset_link()
        assert printer.check_marking(parse_marking(MILK), 1).result == 15
    printer.clear_markings()


def test_a_return_of_marked_goods_names_them_too(bench: Bench, cashed: FiscalPrinter) -> None:
    only(bench, "1.2")
    assert cashed.check_marking(parse_marking(MILK), 3).result == 15
    receipt = samples.receipt([marked(MILK)], {samples.CASH: 25_000}, ReceiptKind.SELL_REFUND)
    _, entries = made_of(cashed, receipt)
    assert (plain(entries, 1059, 1163, 1305), plain(entries, 1059, 2106)) == ("01046071038207002155kTHg", 15)


def test_ffd_1_05_writes_the_code_unchecked(bench: Bench, printer: FiscalPrinter) -> None:
    only(bench, "1.05")
    with pytest.raises(Refused) as told:
        printer.check_marking(parse_marking(MILK), 1)
    assert told.value.code == "register_lacks"
    _, entries = made_of(printer, samples.receipt([marked(MILK)], {samples.CASH: 25_000}))
    expected = bytes.fromhex("444d") + (4607103820700).to_bytes(6, "big") + b"55kTHg"
    assert (plain(entries, 1059, 1162), plain(entries, 1059, 1212)) == (expected, 1)


def test_the_profile_tells_whether_codes_are_checked(bench: Bench, printer: FiscalPrinter) -> None:
    assert (Capability.MARKING in printer.probe().capabilities) is (bench.ffd == "1.2")


def test_the_day_of_a_correction_is_midnight(bench: Bench, printer: FiscalPrinter) -> None:
    receipt = correction(replace(samples.SELF, day=date(2025, 12, 31)))
    _, entries = made_of(printer, receipt)
    assert plain(entries, 1174, 1178) == datetime(2025, 12, 31)
