"""Keys, stamps and the life of a receipt."""

from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from posapp.domain.ffd import encode_text
from posapp.domain.fiscal import ReceiptKind
from posapp.domain.settlement import ASCII_DOT, MOVES, By, Settlement, Stamp, State, is_key, may_move, short_key

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LOW = (1 << 80) - 1


@given(st.uuids())
def test_a_key_is_16_characters_of_crockford(identity: UUID) -> None:
    key = short_key(identity)
    assert len(key) == 16
    assert set(key) <= set(CROCKFORD)
    assert is_key(key)


@given(st.uuids())
def test_a_key_holds_the_low_80_bits_and_nothing_else(identity: UUID) -> None:
    value = 0
    for character in short_key(identity):
        value = value * 32 + CROCKFORD.index(character)
    assert value == identity.int & LOW


@given(st.uuids(), st.uuids())
def test_two_uuids_share_a_key_only_with_the_same_low_bits(one: UUID, other: UUID) -> None:
    assert (short_key(one) == short_key(other)) is (one.int & LOW == other.int & LOW)


@pytest.mark.parametrize(
    "text", ["", "0" * 15, "0" * 17, "I" + "0" * 15, "o" + "0" * 15, "0" * 16 + "\n", " " + "0" * 15, "a" * 16]
)
def test_what_is_no_key(text: str) -> None:
    assert not is_key(text)


TILLS = st.text(st.characters(blacklist_characters="·", codec="cp866"), max_size=20)
ORDERS = st.text(st.characters(codec="cp866"), max_size=40)


@given(TILLS, ORDERS, st.uuids())
def test_a_stamp_comes_back_also_with_dots_in_the_order(till: str, order: str, identity: UUID) -> None:
    stamp = Stamp(till, order, short_key(identity))
    assert Stamp.parse(stamp.text()) == stamp


def test_a_stamp_survives_the_code_page_of_the_document() -> None:
    stamp = Stamp("Касса-1", "2026·07/А·12", short_key(UUID(int=7)))
    assert Stamp.parse(encode_text(stamp.text()).decode("cp866")) == stamp


@given(st.text(st.characters(blacklist_characters="·|", codec="cp866"), max_size=20), ORDERS, st.uuids())
def test_a_stamp_of_ascii_comes_back_as_what_it_is(till: str, order: str, identity: UUID) -> None:
    stamp = Stamp(till, order.replace("·", "|"), short_key(identity), ASCII_DOT)
    found = Stamp.parse(stamp.text())
    assert found == stamp == Stamp(till, stamp.order, stamp.key)
    assert found.text() == stamp.text()


@pytest.mark.parametrize(
    "text", ["", "·", "касса·0000000000000007", "касса·12·000000000000000", "касса 12 0000000000000007", "касса·12·"]
)
def test_another_programs_requisite_is_no_stamp(text: str) -> None:
    assert Stamp.parse(text) is None


@given(st.text(max_size=60))
@example("0000000000000000")
def test_any_text_is_a_stamp_that_comes_back_or_none(text: str) -> None:
    stamp = Stamp.parse(text)
    if stamp is not None:
        assert text == (stamp.text() if stamp.till or stamp.order or stamp.dot in text else stamp.key)


def test_a_settlement_is_one_text() -> None:
    one = Settlement("shop.example", 7, "12", ReceiptKind.SELL)
    others = [
        Settlement("other.example", 7, "12", ReceiptKind.SELL),
        Settlement("shop.example", 8, "12", ReceiptKind.SELL),
        Settlement("shop.example", 7, "13", ReceiptKind.SELL),
        Settlement("shop.example", 7, "12", ReceiptKind.SELL_REFUND),
    ]
    assert len({one.id, *(each.id for each in others)}) == 5


ALL_MOVES = [(before, after, by) for before in State for after in State for by in By]


def test_nothing_leads_out_of_fiscalized_or_cancelled() -> None:
    assert not [move for move in MOVES if move[0] in (State.FISCALIZED, State.CANCELLED)]


def test_only_proof_takes_sending_back() -> None:
    assert [by for by in By if may_move(State.SENDING, State.PENDING, by)] == [By.PROOF]
    assert [by for by in By if may_move(State.SENDING, State.REFUSED, by)] == [By.PROOF]


def test_only_pending_is_sent_and_only_sending_is_fiscalized() -> None:
    assert {before for before, after, _ in MOVES if after is State.SENDING} == {State.PENDING}
    assert {before for before, after, _ in MOVES if after is State.FISCALIZED} == {State.SENDING}


def test_what_may_be_on_paper_is_never_cancelled() -> None:
    cancelled_from = {(before, by) for before, after, by in MOVES if after is State.CANCELLED}
    assert cancelled_from == {(State.HELD, By.PERSON), (State.PENDING, By.PERSON), (State.REFUSED, By.PERSON)}


def test_the_program_alone_only_sends() -> None:
    assert [move for move in ALL_MOVES if move[2] is By.PROGRAM and may_move(*move)] == [
        (State.PENDING, State.SENDING, By.PROGRAM)
    ]


def test_a_held_or_refused_receipt_waits_for_a_person() -> None:
    assert {by for before, _, by in MOVES if before in (State.HELD, State.REFUSED)} == {By.PERSON}


def test_the_table_answers() -> None:
    assert {move for move in ALL_MOVES if may_move(*move)} == MOVES
