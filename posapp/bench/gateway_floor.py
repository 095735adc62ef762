"""The floor of `posapp bench gateway`: a bare Starlette handler that makes one durable INSERT, as a process.

`python -m posapp.bench.gateway_floor DATABASE` prints its port and serves until it is killed. It reads the body, keeps
it as it is and answers: no secret, no decoding, no rules, no look for a repeat.
"""

from __future__ import annotations

import socket
import sqlite3
import sys

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route


def make_app(database: str) -> Starlette:
    """The handler on a database of its own, with the settings of the gateway's: WAL, every commit on the disk."""
    db = sqlite3.connect(database, isolation_level=None)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    db.execute("CREATE TABLE jobs (id INTEGER PRIMARY KEY, body BLOB NOT NULL)")

    async def accept(request: Request) -> JSONResponse:
        number = db.execute("INSERT INTO jobs (body) VALUES (?)", (await request.body(),)).lastrowid
        return JSONResponse({"UUID": str(number)})

    return Starlette(routes=[Route("/print", accept, methods=["POST"])])


def main(database: str) -> None:
    """Serves on a free port."""
    door = socket.create_server(("127.0.0.1", 0), backlog=1024)
    sys.stdout.write(f"{door.getsockname()[1]}\n")
    sys.stdout.flush()
    config = uvicorn.Config(make_app(database), loop="asyncio", http="h11", access_log=False, log_config=None)
    uvicorn.Server(config).run(sockets=[door])


if __name__ == "__main__":
    main(sys.argv[1])
