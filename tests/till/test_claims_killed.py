"""The till dies before or after each commit and each word with the gateway, while it sells, syncs and takes over.

Whatever the moment: the order ends with one receipt, in one register, and the gateway knows it.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from posapp.domain.claim import ClaimState
from posapp.errors import PosError, ResolveNeeded
from posapp.till import claim_sync, claims, resolve, take_over
from tests.till.colleagues import Colleague, colleagues
from tests.till.shops import an_order

ORDER = an_order()


class Killed(BaseException):
    """The process is gone; nothing may catch it."""


class Steps:
    """Counts the steps of a till and ends it at number `last` (0 = never)."""

    def __init__(self, shop: Colleague, last: int = 0) -> None:
        self.count = 0
        self._last = last
        self._around(shop.till.journal, "_write")
        self._around(shop.wire, "_over")

    def _around(self, owner: Any, name: str) -> None:
        original = getattr(owner, name)

        def stepped(*args: Any) -> Any:
            self._step()
            result = original(*args)
            self._step()
            return result

        setattr(owner, name, stepped)
        self._undo = getattr(self, "_undo", [])
        self._undo.append((owner, name))

    def _step(self) -> None:
        self.count += 1
        if self.count == self._last:
            raise Killed

    def heal(self) -> None:
        """The next process is not killed."""
        for owner, name in self._undo:
            delattr(owner, name)


def sale_and_sync(one: Colleague, _other: Colleague) -> None:
    one.sell(ORDER)
    claim_sync.sync(one.till)


def route_and_offline_sale(one: Colleague, _other: Colleague) -> None:
    claims.take_route(one.till, [ORDER])
    one.wire.state = "down"
    one.sell(ORDER)
    one.wire.state = "up"
    claim_sync.sync(one.till)


def given_back(one: Colleague, _other: Colleague) -> None:
    claims.take_route(one.till, [ORDER])
    claims.release(one.till, ORDER)


def taken_over(one: Colleague, other: Colleague) -> None:
    if not claims.held(other.till, [ORDER.order_id]):
        claims.take_route(other.till, [ORDER])
    take_over.take_over(one.till, ORDER.number, "касса 2 сломалась")
    one.sell(ORDER)
    claim_sync.sync(one.till)


def learned_and_reported(one: Colleague, other: Colleague) -> None:
    """This one loses its order while it is away, and hears of it."""
    claims.take_route(one.till, [ORDER])
    take_over.take_over(other.till, ORDER.number, "касса 1 не отвечает")
    claim_sync.sync(one.till)


def after(one: Colleague, other: Colleague) -> None:
    """Everybody tries again, in any order, until nothing is left to do."""
    for shop in (other, one, other, one):
        try:
            shop.sell(ORDER)
        except ResolveNeeded:  # killed before it was noted that a receipt is open: a person says that it is ours
            stuck = shop.stored().receipt.key
            resolve.decide_not_made(shop.till, stuck, why="касса выключилась посреди чека")
        except PosError:
            pass
        for each in (one, other):
            report = claim_sync.sync(each.till)
            assert report is not None
            assert (report.trouble, report.doubled) == (None, ())
    assert len(one.register.receipts) + len(other.register.receipts) == 1
    assert one.wire.look(ORDER.order_id).state is ClaimState.RECEIPTED
    assert sum(shop.wire.look(ORDER.order_id).is_ours for shop in (one, other)) == 1


@pytest.mark.parametrize(
    "story", [sale_and_sync, route_and_offline_sale, given_back, taken_over, learned_and_reported],
    ids=lambda story: story.__name__,
)  # fmt: skip
def test_a_kill_at_any_step_leaves_one_receipt(tmp_path: Path, story: Callable[[Colleague, Colleague], None]) -> None:
    total = lives(tmp_path / "whole", story, 0)
    assert total >= 6
    for last in range(1, total + 1):
        assert lives(tmp_path / str(last), story, last) == last


def lives(folder: Path, story: Callable[[Colleague, Colleague], None], last: int) -> int:
    """Plays the story with a kill at step `last`, then what comes after; how many steps were taken."""
    with colleagues(folder) as (one, other):
        for each in (one, other):
            each.till.journal.save_orders([ORDER], claimed=False)
        steps = Steps(one, last)
        with suppress(Killed):
            story(one, other)
        steps.heal()
        one.wire.state = "up"
        one.restart()
        after(one, other)
        return steps.count
