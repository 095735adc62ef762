"""What an error byte of a Штрих-М register means for the cashier – the one table that translates device codes.

Only codes with a remedy of their own have an own code in `errors.WORDS`; the rest are named in Russian as the
protocol names them (devices.md A.7). A refusal is only ever said about a command that makes nothing, or before the
closing command went out; an error answer to a closing command is an unknown outcome (design rule 5).
"""

from __future__ import annotations

from posapp.domain.money import Money
from posapp.errors import Refused

NO_SUCH_DATA = 0x08
RECEIPT_OPEN = 0x4A
PRINTING_PREVIOUS = 0x50
WAITS_CONTINUE = 0x58
NOT_SUPPORTED = 0x37

_OWN_CODE = {
    0x16: "shift_expired",
    0x2E: "not_enough_cash",
    0x3D: "shift_closed",
    0x46: "not_enough_cash",
    0x4A: "foreign_receipt_open",
    0x4E: "shift_expired",
    0x4F: "wrong_password",
    0x50: "device_busy",
    0x6B: "paper_out",
    0xC0: "date_not_confirmed",
    0xCF: "date_not_confirmed",
}

_REASON = {
    0x01: "ФН не знает команду",
    0x02: "ФН в другом состоянии",
    0x03: "ФН неисправен",
    0x04: "крипто-сопроцессор ФН неисправен",
    0x05: "срок ФН истёк",
    0x06: "архив ФН заполнен",
    0x07: "дата или время раньше последнего документа",
    0x08: "таких данных нет",
    0x09: "неверный параметр",
    0x0A: "данные слишком длинные",
    0x11: "нет связи ФН с ОФД",
    0x12: "ресурс крипто-сопроцессора исчерпан",
    0x14: "ресурс хранения ФН исчерпан",
    0x15: "документы не уходят в ОФД больше 30 дней",
    0x17: "часы ККТ разошлись с часами ФН",
    0x2F: "ФН не ответил",
    0x33: "неверные параметры",
    0x34: "нет данных",
    0x35: "параметр не подходит к настройкам ККТ",
    0x36: "параметр не подходит этой модели",
    0x37: "команда не поддерживается",
    0x45: "оплата меньше суммы чека",
    0x49: "операция невозможна в чеке этого типа",
    0x4B: "буфер чека переполнен",
    0x4D: "безналичными больше суммы чека",
    0x55: "чек закрыт",
    0x58: "ККТ ждёт продолжения печати",
    0x59: "документ открыт другим оператором",
    0x5F: "отрицательный итог",
    0x61: "цена вне пределов",
    0x62: "количество вне пределов",
    0x63: "отдел вне пределов",
    0x64: "ФП отсутствует",
    0x71: "ошибка отрезчика",
    0x72: "команда не для этого подрежима",
    0x73: "команда не для этого режима",
    0x74: "ошибка ОЗУ",
    0x75: "ошибка питания",
    0x78: "программа ККТ заменена",
    0x79: "ФП заменена",
    0x7B: "ошибка оборудования",
    0x7F: "итог вне пределов",
    0x8E: "нулевой итог чека",
    0x8F: "ККТ не зарегистрирована",
    0x94: "слишком много операций в чеке",
    0xC4: "номера смен разошлись",
    0xC8: "нет связи с печатающим механизмом",
    0xC9: "печатающая головка перегрета",
    0xCB: "подытог не сходится",
}


def reason(error: int) -> str:
    """The error byte in words."""
    return _REASON.get(error, "неизвестная причина")


def refusal(error: int, amount: Money | None = None) -> Refused:
    """The `Refused` for an error byte. `amount` fills the words of refusals that are about a sum."""
    own = _OWN_CODE.get(error)
    if own is not None:
        return Refused(own, error=f"{error:02X}h", amount=amount)
    return Refused("device_refused", reason=reason(error), error=f"{error:02X}h")
