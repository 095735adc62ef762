"""АТОЛ is set up over the vendor's driver library that a person names, and every later command finds it there."""

from __future__ import annotations

from pathlib import Path

import pytest

from posapp.devices.atol.library_places import PATH_VARIABLE
from tests.cli.tills import Run
from tests.wire.simulated import simulated


def test_the_library_that_was_named_is_kept(
    typed: Run, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POSAPP_DATA_DIR", str(folder))
    monkeypatch.delenv(PATH_VARIABLE, raising=False)
    with simulated("--model", "atol", "--transport", "library") as register:
        port, library = register.ready["port"], register.ready["library"]
        printer = ("setup", "printer", "--model", "atol", "--port", port, "--training")
        code, answer = typed(*printer, "--library", str(tmp_path / "nowhere"))
        assert (code, answer["error"]["code"]) == (1, "atol_library_missing")
        code, answer = typed(*printer, "--library", library)
        assert (code, answer["printer"]["library"]) == (0, library)
        code, answer = typed("shift", "open")
        assert (code, answer["shift"]["state"]) == (0, "open")
        assert len(register.documents()) == 2
