"""How long a shift may still last, when to close it, and whether the shop's rule closes it now. Pure: no clock.

A fiscal storage takes no receipt later than 24 hours after the report that opened the shift. So from 22 hours on a
person is told, with the minute at which closing disturbs least: the end of the working day when it comes in time, else
the next pause that the rhythm of the last hour promises.

All moments are of one clock, the register's own: it is the one that ends the shift.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from statistics import median

LIFE = timedelta(hours=24)
WARNED_FROM = timedelta(hours=22)
RESERVE = timedelta(minutes=15)
"""Closing takes a minute of paper and a person: it is never suggested later than this before the end."""

RHYTHM = timedelta(hours=1)
PAUSE = 2
"""No receipt for twice the usual time between two: the queue is gone."""

QUIET_BEFORE_RULE = timedelta(minutes=10)
RULE_AT_ANY_RATE = timedelta(hours=23, minutes=30)
MINUTE = timedelta(minutes=1)


class CloseReason(StrEnum):
    """Why just this minute."""

    DAY_END = "day_end"  # the working day ends then
    QUIET = "quiet"  # a pause by the rhythm of the last hour
    LAST_MOMENT = "last_moment"  # nothing better is left


@dataclass(frozen=True, slots=True)
class CloseAdvice:
    """The shift ends soon: how much is left until no receipt is taken, and the minute to close it at."""

    left: timedelta  # never less than nothing
    at: datetime
    reason: CloseReason

    @property
    def minutes_left(self) -> int:
        """Whole minutes, rounded down: nobody is promised a minute too much."""
        return int(self.left / MINUTE)


def advice(
    opened_at: datetime, now: datetime, receipts: Sequence[datetime], day_ends: time | None
) -> CloseAdvice | None:
    """When to close, or None before the 22nd hour. `receipts` are the moments of receipts, in any order.

    The result is a whole minute: not before `now`, and not after the last fifteen minutes have begun, as long as that
    is possible at all.
    """
    if now - opened_at < WARNED_FROM:
        return None
    end = opened_at + LIFE
    latest, left = end - RESERVE, max(end - now, timedelta())
    if now >= latest:
        return CloseAdvice(left, _minute_after(now), CloseReason.LAST_MOMENT)
    closing = None if day_ends is None else _next(day_ends, now)
    if closing is not None and closing <= latest:
        return CloseAdvice(left, closing, CloseReason.DAY_END)
    pause = _minute_after(_pause(now, receipts))
    if pause > latest:
        return CloseAdvice(left, max(_minute_before(latest), _minute_after(now)), CloseReason.LAST_MOMENT)
    return CloseAdvice(left, pause, CloseReason.QUIET)


def _pause(now: datetime, receipts: Sequence[datetime]) -> datetime:
    """The next moment at which, by the last hour, nobody stands there any more: `now` when that is so already."""
    recent = sorted(each for each in receipts if now - RHYTHM < each <= now)
    if not recent:
        return now
    gaps_s = [(later - earlier).total_seconds() for earlier, later in pairwise(recent)]
    usual = timedelta(seconds=median(gaps_s)) if gaps_s else RHYTHM / 4
    return max(now, recent[-1] + PAUSE * usual)


def is_due(opened_at: datetime, now: datetime, close_at: time, last_receipt: datetime | None) -> bool:
    """Whether the rule "close at this time of day" applies: that time has passed since the shift was opened.

    A shop that still sells is not cut short: ten minutes without a receipt come first – unless the 24 hours end.
    """
    if opened_at >= last_at(close_at, now):
        return False
    if now - opened_at >= RULE_AT_ANY_RATE:
        return True
    return last_receipt is None or now - last_receipt >= QUIET_BEFORE_RULE


def parse_time(text: str) -> time:
    """A time of day as people set it: `23:30`, `9:05`. Raises ValueError for anything else."""
    hours, colon, minutes = text.strip().partition(":")
    parts_fit = colon and 1 <= len(hours) <= 2 and len(minutes) == 2
    digits_only = all(each.isascii() and each.isdigit() for each in (hours, minutes))
    if not (parts_fit and digits_only and int(hours) < 24 and int(minutes) < 60):
        raise ValueError(f"not a time of day: {text!r}")
    return time(int(hours), int(minutes))


def _next(at: time, now: datetime) -> datetime:
    """The next moment with this time of day, `now` included."""
    today = datetime.combine(now.date(), at, now.tzinfo)
    return today if today >= now else today + timedelta(days=1)


def last_at(at: time, now: datetime) -> datetime:
    """The last moment with this time of day, `now` included."""
    today = datetime.combine(now.date(), at, now.tzinfo)
    return today if today <= now else today - timedelta(days=1)


def _minute_before(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


def _minute_after(moment: datetime) -> datetime:
    whole = _minute_before(moment)
    return whole if whole == moment else whole + MINUTE


__all__ = ["CloseAdvice", "CloseReason", "advice", "is_due", "last_at", "parse_time"]
