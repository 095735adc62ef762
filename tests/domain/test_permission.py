"""What the marking system and the register say of a code, and what of it goes into tag 1260."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posapp.domain.fiscal import ReceiptKind
from posapp.domain.permission import (
    AGE_MAX,
    Ban,
    IndustryDetail,
    LineVerdict,
    Permission,
    PlannedStatus,
    RegisterVerdict,
    Source,
    judge_local,
    judge_online,
    planned_status,
)
from posapp.domain.tags import TAGS

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=timezone(timedelta(hours=3)))
GOOD = {
    "valid": True, "found": True, "utilised": True, "verified": True, "realizable": True, "sold": False,
    "isBlocked": False,
}  # fmt: skip
UUID = "25cd22e1-af86-4a28-a0c2-8696e5ea1b8e"


def permission(**changes: Any) -> Permission:
    given: dict[str, Any] = {
        "identity": "0104607103820700215Ab", "source": Source.ONLINE, "at": NOW, "request_id": UUID,
        "request_time": 1723182931610, **changes,
    }  # fmt: skip
    return Permission(**given)


# ------------------------------------------------------------------------------------------------ judging
@pytest.mark.parametrize(
    "change, ban",
    [
        ({}, None),
        ({"valid": False}, Ban.BAD_FORMAT),
        ({"found": False}, Ban.NOT_FOUND),
        ({"utilised": False}, Ban.NOT_APPLIED),
        ({"verified": False}, Ban.NOT_GENUINE),
        ({"sold": True}, Ban.SOLD),
        ({"realizable": False}, Ban.NOT_INTRODUCED),
        ({"isBlocked": True}, Ban.BLOCKED),
        ({"sold": True, "realizable": False}, Ban.SOLD),
        ({"found": False, "verified": False, "realizable": False}, Ban.NOT_FOUND),
        ({"expireDate": "2026-11-21T08:59:59Z"}, Ban.EXPIRED),
        ({"expireDate": "2026-11-21T09:00:01Z"}, None),
        ({"expireDate": "2026-11-21T11:59:59"}, Ban.EXPIRED),
        ({"expireDate": None, "sold": None}, None),
    ],
)
def test_what_the_online_answer_forbids(change: dict[str, Any], ban: Ban | None) -> None:
    assert judge_online({**GOOD, **change}, NOW) == ban


def test_what_is_absent_forbids_nothing() -> None:
    assert judge_online({}, NOW) is None
    assert judge_local({}) is None


@pytest.mark.parametrize("row", [{"sold": 1}, {"valid": "true"}, {"expireDate": 5}, {"expireDate": "soon"}])
def test_what_is_of_another_kind_is_not_believed(row: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"boolean|moment|isoformat"):
        judge_online({**GOOD, **row}, NOW)


def test_the_local_module_knows_bans_and_sales_only() -> None:
    unknown = dict.fromkeys(GOOD, False)
    assert judge_local(unknown) is None
    assert judge_local({**unknown, "isBlocked": True}) is Ban.BLOCKED
    assert judge_local({**unknown, "sold": True}) is Ban.SOLD
    with pytest.raises(ValueError, match="boolean"):
        judge_local({"sold": "no"})


@pytest.mark.parametrize("ban", Ban)
def test_every_ban_has_its_words(ban: Ban) -> None:
    assert ban.why
    assert not permission(ban=ban).is_allowed


# ------------------------------------------------------------------------------------------------ tag 1260
def test_the_detail_is_that_of_a_real_receipt() -> None:
    assert permission().detail == IndustryDetail(f"UUID={UUID}&Time=1723182931610", "030", "21.11.2023", "1944")


def test_offline_the_module_and_its_database_stand_behind_it() -> None:
    found = permission(source=Source.LOCAL, instance="i" * 36, version="v" * 36).detail
    assert found is not None
    assert found.value == f"UUID={UUID}&Time=1723182931610&Inst={'i' * 36}&Ver={'v' * 36}"
    assert len(found.value) <= TAGS[1265].length


@pytest.mark.parametrize("source", [Source.EMERGENCY, Source.SILENCE])
def test_where_nobody_checked_there_is_no_detail(source: Source) -> None:
    found = Permission("x", source, NOW)
    assert found.is_allowed
    assert found.detail is None
    assert LineVerdict(0, found).details == ()


@pytest.mark.parametrize(
    "changes",
    [
        {"request_id": ""},
        {"request_time": 0},
        {"request_id": "a&Time=1"},
        {"request_id": "a\nb"},
        {"version": "x" * 65},
    ],
)
def test_an_id_that_would_bend_the_detail_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"id of|an id"):
        permission(**changes)


def test_the_age_of_an_answer() -> None:
    answer = permission()
    assert answer.is_fresh(NOW)
    assert answer.is_fresh(NOW + AGE_MAX)
    assert not answer.is_fresh(NOW + AGE_MAX + timedelta(seconds=1))
    assert not answer.is_fresh(NOW - timedelta(seconds=1))
    assert answer.is_fresh((NOW + timedelta(minutes=1)).astimezone(UTC))


# ------------------------------------------------------------------------------------------------ the register
@pytest.mark.parametrize(
    "result, is_refused, mark",
    [
        (0b0000, False, "[М]"),  # nobody could check: the law allows the sale
        (0b1111, False, "[М+]"),
        (0b0011, False, "[М+]"),
        (0b0001, True, "[М-]"),
        (0b0101, True, "[М-]"),  # recorded from a real register
        (0b0111, True, "[М-]"),
        (0b1101, True, "[М-]"),
        (0b0100, True, "[М]"),
        (0b10000, False, "[М]"),
    ],
)
def test_the_bits_of_2106(result: int, is_refused: bool, mark: str) -> None:
    verdict = RegisterVerdict(result)
    assert (verdict.is_refused, verdict.mark) == (is_refused, mark)
    assert bool(verdict.why) is is_refused


def test_2106_has_five_bits() -> None:
    with pytest.raises(ValueError, match="2106"):
        RegisterVerdict(32)


@pytest.mark.parametrize(
    "kind, measure, status",
    [
        (ReceiptKind.SELL, 0, PlannedStatus.PIECE_SOLD),
        (ReceiptKind.SELL, 41, PlannedStatus.PART_FOR_SALE),
        (ReceiptKind.SELL_REFUND, 0, PlannedStatus.PIECE_RETURNED),
        (ReceiptKind.SELL_REFUND, 11, PlannedStatus.PART_RETURNED),
    ],
)
def test_the_planned_status(kind: ReceiptKind, measure: int, status: PlannedStatus) -> None:
    assert planned_status(kind, measure) is status


# ------------------------------------------------------------------------------------------------ evidence
ids = st.text(st.sampled_from("0123456789abcdef-"), min_size=1, max_size=36)
permissions = st.builds(
    Permission,
    identity=st.text(st.characters(codec="ascii"), max_size=60),
    source=st.sampled_from(Source),
    at=st.datetimes(min_value=datetime(2020, 1, 1), timezones=st.just(UTC)).map(lambda at: at.replace(microsecond=0)),
    ban=st.none() | st.sampled_from(Ban),
    request_id=ids,
    request_time=st.integers(1, 10**15),
    instance=ids,
    version=ids,
)
verdicts = st.builds(
    RegisterVerdict,
    result=st.integers(0, 31),
    local=st.integers(0, 4),
    code_type=st.integers(0, 5),
    processing=st.none() | st.integers(0, 31),
    request_code=st.none() | st.integers(0, 2),
    asked_at=st.none() | st.datetimes(),
)


@given(st.builds(LineVerdict, st.integers(0, 200), st.none() | permissions, st.none() | verdicts))
def test_a_verdict_survives_the_journal(verdict: LineVerdict) -> None:
    assert LineVerdict.from_json(json.loads(json.dumps(verdict.as_json()))) == verdict
