"""The uuid under which one try is sent to a register that keeps a queue (rule 9): noted before, ended before reading.

A new try has a new uuid and carries the same key. Registers that take none have none, and nothing is noted for them.

The uuid means something in *its* queue only, so that stands beside it. A till that was set up another way since cannot
end the request there: then the silence of the storage proves nothing (`require_silence`), a document that is found
still does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from posapp.devices.base import Named
from posapp.domain.fiscal import DeviceIdentity
from posapp.domain.settlement import State
from posapp.errors import ResolveNeeded, SetupError
from posapp.till.context import Till

if TYPE_CHECKING:
    from posapp.journal.rows import Attempt, Decision
    from posapp.journal.store import Journal

NOTED, QUEUE = "request", "queue"
"""Under which names uuid and queue stand in an attempt's evidence, or among the facts of an operation."""

ANSWERED, MET = "answered", "met"
"""And what was seen of an attempt's try since: the document that its answer named, another register in its queue."""

LEFT, ELSEWHERE = "queue_left", "made_elsewhere"
"""The codes of what a person alone ends, and with a reason."""


@dataclass(frozen=True, slots=True)
class Request:
    """One try: its uuid and queue, "" where the register takes none. `noted` goes into the journal before the POST."""

    uuid: str
    queue: str = ""

    @property
    def noted(self) -> dict[str, object]:
        """What is kept of it."""
        return {NOTED: self.uuid, QUEUE: self.queue} if self.uuid else {}


def fresh(till: Till) -> Request:
    """For the next try."""
    return Request(str(till.new_id()), till.printer.queue) if till.printer.takes_requests else Request("")


@dataclass(frozen=True, slots=True)
class Ended:
    """A try that can no longer run, but for one that is `left` in another queue than today's: nobody can end it from
    here. `named` is the document that the queue's own result names."""

    left: str = ""
    named: Named | None = None


def end(till: Till, noted: Mapping[str, object]) -> Ended:
    """Ends what was sent under the noted uuid. Raises Unreachable, Refused while it may run in today's queue."""
    uuid = noted.get(NOTED)
    if not isinstance(uuid, str) or not uuid:
        return Ended()
    queue = _queue(noted)
    if queue != till.printer.queue:
        return Ended(left=queue)
    return Ended(named=till.printer.end_request(uuid))


def _queue(noted: Mapping[str, object]) -> str:
    """Never empty: a uuid without a queue is of a queue that nobody knows."""
    return str(noted.get(QUEUE) or "?")


def answered(named: object) -> dict[str, object]:
    """What is kept of the document that an answer named."""
    return {ANSWERED: asdict(named)} if isinstance(named, Named) else {}


def note_answered(till: Till, attempt: Attempt, named: Named | None) -> None:
    """Keeps it in the attempt's evidence. One on another register is never replaced by one on the attempt's."""
    if named is not None and not (_is_elsewhere(attempt) and _is_on(named, attempt.device)):
        till.journal.note_evidence(attempt.id, answered(named))


def note_met(till: Till, attempt: Attempt, found: DeviceIdentity) -> None:
    """Keeps that another register answers in the queue of the try, which may have gone to that one."""
    noted, device = attempt.evidence, attempt.device
    same = (found.factory_number, found.storage_number) == (device.factory_number, device.storage_number)
    if not same and noted.get(NOTED) and not noted.get(MET) and _queue(noted) == till.printer.queue:
        till.journal.note_evidence(attempt.id, {MET: str(found)})


def named_here(attempt: Attempt) -> int:
    """The number that the answer itself named on the attempt's own register, 0 for none."""
    named = _named(attempt)
    return named.document if named and not named.is_found and _is_on(named, attempt.device) else 0


def _named(attempt: Attempt) -> Named | None:
    kept = attempt.evidence.get(ANSWERED)
    return Named(**kept) if isinstance(kept, dict) else None


def _is_on(named: Named, device: DeviceIdentity) -> bool:
    """Numbers are compared as numbers: they are written with and without leading zeros."""
    mine = (device.storage_number, device.registration_number)
    return [int(each) for each in (named.storage_number, named.registration_number)] == [int(each) for each in mine]


def _is_elsewhere(attempt: Attempt) -> bool:
    named = _named(attempt)
    return named is not None and not _is_on(named, attempt.device)


def _seen_elsewhere(attempt: Attempt) -> str:
    """What says that the try may have gone to another register, "" for nothing."""
    named = _named(attempt)
    if named is not None and _is_elsewhere(attempt):
        return f"ответ назвал ФД {named.document} в ФН {named.storage_number}"
    met = attempt.evidence.get(MET)
    return f"за тем же веб-сервером была {met}" if met else ""


def require_silence(left: str, attempt: Attempt, decision: Decision | None = None) -> None:
    """Passes where what the storage does not show was not made. Raises ResolveNeeded `queue_left` where the try is
    `left` in another queue, `made_elsewhere` where it may have gone to another register; unless a person has decided
    and said why (`why_needed`)."""
    why = _seen_elsewhere(attempt)
    if not left and not why:
        return
    if decision is None:
        raise queue_left(left, attempt.key) if left else ResolveNeeded(ELSEWHERE, why=why, key=attempt.key)
    if not decision.why.strip():
        raise ResolveNeeded("why_needed")


def queue_left(left: str, key: str) -> ResolveNeeded:
    """What was sent may still run in the queue that is `left`."""
    return ResolveNeeded(LEFT, queue=left, key=key)


def refuse_leaving(journal: Journal, queue: str) -> None:
    """Raises SetupError `queue_waits` while something is `sending` in a queue and the till is to be set up for another.

    Going back to that queue is what helps, so it is never refused.
    """
    waiting = {each.receipt.key: journal.last_attempt(each.receipt.key) for each in journal.receipts_in(State.SENDING)}
    noted: list[tuple[str, Mapping[str, object]]] = [(key, each.evidence) for key, each in waiting.items() if each]
    noted += [(f"{each.kind}:{each.id}", each.before) for each in journal.operations_sending()]
    for key, facts in noted:
        if facts.get(NOTED) and _queue(facts) != queue:
            raise SetupError("queue_waits", key=key, queue=_queue(facts))
