"""FFD 1.2 beside 1.05 on the simulated register: what each writes, and what each refuses."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from posapp.devices.base import Ffd
from posapp.devices.shtrih import commands as c
from posapp.devices.simulator.storage import StorageDamaged, open_storage
from posapp.domain import ffd
from tests.devices.simulator.benches import BORN, PASSWORD, Bench, item, pay

P = PASSWORD
BUYER: tuple[int, ffd.Value] = (1256, [(1227, "ООО Ромашка"), (1228, "7801234564")])
BASIS: tuple[int, ffd.Value] = (1174, [(1178, datetime(2026, 11, 1)), (1179, "0")])


def tagged(*values: tuple[int, ffd.Value]) -> c.SendDocumentTlv:
    return c.SendDocumentTlv(P, ffd.encode_all(values))


def of_item(*values: tuple[int, ffd.Value]) -> c.SendItemTlv:
    return c.SendItemTlv(P, ffd.encode_all(values))


@pytest.mark.parametrize("version, level", [(Ffd.V1_05, 2), (Ffd.V1_2, 4)])
def test_every_document_tells_its_format(version: Ffd, level: int) -> None:
    bench = Bench(version)
    assert (bench.value(1189), bench.value(1190), bench.value(1209)) == (level,) * 3
    assert bench.ok(c.ReadTable(P, 17, 1, 17)).value == bytes((level,))
    bench.open_shift()
    assert (bench.value(1189), bench.value(1209)) == (level, level)
    bench.ok(item())
    bench.ok(pay(cash=10_000))
    assert bench.value(1209) == level
    bench.ok(c.CloseShift(P))
    assert bench.value(1209) == level


def test_the_registration_has_what_the_table_of_its_format_names() -> None:
    common = {1041, 1037, 1018, 1040, 1012, 1077, 1013, 1048, 1009, 1187, 1021, 1017, 1046, 1060, 1117, 1062}
    common |= {1188, 1189, 1190, 1209, 1002, 1056, 1001}
    assert set(Bench().tags()) == common | {1221, 1110, 1108, 1109}
    assert set(Bench(Ffd.V1_2).tags()) == common | {1290, 1213}
    for bench in (Bench(), Bench(Ffd.V1_2)):
        assert len(bench.tags()) == len(set(bench.tags()))


def test_what_is_registered_is_told_in_full_from_ffd_1_1_on() -> None:
    assert Bench().ok(c.RegistrationResult(P)).ofd_inn is None
    assert Bench(Ffd.V1_2).ok(c.RegistrationResult(P)).ofd_inn
    assert Bench(Ffd.V1_2).ok(c.StorageVersion(P)).version == "fn_v_1_2_2"


def test_a_storage_keeps_its_format(tmp_path: Path) -> None:
    path = tmp_path / "fn.jsonl"
    open_storage(path, 7, BORN, timedelta(), Ffd.V1_2).close()
    again = open_storage(path, 7, BORN, timedelta())
    assert again.printer.storage.version is Ffd.V1_2
    assert again.printer.tables.number(17, 1, 17) == 4
    again.close()
    with pytest.raises(StorageDamaged, match=r"FFD 1\.2"):
        open_storage(path, 7, BORN, timedelta(), Ffd.V1_05)


def test_a_line_of_ffd_1_2_has_its_measure(newer: Bench) -> None:
    newer.ok(c.OpenReceipt(P, 0))
    newer.ok(item())
    newer.ok(item(quantity_micro=386_000))
    newer.ok(of_item((2108, 11)))
    newer.ok(pay(cash=13_860))
    lines = [entry.items or () for entry in ffd.read_document(newer.last().tlv).entries if entry.tag == 1059]
    assert [getattr(ffd.find(each, 2108), "value", None) for each in lines] == [0, 11]
    assert getattr(ffd.find(lines[1], 1023), "value", None) == Decimal("0.386")
    assert newer.value(1013) == newer.printer.identity.factory_number


def test_tags_in_the_order_of_the_format(newer: Bench) -> None:
    newer.ok(c.OpenReceipt(P, 0))
    newer.ok(tagged((1084, [(1085, "posapp"), (1086, "1·2·3")]), (1021, "Иванова"), BUYER))
    newer.ok(item())
    newer.ok(pay(card=10_000))
    assert newer.tags() == [
        *(1041, 1037, 1018, 1040, 1012, 1077, 1013, 1038, 1042, 1054, 1020, 1084, 1021, 1256, 1059),
        *(1031, 1081, 1215, 1216, 1217, 1104, 1115, 1048, 1009, 1187, 1055, 1060, 1209),
    ]
    (line,) = [entry.items or () for entry in ffd.read_document(newer.last().tlv).entries if entry.tag == 1059]
    assert [each.tag for each in line] == [1030, 1079, 1023, 2108, 1043, 1199, 1200, 1214, 1212]
    assert newer.value(1256, 1228) == "7801234564"


def test_what_the_buyer_gets_by_mail_says_from_whom(selling: Bench) -> None:
    selling.ok(c.OpenReceipt(P, 0))
    selling.ok(tagged((1008, "buyer@example.com"), (1009, "г. Москва, у подъезда"), (1187, "Доставка")))
    selling.ok(item())
    selling.ok(pay(cash=10_000))
    assert (selling.value(1117), selling.value(1009), selling.value(1187)) == (
        "chek@example.com",
        "г. Москва, у подъезда",
        "Доставка",
    )
    assert len(selling.tags()) == len(set(selling.tags())), "nothing twice"


def test_each_format_refuses_what_is_the_other_ones(selling: Bench, newer: Bench) -> None:
    selling.ok(c.OpenReceipt(P, 0))
    newer.ok(c.OpenReceipt(P, 0))
    for bench, refused in ((selling, (BUYER, (1261, []))), (newer, ((1227, "ООО"), (1228, "7801234564")))):
        for each in refused:
            assert bench.refusal(tagged(each)) == 0x33
    for number in (30, 31, 32, 33):
        assert selling.refusal(item(payment_object=number)) == 0x33
    assert newer.refusal(item(payment_object=28)) == 0x33
    selling.ok(item())
    newer.ok(item())
    assert selling.refusal(of_item((2108, 0))) == 0x33
    for unknown in ((1162, b"\x44\x4d"), (1197, "кг")):
        assert newer.refusal(of_item(unknown)) == 0x33
        selling.ok(of_item(unknown))


def test_a_correction_of_ffd_1_2_has_its_lines_and_its_basis(newer: Bench) -> None:
    newer.ok(c.OpenReceipt(P, 0x82))
    assert newer.mode == 8
    assert newer.ok(c.StorageStatus(P)).current_document == 0x14
    newer.ok(tagged((1173, 0), BASIS))
    newer.ok(item(kind=2))
    assert newer.ok(c.Subtotal(P)).total_kopecks == 10_000
    newer.ok(pay(cash=10_000))
    assert (newer.last().form, newer.last().kind, newer.last().total_kopecks) == (31, 2, 10_000)
    assert (newer.value(1054), newer.value(1173), newer.value(1174, 1178)) == (2, 0, datetime(2026, 11, 1))
    assert newer.value(1059, 1030) == "Товар"
    counted = {4345: 1, 4348: 1, 4349: 10_000, 4293: 0, 4306: 0}
    assert {number: newer.ok(c.MoneyRegister(P, number)).value for number in counted} == counted


def test_a_correction_that_does_not_say_why_is_not_closed(newer: Bench) -> None:
    for said in ((), ((1173, 0),), (BASIS,), ((1173, 1), (1174, [(1178, datetime(2026, 11, 1))]))):
        newer.ok(c.OpenReceipt(P, 0x80))
        if said:
            newer.ok(tagged(*said))
        newer.ok(item())
        assert newer.refusal(pay(cash=10_000)) == 0xAA
        newer.ok(c.CancelReceipt(P))
    newer.ok(c.OpenReceipt(P, 0x80))
    assert newer.refusal(tagged((1174, [(1177, "ошибка кассира")]))) == 0x33, "1177 is of FFD 1.05"


def test_each_format_corrects_in_its_own_way(selling: Bench, newer: Bench) -> None:
    assert newer.refusal(c.BeginCorrection(P)) == 0x37
    assert selling.refusal(c.OpenReceipt(P, 0x80)) == 0x33
    selling.ok(c.OpenReceipt(P, 0))
    assert selling.refusal(tagged((1173, 0))) == 0x33, "a receipt corrects nothing"


def test_a_correction_of_ffd_1_05_tells_what_its_format_wants(selling: Bench) -> None:
    selling.ok(c.BeginCorrection(P))
    assert selling.ok(c.StorageStatus(P)).current_document == 0x14
    basis: tuple[int, ffd.Value] = (1174, [(1177, "ошибка"), (1178, datetime(2026, 11, 1)), (1179, "12-3")])
    selling.ok(tagged((1173, 1), basis, (1021, "Иванова"), (1203, "780123456789")))
    assert selling.refusal(c.MakeCorrection(P, 0, 1, 5_000, (5_000, 0, 0, 0, 0), (0,) * 6, 1)) == 0x33, "another type"
    assert selling.refusal(c.MakeCorrection(P, 1, 2, 5_000, (5_000, 0, 0, 0, 0), (0,) * 6, 1)) == 0x33, "a return"
    taxes = (500, 0, 0, 2_000, 0, 0)
    selling.ok(c.MakeCorrection(P, 1, 1, 5_000, (1_000, 1_500, 500, 1_200, 800), taxes, 1))
    assert [selling.value(tag) for tag in (1031, 1081, 1215, 1216, 1217)] == [1_000, 1_500, 500, 1_200, 800]
    assert (selling.value(1102), selling.value(1105)) == (500, 2_000)
    assert selling.tags() == [
        *(1041, 1037, 1018, 1040, 1012, 1077, 1038, 1042, 1054, 1020, 1173, 1174, 1021, 1203),
        *(1031, 1081, 1215, 1216, 1217, 1102, 1105, 1048, 1009, 1187, 1055, 1060, 1209),
    ]
    drawer = selling.ok(c.MoneyRegister(P, 241)).value
    assert drawer == 100_000 + 1_000


def test_under_strict_control_a_correction_of_ffd_1_05_must_name_the_day(selling: Bench) -> None:
    selling.ok(c.WriteTable(P, 17, 1, 35, b"\1"))
    selling.ok(c.BeginCorrection(P))
    assert selling.refusal(c.MakeCorrection(P, 0, 1, 5_000, (5_000, 0, 0, 0, 0), (0,) * 6, 1)) == 0xAA
    selling.ok(tagged((1174, [(1178, datetime(2026, 11, 1))])))
    selling.ok(c.MakeCorrection(P, 0, 1, 5_000, (5_000, 0, 0, 0, 0), (0,) * 6, 1))


def test_the_report_that_closes_a_shift_of_ffd_1_2_adds_it_up(newer: Bench) -> None:
    for kopecks in (10_000, 2_500):
        newer.ok(c.OpenReceipt(P, 0))
        newer.ok(item(kopecks, rate_byte=c.RATE_BYTE[2]))
        newer.ok(pay(card=kopecks))
    newer.ok(c.OpenReceipt(P, 0x80))
    newer.ok(tagged((1173, 0), BASIS))
    newer.ok(item(700))
    newer.ok(pay(cash=700))
    newer.ok(c.CloseShift(P))
    assert (newer.value(1194, 1134), newer.value(1194, 1129, 1135), newer.value(1194, 1129, 1201)) == (3, 2, 12_500)
    assert (newer.value(1194, 1129, 1138), newer.value(1194, 1129, 1140)) == (12_500, 1_136)
    assert [newer.value(1194, 1133, *path) for path in ((1144,), (1145, 1135), (1145, 1201))] == [1, 1, 700]
    assert newer.value(1194, 1130) is None
    assert newer.value(1194, 1135) is newer.value(1194, 1144) is newer.value(1194, 1133, 1134) is None
    assert (newer.value(1157, 1134), newer.value(1157, 1129, 1201)) == (3, 12_500)
    assert [newer.value(tag) for tag in (2104, 2112, 2113)] == [0, 0, 0]
    assert newer.value(1118) == 3, "corrections are receipts of the shift too"


HEAD = {1041, 1037, 1018, 1040, 1012, 1077, 1209}
WARNED = {1050, 1051, 1052, 1053}


@pytest.mark.parametrize("version", [Ffd.V1_05, Ffd.V1_2])
def test_reports_have_what_the_tables_of_their_format_name(version: Ffd) -> None:
    is_new = version is Ffd.V1_2
    bench = Bench(version)
    bench.open_shift()
    assert set(bench.tags()) == HEAD | WARNED | {1021, 1038, 1188, 1189}
    bench.ok(item())
    bench.ok(pay(cash=3_000, card=7_000))
    bench.ok(c.ExchangeReport(P))
    told = HEAD | {1038, 1002, 1116, 1097, 1098}
    assert set(bench.tags()) == told | ({2104, 1213, 1157, 1158} if is_new else set()), "and no cashier"
    assert (bench.value(1116), bench.value(1097)) == (2, 2), "the registration has its ticket"
    if is_new:
        sums = [bench.value(1158, 1145, tag) for tag in (1135, 1201, 1136, 1138, 1218, 1219, 1220)]
        assert (bench.value(1158, 1144), sums) == (1, [1, 10_000, 3_000, 7_000, 0, 0, 0])
        assert bench.value(1158, 1146) is None
        assert bench.value(1213) == 1109
    bench.ok(c.CloseShift(P))
    closed = HEAD | WARNED | {1021, 1038, 1111, 1118, 1097, 1098}
    assert set(bench.tags()) == closed | ({2104, 2112, 2113, 1194, 1157, 1213} if is_new else set())


def test_a_report_on_settlements_names_no_waiting_document_where_none_waits(newer: Bench) -> None:
    newer.now += timedelta(hours=1)
    newer.ok(c.ExchangeReport(P))
    assert not {1116, 1098} & set(newer.tags())
    assert (newer.value(1097), newer.value(1158, 1144)) == (0, 0)


def test_a_line_without_vat_carries_its_own_sum_and_one_at_0_percent_nothing(selling: Bench, newer: Bench) -> None:
    for bench in (selling, newer):
        for rate, expected in ((6, 10_000), (5, None), (11, 1_803)):
            bench.ok(c.OpenReceipt(P, 0))
            bench.ok(item(rate_byte=c.RATE_BYTE[rate]))
            bench.ok(pay(cash=10_000))
            assert bench.value(1059, 1200) == expected
