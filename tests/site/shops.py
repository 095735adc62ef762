"""A site of «1С-Битрикс: Управление сайтом» on PHP's own web server, with a stand-in for the kernel and our files."""

from __future__ import annotations

import json
import os
import shutil
import socket
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

FILES = Path(__file__).parents[2] / "resources" / "site" / "local"
KERNEL = Path(__file__).with_name("kernel")
SECRET = "a secret that the site and the gateway share"
PHP = shutil.which("php")
READY_S = 20


def order(number: int = 9071, **changes: Any) -> dict[str, Any]:
    """An order as the stand-in keeps it: two flasks and the delivery, to be paid in cash."""
    found: dict[str, Any] = {
        "order": {"ID": number, "ACCOUNT_NUMBER": f"MSK-{number}", "PRICE": 3670, "PRICE_DELIVERY": 250,
                  "STATUS_ID": "DE", "MARKED": "N", "REASON_MARKED": ""},
        "basket": [{"ID": 1, "NAME": "Термос 0,75 л", "QUANTITY": 2, "PRICE": 1710, "VAT_RATE": 0.22,
                    "VAT_INCLUDED": "Y"}],
        "payments": [{"ID": 11204, "SUM": 3670, "PAID": "N", "PAY_SYSTEM_ID": 1, "EXTERNAL_PAYMENT": "N",
                      "PAY_SYSTEM": {"IS_CASH": "Y", "CAN_PRINT_CHECK": "N"}}],
        "properties": {"email": "buyer@example.test", "phone": "+7 999 000-11-22"},
    }  # fmt: skip
    return found | changes


class Site:
    """The site's folder, its database, and what may be asked of it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.database = root / "site.sqlite"
        self.url = ""
        shutil.copytree(FILES, root / "local")
        prolog = root / "bitrix" / "modules" / "main" / "include" / "prolog_before.php"
        prolog.parent.mkdir(parents=True)
        prolog.write_text(f"<?php require_once '{KERNEL / 'kernel.php'}';", "utf-8")
        with closing(sqlite3.connect(self.database)) as db:
            db.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, body TEXT, saves INTEGER NOT NULL DEFAULT 0)")
            db.commit()

    def settle(self, gateway: str = "http://127.0.0.1:9/site/orders", **changes: Any) -> None:
        """Writes settings.php."""
        given = {"secrets": [SECRET], "gateway": gateway, "push_status": "DE", "final_status": "F", **changes}
        text = f"<?php return json_decode('{json.dumps(given)}', true);"
        (self.root / "local" / "php_interface" / "posapp" / "settings.php").write_text(text, "utf-8")

    def put(self, row: dict[str, Any]) -> None:
        """An order is placed, or changed by somebody."""
        with closing(sqlite3.connect(self.database)) as db:
            text = json.dumps(row, ensure_ascii=False)
            db.execute("REPLACE INTO orders (id, body) VALUES (?, ?)", (row["order"]["ID"], text))
            db.commit()

    def look(self, number: int = 9071) -> dict[str, Any]:
        """The order as it is now."""
        found: dict[str, Any] = json.loads(self.rows(f"SELECT body FROM orders WHERE id = {number}")[0][0])
        return found

    def rows(self, query: str) -> list[Any]:
        """Rows of the site's database."""
        with closing(sqlite3.connect(self.database, timeout=20)) as db:
            return db.execute(query).fetchall()

    def run(self, code: str) -> str:
        """Runs PHP with the kernel and our files, as a hit of the site would."""
        program = f"""
            $_SERVER['DOCUMENT_ROOT'] = '{self.root}';
            require '{self.root}/bitrix/modules/main/include/prolog_before.php';
            require '{self.root}/local/php_interface/posapp/include.php';
            {code}
        """
        done = subprocess.run(
            [str(PHP), *_OPTIONS, "-r", program], env=self._environment(), capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def _environment(self) -> dict[str, str]:
        return {**os.environ, "SITE_DATABASE": str(self.database), "PHP_CLI_SERVER_WORKERS": "4"}

    @contextmanager
    def serving(self) -> Iterator[str]:
        """PHP's own web server; the address of the callback."""
        with closing(socket.socket()) as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        command = [str(PHP), *_OPTIONS, "-S", f"127.0.0.1:{port}", "-t", str(self.root)]
        server = subprocess.Popen(
            command, env=self._environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        try:
            _wait_for(port)
            self.url = f"http://127.0.0.1:{port}/local/ajax/cashbox-callback.php"
            yield self.url
        finally:
            os.killpg(server.pid, 15)
            server.wait(READY_S)


_OPTIONS = ("-d", "ffi.enable=1", "-d", "display_errors=stderr", "-d", "error_reporting=32767")


def why_not() -> str:
    """Why no PHP can be run here, "" when it can."""
    if PHP is None:
        return "no PHP is installed here (Debian: apt-get install php-cli)"
    probe = "FFI::cdef('int sqlite3_open(const char *name, void **db);', 'libsqlite3.so.0'); echo 'yes';"
    done = subprocess.run([PHP, *_OPTIONS, "-r", probe], capture_output=True, text=True, check=False)
    return "" if done.stdout == "yes" else "this PHP has no FFI, or there is no libsqlite3"


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline:
        with closing(socket.socket()) as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
    raise AssertionError("PHP's web server did not open its port")
