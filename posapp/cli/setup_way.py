"""The ways in which `posapp setup portal` comes to a portal: webhook, application, the known way, a portal that moved.

A way is an access that works now, and what is to be kept of it once the portal has proven fit. An application's tokens
are in the vault before they are first used; should the rest of the set-up fail, the vault is put back as it was.
"""

from __future__ import annotations

import hmac
import os
import secrets
import sys
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from posapp import vault
from posapp.cli.common import emit, say
from posapp.cli.setup_common import line_of_stdin
from posapp.errors import JournalError, Offline, Rejected, SetupError, SyncError, UsageError
from posapp.http import NoAnswer, SecretUrl
from posapp.journal.lock import DirectoryLock
from posapp.settings import OAuthSettings, PortalSettings, Settings
from posapp.sync.bitrix import callback, connect
from posapp.sync.bitrix.auth import EXPIRED, PortalAccess, WebhookAccess
from posapp.sync.bitrix.oauth import (
    Application,
    Installed,
    Pair,
    TokenServer,
    authorize_url,
    check_host,
    is_safe,
    portal_url,
    token_url_of,
)

DEFAULT_PORT = 18655
BROWSER_WAIT_S, INSTALL_WAIT_S = 300, 900
WAIT_MAX_S = 24 * 3600
FORMER_PATIENCE_S, RENEWAL_PATIENCE_S = 10.0, 60.0


@dataclass(slots=True)
class Way:
    """How the portal is reached: `oauth` is set for an application, `webhook` for one that is to be kept.

    `is_same` says that the portal proved to be the one that is set up, by its own id or by a person's word and deed;
    `is_settled` that the settings on disk name this way: from then on nothing is put back.
    """

    access: PortalAccess
    oauth: OAuthSettings | None = None
    webhook: vault.Secret | None = None
    is_same: bool = False
    is_settled: bool = False

    def keep(self, identity: str) -> bool:
        """Keeps this way's secret, before the settings name it. False when there is no vault for a webhook."""
        return self.webhook is None or vault.keep_webhook(identity, self.webhook)

    def settle(self, identity: str) -> None:
        """The settings name this way now: forgets the other way's secrets."""
        self.is_settled = True
        others = ("webhook",) if self.oauth is not None else vault.OF_APPLICATION
        with suppress(SetupError):  # one that stays is used by nobody, and goes with the others on leaving
            vault.forget(identity, others)


@dataclass(frozen=True, slots=True)
class Asked:
    """What was typed to connect an application."""

    portal: str
    client_id: str
    secret_stdin: bool
    port: int
    opens_browser: bool
    callback: str
    wait_s: int
    token_url: str
    json: bool


# ---------------------------------------------------------------------------------------------- webhook, known way
def by_webhook(secret: vault.Secret) -> Way:
    """A webhook that was given. Raises SetupError for what is none."""
    return Way(WebhookAccess(secret.reveal()), webhook=secret)


def known_way(settings: Settings, folder: Path) -> Way:
    """The way that is set up, for another look at the portal. Raises SetupError `secret_missing`."""
    from posapp import app

    if settings.oauth is not None and vault.given_webhook() is None:
        return Way(app.access_of(settings, folder), oauth=settings.oauth, is_same=True)
    return by_webhook(vault.webhook(settings.identity))


# ---------------------------------------------------------------------------------------------- application
@contextmanager
def by_application(settings: Settings, folder: Path, asked: Asked) -> Iterator[Way]:
    """Connects an application; its tokens are in the vault when the block begins, and gone again when the block fails.

    Raises UsageError for what was typed, SetupError `oauth_port`, `oauth_unanswered`, `oauth_unkept`,
    Rejected, Offline.
    """
    from posapp import app

    portal = portal_url(asked.portal)
    client_id, secret = _credentials(settings, asked)
    if not vault.takes_writes(settings.identity):
        raise SetupError("oauth_unkept", why="хранилища паролей нет или оно закрыто")
    application = Application(client_id, secret, _token_url(asked, portal))
    _refuse_busy(folder)
    if asked.callback:
        pair, mark = _installed(settings.identity, portal, application, asked)
        token_url = application.token_url
    else:
        (pair, token_url), mark = _authorised(portal, application, asked), None
    oauth = OAuthSettings(client_id, pair.member_id, pair.endpoint, token_url, asked.port)
    former = settings.oauth
    is_same = former is not None and bool(pair.member_id) and former.member_id == pair.member_id
    # What was there is read when nobody can renew it any more: an older pair put back would be worth nothing.
    with connect.alone(folder, app.clock()):
        before = vault.kept(settings.identity, vault.OF_APPLICATION)
        is_kept = _keep(settings.identity, pair, secret, mark)
    way: Way | None = None
    try:
        if not is_kept:
            raise SetupError("oauth_unkept", why="хранилище паролей не приняло ключ")
        way = Way(connect.application_access(settings.identity, oauth, folder, app.clock()), oauth, is_same=is_same)
        yield way
    finally:
        if way is None or not way.is_settled:
            vault.put_back(settings.identity, before)


def _keep(identity: str, pair: Pair, secret: vault.Secret, mark: vault.Secret | None) -> bool:
    """Whether the vault has taken everything of an application."""
    if mark is not None and not vault.keep_install_token(identity, mark):
        return False
    return connect.VaultPairs(identity).save(pair) and vault.keep_client_secret(identity, secret)


def _refuse_busy(folder: Path) -> None:
    """Raises JournalError `journal_busy` while another posapp holds the directory: said before the browser opens."""
    try:
        if folder.exists():
            DirectoryLock(folder).release()
    except OSError as error:
        raise JournalError("disk_read_only", path=folder) from error


def _credentials(settings: Settings, asked: Asked) -> tuple[str, vault.Secret]:
    """The application's id and secret: what was typed, else what is known."""
    known = settings.oauth
    client_id = asked.client_id.strip() or (known.client_id if known else "")
    if not client_id or len(client_id) > 200 or not client_id.isascii() or not client_id.isprintable():
        raise UsageError("usage", what="нужен --client-id из карточки приложения")
    line = line_of_stdin() if asked.secret_stdin else ""
    secret = vault.Secret(line) if line else None if asked.secret_stdin else vault.client_secret(settings.identity)
    if secret is None:
        raise UsageError("usage", what="нет client_secret: задайте POSAPP_CLIENT_SECRET или --client-secret-stdin")
    return client_id, secret


def _token_url(asked: Asked, portal: str) -> str:
    if asked.token_url and not is_safe(asked.token_url):
        raise UsageError("usage", what="--token-url: ждём https://…")
    return asked.token_url or token_url_of(portal)


def _authorised(portal: str, application: Application, asked: Asked) -> tuple[Pair, str]:
    """The browser's way: a person says yes on the portal, the code comes to this machine. Also who gave the pair."""
    state = secrets.token_urlsafe(24)
    url = authorize_url(portal, application.client_id, state)
    card = f"http://{callback.LOOPBACK}:{asked.port}/"

    def ready() -> None:
        is_open = asked.opens_browser and _opened(url)
        if is_open and asked.json:
            return
        text = "Браузер открыт; если нет, откройте в нём" if is_open else "Откройте в браузере"
        _tell({"open": url, "card": card}, f"{text}: {url}", as_json=asked.json)

    granted = callback.wait_for_code(asked.port, state, asked.wait_s or BROWSER_WAIT_S, ready)
    token_url = asked.token_url or token_url_of(portal, granted.server_domain)
    server = TokenServer(replace(application, token_url=token_url), connect.post_form)
    try:
        pair = server.exchange(granted.code)
    except Rejected as error:
        if error.code != "oauth_grant":
            raise
        why = "код подключения не подошёл; он живёт 30 секунд"
        raise SetupError("oauth_unanswered", why=why, address=card) from None
    check_host(pair.host, portal, card)
    if granted.member_id and pair.member_id and granted.member_id != pair.member_id:
        raise SetupError("oauth_unanswered", why="браузер вернулся с другого портала", address=card)
    return pair, token_url


def _opened(url: str) -> bool:
    """Whether the system has a browser and took the address. One in the terminal would take the terminal."""
    is_screenless = sys.platform.startswith("linux") and not any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY")))
    if is_screenless:
        return False
    try:
        return webbrowser.open(url)
    except (webbrowser.Error, OSError):
        return False


def _installed(identity: str, portal: str, application: Application, asked: Asked) -> tuple[Pair, vault.Secret]:
    """The portal's way: it posts the finished installation, and a renewal proves that it was the portal.

    With the pair comes the `application_token` as the vault keeps it.
    """
    address, where = _address(asked.callback), asked.callback
    server = TokenServer(application, connect.post_form)
    known = vault.install_token(identity)
    found: list[tuple[Pair, vault.Secret]] = []

    def proves(told: Installed) -> bool:
        mark = f"{application.client_id} {told.application_token.reveal()}"
        if told.host != SecretUrl(portal).host or not _is_known(known, application.client_id, mark):
            return False
        try:
            pair = server.renew(told.refresh_token)
        except NoAnswer as lost:
            why = f"сервер авторизации не ответил ({lost.facts.get('reason', '')}); переустановите приложение"
            raise SetupError("oauth_unanswered", why=why, address=where) from None
        except Rejected as error:
            if error.code != "oauth_grant":
                raise
            return False  # a token of nobody, or of another application
        check_host(pair.host, portal, where)
        found.append((pair, vault.Secret(mark)))
        return True

    def ready() -> None:
        text = f"Жду установку приложения на {where}. В карточке приложения укажите адрес, который ведёт сюда."
        _tell({"waiting": where}, text, as_json=asked.json)

    callback.wait_for_install(address, asked.wait_s or INSTALL_WAIT_S, ready, proves)
    return found[0]


def _is_known(known: vault.Secret | None, client_id: str, mark: str) -> bool:
    """Whether the `application_token` is the one that this application had before; the first one is taken as it is."""
    if known is None or not known.reveal().startswith(f"{client_id} "):
        return True
    return hmac.compare_digest(known.reveal().encode(), mark.encode())


def _address(text: str) -> tuple[str, int]:
    from posapp.cli.simulated import address_of

    try:
        return address_of(text)
    except ValueError:
        raise UsageError("usage", what=f"--install-callback {text}: ждём HOST:PORT") from None


def _tell(body: dict[str, object], text: str, *, as_json: bool) -> None:
    """A line before the answer, for whoever has to do something now: scripts read it as JSON."""
    if as_json:
        emit(body)
    else:
        say(text)
    if sys.stdout is not None:
        sys.stdout.flush()


# ---------------------------------------------------------------------------------------------- a portal that moved
def after_rename(settings: Settings, folder: Path, typed: str) -> Way:
    """The known portal at the address that a person names. The key is shown there by that word alone.

    An application: the authorisation server must name the address for the same `member_id`. A webhook: the former
    address must send us there, or be silent; that the same key answers is proven by what follows.

    Raises UsageError, SetupError `not_renamed`, `not_set_up`; Offline, Rejected of the authorisation server.
    """
    from posapp import app

    known = settings.portal
    if known is None:
        raise SetupError("not_set_up", what="не указан портал Битрикс", command="portal")
    host = SecretUrl(_url_of(typed)).host
    given = vault.given_webhook()
    if settings.oauth is not None and given is None:
        access = connect.application_access(settings.identity, settings.oauth, folder, app.clock())
        access.renew(access.to("profile"), EXPIRED, RENEWAL_PATIENCE_S)
        if access.pair.host != host:
            raise SetupError("not_renamed", why=f"сервер авторизации называет адрес {access.pair.host}, а не {host}")
        oauth = replace(settings.oauth, endpoint=access.pair.endpoint)
        access = connect.application_access(settings.identity, oauth, folder, app.clock())
        return Way(access, oauth, is_same=True)
    former = given or vault.webhook(settings.identity)
    _ask_former(former, known, host)
    return replace(by_webhook(_moved(former, host)), is_same=True)


def _url_of(typed: str) -> str:
    """An address as typed; plain http is for the practice portal, which is named without a scheme too."""
    try:
        return portal_url(typed)
    except UsageError:
        raise UsageError("usage", what="--renamed: ждём новый адрес портала, например new.bitrix24.ru") from None


def _ask_former(secret: vault.Secret, known: PortalSettings, host: str) -> None:
    """Raises SetupError `not_renamed` unless the former address sends us to the new one, or is silent."""
    from posapp import app
    from posapp.sync.governor import CLOUD

    with app.portal_client(secret, CLOUD) as client:
        if client.address == host:
            return  # the person has changed POSAPP_WEBHOOK already
        try:
            with client.within(FORMER_PATIENCE_S):
                client.call("profile")
        except Offline:
            return
        except SyncError as error:
            found = error.facts.get("found")
            if error.code == "portal_moved" and found == host:
                return
            why = f"прежний адрес ведёт на {found}" if error.code == "portal_moved" else error
            raise SetupError("not_renamed", why=why) from None
    raise SetupError("not_renamed", why=f"портал отвечает по прежнему адресу {client.address}")


def _moved(secret: vault.Secret, host: str) -> vault.Secret:
    """The same webhook at another host."""
    scheme, _, rest = secret.reveal().strip().partition("://")
    return vault.Secret(f"{scheme}://{host}/{rest.partition('/')[2]}")
