"""Receipts, orders and marks for the tests of the journal, and a sale from beginning to end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

from posapp.domain.fiscal import DeviceIdentity, FiscalMark, ReceiptKind
from posapp.domain.money import Money, Quantity
from posapp.domain.order import Buyer, Order, OrderLine, OrderPayment, OrderShipment
from posapp.domain.receipt import Receipt, ReceiptLine, TaxSystem, Tender, TenderKind
from posapp.domain.settlement import By, Settlement
from posapp.domain.vat import VatRate
from posapp.journal.rows import STEPS, NewEntry
from posapp.journal.store import Journal

PORTAL = "shop.example"
START = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)
DEVICE = DeviceIdentity("00106700000001", "0000000001000001", "9999078900000001")


class Clock:
    """A clock that a test turns."""

    def __init__(self, at: datetime = START) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def tick(self, **delta: float) -> datetime:
        self.at += timedelta(**delta)
        return self.at


def device(number: int) -> DeviceIdentity:
    """A register of its own."""
    return DeviceIdentity(f"{number:014d}", "0000000001000001", f"9999{number:012d}")


def open_journal(folder: Path, now: Callable[[], datetime] | None = None, *, write: bool = True) -> Journal:
    return Journal.open(folder, now=now or Clock(), write=write)


def receipt(number: int, *, part: str = "1", kind: ReceiptKind = ReceiptKind.SELL, copy: int = 0) -> Receipt:
    """A receipt of order `number`; another `copy` is another receipt of the same settlement."""
    return Receipt(
        identity=UUID(int=(copy << 64) + (number << 8) + kind.value),
        settlement=Settlement(PORTAL, number, part, kind),
        order_number=f"А-{number}",
        lines=(
            ReceiptLine("Молоко 3,2 %", Money(8990), Quantity(Decimal("2")), Money(17980), VatRate.VAT_10),
            ReceiptLine("Сыр «Гауда», кг", Money(99900), Quantity(Decimal("0.386")), Money(38561), VatRate.VAT_22),
        ),
        tenders=(Tender(TenderKind.CASH, Money(60000 if kind is ReceiptKind.SELL else 56541)),),
        tax_system=TaxSystem.OSN,
        till="till-1",
        cashier="Иванова А. П.",
        created_at=datetime(2026, 7, 1, 12, 0, 0, 250, tzinfo=UTC),
        buyer_contact="+79990000000",
    )


def mark(document: int, storage: DeviceIdentity = DEVICE) -> FiscalMark:
    return FiscalMark(
        document,
        str(4_000_000_000 + document),
        document,
        3,
        storage.storage_number,
        storage.registration_number,
        datetime(2026, 7, 1, 12, 0, 30),
    )


def entries(number: int, steps: tuple[str, ...] = STEPS) -> list[NewEntry]:
    return [NewEntry(step, number, f"А-{number}", PORTAL, {"step": step, "of": [number, None, "ё"]}) for step in steps]


def sell(journal: Journal, number: int, on: DeviceIdentity = DEVICE, document: int | None = None) -> Receipt:
    """A whole sale; returns its receipt."""
    sold = receipt(number)
    journal.add_receipt(sold)
    journal.start_attempt(sold.key, on, (document or number) - 1, 3)
    journal.fiscalize(sold.key, mark(document or number, on), By.PROOF, entries(number), {"read": document or number})
    return sold


@dataclass(frozen=True)
class Sale:
    """What the journal shows of one sale."""

    state: str  # "" when there is no receipt
    attempts: tuple[str, ...]  # their outcomes
    entries: tuple[str, ...]  # their steps

    @property
    def is_whole(self) -> bool:
        """One of the states in which a sale may be found after a crash, and nothing between."""
        return self in (NOTHING, PENDING, SENDING, FISCALIZED)


NOTHING = Sale("", (), ())
PENDING = Sale("pending", (), ())
SENDING = Sale("sending", ("",), ())
FISCALIZED = Sale("fiscalized", ("fiscalized",), STEPS)


def look(journal: Journal, key: str) -> Sale:
    """One sale as it stands."""
    stored = journal.receipt(key)
    return Sale(
        "" if stored is None else stored.state.value,
        tuple(each.outcome for each in journal.attempts(key)),
        tuple(each.step for each in journal.entries_of_receipt(key)),
    )


def order(order_id: int, **other: object) -> Order:
    fields: dict[str, object] = {
        "portal": PORTAL,
        "order_id": order_id,
        "number": f"ЗК-{order_id}/А",
        "version": 3,
        "status_id": "N",
        "is_cancelled": False,
        "price": Money(56541),
        "lines": (
            OrderLine("Молоко", Quantity(Decimal("2")), Money(8990), 3, Decimal("10.00"), 77, Money(9990)),
            OrderLine("Доставка", Quantity(Decimal("0.386")), Money(99900), None, None, is_delivery=True),
        ),
        "payments": (OrderPayment(5, 2, "Наличные", Money(56541), False, prints_receipt=False),),
        "shipments": (OrderShipment(9, False), OrderShipment(10, True)),
        "buyer": Buyer("Пётр Ёлкин", "+7 999 123-45-67", "p@example.com", "Ленина, 1", "ООО «Ромашка»", "7700000000"),
        "updated_at": "2026-07-01T11:00:00+03:00",
        "pulled_at": START,
        "comment": "позвонить",
        "delivery_window": "10–12",
        "delivery_date": "2026-07-02",
        "is_courier": True,
        "problems": ("vat_unmapped",),
        **other,
    }
    return Order(**fields)  # type: ignore[arg-type]
