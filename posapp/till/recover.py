"""What happened to the last receipt? Read from the fiscal storage, never guessed, never repeated (rules 6–8, 10, 11).

Recovery runs at every start and before every sale. It does three things:

1. every receipt that is `sending`: its document is looked for by *content* – our key in tag 1086 – among all documents
   after the number that its attempt row holds. Found: its mark. All read whole and none ours: proven not made.
2. every shift operation that is `sending`: see `shift_proof`.
3. (rule 11) the documents between the last one that the journal knows and the last one in the storage: foreign
   ones are remembered, a posapp document that the journal does not know stops everything until a person has looked.

Whatever is not proven stays as it is and `ResolveNeeded` says why.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from posapp.devices.base import OpenDocument, PrinterStatus
from posapp.domain.fiscal import DeviceIdentity, DocumentType, FiscalDocument
from posapp.domain.receipt import Receipt
from posapp.domain.settlement import By, Stamp, State
from posapp.errors import OutcomeUnknown, PosError, ResolveNeeded
from posapp.journal.rows import KnownDevice
from posapp.till import gate, neighbours, register, requests, shift_opening, shift_proof
from posapp.till.context import Till
from posapp.till.outbox_rows import entries_for
from posapp.till.views import Recovered

if TYPE_CHECKING:
    from posapp.journal.rows import Attempt, Decision, StoredReceipt

_SETTLEMENTS = (DocumentType.RECEIPT, DocumentType.BSO, DocumentType.CORRECTION, DocumentType.BSO_CORRECTION)
"""The other forms settle nothing and carry no key: nobody's in particular, ours included."""
WITHOUT_KEY = frozenset(DocumentType) - frozenset(_SETTLEMENTS)
"""A strict form (БСО) is not among them: on a register that makes those it may be a receipt of ours."""

FIRST_LOOK = 200
"""How many documents are read back at the first contact of a journal with a register that has worked before.

What it looks for is what this till printed and its journal lost: orders that the portal does not yet know as paid. That
is what was printed since the last round with the portal – a day of a busy till, a week of a slow one. Two hundred are
about two minutes on a real register; older ones are found by `posapp restore`, which has no such bound.
"""

BATCH = 50
"""After so many documents the device book is advanced: a look that breaks off goes on from there."""

log = logging.getLogger(__name__)


def opened(key_tag: str) -> dict[str, object]:
    """What an attempt's evidence says once the register has acknowledged our opening command (rule 7).

    And where its document will carry our key: set up anew, the register's profile may say otherwise later.
    """
    return {"opened": True, "key_tag": key_tag}


def carries_key(till: Till, attempt: Attempt, receipt: Receipt) -> bool:
    """Whether the document of an attempt would show our key; False on a register that takes none (rule 2)."""
    return bool(attempt.evidence.get("key_tag", till.printer.key_tag_of(receipt)))


def recover(till: Till) -> list[Recovered]:
    """Resolves everything that can be proven. Raises Unreachable, Refused, ResolveNeeded; what was proven is kept."""
    gate.require_sound(till)
    done = resolve_all(till)
    till.printer.connect()
    watch(till, till.printer.last_document_number())
    return done


def status_for_sale(till: Till) -> PrinterStatus:
    """Recovery as a sale wants it (rule 10), with one look at the register for everything: its status."""
    gate.require_sound(till)
    resolve_all(till)
    register.refuse_other_device(till)
    status = till.printer.status()
    watch(till, status.last_document)
    return status


def status_for_begun(till: Till, key: str) -> PrinterStatus:
    """`status_for_sale` before a begun receipt is tried again. While that one is `sending`, "nothing was made" is
    never said: OutcomeUnknown where the register cannot be read, ResolveNeeded where it is another one.
    """
    try:
        looked = status_for_sale(till)
    except ResolveNeeded:
        raise
    except PosError as error:
        if is_sending(till, key):
            raise OutcomeUnknown(key=key) from error
        raise
    if is_sending(till, key):
        raise ResolveNeeded("resolve_needed", why="чек отправляли на другую ККТ, исход знает только она", key=key)
    return looked


def is_sending(till: Till, key: str) -> bool:
    """Whether the outcome of a receipt is open."""
    stored = till.journal.receipt(key)
    return stored is not None and stored.state is State.SENDING


def resolve_all(till: Till) -> list[Recovered]:
    """Every receipt and operation that is `sending` on the register that is connected (rule 10).

    What was sent to a register that is not here blocks that register, and the order it was for, until it is back.
    """
    receipts, operations = till.journal.receipts_in(State.SENDING), till.journal.operations_sending()
    if not receipts and not operations:
        return []
    here = till.printer.connect()
    done = []
    for stored in receipts:
        attempt = till.journal.last_attempt(stored.receipt.key)
        if attempt is None or attempt.device.factory_number == here.factory_number:
            done.append(resolve(till, stored.receipt.key))
        else:
            requests.note_met(till, attempt, here)
    return done + [
        shift_proof.resolve(till, operation)
        for operation in operations
        if operation.device.factory_number == here.factory_number
    ]


def resolve(
    till: Till,
    key: str,
    refusal: str = "",
    *,
    just_opened: bool = False,
    by_person: bool = False,
    foreign: Collection[int] = (),
    decision: Decision | None = None,
) -> Recovered:
    """Rule 6 for one `sending` receipt. `refusal`: the device's own reason, if not made is then proven.

    The order is the proof: a request in a queue is ended (`requests.end`), our link is closed, opened again and
    drained, the register is idle (`reset_link`), so the command can no longer run; then the storage is read; then
    nothing of ours is open; then the storage is read to its end *once more*, for absence must hold after the last
    moment at which our document could still have been made.

    `just_opened`: this process has sent the opening command a moment ago and its answer was lost. `by_person`: a person
    has looked and says that it was not made. Both widen what may be cancelled, see `_cancel_if_ours`.
    `foreign`: numbers of documents that cannot be read and of which a person says that another program made them;
    `decision`: the record of that person's word, kept together with "not made".
    """
    stored, attempt = _sending(till, key)
    ended = requests.end(till, attempt.evidence)
    requests.note_answered(till, attempt, ended.named)
    found = till.printer.reset_link()
    requests.note_met(till, attempt, found)
    stored, attempt = _sending(till, key)  # with what was noted by now
    _same_device(attempt, found, key, by_person=decision is not None)
    has_key = carries_key(till, attempt, stored.receipt)
    named = requests.named_here(attempt)
    ours, last = _find(till, stored.receipt, attempt.last_document, foreign, has_key=has_key, named=named)
    if ours is None:
        requests.require_silence(ended.left, attempt, decision)
        _cancel_if_ours(till, stored.receipt, attempt, just_opened=just_opened, by_person=by_person)
        ours, last = _find(till, stored.receipt, last, foreign, has_key=has_key, named=named)
    if ours is None:
        return _not_made(till, stored, attempt, last, refusal, decision)
    mark = till.printer.document_mark(ours.number)
    evidence = {"found": ours.number, "after": attempt.last_document}
    till.journal.fiscalize(key, mark, By.PROOF, entries_for(till, stored.receipt, mark), evidence)
    return Recovered(key, State.SENDING.value, State.FISCALIZED.value, f"в ФН найден ФД {ours.number} с нашим ключом")


def _sending(till: Till, key: str) -> tuple[StoredReceipt, Attempt]:
    stored, attempt = till.journal.receipt(key), till.journal.last_attempt(key)
    if stored is None or attempt is None or stored.state is not State.SENDING:
        raise ResolveNeeded("not_resolvable", why=f"чек {key} не ждёт проверки")
    return stored, attempt


def _same_device(attempt: Attempt, found: DeviceIdentity, key: str, *, by_person: bool) -> None:
    """Any difference goes to a person (rule 3), who may decide where the storage itself is still the same one."""
    storage = (attempt.device.factory_number, attempt.device.storage_number)
    if found != attempt.device and not (by_person and (found.factory_number, found.storage_number) == storage):
        why = f"чек отправляли на {attempt.device}, а подключена {found}"
        raise ResolveNeeded("resolve_needed", why=why, key=key)


def _find(
    till: Till, receipt: Receipt, after: int, foreign: Collection[int], *, has_key: bool, named: int
) -> tuple[FiscalDocument | None, int]:
    """The document with our key, or None when all documents after number `after` are proven to be others.

    And the number of the last document that was read.
    """
    documents = list(till.printer.documents_after(after))
    last = documents[-1].number if documents else after
    ours = [each for each in documents if key_of(each) == receipt.key]
    if len(ours) > 1:
        numbers = ", ".join(str(each.number) for each in ours)
        raise ResolveNeeded("resolve_needed", why=f"наш ключ в нескольких документах: {numbers}", key=receipt.key)
    if ours:
        document = ours[0]
        if document.kind != receipt.kind or document.total != receipt.total:
            why = f"ФД {document.number} с нашим ключом на другую сумму"
            raise ResolveNeeded("resolve_needed", why=why, key=receipt.key)
        return document, last
    for each in documents:
        if each.number not in foreign and not proven_other(each, receipt, has_key=has_key, named=named):
            why = f"ФД {each.number} не читается целиком, а сумма совпадает"
            if each.number == named:
                why = f"веб-сервер назвал нашим чеком ФД {each.number}, а нашего ключа в нём нет"
            elif not has_key:
                why = f"ККТ не принимает ключ чека, и чей ФД {each.number}, по нему не видно"
            raise ResolveNeeded("resolve_needed", why=why, key=receipt.key)
    return None, last


def key_of(document: FiscalDocument) -> str | None:
    """The key in a document's stamp, None when it carries none of ours."""
    stamp = Stamp.parse(document.stamp) if document.stamp else None
    return stamp.key if stamp else None


def proven_other(document: FiscalDocument, receipt: Receipt, *, has_key: bool = True, named: int = 0) -> bool:
    """Read whole without our key, of a form that carries none, or of another kind or total.

    `named`: the number that the answer to our own command named as made by it. A document that fits and shows nobody's
    stamp is then no proof, although it was read whole: a register that showed our key may have been set up anew.

    On a register that takes no key (`has_key` False) the shop has confirmed that nobody else prints there. A receipt
    made after ours began either is ours or contradicts the shop: that is for a person, whatever it looks like. That
    there is none at all remains a proof, for nothing needs no key to be missing.
    """
    if document.type in WITHOUT_KEY:
        return True
    if not has_key:
        return False
    if document.whole and (document.number != named or document.stamp):
        return True
    return document.kind != receipt.kind or document.total != receipt.total


def _cancel_if_ours(till: Till, receipt: Receipt, attempt: Attempt, *, just_opened: bool, by_person: bool) -> None:
    """Rule 7: cancels the open receipt when the journal proves that this attempt opened it. Nothing open: nothing.

    The proof is the attempt's evidence, noted when the register had acknowledged our opening command, and that kind and
    subtotal do not contradict it. Without that note the receipt may be another program's, however well it fits – but
    for the moment after our own opening command lost its answer: there an empty receipt of our kind is the one that we
    have just opened. Everything else is cancelled on a person's word only.
    """
    document = till.printer.open_document()
    if document is None:
        if till.printer.status().has_open_document:
            raise ResolveNeeded("resolve_needed", why="в ФН не закрыт документ", key=receipt.key)
        return
    if not could_be(document, receipt):
        why = f"на ККТ открыт чужой чек на {document.subtotal}" if document.has_kind else "в ФН не закрыт документ"
        raise ResolveNeeded("resolve_needed", why=why, key=receipt.key)
    is_the_last_one = just_opened and not document.subtotal and not document.refused_ours
    if not (_has_opened(attempt) or by_person or is_the_last_one):
        why = f"на ККТ открыт чек на {document.subtotal}, и не доказано, что его открыли мы: решение «не напечатан»"
        raise ResolveNeeded("resolve_needed", why=f"{why} его отменит", key=receipt.key)
    till.printer.cancel_open_document()


def _has_opened(attempt: Attempt) -> bool:
    """Whether the register had acknowledged the opening command of this attempt."""
    return attempt.evidence.get("opened") is True


def could_be(opened: OpenDocument, receipt: Receipt) -> bool:
    """Whether sort, kind and subtotal do not contradict our receipt."""
    return opened.is_like(receipt)


def _not_made(
    till: Till, stored: StoredReceipt, attempt: Attempt, last: int, refusal: str, decision: Decision | None
) -> Recovered:
    after = State.REFUSED if refusal else State.PENDING
    evidence = {"after": attempt.last_document, "last": last, "ours": None}
    reason = refusal or "проверили ФН: чека нет"
    till.journal.not_made(stored.receipt.key, after, reason, evidence, decision=decision)
    why = f"документы ФН {attempt.last_document + 1}…{last} прочитаны, нашего нет"
    if last == attempt.last_document:
        why = f"новых документов после ФД {last} нет"
    return Recovered(stored.receipt.key, State.SENDING.value, after.value, why)


def watch(till: Till, last: int) -> None:
    """Rule 11: accounts for every document up to number `last` made since we last looked."""
    identity = till.printer.connect()
    known = till.journal.known_device(identity.factory_number)
    is_set_up = identity == till.identity  # if the storage is another one now, a person knows it
    if known is None and not is_set_up:
        return  # nothing is sold on it, and what it holds is not this till's business
    if known is None or (known.identity.storage_number != identity.storage_number and is_set_up):
        known = KnownDevice(identity, max(0, last - FIRST_LOOK))
        till.journal.set_fact(_met(identity), str(last))
        till.journal.remember_document(identity, known.last_document)
    if known.identity.storage_number != identity.storage_number:
        why = f"ФН заменён: был {known.identity.storage_number}, теперь {identity.storage_number}"
        raise ResolveNeeded("resolve_needed", why=why, key=identity.factory_number)
    if last < known.last_document:
        why = f"в ФН {last} документов, а журнал знает {known.last_document}"
        raise ResolveNeeded("resolve_needed", why=why, key=identity.factory_number)
    if last > known.last_document:
        _account_for(till, identity, known.last_document, last)


def _account_for(till: Till, identity: DeviceIdentity, after: int, last: int) -> None:
    """Reads the documents after number `after` and advances the device book, batch by batch."""
    batch: list[FiscalDocument] = []
    for document in till.printer.documents_after(after):
        batch.append(document)
        if len(batch) == BATCH or document.number >= last:
            refuse_unknown_ours(till, batch)
            foreign = foreign_of(till, batch)
            note_others(till, foreign)
            shift_opening.note(till, identity, batch)
            till.journal.remember_document(identity, document.number, foreign)
            if last - after > BATCH:  # it takes a while: whoever waits shall see it go on
                log.info("ФН: прочитано %d из %d документов", document.number - after, last - after)
            batch = []


def foreign_of(till: Till, documents: Sequence[FiscalDocument]) -> list[FiscalDocument]:
    """Those of the documents that settle something and that another program made."""
    return [each for each in documents if each.type in _SETTLEMENTS and not _is_known(till, each)]


def note_others(till: Till, documents: Sequence[FiscalDocument]) -> None:
    """What documents that the journal does not know say of orders, or leave open (rule 6). Before they are noted."""
    neighbours.note_receipts(till, documents)
    neighbours.note_unread(till, [each for each in documents if _is_anybodys(till, each)])


def _is_anybodys(till: Till, document: FiscalDocument) -> bool:
    """Whether it could be ours and nothing but its total can contradict that. The past of another program cannot."""
    if document.stamp or (document.whole and not is_nameless_ours(till, document)):
        return False
    return not (_is_noted(till, document) or _is_past(till, document))


def refuse_unknown_ours(till: Till, documents: Sequence[FiscalDocument]) -> None:
    """A document stamped by this till that the journal does not know or holds otherwise: a person has to look."""
    for document in documents:
        if is_unknown_ours(till, document):
            stamp = Stamp.parse(document.stamp or "")
            order, key = (stamp.order, stamp.key) if stamp else ("?", "?")
            why = f"ФД {document.number} напечатан этой кассой (заказ {order}), а журнал его не знает"
            raise ResolveNeeded("resolve_needed", why=why, key=key)


def is_nameless_ours(till: Till, document: FiscalDocument) -> bool:
    """A receipt that shows no key on a register that takes none, or of which that is not proven: it may be this till's.

    The shop has said that no other program prints where no key is taken; so a journal that does not know it went back
    in time (rules 2 and 11), and a restore asks a person whose order it was. What was there at the first contact is the
    past of another program; a person's word that a document is foreign stands in the journal.
    """
    takes_no_key = document.kind is not None and not till.printer.key_tag(document.kind)
    if document.type not in _SETTLEMENTS or document.stamp or not takes_no_key or _is_known(till, document):
        return False
    return not (_is_noted(till, document) or _is_past(till, document))


def _is_noted(till: Till, document: FiscalDocument) -> bool:
    """Whether the journal has it as another program's."""
    storage = till.printer.connect().storage_number
    noted = till.journal.foreign_documents(storage, after=document.number - 1, limit=1)
    return bool(noted) and noted[0].number == document.number


def _is_past(till: Till, document: FiscalDocument) -> bool:
    """Whether it was there before this till met the storage."""
    return document.number <= int(till.journal.get_fact(_met(till.printer.connect())) or 0)


def _met(identity: DeviceIdentity) -> str:
    """The journal's fact: the last document of a storage at the first contact with it."""
    return f"first_contact:{identity.storage_number}"


def is_unknown_ours(till: Till, document: FiscalDocument) -> bool:
    """Whether a document carries this till's stamp and the journal does not hold it as the proof of that receipt."""
    stamp = Stamp.parse(document.stamp) if document.stamp else None
    if stamp is None or _is_known(till, document):
        return False
    if stamp.till:
        return stamp.till == till.settings.till
    # A bare key names no till. Where receipts carry it so, it may be this one's; elsewhere 1192 is somebody's number.
    return document.kind is not None and till.printer.key_tag(document.kind) == "1192"


def _is_known(till: Till, document: FiscalDocument) -> bool:
    """Whether the document is the proof of a receipt in the journal; one that shows a key must show that one's."""
    storage = till.printer.connect().storage_number
    stored = till.journal.receipt_of_document(storage, document.number)
    return stored is not None and key_of(document) in (None, stored.receipt.key)
