"""Commands as typed, in this process."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from posapp.__main__ import main
from posapp.cli.practice import PracticeShop
from tests.cli.tills import Run


@pytest.fixture
def typed(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command with `--json`; gives its exit code and its last answer, empty when it answered nothing."""

    def command(*arguments: str) -> tuple[int, dict[str, Any]]:
        code = main([*arguments, "--json"])
        written = capsys.readouterr().out.strip().splitlines()
        return code, json.loads(written[-1]) if written else {}

    return command


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The test's own data directory."""
    return tmp_path / "till"


@pytest.fixture
def run(typed: Run, shop: PracticeShop, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`typed` in the test's own directory, which knows only where the portal is; `shop` is the module's fixture."""
    monkeypatch.setenv("POSAPP_DATA_DIR", str(folder))
    monkeypatch.setenv("POSAPP_WEBHOOK", shop.portal["webhook"])
    return typed
