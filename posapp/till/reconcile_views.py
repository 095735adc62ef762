"""What a reconciliation shows: plain frozen values in both languages, for the window, the command line and the journal.

A difference says four things: what it means, the one step that is proposed, the exact command for it, and whose move
it is. Its words stand in the table of `posapp.errors`, under its code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from posapp.domain.money import Money
from posapp.errors import WORDS, PosError

JOURNAL, STORAGE, PORTAL, OFD = SOURCES = ("journal", "storage", "portal", "ofd")


@dataclass(frozen=True, slots=True)
class Phrase:
    """A piece of a message that differs between the languages."""

    ru: str
    en: str

    def text(self, language: str) -> str:
        """In `ru` or `en`."""
        return self.en if language == "en" else self.ru

    @classmethod
    def of(cls, error: PosError) -> Phrase:
        """An error's own words."""
        return cls(error.message("ru"), error.message("en"))


def joined(phrases: list[Phrase]) -> Phrase:
    """Several phrases as a list with commas."""
    return Phrase(", ".join(each.ru for each in phrases), ", ".join(each.en for each in phrases))


def versus(name: Phrase, found: str | Phrase, expected: str | Phrase) -> Phrase:
    """`total 1,00 ₽, not 5,90 ₽`: what was found in place of what was expected."""
    there, here = (each if isinstance(each, Phrase) else Phrase(each, each) for each in (found, expected))
    return Phrase(f"{name.ru} {there.ru} вместо {here.ru}", f"{name.en} {there.en}, not {here.en}")


class Move(StrEnum):
    """Whose move it is."""

    PROGRAM = "program"  # nobody has to do anything
    CASHIER = "cashier"
    MANAGER = "manager"
    ADMINISTRATOR = "administrator"


Fact = str | int | Phrase


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing on which two witnesses do not agree.

    `code` is one of `posapp.errors.WORDS` and stays the same for the same trouble; `order`, `key` and `document_number`
    (1040) say where, as far as known; `amount` is the money that it is about. `command` is what to type, "" where the
    step is none of this program's; `facts` fill the words.
    """

    code: str
    move: Move
    order: str = ""
    key: str = ""
    document_number: int | None = None
    amount: Money | None = None
    command: str = ""
    facts: Mapping[str, Fact] = field(default_factory=dict)

    @property
    def number(self) -> int:
        """The three digits said to support."""
        return WORDS[self.code].number

    def message(self, language: str = "ru") -> str:
        """What differs and what it means."""
        return self._words(language).message(language)

    def action(self, language: str = "ru") -> str:
        """The one step, and who takes it."""
        return self._words(language).action(language)

    def _words(self, language: str) -> PosError:
        given = {name: each.text(language) if isinstance(each, Phrase) else each for name, each in self.facts.items()}
        own: dict[str, object] = {"order": self.order or "–", "key": self.key, "command": self.command}
        own |= {"document": self.document_number} if self.document_number is not None else {}
        own |= {"amount": self.amount} if self.amount is not None else {}
        return PosError(self.code, **{**own, **given})

    def as_json(self, language: str = "ru") -> dict[str, object]:
        """An object of `differences`."""
        return {
            "code": self.code,
            "number": self.number,
            "order": self.order,
            "key": self.key,
            "document_number": self.document_number,
            "amount_kopecks": None if self.amount is None else self.amount.kopecks,
            "message": self.message(language),
            "action": self.action(language),
            "command": self.command,
            "move": self.move.value,
        }

    def as_row(self) -> dict[str, object]:
        """For the journal: everything, in no language."""
        return {
            "code": self.code,
            "move": self.move.value,
            "order": self.order,
            "key": self.key,
            "document_number": self.document_number,
            "amount": None if self.amount is None else self.amount.kopecks,
            "command": self.command,
            "facts": {
                name: [each.ru, each.en] if isinstance(each, Phrase) else each for name, each in self.facts.items()
            },
        }

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Difference:
        """The reverse of `as_row`."""
        amount, facts = row["amount"], row["facts"]
        return cls(
            code=row["code"],
            move=Move(row["move"]),
            order=row["order"],
            key=row["key"],
            document_number=row["document_number"],
            amount=None if amount is None else Money(amount),
            command=row["command"],
            facts={name: Phrase(*each) if isinstance(each, list) else each for name, each in facts.items()},
        )


@dataclass(frozen=True, slots=True)
class NotChecked:
    """A source, or a part of one, that said nothing: it is never counted as agreeing.

    `is_trouble`: it is set up and could not be read, so the outcome is not known; otherwise it is merely not there.
    """

    source: str
    why: Phrase
    is_trouble: bool = True

    def as_json(self, language: str = "ru") -> dict[str, object]:
        """An object of `not_checked`."""
        return {"source": self.source, "why": self.why.text(language)}


@dataclass(frozen=True, slots=True)
class ReconcileProgress:
    """How far a reconciliation is in one source: documents, orders. `total` is None while it is not known."""

    source: str
    done: int
    total: int | None


@dataclass(frozen=True, slots=True)
class ReconcileReport:
    """A reconciliation: what was compared, what differs, what could not be asked.

    `until` None: up to now. `checked` counts what was read of each source: receipts of the journal, documents of the
    storage and of the OFD, orders of the portal. `more` differences were found beyond those listed. `foreign` counts
    the receipts of other programs in the storage.
    """

    since: datetime
    until: datetime | None
    at: datetime
    checked: Mapping[str, int]
    differences: tuple[Difference, ...]
    not_checked: tuple[NotChecked, ...]
    more: int = 0
    foreign: int = 0

    @property
    def needs_person(self) -> bool:
        """A difference waits for somebody, or a source that should have answered did not."""
        return any(each.move is not Move.PROGRAM for each in self.differences) or any(
            each.is_trouble for each in self.not_checked
        )

    @property
    def is_good(self) -> bool:
        """Nothing differs, and everything that is set up answered."""
        return not self.differences and not any(each.is_trouble for each in self.not_checked)

    def as_json(self, language: str = "ru") -> dict[str, object]:
        """The answer of `posapp reconcile`."""
        return {
            "from": self.since.isoformat(timespec="seconds"),
            "to": (self.until or self.at).isoformat(timespec="seconds"),
            "at": self.at.isoformat(timespec="seconds"),
            "checked": {source: self.checked.get(source, 0) for source in SOURCES},
            "foreign": self.foreign,
            "differences": [each.as_json(language) for each in self.differences],
            "more": self.more,
            "not_checked": [each.as_json(language) for each in self.not_checked],
            "needs_person": self.needs_person,
        }


@dataclass(frozen=True, slots=True)
class LastReconciled:
    """What the last reconciliation came to, for "last reconciled at … n differences"."""

    report: ReconcileReport
    why: str  # start, close, person

    @property
    def count(self) -> int:
        """How many differences there were, those not listed too."""
        return len(self.report.differences) + self.report.more
