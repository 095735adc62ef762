"""The comparisons alone, on any day: what agrees is never told, what was changed is told whatever lies around it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from posapp.devices.base import CashTotals
from posapp.domain.fiscal import (
    DeviceIdentity,
    DocumentType,
    FiscalDocument,
    FiscalMark,
    ReceiptKind,
    Shift,
    ShiftState,
)
from posapp.domain.money import Money, Quantity
from posapp.domain.receipt import Receipt, ReceiptLine, TaxSystem, Tender, TenderKind
from posapp.domain.settlement import Settlement, Stamp, State
from posapp.domain.vat import VatRate
from posapp.journal.rows import StoredReceipt
from posapp.sync.bitrix.look import PortalOrder, PortalPayment
from posapp.sync.ofd import OfdDocument
from posapp.till import differences, ofd_differences, portal_differences, shift_differences
from posapp.till.reconcile_views import Difference
from posapp.till.witnesses import Expected, Found, JournalReading, Kept, OfdReading, PortalReading, StorageReading

DEVICE = DeviceIdentity("0000000000012345", "0000000001018244", "9999078900005488")
BEGIN = datetime(2026, 11, 21, 9, 0)
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
PORTAL = "shop.example"

OURS, FOREIGN, OTHER_TILL, ARCHIVED = "ours", "foreign", "other till", "archived"
Events = list[tuple[str, int]]
events = st.lists(
    st.tuples(st.sampled_from([OURS, FOREIGN, OTHER_TILL, ARCHIVED]), st.integers(1, 99_999)), max_size=20
)


@dataclass
class Day:
    """A day as its four witnesses tell it."""

    kept: list[Kept] = field(default_factory=list)
    found: list[Found] = field(default_factory=list)
    orders: dict[int, PortalOrder | None] = field(default_factory=dict)
    held: dict[int, OfdDocument] = field(default_factory=dict)
    counted: dict[int, int] = field(default_factory=dict)

    def storage(self) -> StorageReading:
        drawer = CashTotals(Money(0), Money(0), Money(0))
        shift = Shift(ShiftState.CLOSED, 1)
        last = self.found[-1].document.number
        return StorageReading(DEVICE, last, tuple(self.found), {}, self.counted, drawer, shift)

    def journal(self) -> JournalReading:
        return JournalReading(kept=tuple(self.kept))

    def differences(self, **options: bool) -> list[Difference]:
        journal, storage = self.journal(), self.storage()
        expected = {each.document.number: expected_of(each.document) for each in self.found}
        return [
            *differences.of_journal(journal, NOW),
            *differences.of_storage(journal, storage, **options),
            *shift_differences.of_shifts(journal, storage),
            *portal_differences.of_portal(journal.kept, PortalReading(self.orders), NOW),
            *ofd_differences.of_ofd(OfdReading(expected, self.held, storage.last), "1", NOW),
        ]


def expected_of(document: FiscalDocument) -> Expected:
    return Expected(document.number, document.kind, document.total, document.sign, document.at)


def document(
    number: int, form: int, kopecks: int | None = None, stamp: str | None = None, *, whole: bool = True
) -> FiscalDocument:
    return FiscalDocument(
        number=number,
        type=form,
        sign=str(1_000 + number),
        at=BEGIN + timedelta(minutes=number),
        kind=None if kopecks is None else ReceiptKind.SELL,
        total=None if kopecks is None else Money(kopecks),
        shift_number=1 if whole or kopecks is None else None,
        receipt_number=None,
        stamp=stamp if whole else None,
        whole=whole,
    )


def stored(number: int, kopecks: int, state: State = State.FISCALIZED) -> StoredReceipt:
    """Our receipt number `number` of the day; it is of order `number`."""
    total = Money(kopecks)
    receipt = Receipt(
        identity=UUID(int=(7 << 64) + number),
        settlement=Settlement(PORTAL, number, str(number), ReceiptKind.SELL),
        order_number=f"N-{number}",
        lines=(ReceiptLine("Кружка", total, Quantity(Decimal(1)), total, VatRate.VAT_22),),
        tenders=(Tender(TenderKind.CASH, total),),
        tax_system=TaxSystem.OSN,
        till="1",
        cashier="Кассир",
        created_at=BEGIN.replace(tzinfo=UTC),
    )
    mark = FiscalMark(
        number, str(1_000 + number), 1, 1, DEVICE.storage_number, DEVICE.registration_number,
        BEGIN + timedelta(minutes=number),
    )  # fmt: skip
    is_made = state is State.FISCALIZED
    return StoredReceipt(receipt, state, "", mark if is_made else None, NOW if is_made else None, 1)


def kept_of(one: StoredReceipt) -> Kept:
    assert one.mark is not None
    return Kept(one, one.mark)


def on_portal(one: StoredReceipt) -> PortalOrder:
    receipt, mark = one.receipt, one.mark
    assert mark is not None
    order_id = receipt.settlement.order_id
    payment = PortalPayment(
        order_id, order_id, True, True, receipt.total, receipt.key, str(mark.document_number), mark.document_sign,
        mark.storage_number, NOW,
    )  # fmt: skip
    return PortalOrder(order_id, receipt.order_number, "F", False, (payment,), ((1, True),))


def at_ofd(each: FiscalDocument) -> OfdDocument:
    return OfdDocument(each.number, each.type, each.kind, each.total, each.sign, each.at, each.stamp)


def a_day(happened: Events, *, is_closed: bool = True) -> Day:
    day = Day()
    day.found.append(Found(document(1, DocumentType.SHIFT_OPEN)))
    for number, (what, kopecks) in enumerate(happened, 2):
        if what in (OURS, ARCHIVED):
            one = stored(number, kopecks)
            key = Stamp("1", one.receipt.order_number, one.receipt.key).text()
            made = document(number, DocumentType.RECEIPT, kopecks, key, whole=what == OURS)
            day.kept.append(kept_of(one))
            day.found.append(Found(made, one, one if what == OURS else None, (kept_of(one),)))
            day.orders[number] = on_portal(one)
        else:
            stamp = None if what == FOREIGN else Stamp("2", f"X-{number}", f"{number:016d}").text()
            made = document(number, DocumentType.RECEIPT, kopecks, stamp)
            day.found.append(Found(made, cash=Money(kopecks), is_foreign=True))
    if is_closed:
        number = len(happened) + 2
        day.found.append(Found(document(number, DocumentType.SHIFT_CLOSE)))
        day.counted[number] = len(happened)
    day.held = {each.document.number: at_ofd(each.document) for each in day.found}
    return day


ours_somewhere = st.tuples(events, st.integers(1, 99_999), events).map(
    lambda day: ([*day[0], (OURS, day[1]), *day[2]], len(day[0]) + 2)
)


@given(events, st.booleans())
def test_an_honest_day_has_no_difference(happened: Events, is_closed: bool) -> None:
    assert a_day(happened, is_closed=is_closed).differences() == []


@given(ours_somewhere, st.sampled_from(["total", "sign", "kind"]))
def test_a_document_that_is_not_as_the_journal_says(day: tuple[Events, int], what: str) -> None:
    happened, number = day
    world = a_day(happened)
    at = number - 1
    changed: dict[str, dict[str, Any]] = {
        "total": {"total": Money(100_000)},
        "sign": {"sign": "7"},
        "kind": {"kind": ReceiptKind.SELL_REFUND},
    }
    found = world.found[at]
    world.found[at] = replace(found, document=replace(found.document, **changed[what]))
    told = world.differences()
    assert [each.code for each in told if each.document_number == number] == ["storage_differs", "ofd_differs"]
    assert {each.document_number for each in told} == {number}


@given(ours_somewhere)
def test_a_receipt_that_the_journal_lost(day: tuple[Events, int]) -> None:
    happened, number = day
    world = a_day(happened)
    found = world.found[number - 1]
    world.found[number - 1] = replace(found, by_number=None, by_key=None, relatives=(), is_unknown_ours=True)
    world.kept = [each for each in world.kept if each.mark.document_number != number]
    (one,) = world.differences()
    assert (one.code, one.document_number) == ("storage_unknown_ours", number)


@given(ours_somewhere, st.integers(1, 99_999), st.booleans())
def test_a_second_document_for_an_order_comes_first(day: tuple[Events, int], kopecks: int, is_ours: bool) -> None:
    happened, number = day
    world = a_day(happened, is_closed=False)
    first = world.found[number - 1]
    assert first.by_number is not None
    last = world.found[-1].document.number + 1
    stamp = Stamp("1" if is_ours else "2", first.by_number.receipt.order_number, "0" * 16).text()
    twice = document(last, DocumentType.RECEIPT, kopecks, stamp)
    world.found.append(Found(twice, relatives=first.relatives, cash=Money(kopecks), is_unknown_ours=is_ours))
    world.held[last] = at_ofd(twice)
    (one,) = world.differences()
    assert (one.code, one.order, one.document_number) == ("two_documents", f"N-{number}", last)


@given(ours_somewhere)
def test_a_receipt_whose_document_is_not_in_the_storage(day: tuple[Events, int]) -> None:
    world = a_day(day[0], is_closed=False)
    beyond = world.found[-1].document.number + 5
    lost = kept_of(stored(beyond, 500))
    journal = replace(world.journal(), kept=(*world.kept, lost))
    storage = replace(world.storage(), looked_up={beyond: None})
    told = differences.of_storage(journal, storage)
    assert [(each.code, each.document_number) for each in told] == [("storage_lacks", beyond)]
    assert differences.of_storage(journal, replace(storage, looked_up={})) == []  # not read proves nothing


@given(events, st.integers(1, 9))
def test_a_counter_that_is_not_that_of_the_documents(happened: Events, more: int) -> None:
    world = a_day(happened)
    world.counted = {number: count + more for number, count in world.counted.items()}
    assert [each.code for each in world.differences()] == ["shift_differs"]


@given(ours_somewhere, st.sampled_from(["gone", "cancelled", "mark", "payment", "unpaid", "undeducted"]))
def test_an_order_that_the_portal_shows_otherwise(day: tuple[Events, int], what: str) -> None:
    happened, number = day
    world = a_day(happened)
    order = world.orders[number]
    assert order is not None
    (payment,) = order.payments
    world.orders[number] = {
        "gone": None,
        "cancelled": replace(order, is_cancelled=True),
        "mark": replace(order, payments=(replace(payment, document="1"),)),
        "payment": replace(order, payments=()),
        "unpaid": replace(order, payments=(replace(payment, is_paid=False),)),
        "undeducted": replace(order, shipments=((1, True), (2, False))),
    }[what]
    (one,) = world.differences()
    assert one.order == f"N-{number}"
    assert one.code == {
        "gone": "portal_cancelled",
        "cancelled": "portal_cancelled",
        "mark": "portal_mark_differs",
        "payment": "portal_mark_differs",
    }.get(what, "portal_held")


@given(events, st.sets(st.integers(1, 22), min_size=1))
def test_what_the_ofd_lacks_is_told_once(happened: Events, lost: set[int]) -> None:
    world = a_day(happened)
    missing = lost & set(world.held)
    for number in missing:
        del world.held[number]
    told = world.differences()
    assert [each.code for each in told] == ["ofd_lacks"] * bool(missing)
    if missing:
        assert (told[0].document_number, told[0].facts["count"]) == (min(missing), len(missing))


@given(events, st.sampled_from(["1", "2", ""]))
def test_what_only_the_ofd_has(happened: Events, till: str) -> None:
    world = a_day(happened)
    beyond = world.found[-1].document.number + 3
    stamp = Stamp(till, "X", "0" * 16).text() if till else None
    world.held[beyond] = replace(at_ofd(document(beyond, DocumentType.RECEIPT, 100)), stamp=stamp)
    (one,) = world.differences()
    assert (one.code, one.document_number) == ("ofd_extra", beyond)


@given(events, st.booleans())
def test_receipts_of_others_are_told_only_where_none_are_expected(happened: Events, is_expected: bool) -> None:
    world = a_day(happened)
    others = [kopecks for what, kopecks in happened if what == FOREIGN]
    told = world.differences(foreign_expected=is_expected)
    assert [each.code for each in told] == ["storage_foreign"] * bool(others and not is_expected)
    if told:
        assert told[0].amount == Money(sum(others))


@given(st.sets(st.integers(1, 10_000), max_size=60))
def test_document_numbers_in_short_say_all_of_them_or_that_there_are_more(numbers: set[int]) -> None:
    text = differences.ranges(numbers)
    if text.endswith("…"):
        return
    spelled = set[int]()
    for span in filter(None, text.split(", ")):
        first, _, last = span.partition("–")
        spelled |= set(range(int(first), int(last or first) + 1))
    assert spelled == numbers
