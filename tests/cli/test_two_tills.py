"""Two tills on one portal by the command line: registers, portal and gateway are processes of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.cli.tills import Run, roubles

ROOT = Path(__file__).parents[2]
SECRET = "a secret of the shop, long enough to be one"
LISTEN = "tcp:127.0.0.1:0" if sys.platform == "win32" else "pty"


@contextmanager
def process(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """A service of posapp and its ready line; killed at the end."""
    started = subprocess.Popen(
        [sys.executable, "-m", "posapp", *arguments], stdout=subprocess.PIPE, text=True, encoding="utf-8", cwd=ROOT,
        env={**os.environ, "POSAPP_GATEWAY_SECRET": SECRET, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    try:
        assert started.stdout is not None
        yield started, json.loads(started.stdout.readline())
    finally:
        started.kill()
        started.communicate()


class Shop:
    """Two data directories with a register each, one portal, one gateway."""

    def __init__(self, folder: Path, run: Run, portal: dict[str, Any], registers: list[dict[str, Any]]) -> None:
        self.folder, self._run, self.portal, self.registers = folder, run, portal, registers

    def __call__(self, till: int, *arguments: str) -> tuple[int, dict[str, Any]]:
        """A command of one till, 1 or 2: exit code and answer."""
        return self._run(*arguments, "--data-dir", str(self.folder / str(till)))

    def ok(self, till: int, *arguments: str) -> dict[str, Any]:
        code, answer = self(till, *arguments)
        assert code == 0, answer
        return answer

    def refused(self, till: int, *arguments: str) -> str:
        code, answer = self(till, *arguments)
        assert code == 1, answer
        found: str = answer["error"]["code"]
        return found

    def sellable(self) -> list[dict[str, Any]]:
        rows = self.ok(1, "orders", "list")["orders"]
        return [
            row
            for row in rows
            if not row["cancelled"] and not row["done"] and row["to_pay_kopecks"] == row["price_kopecks"]
        ]

    def documents(self) -> list[dict[str, Any]]:
        """Receipts in the storages of both registers."""
        import urllib.request

        found = []
        for each in self.registers:
            with urllib.request.urlopen(f"{each['control']}/_sim/documents", timeout=30) as answer:
                found += [one for one in json.load(answer) if one["type"] == 3]
        return found


@pytest.fixture
def run(typed: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("POSAPP_GATEWAY_SECRET", SECRET)
    return typed


@pytest.fixture
def shop(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """Both tills are set up without a gateway, orders on board, shifts open."""
    with (
        process("sim", "printer", "--model", "shtrih", "--listen", LISTEN) as (_, first),
        process("sim", "printer", "--model", "shtrih", "--listen", LISTEN) as (_, second),
        process("sim", "portal", "--listen", "127.0.0.1:0", "--orders", "40", "--seed", "5") as (_, portal),
    ):
        monkeypatch.setenv("POSAPP_WEBHOOK", portal["webhook"])
        found = Shop(tmp_path, run, portal, [first, second])
        for number, register in enumerate((first, second), 1):
            port, name = register["port"], str(number)
            found.ok(number, "setup", "printer", "--model", "shtrih", "--port", port, "--till", name, "--training")
            found.ok(number, "setup", "portal", "--mode", "till-driven")
            found.ok(number, "setup", "vat", "--accept-proposed")
            found.ok(number, "orders", "pull")
            found.ok(number, "shift", "open")
        yield found


def test_two_tills_with_a_gateway(shop: Shop, tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path / 'gateway.sqlite'}"
    rows = shop.sellable()
    route = [row for row in rows if row["courier"]][:3]
    counter, other = [row for row in rows if row not in route][:2]
    with process("gateway", "--listen", "127.0.0.1:0", "--database", database) as (gateway, door):
        url = door["url"]
        assert shop.ok(1, "setup", "gateway", "--url", url, "--till", "1")["till"] == "1"
        assert shop.refused(2, "setup", "gateway", "--url", url, "--till", "1") == "till_name_taken"
        assert shop.ok(2, "setup", "gateway", "--url", url, "--till", "2")["claims"]["trouble"] is None
        assert shop.ok(2, "setup", "show")["gateway"] == {"url": url}
        renamed = ("setup", "printer", "--model", "shtrih", "--port", shop.registers[1]["port"], "--till")
        assert shop(2, *renamed, "3")[0] == 2  # the gateway knows it by its name

        # the courier, till 1, takes the route; the counter, till 2, cannot sell it
        taken = shop.ok(1, "orders", "route", "--take", *(row["order"] for row in route))
        assert taken["taken"] == [row["order"] for row in route]
        known = {row["order"]: row["claimed"] for row in shop.ok(1, "orders", "route")["orders"]}
        assert {number for number, claimed in known.items() if claimed} == {row["order"] for row in route}
        code, again = shop(2, "orders", "route", "--take", route[0]["order"])
        assert (code, again["elsewhere"][0]["till"]) == (3, "1")
        assert shop.refused(2, "sell", route[0]["order"], "--cash", "999999") == "claimed_elsewhere"
        assert shop.documents() == []

        # the counter sells, both report
        shop.ok(2, "sell", counter["order"], "--cash", "999999")
        assert shop.refused(1, "sell", counter["order"], "--cash", "999999") == "claimed_elsewhere"
        assert shop.ok(2, "sync", "--once")["claims"] == {
            "held": 0, "closed": 1, "released": 0, "lost": [], "doubled": [], "trouble": None,
        }  # fmt: skip

        gateway.kill()
        gateway.wait()
        # without the gateway: what is on board is sold, the rest is not, or by a manager who answers for it
        shop.ok(1, "sell", route[0]["order"], "--cash", "999999")
        assert shop.refused(2, "sell", other["order"], "--cash", "999999") == "not_claimed"
        why = ("--override", "--why", "касса 1 стоит рядом и его не продаёт", "--by", "Петрова")
        assert shop(2, "sell", other["order"], "--cash", "999999", "--override")[0] == 2
        shop.ok(2, "sell", other["order"], "--cash", "999999", *why)
        assert shop.ok(2, "sync", "--once")["claims"]["trouble"]["code"] == "gateway_offline"

    port = url.rpartition(":")[2]
    with process("gateway", "--listen", f"127.0.0.1:{port}", "--database", database):
        # a manager takes the second order of the route over; the courier learns it
        over = shop.ok(2, "orders", "take-over", route[1]["order"], "--why", "курьер заболел", "--by", "Петрова")
        assert "касса 1" in over["warning"].lower()
        assert over["claim"]["state"] == "disputed"
        assert shop.refused(1, "sell", route[1]["order"], "--cash", "999999") == "claimed_elsewhere"
        shop.ok(2, "sell", route[1]["order"], "--cash", "999999")
        # he gives the third one back
        assert shop.ok(1, "orders", "release", route[2]["order"])["held"] is False
        shop.ok(2, "sell", route[2]["order"], "--cash", "999999")
        told = [shop.ok(till, "sync", "--once")["claims"] for till in (1, 2)]
        assert [each["closed"] for each in told] == [1, 3]
        sold = [route[0], route[1], route[2], counter, other]
        codes = {shop.refused(till, "sell", row["order"], "--cash", "999999") for row in sold for till in (1, 2)}
        assert codes <= {"already_receipted", "receipted_elsewhere", "already_paid"}

    receipts = [each["total_kopecks"] for each in shop.documents()]
    assert sorted(receipts) == sorted(row["price_kopecks"] for row in sold)
    claims = shop.ok(1, "orders", "claims")["claims"]
    assert not any(each["held"] for each in claims)


def test_one_till_takes_back_what_the_other_one_sold(shop: Shop, tmp_path: Path) -> None:
    """Counted together by the list that the portal keeps with the payment (rule 15)."""
    database = f"sqlite:///{tmp_path / 'gateway.sqlite'}"
    row = shop.sellable()[0]
    order, price = row["order"], roubles(row["price_kopecks"])
    with process("gateway", "--listen", "127.0.0.1:0", "--database", database) as (_, door):
        for till in (1, 2):
            shop.ok(till, "setup", "gateway", "--url", door["url"], "--till", str(till))
        sold = shop.ok(1, "sell", order, "--card", price)["receipt"]
        assert shop.refused(2, "refund", "--order", order) == "refund_nothing", "the portal has not heard of it"
        shop.ok(1, "sync", "--once")
        look = shop.ok(2, "refund", "--order", order, "--look")
        assert (look["of"]["key"], look["of"]["made_here"], look["doubts"]) == (sold["key"], False, [])
        first = shop.ok(2, "refund", "--order", order, "--line", "1")
        assert first["of"]["document_sign"] == sold["mark"]["document_sign"]
        shop.ok(2, "sync", "--once")
        assert shop.refused(1, "refund", sold["key"], "--line", "1") == "refund_over"
        rest = shop.ok(1, "refund", sold["key"])
        assert rest["receipt"]["total_kopecks"] + first["receipt"]["total_kopecks"] == row["price_kopecks"]
        shop.ok(1, "sync", "--once")
        assert shop.refused(2, "refund", "--order", order, "--qr", sold["qr"]) == "already_refunded"
        for till in (1, 2):
            assert shop.ok(till, "reconcile")["differences"] == []
            assert set(shop.ok(till, "orders", "show", order)["lights"].values()) <= {"green", "grey"}
    kinds = sorted(each["kind"] for each in shop.documents())
    assert kinds == [1, 2, 2]


def test_two_tills_without_a_gateway_are_stopped(shop: Shop, run: Run) -> None:
    first, second = shop.sellable()[:2]
    shop.ok(1, "sell", first["order"], "--cash", "999999")
    shop.ok(1, "sync", "--once")
    assert shop.refused(2, "sync", "--once") == "gateway_needed"
    assert shop.refused(2, "orders", "pull") == "gateway_needed"
    assert shop.refused(2, "sell", second["order"], "--cash", "999999") == "gateway_needed"
    assert len(shop.documents()) == 1
    assert shop(2, "setup", "gateway", "--alone")[0] == 2
    shop.ok(2, "setup", "gateway", "--alone", "--why", "касса 1 выведена из работы", "--by", "Петрова")
    shop.ok(2, "orders", "pull")
    shop.ok(2, "sell", second["order"], "--cash", "999999")
    assert len(shop.documents()) == 2


@pytest.mark.parametrize(
    "arguments, exit_code, code",
    [
        (["--url", "http://127.0.0.1:1"], 1, "gateway_offline"),
        (["--url", "http://claims.shop.example"], 1, "gateway_address"),
        ([], 2, "usage"),
        (["--url", "http://127.0.0.1:1", "--alone", "--why", "x"], 2, "usage"),
        (["--url", "http://127.0.0.1:1", "--till", "a·b"], 2, "usage"),
    ],
)
def test_a_gateway_that_is_not_there_is_not_saved(
    run: Run, tmp_path: Path, arguments: list[str], exit_code: int, code: str
) -> None:
    from posapp import settings as settings_file
    from posapp.settings import TRAINING, PortalSettings, Settings

    before = Settings(TRAINING, "one", portal=PortalSettings("shop.example", "till-driven", "F", is_simulated=True))
    settings_file.save(tmp_path, before)
    got, answer = run("setup", "gateway", *arguments, "--data-dir", str(tmp_path))
    assert (got, answer["error"]["code"]) == (exit_code, code)
    assert settings_file.load(tmp_path) == before


@pytest.mark.parametrize("secret", ["", "short"])
def test_a_secret_that_is_none(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, secret: str) -> None:
    from posapp import settings as settings_file
    from posapp.settings import TRAINING, PortalSettings, Settings

    settings_file.save(
        tmp_path, Settings(TRAINING, "one", portal=PortalSettings("x", "till-driven", "F", is_simulated=True))
    )
    monkeypatch.setenv("POSAPP_GATEWAY_SECRET", secret)
    got, answer = run("setup", "gateway", "--url", "http://127.0.0.1:1", "--data-dir", str(tmp_path))
    assert (got, answer["error"]["code"]) == (1, "gateway_secret")
