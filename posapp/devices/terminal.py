"""The card terminal over TCP: one JSON object a line, UTF-8. A bank's own program is joined to it so (docs/card.md).

    → {"op": "charge", "reference": "0K3…", "amount_kopecks": 59000}
    ← {"op": "status", "reference": "0K3…", "text": "Приложите карту"}                       any number of them
    ← {"op": "result", "reference": "0K3…", "outcome": "approved", "rrn": "…", "authorization": "…", "card": "…1234"}

A connection carries one exchange at a time. The request goes out once; whatever happens afterwards – silence, a broken
line, an answer that is none – leaves the outcome UNKNOWN. It is asked for with `inquire`, on a new connection, by its
reference: an operation that the terminal does not know is burnt there, so a request that is still on its way can no
longer move money.
"""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from posapp.devices.base import CardOutcome, CardResult
from posapp.domain.money import Money
from posapp.errors import PosError, Unreachable, UsageError

CONNECT_S = 3.0
SPEAKS_S = 10.0
"""How long a terminal may say nothing to `hello` and `inquire`."""
CHARGE_S = 120.0
"""How long a customer may look for a card; the terminal's own time-out is shorter."""
LINE_MAX = 8192
TEXT_MAX = 200

Said = Callable[[str], None]


def silent(words: str) -> None:
    """Nobody listens to the terminal's words."""


class TcpTerminal:
    """A terminal, or the bank's program, that speaks this protocol at `socket://HOST:PORT`."""

    tells = True

    def __init__(self, url: str, charge_s: float = CHARGE_S, speaks_s: float = SPEAKS_S) -> None:
        self._url = url
        self._host, self._port = address_of(url)
        self._charge_s, self._speaks_s = charge_s, speaks_s
        self._line: _Line | None = None

    def hello(self) -> Mapping[str, Any]:
        """Who answers: `{"terminal", "protocol": 1, "simulated"}`. Raises Unreachable."""
        line = self._connected()
        try:
            line.send({"op": "hello"})
            answer = line.read(time.monotonic() + self._speaks_s)
        except _Broken as error:
            self.close()
            raise Unreachable("terminal_unreachable", port=self._url) from error
        if answer.get("op") != "hello" or answer.get("protocol") != 1:
            self.close()
            raise Unreachable("terminal_unreachable", port=self._url)
        return answer

    def charge(self, reference: str, amount: Money, said: Said = silent) -> CardResult:
        """See `CardTerminal`."""
        return self._money({"op": "charge", "reference": reference, "amount_kopecks": amount.kopecks}, said)

    def refund(self, reference: str, amount: Money, original: str, said: Said = silent) -> CardResult:
        """See `CardTerminal`."""
        body = {"op": "refund", "reference": reference, "amount_kopecks": amount.kopecks, "original": original}
        return self._money(body, said)

    def cancel(self, reference: str, amount: Money, original: str, said: Said = silent) -> CardResult:
        """See `CardTerminal`."""
        body = {"op": "cancel", "reference": reference, "amount_kopecks": amount.kopecks, "original": original}
        return self._money(body, said)

    def inquire(self, reference: str) -> CardResult:
        """See `CardTerminal`. Always on a new connection: what the old one still carries is no answer to this."""
        self.close()
        line = self._connected()
        try:
            line.send({"op": "inquire", "reference": reference})
            return self._result(line, reference, time.monotonic() + self._speaks_s, silent)
        except _Broken as error:
            return CardResult(CardOutcome.UNKNOWN, reason=str(error))
        finally:
            self.close()

    def close(self) -> None:
        """See `CardTerminal`."""
        if self._line is not None:
            self._line.close()
            self._line = None

    def _money(self, body: Mapping[str, object], said: Said) -> CardResult:
        """One operation that moves money: sent once, never again."""
        self.hello()  # a dead line is found out before anything is asked for
        line = self._connected()
        try:
            line.send(body)
            return self._result(line, str(body["reference"]), time.monotonic() + self._charge_s, said)
        except _Broken as error:
            self.close()
            return CardResult(CardOutcome.UNKNOWN, reason=str(error))

    def _result(self, line: _Line, reference: str, deadline: float, said: Said) -> CardResult:
        """The answer to `reference`; those to others are left-overs and mean nothing."""
        while True:
            answer = line.read(deadline)
            if answer.get("reference") != reference:
                continue
            if answer.get("op") == "status":
                said(_text(answer, "text"))
            elif answer.get("op") == "result":
                return result_of(answer)

    def _connected(self) -> _Line:
        if self._line is None:
            try:
                made = socket.create_connection((self._host, self._port), timeout=CONNECT_S)
            except OSError as error:
                raise Unreachable("terminal_unreachable", port=self._url) from error
            self._line = _Line(made)
        return self._line


class _Broken(Exception):
    """The line is gone, silent or speaks something else."""


class _Line:
    """Lines of JSON over a socket, bounded in length and time."""

    def __init__(self, made: socket.socket) -> None:
        self._socket = made
        self._rest = b""
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, body: Mapping[str, object]) -> None:
        """Writes one line. Raises _Broken."""
        try:
            self._socket.settimeout(CONNECT_S)
            self._socket.sendall(json.dumps(body, ensure_ascii=False).encode() + b"\n")
        except OSError as error:
            raise _Broken("связь с терминалом оборвалась") from error

    def read(self, deadline: float) -> dict[str, Any]:
        """The next line, an object. Raises _Broken."""
        while b"\n" not in self._rest:
            if len(self._rest) > LINE_MAX:
                raise _Broken("терминал прислал не то")
            self._rest += self._more(deadline)
        line, _, self._rest = self._rest.partition(b"\n")
        try:
            body = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise _Broken("терминал прислал не то") from error
        if not isinstance(body, dict):
            raise _Broken("терминал прислал не то")
        return body

    def _more(self, deadline: float) -> bytes:
        left = deadline - time.monotonic()
        if left <= 0:
            raise _Broken("терминал не ответил вовремя")
        try:
            self._socket.settimeout(left)
            data = self._socket.recv(4096)
        except TimeoutError as error:
            raise _Broken("терминал не ответил вовремя") from error
        except OSError as error:
            raise _Broken("связь с терминалом оборвалась") from error
        if not data:
            raise _Broken("связь с терминалом оборвалась")
        return data

    def close(self) -> None:
        with suppress(OSError):
            self._socket.close()


def result_of(answer: Mapping[str, Any]) -> CardResult:
    """A `result` line; what is neither approved nor declined is unknown, an approval without RRN still is one."""
    try:
        outcome = CardOutcome(str(answer.get("outcome")))
    except ValueError:
        outcome = CardOutcome.UNKNOWN
    return CardResult(
        outcome=outcome,
        rrn=_text(answer, "rrn")[:32],
        authorization=_text(answer, "authorization")[:32],
        card=masked(_text(answer, "card")),
        terminal=_text(answer, "terminal")[:32],
        reason=_text(answer, "reason"),
    )


def masked(card: str) -> str:
    """`•••• 1234`: nothing but the last four digits ever goes further, whatever the terminal sent."""
    digits = re.sub("[^0-9]", "", card)
    return f"•••• {digits[-4:]}" if len(digits) >= 4 else ""


def _text(answer: Mapping[str, Any], name: str) -> str:
    """A text of the answer, printable and bounded; numbers as their digits."""
    value = answer.get(name, "")
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return "".join(each for each in text if each.isprintable()).strip()[:TEXT_MAX]


def address_of(url: str) -> tuple[str, int]:
    """Host and port of `socket://HOST:PORT`. Raises UsageError."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if host is None or port is None or parts.scheme != "socket":
        raise UsageError("usage", what=f"{url[:80]}: терминал указывают как socket://АДРЕС:ПОРТ")
    return host, port


class ManualTerminal:
    """A terminal that is not connected: a person charges on it and types the RRN. Nothing can be asked of it."""

    tells = False

    def charge(self, reference: str, amount: Money, said: Said = silent) -> CardResult:
        """Never performs anything."""
        raise _by_hand()

    def refund(self, reference: str, amount: Money, original: str, said: Said = silent) -> CardResult:
        """Never performs anything."""
        raise _by_hand()

    def cancel(self, reference: str, amount: Money, original: str, said: Said = silent) -> CardResult:
        """Never performs anything."""
        raise _by_hand()

    def inquire(self, reference: str) -> CardResult:
        """It cannot tell."""
        return CardResult(CardOutcome.UNKNOWN, reason="терминал не подключён")

    def close(self) -> None:
        """Nothing is open."""


def _by_hand() -> PosError:
    return Unreachable("terminal_by_hand")
