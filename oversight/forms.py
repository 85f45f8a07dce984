"""What every entry and every correction has in common, and how an action's refusal is shown."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import uuid4

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from oversight.recording import AlreadyRecorded, ReasonRequired
from oversight.records import StaleRecord
from oversight.refusals import NeedsConfirmation, Refused
from trial_site.messages import Message

T = TypeVar("T")


class EntryForm(forms.Form):
    """A form that saves once: its key is spent with the first save.

    ``questions`` are what a soft limit asks; answering them ticks ``confirmed``.
    """

    entry_key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)
    confirmed = forms.BooleanField(label=_("Yes, as printed"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.questions: list[tuple[str, str]] = []
        self.conflicts: list[Conflict] = []

    def ask(self, questions: tuple[tuple[str, Message], ...]) -> None:
        self.questions = [(name, message.render(gettext)) for name, message in questions]

    @property
    def key(self) -> Any:
        return self.cleaned_data["entry_key"]


@dataclass(frozen=True)
class Conflict:
    """A field that somebody else changed meanwhile: what was typed, and what is saved now."""

    label: str
    yours: Any
    saved: Any


class CorrectionForm(EntryForm):
    """A correction names its reason and the version that it was opened on."""

    record_version = forms.IntegerField(widget=forms.HiddenInput)
    reason = forms.CharField(
        label=_("Why is the record changed?"),
        help_text=_("Kept with the old and the new value"),
        widget=forms.Textarea(attrs={"rows": 2}),
        max_length=500,
    )

    def show_conflicts(self, record: models.Model) -> None:
        """Put what was typed beside what somebody else saved, and take up the new version."""
        for name, field in self.fields.items():
            if hasattr(record, name) and name in self.cleaned_data:
                yours, saved = self.cleaned_data[name], getattr(record, name)
                if yours != saved:
                    self.conflicts.append(Conflict(str(field.label), yours, saved))
        data = QueryDict(mutable=True)
        data.update(self.data)
        data[self.add_prefix("record_version")] = str(getattr(record, "version", ""))
        self.data = data


@dataclass(frozen=True)
class Outcome(Generic[T]):
    """``record`` is what was saved; None when the same form had been saved before."""

    record: T | None


def attempt(form: EntryForm, act: Callable[[], T]) -> Outcome[T] | None:
    """Run an action for a valid form; None when it was refused and the form now says why.

    What was typed stays in the form.  A second save of the same form is no error: the outcome is
    there, its record is not.
    """
    try:
        return Outcome(act())
    except AlreadyRecorded:
        return Outcome(None)
    except NeedsConfirmation as doubt:
        form.ask(doubt.questions)
    except Refused as refused:
        for message in (refused.message, *refused.reasons):
            form.add_error(None, message.render(gettext))
    except ValidationError as invalid:
        form.add_error(None, invalid)
    except ReasonRequired:
        form.add_error("reason", gettext("Changing a saved value needs a reason"))
    except StaleRecord as stale:
        form.add_error(None, gettext("Somebody saved this record after you opened it"))
        if isinstance(form, CorrectionForm):
            form.show_conflicts(stale.record)
    return None
