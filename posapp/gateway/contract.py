"""What the gateway needs of a database, whichever it is. `tests/gateway/test_store.py` and `tests/gateway/test_jobs.py`
hold every one to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from posapp.domain.claim import Claim, Closed, Holdings, SoldOrder, TakenFor
from posapp.domain.fiscal import FiscalMark

SITE = "site"
"""The identity under which a site that pushes its orders holds their claims; a till's is a UUID, so it is no till's."""


@dataclass(frozen=True, slots=True)
class TillCard:
    """A till on a portal: the identity of its data directory and the name that people call it by."""

    portal: str
    identity: str
    name: str


class ClaimStore(Protocol):
    """What the gateway needs of a database."""

    def enrol(self, card: TillCard, at: datetime, *, is_another: bool = False) -> None:
        """Makes a till known, or changes its name.

        `is_another`: a person says that its portal is another one than those of the tills that are known; without it a
        second name is taken for the same portal at another address, whose orders would be claimed twice. Raises
        SetupError `till_name_taken`, `portal_name_differs`.
        """

    def take(self, portal: str, identity: str, order_ids: Sequence[int], why: TakenFor, at: datetime) -> list[Claim]:
        """Takes what is free; says of each order whose it is now. Raises Rejected `unknown_till`."""

    def release(self, portal: str, identity: str, fences: Mapping[int, int], at: datetime) -> list[Claim]:
        """Gives back claims of this till (order id → its fence); others and older fences stay as they are."""

    def close_orders(self, portal: str, identity: str, sold: Sequence[SoldOrder], at: datetime) -> list[Closed]:
        """Closes orders by their receipts, for ever. A report under a lost claim is believed: the receipt exists."""

    def holdings(self, portal: str, identity: str, at: datetime) -> Holdings:
        """What the till holds, and what it lost and has not confirmed to know."""

    def confirm_lost(self, portal: str, identity: str, fences: Mapping[int, int], at: datetime) -> None:
        """The till knows that it lost these claims."""

    def look(self, portal: str, identity: str, order_id: int, at: datetime) -> Claim:
        """Whose the order is."""

    def take_over(
        self, portal: str, identity: str, order_id: int, fence: int, who: str, why: str, at: datetime
    ) -> Claim:
        """Gives another till's claim to this one if it still has this fence; else says how it stands."""

    def close(self) -> None:
        """Lets the database go."""


class JobState(StrEnum):
    """How far a print job of the portal has come."""

    NEW = "new"  # waits for a till
    LEASED = "leased"  # a till has it and has sent nothing to a register
    STARTED = "started"  # a register may have it: never handed to another till
    UNKNOWN = "unknown"  # started, and the till fell silent: a late report or a person decides
    DONE = "done"  # there is a receipt
    REFUSED = "refused"  # proven that there is none; a repeat of the portal opens it anew


@dataclass(frozen=True, slots=True)
class Offer:
    """A check as the portal sent it. `uuid` is what it gets if it is a new one, `register` the factory number of the
    only register that may print it ("" for any), `content` the form as `posapp.gateway.phpform.as_json` gives it."""

    unique_id: str
    uuid: str
    register: str
    content: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Job:
    """A print job as it stands."""

    job_id: int
    unique_id: str
    uuid: str
    state: JobState
    fence: int
    received_at: datetime
    content: Mapping[str, Any]

    def as_json(self) -> dict[str, object]:
        """The job as a till gets it."""
        return {
            "job_id": self.job_id,
            "unique_id": self.unique_id,
            "uuid": self.uuid,
            "state": self.state.value,
            "fence": self.fence,
            "received_at": self.received_at.isoformat(),
            "check": self.content,
        }


@dataclass(frozen=True, slots=True)
class Verdict:
    """What CHECK_URL may be told: marks when there is a receipt, a reason when there is proven none."""

    state: JobState
    mark: FiscalMark | None
    reason: str


@dataclass(frozen=True, slots=True)
class Report:
    """What a till says became of its job. `state` is `done` (with the mark), `refused` or `given_back`; `unique_id` the
    portal's number of the check, "" from a till that does not name it."""

    job_id: int
    fence: int
    state: str
    key: str
    mark: FiscalMark | None
    reason: str
    unique_id: str = ""


@dataclass(frozen=True, slots=True)
class Application:
    """Marks that the portal has to be told of by `sale.cashbox.check.apply`. `tries` were made before."""

    job_id: int
    uuid: str
    mark: FiscalMark
    tries: int


class PortalJobs(Protocol):
    """The portal's side of the jobs."""

    def accept(self, portal: str, offers: Sequence[Offer], at: datetime) -> list[str]:
        """Keeps checks, durably; the uuid of each. One that is known keeps its uuid, and only a refused one is opened
        anew. "" when another check has that number and is begun or printed. Raises JournalError `gateway_store`:
        nothing is known to be kept."""

    def uuid_of(self, portal: str, unique_id: str) -> str:
        """The uuid of a check that is known and not refused, else ""."""

    def verdict(self, portal: str, uuid: str, at: datetime) -> Verdict | None:
        """How a job stands, None for an unknown one; the portal has asked for it now."""

    def vat_rows(self, portal: str) -> frozenset[str] | None:
        """The VAT rows that tills have a rate for, None while no till has told."""


class Leases(Protocol):
    """The tills' side of the jobs. All raise Rejected `unknown_till` for a till that was never enrolled.

    `unique_id` is the portal's number of the check that the till means, "" where it does not name it: a database that
    was put back gives the number of a job, and its fences, once more to another check.
    """

    def take(
        self,
        portal: str,
        identity: str,
        registers: Sequence[str],
        at: datetime,
        vat_rows: Sequence[str] | None = None,
        gap: int = 0,
    ) -> Job | None:
        """The oldest job that the till's registers may print, under a new lease; None when there is none.

        `gap`: after which gap this till has told again what it printed.
        """

    def note_gap(self, at: datetime) -> None:
        """A process of the gateway began: its database may be an older copy."""

    def gap(self) -> int:
        """The last gap, as tills send it back; 0 before the first."""

    def started(
        self, portal: str, identity: str, job_id: int, fence: int, key: str, register: str, at: datetime,
        unique_id: str = "",
    ) -> None:  # fmt: skip
        """A receipt is about to be printed. Raises Rejected `lease_lost`, `job_unknown`: then it must not be."""

    def renew(self, portal: str, identity: str, job_id: int, fence: int, at: datetime, unique_id: str = "") -> None:
        """The till is still at it. Raises Rejected `lease_lost`, `job_unknown`."""

    def report(self, portal: str, identity: str, report: Report, at: datetime) -> bool:
        """What became of a job; False when it was kept as evidence only. Raises Rejected `job_unknown`, and
        `job_started` for giving back what was started."""

    def mine(self, portal: str, identity: str, at: datetime) -> list[Job]:
        """What the till holds: leased, started, unknown."""

    def expire(self, at: datetime) -> int:
        """Leases that have run out: never started, handed out anew; started, `unknown`. How many there were."""

    def forget(self, at: datetime) -> int:
        """Takes goods and contacts out of jobs that ended long ago; how many there were."""
