"""Looking after the journal while nothing else is to do: is it sound, and is there a copy of the last hour?"""

from __future__ import annotations

from posapp.till.context import Till


def check(till: Till) -> None:
    """Reads the whole journal once. Raises JournalError `journal_damaged`: do not sell before it is restored."""
    from posapp.journal.backup import quick_check

    quick_check(till.journal.path)


def back_up_if_due(till: Till) -> bool:
    """Copies the journal beside it when the newest copy is an hour old; True when it did. Raises JournalError."""
    from posapp.journal.backup import BACKUPS_NAME, back_up, needs_backup

    folder = till.journal.path.parent / BACKUPS_NAME
    if not needs_backup(folder, till.now()):
        return False
    back_up(till.journal, folder, till.now())
    return True
