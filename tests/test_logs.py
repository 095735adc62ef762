"""Logs tell support what happened and nobody who bought what."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from posapp import logs


@pytest.fixture(autouse=True)
def handlers_as_before() -> Iterator[None]:
    root, level = logging.getLogger(), logging.getLogger("posapp").level
    before = list(root.handlers)
    yield
    for handler in set(root.handlers) - set(before):
        root.removeHandler(handler)
        handler.close()
    logging.getLogger("posapp").setLevel(level)


@pytest.mark.parametrize(
    "text, shown",
    [
        (
            "POST https://shop.example/rest/1/s3cr3tk3y/sale.order.get",
            "POST https://shop.example/rest/1/•••/sale.order.get",
        ),
        ("poll ?hash=0123456789abcdef0123456789abcdef&x=1", "poll ?hash=•••&x=1"),
        ("Authorization: Bearer s3cr3t+key/of=32", "Authorization: Bearer •••"),
        ("postgresql://posapp:hunter2@db.example/claims", "postgresql://posapp:•••@db.example/claims"),
        ("buyer anna.petrova+1@mail.example wrote", "buyer •••@mail.example wrote"),
        ("call +7 (999) 000-11-22 now", "call •••22 now"),
        ("call 89990001122", "call •••22"),
        ("ФД 4518, ФН 9999078900001234, 2 480,00", "ФД 4518, ФН 9999078900001234, 2 480,00"),
    ],
)
def test_masks(text: str, shown: str) -> None:
    assert logs.mask(text) == shown


def test_the_file_holds_masked_lines_and_masked_tracebacks(tmp_path: Path) -> None:
    logs.to_file(tmp_path / "till")
    log = logging.getLogger("posapp.test")
    log.info("pulled for +79990001122")
    try:
        raise ValueError("https://shop.example/rest/7/s3cr3tk3y/")
    except ValueError:
        log.exception("failed")
    text = (tmp_path / "till" / logs.FILE).read_text(encoding="utf-8")
    assert "pulled for •••22" in text
    assert "ValueError" in text
    assert "s3cr3tk3y" not in text


def test_asking_twice_writes_once(capsys: pytest.CaptureFixture[str]) -> None:
    logs.to_stderr()
    logs.to_stderr()
    logging.getLogger("posapp.test").warning("once")
    assert capsys.readouterr().err.count("once") == 1


def test_a_folder_that_cannot_be_made_falls_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    logs.to_file(tmp_path / "file" / "till")
    logging.getLogger("posapp.test").warning("still heard")
    assert "still heard" in capsys.readouterr().err
