"""What the vendors' own drivers send in a day, by literal bytes over a pseudo-terminal and TCP, against the simulator.

The order of commands is that of a recorded session of the vendor's Java driver: identity, tables, shift, header lines,
receipt, proof, trailer, report. The client knows nothing of our codec.
"""

import pytest

from tests.wire.simulated import Client, simulated

P = "1E000000"
LINE = "02 " + "D2E5F1F2".ljust(80, "0")  # flags: receipt roll; "Тест", padded to 40


@pytest.fixture(params=["pty", "tcp:127.0.0.1:0"])
def listen(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def number(raw: bytes) -> int:
    return int.from_bytes(raw, "little")


def ok(client: Client, payload: str, enq: bool = True) -> bytes:
    """The data behind the error byte, which must be 0."""
    opcode = 2 if payload.replace(" ", "").upper().startswith("FF") else 1
    answer = client.ask(payload, enq)
    assert answer[:opcode] == bytes.fromhex(payload)[:opcode]
    assert answer[opcode] == 0, f"{payload[:24]} → {answer.hex(' ')}"
    return answer[opcode + 1 :]


def connect(client: Client) -> None:
    """ENQ, F7, FC, 11h twice, 10h, FF01: what comes first."""
    assert len(ok(client, "F7 01")) >= 27
    device = ok(client, "FC")
    assert device[6:].decode("cp1251") == "ШТРИХ-М-02Ф"
    full = ok(client, "11" + P)
    assert len(full) == 50
    assert ok(client, "11" + P)[:28] == full[:28]
    short = ok(client, "10" + P)
    assert len(short) == 14
    assert (short[0], short[3] & 0x0F, short[4]) == (30, 4, 0)
    storage = ok(client, "FF 01" + P)
    assert len(storage) == 30
    assert storage[10:14] == b"9999"


def read_tables(client: Client) -> None:
    """2Dh, 2Eh, 1Fh of tables 17, 5, 6, 7; payment names are written; 26h."""
    for table in (17, 5, 6, 7, 2, 1, 18, 19, 21):
        structure = ok(client, f"2D {P} {table:02X}")
        assert len(structure) == 43
        for field in range(1, structure[42] + 1):
            described = ok(client, f"2E {P} {table:02X} {field:02X}", enq=False)
            kind, size = described[40], described[41]
            assert len(described) == (42 if kind else 42 + 2 * size)
            value = ok(client, f"1F {P} {table:02X} 0100 {field:02X}", enq=False)
            assert len(value) == min(size, 250)
            if not kind:
                assert number(described[42 : 42 + size]) <= number(value) <= number(described[42 + size :])
    for row in range(2, 17):
        name = f"Оплата {row}".encode("cp1251").ljust(64, b"\0")
        ok(client, f"1E {P} 05 {row:02X}00 01 {name.hex()}")
        assert ok(client, f"1F {P} 05 {row:02X}00 01") == name
    width, character = number(ok(client, f"26 {P} 01")[:2]), ok(client, f"26 {P} 01")[2]
    assert width // character in (32, 36, 42, 48)


def sell(client: Client) -> tuple[int, int]:
    """A receipt as the vendor's driver makes it; number and sign of the document."""
    assert ok(client, "10" + P)[3] & 0x0F == 2
    ok(client, f"2F {P} 02 01 {'C7E0E3EEEBEEE2EEEA'.ljust(80, '0')}")
    ok(client, f"25 {P} 01")
    ok(client, f"8D {P} 00")
    assert ok(client, "11" + P)[13] & 0x0F == 8
    ok(client, f"1F {P} 11 0100 03")
    ok(client, f"1B {P} 94")
    name = "Молоко топлёное".encode("cp1251").ljust(128, b"\0").hex()  # the vendor pads to 160 bytes
    ok(client, f"FF 46 {P} 01 40420F000000 6F17000000 FFFFFFFFFF FFFFFFFFFF CB 01 04 01 {name}")
    ok(client, "10" + P)
    assert number(ok(client, "89" + P)[1:]) == 5999
    assert number(ok(client, "89" + P)[1:]) == 5999
    cash = "7017000000"
    closed = ok(client, f"FF 45 {P} {cash} {'00' * 75} 00 {'00' * 30} 01")
    assert len(closed) == 13
    assert number(closed[:5]) == 1, "a kopeck of change"
    return number(closed[5:9]), number(closed[9:13])


def prove(client: Client, document: int, sign: int) -> None:
    """1Fh, 10h, FF01, FF0A, 11h, 10h, trailer."""
    ok(client, "10" + P)
    assert number(ok(client, "FF 01" + P)[26:30]) == document
    found = ok(client, f"FF 0A {P} {document.to_bytes(4, 'little').hex()}")
    assert found[0] == 3
    assert (number(found[7:11]), number(found[11:15])) == (document, sign)
    assert (found[15], number(found[16:21])) == (1, 5999)
    ok(client, "11" + P)
    ok(client, "2F" + P + "02 01 " + "D1EFE0F1E8E1EE".ljust(80, "0"))
    ok(client, f"25 {P} 01")


def read_back(client: Client, document: int) -> bytes:
    """FF3A, FF3B until 08h; the whole TLV."""
    head = ok(client, f"FF 3A {P} {document.to_bytes(4, 'little').hex()}")
    body = b""
    while (answer := client.ask("FF 3B" + P))[2] == 0:
        body += answer[3:]
    assert answer == bytes.fromhex("FF 3B 08")
    assert len(body) == number(head[2:4])
    return body


def test_a_day_of_the_vendors_driver(listen: str) -> None:
    with simulated("--listen", listen) as register, Client(register.ready["port"]) as client:
        connect(client)
        read_tables(client)
        ok(client, "E0" + P)
        ok(client, f"50 {P} 1027000000")
        document, sign = sell(client)
        prove(client, document, sign)
        body = read_back(client, document)
        assert sign.to_bytes(4, "big") in body
        assert "Молоко топлёное".encode("cp866") in body
        ok(client, "40" + P)
        assert client.ask("FE F4 00 00 00 00") == bytes.fromhex("FE 37")
        for money in (*range(0xC1, 0xD1), 0xF1, 0xF2, 0xF3, *range(70)):
            ok(client, f"1A {P} {money:02X}", enq=False)
        assert number(ok(client, f"1A {P} F1")[1:]) == 10_000 + 5_999
        ok(client, f"51 {P} 8813000000")
        ok(client, "41" + P)
        assert ok(client, "10" + P)[3] & 0x0F == 4
        assert number(ok(client, "FF 01" + P)[26:30]) == document + 1
        forms = [each["type"] for each in register.documents()]
        assert forms == [1, 2, 3, 5]


def test_a_receipt_and_its_refund_by_the_classic_commands(listen: str) -> None:
    with simulated("--listen", listen) as register, Client(register.ready["port"]) as client:
        ok(client, "E0" + P)
        assert client.ask(f"85 {P} {'00' * 22} {'00' * 44}")[1] == 0x55
        name = "Хлеб".encode("cp1251").ljust(40, b"\0").hex()
        ok(client, f"80 {P} E803000000 1027000000 01 01000000 {name}")
        ok(client, f"80 {P} D007000000 8813000000 01 00000000 {name}")
        ok(client, f"84 {P} E803000000 8813000000 01 00000000 {name}")
        assert number(ok(client, "89" + P)[1:]) == 15_000
        paid = "204E000000" + "00" * 15
        assert number(ok(client, f"85 {P} {paid} 0000 00000000 {'00' * 40}")[1:]) == 5_000
        ok(client, f"8D {P} 02")
        ok(client, f"82 {P} E803000000 1027000000 01 01000000 {name}")
        ok(client, f"85 {P} 1027000000 {'00' * 15} 0000 00000000 {'00' * 40}")
        ok(client, f"8D {P} 00")
        ok(client, f"80 {P} E803000000 1027000000 01 01000000 {name}")
        ok(client, "88" + P)
        ok(client, "8C" + P)
        assert client.ask(f"51 {P} 8913000000")[1] == 0x46
        ok(client, f"51 {P} 8813000000")
        ok(client, "41" + P)
        documents = [(each["type"], each["kind"], each["total_kopecks"]) for each in register.documents()]
        assert documents == [(1, None, None), (2, None, None), (3, 1, 15_000), (3, 2, 10_000), (5, None, None)]


def test_a_host_that_sends_the_frame_and_then_enq() -> None:
    """Some drivers announce nothing and take the acknowledgement of the frame for that of their ENQ."""
    with simulated() as register, Client(register.ready["port"]) as client:
        client.write(bytes.fromhex("02 05 10 1E 00 00 00 0B 05"))
        assert client.read(1) == b"\x06"
        assert client.answer()[:2] == b"\x10\x00"
        client.write(b"\x05")
        assert client.read(1) == b"\x15"
