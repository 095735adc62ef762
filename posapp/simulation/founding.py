"""How a world begins: its portal, its registers, and its tills, set up exactly as the wizard sets them up."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from posapp.domain.vat import VatRate
from posapp.gateway.store import ClaimStore, TillCard, open_store
from posapp.settings import TRAINING, GatewaySettings, PortalSettings, Settings
from posapp.simulation import market
from posapp.simulation.disk import Disk
from posapp.simulation.gateway_line import GatewayLine
from posapp.simulation.plan import REGISTER
from posapp.simulation.portal_line import PortalLine
from posapp.simulation.register import PORT, Register, driver_of
from posapp.simulation.seat import Seat
from posapp.sync.bitrix.check import check_till_driven
from posapp.sync.bitrix.client import BitrixClient
from posapp.sync.governor import CLOUD, Governor
from posapp.sync.simulator.portal import Portal
from posapp.till import setup

if TYPE_CHECKING:
    from posapp.simulation.world import World

FIRST_NUMBER = 10_012_345
FINAL_STATUS = "F"


def portal(world: World) -> Portal:
    """The shop's portal, all tills'."""
    return market.portal_of(world.portal_seed, world.clock.aware)


def claims(world: World) -> ClaimStore | None:
    """What the gateway keeps; a lone till has none."""
    return open_store("sqlite://") if world.plan.tills > 1 else None


def registers(world: World) -> list[Register]:
    """A register for each till, or one for all."""
    count = 1 if world.plan.kind == REGISTER else world.plan.tills
    return [Register(FIRST_NUMBER + number, world.clock) for number in range(count)]


def seats(world: World) -> list[Seat]:
    """The tills, set up and not yet started."""
    return [_seat(world, index) for index in range(world.plan.tills)]


def _seat(world: World, index: int) -> Seat:
    name = str(index + 1)
    register = world.registers[min(index, len(world.registers) - 1)]
    webhook = market.webhook_of(world.portal)
    line = PortalLine(world.portal, world.clock, name, world.ledger.look)
    settings = _settings(world, register, line, webhook, name)
    gateway = None
    if world.claims is not None:
        card = TillCard(market.HOST, settings.identity, name)
        gateway = GatewayLine(world.claims, card, world.clock, lambda: world.clock.aware)
        settings = settings.with_(gateway=GatewaySettings("https://gateway.simulation"))
    return Seat(
        name=name,
        index=index,
        folder=_folder(world.folder / f"till-{name}"),
        clock=world.clock,
        register=register,
        line=line,
        webhook=webhook,
        settings=settings,
        new_id=world.new_id,
        disk=Disk(world.fired),
        gateway=gateway,
    )


def _folder(path: Path) -> Path:
    path.mkdir(parents=True)
    return path


def _settings(world: World, register: Register, line: PortalLine, webhook: str, name: str) -> Settings:
    """What the wizard would have saved: each part is probed where it stands."""
    printer = driver_of(register)
    found = setup.with_printer(
        Settings(TRAINING, str(UUID(int=int(name))), till=name),
        setup.probe(printer),
        model="shtrih",
        port=PORT,
        link="v1",
        password=30,
    )
    client = BitrixClient(webhook, line, Governor(world.clock.seconds, world.clock.advance, CLOUD))
    check = check_till_driven(client, FINAL_STATUS)
    portal_settings = PortalSettings(check.portal, "till-driven", FINAL_STATUS, check.is_simulated)
    found = setup.with_portal(found, portal_settings, check.vat_rows)
    today = world.clock.now.date()
    proposed: dict[int, VatRate] = {
        line.row.row_id: line.proposed for line in setup.vat_lines(found, today) if line.proposed is not None
    }
    return setup.with_vat(found, proposed, today, world.clock.aware.isoformat())
