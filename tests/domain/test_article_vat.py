"""The vocabulary of the article: translated once, where it comes in; never a tag of a receipt."""

from __future__ import annotations

from datetime import date

import pytest

from posapp.domain.article_vat import article_rate
from posapp.domain.vat import VatRate
from posapp.errors import SaleError

OLD, NEW = date(2025, 12, 31), date(2026, 1, 1)


@pytest.mark.parametrize(
    "word, rate",
    [(1105, VatRate.VAT_20), (1104, VatRate.VAT_10), (1106, VatRate.VAT_0), (1107, VatRate.NONE)],
)
def test_what_the_article_means_by_its_four_numbers(word: int, rate: VatRate) -> None:
    assert article_rate(word, "Чайник", OLD) is rate


@pytest.mark.parametrize("word", [0, 1, 11, 1102, 1103, 1199, -1105])
def test_other_numbers_hold_the_receipt(word: int) -> None:
    with pytest.raises(SaleError) as caught:
        article_rate(word, "Чайник", NEW)
    assert caught.value.code == "vat_unmapped"
    assert "Чайник" in caught.value.message()


def test_its_twenty_per_cent_is_never_taken_for_the_rate_of_today() -> None:
    with pytest.raises(SaleError) as caught:
        article_rate(1105, "Чайник", NEW)
    assert caught.value.code == "vat_unmapped"
    assert article_rate(1104, "Хлеб", NEW) is VatRate.VAT_10
