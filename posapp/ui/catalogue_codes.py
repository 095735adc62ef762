"""The sentences of marked goods at the counter. Form and tone: `catalogue`."""

from __future__ import annotations

CODE_TEXTS: dict[str, tuple[str, str]] = {
    # under the name of a line
    "codes.lacks": ("нужен код маркировки: {n} из {of}", "marking code needed: {n} of {of}"),
    "codes.asking_now": ("проверяем код…", "checking the code…"),
    "codes.asking": ("спрашиваем «Честный знак»… {age}", "asking the marking system… {age}"),
    "codes.allowed": ("код проверен, можно продать", "code checked, may be sold"),
    "codes.later": ("код принят, спросим при печати", "code taken, asked again at printing"),
    "codes.by_register": ("код принят, проверит ККТ", "code taken, the register checks it"),
    "codes.without": ("продаём без кода", "sold without a code"),
    # the row below the lines
    "codes.count": ("Коды маркировки: {n} из {of}", "Marking codes: {n} of {of}"),
    "codes.undo": ("Убрать последний", "Remove the last"),
    "act.unmarked": ("Товар без кода", "Goods without a code"),
    "codes.unmarked": ("Товар без кода", "Goods without a code"),
    # the pane
    "codes.first": ("Сначала коды маркировки", "Marking codes first"),
    "codes.wait": ("Ждём ответа о кодах", "Waiting for the answer"),
    "codes.printing": ("Проверяем коды, печатаем… {age}", "Checking codes, printing… {age}"),
    "codes.need_action": ("Отсканируйте квадратный код на товаре.", "Scan the square code on the goods."),
    "codes.which": ("С какого товара код?", "Which goods is it from?"),
    "codes.which_lead": (
        "Запомним: в другой раз код этого товара спросим сами.",
        "We remember it: next time we ask for the code ourselves.",
    ),
    "codes.which_count": ("кодов {n} из {of}", "codes {n} of {of}"),
    "codes.back": ("Не брать этот код", "Do not take this code"),
    # what can be wrong with a code
    "codes.twice": ("Этот код уже отсканирован.", "This code is scanned already."),
    "codes.twice_action": ("Отсканируйте код следующей вещи.", "Scan the code of the next thing."),
    "codes.full": ("Для этого товара коды уже все.", "These goods have all their codes."),
    "codes.full_action": (
        "Лишняя вещь – отложите её; не та – уберите последний код.",
        "One thing too many: put it aside. The wrong one: remove the last code.",
    ),
    "codes.banned": ("Продавать нельзя: {why}. Чек не начат.", "Do not sell: {why}. No receipt was begun."),
    "codes.banned_action": (
        "Отложите этот товар, возьмите другой и отсканируйте его код.",
        "Put it aside, take another one and scan its code.",
    ),
    "codes.bad": ("Код не прочитан: {what}.", "The code cannot be read: {what}."),
    "codes.bad_action": (
        "Отсканируйте ещё раз, ближе и ровнее. Не выходит – возьмите другую вещь.",
        "Scan again, closer and straighter. If it fails, take another thing.",
    ),
    "codes.no_order": ("Это код маркировки товара.", "This is a marking code of goods."),
    "codes.no_order_action": ("Сначала отсканируйте заказ, потом код.", "Scan the order first, then the code."),
    "codes.early": ("По этому чеку товар не выдают, коды не нужны.", "This receipt hands nothing over, no codes."),
    "codes.early_action": ("Отсканируете их при выдаче.", "Scan them when the goods go out."),
    "codes.silent": ("«Честный знак» не ответил: {why}.", "The marking system did not answer: {why}."),
    "codes.silent_action": (
        "Код принят. Спросим ещё раз, когда будем печатать чек.",
        "The code is taken. It is asked again when the receipt is printed.",
    ),
    "help.key.Del": ("Del", "Del"),
    "help.does.Del": ("Убрать последний код маркировки.", "Remove the last marking code."),
}

CODE_COUNTS: dict[str, tuple[tuple[str, str, str], tuple[str, str]]] = {
    "codes.need": (
        ("Нужен ещё {n} код маркировки.", "Нужны ещё {n} кода маркировки.", "Нужно ещё {n} кодов маркировки."),
        ("{n} more marking code is needed.", "{n} more marking codes are needed."),
    ),
}
