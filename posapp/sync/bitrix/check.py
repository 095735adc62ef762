"""What set-up proves about a portal before a till may work with it, in each mode (rule 14).

The connection and the rights, that no pay system of orders prints receipts by itself, that the VAT table can be read,
and that the status which orders get at the end exists: Bitrix stores any two letters without a word.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from posapp.domain.vat import PortalVatRow
from posapp.errors import Rejected, SetupError
from posapp.sync.bitrix.client import BitrixClient
from posapp.sync.bitrix.mapping import PaySystem
from posapp.sync.bitrix.orders import read_furniture
from posapp.sync.bitrix.parsing import as_object, as_text


@dataclass(frozen=True, slots=True)
class PortalCheck:
    """What the portal showed. `user` is whose webhook it is, `statuses` maps order statuses to their names."""

    portal: str
    user: str
    is_simulated: bool
    statuses: Mapping[str, str]
    vat_rows: Mapping[int, PortalVatRow]
    pay_systems: Mapping[int, PaySystem]


def check_till_driven(client: BitrixClient, final_status: str = "F") -> PortalCheck:
    """Prove that the portal fits till-driven mode.

    Raises:
        Offline: the portal was not reached; nothing is known.
        Rejected: `access`, also when orders may not be read; `portal_no_paysystems` without the scope `pay_system`;
            `portal_prints`, naming the first active pay system of orders that prints receipts or does not say whether
            it does.
        SetupError: the final status does not exist on the portal.
    """
    return _checked(client, final_status, refuse_printing)


def check_portal_driven(client: BitrixClient, final_status: str = "F") -> PortalCheck:
    """Prove that the portal fits portal-driven mode: as `check_till_driven`, but some pay system of orders prints.

    Orders of the other pay systems are receipted by the till. Raises besides SetupError `nobody_prints`.
    """
    return _checked(client, final_status, require_printing)


def _checked(client: BitrixClient, final_status: str, judge: Callable[[Collection[PaySystem]], None]) -> PortalCheck:
    profile = as_object(client.call("profile"))
    furniture = read_furniture(client)
    judge(furniture.pay_systems.values())
    client.call("sale.order.list", {"select": ["id"], "order": {"id": "DESC"}, "start": -1})
    if final_status not in furniture.statuses:
        known = ", ".join(sorted(furniture.statuses)) or "ни одного не видно"
        raise SetupError(
            "not_set_up", what=f"на портале нет статуса «{final_status}» (есть: {known})", command="portal"
        )
    names = (as_text(profile.get(name)) for name in ("NAME", "LAST_NAME"))
    return PortalCheck(
        portal=client.portal,
        user=" ".join(filter(None, names)),
        is_simulated=bool(client.is_simulator),
        statuses=furniture.statuses,
        vat_rows=furniture.vat_rows,
        pay_systems=furniture.pay_systems,
    )


def check_receipts_field(client: BitrixClient, name: str) -> None:
    """Prove as far as set-up may that the list of receipts can stand in this field of a payment (rule 15).

    The portal's own description says whether the field is there and may be written. That it keeps what is written is
    proven at every write by its answer: set-up writes to no customer's order. Raises Offline, Rejected, SetupError.
    """
    described = as_object(as_object(client.call("sale.payment.getfields")).get("payment"))
    field = as_object(described.get(name))
    if as_text(field.get("type")) not in ("string", "text") or field.get("isReadOnly") is True:
        what = f"в оплатах портала нет поля «{name}», в которое можно писать чеки"
        raise SetupError("not_set_up", what=what, command="portal")


def refuse_printing(systems: Iterable[PaySystem]) -> None:
    """Raises Rejected `portal_prints` for an active pay system of orders that does not surely leave printing to us."""
    for system in systems:
        if system.is_active and system.is_for_orders and system.prints is not False:
            raise Rejected("portal_prints", system=system.name)


def require_printing(systems: Collection[PaySystem]) -> None:
    """Raises SetupError `nobody_prints` unless some active pay system of orders surely prints receipts.

    Rejected `portal_prints` where one does not say whether it does: its orders would be nobody's.
    """
    found = [each for each in systems if each.is_active and each.is_for_orders]
    for system in found:
        if system.prints is None:
            raise Rejected("portal_prints", system=system.name)
    if not any(each.prints for each in found):
        raise SetupError("nobody_prints", what=", ".join(each.name for each in found) or "их нет")
