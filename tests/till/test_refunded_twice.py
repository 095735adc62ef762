"""Two tills took back the same thing: each of them tells of it, and the goods of the rest stay where they are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from posapp.domain import receipt_list
from tests.till.four import Four, four_at
from tests.till.rig import Register
from tests.till.test_refund import back

THEIRS = "ABCDEFGH12345678"


@pytest.fixture
def four(tmp_path: Path, register: Register) -> Iterator[Four]:
    with four_at(tmp_path, register) as started:
        yield started


def taken_back_there_too(four: Four) -> None:
    """Another till, on this register, puts its refund of the same lines behind ours."""
    payment = four.on_portal(1)["payments"][0]
    ours = receipt_list.parse(payment["comments"]).entries[-1]
    own = four.shop.register.printer.identity.storage_number
    theirs = replace(ours, key=THEIRS, storage_number=own, document_number=ours.document_number + 90)
    payment["comments"] = receipt_list.appended(payment["comments"], [theirs])


def test_the_till_that_was_first_hears_of_it_by_its_reconciliation(four: Four) -> None:
    made = back(four.shop, four.sell(1).receipt.key).view.receipt
    four.deliver()
    assert four.differences() == []
    taken_back_there_too(four)
    found = four.difference()
    assert (found.code, found.key) == ("portal_undone", made.key)
    assert "больше, чем продано" in found.message()


def test_the_till_that_was_second_touches_neither_money_nor_goods(four: Four) -> None:
    made = back(four.shop, four.sell(1).receipt.key).view.receipt
    four.deliver()
    taken_back_there_too(four)
    four.on_portal(1)["payments"][0]["paid"] = "Y"
    four.on_portal(1)["shipments"][0]["deducted"] = "Y"
    entries = four.shop.till.journal.entries_of_receipt(made.key)
    for entry in entries:
        four.shop.till.journal.reopen_entry(entry.id, four.shop.till.now())
    four.deliver()
    found = {each.step: each.code for each in four.shop.till.journal.entries_of_receipt(made.key)}
    assert found == {"mark": "", "payment": "portal_differs", "stock": "portal_differs"}
    row = four.on_portal(1)
    assert (row["payments"][0]["paid"], row["shipments"][0]["deducted"]) == ("Y", "Y")
