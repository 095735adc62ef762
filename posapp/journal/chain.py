"""The audit chain: what each record's hash covers, and how a chain is checked. Pure arithmetic on values.

The hash of a record is SHA-256 over the former record's hash (64 small hexadecimal digits, as ASCII; 64 zeros before
the first record) followed by the record's canonical JSON in UTF-8: one object with the fields `id, at, who, what,
subject, why, facts` in this order, no spaces, letters as they are, `id` and `at` (microseconds since 1970 UTC)
integers and the rest text. `facts` is hashed as the text that stands in its column, itself JSON of integers and text.
`docs/audit.md` tells the same to an auditor, with a script that needs nothing of this program.

Beside the records the journal keeps an anchor, the count and the hash of the last record, so that a tail that was cut
off is missed. Who can write to the file can forge the anchor and every hash too: only a copy or a hash kept elsewhere
shows that (`compare`, `find`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

BEGINNING = "0" * 64
"""Stands for the hash before the first record."""

ANCHOR = "audit_head"
"""The journal's fact that holds count and hash of the last record: `12 9f86d0…`."""

SHIFTS_TRIED = 1000
"""How far a record may have been renumbered to be recognised still."""

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode
_encode_sorted = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False, sort_keys=True).encode


class Link(NamedTuple):
    """A record as it stands in the table `audit`; `facts` is the column's text."""

    id: int
    at: int
    who: str
    what: str
    subject: str
    why: str
    facts: str
    previous: str
    hash: str


class Anchor(NamedTuple):
    """Count and hash of the last record, as kept beside the table."""

    records: int
    head: str

    def text(self) -> str:
        """As the fact holds it."""
        return f"{self.records} {self.head}"

    @classmethod
    def parse(cls, text: str | None) -> Anchor | None:
        """The reverse; None when there is no anchor or it is none of ours."""
        count, _, head = (text or "").partition(" ")
        return cls(int(count), head) if count.isascii() and count.isdigit() and len(head) == len(BEGINNING) else None


@dataclass(frozen=True, slots=True)
class Broken:
    """The first record that is not as it was written. `kind`: changed, removed, inserted, replaced, cut_off, anchor,
    guards (the triggers that refuse changes are gone).

    `record` is the number of that record – of the first missing one for removed and cut_off –, None where the finding
    is about no record.
    """

    record: int | None
    kind: str
    why: str

    def as_json(self) -> dict[str, object]:
        """`first_broken` of the command `audit verify`."""
        return {"record": self.record, "kind": self.kind, "why": self.why}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check found: how many records there are, the hash of the last one, and the first that is broken."""

    records: int
    head: str
    first_broken: Broken | None

    @property
    def is_whole(self) -> bool:
        """Every record is as it was written, as far as this file can tell."""
        return self.first_broken is None


def facts_text(facts: Mapping[str, object]) -> str:
    """Facts as a record keeps them: names sorted, every value an integer, a text or a list of these."""
    return _encode_sorted({name: _plain(value) for name, value in facts.items()})


def _plain(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int):
        return int(value)  # an enum of integers too
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [_plain(each) for each in value]
    return str(value)


def canonical(link: Link) -> bytes:
    """The record's canonical JSON."""
    return _encode(
        {
            "id": link.id,
            "at": link.at,
            "who": link.who,
            "what": link.what,
            "subject": link.subject,
            "why": link.why,
            "facts": link.facts,
        }
    ).encode()


def hash_of(link: Link) -> str:
    """The hash that the record must carry, given the former hash in it."""
    return hashlib.sha256(link.previous.encode() + canonical(link)).hexdigest()


def sealed(link: Link) -> Link:
    """The record with its hash."""
    return link._replace(hash=hash_of(link))


def verify(links: Iterable[Link], anchor: Anchor | None) -> Verdict:
    """Walks the chain from its beginning; `links` ascend by id. The first finding counts, the walk goes on to count."""
    count, last, head = 0, 0, BEGINNING
    broken: Broken | None = None
    for link in links:
        if broken is None:
            broken = _trouble(link, last, head)
        count, last, head = count + 1, link.id, link.hash
    return Verdict(count, head, broken or _tail_trouble(count, head, anchor))


def _trouble(link: Link, last: int, head: str) -> Broken | None:
    """What is wrong with a record that follows record `last`, whose hash is `head`."""
    if link.id != last + 1:
        if link.id <= last:
            return Broken(link.id, "inserted", f"номер {link.id} не может стоять после {last}")
        return Broken(last + 1, "removed", f"после записи {last} стоит {link.id}: {_gap(last + 1, link.id - 1)}")
    if not _is_own(link):
        return _renumbered(link) or Broken(link.id, "changed", "содержание не сходится с хешем записи")
    if link.previous == head:
        return None
    if link.id == 1:
        return Broken(1, "removed", "первая запись продолжает другую цепь: начало удалено")
    return Broken(last, "replaced", f"запись {link.id} продолжает не эту запись {last}: та заменена или вставлена")


def _gap(first: int, last: int) -> str:
    return f"нет записи {first}" if first == last else f"нет записей {first}–{last}"


def _is_own(link: Link) -> bool:
    """Whether the record has the hash that its content gives. What is no text or number any more gives none."""
    try:
        return hash_of(link) == link.hash
    except (TypeError, ValueError, AttributeError):
        return False


def _renumbered(link: Link) -> Broken | None:
    """A record whose hash is right under another number: something before it was put in or taken out."""
    for shift in range(1, SHIFTS_TRIED + 1):
        if _is_own(link._replace(id=link.id - shift)):
            return Broken(link.id - shift, "inserted", f"запись {link.id} была записью {link.id - shift}")
        if _is_own(link._replace(id=link.id + shift)):
            return Broken(link.id, "removed", f"запись {link.id} была записью {link.id + shift}")
    return None


def _tail_trouble(count: int, head: str, anchor: Anchor | None) -> Broken | None:
    """What the anchor knows better than the table."""
    if anchor is None:
        return Broken(None, "anchor", "нет отметки о числе записей, а записи есть") if count else None
    if anchor.records > count:
        return Broken(count + 1, "cut_off", f"записей было {anchor.records}, осталось {count}")
    if anchor.records < count:
        return Broken(anchor.records + 1, "inserted", f"записей было {anchor.records}, стало {count}")
    if anchor.head != head:
        return Broken(count or None, "replaced", "последняя запись не та, что была записана последней")
    return None


def compare(links: Iterable[Link], copy: Iterable[Link]) -> Broken | None:
    """The first record of a former copy that this chain does not hold any more, letter by letter; None when all are.

    Both ascend by id. A copy may be shorter: what was added since is not its matter.
    """
    ours = iter(links)
    for kept in copy:
        now = next(ours, None)
        if now is None or now.id > kept.id:
            kind = "cut_off" if now is None else "removed"
            return Broken(kept.id, kind, f"в копии есть запись {kept.id}, здесь её нет")
        if now.id < kept.id:
            return Broken(now.id, "inserted", f"записи {now.id} в копии нет")
        if now != kept:
            return Broken(now.id, "changed", f"в копии запись {now.id} другая")
    return None


def holds(links: Iterable[Link], head: str) -> Broken | None:
    """None when a record of this chain has the hash `head`, which somebody wrote down once."""
    if head == BEGINNING or any(each.hash == head for each in links):
        return None
    return Broken(None, "replaced", "ни одна запись не имеет хеша, который был записан")
