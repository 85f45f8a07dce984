"""Files that are too large: refused while they arrive, before they fill memory or disk."""

import io
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from django import forms
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory, override_settings
from django.urls import ResolverMatch

from trial_site.uploads import MEGABYTE, UploadField, takes_files

BOUNDARY = "boundary"
HEAD = (
    f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="word"\r\n\r\ntyped\r\n'
    f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="run.csv"\r\n'
    "Content-Type: text/csv\r\n\r\n"
).encode()
TAIL = (
    f'\r\n--{BOUNDARY}\r\nContent-Disposition: form-data; name="after"\r\n\r\ntoo\r\n'
    f"--{BOUNDARY}--\r\n"
).encode()


class Body(io.RawIOBase):
    """The body of a request with a file of ``megabytes``, made while it is read."""

    def __init__(self, megabytes: int) -> None:
        self.length = len(HEAD) + megabytes * MEGABYTE + len(TAIL)
        self.parts = self._parts(megabytes)
        self.rest = b""
        self.given = 0

    def _parts(self, megabytes: int) -> Iterator[bytes]:
        yield HEAD
        for _ in range(megabytes * 16):
            yield b"1" * (MEGABYTE // 16)
        yield TAIL

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        while len(self.rest) < size and (part := next(self.parts, b"")):
            self.rest += part
        given, self.rest = self.rest[:size], self.rest[size:]
        self.given += len(given)
        return given


class OneFile(forms.Form):
    word = forms.CharField()
    file = UploadField(megabytes=20)
    after = forms.CharField()


def posted(body: Body, view: object) -> HttpRequest:
    request = RequestFactory().generic(
        "POST",
        "/",
        CONTENT_TYPE=f"multipart/form-data; boundary={BOUNDARY}",
        CONTENT_LENGTH=str(body.length),
        **{"wsgi.input": body},
    )
    request.resolver_match = ResolverMatch(view, (), {})
    return request


def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


@pytest.mark.requirement("R30")
def test_two_hundred_megabytes_fill_neither_memory_nor_disk(tmp_path: Path) -> None:
    body = Body(200)
    with override_settings(FILE_UPLOAD_TEMP_DIR=str(tmp_path)):
        tracemalloc.start()
        request = posted(body, page)
        form = OneFile(request.POST, request.FILES)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert list(tmp_path.iterdir()) == []
    assert form.errors == {
        "file": ["This file is larger than 20 MB, the most that is taken here"]
    }
    assert (form.cleaned_data["word"], form.cleaned_data["after"]) == ("typed", "too")
    assert body.given == body.length
    assert peak < 2 * MEGABYTE


def test_a_file_of_the_size_that_is_taken_arrives_whole(tmp_path: Path) -> None:
    with override_settings(FILE_UPLOAD_TEMP_DIR=str(tmp_path)):
        request = posted(Body(20), page)
        form = OneFile(request.POST, request.FILES)
        assert form.errors == {}
        assert form.cleaned_data["file"].size == 20 * MEGABYTE
        request.close()


@pytest.mark.parametrize(("size", "is_taken"), [(20 * MEGABYTE, True), (20 * MEGABYTE + 1, False)])
def test_the_limit_itself_is_taken(size: int, is_taken: bool) -> None:
    file = SimpleUploadedFile("run.csv", b"1")
    file.size = size
    assert OneFile({"word": "a", "after": "b"}, {"file": file}).is_valid() == is_taken


def test_a_page_can_take_more(tmp_path: Path) -> None:
    view = takes_files(up_to=30)(lambda request: HttpResponse())
    with override_settings(FILE_UPLOAD_TEMP_DIR=str(tmp_path)):
        request = posted(Body(25), view)
        assert request.FILES["file"].size == 25 * MEGABYTE
        request.close()


def test_a_large_file_does_not_get_past_the_token() -> None:
    strict, body = Client(enforce_csrf_checks=True), Body(25)
    response = strict.request(
        PATH_INFO="/accounts/login/",
        REQUEST_METHOD="POST",
        CONTENT_TYPE=f"multipart/form-data; boundary={BOUNDARY}",
        CONTENT_LENGTH=str(body.length),
        **{"wsgi.input": body},
    )
    assert response.status_code == 403
