"""A manager gives another till's order to this one. The one way in which a claim changes hands without its holder.

The former holder may be away, without a network, and selling that very order: it hears of the take-over only when it
comes back. Nothing here can change that, so the answer says it, with the time when that till was last heard of, and the
decision is in the audit log with the person's reason. The order is read from the portal first if the portal answers.
"""

from __future__ import annotations

from posapp.domain.checkout import refuse_unsellable
from posapp.domain.claim import Claim, ClaimState, TakenFor
from posapp.domain.order import Order
from posapp.till import audit, claim_book, claims, exchange
from posapp.till.context import Till


def take_over(till: Till, text: str, why: str) -> tuple[Order, Claim, Claim]:
    """The order, its claim before and its claim now, which is ours.

    Raises:
        SaleError: the order cannot be sold (paid, cancelled …), `receipted_elsewhere`, `claimed_elsewhere` when it
            changed hands once more meanwhile, `no_gateway`.
        Offline, Rejected, SetupError: the gateway; nothing was taken, or it is ours and the next sync shows it.
    """
    desk = claims.desk_of(till)
    order = exchange.order_for_sale(till, text)
    refuse_unsellable(order)
    with claim_book.locked(till):
        before = desk.look(order.order_id)
        if before.state is ClaimState.RECEIPTED:
            raise claims.elsewhere(till, order, before)
        if before.is_ours or before.state is ClaimState.FREE:
            now = desk.take([order.order_id], TakenFor.ROUTE)[0]
        else:
            decision = audit.decided(
                till, "claim.taken_over", order.number, why, former=before.till, fence=before.fence,
                held_since=claims.when(till, before.since), heard_of=claims.when(till, before.seen_at),
            )  # fmt: skip
            till.journal.note(decision)  # before it is done: no take-over without a record
            now = desk.take_over(order.order_id, before.fence, till.who, why)
        if not now.may_sell:
            raise claims.elsewhere(till, order, now)
        claim_book.keep(till, now, TakenFor.ROUTE)
    return order, before, now


def warning(till: Till, order: Order, before: Claim, now: Claim, language: str = "ru") -> str:
    """What the person has to know after a take-over, in full; the former holder may not know of it."""
    if now.state is not ClaimState.DISPUTED:
        words = "Заказ {order} у этой кассы.", "Order {order} is with this till."
        return words[language == "en"].format(order=order.number)
    russian = (
        "Заказ {order} теперь у этой кассы. Касса {former} об этом ещё не знает: последний раз была на связи {seen}. "
        "Пока она без связи, она может пробить этот заказ, и программа ей не помешает. Прежде чем брать деньги, "
        "узнайте у её кассира, что чека нет и не будет. Если чек там всё же пробит, обмен покажет два чека и скажет, "
        "что делать."
    )
    english = (
        "Order {order} is with this till now. Till {former} does not know it yet: it was last heard of {seen}. While "
        "it is offline it can make this receipt, and the program cannot prevent it. Before you take money, learn from "
        "its cashier that there is no receipt and will be none. If it was made there all the same, sync shows two "
        "receipts and says what to do."
    )
    facts = {"order": order.number, "former": now.former or before.till, "seen": claims.when(till, before.seen_at)}
    return (english if language == "en" else russian).format(**facts)
