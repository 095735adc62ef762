"""A correction of which only the first document is out: its story on the resolve desk. Nothing is decided here.

The money of the settlement has no receipt that counts, so it is told until the second document is printed; the one way
to go on is `posapp correct`, which prints it with the key that it has had from the beginning.
"""

from __future__ import annotations

from posapp.domain.settlement import State
from posapp.till import correction_state, story
from posapp.till.context import Till
from posapp.till.correction_state import Correction
from posapp.till.correction_words import document_words
from posapp.till.desk_words import Say
from posapp.till.views import Case, CaseKind


def cases(till: Till, say: Say) -> list[Case]:
    """Those that are half done, oldest first."""
    return [_case(till, say, each) for each in correction_state.unfinished(till) if each.is_half]


def _case(till: Till, say: Say, known: Correction) -> Case:
    receipt, first, trouble = known.wrong.receipt, known.first, known.trouble()
    since = (first.fiscalized_at if first is not None else None) or till.now()
    why = trouble.message(say.language) if trouble is not None else ""
    return Case(
        key=receipt.key,
        kind=CaseKind.CORRECTION,
        title=say("title.half", order=receipt.order_number or receipt.key),
        story=(_asked(till, say, known), _shows(say, known), say("next.half", key=receipt.key)),
        since=since,
        why=why,
        code="correction_half",
        order_number=receipt.order_number,
        total=receipt.total,
        who=first.receipt.cashier if first is not None else "",
        is_overdue=till.now() - since > story.LIMIT,
    )


def _asked(till: Till, say: Say, known: Correction) -> str:
    wrong, first = known.wrong, known.first
    at = first.receipt.created_at if first is not None else till.now()
    number = wrong.mark.document_number if wrong.mark else "?"
    return say("asked.half", at=say.at(story.local(till, at)), number=number, order=wrong.receipt.order_number or "–")


def _shows(say: Say, known: Correction) -> str:
    first = known.first
    if first is None:
        return ""
    number = first.mark.document_number if first.mark else "?"
    words = document_words(first.receipt, say.language)
    why = say("half.lost") if known.second is None else say("half.waits")
    if known.second is not None and known.second.state is State.SENDING:
        why = say("half.sending")
    return say("shows.half", first=say("half.first", number=number), words=words, why=why)
