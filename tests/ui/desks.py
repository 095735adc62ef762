"""A desk in memory, for looks and behaviour of the window. Money itself is tested where it is made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from posapp.domain.fiscal import DeviceIdentity, FiscalMark, ReceiptKind, Shift, ShiftState
from posapp.domain.money import ZERO, Money, Quantity
from posapp.domain.order import Buyer, Order, OrderLine, OrderPayment, OrderShipment
from posapp.domain.receipt import Receipt, ReceiptLine, TaxSystem, Tender, TenderKind
from posapp.domain.settlement import Settlement, State
from posapp.domain.vat import VatRate
from posapp.errors import PosError, SaleError, Unreachable
from posapp.till.views import (
    DeliverReport,
    Lamp,
    Light,
    Lights,
    OrderRow,
    OrderView,
    OutboxStrip,
    PullResult,
    ReceiptView,
    Recovered,
    RegisterView,
    SyncRow,
)

NOW = datetime(2026, 11, 21, 11, 5, 12, tzinfo=UTC)
IDENTITY = DeviceIdentity("0106300123456", "0000000001054321", "9999078900001234")

GREY = Lamp(Light.GREY)
NOT_DUE = Lights(GREY, GREY, GREY, GREY)


def amber(seconds: int = 2) -> Lamp:
    return Lamp(Light.AMBER, since=NOW - timedelta(seconds=seconds))


def green(proof: str = "") -> Lamp:
    return Lamp(Light.GREEN, proof=proof)


def red(code: str = "stock_rejected", **facts: object) -> Lamp:
    return Lamp(Light.RED, trouble=SaleError(code, **facts), entry=7)


def line(name: str, price: int, quantity: str = "1", percent: str | None = "22") -> OrderLine:
    return OrderLine(
        name, Quantity.of(quantity), Money(price), vat_row=1, vat_percent=None if percent is None else Decimal(percent)
    )


def order(number: int = 10457, lines: tuple[OrderLine, ...] = (), **more: object) -> Order:
    goods = lines or (line("Чайник «Волна» 1,7 л", 199_000), line("Фильтр для воды, сменный", 24_500, "2"))
    price = Money(sum(each.line_sum.kopecks for each in goods))
    made = Order(
        portal="volna.example",
        order_id=number,
        number=str(number),
        version=1,
        status_id="N",
        is_cancelled=False,
        price=price,
        lines=goods,
        payments=(OrderPayment(number + 1, 2, "Наличные курьеру", price, is_paid=False, prints_receipt=False),),
        shipments=(OrderShipment(number + 2, is_deducted=False),),
        buyer=Buyer("Пётр Селезнёв", "+7 900 123-45-17", address="ул. Ленина, 5, кв. 12"),
        updated_at="2026-11-21T10:00:00+03:00",
        pulled_at=NOW - timedelta(minutes=2),
    )
    return replace(made, **more)  # type: ignore[arg-type]


def receipt_of(of: Order, cash: Money, card: Money, *, is_training: bool = False) -> Receipt:
    kinds = ((TenderKind.CASH, cash), (TenderKind.CASHLESS, card))
    return Receipt(
        identity=UUID(int=of.order_id),
        settlement=Settlement(of.portal, of.order_id, "1", ReceiptKind.SELL),
        order_number=of.number,
        lines=tuple(
            ReceiptLine(each.name, each.price, each.quantity, each.line_sum, VatRate.VAT_22) for each in of.lines
        ),
        tenders=tuple(Tender(kind, amount) for kind, amount in kinds if amount > ZERO),
        tax_system=TaxSystem.OSN,
        till="Касса 1",
        cashier="Иванова А.",
        created_at=NOW,
        is_training=is_training,
    )


def mark(document: int = 4518) -> FiscalMark:
    printed_at = datetime(2026, 11, 21, 14, 5)  # tag 1012 has no zone
    return FiscalMark(
        document, "1849301274", 84, 214, IDENTITY.storage_number, IDENTITY.registration_number, printed_at
    )


def fiscalized(receipt: Receipt, document: int = 4518) -> ReceiptView:
    made = mark(document)
    return ReceiptView(
        receipt,
        State.FISCALIZED,
        made,
        made.qr(receipt.total, receipt.kind),
        seller="ООО «Волна»",
        register=IDENTITY,
    )


def rates_of(of: Order) -> tuple[VatRate, ...]:
    """The rates of the lines as the practice shop has confirmed them."""
    known = {
        each.percent: each for each in (VatRate.VAT_22, VatRate.VAT_10, VatRate.VAT_0, VatRate.VAT_5, VatRate.NONE)
    }
    return tuple(known[None if line.vat_percent is None else int(line.vat_percent)] for line in of.lines)


def view(of: Order | None = None, lights: Lights = NOT_DUE, refusal: PosError | None = None) -> OrderView:
    shown = of or order()
    return OrderView(shown, (), lights, refusal, rates_of(shown))


def row_of(of: OrderView) -> OrderRow:
    it = of.order
    return OrderRow(
        it.order_id, it.number, it.buyer.short, it.buyer.phone_tail, it.buyer.address, it.delivery_window, it.price,
        it.to_pay, it.is_cancelled, it.is_courier, it.comment, of.lights, of.receipt is not None,
    )  # fmt: skip


def sync_row(number: int, outcome: str = "done", **more: object) -> SyncRow:
    made = SyncRow(
        row_id=number,
        at=NOW - timedelta(seconds=40 * (1000 - number)),
        order_number=str(10400 + number % 60),
        step=("mark", "payment", "status", "stock")[number % 4],
        method="sale.payment.update",
        outcome=outcome,
        code="",
        reason="",
        duration_ms=180,
        attempt=1,
        entry=number,
        entry_state="done",
    )
    return replace(made, **more)  # type: ignore[arg-type]


class FakeDesk:
    """Says what a test put into it and writes down what it was asked."""

    def __init__(self) -> None:
        self.cashier = "Иванова А."
        self.till = "Касса 1"
        self.is_training = False
        self.language = "ru"
        self.views: dict[str, OrderView] = {}
        self.asked: list[tuple[object, ...]] = []
        self.shift = Shift(ShiftState.OPEN, 214, 84)
        self.trouble: PosError | None = None
        self.is_away = False  # the register is switched off
        self.sell_result: Callable[[OrderView, Money, Money], ReceiptView] | None = None
        self.sell_error: BaseException | None = None
        self.refreshed: OrderView | None = None
        self.outbox = OutboxStrip(0, None, None, 0, 0, False, None)
        self.rows: list[SyncRow] = []
        self.retried: list[int] = []

    def add(self, *views: OrderView) -> None:
        for each in views:
            self.views[each.order.number] = each

    def find(self, text: str) -> OrderView:
        self.asked.append(("find", text))
        if text not in self.views:
            raise SaleError("unknown_order", order=text)
        return self.views[text]

    def refresh(self, order_id: int) -> OrderView | None:
        self.asked.append(("refresh", order_id))
        return self.refreshed

    def view(self, order_id: int) -> OrderView:
        return self.views[str(order_id)]

    def orders(self, search: str) -> list[OrderRow]:
        rows = [row_of(each) for each in self.views.values()]
        return [row for row in rows if search.casefold() in f"{row.number} {row.buyer} {row.phone_tail}".casefold()]

    def route(self) -> list[OrderRow]:
        return [row_of(each) for each in self.views.values() if each.order.is_courier]

    def sell(self, order_id: int, cash: Money, card: Money) -> ReceiptView:
        self.asked.append(("sell", order_id, cash, card))
        before = self.view(order_id)
        if self.sell_error is not None:
            raise self.sell_error
        if self.sell_result is not None:
            return self.sell_result(before, cash, card)
        made = fiscalized(receipt_of(before.order, cash, card, is_training=self.is_training))
        lights = Lights(green("ФД 4518"), amber(), amber(), amber())
        self.views[before.order.number] = replace(before, receipts=(made,), lights=lights)
        return made

    def recover(self) -> list[Recovered]:
        self.asked.append(("recover",))
        if self.is_away:
            raise Unreachable("device_unreachable", port="COM5")
        return []

    def register(self) -> RegisterView:
        if self.is_away:
            gone = Unreachable("device_unreachable", port="COM5")
            return RegisterView(None, None, None, 84, Money(12_845_000), gone, self.is_training)
        opened = NOW - timedelta(hours=6, minutes=12) if self.shift.state is not ShiftState.CLOSED else None
        return RegisterView(IDENTITY, self.shift, opened, 84, Money(12_845_000), self.trouble, self.is_training)

    def open_shift(self) -> RegisterView:
        self.asked.append(("open_shift",))
        self.shift = Shift(ShiftState.OPEN, self.shift.number + 1)
        return self.register()

    def close_shift(self) -> RegisterView:
        self.asked.append(("close_shift",))
        self.shift = Shift(ShiftState.CLOSED, self.shift.number)
        return self.register()

    def x_report(self) -> None:
        self.asked.append(("x_report",))

    def strip(self) -> OutboxStrip:
        return self.outbox

    def sync_now(self, *, force: bool = False) -> DeliverReport:
        self.asked.append(("sync_now",))
        return DeliverReport(0, 0, 0, None)

    def pull(self) -> PullResult:
        self.asked.append(("pull",))
        return PullResult(32, 32, 0, NOW)

    def log(self, chip: str, search: str, before: int | None) -> list[SyncRow]:
        self.asked.append(("log", chip, search, before))
        states = {"mine": ("failed", "held"), "way": ("waiting",), "done": ("done",), "all": None}[chip]
        rows = [row for row in self.rows if states is None or row.entry_state in states]
        rows = [row for row in rows if search in row.order_number and (before is None or row.row_id < before)]
        return rows[:100]

    def log_counts(self) -> dict[str, int]:
        return {"mine": 3, "way": 12, "done": 840, "all": 855}

    def retry(self, entry: int) -> None:
        self.retried.append(entry)
