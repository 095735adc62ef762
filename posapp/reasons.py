"""Reasons inside the message of an error, in English: the code that finds out what is wrong says it in Russian.

What is not here is said as it is: texts of a portal, of a system, of an order that cannot be read.
"""

from __future__ import annotations

import re
from functools import lru_cache

REASONS: dict[str, str] = {
    # card money, the ready-to-charge light, scanners
    "срок до {at}": "it ends on {at}",
    "ответ потерян": "the answer was lost",
    "связь с терминалом оборвалась": "the line to the terminal broke",
    "терминал не ответил вовремя": "the terminal did not answer in time",
    "терминал прислал не то": "the terminal sent something else",
    "терминал такой операции не знает": "the terminal does not know the operation",
    "терминал не подключён": "the terminal is not connected",
    "ждёт карту": "it waits for the card",
    "без причины": "no reason given",
    "порт занят другой программой": "another program has the port",
    "нет права открыть порт": "no right to open the port",
    "порта нет": "there is no such port",
    # atol_queue
    "нет бумаги или открыта крышка": "no paper, or the lid is open",
    "нет связи с ККТ": "no connection to the register",
    "сбой ФН": "the fiscal storage failed",
    # made_elsewhere
    "ответ назвал ФД {number} в ФН {storage}": "its answer named FD {number} in storage {storage}",
    "за тем же веб-сервером была {found}": "behind the same web server there was {found}",
    "выполняется другое задание": "another task is being done",
    # storage_ends, storage_dead, gateway_offline, storage_unready
    "память почти заполнена": "its memory is nearly full",
    "он закрыт или неисправен": "it is closed or broken",
    "срок на исходе": "its term is nearly over",
    "срок вышел {day}": "its term ended {day}",
    "осталось дней: {n}, последний день {day}": "days left: {n}, the last one is {day}",
    "с {day}, в очереди {n}": "since {day}, waiting: {n}",
    "он молчал при последнем обмене": "it was silent in the last exchange",
    "накопитель не принял ответ": "the storage did not take its answer",
    "это не ответ ОФД": "this is no answer of an OFD",
    "соединение закрыто": "the connection was closed",
    "в кассе прежний накопитель": "the former storage is in the register",
    # oauth_unanswered
    "за {n} с браузер не вернулся": "the browser did not come back within {n} s",
    "он ответил «кода нет»": "it answered without a code",
    "он ответил «{found}»": "it answered “{found}”",
    "за {n} с своей установки не пришло": "no installation of ours came within {n} s",
    "за {n} с своей установки не пришло, чужих сообщений {strange}":
        "no installation of ours came within {n} s, strange messages: {strange}",
    "приходили только чужие сообщения об установке": "only strange messages about an installation came",
    "Битрикс называет портал {found}, а подключали {asked}": "Bitrix names the portal {found}, {asked} was asked for",
    "код подключения не подошёл; он живёт 30 секунд": "the code was not accepted; it lives for 30 seconds",
    "браузер вернулся с другого портала": "the browser came back from another portal",
    "сервер авторизации не ответил ({reason}); переустановите приложение":
        "the authorisation server did not answer ({reason}); install the application again",
    # oauth_port
    "его держит другая программа": "another program has it",
    "этому пользователю он не разрешён": "this user may not take it",
    "у этого компьютера такого нет": "this computer has no such address",
    "нет такого адреса": "there is no such address",
    "нет такого порта": "there is no such port",
    # oauth_unkept
    "хранилища паролей нет или оно закрыто": "there is no password vault, or it is locked",
    "хранилище паролей не приняло ключ": "the password vault did not take the key",
    "хранилище паролей не принимает записи; прежний ключ цел, но устарел":
        "the password vault takes no writes; the former key is whole, but too old",
    "хранилище паролей не приняло новый ключ. Он пока только в памяти: не закрывайте программу":
        "the password vault did not take the new key. It is in memory only: do not close the program",
    "хранилище паролей не открывается": "the password vault does not open",
    "в каталог данных нельзя писать ({error})": "the data directory cannot be written ({error})",
    # oauth_grant
    "ключ доступа устарел": "the access token is too old",
    "ключ доступа ему неизвестен": "it does not know the access token",
    "ключ продления устарел или уже использован": "the refresh token is too old or was used already",
    "продление {when} оборвалось, и новый ключ до нас не дошёл":
        "the renewal of {when} was cut off, and the new key never reached us",
    "его ключа в хранилище паролей больше нет": "its key is in the password vault no more",
    # not_renamed
    "на {address} нет заказов, чеки которых пробиты здесь": "{address} has none of the orders receipted here",
    "сервер авторизации называет адрес {found}, а не {asked}":
        "the authorisation server names the address {found}, not {asked}",
    "прежний адрес ведёт на {found}": "the former address leads to {found}",
    "портал отвечает по прежнему адресу {address}": "the portal answers at its former address {address}",
    # poll_link, poll_answer
    "это не адрес": "this is no address",
    "ждём {link}": "expected {link}",
    "ждём https://сайт/bitrix/tools/sale_check_print.php?hash=…":
        "expected https://SITE/bitrix/tools/sale_check_print.php?hash=…",
    "http:// по интернету показал бы ссылку, нужен https://": "http:// would show it to the internet, take https://",
    "её нет: {variable}": "it is missing: {variable}",
    "её нет: POSAPP_POLL_LINK или --poll-link-stdin": "it is missing: POSAPP_POLL_LINK or --poll-link-stdin",
    "она от сайта {found}, а настроен {known}": "it is of the site {found}, {known} is set up",
    "сайт её не знает или она выключена": "the site does not know it, or it is switched off",
    "сайт переехал на другой адрес": "the site has moved to another address",
    "ответ {status}": "status {status}",
    "это не JSON": "it is no JSON",
    "это не объект": "it is no object",
    # cashbox_portal
    "обработчик записан не так, как передан": "the handler was not stored as it was sent",
    "касса записана не так, как передана": "the cashbox was not stored as it was sent",
    "на портале две кассы «{name}»: удалите лишнюю": "the portal has two cashboxes “{name}”: delete one",
    "строка без номера": "a row without a number",
    # stock_unclear, stock_document, stock_settled
    "журнал возвращали к прежнему, и записан ли он, неизвестно":
        "the journal was put back to an older copy, nobody knows whether it was written",
    "ждали {one}": "expected {one}",
    "ждали {one} или {other}": "expected {one} or {other}",
    "проведён и он, и документ {other}": "it is conducted, and so is document {other}",
    "его проведение отменили": "somebody cancelled it",
    "в нём другие товары": "its goods are others",
    "она не о товарах без отгрузки": "it is not about goods without a shipment",
    "она доставлена": "it is delivered",
    "она в пути": "it is on its way",
    "товаров чека касса не знает, записать их может только человек":
        "the till does not know the goods of its receipt, only a person can write them",
    # check_vat
    "расчётная ставка бывает только в предоплате": "a calculated rate goes with money ahead only",
    "долг платят без НДС": "a debt is paid without VAT",
    "для авансов ставка в кассе не задана": "the till has no rate for advances",
    "ставки магазина в кассе не подтверждены": "the shop's rates are not confirmed at the till",
    "а в кассе подтверждены: {rates}": "confirmed at the till: {rates}",
    "для новых продаж она не действует": "it is not lawful for new sales",
    "а сайт без ручной настройки шлёт так и {rates}": "a site that nobody has set up sends {rates} so too",
    "без НДС": "no VAT",
    # site_secret, print_path, gateway_secret
    "нужно не меньше {n} знаков": "at least {n} characters are needed",
    "нужно не меньше {n} латинских букв и цифр": "at least {n} Latin letters and digits are needed",
    "портал {portal} уже печатает через REST-кассу": "the portal {portal} prints by its REST cashbox already",
    "его нет": "it is missing",
    "в нём меньше {n} знаков": "it has less than {n} characters",
}  # fmt: skip
"""As it is raised → in English; `{…}` stands for anything, and is translated too."""

REASON_FACTS = ("why", "what", "reason", "rate")
"""The facts of an error that hold a reason."""


@lru_cache
def _pattern(template: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", template)
    spelled = (f"(?P<{each}>.+)" if number % 2 else re.escape(each) for number, each in enumerate(parts))
    return re.compile("".join(spelled))


def in_english(reason: str) -> str:
    """A reason of `REASONS` in English; any other text as it is."""
    if reason in REASONS:
        return REASONS[reason]
    for template, english in REASONS.items():
        found = _pattern(template).fullmatch(reason) if "{" in template else None
        if found is not None:
            return english.format_map({name: in_english(text) for name, text in found.groupdict().items()})
    return reason
