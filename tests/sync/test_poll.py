"""The site's poll on the wire: the link that is a secret, what an answer may be, what a result must look like."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posapp.domain.fiscal import FiscalMark, ReceiptKind
from posapp.domain.money import Money
from posapp.errors import Offline, PosError, Rejected, SetupError
from posapp.http import NoAnswer, Response, SecretUrl
from posapp.sync.bitrix import poll
from posapp.sync.bitrix.poll import Answer, PollLink, SitePoll
from posapp.vault import Secret

HASH = "0123456789abcdef0123456789abcdef"
LINK = f"https://shop.example/bitrix/tools/sale_check_print.php?hash={HASH}"
MARK = FiscalMark(4711, "123456789", 5, 7, "9999078900001234", "0000000001000001", datetime(2026, 11, 21, 12, 30, 9))


def response(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Response(status, {"content-type": "application/json", **(headers or {})}, raw)


class Line:
    """Answers as told, or not at all."""

    def __init__(self, answer: Response | None) -> None:
        self.answer = answer
        self.asked: list[tuple[str, Any]] = []

    def post_json(self, url: SecretUrl, body: object, timeout_s: float) -> Response:
        self.asked.append((url.reveal(), body))
        assert timeout_s > 60  # the site holds it for a minute
        if self.answer is None:
            raise NoAnswer("обмен прервался", sent=True)
        return self.answer


# ------------------------------------------------------------------------------------------------ the link
@pytest.mark.parametrize(
    "text",
    ["", "x", "ftp://shop.example/bitrix/tools/sale_check_print.php?hash=" + HASH, LINK[:-20], LINK + "&hash=" + HASH,
     LINK.replace("sale_check_print", "other"), LINK.replace("https", "http"), LINK.replace("shop", "a:b@shop"),
     "https://[/bitrix/tools/sale_check_print.php?hash=" + HASH],
)  # fmt: skip
def test_what_is_no_link_is_refused_without_telling_it(text: str) -> None:
    with pytest.raises(SetupError) as told:
        PollLink.parse(Secret(text))
    assert told.value.code == "poll_link"
    assert HASH not in told.value.message()


def test_a_link_knows_its_site_and_hides_its_hash() -> None:
    link = PollLink.parse(Secret(f"  {LINK}\n"))
    assert link.site == "shop.example"
    assert HASH not in repr(link)
    assert PollLink.parse(Secret(LINK.replace("https://shop.example", "http://192.168.0.5:8080"))).site == (
        "192.168.0.5:8080"
    )


def test_trap_71_no_error_holds_the_link() -> None:
    site = SitePoll(PollLink.parse(Secret(LINK)), Line(None))
    with pytest.raises(Offline) as told:
        site.ask({})
    assert HASH not in f"{told.value!r} {told.value.message()} {told.value.__cause__!r} {site!r}"


# ------------------------------------------------------------------------------------------------ answers
def test_what_the_site_says() -> None:
    line = Line(response({"print": [{"external_id": "check|a|1"}, None, []], "reports": [[], {"uuid": "report|a|2"}]}))
    answer = SitePoll(PollLink.parse(Secret(LINK)), line).ask({"kkm": []})
    assert ([each["external_id"] for each in answer.checks], len(answer.reports)) == (["check|a|1"], 1)
    assert line.asked == [(LINK, {"kkm": []})]
    assert poll.parse(response({"ack": ["a", 5, "b"]})).acks == ("a", "b")
    assert poll.parse(response([])) == poll.parse(response({})) == Answer()
    with_gaps = response({"print": {"0": {"uuid": "x"}, "2": {"uuid": "y"}}})
    assert [each["uuid"] for each in poll.parse(with_gaps).checks] == ["x", "y"]
    assert poll.parse(response({}, headers={"x-posapp-simulator": "training"})).is_simulated
    assert str(poll.parse(response(b'{"print": [{"total": 0.1}]}')).checks[0]["total"]) == "0.1"


@pytest.mark.parametrize(
    "answer, kind, code",
    [
        (response(b"", 403), Rejected, "poll_link"),
        (response(b"", 302), Rejected, "poll_link"),
        (response(b"<html>", 503), Offline, "offline"),
        (response(b"", 404), Rejected, "poll_answer"),
        (response(b"<html>"), Rejected, "poll_answer"),
        (response(b"5"), Rejected, "poll_answer"),
        (response(b"NaN"), Rejected, "poll_answer"),
    ],
)
def test_trap_68_trap_70_what_is_no_answer_is_trouble_of_its_kind(
    answer: Response, kind: type[PosError], code: str
) -> None:
    with pytest.raises(kind) as told:
        poll.parse(answer)
    assert told.value.code == code


@given(st.binary(max_size=200), st.sampled_from([200, 204, 302, 403, 404, 500, 502]))
def test_whatever_comes_is_an_answer_or_trouble(raw: bytes, status: int) -> None:
    try:
        found = poll.parse(response(raw, status))
    except (Offline, Rejected):
        return
    assert isinstance(found, Answer)


# ------------------------------------------------------------------------------------------------ results
def test_the_qr_text_has_seconds_and_the_site_parses_nothing_shorter() -> None:
    told = poll.printed("check|a|1", MARK, Money(367_000), ReceiptKind.SELL)
    assert told == {
        "uuid": "check|a|1",
        "code": 0,
        "qr": "t=20261121T123009&s=3670.00&fn=9999078900001234&i=4711&fp=123456789&n=1",
        "rn": "0000000001000001",
    }


def test_a_failure_always_has_a_message_or_the_site_would_take_it_for_printed() -> None:
    for message in ("", "   ", "нет бумаги", "я" * 1000):
        told = poll.failed("check|a|1", -1, message)
        assert told["message"].strip()
        assert len(told["message"]) <= poll.MESSAGE_MAX
    assert {poll.WRONG, poll.NO_CASH} <= poll.FINAL_CODES
    assert poll.WARNING not in poll.FINAL_CODES


def test_a_request_names_the_register_as_it_is() -> None:
    ready = poll.Register("00106700000001", "9999078900001234")
    body: Mapping[str, Any] = poll.request(ready, "1.2", ())
    assert body["api_version"] == "3"
    assert body["kkm"][0]["status"] == "ok"
    assert "printed" not in body["kkm"][0]
    away = poll.request(poll.Register("1", "2", trouble="ККТ не отвечает"), "1.05", [{"uuid": "x"}])
    assert (away["api_version"], away["kkm"][0]["status"], away["kkm"][0]["printed"]) == (
        "2", "ККТ не отвечает", [{"uuid": "x"}],
    )  # fmt: skip
