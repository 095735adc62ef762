"""Marked goods on a simulated register: what its storage checked, what it accepted, and what the server would say.

The world decides what the marking system knows of a code (`Marking.world`, set through the control door):

    {"server": "up" | "silent" | "wrong", "codes": {CODE: ANSWER}, "others": ANSWER}
    ANSWER = {"local": "genuine" | "false" | "no_key" | "not_checkable",   what the storage finds by itself
              "status": 1 | 2 | 3,       tag 2109: sold rightly, wrongly, circulation suspended
              "processing": 0 | 1 | 2,   tag 2105: understood, bad format, not recognised
              "planned": true}           whether the planned status (2003) is right

Left out means genuine, known and right. A code is written in JSON as it was scanned, GS as \\u001d.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from posapp.domain import ffd

CHECKED, GENUINE, STATUS_CHECKED, STATUS_RIGHT, AUTONOMOUS = 1, 2, 4, 8, 16
"""Bits of 2106; the first two are also those of 2004."""

SERVERS = ("up", "silent", "wrong")
LOCAL = {"genuine": (CHECKED | GENUINE, 0), "false": (CHECKED, 0), "no_key": (0, 2), "not_checkable": (0, 1)}
"""What the storage finds → tag 2004 and the reason in FF61."""
WRONG_ANSWER_REASON = 2
CODES_MAX = 128
_SHORT = 29


@dataclass(frozen=True, slots=True)
class Answer:
    """What the world says of one code."""

    local: str = "genuine"
    status: int = 1
    processing: int = 0
    planned: bool = True

    def __post_init__(self) -> None:
        whole = isinstance(self.planned, bool) and self.status in (1, 2, 3) and self.processing in (0, 1, 2)
        if self.local not in LOCAL or not whole:
            raise ValueError(f"no such answer about a code: {asdict(self)}")


@dataclass(frozen=True, slots=True)
class Check:
    """The result for one code: tag 2004, the reason, 2100, 2106, and what FF61 says of the server."""

    code: bytes
    local_status: int
    local_reason: int
    code_type: int
    result: int
    online: bytes


@dataclass(slots=True)
class Marking:
    """The storage's state. `pending` waits for FF69, `accepted` are kept for the receipt, `notices` for the server."""

    world: dict[str, Any] = field(default_factory=dict)
    pending: Check | None = None
    accepted: dict[bytes, Check] = field(default_factory=dict)
    notices: int = 0

    def set_world(self, given: Any) -> None:
        """Changes the world; ValueError, TypeError when it cannot be understood."""
        if not isinstance(given, dict) or set(given) - {"server", "codes", "others"}:
            raise ValueError("server, codes and others are what may be set")
        if given.get("server", "up") not in SERVERS:
            raise ValueError(f"server is one of {', '.join(SERVERS)}")
        for each in (given.get("others", {}), *given.get("codes", {}).values()):
            Answer(**each)
        self.world = given

    def check(self, code: bytes, at: datetime) -> Check:
        """Checks a code in the storage and through the server; keeps nothing."""
        text = code.decode("latin-1")
        answer = Answer(**{**self.world.get("others", {}), **self.world.get("codes", {}).get(text, {})})
        local_status, reason = LOCAL[answer.local]
        code_type = type_of(text)
        if code_type in (0, 1, 5) and reason == 0:
            local_status, reason = 0, 1  # only codes with a long check code are checked by the storage
        server = self.world.get("server", "up")
        if server != "up":
            online = b"\xff" if server == "silent" else bytes((0x20, WRONG_ANSWER_REASON))
            return Check(code, local_status, reason, code_type, local_status, online)
        known = _of_server(answer)
        result = known if local_status == 0 else known & ~(CHECKED | GENUINE) | local_status
        asked_at = at.replace(microsecond=0)
        tags: list[tuple[int, ffd.Value]] = [
            (2114, asked_at),
            (2105, answer.processing),
            (2005, known),
            (2109, answer.status),
        ]
        return Check(code, local_status, reason, code_type, result, bytes((0, result)) + ffd.encode_all(tags))

    def forget(self) -> None:
        """Another document was made, or FF69 said so: results are not kept for a second one."""
        self.pending = None
        self.accepted.clear()

    def sold(self, codes: int) -> None:
        """A document was made, with so many marked goods: their notice waits as long as the server is silent."""
        if self.world.get("server", "up") == "up":
            self.notices = 0
        elif codes:
            self.notices += 1

    def as_dict(self) -> dict[str, Any]:
        """For the storage file."""
        return {
            "world": self.world,
            "pending": _body(self.pending) if self.pending else None,
            "accepted": [_body(each) for each in self.accepted.values()],
            "notices": self.notices,
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Marking:
        """The reverse of `as_dict`."""
        accepted = [_of_body(each) for each in data["accepted"]]
        pending = _of_body(data["pending"]) if data["pending"] else None
        return cls(data["world"], pending, {each.code: each for each in accepted}, data["notices"])


def _of_server(answer: Answer) -> int:
    """Tag 2005: whether the server checked the code and its status, and with what result."""
    if answer.processing:
        return 0
    genuine = CHECKED | (0 if answer.local == "false" else GENUINE)
    right = STATUS_RIGHT if answer.status == 1 and answer.planned else 0
    return genuine | STATUS_CHECKED | right


def type_of(text: str) -> int:
    """Tag 2100: 0 unknown, 1 short, 2 check code of 88, 3 of 44, 5 of four characters."""
    if len(text) == _SHORT and text[:14].isdigit() and "\x1d" not in text:
        return 1
    for pattern, kind in _TYPES:
        if pattern.fullmatch(text):
            return kind
    return 0


_GOODS = r"01\d{14}21[^\x1d]+"
_TYPES = (
    (re.compile(rf"{_GOODS}\x1d91[^\x1d]{{4}}\x1d92[^\x1d]{{88}}"), 2),
    (re.compile(rf"{_GOODS}\x1d91[^\x1d]{{4}}\x1d92[^\x1d]{{44}}"), 3),
    (re.compile(rf"{_GOODS}(\x1d[^\x1d]+)*\x1d93[^\x1d]{{4}}(\x1d[^\x1d]+)*"), 5),
)


def _body(check: Check) -> dict[str, Any]:
    return asdict(check) | {"code": check.code.hex(), "online": check.online.hex()}


def _of_body(data: dict[str, Any]) -> Check:
    return Check(**data | {"code": bytes.fromhex(data["code"]), "online": bytes.fromhex(data["online"])})
