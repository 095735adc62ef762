"""An error as the screen says it: money first, what to do, the code for the phone, one button."""

from __future__ import annotations

from dataclasses import dataclass

from posapp.errors import PosError
from posapp.ui.bridge import Bug, Failure
from posapp.ui.words import Say

_BUTTONS = {
    "shift_closed": "open_shift",
    "shift_expired": "close_shift",
    "outcome_unknown": "recover",
    "resolve_needed": "recover",
    "receipt_under_way": "recover",
    "unknown_order": "pull",
    "order_changed": "again",
    "other_tenders": "again",
}
"""Which button helps which code; others get `again` where trying again is safe."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """`tone` is a colour token (bad, wait, unknown); `act` names what the one button does, "" for none."""

    tone: str
    message: str
    action: str
    code: str
    act: str = ""


def is_unknown(failure: Failure) -> bool:
    """It is not proven whether a document was made: never offer to print again."""
    return isinstance(failure, Bug) or failure.exit_code == 3 or failure.code == "receipt_under_way"


def trouble_of(failure: Failure, say: Say, *, selling: bool = False) -> Trouble:
    """The words of a failure. `selling`: it came from printing, so a bug means that the outcome is unknown."""
    if isinstance(failure, Bug):
        if selling:
            return Trouble("unknown", say("bug.selling"), say("bug.selling_action"), failure.code, "recover")
        return Trouble("bad", say("bug.message"), say("bug.action"), failure.code)
    if failure.code == "outcome_unknown":
        # The table's words speak of the next start and of a command; here a button does it.
        return Trouble("unknown", say("unknown.message"), say("unknown.action"), str(failure.number), "recover")
    tone = "unknown" if is_unknown(failure) else "bad"
    act = _BUTTONS.get(failure.code, "again" if selling else "")
    return Trouble(tone, failure.message(say.language), failure.action(say.language), str(failure.number), act)


def of_error(error: PosError, say: Say) -> Trouble:
    """The same for an error that comes with a view (why an order cannot be sold, why the register blocks)."""
    return trouble_of(error, say)
