"""The gateway's print jobs as a till sees them, over HTTP (`posapp/gateway/leases.py` is the other end).

A job is in a till's hands under a lease with a fence. `started` is the only word that lets it print: it is said when
the receipt is in the till's journal and before a byte goes to the register. Every call may be repeated. `unique_id`
says which check is meant: after its database was put back the gateway may give its number to the job of another one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from posapp.domain.fiscal import FiscalMark
from posapp.errors import Offline
from posapp.sync.claims import GatewayDesk

WAIT_S = 25
"""The gateway holds a request for work so long at most."""
SLACK_S = 10.0


@dataclass(frozen=True, slots=True)
class GatewayJob:
    """A job as the gateway hands it out. `check` is what PRINT_URL was sent, `state` how far it is there."""

    job_id: int
    unique_id: str
    fence: int
    state: str
    check: Mapping[str, Any]

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> GatewayJob:
        """Raises ValueError, KeyError, TypeError for what is no job."""
        check = body["check"]
        if not isinstance(check, dict) or type(body["job_id"]) is not int or type(body["fence"]) is not int:
            raise ValueError("no job")
        return cls(body["job_id"], str(body["unique_id"]), body["fence"], str(body.get("state", "leased")), check)

    @property
    def lease(self) -> dict[str, Any]:
        """What the gateway wants to see again."""
        return {"job_id": self.job_id, "fence": self.fence, "state": self.state}


class GatewayJobs(GatewayDesk):
    """The gateway's jobs for one till.

    Every method raises Offline `gateway_offline`, Rejected (`gateway_access`, `unknown_till`, `job_unknown` …).
    """

    gap: int = 0
    """Which gap the gateway named with its last answer to `take_job`."""

    def take_job(
        self, registers: Sequence[str], wait_s: int = WAIT_S, vat_rows: Sequence[int] = (), told: int = 0
    ) -> GatewayJob | None:
        """The next job under a lease, None when there was none for `wait_s`. `vat_rows`: those with a rate here;
        `told`: the gap after which this till has told again what it printed."""
        asked: dict[str, object] = {"registers": list(registers), "wait_s": wait_s, "gap": told}
        if vat_rows:
            asked["vat_rows"] = [str(each) for each in vat_rows]
        answer = self._ask("jobs/take", asked, wait_s + SLACK_S)
        gap = answer.get("gap")
        self.gap = gap if type(gap) is int else 0
        body = answer.get("job")
        return None if body is None else _read(body)

    def started(self, job_id: int, fence: int, key: str, factory_number: str, unique_id: str) -> None:
        """The receipt `key` is about to be printed. Raises Rejected `lease_lost`, `job_unknown`: it must not be."""
        begun = {"job_id": job_id, "fence": fence, "key": key, "factory_number": factory_number}
        self._ask("jobs/started", begun | {"unique_id": unique_id})

    def renew(self, job_id: int, fence: int, unique_id: str) -> None:
        """The till is still at it. Raises Rejected `lease_lost`, `job_unknown`."""
        self._ask("jobs/renew", {"job_id": job_id, "fence": fence, "unique_id": unique_id})

    def report(
        self, job_id: int, fence: int, state: str, key: str, mark: FiscalMark | None, reason: str, unique_id: str
    ) -> bool:
        """What became of it: `done` with its mark, `refused`, `given_back`; False when kept as evidence only."""
        body = None if mark is None else mark.as_json()
        told = {"job_id": job_id, "fence": fence, "state": state, "key": key, "mark": body, "reason": reason}
        return self._ask("jobs/report", told | {"unique_id": unique_id}).get("kept_as") is None

    def mine(self) -> list[GatewayJob]:
        """What this till holds: after a crash."""
        found = self._ask("jobs/mine", {}).get("jobs")
        if not isinstance(found, list):
            raise Offline("gateway_offline", reason="ответ не читается")
        return [_read(each) for each in found]


def _read(body: object) -> GatewayJob:
    try:
        if not isinstance(body, dict):
            raise ValueError("no job")
        return GatewayJob.from_json(body)
    except (ValueError, KeyError, TypeError) as error:
        raise Offline("gateway_offline", reason="ответ не читается") from error
