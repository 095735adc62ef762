"""By what right the program calls a portal: an inbound webhook, or an application's access token (see `oauth.py`).

The client knows no more of it than `PortalAccess`: where a method is called, with the key inside, and whether a refusal
may be mended. A webhook's secret stands in the path, there is no other way; an application's token goes in a header.
"""

from __future__ import annotations

from typing import Protocol

from posapp.errors import SetupError
from posapp.http import SecretUrl

EXPIRED, UNKNOWN = "EXPIRED_TOKEN", "INVALID_TOKEN"
"""Bitrix's codes, in capitals, for an access token that is too old, and for one that it does not know (any more)."""


class PortalAccess(Protocol):
    """The right to call one portal."""

    @property
    def is_application(self) -> bool:
        """Whether an application calls: only such a one hears of events (reference: Bitrix REST 1.1, 4.3)."""

    @property
    def address(self) -> str:
        """Host (and port) of the portal."""

    def to(self, method: str) -> SecretUrl:
        """Where a method is called, the key inside. Raises Rejected when there is no key that may be shown."""

    def renew(self, refused: SecretUrl, code: str, patience_s: float) -> bool:
        """After `EXPIRED` or `UNKNOWN`: whether there is another key than the one that was shown.

        Whoever calls waits as long as `patience_s`; a renewal that takes longer goes on and is found by the next call.
        Raises Rejected when the portal gives none, NoAnswer (`sent` False) when it was not to be had now.
        """

    def close(self) -> None:
        """The end: what could not be kept so far is tried once more."""


class WebhookAccess:
    """An inbound webhook, `https://portal/rest/1/secret/`. It is never renewed: a new one comes from a person."""

    is_application = False

    def __init__(self, webhook: str) -> None:
        """Raises SetupError `not_set_up` for what is no webhook's address."""
        self._url = SecretUrl(webhook.strip())
        if not self._url.host or "/rest/" not in webhook:
            raise SetupError("not_set_up", what="адрес вебхука не вида https://портал/rest/…", command="portal")

    @property
    def address(self) -> str:
        """Host (and port) that the webhook names."""
        return self._url.host

    def to(self, method: str) -> SecretUrl:
        """The webhook's address with the method behind it."""
        return self._url / method

    def renew(self, refused: SecretUrl, code: str, patience_s: float) -> bool:
        """Never."""
        return False

    def close(self) -> None:
        """Nothing to do."""
