"""Whatever a person picks, one after the other: every receipt is lawful, every settlement is made once, sums close."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posapp.domain.checkout import Seller, Terms, VatTable, receipt_of
from posapp.domain.fiscal import ReceiptKind
from posapp.domain.lawful import Step
from posapp.domain.money import ZERO, Money, Quantity, spread, total
from posapp.domain.offers import TITLES, Offer, Way, chosen, offers, part_of, way_of
from posapp.domain.order import Buyer, Order, OrderLine, OrderPayment, OrderShipment
from posapp.domain.receipt import PaymentMethod, PaymentObject, Receipt, TaxSystem, Tender, TenderKind
from posapp.domain.vat import PortalVatRow, VatRate
from posapp.errors import SaleError

NOW = datetime(2026, 11, 21, 12, 0)
SELLER = Seller("1", "Кассир", TaxSystem.OSN, is_training=True)
TABLE = VatTable(
    {1: PortalVatRow(1, "НДС 22%", Decimal(22)), 2: PortalVatRow(2, "НДС 10%", Decimal(10))},
    {0: VatRate.VAT_22, 1: VatRate.VAT_22, 2: VatRate.VAT_10},
)
M, T = PaymentMethod, TenderKind


def line(name: str, kopecks: int, count: str = "1", row: int = 1) -> OrderLine:
    return OrderLine(name, Quantity.of(count), Money(kopecks), row, Decimal(22 if row == 1 else 10))


def an_order(*payments: OrderPayment, lines: tuple[OrderLine, ...] = (), shipments: int = 1) -> Order:
    goods = lines or (line("Чай", 30_000, "2"), line("Сыр", 25_000, row=2), line("Пакет", 0))
    return Order(
        portal="shop.example", order_id=41, number="2026-41", version=1, status_id="N", is_cancelled=False,
        price=total([each.line_sum for each in goods]), lines=goods, payments=payments,
        shipments=tuple(OrderShipment(5 + n, is_deducted=False) for n in range(shipments)),
        buyer=Buyer(email="a@example.com"), updated_at="", pulled_at=NOW,
    )  # fmt: skip


def payment(number: int, kopecks: int, *, is_paid: bool = False, is_inner: bool = False) -> OrderPayment:
    return OrderPayment(number, 1, "Оплата", Money(kopecks), is_paid, is_inner, prints_receipt=False)


WHOLE, PRICE = 85_000, Money(85_000)
UNPAID = an_order(payment(77, WHOLE))
PAID = an_order(payment(77, WHOLE, is_paid=True))
HALF = an_order(payment(77, 30_000, is_paid=True), payment(78, 55_000))
TWO = an_order(payment(77, 30_000), payment(78, 55_000))


def take(order: Order, offer: Offer, number: int = 1) -> Receipt:
    """The receipt of an offer whose money is handed over in cash."""
    money = (Tender(T.CASH, offer.due),) if offer.due else ()
    return receipt_of(order, money, TABLE, SELLER, identity=UUID(int=number), now=NOW, offer=offer)


def ways(order: Order, *made: Receipt) -> list[str]:
    return [each.way.value for each in offers(order, made)]


def taken(order: Order, way: Way, payment_id: int | None = None, made: tuple[Receipt, ...] = ()) -> Receipt:
    return take(order, chosen(order, made, way, payment_id), len(made) + 1)


# ------------------------------------------------------------------------------------------------- what is offered


@pytest.mark.parametrize(
    "order, expected",
    [
        (UNPAID, ["full", "prepayment", "advance", "barter", "credit"]),
        (PAID, ["handover", "site-payment"]),
        (HALF, ["rest", "part-prepayment", "advance", "credit", "site-payment"]),
        (
            TWO,
            ["part-prepayment", "advance", "part-credit", "part-prepayment", "advance", "part-credit", "credit"],
        ),
        (replace(PAID, shipments=()), ["site-payment"]),
        (replace(PAID, shipments=(OrderShipment(5, False), OrderShipment(6, False))), ["site-payment"]),
        (an_order(payment(77, WHOLE, is_paid=True, is_inner=True)), ["handover"]),
    ],
)
def test_what_can_be_done_with_an_order(order: Order, expected: list[str]) -> None:
    assert ways(order) == expected


@pytest.mark.parametrize(
    "order, first, then",
    [
        (UNPAID, Way.FULL, []),
        (UNPAID, Way.BARTER, []),
        (UNPAID, Way.PREPAYMENT, ["handover"]),
        (UNPAID, Way.ADVANCE, ["handover"]),
        (UNPAID, Way.CREDIT, ["debt"]),
        (PAID, Way.HANDOVER, []),
        (PAID, Way.SITE_PAYMENT, ["handover"]),
        (HALF, Way.REST, []),
        (HALF, Way.CREDIT, ["debt"]),
        (TWO, Way.CREDIT, ["debt", "debt"]),
    ],
)
def test_what_is_left_after_a_receipt(order: Order, first: Way, then: list[str]) -> None:
    assert ways(order, taken(order, first)) == then


METHODS = {  # way → methods, objects, tenders
    (UNPAID, Way.FULL): ({4}, {1}, {1031: WHOLE}),
    (UNPAID, Way.PREPAYMENT): ({1}, {1}, {1031: WHOLE}),
    (UNPAID, Way.ADVANCE): ({3}, {10}, {1031: WHOLE}),
    (UNPAID, Way.BARTER): ({4}, {1}, {1217: WHOLE}),
    (UNPAID, Way.CREDIT): ({6}, {1}, {1216: WHOLE}),
    (PAID, Way.HANDOVER): ({4}, {1}, {1215: WHOLE}),
    (PAID, Way.SITE_PAYMENT): ({1}, {1}, {1081: WHOLE}),
    (HALF, Way.REST): ({4}, {1}, {1215: 30_000, 1031: 55_000}),
    (HALF, Way.CREDIT): ({5}, {1}, {1215: 30_000, 1216: 55_000}),
    (HALF, Way.SITE_PAYMENT): ({2}, {10}, {1081: 30_000}),
    (HALF, Way.PART_PREPAYMENT): ({2}, {10}, {1031: 55_000}),
    (HALF, Way.ADVANCE): ({3}, {10}, {1031: 55_000}),
}


@pytest.mark.parametrize("order, way", list(METHODS), ids=lambda each: getattr(each, "value", ""))
def test_each_way_has_its_method_and_tenders(order: Order, way: Way) -> None:
    methods, objects, tenders = METHODS[order, way]
    receipt = taken(order, way)
    assert {each.payment_method.value for each in receipt.lines} == methods
    assert {each.payment_object.value for each in receipt.lines} == objects
    assert {each.kind.value: each.amount.kopecks for each in receipt.tenders} == tenders
    assert receipt.is_internet == (way is Way.SITE_PAYMENT)
    calculated = receipt.step is Step.AHEAD
    rates = {VatRate.VAT_22_122, VatRate.VAT_10_110} if calculated else {VatRate.VAT_22, VatRate.VAT_10}
    assert {each.vat for each in receipt.lines} == rates


def test_a_part_ahead_is_spread_over_the_lines_to_the_kopeck() -> None:
    order = an_order(payment(77, 10_001), payment(78, WHOLE - 10_001))
    receipt = taken(order, Way.PART_PREPAYMENT, 77)
    assert [(each.name, each.line_sum.kopecks) for each in receipt.lines] == [("Чай", 7_060), ("Сыр", 2_941)]
    advance = taken(order, Way.ADVANCE, 77)
    assert [(each.name, each.vat.value, each.line_sum.kopecks) for each in advance.lines] == [
        ("Аванс по заказу № 2026-41", 12, 7_060),
        ("Аванс по заказу № 2026-41", 4, 2_941),
    ]


def test_a_debt_is_one_payment_without_vat_and_paid_in_parts() -> None:
    credit = taken(TWO, Way.CREDIT)
    assert credit.settlement.part == "handover:5"
    first = taken(TWO, Way.DEBT, 77, (credit,))
    (only,) = first.lines
    assert (only.payment_method, only.payment_object, only.vat) == (M.CREDIT_PAYMENT, PaymentObject.PAYMENT, 6)
    assert (first.total, first.settlement.part) == (Money(30_000), "77")
    assert ways(TWO, credit, first) == ["debt"]
    second = taken(TWO, Way.DEBT, None, (credit, first))
    assert ways(TWO, credit, first, second) == []


def test_a_part_now_and_the_rest_on_credit() -> None:
    receipt = taken(TWO, Way.PART_CREDIT, 77)
    assert {each.payment_method for each in receipt.lines} == {M.PARTIAL_PAYMENT}
    assert (receipt.tender(T.CASH), receipt.tender(T.CREDIT)) == (Money(30_000), Money(55_000))
    assert (receipt.settlement.part, receipt.settled_money) == ("77", Money(30_000))
    assert ways(TWO, receipt) == ["debt"]


# ------------------------------------------------------------------------------------------------- what is refused


def test_what_is_not_offered_cannot_be_chosen() -> None:
    with pytest.raises(SaleError) as caught:
        chosen(UNPAID, (), Way.HANDOVER)
    assert caught.value.code == "way_closed"
    assert "full, prepayment" in caught.value.action()
    with pytest.raises(SaleError) as caught:
        chosen(TWO, (), Way.PART_PREPAYMENT)
    assert caught.value.code == "way_unclear"
    assert "77 (300,00" in caught.value.message()


def test_payments_that_do_not_come_to_the_order_are_for_a_person() -> None:
    with pytest.raises(SaleError) as caught:
        offers(an_order(payment(77, WHOLE - 1)), ())
    assert caught.value.code == "deal_unclear"


def test_after_a_refund_nothing_is_offered() -> None:
    sold = taken(UNPAID, Way.FULL)
    back = replace(sold, settlement=replace(sold.settlement, kind=ReceiptKind.SELL_REFUND))
    with pytest.raises(SaleError) as caught:
        offers(UNPAID, (sold, back))
    assert caught.value.code == "deal_unclear"


def test_where_no_money_is_due_none_is_taken() -> None:
    offer = chosen(PAID, (), Way.HANDOVER)
    with pytest.raises(SaleError) as caught:
        receipt_of(PAID, (Tender(T.CASH, Money(1)),), TABLE, SELLER, identity=UUID(int=1), now=NOW, offer=offer)
    assert caught.value.code == "no_money_now"


@pytest.mark.parametrize(
    "terms, code",
    [
        (Terms(contact="no contact"), "contact_unfit"),
        (Terms(contact="79001234567"), "contact_unfit"),
        (Terms(buyer_name="ООО Ромашка", buyer_inn="7707083894"), "inn_unfit"),
        (Terms(buyer_inn="7707083893"), "inn_unfit"),
        (Terms(buyer_name="ООО Ромашка"), "inn_unfit"),
    ],
)
def test_buyers_data_that_do_not_fit_stop_the_receipt(terms: Terms, code: str) -> None:
    with pytest.raises(SaleError) as caught:
        receipt_of(UNPAID, (Tender(T.CASH, PRICE),), TABLE, SELLER, identity=UUID(int=1), now=NOW, terms=terms)
    assert caught.value.code == code


def test_buyers_data_typed_at_the_till_count() -> None:
    terms = Terms(contact="+79001234567", buyer_name="ООО Ромашка", buyer_inn="7707083893")
    receipt = receipt_of(UNPAID, (Tender(T.CASH, PRICE),), TABLE, SELLER, identity=UUID(int=1), now=NOW, terms=terms)
    assert (receipt.buyer_contact, receipt.buyer_name, receipt.buyer_inn) == (
        "+79001234567", "ООО Ромашка", "7707083893",
    )  # fmt: skip


# ------------------------------------------------------------------------------------------------- any order, any way


@st.composite
def orders(draw: st.DrawFn) -> Order:
    """An order with up to four payments that come to it, some of them paid on the site already."""
    goods = [line("Чай", draw(st.integers(100, 50_000)))]
    for number in range(draw(st.integers(1, 5))):
        count = draw(st.sampled_from(["1", "2", "0.386"]))
        goods.append(line(f"Товар {number}", draw(st.integers(0, 200_000)), count, number % 2 + 1))
    whole = total([each.line_sum for each in goods])
    sums = [each for each in spread(whole, draw(st.lists(st.integers(1, 9), min_size=1, max_size=4))) if each]
    payments = [payment(77 + n, each.kopecks, is_paid=draw(st.booleans())) for n, each in enumerate(sums)]
    return an_order(*payments, lines=tuple(goods))


@given(orders(), st.data())
def test_any_deal_ends_with_sums_that_close(order: Order, data: st.DataObject) -> None:
    """Somebody picks among the offers until nothing is left; the tables of `lawful` stand behind every receipt."""
    site = order.paid
    made: list[Receipt] = []
    for number in range(12):
        found = offers(order, made)
        if not found:
            break
        made.append(take(order, data.draw(st.sampled_from(found)), number + 1))
    assert not offers(order, made)
    assert len({each.settlement.id for each in made}) == len(made), "no settlement twice"
    handed = [each for each in made if each.step is Step.HANDOVER]
    (handover,) = handed
    assert handover.total == order.price
    money = total([each.settled_money for each in made])
    receipted_site = total([each.total for each in made if each.is_internet])
    assert money == order.price - site + receipted_site, "all money of the deal once"
    ahead = total([each.total for each in made if each.step is Step.AHEAD and not each.is_internet])
    assert handover.tender(T.PREPAID) == site + ahead
    assert handover.tender(T.CREDIT) == total([each.total for each in made if each.step is Step.DEBT])


@given(orders(), st.data())
def test_a_receipt_finds_its_part_again(order: Order, data: st.DataObject) -> None:
    """A journal that is rebuilt from documents gives every receipt its settlement back."""
    offer = data.draw(st.sampled_from(offers(order, ())))
    receipt = take(order, offer)
    assert way_of(receipt) is offer.way
    found = part_of(order, receipt, ())
    same = [str(each.payment_id) for each in order.payments if each.amount == receipt.settled_money]
    assert found == receipt.settlement.part or (len(same) > 1 and found in same)


@given(st.integers(0, 10**9), st.lists(st.integers(0, 10**6), min_size=1, max_size=9).filter(any))
def test_a_sum_is_spread_without_a_rest(kopecks: int, weights: list[int]) -> None:
    shares = spread(Money(kopecks), weights)
    assert total(shares) == Money(kopecks)
    whole = sum(weights)
    for share, weight in zip(shares, weights, strict=True):
        assert abs(share.kopecks - kopecks * weight / whole) <= 1
        assert share >= ZERO
        assert weight or share == ZERO


@pytest.mark.parametrize("weights", [[], [0, 0], [1, -1, 3]])
def test_a_sum_is_not_spread_over_nothing(weights: list[int]) -> None:
    with pytest.raises(ValueError, match="weights"):
        spread(Money(1), weights)


def test_every_way_has_plain_words() -> None:
    assert set(TITLES) == set(Way)
    for russian, english in TITLES.values():
        assert russian[0].islower()
        assert english[0].isascii()


@pytest.mark.parametrize("word, measure", [("кг", 11), ("г", 10), ("л", 41), ("шт", 0), ("пара", 0), ("", 0)])
def test_goods_carry_their_measure_ahead_and_at_the_hand_over(word: str, measure: int) -> None:
    """Tag 2108: what is sold by weight is no pieces; pairs and packs are counted like pieces."""
    goods = (replace(line("Сыр", 100_000, "0.850", row=2), measure=word),)
    order = an_order(payment(77, WHOLE), lines=goods)
    for way in (Way.FULL, Way.PREPAYMENT, Way.CREDIT):
        assert [each.measure for each in take(order, chosen(order, (), way)).lines] == [measure]
