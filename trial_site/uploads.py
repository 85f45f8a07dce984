"""Files that people send: one that is too large is refused while it arrives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile, UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopFutureHandlers
from django.utils.translation import gettext

MEGABYTE = 1024**2
MOST_MEGABYTES = 20
OTHER_FIELDS = MEGABYTE  # what a form may hold beside its file

View = TypeVar("View", bound=Callable[..., Any])


def takes_files(*, up_to: int) -> Callable[[View], View]:
    """Let a page take ``up_to`` megabytes instead of ``MOST_MEGABYTES``."""

    def decorate(view: View) -> View:
        view.most_megabytes = up_to  # type: ignore[attr-defined]
        return view

    return decorate


class SizeLimit(FileUploadHandler):
    """Before every other handler: a request larger than its page takes fills nothing.

    The rest of the request is read and thrown away, as a browser listens only once it has sent
    everything: it gets its page, with what was typed.  In place of the file the form finds an
    empty one of the size that was announced.
    """

    is_refused = False
    announced = 0

    def handle_raw_input(
        self,
        input_data: Any,
        META: Any,  # noqa: N803 - Django's name
        content_length: int,
        boundary: str,
        encoding: str | None = None,
    ) -> None:
        match = getattr(self.request, "resolver_match", None)
        most = getattr(match and match.func, "most_megabytes", MOST_MEGABYTES)
        self.announced = content_length
        self.is_refused = content_length > most * MEGABYTE + OTHER_FIELDS

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        if self.is_refused:
            raise StopFutureHandlers

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        return None if self.is_refused else raw_data

    def file_complete(self, file_size: int) -> UploadedFile[bytes] | None:
        if not self.is_refused:
            return None
        refused = SimpleUploadedFile(self.file_name or "-", b"")
        refused.size = self.announced
        return refused


class UploadField(forms.FileField):
    """A file of at most ``megabytes``, which a page takes (``takes_files``)."""

    def __init__(self, *, megabytes: int = MOST_MEGABYTES, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.megabytes = megabytes

    def to_python(self, data: Any) -> Any:
        file = super().to_python(data)
        if file and (file.size or 0) > self.megabytes * MEGABYTE:
            text = gettext("This file is larger than %(limit)s MB, the most that is taken here")
            raise ValidationError(text % {"limit": self.megabytes}, code="too_large")
        return file
