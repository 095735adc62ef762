"""A till without a gateway notices another one on its portal, and then sells nothing until a person has decided."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from posapp.domain.order import Order
from posapp.errors import PosError, SetupError
from posapp.settings import VatSettings
from posapp.sync.bitrix.marks import PortalMark, marks_of
from posapp.till import alone, exchange, sale
from tests.sync.portals import Bitrix, order_row, serving, shop_of
from tests.till.colleagues import Colleague, colleagues
from tests.till.shops import TAG_VAT_22, cash

VAT_ROW = 3  # of the simulated portal


@pytest.fixture
def bitrix() -> Iterator[Bitrix]:
    with serving(shop_of(order_row(1), order_row(2), order_row(3))) as portal:
        yield portal


@pytest.fixture
def two(tmp_path: Path, bitrix: Bitrix) -> Iterator[tuple[Colleague, Colleague]]:
    """Two tills without a gateway on one portal, its orders on board of both."""
    with colleagues(tmp_path, gateway=False) as (one, other):
        for each in (one, other):
            go_online(each, bitrix)
        yield one, other


def go_online(shop: Colleague, bitrix: Bitrix) -> None:
    portal = shop.settings.portal
    assert portal is not None
    shop.settings = shop.settings.with_(
        portal=replace(portal, portal=bitrix.client.portal),
        vat=VatSettings(confirmed={VAT_ROW: TAG_VAT_22}, rows={VAT_ROW: ("НДС 22 %", "22")}),
    )
    shop.till = replace(shop.till, settings=shop.settings, client=lambda: bitrix.client)
    exchange.pull(shop.till)


def order_of(shop: Colleague, order_id: int) -> Order:
    found = shop.till.journal.order_by_id(shop.till.portal, order_id)
    assert found is not None
    return found


def refusal(shop: Colleague, order_id: int) -> str:
    with pytest.raises(PosError) as error:
        shop.sell(order_of(shop, order_id))
    return error.value.code


def test_the_mark_of_another_till_stops_selling_online_and_offline(
    two: tuple[Colleague, Colleague], bitrix: Bitrix
) -> None:
    one, other = two
    one.sell(order_of(one, 1))
    exchange.sync(one.till)
    with pytest.raises(SetupError) as error:
        exchange.pull(other.till)
    assert error.value.code == "gateway_needed"
    assert one.register.printer.identity.storage_number in str(error.value.facts["what"])
    assert refusal(other, 2) == "gateway_needed"
    bitrix.set("network", {"up": False})
    assert refusal(other, 2) == "gateway_needed"
    assert other.register.receipts == []
    report, pulled = exchange.sync(one.till)
    assert report.offline is not None
    assert pulled is None


def test_the_order_itself_shows_it_at_the_sale(two: tuple[Colleague, Colleague]) -> None:
    one, other = two
    one.sell(order_of(one, 1))
    exchange.deliver(one.till, force=True)
    other.register.advance(60.0)
    with pytest.raises(SetupError) as error:
        exchange.order_for_sale(other.till, order_of(other, 1).number)
    assert error.value.code == "gateway_needed"


def test_its_own_marks_are_no_trouble(two: tuple[Colleague, Colleague]) -> None:
    one, _ = two
    one.sell(order_of(one, 1))
    exchange.sync(one.till)
    assert exchange.pull(one.till).is_complete
    one.sell(order_of(one, 2))


def test_a_person_says_that_the_other_till_is_no_more(two: tuple[Colleague, Colleague]) -> None:
    one, other = two
    one.sell(order_of(one, 1))
    exchange.sync(one.till)
    with pytest.raises(SetupError):
        exchange.pull(other.till)
    other.register.advance(3600.0)
    alone.confirm_alone(other.till, "касса 1 продана")
    (record,) = [each for each in other.till.journal.audit_rows() if each.what == "till.alone"]
    assert record.why == "касса 1 продана"
    assert exchange.pull(other.till).is_complete
    other.sell(order_of(other, 2))
    # and it prints again after all
    one.register.advance(7200.0)
    one.sell(order_of(one, 3))
    exchange.deliver(one.till, force=True)
    with pytest.raises(SetupError):
        exchange.pull(other.till)


def test_a_manager_may_answer_for_one_sale(two: tuple[Colleague, Colleague]) -> None:
    one, other = two
    one.sell(order_of(one, 1))
    exchange.sync(one.till)
    with pytest.raises(SetupError):
        exchange.pull(other.till)
    order = order_of(other, 2)
    sale.sell(other.till, order, cash(order.price), "касса 1 этот заказ не пробивала")
    assert len(other.register.receipts) == 1
    assert refusal(other, 3) == "gateway_needed"


def test_a_mark_in_our_own_registers_storage_is_left_to_the_storage_itself(two: tuple[Colleague, Colleague]) -> None:
    one, _ = two
    printer = one.settings.printer
    assert printer is not None
    mark = PortalMark(1, "1", "0" * 16, printer.storage_number, "7", None)
    alone.watch_marks(one.till, [mark])
    with pytest.raises(SetupError):
        alone.watch_marks(one.till, [replace(mark, storage_number="9999078900000000")])


def row(**payment: object) -> dict[str, object]:
    fields = {
        "psInvoiceId": "0123456789ABCDEF",
        "psStatusCode": "FISCAL_OK",
        "psStatusDescription": "fn=9999;fd=7;fp=1;rn=2;sh=3;t=20261121T0930;no=4",
    }
    return {"id": 5, "accountNumber": "A5", "payments": [fields | payment]}


def test_a_mark_is_read_as_it_is_written() -> None:
    assert list(marks_of(row())) == [
        PortalMark(5, "A5", "0123456789ABCDEF", "9999", "7", datetime(2026, 11, 21, 9, 30))
    ]


@pytest.mark.parametrize(
    "payment",
    [{"psInvoiceId": ""}, {"psInvoiceId": "pi_3Nabc"}, {"psInvoiceId": None}, {"psStatusCode": "200"},
     {"psStatusCode": None}],
)  # fmt: skip
def test_fields_of_other_pay_systems_are_no_marks(payment: dict[str, object]) -> None:
    assert list(marks_of(row(**payment))) == []


@pytest.mark.parametrize("text", ["", "fn;fd", "t=20269999T0930", None, ["x"]])
def test_a_mark_without_its_words_is_still_a_mark(text: object) -> None:
    (mark,) = marks_of(row(psStatusDescription=text))
    assert (mark.key, mark.printed_at) == ("0123456789ABCDEF", None)
