"""The tags of one level of a document, asked for by number; what is there in another shape counts as not there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal

from posapp.domain.ffd import Entry
from posapp.domain.printed import FormLine, pair, words


class Tags:
    """Entries of one level, by tag, in their order."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self.entries = tuple(entries)

    def first(self, tag: int) -> Entry | None:
        """The first entry of a tag."""
        return next((each for each in self.entries if each.tag == tag), None)

    def number(self, tag: int) -> int | None:
        """The value of a number, a mask or a sum in kopecks."""
        found = self.first(tag)
        return found.value if found is not None and isinstance(found.value, int) else None

    def amount(self, tag: int) -> int:
        """A sum in kopecks, zero when there is none."""
        return self.number(tag) or 0

    def text(self, tag: int) -> str:
        """The value of a text without blanks around it; "" when there is none."""
        found = self.first(tag)
        return found.value.strip() if found is not None and isinstance(found.value, str) else ""

    def texts(self, tag: int) -> list[str]:
        """All values of a text that may come several times."""
        found = (each.value for each in self.entries if each.tag == tag)
        return [value.strip() for value in found if isinstance(value, str) and value.strip()]

    def time(self, tag: int) -> datetime | None:
        """A time of the wall clock."""
        found = self.first(tag)
        return found.value if found is not None and isinstance(found.value, datetime) else None

    def decimal(self, tag: int) -> Decimal | None:
        """A quantity."""
        found = self.first(tag)
        return found.value if found is not None and isinstance(found.value, Decimal) else None

    def inside(self, tag: int) -> Tags:
        """The tags inside a structure, none when it is missing."""
        found = self.first(tag)
        return Tags(found.items or () if found is not None else ())

    def each(self, tag: int) -> list[Tags]:
        """Every structure of a tag."""
        return [Tags(each.items) for each in self.entries if each.tag == tag and each.items is not None]

    def has(self, tag: int) -> bool:
        """Whether the tag is there at all."""
        return self.first(tag) is not None


def labelled(tags: Tags, names: Sequence[tuple[int, str]]) -> list[FormLine]:
    """A line `NAME: value` for each text that is there, in the order of `names`."""
    return [words(f"{name}: {value}") for tag, name in names for value in tags.texts(tag)]


def counted(tags: Tags, names: Sequence[tuple[int, str]]) -> list[FormLine]:
    """A line with the number at the right for each that is there."""
    return [pair(name, str(value)) for tag, name in names if (value := tags.number(tag)) is not None]
