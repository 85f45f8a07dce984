"""``python -m demo`` as a newcomer meets it, in a copy of the project with nothing prepared."""

import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest

from scripts.translations import PROJECT, tracked

PATIENCE_SECONDS = 90


@pytest.fixture
def newcomer(tmp_path: Path) -> Path:
    """The project's own files, and nothing that was made from them."""
    for name in tracked():
        if (PROJECT / name).is_file() and not name.startswith("tests/"):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(PROJECT / name, tmp_path / name)
    return tmp_path


class Demo:
    """A demo that runs, or is being set up."""

    def __init__(self, folder: Path) -> None:
        self.log = folder / "demo.log"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        kept = {"PATH", "HOME", "LANG"}
        environment = {name: value for name, value in os.environ.items() if name in kept}
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "demo"],
                cwd=folder,
                env=environment | {"PORT": str(self.port), "LOG_LEVEL": "INFO"},
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def says(self, text: str) -> None:
        """Wait until it has said ``text``."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while text not in self.log.read_text():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.1)

    def page(self, path: str) -> str:
        with urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
            text: str = answer.read().decode()
            return text

    def press_control_c(self) -> int:
        """As a terminal does: to every process of the group at once."""
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(timeout=30)


@contextmanager
def demo(folder: Path) -> Iterator[Demo]:
    running = Demo(folder)
    try:
        yield running
    finally:
        if running.process.poll() is None:
            os.killpg(running.process.pid, signal.SIGKILL)
            running.process.wait()


def participants(folder: Path) -> list[tuple[int, str]]:
    with closing(sqlite3.connect(folder / "var" / "demo.sqlite3")) as database:
        return database.execute(
            "SELECT id, subject FROM enrollment_participant ORDER BY id"
        ).fetchall()


def test_a_newcomer_sets_up_breaks_off_goes_on_and_comes_back(newcomer: Path) -> None:
    with demo(newcomer) as broken_off:
        broken_off.says("Simulating 10 participants")
    assert not (newcomer / "var" / "demo.sqlite3").exists()

    with demo(newcomer) as first:
        first.says("The trial is running at")
        assert "ready" in first.page("/health/ready")
        login = first.page("/accounts/login/")
        assert "DEMO" in login
        for role in ("coordinator", "nurse", "lab", "investigator", "statistician", "admin"):
            assert f'value="{role}"' in login
            assert role in first.log.read_text()
        first.says("Task outcomes.tasks.flag_due[")
        first.says("succeeded")
        assert first.press_control_c() == 0
    played = participants(newcomer)
    assert len(played) >= 10

    with demo(newcomer) as second:
        second.says("The trial is running at")
        assert "Simulating" not in second.log.read_text()
        assert second.press_control_c() == 0
    assert participants(newcomer) == played

    with closing(sqlite3.connect(newcomer / "var" / "demo.sqlite3")) as database:
        database.execute("PRAGMA user_version = 1")  # as if made by an older version of the code
    with demo(newcomer) as later:
        later.says("the demo begins anew")
        later.says("Simulating 10 participants")
