"""The sentences of the door: a part or the whole of an order is refused. Form and tone: `catalogue`."""

from __future__ import annotations

DOOR_TEXTS: dict[str, tuple[str, str]] = {
    "refusal.open": ("Берёт не всё", "Takes not all"),
    "refusal.open_caption": ("часть или весь заказ вернётся в магазин", "a part or all of it goes back to the shop"),
    "refusal.pane": ("Отказ у двери", "Refusal at the door"),
    "refusal.title": ("Заказ {number} · что берёт покупатель", "Order {number} · what the customer takes"),
    "refusal.hint": (
        "От чего отказались – «−». Стрелки – по товарам, «+» – всё-таки берёт.",
        "What is refused: “−”. Arrows go from line to line, “+” takes it after all.",
    ),
    "step.less": ("Меньше: {name}", "Less: {name}"),
    "step.more": ("Больше: {name}", "More: {name}"),
    "refusal.takes": ("берёт", "taken"),
    "refusal.stays": ("не берёт {n} из {of}", "{n} of {of} refused"),
    "refusal.line": ("не берёт {n} из {of}", "{n} of {of} refused"),
    "refusal.none": ("Пока берёт всё.", "Everything is taken so far."),
    "refusal.all": (
        "Не берёт ничего: денег не брать, чека не будет, весь товар – в магазин.",
        "Nothing is taken: no money, no receipt, all goods go back to the shop.",
    ),
    "refusal.before": ("Было {before}. Доставка бесплатна.", "It was {before}. The delivery is free."),
    "refusal.before_fee": (
        "Было {before}. Доставка прежняя, {delivery}.",
        "It was {before}. Delivery as it was, {delivery}.",
    ),
    "refusal.before_new_fee": (
        "Было {before}. Доставка теперь {delivery}, была {was}.",
        "It was {before}. The delivery is {delivery} now, it was {was}.",
    ),
    "refusal.back": ("Вернуть в магазин: {goods}", "Back to the shop: {goods}"),
    "refusal.refund": (
        "Оплачено раньше: покупателю вернут {sum} чеком возврата.",
        "Paid before: {sum} is given back with a refund.",
    ),
    "refusal.why": ("Почему", "Why"),
    "refusal.why_hint": ("или своими словами", "or in your own words"),
    "refusal.reason.fit": ("Не подошёл", "Does not fit"),
    "refusal.reason.broken": ("Брак", "Faulty"),
    "refusal.reason.other": ("Не тот товар", "Wrong goods"),
    "refusal.reason.mind": ("Передумал", "Changed mind"),
    "refusal.choose": ("Отметьте, что не берёт", "Say what is refused"),
    "refusal.name_why": ("Назовите причину", "Say why"),
    "refusal.go": ("К оплате · {sum}", "On to pay · {sum}"),
    "refusal.onward": ("Дальше", "Further"),
    "refusal.go_free": ("Дальше, денег не брать", "On, take no money"),
    "refusal.do_all": ("Отказ от всего заказа", "The whole order is refused"),
    "refusal.all_done": ("Отказ от заказа {number} записан.", "The refusal of order {number} is written down."),
    "refusal.all_done_action": ("Товар верните в магазин.", "Bring the goods back to the shop."),
    "codes.surplus": ("Есть код вещи, которую не берут", "There is a code of a thing that is refused"),
    "codes.surplus_action": ("Уберите её код: Del.", "Take its code off: Del."),
    "help.key.Shift+F8": ("Shift+F8", "Shift+F8"),
    "help.does.Shift+F8": ("Покупатель берёт не всё.", "The customer takes not all."),
}
