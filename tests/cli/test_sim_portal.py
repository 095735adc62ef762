"""`posapp sim portal` as its own process: the ready line, the files it takes, how it ends."""

import json
import signal
import ssl
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

COMMAND = [sys.executable, "-m", "posapp.cli.sim_portal"]


@contextmanager
def _portal(*arguments: str) -> Iterator[tuple[dict[str, Any], "subprocess.Popen[str]"]]:
    process = subprocess.Popen([*COMMAND, *arguments], stdout=subprocess.PIPE, text=True, encoding="utf-8")
    try:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline()), process
    finally:
        process.kill()
        process.communicate(timeout=20)


def _read(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=20) as answer:
        return json.loads(answer.read())


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals to send")
def test_it_serves_until_it_is_told_to_stop(end: signal.Signals) -> None:
    with _portal("--orders", "3", "--seed", "9") as (ready, process):
        assert set(ready) == {"url", "webhook", "poll_link", "oauth"}
        assert _read(ready["webhook"] + "sale.order.list")["total"] == 3
        token = ready["oauth"]["access_token"]
        assert _read(f"{ready['url']}/rest/sale.order.list?auth={token}")["total"] == 3
        process.send_signal(end)
        assert process.wait(timeout=20) == 0


def test_the_same_seed_keeps_the_same_webhook() -> None:
    with _portal("--orders", "1", "--seed", "5") as (first, _), _portal("--orders", "1", "--seed", "5") as (second, _):
        assert first["webhook"].split("/rest/")[1] == second["webhook"].split("/rest/")[1]


def test_the_card_of_the_application_and_a_certificate_come_by_options() -> None:
    certificate = Path(__file__).parents[1] / "sync" / "simulator" / "localhost.pem"
    options = ("--redirect-url", "http://127.0.0.1:9/cb", "--install-url", "http://127.0.0.1:9/in")
    with _portal("--orders", "1", *options, "--certificate", str(certificate)) as (ready, _):
        assert ready["oauth"]["redirect_url"] == "http://127.0.0.1:9/cb"
        assert ready["oauth"]["authorize_url"] == f"{ready['url']}/oauth/authorize/"
        assert ready["url"].startswith("https://")
        trusted = ssl.create_default_context(cafile=certificate)
        with urllib.request.urlopen(ready["webhook"] + "profile", timeout=20, context=trusted) as answer:
            assert json.loads(answer.read())["result"]["ID"] == "1"


def test_it_takes_orders_and_faults_from_files(tmp_path: Path) -> None:
    orders, faults = tmp_path / "orders.json", tmp_path / "faults.json"
    orders.write_text(
        json.dumps({"orders": [{"id": 4, "basketItems": [{"name": "Мёд", "price": 0.29, "quantity": 3}]}]})
    )
    faults.write_text(json.dumps([{"method": "profile", "do": "http", "value": 503}]))
    with _portal("--orders", str(orders), "--faults", str(faults)) as (ready, _):
        assert _read(ready["webhook"] + "sale.order.get?id=4")["result"]["order"]["price"] == 0.87
        with pytest.raises(urllib.error.HTTPError) as refused:
            _read(ready["webhook"] + "profile")
        refused.value.close()
        assert refused.value.code == 503


@pytest.mark.parametrize(
    "arguments", [["--orders", "0"], ["--orders", "no such file"], ["--listen", "nowhere"], ["--limits", "none"]]
)
def test_wrong_usage_ends_with_two(arguments: list[str]) -> None:
    ended = subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, timeout=60, check=False)

    assert ended.returncode == 2


def test_a_taken_port_is_said_plainly() -> None:
    with _portal("--orders", "1") as (ready, _):
        address = ready["url"].removeprefix("http://")
        ended = subprocess.run([*COMMAND, "--listen", address], capture_output=True, timeout=60, check=False)

    assert ended.returncode == 1
    assert json.loads(ended.stdout)["error"]["code"] == "port_not_free"
