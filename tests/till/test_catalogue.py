"""The catalogue on board: passes that are cut off go on, what is deleted goes with a whole pass, rounds are short."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from posapp.errors import JournalError, Offline, SaleError
from posapp.journal.store import Journal
from posapp.settings import CatalogueSettings
from posapp.sync.simulator.envelope import iso
from posapp.till import catalogue, exchange
from posapp.till.context import Till
from tests.sync.portals import Bitrix, serving
from tests.sync.test_catalogue import big_shop
from tests.till.shops import Shop

FIELDS = CatalogueSettings(barcode="property64")
COUNT = 120


@pytest.fixture
def bitrix() -> Iterator[Bitrix]:
    with serving(big_shop(COUNT)) as portal:
        yield portal


@pytest.fixture
def till(shop: Shop, bitrix: Bitrix) -> Till:
    portal = shop.settings.portal
    assert portal is not None
    settings = shop.settings.with_(portal=replace(portal, portal=bitrix.client.portal), catalogue=FIELDS)
    return replace(shop.till, settings=settings, client=lambda: bitrix.client, now=lambda: datetime.now(UTC))


def later(till: Till, **delta: float) -> Till:
    return replace(till, now=lambda: datetime.now(UTC) + timedelta(**delta))


def touch(bitrix: Bitrix, number: int, **changes: Any) -> None:
    bitrix.portal.shop.products[number] |= {**changes, "timestampX": iso(datetime.now(UTC))}


def delete(bitrix: Bitrix, number: int) -> None:
    shop = bitrix.portal.shop
    gone = shop.products.pop(number)
    shop.tables["products"].remove(gone)
    shop.tables["prices"] = [row for row in shop.tables["prices"] if row["productId"] != number]


def test_the_first_pull_is_whole_the_next_brings_what_changed(till: Till, bitrix: Bitrix) -> None:
    assert catalogue.prices_at(till) is None
    first = catalogue.pull(till)
    assert (first.read, first.prices_read, first.is_complete, first.products, first.gone) == (120, 120, True, 120, 0)
    assert catalogue.item(till, "good-3").product.product_id == 3
    touch(bitrix, 3, code="tea", name="Чай")
    second = catalogue.pull(till)
    assert (second.read, second.prices_read, second.products) == (1, 0, 120)
    assert catalogue.item(till, "TEA").product.name == "Чай"
    with pytest.raises(SaleError):
        catalogue.item(till, "good-3")


def test_what_was_deleted_goes_with_a_whole_pass_once_a_day(till: Till, bitrix: Bitrix) -> None:
    catalogue.pull(till)
    delete(bitrix, 30)
    assert catalogue.pull(till).gone == 0
    assert catalogue.item(till, "good-30").product.product_id == 30
    tomorrow = catalogue.pull(later(till, hours=25))
    assert (tomorrow.gone, tomorrow.products, tomorrow.prices) == (1, 119, 119)
    delete(bitrix, 33)
    assert catalogue.pull(later(till, hours=25), whole=True).gone == 1
    with pytest.raises(SaleError):
        catalogue.item(till, "good-33")


def test_a_pass_that_breaks_off_goes_on_and_nothing_is_forgotten_before_its_end(till: Till, bitrix: Bitrix) -> None:
    catalogue.pull(till)
    delete(bitrix, 3)
    delete(bitrix, 360)
    bitrix.faults({"method": "batch", "nth": 4, "when": "before", "do": "reset"})
    with pytest.raises(Offline):
        catalogue.pull(till, whole=True)
    assert catalogue.item(till, "good-360").product.product_id == 360  # still what the last whole pass saw
    assert catalogue.prices_at(till) is not None
    asked = bitrix.http_requests()
    rest = catalogue.pull(till)
    assert (rest.is_complete, rest.gone, rest.products) == (True, 2, 118)
    assert rest.read < 118
    assert bitrix.http_requests() - asked <= 6


def test_each_step_may_be_the_last_one(till: Till, bitrix: Bitrix) -> None:
    reports = [catalogue.pull(till, steps=1)]
    while not reports[-1].is_complete:
        assert catalogue.prices_at(till) is None
        with pytest.raises(SaleError) as refused:
            catalogue.require_ready(till)
        assert refused.value.code == "catalogue_empty"
        reports.append(catalogue.pull(till, steps=1))
    assert sum(each.read for each in reports) == COUNT
    assert len(reports) == 4
    assert reports[-1].products == COUNT
    catalogue.require_ready(till)


def test_a_disk_that_fails_at_the_end_of_a_pass_loses_nothing(
    till: Till, bitrix: Bitrix, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise JournalError("disk_full", path="journal")

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "sweep_catalogue", full)
        with pytest.raises(JournalError):
            catalogue.pull(till)
    assert catalogue.prices_at(till) is None
    assert catalogue.pull(till).is_complete
    assert catalogue.prices_at(till) is not None


def test_other_fields_or_prices_are_another_catalogue(till: Till, bitrix: Bitrix) -> None:
    catalogue.pull(till)
    by_article = replace(till, settings=till.settings.with_(catalogue=replace(FIELDS, article="xmlId")))
    report = catalogue.pull(by_article)
    assert report.read == COUNT
    with pytest.raises(SaleError):
        catalogue.item(by_article, "good-3")
    schemes = replace(till, settings=till.settings.with_(catalogue=replace(FIELDS, article="xmlId", scales="21:5:5")))
    assert catalogue.pull(schemes).read == 0  # how labels are read changes nothing of what is on board


def test_rounds_of_the_exchange_ask_every_few_minutes_and_never_fail_it(till: Till, bitrix: Bitrix) -> None:
    first = catalogue.refresh_if_due(till)
    assert first is not None
    assert first.is_complete
    assert catalogue.refresh_if_due(till) is None
    assert catalogue.refresh_if_due(till, force=True) is not None
    assert catalogue.refresh_if_due(later(till, minutes=6)) is not None
    bitrix.set("network", {"up": False})
    away = catalogue.refresh_if_due(later(till, minutes=12))
    assert away is not None
    assert away.trouble is not None
    assert away.trouble.code == "offline"
    bare = replace(till, settings=till.settings.with_(catalogue=None))
    assert catalogue.refresh_if_due(bare, force=True) is None


def test_a_round_brings_orders_and_goods(till: Till) -> None:
    report, pulled = exchange.sync(till, force=True)
    assert pulled is not None
    assert report.catalogue is not None
    assert report.catalogue.products == COUNT
