"""The set-up of a checkout: the locked packages, the build of Qt we stand on, and dev.py, which puts them in place."""

import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import tomllib
import venv
from pathlib import Path

import keyring
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

import dev
import posapp

ROOT = Path(__file__).parents[1]
LOCKS = ("requirements.lock", "requirements-gateway.lock", "requirements-dev.lock")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


# ---- the build of Qt


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="bools are immortal there, so the defect does not show")
def test_emitting_a_signal_keeps_the_references_to_true() -> None:
    class Sender(QObject):
        sent = Signal()

    sender = Sender()
    before = sys.getrefcount(True)
    for _ in range(50):
        sender.sent.emit()
    assert sys.getrefcount(True) >= before - 5, "this PySide6 build loses references to True (6.12.0 does)"


@pytest.mark.skipif(dev.has_display(), reason="there is a screen")
def test_without_a_screen_qt_draws_into_memory(qtbot: QtBot) -> None:
    assert QApplication.platformName() == "offscreen"


# ---- the locks


def pins(name: str) -> dict[str, Requirement]:
    """The pinned packages of a lock file, by canonical name."""
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    found = [Requirement(line.removesuffix("\\")) for line in lines if re.match(r"[A-Za-z0-9]", line)]
    return {canonicalize_name(pin.name): pin for pin in found}


def version(pin: Requirement) -> str:
    """The one version a pin names."""
    (only,) = pin.specifier
    assert only.operator == "=="
    return only.version


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_names_no_host(name: str) -> None:
    assert "://" not in (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", LOCKS)
def test_every_pin_has_a_hash(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    entries = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)[1:]
    assert len(entries) == len(pins(name)) > 0
    assert [entry.split(" ")[0] for entry in entries if "--hash=sha256:" not in entry] == []


@pytest.mark.parametrize(
    "name, wanted",
    [
        ("requirements.lock", PROJECT["dependencies"]),
        ("requirements-gateway.lock", PROJECT["dependencies"] + PROJECT["optional-dependencies"]["gateway"]),
        (
            "requirements-dev.lock",
            [
                *PROJECT["dependencies"],
                *PROJECT["optional-dependencies"]["gateway"],
                *PROJECT["optional-dependencies"]["dev"],
            ],
        ),
    ],
)
def test_the_pins_satisfy_pyproject(name: str, wanted: list[str]) -> None:
    locked = pins(name)
    for wish in map(Requirement, wanted):
        pin = locked[canonicalize_name(wish.name)]
        assert wish.specifier.contains(version(pin)), f"{name} pins {pin}, pyproject.toml asks for {wish}: lock again"


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-gateway.lock"])
def test_what_users_run_is_what_was_tested(name: str) -> None:
    tested = pins("requirements-dev.lock")
    assert {each: str(pin) for each, pin in pins(name).items() if str(tested.get(each)) != str(pin)} == {}


def test_what_is_installed_is_what_is_locked() -> None:
    applicable = [pin for pin in pins("requirements-dev.lock").values() if not pin.marker or pin.marker.evaluate()]
    other = {pin.name: importlib.metadata.version(pin.name) for pin in applicable}
    assert other == {pin.name: version(pin) for pin in applicable}, "run dev.py setup"


def test_the_changelog_speaks_of_this_version() -> None:
    assert posapp.__version__ in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


# ---- what the tests themselves stand on


def test_a_secret_kept_in_a_test_stays_in_the_test() -> None:
    assert keyring.get_password("posapp", "webhook") is None
    keyring.set_password("posapp", "webhook", "s3cret")
    assert keyring.get_password("posapp", "webhook") == "s3cret"
    keyring.delete_password("posapp", "webhook")
    assert keyring.get_password("posapp", "webhook") is None


def test_the_real_receipts_are_files(real_receipts: tuple[Path, ...]) -> None:
    assert all(path.stat().st_size > 0 for path in real_receipts)


# ---- dev.py


@pytest.mark.parametrize("job, command", [("run", "python3 dev.py demo"), ("test", "python3 dev.py test")])
def test_the_readme_starts_with_dev_py(job: str, command: str) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"<!-- start:{job} -->\n```sh\n{command}\n```\n<!-- end:{job} -->" in readme


@pytest.fixture
def bare_debian(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A Debian without a screen on which libGL is missing and the user may not install it."""
    monkeypatch.setattr(dev, "LINUX", True)
    monkeypatch.setattr(dev, "loads", lambda library: not library.startswith(("libGL", "libxcb-cursor")))
    monkeypatch.setattr(shutil, "which", lambda program: f"/usr/bin/{program}")
    monkeypatch.setattr(os, "geteuid", lambda: 1000, raising=False)
    monkeypatch.delenv("DISPLAY", raising=False)
    return monkeypatch


@pytest.mark.usefixtures("bare_debian")
def test_a_missing_library_ends_with_the_line_to_type() -> None:
    with pytest.raises(SystemExit, match=r"\n    sudo apt-get install -y --no-install-recommends libgl1\n"):
        dev.ensure_system_libraries()


def test_with_a_screen_the_libraries_of_x11_are_asked_for_too(bare_debian: pytest.MonkeyPatch) -> None:
    bare_debian.setenv("DISPLAY", ":0")
    with pytest.raises(SystemExit, match="libgl1 libxcb-cursor0"):
        dev.ensure_system_libraries()


def test_elsewhere_the_missing_library_is_named(bare_debian: pytest.MonkeyPatch) -> None:
    bare_debian.setattr(shutil, "which", lambda program: None)
    with pytest.raises(SystemExit, match=r"Qt needs libGL\.so\.1"):
        dev.ensure_system_libraries()


def test_pip_keeps_the_mirror_and_loses_the_detours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "mirror")
    monkeypatch.setenv("PIP_TARGET", "/elsewhere")
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    environment = dev.pip_environment()
    assert environment["PIP_INDEX_URL"] == "mirror"
    assert "PIP_TARGET" not in environment
    assert "PYTHONDONTWRITEBYTECODE" not in environment


def test_a_job_keeps_its_bytecode_and_finds_this_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    monkeypatch.setenv("POSAPP_REAL_RECEIPTS", "/receipts")
    environment = dev.job_environment()
    assert not {"PYTHONDONTWRITEBYTECODE", "PYTHONPATH"} & environment.keys()
    assert environment["POSAPP_REAL_RECEIPTS"] == "/receipts"


def test_a_broken_environment_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dev, "PYTHON", tmp_path / "bin" / "python")
    assert dev.describe_venv() == {}
    monkeypatch.setattr(dev, "PYTHON", Path(sys.executable))
    assert dev.describe_venv()["python"] == sys.version


@pytest.mark.skipif(sys.platform == "win32", reason="the launcher there is a .cmd file")
def test_the_launcher_starts_this_checkout_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "касса one"
    (root / "posapp").mkdir(parents=True)
    (root / "posapp" / "__main__.py").write_text("import json, sys; print(json.dumps(sys.argv[1:]))", encoding="utf-8")
    venv.create(root / ".venv", symlinks=True)
    (packages,) = (root / ".venv" / "lib").glob("python*/site-packages")
    monkeypatch.setattr(dev, "ROOT", root)
    monkeypatch.setattr(dev, "BIN", root / ".venv" / "bin")
    monkeypatch.setattr(dev, "PYTHON", root / ".venv" / "bin" / "python")

    dev.place_launcher(packages)

    decoy = tmp_path / "elsewhere"
    decoy.mkdir()
    (decoy / "json.py").write_text("raise SystemExit('a file of the current folder was imported')", encoding="utf-8")
    command = [str(root / ".venv" / "bin" / "posapp"), "sell", "№ 15"]
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
    done = subprocess.run(command, cwd=decoy, env=environment, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ('["sell", "\\u2116 15"]\n', "")
