"""Checks a published receipt by computing it again: lines (1043), VAT (1200, 1102… and 1115), total (1020), payments.

A verdict is True only when the check was made, None when what it needs was not published; then a problem says
"не опубликовано". The rules:

- Lines: price × quantity, half up, is the line's sum. All published lines are looked at, also in a partial file.
- VAT of a line: sum·r/(100+r), half up. Exempt lines and those at 0 % carry nothing or their own sum: registers do
  either, and the tax service wants the latter.
- VAT of the receipt: by formula L (each line's VAT, then added) or T (the rate's turnover, then rounded once), one of
  them for all rates. The turnovers at 0 % and without VAT may be missing. A partial file gives no verdict.
- Lines without a published rate: they carry the published rate when there is one. With several, every way to give
  them rates is tried if there are few; any that fits is good. If there are many, the published VAT is turned back
  into turnovers, which must add up to the total: if not, the VAT is wrong; if so, nothing is proven.
- No lines at all (a correction of FFD 1.05, a receipt of which only the head was published): VAT that is more than the
  total can hold is wrong, everything else about it is not judged.
- Codes 1 and 3 are 18 % before 2019 and 20 % from then on. Where another rate explains a wrong sum, it is named.
- Total: the lines' sum less 0…99 kopecks, which the seller may round away.
- Payments: what is published adds up to the total. Services leave out zeros, but when nothing was paid in the ways
  that are published, the others were left out with their sums.
- Discounts and cancelled lines of the oldest format count with their sums where these were published; what they do to
  the VAT is not recomputed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from itertools import product

from posapp.domain.money import ZERO, Money, total
from posapp.domain.published import Published, PublishedLine
from posapp.domain.published_names import PAYMENT_KEYS
from posapp.domain.vat import VatRate, vat_inside

ROUNDED_AWAY_MAX = 99
"""Kopecks by which a total may be less than its lines."""
ASSIGNMENTS_MAX = 4_096
"""So many ways to give rates to lines are tried; with more, almost any VAT would fit some way."""
_PROBLEMS_MAX = 20
_PERCENTS = (18, 20, 22, 10, 7, 5)
_TELLING = 100
"""Kopecks of VAT from which it tells one rate from another."""
_UNSEEN_LINES_MAX = 1_000

Priced = tuple[Money, VatRate]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the recomputation found: True right, False wrong, None not published. `vat_formula` is L, T or both."""

    lines_ok: bool | None
    vat_ok: bool | None
    vat_formula: str | None
    totals_ok: bool | None
    payments_ok: bool | None
    problems: tuple[str, ...]

    @property
    def agrees(self) -> bool:
        """Whether nothing is wrong, as far as it was published."""
        return False not in (self.lines_ok, self.vat_ok, self.totals_ok, self.payments_ok)

    def as_json(self) -> dict[str, object]:
        """As `receipt verify` writes it, without the file."""
        return {**asdict(self), "problems": list(self.problems)}


def verify(receipt: Published) -> Verdict:
    """Recomputes a published receipt."""
    lines_ok, line_problems = _check_lines(receipt.lines)
    vat_ok, formula, vat_problems = _check_vat(receipt)
    totals_ok, total_problems = _check_total(receipt)
    payments_ok, payment_problems = _check_payments(receipt)
    problems = [*line_problems, *vat_problems, *total_problems, *payment_problems]
    if len(problems) > _PROBLEMS_MAX:
        problems[_PROBLEMS_MAX:] = [f"и ещё {len(problems) - _PROBLEMS_MAX}"]
    return Verdict(lines_ok, vat_ok, formula, totals_ok, payments_ok, tuple(problems))


def percent_of(rate: VatRate, year: int) -> int:
    """The percentage of a rate in a year; 0 where no VAT is inside the price."""
    if year < 2019 and rate in (VatRate.VAT_20, VatRate.VAT_20_120):
        return 18
    return rate.percent or 0


# ------------------------------------------------------------------------------------------- lines, total, payments


def _check_lines(lines: Sequence[PublishedLine]) -> tuple[bool | None, list[str]]:
    if not lines:
        return None, ["строки: не опубликовано"]
    wrong, unread = [], []
    for number, line in enumerate(lines, 1):
        if line.price is None or line.quantity is None or line.line_sum is None:
            unread.append(f"строка {number}: цена, количество или сумма – не опубликовано")
            continue
        expected = Money(_rounded(line.price.kopecks * line.quantity))
        if line.line_sum in (expected, expected + (line.modified or ZERO)):
            continue
        if line.has_modifiers:
            unread.append(f"строка {number}: размер скидки или наценки – не опубликовано в понятном виде")
        else:
            wrong.append(f"строка {number}: {line.price} × {line.quantity:f} = {expected}, а указано {line.line_sum}")
    return (False if wrong else None if unread else True), wrong + unread


def _check_total(receipt: Published) -> tuple[bool | None, list[str]]:
    if receipt.total is None:
        return None, ["итог: не опубликовано"]
    lines_total = _sum_of(receipt.lines)
    rounded_away = (lines_total - receipt.total).kopecks
    if not _is_whole(receipt):
        if rounded_away > ROUNDED_AWAY_MAX and not receipt.has_corrections:
            return False, [f"итог {receipt.total} меньше части строк: {lines_total}"]
        return None, ["итог: остальные строки – не опубликовано"]
    corrected_away = rounded_away + (receipt.corrected or ZERO).kopecks
    if 0 <= rounded_away <= ROUNDED_AWAY_MAX or 0 <= corrected_away <= ROUNDED_AWAY_MAX:
        return True, []
    if receipt.has_corrections:
        return None, ["итог: состав скидок и сторно – не опубликовано в понятном виде"]
    return False, [f"строки дают {lines_total}, а итог {receipt.total}"]


def _is_whole(receipt: Published) -> bool:
    """Whether every line was published with its sum."""
    return bool(receipt.lines) and not receipt.is_partial and all(line.line_sum is not None for line in receipt.lines)


def _sum_of(lines: Iterable[PublishedLine]) -> Money:
    return total([line.line_sum for line in lines if line.line_sum is not None])


def _check_payments(receipt: Published) -> tuple[bool | None, list[str]]:
    paid = total(list(receipt.payments.values()))
    if receipt.total is None:
        return None, ["оплаты: итог – не опубликовано"]
    if not receipt.payments or (not paid and receipt.total and len(receipt.payments) < len(PAYMENT_KEYS)):
        return None, ["оплаты: чем оплачено – не опубликовано"]
    if paid != receipt.total:
        return False, [f"оплаты дают {paid}, а итог {receipt.total}"]
    return True, []


# ---------------------------------------------------------------------------------------------------------- VAT


def _check_vat(receipt: Published) -> tuple[bool | None, str | None, list[str]]:
    """The verdict on VAT, the formula that fits, and the problems."""
    rates = {line.rate for line in receipt.lines if line.rate} | set(receipt.vat)
    if receipt.year is None and rates & {VatRate.VAT_20, VatRate.VAT_20_120}:
        return None, None, ["НДС: дата чека, от которой зависит ставка, – не опубликовано"]
    year = receipt.year or 2019
    wrong = _wrong_line_vat(receipt.lines, year)
    if wrong:
        return False, None, wrong
    if not receipt.vat:
        return None, None, ["НДС чека: не опубликовано"]
    if not _is_whole(receipt):
        return _vat_of_a_part(receipt, year)
    ways = _assignments(receipt)
    if ways is None:
        return _rough_vat(receipt, year)
    found: set[str] = set()
    for lines in ways:
        found |= _formulas(lines, receipt.vat, year)
        if len(found) == 2:
            break
    if not found and receipt.has_corrections:
        return None, None, ["НДС чека: на какие строки пришлись скидки и сторно – не опубликовано"]
    if not found:
        return False, None, [_vat_mismatch(receipt, year)]
    return True, "both" if len(found) == 2 else found.pop(), []


def _wrong_line_vat(lines: Iterable[PublishedLine], year: int) -> list[str]:
    wrong = []
    for number, line in enumerate(lines, 1):
        if line.rate is None or line.vat_sum is None or line.line_sum is None:
            continue
        percent = percent_of(line.rate, year)
        expected = vat_inside(line.line_sum, percent)
        if line.vat_sum != expected and (percent or line.vat_sum != line.line_sum):
            wrong.append(
                f"строка {number}: НДС {line.rate.title} с {line.line_sum} – {expected}, а указано {line.vat_sum}"
                + _explained(line.line_sum, line.vat_sum, percent)
            )
    return wrong


def _explained(amount: Money, vat: Money, percent: int) -> str:
    """Which other rate gives exactly this VAT, as an aside; nothing when none does, or where any might."""
    if vat.kopecks < _TELLING:
        return ""
    fits = [each for each in _PERCENTS if each != percent and vat_inside(amount, each) == vat]
    return f" (столько выходит по ставке {fits[0]}\u00a0%)" if fits else ""


def _vat_of_a_part(receipt: Published, year: int) -> tuple[bool | None, str | None, list[str]]:
    """Without all lines nothing is proven; more VAT than the total can hold is wrong all the same."""
    unpublished = "НДС чека: остальные строки – не опубликовано"
    if receipt.total is None:
        return None, None, [unpublished]
    most = Fraction(receipt.total.kopecks + ROUNDED_AWAY_MAX)
    for rate, amount in receipt.vat.items():
        percent = percent_of(rate, year)
        slack = Fraction(_UNSEEN_LINES_MAX, 2) if percent else Fraction(0)  # half a kopeck a line, by formula L
        most -= max(Fraction(0), (amount.kopecks - slack) * (Fraction(100 + percent, percent) if percent else 1))
    if most >= 0:
        return None, None, [unpublished]
    shown = ", ".join(f"{rate.title} {amount}" for rate, amount in receipt.vat.items())
    return False, None, [f"НДС чека указан {shown} – больше, чем может быть в итоге {receipt.total}"]


def _assignments(receipt: Published) -> Iterator[tuple[Priced, ...]] | None:
    """Every way to give the lines rates that agrees with what is published; None when there are too many."""
    published = tuple(receipt.vat)
    unknown = sum(line.rate is None for line in receipt.lines)
    if len(published) > 1 and len(published) ** min(unknown, 99) > ASSIGNMENTS_MAX:
        return None
    choices = [(line.rate,) if line.rate else published for line in receipt.lines]
    sums = [line.line_sum for line in receipt.lines if line.line_sum is not None]
    return (tuple(zip(sums, rates, strict=True)) for rates in product(*choices))


def _formulas(lines: Iterable[Priced], published: Mapping[VatRate, Money], year: int) -> set[str]:
    """The formulas by which these lines have the published VAT."""
    by_line, turnover = _vat_of(lines, year)
    by_turnover = {
        rate: vat_inside(amount, percent) if (percent := percent_of(rate, year)) else amount
        for rate, amount in turnover.items()
    }
    return {name for name, computed in (("L", by_line), ("T", by_turnover)) if _agree(computed, published)}


def _vat_of(lines: Iterable[Priced], year: int) -> tuple[dict[VatRate, Money], dict[VatRate, Money]]:
    """VAT by rate by formula L (for 0 % and no VAT the turnover), and the turnover by rate."""
    by_line: dict[VatRate, Money] = {}
    turnover: dict[VatRate, Money] = {}
    for line_sum, rate in lines:
        percent = percent_of(rate, year)
        by_line[rate] = by_line.get(rate, ZERO) + (vat_inside(line_sum, percent) if percent else line_sum)
        turnover[rate] = turnover.get(rate, ZERO) + line_sum
    return by_line, turnover


def _agree(computed: Mapping[VatRate, Money], published: Mapping[VatRate, Money]) -> bool:
    """Same VAT at every rate; a turnover at 0 % or without VAT may have been left out."""
    return all(
        published[rate] == computed.get(rate, ZERO) if rate in published else not (rate.percent and computed[rate])
        for rate in {*computed, *published}
    )


def _rough_vat(receipt: Published, year: int) -> tuple[bool | None, str | None, list[str]]:
    """For many lines without rates: does the total lie between the least and the greatest turnover the VAT allows?"""
    lines_total = _sum_of(receipt.lines)
    least = greatest = Fraction(0)
    for rate, amount in receipt.vat.items():
        percent = percent_of(rate, year)
        if not percent:
            least, greatest = least + amount.kopecks, greatest + amount.kopecks
            continue
        slack = Fraction(len(receipt.lines), 2)  # half a kopeck a line, by formula L
        least += (amount.kopecks - slack) * (100 + percent) / percent
        greatest += (amount.kopecks + slack) * (100 + percent) / percent
    if least <= lines_total.kopecks <= greatest:
        return None, None, ["НДС: ставки строк – не опубликовано; с итогом суммы НДС сходятся"]
    return False, None, [f"НДС: суммы по ставкам не могут сложиться в {lines_total}"]


def _vat_mismatch(receipt: Published, year: int) -> str:
    """Published and computed VAT, where every line's rate is known; else only what was published."""
    shown = ", ".join(f"{rate.title} {amount}" for rate, amount in receipt.vat.items())
    priced = [(line.line_sum, line.rate) for line in receipt.lines if line.rate and line.line_sum is not None]
    if len(priced) < len(receipt.lines):
        return f"НДС чека указан {shown}; такого по этим строкам не бывает{_odd_rate(receipt, year)}"
    computed = ", ".join(f"{rate.title} {amount}" for rate, amount in _vat_of(priced, year)[0].items())
    return f"НДС чека указан {shown}; по строкам выходит {computed}{_odd_rate(receipt, year)}"


def _odd_rate(receipt: Published, year: int) -> str:
    if len(receipt.vat) != 1:
        return ""
    [(rate, amount)] = receipt.vat.items()
    return _explained(_sum_of(receipt.lines), amount, percent_of(rate, year))


def _rounded(value: Decimal) -> int:
    """Half up; exact, since a price has at most ten digits and a quantity fourteen."""
    return int(value.quantize(Decimal(1), rounding=ROUND_HALF_UP))
