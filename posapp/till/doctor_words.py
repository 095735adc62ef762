"""What the doctor says of what is well, and the names of what it looks at. Trouble has its words in `errors.WORDS`."""

from __future__ import annotations

DEVICES: dict[str, tuple[str, str]] = {
    "register": ("ККТ", "Register"),
    "storage": ("Фискальный накопитель", "Fiscal storage"),
    "ofd": ("ОФД", "OFD"),
    "till": ("Касса", "Till"),
    "portal": ("Битрикс", "Bitrix"),
    "gateway": ("Шлюз", "Gateway"),
}
"""By device, in the order in which they are shown."""

MATTERS: dict[str, tuple[str, str]] = {
    "link": ("связь", "link"),
    "identity": ("номер", "number"),
    "paper": ("бумага", "paper"),
    "document": ("открытый чек", "open receipt"),
    "shift": ("смена", "shift"),
    "clock": ("часы", "clock"),
    "sending": ("исходы", "outcomes"),
    "life": ("срок", "term"),
    "memory": ("память", "memory"),
    "unsent": ("передача", "sending"),
    "journal": ("журнал", "journal"),
    "disk": ("диск", "disk"),
    "backup": ("копия", "copy"),
    "second": ("вторая копия", "second copy"),
    "secrets": ("ключи", "keys"),
    "queue": ("очередь", "queue"),
    "exchange": ("обмен", "exchange"),
    "gateway": ("обмен", "exchange"),
}
"""By what is looked at."""

WELL: dict[str, tuple[str, str]] = {
    "link": ("На связи: {port}, протокол {link}.", "Answers: {port}, protocol {link}."),
    "link_baud": (
        "На связи: {port}, протокол {link}, {baud} бод.",
        "Answers: {port}, protocol {link}, {baud} baud.",
    ),
    "identity": ("Та же, что при настройке: № {factory}.", "The one that was set up: no. {factory}."),
    "paper": ("Бумага есть, крышка закрыта.", "There is paper, the lid is closed."),
    "printing": ("Печатает документ, ничего делать не нужно.", "Prints a document, nothing has to be done."),
    "document": ("Ничего не открыто.", "Nothing is open."),
    "shift_open": (
        "Смена {number} открыта {hours} ч {minutes} мин.",
        "Shift {number} is open for {hours} h {minutes} min.",
    ),
    "shift_open_unknown": ("Смена {number} открыта.", "Shift {number} is open."),
    "shift_closed": (
        "Смена закрыта. Откроется перед первой продажей: «posapp shift open».",
        "The shift is closed. Open it before the first sale: “posapp shift open”.",
    ),
    "clock": ("Часы идут вместе с компьютером.", "Its clock agrees with the computer's."),
    "clock_untold": ("ККТ не сообщает время.", "The register does not tell its time."),
    "storage": (
        "Работает, осталось дней: {days}, последний день {day}.",
        "Works, days left: {days}, the last is {day}.",
    ),
    "storage_untold": ("Работает; до какого дня, ККТ не сообщает.", "Works; the register does not tell until when."),
    "ofd": ("Все документы переданы.", "All documents are sent."),
    "ofd_some": (
        "Ждут отправки: {count}, старший от {since}. {day} накопитель остановил бы кассу.",
        "Waiting: {count}, the oldest of {since}. On {day} the storage would stop the register.",
    ),
    "ofd_untold": ("ККТ не сообщает, что ждёт отправки.", "The register does not tell what waits."),
    "sending": ("Все чеки и операции с известным исходом.", "The outcome of everything that was sent is known."),
    "journal": ("Журнал цел, проверен {at}.", "The journal is sound, checked {at}."),
    "journal_unchecked": ("Журнал открывается; целиком ещё не проверен.", "The journal opens; not read whole yet."),
    "disk": ("На диске свободно {free} МБ.", "Free on disk: {free} MB."),
    "disk_much": ("На диске свободно {free} ГБ.", "Free on disk: {free} GB."),
    "backup": ("Копия журнала от {at}, копий {count}.", "Copy of the journal of {at}, copies: {count}."),
    "no_copy": ("Копии журнала ещё не было.", "There was no copy of the journal yet."),
    "no_second": (
        "Второе место для копий не задано: «posapp setup backup».",
        "There is no second place for copies: “posapp setup backup”.",
    ),
    "secrets": ("Ключи на месте.", "The keys are there."),
    "portal": (
        "Обмен идёт, последний {at}; в очереди {waiting}.",
        "Exchange works, the last one {at}; waiting: {waiting}.",
    ),
    "portal_never": ("Обмена ещё не было; в очереди {waiting}.", "There was no exchange yet; waiting: {waiting}."),
    "no_portal": ("Портал не настроен.", "No portal is set up."),
    "gateway": ("Отвечал при последнем обмене.", "It answered in the last exchange."),
    "no_register": ("ККТ не настроена: «posapp setup printer».", "No register is set up: “posapp setup printer”."),
}  # fmt: skip
"""By what is well: the sentence in Russian and in English."""


def device(name: str, language: str) -> str:
    """A device by its name."""
    return DEVICES[name][language == "en"]


def title(name: str, matter: str, language: str) -> str:
    """`ККТ · бумага`."""
    return f"{device(name, language)} · {MATTERS[matter][language == 'en']}"


def well(what: str, language: str, facts: dict[str, object]) -> str:
    """A sentence of `WELL`."""
    return WELL[what][language == "en"].format_map(facts)
