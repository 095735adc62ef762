"""Changes of shifts, couriers' days and refusals; a part of `changes.Changes`, on the writer's thread."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from datetime import datetime

from posapp.domain.fiscal import DeviceIdentity, FiscalDocument, FiscalMark
from posapp.domain.money import Money
from posapp.domain.receipt import Receipt
from posapp.errors import SaleError
from posapp.journal import day_queries
from posapp.journal import statements as sql
from posapp.journal.mapping import body_of, micros, text_of
from posapp.journal.rows import CourierDay, IllegalMove, NewRefusal


class DayChanges:
    """What `Changes` inherits."""

    _db: sqlite3.Connection
    _now: Callable[[], datetime]

    # -------------------------------------------------------------------------------------------- shifts
    def note_opening(self, device: DeviceIdentity, document: FiscalDocument) -> None:
        """The report that opened a shift was read."""
        sql.SHIFT_OPENED.run(self._db, _shift(device, document, "opened"))

    def note_closing(self, device: DeviceIdentity, document: FiscalDocument) -> None:
        """The report that closed a shift was read."""
        sql.SHIFT_CLOSED.run(self._db, _shift(device, document, "closed"))

    def keep_shift_report(self, device: DeviceIdentity, shift_number: int, report: Mapping[str, object]) -> None:
        """What was counted in a shift that is about to be closed."""
        row = {
            "storage_number": device.storage_number,
            "shift_number": shift_number,
            "factory_number": device.factory_number,
            "report": text_of(report),
        }
        sql.SHIFT_REPORTED.run(self._db, row)

    # -------------------------------------------------------------------------------------------- days
    def open_day(self, courier: str, opened_by: str, float_taken: Money, device: DeviceIdentity | None) -> CourierDay:
        """A new day. Raises SaleError `day_open` while another one is open."""
        before = day_queries.open_day(self._db)
        if before is not None:
            raise SaleError("day_open", courier=before.courier)
        factory, storage = ("", "") if device is None else (device.factory_number, device.storage_number)
        row = {
            "is_open": 1,
            "courier": courier,
            "opened_by": opened_by,
            "opened_at": micros(self._now()),
            "float_kopecks": float_taken.kopecks,
            "storage_number": storage,
            "after_document": day_queries.last_document(self._db, factory, storage),
            "why": "",
        }
        sql.OPEN_DAY.run(self._db, row)
        opened = day_queries.open_day(self._db)
        if opened is None:
            raise RuntimeError("the day that was just opened is not there")
        return opened

    def close_day(
        self,
        day: CourierDay,
        counted: Money,
        received_by: str,
        why: str,
        figures: Mapping[str, object],
        receipts: int,
    ) -> None:
        """Hands it in. Raises IllegalMove when it is closed, or has not just the `receipts` of the figures."""
        now = day_queries.open_day(self._db)
        if now is None or now.id != day.id:
            raise IllegalMove(f"day {day.id}", "closed", "closed")
        if day_queries.count_of_day(self._db, now) != receipts:
            raise IllegalMove(f"day {day.id}", "open", "closed")
        ours = "SELECT coalesce(max(document_number), 0) FROM receipts WHERE storage_number = ?"
        last = self._db.execute(ours, (day.storage_number,)).fetchone()[0]
        row = {
            "id_": day.id,
            "closed_at": micros(self._now()),
            "received_by": received_by,
            "counted_kopecks": counted.kopecks,
            "until_document": max(day.after_document, last),
            "why": why,
            "figures": text_of(figures),
        }
        if sql.CLOSE_DAY.run(self._db, row).rowcount != 1:
            raise IllegalMove(f"day {day.id}", "closed", "closed")

    def keep_refusal_of(self, key: str, mark: FiscalMark) -> None:
        """What stands in a receipt as refused becomes a refusal, of the day that has the receipt's document.

        Once: a receipt whose mark is found a second time, in a journal that was put together again, has its refusal.
        """
        stored = sql.REFUSING_RECEIPT.run(self._db, {"key_": key}).fetchone()
        if stored is None:
            return
        receipt = Receipt.from_json(body_of(stored[0]))
        refused = receipt.refused
        if refused is None:
            raise ValueError(f"receipt {key} does not say what was refused")
        settled = receipt.settlement
        known = day_queries.refusals_of_order(self._db, settled.portal, settled.order_id)
        if any(each.refused.receipt_key == key for each in known):
            return
        row = NewRefusal(
            settled.portal, settled.order_id, receipt.order_number, refused.amount, refused.who, refused.why,
            refused.rows(), is_whole=False, receipt_key=key,
        )  # fmt: skip
        self.add_refusal(row, day_queries.day_of_document(self._db, mark.storage_number, mark.document_number))

    def add_refusal(self, refused: NewRefusal, day_id: int | None) -> None:
        """Goods that were not taken."""
        row = {
            "at": micros(self._now()),
            "day_id": day_id,
            "portal": refused.portal,
            "order_id": refused.order_id,
            "order_number": refused.order_number,
            "receipt_key": refused.receipt_key,
            "is_whole": int(refused.is_whole),
            "amount_kopecks": refused.amount.kopecks,
            "who": refused.who,
            "why": refused.why,
            "lines": text_of({"lines": [dict(each) for each in refused.lines]}),
        }
        sql.ADD_REFUSAL.run(self._db, row)


def _shift(device: DeviceIdentity, document: FiscalDocument, word: str) -> dict[str, object]:
    return {
        "storage_number": device.storage_number,
        "shift_number": document.shift_number,
        "factory_number": device.factory_number,
        f"{word}_document": document.number,
        f"{word}_at": document.at.isoformat(),
        "report": "{}",
    }
