"""Who a simulated register is: numbers with right check digits, and the shop it was registered for.

Its fiscal storage is a debug one: such storages carry numbers that begin with 9999, in real life too, and no receipt
of theirs has legal force. That is how a till knows that it is training.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

MODEL_NAME = "ШТРИХ-М-02Ф"
"""What real registers of this model answer to FCh; drivers recognise the family by it."""
FIRMWARE = "C.1"
"""The version of its software, as 11h and tag 1188 tell it."""

_INN_10 = (2, 4, 10, 3, 5, 9, 4, 6, 8)
_INN_11 = (7, *_INN_10)
_INN_12 = (3, *_INN_11)


@dataclass(frozen=True, slots=True)
class Identity:
    """The register, its storage and its registration. All numbers are text of digits."""

    factory_number: str
    """Tag 1013, table 18 field 1, serial number of 11h."""
    storage_number: str
    """Tag 1041, 16 digits."""
    registration_number: str
    """Tag 1037, 16 digits."""
    inn: str
    ofd_inn: str
    user: str = 'ООО "Учебный магазин"'
    address: str = "190000, г. Санкт-Петербург, Учебная ул., д. 1"
    place: str = "Учебная касса"
    ofd_name: str = "Учебный ОФД"
    tax_systems: int = 0x37
    """Mask of tag 1062: all systems of today, so that any training shop can be played."""


def identity_of(factory_number: int) -> Identity:
    """The identity of the simulated register with this factory number (1…4 294 967 294)."""
    number = str(factory_number)
    inn = with_check_digits("780123456")
    return Identity(
        factory_number=number,
        storage_number=f"9999078900{factory_number % 1_000_000:06d}",
        registration_number=registration_number(factory_number % 10**10, inn, number),
        inn=inn,
        ofd_inn=with_check_digits("780123457"),
    )


def with_check_digits(digits: str) -> str:
    """An INN from its first 9 (organisation) or 10 (person) digits."""
    if len(digits) == 9:
        return digits + _check(digits, _INN_10)
    eleventh = digits + _check(digits, _INN_11)
    return eleventh + _check(eleventh, _INN_12)


def _check(digits: str, weights: Sequence[int]) -> str:
    return str(sum(int(d) * w for d, w in zip(digits, weights, strict=True)) % 11 % 10)


def registration_number(order: int, inn: str, factory_number: str) -> str:
    """Tag 1037: ten digits of an order number, then six of a CRC-16 over them, the INN and the factory number.

    The tax office's rule: CRC-16/CCITT (polynomial 1021h, start FFFFh) over order (10 digits), INN (12) and factory
    number (20), each padded left with zeros.
    """
    head = f"{order:010d}"
    return head + f"{crc16((head + inn.zfill(12) + factory_number.zfill(20)).encode('ascii')):06d}"


def crc16(data: bytes) -> int:
    """CRC-16/CCITT-FALSE."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc
