"""`posapp sync status` and `posapp sync log` as typed: rows of a real exchange, one of them whole, all in a file."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from posapp.cli.practice import PracticeShop
from posapp.errors import UsageError
from posapp.settings import TRAINING, PortalSettings, Settings, load, save
from posapp.till.sync_export import moment_of
from tests.cli.tills import Run, roubles, sellable, set_up

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def shop() -> Iterator[PracticeShop]:
    with PracticeShop(orders=6, seed=5) as started:
        yield started


def test_every_request_of_a_sale_can_be_found_read_and_exported(run: Run, shop: PracticeShop, tmp_path: Path) -> None:
    set_up(run, shop, tmp_path.name[-12:])
    run("orders", "pull")
    run("shift", "open")
    order = sellable(run)[0]
    sold = run("sell", order["order"], "--card", roubles(order["price_kopecks"]))[1]
    code, before = run("sync", "status")
    assert (code, before["waiting"], before["allowed_per_s"]) == (0, 4, 2.0)
    assert before["drains_in_s"] is not None
    assert run("sync", "--once")[0] == 0
    code, status = run("sync", "status")
    assert (code, status["waiting"], status["drains_in_s"]) == (0, 0, 0)
    assert status["used_per_s"] > 0
    assert status["text"].startswith("Битрикс разрешает 2 запроса в секунду, мы используем")

    key = sold["receipt"]["key"]
    code, of_receipt = run("sync", "log", "--receipt", key)
    assert code == 0
    assert {row["step"] for row in of_receipt["rows"]} == {"mark", "payment", "status", "stock"}
    assert {row["order"] for row in of_receipt["rows"]} == {order["order"]}
    assert {row["row"] for row in of_receipt["rows"]} <= {
        row["row"] for row in run("sync", "log", "--order", order["order"])[1]["rows"]
    }
    everything = run("sync", "log", "--limit", "500")[1]
    assert everything["next"] is None
    first = run("sync", "log", "--limit", "2")[1]
    second = run("sync", "log", "--limit", "2", "--before", str(first["next"]))[1]
    assert [each["row"] for each in (*first["rows"], *second["rows"])] == [
        each["row"] for each in everything["rows"][:4]
    ]
    assert run("sync", "log", "--failed")[1]["rows"] == []
    assert run("sync", "log", "--until", "1h")[1]["rows"] == []
    assert len(run("sync", "log", "--since", "1h", "--limit", "500")[1]["rows"]) == len(everything["rows"])

    paid = next(each for each in of_receipt["rows"] if each["step"] == "payment")
    code, shown = run("sync", "log", "show", str(paid["row"]))
    assert (code, shown["kept"], shown["trouble"], shown["receipt"]) == (0, True, "", key)
    assert json.loads(shown["request"])["fields"]["paid"] == "Y"
    code, missing = run("sync", "log", "show", "999999")
    assert (code, missing["error"]["code"]) == (1, "not_found")

    _exports(run, tmp_path, len(everything["rows"]))


def _exports(run: Run, folder: Path, count: int) -> None:
    table, plain = folder / "log.csv", folder / "log.jsonl"
    assert run("sync", "log", "export", str(table))[1]["rows"] == count
    with table.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == count
    assert rows[0]["method"]
    assert not [each for row in rows for each in row.values() if each.startswith("'")]
    assert any(row["code"] == "" for row in rows)
    assert table.stat().st_mode & 0o077 == 0
    assert run("sync", "log", "export", str(plain), "--bodies")[1]["rows"] == count
    lines = [json.loads(each) for each in plain.read_text("utf-8").splitlines()]
    assert len(lines) == count
    assert any("sale" in each["method"] and each["answer"] for each in lines)
    assert run("sync", "log", "export", str(folder / "no" / "such.csv"))[0] == 2


@pytest.mark.parametrize(
    "text, at",
    [
        ("2026-11-20", datetime(2026, 11, 20, tzinfo=UTC)),
        ("2026-11-20T14:30", datetime(2026, 11, 20, 14, 30, tzinfo=UTC)),
        ("2h", NOW - timedelta(hours=2)),
        ("30m", NOW - timedelta(minutes=30)),
        ("3d", NOW - timedelta(days=3)),
    ],
)
def test_moments_as_people_type_them(text: str, at: datetime) -> None:
    assert moment_of(text, NOW) == at


@pytest.mark.parametrize("text", ["вчера", "", "2026-13-01", "h", "99999999d"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        moment_of(text, NOW)


def test_the_rule_of_the_log_and_the_pace_are_set_by_command(
    typed: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POSAPP_DATA_DIR", str(folder))
    portal = PortalSettings("shop.example", "till-driven", "F", is_simulated=True)
    save(folder, Settings(TRAINING, "a-till").with_(portal=portal))
    assert typed("setup", "exchange")[1] == {
        "log": {"days": 90, "rows": 1_000_000, "body_days": 14}, "burst": 50, "per_second": 2.0,
    }  # fmt: skip
    assert typed("setup", "exchange", "--plan", "enterprise")[1]["burst"] == 250
    assert typed("setup", "exchange", "--burst", "20", "--per-second", "0.5")[1]["per_second"] == 0.5
    assert typed("setup", "exchange", "--log-days", "7")[1]["log"] == {"days": 7, "rows": 1_000_000, "body_days": 7}
    for wrong in (("--log-rows", "5"), ("--log-body-days", "8"), ("--plan", "gold"), ("--per-second", "0"),
                  ("--plan", "cloud", "--burst", "3")):  # fmt: skip
        assert typed("setup", "exchange", *wrong)[0] == 2
    kept = load(folder)
    assert kept is not None
    assert kept.portal is not None
    assert (kept.log.days, kept.log.body_days, kept.portal.limit_burst, kept.portal.limit_per_second) == (7, 7, 20, 0.5)
