"""Checks as the portal and the site order them, for tests: what the reference of each vocabulary shows."""

from __future__ import annotations

import base64
import json
from decimal import Decimal
from typing import Any

ZN = "00106700000001"


def sent(body: object) -> Any:
    """A body as it arrives: numbers with a point are Decimal."""
    return json.loads(json.dumps(body, ensure_ascii=False, default=str), parse_float=Decimal)


def site_item(
    name: str = "Термос 0,75 л", price: float | str = 1900, quantity: float = 1, **more: Any
) -> dict[str, Any]:
    """A position of version 3 (and 2)."""
    amount = more.pop("amount", float(price) * quantity)
    item = {
        "type": "position",
        "name": name,
        "price": price,
        "quantity": quantity,
        "amount": amount,
        "paymentMethod": "fullPayment",
        "paymentObject": "commodity",
        "tax": {"type": "vat22"},
        "measurementUnit": 0,
    }
    return {**item, **more}


def site_body(number: int = 417, *items: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A check of version 3, paid without cash."""
    lines = list(items) or [site_item()]
    total = round(sum(float(each["amount"]) for each in lines), 2)
    body = {
        "type": "sell",
        "timestamp": "21.11.2026 12:00:00",
        "external_id": f"check|shop.example|{number}",
        "taxationType": "osn",
        "zn": ZN,
        "clientInfo": {"emailOrPhone": "buyer@example.test"},
        "payments": [{"type": "electronically", "sum": total}],
        "items": lines,
        "total": total,
    }
    return {**body, **more}


def old_body(number: int = 417, **more: Any) -> dict[str, Any]:
    """A check of FFD 1.0."""
    body = {
        "type": 1,
        "uuid": f"check|shop.example|{number}",
        "zn": ZN,
        "timestamp": "1795262400",
        "client": "buyer@example.test",
        "payments": [{"type": 3, "value": 342}],
        "items": [
            {"name": "Кружка", "price": 190, "quantity": 2, "VAT": 2, "discount": 38, "discount_type": 0},
        ],
    }
    return {**body, **more}


def cashbox_body(number: int = 417, **more: Any) -> dict[str, Any]:
    """What PRINT_URL is sent: everything is text; a thermos twice with a discount, and its delivery."""
    body: dict[str, Any] = {
        "type": "sell",
        "calculated_sign": "income",
        "operation": "income",
        "unique_id": str(number),
        "currency": "RUB",
        "items": [
            {
                "name": "Термос 0,75 л",
                "base_price": "1900",
                "price": "1710",
                "sum": "3420",
                "currency": "RUB",
                "quantity": "2",
                "measure_code": "796",
                "vat": "1",
                "vat_sum": "616.72131147541",
                "payment_object": "commodity",
                "discount": {"discount": "190", "discount_type": "C"},
                "payment_method": "full_payment",
            },
            {
                "name": "Доставка",
                "base_price": "250",
                "price": "250",
                "sum": "250",
                "currency": "RUB",
                "quantity": "1",
                "vat": "0",
                "payment_object": "service",
                "payment_method": "full_payment",
            },
        ],
        "date_create": "1795262400",
        "payments": [{"type": "cash", "is_cash": "Y", "sum": "3670", "currency": "RUB"}],
        "client_email": "buyer@example.test",
        "client_phone": "+79990001122",
        "total_sum": "3670",
        "uuid": f"check|shop.example.test|{number}|1795262400",
        "number_kkm": ZN,
        "service_email": "till@example.test",
        "cashbox_params": {"AUTH": {"KEY": "s3cr3t"}},
    }
    return {**body, **more}


def in_base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")
