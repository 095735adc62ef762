"""Scenes of the self-check."""

from __future__ import annotations

from posapp.errors import PosError, Refused, Rejected, ResolveNeeded
from posapp.till.doctor_verdicts import Level, bad
from posapp.ui.window import Window
from tests.screens.shop import desk_of_the_day, window_on
from tests.ui.desks import healthy

OFD = {"days": 26, "left": 4, "count": 1204, "since": "26.10.2026 09:14", "day": "25.11.2026"}


def _trouble() -> list[tuple[str, str, Level, PosError]]:
    return [
        ("register", "document", Level.STOP, ResolveNeeded("own_receipt_open", order="10457")),
        ("register", "paper", Level.STOP, Refused("print_unfinished")),
        ("register", "link", Level.NOTE, Refused("line_slow", baud=4800, seconds=4)),
        ("storage", "life", Level.WARN, Refused("storage_ends", why="осталось дней: 12, последний день 03.12.2026")),
        ("ofd", "unsent", Level.ALARM, Refused("ofd_countdown", **OFD)),
        ("portal", "queue", Level.WARN, Rejected("entries_wait", count=3)),
    ]


def doctor_good() -> Window:
    window = window_on(desk_of_the_day())
    window.go("doctor")
    return window


def doctor_stopped() -> Window:
    desk = desk_of_the_day()
    desk.report = healthy(*(bad(*each) for each in _trouble()))
    window = window_on(desk)
    window.go("doctor")
    return window


def doctor_countdown() -> Window:
    """A warning chosen that only hands can see to."""
    window = doctor_stopped()
    rows = window.frame.doctor.model.rows
    window.frame.doctor.table.selectRow(next(at for at, each in enumerate(rows) if each.device == "ofd"))
    return window


def doctor_running() -> Window:
    window = doctor_stopped()
    window.frame.doctor.show_running(window.look.say("doctor.running"))
    return window


DOCTOR_SCENES = {
    "doctor": doctor_good,
    "doctor-stopped": doctor_stopped,
    "doctor-countdown": doctor_countdown,
    "doctor-running": doctor_running,
}
