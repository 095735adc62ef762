"""An application's access: one pair of tokens, renewed by one at a time, kept before it is used.

Bitrix gives a new refresh token with each renewal and takes the old one back, so a pair that is lost is lost for good
and a person has to connect again. What is done against that, step by step; a crash may fall between any two:

    1  the lock file in the data directory      of all threads and programs one renews, the others take its pair
    2  read the vault                           somebody may have renewed meanwhile: then nothing is asked
    3  write the pair with `renewing` = now     a vault that takes no writes is found before anything is given up
    4  POST to the token server                 killed or lost here: the next one tries the same token; if it is used up
                                                by now, the mark says why, and since when
    5  write the new pair, read it back         refused: kept in memory, tried again before each call, used by nobody
    6  the lock is given back, the call is repeated

Only `expired_token` begins it, never a clock: Bitrix's server is shared by all and limited (reference: 1.2). A till
that was off for days may hear `invalid_token` instead, since a portal forgets old tokens; then our own note of the hour
at which the token ended must agree.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Protocol

from posapp.errors import JournalError, Rejected, SetupError, SyncError
from posapp.http import NoAnswer, SecretUrl
from posapp.journal.lock import DirectoryLock
from posapp.sync.bitrix.answers import was_executed
from posapp.sync.bitrix.auth import EXPIRED
from posapp.sync.bitrix.oauth import TIMEOUT_S, Pair, TokenServer

LOCK_NAME = "oauth.lock"
LOCK_PATIENCE_S = TIMEOUT_S + 15.0  # the one who renews is at it for so long at most
LOCK_PAUSE_S = 0.05
KEEP_TRIES = 5
KEEP_PAUSE_S = 0.2

log = logging.getLogger(__name__)


class PairStore(Protocol):
    """Where the pair lives: the vault of the system, shared by all programs of the data directory."""

    def load(self) -> Pair | None:
        """The pair as kept now, never from memory. Raises SetupError `vault_missing`."""

    def save(self, pair: Pair) -> bool:
        """Whether the pair is kept and reads back."""


class ApplicationAccess:
    """The `PortalAccess` of a local application (see `auth.py`). May be used by several threads.

    Args:
        endpoint: where the portal is called, `https://portal/rest/`; as confirmed at set-up, not as renewals tell it.
        member_id: of the portal that was set up.
        server: gives new pairs.
        store: keeps them.
        folder: the data directory, for the lock.
        now, monotonic, sleep: the clock.

    Raises SetupError `secret_missing`, `vault_missing`, or `other_portal` when the vault holds another portal's pair.
    """

    is_application = True

    def __init__(
        self,
        endpoint: str,
        member_id: str,
        server: TokenServer,
        store: PairStore,
        folder: Path,
        *,
        now: Callable[[], datetime],
        monotonic: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        self._url = SecretUrl(endpoint)
        self._member_id = member_id
        self._server = server
        self._store = store
        self._folder = folder
        self._now, self._monotonic, self._sleep = now, monotonic, sleep
        self._mutex = threading.RLock()  # held for moments only: what waits for others waits without it
        self._job: _Job | None = None
        self._unkept: tuple[Pair, str] | None = None  # a pair that the vault refused, and the token that it replaces
        self._refused: tuple[str, dict[str, object]] | None = None  # a refresh token, and what was said of it
        found = store.load()
        if found is None:
            raise SetupError("secret_missing")
        if member_id and found.member_id and found.member_id != member_id:
            raise SetupError("other_portal", found=found.host, expected=self._url.host)
        self._pair = found

    def __repr__(self) -> str:
        return f"ApplicationAccess({self.address})"

    @property
    def address(self) -> str:
        """Host (and port) of the portal."""
        return self._url.host

    @property
    def pair(self) -> Pair:
        """The pair in use. `host` of it is what the authorisation server said last."""
        return self._pair

    def to(self, method: str) -> SecretUrl:
        """Where a method is called, the token beside it.

        Raises Rejected `oauth_unkept` while a new pair could not be kept, NoAnswer when another program renews.
        """
        self._keep_late()
        with self._mutex:
            return SecretUrl((self._url / method).reveal(), self._pair.access_token)

    def renew(self, refused: SecretUrl, code: str, patience_s: float) -> bool:
        """After `expired_token`, see `PortalAccess.renew`; False when the token should have been good.

        The work has a thread of its own: a cashier's patience ends, a renewal must not.
        """
        with self._mutex:
            if self._pair.access_token != refused.bearer():
                return True  # another thread was quicker
            job = self._job
            if job is None:
                job = self._job = _Job()
                threading.Thread(target=self._work, args=(job, refused.bearer(), code), name="renewal").start()
        if not job.is_done.wait(max(0.0, patience_s)):
            raise NoAnswer("ключ ещё продлевается", sent=False)
        if job.error is not None:
            raise job.error
        return job.has_key

    def _work(self, job: _Job, shown: str, code: str) -> None:
        """The thread's body; whoever waits for `job` is told what became of it."""
        try:
            with alone(self._folder, self._monotonic, self._sleep):
                kept = self._load()
                if kept.access_token != shown:
                    self._take(kept)  # another program was quicker
                elif code != EXPIRED and self._now().timestamp() < kept.expires:
                    job.has_key = False
                else:
                    self._renew(kept)
        except SyncError as error:
            job.error = error
        except BaseException as error:
            job.error = NoAnswer(f"ключ не продлён: {type(error).__name__}", sent=False)
            raise
        finally:
            with self._mutex:
                self._job = None
            job.is_done.set()

    def _take(self, pair: Pair) -> None:
        with self._mutex:
            self._pair, self._unkept = pair, None

    def close(self) -> None:
        """The last try to keep a pair that the vault refused. What cannot be kept is said: it ends with the program."""
        try:
            self._keep_late()
        except SyncError:
            log.error("bitrix: the renewed key of the application could not be kept and ends with this program")

    # ------------------------------------------------------------------------------------------ the steps
    def _renew(self, kept: Pair) -> None:
        """Steps 3 to 5 with the pair as kept."""
        if self._refused is not None and self._refused[0] == kept.refresh_token:
            raise Rejected("oauth_grant", **self._refused[1])  # asked and answered: not asked for ever
        begun = replace(kept, renewing=kept.renewing or self._now().isoformat(timespec="seconds"))
        if not self._store.save(begun):
            raise Rejected("oauth_unkept", why="хранилище паролей не принимает записи; прежний ключ цел, но устарел")
        try:
            fresh = self._server.renew(kept.refresh_token, kept)
        except Rejected as error:
            if self._someone_else_has(kept):
                return
            if error.code != "oauth_grant" and not kept.renewing:
                self._store.save(kept)  # refused for another reason: the token is as good as before
            raise self._told(error, kept) from None
        except SyncError as lost:
            if was_executed(lost) is False and not kept.renewing:
                self._store.save(kept)  # nothing was done: the mark would be a false trace
            raise NoAnswer(f"ключ не продлён: {lost.facts.get('reason', lost.code)}", sent=False) from None
        self._keep(fresh, kept.refresh_token)
        log.info("bitrix: the application's key was renewed")

    def _someone_else_has(self, kept: Pair) -> bool:
        """Whether the vault holds another pair by now: a copy of the directory, with a lock of its own, was quicker."""
        there = self._load()
        if there.refresh_token == kept.refresh_token:
            return False
        self._take(there)
        return True

    def _told(self, error: Rejected, kept: Pair) -> Rejected:
        """The refusal with its reason: a renewal that was cut off is said to be that."""
        if error.code != "oauth_grant":
            return error
        facts = dict(error.facts)
        if kept.renewing:
            when = kept.renewing.replace("T", " ")[:16]
            facts["why"] = f"продление {when} оборвалось, и новый ключ до нас не дошёл"
        self._refused = (kept.refresh_token, facts)
        return Rejected("oauth_grant", **facts)

    def _keep(self, fresh: Pair, former: str) -> None:
        """Step 5. Raises Rejected `oauth_unkept`; then the pair waits in memory and is used by nobody."""
        with self._mutex:
            self._unkept = (fresh, former)
        for attempt in range(KEEP_TRIES):
            if self._store.save(fresh):
                self._take(fresh)
                return
            if attempt < KEEP_TRIES - 1:
                self._sleep(KEEP_PAUSE_S)
        why = "хранилище паролей не приняло новый ключ. Он пока только в памяти: не закрывайте программу"
        raise Rejected("oauth_unkept", why=why)

    def _keep_late(self) -> None:
        """Step 5 again, unless a person has connected anew meanwhile: then that pair counts."""
        if not self._has_unkept():
            return
        with alone(self._folder, self._monotonic, self._sleep):
            waiting = self._unkept
            if waiting is None:  # another thread was quicker
                return
            fresh, former = waiting
            there = self._load()
            if there.refresh_token in (former, fresh.refresh_token):
                self._keep(fresh, former)
            else:
                self._take(there)

    def _has_unkept(self) -> bool:
        return self._unkept is not None

    def _load(self) -> Pair:
        """The pair as kept now. Raises Rejected when it is gone or the vault is."""
        try:
            found = self._store.load()
        except SetupError:
            raise Rejected("oauth_unkept", why="хранилище паролей не открывается") from None
        if found is None:
            raise Rejected("oauth_grant", error="–", why="его ключа в хранилище паролей больше нет")
        return found


class _Job:
    """A renewal on its way: who waits for it, and what became of it."""

    def __init__(self) -> None:
        self.is_done = threading.Event()
        self.error: SyncError | None = None
        self.has_key = True


@contextmanager
def alone(folder: Path, monotonic: Callable[[], float], sleep: Callable[[float], None]) -> Iterator[None]:
    """Step 1: inside the block nobody else of this data directory changes the pair.

    Raises NoAnswer when another program renews and does not end, Rejected `oauth_unkept` when there can be no lock.
    """
    until = monotonic() + LOCK_PATIENCE_S
    while True:
        try:
            lock = DirectoryLock(folder, LOCK_NAME)
            break
        except OSError as error:
            why = f"в каталог данных нельзя писать ({error.strerror})"
            raise Rejected("oauth_unkept", why=why) from None
        except JournalError:
            if monotonic() >= until:
                raise NoAnswer("ключ продлевает другая программа posapp", sent=False) from None
            sleep(LOCK_PAUSE_S)
    try:
        yield
    finally:
        lock.release()
