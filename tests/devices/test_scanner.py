"""A scanner on a real pseudo-terminal: heard, unplugged, found again; it is never written to."""

from __future__ import annotations

import contextlib
import os
import queue
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from posapp.devices.base import Heard
from posapp.devices.scanner import SerialScanner
from posapp.domain.scans import ScanRules

if sys.platform == "win32":
    pytest.skip("Windows has no pseudo-terminals", allow_module_level=True)

import tty


class Wire:
    """The scanner's side of a cable that can be pulled; the port keeps its name."""

    def __init__(self, folder: Path) -> None:
        self.port = folder / "ttyScanner"
        self._ends: list[int] = []
        self.plug_in()

    def plug_in(self) -> None:
        near, far = os.openpty()
        tty.setraw(far)
        self.port.unlink(missing_ok=True)
        self.port.symlink_to(os.ttyname(far))
        self._ends = [near, far]

    def pull(self) -> None:
        self.port.unlink(missing_ok=True)
        for each in self._ends:
            with contextlib.suppress(OSError):
                os.close(each)
        self._ends = []

    def send(self, data: bytes) -> None:
        os.write(self._ends[0], data)

    def heard(self) -> bytes:
        """What the till has written to the scanner."""
        os.set_blocking(self._ends[0], False)
        try:
            return os.read(self._ends[0], 100)
        except BlockingIOError:
            return b""


@pytest.fixture
def wire(tmp_path: Path) -> Iterator[Wire]:
    wire = Wire(tmp_path)
    yield wire
    wire.pull()


Ear = queue.SimpleQueue[Heard]


@pytest.fixture
def ear(wire: Wire) -> Iterator[Ear]:
    heard: Ear = queue.SimpleQueue()
    scanner = SerialScanner(str(wire.port), again_s=0.01)
    scanner.start(heard.put)
    assert heard.get(timeout=10) == Heard()  # it listens; what came before is not heard
    yield heard
    scanner.close()


def text_of(heard: Ear) -> str:
    news = heard.get(timeout=10)
    assert news.scan is not None
    return news.scan.problem or news.scan.text


def test_scans_are_heard_with_their_bytes_and_nothing_is_written(wire: Wire, ear: Ear) -> None:
    wire.send(b"]E04607103820700\r\n")
    news = ear.get(timeout=10)
    assert news.scan is not None
    assert (news.scan.text, news.scan.symbology, news.raw) == ("4607103820700", "EAN-13", b"]E04607103820700\r")
    wire.send(b"]d20104607103820700215LKh\x1d93dGVz\r]E04607103820700\r")
    assert [text_of(ear), text_of(ear)] == ["0104607103820700215LKh\x1d93dGVz", "4607103820700"]
    assert wire.heard() == b""


def test_a_pulled_cable_is_told_once_and_found_again_by_itself(wire: Wire, ear: Ear) -> None:
    wire.send(b"4607103820700\r")
    assert text_of(ear) == "4607103820700"
    wire.send(b"460710")  # and nothing more: a scanner that has sent an end before was cut off
    assert text_of(ear) == "incomplete"
    wire.pull()
    gone = ear.get(timeout=10)
    assert gone.trouble is not None
    assert gone.trouble.code == "scanner_gone"
    wire.plug_in()
    back = ear.get(timeout=10)
    assert (back.scan, back.trouble) == (None, None)
    wire.send(b"4607103820700\r")
    assert text_of(ear) == "4607103820700"
    assert ear.empty()


def test_a_scanner_that_is_not_there_yet_is_waited_for_and_let_go_at_once(tmp_path: Path) -> None:
    heard: Ear = queue.SimpleQueue()
    scanner = SerialScanner(str(tmp_path / "nothing"), again_s=60)
    scanner.start(heard.put)
    assert heard.get(timeout=10).trouble is not None
    scanner.close()
    scanner.close()


def test_noise_between_scans_costs_no_scan(wire: Wire, ear: Ear) -> None:
    wire.send(b"\xff\xfe\x01" * 2000 + b"\r4607103820700\r")
    assert [text_of(ear), text_of(ear)] == ["incomplete", "4607103820700"]


def test_the_rules_of_the_shop_are_kept(wire: Wire) -> None:
    heard: Ear = queue.SimpleQueue()
    scanner = SerialScanner(str(wire.port), 9600, ScanRules(prefix="\x02", suffix="\x03"), again_s=0.01, silence_s=0.02)
    scanner.start(heard.put)
    assert heard.get(timeout=10) == Heard()
    wire.send(b"\x02MSK-00417\x03")
    assert text_of(heard) == "MSK-00417"
    wire.send(b"\x02MSK-0")
    assert text_of(heard) == "incomplete"
    scanner.close()
