"""`posapp orders claims|take-over|release` and the taking of the day's route: whose an order is, with several tills."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from posapp.cli.common import By, DataDir, Json, Why, answer, language
from posapp.domain.claim import Claim
from posapp.errors import UsageError
from posapp.till import claim_book, claims, orders, take_over
from posapp.till.context import Till

EXIT_PERSON = 3

Number = Annotated[str, typer.Argument(help="Номер заказа.")]


def take_over_order(order: Number, why: Why, by: By = "", data_dir: DataDir = None, json: Json = False) -> None:
    """Забирает заказ у другой кассы. Решение старшего: та касса узнает об этом, только когда выйдет на связь."""
    from posapp import app

    reason = " ".join(why.split())
    if not reason:
        raise UsageError("usage", what="--why: почему заказ забирают")
    with app.open_till(app.data_dir(data_dir), person=by.strip()) as till:
        found, before, now = take_over.take_over(till, order, reason)
        text = take_over.warning(till, found, before, now, language())
    body = {"order": found.number, "before": before.as_json(), "claim": now.as_json(), "warning": text}
    answer(json, body, text)


def release(order: Number, why: Why = "", by: By = "", data_dir: DataDir = None, json: Json = False) -> None:
    """Отдаёт заказ: его сможет пробить другая касса. Для заказа с двумя чеками – отметка, что с ним разобрались."""
    from posapp import app

    with app.open_till(app.data_dir(data_dir), person=by.strip()) as till:
        found = orders.find(till, order)
        claims.release(till, found, " ".join(why.split()))
    answer(json, {"order": found.number, "held": False}, f"Заказ {found.number} отдан: его может пробить любая касса.")


def held(data_dir: DataDir = None, json: Json = False) -> None:
    """Заказы, закреплённые за этой кассой, и те, что у неё забрали. Связь не нужна."""
    from posapp import app

    with app.open_till(app.data_dir(data_dir), write=False) as till:
        rows = _book(till)
    lines = [
        f"{row['order']:<12} "
        + ("закреплён" if row["held"] else f"у кассы {row['lost_to']}" if row["lost_to"] else "продан без закрепления")
        + ("  ДВА ЧЕКА: " + str(row["doubled_with"]) if row["doubled_with"] else "")
        for row in rows
    ]
    answer(json, {"claims": rows}, "\n".join(lines) or "За кассой ничего не закреплено.")


def _book(till: Till) -> list[dict[str, Any]]:
    if till.settings.gateway is None:
        return []
    rows: list[dict[str, Any]] = []
    for order_id, entry in sorted(claim_book.read(till).items()):
        found = till.journal.order_by_id(till.portal, order_id)
        rows.append(
            {
                "order": found.number if found else str(order_id),
                "id": order_id,
                "held": entry.is_held,
                "sure": entry.is_sure,
                "for": entry.taken_for.value,
                "fence": entry.fence,
                "lost_to": entry.lost_to or None,
                "doubled_with": entry.doubled_with or None,
            }
        )
    return rows


def take_route(till: Till, numbers: list[str]) -> tuple[list[Claim], dict[int, str]]:
    """Takes the named orders, or the whole route that is not done yet; the claims, and the orders' numbers by id."""
    if numbers:
        chosen = [orders.find(till, each) for each in numbers]
    else:
        open_rows = [row for row in orders.route(till) if not row.is_done and not row.is_cancelled]
        chosen = [order for row in open_rows if (order := till.journal.order_by_id(till.portal, row.order_id))]
    return claims.take_route(till, chosen), {each.order_id: each.number for each in chosen}
