"""`receipt verify`, `tlv decode`, `qr parse`: an answer for each thing in its turn, one bad thing hides no other."""

import base64
import io
import json
import os
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posapp.cli.decode import TLV_LINE_MAX, decode_tlv, parse_qr, verify_files
from posapp.domain import ffd
from posapp.domain.published_json import FILE_MAX
from posapp.domain.qr import QR_MAX

QR = "t=20150720T1638&s=9999999.00&fn=000110000105&i=12345678&fp=123456&n=2"
BODY = ffd.encode_all(
    [
        (1012, datetime(2026, 10, 5, 12, 30)),
        (1020, 34_736),
        (1059, [(1030, "Сыр"), (1023, Decimal("0.386")), (1043, 34_736)]),
        (1077, ffd.sign_bytes(1_234_567_890)),
        (1084, [(1085, "posapp"), (1086, "Касса·41·0000000000000007")]),
    ]
)
DOCUMENT = ffd.wrap(3, BODY)
RECEIPT = {
    "dateTime": "2020-09-16T12:00:00",
    "totalSum": 12_000,
    "ecashTotalSum": 12_000,
    "items": [{"name": "Чай", "price": 6_000, "quantity": 2, "sum": 12_000, "nds": 1}],
    "nds18": 2_000,
}


def tlv(lines: Any) -> tuple[int, list[Any]]:
    answers: list[Any] = []
    return decode_tlv(lines, answers.append), json.loads(json.dumps(answers))


def qrs(lines: Any) -> tuple[int, list[Any]]:
    answers: list[Any] = []
    return parse_qr(lines, answers.append), json.loads(json.dumps(answers))


def verified(*paths: Path) -> tuple[int, list[Any]]:
    answers: list[Any] = []
    return verify_files(paths, answers.append), json.loads(json.dumps(answers))


def stdin_of(data: bytes) -> Iterator[str]:
    """What the command line passes on: a text stream over bytes."""
    return io.TextIOWrapper(io.BytesIO(data), encoding="utf-8")


# ------------------------------------------------------------------------------------------------------ verify


def test_a_verdict_has_exactly_the_promised_shape(tmp_path: Path) -> None:
    path = tmp_path / "1.json"
    path.write_text(json.dumps({"kind": "ofd", "receipt": RECEIPT}), encoding="utf-8")
    assert verified(path) == (
        0,
        [
            {
                "file": str(path),
                "lines_ok": True,
                "vat_ok": True,
                "vat_formula": "both",
                "totals_ok": True,
                "payments_ok": True,
                "problems": [],
            }
        ],
    )


@pytest.mark.parametrize(
    "change, respect",
    [
        ({"nds18": 1_831}, "vat_ok"),
        ({"items": [{**RECEIPT["items"][0], "quantity": 3}]}, "lines_ok"),  # type: ignore[index]
        ({"ecashTotalSum": 11_999}, "payments_ok"),
        ({"totalSum": 11_800, "ecashTotalSum": 11_800}, "totals_ok"),
    ],
)
def test_a_receipt_that_deviates_ends_with_1_and_the_reason(
    tmp_path: Path, change: dict[str, Any], respect: str
) -> None:
    path, good = tmp_path / "1.json", tmp_path / "2.json"
    path.write_text(json.dumps({**RECEIPT, **change}), encoding="utf-8")
    good.write_text(json.dumps(RECEIPT), encoding="utf-8")
    code, [answer, other] = verified(path, good)
    assert code == 1
    wrong = [name for name in ("lines_ok", "vat_ok", "totals_ok", "payments_ok") if answer[name] is False]
    assert wrong == [respect]
    assert len(answer["problems"]) == 1
    assert other["problems"] == []


def test_what_was_not_published_is_no_fault(tmp_path: Path) -> None:
    path = tmp_path / "1.json"
    path.write_text(json.dumps({"partial": True, "receipt": {**RECEIPT, "totalSum": 50_000}}), encoding="utf-8")
    code, [answer] = verified(path)
    assert code == 1  # 120,00 were paid of 500,00
    path.write_text(json.dumps({"totalSum": 50_000, "nds18": 100}), encoding="utf-8")
    code, [answer] = verified(path)
    assert (code, answer["lines_ok"], answer["payments_ok"]) == (0, None, None)
    assert len(answer["problems"]) == 4


def test_a_file_with_several_receipts_has_a_line_for_each(tmp_path: Path) -> None:
    path = tmp_path / "1.json"
    wrong = {**RECEIPT, "nds18": 1}
    path.write_text(json.dumps([{"ticket": {"document": {"receipt": RECEIPT}}}, {"receipt": wrong}]), encoding="utf-8")
    code, answers = verified(path)
    assert code == 1
    assert [(answer["file"], answer["receipt"], answer["vat_ok"]) for answer in answers] == [
        (str(path), 1, True),
        (str(path), 2, False),
    ]


def test_what_tlv_decode_writes_can_be_verified(tmp_path: Path) -> None:
    """The two commands in a row: the register's own document, recomputed."""
    body = ffd.encode_all(
        [
            (1012, datetime(2026, 10, 5, 12, 30)),
            (1020, 34_700),
            (1059, [(1030, "Сыр"), (1079, 89_990), (1023, Decimal("0.386")), (1043, 34_736), (1199, 11)]),
            (1031, 34_700),
            (1081, 0),
            (1115, [(1119, [(1199, 11), (1120, 6_264)])]),
        ]
    )
    code, answers = tlv([in_base64(ffd.wrap(3, body)), ffd.wrap(3, body).hex()])
    path = tmp_path / "decoded"
    path.write_text("".join(json.dumps(answer) + "\n" for answer in answers), encoding="utf-8")
    code, verdicts = verified(path)
    assert code == 0
    assert [verdict["vat_formula"] for verdict in verdicts] == ["both", "both"]
    assert all(verdict["problems"] == [] for verdict in verdicts)


def test_unreadable_files_are_told_between_the_others(tmp_path: Path) -> None:
    good, junk, huge, shape, missing = (tmp_path / name for name in ("a", "b", "c", "d", "e"))
    good.write_text(json.dumps(RECEIPT), encoding="utf-8")
    junk.write_bytes(b"\xff\x00not json")
    huge.write_bytes(b" " * (FILE_MAX + 1))
    shape.write_text("[1, 2]", encoding="utf-8")
    code, answers = verified(junk, good, huge, shape, missing, tmp_path)
    assert code == 1
    assert [answer["file"] for answer in answers] == [
        str(each) for each in (junk, good, huge, shape, missing, tmp_path)
    ]
    assert [set(answer) == {"file", "error"} for answer in answers] == [True, False, True, True, True, True]
    assert {answer["error"]["code"] for answer in answers if "error" in answer} == {"bad_input"}


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="no endless file on this system")
def test_an_endless_file_is_not_read_to_its_end() -> None:
    code, [answer] = verified(Path("/dev/zero"))
    assert (code, answer["error"]["code"]) == (1, "bad_input")


def test_no_files_no_answers() -> None:
    assert verified() == (0, [])


def test_real_receipts_are_all_read(real_receipts: tuple[Path, ...]) -> None:
    code, answers = verified(*real_receipts)
    assert code == 1  # one of them deviates
    assert [answer["file"] for answer in answers] == [str(path) for path in real_receipts]


# --------------------------------------------------------------------------------------------------------- tlv


def in_base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


@pytest.mark.parametrize(
    "line",
    [
        in_base64(DOCUMENT),
        in_base64(BODY),
        DOCUMENT.hex(),
        BODY.hex().upper(),
        DOCUMENT.hex(" "),
        "0x" + DOCUMENT.hex(),
        in_base64(DOCUMENT).rstrip("="),
        base64.urlsafe_b64encode(DOCUMENT).decode(),
        f"  {in_base64(DOCUMENT)} \r\n",
        in_base64(b"\x01" * 50 + DOCUMENT + b"\xee" * 12),
        DOCUMENT.hex(":"),
        DOCUMENT.hex("-"),
        "0x" + DOCUMENT.hex(" ").replace(" ", ", 0x"),
        "".join(f"\\x{byte:02X}" for byte in DOCUMENT),
        f'"{in_base64(DOCUMENT)}",',
        f'["{in_base64(DOCUMENT)}"]',
        in_base64(DOCUMENT).replace("/", "\\/"),
        "\ufeff" + in_base64(DOCUMENT),
        " ".join(in_base64(DOCUMENT)[at : at + 76] for at in range(0, len(in_base64(DOCUMENT)), 76)),
        in_base64(DOCUMENT).replace("+", "%2B").replace("/", "%2F").replace("=", "%3d"),
        "data:application/octet-stream;base64," + in_base64(DOCUMENT),
    ],
)
def test_every_form_of_a_document_gives_the_same_tags(line: str) -> None:
    code, [answer] = tlv([line])
    assert code == 0
    assert answer == [
        {"tag": 1012, "name": "дата, время", "value": "2026-10-05T12:30:00"},
        {"tag": 1020, "name": "сумма расчёта, указанного в чеке", "value": 34_736},
        {
            "tag": 1059,
            "name": "предмет расчёта",
            "value": None,
            "items": [
                {"tag": 1030, "name": "наименование предмета расчёта", "value": "Сыр"},
                {"tag": 1023, "name": "количество предмета расчёта", "value": "0.386"},
                {"tag": 1043, "name": "стоимость предмета расчёта", "value": 34_736},
            ],
        },
        {"tag": 1077, "name": "фискальный признак документа", "value": "1234567890"},
        {
            "tag": 1084,
            "name": "дополнительный реквизит пользователя",
            "value": None,
            "items": [
                {"tag": 1085, "name": "наименование дополнительного реквизита пользователя", "value": "posapp"},
                {
                    "tag": 1086,
                    "name": "значение дополнительного реквизита пользователя",
                    "value": "Касса·41·0000000000000007",
                },
            ],
        },
    ]


def test_a_bad_line_hides_no_other() -> None:
    good = in_base64(DOCUMENT)
    code, answers = tlv([good, "не base64", "", good + "*", DOCUMENT.hex()[:-2], "   ", good])
    assert code == 1
    assert [isinstance(answer, list) for answer in answers] == [True, False, False, False, True]
    assert {answer["error"]["code"] for answer in answers if "error" in answer} == {"bad_input"}


@pytest.mark.parametrize(
    "line, position",
    [
        ("*AAA", 0),
        ("  AA!A", 4),
        (in_base64(DOCUMENT) + "я", len(in_base64(DOCUMENT))),
        ("AAAAA", 5),
        (DOCUMENT.hex()[:-1], len(DOCUMENT.hex()) - 1),
        ((ffd.encode(1020, 5) + b"\xfc\x03\x09\x00" + bytes(9)).hex(), 5),  # a sum of nine bytes
        (DOCUMENT.hex()[:-2], 0),  # cut off
        ((b"\x01" * 20 + DOCUMENT)[:-30].hex(), 20),
    ],
)
def test_what_is_wrong_is_named_by_position(line: str, position: int) -> None:
    code, [answer] = tlv([line])
    assert code == 1
    assert answer["error"]["position"] == position


def test_a_line_without_end_is_not_read_whole() -> None:
    long = b"A" * (4 * TLV_LINE_MAX + 100)
    good = in_base64(DOCUMENT).encode()
    code, answers = tlv(stdin_of(long + b"\n" + good + b"\n" + long))
    assert code == 1
    assert [isinstance(answer, list) for answer in answers] == [False, True, False]
    assert answers[0]["error"]["position"] == TLV_LINE_MAX


def test_a_longest_line_is_still_read() -> None:
    spaced = (" " * (TLV_LINE_MAX - len(DOCUMENT.hex())) + DOCUMENT.hex()).encode()
    assert len(spaced) == TLV_LINE_MAX
    assert tlv(stdin_of(spaced))[0] == 0


@pytest.mark.parametrize("piece", [" ", "A", "0x", "\\x", "data:", "%2B", "-", '"', "=", "AA ", ",", "\u2028"])
def test_a_line_of_one_thing_takes_no_time(piece: str) -> None:
    """Each once took minutes in some way of writing a pattern; the suite's own limit would end it."""
    whole = piece * (TLV_LINE_MAX // len(piece))
    code, answers = tlv([whole, whole[1:] + "!"])
    assert code == 1
    assert all("error" in answer for answer in answers)


@given(st.lists(st.binary(max_size=80) | st.binary(max_size=40).map(base64.b64encode), max_size=5))
def test_any_bytes_on_stdin_get_an_answer_a_line(lines: list[bytes]) -> None:
    data = b"\n".join(line.replace(b"\n", b"").replace(b"\r", b"") for line in lines)
    asked = [line for line in data.split(b"\n") if line.decode("utf-8", errors="replace").strip()]
    code, answers = tlv(stdin_of(data))
    assert len(answers) == len(asked)
    assert code == (1 if any("error" in answer for answer in answers) else 0)


# ---------------------------------------------------------------------------------------------------------- qr


def test_qr_texts_are_read_a_line_each() -> None:
    code, answers = qrs(stdin_of(f"{QR}\n{QR.replace('n=2', 'n=9')}\r\n\n{QR}&x=ы".encode()))
    assert code == 1
    assert (
        answers[0]
        == answers[2]
        == {
            "datetime": "2015-07-20T16:38:00",
            "total_kopecks": 999_999_900,
            "storage_number": "000110000105",
            "document_number": 12_345_678,
            "document_sign": "123456",
            "kind": 2,
        }
    )
    assert answers[1]["error"]["position"] == QR.index("n=2") + 2


@pytest.mark.parametrize("letter", ["y", "ы", "🧾"])
def test_a_long_qr_line_is_refused_whatever_its_letters_weigh(letter: str) -> None:
    just = f"{QR}&x=".ljust(QR_MAX, letter)
    assert qrs(stdin_of(just.encode()))[0] == 0
    code, answers = qrs(stdin_of(f"{just}{letter}\n{just}{letter * 5_000}\n{QR}".encode()))
    assert code == 1
    assert [answer.get("error", {}).get("position") for answer in answers] == [QR_MAX, QR_MAX, None]


def test_a_text_stream_without_bytes_works_too() -> None:
    assert qrs(io.StringIO(f"{QR}\n{QR}&x={'y' * 9_000}\n{QR}\n"))[0] == 1
    assert [("error" in answer) for answer in qrs(io.StringIO(f"{QR}\njunk\n{QR}"))[1]] == [False, True, False]


def test_nothing_asked_nothing_wrong() -> None:
    assert qrs([]) == (0, [])
    assert tlv(["", "  \n"]) == (0, [])


def test_a_bad_line_is_told_in_the_language_that_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSAPP_LANG", "en")
    assert qrs(["t=x"])[1][0]["error"]["action"] == "Check the data."
    assert tlv(["00ff"])[1][0]["error"]["action"] == "Check the data."
    monkeypatch.setenv("POSAPP_LANG", "ru")
    assert qrs(["t=x"])[1][0]["error"]["action"] == "Проверьте данные."
