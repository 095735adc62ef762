"""From an order to a receipt: the happy way for every rate a sale may carry, and the exact reason for every refusal."""

import dataclasses
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posapp.domain.checkout import Seller, VatTable, check_tenders, receipt_of, refuse_unsellable, settlement_of
from posapp.domain.money import KOPECKS_MAX, Money, Quantity
from posapp.domain.order import Buyer, Order, OrderLine, OrderPayment, OrderShipment
from posapp.domain.receipt import NAME_MAX, PaymentMethod, PaymentObject, Receipt, TaxSystem, Tender, TenderKind
from posapp.domain.vat import DELIVERY_ROW, PortalVatRow, VatRate
from posapp.errors import SaleError

NOW = datetime(2026, 10, 5, 12, 30)
SELLER = Seller(
    "Касса-1", "Кассир Иванова", TaxSystem.OSN, is_training=True, tax_systems=(TaxSystem.OSN, TaxSystem.USN_INCOME)
)
ROWS = {
    1: PortalVatRow(1, "НДС 22%", Decimal(22)),
    2: PortalVatRow(2, "НДС 10%", Decimal(10)),
    3: PortalVatRow(3, "НДС 0%", Decimal(0)),
    4: PortalVatRow(4, "Без НДС", None),
    5: PortalVatRow(5, "НДС 5%", Decimal(5)),
    6: PortalVatRow(6, "НДС 7%", Decimal(7)),
    7: PortalVatRow(7, "НДС 20%", Decimal(20)),
}
CONFIRMED = {
    DELIVERY_ROW: VatRate.VAT_22,
    1: VatRate.VAT_22,
    2: VatRate.VAT_10,
    3: VatRate.VAT_0,
    4: VatRate.NONE,
    5: VatRate.VAT_5,
    6: VatRate.VAT_7,
    7: VatRate.VAT_20,
}
TABLE = VatTable(ROWS, CONFIRMED)

GOODS = OrderLine("Сыр «Гауда»", Quantity.of("0.386"), Money(89_990), 2, Decimal(10), product_id=11)
TEA = OrderLine("Чай  чёрный\n100 г", Quantity.of(2), Money(15_050), 1, Decimal(22), product_id=12)
DELIVERY = OrderLine("Доставка", Quantity.of(1), Money(30_000), None, None, is_delivery=True)
PAYMENT = OrderPayment(77, 1, "Наличными курьеру", Money(94_836), is_paid=False, prints_receipt=False)
ORDER = Order(
    portal="shop.example",
    order_id=41,
    number="2026-41",
    version=3,
    status_id="N",
    is_cancelled=False,
    price=Money(94_836),
    lines=(GOODS, TEA, DELIVERY),
    payments=(PAYMENT,),
    shipments=(OrderShipment(5, False),),
    buyer=Buyer(name="Анна", phone="+79001234567", company="ООО Ромашка", inn="7707083893"),
    updated_at="2026-10-05T10:00:00+03:00",
    pulled_at=NOW,
)
CASH = (Tender(TenderKind.CASH, Money(100_000)),)


def sell(order: Order, tenders: Sequence[Tender] = CASH, table: VatTable = TABLE, now: datetime = NOW) -> Receipt:
    return receipt_of(order, tenders, table, SELLER, identity=UUID(int=7), now=now)


def order_with(line: OrderLine) -> Order:
    """An order of this one line, awaiting its sum."""
    payment = dataclasses.replace(PAYMENT, amount=line.line_sum)
    return dataclasses.replace(ORDER, lines=(line,), price=line.line_sum, payments=(payment,))


def refusal(order: Order, tenders: Sequence[Tender] = CASH, table: VatTable = TABLE, now: datetime = NOW) -> SaleError:
    with pytest.raises(SaleError) as caught:
        sell(order, tenders, table, now)
    assert "?" not in caught.value.message()
    assert "?" not in caught.value.message("en")
    return caught.value


# ------------------------------------------------------------------------------------------------- the happy way


def test_a_receipt_is_made_from_an_order() -> None:
    receipt = sell(ORDER)
    assert (receipt.total, receipt.change) == (Money(94_836), Money(5_164))
    assert receipt.settlement == settlement_of(ORDER)
    assert receipt.settlement.id == "shop.example|41|77|1"
    assert [line.name for line in receipt.lines] == ["Сыр «Гауда»", "Чай чёрный 100 г", "Доставка"]
    assert [line.line_sum.kopecks for line in receipt.lines] == [34_736, 30_100, 30_000]
    assert [line.vat for line in receipt.lines] == [VatRate.VAT_10, VatRate.VAT_22, VatRate.VAT_22]
    assert [line.payment_object for line in receipt.lines] == [PaymentObject.COMMODITY] * 2 + [PaymentObject.SERVICE]
    assert {line.payment_method for line in receipt.lines} == {PaymentMethod.FULL_PAYMENT}
    assert (receipt.till, receipt.cashier, receipt.tax_system) == ("Касса-1", "Кассир Иванова", TaxSystem.OSN)
    assert (receipt.buyer_contact, receipt.buyer_name, receipt.buyer_inn) == (
        "+79001234567",
        "ООО Ромашка",
        "7707083893",
    )
    assert (receipt.order_number, receipt.created_at, receipt.is_training) == ("2026-41", NOW, True)


@pytest.mark.parametrize(
    "row, day, rate, vat",
    [
        (1, NOW, VatRate.VAT_22, 22_00),
        (2, NOW, VatRate.VAT_10, 11_09),
        (3, NOW, VatRate.VAT_0, 122_00),
        (4, NOW, VatRate.NONE, 122_00),
        (5, NOW, VatRate.VAT_5, 5_81),
        (6, NOW, VatRate.VAT_7, 7_98),
        (7, datetime(2025, 12, 31, 23, 59), VatRate.VAT_20, 20_33),
    ],
)
def test_every_rate_that_a_sale_may_carry(row: int, day: datetime, rate: VatRate, vat: int) -> None:
    line = dataclasses.replace(TEA, price=Money(6_100), vat_row=row, vat_percent=ROWS[row].percent)
    receipt = sell(order_with(line), now=day)
    assert receipt.lines[0].vat is rate
    assert receipt.vat("L") == receipt.vat("T") == {rate: Money(vat)}


@given(st.integers(0, 94_836), st.integers(0, 10**6))
def test_cash_and_card_share_the_sum_and_only_cash_gives_change(card: int, more: int) -> None:
    cash = 94_836 - card + more
    tenders = [Tender(TenderKind.CASHLESS, Money(card))] if card else []
    tenders += [Tender(TenderKind.CASH, Money(cash))] if cash else []
    receipt = sell(ORDER, tenders)
    assert receipt.change == Money(more)
    assert receipt.tender(TenderKind.CASHLESS) == Money(card)


def test_a_long_name_is_cut_to_what_the_tag_holds() -> None:
    line = dataclasses.replace(TEA, name="Очень длинное имя " * 20)
    name = sell(order_with(line)).lines[0].name
    assert len(name) <= NAME_MAX
    assert name == name.strip()
    assert line.name.startswith(name)


def test_an_e_mail_is_preferred_to_a_phone() -> None:
    buyer = dataclasses.replace(ORDER.buyer, email="anna@example.invalid")
    assert sell(dataclasses.replace(ORDER, buyer=buyer)).buyer_contact == "anna@example.invalid"


def test_a_line_that_says_nothing_about_vat_follows_its_row() -> None:
    assert sell(order_with(dataclasses.replace(TEA, vat_percent=None))).lines[0].vat is VatRate.VAT_22


# ----------------------------------------------------------------------------------------------------- refusals


def paid(amount: int, is_paid: bool = True) -> OrderPayment:
    return dataclasses.replace(PAYMENT, amount=Money(amount), is_paid=is_paid)


@pytest.mark.parametrize(
    "changes, code",
    [
        ({"is_cancelled": True}, "order_cancelled"),
        ({"payments": (dataclasses.replace(PAYMENT, prints_receipt=True),)}, "portal_prints"),
        ({"payments": (dataclasses.replace(PAYMENT, prints_receipt=None),)}, "portal_no_paysystems"),
        ({"payments": (PAYMENT, dataclasses.replace(PAYMENT, is_inner=True, prints_receipt=True))}, "portal_prints"),
        ({"payments": (paid(94_836),)}, "already_paid"),
        ({"payments": (paid(50_000), paid(44_836))}, "already_paid"),
        ({"payments": (paid(100_000),)}, "already_paid"),
        ({"payments": (paid(50_000), paid(44_836, is_paid=False))}, "part_paid"),
        ({"problems": ("цена строки не читается",)}, "order_unfit"),
        ({"lines": ()}, "order_unfit"),
        ({"payments": ()}, "order_unfit"),
        ({"payments": (PAYMENT, PAYMENT)}, "order_unfit"),
        ({"payments": (dataclasses.replace(PAYMENT, is_inner=True),)}, "order_unfit"),
        ({"payments": (paid(94_835, is_paid=False),)}, "order_unfit"),
        ({"price": Money(94_837), "payments": (paid(94_837, is_paid=False),)}, "order_unfit"),
        ({"lines": (GOODS, TEA)}, "order_unfit"),
    ],
)
def test_what_cannot_be_sold_is_refused_with_its_reason(changes: dict[str, Any], code: str) -> None:
    order = dataclasses.replace(ORDER, **changes)
    assert refusal(order).code == code
    with pytest.raises(SaleError):
        refuse_unsellable(order)


@pytest.mark.parametrize(
    "line",
    [
        dataclasses.replace(TEA, price=Money(0)),
        dataclasses.replace(TEA, price=Money(-100)),
        dataclasses.replace(TEA, name=" \n"),
    ],
)
def test_a_line_that_cannot_be_printed_is_refused_and_is_no_bug(line: OrderLine) -> None:
    assert refusal(order_with(line)).code == "order_unfit"


def test_the_reason_names_sums_and_problems() -> None:
    assert "цена строки" in refusal(dataclasses.replace(ORDER, problems=("цена строки не читается",))).message()
    assert "Наличными курьеру" in (
        refusal(dataclasses.replace(ORDER, payments=(dataclasses.replace(PAYMENT, prints_receipt=True),))).message()
    )
    part = refusal(dataclasses.replace(ORDER, payments=(paid(50_000), paid(44_836, is_paid=False))))
    assert str(Money(50_000)) in part.message()
    assert str(Money(94_836)) in part.message()
    two = refusal(dataclasses.replace(ORDER, payments=(PAYMENT, PAYMENT)))
    assert "ждём одну оплату, а в нём 2" in two.message()
    assert f"posapp orders offers {ORDER.number}" in two.action()
    inner = dataclasses.replace(PAYMENT, is_inner=True, amount=Money(4_836))
    rest = refusal(dataclasses.replace(ORDER, payments=(paid(90_000, is_paid=False), inner)))
    assert f"ещё {Money(4_836)} ждут оплаты с внутреннего счёта" in rest.message()
    assert f"posapp orders offers {ORDER.number}" in rest.action()


@pytest.mark.parametrize(
    "line, rows, confirmed, now",
    [
        pytest.param(TEA, ROWS, {}, NOW, id="nobody confirmed the row"),
        pytest.param(TEA, {}, CONFIRMED, NOW, id="the portal has the row no more"),
        pytest.param(TEA, {1: PortalVatRow(1, "НДС 10%", Decimal(10))}, CONFIRMED, NOW, id="the row says another rate"),
        pytest.param(TEA, {1: PortalVatRow(1, "Без НДС", None)}, CONFIRMED, NOW, id="the row says no VAT"),
        pytest.param(dataclasses.replace(TEA, vat_percent=Decimal(20)), ROWS, CONFIRMED, NOW, id="the line disagrees"),
        pytest.param(dataclasses.replace(TEA, vat_percent=Decimal(0)), ROWS, CONFIRMED, NOW, id="the line says 0 %"),
        pytest.param(dataclasses.replace(TEA, vat_row=None), ROWS, CONFIRMED, NOW, id="goods without a row"),
        pytest.param(dataclasses.replace(TEA, vat_row=DELIVERY_ROW), ROWS, CONFIRMED, NOW, id="goods are no delivery"),
        pytest.param(dataclasses.replace(TEA, vat_row=99), ROWS, CONFIRMED, NOW, id="an unknown row"),
        pytest.param(TEA, ROWS, CONFIRMED, datetime(2025, 12, 31), id="22 % before 2026"),
        pytest.param(
            dataclasses.replace(TEA, vat_row=7, vat_percent=Decimal(20)), ROWS, CONFIRMED, NOW, id="20 % after 2025"
        ),
        pytest.param(DELIVERY, ROWS, {1: VatRate.VAT_22}, NOW, id="nobody confirmed delivery"),
        pytest.param(DELIVERY, ROWS, {DELIVERY_ROW: VatRate.VAT_20}, NOW, id="delivery at a rate that ended"),
        pytest.param(
            dataclasses.replace(DELIVERY, vat_percent=Decimal(10)), ROWS, CONFIRMED, NOW, id="delivery disagrees"
        ),
    ],
)
def test_a_rate_that_does_not_fit_holds_the_receipt(
    line: OrderLine, rows: dict[int, PortalVatRow], confirmed: dict[int, VatRate], now: datetime
) -> None:
    error = refusal(order_with(line), table=VatTable(rows, confirmed), now=now)
    assert error.code == "vat_unmapped"
    assert line.name in error.message()


@given(st.sampled_from(VatRate), st.sampled_from(sorted(ROWS)), st.dates(NOW.date().replace(year=2019)))
def test_no_rate_is_ever_made_up(rate: VatRate, row: int, day: Any) -> None:
    table = VatTable(ROWS, {row: rate})
    line = dataclasses.replace(TEA, vat_row=row, vat_percent=None)
    try:
        found = table.rate_for(line, day)
    except SaleError:
        return
    assert found is rate
    assert (found.percent or 0) == (ROWS[row].percent or 0)


def test_short_money_is_refused_with_what_is_missing() -> None:
    error = refusal(ORDER, (Tender(TenderKind.CASH, Money(94_835)),))
    assert error.code == "tenders_short"
    assert str(Money(1)) in error.message()
    assert refusal(ORDER, ()).code == "tenders_short"


def test_more_cashless_than_due_is_refused_even_with_cash_beside_it() -> None:
    over = Tender(TenderKind.CASHLESS, Money(94_837))
    assert refusal(ORDER, (over,)).code == "tenders_over"
    assert refusal(ORDER, (over, Tender(TenderKind.CASH, Money(1)))).code == "tenders_over"
    two = (Tender(TenderKind.CASHLESS, Money(50_000)), Tender(TenderKind.PREPAID, Money(50_000)))
    assert refusal(ORDER, two).code == "tenders_over"


SUMS = st.integers(1, KOPECKS_MAX // 10).map(Money)


@given(SUMS, st.lists(st.builds(Tender, st.sampled_from(TenderKind), SUMS), max_size=4))
def test_tenders_pass_exactly_when_they_cover_and_only_cash_is_over(due: Money, tenders: list[Tender]) -> None:
    given_sum = sum(each.amount.kopecks for each in tenders)
    cashless = sum(each.amount.kopecks for each in tenders if each.kind is not TenderKind.CASH)
    try:
        check_tenders(due, tenders)
    except SaleError as error:
        code = error.code
    else:
        code = "fits"
    if cashless > due.kopecks:
        assert code == "tenders_over"
    else:
        assert code == ("tenders_short" if given_sum < due.kopecks else "fits")


# -------------------------------------------------------------------------------------------------- settlement


def test_the_settlement_stays_the_same_when_the_payment_is_paid() -> None:
    inner = dataclasses.replace(PAYMENT, payment_id=70, is_inner=True)
    before = dataclasses.replace(ORDER, payments=(inner, PAYMENT))
    after = dataclasses.replace(ORDER, payments=(inner, dataclasses.replace(PAYMENT, is_paid=True)))
    assert settlement_of(before) == settlement_of(after)
    assert settlement_of(before).part == "77"


def test_an_order_without_payments_has_a_settlement_too() -> None:
    assert settlement_of(dataclasses.replace(ORDER, payments=())).part == "order"
