"""`posapp setup stock`: how the portal's stock hears of goods that no shipment moves; proven before it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Annotated

import typer

from posapp.cli import setup_common
from posapp.cli.common import DataDir, Json, answer
from posapp.errors import SetupError, SyncError, UsageError
from posapp.settings import STOCK_MODES, Settings, StockSettings

if TYPE_CHECKING:
    from posapp.sync.bitrix.auth import PortalAccess

PATIENCE_S = 5.0
WORDS = {
    "shipments": "остаток меняют только отгрузки заказов, продажи без заказа его не трогают",
    "documents": "продажи без заказа списываются складскими документами",
    "quantity": "продажи без заказа меняют число в карточке товара",
    "1c": "остатки ведёт 1С, касса их не трогает",
    "none": "остатков на портале не ведут, касса их не трогает",
}


def stock(
    mode: Annotated[str, typer.Option(help="shipments|documents|quantity|1c|none; без него – что подходит.")] = "",
    store: Annotated[int, typer.Option(help="Склад этой кассы, с documents; номер из списка.", min=0)] = 0,
    responsible: Annotated[
        int, typer.Option(help="Ответственный за документы (номер сотрудника); иначе хозяин вебхука.", min=0)
    ] = 0,
    no_look: Annotated[
        bool, typer.Option("--no-look", help="Перед продажей не спрашивать портал, хватает ли товара.")
    ] = False,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Как остатки портала узнают о проданном: показывает, что подходит, или проверяет выбранное и сохраняет."""
    from posapp import app
    from posapp.sync.bitrix.stock_check import prove, read_facts

    if mode and mode not in STOCK_MODES:
        raise UsageError("usage", what=f"--mode {mode}: есть {', '.join(STOCK_MODES)}")
    if bool(store or responsible) and mode != "documents":
        raise UsageError("usage", what="--store и --responsible – для --mode documents")
    folder = app.data_dir(data_dir)
    settings = app.load_settings(folder)
    if settings.portal is None:
        raise SetupError("not_set_up", what="не указан портал Битрикс", command="portal")
    with setup_common.portal_of(settings, folder) as client:
        facts = read_facts(client)
        chosen = mode or facts.proposed
        kept = StockSettings(
            chosen,
            _store(store, facts.stores) if chosen == "documents" else 0,
            (responsible or facts.user_id) if chosen == "documents" else 0,
            looks=not no_look,
        )
        if mode:
            prove(client, facts, chosen, kept.store, kept.responsible)
    if mode:
        today = app.now().replace(microsecond=0)  # receipts have whole seconds
        kept = replace(kept, since=_since(settings, kept) or today.isoformat())
        setup_common.save(folder, settings.with_(stock=kept))
    stores = [{"id": number, "title": title} for number, title in facts.stores.items()]
    body = {
        "stock": asdict(kept) if mode else None if settings.stock is None else asdict(settings.stock),
        "proposed": {"mode": facts.proposed, "inventory_management": facts.keeps_documents, "stores": stores},
    }
    answer(json, body, _saved(kept) if mode else _proposal(settings, kept, facts.stores))


def proposed(settings: Settings, access: PortalAccess) -> str:
    """The mode that fits a portal which has just been set up; "" where one is chosen, or where it cannot be asked."""
    from posapp import app
    from posapp.sync.bitrix.stock_check import read_facts
    from posapp.sync.governor import CLOUD

    if settings.stock is not None or settings.portal is None:
        return ""
    try:
        with app.portal_client(access, CLOUD, settings.portal) as client, client.within(PATIENCE_S):
            return read_facts(client).proposed
    except (SetupError, SyncError):
        return ""


def _store(given: int, stores: Mapping[int, str]) -> int:
    """The only store, where nobody says which."""
    return given or (next(iter(stores)) if len(stores) == 1 else 0)


def _since(settings: Settings, kept: StockSettings) -> str:
    """The same mode chosen again goes on counting from when it was chosen first."""
    before = settings.stock
    return before.since if before is not None and before.mode == kept.mode else ""


def _saved(kept: StockSettings) -> str:
    where = f", склад {kept.store}, ответственный {kept.responsible}" if kept.mode == "documents" else ""
    return f"Остатки: {WORDS[kept.mode]}{where}. Проверено, сохранено."


def _proposal(settings: Settings, proposed: StockSettings, stores: Mapping[int, str]) -> str:
    now = "не выбран" if settings.stock is None else settings.stock.mode
    lines = [f"Режим остатков: {now}. Подходит --mode {proposed.mode}: {WORDS[proposed.mode]}."]
    if proposed.mode == "documents":
        lines += [f"  --store {number}  {title}" for number, title in stores.items()]
    return "\n".join(lines)
