"""Whether money may be taken now, and what the head of every screen says about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from posapp.domain.fiscal import ShiftState
from posapp.errors import WORDS, Refused
from posapp.till.views import RegisterView
from posapp.ui.alarms import CaseAlarm
from posapp.ui.lights import Shape
from posapp.ui.look import Look
from posapp.ui.trouble import Trouble, trouble_of
from posapp.ui.words import Say

if TYPE_CHECKING:  # it knows the register, which the first paint must not wait for
    from posapp.till.ready import Ready

_SHORT = {
    "device_unreachable": "ready.dead",
    "port_held": "ready.held",
    "port_busy": "ready.held",
    "port_denied": "ready.held",
    "paper_out": "ready.paper",
    "cover_open": "ready.cover",
    "device_busy": "ready.busy",
    "wrong_device": "ready.other",
    "journal_damaged": "ready.damaged",
    "journal_lost": "ready.damaged",
    "restore_unfinished": "ready.damaged",
    "directory_copied": "ready.damaged",
}
"""The whole sentence of a trouble stands in the pane; the head has room for three words."""

FINDABLE = ("device_unreachable", "wrong_device")
"""What a search for the register may end."""


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether money may be taken: the lamp, its words, and the one button that helps ("" for none).

    `only_cash`: a receipt may be printed now, but no card is charged: when the customer has paid it might not.
    """

    shape: Shape
    words: str
    act: str = ""
    only_cash: bool = False

    @property
    def may_sell(self) -> bool:
        """Methods may be chosen."""
        return self.shape is Shape.OK or self.only_cash

    @property
    def may_charge(self) -> bool:
        """A card may be charged."""
        return self.shape is Shape.OK


def short_of(code: str) -> str:
    """The key of the three words for an error's number (`101`), as the head says it."""
    return next((key for name, key in _SHORT.items() if str(WORDS[name].number) == code), "ready.not")


def readiness_of(register: RegisterView | None, look: Look, *, recovered: bool) -> Readiness:
    """What the register's state means to a cashier. The shift comes first: its remedy is a button."""
    say = look.say
    if not recovered:
        return Readiness(Shape.WAIT, say("ready.recovering"))
    if register is None:
        return Readiness(Shape.WAIT, say("ready.asking"))
    trouble = register.trouble
    is_shift = trouble is None or trouble.code in ("shift_closed", "shift_expired")
    if register.shift is not None and is_shift:
        if register.shift.state is ShiftState.CLOSED:
            return Readiness(Shape.BAD, say("ready.closed"), "open_shift")
        if register.shift.state is ShiftState.EXPIRED:
            return Readiness(Shape.BAD, say("ready.expired"), "close_shift")
    if trouble is not None and trouble.code == "counters_differ":
        return Readiness(Shape.BAD, say("ready.differs"), "resolve")
    if trouble is not None:
        is_unknown = trouble.exit_code == 3
        return Readiness(
            Shape.UNKNOWN if is_unknown else Shape.BAD,
            say("ready.unknown" if is_unknown else _SHORT.get(trouble.code, "ready.not")),
            "recover" if is_unknown else "find_register" if trouble.code in FINDABLE else "",
        )
    if not register.paper_ok:
        return Readiness(Shape.BAD, say("ready.paper"))
    return _light(register.light, look)


def _light(light: Ready | None, look: Look) -> Readiness:
    """The register may print; whether a card may be charged too, and what will trouble the till soon."""
    say = look.say
    trouble = None if light is None else light.trouble
    if light is None or trouble is None:
        return Readiness(Shape.OK, say("ready.ok"))
    if light.may_charge:
        return Readiness(Shape.OK, say("ready.soon", why=say(f"ready.{light.signs[0].name}")))
    return Readiness(Shape.BAD, say("ready.no_card", why=say(f"ready.{light.signs[0].name}")), only_cash=True)


def light_trouble(register: RegisterView | None, readiness: Readiness, say: Say) -> Trouble | None:
    """Why the card is not charged, with its remedy, where cash may be taken."""
    light = None if register is None else register.light
    if not readiness.only_cash or light is None or light.trouble is None:
        return None
    return trouble_of(light.trouble, say)


def why_not(register: RegisterView | None, readiness: Readiness, say: Say) -> Trouble | None:
    """The message that goes with methods that cannot be chosen; None when they can, or when it is only being asked."""
    if readiness.may_sell or register is None or readiness.shape is Shape.WAIT:
        return None
    error = register.trouble
    if error is None and readiness.act:
        error = Refused("shift_closed" if readiness.act == "open_shift" else "shift_expired")
    return trouble_of(error, say) if error is not None else None


def with_alarm(shown: Readiness, alarm: CaseAlarm, look: Look) -> Readiness:
    """What the head says while cases wait: their age, red when somebody had to be told long ago.

    A shift that can be opened with a button keeps its button: the foot leads to the desk all the same.
    """
    if not alarm.count or alarm.oldest_at is None or shown.shape is Shape.WAIT:
        return shown
    facts = {"age": look.age(alarm.oldest_at)}
    if alarm.is_overdue:
        words, shape = look.say.count("alarm.overdue", alarm.count, **facts), Shape.BAD
    elif shown.shape in (Shape.OK, Shape.UNKNOWN):
        words, shape = look.say.count("alarm.cases", alarm.count, **facts), Shape.UNKNOWN
    else:
        words, shape = shown.words, shown.shape
    is_shift = shown.act in ("open_shift", "close_shift")
    return Readiness(shape, words, shown.act if is_shift else "resolve", only_cash=shown.only_cash)
