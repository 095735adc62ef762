"""Recomputing: right is what is right, wrong is every figure that was changed, what is missing is not judged.

At the end: the published receipts of real registers.
"""

import base64
import dataclasses
import json
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from posapp.domain import ffd
from posapp.domain.money import ZERO, Money
from posapp.domain.published import Published, PublishedLine, read_published
from posapp.domain.recompute import ASSIGNMENTS_MAX, Verdict, percent_of, verify
from posapp.domain.vat import VatRate

EIGHTEEN = {VatRate.VAT_20, VatRate.VAT_20_120}


def half_up(value: Fraction) -> int:
    return int(value + Fraction(1, 2))


def vat_of(kopecks: int, rate: VatRate, year: int) -> int:
    """Written again here: what the tax law says, not what the program does."""
    percent = 18 if rate in EIGHTEEN and year < 2019 else rate.percent or 0
    return half_up(Fraction(kopecks * percent, 100 + percent))


@dataclasses.dataclass
class Sold:
    """A receipt as a lawful register makes it, before it is published."""

    year: int
    lines: list[tuple[int, Decimal, int, VatRate]]  # price, quantity, sum, rate
    formula: str
    rounded_away: int = 0

    @property
    def total(self) -> int:
        return sum(line[2] for line in self.lines) - self.rounded_away

    def vat(self) -> dict[VatRate, int]:
        found = {}
        for rate in {line[3] for line in self.lines}:
            sums = [line[2] for line in self.lines if line[3] is rate]
            if not rate.percent:
                found[rate] = sum(sums)
            elif self.formula == "L":
                found[rate] = sum(vat_of(each, rate, self.year) for each in sums)
            else:
                found[rate] = vat_of(sum(sums), rate, self.year)
        return found

    def published(self) -> dict[str, Any]:
        """As the app of today publishes it."""
        flat = {VatRate.VAT_20: "nds18", VatRate.VAT_10: "nds10", VatRate.VAT_0: "nds0", VatRate.NONE: "ndsNo"}
        flat |= {VatRate.VAT_20_120: "nds18118", VatRate.VAT_10_110: "nds10110"}
        vat = self.vat()
        contained = [{"nds": rate.value, "ndsSum": amount} for rate, amount in vat.items() if rate not in flat]
        return {
            "dateTime": f"{self.year}-06-01T12:00:00",
            "totalSum": self.total,
            "cashTotalSum": self.total // 2,
            "ecashTotalSum": self.total - self.total // 2,
            "items": [
                {
                    "name": "Товар",
                    "price": price,
                    "quantity": float(quantity),
                    "sum": line_sum,
                    "nds": rate.value,
                    "ndsSum": vat_of(line_sum, rate, self.year),
                }
                for price, quantity, line_sum, rate in self.lines
            ],
            **{flat[rate]: amount for rate, amount in vat.items() if rate in flat},
            **({"amountsReceiptNds": {"amountsNds": contained}} if contained else {}),
        }


@st.composite
def sold(draw: st.DrawFn, rates: Sequence[VatRate] = tuple(VatRate), most: int = 8) -> Sold:
    lines = []
    for _ in range(draw(st.integers(1, most))):
        price = draw(st.integers(1, 10**6))
        quantity = Decimal(draw(st.integers(1, 99_999))).scaleb(-3)
        line_sum = half_up(price * Fraction(quantity))
        lines.append((price, quantity, line_sum, draw(st.sampled_from(rates))))
    made = Sold(draw(st.sampled_from([2017, 2018, 2019, 2025, 2026])), lines, draw(st.sampled_from("LT")))
    made.rounded_away = draw(st.sampled_from([0, made.total % 100]))
    assume(made.total > 0)
    return made


def judge(body: dict[str, Any]) -> Verdict:
    return verify(read_published(json.dumps(body).encode()))


def opinions(verdict: Verdict) -> tuple[bool | None, ...]:
    return verdict.lines_ok, verdict.vat_ok, verdict.totals_ok, verdict.payments_ok


@given(sold())
def test_a_lawful_receipt_is_right(made: Sold) -> None:
    verdict = judge(made.published())
    assert opinions(verdict) == (True, True, True, True)
    assert verdict.problems == ()
    assert verdict.vat_formula in (made.formula, "both")


@given(sold(), st.data())
def test_every_changed_figure_is_found(made: Sold, data: st.DataObject) -> None:
    body = made.published()
    by = data.draw(st.sampled_from([1_000, 7, 1]), "by")
    item = data.draw(st.sampled_from(body["items"]), "item")
    what = data.draw(st.sampled_from(["sum", "price", "line VAT", "receipt VAT", "total", "payment"]), "what")
    if what == "sum":
        item["sum"] += by
        assert judge(body).lines_ok is False
    elif what == "price":
        item["price"] += 100_000
        assume(half_up(item["price"] * Fraction(str(item["quantity"]))) != item["sum"])
        assert judge(body).lines_ok is False
    elif what == "line VAT":
        item["ndsSum"] += by
        assume(item["ndsSum"] != item["sum"])
        assert judge(body).vat_ok is False
    elif what == "receipt VAT":
        key = data.draw(st.sampled_from([key for key in body if key.startswith("nds")] or [""]), "key")
        assume(key)
        body[key] += 1_000  # a kopeck may be the other formula
        assert judge(body).vat_ok is False
    elif what == "total":
        body["totalSum"] += 1_000
        verdict = judge(body)
        assert (verdict.totals_ok, verdict.payments_ok) == (False, False)
    else:
        body["cashTotalSum"] += by
        assert judge(body).payments_ok is False


@given(sold(rates=(VatRate.VAT_20, VatRate.VAT_10), most=8))
def test_few_lines_without_rates_are_tried_in_every_way(made: Sold) -> None:
    body = made.published()
    for item in body["items"]:
        del item["nds"], item["ndsSum"]
    verdict = judge(body)
    assert verdict.vat_ok is True
    assert verdict.vat_formula in (made.formula, "both")
    body["nds18" if "nds18" in body else "nds10"] += 5_000
    assert judge(body).vat_ok is False


def unrated(lines: int, price: int = 1_000) -> Sold:
    rates = (VatRate.VAT_20, VatRate.VAT_10)
    return Sold(2020, [(price, Decimal(1), price, rates[number % 2]) for number in range(lines)], "L")


def test_many_lines_without_rates_prove_nothing_but_may_be_refuted() -> None:
    body = unrated(40).published()
    for item in body["items"]:
        del item["nds"], item["ndsSum"]
    assert ASSIGNMENTS_MAX < 2**40
    verdict = judge(body)
    assert (verdict.vat_ok, verdict.vat_formula) == (None, None)
    assert any("не опубликовано" in problem for problem in verdict.problems)
    body["nds10"] += 1_000
    assert judge(body).vat_ok is False


def test_one_published_rate_is_that_of_all_lines() -> None:
    made = Sold(2020, [(3, Decimal(1), 3, VatRate.VAT_20)] * 60, "L")
    body = made.published()
    for item in body["items"]:
        del item["nds"], item["ndsSum"]
    assert (judge(body).vat_ok, judge(body).vat_formula) == (True, "L")  # half a kopeck up, sixty times
    body["nds18"] = 30
    assert (judge(body).vat_ok, judge(body).vat_formula) == (True, "T")
    body["nds18"] = 31
    assert judge(body).vat_ok is False


# ------------------------------------------------------------------------------------------------ single rules

LINE = PublishedLine("Чай", Money(12_000), Decimal(1), Money(12_000), VatRate.VAT_20, Money(2_000))
RECEIPT = Published(
    year=2020, total=Money(12_000), lines=(LINE,), vat={VatRate.VAT_20: Money(2_000)}, payments={1031: Money(12_000)}
)


def test_the_code_1_is_18_percent_before_2019() -> None:
    assert [percent_of(VatRate.VAT_20, year) for year in (2018, 2019, 2026)] == [18, 20, 20]
    assert [percent_of(VatRate.VAT_20_120, year) for year in (2018, 2019)] == [18, 20]
    assert [percent_of(rate, 2018) for rate in (VatRate.VAT_10, VatRate.NONE, VatRate.VAT_0)] == [10, 0, 0]
    assert verify(RECEIPT).vat_ok is True
    assert verify(dataclasses.replace(RECEIPT, year=2018)).vat_ok is False
    of_2018 = dataclasses.replace(LINE, vat_sum=Money(1_831))
    assert verify(dataclasses.replace(RECEIPT, year=2018, lines=(of_2018,), vat={VatRate.VAT_20: Money(1_831)})).vat_ok


def test_without_a_date_that_code_is_not_judged_others_are() -> None:
    assert verify(dataclasses.replace(RECEIPT, year=None)).vat_ok is None
    ten = dataclasses.replace(LINE, rate=VatRate.VAT_10, vat_sum=Money(1_091))
    undated = dataclasses.replace(RECEIPT, year=None, lines=(ten,), vat={VatRate.VAT_10: Money(1_091)})
    assert verify(undated).vat_ok is True


@pytest.mark.parametrize("rate", [VatRate.NONE, VatRate.VAT_0])
@pytest.mark.parametrize("written, expected", [(0, True), (12_000, True), (2_000, False)])
def test_an_exempt_line_carries_nothing_or_its_own_sum(rate: VatRate, written: int, expected: bool) -> None:
    line = dataclasses.replace(LINE, rate=rate, vat_sum=Money(written))
    assert verify(dataclasses.replace(RECEIPT, lines=(line,), vat={rate: Money(12_000)})).vat_ok is expected


def test_a_turnover_may_be_left_out_a_tax_may_not() -> None:
    free = dataclasses.replace(LINE, rate=VatRate.NONE, vat_sum=None)
    two = dataclasses.replace(RECEIPT, lines=(LINE, free), total=Money(24_000))
    assert verify(two).vat_ok is True
    ten = dataclasses.replace(LINE, rate=VatRate.VAT_10, vat_sum=None)
    assert verify(dataclasses.replace(two, lines=(LINE, ten))).vat_ok is False


@pytest.mark.parametrize("less, expected", [(-1, False), (0, True), (60, True), (99, True), (100, False)])
def test_up_to_99_kopecks_may_be_rounded_away(less: int, expected: bool) -> None:
    total = Money(12_000 - less)
    verdict = verify(dataclasses.replace(RECEIPT, total=total, payments={1031: total}))
    assert opinions(verdict) == (True, True, expected, True)  # VAT is that of the lines
    assert bool(verdict.problems) is not expected


@pytest.mark.parametrize(
    "payments, expected",
    [
        ({1031: 12_000}, True),
        ({1031: 10_000, 1081: 2_000}, True),
        ({1031: 0, 1081: 0, 1215: 12_000, 1216: 0, 1217: 0}, True),
        ({1031: 12_001}, False),
        ({1031: 11_000, 1081: 0}, False),
        ({1031: 0, 1081: 0, 1215: 0, 1216: 0, 1217: 0}, False),
        ({1031: 0, 1081: 0}, None),  # the other ways were left out with their sums
        ({}, None),
    ],
)
def test_payments(payments: dict[int, int], expected: bool | None) -> None:
    paid = {tag: Money(amount) for tag, amount in payments.items()}
    assert verify(dataclasses.replace(RECEIPT, payments=paid)).payments_ok is expected


def test_of_a_partial_receipt_only_what_is_there_is_judged() -> None:
    some = dataclasses.replace(RECEIPT, total=Money(50_000), payments={1081: Money(50_000)}, is_partial=True)
    verdict = verify(some)
    assert opinions(verdict) == (True, None, None, True)
    assert all("не опубликовано" in problem for problem in verdict.problems)
    wrong = dataclasses.replace(LINE, price=Money(1), vat_sum=Money(1))
    assert opinions(verify(dataclasses.replace(some, lines=(wrong,)))) == (False, False, None, True)
    assert verify(dataclasses.replace(some, total=Money(11_000))).totals_ok is False
    assert opinions(verify(dataclasses.replace(some, lines=()))) == (None, None, None, True)


def test_missing_prices_and_old_corrections_are_not_judged() -> None:
    unpriced = dataclasses.replace(LINE, price=None)
    assert verify(dataclasses.replace(RECEIPT, lines=(unpriced,))).lines_ok is None
    assert verify(dataclasses.replace(RECEIPT, lines=(dataclasses.replace(LINE, quantity=None),))).lines_ok is None
    cheaper = dataclasses.replace(LINE, line_sum=Money(6_000), vat_sum=Money(1_000), has_modifiers=True)
    assert verify(dataclasses.replace(RECEIPT, lines=(cheaper,))).lines_ok is None
    assert verify(dataclasses.replace(RECEIPT, total=Money(9_000), has_corrections=True)).totals_ok is None


def test_no_vat_at_all_is_not_judged() -> None:
    assert verify(dataclasses.replace(RECEIPT, vat={})).vat_ok is None
    wrong = dataclasses.replace(LINE, vat_sum=Money(1_999))
    assert verify(dataclasses.replace(RECEIPT, vat={}, lines=(wrong,))).vat_ok is False


def test_problems_name_line_and_sums_and_are_few() -> None:
    wrong = dataclasses.replace(LINE, line_sum=Money(11_999))
    verdict = verify(dataclasses.replace(RECEIPT, lines=(LINE, wrong)))
    assert any("строка 2" in each and str(Money(11_999)) in each for each in verdict.problems)
    many = verify(dataclasses.replace(RECEIPT, lines=(wrong,) * 500))
    assert len(many.problems) == 21
    assert many.as_json()["problems"] == list(many.problems)


def test_the_problem_of_wrong_vat_names_what_it_should_be() -> None:
    verdict = verify(dataclasses.replace(RECEIPT, vat={VatRate.VAT_20: Money(2_100)}))
    assert str(Money(2_000)) in verdict.problems[0]
    assert str(Money(2_100)) in verdict.problems[0]


def test_a_wrong_sum_that_another_rate_explains_names_that_rate() -> None:
    """A register that went on with 18 % after 2018 is found so."""
    old = dataclasses.replace(LINE, rate=VatRate.VAT_20_120, vat_sum=Money(1_831))
    verdict = verify(dataclasses.replace(RECEIPT, lines=(old,), vat={VatRate.VAT_20_120: Money(1_831)}))
    assert verdict.vat_ok is False
    assert "18\u00a0%" in verdict.problems[0]
    unrated = dataclasses.replace(LINE, rate=None, vat_sum=None)
    verdict = verify(dataclasses.replace(RECEIPT, lines=(unrated,), vat={VatRate.VAT_20: Money(2_164)}))
    assert "22\u00a0%" in verdict.problems[0]


def test_without_lines_only_vat_that_cannot_be_is_wrong() -> None:
    """A correction of FFD 1.05, or only the head of a receipt."""
    head = dataclasses.replace(RECEIPT, lines=(), total=Money(1_200_000), payments={1031: Money(1_200_000)})
    for vat, expected in ((200_000, None), (150_000, None), (300_000, False)):
        verdict = verify(dataclasses.replace(head, vat={VatRate.VAT_20: Money(vat)}))
        assert opinions(verdict) == (None, expected, None, True)
        assert any("не опубликовано" in each for each in verdict.problems)
    both = {VatRate.VAT_20: Money(150_000), VatRate.NONE: Money(400_000)}
    assert verify(dataclasses.replace(head, vat=both)).vat_ok is False


def test_without_a_total_or_a_sum_of_a_line_the_rest_is_judged() -> None:
    assert opinions(verify(dataclasses.replace(RECEIPT, total=None))) == (True, True, None, None)
    unsummed = dataclasses.replace(LINE, line_sum=None)
    assert opinions(verify(dataclasses.replace(RECEIPT, lines=(unsummed,)))) == (None, None, None, True)
    two = dataclasses.replace(RECEIPT, lines=(LINE, unsummed), total=Money(24_000), payments={1081: Money(24_000)})
    assert opinions(verify(two)) == (None, None, None, True)


# ------------------------------------------------------------------------------------------------ real receipts

# What is not simply right, and why. Everything else must be right in all four respects.
NOT_PUBLISHED = (True, None, None, True)
NO_PAYMENTS = (True, True, True, None)
KNOWN: dict[str, tuple[bool | None, ...]] = {
    "004": NOT_PUBLISHED,  # 2 of the lines
    "017": NOT_PUBLISHED,  # 3 of the lines
    "225": (None, None, None, True),  # no lines
    "145": (True, None, True, True),  # 18 lines without rates, two rates
    "106": (True, False, True, True),  # 16,02 of 105,00 is 18/118, in September 2020
    "183": NO_PAYMENTS,  # neither cash nor card, the other ways are left out
    "218": NO_PAYMENTS,  # paper
    "220": NO_PAYMENTS,
    "258": NO_PAYMENTS,
    "268": NO_PAYMENTS,
    "271": (True, None, True, None),  # paper without VAT
}
ONE_FORMULA = {
    "011": "L",
    "012": "T",
    "065": "T",
    "066": "T",
    "274": "T",
    "007": "L",
    "022": "L",
    "253": "L",
    "259": "L",
}


def test_real_receipts_are_right_or_known(real_receipts: tuple[Path, ...]) -> None:
    found = {path.stem: verify(read_published(path.read_bytes())) for path in real_receipts}
    right = (True, True, True, True)
    strange = {name: (opinions(each), each.problems) for name, each in found.items() if opinions(each) != right}
    assert {name: each for name, (each, _) in strange.items()} == {
        name: each for name, each in KNOWN.items() if name in found
    }, strange
    for name, formula in ONE_FORMULA.items():
        assert name not in found or found[name].vat_formula == formula


def test_real_receipts_agree_with_their_documents(real_receipts: tuple[Path, ...]) -> None:
    """Where the register's own TLV was published too: the same total, lines, VAT and payments are in both."""
    compared = 0
    for path in real_receipts:
        raw = json.loads(path.read_bytes()).get("raw_tlv_base64")
        if raw is None:
            continue
        compared += 1
        entries = ffd.read_document(base64.b64decode(raw)).entries
        receipt = read_published(path.read_bytes())
        value = {entry.tag: entry.value for entry in entries if isinstance(entry.value, int)}
        assert value[1020] == (receipt.total or ZERO).kopecks
        lines = [entry.items or () for entry in entries if entry.tag == 1059]
        assert [one.value for line in lines if (one := ffd.find(line, 1043))] == [
            (line.line_sum or ZERO).kopecks for line in receipt.lines
        ]
        assert {tag: value.get(tag, 0) for tag in receipt.payments} == {
            tag: amount.kopecks for tag, amount in receipt.payments.items()
        }
        for tag, rate in ((1102, VatRate.VAT_20), (1103, VatRate.VAT_10), (1105, VatRate.NONE)):
            assert value.get(tag, 0) == receipt.vat.get(rate, ZERO).kopecks
    assert compared or len(real_receipts) < 86
