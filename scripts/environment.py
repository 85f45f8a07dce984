"""Makes ``.venv`` what a requirements file says, or says in one sentence why it cannot.

Runs before anything is installed, on whatever ``python3`` a machine has: standard library only,
and nothing that an old Python could not read::

    python3 scripts/environment.py requirements.txt [--port 8000]

A digest of what was installed is kept in ``.venv``, so a second run takes a moment, and a run that
was broken off is simply done again.
"""

import argparse
import hashlib
import os
import shutil
import socket
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

OLDEST = (3, 11)
NEWER = [f"python3.{minor}" for minor in range(14, OLDEST[1] - 1, -1)]
PROJECT = Path(__file__).resolve().parent.parent
VENV = PROJECT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "installed"
# A file that holds everything another one does.
INCLUDES = {"requirements-dev.txt": ["requirements-dev.txt", "requirements.txt"]}


def main(arguments: "list[str]") -> None:
    parser = argparse.ArgumentParser(description="Make .venv what a requirements file says.")
    parser.add_argument("requirements")
    parser.add_argument("--port", help="refuse if nothing could listen on this port")
    options = parser.parse_args(arguments)
    check_python()
    if options.port is not None:
        check_port(options.port)
    if not installed(options.requirements):
        check_venv_module()
        install(options.requirements)


def check_python() -> None:
    """Go on with a newer Python of this machine where ``python3`` is an old one."""
    if sys.version_info >= OLDEST:
        return
    for newer in filter(None, map(shutil.which, NEWER)):
        if new_enough(newer):
            os.execv(newer, [newer, *sys.argv])  # noqa: S606 - a Python of this machine
    sys.exit(
        "Python 3.11 or newer is needed, and python3 is {}.{}. Install a newer one, or name "
        "the one to use: make demo PYTHON=/usr/bin/python3.11".format(*sys.version_info[:2])
    )


def new_enough(python: str) -> bool:
    """Whether that program is a Python that runs and that the project can use."""
    test = f"import sys; sys.exit(sys.version_info < {OLDEST})"
    return subprocess.call([python, "-c", test], stderr=subprocess.DEVNULL) == 0  # noqa: S603


def check_venv_module() -> None:
    """Debian and Ubuntu ship Python without it."""
    if find_spec("venv") is None or find_spec("ensurepip") is None:
        sys.exit(
            "This Python has no venv module. On Debian or Ubuntu: apt-get install python3-venv. "
            "Then run the same command again."
        )


def check_port(text: str) -> None:
    """The demo listens on this machine only, so that is where the port must be free."""
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        sys.exit(f"PORT={text} is no port: choose a number from 1024 to 65535.")
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", int(text)))
        except PermissionError:
            sys.exit(f"Port {text} needs an administrator. Choose another: make demo PORT=8000")
        except OSError:
            sys.exit(
                f"Port {text} is in use, perhaps by a demo that still runs. Stop that one, or "
                f"choose another port: make demo PORT={min(int(text) + 1, 65535)}"
            )


def digest(requirements: str) -> str:
    return hashlib.sha256((PROJECT / requirements).read_bytes()).hexdigest()


def installed(requirements: str) -> bool:
    return STAMP.exists() and works() and digest(requirements) in STAMP.read_text().split()


def works() -> bool:
    """A system upgrade can take away the Python that ``.venv`` was made with."""
    return PYTHON.exists() and new_enough(str(PYTHON))


def install(requirements: str) -> None:
    if not works():
        print("Making .venv")
        run(sys.executable, "-m", "venv", "--clear", str(VENV))
    STAMP.unlink(missing_ok=True)
    print(f"Installing {requirements} into .venv; this takes a minute or two, once", flush=True)
    run(
        *(str(PYTHON), "-m", "pip", "install", "--quiet", "--no-input"),
        *("--disable-pip-version-check", "--require-hashes", "-r", str(PROJECT / requirements)),
    )
    STAMP.write_text("\n".join(map(digest, INCLUDES.get(requirements, [requirements]))))


def run(*command: str) -> None:
    if subprocess.call(command, cwd=PROJECT) != 0:  # noqa: S603 - our own arguments
        sys.exit(
            "Setting up .venv stopped at: {}. Nothing is lost: put right what it says above, then "
            "run the same command again.".format(" ".join(command))
        )


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit("\nStopped; the same command goes on from here.")
