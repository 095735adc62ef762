"""`posapp setup find`: who is at the ports of this computer and at known addresses. Opens, asks, changes nothing.

With `--json` a line each as it is known, and at last `{"summary": …}`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from posapp.cli.common import DataDir, Json, complain, emit, language, say
from posapp.devices.asking import Introduced
from posapp.devices.candidates import all_candidates, known_as
from posapp.devices.discovery import MOST_S, Finding, Question, State, find, same_number
from posapp.devices.usb_identity import Foreign
from posapp.errors import SetupError
from posapp.settings import PrinterSettings, Settings
from posapp.till import find_words as words
from posapp.till.setup import other_devices

PRACTICE_STORAGE = "9999"
"""How numbers of debug storages begin; no real receipt comes from one."""

At = Annotated[
    list[str] | None,
    typer.Option("--at", help="Ещё место: COM3, /dev/ttyS1, 192.168.1.10, 192.168.1.10:5555. Можно повторять."),
]
Password = Annotated[int, typer.Option(help="Пароль системного администратора ККТ.", min=0, max=99_999_999)]


def find_registers(
    at: At = None,
    password: Password = 30,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Находит ККТ: спрашивает все порты и известные адреса разом, на любой скорости, и никому не вредит."""
    from posapp import app

    settings = _settings(app.data_dir(data_dir))
    known, others = (settings.printer, other_devices(settings)) if settings is not None else (None, {})
    began = time.monotonic()
    findings = search(at or [], password, others, lambda each: _tell(each, known, as_json=json), quiet=json)
    registers = [each for each in findings if each.state in (State.REGISTER, State.WEB_SERVER)]
    seconds = f"{time.monotonic() - began:.1f}"
    facts = {"registers": len(registers), "asked": len(findings), "seconds": seconds}
    if json:
        emit({"summary": facts})
    else:
        _tell_absent(findings)
        say(words.say(words.SUMMARY, language(), **facts))
    if not registers:
        raise SetupError("no_register_found", asked=len(findings))


def search(
    at: Sequence[str],
    password: int,
    others: Mapping[str, Foreign],
    heard: Callable[[Finding], None],
    *,
    quiet: bool = False,
) -> list[Finding]:
    """Asks every place but those of `others`, and says each finding as it is known. Raises UsageError for a place that
    cannot be one."""
    from posapp.devices.atol.web_probe import version_at

    candidates = known_as(all_candidates(at), others)
    if not quiet:
        complain(words.say(words.SEARCHING, language(), count=len(candidates), seconds=round(MOST_S)))
    findings = []
    for finding in find(candidates, Question(password=password, web=version_at)):
        heard(finding)
        findings.append(finding)
    return findings


@dataclass(frozen=True, slots=True)
class Chosen:
    """The register that set-up goes on with: what the options --model, --port, --link would have said."""

    model: str
    port: str
    link: str
    baud: int


def choose(settings: Settings, at: Sequence[str], password: int, factory_number: str, *, quiet: bool) -> Chosen:
    """The one register there is, or the one with this number. Raises SetupError for none, several, a nameless one.

    Registers of the other kind – practice ones for a real till, real ones for a practice till – are passed over.
    """
    training, others = settings.is_training, other_devices(settings)
    findings = search(
        at, password, others, lambda each: None if quiet else _tell(each, settings.printer, as_json=False), quiet=quiet
    )
    there = [each for each in findings if each.who is not None]
    named = [each for each in there if each.who is not None and each.who.factory_number]
    fit = [each for each in named if is_practice(each.who) is training]
    if factory_number:
        fit = [each for each in named if each.is_number(factory_number)]
    numbers = {each.who.factory_number.lstrip("0"): each for each in reversed(fit) if each.who is not None}
    if len(numbers) > 1:
        found = "; ".join(f"№ {number} – {each.candidate.port}" for number, each in sorted(numbers.items()))
        raise SetupError("several_registers", count=len(numbers), found=found)
    if not numbers:
        nameless = next((each for each in there if each not in named), None)
        if nameless is not None and nameless.who is not None:
            raise SetupError("register_not_named", port=nameless.candidate.port, why=_why_nameless(nameless.who))
        raise SetupError("no_register_found", asked=len(findings))
    return _chosen(next(iter(numbers.values())), training=training)


def _chosen(finding: Finding, *, training: bool) -> Chosen:
    """АТОЛ found by its raw protocol is driven by the vendor's library; in a practice directory by that protocol."""
    who = finding.who
    vendor = who.vendor if who is not None else ""
    link = ("wire" if training else "auto") if vendor == "atol" else "auto"
    return Chosen(vendor, finding.candidate.port, link, finding.baud or 115_200)


def is_practice(who: Introduced | None) -> bool:
    """Whether it is a simulated register, by the number of its storage."""
    return who is not None and who.storage_number.startswith(PRACTICE_STORAGE)


def _settings(folder: Path) -> Settings | None:
    """The settings of this till, None where nothing is set up or they cannot be read: a search needs none."""
    from posapp import settings as settings_file

    try:
        return settings_file.load(folder)
    except SetupError:
        return None


def _tell(finding: Finding, known: PrinterSettings | None, *, as_json: bool) -> None:
    if as_json:
        emit(as_object(finding, known))
    elif finding.state is not State.ABSENT or finding.candidate.is_named:
        say(f"{finding.candidate.port:<32} {sentence(finding, known)}")


def _tell_absent(findings: Sequence[Finding]) -> None:
    gone = [each.candidate.port for each in findings if each.state is State.ABSENT and not each.candidate.is_named]
    if gone:
        say(words.say(words.ABSENT, language(), ports=", ".join(gone)))


def sentence(finding: Finding, known: PrinterSettings | None) -> str:
    """What is said of a place, for a person."""
    tongue, state, candidate = language(), finding.state.value, finding.candidate
    facts: dict[str, Any] = {"port": candidate.port, "version": finding.version, "group": finding.group or "dialout"}
    if finding.who is not None:
        return _of_register(finding, finding.who, known)
    if finding.holder is not None:
        state, facts["program"], facts["pid"] = "held", finding.holder.name or "?", finding.holder.pid
    if finding.state is State.LEFT_ALONE:
        facts["kind"] = words.say(words.KINDS[finding.why], tongue)
        facts["usb"] = candidate.usb.text if candidate.usb else "–"
        state = "other_device" if candidate.known_as is not None else state
    if finding.state is State.FOREIGN:
        facts["how"] = words.say(words.HOW[finding.why], tongue)
    return words.say(words.STATES[state], tongue, **facts)


def _of_register(finding: Finding, who: Introduced, known: PrinterSettings | None) -> str:
    tongue = language()
    vendor = words.say(words.VENDORS[who.vendor], tongue)
    make = who.model if who.model.startswith(words.VENDORS[who.vendor][0]) else f"{vendor} {who.model}".rstrip()
    if not who.factory_number:
        return words.say(words.STATES["register_nameless"], tongue, make=make, why=_why_nameless(who))
    text = words.say(
        words.STATES["register"],
        tongue,
        make=make,
        number=who.factory_number,
        storage=who.storage_number or "–",
        speed=f" · {finding.baud}" if finding.baud else "",
    )
    text += words.say(words.PRACTICE, tongue) if is_practice(who) else ""
    return text + (words.say(words.OURS, tongue) if _is_known(who, known) else "")


def _why_nameless(who: Introduced) -> str:
    return words.say(words.NAMELESS["password" if who.wants_password else "busy"], language())


def _is_known(who: Introduced, known: PrinterSettings | None) -> bool:
    return known is not None and same_number(who.factory_number, known.factory_number)


def as_object(finding: Finding, known: PrinterSettings | None) -> dict[str, Any]:
    """The finding as `--json` prints it."""
    usb, who, holder = finding.candidate.usb, finding.who, finding.holder
    return {
        "port": finding.candidate.port,
        "state": finding.state.value,
        "vendor": who.vendor if who else None,
        "model": who.model if who else None,
        "factory_number": (who.factory_number or None) if who else None,
        "storage_number": (who.storage_number or None) if who else None,
        "registration_number": (who.registration_number or None) if who else None,
        "link": who.link if who else None,
        "baud": finding.baud,
        "is_practice": is_practice(who),
        "is_this_till": who is not None and _is_known(who, known),
        "usb": {"vid": f"{usb.vid:04x}", "pid": f"{usb.pid:04x}", "serial": usb.serial or None} if usb else None,
        "holder": {"pid": holder.pid, "name": holder.name or None} if holder else None,
        "why": finding.why or None,
        "heard": finding.heard.hex(" ") or None,
        "message": sentence(finding, known),
    }
