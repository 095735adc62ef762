"""Events that are pushed to an application's address: a form each, with tokens, delivered once."""

import socket
import threading
from collections.abc import Callable
from time import monotonic
from typing import Any
from urllib.parse import urlencode


def call(portal: Any, token: str, method: str, **parameters: Any) -> Any:
    return portal.send("GET", f"/rest/{method}?{urlencode({'auth': token, **parameters})}")


def token_of(portal: Any) -> str:
    return str(portal.server.portal.access.issue(portal.clock())[0])


def wait_for(condition: Callable[[], bool]) -> None:
    end = monotonic() + 20
    while not condition():
        assert monotonic() < end


def test_a_saved_order_is_told_to_whoever_bound_it(portal: Any, callback: Any) -> None:
    token = token_of(portal)
    assert call(portal, token, "event.bind", event="onSaleOrderSaved", handler=f"{callback.url}/hook").result is True
    portal.call("sale.order.update", {"id": 9071, "fields": {"comments": "x"}}).result  # noqa: B018
    path, kind, form = callback.heard.get(timeout=20)

    assert (path, kind, form["event"]) == ("/hook", "application/x-www-form-urlencoded", "ONSALEORDERSAVED")
    assert form["data[FIELDS][ID]"] == "9071"
    assert form["auth[application_token]"] == portal.server.portal.access.application_token
    assert form["auth[domain]"] == f"{portal.host}:{portal.port}"
    assert "auth[refresh_token]" not in form
    assert call(portal, form["auth[access_token]"], "profile").status == 200
    assert call(portal, token, "event.get").result == [
        {"event": "ONSALEORDERSAVED", "handler": f"{callback.url}/hook", "auth_type": 0, "offline": 0}]  # fmt: skip


def test_a_push_that_nobody_takes_is_not_repeated(portal: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        nobody = f"http://127.0.0.1:{listener.getsockname()[1]}/"
    call(portal, token_of(portal), "event.bind", event="onSaleOrderSaved", handler=nobody).result  # noqa: B018
    portal.call("sale.order.update", {"id": 9071, "fields": {"comments": "x"}}).result  # noqa: B018

    wait_for(lambda: bool(portal.sim("pushes")) and portal.sim("pushes")[0]["is_done"])
    assert [(push["event"], push["http"], push["error"]) for push in portal.sim("pushes")] == [
        ("ONSALEORDERSAVED", None, "ConnectionRefusedError")]  # fmt: skip


def test_a_portal_that_has_told_everything_has_no_thread_for_it(portal: Any, callback: Any) -> None:
    call(portal, token_of(portal), "event.bind", event="onSaleOrderSaved", handler=callback.url).result  # noqa: B018
    for _ in range(3):
        portal.call("sale.order.update", {"id": 9071, "fields": {"comments": "x"}}).result  # noqa: B018
        assert callback.heard.get(timeout=20)[2]["event"] == "ONSALEORDERSAVED"
        wait_for(lambda: all(thread.name != "portal-pusher" for thread in threading.enumerate()))


def test_the_offline_notice_comes_once_per_its_time_and_brings_a_refresh_token(portal: Any, callback: Any) -> None:
    token = token_of(portal)
    call(portal, token, "event.bind", event="onOfflineEvent", handler=callback.url, **{"options[minTimeout]": 60})
    call(portal, token, "event.bind", event="onSaleOrderSaved", event_type="offline")
    for turned in (0, 30, 30):
        portal.clock.turn(turned)
        portal.call("sale.order.update", {"id": 9071, "fields": {"comments": "x"}}).result  # noqa: B018

    told = [callback.heard.get(timeout=20)[2] for _ in range(2)]
    assert [form["event"] for form in told] == ["ONOFFLINEEVENT"] * 2
    assert all(form["auth[refresh_token]"] for form in told)
    assert len(portal.sim("pushes")) == 2


def test_a_product_that_changes_is_told(portal: Any, callback: Any) -> None:
    token = token_of(portal)
    call(portal, token, "event.bind", event="CATALOG.PRODUCT.ON.UPDATE", handler=callback.url).result  # noqa: B018
    portal.call("catalog.product.update", {"id": 301, "fields": {"quantity": 7}}).result  # noqa: B018

    assert callback.heard.get(timeout=20)[2]["data[FIELDS][ID]"] == "301"
