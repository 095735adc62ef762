"""АТОЛ's verbs over the one register model: the same documents, the same rules, the other vendor's words."""

from datetime import timedelta
from decimal import Decimal

import pytest

from posapp.devices.base import Ffd
from posapp.devices.shtrih import commands as c
from posapp.devices.simulator import atol_errors as e
from posapp.devices.simulator.atol_acts import Acts, Denied, Line, Tenders, tag
from posapp.domain import ffd
from tests.devices.simulator.benches import BORN, Bench

KEY = "касса-1·42·0123456789ABCDEF"
TEA = Line("Чай", 10_000, 2_000_000, rate=11)


def acts_of(bench: Bench) -> Acts:
    return Acts(bench.printer, bench.now)


def sell(acts: Acts, line: Line = TEA, **tenders: int) -> None:
    acts.open_receipt(1)
    acts.add_tags([tag(1084, [(1085, "posapp"), (1086, KEY)])])
    acts.add_line(line)
    acts.close_receipt(Tenders(**tenders) if tenders else Tenders(cash=acts.subtotal))


def denied(acts: Acts, code: int) -> pytest.RaisesExc[Denied]:
    return pytest.raises(Denied, check=lambda error: error.code == code)


def test_a_receipt_is_the_models_receipt(selling: Bench) -> None:
    sell(acts_of(selling), cash=25_000)
    document = selling.last()
    entries = ffd.decode(document.body)
    assert (document.kind, document.total_kopecks, document.key) == (1, 20_000, "0123456789ABCDEF")
    line = ffd.find(entries, 1059)
    assert line is not None
    assert ffd.find(line.items or (), 1199) == ffd.Entry(1199, 11)
    assert ffd.find(line.items or (), 1023) == ffd.Entry(1023, Decimal(2))


@pytest.mark.parametrize("kind", [1, 2, 3, 4])
def test_every_kind_and_every_tender(selling: Bench, kind: int) -> None:
    acts = acts_of(selling)
    acts.open_receipt(kind)
    acts.add_line(TEA)
    document = acts.close_receipt(Tenders(cash=10_000, electronic=4_000, prepaid=3_000, credit=2_000, other=1_000))
    entries = ffd.decode(document.body)
    told = [ffd.find(entries, number) for number in (1031, 1081, 1215, 1216, 1217)]
    assert [each.value for each in told if each] == [10_000, 4_000, 3_000, 2_000, 1_000]
    assert document.kind == kind


def test_an_electronic_receipt_needs_no_paper_and_prints_nothing(selling: Bench) -> None:
    acts = acts_of(selling)
    selling.printer.set_paper("out", selling.now)
    with denied(acts, e.NO_PAPER_CODE):
        acts.open_receipt(1)
    before = list(selling.printer.tape)
    acts.open_receipt(1, is_electronic=True)
    acts.add_line(TEA)
    acts.close_receipt(Tenders(cash=20_000))
    assert selling.last().total_kopecks == 20_000
    assert list(selling.printer.tape) == before


def test_an_open_electronic_receipt_is_still_one_after_a_restart(selling: Bench) -> None:
    acts_of(selling).open_receipt(1, is_electronic=True)
    selling.printer.restore(selling.printer.as_dict())
    assert selling.printer.receipt is not None
    assert selling.printer.receipt.is_electronic


def test_an_open_cover_is_no_lack_of_paper(selling: Bench) -> None:
    selling.printer.set_paper("cover", selling.now)
    with denied(acts_of(selling), e.COVER_OPEN):
        acts_of(selling).open_receipt(1)


def test_shift_reports_carry_the_cashier(bench: Bench) -> None:
    acts = acts_of(bench)
    cashier = [tag(1021, "Иванова"), tag(1203, "500100732259")]
    for document in (acts.open_shift(cashier), acts.close_shift(cashier)):
        entries = ffd.decode(document.body)
        assert [each.value for each in entries if each.tag in (1021, 1203)] == ["Иванова", "500100732259"]


def test_a_report_that_is_refused_leaves_nothing_begun(bench: Bench) -> None:
    bench.printer.set_paper("out", bench.now)
    with denied(acts_of(bench), e.NO_PAPER_CODE):
        acts_of(bench).open_shift([tag(1021, "Иванова")])
    assert bench.printer.begun is None


@pytest.mark.parametrize(
    "do, code",
    [
        (lambda acts: acts.open_receipt(1), e.SHIFT_IS_CLOSED),
        (lambda acts: acts.close_shift(), e.SHIFT_IS_CLOSED),
        (lambda acts: acts.close_receipt(Tenders(cash=1)), e.RECEIPT_IS_CLOSED),
        (lambda acts: acts.cancel_receipt(), e.RECEIPT_IS_CLOSED),
        (lambda acts: acts.cash_out(100), e.NO_CASH),
        (lambda acts: acts.document(99), e.FN_NO_DATA),
        (lambda acts: acts.check_marking(b"x", 1), e.MARKING_OLD_FORMAT),
        (lambda acts: acts.open_receipt(1, is_correction=True), 190),
    ],
)
def test_what_cannot_be_is_said_in_atols_words(bench: Bench, do: object, code: int) -> None:
    bench.ok(c.ShortStatus(30))  # whatever time alone changes has changed
    before = bench.printer.as_dict()
    with denied(acts_of(bench), code):
        do(acts_of(bench))  # type: ignore[operator]
    assert bench.printer.as_dict() == before


@pytest.mark.parametrize(
    "tenders, code",
    [
        (Tenders(cash=19_999), e.NOT_FULLY_PAID),
        (Tenders(electronic=20_001), e.CASHLESS_TOO_MUCH),
        (Tenders(cash=20_000, electronic=10_000_000_000), e.PAYMENTS_OVERFLOW),
    ],
)
def test_wrong_payments_make_no_document(selling: Bench, tenders: Tenders, code: int) -> None:
    acts, before = acts_of(selling), selling.last()
    acts.open_receipt(1)
    acts.add_line(TEA)
    with denied(acts, code):
        acts.close_receipt(tenders)
    assert selling.last() == before
    assert acts.subtotal == 20_000, "the receipt is still open"


@pytest.mark.parametrize(
    "change, code",
    [
        ({"rate": 13}, e.INVALID_TAX_TYPE),
        ({"quantity_micro": 0}, e.INVALID_QUANTITY),
        ({"quantity_micro": -1}, e.INVALID_QUANTITY),
        ({"price_kopecks": -1}, e.INVALID_SUM),
        ({"sum_kopecks": 20_002}, e.INVALID_SUM),
        ({"payment_method": 8}, 216),
        ({"payment_object": 33}, 217),
        ({"tlv": ffd.encode(1023, Decimal(1))}, e.PROPERTY_WRITE),
    ],
)
def test_a_wrong_line_is_not_taken(selling: Bench, change: dict[str, object], code: int) -> None:
    acts = acts_of(selling)
    acts.open_receipt(1)
    acts.add_line(TEA)
    line = {"name": "Чай", "price_kopecks": 10_000, "quantity_micro": 2_000_000, "rate": 11, **change}
    with denied(acts, code):
        acts.add_line(Line(**line))  # type: ignore[arg-type]
    assert acts.subtotal == 20_000


def test_a_receipt_may_be_rounded_down_by_less_than_a_rouble(selling: Bench) -> None:
    acts = acts_of(selling)
    acts.open_receipt(1)
    acts.add_line(Line("Чай", 10_099, 1_000_000, rate=6))
    with denied(acts, e.INVALID_TOTAL):
        acts.close_receipt(Tenders(cash=10_000), total=9_999)
    assert acts.close_receipt(Tenders(cash=10_000), total=10_000).total_kopecks == 10_000


def test_a_tax_system_that_is_not_registered_is_named(selling: Bench) -> None:
    acts = acts_of(selling)
    acts.open_receipt(1)
    acts.add_line(TEA)
    with denied(acts, e.INVALID_TAX_SYSTEM):
        acts.close_receipt(Tenders(cash=20_000), tax_system=8)


def test_corrections_of_both_formats(selling: Bench, newer: Bench) -> None:
    basis = [tag(1174, [(1178, BORN.replace(hour=0)), (1179, "б/н")])]
    old = acts_of(selling).correct_by_sums(3, 0, basis, Tenders(electronic=12_000), (2_000, 0, 0, 0, 0, 0))
    assert (old.form, old.kind, old.total_kopecks) == (31, 3, 12_000)
    acts = acts_of(newer)
    acts.open_receipt(2, is_correction=True)
    acts.add_tags([tag(1173, 0), *basis])
    acts.add_line(Line("Чай", 10_000, 1_000_000, rate=11, payment_object=32))
    new = acts.close_receipt(Tenders(cash=10_000))
    assert (new.form, new.kind, new.total_kopecks) == (31, 2, 10_000)
    with denied(acts_of(newer), 190):
        acts_of(newer).correct_by_sums(1, 0, basis, Tenders(cash=1), (0,) * 6)


def test_a_marked_thing_is_checked_accepted_and_sold(newer: Bench) -> None:
    acts, code = acts_of(newer), b"010460043993125621JgXJ5.T\x1d93dGVz"
    assert acts.check_marking(code, 1).result == 0b1101 | 0b10
    with denied(acts, e.MARKING_BUSY):
        acts.check_marking(code, 1)
    assert acts.decide_marking(c.ACCEPT) == 15
    acts.open_receipt(1)
    acts.add_line(Line("Духи", 50_000, 1_000_000, 11, payment_object=33, marking=code, tlv=ffd.encode(2108, 0)))
    line = ffd.find(ffd.decode(acts.close_receipt(Tenders(cash=50_000)).body), 1059)
    assert line is not None
    assert ffd.find(line.items or (), 2106) == ffd.Entry(2106, 15)


def test_paper_that_ends_in_the_middle_is_continued_once(selling: Bench) -> None:
    acts = acts_of(selling)
    sell(acts)
    selling.printer.interrupt_print()
    assert selling.submode == 2
    with denied(acts, e.NO_PAPER_CODE):
        acts.continue_print()
    selling.printer.set_paper("ok", selling.now)
    acts.continue_print()
    acts.continue_print()
    assert acts.is_printed


def test_a_cut_between_two_steps_leaves_the_receipt_as_it_was(selling: Bench) -> None:
    def cut(name: str) -> None:
        if name == "closeReceipt":
            raise ConnectionError(name)

    acts = Acts(selling.printer, selling.now, cut)
    with pytest.raises(ConnectionError):
        sell(acts)
    assert acts_of(selling).subtotal == 20_000
    acts_of(selling).cancel_if_open()
    assert selling.printer.receipt is None
    assert selling.printer.storage.last_number == 2, "registration and shift only"


def test_it_says_how_long_it_prints(selling: Bench) -> None:
    selling.printer.print_time = timedelta(seconds=2)
    acts = acts_of(selling)
    sell(acts)
    assert acts.busy_for() == 2
    with denied(acts, e.BUSY):
        acts.open_receipt(1)
    assert Acts(selling.printer, selling.now + timedelta(seconds=3)).busy_for() == 0


def test_the_password_may_have_been_changed(selling: Bench) -> None:
    selling.ok(c.WriteTable(30, 2, 30, 1, (4711).to_bytes(4, "little")))
    sell(acts_of(selling))
    assert selling.last().total_kopecks == 20_000


def test_every_refusal_of_the_table_has_words_and_one_byte() -> None:
    for model, refusal in e.REFUSALS.items():
        assert refusal.code in e.TEXTS, f"{model:02X}h"
        assert 0 < refusal.byte <= 0xFF
    bytes_of: dict[int, set[int]] = {}
    for refusal in e.REFUSALS.values():
        bytes_of.setdefault(refusal.byte, set()).add(refusal.code)
    ambiguous = {byte for byte, codes in bytes_of.items() if len(codes) > 1 and byte != e.NO_BYTE}
    assert ambiguous == {0x66}, "a driver understands each byte in one way"


def test_the_new_format_is_known(newer: Bench) -> None:
    assert acts_of(newer).ffd is Ffd.V1_2
