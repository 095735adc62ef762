"""The self-check of a connection: every gap is named, with its reason and what to tick, and nothing is changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from posapp.cli.setup_check import gaps_of, text_of
from posapp.errors import Offline, Rejected
from posapp.sync.bitrix.rights import ENTITIES, PROBES, Seen, look
from posapp.till.setup_check import METHODS, OF_CASHBOX, READ, RIGHTS, SCOPES, WRITTEN, CheckReport, Mark, judge
from tests.sync.portals import Bitrix, order_row, serving, shop_of

ALL = ["sale", "pay_system", "catalog", "crm", "cashbox"]


@pytest.fixture(scope="module")
def running() -> Iterator[Bitrix]:
    with serving(shop_of(order_row(1))) as bitrix:
        yield bitrix


@pytest.fixture
def bitrix(running: Bitrix) -> Bitrix:
    running.faults()
    settings = {"scopes": ALL, "profile": "kernel", "rights": {"right": "W", "is_admin": True},
                "paySystems": [{"ID": 2, "CAN_PRINT_CHECK": "N"}]}  # fmt: skip
    running.set("settings", settings)
    return running


def checked(bitrix: Bitrix, mode: str = "till-driven", *, is_application: bool = False) -> CheckReport:
    seen = look(bitrix.client)
    return judge(seen, mode, portal="p.example", is_application=is_application, now=datetime.now(UTC))


def gaps(report: CheckReport) -> dict[str, str]:
    return {each.name: each.mark.value for each in report.gaps()}


def test_a_fit_portal_has_no_gap_and_one_request_shows_it(bitrix: Bitrix) -> None:
    before = bitrix.http_requests()
    report = checked(bitrix)
    assert report.is_fit
    assert gaps(report) == {}
    assert bitrix.http_requests() == before + 1
    assert report.user == "Учебный портал posapp"
    assert report.keeps_inventory is False
    assert (report.has_offline_events, checked(bitrix, is_application=True).has_offline_events) == (False, True)
    assert set(report.scopes) == set(ALL)


def test_the_check_changes_nothing(bitrix: Bitrix) -> None:
    before = bitrix.order(1)
    checked(bitrix)
    assert bitrix.order(1) == before


@pytest.mark.parametrize("profile", ["kernel", "docs"])
@pytest.mark.parametrize("scope", ["sale", "pay_system", "catalog"])
def test_trap_64_each_missing_scope_is_named_alone_with_its_reason(bitrix: Bitrix, scope: str, profile: str) -> None:
    bitrix.set("settings", {"scopes": [each for each in ALL if each != scope], "profile": profile})
    report = checked(bitrix)
    assert not report.is_fit
    assert gaps(report) == {scope: "missing"}
    (line, remedy) = gaps_of(report, "ru")
    assert scope in line
    assert SCOPES[scope].ru in line
    assert scope in remedy
    assert "вебхука" in remedy
    (_, remedy) = gaps_of(checked(bitrix, is_application=True), "ru")
    assert "в карточке приложения" in remedy
    assert "вебхук" not in remedy


@pytest.mark.parametrize("scope", ["crm", "cashbox"])
def test_what_is_only_useful_is_told_and_stops_nobody(bitrix: Bitrix, scope: str) -> None:
    bitrix.set("settings", {"scopes": [each for each in ALL if each != scope]})
    report = checked(bitrix)
    assert report.is_fit
    assert gaps(report) == {scope: "optional"}
    assert gaps_of(report, "ru", with_optional=False) == []
    assert checked(bitrix, "portal-driven").is_fit is (scope == "crm")


@pytest.mark.parametrize(
    "rights, named",
    [
        ({"right": "R"}, {"sale_write"}),
        ({"right": "D"}, {"sale_read", "sale_write", "catalog_read"}),
        ({"is_admin": False}, {"pay_systems"}),
    ],
)
def test_each_missing_right_is_named(bitrix: Bitrix, rights: dict[str, Any], named: set[str]) -> None:
    bitrix.set("settings", {"rights": rights})
    report = checked(bitrix)
    assert not report.is_fit
    assert {name for name, mark in gaps(report).items() if mark == "missing"} == named
    assert all(each.error for each in report.gaps())


def test_a_pay_system_that_prints_counts_where_the_till_prints(bitrix: Bitrix) -> None:
    bitrix.set("settings", {"paySystems": [{"ID": 2, "CAN_PRINT_CHECK": "Y"}]})
    report = checked(bitrix)
    assert (report.is_fit, report.prints) == (False, ("Картой при получении",))
    assert gaps(report) == {"Картой при получении": "missing"}
    assert checked(bitrix, "portal-driven").is_fit


@pytest.mark.parametrize("rights", [{"is_admin": False}, {}])
def test_pay_systems_that_cannot_be_read_are_not_said_to_print_nothing(bitrix: Bitrix, rights: dict[str, Any]) -> None:
    if rights:
        bitrix.set("settings", {"rights": rights})
    else:
        bitrix.faults({"method": "sale.paysystem.list", "do": "http", "value": {"status": 500, "error": "ERROR_CORE"}})
    report = checked(bitrix)
    assert (report.prints, report.as_json()["prints"]) == (None, None)
    assert "печатают чеки сами: портал не сказал." in text_of(report, "ru")


def test_what_the_portal_did_not_say_is_unknown_and_no_gap(bitrix: Bitrix) -> None:
    bitrix.faults(
        {"method": "scope", "do": "http", "value": {"status": 500, "error": "INTERNAL_SERVER_ERROR"}},
        {"method": "methods", "do": "http", "value": {"status": 404, "error": "ERROR_METHOD_NOT_FOUND"}},
        {"method": "feature.get", "do": "http", "value": {"status": 404, "error": "ERROR_METHOD_NOT_FOUND"}},
        {"method": "sale.order.list", "do": "http", "value": {"status": 500, "error": "INTERNAL_SERVER_ERROR"}},
    )
    report = checked(bitrix, is_application=True)
    assert report.is_fit
    assert set(gaps(report).values()) == {"unknown"}
    assert report.has_offline_events is None
    assert all(line.startswith("?") for line in gaps_of(report, "ru"))


def test_a_portal_that_cannot_be_asked_is_an_error_and_no_report(bitrix: Bitrix) -> None:
    bitrix.faults({"method": "batch", "do": "http", "value": {"status": 401, "error": "INVALID_CREDENTIALS"}})
    with pytest.raises(Rejected):
        look(bitrix.client)
    bitrix.set("network", {"up": False})
    try:
        with pytest.raises(Offline):
            look(bitrix.client)
    finally:
        bitrix.set("network", {"up": True})


# ---------------------------------------------------------------------------------------------- judged by itself
SEEN_AT = datetime(2026, 3, 9, tzinfo=UTC)
SEEN = Seen("Иванов", True, frozenset(ALL), None, {}, frozenset(), server_time=SEEN_AT)


def judged(**changes: Any) -> CheckReport:
    return judge(replace(SEEN, **changes), "till-driven", portal="p", is_application=False, now=SEEN_AT)


def test_a_method_that_is_not_there_is_named_unless_its_whole_scope_is_missing() -> None:
    there = frozenset(name for names in METHODS.values() for name in names)
    assert judged(methods=there).is_fit
    assert gaps(judged(methods=there - {"sale.shipment.update"})) == {"sale.shipment.update": "missing"}
    stock = judged(methods=there, keeps_inventory=True)
    assert (stock.is_fit, set(gaps(stock).values())) == (True, {"optional"})
    ordered = judge(replace(SEEN, methods=there), "portal-driven", portal="p", is_application=False, now=SEEN_AT)
    assert gaps(ordered) == dict.fromkeys(OF_CASHBOX, "missing")
    no_sale = judged(methods=there - set(METHODS["sale"]), scopes=frozenset(ALL) - {"sale"})
    assert gaps(no_sale) == {"sale": "missing"}


@pytest.mark.parametrize("entity", ENTITIES)
def test_a_field_that_is_gone_or_may_not_be_written_is_named(entity: str) -> None:
    whole = dict.fromkeys((*READ[entity], *WRITTEN.get(entity, ())), True)
    assert judged(fields={entity: whole}).is_fit
    name = READ[entity][-1]
    assert f"{entity}.{name}" in gaps(judged(fields={entity: {key: True for key in whole if key != name}}))
    for name in WRITTEN.get(entity, ()):
        assert gaps(judged(fields={entity: whole | {name: False}})) == {f"{entity}.{name}": "missing"}


@pytest.mark.parametrize("minutes, named", [(-6, True), (-4, False), (4, False), (6, True)])
def test_clocks_that_differ_are_told_and_stop_nobody(minutes: int, named: bool) -> None:
    report = judged(server_time=SEEN_AT + timedelta(minutes=minutes))
    assert report.is_fit
    assert [each.mark for each in report.gaps() if each.kind == "clock"] == [Mark.OPTIONAL] * named
    assert report.slow_s == minutes * 60


def test_every_need_has_words_in_both_languages_and_every_probe_a_need() -> None:
    assert set(RIGHTS) == set(PROBES)
    assert {scope for scope, _ in RIGHTS.values()} <= set(SCOPES)
    report = judged(scopes=frozenset(), refused=dict.fromkeys(RIGHTS, "X"))
    for way in ("webhook", "oauth"):
        told = replace(report, access=way)
        for spoken in ("ru", "en"):
            assert "<" not in text_of(told, spoken)
    whole = judged(refused=dict.fromkeys(RIGHTS, "200040300010"))
    assert "<" not in text_of(whole, "ru") + text_of(whole, "en")
