"""What the resolve desk says, in Russian and English. Only words: what is true is decided in `story.py`."""

from __future__ import annotations

from datetime import datetime

from posapp.domain.fiscal import DeviceIdentity, DocumentType, ReceiptKind
from posapp.domain.receipt import TenderKind
from posapp.errors import PosError

_TEXTS = {
    # --- titles
    "title.receipt": ("Чек по заказу {order}: исход не доказан", "The receipt of order {order}: outcome not proven"),
    "title.walkin": (
        "Чек продажи без заказа: исход не доказан",
        "The receipt of a sale without an order: outcome not proven",
    ),
    # --- card money
    "card.charge": ("оплата картой", "a charge of a card"),
    "card.refund": ("возврат на карту", "a refund to a card"),
    "card.cancel": ("отмена оплаты картой", "a cancelled charge"),
    "title.card_unknown": ("Заказ {order}: {kind}, исход не известен", "Order {order}: {kind}, outcome unknown"),
    "title.card_charged": ("Заказ {order}: {kind}, чека нет", "Order {order}: {kind}, no receipt"),
    "asked.card": (
        "{at} у терминала спрошено: {kind} на {amount}, заказ {order}. Работал: {who}.",
        "{at}, the terminal was asked for {kind} of {amount}, order {order}. At the till: {who}.",
    ),
    "shows.card_unknown": (
        "Ответа терминала нет ({by}). Он мог взять деньги, мог и не взять.",
        "There is no answer of the terminal ({by}). It may have moved the money or not.",
    ),
    "shows.card_charged": (
        "Терминал одобрил: RRN {rrn}, карта {card}. Чек по этой операции не напечатан.",
        "The terminal approved: RRN {rrn}, card {card}. No receipt of it is printed.",
    ),
    "next.card_unknown": (
        "Программа спросит терминал снова при каждой продаже этого заказа. Если терминал не может ответить, решает "
        "человек по чеку терминала.",
        "The program asks the terminal again at each sale of this order. Where it cannot answer, a person decides by "
        "the terminal's slip.",
    ),
    "next.card_charged": (
        "Пробейте заказ картой на эту сумму: деньги второй раз не возьмём. Или верните деньги на карту.",
        "Sell the order by card for this sum: nothing is charged again. Or give the money back.",
    ),
    "choice.card_taken": ("На чеке терминала – одобрено", "The slip says: approved"),
    "choice.card_not_taken": ("Деньги не прошли", "No money moved"),
    "choice.card_back": ("Вернуть деньги на карту", "Give the money back"),
    "then.card_taken": (
        "Операция считается проведённой с номером (RRN) с чека терминала. Чек печатается по ней, карту больше не "
        "спрашиваем.",
        "The operation counts as made, with the number (RRN) of the slip. The receipt is printed for it, the card is "
        "not asked again.",
    ),
    "then.card_cancelled": (
        "Деньги считаются возвращёнными, заказ можно продать заново.",
        "The money counts as given back, the order may be sold anew.",
    ),
    "then.card_not_taken": (
        "Заказ снова можно продать. Если деньги всё же взяты, покупатель заплатит дважды.",
        "The order may be sold again. If the money was taken after all, the customer pays twice.",
    ),
    "then.card_back": (
        "Терминал отменит операцию: покупателю вернутся деньги, чека не будет.",
        "The terminal cancels the operation: the customer gets the money, there is no receipt.",
    ),
    "done.card_approved": (
        "Операция проведена. Пробейте заказ картой: чек напечатаем, деньги второй раз не возьмём.",
        "The operation is made. Sell the order by card: the receipt is printed, nothing is charged again.",
    ),
    "done.card_declined": ("Деньги не взяты. Заказ можно продать.", "No money was taken. The order may be sold."),
    "done.card_receipted": ("Чек по операции уже напечатан.", "The receipt of the operation is printed already."),
    "done.card_returned": ("Деньги возвращены на карту.", "The money went back to the card."),
    # --- receipts that the portal orders
    "title.job": (
        "Чек по заданию портала {order}: исход не доказан",
        "The receipt of the portal's job {order}: outcome not proven",
    ),
    "asked.job": (
        "{at} с кассы {till} отправлен чек, который заказал портал ({order}): {kind} на {total}, {tenders}. "
        "Попытка {attempt}: {device}, последним до неё был ФД {after}.",
        "{at}, till {till} sent a receipt that the portal ordered ({order}): {kind}, {total}, {tenders}. Try "
        "{attempt}: {device}, the last document before it was FD {after}.",
    ),
    "made.job": (
        "Задание {order} считается напечатанным документом ФД {number}, портал узнает его номер. Ничего не "
        "печатается. Если ФД {number} чужой, у покупателя чека нет.",
        "Job {order} counts as printed by FD {number}, and the portal is told its number. Nothing is printed."
        " If FD {number} is another program's, the customer has no receipt.",
    ),
    "not_made.job": (
        "Чек вернётся в «не напечатан», и касса напечатает его сама, как только портал снова его запросит. "
        "Если он всё же напечатан, у покупателя станет два чека.",
        "The receipt becomes “not printed”, and the till prints it by itself as soon as the portal asks for "
        "it again. If it was printed after all, there will be two receipts.",
    ),
    "lost_made.job": (
        "Задание {order} считается напечатанным тем чеком, чей QR-код вы введёте: ФН, сумма и вид сверяются с"
        " журналом. Ничего не печатается, портал узнает его номер.",
        "Job {order} counts as printed by the receipt whose QR text you give: storage, total and kind are "
        "compared with the journal. Nothing is printed, and the portal is told.",
    ),
    "lost_not_made.job": (
        "Чек вернётся в «не напечатан», и касса напечатает его на новой ККТ, как только портал снова его "
        "запросит. Прежняя могла напечатать его и не успеть передать в ОФД: сначала дождитесь её документов "
        "или архива ФН.",
        "The receipt becomes “not printed”, and the till prints it on the new register as soon as the portal "
        "asks again. The former one may have made it and not yet sent it to the OFD: wait for its documents "
        "or read its archive first.",
    ),
    "adopt.job": (
        "Чек по заданию {order} читается из ФН со своим ключом, портал узнает его номер, когда спросит снова."
        " Ничего не печатается.",
        "The receipt of job {order} is read back with its own key; the portal is told when it asks again. "
        "Nothing is printed.",
    ),
    "title.operation": ("{operation}: исход не доказан", "{operation}: outcome not proven"),
    "title.stray": (
        "ФД {number} нашей кассы, которого журнал не знает",
        "FD {number} of this till, unknown to its journal",
    ),
    "title.register": ("ККТ: нужно посмотреть человеку", "The register: a person has to look"),
    "title.differ": ("Счётчики ККТ не сходятся с журналом", "The register's counters and the journal differ"),
    "title.half": ("Исправление чека заказа {order} не закончено", "The correction of order {order} is half done"),
    "half.first": ("ФД {number}", "FD {number}"),
    "half.waits": ("он ещё не напечатан", "it has not been printed"),
    "half.sending": ("его отправили, исход ещё не известен", "it was sent, its outcome is not known yet"),
    "half.lost": (
        "журнал его не знает, скажите заново, что верно",
        "the journal does not know it, say again what is right",
    ),
    "asked.half": (
        "В {at} решено исправить ФД {number} заказа {order} двумя документами.",
        "At {at} it was decided to put FD {number} of order {order} right by two documents.",
    ),
    "why.stray": (
        "ФД {number} напечатан этой кассой, а журнал его не знает",
        "FD {number} was printed by this till and its journal does not know it",
    ),
    "device": ("ККТ {factory}, ФН {storage}", "register {factory}, storage {storage}"),
    # --- what was asked
    "asked.receipt": (
        "{at} с кассы {till} ({who}) отправлен чек по заказу {order}: {kind} на {total}, {tenders}. Попытка"
        " {attempt}: {device}, последним до неё был ФД {after}.",
        "{at}, till {till} ({who}) sent the receipt of order {order}: {kind}, {total}, {tenders}. Try {attempt}:"
        " {device}, the last document before it was FD {after}.",
    ),
    "asked.walkin": (
        "{at} с кассы {till} ({who}) отправлен чек продажи без заказа: {kind} на {total}, {tenders}. Попытка"
        " {attempt}: {device}, последним до неё был ФД {after}.",
        "{at}, till {till} ({who}) sent the receipt of a sale without an order: {kind}, {total}, {tenders}. Try"
        " {attempt}: {device}, the last document before it was FD {after}.",
    ),
    "asked.operation": (
        "{at} ({who}) отправлена операция: {operation}. {device}, последним до неё был ФД {after}.",
        "{at} ({who}) sent a shift operation: {operation}; {device}, the last document before it was FD {after}.",
    ),
    "asked.stray": (
        "Журнал этой кассы ничего о таком чеке не знает: каталог данных восстановлен, скопирован или устарел.",
        "The journal of this till knows nothing of it: the data directory was restored, copied or is out of date.",
    ),
    "asked.register": ("Касса настроена на {device}.", "The till is set up for {device}."),
    "asked.differ": (
        "После каждого чека суммы журнала сверяются со счётчиками: {device}.",
        "After every receipt the journal's sums are compared with the counters of {device}.",
    ),
    "asked.open": ("Касса хочет печатать на {device}.", "The till wants to print on {device}."),
    # --- what the device shows
    "shows.away": ("ФН сейчас не прочитать: {trouble}.", "The storage cannot be read now: {trouble}."),
    "shows.other": ("Подключена другая: {found}.", "Another one is connected: {found}."),
    "shows.replaced": ("В этой ККТ теперь другой ФН: {found}.", "This register has another storage now: {found}."),
    "shows.reregistered": (
        "ФН тот же, регистрационный номер другой: {found}.",
        "The storage is the same, its registration number is another one: {found}.",
    ),
    "shows.nothing": ("Новых документов после ФД {after} в ФН нет.", "There is no document after FD {after}."),
    "shows.documents": ("После ФД {after} в ФН: {list}.", "After FD {after} the storage holds: {list}."),
    "numbers": ("ФД {list}", "FD {list}"),
    "shows.more": ("и ещё {count}", "and {count} more"),
    "shows.document": ("ФД {number} – {words}, {at}, {note}", "FD {number} – {words}, {at}, {note}"),
    "shows.begun": (
        "На ККТ начат чек коррекции; ни вида, ни суммы у него ещё нет.",
        "A correction receipt was begun on the register; it has neither kind nor sum yet.",
    ),
    "shows.open": (
        "На ККТ открыт чек: {kind}, пока на {subtotal}.",
        "A receipt is open on the register: {kind}, {subtotal} so far.",
    ),
    "shows.open_form": ("В ФН не закрыт документ.", "A document is not closed in the storage."),
    "shows.unread": ("Прочитано не всё: {trouble}.", "Not everything could be read: {trouble}."),
    # Why it cannot be read. Not the words of an error: "nothing was sent" is true of the question, not of the receipt.
    "read.device_unreachable": ("ККТ не отвечает ({port})", "the register does not answer ({port})"),
    "read.port_busy": ("порт {port} занят другой программой", "port {port} is held by another program"),
    "read.paper_out": ("в ККТ нет бумаги", "the register has no paper"),
    "read.cover_open": ("крышка ККТ открыта", "the lid of the register is open"),
    "read.device_busy": ("ККТ занята печатью", "the register is printing"),
    "read.wrong_password": ("ККТ не принимает пароль оператора", "the register rejects the operator password"),
    "read.not_set_up": ("касса не настроена", "the till is not set up"),
    "read.other": ("ККТ ответила: {reason}", "the register said: {reason}"),
    "shows.counters": (
        "Сейчас: смена {shift} {state}, последний ФД {last}, внесено {cash_in}, выплачено {cash_out}. Было: смена"
        " {was_shift} {was_state}, ФД {was_last}, внесено {was_in}, выплачено {was_out}.",
        "Now: shift {shift} {state}, last FD {last}, cash in {cash_in}, cash out {cash_out}. Before: shift"
        " {was_shift} {was_state}, FD {was_last}, cash in {was_in}, cash out {was_out}.",
    ),
    "shows.stray": (
        "ФД {number} – {words} на {total}, {at}, со штампом кассы {till}, заказ {order}, ключ {key}.",
        "FD {number} – {words}, {total}, {at}, stamped by till {till}, order {order}, key {key}.",
    ),
    "shows.busy": (
        "С ККТ сейчас работает другая программа posapp (процесс {pid}); отсюда прибор не виден.",
        "Another posapp (process {pid}) works with the register now; it cannot be seen from here.",
    ),
    "shows.busy_saw": ("В {at} она видела: {shows}", "At {at} it saw: {shows}"),
    # --- whose a document is
    "note.ours": ("ключ этого чека", "this receipt's key"),
    "note.till": ("чек кассы {till}, заказ {order}", "a receipt of till {till}, order {order}"),
    "note.unread": ("прочитан не целиком: чей – не видно", "cannot be read whole: whose it is is not seen"),
    "note.keyless": (
        "чей – не видно: ключей эта ККТ не пишет",
        "whose it is is not seen: this register writes no keys",
    ),
    "note.named": (
        "наш по ответу веб-сервера, а ключа в нём нет",
        "ours by the web server's answer, without our key",
    ),
    "note.other": ("другая программа", "another program"),
    "note.form": ("ничей: чеком не бывает", "no receipt at all"),
    "note.differs": ("не наш: другой вид или сумма", "not ours: another kind or total"),
    "shows.half": (
        "{first} напечатан – {words}. Правильного чека нет: {why}.",
        "{first} is out: {words}. The right receipt is not: {why}.",
    ),
    # --- what happens next
    "next.half": (
        "Деньги без чека: напечатайте второй документ – «posapp correct {key}». Первый второй раз не напечатается.",
        "Money without a receipt: print the second document with “posapp correct {key}”. The first is never repeated.",
    ),
    "next.away": (
        "Решать ничего не нужно: программа прочитает ФН и решит сама, как только ККТ ответит, – при запуске, перед"
        " каждой продажей и по «Разобрать». До этого на этой ККТ ничего не печатается. Проверьте питание и кабель.",
        "Nothing to decide: the program reads the storage and decides by itself as soon as the register answers – at"
        " start, before every sale and from Resolve. Until then nothing is printed on it. Check power and cable.",
    ),
    "next.other": (
        "Подключите {device}: программа прочитает ФН и решит сама. Если той ККТ или того ФН больше не будет никогда,"
        " администратор настраивает новую – «posapp setup printer», – и тогда решение примет человек, здесь.",
        "Connect {device}: the program reads the storage and decides by itself. If that register or storage will"
        " never be back, the administrator sets up the new one – “posapp setup printer” – and then a person decides,"
        " here.",
    ),
    "next.lost": (
        "Касса настроена на другую ККТ или ФН, прочитать {device} она не может. Решает человек: найдите чек в"
        " кабинете ОФД или на бумаге. Подключите прежнюю ККТ – программа решит сама.",
        "The till is set up for another register or storage and cannot read {device}. A person decides: look for the"
        " receipt at the OFD or on paper. Connect the former register and the program decides by itself.",
    ),
    "next.candidates": (
        "Программа доказать не может: {numbers} – того же вида и на ту же сумму, но прочитать целиком нельзя. Решает"
        " человек: посмотрите бумажный чек или ленту за это время. До решения на этой ККТ ничего не печатается.",
        "The program cannot prove it: {numbers} – same kind, same total, not readable as a whole. A person decides:"
        " look at the paper receipt or the tape of that time. Until then nothing is printed on this register.",
    ),
    "next.keyless": (
        "Эта ККТ ключей не пишет, и чей документ – {numbers} – по нему не видно. Решает человек: посмотрите бумажный"
        " чек или ленту. Если там печатала другая программа, так больше делать нельзя.",
        "This register writes no keys, so whose {numbers} is cannot be seen. A person decides: look at the paper"
        " receipt or the tape. If another program printed there, that must not happen again.",
    ),
    "next.named": (
        "Веб-сервер назвал нашим чеком {numbers}, а нашего ключа там нет, хотя эта ККТ его печатает. Решает человек:"
        " посмотрите бумажный чек, не другая ли программа его пробила. До решения на этой ККТ ничего не печатается.",
        "The web server named {numbers} as our receipt, and our key is not there although this register shows it. A"
        " person decides: look at the paper receipt, whether another program made it. Until then nothing is printed on"
        " this register.",
    ),
    "next.elsewhere": (
        "Чек мог напечататься на другой ККТ: {why}. Решает человек: найдите его на той ККТ или в её ОФД. До решения на"
        " этой ККТ ничего не печатается.",
        "The receipt may have been printed on another register: {why}. A person decides: look for it on that register"
        " or at its OFD. Until then nothing is printed on this one.",
    ),
    "next.left": (
        "Отправили через веб-сервер {queue}, а касса настроена иначе: тот сервер ещё может это напечатать."
        " Администратор возвращает адрес – «posapp setup printer», – и программа решит сама. Если тот сервер не"
        " вернётся никогда, решает человек. До этого на этой ККТ ничего не печатается.",
        "It was sent through the web server {queue}, and the till is set up another way: that server may still print"
        " it. The administrator puts the address back – “posapp setup printer” – and the program decides by itself."
        " If that server will never be back, a person decides. Until then nothing is printed on this register.",
    ),
    "next.ours": (
        "Документ с нашим ключом есть, но {what}. Решает человек: какой из них считать чеком этого заказа.",
        "There is a document with our key, but {what}. A person decides which one is the receipt of this order.",
    ),
    "next.ours_many": ("их несколько", "there are several"),
    "next.ours_total": ("сумма в нём другая", "its total is another one"),
    "next.open_ours": (
        "Похоже на наш недобитый чек, но это не доказано. Решает человек: посмотрите на ККТ, не пробивает ли сейчас"
        " другая программа.",
        "It looks like our unfinished receipt, but that is not proven. A person decides: see whether another program"
        " is at work on the register now.",
    ),
    "next.open_other": (
        "Закончите этот чек в той программе, которая его открыла: тогда программа прочитает ФН и решит сама. Если"
        " той программы больше нет, человек может отменить открытый чек.",
        "Finish that receipt in the program that opened it: then the storage is read and the program decides by"
        " itself. If that program is gone, a person may cancel the open receipt.",
    ),
    "next.open_form": (
        "Выключите и включите ККТ: программа прочитает ФН и решит сама.",
        "Switch the register off and on: the program reads the storage and decides by itself.",
    ),
    "next.reread": (
        "Программа прочитает ФН ещё раз и решит сама: «Разобрать», следующая продажа или запуск.",
        "The program reads the storage again and decides by itself: Resolve, the next sale or start.",
    ),
    "next.counters": (
        "По счётчикам нельзя сказать ни «сделано», ни «не сделано». Решает человек: пересчитайте ящик, посмотрите"
        " ленту. До решения на этой ККТ ничего не печатается.",
        "The registers prove neither. A person decides: count the drawer, look at the tape. Until then nothing is"
        " printed on this register.",
    ),
    "next.stray": (
        "Решает человек. До решения касса не продаёт: по тому же заказу вышел бы второй чек.",
        "A person decides. Until then nothing is sold: the same order could get a second receipt.",
    ),
    "next.register": (
        "Подключите ту ККТ, на которую касса настроена, – или, если ККТ или ФН заменили, администратор выполняет"
        " «posapp setup printer». До этого касса не продаёт.",
        "Connect the register that the till is set up for – or, if it or its storage was replaced, the administrator"
        " runs “posapp setup printer”. Until then nothing is sold.",
    ),
    "next.differ": (
        "Снимите X-отчёт и сравните с чеками смены. Пока не решено, на этой ККТ ничего не продаётся; закрыть смену"
        " можно.",
        "Print an X report and compare it with the receipts of the shift. Until this is decided nothing is sold on this"
        " register; the shift may be closed.",
    ),
    "next.behind": (
        "Такого не бывает с исправным ФН: не продавайте, позовите поддержку. Если это учебная ККТ с новым"
        " хранилищем, возьмите новый каталог данных.",
        "A sound storage never does that: do not sell, call support. For a simulated register with a new storage"
        " take a new data directory.",
    ),
    "next.busy": (
        "Решает та программа, которая работает: сама, как только прочитает ФН.",
        "The program that runs is deciding: by itself, as soon as it has read the storage.",
    ),
    "next.busy_person": (
        "Та программа ждёт решения человека: «Разобрать» в её окне. Если окна нет, остановите её и решите здесь.",
        "The program that runs waits for a person: Resolve in its window. Without a window, stop it and decide here.",
    ),
    # --- choices
    "made": ("ФД {number} – это наш чек", "FD {number} is our receipt"),
    "made.then": (
        "Заказ {order} считается пробитым документом ФД {number}: отметка, оплата, статус и списание уйдут в"
        " Битрикс. Ничего не печатается. Если ФД {number} чужой, у покупателя чека нет.",
        "Order {order} counts as receipted by FD {number}: mark, payment, status and stock go to Bitrix. Nothing is"
        " printed. If FD {number} is another program's, the customer has no receipt.",
    ),
    "made.walkin": (
        "Продажа без заказа считается пробитой документом ФД {number}. Ничего не печатается, порталу сообщать нечего."
        " Если ФД {number} чужой, у покупателя чека нет.",
        "The sale without an order counts as receipted by FD {number}. Nothing is printed, the portal has nothing to"
        " hear. If FD {number} is another program's, the customer has no receipt.",
    ),
    "made.differs": (
        " Сумма в документе – {found}, в чеке – {total}: Битрикс узнает {total}, разницу исправляет бухгалтер.",
        " The document says {found}, the receipt {total}: Bitrix is told {total}, the accountant corrects the"
        " difference.",
    ),
    "not_made": ("Чека нет: {numbers} – другой программы", "Not made: {numbers} – another program's"),
    "not_made.bare": ("Чека нет", "Not made"),
    "not_made.then": (
        "Чек по заказу {order} вернётся в «не напечатан»: его можно пробить, ключ останется тот же. Сам он не"
        " печатается. Если он всё же напечатан, у заказа станет два чека, и один придётся оформлять возвратом.",
        "The receipt of order {order} becomes “not printed”: it can be printed, with the same key; nothing prints it"
        " by itself. If it was printed after all, the order gets two receipts and one has to be refunded.",
    ),
    "not_made.elsewhere": (
        "Этот чек мог напечататься на другой ККТ: {why}. Если он там есть, второго не печатайте: откажитесь и от этого"
        " («posapp resolve» с --cancel). ",
        "This receipt may have been printed on another register: {why}. If it is there, do not print a second one: give"
        " this one up as well (“posapp resolve” with --cancel). ",
    ),
    "not_made.left": (
        "Если веб-сервер {queue} снова заработает, он напечатает этот чек: сначала убедитесь, что он выключен"
        " навсегда или его очередь пуста. ",
        "If the web server {queue} is started again it prints this receipt: first make sure that it is off for good"
        " or that its queue is empty. ",
    ),
    "not_made.walkin": (
        "Чек вернётся в «не напечатан»: его можно пробить («posapp sell --begun»), ключ останется тот же. Сам он не"
        " печатается. Если он всё же напечатан, у покупателя станет два чека, и один придётся оформлять возвратом.",
        "The receipt becomes “not printed”: it can be printed (“posapp sell --begun”), with the same key; nothing"
        " prints it by itself. If it was printed after all, there will be two receipts and one has to be refunded.",
    ),
    "not_made.open": (
        " Открытый на ККТ чек на {subtotal} будет отменён, фискального документа от него не останется.",
        " The receipt of {subtotal} that is open on the register is cancelled; no fiscal document comes of it.",
    ),
    "lost_made": ("Чек есть: он в ОФД или на бумаге", "It was made: the OFD or the paper shows it"),
    "lost_made.then": (
        "Заказ {order} считается пробитым тем чеком, чей QR-код вы введёте: ФН, сумма и вид сверяются с журналом."
        " Отметка, оплата, статус и списание уйдут в Битрикс. Ничего не печатается.",
        "Order {order} counts as receipted by the receipt whose QR text you give: storage, total and kind are"
        " compared with the journal. Mark, payment, status and stock go to Bitrix. Nothing is printed.",
    ),
    "lost_made.walkin": (
        "Продажа без заказа считается пробитой тем чеком, чей QR-код вы введёте: ФН, сумма и вид сверяются с журналом."
        " Ничего не печатается.",
        "The sale without an order counts as receipted by the receipt whose QR text you give: storage, total and kind"
        " are compared with the journal. Nothing is printed.",
    ),
    "lost_not_made": ("Чека нет: в ОФД его нет", "Not made: the OFD does not have it"),
    "lost_not_made.then": (
        "Чек по заказу {order} вернётся в «не напечатан», его можно пробить на новой ККТ. Прежняя могла напечатать"
        " его и не успеть передать в ОФД: сначала дождитесь её документов в ОФД или архива ФН. Иначе у заказа станет"
        " два чека.",
        "The receipt of order {order} becomes “not printed” and can be printed on the new register. The former one"
        " may have made it and not yet sent it to the OFD: wait for its documents or read its archive first."
        " Otherwise the order gets two receipts.",
    ),
    "lost_not_made.walkin": (
        "Чек вернётся в «не напечатан», его можно пробить на новой ККТ. Прежняя могла напечатать его и не успеть"
        " передать в ОФД: сначала дождитесь её документов в ОФД или архива ФН. Иначе чека станет два.",
        "The receipt becomes “not printed” and can be printed on the new register. The former one may have made it and"
        " not yet sent it to the OFD: wait for its documents or read its archive first. Otherwise there are two.",
    ),
    "accept_counters": ("Верны счётчики ККТ", "The register's counters are right"),
    "accept_counters.then": (
        "Дальше считаем от счётчиков ККТ, продажи продолжаются. Обе суммы и ваше имя останутся в журнале решений. Чеки"
        " и деньги не меняются.",
        "Counting goes on from the register's counters and selling is resumed. Both figures and your name stay in the"
        " audit log. No receipt and no money changes.",
    ),
    "cancel_open": ("Отменить открытый на ККТ чек", "Cancel the receipt that is open on the register"),
    "cancel_open.then": (
        "Чек на {subtotal} другой программы пропадёт, фискального документа от него не останется; та программа"
        " увидит ошибку. Убедитесь, что сейчас никто на этой ККТ не пробивает.",
        "The other program's receipt of {subtotal} is gone, no fiscal document comes of it; that program will see an"
        " error. Make sure that nobody prints on this register now.",
    ),
    "operation_made": ("Сделано", "It was made"),
    "operation_made.then": (
        "«{operation}» считается сделанной, на ККТ ничего не отправляется. Если это не так, ящик или смена не"
        " сойдутся с журналом.",
        "“{operation}” counts as made; nothing is sent to the register. If that is wrong, drawer or shift will"
        " differ from the journal.",
    ),
    "operation_not_made": ("Не сделано", "It was not made"),
    "operation_not_made.then": (
        "«{operation}» считается не сделанной, её можно повторить. Если она всё же сделана, повтор удвоит её:"
        " сначала посмотрите X-отчёт.",
        "“{operation}” counts as not made and may be repeated. If it was made after all, repeating it makes it"
        " twice: look at an X report first.",
    ),
    "adopt": ("Это наш чек: принять ФД {number} в журнал", "It is ours: take FD {number} into the journal"),
    "adopt.then": (
        "Чек читается из ФН со своим ключом, заказ {order} считается пробитым, Битрикс узнает отметку, оплату,"
        " статус и списание. Ничего не печатается. Заказ должен быть загружен («posapp orders pull»).",
        "The receipt is read back with its own key, order {order} counts as receipted, Bitrix is told mark, payment,"
        " status and stock. Nothing is printed. The order must be on board (“posapp orders pull”).",
    ),
    "adopt.walkin": (
        "Чек продажи без заказа читается из ФН со своим ключом. Ничего не печатается, порталу сообщать нечего; какие"
        " товары списать, журнал больше не помнит.",
        "The receipt of a sale without an order is read back with its own key. Nothing is printed, the portal has"
        " nothing to hear; the journal does not remember the goods for the stock any more.",
    ),
    "foreign": ("Это чек другой кассы: ФД {number} нам не нужен", "It is another till's: FD {number} is not ours"),
    "foreign.then": (
        "ФД {number} записывается как чужой, касса снова продаёт. Заказ {order} для этой кассы остаётся непробитым:"
        " если чек всё же её, по заказу выйдет второй.",
        "FD {number} is noted as another program's and the till sells again. For this till order {order} stays"
        " without a receipt: if it was ours after all, the order gets a second one.",
    ),
    # --- what was decided
    "done.fiscalized": ("Чек {key}: ФД {number}.", "Receipt {key}: FD {number}."),
    "done.pending": ("{key}: не сделано, можно повторить.", "{key}: not made, it may be repeated."),
    "done.operation": ("{key}: считается сделанным.", "{key}: counts as made."),
    "done.cancelled": ("Чек {key} отменён.", "Receipt {key} is cancelled."),
    "done.counters": ("Счётчики ККТ признаны, продажи продолжаются.", "The counters are accepted, selling goes on."),
    "done.open": ("Открытый на ККТ чек отменён.", "The receipt that was open is cancelled."),
    "done.foreign": ("ФД {number} записан как чужой.", "FD {number} is noted as another program's."),
}

_FORMS = {
    DocumentType.REGISTRATION: ("отчёт о регистрации", "registration"),
    DocumentType.SHIFT_OPEN: ("открытие смены", "shift opened"),
    DocumentType.RECEIPT: ("чек", "receipt"),
    DocumentType.BSO: ("БСО", "strict form"),
    DocumentType.SHIFT_CLOSE: ("закрытие смены", "shift closed"),
    DocumentType.STORAGE_CLOSE: ("закрытие архива ФН", "storage closed"),
    DocumentType.REREGISTRATION: ("перерегистрация", "re-registration"),
    DocumentType.EXCHANGE_REPORT: ("отчёт о расчётах", "report of settlements"),
    DocumentType.CORRECTION: ("чек коррекции", "correction receipt"),
    DocumentType.BSO_CORRECTION: ("БСО коррекции", "strict form of correction"),
}
_KINDS = {
    ReceiptKind.SELL: ("приход", "sale"),
    ReceiptKind.SELL_REFUND: ("возврат прихода", "refund of a sale"),
    ReceiptKind.BUY: ("расход", "purchase"),
    ReceiptKind.BUY_REFUND: ("возврат расхода", "refund of a purchase"),
}
_TENDERS = {TenderKind.CASH: ("наличными", "cash"), TenderKind.CASHLESS: ("картой", "card")}
_OPERATIONS = {
    "shift_open": ("открытие смены", "opening the shift"),
    "shift_close": ("закрытие смены", "closing the shift"),
    "cash_in": ("внесение", "cash in"),
    "cash_out": ("выплата", "cash out"),
    "x_report": ("X-отчёт", "X report"),
}
_SHIFTS = {"open": ("открыта", "open"), "closed": ("закрыта", "closed"), "expired": ("истекла", "expired")}


class Say:
    """Texts in one language, `ru` or `en`."""

    def __init__(self, language: str) -> None:
        self.language = "en" if language == "en" else "ru"
        self._place = 1 if language == "en" else 0

    def __call__(self, word: str, **facts: object) -> str:
        """The text of a word with its facts."""
        return _TEXTS[word][self._place].format(**facts)

    def device(self, device: DeviceIdentity) -> str:
        """A register and its storage."""
        return self("device", factory=device.factory_number, storage=device.storage_number)

    def trouble(self, error: PosError) -> str:
        """Why the register could not be read, without a word about the receipt."""
        word = f"read.{error.code}"
        if word in _TEXTS:
            return self(word, port=error.facts.get("port", "–"))
        return self("read.other", reason=error.facts.get("reason") or error.facts.get("what") or error.code)

    def form(self, document_type: int) -> str:
        """What a document of this type is."""
        try:
            return _FORMS[DocumentType(document_type)][self._place]
        except ValueError:
            return f"{('документ', 'document')[self._place]} {document_type}"

    def kind(self, kind: ReceiptKind) -> str:
        """Признак расчёта."""
        return _KINDS[kind][self._place]

    def tender(self, kind: TenderKind) -> str:
        """How it was paid."""
        return _TENDERS[kind][self._place] if kind in _TENDERS else kind.name.lower()

    def operation(self, kind: str) -> str:
        """A shift operation."""
        return _OPERATIONS.get(kind, (kind, kind))[self._place]

    def shift(self, state: str) -> str:
        """The state of a shift, as the journal or the register has it."""
        return _SHIFTS.get(state, (state, state))[self._place]

    def at(self, moment: datetime) -> str:
        """Day and time to the minute."""
        return f"{moment:%d.%m.%Y %H:%M}"
