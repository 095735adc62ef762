"""Commands about codes of marked goods, FFD 1.2: check (FF61), accept (FF69), bind to an item (FF67), state (FF70).

The order is: FF61 → FF69 for each code, then inside the receipt FF46 → FF67 → FF4D with 2108. No other fiscal document
may be made in between: the storage then forgets what it has checked. Source: "Доработка драйвера под ФФД 1.2" of the
vendor; a device without FFD 1.2 answers 37h.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from posapp.devices.fields import FieldType, Malformed, Raw, UInt
from posapp.devices.shtrih.layout import Byte, Command, Password, Reply, Rest, Word

SERVER_SILENT, SERVER_WRONG = 0xFF, 0x20
"""Codes in place of the storage's own: no answer of the server in time; an answer that is none (its reason follows)."""
REJECT, ACCEPT, CLEAR = 0, 1, 2
"""What FF69 decides about the code that was checked last; 2 forgets all that were accepted."""


class Counted(FieldType):
    """One length byte, then as many bytes."""

    size = None

    def pack(self, value: Any) -> bytes:
        raw = bytes(value)
        if len(raw) > 255:
            raise ValueError(f"{len(raw)} bytes do not fit one length byte")
        return bytes((len(raw),)) + raw

    def unpack(self, raw: bytes) -> Any:
        if not raw or raw[0] != len(raw) - 1:
            raise Malformed(f"a length byte that does not fit: {raw.hex(' ')}")
        return raw[1:]


class CodeAndTags(FieldType):
    """Two length bytes, then the code, then TLV: how FF61 ends. A pair in Python."""

    size = None

    def pack(self, value: Any) -> bytes:
        code, tlv = bytes(value[0]), bytes(value[1])
        if len(code) > 255 or len(tlv) > 255:
            raise ValueError("a code and its tags have at most 255 bytes each")
        return bytes((len(code), len(tlv))) + code + tlv

    def unpack(self, raw: bytes) -> Any:
        if len(raw) < 2 or len(raw) != 2 + raw[0] + raw[1]:
            raise Malformed(f"lengths that do not fit: {raw.hex(' ')}")
        return raw[2 : 2 + raw[0]], raw[2 + raw[0] :]


@dataclass(frozen=True)
class CheckMarkingReply(Reply):
    """Answer to FF61.

    `local_status` is tag 2004: bit 0 the storage checked the code, bit 1 the code is genuine. `local_reason` why not: 0
    it did, 1 it checks no codes of this type, 2 it has no key, 3 no AI 91 or 92, 4 otherwise. `code_type` is 2100.
    `online` is empty when the server was not asked; else the storage's code (0; FFh the server is silent; 20h its
    answer is wrong, the reason follows), then 2106 and the tags of the answer (2005, 2105, 2109, 2114 …).
    """

    local_status: Byte
    local_reason: Byte
    code_type: Byte
    online: Annotated[bytes, Counted()] = b""

    @property
    def storage_code(self) -> int | None:
        """0 when the server's answer is in; None when it was not asked."""
        return self.online[0] if self.online else None

    @property
    def result(self) -> int:
        """Tag 2106; what the storage found alone when the server said nothing."""
        is_answered = len(self.online) >= 2 and self.online[0] == 0
        return self.online[1] if is_answered else self.local_status & 3

    @property
    def tags(self) -> bytes:
        """The TLV of the server's answer."""
        return self.online[2:] if self.storage_code == 0 else b""


@dataclass(frozen=True)
class CheckMarking(Command[CheckMarkingReply]):
    """FF61: checks a code, in the storage and through the server. Takes as long as the server (table 19 field 8).

    `planned_status` is tag 2003, `mode` 2102 (always 0). `code_and_tags`: the code as scanned, GS kept, and TLV with
    2108 and 1023 where a part of a package leaves.
    """

    CODE = 0xFF61
    REPLY_TIMEOUT_S = 40
    password: Password
    planned_status: Byte
    mode: Byte
    code_and_tags: Annotated[tuple[bytes, bytes], CodeAndTags()]


@dataclass(frozen=True)
class BindMarkingReply(Reply):
    """Answer to FF67: the type of the code in the first two bytes of 1162, and the kind of DataMatrix (0 check code of
    88, 1 symmetric, 2 tobacco, 3 of 44, FFh GS1 without marking). A code that was not checked before is checked now;
    the answer then ends like that of FF61."""

    code_type: Annotated[bytes, Raw(2)]
    matrix_type: Byte
    checked: Annotated[bytes, Rest()] = b""


@dataclass(frozen=True)
class BindMarking(Command[BindMarkingReply]):
    """FF67: gives the item of the last FF46 its code; an empty one for a label that cannot be read."""

    CODE = 0xFF67
    REPLY_TIMEOUT_S = 40
    password: Password
    code: Annotated[bytes, Counted()]


@dataclass(frozen=True)
class DecideMarkingReply(Reply):
    """Answer to FF69: tag 2106 of the code that was decided about; some devices leave it out after CLEAR."""

    result: Annotated[int | None, UInt(1)] = None


@dataclass(frozen=True)
class DecideMarking(Command[DecideMarkingReply]):
    """FF69: must follow every FF61; see `REJECT`, `ACCEPT`, `CLEAR`."""

    CODE = 0xFF69
    password: Password
    decision: Byte


@dataclass(frozen=True)
class MarkingStateReply(Reply):
    """Answer to FF70.

    `stage` 0 blocked for now, 1 no code is being checked, 2 one is, 3 its request is out, 4 its answer is in; `notice`
    1 while a notice of sold codes is being made; `accepted` codes whose results are kept; `fill` of the memory
    for notices: 0 below 50 %, 1, 2, 3 above 90 %; `queued` notices that the server has not confirmed.
    """

    stage: Byte
    notice: Byte
    commands: Byte
    accepted: Byte
    in_notice: Byte
    fill: Byte
    queued: Word


@dataclass(frozen=True)
class MarkingState(Command[MarkingStateReply]):
    """FF70."""

    CODE = 0xFF70
    password: Password
