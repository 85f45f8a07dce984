"""What a newcomer is told when a machine is not ready, and that a broken setup is done again."""

import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import environment


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of its own, where nothing is installed yet."""
    venv = tmp_path / ".venv"
    monkeypatch.setattr(environment, "PROJECT", tmp_path)
    monkeypatch.setattr(environment, "VENV", venv)
    monkeypatch.setattr(environment, "PYTHON", venv / "bin" / "python")
    monkeypatch.setattr(environment, "STAMP", venv / "installed")
    for name in ("requirements.txt", "requirements-dev.txt"):
        (tmp_path / name).write_text(f"# {name}\n")
    return tmp_path


@pytest.fixture
def commands(project: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """What was run instead of pip and venv; making ``.venv`` gives it a Python."""
    ran: list[tuple[str, ...]] = []

    def run(*command: str) -> None:
        ran.append(command)
        python = project / ".venv" / "bin" / "python"
        if not python.exists():
            python.parent.mkdir(parents=True, exist_ok=True)
            python.symlink_to(sys.executable)

    monkeypatch.setattr(environment, "run", run)
    return ran


def test_an_old_python_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 10, 13))
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(SystemExit, match=r"Python 3\.11 or newer is needed, and python3 is 3\.10"):
        environment.check_python()


def test_an_old_python_hands_over_to_a_newer_one(monkeypatch: pytest.MonkeyPatch) -> None:
    became: list[list[str]] = []
    monkeypatch.setattr(sys, "version_info", (3, 10, 13))
    monkeypatch.setattr(shutil, "which", {"python3.12": sys.executable}.get)
    monkeypatch.setattr("os.execv", lambda program, arguments: became.append(arguments))
    with pytest.raises(SystemExit):  # the real execv does not come back
        environment.check_python()
    assert became == [[sys.executable, *sys.argv]]


def test_a_name_that_runs_no_python_is_passed_over() -> None:
    assert environment.new_enough(sys.executable)
    assert not environment.new_enough("/bin/false")


@pytest.mark.parametrize("missing", ["venv", "ensurepip"])
def test_a_python_without_venv_is_told_what_to_do(
    missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment.check_venv_module()
    monkeypatch.setattr(environment, "find_spec", lambda name: None if name == missing else name)
    with pytest.raises(SystemExit, match="apt-get install python3-venv"):
        environment.check_venv_module()


def test_a_busy_port_is_told_what_to_do() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(SystemExit, match=f"Port {port} is in use.*make demo PORT={port + 1}"):
            environment.check_port(str(port))
    environment.check_port(str(port))


@pytest.mark.parametrize("text", ["", "web", "0", "65536", "-1", "80.5"])
def test_what_is_no_port_is_refused(text: str) -> None:
    with pytest.raises(SystemExit, match="is no port"):
        environment.check_port(text)


def test_a_second_run_installs_nothing(commands: list[tuple[str, ...]]) -> None:
    environment.main(["requirements.txt"])
    assert [command[2] for command in commands] == ["venv", "pip"]
    assert "--require-hashes" in commands[1]
    environment.main(["requirements.txt"])
    assert len(commands) == 2


def test_changed_requirements_are_installed_into_the_same_environment(
    project: Path, commands: list[tuple[str, ...]]
) -> None:
    environment.main(["requirements.txt"])
    (project / "requirements.txt").write_text("# another version\n")
    environment.main(["requirements.txt"])
    assert [command[2] for command in commands] == ["venv", "pip", "pip"]


def test_what_developers_need_holds_what_the_demo_needs(commands: list[tuple[str, ...]]) -> None:
    environment.main(["requirements-dev.txt"])
    environment.main(["requirements.txt"])
    assert [command[2] for command in commands] == ["venv", "pip"]


def test_what_the_demo_needs_is_not_enough_for_developers(
    commands: list[tuple[str, ...]],
) -> None:
    environment.main(["requirements.txt"])
    environment.main(["requirements-dev.txt"])
    assert [command[2] for command in commands] == ["venv", "pip", "pip"]


def test_an_installation_that_broke_off_is_done_again(
    project: Path, commands: list[tuple[str, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    environment.main(["requirements.txt"])
    (project / "requirements.txt").write_text("# another version\n")
    monkeypatch.setattr(environment, "run", lambda *command: sys.exit("no network"))
    with pytest.raises(SystemExit):
        environment.main(["requirements.txt"])
    assert not environment.installed("requirements.txt")


def test_an_environment_whose_python_is_gone_is_made_again(
    project: Path, commands: list[tuple[str, ...]]
) -> None:
    environment.main(["requirements.txt"])
    (project / ".venv" / "bin" / "python").unlink()
    environment.main(["requirements.txt"])
    assert [command[2] for command in commands] == ["venv", "pip", "venv", "pip"]


def test_a_failed_command_ends_in_a_sentence(project: Path) -> None:
    with pytest.raises(SystemExit, match=r"stopped at: /bin/false now.*run the same command again"):
        environment.run("/bin/false", "now")


def test_the_oldest_python_on_which_it_must_speak_can_read_it() -> None:
    """An old Python must be able to say that it is old: no syntax newer than 3.8."""
    import ast

    source = Path(environment.__file__).read_text()
    assert ast.parse(source, feature_version=(3, 8))


def test_it_runs_on_this_python() -> None:
    answer = subprocess.run(  # noqa: S603
        [sys.executable, environment.__file__, "requirements.txt", "--port", "web"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 1
    assert answer.stderr.strip() == "PORT=web is no port: choose a number from 1024 to 65535."
