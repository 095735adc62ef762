"""What a search for registers says of each place, in plain words of both languages."""

from __future__ import annotations

from collections.abc import Mapping

Words = tuple[str, str]
"""Russian, English."""

VENDORS: Mapping[str, Words] = {"shtrih": ("Штрих-М", "Shtrih-M"), "atol": ("АТОЛ", "ATOL")}

STATES: Mapping[str, Words] = {
    "register": (
        "{make} · № {number} · ФН {storage}{speed}",
        "{make} · no. {number} · storage {storage}{speed}",
    ),
    "register_nameless": (
        "{make}: это ККТ, но номера она не назвала – {why}",
        "{make}: a register that does not tell its number – {why}",
    ),
    "web_server": (
        "веб-сервер АТОЛ {version}; какая за ним ККТ, скажет с логином: "
        "«posapp setup printer --model atol --port {port} --login-stdin»",
        "ATOL's web server {version}; which register stands behind it, it tells with a login: "
        "“posapp setup printer --model atol --port {port} --login-stdin”",
    ),
    "held": (
        "занят: программа {program} (процесс {pid}) – закройте её и повторите",
        "busy: the program {program} (process {pid}) – close it and try again",
    ),
    "busy": (
        "занят другой программой – закройте её и повторите",
        "busy with another program – close it and try again",
    ),
    "denied": (
        "нет права открыть – администратору: «sudo usermod -aG {group} ИМЯ», затем войти в систему заново",
        "no right to open it – administrator: “sudo usermod -aG {group} NAME”, then sign in anew",
    ),
    "left_alone": ("не спрашивали: {kind} (USB {usb})", "not asked: {kind} (USB {usb})"),
    "other_device": ("не спрашивали: здесь {kind} этой кассы", "not asked: {kind} of this till is there"),
    "foreign": ("не ККТ: {how}", "not a register: {how}"),
    "unclear": (
        "отвечает похоже на ККТ, но не называется: она занята, или это другое устройство – повторите через минуту",
        "answers like a register and tells nothing: it is busy, or is another device – try again in a minute",
    ),
    "silent": ("молчит: выключено, или здесь не ККТ", "silent: switched off, or no register"),
    "absent": ("здесь никого нет", "nobody is there"),
    "late": ("не успели спросить", "there was no time to ask"),
}

KINDS: Mapping[str, Words] = {
    "modem": ("модем", "a modem"),
    "scanner": ("сканер", "a scanner"),
    "card_terminal": ("терминал банка", "a card terminal"),
    "receipt_printer": ("принтер чеков без ФН", "a receipt printer without a fiscal storage"),
    "gps": ("навигатор", "a GPS receiver"),
    "power": ("источник бесперебойного питания", "a UPS"),
    "board": ("плата разработчика", "a developer's board"),
    "bluetooth": ("порт Bluetooth", "a Bluetooth port"),
}

HOW: Mapping[str, Words] = {
    "talks": ("говорит само, похоже на сканер или весы", "talks unasked, like a scanner or scales"),
    "floods": ("шлёт данные без конца", "sends data without an end"),
    "echoes": ("повторяет то, что слышит", "repeats what it hears"),
    "strange": ("отвечает не так, как ККТ", "answers as no register does"),
}

NAMELESS: Mapping[str, Words] = {
    "password": ("не принят пароль", "the password was refused"),
    "busy": ("занята", "it is busy"),
}

SUMMARY: Words = (
    "Нашли ККТ: {registers}. Спросили мест: {asked}, за {seconds} с.",
    "Registers found: {registers}. Places asked: {asked}, in {seconds} s.",
)
ABSENT: Words = ("Никого нет: {ports}.", "Nobody is at: {ports}.")
OURS: Words = (" – эта касса", " – this till's")
PRACTICE: Words = (" (учебная)", " (practice)")
SEARCHING: Words = (
    "Ищем ККТ: мест {count}, до {seconds} с…",
    "Looking for registers: {count} places, up to {seconds} s…",
)


def say(words: Words, language: str, **facts: object) -> str:
    """The text in a language, with its facts."""
    return words[1 if language == "en" else 0].format(**facts)
