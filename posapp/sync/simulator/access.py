"""Who calls: the inbound webhook's secret in the path, or an access token; and what that caller may do.

The kernel asks in this order (reference: Bitrix REST 1.4, kernel `rest/lib/apauth/auth.php` and `oauth/auth.php`): is
the method known – this before anything about the caller –, is the key known, is the application still there, is the
token fresh, does its scope hold the method, and only then the module's own rights. Where tokens come from: `oauth.py`.

Everything is derived from a seed, so a portal started again with the same seed is the same portal.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import datetime

from posapp.sync.simulator.envelope import PortalError

USER_ID = 1
TOKEN_LIFETIME_S = 3600
REFRESH_LIFETIME_S = 180 * 86_400
CODE_LIFETIME_S = 30
ALL_SCOPES = ("sale", "pay_system", "catalog", "crm", "cashbox")

# The module's right letters, worst first: D nothing, R reads, W writes too (kernel `sale/lib/controller`).
_LETTERS = "DRUW"
_READS = (".get", ".list", ".getfields", ".getfieldsbytype", ".gettypes")
TROUBLES = {"OVERLOAD_LIMIT": "REST API is blocked due to overload.", "PORTAL_DELETED": "Portal was deleted.",
            "user_access_error": "The user does not have access to the application.",
            "authorization_error": "Unable to authorize user",
            "CONNECTION_ERROR": "Error connecting to authorization server"}  # fmt: skip
"""What a whole portal or application may suffer from; every call with a known key is refused with it."""

_FOR_ADMINISTRATORS = ("sale.paysystem.", "sale.cashbox.")


@dataclass(frozen=True)
class Caller:
    """An authenticated caller: `name` keys the operating time, `kind` is `webhook` or `oauth`."""

    name: str
    kind: str


@dataclass
class Access:
    """Secrets, tokens, granted scopes and rights of one portal.

    `right` is the caller's right letter in the modules `sale` and `catalog` (D, R, U, W); `is_admin` whether the user
    behind webhook and tokens administers the portal; `is_installed` whether the application is there; `trouble` one of
    `TROUBLES`, empty for a healthy portal.
    """

    seed: int
    scopes: tuple[str, ...] = ALL_SCOPES
    right: str = "W"
    is_admin: bool = True
    is_installed: bool = True
    trouble: str = ""
    _expiry: dict[str, float] = field(default_factory=dict)
    _refresh: dict[str, float] = field(default_factory=dict)
    _codes: dict[str, float] = field(default_factory=dict)
    _issued: int = 0
    _webhooks: int = 0

    # ------------------------------------------------------------------------------------------ secrets
    @property
    def webhook_secret(self) -> str:
        """The secret part of the inbound webhook's address."""
        return self._derive("webhook", self._webhooks)[:16]

    @property
    def poll_hash(self) -> str:
        """The 32 hex digits of the offline cashbox's poll link."""
        return self._derive("poll", 0)[:32]

    @property
    def client_id(self) -> str:
        """`client_id` of the local application."""
        return f"local.{self._derive('client', 0)[:14]}.{self.seed + 10**7}"

    @property
    def client_secret(self) -> str:
        """`client_secret` of the local application."""
        return self._derive("client-secret", 0)[:50]

    @property
    def member_id(self) -> str:
        """The portal's own id, which stays when its address changes."""
        return self._derive("member", 0)[:32]

    @property
    def application_token(self) -> str:
        """What every call of the portal to the application carries, and what it is recognised by."""
        return self._derive("application", 0)[:32]

    def rotate_webhook(self) -> str:
        """Another secret, as when an administrator edits somebody's webhook; the old one is unknown at once."""
        self._webhooks += 1
        return self.webhook_secret

    # ------------------------------------------------------------------------------------------ tokens
    def issue(self, now: datetime) -> tuple[str, str]:
        """A new pair of access and refresh token. Pairs issued before go on: each grant rotates for itself."""
        self._issued += 1
        at = now.timestamp()
        token, refresh = self._derive("access", self._issued), self._derive("refresh", self._issued)
        self._expiry = {key: end for key, end in self._expiry.items() if end > at - 86_400}
        self._expiry[token] = at + TOKEN_LIFETIME_S
        self._refresh[refresh] = at + REFRESH_LIFETIME_S
        return token, refresh

    def issue_code(self, now: datetime) -> str:
        """A code of the authorisation page; it is exchanged once, within 30 seconds."""
        self._issued += 1
        code = self._derive("code", self._issued)
        self._codes[code] = now.timestamp() + CODE_LIFETIME_S
        return code

    def take_code(self, code: str, now: datetime) -> bool:
        """Whether a code was good; it is used up by asking."""
        return self._codes.pop(code, 0.0) > now.timestamp()

    def take_refresh(self, token: str, now: datetime) -> bool:
        """Whether a refresh token was good; it is used up by asking, its successor must be kept."""
        return self._refresh.pop(token, 0.0) > now.timestamp()

    def expire_tokens(self) -> None:
        """Make every access token too old; refreshing still works."""
        self._expiry = dict.fromkeys(self._expiry, 0.0)

    def revoke_refresh(self) -> None:
        """Forget every refresh token: the application has to be let in again by a person."""
        self._refresh.clear()

    # ------------------------------------------------------------------------------------------ callers
    def by_webhook(self, user: str, secret: str) -> Caller:
        """The caller of `/rest/{user}/{secret}/…`."""
        if user != str(USER_ID) or not is_same(secret, self.webhook_secret):
            raise PortalError("INVALID_CREDENTIALS", "Invalid request credentials", 401)
        self._check_trouble()
        return Caller("webhook", "webhook")

    def by_token(self, token: str, now: datetime) -> Caller:
        """The caller that shows an access token."""
        if not token:
            raise PortalError("NO_AUTH_FOUND", "Wrong authorization data", 401)
        if token not in self._expiry:
            raise PortalError("invalid_token", "Unable to get application by token", 401)
        if not self.is_installed:
            raise PortalError("APPLICATION_NOT_FOUND", "Application not found", 401)
        if self._expiry[token] <= now.timestamp():
            raise PortalError("expired_token", "The access token provided has expired.", 401)
        self._check_trouble()
        return Caller(self.client_id, "oauth")

    def _check_trouble(self) -> None:
        if self.trouble:
            raise PortalError(self.trouble, TROUBLES[self.trouble], 403 if self.trouble == "PORTAL_DELETED" else 401)

    def check_scope(self, scope: str) -> None:
        """Refuse a method whose scope was not granted; an empty scope is open to all."""
        if scope and scope not in self.scopes:
            raise PortalError(
                "insufficient_scope", "The request requires higher privileges than provided by the webhook token", 401
            )

    def check_right(self, method: str) -> None:
        """Refuse what the user behind the key may not do, whatever the scope says."""
        if method.startswith(_FOR_ADMINISTRATORS):
            if not self.is_admin:
                raise PortalError("ACCESS_DENIED", "Access denied!", 403)
        elif method.startswith(("sale.", "catalog.")):
            letter = _LETTERS.find(self.right)
            if letter < _LETTERS.index("R"):
                raise PortalError("200040300010", "Access Denied")
            if letter < _LETTERS.index("W") and not method.endswith(_READS):
                raise PortalError("200040300020", "Access Denied")

    def _derive(self, purpose: str, number: int) -> str:
        return hashlib.sha256(f"posapp practice portal {self.seed} {purpose} {number}".encode()).hexdigest()


def is_same(given: str, known: str) -> bool:
    """Whether a secret is the known one, in time that does not tell how much of it is right."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), known.encode())
