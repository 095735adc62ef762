"""Card money on the resolve desk: what is not known, and what is charged without a receipt. See `card.py`.

The terminal has been asked before anything is told here. A person answers with the slip in his hand.
"""

from __future__ import annotations

from datetime import timedelta

from posapp.domain.settlement import State
from posapp.journal.card_rows import CANCEL, CHARGE, REFUND, CardOperation
from posapp.till import card, story
from posapp.till.context import Till
from posapp.till.desk_words import Say
from posapp.till.views import Case, CaseKind, Choice, Verdict

GRACE = timedelta(minutes=1)
"""A charge whose receipt is being printed at this moment is no case."""


_KINDS = {CHARGE: "card.charge", REFUND: "card.refund", CANCEL: "card.cancel"}
_UNKNOWN = ("title.card_unknown", "shows.card_unknown", "next.card_unknown")
_CHARGED = ("title.card_charged", "shows.card_charged", "next.card_charged")


def waiting(till: Till) -> list[CardOperation]:
    """What somebody has to be told of, from the journal alone."""
    return [each for each in till.journal.open_cards() if each.is_unknown or _is_old(till, each)]


def _is_old(till: Till, operation: CardOperation) -> bool:
    return operation.ended_at is not None and till.now() - operation.ended_at > GRACE


def cases(till: Till, say: Say) -> list[Case]:
    """Everything that is owed, oldest first, after the terminal was asked. Beside a running till nothing is asked."""
    if not till.journal.is_read_only:
        card.ask_all(till)
    return [_case(till, say, each) for each in waiting(till)]


def _case(till: Till, say: Say, operation: CardOperation) -> Case:
    trouble = card.trouble_of(till, operation)
    since = operation.asked_at or till.now()
    facts = {"order": operation.order_number or "–", "amount": operation.amount}
    kind = say(_KINDS[operation.kind])
    title, shows, goes_on = _UNKNOWN if operation.is_unknown else _CHARGED
    shown = say(shows, rrn=operation.rrn or "–", card=operation.card or "–", by=operation.reason or "–")
    return Case(
        key=operation.reference,
        kind=CaseKind.CARD,
        title=say(title, kind=kind, **facts),
        story=(
            say("asked.card", at=say.at(story.local(till, since)), kind=kind, who=operation.who, **facts),
            shown,
            say(goes_on),
        ),
        since=since,
        why=trouble.message(say.language),
        code=trouble.code,
        choices=() if till.journal.is_read_only else _choices(till, say, operation),
        order_number=operation.order_number,
        total=operation.amount,
        device=operation.terminal,
        who=operation.who,
        is_overdue=till.now() - since > story.LIMIT,
    )


def _choices(till: Till, say: Say, operation: CardOperation) -> tuple[Choice, ...]:
    reference = operation.reference
    if operation.is_unknown:
        return (
            Choice(
                "card_taken",
                Verdict.MADE,
                say("choice.card_taken"),
                say("then.card_taken" if operation.kind != CANCEL else "then.card_cancelled"),
                f"posapp card settle {reference} --rrn НОМЕР",
                asks=("rrn",),
            ),
            Choice(
                "card_not_taken",
                Verdict.NOT_MADE,
                say("choice.card_not_taken"),
                say("then.card_not_taken"),
                f"posapp card settle {reference} --not-charged --why …",
                needs_why=True,
            ),
        )
    receipt = till.journal.receipt(operation.receipt_key)
    if operation.kind != CHARGE or (receipt is not None and receipt.state is not State.CANCELLED):
        return ()
    back = f"posapp card back {reference} --why …"
    return (Choice("card_back", Verdict.CANCEL, say("choice.card_back"), say("then.card_back"), back, needs_why=True),)
