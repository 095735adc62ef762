"""`posapp setup storage --accept` as typed, on a register whose storage was really changed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from posapp import app
from posapp import settings as settings_file
from posapp.devices.base import FiscalPrinter
from posapp.settings import Settings
from posapp.till import shift
from tests.cli.tills import Run
from tests.rules.worlds import new_storage
from tests.till.rig import Register, driver_of
from tests.till.shops import Shop, shop_at


@pytest.fixture
def changing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """A till that has sold, its shift closed; its commands speak with the register on the cable."""
    register = Register()

    def printer_of(_settings: Settings, *_more: object) -> FiscalPrinter:
        return driver_of(register)

    monkeypatch.setattr(app, "printer_of", printer_of)
    monkeypatch.setenv("POSAPP_DATA_DIR", str(folder))
    with shop_at(folder, register) as open_shop:
        open_shop.sell()
        shift.close_shift(open_shop.till)
        settings_file.save(folder, open_shop.settings)
        open_shop.close()
        yield open_shop
        open_shop.reopen()


def test_a_change_from_the_list_to_the_first_sale(typed: Run, changing: Shop) -> None:
    changing.register.advance(60)
    code, answer = typed("setup", "storage")
    assert (code, answer["stage"], answer["ready"]) == (0, "before", True)
    old = answer["found"]
    changing.register.be(new_storage(changing))
    assert typed("doctor")[0] == 3
    code, answer = typed("shift", "open")
    assert (code, answer["error"]["code"]) == (1, "wrong_device")
    code, answer = typed("setup", "storage")
    assert (code, answer["stage"], answer["former"]) == (0, "after", old)
    assert typed("setup", "storage", "--accept")[1]["error"]["code"] == "why_needed"
    code, answer = typed("setup", "storage", "--accept", "--why", "акт 17", "--by", "Петров П.")
    assert (code, answer["accepted"], answer["former"]) == (0, True, old)
    shown = typed("setup", "show")[1]["printer"]
    assert shown["storage_number"] == changing.register.printer.identity.storage_number != old
    assert typed("doctor")[0] == 0
    assert typed("shift", "open")[0] == 0
    assert typed("audit", "verify")[0] == 0
