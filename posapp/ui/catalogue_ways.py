"""The sentences of how an order is settled. Form and tone: `catalogue`."""

from __future__ import annotations

WAY_TEXTS: dict[str, tuple[str, str]] = {
    # the list of what can be done; the words of a way say money first, then goods
    "way.other": ("Другой расчёт", "Other ways"),
    "way.lead": ("Как рассчитываемся?", "How is it settled?"),
    "way.which": ("Какая из оплат?", "Which of the payments?"),
    "way.which_shipment": ("Какая из отгрузок?", "Which of the shipments?"),
    "way.shipment": ("Отгрузка № {n}", "Shipment No. {n}"),
    "way.back": ("Назад", "Back"),
    "way.payment": ("{system}, № {n}", "{system}, No. {n}"),
    "way.full": ("Взять деньги, отдать товар", "Take the money, hand over"),
    "way.handover": ("Оплачено раньше, отдать товар", "Paid before, hand over"),
    "way.rest": ("Взять остальное, отдать товар", "Take the rest, hand over"),
    "way.prepayment": ("Взять всё вперёд, товар потом", "Take it all ahead, goods later"),
    "way.part-prepayment": ("Взять часть вперёд, товар потом", "Take a part ahead, goods later"),
    "way.advance": ("Аванс: за какой товар, не решено", "Advance: goods not settled yet"),
    "way.site-payment": ("Чек за деньги с сайта, товар потом", "Receipt of site money, goods later"),
    "way.credit": ("Отдать товар в долг", "Hand over on credit"),
    "way.part-credit": ("Взять часть, остальное в долг", "Take a part, the rest on credit"),
    "way.debt": ("Взять долг за выданный товар", "Take the debt of goods handed over"),
    "way.barter": ("Взамен берём вещь, не деньги", "Take a thing, not money"),
    # what stands on the receipt; parts of one line, the likeliest one first
    "sums.due": ("взять {sum}", "take {sum}"),
    "sums.no_money": ("денег не брать", "take no money"),
    "sums.prepaid": ("зачесть {sum}", "count {sum}"),
    "sums.credit": ("в долг {sum}", "on credit {sum}"),
    "sums.other": ("взамен {sum}", "in exchange {sum}"),
    "sums.came_in": ("пришло {sum}", "came in {sum}"),
    # no money changes hands: the total's caption, what to do, the button
    "due.none": ("Оплачено раньше", "Paid before"),
    "due.none.credit": ("В долг", "On credit"),
    "due.none.barter": ("Взамен", "In exchange"),
    "due.none.site-payment": ("Пришло на сайте", "Came in on the site"),
    "none.first": ("Денег не брать", "Take no money"),
    "none.handover": (
        "Чек засчитает то, что оплачено раньше. Отдайте товар вместе с чеком.",
        "The receipt counts what was paid before. Hand the goods over with it.",
    ),
    "none.credit": (
        "Чек запишет долг {credit}. Отдайте товар вместе с чеком; деньги возьмём потом отдельным чеком.",
        "The receipt records a debt of {credit}. Hand the goods over; the money comes later with its own receipt.",
    ),
    "none.credit_part": (
        "Чек засчитает {prepaid} и запишет долг {credit}. Отдайте товар вместе с чеком.",
        "The receipt counts {prepaid} and records a debt of {credit}. Hand the goods over with it.",
    ),
    "none.barter": (
        "Возьмите вещь, на которую договорились, и отдайте товар вместе с чеком.",
        "Take the thing that was agreed on and hand the goods over with the receipt.",
    ),
    "none.site-payment": (
        "Чек за деньги, которые уже пришли. Сначала убедитесь, что сайт или банк его не дал. Товар пока не отдавайте.",
        "A receipt of money that is here. Make sure that neither site nor bank gave one. Keep the goods for now.",
    ),
    "print.handover": ("Пробить чек выдачи", "Print the hand-over receipt"),
    "print.credit": ("Пробить чек в долг", "Print the credit receipt"),
    "print.barter": ("Пробить чек обмена", "Print the exchange receipt"),
    "print.site-payment": ("Пробить чек предоплаты", "Print the prepayment receipt"),
    # how an order stands that is not sold in the usual way
    "stands.paid": ("Заказ оплачен: {paid}.", "The order is paid: {paid}."),
    "stands.part": ("Оплачено {paid} из {total}.", "{paid} of {total} are paid."),
    "stands.several": ("Заказ оплачивают по частям.", "The order is paid in parts."),
    "stands.ahead": ("Деньги взяты, товар не выдан.", "The money was taken, the goods are still here."),
    "stands.debt": ("Товар выдан, долг {debt}.", "The goods were handed over, {debt} is owed."),
    "stands.action": ("Выберите, что делаем.", "Choose what to do."),
    "help.key.Shift+F7": ("Shift+F7", "Shift+F7"),
    "help.does.Shift+F7": ("Другой расчёт: вперёд, в долг, взамен.", "Other ways: ahead, on credit, in exchange."),
    # done
    "done.no_money": ("Оплачено раньше", "Paid before"),
    "done.on_credit": ("Отдано в долг", "Given on credit"),
    "done.exchanged": ("Взято взамен", "Taken in exchange"),
    "done.came_in": ("Пришло на сайте", "Came in on the site"),
    "done.money_none": ("Денег не брали", "No money was taken"),
    "done.goods_later": ("Товар пока не отдавайте: выдадим потом", "Keep the goods for now: they go out later"),
    "done.goods_before": ("Товар уже у покупателя", "The customer has the goods already"),
}
