"""Goods that no shipment takes out of stock: sales without an order, and returns that no shipment gives back.

A receipt's stock entry names products and how much of each leaves (negative) or comes back. How the portal is told
depends on the shop's stock mode, which was proven at set-up and is compared with the portal before every round, for the
portal itself ignores a quantity without a word once it keeps inventory documents (reference: Bitrix REST 3.8, 3.9):

| mode | how |
| --- | --- |
| `documents` | a stock document of ours per receipt, found again by its number: `stock_documents` |
| `quantity` | verified read–modify–write of the product's quantity (rule 13): `stock_quantity` |
| `shipments`, `1c`, `none` | nothing is written |

Goods of an order that come back in part wait until its shipments are deducted: they cannot come back before they went.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

from posapp.domain.stock_goods import SILENT
from posapp.errors import Offline, Rejected, SyncError
from posapp.journal.rows import StockMove, StockWrite
from posapp.sync.bitrix.answers import is_access
from posapp.sync.bitrix.client import BitrixClient, Cell, Command, Fate
from posapp.sync.bitrix.orders import is_missing
from posapp.sync.bitrix.parsing import as_flag, as_int, as_object, as_rows, as_text
from posapp.sync.bitrix.plans import Conflict, Row, is_goods
from posapp.sync.bitrix.rounds import Job, Outcome, RoundResult, facts_of

SHIPMENTS, DOCUMENTS, QUANTITY, ONE_C, NONE = "shipments", "documents", "quantity", "1c", "none"
MODES = (SHIPMENTS, DOCUMENTS, QUANTITY, ONE_C, NONE)
MOVES_GOODS = "moves_goods"
"""What marks the body of an entry that is delivered here and not by an order's shipment."""


class Moves(Protocol):
    """What is needed of the journal."""

    def stock_moves(self, key: str) -> list[StockMove]: ...
    def stock_writing(self, portal: str) -> dict[int, str]: ...
    def start_stock_writes(self, writes: Sequence[StockWrite]) -> None: ...
    def drop_stock_write(self, key: str, product_id: int) -> None: ...
    def owe_stock(self, key: str, product_id: int, left: Decimal) -> None: ...
    def confirm_moves(self, moves: Sequence[tuple[str, int]]) -> None: ...


@dataclass(frozen=True, slots=True)
class StockRules:
    """How a till tells the portal of goods. `store_id`: where they leave from and come back to.

    `restored_at`: the journal went back to a copy then; what it says of earlier receipts may be told already.
    """

    mode: str = SHIPMENTS
    store_id: int = 0
    responsible_id: int = 0
    restored_at: datetime | None = None

    @property
    def writes_shipments(self) -> bool:
        """Whether an order's goods leave the stock by its shipment: not where 1C or nobody keeps it."""
        return self.mode not in (ONE_C, NONE)


def moves_goods(body: Row) -> bool:
    """Whether an outbox entry with this body is delivered here."""
    return bool(body.get(MOVES_GOODS))


def goods_of(body: Row) -> dict[int, Decimal]:
    """How much of each product an entry moves, without its sign; what the portal counts no stock of is left out."""
    found: dict[int, Decimal] = {}
    for each in as_rows(body.get("goods")):
        if not each.get("is_service"):
            number = as_int(each.get("product_id")) or 0
            found[number] = found.get(number, Decimal(0)) + Decimal(as_text(each.get("change")))
    return {number: abs(change) for number, change in found.items() if change}


def is_back(body: Row) -> bool:
    """The goods come back into stock."""
    return bool(body.get("is_back"))


def run_stock(client: BitrixClient, journal: Moves, jobs: Sequence[Job], rules: StockRules) -> RoundResult:
    """Deliver these stock entries. Raises nothing for the portal's sake; JournalError for the disk's."""
    from posapp.sync.bitrix.stock_documents import Documents
    from posapp.sync.bitrix.stock_quantity import Quantities

    work = _Entry(client, jobs, rules)
    open_jobs = work.opened()
    if not open_jobs:
        return RoundResult(work.outcomes, work.stop)
    way: StockWork = (
        Documents(client, open_jobs, rules)
        if rules.mode == DOCUMENTS
        else Quantities(client, open_jobs, rules, journal)
    )
    way.run()
    return RoundResult({**work.outcomes, **way.outcomes}, way.stop)


class StockWork:
    """What both ways share: outcomes by entry, the trouble of the link, who is still open."""

    def __init__(self, client: BitrixClient, jobs: Sequence[Job], rules: StockRules) -> None:
        self.client = client
        self.rules = rules
        self.jobs = list(jobs)
        self.outcomes: dict[int, Outcome] = {}
        self.stop: SyncError | None = None

    def run(self) -> None:
        """Deliver; every job has an outcome afterwards."""
        raise NotImplementedError

    def open_jobs(self) -> list[Job]:
        """Those without an outcome."""
        return [each for each in self.jobs if each.entry_id not in self.outcomes]

    def end(self) -> None:
        """Who is still open waits for another round."""
        for job in self.open_jobs():
            self.outcomes[job.entry_id] = waiting(self.stop) if self.stop else Outcome("waiting")

    def ask(self, commands: Sequence[Command]) -> dict[str, Cell]:
        """Runs commands and notes trouble that concerns the link and not one entry."""
        cells = self.client.batch(commands) if commands else {}
        for cell in cells.values():
            if self.stop is None and cell.error is not None and cell.is_whole:
                self.stop = cell.error
        return cells

    def unread(self, job: Job, error: SyncError) -> None:
        """A read failed: nothing was written, so it waits – for the link, for an administrator, for the portal."""
        if isinstance(error, Offline) or is_access(error):
            self.outcomes[job.entry_id] = waiting(error)
        else:
            self.outcomes[job.entry_id] = failed(Conflict("stock_rejected", _texts(error)))

    def unwritten(self, job: Job, cells: Sequence[Cell]) -> bool:
        """After writes: settles an entry whose answers were lost or that nobody ran. False: it goes on with a read."""
        for fate in (Fate.UNKNOWN, Fate.NOT_RUN):
            troubled = next((cell.error for cell in cells if cell.fate is fate and cell.error is not None), None)
            if troubled is not None:
                self.outcomes[job.entry_id] = waiting(troubled, is_unsure=fate is Fate.UNKNOWN)
                return True
        refused = next((cell.error for cell in cells if cell.error is not None and is_access(cell.error)), None)
        if refused is not None:
            self.outcomes[job.entry_id] = waiting(refused)
        return refused is not None


class _Entry(StockWork):
    """Before anything is written: do we know the goods, does the portal keep its stock as we think, are they out?"""

    def opened(self) -> list[Job]:
        for job in self.jobs:
            self._refuse(job)
        if self.open_jobs():
            self._compare_mode()
        if self.open_jobs():
            self._wait_for_shipments()
        return self.open_jobs()

    def _refuse(self, job: Job) -> None:
        if self.rules.mode in SILENT:
            self.outcomes[job.entry_id] = Outcome("done", proof=SILENT[self.rules.mode])
        elif job.body.get("goods") is None:
            if self.rules.mode != DOCUMENTS:  # its document may be there: it carries the receipt's number
                self.outcomes[job.entry_id] = failed(unknown_goods(job))
        elif not goods_of(job.body):
            self.outcomes[job.entry_id] = Outcome("done", proof="складского товара в чеке нет")

    def _compare_mode(self) -> None:
        """`catalog.document.mode.status` must say what the till was set up for."""
        cell = self.ask([Command("mode", "catalog.document.mode.status", {})])["mode"]
        if cell.error is not None:
            for job in self.open_jobs():
                self.unread(job, cell.error)
            return
        is_on = as_flag(cell.result)
        if is_on is (self.rules.mode == DOCUMENTS):
            return
        shown = "неизвестно" if is_on is None else "включён" if is_on else "выключен"
        error = Rejected("stock_mode", found=shown, mode=self.rules.mode)
        for job in self.open_jobs():
            self.outcomes[job.entry_id] = waiting(error)

    def _wait_for_shipments(self) -> None:
        of_orders = [job for job in self.open_jobs() if job.order_id]
        cells = self.ask([Command(f"e{job.entry_id}xo", "sale.order.get", {"id": job.order_id}) for job in of_orders])
        for job in of_orders:
            cell = cells[f"e{job.entry_id}xo"]
            if cell.error is not None and is_missing(cell):
                continue  # a deleted order keeps no goods back
            if cell.error is not None:
                self.unread(job, cell.error)
                continue
            row = as_object(as_object(cell.result).get("order"))
            out = [each for each in as_rows(row.get("shipments")) if is_goods(each)]
            wanted = as_int(job.body.get("shipment_id"))
            out = [each for each in out if wanted is None or as_int(each.get("id")) == wanted]
            if any(as_flag(each.get("deducted")) is not True for each in out):
                self.outcomes[job.entry_id] = Outcome("waiting")


def unknown_goods(job: Job) -> Conflict:
    """The journal went back in time and a document names no products: a person has to say what they were."""
    document = as_text(job.body.get("document")) or "?"
    return Conflict("stock_goods_unknown", {"document": document, "entry": str(job.entry_id)})


def waiting(error: SyncError, *, is_unsure: bool = False) -> Outcome:
    """It waits, and why."""
    return Outcome("waiting", code=error.code, facts=facts_of(error), is_unsure=is_unsure)


def failed(conflict: Conflict) -> Outcome:
    """A person decides."""
    return Outcome("failed", code=conflict.code, facts=dict(conflict.facts))


def declined(error: SyncError | None) -> Outcome:
    """The portal said no and holds nothing of it; or yes, and holds nothing of it, which is no better."""
    if error is None:
        return failed(Conflict("stock_rejected", {"reason": "портал принял запись, но не сохранил её"}))
    return failed(Conflict("stock_rejected", _texts(error)))


def _texts(error: SyncError) -> dict[str, str]:
    return {"reason": str(error.facts.get("reason") or error.message())}


def row_under(cell: Cell, name: str) -> dict[str, Any]:
    """The entity that a cell answered, {} where it answered none."""
    return as_object(as_object(cell.result).get(name))
