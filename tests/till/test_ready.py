"""The ready-to-charge light: each thing that keeps a receipt from being printed turns it red, with words and remedy."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from posapp.devices.base import Paper, PrinterStatus, StorageHealth, StoragePhase
from posapp.domain.fiscal import Shift, ShiftState
from posapp.errors import Unreachable
from posapp.till import ready
from posapp.till.ready import Seen, Tone, signs_of
from tests.till.shops import Shop

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
CLOCK = NOW.replace(tzinfo=None)
OPEN = Shift(ShiftState.OPEN, 1, 0)
STATUS = PrinterStatus(OPEN, Paper.OK, is_busy=False, has_open_document=False, last_document=5, clock=CLOCK)
HEALTH = StorageHealth("9999", StoragePhase.FISCAL, expires=date(2027, 11, 21), unsent=0)
GOOD = Seen(STATUS, NOW, HEALTH, timedelta(hours=6))


def status(**changes: object) -> Seen:
    return replace(GOOD, status=replace(STATUS, **changes))  # type: ignore[arg-type]


def health(**changes: object) -> Seen:
    return replace(GOOD, health=replace(HEALTH, **changes))  # type: ignore[arg-type]


def test_everything_well_is_green() -> None:
    light = signs_of(GOOD, NOW)
    assert (light.tone, light.may_charge, light.trouble) == (Tone.GREEN, True, None)
    assert {each.name for each in light.signs} == {"register", "paper", "shift", "clock", "storage", "ofd"}


RED, AMBER, GREEN = Tone.RED, Tone.AMBER, Tone.GREEN


@pytest.mark.parametrize(
    "seen, tone, code",
    [
        (replace(GOOD, status=None, trouble=Unreachable("device_unreachable", port="COM1")), RED, "device_unreachable"),
        (replace(GOOD, status=None, answered_at=None), RED, "register_silent"),
        (replace(GOOD, answered_at=NOW - timedelta(minutes=2, seconds=1)), RED, "register_silent"),
        (replace(GOOD, answered_at=NOW - timedelta(minutes=2)), GREEN, ""),
        (status(paper=Paper.OUT), RED, "paper_out"),
        (status(paper=Paper.COVER_OPEN), RED, "cover_open"),
        (status(has_open_document=True), RED, "foreign_receipt_open"),
        (status(shift=Shift(ShiftState.CLOSED, 1, 0)), RED, "shift_closed"),
        (status(shift=Shift(ShiftState.EXPIRED, 1, 0)), RED, "shift_expired"),
        (replace(GOOD, shift_age=timedelta(hours=22)), AMBER, "shift_too_old"),
        (replace(GOOD, shift_age=timedelta(hours=23, minutes=55)), RED, "shift_too_old"),
        (replace(GOOD, shift_age=None), GREEN, ""),
        (status(clock=CLOCK - timedelta(minutes=5)), GREEN, ""),
        (status(clock=CLOCK - timedelta(minutes=6)), AMBER, "clock_drift"),
        (status(clock=CLOCK + timedelta(minutes=61)), RED, "clock_drift"),
        (status(clock=None), GREEN, ""),
        (health(expires=date(2026, 11, 20)), RED, "storage_dead"),
        (health(expires=date(2026, 12, 1)), AMBER, "storage_ends"),
        (health(phase=StoragePhase.ARCHIVE), RED, "storage_dead"),
        (health(is_critical=True), RED, "storage_dead"),
        (health(is_ending=True), AMBER, "storage_ends"),
        (health(is_nearly_full=True), AMBER, "storage_ends"),
        (health(oldest_unsent_at=CLOCK - timedelta(days=2)), GREEN, ""),
        (health(oldest_unsent_at=CLOCK - timedelta(days=4)), AMBER, "ofd_waits"),
        (health(oldest_unsent_at=CLOCK - timedelta(days=29, hours=23, minutes=30)), RED, "ofd_waits"),
        (replace(GOOD, health=None), GREEN, ""),
    ],
)
def test_each_thing_has_its_light_and_its_words(seen: Seen, tone: Tone, code: str) -> None:
    light = signs_of(seen, NOW)
    assert light.tone is tone
    assert light.may_charge is (tone is not RED)
    assert (light.trouble.code if light.trouble is not None else "") == code
    for sign in light.signs:
        assert (sign.trouble is None) is (sign.tone is GREEN)


def test_the_worst_comes_first() -> None:
    seen = replace(status(paper=Paper.OUT, clock=CLOCK - timedelta(minutes=6)), shift_age=timedelta(hours=23))
    assert [each.tone for each in signs_of(seen, NOW).signs][:3] == [RED, AMBER, AMBER]


def test_the_storage_is_asked_seldom_and_its_answer_kept(shop: Shop) -> None:
    till = shop.till
    seen = till.printer.status()
    asked = shop.register.count(0xFF03)
    for _ in range(3):
        assert ready.look(till, seen).may_charge
    assert shop.register.count(0xFF03) == asked + 1
    shop.restart()
    assert ready.health(shop.till) == till.printer.storage_health() or ready.health(shop.till) is not None
    assert shop.register.count(0xFF03) <= asked + 2
    shop.register.advance(ready.HEALTH_AGE.total_seconds() + 1)
    before = shop.register.count(0xFF03)
    ready.look(shop.till, shop.till.printer.status())
    assert shop.register.count(0xFF03) == before + 1


def test_a_damaged_memory_is_asked_anew(shop: Shop) -> None:
    for kept in ("{}", "[]", "no json", '{"at": "yesterday"}'):
        shop.till.journal.set_fact("storage_health", kept)
        found = ready.health(shop.till)
        assert found is not None
        assert found.storage_number == shop.till.identity.storage_number
