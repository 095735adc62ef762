"""An АТОЛ register that leaves our key out, and a journal that went back in time: the order is not printed again."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from posapp.errors import SaleError
from tests.till.test_queue_killed import Shop


@pytest.fixture
def keyless(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """A shop on a register that drops the user's requisite (1084) from every receipt."""
    shop = Shop(tmp_path)
    tasks = shop.queue.tasks
    perform = tasks.perform

    def without_key(task: Any, *rest: Any, **more: Any) -> Any:
        if "items" in task:
            task = {**task, "items": [each for each in task["items"] if each.get("type") != "userAttribute"]}
        return perform(task, *rest, **more)

    monkeypatch.setattr(tasks, "perform", without_key)
    yield shop
    shop.stop()


def copied(shop: Shop, source: Path, target: Path) -> None:
    """Copies a data directory while the till is closed, and opens the till again."""
    shop.till.printer.close()
    shop.till.journal.close()
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target)
    shop.reopen()


@pytest.mark.parametrize("is_only_program", [False, True])
@pytest.mark.parametrize("sold_before", [0, 1])
def test_an_order_whose_receipt_the_older_journal_lacks_is_not_printed_again(
    keyless: Shop, tmp_path_factory: pytest.TempPathFactory, sold_before: int, is_only_program: bool
) -> None:
    shop, copy = keyless, tmp_path_factory.mktemp("copies") / "till"
    printer = shop.settings.printer
    assert printer is not None
    shop.settings = shop.settings.with_(printer=replace(printer, only_program=is_only_program))
    shop.restart()
    for _ in range(sold_before):
        shop.sell(shop.order())
    copied(shop, shop.folder, copy)
    order = shop.order()
    shop.sell(order)
    made = shop.register.storage.last_number

    copied(shop, copy, shop.folder)
    with pytest.raises(SaleError) as refused:
        shop.sell(order)

    assert refused.value.code == "maybe_receipted"
    assert shop.register.storage.last_number == made
