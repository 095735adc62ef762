"""Does ATOL's web server listen at an address? The one question that it answers to anybody, without a login.

Which register stands behind it, it tells only to whom it knows: that is asked at set-up.
"""

from __future__ import annotations

from posapp.http import HttpClient, NoAnswer, SecretUrl

BODY_MAX = 1 << 16
_VERSIONS = ("serverVersion", "version", "driverVersion")


def version_at(url: str, timeout_s: float) -> str:
    """The server's version, "?" where it tells none, "" where nobody answers or somebody else does."""
    http = HttpClient(connect_timeout_s=timeout_s, body_max=BODY_MAX)
    try:
        answer = http.get(SecretUrl(url) / "api/v2/serverInfo", timeout_s)
        told = answer.json() if answer.status == 200 else None
    except (NoAnswer, ValueError):
        return ""
    finally:
        http.close()
    if not isinstance(told, dict) or not any(each in told for each in _VERSIONS):
        return ""
    version = next((told[each] for each in _VERSIONS if isinstance(told.get(each), str)), "")
    return "".join(each for each in version if each.isprintable())[:32] or "?"
