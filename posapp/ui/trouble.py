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
    "resolve_needed": "resolve",
    **dict.fromkeys(("queue_left", "made_elsewhere"), "resolve"),
    "receipt_under_way": "recover",
    "unknown_order": "pull",
    "order_changed": "again",
    "journal_damaged": "restore",
    "journal_lost": "restore",
    "restore_unfinished": "restore",
    "directory_copied": "restore",
    "other_tenders": "begun",
    "begun_differs": "begun",
    "counters_differ": "resolve",
    "day_not_open": "day",
    "day_unfinished": "resolve",
    "card_unknown": "resolve",
    "card_charged": "resume",
    **dict.fromkeys(("device_unreachable", "wrong_device"), "find_register"),
}
"""Which button helps which code; others get `again` where trying again is safe."""

_ACTIONS = (
    "resolve_needed",
    "not_resolvable",
    "other_tenders",
    "begun_differs",
    "journal_damaged",
    "journal_lost",
    "restore_unfinished",
    "directory_copied",
    "counters_differ",
    "day_not_open",
    "day_unfinished",
    "changed_at_door",
    "card_unknown",
    "card_charged",
    "scan_layout",
    "scanner_gone",
    "terminal_by_hand",
    "terminal_unreachable",
)
"""The table's words for these name a command; here a button does it."""


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
    if selling and act == "find_register":
        act = "again"  # the head offers the search; here the order waits for its receipt
    message, action = failure.message(say.language), failure.action(say.language)
    if failure.code in _ACTIONS:
        figures = "\n".join(sentence(each) for each in str(failure.facts.get("what", "")).split("; "))
        action = say(f"action.{failure.code}", why=sentence(failure.facts.get("why", "?")), what=figures)
    if failure.code == "counters_differ":
        tone, message = "bad", say("counters.differ", shift=failure.facts.get("shift", "–"))
    elif failure.code == "card_charged":
        tone = "wait"  # nothing is wrong: the receipt is still to come
    elif failure.code == "resolve_needed":
        message = say("resolve.message")
    elif failure.code == "journal_damaged":
        message = say("restore.damaged")  # what the file's format says of it is for the log
    return Trouble(tone, message, action, str(failure.number), act)


def sentence(fact: object) -> str:
    """A fact as the beginning of a sentence: facts of errors are written to stand inside one."""
    text = str(fact)
    return text[:1].upper() + text[1:]


def of_error(error: PosError, say: Say) -> Trouble:
    """The same for an error that comes with a view (why an order cannot be sold, why the register blocks)."""
    return trouble_of(error, say)
