"""`posapp setup portal --mode site-poll`: the link of the site's cash registers, tested before it is kept."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

from posapp import vault
from posapp.cli import setup_common as common
from posapp.cli.common import answer
from posapp.domain.vat import VatRate
from posapp.errors import SetupError, UsageError
from posapp.settings import JobSettings, Settings
from posapp.till.jobs import SITE

KNOWN_MAX = 1_000
SITE_POLL, PORTAL_DRIVEN = "site-poll", "portal-driven"

WORDS = {
    "none": VatRate.NONE,
    "0": VatRate.VAT_0,
    "5": VatRate.VAT_5,
    "7": VatRate.VAT_7,
    "10": VatRate.VAT_10,
    "20": VatRate.VAT_20,
    "22": VatRate.VAT_22,
}
"""Rates as they are typed: `--rates 22,10,none`."""


def rates_of(text: str) -> tuple[int, ...]:
    """The rates that a person names. Raises UsageError for a word that is none of `WORDS`."""
    found = []
    for word in filter(None, (each.strip().casefold().removesuffix("%").strip() for each in text.split(","))):
        if word not in WORDS:
            raise UsageError("usage", what=f"--rates {text}: ставка «{word}», есть {', '.join(WORDS)}")
        found.append(WORDS[word].value)
    return tuple(sorted(set(found)))


def chosen_of(settings: Settings, rates: str | None, advance: str | None, *, checked: bool | None) -> JobSettings:
    """The settings of jobs with what was typed; what was not typed stays as it was. Raises UsageError."""
    before = settings.jobs or JobSettings()
    typed = before.rates if rates is None else rates_of(rates)
    given = None if advance is None else rates_of(advance)
    if given is not None and len(given) > 1:
        raise UsageError("usage", what=f"--advance-rate {advance}: ждём одну ставку")
    return replace(
        before,
        rates=typed,
        table_checked=before.table_checked if checked is None else checked,
        advance_rate=before.advance_rate if given is None else (given[0] if given else 0),
    )


def site_poll(
    folder: Path, settings: Settings, chosen: JobSettings, *, from_stdin: bool, same: bool | None, json: bool
) -> None:
    """Tests the link by one round with this register, then keeps it. Raises SetupError, SyncError, UsageError.

    `same`: whether a link with another host is of the same site; None where nobody said so.

    A register that the site does not know is added there by that, switched off: the administrator switches it on.
    """
    from posapp import app
    from posapp.sync.bitrix import poll

    if settings.printer is None:
        raise SetupError("not_set_up", what="не указана ККТ, без неё сайту нечего назвать", command="printer")
    if not chosen.rates and not settings.vat.confirmed:
        raise UsageError("usage", what="нужны ставки НДС магазина: --rates 22,10,none (иначе каждый чек придержим)")
    secret = vault.Secret(common.line_of_stdin()) if from_stdin else vault.poll_link(settings.identity)
    if secret is None or not secret.reveal():
        raise SetupError("poll_link", what="её нет: POSAPP_POLL_LINK или --poll-link-stdin")
    link = poll.PollLink.parse(secret)
    name = _known_as(folder, link.site, same=same)
    here = poll.Register(settings.printer.factory_number, settings.printer.storage_number)
    with app.site_of(link) as site:
        found = site.ask(poll.request(here, settings.printer.ffd, ()))
    if found.is_simulated != settings.is_training:
        kind = "учебный, а каталог данных настоящий" if found.is_simulated else "настоящий, а каталог данных учебный"
        raise SetupError("training_mismatch", what=f"Сайт {kind}. Ссылка не сохранена.")
    kept = vault.keep_poll_link(settings.identity, secret)
    host = "" if link.site == name else link.site
    jobs = replace(chosen, site=name, host=host, is_simulated=found.is_simulated)
    portal = settings.portal and replace(settings.portal, mode=SITE_POLL)
    common.save(folder, settings.with_(jobs=jobs, portal=portal))
    body = {"jobs": asdict(jobs), "kind": settings.kind, "secret": "keyring" if kept else "this run or environment"}
    text = (
        f"Сайт {link.site}: ссылка действует. ККТ {here.factory_number} появится в списке касс сайта выключенной:"
        " включите её там. Печатает окно кассы или «posapp jobs run»."
    )
    if not kept:
        text += " Хранилища паролей нет: задавайте POSAPP_POLL_LINK при каждом запуске."
    answer(json, body, text)


def _known_as(folder: Path, host: str, *, same: bool | None) -> str:
    """What the site is kept as: the name under which its checks were printed before, so that none is printed anew.

    Raises SetupError `site_differs` while nobody has said whether this is another site, or while what that other one
    ordered is not told.
    """
    from posapp import app
    from posapp.journal.connect import JOURNAL_NAME
    from posapp.journal.store import Journal

    if not (folder / JOURNAL_NAME).exists():
        return host
    journal = Journal.open(folder, now=app.now, write=False)
    try:
        names = [each.source for each in journal.jobs(KNOWN_MAX) if each.source.startswith(SITE)]
        known = names[0].removeprefix(SITE) if names else host
        if f"{SITE}{host}" in names or not names:
            return host
        if same:
            return known
        if same is None or journal.open_jobs(names[0]):
            raise SetupError("site_differs", found=host, known=known)
        return host
    finally:
        journal.close()


def with_mode(settings: Settings, mode: str, chosen: JobSettings) -> Settings:
    """The settings of a mode in which the portal is called: jobs come through the gateway, or there are none."""
    if mode != PORTAL_DRIVEN:
        return settings.with_(jobs=None)
    simulated = settings.portal is not None and settings.portal.is_simulated
    return settings.with_(jobs=replace(chosen, site="", is_simulated=simulated))
