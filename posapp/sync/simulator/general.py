"""Methods that every key may call: who am I, what may I, which time is it; and the events of an application.

The shapes are the kernel's (`rest/classes/general/rest_provider.php`, `rest/lib/api/{user,event}.php`); scopes are not
asked for, but an inbound webhook is no application and may not bind events.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from posapp.sync.simulator import events
from posapp.sync.simulator.access import TOKEN_LIFETIME_S, USER_ID
from posapp.sync.simulator.call import Call, Handler, Listed, Method
from posapp.sync.simulator.envelope import PortalError, iso
from posapp.sync.simulator.parameters import get_any_case, text_of
from posapp.sync.simulator.rows import Row

_LICENSE = "ru_selfhosted"


# ---------------------------------------------------------------------------------------------- who and what
def _profile(call: Call) -> Row:
    return {"ID": str(USER_ID), "ADMIN": call.access.is_admin, "NAME": "Учебный портал", "LAST_NAME": "posapp",
            "PERSONAL_GENDER": "", "TIME_ZONE": "", "TIME_ZONE_OFFSET": 0}  # fmt: skip


def _current_user(call: Call) -> Row:
    return {"ID": str(USER_ID), "XML_ID": "", "ACTIVE": True, "NAME": "Учебный портал", "LAST_NAME": "posapp",
            "SECOND_NAME": "", "EMAIL": "admin@example.test", "LAST_LOGIN": iso(call.now), "TIME_ZONE": "",
            "DATE_REGISTER": "2026-01-01T00:00:00+03:00", "IS_ONLINE": "Y", "PERSONAL_GENDER": "",
            "UF_DEPARTMENT": [1], "USER_TYPE": "employee"}  # fmt: skip


def _scope(call: Call) -> list[str]:
    if get_any_case(call.parameters, "full"):
        return sorted({method.scope for method in call.known.values()} - {""})
    return list(call.access.scopes)


def _methods(call: Call) -> list[str]:
    scope = get_any_case(call.parameters, "scope")
    wanted = [text_of(scope)] if scope is not None else [*call.access.scopes, ""]
    if scope is None and get_any_case(call.parameters, "full"):
        return list(call.known)
    return [name for name, method in call.known.items() if method.scope in wanted]


def _method_get(call: Call) -> Row:
    method = call.known.get(text_of(call.parameters.get("name")).lower())
    return {"isExisting": method is not None,
            "isAvailable": method is not None and method.scope in ("", *call.access.scopes)}  # fmt: skip


def _feature(call: Call) -> Row:
    code = text_of(get_any_case(call.parameters, "code"))
    if not code:
        raise PortalError("CODE_EMPTY", "CODE can't be empty")
    return {"value": text_of(call.shop.options.get(code)) or "N"}


def _app_info(call: Call) -> Row:
    """Of an application what the portal tells of it and, in small letters, what the authorisation server tells.

    They answer the same method under different addresses; here one address is both.
    """
    access = call.access
    if call.caller.kind != "oauth":
        return {"SCOPE": list(access.scopes), "LICENSE": _LICENSE}
    endpoint = f"{call.origin}/rest/"
    installation = {"installed": True, "version": "1", "status": "L", "scope": ",".join(access.scopes),
                    "domain": urlsplit(call.origin).netloc, "uri": call.origin, "client_endpoint": endpoint,
                    "member_id": access.member_id, "member_type": "own"}  # fmt: skip
    return {"ID": "1", "CODE": access.client_id, "VERSION": 1, "STATUS": "L", "INSTALLED": True,
            "PAYMENT_EXPIRED": "N", "DAYS": None, "LANGUAGE_ID": "ru", "LICENSE": _LICENSE,
            "client_id": access.client_id, "user_id": USER_ID, "scope": ",".join(access.scopes),
            "install": installation,
            "expires": iso(call.now + timedelta(seconds=TOKEN_LIFETIME_S))}  # fmt: skip


# ---------------------------------------------------------------------------------------------- events
def _for_application(run: Handler, *, needs_admin: bool = False) -> Method:
    """A method of events: an inbound webhook may not call it, only an application with its token."""

    def guarded(call: Call) -> Any:
        if call.caller.kind != "oauth":
            raise PortalError("WRONG_AUTH_TYPE", "Current authorization type is denied for this method", 403)
        if needs_admin and not call.access.is_admin:
            raise PortalError("ACCESS_DENIED", "Access denied!", 403)
        return run(call)

    return Method("", guarded)


def _list_events(call: Call) -> list[str]:
    scope = get_any_case(call.parameters, "scope")
    if scope is not None:
        scopes = [text_of(scope)]
    else:
        scopes = list(events.SCOPES) if get_any_case(call.parameters, "full") else ["", *call.access.scopes]
    return [name for each in scopes for name in events.SCOPES.get(each, ())]


def _bind(call: Call) -> bool:
    kind = text_of(get_any_case(call.parameters, "event_type")).lower()
    if kind == "offline" and not call.access.is_admin:
        raise PortalError("ACCESS_DENIED", "Offline events binding requires administrator access rights", 403)
    return call.queue.bind(call.parameters, call.access.scopes)


def _peek_events(call: Call) -> Listed:
    page = call.queue.peek(call.parameters, call.start)
    return Listed(page.rows, page)


def _take_events(call: Call) -> Row:
    keeps = text_of(get_any_case(call.parameters, "clear")) == "0"
    if keeps and call.shop.options["rest_offline_extended"] != "Y":
        raise PortalError("WRONG_LICENSE", "Extended offline events are not available on this plan", 403)
    return call.queue.take(call.parameters, call.now)


def _batch_is_run_elsewhere(call: Call) -> Any:
    raise AssertionError("a batch is unpacked before its commands get here")


METHODS: dict[str, Method] = {
    "batch": Method("", _batch_is_run_elsewhere),
    "scope": Method("", _scope),
    "methods": Method("", _methods),
    "method.get": Method("", _method_get),
    "profile": Method("", _profile),
    "user.current": Method("", _current_user),
    "user.admin": Method("", lambda call: call.access.is_admin),
    "server.time": Method("", lambda call: iso(call.now)),
    "feature.get": Method("", _feature),
    "app.info": Method("", _app_info),
    "events": _for_application(_list_events),
    "event.bind": _for_application(_bind),
    "event.unbind": _for_application(lambda call: call.queue.unbind(call.parameters)),
    "event.get": _for_application(lambda call: call.queue.get_bindings()),
    "event.offline.list": _for_application(_peek_events, needs_admin=True),
    "event.offline.get": _for_application(_take_events, needs_admin=True),
    "event.offline.clear": _for_application(lambda call: call.queue.clear(call.parameters), needs_admin=True),
    "event.offline.error": _for_application(lambda call: call.queue.fail(call.parameters), needs_admin=True),
}
