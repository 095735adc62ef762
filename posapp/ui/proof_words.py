"""What is said of a receipt that was begun, whose outcome is not known, or of which the storage has told."""

from __future__ import annotations

from posapp.domain.money import Money
from posapp.domain.settlement import State
from posapp.errors import PosError
from posapp.till.views import OrderView, ReceiptView
from posapp.ui.draft import Draft, Method
from posapp.ui.look import Look
from posapp.ui.moneywords import tender_words
from posapp.ui.trouble import Trouble, is_unknown, trouble_of


def begun_words(receipt: ReceiptView, look: Look) -> Trouble:
    """It was begun and not printed: it goes on with its own tenders."""
    say = look.say
    key = "begun.refused" if receipt.state is State.REFUSED else "begun.pending"
    action = say("begun.action", sums=tender_words(receipt, look))
    return Trouble("wait", say(key, reason=receipt.reason), action, "306", "resume")


def owed_draft(owed: PosError, due: Money) -> Draft:
    """The sums of a sale whose card was charged before there was a receipt: that sum by card, the rest in cash."""
    operation = owed.extra["card"]
    kopecks = operation["amount_kopecks"] if isinstance(operation, dict) else 0
    card = Money(int(kopecks))
    if card >= due:
        return Draft(due, Method.CARD)
    return Draft(due, Method.MIX, due - card, card)


def not_a_sale(receipt: ReceiptView, refusal: PosError | None, look: Look) -> Trouble:
    """A refund or a correction was begun for the order: that comes first, and a refund has its own screen."""
    say = look.say
    if receipt.receipt.correction is not None and refusal is not None:
        return trouble_of(refusal, say)
    said = say("refund.begun", sum=receipt.receipt.total)
    return Trouble("wait", said, say("refund.begun_action"), "", "refund")


def unknown_words(error: PosError | None, look: Look) -> Trouble:
    """Nobody knows whether it was printed."""
    say = look.say
    if error is not None and is_unknown(error):
        return trouble_of(error, say)
    return Trouble("unknown", say("unknown.message"), say("unknown.action"), "131", "recover")


def proof_of(view: OrderView, look: Look, *, is_decided: bool) -> Trouble | None:
    """What the storage – or, with `is_decided`, a person – said of the order's receipt; None where it is not over."""
    say, receipt = look.say, view.receipt
    made = "decided.made" if is_decided else "proven.made"
    not_made = "decided.not_made" if is_decided else "proven.not_made"
    if receipt is not None and receipt.mark is not None:
        said = say(made, n=receipt.mark.document_number)
        return Trouble("ok", said, say("proven.made_action"), "133")
    if receipt is not None and receipt.state in (State.PENDING, State.REFUSED):
        action = say("proven.not_made_action", sums=tender_words(receipt, look))
        return Trouble("wait", say(not_made), action, "132", "resume")
    return None
