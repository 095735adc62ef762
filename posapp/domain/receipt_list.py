"""The receipts of a payment, or of a shipment, as they stand in a text field of the portal (rule 15). Pure.

    домофон 12
    {posapp1 F4…,1,9999078900005488,45,2890182733,20261121T1233,59000,1031:59000,full,9f0c11aa,5d1e22c0;F5…,2,…}

People's own text stays as it is; behind it one block in braces holds an entry for each receipt, the oldest first. The
list only grows: an entry that stands there is never changed or removed, not even one that cannot be read. Each entry
ends with its own checksum, because people edit these fields. An entry says what other tills need to know: of a sale how
it was settled and which lines it had, of a refund which receipt it takes back and how much of which line.

A line is named by what is printed of it (`line_key`), not by its number: another till makes the receipt anew from the
order, where lines may have moved.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from posapp.domain import ffd
from posapp.domain.fiscal import FiscalMark, ReceiptKind
from posapp.domain.marking import BadMarking, parse_marking
from posapp.domain.money import Money, total
from posapp.domain.receipt import OriginalReceipt, Receipt, ReceiptLine, TenderKind
from posapp.domain.settlement import is_key

TEXT_MAX = 65_535
"""What a text field of Bitrix holds; a longer text is not looked into."""
ENTRIES_MAX = 200
WORD_MAX = 24

_OPEN, _CLOSE = "{posapp1", "}"
_BLOCK = re.compile(r"\{posapp1([^{}]*)\}")
_SPACE = re.compile(r"\s+")
_TIME = "%Y%m%dT%H%M"
_DIGITS = re.compile(r"[0-9]{1,16}")
_SUM = re.compile(r"[0-9]{1,12}")
_HEX = re.compile(r"[0-9a-f]{8}")
_WORD = re.compile(rf"[a-z-]{{1,{WORD_MAX}}}")
_QUANTITY = re.compile(r"[0-9]{1,8}(?:\.[0-9]{1,6})?")
_FIELDS = 11

Taken = Mapping[str, Decimal]
"""How much of which line, by `line_key`."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A receipt in the list.

    `way` is how a sale was settled (`offers.Way`, or another word), `digest` that of its lines. A refund has `of` – the
    key of what it takes back, or `storage-document` where no key is known – and `taken`. `tenders` are without change.
    """

    key: str
    kind: ReceiptKind
    storage_number: str
    document_number: int
    document_sign: str
    at: datetime
    total: Money
    tenders: tuple[tuple[TenderKind, Money], ...]
    way: str = ""
    digest: str = ""
    of: str = ""
    taken: tuple[tuple[str, Decimal], ...] = ()

    @property
    def is_refund(self) -> bool:
        """It takes another receipt back."""
        return self.kind in (ReceiptKind.SELL_REFUND, ReceiptKind.BUY_REFUND)

    @property
    def document(self) -> str:
        """The receipt's document, `storage-number`."""
        return f"{self.storage_number}-{self.document_number}"

    @property
    def money(self) -> Money:
        """What it settles of a payment: all but what was prepaid and what is on credit."""
        aside = (TenderKind.PREPAID, TenderKind.CREDIT)
        return self.total - total([amount for kind, amount in self.tenders if kind in aside])

    @property
    def basis(self) -> OriginalReceipt:
        """This receipt as what a refund refers to."""
        return OriginalReceipt(self.document_sign, self.key, self.storage_number, self.document_number, self.at.date())

    def takes_back(self, sale: Listed) -> bool:
        """Whether it is a refund of that receipt."""
        return self.is_refund and self.of in (sale.key, sale.document)

    def text(self) -> str:
        """The entry as it is written."""
        tenders = "/".join(f"{kind.value}:{amount.kopecks}" for kind, amount in self.tenders)
        taken = "/".join(f"{key}:{quantity.normalize():f}" for key, quantity in self.taken)
        fields = (
            self.key, str(self.kind.value), self.storage_number, str(self.document_number), self.document_sign,
            f"{self.at:{_TIME}}", str(self.total.kopecks), tenders,
            self.of if self.is_refund else self.way, taken if self.is_refund else self.digest,
        )  # fmt: skip
        body = ",".join(fields)
        return f"{body},{_checksum(body)}"

    @classmethod
    def parse(cls, text: str) -> Listed:
        """The reverse. Raises ValueError for anything that `text` would not have written."""
        fields = text.split(",")
        if len(fields) != _FIELDS or _checksum(text.rpartition(",")[0]) != fields[-1]:
            raise ValueError("not an entry of this list")
        key, kind, storage, document, sign, at, amount, tenders, what, lines, _ = fields
        is_refund = kind in ("2", "4")
        found = cls(
            key=_fit(key, is_key(key)),
            kind=ReceiptKind(int(_fit(kind, kind in ("1", "2", "3", "4")))),
            storage_number=_fit(storage, _is(_DIGITS, storage)),
            document_number=int(_fit(document, _is(_DIGITS, document))),
            document_sign=_fit(sign, _is(_DIGITS, sign)),
            at=datetime.strptime(at, _TIME),
            total=Money(int(_fit(amount, _is(_SUM, amount)))),
            tenders=_tenders(tenders),
            way="" if is_refund else _fit(what, _is(_WORD, what)),
            digest="" if is_refund else _fit(lines, not lines or _is(_HEX, lines)),
            of=_fit(what, is_key(what) or _is_document(what)) if is_refund else "",
            taken=_taken(lines) if is_refund else (),
        )
        if found.text() != text:
            raise ValueError("an entry has one spelling")
        return found


@dataclass(frozen=True, slots=True)
class ReceiptList:
    """What a field holds. `is_damaged`: something in it looks like the list and cannot be read."""

    entries: tuple[Listed, ...] = ()
    is_damaged: bool = False

    def get(self, key: str) -> Listed | None:
        """The entry of a receipt."""
        return next((each for each in self.entries if each.key == key), None)

    def of_document(self, storage_number: str, document_number: int) -> Listed | None:
        """The entry of a document."""
        wanted = f"{storage_number}-{document_number}"
        return next((each for each in self.entries if each.document == wanted), None)

    def refunds_of(self, sale: Listed) -> tuple[Listed, ...]:
        """What has been taken back of a receipt."""
        return tuple(each for each in self.entries if each.takes_back(sale))

    def left_of(self, sale: Listed) -> Money:
        """How much of a receipt has not been taken back; negative when more was."""
        return sale.total - total([each.total for each in self.refunds_of(sale)])

    def is_undone(self, key: str) -> bool:
        """All of that receipt was taken back."""
        sale = self.get(key)
        return sale is not None and not sale.is_refund and self.left_of(sale) <= Money(0)

    @property
    def money_left(self) -> Money:
        """The money of all sales here less that of their refunds."""
        return total([-each.money if each.is_refund else each.money for each in self.entries])

    def merged(self, other: ReceiptList) -> ReceiptList:
        """Both lists as one."""
        known = {each.key for each in self.entries}
        more = tuple(each for each in other.entries if each.key not in known)
        return ReceiptList((*self.entries, *more), self.is_damaged or other.is_damaged)


def parse(text: str) -> ReceiptList:
    """The list in a field's text; empty where there is none. Never raises, and takes time in proportion to the text."""
    if len(text) > TEXT_MAX:
        return ReceiptList(is_damaged=True)
    found: dict[str, Listed] = {}
    blocks = _BLOCK.findall(text)
    is_damaged = text.count(_OPEN) != len(blocks)
    for entry in (each for block in blocks for each in _SPACE.sub("", block).split(";") if each):
        try:
            listed = Listed.parse(entry)
        except ValueError:
            is_damaged = True
            continue
        if len(found) >= ENTRIES_MAX or found.get(listed.key, listed) != listed:
            is_damaged = True
            continue
        found[listed.key] = listed
    return ReceiptList(tuple(found.values()), is_damaged)


def appended(text: str, entries: Iterable[Listed]) -> str:
    """The field's text with these entries; those that stand there already are not written twice.

    They go into the last block that is closed, else into a new one behind the text. Everything else stays as it is.
    """
    known = {each.key for each in parse(text).entries}
    more = [each.text() for each in entries if each.key not in known]
    if not more:
        return text
    closed = list(_BLOCK.finditer(text))
    if closed:
        end = closed[-1].end() - len(_CLOSE)
        before = text[:end].rstrip()
        return before + ("" if before.endswith((_OPEN, ";")) else ";") + ";".join(more) + text[end:]
    return text.rstrip() + ("\n" if text.strip() else "") + f"{_OPEN} {';'.join(more)}{_CLOSE}"


def without_list(text: str) -> str:
    """What people wrote: the text without what this program keeps there."""
    return _BLOCK.sub("", text).strip()


# ---------------------------------------------------------------------------------------------- entries of receipts
def sale_entry(receipt: Receipt, mark: FiscalMark, way: str) -> Listed:
    """The entry of a receipt that settles something."""
    return _entry(receipt, mark, way=way, digest=digest_of(receipt.lines))


def refund_entry(receipt: Receipt, mark: FiscalMark) -> Listed:
    """The entry of a refund. Raises ValueError for a receipt that names nothing it takes back."""
    basis = receipt.basis
    if basis is None or not (basis.key or (basis.storage_number and basis.document_number)):
        raise ValueError("a refund names what it takes back")
    taken: dict[str, Decimal] = {}
    for line in receipt.lines:
        taken[line_key(line)] = taken.get(line_key(line), Decimal(0)) + line.quantity.value
    of = basis.key or f"{basis.storage_number}-{basis.document_number}"
    return _entry(receipt, mark, of=of, taken=tuple(taken.items()))


def _entry(
    receipt: Receipt,
    mark: FiscalMark,
    *,
    way: str = "",
    digest: str = "",
    of: str = "",
    taken: tuple[tuple[str, Decimal], ...] = (),
) -> Listed:
    sums = {each.kind: each.amount for each in receipt.tenders}
    if receipt.change:
        sums[TenderKind.CASH] -= receipt.change
    return Listed(
        key=receipt.key,
        kind=receipt.kind,
        storage_number=mark.storage_number,
        document_number=mark.document_number,
        document_sign=mark.document_sign,
        at=mark.printed_at.replace(second=0, microsecond=0),
        total=receipt.total,
        tenders=tuple((kind, sums[kind]) for kind in TenderKind if sums.get(kind)),
        way=way,
        digest=digest,
        of=of,
        taken=taken,
    )


def line_key(line: ReceiptLine) -> str:
    """What makes two lines the same thing whatever their quantity, as eight hexadecimal digits.

    Of the name that which the storage keeps (CP866), so that a line read back from a document is the same line; of a
    marking code that which names the thing.
    """
    name = ffd.encode_text(" ".join(line.name.split())).decode("cp866")
    parts = (
        name, line.price.kopecks, line.vat.value, line.payment_method.value, line.payment_object.value, line.measure,
        _thing(line.marking),
    )  # fmt: skip
    return _checksum("|".join(map(str, parts)))


def digest_of(lines: Sequence[ReceiptLine]) -> str:
    """All lines together, whatever their order."""
    return _checksum("|".join(sorted(f"{line_key(line)}:{line.quantity.value.normalize():f}" for line in lines)))


def _thing(marking: str) -> str:
    if not marking:
        return ""
    try:
        return parse_marking(marking).identity
    except BadMarking:
        return marking


# ---------------------------------------------------------------------------------------------- parts of an entry
def _checksum(text: str) -> str:
    return f"{zlib.crc32(text.encode()):08x}"


def _is(form: re.Pattern[str], text: str) -> bool:
    return form.fullmatch(text) is not None


def _is_document(text: str) -> bool:
    storage, dash, number = text.partition("-")
    return bool(dash) and _is(_DIGITS, storage) and _is(_DIGITS, number)


def _fit(text: str, is_fit: bool) -> str:
    if not is_fit:
        raise ValueError("not an entry of this list")
    return text


def _pairs(text: str) -> list[tuple[str, str]]:
    found = [each.partition(":") for each in text.split("/")]
    if not all(colon for _, colon, _ in found) or len(found) > ENTRIES_MAX:
        raise ValueError("not an entry of this list")
    return [(name, value) for name, _, value in found]


def _tenders(text: str) -> tuple[tuple[TenderKind, Money], ...]:
    return tuple(
        (TenderKind(int(_fit(tag, _is(_DIGITS, tag)))), Money(int(_fit(amount, _is(_SUM, amount)))))
        for tag, amount in _pairs(text)
    )


def _taken(text: str) -> tuple[tuple[str, Decimal], ...]:
    return tuple(
        (_fit(key, _is(_HEX, key)), Decimal(_fit(quantity, _is(_QUANTITY, quantity)))) for key, quantity in _pairs(text)
    )
