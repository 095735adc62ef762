"""What the payment pane says of a draft: over the total, and on the button that cannot be pressed yet."""

from __future__ import annotations

from posapp.domain.offers import Offer, Way
from posapp.ui.draft import Draft, Method
from posapp.ui.look import Look

_NAMED = (Way.CREDIT, Way.BARTER, Way.SITE_PAYMENT)
"""Ways without money whose total is not what was paid before."""


def caption_of(draft: Draft, offer: Offer) -> str:
    """The key of the words beside the total while money is taken, or while none is."""
    is_named = draft.method is Method.NONE and offer.way in _NAMED
    return f"due.none.{offer.way.value}" if is_named else f"due.{draft.method.value}"


def why_not_armed(draft: Draft, look: Look, *, is_allowed: bool, held: str) -> tuple[str, str] | None:
    """What stands on the button instead of its verb, and above it; None when a person may press it.

    `held`: what comes before money is taken, "" for nothing.
    """
    say = look.say
    if not is_allowed:
        return say("pay.wait_register"), ""
    if held:
        return held, ""
    if draft.is_odd:
        return say("pay.print", sum=draft.due), say("pay.check_sum")
    if draft.missing:
        return say("pay.short", sum=draft.missing), ""
    return None if draft.is_ready else (say("mix.not_ready"), "")
