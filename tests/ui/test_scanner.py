"""Every scan gets an answer, by whatever wire it came; a rejected one says why."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt

from posapp.domain import layout
from posapp.domain.scans import Scan, ScanRules, understood
from posapp.errors import PosError, Unreachable
from tests.ui.conftest import MakeShop, Shop
from tests.ui.desks import FakeDesk


@dataclass(frozen=True)
class News:
    scan: Scan | None = None
    trouble: PosError | None = None


def code_of(shop: Shop) -> str:
    trouble = shop.window.pane.banner.trouble
    return "" if trouble is None else trouble.code


def bring(shop: Shop, news: News) -> None:
    assert shop.desk.scanner is not None
    shop.desk.scanner(news)


def test_a_scan_from_the_port_opens_the_order_as_a_typed_one_does(shop: Shop) -> None:
    bring(shop, News(understood("]C010457")))
    assert shop.window.frame.shown == "order"
    assert shop.played == ["scan"]


def test_an_incomplete_scan_says_so_and_changes_nothing(shop: Shop) -> None:
    bring(shop, News(understood("10457")))
    bring(shop, News(understood("1046", is_whole=False)))
    assert (code_of(shop), shop.played[-1]) == ("191", "unknown")
    assert shop.window.counter is not None
    assert shop.window.counter.view is not None
    assert shop.window.counter.view.order.number == "10457"


def test_a_russian_layout_is_mended_and_told_once(shop: Shop) -> None:
    for name in ("MSK-10457", "MSK-10458"):
        shop.desk.views[name] = shop.desk.views["10457"]
    shop.hands.scan(layout.typed_in_russian("MSK-10457"))
    assert (shop.window.frame.shown, code_of(shop)) == ("order", "115")
    shop.window.pane.clear_trouble()
    shop.hands.scan(layout.typed_in_russian("MSK-10458"))
    assert code_of(shop) == ""


def test_a_scanner_that_goes_is_told_and_forgotten_when_it_is_back(shop: Shop) -> None:
    bring(shop, News(trouble=Unreachable("scanner_gone", port="COM5", why="нет")))
    assert code_of(shop) == "192"
    bring(shop, News())
    assert code_of(shop) == ""


def test_the_prefix_of_the_shops_scanner_tells_a_scan_from_fingers(make_shop: MakeShop) -> None:
    desk = FakeDesk()
    desk.scan_rules = ScanRules(prefix="~")
    shop = make_shop(desk)
    shop.hands.scan("~104", end="")
    shop.hands.settle()
    assert [each[1] for each in desk.asked if each[0] == "find"] == ["104"]


def test_a_longer_pause_may_be_allowed(make_shop: MakeShop) -> None:
    desk = FakeDesk()
    desk.scan_rules = ScanRules(gap_ms=300)
    shop = make_shop(desk)
    for each in "010457":
        shop.hands._key(Qt.Key.Key_A, each, 200)
    shop.hands._key(Qt.Key.Key_Return, "\r", 200)
    assert [each[1] for each in desk.asked if each[0] == "find"] == ["010457"]
