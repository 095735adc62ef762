"""What a till may be killed in: a table of scenes. Each use case that writes has a line at the end of this file.

A scene is played by three tills, each a process of its own: one prepares, one acts and dies at some step, and one is
what the user starts afterwards: it does what a person would do then and brings everything to an end. Afterwards
`everything_agrees` holds and the scene's own check.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from posapp import app
from posapp.devices.shtrih import commands as c
from posapp.domain.claim import ClaimState
from posapp.journal.backup import BACKUPS_NAME
from posapp.journal.soundness import quick_check
from tests.crash.people import (
    BARE,
    CASH_KOPECKS,
    OPEN,
    PASSWORD,
    READY,
    SHARED,
    Act,
    adopt,
    adopt_again,
    alone,
    back_up,
    back_up_twice,
    begin_refused,
    cancel,
    cash_in,
    cash_out,
    close_shift,
    damage,
    decide_made,
    decide_made_again,
    decide_not_made,
    die_after,
    fault,
    forget_copies,
    hold_and_retry,
    join_gateway,
    journal_of_before,
    moved_once,
    note_last,
    nothing,
    open_shift,
    other_cash,
    pull,
    reconcile,
    reconcile_again,
    recover_now,
    restore,
    restore_again,
    retry_and_sync,
    sell,
    sell_again,
    sell_and_back_up,
    sell_and_lose_the_journal,
    set_up,
    sync,
    unless,
    use_first_time,
    with_second_place,
    x_report,
)
from tests.crash.settling import (
    again,
    both,
    correct,
    goods_on_board,
    hand_over,
    made,
    order_is,
    refuse_one,
    refused_is_gone,
    ring_up,
    ring_up_again,
    sell_and_sync,
    take_back,
    take_money_ahead,
)
from tests.crash.stage import World


@dataclass(frozen=True)
class Scene:
    """One use case. `begins`: bare; set up, orders on board; with an open shift as well; with a gateway too."""

    name: str
    act: Act
    again: Act
    check: Callable[[World], None]
    begins: str = OPEN
    prepare: Act = nothing
    """What the till does before; it may end by killing itself."""
    before: Callable[[World], None] = nothing
    arm: Callable[[World], None] = nothing
    """What happens to register and portal before and after the preparation: these two run in the world."""
    each: int = 1
    """Where a scene walks the ways of another one, the tests take every second, third … telling step."""
    sold: int = 0
    """How many orders are receipted and delivered in the end, the first ones."""
    documents: int | None = None
    """How many documents settle something, where that is not one for each order sold; `check` looks at the portal."""


# ------------------------------------------------------------------------------------------------ own checks
def shift_is(is_open: bool, opened: int, closed: int) -> Callable[[World], None]:
    """The shift's state, and how many reports of either sort the storage holds."""

    def check(world: World) -> None:
        forms = [each.form for each in world.printer.storage.documents]
        assert world.printer.storage.shift.is_open is is_open
        assert (forms.count(2), forms.count(5)) == (opened, closed), "one report for one operation"

    return check


def drawer_moved(came_in: int, went_out: int) -> Callable[[World], None]:
    """What went into the drawer and out of it in this shift, in kopecks."""

    def check(world: World) -> None:
        registers = [
            world.printer.execute(c.MoneyRegister(PASSWORD, number), app.now().replace(tzinfo=None))
            for number in (0xF2, 0xF3)
        ]
        moved = [reply.value for reply in registers if isinstance(reply, c.MoneyRegisterReply)]
        assert moved == [came_in, went_out]

    return check


def settings_hold(**parts: bool) -> Callable[[World], None]:
    """Which parts of the settings are there in the end."""

    def check(world: World) -> None:
        found = app.load_settings(world.folder)
        for name, wanted in parts.items():
            assert bool(getattr(found, name)) is wanted, name

    return check


def one_backup(world: World) -> None:
    copies = list((world.folder / BACKUPS_NAME).glob("journal-2*.sqlite"))
    assert copies, "there is a copy"


def claim_is_closed(world: World) -> None:
    """The gateway knows that the order has its receipt; no other till may sell it."""
    settings = app.load_settings(world.folder)
    assert settings.portal is not None
    with app.open_till(world.folder, write=False) as till, world.claims() as store:
        order = till.journal.order(till.portal, world.orders[0][0])
        assert order is not None
        claim = store.look(till.portal, settings.identity, order.order_id, app.now())
    assert claim.state is ClaimState.RECEIPTED
    assert claim.is_ours


def on_board(world: World) -> None:
    with app.open_till(world.folder, write=False) as till:
        assert len(till.journal.orders(till.portal)) == len(world.orders)


def two_places(world: World) -> None:
    """Each place holds a copy that can be read; nothing half-written carries a copy's name."""
    one_backup(world)
    copies = [each for each in world.second.rglob("*.sqlite") if each.is_file()]
    assert copies, "there is a copy in the second place"
    for each in copies:
        quick_check(each)


def pull_and_keep_a_copy(world: World) -> None:
    on_board(world)
    assert list((world.folder / BACKUPS_NAME).glob("journal-before-0001-*.sqlite")), "copied before it was migrated"


SCENES: dict[str, Scene] = {
    each.name: each
    for each in (
        Scene("sell", sell, sell_again, nothing, sold=1),
        Scene(
            "sell-doubt-made", sell, sell_again, nothing, sold=1,
            arm=fault("FF45", "error", "after_commit", value=0x20), each=2,
        ),
        Scene(
            "sell-doubt-not-made", sell, sell_again, nothing, sold=1,
            arm=fault("FF45", "error", "before", value=0x20), each=2,
        ),
        Scene(
            "sell-refused-line", begin_refused, sell_again, nothing, sold=1, each=3,
            arm=fault("FF46", "error", "before"),
        ),
        Scene("recover-made", recover_now, sell_again, nothing, sold=1, prepare=die_after(b"\xff\x45", sell)),
        Scene("recover-open", recover_now, sell_again, nothing, sold=1, prepare=die_after(b"\xff\x46", sell), each=2),
        Scene("deliver", sync, sync, nothing, sold=1, prepare=sell),
        Scene("shift-open", open_shift, unless("shift_open", open_shift), shift_is(True, 1, 0), begins=READY, each=2),
        Scene("shift-close", close_shift, unless("shift_closed", close_shift), shift_is(False, 1, 1), each=2),
        Scene("cash-in", cash_in, moved_once("cash_in", cash_in), drawer_moved(CASH_KOPECKS, 0)),
        Scene(
            "cash-out", cash_out, moved_once("cash_out", cash_out), drawer_moved(CASH_KOPECKS, CASH_KOPECKS),
            prepare=alone, each=3,
        ),
        Scene("x-report", x_report, unless("", x_report), shift_is(True, 1, 0), each=3),
        Scene(
            "resolve-made", decide_made, decide_made_again, nothing, sold=1,
            prepare=die_after(b"\xff\x45", sell), arm=note_last,
        ),
        Scene(
            "resolve-operation", decide_not_made, decide_not_made, drawer_moved(CASH_KOPECKS + 700, 0),
            prepare=die_after(b"\x50", cash_in), arm=other_cash,
        ),
        Scene(
            "resolve-cancel", cancel, sell_again, nothing, sold=1,
            before=fault("FF46", "error", "before"), prepare=begin_refused,
        ),
        Scene("adopt", adopt, adopt_again, nothing, sold=1, prepare=sell_and_lose_the_journal),
        Scene("orders-pull", pull, pull, on_board, begins=READY),
        Scene("outbox-hold-retry", hold_and_retry, retry_and_sync, nothing, sold=1, prepare=sell),
        Scene("setup", set_up, set_up, settings_hold(printer=True, portal=True, vat=True), begins=BARE),
        Scene("first-use", use_first_time, use_first_time, nothing, begins=BARE, prepare=set_up),
        Scene("restore", restore, restore_again, nothing, sold=2, prepare=sell_and_back_up, arm=damage, each=3),
        Scene("reconcile", reconcile, reconcile_again, nothing, sold=1, prepare=sell, each=2),
        Scene("backup-two-places", back_up_twice, back_up_twice, two_places, prepare=with_second_place, each=2),
        Scene("sell-claimed", sell, sell_again, claim_is_closed, sold=1, begins=SHARED, each=2),
        Scene("join-gateway", join_gateway, join_gateway, settings_hold(gateway=True), begins=SHARED),
        Scene("migration", pull, pull, pull_and_keep_a_copy, begins=BARE, prepare=journal_of_before),
        Scene("backup", back_up, back_up, one_backup, prepare=forget_copies),
        Scene(
            "money-ahead", take_money_ahead, again(take_money_ahead),
            both(made((3, 1)), order_is(0, paid="Y", deducted="N")), documents=1, each=6,
        ),
        Scene(
            "hand-over", hand_over, again(hand_over), both(made((3, 1), (3, 1)), order_is(0, paid="Y", deducted="Y")),
            documents=2, prepare=take_money_ahead, each=6,
        ),
        Scene(
            "refund", take_back, again(take_back), both(made((3, 1), (3, 2)), order_is(0, paid="N", deducted="N")),
            documents=2, prepare=sell_and_sync, each=3,
        ),
        Scene(
            "refused-at-the-door", refuse_one, again(refuse_one), both(made((3, 1)), refused_is_gone), documents=1,
            each=5,
        ),
        Scene(
            "correction", correct, again(correct), order_is(0, paid="Y", deducted="Y"), documents=3,
            prepare=sell_and_sync, each=4,
        ),
        Scene("walk-in", ring_up, ring_up_again, made((3, 1)), documents=1, prepare=goods_on_board, each=5),
    )
}  # fmt: skip
"""By name. A new use case that writes gets a line here."""
