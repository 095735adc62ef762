"""A stock document per receipt, where the portal keeps inventory documents: made once, filled once, conducted once.

`catalog.document.add` knows no idempotency and `conduct` is none (reference: Bitrix REST 3.9), so the document carries
the receipt's key in its number, and every step is a look at what the portal has and the one next write towards it:

| found | next |
| --- | --- |
| no document of ours | `catalog.document.add` |
| several that are not conducted – an answer was lost and the first one came after all | delete all but the oldest |
| lines that are not the receipt's | `catalog.document.element.delete` |
| lines missing | `catalog.document.element.add` |
| all lines, not conducted | `catalog.document.conduct` |
| one conducted, with the receipt's lines | done |
| two conducted, a conducted one with other lines, one that somebody cancelled | a person |

What was sold leaves by a write-off (`D`, from the store), what came back enters by a posting (`S`, to the store).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from posapp.errors import Offline, SyncError
from posapp.sync.bitrix.client import PAGE, Cell, Command, cursor
from posapp.sync.bitrix.parsing import as_decimal, as_int, as_object, as_rows, as_text, rows_under
from posapp.sync.bitrix.plans import Conflict, Done, Plan, Row, Write
from posapp.sync.bitrix.rounds import Job, Outcome
from posapp.sync.bitrix.stock import StockRules, StockWork, declined, failed, goods_of, is_back, unknown_goods

PASSES = 10
OUT, BACK = "D", "S"
OPEN, CONDUCTED, CANCELLED = "N", "Y", "C"
TITLE_MAX = 255
_COLUMNS = ("id", "docType", "docNumber", "status")
_LINE_COLUMNS = ("id", "docId", "elementId", "amount", "storeFrom", "storeTo")


def number_of(key: str) -> str:
    """The number of a receipt's document: what it is found again by."""
    return f"POSAPP-{key}"


@dataclass(slots=True)
class Found:
    """The documents that carry a receipt's number, and the lines of each."""

    documents: list[dict[str, Any]] = field(default_factory=list)
    lines: dict[int, list[dict[str, Any]]] = field(default_factory=dict)

    def of(self, status: str) -> list[int]:
        """Ids of those in a status, the oldest first."""
        ids = [as_int(each.get("id")) or 0 for each in self.documents if as_text(each.get("status")) == status]
        return sorted(ids)


def plan(job: Job, rules: StockRules, found: Found) -> Plan:
    """The next step of a receipt's document. Pure."""
    conducted, open_ = found.of(CONDUCTED), found.of(OPEN)
    if len(conducted) > 1:
        return _conflict(job, conducted[1], f"проведён и он, и документ {conducted[0]}")
    if job.body.get("goods") is None:
        return Done(f"складской документ {conducted[0]}") if conducted else unknown_goods(job)
    if not conducted and found.of(CANCELLED):
        return _conflict(job, found.of(CANCELLED)[0], "его проведение отменили")
    surplus = open_ if conducted else open_[1:]
    if surplus:
        return Write(tuple(("catalog.document.delete", {"id": each}) for each in surplus), is_part=True)
    if conducted:
        wrong, missing = _difference(job, rules, found.lines.get(conducted[0], []), any_store=True)
        if wrong or missing:
            return _conflict(job, conducted[0], "в нём другие товары")
        return Done(f"складской документ {conducted[0]}")
    if not open_:
        return Write((("catalog.document.add", {"fields": _header(job, rules)}),), is_part=True)
    wrong, missing = _difference(job, rules, found.lines.get(open_[0], []))
    if wrong:
        return Write(tuple(("catalog.document.element.delete", {"id": each}) for each in wrong), is_part=True)
    if missing:
        store = "storeTo" if is_back(job.body) else "storeFrom"
        lines = (
            {"docId": open_[0], "elementId": product, store: rules.store_id, "amount": f"{amount.normalize():f}"}
            for product, amount in missing.items()
        )
        return Write(tuple(("catalog.document.element.add", {"fields": each}) for each in lines), is_part=True)
    return Write((("catalog.document.conduct", {"id": open_[0]}),), is_part=True)


def _header(job: Job, rules: StockRules) -> dict[str, Any]:
    body = job.body
    what = "Возврат" if is_back(body) else "Продажа"
    title = f"{what} на кассе {as_text(body.get('till'))}, чек ФД {as_text(body.get('document'))}"
    return {
        "docType": BACK if is_back(body) else OUT,
        "currency": "RUB",
        "responsibleId": rules.responsible_id,
        "docNumber": number_of(job.key),
        "title": title[:TITLE_MAX],
        "commentary": f"key={job.key};fd={as_text(body.get('document'))}",
    }


def _difference(
    job: Job, rules: StockRules, lines: Sequence[Row], *, any_store: bool = False
) -> tuple[list[int], dict[int, Decimal]]:
    """Ids of lines that must go, and what is missing by product. A product with anything wrong is written anew."""
    wanted = goods_of(job.body)
    store = "storeTo" if is_back(job.body) else "storeFrom"
    held: dict[int, list[Row]] = {}
    for line in lines:
        held.setdefault(as_int(line.get("elementId")) or 0, []).append(line)
    wrong: list[int] = []
    missing = {product: amount for product, amount in wanted.items() if product not in held}
    for product, rows in held.items():
        amount = sum((as_decimal(each.get("amount")) or Decimal(0) for each in rows), Decimal(0))
        is_ours = any_store or all(as_int(each.get(store)) == rules.store_id for each in rows)
        if amount != wanted.get(product) or not is_ours:
            wrong += [as_int(each.get("id")) or 0 for each in rows]
    return wrong, missing


def _conflict(job: Job, document: int, what: str) -> Conflict:
    return Conflict("stock_document", {"document": str(document), "what": what, "entry": str(job.entry_id)})


class Documents(StockWork):
    """One round: look, write the next step of every receipt, look again, until all are conducted or stuck."""

    def run(self) -> None:
        """Deliver; every job has an outcome afterwards."""
        self.found = {job.entry_id: Found() for job in self.jobs}
        written: dict[int, Write] = {}
        refused: dict[int, SyncError | None] = {}
        for _ in range(PASSES):
            jobs = self._read(self.open_jobs())
            planned = {job.entry_id: plan(job, self.rules, self.found[job.entry_id]) for job in jobs}
            writes: list[tuple[Job, Write]] = []
            for job in jobs:
                found = planned[job.entry_id]
                if isinstance(found, Done):
                    self.outcomes[job.entry_id] = Outcome("done", proof=found.proof)
                elif isinstance(found, Conflict):
                    self.outcomes[job.entry_id] = failed(found)
                elif isinstance(found, Write) and written.get(job.entry_id) == found:
                    self.outcomes[job.entry_id] = declined(refused.get(job.entry_id))
                elif isinstance(found, Write):
                    writes.append((job, found))
            if not writes or self.stop is not None:
                break
            written |= {job.entry_id: each for job, each in writes}
            refused |= self._write(writes)
        self.end()

    def _write(self, writes: Sequence[tuple[Job, Write]]) -> dict[int, SyncError | None]:
        """Writes the next step of each; the portal's refusals by entry."""
        commands = {
            job.entry_id: [
                Command(f"e{job.entry_id}xw{number}", method, params)
                for number, (method, params) in enumerate(each.commands)
            ]
            for job, each in writes
        }
        cells = self.ask([command for several in commands.values() for command in several])
        refused: dict[int, SyncError | None] = {}
        for job, _ in writes:
            mine = [cells[each.key] for each in commands[job.entry_id]]
            if not self.unwritten(job, mine):
                refused[job.entry_id] = next((cell.error for cell in mine if cell.error is not None), None)
        return refused

    # ------------------------------------------------------------------------------------------ reading
    def _read(self, jobs: Sequence[Job]) -> list[Job]:
        """The documents of these receipts with their lines as the portal has them now; those that could be read."""
        cells = self.ask([Command(f"e{job.entry_id}xd", "catalog.document.list", _wanted(job)) for job in jobs])
        for job in jobs:
            self._take(job, cells[f"e{job.entry_id}xd"])
        readable = [job for job in jobs if job.entry_id not in self.outcomes]
        pages = [(job, number, 0) for job in readable for number in self._with_lines(job)]
        while pages and self.stop is None:
            pages = self._read_lines(pages)
        return [job for job in readable if job.entry_id not in self.outcomes] if self.stop is None else []

    def _with_lines(self, job: Job) -> list[int]:
        found = self.found[job.entry_id]
        return [*found.of(OPEN)[:1], *found.of(CONDUCTED)]

    def _take(self, job: Job, cell: Cell) -> None:
        if cell.error is not None:
            self.unread(job, cell.error)
            return
        rows = rows_under(cell.result, "documents")
        if any(as_text(row.get("docNumber")) != number_of(job.key) for row in rows) or len(rows) >= PAGE:
            self.unread(job, Offline("portal_garbled", reason="портал не применил отбор складских документов"))
            return
        self.found[job.entry_id] = Found(rows)

    def _read_lines(self, pages: Sequence[tuple[Job, int, int]]) -> list[tuple[Job, int, int]]:
        """One page of the lines of each document; which ones have more."""
        cells = self.ask(
            [
                Command(f"e{job.entry_id}xl{number}", "catalog.document.element.list", _lines_of(number, after))
                for job, number, after in pages
            ]
        )
        more: list[tuple[Job, int, int]] = []
        for job, number, after in pages:
            cell = cells[f"e{job.entry_id}xl{number}"]
            if cell.error is not None:
                self.unread(job, cell.error)
                continue
            rows = as_rows(as_object(cell.result).get("documentElements"))
            if any(as_int(row.get("docId")) != number or (as_int(row.get("id")) or 0) <= after for row in rows):
                self.unread(job, Offline("portal_garbled", reason="портал не применил отбор строк документа"))
                continue
            self.found[job.entry_id].lines.setdefault(number, []).extend(rows)
            if len(rows) >= PAGE:
                more.append((job, number, max(as_int(row.get("id")) or 0 for row in rows)))
        return more


def _wanted(job: Job) -> Mapping[str, Any]:
    return {"select": list(_COLUMNS), "filter": {"docNumber": number_of(job.key)}, "order": {"id": "ASC"}, "start": -1}


def _lines_of(document: int, after: int) -> Mapping[str, Any]:
    return cursor({"select": list(_LINE_COLUMNS), "filter": {"docId": document}}, after)
