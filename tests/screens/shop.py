"""A shop at work and a window on it, for the scenes."""

from __future__ import annotations

from datetime import timedelta

from posapp.domain.order import Buyer
from posapp.lanes import Lanes
from posapp.till.views import Lamp, Light, Lights, OutboxStrip
from posapp.ui.service_screen import LookSettings
from posapp.ui.start import make_application, make_window
from posapp.ui.window import Window
from tests.ui.desks import GREY, NOW, FakeDesk, amber, green, order, red, view

UNKNOWN = Lamp(Light.RED, is_unknown=True)


def desk_of_the_day() -> FakeDesk:
    """A shop at work: orders in every state."""
    desk = FakeDesk()
    people = (
        ("Пётр Селезнёв", "4517"),
        ("Мария Кузнецова-Преображенская", "9920"),
        ("ООО «Север»", "0031"),
        ("Олег Т.", "7788"),
        ("Анна Белова", "1203"),
        ("Игорь Лапин", "6650"),
        ("Елена Ж.", "3041"),
    )
    lights = (
        Lights(GREY, GREY, GREY, GREY),
        Lights(green("ФД 4518"), amber(), amber(), amber()),
        Lights(green("ФД 4502"), green("оплата 77"), green("Выдан"), red(reason="нет права «Отгрузки»")),
        Lights(UNKNOWN, GREY, GREY, GREY),
        Lights(green("ФД 4499"), green("оплата 71"), green("Выдан"), green("отгр. 93")),
        Lights(amber(840), GREY, GREY, GREY),
        Lights(GREY, GREY, GREY, GREY),
    )
    for number, ((name, tail), lamps) in enumerate(zip(people, lights, strict=True)):
        made = order(
            10457 + 3 * number,
            buyer=Buyer(
                name, f"+7 900 000-{tail[:2]}-{tail[2:]}", address=f"ул. Мира, {18 + number}, кв. {number + 2}"
            ),
            is_courier=number % 2 == 1,
            delivery_window="12:00–14:00" if number < 4 else "14:00–18:00",
            comment="звонить за час" if number == 1 else "",
            is_cancelled=number == 6,
        )
        desk.add(view(made, lamps))
    desk.outbox = OutboxStrip(3, NOW - timedelta(minutes=14), NOW + timedelta(seconds=20), 0, 1, False, None)
    return desk


def window_on(desk: FakeDesk, settings: LookSettings | None = None) -> Window:
    """A window at work on the desk; nothing polls."""
    make_application()
    window = make_window(settings or LookSettings(is_muted=True), lambda: NOW)
    window.show()
    window.activateWindow()
    window.attach(desk, Lanes.on_the_spot(), poll=False)
    return window


def open_order(desk: FakeDesk, number: str = "10457", settings: LookSettings | None = None) -> Window:
    window = window_on(desk, settings)
    window.scanned(number)
    return window
