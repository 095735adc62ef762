"""The three lines of a case and its lawful choices: from what was asked and what the device shows. Decides nothing.

Which choices there are follows from what is proven. A document is *ours* when it carries our key, *other* when it was
read whole without it or is of another kind or total, and a *candidate* when it fits and cannot be read whole: only of
candidates a person may say whose they are. Of a storage that can no longer be read, a person says what the OFD or the
paper shows – but only after the administrator has set up another register, so that a pulled cable is no excuse.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from posapp.devices.base import OpenDocument
from posapp.domain.fiscal import DeviceIdentity, FiscalDocument
from posapp.domain.money import ZERO, Money
from posapp.domain.portal_check import is_external_id
from posapp.domain.receipt import Receipt
from posapp.domain.settlement import Stamp
from posapp.errors import DeviceError, PosError
from posapp.till import recover, requests
from posapp.till.context import Till
from posapp.till.desk_look import Look, same_storage
from posapp.till.desk_words import Say
from posapp.till.views import Case, CaseDocument, CaseKind, Choice, Verdict

if TYPE_CHECKING:
    from posapp.journal.rows import Attempt, Operation, StoredReceipt

LIMIT = timedelta(minutes=5)
"""Longer than any receipt takes, its waiting for paper left out: what is older has somebody to be told.

And what was asked later than now was asked by a clock that ran ahead: nobody knows how old it is.
"""

DOCUMENTS_MAX = 6
"""More documents than that are counted, not told, in the line that a person reads."""


@dataclass(frozen=True, slots=True)
class Next:
    """The third line, and what may be chosen."""

    words: str
    choices: tuple[Choice, ...] = ()


@dataclass(frozen=True, slots=True)
class Ours:
    """What documents are compared with: the receipt, whether its document would show its key (rule 2), and the number
    that the answer named as made by it, 0 for none."""

    receipt: Receipt
    has_key: bool
    named: int = 0

    def could_be(self, document: FiscalDocument) -> bool:
        """Nothing proves the document to be another one."""
        return not recover.proven_other(document, self.receipt, has_key=self.has_key, named=self.named)

    def fits(self, document: FiscalDocument) -> bool:
        """It is a receipt of our kind and total."""
        mine = (self.receipt.document_type, self.receipt.kind, self.receipt.total)
        return (document.type, document.kind, document.total) == mine


def _why_open(say: Say, trouble: PosError) -> str:
    """Why the program could not decide: its reason, or what kept it from reading."""
    return (
        say("shows.away", trouble=say.trouble(trouble))
        if isinstance(trouble, DeviceError)
        else trouble.message(say.language)
    )


def is_given_up(till: Till, device: DeviceIdentity) -> bool:
    """The administrator has set up another register or storage in place of this one."""
    return till.settings.printer is not None and till.identity != device


def local(till: Till, moment: datetime) -> datetime:
    """A moment of the journal in the shop's time."""
    return moment.astimezone(till.now().tzinfo)


# ------------------------------------------------------------------------------------------------ receipts
def of_receipt(till: Till, say: Say, stored: StoredReceipt, attempt: Attempt, trouble: PosError, look: Look) -> Case:
    """The case of a receipt that is `sending` and that `trouble` kept from being decided."""
    receipt = stored.receipt
    attempt = till.journal.last_attempt(receipt.key) or attempt  # with what the look of a moment ago has noted
    ours = Ours(receipt, recover.carries_key(till, attempt, receipt), requests.named_here(attempt))
    after = next_for_receipt(till, say, ours, attempt, look, trouble)
    shown = shows(say, attempt.device, attempt.last_document, look, ours)
    return Case(
        key=receipt.key,
        kind=CaseKind.RECEIPT,
        title=title_of(say, receipt),
        story=(asked_receipt(till, say, receipt, attempt), shown, after.words),
        since=attempt.started_at,
        why=_why_open(say, trouble),
        code=trouble.code,
        choices=after.choices,
        documents=tuple(case_document(say, each, ours) for each in look.documents),
        order_number=receipt.order_number,
        total=receipt.total,
        after_document=attempt.last_document,
        device=str(attempt.device),
        who=receipt.cashier,
        is_overdue=abs(till.now() - attempt.started_at) > LIMIT,
    )


_WALK_IN = {
    "title.receipt": "title.walkin",
    "asked.receipt": "asked.walkin",
    "made.then": "made.walkin",
    "not_made.then": "not_made.walkin",
    "lost_made.then": "lost_made.walkin",
    "lost_not_made.then": "lost_not_made.walkin",
    "adopt.then": "adopt.walkin",
}
"""What is said of a sale without an order: the portal has nothing to hear of it, and no order can get two receipts."""


_ORDERED = {
    "title.receipt": "title.job",
    "asked.receipt": "asked.job",
    "made.then": "made.job",
    "not_made.then": "not_made.job",
    "lost_made.then": "lost_made.job",
    "lost_not_made.then": "lost_not_made.job",
    "adopt.then": "adopt.job",
}
"""What is said of a receipt that the portal ordered: it is printed without a person, and the portal is told by it."""


def _by_order(say: Say, word: str, order: str, **facts: object) -> str:
    if is_external_id(order):
        return say(_ORDERED[word], order=order, **facts)
    return say(word, order=order, **facts) if order else say(_WALK_IN[word], **facts)


def title_of(say: Say, receipt: Receipt) -> str:
    """The head of the case of a receipt whose outcome is not proven."""
    return _by_order(say, "title.receipt", receipt.order_number)


def asked_receipt(till: Till, say: Say, receipt: Receipt, attempt: Attempt) -> str:
    """The first line."""
    return _by_order(
        say,
        "asked.receipt",
        receipt.order_number,
        at=say.at(local(till, attempt.started_at)),
        till=receipt.till,
        who=receipt.cashier,
        kind=say.kind(receipt.kind),
        total=receipt.total,
        tenders=", ".join(f"{say.tender(each.kind)} {each.amount}" for each in receipt.tenders),
        attempt=attempt.number,
        device=say.device(attempt.device),
        after=attempt.last_document,
    )


def next_for_receipt(
    till: Till, say: Say, ours: Ours, attempt: Attempt, look: Look, trouble: PosError | None = None
) -> Next:
    """What happens next to a receipt: by itself, or by which choice."""
    receipt = ours.receipt
    here = look.found is not None and same_storage(look.found, attempt.device)
    if not here:
        if is_given_up(till, attempt.device):
            return Next(say("next.lost", device=say.device(attempt.device)), _lost_choices(say, receipt))
        word = "next.away" if look.found is None else "next.other"
        return Next(say(word, device=say.device(attempt.device)))
    if look.trouble is not None:
        return Next(say("next.away"))
    keyed = [each for each in look.documents if recover.key_of(each) == receipt.key]
    if keyed:
        what = "next.ours_many" if len(keyed) > 1 else "next.ours_total"
        return Next(say("next.ours", what=say(what)), _made_choices(say, receipt, keyed))
    if trouble is not None and trouble.code in _SILENT:
        return _next_silent(say, ours, look, trouble)
    return _next_by_what_fits(say, ours, look, renamed=look.found != attempt.device)


_SILENT = {
    requests.LEFT: ("next.left", "not_made.left"),
    requests.ELSEWHERE: ("next.elsewhere", "not_made.elsewhere"),
}
"""Why the silence of the storage proves nothing: what happens next, and what "not made" risks."""


def _next_silent(say: Say, ours: Ours, look: Look, trouble: PosError) -> Next:
    """It may be printed by a queue that this till cannot ask, or was by another register: a person, with a reason."""
    words, risk = _SILENT[trouble.code]
    opened = look.opened.subtotal if look.opened else None
    not_made = _not_made(say, ours.receipt, [each for each in look.documents if ours.could_be(each)], opened)
    choice = replace(
        not_made,
        consequence=say(risk, **trouble.facts) + not_made.consequence,
        command=not_made.command + _why(True),
        needs_why=True,
    )
    return Next(say(words, **trouble.facts), (choice,))


def _next_by_what_fits(say: Say, ours: Ours, look: Look, *, renamed: bool) -> Next:
    """Nothing carries our key: candidates, an open receipt, or neither."""
    receipt = ours.receipt
    candidates = [each for each in look.documents if ours.could_be(each)]
    fits = look.opened is not None and recover.could_be(look.opened, receipt)
    made = _made_choices(say, receipt, filter(ours.fits, candidates))
    if look.opened is not None and not fits:
        return Next(say("next.open_other"), (*made, _cancel_open(say, receipt.key, look.opened.subtotal)))
    if look.has_open and look.opened is None:
        return Next(say("next.open_form"), made)
    not_made = _not_made(say, receipt, candidates, look.opened.subtotal if look.opened else None)
    if candidates:
        word = "next.candidates" if ours.has_key else "next.keyless"
        if any(each.number == ours.named for each in candidates):
            word = "next.named"
        return Next(say(word, numbers=_numbers(say, candidates)), (*made, not_made))
    if look.opened is not None or renamed:
        return Next(say("next.open_ours") if look.opened else say("next.reread"), (not_made,))
    return Next(say("next.reread"))


def _made_choices(say: Say, receipt: Receipt, documents: Iterable[FiscalDocument]) -> tuple[Choice, ...]:
    choices = []
    for each in documents:
        differs = each.total != receipt.total
        more = say("made.differs", found=each.total, total=receipt.total) if differs else ""
        choices.append(
            Choice(
                id=f"made:{each.number}",
                verdict=Verdict.MADE,
                words=say("made", number=each.number),
                consequence=_by_order(say, "made.then", receipt.order_number, number=each.number) + more,
                command=f"posapp resolve {receipt.key} --document {each.number}" + _why(differs),
                documents=(each.number,),
                needs_why=differs,
            )
        )
    return tuple(choices)


def _not_made(say: Say, receipt: Receipt, candidates: Sequence[FiscalDocument], subtotal: Money | None) -> Choice:
    numbers = [each.number for each in candidates]
    words = say("not_made", numbers=_numbers(say, candidates)) if candidates else say("not_made.bare")
    opened = "" if subtotal is None else say("not_made.open", subtotal=subtotal)
    about = [*map(str, numbers), *(["open"] if subtotal is not None else [])]
    return Choice(
        id="not_made" + (f":{','.join(about)}" if about else ""),
        verdict=Verdict.NOT_MADE,
        words=words,
        consequence=_by_order(say, "not_made.then", receipt.order_number) + opened,
        command=f"posapp resolve {receipt.key} --not-made" + "".join(f" --foreign {each}" for each in numbers),
        documents=tuple(numbers),
    )


def _lost_choices(say: Say, receipt: Receipt) -> tuple[Choice, ...]:
    order, command = receipt.order_number, f"posapp resolve {receipt.key}"
    return (
        Choice(
            id="lost_made",
            verdict=Verdict.MADE,
            words=say("lost_made"),
            consequence=_by_order(say, "lost_made.then", order),
            command=f'{command} --qr "t=…&s=…&fn=…&i=…&fp=…&n=…" --receipt-number N' + _why(True),
            needs_why=True,
            asks=("qr", "receipt_number"),
        ),
        Choice(
            id="lost_not_made",
            verdict=Verdict.NOT_MADE,
            words=say("lost_not_made"),
            consequence=_by_order(say, "lost_not_made.then", order),
            command=f"{command} --not-made --lost" + _why(True),
            needs_why=True,
        ),
    )


def _cancel_open(say: Say, key: str, subtotal: Money) -> Choice:
    return Choice(
        id="cancel_open",
        verdict=Verdict.CANCEL,
        words=say("cancel_open"),
        consequence=say("cancel_open.then", subtotal=subtotal),
        command=f"posapp resolve {key} --cancel-open" + _why(True),
        needs_why=True,
    )


def _why(needed: bool) -> str:
    return ' --why "…"' if needed else ""


def _numbers(say: Say, documents: Sequence[FiscalDocument]) -> str:
    return say("numbers", list=", ".join(str(each.number) for each in documents))


# ------------------------------------------------------------------------------------------------ what the device shows
def shows(say: Say, device: DeviceIdentity, after: int, look: Look, ours: Ours | None) -> str:
    """The second line of a receipt's story."""
    if look.found is None:
        return say("shows.away", trouble=say.trouble(look.trouble) if look.trouble else "–")
    if not same_storage(look.found, device):
        is_same = look.found.factory_number == device.factory_number
        return say("shows.replaced" if is_same else "shows.other", found=say.device(look.found))
    parts = [say("shows.reregistered", found=look.found.registration_number)] if look.found != device else []
    if look.documents:
        told = [document_line(say, each, ours) for each in look.documents[:DOCUMENTS_MAX]]
        rest = len(look.documents) - DOCUMENTS_MAX
        told += [say("shows.more", count=rest)] if rest > 0 else []
        parts.append(say("shows.documents", after=after, list="; ".join(told)))
    elif look.trouble is None:
        parts.append(say("shows.nothing", after=after))
    if look.trouble is not None:
        parts.append(say("shows.unread", trouble=say.trouble(look.trouble)))
    if look.opened is not None:
        parts.append(_open_text(say, look.opened))
    elif look.has_open:
        parts.append(say("shows.open_form"))
    return " ".join(parts)


def _open_text(say: Say, opened: OpenDocument) -> str:
    """What is open on the register; a correction of FFD 1.05 that was only begun shows nothing of itself."""
    if not opened.has_kind:
        return say("shows.begun")
    return say("shows.open", kind=say.kind(opened.kind), subtotal=opened.subtotal)


def document_line(say: Say, document: FiscalDocument, ours: Ours | None) -> str:
    """One document of the second line."""
    shown = case_document(say, document, ours)
    return say("shows.document", number=document.number, words=shown.words, at=say.at(document.at), note=shown.note)


def case_document(say: Say, document: FiscalDocument, ours: Ours | None) -> CaseDocument:
    """A document with what it is and whose."""
    words = say.form(document.type)
    if document.kind is not None:
        words += f", {say.kind(document.kind)}"
    if document.total is not None:
        words += f", {document.total}"
    return CaseDocument(
        document.number,
        document.type,
        document.kind,
        document.total,
        document.at,
        document.whole,
        words,
        _whose(say, document, ours),
    )


def _whose(say: Say, document: FiscalDocument, ours: Ours | None) -> str:
    stamp = Stamp.parse(document.stamp) if document.stamp else None
    if stamp is not None and ours is not None and stamp.key == ours.receipt.key:
        return say("note.ours")
    if stamp is not None:
        return say("note.till", till=stamp.till or "–", order=stamp.order or "–")
    if document.type in recover.WITHOUT_KEY:
        return say("note.form")
    if ours is not None and not ours.has_key:
        return say("note.keyless")
    if document.whole and ours is not None and ours.could_be(document):
        return say("note.named")
    if document.whole:
        return say("note.other")
    return say("note.unread" if ours is None or ours.could_be(document) else "note.differs")


# ------------------------------------------------------------------------------------------------ shift operations
def of_operation(till: Till, say: Say, key: str, operation: Operation, trouble: PosError, look: Look) -> Case:
    """The case of a shift operation that the registers prove neither way, or that cannot be looked at."""
    words = operation_words(say, operation)
    here = look.found is not None and same_storage(look.found, operation.device)
    lost = not here and is_given_up(till, operation.device)
    if not here and not lost:
        after = Next(say("next.away" if look.found is None else "next.other", device=say.device(operation.device)))
    elif here and look.trouble is not None:
        after = Next(say("next.away"))
    elif here and trouble.code == requests.LEFT:
        line = say("next.left", queue=trouble.facts["queue"])
        after = Next(line, _operation_choices(say, key, words, needs_why=True))
    else:
        line = say("next.lost", device=say.device(operation.device)) if lost else say("next.counters")
        after = Next(line, _operation_choices(say, key, words, needs_why=lost))
    return Case(
        key=key,
        kind=CaseKind.OPERATION,
        title=say("title.operation", operation=words[:1].upper() + words[1:]),
        story=(asked_operation(till, say, operation, words), _shows_counters(say, operation, look), after.words),
        since=operation.started_at,
        why=_why_open(say, trouble),
        code=trouble.code,
        choices=after.choices,
        total=operation.amount or ZERO,
        after_document=last_before(operation),
        device=str(operation.device),
        who=operation.cashier,
        is_overdue=abs(till.now() - operation.started_at) > LIMIT,
    )


def operation_words(say: Say, operation: Operation) -> str:
    """What the operation is, with its sum."""
    return say.operation(operation.kind) + (f", {operation.amount}" if operation.amount else "")


def asked_operation(till: Till, say: Say, operation: Operation, words: str) -> str:
    """The first line."""
    return say(
        "asked.operation",
        at=say.at(local(till, operation.started_at)),
        who=operation.cashier,
        operation=words,
        device=say.device(operation.device),
        after=last_before(operation),
    )


def last_before(operation: Operation) -> int:
    """The last document before the operation, 0 when the journal does not know it."""
    return _number(operation.before.get("last_document"))


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


def _operation_choices(say: Say, key: str, words: str, *, needs_why: bool) -> tuple[Choice, ...]:
    return tuple(
        Choice(
            id=name,
            verdict=verdict,
            words=say(name),
            consequence=say(f"{name}.then", operation=words),
            command=f"posapp resolve {key} {option}" + _why(needs_why),
            needs_why=needs_why,
        )
        for name, verdict, option in (
            ("operation_made", Verdict.MADE, "--made"),
            ("operation_not_made", Verdict.NOT_MADE, "--not-made"),
        )
    )


def _shows_counters(say: Say, operation: Operation, look: Look) -> str:
    if look.status is None or look.totals is None:
        return shows(say, operation.device, 0, Look(look.found, look.trouble), None)
    before = operation.before
    return say(
        "shows.counters",
        shift=look.status.shift.number,
        state=say.shift(look.status.shift.state.value),
        last=look.status.last_document,
        cash_in=look.totals.cash_in,
        cash_out=look.totals.cash_out,
        was_shift=before.get("shift_number", "–"),
        was_state=say.shift(str(before.get("shift_state", "–"))),
        was_last=before.get("last_document", "–"),
        was_in=Money(_number(before.get("cash_in_kopecks"))),
        was_out=Money(_number(before.get("cash_out_kopecks"))),
    )


# ------------------------------------------------------------------------------------------------ strays, the register
def of_stray(till: Till, say: Say, document: FiscalDocument, since: datetime, device: str, *, is_first: bool) -> Case:
    """A document of this till that the journal lost. Only the first one may be waved through: what it hides is read."""
    stamp = Stamp.parse(document.stamp or "")
    key, order = (stamp.key, stamp.order) if stamp else ("", "")
    shown = case_document(say, document, None)
    told = say(
        "shows.stray",
        number=document.number,
        words=say.form(document.type),
        total=document.total,
        at=say.at(document.at),
        till=stamp.till if stamp else "–",
        order=order or "–",
        key=key,
    )
    return Case(
        key=key,
        kind=CaseKind.STRAY,
        title=say("title.stray", number=document.number),
        story=(say("asked.stray"), told, say("next.stray")),
        since=since,
        why=say("why.stray", number=document.number),
        code="resolve_needed",
        choices=_of_stray(say, document, key, order, is_first=is_first),
        documents=(shown,),
        order_number=order,
        total=document.total or ZERO,
        after_document=document.number - 1,
        device=device,
        is_overdue=abs(till.now() - since) > LIMIT,
    )


def _of_stray(say: Say, document: FiscalDocument, key: str, order: str, *, is_first: bool) -> tuple[Choice, ...]:
    """What may be decided of it: that it is this till's, and of the first one that it is not."""
    adopt = Choice(
        id=f"made:{document.number}",
        verdict=Verdict.MADE,
        words=say("adopt", number=document.number),
        consequence=_by_order(say, "adopt.then", order),
        command=f"posapp resolve {key} --document {document.number}",
        documents=(document.number,),
    )
    if not is_first:
        return (adopt,)
    foreign = Choice(
        id=f"foreign:{document.number}",
        verdict=Verdict.OTHER,
        words=say("foreign", number=document.number),
        consequence=say("foreign.then", number=document.number, order=order or "–"),
        command=f"posapp resolve {key} --foreign {document.number}" + _why(True),
        documents=(document.number,),
        needs_why=True,
    )
    return adopt, foreign


def of_register(till: Till, say: Say, trouble: PosError, since: datetime, look: Look) -> Case:
    """Nothing is under way, and yet nothing may be sold: another register or storage, or a receipt open on it."""
    word = "next.register"
    choices: tuple[Choice, ...] = ()
    if trouble.code == "foreign_receipt_open":
        word = "next.open_other" if look.opened else "next.open_form"
        subtotal = look.opened.subtotal if look.opened else ZERO
        choices = (_cancel_open(say, till.identity.factory_number, subtotal),) if look.opened else ()
    elif look.found == till.identity:
        word = "next.behind"
    asked = "asked.open" if trouble.code == "foreign_receipt_open" else "asked.register"
    shown = trouble.message(say.language)
    if look.opened is not None:
        shown = _open_text(say, look.opened)
    return Case(
        key=till.identity.factory_number,
        kind=CaseKind.REGISTER,
        title=say("title.register"),
        story=(say(asked, device=say.device(till.identity)), shown, say(word)),
        since=since,
        why=shown,
        code=trouble.code,
        choices=choices,
        device=str(till.identity),
        is_overdue=abs(till.now() - since) > LIMIT,
    )
