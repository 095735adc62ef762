"""The money bug of a moved plug: pulled as a receipt is closed and put into another jack, one document is made."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from posapp.cli.practice import PracticeShop
from posapp.devices import moving
from posapp.devices.candidates import Candidate
from posapp.devices.flow import PortError
from posapp.devices.port import SerialPort
from tests.cli.tills import Run, roubles, sellable
from tests.devices.lines import plug, register

CLOSING = b"\xff\x45"


@pytest.fixture(scope="module")
def shop() -> Iterator[PracticeShop]:
    with PracticeShop(orders=6) as made:
        yield made


class Jacks:
    """The names of the ports; the plug leaves `tty0` for `tty1` when the closing command goes out."""

    def __init__(self, folder: Path, port: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.port = folder, port
        self.first = plug(folder / "tty0", port)
        self.places = [Candidate(self.first)]
        self.is_armed, self.reaches = False, True
        self._pulled: SerialPort | None = None
        write, read = SerialPort.write, SerialPort.read
        monkeypatch.setattr(moving, "same_carrier", lambda home: list(self.places))

        def pulling_write(line: SerialPort, data: bytes) -> None:
            if self.is_armed and data[2:4] == CLOSING:
                self.is_armed, self._pulled = False, line
                if self.reaches:
                    write(line, data)
                self.move()
            if line is self._pulled:
                raise PortError("the plug is out")
            write(line, data)

        def pulled_read(line: SerialPort, timeout_s: float) -> bytes | None:
            if line is self._pulled:
                raise PortError("the plug is out")
            return read(line, timeout_s)

        monkeypatch.setattr(SerialPort, "write", pulling_write)
        monkeypatch.setattr(SerialPort, "read", pulled_read)

    def move(self) -> None:
        """Into the other jack."""
        (self.folder / "tty0").unlink()
        self.places = [Candidate(plug(self.folder / "tty1", self.port))]


def documents(shop: PracticeShop) -> list[dict[str, Any]]:
    """The receipts in the storage."""
    with urllib.request.urlopen(shop.register["control"] + "/_sim/documents", timeout=20) as answer:
        return [each for each in json.loads(answer.read()) if each["type"] == 3]


@pytest.mark.parametrize("reaches", [True, False], ids=["the command arrived", "it did not"])
def test_one_document_whatever_the_plug_did(
    run: Run, shop: PracticeShop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reaches: bool
) -> None:
    jacks = Jacks(tmp_path, shop.register["port"], monkeypatch)
    name = "A" if reaches else "B"
    printer = ("setup", "printer", "--model", "shtrih", "--port", jacks.first, "--training")
    assert run(*printer, "--till", name)[0] == 0
    assert run("setup", "portal", "--mode", "till-driven")[0] == 0
    assert run("setup", "vat", "--accept-proposed")[0] == 0
    assert run("orders", "pull")[0] == 0
    if reaches:
        assert run("shift", "open")[0] == 0
    row = sellable(run)[0 if reaches else 1]
    before = len(documents(shop))

    jacks.is_armed, jacks.reaches = True, reaches
    sale = ("sell", row["order"], "--cash", roubles(row["price_kopecks"]))
    code, answer = run(*sale)
    assert not jacks.is_armed
    if code:
        assert len(documents(shop)) == before + reaches
        code, answer = run(*sale)
    made = documents(shop)
    assert len(made) == before + 1
    assert made[-1]["total_kopecks"] == row["price_kopecks"]
    if code:
        assert answer["error"]["code"] == "already_receipted"
    assert answer["receipt"]["mark"]["document_number"] == made[-1]["number"]
    assert run("setup", "show")[1]["printer"]["port"].endswith("tty1")
    assert run(*sale)[1]["error"]["code"] == "already_receipted"
    assert len(documents(shop)) == before + 1


def test_another_register_in_its_jack_prints_nothing_of_an_order(
    run: Run, shop: PracticeShop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jacks = Jacks(tmp_path, shop.register["port"], monkeypatch)
    assert run("setup", "printer", "--model", "shtrih", "--port", jacks.first, "--training", "--till", "C")[0] == 0
    assert run("setup", "portal", "--mode", "till-driven")[0] == 0
    assert run("setup", "vat", "--accept-proposed")[0] == 0
    assert run("orders", "pull")[0] == 0
    row = sellable(run)[2]
    before = len(documents(shop))
    with register(87_400_001) as other:
        plug(tmp_path / "tty0", other.port)
        code, answer = run("sell", row["order"], "--cash", roubles(row["price_kopecks"]))
        assert (code, answer["error"]["code"]) == (1, "wrong_device")
        assert shop.register["factory_number"] in answer["error"]["message"]
        assert other.number in answer["error"]["message"]
        assert other.printer.storage.last_number == 1  # its registration, and nothing since
        (tmp_path / "tty0").unlink()
        jacks.places = [Candidate(plug(tmp_path / "tty1", shop.register["port"]))]
        assert run("sell", row["order"], "--cash", roubles(row["price_kopecks"]))[0] == 0
    assert len(documents(shop)) == before + 1
