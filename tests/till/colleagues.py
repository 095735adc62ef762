"""Several tills on one portal: each with a register, a journal and a link to the gateway of its own, one store."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar
from uuid import UUID

from posapp.domain.claim import Claim, Closed, Holdings, SoldOrder, TakenFor
from posapp.errors import Offline
from posapp.gateway.desk import LocalDesk
from posapp.gateway.store import SqlStore, TillCard, open_store
from posapp.settings import GatewaySettings
from posapp.till import shift
from posapp.till.context import Till
from tests.till.rig import OWN_NUMBER, Register
from tests.till.shops import PORTAL, Shop

T = TypeVar("T")


class Wire:
    """A `ClaimDesk` behind a line that fails as told: `up`, `down` (nothing arrives), `mute` (every answer is lost)."""

    def __init__(self, desk: LocalDesk) -> None:
        self.state = "up"
        self.asked = 0
        self.mute_after: int | None = None
        """When set: so many answers still arrive, those after are lost."""
        self._desk = desk

    @property
    def is_away(self) -> bool:
        return False

    def _over(self, call: Callable[[], T]) -> T:
        self.asked += 1
        if self.state == "down":
            raise Offline("gateway_offline", reason="нет соединения")
        answer = call()
        if self.mute_after is not None:
            self.mute_after -= 1
        if self.state == "mute" or (self.mute_after is not None and self.mute_after < 0):
            raise Offline("gateway_offline", reason="ответа нет")
        return answer

    def take(self, order_ids: Sequence[int], why: TakenFor) -> list[Claim]:
        return self._over(lambda: self._desk.take(order_ids, why))

    def release(self, fences: Mapping[int, int]) -> list[Claim]:
        return self._over(lambda: self._desk.release(fences))

    def close_orders(self, sold: Sequence[SoldOrder]) -> list[Closed]:
        return self._over(lambda: self._desk.close_orders(sold))

    def holdings(self) -> Holdings:
        return self._over(self._desk.holdings)

    def confirm_lost(self, fences: Mapping[int, int]) -> None:
        return self._over(lambda: self._desk.confirm_lost(fences))

    def look(self, order_id: int) -> Claim:
        return self._over(lambda: self._desk.look(order_id))

    def take_over(self, order_id: int, fence: int, who: str, why: str) -> Claim:
        return self._over(lambda: self._desk.take_over(order_id, fence, who, why))


class Colleague(Shop):
    """One of several tills; `name` is also the number that its identity, its register and its keys are made from."""

    wire: Wire

    def __init__(self, folder: Path, name: str, store: SqlStore | None, register: Register | None = None) -> None:
        self._name = name
        self._store = store
        super().__init__(folder, register or Register(OWN_NUMBER + int(name)))

    def _open(self) -> Till:
        gateway = None if self._store is None else GatewaySettings("http://gateway")
        self.settings = self.settings.with_(
            identity=str(UUID(int=100 + int(self._name))), till=self._name, gateway=gateway
        )
        till = super()._open()
        if self._store is None:
            return till
        if not hasattr(self, "wire"):
            card = TillCard(PORTAL, self.settings.identity, self._name)
            desk = LocalDesk(self._store, card, lambda: datetime(2026, 11, 21, tzinfo=UTC) + timedelta(hours=8))
            desk.enrol()
            self.wire = Wire(desk)
        return replace(till, claims=lambda: self.wire)

    def _new_id(self) -> UUID:
        return UUID(int=(int(self._name) << 72) + next(self._ids))

    def join(self, store: SqlStore) -> None:
        """From now on, with a new process, this till has a gateway."""
        self.close()
        self._store = store
        self.reopen()


@contextmanager
def colleagues(folder: Path, names: str = "12", *, gateway: bool = True) -> Iterator[list[Colleague]]:
    """Tills with open shifts."""
    store = open_store("sqlite://")
    shops = [Colleague(folder / name, name, store if gateway else None) for name in names]
    try:
        for each in shops:
            shift.open_shift(each.till)
            each.register.advance(60.0)
        yield shops
    finally:
        for each in shops:
            each.close()
        store.close()
