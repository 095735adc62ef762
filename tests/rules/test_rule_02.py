"""Rule 2: a receipt is on disk before a byte leaves, and its key travels inside the fiscal document.

In the user requisite 1084, or in 1192 where the register does not take 1084 and the law leaves 1192 free. Which of them
a register accepts is proven at set-up per kind of document and kept in its profile. Where it takes neither, an unclear
outcome always goes to a person, and the shop confirms that no other program prints there. What is proven even then:
that no new document exists at all.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from posapp import settings as settings_file
from posapp.devices.base import PrinterProfile
from posapp.devices.simulator.printer import Traits
from posapp.domain import ffd
from posapp.domain.fiscal import ReceiptKind
from posapp.domain.settlement import Stamp, State
from posapp.errors import Refused, ResolveNeeded, SetupError
from posapp.till import recover, resolve, setup, shift
from tests.rules.worlds import foreign_shift_open, killed_at
from tests.till.rig import Register, driver_of
from tests.till.shops import TOTAL, Shop, an_order

KOPECKS = TOTAL.kopecks
SELL, REFUND = ReceiptKind.SELL, ReceiptKind.SELL_REFUND
ONLY_1192, NEITHER = Traits(frozenset({1084})), Traits(frozenset({1084, 1192}))


@contextmanager
def a_shop_on(folder: Path, traits: Traits, *, only_program: bool = False) -> Iterator[Shop]:
    """A till set up, with an open shift, on a register of another model."""
    register = Register()
    shop = Shop(folder, register)
    try:
        shift.open_shift(shop.till)
        shop.close()
        register.printer.traits = traits
        register.advance(60.0)
        shop.set_up_again(only_program=only_program)
        yield shop
    finally:
        shop.close()


def probed(traits: Traits) -> tuple[Register, PrinterProfile]:
    register = Register()
    register.printer.traits = traits
    foreign_shift_open(register)
    return register, setup.probe(driver_of(register))


# ---------------------------------------------------------------------------------------------- set-up


@pytest.mark.parametrize(
    "traits, tags",
    [
        (Traits(), {SELL: "1084", REFUND: "1084"}),
        (ONLY_1192, {SELL: "1192", REFUND: ""}),  # a refund names the receipt that it takes back there
        (Traits(frozenset({1192})), {SELL: "1084", REFUND: "1084"}),
        (NEITHER, {SELL: "", REFUND: ""}),
    ],
)
def test_rule_2_set_up_proves_for_each_kind_where_the_key_is_taken(
    traits: Traits, tags: dict[ReceiptKind, str]
) -> None:
    register, profile = probed(traits)
    assert profile.key_tags == tags
    assert register.receipts == []
    assert register.printer.receipt is None, "what set-up opens it cancels"


def test_rule_2_with_a_closed_shift_nothing_is_proven_and_nothing_opened() -> None:
    """Also on a register that would open the shift by itself: set-up makes no document."""
    register = Register()
    register.printer.traits = Traits(opens_shift=True)
    profile = setup.probe(driver_of(register))
    assert profile.key_tags == {}
    assert register.count(0x8D) == 0
    assert register.printer.storage.last_number == 1


def test_rule_2_that_the_register_is_busy_is_no_refusal_of_the_key() -> None:
    register = Register()
    foreign_shift_open(register)
    register.fault("FF0C", "error", value=0x50)
    assert setup.probe(driver_of(register)).key_tags == {SELL: "1084", REFUND: "1084"}


def test_rule_2_a_register_without_a_key_needs_the_word_of_the_shop(shop: Shop, tmp_path: Path) -> None:
    _, profile = probed(NEITHER)
    how = {"model": "shtrih", "port": "cable", "link": "v1", "password": 30}
    with pytest.raises(SetupError) as told:
        setup.with_printer(shop.settings, profile, **how)  # type: ignore[arg-type]
    assert told.value.code == "no_key"
    kept = setup.with_printer(shop.settings, profile, only_program=True, **how)  # type: ignore[arg-type]
    assert kept.printer is not None
    assert (kept.printer.key_tag, kept.printer.only_program, kept.printer.takes_key) == ("", True, False)
    settings_file.save(tmp_path / "kept", kept)
    assert settings_file.load(tmp_path / "kept") == kept


@pytest.mark.parametrize("takes_key", [True, False])
def test_rule_2_settings_of_before_still_load(shop: Shop, tmp_path: Path, takes_key: bool) -> None:
    """They know one tag, and False when it could not be proven with the shift closed."""
    settings_file.save(tmp_path / "old", shop.settings)
    path = tmp_path / "old" / settings_file.FILE
    body = json.loads(path.read_text("utf-8"))
    for name in ("key_tag", "refund_key_tag", "only_program"):
        del body["printer"][name]
    body["printer"]["takes_key"] = takes_key
    path.write_text(json.dumps(body), "utf-8")
    loaded = settings_file.load(tmp_path / "old")
    assert loaded is not None
    assert loaded.printer is not None
    assert loaded.printer.key_tags == {1: "1084", 2: "1084"}
    body["printer"]["key_tag"] = "1085"
    path.write_text(json.dumps(body), "utf-8")
    with pytest.raises(SetupError):
        settings_file.load(tmp_path / "old")


# ---------------------------------------------------------------------------------------------- the key on its way


def test_rule_2_the_receipt_is_on_disk_before_a_byte_of_it_leaves(shop: Shop) -> None:
    killed_at(shop, 0x8D, after=False)
    assert shop.stored().state is State.SENDING
    assert len(shop.receipt().key) == 16


def test_rule_2_the_key_travels_in_1084(shop: Shop) -> None:
    shop.sell()
    (document,) = shop.register.receipts
    entries = ffd.decode(document.body)
    assert [getattr(ffd.find(entries, 1084, tag), "value", None) for tag in (1085, 1086)] == [
        "posapp",
        Stamp("1", "1001", shop.receipt().key).text(),
    ]
    assert ffd.find(entries, 1192) is None


def test_rule_2_the_key_travels_in_1192_where_1084_is_not_taken(tmp_path: Path) -> None:
    with a_shop_on(tmp_path, ONLY_1192, only_program=True) as shop:
        shop.sell()
        shop.assert_exactly_one()
        (document,) = shop.register.receipts
        entries = ffd.decode(document.body)
        assert getattr(ffd.find(entries, 1192), "value", None) == shop.receipt().key
        assert ffd.find(entries, 1084) is None


@pytest.mark.parametrize("after", [False, True])
def test_rule_2_recovery_finds_the_key_in_1192_among_others(tmp_path: Path, after: bool) -> None:
    with a_shop_on(tmp_path, ONLY_1192, only_program=True) as shop:
        shop.register.foreign_receipt(KOPECKS)
        killed_at(shop, 0xFF45, after=after)
        if not after:
            shop.register.printer.receipt = None
        shop.register.foreign_receipt(KOPECKS)
        shop.sell_until_sold()
        shop.assert_exactly_one()
        assert len(shop.register.receipts) == 3


def test_rule_2_what_others_keep_in_1192_is_theirs_where_our_key_travels_in_1084(shop: Shop) -> None:
    """Sixteen digits have the form of a key."""
    register = shop.register
    register.foreign_open(KOPECKS)
    assert register.printer.receipt is not None
    register.printer.receipt.extra.append(ffd.encode(1192, "1234567890123456"))
    register.foreign_close(KOPECKS)
    shop.sell()
    shop.assert_exactly_one()


def test_rule_2_a_bare_key_that_the_journal_does_not_know_stops_selling(tmp_path: Path) -> None:
    """It names no till, so it may be this one's."""
    with a_shop_on(tmp_path, ONLY_1192, only_program=True) as shop:
        register = shop.register
        register.foreign_open(KOPECKS)
        assert register.printer.receipt is not None
        register.printer.receipt.extra.append(ffd.encode(1192, "ABCDEFGH12345678"))
        register.foreign_close(KOPECKS)
        with pytest.raises(ResolveNeeded):
            shop.sell()
        assert register.count(0xFF45) == 0


def test_rule_2_an_unproven_register_prints_nothing_without_its_key(tmp_path: Path) -> None:
    """Set up with the shift closed; the first receipt shows that the register does not take 1084."""
    register = Register()
    register.printer.traits = NEITHER
    shop = Shop(tmp_path, register)
    try:
        shift.open_shift(shop.till)
        with pytest.raises(Refused) as told:
            shop.sell()
        assert told.value.code == "key_refused"
        assert register.receipts == []
        assert register.printer.receipt is None
        assert shop.stored().state is State.REFUSED
    finally:
        shop.close()


# ---------------------------------------------------------------------------------------------- no key at all


def test_rule_2_without_a_key_a_clear_answer_is_enough(tmp_path: Path) -> None:
    with a_shop_on(tmp_path, NEITHER, only_program=True) as shop:
        sold = shop.sell()
        assert sold.view.mark is not None
        (document,) = shop.register.receipts
        assert (document.key, document.number) == (None, sold.view.mark.document_number)
        shop.sell(an_order(2))
        recover.recover(shop.till)
        assert len(shop.register.receipts) == 2


def test_rule_2_without_a_key_our_own_document_is_not_taken_for_ours(tmp_path: Path) -> None:
    """It is there, kind and total fit, nobody else prints – and it is a person who says so."""
    with a_shop_on(tmp_path, NEITHER, only_program=True) as shop:
        killed_at(shop, 0xFF45, after=True)
        with pytest.raises(ResolveNeeded, match="не принимает ключ"):
            shop.sell()
        assert shop.stored().state is State.SENDING
        with pytest.raises(ResolveNeeded):
            shop.sell(an_order(2))
        key, number = shop.receipt().key, shop.register.printer.storage.last_number
        sold = resolve.decide_made(shop.till, key, number)
        assert sold.view.mark is not None
        assert sold.view.mark.document_number == number
        assert len(shop.register.receipts) == 1


@pytest.mark.parametrize("kopecks", [KOPECKS, KOPECKS - 1])
def test_rule_2_without_a_key_no_document_is_proven_anothers(tmp_path: Path, kopecks: int) -> None:
    """Also one of another total: it contradicts the word that nobody else prints there."""
    with a_shop_on(tmp_path, NEITHER, only_program=True) as shop:
        killed_at(shop, 0xFF45, after=False)
        shop.register.printer.receipt = None
        shop.register.foreign_receipt(kopecks)
        with pytest.raises(ResolveNeeded, match="не принимает ключ"):
            shop.sell()
        assert shop.stored().state is State.SENDING


@pytest.mark.parametrize("command, after", [(0xFF46, False), (0xFF46, True), (0xFF45, False)])
def test_rule_2_without_a_key_no_new_document_still_proves_that_ours_was_not_made(
    tmp_path: Path, command: int, after: bool
) -> None:
    with a_shop_on(tmp_path, NEITHER, only_program=True) as shop:
        killed_at(shop, command, after=after)
        shop.sell()
        assert len(shop.register.receipts) == 1
        assert shop.stored().state is State.FISCALIZED


def test_rule_2_what_an_attempt_sent_counts_not_what_set_up_says_later(tmp_path: Path) -> None:
    """Printed without a key; then new firmware takes 1084 and the register is set up again before the till recovers.

    "Read whole, and our key is not in it" would now prove that it is not ours – and print it twice.
    """
    with a_shop_on(tmp_path, NEITHER, only_program=True) as shop:
        killed_at(shop, 0xFF45, after=True)
        shop.close()
        shop.register.printer.traits = Traits()
        shop.set_up_again()
        with pytest.raises(ResolveNeeded, match="не принимает ключ"):
            shop.sell()
        assert len(shop.register.receipts) == 1


def test_rule_2_its_own_documents_are_never_noted_as_foreign(tmp_path: Path) -> None:
    """A shift that the register opened by itself makes the numbers jump, so the till reads what lies between."""
    with a_shop_on(tmp_path, Traits(frozenset({1084, 1192}), opens_shift=True), only_program=True) as shop:
        register = shop.register
        register.meanwhile(0x8D, "before", register.foreign_shift_close)
        shop.sell()
        shop.sell(an_order(2))
        assert len(register.receipts) == 2
        storage = register.printer.identity.storage_number
        known = shop.till.journal.known_device(register.printer.identity.factory_number)
        assert known is not None
        assert known.last_document == register.printer.storage.last_number
        assert shop.till.journal.foreign_documents(storage) == []
