"""What the screens beside the sale tell the window, joined to whoever does it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from posapp.ui.frame import Frame
    from posapp.ui.window import Window


def connect_door(window: Window, frame: Frame) -> None:
    """Refusals, the courier's day, refunds."""
    frame.refusal.stepped.connect(window.refuser.step)
    frame.refusal.onward.connect(lambda: frame.show_screen("refusal", peek=True))
    frame.refusal.side.reasoned.connect(window.refuser.reason)
    frame.refusal.side.taken.connect(window.refuser.take)
    frame.refusal.side.all_refused.connect(window.refuser.refuse_all)
    frame.refusal.side.banner.acted.connect(window.act)
    frame.day.side.banner.acted.connect(window.act)
    frame.refusal.side.left.connect(window.going.back)
    frame.day.onward.connect(lambda: frame.show_screen("day", peek=True))
    frame.day.side.begun.connect(window.backroom.begin_day)
    frame.day.side.handed_in.connect(window.backroom.hand_in)
    frame.day.side.left.connect(window.going.back)
    frame.refund.wanted.connect(window.refunder.find)
    frame.refund.stepped.connect(window.refunder.step)
    frame.refund.onward.connect(lambda: frame.show_screen("refund", peek=True))
    frame.refund.side.all_of_it.connect(window.refunder.choose_all)
    frame.refund.side.senior.connect(window.refunder.named_senior)
    frame.refund.side.given_back.connect(window.refunder.give_back)
    frame.refund.side.banner.acted.connect(window.refunder.act)
    frame.refund.side.left.connect(window.going.back)
    frame.pane.methods.refuse.connect(lambda: window.act("refuse"))


def connect_backroom(window: Window, frame: Frame) -> None:
    """The resolve desk, the reconciliation, the restore, the shift."""
    frame.resolve.turned.connect(window.backroom.turn_case)
    frame.resolve.read_again.connect(window.backroom.read_cases)
    frame.resolve.story_asked.connect(window.going.log_of)
    frame.resolve.to_decide.connect(window.backroom.to_decide)
    frame.resolve.side.decided.connect(window.backroom.decide)
    frame.resolve.left.connect(window.going.back)
    frame.resolve.side.left.connect(window.going.back)
    frame.log.detail_asked.connect(window.backroom.open_request)
    frame.doctor.asked.connect(window.doctors.look)
    frame.doctor.side.stepped.connect(window.doctors.take_step)
    frame.reconcile.asked.connect(window.backroom.reconcile)
    frame.reconcile.stopped.connect(window.backroom.stop_reconciling)
    frame.reconcile.side.stepped.connect(window.backroom.take_step)
    frame.restore.to_side.connect(lambda: frame.show_screen("restore", peek=True))
    frame.restore.side.asked.connect(window.restore_asked)
    frame.restore.side.reopen.connect(window.reopen_asked)
    frame.service.acted.connect(window.act)
    frame.service.settled.connect(window.settle)
    frame.service.side.drawer.moved.connect(window.backroom.move_cash)
    frame.service.side.drawer.banner.acted.connect(window.act)
    frame.service.side.drawer.left.connect(window.going.arrange_service)
