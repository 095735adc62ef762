"""Reading back what the fiscal storage holds, by `getFnDocument`: documents, their TLV, the marks of receipts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from posapp.devices.atol import results
from posapp.devices.atol.asking import ANSWER_S, Asking
from posapp.devices.atol.refusals import NOT_THERE, UNREACHED, refusal
from posapp.devices.atol.tasks import TaskFailed
from posapp.domain.fiscal import DocumentType, FiscalDocument, FiscalMark
from posapp.domain.settlement import is_key
from posapp.errors import ProtocolError, Refused, Unreachable

KEY_LOOK = 10
"""So many of the last documents are looked at for a key, to see whether the register takes one."""


class Archive:
    """The documents of the device that is asked."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking

    def last_document_number(self) -> int:
        """`getFnStatus`."""
        self._asking.connect()
        (told,) = self._asking.ask("getFnStatus")
        return self._asking.understood(
            lambda: results.number(results.inside(told, "fnStatus").get("fiscalDocumentNumber"))
        )

    def read_document(self, number: int) -> FiscalDocument:
        """One document. Raises Refused `not_found` when there is none."""
        self._asking.connect()
        told = self._told(number)
        return self._asking.understood(lambda: results.document_of(told, number))

    def _told(self, number: int) -> Mapping[str, Any]:
        asking = self._asking
        task = {"type": "getFnDocument", "fiscalDocumentNumber": number, "withRawData": True}
        try:
            return asking.reached(lambda: asking.tasks.perform(task, ANSWER_S))
        except TaskFailed as error:
            if error.code in UNREACHED:
                asking.close()
                raise Unreachable("device_unreachable", port=asking.port_name) from error
            if error.code in NOT_THERE and (number < 1 or number > self.last_document_number()):
                raise Refused("not_found", what=f"ФД {number}") from error
            raise refusal(error.code, error.description) from error

    def documents_after(self, number: int) -> Iterator[FiscalDocument]:
        """Every later document, ascending."""
        for each in range(number + 1, self.last_document_number() + 1):
            yield self.read_document(each)

    def document_tlv(self, number: int) -> bytes:
        """The TLV with its outer tag. Raises Refused `not_found` when the storage no longer has it."""
        found = self.read_document(number)
        if not found.whole:
            raise Refused("not_found", what=f"ФД {number}")
        return found.tlv

    def document_mark(self, number: int) -> FiscalMark:
        """The mark of a receipt from the storage."""
        return self.mark_of(self.read_document(number))

    def mark_of(self, document: FiscalDocument) -> FiscalMark:
        """The mark of a receipt that was read."""
        identity = self._asking.connect()
        if document.shift_number is None or document.receipt_number is None:
            raise ProtocolError(f"ФД {document.number}: нет номера смены или чека")
        return FiscalMark(
            document_number=document.number,
            document_sign=document.sign,
            receipt_number=document.receipt_number,
            shift_number=document.shift_number,
            storage_number=identity.storage_number,
            registration_number=identity.registration_number,
            printed_at=document.at,
        )

    def has_key(self, form: DocumentType) -> bool:
        """Whether the last document of this form shows a key in 1084: then the register takes it now.

        None among the last ones, one of another program, or one that cannot be read: not proven.
        """
        last = self.last_document_number()
        for number in range(last, max(0, last - KEY_LOOK), -1):
            try:
                document = self.read_document(number)
            except (ProtocolError, Refused):
                return False
            if results.is_form_of(document.type, form):
                return bool(document.stamp) and not is_key(document.stamp or "")
        return False
