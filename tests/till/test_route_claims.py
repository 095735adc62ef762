"""A courier's route where tills share a gateway: claimed when it is taken, and the screen knows what is not his."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from posapp.settings import RouteSettings
from posapp.till import claims, doorstep, orders, route
from tests.till.colleagues import Colleague, colleagues
from tests.till.shops import an_order

HERS, HIS = an_order(1), an_order(2)


def with_route(shop: Colleague) -> None:
    """The till's route is these two orders."""
    shop.till.journal.save_orders([HERS, HIS], claimed=False)
    shop.till = replace(shop.till, settings=shop.till.settings.with_(route=RouteSettings(responsible=7)))
    doorstep.leave_with(shop.till, [HERS, HIS])


def test_the_route_is_claimed_and_what_another_till_has_is_shown(tmp_path: Path) -> None:
    with colleagues(tmp_path) as (one, other):
        for each in (one, other):
            with_route(each)
        claims.take_route(other.till, [HERS])
        assert [row.is_ours for row in orders.route(one.till)] == [False, False]
        assert route.take(one.till) == 1
        assert {row.order_id: row.is_ours for row in orders.route(one.till)} == {1: False, 2: True}
        assert route.take(one.till) == 1  # again is no harm


def test_without_a_filter_nothing_is_claimed_by_looking(tmp_path: Path) -> None:
    with colleagues(tmp_path) as (one, _other):
        one.till.journal.save_orders([HERS], claimed=False)
        assert route.take(one.till) == 0
        assert claims.held(one.till, [1]) == frozenset()
