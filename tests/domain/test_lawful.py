"""What a receipt may hold, by a table of its own, with which the program's rules are compared."""

import itertools
import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posapp.domain.fiscal import DocumentType, ReceiptKind
from posapp.domain.inn import is_inn, is_personal_inn
from posapp.domain.money import Money, Quantity
from posapp.domain.receipt import (
    CashlessDetail,
    CorrectionBasis,
    OriginalReceipt,
    PaymentMethod,
    PaymentObject,
    Receipt,
    ReceiptLine,
    Tender,
    TenderKind,
)
from posapp.domain.terms import CorrectionType
from posapp.domain.vat import VatRate
from tests.domain.lawful_samples import CODE, receipts
from tests.domain.test_receipt import RECEIPT

HUNDRED = Money(10_000)
RATES = {  # 1214 → the codes of 1199 that the law lets a line of it carry
    1: {3, 4, 5, 6, 9, 10, 12},
    2: {3, 4, 5, 6, 9, 10, 12},
    3: {3, 4, 5, 6, 9, 10, 12},
    4: {1, 2, 5, 6, 7, 8, 11},
    5: {1, 2, 5, 6, 7, 8, 11},
    6: {1, 2, 5, 6, 7, 8, 11},
    7: {6},
}
PAYMENT_ONLY, NEVER_PAYMENT = {3, 7}, {5, 6}
TENDERS = {  # 1214 → the tags that may pay for it in a receipt of nothing else
    1: {1031, 1081},
    2: {1031, 1081},
    3: {1031, 1081},
    4: {1031, 1081, 1215, 1217},
    5: {1031, 1081, 1215, 1216, 1217},
    6: {1216},
    7: {1031, 1081, 1217},
}


def made_line(method: int, rate: int, thing: int, **more: Any) -> ReceiptLine:
    return ReceiptLine(
        "Чай", HUNDRED, Quantity.of(1), HUNDRED, VatRate(rate), PaymentMethod(method), PaymentObject(thing), **more
    )


def lawful_line(method: int) -> ReceiptLine:
    return made_line(
        method, min(RATES[method] & {5, 6}, default=6) if method == 7 else 5, 10 if method in (3, 7) else 1
    )


@pytest.mark.parametrize("method", [each.value for each in PaymentMethod])
def test_methods_rates_and_objects_as_the_tables_say(method: int) -> None:
    for rate, thing in itertools.product(range(1, 13), [each.value for each in PaymentObject]):
        fits = (
            rate in RATES[method]
            and (thing == 10 or method not in PAYMENT_ONLY)
            and (thing != 10 or method not in NEVER_PAYMENT)
        )
        if fits:
            made_line(method, rate, thing)
            continue
        with pytest.raises(ValueError, match="payment"):
            made_line(method, rate, thing)


@pytest.mark.parametrize("method", [each.value for each in PaymentMethod])
def test_methods_and_pairs_of_tenders_as_the_tables_say(method: int) -> None:
    line = replace(lawful_line(method), vat=VatRate.NONE)
    for count in (1, 2):
        for kinds in itertools.combinations(TenderKind, count):
            tenders = tuple(Tender(kind, Money(10_000 // count)) for kind in kinds)
            values = {kind.value for kind in kinds}
            on_credit = 1216 in values
            fits = values <= TENDERS[method] and (method != 5 or (on_credit and count == 2))
            fits = fits and (method != 6 or count == 1)
            if fits:
                replace(RECEIPT, lines=(line,), tenders=tenders)
                continue
            with pytest.raises(ValueError, match=r"credit|not paid by"):
                replace(RECEIPT, lines=(line,), tenders=tenders)


@pytest.mark.parametrize("first, second", list(itertools.combinations_with_replacement(range(1, 8), 2)))
def test_a_receipt_settles_one_step(first: int, second: int) -> None:
    lines = (replace(lawful_line(first), vat=VatRate.NONE), replace(lawful_line(second), vat=VatRate.NONE))
    credit = 10_000 * (first == 6) + 10_000 * (second == 6)
    partly = 10_000 * (first == 5) + 10_000 * (second == 5)
    credit += partly // 2
    pairs = ((TenderKind.CASH, 20_000 - credit), (TenderKind.CREDIT, credit))
    tenders = tuple(Tender(kind, Money(amount)) for kind, amount in pairs if amount)
    groups = [{1, 2, 3}, {4, 5, 6}]
    if any({first, second} <= group for group in groups):
        assert replace(RECEIPT, lines=lines, tenders=tenders).step.value in ("ahead", "handover")
        return
    with pytest.raises(ValueError, match=r"one step|one line"):
        replace(RECEIPT, lines=lines, tenders=tenders)


@given(receipts())
def test_every_lawful_receipt_comes_back_from_the_journal(receipt: Receipt) -> None:
    assert Receipt.from_json(json.loads(json.dumps(receipt.as_json()))) == receipt


@given(receipts(), st.data())
def test_no_other_receipt_can_be_built_out_of_a_lawful_one(receipt: Receipt, data: st.DataObject) -> None:
    """Any change of a method, object, rate or tender gives a receipt that the tables allow, or none."""
    place = data.draw(st.integers(0, len(receipt.lines) - 1))
    change = data.draw(
        st.fixed_dictionaries(
            {},
            optional={
                "payment_method": st.sampled_from(PaymentMethod),
                "payment_object": st.sampled_from(PaymentObject),
                "vat": st.sampled_from(VatRate),
            },
        )
    )
    kinds = data.draw(st.permutations(list(TenderKind)))[: len(receipt.tenders)]
    try:
        lines = list(receipt.lines)
        lines[place] = replace(lines[place], **change)
        tenders = tuple(replace(tender, kind=kind) for tender, kind in zip(receipt.tenders, kinds, strict=True))
        built = replace(receipt, lines=tuple(lines), tenders=tenders)
    except ValueError:
        return
    assert_lawful(built)


@given(receipts())
def test_what_is_lawful_here_is_lawful_by_the_tables(receipt: Receipt) -> None:
    assert_lawful(receipt)


def assert_lawful(receipt: Receipt) -> None:
    """The tables above, said once more for whole receipts."""
    methods = {line.payment_method.value for line in receipt.lines}
    assert any(methods <= group for group in ({1, 2, 3}, {4, 5, 6}, {7}))
    allowed: set[int] = set().union(*(TENDERS[method] for method in methods))
    assert {tender.kind.value for tender in receipt.tenders} <= allowed
    for line in receipt.lines:
        method, thing = line.payment_method.value, line.payment_object.value
        assert line.vat.value in RATES[method]
        assert thing == 10 or method not in PAYMENT_ONLY
        assert thing != 10 or method not in NEVER_PAYMENT
        assert not line.marking or (method in (4, 5, 6) and thing in (1, 2, 31, 33))
    sums = {method: sum(each.line_sum.kopecks for each in receipt.lines if each.payment_method == method)
            for method in range(1, 8)}  # fmt: skip
    credit = receipt.tender(TenderKind.CREDIT).kopecks
    assert sums[6] <= credit <= sums[6] + sums[5]
    assert (credit > sums[6]) == (5 in methods)
    assert 7 not in methods or len(receipt.lines) == 1
    if receipt.kind in (ReceiptKind.BUY, ReceiptKind.BUY_REFUND):
        assert methods == {4}
        assert {tender.kind.value for tender in receipt.tenders} <= {1031, 1081}
    if receipt.kind is not ReceiptKind.SELL or receipt.correction is not None:
        assert receipt.change == Money(0)


@pytest.mark.parametrize(
    "changes, what",
    [
        ({"kind": ReceiptKind.SELL_REFUND, "cash": 10_001}, "only a sale gives change"),
        ({"correction": CorrectionBasis(CorrectionType.SELF, date(2026, 10, 1)), "cash": 10_001}, "only a sale"),
        ({"cashless": (CashlessDetail(HUNDRED),)}, "cashless payments tell"),
        ({"kind": ReceiptKind.BUY, "method": 6, "tender": TenderKind.CREDIT}, "paid in full"),
        ({"kind": ReceiptKind.BUY, "tender": TenderKind.PREPAID}, "paid in money"),
        ({"cashier_inn": "7707083893"}, "cashier's INN"),
        ({"place": "я" * 257}, "at most 256"),
    ],
)
def test_a_receipt_that_contradicts_itself_is_not_made(changes: dict[str, Any], what: str) -> None:
    rest = dict(changes)
    method, kind = rest.pop("method", 4), rest.pop("kind", ReceiptKind.SELL)
    tender = Tender(rest.pop("tender", TenderKind.CASH), Money(rest.pop("cash", 10_000)))
    settlement = replace(RECEIPT.settlement, kind=kind)
    with pytest.raises(ValueError, match=what):
        replace(RECEIPT, lines=(lawful_line(method),), tenders=(tender,), settlement=settlement, **rest)


@pytest.mark.parametrize(
    "more, what",
    [
        ({"measure": 1}, "measure"),
        ({"marking": CODE, "payment_object": PaymentObject.SERVICE}, "no marking code"),
        ({"marking": CODE, "quantity": Quantity.of(2), "line_sum": Money(20_000)}, "one unit"),
        ({"marking": CODE, "quantity": Quantity.of("0.5"), "line_sum": Money(5_000)}, "one unit"),
        (
            {"marking": CODE, "payment_method": PaymentMethod.PREPAYMENT, "vat": VatRate.VAT_0},
            "hands the goods over",
        ),
        (
            {
                "payment_method": PaymentMethod.ADVANCE,
                "payment_object": PaymentObject.PAYMENT,
                "quantity": Quantity.of(2),
                "line_sum": Money(20_000),
            },
            "one payment",
        ),
    ],
)
def test_a_line_that_contradicts_itself_is_not_made(more: dict[str, Any], what: str) -> None:
    with pytest.raises(ValueError, match=what):
        replace(lawful_line(4), **more)


@pytest.mark.parametrize(
    "make",
    [
        lambda: CashlessDetail(Money(0)),
        lambda: CashlessDetail(HUNDRED, 256),
        lambda: CashlessDetail(HUNDRED, 1, "я" * 257),
        lambda: OriginalReceipt("no digits"),
        lambda: OriginalReceipt(str(1 << 32)),
        lambda: OriginalReceipt("1", document_number=-1),
        lambda: CorrectionBasis(CorrectionType.ORDER, date(2026, 10, 1)),
        lambda: CorrectionBasis(CorrectionType.SELF, date(2026, 10, 1), "1" * 33),
    ],
)
def test_a_part_that_cannot_be_is_not_made(make: Any) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        make()


def test_a_correction_is_a_form_of_its_own() -> None:
    basis = CorrectionBasis(CorrectionType.ORDER, date(2026, 10, 1), "12-3")
    line = (lawful_line(4),)
    made = replace(RECEIPT, lines=line, tenders=(Tender(TenderKind.CASH, HUNDRED),), correction=basis)
    assert RECEIPT.document_type is DocumentType.RECEIPT
    assert made.document_type is DocumentType.CORRECTION


def test_receipts_of_the_first_release_keep_their_bytes() -> None:
    """What is not set is not written, so that a stored receipt and its copy in a rebuilt journal are the same."""
    later = {"cashless", "cashier_inn", "place", "address", "is_internet", "basis", "correction"}
    body = RECEIPT.as_json()
    assert not later & body.keys()
    assert all(set(line) == {
        "name", "price_kopecks", "quantity", "sum_kopecks", "vat", "payment_method", "payment_object",
    } for line in body["lines"])  # fmt: skip
    assert Receipt.from_json(body) == RECEIPT


@pytest.mark.parametrize("text", ["7707083893", "7830002293", "500100732259"])
def test_an_inn_that_fits(text: str) -> None:
    assert is_inn(text)
    assert is_personal_inn(text) == (len(text) == 12)
    for place in range(len(text)):  # one wrong digit is always seen in the digits that are controlled once
        wrong = text[:place] + str((int(text[place]) + 1) % 10) + text[place + 1 :]
        assert not is_inn(wrong) or len(text) == 12


@pytest.mark.parametrize(
    "text", ["", "0000000000", "000000000000", "77070838930", "770708389a", "７７０７０８３８９３"]
)
def test_no_inn(text: str) -> None:
    assert not is_inn(text)
