"""Checks as the portal sends them, for the tests of the gateway. Not itself a test."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote_plus

CHECK: dict[str, Any] = {
    "type": "sell",
    "calculated_sign": "income",
    "unique_id": "417",
    "currency": "RUB",
    "items": [
        {"name": "Термос 0,75 л", "base_price": "1900", "price": "1710", "sum": "3420", "currency": "RUB",
         "quantity": "2", "measure_code": "796", "vat": "4", "vat_sum": "616.72131147541",
         "payment_object": "commodity", "discount": {"discount": "190", "discount_type": "C"},
         "payment_method": "full_payment"},
        {"name": "Доставка", "base_price": "250", "price": "250", "sum": "250", "currency": "RUB", "quantity": "1",
         "vat": "0", "payment_object": "service", "payment_method": "full_payment"},
    ],
    "date_create": "1786000123",
    "payments": [{"type": "cash", "is_cash": "Y", "sum": "3670", "currency": "RUB"}],
    "client_email": "buyer@example.test",
    "client_phone": "+79990001122",
    "total_sum": "3670",
    "uuid": "check|shop.example.test|417|1786000123",
    "operation": "income",
    "number_kkm": "KKT-07",
    "service_email": "till@example.test",
    "cashbox_params": {"AUTH": {"KEY": "s3cr3t"}, "COMPANY": {"INN": "7700000000"}},
}  # fmt: skip
"""The sample of the facts, decoded."""


def wire(value: dict[str, Any]) -> bytes:
    """The body of a request: PHP's form."""
    pairs: list[str] = []

    def write(each: Any, key: str) -> None:
        if isinstance(each, (dict, list)):
            for name, inner in each.items() if isinstance(each, dict) else enumerate(each):
                write(inner, f"{key}[{name}]" if key else str(name))
        elif each is not None:
            pairs.append(f"{quote_plus(key)}={quote_plus(each)}")

    write(value, "")
    return "&".join(pairs).encode()
