"""`posapp sim portal`: a simulated Bitrix portal on a port, for practice and for tests.

Prints one line of JSON when the port is open, then serves until SIGTERM or SIGINT:

    {"url": "http://127.0.0.1:8099", "webhook": "http://127.0.0.1:8099/rest/1/…/", "poll_link": "…", "oauth": {…}}

With `--certificate` it speaks HTTPS, for clients that build the portal's address from its name alone.
"""

from __future__ import annotations

import argparse
import gc
import json
import ssl
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from posapp.cli.simulated import DONE, REFUSED, WRONG_USAGE, address_of, fail, serve
from posapp.sync.simulator.access import USER_ID, Access
from posapp.sync.simulator.faults import FaultPlan, read_faults
from posapp.sync.simulator.limits import PLANS, Limiter
from posapp.sync.simulator.oauth import Card, check_url
from posapp.sync.simulator.portal import Portal
from posapp.sync.simulator.practice import practice_shop
from posapp.sync.simulator.server import PortalServer
from posapp.sync.simulator.shop import load_shop


def run(
    listen: str = "127.0.0.1:0",
    orders: str = "30",
    seed: int = 1,
    limits: str = "off",
    faults: str | None = None,
    stop_on_eof: bool = False,
    redirect_url: str = "",
    install_url: str = "",
    certificate: str | None = None,
) -> int:
    """Serve a portal until SIGTERM or SIGINT; returns the exit code.

    Args:
        listen: `HOST:PORT`; port 0 takes a free one.
        orders: a number of practice orders, or the name of a file of orders.
        seed: what practice orders and secrets are made from.
        limits: `cloud`, `enterprise` or `off`.
        faults: a file with a plan of faults.
        stop_on_eof: also end with the end of standard input.
        redirect_url: where `/oauth/authorize/` sends the browser, as in the card of an application.
        install_url: where the application is told of its installation (`POST /_sim/install`).
        certificate: a PEM file with key and certificate, to speak HTTPS.
    """
    gc.disable()  # what is made while loading is kept: collecting would double the time
    try:
        address = address_of(listen)
        portal = _portal(orders, seed, limits, faults)
        portal.card = Card(check_url(redirect_url), check_url(install_url))
        tls = _tls(certificate) if certificate else None
    except (OSError, ValueError, TypeError) as error:
        return fail(WRONG_USAGE, "wrong_usage", str(error))
    finally:
        gc.enable()
    try:
        server = PortalServer(address, portal, tls=tls)
    except OSError as error:
        return fail(REFUSED, "port_not_free", f"{listen}: {error.strerror or error}")
    serve(server, "portal", ready_line(server), stop_on_eof=stop_on_eof)
    return DONE


def build(document: dict[str, Any], seed: int, limits: str, faults: FaultPlan | None = None) -> Portal:
    """A portal with its data loaded. Raises BadShop for a bad file of orders, ValueError for unknown limits."""
    if limits not in PLANS:
        raise ValueError(f"limits are one of {', '.join(PLANS)}")
    shop = load_shop(document, datetime.now(UTC))
    gc.freeze()  # a big shop stays: no sense in walking through it again and again
    return Portal(shop, Access(seed), Limiter(PLANS[limits]), faults or FaultPlan())


def ready_line(server: PortalServer) -> dict[str, Any]:
    """Where the portal is and how to come in."""
    access = server.portal.access
    token, refresh_token = access.issue(server.clock())
    return {
        "url": server.url,
        "webhook": f"{server.url}/rest/{USER_ID}/{access.webhook_secret}/",
        "poll_link": f"{server.url}/bitrix/tools/sale_check_print.php?hash={access.poll_hash}",
        "oauth": {
            "client_id": access.client_id, "client_secret": access.client_secret, "access_token": token,
            "refresh_token": refresh_token, "token_url": f"{server.url}/oauth/token/",
            "client_endpoint": f"{server.url}/rest/", "authorize_url": f"{server.url}/oauth/authorize/",
            "member_id": access.member_id, "application_token": access.application_token,
            "redirect_url": server.portal.card.redirect_url, "install_url": server.portal.card.install_url,
        },
    }  # fmt: skip


def _tls(certificate: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def _portal(orders: str, seed: int, limits: str, faults: str | None) -> Portal:
    if orders.isascii() and orders.isdigit():
        document = practice_shop(int(orders), seed, datetime.now(UTC))
    else:
        document = _read_json(orders)
    plan = read_faults(_read_json(faults)) if faults else None
    return build(document, seed, limits, plan)


def _read_json(name: str) -> Any:
    return json.loads(Path(name).read_text(encoding="utf-8"), parse_float=Decimal)


def main(arguments: list[str] | None = None) -> int:
    """The command with its own arguments, for `python -m posapp.cli.sim_portal`."""
    parser = argparse.ArgumentParser(prog="posapp sim portal", description="A simulated Bitrix portal.")
    parser.add_argument("--listen", default="127.0.0.1:0", metavar="HOST:PORT")
    parser.add_argument("--orders", default="30", metavar="FILE|N")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--limits", default="off", choices=sorted(PLANS))
    parser.add_argument("--faults", metavar="FILE")
    parser.add_argument("--stop-on-eof", action="store_true")
    parser.add_argument("--redirect-url", default="", metavar="URL")
    parser.add_argument("--install-url", default="", metavar="URL")
    parser.add_argument("--certificate", metavar="FILE")
    return run(**vars(parser.parse_args(arguments)))


if __name__ == "__main__":
    sys.exit(main())
