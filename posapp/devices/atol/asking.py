"""Questions to an АТОЛ by tasks: who is there, and what an answer or its absence means. Nothing here makes anything.

A question that is lost can be asked again, so every doubt about one is `Unreachable`. What a queue is still at is
`Refused`: nothing was begun.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from posapp.devices.atol import results
from posapp.devices.atol.refusals import UNREACHED, refusal
from posapp.devices.atol.tasks import Busy, Lost, NotSent, ReadsTogether, TaskFailed, Tasks
from posapp.domain.fiscal import DeviceIdentity
from posapp.errors import PosError, ProtocolError, Refused, Unreachable

T = TypeVar("T")

ANSWER_S = 20.0
"""For questions to the device, all of one exchange together."""


class Asking:
    """The device behind a way to have tasks performed; remembers who answered, until it is closed."""

    def __init__(self, tasks: Tasks, port_name: str) -> None:
        self.tasks = tasks
        self.port_name = port_name
        self._identity: DeviceIdentity | None = None
        self.registration: Mapping[str, Any] = {}

    def connect(self) -> DeviceIdentity:
        """Who is there; asked once per connection."""
        if self._identity is None:
            info, storage, registration = self.ask("getDeviceInfo", "getFnInfo", "getRegistrationInfo")
            self._identity = self.understood(lambda: _identity(info, storage, registration))
            self.registration = registration
        return self._identity

    def close(self) -> None:
        """Lets the way go; the next question opens it."""
        self._identity = None
        self.tasks.close()

    def reset(self) -> DeviceIdentity:
        """Rule 6: after it nothing that was sent before can still run."""
        self.close()
        self.reached(self.tasks.reset)
        return self.connect()

    def same(self, info: Mapping[str, Any], storage: Mapping[str, Any]) -> None:
        """Raises Refused `wrong_device` when somebody else answers by now, as behind a server that was set anew."""
        identity = self.connect()
        numbers = self.understood(
            lambda: (
                results.digits(results.inside(info, "deviceInfo").get("serial")),
                results.digits(results.inside(storage, "fnInfo").get("serial")),
            )
        )
        if numbers != (identity.factory_number, identity.storage_number):
            self.close()
            raise Refused("wrong_device", found=f"ККТ {numbers[0]}, ФН {numbers[1]}", expected=identity)

    # --- asking

    def ask(self, *names: str) -> list[Mapping[str, Any]]:
        """The results of tasks without fields, in their order."""
        return self.ask_each([{"type": name} for name in names])

    def ask_each(self, tasks: list[dict[str, Any]]) -> list[Mapping[str, Any]]:
        """The results of questions. Raises Unreachable, Refused (the device's "no", or busy), ProtocolError."""
        try:
            return self.reached(lambda: self._answers(tasks))
        except TaskFailed as error:
            if error.code in UNREACHED:
                self.close()
                raise Unreachable("device_unreachable", port=self.port_name) from error
            raise refusal(error.code, error.description) from error

    def _answers(self, tasks: list[dict[str, Any]]) -> list[Mapping[str, Any]]:
        if isinstance(self.tasks, ReadsTogether) and len(tasks) > 1:
            return list(self.tasks.read(tasks, ANSWER_S))
        return [self.tasks.perform(each, ANSWER_S) for each in tasks]

    def reached(self, act: Callable[[], T]) -> T:
        """`act`, with what keeps it from the device told as ours. TaskFailed passes."""
        try:
            self.tasks.open()
            return act()
        except NotSent as error:
            self.close()
            raise self.unreachable(error) from error
        except Lost as error:
            self.close()
            raise Unreachable("device_unreachable", port=self.port_name) from error
        except Busy as error:
            raise Refused(error.code, **{"reason": str(error), **error.facts}) from error

    def unreachable(self, error: NotSent) -> Unreachable:
        """What a way says of itself, in our words."""
        return Unreachable(error.code, **{"port": self.port_name, "reason": str(error), **error.facts})

    def understood(self, read: Callable[[], T]) -> T:
        """`read`, where an answer that makes no sense is a ProtocolError."""
        try:
            return read()
        except PosError:
            raise
        except (ValueError, TypeError) as error:
            raise ProtocolError(f"АТОЛ: {error}") from error


def _identity(info: Mapping[str, Any], storage: Mapping[str, Any], registration: Mapping[str, Any]) -> DeviceIdentity:
    return DeviceIdentity(
        results.digits(results.inside(info, "deviceInfo").get("serial")),
        results.digits(results.inside(registration, "device").get("registrationNumber")),
        results.digits(results.inside(storage, "fnInfo").get("serial")),
    )
