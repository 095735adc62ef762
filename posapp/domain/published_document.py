"""The fiscal document that some publishers put beside their JSON, as a source of what the JSON leaves out.

The tax service's `rawData` is the document as it came from the storage, in base64, with its header and sign. Where it
is the same receipt – total, number of lines and their sums in any order – its rates (1199) are those of the lines. A
document that cannot be read, or says otherwise, adds nothing.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import replace
from typing import TYPE_CHECKING

from posapp.domain import ffd
from posapp.domain.vat import VatRate

if TYPE_CHECKING:
    from posapp.domain.published import Published

_TEXT_MAX = 2 * (ffd.DOCUMENT_MAX + 128)
_RATES = {rate.value: rate for rate in VatRate}


def with_its_rates(receipt: Published, document: str) -> Published:
    """The receipt, its lines without a rate completed from `document` (base64 or hex, "" for none)."""
    if not document or all(line.rate is not None for line in receipt.lines):
        return receipt
    entries = _entries(document)
    items = [each.items or () for each in entries if each.tag == 1059]
    if receipt.total is None or _number(entries, 1020) != receipt.total.kopecks or len(items) != len(receipt.lines):
        return receipt
    rates: dict[int, list[int]] = {}
    for item in items:
        rates.setdefault(_number(item, 1043), []).append(_number(item, 1199))
    lines = []
    for line in receipt.lines:
        of_sum = rates.get(line.line_sum.kopecks if line.line_sum else 0)
        if not of_sum:
            return receipt
        rate = of_sum.pop(0)
        lines.append(line if line.rate else replace(line, rate=_RATES.get(rate)))
    return replace(receipt, lines=tuple(lines))


def _entries(text: str) -> tuple[ffd.Entry, ...]:
    """The tags of a document in base64 or hex; none when it cannot be read."""
    bare = "".join(text.split()) if len(text) <= _TEXT_MAX else ""
    for read in (bytes.fromhex, _of_base64):
        try:
            return ffd.read_document(read(bare)).entries
        except (ValueError, binascii.Error):  # BadTlv is a ValueError
            continue
    return ()


def _of_base64(text: str) -> bytes:
    packed = text.replace("-", "+").replace("_", "/").rstrip("=")
    return base64.b64decode(packed + "=" * (-len(packed) % 4), validate=True)


def _number(entries: tuple[ffd.Entry, ...], tag: int) -> int:
    """A number, -1 when there is none."""
    found = ffd.find(entries, tag)
    return found.value if found is not None and isinstance(found.value, int) else -1
