"""What the OFD has of a storage that can no longer be read: the only witness that is left of it.

It is asked when a person settles a receipt of a lost register, where an OFD is set up. What it shows binds that person;
that it does not answer, or has not yet received a document, proves nothing – then the word alone counts, and the record
says that nobody else was heard.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from posapp.domain.qr import ReceiptQr
from posapp.domain.receipt import Receipt
from posapp.domain.settlement import Stamp
from posapp.errors import SetupError, SyncError
from posapp.till.context import Till

if TYPE_CHECKING:
    from posapp.sync.ofd import OfdDocument

PAGES_MAX = 20
"""Ten thousand documents after the try: more than a register makes before anybody asks."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What the OFD has after the try. `answer`: `none` is set up, `silent`, or `asked`; `last` the newest number."""

    answer: str
    documents: tuple[OfdDocument, ...] = field(default=())

    @property
    def last(self) -> int:
        """The newest document, 0 when it has none."""
        return max((each.number for each in self.documents), default=0)

    def facts(self) -> dict[str, object]:
        """For the audit log."""
        return {"ofd": self.answer, "ofd_last": self.last}

    def contradicts_absence(self, receipt: Receipt, foreign: Collection[int]) -> str:
        """Why the receipt cannot be said not to be made, "" when nothing speaks against it.

        A document with its key is it. One of its kind and total that shows no key may be it, until the person says that
        another program made it (`foreign`).
        """
        for each in self.documents:
            stamp = Stamp.parse(each.stamp) if each.stamp else None
            if stamp is not None and stamp.key == receipt.key:
                return f"в ОФД есть ФД {each.number} с ключом этого чека"
            fits = (each.kind, each.total) == (receipt.kind, receipt.total)
            if stamp is None and fits and each.number not in foreign:
                return f"в ОФД есть ФД {each.number} того же вида и на ту же сумму: чужой – назовите его (--foreign)"
        return ""

    def contradicts(self, qr: ReceiptQr, receipt: Receipt) -> str:
        """Why a QR text cannot be that of the receipt, "" when nothing speaks against it."""
        for each in self.documents:
            stamp = Stamp.parse(each.stamp) if each.stamp else None
            if each.number != qr.document_number:
                if stamp is not None and stamp.key == receipt.key:
                    return f"в ОФД ключ этого чека несёт ФД {each.number}"
            elif int(each.sign) != int(qr.document_sign) or (each.kind, each.total) != (qr.kind, qr.total):
                return f"в ОФД у ФД {each.number} другие реквизиты"
            elif stamp is not None and stamp.key != receipt.key:
                return f"в ОФД ФД {each.number} – другой чек: {stamp.key}"
        return ""


def ask(till: Till, storage_number: str, after: int) -> Heard:
    """Everything that the OFD has of a storage after document number `after`."""
    if till.ofd is None:
        return Heard("none")
    try:
        ofd = till.ofd()
    except SetupError:
        return Heard("silent")
    try:
        pages = islice(ofd.documents(storage_number, after + 1), PAGES_MAX)
        return Heard("asked", tuple(each for page in pages for each in page))
    except SyncError:
        return Heard("silent")
    finally:
        ofd.close()
