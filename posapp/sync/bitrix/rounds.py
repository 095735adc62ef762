"""One round of write-back: read up to 49 orders, compare, then write step by step, judging each cell by itself.

    1 batch:   sale.paysystem.list (rule 14: re-checked at every contact) and 49 × sale.order.get
    4 batches: all marks, then the payments of those that went well, then their statuses, then their stock

so 49 receipts take five requests. Where goods were refused at the door the payment takes several writes, with a look at
the order between them. What a write answered is compared like a read. Where a write was declined, or its
answer does not show it, the order is read again in the same round and decides: Bitrix answers warnings as errors
although the data were stored. Where the answer was *lost*, nothing is repeated; the next round reads first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from posapp.errors import Offline, Rejected, SyncError
from posapp.sync.bitrix.answers import is_access
from posapp.sync.bitrix.client import BitrixClient, Cell, Command, Fate
from posapp.sync.bitrix.mapping import PaySystem
from posapp.sync.bitrix.orders import is_missing, pay_systems_of
from posapp.sync.bitrix.parsing import as_int, as_object, as_text, as_time
from posapp.sync.bitrix.plans import Conflict, Done, Later, Row, Write
from posapp.sync.bitrix.writeback import SOFT, STEPS, merged, plan, refusal
from posapp.sync.governor import Priority

ORDERS_MAX = 49  # and one place in the reading batch for the pay systems
PRIORITIES = dict(zip(STEPS, (Priority.MARK, Priority.PAYMENT, Priority.STATUS, Priority.STOCK), strict=True))
LOCKED_FOR = timedelta(hours=1)
"""So long the portal itself takes an order for open after somebody opened it."""
PARTS_MAX = 8  # writes of one step, one after the other: refused goods take five and the payment


@dataclass(frozen=True, slots=True)
class Job:
    """One entry of the outbox as a round needs it; `number` is the order's, for words."""

    entry_id: int
    order_id: int
    number: str
    key: str
    step: str
    body: Row


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a round came to for one entry: `done` with a proof, `failed` (a person), or `waiting`.

    `is_unsure`: a write went out and its answer was lost. `code` is "" for an entry whose turn did not come.
    """

    state: str
    proof: str = ""
    code: str = ""
    facts: Mapping[str, object] = field(default_factory=dict)
    is_unsure: bool = False


@dataclass(frozen=True, slots=True)
class RoundResult:
    """Outcomes by entry, for every job; `stop` is the trouble of the link or of the program's access, if any."""

    outcomes: Mapping[int, Outcome]
    stop: SyncError | None


def run_round(client: BitrixClient, jobs: Sequence[Job]) -> RoundResult:
    """Deliver these entries. Raises nothing for the portal's sake.

    Args:
        jobs: entries of at most `ORDERS_MAX` orders, any number of receipts and steps of each.
    """
    work = _Round(client, jobs)
    work.run()
    return RoundResult(work.outcomes, work.stop)


class _Round:
    def __init__(self, client: BitrixClient, jobs: Sequence[Job]) -> None:
        self.client = client
        self.jobs = jobs
        self.rows: dict[int, Row] = {}
        self.outcomes: dict[int, Outcome] = {}
        self.stop: SyncError | None = None
        self.touched: set[int] = set()

    def run(self) -> None:
        self._read()
        for step in STEPS:
            if step == "status":
                self._look_at_statuses()
            for wave in _waves([job for job in self._open() if job.step == step]):
                if self.stop is None:
                    with self.client.at(PRIORITIES[step]):
                        self._stage(wave)
        for job in self._open():
            self.outcomes[job.entry_id] = _waiting(self.stop) if self.stop else Outcome("waiting")

    def _open(self) -> list[Job]:
        return [job for job in self.jobs if job.entry_id not in self.outcomes]

    # ------------------------------------------------------------------------------------------ reading
    def _read(self) -> None:
        order_ids = list(dict.fromkeys(job.order_id for job in self.jobs))
        if len(order_ids) > ORDERS_MAX:
            raise ValueError(f"a round takes at most {ORDERS_MAX} orders")
        with self.client.at(Priority.MARK):
            cells = self.client.batch([Command("systems", "sale.paysystem.list", {}), *map(_get, order_ids)])
        try:
            systems = pay_systems_of(cells["systems"])
        except SyncError as error:  # without knowing who prints nothing is written (rule 14)
            self.stop = error
            return
        for order_id in order_ids:
            self._take_row(order_id, cells[f"o{order_id}"], systems)

    def _look_at_statuses(self) -> None:
        """What this round wrote may have made the portal change a status by itself (`status_on_paid`): it is read again
        where ours gives way to that."""
        soft = {job.order_id for job in self._open() if job.step == "status" and job.body.get(SOFT)}
        wanted = sorted(soft & self.touched)
        if not wanted or self.stop is not None:
            return
        cells = self.client.batch([_get(order_id) for order_id in wanted])
        for order_id in wanted:
            row = as_object(as_object(cells[f"o{order_id}"].result).get("order"))
            if as_int(row.get("id")) == order_id:
                self.rows[order_id] = row
                continue
            self._watch(cells[f"o{order_id}"])
            for job in [each for each in self._open() if each.order_id == order_id and each.step == "status"]:
                self.outcomes[job.entry_id] = Outcome("waiting")

    def _take_row(self, order_id: int, cell: Cell, systems: Mapping[int, PaySystem]) -> None:
        mine = [job for job in self.jobs if job.order_id == order_id]
        if cell.error is not None:
            for job in mine:
                self.outcomes[job.entry_id] = _unread(job, cell)
            self._watch(cell)
            return
        row = as_object(as_object(cell.result).get("order"))
        if as_int(row.get("id")) != order_id:
            garbled = Offline("portal_garbled", reason="вместо заказа пришёл другой")
            self.outcomes |= {job.entry_id: _waiting(garbled) for job in mine}
            return
        conflict = refusal(row, systems)
        if conflict is not None:
            self.outcomes |= {job.entry_id: _failed(conflict) for job in mine}
            return
        self.rows[order_id] = row

    # ------------------------------------------------------------------------------------------ writing
    def _stage(self, jobs: Sequence[Job]) -> None:
        """One step of all receipts, a write that is only a part of it as often as it takes."""
        written: dict[int, Write] = {}
        for _ in range(PARTS_MAX):
            if not jobs or self.stop is not None:
                return
            jobs = self._once(jobs, written)
        for job in jobs:
            self.outcomes[job.entry_id] = Outcome("waiting")  # the next round goes on

    def _once(self, jobs: Sequence[Job], written: dict[int, Write]) -> list[Job]:
        """Plan, write in as few batches as fit, judge. Those whose step goes on; their orders were read again.

        `written` takes what is written for each of them: a part that the portal does not keep is not written for ever.
        """
        commands: dict[int, list[Command]] = {}
        parts: set[int] = set()
        for job in jobs:
            planned = plan(job.step, self.rows[job.order_id], job.body, job.key)
            if not isinstance(planned, Write):
                self._settle(job, planned)
            elif locked_by(self.rows[job.order_id], self.client.server_time):
                self.outcomes[job.entry_id] = _locked(job, self.rows[job.order_id])
            else:
                self.touched.add(job.order_id)
                written[job.entry_id] = planned
                parts |= {job.entry_id} if planned.is_part else set()
                commands[job.entry_id] = [
                    Command(f"e{job.entry_id}x{number}", method, params)
                    for number, (method, params) in enumerate(planned.commands)
                ]
        cells = self.client.batch([command for several in commands.values() for command in several])
        doubtful: list[tuple[Job, Cell | None]] = []
        for job in jobs:
            if job.entry_id not in commands or self._judge(job, commands[job.entry_id], cells, job.entry_id in parts):
                continue
            declined = (cells[each.key] for each in commands[job.entry_id])
            doubtful.append((job, next((cell for cell in declined if cell.error is not None), None)))
        return self._read_again(doubtful, written)

    def _settle(self, job: Job, planned: Done | Conflict | Later) -> None:
        if isinstance(planned, Done):
            self.outcomes[job.entry_id] = Outcome("done", proof=planned.proof)
        elif isinstance(planned, Conflict):
            self.outcomes[job.entry_id] = _failed(planned)
        else:
            self.outcomes[job.entry_id] = Outcome("waiting")

    def _judge(self, job: Job, commands: Sequence[Command], cells: Mapping[str, Cell], is_part: bool) -> bool:
        """Settle an entry by the answers to its writes; False when only another read can tell."""
        mine = [cells[command.key] for command in commands]
        for cell in mine:
            self._watch(cell)
        for fate in (Fate.UNKNOWN, Fate.NOT_RUN):
            troubled = next((cell for cell in mine if cell.fate is fate), None)
            if troubled is not None and troubled.error is not None:
                is_unsure = fate is Fate.UNKNOWN
                self.outcomes[job.entry_id] = _waiting(troubled.error, is_unsure=is_unsure)
                return True
        refused = next((cell.error for cell in mine if cell.error is not None and is_access(cell.error)), None)
        if refused is not None:
            self.outcomes[job.entry_id] = _waiting(refused)
            return True
        if is_part or any(cell.fate is Fate.DECLINED for cell in mine):
            return False
        row = self.rows[job.order_id]
        for command, cell in zip(commands, mine, strict=True):
            row = merged(row, command.method, cell.result)
        planned = plan(job.step, row, job.body, job.key)
        if not isinstance(planned, Done) or as_int(row.get("id")) != job.order_id:
            return False
        self.rows[job.order_id] = row
        self._settle(job, planned)
        return True

    def _read_again(self, doubtful: Sequence[tuple[Job, Cell | None]], written: Mapping[int, Write]) -> list[Job]:
        """After a declined write, or one whose answer does not show it: what the portal holds decides.

        Those whose step goes on with another write: the part that was written is there.
        """
        if not doubtful:
            return []
        going_on: list[Job] = []
        order_ids = dict.fromkeys(job.order_id for job, _ in doubtful)
        cells = self.client.batch([_get(order_id) for order_id in order_ids])
        for job, declined in doubtful:
            cell = cells[f"o{job.order_id}"]
            row = as_object(as_object(cell.result).get("order"))
            if cell.error is not None or as_int(row.get("id")) != job.order_id:
                self._watch(cell)
                self.outcomes[job.entry_id] = _waiting(cell.error or Offline("portal_garbled", reason="не тот заказ"),
                                                       is_unsure=True)  # fmt: skip
                continue
            self.rows[job.order_id] = row
            planned = plan(job.step, row, job.body, job.key)
            if isinstance(planned, Done | Conflict):
                self._settle(job, planned)
            elif written[job.entry_id].is_part and isinstance(planned, Write) and planned != written[job.entry_id]:
                going_on.append(job)
            else:
                error = declined.error if declined is not None else None
                self.outcomes[job.entry_id] = _declined(job, error)
        return going_on

    def _watch(self, cell: Cell) -> None:
        """Note trouble that concerns the link or the program's access and not one order: then the round ends."""
        if self.stop is None and cell.error is not None and (cell.is_whole or is_access(cell.error)):
            self.stop = cell.error


def _waves(jobs: Sequence[Job]) -> list[list[Job]]:
    """The jobs of one step so that no two of a wave write to the same order: the later one has to see what the earlier
    one wrote, or it would write over it (rule 15). Most orders have one receipt at a time: then it is one wave.
    """
    waves: list[dict[int, Job]] = []
    for job in jobs:
        wave = next((each for each in waves if job.order_id not in each), None)
        if wave is None:
            wave = {}
            waves.append(wave)
        wave[job.order_id] = job
    return [list(each.values()) for each in waves]


# ---------------------------------------------------------------------------------------------- outcomes
def _get(order_id: int) -> Command:
    return Command(f"o{order_id}", "sale.order.get", {"id": order_id})


def locked_by(row: Row, now: datetime | None) -> str:
    """The employee who has the order open in the portal's admin pages, "" for nobody. REST does not heed that lock: who
    saves last wins, and that would be the employee's form with what it showed before (reference: Bitrix REST 3.1)."""
    who, since = as_text(row.get("lockedBy")), as_time(row.get("dateLock"))
    is_fresh = who not in ("", "0") and since is not None and now is not None and now - since < LOCKED_FOR
    return who if is_fresh else ""


def _locked(job: Job, row: Row) -> Outcome:
    facts = {"order": job.number, "who": as_text(row.get("lockedBy"))}
    return Outcome("waiting", code="order_locked", facts=facts)


def _waiting(error: SyncError, *, is_unsure: bool = False) -> Outcome:
    return Outcome("waiting", code=error.code, facts=facts_of(error), is_unsure=is_unsure)


def _failed(conflict: Conflict) -> Outcome:
    return Outcome("failed", code=conflict.code, facts=dict(conflict.facts))


def _unread(job: Job, cell: Cell) -> Outcome:
    error = cell.error
    if error is None or is_missing(cell):
        return _failed(Conflict("portal_differs", {"order": job.number, "what": "такого заказа там больше нет"}))
    if isinstance(error, Offline) or is_access(error):
        return _waiting(error)
    return _declined(job, error)


def _declined(job: Job, error: SyncError | None) -> Outcome:
    """The portal said no and holds nothing of it; or said yes and holds nothing of it, which is no better."""
    if error is None:
        what = f"портал принял запись «{job.step}», но не сохранил её"
        return Outcome("failed", code="portal_differs", facts={"order": job.number, "what": what})
    if job.step == "stock" and isinstance(error, Rejected):
        return Outcome("failed", code="stock_rejected", facts=facts_of(error))
    return Outcome("failed", code=error.code, facts=facts_of(error))


def facts_of(error: SyncError) -> dict[str, object]:
    """The facts of an error as plain JSON, so that its words can be rebuilt from the journal."""
    return {name: value if isinstance(value, int | str) else str(value) for name, value in error.facts.items()}
