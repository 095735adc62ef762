"""Sums while money is taken."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posapp.domain.money import ZERO, Money
from posapp.ui.draft import Draft, Method, quick_sums, sum_of, type_into

DUE = Money(248_000)
amounts = st.integers(1, 9_999_999).map(Money)


def typed(keys: str) -> str:
    text = ""
    for key in keys:
        text = type_into(text, key)
    return text


def test_an_empty_field_means_exact_cash() -> None:
    draft = Draft(DUE, Method.CASH)
    assert (draft.cash_tender, draft.card_tender, draft.change, draft.is_ready) == (DUE, ZERO, ZERO, True)


def test_more_cash_gives_change_and_less_is_short() -> None:
    assert Draft(DUE, Method.CASH, Money(300_000)).change == Money(52_000)
    short = Draft(DUE, Method.CASH, Money(200_000))
    assert (short.missing, short.is_ready) == (Money(48_000), False)


def test_a_card_pays_exactly_what_is_due_whatever_was_typed_before() -> None:
    draft = Draft(DUE, Method.CARD, Money(300_000))
    assert (draft.cash_tender, draft.card_tender, draft.is_ready) == (ZERO, DUE, True)


def test_in_a_mix_the_card_takes_the_rest_until_a_sum_is_typed_for_it() -> None:
    draft = Draft(DUE, Method.MIX, Money(200_000))
    assert (draft.card_tender, draft.is_ready) == (Money(48_000), True)
    assert Draft(DUE, Method.MIX, Money(200_000), Money(10_000)).missing == Money(38_000)


def test_no_change_is_given_from_a_card() -> None:
    draft = Draft(DUE, Method.MIX, Money(100_000), Money(300_000))
    assert draft.card_is_too_much
    assert not draft.is_ready


@pytest.mark.parametrize("received, card", [(None, None), (Money(300_000), None), (None, DUE)])
def test_a_mix_of_one_tender_is_no_mix(received: Money | None, card: Money | None) -> None:
    assert not Draft(DUE, Method.MIX, received, card).is_ready


def test_more_than_ten_times_the_due_asks_once() -> None:
    odd = Draft(DUE, Method.CASH, Money(2_500_000))
    assert odd.is_odd
    assert not odd.is_ready
    assert odd.confirm_odd().is_ready
    assert not Draft(DUE, Method.CASH, Money(2_480_000)).is_odd  # ten times exactly is still believed


@given(due=amounts, received=st.none() | amounts, card=st.none() | amounts, method=st.sampled_from(Method))
def test_a_ready_draft_makes_lawful_tenders(
    due: Money, received: Money | None, card: Money | None, method: Method
) -> None:
    """Whatever is ready covers the due, gives change from cash only, and never has more on the card than is due."""
    draft = Draft(due, method, received, card)
    if draft.is_ready:
        assert draft.cash_tender + draft.card_tender == due + draft.change
        assert draft.card_tender <= due
        assert draft.change <= draft.cash_tender
        assert not draft.missing


@given(amounts)
def test_quick_sums_begin_with_the_exact_one_and_grow(due: Money) -> None:
    sums = quick_sums(due)
    assert sums[0] == due
    assert sums == sorted(set(sums))
    assert 1 <= len(sums) <= 4
    assert all(each.kopecks % 100_00 == 0 for each in sums[1:])


def test_quick_sums_are_what_customers_hand_over() -> None:
    assert quick_sums(DUE) == [DUE, Money(250_000), Money(300_000), Money(500_000)]


@pytest.mark.parametrize(
    "keys, text",
    [
        ("3000", "3000"),
        ("007", "7"),
        (",5", "0,5"),
        ("12,345", "12,34"),
        ("12,,5", "12,5"),
        ("12<<<", ""),
        ("123456789", "12345678"),
    ],
)
def test_typing_a_sum(keys: str, text: str) -> None:
    assert typed(keys) == text


@given(st.text("0123456789,<", max_size=30))
def test_whatever_is_typed_is_a_sum_or_nothing(keys: str) -> None:
    text = typed(keys)
    amount = sum_of(text)
    assert (amount is None) == (text == "")
