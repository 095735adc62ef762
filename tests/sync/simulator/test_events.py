"""The offline queue of events: dirty ids once each, taken or reserved, never one's own."""

from typing import Any
from urllib.parse import urlencode

import pytest


class App:
    """A local application with its token."""

    def __init__(self, portal: Any) -> None:
        self.portal = portal
        self.token, _ = portal.server.portal.access.issue(portal.clock())

    def call(self, method: str, **parameters: Any) -> Any:
        query = urlencode([("auth", self.token), *parameters.items()], doseq=True)
        return self.portal.send("GET", f"/rest/{method}?{query}")

    def take(self, **parameters: Any) -> list[str]:
        rows = self.call("event.offline.get", **parameters).result["events"]
        return [row["EVENT_DATA"]["FIELDS"]["ID"] for row in rows]


@pytest.fixture
def app(portal: Any) -> App:
    app = App(portal)
    assert app.call("event.bind", event="OnSaleOrderSaved", event_type="offline").result is True
    return app


def _touch(portal: Any, order_id: int, **more: Any) -> None:
    portal.call("sale.order.update", {"id": order_id, "fields": {"comments": "x"}, **more}).result  # noqa: B018


def test_ten_saves_are_one_row_whose_time_moves_on(portal: Any, app: App) -> None:
    for order_id in (9071, 9072, 9071):
        portal.clock.turn(60)
        _touch(portal, order_id)

    rows = app.call("event.offline.list").result
    assert [(row["EVENT_DATA"]["FIELDS"]["ID"], row["TIMESTAMP_X"]) for row in rows] == [
        ("9071", "2026-03-09T09:03:00+03:00"), ("9072", "2026-03-09T09:02:00+03:00"),
    ]  # fmt: skip
    assert rows[0]["EVENT_NAME"] == "ONSALEORDERSAVED"


def test_reading_clears_by_default(portal: Any, app: App) -> None:
    _touch(portal, 9071)

    assert app.take() == ["9071"]
    assert app.take() == []


def test_a_reservation_lasts_until_it_is_cleared(portal: Any, app: App) -> None:
    for order_id in (9071, 9072):
        _touch(portal, order_id)
    first = app.call("event.offline.get", clear=0).result
    assert app.take(clear=0) == []  # another reader gets other rows
    assert app.take(clear=0, process_id=first["process_id"]) == ["9071", "9072"]  # the same reader its own again
    _touch(portal, 9071)

    assert app.take() == ["9071"]  # a save during the reservation is a new row
    app.call("event.offline.clear", process_id=first["process_id"], **{"id[]": first["events"][0]["ID"]})
    assert app.take(clear=0, process_id=first["process_id"]) == ["9072"]
    app.call("event.offline.error", process_id=first["process_id"])
    assert app.take(error=1) == ["9072"]


def test_a_connector_does_not_hear_itself(portal: Any, app: App) -> None:
    app.call("event.bind", event="OnSaleOrderSaved", event_type="offline", auth_connector="till-3")
    _touch(portal, 9071, auth_connector="till-3")
    portal.call("batch", {"auth_connector": "till-3", "cmd": {"a": "sale.order.update?id=9072&fields[comments]=y"}})
    _touch(portal, 9073)

    assert app.take(auth_connector="till-3") == ["9073"]
    assert app.take() == ["9071", "9072", "9073"]


def test_paying_is_heard_as_a_save_of_the_order(portal: Any, app: App) -> None:
    portal.call("sale.payment.update", {"id": 11205, "fields": {"paySystemId": 1, "paid": "Y"}})

    assert app.take() == ["9071"]


def test_reserving_needs_its_feature_and_events_need_their_names(portal: Any, app: App) -> None:
    portal.sim("settings", {"options": {"rest_offline_extended": "N"}})

    assert app.call("feature.get", CODE="rest_offline_extended").result == {"value": "N"}
    assert app.call("event.offline.get", clear=0).error == (403, "WRONG_LICENSE")
    assert app.call("event.bind", event="OnNothing", event_type="offline").error == (400, "ERROR_EVENT_NOT_FOUND")
    assert app.call("event.unbind", event="OnSaleOrderSaved").result == {"count": 1}
    assert app.call("event.get").result == []
