"""Buttons, labels and fields with our own painting: sizes for fingers, tokens for colours, a focus ring that shows."""

from __future__ import annotations

from enum import Enum, auto

from PySide6.QtCore import QEvent, QObject, QRect, QRectF, QSize, Qt
from PySide6.QtGui import (
    QAccessible,
    QAccessibleEvent,
    QColor,
    QFontMetrics,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QPushButton, QSizePolicy, QStackedWidget, QWidget
from shiboken6 import isValid

from posapp.ui.look import Look
from posapp.ui.theme import Space, Target, Type

RADIUS = 6
ENTER_KEYS = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class Kind(Enum):
    """How loud a button is: the one next act, an ordinary act, navigation."""

    PRIMARY = auto()
    PLAIN = auto()
    QUIET = auto()


class Button(QPushButton):
    """A button with its key, icon and word. Enter and Space press it when it has the focus; a held key does not.

    `height` is the height of the target at factor 1. `caption` is a smaller line above the word. A disabled button
    should have its reason beside it, not in it.
    """

    def __init__(
        self,
        look: Look,
        text: str,
        *,
        key: str = "",
        icon: str = "",
        kind: Kind = Kind.PLAIN,
        height: int = Target.ROW,
        token: Type = Type.STRONG,
        centred: bool = False,
    ) -> None:
        super().__init__(text)
        self.look = look
        self.key = key
        self.icon_name = icon
        self.kind = kind
        self.token = token
        self.centred = centred
        self.caption = ""
        self.setAutoDefault(False)
        self.setDefault(False)
        self.setFont(look.font(token))
        self.setFixedHeight(look.px(height))
        self.setMinimumWidth(look.px(Target.SMALL))
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(f"{text} {key}".strip())
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def set_text(self, text: str, caption: str = "") -> None:
        """Another word on the same button."""
        self.caption = caption
        self.setText(text)
        self.setAccessibleName(f"{caption} {text} {self.key}".strip())
        self.update()

    def rest(self, is_resting: bool) -> None:
        """Disabled while its work is done. Qt would hand the focus to the neighbour: the pane takes it instead."""
        home = self.parentWidget()
        while home is not None and home.focusPolicy() != Qt.FocusPolicy.StrongFocus:
            home = home.parentWidget()
        if is_resting and self.hasFocus() and home is not None:
            home.setFocus(Qt.FocusReason.OtherFocusReason)
        self.setEnabled(not is_resting)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter presses like Space; a held key presses once; the rest, Ctrl+Enter too, goes to the screen."""
        is_chord = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if event.key() in (*ENTER_KEYS, Qt.Key.Key_Space) and not is_chord:
            if not event.isAutoRepeat() and self.isEnabled():
                self.click()
            event.accept()
            return
        event.ignore()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """Nothing: the press has done it."""
        event.accept()

    def sizeHint(self) -> QSize:
        """Text, icon, key and padding."""
        metrics = QFontMetrics(self.font())
        width = metrics.horizontalAdvance(self.text()) + 2 * self.look.px(Space.S4)
        if self.icon_name:
            width += self.look.px(24 + Space.S3)
        if self.key:
            width += self._key_width() + self.look.px(Space.S3)
        return QSize(width, self.height())

    def minimumSizeHint(self) -> QSize:
        """Never narrower than its words."""
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Body, key cap, icon, words."""
        look, painter = self.look, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ink, ground, edge = self._colours()
        down = 1 if self.isDown() else 0
        body = QRectF(self.rect()).adjusted(0.5, 0.5 + down, -0.5, -0.5)
        painter.setPen(QPen(edge, 1) if edge is not None else Qt.PenStyle.NoPen)
        painter.setBrush(ground)
        painter.drawRoundedRect(body, look.px(RADIUS), look.px(RADIUS))
        left = look.px(Space.S4)
        if self.centred:
            left = max(left, (self.width() - self.sizeHint().width()) // 2 + look.px(Space.S4))
        inside = QRect(left, down, self.width() - left - look.px(Space.S3), self.height())
        if self.key:
            inside.setLeft(self._paint_key(painter, inside, ink))
        if self.icon_name:
            side = look.px(24)
            name = self._ink_name()
            painter.drawPixmap(inside.left(), (self.height() - side) // 2 + down, look.pixmap(self.icon_name, name))
            inside.setLeft(inside.left() + side + look.px(Space.S3))
        self._paint_words(painter, inside, ink)

    def _paint_words(self, painter: QPainter, inside: QRect, ink: QColor) -> None:
        look = self.look
        painter.setPen(ink)
        align = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        if self.caption:
            half = QRect(inside.left(), inside.top(), inside.width(), inside.height() * 2 // 5)
            painter.setFont(look.font(Type.TABLE))
            painter.drawText(half, Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignLeft, self.caption)
            inside = QRect(inside.left(), half.bottom(), inside.width(), inside.height() - half.height())
            align = Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft
        painter.setFont(self.font())
        text = QFontMetrics(self.font()).elidedText(self.text(), Qt.TextElideMode.ElideRight, inside.width())
        painter.drawText(inside, align, text)

    def _key_width(self) -> int:
        return QFontMetrics(self.look.font(Type.TABLE_STRONG)).horizontalAdvance(self.key) + self.look.px(Space.S3)

    def _paint_key(self, painter: QPainter, inside: QRect, ink: QColor) -> int:
        look = self.look
        height = look.px(26)
        cap = QRectF(inside.left(), (self.height() - height) / 2, self._key_width(), height)
        painter.setFont(look.font(Type.TABLE_STRONG))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(ink, 1))
        painter.drawRoundedRect(cap, look.px(4), look.px(4))
        painter.drawText(cap, Qt.AlignmentFlag.AlignCenter, self.key)
        return round(cap.right()) + look.px(Space.S3)

    def _ink_name(self) -> str:
        if not self.isEnabled():
            return "disabled"
        return {Kind.PRIMARY: "on_accent", Kind.PLAIN: "text", Kind.QUIET: "text2"}[self.kind]

    def _colours(self) -> tuple[QColor, QColor, QColor | None]:
        look = self.look
        ink = look.colour(self._ink_name())
        hover = self.underMouse() and self.isEnabled()
        if not self.isEnabled():
            return ink, look.colour("sunken"), look.colour("border")
        if self.kind is Kind.PRIMARY:
            return ink, look.colour("accent_hover" if hover else "accent"), None
        ground = look.colour("sunken" if hover else "surface")
        if self.isCheckable() and self.isChecked():
            return look.colour("text"), look.colour("sunken"), look.colour("text")
        return ink, ground, look.colour("border_strong")


def set_ink(widget: QWidget, look: Look, colour: str) -> None:
    """Gives a label or field the ink of a colour token."""
    made = widget.palette()
    for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text):
        made.setColor(QPalette.ColorGroup.Active, role, look.colour(colour))
        made.setColor(QPalette.ColorGroup.Inactive, role, look.colour(colour))
    widget.setPalette(made)


class Label(QLabel):
    """Plain text in a token; `elide` cuts what does not fit with an ellipsis and shows the whole as a tool tip."""

    def __init__(
        self,
        look: Look,
        text: str = "",
        token: Type = Type.BODY,
        *,
        ink: str = "text",
        right: bool = False,
        wrap: bool = False,
        elide: bool = False,
    ) -> None:
        super().__init__()
        self.look = look
        self._whole = ""
        self._elide = elide
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setFont(look.font(token, tabular=right))
        self.setWordWrap(wrap)
        side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
        self.setAlignment(side | Qt.AlignmentFlag.AlignVCenter)
        if not wrap:
            self.setMinimumHeight(look.line(token))
        if elide:
            self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        set_ink(self, look, ink)
        self.set_text(text)

    def set_text(self, text: str, ink: str | None = None) -> None:
        """Another text, and another ink if given. A screen reader is told, without moving the focus."""
        if ink is not None:
            set_ink(self, self.look, ink)
        if text == self._whole and text:
            return
        self._whole = text
        self._fit()
        self.setAccessibleName(text)
        if self.isVisible():
            QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.NameChanged))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Elides anew."""
        super().resizeEvent(event)
        self._fit()

    @property
    def whole(self) -> str:
        """The text before it was cut."""
        return self._whole

    def _fit(self) -> None:
        if not self._elide:
            self.setText(self._whole)
            return
        shown = QFontMetrics(self.font()).elidedText(self._whole, Qt.TextElideMode.ElideRight, self.width())
        self.setText(shown)
        self.setToolTip(self._whole if shown != self._whole else "")


class Field(QLineEdit):
    """A text field with an edge that can be seen; a wheel over it changes nothing."""

    def __init__(self, look: Look, name: str, *, token: Type = Type.BODY, height: int = Target.ROW) -> None:
        super().__init__()
        self.look = look
        self.setFont(look.font(token, tabular=token is Type.SUM))
        self.setFixedHeight(look.px(height))
        self.setAccessibleName(name)
        self.setFrame(False)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setTextMargins(look.px(Space.S3), 0, look.px(Space.S3), 0)
        made = self.palette()
        made.setColor(QPalette.ColorRole.Base, QColor(0, 0, 0, 0))
        self.setPalette(made)

    def put(self, text: str) -> None:
        """Another text, its beginning in sight."""
        self.setText(text)
        self.setCursorPosition(0)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The ground and its edge, then the text."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self.look.colour("border_strong"), 1))
        painter.setBrush(self.look.colour("surface" if self.isEnabled() else "sunken"))
        radius = self.look.px(RADIUS)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), radius, radius)
        painter.end()
        super().paintEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Nothing."""
        event.ignore()


class Pane(QWidget):
    """A rectangle of a colour token; `edge` names the side that has a hair line."""

    def __init__(self, look: Look, colour: str = "surface", *, edge: str = "") -> None:
        super().__init__()
        self.look = look
        self._colour = colour
        self._edge = edge

    def paintEvent(self, _event: QPaintEvent) -> None:
        """The ground and the line."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), self.look.colour(self._colour))
        painter.setPen(QPen(self.look.colour("border"), 1))
        box = self.rect().adjusted(0, 0, -1, -1)
        if self._edge == "top":
            painter.drawLine(box.topLeft(), box.topRight())
        elif self._edge == "bottom":
            painter.drawLine(box.bottomLeft(), box.bottomRight())
        elif self._edge == "left":
            painter.drawLine(box.topLeft(), box.bottomLeft())

    def set_colour(self, colour: str) -> None:
        """Another ground."""
        self._colour = colour
        self.update()


class Stack(QStackedWidget):
    """Pages of which only the one in sight asks for room."""

    def sizeHint(self) -> QSize:
        """Of the page in sight."""
        page = self.currentWidget()
        return page.sizeHint() if page is not None else QSize()

    def minimumSizeHint(self) -> QSize:
        """Of the page in sight."""
        page = self.currentWidget()
        return page.minimumSizeHint() if page is not None else QSize()


class FocusRing(QWidget):
    """A ring of 3 px outside a gap of 2 px around whatever has the focus; it lies above everything in the window."""

    def __init__(self, look: Look, window: QWidget) -> None:
        super().__init__(window)
        self.look = look
        self._followed: list[QWidget] = []
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()
        application = QApplication.instance()
        if isinstance(application, QApplication):
            application.focusChanged.connect(self._moved)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follows the focused widget and what it lies in."""
        if event.type() in (QEvent.Type.Move, QEvent.Type.Resize, QEvent.Type.Show, QEvent.Type.Hide):
            self._place()
        return False

    def paintEvent(self, _event: QPaintEvent) -> None:
        """The ring."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self.look.colour("focus"), self.look.px(3)))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        inset = self.look.px(3) / 2
        radius = self.look.px(RADIUS + 3)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(inset, inset, -inset, -inset), radius, radius)

    def _moved(self, _old: QWidget | None, new: QWidget | None) -> None:
        for each in self._followed:
            if isValid(each):  # its screen may be gone already
                each.removeEventFilter(self)
        self._followed = []
        window = self.parentWidget()
        if new is None or window is None or not window.isAncestorOf(new):
            self._place()
            return
        while new is not None and new is not window:
            self._followed.append(new)
            new.installEventFilter(self)
            new = new.parentWidget()
        self._place()

    def _place(self) -> None:
        target = self._followed[0] if self._followed else None
        window = self.parentWidget()
        if (
            window is None
            or target is None
            or not target.isVisible()
            or target.property("no_ring")
            or not window.isAncestorOf(target)
        ):
            self.hide()
            return
        reach = self.look.px(5)
        place = QRect(target.mapTo(window, target.rect().topLeft()), target.size())
        self.setGeometry(place.adjusted(-reach, -reach, reach, reach).intersected(window.rect()))
        self.show()
        self.raise_()
