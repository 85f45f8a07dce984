"""The check that the Chinese catalogue is whole."""

import shutil
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog

from scripts import translations


def catalogue(*entries: tuple[str, str]) -> Catalog:
    made = Catalog(locale="zh_Hans")
    for english, chinese in entries:
        made.add(english, chinese)
    return made


def test_a_whole_catalogue_has_no_problem() -> None:
    assert (
        list(translations.unfinished(catalogue(("Dose", "剂量"), ("%(n)d mg", "%(n)d 毫克")))) == []
    )


def test_an_empty_translation_is_found() -> None:
    assert list(translations.unfinished(catalogue(("Dose", "")))) == ["not translated: 'Dose'"]


def test_a_plural_without_its_translation_is_found() -> None:
    made = Catalog(locale="zh_Hans")
    made.add(("%(n)s dose", "%(n)s doses"), ("",))
    assert list(translations.unfinished(made)) == ["not translated: '%(n)s dose'"]


def test_a_guess_is_found() -> None:
    made = catalogue(("Dose", "剂量"))
    made["Dose"].flags.add("fuzzy")
    assert list(translations.unfinished(made)) == ["only guessed (fuzzy): 'Dose'"]


@pytest.mark.parametrize("chinese", ["毫克", "%(m)d 毫克", "%(n)d %(m)d 毫克", "%(n)s 毫克"])
def test_a_lost_or_strange_placeholder_is_found(chinese: str) -> None:
    [problem] = translations.unfinished(catalogue(("%(n)d mg", chinese)))
    assert problem == "other placeholders than the English: '%(n)d mg'"


def test_what_is_missing_and_what_is_no_longer_used_is_found() -> None:
    problems = translations.differences(
        now=catalogue(("Dose", ""), ("Drug", "")),
        catalogue=catalogue(("Dose", "剂量"), ("Old", "旧")),
    )
    assert problems == [
        "missing, run make messages: 'Drug'",
        "no longer used, run make messages: 'Old'",
    ]


def test_the_same_words_in_another_context_are_another_message() -> None:
    now, present = catalogue(), catalogue(("May", "五月"))
    now.add("May", context="permission")
    assert len(translations.differences(now, present)) == 2


@pytest.mark.skipif(not shutil.which("xgettext"), reason="gettext is not installed")
def test_messages_are_collected_from_code_and_pages(tmp_path: Path) -> None:
    texts = {english for _, english in translations.messages(translations.collected(tmp_path))}
    assert "Sign in" in texts  # templates/account/login.html
    assert "Choose one of the roles" in texts  # trial_site/models.py
