"""Rule 7: an open receipt is cancelled only when this till provably opened it.

The proof is an attempt of ours on this register and storage whose evidence says that the register had acknowledged the
opening command, and kind and subtotal that do not contradict it; or the very moment after our own opening command lost
its answer, while the receipt is still empty. Anything else is "another program has a receipt open" and a person's to
decide. "Receipt already open" is never answered with a cancel.
"""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from posapp.devices.base import OpenDocument
from posapp.devices.shtrih import commands as c
from posapp.domain.checkout import receipt_of
from posapp.domain.fiscal import ReceiptKind
from posapp.domain.money import Money
from posapp.domain.receipt import Receipt
from posapp.domain.settlement import Settlement, State
from posapp.errors import JournalError, OutcomeUnknown, Refused, ResolveNeeded
from posapp.till import recover, resolve
from tests.rules.worlds import PASSWORD, foreign_shift_open, killed_at, loses_its_cable_at, new_storage
from tests.till.doubts import spoil_disk
from tests.till.shops import LINES, PORTAL, TOTAL, Shop, an_order, cash
from tests.till.test_shift import OPERATIONS, effect, prepared

KOPECKS = TOTAL.kopecks
CANCEL = 0x88


def stays_open(shop: Shop) -> None:
    """The receipt on the register is still there, nothing was cancelled, and ours waits for a person."""
    assert shop.register.count(CANCEL) == 0
    assert shop.register.printer.receipt is not None
    assert shop.stored().state is State.SENDING
    with pytest.raises(ResolveNeeded):
        shop.sell(an_order(2))  # rule 10: nothing else is begun meanwhile


# ---------------------------------------------------------------------------------------------- another program's


def test_rule_7_its_open_receipt_is_not_cancelled(shop: Shop) -> None:
    shop.register.foreign_open(500)
    with pytest.raises(Refused) as told:
        shop.sell()
    assert told.value.code == "foreign_receipt_open"
    assert shop.register.count(CANCEL) == 0
    assert shop.till.journal.receipts_of_order(PORTAL, 1) == []
    shop.register.foreign_close(500)
    shop.sell()
    shop.assert_exactly_one()


@pytest.mark.parametrize("kopecks", [0, KOPECKS])
def test_rule_7_its_receipt_opened_in_the_last_moment_is_not_cancelled(shop: Shop, kopecks: int) -> None:
    """4Ah, "receipt already open", is never answered with a cancel, however well that receipt fits."""
    shop.register.meanwhile(0x8D, "before", lambda: shop.register.foreign_open(kopecks))
    with pytest.raises(Refused) as told:
        shop.sell()
    assert told.value.code == "foreign_receipt_open"
    assert shop.register.count(CANCEL) == 0
    assert shop.stored().state is State.REFUSED
    if not kopecks:
        shop.register.printer.receipt = None  # its owner cancels it
    else:
        shop.register.foreign_close(kopecks)
    shop.sell()
    shop.assert_exactly_one()


@pytest.mark.parametrize("kind, kopecks", [(0, 12_345), (2, 49_000), (1, 0)])
def test_rule_7_its_receipt_found_after_our_crash_contradicts_ours_and_stays(
    shop: Shop, kind: int, kopecks: int
) -> None:
    killed_at(shop, 0xFF0C, after=False)  # ours is open, and provably
    shop.register.printer.receipt = None  # cancelled there by hand
    if kind == 2:
        shop.register.do_cash_in(1_000_000)
    shop.register.foreign_open(kopecks, kind)
    with pytest.raises(ResolveNeeded):
        shop.sell()
    stays_open(shop)
    shop.register.printer.receipt = None  # its owner cancels it
    shop.sell()
    shop.assert_exactly_one()


@pytest.mark.parametrize("kopecks", [0, 2 * LINES[0].kopecks, KOPECKS])
def test_rule_7_crash_between_attempt_and_opening_command_proves_no_receipt_ours(shop: Shop, kopecks: int) -> None:
    """Kind and subtotal fit, and yet our opening command never left: the receipt is another program's."""
    killed_at(shop, 0x8D, after=False)
    shop.register.foreign_open(kopecks)
    with pytest.raises(ResolveNeeded, match="не доказано"):
        shop.sell()
    stays_open(shop)
    (case,) = resolve.waiting(shop.till)
    assert "не доказано" in case.why
    stays_open(shop)
    if kopecks:
        shop.register.foreign_close(kopecks)
    else:
        shop.register.printer.receipt = None
    shop.sell()
    shop.assert_exactly_one()


def test_rule_7_its_document_without_fiscal_force_is_left_alone(shop: Shop) -> None:
    killed_at(shop, 0xFF0C, after=False)
    shop.register.printer.receipt = None
    shop.register.printer.is_non_fiscal_open = True
    with pytest.raises((OutcomeUnknown, ResolveNeeded)):
        shop.sell()
    assert shop.register.count(CANCEL) == 0
    assert shop.register.printer.is_non_fiscal_open


def test_rule_7_a_receipt_in_another_storage_was_not_opened_by_us(shop: Shop) -> None:
    """The journal knows an attempt that opened one – on a storage that is no longer there."""
    killed_at(shop, 0xFF46, after=True)
    shop.register.be(new_storage(shop))
    foreign_shift_open(shop.register)
    shop.register.foreign_open(2 * LINES[0].kopecks)
    with pytest.raises(ResolveNeeded):
        shop.sell()
    assert shop.register.count(CANCEL) == 0
    assert shop.register.printer.receipt is not None


def test_rule_7_a_document_begun_in_the_storage_alone_is_an_open_one_too(shop: Shop) -> None:
    """FF35: another program has begun a correction. The mode byte does not show it, the storage does."""
    killed_at(shop, 0xFF46, after=True)
    shop.register.printer.receipt = None
    shop.register.do(c.BeginCorrection(PASSWORD))
    with pytest.raises(ResolveNeeded, match="не закрыт"):
        shop.sell()
    assert shop.stored().state is State.SENDING
    shop.register.do(c.CancelStorageDocument(PASSWORD))
    shop.sell()
    shop.assert_exactly_one()


@pytest.mark.parametrize("name", OPERATIONS)
def test_rule_7_it_stands_in_the_way_of_shift_operations(shop: Shop, name: str) -> None:
    prepared(shop, name)
    if name == "open":
        foreign_shift_open(shop.register)
    shop.register.foreign_open(500)
    before = effect(shop)
    with pytest.raises(Refused) as told:
        OPERATIONS[name][1](shop)
    assert told.value.code == "foreign_receipt_open"
    assert effect(shop) == before
    assert shop.register.printer.receipt is not None


# ---------------------------------------------------------------------------------------------- our own


@pytest.mark.parametrize(
    "command, after", [(each, after) for each in (0xFF0C, 0xFF46, 0x89) for after in (False, True)]
)
def test_rule_7_our_own_receipt_left_open_by_a_crash_is_cancelled_once(shop: Shop, command: int, after: bool) -> None:
    killed_at(shop, command, after=after)
    assert shop.register.printer.receipt is not None
    shop.sell()
    shop.assert_exactly_one()
    assert shop.register.count(CANCEL) == 1
    assert len(shop.register.receipts) == 1


def test_rule_7_that_it_is_open_is_on_disk_before_the_first_line(shop: Shop) -> None:
    seen: list[object] = []

    def look() -> None:
        attempt = shop.till.journal.last_attempt(shop.receipt().key)
        assert attempt is not None
        seen.append(attempt.evidence.get("opened"))

    for command, when in ((0x8D, "after"), (0xFF0C, "before"), (0xFF46, "before"), (0xFF45, "before")):
        shop.register.meanwhile(command, when, look)
    shop.sell()
    assert seen == [None, True, True, True]


def test_rule_7_a_crash_before_that_is_on_disk_leaves_it_to_a_person(shop: Shop) -> None:
    """The register opened ours and the till died before it knew: nothing tells that receipt from another's."""
    killed_at(shop, 0x8D, after=True)
    with pytest.raises(ResolveNeeded, match="не доказано"):
        shop.sell()
    stays_open(shop)
    assert resolve.decide_not_made(shop.till, shop.receipt().key) == "pending"
    assert shop.register.printer.receipt is None
    shop.sell()
    shop.assert_exactly_one()


def test_rule_7_a_persons_word_cancels_nothing_that_contradicts_ours(shop: Shop) -> None:
    killed_at(shop, 0x8D, after=False)
    shop.register.foreign_open(12_345)
    with pytest.raises(ResolveNeeded, match="чужой"):
        resolve.decide_not_made(shop.till, shop.receipt().key)
    stays_open(shop)


def test_rule_7_an_opening_command_whose_answer_was_just_lost_is_taken_back(shop: Shop) -> None:
    loses_its_cable_at(shop, 0x8D)
    with pytest.raises(Refused) as told:
        shop.sell()
    assert told.value.code == "not_made"
    assert shop.register.printer.receipt is None
    assert shop.register.count(CANCEL) == 1
    shop.sell()
    shop.assert_exactly_one()


def test_rule_7_not_when_the_register_says_afterwards_that_it_was_open_before(shop: Shop) -> None:
    """The answer that we lost was 4Ah. A drained answer proves nothing – but it is enough to let go."""
    shop.register.meanwhile(0x8D, "before", shop.register.foreign_open)
    loses_its_cable_at(shop, 0x8D)
    with pytest.raises(ResolveNeeded, match="не доказано"):
        shop.sell()
    stays_open(shop)


def test_rule_7_not_when_it_has_lines(shop: Shop) -> None:
    shop.register.meanwhile(0x8D, "before", lambda: shop.register.foreign_open(2 * LINES[0].kopecks))
    loses_its_cable_at(shop, 0x8D)
    with pytest.raises(ResolveNeeded):
        shop.sell()
    stays_open(shop)


def test_rule_7_a_disk_that_cannot_note_it_ends_the_receipt(shop: Shop) -> None:
    """What could not be cancelled after a crash is not left open either."""
    shop.register.meanwhile(0x8D, "after", lambda: spoil_disk(shop.till))
    with pytest.raises(JournalError):
        shop.sell()
    assert shop.register.printer.receipt is None
    assert shop.register.count(0xFF0C) == shop.register.count(0xFF45) == 0
    shop.restart()
    shop.sell()
    shop.assert_exactly_one()


# ---------------------------------------------------------------------------------------------- what fits


@pytest.mark.parametrize(
    "ours, kind, kopecks, could_be",
    [
        (ReceiptKind.SELL, ReceiptKind.SELL, 0, True),
        (ReceiptKind.SELL, ReceiptKind.SELL, 49_000, True),
        (ReceiptKind.SELL, ReceiptKind.SELL, 59_000, True),
        (ReceiptKind.SELL, ReceiptKind.SELL, 10_000, False),  # the second line alone
        (ReceiptKind.SELL, ReceiptKind.SELL, 24_500, False),  # one piece of two
        (ReceiptKind.SELL, ReceiptKind.SELL, 59_001, False),
        (ReceiptKind.SELL, ReceiptKind.SELL_REFUND, 0, False),
        (ReceiptKind.SELL, ReceiptKind.BUY, 59_000, False),
        (ReceiptKind.SELL_REFUND, ReceiptKind.SELL_REFUND, 49_000, True),
        (ReceiptKind.SELL_REFUND, ReceiptKind.SELL, 49_000, False),
    ],
)
def test_rule_7_what_may_be_our_open_receipt(
    shop: Shop, ours: ReceiptKind, kind: ReceiptKind, kopecks: int, could_be: bool
) -> None:
    assert recover.could_be(OpenDocument(kind, Money(kopecks)), a_receipt(shop, ours)) is could_be


def a_receipt(shop: Shop, kind: ReceiptKind) -> Receipt:
    """Sums after each line: 490.00, 590.00."""
    made = receipt_of(an_order(), cash(TOTAL), shop.till.vat, shop.till.seller, identity=UUID(int=5), now=shop.now())
    return replace(made, settlement=Settlement("shop", 1, "1", kind))
