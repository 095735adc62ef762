"""Rule 5: a closing reply counts only when it has a shape of its command, a greater number, and the storage agrees.

FF45 answers in 16 bytes, or 21 with the time. Its document number must be greater than the one that the attempt row
holds, and a look-up of that number must show our kind and total. A reply drained after a reconnect is only a hint. Any
error answer to a closing command is an unknown outcome until the storage was read: "refused" is said only before it
went out, or after that proof.
"""

from __future__ import annotations

import pytest

from posapp.devices.flow import drive
from posapp.devices.shtrih import commands as c
from posapp.devices.shtrih.frame import ACK, NAK, encode, lrc
from posapp.devices.shtrih.link import Link, Lost
from posapp.domain.settlement import State
from posapp.errors import Refused
from tests.rules.worlds import PASSWORD, Killed, killed_at, leaves_unread, says_instead
from tests.till.shops import TOTAL, Shop, an_order

KOPECKS = TOTAL.kopecks
NUMBER = slice(8, 12)
SIGN = slice(12, 16)


def made_once_and_resolved(shop: Shop) -> None:
    """The reply was not believed; the storage was read, and it has exactly our document. FF45 went out once."""
    shop.assert_exactly_one()
    assert shop.register.count(0xFF45) == 1
    (attempt,) = shop.till.journal.attempts(shop.receipt().key)
    assert "found" in attempt.evidence, "the mark is that of the storage, not of the reply"


# ---------------------------------------------------------------------------------------------- shapes


@pytest.mark.parametrize("length", [3, 8, 15, 17, 20, 22, 64])
def test_rule_5_a_reply_of_another_length_is_none(shop: Shop, length: int) -> None:
    """In a sound frame: nothing is wrong with it but that FF45 has no answer of that form."""
    says_instead(shop.register, 0xFF45, lambda reply: (reply + bytes(64))[:length])
    shop.sell()
    made_once_and_resolved(shop)


def test_rule_5_the_longer_shape_counts_too(shop: Shop) -> None:
    """Table 17 field 36: the reply carries the time, 21 bytes."""
    lengths: list[int] = []

    def look(reply: bytes) -> bytes:
        lengths.append(len(reply))
        return reply

    shop.register.do(c.WriteTable(PASSWORD, 17, 1, 36, b"\x01"))
    says_instead(shop.register, 0xFF45, look)
    shop.sell()
    shop.assert_exactly_one()
    assert lengths == [21]
    (attempt,) = shop.till.journal.attempts(shop.receipt().key)
    assert "reply" in attempt.evidence, "believed, and proven by the look-up"


@pytest.mark.parametrize("number", [0, 1, 2, 3])
def test_rule_5_a_number_that_is_not_greater_is_another_documents(shop: Shop, number: int) -> None:
    """3 is the last number before the receipt: another program's, of our kind, our total, and its sign fits."""
    shop.register.foreign_receipt(KOPECKS)
    old = shop.register.printer.storage.documents[number - 1].sign if number else 0

    def edit(reply: bytes) -> bytes:
        return reply[:8] + number.to_bytes(4, "little") + old.to_bytes(4, "little") + reply[16:]

    says_instead(shop.register, 0xFF45, edit)
    shop.sell()
    made_once_and_resolved(shop)
    assert len(shop.register.receipts) == 2


@pytest.mark.parametrize("sold", [KOPECKS - 1, KOPECKS])
def test_rule_5_a_greater_number_of_another_document_is_looked_up(shop: Shop, sold: int) -> None:
    """Another program prints right after us and the reply names its document: kind, total or sign tell."""
    register = shop.register

    def edit(reply: bytes) -> bytes:
        number = register.foreign_receipt(sold)
        return reply[:8] + number.to_bytes(4, "little") + reply[12:]

    says_instead(register, 0xFF45, edit)
    shop.sell()
    made_once_and_resolved(shop)
    assert len(register.receipts) == 2


@pytest.mark.parametrize("at", [3, 18, 19])
def test_rule_5_a_look_up_that_shows_another_kind_or_total_is_not_ours(shop: Shop, at: int) -> None:
    """FF0A: the form, the kind, the lowest byte of the total. What the reply said is then not believed either."""

    def edit(reply: bytes) -> bytes:
        return reply[:at] + bytes((reply[at] ^ 1,)) + reply[at + 1 :]

    says_instead(shop.register, 0xFF0A, edit)
    shop.sell()
    made_once_and_resolved(shop)


def test_rule_5_a_number_that_the_storage_does_not_have(shop: Shop) -> None:
    says_instead(shop.register, 0xFF45, lambda reply: reply[:8] + (99).to_bytes(4, "little") + reply[12:])
    shop.sell()
    made_once_and_resolved(shop)


@pytest.mark.parametrize("byte", range(2, 18))
def test_rule_5_any_bit_of_the_closing_reply_may_be_wrong(shop: Shop, byte: int) -> None:
    """Byte 2…17 of the reply's frame, with its check byte (18) made right again: nothing but the look-up can tell.

    A wrong opcode or error byte, another change, another document number, another sign: none of it may be believed.
    """
    shop.register.faults(
        [{"command": "FF45", "do": "flip", "when": "after_commit", "value": each} for each in (byte, 18)]
    )
    shop.sell()
    shop.assert_exactly_one()
    assert len(shop.register.receipts) == 1
    assert shop.register.count(0xFF45) == 1


def test_rule_5_the_check_byte_made_right_again() -> None:
    """What the test above stands on: two flips of the same bit cancel out."""
    reply = bytes.fromhex("10FF4500000000000003000000DC450000")
    assert lrc(reply) ^ 1 == lrc(reply[:3] + bytes((reply[3] ^ 1,)) + reply[4:])


# ---------------------------------------------------------------------------------------------- drained replies


def test_rule_5_a_reply_drained_after_a_reconnect_is_only_a_hint(shop: Shop) -> None:
    """The register still holds the answer of our FF45, and another program has printed the like since."""
    register = shop.register
    register.killed_at = (0xFF45, True)
    with pytest.raises(Killed):
        shop.sell()
    register.heal()
    register.foreign_receipt(KOPECKS)
    shop.restart()
    shop.sell_until_sold()
    shop.assert_exactly_one()
    assert [each.key == shop.receipt().key for each in register.receipts] == [True, False]


def test_rule_5_another_programs_closing_reply_in_the_buffer_when_we_connect(shop: Shop) -> None:
    """It died before it read the answer to its FF45: of our kind, of our total, of a greater number than we know."""
    register = shop.register
    shop.till.printer.close()
    register.foreign_open(KOPECKS)
    leaves_unread(register, c.CloseReceipt(PASSWORD, (KOPECKS, *(0,) * 15)))
    assert len(register.receipts) == 1
    shop.sell()
    shop.assert_exactly_one()
    assert [each.key == shop.receipt().key for each in register.receipts] == [False, True]


def test_rule_5_a_closing_reply_from_before_our_closing_command_is_not_its_answer(shop: Shop) -> None:
    """Our own FF45 of order 2 lost its answer; the register still holds it when order 1, of the same sum, is sold."""
    killed_at(shop, 0xFF45, after=True, sell=lambda: shop.sell(an_order(2)))
    shop.sell()
    shop.assert_exactly_one()
    shop.assert_exactly_one(2)
    assert len(shop.register.receipts) == 2


class _Scripted:
    """A port whose other side says what the script says, whatever it is told."""

    def __init__(self, *says: bytes) -> None:
        self._says = list(says)
        self.written: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def read(self, timeout_s: float) -> bytes | None:
        return self._says.pop(0) if self._says else None

    def close(self) -> None:
        self._says.clear()


def test_rule_5_a_late_closing_reply_in_place_of_the_acknowledgement_is_not_believed() -> None:
    """It left the register before our FF45 had arrived there: of the right shape, and not the answer to ours."""
    late = c.CloseReceiptReply(0, 17, 12345).encode()
    port = _Scripted(bytes((NAK,)), encode(late), bytes((ACK,)), encode(c.CloseReceiptReply(0, 18, 54321).encode()))
    link = Link()
    with pytest.raises(Lost):
        drive(link.exchange(bytes.fromhex("FF45"), 1.0, repeats=False, changes=True), port)
    assert link.drained == [late], "kept as a hint"
    assert port.written.count(encode(bytes.fromhex("FF45"))) == 1


# ---------------------------------------------------------------------------------------------- error answers


def test_rule_5_an_error_answer_after_the_document_was_made(shop: Shop) -> None:
    shop.register.fault("FF45", "error", "after_commit", value=0x50)
    shop.sell()
    shop.assert_exactly_one()
    assert shop.register.count(0xFF45) == 1


def test_rule_5_an_error_answer_before_it_is_a_refusal_only_after_the_storage_was_read(shop: Shop) -> None:
    shop.register.fault("FF45", "error", value=0x17)
    read = shop.register.count(0xFF01)
    with pytest.raises(Refused, match="часы") as told:
        shop.sell()
    assert told.value.facts["error"] == "17h"
    assert shop.register.count(0xFF01) > read + 1
    assert shop.stored().state is State.REFUSED
    assert shop.register.printer.receipt is None
    shop.register.heal()
    shop.sell()
    shop.assert_exactly_one()


@pytest.mark.parametrize("error", [0x01, 0x16, 0x39, 0x4A, 0x50, 0x55, 0x58, 0x73, 0xC8])
@pytest.mark.parametrize("when", ["before", "after_commit"])
def test_rule_5_no_error_answer_tells_what_the_storage_has(shop: Shop, error: int, when: str) -> None:
    """Not even "printing" or "receipt closed": repeated after one of them the receipt would be there twice."""
    shop.register.fault("FF45", "error", when, value=error)
    if when == "before":
        with pytest.raises(Refused):
            shop.sell()
        assert shop.stored().state is State.REFUSED
        assert shop.register.receipts == []
        shop.sell()
    else:
        shop.sell()
    shop.assert_exactly_one()
    assert shop.register.count(0xFF45) == (2 if when == "before" else 1)


# ---------------------------------------------------------------------------------------------- a second program


def test_rule_5_its_document_between_our_look_and_our_receipt_is_not_ours(shop: Shop) -> None:
    shop.register.meanwhile(0x8D, "before", lambda: shop.register.foreign_receipt(KOPECKS))
    shop.sell()
    shop.assert_exactly_one()
    assert len(shop.register.receipts) == 2


def test_rule_5_its_document_right_after_ours_does_not_lend_us_its_receipt_number(shop: Shop) -> None:
    shop.register.meanwhile(0xFF0A, "before", lambda: shop.register.foreign_receipt(KOPECKS))
    shop.sell()
    shop.assert_exactly_one()
