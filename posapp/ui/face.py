"""The window as the counter sees it."""

from __future__ import annotations

from typing import Protocol

from posapp.till.views import OrderView, ReceiptView
from posapp.ui.codes import CodeDraft
from posapp.ui.payment_pane import PaymentPane
from posapp.ui.trouble import Trouble


class Face(Protocol):
    """What the counter asks of the window."""

    @property
    def pane(self) -> PaymentPane:
        """The right pane."""
        ...

    @property
    def is_till_in_sight(self) -> bool:
        """The person looks at the till, not at the log or the resolve desk: an order may be shown by itself."""
        ...

    def show_order(self, view: OrderView) -> None:
        """The order screen in the left pane."""
        ...

    def show_codes(self, draft: CodeDraft, asking_s: int) -> None:
        """The marking codes of the open order, beside its lines."""
        ...

    def show_receipt(self, receipt: ReceiptView, view: OrderView) -> None:
        """The receipt in the left pane."""
        ...

    def show_lights(self, view: OrderView) -> None:
        """The lights of the order that is on the screen."""
        ...

    def notice(self, trouble: Trouble) -> None:
        """A message in whatever pane is at the right."""
        ...

    def sold(self) -> None:
        """A receipt is on disk: strip, head and exchange may look again."""
        ...
