"""What set-up proves about a portal."""

from collections.abc import Iterator

import pytest

from posapp.errors import PosError, Rejected, SetupError
from posapp.sync.bitrix.check import check_till_driven
from tests.sync.portals import Bitrix, order_row, serving, shop_of


@pytest.fixture
def bitrix() -> Iterator[Bitrix]:
    with serving(shop_of(order_row(1))) as running:
        yield running


def refused(bitrix: Bitrix, status: str = "F") -> PosError:
    with pytest.raises(PosError) as caught:
        check_till_driven(bitrix.client, status)
    return caught.value


def test_a_fit_portal_shows_what_set_up_needs(bitrix: Bitrix) -> None:
    found = check_till_driven(bitrix.client, "F")
    assert found.is_simulated
    assert found.portal == bitrix.client.portal
    assert found.portal in bitrix.webhook
    assert found.user == "Учебный портал posapp"
    assert found.statuses["F"] == "Выполнен"
    assert "DN" not in found.statuses, "statuses of deliveries are no statuses of orders"
    assert {row.name: row.percent for row in found.vat_rows.values()}["Без НДС"] is None
    assert not [row for row in bitrix.requests() if row["method"].endswith(("update", "add"))]


@pytest.mark.parametrize("value", ["Y", ""])
def test_a_pay_system_that_prints_or_does_not_say_is_refused_by_name(bitrix: Bitrix, value: str) -> None:
    bitrix.set("settings", {"paySystems": [{"ID": 2, "CAN_PRINT_CHECK": value}]})
    error = refused(bitrix)
    assert (type(error), error.code, error.facts["system"]) == (Rejected, "portal_prints", "Картой при получении")


@pytest.mark.parametrize("harmless", [{"ACTIVE": "N"}, {"ENTITY_REGISTRY_TYPE": "CRM_INVOICE"}])
def test_pay_systems_that_no_order_can_use_may_print(bitrix: Bitrix, harmless: dict[str, str]) -> None:
    bitrix.set("settings", {"paySystems": [{"ID": 2, "CAN_PRINT_CHECK": "Y", **harmless}]})
    assert check_till_driven(bitrix.client).pay_systems[2].prints


@pytest.mark.parametrize(
    "scopes, code",
    [
        (["sale", "catalog", "crm"], "portal_no_paysystems"),
        (["catalog", "pay_system"], "scope_missing"),
        (["sale", "pay_system"], "scope_missing"),
    ],
)
def test_missing_scopes_are_named(bitrix: Bitrix, scopes: list[str], code: str) -> None:
    bitrix.set("settings", {"scopes": scopes})
    error = refused(bitrix)
    assert (isinstance(error, Rejected | SetupError), error.code) == (True, code)


@pytest.mark.parametrize("status", ["DE2", "f", "DN", ""])
def test_the_final_status_must_exist(bitrix: Bitrix, status: str) -> None:
    error = refused(bitrix, status)
    assert isinstance(error, SetupError)
    assert "статуса" in error.message()


def test_a_wrong_key_and_a_dead_line_are_told_apart(bitrix: Bitrix) -> None:
    bitrix.faults({"method": "profile", "do": "http", "value": {"status": 401, "error": "INVALID_CREDENTIALS"}})
    assert refused(bitrix).code == "webhook_unknown"
    bitrix.set("network", {"up": False})
    assert refused(bitrix).code == "offline"
