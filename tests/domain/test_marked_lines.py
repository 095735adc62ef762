"""Codes on lines: one code, one thing, one line; the money stays the same to the kopeck."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posapp.domain.gs1 import GS, check_digit
from posapp.domain.marked_lines import same_goods, with_codes
from posapp.domain.marking import BadMarking, MarkingCode, parse_marking
from posapp.domain.money import Money, Quantity, total
from posapp.domain.receipt import ReceiptLine
from posapp.domain.terms import PaymentMethod, PaymentObject
from posapp.domain.vat import VatRate
from posapp.errors import SaleError


def code(number: int = 1) -> MarkingCode:
    gtin = "0460710382070"
    return parse_marking(f"01{gtin}{check_digit(gtin)}21{number:07}{GS}93dGVz")


def line(quantity: str = "1", kopecks: int = 1999, **changes: object) -> ReceiptLine:
    price, amount = Money(kopecks), Quantity(Decimal(quantity))
    given: dict[str, object] = {
        "name": "Молоко", "price": price, "quantity": amount, "line_sum": price.times(amount), "vat": VatRate.VAT_10,
        **changes,
    }  # fmt: skip
    return ReceiptLine(**given)  # type: ignore[arg-type]


def refusal(lines: list[ReceiptLine], codes: dict[int, list[MarkingCode]]) -> SaleError:
    with pytest.raises(SaleError) as caught:
        with_codes(lines, codes)
    return caught.value


def test_a_line_of_three_things_becomes_three_lines_in_the_order_of_the_codes() -> None:
    lines = [line("2"), line("3", 5), line()]
    found = with_codes(lines, {2: [code(7), code(8), code(9)]})
    assert [each.marking for each in found] == ["", code(7).text, code(8).text, code(9).text, ""]
    assert [str(each.quantity) for each in found] == ["2", "1", "1", "1", "1"]
    assert found[0] == lines[0]
    assert found[4] == lines[2]


@pytest.mark.parametrize(
    "plain, marked",
    [
        (PaymentObject.COMMODITY, PaymentObject.COMMODITY_MARKED),
        (PaymentObject.EXCISE, PaymentObject.EXCISE_MARKED),
        (PaymentObject.COMMODITY_UNMARKED, PaymentObject.COMMODITY_MARKED),
    ],
)
def test_the_object_says_that_there_is_a_code(plain: PaymentObject, marked: PaymentObject) -> None:
    (found,) = with_codes([line(payment_object=plain)], {1: [code()]})
    assert found.payment_object is marked


def test_a_barcode_is_no_marking_code() -> None:
    with pytest.raises(BadMarking):
        with_codes([line()], {1: [parse_marking("4607103820700")]})


@pytest.mark.parametrize(
    "lines, codes, expected",
    [
        ([line("2")], {1: [code()]}, "marking_quantity"),
        ([line("1")], {1: [code(1), code(2)]}, "marking_quantity"),
        ([line("0.5")], {1: [code()]}, "marking_quantity"),
        ([line("1.5")], {1: [code(1), code(2)]}, "marking_quantity"),
        ([line(payment_object=PaymentObject.SERVICE)], {1: [code()]}, "marking_quantity"),
        ([line("1", measure=11)], {1: [code()]}, "marking_quantity"),
        (
            [
                line(
                    payment_method=PaymentMethod.FULL_PREPAYMENT,
                    payment_object=PaymentObject.PAYMENT,
                    vat=VatRate.VAT_10_110,
                )
            ],
            {1: [code()]},
            "marking_early",
        ),
        ([line("2")], {1: [code(), code()]}, "marking_twice"),
        ([line(), line()], {1: [code()], 2: [code()]}, "marking_twice"),
        ([line()], {0: [code()]}, "not_found"),
        ([line()], {2: [code()]}, "not_found"),
    ],
)
def test_what_a_code_cannot_stand_on(
    lines: list[ReceiptLine], codes: dict[int, list[MarkingCode]], expected: str
) -> None:
    assert refusal(lines, codes).code == expected


def test_one_thing_is_one_thing_whatever_of_its_code_was_read() -> None:
    bare = parse_marking(code().identity)
    found = refusal([line(), line(), line()], {1: [code()], 3: [bare]})
    assert (found.code, found.facts["first"], found.facts["line"]) == ("marking_twice", 1, 3)


def test_the_same_goods_with_and_without_codes() -> None:
    lines = [line("2"), line("3", 5), line("1", 5, name="Чай")]
    assert same_goods(lines, with_codes(lines, {2: [code(7), code(8), code(9)]}))
    assert same_goods(with_codes(lines, {1: [code(1), code(2)]}), with_codes(lines, {2: [code(7), code(8), code(9)]}))
    assert not same_goods(lines, [line("2"), line("2", 5), line("1", 5, name="Чай")])
    assert not same_goods(lines, [line("2", 2000), line("3", 5), line("1", 5, name="Чай")])
    assert not same_goods(lines, lines[:2])
    assert not same_goods(lines, [lines[1], lines[0], lines[2]])


@given(st.lists(st.tuples(st.integers(1, 6), st.integers(0, 10**7), st.booleans()), min_size=1, max_size=8))
def test_the_money_stays_to_the_kopeck(rows: list[tuple[int, int, bool]]) -> None:
    lines = [line(str(count), kopecks) for count, kopecks, _ in rows]
    serial = iter(range(1000))
    codes = {
        number: [code(next(serial)) for _ in range(count)]
        for number, (count, _, is_marked) in enumerate(rows, start=1)
        if is_marked
    }
    found = with_codes(lines, codes)
    assert total([each.line_sum for each in found]) == total([each.line_sum for each in lines])
    assert sum(each.quantity.value for each in found) == sum(each.quantity.value for each in lines)
    assert len({each.marking for each in found if each.marking}) == sum(map(len, codes.values()))
