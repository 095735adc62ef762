"""`sale.cashbox.*` by REST: handlers and cashboxes with the kernel's quirks (reference 5.1, 5.2)."""

from __future__ import annotations

import json
from typing import Any

import pytest

Row = dict[str, Any]
CONFIG = {"auth": {"Label": "Вход", "items": {"key": {"TYPE": "STRING", "LABEL": "Ключ"},
                                              "kind": {"TYPE": "ENUM", "options": {"a": "А"}}}}}  # fmt: skip
SETTINGS: Row = {"PRINT_URL": "https://gateway.test/p", "CHECK_URL": "https://gateway.test/c", "CONFIG": CONFIG}


def add_handler(portal: Any, **changes: Any) -> Any:
    given = {"CODE": "POSAPP", "NAME": "posapp", "SETTINGS": SETTINGS, **changes}
    return portal.call("sale.cashbox.handler.add", {key: value for key, value in given.items() if value is not None})


def add_cashbox(portal: Any, **changes: Any) -> Any:
    given = {"NAME": "Касса", "REST_CODE": "POSAPP", "EMAIL": "a@b.test", **changes}
    return portal.call("sale.cashbox.add", {key: value for key, value in given.items() if value is not None})


def as_application(portal: Any, method: str, parameters: Row, client_id: str | None = None) -> Any:
    """A call with the token of the portal's one application; its handlers may be given to another one."""
    access = portal.server.portal.access
    token, _ = access.issue(portal.clock.now)
    for handler in portal.server.portal.shop.fiscal.handlers:
        handler["APP_ID"] = client_id if client_id is not None else access.client_id
    head = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    return portal.send("POST", f"/rest/{method}", json.dumps(parameters).encode(), head)


# ---------------------------------------------------------------------------------------------- handlers
def test_trap_77_keys_become_upper_case_everywhere_and_values_do_not(portal: Any) -> None:
    reply = portal.call("sale.cashbox.handler.add", {"code": "posapp", "Name": "n", "Settings": {
        "print_url": "http://x/p", "check_url": "http://x/c", "config": CONFIG}})  # fmt: skip

    assert reply.result == 1
    [handler] = portal.call("sale.cashbox.handler.list").result
    assert (handler["ID"], handler["CODE"], handler["SORT"]) == ("1", "posapp", "100")  # numbers as texts
    assert handler["SETTINGS"]["CONFIG"] == {"AUTH": {"LABEL": "Вход", "ITEMS": {
        "KEY": {"TYPE": "STRING", "LABEL": "Ключ"}, "KIND": {"TYPE": "ENUM", "OPTIONS": {"A": "А"}}}}}  # fmt: skip
    add_cashbox(portal, REST_CODE="posapp", SETTINGS={"auth": {"key": "a", "kind": "a"}})
    assert portal.call("sale.cashbox.settings.get", {"ID": 1}).result == {"AUTH": {"KEY": "a", "KIND": "a"}}


def test_trap_42_ffd_105_counts_in_the_settings_only(portal: Any) -> None:
    add_handler(portal, SUPPORTS_FFD105="Y")
    add_handler(portal, CODE="OTHER", SETTINGS={**SETTINGS, "SUPPORTS_FFD105": "Y"})

    told = [row["SETTINGS"]["SUPPORTS_FFD105"] for row in portal.call("sale.cashbox.handler.list").result]
    assert told == ["N", "Y"]


@pytest.mark.parametrize(
    "changes",
    [
        {"CODE": None}, {"CODE": "0"}, {"NAME": ""}, {"SETTINGS": None}, {"SETTINGS": "text"}, {"SETTINGS": []},
        *[{"SETTINGS": {**SETTINGS, name: ""}} for name in SETTINGS],
        *[{"SETTINGS": {**SETTINGS, "HTTP_VERSION": version}} for version in (1.1, "2", "1", 1, None)],
        {"SETTINGS": {**SETTINGS, "CONFIG": {"A": {"ITEMS": {"B": {"TYPE": "COLOUR"}}}}}},
    ],
)  # fmt: skip
def test_a_bad_handler_is_refused(portal: Any, changes: Row) -> None:
    assert add_handler(portal, **changes).error == (400, "ERROR_CHECK_FAILURE")
    assert portal.call("sale.cashbox.handler.list").result == []


def test_a_config_that_is_no_array_kills_the_hit(portal: Any) -> None:
    reply = add_handler(portal, SETTINGS={**SETTINGS, "CONFIG": "text"})

    assert (reply.status, reply.headers["Content-Type"][:9]) == (500, "text/html")


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_the_http_version_is_a_text(portal: Any, version: str) -> None:
    assert add_handler(portal, SETTINGS={**SETTINGS, "HTTP_VERSION": version}).status == 200


def test_a_code_is_given_once(portal: Any) -> None:
    add_handler(portal)

    assert add_handler(portal).error == (400, "ERROR_HANDLER_ALREADY_EXIST")


def test_an_update_merges_and_never_takes_away(portal: Any) -> None:
    add_handler(portal)
    change = {"ID": 1, "FIELDS": {"NAME": "новое", "SETTINGS": {
        "PRINT_URL": "http://new/p", "CONFIG": {"AUTH": {"ITEMS": {"KEY": {"TYPE": "NUMBER"}}}}}}}  # fmt: skip

    assert portal.call("sale.cashbox.handler.update", change).result is True
    [handler] = portal.call("sale.cashbox.handler.list").result
    assert (handler["NAME"], handler["SETTINGS"]["PRINT_URL"]) == ("новое", "http://new/p")
    assert handler["SETTINGS"]["CHECK_URL"] == "https://gateway.test/c"
    items = handler["SETTINGS"]["CONFIG"]["AUTH"]["ITEMS"]
    assert (items["KEY"], "KIND" in items) == ({"TYPE": "NUMBER", "LABEL": "Ключ"}, True)


@pytest.mark.parametrize(
    "method, parameters, code",
    [
        ("handler.update", {"FIELDS": {"NAME": "x"}}, "ERROR_CHECK_FAILURE"),
        ("handler.update", {"ID": 9, "FIELDS": {"NAME": "x"}}, "ERROR_HANDLER_NOT_FOUND"),
        ("handler.update", {"ID": 1}, "ERROR_CHECK_FAILURE"),
        ("handler.update", {"ID": 1, "FIELDS": {"SETTINGS": {"PRINT_URL": ""}}}, "ERROR_CHECK_FAILURE"),
        ("handler.update", {"ID": 1, "FIELDS": {"SETTINGS": {"HTTP_VERSION": 1.0}}}, "ERROR_CHECK_FAILURE"),
        ("handler.update", {"ID": 1, "FIELDS": {"COLOUR": "red"}}, "100"),
        ("handler.delete", {}, "ERROR_CHECK_FAILURE"),
        ("handler.delete", {"ID": 9}, "ERROR_HANDLER_NOT_FOUND"),
        ("handler.delete", {"ID": 1}, "ERROR_CHECK_FAILURE"),  # a cashbox uses it
        ("add", {"NAME": "x", "EMAIL": "x"}, "ERROR_CHECK_FAILURE"),
        ("add", {"NAME": "x", "EMAIL": "x", "REST_CODE": "NOBODY"}, "ERROR_CHECK_FAILURE"),
        ("add", {"NAME": "x", "REST_CODE": "POSAPP"}, "ERROR_CHECK_FAILURE"),
        ("add", {"NAME": "x", "EMAIL": "x", "REST_CODE": "POSAPP", "OFD": "taxcom"}, "ERROR_CHECK_FAILURE"),
        ("update", {"FIELDS": {"NAME": "x"}}, "ERROR_CHECK_FAILURE"),
        ("update", {"ID": 9, "FIELDS": {"NAME": "x"}}, "ERROR_CASHBOX_NOT_FOUND"),
        ("update", {"ID": 1, "FIELDS": {}}, "ERROR_CHECK_FAILURE"),
        ("update", {"ID": 1, "FIELDS": {"EMAIL": ""}}, "ERROR_CHECK_FAILURE"),
        ("delete", {"ID": 9}, "ERROR_CASHBOX_NOT_FOUND"),
        ("settings.get", {"ID": 9}, "ERROR_CASHBOX_NOT_FOUND"),
        ("list", {"SELECT": ["ID", "SETTINGS"]}, ""),
        ("list", {"FILTER": {"HANDLER": "x"}}, ""),
        ("list", {"ORDER": {"COLOUR": "ASC"}}, ""),
    ],
)
def test_errors_have_their_codes(portal: Any, method: str, parameters: Row, code: str) -> None:
    add_handler(portal)
    add_cashbox(portal)

    assert portal.call(f"sale.cashbox.{method}", parameters).error == (400, code)


def test_a_handler_without_cashboxes_goes(portal: Any) -> None:
    add_handler(portal)
    add_cashbox(portal)
    assert portal.call("sale.cashbox.delete", {"ID": 1}).result is True
    assert portal.call("sale.cashbox.handler.delete", {"ID": 1}).result is True

    assert portal.call("sale.cashbox.handler.list").result == []
    assert portal.call("sale.cashbox.list").result == []


def test_an_application_owns_its_handlers_and_a_webhook_everybodys(portal: Any) -> None:
    add_handler(portal)
    add_cashbox(portal)
    rename = {"ID": 1, "FIELDS": {"NAME": "x"}}
    denied = (403, "ACCESS_DENIED")

    for method in ("sale.cashbox.handler.update", "sale.cashbox.update"):
        assert as_application(portal, method, rename).result is True
        assert as_application(portal, method, rename, "local.other").error == denied
        assert portal.call(method, rename).result is True
    again = {"NAME": "2", "REST_CODE": "POSAPP", "EMAIL": "e"}
    assert as_application(portal, "sale.cashbox.add", again, "local.other").error == denied
    assert as_application(portal, "sale.cashbox.delete", {"ID": 1}, "local.other").error == denied
    assert len(as_application(portal, "sale.cashbox.handler.list", {}, "local.other").result) == 1  # seen all the same


def test_a_handler_made_by_a_webhook_belongs_to_nobody(portal: Any) -> None:
    add_handler(portal)

    assert as_application(portal, "sale.cashbox.handler.update", {"ID": 1, "FIELDS": {"NAME": "x"}}, "").result is True


def test_only_an_administrator_with_the_scope_gets_in(portal: Any) -> None:
    portal.sim("settings", {"rights": {"is_admin": False}})
    assert add_handler(portal).error == (403, "ACCESS_DENIED")
    assert portal.call("sale.cashbox.check.apply", {"UUID": "x"}).error == (403, "ACCESS_DENIED")
    portal.sim("settings", {"rights": {"is_admin": True}, "scopes": ["sale"]})
    assert add_handler(portal).error == (401, "insufficient_scope")


# ---------------------------------------------------------------------------------------------- cashboxes
def test_trap_44_a_new_cashbox_is_not_active(portal: Any) -> None:
    add_handler(portal)
    portal.clock.turn(5)
    for given in (None, "y", "1", True, "Y"):
        add_cashbox(portal, ACTIVE=given, OFD="bx_taxcomofd", SORT="50" if given == "Y" else "x")

    rows = portal.call("sale.cashbox.list").result
    assert [row["ACTIVE"] for row in rows] == ["N", "N", "N", "N", "Y"]
    assert rows[4] == {
        "ID": "5", "NAME": "Касса", "OFD": "bx_taxcomofd", "EMAIL": "a@b.test", "DATE_CREATE": {},
        "DATE_LAST_CHECK": None, "NUMBER_KKM": "", "KKM_ID": "", "ACTIVE": "Y", "SORT": "50", "USE_OFFLINE": "N",
        "ENABLED": "Y",
    }  # fmt: skip


def test_the_list_selects_filters_and_sorts(portal: Any) -> None:
    add_handler(portal)
    for number in ("B", "A", "C"):
        add_cashbox(portal, NUMBER_KKM=number, ACTIVE="N" if number == "C" else "Y")

    given = {"select": ["id", "NUMBER_KKM"], "filter": {"=ACTIVE": "Y"}, "order": {"NUMBER_KKM": "ASC"}}
    told = portal.call("sale.cashbox.list", given).result
    assert told == [{"ID": "2", "NUMBER_KKM": "A"}, {"ID": "1", "NUMBER_KKM": "B"}]


def test_settings_are_merged_by_update_and_replaced_by_their_own_method(portal: Any) -> None:
    add_handler(portal)
    add_cashbox(portal, SETTINGS={"AUTH": {"KEY": "1", "KIND": "A"}})
    portal.call("sale.cashbox.update", {"ID": 1, "FIELDS": {"SETTINGS": {"AUTH": {"KEY": "2"}}, "ACTIVE": "Y"}})
    assert portal.call("sale.cashbox.settings.get", {"ID": 1}).result == {"AUTH": {"KEY": "2", "KIND": "A"}}

    portal.call("sale.cashbox.settings.update", {"ID": 1, "FIELDS": {"AUTH": {"KEY": "3"}}})
    assert portal.call("sale.cashbox.settings.get", {"ID": 1}).result == {"AUTH": {"KEY": "3"}}
    portal.call("sale.cashbox.ofd.settings.update", {"ID": 1, "FIELDS": {"OFD_MODE": {"IS_TEST": "Y"}}})
    assert portal.call("sale.cashbox.ofd.settings.get", {"ID": 1}).result == {"OFD_MODE": {"IS_TEST": "Y"}}
    assert portal.call("sale.cashbox.handler.delete", {"ID": 1}).error == (400, "ERROR_CHECK_FAILURE")


def test_a_cashbox_of_another_kind_is_listed_and_not_touched(portal: Any) -> None:
    row = {"ID": 3, "NAME": "АТОЛ Онлайн", "ACTIVE": "Y", "HANDLER": "CashboxAtolFarmV5"}
    portal.sim("settings", {"cashboxes": [row]})

    assert [row["ID"] for row in portal.call("sale.cashbox.list").result] == ["3"]
    for method in ("sale.cashbox.update", "sale.cashbox.delete"):
        assert portal.call(method, {"ID": 3, "FIELDS": {"NAME": "x"}}).error == (403, "ACCESS_DENIED")
    add_handler(portal)
    assert add_cashbox(portal).result == 4
