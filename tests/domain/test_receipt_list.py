"""The list of receipts in a field of the portal: what is written is read, what people wrote stays, nothing is lost."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posapp.domain.fiscal import FiscalMark, ReceiptKind
from posapp.domain.money import Money
from posapp.domain.offers import Way, way_of
from posapp.domain.receipt import Receipt, TenderKind
from posapp.domain.receipt_list import (
    ENTRIES_MAX,
    TEXT_MAX,
    Listed,
    ReceiptList,
    appended,
    digest_of,
    line_key,
    parse,
    refund_entry,
    sale_entry,
    without_list,
)
from tests.domain.lawful_samples import receipts
from tests.domain.test_receipt import RECEIPT
from tests.domain.test_refund import MARK, Q, back

SALE = sale_entry(RECEIPT, MARK, Way.FULL.value)
REFUND_MARK = FiscalMark(
    46, "111222", 8, 12, MARK.storage_number, MARK.registration_number, datetime(2026, 10, 6, 9, 5)
)
PART = refund_entry(back(RECEIPT, {0: Q(1)}), REFUND_MARK)
PEOPLE = "домофон 12, код «к7»\nперезвонить {срочно}"

KEYS = st.text("0123456789ABCDEFGHJKMNPQRSTVWXYZ", min_size=16, max_size=16)
DIGITS = st.integers(1, 10**15).map(str)
MOMENTS = st.datetimes(datetime(2017, 1, 1), datetime(2099, 1, 1)).map(lambda at: at.replace(second=0, microsecond=0))
SUMS = st.integers(1, 10**9).map(Money)
TENDERS = st.lists(st.tuples(st.sampled_from(TenderKind), SUMS), min_size=1, max_size=5).map(tuple)
HEX = st.text("0123456789abcdef", min_size=8, max_size=8)
QUANTITIES = st.decimals("0.000001", 99_999, allow_nan=False, allow_infinity=False, places=6)
SALES = st.builds(
    Listed, KEYS, st.sampled_from((ReceiptKind.SELL, ReceiptKind.BUY)), DIGITS, st.integers(1, 10**9), DIGITS, MOMENTS,
    SUMS, TENDERS, way=st.sampled_from([each.value for each in Way]), digest=HEX,
)  # fmt: skip
REFUNDS = st.builds(
    Listed, KEYS, st.sampled_from((ReceiptKind.SELL_REFUND, ReceiptKind.BUY_REFUND)), DIGITS, st.integers(1, 10**9),
    DIGITS, MOMENTS, SUMS, TENDERS, of=st.one_of(KEYS, st.tuples(DIGITS, DIGITS).map("-".join)),
    taken=st.lists(st.tuples(HEX, QUANTITIES), min_size=1, max_size=5).map(tuple),
)  # fmt: skip
ENTRIES = st.lists(st.one_of(SALES, REFUNDS), min_size=1, max_size=6, unique_by=lambda each: each.key)


def same(one: Listed, other: Listed) -> bool:
    return one.text() == other.text()


def test_an_entry_is_what_the_receipt_says() -> None:
    assert SALE.text().startswith(f"{RECEIPT.key},1,9999078900005488,45,2890182733,20261005T1231,22525,")
    assert dict(SALE.tenders) == {TenderKind.CASH: Money(2_525), TenderKind.CASHLESS: Money(20_000)}
    assert (PART.of, PART.taken) == (RECEIPT.key, ((line_key(RECEIPT.lines[0]), Decimal(1)),))
    assert PART.takes_back(SALE)
    assert not SALE.takes_back(PART)


@given(ENTRIES)
def test_what_is_written_is_read(entries: list[Listed]) -> None:
    text = appended(PEOPLE, entries)
    found = parse(text)
    assert not found.is_damaged
    assert [each.text() for each in found.entries] == [each.text() for each in entries]
    assert text.startswith(PEOPLE)
    assert without_list(text) == PEOPLE


@given(ENTRIES, ENTRIES)
def test_the_list_only_grows(first: list[Listed], more: list[Listed]) -> None:
    before = appended("", first)
    after = appended(before, more)
    kept = [each.text() for each in parse(before).entries]
    assert [each.text() for each in parse(after).entries][: len(kept)] == kept
    assert appended(after, [*first, *more]) == after, "nothing is written twice"


@given(receipts((ReceiptKind.SELL,), corrected=False))
def test_every_lawful_receipt_and_its_refund_have_their_entries(original: Receipt) -> None:
    sale = sale_entry(original, MARK, way_of(original).value)
    taken = refund_entry(back(original), REFUND_MARK)
    found = parse(appended("", [sale, taken]))
    assert not found.is_damaged
    assert found.entries[0] == sale
    assert found.is_undone(original.key)
    assert found.money_left == Money(0)


@given(st.text(max_size=300))
def test_any_text_is_read_and_stays(text: str) -> None:
    assert parse(text).entries == ()
    longer = appended(text, [SALE])
    assert parse(longer).get(SALE.key) == SALE
    assert longer.startswith(text.rstrip())


@given(st.integers(0, 10_000), st.characters(codec="utf-8"))
def test_one_changed_character_never_makes_another_receipt(place: int, letter: str) -> None:
    """A spoilt entry is not read as something else; the others are still there and the field stays as it is."""
    text = appended("", [SALE, PART])
    place %= len(text)
    spoilt = text[:place] + letter + text[place + 1 :]
    found = parse(spoilt)
    assert {each.text() for each in found.entries} <= {SALE.text(), PART.text()}
    if len(found.entries) < 2 and "{posapp1" in spoilt:
        assert found.is_damaged or letter in "{}"
    for each in (SALE, PART):
        again = parse(appended(spoilt, [each]))
        assert any(same(one, each) for one in again.entries)


@pytest.mark.parametrize(
    "text, damaged, entries",
    [
        ("", False, 0),
        ("{posapp1}", False, 0),
        ("{posapp1 ;;}", False, 0),
        ("{posapp1 nonsense}", True, 0),
        ("{posapp1 " + SALE.text(), True, 0),
        ("{posapp1 " + SALE.text() + ";" + SALE.text() + "}", False, 1),
        ("{posapp1 \n " + SALE.text()[:40] + "\n" + SALE.text()[40:] + " }", False, 1),
        ("{posapp1 " + SALE.text() + "} и {posapp1 " + PART.text() + "}", False, 2),
        ("x" * (TEXT_MAX + 1), True, 0),
        ("{posapp1 " * 7_000, True, 0),
    ],
)
def test_odd_texts(text: str, damaged: bool, entries: int) -> None:
    found = parse(text)
    assert (found.is_damaged, len(found.entries)) == (damaged, entries)


def test_two_entries_of_one_receipt_that_say_different_things_are_damage() -> None:
    other = replace(SALE, total=Money(1))
    found = parse("{posapp1 " + SALE.text() + ";" + other.text() + "}")
    assert found.is_damaged
    assert found.entries == (SALE,)


def test_the_longest_field_is_read() -> None:
    text = ("{posapp1 " + ";".join([SALE.text()] * 400) + "}" + "{" * TEXT_MAX)[:TEXT_MAX]
    assert parse(text).entries == (SALE,)
    many = ReceiptList(tuple(SALE for _ in range(ENTRIES_MAX)))
    assert many.left_of(SALE) == SALE.total


def test_lines_are_known_again_in_any_order_and_spelling() -> None:
    lines = RECEIPT.lines
    assert digest_of(lines) == digest_of(lines[::-1])
    assert len({line_key(line) for line in lines}) == len(lines)
