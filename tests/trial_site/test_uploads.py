"""Files that are too large: refused while they arrive, before they fill memory or disk."""

import tracemalloc
from pathlib import Path

import pytest
from django import forms
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory, override_settings
from django.urls import ResolverMatch

from tests.uploads import LargeForm
from trial_site.uploads import MEGABYTE, UploadField, takes_files


class OneFile(forms.Form):
    word = forms.CharField()
    file = UploadField(megabytes=20)
    after = forms.CharField()


def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


def posted(body: LargeForm, view: object = page) -> HttpRequest:
    request = RequestFactory().request(**body.environ)
    request.resolver_match = ResolverMatch(view, (), {})
    return request


@pytest.mark.requirement("R30")
def test_two_hundred_megabytes_fill_neither_memory_nor_disk(tmp_path: Path) -> None:
    body = LargeForm(200, word="typed")
    with override_settings(FILE_UPLOAD_TEMP_DIR=str(tmp_path)):
        tracemalloc.start()
        request = posted(body)
        form = OneFile(request.POST, request.FILES)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert list(tmp_path.iterdir()) == []
    assert form.errors == {"file": ["This file is larger than 20 MB, the most that is taken here"]}
    assert (form.cleaned_data["word"], form.cleaned_data["after"]) == ("typed", "too")
    assert body.given == body.length
    assert peak < 2 * MEGABYTE


def test_a_file_of_the_size_that_is_taken_arrives_whole(tmp_path: Path) -> None:
    with override_settings(FILE_UPLOAD_TEMP_DIR=str(tmp_path)):
        request = posted(LargeForm(20, word="typed"))
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
        request = posted(LargeForm(25), view)
        assert request.FILES["file"].size == 25 * MEGABYTE
        request.close()


@pytest.mark.django_db
def test_a_large_file_does_not_get_past_the_token() -> None:
    strict = Client(enforce_csrf_checks=True)
    response = strict.request(PATH_INFO="/accounts/login/", **LargeForm(25).environ)
    assert response.status_code == 403
