"""Every sentence of the window, in Russian with its English twin, and how numbers, ages and counts are said.

A sentence is one entry with `{facts}`; it is never glued together from pieces, because the pieces of two languages do
not fit. `~` stands for a no-break space. The words of errors stand in `posapp.errors`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from posapp.domain.money import Money
from posapp.errors import WORDS
from posapp.ui.catalogue import COUNTS, TEXTS

LANGUAGES = ("ru", "en")
NBSP = "\u00a0"
_MONTHS_RU = (
    "января февраля марта апреля мая июня июля августа сентября октября ноября декабря".split()  # noqa: SIM905
)
_MONTHS_EN = "January February March April May June July August September October November December".split()  # noqa: SIM905
_DAYS_RU = ("пн", "вт", "ср", "чт", "пт", "сб", "вс")
_DAYS_EN = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def plural_form(n: int, language: str) -> int:
    """Which form a count takes: ru 0 for 1, 21, 101; 1 for 2–4, 22; 2 for 0, 5–20, 11–14, 111. en 0 for 1, else 1."""
    if language == "en":
        return 0 if n == 1 else 1
    if n % 10 == 1 and n % 100 != 11:
        return 0
    return 1 if 2 <= n % 10 <= 4 and not 12 <= n % 100 <= 14 else 2


class Say:
    """The catalogue in one language. Call it with a key and the facts of its sentence."""

    def __init__(self, language: str = "ru") -> None:
        self.language = language if language in LANGUAGES else "ru"
        self._at = LANGUAGES.index(self.language)

    def __call__(self, key: str, /, **facts: object) -> str:
        """The sentence of `key`; a fact that is Money is written as a sum. Raises KeyError for an unknown key."""
        said = {name: self.money(fact) if isinstance(fact, Money) else fact for name, fact in facts.items()}
        return TEXTS[key][self._at].replace("~", NBSP).format(**said)

    def count(self, key: str, n: int, /, **facts: object) -> str:
        """The sentence of `key` in the form that `n` takes, `{n}` grouped by thousands."""
        forms: Sequence[str] = COUNTS[key][self._at]
        return forms[plural_form(n, self.language)].replace("~", NBSP).format(n=self.number(n), **facts)

    def money(self, amount: Money) -> str:
        """`1 234,50 ₽` or `1,234.50 ₽`."""
        if self.language == "ru":
            return str(amount)
        sign = "\u2212" if amount.kopecks < 0 else ""
        whole, part = divmod(abs(amount.kopecks), 100)
        return f"{sign}{whole:,}.{part:02d}{NBSP}₽"

    def amount(self, amount: Money) -> str:
        """The same without the currency sign, for columns."""
        return self.money(amount).removesuffix(f"{NBSP}₽")

    def number(self, n: int) -> str:
        """A whole number grouped by thousands."""
        text = f"{n:,}"
        return text if self.language == "en" else text.replace(",", "\u202f")

    def code(self, code: str) -> str:
        """The three digits of a code of the error table; another program's code as it is; "" for none."""
        return str(WORDS[code].number) if code in WORDS else code

    def quantity(self, text: str) -> str:
        """A quantity as people write it: a comma in Russian."""
        return text if self.language == "en" else text.replace(".", ",")

    def age(self, seconds: float) -> str:
        """`14 мин`, `2 ч 05 мин`, `3 дн`."""
        whole = int(seconds)
        if whole < 60:
            return self("age.s", n=whole)
        if whole < 3600:
            return self("age.min", n=whole // 60)
        if whole < 86_400:
            return self("age.h", n=whole // 3600, minutes=f"{whole % 3600 // 60:02d}")
        return self("age.d", n=whole // 86_400)

    def clock(self, moment: datetime) -> str:
        """Local time of day, `14:05:12`."""
        return _local(moment).strftime("%H:%M:%S")

    def moment(self, moment: datetime, now: datetime) -> str:
        """`сегодня, 14:05`, `вчера, 18:20`, `12.11.2025, 09:00`."""
        local, today = _local(moment), _local(now).date()
        days = (today - local.date()).days
        key = {0: "when.today", 1: "when.yesterday"}.get(days, "when.date")
        return self(key, time=local.strftime("%H:%M"), date=local.strftime("%d.%m.%Y"))

    def day(self, day: date) -> str:
        """`21 ноября, сб`."""
        if self.language == "en":
            return f"{_DAYS_EN[day.weekday()]}, {day.day} {_MONTHS_EN[day.month - 1]}"
        return f"{day.day} {_MONTHS_RU[day.month - 1]}, {_DAYS_RU[day.weekday()]}"


def _local(moment: datetime) -> datetime:
    return moment.astimezone() if moment.tzinfo is not None else moment
