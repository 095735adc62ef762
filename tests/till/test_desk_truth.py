"""A person who knows what really happened gets every doubt to its right end, one decision at a time.

What our receipt came to, what other programs did since, what can still be read and what the register takes are crossed;
each mix ends with one document for the order, never two, and with nothing that waits.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posapp.devices.simulator.printer import Traits
from posapp.domain.settlement import State
from posapp.till import resolve
from posapp.till.views import Case
from tests.rules.test_rule_02 import NEITHER, a_shop_on
from tests.till.rig import Killed
from tests.till.shops import TOTAL, Shop
from tests.till.test_desk import LINES_SO_FAR

KOPECKS = TOTAL.kopecks
ROUNDS_MAX = 8


@dataclass(frozen=True)
class World:
    """`killed_at`: opcode and whether the register still got it; `others`: sums that other programs took since, with
    whether their documents can be read; `opened`: what another program has open now, in kopecks, 0 for an empty one.
    """

    killed_at: tuple[int, bool]
    is_ours_readable: bool
    others: tuple[tuple[int, bool], ...]
    opened: int | None
    takes_key: bool


WORLDS = st.builds(
    World,
    killed_at=st.sampled_from(
        [(0x8D, False), (0x8D, True), (0xFF0C, True), (0xFF46, True), (0xFF45, False), (0xFF45, True)]
    ),
    is_ours_readable=st.booleans(),
    others=st.lists(st.tuples(st.sampled_from([KOPECKS, KOPECKS - 1, 100]), st.booleans()), max_size=3).map(tuple),
    opened=st.sampled_from([None, None, 0, LINES_SO_FAR, 12_345]),
    takes_key=st.booleans(),
)


def begin(shop: Shop, world: World) -> int | None:
    """Our process dies, others go on; the number of our document, None when there is none."""
    register = shop.register
    before = register.printer.storage.last_number
    register.killed_at = world.killed_at
    with pytest.raises(Killed):
        shop.sell()
    register.heal()
    made = register.printer.storage.last_number
    ours = made if made > before else None
    if world.others or world.opened is not None:
        register.printer.receipt = None  # cancelled there by hand, for the others want to work
    if ours is not None and not world.is_ours_readable:
        register.lose_tlv(ours)
    for kopecks, is_readable in world.others:
        number = register.foreign_receipt(kopecks)
        if not is_readable:
            register.lose_tlv(number)
    if world.opened is not None:
        register.foreign_open(world.opened)
    shop.restart()
    return ours


def decide(shop: Shop, case: Case, ours: int | None) -> None:
    """One decision of somebody who knows the truth and no more than the case offers."""
    ids = [each.id for each in case.choices]
    true = [each for each in ids if each == f"made:{ours}"] if ours else [each for each in ids if "not_made" in each]
    chosen = true or [each for each in ids if each == "cancel_open"]
    assert chosen, f"nothing true to choose: {case.story} {ids}"
    resolve.decide(shop.till, case.key, chosen[0], "Знающий", "видел сам")


def play(shop: Shop, world: World) -> None:
    """From the doubt to the sale."""
    ours = begin(shop, world)
    documents = len(shop.register.receipts)
    decisions = 0
    while cases := resolve.cases(shop.till):
        decisions += 1
        assert decisions <= ROUNDS_MAX, [each.story for each in cases]
        decide(shop, cases[0], ours)
    assert len(shop.register.receipts) == documents, "nothing prints at the desk"
    assert shop.stored().state is (State.FISCALIZED if ours else State.PENDING)
    assert len(shop.till.journal.audit_rows()) == decisions
    assert shop.till.journal.verify_audit().is_whole
    assert resolve.alarms(shop.till) == []
    shop.sell_until_sold()
    assert len(shop.register.receipts) == documents + (0 if ours else 1)
    mark = shop.stored().mark
    assert mark is not None
    assert mark.document_number == (ours or shop.register.printer.storage.last_number)
    if world.takes_key:
        assert [each.number for each in shop.register.with_key(shop.receipt().key)] == [mark.document_number]


@given(WORLDS)
@settings(max_examples=40)
def test_every_doubt_ends_rightly(world: World) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        a_shop_on(Path(folder), Traits() if world.takes_key else NEITHER, only_program=not world.takes_key) as shop,
    ):
        play(shop, world)
