"""Read, compare, write: the planning of every step as tables, without a portal."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from posapp.domain.fiscal import FiscalMark
from posapp.sync.bitrix.client import query_of
from posapp.sync.bitrix.mapping import PaySystem
from posapp.sync.bitrix.plans import Conflict, Done, Later, Plan, Write
from posapp.sync.bitrix.writeback import STEPS, mark_fields, merged, plan, refusal
from tests.sync.portals import Row

KEY = "01ABCDEFGHJKMNPQ"
MARK = FiscalMark(45, "2890182733", 7, 12, "9999078900005488", "0000000001018244", datetime(2026, 11, 21, 23, 59, 30))
BODY: Row = {"payment_id": 11, "key": KEY, "mark": MARK.as_json(), "total_kopecks": 123450, "status": "F"}
FIELDS = mark_fields(MARK, KEY, 123450, datetime.fromisoformat("2026-11-20T10:00:00+03:00"))
MARKED: Row = {**FIELDS}


def payment(**changes: Any) -> Row:
    return {"id": 11, "paySystemId": "4", "sum": Decimal("1234.5"), "paid": "N", "psInvoiceId": None,
            "payVoucherNum": "", "externalPayment": "N", **changes}  # fmt: skip


def shipment(**changes: Any) -> Row:
    return {"id": 7, "deducted": "N", "allowDelivery": "Y", "deliveryId": 2, "priceDelivery": Decimal("300.10"),
            "basePriceDelivery": Decimal("350"), "comments": "код & домофон", "trackingNumber": "", "companyId": None,
            "dateDeducted": None, "empDeductedId": 3, "responsibleId": 5, "system": "N", "canceled": "N",
            "shipmentItems": [{"id": 1}], **changes}  # fmt: skip


def row(**changes: Any) -> Row:
    return {"id": 9071, "accountNumber": "MSK-00412", "canceled": "N", "statusId": "N",
            "dateUpdate": "2026-11-20T10:00:00+03:00", "payments": [payment()], "shipments": [shipment()],
            **changes}  # fmt: skip


def paid(**changes: Any) -> Row:
    return row(**{"payments": [payment(**MARKED, paid="Y")], **changes})


def planned(step: str, order: Mapping[str, Any], **body: Any) -> Plan:
    return plan(step, order, {**BODY, **body}, KEY)


def test_the_mark_is_written_whole_and_nothing_else() -> None:
    written = planned("mark", row())
    assert isinstance(written, Write)
    ((method, params),) = written.commands
    assert method == "sale.payment.update"
    assert params == {
        "id": 11,
        "fields": {
            "paySystemId": 4,
            "payVoucherNum": "45",
            "payVoucherDate": "2026-11-21T12:00:00+03:00",
            "psStatus": "Y",
            "psStatusCode": "FISCAL_OK",
            "psStatusDescription": "fn=9999078900005488;fd=45;fp=2890182733;"
            "rn=0000000001018244;sh=12;t=20261121T2359;no=7",
            "psInvoiceId": KEY,
            "psSum": "1234.50",
            "psCurrency": "RUB",
            "psResponseDate": "2026-11-21T23:59:30+03:00",
        },
    }


@pytest.mark.parametrize(
    "step, order, expected",
    [
        ("mark", row(payments=[payment(**MARKED)]), Done("оплата 11, ФД 45")),
        ("mark", row(payments=[payment(**MARKED, paid="Y")], canceled="Y"), Done("оплата 11, ФД 45")),
        ("payment", row(), Later()),
        ("payment", row(payments=[payment(paid="Y")]), Later()),
        ("payment", row(payments=[payment(**MARKED, paid="Y")]), Done("оплата 11")),
        ("payment", row(payments=[payment(**MARKED, paid="Y")], canceled="Y"), Done("оплата 11")),
        ("status", row(statusId="F"), Later()),
        ("status", paid(statusId="F"), Done("статус F")),
        ("stock", row(shipments=[shipment(deducted="Y")]), Later()),
        ("stock", paid(shipments=[shipment(deducted="Y")]), Done("отгрузка 7")),
        ("stock", paid(shipments=[shipment(deducted="Y"), shipment(id=8, canceled="Y")]), Done("отгрузка 7")),
    ],
)
def test_what_is_there_is_done_and_what_is_early_waits(step: str, order: Row, expected: Plan) -> None:
    assert planned(step, order) == expected


@pytest.mark.parametrize("spoiled", ["psInvoiceId", "payVoucherNum", "psStatus", "psStatusCode", "psStatusDescription"])
def test_half_a_mark_is_written_again(spoiled: str) -> None:
    order = row(payments=[payment(**{**MARKED, spoiled: ""})])
    assert planned("mark", order) == planned("mark", row())


@pytest.mark.parametrize(
    "step, order, code, word",
    [
        ("mark", row(payments=[payment(psInvoiceId="OTHERKEYOTHERKEY")]), "portal_differs", "другой чек"),
        ("mark", row(payments=[payment(payVoucherNum="44")]), "portal_differs", "другой документ"),
        ("mark", row(payments=[payment(**{**MARKED, "payVoucherNum": "44"})]), "portal_differs", "другой документ"),
        ("mark", row(payments=[]), "portal_differs", "11"),
        ("mark", row(payments=[payment(id=12)]), "portal_differs", "больше нет"),
        ("payment", row(payments=[payment(**MARKED, sum=1234)]), "portal_differs", "1 234,50"),
        ("payment", row(payments=[payment(**MARKED, sum=None)]), "portal_differs", "а чек"),
        ("payment", row(payments=[payment(**MARKED, sum=1234, paid="Y")]), "portal_differs", "1234"),
        ("payment", row(payments=[payment(**MARKED)], canceled="Y"), "portal_differs", "отменён"),
        ("status", paid(canceled="Y"), "portal_differs", "отменён"),
        ("stock", paid(canceled="Y"), "portal_differs", "отменён"),
        ("stock", paid(shipments=[]), "stock_rejected", "нет отгрузки"),
        ("stock", paid(shipments=[shipment(canceled="Y")]), "stock_rejected", "нет отгрузки"),
    ],
)
def test_what_contradicts_is_for_a_person(step: str, order: Row, code: str, word: str) -> None:
    conflict = planned(step, order)
    assert isinstance(conflict, Conflict)
    assert conflict.code == code
    text = " ".join(conflict.facts.values()).replace("\u202f", " ")
    assert word in text
    if code == "portal_differs":
        assert conflict.facts["order"] == "MSK-00412"


def test_paying_sends_the_pay_system_as_read_and_no_sum() -> None:
    assert planned("payment", row(payments=[payment(**MARKED)])) == Write(
        (("sale.payment.update", {"id": 11, "fields": {"paySystemId": 4, "paid": "Y"}}),)
    )


def test_the_status_is_the_entrys_own() -> None:
    assert planned("status", paid(), status="DE") == Write(
        (("sale.order.update", {"id": 9071, "fields": {"statusId": "DE"}}),)
    )


def test_deducting_sends_back_everything_that_was_read() -> None:
    order = paid(shipments=[shipment(), shipment(id=8, deducted="Y"), shipment(id=9, allowDelivery="N")])
    written = planned("stock", order)
    assert isinstance(written, Write)
    assert [params["id"] for _, params in written.commands] == [7, 9]
    fields = written.commands[0][1]["fields"]
    assert fields == {
        "allowDelivery": "Y",
        "basePriceDelivery": Decimal("350"),
        "comments": "код & домофон",
        "deducted": "Y",
        "deliveryId": 2,
        "priceDelivery": Decimal("300.10"),
        "responsibleId": 5,
        "trackingNumber": "",
    }
    assert written.commands[1][1]["fields"]["allowDelivery"] == "N"
    assert "fields[priceDelivery]=300.10" in query_of(written.commands[0][1])


BASKET = [{"id": 1, "name": "Кружка", "quantity": 2}, {"id": 2, "name": "Чай", "quantity": Decimal("0.386")}]


def holding(*held: tuple[int, object], **changes: Any) -> Row:
    return shipment(shipmentItems=[{"id": n, "basketId": n, "quantity": much} for n, much in held], **changes)


@pytest.mark.parametrize(
    "shipments, word",
    [
        ([holding((1, 2), (2, "0.386"))], ""),
        ([holding((1, 1), (2, "0.386")), holding((1, 1), id=8)], ""),
        ([holding((1, 1), (2, "0.386"))], "1 «Кружка», а продано 2"),
        ([holding((1, 2))], "0 «Чай»"),
        ([holding((1, 1), (2, "0.386")), holding((1, 1), id=8, system="Y")], "1 «Кружка»"),
        ([holding((1, 1), (2, "0.386"), deducted="Y")], ""),
    ],
)
def test_stock_is_not_short_of_what_went_out_whole(shipments: list[Row], word: str) -> None:
    """A shipment was parted: what it does not hold would stay in stock, though it is sold."""
    found = planned("stock", paid(shipments=shipments, basketItems=BASKET))
    assert isinstance(found, Conflict) is bool(word)
    if isinstance(found, Conflict):
        assert word in str(found.facts["what"])
    a_set = [{"id": 1, "name": "Набор", "quantity": 2, "type": "1"}, {"id": 2, "quantity": 1, "setParentId": 1}]
    assert isinstance(planned("stock", paid(shipments=[holding((1, 1))], basketItems=a_set)), Write)


def test_an_answer_is_compared_like_a_read() -> None:
    order = row(payments=[payment(id=10), payment()])
    answered = merged(order, "sale.payment.update", {"payment": payment(**MARKED)})
    assert planned("mark", answered) == Done("оплата 11, ФД 45")
    assert [each["id"] for each in answered["payments"]] == [10, 11]
    assert isinstance(planned("mark", merged(order, "sale.payment.update", {"payment": payment()})), Write)
    assert isinstance(planned("mark", merged(order, "sale.payment.update", [])), Write)
    shipped = merged(paid(), "sale.shipment.update", {"shipment": shipment(deducted="Y")})
    assert planned("stock", shipped) == Done("отгрузка 7")
    assert planned("status", merged(paid(), "sale.order.update", {"order": paid(statusId="F")})) == Done("статус F")


@pytest.mark.parametrize(
    "systems, code",
    [
        ({4: False}, None),
        ({4: True}, "portal_prints"),
        ({4: None}, "portal_differs"),
        ({5: False}, "portal_differs"),
        ({}, "portal_differs"),
    ],
)
def test_a_portal_that_prints_or_may_print_gets_nothing(systems: dict[int, bool | None], code: str | None) -> None:
    known = {key: PaySystem(key, f"Система {key}", prints, False, True, True) for key, prints in systems.items()}
    found = refusal(row(), known)
    assert (found.code if found else None) == code
    second = row(payments=[payment(), payment(id=12, paySystemId=6)])
    printing = {**known, 6: PaySystem(6, "Бонусы", True, True, True, True)}
    assert refusal(second, printing) is not None, "every pay system of the order counts"


def test_a_mark_without_dates_of_the_portal_still_has_a_day() -> None:
    fields = mark_fields(MARK, KEY, 1, datetime(2026, 1, 1, tzinfo=UTC))
    assert (fields["payVoucherDate"], fields["psSum"]) == ("2026-11-21T12:00:00+00:00", "0.01")


def test_no_step_is_forgotten() -> None:
    for step in STEPS:
        assert planned(step, row()) is not None
    with pytest.raises(ValueError, match="no such step"):
        planned("refund", row())
