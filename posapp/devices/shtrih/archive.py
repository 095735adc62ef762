"""Reading back what the fiscal storage holds: documents by number, their TLV, the marks of receipts.

FF0A looks up every document for ever; its TLV (FF3A, then FF3B piece by piece) only until the storage has handed it to
the archive. What could not be read whole is said so: it proves less.
"""

from __future__ import annotations

from collections.abc import Iterator

from posapp.devices.shtrih import commands as c
from posapp.devices.shtrih import documents
from posapp.devices.shtrih.refusals import NO_SUCH_DATA, refusal
from posapp.devices.shtrih.session import UNFINISHED_READS_MAX, Session
from posapp.domain.fiscal import DocumentType, FiscalDocument, FiscalMark
from posapp.errors import OutcomeUnknown, ProtocolError, Refused, Unreachable


class Archive:
    """The documents of the register that a session speaks with."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def read_document(self, number: int) -> FiscalDocument:
        """FF0A, and FF3A/FF3B where the TLV is still in the storage."""
        self._session.connect()
        found = self.find(number)
        try:
            tlv = self.document_tlv(number)
        except Refused:
            tlv = None
        return documents.document_of(found, tlv)

    def documents_after(self, number: int) -> Iterator[FiscalDocument]:
        """Every later document, ascending."""
        for each in range(number + 1, self.last_document_number() + 1):
            yield self.read_document(each)

    def last_document_number(self) -> int:
        """FF01."""
        self._session.connect()
        return self._session.ask(c.StorageStatus(self._session.password)).last_document_number

    def document_mark(self, number: int) -> FiscalMark:
        """The mark from the storage; shift and receipt number come from the TLV, or are counted where it is gone."""
        identity = self._session.connect()
        document = self.read_document(number)
        shift_number, receipt_number = document.shift_number, document.receipt_number
        if shift_number is None or receipt_number is None:
            shift_number, receipt_number = self._place_in_shift(number)
        return FiscalMark(
            document_number=number,
            document_sign=document.sign,
            receipt_number=receipt_number,
            shift_number=shift_number,
            storage_number=identity.storage_number,
            registration_number=identity.registration_number,
            printed_at=document.at,
        )

    def _place_in_shift(self, number: int) -> tuple[int, int]:
        """Shift (1038) and number in it (1042) of a receipt: FF0A back to the report that opened the shift.

        The storage looks up every document for ever, with its TLV or without.
        """
        receipt_number = 1
        for earlier in range(number - 1, 0, -1):
            found = self.find(earlier)
            if found.document_type == DocumentType.SHIFT_OPEN and found.shift_number is not None:
                return found.shift_number, receipt_number
            receipt_number += found.document_type in documents.SETTLEMENTS
        raise Refused("not_found", what=f"смена ФД {number}")

    def document_tlv(self, number: int) -> bytes:
        """FF3A, then FF3B until 08h; with the outer tag in front."""
        self._session.connect()
        head = self._session.answer(c.RequestDocument(self._session.password, number))
        if isinstance(head, c.ErrorReply):
            self._session.finish_reading()  # an earlier FF3A whose answer was lost may have left the register reading
            raise _no_document(number) if head.error == NO_SUCH_DATA else refusal(head.error)
        body = self._pieces()
        if len(body) != head.length:
            self._session.finish_reading()
            raise Refused("not_found", what=f"ФД {number} целиком")
        return head.document_type.to_bytes(2, "little") + head.length.to_bytes(2, "little") + body

    def _pieces(self) -> bytes:
        """Every FF3B. Each hands out the *next* piece: asked again after a lost answer it would skip one."""
        parts: list[bytes] = []
        for _ in range(UNFINISHED_READS_MAX):
            try:
                reply = self._session.answer(c.ReadDocument(self._session.password), repeats=False)
            except OutcomeUnknown as error:
                raise Unreachable("device_unreachable", port=self._session.port_name) from error
            if isinstance(reply, c.ErrorReply):
                break
            parts.append(reply.tlv)
        return b"".join(parts)

    def find(self, number: int) -> c.FindDocumentReply:
        found = self._session.answer(c.FindDocument(self._session.password, number))
        if isinstance(found, c.ErrorReply):
            raise _no_document(number) if found.error == NO_SUCH_DATA else refusal(found.error)
        if found.document_number != number or found.printed_at is None:
            raise ProtocolError(f"FF0A({number}) → {found.document_number}")
        return found


def _no_document(number: int) -> Refused:
    return Refused("not_found", what=f"ФД {number}")
