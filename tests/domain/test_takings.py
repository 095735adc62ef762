"""What was taken: sums by kind and tender, without the change; a refund lowers the tender that it was paid out in."""

from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from posapp.domain.fiscal import ReceiptKind
from posapp.domain.money import Money, Quantity
from posapp.domain.receipt import Receipt, ReceiptLine, TaxSystem, Tender, TenderKind
from posapp.domain.settlement import Settlement
from posapp.domain.takings import Takings
from posapp.domain.vat import VatRate

SELL, REFUND, BUY = ReceiptKind.SELL, ReceiptKind.SELL_REFUND, ReceiptKind.BUY
CASH, CARD = TenderKind.CASH, TenderKind.CASHLESS


def receipt(kind: ReceiptKind, total: int, **tenders: int) -> Receipt:
    """A receipt of one line; tenders by name, in kopecks."""
    line = ReceiptLine("Чай", Money(total), Quantity(Decimal(1)), Money(total), VatRate(11))
    return Receipt(
        identity=UUID(int=1),
        settlement=Settlement("shop.example", 1, "1", kind),
        order_number="1",
        lines=(line,),
        tenders=tuple(Tender(TenderKind[name.upper()], Money(sum_)) for name, sum_ in tenders.items()),
        tax_system=TaxSystem.OSN,
        till="1",
        cashier="Иванова",
        created_at=datetime(2026, 11, 21, 8, 0, tzinfo=UTC),
    )


def test_change_is_not_taken() -> None:
    found = Takings.of([receipt(SELL, 49_000, cash=100_000), receipt(SELL, 10_000, cash=4_000, cashless=6_000)])
    assert found.count(SELL) == 2
    assert (found.cell(SELL, CASH), found.cell(SELL, CARD)) == (Money(53_000), Money(6_000))
    assert found.of_kind(SELL) == Money(59_000)


def test_a_refund_lowers_its_own_tender_at_once() -> None:
    found = Takings.of([receipt(SELL, 500, cash=500), receipt(SELL, 700, cashless=700), receipt(REFUND, 200, cash=200)])
    assert (found.net(CASH), found.net(CARD)) == (Money(300), Money(700))
    assert (found.count(SELL), found.count(REFUND), found.of_kind(REFUND)) == (2, 1, Money(200))


def test_buying_takes_money_out() -> None:
    assert Takings.of([receipt(BUY, 300, cash=300)]).net(CASH) == Money(-300)


def test_nothing_taken_is_nothing() -> None:
    assert Takings.of([]).as_json() == {}
    assert Takings().net(CASH) == Money(0)


KINDS, TENDERS = st.sampled_from(ReceiptKind), st.sampled_from(TenderKind)
SUMS = st.builds(
    Takings,
    st.dictionaries(KINDS, st.integers(1, 99)),
    st.dictionaries(st.tuples(KINDS, TENDERS), st.integers(1, 10**9)),
)


@given(SUMS, SUMS)
def test_sums_add_and_come_back(one: Takings, other: Takings) -> None:
    both = one + other
    for kind in ReceiptKind:
        assert both.count(kind) == one.count(kind) + other.count(kind)
        assert both.of_kind(kind) == one.of_kind(kind) + other.of_kind(kind)
        assert (both - other).of_kind(kind) == one.of_kind(kind)
    for tender in TenderKind:
        assert both.net(tender) == one.net(tender) + other.net(tender)
    again = Takings.from_json(one.as_json())  # type: ignore[arg-type]
    assert again.as_json() == one.as_json()
    assert all(again.of_kind(kind) == one.of_kind(kind) for kind in ReceiptKind)
