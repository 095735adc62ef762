"""How the site and the gateway know each other: HMAC-SHA256 over time, nonce and the bytes of the body.

    X-Till-Timestamp: 1795262400          seconds since 1970 UTC
    X-Till-Nonce:     32 hex digits       never used twice
    X-Till-Signature: v1=HEX              of  TIMESTAMP "." NONCE "." BODY

Two secrets may be good at the same time, so that one can be changed without a gap. Reference of the portal 6.3.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

WINDOW_S = 300
TIMESTAMP, NONCE, SIGNATURE = "x-till-timestamp", "x-till-nonce", "x-till-signature"
_TIME = re.compile(r"[0-9]{9,11}", re.ASCII)
_HEX32 = re.compile(r"[0-9a-f]{32}", re.ASCII)
_VALUE = re.compile(r"v1=[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Seal:
    """The three headers of a request."""

    timestamp: int
    nonce: str
    signature: str

    def headers(self) -> dict[str, str]:
        """As they are sent."""
        return {TIMESTAMP: str(self.timestamp), NONCE: self.nonce, SIGNATURE: self.signature}


def sealed(secret: str, timestamp: int, nonce: str, body: bytes) -> Seal:
    """The headers for a body. `nonce`: 32 hex digits, random."""
    return Seal(timestamp, nonce, _signature(secret, str(timestamp), nonce, body))


def seal_of(headers: Mapping[str, str]) -> Seal | None:
    """What a request says of itself, None when it is not of this form; nothing is proven yet."""
    timestamp, nonce = headers.get(TIMESTAMP, ""), headers.get(NONCE, "")
    signature = headers.get(SIGNATURE, "")
    if not (_TIME.fullmatch(timestamp) and _HEX32.fullmatch(nonce) and _VALUE.fullmatch(signature)):
        return None
    return Seal(int(timestamp), nonce, signature)


def is_timely(seal: Seal, now_s: float) -> bool:
    """Whether it was made within the window, by clocks that need not agree better than that."""
    return abs(now_s - seal.timestamp) <= WINDOW_S


def is_genuine(seal: Seal, body: bytes, secrets: Sequence[str]) -> bool:
    """Whether one of the secrets made it; each is tried, so the time tells nothing."""
    found = False
    for secret in secrets:
        expected = _signature(secret, str(seal.timestamp), seal.nonce, body)
        found |= hmac.compare_digest(expected, seal.signature)
    return found


def _signature(secret: str, timestamp: str, nonce: str, body: bytes) -> str:
    text = b".".join((timestamp.encode("ascii"), nonce.encode("ascii"), body))
    return "v1=" + hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()
