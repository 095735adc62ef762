"""The gateway put together: claims, jobs for tills, and the cashbox of one portal where there is one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from uuid import uuid4

from starlette.applications import Starlette

from posapp.errors import SetupError
from posapp.gateway.app import Part, make_app
from posapp.gateway.apply_store import SqlApplications
from posapp.gateway.applying import Applier, Presence
from posapp.gateway.cashbox import Cashbox
from posapp.gateway.job_store import SqlPortalJobs
from posapp.gateway.lease_store import SqlLeases
from posapp.gateway.leases import LeaseDesk
from posapp.gateway.site import SiteDoor, SiteSettings
from posapp.gateway.site_store import SiteStore
from posapp.gateway.site_telling import SiteTeller
from posapp.gateway.store import SqlStore
from posapp.http import HttpClient
from posapp.sync.bitrix.client import BitrixClient


@dataclass(frozen=True, slots=True)
class CashboxSettings:
    """The portal whose cashbox this gateway is.

    `portal` is its name, the same as tills have for it; `path` the secret part of PRINT_URL and CHECK_URL; `zone` that
    of the portal's server; `client` calls it with the administrator's key, None when CHECK_URL alone tells of receipts.
    """

    portal: str
    path: str
    zone: tzinfo
    client: BitrixClient | None


def gateway(
    store: SqlStore,
    secret: str,
    now: Callable[[], datetime],
    cashbox: CashboxSettings | None = None,
    site: SiteSettings | None = None,
    zone: tzinfo = UTC,
) -> Starlette:
    """The gateway on a database.

    Args:
        store: opened by `open_store`, closed when the application ends.
        secret: what tills send as `Authorization: Bearer …`.
        now: the gateway's clock, aware.
        cashbox: the portal that sends its checks here, None for claims and jobs only.
        site: the site that pushes its orders here.
        zone: of the registers' clocks, in what the site is told.

    Raises:
        SetupError: `gateway_secret`, `print_path`; `site_secret` when portal and site are one: their receipts would be
            numbered by two hands.
    """
    leases = SqlLeases(store.engine)
    desk = LeaseDesk(leases, now)
    parts: list[Part] = [desk]
    if cashbox is not None:
        queue, portal, zone = SqlApplications(store.engine), cashbox.portal, cashbox.zone
        jobs = SqlPortalJobs(store.engine)
        parts.append(Presence(queue, leases.forgive, portal, str(uuid4()), now))
        parts.append(Cashbox(jobs, portal, cashbox.path, zone, now, lambda: str(uuid4()), desk.wake))
        if cashbox.client is not None:
            parts.append(Applier(queue, portal, cashbox.client, zone, now))
    if site is not None:
        if cashbox is not None and cashbox.portal == site.portal:
            raise SetupError("site_secret", what=f"портал {site.portal} уже печатает через REST-кассу")
        pushes, jobs = SiteStore(store.engine), SqlPortalJobs(store.engine)
        parts.append(SiteDoor(site, store, jobs, pushes, now, lambda: str(uuid4()), desk.wake))
        parts.append(SiteTeller(site, store, pushes, HttpClient(), zone, now, lambda: uuid4().hex))
    app = make_app(store, secret, now, parts)
    app.state.stops = [desk.stop]
    return app
