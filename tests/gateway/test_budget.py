"""Several tills, one bucket (trap 65): with the gateway, without it, and while it comes and goes."""

from __future__ import annotations

import heapq
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from posapp.errors import Offline, Rejected
from posapp.gateway.app import make_app
from posapp.gateway.budget import VALID_S, Budget, Budgets
from posapp.gateway.serve import serving
from posapp.gateway.store import open_store
from posapp.http import HttpClient
from posapp.sync.claims import GatewayDesk
from posapp.sync.governor import CLOUD, ENTERPRISE, Governor, Limits, Priority
from posapp.sync.shared_budget import Portion, SharedBudget
from posapp.sync.simulator.limits import PLANS, Limiter
from posapp.vault import Secret
from tests.gateway.conftest import SECRET

CLOUD_BUDGET = Budget(50, 2)


@dataclass
class Shop:
    """Tills of one address on one clock; each does the next thing that is due."""

    limits: Limits = CLOUD
    plan: str = "cloud"
    now_s: float = 1000.0
    is_up: bool = True
    budgets: Budgets = field(default_factory=Budgets)
    refused: int = 0
    sent: dict[str, int] = field(default_factory=dict)
    asked: int = 0
    waits: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.portal = Limiter(PLANS[self.plan])

    def till(self, name: str, tills: int) -> Governor:
        shop = self

        class Desk:
            def budget(self, want: int, priority: int, size: float, leak_per_s: float, carried: float) -> Portion:
                shop.asked += 1
                if not shop.is_up:
                    raise Offline("gateway_offline", reason="x")
                limits = Budget(size, leak_per_s)
                found = shop.budgets.grant("p", name, want, Priority(priority), limits, shop.now_s, carried)
                return Portion(found.granted, found.valid_s, found.retry_s, found.tills)

        share = SharedBudget(Desk(), lambda: self.now_s, self.limits, tills)
        return Governor(lambda: self.now_s, self._never, self.limits, share)

    def _never(self, _seconds: float) -> None:
        raise AssertionError("the shop's own clock turns")

    def send(self, name: str) -> bool:
        self.sent[name] = self.sent.get(name, 0) + 1
        is_admitted = self.portal.admits("shop", self.now_s)
        self.refused += not is_admitted
        return is_admitted

    def run(self, tills: dict[str, Governor], until_s: float, priority: Priority = Priority.PULL) -> None:
        """Every till sends as fast as it is let until then."""
        due = [(self.now_s + 0.01 * number, name) for number, name in enumerate(tills)]
        heapq.heapify(due)
        while due[0][0] < until_s:
            at, name = heapq.heappop(due)
            self.now_s = max(self.now_s, at)
            delay = tills[name]._take((), priority)
            if not delay and not self.send(name):
                tills[name].note_throttled()  # as the client does
            heapq.heappush(due, (self.now_s + (delay or 0.02), name))
        self.now_s = until_s


def three(shop: Shop) -> dict[str, Governor]:
    return {name: shop.till(name, 3) for name in ("a", "b", "c")}


@pytest.mark.parametrize("limits, plan, leak", [(CLOUD, "cloud", 2), (ENTERPRISE, "enterprise", 5)])
def test_trap_65_three_tills_behind_one_router_stay_within_one_budget(limits: Limits, plan: str, leak: int) -> None:
    shop = Shop(limits, plan)
    shop.run(three(shop), 1000 + 600)
    assert shop.refused == 0
    assert sum(shop.sent.values()) >= 600 * leak * 0.95, "and use it"
    assert min(shop.sent.values()) >= 600 * leak / 3 * 0.6, "none of them starves"


def test_without_the_gateway_each_keeps_to_its_fair_share() -> None:
    shop = Shop(is_up=False)
    shop.run(three(shop), 1000 + 600)
    assert shop.refused == 0
    for sent in shop.sent.values():
        assert 600 * 2 / 3 * 0.9 <= sent <= 600 * 2 / 3 + 50 / 3


@pytest.mark.parametrize("seed", range(8))
def test_a_gateway_that_comes_and_goes_spills_next_to_nothing(seed: int) -> None:
    shop, chance = Shop(), random.Random(seed)
    tills = three(shop)
    while shop.now_s < 4000:
        shop.is_up = not shop.is_up
        if chance.random() < 0.2:
            shop.budgets = Budgets()  # it was started anew
        busy = {name: tills[name] for name in chance.sample(sorted(tills), chance.randint(1, 3))}
        shop.run(busy, shop.now_s + chance.uniform(1, 90), chance.choice(list(Priority)))
    # Tills that fall back at different moments, and a gateway that has forgotten, may cost a 503 now and then.
    assert shop.refused <= 0.01 * sum(shop.sent.values())
    assert sum(shop.sent.values()) > 3000 * 2 * 0.6


def test_whoever_stands_at_one_counter_does_not_wait_for_the_load_of_another() -> None:
    shop = Shop()
    tills = three(shop)
    for number in range(30):
        shop.run({"a": tills["a"], "b": tills["b"]}, 1000 + 10 * (number + 1))
        assert tills["c"]._take((), Priority.PERSON) == 0
        shop.send("c")
    assert shop.refused == 0


def test_a_till_keeps_one_request_of_its_portion_for_the_counter() -> None:
    shop = Shop()
    till = shop.till("a", 1)
    shop.budgets.grant("p", "a", 1, Priority.PERSON, CLOUD_BUDGET, shop.now_s)
    shop.now_s += 60  # the bucket has run out
    assert till._take((), Priority.PULL) == 0
    asked = shop.asked
    shop.is_up = False
    for _ in range(3):
        assert till._take((), Priority.PULL) == 0
    assert till._take((), Priority.PERSON) == 0
    assert shop.asked == asked, "nobody waited for the gateway"


def test_what_was_not_used_in_time_is_used_no_more() -> None:
    shop = Shop()
    till = shop.till("a", 1)
    assert till._take((), Priority.PULL) == 0
    shop.now_s += VALID_S + 0.1
    asked = shop.asked
    assert till._take((), Priority.PULL) == 0
    assert shop.asked == asked + 1


def test_a_clock_that_is_put_back_grants_nothing_twice() -> None:
    budgets = Budgets()
    first = budgets.grant("p", "a", 10, Priority.PERSON, CLOUD_BUDGET, 1000.0)
    assert first.granted == 10
    for _ in range(10):
        budgets.grant("p", "a", 10, Priority.PERSON, CLOUD_BUDGET, 500.0)
    assert budgets.grant("p", "a", 10, Priority.PERSON, CLOUD_BUDGET, 500.0).granted == 0


def test_tills_that_are_gone_are_not_counted() -> None:
    budgets = Budgets()
    for name in ("a", "b", "c"):
        told = budgets.grant("p", name, 1, Priority.MARK, CLOUD_BUDGET, 1000.0)
    assert told.tills == 3
    assert budgets.grant("p", "a", 1, Priority.MARK, CLOUD_BUDGET, 90_000.0).tills == 1
    assert budgets.grant("other", "a", 1, Priority.MARK, CLOUD_BUDGET, 90_000.0).tills == 1


# ---------------------------------------------------------------------- over the wire
@pytest.fixture
def desk() -> Iterator[GatewayDesk]:
    http = HttpClient()
    with serving(make_app(open_store("sqlite://"), SECRET, lambda: datetime.now(UTC))) as url:
        yield GatewayDesk(url, Secret(SECRET), "shop.example", "till-a", lambda: http, time.monotonic, timeout_s=60)
    http.close()


def test_the_gateway_grants_over_http_and_refuses_nonsense(desk: GatewayDesk) -> None:
    granted = desk.budget(5, int(Priority.MARK), 50.0, 2.0, 0.0)
    assert (granted.granted, granted.tills) == (5, 1)
    total = 5
    while (more := desk.budget(10, int(Priority.MARK), 50.0, 2.0, 0.0)).granted:
        total += more.granted
    assert total < 40
    assert more.retry_s > 0
    with pytest.raises(Rejected):
        desk.budget(5, 77, 50.0, 2.0, 0.0)
    with pytest.raises(Rejected):
        desk.budget(5, 1, -1.0, 2.0, 0.0)


def test_a_governor_over_http_uses_the_gateways_budget(desk: GatewayDesk) -> None:
    share = SharedBudget(desk, time.monotonic, CLOUD)
    governor = Governor(time.monotonic, lambda _s: None, CLOUD, share)
    governor.wait(("sale.order.get",), priority=Priority.PERSON)
    told = governor.figures()
    assert (told.tills, told.is_gateway_away) == (1, False)
    assert told.allowed_per_s == 2.0
