"""A page that scrolls when it is longer than its place; Tab brings what it reaches into sight."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

from posapp.ui.look import Look
from posapp.ui.tables import ScrollBar


class Scroller(QScrollArea):
    """Scrolls downwards only, with our own bar; it takes no focus itself."""

    def __init__(self, look: Look, page: QWidget) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # Tab goes through the buttons and brings them into sight
        self.setVerticalScrollBar(ScrollBar(look))
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidget(page)
