"""The judge: what must hold after every step and at the end of a day, whatever failed (reference: peers.md 4.1).

It asks neither the till nor its journal code: documents are read from the simulated storages, the portal's state and
history from inside the portal, the journal through a SQLite connection of its own.

1. At most one fiscal document per settlement (papers). 5. Stock of a shipment moves once.
2. Every document is ours or tagged foreign.            6. Nothing is `sending` without an alarm that is shown.
3. Our receipts = the register's counters − foreign.    7. No money state goes backwards.
4. Every receipt reaches the portal once, or is red.    8. What was told printed was on disk first.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING

from posapp.devices.simulator.documents import StoredDocument
from posapp.devices.simulator.registers import TOTALS
from posapp.domain.offers import Way
from posapp.errors import Refused, Unreachable
from posapp.simulation import market
from posapp.simulation.ledger import PERSON, Change
from posapp.simulation.papers import (
    AHEAD,
    DEBT,
    HANDOVER,
    REFUND,
    SALE,
    Paper,
    Place,
    money_is_right,
    one_of_each,
    paper_of,
    part_is_right,
    refunds_are_right,
    stamp_of,
)
from posapp.simulation.register import SECOND, Register
from posapp.simulation.view import JournalView, SeenReceipt
from posapp.simulation.violation import Violation
from posapp.till import resolve

if TYPE_CHECKING:
    from posapp.simulation.seat import Seat
    from posapp.simulation.world import Told, World

RECEIPT, SHIFT_OPEN, SHIFT_CLOSE = 3, 2, 5
_BY_LOOKING = {"found", "last", "person", "adopted", "shift_state"}
"""Names in the evidence of an attempt that say how it was resolved."""


class Judge:
    """Watches one world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._read: dict[str, int] = {}
        self._documents: dict[Place, StoredDocument] = {}
        self._authors: dict[Place, str] = {}
        self._by_key: dict[str, Place] = {}
        self._keys: dict[Place, str] = {}
        self._by_order: defaultdict[int, list[Paper]] = defaultdict(list)
        self._orders: dict[Place, int] = {}
        self._asked: Counter[int] = Counter()
        self._parts: set[int] = set()
        self._views: dict[str, JournalView] = {}
        self._states: dict[tuple[str, str], str] = {}
        self._outbox: dict[tuple[str, int], str] = {}
        self._changes = 0
        self._known_documents: dict[str, int] = {}
        self._settled: dict[str, object] = {}
        self.strays: set[str] = set()
        """Keys of documents that a journal may lack: it was put back to an older state, no person has decided yet."""
        self.unread: set[Place] = set()
        """Documents that a journal lost so, and that its till could not read: they pass for another program's there."""

    def close(self) -> None:
        """Lets go of the files."""
        for view in self._views.values():
            view.close()
        self._views.clear()

    def file_replaced(self, seat: Seat) -> None:
        """The journal of a till is another file now."""
        view = self._views.pop(seat.name, None)
        if view is not None:
            view.close()

    def view(self, seat: Seat) -> JournalView:
        """The journal of a till, seen from outside."""
        if seat.name not in self._views:
            self._views[seat.name] = JournalView(seat.folder)
        return self._views[seat.name]

    @property
    def receipts(self) -> int:
        """How many receipts the tills have made."""
        return len(self._by_key)

    def receipts_of_day(self, day: int) -> int:
        """How many receipts the tills have made of orders that came on this day."""
        self._read_documents()
        return sum(market.day_of(number) == day for number in self._by_order)

    def is_settled(self, order_id: int) -> bool:
        """Whether there is a receipt of the order."""
        return order_id in self._by_order

    def asked_back(self, order_id: int) -> None:
        """A customer wants something of an order taken back."""
        self._asked[order_id] += 1

    def may_refuse(self, order_id: int) -> None:
        """A customer does not take everything: the receipt may come to less than the order."""
        self._parts.add(order_id)

    def papers_of(self, order_id: int) -> list[Paper]:
        """The receipts of the order, oldest first."""
        return self._by_order.get(order_id, [])

    def unknown(self) -> tuple[int, int]:
        """How many outcomes were unknown to their sender, and how many of these were resolved.

        Resolved is what ended by something else than the register's own answer: a document found, the proof that there
        is none, a person.
        """
        unknown = resolved = 0
        for seat in self._world.seats:
            for outcome, evidence in self.view(seat).attempts():
                facts = json.loads(evidence)
                is_open = outcome in ("", "sending")
                is_resolved = not is_open and bool(_BY_LOOKING & set(facts))
                unknown += is_open or is_resolved
                resolved += is_resolved
        return unknown, resolved

    # ------------------------------------------------------------------------------------------ after every step
    def after_step(self) -> None:
        """The checks that cost little."""
        self._read_documents()
        for seat in self._world.seats:
            self._look_at_journal(seat)
        self._look_at_portal()

    def _read_documents(self) -> None:
        """1: one document per settlement; each of ours carries a key, and a key is in one document."""
        for register in self._world.registers:
            if register.trespasses:
                raise Violation(register.trespasses[0])
            for printer in register.printers:
                storage = printer.storage.identity.storage_number
                for document in printer.storage.documents[self._read.get(storage, 0) :]:
                    self._take(register, storage, document)
                self._read[storage] = printer.storage.last_number

    def _take(self, register: Register, storage: str, document: StoredDocument) -> None:
        place = (storage, document.number)
        self._documents[place] = document
        author = self._authors[place] = register.authors.get(place, SECOND)
        if author == SECOND or document.form in (SHIFT_OPEN, SHIFT_CLOSE):
            return
        stamp = stamp_of(document)
        if document.form != RECEIPT or stamp is None:
            raise Violation(f"касса {author} сделала {_name(place)} вида {document.form} без своего ключа")
        if stamp.key in self._by_key:
            raise Violation(f"ключ {stamp.key} в двух документах: {_name(self._by_key[stamp.key])} и {_name(place)}")
        number = int(stamp.order.removeprefix("MSK-"))
        self._by_key[stamp.key] = place
        self._keys[place] = stamp.key
        self._orders[place] = number
        papers = self._by_order[number]
        papers.append(paper_of(place, stamp.key, document))
        one_of_each(number, papers)
        refunds_are_right(number, papers, self._asked[number])
        order = self._world.portal.shop.orders.get(number)
        is_plain = all(each.kind == SALE for each in papers) and not self._world.ledger.touched_by_people(number)
        if number in self._parts and is_plain:
            part_is_right(number, papers, self._world.ledger.price_at_first[number])
        elif order is not None and is_plain:
            money_is_right(order, papers, self._world.ledger.came_paid)

    def document_with(self, key: str) -> Place | None:
        """Where the document with this key is."""
        self._read_documents()
        return self._by_key.get(key)

    def count_documents(self) -> int:
        """How many receipts the tills have made, looked at now."""
        self._read_documents()
        return len(self._by_key)

    def put_back(self, seat: Seat) -> None:
        """A person has put an older state of a till's journal back: what it lacks now a person will have to take in."""
        self.file_replaced(seat)
        self._states = {name: state for name, state in self._states.items() if name[0] != seat.name}
        self._outbox = {name: state for name, state in self._outbox.items() if name[0] != seat.name}
        self._settled.pop(seat.name, None)
        self.may_miss(seat)

    def may_miss(self, seat: Seat) -> None:
        """The documents of a till that its journal does not know now are for a person to take in."""
        self._read_documents()
        known = {seen.key for seen in self.view(seat).receipts() if seen.state in ("sending", "fiscalized")}
        mine = {key for key, place in self._by_key.items() if self._author(place) == seat.name}
        self.strays |= mine - known

    def document_at(self, place: Place) -> StoredDocument:
        """The document at a place."""
        return self._documents[place]

    def order_of(self, place: Place) -> int:
        """The order that a document of ours settles."""
        return self._orders[place]

    def _paper(self, key: str) -> Paper:
        place = self._by_key[key]
        return next(each for each in self._by_order[self._orders[place]] if each.key == key)

    def _look_at_journal(self, seat: Seat) -> None:
        """7, and that the journal lies about no document and loses none."""
        view = self.view(seat)
        has_new_documents = self._known_documents.get(seat.name) != len(self._by_key)
        if not view.has_changed() and not has_new_documents:
            return
        self._known_documents[seat.name] = len(self._by_key)
        known: dict[str, SeenReceipt] = {}
        for seen in view.receipts():
            known[seen.key] = seen
            former = self._states.get((seat.name, seen.key))
            if former != seen.state:
                self._moved(seat, seen, former)
        self._documents_are_known(seat, known)
        self._is_shown(seat, view, known)
        self._look_at_outbox(seat, view)

    def _moved(self, seat: Seat, seen: SeenReceipt, former: str | None) -> None:
        if former in ("fiscalized", "cancelled"):
            raise Violation(f"касса {seat.name}: чек {seen.key} был {former}, а теперь {seen.state}")
        self._states[seat.name, seen.key] = seen.state
        if seen.state == "fiscalized":
            self._is_true(seat, seen)

    def _is_shown(self, seat: Seat, view: JournalView, known: dict[str, SeenReceipt]) -> None:
        """6: what is under way is among the alarms that every screen shows."""
        open_keys = {seen.key for seen in known.values() if seen.state == "sending"}
        operations = view.operations_sending()
        if not seat.is_running or not (open_keys or operations):
            return
        shown = {alarm.key for alarm in resolve.alarms(seat.till)}
        if not open_keys <= shown or len(shown) < len(open_keys) + len(operations):
            raise Violation(
                f"касса {seat.name}: под вопросом {sorted(open_keys)} {operations}, показано {sorted(shown)}"
            )

    def _is_true(self, seat: Seat, seen: SeenReceipt) -> None:
        """A mark in the journal is a document in the storage, with this key and this total."""
        place = (seen.storage_number or "", seen.document_number or 0)
        document = self._documents.get(place)
        if document is None or self._keys.get(place) != seen.key or document.total_kopecks != seen.total_kopecks:
            raise Violation(f"касса {seat.name}: чек {seen.key} отмечен как {_name(place)}, а там {_what(document)}")

    def _documents_are_known(self, seat: Seat, known: dict[str, SeenReceipt]) -> None:
        """A document of a till is in its journal, at least as one that is being sent."""
        for key, place in self._by_key.items():
            if self._author(place) != seat.name:
                continue
            seen = known.get(key)
            if key in self.strays or place in self.unread:
                self._look_at_stray(seat, key, place, seen)
                continue
            if seen is None or seen.state not in ("sending", "fiscalized"):
                state = "не знает его" if seen is None else f"держит его как {seen.state}"
                raise Violation(f"{_name(place)} с ключом {key} напечатан, а журнал кассы {seat.name} {state}")

    def _look_at_stray(self, seat: Seat, key: str, place: Place, seen: SeenReceipt | None) -> None:
        """A document that the journal lost: taken in by a person, or passed over because nobody can read it."""
        if seen is not None and seen.state == "fiscalized":
            self.strays.discard(key)
            self.unread.discard(place)
        elif seat.register.was_unreadable(place) and place in self.view(seat).foreign():
            self.strays.discard(key)
            self.unread.add(place)

    def _author(self, place: Place) -> str:
        return self._authors[place]

    def _look_at_outbox(self, seat: Seat, view: JournalView) -> None:
        """7: what is delivered stays delivered; and what is said to be delivered is there."""
        settled = view.settled()
        if self._settled.get(seat.name) == settled:
            return
        self._settled[seat.name] = settled
        for entry, key, step, state, order_id in view.outbox():
            former = self._outbox.get((seat.name, entry))
            if former == state:
                continue
            if former == "done":
                raise Violation(f"касса {seat.name}: запись {entry} ({step}) была доставлена, а теперь {state}")
            self._outbox[seat.name, entry] = state
            if state == "done":
                self._is_on_portal(seat, key, step, order_id)

    def _is_on_portal(self, seat: Seat, key: str, step: str, order_id: int) -> None:
        order = self._world.portal.shop.orders.get(order_id)
        if order is None or self._world.ledger.touched_by_people(order_id):
            return
        if self._paper(key).kind == REFUND or self._asked[order_id]:
            return  # what the portal shows then is the sum of several documents; `refunds_are_told` looks at the end
        payment = next((each for each in order["payments"] if each.get("psInvoiceId") == key), None)
        is_there = {
            "mark": payment is not None,
            "payment": payment is not None and payment["paid"] == "Y",
            "status": order["statusId"] == "F",
            "stock": order["shipments"][0]["deducted"] == "Y",
        }[step]
        if not is_there:
            raise Violation(f"касса {seat.name}: «{step}» чека {key} записан как доставленный, а на портале его нет")

    def _look_at_portal(self) -> None:
        """4, 5: what tills wrote was due, and is never taken back or written twice."""
        changes = self._world.ledger.changes
        for change in changes[self._changes :]:
            if change.who != PERSON:
                self._is_lawful(change)
        self._changes = len(changes)

    def _is_lawful(self, change: Change) -> None:
        where = f"касса {change.who}, заказ {change.order_id}: {change.what} {change.before!r} → {change.after!r}"
        papers = self.papers_of(change.order_id)
        if not papers:
            raise Violation(f"{where}, а чека по нему нет")
        back = [each for each in papers if each.kind == REFUND]
        if change.what in ("paid", "deducted") and (change.before, change.after) != ("N", "Y") and not back:
            raise Violation(f"{where}: обратно")
        if change.what in ("key", "voucher"):
            settling = [each for each in papers if each.settled and each.kind == SALE]
            due = {each.key if change.what == "key" else str(each.place[1]) for each in settling}
            if (change.before != "" and not back) or change.after not in due:
                raise Violation(f"{where}, а документы говорят {sorted(due)}")
        if change.what == "deducted" and not any(each.step == HANDOVER for each in papers):
            raise Violation(f"{where}, а товар не отдавали")
        if change.what == "status" and all(each.step == AHEAD for each in papers):
            raise Violation(f"{where}, а товар не отдавали")
        if change.what == "sum" and change.order_id in self._parts:  # what was refused leaves the order, line by line
            if not change.before > change.after >= Decimal(min(each.total for each in papers)) / 100:
                raise Violation(f"{where}, а чек на {papers[0].total} коп.")
        elif change.what in ("canceled", "sum", "gone"):
            raise Violation(f"{where}: касса такого не пишет")

    # ------------------------------------------------------------------------------------------ what callers hear
    @contextmanager
    def listening(self, seat: Seat, order_id: int) -> Iterator[None]:
        """Around a sale; other judges may want to see it."""
        yield

    def told_about_sale(self, seat: Seat, order_id: int, told: Told, way: Way = Way.FULL) -> None:
        """8: "printed" was on disk first; and "nothing was made" is true.

        Where a deal has steps the ones before may be there; then none may be there that the disk does not know.
        """
        self._read_documents()
        papers = self.papers_of(order_id)
        if told.is_ok:
            view = told.value.view
            if view.mark is None:
                raise Violation(f"касса {seat.name} сказала, что {view.receipt.key} напечатан, а на диске отметки нет")
            self._was_on_disk(seat, view.receipt.key, (view.mark.storage_number, view.mark.document_number))
        elif told.code in ("already_receipted", "deal_goes_on"):
            if not papers:
                raise Violation(f"касса {seat.name} сказала, что чек по заказу {order_id} есть, а его нет")
        elif isinstance(told.error, Refused | Unreachable):
            for each in papers:
                if self._is_known_to(seat, each.place) and (way is Way.FULL or not self._is_on_disk(seat, each.key)):
                    words = f"сказала «{told.code}» по заказу {order_id}"
                    raise Violation(f"касса {seat.name} {words}, а есть {_name(each.place)}")

    def told_about_refund(self, seat: Seat, order_id: int, told: Told) -> None:
        """8, for a refund: what was printed is on disk, and "nothing was made" hides no document."""
        self._read_documents()
        if told.is_ok:
            mark = told.value.view.mark
            self._was_on_disk(seat, told.value.view.receipt.key, (mark.storage_number, mark.document_number))
        elif isinstance(told.error, Refused | Unreachable):
            for each in self.papers_of(order_id):
                if self._is_known_to(seat, each.place) and not self._is_on_disk(seat, each.key):
                    words = f"сказала «{told.code}» о возврате по заказу {order_id}"
                    raise Violation(f"касса {seat.name} {words}, а есть {_name(each.place)}")

    def _is_on_disk(self, seat: Seat, key: str) -> bool:
        seen = self.view(seat).receipt(key)
        return seen is not None and seen.state == "fiscalized"

    def _is_known_to(self, seat: Seat, place: Place) -> bool:
        """Whether a till can know that it made a document: its journal was not put back to before."""
        is_lost = self._keys[place] in self.strays or place in self.unread
        return self._author(place) == seat.name and not is_lost

    def _was_on_disk(self, seat: Seat, key: str, place: Place) -> None:
        seen = self.view(seat).receipt(key)
        if seen is None or seen.state != "fiscalized" or (seen.storage_number, seen.document_number) != place:
            raise Violation(f"касса {seat.name} сказала, что {key} напечатан как {_name(place)}, а на диске {seen}")
        self._is_true(seat, seen)
        steps, paper = self.view(seat).steps_of(key), self._paper(key)
        if steps != paper.steps if paper.kind == SALE else not steps:
            raise Violation(f"касса {seat.name}: чек {key} на диске без записей для портала")

    # ------------------------------------------------------------------------------------------ the end of a day
    def counters_agree(self, register: Register) -> None:
        """3: sales of the shift by the register's own counter = those in the journals + those of other programs."""
        self._read_documents()
        for seat in self._world.seats:
            self._look_at_journal(seat)
        printer = register.printer
        storage, shift = printer.storage.identity.storage_number, printer.storage.shift
        if not shift.is_open:
            return
        ours = sum(self.view(seat).sold_in_shift(storage, shift.number) for seat in self._world.seats)
        foreign = sum(
            document.total_kopecks or 0
            for place, document in self._documents.items()
            if place[0] == storage and document.shift_number == shift.number and document.kind == 1
            if self._author(place) == SECOND or place in self.unread
        )
        counted = printer.registers.money.get(TOTALS, 0)
        if counted != ours + foreign:
            raise Violation(f"ККТ насчитала продаж на {counted} коп., в журналах {ours}, чужих {foreign}")

    def day_is_over(self) -> None:
        """Everything is healed and people have acted: nothing may be open, lost, doubled or untold."""
        self.after_step()
        for seat in self._world.seats:
            self._nothing_is_open(seat)
            self._everything_is_accounted_for(seat)
            self._everything_is_delivered(seat)
            self._journal_is_sound(seat)
        differences = self._world.ledger.stock_differences()
        if differences:
            raise Violation("склад: " + "; ".join(differences))

    def _journal_is_sound(self, seat: Seat) -> None:
        """The file by SQLite's own check, and the chain of what people decided."""
        verdict = self.view(seat).integrity()
        if verdict != "ok":
            raise Violation(f"касса {seat.name}: журнал повреждён: {verdict}")
        broken = seat.start().journal.verify_audit().first_broken
        if broken is not None:
            raise Violation(f"касса {seat.name}: журнал решений нарушен на записи {broken.record}: {broken.why}")

    def _nothing_is_open(self, seat: Seat) -> None:
        view = self.view(seat)
        for seen in view.receipts():
            if seen.state == "sending":
                raise Violation(f"касса {seat.name}: чек {seen.key} так и остался без исхода")
        sending = view.operations_sending()
        if sending:
            raise Violation(f"касса {seat.name}: операции смены без исхода: {sending}")
        if self.strays:
            raise Violation(f"документы без записи в журнале: {sorted(self.strays)}")

    def _everything_is_accounted_for(self, seat: Seat) -> None:
        """2, 3: every document that is not a shift's report is this till's or tagged foreign."""
        view = self.view(seat)
        foreign = view.foreign()
        storage = self._world.own_printer(seat.register).identity.storage_number
        for place, document in self._documents.items():
            if place[0] != storage or document.form not in (RECEIPT, 31):
                continue
            is_ours = self._author(place) == seat.name and place not in self.unread
            if is_ours and place in foreign:
                raise Violation(f"касса {seat.name} считает свой {_name(place)} чужим")
            if not is_ours and place not in foreign:
                raise Violation(f"касса {seat.name} не знает о чужом {_name(place)}")

    def _everything_is_delivered(self, seat: Seat) -> None:
        """4: on the portal, or red with a person as owner."""
        states: dict[str, dict[str, str]] = {}
        for _, key, step, state, _ in self.view(seat).outbox():
            states.setdefault(key, {})[step] = state
        for key, steps in states.items():
            if all(state == "done" or self._waits_for_money(key, step) for step, state in steps.items()):
                continue
            order_id = self.order_of(self._by_key[key])
            if not self._world.ledger.touched_by_people(order_id):
                raise Violation(f"касса {seat.name}: чек {key} заказа {order_id} не доставлен: {steps}")
            if not any(state in ("failed", "held") for state in steps.values()):
                raise Violation(f"касса {seat.name}: чек {key} заказа {order_id} ждёт без хозяина: {steps}")

    def _waits_for_money(self, key: str, step: str) -> bool:
        """The status waits until all is paid: the last debt of a credit, or what people added when it was paid."""
        number, paper = self.order_of(self._by_key[key]), self._paper(key)
        order = self._world.portal.shop.orders.get(number)
        may_wait = paper.step == DEBT or (paper.step == HANDOVER and self._world.ledger.touched_by_people(number))
        return step == "status" and may_wait and order is not None and order["payed"] != "Y"


def _name(place: Place) -> str:
    return f"ФД {place[1]} (ФН {place[0]})"


def _what(document: StoredDocument | None) -> str:
    return "ничего" if document is None else f"{document.total_kopecks} коп. с ключом {document.key}"
