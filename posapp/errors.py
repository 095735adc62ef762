"""What can go wrong, whose fault it is, and whether doing it again is safe.

    PosError                 what happened, what to do next, a stable code
    ├─ UsageError            the command line was typed wrongly (exit 2)
    ├─ DeviceError
    │  ├─ Unreachable        nothing was sent: check the cable, try again
    │  ├─ Refused            the device or our own rules said no: nothing was made
    │  ├─ OutcomeUnknown     something was sent: read before you act, never repeat
    │  └─ ProtocolError      the device said what its protocol does not allow
    ├─ SaleError             cannot be sold as it stands
    ├─ SyncError
    │  ├─ Offline            the portal was not reached, or its answer was lost
    │  └─ Rejected           the portal understood and declined
    ├─ JournalError          disk full, read-only, locked by another process, newer than the program
    └─ SetupError            not set up, or set up so that money would be at risk

The class tells a program what it may do (only `Unreachable` and `Offline` may be repeated without a person). The
*code* tells support which trouble it is; the words of every code stand once, in the table below, so that no screen and
no command invents its own. Anything that is not a `PosError` is a bug and is shown as one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from posapp.reasons import REASON_FACTS, in_english


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one code: `number` is said over the phone, the texts may hold `{facts}`."""

    number: int
    ru: str
    ru_action: str
    en: str
    en_action: str


# 1xx device, 2xx portal, 3xx money and law, 4xx people, program and computer.
WORDS: dict[str, Words] = {
    "terminal_unreachable": Words(
        116,
        "Терминал не отвечает, деньги не взяты.",
        "Проверьте терминал или выберите другой способ.",
        "The terminal does not answer, no money was taken.",
        "Check it or choose another method.",
    ),
    "card_unknown": Words(
        180,
        "Не знаем, прошла ли операция по карте: заказ {order}, {amount}, {at} ({reason}). Чек не напечатан.",
        "Не повторяйте её. Посмотрите чек терминала: «posapp card settle {reference} --rrn НОМЕР» или --not-charged.",
        "We do not know what became of the card: order {order}, {amount}, {at} ({reason}). Nothing was printed.",
        "Do not repeat it. See the terminal's slip: “posapp card settle {reference} --rrn NUMBER” or --not-charged.",
    ),
    "card_declined": Words(
        181,
        "Терминал отказал: {reason}. Деньги не взяты, чек не напечатан.",
        "Попросите другую карту или выберите другой способ.",
        "The terminal declined: {reason}. No money was taken, nothing was printed.",
        "Ask for another card or choose another method.",
    ),
    "card_charged": Words(
        182,
        "С карты уже взято {amount}, чек не напечатан: заказ {order}, {at}, RRN {rrn}.",
        "Пробейте заказ картой на эту сумму: второй раз не возьмём. Или верните: «posapp card back {reference}».",
        "The card is charged with {amount} and the receipt is not printed: order {order}, {at}, RRN {rrn}.",
        "Sell it by card for this sum: nothing is charged again. Or give it back: “posapp card back {reference}”.",
    ),
    "card_charged_goods": Words(
        183,
        "За покупку на {amount} с карты уже взяты деньги, чек не напечатан: {at}, RRN {rrn}.",
        "Тот же покупатель – повторите с --charged {reference}; другой – с --another. Вернуть: «posapp card back».",
        "A card is charged for a purchase of {amount} and the receipt is not printed: {at}, RRN {rrn}.",
        "The same customer: repeat with --charged {reference}; another: --another. Give it back: “posapp card back”.",
    ),
    "card_refunded": Words(
        184,
        "На карту уже возвращено {amount}, чек возврата не напечатан: заказ {order}, {at}, RRN {rrn}.",
        "Повторите возврат на эту сумму: второй раз деньги не вернём. Операция {reference}.",
        "{amount} went back to the card and the refund is not printed: order {order}, {at}, RRN {rrn}.",
        "Repeat the refund of this sum: nothing is given back again. Operation {reference}.",
    ),
    "card_not_open": Words(
        185,
        "Операция {reference}: такой нет, или решать о ней нечего.",
        "Открытые операции показывает «posapp card list».",
        "Operation {reference}: there is none, or nothing is open about it.",
        "“posapp card list” shows what is open.",
    ),
    "card_has_receipt": Words(
        186,
        "По этой операции начат чек {key}: деньги не возвращены.",
        "Допечатайте чек или откажитесь от него: «posapp resolve {key} --cancel».",
        "Receipt {key} was begun for this operation: nothing was given back.",
        "Print the receipt or give it up: “posapp resolve {key} --cancel”.",
    ),
    "card_busy": Words(
        187,
        "Терминал ещё ждёт карту: решать рано.",
        "Дождитесь ответа терминала или отмените операцию на нём.",
        "The terminal still waits for the card: it is too early to decide.",
        "Wait for its answer or cancel the operation on it.",
    ),
    "rrn_bad": Words(
        188,
        "«{rrn}» – не номер операции. Ничего не записано.",
        "Наберите RRN с чека терминала: от 4 до 32 цифр и латинских букв.",
        "“{rrn}” is no number of an operation. Nothing was kept.",
        "Type the RRN of the terminal's slip: 4 to 32 digits and Latin letters.",
    ),
    "rrn_used": Words(
        189,
        "Операция {rrn} уже учтена: {order}. Второй раз её не засчитали.",
        "Проверьте номер на чеке терминала.",
        "Operation {rrn} is accounted for already: {order}. It was not counted again.",
        "Check the number on the terminal's slip.",
    ),
    "terminal_by_hand": Words(
        190,
        "Терминал к кассе не подключён, деньги не взяты, чек не напечатан.",
        "Проведите карту на терминале и наберите номер операции (RRN): --card-ref.",
        "The terminal is not connected to the till: no money was taken, nothing was printed.",
        "Use the terminal by hand and type the number of the operation (RRN): --card-ref.",
    ),
    "terminal_kind": Words(
        193,
        "Учебный терминал – только для учебного каталога, настоящий – только для настоящего. Ничего не сохранено.",
        "Подключите другой терминал или возьмите другой каталог данных.",
        "A simulated terminal belongs to a training directory, a real one to a live one. Nothing was saved.",
        "Connect another terminal or take another data directory.",
    ),
    "not_ready_for_card": Words(
        194,
        "Карту сейчас брать нельзя, деньги не взяты: {why}",
        "{remedy}",
        "No card may be charged now, no money was taken: {why}",
        "{remedy}",
    ),
    "register_silent": Words(
        195,
        "ККТ не отвечает {minutes} мин.",
        "Проверьте кабель и питание – подключимся сами.",
        "The register has not answered for {minutes} min.",
        "Check cable and power; we reconnect by ourselves.",
    ),
    "shift_too_old": Words(
        196,
        "До конца смены {minutes} мин, потом чек не напечатать.",
        "Закройте смену и откройте новую.",
        "The shift ends in {minutes} min, then no receipt can be printed.",
        "Close it and open a new one.",
    ),
    "clock_drift": Words(
        197,
        "Часы ККТ и компьютера расходятся: {clock} и {now}.",
        "Проверьте время и часовой пояс компьютера; часы ККТ ставят при закрытой смене.",
        "The clocks of register and computer differ: {clock} and {now}.",
        "Check the computer's time and zone; the register's clock is set while its shift is closed.",
    ),
    "storage_ends": Words(
        198,
        "Фискальный накопитель пора менять: {why}.",
        "Закажите замену ФН в сервисном центре.",
        "The fiscal storage must be replaced soon: {why}.",
        "Order a new one from the service centre.",
    ),
    "storage_dead": Words(
        199,
        "Фискальный накопитель чеков больше не примет: {why}.",
        "Замените ФН: сервисный центр.",
        "The fiscal storage takes no more receipts: {why}.",
        "Have it replaced by the service centre.",
    ),
    "ofd_waits": Words(
        200,
        "ОФД не получает документы {days} дн.; {at} накопитель остановит ККТ.",
        "Проверьте интернет у ККТ и договор с ОФД.",
        "The OFD has received no documents for {days} days; on {at} the storage stops the register.",
        "Check the register's internet and the contract with the OFD.",
    ),
    "scan_incomplete": Words(
        191,
        "Сканер прочитал неполный код. Ничего не изменилось.",
        "Отсканируйте ещё раз, ближе.",
        "The scan was incomplete. Nothing has changed.",
        "Scan again, closer.",
    ),
    "scan_layout": Words(
        115,
        "Сканер печатает русскими буквами. Код исправили.",
        "Настройте раскладку сканера: «posapp setup scanner --try-stdin» покажет, что он присылает.",
        "The scanner types Cyrillic. We repaired the code.",
        "Set the scanner's layout: “posapp setup scanner --try-stdin” shows what it sends.",
    ),
    "scanner_gone": Words(
        192,
        "Сканер не отвечает ({port}): {why}.",
        "Проверьте его кабель – подключимся сами. Номера можно набирать.",
        "The scanner does not answer ({port}): {why}.",
        "Check its cable; we reconnect by ourselves. Numbers can be typed.",
    ),
    "device_unreachable": Words(
        101,
        "ККТ не отвечает, чек не отправлен ({port}).",
        "Проверьте кабель и питание – подключимся сами.",
        "The register does not answer, nothing was sent ({port}).",
        "Check cable and power; we reconnect by ourselves.",
    ),
    "paper_out": Words(
        102,
        "В ККТ нет бумаги, чек не напечатан.",
        "Вставьте ленту и закройте крышку.",
        "No paper, the receipt was not printed.",
        "Load a roll and close the lid.",
    ),
    "cover_open": Words(
        103,
        "Крышка ККТ открыта, чек не напечатан.",
        "Закройте до щелчка.",
        "The lid is open, the receipt was not printed.",
        "Close it until it clicks.",
    ),
    "shift_ends": Words(
        106,
        "До конца смены {minutes} мин, потом чеков не будет.",
        "Закройте смену в {at}: «posapp shift close».",
        "The shift ends in {minutes} min, then there are no receipts.",
        "Close it at {at}: “posapp shift close”.",
    ),
    "shift_expired": Words(
        105,
        "Смена открыта больше 24 часов, чеки запрещены.",
        "Закройте смену и откройте новую.",
        "The shift is over 24 hours old, receipts are blocked.",
        "Close it and open a new one.",
    ),
    "shift_closed": Words(
        107,
        "Смена не открыта, чек не напечатан.",
        "Откройте смену, заказ подождёт.",
        "No open shift, no receipt was printed.",
        "Open one, the order will wait.",
    ),
    "shift_open": Words(
        117,
        "Смена уже открыта: № {number}.",
        "Работайте дальше или закройте её.",
        "The shift is already open: no. {number}.",
        "Go on, or close it.",
    ),
    "wrong_device": Words(
        111,
        "Подключена другая ККТ или другой ФН: {found} вместо {expected}. Чек не напечатан.",
        "Верните прежнюю или позовите администратора.",
        "Another register or storage is connected: {found}, not {expected}. Nothing was printed.",
        "Put the former back or call the administrator.",
    ),
    "atol_login": Words(
        137,
        "Веб-сервер АТОЛ не принял логин и пароль, чек не отправлен ({port}).",
        "Администратору: повторите «posapp setup printer» с логином веб-сервера в POSAPP_ATOL_LOGIN.",
        "ATOL's web server did not take login and password, nothing was sent ({port}).",
        "Administrator: repeat “posapp setup printer” with the web server's login in POSAPP_ATOL_LOGIN.",
    ),
    "atol_queue": Words(
        138,
        "Очередь веб-сервера АТОЛ занята: {reason}. Новый чек не отправлен.",
        "Устраните причину на ККТ: сервер продолжит сам, потом повторите.",
        "The queue of ATOL's web server is busy: {reason}. No new receipt was sent.",
        "Mend the cause at the register: the server goes on by itself, then try again.",
    ),
    "atol_server": Words(
        139,
        "По адресу {port} отвечает не веб-сервер АТОЛ, чек не отправлен.",
        "Проверьте адрес и порт; обычно это http://АДРЕС:16732.",
        "It is not ATOL's web server that answers at {port}, nothing was sent.",
        "Check address and port; usually it is http://ADDRESS:16732.",
    ),
    "queue_left": Words(
        140,
        "«{key}» отправили через веб-сервер АТОЛ {queue}, а касса настроена иначе: тот сервер ещё может его напечатать."
        " Пока не решено, новых чеков на этой ККТ не будет.",
        "Администратору: верните адрес – «posapp setup printer --model atol --port {queue}», – и касса решит сама."
        " Если тот сервер не вернётся никогда – старший: «posapp resolve {key} --not-made», с причиной.",
        "“{key}” was sent through ATOL's web server {queue}, and the till is set up another way: that server may still"
        " print it. Until this is decided there are no new receipts on this register.",
        "Administrator: put the address back, “posapp setup printer --model atol --port {queue}”, and the till decides"
        " by itself. If that server never comes back, a senior: “posapp resolve {key} --not-made”, with a reason.",
    ),
    "made_elsewhere": Words(
        141,
        "Чек {key} мог напечататься на другой ККТ: {why}. Пока не решено, новых чеков на этой ККТ не будет.",
        "Старшему: найдите его на той ККТ или в её ОФД. Его там нет – «posapp resolve {key} --not-made», с причиной;"
        " есть – то же, и затем «posapp resolve {key} --cancel», второго не печатайте.",
        "Receipt {key} may have been printed on another register: {why}. Until this is decided there are no new"
        " receipts on this one.",
        "A senior: look for it on that register or at its OFD. If it is not there, “posapp resolve {key} --not-made”,"
        " with a reason; if it is, the same and then “posapp resolve {key} --cancel”, print no second one.",
    ),
    "queue_waits": Words(
        142,
        "Через веб-сервер АТОЛ {queue} отправлено «{key}», и чем это кончилось, ещё не известно. Адрес ККТ не изменён.",
        "Сначала «posapp resolve» по прежнему адресу. Если тот сервер не вернётся никогда, повторите с --leave-queue:"
        " исход решит человек.",
        "“{key}” was sent through ATOL's web server {queue} and its outcome is not known yet. The register's address"
        " was not changed.",
        "First “posapp resolve” at the former address. If that server never comes back, repeat with --leave-queue: a"
        " person decides the outcome.",
    ),
    "port_busy": Words(
        112,
        "Порт {port} занят другой программой, чек не отправлен.",
        "Закройте ту программу.",
        "Port {port} is held by another program, nothing was sent.",
        "Close that program.",
    ),
    "port_held": Words(
        162,
        "Порт {port} держит программа {program} (процесс {pid}), чек не отправлен.",
        "Закройте её: через один порт с ККТ говорит одна программа.",
        "Port {port} is held by the program {program} (process {pid}), nothing was sent.",
        "Close it: one program at a time speaks with the register through a port.",
    ),
    "port_denied": Words(
        163,
        "Нет права открыть порт {port}, чек не отправлен.",
        "Администратору: «sudo usermod -aG {group} ИМЯ», затем выйти из системы и войти снова.",
        "No right to open port {port}, nothing was sent.",
        "Administrator: “sudo usermod -aG {group} NAME”, then sign out and in again.",
    ),
    "no_register_found": Words(
        164,
        "ККТ не нашли: спросили мест: {asked}, ни одно не назвалось кассой.",
        "Проверьте питание и кабель. Место можно назвать: «posapp setup find --at COM3» или --at АДРЕС.",
        "No register found: asked {asked} places, none of them said that it is one.",
        "Check power and cable. A place can be named: “posapp setup find --at COM3” or --at ADDRESS.",
    ),
    "several_registers": Words(
        165,
        "Нашли ККТ: {count}. Какая из них эта касса, программа не решает: {found}.",
        "Назовите одну: «posapp setup printer --find --factory-number НОМЕР».",
        "Found {count} registers. Which one is this till's is not for the program to decide: {found}.",
        "Name one: “posapp setup printer --find --factory-number NUMBER”.",
    ),
    "register_not_named": Words(
        166,
        "{port}: ККТ ответила, но номера не назвала: {why}.",
        "Повторите, когда она закончит; пароль можно указать: --password.",
        "{port}: the register answers and does not tell its number: {why}.",
        "Try again when it has finished; a password can be given: --password.",
    ),
    "device_busy": Words(
        113,
        "ККТ занята печатью другого документа, чек не напечатан.",
        "Подождите немного и повторите.",
        "The register is printing another document, nothing was printed.",
        "Wait a little and try again.",
    ),
    "wrong_password": Words(
        118,
        "ККТ не приняла пароль оператора, чек не напечатан.",
        "Администратору: указать верный пароль в настройке ККТ.",
        "The register rejected the operator password, nothing was printed.",
        "Administrator: set the right password.",
    ),
    "foreign_receipt_open": Words(
        119,
        "На ККТ открыт чек другой программы. Наш чек не начат.",
        "Закончите или отмените тот чек там, где его начали.",
        "Another program has a receipt open on the register. Ours was not begun.",
        "Finish or cancel it where it was begun.",
    ),
    "device_refused": Words(
        120,
        "ККТ отказала: {reason}. Чек не напечатан.",
        "Исправьте причину и повторите; для поддержки: ошибка {error}.",
        "The register refused: {reason}. Nothing was printed.",
        "Mend the cause and try again; for support: error {error}.",
    ),
    "no_counters": Words(
        160,
        "ККТ этой прошивки не сообщает счётчики смены (ошибка {error}).",
        "Сверьте итоги по отчёту без гашения; обновление прошивки – у сервисного центра.",
        "The firmware of this register does not tell the counters of the shift (error {error}).",
        "Compare with a printed X report; a service centre can update the firmware.",
    ),
    "register_lacks": Words(
        161,
        "Эта ККТ такого чека не умеет: {what}. Чек не начат.",
        "Пробейте иначе или на другой ККТ.",
        "This register cannot make such a receipt: {what}. Nothing was begun.",
        "Make it in another way or on another register.",
    ),
    "vat_by_host": Words(
        397,
        "Эта ККТ не считает НДС сама: все чеки были бы с нулевым НДС. Касса не настроена.",
        "Поставьте 0 в таблице 1, поле 14 («Начисление налогов») и повторите настройку.",
        "This register computes no VAT: every receipt would have none. Nothing was set up.",
        "Set field 14 of its table 1 (tax accrual) to 0 and repeat.",
    ),
    "counters_differ": Words(
        170,
        "Счётчики ККТ не сходятся с журналом, продажи остановлены. Смена {shift}: {what}.",
        "Старшему: сравнить с X-отчётом и чеками, затем «Разобрать» или «posapp shift counters --accept --why …».",
        "The register's counters and the journal differ, selling has stopped. Shift {shift}: {what}.",
        "Senior: compare with an X report and the receipts, then Resolve, or “posapp shift counters --accept --why …”.",
    ),
    "counters_agree": Words(
        171,
        "Счётчики ККТ и журнал не расходятся.",
        "Решать нечего; сверить сейчас – «posapp shift counters».",
        "The register's counters and the journal do not differ.",
        "Nothing to decide; compare now with “posapp shift counters”.",
    ),
    "refusal_why": Words(
        172,
        "Отказ от заказа {order} не записан: нет причины.",
        "Назовите причину: --why.",
        "The refusal of order {order} was not kept: it has no reason.",
        "Name the reason: --why.",
    ),
    "refusal_known": Words(
        173,
        "Отказ от заказа {order} уже записан.",
        "Делать ничего не нужно.",
        "The refusal of order {order} is known already.",
        "Nothing to do.",
    ),
    "day_open": Words(
        174,
        "День курьера {courier} ещё не сдан.",
        "Сначала сдайте его: «posapp day close».",
        "The day of courier {courier} has not been handed in.",
        "Hand it in first: “posapp day close”.",
    ),
    "day_not_open": Words(
        175,
        "День курьера не открыт.",
        "Откройте его: «posapp day open --courier ИМЯ --float СУММА».",
        "No courier's day is open.",
        "Open one: “posapp day open --courier NAME --float SUM”.",
    ),
    "day_unfinished": Words(
        176,
        "Чек заказа {orders} начат, и исход не известен. День курьера подождёт.",
        "Сначала это: «posapp resolve».",
        "A receipt of order {orders} is begun, its outcome unknown. The courier's day waits.",
        "That comes first: “posapp resolve”.",
    ),
    "day_difference": Words(
        177,
        "Должно быть {expected}, сдают {counted}: разница {difference}. День не закрыт.",
        "Пересчитайте; если разница есть – закройте с причиной: --why.",
        "There should be {expected}, {counted} is handed in: a difference of {difference}. The day stays open.",
        "Count again; if the difference remains, close with the reason: --why.",
    ),
    "day_names": Words(
        178,
        "Подписей должно быть две: сдал {courier}, принял {receiver}.",
        "Назовите того, кто принял деньги: --received-by; это не сам курьер.",
        "There must be two signatures: handed in by {courier}, received by {receiver}.",
        "Name who received the money: --received-by; not the courier.",
    ),
    "protocol": Words(
        121,
        "ККТ ответила не по протоколу ({what}).",
        "Повторите; если не поможет – покажите это сообщение поддержке.",
        "The register's answer breaks its protocol ({what}).",
        "Try again; if it persists, show this message to support.",
    ),
    "date_not_confirmed": Words(
        122,
        "ККТ ждёт подтверждения даты, чек не напечатан.",
        "Администратору: подтвердить дату и время на ККТ.",
        "The register waits for its date to be confirmed, nothing was printed.",
        "Administrator: confirm date and time.",
    ),
    "wire_unproven": Words(
        124,
        "АТОЛ (модель {model}) по прямому протоколу ещё никто не проверил на деле: чеки так не печатаем.",
        "Подключите через драйвер АТОЛ или веб-сервер АТОЛ: «posapp setup printer --model atol».",
        "Nobody has proven the raw protocol on this ATOL model ({model}) yet: no receipts go that way.",
        "Connect by the vendor's driver or web server: “posapp setup printer --model atol”.",
    ),
    "not_enough_cash": Words(
        123,
        "В ящике ККТ меньше наличных, чем {amount}. Ничего не сделано.",
        "Проверьте сумму.",
        "The register's drawer holds less than {amount}. Nothing was made.",
        "Check the sum.",
    ),
    "key_refused": Words(
        150,
        "ККТ не приняла реквизиты чека – ключ программы, кассира или покупателя: {reason}. Чек не напечатан.",
        "Администратору: повторить «posapp setup printer» при открытой смене; для поддержки: ошибка {error}.",
        "The register refused the receipt's requisites – our key, cashier or buyer: {reason}. Nothing was printed.",
        "Administrator: repeat “posapp setup printer” with an open shift; for support: error {error}.",
    ),
    "atol_library_missing": Words(
        151,
        "Драйвер АТОЛ на этом компьютере не найден ({where}). Ничего не отправлено.",
        "Администратору: установить «Драйвер ККТ» АТОЛ версии 10, {bits}-разрядный – Центр загрузки fs.atol.ru или"
        " сервисный центр. Установлен в другом месте – назвать путь: «posapp setup printer», --library.",
        "The driver of ATOL was not found on this computer ({where}). Nothing was sent.",
        "Administrator: install ATOL's driver, version 10, {bits} bits, from its download centre fs.atol.ru or a"
        " service centre. If it is elsewhere, name the path: “posapp setup printer”, --library.",
    ),
    "atol_library_architecture": Words(
        152,
        "Драйвер АТОЛ {path} собран для других процессоров. Ничего не отправлено.",
        "Администратору: установить {bits}-разрядный драйвер для этого компьютера – Центр загрузки fs.atol.ru или"
        " сервисный центр.",
        "ATOL's driver {path} was made for other processors. Nothing was sent.",
        "Administrator: install the driver of {bits} bits for this computer, from the download centre fs.atol.ru or a"
        " service centre.",
    ),
    "atol_library_broken": Words(
        153,
        "Драйвер АТОЛ не загружается: {why}. Ничего не отправлено.",
        "Администратору: переустановить «Драйвер ККТ» АТОЛ – Центр загрузки fs.atol.ru или сервисный центр.",
        "ATOL's driver cannot be loaded: {why}. Nothing was sent.",
        "Administrator: install ATOL's driver anew, from its download centre fs.atol.ru or a service centre.",
    ),
    "atol_service_missing": Words(
        154,
        "Драйвер АТОЛ не работает без своей службы UEMA: {why}. Ничего не отправлено.",
        "Администратору: запустить службу UEMA; нет её – переустановить драйвер со всеми компонентами, Центр загрузки"
        " fs.atol.ru или сервисный центр.",
        "ATOL's driver does not work without its service UEMA: {why}. Nothing was sent.",
        "Administrator: start the service UEMA; if there is none, install the driver anew with all its parts, from the"
        " download centre fs.atol.ru or a service centre.",
    ),
    "atol_library_crashed": Words(
        155,
        "Драйвер АТОЛ завершился сбоем, открывая ККТ ({why}). Ничего не отправлено.",
        "Повторите; если не поможет – администратору: переустановить драйвер, Центр загрузки fs.atol.ru или сервисный"
        " центр.",
        "ATOL's driver crashed while it opened the register ({why}). Nothing was sent.",
        "Try again; if it persists, administrator: install the driver anew, from its download centre fs.atol.ru or a"
        " service centre.",
    ),
    "no_key": Words(
        350,
        "{device} не принимает ключ чека ни в теге 1084, ни в 1192: спорный чек будет не узнать. Не сохранено.",
        "Если на этой ККТ не печатает никакая другая программа, повторите с --only-program: спорное решит человек.",
        "{device} takes the receipt's key neither in 1084 nor in 1192: a doubtful receipt cannot be told. Not saved.",
        "If no other program prints on this register, repeat with --only-program: a person decides what is in doubt.",
    ),
    "outcome_unknown": Words(
        131,
        "Не знаем, напечатан ли документ {key}.",
        "Не печатайте второй: программа прочитает ФН при следующем запуске или командой «posapp resolve».",
        "We do not know whether document {key} was made.",
        "Do not print another: the program reads the storage at the next start, or run “posapp resolve”.",
    ),
    "not_made": Words(
        132,
        "Проверили ФН: чека нет.",
        "Повторите продажу; карту второй раз не списывайте.",
        "Storage checked: no receipt was made.",
        "Sell again; do not charge the card a second time.",
    ),
    "operation_not_made": Words(
        136,
        "Проверили по счётчикам ККТ: {operation} не было.",
        "Повторите: дважды не выйдет.",
        "The register's counters were read: nothing was made ({operation}).",
        "Do it again: it will not be made twice.",
    ),
    "resolve_needed": Words(
        134,
        "Программа не смогла решить сама: {why} ({key}). Пока не решено, новых чеков на той ККТ не будет.",
        "Позовите старшего: «Разобрать», или команда «posapp resolve».",
        "The program could not decide: {why} ({key}). Until it is settled no new receipts on that register.",
        "Call the senior: Resolve, or the command “posapp resolve”.",
    ),
    "not_resolvable": Words(
        135,
        "Так решить нельзя: {why}.",
        "Посмотрите «posapp resolve»: там стоит, что прочитано из ФН.",
        "This cannot be decided so: {why}.",
        "See “posapp resolve” for what the storage shows.",
    ),
    "offline": Words(
        201,
        "Битрикс не отвечает ({reason}).",
        "Работайте дальше: отправим сами, как только появится связь.",
        "Bitrix does not answer ({reason}).",
        "Go on: we send everything when the link is back.",
    ),
    "throttled": Words(
        202,
        "Битрикс просит не спешить.",
        "Ждём, делать ничего не нужно.",
        "Bitrix asks us to slow down.",
        "Nothing to do, we wait.",
    ),
    "access": Words(
        203,
        "Битрикс не узнаёт программу ({error}).",
        "Администратору: проверить программу в Битрикс; чего не хватает, назовёт «posapp setup check».",
        "Bitrix rejects the program ({error}).",
        "Administrator: look at the program in Bitrix; “posapp setup check” names what is missing.",
    ),
    "webhook_unknown": Words(
        241,
        "Битрикс не принимает вебхук ({error}): его перевыпустили, удалили или забрали права у владельца.",
        "Администратору: скопировать вебхук в Битрикс заново и выполнить «posapp setup portal --webhook-stdin».",
        "Bitrix rejects the webhook ({error}): it was issued anew, deleted, or its owner has lost the rights.",
        "Administrator: copy the webhook from Bitrix again and run “posapp setup portal --webhook-stdin”.",
    ),
    "scope_missing": Words(
        242,
        "У программы нет права на часть Битрикс ({error}).",
        "Администратору: «posapp setup check» назовёт, чего не хватает и что отметить.",
        "The program has no scope for a part of Bitrix ({error}).",
        "Administrator: “posapp setup check” names what is missing and what to tick.",
    ),
    "rights_missing": Words(
        243,
        "Битрикс этого не даёт ({error}): мало прав у того, от чьего имени программа, или REST не входит в тариф.",
        "Администратору: «posapp setup check» назовёт, каких прав не хватает; тариф – в настройках портала.",
        "Bitrix refuses this ({error}): the person behind the program lacks rights, or the plan includes no REST.",
        "Administrator: “posapp setup check” names the rights that are missing; the plan is in the portal's settings.",
    ),
    "portal_unpaid": Words(
        244,
        "Битрикс закрыл программе доступ: тариф кончился или REST в него не входит ({error}).",
        "Администратору: продлить тариф или подписку портала. Чеки печатайте дальше, отправим потом.",
        "Bitrix has closed its REST to the program: the plan has ended or does not include it ({error}).",
        "Administrator: renew the portal's plan. Go on selling, everything is sent later.",
    ),
    "portal_deleted": Words(
        245,
        "Этого портала Битрикс больше нет ({error}).",
        "Администратору: проверить адрес у владельца портала; новый портал – «posapp setup portal».",
        "This Bitrix portal does not exist any more ({error}).",
        "Administrator: ask the portal's owner for its address; a new portal: “posapp setup portal”.",
    ),
    "portal_moved": Words(
        246,
        "Портал переехал на другой адрес: {found}. Ничего не отправлено.",
        "Администратору: если это ваш новый адрес – «posapp setup portal --renamed {found}».",
        "The portal has moved to another address: {found}. Nothing was sent.",
        "Administrator: if that is your new address, “posapp setup portal --renamed {found}”.",
    ),
    "oauth_grant": Words(
        247,
        "Битрикс больше не пускает приложение ({error}): {why}.",
        "Администратору: подключить заново – «posapp setup portal --oauth АДРЕС». Чеки печатайте, отправим потом.",
        "Bitrix lets the application in no more ({error}): {why}.",
        "Administrator: connect again with “posapp setup portal --oauth ADDRESS”. Go on selling, all is sent later.",
    ),
    "oauth_renewed": Words(
        179,
        "Ключ приложения Битрикс устарел и продлён, запрос повторён.",
        "Делать ничего не нужно.",
        "The application's key for Bitrix was too old and is renewed, the request was repeated.",
        "Nothing to do.",
    ),
    "oauth_client": Words(
        248,
        "Битрикс не знает этого приложения ({error}): неверен client_id или client_secret, или приложение удалено.",
        "Администратору: взять оба из карточки приложения и выполнить «posapp setup portal --oauth АДРЕС».",
        "Bitrix does not know this application ({error}): wrong client_id or client_secret, or it was deleted.",
        "Administrator: take both from the application's card and run “posapp setup portal --oauth ADDRESS”.",
    ),
    "oauth_unkept": Words(
        249,
        "Ключ приложения Битрикс негде сохранить: {why}.",
        "Откройте хранилище паролей системы и повторите. Без хранилища подключайтесь вебхуком: POSAPP_WEBHOOK.",
        "The application's key for Bitrix cannot be kept: {why}.",
        "Unlock the system's password vault and repeat. Without a vault connect by webhook: POSAPP_WEBHOOK.",
    ),
    "oauth_port": Words(
        250,
        "Адрес {address} занять нельзя: {why}. Ответа Битрикс ждать негде.",
        "Закройте ту программу или возьмите другой порт (--port) и укажите его в карточке приложения.",
        "The address {address} cannot be taken: {why}. There is nowhere to wait for Bitrix.",
        "Close that program, or take another port (--port) and write it into the application's card.",
    ),
    "oauth_unanswered": Words(
        251,
        "Битрикс не подтвердил подключение: {why}. Ничего не сохранено.",
        "Повторите «posapp setup portal --oauth АДРЕС»; в карточке приложения должен стоять адрес {address}.",
        "Bitrix did not confirm the connection: {why}. Nothing was saved.",
        "Repeat “posapp setup portal --oauth ADDRESS”; the application's card must name the address {address}.",
    ),
    "not_renamed": Words(
        252,
        "Переезд портала не подтверждён: {why}. Ничего не сохранено.",
        "Проверьте адрес у владельца портала; другой портал подключают без --renamed.",
        "The portal's move is not confirmed: {why}. Nothing was saved.",
        "Ask the portal's owner for the address; another portal is connected without --renamed.",
    ),
    "portal_rejected": Words(
        204,
        "Битрикс отказал: {reason}.",
        "Старшему: исправить причину в Битрикс и нажать «Повторить».",
        "Bitrix declined: {reason}.",
        "Senior: mend the cause in Bitrix, then press Retry.",
    ),
    "portal_garbled": Words(
        205,
        "Ответ Битрикс нельзя прочитать ({reason}).",
        "Повторим сами; если не пройдёт – проверьте адрес портала.",
        "The portal's answer cannot be read ({reason}).",
        "We try again; if it persists check the portal's address.",
    ),
    "portal_prints": Words(
        206,
        "Платёжная система «{system}» печатает чеки сама: вышло бы два чека.",
        "Администратору: выключить «Печать чеков» у этой платёжной системы или выбрать другой режим.",
        "The pay system “{system}” prints receipts itself: there would be two.",
        "Administrator: switch its receipt printing off, or choose another mode.",
    ),
    "portal_no_paysystems": Words(
        207,
        "Нельзя проверить, не печатает ли чеки сам портал: нет права pay_system, или ключ не от администратора.",
        "Администратору: «posapp setup check» скажет, что отметить.",
        "It cannot be checked whether the portal prints itself: no scope pay_system, or no administrator's key.",
        "Administrator: “posapp setup check” says what to tick.",
    ),
    "shipment_unclear": Words(
        326,
        "В заказе {order} таких отгрузок несколько: {shipments}. Ничего не напечатано.",
        "Назовите одну: --shipment НОМЕР.",
        "Order {order} has several such shipments: {shipments}. Nothing was printed.",
        "Name one: --shipment NUMBER.",
    ),
    "portal_goods_differ": Words(
        240,
        "Отказанные у двери товары заказа {order} на портале не сняты: {what}.",
        "Старшему: привести заказ в Битрикс к чеку ({goods}), затем posapp outbox retry.",
        "The goods of order {order} that were refused at the door are still in it on the portal: {what}.",
        "Senior: make the order in Bitrix agree with the receipt ({goods}), then posapp outbox retry.",
    ),
    "stock_rejected": Words(
        214,
        "Склад не списан: {reason}.",
        "Старшему: исправить причину в Битрикс и нажать «Повторить».",
        "Stock was not deducted: {reason}.",
        "Senior: mend the cause in Bitrix, then press Retry.",
    ),
    "stock_unclear": Words(
        263,
        "Остаток «{name}» на портале {found}: изменён ли он этим чеком, не видно ({why}).",
        "Старшему: сверить остаток в Битрикс. Изменён – «posapp stock settle {entry} --done --why ПРИЧИНА»,"
        " не изменён – то же с --again вместо --done.",
        "The stock of {name} on the portal is {found}: whether this receipt changed it cannot be seen ({why}).",
        "Senior: compare with Bitrix. It did: “posapp stock settle {entry} --done --why REASON”; it did not: the same"
        " with --again instead of --done.",
    ),
    "stock_goods_unknown": Words(
        264,
        "Какие товары портала в чеке ФД {document}, журнал не помнит: остаток не изменён.",
        "Старшему: изменить остаток в Битрикс вручную, затем «posapp stock settle {entry} --done --why ПРИЧИНА».",
        "The journal does not know which of the portal's products are in FD {document}: the stock is as it was.",
        "Senior: change the stock in Bitrix by hand, then “posapp stock settle {entry} --done --why REASON”.",
    ),
    "stock_mode": Words(
        265,
        "Складской учёт на портале {found}, а касса настроена на «{mode}»: остатки не пишем.",
        "Администратору: posapp setup stock; записи дойдут сами.",
        "Inventory management on the portal: {found}; the till is set up for {mode}. No stock is written.",
        "Administrator: posapp setup stock; what waits goes out by itself.",
    ),
    "stock_short": Words(
        266,
        "На портале не хватает: {goods}.",
        "Проверьте, тот ли это товар. Продать всё равно: --oversell.",
        "Not enough on the portal: {goods}.",
        "Check that these are the goods. To sell them all the same: --oversell.",
    ),
    "stock_document": Words(
        267,
        "Складской документ {document} не такой, как чек: {what}.",
        "Старшему: привести остаток в Битрикс к чеку, затем «posapp stock settle {entry} --done --why ПРИЧИНА».",
        "Stock document {document} is not what the receipt says: {what}.",
        "Senior: make the stock in Bitrix agree with the receipt, then “posapp stock settle {entry} --done --why"
        " REASON”.",
    ),
    "stock_settled": Words(
        268,
        "По записи {entry} решать нечего: {why}.",
        "Посмотрите posapp outbox list.",
        "There is nothing to decide about entry {entry}: {why}.",
        "See posapp outbox list.",
    ),
    "stock_unproven": Words(
        269,
        "Режим остатков «{mode}» не подтверждён: {why}.",
        "Администратору: поправить в Битрикс или выбрать другой режим, posapp setup stock --help.",
        "Stock mode {mode} is not proven: {why}.",
        "Administrator: mend it in Bitrix or choose another mode, posapp setup stock --help.",
    ),
    "order_locked": Words(
        231,
        "Заказ {order} открыт в Битрикс у сотрудника {who}: подождём, чтобы он не записал поверх.",
        "Попросите закрыть карточку заказа; через час запишем всё равно.",
        "Order {order} is open in Bitrix at employee {who}: we wait, lest it be saved over what we write.",
        "Ask for the order to be closed there; after an hour we write all the same.",
    ),
    "unknown_order": Words(
        215,
        "Заказа {order} нет на этой кассе.",
        "Проверьте номер или загрузите заказы.",
        "Order {order} is not on this till.",
        "Check the number or pull the orders.",
    ),
    "changed_at_door": Words(
        253,
        "Заказ {order} изменился с тех пор, как его загрузили. {changes}. Чек не напечатан.",
        "Сверьте с покупателем. Повторите команду – это и будет согласием на новые условия.",
        "Order {order} has changed since it was loaded. {changes}. Nothing was printed.",
        "Check it with the customer. Typing the command again is the consent to the new terms.",
    ),
    "order_changed": Words(
        216,
        "Заказ {order} изменён на сайте: было {before}, стало {after}. Чек не напечатан.",
        "Покажите покупателю новую сумму и повторите.",
        "Order {order} changed on the site: {before} became {after}. Nothing was printed.",
        "Show the customer the new sum and try again.",
    ),
    "portal_differs": Words(
        217,
        "Чек {order} не совпадает с заказом в Битрикс: {what}.",
        "Старшему: сравнить и решить.",
        "The receipt of {order} does not match the order in Bitrix: {what}.",
        "Senior: compare and decide.",
    ),
    "receipts_full": Words(
        230,
        "В заказе {order} список чеков больше не помещается в своё поле на портале.",
        "Старшему: убрать из этого поля лишний текст; чеки в фигурных скобках не трогать.",
        "The list of receipts of order {order} does not fit its field on the portal any more.",
        "Senior: remove other text from that field; leave the receipts in braces alone.",
    ),
    "order_cancelled": Words(
        218,
        "Заказ {order} отменён на сайте. Деньги не берите, чек не напечатан.",
        "Спросите старшего.",
        "Order {order} was cancelled on the site. Take no money, nothing was printed.",
        "Ask the senior.",
    ),
    "entry_done": Words(
        219,
        "Запись {entry} уже доставлена: Битрикс её знает.",
        "Делать ничего не нужно.",
        "Entry {entry} is delivered: Bitrix knows it.",
        "Nothing to do.",
    ),
    "portal_waits": Words(
        270,
        "Битрикс ещё не знает о ФД {document} заказа {order}: {what}.",
        "Делать ничего не нужно: отправим сами. Сразу – «posapp sync --once».",
        "Bitrix does not know FD {document} of order {order} yet: {what}.",
        "Nothing to do, we send it ourselves. At once: “posapp sync --once”.",
    ),
    "portal_held": Words(
        271,
        "Битрикс не знает о ФД {document} заказа {order}: {what}. Причина: {why}",
        "Старшему: исправить причину в Битрикс и повторить – «{command}».",
        "Bitrix does not know FD {document} of order {order}: {what}. The reason: {why}",
        "Senior: mend the cause in Bitrix and repeat: “{command}”.",
    ),
    "portal_undone": Words(
        272,
        "Касса отметила в Битрикс ФД {document} заказа {order}, а сейчас там иначе: {what}.",
        "Старшему: вернуть в заказе как было или оформить возврат покупателю.",
        "The till told Bitrix of FD {document} of order {order}, and now it is otherwise there: {what}.",
        "Senior: put the order back as it was, or refund the customer.",
    ),
    "portal_mark_differs": Words(
        273,
        "У заказа {order} в Битрикс записан не тот чек: {found}, а в журнале {expected}.",
        "Старшему: сравнить с бумажным чеком и исправить поля оплаты в Битрикс.",
        "Order {order} shows another receipt in Bitrix: {found}, the journal holds {expected}.",
        "Senior: compare with the paper receipt and mend the payment's fields in Bitrix.",
    ),
    "portal_paid_without_receipt": Words(
        274,
        "Заказ {order} в Битрикс оплачен ({amount}), а чека этой кассы по нему нет: {why}.",
        "Старшему: снять отметку об оплате в Битрикс; если деньги взяты – пробить: «posapp sell {order}».",
        "Order {order} is paid in Bitrix ({amount}) and this till has no receipt of it: {why}.",
        "Senior: undo the payment in Bitrix; if money was taken, receipt it: “posapp sell {order}”.",
    ),
    "portal_cancelled": Words(
        275,
        "По заказу {order} есть чек – ФД {document} на {amount}, – а в Битрикс он {what}.",
        "Старшему: деньги вернули – оформить возврат прихода; не вернули – восстановить заказ в Битрикс.",
        "Order {order} has its receipt, FD {document} of {amount}, and in Bitrix it was {what}.",
        "Senior: money given back – make a refund receipt; if not, restore the order in Bitrix.",
    ),
    "ofd_lacks": Words(
        276,
        "ОФД не получил документы: {documents} ({count}), самый старый – от {at}.",
        "Администратору: проверить интернет у ККТ. Через 30 дней без связи ФН перестанет печатать чеки.",
        "The OFD has not received: {documents} ({count}), the oldest of {at}.",
        "Administrator: check the register's network. After 30 days the storage stops making receipts.",
    ),
    "ofd_extra": Words(
        277,
        "У ОФД есть ФД {document} на {amount} ({whose}), которого нет ни в ФН, ни в журнале.",
        "Не продавайте на этой ККТ; старшему: показать это сообщение поддержке и ОФД.",
        "The OFD has FD {document} of {amount} ({whose}), which neither storage nor journal know.",
        "Do not sell on this register; senior: show this to support and to the OFD.",
    ),
    "ofd_differs": Words(
        278,
        "У ОФД другой ФД {document}: {what}.",
        "Старшему: сравнить с бумажным чеком и написать в ОФД.",
        "The OFD has another FD {document}: {what}.",
        "Senior: compare with the paper receipt and write to the OFD.",
    ),
    "ofd_unreachable": Words(
        279,
        "ОФД не ответил: {reason}.",
        "Администратору: проверить сеть, адрес и ключ – «posapp setup ofd».",
        "The OFD did not answer: {reason}.",
        "Administrator: check network, address and key with “posapp setup ofd”.",
    ),
    "gateway_offline": Words(
        280,
        "Шлюз не отвечает ({reason}).",
        "Закреплённые заказы продавайте; остальные – когда шлюз ответит.",
        "The gateway does not answer ({reason}).",
        "Sell the orders claimed by this till; the others when the gateway answers.",
    ),
    "gateway_rejected": Words(
        281,
        "Шлюз отказал: {reason}.",
        "Администратору: проверить адрес шлюза и его версию.",
        "The gateway declined: {reason}.",
        "Administrator: check the gateway's address and version.",
    ),
    "gateway_access": Words(
        282,
        "Шлюз не пускает эту кассу: секрет другой.",
        "Администратору: задать верный POSAPP_GATEWAY_SECRET или выполнить «posapp setup gateway».",
        "The gateway does not let this till in: the secret differs.",
        "Administrator: set the right POSAPP_GATEWAY_SECRET or run “posapp setup gateway”.",
    ),
    "till_name_taken": Words(
        283,
        "На шлюзе уже есть касса «{till}» с другим каталогом данных, последний раз была на связи {at}.",
        "Дайте этой кассе другой номер: posapp setup gateway --till.",
        "The gateway knows a till “{till}” with another data directory, last heard of {at}.",
        "Give this till another name: posapp setup gateway --till.",
    ),
    "portal_name_differs": Words(
        229,
        "Кассы этого шлюза работают с порталом {known}, а эта – с {found}. Один портал под двумя адресами – два чека на"
        " один заказ.",
        "Тот же портал: вебхук с адресом {known}, «posapp setup portal», затем снова эта команда. Правда другой портал"
        " – «posapp setup gateway --another-portal».",
        "The tills of this gateway work with the portal {known}, this one with {found}. One portal by two addresses"
        " means two receipts of one order.",
        "The same portal: a webhook with the address {known}, “posapp setup portal”, then this command again. Really"
        " another portal: “posapp setup gateway --another-portal”.",
    ),
    "unknown_till": Words(
        284,
        "Шлюз не знает эту кассу.",
        "Администратору: выполнить «posapp setup gateway».",
        "The gateway does not know this till.",
        "Administrator: run “posapp setup gateway”.",
    ),
    "gateway_needed": Words(
        285,
        "На этом портале чеки печатает ещё одна касса ({what}). Без шлюза вышло бы два чека, продажа остановлена.",
        "Администратору: «posapp setup gateway --url АДРЕС»; той кассы больше нет –"
        " «posapp setup gateway --alone --why ПРИЧИНА».",
        "Another till prints receipts on this portal ({what}). Without a gateway there would be two: selling stops.",
        "Administrator: run “posapp setup gateway --url ADDRESS”; if that till is gone,"
        " “posapp setup gateway --alone --why REASON”.",
    ),
    "gateway_secret": Words(
        286,
        "Секрет шлюза не годится: {what}.",
        "Задайте POSAPP_GATEWAY_SECRET, не короче 32 знаков, один на шлюз и все кассы.",
        "The gateway's secret is no good: {what}.",
        "Set POSAPP_GATEWAY_SECRET, at least 32 characters, the same for the gateway and all tills.",
    ),
    "site_secret": Words(
        485,
        "Секрет сайта не годится: {what}.",
        "Задайте POSAPP_SITE_SECRET, не короче 32 знаков, тот же, что в настройках на сайте.",
        "The site's secret is no good: {what}.",
        "Set POSAPP_SITE_SECRET, at least 32 characters, the same as in the site's settings.",
    ),
    "site_differs": Words(
        488,
        "Ссылка ведёт на сайт {found}, а чеки этой кассы заказывал {known}. Ничего не сохранено.",
        "Тот же сайт под другим адресом: --same-site, и напечатанное не напечатается снова. Другой сайт: сначала"
        " доставьте прежнему всё («posapp jobs run --once»), потом --another-site.",
        "The link leads to the site {found}, and this till's receipts were ordered by {known}. Nothing was kept.",
        "The same site at another address: --same-site, then nothing is printed anew. Another site: first tell the"
        " former one everything (“posapp jobs run --once”), then --another-site.",
    ),
    "site_prints": Words(
        487,
        "Чек заказа {order} по заказу сайта уже у кассы: его могут печатать сейчас.",
        "Дождитесь его: «posapp gateway jobs». Второй чек не нужен.",
        "A till has the receipt that the site ordered for order {order}: it may be printing now.",
        "Wait for it: “posapp gateway jobs”. No second receipt is needed.",
    ),
    "claimed_by_till": Words(
        486,
        "Заказ {order} уже у кассы «{till}».",
        "Чек печатает эта касса; с сайта его заказывать не нужно.",
        "Order {order} is with the till “{till}” already.",
        "That till prints the receipt; the site need not order it.",
    ),
    "gateway_database": Words(
        287,
        "База шлюза не открывается: {what}.",
        "Администратору: проверить --database и доступ к базе.",
        "The gateway's database does not open: {what}.",
        "Administrator: check --database and the access to it.",
    ),
    "gateway_store": Words(
        288,
        "База шлюза не приняла запись: {what}.",
        "Повторите; администратору: проверить место на диске и саму базу.",
        "The gateway's database refused a write: {what}.",
        "Try again; administrator: check the disk and the database.",
    ),
    "gateway_address": Words(
        289,
        "Адрес шлюза не годится: {what}.",
        "Администратору: проверить адрес; кассам нужен https://…, http:// – только внутри своей сети.",
        "The gateway's address is no good: {what}.",
        "Administrator: check it; tills need https://…, http:// only inside the shop's own network.",
    ),
    "print_path": Words(
        440,
        "Секретный путь для портала не годится: {what}.",
        "Возьмите тот, что напечатала «posapp setup cashbox», и задайте POSAPP_GATEWAY_PRINT_PATH.",
        "The secret path for the portal is no good: {what}.",
        "Take the one that “posapp setup cashbox” has printed and set POSAPP_GATEWAY_PRINT_PATH.",
    ),
    "job_unknown": Words(
        442,
        "Шлюз не знает такого задания портала.",
        "Проверьте номер: «posapp gateway jobs».",
        "The gateway does not know this job of the portal.",
        "Check its number with “posapp gateway jobs”.",
    ),
    "job_started": Words(
        443,
        "Чек по этому заданию уже начат: вернуть задание нельзя, можно только сказать, чем кончилось.",
        "Дождитесь исхода: касса сообщит его сама.",
        "The receipt of this job was begun: it cannot be given back, only its outcome can be told.",
        "Wait for the outcome; the till tells it by itself.",
    ),
    "cashbox_address": Words(
        444,
        "Адрес шлюза для портала не годится: {what}.",
        "Портал зовёт шлюз из интернета: нужен https://… с настоящим сертификатом.",
        "The gateway's address for the portal is no good: {what}.",
        "The portal calls from the internet: https://… with a real certificate is needed.",
    ),
    "cashbox_portal": Words(
        445,
        "Портал не принял кассу: {reason}.",
        "Администратору: вебхук администратора CRM с правом cashbox в POSAPP_WEBHOOK, затем снова эта команда.",
        "The portal did not take the cashbox: {reason}.",
        "Administrator: the webhook of a CRM administrator with the scope cashbox in POSAPP_WEBHOOK, then once more.",
    ),
    "tenders_short": Words(
        301,
        "Не хватает {missing}. Чек не напечатан.",
        "Примите ещё или добавьте карту.",
        "{missing} short. Nothing was printed.",
        "Take more or add a card.",
    ),
    "tenders_over": Words(
        302,
        "Безналичными {card} – больше, чем к оплате {total}. Чек не напечатан.",
        "Проверьте сумму: сдачу дают только с наличных.",
        "{card} cashless is more than the {total} due. Nothing was printed.",
        "Check the sum: change is given from cash only.",
    ),
    "bad_amount": Words(
        303,
        "Сумма «{text}» не читается.",
        "Пишите рубли и копейки: 1234.50.",
        "The amount “{text}” cannot be read.",
        "Write roubles and kopecks: 1234.50.",
    ),
    "vat_unmapped": Words(
        304,
        "Ставка НДС товара «{line}» не подтверждена ({row}), чек задержан.",
        "Бухгалтеру: подтвердить ставку – «posapp setup vat».",
        "The VAT rate of “{line}” is not confirmed ({row}), the receipt is held.",
        "Accountant: confirm it with “posapp setup vat”.",
    ),
    "way_closed": Words(
        370,
        "По заказу {order} сейчас нельзя: «{way}». Ничего не напечатано.",
        "Можно: {ways}. Что это значит, говорит «posapp orders offers {order}».",
        "For order {order} this cannot be done now: “{way}”. Nothing was printed.",
        "Possible: {ways}. What they mean, “posapp orders offers {order}” says.",
    ),
    "way_unclear": Words(
        371,
        "В заказе {order} несколько таких оплат: {payments}. Ничего не напечатано.",
        "Назовите одну: --payment НОМЕР.",
        "Order {order} has several such payments: {payments}. Nothing was printed.",
        "Name one: --payment NUMBER.",
    ),
    "correction_half": Words(
        330,
        "Исправление чека {key} заказа {order} не закончено: ФД {document} напечатан, второго документа нет ({why}).",
        "Закончите: «posapp correct {key}».",
        "The correction of receipt {key} (order {order}) is half done: FD {document} is out, the other is not ({why}).",
        "Finish it: “posapp correct {key}”.",
    ),
    "correction_begun": Words(
        331,
        "Чек {key} заказа {order} исправляют: документ начат и не напечатан.",
        "Напечатать – «posapp correct {key}», отказаться – «posapp resolve {document_key} --cancel».",
        "Receipt {key} of order {order} is being corrected: a document was begun and not printed.",
        "Print it with “posapp correct {key}”, give it up with “posapp resolve {document_key} --cancel”.",
    ),
    "correction_nothing": Words(
        332,
        "В чеке {key} исправлять нечего: он уже говорит именно это.",
        "Скажите, что неверно: --tender, --vat, --void; «posapp correct list» – что видно программе.",
        "There is nothing to correct in receipt {key}: it says just that.",
        "Say what is wrong: --tender, --vat, --void; “posapp correct list” tells what the program sees.",
    ),
    "correction_unfit": Words(
        333,
        "Исправить {key} так нельзя: {why}.",
        "Ничего не напечатано. Старшему: решить, каким документом исправить.",
        "{key} cannot be corrected so: {why}.",
        "Nothing was printed. Senior: decide which document puts it right.",
    ),
    "correction_other": Words(
        334,
        "Исправление чека {key} уже начато, и начато иначе: {begun}.",
        "Закончить начатое – «posapp correct {key}» без --tender, --vat и --void.",
        "The correction of receipt {key} was begun otherwise: {begun}.",
        "Finish what was begun: “posapp correct {key}” without --tender, --vat and --void.",
    ),
    "correction_done": Words(
        335,
        "Чек {key} уже исправлен: {documents}.",
        "Если и это неверно, исправляют новый чек.",
        "Receipt {key} has been corrected: {documents}.",
        "If that is wrong too, correct the new one.",
    ),
    "printed_otherwise": Words(
        336,
        "ФД {document} заказа {order} напечатан не так, как записано в журнале: {what}.",
        "Старшему: «{command}».",
        "FD {document} of order {order} was printed otherwise than the journal has it: {what}.",
        "Senior: “{command}”.",
    ),
    "rates_wrong": Words(
        337,
        "В чеке ФД {document} заказа {order} другая ставка НДС, чем по подтверждённой таблице: {what}.",
        "Старшему: если неверен чек, «{command}»; если таблица – «posapp setup vat».",
        "FD {document} of order {order} has another VAT rate than the confirmed table: {what}.",
        "Senior: if the receipt is wrong, “{command}”; if the table is, “posapp setup vat”.",
    ),
    "tax_system_wrong": Words(
        338,
        "В чеке ФД {document} заказа {order} другая система налогообложения: {what}.",
        "Старшему: «{command}».",
        "FD {document} of order {order} has another tax system: {what}.",
        "Senior: “{command}”.",
    ),
    "money_without_receipt": Words(
        339,
        "По заказу {order} на {amount} чека этой кассы нет: {what}.",
        "Старшему: если расчёт был без кассы, «{command}».",
        "There is no receipt of this till for order {order}, {amount}: {what}.",
        "Senior: if it was settled without the register, “{command}”.",
    ),
    "goods_unknown": Words(
        290,
        "Товара с кодом «{code}» в каталоге кассы нет. Чек не начат.",
        "Отсканируйте ещё раз или наберите артикул; новый товар появится после «posapp catalogue pull».",
        "There is no product with the code “{code}” in the catalogue on board. No receipt was begun.",
        "Scan again or type the article; a new product is here after “posapp catalogue pull”.",
    ),
    "goods_several": Words(
        291,
        "Код «{code}» у нескольких товаров: {names}. Чек не начат.",
        "Наберите номер нужного товара; администратору: исправить код в каталоге Битрикс.",
        "Several products have the code “{code}”: {names}. No receipt was begun.",
        "Type the number of the right one; administrator: mend the code in the Bitrix catalogue.",
    ),
    "goods_no_price": Words(
        292,
        "У товара «{name}» нет цены: {why}. Чек не начат.",
        "Товар не отдавайте; администратору: указать цену в Битрикс, затем «posapp catalogue pull».",
        "“{name}” has no price: {why}. No receipt was begun.",
        "Keep the goods; administrator: set the price in Bitrix, then “posapp catalogue pull”.",
    ),
    "goods_inactive": Words(
        293,
        "Товар «{name}» снят с продажи на портале. Чек не начат.",
        "Отложите товар; если он продаётся, администратору: включить его в Битрикс.",
        "“{name}” was taken off sale on the portal. No receipt was begun.",
        "Put it aside; if it is for sale, administrator: activate it in Bitrix.",
    ),
    "goods_no_weight": Words(
        294,
        "Товар «{name}» продают на вес или меру ({measure}), а количества нет. Чек не начат.",
        "Взвесьте и отсканируйте ярлык весов или наберите КОД*0.350.",
        "“{name}” is sold by measure ({measure}), and there is no quantity. No receipt was begun.",
        "Weigh it and scan the label of the scales, or type CODE*0.350.",
    ),
    "goods_quantity": Words(
        295,
        "Количество {quantity} товара «{name}» не годится: {why}. Чек не начат.",
        "Наберите верное: КОД*3 для штучного, КОД*0.350 для весового.",
        "The quantity {quantity} of “{name}” does not fit: {why}. No receipt was begun.",
        "Type the right one: CODE*3 for pieces, CODE*0.350 by weight.",
    ),
    "goods_unmarked": Words(
        296,
        "Строка {line}, «{name}»: товар маркированный, а кода маркировки нет. Продавать так нельзя, чек не начат.",
        "Отсканируйте квадратный код на самом товаре, а не штрихкод.",
        "Line {line}, “{name}”: a marked thing without its marking code must not be sold. No receipt was begun.",
        "Scan the square code on the thing itself, not the barcode.",
    ),
    "goods_set": Words(
        297,
        "«{name}» так не продать: {why}. Чек не начат.",
        "Отсканируйте каждый товар по отдельности или продайте заказом.",
        "“{name}” cannot be sold so: {why}. No receipt was begun.",
        "Scan each thing by itself, or sell it by an order.",
    ),
    "goods_code": Words(
        298,
        "Код «{code}» не годится: {why}. Чек не начат.",
        "Отсканируйте ещё раз, ближе; не читается – наберите артикул.",
        "The code “{code}” does not fit: {why}. No receipt was begun.",
        "Scan again, closer; if it cannot be read, type the article.",
    ),
    "walkin_begun": Words(
        299,
        "Чек на эти же товары уже начат и не напечатан: {total}, {at}. Второй не начат.",
        "Тот же покупатель: posapp sell --begun {key}; не нужен: posapp resolve {key} --cancel; другой: --another.",
        "A receipt of the very same goods was begun and not printed: {total}, {at}. No second one was begun.",
        "The same customer: posapp sell --begun {key}; not wanted: posapp resolve {key} --cancel; another: --another.",
    ),
    "walkin_printed": Words(
        300,
        "Чек на эти же товары уже напечатан, но вам об этом не сказали: ФД {document}, {at}. Второй не начат.",
        "Тот же покупатель: чек у него. Другой покупатель: повторите команду.",
        "A receipt of the same goods is printed, and nobody was told: FD {document}, {at}. No second one was begun.",
        "The same customer has his receipt. Another customer: repeat the command.",
    ),
    "walkin_differs": Words(
        340,
        "Товары начатого чека {key} сегодня стоят или облагаются иначе: {why}. Ничего не напечатано.",
        "Отмените его – posapp resolve {key} --cancel – и наберите товары заново.",
        "The goods of the begun receipt {key} have other prices or rates today: {why}. Nothing was printed.",
        "Give it up with posapp resolve {key} --cancel and scan the goods again.",
    ),
    "walkin_no_begun": Words(
        341,
        "Чек {key} – не начатая продажа без заказа: {why}.",
        "Начатые чеки показывает «posapp receipt begun»; чек заказа печатают номером заказа.",
        "Receipt {key} is no begun sale without an order: {why}.",
        "“posapp receipt begun” shows begun receipts; an order's receipt is printed by its number.",
    ),
    "walkin_too_much": Words(
        342,
        "Столько в один чек не помещается: {what}. Чек не начат.",
        "Разделите покупку на два чека.",
        "That does not fit one receipt: {what}. No receipt was begun.",
        "Divide it into two receipts.",
    ),
    "goods_weight_code": Words(
        343,
        "Ярлык с весом, а «{name}» продают не на вес ({measure}). Чек не начат.",
        "Проверьте номер товара на весах; администратору: и схему весов – «posapp setup catalogue».",
        "A label with a weight, but “{name}” is not sold by weight ({measure}). No receipt was begun.",
        "Check the number on the scales; administrator: and their scheme, “posapp setup catalogue”.",
    ),
    "catalogue_empty": Words(
        344,
        "Каталог товаров на кассу ещё не загружен до конца. Чек не начат.",
        "Загрузите его на связи: posapp catalogue pull.",
        "The catalogue on board is not complete yet. No receipt was begun.",
        "Pull it while the portal is there: posapp catalogue pull.",
    ),
    "catalogue_field": Words(
        345,
        "{what}. Ничего не сохранено.",
        "Администратору: posapp setup catalogue покажет, какие поля и цены есть.",
        "{what}. Nothing was saved.",
        "Administrator: posapp setup catalogue shows the fields and prices that there are.",
    ),
    "prices_old": Words(
        346,
        "Цены загружены {at}, это больше {hours} ч назад. Чек не начат.",
        "Обновите их на связи – posapp catalogue pull – или продайте по ним: --old-prices.",
        "The prices are of {at}, more than {hours} h ago. No receipt was begun.",
        "Pull them while the portal is there – posapp catalogue pull – or sell by them: --old-prices.",
    ),
    "deal_unclear": Words(
        372,
        "Что можно сделать с заказом {order}, не видно: {why}.",
        "Старшему: посмотреть оплаты заказа в Битрикс.",
        "What can be done with order {order} is not clear: {why}.",
        "Senior: look at the order's payments in Bitrix.",
    ),
    "deal_goes_on": Words(
        373,
        "По заказу {order} уже есть чек: ФД {document}, {at}. Расчёт не закончен.",
        "Дальше можно: {ways}. Наберите «posapp sell {order} --as …».",
        "Order {order} has a receipt: FD {document}, {at}. The deal goes on.",
        "Next: {ways}. Type “posapp sell {order} --as …”.",
    ),
    "other_way": Words(
        374,
        "По заказу {order} начат другой чек: {begun}. Ничего не напечатано.",
        "Закончите его или откажитесь: posapp resolve {key} --cancel.",
        "Another receipt of order {order} was begun: {begun}. Nothing was printed.",
        "End it or give it up: posapp resolve {key} --cancel.",
    ),
    "way_with_gateway": Words(
        375,
        "Касс несколько, а несколько чеков одного заказа шлюз ещё не ведёт: «{way}» здесь нельзя.",
        "Возьмите полную оплату или отдайте уже оплаченный заказ.",
        "There are several tills, and the gateway does not keep several receipts of an order yet: no “{way}” here.",
        "Take the full payment, or hand over an order that is paid already.",
    ),
    "no_money_now": Words(
        376,
        "По этому чеку заказа {order} деньги не берут. Чек не напечатан.",
        "Повторите без сумм и верните покупателю деньги.",
        "This receipt of order {order} takes no money. Nothing was printed.",
        "Repeat without sums and give the money back.",
    ),
    "vat_against_tax_system": Words(
        377,
        "Ставка «{rate}» товара «{line}» не бывает при системе {system}, чек задержан.",
        "Бухгалтеру: исправить таблицу ставок – «posapp setup vat» – или систему ККТ.",
        "The rate “{rate}” of “{line}” does not exist under {system}, the receipt is held.",
        "Accountant: mend the table of rates with “posapp setup vat”, or the register's tax system.",
    ),
    "contact_unfit": Words(
        378,
        "Контакт покупателя «{contact}» – не почта и не телефон. Чек не напечатан.",
        "Наберите почту или телефон как +79001234567.",
        "The customer's contact “{contact}” is no e-mail and no phone. Nothing was printed.",
        "Type an e-mail address, or a phone as +79001234567.",
    ),
    "inn_unfit": Words(
        379,
        "ИНН покупателя «{inn}» не подходит: цифры не сходятся или нет названия. Чек не напечатан.",
        "Проверьте 10 или 12 цифр; название и ИНН идут вместе.",
        "The customer's INN “{inn}” does not fit: wrong digits, or no name beside it. Nothing was printed.",
        "Check its 10 or 12 digits; name and INN go together.",
    ),
    "refund_over": Words(
        380,
        "Вернуть {what} нельзя: осталось {left}. Ничего не напечатано.",
        "Посмотрите чек продажи и прежние возвраты по нему.",
        "{what} cannot be taken back: {left} is left. Nothing was printed.",
        "Look at the receipt of the sale and at its earlier refunds.",
    ),
    "refused_unfit": Words(
        320,
        "В заказе {order} отказаться от части нельзя: {why}. Чек не напечатан.",
        "Загрузите заказ снова – posapp orders pull; не поможет – решает старший: отдать весь или записать отказ.",
        "No part of order {order} can be refused: {why}. Nothing was printed.",
        "Pull the order again: posapp orders pull; else the senior decides: hand all over, or record the refusal.",
    ),
    "refused_all": Words(
        321,
        "Покупатель отказался от всего заказа {order}: продавать нечего, чека нет.",
        "Запишите отказ: posapp day refuse {order} --why.",
        "The customer refuses all of order {order}: there is nothing to sell and no receipt.",
        "Record the refusal: posapp day refuse {order} --why.",
    ),
    "refused_line": Words(
        322,
        "Отказ в заказе {order} не принят, строка {line}: {why}. Чек не напечатан.",
        "Посмотрите номера строк – posapp orders show {order} – и назовите каждую один раз.",
        "The refusal in order {order} was not taken, line {line}: {why}. Nothing was printed.",
        "Look up the numbers of the lines – posapp orders show {order} – and name each once.",
    ),
    "refused_prepaid": Words(
        323,
        "За заказ {order} заплатили раньше: {paid}, а взятое стоит {total}. Денег здесь не берут. Чек не напечатан.",
        "Оплачен весь – повторите с --as handover: отдадите взятое, деньги за остальное вернёт чек возврата. "
        "Оплачена часть – решает старший.",
        "Order {order} was paid before: {paid}, what is taken costs {total}. No money is taken, nothing was printed.",
        "Paid in full: repeat with --as handover, it hands over what is taken, a refund gives back the rest. "
        "Paid in part: the senior decides.",
    ),
    "other_refusal": Words(
        324,
        "По заказу {order} уже начат чек с другим отказом: {begun}. Ничего не напечатано.",
        "Повторите с тем же отказом или отмените начатый чек: posapp resolve {key} --cancel.",
        "A receipt of order {order} was begun with another refusal: {begun}. Nothing was printed.",
        "Repeat with the same refusal or cancel the one begun: posapp resolve {key} --cancel.",
    ),
    "refused_way": Words(
        325,
        "При «{way}» от части заказа {order} не отказываются: товар и расчёт за него здесь не одно. Чек не напечатан.",
        "Продайте без --as; остаток предоплаченного – --as rest, оплаченное раньше – --as handover.",
        "No part of order {order} is refused with “{way}”: goods and settlement are not one there. Nothing printed.",
        "Sell without --as; the rest of what was part-paid: --as rest; what was paid before: --as handover.",
    ),
    "refund_unclear": Words(
        381,
        "Сколько по этому чеку уже вернули, не видно: {why}. Ничего не напечатано.",
        "Старшему: сверить чеки. Возврат под ответственность: --override --why «…».",
        "How much of this receipt was taken back already cannot be seen: {why}. Nothing was printed.",
        "Senior: compare the receipts. A refund on responsibility: --override --why “…”.",
    ),
    "refund_unread": Words(
        382,
        "Возврат отложен: {why}, и сколько по чеку уже вернули на других кассах, неизвестно. Ничего не напечатано.",
        "Повторите на связи. Без неё – по бумажному чеку и слову старшего: --override --why «…».",
        "The refund waits: {why}, and what other tills have taken back is not known. Nothing was printed.",
        "Repeat it online. Without: the paper receipt and the senior's word, --override --why “…”.",
    ),
    "refund_which": Words(
        383,
        "По заказу {order} несколько чеков: {receipts}. Ничего не напечатано.",
        "Назовите чек ключом или его QR: posapp refund КЛЮЧ.",
        "Order {order} has several receipts: {receipts}. Nothing was printed.",
        "Name the receipt by its key or QR: posapp refund KEY.",
    ),
    "refund_nothing": Words(
        384,
        "Возвращать нечего: {what}. Ничего не напечатано.",
        "Найдите чек продажи: по QR, по номеру документа или по заказу.",
        "There is nothing to take back: {what}. Nothing was printed.",
        "Find the receipt of the sale: by its QR, its document's number, or the order.",
    ),
    "refund_begun": Words(
        385,
        "По этому чеку уже начат другой возврат: {begun}. Ничего не напечатано.",
        "Повторите тот же возврат или отмените начатый: posapp resolve {key} --cancel.",
        "Another refund of this receipt was begun: {begun}. Nothing was printed.",
        "Repeat that one or cancel it: posapp resolve {key} --cancel.",
    ),
    "refund_before": Words(
        386,
        "По этому чеку только что напечатан другой возврат: {before}. Нового не напечатано.",
        "Отдайте деньги по нему. Нужен ещё один – повторите команду.",
        "Another refund of this receipt was printed a moment ago: {before}. No new one was printed.",
        "Give the money back by that one. If another is needed, repeat the command.",
    ),
    "drawer_short": Words(
        387,
        "В ящике {drawer}, а вернуть надо {due} наличными. Ничего не напечатано.",
        "Внесите наличные – posapp shift cash-in – или верните на карту, если ею платили.",
        "The drawer holds {drawer}, the refund needs {due} in cash. Nothing was printed.",
        "Put cash in – posapp shift cash-in – or give it back to the card that was used.",
    ),
    "refund_order": Words(
        388,
        "Этот чек пока нельзя вернуть: на нём держится {first}. Ничего не напечатано.",
        "Сначала верните тот чек, потом этот.",
        "This receipt cannot be taken back yet, another one stands on it: {first}. Nothing was printed.",
        "Take that receipt back first, then this one.",
    ),
    "already_refunded": Words(
        389,
        "Чек ФД {document} возвращён целиком: {refunds}. Ничего не напечатано.",
        "Второй возврат не нужен.",
        "The receipt FD {document} was taken back whole: {refunds}. Nothing was printed.",
        "No second refund is needed.",
    ),
    "refund_tender": Words(
        313,
        "Чем был оплачен чек ФД {document}, портал не знает. Ничего не напечатано.",
        "Посмотрите на бумажный чек: --paid cash или --paid card.",
        "The portal does not know how the receipt FD {document} was paid. Nothing was printed.",
        "Look at the paper receipt: --paid cash or --paid card.",
    ),
    "refund_other_order": Words(
        314,
        "Чек не подходит: {why}. Ничего не напечатано.",
        "Проверьте заказ и бумажный чек.",
        "The receipt does not fit: {why}. Nothing was printed.",
        "Check the order and the paper receipt.",
    ),
    "already_receipted": Words(
        305,
        "Заказ {order} уже пробит: ФД {document}, {at}.",
        "Второй чек не нужен.",
        "Order {order} has its receipt: FD {document}, {at}.",
        "No second one is needed.",
    ),
    "other_tenders": Words(
        306,
        "По заказу {order} уже начат чек с другой оплатой: {tenders}. Ничего не напечатано.",
        "Повторите с той же оплатой или отмените начатый чек: posapp resolve {key} --cancel.",
        "A receipt of order {order} was begun with other tenders: {tenders}. Nothing was printed.",
        "Repeat with the same tenders or cancel the one begun: posapp resolve {key} --cancel.",
    ),
    "already_paid": Words(
        308,
        "Заказ {order} уже оплачен на сайте. Деньги не берите.",
        "Отдать товар с чеком зачёта: «posapp sell {order} --as handover».",
        "Order {order} is already paid on the site. Take no money.",
        "Hand it over with the offset receipt: “posapp sell {order} --as handover”.",
    ),
    "part_paid": Words(
        309,
        "Заказ {order} оплачен частично ({paid} из {total}). Чек не напечатан.",
        "Взять остальное: «posapp sell {order} --as rest»; всё возможное – «posapp orders offers {order}».",
        "Order {order} is paid in part ({paid} of {total}). Nothing was printed.",
        "Take the rest and hand over: “posapp sell {order} --as rest”; all ways: “posapp orders offers {order}”.",
    ),
    "order_unfit": Words(
        310,
        "Заказ {order} нельзя пробить: {why}.",
        "Старшему: что по нему можно – «posapp orders offers {order}»; ничего – исправить заказ в Битрикс и загрузить"
        " снова.",
        "Order {order} cannot be receipted: {why}.",
        "Senior: see what it allows with “posapp orders offers {order}”; if nothing, mend it in Bitrix and pull it"
        " again.",
    ),
    "begun_differs": Words(
        312,
        "Заказ {order} изменён после начала чека: было {before}, стало {after}. Чек не напечатан.",
        "Отмените начатый чек – posapp resolve {key} --cancel – и покажите покупателю новую сумму.",
        "Order {order} changed after its receipt was begun: {before} became {after}. Nothing was printed.",
        "Cancel the one begun – posapp resolve {key} --cancel – and show the customer the new sum.",
    ),
    "receipt_under_way": Words(
        311,
        "По заказу {order} чек уже отправлен в ККТ, исход ещё не известен.",
        "Не печатайте второй: дождитесь проверки ФН.",
        "A receipt of order {order} was sent to the register, its outcome is not known yet.",
        "Do not print another: wait for the storage to be read.",
    ),
    "claimed_elsewhere": Words(
        360,
        "Заказ {order} у кассы {till} с {since}. Чек не напечатан.",
        "Позвоните на кассу {till}: пусть пробьёт или отдаст – «posapp orders release {order}». "
        "Не отвечает – старшему: «posapp orders take-over {order} --why».",
        "Order {order} is with till {till} since {since}. Nothing was printed.",
        "Call till {till} to sell it or give it back: “posapp orders release {order}”. No answer – the senior: "
        "“posapp orders take-over {order} --why”.",
    ),
    "not_claimed": Words(
        361,
        "Заказ {order} не закреплён за этой кассой, а шлюз не отвечает: не пробьёт ли его другая, узнать нельзя. "
        "Чек не напечатан.",
        "Дождитесь связи; старший может продать под свою ответственность: posapp sell {order} --override --why.",
        "Order {order} is not claimed by this till and the gateway does not answer: another till may be selling it. "
        "Nothing was printed.",
        "Wait for the link; the senior may sell on own responsibility: posapp sell {order} --override --why.",
    ),
    "receipted_elsewhere": Words(
        362,
        "По заказу {order} чек уже пробит на кассе {till} ({document}). Денег не берите, второго чека нет.",
        "Выдайте заказ по тому чеку; сомневаетесь – спросите старшего.",
        "Order {order} has its receipt from till {till} ({document}). Take no money, there is no second one.",
        "Hand the order over with that receipt; in doubt ask the senior.",
    ),
    "maybe_receipted": Words(
        367,
        "В ФН есть {documents} на те же {total}, которого журнал не знает и прочитать не может: возможно, это чек "
        "заказа {order}. Чек не напечатан.",
        "Найдите бумажный чек или чек в ОФД. По заказу он есть – выдайте заказ; чек другого покупателя – старший: "
        "posapp sell {order} --override --why.",
        "The storage holds {documents} of the same {total} that the journal does not know and cannot read: it may be "
        "the receipt of order {order}. Nothing was printed.",
        "Look for the paper or at the OFD. It is this order's – hand the order over; another buyer's – the senior: "
        "posapp sell {order} --override --why.",
    ),
    "doubled_receipt": Words(
        363,
        "По заказу {order} два чека: наш ({document}) и кассы {till} ({other}).",
        "Старшему: один из них вернуть покупателю чеком возврата и выяснить, кто взял деньги.",
        "Order {order} has two receipts: ours ({document}) and till {till}'s ({other}).",
        "Senior: refund one of them with a refund receipt and find out who took the money.",
    ),
    "no_gateway": Words(
        364,
        "Шлюза нет: касса на портале одна, все заказы её.",
        "Нужно несколько касс – «posapp setup gateway».",
        "There is no gateway: this till is alone on its portal, every order is its own.",
        "For several tills run “posapp setup gateway”.",
    ),
    "claims_left": Words(
        366,
        "За кассой закреплены заказы ({held}), шлюз не знает о чеках ({untold}): без неё их никто не пробьёт.",
        "Выполните «posapp sync --once», закреплённое отдайте: posapp orders claims, posapp orders release.",
        "This till holds claims ({held}), the gateway does not know receipts ({untold}): nobody else could sell them.",
        "Run “posapp sync --once” and give back what is held: posapp orders claims, posapp orders release.",
    ),
    "claim_in_use": Words(
        365,
        "По заказу {order} на этой кассе есть чек ({state}), отдать его нельзя.",
        "Начатый чек сначала отменить: posapp resolve {key} --cancel.",
        "Order {order} has a receipt on this till ({state}) and cannot be given back.",
        "Cancel the one begun first: posapp resolve {key} --cancel.",
    ),
    "bad_marking": Words(
        390,
        "Код маркировки не читается: {what}.",
        "Отсканируйте ещё раз, ближе; не выходит – отложите товар и возьмите другой.",
        "The marking code cannot be read: {what}.",
        "Scan again, closer; if it fails put the item aside and take another.",
    ),
    "marking_cut": Words(
        114,
        "Код маркировки строки {line} неполный: нет кода проверки. Чек не напечатан.",
        "Отсканируйте код с самого товара ещё раз, ближе.",
        "The marking code of line {line} is not whole: its check code is missing. Nothing was printed.",
        "Scan the code on the thing itself again, closer.",
    ),
    "marking_refused": Words(
        307,
        "Строка {line}, «{name}», код …{code}: не прошёл проверку – {why}. Продавать нельзя, чек не начат.",
        "Отложите товар и возьмите другой; деньги за него не берите.",
        "Line {line}, “{name}”, code …{code}: failed the check: {why}. It must not be sold; no receipt was begun.",
        "Put the thing aside and take another; take no money for it.",
    ),
    "marking_unanswered": Words(
        391,
        "«Честный знак» не ответил, можно ли продать «{name}» (строка {line}): {reason}. Чек не начат.",
        "Повторите через минуту; администратору: проверить связь и локальный модуль – «posapp marking check».",
        "The marking system did not say whether “{name}” (line {line}) may be sold: {reason}. No receipt was begun.",
        "Try again in a minute; administrator: check the link and the local module with “posapp marking check”.",
    ),
    "marking_access": Words(
        392,
        "«Честный знак» не узнаёт кассу: {reason}. Маркированные товары не продаём, чек не начат.",
        "Администратору: задать верный ключ – «posapp setup marking».",
        "The marking system rejects this till: {reason}. Marked goods are not sold, no receipt was begun.",
        "Administrator: set the right key with “posapp setup marking”.",
    ),
    "marking_twice": Words(
        393,
        "Один код маркировки в чеке дважды: строки {first} и {line}. Чек не напечатан.",
        "Отсканируйте код каждой вещи отдельно.",
        "One marking code stands in the receipt twice: lines {first} and {line}. Nothing was printed.",
        "Scan the code of each thing by itself.",
    ),
    "marking_quantity": Words(
        394,
        "Строка {line}, «{name}»: кодов маркировки {count}, а количество {quantity}. Чек не напечатан.",
        "Отсканируйте код каждой вещи этой строки; у услуг и весовых товаров кодов нет.",
        "Line {line}, “{name}”: {count} marking codes, but the quantity is {quantity}. Nothing was printed.",
        "Scan the code of each thing of the line; services and weighed goods have none.",
    ),
    "marking_early": Words(
        396,
        "Строка {line}, «{name}»: код маркировки ставят в чек выдачи товара, а этот чек – об оплате вперёд.",
        "Повторите без кодов; отсканируйте их, когда будете отдавать товар.",
        "Line {line}, “{name}”: a marking code belongs to the receipt of the hand-over, this one is about money ahead.",
        "Repeat without codes; scan them when the goods are handed over.",
    ),
    "other_codes": Words(
        395,
        "По заказу {order} уже начат чек с другими кодами маркировки. Ничего не напечатано.",
        "Повторите без кодов – возьмём начатый чек, – или отмените его: posapp resolve {key} --cancel.",
        "A receipt of order {order} was begun with other marking codes. Nothing was printed.",
        "Repeat without codes to take the one begun, or cancel it: posapp resolve {key} --cancel.",
    ),
    "vault_missing": Words(
        403,
        "Хранилище паролей недоступно, ключа Битрикс нет.",
        "Задайте POSAPP_WEBHOOK или настройте хранилище паролей системы.",
        "There is no password vault and no key for Bitrix.",
        "Set POSAPP_WEBHOOK or set up the system's password vault.",
    ),
    "secret_missing": Words(
        405,
        "Нет ключа доступа к Битрикс.",
        "Задайте POSAPP_WEBHOOK или выполните «posapp setup portal».",
        "There is no key for Bitrix.",
        "Set POSAPP_WEBHOOK or run “posapp setup portal”.",
    ),
    "disk_full": Words(
        404,
        "На диске нет места. Сейчас ничего не записано и не напечатано.",
        "Освободите место и повторите.",
        "The disk is full. Nothing was written or printed just now.",
        "Free some space and try again.",
    ),
    "disk_read_only": Words(
        406,
        "В каталог данных нельзя писать ({path}). Сейчас ничего не записано и не напечатано.",
        "Администратору: дать программе право записи.",
        "The data directory cannot be written ({path}). Nothing was written or printed just now.",
        "Administrator: grant the program the right to write.",
    ),
    "journal_busy": Words(
        407,
        "Каталог данных занят другой программой posapp (процесс {pid}).",
        "Работайте в её окне или закройте её.",
        "The data directory is held by another posapp (process {pid}).",
        "Work in its window or close it.",
    ),
    "journal_damaged": Words(
        408,
        "Журнал повреждён: {what}.",
        "Не продавайте и ничего не удаляйте; администратору: «posapp restore».",
        "The journal is damaged: {what}.",
        "Do not sell and remove nothing; administrator: “posapp restore”.",
    ),
    "journal_newer": Words(
        409,
        "Журнал записан более новой версией программы ({revision}).",
        "Обновите программу.",
        "The journal was written by a newer program ({revision}).",
        "Update the program.",
    ),
    "journal_failed": Words(
        410,
        "Журнал не принял запись: {what}. Ничего не напечатано.",
        "Позовите администратора.",
        "The journal refused a write: {what}. Nothing was printed.",
        "Call the administrator.",
    ),
    "not_set_up": Words(
        411,
        "Касса ещё не настроена: {what}.",
        "Выполните «posapp setup {command}».",
        "The till is not set up: {what}.",
        "Run “posapp setup {command}”.",
    ),
    "training_mismatch": Words(
        412,
        "{what}",
        "Учебное и настоящее не смешиваются: возьмите другой каталог данных.",
        "{what}",
        "Training and live never mix: use another data directory.",
    ),
    "other_portal": Words(
        413,
        "Ключ от другого портала: {found} вместо {expected}. Ничего не отправлено.",
        "Задайте верный POSAPP_WEBHOOK или выполните «posapp setup portal».",
        "The key belongs to another portal: {found}, not {expected}. Nothing was sent.",
        "Set the right POSAPP_WEBHOOK or run “posapp setup portal”.",
    ),
    "usage": Words(
        420,
        "Команда набрана неверно: {what}.",
        "Посмотрите --help.",
        "Wrong usage: {what}.",
        "See --help.",
    ),
    "bad_input": Words(
        421,
        "Входные данные не читаются: {what}.",
        "Проверьте данные.",
        "The input cannot be read: {what}.",
        "Check the data.",
    ),
    "not_found": Words(
        422,
        "Не найдено: {what}.",
        "Проверьте номер.",
        "Not found: {what}.",
        "Check the number.",
    ),
    "not_written": Words(
        424,
        "Файл {path} не записан: {reason}.",
        "Укажите другое место.",
        "The file {path} could not be written: {reason}.",
        "Name another place.",
    ),
    "audit_copy": Words(
        450,
        "Копия {path} не годится для сверки записей о решениях: {what}.",
        "Возьмите другую копию журнала.",
        "The copy {path} is no witness for the audit log: {what}.",
        "Take another copy of the journal.",
    ),
    "why_needed": Words(
        451,
        "Без причины такое решение не записывается.",
        "Напишите, почему вы так решили: --why «…».",
        "Such a decision is not kept without a reason.",
        "Say why you decide so: --why “…”.",
    ),
    "not_readable": Words(
        453,
        "Решить нельзя, пока ФН не прочитать: {reason}. Исход по-прежнему не известен.",
        "Верните ККТ на связь и откройте дело заново.",
        "Nothing can be decided while the storage cannot be read: {reason}. The outcome is not known still.",
        "Bring the register back and open the case again.",
    ),
    "no_such_choice": Words(
        452,
        "Такого решения здесь нет: {choice}.",
        "Откройте дело заново: то, что показывает ККТ, могло измениться.",
        "There is no such decision here: {choice}.",
        "Open the case again: what the register shows may have changed.",
    ),
    "settings_damaged": Words(
        423,
        "Файл настроек не читается: {what}.",
        "Администратору: «posapp restore» вернёт его из копии журнала; копий нет – удалить файл и настроить заново.",
        "The settings file cannot be read: {what}.",
        "Administrator: “posapp restore” brings it back from a copy of the journal; without a copy remove it and set up"
        " again.",
    ),
    "restore_unfinished": Words(
        470,
        "Восстановление журнала начато и не закончено: {why}. Продавать пока нельзя.",
        "Подключите ККТ и выполните «posapp restore»: команда продолжит с того же места.",
        "A restore was begun and has not ended: {why}. Nothing can be sold yet.",
        "Connect the register and run “posapp restore”: it goes on where it stopped.",
    ),
    "directory_copied": Words(
        471,
        "Каталог данных скопирован: он начат как {was}, а открыт как {here}. Продавать из него нельзя.",
        "Работайте в прежнем. Если его больше нет, выполните здесь «posapp restore»: программа дочитает ФН.",
        "The data directory is a copy: it was begun as {was} and is opened as {here}. Nothing can be sold from it.",
        "Work in the former one. If that one is gone, run “posapp restore” here: it reads what the storage has since.",
    ),
    "backup_away": Words(
        472,
        "Второе место копий недоступно ({folder}): {what}. Продажи не остановлены.",
        "Верните диск или сеть: копия появится сама. Другое место – «posapp setup backup».",
        "The second place for copies is away ({folder}): {what}. Selling goes on.",
        "Bring the disk or the network back: the copy follows by itself. Another place: “posapp setup backup”.",
    ),
    "backup_unsound": Words(
        473,
        "Копию журнала {copy} нельзя восстановить: {what}.",
        "Администратору: «posapp backup now», проверить диск; до целой копии не выключайте компьютер надолго.",
        "The copy {copy} of the journal cannot be restored: {what}.",
        "Administrator: “posapp backup now”, check the disk; do not stay long without a sound copy.",
    ),
    "backup_folder": Words(
        474,
        "Папка для копий не годится ({folder}): {what}.",
        "Укажите папку на другом диске, флешке или в сети.",
        "The folder is no place for copies ({folder}): {what}.",
        "Name a folder on another disk, a USB stick or the network.",
    ),
    "backup_failed": Words(
        475,
        "Копия журнала не сделана: {what}. Продажи не остановлены.",
        "Администратору: освободить место или дать право записи в {folder}.",
        "No copy of the journal was made: {what}. Selling goes on.",
        "Administrator: free some space in {folder} or grant the right to write there.",
    ),
    "journal_lost": Words(
        476,
        "Файла журнала нет, а касса уже работала: {path}. Ничего не продано.",
        "Не настраивайте кассу заново; администратору: «posapp restore».",
        "The journal's file is gone, and this till has worked: {path}. Nothing was sold.",
        "Do not set the till up anew; administrator: “posapp restore”.",
    ),
    "unsent": Words(
        477,
        "Не всё отправлено: записей для Битрикс {entries}, чеков без исхода {receipts}, операций смены {operations}.",
        "Сначала «posapp sync --once» и «posapp resolve»: пока не отправлено всё, ничего не удалено.",
        "Not everything is sent: {entries} entries for Bitrix, {receipts} receipts and {operations} shift operations.",
        "First “posapp sync --once” and “posapp resolve”; until all is sent nothing is removed.",
    ),
    "portal_left": Words(
        479,
        "{found} – другой портал, а прежнему ({former}) ещё не всё сказано: записей {entries}, чеков без исхода"
        " {receipts}, операций смены {operations}. Портал не сохранён.",
        "Верните ключ прежнего портала, затем «posapp sync --once» и «posapp resolve». Прежнего больше нет – новый"
        " портал в новом каталоге данных.",
        "{found} is another portal, and the former one ({former}) has not heard all: {entries} entries, {receipts}"
        " receipts and {operations} shift operations without an outcome. The portal was not saved.",
        "Set the former portal's key again, then “posapp sync --once” and “posapp resolve”. If it is gone for good, the"
        " new portal needs a new data directory.",
    ),
    "restore_which": Words(
        478,
        "Непонятно, что восстанавливать: {what}.",
        "Укажите копию: «posapp restore --copy ФАЙЛ».",
        "It is not clear what to restore: {what}.",
        "Name the copy: “posapp restore --copy FILE”.",
    ),
    "two_documents": Words(
        460,
        "На один заказ {order} напечатано чеков: {count}. {documents}.",
        "Старшему, сегодня: спросить покупателя, сколько он заплатил, и оформить возврат прихода на лишний чек.",
        "Order {order} alone has several receipts: {count}. {documents}.",
        "Senior, today: ask the customer what was paid and make a refund receipt for the surplus one.",
    ),
    "storage_unknown_ours": Words(
        461,
        "ФД {document} на {amount} напечатан этой кассой по заказу {order}, а журнал его не знает.",
        "Старшему: принять его в журнал – «{command}».",
        "FD {document} of {amount} was printed by this till for order {order}, and the journal does not know it.",
        "Senior: take it into the journal: “{command}”.",
    ),
    "storage_foreign": Words(
        462,
        "В ФН есть чеки другой программы ({count} на {amount}): {documents}. На этой ККТ её быть не должно.",
        "Старшему: узнать, кто их напечатал.",
        "The storage holds receipts of another program ({count}, {amount}): {documents}. None is expected here.",
        "Senior: find out who printed them.",
    ),
    "printed_but_cancelled": Words(
        463,
        "Чек {key} заказа {order} в журнале отменён, а в ФН он есть: ФД {document} на {amount}.",
        "Старшему: деньги взяты – продажа состоялась, отметить её в Битрикс; не взяты – оформить возврат прихода.",
        "Receipt {key} of order {order} is cancelled in the journal, yet it was printed: FD {document} of {amount}.",
        "Senior: money taken – the sale stands, note it in Bitrix; if not, make a refund receipt.",
    ),
    "storage_differs": Words(
        464,
        "ФД {document} заказа {order} в ФН не такой, как в журнале: {what}.",
        "Не продавайте на этой ККТ. Старшему: сравнить с бумажным чеком – «posapp receipt show {key}».",
        "FD {document} of order {order} in the storage is not the one of the journal: {what}.",
        "Do not sell on this register. Senior: compare with the paper: “posapp receipt show {key}”.",
    ),
    "storage_lacks": Words(
        465,
        "ФД {document} заказа {order} на {amount} есть в журнале, а в ФН его нет: там последний – {last}.",
        "Не продавайте на этой ККТ. Старшему: найти бумажный чек и позвать поддержку.",
        "FD {document} of order {order}, {amount}, is in the journal and not in the storage: its last is {last}.",
        "Do not sell on this register. Senior: find the paper receipt and call support.",
    ),
    "storage_replaced": Words(
        466,
        "Подключена {found}, а настроена {expected}: чеки с накопителем не сверены.",
        "Верните прежнюю ККТ или ФН; если их заменили – администратору: «posapp setup printer».",
        "{found} is connected, {expected} was set up: the receipts were not compared with a storage.",
        "Put the former one back; if it was replaced, administrator: “posapp setup printer”.",
    ),
    "sending_left": Words(
        467,
        "{what}: отправлено в ККТ {at}, и не доказано, сделано ли это.",
        "Старшему: «Разобрать», или команда «posapp resolve».",
        "{what}: sent to the register {at}, and it is not proven whether it was made.",
        "Senior: Resolve, or the command “posapp resolve”.",
    ),
    "shift_differs": Words(
        468,
        "Смена {shift} не сходится: {what}.",
        "Старшему: пересчитать ящик и сравнить с отчётом о закрытии смены.",
        "Shift {shift} does not add up: {what}.",
        "Senior: count the drawer and compare with the shift's closing report.",
    ),
    "not_printed": Words(
        469,
        "Чек {key} заказа {order} на {amount} начат {at} и не напечатан: {why}.",
        "Старшему: напечатать – «{again}» – или отказаться – «posapp resolve {key} --cancel».",
        "Receipt {key} of order {order}, {amount}, was begun {at} and not printed: {why}.",
        "Senior: print it – “{again}” – or give it up – “posapp resolve {key} --cancel”.",
    ),
    "check_unfit": Words(
        425,
        "Чек, который заказал портал, не напечатан: {what}.",
        "Исправьте это на портале и закажите печать чека снова; деньги покупателя чека ещё не имеют.",
        "The receipt that the portal ordered was not printed: {what}.",
        "Put it right on the portal and order the receipt again; the buyer's money has no receipt yet.",
    ),
    "check_vat": Words(
        426,
        "Чек портала придержан: «{line}» – ставка «{rate}», {why}.",
        "Администратору: задать ставки в настройках кассы на сайте (vat22, vat5 …) и в кассе: товаров –"
        " «posapp setup portal --rates СТАВКИ», авансов – «posapp setup portal --advance-rate СТАВКА».",
        "The portal's receipt is held: “{line}” has the rate “{rate}”, {why}.",
        "Administrator: set the rates in the site's settings of the register (vat22, vat5 …) and in the till: of goods"
        " with “posapp setup portal --rates RATES”, of advances with “posapp setup portal --advance-rate RATE”.",
    ),
    "check_differs": Words(
        427,
        "Под номером {check} портал прислал другой чек: напечатан на {before}, прислан на {after}. Он не напечатан.",
        "Сравните заказ с напечатанным чеком; если это правда новый чек, создайте его на портале заново.",
        "Under the number {check} the portal sent another receipt: printed over {before}, sent over {after}. It was not"
        " printed.",
        "Compare the order with the printed receipt; if it is a new one indeed, create it on the portal anew.",
    ),
    "poll_link": Words(
        428,
        "Ссылка сайта для кассы не подходит: {what}.",
        "Скопируйте её заново на странице касс сайта: «posapp setup portal --mode site-poll --poll-link-stdin».",
        "The site's link for the register is not right: {what}.",
        "Copy it anew from the site's page of registers: “posapp setup portal --mode site-poll --poll-link-stdin”.",
    ),
    "poll_busy": Words(
        429,
        "Сайт {site} уже опрашивает другая программа этого компьютера.",
        "Оставьте одну: сайт выдаёт чек и второй кассе, и чеков стало бы два.",
        "The site {site} is polled by another program of this computer already.",
        "Leave one: the site hands a receipt to a second till too, and there would be two.",
    ),
    "poll_answer": Words(
        430,
        "Сайт ответил не так, как отвечает кассе: {what}.",
        "Печать по заданиям подождёт, опрос повторится сам; если не пройдёт – администратору сайта.",
        "The site did not answer as it answers a register: {what}.",
        "Printing by its orders waits, the poll repeats by itself; if it stays so, ask the site's administrator.",
    ),
    "job_begun": Words(
        431,
        "Чек по заданию {check} уже начинали печатать: отказаться от него здесь нельзя.",
        "Решите судьбу чека: «posapp resolve».",
        "The receipt of job {check} was begun to be printed: it cannot be refused here.",
        "Decide what became of it: “posapp resolve”.",
    ),
    "lease_lost": Words(
        432,
        "Задание {check} шлюз передал другой кассе. Здесь оно не напечатано.",
        "Ничего делать не нужно.",
        "The gateway gave job {check} to another till. It was not printed here.",
        "Nothing has to be done.",
    ),
    "jobs_off": Words(
        433,
        "Эта касса не печатает по заданиям портала: её режим {mode}.",
        "Режим задаёт «posapp setup portal --mode site-poll» или «--mode portal-driven».",
        "This till does not print by orders of the portal: its mode is {mode}.",
        "“posapp setup portal --mode site-poll” or “--mode portal-driven” sets the mode.",
    ),
    "backup_late": Words(
        208,
        "Последняя копия журнала – {at} ({folder}).",
        "Администратору: «posapp backup now»; вторым местом должен быть диск, который на месте.",
        "The last copy of the journal is of {at} ({folder}).",
        "Administrator: “posapp backup now”; the second place must be a disk that is there.",
    ),
    "entries_wait": Words(
        209,
        "Битрикс принял не всё: ждут человека {count}. Чеки напечатаны.",
        "Откройте «Обмен» или выполните «posapp outbox list».",
        "Bitrix did not take everything: {count} wait for a person. The receipts are printed.",
        "Open Sync, or run “posapp outbox list”.",
    ),
    "disk_low": Words(
        210,
        "На диске осталось {free} МБ. Чеки пока записываются.",
        "Освободите место до конца дня.",
        "{free} MB left on disk. Receipts are still written.",
        "Free some space today.",
    ),
    "ofd_behind": Words(
        212,
        "ОФД не получает документы {days} дн.: ждут {count}, старший от {since}.",
        "Проверьте интернет у ККТ. Если так останется, {day} накопитель остановит кассу.",
        "The OFD has received nothing for {days} days: {count} wait, the oldest of {since}.",
        "Check the register's internet. If it stays so, the storage stops the till on {day}.",
    ),
    "ofd_week": Words(
        213,
        "ОФД не получает документы {days} дн.: ждут {count}, старший от {since}. {day} накопитель остановит кассу.",
        "Сегодня: проверить интернет у ККТ и договор с ОФД, иначе позвать сервисный центр.",
        "The OFD has received nothing for {days} days: {count} wait, the oldest of {since}. On {day} the storage stops"
        " the till.",
        "Today: check the register's internet and the contract with the OFD, else call the service centre.",
    ),
    "ofd_countdown": Words(
        220,
        "Через {left} дн. ({day}) касса остановится: ОФД не получает документы с {since}, ждут {count}.",
        "Немедленно: интернет у ККТ, договор с ОФД, сервисный центр. Подготовьте запасную кассу.",
        "In {left} days ({day}) the till stops: the OFD has received nothing since {since}, {count} wait.",
        "At once: the register's internet, the contract with the OFD, the service centre. Prepare another till.",
    ),
    "ofd_blocked": Words(
        221,
        "Касса остановлена накопителем: документы не уходят в ОФД больше 30 дней (с {since}, ждут {count}).",
        "Восстановите связь ККТ с ОФД: как только документы уйдут, продажи откроются сами.",
        "The storage has stopped the till: nothing has reached the OFD for 30 days (since {since}, {count} wait).",
        "Bring the register's link to the OFD back: once the documents are sent, selling goes on by itself.",
    ),
    "line_slow": Words(
        222,
        "ККТ настроена на {baud} бод: по проводу RS-232 один чек идёт до {seconds} с. Для USB и сети это не важно.",
        "Поставьте в настройках связи ККТ 115200 бод и подключите её заново: «posapp setup printer».",
        "The register is set to {baud} baud: over an RS-232 wire one receipt takes up to {seconds} s. With USB and"
        " networks it does not matter.",
        "Set 115200 baud in the register's link settings and set it up again: “posapp setup printer”.",
    ),
    "print_unfinished": Words(
        223,
        "Печать документа прервана: кончилась бумага. Сам документ в ФН уже есть.",
        "Вставьте ленту, закройте крышку, затем «Проверка кассы» – «Допечатать» или «posapp doctor --repair».",
        "The print of a document was interrupted: the paper ran out. The document itself is in the storage.",
        "Load a roll, close the lid, then Self-check – Finish the print, or “posapp doctor --repair”.",
    ),
    "own_receipt_open": Words(
        224,
        "На ККТ не закончен чек этой кассы по заказу {order}. Напечатан ли он, решает ФН.",
        "«Проверка кассы» – «Закончить», или «posapp doctor --repair»: программа прочитает ФН и лишнего не отменит.",
        "A receipt of this till for order {order} is not finished. Whether it was made the storage knows.",
        "Self-check – Finish, or “posapp doctor --repair”: the program reads the storage and cancels nothing too much.",
    ),
    "storage_new": Words(
        225,
        "В кассе другой фискальный накопитель: {found} вместо {expected}. Продажи остановлены.",
        "Если его заменили – администратору: «posapp setup storage». Если нет – верните прежний.",
        "Another fiscal storage is in the register: {found}, not {expected}. Selling has stopped.",
        "If it was replaced, administrator: “posapp setup storage”. If not, put the former one back.",
    ),
    "ofd_away": Words(
        227,
        "ОФД не ответил ({address}): {reason}. Документы ждут в накопителе.",
        "Проверьте интернет на этом компьютере: ККТ передаёт документы через него. Повторим сами.",
        "The OFD did not answer ({address}): {reason}. The documents wait in the storage.",
        "Check this computer's internet: the register sends its documents through it. We try again by ourselves.",
    ),
    "storage_unready": Words(
        226,
        "Переходить на новый накопитель рано: {what}.",
        "{remedy}",
        "It is too early for the new storage: {what}.",
        "{remedy}",
    ),
    "jobs_fault": Words(
        438,
        "Печать по заданиям портала остановлена: сбой программы ({what}).",
        "Перезапустите программу; если повторится, покажите поддержке её журнал.",
        "Printing by the portal's orders has stopped: a fault of the program ({what}).",
        "Start the program anew; if it comes again, show its log to support.",
    ),
    "nobody_prints": Words(
        434,
        "На портале ни у одной платёжной системы не включена печать чеков: {what}.",
        "Включите «Печатать чек» у платёжных систем или настройте кассу в режиме till-driven.",
        "No pay system of the portal prints receipts: {what}.",
        "Switch on the printing of the pay systems, or set the till up as till-driven.",
    ),
    "job_refused": Words(
        435,
        "От задания портала отказался человек: {why}.",
        "Если чек всё же нужен, закажите его на портале снова.",
        "A person refused the portal's job: {why}.",
        "If the receipt is wanted after all, order it on the portal again.",
    ),
    "job_given_up": Words(
        436,
        "Начатый чек по заданию портала отменён человеком.",
        "Если чек всё же нужен, закажите его на портале снова.",
        "A person gave up the receipt of the portal's job.",
        "If it is wanted after all, order it on the portal again.",
    ),
    "lease_late": Words(
        437,
        "Чек по заданию {check} не успели напечатать, пока шлюз ждал кассу. Он не напечатан.",
        "Закажите печать чека на портале снова.",
        "The receipt of job {check} was not printed while the gateway waited for the till. It was not made.",
        "Order the receipt on the portal again.",
    ),
}


class PosError(Exception):
    """Known trouble. `code` is one of `WORDS`; `facts` fill its text; `position` points into bad input (0-based)."""

    exit_code = 1
    extra: Mapping[str, object] = {}
    """What a command shows beside the error, e.g. the receipt that an order already has."""

    def __init__(self, code: str, /, **facts: object) -> None:
        position = facts.pop("position", None)
        self.code = code
        self.facts = facts
        self.position = position if isinstance(position, int) else None
        super().__init__(self.message())

    @property
    def number(self) -> int:
        """The three digits that a cashier reads to support."""
        return WORDS[self.code].number

    def message(self, language: str = "ru") -> str:
        """What happened, the money first; `language` is `ru` or `en`."""
        words = WORDS[self.code]
        return (words.en if language == "en" else words.ru).format_map(_told(self.facts, language))

    def action(self, language: str = "ru") -> str:
        """What to do next, and who does it."""
        words = WORDS[self.code]
        return (words.en_action if language == "en" else words.ru_action).format_map(_told(self.facts, language))

    def as_json(self, language: str = "ru") -> dict[str, object]:
        """The `error` object of the command line."""
        body: dict[str, object] = {
            "code": self.code,
            "number": self.number,
            "message": self.message(language),
            "action": self.action(language),
        }
        if self.position is not None:
            body["position"] = self.position
        return body


class _Facts(dict[str, object]):
    """A message must never fail for a missing fact: the place shows `?`."""

    def __missing__(self, key: str) -> str:
        return "?"


def _told(facts: Mapping[str, object], language: str) -> _Facts:
    """The facts in a language: an error among them by its message, a known reason translated."""
    told = _Facts(facts)
    for name, value in facts.items():
        if isinstance(value, PosError):
            told[name] = value.message(language).rstrip(".")
        elif language == "en" and name in REASON_FACTS and isinstance(value, str):
            told[name] = in_english(value)
    return told


class UsageError(PosError):
    """The command line was typed wrongly; nothing was done."""

    exit_code = 2


class DeviceError(PosError):
    """Trouble with the register."""


class Unreachable(DeviceError):
    """Nothing was sent to the device; trying again is safe."""


class Refused(DeviceError):
    """Nothing was made, and that is proven: said before a closing command went out, or after the storage was read."""


class OutcomeUnknown(DeviceError):
    """A command that makes something went out and its outcome is not proven. Read, never repeat."""

    exit_code = 3

    def __init__(self, code: str = "outcome_unknown", /, **facts: object) -> None:
        super().__init__(code, **facts)


class ProtocolError(DeviceError):
    """The device's bytes break its protocol."""

    def __init__(self, what: str) -> None:
        super().__init__("protocol", what=what)


class SaleError(PosError):
    """The order or the tenders do not allow a receipt; nothing was made."""


class ResolveNeeded(PosError):
    """A person has to decide before this register prints again."""

    exit_code = 3


class SyncError(PosError):
    """Trouble with the portal."""


class Offline(SyncError):
    """The portal was not reached or its answer was lost. For a write the outcome is unknown: read before repeating."""


class Rejected(SyncError):
    """The portal understood and declined; only a person or a changed portal can mend it."""


class JournalError(PosError):
    """The journal on disk cannot be used; nothing that is not in it was done."""


class SetupError(PosError):
    """The till is not set up, or set up so that money would be at risk."""
