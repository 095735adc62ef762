"""A bad cable between a driver and a simulated register, in one process and without waiting.

Bytes keep their order, as on any cable, but everything else happens to them: whole portions are lost, cut, doubled,
damaged by a few bits, surrounded by garbage, or come only after the reader has given up waiting. A plug is pulled in
the middle. Time is what passes when a reader gets nothing.

`Cable.history` keeps what happened, newest last, for the message of a test that fails.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from random import Random

from posapp.devices.flow import PortError

_PAUSE = None
HISTORY_MAX = 60


class Cable:
    """Both directions. `hear` gives the register bytes and returns what it says; `silence` tells it that time passes.

    `rate` is how likely something happens to a portion of bytes, and `pulls` how many pulled plugs come to one such
    thing; `garbage` makes bytes that look like the protocol.
    """

    def __init__(
        self,
        random: Random,
        hear: Callable[[bytes], bytes],
        silence: Callable[[], None],
        garbage: Callable[[Random], bytes],
        rate: float,
        pulls: float = 0.05,
    ) -> None:
        self.random, self.rate, self._pulls = random, rate, pulls
        self._hear, self._silence, self._garbage = hear, silence, garbage
        self._to_device: deque[bytes | None] = deque()
        self._to_host: deque[bytes | None] = deque()
        self._said: deque[bytes] = deque(maxlen=8)
        self.history: deque[str] = deque(maxlen=HISTORY_MAX)

    def open_port(self) -> NoisyPort:
        """Plugs in. What was under way comes still, or is gone."""
        if self.random.random() < 0.5:
            self._to_host.clear()
            self._to_device.clear()
        return NoisyPort(self)

    def heal(self) -> None:
        """A good cable from now on."""
        self.rate = 0.0

    def is_pulled(self) -> bool:
        """Whether the plug is pulled now."""
        return self.random.random() < self.rate * self._pulls

    # --- bytes

    def send(self, data: bytes) -> None:
        """Host → register."""
        self._note("→", data)
        self._to_device.extend(self._spoilt(data))
        self._deliver()

    def receive(self) -> bytes | None:
        """Register → host; None when the time is over."""
        if not self._to_host:
            if self._to_device:
                self._to_device.popleft()  # the pause before what is still on its way
                self._deliver()
            else:
                self._silence()
            return None
        data = self._to_host.popleft()
        if data is not None:
            self._note("←", data)
        return data

    def _deliver(self) -> None:
        while self._to_device and self._to_device[0] is not _PAUSE:
            portion = self._to_device.popleft()
            assert portion is not None
            said = self._hear(portion)
            if said:
                self._said.append(said)
                self._to_host.extend(self._spoilt(said))

    def _spoilt(self, data: bytes) -> list[bytes | None]:
        """What becomes of a portion of bytes."""
        if self.random.random() >= self.rate:
            return [data]
        random = self.random
        at = random.randrange(len(data) + 1)
        match random.randrange(10):
            case 0:
                return []
            case 1:
                return _some(data[:at])
            case 2:
                return _some(data[at:])
            case 3:
                return [data, data]
            case 4 | 5:
                return [flipped(data, random)]
            case 6:
                return [*_some(data[:at]), self._garbage(random), *_some(data[at:])]
            case 7:
                return [self._garbage(random), data]
            case 8 if self._said:
                return [random.choice(self._said), data]  # an old answer once more
            case _:
                return [*(_PAUSE,) * random.randint(1, 8), data]

    def _note(self, arrow: str, data: bytes) -> None:
        self.history.append(f"{arrow} {data.hex(' ')}")

    def note(self, text: str) -> None:
        """Something that belongs into the story."""
        self.history.append(text)

    def story(self) -> str:
        """The last that happened."""
        return "\n".join(self.history)


class NoisyPort:
    """A port on a bad cable; see `posapp.devices.flow.Port`."""

    def __init__(self, cable: Cable) -> None:
        self._cable = cable
        self._is_broken = False

    def write(self, data: bytes) -> None:
        before, after = self._pulled(), self._pulled()
        if before:
            self._break()
        self._cable.send(data)
        if after:
            self._break()

    def read(self, timeout_s: float) -> bytes | None:
        assert timeout_s > 0
        if self._is_broken or self._pulled():
            self._break()
        return self._cable.receive()

    def close(self) -> None:
        self._is_broken = True

    def _pulled(self) -> bool:
        return self._is_broken or self._cable.is_pulled()

    def _break(self) -> None:
        self._is_broken = True
        self._cable.note("the plug is pulled")
        raise PortError("the plug is pulled")


def flipped(data: bytes, random: Random) -> bytes:
    """One to three wrong bits, anywhere: length and checksum bytes are no safer than others."""
    damaged = bytearray(data)
    for _ in range(random.randint(1, 3)):
        damaged[random.randrange(len(damaged))] ^= 1 << random.randrange(8)
    return bytes(damaged)


def _some(data: bytes) -> list[bytes | None]:
    return [data] if data else []
