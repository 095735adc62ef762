"""`posapp setup tell`: what else an order of the portal is told; compared with the portal before it is kept."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import typer

from posapp.cli import setup_common
from posapp.cli.common import DataDir, Json, answer
from posapp.errors import SetupError
from posapp.settings import Settings, TellSettings


def tell(
    paid_status: Annotated[
        str | None, typer.Option(help="Статус заказа, оплаченного вперёд; пусто – статус не менять.")
    ] = None,
    fiscal_property: Annotated[
        str | None, typer.Option(help="Код свойства заказа, в которое писать ФН, ФД и ФП; пусто – никуда.")
    ] = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Что ещё узнаёт заказ на портале: статус после оплаты и свойство с чеком; без параметров – показывает."""
    from posapp import app

    folder = app.data_dir(data_dir)
    settings = app.load_settings(folder)
    if settings.portal is None:
        raise SetupError("not_set_up", what="не указан портал Битрикс", command="portal")
    kept = settings.tell
    if paid_status is not None or fiscal_property is not None:
        kept = _proven(settings, folder, paid_status, fiscal_property)
        setup_common.save(folder, settings.with_(tell=kept))
    status = f"Статус оплаченного заказа {kept.paid_status or 'не меняем'}"
    where = f"чек – в свойство {kept.property_code}" if kept.property_code else "в свойства заказа чек не пишем"
    answer(json, {"tell": asdict(kept)}, f"{status}; {where}.")


def _proven(settings: Settings, folder: Path, paid_status: str | None, code: str | None) -> TellSettings:
    """What was said, with the property's ids. Raises SetupError: it is not there, or it is the buyer's."""
    from posapp.sync.bitrix.parsing import as_int, as_text, rows_under
    from posapp.sync.bitrix.properties import is_of_the_buyer

    kept = settings.tell
    with setup_common.portal_of(settings, folder) as client:
        if paid_status is not None:
            status = paid_status.strip()
            rows = rows_under(client.call("sale.status.list", {"filter": {"type": "O"}}), "statuses")
            known = {as_text(row.get("id")) for row in rows if as_text(row.get("type")) == "O"}
            if status and status not in known:
                raise _absent(f"статуса «{status}» (есть: {', '.join(sorted(known))})")
            kept = replace(kept, paid_status=status)
        if code is not None:
            found = rows_under(client.call("sale.property.list", {"filter": {"code": code.strip()}}), "properties")
            mine = [row for row in found if as_text(row.get("code")) == code.strip()]
            texts = [row for row in mine if as_text(row.get("type")) in ("STRING", "TEXT")]
            if code.strip() and not texts:
                raise _absent(f"текстового свойства заказа «{code.strip()}»")
            if any(is_of_the_buyer(row) for row in mine):
                what = f"в свойстве «{code.strip()}» данные покупателя, чек их испортил бы: нужно отдельное свойство"
                raise SetupError("not_set_up", what=what, command="tell")
            ids = {as_int(row.get("personTypeId")): as_int(row.get("id")) for row in texts}
            pairs = ",".join(f"{person}={number}" for person, number in ids.items() if person and number)
            kept = replace(kept, property_code=code.strip(), property_ids=pairs if code.strip() else "")
    return kept


def _absent(what: str) -> SetupError:
    return SetupError("not_set_up", what=f"на портале нет {what}", command="tell")
