"""The storage file: what was answered for is in it, whatever happens to the process or to the last line."""

from datetime import timedelta
from pathlib import Path

import pytest

from posapp.devices.shtrih import commands as c
from posapp.devices.simulator import storage as storage_module
from posapp.devices.simulator.storage import (
    StorageDamaged,
    StorageFile,
    StorageInUse,
    open_storage,
    stored_documents,
)
from tests.devices.simulator.benches import BORN, PASSWORD, Bench, item, pay

P = PASSWORD


def opened(path: Path, factory_number: int = 10_012_345) -> tuple[StorageFile, Bench]:
    file = open_storage(path, factory_number, BORN, timedelta())
    bench = Bench()
    bench.printer = file.printer
    return file, bench


def sold(file: StorageFile, bench: Bench, kopecks: int) -> int:
    bench.ok(item(kopecks))
    number = bench.ok(pay(cash=kopecks)).document_number
    file.commit()
    return number


def test_everything_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "fn.jsonl"
    file, bench = opened(path)
    bench.open_shift()
    number = sold(file, bench, 12_300)
    bench.ok(c.WriteTable(P, 5, 2, 1, "КАРТА".encode("cp1251")))
    bench.ok(item(500))
    file.commit()
    file.close()
    again, bench_again = opened(path, factory_number=99_999_999)
    assert again.printer.as_dict() == file.printer.as_dict()
    assert again.printer.storage.documents == file.printer.storage.documents
    assert again.printer.identity == file.printer.identity
    assert bench_again.ok(c.Subtotal(P)).total_kopecks == 500
    assert bench_again.ok(c.FindDocument(P, number)).total_kopecks == 12_300
    again.close()


def test_documents_are_readable_while_it_runs(tmp_path: Path) -> None:
    path = tmp_path / "fn.jsonl"
    file, bench = opened(path)
    bench.open_shift()
    sold(file, bench, 100)
    assert [document.form for document in stored_documents(path)] == [1, 2, 3]
    sold(file, bench, 200)
    assert list(stored_documents(path)) == bench.printer.storage.documents
    file.close()


def test_a_line_torn_at_any_byte_loses_only_what_was_not_answered(tmp_path: Path) -> None:
    path = tmp_path / "fn.jsonl"
    file, bench = opened(path)
    bench.open_shift()
    sold(file, bench, 100)
    before = path.stat().st_size
    sold(file, bench, 200)
    file.close()
    whole = path.read_bytes()
    assert len(whole) > before + 100
    for cut in range(before, len(whole), 37):
        torn = tmp_path / f"torn-{cut}.jsonl"
        torn.write_bytes(whole[:cut])
        reopened, bench = opened(torn)
        assert [document.total_kopecks for document in reopened.printer.storage.documents[2:]] == [100]
        assert bench.ok(c.MoneyRegister(P, 0xF1)).value == 100
        assert sold(reopened, bench, 300) == 4
        reopened.close()
        assert [document.total_kopecks for document in stored_documents(torn)][2:] == [100, 300]


def test_a_document_and_its_effects_are_one_line(tmp_path: Path) -> None:
    path = tmp_path / "fn.jsonl"
    file, bench = opened(path)
    bench.open_shift()
    file.commit()
    lines = path.read_bytes().count(b"\n")
    bench.ok(item(100))
    bench.ok(pay(cash=100))
    file.commit()
    assert path.read_bytes().count(b"\n") == lines + 1
    file.close()


def test_damage_in_the_middle_stops_loudly(tmp_path: Path) -> None:
    path = tmp_path / "fn.jsonl"
    file, bench = opened(path)
    bench.open_shift()
    sold(file, bench, 100)
    file.close()
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join((*lines[:-1], b"#" + lines[-1][1:], lines[-1])))
    with pytest.raises(StorageDamaged, match="line"):
        opened(path)
    path.write_bytes(b"".join(lines[:-1]) + lines[-1] * 2)
    with pytest.raises(StorageDamaged, match="numbers"):
        opened(path)
    path.write_bytes(b"hello\n")
    with pytest.raises(StorageDamaged):
        opened(path)


def test_a_file_without_the_registration_is_no_register(tmp_path: Path) -> None:
    path = tmp_path / "storage.jsonl"
    path.write_text('{"factory_number": 62802786, "registered_at": "2026-11-21T19:43:00", "ffd": "1.05"}\n', "utf-8")
    with pytest.raises(StorageDamaged, match="document numbers"):
        open_storage(path, 1, BORN, timedelta())


def test_one_register_a_file(tmp_path: Path) -> None:
    path = tmp_path / "fn.jsonl"
    file, _ = opened(path)
    with pytest.raises(StorageInUse):
        opened(path)
    file.close()
    opened(path)[0].close()


def test_a_long_file_is_rewritten_to_its_essence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage_module, "COMPACT_AFTER", 10)
    path = tmp_path / "fn.jsonl"
    file, bench = opened(path)
    bench.open_shift()
    number = sold(file, bench, 100)
    for turn in range(20):
        bench.ok(c.WriteTable(P, 1, 1, 34, bytes((turn % 10,))))
        file.commit()
    state, size = file.printer.as_dict(), path.stat().st_size
    file.close()
    again, bench = opened(path)
    assert path.stat().st_size < size
    assert again.printer.as_dict() == state
    assert bench.ok(c.FindDocument(P, number)).total_kopecks == 100
    again.close()
    opened(path)[0].close()
