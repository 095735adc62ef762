"""Receipts that the portal or the site orders: printed exactly once, with nobody at the till. Read `walkin.py` first.

    handed out → journal (one row for its number) → hold | refuse | Receipt (pending, bound) → sale.print_pending → told

Unlike a walk-in sale such a receipt has a name, the portal's number of the check, and its key follows from that name.
The portal hands the same number out again and again until it hears how it ended: after a crash, after a lost answer, on
a manager's word. So whatever comes first looks for a receipt with one of the keys of that number. What is printed is
told again; what is being sent is proven by recovery or decided at the resolve desk, and nothing is told meanwhile; only
what is proven not made is printed. A receipt that was begun and not printed is printed after a restart too – if the
portal still waits for it from us, which each `Source` knows in its own way.

`held` and `refused` made nothing. Refused is told as failed; when the portal orders it once more, it is a new order of
the same receipt, looked at anew.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol

from posapp.devices.base import PrinterStatus
from posapp.domain.article_check import ARTICLE, article_check
from posapp.domain.cashbox_check import cashbox_check
from posapp.domain.check_receipt import CheckRules, receipt_of_check
from posapp.domain.fiscal import ReceiptKind
from posapp.domain.permission import LineVerdict
from posapp.domain.portal_check import (
    BadCheck,
    PortalCheck,
    check_identity,
    check_keys,
    check_settlement,
)
from posapp.domain.receipt import Receipt
from posapp.domain.settlement import By, State
from posapp.domain.site_check import site_check
from posapp.domain.vat import VatRate
from posapp.errors import (
    DeviceError,
    OutcomeUnknown,
    PosError,
    Refused,
    ResolveNeeded,
    SaleError,
    SetupError,
    SyncError,
    Unreachable,
)
from posapp.journal.job_rows import CHECK, DONE, HELD, OPEN, REFUSED, REPORT, Job, NewJob
from posapp.till import counters, job_reports, job_shift, marking, neighbours, recover, sale
from posapp.till.audit import decided, decided_by
from posapp.till.context import Till

if TYPE_CHECKING:
    from posapp.journal.rows import StoredReceipt

log = logging.getLogger(__name__)

SITE, GATEWAY = "site:", "gateway:"
"""How the name of a source begins."""
HOLDS = (
    "receipted_elsewhere",
    "job_begun",
    "check_vat",
    "vat_unmapped",
    "vat_against_tax_system",
    "marking_unanswered",
    "marking_access",
)
"""What other settings, or a little time, may mend: the job is held. Anything else about a check is wrong for good."""


class Source(Protocol):
    """Where jobs come from. What it says decides whether a receipt may be begun now."""

    @property
    def name(self) -> str:
        """`site:HOST` or `gateway:PORTAL`, under which the jobs are kept."""

    @property
    def tells_held(self) -> bool:
        """Whether the portal hears that a job is held: one that hands it out again by itself."""

    def may_begin(self, job: Job) -> bool:
        """Whether the portal surely still waits for this job from this till."""

    def start(self, job: Job, key: str) -> None:
        """The last word before a byte goes to the register. Raises SaleError `lease_lost`, SyncError: do not print."""


@dataclass(slots=True)
class Worked:
    """What one look at the open jobs came to. `trouble`: what kept it from going on; the next look tries again."""

    printed: list[str] = field(default_factory=list)
    held: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    reports: list[str] = field(default_factory=list)
    waiting: int = 0
    trouble: PosError | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """How a job ended, to be told until the portal has acknowledged it. `stored` has the mark of a printed one."""

    job: Job
    stored: StoredReceipt | None = None
    trouble: PosError | None = None


# ------------------------------------------------------------------------------------------------ in and out
def take_in(till: Till, jobs: Sequence[NewJob]) -> None:
    """What was handed out, into the journal, before anything is done about it. Raises JournalError."""
    if jobs:
        till.journal.take_in_jobs([replace(each, body=plain(each.body)) for each in jobs])


def plain(value: Any) -> Any:
    """Plain JSON of what a portal sent: a number with a point as its text, for no float ever holds money."""
    if isinstance(value, Mapping):
        return {str(name): plain(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    return f"{value:f}" if isinstance(value, Decimal) and value.adjusted() < 40 else _kept(value)


def _kept(value: Any) -> Any:
    return value if value is None or isinstance(value, (str, int, bool)) else str(value)


def ended(till: Till, source: Source) -> list[Ended]:
    """What the portal has to hear: the ends of jobs that it has not acknowledged, the oldest first."""
    told = (DONE, REFUSED, HELD) if source.tells_held else (DONE, REFUSED)
    found = []
    for job in till.journal.open_jobs(source.name):
        if job.state in told and not job.is_told:
            stored = till.journal.receipt(job.receipt_key) if job.receipt_key and job.state == DONE else None
            found.append(Ended(job, stored, trouble_of(job)))
    return found


def trouble_of(job: Job) -> PosError | None:
    """Why a job is held or refused; None for others."""
    return PosError(job.code, **job.facts) if job.code else None


# ------------------------------------------------------------------------------------------------ the work
def work(till: Till, source: Source) -> Worked:
    """Looks at every open job once and prints what may be printed. On the register's lane.

    Trouble with the register or the portal ends the look and is told in the answer; jobs that it kept waiting stay as
    they are. Raises JournalError.
    """
    done = Worked()
    for job in till.journal.open_jobs(source.name):
        if _is_over(job):
            continue
        try:
            if job.kind == REPORT:
                _report(till, source, job, done)
            elif not _is_settled(till, job, done):
                _check(till, source, job, done)
        except (DeviceError, ResolveNeeded, SyncError, SetupError) as trouble:
            log.warning("job %s: %s", job.external_id, trouble)
            done.trouble = trouble
            done.waiting += 1
            break
    if done.printed:
        counters.settle(till)
    return done


def _is_over(job: Job) -> bool:
    """Nothing is to be done but to tell it. A printed one that is ordered again is looked at: it may be another."""
    if job.state == DONE:
        return job.is_told or job.kind == REPORT
    return job.state == REFUSED or (job.state == HELD and job.is_told)


def _report(till: Till, source: Source, job: Job, done: Worked) -> None:
    """A shift report that was ordered: the shift that is open now is closed, once."""
    if not source.may_begin(job) and job.shift_number is None:
        done.waiting += 1
        return
    job_reports.close_ordered(till, job)
    done.reports.append(job.external_id)


def _is_settled(till: Till, job: Job, done: Worked) -> bool:
    """Whether the journal alone says how the job ended; then it is written down."""
    stored = _receipt_of(till, job)
    if stored is None:
        return False
    if job.receipt_key != stored.receipt.key:
        till.journal.link_job(job.id, stored.receipt.key, job.register)
    if stored.state is State.FISCALIZED:
        _note_printed(till, job, stored, done)
        return True
    if stored.state is State.CANCELLED:
        _refuse(till, job, SaleError("job_given_up"), done)
        return True
    return False


def _receipt_of(till: Till, job: Job) -> StoredReceipt | None:
    """The job's receipt by its keys: the living one, else the one that a person has given up since it was ordered."""
    stored = _living(till, job)
    if stored is not None or job.receipt_key is None:
        return stored
    return till.journal.receipt(job.receipt_key)


def _living(till: Till, job: Job) -> StoredReceipt | None:
    for key in check_keys(job.external_id):
        stored = till.journal.receipt(key)
        if stored is None:
            break
        if stored.state is not State.CANCELLED:
            return stored
    return _by_settlement(till, job)


def _by_settlement(till: Till, job: Job) -> StoredReceipt | None:
    """One that was taken in from a storage without keys: it has the settlement and a key of its own."""
    settled = (check_settlement(job.external_id, kind) for kind in (ReceiptKind.SELL, ReceiptKind.SELL_REFUND))
    return next(filter(None, map(till.journal.receipt_of_settlement, settled)), None)


def _note_printed(till: Till, job: Job, stored: StoredReceipt, done: Worked) -> None:
    """It is printed. A check of another kind or sum under its number is not this one: nothing is said of that one."""
    try:
        check = parsed(till, job)
    except BadCheck:
        check = None  # what is printed is told, however it is asked for now
    receipt = stored.receipt
    if check is not None and (check.kind, check.total) != (receipt.kind, receipt.total):
        other = SaleError("check_differs", check=job.external_id, before=receipt.total, after=check.total)
        _hold(till, job, other, done)
        return
    if job.state != DONE:
        till.journal.set_job(job.id, DONE)
        done.printed.append(job.external_id)


def parsed(till: Till, job: Job) -> PortalCheck:
    """What was ordered, in its normal form. Raises BadCheck."""
    if job.source.startswith(GATEWAY):
        portal = job.source.removeprefix(GATEWAY)
        ordered = article_check(job.body, portal) if ARTICLE in job.body else cashbox_check(job.body, portal)
        return replace(ordered, external_id=job.external_id)  # the gateway has put its number into one form
    check = replace(site_check(job.body), external_id=job.external_id)  # the site may call itself otherwise today
    if check.register and check.register != till.identity.factory_number:
        raise BadCheck(f"чек для ККТ {check.register}, а здесь {till.identity.factory_number}")
    return check


def _check(till: Till, source: Source, job: Job, done: Worked) -> None:
    """A check that is not known to be printed. Raises DeviceError, ResolveNeeded, SyncError, SetupError."""
    try:
        if _is_proven(till, job, done):
            return
        check = parsed(till, job)
        identity = check_identity(job.external_id, _number(till, job))
        _made(till, check, identity)  # what is wrong with it is said without a register
        if not source.may_begin(job):
            done.waiting += 1
            return
        _print(till, source, job, check, done)
    except SaleError as error:
        if error.code in HOLDS:
            _hold(till, job, error, done)
        elif error.code == "lease_lost":
            _lost(till, job, error)
        else:
            _refuse(till, job, error, done)


def _is_proven(till: Till, job: Job, done: Worked) -> bool:
    """Whether recovery has found its receipt printed. While that is being sent nothing else is asked: neither what is
    ordered now nor what the settings say makes it a failure. Raises OutcomeUnknown, ResolveNeeded."""
    stored = _living(till, job)
    if stored is None or stored.state is not State.SENDING:
        return False
    recover.status_for_begun(till, stored.receipt.key)
    return _is_settled(till, job, done)


def _print(till: Till, source: Source, job: Job, check: PortalCheck, done: Worked) -> None:
    """The way of a walk-in sale: recovery, the register, the codes, the journal, the portal's word, the register."""
    looked = recover.status_for_sale(till)
    _refuse_beside(till, job)
    status = job_shift.ready(till, looked)
    begun = _living(till, job)
    receipt = _same_or_new(till, job, check, begun)
    verdicts = marking.checked(till, receipt)
    if not source.may_begin(job):  # all this may have taken a while
        done.waiting += 1
        return
    _begin(till, job, receipt, begun)
    source.start(job, receipt.key)
    _send(till, job, receipt, status, verdicts, done)


def _refuse_beside(till: Till, job: Job) -> None:
    """Another till of ours on this very register has printed it: its stamp names the check (rule 11)."""
    beside = neighbours.receipted_beside(till, job.external_id)
    if beside is not None:
        raise SaleError("receipted_elsewhere", order=job.external_id, **beside)


def _send(
    till: Till, job: Job, receipt: Receipt, status: PrinterStatus, verdicts: Sequence[LineVerdict], done: Worked
) -> None:
    """One attempt. What the register refused is told; what it did not get, or gave back, is tried again later."""
    try:
        sale.print_pending(till, receipt, status, verdicts)
    except (Unreachable, OutcomeUnknown, ResolveNeeded):
        raise
    except Refused as error:
        stored = till.journal.receipt(receipt.key)
        if stored is None or stored.state is not State.REFUSED:
            raise
        _refuse(till, job, error, done)
        return
    till.journal.set_job(job.id, DONE)
    done.printed.append(job.external_id)


# ------------------------------------------------------------------------------------------------ its receipt
def rules_of(till: Till) -> CheckRules:
    """What the shop has said of receipts that are ordered."""
    chosen = till.settings.jobs
    if chosen is None:
        return CheckRules(till.vat)
    return CheckRules(
        till.vat,
        frozenset(map(VatRate, chosen.rates)),
        chosen.table_checked,
        VatRate(chosen.advance_rate) if chosen.advance_rate else None,
    )


def _made(till: Till, check: PortalCheck, identity: Any) -> Receipt:
    now = till.now().replace(microsecond=0)
    return receipt_of_check(check, rules_of(till), till.seller, identity=identity, now=now)


def _number(till: Till, job: Job) -> int:
    """Which receipt of this number the next one is: those before it were given up."""
    keys = check_keys(job.external_id)
    for number, key in enumerate(keys, 1):
        stored = till.journal.receipt(key)
        if stored is None or stored.state is not State.CANCELLED:
            return number
    raise BadCheck(f"от чека {job.external_id} отказывались {len(keys)} раз")


def _same_or_new(till: Till, job: Job, check: PortalCheck, begun: StoredReceipt | None) -> Receipt:
    """The receipt that was begun if the portal still orders the same; else the next one of this number."""
    number = _number(till, job)
    made = _made(till, check, check_identity(job.external_id, number))
    if begun is None:
        return made
    before = begun.receipt
    same = (made.lines, made.tenders, made.tax_system, made.kind) == (
        before.lines, before.tenders, before.tax_system, before.kind,
    )  # fmt: skip
    return before if same else _made(till, check, check_identity(job.external_id, number + 1))


def _begin(till: Till, job: Job, receipt: Receipt, begun: StoredReceipt | None) -> None:
    """The receipt is in the journal, `pending`, and the job is bound to this register."""
    here = till.identity.factory_number
    if begun is None:
        till.journal.begin_job(job.id, receipt, here)
        return
    facts = {"check": job.external_id, "reason": begun.reason}
    if receipt.key != begun.receipt.key:
        decision = decided_by(till, _portal(job), "receipt.cancelled", begun.receipt.key, "заказан другой", **facts)
        till.journal.begin_job(job.id, receipt, here, given_up=begun.receipt.key, decision=decision)
        return
    if begun.state in (State.REFUSED, State.HELD):
        decision = decided_by(till, _portal(job), "receipt.repeated", receipt.key, "портал заказал снова", **facts)
        till.journal.move(receipt.key, State.PENDING, By.PERSON, "портал заказал снова", decision=decision)
    till.journal.link_job(job.id, receipt.key, here)


def _portal(job: Job) -> str:
    """Who orders: the manager there, of whom only the portal is known."""
    return f"портал {job.source.partition(':')[2]}"


# ------------------------------------------------------------------------------------------------ not printed
def _hold(till: Till, job: Job, error: PosError, done: Worked) -> None:
    done.held.append(job.external_id)
    if (job.state, job.code, job.facts) != (HELD, error.code, _facts(error)):
        log.warning("job %s is held: %s", job.external_id, error)
        till.journal.set_job(job.id, HELD, error.code, _facts(error))


def _refuse(till: Till, job: Job, error: PosError, done: Worked) -> None:
    done.refused.append(job.external_id)
    log.warning("job %s is refused: %s", job.external_id, error)
    till.journal.set_job(job.id, REFUSED, error.code, _facts(error))


def _facts(error: PosError) -> dict[str, object]:
    return {name: value if isinstance(value, int) else str(value) for name, value in error.facts.items()}


def _lost(till: Till, job: Job, error: PosError) -> None:
    """Another till has it: what was begun here is given up, and the portal hears nothing of it from here."""
    begun = _living(till, job)
    if begun is not None and begun.state in (State.PENDING, State.REFUSED, State.HELD):
        decision = decided_by(till, _portal(job), "receipt.cancelled", begun.receipt.key, error.message())
        till.journal.move(begun.receipt.key, State.CANCELLED, By.PERSON, error.message(), decision=decision)
    till.journal.set_job(job.id, REFUSED, error.code, _facts(error), is_told=True)


def refuse(till: Till, external_id: str, why: str) -> Job:
    """A person refuses a job: it is told as failed, and printed only when the portal orders it again.

    Raises SaleError `not_found`, `job_begun` while its receipt is being sent or is printed, ResolveNeeded `why_needed`.
    """
    if not why.strip():
        raise ResolveNeeded("why_needed")
    job = find(till, external_id)
    begun = _living(till, job)
    if job.state == DONE or (begun is not None and begun.state in (State.SENDING, State.FISCALIZED)):
        raise SaleError("job_begun", check=job.external_id)
    decision = decided(till, "job.refused", job.external_id, why)
    if begun is not None:
        cancelled = decided(till, "receipt.cancelled", begun.receipt.key, why, check=job.external_id)
        till.journal.move(begun.receipt.key, State.CANCELLED, By.PERSON, why, decision=cancelled)
    till.journal.set_job(job.id, REFUSED, "job_refused", {"why": why.strip()}, decision=decision)
    return find(till, external_id)


def find(till: Till, text: str) -> Job:
    """A job by its number at the portal, whole or its last part, or by its receipt's key. Raises SaleError."""
    wanted = text.strip()
    of_receipt = till.journal.job_of_receipt(wanted)
    if of_receipt is not None:
        return of_receipt
    found = [
        each for each in till.journal.jobs(limit=10_000)
        if wanted and wanted in (each.external_id, each.external_id.rpartition("|")[2])
    ]  # fmt: skip
    if len({each.external_id for each in found}) != 1:
        raise SaleError("not_found", what=f"задание {text}")
    return found[0]


__all__ = [
    "CHECK",
    "GATEWAY",
    "HELD",
    "OPEN",
    "SITE",
    "Ended",
    "Source",
    "Worked",
    "ended",
    "find",
    "parsed",
    "plain",
    "refuse",
    "rules_of",
    "take_in",
    "trouble_of",
    "work",
]
