"""A line between the browser and the server that can be cut, and that can lose answers."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from enum import Enum, auto

CHUNK = 65_536
HOST = "localhost"


class _State(Enum):
    OPEN = auto()
    CUT = auto()  # nobody answers
    DEAF = auto()  # the server hears everything, and no answer comes through


class Line:
    """Listens on ``url`` and passes bytes both ways, connection by connection."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._state = _State.OPEN
        self._sockets: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://{HOST}:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._listen, daemon=True).start()

    def cut(self) -> None:
        self._become(_State.CUT)

    def lose_answers(self) -> None:
        self._become(_State.DEAF)

    def mend(self) -> None:
        self._become(_State.OPEN)

    def close(self) -> None:
        self._listener.close()
        self.cut()

    def _become(self, state: _State) -> None:
        self._state = state
        for connection in list(self._sockets):
            _hang_up(connection)

    def _listen(self) -> None:
        with contextlib.suppress(OSError):  # closed
            while True:
                browser, _ = self._listener.accept()
                threading.Thread(target=self._connect, args=[browser], daemon=True).start()

    def _connect(self, browser: socket.socket) -> None:
        if self._state is _State.CUT:
            browser.close()
            return
        with browser, socket.create_connection((HOST, self._port)) as server:
            self._sockets |= {browser, server}
            there = threading.Thread(target=_pass, args=[browser, server], daemon=True)
            there.start()
            if self._state is _State.DEAF:
                with contextlib.suppress(OSError):
                    server.recv(CHUNK)  # it has done its work and begins to answer
            else:
                _pass(server, browser)
            _hang_up(browser)
            _hang_up(server)
            there.join()
            self._sockets -= {browser, server}


def _pass(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(CHUNK):
            target.sendall(data)
    _hang_up(target)


def _hang_up(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def line_to(port: int) -> Iterator[Line]:
    line = Line(port)
    try:
        yield line
    finally:
        line.close()
