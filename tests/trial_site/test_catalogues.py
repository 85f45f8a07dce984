"""Compiling translations without GNU gettext."""

import gettext
import os
from pathlib import Path

import pytest

from trial_site.catalogues import compile_catalogues

HEADER = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'


@pytest.fixture
def catalogue(tmp_path: Path) -> Path:
    file = tmp_path / "zh_Hans" / "LC_MESSAGES" / "django.po"
    file.parent.mkdir(parents=True)
    file.write_text(HEADER + 'msgid "Dose"\nmsgstr "剂量"\n\n#, fuzzy\nmsgid "Drug"\nmsgstr "剂"\n')
    return file


def reads(catalogue: Path) -> gettext.GNUTranslations:
    with catalogue.with_suffix(".mo").open("rb") as compiled:
        return gettext.GNUTranslations(compiled)


def test_what_is_compiled_is_what_python_reads(catalogue: Path, tmp_path: Path) -> None:
    assert compile_catalogues(tmp_path) == [catalogue.with_suffix(".mo")]
    assert reads(catalogue).gettext("Dose") == "剂量"


def test_a_guess_stays_untranslated(catalogue: Path, tmp_path: Path) -> None:
    compile_catalogues(tmp_path)
    assert reads(catalogue).gettext("Drug") == "Drug"


def test_only_what_changed_is_compiled_again(catalogue: Path, tmp_path: Path) -> None:
    compile_catalogues(tmp_path)
    assert compile_catalogues(tmp_path) == []
    catalogue.write_text(HEADER + 'msgid "Dose"\nmsgstr "用量"\n')
    later = catalogue.with_suffix(".mo").stat().st_mtime + 1
    os.utime(catalogue, (later, later))
    assert compile_catalogues(tmp_path) == [catalogue.with_suffix(".mo")]
    assert reads(catalogue).gettext("Dose") == "用量"


def test_nothing_but_the_two_files_is_left(catalogue: Path, tmp_path: Path) -> None:
    compile_catalogues(tmp_path)
    assert {file.name for file in catalogue.parent.iterdir()} == {"django.po", "django.mo"}
