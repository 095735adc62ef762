"""Receipts: what is accepted, what is refused, and what then stands in the fiscal document."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posapp.devices.shtrih import commands as c
from posapp.devices.simulator.documents import StoredDocument
from posapp.domain import ffd
from tests.devices.simulator.benches import PASSWORD, Bench, item, pay

P = PASSWORD


def tags(document: StoredDocument) -> list[ffd.Entry]:
    return list(ffd.read_document(document.tlv).entries)


def of(entries: Any, *path: int) -> Any:
    found = ffd.find(entries, *path)
    return None if found is None else found.value


def lines(document: StoredDocument) -> list[tuple[ffd.Entry, ...]]:
    return [entry.items or () for entry in tags(document) if entry.tag == 1059]


def test_a_sale_in_cash_and_by_card(selling: Bench) -> None:
    selling.ok(c.OpenReceipt(P, 0))
    selling.ok(item(5_999, quantity_micro=2_500_000, name="Молоко", department=2))
    selling.ok(item(10_000, rate_byte=c.RATE_BYTE[2], payment_object=4, name="Доставка"))
    assert selling.ok(c.Subtotal(P)).total_kopecks == 14_998 + 10_000
    closed = selling.ok(pay(cash=20_000, card=10_000, tax_system=1))
    assert closed.change_kopecks == 5_002
    assert closed.printed_at is None

    document = selling.last()
    assert (document.number, document.sign) == (closed.document_number, closed.document_sign)
    entries = tags(document)
    assert ffd.read_document(document.tlv).form == 3
    plain = {entry.tag: entry.value for entry in entries if entry.items is None}
    assert plain[1020] == 24_998
    assert (plain[1031], plain[1081], plain[1215], plain[1216], plain[1217]) == (14_998, 10_000, 0, 0, 0)
    assert (plain[1054], plain[1055], plain[1038], plain[1042], plain[1209]) == (1, 1, 1, 1, 2)
    assert plain[1041] == selling.printer.identity.storage_number
    assert plain[1037] == selling.printer.identity.registration_number
    assert plain[1040] == closed.document_number
    assert plain[1077] == closed.document_sign
    assert plain[1021] == "СИСТЕМНЫЙ АДМИНИСТРАТОР"
    milk, delivery = lines(document)
    assert (of(milk, 1030), of(milk, 1079), of(milk, 1023), of(milk, 1043)) == ("Молоко", 5_999, Decimal("2.5"), 14_998)
    assert (of(milk, 1199), of(milk, 1200), of(milk, 1214), of(milk, 1212)) == (11, 2_705, 4, 1)
    assert (of(delivery, 1199), of(delivery, 1200), of(delivery, 1212)) == (2, 909, 4)
    assert plain[1103] == 909
    assert 1102 not in plain
    assert of(entries, 1115, 1119, 1199) == 11
    assert of(entries, 1115, 1119, 1120) == 2_705


def test_the_document_is_found_and_read_back(selling: Bench) -> None:
    selling.ok(item())
    closed = selling.ok(pay(cash=10_000))
    found = selling.ok(c.FindDocument(P, closed.document_number))
    assert (found.document_type, found.kind, found.total_kopecks) == (3, 1, 10_000)
    assert (found.document_sign, found.printed_at) == (closed.document_sign, selling.last().at)
    head = selling.ok(c.RequestDocument(P, closed.document_number))
    assert selling.mode == 1
    assert selling.refusal(c.OpenReceipt(P, 0)) == 0x73
    body = b""
    while not isinstance(reply := selling.send(c.ReadDocument(P)), c.ErrorReply):
        assert isinstance(reply, c.ReadDocumentReply)
        body += reply.tlv
    assert reply.error == 0x08
    assert selling.mode == 2
    assert ffd.wrap(head.document_type, body) == selling.last().tlv
    assert len(body) == head.length
    assert selling.refusal(c.ReadDocument(P)) == 0x08


@pytest.mark.parametrize("number", [0, 99])
def test_no_such_document(selling: Bench, number: int) -> None:
    assert selling.refusal(c.FindDocument(P, number)) == 0x08
    assert selling.refusal(c.RequestDocument(P, number)) == 0x08


def test_the_extended_answer_tells_the_time(selling: Bench) -> None:
    selling.ok(c.WriteTable(P, 17, 1, 36, b"\x01"))
    selling.ok(item())
    assert selling.ok(pay(cash=10_000)).printed_at == selling.last().at


def test_numbers_grow_by_one(selling: Bench) -> None:
    before = selling.ok(c.StorageStatus(P)).last_document_number
    for turn in range(1, 4):
        selling.ok(item())
        assert selling.ok(pay(cash=10_000)).document_number == before + turn
        assert selling.ok(c.ShiftParameters(P)).receipt_number == turn
    signs = {document.sign for document in selling.printer.storage.documents}
    assert len(signs) == len(selling.printer.storage.documents)


@pytest.mark.parametrize("kind, operation, tag", [(0, 1, 1), (2, 2, 2), (1, 3, 3), (3, 4, 4)])
def test_the_four_kinds(selling: Bench, kind: int, operation: int, tag: int) -> None:
    selling.ok(c.OpenReceipt(P, kind))
    selling.ok(item(kind=operation))
    selling.ok(pay(cash=10_000))
    assert selling.value(1054) == tag
    drawer = selling.ok(c.MoneyRegister(P, 0xF1)).value
    assert drawer == (110_000 if kind in (0, 3) else 90_000)


@pytest.mark.parametrize("kind, operation", [(2, 2), (1, 3)])
def test_no_more_is_paid_out_than_is_in_the_drawer(selling: Bench, kind: int, operation: int) -> None:
    selling.ok(c.OpenReceipt(P, kind))
    selling.ok(item(100_001, kind=operation))
    assert selling.refusal(pay(cash=100_001)) == 0x46
    selling.ok(pay(card=100_001))


@pytest.mark.parametrize(
    "command, error",
    [
        (pay(), 0x45),
        (pay(cash=9_999), 0x45),
        (pay(card=10_001), 0x4D),
        (pay(card=5_000, prepaid=5_001), 0x4D),
        (pay(cash=10_000, tax_system=8), 0x33),
        (pay(cash=10_000, tax_system=3), 0x33),
        (pay(cash=10_000, rounding=100), 0x33),
        (pay(cash=2**39), 0x40),
    ],
)
def test_payments_that_do_not_fit(selling: Bench, command: c.CloseReceipt, error: int) -> None:
    selling.ok(item(10_000))
    assert selling.refusal(command) == error
    assert selling.mode == 8


@pytest.mark.parametrize(
    "changed, error",
    [
        ({"quantity_micro": 0}, 0x62),
        ({"price_kopecks": 10**10}, 0x61),
        ({"quantity_micro": 2**47}, 0x61),
        ({"sum_kopecks": 10_002}, 0x33),
        ({"sum_kopecks": 9_998}, 0x33),
        ({"tax_kopecks": 10_001}, 0x33),
        ({"rate_byte": 0x03}, 0x33),
        ({"payment_method": 8}, 0x33),
        ({"kind": 5}, 0x33),
    ],
)
def test_items_that_make_no_sense(selling: Bench, changed: dict[str, Any], error: int) -> None:
    assert selling.refusal(item(10_000, **changed)) == error


@pytest.mark.parametrize("kopecks", [9_999, 10_000, 10_001])
def test_the_sum_may_differ_by_one_kopeck(selling: Bench, kopecks: int) -> None:
    selling.ok(item(10_000, sum_kopecks=kopecks))
    selling.ok(pay(cash=kopecks))
    assert of(lines(selling.last())[0], 1043) == kopecks


def test_rounding_down_to_roubles(selling: Bench) -> None:
    selling.ok(item(10_099))
    assert selling.ok(pay(cash=10_000, rounding=99)).change_kopecks == 0
    assert selling.value(1020) == 10_000
    assert of(lines(selling.last())[0], 1043) == 10_099


def test_a_zero_tax_is_zero_and_a_missing_one_is_computed(selling: Bench) -> None:
    selling.ok(item(10_000, rate_byte=c.RATE_BYTE[1], tax_kopecks=0))
    selling.ok(pay(cash=10_000))
    assert selling.value(1102) == 0
    selling.ok(item(10_000, rate_byte=c.RATE_BYTE[1]))
    selling.ok(pay(cash=10_000))
    assert selling.value(1102) == 1_667


FLAT = {1: (1102, 1_667), 2: (1103, 909), 3: (1106, 1_667), 4: (1107, 909), 5: (1104, 10_000), 6: (1105, 10_000)}


@pytest.mark.parametrize("rate", sorted(FLAT))
def test_old_rates_have_flat_tags(selling: Bench, rate: int) -> None:
    selling.ok(item(10_000, rate_byte=c.RATE_BYTE[rate]))
    selling.ok(pay(cash=10_000))
    tag, kopecks = FLAT[rate]
    assert selling.value(tag) == kopecks
    assert selling.value(1115, 1119, 1120) is None


@pytest.mark.parametrize("rate, kopecks", [(7, 476), (8, 654), (9, 476), (10, 654), (11, 1_803), (12, 1_803)])
def test_new_rates_stand_in_1115_only(selling: Bench, rate: int, kopecks: int) -> None:
    selling.ok(item(10_000, rate_byte=c.RATE_BYTE[rate]))
    selling.ok(pay(cash=10_000))
    assert (selling.value(1115, 1119, 1199), selling.value(1115, 1119, 1120)) == (rate, kopecks)
    assert selling.value(1104) == 0, "the stub that the format wants"


@pytest.mark.parametrize("method, vat", [(0, 3 * 7), (1, 22)])
def test_vat_per_item_or_of_the_turnover(selling: Bench, method: int, vat: int) -> None:
    """Three items of 40 kopecks at 22 %: 7.21 kopecks each; of the turnover of 120 it is 21.64."""
    selling.ok(c.WriteTable(P, 17, 1, 40, bytes((method,))))
    for _ in range(3):
        selling.ok(item(40))
    selling.ok(pay(cash=120))
    assert selling.value(1115, 1119, 1120) == vat


def test_taxes_of_the_host_count_only_where_table_1_says_so(selling: Bench) -> None:
    given = (1_234, 0, 0, 0, 0, 0)
    selling.ok(item(10_000, rate_byte=c.RATE_BYTE[1]))
    selling.ok(pay(cash=10_000, taxes_kopecks=given))
    assert selling.value(1102) == 1_667
    selling.ok(c.WriteTable(P, 1, 1, 14, b"\x01"))
    selling.ok(item(10_000, rate_byte=c.RATE_BYTE[1]))
    selling.ok(pay(cash=10_000, taxes_kopecks=given))
    assert selling.value(1102) == 1_234


# --- tags


def test_the_key_travels_inside_the_document(selling: Bench) -> None:
    selling.ok(c.OpenReceipt(P, 0))
    selling.ok(c.SendDocumentTlv(P, ffd.encode(1084, [(1085, "posapp"), (1086, "1·А-17·0123456789ABCDEF")])))
    selling.ok(c.SendDocumentTlv(P, ffd.encode_all([(1021, "Иванова"), (1203, "500100732259"), (1008, "a@b.ru")])))
    selling.ok(item())
    selling.ok(c.SendItemTlv(P, ffd.encode(1191, "размер XL")))
    selling.ok(pay(cash=10_000))
    assert selling.last().key == "0123456789ABCDEF"
    assert selling.last().as_json()["key"] == "0123456789ABCDEF"
    assert (selling.value(1021), selling.value(1203), selling.value(1008)) == ("Иванова", "500100732259", "a@b.ru")
    assert sum(entry.tag == 1021 for entry in tags(selling.last())) == 1
    assert of(lines(selling.last())[0], 1191) == "размер XL"


def test_another_programs_requisite_is_no_key(selling: Bench) -> None:
    selling.ok(c.OpenReceipt(P, 0))
    selling.ok(c.SendDocumentTlv(P, ffd.encode(1084, [(1085, "заказ"), (1086, "17")])))
    selling.ok(item())
    selling.ok(pay(cash=10_000))
    assert selling.last().key is None


@pytest.mark.parametrize(
    "tlv",
    [
        ffd.encode(1020, 1),
        ffd.encode(1023, Decimal(1)),
        ffd.encode(1077, bytes(6)),
        ffd.encode(1115, []),
        ffd.wrap(9999, b"1"),
        ffd.wrap(1008, b"x" * 65),
        ffd.encode_all([(1008, "a@b.ru"), (1008, "c@d.ru")]),
        b"\xf0\x03\x05\x00a",
    ],
)
def test_tags_that_a_receipt_does_not_take(selling: Bench, tlv: bytes) -> None:
    selling.ok(c.OpenReceipt(P, 0))
    assert selling.refusal(c.SendDocumentTlv(P, tlv)) == 0x33


def test_a_tag_is_taken_once(selling: Bench) -> None:
    selling.ok(c.OpenReceipt(P, 0))
    selling.ok(c.SendDocumentTlv(P, ffd.encode(1008, "a@b.ru")))
    assert selling.refusal(c.SendDocumentTlv(P, ffd.encode(1008, "a@b.ru"))) == 0x33


def test_a_second_quantity_is_refused(selling: Bench) -> None:
    selling.ok(item())
    assert selling.refusal(c.SendItemTlv(P, ffd.encode(1023, Decimal(2)))) == 0x33


def test_shift_reports_take_tags_too(bench: Bench) -> None:
    bench.ok(c.BeginOpenShift(P))
    assert bench.ok(c.StorageStatus(P)).current_document == 2
    bench.ok(c.SendDocumentTlv(P, ffd.encode(1021, "Петрова")))
    bench.open_shift()
    assert (bench.last().form, bench.value(1021), bench.value(1038)) == (2, "Петрова", 1)
    bench.ok(c.BeginCloseShift(P))
    bench.ok(c.SendDocumentTlv(P, ffd.encode(1021, "Сидорова")))
    bench.ok(c.CloseShift(P))
    assert (bench.last().form, bench.value(1021)) == (5, "Сидорова")
    assert bench.ok(c.StorageStatus(P)).current_document == 0


def test_the_close_report_counts_the_shift(selling: Bench) -> None:
    for _ in range(2):
        selling.ok(item())
        selling.ok(pay(cash=10_000))
    selling.ok(c.CloseShift(P))
    assert (selling.value(1038), selling.value(1111), selling.value(1118)) == (1, 4, 2)
    found = selling.ok(c.FindDocument(P, selling.last().number))
    assert (found.document_type, found.shift_number) == (5, 1)


# --- classic commands


def test_a_receipt_by_the_classic_commands(selling: Bench) -> None:
    selling.ok(c.Sale(P, 2_500, 5_999, 1, (1, 0, 0, 0), "Молоко"))
    selling.ok(c.Sale(P, 1_000, 1_000, 2, (0, 0, 0, 0), ""))
    assert selling.ok(c.Subtotal(P)).total_kopecks == 15_998
    assert selling.ok(c.CloseClassic(P, (10_000, 5_998, 0, 0))).change_kopecks == 0
    first, second = lines(selling.last())
    assert (of(first, 1030), of(first, 1023), of(first, 1199)) == ("Молоко", Decimal("2.5"), 1)
    assert (of(second, 1030), of(second, 1199)) == ("ОТДЕЛ 2", 6)
    assert (selling.value(1031), selling.value(1081)) == (10_000, 5_998)


def test_an_item_is_taken_back(selling: Bench) -> None:
    sale = c.Sale(P, 3_000, 1_000, 1, (0,) * 4, "Хлеб")
    selling.ok(sale)
    assert selling.refusal(c.Storno(P, 4_000, 1_000, 1, (0,) * 4, "")) == 0x2D
    selling.ok(c.Storno(P, 1_000, 1_000, 1, (0,) * 4, ""))
    assert selling.ok(c.Subtotal(P)).total_kopecks == 2_000
    selling.ok(c.Storno(P, 2_000, 1_000, 1, (0,) * 4, ""))
    assert selling.refusal(pay(cash=0)) == 0x33, "a receipt without items is none"


def test_a_discount_is_spread_over_the_items(selling: Bench) -> None:
    selling.ok(item(10_000))
    selling.ok(item(5_001))
    selling.ok(c.Discount(P, 100, (0,) * 4, ""))
    assert selling.ok(c.Subtotal(P)).total_kopecks == 14_901
    selling.ok(c.Markup(P, 99, (0,) * 4, ""))
    selling.ok(pay(cash=15_000))
    assert sum(of(line, 1043) for line in lines(selling.last())) == 15_000
    assert selling.value(1020) == 15_000
    selling.ok(item(100))
    assert selling.refusal(c.Discount(P, 101, (0,) * 4, "")) == 0x5A
    selling.ok(c.WriteTable(P, 17, 1, 3, b"\x01"))
    assert selling.refusal(c.Discount(P, 1, (0,) * 4, "")) == 0x73


def test_a_discount_in_per_cent_at_the_end(selling: Bench) -> None:
    selling.ok(item(10_000))
    assert selling.refusal(c.CloseClassic(P, (8_000, 0, 0, 0), discount=1_000)) == 0x45
    assert selling.ok(c.Subtotal(P)).total_kopecks == 10_000
    assert selling.ok(c.CloseClassic(P, (10_000, 0, 0, 0), discount=1_000)).change_kopecks == 1_000
    assert selling.value(1020) == 9_000


def test_cancelling_makes_no_document(selling: Bench) -> None:
    before = selling.last().number
    selling.ok(item())
    selling.ok(c.CancelReceipt(P))
    assert selling.last().number == before
    assert selling.mode == 2
    assert selling.ok(c.OperationRegister(P, 157)).value == 1


def test_a_correction_of_ffd_1_05(selling: Bench) -> None:
    selling.ok(c.BeginCorrection(P))
    selling.ok(c.SendDocumentTlv(P, ffd.encode_all([(1173, 0), (1174, [(1177, "ошибка"), (1179, "1")])])))
    done = selling.ok(c.MakeCorrection(P, 0, 1, 5_000, (2_000, 3_000, 0, 0, 0), (833, 0, 0, 0, 0, 0), 1))
    found = selling.ok(c.FindDocument(P, done.document_number))
    assert (found.document_type, found.kind, found.total_kopecks) == (31, 1, 5_000)
    assert (selling.value(1173), selling.value(1174, 1177), selling.value(1102)) == (0, "ошибка", 833)
    assert done.receipt_number == selling.ok(c.ShiftParameters(P)).receipt_number


def test_an_exchange_report_is_a_document(bench: Bench) -> None:
    report = bench.ok(c.ExchangeReport(P))
    assert (bench.last().form, bench.last().number) == (21, report.document_number)
    assert report.unconfirmed == 1


def test_a_copy_of_the_last_receipt(selling: Bench) -> None:
    selling.ok(item())
    number = selling.ok(pay(cash=10_000)).document_number
    selling.ok(c.RepeatDocument(P))
    assert selling.last().number == number
    assert "КОПИЯ" in selling.printer.tape


def test_the_qr_text(selling: Bench) -> None:
    selling.ok(item(123_405))
    closed = selling.ok(pay(cash=123_405))
    fn = selling.printer.identity.storage_number
    assert selling.last().qr(fn) == (
        f"t=20261120T0901&s=1234.05&fn={fn}&i={closed.document_number}&fp={closed.document_sign}&n=1"
    )


# --- whatever comes


@settings(max_examples=60)
@given(st.lists(st.tuples(st.sampled_from(sorted(c.Command.REGISTERED)), st.binary(max_size=60)), max_size=40))
def test_no_command_breaks_the_register(commands: list[tuple[int, bytes]]) -> None:
    """Any bytes give an answer that the codec can send, and documents stay whole and numbered."""
    bench = Bench()
    bench.open_shift()
    for code, data in commands:
        opcode = bytes((code,)) if code < 256 else code.to_bytes(2, "big")
        try:
            command = c.decode_command(opcode + b"\x1e\0\0\0" + data)
        except c.Malformed:
            continue
        assert len(bench.send(command).encode()) <= 255
        bench.now += timedelta(seconds=1)
    assert [document.number for document in bench.printer.storage.documents] == list(
        range(1, bench.printer.storage.last_number + 1)
    )
    for document in bench.printer.storage.documents:
        assert ffd.read_document(document.tlv).entries


MONEY = st.integers(0, 2**40 - 1)
STEPS = st.one_of(
    st.just(c.OpenReceipt(P, 0)),
    st.builds(item, st.integers(0, 20_000), quantity_micro=st.integers(0, 5_000_000), kind=st.sampled_from((1, 2))),
    st.builds(c.Discount, st.just(P), st.integers(0, 5_000), st.just((0,) * 4), st.just("")),
    st.builds(c.Markup, st.just(P), MONEY, st.just((0,) * 4), st.just("")),
    st.builds(pay, cash=st.integers(0, 100_000), card=st.integers(0, 100)),
    st.builds(pay, cash=MONEY, other=MONEY),
    st.builds(c.CashOut, st.just(P), st.integers(0, 50_000)),
    st.just(c.CancelReceipt(P)),
    st.just(c.OpenReceipt(P, 2)),
)


@settings(max_examples=150)
@given(st.lists(STEPS, max_size=25))
def test_the_drawer_and_the_documents_agree(steps: list[c.AnyCommand]) -> None:
    """Cash in the drawer is what receipts took and gave, whatever was refused on the way."""
    bench = Bench()
    bench.open_shift()
    moved = 0
    for step in steps:
        reply = bench.send(step)
        reply.encode()
        if isinstance(step, c.CashOut) and not isinstance(reply, c.ErrorReply):
            moved -= step.amount_kopecks
    for document in bench.printer.storage.documents:
        if document.form == 3:
            entries = tags(document)
            total = sum(of(entries, tag) for tag in (1031, 1081, 1215, 1216, 1217))
            assert total == of(entries, 1020) == sum(of(line, 1043) for line in lines(document))
            moved += of(entries, 1031) if document.kind == 1 else -of(entries, 1031)
    assert bench.printer.registers.drawer_kopecks == moved
    assert moved >= 0
