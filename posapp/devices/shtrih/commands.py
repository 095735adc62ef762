"""The messages of the Shtrih-M protocol: one class per command and per reply, both ways.

The driver encodes commands and decodes replies; the simulated register decodes commands and encodes replies::

    payload = OpenReceipt(password=30, kind=0).encode()             # 8D 1E 00 00 00 00, without a frame
    reply = OpenReceipt(30, 0).decode_reply(b"\\x8d\\x00\\x1e")     # OperatorReply(opcode=0x8D, operator=30)
    command = decode_command(payload)                               # OpenReceipt(password=30, kind=0)

`decode_reply` gives the typed reply, or `ErrorReply` for the device's "no". Bytes that are neither raise
`Malformed`: the command's outcome is then unknown. Nothing here knows frames, clocks or ports.

The classes stand in five files: `service_commands` (the device), `table_commands` (tables, registers, clock),
`receipt_commands` (receipts, printing, shift), `storage_commands` (the fiscal storage) and `marking_commands` (marked
goods); import them from here.
"""

# ruff: noqa: F403, PLC0414  (this file is the one door: the names of the other files are passed on)
from __future__ import annotations

from typing import Any

from posapp.devices.fields import Malformed as Malformed
from posapp.devices.shtrih.layout import Command as Command
from posapp.devices.shtrih.layout import ErrorReply as ErrorReply
from posapp.devices.shtrih.layout import Reply as Reply
from posapp.devices.shtrih.layout import UnknownCommand as UnknownCommand
from posapp.devices.shtrih.marking_commands import *
from posapp.devices.shtrih.receipt_commands import *
from posapp.devices.shtrih.service_commands import *
from posapp.devices.shtrih.storage_commands import *
from posapp.devices.shtrih.table_commands import *

AnyCommand = Command[Any]


def decode_command(payload: bytes) -> AnyCommand | UnknownCommand:
    """The command in `payload` (opcode and data, no frame).

    An opcode that no class has gives `UnknownCommand`. An empty payload, or a known opcode with data that
    cannot be its own, raises Malformed.
    """
    if not payload or (payload[0] == 0xFF and len(payload) < 2):
        raise Malformed(f"no opcode in {payload.hex(' ') or 'an empty payload'}")
    width = 2 if payload[0] == 0xFF else 1
    known = Command.REGISTERED.get(int.from_bytes(payload[:width], "big"))
    if known is None:
        return UnknownCommand(bytes(payload))
    return known.unpack_fields(bytes(payload[width:]))
