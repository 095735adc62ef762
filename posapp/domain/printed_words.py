"""The words that the law wants on paper for the values of tags: names of kinds, tax systems, methods, objects, rates.

Source: the tables of order ЕД-7-20/662@ (FFD 1.05, 1.1, 1.2) with its changes of 2025, where each value has the form in
which it is printed, and article 4.7 of the law 54-ФЗ. Values that are not known here are printed as numbers, so that a
document of tomorrow's format is still shown whole.
"""

from __future__ import annotations

from collections.abc import Mapping

DOCUMENTS: Mapping[int, str] = {
    1: "ОТЧЕТ О РЕГИСТРАЦИИ",
    2: "ОТЧЕТ ОБ ОТКРЫТИИ СМЕНЫ",
    3: "КАССОВЫЙ ЧЕК",
    4: "БЛАНК СТРОГОЙ ОТЧЕТНОСТИ",
    5: "ОТЧЕТ О ЗАКРЫТИИ СМЕНЫ",
    6: "ОТЧЕТ О ЗАКРЫТИИ ФН",
    7: "ПОДТВЕРЖДЕНИЕ ОПЕРАТОРА",
    11: "ОТЧЕТ ОБ ИЗМЕНЕНИИ ПАРАМЕТРОВ РЕГИСТРАЦИИ",
    21: "ОТЧЕТ О ТЕКУЩЕМ СОСТОЯНИИ РАСЧЕТОВ",
    31: "КАССОВЫЙ ЧЕК КОРРЕКЦИИ",
    41: "БСО КОРРЕКЦИИ",
}
"""Tag 1000 by the number of the form."""

KINDS: Mapping[int, str] = {1: "ПРИХОД", 2: "ВОЗВРАТ ПРИХОДА", 3: "РАСХОД", 4: "ВОЗВРАТ РАСХОДА"}
"""Tag 1054."""

TAX_SYSTEMS: Mapping[int, str] = {
    1: "ОСН",
    2: "УСН доход",
    4: "УСН доход - расход",
    8: "ЕНВД",
    16: "ЕСХН",
    32: "Патент",
}
"""Tags 1055 and 1062, by bit."""

METHODS: Mapping[int, str] = {
    1: "ПРЕДОПЛАТА 100%",
    2: "ПРЕДОПЛАТА",
    3: "АВАНС",
    4: "ПОЛНЫЙ РАСЧЕТ",
    5: "ЧАСТИЧНЫЙ РАСЧЕТ И КРЕДИТ",
    6: "ПЕРЕДАЧА В КРЕДИТ",
    7: "ОПЛАТА КРЕДИТА",
}
"""Tag 1214."""

OBJECTS: Mapping[int, str] = {
    1: "ТОВАР",
    2: "ПОДАКЦИЗНЫЙ ТОВАР",
    3: "РАБОТА",
    4: "УСЛУГА",
    5: "СТАВКА АЗАРТНОЙ ИГРЫ",
    6: "ВЫИГРЫШ АЗАРТНОЙ ИГРЫ",
    7: "ЛОТЕРЕЙНЫЙ БИЛЕТ",
    8: "ВЫИГРЫШ ЛОТЕРЕИ",
    9: "ПРЕДОСТАВЛЕНИЕ РИД",
    10: "ПЛАТЕЖ",
    11: "АГЕНТСКОЕ ВОЗНАГРАЖДЕНИЕ",
    12: "СОСТАВНОЙ ПРЕДМЕТ РАСЧЕТА",
    13: "ИНОЙ ПРЕДМЕТ РАСЧЕТА",
    14: "ИМУЩЕСТВЕННОЕ ПРАВО",
    15: "ВНЕРЕАЛИЗАЦИОННЫЙ ДОХОД",
    16: "ИНЫЕ ПЛАТЕЖИ И ВЗНОСЫ",
    17: "ТОРГОВЫЙ СБОР",
    18: "ТУРИСТИЧЕСКИЙ НАЛОГ",
    19: "ЗАЛОГ",
    20: "РАСХОД",
    21: "ВЗНОСЫ НА ОПС ИП",
    22: "ВЗНОСЫ НА ОПС",
    23: "ВЗНОСЫ НА ОМС ИП",
    24: "ВЗНОСЫ НА ОМС",
    25: "ВЗНОСЫ НА ОСС",
    26: "ПЛАТЕЖ КАЗИНО",
    27: "ВЫДАЧА ДС",
    30: "АТНМ",
    31: "АТМ",
    32: "ТНМ",
    33: "ТМ",
}
"""Tag 1212. The last four: excise goods and goods that are marked, without and with a marking code."""

MARKED_OBJECTS = (31, 33)

MEASURES: Mapping[int, str] = {
    0: "шт.", 10: "г", 11: "кг", 12: "т", 20: "см", 21: "дм", 22: "м", 30: "кв. см", 31: "кв. дм", 32: "кв. м",
    40: "мл", 41: "л", 42: "куб. м", 50: "кВт ч", 51: "Гкал", 70: "сутки", 71: "час", 72: "мин", 73: "с",
    80: "Кбайт", 81: "Мбайт", 82: "Гбайт", 83: "Тбайт", 255: "ед.",
}  # fmt: skip
"""Tag 2108, without the raised figures that CP866 lacks."""

TENDERS: Mapping[int, str] = {
    1031: "НАЛИЧНЫМИ",
    1081: "БЕЗНАЛИЧНЫМИ",
    1215: "ПРЕДОПЛАТА (АВАНС)",
    1216: "ПОСЛЕДУЮЩАЯ ОПЛАТА (КРЕДИТ)",
    1217: "ВСТРЕЧНЫМ ПРЕДОСТАВЛЕНИЕМ",
}
"""The sums of a receipt by the way of payment, in the order in which they are printed."""

AGENTS: Mapping[int, str] = {
    1: "БАНК. ПЛ. АГЕНТ",
    2: "БАНК. ПЛ. СУБАГЕНТ",
    4: "ПЛ. АГЕНТ",
    8: "ПЛ. СУБАГЕНТ",
    16: "ПОВЕРЕННЫЙ",
    32: "КОМИССИОНЕР",
    64: "АГЕНТ",
}
"""Tags 1057 and 1222, by bit."""

CORRECTION_TYPES: Mapping[int, str] = {0: "САМОСТОЯТЕЛЬНО", 1: "ПО ПРЕДПИСАНИЮ"}
"""Tag 1173."""

FORMATS: Mapping[int, str] = {1: "1.0", 2: "1.05", 3: "1.1", 4: "1.2"}
"""Tags 1189, 1190, 1209."""

WARNINGS: Mapping[int, str] = {
    1050: "РЕСУРС ФН ИСЧЕРПАН",
    1051: "ТРЕБУЕТСЯ СРОЧНАЯ ЗАМЕНА ФН",
    1052: "ПАМЯТЬ ФН ЗАПОЛНЕНА",
    1053: "ПРЕВЫШЕНО ВРЕМЯ ОЖИДАНИЯ ОТВЕТА ОФД",
    2112: "ЕСТЬ НЕКОРРЕКТНЫЕ КОДЫ МАРКИРОВКИ",
    2113: "ЕСТЬ НЕКОРРЕКТНЫЕ ЗАПРОСЫ ИЛИ УВЕДОМЛЕНИЯ О МАРКИРОВКЕ",
}
"""Signs of a shift report that are printed only when they are set."""

RATES: Mapping[int, str] = {
    1: "НДС 20%",
    2: "НДС 10%",
    3: "НДС 20/120",
    4: "НДС 10/110",
    5: "НДС 0%",
    6: "БЕЗ НДС",
    7: "НДС 5%",
    8: "НДС 7%",
    9: "НДС 5/105",
    10: "НДС 7/107",
    11: "НДС 22%",
    12: "НДС 22/122",
}
"""Tag 1199."""

FLAT_RATES: Mapping[int, int] = {1102: 1, 1103: 2, 1104: 5, 1105: 6, 1106: 3, 1107: 4}
"""Tags of a receipt's VAT (for 0 % and no VAT: its turnover) → the rate's code; other rates stand in 1115 only."""

TURNOVERS = (5, 6)
"""Rates whose sum is a turnover: there is no tax in it."""


def rate_title(code: int, year: int | None) -> str:
    """A rate as printed. Until the end of 2018 the codes 1 and 3 meant 18 %."""
    if code in (1, 3) and year is not None and year < 2019:
        return "НДС 18%" if code == 1 else "НДС 18/118"
    return RATES.get(code, f"СТАВКА НДС {code}")


def vat_sum_title(code: int, year: int | None) -> str:
    """What stands before a receipt's sum of VAT, or before the turnover where there is none."""
    if code == 5:
        return "СУММА С НДС 0%"
    if code == 6:
        return "СУММА БЕЗ НДС"
    return f"СУММА {rate_title(code, year)}"


def bits(mask: int, names: Mapping[int, str]) -> str:
    """The names of the bits that are set, unknown ones as numbers."""
    return ", ".join(names.get(1 << bit, f"бит {bit}") for bit in range(mask.bit_length()) if mask >> bit & 1)


def check_mark(result: int | None) -> str:
    """How the result of checking a marking code (2106) is printed before the name of the goods.

    Bits: 0 checked, 1 the signature is right, 2 the state was asked of the marking system, 3 its answer allows the
    sale, 4 the register works offline. `[М+]` all is well, `[М-]` something was answered in the negative, `[М]` not
    checked, or not to the end.
    """
    if result is None or not result & 1:
        return "[М]"
    if not result & 2 or (result & 4 and not result & 8):
        return "[М-]"
    return "[М+]" if result & 4 else "[М]"
