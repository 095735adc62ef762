"""Scenes of the courier's day."""

from __future__ import annotations

from datetime import timedelta

from posapp.domain.fiscal import ReceiptKind
from posapp.domain.money import Money
from posapp.domain.receipt import TenderKind
from posapp.domain.takings import Takings
from posapp.journal.rows import CourierDay
from posapp.till.courier_day import DayReport
from posapp.ui.window import Window
from tests.screens.shop import desk_of_the_day, window_on
from tests.ui.desks import IDENTITY, NOW


def report() -> DayReport:
    """27 receipts, cash and card."""
    day = CourierDay(
        id=7, courier="Орлов Д.", opened_by="Иванова А.", opened_at=NOW - timedelta(hours=9),
        float_taken=Money(300_000), storage_number=IDENTITY.storage_number, after_document=4490, until_document=None,
        closed_at=None, received_by="", counted=None, why="", figures={},
    )  # fmt: skip
    sell = ReceiptKind.SELL
    takings = Takings({sell: 27}, {(sell, TenderKind.CASH): 5_100_000, (sell, TenderKind.CASHLESS): 1_840_000})
    return DayReport(day, takings, (), (), (), ())


def day_begin() -> Window:
    window = window_on(desk_of_the_day())
    window.act("day")
    return window


def day_open() -> Window:
    desk = desk_of_the_day()
    desk.day_report = report()
    window = window_on(desk)
    window.act("day")
    return window


def day_differs() -> Window:
    window = day_open()
    side = window.frame.day.side
    for key in "53900":
        side.amount.feed(key)
    side.name.setText("Петрова А.")
    side.name.textEdited.emit("Петрова А.")
    return window


def day_refused() -> Window:
    """The outcome of a receipt is not known yet."""
    window = day_open()
    side = window.frame.day.side
    for key in "54000":
        side.amount.feed(key)
    side.name.setText("Петрова А.")
    side.name.textEdited.emit("Петрова А.")
    side.money.fired.emit()
    return window
