"""A register that is gone for good, and an OFD that was told something of it: its word binds the person's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from posapp.domain.settlement import State
from posapp.errors import ResolveNeeded
from posapp.http import HttpClient
from posapp.sync.ofd import HttpOfd
from posapp.sync.simulator.ofd_server import OfdServer
from posapp.till import resolve
from tests.till.four import TOKEN, ofd_serving, sent_by
from tests.till.shops import TOTAL, Shop
from tests.till.test_desk import WHO, WHY, gone, no_record, qr_of, the_case, the_record

KOPECKS = TOTAL.kopecks


@pytest.fixture
def ofd(shop: Shop) -> Iterator[OfdServer]:
    with ofd_serving(shop.register) as server:
        yield server


def lost(shop: Shop, ofd: OfdServer, *, printed: bool, sent: bool = True) -> str:
    """The receipt's register is replaced; what it had made has reached the OFD, or has not. The receipt's key."""
    key = gone(shop, printed=printed, storage_only=False)
    first = shop.register.printers[0]
    if sent:
        ofd.ofd.take(first.identity.storage_number, map(sent_by, first.storage.documents))
    shop.close()
    shop.set_up_again()
    shop.till = replace(shop.till, ofd=lambda: HttpOfd(ofd.url, TOKEN, HttpClient()))
    return key


def test_what_the_ofd_has_with_our_key_cannot_be_denied(shop: Shop, ofd: OfdServer) -> None:
    key = lost(shop, ofd, printed=True)
    number = shop.register.printers[0].storage.last_number
    with pytest.raises(ResolveNeeded, match=f"ФД {number} с ключом"):
        resolve.decide(shop.till, key, "lost_not_made", WHO, WHY)
    with pytest.raises(ResolveNeeded, match="с ключом"):
        resolve.decide(shop.till, key, f"lost_not_made:{number}", WHO, WHY)
    assert shop.stored().state is State.SENDING
    no_record(shop)
    answers = {"qr": qr_of(shop), "receipt_number": "1"}
    resolve.decide(shop.till, key, "lost_made", WHO, WHY, answers)
    record = the_record(shop)
    assert (record.facts["ofd"], record.facts["ofd_last"]) == ("asked", number)
    assert shop.stored().state is State.FISCALIZED


def test_what_the_ofd_has_not_may_be_said_not_to_be_made(shop: Shop, ofd: OfdServer) -> None:
    key = lost(shop, ofd, printed=False)
    assert resolve.decide(shop.till, key, "lost_not_made", WHO, WHY).state == "pending"
    record = the_record(shop)
    assert (record.facts["ofd"], record.facts["ofd_last"]) == ("asked", 0)


def test_an_ofd_that_was_told_nothing_yet_proves_nothing(shop: Shop, ofd: OfdServer) -> None:
    """The paper counts: a register may burn before it has sent its documents."""
    key = lost(shop, ofd, printed=True, sent=False)
    resolve.decide(shop.till, key, "lost_made", WHO, WHY, {"qr": qr_of(shop), "receipt_number": "1"})
    assert the_record(shop).facts["ofd_last"] == 0
    assert shop.stored().state is State.FISCALIZED


def test_a_document_of_our_sum_without_a_key_has_to_be_named(shop: Shop, ofd: OfdServer) -> None:
    key = lost(shop, ofd, printed=False)
    storage = shop.register.printers[0].identity.storage_number
    ofd.ofd.set_faults(
        [
            {"do": "extra", "number": 3, "total_kopecks": KOPECKS, "kind": 1, "storage": storage},
            {"do": "extra", "number": 4, "total_kopecks": KOPECKS, "kind": 1, "stamp": "2·7·0123456789ABCDEF",
             "storage": storage},
            {"do": "extra", "number": 5, "total_kopecks": KOPECKS - 1, "kind": 1, "storage": storage},
        ]
    )  # fmt: skip
    with pytest.raises(ResolveNeeded, match="ФД 3 того же вида"):
        resolve.decide(shop.till, key, "lost_not_made", WHO, WHY)
    no_record(shop)
    resolve.decide(shop.till, key, "lost_not_made:3", WHO, WHY)
    record = the_record(shop)
    assert (record.facts["foreign"], record.facts["ofd_last"]) == ([3], 5)


@pytest.mark.parametrize("other", [{"fp": "12345"}, {"i": "4"}], ids=["another sign", "another number"])
def test_a_qr_that_the_ofd_knows_otherwise_is_refused(shop: Shop, ofd: OfdServer, other: dict[str, str]) -> None:
    key = lost(shop, ofd, printed=True)
    with pytest.raises(ResolveNeeded, match="в ОФД"):
        resolve.decide(shop.till, key, "lost_made", WHO, WHY, {"qr": qr_of(shop, **other), "receipt_number": "1"})
    assert shop.stored().state is State.SENDING
    no_record(shop)


@pytest.mark.parametrize("fault", [{"do": "http", "value": 503}, {"do": "garbage", "value": "<html>"}])
def test_an_ofd_that_does_not_answer_leaves_the_persons_word_and_that_is_kept(
    shop: Shop, ofd: OfdServer, fault: dict[str, object]
) -> None:
    key = lost(shop, ofd, printed=False)
    ofd.ofd.set_faults([fault])
    assert [each.id for each in the_case(shop).choices] == ["lost_made", "lost_not_made"]
    resolve.decide(shop.till, key, "lost_not_made", WHO, WHY)
    assert the_record(shop).facts["ofd"] == "silent"


def test_a_till_without_an_ofd_says_so(shop: Shop, ofd: OfdServer) -> None:
    key = lost(shop, ofd, printed=True)
    shop.till = replace(shop.till, ofd=None)
    resolve.decide(shop.till, key, "lost_not_made", WHO, "бумаги нет, ОФД по телефону чека не видит")
    assert the_record(shop).facts["ofd"] == "none"
