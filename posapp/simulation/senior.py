"""The senior at the resolve desk: an honest person who decides what the till cannot prove.

Honest means: names a document only when the paper in the hand carries the receipt's key, says "not made" only when
there is no such document, and cancels an open receipt only when it is nobody else's. What he picks are the choices that
the desk itself offers.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from posapp.domain.settlement import State
from posapp.simulation import market
from posapp.simulation.register import NOBODY, SECOND
from posapp.simulation.second_program import SecondProgramRefused
from posapp.till import resolve
from posapp.till.context import Till
from posapp.till.views import Case, CaseKind, Choice

if TYPE_CHECKING:
    from posapp.simulation.seat import Seat
    from posapp.simulation.world import World

WHY = "посмотрели чек и ленту"


def settle(world: World, seat: Seat, order_id: int | None = None) -> str:
    """Decides what waits, one case at a time; for an order also gives up what was begun otherwise."""
    told = world.attempt(seat, resolve.waiting)
    words = [told.code]
    for case in told.value or ():
        words.append(_decide(world, seat, case))
    if order_id is not None:
        words += give_up_begun(world, seat, order_id)
    return " ".join(words)


def _decide(world: World, seat: Seat, case: Case) -> str:
    """One case, as the person sees it."""
    if case.kind is CaseKind.REGISTER:
        return _free_register(world, seat, case)
    wanted = _stray(world, seat, case) if case.kind is CaseKind.STRAY else _honest(world, seat, case)
    if wanted is None:
        return f"{case.key}:left"
    choice, answers = wanted
    told = world.attempt(seat, lambda till: resolve.decide(till, case.key, choice.id, why=WHY, answers=answers))
    return f"{choice.id}:{told.code}"


def _honest(world: World, seat: Seat, case: Case) -> tuple[Choice, dict[str, str]] | None:
    """The choice that says what is true, None while none of those offered does."""
    place = world.judge.document_with(case.key)
    choices = {choice.id.partition(":")[0]: choice for choice in case.choices}
    if case.kind is CaseKind.OPERATION:
        return _first(choices, "operation_not_made", "operation_made", "not_made", "made")
    if place is None:
        choice = choices.get("not_made") or choices.get("lost_not_made")
        if choice is None or not _may_cancel(world, seat, choice):
            return None
        return choice, {}
    made = next((choice for choice in case.choices if choice.id == f"made:{place[1]}"), None)
    if made is not None:
        return made, {}
    document = world.judge.document_at(place)
    if "lost_made" in choices:
        return choices["lost_made"], {
            "qr": document.qr(place[0]) or "",
            "receipt_number": str(document.receipt_number or ""),
        }
    return None


def _first(choices: dict[str, Choice], *names: str) -> tuple[Choice, dict[str, str]] | None:
    found = next((choices[name] for name in names if name in choices), None)
    return None if found is None else (found, {})


def _may_cancel(world: World, seat: Seat, choice: Choice) -> bool:
    """A decision that cancels the open receipt waits until nobody else's is open."""
    if "open" not in choice.id.partition(":")[2].split(","):
        return True
    world.foreign_receipt_ends(seat.register, is_closed=True)
    return seat.register.opened_by in (seat.name, NOBODY)


def _stray(world: World, seat: Seat, case: Case) -> tuple[Choice, dict[str, str]] | None:
    """A document that the journal lost: taken in, after what was begun for its order meanwhile was given up."""
    made = next((choice for choice in case.choices if choice.id.startswith("made:")), None)
    if made is None:
        return None
    place = world.judge.document_with(case.key)
    if place is not None:
        give_up_begun(world, seat, world.judge.order_of(place), but=case.key)
    return made, {}


def _free_register(world: World, seat: Seat, case: Case) -> str:
    """The register itself is what waits: the right one is put there, an open receipt is finished by its owner."""
    register = seat.register
    if register.printer is not world.own_printer(register):
        register.be(world.own_printer(register))
        return "right register"
    world.foreign_receipt_ends(register, is_closed=True)
    if register.printer.receipt is None:
        return "free"
    if register.opened_by in (seat.name, NOBODY):
        cancel = next((choice for choice in case.choices if choice.id.startswith("cancel_open")), None)
        if cancel is not None:
            told = world.attempt(seat, lambda till: resolve.decide(till, case.key, cancel.id, why=WHY))
            return f"{cancel.id}:{told.code}"
    if register.opened_by == SECOND:
        with suppress(SecondProgramRefused):
            register.foreign_cancel()
    return "waits"


def give_up_begun(world: World, seat: Seat, order_id: int, but: str = "") -> list[str]:
    """Gives up receipts of the order that were begun with other tenders or lines, and of which nothing was made."""
    if not seat.is_running:
        return []
    begun = [
        each.receipt.key
        for each in seat.till.journal.receipts_of_order(market.HOST, order_id)
        if each.state in (State.PENDING, State.REFUSED, State.HELD) and each.receipt.key != but
    ]
    return [world.attempt(seat, _cancels(key)).code for key in begun]


def _cancels(key: str) -> Callable[[Till], None]:
    return lambda till: resolve.cancel(till, key, why=WHY)
