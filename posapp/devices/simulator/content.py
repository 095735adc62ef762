"""What a receipt or a correction of a simulated register says: its own tags, in the order of the format's table.

The head and the sign, which all documents share, are put around it by `FiscalStorage.add`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from posapp.devices.base import Ffd
from posapp.devices.simulator.checks import CHECKED, GENUINE, STATUS_CHECKED, STATUS_RIGHT
from posapp.devices.simulator.documents import SENDER
from posapp.devices.simulator.receipt import KIND_TAG, Item, OpenReceipt, clipped, vat_tlv
from posapp.devices.simulator.rules import BAD_PARAMETER, Refuse
from posapp.domain import ffd

if TYPE_CHECKING:
    from posapp.devices.simulator.printer import Printer

Tags = list[tuple[int, ffd.Value]]
TENDERS = (1031, 1081, 1215, 1216, 1217)


def tax_system_of(printer: Printer, wanted: int) -> int:
    """Tag 1055: one of the registered systems; 0 means the first of them."""
    registered = printer.identity.tax_systems
    if wanted == 0:
        return registered & -registered
    if wanted & (wanted - 1) or not wanted & registered:
        raise Refuse(BAD_PARAMETER)
    return wanted


def cashier(printer: Printer, operator: int) -> str:
    """Tag 1021 when the host sends none: the name of the operator in table 2."""
    return clipped(str(printer.tables.get(2, operator, 2)), 64)


def receipt_content(
    printer: Printer,
    receipt: OpenReceipt,
    total: int,
    tenders: tuple[int, ...],
    system: int,
    given_taxes: tuple[int, ...] | None,
) -> bytes:
    """The receipt's own tags; of a correction of FFD 1.2 too, which has its items like any receipt."""
    version, sent = printer.storage.version, receipt.tags
    by_turnover = bool(printer.tables.number(17, 1, 40))
    head = beginning(printer, KIND_TAG[receipt.kind], total)
    if 1021 not in sent:
        head.append((1021, cashier(printer, receipt.operator)))
    marked = [item for item in receipt.items if item.marking is not None]
    if version is Ffd.V1_2 and marked:
        head.append((2107, checks_of(marked)))
    return b"".join(
        (
            ffd.encode_all(head),
            *receipt.extra,
            *(item.tlv(version) for item in receipt.items),
            ffd.encode_all(zip(TENDERS, tenders, strict=True)),
            vat_tlv(receipt.items, by_turnover, given_taxes),
            ffd.encode_all(ending(printer, sent, system)),
        )
    )


def beginning(printer: Printer, kind: int, total: int) -> Tags:
    """Shift, number in the shift, kind and total; in FFD 1.2 the factory number before them."""
    shift = printer.storage.shift
    head: Tags = [(1013, printer.identity.factory_number)] if printer.storage.version is Ffd.V1_2 else []
    return [*head, (1038, shift.number), (1042, shift.receipts + 1), (1054, kind), (1020, total)]


def ending(printer: Printer, sent: set[int], system: int) -> Tags:
    """Who, where and under which tax system; what the host has sent stands already.

    A receipt that goes to the buyer's phone or mailbox (1008) says from which address (1117).
    """
    tail: Tags = [(1048, printer.identity.user)]
    tail += [
        (tag, text)
        for tag, text in ((1009, printer.identity.address), (1187, printer.identity.place))
        if tag not in sent
    ]
    tail += [(1055, system), (1060, "www.nalog.gov.ru")]
    return [*tail, (1117, SENDER)] if 1008 in sent and 1117 not in sent else tail


def checks_of(marked: list[Item]) -> int:
    """Tag 2107: bit 0 some code was not checked, bit 1 some check was negative; 0 all is well (real receipts agree)."""
    unchecked = any(item.check_result & (CHECKED | STATUS_CHECKED) != CHECKED | STATUS_CHECKED for item in marked)
    negative = any(_is_negative(item.check_result) for item in marked)
    return int(unchecked) | int(negative) << 1


def _is_negative(result: int) -> bool:
    is_false = bool(result & CHECKED) and not result & GENUINE
    return is_false or (bool(result & STATUS_CHECKED) and not result & STATUS_RIGHT)
