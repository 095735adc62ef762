"""What the journal shows of a receipt is what its register has written: the two forms differ in no line.

Only what came over the counter, cash given and change, is not in the storage.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from posapp.devices.base import Ffd
from posapp.devices.simulator.identity import identity_of
from posapp.devices.simulator.printer import Printer
from posapp.domain import ffd
from posapp.domain.fiscal import ReceiptKind
from posapp.domain.money import Money
from posapp.domain.printed import lay_out
from posapp.domain.printed_document import Beside, form_of
from posapp.domain.printed_receipt import receipt_form_of
from posapp.domain.receipt import Receipt
from posapp.domain.registration import FormProfile
from posapp.domain.terms import CorrectionBasis, CorrectionType, OriginalReceipt
from tests.domain import ten_forms as forms
from tests.till.rig import OWN_NUMBER, Register, driver_of

M, V, THING = forms.M, forms.V, forms.THING
SELF = CorrectionBasis(CorrectionType.SELF, date(2026, 11, 12), "", "Акт 3")
AHEAD = forms.line("Фильтр", 24_500, V.VAT_22_122, "2", M.FULL_PREPAYMENT)
SAMPLES: dict[str, Receipt] = {
    "cash": forms.receipt(
        forms.KETTLE, forms.MILK, forms.BOOK, tenders=forms.paid(cash=300_000),
        buyer_name='ООО "Ромашка"', buyer_inn="7707083893", buyer_contact="buyer@example.com",
    ),
    "mixed": forms.receipt(forms.KETTLE, forms.MILK, tenders=forms.paid(cash=99_000, cashless=126_970)),
    "ahead": forms.receipt(AHEAD, tenders=forms.paid(cashless=49_000)),
    "offset": forms.receipt(forms.KETTLE, tenders=forms.paid(prepaid=100_000, cash=99_000)),
    "credit": forms.receipt(
        forms.line("Чайник", 199_000, V.VAT_20, method=M.CREDIT), tenders=forms.paid(credit=199_000)
    ),
    "weighed": forms.receipt(
        forms.line("Яблоки", 15_999, V.VAT_7, "1.215", measure=11), tenders=forms.paid(cash=20_000)
    ),
    "refund": forms.receipt(
        forms.FILTER, kind=ReceiptKind.SELL_REFUND, tenders=forms.paid(cash=49_000),
        basis=OriginalReceipt("1849301274"),
    ),
    "correction": forms.receipt(
        forms.line("Чай", 50_000, V.VAT_10), tenders=forms.paid(cash=50_000), correction=SELF
    ),
}  # fmt: skip


@pytest.mark.parametrize("version", [Ffd.V1_05, Ffd.V1_2])
@pytest.mark.parametrize("name", SAMPLES)
def test_journal_and_storage_show_the_same_paper(name: str, version: Ffd) -> None:
    made = replace(SAMPLES[name], is_training=True)
    register = Register()
    register.be(Printer(identity_of(OWN_NUMBER), register.clock.now, ffd=version))
    driver = driver_of(register)
    profile = driver.probe()
    driver.open_shift("Кассир")
    driver.cash_in(Money(1_000_000))
    register.advance(60.0)
    mark = driver.print_receipt(made, driver.last_document_number())
    known = FormProfile(profile.registration, profile.width, profile.ffd, "L", {1: "1084", 2: "1084"})
    kept = receipt_form_of(made, mark, known)
    stored = form_of(
        ffd.read_document(driver.document_tlv(mark.document_number)), Beside(profile.registration, is_training=True)
    )
    assert stored.qr == kept.qr
    assert [row.text for row in lay_out(stored.lines, profile.width)] == [
        _stored_letters(row.text)
        for row in lay_out(kept.lines, profile.width)
        if not row.text.startswith(("ПОЛУЧЕНО НАЛИЧНЫМИ", "СДАЧА"))
    ]


def _stored_letters(text: str) -> str:
    """Names go out in CP1251 and are stored in CP866, which has plain quotation marks only."""
    return text.replace("«", '"').replace("»", '"')


@pytest.mark.parametrize("version", [Ffd.V1_05, Ffd.V1_2])
def test_the_shift_report_shows_what_was_made(version: Ffd) -> None:
    register = Register()
    register.be(Printer(identity_of(OWN_NUMBER), register.clock.now, ffd=version))
    driver = driver_of(register)
    known = Beside(driver.probe().registration)
    driver.open_shift("Кассир")
    driver.cash_in(Money(1_000_000))
    for name in ("cash", "refund", "correction"):
        register.advance(60.0)
        driver.print_receipt(SAMPLES[name], driver.last_document_number())
    register.advance(60.0)
    driver.close_shift("Кассир")
    form = form_of(ffd.read_document(driver.document_tlv(driver.last_document_number())), known)
    shown = [" ".join(row.text.split()) for row in lay_out(form.lines, 48)]
    assert form.name == "ОТЧЕТ О ЗАКРЫТИИ СМЕНЫ"
    assert "КАССОВЫХ ЧЕКОВ ЗА СМЕНУ 3" in shown
    if version is Ffd.V1_2:  # FFD 1.05 has no counters in it
        for row in (
            "ПРИХОД ЧЕКОВ 1",
            "НАЛИЧНЫМИ =2809.70",
            "ВОЗВРАТ ПРИХОДА ЧЕКОВ 1",
            "ИТОГО =490.00",
            "ИТОГО =500.00",
        ):
            assert row in shown
