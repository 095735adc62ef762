"""A till's desk in the process of the store and the same over HTTP: both say the same, and both may be asked twice."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from posapp.domain.claim import ClaimState, Closed, Closing, SoldOrder, TakenFor
from posapp.errors import Offline, PosError, Rejected, SetupError
from posapp.gateway.app import make_app
from posapp.gateway.desk import LocalDesk
from posapp.gateway.serve import serving
from posapp.gateway.store import TillCard, open_store
from posapp.http import HttpClient
from posapp.sync.claims import AWAY_S, GatewayDesk, gateway_url
from posapp.till.claims import ClaimDesk
from posapp.vault import Secret
from tests.gateway.conftest import SECRET

PORTAL = "shop.example"

Make = Callable[[str], ClaimDesk]


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def http() -> Iterator[HttpClient]:
    client = HttpClient()
    yield client
    client.close()


@pytest.fixture
def gateway() -> Iterator[str]:
    with serving(make_app(open_store("sqlite://"), SECRET, now)) as url:
        yield url


def wired(url: str, http: HttpClient, identity: str, secret: str = SECRET) -> GatewayDesk:
    return GatewayDesk(url, Secret(secret), PORTAL, identity, lambda: http, time.monotonic, timeout_s=60.0)


@pytest.fixture(params=["here", "over HTTP"])
def desk(request: pytest.FixtureRequest) -> Iterator[Make]:
    """Makes an enrolled desk by the till's name; all on one store."""
    if request.param == "here":
        store = open_store("sqlite://")

        def local(name: str) -> ClaimDesk:
            found = LocalDesk(store, TillCard(PORTAL, f"id-{name}", name), now)
            found.enrol()
            return found

        yield local
        store.close()
        return
    url, http = request.getfixturevalue("gateway"), request.getfixturevalue("http")

    def remote(name: str) -> ClaimDesk:
        found = wired(url, http, f"id-{name}")
        found.enrol(name)
        return found

    yield remote


def test_a_day_of_two_tills(desk: Make) -> None:
    one, two = desk("1"), desk("2")
    mine = one.take([5, 6], TakenFor.ROUTE)
    assert [each.may_sell for each in mine] == [True, True]
    assert one.take([6, 5], TakenFor.ROUTE)[1].fence == mine[0].fence
    theirs = two.take([5], TakenFor.SALE)[0]
    assert (theirs.may_sell, theirs.till, theirs.since) == (False, "1", mine[0].since)
    assert two.look(5).fence == mine[0].fence

    taken = two.take_over(5, mine[0].fence, "Старший Петров", "курьер вернулся без связи")
    assert (taken.may_sell, taken.state, taken.former) == (True, ClaimState.DISPUTED, "1")
    holdings = one.holdings()
    assert [each.order_id for each in holdings.held] == [6]
    assert holdings.taken_for == {6: TakenFor.ROUTE}
    (lost,) = holdings.lost
    assert (lost.order_id, lost.fence, lost.till, lost.who) == (5, mine[0].fence, "2", "Старший Петров")
    one.confirm_lost({5: lost.fence})
    assert one.holdings().lost == ()

    sold = SoldOrder(5, taken.fence, "K" * 16, "9999078900001234", 41, "2026-11-21T12:00:00")
    assert two.close_orders([sold]) == [Closed(5, Closing.CLOSED)]
    late = SoldOrder(5, mine[0].fence, "L" * 16, "9999078900005678", 12, "2026-11-21T11:00:00")
    assert one.close_orders([late]) == [Closed(5, Closing.DOUBLED, "2", "ФД 41, ФН 9999078900001234")]
    assert one.release({6: mine[1].fence})[0].state is ClaimState.FREE
    assert not two.is_away


def test_more_orders_than_one_request_holds(desk: Make) -> None:
    one = desk("1")
    orders = list(range(1, 1201))
    claims = one.take(orders, TakenFor.ROUTE)
    assert [each.order_id for each in claims] == orders
    assert all(each.may_sell for each in claims)
    sold = [SoldOrder(each.order_id, each.fence, "K" * 16, "9999", 1, "2026-11-21T12:00:00") for each in claims]
    assert {each.outcome for each in one.close_orders(sold)} == {Closing.CLOSED}


def test_a_second_data_directory_of_one_name_is_refused(gateway: str, http: HttpClient) -> None:
    wired(gateway, http, "first").enrol("1")
    copy = wired(gateway, http, "second")
    with pytest.raises(SetupError) as refused:
        copy.enrol("1")
    assert refused.value.code == "till_name_taken"
    assert refused.value.facts["till"] == "1"
    with pytest.raises(Rejected) as unknown:
        copy.take([1], TakenFor.SALE)
    assert unknown.value.code == "unknown_till"
    assert not copy.is_away


def test_another_name_of_the_portal_is_refused_by_name(gateway: str, http: HttpClient) -> None:
    wired(gateway, http, "first").enrol("1")
    other = GatewayDesk(
        gateway, Secret(SECRET), "www." + PORTAL, "second", lambda: http, time.monotonic, timeout_s=60.0
    )
    with pytest.raises(SetupError) as refused:
        other.enrol("2")
    assert refused.value.code == "portal_name_differs"
    assert (refused.value.facts["found"], refused.value.facts["known"]) == ("www." + PORTAL, PORTAL)
    other.enrol("2", is_another=True)
    assert other.take([1], TakenFor.SALE)[0].may_sell


def test_another_secret_lets_nobody_in_and_is_nowhere_in_the_error(gateway: str, http: HttpClient) -> None:
    wrong = "x" * 40
    with pytest.raises(Rejected) as refused:
        wired(gateway, http, "first", wrong).enrol("1")
    assert refused.value.code == "gateway_access"
    assert wrong not in repr(refused.value) + str(refused.value) + repr(wired(gateway, http, "first", wrong))


def test_a_gateway_that_is_away_is_not_waited_for_twice(http: HttpClient) -> None:
    clock = [100.0]
    desk = GatewayDesk("http://127.0.0.1:1", Secret(SECRET), PORTAL, "one", lambda: http, lambda: clock[0])
    with pytest.raises(Offline) as away:
        desk.take([1], TakenFor.SALE)
    assert away.value.code == "gateway_offline"
    assert SECRET not in str(away.value)
    assert (desk.is_away, later(desk, clock)) == (True, False)


def later(desk: GatewayDesk, clock: list[float]) -> bool:
    clock[0] += AWAY_S
    return desk.is_away


class Canned:
    """A server in between that answers whatever it likes."""

    def __init__(self, status: int, body: bytes) -> None:
        from posapp.http import Response

        self._answer = Response(status, {"content-type": "text/html"}, body)

    def post_json(self, *_args: object, **_more: object) -> object:
        return self._answer


@pytest.mark.parametrize(
    "status, body",
    [
        (200, b"<html>log in to the hotel's network</html>"),
        (200, b"{}"),
        (200, b'{"claims": []}'),
        (200, b'{"claims": [{"order_id": 8, "state": "held", "is_ours": true, "fence": 1}]}'),
        (200, b'{"claims": [{"order_id": 7, "state": "yours", "is_ours": true, "fence": 1}]}'),
        (200, b'{"claims": [{"order_id": "7", "state": "held", "is_ours": true, "fence": 1}]}'),
        (200, b"[" * 5000),
        (502, b"<html>bad gateway</html>"),
        (503, b'{"error": {"code": "gateway_store", "facts": {}}}'),
    ],
)
def test_an_answer_that_is_not_the_gateways_grants_nothing(status: int, body: bytes) -> None:
    canned = Canned(status, body)
    desk = GatewayDesk("http://127.0.0.1", Secret(SECRET), PORTAL, "one", lambda: canned, time.monotonic)  # type: ignore[arg-type, return-value]
    with pytest.raises(Offline) as error:
        desk.take([7], TakenFor.SALE)
    assert error.value.code == "gateway_offline"


def test_a_decline_nobody_knows_is_a_decline() -> None:
    canned = Canned(404, b'{"error": "no such page"}')
    desk = GatewayDesk("http://127.0.0.1", Secret(SECRET), PORTAL, "one", lambda: canned, time.monotonic)  # type: ignore[arg-type, return-value]
    with pytest.raises(Rejected) as error:
        desk.look(7)
    assert error.value.code == "gateway_rejected"


@pytest.mark.parametrize(
    "text, found",
    [
        ("https://claims.shop.example/", "https://claims.shop.example"),
        (" http://192.168.1.10:8077 ", "http://192.168.1.10:8077"),
        ("http://till-office:8077", "http://till-office:8077"),
        ("http://127.0.0.1:1/base/", "http://127.0.0.1:1/base"),
    ],
)
def test_addresses_that_serve(text: str, found: str) -> None:
    assert gateway_url(text) == found


@pytest.mark.parametrize(
    "text", ["", "shop", "ftp://x", "http://claims.shop.example", "http://8.8.8.8", "https://u:p@x", "https://x?y=1",
             "http://[", "https://x:99999"]
)  # fmt: skip
def test_addresses_over_which_the_secret_does_not_go(text: str) -> None:
    with pytest.raises(PosError) as error:
        gateway_url(text)
    assert error.value.code == "gateway_address"
