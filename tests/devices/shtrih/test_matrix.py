"""Every lawful way of settling × every rate × every mix of tenders × kind × format, read back from the storage whole.

The whole document is compared, not some tags: what is expected is written from the tables of the formats (order
ЕД-7-20/662@), so that nothing is dropped, changed or added on the way. What stands around the settlement – buyer,
cashier, place, payments, basis – takes turns, each in its own rhythm, so that all meet all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from itertools import chain, combinations, count, cycle
from typing import Any

import pytest

from posapp.devices.base import Ffd
from posapp.devices.shtrih.driver import ShtrihPrinter
from posapp.devices.shtrih.plan import Details
from posapp.devices.simulator.documents import SENDER
from posapp.devices.simulator.identity import identity_of
from posapp.devices.simulator.printer import Printer
from posapp.domain import ffd
from posapp.domain.fiscal import ReceiptKind
from posapp.domain.lawful import RATES_OF, STEP_OF, TENDERS_OF
from posapp.domain.marking import parse_marking
from posapp.domain.money import Money
from posapp.domain.permission import IndustryDetail
from posapp.domain.printed_document import Beside, form_of
from posapp.domain.printed_receipt import receipt_form_of
from posapp.domain.receipt import (
    CashlessDetail,
    OriginalReceipt,
    PaymentMethod,
    PaymentObject,
    Receipt,
    ReceiptLine,
    TaxSystem,
    TenderKind,
)
from posapp.domain.registration import FormProfile
from posapp.domain.settlement import Stamp
from posapp.domain.terms import MEASURES, CorrectionBasis, CorrectionType
from posapp.domain.vat import VatRate
from posapp.errors import Refused
from tests.conformance import samples
from tests.conformance.samples import CARD, CASH, CREDIT, OTHER, PREPAID, Tenders, line
from tests.domain import test_marking as codes
from tests.till.rig import BORN, OWN_NUMBER, Register, driver_of

M, THING = PaymentMethod, PaymentObject
SELL, REFUND, BUY, BUY_REFUND = ReceiptKind
FORMATS = (Ffd.V1_05, Ffd.V1_2)
MILK = "010460710382070021" + "55kTHg" + "\x1d" + "93dGVz"
Tree = list[tuple[int, Any]]


@dataclass(frozen=True)
class Bench:
    """A register with an open shift and money in the drawer."""

    version: Ffd
    printer: ShtrihPrinter
    profile: FormProfile


@pytest.fixture(scope="module", params=FORMATS, ids=lambda each: each.text)
def bench(request: pytest.FixtureRequest) -> Bench:
    """One of each format."""
    register = Register()
    register.be(Printer(identity_of(OWN_NUMBER), BORN, ffd=request.param))
    printer = driver_of(register)
    printer.open_shift("Кассир")
    printer.cash_in(Money(9_000_000_000))
    found = printer.probe()
    tags = {kind.value: tag for kind, tag in found.key_tags.items()}
    return Bench(request.param, printer, FormProfile(found.registration, 42, found.ffd, found.vat_formula, tags))


# ------------------------------------------------------------------------------------------- what is asked for


def mixes(kinds: Sequence[TenderKind]) -> list[tuple[TenderKind, ...]]:
    """Every choice of at least one tender."""
    return list(chain.from_iterable(combinations(kinds, many) for many in range(1, len(kinds) + 1)))


def shares(kinds: Sequence[TenderKind], kopecks: int) -> Tenders:
    """A sum paid by all of these tenders, unevenly."""
    paid = {kind: kopecks // (at + 3) for at, kind in enumerate(kinds[1:])}
    return {kinds[0]: kopecks - sum(paid.values()), **paid}


def settled() -> Iterator[tuple[list[ReceiptLine], Tenders]]:
    """Lines and tenders: each method × each rate that its step may carry × each mix of its tenders."""
    price = cycle((24_501, 99_999, 100_003, 7_777))
    for method in M:
        step = STEP_OF[method]
        money = [kind for kind in TenderKind if kind in TENDERS_OF[step] and kind is not CREDIT]
        for rate in sorted(RATES_OF[step]):
            for mix in [()] if method is M.CREDIT else mixes(money):
                sort = THING.PAYMENT if method in (M.ADVANCE, M.CREDIT_PAYMENT) else THING.COMMODITY
                quantity = "1" if sort is THING.PAYMENT else "1.5"
                first = line(next(price), quantity, rate, method, sort)
                lines = [first, *([] if method is M.CREDIT_PAYMENT else [replace(first, name="Второй")])]
                total = sum(each.line_sum.kopecks for each in lines)
                credit = {M.CREDIT: total, M.PARTIAL_PAYMENT: total // 3}.get(method, 0)
                paid = shares(mix, total - credit) if mix else {}
                yield lines, paid | ({CREDIT: credit} if credit else {})


BUYERS: tuple[dict[str, str], ...] = (
    {},
    {"buyer_contact": "buyer@example.com"},
    {"buyer_contact": "+79161234567", "buyer_inn": "7801234564", "buyer_name": 'ООО "Ромашка"'},
    {"buyer_inn": "500100732259", "buyer_name": "ИП Иванов И. И."},
)
PLACES: tuple[dict[str, Any], ...] = (
    {},
    {"place": "Доставка: подъезд 2", "address": "190000, г. Санкт-Петербург, Невский пр., д. 1"},
    {"place": "https://shop.example", "is_internet": True},
)
CASHIERS: tuple[dict[str, str], ...] = ({}, {"cashier": "Курьер Ёлкина А. Б.", "cashier_inn": "780123456724"})
TOLD = (0, 1, 2)
"""Of how many payments the cashless tender is told to be."""


def details(kopecks: int, many: int) -> tuple[CashlessDetail, ...]:
    """Tag 1234 for a cashless sum."""
    if many == 0 or kopecks < many:
        return ()
    first = CashlessDetail(Money(kopecks - (many - 1)), 1, "RRN 312345678901", "карта" if many == 1 else "")
    return (first, *(CashlessDetail(Money(1), 2, "A6124101530450070000010011700501") for _ in range(many - 1)))


def asked(kind: ReceiptKind) -> Iterator[Receipt]:
    """Every receipt of a kind; what stands around the settlement takes turns."""
    turns = zip(count(), cycle(BUYERS), cycle(PLACES), cycle(CASHIERS), cycle(TOLD), cycle(TaxSystem), strict=False)
    if kind in (BUY, BUY_REFUND):
        whole = [rate for rate in VatRate if not rate.is_calculated]
        ways = [([line(30_000, vat=rate)], shares(mix, 30_000)) for rate in whole for mix in mixes((CASH, CARD))]
    else:
        ways = list(settled())
    for lines, paid in ways:
        number, buyer, place, cashier, told, system = next(turns)
        around = {**buyer, **place, **cashier, "tax_system": system}
        if kind in (REFUND, BUY_REFUND) and number % 2:
            around["basis"] = OriginalReceipt(str(3_141_592_653 + number))
        yield samples.receipt(lines, paid, kind, cashless=details(paid.get(CARD, 0), told), **around)


# ------------------------------------------------------------------------------------------- what is expected


def vat_of(kopecks: int, rate: VatRate) -> int:
    """Tag 1200: half up; without VAT the line's own sum (the tax service's check 526), at 0 % nothing."""
    percent = {1: 20, 2: 10, 3: 20, 4: 10, 7: 5, 8: 7, 9: 5, 10: 7, 11: 22, 12: 22}.get(rate.value, 0)
    return (2 * kopecks * percent + 100 + percent) // (2 * (100 + percent)) if percent else kopecks


OLD_OBJECTS = {30: 2, 31: 2, 32: 1, 33: 1}
MARKED_OBJECTS = {1: 33, 2: 31}


def object_of(each: ReceiptLine, version: Ffd) -> int:
    """Tag 1212 in the numbers of the format."""
    sort = each.payment_object.value
    if version is Ffd.V1_05:
        return OLD_OBJECTS.get(sort, sort)
    return MARKED_OBJECTS.get(sort, sort) if each.marking else sort


def line_tree(each: ReceiptLine, version: Ffd, result: int | None = None, answers: Sequence[str] = ()) -> Tree:
    """Tag 1059."""
    is_new = version is Ffd.V1_2
    tree: Tree = [
        (1030, each.name),
        (1079, each.price.kopecks),
        (1023, each.quantity.value),
        (1043, each.line_sum.kopecks),
        (1199, each.vat.value),
        (1214, each.payment_method.value),
        (1212, object_of(each, version)),
    ]
    if each.vat is not VatRate.VAT_0:
        tree.append((1200, vat_of(each.line_sum.kopecks, each.vat)))
    if is_new:
        tree.append((2108, each.measure))
    elif each.measure:
        tree.append((1197, ffd.encode_text(MEASURES[each.measure]).decode("cp866")))
    if each.marking and is_new:
        product = parse_marking(each.marking).product_code
        tree += [(1163, [(product.tag, product.value)]), (2106, result), (2102, 0)]
        tree += [(1260, [(1262, "030"), (1263, "21.11.2023"), (1264, "1944"), (1265, value)]) for value in answers]
    elif each.marking:
        tree.append((1162, parse_marking(each.marking).nomenclature_code))
    return tree


FLAT = {1: 1102, 2: 1103, 5: 1104, 6: 1105, 3: 1106, 4: 1107}


def vat_tree(lines: Sequence[ReceiptLine]) -> Tree:
    """Tags 1102…1107 and 1115, line by line, then added; 1104 = 0 where VAT stands in 1115 only."""
    sums: dict[int, int] = {}
    for each in lines:
        sums[each.vat.value] = sums.get(each.vat.value, 0) + vat_of(each.line_sum.kopecks, each.vat)
    flat: Tree = [(FLAT[rate], kopecks) for rate, kopecks in sums.items() if rate in FLAT]
    new: Tree = [(1119, [(1199, rate), (1120, kopecks)]) for rate, kopecks in sorted(sums.items()) if rate not in FLAT]
    return (flat or [(1104, 0)]) + ([(1115, new)] if new else [])


def tree_of(made: Receipt, version: Ffd, *, lines: Sequence[Tree] = ()) -> Tree:
    """All tags that the host has a say in, and 1117 and 1209."""
    is_new = version is Ffd.V1_2
    cash = made.tender(CASH).kopecks - made.change.kopecks
    tree: Tree = [(1054, made.kind.value), (1020, made.total.kopecks), (1031, cash)]
    tree += [(kind.value, made.tender(kind).kopecks) for kind in (CARD, PREPAID, CREDIT, OTHER)]
    tree += [(1055, made.tax_system.value), (1021, made.cashier), (1209, 4 if is_new else 2)]
    tree += [(1084, [(1085, "posapp"), (1086, Stamp("1", "10-17", made.key).text())])]
    texts = {1008: made.buyer_contact, 1203: made.cashier_inn, 1187: made.place, 1009: made.address}
    tree += [(tag, text) for tag, text in texts.items() if text]
    tree += [(1117, SENDER)] if made.buyer_contact else []
    if made.buyer_inn:
        who = [(1227, made.buyer_name), (1228, made.buyer_inn)]
        tree += [(1256, who)] if is_new else who
    if made.cashless:
        inside = [
            [(1082, each.amount.kopecks), (1236, each.sign), (1237, each.identifiers)]
            + ([(1238, each.info)] if each.info else [])
            for each in made.cashless
        ]
        tree.append((1234, [(1235, each) for each in inside]))
    tree += [(1125, 1)] if made.is_internet else []
    tree += [(1192, made.basis.document_sign)] if made.basis is not None else []
    tree += [(1059, each) for each in (lines or [line_tree(each, version) for each in made.lines])]
    return tree + vat_tree(made.lines)


REGISTERS_OWN = frozenset((1041, 1037, 1018, 1040, 1012, 1077, 1013, 1038, 1042, 1048, 1060))


def plain(entries: Sequence[ffd.Entry]) -> Tree:
    return [(each.tag, plain(each.items) if each.items is not None else each.value) for each in entries]


def sorted_tree(tree: Tree) -> Tree:
    """Without the order: that is the register's business. What repeats stays in its order."""
    return sorted(
        ((tag, sorted_tree(value) if isinstance(value, list) else value) for tag, value in tree),
        key=lambda each: each[0],
    )


def read_back(
    bench: Bench, made: Receipt, verdicts: dict[int, int] | None = None, details: Details | None = None
) -> Tree:
    """Prints it and reads its document; what the register says of itself is left out.

    On the way: the paper that the journal shows is that of the document, line by line.
    """
    printer = bench.printer
    mark = printer.print_receipt(made, printer.last_document_number(), details=details or {})
    document = ffd.read_document(printer.document_tlv(mark.document_number))
    assert document.form == (3 if made.correction is None else 31)
    given = Beside(bench.profile.registration, made.tender(CASH).kopecks, made.change.kopecks, is_training=False)
    assert form_of(document, given) == receipt_form_of(made, mark, bench.profile, verdicts)
    own = REGISTERS_OWN | {tag for tag, text in ((1009, made.address), (1187, made.place)) if not text}
    found = [each for each in plain(document.entries) if each[0] not in own]
    assert {tag for tag, _ in plain(document.entries)} >= own - {1013}
    return sorted_tree(found)


# ------------------------------------------------------------------------------------------- the matrix


@pytest.mark.parametrize("kind", list(ReceiptKind), ids=lambda kind: kind.name)
def test_every_way_is_written_exactly_as_it_was_asked_for(bench: Bench, kind: ReceiptKind) -> None:
    seen: set[tuple[int, int]] = set()
    for made in asked(kind):
        assert read_back(bench, made) == sorted_tree(tree_of(made, bench.version)), made
        seen |= {(each.payment_method.value, each.vat.value) for each in made.lines}
    assert {method for method, _ in seen} == ({4} if kind in (BUY, BUY_REFUND) else set(range(1, 8)))
    assert {rate for _, rate in seen} >= ({1, 2, 5, 6, 7, 8, 11} if kind in (BUY, BUY_REFUND) else set(range(1, 13)))


def test_cash_is_written_without_its_change(bench: Bench) -> None:
    made = samples.receipt([line(24_500, "2")], {CASH: 100_000, CARD: 9_000})
    assert made.change == Money(60_000)
    assert read_back(bench, made) == sorted_tree(tree_of(made, bench.version))


def test_every_object_is_written_in_the_numbers_of_the_format(bench: Bench) -> None:
    for sort in THING:
        if sort in (THING.EXCISE_MARKED, THING.COMMODITY_MARKED):
            continue  # with a code only, below
        made = samples.receipt([line(10_000, sort=sort), line(5_000)], {CASH: 15_000})
        assert read_back(bench, made) == sorted_tree(tree_of(made, bench.version)), sort


def test_every_measure_and_quantity(bench: Bench) -> None:
    amounts = cycle(("0.001", "1", "0.386", "12.5", "999", "1.000001", "0.333333"))
    for measure in MEASURES:
        each = replace(line(99_900, next(amounts)), measure=measure)
        made = samples.receipt([each], {CARD: each.line_sum.kopecks})
        assert read_back(bench, made) == sorted_tree(tree_of(made, bench.version)), measure


@pytest.mark.parametrize("method", [M.FULL_PAYMENT, M.PARTIAL_PAYMENT, M.CREDIT], ids=lambda each: each.name)
def test_marked_lines_of_every_handover(bench: Bench, method: PaymentMethod) -> None:
    answer = IndustryDetail("UUID=25cd22e1-af86-4a28-a0c2-8696e5ea1b8e&Time=1723182931610")
    given = {M.FULL_PAYMENT: {CARD: 25_100}, M.PARTIAL_PAYMENT: {CARD: 100, CREDIT: 25_000}, M.CREDIT: {CREDIT: 25_100}}
    for kind, planned in ((SELL, 1), (REFUND, 3)):
        for sort in (THING.COMMODITY, THING.EXCISE, THING.COMMODITY_MARKED, THING.EXCISE_MARKED):
            lines = [replace(line(25_000, method=method, sort=sort), marking=MILK), line(100, method=method)]
            made = samples.receipt(lines, given[method], kind)
            details: Details = {}
            verdicts: dict[int, int] = {}
            if bench.version is Ffd.V1_2:
                assert bench.printer.check_marking(parse_marking(MILK), planned).result == 15
                details, verdicts = {0: (answer,)}, {0: 15}
            marked = line_tree(lines[0], bench.version, 15, [answer.value])
            tree = tree_of(made, bench.version, lines=[marked, line_tree(lines[1], bench.version)])
            tree += [(2107, 0)] if bench.version is Ffd.V1_2 else []
            assert read_back(bench, made, verdicts, details) == sorted_tree(tree), (kind, sort)


CODES = {
    1305: (codes.SHOES, codes.SHOES_88, codes.MILK, codes.BEER, codes.KEG, codes.WATER, codes.CARTON),
    1306: (codes.PACK,),
    1307: (codes.FUR,),
    1308: (codes.EGAIS_2,),
    1309: (codes.EGAIS_3,),
    1301: (codes.EAN_8,),
    1302: (codes.EAN_13,),
    1303: (codes.ITF_14,),
}
"""Codes by the tag that their family has in 1163."""


def test_codes_of_every_family_stand_under_the_tag_of_their_family(bench: Bench) -> None:
    for tag, code in ((tag, code) for tag, of_tag in CODES.items() for code in of_tag):
        read = parse_marking(code)
        assert read.product_code.tag == tag
        marked = replace(line(15_000), marking=code)
        made = samples.receipt([marked], {CARD: 15_000})
        if bench.version is not Ffd.V1_2:
            assert read_back(bench, made) == sorted_tree(tree_of(made, bench.version)), code
            continue
        result = bench.printer.check_marking(read, 1).result
        unchecked, negative = result & 5 != 5, (result & 1 and not result & 2) or (result & 4 and not result & 8)
        tree = tree_of(made, bench.version, lines=[line_tree(marked, bench.version, result)])
        tree.append((2107, int(unchecked) | int(bool(negative)) << 1))
        assert read_back(bench, made, {0: result}) == sorted_tree(tree), code


# ------------------------------------------------------------------------------------------- corrections

BASES = (
    CorrectionBasis(CorrectionType.SELF, date(2026, 11, 3)),
    CorrectionBasis(CorrectionType.SELF, date(2026, 11, 3), number="акт 7", text="чек не пробит"),
    CorrectionBasis(CorrectionType.ORDER, date(2025, 12, 31), number="12-34/5"),
)


def basis_tree(told: CorrectionBasis, version: Ffd) -> Tree:
    day = (1178, datetime(told.day.year, told.day.month, told.day.day))
    if version is Ffd.V1_2:
        inside = [day, *([(1179, told.number)] if told.number else [])]
    else:
        inside = [*([(1177, told.text)] if told.text else []), day, (1179, told.number or "б/н")]
    return [(1173, told.type.value), (1174, inside)]


def corrected(told: CorrectionBasis, kind: ReceiptKind) -> Iterator[Receipt]:
    """A third of the ways for each basis, so that all come; with and without the sign of the wrong document."""
    around = cycle([*BUYERS, *PLACES, *CASHIERS])
    for number, (lines, paid) in enumerate(settled()):
        if (number + number // 3) % len(BASES) != BASES.index(told):  # mixes come in threes: each rate gets others
            continue
        if kind in (BUY, BUY_REFUND) and (lines[0].payment_method is not M.FULL_PAYMENT or set(paid) - {CASH, CARD}):
            continue
        more: dict[str, Any] = dict(next(around))
        if number % 2:
            more["basis"] = OriginalReceipt(str(2_718_281_828 + number))
        yield samples.receipt(lines, paid, kind, correction=told, **more)


@pytest.mark.parametrize("kind", list(ReceiptKind), ids=lambda kind: kind.name)
@pytest.mark.parametrize("told", BASES, ids=["self", "self with a number", "order"])
def test_every_correction_is_written_as_it_was_asked_for_or_refused_by_name(
    bench: Bench, told: CorrectionBasis, kind: ReceiptKind
) -> None:
    made_ones = 0
    for made in corrected(told, kind):
        is_known = kind in (SELL, BUY) and all(each.vat.value in FLAT for each in made.lines)
        if bench.version is Ffd.V1_05 and not is_known:
            before = bench.printer.last_document_number()
            with pytest.raises(Refused, match=r"ФФД 1\.05"):
                bench.printer.print_receipt(made, before)
            assert (bench.printer.last_document_number(), bench.printer.open_document()) == (before, None)
            continue
        tree = tree_of(made, bench.version) + basis_tree(told, bench.version)
        if bench.version is Ffd.V1_05:
            tree = [each for each in tree if each[0] != 1059 and each != (1104, 0)]
        assert read_back(bench, made) == sorted_tree(tree), made
        made_ones += 1
    assert made_ones or (bench.version is Ffd.V1_05 and kind is not SELL)


def test_the_matrix_is_no_small_one() -> None:
    ways = list(settled())
    assert len(ways) > 250
    assert {frozenset(paid) for _, paid in ways} >= {frozenset(mix) for mix in mixes((CASH, CARD, PREPAID, OTHER))}
    assert sum(each.line_sum.kopecks != each.price.kopecks * Decimal("1.5") for lines, _ in ways for each in lines), (
        "rounded"
    )
