"""The driver of АТОЛ against the simulated register of this process: what each failure of a task means."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from posapp.devices.atol.driver import AtolPrinter
from posapp.devices.base import Ffd, Paper, StoragePhase
from posapp.domain import ffd
from posapp.domain.fiscal import DocumentType, ReceiptKind, ShiftState
from posapp.domain.money import Money
from posapp.domain.receipt import Receipt, TaxSystem
from posapp.domain.settlement import Stamp
from posapp.domain.vat import VatRate
from posapp.errors import DeviceError, OutcomeUnknown, ProtocolError, Refused, Unreachable
from tests.conformance import samples
from tests.devices.atol.sim_tasks import SimTasks, Trouble, busy, failed, lost, not_sent

UUID = "6a8f2f0e-0c0f-4c53-9a3a-1f3f6f1f8a01"


@pytest.fixture
def tasks() -> SimTasks:
    return SimTasks()


@pytest.fixture
def printer(tasks: SimTasks) -> AtolPrinter:
    """A register with an open shift."""
    made = AtolPrinter(tasks, "http://kassa:16732", link="web", takes_requests=True, pause=lambda seconds: None)
    made.open_shift("Кассир Ёлкина")
    tasks.performed.clear()
    return made


def receipt(kopecks: int = 24_500, **more: Any) -> Receipt:
    return samples.receipt([samples.line(kopecks)], {samples.CASH: kopecks}, **more)


def sell(printer: AtolPrinter, made: Receipt | None = None, request: str = UUID) -> int:
    return printer.print_receipt(made or receipt(), printer.last_document_number(), request=request).document_number


# --- receipts


def test_a_receipt_is_one_task_under_the_uuid_that_was_given(printer: AtolPrinter, tasks: SimTasks) -> None:
    made = receipt()
    mark = printer.print_receipt(made, printer.last_document_number(), request=UUID)
    assert [each for each in tasks.performed if each[1]] == [("sell", UUID)]
    document = printer.read_document(mark.document_number)
    assert Stamp.parse(document.stamp or "") == Stamp("1", "10-17", made.key)
    assert document.whole
    assert mark == printer.document_mark(mark.document_number)
    assert mark.shift_number == printer.status().shift.number


@pytest.mark.parametrize("code", [2, 11, 44, 55, 66, 68, 115, 177, 501, 502, 503, 9999])
def test_no_number_says_that_nothing_was_made(printer: AtolPrinter, tasks: SimTasks, code: int) -> None:
    """Before the commit or after it: the same answer, so the same doubt."""
    for trouble in (tasks.before, tasks.after):
        trouble["sell"] = failed(code)
        with pytest.raises(OutcomeUnknown) as told:
            sell(printer)
        assert told.value.facts["error"] == str(code)
        assert isinstance(told.value.facts["refusal"], Refused)


@pytest.mark.parametrize("where", ["before", "after"])
def test_a_lost_answer_is_an_unknown_outcome(printer: AtolPrinter, tasks: SimTasks, where: str) -> None:
    before, made = tasks.documents, receipt()
    getattr(tasks, where)["sell"] = lost
    with pytest.raises(OutcomeUnknown):
        sell(printer, made)
    assert tasks.documents - before == (where == "after")
    assert [made.key in (each.stamp or "") for each in printer.documents_after(before)] == [True] * (where == "after")


def test_what_did_not_reach_it_was_not_sent(printer: AtolPrinter, tasks: SimTasks) -> None:
    tasks.before["sell"] = not_sent
    with pytest.raises(Unreachable):
        sell(printer)
    tasks.before["sell"] = busy
    with pytest.raises(Refused) as told:
        sell(printer)
    assert told.value.code == "atol_queue"
    assert "бумаг" in told.value.message()


def test_a_document_that_cannot_be_read_back_is_no_mark(printer: AtolPrinter, tasks: SimTasks) -> None:
    for trouble in (lost, not_sent, busy, failed(123), failed(2)):
        tasks.before["getFnDocument"] = trouble
        with pytest.raises(OutcomeUnknown):
            sell(printer)


def change(**fields: Any) -> Callable[[str, dict[str, Any]], dict[str, Any]]:
    """The register's answer to a sale, with other fields in it; None takes one away."""

    def told(name: str, result: dict[str, Any]) -> dict[str, Any]:
        if name != "sell":
            return result
        params = {**result["fiscalParams"], **fields}
        return {**result, "fiscalParams": {key: value for key, value in params.items() if value is not None}}

    return told


@pytest.mark.parametrize(
    "fields",
    [
        {"fiscalDocumentNumber": 1},
        {"fiscalDocumentNumber": 2},
        {"fiscalDocumentNumber": 99},
        {"fiscalDocumentNumber": None},
        {"fiscalDocumentNumber": "x"},
        {"fiscalDocumentNumber": True},
        {"fiscalDocumentSign": "1"},
        {"fiscalDocumentSign": None},
        {"fnNumber": "9999078900000001"},
        {"registrationNumber": "0000000000000001"},
    ],
)
def test_an_answer_that_the_storage_does_not_bear_out_is_not_believed(
    printer: AtolPrinter, tasks: SimTasks, fields: dict[str, Any]
) -> None:
    tasks.told = change(**fields)
    with pytest.raises(OutcomeUnknown):
        sell(printer)


def test_somebody_elses_document_under_that_number_is_not_ours(printer: AtolPrinter, tasks: SimTasks) -> None:
    """Of another total, or of another kind."""
    sell(printer, receipt(10_000))
    number = tasks.documents
    tasks.told = lambda name, result: change(fiscalDocumentNumber=number)(name, result)
    with pytest.raises(OutcomeUnknown):
        printer.print_receipt(receipt(), number - 1, request=UUID)


def test_a_document_that_was_found_by_its_number_must_show_our_key(printer: AtolPrinter, tasks: SimTasks) -> None:
    """A web server that lost the register tells the last document as ours, though another program has made it."""
    printer.evidence_for(receipt())
    foreign = {
        "type": "sell",
        "items": [
            {"type": "position", "name": "X", "price": 245, "quantity": 1, "amount": 245, "tax": {"type": "vat22"}}
        ],
        "payments": [{"type": "cash", "sum": 245}],
    }

    def recovered(name: str, result: dict[str, Any]) -> dict[str, Any]:
        return tasks.register.recovered(tasks.documents, tasks.now) if name == "sell" else result

    perform = tasks.register.perform
    tasks.told = recovered
    tasks.register.perform = lambda task, *rest: perform(foreign if task["type"] == "sell" else task, *rest)  # type: ignore[method-assign]
    for _ in range(2):
        with pytest.raises(OutcomeUnknown):
            sell(printer)


def test_a_document_with_another_key_is_never_ours(printer: AtolPrinter, tasks: SimTasks) -> None:
    sell(printer)
    number, kept = tasks.documents, tasks.told
    tasks.told = lambda name, result: tasks.register.recovered(number, tasks.now) if name == "sell" else result
    with pytest.raises(OutcomeUnknown):
        printer.print_receipt(receipt(), number - 1, request=UUID)
    tasks.told = kept
    sell(printer)


@pytest.mark.parametrize("result", [{}, {"fiscalParams": None}, {"fiscalParams": []}, {"warnings": {}}])
def test_an_answer_without_its_parts_is_an_unknown_outcome(
    printer: AtolPrinter, tasks: SimTasks, result: dict[str, Any]
) -> None:
    tasks.told = lambda name, real: result if name == "sell" else real
    with pytest.raises(OutcomeUnknown):
        sell(printer)


def test_a_receipt_of_another_program_is_not_cancelled_by_the_vendors_way(
    printer: AtolPrinter, tasks: SimTasks
) -> None:
    tasks.opened_by_another()
    with pytest.raises(Refused) as told:
        sell(printer)
    assert told.value.code == "foreign_receipt_open"
    assert not any(name == "sell" for name, _ in tasks.performed)
    assert printer.status().has_open_document
    opened = printer.open_document()
    assert opened is not None
    assert opened.subtotal == Money(100)
    printer.cancel_open_document()
    assert printer.open_document() is None
    printer.cancel_open_document()


def test_without_a_shift_nothing_is_sent_for_the_vendors_way_would_open_one(
    printer: AtolPrinter, tasks: SimTasks
) -> None:
    printer.close_shift("Кассир")
    before = tasks.documents
    with pytest.raises(Refused) as told:
        sell(printer)
    assert told.value.code == "shift_closed"
    assert tasks.documents == before


def test_a_shift_of_more_than_a_day_takes_no_receipt(printer: AtolPrinter, tasks: SimTasks) -> None:
    tasks.now += timedelta(hours=25)
    assert printer.status().shift.is_expired
    with pytest.raises(Refused) as told:
        sell(printer)
    assert told.value.code == "shift_expired"


@pytest.mark.parametrize("state, code", [("out", "paper_out"), ("cover", "cover_open")])
def test_without_paper_nothing_is_sent(printer: AtolPrinter, tasks: SimTasks, state: str, code: str) -> None:
    tasks.printer.paper = state
    for act in (lambda: sell(printer), printer.x_report, lambda: printer.cash_in(Money(1)), printer.wait_until_idle):
        with pytest.raises(Refused) as told:
            act()
        assert told.value.code == code
    assert not any(name in ("sell", "reportX", "cashIn") for name, _ in tasks.performed)


def test_what_the_format_cannot_say_is_refused_by_name(printer: AtolPrinter, tasks: SimTasks) -> None:
    for made, what in (
        (samples.correction(kind=ReceiptKind.SELL_REFUND), "возврат"),
        (samples.correction(rates=[VatRate.VAT_22]), "22"),
        (receipt(buyer_contact="☃@example.com"), "1008"),
        (receipt(order_number="9" * 300), "1086"),
    ):
        with pytest.raises(Refused, match=what) as told:
            sell(printer, made)
        assert told.value.code == "register_lacks"
    assert not any(request for _, request in tasks.performed)


# --- where the key is


def test_a_register_counts_as_taking_the_key_once_a_document_shows_it(tasks: SimTasks, printer: AtolPrinter) -> None:
    made = receipt()
    assert printer.evidence_for(made) == {"key_tag": ""}
    assert printer.probe().key_tags == {}
    sell(printer, made)
    assert printer.evidence_for(made) == {"key_tag": "1084"}
    later = AtolPrinter(tasks, "http://kassa:16732", link="web")
    assert later.evidence_for(made) == {"key_tag": "1084"}
    assert later.evidence_for(samples.correction()) == {"key_tag": ""}, "corrections are another form"
    assert set(later.probe().key_tags.values()) == {"1084"}


def test_a_register_that_leaves_the_key_out_is_noticed(
    tasks: SimTasks, printer: AtolPrinter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then the absence of a key proves nothing, and a doubt goes to a person."""
    perform = tasks.register.perform

    def without_key(task: Any, *rest: Any) -> Any:
        items = [each for each in task.get("items", []) if each["type"] != "userAttribute"]
        return perform({**task, "items": items} if items else task, *rest)

    monkeypatch.setattr(tasks.register, "perform", without_key)
    made = receipt()
    number = sell(printer, made)
    assert printer.read_document(number).stamp is None
    assert printer.evidence_for(made) == {"key_tag": ""}


# --- requests


def test_a_request_is_ended_before_anything_is_read(printer: AtolPrinter, tasks: SimTasks) -> None:
    printer.end_request(UUID)
    assert tasks.ended == [UUID]
    assert printer.takes_requests
    printer.reset_link()
    assert tasks.resets == 1


# --- shift and cash


def test_every_act_goes_under_its_uuid(printer: AtolPrinter, tasks: SimTasks) -> None:
    printer.cash_in(Money(10_000), request="u1")
    printer.cash_out(Money(2_500), request="u2")
    printer.x_report(request="u3")
    printer.close_shift("Кассир", request="u4")
    printer.open_shift("Кассир", request="u5")
    sent = [each for each in tasks.performed if each[1]]
    assert sent == [("cashIn", "u1"), ("cashOut", "u2"), ("reportX", "u3"), ("closeShift", "u4"), ("openShift", "u5")]


ACTS: dict[str, Callable[[AtolPrinter], object]] = {
    "cashIn": lambda printer: printer.cash_in(Money(100)),
    "cashOut": lambda printer: printer.cash_out(Money(100)),
    "reportX": lambda printer: printer.x_report(),
    "closeShift": lambda printer: printer.close_shift("Кассир"),
}


@pytest.mark.parametrize("name", ACTS)
@pytest.mark.parametrize("trouble", [lost, failed(2), failed(44)])
def test_a_doubt_about_an_act_is_an_unknown_outcome(
    printer: AtolPrinter, tasks: SimTasks, name: str, trouble: Trouble
) -> None:
    printer.cash_in(Money(500))
    tasks.before[name] = trouble
    with pytest.raises(OutcomeUnknown):
        ACTS[name](printer)


def test_a_refusal_goes_along_for_when_nothing_was_made(printer: AtolPrinter) -> None:
    with pytest.raises(OutcomeUnknown) as told:
        printer.cash_out(Money(100))
    refusal = told.value.facts["refusal"]
    assert isinstance(refusal, Refused)
    assert refusal.code == "not_enough_cash"


def test_a_shift_that_cannot_be_read_after_its_report_is_an_unknown_outcome(
    printer: AtolPrinter, tasks: SimTasks
) -> None:
    tasks.before["getShiftStatus"] = not_sent
    with pytest.raises(OutcomeUnknown):
        printer.close_shift("Кассир")


def test_cash_totals_are_those_of_the_shift(printer: AtolPrinter) -> None:
    printer.cash_in(Money(10_000))
    printer.cash_out(Money(2_550))
    found = printer.cash_totals()
    assert (found.drawer, found.cash_in, found.cash_out) == (Money(7_450), Money(10_000), Money(2_550))
    assert (found.in_count, found.out_count, found.is_witnessed) == (1, 1, True)


def test_a_cash_operation_whose_answer_was_lost_is_not_witnessed(printer: AtolPrinter, tasks: SimTasks) -> None:
    printer.cash_in(Money(10_000))
    tasks.after["cashIn"] = lost
    with pytest.raises(OutcomeUnknown):
        printer.cash_in(Money(700))
    assert not printer.cash_totals().is_witnessed


# --- looking


def test_another_register_behind_the_same_address_is_loud(printer: AtolPrinter, tasks: SimTasks) -> None:
    def another(name: str, result: dict[str, Any]) -> dict[str, Any]:
        return {"fnInfo": {**result["fnInfo"], "serial": "9999078900000042"}} if name == "getFnInfo" else result

    tasks.told = another
    with pytest.raises(Refused) as told:
        printer.status()
    assert told.value.code == "wrong_device"
    assert printer.connect().storage_number == "9999078900000042"


@pytest.mark.parametrize("trouble", [lost, not_sent, failed(2), failed(1)])
def test_a_question_that_is_not_answered_can_be_asked_again(
    printer: AtolPrinter, tasks: SimTasks, trouble: Trouble
) -> None:
    tasks.before["getShiftStatus"] = trouble
    with pytest.raises(Unreachable):
        printer.status()
    assert printer.status().shift.is_open


@pytest.mark.parametrize(
    "name, result",
    [
        ("getShiftStatus", {"shiftStatus": {"state": "half", "number": 1}}),
        ("getShiftStatus", {}),
        ("getFnStatus", {"fnStatus": {"fiscalDocumentNumber": "x"}}),
        ("getDeviceStatus", {"deviceStatus": None}),
        ("getFnInfo", {"fnInfo": {"serial": ""}}),
    ],
)
def test_an_answer_that_makes_no_sense_is_told_so(
    printer: AtolPrinter, tasks: SimTasks, name: str, result: dict[str, Any]
) -> None:
    tasks.told = lambda asked, real: result if asked == name else real
    with pytest.raises(ProtocolError):
        printer.status()


def test_what_set_up_keeps(printer: AtolPrinter) -> None:
    profile = printer.probe()
    assert profile.identity == printer.connect()
    assert profile.ffd == "1.05"
    assert TaxSystem.OSN in profile.tax_systems
    head = profile.registration
    assert all((head.user, head.inn, head.address, head.place, head.fns_site, head.sender))
    assert profile.width == 48


def test_the_storage_tells_of_its_end_and_of_the_ofd(printer: AtolPrinter) -> None:
    health = printer.storage_health()
    assert health.phase is StoragePhase.FISCAL
    assert health.storage_number == printer.connect().storage_number
    assert health.expires is not None
    assert health.unsent is not None
    assert printer.line_facts().link == "web"


def test_a_print_that_waits_for_paper_is_continued(printer: AtolPrinter, tasks: SimTasks) -> None:
    def unprinted(name: str, result: dict[str, Any]) -> dict[str, Any]:
        return {**result, "warnings": {"notPrinted": True}} if name == "sell" else result

    tasks.told = unprinted
    assert printer.continue_print() is False
    sell(printer)
    tasks.printer.paper = "out"
    assert printer.status().paper is Paper.OUT_WHILE_PRINTING
    assert printer.continue_print() is False
    tasks.printer.paper = "ok"
    assert printer.status().paper is Paper.WAITS_CONTINUE
    printer.wait_until_idle()
    assert ("continuePrint", "") in tasks.performed
    assert printer.status().paper is Paper.OK


# --- documents


def test_a_document_that_is_not_there(printer: AtolPrinter, tasks: SimTasks) -> None:
    for look in (printer.read_document, printer.document_mark, printer.document_tlv):
        for number in (tasks.documents + 1, 0):
            with pytest.raises(Refused) as told:
                look(number)
            assert told.value.code == "not_found"


def test_a_document_without_its_raw_data_is_not_whole(printer: AtolPrinter, tasks: SimTasks) -> None:
    """The archive has the short form only: kind and total are told, the absence of a key proves nothing."""
    made = receipt()
    number = sell(printer, made)

    def short(name: str, result: dict[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in result.items() if key != "rawData"} if name == "getFnDocument" else result

    tasks.told = short
    found = printer.read_document(number)
    assert (found.type, found.kind, found.total) == (DocumentType.RECEIPT, ReceiptKind.SELL, made.total)
    assert (found.whole, found.stamp, found.tlv) == (False, None, b"")
    with pytest.raises(Refused):
        printer.document_tlv(number)


@pytest.mark.parametrize("has_raw", [True, False])
def test_a_document_of_a_name_that_we_do_not_know_is_judged_by_its_tags(
    printer: AtolPrinter, tasks: SimTasks, has_raw: bool
) -> None:
    number = sell(printer)

    def unnamed(name: str, result: dict[str, Any]) -> dict[str, Any]:
        if name != "getFnDocument":
            return result
        told = {**result, "type": "strange", "documentTLV": {**result["documentTLV"], "fiscalDocumentType": "strange"}}
        return told if has_raw else {**told, "rawData": ""}

    tasks.told = unnamed
    assert printer.read_document(number).type == DocumentType.RECEIPT
    opening = printer.read_document(number - 1)
    assert (opening.type, opening.kind, opening.whole) == (0, None, has_raw)


def test_documents_that_cannot_be_read_stop_no_sale(printer: AtolPrinter, tasks: SimTasks) -> None:
    """They prove nothing of the key, that is all."""
    sell(printer)
    later = AtolPrinter(tasks, "http://kassa:16732", link="web")
    tasks.before["getFnDocument"] = failed(6)
    assert later.evidence_for(receipt()) == {"key_tag": ""}
    tasks.told = lambda name, result: {} if name == "getFnDocument" else result
    assert later.evidence_for(receipt()) == {"key_tag": ""}


def without_key(raw: str) -> str:
    """A document cut at a record, before the one with our key; bare as the driver gives it, it still is good TLV."""
    data = base64.b64decode(raw)
    records = ffd.split(data)
    kept = [each for each in records if each.tag != 1084]
    return base64.b64encode(b"".join(ffd.wrap(each.tag, each.raw) for each in kept)).decode()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda result: {**result, "rawData": "!!!"},
        lambda result: {**result, "rawData": result["rawData"][:40]},
        lambda result: {**result, "documentTLV": {**result["documentTLV"], "short": True}},
        lambda result: {**result, "rawData": without_key(result["rawData"])},
    ],
)
def test_damaged_raw_data_is_not_whole(
    printer: AtolPrinter, tasks: SimTasks, spoil: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    number = sell(printer)
    tasks.told = lambda name, result: spoil(result) if name == "getFnDocument" else result
    assert not printer.read_document(number).whole


def test_another_document_than_the_one_that_was_asked_for_is_an_error(printer: AtolPrinter, tasks: SimTasks) -> None:
    first = sell(printer)
    second = sell(printer)
    asked = {"type": "getFnDocument", "fiscalDocumentNumber": first, "withRawData": True}
    kept = tasks.register.perform(asked, tasks.now)
    tasks.told = lambda name, result: kept if name == "getFnDocument" else result
    with pytest.raises(ProtocolError):
        printer.read_document(second)


def test_shift_counters_tell_of_receipts(printer: AtolPrinter) -> None:
    sell(printer, receipt(30_000))
    found = printer.shift_counters(ReceiptKind.SELL)
    counted = found.receipts[ReceiptKind.SELL]
    assert (counted.count, counted.total, counted.tenders[samples.CASH]) == (1, Money(30_000), Money(30_000))
    assert found.corrections == {}
    assert printer.close_shift("Кассир").state is ShiftState.CLOSED
    with pytest.raises(Refused) as told:
        printer.shift_counters()
    assert told.value.code == "no_counters"


# --- marked goods


def test_a_code_is_checked_and_its_verdict_goes_into_the_receipt() -> None:
    from posapp.domain.marking import parse_marking

    tasks = SimTasks(Ffd.V1_2)
    printer = AtolPrinter(tasks, "x", link="web", pause=lambda seconds: None)
    printer.open_shift("Кассир")
    milk = "010460710382070021" + "55kTHg" + "\x1d" + "93dGVz"
    made = samples.receipt([samples.marked(milk)], {samples.CASH: 25_000}, identity=uuid4())
    with pytest.raises(Refused) as unchecked:
        sell(printer, made)
    assert unchecked.value.code == "register_lacks"
    verdict = printer.check_marking(parse_marking(milk), 1)
    assert (verdict.result, verdict.code_type, verdict.is_refused) == (15, 5, False)
    assert printer.read_document(sell(printer, made)).whole
    with pytest.raises(DeviceError):
        sell(printer, samples.receipt([samples.marked(milk)], {samples.CASH: 25_000}))
    printer.clear_markings()


def test_ffd_1_05_checks_no_codes(printer: AtolPrinter) -> None:
    from posapp.domain.marking import parse_marking

    with pytest.raises(Refused) as told:
        printer.check_marking(parse_marking("010460710382070021" + "55kTHg" + "\x1d" + "93dGVz"), 1)
    assert told.value.code == "register_lacks"
