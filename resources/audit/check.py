"""Checks the audit log of a journal: `python3 check.py journal.sqlite`. See docs/audit.md."""

import hashlib
import json
import sqlite3
import sys

db = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True)
count, head = 0, "0" * 64
for id_, at, who, what, subject, why, facts, previous, own in db.execute("SELECT * FROM audit ORDER BY id"):
    record = {"id": id_, "at": at, "who": who, "what": what, "subject": subject, "why": why, "facts": facts}
    text = json.dumps(record, ensure_ascii=False, separators=(",", ":"))
    count += 1
    if (id_, previous, own) != (count, head, hashlib.sha256((head + text).encode()).hexdigest()):
        sys.exit(f"record {count} is not as it was written")
    head = own
anchor = db.execute("SELECT value FROM facts WHERE name = 'audit_head'").fetchone()
if anchor != ((f"{count} {head}",) if count else None):
    sys.exit(f"{count} records, but the anchor says {anchor}")
sys.stdout.write(f"{count} {head}\n")
