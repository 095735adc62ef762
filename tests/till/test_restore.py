"""A journal that was damaged, cut off, deleted or is old comes back from a copy and the storage, nothing lost."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from posapp import settings as settings_file
from posapp.devices.simulator.identity import identity_of
from posapp.devices.simulator.printer import Printer, Traits
from posapp.domain.money import Quantity
from posapp.domain.settlement import State
from posapp.errors import JournalError, PosError, ResolveNeeded, SaleError, SetupError, Unreachable
from posapp.journal import rebuild, soundness
from posapp.journal.connect import JOURNAL_NAME
from posapp.journal.lock import DirectoryLock
from posapp.journal.soundness import wal_of
from posapp.till import gate, keeping, recover, refund, resolve, restore, sale, shift
from posapp.till.own_documents import Progress, silent
from posapp.till.restore import Report
from tests.till.rig import Killed, Register
from tests.till.shops import Shop, an_order, to_first_schema

PAGE = 4096


def bring_back(
    shop: Shop, *, copy: Path | None = None, from_storage: bool = False, progress: Progress = silent
) -> Report:
    """What `posapp restore` does, in a process of its own."""
    shop.close()
    lock = DirectoryLock(shop.folder)
    try:
        _, rebuilt = restore.files(shop.folder, shop.now, copy=copy)
    finally:
        lock.release()
    shop.reopen()
    restore.begin(shop.till, rebuilt, from_storage=from_storage)
    return restore.finish(shop.till, "диск вернули из ремонта", progress)


@pytest.fixture
def kept(shop: Shop) -> Shop:
    """Orders 1–6 on board; 1 and 2 sold; a copy; then 3 and 4 sold, 5 begun and not sent, 2 held by a person."""
    settings_file.save(shop.folder, shop.settings)
    shop.till.journal.save_orders([an_order(number) for number in range(1, 7)], claimed=True)
    for number in (1, 2):
        shop.sell(an_order(number))
    shop.register.advance(60)
    assert set(keeping.keep_copies(shop.till).made) == {keeping.LOCAL}
    shop.register.advance(60)
    for number in (3, 4):
        shop.sell(an_order(number))
    begin(shop, 5)
    (entry, *_) = shop.till.journal.entries_of_receipt(shop.receipt(2).key)
    shop.till.journal.hold_entry(entry.id)
    return shop


def begin(shop: Shop, number: int) -> None:
    """The opening command is lost: the receipt is in the journal, proven not made."""
    shop.register.fault("8D", "drop_command")
    with pytest.raises(PosError):
        shop.sell(an_order(number))
    shop.register.heal()
    assert shop.stored(number).state is State.PENDING


def path_of(shop: Shop) -> Path:
    return shop.folder / JOURNAL_NAME


def zero(path: Path, first: int, pages: int = 1) -> None:
    """Zeroes pages, counted from 0."""
    with path.open("r+b") as file:
        file.seek(first * PAGE)
        file.write(b"\0" * PAGE * pages)


def flip(path: Path) -> None:
    """A bit in every kilobyte."""
    data = bytearray(path.read_bytes())
    for place in range(500, len(data), 1024):
        data[place] ^= 0x10
    path.write_bytes(data)


def zero_every(path: Path, step: int) -> None:
    for page in range(step, path.stat().st_size // PAGE, step):
        zero(path, page)


def zero_root(path: Path, name: str) -> None:
    """Zeroes the page that a table or an index begins at."""
    with closing(sqlite3.connect(path)) as db:
        page = db.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (name,)).fetchone()[0]
    zero(path, page - 1)


def shorten(path: Path, by: float) -> None:
    with path.open("r+b") as file:
        file.truncate(int(path.stat().st_size * by))


DAMAGE: dict[str, Callable[[Path], object]] = {
    "the first page is gone": lambda path: zero(path, 0),
    "the schema is gone": lambda path: zero(path, 0, 2),
    "a page in the middle is gone": lambda path: zero(path, path.stat().st_size // PAGE // 2),
    "every third page is gone": lambda path: zero_every(path, 3),
    "bits have turned over everywhere": flip,
    "the file ends in the middle": lambda path: shorten(path, 0.5),
    "the file ends in its header": lambda path: shorten(path, 0.0005),
    "the file is empty": lambda path: shorten(path, 0),
    "the file is another one": lambda path: path.write_bytes(b"something else" * 1000),
    "the file is gone": lambda path: path.unlink(),
}


def assert_all_is_back(shop: Shop, numbers: tuple[int, ...] = (1, 2, 3, 4)) -> None:
    """One document and one receipt for each order sold, its rows for the portal, and the till sells the next."""
    for number in numbers:
        shop.assert_exactly_one(number)
        with pytest.raises(sale.AlreadyReceipted):
            shop.sell(an_order(number))
    assert recover.recover(shop.till) == []
    shop.sell(an_order(6))
    shop.assert_exactly_one(6)


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_a_damaged_journal_comes_back_with_everything_that_was_printed(
    kept: Shop, damage: Callable[[Path], object]
) -> None:
    kept.close()
    damage(path_of(kept))
    there = path_of(kept).exists()
    before = path_of(kept).read_bytes() if there else b""
    report = bring_back(kept)
    assert report.waiting == ()
    assert report.base == "copy"
    assert [each["order"] for each in report.adopted] == ["1003", "1004"]
    assert_all_is_back(kept)
    (first, *_) = kept.till.journal.entries_of_receipt(kept.receipt(2).key)
    if report.salvaged.get("held"):
        assert first.state == "held"
    if there:
        assert report.aside is not None
        assert (kept.folder / report.aside / JOURNAL_NAME).read_bytes() == before


def test_what_was_begun_and_not_sent_is_saved_where_it_can_be_read(kept: Shop) -> None:
    key = kept.receipt(5).key
    kept.close()
    zero_root(path_of(kept), "ix_outbox_order")
    report = bring_back(kept)
    stored = kept.stored(5)
    assert report.salvaged["receipts"] == 3
    assert (stored.receipt.key, stored.state) == (key, State.PENDING)
    kept.sell(an_order(5))
    kept.assert_exactly_one(5)
    assert kept.receipt(5).key == key
    (held, *_) = kept.till.journal.entries_of_receipt(kept.receipt(2).key)
    assert held.state == "held"
    assert_all_is_back(kept)


def test_before_the_storage_was_read_nothing_is_sold(kept: Shop) -> None:
    kept.close()
    zero(path_of(kept), 0)
    lock = DirectoryLock(kept.folder)
    _, rebuilt = restore.files(kept.folder, kept.now)
    lock.release()
    kept.reopen()
    restore.begin(kept.till, rebuilt)
    printed = len(kept.register.receipts)
    for act in (lambda: kept.sell(an_order(6)), lambda: shift.x_report(kept.till), lambda: recover.recover(kept.till)):
        with pytest.raises(JournalError) as refused:
            act()
        assert refused.value.code == "restore_unfinished"
    kept.register.unplug()
    with pytest.raises(Unreachable):
        restore.finish(kept.till, "")
    kept.register.heal()
    with pytest.raises(JournalError):
        kept.sell(an_order(6))
    assert len(kept.register.receipts) == printed
    assert restore.finish(kept.till, "").is_whole
    assert_all_is_back(kept)


def test_an_old_journal_in_place_is_read_up_from_the_storage(kept: Shop) -> None:
    """Somebody has put the copy back by hand: nothing has to be restored but what was printed since."""
    kept.close()
    (copy,) = (kept.folder / "backups").iterdir()
    shutil.copyfile(copy, path_of(kept))
    kept.reopen()
    with pytest.raises(ResolveNeeded):
        kept.sell(an_order(3))
    report = bring_back(kept)
    assert (report.base, len(report.adopted), report.aside) == ("journal", 2, None)
    assert_all_is_back(kept)


def test_a_journal_older_than_the_copy_gives_way_to_it(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> None:
    settings_file.save(shop.folder, shop.settings)
    shop.till.journal.save_orders([an_order(number) for number in range(1, 7)], claimed=True)
    shop.close()
    old = tmp_path_factory.mktemp("old") / JOURNAL_NAME
    shutil.copyfile(path_of(shop), old)
    shop.reopen()
    shop.sell(an_order(1))
    keeping.keep_copies(shop.till)
    shop.sell(an_order(2))
    shop.close()
    shutil.copyfile(old, path_of(shop))
    shop.reopen()
    report = bring_back(shop)
    assert (report.base, [each["order"] for each in report.adopted]) == ("copy", ["1002"])
    assert_all_is_back(shop, (1, 2))


@pytest.mark.parametrize("is_made", [True, False], ids=["made", "not made"])
def test_a_receipt_that_was_being_sent_is_proven_after_the_damage(kept: Shop, is_made: bool) -> None:
    kept.register.killed_at = (0xFF45, is_made)
    with pytest.raises(Killed):
        kept.sell(an_order(6))
    kept.register.heal()
    kept.close()
    zero_root(path_of(kept), "ix_outbox_order")
    report = bring_back(kept)
    assert report.waiting == ()
    assert kept.stored(6).state is (State.FISCALIZED if is_made else State.PENDING)
    kept.sell_until_sold(an_order(6))
    kept.assert_exactly_one(6)


def test_without_any_copy_the_storage_gives_back_what_it_has(kept: Shop) -> None:
    kept.close()
    shutil.rmtree(kept.folder / "backups")
    path_of(kept).unlink()
    with pytest.raises(JournalError) as lost:
        kept.reopen()
    assert lost.value.code == "journal_lost"
    report = bring_back(kept)
    assert report.base == "nothing"
    assert [each.order for each in report.waiting] == ["1001", "1002", "1003", "1004"]
    assert all("нет на борту" in each.why for each in report.waiting)
    with pytest.raises(ResolveNeeded):
        kept.sell(an_order(6))
    kept.till.journal.save_orders([an_order(number) for number in range(1, 7)], claimed=True)  # the portal is back
    again = bring_back(kept)
    assert (again.waiting, len(again.adopted)) == ((), 4)
    assert_all_is_back(kept)


def test_a_new_directory_beside_a_used_register_reads_it_from_the_beginning(
    kept: Shop, tmp_path_factory: pytest.TempPathFactory
) -> None:
    kept.close()
    kept.folder = tmp_path_factory.mktemp("new") / "till"
    settings_file.save(kept.folder, kept.settings)
    kept.reopen()
    kept.till.journal.save_orders([an_order(number) for number in range(1, 7)], claimed=True)
    with pytest.raises(ResolveNeeded):  # the first contact has seen this till's own documents
        kept.sell(an_order(6))
    seen: list[tuple[str, int, int]] = []
    report = bring_back(kept, from_storage=True, progress=lambda *step: seen.append(step))
    assert (report.waiting, len(report.adopted)) == ((), 4)
    assert ("storage", report.adopted[-1]["document"], report.adopted[-1]["document"]) in seen
    assert ("adopt", 4, 4) in seen
    assert_all_is_back(kept)


def test_the_second_place_alone_is_enough(kept: Shop, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The computer is stolen: a new one, the stick, the register – and no settings."""
    home = tmp_path_factory.mktemp("stick") / "posapp-00000000"
    shutil.copytree(kept.folder / "backups", home)
    kept.close()
    kept.folder = tmp_path_factory.mktemp("new") / "till"
    kept.folder.mkdir()
    report = bring_back(kept, copy=home.parent)
    assert report.from_copy is not None
    assert len(report.adopted) == 2
    restored = settings_file.load(kept.folder)
    assert restored == kept.settings
    assert_all_is_back(kept)


def test_damaged_settings_come_from_the_copy_and_stay_beside(kept: Shop) -> None:
    kept.close()
    path = kept.folder / settings_file.FILE
    path.write_text("{", "utf-8")
    zero(path_of(kept), 0)
    assert bring_back(kept).is_whole
    assert settings_file.load(kept.folder) == kept.settings
    assert path.with_suffix(".damaged").read_text("utf-8") == "{"


def test_copies_of_several_tills_are_not_mixed(kept: Shop, tmp_path_factory: pytest.TempPathFactory) -> None:
    shared = tmp_path_factory.mktemp("shared")
    (copy,) = (kept.folder / "backups").iterdir()
    for name in ("posapp-aaaaaaaa", "posapp-bbbbbbbb"):
        (shared / name).mkdir()
        shutil.copyfile(copy, shared / name / copy.name)
    with closing(sqlite3.connect(shared / "posapp-bbbbbbbb" / copy.name)) as db, db:
        other = settings_file.text_of(replace(kept.settings, identity="other", till="2"))
        db.execute("UPDATE facts SET value = ? WHERE name = 'copy:settings'", (other,))
        db.execute("UPDATE facts SET value = 'other' WHERE name = 'copy:identity'")
    kept.close()
    empty = tmp_path_factory.mktemp("new")
    with pytest.raises(SetupError) as which:
        restore.files(empty, kept.now, copy=shared)
    assert which.value.code == "restore_which"
    kept.reopen()
    path_of(kept).unlink(missing_ok=True)
    report = bring_back(kept, copy=shared)  # settings say which of them is ours
    assert report.from_copy is not None
    assert "aaaaaaaa" in report.from_copy
    assert_all_is_back(kept)


def test_an_unsound_copy_is_passed_over(kept: Shop) -> None:
    kept.register.advance(3700)
    keeping.keep_copies(kept.till)
    kept.close()
    newest, older = sorted((kept.folder / "backups").iterdir(), reverse=True)
    zero(newest, newest.stat().st_size // PAGE // 2)
    path_of(kept).unlink()
    report = bring_back(kept)
    assert report.from_copy == str(older)
    assert report.unsound == (str(newest),)
    assert_all_is_back(kept)


def test_a_second_restore_has_nothing_to_do(kept: Shop) -> None:
    kept.close()
    zero(path_of(kept), 0)
    first = bring_back(kept)
    entries = [(each.receipt_key, each.step) for each in kept.till.journal.entries()]
    second = bring_back(kept)
    assert first.is_whole
    assert (second.base, second.adopted, second.waiting) == ("journal", (), ())
    assert [(each.receipt_key, each.step) for each in kept.till.journal.entries()] == entries
    assert [each.what for each in kept.till.journal.audit_rows() if each.what == "directory.restored"] == [
        "directory.restored"
    ] * 2


def test_a_receipt_printed_in_a_storage_that_is_gone_stays_printed(kept: Shop) -> None:
    """The storage was replaced after the copy: only the damaged file knows of the receipts in the former one."""
    before = kept.receipt(3).key
    kept.close()
    zero_root(path_of(kept), "ix_outbox_order")
    former = kept.register.printer.identity
    kept.register.be(Printer(replace(identity_of(1), factory_number=former.factory_number), kept.register.now))
    kept.set_up_elsewhere()
    settings_file.save(kept.folder, kept.settings)
    report = bring_back(kept)
    assert report.waiting == ()
    stored = kept.stored(3)
    assert (stored.receipt.key, stored.state) == (before, State.FISCALIZED)
    assert stored.mark is not None
    assert stored.mark.storage_number == former.storage_number
    shift.open_shift(kept.till)
    with pytest.raises(sale.AlreadyReceipted):
        kept.sell(an_order(3))


def test_a_begun_receipt_gives_way_to_the_one_that_was_printed(shop: Shop) -> None:
    """Begun with card before the copy; after it cancelled and sold for cash: the copy does not know."""
    settings_file.save(shop.folder, shop.settings)
    order = an_order(1)
    shop.till.journal.save_orders([order, an_order(6)], claimed=True)
    begin(shop, 1)
    begun = shop.receipt(1).key
    keeping.keep_copies(shop.till)
    resolve.cancel(shop.till, begun)
    shop.sell(order)
    sold = shop.receipt(1).key
    shop.close()
    path_of(shop).unlink()
    assert bring_back(shop).is_whole
    assert shop.receipt(1).key == sold != begun
    assert_all_is_back(shop, (1,))


def test_the_gate_stands_before_everything(shop: Shop) -> None:
    gate.require_sound(shop.till)
    soundness.note_damage(shop.folder, "страница 7")
    for act in (shop.sell, lambda: shift.close_shift(shop.till)):
        with pytest.raises(JournalError) as refused:
            act()
        assert refused.value.code == "journal_damaged"


def test_a_document_whose_text_is_gone_is_proven_by_its_number_and_sign(kept: Shop) -> None:
    """The damaged row says which document it was; the storage shows number, sign, kind and total, and no more."""
    numbers = [document.number for document in kept.register.receipts]
    kept.close()
    zero_root(path_of(kept), "ix_outbox_order")
    kept.register.lose_tlv(*numbers)
    report = bring_back(kept)
    assert report.waiting == ()
    assert [each["order"] for each in report.adopted] == ["1003", "1004"]
    assert_all_is_back(kept)


def test_a_document_without_a_text_and_without_a_row_is_named(kept: Shop) -> None:
    """Order 5 was begun before the copy and printed after it; the storage shows a document of its kind and sum."""
    kept.register.advance(3700)
    keeping.keep_copies(kept.till)
    kept.sell(an_order(5))
    number = kept.register.receipts[-1].number
    kept.close()
    path_of(kept).unlink()
    kept.register.lose_tlv(number)
    report = bring_back(kept)
    (case,) = report.waiting
    assert (case.document, case.order, report.unreadable) == (number, "1005", 1)
    assert keeping.state(kept.till).blocks is None
    kept.register.readable_again(number)
    assert bring_back(kept).waiting == ()
    assert_all_is_back(kept, (1, 2, 3, 4, 5))


def test_a_mark_that_the_storage_does_not_show_proves_nothing(kept: Shop) -> None:
    """The damaged row names another document of the same sum: the keys in the storage decide."""
    kept.close()
    with closing(sqlite3.connect(path_of(kept))) as db, db:
        three, four = (row[0] for row in db.execute("SELECT mark FROM receipts WHERE order_id IN (3, 4) ORDER BY id"))
        numbers = [5, 6]
        db.execute("UPDATE receipts SET mark = NULL, document_number = NULL, storage_number = NULL, fiscalized_at ="
                   " NULL, state = 'pending' WHERE order_id IN (3, 4)")  # fmt: skip
        for order, (mark, number) in {3: (four, numbers[1]), 4: (three, numbers[0])}.items():
            db.execute(
                "UPDATE receipts SET state = 'fiscalized', mark = ?, document_number = ?, fiscalized_at = 1,"
                " storage_number = ? WHERE order_id = ?",
                (mark, number, kept.register.printer.identity.storage_number, order),
            )
    zero_root(path_of(kept), "ix_outbox_order")
    report = bring_back(kept)
    assert report.waiting == ()
    assert [(each["document"], each["order"]) for each in report.adopted] == [(5, "1003"), (6, "1004")]
    assert_all_is_back(kept)


def test_a_document_declared_foreign_stays_foreign(kept: Shop) -> None:
    number = kept.register.foreign_receipt(7_00, stamp="1·1009·0000000000000009")
    identity = kept.till.printer.connect()
    foreign = [kept.till.printer.read_document(number)]
    kept.till.journal.remember_document(identity, number, foreign)
    report = bring_back(kept, from_storage=True)
    assert report.waiting == ()
    assert number not in [each["document"] for each in report.adopted]
    assert_all_is_back(kept)


@pytest.mark.parametrize("how", ["turned over", "cut off", "gone", "of another file"])
def test_a_damaged_log_loses_nothing_that_was_printed(
    kept: Shop, how: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The process was killed; what it had committed stands in the log alone, and somebody tidies it away."""
    saved = tmp_path_factory.mktemp("killed") / "till"
    shutil.copytree(kept.folder, saved)
    log = wal_of(saved / JOURNAL_NAME)
    match how:
        case "turned over":
            flip(log)
        case "cut off":
            shorten(log, 0.3)
        case "gone":
            log.unlink()
        case _:
            log.write_bytes(b"\x37\x7f\x06\x82" + log.read_bytes()[4:32] + bytes(8000))
    kept.close()
    kept.folder = saved
    assert bring_back(kept).waiting == ()
    assert_all_is_back(kept)


def test_a_copy_of_a_former_schema_comes_back(kept: Shop) -> None:
    kept.close()
    (copy,) = (kept.folder / "backups").iterdir()
    to_first_schema(copy)
    copy.rename(copy.with_name("journal-before-0001-20261120T000000Z.sqlite"))
    zero_root(path_of(kept), "ix_outbox_order")
    report = bring_back(kept)
    assert report.from_copy is not None
    assert "before-0001" in report.from_copy
    assert report.salvaged["receipts"] == 3
    assert_all_is_back(kept)


@pytest.mark.parametrize("refused", [{1084}, {1084, 1192}], ids=["a bare key", "no key at all"])
def test_documents_that_name_no_order_wait_for_a_person(register: Register, tmp_path: Path, refused: set[int]) -> None:
    """Rule 2: a register that takes no 1084 says at most a key; whose receipt it is only a person knows."""
    with keyless_shop(tmp_path / "till", register, refused) as shop:
        shop.sell(an_order(1))
        keeping.keep_copies(shop.till)
        shop.sell(an_order(2))
        shop.sell(an_order(3))
        two, three = [document.number for document in register.receipts[1:]]
        shop.close()
        path_of(shop).unlink()
        report = bring_back(shop)
        assert [(case.document, case.order) for case in report.waiting][:2] == [(two, ""), (three, "")]
        for number in (2, 3, 6):
            with pytest.raises(PosError):
                shop.sell(an_order(number))
        with pytest.raises(PosError):  # an order that is not here
            restore.finish(shop.till, "", named={two: "9999"})
        report = restore.finish(shop.till, "по ленте", named={two: "1002"}, foreign=[three])
        assert report.waiting == ()
        assert [each["order"] for each in report.adopted] == ["1002"]
        again = restore.finish(shop.till, "по ленте", named={two: "1002"})
        assert again.adopted == report.adopted
        for number in (1, 2):
            with pytest.raises(sale.AlreadyReceipted):
                shop.sell(an_order(number))
        shop.sell(an_order(6))
        what = [record.what for record in shop.till.journal.audit_rows()]
        assert {"receipt.adopted", "document.foreign", "directory.restored"} <= set(what)


def test_a_copy_that_is_gone_again_leaves_no_half_restore(kept: Shop, tmp_path_factory: pytest.TempPathFactory) -> None:
    """An old journal in place, a newer copy on a stick; the stick is pulled while the copy is being taken."""
    (copy,) = (kept.folder / "backups").iterdir()
    stick = tmp_path_factory.mktemp("stick") / copy.name
    copy.replace(stick)
    kept.close()
    journal = path_of(kept).read_bytes()
    path_of(kept).unlink()
    with pytest.raises(JournalError):
        kept.reopen()
    lock = DirectoryLock(kept.folder)
    rebuild._note(kept.folder, "building", rebuild.Rebuilt(id="1", base="copy", copy=str(stick)))
    lock.release()
    path_of(kept).write_bytes(journal)
    with pytest.raises(JournalError) as unfinished:
        kept.reopen()
    assert unfinished.value.code == "restore_unfinished"
    report = bring_back(kept)
    assert (report.base, report.waiting) == ("journal", ())
    assert_all_is_back(kept)


def test_a_copy_of_another_till_is_not_taken(kept: Shop) -> None:
    (copy,) = (kept.folder / "backups").iterdir()
    with closing(sqlite3.connect(copy)) as db, db:
        db.execute("UPDATE facts SET value = 'other' WHERE name = 'copy:identity'")
    with pytest.raises(SetupError) as which:
        bring_back(kept, copy=copy)
    assert which.value.code == "restore_which"
    kept.reopen()
    assert_all_is_back(kept)


@contextmanager
def keyless_shop(folder: Path, register: Register, refused: set[int]) -> Iterator[Shop]:
    """A till on a register that takes no 1084, alone there by the shop's word; orders on board."""
    shop = Shop(folder, register)
    try:
        shift.open_shift(shop.till)
        shop.close()
        register.printer.traits = Traits(frozenset(refused))
        register.advance(60.0)
        shop.set_up_again(only_program=True)
        settings_file.save(shop.folder, shop.settings)
        shop.till.journal.save_orders([an_order(number) for number in range(1, 7)], claimed=True)
        yield shop
    finally:
        shop.close()


def test_an_old_journal_beside_a_register_without_keys_is_read_up_by_a_person(
    register: Register, tmp_path: Path
) -> None:
    with keyless_shop(tmp_path / "till", register, {1084, 1192}) as shop:
        shop.sell(an_order(1))
        copy = keeping.keep_copies(shop.till).made[keeping.LOCAL]
        shop.sell(an_order(2))
        number = register.receipts[-1].number
        shop.close()
        shutil.copyfile(copy, path_of(shop))
        assert bring_back(shop).waiting[0].document == number
        for order in (2, 3):
            with pytest.raises(JournalError):
                shop.sell(an_order(order))
        assert restore.finish(shop.till, "по ленте", named={number: "1002"}).is_whole
        with pytest.raises(sale.AlreadyReceipted):
            shop.sell(an_order(2))
        shop.sell(an_order(3))
        assert len(register.receipts) == 3


def test_the_past_of_another_program_on_a_register_without_keys_is_no_trouble(
    register: Register, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with keyless_shop(tmp_path / "till", register, {1084, 1192}) as shop:
        shop.close()
        for _ in range(3):
            register.foreign_receipt(5_00)
        shop.folder = tmp_path_factory.mktemp("new")
        shop.reopen()
        shop.sell(an_order(1))
        shop.restart()
        shop.sell(an_order(2))
        assert len(register.receipts) == 5


def test_what_another_till_sold_on_the_register_since_the_copy_is_known_again(kept: Shop) -> None:
    kept.register.foreign_receipt(590_00, stamp="2·1006·000000000000000Z")
    kept.close()
    path_of(kept).unlink()
    assert bring_back(kept).waiting == ()
    with pytest.raises(SaleError) as refused:
        kept.sell(an_order(6))
    assert refused.value.code == "receipted_elsewhere"


def test_a_refund_without_a_key_that_the_journal_lost_is_read_up_by_a_person(
    register: Register, tmp_path: Path
) -> None:
    """A register that takes the key in 1192 only: a refund needs that tag for the sign of its original."""
    with keyless_shop(tmp_path / "till", register, {1084}) as shop:
        key = shop.sell(an_order(1)).view.receipt.key
        copy = keeping.keep_copies(shop.till).made[keeping.LOCAL]
        done = refund.refund(shop.till, key, {0: Quantity.of(1)})
        number = register.receipts[-1].number
        shop.close()
        shutil.copyfile(copy, path_of(shop))
        assert [each.document for each in bring_back(shop).waiting] == [number]
        with pytest.raises(JournalError):
            refund.refund(shop.till, key, {0: Quantity.of(2)})
        assert restore.finish(shop.till, "по ленте", named={number: "1001"}).is_whole
        stored = shop.till.journal.receipt_of_document(shop.till.identity.storage_number, number)
        assert stored is not None
        assert (stored.receipt.total, stored.receipt.settlement) == (
            done.view.receipt.total, done.view.receipt.settlement,
        )  # fmt: skip
        with pytest.raises(SaleError) as over:
            refund.refund(shop.till, key, {0: Quantity.of(2)})
        assert over.value.code == "refund_over"
        assert refund.refund(shop.till, key, {0: Quantity.of(1)}).view.receipt.settlement.part == "1#2"
