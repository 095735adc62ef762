"""`posapp gateway` as a process: its ready line, its end, and what a kill in the middle of work leaves."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any
from urllib.parse import urlsplit

import pytest

from posapp.domain.claim import TakenFor
from posapp.errors import Offline
from posapp.http import HttpClient
from posapp.sync.claims import GatewayDesk
from posapp.vault import Secret
from tests.gateway.conftest import SECRET
from tests.gateway.test_cashbox import PATH, ask, checked, printed

PORTAL = "shop.example"
ROOT = Path(__file__).parents[2]
WINDOWS = sys.platform == "win32"


def start(database: str, listen: str = "127.0.0.1:0", secret: str = SECRET) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "posapp", "gateway", "--listen", listen, "--database", database],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT,
        env={**os.environ, "POSAPP_GATEWAY_SECRET": secret, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip


def ready(process: subprocess.Popen[str]) -> dict[str, str]:
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, process.communicate()[1]
    found: dict[str, str] = json.loads(line)
    return found


@contextmanager
def running(database: str, listen: str = "127.0.0.1:0") -> Iterator[tuple[subprocess.Popen[str], str]]:
    process = start(database, listen)
    try:
        yield process, ready(process)["url"]
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def http() -> Iterator[HttpClient]:
    client = HttpClient()
    yield client
    client.close()


def desk_at(url: str, http: HttpClient, name: str) -> GatewayDesk:
    return GatewayDesk(url, Secret(SECRET), PORTAL, f"id-{name}", lambda: http, time.monotonic, timeout_s=30.0)


@pytest.mark.skipif(WINDOWS, reason="there is no SIGTERM to catch there")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_when_it_is_open_and_ends_when_told(tmp_path: Path, http: HttpClient, number: signal.Signals) -> None:
    with running(f"sqlite:///{tmp_path / 'claims.sqlite'}") as (process, url):
        desk_at(url, http, "1").enrol("1")
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
        assert (process.returncode, out) == (0, "")
        assert SECRET not in err


@pytest.mark.parametrize(
    "arguments, secret, exit_code, code",
    [
        (["--database", "sqlite://"], "short", 1, "gateway_secret"),
        (["--database", "sqlite://"], "", 1, "gateway_secret"),
        ([], SECRET, 2, "usage"),
        (["--database", "sqlite://", "--listen", "nowhere"], SECRET, 2, "usage"),
        (["--database", "oracle://x:hunter2@y/z"], SECRET, 1, "gateway_database"),
        (["--database", "sqlite://", "--listen", "203.0.113.7:80"], SECRET, 1, "gateway_address"),
    ],
)
def test_what_it_does_not_start_with(
    arguments: list[str],
    secret: str,
    exit_code: int,
    code: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from posapp.__main__ import main

    monkeypatch.setenv("POSAPP_GATEWAY_SECRET", secret)
    assert main(["gateway", *arguments, "--json"]) == exit_code
    out = capsys.readouterr().out
    assert json.loads(out)["error"]["code"] == code
    assert "hunter2" not in out


def test_a_kill_in_the_middle_loses_no_answer_that_was_given(tmp_path: Path, http: HttpClient) -> None:
    database = f"sqlite:///{tmp_path / 'claims.sqlite'}"
    given: dict[int, int] = {}
    enough, ended = Event(), Event()

    def sell_on(url: str) -> None:
        """Takes order after order until the gateway is gone."""
        client = HttpClient()
        desk = desk_at(url, client, "1")
        try:
            for number in range(1, 100_000):
                given[number] = desk.take([number], TakenFor.ROUTE)[0].fence
                if number >= 20:
                    enough.set()
        except Offline:
            ended.set()
        finally:
            client.close()

    with running(database) as (process, url):
        desk_at(url, http, "1").enrol("1")
        till = Thread(target=sell_on, args=(url,), daemon=True)
        till.start()
        assert enough.wait(60)
        process.kill()
        assert ended.wait(60)
        till.join(60)
        port = url.rpartition(":")[2]
    with running(database, f"127.0.0.1:{port}") as (_, again):
        one, two = desk_at(again, http, "1"), desk_at(again, http, "2")
        two.enrol("2")
        held = {each.order_id: each.fence for each in one.holdings().held}
        assert {number: held[number] for number in given} == given
        assert set(held) - set(given) <= {max(given) + 1}  # committed, its answer cut off
        assert not any(each.may_sell for each in two.take(sorted(held), TakenFor.SALE))
        assert [each.fence for each in one.take(sorted(held), TakenFor.ROUTE)] == [held[each] for each in sorted(held)]
        assert two.take([max(held) + 1], TakenFor.SALE)[0].fence > max(held.values())


def cashbox(database: str, listen: str, **more: Any) -> subprocess.Popen[str]:
    """A gateway that is a portal's cashbox."""
    secrets = {"POSAPP_GATEWAY_SECRET": SECRET, "POSAPP_GATEWAY_PRINT_PATH": PATH, "POSAPP_WEBHOOK": ""}
    return subprocess.Popen(
        [sys.executable, "-m", "posapp", "gateway", "--listen", listen, "--portal", PORTAL, "--database", database],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT,
        env={**os.environ, **secrets, "PYTHONPATH": str(ROOT)}, **more,
    )  # fmt: skip


def test_a_portal_is_told_to_wait_while_the_database_is_not_there_yet() -> None:
    process = cashbox("postgresql://nobody@/postgres?host=/nowhere", "127.0.0.1:0")
    try:
        url = urlsplit(ready(process)["url"])
        where = (url.hostname or "", url.port or 0)
        assert checked(where, "11111111-1111-4111-8111-111111111111") == {"STATUS": "WAIT"}
        assert list(printed(where)) == ["ERRORS"]
        assert ask(where, "/v1/claims/mine", b"{}")[0] == 401
    finally:
        process.kill()
        process.communicate()


@pytest.mark.skipif(WINDOWS, reason="sockets are not handed over there")
def test_on_a_socket_that_is_kept_open_nobody_finds_the_gateway_gone(tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path / 'gateway.sqlite'}"
    with socket.create_server(("127.0.0.1", 0), backlog=64) as door:
        where, kept = door.getsockname(), {"pass_fds": [door.fileno()]}
        process = cashbox(database, f"fd:{door.fileno()}", **kept)
        try:
            ready(process)
            uuid = printed(where)["UUID"]
            process.terminate()
            process.communicate(timeout=60)
            with ThreadPoolExecutor(1) as pool:
                asked = pool.submit(checked, where, uuid)  # while nobody is there
                process = cashbox(database, f"fd:{door.fileno()}", **kept)
                ready(process)
                assert asked.result(60) == {"STATUS": "WAIT"}
            assert printed(where) == {"UUID": uuid}
        finally:
            process.kill()
            process.communicate()
