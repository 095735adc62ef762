"""Secrets: the environment first, then the system's keyring, else this run only. Never a file, log or exception."""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from posapp.errors import SetupError

SERVICE = "posapp"
WEBHOOK_VARIABLE = "POSAPP_WEBHOOK"
OFD_VARIABLE = "POSAPP_OFD_TOKEN"
GATEWAY_VARIABLE = "POSAPP_GATEWAY_SECRET"
MARKING_VARIABLE = "POSAPP_MARKING_KEY"
MODULE_VARIABLE = "POSAPP_MARKING_MODULE"
POLL_VARIABLE = "POSAPP_POLL_LINK"
CLIENT_VARIABLE = "POSAPP_CLIENT_SECRET"
ATOL_VARIABLE = "POSAPP_ATOL_LOGIN"

_this_run: dict[str, str] = {}
_SHORTEST, _HELD_MAX = 8, 256
_held: dict[str, None] = {}  # the newest last
_holding = threading.Lock()
_REST = re.compile(r"/rest/\d+/([^/?#\s]+)")


class Secret:
    """A text that does not show itself: `str` and `repr` are masked, `reveal` is called at the last moment."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text
        hold(text)

    def reveal(self) -> str:
        """The secret itself."""
        return self._text

    def __str__(self) -> str:
        return "•••"

    __repr__ = __str__


def hold(text: str) -> None:
    """Notes what opens a door in this text, so that it can be struck out of whatever somebody else says or is told.

    Of an address it is the webhook's key, the values of its query and what looks random in its path; of a stored pair
    of tokens both; else the text itself. What is shorter than 8 characters is a word rather than a secret.
    """
    with _holding:
        for each in _opening(text):
            if len(each) >= _SHORTEST:
                _held.pop(each, None)
                _held[each] = None
        while len(_held) > _HELD_MAX:
            del _held[next(iter(_held))]


def held() -> tuple[str, ...]:
    """The newest secrets that this process has had in its hands. Only for striking them out."""
    with _holding:
        return tuple(_held)


def _opening(text: str) -> list[str]:
    if text.startswith("{"):
        try:
            fields = json.loads(text)
        except (ValueError, RecursionError):
            return []
        return [str(each) for name, each in fields.items() if "token" in name or "secret" in name]
    if "://" not in text:
        return [text]
    path, _, query = text.partition("://")[2].partition("?")
    random = [each for each in path.split("/")[1:] if len(each) >= 12 and any(map(str.isdigit, each))]
    return [*_REST.findall(text), *random, *(value for _, value in parse_qsl(query))]


def given_webhook() -> Secret | None:
    """The webhook of the environment, which goes before everything that is kept."""
    given = os.environ.get(WEBHOOK_VARIABLE)
    return Secret(given) if given else None


def webhook(identity: str) -> Secret:
    """The portal's webhook of a data directory. Raises SetupError `secret_missing` or `vault_missing`."""
    found = _find(WEBHOOK_VARIABLE, f"webhook:{identity}")
    if found is None:
        raise SetupError("secret_missing")
    return found


def keep_webhook(identity: str, secret: Secret) -> bool:
    """Stores the webhook; False when there is no vault and it is kept for this run only."""
    return _keep(f"webhook:{identity}", secret)


def ofd_token(identity: str) -> Secret | None:
    """The key of the OFD of a data directory, None when there is none. Raises SetupError `vault_missing`."""
    return _find(OFD_VARIABLE, f"ofd:{identity}")


def keep_ofd_token(identity: str, secret: Secret) -> bool:
    """Stores the OFD's key; False when there is no vault and it is kept for this run only."""
    return _keep(f"ofd:{identity}", secret)


def gateway_secret(identity: str) -> Secret | None:
    """The gateway's secret of a data directory, None when there is none. Raises SetupError `vault_missing`."""
    return _find(GATEWAY_VARIABLE, f"gateway:{identity}")


def keep_gateway_secret(identity: str, secret: Secret) -> bool:
    """Stores the gateway's secret; False when there is no vault and it is kept for this run only."""
    return _keep(f"gateway:{identity}", secret)


def poll_link(identity: str) -> Secret | None:
    """The site's link for cash registers of a data directory, None when there is none. SetupError `vault_missing`."""
    return _find(POLL_VARIABLE, f"poll:{identity}")


def keep_poll_link(identity: str, secret: Secret) -> bool:
    """Stores the site's link; False when there is no vault and it is kept for this run only."""
    return _keep(f"poll:{identity}", secret)


def marking_key(identity: str) -> Secret | None:
    """The key of the marking system of a data directory, None when there is none. Raises SetupError `vault_missing`."""
    return _find(MARKING_VARIABLE, f"marking:{identity}")


def keep_marking_key(identity: str, secret: Secret) -> bool:
    """Stores the marking system's key; False when there is no vault and it is kept for this run only."""
    return _keep(f"marking:{identity}", secret)


def module_login(identity: str) -> Secret | None:
    """`user:password` of the local module, None when there is none. Raises SetupError `vault_missing`."""
    return _find(MODULE_VARIABLE, f"module:{identity}")


def keep_module_login(identity: str, secret: Secret) -> bool:
    """Stores the local module's password; False when there is no vault and it is kept for this run only."""
    return _keep(f"module:{identity}", secret)


def atol_login(identity: str) -> Secret | None:
    """`user:password` of ATOL's web server, None when there is none. Raises SetupError `vault_missing`."""
    found = _find(ATOL_VARIABLE, f"atol:{identity}")
    if found is not None:
        hold(found.reveal().partition(":")[2])
    return found


def keep_atol_login(identity: str, secret: Secret) -> bool:
    """Stores the login of ATOL's web server; False when there is no vault and it is kept for this run only."""
    return _keep(f"atol:{identity}", secret)


def client_secret(identity: str) -> Secret | None:
    """`client_secret` of the portal's local application, None when there is none. Raises SetupError `vault_missing`."""
    return _find(CLIENT_VARIABLE, f"client:{identity}")


def keep_client_secret(identity: str, secret: Secret) -> bool:
    """Stores the application's secret; False when there is no vault and it is kept for this run only."""
    return _keep(f"client:{identity}", secret)


def tokens(identity: str) -> Secret | None:
    """The application's pair of tokens as the vault holds it now: other programs renew it, so no memory is asked.

    Raises SetupError `vault_missing`.
    """
    return _read(f"tokens:{identity}")


def keep_tokens(identity: str, secret: Secret) -> bool:
    """Stores the pair; False unless it is in the vault and reads back: some backends take all and keep nothing."""
    return _write(f"tokens:{identity}", secret)


def install_token(identity: str) -> Secret | None:
    """`application_token` by which calls of the portal are recognised, with the id of the application before it."""
    return _read(f"install:{identity}")


def keep_install_token(identity: str, secret: Secret) -> bool:
    """Stores the `application_token`; False unless it is in the vault."""
    return _write(f"install:{identity}", secret)


def takes_writes(identity: str) -> bool:
    """Whether the vault keeps what it is given: asked before anything is fetched that could not be kept."""
    import keyring
    from keyring.errors import KeyringError

    name = f"probe:{identity}"
    if not _write(name, Secret("posapp")):
        return False
    try:
        keyring.delete_password(SERVICE, name)
    except KeyringError:
        return False
    return True


def kept(identity: str, names: Iterable[str]) -> dict[str, Secret | None]:
    """What the vault holds now under these names, to be put back. Raises SetupError `vault_missing`."""
    return {name: _read(f"{name}:{identity}") for name in names}


def put_back(identity: str, before: Mapping[str, Secret | None]) -> bool:
    """The vault as it was; False when it refuses."""
    forget(identity, [name for name, secret in before.items() if secret is None])
    return all(_write(f"{name}:{identity}", secret) for name, secret in before.items() if secret is not None)


OF_APPLICATION = ("client", "tokens", "install")
"""The secrets of an application; a portal is reached by them or by `webhook`."""
NAMES = {
    "webhook": WEBHOOK_VARIABLE,
    "client": CLIENT_VARIABLE,
    "tokens": "",
    "install": "",
    "ofd": OFD_VARIABLE,
    "gateway": GATEWAY_VARIABLE,
    "marking": MARKING_VARIABLE,
    "module": MODULE_VARIABLE,
    "atol": ATOL_VARIABLE,
    "poll": POLL_VARIABLE,
}
"""Every secret of a data directory: its name in the vault, and the variable that takes precedence, "" for none."""


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What became of the secrets: those taken out of the vault, and the variables that still hold one.

    `vault_is_there` False: there is no vault, so nothing of ours is in it.
    """

    removed: tuple[str, ...]
    still_set: tuple[str, ...]
    vault_is_there: bool

    def as_json(self) -> dict[str, object]:
        """`secrets` of the commands `setup sign-out` and `uninstall`."""
        return {"removed": list(self.removed), "still_set": list(self.still_set), "vault": self.vault_is_there}


def forget(identity: str, names: Iterable[str] = tuple(NAMES)) -> Forgotten:
    """Takes the secrets of a data directory, or some of them, out of the vault and of this run.

    Raises SetupError `vault_missing` when the vault is there and refuses: then a secret may still lie in it.
    """
    import keyring
    from keyring.errors import KeyringError, NoKeyringError, PasswordDeleteError

    chosen, removed, is_there = tuple(names), [], True
    for name in chosen:
        entry = f"{name}:{identity}"
        was_here = _this_run.pop(entry, None) is not None
        try:
            keyring.delete_password(SERVICE, entry)
            removed.append(name)
        except PasswordDeleteError:
            removed += [name] if was_here else []
        except NoKeyringError:
            is_there = False
            removed += [name] if was_here else []
        except KeyringError as error:
            raise SetupError("vault_missing") from error
    still = tuple(NAMES[name] for name in chosen if NAMES[name] and os.environ.get(NAMES[name]))
    return Forgotten(tuple(removed), still, is_there)


def _find(variable: str, name: str) -> Secret | None:
    """The environment first, then what this run was given, then the keyring."""
    given = os.environ.get(variable) or _this_run.get(name)
    return Secret(given) if given else _read(name)


def _read(name: str) -> Secret | None:
    """What the keyring holds. Raises SetupError `vault_missing`."""
    import keyring
    from keyring.errors import KeyringError

    try:
        stored = keyring.get_password(SERVICE, name)
    except KeyringError as error:
        raise SetupError("vault_missing") from error
    return Secret(stored) if stored else None


def _write(name: str, secret: Secret) -> bool:
    """Whether the keyring has taken it and gives it back."""
    import keyring
    from keyring.errors import KeyringError

    try:
        keyring.set_password(SERVICE, name, secret.reveal())
        return keyring.get_password(SERVICE, name) == secret.reveal()
    except KeyringError:
        return False


def _keep(name: str, secret: Secret) -> bool:
    import keyring
    from keyring.errors import KeyringError

    _this_run[name] = secret.reveal()
    try:
        keyring.set_password(SERVICE, name, secret.reveal())
    except KeyringError:
        return False
    return True
