"""The link over a bad cable: whatever happens to the bytes, a task is performed at most once, and an answer is its own.

`POSAPP_FUZZ` says how many lines of 25 tasks are played (200), `POSAPP_FUZZ_SEED` which is the first.
"""

from __future__ import annotations

import os
from random import Random

from posapp.devices.atol import task_layer as layer
from posapp.devices.atol.frame import FrameBuffer, Packet, encode
from posapp.devices.atol.link import Link
from posapp.devices.atol.tasks import Lost, NotSent
from posapp.devices.fields import Malformed
from posapp.devices.flow import drive
from tests.devices.noise import Cable

LINES = int(os.environ.get("POSAPP_FUZZ", "200"))
SEED = int(os.environ.get("POSAPP_FUZZ_SEED", "1"))
TASKS = 25


class Device:
    """A device with a task buffer, as far as the link can see: it keeps answers by TID until Ack or Abort.

    Some tasks take a while and are answered unasked; now and then it loses its memory with its power.
    """

    def __init__(self, random: Random) -> None:
        self.random = random
        self.performed: list[bytes] = []
        self._buffer = FrameBuffer()
        self._results: dict[int, bytes] = {}
        self._working: dict[int, int] = {}

    def hear(self, data: bytes) -> bytes:
        self._buffer.feed(data)
        out = b""
        for piece in self._buffer:
            if isinstance(piece, Packet):
                out += self._answer(piece)
        return out

    def silence(self) -> None:
        self._buffer.clear()
        if self.random.random() < 0.05:
            self._results.clear()
            self._working.clear()

    def _answer(self, packet: Packet) -> bytes:
        try:
            request = layer.decode_request(packet.data)
        except Malformed:
            return encode(packet.number, layer.Refused(layer.Refusal.ILLEGAL_VALUE).encode())
        told, pushed = self._tell(request), b""
        if self._working and self.random.random() < 0.5:
            tid = next(iter(self._working))
            del self._working[tid]
            pushed = encode(0xF0, layer.TidTold(layer.Result.ASYNC_RESULT, tid, self._results[tid]).encode())
        return encode(packet.number, told.encode()) + pushed

    def _tell(self, request: layer.Request) -> layer.Response:
        match request:
            case layer.Abort():
                self._results.clear()
                self._working.clear()
                return layer.Told(layer.Result.RESULT)
            case layer.Acknowledge(tid) if tid in self._results:
                self._results.pop(tid)
                self._working.pop(tid, None)
                return layer.Told(layer.Result.RESULT)
            case layer.Ask(tid) if tid in self._results:
                return self._told(tid)
            case layer.Add(_, tid, _) if tid in self._results:
                return layer.Refused(layer.Refusal.ALREADY_EXISTS)
            case layer.Add(_, tid, command):
                self.performed.append(command)
                self._results[tid] = answer_to(command)
                if self.random.random() < 0.2:
                    self._working[tid] = 1
                return self._told(tid)
        return layer.Refused(layer.Refusal.NOT_FOUND)

    def _told(self, tid: int) -> layer.Response:
        if tid in self._working:
            return layer.Told(layer.Result.IN_PROGRESS)
        return layer.Told(layer.Result.RESULT, self._results[tid])


def answer_to(command: bytes) -> bytes:
    """Every command has an answer of its own, so that another's is noticed."""
    return b"\x55\x00" + command[::-1]


def garbage(random: Random) -> bytes:
    """Bytes, some of them packets that are sound and of no exchange of ours."""
    noise = random.randbytes(random.randint(1, 12))
    if random.random() < 0.5:
        return noise
    unasked = b"\xa6" + bytes((random.randrange(TASKS),)) + b"\x55\x00"
    words = [b"\xa3", b"\xa3\x55\x00", b"\xb3", b"\xb2", unasked, unasked, b"\xc4", noise]
    return encode(random.choice((0xF0, 0xF1, 0xE0)), random.choice(words))


def play(seed: int) -> tuple[int, int]:
    """One line; how many tasks were answered, and in how many damage had passed the checksum."""
    random = Random(seed)
    device = Device(random)
    cable = Cable(random, device.hear, device.silence, garbage, rate=random.choice((0.02, 0.1, 0.3)))
    link, port = Link(), cable.open_port()
    answered = spoilt = 0
    for number in range(TASKS):
        command = b"\x00\x00\x49" + number.to_bytes(4, "big") + random.choice((b"", b"\xfe\xfd\xfe", b"\x55\x00"))
        repeats = random.random() < 0.3
        doubt: Exception | None = None
        answer = b""
        try:
            answer = drive(link.exchange(command, 20.0, repeats=repeats), port).data
        except (NotSent, Lost) as error:
            doubt = error
            port = cable.open_port()
            link.restart()
            cable.note(f"{type(doubt).__name__}: {doubt}")
        done = device.performed.count(command)
        told = f"seed {seed}, task {number}: {doubt!r}, performed {done} times\n{cable.story()}"
        assert repeats or done <= 1, told
        assert repeats or not (isinstance(doubt, NotSent) and done), told
        if doubt is None:
            answered += 1
            spoilt += not done or answer != answer_to(command)
    return answered, spoilt


def test_a_task_is_performed_once_at_most_and_an_answer_is_its_own() -> None:
    """One checksum byte lets one damaged packet in 256 pass, which no link can see: what comes of a task is therefore
    never believed without the storage. Everything else would be an answer of another task."""
    played = [play(seed) for seed in range(SEED, SEED + LINES)]
    answered, spoilt = (sum(each) for each in zip(*played, strict=True))
    assert answered > LINES * TASKS // 3
    assert spoilt <= 1 + answered // 1000
