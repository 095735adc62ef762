"""`posapp setup scanner` as typed: what is saved, and the try-out that shows what arrived byte by byte."""

from __future__ import annotations

import io
import json
import os
import sys
import threading
from pathlib import Path

import pytest

from posapp import settings
from posapp.__main__ import main
from posapp.settings import TRAINING, Settings

CODE = b"]d20104607103820700215LKh'o\x1d93dGVz"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory in which something was set up."""
    settings.save(tmp_path, Settings(TRAINING, "00000000-0000-0000-0000-000000000001"))
    monkeypatch.setenv("POSAPP_DATA_DIR", str(tmp_path))
    return tmp_path


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")
def test_the_try_out_shows_the_bytes_and_what_they_mean(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import tty

    near, far = os.openpty()
    tty.setraw(far)
    done = threading.Event()

    def scan_again_and_again() -> None:
        while not done.wait(0.05):  # what comes before the port is open is lost
            os.write(near, CODE + b"\r")

    sending = threading.Thread(target=scan_again_and_again)
    sending.start()
    try:
        given = ["setup", "scanner", "--port", os.ttyname(far), "--baud", "115200"]
        code = main([*given, "--try", "1", "--seconds", "20", "--json"])
    finally:
        done.set()
        sending.join()
        os.close(near)
        os.close(far)
    shown = json.loads(capsys.readouterr().out)
    assert code == 0
    assert shown["bytes"].endswith("1d 39 33 64 47 56 7a 0d")
    assert (shown["identifier"], shown["symbology"], shown["groups"]) == ("d2", "GS1 DataMatrix", 1)
    assert shown["says"] == "gs1-93, GTIN 04607103820700"
    kept = settings.load(folder)
    assert kept is not None
    assert kept.scanner.baud == 115_200


def test_a_scanner_that_types_is_tried_on_standard_input(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    typed = "~ъв20104607103820700215ДЛр\n~4607103820700\n\nnot read\n".encode()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(typed)))
    assert main(["setup", "scanner", "--prefix", "~", "--try-stdin", "--json"]) == 0
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert (first["identifier"], first["mended"], first["text"]) == ("d2", True, "0104607103820700215LKh")
    assert (second["text"], second["problem"]) == ("4607103820700", "")
    assert main(["setup", "scanner", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["scanner"]["prefix"] == "~"


@pytest.mark.parametrize(
    "typed", [("--prefix", "я"), ("--suffix", r"\q"), ("--gap-ms", "5"), ("--length", "50"), ("--try", "1")]
)
def test_what_makes_no_sense_is_not_saved(
    folder: Path, capsys: pytest.CaptureFixture[str], typed: tuple[str, ...]
) -> None:
    before = (folder / "settings.json").read_bytes()
    assert main(["setup", "scanner", *typed, "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "usage"
    assert (folder / "settings.json").read_bytes() == before


def test_a_port_that_is_not_there_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["setup", "scanner", "--port", str(folder / "nothing"), "--try", "1", "--json"])
    answer = json.loads(capsys.readouterr().out)
    assert (code, answer["error"]["code"]) == (1, "scanner_gone")
