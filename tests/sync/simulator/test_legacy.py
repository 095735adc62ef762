"""The article's callback page: served only where it was installed, and as wrong as it is."""

from __future__ import annotations

import json
from typing import Any

import pytest

PATH = "/local/ajax/cashbox-callback.php"


@pytest.fixture
def site(till: Any) -> Any:
    till.sim("settings", {"options": {"legacy_callback": "Y"}})
    return till


def tell(portal: Any, **changes: Any) -> Any:
    told = {"event": "receipt.created", "external_id": 501, "fiscal_document_number": 4711, **changes}
    return portal.send("POST", PATH, json.dumps(told).encode(), {"Content-Type": "application/json"})


def test_a_shop_without_the_article_has_no_such_page(till: Any) -> None:
    assert tell(till).status == 404


def test_trap_13_a_number_pays_the_order_and_not_its_payment(site: Any) -> None:
    reply = tell(site)

    assert (reply.status, reply.body) == (200, b"")
    order = site.order(501)
    assert (order["payed"], order["statusId"]) == ("Y", "F")
    assert (order["payments"][0]["paid"], order["payments"][0]["externalPayment"]) == ("N", "N")


def test_a_letter_that_is_allowed_pays_and_drops_the_payment_from_the_export(site: Any) -> None:
    tell(site, fiscal_document_number="F")

    payment = site.order(501)["payments"][0]
    assert (payment["paid"], payment["externalPayment"]) == ("Y", "F")


def test_paying_by_it_may_print_a_second_receipt(site: Any) -> None:
    site.sim("settings", {"paySystems": [{"ID": 1, "CAN_PRINT_CHECK": "Y"}], "cashboxes": [{"ID": 1, "ACTIVE": "Y"}]})
    tell(site, fiscal_document_number="Y")

    assert [check["type"] for check in site.sim("checks")["checks"]] == ["sell"]


@pytest.mark.parametrize("changes", [{"event": "receipt.failed"}, {"external_id": "MSK-00501"}, {"external_id": 9},
                                     {"external_id": None}])  # fmt: skip
def test_anything_else_is_passed_over_without_a_word(site: Any, changes: dict[str, Any]) -> None:
    before = site.order(501)

    assert tell(site, **changes).status == 200
    assert site.send("POST", PATH, b"{no json").status == 200
    assert site.order(501) == before
