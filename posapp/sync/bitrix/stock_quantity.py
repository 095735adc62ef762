"""A product's quantity where the portal keeps no inventory documents: verified read–modify–write (rule 13).

`catalog.product.update` sets an absolute number, so two tills that read 10 and write 9 lose a sale (reference: Bitrix
REST 3.8), and a repeated write of a lost answer is right only while nobody else wrote. Therefore:

1. Read. Keep what was read and what is to be there (`seen`, `target`) in the journal.
2. In one request: read, write, read. The commands of a batch run one behind the other, so between the first read and
   the write there are milliseconds and no network.
3. The last read shows the target: done. The first one showed another number than `seen`: somebody was quicker, and now
   we know what we have written over: the difference is kept as what is left, and written by another look.
4. The answer was lost: the next round reads. The target: done. The number from before: written again. Another one:
   nobody can tell – a person decides, and until then no other receipt writes this product. So it is where the number
   changes once more before it is written again: the lost write may have come after all.

One write of a product is under way at a time, held by an index of the journal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from posapp.errors import Offline, Rejected
from posapp.journal.rows import StockMove, StockWrite
from posapp.sync.bitrix.client import BitrixClient, Cell, Command, Fate
from posapp.sync.bitrix.orders import is_missing
from posapp.sync.bitrix.parsing import as_decimal, as_flag, as_int, as_rows, as_time
from posapp.sync.bitrix.plans import Conflict, Row
from posapp.sync.bitrix.rounds import Job, Outcome
from posapp.sync.bitrix.stock import Moves, StockRules, StockWork, failed, goods_of, row_under, waiting

PASSES = 400
"""Writes of one product in a round: each takes two requests. What is left waits for the next one."""
OVERTAKEN_MAX = 5


class Quantities(StockWork):
    """One round over the products of several receipts."""

    def __init__(self, client: BitrixClient, jobs: Sequence[Job], rules: StockRules, journal: Moves) -> None:
        super().__init__(client, jobs, rules)
        self.journal = journal
        self.moves: dict[int, dict[int, StockMove]] = {}
        self.offers = {
            (job.entry_id, as_int(each.get("product_id")) or 0)
            for job in jobs
            for each in as_rows(job.body.get("goods"))
            if each.get("is_offer")
        }
        self.stuck: dict[int, Conflict] = {}
        self.overtaken: dict[tuple[int, int], int] = {}

    def run(self) -> None:
        """Deliver; every job has an outcome afterwards."""
        for job in self.jobs:
            counted = goods_of(job.body)
            mine = self.journal.stock_moves(job.key)
            self.moves[job.entry_id] = {
                each.product_id: each for each in mine if each.confirmed_at is None and each.product_id in counted
            }
        for _ in range(PASSES):
            self._settle_done()
            chosen = self._chosen()
            if not chosen or self.stop is not None:
                break
            self._once(chosen)
        self._settle_done()
        self.end()

    def _settle_done(self) -> None:
        """Settles whose products have all been tried. One that is stuck fails only then: what a person decides of it
        is about nothing that was never tried."""
        for job in self.open_jobs():
            if not self.moves[job.entry_id] and job.entry_id in self.stuck:
                self.outcomes[job.entry_id] = failed(self.stuck[job.entry_id])
            elif not self.moves[job.entry_id]:
                names = ", ".join(str(each) for each in sorted(goods_of(job.body)))
                self.outcomes[job.entry_id] = Outcome("done", proof=f"остаток товаров {names}")

    def _chosen(self) -> list[tuple[Job, StockMove]]:
        """Of each product the move that is written next: the one that is under way, else the oldest receipt's."""
        writing = self.journal.stock_writing(self.client.portal)
        taken: dict[int, tuple[Job, StockMove]] = {}
        for job in self.open_jobs():
            for product_id, move in self.moves[job.entry_id].items():
                if writing.get(product_id, job.key) == job.key:
                    taken.setdefault(product_id, (job, move))
        return list(taken.values())

    # ------------------------------------------------------------------------------------------ one pass
    def _once(self, chosen: Sequence[tuple[Job, StockMove]]) -> None:
        cells = self.ask([self._get(f"e{job.entry_id}xg{move.product_id}", job, move) for job, move in chosen])
        writes: list[tuple[Job, StockMove, Decimal, Decimal]] = []
        for job, move in chosen:
            if job.entry_id in self.outcomes:
                continue
            found = self._looked(job, move, cells[f"e{job.entry_id}xg{move.product_id}"])
            if found is not None:
                writes.append((job, move, *found))
        writes = [each for each in writes if each[0].entry_id not in self.outcomes]
        if not writes or self.stop is not None:
            return
        fresh = [StockWrite(job.key, move.product_id, seen, target) for job, move, seen, target in writes]
        self.journal.start_stock_writes(fresh)
        self._write(writes)

    def _looked(self, job: Job, move: StockMove, cell: Cell) -> tuple[Decimal, Decimal] | None:
        """What the product's quantity is and is to be; None where nothing is to be written."""
        if cell.error is not None:
            if is_missing(cell) or (isinstance(cell.error, Rejected) and cell.fate is Fate.DECLINED):
                self._decline(job, move, f"«{move.name}»: {cell.error.facts.get('reason') or 'товара на портале нет'}")
            else:
                self.unread(job, cell.error)
            return None
        product = self._product(cell)
        if as_int(product.get("id")) != move.product_id:
            self.unread(job, Offline("portal_garbled", reason="вместо товара пришёл другой"))
            return None
        if as_flag(product.get("quantityTrace")) is False or as_int(product.get("type")) == 7:
            self._confirmed(job, move)  # the portal counts none of it
            return None
        amount = as_decimal(product.get("quantity"))
        if amount is None:
            self._decline(job, move, f"у «{move.name}» на портале нет остатка")
            return None
        if move.target is not None and move.seen is not None:
            return self._gone_on(job, move, amount)
        if self._is_doubtful(job, move):
            self._unclear(job, move, amount, "журнал возвращали к прежнему, и записан ли он, неизвестно")
            return None
        target = amount + move.left
        if target < 0 and move.change < 0 and as_flag(product.get("canBuyZero")) is not True:
            self._decline(job, move, f"«{move.name}» на портале {_plain(amount)}, а продано {_plain(-move.change)}")
            return None
        return amount, target

    def _gone_on(self, job: Job, move: StockMove, amount: Decimal) -> tuple[Decimal, Decimal] | None:
        """A write was begun and nobody saw its answer: the target is done, the number from before is written again."""
        if move.seen is None or move.target is None:
            raise ValueError("no write was begun")
        if self._is_doubtful(job, move):
            self._unclear(job, move, amount, "журнал возвращали к прежнему, и записан ли он, неизвестно")
        elif amount == move.target:
            self._confirmed(job, move)
        elif amount == move.seen:
            return move.seen, move.target
        else:
            self._unclear(job, move, amount, f"ждали {_plain(move.seen)} или {_plain(move.target)}")
        return None

    def _write(self, writes: Sequence[tuple[Job, StockMove, Decimal, Decimal]]) -> None:
        """Read, write and read each product in one request, as many as fit; judge what the three show."""
        room = 16  # three commands each
        for start in range(0, len(writes), room):
            part = writes[start : start + room]
            if self.stop is not None:
                return
            cells = self.ask([command for job, move, _, target in part for command in self._triple(job, move, target)])
            for job, move, seen, target in part:
                key = f"e{job.entry_id}x{{}}{move.product_id}"
                three = [cells[key.format(each)] for each in "bwa"]
                self._judge(job, move, seen, target, three)

    def _judge(self, job: Job, move: StockMove, seen: Decimal, target: Decimal, cells: Sequence[Cell]) -> None:
        before, write, after = cells
        is_repeated = move.target is not None  # the first write is still unknown, whatever becomes of this one
        if write.fate is Fate.NOT_RUN and not is_repeated:
            self.journal.drop_stock_write(job.key, move.product_id)
        if self.unwritten(job, [write]):
            return
        was, became = self._amount(before), self._amount(after)
        if was is None or became is None:
            error = before.error or after.error or Offline("portal_garbled", reason="остаток не читается")
            self.outcomes[job.entry_id] = waiting(error, is_unsure=True)
        elif became == target and was == seen:
            self._confirmed(job, move)
        elif is_repeated and was != seen:
            self._unclear(job, move, became, f"ждали {_plain(seen)}, а перед записью было {_plain(was)}")
        elif became == target:
            self._overtaken(job, move, was, target)
        elif became == was:  # declined, or ignored as the portal does that keeps documents
            self.journal.drop_stock_write(job.key, move.product_id)
            reason = write.error.facts.get("reason") if write.error is not None else "портал не меняет остаток"
            self._decline(job, move, f"«{move.name}»: {reason}")
        else:
            self._unclear(job, move, became, f"ждали {_plain(target)}")

    def _overtaken(self, job: Job, move: StockMove, was: Decimal, target: Decimal) -> None:
        """Somebody wrote between our look and our write, and we have written over it. What both together make is what
        was there with our change; the difference from what is there now is left to be written, by another look."""
        times = self.overtaken.get((job.entry_id, move.product_id), 0) + 1
        self.overtaken[job.entry_id, move.product_id] = times
        left = was + move.left - target
        self.journal.owe_stock(job.key, move.product_id, left)
        if left:
            self.moves[job.entry_id][move.product_id] = replace(move, left=left, seen=None, target=None)
        else:
            self._confirmed(job, move)
        if left and times >= OVERTAKEN_MAX:
            self.outcomes[job.entry_id] = Outcome("waiting")

    # ------------------------------------------------------------------------------------------ outcomes
    def _confirmed(self, job: Job, move: StockMove) -> None:
        self.journal.confirm_moves([(job.key, move.product_id)])
        del self.moves[job.entry_id][move.product_id]

    def _decline(self, job: Job, move: StockMove, reason: str) -> None:
        self._stick(job, move, Conflict("stock_rejected", {"reason": reason}))

    def _unclear(self, job: Job, move: StockMove, amount: Decimal, why: str) -> None:
        facts = {"name": move.name[:60], "found": _plain(amount), "why": why, "entry": str(job.entry_id)}
        self._stick(job, move, Conflict("stock_unclear", facts))

    def _stick(self, job: Job, move: StockMove, conflict: Conflict) -> None:
        """A person has to look at this product; what else the receipt moves goes on."""
        self.stuck.setdefault(job.entry_id, conflict)
        self.moves[job.entry_id].pop(move.product_id, None)

    def _is_doubtful(self, job: Job, move: StockMove) -> bool:
        """The journal went back in time: what it calls waiting may have been written by the one that is lost."""
        made_at = as_time(job.body.get("at"))
        if self.rules.restored_at is None or move.is_cleared:
            return False
        return made_at is None or made_at <= self.rules.restored_at

    # ------------------------------------------------------------------------------------------ commands
    def _is_offer(self, job: Job, move: StockMove) -> bool:
        return (job.entry_id, move.product_id) in self.offers

    def _get(self, key: str, job: Job, move: StockMove) -> Command:
        method = "catalog.product.offer.get" if self._is_offer(job, move) else "catalog.product.get"
        return Command(key, method, {"id": move.product_id})

    def _triple(self, job: Job, move: StockMove, target: Decimal) -> list[Command]:
        key = f"e{job.entry_id}x{{}}{move.product_id}"
        method = "catalog.product.offer.update" if self._is_offer(job, move) else "catalog.product.update"
        params = {"id": move.product_id, "fields": {"quantity": _plain(target)}}
        return [
            self._get(key.format("b"), job, move),
            Command(key.format("w"), method, params),
            self._get(key.format("a"), job, move),
        ]

    def _product(self, cell: Cell) -> Row:
        return row_under(cell, "product") or row_under(cell, "offer")

    def _amount(self, cell: Cell) -> Decimal | None:
        return None if cell.error is not None else as_decimal(self._product(cell).get("quantity"))


def _plain(value: Decimal) -> str:
    """`2`, `0.386`."""
    return f"{value.normalize():f}" if value else "0"
