"""The resolve desk at work: one case, one decision, its consequence first; Enter decides nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from posapp.domain.fiscal import ReceiptKind
from posapp.domain.money import ZERO, Money
from posapp.domain.settlement import State
from posapp.errors import OutcomeUnknown, ResolveNeeded, Unreachable
from posapp.till.views import Case, OrderView, ReceiptView, Recovered
from posapp.ui.begun import begun_case
from posapp.ui.controls import Button
from posapp.ui.draft import Method
from posapp.ui.lights import Shape
from posapp.ui.payment_pane import Step
from tests.ui.conftest import MakeShop, Shop
from tests.ui.desks import (
    FakeDesk,
    fiscalized,
    lost_case,
    mark,
    order,
    rates_of,
    receipt_of,
    sale_case,
    view,
    waiting_case,
)

ENTER, ESC = Qt.Key.Key_Return, Qt.Key.Key_Escape
F6, F7, F8 = Qt.Key.Key_F6, Qt.Key.Key_F7, Qt.Key.Key_F8
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
DUE = Money(248_000)


def desk_with(*cases: Case) -> FakeDesk:
    """A shop whose register has these cases."""
    desk = FakeDesk()
    desk.waiting = list(cases)
    return desk


@pytest.fixture
def at_desk(make_shop: MakeShop) -> Shop:
    """A cashier at the resolve desk with one case."""
    shop = make_shop(desk_with(sale_case()))
    shop.window.go("resolve")
    return shop


def decisions(shop: Shop) -> list[tuple[object, ...]]:
    return [each[1:] for each in shop.desk.asked if each[0] == "decide"]


def said(shop: Shop) -> str:
    """The message at the top of the desk."""
    banner = shop.window.frame.resolve.banner
    return banner.message.whole if banner.isVisible() else ""


def head_shape(shop: Shop) -> Shape:
    """Asked anew each time."""
    return shop.window.frame.head.lamp.shape_shown


def choose(shop: Shop, digit: str) -> None:
    shop.hands.type(digit)
    assert shop.window.frame.resolve.side.choice is not None


# ---------------------------------------------------------------------- the ways to it


def test_every_screen_leads_to_it_by_head_foot_and_key(make_shop: MakeShop) -> None:
    shop = make_shop(desk_with(sale_case()))
    frame = shop.window.frame
    for screen in ("till", "route", "log", "more"):
        for way in (frame.head.button.click, frame.strip.cases.click, lambda: shop.hands.press(F6, chord=SHIFT)):
            shop.window.go(screen)
            way()
            assert frame.shown == "resolve"
    assert "1 дело" in frame.strip.cases.text()


def test_without_a_case_there_is_no_alarm_and_the_desk_says_so(shop: Shop) -> None:
    frame = shop.window.frame
    assert not frame.strip.cases.isVisible()
    assert not frame.head.button.isVisible()
    shop.hands.press(F6, chord=SHIFT)
    assert frame.resolve.empty.isVisible()
    assert "Дел нет" in frame.resolve.empty.whole
    shop.hands.press(ESC)
    assert frame.shown == "orders"


def test_the_banner_of_an_outcome_that_nobody_can_prove_leads_to_it(shop: Shop) -> None:
    """The storage was read and proves nothing: the button on the order changes from reading to resolving."""
    shop.desk.sell_error = OutcomeUnknown(key="X")
    shop.desk.recover_error = ResolveNeeded("resolve_needed", why="сумма совпадает", key="X")
    shop.desk.views["010457"] = shop.desk.views["10457"]
    shop.hands.scan("010457")
    shop.hands.press(F8)
    shop.hands.press(ENTER)
    shop.window.act("recover")
    trouble = shop.window.pane.banner.trouble
    assert trouble is not None
    assert (trouble.code, trouble.act) == ("134", "resolve")
    assert "Сумма совпадает" in trouble.action
    shop.desk.waiting = [sale_case()]
    shop.window.pane.banner.button.click()
    assert shop.window.frame.shown == "resolve"


# ---------------------------------------------------------------------- what it shows


def test_the_story_stands_in_three_lines_and_each_choice_has_its_consequence(at_desk: Shop) -> None:
    screen, case = at_desk.window.frame.resolve, sale_case()
    assert [text.whole for _caption, text in screen.lines] == list(case.story)
    choices = screen.side.choices
    assert [each.text() for each in choices.buttons] == [each.words for each in case.choices]
    spoken = [each.accessibleName() for each in choices.buttons]
    assert all(choice.consequence in name for choice, name in zip(case.choices, spoken, strict=True))
    assert not screen.side.decide.isVisible()


def test_nothing_on_the_desk_prints(at_desk: Shop) -> None:
    choose(at_desk, "2")
    assert not at_desk.window.pane.money.isVisible()
    for key in (F7, F8, Qt.Key.Key_F12):
        at_desk.hands.press(key)
    assert at_desk.sales() == []
    assert at_desk.window.frame.shown == "resolve"


def test_what_the_program_decides_by_itself_has_no_choice(make_shop: MakeShop) -> None:
    shop = make_shop(desk_with(waiting_case()))
    shop.window.go("resolve")
    screen = shop.window.frame.resolve
    assert screen.lamp.shape_shown is Shape.WAIT
    assert screen.side.choices.buttons == []
    shop.hands.type("1")
    assert screen.side.choice is None


def test_one_case_at_a_time_and_the_keys_turn(make_shop: MakeShop) -> None:
    shop = make_shop(desk_with(sale_case(), waiting_case()))
    shop.window.go("resolve")
    screen = shop.window.frame.resolve
    seen = []
    for key in (Qt.Key.Key_PageDown, Qt.Key.Key_PageDown, Qt.Key.Key_PageUp):
        seen.append(screen.count.whole)
        shop.hands.press(key)
    assert seen == ["дело 1 из 2", "дело 2 из 2", "дело 1 из 2"]
    assert screen.count.whole == "дело 2 из 2"


# ---------------------------------------------------------------------- deciding


def test_a_decision_is_three_deliberate_keys_and_carries_who_and_why(at_desk: Shop) -> None:
    choose(at_desk, "2")
    side = at_desk.window.frame.resolve.side
    assert side.stop.who.text() == "Иванова А."
    assert sale_case().choices[1].consequence in side.stop.consequence.text.whole
    assert not side.decide.isEnabled()  # nobody has said why
    at_desk.hands.press(ENTER, chord=CTRL)
    assert decisions(at_desk) == []
    at_desk.hands.type("1")
    assert decisions(at_desk) == []
    at_desk.hands.press(ENTER, chord=CTRL, held=20)
    case = sale_case()
    assert decisions(at_desk) == [(case.key, "not_made:4518", "Иванова А.", "На бумаге чека нет", {})]
    assert "можно пробить снова" in said(at_desk)
    assert at_desk.window.frame.resolve.case is None


def test_a_reason_that_was_tapped_leaves_ctrl_enter_to_the_decision(at_desk: Shop) -> None:
    choose(at_desk, "1")
    side = at_desk.window.frame.resolve.side
    tapped = next(each for each in side.stop.findChildren(Button) if each.isVisible())
    tapped.setFocus()
    at_desk.hands.press(Qt.Key.Key_Space)
    assert tapped.hasFocus()
    at_desk.hands.press(ENTER, chord=CTRL)
    assert len(decisions(at_desk)) == 1


def test_enter_decides_nothing_wherever_the_focus_is(at_desk: Shop) -> None:
    side = at_desk.window.frame.resolve.side
    at_desk.hands.press(ENTER, held=10)
    choose(at_desk, "1")
    at_desk.hands.type("1")
    for widget in (side, side.decide, side.stop.why, side.stop.who):
        widget.setFocus()
        at_desk.hands.press(ENTER, held=10)
    assert side.choice is not None
    assert decisions(at_desk) == []


def test_space_on_the_button_and_a_tap_decide_once(at_desk: Shop) -> None:
    choose(at_desk, "1")
    at_desk.hands.type("2")
    side = at_desk.window.frame.resolve.side
    side.decide.setFocus()
    at_desk.hands.press(Qt.Key.Key_Space, held=5)
    side.decide.click()
    assert len(decisions(at_desk)) == 1


def test_without_a_name_nothing_is_written(at_desk: Shop) -> None:
    choose(at_desk, "1")
    side = at_desk.window.frame.resolve.side
    side.stop.why.setText("   ")
    assert not side.decide.isEnabled()
    side.stop.why.setText("по ленте")
    assert side.decide.isEnabled()
    side.stop.who.setText(" ")
    assert not side.decide.isEnabled()
    assert "кто" in side.hint.whole


def test_escape_goes_back_step_by_step_and_decides_nothing(make_shop: MakeShop) -> None:
    shop = make_shop(desk_with(sale_case()))
    shop.desk.views["010457"] = shop.desk.views["10457"]
    shop.hands.scan("010457")
    shop.window.go("resolve")
    choose(shop, "2")
    side = shop.window.frame.resolve.side
    side.stop.why.setFocus()
    shop.hands.press(ESC)
    assert shop.window.frame.shown == "resolve"
    assert not side.decide.isVisible()
    shop.hands.press(ESC)
    assert shop.window.frame.shown == "order"
    assert decisions(shop) == []


def test_what_the_register_contradicts_is_said_and_the_case_stays(at_desk: Shop) -> None:
    at_desk.desk.decide_error = ResolveNeeded("not_resolvable", why="ФД 4518 – чек другого заказа")
    choose(at_desk, "1")
    at_desk.hands.type("1")
    at_desk.hands.press(ENTER, chord=CTRL)
    screen = at_desk.window.frame.resolve
    assert "ФД 4518 – чек другого заказа" in said(at_desk)
    assert screen.case is not None
    assert screen.side.choice is None
    assert at_desk.played[-1] == "person"


def test_a_reading_in_between_keeps_the_choice_only_while_it_is_lawful(at_desk: Shop) -> None:
    choose(at_desk, "2")
    side = at_desk.window.frame.resolve.side
    at_desk.hands.type("1")
    at_desk.window.backroom.read_cases()
    assert side.choice is not None
    assert side.stop.why.text() == "На бумаге чека нет"
    at_desk.desk.waiting = [replace(sale_case(), choices=sale_case().choices[:1])]
    at_desk.window.backroom.read_cases()
    assert side.choice is None


def test_while_a_decision_is_written_nothing_else_moves(at_desk: Shop) -> None:
    resolver, window = at_desk.window.resolver, at_desk.window
    assert resolver is not None
    choose(at_desk, "1")
    resolver.is_deciding = True
    window.frame.resolve.side.busy(True)
    for where in ("till", "log", "more", "find"):
        window.go(where)
    window.act("open_shift")
    window.close()
    assert window.isVisible()
    at_desk.hands.press(ESC)
    assert window.frame.shown == "resolve"
    assert window.frame.resolve.side.choice is not None
    assert not window.frame.resolve.side.decide.isEnabled()
    resolver.is_deciding = False


def test_a_register_that_is_away_leaves_the_story_and_says_so(at_desk: Shop) -> None:
    def away(_language: str) -> list[Case]:
        raise Unreachable("device_unreachable", port="COM5")

    at_desk.desk.cases = away  # type: ignore[method-assign, assignment]
    at_desk.window.backroom.read_cases()
    assert "COM5" in said(at_desk)
    assert at_desk.window.frame.resolve.case is not None
    assert at_desk.window.frame.resolve.read.isEnabled()


def test_after_the_last_case_the_customer_who_waits_gets_the_answer(make_shop: MakeShop) -> None:
    shop = make_shop()
    shop.desk.sell_error = OutcomeUnknown(key="X")
    shop.desk.recover_error = ResolveNeeded("resolve_needed", why="w", key="X")
    shop.desk.views["010457"] = shop.desk.views["10457"]
    shop.hands.scan("010457")
    shop.hands.press(F8)
    shop.hands.press(ENTER)
    shop.window.act("recover")
    shop.desk.waiting = [sale_case(number="10457")]
    shop.window.act("resolve")
    before = shop.desk.views["10457"]
    made = fiscalized(receipt_of(before.order, ZERO, DUE))

    def written() -> None:
        shop.desk.views["10457"] = replace(before, receipts=(made,))
        shop.desk.recover_error = None

    shop.desk.on_decide = written
    decide_first(shop)
    assert shop.window.frame.shown == "receipt"
    assert shop.window.pane.done.is_new
    assert "Решено" in shop.window.pane.banner.message.whole  # a person said so, no storage proved it


def decide_first(shop: Shop) -> None:
    """Choice 1, reason 1, written down; whatever the desk answers is ready by then."""
    choose(shop, "1")
    shop.hands.type("1")
    shop.hands.press(ENTER, chord=CTRL)
    assert len(decisions(shop)) == 1


def test_a_case_that_the_program_decides_meanwhile_is_not_gone_without_a_word(make_shop: MakeShop) -> None:
    shop = make_shop(desk_with(waiting_case()))
    shop.window.go("resolve")
    it = order(10469)
    made = fiscalized(receipt_of(it, DUE, ZERO), 4519)
    shop.desk.views["10469"] = replace(view(it), receipts=(made,))
    shop.desk.waiting = []
    shop.window.backroom.read_cases()
    banner = shop.window.frame.resolve.banner
    assert "10469" in said(shop)
    assert "4519" in banner.action.whole
    assert shop.window.frame.shown == "resolve"  # another order, or none, is on the till


def test_the_customer_of_a_case_that_decided_itself_gets_the_answer_at_the_till(make_shop: MakeShop) -> None:
    shop = make_shop(desk_with(replace(waiting_case(), order_number="10457")))
    shop.desk.views["010457"] = shop.desk.views["10457"]
    shop.hands.scan("010457")
    shop.window.go("resolve")
    shop.desk.waiting = []
    shop.window.backroom.read_cases()
    assert shop.window.frame.shown == "order"


def test_a_recovery_beside_it_does_not_pull_the_person_away(make_shop: MakeShop) -> None:
    shop = make_shop(desk_with(sale_case()))
    shop.desk.views["010457"] = shop.desk.views["10457"]
    shop.hands.scan("010457")
    shop.window.go("resolve")
    shop.window.reports.recovered([Recovered("k", "sending", "pending", "w")])
    assert shop.window.frame.shown == "resolve"


# ---------------------------------------------------------------------- the scanner


def test_the_code_of_the_paper_chooses_its_document_and_gives_the_reason(at_desk: Shop) -> None:
    at_desk.hands.scan(mark(4518).qr(DUE, ReceiptKind.SELL))
    side = at_desk.window.frame.resolve.side
    assert side.choice is not None
    assert side.choice.document == 4518
    assert "4518" in side.stop.why.text()
    assert decisions(at_desk) == []  # and still nothing is decided, whatever key ended the scan


def test_the_code_of_another_receipt_chooses_nothing(at_desk: Shop) -> None:
    at_desk.hands.scan(mark(4519).qr(DUE, ReceiptKind.SELL))
    assert at_desk.window.frame.resolve.side.choice is None


def test_a_code_that_is_asked_for_goes_into_its_field(make_shop: MakeShop) -> None:
    shop = make_shop(desk_with(lost_case()))
    shop.window.go("resolve")
    choose(shop, "1")
    side = shop.window.frame.resolve.side
    code = mark(4518).qr(DUE, ReceiptKind.SELL)
    assert "QR" in side.hint.whole
    shop.hands.scan(code)
    side.stop.fill("receipt_number", "84")
    shop.hands.type("1")
    shop.hands.press(ENTER, chord=CTRL)
    assert decisions(shop)[0][-1] == {"qr": code, "receipt_number": "84"}


def test_an_order_that_is_scanned_opens_as_everywhere(at_desk: Shop) -> None:
    at_desk.desk.views["010460"] = at_desk.desk.views["10460"]
    at_desk.hands.scan("010460")
    assert at_desk.window.frame.shown == "order"


# ---------------------------------------------------------------------- alarms


def test_what_waits_too_long_is_red_with_its_age_and_sounds_once(make_shop: MakeShop) -> None:
    shop = make_shop(desk_with(sale_case()))
    head, reports = shop.window.frame.head, shop.window.reports
    assert head_shape(shop) is Shape.UNKNOWN
    assert "3\xa0мин" in head.ready.whole
    shop.desk.age_minutes = 125
    for _ in range(3):
        reports.alarm_known(shop.desk.alarms())
    assert head_shape(shop) is Shape.BAD
    assert "2\xa0ч" in head.ready.whole
    assert shop.played.count("person") == 1
    assert shop.window.pane.step is Step.IDLE


def test_a_receipt_under_way_is_no_alarm(make_shop: MakeShop) -> None:
    """It is `sending` in the journal for the seconds that printing takes."""
    shop = make_shop(desk_with(waiting_case()))
    shop.desk.age_minutes = 0
    shop.window.reports.alarm_known(shop.desk.alarms())
    assert not shop.window.frame.strip.cases.isVisible()


# ---------------------------------------------------------------------- a begun receipt is given up


def begun(shop: Shop, state: State = State.REFUSED) -> OrderView:
    """An order with a receipt that was begun with cash."""
    it = order(10481)
    receipt = ReceiptView(receipt_of(it, Money(300_000), ZERO), state, None, None, reason="нет бумаги")
    made = OrderView(it, (receipt,), view().lights, None, rates_of(it))
    shop.desk.views["010481"] = shop.desk.views["10481"] = made
    shop.hands.scan("010481")
    return made


def test_a_begun_receipt_is_given_up_with_its_consequence_and_the_order_is_free(shop: Shop) -> None:
    before = begun(shop)
    shop.window.pane.methods.begun.click()
    screen = shop.window.frame.resolve
    assert screen.case is not None
    choice = screen.case.choices[0]
    assert "3\u202f000,00" in choice.consequence
    assert "никогда" in choice.consequence
    shop.hands.press(ESC)
    assert shop.window.pane.step is Step.METHODS  # nothing was given up
    shop.window.act("begun")
    freed = view(before.order)

    def written() -> None:
        shop.desk.views["010481"] = shop.desk.views["10481"] = freed

    shop.desk.on_decide = written
    choose(shop, "1")
    shop.hands.type("3")
    shop.hands.press(ENTER, chord=CTRL)
    QApplication.processEvents()
    key = before.receipts[0].receipt.key
    assert shop.window.frame.shown == "order"
    assert shop.window.pane.methods.buttons[Method.CASH].isEnabled()
    assert shop.window.pane.banner.isVisible()
    assert shop.window.pane.banner.action.whole == "В журнале действий: Иванова А."
    assert decisions(shop) == [(key, "cancel", "Иванова А.", "Покупатель отказался", {})]


@pytest.mark.parametrize("state", [State.SENDING, State.FISCALIZED, State.CANCELLED])
def test_only_what_was_never_sent_can_be_given_up(shop: Shop, state: State) -> None:
    made = begun(shop, State.PENDING)
    other = replace(made, receipts=(replace(made.receipts[0], state=state),))
    assert begun_case(made, shop.window.look) is not None
    assert begun_case(other, shop.window.look) is None
