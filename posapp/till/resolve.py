"""The resolve desk: what waits, each with its story, and the decisions. There is no "print again".

`cases` first proves what can be proven; what is left it tells in three lines – what was asked, what the device shows,
what happens next – with the lawful choices, one of which `decide` takes. `alarms` is the cheap look for every screen:
the journal alone, no device. The stories are made in `story.py`, the decisions in `decide.py`.

Beside a running till (a journal opened for reading only) nothing is proven, asked or decided here: the program that
runs does that, and the stories say what it saw last.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from posapp.domain.settlement import State
from posapp.errors import DeviceError, PosError, Refused, ResolveNeeded
from posapp.till import (
    adopt,
    card,
    counter_fact,
    counters,
    desk_book,
    recover,
    sale,
    shift_proof,
    story,
    story_card,
    story_corrections,
    story_counters,
)
from posapp.till import decide as lawful
from posapp.till.context import Till
from posapp.till.decide import cancel
from posapp.till.desk_look import Look, look
from posapp.till.desk_words import Say
from posapp.till.views import Alarm, Case, Recovered, Resolved

if TYPE_CHECKING:
    from posapp.journal.rows import Operation, StoredReceipt

_NUMBERS = re.compile(r"[1-9][0-9]{0,9}")


def cases(till: Till, language: str = "", proven: list[Recovered] | None = None) -> list[Case]:
    """Decides what can be proven, then tells the rest, oldest first. `language` is `ru`, `en` or the till's own.

    What could be decided is added to `proven`, when given.

    Without anything under way: the documents that the journal lost, then what keeps the register from selling. Besides,
    corrections of which only the first document is out, and card money that is owed an answer or a receipt. Raises
    DeviceError when there is nothing to tell and the register does not answer, SetupError without one.
    """
    say = Say(language or till.settings.language)
    if till.journal.is_read_only:
        return desk_book.cases(till, say)
    seen = [_of_receipt(till, say, each) for each in till.journal.receipts_in(State.SENDING)]
    seen += [_of_operation(till, say, each) for each in till.journal.operations_sending()]
    found = [each for each in seen if isinstance(each, Case)]
    if proven is not None:
        proven += [each for each in seen if isinstance(each, Recovered)]
    half = story_corrections.cases(till, say) + story_card.cases(till, say)
    try:
        found = found or _strays(till, say) or _register(till, say)
    except PosError:
        if not half:  # with something to tell, a register that is away keeps nobody from hearing it
            raise
    desk_book.remember(till, found)
    return found + half


def waiting(till: Till) -> list[Case]:
    """`cases` in the till's own language."""
    return cases(till)


def _of_receipt(till: Till, say: Say, stored: StoredReceipt) -> Case | Recovered | None:
    """The case of a receipt that is `sending`, or how it could be decided."""
    attempt = till.journal.last_attempt(stored.receipt.key)
    if attempt is None:
        return None
    try:
        return recover.resolve(till, stored.receipt.key)
    except PosError as error:
        seen = look(till, attempt.device, attempt.last_document, error)
        return story.of_receipt(till, say, stored, attempt, error, seen)


def _of_operation(till: Till, say: Say, operation: Operation) -> Case | Recovered:
    """The case of a shift operation that is `sending`, or how it could be decided."""
    try:
        return shift_proof.resolve(till, operation)
    except PosError as error:
        seen = look(till, operation.device, story.last_before(operation), error)
        return story.of_operation(till, say, desk_book.key_of(till, operation), operation, error, seen)


def _strays(till: Till, say: Say) -> list[Case]:
    """Documents of this till that its journal does not know (rule 11)."""
    found = adopt.strays(till)
    device = str(till.printer.connect()) if found else ""
    return [
        story.of_stray(till, say, each, _since(till, recover.key_of(each) or ""), device, is_first=each is found[0])
        for each in found
    ]


def _register(till: Till, say: Say) -> list[Case]:
    """What keeps the register from selling and is no passing trouble such as paper or a closed shift."""
    try:
        status = recover.status_for_sale(till)
        if not status.has_open_document:
            differing = counter_fact.trouble(till)
            return [] if differing is None else [story_counters.case(till, say, differing)]
        trouble: PosError = Refused("foreign_receipt_open")
    except ResolveNeeded as error:
        if lost := _strays(till, say):  # seen only now: a journal that meets this register for the first time
            return lost
        trouble = error
    except Refused as error:
        if error.code != "wrong_device":
            raise
        trouble = error
    found = till.printer.connect()
    opened = till.printer.open_document() if found == till.identity else None
    since = _since(till, till.identity.factory_number)
    return [story.of_register(till, say, trouble, since, Look(found, opened=opened))]


def _since(till: Till, key: str) -> datetime:
    """When the desk first saw what the journal keeps no time of."""
    return desk_book.first_seen(till, key) or till.now()


# ------------------------------------------------------------------------------------------------ decisions
def decide(
    till: Till,
    case_key: str,
    choice_id: str,
    who: str = "",
    why: str = "",
    answers: Mapping[str, str] | None = None,
    language: str = "",
) -> Resolved:
    """Takes one choice of a case. What it rests on is read anew, so a choice that is out of date is refused.

    `who` decides, the till's person when empty; `answers` are what the choice `asks` for. Raises ResolveNeeded
    `not_resolvable`, `why_needed`, `no_such_choice`, `not_readable` while the register cannot be read, and what the
    journal raises.
    """
    till = replace(till, person=who.strip() or till.person)
    say = Say(language or till.settings.language)
    try:
        return _decide(till, say, case_key, choice_id, why, answers or {})
    except DeviceError as error:
        if error.code == "not_found":
            raise
        raise ResolveNeeded("not_readable", reason=say.trouble(error)) from error


def _decide(till: Till, say: Say, case_key: str, choice_id: str, why: str, answers: Mapping[str, str]) -> Resolved:
    name, _, about = choice_id.partition(":")
    numbers = [int(each) for each in about.split(",") if _NUMBERS.fullmatch(each)]
    match name:
        case "made" if len(numbers) == 1:
            done = lawful.made(till, case_key, numbers[0], why)
            return _fiscalized(say, case_key, done)
        case "not_made":
            state = lawful.not_made(till, case_key, numbers, why, may_cancel_open="open" in about.split(","))
            return Resolved(case_key, state, say("done.pending", key=case_key))
        case "lost_made":
            number = answers.get("receipt_number", "").strip()
            if not _NUMBERS.fullmatch(number):
                raise ResolveNeeded("no_such_choice", choice=f"receipt_number {number or '–'}")
            done = lawful.lost_made(till, case_key, answers.get("qr", ""), int(number), why)
            return _fiscalized(say, case_key, done)
        case "lost_not_made":
            state = lawful.lost_not_made(till, case_key, why, numbers)
            return Resolved(case_key, state, say("done.pending", key=case_key))
        case "cancel_open":
            lawful.cancel_open(till, case_key, why)
            return Resolved(case_key, "cancelled", say("done.open"))
        case story_counters.ACCEPT:
            counters.accept(till, why)
            return Resolved(case_key, "accepted", say("done.counters"))
        case "cancel":
            lawful.cancel(till, case_key, why)
            return Resolved(case_key, State.CANCELLED.value, say("done.cancelled", key=case_key))
        case "card_taken" | "card_not_taken" | "card_back":
            return _decide_card(till, say, case_key, name, why, answers.get("rrn", "").strip())
        case "foreign" if len(numbers) == 1:
            lawful.foreign(till, case_key, numbers[0], why)
            return Resolved(case_key, "foreign", say("done.foreign", number=numbers[0]))
        case "operation_made" | "operation_not_made":
            is_made = name == "operation_made"
            state = lawful.end_operation(till, case_key, is_made=is_made, why=why)
            return Resolved(case_key, state, say("done.operation" if is_made else "done.pending", key=case_key))
        case _:
            raise ResolveNeeded("no_such_choice", choice=choice_id)


_CARD_DONE = {
    "approved": "done.card_approved",
    "declined": "done.card_declined",
    "receipted": "done.card_receipted",
    "returned": "done.card_returned",
}


def _decide_card(till: Till, say: Say, reference: str, name: str, why: str, rrn: str) -> Resolved:
    if name == "card_back":
        ended = card.give_back(till, reference, why=why)
    elif (name == "card_taken") is not bool(rrn):
        raise ResolveNeeded("no_such_choice", choice=f"rrn {rrn or '–'}")
    else:
        ended = card.settle(till, reference, rrn=rrn, why=why)
    return Resolved(reference, ended.state, say(_CARD_DONE[ended.state]))


def _fiscalized(say: Say, key: str, done: sale.Sold) -> Resolved:
    number = done.view.mark.document_number if done.view.mark else "?"
    return Resolved(key, State.FISCALIZED.value, say("done.fiscalized", key=key, number=number), done.view)


def is_operation(till: Till, key: str) -> bool:
    """Whether `key` is that of a shift operation that waits."""
    return lawful.operation(till, key) is not None


def decide_made(till: Till, key: str, number: int, why: str = "") -> sale.Sold:
    """A person says: document `number` is it. See `decide.made`."""
    return lawful.made(till, key, number, why)


def decide_not_made(till: Till, key: str, foreign: tuple[int, ...] = (), why: str = "") -> str:
    """A person says: it was not made. `key` may be that of a shift operation. Returns the state that it is in now."""
    if is_operation(till, key):
        return lawful.end_operation(till, key, is_made=False, why=why)
    return lawful.not_made(till, key, foreign, why)


# ------------------------------------------------------------------------------------------------ alarms
def alarms(till: Till) -> list[Alarm]:
    """Everything whose outcome is not known, oldest first: how old it is and whose move. The journal alone is read."""
    return desk_book.alarms(till)


__all__ = ["alarms", "cancel", "cases", "decide", "decide_made", "decide_not_made", "is_operation", "waiting"]
