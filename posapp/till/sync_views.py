"""What the sync log shows of one request, and how the portal's request budget stands. Frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from posapp.till.views import SyncRow


@dataclass(frozen=True, slots=True)
class SyncDetail:
    """A row of the sync log with all that is known of it.

    `request` and `answer` are masked JSON; `is_kept` is False when they are no longer (or never were) kept. `trouble`
    and `remedy` are our words, "" for what went well.
    """

    row: SyncRow
    request: str
    answer: str
    is_kept: bool
    trouble: str
    remedy: str


@dataclass(frozen=True, slots=True)
class BudgetView:
    """How fast the portal may be asked and is asked, and when the queue will be empty.

    `drains_in_s` is None where nobody can say: the portal is away, or only a person can go on. `resting`: methods that
    have used up their operating time, and until when. `measured_at`: of the last exchange; None before the first.
    `tills` share the budget through the gateway, which `is_gateway_away` or not; 1 without one.
    """

    allowed_per_s: float
    used_per_s: float
    waiting: int
    receipts_waiting: int
    needs_person: int
    drains_in_s: float | None
    is_offline: bool
    measured_at: datetime | None = None
    resting: Mapping[str, datetime] = field(default_factory=dict)
    tills: int = 1
    is_gateway_away: bool = False

    def as_json(self) -> dict[str, object]:
        """The answer of `posapp sync status`."""
        return {
            "allowed_per_s": self.allowed_per_s,
            "used_per_s": round(self.used_per_s, 2),
            "waiting": self.waiting,
            "receipts_waiting": self.receipts_waiting,
            "needs_person": self.needs_person,
            "drains_in_s": None if self.drains_in_s is None else round(self.drains_in_s),
            "offline": self.is_offline,
            "measured_at": None if self.measured_at is None else self.measured_at.isoformat(),
            "resting": {name: until.isoformat() for name, until in self.resting.items()},
            "tills": self.tills,
            "gateway_away": self.is_gateway_away,
        }

    def words(self, language: str = "ru") -> str:
        """One sentence for a person."""
        is_ru = language != "en"
        allowed, used = _number(self.allowed_per_s, is_ru), _number(self.used_per_s, is_ru)
        parts = [
            f"Битрикс разрешает {allowed} {_requests(self.allowed_per_s)} в секунду, мы используем {used}"
            if is_ru
            else f"Bitrix allows {allowed} requests a second, we use {used}"
        ]
        parts.append(self._queue(is_ru))
        if self.resting:
            names = ", ".join(sorted(self.resting))
            parts.append(f"отдыхает {names}" if is_ru else f"{names} rests")
        if self.is_gateway_away:
            parts.append(
                "шлюз молчит, берём только свою долю" if is_ru else "the gateway is silent, we keep to our share"
            )
        elif self.tills > 1:
            parts.append(f"на всех касс: {self.tills}" if is_ru else f"shared by {self.tills} tills")
        return ", ".join(parts) + "."

    def _queue(self, is_ru: bool) -> str:
        if not self.waiting:
            return "очередь пуста" if is_ru else "the queue is empty"
        if self.is_offline:
            return (f"в очереди {self.waiting}, связи нет – уйдут, когда появится" if is_ru
                    else f"{self.waiting} wait, there is no link – they go when it is back")  # fmt: skip
        if self.drains_in_s is None:
            return f"в очереди {self.waiting}, ждут человека" if is_ru else f"{self.waiting} wait for a person"
        span = _span(self.drains_in_s, is_ru)
        return f"очередь опустеет за {span}" if is_ru else f"the queue will be empty in {span}"


def _requests(number: float) -> str:
    """«запрос» in the form that the number takes; a fraction takes the second."""
    if number != int(number):
        return "запроса"
    last, tens = int(number) % 10, int(number) % 100
    if last == 1 and tens != 11:
        return "запрос"
    return "запроса" if 2 <= last <= 4 and not 12 <= tens <= 14 else "запросов"


def _number(value: float, is_ru: bool) -> str:
    text = f"{value:.1f}".removesuffix(".0")
    if value and text == "0":
        text = f"{value:.2f}".rstrip("0").removesuffix(".")
    return text.replace(".", ",") if is_ru else text


def _span(seconds: float, is_ru: bool) -> str:
    if seconds < 90:
        count = max(1, round(seconds))
        return f"{count} с" if is_ru else f"{count} s"
    if seconds < 90 * 60:
        return f"{round(seconds / 60)} мин" if is_ru else f"{round(seconds / 60)} min"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} ч {minutes} мин" if is_ru else f"{hours} h {minutes} min"
