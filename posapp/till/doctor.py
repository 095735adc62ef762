"""The self-check: one verdict per device and matter, in plain words, with what helps and the code for support.

`examine` only looks. The register is asked questions that change nothing, the journal is read, portal and gateway are
judged by their last exchange. What a person may do then is in `ladder` (an unfinished print, an open document, a shift
too old) and `new_storage`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from posapp.till import doctor_register, doctor_till, doctor_words, new_storage
from posapp.till.context import Till
from posapp.till.doctor_verdicts import Level, Verdict


@dataclass(frozen=True, slots=True)
class Report:
    """All verdicts, by device. `stops_on` is the first day on which something will stop the till if nobody does
    anything: the end of the storage, or documents that the OFD has not got."""

    at: datetime
    verdicts: tuple[Verdict, ...]
    stops_on: date | None = None

    @property
    def worst(self) -> Level:
        """The worst level."""
        return max((each.level for each in self.verdicts), default=Level.OK)

    @property
    def exit_code(self) -> int:
        """0: nothing stops the till; 1: something does, and it has a remedy; 3: a person has to decide."""
        stopping = [each for each in self.verdicts if each.level is Level.STOP]
        return max((each.exit_code for each in stopping), default=0)

    def as_json(self, language: str = "ru") -> dict[str, object]:
        """The answer of `posapp doctor`."""
        return {
            "at": self.at.isoformat(timespec="seconds"),
            "worst": self.worst.word,
            "stops_on": None if self.stops_on is None else self.stops_on.isoformat(),
            "verdicts": [each.as_json(language) for each in self.verdicts],
        }


def examine(till: Till) -> Report:
    """Looks at everything. Raises nothing for trouble: trouble is a verdict."""
    seen = doctor_register.look(till)
    now = till.now()
    if seen.status is not None and seen.health is not None:
        new_storage.remember(till, seen.status, seen.health)
    verdicts = [*doctor_register.verdicts(till, seen), *doctor_till.verdicts(till)]
    order = list(doctor_words.DEVICES)
    return Report(
        at=now,
        verdicts=tuple(sorted(verdicts, key=lambda each: order.index(each.device))),
        stops_on=doctor_register.stops_on(seen),
    )
