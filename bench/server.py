"""One gunicorn worker in a process of its own, on a free port of this machine."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from time import monotonic, sleep

from bench.browser import LOGIN

STARTS_WITHIN_SECONDS = 60


@contextmanager
def serving(settings: str, environment: Mapping[str, str]) -> Iterator[int]:
    """Serve Django with ``settings`` until the block ends; gives the port."""
    port = _free_port()
    command = [sys.executable, "-m", "gunicorn", "trial_site.wsgi", "--bind", f"127.0.0.1:{port}"]
    command += ["--workers", "1", "--worker-class", "sync", "--no-control-socket"]
    command += ["--log-level", "warning"]
    served = {**environment, "DJANGO_SETTINGS_MODULE": settings}
    process = subprocess.Popen(command, env=served)  # noqa: S603 - our own arguments
    try:
        _wait(port, process)
        yield port
    finally:
        process.terminate()
        process.wait()


def memory_megabytes(pid: int) -> float | None:
    """The resident memory of a process in MB; None where the system does not tell it so."""
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        return None
    [line] = [line for line in status.read_text().splitlines() if line.startswith("VmRSS:")]
    return int(line.split()[1]) / 1024


def in_environment(database_url: str) -> dict[str, str]:
    """The environment of a demo on ``database_url``, with no Redis."""
    inherited = {name: value for name, value in os.environ.items() if name != "REDIS_URL"}
    settings = {"DEMO": "1", "DJANGO_SETTINGS_MODULE": "bench.settings"}
    return {**inherited, **settings, "DATABASE_URL": database_url}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    """Until the worker answers, whatever it says: the port is open long before."""
    deadline = monotonic() + STARTS_WITHIN_SECONDS
    while monotonic() < deadline and process.poll() is None:
        connection = HTTPConnection("127.0.0.1", port, timeout=STARTS_WITHIN_SECONDS)
        with closing(connection), suppress(OSError, HTTPException):
            connection.request("GET", LOGIN)
            connection.getresponse()
            return
        sleep(0.1)
    raise RuntimeError("The server did not start; what it printed stands above")
