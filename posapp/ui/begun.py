"""A receipt that was begun and not printed, as a case of the resolve desk: it can be given up, with what that means."""

from __future__ import annotations

from posapp.domain.settlement import State
from posapp.till.views import Case, CaseKind, Choice, OrderView, ReceiptView, Verdict
from posapp.ui.look import Look
from posapp.ui.moneywords import tender_words

CANCEL = "cancel"


def begun_case(view: OrderView, look: Look) -> Case | None:
    """The case of an order's begun receipt; None when it has none that may be given up (sent ones are never)."""
    receipt = view.receipt
    if receipt is None or receipt.state not in (State.PENDING, State.REFUSED, State.HELD):
        return None
    say, sums = look.say, tender_words(receipt, look)
    facts = {"number": view.order.number, "sum": receipt.receipt.total, "sums": sums, "due": view.order.to_pay}
    made_at = receipt.receipt.created_at
    after = say("begun.next" if view.order.to_pay == receipt.receipt.total else "begun.next_differs", **facts)
    return Case(
        key=receipt.receipt.key,
        kind=CaseKind.RECEIPT,
        title=say("begun.title", **facts),
        story=(say("begun.asked", at=say.clock(made_at), **facts), _shows(receipt, look), after),
        since=made_at,
        why=receipt.reason,
        choices=(
            Choice(
                CANCEL,
                Verdict.CANCEL,
                say("begun.cancel"),
                say("begun.cancel_then", **facts),
                f"posapp resolve {receipt.receipt.key} --cancel",
                needs_why=True,
            ),
        ),
        order_number=view.order.number,
        total=receipt.receipt.total,
    )


def _shows(receipt: ReceiptView, look: Look) -> str:
    if receipt.reason:
        return look.say("begun.shows_reason", reason=receipt.reason)
    return look.say("begun.shows")
