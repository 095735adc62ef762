"""The words of the self-check's screen; what it finds has its words in `errors.WORDS` and `till/doctor_words.py`."""

from __future__ import annotations

DOCTOR_TEXTS: dict[str, tuple[str, str]] = {
    "act.doctor": ("Проверка кассы", "Self-check"),
    "doctor.title": ("Проверка кассы", "Self-check"),
    "doctor.table": ("Что нашла проверка", "What the self-check found"),
    "doctor.again": ("Проверить снова", "Check again"),
    "doctor.never": ("Касса ещё не проверялась.", "The till has not been checked yet."),
    "doctor.running": ("Спрашиваем ККТ, на ней ничего не меняется…", "Asking the register, nothing is changed there…"),
    "doctor.climbing": ("Делаем и смотрим, что получилось…", "Doing it, then looking at what came of it…"),
    "doctor.level.ok": ("{when}: всё в порядке.", "{when}: all is well."),
    "doctor.level.note": ("{when}: всё в порядке.", "{when}: all is well."),
    "doctor.level.warn": ("{when}: продавать можно, есть о чём позаботиться.", "{when}: selling goes on; see below."),
    "doctor.level.alarm": (
        "{when}: продавать пока можно, но ждать нельзя.",
        "{when}: selling goes on for now, it cannot wait.",
    ),
    "doctor.level.stop": ("{when}: продажи остановлены.", "{when}: selling has stopped."),
    "doctor.stops_on": (
        "Если ничего не делать, касса проработает до {day}.",
        "Nothing else done, the till works until {day}.",
    ),
    "doctor.row.ok": ("в порядке", "well"),
    "doctor.row.note": ("к сведению", "for your information"),
    "doctor.row.warn": ("позаботиться", "see to it"),
    "doctor.row.alarm": ("не ждать", "do not wait"),
    "doctor.row.stop": ("остановлено", "stopped"),
    "doctor.side": ("Что сделать", "What to do"),
    "doctor.side_hint": (
        "Выберите строку: здесь будет, что с ней делать.",
        "Choose a row: what to do about it stands here.",
    ),
    "doctor.nothing": ("Делать ничего не нужно.", "Nothing has to be done."),
    "doctor.step.print": ("Допечатать документ", "Finish the print"),
    "doctor.step.document": ("Закончить: прочитать ФН", "Finish: read the storage"),
    "doctor.step.resolve": ("Разобрать", "Resolve"),
    "doctor.step.ask_close_shift": ("Закрыть смену", "Close the shift"),
    "doctor.step.sync": ("Открыть обмен", "Open the exchange"),
}  # fmt: skip
"""Key → Russian, English."""
