"""Documents of the storage as ours: what FF0A and the TLV say of one. Pure: values in, values out."""

from __future__ import annotations

from posapp.devices.shtrih import commands as c
from posapp.domain import ffd
from posapp.domain.fiscal import DocumentType, FiscalDocument, ReceiptKind
from posapp.domain.money import Money
from posapp.domain.settlement import KEY_PROPERTY, is_key
from posapp.errors import ProtocolError

SETTLEMENTS = frozenset((DocumentType.RECEIPT, DocumentType.BSO, DocumentType.CORRECTION, DocumentType.BSO_CORRECTION))

_FORMS = {
    DocumentType.RECEIPT: (DocumentType.RECEIPT, DocumentType.BSO),
    DocumentType.CORRECTION: (DocumentType.CORRECTION, DocumentType.BSO_CORRECTION),
}


def is_form_of(form: int, asked: DocumentType) -> bool:
    """Whether a document of this form can be the receipt or correction that was asked for.

    A register that is registered for strict forms (БСО) makes them in place of receipts.
    """
    return form in _FORMS.get(asked, (asked,))


def document_of(found: c.FindDocumentReply, tlv: bytes | None) -> FiscalDocument:
    """What FF0A and, where it could be read whole, the TLV say about a document.

    A TLV that contradicts FF0A is not believed: between our FF3A and FF3B another program may have asked for another
    document, whose tags we then read.
    """
    entries = _entries(found, tlv)
    whole = bool(entries)
    settles = found.document_type in SETTLEMENTS
    if found.printed_at is None:
        raise ProtocolError("FF0A without a time")
    try:
        kind = ReceiptKind(found.kind) if settles and found.kind else None
    except ValueError as error:
        raise ProtocolError(f"kind {found.kind}") from error
    return FiscalDocument(
        number=found.document_number,
        type=found.document_type,
        sign=str(found.document_sign),
        at=found.printed_at,
        kind=kind,
        total=Money(found.total_kopecks) if settles and found.total_kopecks is not None else None,
        shift_number=_number(entries, 1038) or found.shift_number,
        receipt_number=_number(entries, 1042),
        stamp=_stamp(entries),
        whole=whole,
        tlv=tlv if whole and tlv is not None else b"",
    )


def _entries(found: c.FindDocumentReply, tlv: bytes | None) -> tuple[ffd.Entry, ...]:
    """The tags of the document, none when they could not be read whole or are another document's."""
    if tlv is None or int.from_bytes(tlv[:2], "little") != found.document_type:
        return ()
    try:
        entries = ffd.decode(tlv[4:])
    except ffd.BadTlv:
        return ()
    known = (
        (1040, found.document_number),
        (1077, found.document_sign),
        (1054, found.kind),
        (1020, found.total_kopecks),
    )
    for tag, value in known:
        entry = ffd.find(entries, tag)
        if entry is not None and value is not None and entry.value != value:
            return ()
    return entries


def _stamp(entries: tuple[ffd.Entry, ...]) -> str | None:
    """What carries our key: 1086 under our name, else 1192 where that has the form of a key."""
    name, value = ffd.find(entries, 1084, 1085), ffd.find(entries, 1084, 1086)
    if name is not None and value is not None and name.value == KEY_PROPERTY and isinstance(value.value, str):
        return value.value
    bare = ffd.find(entries, 1192)
    text = bare.value.strip() if bare is not None and isinstance(bare.value, str) else ""
    return text if is_key(text) else None


def _number(entries: tuple[ffd.Entry, ...], tag: int) -> int | None:
    found = ffd.find(entries, tag)
    return found.value if found is not None and isinstance(found.value, int) else None
