"""A desk in memory, for looks and behaviour of the window. Money itself is tested where it is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

from posapp.domain.checkout import Seller
from posapp.domain.fiscal import DeviceIdentity, FiscalMark, ReceiptKind, Shift, ShiftState
from posapp.domain.marking import BadMarking, MarkingCode, parse_marking
from posapp.domain.money import ZERO, Money, Quantity
from posapp.domain.offers import Way
from posapp.domain.order import Buyer, Order, OrderLine, OrderPayment, OrderShipment
from posapp.domain.partial import KEEP_THE_FEE, HandedOver, RefusedLine, handed_over
from posapp.domain.receipt import Receipt, ReceiptLine, TaxSystem, Tender, TenderKind
from posapp.domain.refund import refund_of
from posapp.domain.registration import FormProfile, Registration
from posapp.domain.scans import ScanRules
from posapp.domain.settlement import Settlement, State
from posapp.domain.shift_hours import CloseAdvice
from posapp.domain.vat import VatRate
from posapp.errors import PosError, SaleError, Unreachable
from posapp.till import doctor, doctor_verdicts, keeping
from posapp.till.code_views import CodeAnswer, CodeRead, Said
from posapp.till.courier_day import DayReport
from posapp.till.doctor_verdicts import fine
from posapp.till.keeping import PlaceState
from posapp.till.leaving import Unsent
from posapp.till.reconcile_views import (
    Difference,
    LastReconciled,
    Move,
    NotChecked,
    Phrase,
    ReconcileProgress,
    ReconcileReport,
)
from posapp.till.restore import Report
from posapp.till.sync_views import BudgetView, SyncDetail
from posapp.till.views import (
    Alarm,
    Case,
    CaseKind,
    Choice,
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
    Resolved,
    SyncRow,
    Verdict,
)
from posapp.ui.desk import SaleCodes, ScannerNews, Terminal, Watch
from posapp.ui.refunding import Found, Proposal
from posapp.ui.refusal import Part

NOW = datetime(2026, 11, 21, 11, 5, 12, tzinfo=UTC)
IDENTITY = DeviceIdentity("0106300123456", "0000000001054321", "9999078900001234")
PROFILE = FormProfile(
    Registration(
        user="ООО «Волна»",
        inn="7801234564",
        address="190000, г. Санкт-Петербург, ул. Морская, д. 1",
        place="Магазин на Морской",
        factory_number=IDENTITY.factory_number,
    )
)

SELLER = Seller("Касса 1", "Иванова А.", TaxSystem.OSN, is_training=False)
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
        profile=PROFILE,
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


def sale_case(key: str = "7K2M9Q4T1V8XAB3C", number: str = "10466", **more: object) -> Case:
    """A card was charged, the reply was lost, and a document that fits cannot be read whole. Words as the till's."""
    choices = (
        Choice(
            "made:4518", Verdict.MADE, "ФД 4518 – это наш чек",
            f"Заказ {number} считается пробитым документом ФД 4518: отметка, оплата, статус и списание уйдут в Битрикс."
            " Ничего не печатается. Если ФД 4518 чужой, у покупателя чека нет.",
            f"posapp resolve {key} --document 4518", (4518,),
        ),
        Choice(
            "not_made:4518", Verdict.NOT_MADE, "Чека нет: ФД 4518 – другой программы",
            f"Чек по заказу {number} вернётся в «не напечатан»: его можно пробить, ключ останется тот же. Сам он не"
            " печатается. Если он всё же напечатан, у заказа станет два чека, и один придётся оформлять возвратом.",
            f"posapp resolve {key} --not-made --foreign 4518", (4518,),
        ),
    )  # fmt: skip
    case = Case(
        key=key,
        kind=CaseKind.RECEIPT,
        title=f"Чек по заказу {number}: исход не доказан",
        story=(
            f"21.11 13:59:09 с кассы 1 (Иванова А.) отправлен чек по заказу {number}: приход на 2 480,00 ₽, карта"
            " 2 480,00 ₽. Попытка 1: ККТ 0106300123456, ФН 9999078900001234, последним до неё был ФД 4517.",
            "После ФД 4517 в ФН: ФД 4518 – кассовый чек, приход, 2 480,00 ₽, 13:59:12, прочитан не целиком: чей – не"
            " видно.",
            "Программа доказать не может: ФД 4518 – того же вида и на ту же сумму, но прочитать целиком нельзя. Решает"
            " человек: посмотрите бумажный чек или ленту за это время. До решения на этой ККТ ничего не печатается.",
        ),
        since=NOW - timedelta(minutes=6),
        why="ФД 4518 не читается целиком, а сумма совпадает",
        code="resolve_needed",
        choices=choices,
        order_number=number,
        total=Money(248_000),
        after_document=4517,
        device=str(IDENTITY),
        who="Иванова А.",
        is_overdue=False,
    )
    return replace(case, **more)  # type: ignore[arg-type]


def waiting_case() -> Case:
    """The register is away: the program decides by itself when it is back."""
    case = sale_case("0A2M9Q4T1V8XAB3C", "10469")
    away = "ККТ не отвечает. ККТ не отвечает, чек не отправлен (COM5)."
    after = (
        "Решать ничего не нужно: программа прочитает ФН и решит сама, как только ККТ ответит, – при запуске, перед"
        " каждой продажей и по «Разобрать». До этого на этой ККТ ничего не печатается. Проверьте питание и кабель."
    )
    return replace(case, story=(case.story[0], away, after), choices=(), code="device_unreachable")


def lost_case() -> Case:
    """The register was replaced: a person finds the receipt on paper, by its code."""
    case = sale_case("9B2M9Q4T1V8XAB3C", "10472")
    choice = Choice(
        "lost_made", Verdict.MADE, "Чек есть: он в ОФД или на бумаге",
        "Заказ 10472 считается пробитым тем чеком, чей QR-код вы введёте: ФН, сумма и вид сверяются с журналом.",
        "posapp resolve …", needs_why=True, asks=("qr", "receipt_number"),
    )  # fmt: skip
    return replace(case, choices=(choice,))


def alarm(case: Case, minutes: int = 6) -> Alarm:
    """What the other screens know of a case."""
    age = timedelta(minutes=minutes)
    owner = "person" if case.choices else "program"
    return Alarm(case.key, case.kind, case.order_number, case.device, NOW - age, age, owner, age > timedelta(minutes=5))


def difference(code: str = "portal_undone", **more: object) -> Difference:
    """One thing on which two witnesses do not agree."""
    made = Difference(
        code,
        Move.MANAGER,
        "10457",
        "7K2M9Q4T1V8XAB3C",
        4518,
        Money(248_000),
        facts={"what": Phrase("оплата", "payment"), "count": 2, "documents": "ФД 4518, 4519", "why": "нет права"},
    )
    return replace(made, **more)  # type: ignore[arg-type]


def healthy(*more: doctor_verdicts.Verdict) -> doctor.Report:
    """A till on which nothing is wrong but `more`."""
    good = (
        fine("register", "link", "link_baud", port="COM3", link="v1", baud=115_200),
        fine("register", "paper"),
        fine("register", "document"),
        fine("register", "shift", "shift_open", number=214, hours=4, minutes=12),
        fine("storage", "life", "storage", days=214, day="14.06.2027"),
        fine("ofd", "unsent", "ofd"),
        fine("till", "disk", free=48_213),
    )
    told = {(each.device, each.matter) for each in more}
    kept = [each for each in good if (each.device, each.matter) not in told]
    order = ["register", "storage", "ofd", "till", "portal", "gateway"]
    verdicts = sorted([*kept, *more], key=lambda each: order.index(each.device))
    return doctor.Report(NOW, tuple(verdicts), date(2027, 6, 14))


def reconciled(*differences: Difference, why: str = "close", **more: object) -> LastReconciled:
    """The last reconciliation, an hour ago."""
    report = ReconcileReport(
        since=NOW - timedelta(hours=6),
        until=None,
        at=NOW - timedelta(hours=1),
        checked={"journal": 84, "storage": 84, "portal": 84},
        differences=differences,
        not_checked=(NotChecked("ofd", Phrase("не настроен", "not set up"), is_trouble=False),),
    )
    return LastReconciled(replace(report, **more), why)  # type: ignore[arg-type]


def place(name: str = "local", minutes: int = 12, **more: object) -> PlaceState:
    """A place with a sound copy."""
    at = NOW - timedelta(minutes=minutes)
    made = PlaceState(name, Path("/media/stick/posapp"), at, 34, 2_000_000, at, True, None)
    return replace(made, **more)  # type: ignore[arg-type]


def copies(*places: PlaceState, **more: object) -> keeping.State:
    """How the copies are."""
    shown = places or (place(), place("second", 40))
    made = keeping.State(shown, NOW - timedelta(hours=3), None, Unsent(0, 0, 0), len(shown) > 1)
    return replace(made, **more)  # type: ignore[arg-type]


def report(**more: object) -> Report:
    """What a restore came to."""
    made = Report(
        from_copy="journal-2026-11-21.sqlite",
        copy_at="2026-11-21T10:00:00+00:00",
        base="copy",
        adopted=({"document": 4517}, {"document": 4518}),
        salvaged={"receipts": 3},
        lost=(),
        unreadable=0,
        waiting=(),
        aside="/var/lib/posapp/damaged-20261121",
    )
    return replace(made, **more)  # type: ignore[arg-type]


class FakeDesk:
    """Says what a test put into it and writes down what it was asked."""

    def __init__(self) -> None:
        self.cashier = "Иванова А."
        self.till = "Касса 1"
        self.terminal = ""
        self.scan_rules = ScanRules()
        self.scanner: Callable[[ScannerNews], None] | None = None
        self.terminal_asked: Terminal | None = None
        self.is_training = False
        self.language = "ru"
        self.views: dict[str, OrderView] = {}
        self.asked: list[tuple[object, ...]] = []
        self.proof: PullResult | None = None
        self.shift = Shift(ShiftState.OPEN, 214, 84)
        self.trouble: PosError | None = None
        self.is_lost = False
        self.is_away = False  # the register is switched off
        self.sell_result: Callable[[OrderView, Money, Money], ReceiptView] | None = None
        self.sell_error: BaseException | None = None
        self.refreshed: OrderView | None = None
        self.is_rule_due = False
        self.closes: CloseAdvice | None = None
        self.outbox = OutboxStrip(0, None, None, 0, 0, False, None)
        self.rows: list[SyncRow] = []
        self.retried: list[int] = []
        self.waiting: list[Case] = []
        self.age_minutes = 3
        self.last_reconciled: LastReconciled | None = None
        self.copies_state = copies()
        self.report = healthy()
        self.climb_error: PosError | None = None
        self.on_decide: Callable[[], None] = lambda: None
        self.codes: dict[str, tuple[int, ...]] = {}  # what may be scanned, and the lines that it may belong to
        self.needed: tuple[int, ...] = ()
        self.answers: dict[str, CodeAnswer] = {}
        self.day_report: DayReport | None = None
        self.refundable: Found | None = None
        self.fee_policy = KEEP_THE_FEE
        self.refuse_error: PosError | None = None
        self.cash = Money(1_270_000)
        self.cash_error: PosError | None = None
        self.recover_error: PosError | None = None
        self.decide_error: PosError | None = None

    def add(self, *views: OrderView) -> None:
        for each in views:
            self.views[each.order.number] = each

    def find(self, text: str) -> OrderView:
        self.asked.append(("find", text))
        if text not in self.views:
            raise SaleError("unknown_order", order=text)
        return self.views[text]

    def scan(self, text: str, typed: str, order_id: int | None) -> OrderView | CodeRead:
        if text in self.codes:
            return CodeRead(parse_marking(text), () if order_id is None else self.codes[text])
        if text == "cut":
            raise BadMarking("код оборван: нет проверочной части", 31)
        return self.find(text)

    def needed_codes(self, order_id: int) -> tuple[int, ...]:
        return self.needed

    def ask_codes(self, codes: Sequence[MarkingCode]) -> tuple[CodeAnswer, ...]:
        self.asked.append(("ask_codes", *(each.identity for each in codes)))
        return tuple(self.answers.get(each.text, CodeAnswer(each.identity, Said.ALLOWED)) for each in codes)

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

    def route_proof(self) -> PullResult | None:
        return self.proof

    def changes_seen(self, order_id: int) -> OrderView:
        self.asked.append(("changes_seen", order_id))
        (number,) = [key for key, each in self.views.items() if each.order.order_id == order_id]
        self.views[number] = replace(self.views[number], changes=(), left_at=None)
        return self.views[number]

    def sell(
        self,
        order_id: int,
        cash: Money,
        card: Money,
        way: Way = Way.FULL,
        payment_id: int | None = None,
        codes: SaleCodes | None = None,
        part: Part | None = None,
        shipment_id: int | None = None,
        terminal: Terminal | None = None,
    ) -> ReceiptView:
        self.terminal_asked = terminal
        said: tuple[object, ...] = () if way is Way.FULL else (way, payment_id)
        if codes is not None and (codes.by_line or codes.without):
            said = (*said, codes)
        if part is not None:
            said = (*said, part.refused, part.why)
        self.asked.append(("sell", order_id, cash, card, *said))
        before = self.view(order_id)
        if self.sell_error is not None:
            raise self.sell_error
        if self.sell_result is not None:
            return self.sell_result(before, cash, card)
        made = fiscalized(receipt_of(before.order, cash, card, is_training=self.is_training))
        lights = Lights(green("ФД 4518"), amber(), amber(), amber())
        self.views[before.order.number] = replace(before, receipts=(made,), lights=lights)
        return made

    def preview_refusal(self, order_id: int, refused: Sequence[RefusedLine]) -> HandedOver:
        it = self.view(order_id).order
        return handed_over(it, refused, self.fee_policy, "–", self.cashier, is_prepaid=it.is_paid)

    def refuse_order(self, order_id: int, why: str) -> None:
        self.asked.append(("refuse_order", order_id, why))
        if self.refuse_error is not None:
            raise self.refuse_error

    def find_refund(self, text: str) -> Found:
        self.asked.append(("find_refund", text))
        if self.refundable is None:
            raise SaleError("refund_nothing", what=f"чека {text} на этой кассе нет")
        return self.refundable

    def preview_refund(self, found: Found, lines: Mapping[int, Quantity]) -> Proposal:
        made = refund_of(
            found.original.receipt, found.original.basis, lines, SELLER, identity=UUID(int=0), now=NOW,
            earlier=found.left.refunds,
        )  # fmt: skip
        return Proposal(made.total, made.tenders)

    def refund(self, found: Found, lines: Mapping[int, Quantity], senior: str) -> ReceiptView:
        self.asked.append(("refund", found.original.basis.document_number, dict(lines), senior))
        if self.sell_error is not None:
            raise self.sell_error
        made = refund_of(
            found.original.receipt, found.original.basis, lines, SELLER, identity=UUID(int=9), now=NOW,
            earlier=found.left.refunds,
        )  # fmt: skip
        return fiscalized(made, 4520)

    def refund_seen(self, receipt: ReceiptView) -> None:
        self.asked.append(("refund_seen", receipt.receipt.key))

    def recover(self) -> list[Recovered]:
        self.asked.append(("recover",))
        if self.is_away:
            raise Unreachable("device_unreachable", port="COM5")
        if self.recover_error is not None:
            raise self.recover_error
        return []

    def cases(self, language: str) -> list[Case]:
        self.asked.append(("cases", language))
        return list(self.waiting)

    def decide(self, key: str, choice: str, who: str, why: str, answers: dict[str, str], language: str) -> Resolved:
        self.asked.append(("decide", key, choice, who, why, answers))
        if self.decide_error is not None:
            raise self.decide_error
        self.on_decide()
        self.waiting = [each for each in self.waiting if each.key != key]
        words = f"Чек {key} – не напечатан, его можно пробить снова."
        return Resolved(key, "pending", words)

    def alarms(self) -> list[Alarm]:
        return [alarm(case, self.age_minutes) for case in self.waiting]

    def reconcile(self, days: int | None, watch: Watch[ReconcileProgress]) -> LastReconciled | None:
        return self._reconcile(("reconcile", days), watch)

    def reconcile_at_start(self, watch: Watch[ReconcileProgress]) -> LastReconciled | None:
        return self._reconcile(("at_start",), watch)

    def reconcile_after_close(self, watch: Watch[ReconcileProgress]) -> LastReconciled | None:
        return self._reconcile(("after_close",), watch)

    def _reconcile(self, what: tuple[object, ...], watch: Watch[ReconcileProgress]) -> LastReconciled | None:
        self.asked.append(what)
        watch.tell(ReconcileProgress("storage", 40, 84))
        return None if watch.is_stopped() else self.last_reconciled

    def reconciled(self) -> LastReconciled | None:
        return self.last_reconciled

    def examine(self) -> doctor.Report:
        self.asked.append(("examine",))
        return self.report

    def climb(self, rung: str) -> doctor.Report:
        self.asked.append(("climb", rung))
        if self.climb_error is not None:
            raise self.climb_error
        return self.report

    def copies(self) -> keeping.State:
        return self.copies_state

    def copy_now(self) -> keeping.State:
        self.asked.append(("copy_now",))
        return self.copies_state

    def try_copies(self) -> keeping.State:
        self.asked.append(("try_copies",))
        return self.copies_state

    def listen(self, heard: Callable[[ScannerNews], None]) -> None:
        self.scanner = heard

    def find_register(self) -> RegisterView:
        self.asked.append(("find_register",))
        self.is_away = self.is_lost
        return self.register()

    def register(self) -> RegisterView:
        if self.is_away:
            gone = Unreachable("device_unreachable", port="COM5")
            return RegisterView(None, None, None, 84, Money(12_845_000), gone, self.is_training)
        opened = NOW - timedelta(hours=6, minutes=12) if self.shift.state is not ShiftState.CLOSED else None
        sums = (84, Money(12_845_000))
        return RegisterView(IDENTITY, self.shift, opened, *sums, self.trouble, self.is_training, closes=self.closes)

    def open_shift(self) -> RegisterView:
        self.asked.append(("open_shift",))
        self.shift = Shift(ShiftState.OPEN, self.shift.number + 1)
        return self.register()

    def close_shift(self) -> RegisterView:
        self.asked.append(("close_shift",))
        self.shift = Shift(ShiftState.CLOSED, self.shift.number)
        return self.register()

    def close_shift_if_due(self) -> RegisterView | None:
        if not self.is_rule_due:
            return None
        self.is_rule_due = False
        return self.close_shift()

    def day(self) -> DayReport | None:
        return self.day_report

    def begin_day(self, courier: str, float_taken: Money) -> DayReport:
        self.asked.append(("begin_day", courier, float_taken))
        raise SaleError("day_open", courier=courier, at="08:02", id=1)

    def hand_in(self, counted: Money, received_by: str, why: str) -> DayReport:
        self.asked.append(("hand_in", counted, received_by, why))
        raise SaleError("day_unfinished", orders="10457")

    def drawer(self) -> Money:
        return self.cash

    def move_cash(self, kind: str, amount: Money) -> Money:
        self.asked.append((kind, amount))
        if self.cash_error is not None:
            raise self.cash_error
        self.cash = self.cash + amount if kind == "cash_in" else self.cash - amount
        return self.cash

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

    def log_detail(self, row_id: int) -> SyncDetail:
        self.asked.append(("log_detail", row_id))
        row = next(each for each in self.rows if each.row_id == row_id)
        answer = '{"error": "200040300020", "error_description": "Access denied"}' if row.code else '{"result": true}'
        remedy = "Администратору: дать вебхуку право «Отгрузки» и нажать «Повторить»." if row.code else ""
        return SyncDetail(row, '{"id": 7, "fields": {"deducted": "Y"}}', answer, True, row.reason, remedy)

    def budget(self) -> BudgetView:
        return BudgetView(2.0, 0.3, 12, 3, 3, 240.0, False, NOW)

    def retry(self, entry: int) -> None:
        self.retried.append(entry)
