"""A changed fiscal storage: what must be done before, what stops without a word; nothing old changes its fate."""

from __future__ import annotations

from dataclasses import replace

import pytest

from posapp.devices.shtrih import commands as c
from posapp.devices.simulator.printer import Printer
from posapp.domain.settlement import State
from posapp.errors import PosError, Refused, ResolveNeeded, SetupError
from posapp.settings import Settings
from posapp.till import audit, doctor, new_storage, resolve, shift
from posapp.till.new_storage import Change, Stage
from tests.rules import worlds
from tests.till.rig import PASSWORD
from tests.till.shops import Shop, an_order

WHY = "плановая замена, акт 17 сервисного центра"


def named(change: Change) -> dict[str, bool]:
    return {each.name: each.is_ok for each in change.checks}


def changed(shop: Shop) -> None:
    """The service centre puts the other storage in."""
    shop.till.printer.close()
    shop.register.be(worlds.new_storage(shop))


def accepted(shop: Shop, why: str = WHY) -> Settings:
    shop.settings = new_storage.accept(shop.till, why)
    shop.restart()
    return shop.settings


def word(shop: Shop) -> list[str]:
    return [each.why for each in shop.till.journal.audit_rows() if each.what == "storage.changed"]


def test_before_the_change_it_says_what_is_still_to_do(shop: Shop) -> None:
    shop.till.printer.status()
    shop.register.printer.storage.is_ofd_up = False
    shop.sell()
    change = new_storage.look(shop.till)
    assert change.stage is Stage.BEFORE
    assert named(change) == {"sending": True, "document": True, "shift": False, "journal": True, "ofd": False}
    assert not change.is_ready
    assert "1" in next(each for each in change.checks if each.name == "ofd").words()
    shift.close_shift(shop.till)
    shop.register.printer.storage.is_ofd_up = True
    shop.register.advance(60)
    change = new_storage.look(shop.till)
    assert change.is_ready
    assert all(named(change).values())


def test_a_document_that_the_journal_does_not_know_is_read_before_it_is_out_of_reach(closed_shop: Shop) -> None:
    closed_shop.register.do(c.OpenShift(PASSWORD))
    closed_shop.register.do(c.CloseShift(PASSWORD))
    assert not named(new_storage.look(closed_shop.till))["journal"]


def test_nothing_is_sold_before_the_word_and_everything_after_it(shop: Shop) -> None:
    shop.sell()
    old = shop.stored().mark
    shift.close_shift(shop.till)
    new_storage.look(shop.till)
    changed(shop)
    with pytest.raises((Refused, ResolveNeeded)):
        shop.sell(an_order(2))
    assert new_storage.look(shop.till).stage is Stage.AFTER
    settings = accepted(shop)
    assert settings.printer is not None
    assert settings.printer.storage_number == shop.register.printer.identity.storage_number
    assert settings.printer.key_tag == "1084"
    assert word(shop) == [WHY]
    shift.open_shift(shop.till)
    shop.sell(an_order(2))
    shop.assert_exactly_one(2)
    assert shop.stored(1).mark == old, "the old receipt keeps its mark"
    assert doctor.examine(shop.till).exit_code == 0


@pytest.mark.parametrize("why", ["", "  "])
def test_without_a_reason_nothing_is_accepted(shop: Shop, why: str) -> None:
    changed(shop)
    with pytest.raises(ResolveNeeded) as told:
        new_storage.accept(shop.till, why)
    assert told.value.code == "why_needed"
    assert word(shop) == []


def test_the_storage_that_was_there_is_no_change(shop: Shop) -> None:
    with pytest.raises(SetupError) as told:
        new_storage.accept(shop.till, WHY)
    assert told.value.code == "storage_unready"
    assert word(shop) == []


def test_another_register_is_no_change_of_its_storage(shop: Shop) -> None:
    shop.till.printer.close()
    shop.register.be(worlds.another_register())
    for act in (lambda: new_storage.look(shop.till), lambda: new_storage.accept(shop.till, WHY)):
        with pytest.raises(Refused) as told:
            act()
        assert told.value.code == "wrong_device"
    assert word(shop) == []


def test_a_storage_of_a_live_register_never_comes_into_a_training_directory(shop: Shop) -> None:
    changed(shop)
    shop.till.printer.close()
    real = replace(shop.register.printer.identity, storage_number="7380440700123456")
    shop.register.be(Printer(real, shop.register.now))
    with pytest.raises(SetupError) as told:
        new_storage.accept(shop.till, WHY)
    assert told.value.code == "training_mismatch"
    assert word(shop) == []


@pytest.mark.parametrize("made", [False, True], ids=["not made", "made"])
def test_what_was_under_way_on_the_old_one_stays_open_and_is_never_called_not_made(shop: Shop, made: bool) -> None:
    worlds.killed_at(shop, 0xFF45, after=made)
    changed(shop)
    change = new_storage.look(shop.till)
    assert not named(change)["former_sending"]
    accepted(shop)
    assert shop.stored().state is State.SENDING
    for _ in range(2):
        with pytest.raises(PosError):
            shop.sell(an_order(2))
        assert shop.stored().state is State.SENDING
    (case,) = resolve.cases(shop.till)
    assert case.needs_person
    assert shop.register.receipts == [], "nothing was printed on the new one meanwhile"
    attempt = shop.till.journal.last_attempt(shop.stored().receipt.key)
    assert attempt is not None
    assert attempt.device.storage_number != shop.till.identity.storage_number


def test_killed_between_the_word_and_the_settings_the_word_is_kept_once(shop: Shop) -> None:
    changed(shop)
    new_storage.accept(shop.till, WHY)  # and the process dies before the settings are saved
    shop.restart()
    with pytest.raises((Refused, ResolveNeeded)):
        shop.sell(an_order(2))
    accepted(shop)
    assert word(shop) == [WHY]


def test_what_the_former_storage_had_not_sent_is_remembered(shop: Shop) -> None:
    shop.till.printer.status()
    shop.register.printer.storage.is_ofd_up = False
    shop.sell()
    new_storage.look(shop.till)
    changed(shop)
    check = next(each for each in new_storage.look(shop.till).checks if each.name == "former_ofd")
    assert not check.is_ok
    assert "1" in check.words()
    accepted(shop)
    (kept,) = [each for each in shop.till.journal.audit_rows() if each.what == "storage.changed"]
    assert (kept.facts["unsent"], kept.facts["last_document"]) == (1, 3)
    assert audit.words("storage.changed") != "storage.changed"


def test_what_was_never_asked_is_not_invented(shop: Shop) -> None:
    changed(shop)
    check = next(each for each in new_storage.look(shop.till).checks if each.name == "former_ofd")
    assert check.what == "former_unknown"


def test_the_doctor_remembers_it_too(shop: Shop) -> None:
    shop.register.advance(60)
    doctor.examine(shop.till)
    changed(shop)
    check = next(each for each in new_storage.look(shop.till).checks if each.name == "former_ofd")
    assert (check.what, check.is_ok) == ("former_all_sent", True)


@pytest.mark.parametrize("language", ["ru", "en"])
def test_every_check_is_a_sentence(shop: Shop, language: str) -> None:
    worlds.killed_at(shop, 0xFF45, after=True)
    said = [each.words(language) for each in new_storage.look(shop.till).checks]
    changed(shop)
    said += [each.words(language) for each in new_storage.look(shop.till).checks]
    assert all(each.endswith(".") and "{" not in each for each in said), said


def test_the_age_of_the_shift_is_not_that_of_the_old_storage(shop: Shop) -> None:
    changed(shop)
    accepted(shop)
    worlds.foreign_shift_open(shop.register)
    shop.register.advance(60)
    (verdict,) = [each for each in doctor.examine(shop.till).verdicts if each.matter == "shift"]
    assert verdict.well == "shift_open_unknown"
