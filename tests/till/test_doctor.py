"""The doctor: each trouble has its verdict, its remedy and its code; a look changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from posapp.devices.base import LineFacts, StorageHealth, StoragePhase
from posapp.devices.shtrih import commands as c
from posapp.devices.simulator.documents import STORAGE_TERM
from posapp.errors import WORDS, OutcomeUnknown, Refused
from posapp.till import doctor, doctor_register, doctor_words
from posapp.till.doctor_register import Seen
from posapp.till.doctor_verdicts import Level, Verdict
from tests.rules.worlds import another_register, killed_at, new_storage
from tests.till.rig import PASSWORD, Register
from tests.till.shops import Shop, an_order

QUESTIONS = frozenset(
    each.CODE
    for each in (
        c.FullStatus, c.ShortStatus, c.StorageStatus, c.StorageNumber, c.RegistrationResult, c.StorageExpiry,
        c.OfdStatus, c.ReadExchange,
    )
)  # fmt: skip


def found(shop: Shop, matter: str, device: str = "register") -> Verdict:
    report = doctor.examine(shop.till)
    (one,) = [each for each in report.verdicts if (each.device, each.matter) == (device, matter)]
    return one


def code_of(verdict: Verdict) -> str:
    assert verdict.trouble is not None, verdict.message()
    return verdict.trouble.code


def test_a_healthy_till_has_nothing_to_do_and_a_day_on_which_it_ends(shop: Shop) -> None:
    shop.register.advance(60)
    report = doctor.examine(shop.till)
    assert report.exit_code == 0
    assert [each for each in report.verdicts if each.device in ("register", "storage", "ofd") and each.level] == []
    assert report.stops_on == (shop.register.printer.storage.documents[0].at + STORAGE_TERM).date()
    assert {each.device for each in report.verdicts} >= {"register", "storage", "ofd", "till", "portal"}


@pytest.mark.parametrize("language", ["ru", "en"])
def test_every_verdict_is_a_whole_sentence_in_both_languages(shop: Shop, language: str) -> None:
    for verdict in doctor.examine(shop.till).verdicts:
        text = verdict.message(language)
        assert text[-1] in ".…", text
        assert "?" not in text
        assert "{" not in text
        assert " · " in doctor_words.title(verdict.device, verdict.matter, language)


def test_a_look_asks_questions_only_and_leaves_journal_and_register_as_they_were(shop: Shop) -> None:
    shop.sell()
    shop.till.printer.status()
    before = shop.register.printer.as_dict(), shop.register.printer.storage.last_number
    audit = len(shop.till.journal.audit_rows(0))
    shop.register.written.clear()
    doctor.examine(shop.till)
    assert (shop.register.printer.as_dict(), shop.register.printer.storage.last_number) == before
    assert set(shop.register.written) <= QUESTIONS
    assert len(shop.till.journal.audit_rows(0)) == audit


def cover(register: Register) -> None:
    register.printer.set_paper("cover", register.now)


def no_paper(register: Register) -> None:
    register.printer.set_paper("out", register.now)


def torn(register: Register) -> None:
    register.printer.interrupt_print()
    register.printer.set_paper("ok", register.now)


def too_old(register: Register) -> None:
    register.now += timedelta(hours=25)


@pytest.mark.parametrize(
    "trouble, matter, code",
    [
        (cover, "paper", "cover_open"),
        (no_paper, "paper", "paper_out"),
        (torn, "paper", "print_unfinished"),
        (too_old, "shift", "shift_expired"),
        (lambda register: register.foreign_open(500), "document", "foreign_receipt_open"),
        (Register.unplug, "link", "device_unreachable"),
    ],
)
def test_what_stops_the_till_is_said_with_its_remedy(
    shop: Shop, trouble: Callable[[Register], object], matter: str, code: str
) -> None:
    trouble(shop.register)
    verdict = found(shop, matter)
    assert (verdict.level, code_of(verdict)) == (Level.STOP, code)
    assert verdict.action()
    assert doctor.examine(shop.till).exit_code == (3 if code == "foreign_receipt_open" else 1)
    assert verdict.as_json()["number"] == WORDS[code].number


def test_a_closed_shift_is_no_trouble(closed_shop: Shop) -> None:
    verdict = found(closed_shop, "shift")
    assert (verdict.level, verdict.trouble) == (Level.NOTE, None)


def test_our_own_unfinished_receipt_is_told_from_another_programs(shop: Shop) -> None:
    killed_at(shop, 0xFF45, after=False)
    report = doctor.examine(shop.till)
    codes = {each.trouble.code for each in report.verdicts if each.trouble}
    assert {"own_receipt_open", "sending_left"} <= codes
    assert report.exit_code == 3
    assert shop.register.count(0x88) == 0, "a look cancels nothing"
    assert shop.register.printer.receipt is not None


@pytest.mark.parametrize("hours, level", [(0, Level.OK), (0.05, Level.OK), (0.2, Level.WARN), (-2, Level.ALARM)])
def test_clocks_that_part(shop: Shop, hours: float, level: Level) -> None:
    shop.register.printer.clock_offset = timedelta(hours=hours)
    assert found(shop, "clock").level is level


def test_another_register_and_another_storage_are_two_different_things(shop: Shop) -> None:
    shop.till.printer.close()
    shop.register.be(new_storage(shop))
    assert code_of(found(shop, "identity")) == "storage_new"
    assert doctor.examine(shop.till).exit_code == 3
    shop.till.printer.close()
    shop.register.be(another_register())
    assert code_of(found(shop, "identity")) == "wrong_device"


def health(**more: object) -> StorageHealth:
    return StorageHealth("9999078900001234", StoragePhase.FISCAL, **more)  # type: ignore[arg-type]


def judged(shop: Shop, told: StorageHealth) -> dict[tuple[str, str], Verdict]:
    seen = doctor_register.look(shop.till)
    assert seen.at is not None
    return {
        (each.device, each.matter): each
        for each in doctor_register.verdicts(
            shop.till, Seen(seen.port, seen.found, seen.status, told, LineFacts("v1"), seen.shift_age, seen.at)
        )
    }


@pytest.mark.parametrize(
    "days, code, level",
    [(300, "", Level.OK), (31, "", Level.OK), (30, "storage_ends", Level.WARN), (4, "storage_ends", Level.WARN),
     (3, "storage_ends", Level.ALARM), (0, "storage_ends", Level.ALARM), (-1, "storage_dead", Level.STOP)],
)  # fmt: skip
def test_the_end_of_the_storage_is_counted_in_days(shop: Shop, days: int, code: str, level: Level) -> None:
    ends = shop.register.now.date() + timedelta(days=days)
    verdict = judged(shop, health(expires=ends, unsent=0))["storage", "life"]
    assert verdict.level is level
    assert (verdict.trouble.code if verdict.trouble else "") == code
    assert f"{ends:%d.%m.%Y}" in verdict.message()


@pytest.mark.parametrize(
    "more, level",
    [({"is_ending_soon": True}, Level.WARN), ({"is_ending": True}, Level.ALARM), ({"is_critical": True}, Level.STOP)],
)
def test_its_own_warnings_count_where_it_tells_no_day(shop: Shop, more: dict[str, object], level: Level) -> None:
    assert judged(shop, health(unsent=0, **more))["storage", "life"].level is level


def test_a_full_memory_is_said_beside_its_days(shop: Shop) -> None:
    made = judged(shop, health(is_nearly_full=True, unsent=0))
    assert made["storage", "memory"].level is Level.WARN
    assert made["storage", "life"].level is Level.OK


@pytest.mark.parametrize(
    "days, code, level",
    [(0, "", Level.OK), (0.9, "", Level.OK), (1, "ofd_behind", Level.WARN), (6.9, "ofd_behind", Level.WARN),
     (7, "ofd_week", Level.ALARM), (24.9, "ofd_week", Level.ALARM), (25, "ofd_countdown", Level.ALARM),
     (29.9, "ofd_countdown", Level.ALARM), (30.1, "ofd_blocked", Level.STOP)],
)  # fmt: skip
def test_what_the_ofd_lacks_is_said_louder_with_its_age(shop: Shop, days: float, code: str, level: Level) -> None:
    oldest = shop.register.now - timedelta(days=days)
    verdict = judged(shop, health(unsent=7, oldest_unsent=3, oldest_unsent_at=oldest))["ofd", "unsent"]
    assert verdict.level is level
    assert (verdict.trouble.code if verdict.trouble else "") == code
    said = verdict.message() + verdict.action()
    assert "7" in verdict.message()
    assert f"{oldest + timedelta(days=30):%d.%m.%Y}" in said or level is Level.STOP


def test_the_day_of_the_countdown_is_the_day_on_which_the_register_really_stops(shop: Shop) -> None:
    shop.till.printer.status()
    shop.register.printer.storage.is_ofd_up = False
    shop.sell()
    day = doctor.examine(shop.till).stops_on
    assert day is not None
    last = shop.register.now

    def a_day(number: int) -> None:
        nonlocal last
        shop.register.now += timedelta(days=1)
        shop.till.printer.close_shift("Иванова")
        shop.till.printer.open_shift("Иванова")
        last = shop.register.now
        shop.sell(an_order(100 + number))

    with pytest.raises((OutcomeUnknown, Refused)):
        list(map(a_day, range(1, 40)))
    assert last.date() == day + timedelta(days=1), "it still works on the thirtieth day"
    assert code_of(found(shop, "unsent", "ofd")) in ("ofd_blocked", "ofd_countdown")


def test_a_slow_line_is_advice_and_no_trouble(shop: Shop) -> None:
    shop.register.printer.execute(c.SetExchange(PASSWORD, 0, 1, 100), shop.register.now)
    verdict = found(shop, "link")
    assert (verdict.level, code_of(verdict)) == (Level.NOTE, "line_slow")
    assert "4800" in verdict.message()
    assert doctor.examine(shop.till).exit_code == 0


def test_without_a_register_the_rest_is_told(shop: Shop) -> None:
    shop.register.unplug()
    report = doctor.examine(shop.till)
    assert {each.matter for each in report.verdicts} >= {"link", "journal", "disk", "secrets", "exchange"}
    assert report.exit_code == 1
