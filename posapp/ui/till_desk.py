"""The use cases as the window calls them, each on its own lane (see `posapp.ui.desk.Desk`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from posapp.domain.checkout import Terms, refuse_unfit
from posapp.domain.marking import MarkingCode
from posapp.domain.money import Money, Quantity
from posapp.domain.offers import Way
from posapp.domain.order import Order
from posapp.domain.partial import HandedOver, RefusedLine, handed_over
from posapp.domain.refund import refund_of
from posapp.errors import JournalError, SaleError
from posapp.lanes import Lanes
from posapp.till import (
    card,
    counters,
    courier_day,
    doctor,
    doorstep,
    exchange,
    keeping,
    ladder,
    marked_goods,
    orders,
    reconcile,
    recover,
    refund,
    register,
    resolve,
    route,
    sale,
    shift,
    shift_rule,
    sync_log,
)
from posapp.till.card import CardPay
from posapp.till.code_views import CodeAnswer, CodeRead
from posapp.till.context import Till
from posapp.till.courier_day import DayReport
from posapp.till.order_load import Loader
from posapp.till.readings import Here, OnLanes, Stopped, Tell, Where
from posapp.till.reconcile_views import LastReconciled, ReconcileProgress, ReconcileReport
from posapp.till.shift import ShiftReport
from posapp.till.sync_views import BudgetView, SyncDetail
from posapp.till.views import (
    Alarm,
    Case,
    DeliverReport,
    OrderRow,
    OrderView,
    OutboxStrip,
    PullResult,
    ReceiptView,
    Recovered,
    RegisterView,
    Resolved,
    SyncRow,
)
from posapp.ui.desk import SaleCodes, ScannerNews, Terminal, Watch
from posapp.ui.refunder import names_receipt
from posapp.ui.refunding import Found, Proposal
from posapp.ui.refusal import Part


class DeskOfTill:
    """A till that is open, for the window.

    `lanes` are those of the window: long work runs aside and asks register and portal there, page by page.
    """

    def __init__(self, till: Till, lanes: Lanes | None = None) -> None:
        self._till, self._lanes = till, lanes
        self._seen: sale.Sold | None = None  # the refund whose answer is being shown
        self._loader = Loader(till)
        self.cashier = till.settings.cashier
        self.terminal = till.settings.terminal.model if till.settings.terminal is not None else ""
        self.till = till.settings.till
        self.scan_rules = till.scan_rules
        self.is_training = till.settings.is_training
        self.language = till.settings.language

    def listen(self, heard: Callable[[ScannerNews], None]) -> None:
        """The scanner at its own port."""
        if self._till.scanner is not None:
            self._till.scanner.start(heard)

    def find(self, text: str) -> OrderView:
        """The order on board."""
        return orders.view(self._till, orders.find(self._till, text))

    def refresh(self, order_id: int) -> OrderView | None:
        """The order read again; None when the portal is away."""
        fresh = exchange.refresh(self._till, self._order(order_id))
        return None if fresh is None else orders.view(self._till, fresh)

    def view(self, order_id: int) -> OrderView:
        """The order as the journal has it."""
        return orders.view(self._till, self._order(order_id))

    def _order(self, order_id: int) -> Order:
        order = self._till.journal.order_by_id(self._till.portal, order_id)
        if order is None:
            raise SaleError("unknown_order", order=order_id)
        return order

    def orders(self, search: str) -> list[OrderRow]:
        """Orders on board."""
        return orders.rows(self._till, search)

    def route(self) -> list[OrderRow]:
        """The courier's orders."""
        return orders.route(self._till)

    def route_proof(self) -> PullResult | None:
        """How complete the route is."""
        proof = route.proof(self._till)
        return None if proof is None else PullResult(proof.expected, proof.on_board, 0, proof.at)

    def changes_seen(self, order_id: int) -> OrderView:
        """A person has seen what changed."""
        order = self._order(order_id)
        doorstep.seen(self._till, order)
        return orders.view(self._till, order)

    def scan(self, text: str, typed: str, order_id: int | None) -> OrderView | CodeRead:
        """An order, or a code for the open one."""
        found = orders.on_board(self._till, text)
        if found is not None:
            return orders.view(self._till, found)
        read = marked_goods.read(self._till, None if order_id is None else self._order(order_id), typed)
        return self.find(text) if read is None else read

    def needed_codes(self, order_id: int) -> tuple[int, ...]:
        """Lines of goods that were sold by code before."""
        return marked_goods.needed(self._till, self._order(order_id))

    def ask_codes(self, codes: Sequence[MarkingCode]) -> tuple[CodeAnswer, ...]:
        """What the marking system says."""
        return marked_goods.ask(self._till, codes)

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
        """One settlement, one receipt."""
        till, order = self._till, self._order(order_id)
        by_line = {} if codes is None else codes.by_line
        if codes is not None:
            marked_goods.refuse_missing(till, order, by_line, codes.without, () if part is None else part.refused)
            marked_goods.note_unmarked(till, order, codes.without)
        doorstep.require_seen(till, order, is_told=False)
        tenders, terms = sale.tenders_of(cash, card), Terms(way, payment_id, shipment_id=shipment_id)
        if part is not None:
            terms = replace(terms, refused=part.refused, why=part.why)
        pay = CardPay(card, terminal.rrn, said=terminal.said) if terminal is not None else None
        sold = sale.sell(till, order, tenders, codes=by_line, terms=terms, pay=pay).view
        with suppress(JournalError):  # the receipt is there; what is not remembered is asked for once more
            marked_goods.learn(till, order, by_line)
        self._afterwards(counters.settle)
        return sold

    def preview_refusal(self, order_id: int, refused: Sequence[RefusedLine]) -> HandedOver:
        """What is handed over when these lines are refused."""
        till, order = self._till, self._order(order_id)
        refuse_unfit(order)
        return handed_over(order, refused, till.fee_policy, "–", till.who or "–", is_prepaid=order.is_paid)

    def refuse_order(self, order_id: int, why: str) -> None:
        """The customer takes nothing."""
        courier_day.refuse(self._till, self._order(order_id), why)

    def find_refund(self, text: str) -> Found:
        """The receipt to be taken back."""
        till = self._till
        if names_receipt(text):
            wanted = refund.Wanted(qr=text)
        elif till.journal.receipt(text.strip().upper()) is not None:
            wanted = refund.Wanted(key=text)
        elif (order := orders.on_board(till, text)) is not None or not text.strip().isdecimal():
            wanted = refund.Wanted(order=text.strip() if order is None else order.number)
        else:
            wanted = refund.Wanted(document=int(text.strip()))
        original = refund.found(till, wanted)
        return Found(original, refund.left(till, original))

    def preview_refund(self, found: Found, lines: Mapping[int, Quantity]) -> Proposal:
        """What it comes to; the till makes the receipt itself when it is asked to."""
        till, original = self._till, found.original
        now, nobody = till.now().replace(microsecond=0), UUID(int=0)
        made = refund_of(
            original.receipt, original.basis, lines, till.seller, identity=nobody, now=now, earlier=found.left.refunds
        )
        return Proposal(made.total, made.tenders)

    def refund(self, found: Found, lines: Mapping[int, Quantity], senior: str) -> ReceiptView:
        """Prints it."""
        begun = found.left.begun
        tenders = None if begun is None else begun.receipt.tenders
        given: dict[int, Quantity | None] = dict(lines)
        done = refund.refund(self._till, found.original, given, tenders, override=senior)
        self._seen = done
        self._afterwards(counters.settle)
        return done.view

    def refund_seen(self, receipt: ReceiptView) -> None:
        """The person has seen it."""
        if self._seen is not None and self._seen.view.receipt.key == receipt.receipt.key:
            refund.told(self._till, self._seen)

    def _afterwards(self, look: Callable[[Till], object]) -> None:
        """A look at the register behind what the lane has to do now: nobody waits for it, nothing fails by it."""
        if self._lanes is not None:
            with suppress(RuntimeError):  # the window is being closed: the next start looks
                self._lanes.device.submit(look, self._till)

    def recover(self) -> list[Recovered]:
        """What became of the receipts under way."""
        recovered = recover.recover(self._till)
        card.ask_all(self._till)  # a charge that was under way when the program ended
        self._afterwards(counters.look)
        return recovered

    def cases(self, language: str) -> list[Case]:
        """What waits for a decision, after everything was decided that can be proven."""
        return resolve.cases(self._till, language)

    def decide(self, key: str, choice: str, who: str, why: str, answers: dict[str, str], language: str) -> Resolved:
        """A person's decision."""
        return resolve.decide(self._till, key, choice, who, why, answers, language)

    def alarms(self) -> list[Alarm]:
        """What waits, from the journal alone."""
        return resolve.alarms(self._till)

    def reconcile(self, days: int | None, watch: Watch[ReconcileProgress]) -> LastReconciled | None:
        """Compares journal, register, portal and OFD, for a person."""
        since = None if days is None else self._till.now() - timedelta(days=days)
        return self._reconciled(lambda tell, where: reconcile.run(self._till, since, None, tell, where=where), watch)

    def reconcile_at_start(self, watch: Watch[ReconcileProgress]) -> LastReconciled | None:
        """What is new since the last good reconciliation."""
        return self._reconciled(lambda tell, where: reconcile.at_start(self._till, tell, where=where), watch)

    def reconcile_after_close(self, watch: Watch[ReconcileProgress]) -> LastReconciled | None:
        """The shift that was just closed."""
        return self._reconciled(lambda tell, where: reconcile.after_close(self._till, tell, where=where), watch)

    def _reconciled(
        self, job: Callable[[Tell, Where], ReconcileReport | None], watch: Watch[ReconcileProgress]
    ) -> LastReconciled | None:
        def tell(progress: ReconcileProgress) -> None:
            if watch.is_stopped():
                raise Stopped
            watch.tell(progress)

        try:
            report = job(tell, OnLanes(self._lanes) if self._lanes is not None else Here())
        except Stopped:
            return None
        return self.reconciled() if report is not None else None

    def reconciled(self) -> LastReconciled | None:
        """The last reconciliation."""
        return reconcile.last(self._till)

    def register(self) -> RegisterView:
        """The register now, and when to close its shift."""
        seen = register.view(self._till)
        return replace(seen, closes=shift_rule.advice_for(self._till, seen.shift, seen.shift_opened_at))

    def find_register(self) -> RegisterView:
        """The register, looked for at every port because a person wants it."""
        register.find_again(self._till)
        return self.register()

    def examine(self) -> doctor.Report:
        """The self-check."""
        return doctor.examine(self._till)

    def climb(self, rung: str) -> doctor.Report:
        """One rung of the ladder, then the self-check."""
        ladder.climb(self._till, ladder.Rung(rung))
        return self.examine()

    def open_shift(self) -> RegisterView:
        """Opens the shift."""
        shift.open_shift(self._till)
        return self.register()

    def close_shift(self) -> RegisterView:
        """Closes the shift."""
        shift.close_shift(self._till)
        return self.register()

    def close_shift_if_due(self) -> RegisterView | None:
        """The shop's rule for its shift."""
        if not shift_rule.is_time(self._till):
            return None
        return self.register() if isinstance(shift_rule.close_if_due(self._till), ShiftReport) else None

    def day(self) -> DayReport | None:
        """The courier's day."""
        try:
            return courier_day.find(self._till, None)
        except SaleError:
            return None

    def begin_day(self, courier: str, float_taken: Money) -> DayReport:
        """The float is taken."""
        return courier_day.begin(self._till, courier, float_taken)

    def hand_in(self, counted: Money, received_by: str, why: str) -> DayReport:
        """The cash is handed in."""
        return courier_day.hand_in(self._till, counted, received_by, why)

    def drawer(self) -> Money:
        """Cash in the drawer."""
        return shift.status(self._till).totals.drawer

    def move_cash(self, kind: str, amount: Money) -> Money:
        """Cash in or out."""
        act = {"cash_in": shift.cash_in, "cash_out": shift.cash_out}[kind]
        return act(self._till, amount).totals.drawer

    def x_report(self) -> None:
        """Prints the X report."""
        shift.x_report(self._till)

    def copies(self) -> keeping.State:
        """Where the copies of the journal are, and how old."""
        return keeping.state(self._till)

    def copy_now(self) -> keeping.State:
        """A copy to every place, tried at once."""
        keeping.keep_copies(self._till, force=True)
        return self.copies()

    def try_copies(self) -> keeping.State:
        """Restores the newest copy of every place for a trial."""
        for place_state in self.copies().places:
            if place_state.newest_at is not None:
                keeping.try_newest(self._till, place_state.name)
        return self.copies()

    def strip(self) -> OutboxStrip:
        """What is not yet sent."""
        return exchange.strip(self._till)

    def sync_now(self, *, force: bool = False) -> DeliverReport:
        """Delivers and pulls; this is also the quiet moment for looking after the journal."""
        keeping.check_if_due(self._till)
        keeping.back_up_if_due(self._till)
        return exchange.sync(self._till, force=force, loader=self._loader)[0]

    def pull(self) -> PullResult:
        """Brings orders on board."""
        found = exchange.pull(self._till, steps=exchange.ROUND_STEPS, loader=self._loader)
        doorstep.leave_with_deliveries(self._till)
        if self._till.settings.route is not None:
            route.prove(self._till)
            route.take(self._till)
        return found

    def log(self, chip: str, search: str, before: int | None) -> list[SyncRow]:
        """A page of the sync log."""
        return sync_log.page(self._till, chip, search, before)

    def log_counts(self) -> dict[str, int]:
        """The numbers beside the filters."""
        return sync_log.counts(self._till)

    def log_detail(self, row_id: int) -> SyncDetail:
        """A row with its request and answer."""
        return sync_log.detail(self._till, row_id, self.language)

    def budget(self) -> BudgetView:
        """How fast the portal may be asked."""
        return sync_log.budget(self._till)

    def retry(self, entry: int) -> None:
        """Makes an entry due now."""
        exchange.retry(self._till, entry)
