"""Carrying a register's messages to its OFD, where the register leaves that to its host. Never in the way of a sale.

The register is worked on portion by portion on its own lane, and only while nobody else wants it; the OFD is spoken to
aside. While the outcome of anything is not known nothing is carried: recovery listens to what the register says of its
last command, and a message would be the last command.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from posapp.devices.base import CarriesOfd, OfdAddress, OfdPump, OfdTurn
from posapp.domain.settlement import State
from posapp.errors import Offline
from posapp.till import register
from posapp.till.context import Till
from posapp.till.readings import Here, Where

Exchange = Callable[[OfdAddress, bytes, str], bytes]
"""Gives a message of a storage to the OFD at an address; its answer. Raises Offline `ofd_away`."""
ROUNDS_MAX = 10_000


@dataclass(frozen=True, slots=True)
class Carried:
    """How many messages the storage has had answered; `is_needed`: whether the register leaves them to its host at
    all; `trouble`: why it ended before nothing waited any more."""

    sent: int
    is_needed: bool
    trouble: Offline | None = None


def pump_of(till: Till) -> OfdPump | None:
    """The pump of the till's register, where its driver has one."""
    return till.device.ofd_pump() if isinstance(till.device, CarriesOfd) else None


def is_needed(till: Till) -> bool:
    """Whether the register leaves its messages to the host. Raises DeviceError; only the till's own register counts."""
    pump = pump_of(till)
    if pump is None:
        return False
    register.refuse_other_device(till)
    return pump.address() is not None


def carry(
    till: Till, exchange: Exchange, where: Where | None = None, may_go_on: Callable[[], bool] = lambda: True
) -> Carried:
    """Carries until nothing waits, somebody else wants the register (`may_go_on`), or the OFD is away.

    `where`: on which lanes the portions run. Raises DeviceError when the register does not answer.
    """
    lanes = where or Here()
    if not lanes.device(lambda: is_needed(till)):
        return Carried(0, is_needed=False)
    sent = 0
    for _ in range(ROUNDS_MAX):
        if not may_go_on():
            break
        turn = lanes.device(lambda: _portion(till))
        if turn is OfdTurn.SENT:
            sent += 1
        elif turn is OfdTurn.SEND:
            trouble = _give(till, exchange, lanes)
            if trouble is not None:
                return Carried(sent, True, trouble)
        elif turn is OfdTurn.REJECTED:
            return Carried(sent, True, Offline("ofd_away", address="–", reason="накопитель не принял ответ"))
        elif turn is OfdTurn.NOTHING:
            break
    return Carried(sent, is_needed=True)


def _portion(till: Till) -> OfdTurn:
    pump = pump_of(till)
    if pump is None or till.journal.receipts_in(State.SENDING) or till.journal.operations_sending():
        return OfdTurn.NOTHING
    return pump.step()


def _give(till: Till, exchange: Exchange, lanes: Where) -> Offline | None:
    """The message to the OFD, its answer to the pump; not on the register's lane."""
    pump = pump_of(till)
    address = None if pump is None else lanes.device(pump.address)
    if pump is None or address is None:
        return None
    message = pump.message
    try:
        answer = exchange(address, message, till.identity.storage_number)
    except Offline as error:
        lanes.device(pump.give_up)
        return error
    if not lanes.device(lambda: pump.answered(answer)):
        return Offline("ofd_away", address=f"{address.host}:{address.port}", reason="это не ответ ОФД")
    return None
