"""Each thread has a client of its own; all of them go through one request budget (`app.PortalDoor`)."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from posapp import app
from posapp.errors import SetupError
from posapp.settings import TRAINING, GatewaySettings, PortalSettings, Settings
from posapp.sync.bitrix.client import BitrixClient
from tests.sync.portals import Bitrix, order_row, serving, shop_of

DEADLINE_S = 15


def door_to(bitrix: Bitrix, folder: Path, monkeypatch: pytest.MonkeyPatch, gateway: str = "") -> app.PortalDoor:
    monkeypatch.setenv("POSAPP_WEBHOOK", bitrix.webhook)
    settings = Settings(TRAINING, "a-till").with_(
        portal=PortalSettings(bitrix.client.portal, "till-driven", "F", is_simulated=True),
        gateway=GatewaySettings(gateway) if gateway else None,
    )
    return app.PortalDoor(settings, folder)


def on_a_thread(door: app.PortalDoor) -> list[BitrixClient]:
    found: list[BitrixClient] = []

    def ask() -> None:
        client = door()
        client.call("server.time")
        found.append(client)

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join(DEADLINE_S)
    return found


def test_threads_have_clients_of_their_own_and_one_budget(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(shop_of(order_row(1))) as bitrix:
        door = door_to(bitrix, tmp_path, monkeypatch)
        mine = door()
        assert door() is mine
        (other,) = on_a_thread(door)
        assert other is not mine
        mine.call("server.time")
        assert mine.budget.used_per_s == other.budget.used_per_s == pytest.approx(2 / 60)
        with mine.within(1):
            assert on_a_thread(door), "a person's patience at one client is not the other's"
        door.close()


def test_a_gateway_that_is_away_leaves_a_fair_share(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(shop_of(order_row(1))) as bitrix:
        monkeypatch.setenv("POSAPP_GATEWAY_SECRET", "a secret of the shop, long enough to be one")
        door = door_to(bitrix, tmp_path, monkeypatch, "http://127.0.0.1:9")
        client = door()
        with client.within(10):
            client.call("server.time")
        told = client.budget
        assert (told.is_gateway_away, told.tills, told.allowed_per_s) == (True, 4, 0.5)
        door.close()


def test_without_a_key_there_is_no_client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("POSAPP_WEBHOOK", raising=False)
    door = app.PortalDoor(Settings(TRAINING, "a-till"), tmp_path)
    with pytest.raises(SetupError):
        door()
