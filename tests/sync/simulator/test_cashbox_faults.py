"""What goes wrong around checks: gateways and tills that die, certificates, fatal answers in a batch, lost events."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import struct
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from posapp.sync.simulator.caller import carry_out
from posapp.sync.simulator.outgoing import Errand, Outgoing
from tests.sync.simulator.gateways import Gateway, http, ok, until, with_cashbox

Row = dict[str, Any]
PRINTS = {"paySystems": [{"ID": 1, "CAN_PRINT_CHECK": "Y"}], "options": {"read_timeout_s": 5, "poll_hold_s": 0}}


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    gateway = Gateway()
    yield gateway
    gateway.close()


def pay(portal: Any) -> Any:
    return portal.call("sale.payment.update", {"id": 71, "fields": {"paySystemId": 1, "paid": "Y"}})


def statuses(portal: Any) -> list[str]:
    return [check["status"] for check in portal.sim("checks")["checks"]]


def test_a_till_that_is_killed_while_the_site_holds_its_poll_gets_the_check_again(till: Any) -> None:
    """The site hands the check to a dead connection: it is in print, nobody has it, and it comes after four minutes."""
    path = f"/bitrix/tools/sale_check_print.php?hash={till.server.portal.access.poll_hash}"
    body = json.dumps({"api_version": "3", "kkm": [{"zn": "A", "status": "ok"}]}).encode()
    till.sim("settings", PRINTS)
    till.send("POST", path, body)
    row = till.sim("checks")["cashboxes"][0]
    till.sim("settings", {"cashboxes": [{**row, "ACTIVE": "Y"}], "options": {"poll_hold_s": 60, "poll_look_s": 0.02}})
    with contextlib.closing(socket.create_connection((till.host, till.port))) as dead:
        head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
        till.clock.turn(7)
        dead.sendall(head.encode() + body)
        seen = "2026-03-09T09:00:07+03:00"
        until(lambda: till.sim("checks")["cashboxes"][0]["DATE_LAST_CHECK"] == seen, "the site holds the poll")
        dead.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    pay(till)
    until(lambda: statuses(till) == ["P"], "the check is handed out")
    till.sim("settings", {"options": {"poll_hold_s": 0}})
    assert till.send("POST", path, body).json == {}
    till.clock.turn(241)

    [task] = till.send("POST", path, body).json["print"]
    assert task["external_id"].startswith("check|shop.practice.test|1|")


def test_a_gateway_that_resets_its_connections_breaks_nothing_here(till: Any, gateway: Gateway) -> None:
    """It may have taken the job before it died: the portal says E, and prints again only by hand."""
    killer = socket.create_server(("127.0.0.1", 0))

    def kill() -> None:
        connection, _ = killer.accept()
        connection.recv(100)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()

    thread = threading.Thread(target=kill, daemon=True)
    thread.start()
    with_cashbox(till, f"http://127.0.0.1:{killer.getsockname()[1]}")
    till.sim("settings", PRINTS)
    assert pay(till).status == 200
    thread.join()
    killer.close()

    assert statuses(till) == ["E"]
    assert till.call("profile").status == 200


def test_an_answer_without_end_is_cut(till: Any, gateway: Gateway) -> None:
    gateway.answer = lambda came: b"HTTP/1.1 200 OK\r\n\r\n" + b" " * (5 * 1024 * 1024)
    with_cashbox(till, gateway.url)
    till.sim("settings", PRINTS)
    pay(till)

    assert statuses(till) == ["E"]
    assert "too long" in till.sim("checks")["checks"][0]["errorMessage"]


@pytest.mark.parametrize(
    "url", ["", "gateway.test/print", "ftp://127.0.0.1/x", "http://", "http://[::1", "http://127.0.0.1:99999/"]
)
def test_an_address_that_is_none_is_a_failure(url: str) -> None:
    errand = Errand("print_url", Outgoing(url, b"a=1"))
    carry_out(errand)

    assert errand.reply is None
    assert errand.failure


def test_a_certificate_that_nobody_vouches_for_is_refused(till: Any, tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-keyout", key, "-out", certificate, "-days", "1", "-subj", "/CN=127.0.0.1", "-addext",
                    "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True, timeout=60)  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    listener = socket.create_server(("127.0.0.1", 0))

    def shake() -> None:
        connection, _ = listener.accept()
        with (
            contextlib.suppress(OSError),
            contextlib.closing(context.wrap_socket(connection, server_side=True)) as wrapped,
        ):
            wrapped.recv(1000)

    thread = threading.Thread(target=shake, daemon=True)
    thread.start()
    with_cashbox(till, f"https://127.0.0.1:{listener.getsockname()[1]}")
    till.sim("settings", PRINTS)
    pay(till)
    thread.join(20)
    listener.close()

    assert statuses(till) == ["E"]
    assert "certificate verify failed" in till.sim("checks")["checks"][0]["errorMessage"]


def test_a_fatal_answer_kills_the_whole_batch(till: Any, gateway: Gateway) -> None:
    gateway.answer = lambda came: http(200, b"null")
    with_cashbox(till, gateway.url)
    till.sim("settings", PRINTS)
    commands = {"pay": "sale.payment.update?id=71&fields[paySystemId]=1&fields[paid]=Y", "late": "profile"}
    reply = till.call("batch", {"halt": 0, "cmd": commands})

    assert (reply.status, reply.headers["Content-Type"][:9]) == (500, "text/html")
    assert till.order(501)["payed"] == "Y"
    requests = [(row["method"], row["http"]) for row in till.sim("state")["requests"] if "cashbox" not in row["method"]]
    assert requests == [("batch", 500), ("sale.payment.update", None)]


def test_a_failed_check_saves_its_order_and_that_is_an_event(till: Any, gateway: Gateway) -> None:
    access = till.server.portal.access
    token, _ = access.issue(till.clock.now)
    head = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}

    def as_application(method: str, **parameters: Any) -> Any:
        return till.send("POST", f"/rest/{method}", json.dumps(parameters).encode(), head).result

    as_application("event.bind", event="ONSALEORDERSAVED", event_type="offline")
    with_cashbox(till, gateway.url)
    till.sim("settings", PRINTS)
    pay(till)
    assert len(as_application("event.offline.get")["events"]) == 1
    gateway.answer = lambda came: ok({"STATUS": "ERROR", "ERROR": "нет бумаги"})
    version = till.order(501)["version"]
    till.sim("agent", {})

    assert till.order(501)["version"] == version + 1
    [event] = as_application("event.offline.get")["events"]
    assert event["EVENT_DATA"]["FIELDS"]["ID"] == "501"


def test_a_slow_gateway_makes_the_call_that_pays_slow(till: Any, gateway: Gateway) -> None:
    """A planned wait of the portal's own call; the clock that stands shows that nobody really slept for an hour."""
    with_cashbox(till, gateway.url)
    till.sim("settings", {**PRINTS, "limits": {"brim": 50, "leak_per_s": 2, "operating_s": 480, "cut_s": 60}})
    till.sim("settings", {"time_scale": 1000})
    till.sim("faults", [{"method": "print_url", "do": "slow", "value": 61}])
    reply = pay(till)

    assert reply.status == 504  # the front end has given the caller up
    assert (till.order(501)["payed"], statuses(till)) == ("Y", ["P"])
    assert till.sim("checks")["checks"][0]["externalUuid"] == "u-1"
