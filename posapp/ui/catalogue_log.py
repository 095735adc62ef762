"""The sentences of the sync log: one request with what it asked and was answered. Form and tone: `catalogue`."""

from __future__ import annotations

LOG_TEXTS: dict[str, tuple[str, str]] = {
    "log.search": ("Найти в обмене", "Find in the exchange"),
    "log.search_hint": ("номер заказа или ключ чека", "order number or receipt key"),
    "log.facts": (
        "{when} · {took} · попытка~{n} · {http} · {method} · код~{code}",
        "{when} · {took} · try~{n} · {http} · {method} · code~{code}",
    ),
    "log.receipt": ("чек~{key}", "receipt~{key}"),
    "log.number": ("строка~{n}", "row~{n}"),
    "log.ms": ("{n}~мс", "{n}~ms"),
    "log.s": ("{n}~с", "{n}~s"),
    "log.http": ("ответ~{n}", "answer~{n}"),
    "log.no_http": ("ответа нет", "no answer"),
    "log.bodies": ("Запрос и ответ", "Request and answer"),
    "log.back": ("К списку", "Back to the list"),
    "log.request": ("Что мы спросили", "What we asked"),
    "log.answer": ("Что Битрикс ответил", "What Bitrix answered"),
    "log.no_answer": ("Ответа не было.", "There was no answer."),
    "log.title_receipt": ("Чек без заказа, {number} · {step}", "Receipt without an order, {number} · {step}"),
    "step.read": ("Чтение", "Reading"),
    "step.goods": ("Товары", "Goods"),
    "log.took": ("Длился", "Took"),
    "log.fine": ("Всё в порядке, делать ничего не нужно.", "All is well, nothing to do."),
    "log.masked": (
        "Имена, телефоны, адреса и ключи скрыты знаком ••• ещё до записи.",
        "Names, phones, addresses and keys were hidden by ••• before anything was stored.",
    ),
    "log.not_kept": (
        "Запрос и ответ не хранятся: подробности удачных запросов живут меньше, чем строки журнала.",
        "Request and answer are not kept: details of what went well live shorter than the rows.",
    ),
    "log.copy": ("Скопировать всё", "Copy all"),
    "log.copied": ("Скопировано", "Copied"),
    "log.too_far": (
        "Показано {n} последних. Старше – поиском по номеру заказа или выгрузкой журнала.",
        "The last {n} are shown. Older ones: search by order number, or export the log.",
    ),
}
