"""АТОЛ's JSON tasks on the simulated register: what they make and tell, and the vendor's words for wrong ones."""

import base64
import json
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from posapp.devices.atol import json_text
from posapp.devices.base import Ffd
from posapp.devices.shtrih import commands as c
from posapp.devices.simulator.atol_fields import TaskError
from posapp.devices.simulator.atol_tasks import HANDLERS, UNSUPPORTED, AtolTasks
from posapp.devices.simulator.atol_values import RATES
from posapp.domain import ffd
from tests.devices.simulator.benches import Bench

KEY = "касса-1·42·0123456789ABCDEF"
OPERATOR = {"name": "Кассир Иванова", "vatin": "500100732259"}
VALIDATOR = """
openShift closeShift reportX reportOfdExchangeStatus closeArchive sell sellReturn buy buyReturn
sellCorrection buyCorrection sellReturnCorrection buyReturnCorrection cashIn cashOut nonFiscal
getDeviceStatus getDeviceInfo getShiftStatus getShiftTotals getOverallTotals getDepartmentSum
getFnStatus getFnInfo getRegistrationInfo getCashDrawerStatus getLicenses ofdExchangeStatus
ismExchangeStatus continuePrint printLastReceiptCopy openCashDrawer reportDepartments
reportFnRegistrations getFnDocument printFnDocument printDocumentsFromJournal setDateTime
getDeviceParameters setDeviceParameters uploadPictureCliche registration fnChange
changeRegistrationParameters getMcu pingIsm beginMarkingCodeValidation
getMarkingCodeValidationStatus acceptMarkingCode declineMarkingCode cancelMarkingCodeValidation
clearMarkingCodeValidationResult validateMarks checkMarkingCodeValidationsReady checkImcTime
checkImcWorkState
"""
"""Every task that the vendor's validator knows."""

CODE = "010460043993125621JgXJ5.T\x1d93dGVz"


def do(bench: Bench, task: dict[str, Any] | str, **more: Any) -> Any:
    """The result, having gone through JSON both ways as over HTTP."""
    asked = {"type": task, **more} if isinstance(task, str) else {**task, **more}
    through = json_text.loads(json_text.dumps(asked))
    return json_text.loads(json_text.dumps(AtolTasks(bench.printer).perform(through, bench.now)))


def fails(bench: Bench, task: dict[str, Any] | str, **more: Any) -> tuple[int, str]:
    """The number and the words of a task that fails."""
    with pytest.raises(TaskError) as caught:
        do(bench, task, **more)
    return caught.value.code, caught.value.text


def position(**more: Any) -> dict[str, Any]:
    usual = {"name": "Чай", "price": Decimal("100.50"), "quantity": 2, "amount": 201, "tax": {"type": "vat22"}}
    return {"type": "position", **usual, **more}


def sale(*items: dict[str, Any], **more: Any) -> dict[str, Any]:
    lines = items or (position(),)
    owed = sum((Decimal(each["amount"]) for each in lines if each["type"] == "position"), Decimal())
    task = {"type": "sell", "taxationType": "osn", "operator": OPERATOR, "items": list(lines)}
    return {**task, "payments": [{"type": "cash", "sum": owed}], **more}


def tags_of(bench: Bench) -> tuple[ffd.Entry, ...]:
    return ffd.decode(bench.last().body)


def value(bench: Bench, *path: int) -> object:
    found = ffd.find(tags_of(bench), *path)
    return found.value if found is not None else None


# --- shift and money


def test_a_whole_shift(bench: Bench) -> None:
    opened = do(bench, "openShift", operator=OPERATOR)
    assert opened["fiscalParams"]["shiftNumber"] == 1
    assert opened["fiscalParams"]["fiscalDocumentNumber"] == 2
    assert do(bench, "getShiftStatus")["shiftStatus"]["state"] == "opened"
    assert do(bench, "cashIn", cashSum=500) == {"counters": {"cashSum": 500}}
    assert do(bench, "cashOut", cashSum=Decimal("99.99")) == {"counters": {"cashSum": Decimal("400.01")}}
    do(bench, sale())
    do(bench, sale(type="sellReturn"))
    totals = do(bench, "getShiftTotals")["shiftTotals"]
    assert totals["receipts"]["sell"]["sum"] == totals["receipts"]["sellReturn"]["payments"]["cash"] == 201
    assert (totals["income"], totals["outcome"]["count"]) == ({"count": 1, "sum": 500}, 1)
    assert do(bench, "reportX", operator=OPERATOR) == {"warnings": {}}
    closed = do(bench, "closeShift", operator=OPERATOR)
    assert closed["fiscalParams"]["receiptsCount"] == 2
    assert value(bench, 1021) == OPERATOR["name"]
    assert do(bench, "getShiftStatus")["shiftStatus"]["state"] == "closed"
    assert fails(bench, "closeShift") == (73, "Смена закрыта - операция невозможна")


def test_what_a_sale_tells_is_what_the_storage_holds(selling: Bench) -> None:
    told = do(selling, sale())["fiscalParams"]
    document = selling.last()
    assert (
        told["fiscalDocumentNumber"]
        == document.number
        == do(selling, "getFnStatus")["fnStatus"]["fiscalDocumentNumber"]
    )
    assert told["fiscalDocumentSign"] == str(document.sign)
    assert datetime.fromisoformat(told["fiscalDocumentDateTime"]).replace(tzinfo=None) == document.at
    assert (told["total"], told["fiscalReceiptNumber"]) == (201, 1)
    assert told["fnNumber"] == selling.printer.identity.storage_number
    assert told["registrationNumber"] == selling.printer.identity.registration_number


def test_our_key_goes_in_and_comes_back(selling: Bench) -> None:
    do(selling, sale(position(), {"type": "userAttribute", "name": "posapp", "value": KEY}))
    assert selling.last().key == "0123456789ABCDEF"
    told = do(selling, "getFnDocument", fiscalDocumentNumber=selling.last().number, withRawData=True)
    assert told["documentTLV"]["1084"] == {"1085": "posapp", "1086": KEY}
    assert base64.b64decode(told["rawData"]) == selling.last().body
    assert ffd.decode(base64.b64decode(told["rawData"])) == tags_of(selling)


@pytest.mark.parametrize("word", sorted(RATES))
def test_every_rate(selling: Bench, word: str) -> None:
    do(selling, sale(position(tax={"type": word})))
    assert value(selling, 1059, 1199) == RATES[word]


def test_every_tender_by_word_and_by_digit(selling: Bench) -> None:
    names = ("electronically", "prepaid", "credit", "other", "cash")
    for kinds in (names, ("1", "2", "3", "4", "0")):
        paid = [{"type": kind, "sum": amount} for kind, amount in zip(kinds, (1, 2, 3, 4, 191), strict=True)]
        do(selling, sale(payments=paid))
        assert [value(selling, tag) for tag in (1081, 1215, 1216, 1217, 1031)] == [100, 200, 300, 400, 19_100]


def test_a_tender_may_come_in_parts(selling: Bench) -> None:
    do(
        selling,
        sale(payments=[{"type": "1", "sum": 1}, {"type": "5", "sum": 50}, {"type": "electronically", "sum": 150}]),
    )
    assert (value(selling, 1081), value(selling, 1031)) == (20_100, 0)


@pytest.mark.parametrize("kind, tag", [("sell", 1), ("sellReturn", 2), ("buy", 3), ("buyReturn", 4)])
def test_every_kind(selling: Bench, kind: str, tag: int) -> None:
    do(selling, sale(type=kind))
    assert (selling.last().form, selling.last().kind, selling.last().total_kopecks) == (3, tag, 20_100)


def test_everything_else_of_a_receipt(selling: Bench) -> None:
    do(
        selling,
        sale(
            position(additionalAttribute="арт. 7", measurementUnit="шт.", paymentMethod="advance", paymentObject="job"),
            {"type": "text", "text": "Спасибо"},
            {"type": "additionalAttribute", "value": "3735928559"},
            clientInfo={"emailOrPhone": "buyer@example.com", "name": "ООО", "vatin": "7801234564"},
            companyInfo={"email": "shop@example.com"},
            paymentsPlace="shop.example",
            internet=True,
            paymentsAddInfo=[{"sum": 10, "paymentMethod": 2, "electronicallyId": "RRN1"}],
        ),
    )
    wanted = {1008: "buyer@example.com", 1227: "ООО", 1228: "7801234564", 1117: "shop@example.com"}
    assert {tag: value(selling, tag) for tag in wanted} == wanted
    assert (value(selling, 1187), value(selling, 1125), value(selling, 1192)) == ("shop.example", 1, "3735928559")
    assert value(selling, 1234, 1235, 1237) == "RRN1"
    line = {tag: value(selling, 1059, tag) for tag in (1191, 1197, 1214, 1212)}
    assert line == {1191: "арт. 7", 1197: "шт.", 1214: 3, 1212: 3}
    assert "Спасибо" in selling.printer.tape


def test_a_receipt_of_the_new_format(newer: Bench) -> None:
    industry = {"fois": "030", "date": "2023.11.21", "number": "1944", "industryAttribute": "UUID=1&Time=2"}
    marked = position(
        paymentObject="commodityWithMarking",
        quantity=1,
        amount=Decimal("100.50"),
        measurementUnit="piece",
        imcParams={"imc": base64.b64encode(CODE.encode()).decode(), "itemEstimatedStatus": "itemPieceSold"},
        industryInfo=[industry],
    )
    do(newer, sale(marked, clientInfo={"name": "Иванов", "vatin": "500100732259", "birthDate": "1990.12.31"}))
    assert value(newer, 1256, 1227) == "Иванов"
    assert value(newer, 1256, 1243) == "31.12.1990"
    assert value(newer, 1059, 1260, 1263) == "21.11.2023"
    assert (value(newer, 1059, 2108), value(newer, 1059, 2106), value(newer, 2107)) == (0, 15, 0)
    assert ffd.find(tags_of(newer), 1059, 1163) is not None


# --- corrections


def correction(**more: Any) -> dict[str, Any]:
    basis = {"correctionType": "self", "correctionBaseDate": "2026.11.19", "correctionBaseNumber": "б/н"}
    return sale(**{"type": "sellCorrection", **basis, **more})


@pytest.mark.parametrize("kind, tag", [("sell", 1), ("sellReturn", 2), ("buy", 3), ("buyReturn", 4)])
def test_corrections_of_the_new_format_have_items(newer: Bench, kind: str, tag: int) -> None:
    do(newer, correction(type=f"{kind}Correction", correctionType="instruction"))
    assert (newer.last().form, newer.last().kind, newer.last().total_kopecks) == (31, tag, 20_100)
    assert (value(newer, 1173), value(newer, 1174, 1178)) == (1, datetime(2026, 11, 19))


def test_corrections_of_the_old_format_are_sums(selling: Bench) -> None:
    by_sums = {"payments": [{"type": "electronically", "sum": 120}], "taxes": [{"type": "vat20", "sum": 20}]}
    do(selling, correction(items=[], **by_sums))
    assert (selling.last().form, selling.last().total_kopecks, value(selling, 1102)) == (31, 12_000, 2_000)
    do(selling, correction(items=[position(tax={"type": "vat110"})]))
    assert (value(selling, 1107), value(selling, 1031)) == (1_827, 20_100)
    free = [position(tax={"type": "none"}), position(tax={"type": "vat0"})]
    do(selling, correction(items=free, payments=[{"type": "cash", "sum": 402}]))
    assert (value(selling, 1105), value(selling, 1104)) == (20_100, 20_100), "turnovers"
    before = selling.last()
    assert fails(selling, correction(type="sellReturnCorrection"))[0] == 190
    assert fails(selling, correction())[0] == 144, "22 % has no place among the six"
    assert (
        fails(selling, correction(items=[position(tax={"type": "none"})], payments=[{"type": "cash", "sum": 1}]))[0]
        == 66
    )
    assert selling.last() == before
    assert selling.printer.begun is None


# --- wrong tasks


@pytest.mark.parametrize(
    "task, text",
    [
        ({}, 'Ошибка парсинга запроса (поле "type" отсутствует)'),
        ({"type": "beep"}, 'Некорректное значение поля "type" (beep)'),
        ({"type": 5}, 'Поле "type" имеет неверный тип (ожидается "string")'),
        ({"type": "sell"}, 'Поле "items" отсутствует'),
        ({"type": "sell", "items": []}, 'Поле "payments" отсутствует'),
        (sale(items={}), 'Поле "items" имеет неверный тип (ожидается "array|undefined")'),
        (sale(electronically=1), 'Поле "electronically" имеет неверный тип (ожидается "boolean|undefined")'),
        (sale(taxationType="envd"), 'Некорректное значение поля "taxationType" (envd)'),
        (sale(operator={}), 'Поле "operator.name" отсутствует'),
        (sale({"type": "sticker", "amount": 0}), 'Некорректное значение поля "items[0].type" (sticker)'),
        (sale(position(price="1")), 'Поле "items[0].price" имеет неверный тип (ожидается "number|undefined")'),
        (sale(position(tax={"type": 20})), 'Поле "items[0].tax.type" имеет неверный тип (ожидается "string")'),
        (sale(position(tax={"type": "vat19"})), 'Некорректное значение поля "items[0].tax.type" (vat19)'),
        (sale(position(paymentObject="gift")), 'Некорректное значение поля "items[0].paymentObject" (gift)'),
        (
            sale(payments=[{"type": 1, "sum": 1}]),
            'Поле "payments[0].type" имеет неверный тип (ожидается "string")',
        ),
        (sale(payments=[{"type": "11", "sum": 1}]), 'Некорректное значение поля "payments[0].type" (11)'),
        ({"type": "cashIn", "cashSum": True}, 'Поле "cashSum" имеет неверный тип (ожидается "number")'),
        ({"type": "cashIn", "cashSum": "5"}, 'Поле "cashSum" имеет неверный тип (ожидается "number")'),
        ({"type": "setDateTime", "dateTime": "21.11.2026"}, 'Некорректное значение поля "dateTime" (21.11.2026)'),
        (
            {"type": "getFnDocument", "fiscalDocumentNumber": Decimal("1.5")},
            'Некорректное значение поля "fiscalDocumentNumber" (1.5)',
        ),
    ],
)
def test_wrong_tasks_in_the_vendors_words(selling: Bench, task: dict[str, Any], text: str) -> None:
    before = selling.printer.as_dict()
    assert fails(selling, task) == (501, text)
    assert selling.printer.as_dict() == before


@pytest.mark.parametrize(
    "task, code",
    [
        (sale(payments=[{"type": "cash", "sum": 1}]), 66),
        (sale(payments=[{"type": "electronically", "sum": 202}]), 52),
        (sale(position(amount=150)), 16),
        (sale(position(price=-1)), 16),
        (sale(position(quantity=-1)), 17),
        (sale(position(quantity=0, amount=0)), 17),
        (sale(total=150), 227),
        (sale(position(imcParams={"imc": "AAAA"})), 413),
        (sale(position(price=Decimal("1e15"), amount=Decimal("1e15"), quantity=1)), 16),
        (sale(clientInfo={"emailOrPhone": "x" * 65}), 148),
        ({"type": "cashOut", "cashSum": 10_000}, 80),
        ({"type": "getFnDocument", "fiscalDocumentNumber": 999}, 123),
        ({"type": "openShift"}, 83),
        ({"type": "registration"}, 11),
    ],
)
def test_refused_tasks_make_nothing_and_leave_nothing_open(selling: Bench, task: dict[str, Any], code: int) -> None:
    before = selling.last()
    assert fails(selling, task)[0] == code
    assert selling.last() == before
    assert selling.printer.receipt is None


def test_numbers_beyond_sense_are_never_counted_out(selling: Bench) -> None:
    for wild in ("1e999999999", "1e-999999999", "9" * 400):
        asked = '{"type": "cashIn", "cashSum": ' + wild + "}"
        with pytest.raises(TaskError) as caught:
            AtolTasks(selling.printer).perform(json.loads(asked, parse_float=Decimal), selling.now)
        assert caught.value.code == 501


def test_no_task_is_forgotten(newer: Bench) -> None:
    """The whole list of the vendor's validator: each is done or refused by name."""
    assert set(VALIDATOR.split()) == set(HANDLERS) | UNSUPPORTED
    for kind in UNSUPPORTED:
        assert fails(newer, kind) == (11, "Не поддерживается в данной версии ККТ")


# --- what it tells


@pytest.mark.parametrize("version", [Ffd.V1_05, Ffd.V1_2])
def test_who_it_is(version: Ffd) -> None:
    bench = Bench(version)
    who = bench.printer.identity
    info = do(bench, "getDeviceInfo")["deviceInfo"]
    assert (info["serial"], info["ffdVersion"]) == (who.factory_number, version.text)
    assert do(bench, "getFnInfo")["fnInfo"]["serial"] == who.storage_number
    told = do(bench, "getRegistrationInfo")
    assert told["device"]["registrationNumber"] == who.registration_number
    assert told["organization"]["taxationTypes"] == ["osn", "usnIncome", "usnIncomeOutcome", "esn", "patent"]


def test_its_state(selling: Bench) -> None:
    status = do(selling, "getDeviceStatus")["deviceStatus"]
    assert (status["shift"], status["paperPresent"], status["coverOpened"]) == ("opened", True, False)
    selling.printer.set_paper("cover", selling.now)
    assert do(selling, "getDeviceStatus")["deviceStatus"]["coverOpened"]
    selling.now += timedelta(hours=25)
    assert do(selling, "getShiftStatus")["shiftStatus"]["state"] == "expired"
    selling.printer.set_paper("ok", selling.now)
    assert fails(selling, sale())[0] == 68


def test_what_waits_for_the_ofd(selling: Bench) -> None:
    selling.printer.storage.is_ofd_up = False
    selling.now += timedelta(hours=1)
    told = do(selling, "ofdExchangeStatus")
    assert told["status"]["notSentCount"] >= 1
    assert told["errors"]["network"]["code"] == 2
    selling.printer.storage.is_ofd_up = True
    told = do(selling, "ofdExchangeStatus")
    assert (told["status"]["notSentCount"], told["warnings"]["dataForSendIsEmpty"]) == (0, True)


def test_a_storage_that_comes_to_its_end(selling: Bench) -> None:
    storage = selling.printer.storage
    assert not any(do(selling, "getFnStatus")["fnStatus"]["warnings"].values())
    for _ in range(8):
        do(selling, sale())
    storage.capacity = storage.last_number + 1
    assert do(selling, "getFnStatus")["fnStatus"]["warnings"]["memoryOverflow"]
    assert fails(selling, sale()) == (137, "Ресурс хранения ФД исчерпан")
    storage.capacity += 10
    selling.now += timedelta(days=1100)
    assert do(selling, "getFnInfo")["fnInfo"]["warnings"]["resourceExhausted"]


def test_documents_of_every_form_can_be_read(newer: Bench) -> None:
    do(newer, sale())
    do(newer, correction())
    do(newer, "reportOfdExchangeStatus")
    do(newer, "closeShift")
    forms = [
        do(newer, "getFnDocument", fiscalDocumentNumber=number)["documentTLV"]["fiscalDocumentType"]
        for number in range(1, newer.printer.storage.last_number + 1)
    ]
    assert forms == ["registration", "openShift", "receipt", "receiptCorrection", "ofdExchangeStatus", "closeShift"]
    told = do(newer, "getFnDocument", fiscalDocumentNumber=3)
    assert "rawData" not in told
    assert told["documentTLV"]["1020"] == 201
    assert told["documentTLV"]["1059"][0]["1199"] == "vat22"
    assert told["qr"] == told["documentTLV"]["qr"]


def test_the_clock_is_set_while_the_shift_is_closed(bench: Bench) -> None:
    do(bench, "setDateTime", dateTime="2026.11.20 09:03:00")
    assert do(bench, "getDeviceStatus")["deviceStatus"]["currentDateTime"].startswith("2026-11-20T09:03:00")
    do(bench, "openShift")
    assert fails(bench, "setDateTime", dateTime="2026.11.20 09:04:00")[0] == 12


# --- paper, and what an earlier program left


def test_what_is_open_is_cancelled_first(selling: Bench) -> None:
    selling.ok(c.OpenReceipt(30, 0))
    do(selling, sale())
    assert selling.last().total_kopecks == 20_100
    assert selling.printer.registers.counts[157] == 1


def test_paper_out_before_and_after(selling: Bench) -> None:
    selling.printer.set_paper("out", selling.now)
    assert fails(selling, sale()) == (44, "Нет бумаги")
    selling.printer.set_paper("ok", selling.now)
    do(selling, sale())
    selling.printer.interrupt_print()
    again = AtolTasks(selling.printer).recovered(selling.last().number, selling.now)
    assert again["warnings"] == {"recovered": True, "notPrinted": True}
    assert fails(selling, "continuePrint")[0] == 44
    selling.printer.set_paper("ok", selling.now)
    assert do(selling, "continuePrint") == {}


def test_an_electronic_receipt_needs_no_paper(selling: Bench) -> None:
    selling.printer.set_paper("out", selling.now)
    told = do(selling, sale(electronically=True, clientInfo={"emailOrPhone": "+79990000000"}))
    assert told["fiscalParams"]["total"] == 201
    assert told["warnings"] == {}


# --- codes of marked goods


def marks(**more: Any) -> dict[str, Any]:
    return {"imc": base64.b64encode(CODE.encode()).decode(), "itemEstimatedStatus": "itemPieceSold", **more}


def test_a_code_is_begun_asked_about_and_accepted(newer: Bench) -> None:
    begun = do(newer, "beginMarkingCodeValidation", params=marks(imcType="auto", imcModeProcessing=0))
    assert begun["offlineValidation"]["fmCheckErrorReason"] in ("checked", "typeIncorrect")
    assert fails(newer, "beginMarkingCodeValidation", params=marks())[0] == 401
    told = do(newer, "getMarkingCodeValidationStatus")
    assert (told["ready"], told["driverError"]["code"]) == (True, 0)
    assert told["onlineValidation"]["markOperatorItemStatus"] == "itemEstimatedStatusCorrect"
    assert do(newer, "acceptMarkingCode")["itemInfoCheckResult"]["imcEstimatedStatusCorrect"]
    assert fails(newer, "getMarkingCodeValidationStatus")[0] == 410
    assert do(newer, "clearMarkingCodeValidationResult") == {}
    assert newer.printer.marking.accepted == {}


def test_several_codes_at_once(newer: Bench) -> None:
    newer.printer.marking.set_world({"codes": {CODE: {"status": 3}}})
    other = base64.b64encode(CODE.replace("JgX", "KgX").encode()).decode()
    first, second = do(newer, "validateMarks", params=[marks(), marks(imc=other)], timeout=5000)
    assert first["onlineValidation"]["markOperatorItemStatus"] == "itemSaleStopped"
    assert second["itemInfoCheckResult"]["imcStatusInfo"]


def test_a_silent_server_is_said(newer: Bench) -> None:
    newer.printer.marking.set_world({"server": "silent"})
    do(newer, "beginMarkingCodeValidation", params=marks())
    told = do(newer, "getMarkingCodeValidationStatus")
    assert (told["driverError"]["code"], "onlineValidation" in told) == (421, False)
    assert do(newer, "declineMarkingCode") == {}
    assert do(newer, "cancelMarkingCodeValidation") == {}


def test_the_state_of_checks_and_of_notices(newer: Bench) -> None:
    assert do(newer, "checkImcWorkState")["fm"]["status"] == "noImcForCheck"
    do(newer, "validateMarks", params=[marks()])
    assert do(newer, "checkImcWorkState")["fm"]["checkingCount"] == 1
    assert do(newer, "checkImcTime")["fullTime"] == 0
    assert do(newer, "ismExchangeStatus")["warnings"] == {"dataForSendIsEmpty": True}
    newer.printer.marking.set_world({"server": "silent"})
    do(
        newer,
        sale(position(paymentObject="commodityWithMarking", quantity=1, amount=Decimal("100.50"), imcParams=marks())),
    )
    assert do(newer, "ismExchangeStatus")["status"]["notSentCount"] == 1


def test_the_old_format_knows_no_checks(selling: Bench) -> None:
    assert fails(selling, "beginMarkingCodeValidation", params=marks())[0] == 413


def test_the_validator_needs_no_register(bench: Bench) -> None:
    tasks = AtolTasks(bench.printer)
    tasks.validate(sale())
    tasks.validate({"type": "registration"})
    with pytest.raises(TaskError, match="отсутствует"):
        tasks.validate({"type": "sell"})
    with pytest.raises(TaskError, match="cashSum"):
        tasks.validate({"type": "cashIn"})
