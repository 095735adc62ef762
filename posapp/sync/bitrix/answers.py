"""What an answer of Bitrix means: the result, or which of our errors – by its `error` code, never by status or text.

The status of an error differs between documentation and kernel, the description is localised and may hold HTML; the
code is the only thing that two portals agree on (reference: Bitrix REST, error envelope and auth error codes).
"""

from __future__ import annotations

from typing import Any

from posapp.errors import Offline, Rejected, SyncError
from posapp.http import NoAnswer, Response
from posapp.sync.bitrix.parsing import as_text, clean_reason

QUERY_LIMIT = "QUERY_LIMIT_EXCEEDED"
OPERATION_LIMIT = "OPERATION_TIME_LIMIT"

# The program itself is not (or no longer) welcome: no order is at fault, an administrator has to act.
ACCESS_CODES = frozenset(
    {
        "NO_AUTH_FOUND",
        "INVALID_CREDENTIALS",
        "EXPIRED_TOKEN",
        "INVALID_TOKEN",
        "INSUFFICIENT_SCOPE",
        "USER_ACCESS_ERROR",
        "AUTHORIZATION_ERROR",
        "APPLICATION_NOT_FOUND",
        "CONNECTION_ERROR",
        "WRONG_AUTH_TYPE",
        "ACCESS_DENIED",
        "WRONG_LICENSE",
        "PAYMENT_REQUIRED",
        "PORTAL_DELETED",
        "OVERLOAD_LIMIT",
        "200040300010",  # module sale: no right to read
        "200040300020",  # module sale: no right to write
    }
)

# The portal broke down in the middle: what a write did is not known.
BROKEN_CODES = frozenset({"INTERNAL_SERVER_ERROR", "ERROR_UNEXPECTED_ANSWER", "WRONG_ENCODING"})


def is_throttle(code: str) -> bool:
    """A refusal before execution because of the request budget."""
    return code in (QUERY_LIMIT, OPERATION_LIMIT)


def is_access(error: SyncError) -> bool:
    """No order is at fault: stop asking and call the administrator."""
    return error.code in ("access", "portal_no_paysystems")


def error_of(code: str, description: object) -> SyncError:
    """Our error for an error envelope, or for a cell of `result_error`. Its fact `error` keeps Bitrix's code."""
    if is_throttle(code):
        return Offline("throttled", error=code)
    if code.upper() in ACCESS_CODES:
        return Rejected("access", error=code)
    if code in BROKEN_CODES:
        return Offline("offline", reason=f"портал сломался на запросе: {code}", error=code)
    return Rejected("portal_rejected", reason=clean_reason(description, code), error=code)


def read_envelope(response: Response) -> dict[str, Any]:
    """The JSON object of an answer, be it success or error.

    Raises:
        Rejected: `access`, when the portal sends us elsewhere (it was renamed); nothing was executed.
        Offline: `portal_garbled`, when there is no such object; for a write the outcome is unknown.
    """
    if 300 <= response.status < 400:
        raise Rejected("access", error=f"портал переехал на другой адрес, HTTP {response.status}")
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
