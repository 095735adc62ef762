"""The breakages: deliberate mistakes in the rules that money depends on. Each must be found by a test.

A breakage is data: which text of which file becomes which other one. When the text is not there exactly once any more,
`test_mutants.py` fails: then the rule moved, and its breakage moves with it.
"""

from __future__ import annotations

from dataclasses import dataclass

DRIVER, LINK, SESSION = (f"posapp/devices/shtrih/{name}.py" for name in ("driver", "link", "session"))
LAYOUT, PLAN = "posapp/devices/fields.py", "posapp/devices/shtrih/plan.py"
LAWFUL, DEAL_LINES, OFFERS = (f"posapp/domain/{name}.py" for name in ("lawful", "deal_lines", "offers"))
OUTBOX_ROWS = "posapp/till/outbox_rows.py"
REFUND, REFUND_FIND = "posapp/till/refund.py", "posapp/till/refund_find.py"
CORRECT, WALKIN, COUNTERS = (f"posapp/till/{name}.py" for name in ("correct", "walkin", "counters"))
REFUND_OF, REFUNDS = "posapp/domain/refund.py", "posapp/sync/bitrix/refunds.py"
SALE, RECOVER, SHIFT, CLAIMS = (f"posapp/till/{name}.py" for name in ("sale", "recover", "shift", "claims"))
PROOF, REQUESTS = "posapp/till/shift_proof.py", "posapp/till/requests.py"
ATOL, WEB, RESULTS = (f"posapp/devices/atol/{name}.py" for name in ("driver", "web", "results"))
ATOL_LINK, WIRE, WIRE_READING = (f"posapp/devices/atol/{name}.py" for name in ("link", "wire", "wire_reading"))
MOVING = "posapp/devices/moving.py"
CHANGES, STORE, CONNECT = (f"posapp/journal/{name}.py" for name in ("changes", "store", "connect"))
TABLES, STATEMENTS = "posapp/journal/tables.py", "posapp/journal/statements.py"
FIRST = "posapp/journal/migrations/0001_first.py"
REFUSED_GOODS = "posapp/sync/bitrix/refused_goods.py"
CLIENT, WRITEBACK, ROUNDS = (f"posapp/sync/bitrix/{name}.py" for name in ("client", "writeback", "rounds"))
CHECKOUT, MONEY, SETTLEMENT = (f"posapp/domain/{name}.py" for name in ("checkout", "money", "settlement"))


def rules(*numbers: int) -> tuple[str, ...]:
    """The scenarios of these rules."""
    return tuple(f"tests/rules/test_rule_{number:02}.py" for number in numbers)


SALES = ("tests/till/test_sale.py",)
SYNC = ("tests/sync/test_writeback.py", "tests/sync/test_outbox.py", "tests/sync/test_client.py")


@dataclass(frozen=True, slots=True)
class Edit:
    """Text `old`, which stands in `file` exactly once, becomes `new`."""

    file: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Mutant:
    """One breakage of one rule (the number of the design's list), what it would cost, and the tests that find it."""

    name: str
    rule: int
    harm: str
    edits: tuple[Edit, ...]
    tests: tuple[str, ...]


MUTANTS: tuple[Mutant, ...] = (
    # ---------------------------------------------------------------------------------------- rules 1 to 4
    Mutant(
        "unique-index-dropped", 1, "two lanes begin two receipts for one order",
        (
            Edit(FIRST, '"uq_receipts_settlement", "receipts", ["settlement"], unique=True,',
                 '"uq_receipts_settlement", "receipts", ["settlement"], unique=False,'),
            Edit(TABLES, 'Index("uq_receipts_settlement", "settlement", unique=True,',
                 'Index("uq_receipts_settlement", "settlement", unique=False,'),
        ),
        ("tests/journal/test_money.py", "tests/journal/test_durability.py"),
    ),
    Mutant(
        "sending-can-be-cancelled", 1, "a receipt that may be printed is given up, and the order gets a second one",
        (
            Edit(SETTLEMENT, "        (State.PENDING, State.CANCELLED, By.PERSON),\n",
                 "        (State.PENDING, State.CANCELLED, By.PERSON),\n"
                 "        (State.SENDING, State.CANCELLED, By.PERSON),\n"),
        ),
        ("tests/domain/test_settlement.py",),
    ),
    Mutant(
        "sold-without-a-claim", 1, "two tills of one portal sell the same order",
        (Edit(CLAIMS, "        require_claim(till, order, override)\n        yield\n", "        yield\n"),),
        ("tests/till/test_claims.py",),
    ),
    Mutant(
        "document-without-key", 2, "nothing tells our document from another program's",
        (
            Edit(
                PLAN,
                "    steps = [Step(c.SendDocumentTlv(password, blob)) for blob in tags]",
                "    steps: list[Step] = []",
            ),
        ),
        rules(2),
    ),
    Mutant(
        "attempt-after-opening", 3, "a crash leaves an open receipt that no journal knows of",
        (
            Edit(SALE, "    attempt = till.journal.start_attempt(receipt.key, till.identity, status.last_document, "
                 "status.shift.number)\n    opened = False\n",
                 "    attempt = 0\n    opened = False\n"),
            Edit(SALE, "        nonlocal opened\n",
                 "        nonlocal opened, attempt\n        attempt = till.journal.start_attempt(\n"
                 "            receipt.key, till.identity, status.last_document, status.shift.number\n        )\n"),
        ),
        rules(3),
    ),
    Mutant(
        "attempt-after-printing", 3, "a crash after the document was made leaves a receipt that is offered again",
        (
            Edit(SALE, "    attempt = till.journal.start_attempt(receipt.key, till.identity, status.last_document, "
                 "status.shift.number)\n    opened = False\n",
                 "    attempt = 0\n    opened = False\n"),
            Edit(SALE, "        till.journal.note_evidence(attempt, {**recover.opened("
                 "till.printer.key_tag_of(receipt)), **told})\n", ""),
            Edit(SALE, "    return _fiscalized(till, receipt, mark)\n\n\ndef _fiscalized",
                 "    till.journal.start_attempt(receipt.key, till.identity, status.last_document, "
                 "status.shift.number)\n    return _fiscalized(till, receipt, mark)\n\n\ndef _fiscalized"),
        ),
        rules(3),
    ),
    Mutant(
        "identity-not-compared", 3, "another register's storage proves that nothing was made",
        (Edit(RECOVER, "    if found != attempt.device and not (", "    if False and not ("),),
        rules(3),
    ),
    Mutant(
        "resend-on-timeout", 4, "a lost reply makes a second document",
        (
            Edit(DRIVER, '        """FF45 or FF4A, once."""\n        try:\n'
                 "            reply = self._session.answer(command, repeats=False)\n",
                 '        """FF45 or FF4A, once."""\n        try:\n'
                 "            reply = self._session.answer(command, repeats=True)\n"),
        ),
        (*rules(4), "tests/till/test_sale_faults.py"),
    ),
    Mutant(
        "repeat-after-nak", 4, "the closing command goes out twice where the NAK was noise",
        (
            Edit(LINK, '                raise Lost("the device found the frame damaged")',
                 "                return (yield from self._once(payload, reply_timeout_s))"),
        ),
        (*rules(4), "tests/devices/shtrih/test_link.py"),
    ),
    # ---------------------------------------------------------------------------------------- rule 5
    Mutant(
        "no-read-back", 5, "a reply that belongs to another document becomes our mark",
        (Edit(DRIVER, "        if not same or found.printed_at is None:", "        if found.printed_at is None:"),),
        rules(5),
    ),
    Mutant(
        "kind-not-compared", 5, "a refund is taken for a sale",
        (
            Edit(DRIVER, "            documents.is_form_of(found.document_type, receipt.document_type)\n"
                 "            and found.kind == receipt.kind.value\n",
                 "            documents.is_form_of(found.document_type, receipt.document_type)\n"),
        ),
        (*rules(5), "tests/devices/shtrih/test_driver.py"),
    ),
    Mutant(
        "total-not-compared", 5, "a document of another sum becomes our mark",
        (Edit(DRIVER, "            and found.total_kopecks == receipt.total.kopecks\n", ""),),
        (*rules(5), "tests/devices/shtrih/test_driver.py"),
    ),
    Mutant(
        "number-not-compared", 5, "an old reply that was left in the line becomes our mark",
        (Edit(DRIVER, "        if reply.document_number <= after:", "        if reply.document_number <= 0:"),),
        (*rules(5), "tests/devices/shtrih/test_driver.py"),
    ),
    Mutant(
        "reply-shape-not-checked", 5, "the beginning of another answer is read as ours",
        (Edit(LAYOUT, "        if position != len(data):", "        if position > len(data):"),),
        (*rules(5), "tests/devices/shtrih/test_commands.py"),
    ),
    Mutant(
        "error-answer-is-refusal", 5, "an error that came after the storage had written loses a receipt",
        (
            Edit(DRIVER, "            raise OutcomeUnknown(key=receipt.key, error=f\"{reply.error:02X}h\", "
                 "reason=reason(reply.error))\n        if reply.document_number",
                 "            raise refusal(reply.error)\n        if reply.document_number"),
        ),
        rules(5),
    ),
    # ---------------------------------------------------------------------------------------- rules 6 to 8
    Mutant(
        "counter-instead-of-content", 6, "another program's receipt of the same sum is taken for ours",
        (Edit(RECOVER, "    ours = [each for each in documents if key_of(each) == receipt.key]",
              "    ours = documents[:1]"),),
        rules(6),
    ),
    Mutant(
        "absence-without-idleness", 6,
        "a closing command that still runs makes its document after we said that there is none",
        (Edit(SESSION, "        self.wait_until_idle(for_reading=True)\n", ""),),
        rules(6),
    ),
    Mutant(
        "absence-read-once", 6, "a document made while the storage was read is missed",
        (Edit(RECOVER, "        ours, last = _find(till, stored.receipt, last, foreign, has_key=has_key, "
              "named=named)\n", ""),),
        rules(6),
    ),
    Mutant(
        "unreadable-is-not-ours", 6, "a receipt whose tags went to the archive is printed again",
        (Edit(RECOVER, "    return document.kind != receipt.kind or document.total != receipt.total\n\n\ndef _cancel",
              "    return True\n\n\ndef _cancel"),),
        rules(6),
    ),
    Mutant(
        "any-open-receipt-cancelled", 7, "another program's receipt is cancelled under its hands",
        (Edit(RECOVER, "    if not (_has_opened(attempt) or by_person or is_the_last_one):", "    if False:"),),
        rules(7),
    ),
    Mutant(
        "open-subtotal-not-compared", 7, "a receipt with another sum is cancelled as if it were ours",
        (Edit(RECOVER, "    if not could_be(document, receipt):", "    if False:"),),
        rules(7),
    ),
    Mutant(
        "cash-in-by-reply", 8, "a lost reply is taken for money in the drawer",
        (Edit(SHIFT, "        _after_doubt(till, operation, doubt)\n", "        _done(till, operation, kind)\n"),),
        rules(8),
    ),
    Mutant(
        "cash-in-by-any-change", 8, "another program's cash is taken for ours",
        (Edit(PROOF, "    ours = amount is not None and kopecks == amount.kopecks and times == 1",
              "    ours = kopecks != 0"),),
        rules(8),
    ),
    # ---------------------------------------------------------------------------------------- rule 9
    Mutant(
        "uuid-not-noted", 9, "after a crash nobody can end the request, and it prints beside the second one",
        (Edit(REQUESTS, "        return {NOTED: self.uuid, QUEUE: self.queue} if self.uuid else {}",
              "        return {}"),),
        rules(9),
    ),
    Mutant(
        "uuid-of-the-receipt", 9, "a second try is taken for the first one, which was never made",
        (Edit(REQUESTS, "Request(str(till.new_id()), till.printer.queue)",
              "Request(str(till.identity.factory_number), till.printer.queue)"),),
        rules(9),
    ),
    Mutant(
        "read-before-the-request-is-ended", 9, "the storage shows nothing, and the request prints a moment later",
        (Edit(RECOVER, "    ended = requests.end(till, attempt.evidence)\n", "    ended = requests.Ended()\n"),),
        rules(9),
    ),
    Mutant(
        "any-queue-is-the-one", 9, "a server that never had the request says nothing, and the other one prints later",
        (Edit(REQUESTS, "    if queue != till.printer.queue:\n        return Ended(left=queue)\n", ""),),
        rules(9),
    ),
    Mutant(
        "unclear-post-repeated", 9, "the same receipt stands in the queue twice",
        (Edit(WEB, "        if self._look(uuid) is None:\n            raise Lost(why)\n",
              "        if self._look(uuid) is None:\n            return self._submit(uuid, tasks)\n"),),
        ("tests/devices/atol/test_web.py",),
    ),
    Mutant(
        "unknown-to-the-queue-is-absent", 9, "a POST that arrives late prints a receipt that was sold again",
        (Edit(WEB, "                    self._take_its_place(request)\n", "                    return\n"),),
        ("tests/devices/atol/test_web.py", "tests/devices/atol/test_web_simulated.py"),
    ),
    Mutant(
        "blocked-is-over", 9, "a receipt that the server still prints is sold again",
        (Edit(WEB, '"error": 0, "interrupted": 502,', '"error": 0, BLOCKED: 0, "interrupted": 502,'),),
        ("tests/devices/atol/test_web.py",),
    ),
    Mutant(
        "number-proves-nothing-made", 9, "a task that failed after its document was made is sold again",
        (Edit(ATOL, "        except TaskFailed as error:\n            raise OutcomeUnknown(\n                key=key,",
              "        except TaskFailed as error:\n            raise refusal(error.code, error.description, amount)\n"
              "            raise OutcomeUnknown(\n                key=key,"),),
        ("tests/devices/atol/test_driver.py",),
    ),
    Mutant(
        "found-by-number-is-ours", 9, "a receipt of another program is taken for ours",
        (Edit(ATOL, "(document.stamp or is_recovered or (is_shown and document.whole))",
              "(is_shown and document.whole)"),),
        ("tests/devices/atol/test_driver.py",),
    ),
    Mutant(
        "answered-without-our-key-is-ours", 9, "a foreign receipt is taken for ours though ours show the key",
        (Edit(ATOL, " or (is_shown and document.whole))", ")"),),
        rules(9),
    ),
    Mutant(
        "register-behind-the-server-not-looked-at", 9, "a receipt goes to the register that took the place of ours",
        (Edit(ATOL, "            self._asking.same(*self._asking.ask(\"getDeviceInfo\", \"getFnInfo\"))\n",
              "            pass\n"),),
        rules(9),
    ),
    Mutant(
        "named-elsewhere-is-not-made", 9, "the receipt that another register made is printed again on ours",
        (Edit(REQUESTS, "    why = _seen_elsewhere(attempt)\n", "    why = \"\"\n"),),
        rules(9),
    ),
    Mutant(
        "cut-document-is-whole", 9, "a document whose key was cut off proves that nothing was made",
        (Edit(RESULTS, "    if document.form is None and not _has_all(document.entries, tags):\n"
              "        return form, (), b\"\"\n", ""),),
        ("tests/devices/atol/test_driver.py",),
    ),
    # ---------------------------------------------------------------------------------------- АТОЛ on the wire
    Mutant(
        "lost-task-added-again", 4, "a register that lost its memory with its power closes a second receipt",
        (Edit(ATOL_LINK, "range(TRIES - 1 if repeats else 0, -1, -1)", "range(TRIES - 1, -1, -1)"),),
        ("tests/devices/atol/test_link.py",),
    ),
    Mutant(
        "unasked-answer-believed", 5, "an earlier program's result is taken for that of our closing command",
        (Edit(ATOL_LINK, "                if not _is_unasked(piece, tid):\n                    continue",
              "                if _is_unasked(piece, tid):\n                    return Answer(piece.data[2:])\n"
              "                continue"),),
        ("tests/devices/atol/test_link.py",),
    ),
    Mutant(
        "any-packet-is-the-answer", 5, "a late answer to another command is taken for that of the closing one",
        (Edit(ATOL_LINK, "                if piece.number in asked:\n                    silent = 0",
              "                if piece.data:\n                    silent = 0"),),
        ("tests/devices/atol/test_link.py", "tests/devices/atol/test_fuzz_link.py"),
    ),
    Mutant(
        "wire-closing-not-sent-is-nothing", 7, "our receipt stays open, and the till says that nothing was sent",
        (Edit(WIRE, "        except NotSent as error:  # 4A did not go out, and our receipt is open\n"
              "            raise Lost(str(error)) from error",
              "        except NotSent:\n            raise"),),
        ("tests/devices/atol/test_wire.py",),
    ),
    Mutant(
        "wire-believes-the-reply", 5, "a document of another program is taken for ours",
        (Edit(WIRE, "            if not is_ours(found):\n", "            if not found:\n"),),
        ("tests/devices/atol/test_wire.py",),
    ),
    Mutant(
        "wire-cancels-what-is-open", 7, "a receipt of another program is cancelled",
        (Edit(WIRE, "                raise TaskFailed(_RECEIPT_OPEN, \"чек открыт\")",
              "                self._session.order(c.CancelReceipt())"),),
        ("tests/devices/atol/test_wire.py",),
    ),
    Mutant(
        "unproven-wire-prints", 20, "real receipts go by a protocol that nobody has tried on this model",
        (Edit(WIRE, "if not storage.startswith(_DEBUG_STORAGE) and model not in PROVEN_MODELS:",
              "if not storage:"),),
        ("tests/devices/atol/test_wire.py",),
    ),
    Mutant(
        "wire-absence-read-once", 6, "one damaged answer proves that a receipt was not made",
        (Edit(WIRE_READING, "    if first != second:\n", "    if not second:\n"),),
        ("tests/devices/atol/test_wire.py",),
    ),
    # ---------------------------------------------------------------------------------------- rules 10 and 11
    Mutant(
        "no-recovery-before-a-sale", 10, "a new receipt is printed while the fate of the last one is open",
        (Edit(RECOVER, "    resolve_all(till)\n    register.refuse_other_device(till)",
              "    register.refuse_other_device(till)"),),
        rules(10),
    ),
    Mutant(
        "no-recovery-at-start", 10, "what a crash left open stays open until somebody looks",
        (Edit(RECOVER, "    done = resolve_all(till)\n    till.printer.connect()",
              "    done: list[Recovered] = []\n    till.printer.connect()"),),
        rules(10, 11),
    ),
    Mutant(
        "second-receipt-while-sending", 10, "two receipts are under way on one register",
        (Edit(CHANGES, "        self._check_idle(device)\n        now = micros(self._now())\n        tried",
              "        now = micros(self._now())\n        tried"),),
        ("tests/journal/test_money.py",),
    ),
    Mutant(
        "unknown-own-documents-ignored", 11, "after a restored copy an order that has its receipt is sold again",
        (Edit(RECOVER, "            refuse_unknown_ours(till, batch)\n", ""),),
        rules(11),
    ),
    Mutant(
        "storage-behind-the-journal-ignored", 11, "a register that was put back sells as if nothing had been printed",
        (Edit(RECOVER, "    if last < known.last_document:", "    if False:"),),
        rules(11),
    ),
    Mutant(
        "decision-not-recorded", 6, "a person decided about money, and nobody can say who",
        (Edit(STORE, "            changes.note(decision)\n            return result", "            return result"),),
        ("tests/journal/test_audit.py",),
    ),
    Mutant(
        "book-jumps-ahead", 11, "documents that another program made meanwhile are never looked at",
        (Edit(STATEMENTS, '        devices.c.last_document == bindparam("number_") - literal_column("1"),\n',
              '        devices.c.last_document < bindparam("number_"),\n'),),
        rules(11),
    ),
    # ---------------------------------------------------------------------------------------- rule 12
    Mutant(
        "outbox-in-a-later-commit", 12, "a crash between the two leaves a receipt of which the portal never hears",
        (
            Edit(CHANGES, "        sql.ADD_ENTRY.run_many(self._db, [_entry_columns(key, each, now) "
                 "for each in outbox])\n",
                 "\n    def add_entries(self, key: str, outbox: Sequence[NewEntry]) -> None:\n"
                 "        now = micros(self._now())\n"
                 "        sql.ADD_ENTRY.run_many(self._db, [_entry_columns(key, each, now) for each in outbox])\n"),
            Edit(STORE, "changes.fiscalize(key, mark, by, outbox, evidence), decision)\n",
                 "changes.fiscalize(key, mark, by, outbox, evidence), decision)\n"
                 "        self._write(lambda changes: changes.add_entries(key, outbox))\n"),
        ),
        rules(12),
    ),
    Mutant(
        "outbox-before-the-mark", 12, "the portal hears of a receipt whose mark a crash has taken",
        (
            Edit(CHANGES, "        sql.ADD_ENTRY.run_many(self._db, [_entry_columns(key, each, now) "
                 "for each in outbox])\n",
                 "\n    def add_entries(self, key: str, outbox: Sequence[NewEntry]) -> None:\n"
                 "        now = micros(self._now())\n"
                 "        sql.ADD_ENTRY.run_many(self._db, [_entry_columns(key, each, now) for each in outbox])\n"),
            Edit(STORE, "        self._write(lambda changes: changes.fiscalize(",
                 "        self._write(lambda changes: changes.add_entries(key, outbox))\n"
                 "        self._write(lambda changes: changes.fiscalize("),
        ),
        rules(12),
    ),
    Mutant(
        "printed-before-the-commit", 12, "the screen says printed while the disk has refused the mark",
        (
            Edit(SALE, "    except (JournalError, DocumentTaken) as error:\n"
                 "        raise OutcomeUnknown(key=receipt.key) from error\n    return sold",
                 "    except (JournalError, DocumentTaken):\n        pass\n    return sold"),
        ),
        rules(12),
    ),
    Mutant(
        "settings-written-in-place", 12, "a crash while the settings are saved leaves a till that does not start",
        (Edit("posapp/settings.py", '    temporary = path.with_suffix(".new")', "    temporary = path"),),
        ("every_step setup --quick",),
    ),
    Mutant(
        "synchronous-normal", 12, "a power cut takes back sales that were acknowledged",
        (
            Edit(CONNECT, '"PRAGMA synchronous=FULL"', '"PRAGMA synchronous=NORMAL"'),
            Edit(CONNECT, "_FULL = 2 ", "_FULL = 1 "),
        ),
        ("tests/crash/test_power_cut.py",),
    ),
    Mutant(
        "synchronous-off", 12, "a power cut damages the journal",
        (
            Edit(CONNECT, '"PRAGMA synchronous=FULL"', '"PRAGMA synchronous=OFF"'),
            Edit(CONNECT, "_FULL = 2 ", "_FULL = 0 "),
        ),
        ("tests/crash/test_power_cut.py",),
    ),
    # ---------------------------------------------------------------------------------------- rules 13 to 16
    Mutant(
        "blind-write", 13, "another receipt's mark on the payment is overwritten",
        (Edit(WRITEBACK, '    if stored_key not in ("", key) and not refunds.may_replace(payment, stored_key):',
              "    if False:"),),
        SYNC,
    ),
    Mutant(
        "write-without-comparing", 13, "a payment that is paid is paid again, and its date and owner change",
        (Edit(WRITEBACK, '    if as_flag(payment.get("paid")):', "    if False:"),),
        SYNC,
    ),
    Mutant(
        "unknown-outcome-repeated", 13, "a write whose answer was lost is done twice",
        (
            Edit(CLIENT, "            except SyncError as error:\n                fate = Fate.NOT_RUN",
                 "            except SyncError as error:\n                if was_executed(error) is None:\n"
                 "                    cells |= self._one_batch(part)\n                    continue\n"
                 "                fate = Fate.NOT_RUN"),
        ),
        SYNC,
    ),
    Mutant(
        "batch-judged-as-a-whole", 13,
        "one order that the portal declined is believed done because the batch came back",
        (Edit(CLIENT, "        if command.key in errors:", "        if command.key in errors and not results:"),),
        SYNC,
    ),
    Mutant(
        "printing-pay-system-sold", 14, "the portal prints a second receipt",
        (Edit(CHECKOUT, "        if payment.prints_receipt:\n", "        if False:\n"),),
        ("tests/domain/test_checkout.py", "tests/till/test_sale.py"),
    ),
    Mutant(
        "printing-pay-system-paid", 14, "paid=Y makes the portal print a second receipt",
        (Edit(ROUNDS, "        if conflict is not None:", "        if False:"),),
        SYNC,
    ),
    Mutant(
        "unread-pay-systems-trusted", 14, "where the portal does not say who prints, it may print",
        (Edit(ROUNDS, "            self.stop = error\n            return\n        for order_id",
              "            systems = {}\n        for order_id"),
         Edit(WRITEBACK, "        if system is None or system.prints is None:",
              "        if system is None:\n            continue\n        if system.prints is None:")),
        SYNC,
    ),
    Mutant(
        "paid-counts-as-ours", 15, "an order that the site marked as paid looks receipted",
        (Edit(WRITEBACK, '    if as_text(payment.get("psInvoiceId")) != key:\n        return Later()\n', ""),),
        SYNC,
    ),
    # ---------------------------------------------------------------------------------------- rules 17 to 20
    Mutant(
        "vat-default", 17, "an unmapped rate is printed as 22 %",
        (
            Edit(CHECKOUT, '        if rate is None:\n            raise SaleError("vat_unmapped", line=line.name, '
                 "row=_row_text(line))\n        agrees",
                 "        if rate is None:\n            return VatRate.VAT_22\n        agrees"),
        ),
        ("tests/domain/test_checkout.py",),
    ),
    Mutant(
        "float-money", 18, "a kopeck is lost in every tenth receipt by weight",
        (Edit(MONEY, "        return Money(round_half_up(self.kopecks * quantity.value))",
              "        return Money(round(self.kopecks * float(quantity.value)))"),),
        ("tests/domain/test_money.py",),
    ),
    Mutant(
        "other-tenders-printed", 18, "cash is receipted as card: drawer and acquirer disagree in the evening",
        (Edit(SALE, "            _same_tenders(order, begun.receipt, tenders, terms)\n", ""),),
        SALES,
    ),
    Mutant(
        "stale-receipt-printed", 18, "an order that changed meanwhile is receipted at yesterday's price",
        (Edit(SALE, "            _same_order(till, order, begun.receipt, tenders, terms)\n", ""),),
        SALES,
    ),
    Mutant(
        "credit-not-counted", 17, "a receipt on credit is paid in money as well",
        (Edit(LAWFUL, "    if not partly and credit != whole:", "    if False:"),),
        ("tests/domain/test_lawful.py",),
    ),
    Mutant(
        "prepayment-at-the-goods-rate", 17, "VAT of money taken ahead is shown at 22 % and not at 22/122",
        (Edit(LAWFUL, "    if line.vat not in RATES_OF[step]:", "    if False:"),
         Edit(DEAL_LINES, "rate.calculated if is_ahead else rate", "rate")),
        ("tests/domain/test_offers.py",),
    ),
    Mutant(
        "hand-over-settles-the-payment", 15, "the hand-over is the payment's settlement: it can never be printed",
        (Edit(OFFERS, "        if self.payment_id is not None:\n            return numbered_part(str(self.payment_id)",
              "        if self.payment_id is None:\n            return numbered_part(str(self.shipment_id)"),),
        ("tests/till/test_ways.py",),
    ),
    Mutant(
        "debt-closes-too-early", 13, "an order is closed on the portal while a part of its debt is open",
        (Edit(OUTBOX_ROWS, "receipt.step is Step.DEBT:", "False:"),),
        ("tests/till/test_ways.py",),
    ),
    # ---------------------------------------------------------------------------------------- refused at the door
    Mutant(
        "refusal-not-kept", 12, "goods that were refused at the door are on no list: nobody brings them back",
        (Edit(CHANGES, "        self.keep_refusal_of(key, mark)\n", ""),),
        ("tests/till/test_partial.py::test_power_fails_at_the_door_and_the_refusal_is_there_with_the_receipt",),
    ),
    Mutant(
        "another-refusal-printed", 1, "a begun receipt is printed although the customer now takes something else",
        (Edit(SALE, "            refusing.same_refusal(order, begun.receipt, terms)\n", ""),),
        ("tests/till/test_partial.py::test_a_begun_receipt_is_found_again_with_the_same_refusal_only",),
    ),
    Mutant(
        "refused-prices-recalculated", 13, "the portal's order changes the prices of what was sold",
        (Edit(REFUSED_GOODS, "(found.prices(), found.shipped()", "(found.shipped()"),),
        ("tests/sync/test_refused_goods.py",),
    ),
    Mutant(
        "refused-sum-stays", 13, "an order is called paid with more than was taken",
        (Edit(REFUSED_GOODS, '    if _money(payment.get("sum")) != refused.payment_after:', "    if False:"),),
        ("tests/sync/test_refused_goods.py",),
    ),
    Mutant(
        "refused-goods-deducted", 13, "goods that came back to the shop leave its stock",
        (Edit(REFUSED_GOODS, "        if held.get(each.basket_id, _GONE) != each.taken:\n            return _conflict",
              "        if False:\n            return _conflict"),),
        ("tests/till/test_partial.py::test_a_shipment_that_was_changed_after_the_payment_takes_nothing_out_of_stock",),
    ),
    Mutant(
        "fee-of-the-whole-order", 17, "an order that is free no more brings no fee",
        (Edit("posapp/domain/partial.py", "        if self.rule is FeeRule.FREE_FROM and not ordered and goods",
              "        if self.rule is FeeRule.WAIVE and not ordered and goods"),),
        ("tests/domain/test_partial.py",),
    ),
    Mutant(
        "first-shipment-closes", 13, "an order is closed while a part of it is still in the shop",
        (Edit(OUTBOX_ROWS, 'if each != "status" or not _goods_stay(till, receipt)', "if each"),),
        ("tests/till/test_parted.py",),
    ),
    # ------------------------------------------------------------------------------------ several documents of one deal
    Mutant(
        "others-refunds-not-counted", 15, "two tills pay the same receipt back",
        (Edit(REFUND_FIND, "    others = [each for each in refunds if not _is_known(till, each)]",
              "    others = [each for each in refunds if False]"),),
        ("tests/till/test_refund_portal.py",),
    ),
    Mutant(
        "list-overwritten", 15, "another till's entry, and what people wrote, is gone from the payment",
        (Edit(REFUNDS, "    longer = appended(text, missing)", '    longer = appended("", missing)'),),
        ("tests/till/test_refund_portal.py",),
    ),
    Mutant(
        "refund-tender-over", 18, "more cash goes back than was paid in cash",
        (Edit(REFUND_OF, "    _refuse_over(original, given, earlier)\n", ""),),
        ("tests/domain/test_refund.py",),
    ),
    Mutant(
        "refund-of-more-than-was-sold", 18, "one thing is taken back twice",
        (Edit(REFUND_OF, "        if quantity.value > left[number]:", "        if False:"),
         Edit(REFUND_OF, "    if not lines or due > left:", "    if not lines:")),
        ("tests/domain/test_refund.py",),
    ),
    Mutant(
        "unseen-refund-printed-again", 1, "the program was killed behind the print: the money is paid out twice",
        (Edit(REFUND, "    if unseen is not None:", "    if False:"),),
        ("tests/till/test_refund.py",),
    ),
    Mutant(
        "refund-out-of-turn", 15, "a prepayment is paid back that the hand-over has used up",
        (Edit(REFUND, "    refuse_out_of_order(original.receipt, receipt, made)\n", ""),),
        ("tests/till/test_refund.py",),
    ),
    Mutant(
        "empty-drawer", 18, "the receipt says that cash was paid back which the drawer did not hold",
        (Edit(REFUND, "        if drawer < due:", "        if False:"),),
        ("tests/till/test_refund.py",),
    ),
    Mutant(
        "part-of-a-refund-unpays", 15, "the portal shows an order as unpaid of which one thing came back",
        (Edit(REFUNDS, "    if money > Money(0):\n        return Done(f\"возвращена часть, оплата",
              "    if False:\n        return Done(f\"возвращена часть, оплата"),),
        ("tests/till/test_refund_portal.py",),
    ),
    Mutant(
        "verdict-of-the-last-try", 3, "a code that was withdrawn meanwhile is sold on the answer of yesterday",
        (Edit(SALE, "            verdicts = marking.checked(till, begun.receipt)\n", "            verdicts = ()\n"),),
        ("tests/till/test_marked_sale.py", "tests/till/test_marking.py"),
    ),
    Mutant(
        "counters-difference-ignored", 11, "the register has counted a receipt that nobody knows, and it sells on",
        (Edit(COUNTERS, "    _if_moved(till, looked)\n    counter_fact.refuse(till)\n",
              "    _if_moved(till, looked)\n"),),
        ("tests/till/test_counters.py",),
    ),
    Mutant(
        "right-receipt-before-the-wrong-is-undone", 1, "an order has two receipts that stand",
        (Edit(CORRECT, "    for place in (0, 1):\n", "    for place in (1, 0):\n"),
         Edit(CORRECT, "            _require_turn(till, wrong, documents[place])\n", "")),
        ("tests/till/test_correct.py",),
    ),
    Mutant(
        "refusal-without-its-receipt", 12, "goods go back to the shop of which no receipt tells, or do not go back",
        (Edit(CHANGES, "        self.keep_refusal_of(key, mark)\n", ""),),
        ("tests/till/test_partial.py",),
    ),
    Mutant(
        "walk-in-begun-twice", 1, "the customer pays two receipts because the answer to the first was lost",
        (Edit(WALKIN, "        _refuse_alike(till, till.journal.untold_walk_ins(content))\n", "        pass\n"),),
        ("tests/till/test_walkin.py",),
    ),
    Mutant(
        "another-register-followed", 3, "the till goes on with whichever register answers a search",
        (Edit(MOVING, "        return found.factory_number == self._expected.factory_number\n",
              "        return True\n"),),
        ("tests/devices/test_moving.py",),
    ),
    Mutant(
        "act-on-whoever-answers", 3, "a shift, cash or a receipt goes to the register that was plugged in meanwhile",
        (Edit(MOVING, "        self._still_the_same(self._told or self._expected)\n", ""),),
        ("tests/devices/test_moving.py",),
    ),
    Mutant(
        "proof-read-from-another-register", 6, "\"not made\" is read from a register that never heard of the receipt",
        (Edit(MOVING, "return partial(self._look, name) if name in _LOOKS else getattr(self._inner, name)",
              "return getattr(self._inner, name)"),),
        ("tests/devices/test_moving.py",),
    ),
    Mutant(
        "register-looked-for-inside-a-receipt", 4, "the driver goes on with a receipt at another port",
        (Edit(MOVING, "        if self._is_under_way:\n            return None\n", ""),),
        ("tests/devices/test_moving.py",),
    ),
    Mutant(
        "abort-over-tcp", 1, "another program's driver sends its closing command anew, for its task is forgotten",
        (Edit("posapp/devices/discovery.py", "wait_s, is_alone=not is_tcp)", "wait_s, is_alone=True)"),),
        ("tests/devices/test_discovery_atol.py",),
    ),
    Mutant(
        "live-takes-simulated", 20, "receipts without legal force are handed to buyers",
        (
            Edit("posapp/till/setup.py", "    if profile.identity.is_simulated and not settings.is_training:",
                 "    if False:"),
        ),
        ("tests/cli/test_a_till_from_nothing.py::test_a_practice_register_is_refused_by_a_live_directory",),
    ),
)  # fmt: skip
