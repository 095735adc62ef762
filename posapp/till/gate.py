"""May anything be sold from this data directory? Asked by recovery, before every sale and every shift operation."""

from __future__ import annotations

from posapp.errors import JournalError
from posapp.journal.soundness import READING, STATE, refuse_damaged
from posapp.till import place
from posapp.till.context import Till


def require_sound(till: Till) -> None:
    """Raises JournalError or SetupError for a directory that is damaged, half restored, or a copy of another one."""
    refuse_damaged(till.journal.path.parent)
    if till.journal.get_fact(STATE) == READING:
        raise JournalError("restore_unfinished", why="ФН ещё не прочитан")
    if till.place is not None:
        place.refuse_copy(till.journal, till.place)
