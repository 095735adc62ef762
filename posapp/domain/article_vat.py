"""The words of an article: four tag numbers that sites built after it send as VAT rates. Understood inbound, only here.

The article that describes the link between a Bitrix shop and an offline register takes tags of receipt totals for rates
of lines, and takes the wrong ones in all four rows (docs/adr/0005). So a number from such a site is that article's
vocabulary and nothing else: it is translated here to the rate of a line (1199), and no tag of a receipt is ever made of
it. Whether the rate is lawful on the day stays the question of `vat.rule_for`: 20 % is not, for deals of 2026.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from posapp.domain.vat import VatRate, rule_for
from posapp.errors import SaleError

_MEANT: Mapping[int, VatRate] = {
    1105: VatRate.VAT_20,  # "20 %"; the tag is the turnover without VAT
    1104: VatRate.VAT_10,  # "10 %"; the tag is the turnover at 0 %
    1106: VatRate.VAT_0,  # "0 %"; the tag is VAT at 20/120
    1107: VatRate.NONE,  # "VAT_INCLUDE=N"; the tag is VAT at 10/110
}


def article_rate(word: int, line: str, day: date) -> VatRate:
    """The rate (1199) that a site means by the article's number for a line of a deal of `day`.

    Raises SaleError `vat_unmapped`: none of the four numbers, or a rate that was not lawful on that day; nothing is
    ever taken for another rate (rule 17).
    """
    rate = _MEANT.get(word)
    if rate is None:
        raise SaleError("vat_unmapped", line=line, row=f"«{word}» нет в словаре статьи")
    if rule_for(rate, day) is None:
        raise SaleError("vat_unmapped", line=line, row=f"«{word}» в статье {rate.title}, на {day:%d.%m.%Y} её нет")
    return rate
