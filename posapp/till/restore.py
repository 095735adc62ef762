"""Coming back: a journal from a copy, and from the register's fiscal storage what was printed since.

   files      the newest sound copy of any place, what the damaged file still tells  (`journal/rebuild.py`)
   storage    every document after the last one that the journal knows: ours and unknown are taken in, each with its
              rows of the outbox; receipts that were being sent are proven
   place      the directory lives here from now on; who decided, and why, stands in the audit log

`files` needs no register and no till; `finish` needs both. Between them nothing can be sold (the journal's fact
`restore:state` is `reading`, see `keeping.require_sound`). Each may be killed anywhere and called again, and ends the
same; a directory whose journal is sound and that was merely copied, or is new beside a used register, goes the same way
and has less to do.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from posapp import settings as settings_file
from posapp.domain.fiscal import FiscalDocument
from posapp.domain.settlement import State
from posapp.errors import PosError, ResolveNeeded, SetupError
from posapp.journal import soundness
from posapp.journal.rows import DeviceSending
from posapp.settings import Settings
from posapp.till import audit, claim_book, own_documents, place, recover, register, stock_rows
from posapp.till.context import Till
from posapp.till.own_documents import Progress, Waiting, silent

if TYPE_CHECKING:
    from posapp.journal.rebuild import Rebuilt

AFTER = "restore:after"
"""The journal's fact: the document after which the storage has to be read, `storage number` kept through a kill."""

COPIES_OF = "posapp-"


@dataclass(frozen=True, slots=True)
class Report:
    """What a restore came to."""

    from_copy: str | None
    copy_at: str | None
    base: str
    adopted: tuple[dict[str, object], ...]
    salvaged: Mapping[str, int]
    lost: tuple[str, ...]
    unreadable: int
    waiting: tuple[Waiting, ...]
    aside: str | None
    unsound: tuple[str, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Nothing waits for a person: the till may sell."""
        return not self.waiting

    def as_json(self) -> dict[str, object]:
        """The answer of `posapp restore`."""
        return {
            "from_copy": self.from_copy,
            "copy_at": self.copy_at,
            "base": self.base,
            "adopted": list(self.adopted),
            "salvaged": dict(self.salvaged),
            "lost": list(self.lost),
            "unreadable": self.unreadable,
            "waiting": [each.as_json() for each in self.waiting],
            "aside": self.aside,
            "unsound_copies": list(self.unsound),
        }


# ------------------------------------------------------------------------------------------------ files
def home_in(folder: Path, identity: str) -> Path:
    """Where the copies of one data directory lie in a folder that several tills may share."""
    return folder / f"{COPIES_OF}{identity[:8]}"


def files(
    folder: Path, now: Callable[[], datetime], *, copy: Path | None = None, progress: Progress = silent
) -> tuple[Settings, Rebuilt]:
    """Settings and a sound journal in `folder`, whatever is left of them. The caller holds the directory's lock.

    `copy`: this file, or the newest sound one of this folder, instead of those of the known places. Raises
    JournalError, SetupError `not_set_up` when there are no settings and no copy that carries them, `restore_which`.
    """
    from posapp.journal.rebuild import rebuild, sound_copies

    found = _settings(folder)
    places = _places(folder, found, copy)
    if found is None:
        found = _settings_back(folder, places)
    elif copy is not None and not sound_copies(places, found.identity)[0]:
        raise SetupError("restore_which", what=f"{copy} – не целая копия кассы {found.till}")
    return found, rebuild(folder, places, found.identity, now, progress)


def _settings(folder: Path) -> Settings | None:
    try:
        return settings_file.load(folder)
    except SetupError:
        return None


def _places(folder: Path, settings: Settings | None, copy: Path | None) -> list[Path]:
    from posapp.journal.backup import BACKUPS_NAME

    if copy is not None:
        if not copy.exists():
            raise SetupError("restore_which", what=f"{copy} нет")
        return [copy, *_homes(copy)] if copy.is_dir() else [copy]
    places = [folder / BACKUPS_NAME]
    if settings is not None and settings.backup is not None:
        places.append(home_in(Path(settings.backup.folder), settings.identity))
    return places


def _homes(folder: Path) -> list[Path]:
    """Folders of tills in a folder that somebody named."""
    return sorted(each for each in folder.glob(f"{COPIES_OF}*") if each.is_dir())


def _settings_back(folder: Path, places: Iterable[Path]) -> Settings:
    """The settings of the copy that knows most, written into `folder`; a damaged file is kept beside."""
    from posapp.journal.rebuild import settings_in, sound_copies

    owners: dict[str, Settings] = {}
    for copy in sound_copies(places, None)[0]:
        text = settings_in(copy.path)
        if text is not None:
            kept = settings_file.from_text(text)
            owners.setdefault(kept.identity, kept)
    if not owners:
        raise SetupError("not_set_up", what="нет ни настроек, ни копии с ними", command="printer")
    if len(owners) > 1:
        tills = ", ".join(f"касса {each.till}" for each in owners.values())
        raise SetupError("restore_which", what=f"здесь копии нескольких касс: {tills}")
    (settings,) = owners.values()
    path = folder / settings_file.FILE
    if path.exists():
        path.replace(path.with_suffix(".damaged"))
    settings_file.save(folder, settings)
    return settings


# ------------------------------------------------------------------------------------------------ storage
def begin(till: Till, rebuilt: Rebuilt, *, from_storage: bool = False) -> None:
    """Closes the till until `finish`: a journal that was sound is noted too. Safe to call again."""
    from posapp.journal import rebuild

    if rebuilt.base == rebuild.IN_PLACE:
        known = _told(till)
        if not known or till.journal.get_fact(soundness.STATE) == soundness.DONE:
            body = {"id": rebuilt.id, "base": rebuilt.base, "unsound": rebuilt.unsound}
            till.journal.set_fact(rebuild.FACT, json.dumps(body, ensure_ascii=False))
            till.journal.set_fact(AFTER, "")
        till.journal.set_fact(soundness.STATE, soundness.READING)
    # An earlier journal, whether sound or not: a product's quantity may hold already what it calls waiting.
    till.journal.set_fact(stock_rows.RESTORED_AT, till.now().isoformat())
    if from_storage:
        till.journal.set_fact(AFTER, f"{till.identity.storage_number} 0")


def _told(till: Till) -> dict[str, Any]:
    from posapp.journal.rebuild import FACT

    text = till.journal.get_fact(FACT)
    body: dict[str, Any] = json.loads(text) if text else {}
    return body


def finish(
    till: Till,
    why: str,
    progress: Progress = silent,
    *,
    named: Mapping[int, str] | None = None,
    foreign: Collection[int] = (),
) -> Report:
    """Reads the storage and takes in what is ours. Raises DeviceError when the register is away: call it again then.

    `why` is the person's reason, for the audit log; `named` and `foreign` are that person's words about documents that
    name no order themselves: document → the order's number, and those that are no receipts of this till. Raises
    ResolveNeeded or SaleError for a word that does not fit.
    """
    register.refuse_other_device(till)
    told = _told(till)
    after = _after(till)
    open_cases = _resolve(till)
    cases: list[Waiting] = []
    try:
        own_documents.by_hints(till, told.get("marks", {}), why)
    except DeviceSending:
        cases = open_cases
    for number, order in (named or {}).items():
        if till.journal.receipt_of_document(till.identity.storage_number, number) is None:
            own_documents.take_named(till, number, order, why)
    for number in foreign:
        own_documents.declare_foreign(till, number, why)
    found = own_documents.look(till, after, progress)
    _, waiting = own_documents.take_in(till, found.unknown, why, progress)
    cases = _resolve(till) if open_cases else cases
    cases += waiting + _nameless(found.nameless) + _doubtful(till, found.unreadable)
    _hold(till, told.get("held", []))
    if not cases:
        cases += _remember(till, found)
    state = soundness.WAITS if cases else soundness.DONE
    if found.nameless:
        state = soundness.READING  # no later look would stop at them: they carry no name
    report = _report(till, told, found, tuple(cases))
    _close(till, report, state, str(told.get("id", "")), why)
    return report


def _close(till: Till, report: Report, state: str, subject: str, why: str) -> None:
    """The directory lives here from now on; what was decided, and by whom, with the state in one transaction."""
    facts = {"base": report.base, "adopted": len(report.adopted), "waiting": len(report.waiting)}
    if till.place is not None:
        place.keep(till.journal, till.place)
    claim_book.doubt(till)
    decision = audit.decided(till, "directory.restored", subject, why, **facts)
    till.journal.set_fact(soundness.STATE, state, decision=decision)


def _after(till: Till) -> int:
    """The number after which to read: kept from the first call, so that a killed one changes nothing."""
    storage = till.identity.storage_number
    kept_storage, _, number = (till.journal.get_fact(AFTER) or "").partition(" ")
    if kept_storage == storage:
        return int(number)
    known = till.journal.known_device(till.identity.factory_number)
    same = known is not None and known.identity.storage_number == storage
    after = known.last_document if known is not None and same else 0
    till.journal.set_fact(AFTER, f"{storage} {after}")
    return after


def _resolve(till: Till) -> list[Waiting]:
    """Receipts and operations that were being sent: proven, or a case."""
    try:
        recover.resolve_all(till)
    except ResolveNeeded as error:
        key = str(error.facts.get("key", ""))
        return [Waiting(str(error.facts.get("why", "")), key=key)]
    return []


def _nameless(found: Sequence[FiscalDocument]) -> list[Waiting]:
    """Receipts of this till that only a person can give to an order: nothing is sold before that."""
    return [
        Waiting(
            own_documents.NAMELESS.format(number=each.number),
            document=each.number,
            total_kopecks=each.total.kopecks if each.total else None,
        )
        for each in found
    ]


def _doubtful(till: Till, unreadable: Sequence[FiscalDocument]) -> list[Waiting]:
    """A receipt whose TLV is gone and that could be one that was begun here: nobody but a person can tell (rule 6)."""
    begun = till.journal.receipts_in(State.PENDING, State.SENDING)
    return [
        Waiting(
            f"ФД {document.number} не читается целиком, а вид и сумма – как у начатого чека",
            stored.receipt.order_number,
            stored.receipt.key,
            document.number,
            stored.receipt.total.kopecks,
        )
        for document in unreadable
        for stored in begun
        if (document.kind, document.total) == (stored.receipt.kind, stored.receipt.total)
    ]


def _hold(till: Till, held: Iterable[Sequence[str]]) -> None:
    """Entries that a person held before the damage, made anew meanwhile."""
    for key, step in held:
        for entry in till.journal.entries_of_receipt(key):
            if entry.step == step and entry.state in ("waiting", "failed"):
                till.journal.hold_entry(entry.id)


def _remember(till: Till, found: own_documents.Found) -> list[Waiting]:
    """The device book: everything up to the last document is accounted for."""
    foreign = recover.foreign_of(till, [*found.others, *found.unreadable])
    recover.note_others(till, foreign)
    till.journal.remember_document(till.printer.connect(), found.last, foreign)
    try:
        recover.watch(till, till.printer.last_document_number())
    except ResolveNeeded as error:
        return [Waiting(str(error.facts.get("why", "")), key=str(error.facts.get("key", "")))]
    return []


def _report(till: Till, told: Mapping[str, Any], found: own_documents.Found, waiting: tuple[Waiting, ...]) -> Report:
    """Of what was found in the storage, what is in the journal now, whichever call has taken it in."""
    storage = till.identity.storage_number
    adopted = []
    for document in sorted([*found.known, *found.unknown], key=lambda each: each.number):
        stored = till.journal.receipt_of_document(storage, document.number)
        if stored is not None:
            adopted.append(
                {
                    "document": document.number,
                    "order": stored.receipt.order_number,
                    "key": stored.receipt.key,
                    "total_kopecks": stored.receipt.total.kopecks,
                }
            )
    return Report(
        from_copy=told.get("copy") or None,
        copy_at=told.get("copy_at") or None,
        base=str(told.get("base", "")),
        adopted=tuple(adopted),
        salvaged=told.get("salvaged", {}),
        lost=tuple(told.get("lost", ())),
        unreadable=len(found.unreadable),
        waiting=waiting,
        aside=told.get("aside") or None,
        unsound=tuple(told.get("unsound", ())),
    )


def not_read(till: Till, error: PosError) -> Report:
    """The report while the register cannot be read: the files are in place, the storage still has to be read."""
    return _report(till, _told(till), own_documents.Found(), (Waiting(error.message()),))
