"""The portal over HTTPS, for clients that build its address from its name alone and know nothing else."""

import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path

import pytest

from posapp.sync.simulator.access import Access
from posapp.sync.simulator.limits import Limiter
from posapp.sync.simulator.portal import Portal
from posapp.sync.simulator.practice import practice_shop
from posapp.sync.simulator.server import PortalServer
from posapp.sync.simulator.shop import load_shop

CERTIFICATE = Path(__file__).with_name("localhost.pem")  # for localhost and 127.0.0.1, good for a hundred years


@pytest.fixture
def server() -> Iterator[PortalServer]:
    now = datetime(2026, 3, 9, tzinfo=UTC)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(CERTIFICATE)
    portal = Portal(load_shop(practice_shop(1, 1, now), now), Access(1), Limiter(None))
    served = PortalServer(("127.0.0.1", 0), portal, tls=tls)
    thread = threading.Thread(target=served.serve_forever, args=(0.02,))
    thread.start()
    yield served
    served.close()
    thread.join()


def test_it_tells_addresses_with_https(server: PortalServer) -> None:
    trusted = ssl.create_default_context(cafile=CERTIFICATE)
    with closing(HTTPSConnection(*server.server_address, timeout=20, context=trusted)) as connection:
        connection.request("GET", f"/rest/1/{server.portal.access.webhook_secret}/profile")
        assert json.loads(connection.getresponse().read())["result"]["ID"] == "1"
        body = json.dumps(
            {"app": {"redirect_url": "http://127.0.0.1:9/"}, "domain": f"localhost:{server.server_address[1]}"}
        )
        connection.request("POST", "/_sim/settings", body)
        assert connection.getresponse().read()
        connection.request("GET", f"/oauth/authorize/?client_id={server.portal.access.client_id}")
        moved = connection.getresponse()
    assert (moved.status, moved.headers["Location"].partition("?")[0]) == (
        302, f"https://localhost:{server.server_address[1]}/oauth/authorize/")  # fmt: skip


def test_a_client_that_speaks_no_tls_or_trusts_nobody_holds_up_nothing(server: PortalServer) -> None:
    with socket.create_connection(server.server_address, timeout=20):  # says nothing at all
        with closing(HTTPConnection(*server.server_address, timeout=20)) as plain:
            plain.request("GET", "/")
            with pytest.raises((OSError, HTTPException)):
                plain.getresponse()
        with closing(HTTPSConnection(*server.server_address, timeout=20)) as strict, pytest.raises(ssl.SSLError):
            strict.request("GET", "/")
        test_it_tells_addresses_with_https(server)
