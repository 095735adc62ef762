"""The ladder: interrupted anywhere it loses nothing and doubles nothing, and takes no word out of a person's mouth."""

from __future__ import annotations

from datetime import timedelta

import pytest

from posapp.devices.shtrih import commands as c
from posapp.domain.fiscal import ShiftState
from posapp.domain.settlement import State
from posapp.errors import OutcomeUnknown, PosError, Refused, ResolveNeeded
from posapp.till import ladder
from posapp.till.ladder import Rung, Standing
from tests.rules.worlds import Killed, killed_at, new_storage
from tests.till.shops import Shop, an_order

CANCEL, CLOSE_SHIFT, CONTINUE, CLOSE_RECEIPT = 0x88, 0x41, 0xB0, 0xFF45


def standing(shop: Shop) -> dict[Rung, Standing]:
    return {each.rung: each.standing for each in ladder.steps(shop.till, shop.till.printer.status())}


def climbed(shop: Shop, **how: object) -> dict[Rung, bool]:
    return dict(ladder.climb_all(shop.till, **how))  # type: ignore[arg-type]


def hung(shop: Shop, *, after: bool) -> None:
    """The worst morning: a receipt was being closed when the paper ran out, the till died, and the shift is too old."""
    shop.register.killed_at = (CLOSE_RECEIPT, after)
    with pytest.raises(Killed):
        shop.sell()
    shop.register.killed_at = None
    shop.register.printer.interrupt_print()
    shop.register.now += timedelta(hours=25)
    shop.restart()


def whole(shop: Shop, *, made: bool) -> None:
    """One document at most, journal and storage agree, the shift is closed once, nothing is open."""
    stored = shop.stored()
    assert len(shop.register.with_key(stored.receipt.key)) == int(made)
    assert stored.state is (State.FISCALIZED if made else State.PENDING)
    assert shop.register.printer.receipt is None
    assert not shop.till.printer.status().shift.is_open
    forms = [each.form for each in shop.register.printer.storage.documents]
    assert forms.count(5) == 1
    assert shop.till.journal.operations_sending() == []
    assert shop.register.trespasses == []


@pytest.mark.parametrize("after", [False, True], ids=["not made", "made"])
def test_the_worst_morning_is_climbed_out_of(shop: Shop, after: bool) -> None:
    hung(shop, after=after)
    assert standing(shop)[Rung.PRINT] is Standing.HANDS
    with pytest.raises(Refused) as told:
        climbed(shop)
    assert told.value.code == "paper_out"
    shop.register.printer.set_paper("ok", shop.register.now)
    assert standing(shop) == {
        Rung.PRINT: Standing.READY, Rung.DOCUMENT: Standing.WAITS, Rung.SHIFT: Standing.WAITS
    }  # fmt: skip
    assert climbed(shop) == dict.fromkeys(Rung, True)
    whole(shop, made=after)
    assert shop.register.count(CANCEL) == int(not after)
    assert set(standing(shop).values()) == {Standing.DONE}


EVERY = [0x10, 0xFF01, 0xFF09, 0xFF0A, 0xFF3B, CONTINUE, CANCEL, CLOSE_SHIFT]


@pytest.mark.parametrize("made", [False, True], ids=["not made", "made"])
@pytest.mark.parametrize("after", [False, True], ids=["before it", "after it"])
@pytest.mark.parametrize("code", EVERY, ids=lambda each: f"{each:02X}")
def test_killed_at_any_command_the_ladder_is_climbed_again(shop: Shop, code: int, after: bool, made: bool) -> None:
    hung(shop, after=made)
    shop.register.printer.set_paper("ok", shop.register.now)
    for _ in range(4):  # the same death again and again, wherever it is met
        shop.register.killed_at = (code, after)
        try:
            climbed(shop)
        except Killed:
            shop.register.killed_at = None
            shop.register.advance(900)
            shop.restart()
            continue
        break
    shop.register.killed_at = None
    shop.register.advance(900)
    climbed(shop)
    whole(shop, made=made)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("code", ["B0", "88", "41", "FF01", "10"])
def test_a_cable_that_loses_a_reply_costs_another_climb_only(shop: Shop, code: str, when: str) -> None:
    hung(shop, after=False)
    shop.register.printer.set_paper("ok", shop.register.now)
    shop.register.fault(code, "drop_command" if when == "before" else "drop_reply")
    for _ in range(4):
        try:
            climbed(shop)
        except PosError:
            shop.register.advance(900)
            continue
        break
    whole(shop, made=False)


def test_another_programs_receipt_is_left_alone_without_a_word_and_its_cancelling_is_kept_with_one(shop: Shop) -> None:
    shop.register.foreign_open(500)
    assert standing(shop)[Rung.DOCUMENT] is Standing.PERSON
    for _ in range(2):
        with pytest.raises(ResolveNeeded) as told:
            climbed(shop)
        assert told.value.code == "foreign_receipt_open"
    with pytest.raises(ResolveNeeded):
        climbed(shop, why="   ")
    assert shop.register.count(CANCEL) == 0
    climbed(shop, why="программа весов зависла, чек не нужен")
    assert shop.register.printer.receipt is None
    (kept,) = [each for each in shop.till.journal.audit_rows() if each.what == "document.cancelled"]
    assert "весов" in kept.why


def test_a_receipt_of_ours_that_nothing_proves_waits_for_a_person(shop: Shop) -> None:
    """Killed before the register acknowledged the opening: a word for another program's is no word for ours."""
    killed_at(shop, 0x8D, after=True)
    with pytest.raises(ResolveNeeded):
        climbed(shop, why="отменить")
    assert shop.register.count(CANCEL) == 0
    assert shop.stored().state is State.SENDING


def test_a_register_with_another_storage_is_not_climbed(shop: Shop) -> None:
    killed_at(shop, CLOSE_RECEIPT, after=True)
    shop.till.printer.close()
    shop.register.be(new_storage(shop))
    shop.register.written.clear()
    for _ in range(2):
        with pytest.raises((Refused, ResolveNeeded)):
            climbed(shop, why="всё равно", close_shift=True)
    assert not {CANCEL, CLOSE_SHIFT, CONTINUE, c.CancelStorageDocument.CODE} & set(shop.register.written)


def test_an_open_shift_is_closed_only_when_it_is_asked_for(shop: Shop) -> None:
    shop.sell(an_order(2))
    assert climbed(shop) == dict.fromkeys(Rung, False)
    assert shop.till.printer.status().shift.is_open
    assert climbed(shop, close_shift=True)[Rung.SHIFT]
    assert shop.till.printer.status().shift.state is ShiftState.CLOSED


def test_what_is_under_way_at_the_shift_is_proven_and_not_repeated(shop: Shop) -> None:
    shop.register.killed_at = (CLOSE_SHIFT, True)
    with pytest.raises(Killed):
        climbed(shop, close_shift=True)
    shop.register.heal()
    shop.restart()
    try:
        climbed(shop, close_shift=True)
    except OutcomeUnknown:
        pytest.fail("it was proven")
    assert [each.form for each in shop.register.printer.storage.documents].count(5) == 1
