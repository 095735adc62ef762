"""The manager: opens and closes, counts cash, keeps an eye on the outbox, puts things in order in the evening."""

from __future__ import annotations

from contextlib import suppress
from random import Random
from typing import TYPE_CHECKING

from posapp.domain.money import Money
from posapp.domain.settlement import State
from posapp.errors import PosError
from posapp.simulation import cashier, market, senior
from posapp.simulation.event import Event
from posapp.simulation.ledger import PERSON
from posapp.simulation.register import Killed
from posapp.simulation.remedies import remedy
from posapp.till import claims, exchange, keeping, recover, resolve, shift
from posapp.till.context import Till

if TYPE_CHECKING:
    from posapp.simulation.seat import Seat
    from posapp.simulation.world import World

TRIES = 5
ROUNDS = 6


def morning(world: World, event: Event) -> str:
    """The day's orders have arrived; the tills are started, look back, pull, and the shift is opened."""
    day = event.args["day"]
    random = Random(f"{world.plan.seed}/orders/{day}")
    came, now = event.args.get("deals", ()), world.clock.aware
    market.orders_arrive(world.portal.shop, random, day, event.args["orders"], now, came)
    world.ledger.look(PERSON)
    return " ".join(f"{begin(world, seat)} {opened(world, seat)}" for seat in world.seats)


def begin(world: World, seat: Seat) -> str:
    """The program is started: recovery first, then a pull."""
    words = [world.attempt(seat, recover.recover).code, world.attempt(seat, exchange.pull).code]
    return " ".join(words)


def opened(world: World, seat: Seat) -> str:
    """Whoever comes first opens the shift; the one of yesterday is closed before."""
    told = world.attempt(seat, shift.status)
    for _ in range(TRIES):
        if told.is_ok and told.value.shift.is_open and not told.value.shift.is_expired:
            return "open"
        code = "shift_closed" if told.is_ok and not told.value.shift.is_open else told.code
        if told.is_ok and told.value.shift.is_expired:
            code = "shift_expired"
        if code in _FOR_THE_DESK:
            senior.settle(world, seat)
        elif not remedy(world, seat, code):
            return code
        told = world.attempt(seat, shift.status)
    return told.code


_FOR_THE_DESK = ("resolve_needed", "not_resolvable")


def looks(world: World, event: Event) -> str:
    """A look at the resolve desk, whether anything waits or not."""
    return senior.settle(world, world.seats[event.till])


def give_up(world: World, event: Event) -> str:
    """A customer went away: one receipt that was begun and not made is given up."""
    seat = world.seats[event.till]

    def pick(till: Till) -> str:
        waiting = till.journal.receipts_in(State.PENDING, State.REFUSED)
        if not waiting:
            return "none"
        key = waiting[int(event.args["pick"] * len(waiting))].receipt.key
        resolve.cancel(till, key)
        return key

    told = world.attempt(seat, pick)
    return f"{told.code} {told.value or ''}"


def route(world: World, event: Event) -> str:
    """A courier takes the claims of the day's route."""
    numbers = [market.order_id(event.args["day"], number) for number in event.args["orders"]]

    def take(till: Till) -> int:
        on_board = [till.journal.order_by_id(till.portal, number) for number in numbers]
        return len(claims.take_route(till, [order for order in on_board if order is not None]))

    told = world.attempt(world.seats[event.till], take)
    return f"{told.code} {told.value or 0}"


# ---------------------------------------------------------------------------------------------- shift and drawer
def cash(world: World, event: Event) -> str:
    """Cash is put in or taken out; pressed again only when the till says that nothing was done."""
    seat = world.seats[event.till]
    act = shift.cash_in if event.what == "cash_in" else shift.cash_out
    told = world.attempt(seat, lambda till: act(till, Money(event.args["kopecks"])))
    return told.code


def x_report(world: World, event: Event) -> str:
    """An X report."""
    return world.attempt(world.seats[event.till], shift.x_report).code


def new_shift(world: World, event: Event) -> str:
    """The shift is changed in the middle of the day."""
    seat = world.seats[event.till]
    return f"{world.attempt(seat, shift.close_shift).code} {opened(world, seat)}"


def restart(world: World, event: Event) -> str:
    """The program is closed and started again."""
    seat = world.seats[event.till]
    seat.stop()
    world.judge.file_replaced(seat)
    return begin(world, seat)


# ---------------------------------------------------------------------------------------------- the portal
def sync(world: World, event: Event) -> str:
    """A round of exchange, as the program makes it every minute or a person by the button."""
    return _sync(world, world.seats[event.till], force=event.args["force"])


def sync_inside(world: World, event: Event) -> str:
    """The sync lane's round falls into the middle of the device lane's next sale: both work at once in a program.

    On a shared register it may be the other till's sale: then a death in the round is this till's alone.
    """
    seat = world.seats[event.till]

    def round_() -> None:
        if not seat.is_running:
            return
        try:
            with suppress(PosError):
                exchange.sync(seat.till, force=True)
        except Killed:
            if world.acting is seat:
                raise
            world.died(seat)

    world.meanwhile(seat.register, event.args["code"], event.args["when"], round_)
    return "armed"


def _sync(world: World, seat: Seat, *, force: bool) -> str:
    told = world.attempt(seat, lambda till: exchange.sync(till, force=force))
    if not told.is_ok:
        return told.code
    report, _ = told.value
    trouble = report.offline.code if report.offline else "–"
    return f"{report.delivered}/{report.failed}/{report.left} {trouble}"


def outbox(world: World, event: Event) -> str:
    """A person holds an entry of the outbox, or has one tried again."""
    seat, wanted = world.seats[event.till], event.args["do"]

    def act(till: Till) -> str:
        state = "waiting" if wanted == "hold" else random_state(event.args["pick"])
        entries = till.journal.entries(state=state)
        if not entries:
            return "none"
        entry = entries[int(event.args["pick"] * len(entries))].id
        (exchange.hold if wanted == "hold" else exchange.retry)(till, entry)
        return f"{wanted} {entry}"

    told = world.attempt(seat, act)
    return f"{told.code} {told.value or ''}"


def random_state(pick: float) -> str:
    """Which entries a person looks at."""
    return "failed" if pick < 0.5 else "held"


# ---------------------------------------------------------------------------------------------- the evening
def evening(world: World, event: Event) -> str:
    """The shop closes. On most days everything is put in order first; on the others the trouble stays overnight."""
    if not event.args["heals"]:
        served = cashier.last_customers(world, event.args["day"], event.args["orders"])
        words = [f"{served} served", *(_sync(world, seat, force=False) for seat in world.seats)]
        return "as it is " + " ".join(words)
    world.heal()
    words = [_put_in_order(world, seat) for seat in world.seats]
    words += [opened(world, seat) for seat in world.seats]
    words.append(f"{cashier.last_customers(world, event.args['day'], event.args['orders'])} served")
    for register in world.registers:
        world.judge.counters_agree(register)
    words += [_close(world, seat) for seat in world.seats]
    for _ in world.seats[:2]:  # once more: what one till could not tell before the other had told its own
        words += [_deliver_all(world, seat) for seat in world.seats]
    world.judge.day_is_over()
    return "healed " + " ".join(words)


def _put_in_order(world: World, seat: Seat) -> str:
    for round_ in range(ROUNDS):
        begun = begin(world, seat)
        settled = senior.settle(world, seat)
        if begun.split()[0] == "ok" and settled == "ok":
            return f"in order after {round_}"
        for code in begun.split():
            remedy(world, seat, code)
    return "not in order"


def _deliver_all(world: World, seat: Seat) -> str:
    """Everything that can reach the portal does; what was declined or held is tried once more, a cause mended."""
    word = ""
    world.attempt(seat, _retry_all)
    for _ in range(ROUNDS):
        word = _sync(world, seat, force=True)
        if word.split("/")[2:] and word.split("/")[2].startswith("0 "):
            break
        world.clock.advance(60.0)
    return word


def _retry_all(till: Till) -> None:
    for state in ("failed", "held"):
        for entry in till.journal.entries(state=state):
            exchange.retry(till, entry.id)


def _close(world: World, seat: Seat) -> str:
    """The shift is closed, and the journal looked after as the program does in a quiet moment."""
    for _ in range(TRIES):
        told = world.attempt(seat, shift.close_shift)
        if told.code in ("ok", "shift_closed"):
            break
        remedy(world, seat, told.code)
    world.attempt(seat, keeping.check)
    world.attempt(seat, keeping.back_up_if_due)
    return told.code
