"""Any lawful receipt, in either format: what the storage holds afterwards is what was asked for."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from functools import cache

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from posapp.devices.base import Ffd
from posapp.devices.shtrih.driver import ShtrihPrinter
from posapp.devices.simulator.identity import identity_of
from posapp.devices.simulator.printer import Printer
from posapp.domain import ffd
from posapp.domain.fiscal import DocumentType, ReceiptKind
from posapp.domain.lawful import RATES_OF, Step
from posapp.domain.money import Money, Quantity
from posapp.domain.receipt import OriginalReceipt, PaymentMethod, PaymentObject, Receipt, ReceiptLine
from posapp.domain.terms import MEASURES
from posapp.domain.vat import VatRate
from tests.conformance import samples
from tests.conformance.samples import CARD, CASH, CREDIT, OTHER, PREPAID
from tests.till.rig import BORN, OWN_NUMBER, Register, driver_of

TEXT = st.text("абвгдежзийклмнопрстуфхцчшщъыьэюяАБВ 0123456789.,()№-", min_size=1, max_size=60).filter(str.strip)
GOODS = (PaymentObject.COMMODITY, PaymentObject.SERVICE, PaymentObject.JOB, PaymentObject.ANOTHER)
AHEAD = (PaymentMethod.FULL_PREPAYMENT, PaymentMethod.PREPAYMENT)


@cache
def registers() -> dict[Ffd, tuple[Register, ShtrihPrinter]]:
    """One register of each format, its shift open and money in the drawer."""
    made = {}
    for version in (Ffd.V1_05, Ffd.V1_2):
        register = Register()
        register.be(Printer(identity_of(OWN_NUMBER), BORN, ffd=version))
        printer = driver_of(register)
        printer.open_shift("Кассир")
        printer.cash_in(Money(9_000_000_000))
        made[version] = register, printer
    return made


@st.composite
def lines(draw: st.DrawFn, step: Step, method: PaymentMethod) -> ReceiptLine:
    rate = draw(st.sampled_from(sorted(RATES_OF[step])))
    price = Money(draw(st.integers(1, 200_000)))
    is_weighed = draw(st.booleans())
    quantity = Quantity(
        Decimal(draw(st.integers(1, 20_000))) / 1000 if is_weighed else Decimal(draw(st.integers(1, 30)))
    )
    measure = draw(st.sampled_from(sorted(MEASURES)))
    name, sort = draw(TEXT), draw(st.sampled_from(GOODS))
    return ReceiptLine(name, price, quantity, price.times(quantity), rate, method, sort, measure)


@st.composite
def receipts(draw: st.DrawFn) -> Receipt:
    """Sales and returns of both steps, paid by everything that the step allows."""
    step = draw(st.sampled_from([Step.AHEAD, Step.HANDOVER]))
    method = draw(st.sampled_from(AHEAD)) if step is Step.AHEAD else PaymentMethod.FULL_PAYMENT
    chosen = draw(st.lists(lines(step, method), min_size=1, max_size=4))
    total = sum(each.line_sum.kopecks for each in chosen)
    if total == 0:
        chosen = [samples.line(100, vat=VatRate.NONE, method=method)]
        total = 100
    kinds = (CASH, CARD) if step is Step.AHEAD else (CASH, CARD, PREPAID, OTHER)
    paid: samples.Tenders = {}
    left = total
    for tender in draw(st.permutations(kinds))[:-1]:
        part = draw(st.integers(0, left))
        if part:
            paid[tender] = part
        left -= part
    last = CARD if CARD not in paid else CASH
    if left:
        paid[last] = paid.get(last, 0) + left
    kind = draw(st.sampled_from([ReceiptKind.SELL, ReceiptKind.SELL_REFUND]))
    return samples.receipt(
        chosen,
        paid,
        kind,
        cashier=draw(TEXT),
        buyer_contact=draw(st.sampled_from(["", "buyer@example.com", "+79161234567"])),
        buyer_inn=(inn := draw(st.sampled_from(["", "7801234564"]))),
        buyer_name=draw(TEXT) if inn else "",
        place=draw(st.one_of(st.just(""), TEXT)),
        address=draw(st.one_of(st.just(""), TEXT)),
        is_internet=draw(st.booleans()),
        basis=draw(st.sampled_from([None, OriginalReceipt("3141592653")])),
    )


def told(tag: int, value: object) -> object:
    """A text as CP866 has it."""
    return ffd.encode_text(value).decode("cp866") if isinstance(value, str) and tag != 1192 else value


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(asked=receipts(), version=st.sampled_from([Ffd.V1_05, Ffd.V1_2]))
def test_what_is_written_is_what_was_asked_for(asked: Receipt, version: Ffd) -> None:
    _, printer = registers()[version]
    mark = printer.print_receipt(asked, printer.last_document_number())
    entries = ffd.read_document(printer.document_tlv(mark.document_number)).entries
    expected = {tag: told(tag, value) for tag, value in samples.of_document(asked).items()}
    assert {tag: samples.plain(entries, tag) for tag in expected} == expected
    for said, line in zip(samples.lines_of(entries), asked.lines, strict=True):
        wanted = {tag: told(tag, value) for tag, value in samples.of_line(line).items()}
        assert {tag: samples.plain(said, tag) for tag in wanted} == wanted
        measure = samples.plain(said, 2108), samples.plain(said, 1197)
        old = ffd.encode_text(MEASURES[line.measure]).decode("cp866") if line.measure else None
        assert measure == ((line.measure, None) if version is Ffd.V1_2 else (None, old))
    flat, new = samples.of_vat(asked)
    assert {tag: samples.plain(entries, tag) for tag in range(1102, 1108)} == dict.fromkeys(range(1102, 1108)) | flat
    assert samples.rates_of(entries) == new
    document = printer.read_document(mark.document_number)
    assert (document.type, document.kind, document.total) == (DocumentType.RECEIPT, asked.kind, asked.total)
    assert asked.key in (document.stamp or "")


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_the_counters_add_up_to_what_was_printed(data: st.DataObject) -> None:
    for version, (_, printer) in registers().items():
        before = printer.shift_counters()
        made = [data.draw(receipts()) for _ in range(2)]
        for each in made:
            printer.print_receipt(replace(each), printer.last_document_number())
        after = printer.shift_counters()
        for kind in ReceiptKind:
            ours = [each for each in made if each.kind is kind]
            counted = after.receipts[kind]
            assert counted.count - before.receipts[kind].count == len(ours), version
            for tender in (CASH, CARD, PREPAID, CREDIT, OTHER):
                paid = sum(each.tender(tender).kopecks for each in ours)
                change = sum(each.change.kopecks for each in ours) if tender is CASH else 0
                added = counted.tenders[tender] - before.receipts[kind].tenders[tender]
                assert added.kopecks == paid - change
