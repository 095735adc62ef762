"""What every use case is given: one frozen bundle, made by the composition root, replaced whole in tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from posapp.devices.base import CardTerminal, FiscalPrinter, Scanner
from posapp.domain.checkout import Seller, VatTable
from posapp.domain.fiscal import DeviceIdentity
from posapp.domain.money import Money, decimal_of
from posapp.domain.partial import FeePolicy, FeeRule
from posapp.domain.receipt import TaxSystem
from posapp.domain.scans import ScanRules
from posapp.domain.vat import PortalVatRow, VatRate
from posapp.errors import SetupError
from posapp.settings import PrinterSettings, Settings

if TYPE_CHECKING:  # importing them costs a quarter of a second, which the first paint must not pay
    from posapp.devices.marking import HostBook, MarkingCheck
    from posapp.journal.store import Journal
    from posapp.sync.bitrix.client import BitrixClient
    from posapp.sync.ofd import Ofd
    from posapp.till.claims import ClaimDesk
    from posapp.till.place import Place


@dataclass(frozen=True, slots=True)
class Till:
    """This program on this computer. `now` gives aware local time; ids and clock come from outside for tests' sake.

    `client` makes the portal's client (it raises SetupError when there is no key); it is asked for only when needed,
    so that a till without a network or a key still sells. `person` is who works with this process, "" when nobody said.
    `ofd` makes the OFD's adapter anew for each reconciliation (SetupError without a key); None where none is set up.
    `claims` makes the gateway's desk (SetupError without a secret); used only where settings name a gateway.
    `place` is where this data directory lives now; None for a journal that lives nowhere in particular.
    `marking` makes the adapter of the marking system, given what is known of its hosts (SetupError without a key); None
    where nobody is asked. `terminal` is the card terminal that settings name, one that is not connected included,
    `scanner` one at a port of its own.
    """

    settings: Settings
    journal: Journal
    now: Callable[[], datetime]
    new_id: Callable[[], UUID]
    device: FiscalPrinter | None = None
    client: Callable[[], BitrixClient] | None = None
    jitter: Callable[[], float] = lambda: 0.0
    person: str = ""
    ofd: Callable[[], Ofd] | None = None
    claims: Callable[[], ClaimDesk] | None = None
    place: Place | None = None
    marking: Callable[[HostBook], MarkingCheck] | None = None
    terminal: CardTerminal | None = None
    scanner: Scanner | None = None

    @property
    def who(self) -> str:
        """Who decides here, for the audit log: the person who named himself, else the cashier of the settings."""
        return self.person or self.settings.cashier

    @property
    def printer(self) -> FiscalPrinter:
        """The register. Raises SetupError when none is set up."""
        if self.device is None:
            raise SetupError("not_set_up", what="не указана ККТ", command="printer")
        return self.device

    @property
    def printer_settings(self) -> PrinterSettings:
        """What set-up learned about the register."""
        if self.settings.printer is None:
            raise SetupError("not_set_up", what="не указана ККТ", command="printer")
        return self.settings.printer

    @property
    def portal(self) -> str:
        """The key of the portal in the journal. Raises SetupError when none is set up."""
        if self.settings.portal is None:
            raise SetupError("not_set_up", what="не указан портал Битрикс", command="portal")
        return self.settings.portal.portal

    @property
    def identity(self) -> DeviceIdentity:
        """The register and storage that were set up; any other is refused."""
        printer = self.printer_settings
        return DeviceIdentity(printer.factory_number, printer.registration_number, printer.storage_number)

    @property
    def seller(self) -> Seller:
        """What the till adds to each receipt."""
        systems = tuple(TaxSystem(each) for each in self.printer_settings.tax_systems)
        sales = self.settings.sales
        return Seller(
            till=self.settings.till,
            cashier=self.settings.cashier,
            tax_system=systems[0] if systems else TaxSystem.OSN,
            is_training=self.settings.is_training,
            tax_systems=systems,
            cashier_inn=sales.cashier_inn,
            place=sales.place,
            is_mobile=sales.is_mobile,
        )

    @property
    def fee_policy(self) -> FeePolicy:
        """What the delivery costs when a part of an order is refused."""
        sales = self.settings.sales
        return FeePolicy(FeeRule(sales.fee_rule), Money(sales.fee_free_from_kopecks), Money(sales.fee_kopecks))

    @property
    def scan_rules(self) -> ScanRules:
        """How a scan is told from fingers and noise."""
        chosen = self.settings.scanner
        return ScanRules(chosen.prefix, chosen.suffix, chosen.gap_ms, chosen.length_min)

    @property
    def vat(self) -> VatTable:
        """The confirmed VAT mapping."""
        return vat_table(self.settings.vat.rows, self.settings.vat.confirmed)


def vat_table(rows: Mapping[int, tuple[str, str | None]], confirmed: Mapping[int, int]) -> VatTable:
    """The mapping as the domain wants it, from the plain values of the settings."""
    return VatTable(
        rows={
            row_id: PortalVatRow(row_id, name, None if percent is None else decimal_of(percent))
            for row_id, (name, percent) in rows.items()
        },
        confirmed={row_id: VatRate(code) for row_id, code in confirmed.items()},
    )
