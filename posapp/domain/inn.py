"""ИНН: a taxpayer's number, ten digits of an organisation or twelve of a person, the last ones control digits."""

from __future__ import annotations

from collections.abc import Sequence

_WEIGHTS_10 = (2, 4, 10, 3, 5, 9, 4, 6, 8)
_WEIGHTS_11 = (7, 2, 4, 10, 3, 5, 9, 4, 6, 8)
_WEIGHTS_12 = (3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8)


def is_inn(text: str) -> bool:
    """Whether it is an INN whose control digits fit: (Σ weight × digit mod 11) mod 10."""
    if not (text.isascii() and text.isdigit()) or not text.strip("0"):
        return False
    digits = [int(each) for each in text]
    if len(digits) == 10:
        return digits[9] == _control(digits, _WEIGHTS_10)
    if len(digits) == 12:
        return digits[10] == _control(digits, _WEIGHTS_11) and digits[11] == _control(digits, _WEIGHTS_12)
    return False


def is_personal_inn(text: str) -> bool:
    """Whether it is the INN of a person, as a cashier has it (tag 1203)."""
    return len(text) == 12 and is_inn(text)


def _control(digits: Sequence[int], weights: Sequence[int]) -> int:
    return sum(weight * digit for weight, digit in zip(weights, digits, strict=False)) % 11 % 10
