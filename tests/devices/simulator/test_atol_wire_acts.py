"""What the simulated АТОЛ register does and tells on its wire: receipts, tags, modes, sums, documents read back."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from posapp.devices.atol import commands as a
from posapp.domain import ffd
from tests.devices.simulator.atol_hosts import Host, attribute, item

KEY = "KEY0123456789ABC"


@pytest.fixture
def host() -> Host:
    host = Host()
    host.open_shift()
    return host


# --- receipts


@pytest.mark.parametrize("kind, tag", [(a.SELL, 1), (a.SELL_RETURN, 2), (a.BUY, 3), (a.BUY_RETURN, 4)])
def test_each_kind_of_receipt(host: Host, kind: int, tag: int) -> None:
    host.ok(a.CashIn(0, 50_000))
    host.begin(kind=kind)
    state = host.ok(a.ReceiptState())
    assert (state.state, state.kind) == (1, kind)
    host.ok(a.Payment(0, a.CASH, 10_000))
    host.ok(a.CloseReceipt(0, a.CASH))
    assert (host.value(1054), host.value(1020), host.value(1031)) == (tag, 10_000, 10_000)
    last = host.ok(a.LastReceipt())
    assert (last.kind, last.total_kopecks, last.document_number) == (kind, 10_000, host.documents[-1].number)
    assert host.ok(a.ReceiptState()).state == 0


@pytest.mark.parametrize("rate", range(1, 7))
def test_each_rate_that_the_wire_knows(host: Host, rate: int) -> None:
    host.begin(rate=rate)
    host.ok(a.Payment(0, a.CASH, 10_000))
    host.ok(a.CloseReceipt(0, a.CASH))
    assert host.value(1059, 1199) == rate


@pytest.mark.parametrize("rate", [0, 7, 8, 9, 10, 11, 12, 13])
def test_a_rate_for_which_no_byte_is_known_is_not_supported(host: Host, rate: int) -> None:
    host.ok(a.OpenReceipt(0, a.SELL))
    host.ok(a.BeginItem())
    assert host.refusal(item(rate=rate)) == 0x6C


def test_each_way_to_pay_and_what_is_left(host: Host) -> None:
    host.begin(10_000)
    left = [host.ok(a.Payment(0, kind, 1_000)) for kind in (a.CASHLESS, a.PREPAID, a.CREDIT, a.OTHER)]
    assert [reply.left_kopecks for reply in left] == [9_000, 8_000, 7_000, 6_000]
    assert host.refusal(a.Payment(0, a.CASHLESS, 6_001)) == 0x71
    assert host.refusal(a.Payment(0, 6, 1)) == 0x7E
    assert host.refusal(a.CloseReceipt(0, a.CASH)) == 0x86
    assert host.ok(a.Payment(0, a.CASH, 6_500)) == a.PaymentReply(0, 500)
    assert host.ok(a.ReceiptSums()) == a.ReceiptSumsReply(10_000, 0, 500)
    host.ok(a.CloseReceipt(0, a.CASH))
    tenders = [host.value(tag) for tag in (1031, 1081, 1215, 1216, 1217)]
    assert tenders == [6_000, 1_000, 1_000, 1_000, 1_000]


def test_the_last_payment_may_come_with_the_closing(host: Host) -> None:
    host.begin(10_000)
    assert host.refusal(a.CloseReceipt(0, a.CASH, 9_999)) == 0x86
    host.ok(a.CloseReceipt(0, a.CASHLESS, 10_000))
    assert host.value(1081) == 10_000


def test_a_total_is_rounded_down_by_less_than_a_rouble(host: Host) -> None:
    host.begin(10_050)
    assert host.refusal(a.Discount(0, 0, 1, 0, 100)) == 0x10
    assert host.refusal(a.Discount(0, 0, 0, 0, 50)) == 0x6C
    host.ok(a.Discount(0, 0, 1, 0, 50))
    assert host.ok(a.ReceiptSums()).sum_kopecks == 10_000
    host.ok(a.Payment(0, a.CASH, 10_000))
    host.ok(a.CloseReceipt(0, a.CASH))
    assert (host.value(1020), host.value(1059, 1043)) == (10_000, 10_050)


def test_a_sum_that_is_not_price_times_quantity_is_refused(host: Host) -> None:
    host.ok(a.OpenReceipt(0, a.SELL))
    host.ok(a.BeginItem())
    assert host.refusal(item(100, quantity_milli=333, sum_kopecks=35)) == 0x08
    host.ok(a.BeginItem())
    assert host.refusal(item(100, quantity_milli=0)) == 0x0A
    host.ok(a.BeginItem())
    host.ok(item(100, quantity_milli=333, sum_kopecks=33))
    assert host.refusal(item(100)) == 0x66, "EAh was missing"


def test_an_item_that_says_neither_what_nor_how_is_goods_paid_in_full(host: Host) -> None:
    host.begin(payment_object=0, payment_method=0)
    host.ok(a.CloseReceipt(0, a.CASH, 10_000))
    assert (host.value(1059, 1212), host.value(1059, 1214)) == (1, 4)


def test_a_sum_of_tax_must_be_the_right_one(host: Host) -> None:
    host.ok(a.OpenReceipt(0, a.SELL))
    host.ok(a.BeginItem())
    assert host.refusal(item(12_000, tax_kopecks=1_999)) == 0xDF
    assert host.ok(a.ReceiptSums()).sum_kopecks == 0
    host.ok(a.BeginItem())
    host.ok(item(12_000, tax_kopecks=2_000))
    assert host.ok(a.ReceiptTax(1)).data == bytes.fromhex("00 00 00 00 00 20 00")


def test_what_only_tries_changes_nothing(host: Host) -> None:
    host.ok(a.OpenReceipt(1, a.SELL))
    assert host.ok(a.ReceiptState()).state == 0
    host.begin()
    assert host.ok(a.Payment(1, a.CASH, 5_000)).left_kopecks == 10_000
    host.ok(a.Payment(0, a.CASH, 10_000))
    host.ok(a.CloseReceipt(1, a.CASH))
    assert host.receipts == 0


def test_a_receipt_is_cancelled_once(host: Host) -> None:
    assert host.refusal(a.CancelReceipt()) == 0x9A
    host.begin()
    assert host.refusal(a.OpenReceipt(0, a.SELL)) == 0x9B
    assert host.refusal(a.LeaveMode()) == 0x9B
    host.ok(a.CancelReceipt())
    assert host.refusal(a.CloseReceipt(0, a.CASH)) == 0x9A
    assert host.receipts == 0


def test_after_a_power_cut_the_items_are_there_and_the_payments_are_not(host: Host) -> None:
    host.begin()
    host.ok(a.Payment(0, a.CASH, 10_000))
    host.line.power_off()
    host.line.power_on()
    state = host.ok(a.ReceiptState())
    assert (state.state, state.kind) == (1, a.SELL)
    assert host.ok(a.ReceiptSums()) == a.ReceiptSumsReply(10_000, 10_000, 0)
    host.ok(a.CancelReceipt())
    assert host.receipts == 0


# --- tags


def test_the_cashier_comes_before_the_document_and_goes_into_it_alone(host: Host) -> None:
    host.tag(1021, "Иванов")
    host.tag(1203, "123654789507")
    host.sell()
    assert (host.value(1021), host.value(1203)) == ("Иванов", "123654789507")
    host.sell()
    assert host.value(1203) is None


def test_the_cashier_of_the_shift(host: Host) -> None:
    host.tag(1021, "Петров")
    host.enter(a.CLOSING)
    host.ok(a.CloseShift())
    assert (host.documents[-1].form, host.value(1021)) == (5, "Петров")


def test_tags_of_the_receipt_and_of_an_item(host: Host) -> None:
    host.ok(a.OpenReceipt(0, a.SELL))
    host.tag(1008, "a@b.ru")
    host.tag(1055, 2)
    host.ok(a.BeginItem())
    host.tag(1197, "кг")
    host.tag(1191, "сорт 1")
    host.ok(item())
    host.tag(1084, [(1085, "posapp"), (1086, f"1·7·{KEY}")])
    host.ok(a.Payment(0, a.CASH, 10_000))
    host.ok(a.CloseReceipt(0, a.CASH))
    assert (host.value(1008), host.value(1055)) == ("a@b.ru", 2)
    assert (host.value(1059, 1197), host.value(1059, 1191)) == ("кг", "сорт 1")
    assert host.documents[-1].key == KEY


def test_a_long_tag_comes_in_blocks(host: Host) -> None:
    host.ok(a.OpenReceipt(0, a.SELL))
    whole = ffd.encode(1187, "П" * 250)
    parts = [whole[at : at + a.BLOCK] for at in range(0, len(whole), a.BLOCK)]
    assert [len(part) for part in parts] == [100, 100, 54]
    host.ok(attribute(parts[0], 3, 0))
    assert host.refusal(attribute(parts[2], 3, 2)) == 0xE7, "one block is missing"
    for number, part in enumerate(parts):
        host.ok(attribute(part, 3, number))
    host.ok(a.BeginItem())
    host.ok(item())
    host.ok(a.CloseReceipt(0, a.CASHLESS, 10_000))
    assert host.value(1187) == "П" * 250


def test_letters_of_the_wire_become_those_of_the_storage(host: Host) -> None:
    host.ok(a.OpenReceipt(0, a.SELL))
    body = bytes.fromhex("3D 04 06 00") + b"posapp" + bytes.fromhex("3E 04 02 00 24 FC")
    host.ok(attribute(ffd.wrap(1084, body)))
    host.ok(a.BeginItem())
    host.ok(item(name="Тетрадь №5 за 1$"))
    host.ok(a.CloseReceipt(0, a.CASHLESS, 10_000))
    assert (host.value(1084, 1086), host.value(1059, 1030)) == ("№$", "Тетрадь №5 за 1$")


@pytest.mark.parametrize("tlv", [b"\xf0\x03\x09\x00a@b.ru", b"\xf0", b"\xf0\x03\x01\x00a\xf0\x03\x01\x00a"])
def test_a_tag_that_is_none_is_refused(host: Host, tlv: bytes) -> None:
    host.ok(a.OpenReceipt(0, a.SELL))
    assert host.refusal(attribute(tlv)) == 0xE7


def test_a_tag_that_the_register_writes_itself_is_refused(host: Host) -> None:
    host.ok(a.OpenReceipt(0, a.SELL))
    assert host.refusal(attribute(ffd.encode(1020, 1))) == 0x6C


# --- corrections of FFD 1.05


@pytest.mark.parametrize("kind, tag", [(a.SELL_CORRECTION, 1), (a.BUY_CORRECTION, 3)])
def test_a_correction_keeps_the_sum_and_the_reason(host: Host, kind: int, tag: int) -> None:
    host.ok(a.OpenReceipt(0, kind))
    assert host.ok(a.ReceiptState()).kind == kind
    host.tag(1055, 1)
    host.tag(1173, 0)
    host.tag(1174, [(1178, datetime(2026, 11, 20)), (1179, "1")])
    host.ok(a.BeginItem())
    host.ok(item(1000, flags=2, rate=5, payment_object=0, payment_method=0, name=""))
    for number, kopecks in ((1104, 0), (1102, 167)):
        host.ok(attribute(ffd.wrap(number, kopecks.to_bytes(4, "little"))))
    host.ok(a.Payment(0, a.CASH, 1000))
    host.ok(a.CloseReceipt(0, a.CASH))
    assert (host.documents[-1].form, host.value(1054), host.value(1020)) == (31, tag, 1000)
    assert (host.value(1102), host.value(1174, 1179), host.value(1059)) == (167, "1", None)


@pytest.mark.parametrize("kind", [0, 3, 6, a.SELL_RETURN_CORRECTION, a.BUY_RETURN_CORRECTION, 11])
def test_a_kind_that_the_format_does_not_have(host: Host, kind: int) -> None:
    assert host.refusal(a.OpenReceipt(0, kind)) == 0x6A


# --- modes, shift, cash, clock


def test_a_command_of_another_mode_is_refused(host: Host) -> None:
    assert host.refusal(a.CloseShift()) == 0x66
    assert host.refusal(a.Report(a.X_REPORT)) == 0x66
    assert host.refusal(a.EnterMode(a.REPORTS)) == 0x66, "the mode before must be left"
    host.enter(a.REPORTS)
    assert host.refusal(a.OpenReceipt(0, a.SELL)) == 0x66
    assert host.refusal(a.CashIn(0, 100)) == 0x66
    host.ok(a.Report(a.X_REPORT))
    assert host.refusal(a.Report(5)) == 0x6C
    host.ok(a.Report(a.EXCHANGE_REPORT))
    assert host.documents[-1].form == 21


def test_passwords(host: Host) -> None:
    host.ok(a.LeaveMode())
    assert host.refusal(a.EnterMode(a.CLOSING, 31)) == 0x8C
    assert host.refusal(a.EnterMode(a.CLOSING, 1)) == 0x8C, "a cashier"
    host.ok(a.EnterMode(a.REGISTRATION, 1))
    host.line.device.access_password = 1234
    assert host.refusal(a.Status()) == 0x8C
    assert host.line.device.execute(a.Status().encode(1234), host.now)[:1] == b"\x44"


def test_the_shift(host: Host) -> None:
    assert host.refusal(a.OpenShift()) == 0x9C
    state = host.ok(a.ShiftState())
    assert (state.state, state.ends_at) == (1, host.printer.storage.shift.opened_at + timedelta(hours=24))  # type: ignore[operator]
    assert (host.ok(a.LastShift()).number, host.ok(a.Numbers())) == (0, a.NumbersReply(0, 1))
    host.now += timedelta(hours=25)
    assert host.ok(a.ShiftState()).state == 2
    assert host.refusal(a.OpenReceipt(0, a.SELL)) == 0x88
    host.enter(a.CLOSING)
    host.ok(a.CloseShift())
    assert host.refusal(a.CloseShift()) == 0x8F
    assert (host.ok(a.LastShift()).number, host.ok(a.ShiftState())) == (1, a.ShiftStateReply(0, None))
    host.enter(a.REGISTRATION)
    assert host.refusal(a.OpenReceipt(0, a.SELL)) == 0x8F


def test_cash_in_and_out(host: Host) -> None:
    host.ok(a.CashIn(0, 10_000))
    assert host.refusal(a.CashOut(0, 10_001)) == 0x98
    host.ok(a.CashOut(0, 4_000))
    assert host.ok(a.Drawer()).kopecks == 6_000
    assert host.ok(a.CashInSum()).data == bytes.fromhex("00 00 00 01 00 00")
    assert host.ok(a.CashOutCount()).data == bytes.fromhex("00 01")


def test_sums_by_kind_and_way_to_pay(host: Host) -> None:
    host.sell(10_000)
    host.sell(5_000)
    assert host.ok(a.ReceiptsInShift(a.SELL)).data == bytes.fromhex("00 00 00 00 02")
    assert host.ok(a.TotalsInShift(0)).data == bytes.fromhex("00 00 00 00 01 50 00")
    assert host.ok(a.PaymentsInShift(a.SELL, a.CASH)).data == bytes.fromhex("00 00 00 01 50 00")
    assert host.ok(a.PaymentsInShift(a.SELL, a.CASHLESS)).data == bytes(6)
    assert host.ok(a.PaymentsInShift(a.SELL, 9)).data == bytes(6)
    assert host.ok(a.OverallTotals(a.SELL)).data == bytes.fromhex("00 00 00 00 01 50 00")
    assert host.ok(a.PaymentsOverall(a.SELL, a.CASH)).data == bytes.fromhex("00 00 00 00 01 50 00")
    assert host.refusal(a.ReceiptsInShift(3)) == 0x6C


def test_the_clock_moves_while_the_shift_is_closed() -> None:
    host = Host()
    wanted = host.now + timedelta(minutes=3)
    host.ok(a.SetClock(wanted))
    assert host.ok(a.Clock()).now == wanted
    host.open_shift()
    assert host.refusal(a.SetClock(wanted)) == 0x9C


# --- what it tells


def test_who_it_is(host: Host) -> None:
    assert host.ok(a.DeviceInfo()).name == "АТОЛ 30Ф"
    assert host.ok(a.Serial()).number == int(host.printer.identity.factory_number)
    status = host.ok(a.Status())
    assert (status.is_shift_open, status.has_paper, status.is_cover_open, status.is_fiscal) == (True, True, False, True)
    assert status.now == host.now
    assert host.ok(a.StorageNumber()).storage_number == host.printer.identity.storage_number
    assert host.ok(a.StorageStatus()).last_document_number == host.documents[-1].number
    assert host.ok(a.StorageVersion()).version == "fn debug v1.05"
    assert host.ok(a.StorageExpiry()).expires is not None
    attribute_ = host.ok(a.ReadAttribute(1037, 0))
    assert ffd.decode(attribute_.tlv)[0].value == host.printer.identity.registration_number
    assert host.refusal(a.ReadAttribute(1193, 0)) == 0xDA
    host.printer.set_paper("cover", host.now)
    assert host.ok(a.Status()).is_cover_open


def test_a_document_is_read_back_whole(host: Host) -> None:
    host.sell()
    document = host.documents[-1]
    asked = host.ok(a.RequestDocument(document.number))
    assert (asked.document_type, asked.length) == (3, len(document.body))
    body = b""
    while not isinstance(reply := host.do(a.ReadDocument()), a.ErrorReply):
        body += reply.data
    assert reply.error == 0xDA
    assert body == document.body
    found = host.ok(a.FindDocument(document.number))
    assert (found.kind, found.total_kopecks, found.document_sign) == (1, 10_000, document.sign)
    assert host.refusal(a.FindDocument(99)) == 0xDA
    assert host.refusal(a.RequestDocument(99)) == 0xDA


def test_how_the_exchange_with_the_operator_stands(host: Host) -> None:
    assert host.ok(a.OfdStatus()).unsent == 1, "the shift; the registration went out meanwhile"
    host.now += timedelta(minutes=1)
    assert host.ok(a.OfdStatus()).unsent == 0


@pytest.mark.parametrize("raw", ["E6 00", "EF 09 0A", "91 99 00 00", "A4 99", "B5"])
def test_what_nobody_knows_is_not_supported(host: Host, raw: str) -> None:
    reply = host.line.device.execute(bytes(2) + bytes.fromhex(raw), host.now)
    assert reply == bytes.fromhex("55 6C 00")


@pytest.mark.parametrize("raw", ["", "00", "00 00", "0A 00 3F", "00 00 92 00", "00 00 49 00 00 00 00 10 0A"])
def test_what_is_no_command_has_a_wrong_length(host: Host, raw: str) -> None:
    assert host.line.device.execute(bytes.fromhex(raw), host.now) == bytes.fromhex("55 14 00")
