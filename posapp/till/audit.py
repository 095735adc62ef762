"""Who decided what, and why: every decision of a person becomes a record of the audit log.

A decision that changes the journal is written in the transaction of that change (`decision=`); one that changes only
the world outside is noted by itself. The words for `what` stand in `WORDS`, so that a list can be read.
"""

from __future__ import annotations

from posapp.journal.rows import Decision
from posapp.till.context import Till

WORDS = {
    "receipt.made": ("документ признан чеком", "the document was taken for the receipt"),
    "receipt.not_made": ("признано, что чека нет", "the receipt was declared not made"),
    "receipt.cancelled": ("начатый чек отменён", "the receipt begun was cancelled"),
    "receipt.repeated": ("отказанный чек пробит снова", "a refused receipt was begun again"),
    "receipt.corrected": ("исправление чека", "the correction of a receipt"),
    "receipt.late": ("чек коррекции: расчёт был без кассы", "a correction of a settlement without the register"),
    "receipt.adopted": ("чек из ФН принят в журнал", "a receipt of the storage was taken into the journal"),
    "document.foreign": ("документ признан чужим", "a document was declared another program's"),
    "document.cancelled": ("открытый чек другой программы отменён", "another program's open receipt was cancelled"),
    "printer.replaced": ("настроена другая ККТ или другой ФН", "another register or storage was set up"),
    "storage.changed": ("фискальный накопитель заменён", "the fiscal storage was changed"),
    "day.opened": ("курьер взял размен", "a courier took the float"),
    "day.handed_in": ("курьер сдал наличные", "a courier handed cash in"),
    "day.received": ("наличные курьера приняты", "the courier's cash was received"),
    "order.refused": ("покупатель отказался от заказа", "the customer refused the order"),
    "counters.accepted": ("признаны счётчики ККТ, продажи возобновлены", "the register's counters were accepted"),
    "operation.made": ("признано, что операция сделана", "the operation was declared made"),
    "operation.not_made": ("признано, что операции нет", "the operation was declared not made"),
    "entry.retried": ("запись для портала отправлена снова", "an entry for the portal is sent again"),
    "claim.overridden": ("продажа без закрепления, под ответственность", "sold without a claim, on responsibility"),
    "refund.overridden": ("возврат под ответственность", "taken back on responsibility"),
    "card.typed": ("операция по карте набрана руками", "a card operation was typed by hand"),
    "card.settled": ("решено, чем кончилась операция по карте", "what became of a card operation was decided"),
    "card.given_back": ("деньги на карту без чека", "a charge without a receipt was given back"),
    "claim.taken_over": ("заказ забран у другой кассы", "an order was taken over from another till"),
    "claim.released": ("заказ отдан другим кассам", "an order was given back to the other tills"),
    "claim.doubled_settled": ("с двумя чеками заказа разобрались", "the two receipts of an order were seen to"),
    "marking.no_code": ("товар продан без кода маркировки", "goods were sold without a marking code"),
    "vat.older_deal": ("ставка НДС старой сделки", "the VAT rate of an older deal"),
    "till.alone": ("подтверждено, что касса на портале одна", "this till was declared alone on its portal"),
    "entry.held": ("запись для портала придержана", "an entry for the portal is held"),
    "job.refused": ("отказ от задания портала", "a job of the portal was refused"),
    "directory.restored": ("журнал восстановлен и сверен с ФН", "the journal was restored, the storage read"),
    "till.signed_out": ("касса отключена от портала, секреты удалены", "the till was signed out, its secrets removed"),
}
"""A stable word of the log → what it says in Russian and in English. A word that is not here is shown as it is."""


def decided(till: Till, what: str, subject: str, why: str = "", **facts: object) -> Decision:
    """A decision of the person at this till. `facts` are integers and texts; `till` is added to them.

    A till that nobody has named a person for decides as itself: a decision must never fail for want of a name.
    """
    who = till.who.strip() or f"касса {till.settings.till}"
    return Decision(who, what, subject, why, {"till": till.settings.till, **facts})


def decided_by(till: Till, who: str, what: str, subject: str, why: str = "", **facts: object) -> Decision:
    """A decision of somebody else than the person at this till: one of two who sign."""
    return Decision(who.strip(), what, subject, why, {"till": till.settings.till, **facts})


def words(what: str, language: str = "ru") -> str:
    """What a word of the log says."""
    russian, english = WORDS.get(what, (what, what))
    return english if language == "en" else russian
