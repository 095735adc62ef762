"""What must hold after a till was killed and another one has come: register, journal, portal and files agree."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

from posapp import app
from posapp import settings as settings_file
from posapp.domain.settlement import State
from posapp.journal.connect import JOURNAL_NAME
from posapp.journal.lock import DirectoryLock
from posapp.journal.rows import STEPS
from posapp.journal.soundness import quick_check
from posapp.till.context import Till
from tests.crash.stage import World

SETTLEMENTS = (3, 31)
"""Forms of documents that settle something: receipts and corrections."""
WRITES = {"sale.payment.update": 2, "sale.order.update": 1, "sale.shipment.update": 1}
"""What the portal is told about one receipt: mark and payment, status, stock."""


def files_are_whole(world: World) -> None:
    """Right after the kill: what can be read is the old state or the new one, never half of it."""
    settings_file.load(world.folder)  # raises for a damaged one; None where nothing was set up yet
    for copy in (world.folder / "backups").glob("journal-*.sqlite"):
        quick_check(copy)


def everything_agrees(world: World, sold: int, several: int | None = None) -> None:
    """In the end: one document per settlement, its mark on disk, the portal green, nothing twice, nothing left over.

    `several`: so many documents there are, and they are not one for each order; then the scene looks at the portal.
    """
    assert world.printer.receipt is None, "no receipt is left open on the register"
    documents = [each for each in world.printer.storage.documents if each.form in SETTLEMENTS]
    is_plain, sold = several is None, sold if several is None else several
    assert set(Counter(each.key for each in documents).values()) <= {1}, "a key is in one document"
    assert len(documents) == sold, "a document for each settlement, and no other"
    if (world.folder / JOURNAL_NAME).exists():
        DirectoryLock(world.folder).release()
        quick_check(world.folder / JOURNAL_NAME)
        with app.open_till(world.folder, write=False) as till:
            _journal_agrees(world, till, sold, is_plain=is_plain)
    if is_plain:
        _portal_agrees(world, sold)


def _journal_agrees(world: World, till: Till, sold: int, *, is_plain: bool) -> None:
    assert till.journal.verify_audit().first_broken is None, "every decision of a person is in the chain"
    assert till.journal.operations_sending() == []
    assert till.journal.receipts_in(State.SENDING, State.PENDING) == []
    stored = till.journal.receipts_in(State.FISCALIZED)
    assert len(stored) == sold
    for each in stored:
        assert each.mark is not None
        document = world.printer.storage.documents[each.mark.document_number - 1]
        assert (document.key, document.total_kopecks) == (each.receipt.key, each.receipt.total.kopecks)
        assert str(document.sign) == each.mark.document_sign
        entries = till.journal.entries_of_receipt(each.receipt.key)
        assert not is_plain or [entry.step for entry in entries] == list(STEPS), "the outbox is complete"
        assert {entry.state for entry in entries} <= {"done"}, [(entry.step, entry.state) for entry in entries]
        assert not any(attempt.outcome == "" for attempt in till.journal.attempts(each.receipt.key))
    known = till.journal.known_device(world.printer.identity.factory_number)
    if known is not None and documents_end(world) and stored:
        assert known.last_document == documents_end(world), "every document is accounted for"


def documents_end(world: World) -> int:
    """The number of the last document."""
    return int(world.printer.storage.last_number)


def _portal_agrees(world: World, sold: int) -> None:
    state = world.portal.state()
    rows = {str(row["accountNumber"]): row for row in state["orders"]}
    for place, (number, _) in enumerate(world.orders):
        row = rows[number]
        is_green = (row["payed"], row["statusId"], row["deducted"]) == ("Y", "F", "Y")
        assert is_green is (place < sold), f"order {number}: {row['payed']} {row['statusId']} {row['deducted']}"
    told = Counter(str(each["method"]) for each in state["requests"] if each["http"] == 200)
    assert {name: told[name] for name in WRITES} == {name: times * sold for name, times in WRITES.items()}, (
        "the portal was told everything once"
    )
    gone: Counter[str] = Counter()
    for number, _ in world.orders[:sold]:
        for line in rows[number]["basketItems"]:
            gone[str(line["productId"])] += Decimal(str(line["quantity"]))  # type: ignore[assignment]
    for name, left in state["stock"].items():
        assert Decimal(left) == Decimal(world.stock_before[name]) - gone[name], f"product {name} moved once"
