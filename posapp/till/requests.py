"""The uuid under which one try is sent to a register that keeps a queue (rule 9): noted before, ended before reading.

A new try has a new uuid and carries the same key. Registers that take none have none, and nothing is noted for them.

The uuid means something in *its* queue only, so that stands beside it. A till that was set up another way since cannot
end the request there: then the silence of the storage proves nothing (`require_silence`), a document that is found
still does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from posapp.domain.settlement import State
from posapp.errors import ResolveNeeded, SetupError
from posapp.till.context import Till

if TYPE_CHECKING:
    from posapp.journal.rows import Decision
    from posapp.journal.store import Journal

NOTED, QUEUE = "request", "queue"
"""Under which names uuid and queue stand in an attempt's evidence, or among the facts of an operation."""

LEFT = "queue_left"
"""The code of what a person alone ends, and with a reason."""


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


def end(till: Till, noted: Mapping[str, object]) -> str:
    """Returns when what was sent under the noted uuid can no longer run, or the queue where it still may: it is not
    that of today, so nobody can end it from here. Raises Unreachable, Refused while it may run in today's."""
    uuid = noted.get(NOTED)
    if not isinstance(uuid, str) or not uuid:
        return ""
    queue = _queue(noted)
    if queue != till.printer.queue:
        return queue
    till.printer.end_request(uuid)
    return ""


def _queue(noted: Mapping[str, object]) -> str:
    """Never empty: a uuid without a queue is of a queue that nobody knows."""
    return str(noted.get(QUEUE) or "?")


def require_silence(left: str, key: str, decision: Decision | None = None) -> None:
    """Passes where what the storage does not show was not made. Raises ResolveNeeded `queue_left` where the try is
    `left` in another queue, unless a person has decided and said why (`why_needed`)."""
    if not left:
        return
    if decision is None:
        raise ResolveNeeded(LEFT, queue=left, key=key)
    if not decision.why.strip():
        raise ResolveNeeded("why_needed")


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
