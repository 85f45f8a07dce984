"""Two sets of answers side by side, in words: what a correction changed, what two people typed."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext

from enrollment.facts import ScreeningFacts
from enrollment.forms.answers import answers_of
from enrollment.forms.words import dose_words, words


@dataclass(frozen=True)
class Difference:
    """One question that is answered differently."""

    label: str
    one: str
    other: str


def differences(form: forms.Form, one: ScreeningFacts, other: ScreeningFacts) -> list[Difference]:
    """The questions of ``form`` that the two answer differently, in its order."""
    first, second = answers_of(one), answers_of(other)
    pairs: list[tuple[Any, str, str]] = [
        (field.label, words(field, first.get(name)), words(field, second.get(name)))
        for name, field in form.fields.items()
        if name in first or name in second
    ]
    pairs.append((gettext("Corticosteroids"), dose_words(one.steroids), dose_words(other.steroids)))
    return [Difference(str(label), mine, theirs) for label, mine, theirs in pairs if mine != theirs]
