"""`--register`: a simulated register in its own process is taken for a real one; one that counts is refused."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.conformance.real import NotDebug, RealBench
from tests.devices.lines import register
from tests.wire.simulated import ROOT, simulated

SERIAL_STORAGE = "8710000100" + "000001"
SOME = "sale or cable or paper or foreign"


def played(given: str, only: str) -> subprocess.CompletedProcess[str]:
    """The suite's scenarios of these names on this register."""
    command = [sys.executable, "-m", "pytest", "tests/conformance/test_scenarios.py", "-q", "-p", "no:cacheprovider"]
    return subprocess.run(
        [*command, "--register", given, "-k", only], cwd=ROOT, capture_output=True, text=True, timeout=100, check=False
    )


def test_what_needs_no_hand_is_played_and_the_rest_is_named() -> None:
    with simulated("--listen", "pty") as there:
        run = played(f"shtrih {there.ready['port']} v1", SOME)
        assert run.returncode == 0, run.stdout + run.stderr
        assert "left out on this register" in run.stdout
        assert "needs a hand: take the paper out and put it in again: 1" in run.stdout
        assert "2 passed, 1 skipped" in run.stdout, run.stdout
        assert len([each for each in there.documents() if each["key"]]) > 10


def test_a_register_whose_receipts_count_is_refused() -> None:
    with register(7, storage=SERIAL_STORAGE) as there:
        made = RealBench(f"shtrih {there.port} v1")
        with pytest.raises(NotDebug, match=SERIAL_STORAGE):
            made.refuse_unless_debug()
        made.printer.close()
        run = played(f"shtrih {there.port} v1", "sale")
        assert run.returncode == pytest.ExitCode.USAGE_ERROR, run.stdout + run.stderr
        assert SERIAL_STORAGE in run.stdout + run.stderr
        assert len(there.printer.storage.documents) == 1, "nothing was made"


@pytest.mark.parametrize("given", ["", "shtrih", "evotor /dev/ttyACM0", "shtrih /dev/ttyACM0 web"])
def test_what_is_no_register_is_said(given: str) -> None:
    with pytest.raises(pytest.UsageError, match="--register takes"):
        RealBench(given)
