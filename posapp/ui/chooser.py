"""Which of an order's offers a person has chosen, and the way there and back: ways, then the payments of a way."""

from __future__ import annotations

from collections.abc import Callable

from posapp.domain.offers import Offer, Way
from posapp.till.views import OrderView
from posapp.ui.dealing import Choice, can_refuse, others, payment_options, way_options, way_words, which_of
from posapp.ui.look import Look
from posapp.ui.payment_pane import PaymentPane
from posapp.ui.refusal import Part


class Chooser:
    """Keeps what was chosen for the open order. `pane` gives the pane of now: it is made anew with another look."""

    def __init__(self, pane: Callable[[], PaymentPane], look: Look) -> None:
        self._pane, self._look = pane, look
        self.offer: Offer | None = None  # what is done with the open order, where it is not the usual sale
        self.part: Part | None = None  # what of the order is refused
        self._choice: Choice | None = None  # the way whose payments are being chosen from

    @property
    def way(self) -> Way:
        """How the order is settled."""
        return Way.FULL if self.offer is None else self.offer.way

    def forget(self) -> None:
        """The usual sale again."""
        self.offer = self._choice = self.part = None

    def list_others(self, view: OrderView) -> None:
        """The list of other ways, for an order that can be sold in the usual way."""
        self.forget()
        say, options = self._look.say, way_options(others(view), self._look, can_refuse=can_refuse(view))
        self._pane().show_choice(say("way.other"), options, lead=say("way.lead"), back=say("way.back"))

    def choose(self, value: object, view: OrderView) -> None:
        """A way from the list, or one of its payments."""
        if isinstance(value, Choice) and len(value.offers) > 1:
            say, self._choice, self.offer, self.part = self._look.say, value, None, None
            options, title = payment_options(value, view, self._look), say(f"way.{value.way.value}")
            self._pane().show_choice(say(which_of(value)), options, lead=title, back=say("way.back"))
        elif isinstance(value, (Choice, Offer)):
            self.take(value if isinstance(value, Offer) else value.offers[0])

    def take(self, offer: Offer, part: Part | None = None) -> None:
        """This is what is done: how the money is taken, or that none is. `part`: what is refused at the same time."""
        self.offer, self.part = offer, part
        if offer.due:
            words = way_words(offer, self._look) if part is None else part.words
            self._pane().show_due(offer.due, way=words)
        else:
            self._pane().show_no_money(offer)

    def back(self, view: OrderView) -> bool:
        """One step back. False when there is no list to go back to: the order itself is shown."""
        if self.offer is not None and self._choice is not None:
            self.choose(self._choice, view)
            return True
        is_chosen = self.part is None and (self.offer is not None or self._choice is not None)
        if is_chosen and view.refusal is None and others(view):
            self.list_others(view)
            return True
        self.forget()
        return False
