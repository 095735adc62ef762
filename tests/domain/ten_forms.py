"""Eighteen documents as a shop and a courier meet them; `python -m tests.domain.ten_forms` writes them as text.

The texts beside this file are read by people: whoever changes the form reads them again.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from uuid import UUID

from posapp.domain.ffd import Document
from posapp.domain.fiscal import DeviceIdentity, FiscalMark, ReceiptKind
from posapp.domain.money import Money, Quantity
from posapp.domain.printed import PrintedForm, text_of
from posapp.domain.printed_document import Beside, entries_of, form_of
from posapp.domain.printed_receipt import receipt_form_of
from posapp.domain.printed_reports import XReport, x_form
from posapp.domain.receipt import (
    CorrectionBasis,
    OriginalReceipt,
    PaymentMethod,
    PaymentObject,
    Receipt,
    ReceiptLine,
    TaxSystem,
    Tender,
    TenderKind,
)
from posapp.domain.registration import FormProfile, Registration
from posapp.domain.settlement import Settlement
from posapp.domain.takings import Takings
from posapp.domain.terms import CorrectionType
from posapp.domain.vat import VatRate

FOLDER = Path(__file__).with_name("forms")
AT = datetime(2026, 11, 21, 14, 5)
DEVICE = DeviceIdentity("0106300123456", "0000000001054321", "9282440300314841")
REGISTRATION = Registration(
    user='ООО "Волна"',
    inn="7801234564",
    address="190000, г. Санкт-Петербург, ул. Морская, д. 1, пом. 2Н",
    place="Магазин на Морской",
    sender="chek@volna.example",
    factory_number=DEVICE.factory_number,
)
OLD = FormProfile(REGISTRATION, 48, "1.05", "L", {1: "1084", 2: "1084"})
NEW = FormProfile(REGISTRATION, 42, "1.2", "L", {1: "1084", 2: "1084"})
NARROW = FormProfile(REGISTRATION, 32, "1.05", "L", {1: "1084", 2: "1084"})
CODE = "0104603934000793215Qbag!\x1d93Zjqw"
SHOES = "0104606203084623215pc.oW/;X'lQq\x1d91FFD0\x1d92" + "A" * 44
M, THING, T, V = PaymentMethod, PaymentObject, TenderKind, VatRate


def mark(number: int) -> FiscalMark:
    """The mark of a receipt."""
    return FiscalMark(
        number, "182531010", 84, 214, DEVICE.storage_number, DEVICE.registration_number, AT
    )  # fmt: skip


def line(
    name: str, price: int, vat: VatRate, quantity: str = "1", method: PaymentMethod = M.FULL_PAYMENT,
    thing: PaymentObject = THING.COMMODITY, measure: int = 0, marking: str = "",
) -> ReceiptLine:  # fmt: skip
    """A line; its sum is computed."""
    each, many = Money(price), Quantity(Decimal(quantity))
    return ReceiptLine(name, each, many, each.times(many), vat, method, thing, measure, marking)


def receipt(*lines: ReceiptLine, kind: ReceiptKind = ReceiptKind.SELL, **more: object) -> Receipt:
    """A receipt of order 10457."""
    fields: dict[str, object] = {
        "identity": UUID(int=10457),
        "settlement": Settlement("volna.example", 10457, "1", kind),
        "order_number": "10457",
        "lines": lines,
        "tax_system": TaxSystem.OSN,
        "till": "1",
        "cashier": "Кассир Иванова А. П.",
        "created_at": AT,
        "buyer_contact": "",
    }
    return Receipt(**{**fields, **more})  # type: ignore[arg-type]


def paid(**amounts: int) -> tuple[Tender, ...]:
    """Tenders by the name of their kind, in kopecks."""
    return tuple(Tender(T[name.upper()], Money(amount)) for name, amount in amounts.items())


KETTLE = line("Чайник электрический «Волна» 1,7 л, нержавеющая сталь, с подсветкой и фильтром", 199_000, V.VAT_22)
FILTER = line("Фильтр для воды, сменный", 24_500, V.VAT_22, "2")
MILK = line("Молоко 3,2 %", 8_990, V.VAT_10, "3")
BOOK = line("Книга «О чае»", 55_000, V.NONE)
DELIVERY = line("Доставка", 30_000, V.VAT_22, thing=THING.SERVICE)


def cash_with_change() -> PrintedForm:
    made = receipt(KETTLE, FILTER, DELIVERY, tenders=paid(cash=300_000), buyer_contact="+79001234517")
    return receipt_form_of(made, mark(4518), OLD)


def mixed_on_narrow_paper() -> PrintedForm:
    made = receipt(KETTLE, MILK, BOOK, tenders=paid(cash=100_000, cashless=180_970), buyer_contact="buyer@example.com")
    return receipt_form_of(made, mark(4519), NARROW)


def prepayment() -> PrintedForm:
    lines = [
        line(each.name, each.price.kopecks, V.VAT_22_122, str(each.quantity), M.FULL_PREPAYMENT) for each in (FILTER,)
    ]
    made = receipt(
        *lines, tenders=paid(cashless=49_000), is_internet=True, place="https://volna.example",
        buyer_contact="buyer@example.com",
    )  # fmt: skip
    return receipt_form_of(made, mark(4520), OLD)


def advance() -> PrintedForm:
    made = receipt(
        line("Аванс", 100_000, V.VAT_22_122, method=M.ADVANCE, thing=THING.PAYMENT), tenders=paid(cash=100_000)
    )
    return receipt_form_of(made, mark(4521), OLD)


def handover_of_what_was_prepaid() -> PrintedForm:
    return receipt_form_of(receipt(KETTLE, FILTER, tenders=paid(prepaid=100_000, cashless=148_000)), mark(4522), OLD)


def goods_on_credit() -> PrintedForm:
    made = receipt(
        line("Чайник", 199_000, V.VAT_5, method=M.CREDIT),
        tenders=paid(credit=199_000),
        tax_system=TaxSystem.USN_INCOME,
    )
    return receipt_form_of(made, mark(4523), OLD)


def debt_paid() -> PrintedForm:
    made = receipt(
        line("Оплата по заказу 10457", 199_000, V.NONE, method=M.CREDIT_PAYMENT, thing=THING.PAYMENT),
        tenders=paid(cash=99_000, other=100_000),
        tax_system=TaxSystem.USN_INCOME,
    )
    return receipt_form_of(made, mark(4524), OLD)


def refund() -> PrintedForm:
    original = OriginalReceipt("1849301274", "", DEVICE.storage_number, 4518, date(2026, 11, 20))
    made = receipt(FILTER, kind=ReceiptKind.SELL_REFUND, tenders=paid(cash=49_000), basis=original)
    return receipt_form_of(made, mark(4525), OLD)


def marked_goods_for_a_company() -> PrintedForm:
    made = receipt(
        line("Вода питьевая 0,5 л", 4_999, V.VAT_22, marking=CODE),
        line("Яблоки", 15_999, V.VAT_10, "1.215", measure=11),
        tenders=paid(cashless=24_438),
        buyer_name='ООО "Ромашка"',
        buyer_inn="7707083893",
    )
    return receipt_form_of(made, mark(4526), NEW, {0: 15})


def correction_of_1_05() -> PrintedForm:
    why = CorrectionBasis(CorrectionType.SELF, date(2026, 11, 12), "", "Расчет без применения ККТ, акт № 3")
    made = receipt(line("Чай", 50_000, V.VAT_10), tenders=paid(cash=50_000), correction=why)
    return receipt_form_of(made, mark(4527), OLD)


def correction_of_1_2() -> PrintedForm:
    why = CorrectionBasis(CorrectionType.ORDER, date(2026, 11, 12), "12-34/567")
    made = receipt(
        FILTER, kind=ReceiptKind.SELL_REFUND, tenders=paid(cashless=49_000), correction=why,
        basis=OriginalReceipt("1849301274"),
    )  # fmt: skip
    return receipt_form_of(made, mark(4528), NEW)


REPORT: tuple[tuple[int, object], ...] = (
    (1041, DEVICE.storage_number), (1037, DEVICE.registration_number), (1018, "7801234564"), (1040, 4529), (1012, AT),
    (1077, 382531010), (1038, 214), (1021, "Кассир Иванова А. П."), (1203, "500100732259"), (1209, 4),
)  # fmt: skip


def shift_opened() -> PrintedForm:
    tags = (*REPORT, (1188, "C.3"), (1189, 4), (1053, 1), (1051, 0))
    return form_of(Document(2, entries_of(tags)), Beside(REGISTRATION))


def shift_closed() -> PrintedForm:
    sales = ((1135, 3), (1136, 420_000), (1138, 128_000), (1218, 100_000), (1201, 648_000), (1139, 0), (1183, 55_000))
    refunds = ((1135, 1), (1136, 49_000), (1201, 49_000))
    corrected = ((1144, 1), (1145, ((1135, 1), (1136, 50_000), (1201, 50_000))))
    counters = ((1134, 5), (1129, sales), (1130, refunds), (1131, ((1135, 0), (1201, 0))), (1133, corrected))
    whole = ((1134, 4_118), (1129, ((1135, 4_100), (1201, 1_234_567_890))), (1130, ((1135, 18), (1201, 4_490_000))))
    tags = (
        *REPORT, (1118, 5), (1111, 7), (1097, 2), (1098, datetime(2026, 11, 21)), (2104, 1), (1213, 245),
        (1194, counters), (1157, whole), (1050, 0), (1053, 0),
    )  # fmt: skip
    return form_of(Document(5, entries_of(tags)), Beside(REGISTRATION))


def x_report() -> PrintedForm:
    sell, back = ReceiptKind.SELL, ReceiptKind.SELL_REFUND
    takings = Takings(
        {sell: 3, back: 1},
        {(sell, T.CASH): 420_000, (sell, T.CASHLESS): 128_000, (sell, T.PREPAID): 100_000, (back, T.CASH): 49_000},
    )
    return x_form(
        XReport(
            DEVICE, REGISTRATION, 214, AT, takings, {sell: (1, Money(50_000))}, Money(921_000), Money(500_000),
            cashier="Кассир Иванова А. П.", opened_at=datetime(2026, 11, 21, 8, 2),
        )
    )  # fmt: skip


def state_of_settlements() -> PrintedForm:
    sums = ((1135, 1), (1201, 278_000), (1136, 278_000), (1138, 0), (1218, 0), (1219, 0), (1220, 0))
    whole = ((1134, 4_118), (1129, ((1135, 4_100), (1201, 1_234_567_890))), (1130, ((1135, 18), (1201, 4_490_000))))
    head = tuple(each for each in REPORT if each[0] not in (1021, 1203))
    tags = (
        *head, (1002, 0), (1116, 4527), (1097, 2), (1098, datetime(2026, 11, 21)), (2104, 0), (1213, 245),
        (1157, whole), (1158, ((1144, 1), (1145, sums))),
    )  # fmt: skip
    return form_of(Document(21, entries_of(tags)), Beside(REGISTRATION))


def registration() -> PrintedForm:
    head = tuple(each for each in REPORT if each[0] not in (1038, 1040))
    tags = (
        *head, (1040, 1), (1013, DEVICE.factory_number), (1048, REGISTRATION.user), (1009, REGISTRATION.address),
        (1187, REGISTRATION.place), (1062, 1 | 32), (1017, "7801234571"), (1046, 'ООО "Оператор"'),
        (1117, REGISTRATION.sender), (1060, "www.nalog.gov.ru"), (1001, 0), (1002, 0), (1056, 0), (1290, 0),
        (1188, "C.3"), (1189, 4), (1190, 4), (1213, 1110),
    )  # fmt: skip
    return form_of(Document(1, entries_of(tags)), Beside(REGISTRATION))


def refund_of_marked_goods() -> PrintedForm:
    original = OriginalReceipt("1849301274", "", DEVICE.storage_number, 4526, date(2026, 11, 20))
    made = receipt(
        line("Вода питьевая 0,5 л", 4_999, V.VAT_22, marking=CODE),
        line("Туфли женские", 399_900, V.VAT_22, marking=SHOES),
        kind=ReceiptKind.SELL_REFUND, tenders=paid(cashless=404_899), basis=original,
    )  # fmt: skip
    return receipt_form_of(made, mark(4530), NEW, {0: 15, 1: 3})


def courier_at_the_door() -> PrintedForm:
    made = receipt(
        KETTLE, MILK, line("Глобус", 120_000, V.VAT_0), BOOK, DELIVERY,
        tenders=paid(cash=300_000, cashless=150_000), cashier="Курьер Ёлкина А. Б.", cashier_inn="500100732259",
        address="195000, г. Санкт-Петербург, Невский пр., д. 100, кв. 5", place="Доставка",
        buyer_contact="+79001234517",
    )  # fmt: skip
    return receipt_form_of(made, mark(4531), FormProfile(REGISTRATION, 36, "1.2", "L", {1: "1084"}))


FORMS: dict[str, tuple[Callable[[], PrintedForm], int]] = {
    "01-cash-with-change": (cash_with_change, 48),
    "02-mixed-on-narrow-paper": (mixed_on_narrow_paper, 32),
    "03-prepayment": (prepayment, 48),
    "04-advance": (advance, 36),
    "05-handover-of-what-was-prepaid": (handover_of_what_was_prepaid, 48),
    "06-goods-on-credit": (goods_on_credit, 48),
    "07-debt-paid": (debt_paid, 42),
    "08-refund": (refund, 48),
    "09-marked-goods-for-a-company": (marked_goods_for_a_company, 42),
    "10-correction-ffd-1-05": (correction_of_1_05, 48),
    "11-correction-ffd-1-2": (correction_of_1_2, 42),
    "12-shift-opened": (shift_opened, 48),
    "13-shift-closed": (shift_closed, 48),
    "14-x-report": (x_report, 48),
    "15-state-of-settlements": (state_of_settlements, 48),
    "16-registration": (registration, 48),
    "17-refund-of-marked-goods": (refund_of_marked_goods, 42),
    "18-courier-at-the-door": (courier_at_the_door, 36),
}
"""Name → how it is made and how wide its paper is."""


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, (make, width) in FORMS.items():
        (FOLDER / f"{name}.txt").write_text(text_of(make(), width) + "\n", encoding="utf-8")
