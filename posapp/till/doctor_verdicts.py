"""What the doctor says of one matter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from posapp.errors import PosError
from posapp.till import doctor_words


class Level(IntEnum):
    """How bad it is: from OK to STOP, which keeps the till from selling now."""

    OK = 0
    NOTE = 1
    WARN = 2
    ALARM = 3
    STOP = 4

    @property
    def word(self) -> str:
        """As JSON says it."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Verdict:
    """`device` is one of `doctor_words.DEVICES`, `matter` what was looked at. Trouble has its own words and remedy;
    `well` is the sentence of `doctor_words.WELL` for what has none."""

    device: str
    matter: str
    level: Level = Level.OK
    trouble: PosError | None = None
    well: str = ""
    facts: Mapping[str, object] = field(default_factory=dict)

    @property
    def exit_code(self) -> int:
        """That of its trouble."""
        return 0 if self.trouble is None else self.trouble.exit_code

    def message(self, language: str = "ru") -> str:
        """What was found."""
        if self.trouble is not None:
            return self.trouble.message(language)
        return doctor_words.well(self.well, language, dict(self.facts))

    def action(self, language: str = "ru") -> str:
        """What helps, "" where nothing has to be done."""
        return "" if self.trouble is None else self.trouble.action(language)

    def as_json(self, language: str = "ru") -> dict[str, object]:
        """One of `verdicts`."""
        body: dict[str, object] = {
            "device": self.device,
            "matter": self.matter,
            "level": self.level.word,
            "message": self.message(language),
        }
        if self.trouble is not None:
            body |= {"code": self.trouble.code, "number": self.trouble.number, "action": self.action(language)}
        return body


def fine(device: str, matter: str, well: str = "", level: Level = Level.OK, **facts: object) -> Verdict:
    """A matter that is well, or only worth a note."""
    return Verdict(device, matter, level, None, well or matter, facts)


def bad(device: str, matter: str, level: Level, trouble: PosError) -> Verdict:
    """A matter that is not."""
    return Verdict(device, matter, level, trouble)
