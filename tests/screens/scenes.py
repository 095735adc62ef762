"""Every screen in its telling states. `python -m tests.screens.scenes FOLDER` writes them as pictures."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

if sys.platform.startswith("linux") and (__name__ == "__main__" or not os.environ.get("DISPLAY")):
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtWidgets import QApplication

from posapp.domain.fiscal import Shift, ShiftState
from posapp.domain.money import Money
from posapp.domain.order import Buyer
from posapp.domain.settlement import State
from posapp.domain.shift_hours import CloseAdvice, CloseReason
from posapp.errors import JournalError, OutcomeUnknown, Refused, ResolveNeeded, SaleError, Unreachable
from posapp.till.own_documents import Waiting
from posapp.till.reconcile_views import Move, ReconcileProgress
from posapp.till.sync_views import SyncDetail
from posapp.till.views import Case, Lights, OrderView, OutboxStrip, ReceiptView
from posapp.ui.draft import Method
from posapp.ui.service_screen import LookSettings
from posapp.ui.start import make_application, make_window
from posapp.ui.window import Window
from tests.screens import changed, days, door, marked, refunds, ways
from tests.screens.doctors import DOCTOR_SCENES, doctor_stopped
from tests.screens.shop import desk_of_the_day, open_order, window_on
from tests.ui.desks import (
    NOW,
    FakeDesk,
    copies,
    difference,
    fiscalized,
    green,
    line,
    lost_case,
    order,
    place,
    rates_of,
    receipt_of,
    reconciled,
    red,
    report,
    sale_case,
    sync_row,
    view,
    waiting_case,
)

Scene = Callable[[], Window]


def orders() -> Window:
    return window_on(desk_of_the_day())


def orders_empty() -> Window:
    return window_on(FakeDesk())


def order_open() -> Window:
    return open_order(desk_of_the_day())


def order_long() -> Window:
    desk = desk_of_the_day()
    name = "Кофемашина автоматическая «Северное сияние Профессионал Плюс» с капучинатором, 15 бар"
    goods = tuple(line(f"{name} №{n}", 9_999_999_99 if n == 1 else 245_00 + n) for n in range(1, 40))
    desk.add(view(order(10999, goods, buyer=Buyer("Константинопольский Александр Владиславович, ИП " * 2))))
    return open_order(desk, "10999")


def cash() -> Window:
    window = open_order(desk_of_the_day())
    window.pane.choose(Method.CASH)
    for key in "3000":
        window.pane.cash.feed(key)
    return window


def cash_short() -> Window:
    window = open_order(desk_of_the_day())
    window.pane.choose(Method.CASH)
    for key in "2000":
        window.pane.cash.feed(key)
    return window


def cash_odd() -> Window:
    window = open_order(desk_of_the_day())
    window.pane.choose(Method.CASH)
    for key in "25000":
        window.pane.cash.feed(key)
    return window


def card() -> Window:
    window = open_order(desk_of_the_day())
    window.pane.choose(Method.CARD)
    return window


def mix() -> Window:
    window = cash_short()
    window.pane.choose(Method.MIX)
    return window


def printing() -> Window:
    window = cash()
    window.pane.printing(2)
    window.frame.arrange()
    return window


def receipt() -> Window:
    window = cash()
    window.pane.money.fired.emit()
    return window


def paper_out() -> Window:
    desk = desk_of_the_day()
    desk.sell_error = Refused("paper_out")
    window = open_order(desk)
    window.pane.choose(Method.CASH)
    window.pane.money.fired.emit()
    return window


def unknown() -> Window:
    desk = desk_of_the_day()
    desk.sell_error = OutcomeUnknown(key="7K2M9Q4T1V8XAB3C")
    window = open_order(desk)
    window.pane.choose(Method.CARD)
    desk.is_away = True  # the storage cannot be read yet, so the outcome stays unknown
    window.pane.money.fired.emit()
    return window


def cancelled() -> Window:
    desk = desk_of_the_day()
    desk.add(view(order(10480, is_cancelled=True), refusal=SaleError("order_cancelled", order="10480")))
    return open_order(desk, "10480")


def begun() -> Window:
    desk = desk_of_the_day()
    it = order(10481)
    started = ReceiptView(receipt_of(it, Money(300_000), Money(0)), State.REFUSED, None, None, reason="нет бумаги")
    desk.add(OrderView(it, (started,), desk.views["10457"].lights, None, rates_of(it)))
    return open_order(desk, "10481")


def looked_up() -> Window:
    desk = desk_of_the_day()
    it = order(10482)
    made = fiscalized(receipt_of(it, it.price, Money(0)), 4502)
    lights = Lights(green("ФД 4502"), green("оплата 77"), green("Выдан"), red(reason="нет права «Отгрузки»"))
    desk.add(
        OrderView(
            it, (made,), lights, SaleError("already_receipted", order="10482", document=4502, at="13:58"), rates_of(it)
        )
    )
    return open_order(desk, "10482")


def not_found() -> Window:
    return open_order(desk_of_the_day(), "99999999")


def shift_closed() -> Window:
    desk = desk_of_the_day()
    desk.shift = Shift(ShiftState.CLOSED, 214)
    return open_order(desk)


def register_dead() -> Window:
    desk = desk_of_the_day()
    desk.trouble = Unreachable("device_unreachable", port="COM5")
    return open_order(desk)


def offline() -> Window:
    desk = desk_of_the_day()
    since = NOW - timedelta(hours=2, minutes=5)
    desk.outbox = OutboxStrip(3, since, NOW + timedelta(seconds=20), 1, 3, True, since)
    return window_on(desk)


def route() -> Window:
    desk = desk_of_the_day()
    for number, each in desk.views.items():
        desk.views[number] = replace(each, order=replace(each.order, is_courier=True))
    window = window_on(desk)
    window.act("pull")
    window.go("route")
    return window


def log() -> Window:
    desk = desk_of_the_day()
    reason = "Склад не списан: у программы нет права «Отгрузки»."
    failed = {"code": "stock_rejected", "reason": reason, "entry_state": "failed", "step": "stock", "attempt": 4}
    desk.rows = [
        sync_row(999, "failed", order_number="10463", **failed),
        sync_row(998, "failed", order_number="10444", **failed),
        sync_row(
            997, "failed", code="portal_differs", reason="В Битрикс 2 480,00 ₽, в чеке 2 390,00 ₽.",
            entry_state="held", step="payment", attempt=2, order_number="10439",
        ),
        sync_row(996, "lost", order_number="10463", code="offline", reason="Битрикс не ответил за 10 с.",
                 entry_state="waiting", step="status"),
        *(sync_row(n) for n in range(995, 700, -1)),
    ]  # fmt: skip
    window = window_on(desk)
    window.go("log")
    return window


def log_all() -> Window:
    window = log()
    window.frame.log.choose_chip("all")
    return window


def service() -> Window:
    window = window_on(desk_of_the_day())
    window.act("pull")
    window.go("more")
    return window


def closing() -> Window:
    window = window_on(desk_of_the_day())
    window.act("close_shift")
    return window


def drawer() -> Window:
    window = service()
    window.act("cash_out")
    for key in "2000":
        window.frame.service.side.drawer.amount.feed(key)
    return window


def drawer_short() -> Window:
    window = service()
    window.act("cash_out")
    for key in "20000":
        window.frame.service.side.drawer.amount.feed(key)
    return window


def drawer_refused() -> Window:
    desk = desk_of_the_day()
    desk.cash_error = Refused("paper_out")
    window = window_on(desk)
    window.act("cash_in")
    for key in "3000":
        window.frame.service.side.drawer.amount.feed(key)
    window.frame.service.side.drawer.money.fired.emit()
    return window


def drawer_done() -> Window:
    window = drawer()
    window.frame.service.side.drawer.money.fired.emit()
    return window


def shift_ends() -> Window:
    """From the 22nd hour: how long is left, and the minute."""
    desk = desk_of_the_day()
    desk.closes = CloseAdvice(timedelta(minutes=80), NOW + timedelta(minutes=25), CloseReason.QUIET)
    window = open_order(desk)
    window.reports.register_known(desk.register(), None)
    return window


def counters_differ() -> Window:
    """The register counts otherwise than the journal: nothing is sold, both figures."""
    desk = desk_of_the_day()
    what = "приход, сумма: по журналу 128 450,00 ₽, в ККТ 130 930,00 ₽; приход, чеков: по журналу 84, в ККТ 85"
    desk.trouble = ResolveNeeded("counters_differ", shift=214, what=what)
    window = open_order(desk)
    window.reports.register_known(desk.register(), None)
    return window


def training() -> Window:
    desk = desk_of_the_day()
    desk.is_training = True
    return open_order(desk)


def training_cash() -> Window:
    window = training()
    window.pane.choose(Method.CASH)
    return window


def training_receipt() -> Window:
    window = training()
    window.pane.choose(Method.CASH)
    window.pane.money.fired.emit()
    return window


def _settled(scene: Scene, **changes: object) -> Scene:
    def made() -> Window:
        window = scene()
        window.settle(replace(window.settings, **changes))  # type: ignore[arg-type]
        return window

    return made


def dark_cash() -> Window:
    window = open_order(desk_of_the_day(), settings=LookSettings(theme="dark", is_muted=True))
    window.pane.choose(Method.CASH)
    for key in "2000":
        window.pane.cash.feed(key)
    return window


def large_cash() -> Window:
    window = open_order(desk_of_the_day(), settings=LookSettings(factor=2.0, is_muted=True))
    window.pane.choose(Method.CASH)
    for key in "3000":
        window.pane.cash.feed(key)
    return window


def large_receipt() -> Window:
    window = large_cash()
    window.pane.money.fired.emit()
    return window


def large_mix() -> Window:
    window = large_cash()
    window.pane.choose(Method.MIX)
    return window


def large_unknown() -> Window:
    desk = desk_of_the_day()
    desk.sell_error = OutcomeUnknown(key="7K2M9Q4T1V8XAB3C")
    window = open_order(desk, settings=LookSettings(factor=2.0, is_muted=True))
    window.pane.choose(Method.CARD)
    desk.is_away = True
    window.pane.money.fired.emit()
    return window


def log_request() -> Window:
    """A request that was declined, whole: what was asked, what was answered, what to do."""
    window = log()
    row = replace(window.frame.log.model.rows[0], receipt="7K2M9Q4T1V8XAB3C", http=403, method="sale.shipment.update")
    request = (
        '{"id": 7310, "fields": {"allowDelivery": "Y", "deliveryId": 2, "priceDelivery": 0, "responsibleId": 5,'
        ' "comments": "•••", "deliveryDocNum": "4518", "deducted": "Y"}}'
    )
    answer = '{"error": "200040300020", "error_description": "Пользователь ••• не имеет права изменять отгрузку"}'
    remedy = "Администратору: дать вебхуку право «Отгрузки» в Битрикс, затем «Повторить»."
    window.frame.log.show_detail(SyncDetail(row, request, answer, True, row.reason, remedy))
    return window


def large_log_row() -> Window:
    window = _settled(log, factor=2.0)()
    window.frame.log.table.opened.emit(0)
    return window


def training_service() -> Window:
    window = training()
    window.go("more")
    return window


def desk_with_cases(*cases: Case, minutes: int = 3) -> FakeDesk:
    desk = desk_of_the_day()
    desk.waiting, desk.age_minutes = list(cases), minutes
    return desk


def resolve() -> Window:
    window = window_on(desk_with_cases(sale_case(), waiting_case()))
    window.go("resolve")
    return window


def resolve_stop() -> Window:
    """The stop before a decision: its consequence, who and why."""
    window = resolve()
    window.frame.resolve.side.choose(sale_case().choices[1])
    return window


def resolve_ready() -> Window:
    window = resolve_stop()
    window.frame.resolve.side.stop.why.setText("На бумаге чека нет")
    return window


def resolve_waiting() -> Window:
    window = window_on(desk_with_cases(waiting_case()))
    window.go("resolve")
    return window


def resolve_overdue() -> Window:
    """Seen from the list of orders: the head and the foot say that a case waits for too long."""
    return window_on(desk_with_cases(sale_case(is_overdue=True), minutes=125))


def resolve_lost() -> Window:
    """The paper's code is asked for."""
    window = window_on(desk_with_cases(lost_case()))
    window.go("resolve")
    window.frame.resolve.side.choose(lost_case().choices[0])
    return window


def resolve_empty() -> Window:
    window = window_on(desk_of_the_day())
    window.go("resolve")
    return window


def resolve_done() -> Window:
    window = resolve_ready()
    window.frame.resolve.side.decide.click()
    return window


def give_up() -> Window:
    """A begun receipt on the desk."""
    window = begun()
    window.act("begun")
    return window


def needs_person() -> Window:
    """The storage was read and proves nothing."""
    desk = desk_with_cases(sale_case(number="10457"))
    why = "ФД 4518 не читается целиком, а сумма совпадает"
    desk.sell_error = ResolveNeeded("resolve_needed", why=why, key="7K2M9Q4T1V8XAB3C")
    window = open_order(desk)
    window.pane.choose(Method.CARD)
    desk.recover_error = desk.sell_error
    window.pane.money.fired.emit()
    window.act("recover")
    return window


def large_resolve_right() -> Window:
    window = _settled(resolve, factor=2.0)()
    window.frame.resolve.decide.click()
    return window


def large_resolve_stop() -> Window:
    window = large_resolve_right()
    window.frame.resolve.side.choose(sale_case().choices[1])
    return window


def desk_with_differences() -> FakeDesk:
    desk = desk_of_the_day()
    desk.last_reconciled = reconciled(
        difference("two_documents", order="10466", document_number=4519),
        difference("portal_undone", order="10463"),
        difference("storage_unknown_ours", order="10440", document_number=4490),
        difference("portal_waits", move=Move.PROGRAM, order="10472", document_number=None),
    )
    return desk


def reconcile() -> Window:
    window = window_on(desk_with_differences())
    window.go("reconcile")
    return window


def reconcile_good() -> Window:
    desk = desk_of_the_day()
    desk.last_reconciled = reconciled()
    window = window_on(desk)
    window.go("reconcile")
    return window


def reconcile_running() -> Window:
    window = reconcile()
    reconciler = window.reconciler
    assert reconciler is not None
    reconciler.is_running, reconciler.progress = True, ReconcileProgress("storage", 40, 84)
    window.backroom.show_reconciled()
    return window


def reconcile_found() -> Window:
    """After the shift was closed."""
    window = window_on(desk_with_differences())
    window.act("close_shift")
    window.frame.service.side.banner.button.click()
    return window


def service_safety() -> Window:
    """Differences, a second place that is away."""
    desk = desk_with_differences()
    away = JournalError("backup_away", folder="/media/stick/posapp", what="нет такого каталога")
    desk.copies_state = copies(place(), place("second", 1560, trouble=away))
    window = window_on(desk)
    window.go("more")
    window.frame.service.copies.try_copy.setFocus()
    return window


def large_reconcile_row() -> Window:
    window = _settled(reconcile, factor=2.0)()
    window.frame.reconcile.table.opened.emit(0)
    return window


def restore() -> Window:
    """The journal could not be opened."""
    window = starting()
    window.not_attached(JournalError("journal_damaged", what="страница 7 не читается"))
    return window


def large_restore_right() -> Window:
    window = _settled(restore, factor=2.0)()
    window.frame.restore.next.click()
    return window


def restore_running() -> Window:
    window = restore()
    window.frame.restore.side.why.setText("Сломался диск или выключили питание")
    window.restore_progressed(("storage", 120, 480))
    return window


def restore_done() -> Window:
    window = restore_running()
    window.restored(report())
    return window


def restore_waits() -> Window:
    window = restore_running()
    window.restored(report(waiting=(Waiting("ККТ не отвечает: ФН не прочитан"),)))
    return window


ENGLISH = LookSettings(language="en", is_muted=True)


def english_resolve() -> Window:
    words = (
        ("FD 4518 is our receipt", "Order 10466 counts as receipted by FD 4518: mark, payment, status and stock go to "
         "Bitrix. Nothing is printed. If FD 4518 is another program's, the customer has no receipt."),
        ("Not made: FD 4518 – another program's", "The receipt of order 10466 becomes “not printed”: it can be "
         "printed, with the same key; nothing prints it by itself. If it was printed after all, the order gets two "
         "receipts and one has to be refunded."),
    )  # fmt: skip
    case = sale_case(
        title="The receipt of order 10466: outcome not proven",
        story=(
            "21.11 13:59:09, till 1 (Ivanova A.) sent the receipt of order 10466: sale, 2,480.00 ₽, card 2,480.00 ₽. "
            "Try 1: KKT 0106300123456, FN 9999078900001234, the last document before it was FD 4517.",
            "After FD 4517 the storage holds: FD 4518 – receipt, sale, 2,480.00 ₽, 13:59:12, cannot be read whole: "
            "whose it is is not seen.",
            "The program cannot prove it: FD 4518 – same kind, same total, not readable as a whole. A person decides: "
            "look at the paper receipt or the tape of that time. Until then nothing is printed on this register.",
        ),
        choices=tuple(
            replace(choice, words=said, consequence=then)
            for choice, (said, then) in zip(sale_case().choices, words, strict=True)
        ),
    )
    window = window_on(desk_with_cases(case), ENGLISH)
    window.go("resolve")
    return window


def english_resolve_stop() -> Window:
    window = english_resolve()
    case = window.frame.resolve.case
    assert case is not None
    window.frame.resolve.side.choose(case.choices[1])
    return window


def english_give_up() -> Window:
    window = _settled(begun, language="en")()
    window.act("begun")
    return window


def help_page() -> Window:
    window = window_on(desk_of_the_day())
    window.go("help")
    return window


def starting() -> Window:
    """Before there is a desk."""
    make_application()
    window = make_window(LookSettings(is_muted=True), lambda: NOW)
    window.show()
    return window


SCENES: dict[str, Scene] = {
    "starting": starting,
    "orders": orders,
    "orders-empty": orders_empty,
    "order": order_open,
    "order-long": order_long,
    "cash": cash,
    "cash-short": cash_short,
    "cash-odd": cash_odd,
    "card": card,
    "mix": mix,
    "printing": printing,
    "receipt": receipt,
    "paper-out": paper_out,
    "unknown": unknown,
    "cancelled": cancelled,
    "begun": begun,
    "looked-up": looked_up,
    "not-found": not_found,
    "shift-closed": shift_closed,
    "register-dead": register_dead,
    "offline": offline,
    "route": route,
    "log": log,
    "log-all": log_all,
    "log-request": log_request,
    "service": service,
    "closing": closing,
    "drawer": drawer,
    "drawer-short": drawer_short,
    "drawer-refused": drawer_refused,
    "drawer-done": drawer_done,
    "large-drawer": _settled(service, factor=2.0),
    "shift-ends": shift_ends,
    "counters-differ": counters_differ,
    "ways": ways.order_with_ways,
    "ways-other": ways.ways_other,
    "ways-prepayment": ways.ways_prepayment,
    "ways-credit": ways.ways_credit,
    "ways-paid": ways.ways_paid,
    "ways-handover": ways.ways_handover,
    "ways-site": ways.ways_site,
    "ways-part": ways.ways_part,
    "ways-several": ways.ways_several,
    "ways-which": ways.ways_which,
    "ways-done-ahead": ways.ways_done_ahead,
    "large-ways": _settled(ways.order_with_ways, factor=2.0),
    "large-ways-other": ways.ways_other_large,
    "large-ways-paid": _settled(ways.ways_paid, factor=2.0),
    "english-ways-prepayment": _settled(ways.ways_prepayment, language="en"),
    "english-ways-several": _settled(ways.ways_several, language="en"),
    "dark-ways-paid": _settled(ways.ways_paid, theme="dark"),
    "codes": marked.codes_needed,
    "codes-some": marked.codes_some,
    "codes-done": marked.codes_done,
    "codes-banned": marked.codes_banned,
    "codes-silent": marked.codes_silent,
    "codes-twice": marked.codes_twice,
    "codes-bad": marked.codes_bad,
    "codes-which": marked.codes_which,
    "codes-without": marked.codes_without,
    "codes-refused": marked.codes_refused,
    "large-codes": marked.large_codes,
    "large-codes-needed": _settled(marked.codes_needed, factor=2.0),
    "english-codes": _settled(marked.codes_some, language="en"),
    "dark-codes": _settled(marked.codes_some, theme="dark"),
    "day-begin": days.day_begin,
    "day-open": days.day_open,
    "day-differs": days.day_differs,
    "day-refused": days.day_refused,
    "large-day": _settled(days.day_open, factor=2.0),
    "english-day": _settled(days.day_differs, language="en"),
    "refund-ask": refunds.refund_ask,
    "refund-not-found": refunds.refund_not_found,
    "refund-found": refunds.refund_found,
    "refund-chosen": refunds.refund_chosen,
    "refund-card": refunds.refund_card,
    "refund-senior": refunds.refund_senior,
    "refund-refused": refunds.refund_refused,
    "refund-done": refunds.refund_done,
    "refund-nothing-left": refunds.refund_nothing_left,
    "large-refund": _settled(refunds.refund_chosen, factor=2.0),
    "english-refund": _settled(refunds.refund_chosen, language="en"),
    "refusal": door.refusal,
    "refusal-part": door.refusal_part,
    "changed": _settled(changed.changed),
    "changed-much": _settled(changed.changed_much),
    "changed-address": _settled(changed.changed_address),
    "large-changed": _settled(changed.changed, factor=2.0),
    "large-changed-address": _settled(changed.changed_address, factor=2.0),
    "english-changed": _settled(changed.changed, language="en"),
    "dark-changed": _settled(changed.changed, theme="dark"),
    "loading": _settled(changed.loading),
    "refusal-all": door.refusal_all,
    "refusal-no-day": door.refusal_no_day,
    "refusal-to-pay": door.refusal_to_pay,
    "refusal-unfit": door.refusal_unfit,
    "large-refusal": _settled(door.refusal_part, factor=2.0),
    "english-refusal": _settled(door.refusal_part, language="en"),
    "resolve": resolve,
    "resolve-stop": resolve_stop,
    "resolve-ready": resolve_ready,
    "resolve-waiting": resolve_waiting,
    "resolve-overdue": resolve_overdue,
    "resolve-lost": resolve_lost,
    "resolve-empty": resolve_empty,
    "resolve-done": resolve_done,
    "give-up": give_up,
    "needs-person": needs_person,
    "reconcile": reconcile,
    "reconcile-good": reconcile_good,
    "reconcile-running": reconcile_running,
    "reconcile-found": reconcile_found,
    "service-safety": service_safety,
    "restore": restore,
    "restore-running": restore_running,
    "restore-done": restore_done,
    "restore-waits": restore_waits,
    "help": help_page,
    "training": training,
    "training-cash": training_cash,
    "training-receipt": training_receipt,
    "dark-orders": _settled(orders, theme="dark"),
    "dark-order": _settled(order_open, theme="dark"),
    "dark-cash": dark_cash,
    "dark-receipt": _settled(receipt, theme="dark"),
    "dark-log": _settled(log, theme="dark"),
    "dark-unknown": _settled(unknown, theme="dark"),
    "large-orders": _settled(orders, factor=2.0),
    "large-order": _settled(order_open, factor=2.0),
    "large-cash": large_cash,
    "large-receipt": large_receipt,
    "large-log": _settled(log, factor=2.0),
    "large-log-row": large_log_row,
    "large-service": _settled(service, factor=2.0),
    "large-unknown": large_unknown,
    "large-mix": large_mix,
    "training-service": training_service,
    "middle-service": _settled(service, factor=1.25),
    "middle-order": _settled(order_open, factor=1.25),
    "middle-cash": _settled(cash, factor=1.25),
    "large-restore": _settled(restore, factor=2.0),
    "large-restore-right": large_restore_right,
    "english-restore": _settled(restore, language="en"),
    "dark-reconcile": _settled(reconcile, theme="dark"),
    "large-reconcile": _settled(reconcile, factor=2.0),
    "large-reconcile-row": large_reconcile_row,
    "middle-reconcile": _settled(reconcile, factor=1.25),
    "english-reconcile": _settled(reconcile, language="en"),
    **DOCTOR_SCENES,
    "dark-doctor": _settled(doctor_stopped, theme="dark"),
    "large-doctor": _settled(doctor_stopped, factor=2.0),
    "english-doctor": _settled(doctor_stopped, language="en"),
    "english-service": _settled(service_safety, language="en"),
    "dark-resolve": _settled(resolve, theme="dark"),
    "large-resolve": _settled(resolve, factor=2.0),
    "large-resolve-right": large_resolve_right,
    "large-resolve-stop": large_resolve_stop,
    "large-begun": _settled(begun, factor=2.0),
    "large-overdue": _settled(resolve_overdue, factor=2.0),
    "large-help": _settled(help_page, factor=2.0),
    "middle-resolve": _settled(resolve, factor=1.25),
    "english-resolve": english_resolve,
    "english-resolve-stop": english_resolve_stop,
    "english-give-up": english_give_up,
    "english-help": _settled(help_page, language="en"),
    "english-order": _settled(order_open, language="en"),
    "english-cash": _settled(cash, language="en"),
    "english-receipt": _settled(receipt, language="en"),
    "english-log": _settled(log, language="en"),
}


def moscow() -> None:
    """The time zone of the pictures, where the system can change it."""
    os.environ["TZ"] = "Europe/Moscow"
    if sys.platform != "win32":
        time.tzset()


def main(folder: Path, names: list[str]) -> None:
    """Writes the pictures."""
    moscow()
    folder.mkdir(parents=True, exist_ok=True)
    for name, scene in SCENES.items():
        if names and name not in names:
            continue
        window = scene()
        QApplication.processEvents()
        QApplication.processEvents()
        focus = QApplication.focusWidget()
        if focus is not None and "--cursor" not in sys.argv:
            focus.clearFocus()  # a text cursor blinks
        window.grab().save(str(folder / f"{name}.png"), "PNG", 0)
        window.close()
        window.deleteLater()
        QApplication.processEvents()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
