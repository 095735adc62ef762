"""Rule 15: another till's entry on the portal is never overwritten.

An order's payment holds one receipt's mark in its own fields, and all of its receipts in an append-only list. Both are
read again before and after every write; a field with another receipt's key or document is left alone, for a person, and
the list keeps every entry. What it means for refunds is tried in `tests/till/test_refund_portal.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from posapp.domain.money import Money
from posapp.domain.receipt import TenderKind
from posapp.domain.settlement import State
from posapp.errors import PosError
from posapp.till import exchange, refund
from tests.rules.portals import a_portal, on_board, on_portal
from tests.sync.portals import WRITES, Bitrix
from tests.till.shops import Shop

OTHERS_KEY = "ABCDEFGH12345678"
MARK = ("psInvoiceId", "payVoucherNum", "payVoucherDate", "psStatusDescription", "psSum", "psResponseDate")


@pytest.fixture
def bitrix() -> Iterator[Bitrix]:
    """A portal with one order."""
    with a_portal(1) as portal:
        yield portal


def payment_of(bitrix: Bitrix) -> dict[str, Any]:
    """The order's payment as the portal holds it, to be changed by somebody else."""
    payment: dict[str, Any] = bitrix.portal.shop.orders[1]["payments"][0]
    return payment


@pytest.mark.parametrize(
    "theirs",
    [
        {"psInvoiceId": OTHERS_KEY, "payVoucherNum": "7", "psStatusCode": "FISCAL_OK", "psSum": Decimal("100.00")},
        {"psInvoiceId": OTHERS_KEY},  # its first field is there, the others on their way
        {"payVoucherNum": "7"},
        {"psInvoiceId": "an acquirer's own number"},
    ],
)
def test_rule_15_another_tills_mark_stays(shop: Shop, bitrix: Bitrix, theirs: dict[str, object]) -> None:
    on_portal(shop, bitrix)
    shop.sell(on_board(shop))
    payment = payment_of(bitrix)
    payment |= theirs
    before = {name: payment.get(name) for name in MARK}
    for _ in range(3):
        exchange.deliver(shop.till, force=True)
    assert {name: payment_of(bitrix).get(name) for name in MARK} == before
    assert [row for row in bitrix.requests() if row["method"] in WRITES] == []
    entries = {each.step: each for each in shop.till.journal.entries_of_receipt(shop.receipt().key)}
    assert (entries["mark"].state, entries["mark"].code) == ("failed", "portal_differs")
    assert bitrix.order(1)["payed"] == "N", "nothing stands on a mark that is not ours"
    assert shop.stored().state is State.FISCALIZED


def test_rule_15_it_is_read_again_after_the_write(shop: Shop, bitrix: Bitrix) -> None:
    """The answer to our write was lost, and before we came back another till had put its mark there."""
    on_portal(shop, bitrix)
    shop.sell(on_board(shop))
    bitrix.faults({"method": "sale.payment.update", "nth": 1, "when": "before", "times": 1, "do": "reset"})
    exchange.deliver(shop.till, force=True)
    payment = payment_of(bitrix)
    payment |= {"psInvoiceId": OTHERS_KEY, "payVoucherNum": "7"}
    bitrix.clock.now_s += 700
    exchange.deliver(shop.till, force=True)
    assert (payment_of(bitrix)["psInvoiceId"], payment_of(bitrix)["payVoucherNum"]) == (OTHERS_KEY, "7")
    entries = {each.step: each for each in shop.till.journal.entries_of_receipt(shop.receipt().key)}
    assert entries["mark"].state == "failed"


def test_rule_15_our_own_mark_is_completed_and_not_doubled(shop: Shop, bitrix: Bitrix) -> None:
    """Half of it was stored: the same key, so it is ours to finish."""
    on_portal(shop, bitrix)
    shop.sell(on_board(shop))
    payment_of(bitrix)["psInvoiceId"] = shop.receipt().key
    for _ in range(2):
        exchange.deliver(shop.till, force=True)
    stored = shop.stored()
    assert stored.mark is not None
    assert payment_of(bitrix)["payVoucherNum"] == str(stored.mark.document_number)
    assert bitrix.order(1)["payed"] == "Y"


# ------------------------------------------------------------------------------------------------ refunds, and the list
def test_rule_15_the_list_only_grows(shop: Shop, bitrix: Bitrix) -> None:
    """Peoples' text, another till's entry and one that nobody can read: all of it stays before ours."""
    text = "звонить вечером\n{posapp1 somebody,spoilt,this}"
    on_portal(shop, bitrix)
    payment_of(bitrix)["comments"] = text
    shop.sell(on_board(shop))
    exchange.deliver(shop.till, force=True)
    stored = payment_of(bitrix)["comments"]
    assert stored.startswith(text.removesuffix("}"))
    assert shop.receipt().key in stored
    refund.refund(shop.till, shop.receipt().key, override="список испорчен людьми, чеки сверены")
    exchange.deliver(shop.till, force=True)
    assert payment_of(bitrix)["comments"].startswith(stored.removesuffix("}"))


def test_rule_15_a_refund_of_anothers_receipt_needs_the_portal_or_the_paper_and_a_manager(
    shop: Shop, bitrix: Bitrix
) -> None:
    """The other till's receipt stands on the portal; without a network nothing is taken back on a cashier's word."""
    on_portal(shop, bitrix)
    shop.till.printer.cash_in(Money(100_000))
    qr = "t=20261120T1230&s=100.00&fn=9999078900009999&i=7&fp=12345&n=1"
    wanted = refund.Wanted(order="N-1", qr=qr, paid=TenderKind.CASH)
    bitrix.set("network", {"up": False})
    found = refund.found(shop.till, wanted)
    with pytest.raises(PosError) as caught:
        refund.refund(shop.till, found)
    assert caught.value.code == "refund_unread"
    assert shop.register.receipts == []
    done = refund.refund(shop.till, found, override="бумажный чек на руках")
    assert done.view.receipt.basis is not None
    assert done.view.receipt.basis.document_sign == "12345"
    (record,) = [each for each in shop.till.journal.audit_rows() if each.what == "refund.overridden"]
    assert record.why == "бумажный чек на руках"
