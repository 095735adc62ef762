"""What an answer of Bitrix means: the result, or which of our errors – by its `error` code, never by status or text.

The status of an error differs between documentation and kernel, the description is localised and may hold HTML; the
code is the only thing that two portals agree on (reference: Bitrix REST, error envelope and auth error codes).
"""

from __future__ import annotations

import re
from typing import Any

from posapp.errors import Offline, Rejected, SyncError
from posapp.http import NoAnswer, Response, SecretUrl
from posapp.sync.bitrix.parsing import as_text, clean_reason

QUERY_LIMIT = "QUERY_LIMIT_EXCEEDED"
OPERATION_LIMIT = "OPERATION_TIME_LIMIT"
HOST_MAX = 253
PAGE_BYTES = 4096  # of a page that is no answer, looked at for its words
_TAGS = re.compile(r"(?is)<(script|style)\b.*?(?:</\1\s*>|\Z)|<!--.*?(?:-->|\Z)|<[^>]*(?:>|\Z)")

# The program itself is not (or no longer) welcome: no order is at fault, an administrator has to act. Bitrix's code in
# capitals → our code, whose words say what to do (reference: Bitrix REST 1.4; module `sale` for the two numbers).
ACCESS_CODES: dict[str, str] = {
    "NO_AUTH_FOUND": "webhook_unknown",
    "INVALID_CREDENTIALS": "webhook_unknown",
    "EXPIRED_TOKEN": "oauth_grant",
    "INVALID_TOKEN": "oauth_grant",
    "INVALID_GRANT": "oauth_grant",
    "INVALID_CLIENT": "oauth_client",
    "APPLICATION_NOT_FOUND": "oauth_client",
    "INSUFFICIENT_SCOPE": "scope_missing",
    "INVALID_SCOPE": "scope_missing",
    "USER_ACCESS_ERROR": "rights_missing",
    "ACCESS_DENIED": "rights_missing",
    "200040300010": "rights_missing",  # no right to read
    "200040300020": "rights_missing",  # no right to write
    "PAYMENT_REQUIRED": "portal_unpaid",
    "WRONG_LICENSE": "portal_unpaid",
    "PORTAL_DELETED": "portal_deleted",
    "AUTHORIZATION_ERROR": "access",
    "CONNECTION_ERROR": "access",
    "WRONG_AUTH_TYPE": "access",
    "OVERLOAD_LIMIT": "access",
}
_WHY = {
    "EXPIRED_TOKEN": "ключ доступа устарел",
    "INVALID_TOKEN": "ключ доступа ему неизвестен",
    "INVALID_GRANT": "ключ продления устарел или уже использован",
}

ACCESS_ERRORS = frozenset(ACCESS_CODES.values()) | {"portal_no_paysystems", "portal_moved", "oauth_unkept"}
"""Our codes that say so; `NEEDS_ADMINISTRATOR` of the journal names them too."""

# The portal broke down in the middle: what a write did is not known.
BROKEN_CODES = frozenset({"INTERNAL_SERVER_ERROR", "ERROR_UNEXPECTED_ANSWER", "WRONG_ENCODING"})


def is_throttle(code: str) -> bool:
    """A refusal before execution because of the request budget."""
    return code in (QUERY_LIMIT, OPERATION_LIMIT)


def is_access(error: SyncError) -> bool:
    """No order is at fault: stop asking and call the administrator."""
    return error.code in ACCESS_ERRORS


def error_of(code: str, description: object) -> SyncError:
    """Our error for an error envelope, or for a cell of `result_error`. Its fact `error` keeps Bitrix's code."""
    if is_throttle(code):
        return Offline("throttled", error=code)
    ours = ACCESS_CODES.get(code.upper())
    if ours is not None:
        why = {"why": _WHY[code.upper()]} if code.upper() in _WHY else {}
        return Rejected(ours, error=code, **why)
    if code in BROKEN_CODES:
        return Offline("offline", reason=f"портал сломался на запросе: {code}", error=code)
    return Rejected("portal_rejected", reason=clean_reason(description, code), error=code)


def read_envelope(response: Response) -> dict[str, Any]:
    """The JSON object of an answer, be it success or error.

    Raises:
        Rejected: `portal_moved`, when the portal sends us elsewhere (it was renamed); nothing was executed, and we do
            not follow: the POST would become a GET, and the key is shown to a new host only by a person's word.
        Offline: `portal_garbled`, when there is no such object; for a write the outcome is unknown.
    """
    if 300 <= response.status < 400:
        raise Rejected("portal_moved", found=_host_of(response.headers.get("location", "")), http=response.status)
    if not response.is_json:
        raise Offline("portal_garbled", reason=f"HTTP {response.status}, страница вместо данных")
    try:
        body = response.json()
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise Offline("portal_garbled", reason=f"HTTP {response.status}, испорченный JSON")
    if "error" not in body and ("result" not in body or response.status >= 400):
        raise Offline("portal_garbled", reason=f"HTTP {response.status}, нет ни результата, ни ошибки")
    return body


def told_of(response: Response) -> object:
    """What a failed request was answered, for the log: its JSON, or of another page its length and its beginning.

    Of broken JSON no beginning: without its keys nobody can say which of its words are a person's.
    """
    try:
        return read_envelope(response)
    except SyncError:
        kind = response.headers.get("content-type", "")[:80]
        told: dict[str, object] = {"http": response.status, "bytes": len(response.body), "content_type": kind}
        beginning = response.body[:PAGE_BYTES].decode(errors="ignore")
        if not response.is_json and not beginning.lstrip("\ufeff \r\n\t").startswith(("{", "[")):
            told["page"] = " ".join(_TAGS.sub(" ", beginning).split())
        return told


def _host_of(location: str) -> str:
    """Where a redirect leads, as host and port; a question mark when it names none."""
    host = SecretUrl(location).host
    return host if host.isascii() and len(host) <= HOST_MAX else "?"


def code_of(envelope: dict[str, Any]) -> str:
    """Bitrix's code as text: portals write numbers as numbers or as text, and some families an empty one."""
    return as_text(envelope.get("error"))


def was_executed(error: SyncError) -> bool | None:
    """After a failed request: False when the portal surely did nothing, None when nobody can tell."""
    if isinstance(error, NoAnswer):
        return None if error.sent else False
    if isinstance(error, Offline):
        return False if error.code == "throttled" else None
    return False
