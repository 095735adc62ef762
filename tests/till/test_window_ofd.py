"""The window's messenger: it rests while anybody wants the register, and trouble ends a round and no thread."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from posapp.cli.window_ofd import AFTER_TROUBLE_S, EVERY_S, WindowOfd
from posapp.lanes import Lanes
from tests.till.rig import Register
from tests.till.shops import Shop, an_order, shop_at
from tests.till.test_ofd_relay import Ofd, by_host


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    register = Register()
    by_host(register)
    with shop_at(tmp_path, register) as open_shop:
        yield open_shop


def test_it_carries_while_nobody_wants_the_register(shop: Shop) -> None:
    ofd = Ofd()
    messenger = WindowOfd(shop.till, Lanes.on_the_spot(), ofd)
    assert messenger.round(lambda: True) == EVERY_S
    assert ofd.server.documents == {}
    assert messenger.round() == EVERY_S
    assert len(ofd.server.documents) == 2


def test_it_stops_between_two_portions_when_a_sale_waits(shop: Shop) -> None:
    ofd, asked = Ofd(), [0]

    def wanted() -> bool:
        asked[0] += 1
        return asked[0] > 3

    messenger = WindowOfd(shop.till, Lanes.on_the_spot(), ofd)
    messenger.round(wanted)
    assert len(ofd.server.documents) < 2
    shop.sell(an_order(1))
    shop.assert_exactly_one(1)
    messenger.round()
    assert len(ofd.server.documents) == 3
    assert ofd.server.faults == []


def test_an_ofd_or_a_register_that_is_away_is_tried_again_later(shop: Shop) -> None:
    ofd = Ofd()
    ofd.away = 1
    messenger = WindowOfd(shop.till, Lanes.on_the_spot(), ofd)
    assert messenger.round() == AFTER_TROUBLE_S
    shop.till.printer.close()
    shop.register.unplug()
    assert messenger.round() == AFTER_TROUBLE_S
    shop.register.heal()
    assert messenger.round() == EVERY_S
    assert len(ofd.server.documents) == 2


def test_its_thread_ends_when_it_is_told(shop: Shop) -> None:
    messenger = WindowOfd(shop.till, Lanes.on_the_spot(), Ofd())
    messenger.start()
    messenger.end()
    assert messenger._thread is not None
    assert not messenger._thread.is_alive()
