"""The resolve desk: a person decides only what the storage does not contradict, and never by printing again."""

from __future__ import annotations

import pytest

from posapp.domain.settlement import State
from posapp.errors import PosError, ResolveNeeded
from posapp.till import resolve
from tests.till.doubts import lost_before_closing
from tests.till.rig import Killed
from tests.till.shops import TOTAL, Shop, an_order

KOPECKS = TOTAL.kopecks


def made_and_unreadable(shop: Shop) -> tuple[str, int]:
    """Our document exists, its TLV went to the archive before the till came back; key and number."""
    shop.register.killed_at = (0xFF45, True)
    with pytest.raises(Killed):
        shop.sell()
    shop.register.heal()
    number = shop.register.printer.storage.last_number
    shop.register.lose_tlv(number)
    shop.restart()
    return shop.receipt().key, number


def test_what_the_storage_proves_never_reaches_the_desk(shop: Shop) -> None:
    lost_before_closing(shop)
    assert resolve.waiting(shop.till) == []
    assert shop.stored().state is State.PENDING


def test_a_case_shows_what_was_asked_and_what_the_storage_has(shop: Shop) -> None:
    key, number = made_and_unreadable(shop)
    (case,) = resolve.waiting(shop.till)
    body = case.as_json()
    assert {name: body[name] for name in ("key", "order", "total_kopecks", "after_document")} == {
        "key": key,
        "order": "1001",
        "total_kopecks": KOPECKS,
        "after_document": 2,
    }
    assert str(number) in case.why
    assert [(each.number, each.total, each.whole) for each in case.documents] == [(number, TOTAL, False)]


def test_a_register_that_is_away_is_told_and_decides_nothing(shop: Shop) -> None:
    key, _ = made_and_unreadable(shop)
    shop.register.is_plugged = False
    (case,) = resolve.waiting(shop.till)
    assert case.documents == ()
    for decide in (lambda: resolve.decide_not_made(shop.till, key), lambda: resolve.decide_made(shop.till, key, 3)):
        with pytest.raises(PosError):
            decide()
    assert shop.stored().state is State.SENDING


def test_not_made_is_not_believed_while_a_document_could_be_ours(shop: Shop) -> None:
    key, _ = made_and_unreadable(shop)
    with pytest.raises(ResolveNeeded):
        resolve.decide_not_made(shop.till, key)
    assert shop.stored().state is State.SENDING


def test_not_made_is_believed_when_the_storage_agrees(shop: Shop) -> None:
    key = lost_before_closing(shop)
    assert resolve.decide_not_made(shop.till, key) == "pending"
    shop.sell()
    shop.assert_exactly_one()


def test_not_made_is_refused_when_the_storage_has_it(shop: Shop) -> None:
    shop.register.killed_at = (0xFF45, True)
    with pytest.raises(Killed):
        shop.sell()
    shop.register.heal()
    shop.restart()
    with pytest.raises(ResolveNeeded, match="нашим ключом"):
        resolve.decide_not_made(shop.till, shop.receipt().key)
    shop.assert_exactly_one()


def test_a_number_is_refused_when_its_document_is_read_whole_and_is_not_ours(shop: Shop) -> None:
    """Same kind, same total, later than the attempt – and another program's."""
    key = lost_before_closing(shop)
    number = shop.register.foreign_receipt(KOPECKS)
    with pytest.raises(ResolveNeeded, match="нашего ключа"):
        resolve.decide_made(shop.till, key, number)
    assert shop.stored().state is State.SENDING


@pytest.mark.parametrize(
    "wrong", ["earlier", "another total", "another kind", "a shift report", "not there", "a correction"]
)
def test_a_number_is_refused_when_its_document_does_not_fit(shop: Shop, wrong: str) -> None:
    earlier = shop.register.foreign_receipt(KOPECKS)
    key = lost_before_closing(shop)
    register = shop.register
    match wrong:
        case "earlier":
            number = earlier
        case "another total":
            number = register.foreign_receipt(KOPECKS + 1)
        case "another kind":
            register.foreign_open(KOPECKS, kind=2)
            register.foreign_close(KOPECKS)
            number = register.printer.storage.last_number
        case "a shift report":
            number = register.foreign_shift_close()
        case "a correction":
            number = register.foreign_correction(KOPECKS)
        case _:
            number = 99
    register.lose_tlv(number)
    with pytest.raises(PosError):
        resolve.decide_made(shop.till, key, number)
    assert shop.stored().state is State.SENDING


def test_a_document_that_proves_another_receipt_is_refused(shop: Shop) -> None:
    """One document never proves two receipts, also when its key can no longer be read."""
    key, number = made_and_unreadable(shop)
    first = shop.till.journal.last_attempt(key)
    assert first is not None
    register = shop.register
    register.readable_again(number)
    shop.sell_until_sold()
    shop.assert_exactly_one()
    register.killed_at = (0xFF45, False)
    with pytest.raises(Killed):
        shop.sell(an_order(2))
    register.heal()
    register.printer.receipt = None
    shop.restart()
    register.lose_tlv(number)
    with pytest.raises(ResolveNeeded):
        resolve.decide_made(shop.till, shop.receipt(2).key, number)
    assert shop.stored(2).state is State.SENDING


def test_a_persons_number_gives_the_whole_mark_also_without_its_tlv(shop: Shop) -> None:
    """Shift and number in the shift are counted from the storage's look-ups."""
    shop.register.foreign_receipt(KOPECKS)
    shop.register.foreign_receipt(100)
    key, number = made_and_unreadable(shop)
    sold = resolve.decide_made(shop.till, key, number)
    assert sold.view.mark is not None
    assert sold.view.mark.receipt_number == 3
    shop.assert_exactly_one()


def test_decisions_about_what_does_not_wait(shop: Shop) -> None:
    shop.sell()
    key = shop.receipt().key
    for decide in (
        lambda: resolve.decide_not_made(shop.till, key),
        lambda: resolve.decide_made(shop.till, key, 3),
        lambda: resolve.decide_not_made(shop.till, "0123456789ABCDEF"),
        lambda: resolve.decide_made(shop.till, "0123456789ABCDEF", 3),
        lambda: resolve.cancel(shop.till, "0123456789ABCDEF"),
        lambda: resolve.cancel(shop.till, key),
    ):
        with pytest.raises(PosError) as told:
            decide()
        assert told.value.code == "not_resolvable"
        assert "→" not in told.value.message()  # words, no states
    shop.assert_exactly_one()
