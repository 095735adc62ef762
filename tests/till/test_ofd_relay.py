"""The host carries messages to the OFD: every document once, in the same bytes, whatever is cut off and wherever."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from posapp.devices.base import OfdAddress, OfdPump, OfdTurn
from posapp.devices.ofd_message import HEAD, NoMessage, enveloped, length_of, require_whole
from posapp.devices.ofd_socket import exchange as over_tcp
from posapp.devices.shtrih import commands as c
from posapp.devices.simulator.ofd import OfdServer, message_of, ticket_for
from posapp.devices.simulator.printer import Traits
from posapp.domain.money import Money
from posapp.domain.settlement import State
from posapp.errors import Offline, PosError
from posapp.till import ofd_relay, shift
from posapp.till.ofd_relay import Carried
from tests.rules.worlds import Killed, killed_at
from tests.till.rig import PASSWORD, Register
from tests.till.shops import Shop, an_order, shop_at

OFD_CODES = (0xFF30, 0xFF31, 0xFF32, 0xFF33, 0xFF39)


class Ofd:
    """An OFD in memory: what it has, each document once, and what a fault does to its answers."""

    def __init__(self) -> None:
        self.server = OfdServer.__new__(OfdServer)
        self.server.documents, self.server.faults = {}, []
        self.away = 0
        self.garbles = 0

    def __call__(self, address: OfdAddress, message: bytes, number: str) -> bytes:
        answer = self.server.take(message)
        if self.away:  # it has the document, its answer is lost
            self.away -= 1
            raise Offline("ofd_away", address=address.host, reason="нет ответа")
        if self.garbles:
            self.garbles -= 1
            return answer[:-1] + bytes((answer[-1] ^ 1,))
        return answer


def by_host(register: Register) -> None:
    for field, raw in ((1, b"ofd.example"), (2, (7777).to_bytes(2, "little"))):
        assert not isinstance(
            register.printer.execute(c.WriteTable(PASSWORD, 19, 1, field, raw), register.now), c.ErrorReply
        )
    register.printer.execute(c.WriteTable(PASSWORD, 21, 1, 2, b"\0"), register.now)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    register = Register()
    by_host(register)
    with shop_at(tmp_path, register) as open_shop:
        open_shop.sell()
        yield open_shop


def agrees(shop: Shop, ofd: Ofd, count: int) -> None:
    """The OFD has every document once, in one wording; the storage waits for none."""
    storage = shop.register.printer.storage
    assert ofd.server.faults == []
    assert sorted(number for _, number in ofd.server.documents) == list(range(1, count + 1))
    assert storage.unconfirmed == 0
    assert storage.last_number == count


def test_every_document_is_carried_once(shop: Shop) -> None:
    ofd = Ofd()
    assert shop.register.printer.storage.unconfirmed == 3
    assert ofd_relay.carry(shop.till, ofd) == Carried(3, is_needed=True)
    agrees(shop, ofd, 3)
    assert ofd_relay.carry(shop.till, ofd) == Carried(0, is_needed=True)
    shop.sell(an_order(2))
    shift.close_shift(shop.till)
    ofd_relay.carry(shop.till, ofd)
    agrees(shop, ofd, 5)
    shop.assert_exactly_one(1)


def test_a_register_that_talks_to_its_ofd_by_itself_is_left_alone(tmp_path: Path) -> None:
    with shop_at(tmp_path, Register()) as shop:
        shop.sell()
        shop.register.written.clear()
        assert ofd_relay.carry(shop.till, Ofd()) == Carried(0, is_needed=False)
        assert not {0xFF30, 0xFF31, 0xFF32, 0xFF33} & set(shop.register.written)


def test_firmware_without_the_buffer_is_no_trouble(shop: Shop) -> None:
    shop.register.printer.traits = Traits(has_ofd_buffer=False)
    assert ofd_relay.carry(shop.till, Ofd()) == Carried(0, is_needed=True)


@pytest.mark.parametrize("lost", [1, 3])
def test_an_answer_that_is_lost_costs_another_round(shop: Shop, lost: int) -> None:
    ofd = Ofd()
    ofd.away = lost
    for _ in range(lost):
        done = ofd_relay.carry(shop.till, ofd)
        assert done.trouble is not None
    ofd_relay.carry(shop.till, ofd)
    agrees(shop, ofd, 3)


def test_a_damaged_answer_is_refused_by_the_storage_and_asked_for_again(shop: Shop) -> None:
    ofd = Ofd()
    ofd.garbles = 1
    assert ofd_relay.carry(shop.till, ofd).trouble is not None
    assert shop.register.printer.storage.unconfirmed == 3
    ofd_relay.carry(shop.till, ofd)
    agrees(shop, ofd, 3)


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n" * 2, enveloped(b"x", "9999078900000000")])
def test_what_is_no_answer_to_this_storage_is_never_written_into_it(shop: Shop, answer: bytes) -> None:
    done = ofd_relay.carry(shop.till, lambda *_: answer)
    assert done.trouble is not None
    assert shop.register.count(0xFF32) == 0


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("nth", [1, 2, 5])
@pytest.mark.parametrize("code", OFD_CODES, ids=lambda each: f"{each:04X}")
def test_killed_at_any_command_nothing_is_doubled_and_nothing_lost(
    shop: Shop, code: int, nth: int, after: bool
) -> None:
    ofd, before = Ofd(), shop.register.count(code)
    put = shop.register.put

    def deadly(data: bytes, who: str = "till") -> None:
        if shop.register.count(code) - before >= nth - 1:
            shop.register.killed_at = (code, after)
        put(data, who)

    shop.register.put = deadly  # type: ignore[method-assign]
    died = False
    try:
        ofd_relay.carry(shop.till, ofd)
    except Killed:
        died = True
    assert died or nth > 3, "it does not come to that command so often"
    shop.register.put = put  # type: ignore[method-assign]
    shop.register.killed_at = None
    shop.register.advance(10)
    shop.restart()
    ofd_relay.carry(shop.till, ofd)
    agrees(shop, ofd, 3)
    shop.sell(an_order(2))
    shop.assert_exactly_one(2)


@pytest.mark.parametrize("do", ["drop_command", "drop_reply", "flip", "truncate"])
@pytest.mark.parametrize("code", ["FF30", "FF31", "FF32", "FF33"])
def test_a_faulty_cable_costs_rounds_only(shop: Shop, code: str, do: str) -> None:
    ofd = Ofd()
    more = {"value": 3} if do in ("flip", "truncate") else {}
    shop.register.faults([{"command": code, "do": do, "when": "before", "nth": 2, **more}])
    for _ in range(6):
        try:
            ofd_relay.carry(shop.till, ofd)
        except PosError:
            shop.register.advance(60)
    agrees(shop, ofd, 3)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.lists(st.integers(0, 60), min_size=1, max_size=4))
def test_sales_between_any_two_portions_are_whole_and_carried_later(
    tmp_path_factory: pytest.TempPathFactory, cuts: list[int]
) -> None:
    register, ofd = Register(), Ofd()
    by_host(register)
    with shop_at(tmp_path_factory.mktemp("till"), register) as shop:
        shop.sell()
        for number, cut in enumerate(cuts, 2):
            left = [cut]

            def may_go_on(left: list[int] = left) -> bool:
                left[0] -= 1
                return left[0] >= 0

            ofd_relay.carry(shop.till, ofd, may_go_on=may_go_on)
            shop.sell(an_order(number))
            shop.assert_exactly_one(number)
        ofd_relay.carry(shop.till, ofd)
        agrees(shop, ofd, 3 + len(cuts))


def test_while_an_outcome_is_not_known_nothing_is_carried(shop: Shop) -> None:
    killed_at(shop, 0xFF45, after=True, sell=lambda: shop.sell(an_order(2)))
    assert shop.stored(2).state is State.SENDING
    shop.register.written.clear()
    ofd_relay.carry(shop.till, Ofd())
    assert not {0xFF30, 0xFF31, 0xFF32, 0xFF33} & set(shop.register.written)


def test_while_a_receipt_of_another_program_is_open_nothing_is_carried(shop: Shop) -> None:
    shop.register.foreign_open(500)
    assert ofd_relay.carry(shop.till, Ofd()).sent == 0
    assert shop.register.count(0xFF31) == 0


def begun(shop: Shop, portions: int = 2) -> OfdPump:
    """Some portions of the message are read."""
    pump = ofd_relay.pump_of(shop.till)
    assert pump is not None
    for _ in range(portions):
        assert pump.step() is OfdTurn.MORE
    return pump


def test_a_message_that_changed_while_it_was_read_is_not_given_away(shop: Shop) -> None:
    """Another program carries it away in the middle, and the next one is as long: we have parts of two messages."""
    for number in (2, 3):
        shop.sell(an_order(number, (Money(10_000),) * 9))
    storage, ofd = shop.register.printer.storage, Ofd()
    first, second = (message_of_number(shop, number) for number in (4, 5))
    assert len(first) == len(second)
    storage.confirmed = 3
    pump = begun(shop)
    storage.confirmed = 4
    while (turn := pump.step()) is OfdTurn.MORE:
        pass
    assert turn is OfdTurn.NOTHING
    storage.confirmed = 0
    ofd_relay.carry(shop.till, ofd)
    agrees(shop, ofd, 5)


def message_of_number(shop: Shop, number: int) -> bytes:
    storage = shop.register.printer.storage
    kept, storage.confirmed = storage.confirmed, number - 1
    found, storage.confirmed = message_of(storage), kept
    return found


def test_an_answer_to_a_message_that_was_answered_meanwhile_is_not_written(shop: Shop) -> None:
    pump = ofd_relay.pump_of(shop.till)
    assert pump is not None
    while pump.step() is not OfdTurn.SEND:
        pass
    assert pump.answered(ticket_for(pump.message))
    shop.register.printer.storage.confirmed = 1
    assert pump.step() is OfdTurn.NOTHING
    assert shop.register.count(0xFF32) == 0


def test_a_sale_between_two_portions_ends_the_round(shop: Shop) -> None:
    pump = begun(shop, 1)
    shop.sell(an_order(2))
    shop.register.written.clear()
    assert pump.step() is OfdTurn.MORE
    assert 0xFF30 in shop.register.written
    assert 0xFF31 not in shop.register.written


def test_another_connection_ends_the_round(shop: Shop) -> None:
    pump = begun(shop, 1)
    shop.till.printer.close()
    shop.register.written.clear()
    assert pump.step() is OfdTurn.MORE
    assert 0xFF30 in shop.register.written
    assert 0xFF31 not in shop.register.written


def test_a_portion_is_a_few_exchanges(shop: Shop) -> None:
    """What a sale may have to wait for, in commands."""
    pump = ofd_relay.pump_of(shop.till)
    assert pump is not None
    pump.address()
    longest = 0
    for _ in range(40):
        shop.register.written.clear()
        turn = pump.step()
        longest = max(longest, len(shop.register.written))
        if turn is OfdTurn.SEND:
            assert pump.answered(ticket_for(pump.message))
        if turn is OfdTurn.NOTHING:
            break
    assert shop.register.printer.storage.unconfirmed == 0
    assert longest <= 8


def test_while_a_print_waits_for_paper_nothing_is_carried(shop: Shop) -> None:
    shop.register.printer.interrupt_print()
    assert ofd_relay.carry(shop.till, Ofd()).sent == 0
    assert shop.register.count(0xFF30) == 0


def test_it_keeps_the_storage_from_stopping_the_till(shop: Shop) -> None:
    ofd = Ofd()
    for day in range(32):
        shop.register.now += timedelta(days=1)
        shop.till.printer.close_shift("Иванова")
        shop.till.printer.open_shift("Иванова")
        ofd_relay.carry(shop.till, ofd)
        shop.sell(an_order(100 + day))
    ofd_relay.carry(shop.till, ofd)
    assert shop.register.printer.storage.unconfirmed == 0
    assert ofd.server.faults == []


# ---------------------------------------------------------------------- the wire to the OFD


@pytest.fixture(scope="module")
def server() -> Iterator[OfdServer]:
    made = OfdServer()
    yield made
    made.close()


def test_over_a_real_socket(shop: Shop, server: OfdServer) -> None:
    def exchange(address: OfdAddress, message: bytes, number: str) -> bytes:
        return over_tcp(replace(address, host="127.0.0.1", port=server.port), message, number)

    assert ofd_relay.carry(shop.till, exchange).sent == 3
    assert (len(server.documents), server.faults) == (3, [])
    server.cut_after = 40
    shop.sell(an_order(2))
    done = ofd_relay.carry(shop.till, exchange)
    assert done.trouble is not None
    assert done.trouble.code == "ofd_away"
    server.cut_after = None
    assert ofd_relay.carry(shop.till, exchange).sent == 1
    assert (len(server.documents), server.faults) == (4, [])


@pytest.mark.parametrize("cut", [0, 1, HEAD - 1, HEAD, HEAD + 1])
def test_an_answer_cut_at_any_byte_is_no_answer(server: OfdServer, cut: int) -> None:
    message = enveloped(b"\1\0\0\0abc", "9999078900005555")
    server.cut_after = cut
    try:
        with pytest.raises(Offline):
            over_tcp(OfdAddress("127.0.0.1", server.port, 2), message, "9999078900005555")
    finally:
        server.cut_after = None


def test_nobody_there_is_said_with_the_address() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(Offline) as told:
        over_tcp(OfdAddress("127.0.0.1", port, 1), b"x", "1")
    assert str(port) in told.value.message()


@given(st.binary(max_size=80))
def test_a_head_is_only_what_has_signature_and_number(data: bytes) -> None:
    with pytest.raises(NoMessage):
        length_of(data, "9999078900005555")


def test_a_ticket_is_of_one_message() -> None:
    one, other = (enveloped(bytes((number, 0, 0, 0)) + b"tlv", "9999078900005555") for number in (1, 2))
    assert ticket_for(one) != ticket_for(other)
    assert require_whole(ticket_for(one), "9999078900005555")
    with pytest.raises(NoMessage):
        require_whole(ticket_for(one) + b"x", "9999078900005555")
