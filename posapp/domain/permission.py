"""May this marked thing be sold? What the marking system and the register say, and what of it goes into the receipt.

Two answers stand beside each marked line of a try to print:

* the *permission mode* (разрешительный режим, ПП 1944 of 21.11.2023): «Честный знак» online, else the local module.
  Its answer is named in tag 1260 {1262 "030", 1263 "21.11.2023", 1264 "1944", 1265 "UUID=…&Time=…"}, offline with
  `&Inst=…&Ver=…` behind it. In its emergency mode the sale is allowed and 1260 stays empty.
* the *register* (FFD 1.2): the storage checks the code with its own keys, the register asks the operator; tag 2106.

An answer is of one code and one moment. It belongs to the attempt, is kept with it, and is asked for anew by the next.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from typing import Any

from posapp.domain.fiscal import ReceiptKind

AGE_MAX = timedelta(minutes=10)
"""How old an answer may be when the receipt is begun; a code may be sold or blocked elsewhere meanwhile."""
MARK_MAX = 64  # characters of an id, an instance, a version: four of them fit 1265


@dataclass(frozen=True, slots=True)
class IndustryDetail:
    """Отраслевой реквизит (1260 of a line, 1261 of a receipt): authority 1262, date 1263, number 1264, value 1265."""

    value: str
    agency: str = "030"
    dated: str = "21.11.2023"
    number: str = "1944"


class Source(StrEnum):
    """Who answered."""

    ONLINE = "online"
    LOCAL = "local"
    EMERGENCY = "emergency"  # the service itself said that it cannot check and that selling goes on
    SILENCE = "silence"  # nobody in time; the shop has decided to sell then


class Ban(IntEnum):
    """Why a thing must not be sold; the numbers are those of the marking system's own services."""

    BAD_FORMAT = 0
    NOT_FOUND = 1
    NOT_APPLIED = 2
    NOT_GENUINE = 3
    SOLD = 4
    NOT_INTRODUCED = 5
    BLOCKED = 6
    EXPIRED = 7

    @property
    def why(self) -> str:
        """In the cashier's words."""
        return _WHY[self]


_WHY = {
    Ban.BAD_FORMAT: "код неверного вида",
    Ban.NOT_FOUND: "такого кода в «Честном знаке» нет",
    Ban.NOT_APPLIED: "код не нанесён на товар",
    Ban.NOT_GENUINE: "код не подлинный",
    Ban.SOLD: "товар с этим кодом уже продан",
    Ban.NOT_INTRODUCED: "товар не введён в оборот",
    Ban.BLOCKED: "продажа запрещена органом власти",
    Ban.EXPIRED: "срок годности истёк",
}


def judge_online(row: Mapping[str, Any], now: datetime) -> Ban | None:
    """The ban in one element of `codes` of `codes/check`; None when it may be sold.

    The most fundamental reason first. What is absent is no reason; what is no boolean is not believed (ValueError).
    """
    for name, expected, ban in _ONLINE:
        if row.get(name) is None:
            continue
        if not isinstance(row[name], bool):
            raise ValueError(f"{name} is no boolean")
        if row[name] is not expected:
            return ban
    return Ban.EXPIRED if _is_expired(row.get("expireDate"), now) else None


_ONLINE = (
    ("valid", True, Ban.BAD_FORMAT),
    ("found", True, Ban.NOT_FOUND),
    ("utilised", True, Ban.NOT_APPLIED),
    ("verified", True, Ban.NOT_GENUINE),
    ("isBlocked", False, Ban.BLOCKED),
    ("sold", False, Ban.SOLD),
    ("realizable", True, Ban.NOT_INTRODUCED),
)


def judge_local(row: Mapping[str, Any]) -> Ban | None:
    """The ban in one element of the local module's answer.

    Only bans and sales are known there; every other field is false for every code and would stop all sales.
    """
    for name, ban in (("isBlocked", Ban.BLOCKED), ("sold", Ban.SOLD)):
        if row.get(name) is not None and not isinstance(row[name], bool):
            raise ValueError(f"{name} is no boolean")
        if row.get(name):
            return ban
    return None


def _is_expired(value: object, now: datetime) -> bool:
    """Whether an ISO moment has passed; one without a zone is that of the till."""
    if value is None:
        return False
    if not isinstance(value, str) or len(value) > MARK_MAX:
        raise ValueError("expireDate is no moment")
    moment = datetime.fromisoformat(value)
    return (moment if moment.tzinfo else moment.replace(tzinfo=now.tzinfo)) < now


@dataclass(frozen=True, slots=True)
class Permission:
    """The permission mode's answer for one code (`identity`). `at` is when it came, by our clock, with a zone.

    `request_id` and `request_time` (milliseconds) are the answer's own and go into 1265; `instance` and `version` name
    the local module and its database.
    """

    identity: str
    source: Source
    at: datetime
    ban: Ban | None = None
    request_id: str = ""
    request_time: int = 0
    instance: str = ""
    version: str = ""

    def __post_init__(self) -> None:
        for each in (self.request_id, self.instance, self.version):
            if len(each) > MARK_MAX or not (each.isascii() and each.isprintable()) or "&" in each or "=" in each:
                raise ValueError("an id of the marking system is a short plain text")
        if self.source in (Source.ONLINE, Source.LOCAL) and (not self.request_id or self.request_time <= 0):
            raise ValueError("an answer has an id and a time")

    @property
    def is_allowed(self) -> bool:
        """Whether the thing may be sold."""
        return self.ban is None

    @property
    def detail(self) -> IndustryDetail | None:
        """Tag 1260 of the line; None where nobody has checked."""
        if self.source not in (Source.ONLINE, Source.LOCAL):
            return None
        value = f"UUID={self.request_id}&Time={self.request_time}"
        if self.source is Source.LOCAL:
            value += f"&Inst={self.instance}&Ver={self.version}"
        return IndustryDetail(value)

    def is_fresh(self, now: datetime) -> bool:
        """Whether a receipt may still be begun on this answer. One from the future is not fresh: the clock was set."""
        return timedelta(0) <= now - self.at <= AGE_MAX

    def as_json(self) -> dict[str, object]:
        """For the attempt's evidence."""
        return {
            "identity": self.identity,
            "source": self.source.value,
            "at": self.at.isoformat(timespec="milliseconds"),
            "ban": None if self.ban is None else self.ban.value,
            "request_id": self.request_id,
            "request_time": self.request_time,
            "instance": self.instance,
            "version": self.version,
        }

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> Permission:
        """The reverse."""
        return cls(
            identity=str(body["identity"]),
            source=Source(body["source"]),
            at=datetime.fromisoformat(body["at"]),
            ban=None if body["ban"] is None else Ban(body["ban"]),
            request_id=str(body["request_id"]),
            request_time=int(body["request_time"]),
            instance=str(body["instance"]),
            version=str(body["version"]),
        )


class LocalCheck(IntEnum):
    """Tag 2004's companion in the answer to FF61: why the storage has checked the code itself, or has not."""

    CHECKED = 0
    NO_SUCH_TYPE = 1
    NO_KEY = 2
    NO_GS1_CHECK = 3
    OTHER = 4


@dataclass(frozen=True, slots=True)
class RegisterVerdict:
    """What the register found out about a code before the receipt (FFD 1.2; devices A.6).

    `result` is tag 2106, a mask: 1 checked, 2 genuine, 4 the operator has looked up the status, 8 the planned status
    fits, 16 autonomous mode. `local` says why the storage has not checked by itself, `code_type` is 2100,
    `request_code` 2105 and `processing` 2005 are the operator's, `asked_at` is 2114. None: nobody answered.
    """

    result: int
    local: int = 0
    code_type: int = 0
    processing: int | None = None
    request_code: int | None = None
    asked_at: datetime | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.result <= 0x1F:
            raise ValueError("2106 has five bits")

    @property
    def is_checked(self) -> bool:
        """Somebody has checked the code: «[М+]» or «[М-]» is printed, else «[М]»."""
        return bool(self.result & 1)

    @property
    def is_refused(self) -> bool:
        """Checked and found false, or looked up and found in a status in which it cannot be sold (or returned)."""
        is_false = bool(self.result & 1) and not self.result & 2
        is_wrong = bool(self.result & 4) and not self.result & 8
        return is_false or is_wrong

    @property
    def why(self) -> str:
        """The refusal in the cashier's words, "" when there is none."""
        if bool(self.result & 1) and not self.result & 2:
            return "ККТ проверила: код не подлинный"
        return "по данным оператора товар продать нельзя" if self.is_refused else ""

    @property
    def mark(self) -> str:
        """What stands before the line on paper."""
        if not self.is_checked:
            return "[М]"
        return "[М-]" if self.is_refused else "[М+]"

    def as_json(self) -> dict[str, object]:
        """For the attempt's evidence."""
        return {
            "result": self.result,
            "local": self.local,
            "code_type": self.code_type,
            "processing": self.processing,
            "request_code": self.request_code,
            "asked_at": None if self.asked_at is None else self.asked_at.isoformat(),
        }

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> RegisterVerdict:
        """The reverse."""
        at = body["asked_at"]
        return cls(
            result=int(body["result"]),
            local=int(body["local"]),
            code_type=int(body["code_type"]),
            processing=body["processing"],
            request_code=body["request_code"],
            asked_at=None if at is None else datetime.fromisoformat(at),
        )


@dataclass(frozen=True, slots=True)
class LineVerdict:
    """Both answers for one line of a receipt (0-based). None: not asked, for the shop or the register does not."""

    line: int
    permission: Permission | None = None
    register: RegisterVerdict | None = None

    @property
    def details(self) -> tuple[IndustryDetail, ...]:
        """Tag 1260 of the line."""
        detail = self.permission.detail if self.permission else None
        return () if detail is None else (detail,)

    def as_json(self) -> dict[str, object]:
        """For the attempt's evidence."""
        return {
            "line": self.line,
            "permission": self.permission.as_json() if self.permission else None,
            "register": self.register.as_json() if self.register else None,
        }

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> LineVerdict:
        """The reverse."""
        return cls(
            line=int(body["line"]),
            permission=None if body["permission"] is None else Permission.from_json(body["permission"]),
            register=None if body["register"] is None else RegisterVerdict.from_json(body["register"]),
        )


class PlannedStatus(IntEnum):
    """Tag 2003: what becomes of the thing."""

    PIECE_SOLD = 1
    PART_FOR_SALE = 2
    PIECE_RETURNED = 3
    PART_RETURNED = 4


def planned_status(kind: ReceiptKind, measure: int) -> PlannedStatus:
    """The status to ask for: sold or returned, a piece (2108 = 0) or a part that was measured out."""
    is_part = measure != 0
    if kind in (ReceiptKind.SELL, ReceiptKind.BUY_REFUND):
        return PlannedStatus.PART_FOR_SALE if is_part else PlannedStatus.PIECE_SOLD
    return PlannedStatus.PART_RETURNED if is_part else PlannedStatus.PIECE_RETURNED
