"""What every widget needs to draw itself: colours, factor, words, icons, the clock for ages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication

from posapp.ui import theme
from posapp.ui.words import Say


def resource(*parts: str) -> Path:
    """A file of `resources/`: beside the package in a checkout, inside it when installed."""
    package = Path(__file__).resolve().parents[1]
    for folder in (package.parent / "resources", package / "resources"):
        path = folder.joinpath(*parts)
        if path.exists():
            return path
    raise FileNotFoundError(f"resources/{'/'.join(parts)} is missing: the installation is not complete")


_loaded_for: set[int] = set()  # the application object that knows our fonts


def load_fonts() -> None:
    """Makes our fonts known to this application, once. Raises FileNotFoundError when they are not installed with it."""
    application = id(QApplication.instance())
    if application in _loaded_for:
        return
    for name in ("Inter-Regular", "Inter-SemiBold", "Inter-Bold", "JetBrainsMono-Regular", "JetBrainsMono-Bold"):
        QFontDatabase.addApplicationFont(str(resource("fonts", f"{name}.ttf")))
    _loaded_for.add(application)


@dataclass(slots=True)
class Look:
    """The look of one window. Changing it takes effect when the window rebuilds its widgets."""

    say: Say
    now: Callable[[], datetime]
    colours: theme.Colours = theme.LIGHT
    factor: float = 1.0
    _icons: dict[tuple[str, str, int], QPixmap] = field(default_factory=dict)

    def px(self, length: float) -> int:
        """A length at factor 1 in pixels of this look."""
        return round(length * self.factor)

    def font(self, token: theme.Type, *, tabular: bool = False) -> QFont:
        """The font of a type token; `tabular` for sums that stand below each other."""
        return theme.font(token, self.factor, tabular=tabular)

    def line(self, token: theme.Type) -> int:
        """The line height of a type token."""
        return self.px(token.value[1])

    def colour(self, name: str) -> QColor:
        """A colour token by its name."""
        return QColor(getattr(self.colours, name))

    def pixmap(self, name: str, colour: str, size: int = 24) -> QPixmap:
        """An icon in a colour token. SVG's `currentColor` would be painted black, so it is replaced first."""
        side = self.px(size)
        key = (name, getattr(self.colours, colour), side)
        if key not in self._icons:
            svg = resource("icons", f"{name}.svg").read_text(encoding="utf-8").replace("currentColor", key[1])
            screen = QApplication.primaryScreen()
            ratio = screen.devicePixelRatio() if screen else 1.0
            picture = QPixmap(round(side * ratio), round(side * ratio))
            picture.setDevicePixelRatio(ratio)
            picture.fill(Qt.GlobalColor.transparent)
            painter = QPainter(picture)
            QSvgRenderer(QByteArray(svg.encode())).render(painter, QRectF(0, 0, side, side))
            painter.end()
            self._icons[key] = picture
        return self._icons[key]

    def icon(self, name: str, colour: str, size: int = 24) -> QIcon:
        """The same as a QIcon."""
        return QIcon(self.pixmap(name, colour, size))

    def dress(self, application: QApplication) -> None:
        """Gives the application this look: Fusion, our palette, our font."""
        application.setStyle("Fusion")
        application.setPalette(theme.palette(self.colours))
        application.setFont(self.font(theme.Type.BODY))

    def seconds_since(self, moment: datetime) -> float:
        """How long ago, never negative; a moment without a zone is local time."""
        now = self.now()
        if moment.tzinfo is None:
            now = now.astimezone().replace(tzinfo=None) if now.tzinfo else now
        elif now.tzinfo is None:
            now = now.astimezone()
        return max(0.0, (now - moment).total_seconds())

    def age(self, moment: datetime) -> str:
        """`14 мин`."""
        return self.say.age(self.seconds_since(moment))
