"""A correction goes the way of a receipt: attempt, key, proof. The program dies at each of its commands."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from posapp.devices.base import Ffd
from posapp.devices.shtrih.driver import ShtrihPrinter
from posapp.devices.simulator.documents import StoredDocument
from posapp.devices.simulator.printer import Traits
from posapp.domain.fiscal import DocumentType
from posapp.domain.receipt import Receipt
from posapp.domain.settlement import State
from posapp.errors import OutcomeUnknown, Refused, ResolveNeeded
from posapp.till import recover, resolve, sale
from tests.conformance.samples import correction
from tests.rules.worlds import killed_at, loses_its_cable_at
from tests.till.rig import PORT, Register
from tests.till.shops import Shop, shop_at

OPENING = {Ffd.V1_05: 0xFF35, Ffd.V1_2: 0x8D}
INSIDE = {Ffd.V1_05: (0xFF0C,), Ffd.V1_2: (0xFF0C, 0xFF46, 0x89)}
CLOSING = {Ffd.V1_05: 0xFF4A, Ffd.V1_2: 0xFF45}
CANCEL = {Ffd.V1_05: 0xFF08, Ffd.V1_2: 0x88}


@pytest.fixture
def shop(versioned: Shop) -> Shop:
    return versioned


def begin(shop: Shop) -> Receipt:
    receipt = correction()
    shop.till.journal.add_receipt(receipt)
    return receipt


def attempt(shop: Shop, receipt: Receipt) -> None:
    sale.print_pending(shop.till, receipt, recover.status_for_sale(shop.till))


def state_of(shop: Shop, receipt: Receipt) -> State:
    stored = shop.till.journal.receipt(receipt.key)
    assert stored is not None
    return stored.state


def made(shop: Shop, receipt: Receipt) -> list[StoredDocument]:
    return [each for each in shop.register.printer.storage.documents if each.key == receipt.key]


def assert_one(shop: Shop, receipt: Receipt) -> None:
    (document,) = made(shop, receipt)
    stored = shop.till.journal.receipt(receipt.key)
    assert stored is not None
    assert stored.state is State.FISCALIZED
    assert stored.mark is not None
    assert (stored.mark.document_number, document.form) == (document.number, DocumentType.CORRECTION)
    assert not shop.till.printer.status().has_open_document


def test_it_is_printed_once(shop: Shop) -> None:
    receipt = begin(shop)
    attempt(shop, receipt)
    assert_one(shop, receipt)
    evidence = shop.till.journal.last_attempt(receipt.key)
    assert evidence is not None
    assert evidence.evidence["key_tag"] == "1084"


def test_killed_before_anything_was_opened(shop: Shop, version: Ffd) -> None:
    receipt = begin(shop)
    killed_at(shop, OPENING[version], after=False, sell=lambda: attempt(shop, receipt))
    recover.recover(shop.till)
    assert state_of(shop, receipt) is State.PENDING
    attempt(shop, receipt)
    assert_one(shop, receipt)


def test_killed_before_it_was_noted_that_we_opened_it(shop: Shop, version: Ffd) -> None:
    """Nothing proves whose it is: a person decides (rule 7)."""
    receipt = begin(shop)
    killed_at(shop, OPENING[version], after=True, sell=lambda: attempt(shop, receipt))
    with pytest.raises(ResolveNeeded):
        recover.recover(shop.till)
    assert shop.register.count(CANCEL[version]) == 0
    assert state_of(shop, receipt) is State.SENDING


def test_killed_inside_it_is_cancelled_and_offered_again(shop: Shop, version: Ffd) -> None:
    receipt = begin(shop)
    for command in INSIDE[version]:
        for after in (False, True):
            killed_at(shop, command, after=after, sell=lambda: attempt(shop, receipt))
            recover.recover(shop.till)
            assert state_of(shop, receipt) is State.PENDING
            assert not shop.till.printer.status().has_open_document
    assert made(shop, receipt) == []
    attempt(shop, receipt)
    assert_one(shop, receipt)


@pytest.mark.parametrize("after", [False, True])
def test_killed_at_the_closing_command(shop: Shop, version: Ffd, after: bool) -> None:
    receipt = begin(shop)
    killed_at(shop, CLOSING[version], after=after, sell=lambda: attempt(shop, receipt))
    recover.recover(shop.till)
    assert state_of(shop, receipt) is (State.FISCALIZED if after else State.PENDING)
    if not after:
        attempt(shop, receipt)
    assert_one(shop, receipt)


@pytest.mark.parametrize("when", ["before", "after"])
def test_the_cable_breaks_at_the_closing_command(shop: Shop, version: Ffd, when: str) -> None:
    receipt = begin(shop)
    loses_its_cable_at(shop, CLOSING[version], when)
    try:
        attempt(shop, receipt)
    except (Refused, OutcomeUnknown):
        recover.recover(shop.till)
    if state_of(shop, receipt) is State.PENDING:
        attempt(shop, receipt)
    assert_one(shop, receipt)


def test_any_error_to_the_closing_command_is_resolved_by_reading(shop: Shop, version: Ffd) -> None:
    receipt = begin(shop)
    shop.register.fault(f"{CLOSING[version]:X}", "error", "after_commit", value=0x33)
    attempt(shop, receipt)
    assert_one(shop, receipt)


def test_another_programs_correction_is_not_cancelled(shop: Shop, version: Ffd) -> None:
    """Ours was closed and lost; meanwhile somebody has begun one of theirs."""
    receipt = begin(shop)
    killed_at(shop, INSIDE[version][0], after=True, sell=lambda: attempt(shop, receipt))
    printer = shop.register.printer
    if version is Ffd.V1_05:
        printer.begun = None
        shop.register.foreign_open(500)
    else:
        printer.receipt = None
        shop.register.foreign_open(500)
    with pytest.raises(ResolveNeeded):
        recover.recover(shop.till)
    assert shop.register.count(CANCEL[version]) == 0
    assert printer.receipt is not None


def test_a_register_without_a_key_in_corrections_leaves_doubt_to_a_person(tmp_path: Path) -> None:
    register = Register()
    register.printer.traits = Traits(refused_correction_tags=frozenset({1084}))
    with shop_at(tmp_path, register) as shop:
        shop.close()
        shop.set_up_again()
        assert shop.settings.printer is not None
        assert shop.settings.printer.correction_key_tag == ""
        shop.till.printer.close()
        receipt = begin(shop)
        keyless(shop)
        killed_at(shop, 0xFF4A, after=True, sell=lambda: attempt(shop, receipt))
        keyless(shop)
        with pytest.raises(ResolveNeeded):
            recover.recover(shop.till)
        assert state_of(shop, receipt) is State.SENDING


def keyless(shop: Shop) -> None:
    """The driver as the program makes it from these settings."""
    shop.till.printer.close()
    chosen = shop.settings.printer
    assert chosen is not None
    device = ShtrihPrinter(
        shop.register.open_port, PORT, key_tags=chosen.key_tags, correction_key_tag=chosen.correction_key_tag
    )
    shop.till = replace(shop.till, device=device)


def test_the_desk_tells_what_was_begun(shop: Shop, version: Ffd) -> None:
    receipt = begin(shop)
    killed_at(shop, OPENING[version], after=True, sell=lambda: attempt(shop, receipt))
    (case,) = resolve.cases(shop.till)
    begun = "начат чек коррекции" if version is Ffd.V1_05 else "открыт чек: приход"
    assert begun in case.story[1]


def test_a_persons_word_cancels_what_was_begun(shop: Shop, version: Ffd) -> None:
    receipt = begin(shop)
    killed_at(shop, OPENING[version], after=True, sell=lambda: attempt(shop, receipt))
    recover.resolve(shop.till, receipt.key, by_person=True)
    assert shop.register.count(CANCEL[version]) == 1
    assert state_of(shop, receipt) is State.PENDING
    attempt(shop, receipt)
    assert_one(shop, receipt)
