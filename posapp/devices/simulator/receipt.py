"""The receipt that is open on a simulated register: its items, its tags, its sums.

Sums follow the fiscal data formats: 1043 = price × quantity half up, an outside value may differ by one kopeck;
VAT per item is sum·r/(100+r) half up; new rates stand in 1115 only.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from decimal import Decimal
from typing import Any

from posapp.devices.base import Ffd
from posapp.domain import ffd
from posapp.domain.money import Money
from posapp.domain.vat import VatRate, line_vat

KIND_TAG = {0: 1, 1: 3, 2: 2, 3: 4}
"""Kind in 8Dh (sale, buy, return of sale, return of buy) → tag 1054."""
KIND_BIT = {tag: bit for bit, tag in KIND_TAG.items()}
"""Tag 1054, which is also the kind in FF46, → kind in 8Dh."""

_FLAT = {1: 1102, 2: 1103, 5: 1104, 6: 1105, 3: 1106, 4: 1107}
"""Tag 1199 → the flat tag of the receipt; newer rates have none."""
_NO_TAX = frozenset((5, 6))
MICRO = 1_000_000


@dataclass(frozen=True, slots=True)
class Item:
    """One item. `tax_kopecks` None = computed here; `extra` are ready-made records sent by FF4D."""

    name: str
    quantity_micro: int
    price_kopecks: int
    sum_kopecks: int
    tax_kopecks: int | None
    rate: int
    department: int
    payment_method: int
    payment_object: int
    extra: bytes = b""
    measure: int | None = None
    """Tag 2108, FFD 1.2 only; not sent means pieces."""
    marking: bytes | None = None
    """The code that FF67 bound, as it came; empty for one that cannot be read."""
    product_code: bytes = b""
    """The record 1162 or 1163 that was made of it."""
    check_result: int = 0
    """Tag 2106 of the code."""

    @property
    def vat_kopecks(self) -> int:
        """Tag 1200; zero for 0 % and without VAT."""
        if self.tax_kopecks is not None:
            return self.tax_kopecks
        return line_vat(Money(self.sum_kopecks), VatRate(self.rate)).kopecks

    def tlv(self, version: Ffd) -> bytes:
        """Tag 1059, in the order of the format's table."""
        is_new = version is Ffd.V1_2
        values: list[tuple[int, ffd.Value]] = [
            (1030, clipped(self.name, 128)),
            (1079, self.price_kopecks),
            (1023, Decimal(self.quantity_micro) / MICRO),
        ]
        if is_new:
            values.append((2108, self.measure or 0))
        values += [(1043, self.sum_kopecks), (1199, self.rate)]
        if self.rate not in _NO_TAX:
            values.append((1200, self.vat_kopecks))
        elif self.rate == VatRate.NONE:
            values.append((1200, self.sum_kopecks))  # the tax service's check 526 wants the line's own sum there
        values += [(1214, self.payment_method), (1212, self.payment_object)]
        body = ffd.encode_all(values) + self.product_code
        if is_new and self.marking is not None:
            body += ffd.encode_all([(2106, self.check_result), (2102, 0)])
        return ffd.wrap(1059, body + self.extra)


def clipped(text: str, most: int) -> str:
    """The text as CP866 holds it, at most `most` bytes of it."""
    return ffd.encode_text(text)[:most].decode("cp866")


def line_sum(price_kopecks: int, quantity_micro: int) -> int:
    """Price × quantity, half up to the kopeck."""
    return (2 * price_kopecks * quantity_micro + MICRO) // (2 * MICRO)


@dataclass(slots=True)
class OpenReceipt:
    """`kind` as in 8Dh, without the 80h of a correction; `extra` are the records sent by FF0C, in their order;
    `is_electronic`: it goes to the buyer's mailbox and is not printed (АТОЛ only)."""

    kind: int
    operator: int
    items: list[Item] = field(default_factory=list)
    extra: list[bytes] = field(default_factory=list)
    is_correction: bool = False
    is_electronic: bool = False

    @property
    def tags(self) -> set[int]:
        """The tags that FF0C has added."""
        return {int.from_bytes(record[:2], "little") for record in self.extra}

    @property
    def total_kopecks(self) -> int:
        """The sum of the items, 89h."""
        return sum(item.sum_kopecks for item in self.items)

    def adjust(self, kopecks: int) -> bool:
        """A discount (negative) or surcharge on the whole receipt, spread over the items by their sums.

        False when it would take more than there is. The last kopecks go to the dearest item.
        """
        total = self.total_kopecks
        if not self.items or total + kopecks < 0 or total == 0:
            return False
        shares = [kopecks * item.sum_kopecks // total for item in self.items]
        dearest = max(range(len(self.items)), key=lambda n: self.items[n].sum_kopecks)
        shares[dearest] += kopecks - sum(shares)
        self.items = [_repriced(item, share) for item, share in zip(self.items, shares, strict=True)]
        return True

    def take_back(self, price_kopecks: int, quantity_micro: int, department: int) -> bool:
        """84h: takes a quantity of an item with this price and department out again; False when there is none."""
        for number in reversed(range(len(self.items))):
            item = self.items[number]
            same = item.price_kopecks == price_kopecks and item.department == department
            if same and item.quantity_micro >= quantity_micro:
                left = item.quantity_micro - quantity_micro
                if left:
                    self.items[number] = replace(
                        item, quantity_micro=left, sum_kopecks=line_sum(price_kopecks, left), tax_kopecks=None
                    )
                else:
                    del self.items[number]
                return True
        return False

    def as_dict(self) -> dict[str, Any]:
        """For the storage file."""
        return {
            "kind": self.kind,
            "operator": self.operator,
            "items": [_item_body(item) for item in self.items],
            "extra": [tlv.hex() for tlv in self.extra],
            "is_correction": self.is_correction,
            "is_electronic": self.is_electronic,
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> OpenReceipt:
        """The reverse of `as_dict`; files of earlier versions know less of an item."""
        items = [_item_of(row) for row in data["items"]]
        extra = [bytes.fromhex(tlv) for tlv in data["extra"]]
        correction, electronic = data.get("is_correction", False), data.get("is_electronic", False)
        return cls(data["kind"], data["operator"], items, extra, correction, electronic)


def _item_body(item: Item) -> dict[str, Any]:
    raw = {name: value.hex() for name, value in asdict(item).items() if isinstance(value, bytes)}
    return asdict(item) | raw


def _item_of(row: dict[str, Any]) -> Item:
    raw = {name: bytes.fromhex(row[name]) for name in _RAW_FIELDS if row.get(name) is not None}
    return Item(**row | raw)


_RAW_FIELDS = ("extra", "marking", "product_code")


def _repriced(item: Item, share: int) -> Item:
    """The item after its share of a discount: 1079 is the price *with* discounts."""
    kopecks = item.sum_kopecks + share
    price = (2 * kopecks * MICRO + item.quantity_micro) // (2 * item.quantity_micro)
    return replace(item, sum_kopecks=kopecks, price_kopecks=price, tax_kopecks=None)


def vat_tlv(items: list[Item], by_turnover: bool, given: tuple[int, ...] | None) -> bytes:
    """Tags 1102…1107 and 1115 of a receipt.

    `by_turnover`: VAT of each rate's turnover, rounded once (formula T), else the sum of the items' VAT (formula L).
    `given` are the host's own six sums of FF45, used when table 1 field 14 says so.
    """
    turnover: dict[int, int] = {}
    by_item: dict[int, int] = {}
    for item in items:
        turnover[item.rate] = turnover.get(item.rate, 0) + item.sum_kopecks
        by_item[item.rate] = by_item.get(item.rate, 0) + item.vat_kopecks
    flat: dict[int, int] = {}
    new: list[tuple[int, int]] = []
    for rate in sorted(turnover):
        kopecks = line_vat(Money(turnover[rate]), VatRate(rate)).kopecks if by_turnover else by_item[rate]
        if rate in _FLAT:
            flat[_FLAT[rate]] = turnover[rate] if rate in _NO_TAX else kopecks
        else:
            new.append((rate, kopecks))
    if given is not None:
        flat = {tag: kopecks for tag, kopecks in zip(range(1102, 1108), given, strict=True) if kopecks}
    if new and not flat:
        flat[1104] = 0  # a technical stub that the format wants when VAT stands in 1115 only
    body = b"".join(ffd.encode(tag, flat[tag]) for tag in sorted(flat))
    if new:
        body += ffd.wrap(1115, b"".join(ffd.encode(1119, [(1199, rate), (1120, kopecks)]) for rate, kopecks in new))
    return body
