"""When a shift must be closed: told from the 22nd hour, at a minute that disturbs least, never too late."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posapp.domain.shift_hours import CloseReason, advice, is_due, parse_time

OPENED = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def at(hours: float, minutes: float = 0) -> datetime:
    """So long after the shift was opened."""
    return OPENED + hours * HOUR + minutes * MINUTE


@pytest.mark.parametrize("now", [OPENED, at(12), at(21, 59.99)])
def test_before_the_22nd_hour_nothing_is_said(now: datetime) -> None:
    assert advice(OPENED, now, [], time(6, 30)) is None


def test_a_shop_without_customers_closes_now() -> None:
    told = advice(OPENED, at(22), [at(20)], None)
    assert told is not None
    assert (told.at, told.reason, told.minutes_left) == (at(22), CloseReason.QUIET, 120)


def test_the_end_of_the_working_day_is_waited_for_when_it_comes_in_time() -> None:
    told = advice(OPENED, at(22, 10), [at(22, 9)], time(7, 30))
    assert told is not None
    assert (told.at, told.reason) == (at(23, 30), CloseReason.DAY_END)


def test_a_working_day_that_ends_too_late_is_not_waited_for() -> None:
    told = advice(OPENED, at(22, 10), [], time(7, 50))  # ten minutes before the storage refuses: too near
    assert told is not None
    assert (told.at, told.reason) == (at(22, 10), CloseReason.QUIET)


def test_the_pause_is_twice_the_usual_time_between_two_receipts() -> None:
    receipts = [at(21, 30), at(21, 35), at(21, 40), at(21, 58)]  # usually five minutes
    told = advice(OPENED, at(22), receipts, None)
    assert told is not None
    assert (told.at, told.reason) == (at(22, 8), CloseReason.QUIET)


def test_a_queue_to_the_end_is_cut_at_the_last_moment() -> None:
    receipts = [at(22, 30), at(23, 0), at(23, 29)]  # half an hour apart: twice that is past the end
    told = advice(OPENED, at(23, 29), receipts, None)
    assert told is not None
    assert (told.at, told.reason) == (at(23, 45), CloseReason.LAST_MOMENT)


@pytest.mark.parametrize("now, left", [(at(23, 45), 15), (at(23, 59.5), 0), (at(24), 0), (at(40), 0)])
def test_in_the_last_quarter_of_an_hour_the_moment_is_now(now: datetime, left: int) -> None:
    told = advice(OPENED, now, [now - MINUTE], time(7, 59))
    assert told is not None
    assert (told.reason, told.minutes_left) == (CloseReason.LAST_MOMENT, left)
    assert timedelta() <= told.at - now < MINUTE


MOMENTS = st.floats(20 * 60, 24 * 60 - 0.01, allow_nan=False).map(lambda minutes: OPENED + minutes * MINUTE)


@given(
    now=MOMENTS,
    receipts=st.lists(MOMENTS, max_size=30),
    ends=st.none() | st.times().map(lambda each: each.replace(second=0, microsecond=0)),
)
def test_the_minute_is_whole_never_past_and_in_time(now: datetime, receipts: list[datetime], ends: time | None) -> None:
    told = advice(OPENED, now, receipts, ends)
    assert (told is None) is (now - OPENED < 22 * HOUR)
    if told is None:
        return
    assert (told.at.second, told.at.microsecond) == (0, 0)
    assert told.at >= now
    assert told.at <= max(at(23, 45), now + MINUTE)
    assert told.left == at(24) - now
    assert advice(OPENED, now, receipts[::-1], ends) == told


# ------------------------------------------------------------------------------------------------ the rule
NIGHT = time(23, 30)  # 15.5 hours after the opening


@pytest.mark.parametrize(
    "now, last, due",
    [
        (at(15, 29), None, False),
        (at(15, 30), None, True),
        (at(15, 30), at(15, 21), False),  # the shop still sells
        (at(15, 31), at(15, 21), True),
        (at(22), at(21, 55), False),
        (at(23, 30), at(23, 29), True),  # but the 24 hours end
        (at(30), None, True),
    ],
)
def test_the_rule(now: datetime, last: datetime | None, due: bool) -> None:
    assert is_due(OPENED, now, NIGHT, last) is due


def test_a_shift_opened_after_the_time_of_the_rule_waits_for_the_next_night() -> None:
    opened = datetime(2026, 11, 21, 23, 40, tzinfo=UTC)
    assert not is_due(opened, opened + HOUR, NIGHT, None)
    assert is_due(opened, opened + 23 * HOUR + 50 * MINUTE, NIGHT, None)


def test_a_shift_opened_at_the_very_time_of_the_rule_is_not_closed_at_once() -> None:
    opened = datetime(2026, 11, 21, 23, 30, tzinfo=UTC)
    assert not is_due(opened, opened, NIGHT, None)
    assert not is_due(opened, opened + 9 * HOUR, NIGHT, None)


@given(st.times())
def test_a_time_of_day_is_read_back(moment: time) -> None:
    assert parse_time(f"{moment:%H:%M}") == moment.replace(second=0, microsecond=0)


@pytest.mark.parametrize("text", ["", "24:00", "12", "1:2", "12:60", "-1:00", "123:00", "１2:00", "12:00:00", "a:bc"])
def test_what_is_no_time_of_day_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="time of day"):
        parse_time(text)
