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


def test_trap_37_reading_clears_by_default_and_a_lost_answer_loses_the_events(portal: Any, app: App) -> None:
    _touch(portal, 9071)
    portal.sim("faults", [{"method": "event.offline.get", "when": "after_commit", "do": "http", "value": 502}])

    assert app.call("event.offline.get").status == 502
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
    app.call("event.offline.clear", process_id=first["process_id"])
    assert app.take(clear=0, process_id=first["process_id"]) == []


def test_a_failed_row_is_read_with_error_1_and_swallows_what_comes_after(portal: Any, app: App) -> None:
    _touch(portal, 9071)
    taken = app.call("event.offline.get", clear=0).result
    message = taken["events"][0]["MESSAGE_ID"]
    _touch(portal, 9071)  # a second row, not reserved: it goes when the first is marked as failed
    app.call("event.offline.error", process_id=taken["process_id"], **{"message_id[]": message})
    assert app.take(clear=0) == []

    portal.clock.turn(60)
    _touch(portal, 9071)  # only moves the time of the failed row
    assert app.take(clear=0) == []
    again = app.call("event.offline.get", clear=0, error=1).result
    assert [row["TIMESTAMP_X"] for row in again["events"]] == ["2026-03-09T09:01:00+03:00"]
    assert app.take(clear=0, error=1) == []
    assert app.take(clear=0, error=1, process_id=again["process_id"]) == ["9071"]
    app.call("event.offline.clear", process_id=again["process_id"], **{"message_id[]": message})
    assert app.take(clear=0, error=1, process_id=again["process_id"]) == []


def test_filter_order_and_limit_choose_among_rows(portal: Any, app: App) -> None:
    for order_id in (9071, 9072, 9073):
        portal.clock.turn(1)
        _touch(portal, order_id)
    rows = app.call("event.offline.list").json
    assert (rows["total"], [row["PROCESS_ID"] for row in rows["result"]]) == (3, ["", "", ""])

    assert app.take(clear=0, **{"order[ID]": "DESC", "limit": 1}) == ["9073"]
    assert app.take(clear=0, **{"filter[>ID]": rows["result"][0]["ID"]}) == ["9072"]
    assert app.take(limit=50) == ["9071"]
    assert app.call("event.offline.get", limit=0).error == (400, "ERROR_ARGUMENT")


def test_sixty_rows_are_two_readings(portal: Any, app: App) -> None:
    app.call("event.bind", event="OnPaymentEntitySaved", event_type="offline")
    for order_id in range(9071, 9083):
        for _ in range(5):
            fields = {"orderId": order_id, "paySystemId": 1}
            portal.call("sale.payment.add", {"fields": fields}).result  # noqa: B018
    first, second = app.take(clear=0), app.take(clear=0)

    assert (len(first), len(second)) == (50, 22)  # sixty payments and twelve orders
    assert app.take(clear=0) == []


def test_what_nobody_reads_is_dropped_after_its_time(portal: Any, app: App) -> None:
    _touch(portal, 9071)
    portal.clock.turn(2_952_000)
    app.token, _ = portal.server.portal.access.issue(portal.clock())

    assert app.take() == []


def test_trap_38_states_between_two_readings_are_not_seen(portal: Any, app: App) -> None:
    for status in ("P", "F"):
        portal.call("sale.order.update", {"id": 9071, "fields": {"statusId": status}}).result  # noqa: B018

    assert app.take() == ["9071"]
    assert portal.call("sale.order.get", {"id": 9071}).result["order"]["statusId"] == "F"


def test_trap_39_a_webhook_is_no_application_and_has_no_events(portal: Any, app: App) -> None:
    for method in ("event.bind", "event.unbind", "event.get", "event.offline.get", "event.offline.list",
                   "event.offline.clear", "event.offline.error", "events"):  # fmt: skip
        assert portal.call(method, {"event": "OnSaleOrderSaved"}).error == (403, "WRONG_AUTH_TYPE")
    cells = portal.batch({"a": "event.bind?event=OnSaleOrderSaved&event_type=offline"})
    assert cells["result_error"]["a"]["error"] == "WRONG_AUTH_TYPE"


def test_the_queue_is_for_administrators(portal: Any, app: App) -> None:
    portal.sim("settings", {"rights": {"is_admin": False}})

    for method in ("event.offline.get", "event.offline.list", "event.offline.clear", "event.offline.error"):
        assert app.call(method).error == (403, "ACCESS_DENIED")
    assert app.call("event.bind", event="OnOrderDeleted", event_type="offline").error == (403, "ACCESS_DENIED")


def test_trap_75_a_connector_does_not_hear_itself(portal: Any, app: App) -> None:
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
    assert app.call("event.bind", event="OnSaleOrderSaved", event_type="offline").error == (400, "ERROR_CORE")
    assert app.call("event.bind", event="OnSaleOrderSaved").json["argument"] == "HANDLER"
    assert app.call("event.bind", event="OnOfflineEvent", event_type="offline").error == (400, "ERROR_ARGUMENT")
    assert app.call("event.bind").json["argument"] == "EVENT"
    assert app.call("event.get").result == [{"event": "ONSALEORDERSAVED", "connector_id": "", "offline": 1}]
    assert app.call("event.unbind", event="OnSaleOrderSaved").error == (400, "ERROR_ARGUMENT")  # a handler is meant
    assert app.call("event.unbind", event="OnSaleOrderSaved", event_type="offline").result == {"count": 1}
    assert app.call("event.get").result == []
    portal.sim("settings", {"scopes": ["catalog"]})
    assert app.call("event.bind", event="OnSaleOrderSaved", event_type="offline").error == (
        400, "ERROR_EVENT_NOT_FOUND")  # fmt: skip
    assert "ONSALEORDERSAVED" not in app.call("events").result
