"""Claims: which of several tills may sell an order (rule 1). What is said about them, and how it travels as JSON.

A claim has no end by itself: its holder may be away all day without a network, selling. It ends by release, by the
receipt (then the order is closed for ever), or because a manager gave the order to another till. Every claim has a
*fence*, a number that grows with each change of hands, so that whoever speaks for a claim shows which one is meant.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

ID_MAX = (1 << 63) - 1
TEXT_MAX = 500


class ClaimState(StrEnum):
    """Where an order stands among the tills."""

    FREE = "free"  # nobody's
    HELD = "held"  # one till's
    DISPUTED = "disputed"  # one till's, taken from another that has not heard of it yet and may be selling
    RECEIPTED = "receipted"  # a till has made its receipt: closed for ever


class TakenFor(StrEnum):
    """Why a till took a claim, which decides when it gives it back."""

    ROUTE = "route"  # the day's route, or a manager's take-over: kept until sold or given back by a person
    SALE = "sale"  # a sale that began at the counter: given back when no receipt came of it


class Closing(StrEnum):
    """What the report of a receipt came to."""

    CLOSED = "closed"  # the order is closed by this receipt
    LATE = "late"  # closed by this receipt, although another till held the claim by then
    DOUBLED = "doubled"  # another till had made a receipt of the order already: people have to act


@dataclass(frozen=True, slots=True)
class Claim:
    """An order among the tills, as the gateway answers it to one of them.

    `till` is the holder's name, or of the till that made the receipt; `since` when it took the claim or made the
    receipt; `seen_at` when the gateway last heard of that till. `former`, while disputed: the till that may not know.
    `document` of a receipted one: `ФД 15, ФН 9999…`.
    """

    order_id: int
    state: ClaimState
    fence: int = 0
    is_ours: bool = False
    till: str = ""
    since: datetime | None = None
    seen_at: datetime | None = None
    former: str = ""
    document: str = ""

    @property
    def may_sell(self) -> bool:
        """Whether the till that asked may make the order's receipt."""
        return self.is_ours and self.state in (ClaimState.HELD, ClaimState.DISPUTED)

    def as_json(self) -> dict[str, object]:
        """For the wire and for `--json`; moments are ISO with a zone."""
        return {
            "order_id": self.order_id,
            "state": self.state.value,
            "fence": self.fence,
            "is_ours": self.is_ours,
            "till": self.till,
            "since": _iso(self.since),
            "seen_at": _iso(self.seen_at),
            "former": self.former,
            "document": self.document,
        }

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> Self:
        """The reverse. Raises ValueError for anything else."""
        return cls(
            order_id=number_of(body, "order_id"),
            state=ClaimState(text_of(body, "state")),
            fence=number_of(body, "fence", least=0),
            is_ours=body.get("is_ours") is True,
            till=text_of(body, "till"),
            since=_moment(body, "since"),
            seen_at=_moment(body, "seen_at"),
            former=text_of(body, "former"),
            document=text_of(body, "document"),
        )


@dataclass(frozen=True, slots=True)
class LostClaim:
    """A claim that this till held with `fence` and holds no more: `till` has the order now, or has made its receipt.

    `who` and `why` are the manager's who took it over; empty where the other till's receipt came in late.
    """

    order_id: int
    fence: int
    till: str
    at: datetime
    who: str = ""
    why: str = ""
    is_receipted: bool = False

    def as_json(self) -> dict[str, object]:
        """For the wire."""
        return {
            "order_id": self.order_id,
            "fence": self.fence,
            "till": self.till,
            "at": self.at.isoformat(),
            "who": self.who,
            "why": self.why,
            "is_receipted": self.is_receipted,
        }

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> Self:
        """The reverse. Raises ValueError for anything else."""
        at = _moment(body, "at")
        if at is None:
            raise ValueError("at")
        return cls(
            order_id=number_of(body, "order_id"),
            fence=number_of(body, "fence", least=0),
            till=text_of(body, "till"),
            at=at,
            who=text_of(body, "who"),
            why=text_of(body, "why"),
            is_receipted=body.get("is_receipted") is True,
        )


@dataclass(frozen=True, slots=True)
class Holdings:
    """What the gateway knows of a till: the claims that it holds, and those that it lost and was not told of."""

    held: tuple[Claim, ...]
    lost: tuple[LostClaim, ...]
    taken_for: Mapping[int, TakenFor]


@dataclass(frozen=True, slots=True)
class SoldOrder:
    """A till's word that the order has its receipt: its key, and the document that proves it (1041, 1040, 1012).

    `fence` is that of the claim it was sold under; None without one (a manager's override).
    """

    order_id: int
    fence: int | None
    key: str
    storage_number: str
    document_number: int
    printed_at: str

    @property
    def document(self) -> str:
        """As people name it."""
        return f"ФД {self.document_number}, ФН {self.storage_number}"

    def as_json(self) -> dict[str, object]:
        """For the wire."""
        return {
            "order_id": self.order_id,
            "fence": self.fence,
            "key": self.key,
            "storage_number": self.storage_number,
            "document_number": self.document_number,
            "printed_at": self.printed_at,
        }

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> Self:
        """The reverse. Raises ValueError for anything else."""
        return cls(
            order_id=number_of(body, "order_id"),
            fence=None if body.get("fence") is None else number_of(body, "fence", least=0),
            key=text_of(body, "key", most=32),
            storage_number=text_of(body, "storage_number", most=32),
            document_number=number_of(body, "document_number"),
            printed_at=text_of(body, "printed_at", most=32),
        )


@dataclass(frozen=True, slots=True)
class Closed:
    """What a `SoldOrder` came to. When doubled, `till` and `document` are the other receipt's."""

    order_id: int
    outcome: Closing
    till: str = ""
    document: str = ""

    def as_json(self) -> dict[str, object]:
        """For the wire."""
        return {"order_id": self.order_id, "outcome": self.outcome.value, "till": self.till, "document": self.document}

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> Self:
        """The reverse. Raises ValueError for anything else."""
        return cls(
            number_of(body, "order_id"),
            Closing(text_of(body, "outcome")),
            text_of(body, "till"),
            text_of(body, "document"),
        )


def number_of(body: Mapping[str, Any], name: str, *, least: int = 1) -> int:
    """A whole number that fits 64 bits. Raises ValueError."""
    value = body.get(name)
    if type(value) is not int or not least <= value <= ID_MAX:
        raise ValueError(name)
    return value


def text_of(body: Mapping[str, Any], name: str, *, most: int = TEXT_MAX) -> str:
    """A text without control characters, empty when absent. Raises ValueError."""
    value = body.get(name, "")
    if not isinstance(value, str) or len(value) > most or not (value.isprintable() or value == ""):
        raise ValueError(name)
    return value


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _moment(body: Mapping[str, Any], name: str) -> datetime | None:
    value = body.get(name)
    if value is None:
        return None
    found = datetime.fromisoformat(value) if isinstance(value, str) else None
    if found is None or found.tzinfo is None:
        raise ValueError(name)
    return found
