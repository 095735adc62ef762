"""The vendor's tasks by raw commands, against the simulated register: what is made, and what every failure says."""

from __future__ import annotations

import base64
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from posapp.devices.atol import commands as c
from posapp.devices.atol import wire, wire_plan
from posapp.devices.atol.tasks import Busy, Lost, NotSent, OpenReceipt, TaskFailed, Tasks, TellsOpening
from posapp.devices.base import Ffd
from posapp.domain import ffd
from posapp.domain.fiscal import ReceiptKind
from posapp.domain.money import Money
from posapp.errors import JournalError, Refused
from tests.devices.atol.wired import Wired

KEY = "0123456789ABCDEF"
CASHIER = {"name": "Кассир Ёлкина", "vatin": "780123456724"}
CLOSING = c.CloseReceipt.CODE


def position(**more: Any) -> dict[str, Any]:
    return {
        "type": "position",
        "name": "Молоко №1",
        "price": Decimal("59.99"),
        "quantity": Decimal("1.5"),
        "amount": Decimal("89.99"),
        "tax": {"type": "vat10"},
        **more,
    }


def receipt(kind: str = "sell", **more: Any) -> dict[str, Any]:
    return {
        "type": kind,
        "taxationType": "osn",
        "operator": CASHIER,
        "clientInfo": {"emailOrPhone": "a@b.ru"},
        "items": [
            {"type": "userAttribute", "name": "posapp", "value": f"1|№17|{KEY}"},
            position(measurementUnit="кг"),
            position(name="Доставка", price=300, quantity=1, amount=300, paymentObject="service"),
        ],
        "payments": [{"type": "cash", "sum": 400}, {"type": "electronically", "sum": Decimal("89.99")}],
        **more,
    }


@pytest.fixture
def bench() -> Wired:
    """A register with an open shift."""
    bench = Wired()
    bench.tasks.perform({"type": "openShift", "operator": CASHIER}, 60)
    bench.asked.clear()
    bench.performed.clear()
    return bench


def tags(bench: Wired, number: int) -> tuple[ffd.Entry, ...]:
    told = bench.tasks.perform({"type": "getFnDocument", "fiscalDocumentNumber": number, "withRawData": True}, 30)
    return ffd.read_document(base64.b64decode(told["rawData"])).entries


def value(entries: tuple[ffd.Entry, ...], *path: int) -> Any:
    found = ffd.find(entries, *path)
    return None if found is None else found.value


def test_it_is_a_way_to_have_tasks_performed(bench: Wired) -> None:
    tasks: Tasks = bench.tasks
    assert isinstance(tasks, TellsOpening)
    tasks.end_request("any")


# --- what is made


@pytest.mark.parametrize("kind", ["sell", "sellReturn", "buy", "buyReturn"])
def test_every_kind_of_receipt(bench: Wired, kind: str) -> None:
    bench.tasks.perform({"type": "cashIn", "cashSum": 1000}, 60)
    exact = [{"type": "cash", "sum": 300}, {"type": "electronically", "sum": Decimal("89.99")}]
    made = bench.tasks.perform(receipt(kind, payments=exact), 60)["fiscalParams"]
    (document,) = bench.with_key(KEY)
    assert (made["fiscalDocumentNumber"], made["fiscalDocumentSign"]) == (document.number, str(document.sign))
    assert document.kind == wire_plan.KINDS[kind][1]
    assert made["total"] == Decimal("389.99")


def test_every_tag_of_a_sale_is_in_the_storage(bench: Wired) -> None:
    items = [position(name=f"Ставка {each}", tax={"type": each}) for each in wire_plan.RATES]
    total = Decimal("89.99") * len(items)
    payments = [
        {"type": "cash", "sum": total},
        {"type": "electronically", "sum": 50},
        {"type": "prepaid", "sum": 20},
        {"type": "credit", "sum": 30},
        {"type": "other", "sum": Decimal("10.01")},
    ]
    task = receipt(items=[*items, receipt()["items"][0]], payments=payments, internet=False, paymentsPlace="Курьер №5")
    made = bench.tasks.perform(task, 60)["fiscalParams"]
    entries = tags(bench, made["fiscalDocumentNumber"])
    assert [value(entries, each) for each in (1020, 1081, 1215, 1216, 1217)] == [
        int(total * 100),
        5000,
        2000,
        3000,
        1001,
    ]
    assert value(entries, 1031) == int(total * 100) - 11_001, "the change is not in the document"
    assert (value(entries, 1084, 1085), value(entries, 1084, 1086)) == ("posapp", f"1|№17|{KEY}")
    assert [value(entries, each) for each in (1021, 1203, 1008, 1055, 1187)] == [
        CASHIER["name"],
        CASHIER["vatin"],
        "a@b.ru",
        1,
        "Курьер №5",
    ]
    lines = [each.items or () for each in entries if each.tag == 1059]
    assert [value(each, 1199) for each in lines] == list(wire_plan.RATES.values())
    assert {value(each, 1043) for each in lines} == {8_999}
    assert {value(each, 1023) for each in lines} == {Decimal("1.5")}


@pytest.mark.parametrize("kind, number", [("sellCorrection", 1), ("buyCorrection", 3)])
def test_a_correction_of_ffd_1_05_tells_sums(bench: Wired, kind: str, number: int) -> None:
    bench.tasks.perform({"type": "cashIn", "cashSum": 1000}, 60)
    task = correction(kind)
    made = bench.tasks.perform(task, 60)["fiscalParams"]
    (document,) = bench.with_key(KEY)
    assert (document.form, document.kind, document.number) == (31, number, made["fiscalDocumentNumber"])
    entries = tags(bench, document.number)
    assert [value(entries, each) for each in (1020, 1031, 1081, 1102, 1103, 1105)] == [
        38_999,
        30_000,
        8_999,
        1_500,
        818,
        10_000,
    ]
    assert [value(entries, 1173), *(value(entries, 1174, each) for each in (1177, 1178, 1179))] == [
        0,
        "чек не пробит",
        datetime(2026, 11, 3),
        "б/н",
    ]
    assert value(entries, 1084, 1086) == f"1|№17|{KEY}"


def correction(kind: str = "sellCorrection", **more: Any) -> dict[str, Any]:
    return receipt(
        kind,
        clientInfo=None,
        correctionType="self",
        correctionBaseDate="2026.11.03",
        correctionBaseName="чек не пробит",
        taxes=[
            {"type": "vat20", "sum": 15},
            {"type": "vat10", "sum": Decimal("8.18")},
            {"type": "none", "sum": 100},
        ],
        payments=[{"type": "cash", "sum": 300}, {"type": "electronically", "sum": Decimal("89.99")}],
        **more,
    )


@pytest.mark.parametrize("changed", [{"taxes": [{"type": "vat22", "sum": 1}]}, {"correctionType": "order"}])
def test_a_correction_that_the_format_cannot_tell(bench: Wired, changed: dict[str, Any]) -> None:
    with pytest.raises(Refused) as told:
        bench.tasks.perform({**correction(), **changed}, 60)
    assert told.value.code == "register_lacks"
    assert bench.asked == []


def test_corrections_of_other_formats_are_not_made() -> None:
    bench = Wired(version=Ffd.V1_2)
    bench.tasks.perform({"type": "openShift", "operator": CASHIER}, 60)
    with pytest.raises(Refused) as told:
        bench.tasks.perform(correction(), 60)
    assert told.value.code == "register_lacks"
    assert bench.performed[c.OpenReceipt.CODE] == 0


def test_a_wrong_password_is_said_before_anything_begins() -> None:
    bench = Wired()
    bench.tasks = wire.WireTasks(bench.cable.open_port, "bench", password=31)
    for task in ({"type": "openShift", "operator": CASHIER}, {"type": "cashIn", "cashSum": 1}, {"type": "reportX"}):
        with pytest.raises(Refused) as refused:
            bench.tasks.perform(task, 60)
        assert refused.value.code == "wrong_password"
    bench.tasks = wire.WireTasks(bench.cable.open_port, "bench", access=1)
    with pytest.raises(Refused) as refused:
        bench.tasks.open()
    assert refused.value.code == "wrong_password"
    assert len(bench.documents()) == 1


def test_a_tag_that_is_refused_is_named_and_nothing_stays_open(bench: Wired) -> None:
    bench.printer.traits = type(bench.printer.traits)(frozenset((1084,)))
    with pytest.raises(Refused) as told:
        bench.tasks.perform(receipt(), 60)
    assert (told.value.code, "1084" in str(told.value.facts)) == ("key_refused", True)
    assert bench.tasks.open_receipt() is None
    assert bench.with_key(KEY) == []


def test_an_optional_tag_that_is_refused_stops_nothing(bench: Wired) -> None:
    bench.printer.traits = type(bench.printer.traits)(frozenset((1234,)))
    details = [{"sum": Decimal("89.99"), "paymentMethod": 1, "electronicallyId": "RRN 1"}]
    bench.tasks.perform(receipt(paymentsAddInfo=details), 60)
    assert len(bench.with_key(KEY)) == 1


def test_the_shift_cash_and_reports(bench: Wired) -> None:
    tasks = bench.tasks
    assert tasks.perform({"type": "cashIn", "cashSum": Decimal("100.50")}, 60)["counters"] == {
        "cashSum": Decimal("100.5")
    }
    assert tasks.perform({"type": "cashOut", "cashSum": 1}, 60)["counters"] == {"cashSum": Decimal("99.5")}
    tasks.perform(receipt(), 60)
    totals = tasks.perform({"type": "getShiftTotals"}, 60)["shiftTotals"]
    assert totals["cashDrawer"]["sum"] == Decimal("399.5")
    assert (totals["income"], totals["outcome"]) == (
        {"count": 1, "sum": Decimal("100.5")},
        {"count": 1, "sum": Decimal(1)},
    )
    assert totals["receipts"]["sell"] == {
        "count": 1,
        "sum": Decimal("389.99"),
        "payments": {"cash": 300, "electronically": Decimal("89.99"), "prepaid": 0, "credit": 0, "other": 0},
    }
    tasks.perform({"type": "reportX"}, 60)
    closed = tasks.perform({"type": "closeShift", "operator": CASHIER}, 120)["fiscalParams"]
    assert closed["shiftNumber"] == 1
    assert value(tags(bench, closed["fiscalDocumentNumber"]), 1021) == CASHIER["name"]
    assert tasks.perform({"type": "getShiftStatus"}, 60)["shiftStatus"]["state"] == "closed"


def test_what_it_tells_of_itself(bench: Wired) -> None:
    def ask(name: str) -> dict[str, Any]:
        return next(iter(bench.tasks.perform({"type": name}, 30).values()))

    assert ask("getDeviceInfo")["serial"] == "12345678"
    assert ask("getFnInfo")["serial"] == bench.printer.identity.storage_number
    assert datetime.fromisoformat(ask("getFnInfo")["validityDate"]) > bench.now
    assert ask("getFnStatus")["fiscalDocumentNumber"] == 2
    assert ask("getDeviceStatus")["shift"] == "opened"
    assert ask("ofdExchangeStatus")["notSentCount"] == 1
    registered = bench.tasks.perform({"type": "getRegistrationInfo"}, 30)
    assert registered["device"]["registrationNumber"] == bench.printer.identity.registration_number
    assert registered["organization"]["name"] == bench.printer.identity.user
    bench.now += timedelta(hours=25)
    assert ask("getShiftStatus")["state"] == "expired"


def test_a_document_that_does_not_exist_and_one_that_is_in_the_archive(bench: Wired) -> None:
    with pytest.raises(TaskFailed) as told:
        bench.tasks.perform({"type": "getFnDocument", "fiscalDocumentNumber": 99}, 30)
    assert told.value.code == 123
    bench.errors[c.RequestDocument.CODE] = 0xDA
    short = bench.tasks.perform({"type": "getFnDocument", "fiscalDocumentNumber": 2}, 30)
    assert short["documentTLV"]["short"] is True
    assert short["documentTLV"]["fiscalDocumentType"] == "openShift"
    assert "rawData" not in short


def test_the_clock_is_set_while_the_shift_is_closed(bench: Wired) -> None:
    bench.tasks.perform({"type": "closeShift", "operator": CASHIER}, 120)
    bench.tasks.perform({"type": "setDateTime", "dateTime": "2026.11.21 13:30:00"}, 30)
    assert bench.printer.clock(bench.now).replace(second=0) == datetime(2026, 11, 21, 13, 30)
    with pytest.raises(TaskFailed):
        bench.tasks.perform({"type": "setDateTime", "dateTime": "tomorrow"}, 30)


def test_the_end_of_the_paper(bench: Wired) -> None:
    bench.printer.set_paper("out", bench.now)
    with pytest.raises(Refused) as refused:
        bench.tasks.perform(receipt(), 60)
    assert refused.value.code == "paper_out"
    assert bench.tasks.open_receipt() is None
    bench.printer.set_paper("ok", bench.now)
    bench.tasks.perform(receipt(), 60)
    bench.printer.interrupt_print()
    assert bench.tasks.perform({"type": "getDeviceStatus"}, 30)["deviceStatus"]["paperPresent"] is False
    with pytest.raises(TaskFailed) as told:
        bench.tasks.perform({"type": "continuePrint"}, 30)
    assert told.value.code == 44
    bench.printer.set_paper("ok", bench.now)
    bench.tasks.perform({"type": "continuePrint"}, 30)
    bench.tasks.perform({"type": "continuePrint"}, 30)
    assert len(bench.with_key(KEY)) == 1


# --- what is refused before anything is sent


@pytest.mark.parametrize(
    "name", ["sellReturnCorrection", "beginMarkingCodeValidation", "nonFiscal", "registration", ""]
)
def test_a_task_that_nobody_has_seen_on_the_wire(bench: Wired, name: str) -> None:
    with pytest.raises(Refused) as told:
        bench.tasks.perform({"type": name}, 30)
    assert told.value.code == "register_lacks"
    assert bench.asked == []


@pytest.mark.parametrize(
    "items",
    [[position(tax={"type": "vat22"})], [position(imcParams={"imc": "AAA="})], [position(quantity=Decimal("0.0001"))]],
)
def test_a_receipt_that_nobody_has_seen_on_the_wire(bench: Wired, items: list[Any]) -> None:
    with pytest.raises(Refused) as told:
        bench.tasks.perform(receipt(items=items), 30)
    assert told.value.code == "register_lacks"
    assert bench.asked == []


def test_receipts_of_ffd_1_2_are_not_made() -> None:
    bench = Wired(version=Ffd.V1_2)
    bench.tasks.perform({"type": "openShift", "operator": CASHIER}, 60)
    with pytest.raises(Refused) as told:
        bench.tasks.perform(receipt(), 60)
    assert told.value.code == "register_lacks"
    assert bench.performed[c.OpenReceipt.CODE] == 0


def test_no_real_receipt_goes_this_way_until_its_model_is_proven(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Wired()
    real = type(bench.printer.identity)(
        **{each: getattr(bench.printer.identity, each) for each in bench.printer.identity.__slots__}
        | {"storage_number": "7380440800000017"}
    )
    bench.printer.identity = real
    with pytest.raises(Refused) as told:
        bench.tasks.perform({"type": "openShift", "operator": CASHIER}, 60)
    assert told.value.code == "wire_unproven"
    assert bench.performed[c.OpenShift.CODE] == 0
    with pytest.raises(Refused):
        bench.tasks.open()
    monkeypatch.setattr(wire, "PROVEN_MODELS", frozenset((61,)))
    bench.tasks.open()


def test_a_receipt_of_another_program_is_left_alone(bench: Wired) -> None:
    bench.device.execute(c.EnterMode(1).encode(), bench.now)
    bench.device.execute(c.OpenReceipt(0, c.SELL_RETURN).encode(), bench.now)
    with pytest.raises(Refused) as refused:
        bench.tasks.perform(receipt(), 60)
    assert refused.value.code == "foreign_receipt_open"
    assert bench.tasks.open_receipt() == OpenReceipt(ReceiptKind.SELL_REFUND, Money(0))
    with pytest.raises(Refused) as refused:
        bench.tasks.perform({"type": "closeShift", "operator": CASHIER}, 60)
    assert refused.value.code == "foreign_receipt_open"
    assert bench.performed[c.CancelReceipt.CODE] == 0
    bench.tasks.cancel_receipt()
    with pytest.raises(TaskFailed) as told:
        bench.tasks.cancel_receipt()
    assert told.value.code == 81


# --- the open receipt is told, and only then filled


def test_the_till_hears_that_the_receipt_is_open_before_its_first_line(bench: Wired) -> None:
    seen: list[tuple[int, bool]] = []
    bench.tasks.perform_receipt(
        receipt(), 60, lambda: seen.append((bench.performed[c.EndItem.CODE], bench.printer.receipt is not None))
    )
    assert seen == [(0, True)]


def test_a_journal_that_cannot_keep_it_cancels_the_receipt(bench: Wired) -> None:
    def fails() -> None:
        raise JournalError("disk_full")

    with pytest.raises(JournalError):
        bench.tasks.perform_receipt(receipt(), 60, fails)
    assert bench.tasks.open_receipt() is None
    assert bench.with_key(KEY) == []


# --- failures at every phase


def commands_of(task: dict[str, Any]) -> list[int]:
    """The opcodes of a task that goes well, in order."""
    bench = Wired()
    bench.tasks.perform({"type": "openShift", "operator": CASHIER}, 60)
    bench.tasks.perform({"type": "cashIn", "cashSum": 1000}, 60)
    bench.asked.clear()
    bench.tasks.perform(task, 60)
    return bench.asked


def said_of(bench: Wired, task: dict[str, Any]) -> Exception | None:
    try:
        bench.tasks.perform(task, 60)
    except (Lost, NotSent, TaskFailed, Refused, Busy) as error:
        return error
    return None


def judged(bench: Wired, task: dict[str, Any], before: int) -> Exception | None:
    """Plays the task and compares what is said with what is in the storage."""
    said = said_of(bench, task)
    made = len(bench.documents()) - before
    story = f"{said!r}, {made} made\n{bench.cable.story()}"
    assert bench.performed[CLOSING] <= 1, story
    assert made <= 1, story
    if said is None:
        assert made == 1, story
        return None
    tried = bench.performed[CLOSING] or CLOSING in bench.errors
    assert isinstance(said, Lost | TaskFailed) or not tried, story
    if not isinstance(said, Lost) and not tried:
        assert not made, story
        assert bench.printer.receipt is None, story
    return said


SELL = commands_of(receipt())


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("number", range(len(SELL)))
def test_the_cable_is_cut_at_every_command(bench: Wired, number: int, when: str) -> None:
    bench.cut = number, when
    before = len(bench.documents())
    said = judged(bench, receipt(), before)
    opened = SELL.index(c.OpenReceipt.CODE)
    assert isinstance(said, NotSent if number < opened else Lost)
    bench.mend()
    is_after = number > SELL.index(CLOSING) or (number == SELL.index(CLOSING) and when == "after")
    assert len(bench.with_key(KEY)) == is_after


@pytest.mark.parametrize("number", range(len(SELL)))
def test_the_cable_is_cut_before_every_acknowledgement(bench: Wired, number: int) -> None:
    """The answer has come; that the line is dead shows at the next command, which does not go out."""
    bench.cut = number, "at Ack"
    before = len(bench.documents())
    said = judged(bench, receipt(), before)
    opened = SELL.index(c.OpenReceipt.CODE)
    assert isinstance(said, NotSent if number < opened else Lost) or (said is None and number == len(SELL) - 1)


@pytest.mark.parametrize("code", sorted(set(SELL)), ids="{:X}".format)
def test_every_answer_is_lost_for_good(bench: Wired, code: int) -> None:
    """The register performs the command, and its answer cannot be had by asking either."""
    before = len(bench.documents())
    bench.lost.add(code)
    assert isinstance(judged(bench, receipt(), before), NotSent | Lost)
    bench.mend()
    assert len(bench.documents()) - before == (bench.performed[CLOSING] == 1)


@pytest.mark.parametrize("code", sorted(set(SELL)), ids="{:X}".format)
def test_the_power_goes_with_the_memory_of_tasks_at_every_command(bench: Wired, code: int) -> None:
    """B.3.5: the register does not know the task any more. It is not added again."""
    before = len(bench.documents())
    bench.forgets.add(code)
    judged(bench, receipt(), before)
    counted = bench.performed[code]
    bench.mend()
    assert bench.performed[code] >= counted
    assert bench.performed[CLOSING] <= 1


@pytest.mark.parametrize("code", sorted(set(SELL)), ids="{:X}".format)
@pytest.mark.parametrize("error", [0x67, 0x76, 0x88, 0xFF], ids="{:X}".format)
def test_a_no_at_every_command(bench: Wired, code: int, error: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("posapp.devices.atol.session.BUSY_TRIES", 3)
    before = len(bench.documents())
    bench.errors[code] = error
    judged(bench, receipt(), before)
    assert bench.performed[code] == 0


@pytest.mark.parametrize("code", sorted(set(SELL)), ids="{:X}".format)
def test_every_command_may_take_its_time_and_be_answered_unasked(bench: Wired, code: int) -> None:
    before = len(bench.documents())
    bench.works.add(code)
    assert judged(bench, receipt(), before) is None


@pytest.mark.parametrize(
    "task",
    [
        {"type": "closeShift", "operator": CASHIER},
        {"type": "cashIn", "cashSum": 10},
        {"type": "cashOut", "cashSum": 10},
        {"type": "reportX"},
    ],
    ids=lambda task: str(task["type"]),
)
def test_what_changes_the_register_is_performed_once_wherever_the_cable_is_cut(task: dict[str, Any]) -> None:
    changing = {c.CloseShift.CODE, c.CashIn.CODE, c.CashOut.CODE, c.Report.CODE}
    whole = commands_of(task)
    (at,) = [number for number, code in enumerate(whole) if code in changing]
    for number in range(len(whole)):
        for when in ("before", "after"):
            bench = Wired()
            bench.tasks.perform({"type": "openShift", "operator": CASHIER}, 60)
            bench.tasks.perform({"type": "cashIn", "cashSum": 1000}, 60)
            bench.performed.clear()
            bench.cut = number, when
            with pytest.raises(NotSent if number < at else Lost):
                bench.tasks.perform(task, 60)
            done = sum(bench.performed[each] for each in changing)
            assert done == (number > at or (number == at and when == "after"))
            bench.mend()
            assert sum(bench.performed[each] for each in changing) == done


def test_a_register_that_took_another_sum_is_not_believed(bench: Wired) -> None:
    """One checksum byte protects the sum on its way."""
    bench.replaced[c.CashIn(0, 1_000).encode()] = c.CashIn(0, 9_000).encode()
    with pytest.raises(Lost):
        bench.tasks.perform({"type": "cashIn", "cashSum": 10}, 60)


def test_another_programs_document_in_between_is_not_taken_for_ours(bench: Wired) -> None:
    def interferes() -> None:
        bench.device.execute(c.CancelReceipt().encode(), bench.now)
        other = Wired()
        other.printer, other.device = bench.printer, bench.device
        other.now = bench.now
        other.tasks.perform(receipt(items=[position()], payments=[{"type": "cash", "sum": 100}]), 60)

    with pytest.raises((Lost, TaskFailed)):
        bench.tasks.perform_receipt(receipt(), 60, interferes)
    assert bench.with_key(KEY) == []


def test_after_a_reset_nothing_that_was_sent_before_can_still_run(bench: Wired) -> None:
    bench.lost.add(CLOSING)
    with pytest.raises(Lost):
        bench.tasks.perform(receipt(), 60)
    bench.lost.clear()
    bench.tasks.reset()
    assert bench._results == {}
    assert bench.performed[CLOSING] == 1


def test_absence_is_not_believed_from_one_damaged_answer(bench: Wired) -> None:
    """What proves "nothing was made" is told by two registers, and a document's tags are read twice."""
    bench.tasks.perform(receipt(), 60)
    number = bench.documents()[-1].number
    bench.answered[c.StorageStatus.CODE] = lambda raw: raw[:-4] + (number - 1).to_bytes(4, "little")
    with pytest.raises(NotSent):
        bench.tasks.perform({"type": "getFnStatus"}, 30)
    bench.answered.clear()
    spoilt = iter((True,))
    key = KEY.encode()
    bench.answered[c.ReadDocument.CODE] = lambda raw: (
        raw.replace(key, key[::-1]) if key in raw and next(spoilt, False) else raw
    )
    bench.tasks.perform({"type": "getFnDocument", "fiscalDocumentNumber": number - 1}, 30)
    told = bench.tasks.perform({"type": "getFnDocument", "fiscalDocumentNumber": number}, 30)
    assert key in base64.b64decode(told["rawData"])
    assert next(spoilt, None) is None, "the damage was there"


def test_another_document_under_the_next_number_is_not_taken_for_ours(bench: Wired) -> None:
    """Another program cancels our receipt and prints its own as we close ours, and we hear that all is well."""
    other = Wired()
    other.printer, other.device, other.now = bench.printer, bench.device, bench.now
    foreign = receipt(items=[position()], payments=[{"type": "electronically", "sum": Decimal("89.99")}])
    before = len(bench.documents())

    def interferes(_: bytes) -> bytes:
        other.tasks.perform(foreign, 60)
        return b"\x55\x00\x00"

    bench.replaced[c.CloseReceipt(kind=c.CASH).encode()] = c.CancelReceipt().encode()
    bench.answered[CLOSING] = interferes
    with pytest.raises(Lost):
        bench.tasks.perform(receipt(), 60)
    assert [each.total_kopecks for each in bench.documents()[before:]] == [8_999]
