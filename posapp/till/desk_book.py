"""What the resolve desk saw last, kept in the journal: for the alarms of every screen and for a second program.

One small fact holds, for each case, whose move it is and what the device showed. It is a memory, never a proof: what
counts are the rows that are `sending`, and a memory about another attempt is passed over.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from posapp.domain.settlement import State
from posapp.errors import JournalError
from posapp.journal.lock import holder
from posapp.till import correction_state, counter_fact, story, story_card, story_corrections
from posapp.till.context import Till
from posapp.till.correction_state import Correction
from posapp.till.desk_words import Say
from posapp.till.views import Alarm, Case, CaseKind

if TYPE_CHECKING:
    from posapp.journal.card_rows import CardOperation
    from posapp.journal.rows import Operation

FACT = "desk"

PROGRAM, PERSON = "program", "person"

log = logging.getLogger(__name__)


def remember(till: Till, found: list[Case]) -> None:
    """Keeps what the desk shows, when it differs from what is kept."""
    kept = _kept(till)
    now = till.now().isoformat()
    book = {}
    for case in found:
        page = {
            "kind": case.kind.value,
            "order": case.order_number,
            "device": case.device,
            "since": case.since.isoformat(),
            "person": case.needs_person,
            "shows": case.story[1],
            "document": case.documents[0].number if case.kind is CaseKind.STRAY else 0,
        }
        before = dict(kept.get(case.key, {}))
        seen_at = before.pop("seen_at", now)
        book[case.key] = {**page, "seen_at": seen_at if before == page else now}
    if book == kept:
        return
    try:
        till.journal.set_fact(FACT, json.dumps(book, ensure_ascii=False))
    except JournalError as error:  # a disk that fails must not keep anyone from seeing what waits
        log.warning("desk: what was seen could not be kept: %s", error)


def _kept(till: Till) -> dict[str, dict[str, Any]]:
    book: dict[str, dict[str, Any]] = json.loads(till.journal.get_fact(FACT) or "{}")
    return book


def first_seen(till: Till, key: str) -> datetime | None:
    """Since when a case has been known that has no time of its own."""
    page = _kept(till).get(key)
    return datetime.fromisoformat(page["since"]) if page else None


def key_of(till: Till, operation: Operation) -> str:
    """The key of a shift operation's case: its kind, and its number where two of a kind wait on two registers."""
    same = [each for each in till.journal.operations_sending() if each.kind == operation.kind]
    return operation.kind if len(same) == 1 else f"{operation.kind}:{operation.id}"


# ------------------------------------------------------------------------------------------------ alarms
def alarms(till: Till) -> list[Alarm]:
    """What is `sending`, half corrected, and the documents that the journal lost, oldest first."""
    kept = _kept(till)
    found = []
    for stored in till.journal.receipts_in(State.SENDING):
        attempt = till.journal.last_attempt(stored.receipt.key)
        if attempt is not None:
            receipt = stored.receipt
            page = _page(kept, receipt.key, attempt.started_at)
            found.append(_alarm(till, receipt.key, CaseKind.RECEIPT, receipt.order_number, str(attempt.device), page))
    for operation in till.journal.operations_sending():
        key = key_of(till, operation)
        page = _page(kept, key, operation.started_at)
        found.append(_alarm(till, key, CaseKind.OPERATION, "", str(operation.device), page))
    for key, page in kept.items():
        if page["kind"] == CaseKind.STRAY and _is_still_lost(till, key, page):
            found.append(_alarm(till, key, CaseKind.STRAY, page["order"], page["device"], page))
    found += _differing(till)
    found += [_half(till, each) for each in correction_state.unfinished(till) if each.is_half]
    found += [_card(till, each) for each in story_card.waiting(till)]
    return sorted(found, key=lambda alarm: alarm.since)


def _differing(till: Till) -> list[Alarm]:
    """The register whose counters differ from the journal: nothing is sold there until a person has decided."""
    since = counter_fact.seen_at(till) if till.settings.printer is not None else None
    if since is None:
        return []
    page = {"since": since.isoformat(), "person": True}
    return [_alarm(till, till.identity.factory_number, CaseKind.REGISTER, "", str(till.identity), page)]


def _half(till: Till, known: Correction) -> Alarm:
    """A wrong receipt is undone, the right one is not there: the money has no receipt."""
    receipt, first = known.wrong.receipt, known.first
    since = (first.fiscalized_at if first is not None else None) or till.now()
    page = {"since": since.isoformat(), "person": True}
    return _alarm(till, receipt.key, CaseKind.CORRECTION, receipt.order_number, "", page)


def _card(till: Till, operation: CardOperation) -> Alarm:
    """Card money without an answer – the program asks the terminal when it can –, or without a receipt."""
    page = {"since": (operation.asked_at or till.now()).isoformat(), "person": True}
    return _alarm(till, operation.reference, CaseKind.CARD, operation.order_number, operation.terminal, page)


def _page(kept: Mapping[str, dict[str, Any]], key: str, started_at: datetime) -> dict[str, Any]:
    """What is kept about this very try, else a bare page: the program has yet to look."""
    page = kept.get(key)
    since = started_at.isoformat()
    return page if page and page["since"] == since else {"since": since, "person": False}


def _alarm(till: Till, key: str, kind: CaseKind, order: str, device: str, page: Mapping[str, Any]) -> Alarm:
    since = datetime.fromisoformat(page["since"])
    age = till.now() - since
    return Alarm(key, kind, order, device, since, age, PERSON if page["person"] else PROGRAM, abs(age) > story.LIMIT)


def _is_still_lost(till: Till, key: str, page: Mapping[str, Any]) -> bool:
    """Neither taken in nor passed over since. Only of the register that is set up: another one is looked at anew."""
    printer = till.settings.printer
    if printer is None or page["device"] != str(till.identity):
        return False
    stored = till.journal.receipt(key)
    known = till.journal.known_device(printer.factory_number)
    is_known = stored is not None and stored.state is State.FISCALIZED
    return not is_known and known is not None and known.last_document < page["document"]


# ------------------------------------------------------------------------------------------------ beside a running till
def cases(till: Till, say: Say) -> list[Case]:
    """Stories from the journal alone: the program that runs asks the register, proves and decides. No choices here."""
    kept = _kept(till)
    found = []
    for stored in till.journal.receipts_in(State.SENDING):
        attempt = till.journal.last_attempt(stored.receipt.key)
        if attempt is not None:
            asked = story.asked_receipt(till, say, stored.receipt, attempt)
            page = _page(kept, stored.receipt.key, attempt.started_at)
            case = Case(
                key=stored.receipt.key,
                kind=CaseKind.RECEIPT,
                title=story.title_of(say, stored.receipt),
                story=_told(till, say, asked, page),
                since=attempt.started_at,
                why=say("next.busy"),
                order_number=stored.receipt.order_number,
                total=stored.receipt.total,
                after_document=attempt.last_document,
                device=str(attempt.device),
                who=stored.receipt.cashier,
                is_overdue=abs(till.now() - attempt.started_at) > story.LIMIT,
            )
            found.append(case)
    for operation in till.journal.operations_sending():
        key = key_of(till, operation)
        words = story.operation_words(say, operation)
        asked = story.asked_operation(till, say, operation, words)
        case = Case(
            key=key,
            kind=CaseKind.OPERATION,
            title=say("title.operation", operation=words),
            story=_told(till, say, asked, _page(kept, key, operation.started_at)),
            since=operation.started_at,
            why=say("next.busy"),
            after_document=story.last_before(operation),
            device=str(operation.device),
            who=operation.cashier,
            is_overdue=abs(till.now() - operation.started_at) > story.LIMIT,
        )
        found.append(case)
    return found + story_corrections.cases(till, say) + story_card.cases(till, say)


def _told(till: Till, say: Say, asked: str, page: Mapping[str, Any]) -> tuple[str, str, str]:
    shows = say("shows.busy", pid=holder(till.journal.path.parent) or "?")
    if "shows" in page:
        at = story.local(till, datetime.fromisoformat(page["seen_at"]))
        shows += " " + say("shows.busy_saw", at=say.at(at), shows=page["shows"])
    return asked, shows, say("next.busy_person" if page["person"] else "next.busy")
