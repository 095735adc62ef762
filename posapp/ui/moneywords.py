"""Sums and goods of an order in words, as several screens say them."""

from __future__ import annotations

from posapp.domain.lawful import Step
from posapp.domain.receipt import TenderKind
from posapp.till.views import OrderView, ReceiptView
from posapp.ui.look import Look


def goods_words(view: OrderView, look: Look) -> str:
    """How many things to hand over; deliveries are none."""
    goods = [line for line in view.order.lines if not line.is_delivery]
    whole = [int(line.quantity.value) if line.quantity.value == int(line.quantity.value) else 1 for line in goods]
    return look.say.count("goods", sum(whole))


def hand_over_words(view: OrderView, receipt: ReceiptView, look: Look) -> str:
    """What becomes of the goods once the receipt is there: money ahead hands nothing over."""
    step = receipt.receipt.step
    if step is Step.AHEAD:
        return look.say("done.goods_later")
    if step is Step.DEBT:
        return look.say("done.goods_before")
    return look.say("done.goods", goods=goods_words(view, look))


def tender_words(receipt: ReceiptView, look: Look) -> str:
    """`Наличные 3 000,00 ₽ · Карта 480,00 ₽`."""
    say, tender = look.say, receipt.receipt.tender
    parts = [
        say("tender.cash", sum=tender(TenderKind.CASH)) if tender(TenderKind.CASH) else "",
        say("tender.card", sum=tender(TenderKind.CASHLESS)) if tender(TenderKind.CASHLESS) else "",
    ]
    return " · ".join(each for each in parts if each)
