"""A till without a gateway is alone on its portal – and this notices when it is not (rule 1).

Set-up cannot see a second till, but the portal shows what other tills have printed: the mark of a receipt in a payment
names the receipt's key and the fiscal storage. A key that this journal never made, in a storage that is not our
register's, is another till's. From then on nothing new is sold here without a gateway, until a person says that the
other till is no more. A key in our own register's storage is left to rule 11, which reads that storage itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from posapp.domain.order import Order
from posapp.errors import SetupError
from posapp.till import audit
from posapp.till.context import Till

if TYPE_CHECKING:
    from posapp.sync.bitrix.marks import PortalMark


def watch_marks(till: Till, marks: Iterable[PortalMark]) -> None:
    """Looks at the receipts that pulled orders carry. Raises SetupError `gateway_needed`; the till remembers it."""
    if till.settings.gateway is not None:
        return
    since = _alone_since(till)
    own_storage = till.settings.printer.storage_number if till.settings.printer else ""
    for mark in marks:
        is_new = since is None or mark.printed_at is None or mark.printed_at > since
        if is_new and mark.storage_number != own_storage and till.journal.receipt(mark.key) is None:
            what = f"заказ {mark.order_number}, ФД {mark.document_number}, ФН {mark.storage_number}"
            till.journal.set_fact(_other(till), what)
            raise SetupError("gateway_needed", what=what)


def refuse_beside_another(till: Till, order: Order, override: str = "") -> None:
    """Raises SetupError `gateway_needed` once another till was seen, unless a manager answers for this sale."""
    what = till.journal.get_fact(_other(till))
    if not what:
        return
    if not override:
        raise SetupError("gateway_needed", what=what)
    till.journal.note(audit.decided(till, "claim.overridden", order.number, override, beside=what))


def is_beside_another(till: Till) -> bool:
    """Several tills work on the portal: there is a gateway, or another till's receipts were seen."""
    if till.settings.gateway is not None:
        return True
    return till.settings.portal is not None and bool(till.journal.get_fact(_other(till)))


def confirm_alone(till: Till, why: str) -> None:
    """A person says that this till is the only one on its portal: what others have printed so far is the past."""
    what = till.journal.get_fact(_other(till)) or ""
    till.journal.note(audit.decided(till, "till.alone", till.portal, why, seen=what))
    till.journal.set_fact(_since(till), till.now().replace(tzinfo=None, microsecond=0).isoformat())
    till.journal.set_fact(_other(till), "")


def _alone_since(till: Till) -> datetime | None:
    """Local time without a zone, as registers print it."""
    text = till.journal.get_fact(_since(till))
    return datetime.fromisoformat(text) if text else None


def _other(till: Till) -> str:
    return f"other_till:{till.portal}"


def _since(till: Till) -> str:
    return f"alone_since:{till.portal}"
