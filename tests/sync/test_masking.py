"""What the sync log keeps of a request and its answer: nothing that names, reaches or impersonates a person."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posapp import vault
from posapp.sync import masking
from posapp.sync.masking import BODY_MAX, HIDDEN, masked_exchange, masked_text
from posapp.sync.simulator.goods import FIRST_NAMES, LAST_NAMES, STREETS
from posapp.sync.simulator.methods import order_view
from posapp.sync.simulator.practice import practice_shop
from posapp.sync.simulator.shop import load_shop

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
Row = dict[str, Any]


@pytest.fixture(scope="module")
def shop() -> Any:
    return load_shop(practice_shop(40, 7, NOW), NOW)


def answer_of(method: str, answer: object) -> str:
    return masked_exchange(method, {}, answer)[1]


def test_orders_of_a_shop_keep_goods_and_sums_and_lose_their_buyers(shop: Any) -> None:
    for order in shop.orders.values():
        shown = order_view(order)
        text = answer_of("sale.order.get", {"order": shown})
        for name in (*LAST_NAMES, *(street.split(",")[0] for street in STREETS)):
            assert name not in text
        assert not re.search(r"\+?7\d{10}|(?<!\d)\d{3}-\d{2}-\d{2}(?!\d)|@", text)
        assert shown["userDescription"] == "" or shown["userDescription"] not in text
        kept = json.loads(text)["order"]
        assert kept["id"] == shown["id"]
        assert kept["accountNumber"] == shown["accountNumber"]
        assert [each["name"] for each in kept["basketItems"]] == [each["name"] for each in shown["basketItems"]]
        assert kept["payments"][0]["paySystemName"] == shown["payments"][0]["paySystemName"]
        assert {each["value"] for each in kept["propertyValues"] if each["value"]} == {HIDDEN}


def test_a_buyer_of_the_crm_is_a_number_and_nothing_else(shop: Any) -> None:
    for contact in shop.tables.get("contacts", []) or practice_shop(1, 1, NOW)["contacts"]:
        text = answer_of("crm.contact.get", contact)
        assert contact["LAST_NAME"] not in text
        assert contact["NAME"] not in text
        assert contact["PHONE"][0]["VALUE"] not in text
        assert json.loads(text)["ID"] == contact["ID"]
    assert not set(FIRST_NAMES) & set(re.findall(r"\w+", text))


def test_what_opens_a_door_is_never_kept() -> None:
    sent = {
        "auth": "s6p6eclrvim6da22ft9ch94ekreb52lv",
        "AUTH_ID": "67f2d9660000",
        "refresh_token": "4s386p3q0tr8dy89xvmt96234v3dljg8",
        "client_secret": "SZOKGIHJ",
        "fields": {"application_token": "51856fefc120afa4b628cc82d3935cce", "hash": "9f0c11aa", "password": "30"},
        "PRINT_URL": "https://shop.example/p/k3y0fTheShop/print",
    }
    request, answer = masked_exchange("sale.cashbox.add", sent, {"webhook": "https://x/rest/1/abcdefgh/"})
    for secret in ("s6p6", "67f2", "4s38", "SZOK", "5185", "9f0c", "k3y0fTheShop", "abcdefgh", '"30"'):
        assert secret not in request + answer


@pytest.mark.parametrize(
    "text, gone",
    [
        ("Позвоните 8 (912) 345-67-89 до обеда", "345-67-89"),
        ("тел. 79123456789", "9123456789"),
        ("тел +7 912 345 67 89", "345 67 89"),
        ("без кода 912 345-67-89", "345-67-89"),
        ("пишите ivan.petrov@mail.ru срочно", "ivan.petrov"),
        ("Пользователь Смирнова Ольга Ивановна не имеет права", "Смирнова"),
        ("Пользователь Иванов И. П. не имеет права", "Иванов"),
        ("Заказ доставлен: г. Москва, ул. Ленина, д. 5, кв. 12", "Ленина"),
        ("ИНН 500100732259 не найден", "500100732259"),
        ("https://portal.bitrix24.ru/rest/1/c4fee133ce907984/sale.order.get", "c4fee133ce907984"),
        ("?auth=s6p6eclrvim6da22ft9ch94ekreb52lv&id=3", "s6p6eclrvim6"),
        ("Authorization: Bearer abcDEF123", "abcDEF123"),
        ("токен 51856fefc120afa4b628cc82d3935cce просрочен", "51856fefc120afa4b628cc82d3935cce"),
    ],
)
def test_free_text_loses_what_can_be_recognised(text: str, gone: str) -> None:
    assert gone not in masked_text(text)


@pytest.mark.parametrize(
    "text",
    [
        "Недостаточно товара «Кружка 300 мл» на складе 1: нужно 2, есть 0",
        "Оплата 11204 уже проведена 21.11.2026",
        "Поле paySystemId обязательно",
        "fn=9999078900005488;fd=45;fp=2890182733;rn=0000000001000001;sh=4;t=20261121T1233;no=1",
        "ФД 4518, ФПД 1849301274, чек 7K2M9Q4T1V8XAB3C",
        "нет права (200040300020)",
        "код 200540400001",
    ],
)
def test_words_that_help_are_left(text: str) -> None:
    assert masked_text(text) == text


def test_a_name_of_the_answer_is_hidden_in_its_words_too() -> None:
    """An error may quote the buyer; what the same exchange shows as a buyer's field is known to be a name."""
    request, answer = masked_exchange(
        "sale.order.update",
        {"id": 7, "fields": {"userDescription": "для Добрынина, подъезд Заречный"}},
        {"error_description": "Заказ покупателя Добрынин заблокирован, Заречному позвонить"},
    )
    assert "Добрынин" not in request + answer
    assert "Заречн" not in request + answer
    assert "заблокирован" in answer


QUOTED = (
    "Ошибка для Светлояров Дмитрий, тел 8(916)777-88-99, токен c4fee133ce907984, Зинаида,"
    " карта 4276 1234 5678 9010, запись {\u00a0}, ул. Лесная 5"
)


def test_an_error_loses_our_secrets_cards_first_names_and_the_buyer_of_the_order() -> None:
    known, secrets = ["Светлояров Дмитрий"], ("c4fee133ce907984",)
    sent, got = {"id": 5, "C4FEE133ce907984": "Y"}, {"error": "X", "error_description": QUOTED}
    request, answer = masked_exchange("sale.payment.update", sent, got, secrets=secrets, known=known)
    reason = masking.masked_reason(f"Битрикс отказал: {QUOTED}", "sale.payment.update", sent, got, secrets=secrets,
                                   known=known)  # fmt: skip
    for gone in ("Светлояров", "Дмитри", "777", "c4fee133ce907984", "Зинаид", "4276", "9010", "Лесная"):
        assert gone.casefold() not in (request + answer + reason).casefold()
    assert reason.startswith("Битрикс отказал: Ошибка для ••• •••, тел •••, токен •••, •••, карта •••, запись")
    assert "Светлояров" in masking.masked_reason("Светлояров не найден", "m", {}, None)
    assert masking.masked_reason("Светлоярову отказано, Киму тоже", "m", {}, None, known=["Светлояров Кимов"]) == (
        "••• отказано, Киму тоже"
    )
    assert masking.masked_reason("Ким не найден", "m", {}, None, known=["Ким Ю."]) == "••• не найден"


@pytest.mark.parametrize("text", [
    "Недостаточно товара «Диван Софа» на складе: Или спишите, Заказ закрыт",
    "ФН 9999078900005488, РНМ 0000000001000001, штрихкод 4601234567893, 2026-11-20 2026-11-21",
    "Битрикс отказал: Нет права «Отгрузки»",
])  # fmt: skip
def test_words_and_numbers_that_are_nobodys_stay(text: str) -> None:
    assert masking.masked_reason(text, "sale.order.update", {}, None) == text


@pytest.mark.parametrize(
    "text", ["5469 3800 1234 5678", "2202-2001-1234-5678-901", "4111111111111111", "378282246310005"]
)
def test_cards_are_hidden(text: str) -> None:
    assert masked_text(f"карта {text} не принята") == "карта ••• не принята"


@pytest.mark.parametrize(
    "text",
    ["Заказ Ивана закрыт", "Пользователь Петров Павлу", "Клиент Ольга Смирнова", "для Льва", "для Анны-Марии Петровой"],
)
def test_a_first_name_goes_with_what_stands_beside_it(text: str) -> None:
    shown = masking.masked_reason(text, "sale.order.update", {}, None)
    assert HIDDEN in shown
    assert not re.search("Анн|Мари|Иван|Петр|Павл|Ольг|Смирн|Льв", shown)
    assert shown.split(maxsplit=1)[0] == text.split(maxsplit=1)[0]


@pytest.mark.parametrize(
    "kept, opens",
    [
        ("https://portal.example/rest/1/abcdefghij/", "abcdefghij"),
        ("https://shop.example/bitrix/tools/orders.php?hash=poll0key99&id=3", "poll0key99"),
        (
            '{"access_token": "acc0ess0tok", "refresh_token": "ref0resh0tok", "member_id": "m0123456789"}',
            "ref0resh0tok",
        ),
        ('{"access_token": "acc0ess0tok", "refresh_token": "ref0resh0tok", "member_id": "m0123456789"}', "acc0ess0tok"),
        ("the-gateways-own-key", "the-gateways-own-key"),
    ],
)
def test_what_the_vault_gave_out_is_struck_out_and_nothing_else_of_it(kept: str, opens: str) -> None:
    vault.Secret(kept)
    text = f"{opens} shop.example portal.example orders.php m0123456789"
    assert masking.struck(text, vault.held()) == text.replace(opens, HIDDEN)


def test_the_list_of_receipts_stays_and_peoples_comment_goes() -> None:
    block = (
        "{posapp1 7K2M9Q4T1V8XAB3C,1,9999078900005488,45,2890182733,20261121T1233,59000,1031:59000,full,9f0c11aa,5d}"
    )
    request, _ = masked_exchange(
        "sale.payment.update", {"id": 5, "fields": {"comments": f"Ольге, домофон 12\n{block}", "paid": "Y"}}, None
    )
    assert json.loads(request) == {"id": 5, "fields": {"comments": f"{HIDDEN} {block}", "paid": "Y"}}


def test_a_batch_is_judged_command_by_command() -> None:
    sent = {
        "halt": 0,
        "cmd": {
            "c": "crm.contact.get?id=5",
            "o": "sale.order.update?id=3&fields[userDescription]=%D0%9E%D0%BB%D1%8C%D0%B3%D0%B5&fields[statusId]=F",
        },
    }
    got = {
        "result": {
            "result": {"c": {"ID": "5", "NAME": "Ольга"}, "o": {"order": {"id": 3, "statusId": "F"}}},
            "result_error": [],
        },
        "time": {"duration": Decimal("0.25")},
    }
    request, answer = masked_exchange("batch", sent, got)
    assert "Ольг" not in request + answer
    assert json.loads(request)["cmd"]["o"] == {
        "sale.order.update": {"id": "3", "fields": {"userDescription": HIDDEN, "statusId": "F"}}
    }
    assert json.loads(answer)["result"]["result"] == {"c": {"ID": "5", "NAME": HIDDEN},
                                                      "o": {"order": {"id": 3, "statusId": "F"}}}  # fmt: skip


def test_a_name_is_a_label_only_of_a_property() -> None:
    text = answer_of("sale.order.get", {"contacts": [{"name": "Ольга", "id": 5}], "propertyValues": [
        {"name": "Ф.И.О.", "value": "Ольга", "code": "FIO"}]})  # fmt: skip
    assert "Ольга" not in text
    assert "Ф.И.О." in text


def test_bodies_are_bounded_and_stay_readable() -> None:
    rows = [{"id": number, "name": "Очень длинное название товара " * 20} for number in range(5000)]
    text = answer_of("catalog.product.list", {"products": rows})
    assert len(text.encode()) <= BODY_MAX
    assert json.loads(text)["products"][0]["id"] == 0
    assert "…" in text


def test_odd_shapes_do_no_harm() -> None:
    deep: Row = {}
    inner = deep
    for _ in range(500):
        inner["fields"] = {}
        inner = inner["fields"]
    odd: tuple[Any, ...] = (
        deep,
        [],
        None,
        "текст",
        5,
        {"": {"": "Иванов"}},
        {1: 2},
        "\ud800",
        {"name": "\ud800"},
        10**40,
        True,
    )
    for value in odd:
        for text in masked_exchange("sale.order.get", {"x": value}, value):
            text.encode()
            assert "Иванов" not in text


# ---------------------------------------------------------------------- properties
PEOPLE = st.text("абвгдежзиклмнопрстуфхцчшщэюяё", min_size=5, max_size=14).map(str.capitalize)
PHONES = st.from_regex(r"(\+7|8|7)9[0-9]{9}", fullmatch=True)
MAILS = st.from_regex(r"[a-z]{4,9}\.[a-z]{4,9}@[a-z]{4,8}\.ru", fullmatch=True)
TOKENS = st.from_regex(r"[a-f0-9]{12}[a-z][0-9][a-f0-9]{18}", fullmatch=True)
PERSONAL = st.one_of(PEOPLE, PHONES, MAILS, TOKENS)
HIDING_KEYS = st.sampled_from(
    ("lastName", "LAST_NAME", "Phone", "EMAIL", "userDescription", "ADDRESS", "RQ_FIRST_NAME", "contactPerson", "FIO")
)
ANY_KEY = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGH_", min_size=1, max_size=16).filter(
    lambda key: not masking.is_plain_key(key)
)
PLAIN = st.one_of(st.integers(0, 10**6), st.booleans(), st.none(), st.sampled_from(["Y", "N", "F", "2026-11-21"]))


@given(st.data(), st.sampled_from(["sale.order.get", "crm.contact.list", "catalog.product.list", "user.current"]))
def test_no_personal_value_survives_wherever_it_stands(data: st.DataObject, method: str) -> None:
    """Under a key that names persons, and under any key that nobody has declared harmless, at any depth."""
    hidden: list[str] = []

    def tree(depth: int) -> Any:
        row: Row = {}
        for _ in range(data.draw(st.integers(0, 3))):
            value = data.draw(PERSONAL)
            hidden.append(value)
            row[data.draw(st.one_of(HIDING_KEYS, ANY_KEY))] = data.draw(
                st.sampled_from([value, [value], {"VALUE": value}, [{"VALUE": value, "ID": "3"}]])
            )
        row["id"] = data.draw(PLAIN)
        if depth:
            row[data.draw(st.sampled_from(["order", "clients", "propertyValues", "fields"]))] = [tree(depth - 1)]
        return row

    body = tree(2)
    for text in masked_exchange(method, body, body):
        for value in hidden:
            assert value not in text


@given(
    st.lists(st.one_of(PHONES, MAILS, TOKENS), min_size=1, max_size=4), st.sampled_from(["name", "error_description"])
)
def test_phones_mails_and_tokens_leave_even_the_texts_that_are_kept(values: list[str], key: str) -> None:
    text = answer_of("catalog.product.list", {"products": [{key: f"Доставка «{' и '.join(values)}», 2 шт"}]})
    assert "Доставка" in text
    for value in values:
        assert value not in text
