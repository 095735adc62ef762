"""Tables for fingers, scanners and screen readers: rows of one height, drawn by a delegate, Tab leaves them.

QTableView with fixed rows opens a million of them in milliseconds. No sorting proxy, no sizes from contents; letters
and digits are not the table's business (they are a scan or a sum), so they go on to the screen.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from PySide6.QtCore import (
    QAbstractTableModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QScrollBar,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionSlider,
    QStyleOptionViewItem,
    QTableView,
)

from posapp.ui.look import Look
from posapp.ui.theme import Space, Type

Row = TypeVar("Row")
Index = QModelIndex | QPersistentModelIndex
_MOVES = (
    Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown, Qt.Key.Key_Home, Qt.Key.Key_End,
)  # fmt: skip


class RowsModel(QAbstractTableModel, Generic[Row]):
    """Frozen rows in one column. `words` gives the text of a row, for screen readers."""

    def __init__(self, words: Callable[[Row], str], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._words = words
        self.rows: list[Row] = []

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Replaces all rows."""
        self.beginResetModel()
        self.rows = list(rows)
        self.endResetModel()

    def append_rows(self, rows: Sequence[Row]) -> None:
        """Adds rows at the end: the next page."""
        if rows:
            self.beginInsertRows(QModelIndex(), len(self.rows), len(self.rows) + len(rows) - 1)
            self.rows.extend(rows)
            self.endInsertRows()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  # Qt's own signature
        """How many rows."""
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """One: the delegate draws a row as a whole."""
        return 0 if parent.isValid() else 1

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The words of a row."""
        if index.isValid() and role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return self._words(self.rows[index.row()])
        return None


class ScrollBar(QScrollBar):
    """A plain handle on a plain ground, in our colours: Fusion's own is grey on grey in the dark."""

    def __init__(self, look: Look) -> None:
        super().__init__(Qt.Orientation.Vertical)
        self.look = look

    def sizeHint(self) -> QSize:
        """Wide enough for a finger that knows where it is."""
        return QSize(self.look.px(20), super().sizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        """The handle, where the style puts it."""
        look, painter = self.look, QPainter(self)
        painter.fillRect(self.rect(), look.colour("surface"))
        option = QStyleOptionSlider()
        self.initStyleOption(option)
        control, part = QStyle.ComplexControl.CC_ScrollBar, QStyle.SubControl.SC_ScrollBarSlider
        handle = self.style().subControlRect(control, option, part, self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(look.colour("border_strong"))
        edge, width = look.px(5), look.px(8)
        body = QRect((self.width() - width) // 2, handle.top() + edge // 2, width, handle.height() - edge)
        painter.drawRoundedRect(body, width / 2, width / 2)


class Table(QTableView):
    """One column of drawn rows. `opened` tells the row that was tapped or confirmed with Enter.

    With `opens_twice` one tap only chooses (`tapped`), two open.
    """

    opened = Signal(int)
    tapped = Signal(int)
    chosen = Signal(int)

    def __init__(self, look: Look, name: str, row_height: int, *, selectable: bool = True) -> None:
        super().__init__()
        self.look = look
        self.opens_twice = False
        self.setAccessibleName(name)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.setFrameShape(QTableView.Shape.NoFrame)
        self.setWordWrap(False)
        self.setMouseTracking(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        mode = QAbstractItemView.SelectionMode
        self.setSelectionMode(mode.SingleSelection if selectable else mode.NoSelection)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBar(ScrollBar(look))
        self.horizontalHeader().hide()
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setMinimumSectionSize(look.px(row_height))
        self.verticalHeader().setDefaultSectionSize(look.px(row_height))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows move, Enter opens, everything else is the screen's."""
        if event.key() in _MOVES:
            super().keyPressEvent(event)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            if not event.isAutoRepeat():
                self.opened.emit(self.currentIndex().row())
            event.accept()
        else:
            event.ignore()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A tap on a row opens it."""
        super().mouseReleaseEvent(event)
        index = self.indexAt(event.position().toPoint())
        if index.isValid() and event.button() == Qt.MouseButton.LeftButton:
            self.tapped.emit(index.row())
            if not self.opens_twice:
                self.opened.emit(index.row())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """A second tap opens what the first one has only chosen."""
        super().mouseDoubleClickEvent(event)
        index = self.indexAt(event.position().toPoint())
        if self.opens_twice and index.isValid() and event.button() == Qt.MouseButton.LeftButton:
            self.opened.emit(index.row())

    def currentChanged(self, current: Index, previous: Index) -> None:
        """Tells which row the arrows stand on."""
        super().currentChanged(current, previous)
        self.chosen.emit(current.row())

    def event(self, event: QEvent) -> bool:
        """Tab is never the table's, whatever Qt's views do with it."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and event.key() == Qt.Key.Key_Space:
            event.ignore()
            return False
        return bool(super().event(event))


class RowDelegate(QStyledItemDelegate):
    """Ground, selection and the hair line of a row; subclasses draw the words in `paint_row`."""

    def __init__(self, look: Look, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.look = look

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """One row."""
        look = self.look
        rect: QRect = option.rect
        state: QStyle.StateFlag = option.state
        painter.save()
        painter.setClipRect(rect)
        is_chosen = bool(state & QStyle.StateFlag.State_Selected)
        painter.fillRect(rect, look.colour("sunken" if is_chosen else "surface"))
        if is_chosen:
            painter.fillRect(QRect(rect.left(), rect.top(), look.px(4), rect.height()), look.colour("accent"))
        painter.setPen(QPen(look.colour("border"), 1))
        painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        self.paint_row(painter, rect, index)
        painter.restore()

    def paint_row(self, painter: QPainter, rect: QRect, index: Index) -> None:
        """Draws what the row says."""
        raise NotImplementedError


def draw(
    painter: QPainter,
    look: Look,
    box: QRect,
    text: str,
    token: Type = Type.BODY,
    ink: str = "text",
    *,
    right: bool = False,
) -> None:
    """One line of text in a box, centred upright, cut with an ellipsis where it does not fit."""
    made = look.font(token, tabular=right)
    painter.setFont(made)
    painter.setPen(look.colour(ink))
    shown = QFontMetrics(made).elidedText(text, Qt.TextElideMode.ElideRight, box.width())
    side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
    painter.drawText(box, side | Qt.AlignmentFlag.AlignVCenter, shown)


def width_of(look: Look, text: str, token: Type) -> int:
    """How wide a text is in a token, with room enough that it is not cut."""
    return QFontMetrics(look.font(token, tabular=True)).horizontalAdvance(text) + look.px(Space.S1)


def columns(look: Look, rect: QRect, widths: Sequence[float]) -> list[QRect]:
    """Cuts a row into cells: widths at factor 1, one of them 0 for the cell that takes the rest."""
    padding = look.px(Space.S4)
    gap = look.px(Space.S3)
    fixed = sum(look.px(each) for each in widths)
    rest = rect.width() - 2 * padding - gap * (len(widths) - 1) - fixed
    cells, left = [], rect.left() + padding
    for each in widths:
        width = look.px(each) if each else max(rest, 0)
        cells.append(QRect(left, rect.top(), width, rect.height()))
        left += width + gap
    return cells
