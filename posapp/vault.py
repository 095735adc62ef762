"""Secrets: the environment first, then the system's keyring, else this run only. Never a file, log or exception."""

from __future__ import annotations

import os

from posapp.errors import SetupError

SERVICE = "posapp"
WEBHOOK_VARIABLE = "POSAPP_WEBHOOK"

_this_run: dict[str, str] = {}


class Secret:
    """A text that does not show itself: `str` and `repr` are masked, `reveal` is called at the last moment."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The secret itself."""
        return self._text

    def __str__(self) -> str:
        return "•••"

    __repr__ = __str__


def webhook(identity: str) -> Secret:
    """The portal's webhook of a data directory. Raises SetupError `secret_missing` or `vault_missing`."""
    given = os.environ.get(WEBHOOK_VARIABLE) or _this_run.get(identity)
    if given:
        return Secret(given)
    import keyring
    from keyring.errors import KeyringError

    try:
        stored = keyring.get_password(SERVICE, f"webhook:{identity}")
    except KeyringError as error:
        raise SetupError("vault_missing") from error
    if not stored:
        raise SetupError("secret_missing")
    return Secret(stored)


def keep_webhook(identity: str, secret: Secret) -> bool:
    """Stores the webhook; False when there is no vault and it is kept for this run only."""
    import keyring
    from keyring.errors import KeyringError

    _this_run[identity] = secret.reveal()
    try:
        keyring.set_password(SERVICE, f"webhook:{identity}", secret.reveal())
    except KeyringError:
        return False
    return True
