"""`posapp setup scanner`: how the scanner is set up, and a try-out that shows what arrives, byte by byte.

A serial or USB-COM scanner is named by its port and listened to; one that types (most of them) is tried on standard
input: each line that it types into the terminal is shown as it came.
"""

from __future__ import annotations

import queue
import sys
import time
from dataclasses import asdict, replace
from typing import Annotated

import typer

from posapp.cli import setup_common
from posapp.cli.common import DataDir, Json, answer, emit, language, say
from posapp.devices.base import Heard
from posapp.devices.scanner import SerialScanner
from posapp.domain.marking import BadMarking, parse_marking
from posapp.domain.scans import GS, Scan, ScanRules, characters, understood, unwrapped
from posapp.errors import PosError, UsageError
from posapp.settings import ScannerSettings

TRY_S = 30.0


def scanner(
    port: Annotated[str | None, typer.Option(help="Порт сканера: COM5, /dev/ttyACM1; пусто – он печатает.")] = None,
    baud: Annotated[int | None, typer.Option(min=300, max=4_000_000, help="Скорость порта.")] = None,
    prefix: Annotated[str | None, typer.Option(help=r"Что сканер ставит перед кодом: \x02, ~; пусто – ничего.")] = None,
    suffix: Annotated[str | None, typer.Option(help=r"Что после кода, если не Enter: \x03, \t; пусто – Enter.")] = None,
    gap_ms: Annotated[int | None, typer.Option(min=10, max=500, help="Пауза между знаками, мс, не больше.")] = None,
    length: Annotated[int | None, typer.Option(min=3, max=40, help="Код не короче стольких знаков.")] = None,
    try_: Annotated[int, typer.Option("--try", min=0, max=100, help="Показать столько сканов с порта.")] = 0,
    try_stdin: Annotated[bool, typer.Option("--try-stdin", help="Показать, что сканер печатает сюда.")] = False,
    seconds: Annotated[float, typer.Option(min=1, max=600, help="Сколько ждать сканов.")] = TRY_S,
    data_dir: DataDir = None,
    json: Json = False,
) -> int:
    """Сканер: порт, префикс и суффикс, паузы; --try показывает по байтам, что пришло и как понято."""
    from posapp import app

    folder = app.data_dir(data_dir)
    settings = app.load_settings(folder)
    before = settings.scanner
    given = {"port": port, "baud": baud, "gap_ms": gap_ms, "length_min": length}
    given |= {"prefix": _characters(prefix), "suffix": _characters(suffix)}
    changes = {name: value for name, value in given.items() if value is not None}
    chosen = replace(before, **changes)  # type: ignore[arg-type]
    rules = _rules(chosen)
    code = 0
    if try_:
        code = _try_port(chosen, rules, try_, seconds, json=json)
    if try_stdin:
        code = _try_stdin(rules, json=json)
    if chosen != before and not code:
        setup_common.save(folder, settings.with_(scanner=chosen))
    if not (try_ or try_stdin):
        answer(json, {"scanner": asdict(chosen)}, _text(chosen))
    return code


def _characters(text: str | None) -> str | None:
    if text is None:
        return None
    try:
        return characters(text)
    except ValueError as error:
        raise UsageError("usage", what=f"{text[:20]}: префикс и суффикс – ASCII, \\r \\n \\t \\xNN") from error


def _rules(chosen: ScannerSettings) -> ScanRules:
    try:
        return ScanRules(chosen.prefix, chosen.suffix, chosen.gap_ms, chosen.length_min)
    except ValueError as error:
        raise UsageError("usage", what="префикс и суффикс – не длиннее 8 знаков ASCII") from error


def _try_port(chosen: ScannerSettings, rules: ScanRules, count: int, seconds: float, *, json: bool) -> int:
    """Shows `count` scans of the port; exit code 1 when they did not all come."""
    if not chosen.port:
        raise UsageError("usage", what="--try нужен --port; сканер, который печатает, пробуют с --try-stdin")
    heard: queue.SimpleQueue[Heard] = queue.SimpleQueue()
    listened = SerialScanner(chosen.port, chosen.baud, rules)
    deadline, shown = time.monotonic() + seconds, 0
    listened.start(heard.put)
    try:
        while shown < count:
            try:
                news = heard.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                say_nothing(json=json)
                return 1
            if news.trouble is not None:
                raise news.trouble
            if news.scan is not None:
                shown += 1
                _show(news.scan, news.raw, json=json)
    finally:
        listened.close()
    return 0


def _try_stdin(rules: ScanRules, *, json: bool) -> int:
    """Shows each line of standard input, up to its end or an empty line; 1 when there was none."""
    shown = 0
    for raw in sys.stdin.buffer:
        line = raw.rstrip(b"\r\n")
        if not line:
            break
        shown += 1
        _show(understood(unwrapped(line.decode("utf-8", errors="replace"), rules)), raw, json=json)
    if not shown:
        say_nothing(json=json)
    return 0 if shown else 1


def say_nothing(*, json: bool) -> None:
    """Nothing came."""
    if not json:
        say("No scan came." if language() == "en" else "Ни одного скана не пришло.")


def _show(scan: Scan, raw: bytes, *, json: bool) -> None:
    """One scan: its bytes, and how it is understood."""
    said = _verdict(scan)
    if json:
        emit({"bytes": raw.hex(" "), **scan.as_json(), "says": said})
        return
    shown = "".join(chr(each) if 32 <= each < 127 else f"<{each:02X}>" for each in raw)
    say(f"{raw.hex(' ').upper()}\n  {shown}\n  → {scan.text.replace(GS, '<GS>')}  {scan.symbology}\n  {said}")


def _verdict(scan: Scan) -> str:
    """What a person has to know of it."""
    english = language() == "en"
    if scan.problem:
        return PosError("scan_incomplete").message(language())
    found = []
    if scan.is_mended:
        found.append(PosError("scan_layout").message(language()))
    if scan.is_gs1 or scan.text.startswith("01"):
        try:
            code = parse_marking(scan.typed)
            found.append(f"{code.family.value}, GTIN {code.gtin}")
        except BadMarking as error:
            found.append(error.message(language()))
    elif not scan.identifier:
        found.append("no symbology identifier, which is fine" if english else "без признака символики, это не мешает")
    return " ".join(found) or ("good" if english else "хорошо")


def _text(chosen: ScannerSettings) -> str:
    where = f"порт {chosen.port}, {chosen.baud} бод" if chosen.port else "печатает как клавиатура"
    ends = "".join(f", {name} {value.encode('unicode_escape').decode()}" for name, value in
                   (("префикс", chosen.prefix), ("суффикс", chosen.suffix)) if value)  # fmt: skip
    return f"Сканер: {where}{ends}; пауза до {chosen.gap_ms} мс, код от {chosen.length_min} знаков"
