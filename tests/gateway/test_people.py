"""`posapp gateway jobs`, `job`, `settle`: what needs a person comes to it, with what to do; the rest does not."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from posapp.__main__ import main
from posapp.gateway.apply_store import SqlApplications
from posapp.gateway.contract import Offer, Report
from posapp.gateway.job_store import SqlPortalJobs
from posapp.gateway.lease_store import STARTED, SqlLeases
from posapp.gateway.store import TillCard, open_store
from tests.gateway.checks import CHECK
from tests.gateway.test_jobs import mark_of

PORTAL = "shop.example"
AT = datetime.now(UTC) - timedelta(hours=1)
MADE = ("--document", "20", "--sign", "123", "--receipt", "3", "--shift", "7", "--storage", "9999078900000001",
        "--registration", "0000000001000001", "--printed-at", "2026-11-21T12:00:00")  # fmt: skip


@pytest.fixture
def database(tmp_path: Path) -> str:
    """Four jobs: 1 unknown, 2 that the portal never found, 3 that was told, 4 that waits."""
    url = f"sqlite:///{tmp_path / 'gateway.sqlite'}"
    store = open_store(url)
    store.enrol(TillCard(PORTAL, "one", "1"), AT)
    portal, leases, queue = SqlPortalJobs(store.engine), SqlLeases(store.engine), SqlApplications(store.engine)
    for number in range(1, 5):
        portal.accept(PORTAL, [Offer(str(number), f"u{number}", "", CHECK)], AT)
    for number in range(1, 4):
        job = leases.take(PORTAL, "one", [], AT)
        assert job is not None
        leases.started(PORTAL, "one", job.job_id, job.fence, f"K{number}", "777", AT)
        if number > 1:
            leases.report(PORTAL, "one", Report(job.job_id, job.fence, "done", "K", mark_of(number), ""), AT)
    leases.expire(AT + STARTED + timedelta(seconds=1))
    queue.not_applied(2, "ERROR_CHECK_NOT_FOUND", None, AT)
    queue.applied([3], AT)
    store.close()
    return url


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any]:
    code = main(["gateway", *arguments, "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_what_needs_a_person_is_listed_with_what_to_do(database: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, found = run(capsys, "jobs", "--database", database)
    assert code == 3
    assert sorted((row["job"], row["state"]) for row in found["jobs"]) == [(1, "unknown"), (2, "done"), (4, "new")]
    todo = {row["job"]: row["todo"] for row in found["jobs"]}
    assert "settle 1 not-made" in todo[1]
    assert "Напечатать ещё раз" in todo[2]
    assert "откройте смену" in todo[4]
    assert "buyer@example.test" not in str(found)


@pytest.mark.parametrize("which, jobs", [("all", [4, 3, 2, 1]), ("open", [4, 1]), ("untold", [2]), ("doubtful", [])])
def test_other_lists(database: str, capsys: pytest.CaptureFixture[str], which: str, jobs: list[int]) -> None:
    code, found = run(capsys, "jobs", which, "--database", database)
    assert (code, [row["job"] for row in found["jobs"]]) == (0, jobs)


def test_what_was_decided_is_in_the_story_and_needs_nobody_any_more(
    database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    who = ("--why", "чек на ленте", "--by", "Петрова", "--database", database)
    assert run(capsys, "settle", "1", "made", *MADE, *who)[0] == 0
    assert run(capsys, "settle", "2", "seen", *who)[0] == 0
    assert [row["job"] for row in run(capsys, "jobs", "--database", database)[1]["jobs"]] == [4]
    story = run(capsys, "job", "1", "--database", database)[1]["story"]
    assert [each["what"] for each in story] == ["leased", "started", "expired", "made"]
    assert (story[-1]["till"], story[-1]["why"], story[-1]["mark"]["document_number"]) == (
        "Петрова",
        "чек на ленте",
        20,
    )


@pytest.mark.parametrize(
    "arguments, code",
    [
        (("settle", "1", "made"), "usage"),
        (("settle", "1", "seen"), "usage"),
        (("settle", "1", "perhaps"), "usage"),
        (("settle", "3", "not-made"), "usage"),
        (("settle", "9", "seen"), "job_unknown"),
    ],
)
def test_what_does_not_fit_changes_nothing(
    database: str, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], code: str
) -> None:
    before = run(capsys, "jobs", "all", "--database", database)
    found = run(capsys, *arguments, "--why", "x", "--by", "y", "--database", database)[1]
    assert found["error"]["code"] == code
    assert run(capsys, "jobs", "all", "--database", database) == before


def test_a_list_that_does_not_exist(database: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "jobs", "some", "--database", database)[0] == 2
