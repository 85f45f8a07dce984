"""Requests with a large file, made while they are read: nothing of them stands in memory."""

import io
from collections.abc import Iterator, Mapping
from typing import Any

from trial_site.uploads import MEGABYTE

BOUNDARY = "boundary"
PIECE = MEGABYTE // 16


class LargeForm(io.RawIOBase):
    """A form of ``fields``, a file of ``megabytes`` and a field ``after`` it."""

    def __init__(self, megabytes: int, **fields: str) -> None:
        self.head = b"".join(_field(name, value) for name, value in fields.items()) + _part(
            'name="file"; filename="run.csv"\r\nContent-Type: text/csv'
        )
        self.tail = b"\r\n" + _field("after", "too") + f"--{BOUNDARY}--\r\n".encode()
        self.length = len(self.head) + megabytes * MEGABYTE + len(self.tail)
        self.pieces = self._pieces(megabytes)
        self.rest = b""
        self.given = 0

    def _pieces(self, megabytes: int) -> Iterator[bytes]:
        yield self.head
        for _ in range(megabytes * MEGABYTE // PIECE):
            yield b"1" * PIECE
        yield self.tail

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        while len(self.rest) < size and (piece := next(self.pieces, b"")):
            self.rest += piece
        given, self.rest = self.rest[:size], self.rest[size:]
        self.given += len(given)
        return given

    @property
    def environ(self) -> Mapping[str, Any]:
        """What a test client takes to send it."""
        return {
            "REQUEST_METHOD": "POST",
            "CONTENT_TYPE": f"multipart/form-data; boundary={BOUNDARY}",
            "CONTENT_LENGTH": str(self.length),
            "wsgi.input": self,
        }


def _part(disposition: str) -> bytes:
    return f"--{BOUNDARY}\r\nContent-Disposition: form-data; {disposition}\r\n\r\n".encode()


def _field(name: str, value: str) -> bytes:
    return _part(f'name="{name}"') + value.encode() + b"\r\n"
