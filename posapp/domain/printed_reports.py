"""Reports as they are printed: shift opened, shift closed (Z), registration, exchange, storage closed – and X.

The X report is no fiscal document and is made from the register's counters.

The tags and their order are those of the tables "report on …" of order ЕД-7-20/662@. A report that has tags which these
tables do not name is printed with them all the same, under the names of the formats.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from posapp.domain.fiscal import DeviceIdentity, DocumentType, ReceiptKind
from posapp.domain.money import ZERO, Money
from posapp.domain.printed import RULE, FormLine, PrintedForm, centred, kopecks, pair, words
from posapp.domain.printed_document import TRAINING_REPORT, Beside, foot_lines, head_lines, is_training
from posapp.domain.printed_tags import Tags, counted, labelled
from posapp.domain.printed_words import DOCUMENTS, FORMATS, KINDS, TAX_SYSTEMS, TENDERS, WARNINGS, bits
from posapp.domain.registration import Registration
from posapp.domain.tags import TAGS, Kind, name_of
from posapp.domain.takings import Takings

X_REPORT = "X-ОТЧЕТ"
NOT_FISCAL = "НЕ ЯВЛЯЕТСЯ ФИСКАЛЬНЫМ ДОКУМЕНТОМ"

_COUNTERS = ((1194, "СЧЕТЧИКИ ИТОГОВ СМЕНЫ"), (1157, "СЧЕТЧИКИ ИТОГОВ ФН"), (1158, "СЧЕТЧИКИ НЕПЕРЕДАННЫХ ФД"))
_HOW_MANY = (1134, 1144, 1135)
"""How many documents a set of counters counts: all, corrections or not yet sent, of a kind. Registers mix them up."""
_BY_KIND = (
    (1129, "ПРИХОД"),
    (1130, "ВОЗВРАТ ПРИХОДА"),
    (1131, "РАСХОД"),
    (1132, "ВОЗВРАТ РАСХОДА"),
    (1145, "ПРИХОД"),
    (1232, "ВОЗВРАТ ПРИХОДА"),
    (1146, "РАСХОД"),
    (1233, "ВОЗВРАТ РАСХОДА"),
)
_MONEY = (
    (1136, "НАЛИЧНЫМИ"),
    (1138, "БЕЗНАЛИЧНЫМИ"),
    (1218, "ПРЕДОПЛАТА (АВАНС)"),
    (1219, "ПОСЛЕДУЮЩАЯ ОПЛАТА (КРЕДИТ)"),
    (1220, "ВСТРЕЧНЫМ ПРЕДОСТАВЛЕНИЕМ"),
    (1201, "ИТОГО"),
    (1139, "СУММА НДС 20%"),
    (1140, "СУММА НДС 10%"),
    (1141, "СУММА НДС 20/120"),
    (1142, "СУММА НДС 10/110"),
    (1143, "СУММА С НДС 0%"),
    (1183, "СУММА БЕЗ НДС"),
)
_NUMBERS = (
    (1118, "КАССОВЫХ ЧЕКОВ ЗА СМЕНУ"),
    (1111, "ФД ЗА СМЕНУ"),
    (1116, "ПЕРВЫЙ НЕПЕРЕДАННЫЙ ФД"),
    (1097, "НЕПЕРЕДАННЫХ ФД"),
    (2104, "НЕПЕРЕДАННЫХ УВЕДОМЛЕНИЙ"),
)
_REGISTERED = (
    (1017, "ИНН ОФД"),
    (1046, "ОФД"),
    (1117, "ЭЛ. АДР. ОТПРАВИТЕЛЯ"),
    (1036, "НОМЕР АВТОМАТА"),
    (1188, "ВЕРСИЯ ККТ"),
)
_ELSEWHERE = frozenset((1000, 1009, 1012, 1013, 1018, 1021, 1037, 1038, 1040, 1041, 1042, 1048, 1060, 1077, 1187))
"""Tags of the head and the foot."""
_ELECTRONIC = frozenset((1203, 1209, *range(1274, 1284)))
"""Tags that are for the electronic form only."""


def report_form(form: int, tags: Tags, beside: Beside) -> PrintedForm:
    """A report of the storage."""
    lines = head_lines(form, tags, beside)
    lines += [RULE, *labelled(tags, ((1021, "КАССИР"),))]
    lines += _registered(tags)
    lines += counted(tags, _NUMBERS)
    if first := tags.time(1098):
        lines.append(pair("ПЕРВЫЙ НЕПЕРЕДАННЫЙ ФД ОТ", f"{first:%d.%m.%Y}"))
    lines += [words(name, strong=True) for tag, name in WARNINGS.items() if tags.number(tag)]
    lines += counted(tags, ((1206, "СООБЩЕНИЕ ОПЕРАТОРА"), (1213, "РЕСУРС КЛЮЧЕЙ ФП, ДНЕЙ")))
    for tag, name in _COUNTERS:
        if tags.has(tag):
            lines += [RULE, centred(name, strong=True), *_counters(tags.inside(tag))]
    lines += [*_rest(tags, _shown()), RULE, *foot_lines(tags, beside)]
    return PrintedForm(DOCUMENTS[form], tuple(lines), "", is_training(tags, beside))


def _registered(tags: Tags) -> list[FormLine]:
    """How the register was registered."""
    lines = [words(f"СНО: {bits(systems, TAX_SYSTEMS)}")] if (systems := tags.number(1062)) else []
    lines += labelled(tags, _REGISTERED)
    for tag, name in ((1189, "ВЕРСИЯ ФФД ККТ"), (1190, "ВЕРСИЯ ФФД ФН")):
        if (version := tags.number(tag)) is not None:
            lines.append(pair(name, FORMATS.get(version, str(version))))
    return lines


def _counters(tags: Tags) -> list[FormLine]:
    """A set of counters: all documents, then by kind, then the corrections among them."""
    lines = counted(tags, tuple((tag, "ЧЕКОВ ВСЕГО") for tag in _HOW_MANY))
    for tag, name in _BY_KIND:
        if tags.has(tag):
            lines += _kind(name, tags.inside(tag))
    if tags.has(1133):
        lines += [words("ЧЕКИ КОРРЕКЦИИ", strong=True), *_counters(tags.inside(1133))]
    return lines + _rest(tags, {1133, *_HOW_MANY, *(tag for tag, _ in _BY_KIND)})


def _kind(name: str, tags: Tags) -> list[FormLine]:
    """The counters of one kind of settlement; sums that are zero are left out, the total is not."""
    count = next((tags.amount(tag) for tag in reversed(_HOW_MANY) if tags.has(tag)), 0)
    lines = [pair(name, f"ЧЕКОВ {count}", strong=True)]
    for tag, title in _MONEY:
        if tags.amount(tag) or (tag == 1201 and tags.has(tag)):
            lines.append(pair(title, kopecks(tags.amount(tag))))
    return lines + _rest(tags, {*_HOW_MANY, *(tag for tag, _ in _MONEY)})


def _rest(tags: Tags, shown: set[int]) -> list[FormLine]:
    """Numbers and texts that no table names; signs that are not set are left out."""
    lines = []
    for each in tags.entries:
        known = TAGS.get(each.tag)
        if each.tag in shown or known is None or isinstance(each.value, bytes | type(None)):
            continue
        is_money = known.kind is Kind.VLN and isinstance(each.value, int)
        value = kopecks(int(str(each.value))) if is_money else str(each.json_value())
        if value != "0":
            lines.append(pair(name_of(each.tag).upper(), value))
    return lines


def _shown() -> set[int]:
    tables: tuple[Sequence[tuple[int, str]], ...] = (_COUNTERS, _NUMBERS, _REGISTERED)
    named = {tag for table in tables for tag, _ in table}
    return named | set(WARNINGS) | {1062, 1098, 1189, 1190, 1206, 1213} | _ELSEWHERE | _ELECTRONIC


# ------------------------------------------------------------------------------------------------ X report


@dataclass(frozen=True, slots=True)
class XReport:
    """The register in the middle of a shift: what was taken, by kind and tender, and the cash in the drawer.

    `takings` and `corrections` (number and sum of documents by kind) are the counters of the storage; `at` is the wall
    clock. `opened_at` is None when it is not known here when the shift was opened.
    """

    device: DeviceIdentity
    registration: Registration
    shift_number: int
    at: datetime
    takings: Takings
    corrections: Mapping[ReceiptKind, tuple[int, Money]] = field(default_factory=dict)
    drawer: Money = ZERO
    cash_in: Money = ZERO
    cash_out: Money = ZERO
    cashier: str = ""
    opened_at: datetime | None = None


def x_form(report: XReport) -> PrintedForm:
    """The X report: closes nothing, is no document, so it has neither number nor sign nor code."""
    known, device = report.registration, report.device
    lines = [centred(TRAINING_REPORT, strong=True)] if device.is_simulated else []
    lines += [centred(known.user)] if known.user else []
    lines += [centred(f"ИНН {known.inn}")] if known.inn else []
    lines += [centred(known.address)] if known.address else []
    lines += [words(f"МЕСТО РАСЧЕТОВ: {known.place}")] if known.place else []
    lines += [centred(X_REPORT, strong=True), centred(NOT_FISCAL), RULE]
    lines += [pair(f"СМЕНА {report.shift_number}", f"{report.at:%d.%m.%Y %H:%M}")]
    lines += [pair("СМЕНА ОТКРЫТА", f"{report.opened_at:%d.%m.%Y %H:%M}")] if report.opened_at else []
    lines += [words(f"КАССИР: {report.cashier}")] if report.cashier else []
    for kind in ReceiptKind:
        lines += [RULE, *_taken(kind, report.takings)]
    corrected = [(kind, *report.corrections[kind]) for kind in ReceiptKind if kind in report.corrections]
    for kind, count, total in (each for each in corrected if each[1]):
        lines.append(RULE)
        lines.append(pair(f"КОРРЕКЦИЯ: {KINDS[kind]}", f"ЧЕКОВ {count}", strong=True))
        lines.append(pair("ИТОГО", kopecks(total.kopecks)))
    sums = (("ВНЕСЕНО", report.cash_in), ("ВЫПЛАЧЕНО", report.cash_out), ("НАЛИЧНЫХ В ЯЩИКЕ", report.drawer))
    lines += [RULE, *(pair(name, kopecks(amount.kopecks), strong=amount is report.drawer) for name, amount in sums)]
    numbers = (
        ("РН ККТ", device.registration_number), ("ЗН ККТ", device.factory_number), ("ФН", device.storage_number)
    )  # fmt: skip
    lines += [RULE, *(pair(name, number) for name, number in numbers)]
    return PrintedForm(X_REPORT, tuple(lines), "", device.is_simulated)


def _taken(kind: ReceiptKind, takings: Takings) -> list[FormLine]:
    lines = [pair(KINDS[kind], f"ЧЕКОВ {takings.count(kind)}", strong=True)]
    for tag, name in TENDERS.items():
        amount = next((takings.kopecks[cell] for cell in takings.kopecks if cell[0] is kind and cell[1] == tag), 0)
        lines += [pair(name, kopecks(amount))] if amount else []
    return [*lines, pair("ИТОГО", kopecks(takings.of_kind(kind).kopecks))]


__all__ = ["NOT_FISCAL", "X_REPORT", "DocumentType", "XReport", "report_form", "x_form"]
