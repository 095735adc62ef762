"""A receipt as commands: what is sent, in which order, what is cut and what is refused before anything begins."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, datetime

import pytest

from posapp.devices.base import Ffd
from posapp.devices.shtrih import commands as c
from posapp.devices.shtrih.plan import Lacking, Plan, depends_on_format, plan
from posapp.devices.shtrih.receipt_tags import TLV_MAX, receipt_tlvs
from posapp.devices.simulator.printer import Printer, Traits
from posapp.domain import ffd
from posapp.domain.fiscal import DocumentType, ReceiptKind
from posapp.domain.money import Money
from posapp.domain.permission import IndustryDetail
from posapp.domain.receipt import CashlessDetail, CorrectionBasis, OriginalReceipt, PaymentMethod, Receipt
from posapp.domain.terms import CorrectionType
from posapp.domain.vat import VatRate
from posapp.errors import OutcomeUnknown, Refused
from posapp.simulation.clock import BORN
from tests.conformance.samples import CARD, CASH, correction, line, lines_of, marked, plain, receipt
from tests.till.rig import Register, driver_of

MILK = "010460710382070021" + "55kTHg" + "\x1d" + "93dGVz"


def opcodes(made: Plan) -> list[str]:
    commands = [made.opening, *(step.command for step in made.steps), made.closing]
    return [f"{each.CODE:X}" for each in commands]


def sent(made: Plan) -> dict[int, ffd.Entry]:
    """The document's own tags."""
    blobs = [step.command.tlv for step in made.steps if isinstance(step.command, c.SendDocumentTlv)]
    return {entry.tag: entry for entry in ffd.decode(b"".join(blobs))}


def a_register(version: Ffd = Ffd.V1_05, **traits: object) -> Register:
    register = Register()
    if version is not Ffd.V1_05:
        register.be(Printer(register.printer.identity, BORN, ffd=version))
    register.printer.traits = Traits(**traits)  # type: ignore[arg-type]
    return register


@pytest.mark.parametrize("version", list(Ffd))
def test_a_plain_sale_is_the_same_in_every_format(version: Ffd) -> None:
    made = receipt([line(24_500, "2"), line(100)], {CASH: 50_000}, buyer_contact="a@example.com")
    assert not depends_on_format(made, {})
    assert plan(made, 30, version=version) == plan(made, 30)
    assert opcodes(plan(made, 30)) == ["8D", "FF0C", "FF46", "FF46", "FF45"]


def test_the_driver_asks_for_the_format_only_where_it_matters_and_once() -> None:
    register = a_register()
    printer = driver_of(register)
    printer.open_shift("Кассир")
    table = c.ReadTable.CODE
    register.written.clear()
    printer.print_receipt(receipt([line(100)], {CASH: 100}), 2)
    assert register.count(table) == 0
    for after in (3, 4):
        printer.print_receipt(receipt([line(100)], {CASH: 100}, buyer_inn="7801234564", buyer_name="ООО"), after)
    assert register.count(table) == 1


def test_a_marked_line_of_each_format() -> None:
    made = receipt([marked(MILK), line(100)], {CASH: 25_100})
    assert opcodes(plan(made, 30, version=Ffd.V1_2)) == ["8D", "FF0C", "FF46", "FF67", "FF4D", "FF46", "FF45"]
    assert opcodes(plan(made, 30)) == ["8D", "FF0C", "FF46", "FF4D", "FF46", "FF45"]
    (bound,) = [
        step.command for step in plan(made, 30, version=Ffd.V1_2).steps if isinstance(step.command, c.BindMarking)
    ]
    assert bound.code == MILK.encode(), "GS is kept"


@pytest.mark.parametrize(
    "version, codes", [(Ffd.V1_05, ["FF35", "FF0C", "FF4A"]), (Ffd.V1_1, ["8D", "FF0C", "FF46", "FF45"])]
)
def test_a_correction_of_each_format(version: Ffd, codes: list[str]) -> None:
    made = plan(correction(rates=[VatRate.NONE]), 30, version=version)
    assert opcodes(made) == codes
    assert made.has_lines is (version is not Ffd.V1_05)
    if isinstance(made.opening, c.OpenReceipt):
        assert made.opening.kind == 0x80


def test_the_sums_of_a_correction_of_ffd_1_05() -> None:
    basis = CorrectionBasis(CorrectionType.ORDER, date(2026, 11, 3), number="7")
    rates = [VatRate.VAT_20, VatRate.VAT_10, VatRate.VAT_0, VatRate.NONE]
    closing = plan(correction(basis, ReceiptKind.BUY, rates), 30).closing
    assert isinstance(closing, c.MakeCorrection)
    assert (closing.correction_type, closing.kind, closing.total_kopecks) == (1, 3, 40_000)
    assert closing.payments_kopecks == (1_000, 39_000, 0, 0, 0)
    assert closing.taxes_kopecks == (1_667, 909, 10_000, 10_000, 0, 0)


def test_texts_longer_than_their_tag_are_cut_by_bytes() -> None:
    """CP866 writes "…" and "₽" as three and four characters: cut before, they would not fit."""
    long = replace(receipt([line(100)], {CASH: 100}), cashier="…" * 64, place="₽" * 256, address="А" * 256)
    entries = {entry.tag: entry.value for blob in receipt_tlvs(long) for entry in ffd.decode(blob)}
    assert entries[1021] == ("." * 64)
    assert [len(str(entries[tag])) for tag in (1187, 1009)] == [245, 245]
    assert all(len(blob) <= TLV_MAX for blob in receipt_tlvs(long))


@pytest.mark.parametrize("contact", [f"{'a' * 60}@b.ru", "покупатель@пример.укр–", "імя@b.ru"])
def test_a_contact_that_would_not_arrive_is_refused_by_name_with_nothing_sent(contact: str) -> None:
    register = a_register()
    printer = driver_of(register)
    printer.open_shift("Кассир")
    with pytest.raises(Refused, match="1008"):
        printer.print_receipt(receipt([line(100)], {CASH: 100}, buyer_contact=contact), 2)
    assert register.count(c.OpenReceipt.CODE) == 0
    fits = receipt([line(100)], {CASH: 100}, buyer_contact=f"{'a' * 59}@b.ru")
    number = printer.print_receipt(fits, 2).document_number
    assert plain(ffd.read_document(printer.document_tlv(number)).entries, 1008) == fits.buyer_contact


@pytest.mark.parametrize("name, code", [("ШТРИХ-М-02Ф", 0xCB), ("ШТРИХ-НАНО-Ф", 0x90)])
def test_models_name_the_rates_of_2026_by_their_own_bytes(name: str, code: int) -> None:
    register = a_register(model=name)
    printer = driver_of(register)
    printer.open_shift("Кассир")
    rates = [rate for rate in VatRate if not rate.is_calculated]
    made = receipt([line(10_000, vat=rate) for rate in rates], {CASH: 10_000 * len(rates)})
    entries = ffd.read_document(printer.document_tlv(printer.print_receipt(made, 2).document_number)).entries
    assert [plain(each, 1199) for each in lines_of(entries)] == [rate.value for rate in rates]
    ahead = receipt([line(10_000, vat=VatRate.VAT_22_122, method=PaymentMethod.FULL_PREPAYMENT)], {CASH: 10_000})
    entries = ffd.read_document(printer.document_tlv(printer.print_receipt(ahead, 3).document_number)).entries
    assert plain(entries, 1059, 1199) == 12
    assert register.count(c.DeviceType.CODE) == 1, "asked once"
    (only,) = [
        step.command for step in plan(receipt([line(1, vat=VatRate.VAT_22)], {CASH: 1}), 30, model=name).steps[1:]
    ]
    assert isinstance(only, c.Operation)
    assert only.rate_byte == code


def test_the_model_is_asked_for_only_where_its_bytes_differ() -> None:
    register = a_register()
    printer = driver_of(register)
    printer.open_shift("Кассир")
    printer.print_receipt(receipt([line(100, vat=VatRate.VAT_10), line(100, vat=VatRate.NONE)], {CASH: 200}), 2)
    assert register.count(c.DeviceType.CODE) == 0


@pytest.mark.parametrize("refused, named", [({1125}, "теги 1125$"), ({1203}, "теги 1084, 1021, 1203, 1187")])
def test_a_register_that_refuses_a_tag_is_told_with_its_number(refused: set[int], named: str) -> None:
    register = a_register(refused_tags=frozenset(refused))
    printer = driver_of(register)
    printer.open_shift("Кассир")
    made = receipt([line(100)], {CARD: 100}, is_internet=True, cashier_inn="780123456724", place="https://shop.example")
    with pytest.raises(Refused) as told:
        printer.print_receipt(made, 2)
    assert told.value.code == "key_refused"
    assert re.search(named, str(told.value.facts["error"]))
    assert printer.open_document() is None


@pytest.mark.parametrize("version", [Ffd.V1_05, Ffd.V1_2])
def test_a_long_name_of_a_company_leaves_room_for_its_inn(version: Ffd) -> None:
    made = receipt([line(100)], {CASH: 100}, buyer_name="О" * 256, buyer_inn="7801234564")
    entries = list(sent(plan(made, 30, version=version)).values())
    where = (1256,) if version is Ffd.V1_2 else ()
    assert plain(entries, *where, 1228) == "7801234564"
    assert set(plain(entries, *where, 1227)) == {"О"}


def test_details_of_payments_that_do_not_fit_lose_their_remarks_then_go_as_a_whole() -> None:
    def told(count: int, identifiers: str, info: str) -> ffd.Entry | None:
        details = tuple(CashlessDetail(Money(100), 1, identifiers, info) for _ in range(count))
        return sent(plan(receipt([line(100 * count)], {CARD: 100 * count}, cashless=details), 30)).get(1234)

    whole, shorter = told(1, "RRN 1", "карта"), told(2, "R" * 60, "x" * 100)
    assert whole is not None
    assert plain((whole,), 1234, 1235, 1238) == "карта"
    assert shorter is not None
    assert plain((shorter,), 1234, 1235, 1237) == "R" * 60
    assert plain((shorter,), 1234, 1235, 1238) is None
    assert told(2, "R" * 200, "") is None


def test_a_register_that_does_not_know_the_details_of_payments_prints_without_them() -> None:
    register = a_register(refused_tags=frozenset({1234}))
    printer = driver_of(register)
    printer.open_shift("Кассир")
    made = receipt([line(100)], {CARD: 100}, cashless=(CashlessDetail(Money(100), 1, "RRN 1"),))
    number = printer.print_receipt(made, 2).document_number
    entries = ffd.read_document(printer.document_tlv(number)).entries
    assert (plain(entries, 1234), plain(entries, 1081)) == (None, 100)
    assert printer.read_document(number).stamp == f"1·10-17·{made.key}"


def test_whoever_names_another_receipt_keeps_1192_free_of_our_key() -> None:
    register = a_register()
    printer = type(driver_of(register))(lambda: register.open_port("till"), "cable", key_tags={1: "1192", 2: ""})
    printer.open_shift("Кассир")
    bare = receipt([line(100)], {CASH: 100})
    named = receipt([line(100)], {CASH: 100}, basis=OriginalReceipt("42"))
    assert [printer.key_tag_of(each) for each in (bare, named, correction())] == ["1192", "", "1084"]
    for after, made, said in ((2, bare, bare.key), (3, named, "42")):
        printer.print_receipt(made, after)
        assert plain(ffd.read_document(printer.document_tlv(after + 1)).entries, 1192) == said


def test_a_register_that_takes_no_key_in_corrections() -> None:
    """Set-up finds it out; the correction then carries none, and whatever is unclear about it goes to a person."""
    register = a_register(refused_correction_tags=frozenset({1084}))
    printer = driver_of(register)
    printer.open_shift("Кассир")
    profile = printer.probe()
    assert (profile.key_tags[ReceiptKind.SELL], profile.correction_key_tag) == ("1084", "")
    with pytest.raises(Refused, match="реквизиты"):
        printer.print_receipt(correction(), 2)
    told = type(printer)(
        lambda: register.open_port("till"),
        "cable",
        key_tags={int(kind): tag for kind, tag in profile.key_tags.items()},
        correction_key_tag="",
    )
    printer.close()
    assert told.key_tag_of(correction()) == ""
    assert told.read_document(told.print_receipt(correction(), 2).document_number).stamp is None


@pytest.mark.parametrize("version", [Ffd.V1_05, Ffd.V1_2])
def test_where_no_shift_is_open_nothing_is_proven_of_corrections(version: Ffd) -> None:
    profile = driver_of(a_register(version)).probe()
    assert (profile.correction_key_tag, profile.ffd) == (None, version.text)


def test_what_the_model_lacks_is_said_before_anything_begins() -> None:
    register = a_register(Ffd.V1_2, knows_marking=False)
    printer = driver_of(register)
    printer.open_shift("Кассир")
    with pytest.raises(Refused) as told:
        printer.print_receipt(receipt([marked(MILK)], {CASH: 25_000}), 2)
    assert told.value.code == "register_lacks"
    assert register.count(0x8D) == 0


def test_an_answer_of_the_marking_system_that_fits_no_tag() -> None:
    answer = IndustryDetail("U" * 250)
    made = receipt([marked(MILK)], {CASH: 25_000})
    with pytest.raises(ValueError, match="1260"):
        plan(made, 30, version=Ffd.V1_2, details={0: (answer,)})


def test_what_ffd_1_05_cannot_correct() -> None:
    for made in (correction(rates=[VatRate.VAT_22]), correction(kind=ReceiptKind.BUY_REFUND)):
        with pytest.raises(Lacking):
            plan(made, 30)
        plan(made, 30, version=Ffd.V1_2)


def test_the_basis_of_a_correction_in_each_format() -> None:
    told = CorrectionBasis(CorrectionType.SELF, date(2026, 11, 3), text="чек не пробит")
    for version, inside in (
        (Ffd.V1_05, {1177: "чек не пробит", 1178: datetime(2026, 11, 3), 1179: "б/н"}),
        (Ffd.V1_2, {1178: datetime(2026, 11, 3)}),
    ):
        found = sent(plan(correction(told, rates=[VatRate.NONE]), 30, version=version))
        assert found[1173].value == 0
        assert {each.tag: each.value for each in found[1174].items or ()} == inside


@pytest.mark.parametrize("made", [receipt([line(100)], {CASH: 100}), correction(rates=[VatRate.NONE])])
def test_a_register_for_strict_forms_makes_them_in_place_of_receipts(made: Receipt) -> None:
    register = a_register(makes_strict_forms=True)
    printer = driver_of(register)
    printer.open_shift("Кассир")
    mark = printer.print_receipt(made, 2)
    document = printer.read_document(mark.document_number)
    forms = {DocumentType.RECEIPT: DocumentType.BSO, DocumentType.CORRECTION: DocumentType.BSO_CORRECTION}
    assert document.type == forms[made.document_type]
    assert (document.kind, document.total, document.receipt_number) == (made.kind, made.total, 1)
    assert document.stamp == f"1·10-17·{made.key}"


def test_another_form_under_our_number_is_not_our_receipt() -> None:
    register = a_register()
    printer = driver_of(register)
    printer.open_shift("Кассир")
    made = receipt([line(10_000, vat=VatRate.NONE)], {CASH: 10_000})
    register.printer.traits = Traits()
    real = register.printer.form_of
    register.printer.form_of = lambda form: 31 if form == 3 else real(form)  # type: ignore[method-assign]
    with pytest.raises(OutcomeUnknown):
        printer.print_receipt(made, 2)
