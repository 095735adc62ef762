"""A fiscal document as it is printed, from its tags: receipts and corrections here, reports in `printed_reports`.

What stands on paper is the list of article 4.7 of the law 54-ФЗ and the column "printed" of the tables of order
ЕД-7-20/662@: user, INN, place, kind, every item with its rate, sums by rate and by way of payment, cashier, numbers of
register, storage, document and sign, the site where it can be checked, and the QR code. Tags that are for the
electronic form only – the cashier's INN (1203), the sign of a settlement in the internet (1125), the industry's
requisites (1260, 1261), details of cashless payments (1234), the buyer's papers and birthday (1243…1246) – are never
printed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from posapp.domain.ffd import Document, Entry
from posapp.domain.fiscal import DocumentType
from posapp.domain.printed import RULE, FormLine, PrintedForm, centred, kopecks, pair, words
from posapp.domain.printed_item import AGENT_TEXTS, item_lines
from posapp.domain.printed_tags import Tags, labelled
from posapp.domain.printed_words import (
    AGENTS,
    CORRECTION_TYPES,
    DOCUMENTS,
    FLAT_RATES,
    KINDS,
    TAX_SYSTEMS,
    TENDERS,
    bits,
    vat_sum_title,
)
from posapp.domain.registration import Registration

TRAINING, TRAINING_REPORT = "УЧЕБНЫЙ ЧЕК – НЕ НАСТОЯЩИЙ", "УЧЕБНЫЙ ДОКУМЕНТ – НЕ НАСТОЯЩИЙ"
NO_NUMBER = "б/н"
"""What FFD 1.05 wants as the number of an order where a shop corrects of its own: nothing to be printed."""
SETTLEMENTS = frozenset((DocumentType.RECEIPT, DocumentType.BSO, DocumentType.CORRECTION, DocumentType.BSO_CORRECTION))


@dataclass(frozen=True, slots=True)
class Beside:
    """What a document does not say of itself.

    `registration` fills in what its register prints from its own memory. `cash_given` and `change` are kopecks over the
    counter, of which the storage knows nothing. `notice` are lines at the top, such as that no receipt was made.
    `is_training` None: a document of a debug storage is training, since it has no legal force.
    """

    registration: Registration = field(default_factory=lambda: Registration(fns_site=""))
    cash_given: int = 0
    change: int = 0
    notice: tuple[str, ...] = ()
    is_training: bool | None = None


def form_of(document: Document, beside: Beside | None = None) -> PrintedForm:
    """The printed form of any document of a fiscal storage; of one without its outer tag the tags tell what it is."""
    from posapp.domain.printed_reports import report_form

    tags = Tags(document.entries)
    form = document.form if document.form in DOCUMENTS and document.form else guessed_form(tags)
    if form in SETTLEMENTS:
        return receipt_form(form, tags, beside or Beside())
    return report_form(form, tags, beside or Beside())


def guessed_form(tags: Tags) -> int:
    """Which form these tags have."""
    if tags.has(1173) or tags.has(1174):
        return DocumentType.CORRECTION
    if tags.has(1059) or tags.has(1054):
        return DocumentType.RECEIPT
    if tags.has(1194) or tags.has(1118):
        return DocumentType.SHIFT_CLOSE
    if tags.has(1205):
        return DocumentType.REREGISTRATION
    if tags.has(1062) or tags.has(1013):
        return DocumentType.REGISTRATION
    is_waiting = any(tags.has(tag) for tag in (1097, 1116, 1157, 1158))
    return DocumentType.EXCHANGE_REPORT if is_waiting else DocumentType.SHIFT_OPEN


def receipt_form(form: int, tags: Tags, beside: Beside) -> PrintedForm:
    """A receipt or a correction receipt."""
    at = tags.time(1012)
    year = at.year if at is not None else None
    kind = tags.number(1054)
    lines = head_lines(form, tags, beside)
    if kind is not None:
        lines.append(centred(KINDS.get(kind, f"ПРИЗНАК РАСЧЕТА {kind}"), strong=True))
    lines += _correction(tags)
    items = tags.each(1059)
    if items:
        lines.append(RULE)
    for item in items:
        lines += item_lines(item, year)
    lines += [RULE, pair("ИТОГ", kopecks(tags.amount(1020)), strong=True)]
    lines += _payments(tags, beside)
    lines += _vat(tags, year)
    lines.append(RULE)
    lines += _who(tags, beside)
    lines += foot_lines(tags, beside)
    return PrintedForm(DOCUMENTS[form], tuple(lines), qr_of(tags), is_training(tags, beside))


def head_lines(form: int, tags: Tags, beside: Beside) -> list[FormLine]:
    """Whose register it is and what the document is called; the same on every document."""
    known = beside.registration
    user, inn = tags.text(1048) or known.user, tags.text(1018) or known.inn
    banner = TRAINING if form in SETTLEMENTS else TRAINING_REPORT
    lines = [centred(banner, strong=True)] if is_training(tags, beside) else []
    lines += [centred(each, strong=True) for each in beside.notice]
    lines += [centred(user)] if user else []
    lines += [centred(f"ИНН {inn}")] if inn else []
    lines += [centred(address)] if (address := tags.text(1009) or known.address) else []
    lines += [words(f"МЕСТО РАСЧЕТОВ: {place}")] if (place := tags.text(1187) or known.place) else []
    return [*lines, centred(DOCUMENTS[form], strong=True)]


def _correction(tags: Tags) -> list[FormLine]:
    """Why a correction was made: 1173 and what stands in 1174."""
    kind, basis = tags.number(1173), tags.inside(1174)
    lines = [] if kind is None else [pair("ТИП КОРРЕКЦИИ", CORRECTION_TYPES.get(kind, str(kind)))]
    if not basis.entries:
        return lines
    lines.append(words("ОСНОВАНИЕ ДЛЯ КОРРЕКЦИИ"))
    lines += [words(text)] if (text := basis.text(1177)) else []
    if day := basis.time(1178):
        lines.append(pair("ДАТА КОРРЕКТИРУЕМОГО РАСЧЕТА", f"{day:%d.%m.%Y}"))
    number = basis.text(1179)
    if not number or (kind == 0 and number == NO_NUMBER):
        return lines
    return [*lines, pair("№ ДОКУМЕНТА-ОСНОВАНИЯ" if kind == 0 else "№ ПРЕДПИСАНИЯ", number)]


def _payments(tags: Tags, beside: Beside) -> list[FormLine]:
    """The ways of payment that were used, after cash what was handed over for it and given back."""
    used = [(tag, amount) for tag in TENDERS if (amount := tags.amount(tag))]
    lines = []
    nothing = [(1031, 0)] if any(tags.has(tag) for tag in TENDERS) else []
    for tag, amount in used or nothing:
        lines.append(pair(TENDERS[tag], kopecks(amount)))
        if tag == 1031 and beside.change:
            lines.append(pair("ПОЛУЧЕНО НАЛИЧНЫМИ", kopecks(beside.cash_given)))
            lines.append(pair("СДАЧА", kopecks(beside.change)))
    return lines


def _vat(tags: Tags, year: int | None) -> list[FormLine]:
    """VAT by rate. A zero is not printed: where VAT stands in 1115 only, 1104 = 0 is a stub for the format's sake."""
    found = {code: tags.amount(tag) for tag, code in FLAT_RATES.items() if tags.amount(tag)}
    for row in tags.inside(1115).each(1119):
        code = row.number(1199)
        if code is not None and row.has(1120):
            found.setdefault(code, row.amount(1120))
    return [pair(vat_sum_title(code, year), kopecks(amount)) for code, amount in sorted(found.items())]


def _who(tags: Tags, beside: Beside) -> list[FormLine]:
    """Tax system, cashier, buyer, agent, and the requisites that the shop adds of its own."""
    lines = [pair("СНО", bits(system, TAX_SYSTEMS))] if (system := tags.number(1055)) else []
    lines += labelled(tags, ((1021, "КАССИР"), (1036, "НОМЕР АВТОМАТА")))
    buyer = tags.inside(1256) if tags.has(1256) else tags
    lines += labelled(buyer, ((1227, "ПОКУПАТЕЛЬ"),))
    if not (buyer.has(1243) or buyer.has(1246)):  # of a person known by papers the INN is for the tax service alone
        lines += labelled(buyer, ((1228, "ИНН ПОКУПАТЕЛЯ"),))
    contact = tags.text(1008)
    if contact:
        lines.append(words(f"ЭЛ. АДР. ПОКУПАТЕЛЯ: {contact}" if "@" in contact else f"ТЕЛ. ПОКУПАТЕЛЯ: {contact}"))
        lines += labelled(tags, ((1117, "ЭЛ. АДР. ОТПРАВИТЕЛЯ"),)) or _sender(beside)
    lines += [words(f"АГЕНТ: {bits(agent, AGENTS)}")] if (agent := tags.number(1057)) else []
    lines += labelled(tags, (*AGENT_TEXTS, (1171, "ТЕЛ. ПОСТАВЩИКА"), (1192, "ДОП. РЕКВИЗИТ ЧЕКА")))
    own = tags.inside(1084)
    if own.entries:
        lines.append(words(f"{own.text(1085)}: {own.text(1086)}"))
    if (checked := tags.number(2107)) is not None:
        lines.append(pair("ПРОВЕРКА КОДОВ МАРКИРОВКИ", "ЕСТЬ ЗАМЕЧАНИЯ" if checked else "ПОЛОЖИТЕЛЬНАЯ"))
    return lines


def _sender(beside: Beside) -> list[FormLine]:
    sender = beside.registration.sender
    return [words(f"ЭЛ. АДР. ОТПРАВИТЕЛЯ: {sender}")] if sender else []


def foot_lines(tags: Tags, beside: Beside) -> list[FormLine]:
    """Shift and time, register, storage, document and sign, and where it can be checked."""
    shift, receipt, at = tags.number(1038), tags.number(1042), tags.time(1012)
    lines = []
    if shift is not None:
        lines.append(pair(f"СМЕНА {shift}", "" if receipt is None else f"ЧЕК {receipt}"))
    if at is not None:
        lines.append(pair("ДАТА, ВРЕМЯ", f"{at:%d.%m.%Y %H:%M}"))
    factory = tags.text(1013) or beside.registration.factory_number
    numbers = (("РН ККТ", tags.text(1037)), ("ЗН ККТ", factory), ("ФН", tags.text(1041)))
    lines += [pair(name, number) for name, number in numbers if number]
    for name, tag in (("ФД", 1040), ("ФП", 1077)):
        if (number := tags.number(tag)) is not None:
            lines.append(pair(name, f"{number:010d}" if tag == 1077 else str(number)))
    site = tags.text(1060) or beside.registration.fns_site
    return [*lines, words(f"Сайт ФНС: {site}")] if site else lines


def is_training(tags: Tags, beside: Beside) -> bool:
    """Whether the document is practice: debug storages carry numbers that begin with 9999."""
    return tags.text(1041).startswith("9999") if beside.is_training is None else beside.is_training


def qr_of(tags: Tags) -> str:
    """The text of a receipt's code from its own tags; "" when one of the six is not there."""
    at, total, storage = tags.time(1012), tags.number(1020), tags.text(1041)
    number, sign, kind = tags.number(1040), tags.number(1077), tags.number(1054)
    if at is None or total is None or not storage or number is None or sign is None or kind is None:
        return ""
    return f"t={at:%Y%m%dT%H%M}&s={total // 100}.{total % 100:02d}&fn={storage}&i={number}&fp={sign}&n={kind}"


def entries_of(values: Iterable[tuple[int, object]]) -> tuple[Entry, ...]:
    """Entries from plain values: a tuple of pairs is a structure. What is None or "" is left out."""
    made = []
    for tag, value in values:
        if isinstance(value, tuple):
            made.append(Entry(tag, None, entries_of(value)))
        elif value is not None and value != "":
            made.append(Entry(tag, value))  # type: ignore[arg-type]
    return tuple(made)
