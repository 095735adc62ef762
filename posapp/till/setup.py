"""What the wizard does, without a screen: each step tests what it saves, and saves only what was proven."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from uuid import UUID

from posapp import settings as settings_file
from posapp.devices.base import FiscalPrinter, PrinterProfile
from posapp.devices.usb_identity import Foreign, UsbIdentity
from posapp.domain.fiscal import ReceiptKind
from posapp.domain.receipt import TaxSystem
from posapp.domain.vat import DELIVERY_ROW, PortalVatRow, VatRate, is_lawful_under, is_plausible, propose
from posapp.errors import SetupError, UsageError
from posapp.settings import LIVE, TRAINING, PortalSettings, PrinterSettings, Settings, TellSettings, VatSettings

USER_REQUISITE = "1084"
"""Where the key is offered as long as set-up could not prove where the register takes it."""


DEFAULT_BAUD = 115_200


@dataclass(frozen=True, slots=True)
class VatLine:
    """A row of the portal's VAT table with what is confirmed and what is proposed (tag 1199)."""

    row: PortalVatRow
    confirmed: VatRate | None
    proposed: VatRate | None


def begin(folder: Path, *, training: bool, identity: UUID) -> Settings:
    """The settings of the directory, or new ones; `training` counts for the first set-up step only.

    Raises SetupError `training_mismatch` when a live directory is asked to become a training one.
    """
    found = settings_file.load(folder)
    if found is None:
        return Settings(kind=TRAINING if training else LIVE, identity=str(identity))
    if training and not found.is_training:
        raise SetupError("training_mismatch", what="Этот каталог данных настоящий, учебным он не станет.")
    return found


def with_printer(
    settings: Settings,
    profile: PrinterProfile,
    *,
    model: str,
    port: str,
    link: str,
    password: int,
    only_program: bool = False,
    baud: int = DEFAULT_BAUD,
    usb: UsbIdentity | None = None,
    library: str = "",
) -> Settings:
    """Settings with a register that was just probed. A live directory refuses a simulated one and the reverse.

    A register that takes our key in no tag is kept only when the shop confirms that no other program prints there
    (`only_program`, rule 2); said once, it holds for that register. `usb`: who USB says is at the port.
    `library`: the vendor's driver, where a person has named it. Raises SetupError `training_mismatch`, `no_key`.
    """
    if profile.identity.is_simulated and not settings.is_training:
        raise SetupError(
            "training_mismatch",
            what=f"{profile.identity} – учебная (ФН 9999…), а каталог данных настоящий. Касса не сохранена.",
        )
    if not profile.identity.is_simulated and settings.is_training:
        raise SetupError(
            "training_mismatch",
            what=f"{profile.identity} – настоящая, а каталог данных учебный. Касса не сохранена.",
        )
    tags, before = profile.key_tags, settings.printer
    if before is not None and before.factory_number == profile.identity.factory_number:
        only_program = only_program or before.only_program
    if "" in tags.values() and not only_program:
        raise SetupError("no_key", device=profile.identity)
    printer = PrinterSettings(
        model=model,
        port=port,
        link=link,
        password=password,
        name=profile.model,
        ffd=profile.ffd,
        factory_number=profile.identity.factory_number,
        registration_number=profile.identity.registration_number,
        storage_number=profile.identity.storage_number,
        tax_systems=tuple(each.value for each in profile.tax_systems),
        takes_key=bool(tags) and "" not in tags.values(),
        vat_formula=profile.vat_formula,
        user=profile.user,
        inn=profile.registration.inn,
        address=profile.registration.address,
        place=profile.registration.place,
        fns_site=profile.registration.fns_site,
        sender=profile.registration.sender,
        width=profile.width,
        key_tag=tags.get(ReceiptKind.SELL, USER_REQUISITE),
        refund_key_tag=tags.get(ReceiptKind.SELL_REFUND, USER_REQUISITE),
        correction_key_tag=USER_REQUISITE if profile.correction_key_tag is None else profile.correction_key_tag,
        only_program=only_program,
        baud=baud,
        usb_vid=usb.vid if usb else 0,
        usb_pid=usb.pid if usb else 0,
        usb_serial=usb.serial if usb else "",
        library=library,
    )
    return settings.with_(printer=printer)


def other_devices(settings: Settings) -> dict[str, Foreign]:
    """The ports at which this till has something else than its register: whoever looks for it leaves them alone."""
    others = {settings.scanner.port: Foreign.SCANNER}
    if settings.terminal is not None:
        others[settings.terminal.port] = Foreign.CARD_TERMINAL
    return {port: kind for port, kind in others.items() if port}


def with_place(settings: Settings, port: str, baud: int, usb: UsbIdentity | None) -> Settings:
    """Settings with the same register at another place; nothing else of it changes."""
    if settings.printer is None:
        return settings
    vid, pid, serial = (usb.vid, usb.pid, usb.serial) if usb else (0, 0, "")
    moved = replace(settings.printer, port=port, baud=baud, usb_vid=vid, usb_pid=pid, usb_serial=serial)
    return settings.with_(printer=moved)


def probe(printer: FiscalPrinter) -> PrinterProfile:
    """Looks at a register without making a document, and lets it go."""
    try:
        return printer.probe()
    finally:
        printer.close()


def with_portal(settings: Settings, portal: PortalSettings, rows: Mapping[int, PortalVatRow]) -> Settings:
    """Settings with a portal that was just checked. Training refuses a real portal, live the simulated one."""
    if settings.is_training and not portal.is_simulated:
        raise SetupError("training_mismatch", what="Портал настоящий, а каталог данных учебный. Портал не сохранён.")
    if not settings.is_training and portal.is_simulated:
        raise SetupError("training_mismatch", what="Портал учебный, а каталог данных настоящий. Портал не сохранён.")
    changed = settings.with_(portal=portal, vat=with_rows(settings.vat, rows))
    is_another = settings.portal is not None and settings.portal.portal != portal.portal
    # What was proven of the former portal's stores, statuses and properties says nothing of another one.
    return changed.with_(stock=None, tell=TellSettings()) if is_another else changed


def with_rows(vat: VatSettings, rows: Mapping[int, PortalVatRow]) -> VatSettings:
    """The VAT settings with the portal's rows as just read; what is confirmed stays and is checked at each sale."""
    plain = {row.row_id: (row.name, None if row.percent is None else f"{row.percent:f}") for row in rows.values()}
    return VatSettings(confirmed=vat.confirmed, rows=plain, confirmed_at=vat.confirmed_at)


def vat_lines(settings: Settings, day: date) -> list[VatLine]:
    """The table that a person confirms, deliveries (row 0) last."""
    from posapp.till.context import vat_table

    table = vat_table(settings.vat.rows, settings.vat.confirmed)
    lines = [
        VatLine(row, table.confirmed.get(row.row_id), _proposed(settings, row, day)) for row in table.rows.values()
    ]
    delivery = PortalVatRow(DELIVERY_ROW, "Доставка", None)
    lines.append(VatLine(delivery, table.confirmed.get(DELIVERY_ROW), _delivery(settings, lines)))
    return lines


def _proposed(settings: Settings, row: PortalVatRow, day: date) -> VatRate | None:
    """What the row says, unless the shop's tax system knows no such rate."""
    rate = propose(row, day)
    return rate if rate is not None and _fits_system(settings, rate) else None


def _fits_system(settings: Settings, rate: VatRate) -> bool:
    """Whether a tax system of the register allows the rate; without a register nothing is known against it."""
    systems = settings.printer.tax_systems if settings.printer else ()
    return not systems or any(is_lawful_under(rate, TaxSystem(each)) for each in systems)


def _delivery(settings: Settings, lines: list[VatLine]) -> VatRate | None:
    """The portal has no VAT row for delivery: a payer of VAT owes the general rate, others what their goods carry."""
    systems = settings.printer.tax_systems if settings.printer else ()
    proposed = [line.proposed for line in lines if line.proposed is not None]
    if not systems:
        return None
    if systems[0] == TaxSystem.OSN and VatRate.VAT_22 in proposed:
        return VatRate.VAT_22
    reduced = [rate for rate in proposed if rate in (VatRate.VAT_5, VatRate.VAT_7)]
    if systems[0] == TaxSystem.OSN or len(reduced) > 1:
        return None
    return reduced[0] if reduced else VatRate.NONE


def with_vat(settings: Settings, mapping: Mapping[int, VatRate], day: date, at: str) -> Settings:
    """Settings with confirmed rates. Raises UsageError for an unknown row, SetupError for an implausible rate."""
    lines = {line.row.row_id: line for line in vat_lines(settings, day)}
    for row_id, rate in mapping.items():
        line = lines.get(row_id)
        if line is None:
            raise UsageError("usage", what=f"строки НДС {row_id} на портале нет")
        if not _fits_system(settings, rate):
            registered = settings.printer.tax_systems if settings.printer else ()
            systems = ", ".join(TaxSystem(each).name for each in registered)
            raise SetupError("vat_against_tax_system", line=line.row.name, rate=rate.title, system=systems)
        if row_id != DELIVERY_ROW and not is_plausible(line.row, rate, day):
            raise SetupError("vat_unmapped", line=line.row.name, row=f"{rate.title} не подходит к строке {row_id}")
    confirmed = {**settings.vat.confirmed, **{row_id: rate.value for row_id, rate in mapping.items()}}
    return settings.with_(vat=VatSettings(confirmed=confirmed, rows=settings.vat.rows, confirmed_at=at))
