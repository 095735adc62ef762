"""The messages of АТОЛ's protocol 3: one class per command and per answer, both ways.

The driver encodes commands and decodes answers; the simulated register decodes commands and encodes answers::

    data = OpenReceipt(flags=0, kind=1).encode()               # 00 00 92 00 01
    reply = OpenReceipt(0, 1).decode_reply(b"\\x55\\x00\\x00")    # Done()
    command = decode_command(data)                             # OpenReceipt(flags=0, kind=1)

`decode_reply` gives the typed answer, or `ErrorReply` for the device's "no". Bytes that are neither raise `Malformed`:
the command's outcome is then unknown. Nothing here knows packets, tasks, clocks or ports; the messages of the task
layer, in which commands travel, stand in `task_layer.py`.

Known only as far as the vendor's driver of 2020 has sent and taken them; it knows FFD 1.05 and 1.1. What it never sent
has no class here: marking, corrections, the rates of 2025 and 2026, going on after paper. The classes stand in three
files: `service_commands` (the device, receipts, the shift), `register_commands` (91h) and `storage_commands` (A4h).
"""

# ruff: noqa: F403, PLC0414  (this file is the one door: the names of the other files are passed on)
from __future__ import annotations

from typing import Any

from posapp.devices.atol.layout import Bcd
from posapp.devices.atol.layout import Command as Command
from posapp.devices.atol.layout import ErrorReply as ErrorReply
from posapp.devices.atol.layout import Reply as Reply
from posapp.devices.atol.layout import UnknownCommand as UnknownCommand
from posapp.devices.atol.register_commands import *
from posapp.devices.atol.service_commands import *
from posapp.devices.atol.storage_commands import *
from posapp.devices.fields import Malformed as Malformed

AnyCommand = Command[Any]


def password_of(data: bytes) -> int:
    """The access password before the opcode. Malformed when it is not digits."""
    return int(Bcd(2).unpack(data[:2]))


def decode_command(data: bytes) -> AnyCommand | UnknownCommand:
    """The command in `data` (password, opcode and fields, as a task carries it).

    An opcode that no class has gives `UnknownCommand`. Data without an opcode, or a known opcode with fields that
    cannot be its own, raises Malformed.
    """
    payload = bytes(data[2:])
    if not payload:
        raise Malformed(f"no opcode in {data.hex(' ') or 'empty data'}")
    password_of(data)
    unknown = UnknownCommand(payload)
    width = 1 if unknown.code < 0x100 else 2
    known = Command.REGISTERED.get(unknown.code)
    return unknown if known is None else known.unpack_fields(payload[width:])
