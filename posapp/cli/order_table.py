"""Orders in a list, for people and as JSON."""

from __future__ import annotations

from typing import Any

from posapp.till.views import OrderRow

LAMPS = {"grey": "○", "amber": "◔", "green": "✓", "red": "!"}


def row_of(row: OrderRow) -> dict[str, Any]:
    """An order of a list as JSON."""
    return {
        "order": row.number,
        "id": row.order_id,
        "price_kopecks": row.price.kopecks,
        "to_pay_kopecks": row.to_pay.kopecks,
        "cancelled": row.is_cancelled,
        "courier": row.is_courier,
        "delivery_window": row.delivery_window,
        "done": row.is_done,
        "changed": row.is_changed,
        "lights": row.lights.as_json(),
    }


def table(rows: list[OrderRow]) -> str:
    """Orders for people, one a line."""
    lines = [
        f"{row.number:<12} {row.price!s:>16}  {lamps(row.lights.as_json())}  {row.delivery_window:<13} {row.address}"
        + ("  ! изменился: posapp orders show" if row.is_changed else "")
        for row in rows
    ]
    return "\n".join(lines) or "Заказов на борту нет. Загрузите их: posapp orders pull"


def lamps(lights: dict[str, str]) -> str:
    """The four lights in a line."""
    names = {"receipt": "Чек", "money": "Деньги", "status": "Статус", "stock": "Склад"}
    return " ".join(f"{title} {LAMPS[lights[name]]}" for name, title in names.items())
